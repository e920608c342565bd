//! What the rounds come to: medians, ratios, and whether the rounds can be trusted.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::cores::Cores;
use super::load::{Sample, median};
use super::ratio::{self, Bound, Ratio, ends};
use super::rounds::{HELD_IN_FLIGHT, Measure, Round};

/// How far the reference may be from its median before a round is flagged.
const DRIFT_MAX: f64 = 0.10;

/// The whole result.
pub struct Report {
    rounds: Vec<Round>,
    ratios: Vec<Ratio>,
    machine: Value,
    measure: Measure,
}

impl Report {
    /// Of all rounds.
    pub fn of(rounds: Vec<Round>, measure: Measure, cores: &Cores) -> Self {
        let ratios = ratios(&rounds);
        Self { ratios, machine: machine(cores), measure, rounds }
    }

    /// Rounds, from 1, in which the reference was not what it usually is, with the difference.
    fn drifted(&self) -> Vec<(usize, f64)> {
        let reference = |round: &Round| round.pass_through.cpu_us;
        let usual = median(&mut self.rounds.iter().map(reference).collect::<Vec<_>>());
        let off = self.rounds.iter().enumerate().map(|(at, round)| (at + 1, reference(round) / usual - 1.0));
        off.filter(|(_, off)| off.abs() > DRIFT_MAX).collect()
    }

    /// Everything, for whoever wants to compute more.
    pub fn json(&self) -> Value {
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "machine": self.machine,
            "seconds": self.measure.time.as_secs_f64(),
            "paced_calls_per_second": self.measure.pace,
            "ratios": self.ratios.iter().map(Ratio::json).collect::<Vec<_>>(),
            "drifted_rounds": self.drifted().iter().map(|(round, _)| round).collect::<Vec<_>>(),
            "rounds": self.rounds,
        })
    }
}

/// A figure of a round.
type Figure = fn(&Round) -> Sample;

/// What is shown of each variant, in the order of the rounds.
const VARIANTS: &[(&str, Figure)] = &[
    ("echo, 256 in flight", |r| r.echo),
    ("direct, 256 in flight", |r| r.direct),
    ("pass-through, 256 in flight", |r| r.pass_through),
    ("forgetful, 256 in flight", |r| r.forgetful),
    ("gateway, 256 in flight", |r| r.gateway),
    ("pass-through, 1 in flight", |r| r.alone_pass_through),
    ("gateway, 1 in flight", |r| r.alone_gateway),
    ("pass-through, paced", |r| r.paced_pass_through),
    ("gateway, paced", |r| r.paced_gateway),
    ("direct, provider takes 20 ms", |r| r.slow_direct),
    ("pass-through, provider takes 20 ms", |r| r.slow_pass_through),
    ("gateway, provider takes 20 ms", |r| r.slow_gateway),
];

fn ratios(rounds: &[Round]) -> Vec<Ratio> {
    let each = |name, what: &str, to_reach, bound, unit, of: &dyn Fn(&Round) -> f64| Ratio {
        name,
        what: what.to_owned(),
        to_reach,
        bound,
        floor: None,
        unit,
        values: rounds.iter().map(of).collect(),
    };
    vec![
        each(
            "T1s",
            "charges a second, gateway ÷ pass-through",
            "≥ 0.45",
            Bound::AtLeast(0.45),
            "",
            &|r| r.gateway.per_second / r.pass_through.per_second,
        ),
        each("T2", "CPU of a charge, gateway ÷ pass-through", "≤ 2.2", Bound::AtMost(2.2), "", &|r| {
            r.gateway.cpu_us / r.pass_through.cpu_us
        }),
        each("T3", "p50 added at a steady pace ÷ two syncs", "≤ 3.0", Bound::AtMost(3.0), "", &|r| {
            (r.paced_gateway.p50_us - r.paced_pass_through.p50_us) / (2.0 * sync_us(r))
        }),
        each(
            "T4",
            "p50, gateway ÷ direct, provider takes 20 ms",
            "≤ 1.15",
            Bound::AtMost(1.15),
            "",
            &|r| r.slow_gateway.p50_us / r.slow_direct.p50_us,
        ),
        each("T5", "CPU of a charge, forgetful ÷ pass-through", "≤ 1.30", Bound::AtMost(1.30), "", &|r| {
            r.forgetful.cpu_us / r.pass_through.cpu_us
        }),
        each("T6", "syncs of the disk for each charge", "≤ 0.05", Bound::AtMost(0.05), "", &|r| {
            r.syncs_per_charge
        }),
        each("T7", "memory of a call in flight", "≤ 48 KiB", Bound::AtMost(48.0), " KiB", &|r| {
            bytes(r.memory.per_call_bytes) / 1024.0
        }),
        each("T7", "memory at rest", "≤ 24 MiB", Bound::AtMost(24.0), " MiB", &|r| {
            bytes(r.memory.idle_bytes) / 1024.0 / 1024.0
        }),
        each("T7", "start to open port", "≤ 60 ms", Bound::AtMost(60.0), " ms", &|r| r.memory.start_up_ms),
    ]
}

/// The sync that the store really makes: its log grows at first and is overwritten later.
fn sync_us(round: &Round) -> f64 {
    if round.log_grew { round.disk.append_us } else { round.disk.overwrite_us }
}

#[allow(clippy::cast_precision_loss)] // Memory of one process.
fn bytes(count: u64) -> f64 {
    count as f64
}

/// What the figures depend on, without naming the machine.
pub fn machine(cores: &Cores) -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    json!({
        "cores": cores.count,
        "processor": field(&read("/proc/cpuinfo"), "model name"),
        "memory": field(&read("/proc/meminfo"), "MemTotal"),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "divided_cores": cores.divided,
    })
}

/// On which machine what was measured, for so many rounds of so long.
pub fn headline(
    f: &mut fmt::Formatter<'_>,
    machine: &Value,
    rounds: usize,
    time: Duration,
    what: &str,
) -> fmt::Result {
    let text = |name: &str| machine[name].as_str().unwrap_or_default().to_owned();
    writeln!(
        f,
        "{} cores of {}, Linux {}, turnpike {}; {rounds} round(s) of {} s; {what}",
        machine["cores"],
        text("processor"),
        text("kernel"),
        env!("CARGO_PKG_VERSION"),
        time.as_secs_f64(),
    )?;
    if machine["divided_cores"] != true {
        writeln!(f, "One core, or no taskset: everything shares the cores, and the figures are rough.")?;
    }
    Ok(())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = format!("paced: {} calls a second", self.measure.pace);
        headline(f, &self.machine, self.rounds.len(), self.measure.time, &what)?;
        writeln!(f, "\n| variant | per second | p50 µs | p99 µs | CPU µs each | CPU, least to most |")?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|")?;
        for (name, figure) in VARIANTS {
            self.variant(f, name, *figure)?;
        }
        self.disk(f)?;
        ratio::table(f, &self.ratios)?;
        self.closing(f)
    }
}

impl Report {
    fn variant(&self, f: &mut fmt::Formatter<'_>, name: &str, figure: Figure) -> fmt::Result {
        let middle = |of: fn(Sample) -> f64| {
            median(&mut self.rounds.iter().map(|round| of(figure(round))).collect::<Vec<_>>())
        };
        let (least, most) = ends(&self.rounds.iter().map(|round| figure(round).cpu_us).collect::<Vec<_>>());
        writeln!(
            f,
            "| {name} | {:.0} | {:.0} | {:.0} | {:.1} | {least:.1} to {most:.1} |",
            middle(|s| s.per_second),
            middle(|s| s.p50_us),
            middle(|s| s.p99_us),
            middle(|s| s.cpu_us),
        )
    }

    fn disk(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let middle = |of: fn(&Round) -> f64| median(&mut self.rounds.iter().map(of).collect::<Vec<_>>());
        writeln!(
            f,
            "\nOne sync of 4 KiB: {:.0} µs appended, {:.0} µs overwritten. Pass-through costs {:.2} of echo and direct together.",
            middle(|r| r.disk.append_us),
            middle(|r| r.disk.overwrite_us),
            middle(|r| r.pass_through.cpu_us / (r.echo.cpu_us + r.direct.cpu_us)),
        )
    }

    fn closing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nMemory of a call: {HELD_IN_FLIGHT} in flight, the provider takes 1.5 s.")?;
        for (round, off) in self.drifted() {
            writeln!(f, "Round {round} drifted: pass-through cost {:+.0} % of CPU.", off * 100.0)?;
        }
        for (at, round) in self.rounds.iter().enumerate() {
            let skipped = round.paced_gateway.skipped + round.paced_pass_through.skipped;
            if skipped > 0 {
                writeln!(f, "Round {} did not keep the pace: {skipped} calls were left out.", at + 1)?;
            }
        }
        Ok(())
    }
}
