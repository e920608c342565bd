//! A story of the contract kit, as `contract/README.md` says it is written.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

/// The longest that a step may wait for its answer.
const WITHIN_MAX: u64 = 600;

/// A story.
#[derive(Debug)]
pub struct Story {
    /// The name of its file.
    pub name: String,
    /// The accounts that it is told for; none when it is told once.
    pub accounts: Vec<String>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One call, and what must come back.
#[derive(Debug)]
pub struct Step {
    /// What a report calls it.
    pub words: String,
    /// The RPC, such as `PaymentService/GetPayment`.
    pub call: String,
    /// The request, with the names of values in it.
    pub request: Value,
    /// With which key.
    pub credentials: Credentials,
    /// What must come back.
    pub expected: Expected,
}

/// With which key a step calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// That of the run.
    #[default]
    OfTheRun,
    /// None is sent.
    None,
    /// One that nobody has.
    Unknown,
}

/// What must come back.
#[derive(Debug)]
pub enum Expected {
    /// This answer.
    Answer(Value),
    /// This answer, in the end: the call is repeated for so long.
    Within(Duration, Value),
    /// An error.
    Error(ExpectedError),
    /// A stream that tells these in this order, others in between.
    Stream(Vec<Value>),
}

/// The error that must come back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedError {
    /// The gRPC code, such as `NOT_FOUND`.
    pub code: String,
    /// The reason in its `ErrorInfo`.
    pub reason: String,
    /// What its metadata must match.
    #[serde(default)]
    pub metadata: Option<Value>,
    /// What the list of the wrong fields' paths must match.
    #[serde(default)]
    pub fields: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStory {
    about: String,
    #[serde(default)]
    accounts: Vec<String>,
    steps: Vec<WrittenStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    step: String,
    call: String,
    request: Value,
    #[serde(default)]
    credentials: Credentials,
    answer: Option<Value>,
    within_seconds: Option<u64>,
    error: Option<ExpectedError>,
    stream: Option<Vec<Value>>,
}

impl Story {
    /// Reads a story.
    ///
    /// # Errors
    /// What is not as the format says.
    pub fn read(name: &str, text: &str) -> anyhow::Result<Self> {
        let WrittenStory { about, accounts, steps } = serde_json::from_str(text).context("not a story")?;
        ensure!(!about.is_empty() && !steps.is_empty(), "a story is about something and has steps");
        let steps = steps.into_iter().map(Step::read).collect::<anyhow::Result<_>>()?;
        Ok(Self { name: name.to_owned(), accounts, steps })
    }
}

impl Step {
    fn read(written: WrittenStep) -> anyhow::Result<Self> {
        let WrittenStep { step: words, call, request, credentials, answer, within_seconds, error, stream } =
            written;
        let expected = match (answer, within_seconds, error, stream) {
            (Some(answer), None, None, None) => Expected::Answer(answer),
            (Some(answer), Some(seconds @ 1..=WITHIN_MAX), None, None) => {
                Expected::Within(Duration::from_secs(seconds), answer)
            }
            (None, None, Some(error), None) => Expected::Error(error),
            (None, None, None, Some(stream)) if !stream.is_empty() => Expected::Stream(stream),
            _ => bail!("the step {words:?} expects one of answer, answer with within_seconds, error, stream"),
        };
        Ok(Self { words, call, request, credentials, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_story_is_refused() {
        let step = |expected: &str| {
            format!(r#"{{"about":"a","steps":[{{"step":"s","call":"A/B","request":{{}},{expected}}}]}}"#)
        };
        for fine in [
            r#""answer":{}"#,
            r#""answer":{},"within_seconds":5"#,
            r#""error":{"code":"NOT_FOUND","reason":"R"}"#,
            r#""stream":[{}]"#,
            r#""answer":{},"credentials":"none""#,
        ] {
            assert!(Story::read("a", &step(fine)).is_ok(), "{fine}");
        }
        for wrong in [
            r#""answers":{}"#,
            r#""within_seconds":5"#,
            r#""answer":{},"within_seconds":0"#,
            r#""answer":{},"error":{"code":"NOT_FOUND","reason":"R"}"#,
            r#""error":{"code":"NOT_FOUND"}"#,
            r#""stream":[]"#,
            r#""answer":{},"credentials":"stolen""#,
        ] {
            assert!(Story::read("a", &step(wrong)).is_err(), "{wrong}");
        }
        assert!(Story::read("a", r#"{"about":"a","steps":[]}"#).is_err());
    }
}
