//! `turnpike bench schedules`: what recurring charges cost, all in one run.
//!
//! * **Taking**: every schedule of a large store is due, and is claimed and moved on, without being
//!   charged: the engine's own loop over SQLite, in a process of its own.
//! * **Sizes**: a store grows; the same number falls due in it each time, and as many are created. Both
//!   should take as long in a large store as in a small one.
//! * **Charging**: a gateway with schedules due, beside the gateway that callers load with as many
//!   charges as it takes.
//! * **Callers**: paced charges while nothing is due, and while schedules are charged.
//!
//! As in the rest of the bench, what is measured has a core for itself, everything is on loopback, and
//! figures are to be compared within one run.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::burst::{self, BESIDE, Beside, Burst, Charged};
use super::cores::Cores;
use super::document;
use super::filling::AHEAD;
use super::load::{self, Sample};
use super::process::Process;
use super::rounds::IN_FLIGHT;
use super::run::{Removed, block_on, seconds, write_json};
use super::schedules_report::Report;
use super::stub::Addresses;
use super::taking::{Done, Task};

/// Schedules in one entry of the journal: the engine's own number, and a smaller one.
pub const BATCHES: [usize; 2] = [500, 100];
/// Schedules that fall due in each size of store.
pub const DUE: u32 = 1_000;
/// How often that is measured in each; the middle one counts.
const REPEATS: usize = 3;
/// Schedules that are created at each size.
const CREATED: u32 = 2_000;

/// How long and where to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Rounds; each measures everything once, but for the sizes, which are measured once in a run.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Seconds of each measurement, after a while to warm up.
    #[arg(long, default_value_t = 4.0, value_parser = seconds)]
    seconds: f64,
    /// Schedules in the largest store, all of which are taken: at least 10,000.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(10_000..=100_000_000))]
    schedules: u32,
    /// Schedules that are due while callers call; so many that they last.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    burst: u32,
    /// One short round with 10,000 schedules: whether everything works, not how fast.
    #[arg(long)]
    quick: bool,
    /// A file for all samples and ratios, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// A directory on the disk that is to be measured; what the run puts there it takes away.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    data_dir: PathBuf,
}

/// How everything is measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measure {
    pub rounds: u32,
    pub time: Duration,
    /// Schedules in the stores that are looked at, from the smallest.
    pub sizes: Vec<u32>,
    /// Schedules that are charged.
    pub burst: u32,
}

/// A store of some size.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Size {
    pub schedules: u32,
    /// Recording what was missing, in batches.
    pub filled: Done,
    /// Finding and taking those that are due, [`DUE`] of them.
    pub taken: Done,
    /// Looking again, when none is due.
    pub idle: Done,
    /// Creating as callers do, many at once.
    pub created: Done,
    /// The same, one after the other.
    pub created_singly: Done,
}

/// What a round measured.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    /// Taking everything, for each of [`BATCHES`].
    pub taken: [Done; 2],
    /// As many calls as the gateway takes.
    pub ceiling: Sample,
    /// Schedules alone.
    pub charged: Charged,
    /// For each of [`BESIDE`].
    pub beside: Vec<Beside>,
    /// Whether schedules were due until the end.
    pub lasted: bool,
}

/// Measures and prints.
///
/// # Errors
/// As [`super::run::run`].
pub fn run(options: Options) -> anyhow::Result<()> {
    let Options { rounds, seconds, schedules, burst, quick, json, data_dir } = options;
    let measure = if quick {
        Measure { rounds: 1, time: Duration::from_millis(300), sizes: vec![4_000, 10_000], burst: 10_000 }
    } else {
        let sizes = [10_000, 100_000].into_iter().filter(|size| *size < schedules);
        let sizes = sizes.chain([schedules]).collect();
        Measure { rounds, time: Duration::from_secs_f64(seconds), sizes, burst }
    };
    let cores = Cores::divide();
    let directory = Removed::make(&data_dir)?;
    let (sizes, rounds) = block_on(async {
        let mut bench = Bench::start(&cores, directory.0.clone(), measure.clone())?;
        let sizes = bench.sizes()?;
        let mut rounds = Vec::new();
        for number in 1..=measure.rounds {
            eprintln!("round {number} of {}", measure.rounds);
            rounds.push(bench.round().await?);
        }
        Ok((sizes, rounds))
    })?;
    let report = Report::of(sizes, rounds, measure, &cores);
    println!("{report}");
    write_json(json.as_deref(), &report.json())
}

/// The stub, and where the stores are.
struct Bench<'a> {
    cores: &'a Cores,
    directory: PathBuf,
    document: String,
    measure: Measure,
    /// Numbers of calls: never used twice in a run.
    next: u64,
    stub: Process,
}

impl<'a> Bench<'a> {
    fn start(cores: &'a Cores, directory: PathBuf, measure: Measure) -> anyhow::Result<Self> {
        let (stub, addresses) = Process::start::<Addresses>(cores, false, "stub", &[])?;
        let document = directory.join("turnpike.toml");
        document::write(&document, &addresses)?;
        let document = document.display().to_string();
        Ok(Self { cores, directory, document, measure, next: 0, stub })
    }

    /// A process that records and takes schedules in a store.
    fn engine(&self, store: &str) -> anyhow::Result<Engine> {
        let store = self.directory.join(store).display().to_string();
        let (process, ()) = Process::start(self.cores, true, "schedules", &[&self.document, &store])?;
        Ok(Engine(process))
    }

    /// Fills the stores that the rounds copy: one that grows and is measured on the way, one in which
    /// all are due, and one in which none is.
    fn sizes(&self) -> anyhow::Result<Vec<Size>> {
        let mut engine = self.engine(LARGE)?;
        let (mut sizes, mut there) = (Vec::new(), 0);
        for &schedules in &self.measure.sizes {
            eprintln!("a store with {schedules} schedules");
            let count = schedules.saturating_sub(there + DUE * REPEATS as u32);
            let filled = engine.does(Task::Fill { count, due: 0 })?;
            let (mut taken, mut idle) = ([Done::default(); REPEATS], [Done::default(); REPEATS]);
            for (taken, idle) in taken.iter_mut().zip(&mut idle) {
                engine.does(Task::Fill { count: DUE, due: DUE })?;
                *taken = engine.does(Task::Take { batch: BATCHES[0] })?;
                anyhow::ensure!(taken.count == u64::from(DUE), "{} were due", taken.count);
                *idle = engine.does(Task::Take { batch: BATCHES[0] })?;
            }
            let (taken, idle) = (middle(taken), middle(idle));
            let created = engine.does(Task::Create { count: CREATED, at_once: IN_FLIGHT })?;
            let created_singly = engine.does(Task::Create { count: CREATED / 10, at_once: 1 })?;
            there = schedules + CREATED + CREATED / 10;
            sizes.push(Size { schedules, filled, taken, idle, created, created_singly });
        }
        engine.does(Task::Close)?;
        for (store, due) in [(ALL_DUE, self.measure.burst), (NONE_DUE, 0)] {
            let mut engine = self.engine(store)?;
            engine.does(Task::Fill { count: self.measure.burst, due })?;
            engine.does(Task::Close)?;
        }
        Ok(sizes)
    }

    async fn round(&mut self) -> anyhow::Result<Round> {
        let taken = [self.take_all(BATCHES[0])?, self.take_all(BATCHES[1])?];
        let time = self.measure.time;
        let idle = self.gateway(NONE_DUE).await?;
        let first = self.numbers();
        let ceiling =
            load::closed(&idle.caller("fast"), first, IN_FLIGHT, time, || idle.process().cpu()).await?;
        let mut calls = Vec::new();
        for (account, _, per_second) in BESIDE {
            let first = self.numbers();
            calls.push(idle.called(account, first, per_second, time).await?);
        }
        drop(idle);
        // From its start on it charges, whoever calls: nothing else can be measured meanwhile.
        let before = burst::scheduled(&mut self.stub)?;
        let busy = self.gateway(ALL_DUE).await?;
        let charged = busy.charged(&mut self.stub, time).await?;
        let mut beside = Vec::new();
        for ((account, _, per_second), idle) in BESIDE.into_iter().zip(calls) {
            let calls = (account, self.numbers(), per_second);
            let (busy, charged) = busy.called_and_charged(&mut self.stub, calls, time).await?;
            beside.push(Beside { idle, busy, charged });
        }
        let charges = burst::scheduled(&mut self.stub)? - before;
        Ok(Round { taken, ceiling, charged, beside, lasted: charges < u64::from(self.measure.burst) })
    }

    /// Takes everything in a copy of the large store.
    fn take_all(&self, batch: usize) -> anyhow::Result<Done> {
        let store = self.directory.join(COPY);
        burst::copy(&self.directory.join(LARGE), &store)?;
        let mut engine = self.engine(COPY)?;
        // What falls due is the first occurrence of all that were not due before.
        engine.does(Task::Forward(AHEAD + Duration::from_secs(24 * 3600)))?;
        let taken = engine.does(Task::Take { batch })?;
        drop(engine);
        std::fs::remove_dir_all(store)?;
        Ok(taken)
    }

    async fn gateway(&self, filled: &str) -> anyhow::Result<Burst> {
        let store = self.directory.join(format!("{filled}-served"));
        Burst::start(self.cores, &self.document, &self.directory.join(filled), store).await
    }

    fn numbers(&mut self) -> u64 {
        self.next += 1 << 32;
        self.next
    }
}

/// The one that took neither longest nor shortest.
fn middle(mut done: [Done; REPEATS]) -> Done {
    done.sort_unstable_by(|one, other| one.seconds.total_cmp(&other.seconds));
    done[REPEATS / 2]
}

/// The store that grows.
const LARGE: &str = "large";
/// A copy of it.
const COPY: &str = "copy";
/// The store in which every schedule is due.
const ALL_DUE: &str = "all-due";
/// The store of the same size in which none is.
const NONE_DUE: &str = "none-due";

/// A process that does what it is told to.
struct Engine(Process);

impl Engine {
    fn does(&mut self, task: Task) -> anyhow::Result<Done> {
        self.0.ask(&serde_json::to_value(task)?)
    }
}
