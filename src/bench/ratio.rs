//! Figures that are to reach something: medians, their spread, and whether they do.

use std::fmt;

use serde_json::{Value, json};

use super::load::median;

/// One figure, round by round.
pub struct Ratio {
    pub name: &'static str,
    pub what: String,
    /// In words, with its direction.
    pub to_reach: &'static str,
    pub bound: Bound,
    /// Beyond which something is broken, where that is more than a target that is missed.
    pub floor: Option<Bound>,
    pub unit: &'static str,
    pub values: Vec<f64>,
}

/// Which side of a figure is the good one.
#[derive(Clone, Copy)]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl Ratio {
    fn median(&self) -> f64 {
        median(&mut self.values.clone())
    }

    fn reached(&self) -> bool {
        self.bound.holds(self.median())
    }

    fn holds_floor(&self) -> bool {
        self.floor.is_none_or(|floor| floor.holds(self.median()))
    }

    /// For whoever wants to compute more.
    pub fn json(&self) -> Value {
        let mut json = json!({
            "name": self.name, "what": self.what, "median": self.median(),
            "rounds": self.values, "to_reach": self.to_reach, "reached": self.reached(),
        });
        if self.floor.is_some() {
            json["holds_floor"] = self.holds_floor().into();
        }
        json
    }
}

/// All of them, as a table.
pub fn table(f: &mut fmt::Formatter<'_>, ratios: &[Ratio]) -> fmt::Result {
    writeln!(f, "\n| | ratio | median | least to most | to reach | |")?;
    writeln!(f, "|---|---|--:|--:|--:|---|")?;
    for ratio in ratios {
        let Ratio { name, what, to_reach, unit, values, .. } = ratio;
        let (least, most) = ends(values);
        let reached = match (ratio.reached(), ratio.holds_floor()) {
            (true, _) => "reached",
            (false, true) => "missed",
            (false, false) => "**beyond its floor**",
        };
        let digits = if unit.is_empty() { 3 } else { 1 };
        writeln!(
            f,
            "| {name} | {what} | {:.digits$}{unit} | {least:.digits$} to {most:.digits$} | {to_reach} | {reached} |",
            ratio.median()
        )?;
    }
    Ok(())
}

/// The least and the most.
pub fn ends(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (least, most)
}
