//! What an HTTP status means when it is not one of success (dossier §14).
//!
//! Error codes are free text at Dintero (the documentation itself prints `"NOT FOUND"` with a
//! space), so decisions rest on the HTTP status, and codes are only passed on.

use serde_json::Value;

use crate::providers::contract::{Fault, Reply};
use crate::providers::json::{Reading, TEXT_CHARS_MAX};

/// Passes an answer of success and refuses every other one.
pub(super) fn check(reply: &Reply) -> Result<(), Fault> {
    if reply.is_success() { Ok(()) } else { Err(of(reply)) }
}

/// The fault behind an answer that is not one of success.
pub(super) fn of(reply: &Reply) -> Fault {
    match reply.status {
        // 403 covers wrong credentials, scope and account: the operator's business, like 401.
        401 | 403 => unauthorized(reply),
        429 => Fault::Throttled { after: reply.retry_after(), code: code(reply) },
        // A conflict is a concurrent change: "re-read, then retry". 408 and 425 leave open
        // whether the request was taken up. None of them says that nothing happened.
        408 | 409 | 425 | 500..=599 => Fault::Silent { what: format!("HTTP {}", reply.status) },
        400..=499 => rejected(reply),
        status => Fault::unintelligible(format!("HTTP {status}")),
    }
}

/// The fault of refused credentials.
pub(super) fn unauthorized(reply: &Reply) -> Fault {
    Fault::Unauthorized { code: code(reply) }
}

/// Dintero's own code; many answers have none, and then the HTTP status says as much.
fn code(reply: &Reply) -> Option<String> {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    body.words(&["error", "code"]).or_else(|| Some(reply.status.to_string()))
}

fn rejected(reply: &Reply) -> Fault {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    let mut message = body.words(&["error", "message"]).unwrap_or_else(|| format!("HTTP {}", reply.status));
    if let Some(first) = body.list(&["error", "errors"]).first() {
        let path: Vec<String> = first.list(&["path"]).iter().filter_map(|part| part.text(&[])).collect();
        let detail = first.words(&["message"]).unwrap_or_default();
        message = format!("{message}: {} {detail}", path.join("."));
    }
    Fault::Rejected {
        code: body.words(&["error", "code"]),
        message: message.trim().chars().take(TEXT_CHARS_MAX).collect(),
    }
}

/// Whether a 400 of `/sessions/pay` with a strict toggle may mean "this reference was used
/// before". The exact words are unpublished (dossier §6, §18), so only an answer that lists what
/// is wrong with the body, and names something else than the reference, counts as a plain
/// refusal. Taking a refusal for a duplicate costs a question; the reverse would lose a payment.
pub(super) fn may_be_duplicate(reply: &Reply) -> bool {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    let problems = body.list(&["error", "errors"]);
    let about_reference = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["reference", "duplicate", "already"].iter().any(|word| text.contains(word))
    };
    let said = body.at(&["error"]).map(Value::to_string).unwrap_or_default();
    reply.status == 400 && (problems.is_empty() || about_reference(&said))
}

/// The answer to a question about money that was refused. Whatever is wrong with the question
/// says nothing about the money, so nothing may be concluded from it.
pub(super) fn unanswered(fault: Fault) -> Fault {
    match fault {
        Fault::Unintelligible { what } | Fault::Silent { what } => Fault::Silent { what },
        other @ (Fault::Unsupported { .. }
        | Fault::Invalid { .. }
        | Fault::AmountOutOfBounds { .. }
        | Fault::Unauthorized { .. }
        | Fault::Rejected { .. }
        | Fault::Throttled { .. }
        | Fault::Unreachable) => Fault::Silent { what: format!("the state could not be read: {other}") },
    }
}
