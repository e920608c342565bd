//! The part of the control API that is about notifications and the back office.

use std::collections::BTreeMap;

use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::clock::iso;
use super::control::{Provider, done, refuse};
use super::delivery::BackOffice;
use super::notification_faults::{Chaos, Fault};
use super::notifications::Pace;

/// Its routes, below the prefix of the control API.
pub(super) fn routes() -> Router<Provider> {
    Router::new()
        .route("/notifications", get(notifications))
        .route("/notification_faults", get(faults).post(arrange).delete(clear))
        .route("/notification_chaos", get(chaos).post(start_chaos).delete(stop_chaos))
        .route("/deliveries", get(deliveries))
        .route("/delivery", get(pace).post(set_pace))
        .route("/back_office", post(back_office))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shown {
    since: u64,
}

async fn notifications(State(provider): State<Provider>, Query(shown): Query<Shown>) -> Json<Value> {
    provider.settle();
    let owed = provider.backstage().notifications.since(shown.since);
    let shown: Vec<Value> = owed
        .iter()
        .map(|notification| {
            let headers: BTreeMap<_, _> = provider.seal(notification).into_iter().collect();
            json!({
                "sequence": notification.sequence,
                "due_at": iso(notification.due_at),
                "method": notification.method,
                "url": notification.url,
                "headers": headers,
                "body": notification.body,
                "sender": notification.sender,
                "standing": notification.standing,
            })
        })
        .collect();
    Json(json!({ "notifications": shown }))
}

async fn faults(State(provider): State<Provider>) -> Json<Value> {
    let (pending, chaos) = provider.backstage().notification_faults.pending();
    Json(json!({ "pending": pending, "chaos": chaos }))
}

async fn arrange(State(provider): State<Provider>, Json(fault): Json<Fault>) -> Response {
    done(provider.backstage().notification_faults.arrange(fault))
}

async fn clear(State(provider): State<Provider>) -> Response {
    provider.backstage().notification_faults.clear();
    done(Ok(()))
}

async fn chaos(State(provider): State<Provider>) -> Json<Value> {
    let (_, chaos) = provider.backstage().notification_faults.pending();
    Json(json!({ "chaos": chaos }))
}

async fn start_chaos(State(provider): State<Provider>, Json(chaos): Json<Chaos>) -> Response {
    done(provider.backstage().notification_faults.set_chaos(Some(chaos)))
}

async fn stop_chaos(State(provider): State<Provider>) -> Response {
    done(provider.backstage().notification_faults.set_chaos(None))
}

async fn deliveries(State(provider): State<Provider>, Query(shown): Query<Shown>) -> Json<Value> {
    let deliveries = provider.backstage().deliveries.since(shown.since);
    Json(json!({ "deliveries": deliveries }))
}

async fn pace(State(provider): State<Provider>) -> Json<Pace> {
    Json(provider.backstage().notifications.pace())
}

async fn set_pace(State(provider): State<Provider>, Json(pace): Json<Pace>) -> Response {
    done(provider.backstage().notifications.set_pace(pace))
}

#[derive(Debug, Deserialize)]
struct ByHand {
    reference: String,
    #[serde(flatten)]
    act: BackOffice,
}

async fn back_office(State(provider): State<Provider>, Json(asked): Json<ByHand>) -> Response {
    match provider.back_office(&asked.reference, asked.act) {
        Ok(()) => Json(json!({ "ok": true })).into_response(),
        Err(why) => refuse(StatusCode::CONFLICT, &why),
    }
}
