//! Looking transactions up (§5).

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Value, json};

use super::answers::{Reply, Version, record_not_found, respond};
use super::state::{State, Transaction, tracking_key};
use super::{Begateway, Shop, views};
use crate::simulator::clock::later;

/// A search by tracking id answers this many, the newest (§5): older ones are hidden.
const FOUND_MAX: usize = 10;

/// `GET /transactions/{uid}`.
pub async fn by_uid(
    Shared(begateway): Shared<Arc<Begateway>>,
    Path(uid): Path<String>,
    headers: HeaderMap,
) -> Response {
    let version = Version::of(&headers);
    let answer = begateway.admit(&headers).and_then(|shop| {
        let state = begateway.state();
        let found = state.transaction(shop, &uid);
        let found = found.ok_or_else(|| Box::new(record_not_found()))?;
        Ok(Reply::ok(views::transaction(&state.behaviour, &begateway.backstage, found, version)))
    });
    respond(version, answer)
}

/// `GET /v2/transactions/tracking_id/{id}`: an unknown id is an empty list, not an error.
pub async fn by_tracking_id(
    Shared(begateway): Shared<Arc<Begateway>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let version = Version::of(&headers);
    let answer = begateway.admit(&headers).map(|shop| {
        let state = begateway.state();
        let found = newest(&begateway, &state, shop, &id);
        let found = found.map(|found| views::unwrapped(&state.behaviour, &begateway.backstage, found));
        Reply::ok(json!({ "transactions": found.collect::<Vec<Value>>() }))
    });
    respond(version, answer)
}

/// `GET /transactions/tracking_id/{id}`: the old form, one object.
pub async fn first_by_tracking_id(
    Shared(begateway): Shared<Arc<Begateway>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let version = Version::of(&headers);
    let answer = begateway.admit(&headers).and_then(|shop| {
        let state = begateway.state();
        let found = newest(&begateway, &state, shop, &id).last();
        let found = found.ok_or_else(|| Box::new(record_not_found()))?;
        Ok(Reply::ok(views::transaction(&state.behaviour, &begateway.backstage, found, version)))
    });
    respond(version, answer)
}

fn newest<'a>(
    begateway: &Begateway,
    state: &'a State,
    shop: &Shop,
    id: &str,
) -> impl Iterator<Item = &'a Transaction> {
    let (now, delay_ms) = (begateway.now(), state.behaviour.search_delay_ms);
    let uids = state.transactions_by_tracking.ids(&tracking_key(shop, id));
    let found = uids.iter().rev().filter_map(|uid| state.transactions.get(uid));
    found.filter(move |found| later(found.created_at, delay_ms) <= now).take(FOUND_MAX)
}
