//! Repeated requests: `RequestID` makes one harmless, `duplicate_check` refuses one (§3.1).

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::Shop;
use super::answers::{Answer, Refusal, Reply, Version};
use super::state::{Kind, REMEMBERED_MAX};
use crate::simulator::shelf::Shelf;

/// How long the answer to a `RequestID` is kept.
const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Within this time the same amount on the same card, or the same child, is a duplicate.
const DUPLICATE_WITHIN: Duration = Duration::from_secs(30);

/// The longest `RequestID`, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 255;

/// What was asked before.
#[derive(Debug)]
pub struct Repeats {
    requests: Shelf<(u32, String), Remembered>,
    /// When something like this was last accepted.
    accepted: Shelf<String, Timestamp>,
}

impl Default for Repeats {
    fn default() -> Repeats {
        Repeats { requests: Shelf::new(REMEMBERED_MAX), accepted: Shelf::new(REMEMBERED_MAX) }
    }
}

#[derive(Debug)]
struct Remembered {
    at: Timestamp,
    /// Absent while the first request is still running.
    outcome: Option<Outcome>,
}

/// How a request ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It made this transaction; its answer is made anew, so that the status is as it is by then
    /// (§3.1), and so that a load test's answers need not all be kept.
    Made(String),
    /// It was refused with this answer.
    Refused(Reply),
}

/// What is known of a `RequestID`.
#[derive(Debug)]
pub enum Known {
    /// Nothing: it is noted as running now.
    Fresh,
    /// The first request has not finished.
    Running,
    /// It has.
    Finished(Outcome),
}

/// The `RequestID` of a request.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("requestid")?.to_str().ok()?.trim();
    (!id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX).then(|| id.to_owned())
}

impl Repeats {
    /// Looks a `RequestID` up; a fresh one is running from now on. The body is not compared: the
    /// same id is the same request.
    pub fn begin(&mut self, shop: &Shop, id: &str, now: Timestamp) -> Known {
        let key = (shop.id, id.to_owned());
        match self.requests.get(&key) {
            Some(known) if is_within(known.at, now, REMEMBERED_FOR) => match &known.outcome {
                None => Known::Running,
                Some(outcome) => Known::Finished(outcome.clone()),
            },
            _ => {
                let running = Remembered { at: now, outcome: None };
                self.requests.put(key, running);
                Known::Fresh
            }
        }
    }

    /// Stores how the request with a `RequestID` ended.
    pub fn finish(&mut self, shop: &Shop, id: &str, outcome: Outcome) {
        if let Some(known) = self.requests.get_mut(&(shop.id, id.to_owned())) {
            known.outcome = Some(outcome);
        }
    }

    /// Refuses what was accepted less than 30 seconds ago; otherwise it counts as accepted now.
    /// `what` is the card of a payment, or the parent of a child.
    pub fn check_duplicate(
        &mut self,
        shop: &Shop,
        kind: Kind,
        what: &str,
        amount: i64,
        version: Version,
        now: Timestamp,
    ) -> Result<(), Box<Refusal>> {
        let key = format!("{}:{}:{what}:{amount}", shop.id, kind.word());
        let accepted = self.accepted.get(&key);
        if accepted.is_some_and(|at| is_within(*at, now, DUPLICATE_WITHIN)) {
            let refusal = Refusal::base(StatusCode::BAD_REQUEST, "E.1018", "Duplicate transaction");
            let message = "Duplicate transaction or order. Failed to complete the transaction.";
            return Err(refusal.with_texts(version, message, "Duplicate transaction or order."));
        }
        self.accepted.put(key, now);
        Ok(())
    }
}

/// The answer while the first request is still running. What the provider says is not published
/// (§3.1); the code is the one that means "in progress" (§8.4).
pub fn still_running() -> Answer {
    let text = "Request with this RequestID is in progress";
    Err(Refusal::base(StatusCode::UNPROCESSABLE_ENTITY, "P.1019", text))
}

fn is_within(from: Timestamp, now: Timestamp, span: Duration) -> bool {
    let passed_ms = now.as_millisecond() - from.as_millisecond();
    u128::try_from(passed_ms).is_ok_and(|passed_ms| passed_ms < span.as_millis())
}
