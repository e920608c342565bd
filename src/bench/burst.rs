//! A gateway while schedules are due: how fast it charges them, and what callers notice of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::caller::Caller;
use super::cores::Cores;
use super::load::{self, Sample};
use super::process::Process;
use super::rounds::Server;
use super::stub::Answered;

/// How callers call beside the schedules: the account, what it is called, calls a second.
pub const BESIDE: [(&str, &str, u32); 4] = [
    ("fast", "provider at once, 100 calls a second", 100),
    ("fast", "provider at once, 500 calls a second", 500),
    ("slow", "provider takes 20 ms, 100 calls a second", 100),
    ("slow", "provider takes 20 ms, 500 calls a second", 500),
];
/// How long a new gateway is left alone: it opens its connections and fills its lanes.
const WARM_UP: Duration = Duration::from_secs(1);

/// Scheduled charges in a while.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Charged {
    /// Charges that the provider answered, per second.
    pub per_second: f64,
    /// Time on the processor that the gateway spent on each, µs. Beside callers it includes them.
    pub cpu_us: f64,
    /// How many there were.
    pub charges: u64,
}

/// Calls while nothing is due, and while schedules are charged.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Beside {
    /// While nothing is due.
    pub idle: Sample,
    /// While schedules are due and charged.
    pub busy: Sample,
    /// What was charged meanwhile.
    pub charged: Charged,
}

/// A gateway over a copy of a filled store, which goes with it.
pub struct Burst {
    server: Server,
    store: PathBuf,
}

impl Burst {
    /// Starts it; whatever is due it charges at once.
    pub async fn start(cores: &Cores, document: &str, filled: &Path, store: PathBuf) -> anyhow::Result<Self> {
        copy(filled, &store)?;
        let server = Server::start(cores, "gateway", &[document, &store.display().to_string()]).await?;
        tokio::time::sleep(WARM_UP).await;
        Ok(Self { server, store })
    }

    pub fn process(&self) -> &Process {
        &self.server.process
    }

    pub fn caller(&self, account: &'static str) -> Caller {
        self.server.caller.at(account)
    }

    /// What it charges by itself in a while.
    pub async fn charged(&self, stub: &mut Process, time: Duration) -> anyhow::Result<Charged> {
        let watch = Watch::begin(stub, self.process())?;
        tokio::time::sleep(time).await;
        watch.end(stub, self.process())
    }

    /// Paced calls.
    pub async fn called(
        &self,
        account: &'static str,
        first: u64,
        per_second: u32,
        time: Duration,
    ) -> anyhow::Result<Sample> {
        load::paced(&self.caller(account), first, per_second, time, || self.process().cpu()).await
    }

    /// Paced calls, and what it charges beside them.
    pub async fn called_and_charged(
        &self,
        stub: &mut Process,
        (account, first, per_second): (&'static str, u64, u32),
        time: Duration,
    ) -> anyhow::Result<(Sample, Charged)> {
        let watch = Watch::begin(stub, self.process())?;
        let sample = self.called(account, first, per_second, time).await?;
        Ok((sample, watch.end(stub, self.process())?))
    }
}

impl Drop for Burst {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.store) {
            eprintln!("turnpike: {} could not be removed: {error}", self.store.display());
        }
    }
}

/// What the provider and the processor had done when it began.
struct Watch {
    at: Instant,
    charges: u64,
    cpu: Duration,
}

impl Watch {
    fn begin(stub: &mut Process, gateway: &Process) -> anyhow::Result<Self> {
        Ok(Self { charges: scheduled(stub)?, cpu: gateway.cpu(), at: Instant::now() })
    }

    #[allow(clippy::cast_precision_loss)] // Counts of a few seconds.
    fn end(self, stub: &mut Process, gateway: &Process) -> anyhow::Result<Charged> {
        let (elapsed, cpu) = (self.at.elapsed(), gateway.cpu().saturating_sub(self.cpu));
        let charges = scheduled(stub)? - self.charges;
        Ok(Charged {
            per_second: charges as f64 / elapsed.as_secs_f64(),
            cpu_us: cpu.as_secs_f64() * 1e6 / charges.max(1) as f64,
            charges,
        })
    }
}

/// Scheduled charges that the provider has answered since its start.
pub fn scheduled(stub: &mut Process) -> anyhow::Result<u64> {
    let answered: Answered = stub.ask(&serde_json::Value::Null)?;
    Ok(answered.scheduled)
}

/// Copies a closed store.
pub fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        std::fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}
