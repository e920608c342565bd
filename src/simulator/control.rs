//! The control API below `/_simulator/`: arranging faults, looking at the books, being a customer.
//!
//! A thin layer over the same things the handle offers in-process. It is neither faulted nor
//! logged, and it has no authentication: simulators listen where their operator tells them to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::clock::iso;
use super::contract::{CustomerAction, CustomerOutcome, CustomerResult, ProviderSimulator};
use super::exchanges::Filter;
use super::faults::{Chaos, Fault};
use super::ledger::{Movement, Totals};
use super::notice_control;
use super::page;

/// Where the control API lives on every provider's port.
pub const PREFIX: &str = "/_simulator";

pub(super) type Provider = Arc<dyn ProviderSimulator>;

/// What every path is for; shown by the index.
const PATHS: &[(&str, &str)] = &[
    ("GET /_simulator/health", "200 once it listens"),
    ("GET /_simulator/credentials", "the credentials it accepts"),
    ("GET POST DELETE /_simulator/faults", "list, arrange, clear faults"),
    ("POST DELETE /_simulator/chaos", "draw faults from a seed"),
    ("GET /_simulator/exchanges?since=&operation=&reference=", "requests and answers, redacted"),
    ("GET /_simulator/ledger?reference=", "money moved, line by line"),
    ("GET /_simulator/ledger/summary", "how often each kind of movement happened"),
    ("GET /_simulator/ledger/duplicates", "references charged more than once"),
    ("GET /_simulator/payments/{reference}", "where one payment stands"),
    ("POST /_simulator/customer", "act as the customer on a hosted page"),
    ("GET POST /_simulator/clock", "read or advance the clock"),
    ("GET POST /_simulator/behaviour", "read or turn the provider's knobs"),
    ("GET /_simulator/keys", "public keys and secrets of the back office"),
    ("GET /_simulator/notifications?since=", "callbacks and webhooks owed to the merchant"),
    ("GET POST DELETE /_simulator/notification_faults", "list, arrange, clear faults of notifications"),
    ("GET POST DELETE /_simulator/notification_chaos", "draw faults of notifications from a seed"),
    ("GET /_simulator/deliveries?since=", "attempts to deliver notifications, and how they ended"),
    ("GET POST /_simulator/delivery", "whether notifications are sent, and how much faster they repeat"),
    ("POST /_simulator/back_office", "refund, capture or void by hand, as the merchant's staff does"),
];

/// The routes of the control API for one provider.
pub fn router(provider: Provider) -> Router {
    let routes = Router::new()
        .route("/", get(index))
        .route("/health", get(health))
        .route("/credentials", get(credentials))
        .route("/faults", get(faults).post(arrange).delete(clear))
        .route("/chaos", post(start_chaos).delete(stop_chaos))
        .route("/exchanges", get(exchanges))
        .route("/ledger", get(ledger))
        .route("/ledger/summary", get(summary))
        .route("/ledger/duplicates", get(duplicates))
        .route("/payments/{reference}", get(payment))
        .route("/customer", post(customer))
        .route("/clock", get(clock).post(advance))
        .route("/behaviour", get(behaviour).post(set_behaviour))
        .route("/keys", get(keys))
        .merge(notice_control::routes())
        .with_state(provider.clone());
    Router::new()
        .route("/_simulator/", get(index))
        .with_state(provider)
        .nest(PREFIX, routes)
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "no such path; see /_simulator/") })
}

pub(super) fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

pub(super) fn done(result: Result<(), String>) -> Response {
    match result {
        Ok(()) => Json(json!({ "ok": true })).into_response(),
        Err(why) => refuse(StatusCode::BAD_REQUEST, &why),
    }
}

async fn index(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if !accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        let paths: BTreeMap<_, _> = PATHS.iter().copied().collect();
        return Json(json!({ "provider": provider.name(), "paths": paths })).into_response();
    }
    let mut rows = String::new();
    for (path, purpose) in PATHS {
        let (path, purpose) = (page::escape(path), page::escape(purpose));
        rows.push_str(&format!("<tr><td><code>{path}</code></td><td>{purpose}</td></tr>"));
    }
    let body = format!("<table><tbody>{rows}</tbody></table>");
    let title = format!("{} simulator", provider.name());
    Html(page::layout(&title, &body)).into_response()
}

async fn health(State(provider): State<Provider>) -> Json<Value> {
    Json(json!({ "status": "ok", "provider": provider.name() }))
}

async fn credentials(State(provider): State<Provider>) -> Json<Value> {
    Json(provider.credentials())
}

async fn faults(State(provider): State<Provider>) -> Json<Value> {
    let (pending, chaos) = provider.backstage().faults.pending();
    Json(json!({ "pending": pending, "chaos": chaos }))
}

async fn arrange(State(provider): State<Provider>, Json(fault): Json<Fault>) -> Response {
    done(provider.backstage().faults.arrange(fault))
}

async fn clear(State(provider): State<Provider>) -> Response {
    provider.backstage().faults.clear();
    done(Ok(()))
}

async fn start_chaos(State(provider): State<Provider>, Json(chaos): Json<Chaos>) -> Response {
    done(provider.backstage().faults.set_chaos(Some(chaos)))
}

async fn stop_chaos(State(provider): State<Provider>) -> Response {
    done(provider.backstage().faults.set_chaos(None))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shown {
    since: u64,
    operation: Option<String>,
    reference: Option<String>,
}

async fn exchanges(State(provider): State<Provider>, Query(shown): Query<Shown>) -> Json<Value> {
    let filter = Filter { since: shown.since, operation: shown.operation, reference: shown.reference };
    let exchanges = provider.backstage().exchanges.show(&filter);
    Json(json!({ "exchanges": exchanges }))
}

async fn ledger(State(provider): State<Provider>, Query(shown): Query<Shown>) -> Json<Value> {
    provider.settle();
    let movements: Vec<Movement> = provider.backstage().ledger.lines(shown.reference.as_deref());
    Json(json!({ "movements": movements }))
}

async fn summary(State(provider): State<Provider>) -> Json<Value> {
    provider.settle();
    Json(json!({ "counts": provider.backstage().ledger.summary() }))
}

async fn duplicates(State(provider): State<Provider>) -> Json<Value> {
    provider.settle();
    let duplicates = provider.backstage().ledger.duplicates();
    Json(json!({ "count": duplicates.len(), "references": duplicates }))
}

/// Where one payment stands, all things considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The merchant's reference.
    pub reference: String,
    /// `authorized`, `captured`, `partially_captured`, `voided`, `refunded`,
    /// `partially_refunded`, `tokenized`, `declined`, `failed`, `cancelled`, `expired`,
    /// `pending`, `on_hold`, `unknown`, or `none` when nothing is known of it.
    pub state: String,
    /// Sums in minor units.
    #[serde(flatten)]
    pub totals: Totals,
    /// ISO 4217 letters, empty when no money was asked for.
    pub currency: String,
    /// Successful authorizations and charges under the reference.
    pub successes: usize,
    /// Refused authorizations and charges under the reference.
    pub declines: usize,
}

/// Where the payment with this reference stands: the ledger's word where money moved, otherwise
/// the provider's own.
pub fn standing(provider: &dyn ProviderSimulator, reference: &str) -> Standing {
    provider.settle();
    let account = provider.backstage().ledger.account(reference);
    let has_moved = account.successes > 0 || account.tokenized > 0;
    let open = provider.standing(reference).filter(|_| !has_moved);
    Standing {
        reference: reference.to_owned(),
        state: open.or(account.state()).unwrap_or("none").to_owned(),
        totals: account.totals,
        currency: account.currency,
        successes: account.successes,
        declines: account.declines,
    }
}

async fn payment(State(provider): State<Provider>, Path(reference): Path<String>) -> Json<Standing> {
    Json(standing(provider.as_ref(), &reference))
}

#[derive(Debug, Deserialize)]
struct AtPage {
    page: String,
    #[serde(flatten)]
    action: CustomerAction,
}

async fn customer(State(provider): State<Provider>, Json(asked): Json<AtPage>) -> Response {
    let result: CustomerResult = provider.act_as_customer(&asked.page, &asked.action);
    match result {
        Ok(CustomerOutcome { status, return_url }) => {
            Json(json!({ "status": status, "return_url": return_url })).into_response()
        }
        Err(refusal) => refuse(StatusCode::CONFLICT, refusal.words()),
    }
}

async fn clock(State(provider): State<Provider>) -> Json<Value> {
    let clock = &provider.backstage().clock;
    Json(json!({ "now": iso(clock.now()), "ahead_ms": clock.ahead_ms() }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

async fn advance(
    State(provider): State<Provider>,
    Json(Advance { advance_seconds }): Json<Advance>,
) -> Json<Value> {
    let clock_of = &provider.backstage().clock;
    clock_of.advance(Duration::from_secs(advance_seconds));
    provider.settle();
    clock(State(provider)).await
}

async fn behaviour(State(provider): State<Provider>) -> Json<Value> {
    Json(provider.behaviour())
}

async fn set_behaviour(State(provider): State<Provider>, Json(change): Json<Value>) -> Response {
    match provider.set_behaviour(&change) {
        Ok(()) => Json(provider.behaviour()).into_response(),
        Err(why) => refuse(StatusCode::BAD_REQUEST, &why),
    }
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    Json(provider.keys())
}
