//! Captures, voids and refunds: transactions that act on an earlier one (§5).

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, json};

use super::answers::{Refusal, Version, record_not_found};
use super::checks::{self, Errors};
use super::processing::Decision;
use super::requests::once;
use super::state::{Due, Kind, State, Status, Transaction, tracking_key};
use super::{Begateway, SHOPS, Shop, codes};
use crate::simulator::clock::later;
use crate::simulator::delivery::BackOffice;

/// What a child does to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Capture,
    Void,
    Refund,
}

impl Act {
    fn kind(self) -> Kind {
        match self {
            Act::Capture => Kind::Capture,
            Act::Void => Kind::Void,
            Act::Refund => Kind::Refund,
        }
    }

    /// "transaction can't be …", as sample 27 says it of a refund.
    fn participle(self) -> &'static str {
        match self {
            Act::Capture => "captured",
            Act::Void => "voided",
            Act::Refund => "refunded",
        }
    }
}

/// `POST /transactions/captures`.
pub async fn capture(shared: Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    child(shared.0, headers, body, Act::Capture).await
}

/// `POST /transactions/voids`.
pub async fn void(shared: Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    child(shared.0, headers, body, Act::Void).await
}

/// `POST /transactions/refunds`.
pub async fn refund(shared: Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    child(shared.0, headers, body, Act::Refund).await
}

async fn child(begateway: Arc<Begateway>, headers: HeaderMap, body: Bytes, act: Act) -> Response {
    let version = Version::of(&headers);
    let process = |shop| begateway.process_child(shop, act, version, &body);
    once(&begateway, &headers, process).await
}

impl Begateway {
    fn process_child(
        &self,
        shop: &'static Shop,
        act: Act,
        version: Version,
        body: &[u8],
    ) -> Result<String, Box<Refusal>> {
        let request = checks::unwrap(body, "request")?;
        let now = self.now();
        let mut state = self.state();
        let mut errors = Errors::default();
        let parent_uid = errors.required_text(&request, "parent_uid", 255).unwrap_or_default();
        let amount = errors.amount(&request, "amount", 1);
        let duplicate_check = errors.boolean(&request, "duplicate_check", true);
        let reason = match act {
            Act::Refund => errors.required_text(&request, "reason", 255),
            Act::Capture | Act::Void => None,
        };
        errors.refuse()?;
        let Some(parent) = state.transaction(shop, parent_uid) else {
            return Err(Box::new(record_not_found()));
        };
        allow(act, parent, amount)?;
        let transaction = self.child_draft(act, parent, amount, reason);
        if duplicate_check {
            let repeats = &mut state.repeats;
            repeats.check_duplicate(shop, act.kind(), parent_uid, amount, version, now)?;
        }
        let uid = transaction.uid.clone();
        state.file(transaction);
        let decision = match codes::asked_by(amount) {
            Some(digits @ (9_998 | 9_999)) => Decision::Wait(digits),
            Some(digits) => Decision::Refuse(digits),
            None => Decision::Approve,
        };
        // What waits counts too, or two that wait could together exceed the parent.
        if matches!(decision, Decision::Approve | Decision::Wait(_))
            && let Some(parent) = state.transactions.get_mut(parent_uid)
        {
            match act {
                Act::Capture => parent.captured += amount,
                Act::Void => parent.voided += amount,
                Act::Refund => parent.refunded += amount,
            }
        }
        let pending_ms = state.behaviour.refunds_pending_ms;
        match (act, decision, pending_ms) {
            (Act::Refund, Decision::Approve, Some(pending_ms)) => {
                if let Some(refund) = state.transactions.get_mut(&uid) {
                    refund.status = Status::Pending;
                }
                state.agenda.plan(later(now, pending_ms), Due::Decide(uid.clone()));
            }
            _ => state.conclude(&self.backstage, &uid, decision),
        }
        Ok(uid)
    }

    /// What an employee does in the back office. The webhook about it goes where the parent's went.
    pub fn by_hand(&self, reference: &str, act: BackOffice) -> Result<(), String> {
        let (act, amount) = match act {
            BackOffice::Refund { amount_minor } => (Act::Refund, Some(amount_minor)),
            BackOffice::Capture { amount_minor } => (Act::Capture, Some(amount_minor)),
            BackOffice::Void => (Act::Void, None),
        };
        let found = parent_by_reference(&self.state(), act, reference);
        let (shop, uid, rest) = found.ok_or("there is no such transaction")?;
        let request = json!({ "request": {
            "parent_uid": uid,
            "amount": amount.unwrap_or(rest),
            "reason": "back office",
            "duplicate_check": false,
        } });
        let done = self.process_child(shop, act, Version::Two, request.to_string().as_bytes());
        done.map(drop).map_err(|refusal| refusal.words())
    }

    fn child_draft(&self, act: Act, parent: &Transaction, amount: i64, reason: Option<&str>) -> Transaction {
        let now = self.now();
        Transaction {
            uid: self.backstage.entropy.uuid(),
            kind: act.kind(),
            status: Status::Incomplete,
            amount,
            code: 9_998,
            message: None,
            description: None,
            bank: None,
            card: None,
            token: None,
            contract: Vec::new(),
            may_save: false,
            recurring: None,
            secure: None,
            wants_redirect: false,
            customer: Map::new(),
            billing_address: Map::new(),
            reason: reason.map(str::to_owned),
            parent_uid: Some(parent.uid.clone()),
            checkout: None,
            receipt: self.backstage.entropy.hex(10),
            created_at: now,
            updated_at: now,
            paid_at: None,
            expired_at: None,
            captured: 0,
            voided: 0,
            refunded: 0,
            ..parent.clone()
        }
    }
}

/// The rules of §5 and §13: what can be done to which transaction, and for how much.
fn allow(act: Act, parent: &Transaction, amount: i64) -> Result<(), Box<Refusal>> {
    let is_authorization = parent.kind == Kind::Authorization;
    let (is_right_type, remaining) = match act {
        Act::Capture => (is_authorization, parent.amount - parent.captured - parent.voided),
        // Void is for what was not captured (§13).
        Act::Void if parent.captured == 0 => (is_authorization, parent.amount - parent.voided),
        Act::Void => (false, 0),
        Act::Refund => {
            // In an authorization's life the capture is what is refunded (§13).
            let is_refundable = matches!(parent.kind, Kind::Payment | Kind::Capture);
            (is_refundable, parent.amount - parent.refunded)
        }
    };
    let is_possible = is_right_type && parent.status == Status::Successful && remaining > 0;
    if !is_possible {
        let text = format!("transaction can't be {}", act.participle());
        return Err(Refusal::base(StatusCode::UNPROCESSABLE_ENTITY, "E.1025", &text));
    }
    if amount > remaining {
        let mut errors = Errors::default();
        errors.add("amount", &format!("can't be greater than {remaining}"));
        return Err(Refusal::validation(&errors));
    }
    Ok(())
}

/// The newest transaction under a reference that the act is meant for, and what is left to void of it.
fn parent_by_reference(state: &State, act: Act, reference: &str) -> Option<(&'static Shop, String, i64)> {
    let is_meant = |found: &&Transaction| match act {
        Act::Capture | Act::Void => found.kind == Kind::Authorization,
        Act::Refund => matches!(found.kind, Kind::Payment | Kind::Capture),
    };
    let of_shop = |shop: &'static Shop| {
        let uids = state.transactions_by_tracking.ids(&tracking_key(shop, reference));
        let found = uids.iter().rev().filter_map(|uid| state.transactions.get(uid)).find(is_meant)?;
        Some((shop, found.uid.clone(), found.amount - found.captured - found.voided))
    };
    SHOPS.iter().find_map(of_shop)
}
