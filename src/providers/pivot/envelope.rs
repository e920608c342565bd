//! The envelope of every answer, and what an answer means that is not one of success (dossier,
//! section 5; "Response" and "Errors", read 2026-02).
//!
//! Only what the table of errors proves not to have been processed is a refusal here. An answer
//! that is not in the table, or that no envelope of Pivot's surrounds, proves nothing.

use serde_json::Value;

use crate::providers::contract::{Fault, Reply};
use crate::providers::json::{self, Reading, TEXT_CHARS_MAX};

/// How many details of a refusal are passed on.
const DETAILS_MAX: usize = 4;

/// The `data` of an answer of success: HTTP 2xx and the code "00", both.
pub(super) fn data(reply: &Reply) -> Result<Value, Fault> {
    Ok(whole(reply)?["data"].take())
}

/// The same with its surroundings, for lists with pages.
pub(super) fn whole(reply: &Reply) -> Result<Value, Fault> {
    if !reply.is_success() {
        return Err(fault(reply));
    }
    let body = json::parse(reply)?;
    if body.get("code").and_then(Value::as_str) != Some("00") {
        return Err(Fault::unintelligible("an answer of success without the code of success"));
    }
    match body.at(&["data"]) {
        Some(_) => Ok(body),
        None => Err(Fault::unintelligible("an answer of success without data")),
    }
}

/// Whether the reference was used before, so that what stands under it has to be looked up.
pub(super) fn is_duplicate(reply: &Reply) -> bool {
    matches!(
        (reply.status, code(reply).as_deref()),
        (409, Some("duplicate_error")) | (400, Some("resource_already_exists"))
    )
}

/// Whether there is nothing under the id that was asked for. A wrong path (`not_found`) is another
/// thing: it would make every payment vanish.
pub(super) fn is_missing(reply: &Reply) -> bool {
    reply.status == 404 && code(reply).as_deref() == Some("resource_missing")
}

/// The fault behind an answer that is not one of success.
pub(super) fn fault(reply: &Reply) -> Fault {
    let code = code(reply);
    let silent = || Fault::Silent { what: format!("HTTP {}", reply.status) };
    match (reply.status, &code) {
        (401, _) => Fault::Unauthorized { code: code.or_else(|| Some("401".to_owned())) },
        (429, _) => {
            Fault::Throttled { after: reply.retry_after(), code: code.or_else(|| Some("429".to_owned())) }
        }
        // "PARTNER_ERROR" is a channel behind Pivot, which may have got the request.
        (400, Some(_)) if error_type(reply).as_deref() == Some("PARTNER_ERROR") => silent(),
        (400 | 403, Some(_)) | (404, Some(_)) => rejected(reply, code),
        // Another method than the path has: our bug, and nothing was processed.
        (405, _) => rejected(reply, code),
        (409, Some(known)) if known == "idempotency_error" => {
            Fault::unintelligible("the same request id with another payload")
        }
        // 408 is Pivot's own limit of 60 seconds: the outcome is unknown.
        (408 | 409 | 500..=599, _) => silent(),
        _ => Fault::unintelligible(format!("HTTP {} that the documentation does not have", reply.status)),
    }
}

/// The same for a question: whatever is wrong with it says nothing about the money.
pub(super) fn unanswered(reply: &Reply) -> Fault {
    match fault(reply) {
        Fault::Rejected { code, message: _ } => Fault::Silent {
            what: format!(
                "the question was refused with {}",
                code.unwrap_or_else(|| reply.status.to_string())
            ),
        },
        other => other,
    }
}

fn code(reply: &Reply) -> Option<String> {
    parsed(reply)?.words(&["code"])
}

fn error_type(reply: &Reply) -> Option<String> {
    parsed(reply)?.words(&["error", "type"])
}

/// The envelope of an error; `None` for what is none.
fn parsed(reply: &Reply) -> Option<Value> {
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    body.at(&["error"]).is_some_and(Value::is_object).then_some(body)
}

fn rejected(reply: &Reply, code: Option<String>) -> Fault {
    let body = parsed(reply).unwrap_or_default();
    let mut message = body.words(&["message"]).unwrap_or_else(|| format!("HTTP {}", reply.status));
    for detail in body.list(&["error", "details"]).iter().take(DETAILS_MAX) {
        if let Some(words) = detail.words(&["message"]) {
            let field = detail.words(&["field"]).map(|field| format!("{field}: ")).unwrap_or_default();
            message = format!("{message}; {field}{words}");
        }
    }
    // Both spellings occur; Pivot's support asks for it.
    let trace = body.words(&["error", "traceId"]).or_else(|| body.words(&["error", "trace_id"]));
    let trace = trace.map(|id| format!(" (trace {id})")).unwrap_or_default();
    let room = TEXT_CHARS_MAX.saturating_sub(trace.chars().count());
    let message: String = message.chars().take(room).collect();
    Fault::Rejected { code, message: format!("{message}{trace}").chars().take(TEXT_CHARS_MAX).collect() }
}
