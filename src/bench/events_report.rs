//! What the rounds of `turnpike bench events` come to.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::cores::Cores;
use super::events::{READERS, Rated, Round};
use super::load::median;
use super::ratio::{self, Bound, Ratio, ends};
use super::report::{headline, machine};

/// Notices that should be taken for each that the store commits by itself, and below how many something is
/// broken: half of the work is HTTP on both of its ends.
const TAKEN: (f64, f64) = (0.3, 0.1);
/// Events that readers should get, all together, for each that the store commits by itself.
const DELIVERED: (f64, f64) = (2.0, 0.5);
/// What an idle stream may hold, in KiB.
const IDLE_KIB: (f64, f64) = (96.0, 256.0);

/// The whole result.
pub struct Report {
    rounds: Vec<Round>,
    ratios: Vec<Ratio>,
    machine: Value,
    time: Duration,
}

impl Report {
    /// Of all rounds.
    pub fn of(rounds: Vec<Round>, time: Duration) -> Self {
        let ratios = ratios(&rounds);
        Self { rounds, ratios, machine: machine(&Cores::divide()), time }
    }

    /// One line of the table.
    fn line(&self, f: &mut fmt::Formatter<'_>, what: &str, of: impl Fn(&Round) -> Rated) -> fmt::Result {
        let mut values: Vec<f64> = self.rounds.iter().map(|round| of(round).per_second()).collect();
        let (least, most) = ends(&values);
        writeln!(f, "| {what} | {:.0} | {least:.0} to {most:.0} |", median(&mut values))
    }

    /// Everything, for whoever wants to compute more.
    pub fn json(&self) -> Value {
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "machine": self.machine,
            "seconds": self.time.as_secs_f64(),
            "ratios": self.ratios.iter().map(Ratio::json).collect::<Vec<_>>(),
            "rounds": self.rounds,
        })
    }
}

fn ratios(rounds: &[Round]) -> Vec<Ratio> {
    let each = |of: &dyn Fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    vec![
        Ratio {
            name: "E1",
            what: "notices a second, over HTTP ÷ the journal by itself".to_owned(),
            to_reach: "≥ 0.3",
            bound: Bound::AtLeast(TAKEN.0),
            floor: Some(Bound::AtLeast(TAKEN.1)),
            unit: "",
            values: each(&|round| round.notices_taken.per_second() / round.notices_committed.per_second()),
        },
        Ratio {
            name: "E2",
            what: format!("events a second, to {READERS} readers together ÷ the journal by itself"),
            to_reach: "≥ 2.0",
            bound: Bound::AtLeast(DELIVERED.0),
            floor: Some(Bound::AtLeast(DELIVERED.1)),
            unit: "",
            values: each(&|round| round.events_delivered.per_second() / round.events_committed.per_second()),
        },
        Ratio {
            name: "E3",
            what: "memory of an idle stream, both ends and their connection".to_owned(),
            to_reach: "≤ 96 KiB",
            bound: Bound::AtMost(IDLE_KIB.0),
            floor: Some(Bound::AtMost(IDLE_KIB.1)),
            unit: " KiB",
            values: each(&|round| round.idle_stream_bytes / 1024.0),
        },
    ]
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        headline(
            f,
            &self.machine,
            self.rounds.len(),
            self.time,
            "load, gateway and readers share the cores",
        )?;
        writeln!(f, "\n| what | per second | least to most |\n|---|--:|--:|")?;
        self.line(f, "notices, the journal by itself", |round| round.notices_committed)?;
        self.line(f, "notices over HTTP, durable", |round| round.notices_taken)?;
        self.line(f, "events, the journal by itself", |round| round.events_committed)?;
        self.line(f, "events, while readers follow", |round| round.events_followed)?;
        self.line(f, "events that readers got, all together", |round| round.events_delivered)?;
        ratio::table(f, &self.ratios)
    }
}
