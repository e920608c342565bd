//! The older calls: orders and payment keys (§4).

use std::sync::Arc;

use axum::extract::State as Shared;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::answers::{self, Answer, Problems, Reply, field, flag, integer, missing, refusal, text};
use super::state::{Order, PaymentKey, State};
use super::{Paymob, purpose, views};
use crate::simulator::clock::later;
use crate::simulator::contract::Backstage;

/// The longest life of a key, in seconds; an hour is the default (§4).
const EXPIRATION_SECONDS_MAX: i64 = 3_110_400;
/// Items of an order.
const ITEMS_MAX: usize = 200;

/// `POST /api/ecommerce/orders` (sample 02).
pub async fn order(Shared(paymob): Shared<Arc<Paymob>>, headers: HeaderMap, body: Bytes) -> Answer {
    let body = answers::object(&body)?;
    paymob.admit_token(&headers, Some(&body), None)?;
    let mut state = paymob.state();
    let mut problems = Problems::default();
    let amount = problems.amount(&body, "amount_cents", 0);
    let currency = problems.currency(&body, state.behaviour.currency.as_deref());
    if !body.contains_key("delivery_needed") {
        problems.add("delivery_needed", "This field is required.");
    }
    let items = items(&mut problems, &body, true);
    problems.refuse()?;
    let reference = text(&body, "merchant_order_id");
    let draft = Draft { name: reference.clone(), reference, amount, currency, items, billing: Map::new() };
    let id = open_order(&mut state, &paymob.backstage, draft)?;
    let order = state.orders.get(&id).ok_or_else(missing)?;
    Ok(Reply::created(views::order(order, &paymob.backstage)))
}

/// An order to be registered.
pub struct Draft {
    pub reference: Option<String>,
    pub name: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub items: Vec<Value>,
    pub billing: Map<String, Value>,
}

/// Registers an order; a reference that was used before is refused (§14).
pub fn open_order(state: &mut State, backstage: &Backstage, draft: Draft) -> Result<i64, Box<Reply>> {
    if let Some(reference) = &draft.reference
        && state.orders_by_reference.get(reference).is_some()
    {
        return Err(refusal(state.behaviour.duplicate_status, json!({ "message": "duplicate" })));
    }
    let id = state.number(310_000_000);
    let name = draft.name.unwrap_or_else(|| id.to_string());
    if let Some(reference) = &draft.reference {
        state.orders_by_reference.put(reference.clone(), id);
    }
    state.orders_by_name.add(&name, &id.to_string());
    state.orders.put(
        id,
        Order {
            id,
            reference: draft.reference,
            name,
            amount: draft.amount,
            currency: draft.currency,
            items: draft.items,
            created_at: backstage.clock.now(),
            transactions: Vec::new(),
            saved: Vec::new(),
            billing: draft.billing,
        },
    );
    Ok(id)
}

/// The items of a body, checked; `amount_cents` at orders, `amount` at intentions.
pub fn items(problems: &mut Problems, body: &Map<String, Value>, is_required: bool) -> Vec<Value> {
    match body.get("items") {
        None | Some(Value::Null) if is_required => {
            problems.add("items", "This field is required.");
            Vec::new()
        }
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) if items.len() <= ITEMS_MAX => {
            let is_long = |item: &Value| {
                item["name"].as_str().is_none_or(|name| name.is_empty() || name.chars().count() > 50)
                    || item["description"].as_str().is_some_and(|text| text.chars().count() > 255)
            };
            if items.iter().any(is_long) {
                problems.add("items", "name or description is missing or too long.");
            }
            items.clone()
        }
        Some(_) => {
            problems.add("items", "Expected a list of items.");
            Vec::new()
        }
    }
}

/// `POST /api/acceptance/payment_keys` (sample 03).
pub async fn payment_key(Shared(paymob): Shared<Arc<Paymob>>, headers: HeaderMap, body: Bytes) -> Answer {
    let body = answers::object(&body)?;
    paymob.admit_token(&headers, Some(&body), None)?;
    let now = paymob.now();
    let mut state = paymob.state();
    let mut problems = Problems::default();
    let amount = problems.amount(&body, "amount_cents", 0);
    let currency = problems.currency(&body, state.behaviour.currency.as_deref());
    let billing = problems.billing(&body);
    let order = integer(&body, "order_id");
    if order.is_none() {
        problems.add("order_id", "This field is required.");
    }
    let integration = integer(&body, "integration_id").or(integer(&body, "card_integration_id"));
    if integration.is_none() {
        problems.add("integration_id", "This field is required.");
    }
    let expiration = integer(&body, "expiration").unwrap_or(3_600);
    if !(1..=EXPIRATION_SECONDS_MAX).contains(&expiration) {
        problems.add("expiration", "A valid number of seconds is required.");
    }
    problems.refuse()?;
    let (Some(order), Some(integration)) = (order, integration) else {
        return Err(missing());
    };
    let known = state.orders.get(&order).ok_or_else(|| field("order_id", "Order not found."))?;
    if known.amount != amount || known.currency != currency {
        return Err(field("amount_cents", "Amount does not match the order."));
    }
    if purpose(integration).is_none() {
        return Err(refusal(404, json!({ "detail": "Integration not found." })));
    }
    let token = text(&body, "token");
    if let Some(token) = &token
        && state.cards.get(token).is_none()
    {
        return Err(field("token", "Card token not found."));
    }
    let value = paymob.backstage.entropy.alphanumeric(30);
    let expires_at = later(now, u64::try_from(expiration).unwrap_or(0).saturating_mul(1_000));
    if let Some(order) = state.orders.get_mut(&order) {
        order.billing.clone_from(&billing);
    }
    state.keys.put(
        value.clone(),
        PaymentKey {
            value: value.clone(),
            order,
            integration,
            amount,
            currency,
            expires_at,
            locks_order: flag(&body, "lock_order_when_paid"),
            token,
            billing,
            intention: None,
        },
    );
    Ok(Reply::created(json!({ "token": value })))
}
