//! The newer call: an intention makes an order and a payment key for each method (§5).

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};
use url::Url;

use super::accept::{self, Draft};
use super::answers::{self, Answer, Problems, Reply, field, integer, missing, refusal, text};
use super::state::{Intention, PaymentKey, State};
use super::{INTEGRATIONS, PUBLIC_KEY, Paymob, Purpose, purpose, views};
use crate::simulator::clock::later;

/// The longest life, and the usual one, in seconds: 36 days.
const EXPIRATION_SECONDS_MAX: i64 = 3_110_400;
/// Methods of one intention.
const METHODS_MAX: usize = 20;
/// Saved cards that one intention offers.
const CARD_TOKENS_MAX: usize = 3;
/// Extras of one intention.
const EXTRAS_MAX: usize = 100;
/// The name that merchants' own names of payments have in `extras`, as the samples have it.
const NAME: &str = "gw_payment_id";

/// `POST /v1/intention/` (samples 10 to 12).
pub async fn create(Shared(paymob): Shared<Arc<Paymob>>, headers: HeaderMap, body: Bytes) -> Answer {
    paymob.admit_secret(&headers)?;
    let body = answers::object(&body)?;
    let now = paymob.now();
    let mut state = paymob.state();
    let mut problems = Problems::default();
    let amount = problems.amount(&body, "amount", 0);
    let currency = problems.currency(&body, state.behaviour.currency.as_deref());
    let billing = problems.billing(&body);
    let items = accept::items(&mut problems, &body, false);
    let expiration = integer(&body, "expiration").unwrap_or(EXPIRATION_SECONDS_MAX);
    if !(1..=EXPIRATION_SECONDS_MAX).contains(&expiration) {
        problems.add("expiration", "Ensure this value is between 1 and 3110400.");
    }
    for name in ["notification_url", "redirection_url"] {
        let is_web = |url: &str| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if text(&body, name).is_some_and(|url| !is_web(&url)) {
            problems.add(name, "Enter a valid URL.");
        }
    }
    let extras = match body.get("extras") {
        Some(Value::Object(extras)) if extras.len() <= EXTRAS_MAX => extras.clone(),
        None | Some(Value::Null) => Map::new(),
        Some(_) => {
            problems.add("extras", "Expected a dictionary of items.");
            Map::new()
        }
    };
    let methods = body.get("payment_methods").and_then(Value::as_array);
    let methods: Vec<Value> = methods.cloned().unwrap_or_default();
    if methods.is_empty() || methods.len() > METHODS_MAX {
        problems.add("payment_methods", "This field is required.");
    }
    problems.refuse()?;
    let integrations = integrations(&methods)?;
    let is_check = integrations.iter().all(|id| purpose(*id) == Some(Purpose::Verification));
    if amount == 0 && !is_check {
        return Err(field("amount", "Ensure this value is greater than or equal to 1."));
    }
    // A line's amount or a piece's: either reading may be meant, so either sum will do (§5).
    let of = |item: &Value| item["amount"].as_i64().unwrap_or_default();
    let pieces = |item: &Value| of(item).saturating_mul(item["quantity"].as_i64().unwrap_or(1));
    let sums = [items.iter().map(of).sum::<i64>(), items.iter().map(pieces).sum()];
    if !items.is_empty() && !sums.contains(&amount) {
        let code = "unmatched_item_prices";
        return Err(refusal(406, json!({ "detail": code, "code": code })));
    }
    let card_tokens = card_tokens(&state, &body)?;
    let reference = text(&body, "special_reference");
    let name = extras.get(NAME).and_then(Value::as_str).map(str::to_owned).or(reference.clone());
    let draft =
        Draft { reference, name, amount, currency: currency.clone(), items, billing: billing.clone() };
    let order = accept::open_order(&mut state, &paymob.backstage, draft)?;
    let client_secret = format!("egy_csk_test_{}", paymob.backstage.entropy.hex(32));
    let expires_at = later(now, u64::try_from(expiration).unwrap_or(0).saturating_mul(1_000));
    let mut keys = Vec::new();
    for integration in integrations {
        let value = paymob.backstage.entropy.alphanumeric(30);
        keys.push(value.clone());
        let key = PaymentKey {
            value: value.clone(),
            order,
            integration,
            amount,
            currency: currency.clone(),
            expires_at,
            locks_order: false,
            token: None,
            billing: billing.clone(),
            intention: Some(client_secret.clone()),
        };
        state.keys.put(value, key);
    }
    let intention = Intention {
        id: format!("pi_test_{}", paymob.backstage.entropy.hex(32)),
        client_secret: client_secret.clone(),
        order,
        keys,
        extras,
        notification_url: text(&body, "notification_url"),
        redirection_url: text(&body, "redirection_url"),
        card_tokens,
        expires_at,
        created_at: now,
    };
    state.intentions.put(client_secret.clone(), intention);
    let intention = state.intentions.get(&client_secret).ok_or_else(missing)?;
    Ok(Reply::created(views::intention(&state, intention)))
}

/// Ids, or the one name that stands for cards. What is not there is a 404 (§13).
fn integrations(methods: &[Value]) -> Result<Vec<i64>, Box<Reply>> {
    let card = INTEGRATIONS.iter().find(|(_, purpose)| *purpose == Purpose::ThreeDSecure);
    let mut ids = Vec::new();
    for method in methods {
        let id = match method {
            Value::Number(number) => number.as_i64(),
            Value::String(name) if name == "card" => card.map(|(id, _)| *id),
            _ => None,
        };
        match id.filter(|id| purpose(*id).is_some()) {
            Some(id) => ids.push(id),
            None => {
                let detail = "Integration ID/Name does not exist in our system . You can find the list of \
                    Integration ID’/Names from Merchant Dashboard under Developers → Payment \
                    Integrations Tab";
                return Err(refusal(404, json!({ "detail": detail })));
            }
        }
    }
    Ok(ids)
}

fn card_tokens(state: &State, body: &Map<String, Value>) -> Result<Vec<String>, Box<Reply>> {
    let given = body.get("card_tokens").and_then(Value::as_array).cloned().unwrap_or_default();
    let tokens: Vec<String> = given.iter().filter_map(|token| token.as_str().map(str::to_owned)).collect();
    let is_good = tokens.len() == given.len() && tokens.len() <= CARD_TOKENS_MAX;
    if !is_good || tokens.iter().any(|token| state.cards.get(token).is_none()) {
        return Err(field("card_tokens", "Invalid card tokens."));
    }
    Ok(tokens)
}

/// `PUT /v1/intention/{client_secret}` (sample 13): another amount, before it is paid.
pub async fn update(
    Shared(paymob): Shared<Arc<Paymob>>,
    Path(client_secret): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    paymob.admit_secret(&headers)?;
    let body = answers::object(&body)?;
    let mut state = paymob.state();
    let intention = state.intentions.get(&client_secret).ok_or_else(missing)?.clone();
    if integer(&body, "accept_order_id") != Some(intention.order) {
        return Err(field("accept_order_id", "This field is required."));
    }
    let mut problems = Problems::default();
    let amount = body.contains_key("amount").then(|| problems.amount(&body, "amount", 1));
    problems.refuse()?;
    if let Some(order) = state.orders.get(&intention.order)
        && !order.transactions.is_empty()
    {
        return Err(answers::rule("The order has been paid."));
    }
    if let Some(amount) = amount {
        if let Some(order) = state.orders.get_mut(&intention.order) {
            order.amount = amount;
            order.items = body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        }
        for key in &intention.keys {
            if let Some(key) = state.keys.get_mut(key) {
                key.amount = amount;
            }
        }
    }
    Ok(Reply::ok(views::intention(&state, &intention)))
}

/// `GET /v1/intention/element/{public_key}/{client_secret}/`: for the page, without a credential.
pub async fn read(
    Shared(paymob): Shared<Arc<Paymob>>,
    Path((public_key, client_secret)): Path<(String, String)>,
) -> Answer {
    let state = paymob.state();
    let intention = state.intentions.get(&client_secret).filter(|_| public_key == PUBLIC_KEY);
    Ok(Reply::ok(views::intention(&state, intention.ok_or_else(missing)?)))
}
