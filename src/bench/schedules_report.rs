//! What the rounds of `turnpike bench schedules` come to.

use std::fmt;

use serde_json::{Value, json};

use super::burst::BESIDE;
use super::cores::Cores;
use super::load::median;
use super::ratio::{self, Bound, Ratio, ends};
use super::report::{headline, machine};
use super::schedules::{BATCHES, DUE, Measure, Round, Size};

/// Schedules that should be taken in a second, and below how many something is broken.
const TAKEN: (f64, f64) = (35_000.0, 15_000.0);
/// How much longer the same number may take in the largest store than in the smallest.
const GROWTH: f64 = 2.0;
/// Scheduled charges for each call that the gateway can take, and below how many something is broken.
const CHARGED: (f64, f64) = (0.8, 0.6);
/// How much longer a caller may wait beside schedules, and beyond how much something is broken.
const NOTICED: (f64, f64) = (2.0, 3.0);

/// The whole result.
pub struct Report {
    sizes: Vec<Size>,
    rounds: Vec<Round>,
    ratios: Vec<Ratio>,
    machine: Value,
    measure: Measure,
}

impl Report {
    /// Of all rounds.
    pub fn of(sizes: Vec<Size>, rounds: Vec<Round>, measure: Measure, cores: &Cores) -> Self {
        let ratios = ratios(&sizes, &rounds);
        Self { sizes, rounds, ratios, machine: machine(cores), measure }
    }

    /// Everything, for whoever wants to compute more.
    pub fn json(&self) -> Value {
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "machine": self.machine,
            "seconds": self.measure.time.as_secs_f64(),
            "schedules_charged": self.measure.burst,
            "ratios": self.ratios.iter().map(Ratio::json).collect::<Vec<_>>(),
            "sizes": self.sizes,
            "rounds": self.rounds,
        })
    }

    fn middle(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(&mut self.rounds.iter().map(of).collect::<Vec<_>>())
    }
}

fn ratios(sizes: &[Size], rounds: &[Round]) -> Vec<Ratio> {
    let each = |of: &dyn Fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    let mut ratios = vec![Ratio {
        name: "S1",
        what: format!("schedules taken in a second, {} at once", BATCHES[0]),
        to_reach: "≥ 35,000",
        bound: Bound::AtLeast(TAKEN.0),
        floor: Some(Bound::AtLeast(TAKEN.1)),
        unit: " /s",
        values: each(&|round| round.taken[0].per_second()),
    }];
    if let (Some(smallest), Some(largest)) = (sizes.first(), sizes.last()) {
        ratios.push(Ratio {
            name: "S2",
            what: format!("time to take {DUE}, of {} ÷ of {}", largest.schedules, smallest.schedules),
            to_reach: "≤ 2.0",
            bound: Bound::AtMost(GROWTH),
            floor: None,
            unit: "",
            values: vec![largest.taken.seconds / smallest.taken.seconds],
        });
    }
    ratios.push(Ratio {
        name: "S3",
        what: "charges in a second, scheduled ÷ called for".to_owned(),
        to_reach: "≥ 0.8",
        bound: Bound::AtLeast(CHARGED.0),
        floor: Some(Bound::AtLeast(CHARGED.1)),
        unit: "",
        values: each(&|round| round.charged.per_second / round.ceiling.per_second),
    });
    for (place, (_, what, _)) in BESIDE.iter().enumerate() {
        let noticed = |round: &Round| {
            round.beside.get(place).map_or(f64::NAN, |beside| beside.busy.p99_us / beside.idle.p99_us)
        };
        ratios.push(Ratio {
            name: "S4",
            what: format!("p99 of a call, beside schedules ÷ without; {what}"),
            to_reach: "≤ 2.0",
            bound: Bound::AtMost(NOTICED.0),
            floor: Some(Bound::AtMost(NOTICED.1)),
            unit: "",
            values: each(&noticed),
        });
    }
    ratios
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = format!("{} schedules charged", self.measure.burst);
        headline(f, &self.machine, self.rounds.len(), self.measure.time, &what)?;
        self.sizes(f)?;
        self.rates(f)?;
        self.callers(f)?;
        ratio::table(f, &self.ratios)?;
        for (at, round) in self.rounds.iter().enumerate() {
            if !round.lasted {
                writeln!(f, "\nRound {} had charged every schedule before it ended.", at + 1)?;
            }
            let skipped: u64 = round.beside.iter().map(|b| b.idle.skipped + b.busy.skipped).sum();
            if skipped > 0 {
                writeln!(f, "\nRound {} did not keep the pace: {skipped} calls were left out.", at + 1)?;
            }
        }
        Ok(())
    }
}

impl Report {
    fn sizes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| schedules | filled per second | {DUE} due, taken in ms | none due, ms | created per second | created one by one, µs |"
        )?;
        writeln!(f, "|--:|--:|--:|--:|--:|--:|")?;
        for size in &self.sizes {
            let singly = 1e6 / size.created_singly.per_second();
            writeln!(
                f,
                "| {} | {:.0} | {:.1} | {:.2} | {:.0} | {singly:.0} |",
                size.schedules,
                size.filled.per_second(),
                size.taken.seconds * 1e3,
                size.idle.seconds * 1e3,
                size.created.per_second(),
            )?;
        }
        Ok(())
    }

    fn rates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n| what | per second | CPU µs each | CPU, least to most |")?;
        writeln!(f, "|---|--:|--:|--:|")?;
        let mut row = |what: String, rate: &dyn Fn(&Round) -> f64, cpu: &dyn Fn(&Round) -> f64| {
            let (least, most) = ends(&self.rounds.iter().map(cpu).collect::<Vec<_>>());
            let (rate, cpu) = (self.middle(rate), self.middle(cpu));
            writeln!(f, "| {what} | {rate:.0} | {cpu:.1} | {least:.1} to {most:.1} |")
        };
        for (place, batch) in BATCHES.iter().enumerate() {
            let what = format!("schedules taken, {batch} at once");
            row(what, &|r| r.taken[place].per_second(), &|r| r.taken[place].cpu_us())?;
        }
        row("charges called for, 256 in flight".to_owned(), &|r| r.ceiling.per_second, &|r| {
            r.ceiling.cpu_us
        })?;
        row("charges scheduled".to_owned(), &|r| r.charged.per_second, &|r| r.charged.cpu_us)
    }

    fn callers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| callers | p50 µs | beside schedules | p99 µs | beside schedules | charged per second meanwhile |"
        )?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|")?;
        for (place, (_, what, _)) in BESIDE.iter().enumerate() {
            writeln!(
                f,
                "| {what} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
                self.middle(|r| r.beside[place].idle.p50_us),
                self.middle(|r| r.beside[place].busy.p50_us),
                self.middle(|r| r.beside[place].idle.p99_us),
                self.middle(|r| r.beside[place].busy.p99_us),
                self.middle(|r| r.beside[place].charged.per_second),
            )?;
        }
        Ok(())
    }
}
