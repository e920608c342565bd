//! What comes of an attempt to pay, and everything that happens by itself afterwards. The ledger is
//! written here, in minor units.

use jiff::Timestamp;

use super::callbacks;
use super::cards::{self, Failure, Scenario};
use super::state::{Charge, ChargeStatus, Due, MINOR, Session, State, Status, Stored};
use crate::simulator::card::Card;
use crate::simulator::clock::later;
use crate::simulator::contract::Backstage;
use crate::simulator::ledger::{Kind, Movement};

/// Who is there while a card is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The customer, on a page of the provider: another try is possible.
    OnPage,
    /// The customer, on the merchant's page, or nobody.
    Elsewhere,
}

/// How often a customer may try on a page.
const PAGE_TRIES_MAX: usize = 3;

/// A line of the ledger about a session's charge.
fn line(
    session: &Session,
    charge: &Charge,
    kind: Kind,
    rupiah: i64,
    at: Timestamp,
    declined: bool,
) -> Movement {
    Movement {
        reference: session.reference.clone(),
        kind,
        amount_minor: rupiah.saturating_mul(MINOR),
        currency: "IDR".into(),
        transaction_id: charge.id.clone(),
        parent_id: None,
        at,
        declined,
    }
}

impl State {
    /// Tries a card. Answers whether the customer has to prove to be the holder first.
    pub fn try_card(
        &mut self,
        backstage: &Backstage,
        id: &str,
        card: Card,
        save: bool,
        presence: Presence,
        now: Timestamp,
    ) {
        let fingerprint = self.fingerprint(backstage, &card);
        let scenario = cards::scenario(&card, card.is_expired(now));
        let review_ms = self.behaviour.review_ms;
        let processing_ms = self.behaviour.processing_ms;
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.updated_at = now;
        let without_3ds = session.three_ds == "NEVER";
        // A page begins its charge when it is created, and each further try is one of its own.
        let waits = |charge: &Charge| charge.status == ChargeStatus::WaitingForUserAction;
        if !session.charges.last().is_some_and(waits) {
            session.begin_charge(backstage, now);
        }
        let Some(charge) = session.charges.last_mut() else { return };
        charge.card = Some((card.clone(), fingerprint));
        charge.updated_at = now;
        charge.save = save;
        let bypassed = ("NOT_AVAILABLE", "BYPASSED", "");
        let frictionless = ("SUCCESSFUL", "FRICTIONLESS", "05");
        charge.authentication = Some(if without_3ds { bypassed } else { frictionless });
        match scenario {
            Scenario::Challenged if !without_3ds => {
                charge.authentication = None;
                session.status = Status::RequireAction;
                session.challenge = Some((card, save));
            }
            Scenario::Refused(failure) => self.fail(backstage, id, failure, presence, now),
            Scenario::Review => {
                charge.status = ChargeStatus::Processing;
                charge.failure = Some(Failure {
                    code: "REQUIRE_REVIEW",
                    issuer: "",
                    message: "The payment is being reviewed.",
                    recommendation: "",
                });
                session.status = Status::Processing;
                self.agenda.plan(later(now, review_ms), Due::Succeed(id.to_owned()));
            }
            Scenario::Approved | Scenario::Challenged | Scenario::Foreign if processing_ms > 0 => {
                charge.status = ChargeStatus::Processing;
                session.status = Status::Processing;
                callbacks::payment(self, backstage, id, "PAYMENT.PROCESSING", now);
                self.agenda.plan(later(now, processing_ms), Due::Succeed(id.to_owned()));
            }
            Scenario::Approved | Scenario::Challenged | Scenario::Foreign => self.succeed(backstage, id, now),
        }
    }

    /// The challenge is over.
    pub fn finish_challenge(
        &mut self,
        backstage: &Backstage,
        id: &str,
        is_passed: bool,
        presence: Presence,
        now: Timestamp,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(id) else { return false };
        if session.challenge.take().is_none() || session.status.is_final() {
            return false;
        }
        session.updated_at = now;
        if let Some(charge) = session.charges.last_mut() {
            charge.authentication = Some(if is_passed {
                ("SUCCESSFUL", "CHALLENGE", "05")
            } else {
                ("FAILED", "CHALLENGE", "07")
            });
        }
        if is_passed {
            self.succeed(backstage, id, now);
        } else {
            self.fail(backstage, id, cards::AUTHENTICATION, presence, now);
        }
        true
    }

    /// The newest charge succeeds: money is taken, or reserved for a later capture.
    pub fn succeed(&mut self, backstage: &Backstage, id: &str, now: Timestamp) {
        let delay_ms = self.behaviour.stored_method_delay_ms;
        let Some(session) = self.sessions.get_mut(id) else { return };
        let (amount, is_manual) =
            (session.amount, session.is_manual && session.method.as_deref() == Some("CARD"));
        let Some(charge) = session.charges.last_mut() else { return };
        charge.authorized = Some(amount);
        charge.failure = None;
        charge.issuer = charge.card.as_ref().map(|_| "00");
        charge.updated_at = now;
        let kind = if is_manual {
            charge.status = ChargeStatus::WaitingForCapture;
            session.status = Status::Processing;
            Kind::Authorize
        } else {
            charge.status = ChargeStatus::Success;
            charge.captured = Some(amount);
            charge.paid_at = Some(now);
            session.status = Status::Paid;
            Kind::Charge
        };
        session.updated_at = now;
        let charge = charge.clone();
        backstage.ledger.record(line(session, &charge, kind, amount, now, false));
        if charge.save && (charge.card.is_some() || charge.wallet.is_some()) {
            let channel = match (&charge.card, &charge.wallet) {
                (Some((card, _)), _) => cards::brand(card).to_owned(),
                (None, wallet) => wallet.clone().unwrap_or_default().to_lowercase(),
            };
            backstage.ledger.record(line(session, &charge, Kind::Tokenize, 0, now, false));
            let customer = session.customer.clone();
            let stored = Stored {
                token: backstage.entropy.uuid(),
                channel,
                created_at: now,
                shown_at: later(now, delay_ms),
                card: charge.card,
            };
            self.store(&customer, stored);
        }
        let event = if is_manual { "PAYMENT.PROCESSING" } else { "PAYMENT.PAID" };
        callbacks::payment(self, backstage, id, event, now);
    }

    /// The newest charge fails. On a page the customer may try again.
    pub fn fail(
        &mut self,
        backstage: &Backstage,
        id: &str,
        failure: Failure,
        presence: Presence,
        now: Timestamp,
    ) {
        let ends = presence == Presence::Elsewhere || self.behaviour.declined_card_ends_session;
        let Some(session) = self.sessions.get_mut(id) else { return };
        let tries = session.charges.len();
        let Some(charge) = session.charges.last_mut() else { return };
        charge.status = ChargeStatus::Failed;
        charge.failure = Some(failure);
        charge.updated_at = now;
        charge.issuer = (!failure.issuer.is_empty()).then_some(failure.issuer);
        if failure.code == "AUTHENTICATION_FAILED" {
            charge.authentication = Some(("FAILED", "CHALLENGE", "07"));
        }
        let charge = charge.clone();
        session.updated_at = now;
        let amount = session.amount;
        backstage.ledger.record(line(session, &charge, Kind::Charge, amount, now, true));
        if ends || tries >= PAGE_TRIES_MAX {
            self.end(backstage, id, "CHARGE_FAILED", now);
        }
    }

    /// A session is cancelled, by whomever.
    pub fn end(&mut self, backstage: &Backstage, id: &str, reason: &str, now: Timestamp) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.status = Status::Cancelled;
        session.cancelled = Some((now, reason.to_owned()));
        session.updated_at = now;
        session.key = None;
        session.challenge = None;
        callbacks::payment(self, backstage, id, "PAYMENT.CANCELLED", now);
    }

    /// A session's time is over.
    pub fn expire(&mut self, backstage: &Backstage, id: &str, now: Timestamp) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let undecided = matches!(session.status, Status::RequireConfirmation | Status::RequireAction);
        if !undecided {
            return;
        }
        session.status = Status::Expired;
        session.updated_at = now;
        session.key = None;
        session.challenge = None;
        for charge in &mut session.charges {
            if charge.status == ChargeStatus::WaitingForUserAction {
                charge.status = ChargeStatus::Expired;
                charge.card = None;
                charge.failure = Some(Failure {
                    code: "CHARGE_EXPIRED",
                    issuer: "",
                    message: "CARD charge failed due to the transaction time has exceeded the channel \
                              expiration time.",
                    recommendation: "",
                });
            }
        }
        callbacks::payment(self, backstage, id, "PAYMENT.CANCELLED", now);
    }

    /// Everything that has become due.
    pub fn settle(&mut self, backstage: &Backstage) {
        let now = backstage.clock.now();
        while let Some(due) = self.agenda.take_due(now) {
            match due {
                Due::Expire(id) => {
                    // The end may have been moved forward since it was planned.
                    if self.sessions.get(&id).is_some_and(|session| session.expires_at <= now) {
                        self.expire(backstage, &id, now);
                    }
                }
                Due::Succeed(id) => {
                    let waits = |charge: &Charge| charge.status == ChargeStatus::Processing;
                    let session = self.sessions.get(&id);
                    if session.and_then(|session| session.charges.last()).is_some_and(waits) {
                        self.succeed(backstage, &id, now);
                    }
                }
                Due::Capture(session, capture) => self.complete_capture(backstage, &session, &capture, now),
                Due::Refund(id) => self.advance_refund(backstage, &id, now),
            }
        }
    }

    /// A capture is done: money is taken, and the rest released where that was asked for.
    fn complete_capture(&mut self, backstage: &Backstage, id: &str, capture_id: &str, now: Timestamp) {
        let fails = self.behaviour.captures_fail;
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(charge) = session.charges.last_mut() else { return };
        let authorized = charge.authorized.unwrap_or(0);
        let Some(capture) = charge.captures.iter_mut().find(|capture| capture.id == capture_id) else {
            return;
        };
        let (amount, releases) = (capture.amount, capture.releases);
        capture.status = if fails { "FAILED" } else { "SUCCESS" };
        if fails {
            return;
        }
        let captured = charge.captured.unwrap_or(0).saturating_add(amount);
        charge.captured = Some(captured);
        charge.updated_at = now;
        let rest = authorized - captured;
        let is_over = releases || rest == 0;
        if is_over {
            charge.status = ChargeStatus::Success;
            charge.paid_at = Some(now);
            session.status = Status::Paid;
        }
        session.updated_at = now;
        let charge = charge.clone();
        backstage.ledger.record(line(session, &charge, Kind::Capture, amount, now, false));
        if is_over && rest > 0 {
            backstage.ledger.record(line(session, &charge, Kind::Void, rest, now, false));
        }
        if is_over {
            callbacks::payment(self, backstage, id, "PAYMENT.PAID", now);
        }
    }

    /// Gives a whole reservation back (not published; see the knob).
    pub fn release(&mut self, backstage: &Backstage, id: &str, now: Timestamp) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let rest = session.charges.last().and_then(|charge| charge.authorized).unwrap_or(0);
        if let Some(charge) = session.charges.last().cloned() {
            backstage.ledger.record(line(session, &charge, Kind::Void, rest, now, false));
        }
        self.end(backstage, id, "VOID_SESSION", now);
    }
}
