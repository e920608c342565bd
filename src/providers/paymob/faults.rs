//! What an HTTP status means when it is not one of success, and the words beside it (section 13).
//!
//! Bodies hold billing data, so only the texts of errors are ever passed on, never a whole body.

use serde_json::Value;

use crate::domain::pan::contains_card_number;
use crate::providers::contract::{Fault, Reply};
use crate::providers::json::{Reading, TEXT_CHARS_MAX};

/// How deep a map of wrong fields is read.
const DEPTH_MAX: usize = 4;
/// How many texts of such a map are passed on.
const TEXTS_MAX: usize = 20;

/// Passes an answer of success and refuses every other one.
pub(super) fn check(reply: &Reply) -> Result<(), Fault> {
    if reply.is_success() { Ok(()) } else { Err(of(reply)) }
}

/// The fault behind an answer that is not one of success.
pub(super) fn of(reply: &Reply) -> Fault {
    let status = reply.status;
    match status {
        401 | 403 => Fault::Unauthorized { code: Some(status.to_string()) },
        429 => Fault::Throttled { after: reply.retry_after(), code: Some(status.to_string()) },
        // Too slow, or too early: neither says that nothing happened.
        408 | 425 | 500..=599 => Fault::Silent { what: format!("HTTP {status}") },
        // Every documented refusal is an object. HTML, or nothing, comes from something in between
        // that may have passed the request on.
        400..=499 => match serde_json::from_slice::<Value>(&reply.body) {
            Ok(body) if body.is_object() || body.is_array() => {
                Fault::Rejected { code: Some(code(&body, status)), message: message(&body, status) }
            }
            _ => Fault::Silent { what: format!("HTTP {status} without the provider's words") },
        },
        _ => Fault::unintelligible(format!("HTTP {status}")),
    }
}

/// The answer to a question that was refused: it says nothing about what was asked about.
pub(super) fn unanswered(reply: &Reply) -> Fault {
    match of(reply) {
        Fault::Rejected { code, .. } => {
            let code = code.unwrap_or_default();
            Fault::unintelligible(format!("an inquiry was refused with {code}"))
        }
        other => other,
    }
}

/// Whether the reference was used before. Status and body are not documented (section 14): any 4xx
/// whose text has the word.
pub(super) fn is_duplicate(reply: &Reply) -> bool {
    (400..500).contains(&reply.status) && says(reply, &["duplicate"])
}

/// Whether a payment was refused because of an earlier one: then the earlier one has to be asked for
/// before anybody says that nothing was charged.
pub(super) fn is_paid_before(reply: &Reply) -> bool {
    (400..500).contains(&reply.status) && says(reply, &["duplicate", "already", "locked", "paid"])
}

/// Whether an inquiry was told that there is nothing: 404, or an empty or an error body (section 8,
/// not documented). A page of some proxy is none of these.
pub(super) fn is_nothing_there(reply: &Reply) -> bool {
    let is_blank = reply.body.iter().all(u8::is_ascii_whitespace);
    let body = serde_json::from_slice::<Value>(&reply.body).ok();
    match (reply.status, &body) {
        (404, Some(_)) => true,
        (404, None) => is_blank,
        (200..=299, None) => is_blank,
        (200..=299, Some(body)) => is_empty(body) || is_error(body),
        (400, Some(_)) => says(reply, &["not found", "does not exist", "no transaction"]),
        _ => false,
    }
}

fn is_empty(body: &Value) -> bool {
    match body {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn is_error(body: &Value) -> bool {
    let is_transaction = ["id", "success", "pending", "obj"].iter().any(|name| body.get(name).is_some());
    !is_transaction && ["detail", "message", "error"].iter().any(|name| body.get(name).is_some())
}

fn says(reply: &Reply, words: &[&str]) -> bool {
    let text = String::from_utf8_lossy(&reply.body).to_lowercase();
    words.iter().any(|word| text.contains(word))
}

fn code(body: &Value, status: u16) -> String {
    body.words(&["code"]).unwrap_or_else(|| status.to_string())
}

/// The words of an error: `detail`, `message`, `code`, `error`, else the wrong fields with dots.
fn message(body: &Value, status: u16) -> String {
    let named = ["detail", "message", "code", "error"].iter().find_map(|name| {
        let mut texts = Vec::new();
        flatten("", body.get(name)?, DEPTH_MAX, &mut texts);
        (!texts.is_empty()).then(|| texts.join("; "))
    });
    let whole = named.unwrap_or_else(|| {
        let mut texts = Vec::new();
        flatten("", body, DEPTH_MAX, &mut texts);
        texts.join("; ")
    });
    let text: String = whole.chars().take(TEXT_CHARS_MAX).collect();
    if text.is_empty() || contains_card_number(&text) { format!("HTTP {status}") } else { text }
}

fn flatten(path: &str, value: &Value, depth_left: usize, into: &mut Vec<String>) {
    if into.len() >= TEXTS_MAX {
        return;
    }
    match value {
        Value::String(text) if path.is_empty() => into.push(text.clone()),
        Value::String(text) => into.push(format!("{path}: {text}")),
        Value::Array(items) if depth_left > 0 => {
            items.iter().for_each(|item| flatten(path, item, depth_left - 1, into));
        }
        Value::Object(fields) if depth_left > 0 => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, field, depth_left - 1, into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn wrong_fields_are_named_with_dots() {
        let body = r#"{"billing_data":{"email":["This field is required."]},"order_id":["Wrong."]}"#;
        let Fault::Rejected { code, message } = of(&reply(400, body)) else { panic!("rejected") };
        assert_eq!(code.as_deref(), Some("400"));
        assert_eq!(message, "billing_data.email: This field is required.; order_id: Wrong.");
    }

    #[test]
    fn only_the_provider_s_own_words_prove_that_nothing_happened() {
        assert!(matches!(of(&reply(404, r#"{"detail":"no"}"#)), Fault::Rejected { .. }));
        for (status, body) in [(404, "<html>"), (400, ""), (408, "{}"), (503, "{}"), (409, "\"x\"")] {
            assert!(matches!(of(&reply(status, body)), Fault::Silent { .. }), "{status} {body}");
        }
        assert!(matches!(of(&reply(302, "")), Fault::Unintelligible { .. }));
    }

    #[test]
    fn nothing_there_is_told_in_several_ways() {
        for (status, body) in [
            (404, r#"{"detail":"Not found."}"#),
            (404, ""),
            (200, ""),
            (200, "{}"),
            (200, "[]"),
            (200, "null"),
        ] {
            assert!(is_nothing_there(&reply(status, body)), "{status} {body}");
        }
        for (status, body) in [
            (404, "<html>"),
            (200, "<html>"),
            (200, r#"{"id":1,"message":"x"}"#),
            (500, ""),
            (400, r#"{"order_id":["A valid integer is required."]}"#),
        ] {
            assert!(!is_nothing_there(&reply(status, body)), "{status} {body}");
        }
    }

    #[test]
    fn the_word_duplicate_is_looked_for_in_any_refusal() {
        assert!(is_duplicate(&reply(422, r#"{"message":"duplicate"}"#)));
        assert!(is_duplicate(&reply(400, r#"{"special_reference":["Duplicate reference."]}"#)));
        assert!(!is_duplicate(&reply(500, "duplicate")) && !is_duplicate(&reply(422, "{}")));
    }
}
