//! Account webhooks (§13): subscriptions, what they are told, and the signature over the body.
//!
//! Another road than callbacks, with another secret and another scheme. The answers of the
//! subscription calls are not published; they repeat what was asked for, and an id.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::extract::{Path, State as Shared};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::answers::{Answer, Reply, not_found, rule};
use super::checks::{self, Problems};
use super::state::{CardToken, Session, State, Transaction};
use super::{ACCOUNT, Dintero};
use crate::simulator::clock::iso;
use crate::simulator::contract::Backstage;
use crate::simulator::delivery::{DeliveryRules, listed, wants_2xx};
use crate::simulator::entropy::hex;
use crate::simulator::notifications::Notification;

/// The sender of these webhooks.
pub const SENDER: &str = "hooks";

/// The account's subscriptions at once, those remembered after their deletion included.
const SUBSCRIPTIONS_MAX: usize = 100;

/// Attempts in total (§13), and the seconds before each but the first, which are not published.
const PAUSES_S: [u64; 4] = [60, 120, 240, 480];

/// The events that can be subscribed to here.
const EVENTS: &[&str] = &["checkout_transaction", "checkout_authorization", "checkout_token_add"];

/// How these webhooks are delivered: redirects are errors, and so is everything but 2xx. Of the two
/// published timeouts this is the shorter.
pub const DELIVERY: DeliveryRules = DeliveryRules {
    timeout: Duration::from_secs(60),
    judge: wants_2xx,
    pause: |retry, _| listed(&PAUSES_S, retry),
};

/// Who wants to hear of the account.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub id: String,
    pub url: String,
    pub secret: String,
    pub events: Vec<String>,
    pub created_at: Timestamp,
    /// Nothing new is told, but what was queued before is still signed.
    pub is_deleted: bool,
}

impl Subscription {
    /// As the API shows it: never the secret.
    fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "config": { "url": self.url, "content_type": "application/json" },
            "events": self.events,
            "created_at": iso(self.created_at),
        })
    }
}

/// `POST /accounts/{account}/hooks/subscriptions` (sample 80).
pub async fn subscribe(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    dintero.admit(&headers)?;
    own(&account)?;
    let body = checks::object(&body)?;
    let mut problems = Problems::default();
    let config = problems.object(&body, &["config"]);
    let url = problems.required_text(config, &["config", "url"]).unwrap_or_default().to_owned();
    let secret = problems.required_text(config, &["config", "secret"]).unwrap_or_default().to_owned();
    if Url::parse(&url).is_err() {
        problems.add("INVALID_FORMAT", "Expected a URL", &["config", "url"]);
    }
    let events = body.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
    let events: Vec<String> = events.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if events.is_empty() || !events.iter().all(|event| EVENTS.contains(&event.as_str())) {
        problems.add("ENUM_MISMATCH", "No enum match for an event", &["events"]);
    }
    problems.refuse()?;
    let mut state = dintero.state();
    if state.subscriptions.len() >= SUBSCRIPTIONS_MAX {
        state.subscriptions.retain(|subscription| !subscription.is_deleted);
    }
    if state.subscriptions.len() >= SUBSCRIPTIONS_MAX {
        return Err(rule("Too many subscriptions"));
    }
    let id = dintero.backstage.entropy.uuid();
    let subscription = Subscription { id, url, secret, events, created_at: dintero.now(), is_deleted: false };
    queue(&dintero.backstage, &subscription, "ping", &json!({}));
    let shown = subscription.shown();
    state.subscriptions.push(subscription);
    Ok(Reply::new(StatusCode::CREATED, shown))
}

/// `GET /accounts/{account}/hooks/subscriptions`.
pub async fn list(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Answer {
    dintero.admit(&headers)?;
    own(&account)?;
    let state = dintero.state();
    Ok(Reply::ok(state.subscribers().map(Subscription::shown).collect()))
}

/// `DELETE /accounts/{account}/hooks/subscriptions/{id}`.
pub async fn unsubscribe(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    dintero.admit(&headers)?;
    own(&account)?;
    if !dintero.state().delete_subscription(&id) {
        return Err(not_found("Subscription not found"));
    }
    Ok(Reply::ok(json!({ "id": id })))
}

fn own(account: &str) -> Result<(), Reply> {
    if account == ACCOUNT { Ok(()) } else { Err(not_found("Account not found")) }
}

impl State {
    fn subscribers(&self) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.iter().filter(|subscription| !subscription.is_deleted)
    }

    /// Ends a subscription; answers whether there was one. One that keeps failing ends so too (§13).
    pub fn delete_subscription(&mut self, id: &str) -> bool {
        let mut all = self.subscriptions.iter_mut();
        let found = all.find(|subscription| subscription.id == id && !subscription.is_deleted);
        found.map(|subscription| subscription.is_deleted = true).is_some()
    }
}

/// A transaction was made, captured, refunded or voided (sample 81).
pub fn transaction(state: &State, backstage: &Backstage, found: &Transaction) {
    tell(state, backstage, "checkout_transaction", || {
        json!({ "transaction": {
        "id": found.id,
        "session_id": found.session_id,
        "merchant_reference": found.reference,
        "merchant_reference_2": found.reference_2,
        "status": found.status.word(),
        "created_at": iso(found.created_at),
        "updated_at": iso(found.updated_at),
    } })
    });
}

/// The payer authorized, or did not (samples 82 and 83): the moments of a callback with
/// `report_error=true`.
pub fn authorization(state: &State, backstage: &Backstage, session: &Session, error: Option<&str>) {
    tell(state, backstage, "checkout_authorization", || {
        let mut news = json!({ "authorization": {
            "merchant_reference": session.reference(),
            "session_id": session.id,
        } });
        if let Some(error) = error {
            news["authorization"]["error"] = json!(error);
        }
        let id = session.transaction_id.as_ref();
        if let Some(found) = id.and_then(|id| state.transaction(id)) {
            news["authorization"]["transaction_id"] = json!(found.id);
            news["transaction"] = json!({
                "id": found.id,
                "session_id": found.session_id,
                "status": found.status.word(),
                "amount": found.amount,
                "currency": found.currency,
                "merchant_reference": found.reference,
            });
        }
        news
    });
}

/// A card was stored. Its secret value is not told.
pub fn token_added(state: &State, backstage: &Backstage, token: &CardToken) {
    tell(state, backstage, "checkout_token_add", || json!({ "token": super::tokens::shown(token) }));
}

fn tell(state: &State, backstage: &Backstage, event: &str, news: impl Fn() -> Value) {
    for subscription in state.subscribers() {
        if subscription.events.iter().any(|wanted| wanted == event) {
            queue(backstage, subscription, event, &news());
        }
    }
}

fn queue(backstage: &Backstage, subscription: &Subscription, event: &str, news: &Value) {
    let mut body = news.clone();
    body["account_id"] = json!(ACCOUNT);
    body["event"] = json!(event);
    body["event_delivery"] = json!(backstage.entropy.uuid());
    let now = backstage.clock.now();
    let hook = Notification::post(now, &subscription.url, body.to_string(), subscription.id.clone());
    backstage.notifications.queue(Notification { sender: SENDER, ..hook });
}

/// The headers of a delivery. A repeat has the same `event-delivery`: it is in the signed body.
pub fn seal(state: &State, notification: &Notification) -> Vec<(String, String)> {
    let body: Value = serde_json::from_str(&notification.body).unwrap_or_default();
    let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    for (header, member) in [("event", "event"), ("event-delivery", "event_delivery")] {
        headers.push((header.to_owned(), body[member].as_str().unwrap_or_default().to_owned()));
    }
    let mut subscriptions = state.subscriptions.iter();
    if let Some(known) = subscriptions.find(|subscription| subscription.id == notification.account) {
        let signature = sign(&known.secret, notification.body.as_bytes());
        headers.push((SIGNATURE.to_owned(), signature));
    }
    headers
}

/// The header with the signature.
pub const SIGNATURE: &str = "event-signature";

/// HMAC-SHA1 over the raw body, hexadecimal.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    hex(hmac::sign(&key, body).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_s_signature() {
        // Sample 83.
        let body = r#"{"account_id":"T11223344","event":"checkout_authorization","event_delivery":"9ebb6d41-dca5-484e-8330-00000000aa03","authorization":{"merchant_reference":"order-7001","session_id":"T11223344.5cyWnV68vzJ1kYjZPrKQAA","error":"cancelled"}}"#;
        let signature = sign("sample-hook-secret", body.as_bytes());
        assert_eq!(signature, "d39ad4669ef58a6c6c6eb4d572e07d7e18a1a5a4");
    }
}
