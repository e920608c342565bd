//! What can be asked: transactions, the newest of an order, the tokens of an order (§6, §8).

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State as Shared};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use super::answers::{self, Answer, Reply, field, integer, missing, refusal, text};
use super::{Paymob, views};

/// `GET /api/acceptance/transactions/{id}` (sample 30).
pub async fn transaction(
    Shared(paymob): Shared<Arc<Paymob>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    paymob.admit_token(&headers, None, query.as_deref())?;
    let state = paymob.state();
    let found = id.parse().ok().and_then(|id: i64| state.transactions.get(&id)).ok_or_else(missing)?;
    Ok(Reply::ok(views::transaction(&state, found)))
}

/// `GET /api/ecommerce/orders/{id}`.
pub async fn order(
    Shared(paymob): Shared<Arc<Paymob>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    paymob.admit_token(&headers, None, query.as_deref())?;
    let state = paymob.state();
    let found = id.parse().ok().and_then(|id: i64| state.orders.get(&id)).ok_or_else(missing)?;
    Ok(Reply::ok(views::order(found, &paymob.backstage)))
}

/// `POST /api/ecommerce/orders/transaction_inquiry`: the newest transaction only.
pub async fn inquiry(
    Shared(paymob): Shared<Arc<Paymob>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let body = answers::object(&body)?;
    paymob.admit_token(&headers, Some(&body), query.as_deref())?;
    let state = paymob.state();
    let order = match (integer(&body, "order_id"), text(&body, "merchant_order_id")) {
        (Some(id), _) => state.orders.get(&id),
        (None, Some(reference)) => {
            state.orders_by_reference.get(&reference).and_then(|id| state.orders.get(id))
        }
        (None, None) => return Err(field("order_id", "This field is required.")),
    };
    let newest = order.and_then(|order| order.transactions.last()).and_then(|id| state.transactions.get(id));
    match newest {
        Some(newest) => Ok(Reply::ok(views::transaction(&state, newest))),
        None if state.behaviour.no_transaction_is_empty => Ok(Reply::nothing()),
        None => Err(missing()),
    }
}

/// `POST /api/acceptance/order_card_tokens` (sample 31).
pub async fn card_tokens(Shared(paymob): Shared<Arc<Paymob>>, headers: HeaderMap, body: Bytes) -> Answer {
    let body = answers::object(&body)?;
    paymob.admit_token(&headers, Some(&body), None)?;
    let now = paymob.now();
    let state = paymob.state();
    let id = integer(&body, "order_id").ok_or_else(|| field("order_id", "This field is required."))?;
    let order = state.orders.get(&id);
    let tokens: Vec<Value> = order
        .into_iter()
        .flat_map(|order| &order.saved)
        .filter(|(_, from)| now >= *from)
        .filter_map(|(token, _)| state.cards.get(token))
        .map(views::token)
        .collect();
    if tokens.is_empty() {
        return Err(refusal(404, json!({ "message": "No card tokens found for this order" })));
    }
    Ok(Reply::ok(Value::Array(tokens)))
}
