//! Callbacks and webhooks as the provider would never have sent them.

use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::{callbacks, hooks};
use crate::simulator::delivery::Call;
use crate::simulator::notification_faults::Tampering;
use crate::simulator::notifications::Notification;

/// Another account, and what it signs with.
const FOREIGN_ACCOUNT: &str = "T99887766";
const FOREIGN_SECRET: &str = "another-account-s-secret";

/// What others would make of a call.
pub fn tampered(how: Tampering, notification: &Notification, call: Call, now: Timestamp) -> Option<Call> {
    if notification.sender == hooks::SENDER { of_hook(how, call) } else { of_callback(how, call, now) }
}

/// Of a webhook the body is signed (§13).
fn of_hook(how: Tampering, call: Call) -> Option<Call> {
    match how {
        Tampering::Forged => call.with_changed_json(|body| {
            if let Some(status) = body.pointer_mut("/transaction/status") {
                *status = json!("CAPTURED");
                return Some(());
            }
            let about = body.get_mut("authorization")?.as_object_mut()?;
            if about.remove("error").is_none() {
                about.insert("error".into(), json!("failed"));
            }
            Some(())
        }),
        Tampering::Foreign => {
            let signature = hooks::sign(FOREIGN_SECRET, call.body.as_bytes());
            Some(call.with_header(hooks::SIGNATURE, signature))
        }
        Tampering::Truncated => call.with_half_body(),
        // The raw bytes are signed: nothing can be moved from one field to another.
        Tampering::Folded => call.with_name_twice("event", &json!("checkout_transaction")),
    }
}

/// Of a callback the address is signed, and not the body (§12).
fn of_callback(how: Tampering, call: Call, now: Timestamp) -> Option<Call> {
    let url = Url::parse(&call.url).ok()?;
    match how {
        Tampering::Forged => {
            // A failure becomes a success, and the other way about.
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            let kept = pairs.iter().filter(|(name, _)| name != "error");
            let mut forged = url.clone();
            forged.query_pairs_mut().clear().extend_pairs(kept);
            if !pairs.iter().any(|(name, _)| name == "error") {
                forged.query_pairs_mut().append_pair("error", "failed");
            }
            Some(Call { url: forged.into(), ..call })
        }
        Tampering::Foreign => {
            let seal = callbacks::signature(FOREIGN_SECRET, now, FOREIGN_ACCOUNT, call.method, &url);
            Some(call.with_header(callbacks::SIGNATURE, seal))
        }
        Tampering::Truncated => {
            let query = url.query()?;
            let kept = query.get(..query.len() / 2)?.to_owned();
            let mut cut = url.clone();
            cut.set_query(Some(&kept));
            Some(Call { url: cut.into(), ..call })
        }
        Tampering::Folded => {
            // Names and values are encoded before they are signed: nothing can be moved.
            let mut twice = url.clone();
            twice.query_pairs_mut().append_pair("merchant_reference", "another");
            Some(Call { url: twice.into(), ..call })
        }
    }
}

/// The body with another amount, where there is a body that has one. A callback's seal does not cover
/// it; a webhook's is made when it leaves.
pub fn misstated(notification: &Notification) -> Option<(String, String)> {
    let mut body: Value = serde_json::from_str(&notification.body).ok()?;
    let place = if notification.sender == hooks::SENDER { "/transaction/amount" } else { "/amount" };
    let amount = body.pointer_mut(place)?;
    *amount = json!(amount.as_i64()?.saturating_add(1));
    Some((notification.url.clone(), body.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(query: &str) -> Call {
        let headers = vec![(callbacks::SIGNATURE.to_owned(), "t=1,v0-hmac-sha256=00".to_owned())];
        let url = format!("http://127.0.0.1/hook?{query}");
        Call { method: "GET", url, headers, body: String::new() }
    }

    #[test]
    fn a_forged_callback_tells_the_opposite() {
        let forged =
            |query| of_callback(Tampering::Forged, call(query), Timestamp::UNIX_EPOCH).expect("made").url;
        assert_eq!(forged("a=1&error=failed&b=2"), "http://127.0.0.1/hook?a=1&b=2");
        assert_eq!(forged("a=1"), "http://127.0.0.1/hook?a=1&error=failed");
    }

    #[test]
    fn every_callback_can_be_tampered_with_in_every_way() {
        for how in [Tampering::Forged, Tampering::Foreign, Tampering::Truncated, Tampering::Folded] {
            let changed = of_callback(how, call("time=2026&transaction_id=1"), Timestamp::UNIX_EPOCH);
            assert_ne!(changed, Some(call("time=2026&transaction_id=1")), "{how:?}");
            assert!(changed.is_some());
        }
    }
}
