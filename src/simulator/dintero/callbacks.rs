//! What the merchant is told, and the signature under it (§11, §12).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::extract::State as Shared;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::answers::{Answer, Reply};
use super::state::{CallbackSecret, Session, State, Status, Verb, text};
use super::{ACCOUNT, CLIENT_ID, Dintero, hooks};
use crate::simulator::clock::{iso, later};
use crate::simulator::contract::Backstage;
use crate::simulator::delivery::{DeliveryRules, Verdict};
use crate::simulator::entropy::{Entropy, hex};
use crate::simulator::notifications::Notification;

/// The header with the signature.
pub const SIGNATURE: &str = "Dintero-Signature";

/// How often a callback is repeated (§11).
const RETRIES: u32 = 20;

/// The spacing of the retries is not published: it doubles here from one minute to an hour.
const PAUSE_S: std::ops::RangeInclusive<u64> = 60..=3_600;

/// How callbacks are delivered (§11). What a redirect means is not published; none is followed, and a
/// call that was answered is not repeated.
pub const DELIVERY: DeliveryRules = DeliveryRules {
    timeout: Duration::from_secs(10),
    judge: |status, _| match status {
        Some(200..=299) => Verdict::Accepted,
        Some(100..=199 | 500..=599) | None => Verdict::Again,
        Some(_) => Verdict::Refused,
    },
    pause: |retry, _| {
        let doubled = PAUSE_S.start() << retry.saturating_sub(1).min(10);
        (1..=RETRIES).contains(&retry).then(|| Duration::from_secs(doubled.min(*PAUSE_S.end())))
    },
};

/// `delay_callback` is honoured up to this many seconds (§11).
const DELAY_S_MAX: u64 = 60;

/// What happened, as far as a callback tells.
#[derive(Debug, Clone, Copy)]
enum News<'a> {
    /// The payment is authorized (or captured, or on hold).
    Success,
    /// It is not: `cancelled`, `authorization` or `failed`.
    Error(&'a str),
    /// An event was applied later: its name and id.
    Event(&'a str, &'a str),
}

/// The callback about an authorization, or about its failure where that is asked for.
pub fn authorization(state: &State, backstage: &Backstage, transaction_id: &str) {
    let Some(transaction) = state.transaction(transaction_id) else {
        return;
    };
    let Some(session) = state.sessions.get(&transaction.session_id) else {
        return;
    };
    let news = match (transaction.status, error_of(state, session)) {
        // An unknown outcome is nothing to tell (§9: "re-read, never re-charge").
        (Status::Initiated | Status::Unknown, _) => return,
        (_, Some(error)) => News::Error(error),
        (_, None) => News::Success,
    };
    queue(state, backstage, session, news);
    hooks::authorization(state, backstage, session, error_of(state, session));
    hooks::transaction(state, backstage, transaction);
}

/// The callback about the newest event, where `report_event` asks for it.
pub fn event(state: &State, backstage: &Backstage, transaction_id: &str) {
    let Some(transaction) = state.transaction(transaction_id) else {
        return;
    };
    hooks::transaction(state, backstage, transaction);
    let session = state.sessions.get(&transaction.session_id);
    let (Some(session), Some(event)) = (session, transaction.events.last()) else {
        return;
    };
    let id = transaction.events.len().to_string();
    queue(state, backstage, session, News::Event(event.name, &id));
}

/// The callback about a payer who went away, where `report_error` asks for it.
pub fn cancelled(state: &State, backstage: &Backstage, session_id: &str) {
    if let Some(session) = state.sessions.get(session_id) {
        queue(state, backstage, session, News::Error("cancelled"));
        hooks::authorization(state, backstage, session, Some("cancelled"));
    }
}

/// The `error` of return and callback URLs: `authorization` when the payer did not authorize,
/// `failed` when the payment was rejected (§11).
pub fn error_of(state: &State, session: &Session) -> Option<&'static str> {
    if session.cancelled.is_some() {
        return Some("cancelled");
    }
    let transaction = state.transaction(session.transaction_id.as_ref()?)?;
    match transaction.status {
        Status::Declined => Some("authorization"),
        Status::Failed => {
            let error = transaction.events.last().and_then(|event| event.error.as_ref());
            let was_verification = error.is_some_and(|error| {
                error["type"] == json!(["FAILED_VERIFICATION"]) && error["result_code"] == "1A"
            });
            Some(if was_verification { "authorization" } else { "failed" })
        }
        _ => None,
    }
}

fn queue(state: &State, backstage: &Backstage, session: &Session, news: News<'_>) {
    let Some(to) = text(&session.url, "callback_url") else {
        return;
    };
    // Checked when the session was created.
    let Ok(mut url) = Url::parse(to) else {
        return;
    };
    let switches: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let has = |name: &str, value: &str| switches.iter().any(|(n, v)| n == name && v == value);
    let is_wanted = match news {
        News::Success => true,
        News::Error(_) => has("report_error", "true"),
        News::Event(event, _) => {
            let known = [Verb::Capture, Verb::Refund, Verb::Void].map(Verb::event);
            known.contains(&event) && has("report_event", event)
        }
    };
    if !is_wanted {
        return;
    }
    append(&mut url, state, backstage, session, news, &switches);
    let is_post = has("method", "POST");
    let body = if is_post { body(state, session, has("includes", "session")) } else { String::new() };
    let delay_s = switches.iter().find(|(name, _)| name == "delay_callback");
    let delay_s = delay_s.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let due_at = later(backstage.clock.now(), delay_s.min(DELAY_S_MAX) * 1_000);
    let callback = Notification::post(due_at, url.as_str(), body, ACCOUNT.to_owned());
    let method = if is_post { "POST" } else { "GET" };
    backstage.notifications.queue(Notification { method, ..callback });
}

/// Adds what the provider adds, in the order of samples 70 to 73.
fn append(
    url: &mut Url,
    state: &State,
    backstage: &Backstage,
    session: &Session,
    news: News<'_>,
    switches: &[(String, String)],
) {
    let renamed = switches.iter().find(|(name, _)| name == "sid_parameter_name");
    let session_name = renamed.map_or("session_id", |(_, value)| value.as_str());
    let id = session.transaction_id.as_ref();
    let transaction = id.and_then(|id| state.transaction(id));
    let time = transaction.map_or(backstage.clock.now(), |transaction| transaction.created_at);
    let mut pairs = url.query_pairs_mut();
    pairs.append_pair("merchant_reference", session.reference());
    pairs.append_pair(session_name, &session.id);
    pairs.append_pair("time", &iso(time));
    if let Some(transaction) = transaction {
        pairs.append_pair("transaction_id", &transaction.id);
    }
    match news {
        News::Success => {}
        News::Error(error) => {
            pairs.append_pair("error", error);
        }
        News::Event(event, id) => {
            pairs.append_pair("event", event).append_pair("event_id", id);
        }
    }
}

/// The body of a `method=POST` callback: the transaction, unsigned and without token values.
fn body(state: &State, session: &Session, with_session: bool) -> String {
    let includes: &[&str] = if with_session { &["session"] } else { &[] };
    let id = session.transaction_id.as_ref();
    match id.and_then(|id| state.transaction(id)) {
        Some(transaction) => state.shown(transaction, includes).to_string(),
        // Missing for error reports without a transaction (§11).
        None => String::new(),
    }
}

/// The headers of a delivery that leaves now.
pub fn seal(
    notification: &Notification,
    secret: &str,
    now: Timestamp,
    entropy: &Entropy,
) -> Vec<(String, String)> {
    let mut headers = vec![("event-delivery".to_owned(), entropy.uuid())];
    if let Ok(url) = Url::parse(&notification.url) {
        let value = signature(secret, now, ACCOUNT, notification.method, &url);
        headers.push((SIGNATURE.to_owned(), value));
    }
    if !notification.body.is_empty() {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    headers
}

/// The value of the signature's header.
pub fn signature(secret: &str, now: Timestamp, account: &str, method: &str, url: &Url) -> String {
    let seconds = now.as_second();
    format!("t={seconds},v0-hmac-sha256={}", sign(secret, seconds, account, method, url))
}

/// The signature of §12: HMAC-SHA256 over time, account, method, host, path and sorted query.
fn sign(secret: &str, seconds: i64, account: &str, method: &str, url: &Url) -> String {
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    // Stable: parameters of one name keep their order.
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let host = url.host_str().unwrap_or_default();
    let message = format!("{seconds}\n{account}\n{method}\n{host}\n{}\n{query}", url.path());
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex(hmac::sign(&key, message.as_bytes()).as_ref())
}

/// `GET /admin/signature`.
pub async fn secret(Shared(dintero): Shared<Arc<Dintero>>, headers: HeaderMap) -> Answer {
    dintero.admit(&headers)?;
    let state = dintero.state();
    Ok(Reply::ok(shown_secret(&state.callback_secret)))
}

/// `POST /admin/signature`: from now on callbacks are signed with a new secret.
pub async fn new_secret(Shared(dintero): Shared<Arc<Dintero>>, headers: HeaderMap) -> Answer {
    dintero.admit(&headers)?;
    let mut state = dintero.state();
    state.callback_secret = CallbackSecret {
        id: dintero.backstage.entropy.uuid(),
        value: dintero.backstage.entropy.hex(40),
        created_at: dintero.now(),
    };
    Ok(Reply::ok(shown_secret(&state.callback_secret)))
}

fn shown_secret(secret: &CallbackSecret) -> Value {
    json!({
        "id": secret.id,
        "created_at": iso(secret.created_at),
        "created_by": CLIENT_ID,
        "signature": { "type": "v0-hmac-sha256", "secret": secret.value },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dossier_s_worked_example() {
        let url = "https://merchant.example/hooks/dintero?report_event=CAPTURE\
                   &report_event=REFUND&merchant_reference=order+77\
                   &transaction_id=T11223344.abc&time=2026-11-21T10%3A00%3A50.175Z";
        let url = Url::parse(url).expect("a URL");
        let signature = sign("worked-example-secret", 1_795_255_200, ACCOUNT, "GET", &url);
        let expected = "04896cef5819ae4844a2dee1a060acf2ca027dcb69d0e61a68354d8574076223";
        assert_eq!(signature, expected);
    }

    #[test]
    fn a_sample_s_signature() {
        let url = "https://gateway.example/webhooks/dintero?method=POST\
                   &merchant_reference=order-7001&session_id=T11223344.5cyWnV68vzJ1kYjZPrKQAA\
                   &time=2026-11-21T10%3A00%3A50.175Z\
                   &transaction_id=T11223344.5cyXA9nQwUu4mJc7T2hRBB";
        let url = Url::parse(url).expect("a URL");
        let signature = sign("sample-callback-secret", 1_795_255_285, ACCOUNT, "POST", &url);
        let expected = "66d6f56f37db3f2df364e41acd9049e9b15cc1b3ec8f8589f4a9df36f80d226d";
        assert_eq!(signature, expected);
    }
}
