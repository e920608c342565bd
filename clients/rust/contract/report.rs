//! What came of a run, as JSON for whoever compares clients.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Problem;

/// One telling of a story, or one vector.
#[derive(Debug, Default)]
pub struct Outcome {
    pub name: String,
    pub account: String,
    pub steps: usize,
    pub took: Duration,
    /// Empty means that it passed.
    pub failure: String,
}

impl Outcome {
    pub fn has_passed(&self) -> bool {
        self.failure.is_empty()
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "account": self.account,
            "passed": self.has_passed(),
            "steps": self.steps,
            "seconds": (self.took.as_secs_f64() * 1_000.0).round() / 1_000.0,
            "failure": self.failure,
        })
    }
}

/// Writes the report. Tells whether everything passed, which nothing at all has not.
pub fn write(path: &Path, outcomes: &[Outcome]) -> Result<bool, Problem> {
    let results: Vec<Value> = outcomes.iter().map(Outcome::json).collect();
    let report = json!({"language": "rust", "results": results});
    fs::write(path, format!("{report:#}\n")).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(!outcomes.is_empty() && outcomes.iter().all(Outcome::has_passed))
}
