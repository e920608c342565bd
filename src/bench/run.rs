//! `turnpike bench`: the gateway beside its references, all in one run.
//!
//! Figures of one machine on one day say little; what one run says about two things beside each
//! other says more. So every variant is a process of its own, all are alive from the start, and
//! each round measures each of them once, in turn. What is compared:
//!
//! * **echo** answers from memory: what gRPC costs;
//! * **direct** talks to the provider through the adapter, without a gateway;
//! * **pass-through** is the least that a gateway can be: the same contract, adapter and HTTP client
//!   as the product, and nothing in between;
//! * **forgetful** is the whole product over a store that remembers nothing;
//! * **gateway** is the whole product over SQLite.
//!
//! The provider is a stub on loopback. Where there are two cores, whatever is measured has the first
//! for itself; load and stub share the others. Time on the processor comes from the scheduler's
//! account of every thread of a process. Nothing leaves the machine, and the run ends by itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::cores::Cores;
use super::events;
use super::part::Part;
use super::report::Report;
use super::rounds::{Bench, Measure};
use super::schedules;
use crate::app;

/// Calls per second of the paced measurement.
const PACE: u32 = 8_000;
/// A pace that any build on any machine keeps, for a short round.
const PACE_QUICK: u32 = 400;
/// The time of a short round's measurements, in seconds.
const SECONDS_QUICK: f64 = 0.3;

/// How long and where to measure.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    /// Rounds; each measures every variant once.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Seconds of each measurement, after half a second to warm up.
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// One short round: whether everything works, not how fast.
    #[arg(long)]
    quick: bool,
    /// A file for all samples and ratios, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// A directory on the disk that is to be measured; what the run puts there it takes away.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    data_dir: PathBuf,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// One of the processes that `turnpike bench` starts.
    #[command(hide = true)]
    Part {
        #[command(subcommand)]
        part: Part,
    },
    /// Measures schedules: taking what is due, charging it, and what callers notice of it.
    Schedules(schedules::Options),
    /// Measures notices of providers and streams of events.
    Events(events::Options),
}

/// Reads how long a measurement takes.
pub fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=60.0).contains(&seconds) => Ok(seconds),
        _ => Err("must be 0.1 to 60".to_owned()),
    }
}

/// Measures and prints, or is one of the processes that are measured.
///
/// # Errors
/// Whatever keeps a variant from running. A call that fails ends the run: the speed of failures says
/// nothing.
pub fn run(options: Options) -> anyhow::Result<()> {
    match options.role {
        Some(Role::Part { part }) => return app::runtime()?.block_on(part.run()),
        Some(Role::Schedules(options)) => return schedules::run(options),
        Some(Role::Events(options)) => return events::run(options),
        None => {}
    }
    let (rounds, seconds, pace) = match options {
        Options { quick: true, .. } => (1, SECONDS_QUICK, PACE_QUICK),
        Options { rounds, seconds, .. } => (rounds, seconds, PACE),
    };
    let measure = Measure { time: Duration::from_secs_f64(seconds), pace };
    let cores = Cores::divide();
    let directory = Removed::make(&options.data_dir)?;
    let place = directory.0.clone();
    let measured = block_on(async { Bench::start(&cores, place, measure).await?.rounds(rounds).await })?;
    let report = Report::of(measured, measure, &cores);
    println!("{report}");
    write_json(options.json.as_deref(), &report.json())
}

/// Runs with one thread, which makes all the load, so that it never runs on the measured core.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// Writes all that was measured where that is wanted.
pub fn write_json(path: Option<&Path>, report: &serde_json::Value) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let text = serde_json::to_string_pretty(report)?;
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// A directory that goes when the run ends, however it ends.
pub struct Removed(pub PathBuf);

impl Removed {
    /// Makes one in a directory.
    pub fn make(above: &Path) -> anyhow::Result<Self> {
        let directory = above.join(format!("turnpike-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
        Ok(Self(directory))
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("turnpike: {} could not be removed: {error}", self.0.display());
        }
    }
}
