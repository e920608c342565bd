//! What the merchant's server is told (§18): queued with the body, and with the address from the
//! dashboard. There is no signature; a static key goes along.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::State;
use super::{CALLBACK_KEY, MERCHANT_ID, views};
use crate::simulator::contract::Backstage;
use crate::simulator::delivery::{Call, DeliveryRules, Verdict, listed};
use crate::simulator::notification_faults::Tampering;
use crate::simulator::notifications::Notification;

/// Seconds before each retry (§18).
const PAUSES_S: [u64; 6] = [5 * 60, 15 * 60, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600];

/// How callbacks are delivered (§18). How long an answer may take is not published.
pub const DELIVERY: DeliveryRules = DeliveryRules {
    timeout: Duration::from_secs(30),
    judge: |status, _| match status {
        Some(200..=299) => Verdict::Accepted,
        Some(500..=599 | 408 | 429) | None => Verdict::Again,
        Some(_) => Verdict::Refused,
    },
    pause: |retry, _| listed(&PAUSES_S, retry),
};

/// The key of another merchant's dashboard.
const FOREIGN_KEY: &str = "cbk_another_000000000000000000000000000000";

/// Something happened to a session.
pub fn payment(state: &State, backstage: &Backstage, id: &str, event: &str, now: Timestamp) {
    if let Some(session) = state.sessions.get(id) {
        let data = views::session(state, session, backstage.base_url());
        queue(state, backstage, event, data, now);
    }
}

/// Something happened to a refund. One event is misspelt, as it is at the provider.
pub fn refund(state: &State, backstage: &Backstage, id: &str, now: Timestamp) {
    if let Some(refund) = state.refunds.get(id) {
        let event = match refund.status {
            "WAITING_BANK_TRANSFER" => "REFUND.WAITING_BANK_TRANFER".to_owned(),
            status => format!("REFUND.{status}"),
        };
        queue(state, backstage, &event, views::refund(refund), now);
    }
}

fn queue(state: &State, backstage: &Backstage, event: &str, data: Value, now: Timestamp) {
    if state.behaviour.callback_url.is_empty() {
        return;
    }
    let body = json!({ "event": event, "data": data }).to_string();
    let url = &state.behaviour.callback_url;
    backstage.notifications.queue(Notification::post(now, url, body, MERCHANT_ID.to_owned()));
}

/// The headers of a callback.
pub fn seal() -> Vec<(String, String)> {
    [("X-API-Key", CALLBACK_KEY), ("Content-Type", "application/json"), ("Accept", "application/json")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// One rupiah more: amounts are numbers or texts.
fn one_more(body: &mut Value) -> Option<()> {
    let value = body.pointer_mut("/data/amount/value")?;
    *value = match &*value {
        Value::Number(number) => json!(number.as_i64()?.saturating_add(1)),
        Value::String(text) => {
            let whole: i64 = text.split('.').next()?.parse().ok()?;
            json!(format!("{}.00", whole.saturating_add(1)))
        }
        _ => return None,
    };
    Some(())
}

/// The body with another amount. Nothing seals it but the key that goes along.
pub fn misstated(notification: &Notification) -> Option<(String, String)> {
    let mut body = serde_json::from_str(&notification.body).ok()?;
    one_more(&mut body)?;
    Some((notification.url.clone(), body.to_string()))
}

/// What others would make of a callback. The key covers nothing, so whoever once saw it can say
/// anything under it: forged, truncated and folded ones all have the right key.
pub fn tampered(how: Tampering, call: Call) -> Option<Call> {
    match how {
        Tampering::Forged => call.with_changed_json(|body| {
            one_more(body)?;
            let is_refund = body["event"].as_str()?.starts_with("REFUND");
            let (event, status) =
                if is_refund { ("REFUND.SUCCESS", "SUCCESS") } else { ("PAYMENT.PAID", "PAID") };
            body["event"] = json!(event);
            *body.pointer_mut("/data/status")? = json!(status);
            Some(())
        }),
        Tampering::Foreign => Some(call.with_header("X-API-Key", FOREIGN_KEY.to_owned())),
        Tampering::Truncated => call.with_half_body(),
        Tampering::Folded => call.with_name_twice("event", &json!("PAYMENT.PAID")),
    }
}
