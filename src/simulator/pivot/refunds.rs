//! Refunds: always done later (§15).

use std::sync::Arc;

use axum::extract::{Path, Query, State as Shared};
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::json;

use super::answers::{Answer, Reply, duplicate, missing, rule};
use super::checks::Body;
use super::sessions::Listing;
use super::state::{ChargeStatus, Due, MINOR, Refund, State};
use super::{Pivot, callbacks, views};
use crate::simulator::clock::later;
use crate::simulator::contract::Backstage;
use crate::simulator::ledger::{Kind, Movement};

/// How many refunds a list shows.
const LISTED_MAX: usize = 10_000;

/// `POST /v1/refunds`.
pub async fn create(Shared(pivot): Shared<Arc<Pivot>>, headers: HeaderMap, bytes: Bytes) -> Answer {
    pivot.once(&headers, "/v1/refunds", &bytes, false, |state, now| refund(&pivot, state, &bytes, now))
}

/// Opens a refund as asked for.
pub fn refund(pivot: &Pivot, state: &mut State, bytes: &[u8], now: Timestamp) -> Answer {
    let mut body = Body::read(bytes)?;
    let reference = body.required("clientReferenceId", 100);
    let is_full = body.flag("isFullAmount", false);
    let amount = body.rupiah("amount", true);
    let reasons = ["SUSPECT_FRAUDULENT", "DUPLICATE", "REQUESTED_BY_CUSTOMER", "CANCELLATION", "OTHERS"];
    if body.at("reason").is_none() {
        body.wrong("reason", "Make sure reason value is fulfilled");
    }
    let reason = body.word("reason", &reasons, "OTHERS");
    let description = body.text("description", 50).unwrap_or_default();
    let method = body.word("method", &["AUTO", "TRANSFER_ONLY"], "AUTO");
    let destination = body.at("transferDestination").cloned();
    let metadata = body.at("metadata").cloned().unwrap_or_else(|| json!({}));
    if method == "TRANSFER_ONLY" && destination.is_none() {
        body.wrong("transferDestination", "Make sure transferDestination value is fulfilled");
    }
    if !is_full && body.at("amount").is_none() {
        body.wrong("amount", "Make sure amount value is fulfilled");
    }
    let session_id = body.text("paymentSessionId", 255);
    let charge_id = body.text("chargeId", 255);
    body.finish()?;
    if state.refunds_by_reference.get(&reference).is_some() {
        return Err(duplicate());
    }
    let named = |id: &String| state.sessions.get(id);
    let by_charge = || {
        let is_of = |session: &&super::state::Session| {
            session.charges.iter().any(|charge| Some(&charge.id) == charge_id.as_ref())
        };
        charge_id.as_ref().and_then(|_| state.sessions.newest_first().find(is_of))
    };
    let Some(session) = session_id.as_ref().and_then(named).or_else(by_charge) else {
        return Err(missing("payment session", &session_id.or(charge_id).unwrap_or_default()));
    };
    let taken = session.charges.iter().find(|charge| {
        charge.status == ChargeStatus::Success || charge.captured.is_some_and(|captured| captured > 0)
    });
    let Some(charge) = taken else { return Err(rule("payment session has nothing to refund")) };
    let captured = charge.captured.unwrap_or(0);
    let gone: i64 = state
        .refunds
        .newest_first()
        .filter(|refund| refund.session == session.id && !matches!(refund.status, "FAILED" | "CANCELLED"))
        .map(|refund| refund.amount)
        .sum();
    let amount = if is_full { captured - gone } else { amount.unwrap_or(0) };
    if amount <= 0 || amount > captured - gone {
        return Err(rule("amount exceeds what was captured"));
    }
    let own = state.customers.get(&session.customer);
    let own =
        own.and_then(|customer| customer.details["refundPreference"].get("transferDestination").cloned());
    let refund = Refund {
        id: pivot.backstage.entropy.uuid(),
        reference: reference.clone(),
        session: session.id.clone(),
        charge: charge.id.clone(),
        payment_reference: session.reference.clone(),
        captured,
        is_full,
        amount,
        status: "PENDING",
        reason,
        description,
        method,
        destination: destination.or(own).unwrap_or(json!(null)),
        metadata,
        destination_type: None,
        created_at: now,
        updated_at: now,
    };
    let shown = views::refund(&refund);
    let id = refund.id.clone();
    state.refunds.put(id.clone(), refund);
    state.refunds_by_reference.put(reference, id.clone());
    callbacks::refund(state, &pivot.backstage, &id, now);
    let delay_ms = state.behaviour.refund_delay_ms;
    state.agenda.plan(later(now, delay_ms), Due::Refund(id));
    Ok(Reply::ok(shown))
}

/// `GET /v1/refunds/{id}`.
pub async fn read(Shared(pivot): Shared<Arc<Pivot>>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    pivot.admit(&headers)?;
    match pivot.state().refunds.get(&id) {
        Some(refund) => Ok(Reply::ok(views::refund(refund))),
        None => Err(missing("refund", &id)),
    }
}

/// `GET /v1/refunds`: the newest first.
pub async fn list(
    Shared(pivot): Shared<Arc<Pivot>>,
    Query(listing): Query<Listing>,
    headers: HeaderMap,
) -> Answer {
    pivot.admit(&headers)?;
    let state = pivot.state();
    Ok(listing.page(state.refunds.newest_first().take(LISTED_MAX).map(views::refund).collect()))
}

/// Where a refund goes next: by its reference's prefix, as the sandbox has it (§19).
fn next(refund: &Refund) -> (&'static str, Option<&'static str>) {
    let waits = refund.status == "WAITING_BANK_TRANSFER";
    match refund.reference.get(..5) {
        Some("1001-" | "2001-" | "2002-") if !waits => ("WAITING_BANK_TRANSFER", Some("ACCOUNT")),
        Some("2001-" | "2002-") => ("FAILED", Some("ACCOUNT")),
        _ if refund.method == "TRANSFER_ONLY" && !waits => ("WAITING_BANK_TRANSFER", Some("ACCOUNT")),
        _ if waits => ("SUCCESS", Some("ACCOUNT")),
        _ => ("SUCCESS", Some("CHANNEL")),
    }
}

impl State {
    /// A refund goes one step further.
    pub fn advance_refund(&mut self, backstage: &Backstage, id: &str, now: Timestamp) {
        let delay_ms = self.behaviour.refund_delay_ms;
        let fails = self.behaviour.refunds_fail;
        let Some(refund) = self.refunds.get_mut(id) else { return };
        let (status, kind) = if fails { ("FAILED", Some("CHANNEL")) } else { next(refund) };
        refund.status = status;
        refund.destination_type = kind;
        refund.updated_at = now;
        let refund = refund.clone();
        match status {
            "WAITING_BANK_TRANSFER" => {
                self.agenda.plan(later(now, delay_ms), Due::Refund(id.to_owned()));
            }
            _ => backstage.ledger.record(Movement {
                reference: refund.payment_reference,
                kind: Kind::Refund,
                amount_minor: refund.amount.saturating_mul(MINOR),
                currency: "IDR".into(),
                transaction_id: refund.id,
                parent_id: Some(refund.charge),
                at: now,
                declined: status != "SUCCESS",
            }),
        }
        callbacks::refund(self, backstage, id, now);
    }
}

/// `GET /v1/customers/{id}`.
pub async fn customer(
    Shared(pivot): Shared<Arc<Pivot>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    pivot.admit(&headers)?;
    let now = pivot.now();
    match pivot.state().customers.get(&id) {
        Some(customer) => Ok(Reply::ok(views::customer(customer, now))),
        None => Err(missing("customer", &id)),
    }
}
