//! What the merchant's server is told (§18): queued with the body, and with the address from the
//! dashboard. There is no signature; a static key goes along.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::State;
use super::{CALLBACK_KEY, MERCHANT_ID, views};
use crate::simulator::contract::Backstage;
use crate::simulator::notifications::Notification;

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
    backstage.notifications.queue(Notification {
        sequence: 0,
        due_at: now,
        method: "POST",
        url: state.behaviour.callback_url.clone(),
        body: json!({ "event": event, "data": data }).to_string(),
        account: MERCHANT_ID.to_owned(),
    });
}

/// The headers of a callback.
pub fn seal() -> Vec<(String, String)> {
    [("X-API-Key", CALLBACK_KEY), ("Content-Type", "application/json"), ("Accept", "application/json")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}
