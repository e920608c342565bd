//! What becomes of a card transaction: decided once, written once.
//!
//! The hosted page and the host-to-host requests both end here, so a card means the same in both.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::codes::{self, Secure};
use super::state::{Bank, Due, Kind, SavedCard, State, Status, Transaction};
use super::webhooks;
use crate::simulator::card::Card;
use crate::simulator::clock::later;
use crate::simulator::contract::Backstage;
use crate::simulator::ledger::{self, Movement};

/// A passed 3-D Secure is good for later charges of the token this long: an hour (§6).
const PROOF_MS: i64 = 60 * 60 * 1_000;

/// What is to happen to a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The issuer approves.
    Approve,
    /// The issuer, or whoever is asked before it, refuses with these digits.
    Refuse(u16),
    /// The customer has to pass a challenge first.
    Challenge,
    /// 3-D Secure failed with this status (`U`, `R`, `N`).
    FailSecure(&'static str),
    /// Nobody knows yet.
    Wait(u16),
}

/// What is known of a card transaction before it is decided.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub card: &'a Card,
    pub amount: i64,
    /// A code asked for by name.
    pub expected_code: Option<u16>,
    /// Whether the customer is there and 3-D Secure applies.
    pub is_secured: bool,
    pub now: Timestamp,
}

/// Decides about a card: what was asked for by name or amount, else what the card does.
pub fn decide(facts: &Facts<'_>) -> Decision {
    let asked = facts.expected_code.or_else(|| codes::asked_by(facts.amount));
    match asked {
        Some(0) => return Decision::Approve,
        Some(4_011 | 4_012) => return Decision::Challenge,
        Some(digits @ (9_998 | 9_999)) => return Decision::Wait(digits),
        Some(digits) => return Decision::Refuse(digits),
        None => {}
    }
    if facts.card.is_expired(facts.now) {
        return Decision::Refuse(111);
    }
    let Some(card) = codes::test_card(&facts.card.number) else {
        return Decision::Refuse(127);
    };
    if facts.is_secured {
        match card.secure {
            Secure::Challenge => return Decision::Challenge,
            Secure::Fails(status) => return Decision::FailSecure(status),
            Secure::None | Secure::Frictionless(_) => {}
        }
    }
    after_authentication(facts.card)
}

/// What the issuer says once the customer is known.
pub fn after_authentication(card: &Card) -> Decision {
    match codes::test_card(&card.number) {
        Some(card) if card.is_approved => Decision::Approve,
        _ => Decision::Refuse(105),
    }
}

/// Whether 3-D Secure applies to a charge of a saved card (§6).
pub fn secures_saved_card(saved: &SavedCard, is_merchant_initiated: bool, now: Timestamp) -> bool {
    if !saved.shop.has_three_d_secure {
        return false;
    }
    let allows = |name| saved.contract.iter().any(|contract| contract == name);
    let is_mandate = allows("recurring") || allows("card_on_file");
    if is_merchant_initiated && is_mandate {
        return false;
    }
    let proven_ms = saved.proven_at.map(|at| now.as_millisecond() - at.as_millisecond());
    proven_ms.is_none_or(|ms| ms >= PROOF_MS)
}

impl State {
    /// Writes a decision into a filed transaction: status, code, sections, token, ledger,
    /// webhook, and what follows by itself.
    pub fn conclude(&mut self, backstage: &Backstage, uid: &str, decision: Decision) {
        let now = backstage.clock.now();
        let (undecided_ms, abandoned_ms) =
            (self.behaviour.undecided_for_ms, self.behaviour.abandoned_after_ms);
        let Some(transaction) = self.transactions.get_mut(uid) else {
            return;
        };
        transaction.updated_at = now;
        transaction.wants_redirect = false;
        match decision {
            Decision::Approve => approve(transaction, backstage, now),
            Decision::Refuse(digits) => refuse(transaction, backstage, digits),
            Decision::FailSecure(status) => fail_secure(transaction, status),
            Decision::Challenge => {
                transaction.status = Status::Incomplete;
                transaction.code = 4_012;
                transaction.message = None;
                transaction.wants_redirect = true;
                transaction.bank = Some(unanswered());
                transaction.secure = Some(challenge_section(backstage, uid));
                let due = Due::CloseAbandoned(uid.to_owned());
                self.agenda.plan(later(now, abandoned_ms), due);
            }
            Decision::Wait(digits) => {
                transaction.status = Status::Incomplete;
                transaction.code = digits;
                transaction.message = None;
                transaction.bank = Some(unanswered());
                self.agenda.plan(later(now, undecided_ms), Due::Decide(uid.to_owned()));
            }
        }
        self.finish(backstage, uid);
    }

    /// What follows a final status.
    fn finish(&mut self, backstage: &Backstage, uid: &str) {
        let Some(transaction) = self.transactions.get(uid).cloned() else {
            return;
        };
        if !transaction.status.is_final() {
            return;
        }
        let transaction = self.with_token(backstage, transaction);
        self.transactions.put(uid.to_owned(), transaction.clone());
        record(backstage, &transaction);
        self.advance_checkout(&transaction);
        webhooks::transaction(&self.behaviour, backstage, &transaction);
    }

    /// A successful transaction with a contract makes a token, or proves the one it used (§6).
    fn with_token(&mut self, backstage: &Backstage, mut transaction: Transaction) -> Transaction {
        if transaction.status != Status::Successful {
            // `recurring_type` and the token of a refused first payment are null (sample 13).
            if transaction.recurring == Some("initial") {
                transaction.recurring = None;
            }
            return transaction;
        }
        let status = transaction.secure.as_ref().map(|secure| secure["status"].clone());
        let proven_at = (status == Some(json!("successful"))).then_some(transaction.updated_at);
        if let Some(saved) = transaction.token.as_ref().and_then(|t| self.cards.get_mut(t)) {
            saved.proven_at = proven_at.or(saved.proven_at);
            return transaction;
        }
        let (Some(card), true) = (&transaction.card, transaction.may_save) else {
            return transaction;
        };
        let is_setup = transaction.kind == Kind::Tokenization;
        if transaction.contract.is_empty() && !is_setup {
            return transaction;
        }
        let token = backstage.entropy.uuid();
        let saved = SavedCard {
            token: token.clone(),
            shop: transaction.shop,
            card: card.clone(),
            contract: transaction.contract.clone(),
            proven_at,
        };
        self.cards.put(token.clone(), saved);
        transaction.token = Some(token);
        transaction
    }

    /// A checkout is finished by a success, or when the attempts are used up (§4.1).
    fn advance_checkout(&mut self, transaction: &Transaction) {
        let checkout = transaction.checkout.as_ref();
        let Some(checkout) = checkout.and_then(|token| self.checkouts.get_mut(token)) else {
            return;
        };
        checkout.attempts_left = checkout.attempts_left.saturating_sub(1);
        let is_paid = transaction.status == Status::Successful;
        checkout.is_finished |= is_paid || checkout.attempts_left == 0;
    }

    /// Everything that has become due happens, in its order.
    pub fn settle(&mut self, backstage: &Backstage) {
        let now = backstage.clock.now();
        while let Some(due) = self.agenda.take_due(now) {
            match due {
                Due::ExpireCheckout(token) => self.expire_checkout(backstage, &token),
                Due::ExpireTransaction(uid) => self.expire(backstage, &uid),
                Due::CloseAbandoned(uid) => self.close_abandoned(backstage, &uid),
                Due::Decide(uid) => {
                    let status = self.transactions.get(&uid).map(|found| found.status);
                    if matches!(status, Some(Status::Incomplete | Status::Pending)) {
                        self.conclude(backstage, &uid, Decision::Approve);
                    }
                }
            }
        }
    }

    /// The time to pay in is over (sample 17).
    pub fn expire(&mut self, backstage: &Backstage, uid: &str) {
        self.close(backstage, uid, Status::Expired, 109);
    }

    /// The customer never came back from the challenge (sample 74).
    pub fn close_abandoned(&mut self, backstage: &Backstage, uid: &str) {
        let is_waiting = self.transactions.get(uid).is_some_and(|found| found.wants_redirect);
        if is_waiting {
            self.close(backstage, uid, Status::Failed, 998);
        }
    }

    fn close(&mut self, backstage: &Backstage, uid: &str, status: Status, digits: u16) {
        let now = backstage.clock.now();
        let Some(transaction) = self.transactions.get_mut(uid) else {
            return;
        };
        if transaction.status.is_final() {
            return;
        }
        transaction.status = status;
        transaction.code = digits;
        transaction.message = codes::find(digits).map(|code| code.message.to_owned());
        transaction.wants_redirect = false;
        transaction.bank = None;
        transaction.updated_at = now;
        self.finish(backstage, uid);
    }

    /// The window of a checkout is over, unless it was used (sample 07).
    pub fn expire_checkout(&mut self, backstage: &Backstage, token: &str) {
        let Some(checkout) = self.checkouts.get_mut(token) else {
            return;
        };
        if checkout.is_open() {
            checkout.is_expired = true;
            webhooks::expired_checkout(self, backstage, token);
        }
    }
}

fn approve(transaction: &mut Transaction, backstage: &Backstage, now: Timestamp) {
    let title = transaction.kind.title();
    transaction.status = Status::Successful;
    transaction.code = 0;
    transaction.paid_at = Some(now);
    transaction.message = Some(match transaction.kind.is_child() {
        true => "Successfully processed".to_owned(),
        false => "Transaction is successful.".to_owned(),
    });
    // A tokenization asks no acquirer (sample 52). Test approvals of payments carry bank code 05,
    // a decline's code: it must not be read as a verdict (§8.4).
    transaction.bank = (transaction.kind != Kind::Tokenization).then(|| Bank {
        auth_code: Some("654321"),
        bank_code: Some("05"),
        rrn: Some(backstage.entropy.digits(12)),
        ref_id: Some(backstage.entropy.digits(8)),
        message: Some(format!("{title} was approved")),
    });
    let card = transaction.card.as_ref();
    let test_card = card.and_then(|card| codes::test_card(&card.number));
    let was_challenged = transaction.secure.is_some();
    let status = match test_card.map(|card| card.secure) {
        _ if was_challenged => Some("Y"),
        Some(Secure::Frictionless(status)) if is_secured(transaction) => Some(status),
        _ => None,
    };
    transaction.secure = status.map(|status| {
        json!({
            "status": "successful",
            "message": "Authentication Successful",
            "ve_status": "Y",
            "pa_status": status,
            "eci": if status == "Y" { "05" } else { "06" },
            "xid": "c2ltdWxhdG9yLXhpZC0wMDAwMDA=",
            "cavv": "c2ltdWxhdG9yLWNhdnYtMDAwMDA=",
            "cavv_algorithm": "2",
            "fail_reason": null,
        })
    });
}

/// Whether a frictionless authentication took place: with the customer, on a shop that has it.
fn is_secured(transaction: &Transaction) -> bool {
    transaction.shop.has_three_d_secure && transaction.recurring != Some("recurring")
}

fn refuse(transaction: &mut Transaction, backstage: &Backstage, digits: u16) {
    let known = codes::find(digits);
    let bank_code = known.map_or("05", |code| code.bank_code);
    let title = transaction.kind.title();
    transaction.status = Status::Failed;
    transaction.code = digits;
    let message = known.map_or("Transaction is declined.", |code| code.message);
    transaction.message = Some(message.to_owned());
    let bank_message = match bank_code {
        "96" => "System malfunction".to_owned(),
        "41" | "43" => "Pick up card".to_owned(),
        _ => format!("{title} was declined"),
    };
    transaction.bank = (!bank_code.is_empty()).then(|| Bank {
        auth_code: None,
        bank_code: Some(bank_code),
        rrn: Some(backstage.entropy.digits(12)),
        ref_id: Some(backstage.entropy.digits(8)),
        message: Some(bank_message),
    });
    if (4_000..5_000).contains(&digits) {
        transaction.secure = Some(failed_section("N"));
    }
}

fn fail_secure(transaction: &mut Transaction, status: &'static str) {
    // Which digits belong to which status is not published; all three mean "failed" (§8.4).
    let digits = match status {
        "U" => 4_030,
        "R" => 4_013,
        _ => 4_001,
    };
    transaction.status = Status::Failed;
    transaction.code = digits;
    transaction.message = codes::find(digits).map(|code| code.message.to_owned());
    transaction.bank = None;
    transaction.secure = Some(failed_section(status));
}

fn failed_section(status: &str) -> Value {
    json!({
        "status": "failed",
        "message": "Authentication Failed",
        "ve_status": "Y",
        "pa_status": status,
        "eci": "07",
        "xid": null,
        "cavv": null,
        "fail_reason": "01",
    })
}

fn challenge_section(backstage: &Backstage, uid: &str) -> Value {
    json!({
        "status": "incomplete",
        "message": "Authentication Available",
        "ve_status": "Y",
        "acs_url": null,
        "pa_req": null,
        "md": null,
        "pa_res_url": format!("{}/process/{uid}", backstage.base_url()),
        "eci": null,
        "pa_status": null,
        "xid": null,
        "cavv": null,
        "cavv_algorithm": null,
        "fail_reason": null,
        "creq": null,
    })
}

fn unanswered() -> Bank {
    Bank { auth_code: None, bank_code: None, rrn: None, ref_id: None, message: None }
}

/// The ledger's line about a finished transaction.
fn record(backstage: &Backstage, transaction: &Transaction) {
    let kind = match transaction.kind {
        Kind::Payment => ledger::Kind::Charge,
        // A zero-amount authorization stores a card; no funds are reserved.
        Kind::Authorization if transaction.amount == 0 => ledger::Kind::Tokenize,
        Kind::Authorization => ledger::Kind::Authorize,
        Kind::Tokenization => ledger::Kind::Tokenize,
        Kind::Credit => ledger::Kind::Credit,
        Kind::Capture => ledger::Kind::Capture,
        Kind::Void => ledger::Kind::Void,
        Kind::Refund => ledger::Kind::Refund,
    };
    if transaction.status == Status::Expired {
        return;
    }
    backstage.ledger.record(Movement {
        reference: transaction.tracking_id.clone().unwrap_or_default(),
        kind,
        amount_minor: transaction.amount,
        currency: transaction.currency.clone(),
        transaction_id: transaction.uid.clone(),
        parent_id: transaction.parent_uid.clone(),
        at: transaction.updated_at,
        declined: transaction.status == Status::Failed,
    });
}
