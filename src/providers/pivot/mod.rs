//! Pivot (Indonesia): the conversation.
//!
//! Sources, sandbox facts, quirks and the status map are in the README beside this file. This one is
//! the table of contents: the stages of every conversation, and which answer goes where.
//!
//! Everything about paying is one thing at Pivot, the payment session. It is created (`opening`, and
//! `charging` for a stored token; said in `wire`, `method` and `order`), confirmed with a card
//! (`confirming`), closed (`closing`), and asked for (`looking`), read (`session`) and judged
//! (`verdict`). `customer` finds the card that a payment saved, `movement` has captures and refunds,
//! `notice` reads what Pivot tells by itself.
//!
//! The adapter must never make a second session for one payment, never confirm one twice, and never
//! take a browser's return for an answer.

mod account;
mod amount;
mod charging;
mod closing;
mod confirming;
mod customer;
mod decline;
mod envelope;
mod key;
mod looking;
mod method;
mod movement;
mod notice;
mod opening;
mod order;
mod profile;
mod session;
#[cfg(test)]
mod tests;
mod verdict;
mod wire;

use std::sync::Arc;

use account::Account;
use customer::Wanted;
use method::unsupported;

pub use profile::{EXAMPLE, PROFILE};

use super::contract::{
    AccessToken, Context, Fault, Feature, Inquiry, Operation, OperationKind, Profile, Provider, Reply,
    Request, Step, Support,
};
use super::conversation::AnyProvider;
use super::notice::{Notice, Refusal, Told};
use super::settings::Settings;
use crate::domain::card::StoredToken;
use crate::domain::order::MethodKind;
use crate::domain::outcome::{Outcome, PaymentReport, Standing};

/// Sets an account up. Mistakes are noted in the settings.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Pivot { account: Account::read(settings) })
}

/// One merchant.
pub struct Pivot {
    account: Account,
}

/// Where a conversation has got to.
#[derive(Debug)]
pub enum Stage {
    /// A session was asked for.
    Opening,
    /// The session's reference was taken, and what stands under it was asked for.
    Adopting,
    /// A session was confirmed with a card.
    Confirming,
    /// A session that charges a token was asked for.
    Charging,
    /// Its reference was taken, and what stands under it was asked for.
    AdoptingCharge,
    /// A session was asked for by its id.
    Reading,
    /// Sessions were asked for by our reference.
    Searching,
    /// The customer was asked for, to find the card that the payment saved.
    ReadingCustomer(Box<AfterPaying>),
    /// A session was cancelled.
    Cancelling,
    /// It could not be, and was asked for.
    ReadingUncancelled,
    /// A capture was sent.
    Capturing,
    /// A refund was sent.
    Refunding,
    /// The same was sent again, to hear the first answer.
    RefundingAgain,
    /// A session was cancelled to give its reservation back.
    Voiding,
    /// The session was asked for what became of a void.
    ReadingVoided,
    /// The session was asked for what became of a capture.
    ReadingCapture,
    /// A refund was asked for by its id.
    ReadingRefund,
    /// A page of refunds was asked for.
    ScanningRefunds {
        /// Which page, from 1.
        page: i64,
        /// Whether the refund may be sent again when the pages do not tell.
        may_resend: bool,
    },
}

/// A payment whose card is looked for.
#[derive(Debug)]
pub struct AfterPaying {
    report: PaymentReport,
    customer: String,
    wanted: Wanted,
}

impl Provider for Pivot {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn support(&self, feature: Feature) -> Support {
        let mit = &self.account.mit;
        let when = |is_on: bool, instead: &'static str| match is_on {
            true => Support::Yes,
            false => Support::No { instead },
        };
        match feature {
            Feature::ChargeRecurring | Feature::ChargeUnscheduled => when(mit.enabled, profile::MIT_INSTEAD),
            Feature::ChargeInstallment => {
                when(mit.enabled && mit.type_installment.is_some(), profile::INSTALLMENT_INSTEAD)
            }
            Feature::Void => when(self.account.void_via_cancel, profile::VOID_INSTEAD),
            other => PROFILE.support(other),
        }
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.methods.of(kind)
    }

    fn sign_in(&self, operation: OperationKind, _cx: &Context<'_>) -> Option<Request> {
        match operation {
            // Nothing is sent for it.
            OperationKind::DeleteToken => None,
            OperationKind::Void if !self.account.void_via_cancel => None,
            OperationKind::OpenSession
            | OperationKind::ReadSession
            | OperationKind::ConfirmSession
            | OperationKind::CancelSession
            | OperationKind::Charge
            | OperationKind::Capture
            | OperationKind::Void
            | OperationKind::Refund
            | OperationKind::InquirePayment
            | OperationKind::InquireMovement => Some(self.account.sign_in()),
        }
    }

    fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        self.account.signed_in(reply, cx)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        wire::token_value(token)?;
        wire::token_customer(token).map(|_| ())
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        match operation {
            Operation::OpenSession(order) => self.open(order, cx),
            Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry) => self.look(inquiry, cx),
            Operation::ConfirmSession(confirmation) => self.confirm(confirmation, cx),
            Operation::CancelSession(inquiry) => self.cancel(inquiry, cx),
            Operation::Charge(charge) => self.charge(charge, cx),
            Operation::Capture(movement) => self.capture(movement, cx),
            Operation::Void(movement) => self.void(movement, cx),
            Operation::Refund(movement) => self.refund(movement, cx),
            Operation::InquireMovement(inquiry) => self.ask_again(inquiry, cx),
            Operation::DeleteToken(_) => {
                Err(unsupported("deleting a token at Pivot", "deleting it here: it is not charged any more"))
            }
        }
    }

    fn resume(
        &self,
        operation: &Operation,
        stage: Stage,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        match (operation, stage) {
            (Operation::OpenSession(order), Stage::Opening) => self.opened(order, reply, cx),
            (Operation::OpenSession(order), Stage::Adopting) => self.adopted(order, reply),
            (Operation::ConfirmSession(confirmation), Stage::Confirming) => {
                self.confirmed(confirmation, reply)
            }
            (Operation::Charge(charge), Stage::Charging) => self.charged(charge, reply, cx),
            (Operation::Charge(charge), Stage::AdoptingCharge) => self.charge_adopted(charge, reply),
            (
                Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry),
                Stage::Reading | Stage::Searching,
            ) => self.seen(inquiry, reply, cx),
            (Operation::ReadSession(_) | Operation::InquirePayment(_), Stage::ReadingCustomer(after)) => {
                Ok(self.customer_seen(*after, reply))
            }
            (Operation::CancelSession(inquiry), Stage::Cancelling) => self.cancelled(inquiry, reply, cx),
            (Operation::CancelSession(inquiry), Stage::ReadingUncancelled) => {
                self.not_cancelled(inquiry, reply)
            }
            (Operation::Capture(movement), Stage::Capturing) => self.captured(movement, reply),
            (Operation::Refund(_), Stage::Refunding) => self.refunded(reply, cx),
            (Operation::Refund(movement), Stage::ScanningRefunds { page, may_resend }) => {
                self.scanned(movement, None, (page, may_resend), reply, cx)
            }
            (Operation::Void(movement), Stage::Voiding) => self.voided(movement, reply, cx),
            (Operation::Void(movement), Stage::ReadingVoided) => self.void_seen(movement, reply),
            (Operation::InquireMovement(inquiry), Stage::ReadingVoided) => {
                self.void_seen(&inquiry.movement, reply)
            }
            (Operation::InquireMovement(inquiry), Stage::ReadingCapture) => self.capture_seen(inquiry, reply),
            (Operation::InquireMovement(_), Stage::ReadingRefund) => self.refund_seen(reply),
            (Operation::InquireMovement(inquiry), Stage::ScanningRefunds { page, may_resend }) => {
                self.scanned(&inquiry.movement, Some(inquiry), (page, may_resend), reply, cx)
            }
            (Operation::InquireMovement(_), Stage::RefundingAgain) => self.refunded_again(reply),
            _ => Err(Fault::unintelligible("an answer at a stage that its operation does not have")),
        }
    }

    fn unanswered(&self, stage: Stage) -> Option<Outcome> {
        if let Stage::ReadingCustomer(after) = stage { Some(Self::customer_unseen(*after)) } else { None }
    }

    fn read_notice(&self, notice: &Notice<'_>, _cx: &Context<'_>) -> Result<Told, Refusal> {
        self.read_callback(notice)
    }

    fn outcome_told(
        &self,
        inquiry: &Inquiry,
        notice: &Notice<'_>,
        _cx: &Context<'_>,
    ) -> Result<Outcome, Fault> {
        self.outcome_of_callback(inquiry, notice)
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["adopting", "opening"],
            OperationKind::ReadSession | OperationKind::InquirePayment => {
                &["customer", "reference", "session"]
            }
            OperationKind::ConfirmSession => &["confirming"],
            OperationKind::CancelSession => &["session", "cancelling"],
            OperationKind::Charge => &["adopting", "charging"],
            OperationKind::Capture => &["capturing"],
            OperationKind::Void => &["session", "voiding"],
            OperationKind::Refund => &["refunds", "refunding"],
            OperationKind::InquireMovement => &["again", "refunds", "void", "capture", "refund"],
            OperationKind::DeleteToken => &[],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        let kind = operation.kind();
        if !Provider::stages(self, kind).contains(&name) {
            return None;
        }
        Some(match (kind, name) {
            (OperationKind::OpenSession, "opening") => Stage::Opening,
            (OperationKind::OpenSession, _) => Stage::Adopting,
            (OperationKind::ConfirmSession, _) => Stage::Confirming,
            (OperationKind::CancelSession, "cancelling") => Stage::Cancelling,
            (OperationKind::CancelSession, _) => Stage::ReadingUncancelled,
            (OperationKind::Charge, "charging") => Stage::Charging,
            (OperationKind::Charge, _) => Stage::AdoptingCharge,
            (OperationKind::Capture, _) => Stage::Capturing,
            (OperationKind::Void, "voiding") => Stage::Voiding,
            (OperationKind::Refund, "refunding") => Stage::Refunding,
            (_, "refunds") => Stage::ScanningRefunds { page: 1, may_resend: false },
            (OperationKind::InquireMovement, "capture") => Stage::ReadingCapture,
            (OperationKind::InquireMovement, "refund") => Stage::ReadingRefund,
            (OperationKind::InquireMovement, "again") => Stage::RefundingAgain,
            (OperationKind::InquireMovement | OperationKind::Void, _) => Stage::ReadingVoided,
            (_, "reference") => Stage::Searching,
            (_, "customer") => Stage::ReadingCustomer(Box::new(AfterPaying {
                report: PaymentReport::new(Standing::Processing),
                customer: String::new(),
                wanted: Wanted::Newest,
            })),
            (_, _) => Stage::Reading,
        })
    }
}
