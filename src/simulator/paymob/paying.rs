//! `payments/pay`, and what becomes of every attempt to pay.

use std::sync::Arc;

use axum::extract::State as Shared;
use bytes::Bytes;
use serde_json::Value;

use super::answers::{self, Answer, Reply, field, missing, refusal, rule};
use super::outcomes::{self, Outcome};
use super::state::{Due, Kind, PaymentKey, SavedCard, Source, Stand, State, Transaction};
use super::{Paymob, Purpose, Shape, callbacks, purpose, views};
use crate::simulator::clock::later;
use crate::simulator::contract::Backstage;

/// `POST /api/acceptance/payments/pay`: a saved card, or a wallet (samples 04 and 05).
pub async fn pay(Shared(paymob): Shared<Arc<Paymob>>, body: Bytes) -> Answer {
    let body = answers::object(&body)?;
    let mut state = paymob.state();
    let value = body.get("payment_token").and_then(Value::as_str).unwrap_or_default();
    let key = state.keys.get(value).cloned();
    let key = key.ok_or_else(|| refusal(401, serde_json::json!({ "detail": "Invalid payment token." })))?;
    if paymob.now() >= key.expires_at {
        return Err(refusal(401, serde_json::json!({ "detail": "Payment token has expired." })));
    }
    let source = body.get("source").unwrap_or(&Value::Null);
    let identifier = source["identifier"].as_str().unwrap_or_default();
    let source = match source["subtype"].as_str() {
        Some("TOKEN") => {
            let saved = state.cards.get(identifier);
            let saved = saved.ok_or_else(|| field("source", "Card token not found."))?;
            if state.behaviour.key_needs_token
                && key.intention.is_none()
                && key.token.as_deref() != Some(identifier)
            {
                return Err(rule("The payment key was not made for this card token."));
            }
            Source::Card(saved.card.clone())
        }
        Some("WALLET") if purpose(key.integration) == Some(Purpose::Wallet) => {
            Source::Wallet(identifier.chars().take(20).collect())
        }
        _ => return Err(field("source", "Unsupported source.")),
    };
    let attempt = Attempt { source, cvc: None, saves: false };
    let id = state.attempt(&paymob.backstage, &key, attempt)?;
    let transaction = state.transactions.get(&id).ok_or_else(missing)?;
    let shown = match state.behaviour.pay_shape {
        Shape::Flat => views::flat(&state, transaction, paymob.backstage.base_url()),
        Shape::Wrapped => views::wrapped(&state, transaction),
    };
    Ok(Reply::ok(shown))
}

/// How somebody tries to pay.
pub struct Attempt {
    pub source: Source,
    /// Where the customer typed one.
    pub cvc: Option<String>,
    pub saves: bool,
}

impl State {
    /// A payment of an order with a key. Answers with the transaction.
    pub fn attempt(
        &mut self,
        backstage: &Backstage,
        key: &PaymentKey,
        attempt: Attempt,
    ) -> Result<i64, Box<Reply>> {
        let now = backstage.clock.now();
        let order = self.orders.get(&key.order).ok_or_else(missing)?;
        // A page's order is never paid twice; a key's only when it was not to be locked (§4).
        if self.is_paid(order) && (key.locks_order || key.intention.is_some()) {
            return Err(rule("The order is already paid and locked."));
        }
        let kind = purpose(key.integration).ok_or_else(missing)?;
        let Attempt { source, cvc, saves } = attempt;
        let has_challenge =
            matches!(kind, Purpose::ThreeDSecure | Purpose::Authorize | Purpose::Verification);
        let (outcome, is_challenged) = match &source {
            Source::Card(card) => {
                let known = outcomes::test_card(&card.number);
                let outcome = outcomes::of_card(card, cvc.as_deref(), key.amount, now);
                (outcome, has_challenge && known.is_some_and(|card| card.is_challenged))
            }
            Source::Wallet(_) => (outcomes::asked_by(key.amount).unwrap_or(&outcomes::APPROVED), true),
        };
        let id = self.number(280_000_000);
        self.file(Transaction {
            id,
            order: key.order,
            kind: Kind::Payment,
            parent: None,
            integration: key.integration,
            amount: key.amount,
            currency: key.currency.clone(),
            stand: if is_challenged { Stand::Challenged } else { Stand::Pending },
            outcome,
            source,
            is_auth: matches!(kind, Purpose::Authorize | Purpose::AuthorizeMoto),
            is_three_d_secure: has_challenge,
            captured: 0,
            refunded: 0,
            is_voided: false,
            key: key.value.clone(),
            saves: saves && self.behaviour.tokenization_enabled,
            created_at: now,
            updated_at: now,
        });
        if !is_challenged {
            self.decided(backstage, id, outcome);
        }
        Ok(id)
    }

    /// A payment is decided: by the card, by the customer at the bank, or by the clock.
    pub fn decided(&mut self, backstage: &Backstage, id: i64, outcome: &'static Outcome) {
        let now = backstage.clock.now();
        let undecided_for = self.behaviour.undecided_for_ms;
        let Some(transaction) = self.transactions.get_mut(&id) else {
            return;
        };
        transaction.updated_at = now;
        transaction.outcome = outcome;
        if outcome.is_undecided {
            transaction.stand = Stand::Pending;
            if let Some(after) = undecided_for {
                self.agenda.plan(later(now, after), Due::Decide(id));
            }
            return;
        }
        let is_approved = std::ptr::eq(outcome, &outcomes::APPROVED);
        transaction.stand = if is_approved { Stand::Succeeded } else { Stand::Failed };
        let transaction = transaction.clone();
        self.announce(backstage, id);
        if is_approved && transaction.saves {
            self.save_card(backstage, &transaction);
        }
    }

    /// A token of its own kind of callback, and for whoever asks (§6).
    fn save_card(&mut self, backstage: &Backstage, transaction: &Transaction) {
        let Source::Card(card) = &transaction.source else {
            return;
        };
        let now = backstage.clock.now();
        let key = self.keys.get(&transaction.key);
        let email = key.and_then(|key| key.billing.get("email")).and_then(Value::as_str).unwrap_or("NA");
        let intention = key.and_then(|key| self.intentions.get(key.intention.as_ref()?));
        let saved = SavedCard {
            id: 0,
            token: backstage.entropy.hex(56),
            card: card.clone(),
            order: transaction.order,
            email: email.to_owned(),
            intention: intention.map(|intention| intention.id.clone()),
            created_at: now,
        };
        let saved = SavedCard { id: self.number(8_800_000), ..saved };
        let from = later(now, self.behaviour.token_delay_ms);
        if let Some(order) = self.orders.get_mut(&transaction.order) {
            order.saved.push((saved.token.clone(), from));
        }
        let token = saved.token.clone();
        self.cards.put(token.clone(), saved);
        callbacks::token(self, backstage, &token, &transaction.key, from);
    }
}
