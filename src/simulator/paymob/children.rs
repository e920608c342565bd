//! Captures, voids and refunds: each makes a child transaction (§7).

use std::sync::Arc;

use axum::extract::{RawQuery, State as Shared};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::answers::{self, Answer, Problems, Reply, field, integer, missing, rule};
use super::outcomes;
use super::state::{Due, Kind, Source, Stand, State, Transaction};
use super::{Paymob, callbacks, views};
use crate::simulator::clock::later;
use crate::simulator::contract::Backstage;
use crate::simulator::delivery::BackOffice;

/// `POST /api/acceptance/capture` (sample 20).
pub async fn capture(
    shared: Shared<Arc<Paymob>>,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    act(&shared.0, query, &headers, &body, Kind::Capture)
}

/// `POST /api/acceptance/void_refund/void` (sample 21).
pub async fn void(shared: Shared<Arc<Paymob>>, query: RawQuery, headers: HeaderMap, body: Bytes) -> Answer {
    act(&shared.0, query, &headers, &body, Kind::Void)
}

/// `POST /api/acceptance/void_refund/refund` (sample 22).
pub async fn refund(shared: Shared<Arc<Paymob>>, query: RawQuery, headers: HeaderMap, body: Bytes) -> Answer {
    act(&shared.0, query, &headers, &body, Kind::Refund)
}

fn act(paymob: &Paymob, RawQuery(query): RawQuery, headers: &HeaderMap, body: &[u8], kind: Kind) -> Answer {
    let body = answers::object(body)?;
    paymob.admit_either(headers, &body, query.as_deref())?;
    let mut state = paymob.state();
    let parent = parent(&state, &body)?;
    let amount = match kind {
        Kind::Void => parent.amount,
        Kind::Capture | Kind::Refund | Kind::Payment => {
            let mut problems = Problems::default();
            let amount = problems.amount(&body, "amount_cents", 1);
            problems.refuse()?;
            amount
        }
    };
    check(&parent, kind, amount)?;
    let id = state.child(&paymob.backstage, &parent, kind, amount);
    let child = state.transactions.get(&id).ok_or_else(missing)?;
    Ok(Reply::created(views::transaction(&state, child)))
}

/// What an employee does in the dashboard, with the newest payment of an order that succeeded.
pub fn by_hand(paymob: &Paymob, reference: &str, act: BackOffice) -> Result<(), Box<Reply>> {
    let mut state = paymob.state();
    // By the merchant's name of the payment, as the ledger has it, or by the order's reference.
    let names = state.orders_by_name.ids(reference).iter().rev().filter_map(|id| id.parse::<i64>().ok());
    let ids = names.chain(state.orders_by_reference.get(reference).copied());
    let orders = ids.filter_map(|id| state.orders.get(&id));
    let transactions = orders.flat_map(|order| order.transactions.iter().rev());
    let mut found = transactions.filter_map(|id| state.transactions.get(id));
    let is_paid = |found: &&Transaction| found.kind == Kind::Payment && found.stand == Stand::Succeeded;
    let parent = found.find(is_paid).cloned().ok_or_else(missing)?;
    let (kind, amount) = match act {
        BackOffice::Refund { amount_minor } => (Kind::Refund, amount_minor),
        BackOffice::Capture { amount_minor } => (Kind::Capture, amount_minor),
        BackOffice::Void => (Kind::Void, parent.amount),
    };
    if amount < 1 {
        return Err(field("amount_cents", "Ensure this value is greater than or equal to 1."));
    }
    check(&parent, kind, amount)?;
    state.child(&paymob.backstage, &parent, kind, amount);
    Ok(())
}

/// The payment that is named; a capture leads to its reservation.
fn parent(state: &State, body: &Map<String, Value>) -> Result<Transaction, Box<Reply>> {
    let id =
        integer(body, "transaction_id").ok_or_else(|| field("transaction_id", "This field is required."))?;
    let named = state.transactions.get(&id).ok_or_else(missing)?;
    match (named.kind, named.parent.and_then(|parent| state.transactions.get(&parent))) {
        (Kind::Capture, Some(parent)) => Ok(parent.clone()),
        (Kind::Payment, _) => Ok(named.clone()),
        _ => Err(rule("Transaction is not a payment.")),
    }
}

fn check(parent: &Transaction, kind: Kind, amount: i64) -> Result<(), Box<Reply>> {
    let is_good = parent.stand == Stand::Succeeded && !parent.is_voided;
    let taken = if parent.is_auth { parent.captured } else { parent.amount };
    match kind {
        Kind::Capture if !is_good || !parent.is_auth => Err(rule("Transaction can not be captured.")),
        Kind::Capture if amount > parent.amount - parent.captured => {
            Err(field("amount_cents", "Captured amount exceeds the remaining authorized amount."))
        }
        Kind::Void if !is_good || parent.captured > 0 || parent.refunded > 0 => {
            Err(rule("Transaction can not be voided."))
        }
        Kind::Refund if !is_good || taken == 0 => Err(rule("Transaction can not be refunded.")),
        Kind::Refund if amount > taken - parent.refunded => {
            Err(field("amount_cents", "Refunded amount exceeds the remaining refundable amount."))
        }
        Kind::Payment | Kind::Capture | Kind::Void | Kind::Refund => Ok(()),
    }
}

impl State {
    fn child(&mut self, backstage: &Backstage, parent: &Transaction, kind: Kind, amount: i64) -> i64 {
        let now = backstage.clock.now();
        let id = self.number(280_000_000);
        self.file(Transaction {
            id,
            kind,
            parent: Some(parent.id),
            amount,
            stand: Stand::Pending,
            outcome: outcomes::asked_by(amount).unwrap_or(&outcomes::APPROVED),
            is_auth: false,
            captured: 0,
            refunded: 0,
            is_voided: false,
            saves: false,
            created_at: now,
            updated_at: now,
            source: match &parent.source {
                Source::Card(card) => Source::Card(card.clone()),
                Source::Wallet(phone) => Source::Wallet(phone.clone()),
            },
            currency: parent.currency.clone(),
            key: parent.key.clone(),
            ..*parent
        });
        match self.behaviour.movements_pending_ms {
            Some(after) => self.agenda.plan(later(now, after), Due::Complete(id)),
            None => self.completed(backstage, id),
        }
        id
    }

    /// A child is done, well or badly; the parent's totals follow.
    pub fn completed(&mut self, backstage: &Backstage, id: i64) {
        let Some(child) = self.transactions.get_mut(&id) else {
            return;
        };
        let is_approved = std::ptr::eq(child.outcome, &outcomes::APPROVED);
        child.stand = if is_approved { Stand::Succeeded } else { Stand::Failed };
        child.updated_at = backstage.clock.now();
        let (kind, amount, parent) = (child.kind, child.amount, child.parent);
        if is_approved && let Some(parent) = parent.and_then(|parent| self.transactions.get_mut(&parent)) {
            match kind {
                Kind::Capture => parent.captured += amount,
                Kind::Refund => parent.refunded += amount,
                Kind::Void => parent.is_voided = true,
                Kind::Payment => {}
            }
            parent.updated_at = backstage.clock.now();
        }
        self.announce(backstage, id);
        // The parent is told again, with its new flags (§10).
        if is_approved && let Some(parent) = parent {
            callbacks::transaction(self, backstage, parent);
        }
    }
}
