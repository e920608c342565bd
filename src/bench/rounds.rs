//! The rounds: every variant once in each, in turn.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::caller::Caller;
use super::cores::Cores;
use super::disk::{self, Syncs};
use super::document;
use super::load::{self, Call as _, Sample};
use super::part::{Run, Synced};
use super::process::Process;
use super::stub::Addresses;

/// Calls in flight when a variant is loaded to its limit.
pub const IN_FLIGHT: usize = 256;
/// Connections that calls share.
const CONNECTIONS: usize = 8;
/// Calls in flight when memory is measured.
pub const HELD_IN_FLIGHT: usize = 1_000;
/// How long a new process is left alone before its memory counts as idle.
const SETTLE: Duration = Duration::from_millis(300);
/// How often memory is looked at while calls are in flight.
const LOOK: Duration = Duration::from_millis(50);

/// What a round measured.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    pub disk: Syncs,
    pub echo: Sample,
    pub direct: Sample,
    pub pass_through: Sample,
    pub forgetful: Sample,
    pub gateway: Sample,
    /// Syncs of the disk for each charge of `gateway`.
    pub syncs_per_charge: f64,
    pub alone_pass_through: Sample,
    pub alone_gateway: Sample,
    pub paced_pass_through: Sample,
    pub paced_gateway: Sample,
    /// Whether the log grew while `paced_gateway` ran: then its syncs append, else they overwrite.
    pub log_grew: bool,
    pub slow_direct: Sample,
    pub slow_pass_through: Sample,
    pub slow_gateway: Sample,
    pub memory: Memory,
}

/// A new gateway: how long it takes to start, and what it needs.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Memory {
    /// From the start of the process to an open port, ms.
    pub start_up_ms: f64,
    /// Resident without calls, bytes.
    pub idle_bytes: u64,
    /// More with [`HELD_IN_FLIGHT`] calls in flight, bytes for each.
    pub per_call_bytes: u64,
}

/// A server under measurement.
pub struct Server {
    pub process: Process,
    pub caller: Caller,
}

impl Server {
    /// Starts it and connects.
    pub async fn start(cores: &Cores, name: &'static str, arguments: &[&str]) -> anyhow::Result<Self> {
        let (process, address) = Process::start::<SocketAddr>(cores, true, name, arguments)?;
        Ok(Self { process, caller: Caller::connect(address, CONNECTIONS).await? })
    }
}

/// How each variant is measured.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// For so long, after a warm-up.
    pub time: Duration,
    /// Calls per second of the paced measurement.
    pub pace: u32,
}

/// All variants, alive.
pub struct Bench<'a> {
    cores: &'a Cores,
    directory: PathBuf,
    document: String,
    measure: Measure,
    /// Numbers of calls: never used twice in a run.
    next: u64,
    echo: Server,
    direct: Process,
    pass_through: Server,
    forgetful: Server,
    gateway: Server,
    // The last to go: the others talk to it.
    _stub: Process,
}

impl<'a> Bench<'a> {
    /// Starts everything.
    pub async fn start(cores: &'a Cores, directory: PathBuf, measure: Measure) -> anyhow::Result<Self> {
        let (stub, addresses) = Process::start::<Addresses>(cores, false, "stub", &[])?;
        let document = directory.join("turnpike.toml");
        document::write(&document, &addresses)?;
        let document = document.display().to_string();
        let store = directory.join("store").display().to_string();
        let (direct, ()) = Process::start(cores, true, "direct", &[&document])?;
        Ok(Self {
            echo: Server::start(cores, "echo", &[]).await?,
            direct,
            pass_through: Server::start(cores, "pass-through", &[&document]).await?,
            forgetful: Server::start(cores, "forgetful", &[&document]).await?,
            gateway: Server::start(cores, "gateway", &[&document, &store]).await?,
            _stub: stub,
            cores,
            directory,
            document,
            measure,
            next: 0,
        })
    }

    /// Measures.
    pub async fn rounds(mut self, count: u32) -> anyhow::Result<Vec<Round>> {
        let mut rounds = Vec::new();
        for number in 1..=count {
            eprintln!("round {number} of {count}");
            rounds.push(self.round(number).await?);
        }
        Ok(rounds)
    }

    async fn round(&mut self, number: u32) -> anyhow::Result<Round> {
        let disk = disk::measure(&self.directory, self.measure.time)?;
        let echo = self.loaded(|b| &b.echo, "fast", IN_FLIGHT).await?;
        let direct = self.direct("fast")?;
        let pass_through = self.loaded(|b| &b.pass_through, "fast", IN_FLIGHT).await?;
        let forgetful = self.loaded(|b| &b.forgetful, "fast", IN_FLIGHT).await?;
        let (gateway, syncs_per_charge) = self.gateway_and_syncs().await?;
        let alone_pass_through = self.loaded(|b| &b.pass_through, "fast", 1).await?;
        let alone_gateway = self.loaded(|b| &b.gateway, "fast", 1).await?;
        let paced_pass_through = self.paced(|b| &b.pass_through).await?;
        let log = self.log_bytes();
        let paced_gateway = self.paced(|b| &b.gateway).await?;
        let log_grew = self.log_bytes() > log;
        let slow_direct = self.direct("slow")?;
        let slow_pass_through = self.loaded(|b| &b.pass_through, "slow", IN_FLIGHT).await?;
        let slow_gateway = self.loaded(|b| &b.gateway, "slow", IN_FLIGHT).await?;
        let memory = self.memory(number).await?;
        Ok(Round {
            disk,
            echo,
            direct,
            pass_through,
            forgetful,
            gateway,
            syncs_per_charge,
            alone_pass_through,
            alone_gateway,
            paced_pass_through,
            paced_gateway,
            log_grew,
            slow_direct,
            slow_pass_through,
            slow_gateway,
            memory,
        })
    }

    /// Numbers for the calls of one measurement.
    fn numbers(&mut self) -> u64 {
        self.next += 1 << 32;
        self.next
    }

    async fn loaded(
        &mut self,
        which: impl Fn(&Self) -> &Server,
        account: &'static str,
        in_flight: usize,
    ) -> anyhow::Result<Sample> {
        let first = self.numbers();
        let Server { process, caller } = which(self);
        load::closed(&caller.at(account), first, in_flight, self.measure.time, || process.cpu()).await
    }

    async fn paced(&mut self, which: impl Fn(&Self) -> &Server) -> anyhow::Result<Sample> {
        let first = self.numbers();
        let Server { process, caller } = which(self);
        load::paced(caller, first, self.measure.pace, self.measure.time, || process.cpu()).await
    }

    /// The client makes its own load, in its own process.
    fn direct(&mut self, account: &str) -> anyhow::Result<Sample> {
        let run = Run {
            account: account.to_owned(),
            in_flight: IN_FLIGHT,
            seconds: self.measure.time.as_secs_f64(),
            first: self.numbers(),
        };
        self.direct.ask(&serde_json::to_value(run)?)
    }

    #[allow(clippy::cast_precision_loss)] // Counts of a few seconds.
    async fn gateway_and_syncs(&mut self) -> anyhow::Result<(Sample, f64)> {
        let question = serde_json::Value::Null;
        let before: Synced = self.gateway.process.ask(&question)?;
        let begin = Instant::now();
        let sample = self.loaded(|b| &b.gateway, "fast", IN_FLIGHT).await?;
        let elapsed = begin.elapsed();
        let after: Synced = self.gateway.process.ask(&question)?;
        // The syncs are those of the warm-up too, so they are compared with its calls as well.
        let charges = sample.per_second * elapsed.as_secs_f64();
        Ok((sample, (after.syncs - before.syncs) as f64 / charges))
    }

    fn log_bytes(&self) -> u64 {
        let files = std::fs::read_dir(self.directory.join("store")).into_iter().flatten().flatten();
        let log = files.filter(|file| file.file_name().to_string_lossy().ends_with("-wal"));
        log.filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum()
    }

    /// A gateway of its own, started anew, with many calls that wait for the provider.
    async fn memory(&mut self, number: u32) -> anyhow::Result<Memory> {
        let store = self.directory.join(format!("memory-{number}"));
        let server =
            Server::start(self.cores, "gateway", &[&self.document, &store.display().to_string()]).await?;
        tokio::time::sleep(SETTLE).await;
        let idle = server.process.resident();
        let first = self.numbers();
        let caller = server.caller.at("held");
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..HELD_IN_FLIGHT as u64 {
            let caller = caller.clone();
            calls.spawn_local(async move { caller.make(first + number).await });
        }
        let mut most = idle;
        while calls.len() == HELD_IN_FLIGHT {
            tokio::time::sleep(LOOK).await;
            most = most.max(server.process.resident());
            while let Some(ended) = calls.try_join_next() {
                ended??;
            }
        }
        while let Some(ended) = calls.join_next().await {
            ended??;
        }
        let start_up_ms = server.process.start_up.as_secs_f64() * 1e3;
        drop(server);
        std::fs::remove_dir_all(&store)?;
        let per_call_bytes = (most - idle) / HELD_IN_FLIGHT as u64;
        Ok(Memory { start_up_ms, idle_bytes: idle, per_call_bytes })
    }
}
