//! The calls about orders: sales, recurring charges, queries, voids, refunds (§6.4, §6.5, §7.2, §9).

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use super::envelope::{Answer, Refusal, Request, handle, success};
use super::state::{Attempt, Order, State, Status, record};
use super::{Bbmsl, DeclineShape, Duplicates, VoidedOpenOrder, outcomes, views};
use crate::simulator::card::Card;
use crate::simulator::delivery::BackOffice;
use crate::simulator::ledger::Kind;

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 255;

/// `POST /tokenization/sale`.
pub async fn sale(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| {
        let (amount, currency) = (request.amount()?, request.currency()?);
        request.check_lines()?;
        let mut state = bbmsl.state();
        let card = stored_card(&state, request)?;
        let order =
            Order { is_recurring: request.flag("isRecurring"), ..order(&bbmsl, request, amount, currency)? };
        charge(&bbmsl, &mut state, Order { card: Some(card), ..order })
    })
}

/// `POST /tokenization/recurring`.
pub async fn recurring(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| {
        request.need("reason", REASON_CHARS_MAX)?;
        let amount = request.amount()?;
        let mut state = bbmsl.state();
        let card = stored_card(&state, request)?;
        let parent = parent(&state, request, false)?;
        let order = order(&bbmsl, request, amount, parent.currency)?;
        charge(&bbmsl, &mut state, Order { card: Some(card), is_recurring: true, ..order })
    })
}

/// `POST /hosted-checkout/recurring`: the parent has the card.
pub async fn hosted_recurring(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| {
        let amount = request.amount()?;
        let mut state = bbmsl.state();
        let parent = parent(&state, request, true)?;
        let order = order(&bbmsl, request, amount, parent.currency)?;
        let order = Order { card: parent.card, is_recurring: true, is_hosted: true, ..order };
        charge(&bbmsl, &mut state, order)
    })
}

/// A new order of a request, not yet filed.
pub fn order(bbmsl: &Bbmsl, request: &Request, amount: i64, currency: String) -> Result<Order, Refusal> {
    let now = bbmsl.now();
    Ok(Order {
        id: 0,
        reference: request.reference()?,
        amount,
        currency,
        status: Status::Open,
        refunded: 0,
        is_recurring: false,
        is_hosted: false,
        card: None,
        notify: request.callback("notify"),
        transaction: 0,
        is_processing: false,
        created_at: now,
        updated_at: now,
    })
}

/// A reference is used once (A7).
pub fn check_reference(state: &State, reference: &str) -> Result<(), Refusal> {
    if state.behaviour.duplicates == Duplicates::Refused && state.is_known(reference) {
        return Err(Refusal::new("9902", "Duplicate merchantReference"));
    }
    Ok(())
}

fn stored_card(state: &State, request: &Request) -> Result<Card, Refusal> {
    let (user, token) = (request.need("userId", 56)?, request.id("tokenId")?);
    let cards = state.cards.get(&user).map_or(&[][..], Vec::as_slice);
    let found = cards.iter().find(|card| card.token == token);
    found.map(|found| found.card.clone()).ok_or_else(Refusal::no_token)
}

/// The first order of a series: made for it, paid, and never another cycle's (§6.5).
fn parent(state: &State, request: &Request, is_hosted: bool) -> Result<Order, Refusal> {
    let id = request.id("parentOrderId")?;
    let found = state.orders.get(&id).filter(|order| order.is_recurring && order.is_hosted == is_hosted);
    let found = found.filter(|order| order.status.is_paid());
    found.cloned().ok_or_else(|| Refusal::new("9910", "Invalid parent order"))
}

fn charge(bbmsl: &Bbmsl, state: &mut State, order: Order) -> Answer {
    check_reference(state, &order.reference)?;
    let outcome =
        order.card.as_ref().map_or(outcomes::Outcome::Fail, |card| outcomes::of(card, order.amount));
    let id = state.file(order);
    let attempt = state.attempt(&bbmsl.backstage, id, outcome);
    let shape = state.behaviour.declines;
    let Some(order) = state.orders.get(&id) else {
        return Err(Refusal::no_order());
    };
    Ok(attempted(order, attempt, shape))
}

/// The answer to an attempt; how a decline looks is a knob (A4).
fn attempted(order: &Order, attempt: Attempt, shape: DeclineShape) -> Value {
    let with = |status: &str| {
        let transaction = views::transaction(order, "SALE", order.amount, status);
        success(json!({ "order": views::order(order), "transaction": transaction }))
    };
    match (attempt, shape) {
        (Attempt::Approved, _) => with("SUCCESS"),
        (Attempt::Processing, _) => with("PROCESSING"),
        (Attempt::Failed, _) => with("FAILURE"),
        (Attempt::Declined(_, message), DeclineShape::Handled) => {
            let mut answer = with("DECLINED");
            answer["message"] = json!(message);
            answer
        }
        (Attempt::Declined(code, message), DeclineShape::WithCode) => {
            let mut answer = with("DECLINED");
            answer["responseCode"] = json!(code);
            answer["message"] = json!(message);
            answer
        }
        (Attempt::Declined(_, _), DeclineShape::OrderOnly) => {
            success(json!({ "order": views::order(order) }))
        }
        (Attempt::Declined(code, message), DeclineShape::CodeOnly) => {
            json!({ "responseCode": code, "message": message })
        }
    }
}

/// The order that a request names, by id or by reference (§9).
fn named(state: &State, request: &Request) -> Result<u64, Refusal> {
    let found = match request.text("orderId") {
        Some(id) => id.parse().ok().and_then(|id: u64| state.orders.get(&id)),
        None => state.order_by_reference(&request.reference()?),
    };
    found.map(|order| order.id).ok_or_else(Refusal::no_order)
}

/// `POST /hosted-checkout/query`: the order, and no transaction (§5).
pub async fn query(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| {
        let state = bbmsl.state();
        let id = named(&state, request)?;
        let found = state.orders.get(&id).filter(|order| is_reachable(&state, order));
        let order = found.ok_or_else(Refusal::no_order)?;
        Ok(success(json!({ "order": views::order(order) })))
    })
}

/// Whether the hosted calls know an order (A1, A2).
fn is_reachable(state: &State, order: &Order) -> bool {
    order.is_hosted || state.behaviour.hosted_calls_know_token_orders
}

/// `POST /tokenization/void`.
pub async fn void_token_order(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| void(&bbmsl, request, false))
}

/// `POST /hosted-checkout/void`.
pub async fn void_hosted_order(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| void(&bbmsl, request, true))
}

/// The whole order, before settlement (§9).
fn void(bbmsl: &Bbmsl, request: &Request, is_hosted: bool) -> Answer {
    let mut state = bbmsl.state();
    let id = named(&state, request)?;
    if state.orders.get(&id).is_none_or(|order| order.is_hosted != is_hosted) {
        return Err(Refusal::no_order());
    }
    void_order(bbmsl, &mut state, id)
}

fn void_order(bbmsl: &Bbmsl, state: &mut State, id: u64) -> Answer {
    let unpaid = match state.behaviour.voided_open_order {
        VoidedOpenOrder::Voided => Status::Voided,
        VoidedOpenOrder::Cancelled => Status::Cancelled,
    };
    let transaction = state.new_transaction();
    let now = bbmsl.now();
    let order = state.orders.get_mut(&id).ok_or_else(Refusal::no_order)?;
    match order.status {
        // An attempt that is under way cannot be voided: the answer is refused with the order as it is.
        Status::Open if !order.is_processing => order.status = unpaid,
        Status::Success => {
            order.status = Status::Voided;
            order.transaction = transaction;
            record(&bbmsl.backstage, order, Kind::Void, order.amount, false);
        }
        Status::Open
        | Status::Settled
        | Status::Voided
        | Status::Refunded
        | Status::Closed
        | Status::Cancelled => {
            let order = Some(views::order(order));
            return Err(Refusal { order, ..Refusal::new("9904", "Order cannot be voided") });
        }
    }
    order.transaction = transaction;
    order.updated_at = now;
    let view = json!({
        "order": views::order(order),
        "transaction": views::transaction(order, "VOID", order.amount, "SUCCESS"),
    });
    Ok(success(view))
}

/// `POST /hosted-checkout/refund`: full or partial, once (§9).
pub async fn refund(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| {
        let amount = request.amount()?;
        let mut state = bbmsl.state();
        let id = named(&state, request)?;
        if !state.orders.get(&id).is_some_and(|order| is_reachable(&state, order)) {
            return Err(Refusal::no_order());
        }
        refund_order(&bbmsl, &mut state, id, amount)
    })
}

fn refund_order(bbmsl: &Bbmsl, state: &mut State, id: u64, amount: i64) -> Answer {
    let (needs_settlement, is_too_small) =
        (state.behaviour.refunds_need_settlement, state.behaviour.balance_is_too_small);
    let transaction = state.new_transaction();
    let now = bbmsl.now();
    let order = state.orders.get_mut(&id).ok_or_else(Refusal::no_order)?;
    let refusal = match order.status {
        Status::Refunded => Some(("9911", "Order already refunded")),
        Status::Success if needs_settlement => Some(("9912", "Order is not settled")),
        Status::Success | Status::Settled if is_too_small => Some(("9905", "Insufficient unsettled balance")),
        Status::Success | Status::Settled if amount > order.amount => Some(("9913", "Invalid refund amount")),
        Status::Success | Status::Settled => None,
        Status::Open | Status::Voided | Status::Closed | Status::Cancelled => {
            Some(("9914", "Order cannot be refunded"))
        }
    };
    if let Some((code, message)) = refusal {
        return Err(Refusal::new(code, message));
    }
    order.status = Status::Refunded;
    order.refunded = amount;
    order.transaction = transaction;
    order.updated_at = now;
    record(&bbmsl.backstage, order, Kind::Refund, amount, false);
    Ok(success(json!({
        "order": views::order(order),
        "transaction": views::transaction(order, "REFUND", amount, "SUCCESS"),
    })))
}

/// What an employee does in the merchant portal.
pub fn by_hand(bbmsl: &Bbmsl, reference: &str, act: BackOffice) -> Result<(), Refusal> {
    let mut state = bbmsl.state();
    let found = state.order_by_reference(reference).map(|order| order.id);
    let id = found.ok_or_else(Refusal::no_order)?;
    match act {
        BackOffice::Refund { amount_minor } if amount_minor < 1 => return Err(Refusal::field("amount")),
        BackOffice::Refund { amount_minor } => refund_order(bbmsl, &mut state, id, amount_minor)?,
        BackOffice::Void => void_order(bbmsl, &mut state, id)?,
        // Sales take the money at once; there is nothing to capture (§8).
        BackOffice::Capture { .. } => return Err(Refusal::new("9915", "Order cannot be captured")),
    };
    Ok(())
}
