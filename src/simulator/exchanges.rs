//! The log of what was asked and answered, for tests and for a person wondering what happened.
//!
//! Recording copies bytes and nothing else, because load tests run through it; redaction happens
//! when somebody looks, and there is no way to look without it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::faults;
use super::redact;

/// Exchanges remembered; beyond it the oldest leave.
pub const EXCHANGES_MAX: usize = 10_000;

/// Bytes of a body that are remembered: 16 KiB, of either direction.
pub const BODY_BYTES_MAX: usize = 16 * 1_024;

/// Exchanges one look returns at most.
pub const SHOWN_MAX: usize = 1_000;

/// One request and what became of it, as recorded. Has no public reading: see [`Exchange`].
#[derive(Debug)]
pub struct Recording {
    /// When the request arrived, on the simulators' clock.
    pub at: Timestamp,
    /// The simulator's name of the endpoint.
    pub operation: &'static str,
    /// The request's method.
    pub method: Method,
    /// The request's path and query.
    pub target: String,
    /// The request's headers.
    pub request_headers: HeaderMap,
    /// The request's body.
    pub request_body: bytes::Bytes,
    /// The answer; `None` when the connection was closed without one.
    pub answer: Option<RecordedAnswer>,
    /// The fault that was applied.
    pub fault: Option<faults::Kind>,
}

/// The answer's side of a [`Recording`].
#[derive(Debug)]
pub struct RecordedAnswer {
    /// HTTP status.
    pub status: u16,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The whole body that was meant to be sent, also when only half of it was.
    pub body: bytes::Bytes,
}

/// One exchange as it may be shown: redacted.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// Grows in the order in which answers were finished, over all providers that were started
    /// together.
    pub sequence: u64,
    /// When the request arrived, on the simulators' clock.
    pub at: Timestamp,
    /// The simulator's name of the endpoint.
    pub operation: &'static str,
    /// The merchant's reference, when request or answer state one.
    pub reference: Option<String>,
    /// The fault that was applied.
    pub fault: Option<faults::Kind>,
    /// The request.
    pub request: Message,
    /// The answer; `None` when the connection was closed without one.
    pub answer: Option<Message>,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
}

/// One direction of an exchange, redacted.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// `POST /path` of a request; empty for an answer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub line: String,
    /// Headers in the order received.
    pub headers: Vec<(String, String)>,
    /// JSON where the body is JSON, text otherwise; null when empty.
    pub body: Value,
}

/// Which exchanges to show.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those after this sequence number.
    pub since: u64,
    /// Only this operation.
    pub operation: Option<String>,
    /// Only those that state this reference.
    pub reference: Option<String>,
}

/// The log of one provider.
#[derive(Debug)]
pub struct Exchanges {
    reference_key: &'static str,
    numbers: Numbers,
    log: Mutex<VecDeque<(u64, Arc<Recording>)>>,
}

/// The highest sequence number so far, shared by the logs of all providers. It is held while an
/// exchange is added: whoever reads the number finds everything up to it in the logs.
#[derive(Debug, Clone, Default)]
pub struct Numbers(Arc<Mutex<u64>>);

impl Numbers {
    /// The highest sequence number so far; 0 for none.
    pub fn now(&self) -> u64 {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchanges {
    /// An empty log; `reference_key` is the provider's name for the merchant's reference.
    pub fn new(reference_key: &'static str, numbers: Numbers) -> Exchanges {
        Exchanges { reference_key, numbers, log: Mutex::default() }
    }

    /// Adds a finished exchange, keeping the first [`BODY_BYTES_MAX`] of each body.
    pub fn record(&self, mut recording: Recording) {
        recording.request_body.truncate(BODY_BYTES_MAX);
        if let Some(answer) = &mut recording.answer {
            answer.body.truncate(BODY_BYTES_MAX);
        }
        let mut highest = self.numbers.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        *highest += 1;
        log.push_back((*highest, Arc::new(recording)));
        if log.len() > EXCHANGES_MAX {
            log.pop_front();
        }
    }

    /// The first [`SHOWN_MAX`] exchanges that pass the filter, oldest first.
    pub fn show(&self, filter: &Filter) -> Vec<Exchange> {
        let numbered: Vec<(u64, Arc<Recording>)> =
            self.log.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        let wanted = filter.operation.as_deref();
        numbered
            .into_iter()
            .filter(|(sequence, _)| *sequence > filter.since)
            .filter(|(_, recording)| wanted.is_none_or(|wanted| wanted == recording.operation))
            .map(|(sequence, recording)| self.redacted(sequence, &recording))
            .filter(|exchange| {
                let wanted = filter.reference.as_deref();
                wanted.is_none() || wanted == exchange.reference.as_deref()
            })
            .take(SHOWN_MAX)
            .collect()
    }

    fn redacted(&self, sequence: u64, recording: &Recording) -> Exchange {
        let request = Message {
            line: format!("{} {}", recording.method, redact::target(&recording.target)),
            headers: shown_headers(&recording.request_headers),
            body: shown_body(&recording.request_headers, &recording.request_body),
        };
        let answer = recording.answer.as_ref().map(|answer| Message {
            line: String::new(),
            headers: shown_headers(&answer.headers),
            body: shown_body(&answer.headers, &answer.body),
        });
        let stated = |message: &Message| find_text(&message.body, self.reference_key);
        Exchange {
            sequence,
            at: recording.at,
            operation: recording.operation,
            reference: stated(&request).or_else(|| answer.as_ref().and_then(stated)),
            fault: recording.fault,
            status: recording.answer.as_ref().map(|answer| answer.status),
            request,
            answer,
        }
    }
}

fn shown_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let show = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let text = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), redact::header(name.as_str(), &text))
    };
    headers.iter().map(show).collect()
}

fn shown_body(headers: &HeaderMap, body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    let content_type =
        headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    redact::body(content_type, body)
}

/// The first text stored under `name`, searching outer objects before inner ones.
fn find_text(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(members) => match members.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => members.values().find_map(|member| find_text(member, name)),
        },
        Value::Array(items) => items.iter().find_map(|item| find_text(item, name)),
        // A signed request is a text of JSON in JSON.
        Value::String(text) => find_text(&redact::wrapped(text)?, name),
        _ => None,
    }
}
