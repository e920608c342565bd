//! beGateway, the platform of eComCharge behind bePaid and other white labels: the conversation.
//!
//! Sources, sandbox facts, quirks and the status map are in the README beside this file. What is
//! sent stands in `page` (the hosted page), `wire` (payments) and `movement`; what comes back is
//! recognised in `answer` and judged in `verdict`; what comes by itself is believed, or not, in
//! `notice`. Of the conversation, `sessions` and `charging` have what pays, and `looking` what asks.
//! Nothing here may decide from an HTTP code or a browser's word that money moved, or send a second
//! payment under one reference.

mod account;
mod answer;
mod charging;
mod decline;
mod exponents;
mod looking;
mod movement;
mod notice;
mod page;
mod profile;
mod sessions;
#[cfg(test)]
mod tests;
mod verdict;
mod wire;

use std::sync::Arc;

use account::Account;
use charging::view_of_charge;
use sessions::view_of_confirmation;

pub use profile::{EXAMPLE, PROFILE};

use super::contract::{
    Context, Fault, Feature, Inquiry, Operation, OperationKind, Profile, Provider, Reply, Step, Support,
};
use super::conversation::AnyProvider;
use super::notice::{Notice, Refusal as Disbelief, Told};
use super::settings::Settings;
use crate::domain::card::StoredToken;
use crate::domain::order::MethodKind;
use crate::domain::outcome::{Decline, DeclineReason, Outcome, RetryAdvice};

/// The name under which a [`Trace`] keeps the contract of a card that is being saved.
const CONTRACT: &str = "contract";

/// Sets an account up. Mistakes are noted in the settings.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Begateway { account: Account::read(settings) })
}

/// One shop at one white label.
pub struct Begateway {
    account: Account,
}

/// Where a conversation has got to.
#[derive(Debug)]
pub enum Stage {
    /// A hosted page was asked for.
    Opening,
    /// A payment, authorization, tokenization or charge was sent.
    Paying,
    /// A payment was refused as a duplicate, and its own reference was asked for.
    LookingAtDuplicate {
        /// What it comes to when there is nothing under the reference.
        decline: Decline,
    },
    /// Somebody was asked where a payment stands.
    Looking(Look),
    /// A capture, void or refund was sent.
    Moving,
    /// The same was sent again, to hear the first answer.
    MovingAgain,
    /// A capture, void or refund was asked for by its id.
    LookingAtMovement,
}

/// Who was asked.
#[derive(Debug)]
pub enum Look {
    /// The hosted page, by its token.
    Page,
    /// The gateway, by our reference.
    Reference,
    /// The gateway, by the provider's id.
    Transaction {
        /// The same id, when it was a hosted page that named it.
        named_by_page: Option<String>,
    },
    /// The host of alternative methods, by the provider's id.
    Alternative,
}

impl Provider for Begateway {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn support(&self, feature: Feature) -> Support {
        match feature {
            Feature::EncryptedCard if self.account.encryption_public_key.is_some() => Support::Yes,
            other => PROFILE.support(other),
        }
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.methods.of(kind)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        match token.value("token") {
            Some(_) => Ok(()),
            None => Err(Fault::Invalid {
                field: "provider_token.values".to_owned(),
                problem: "has no value of the only kind that beGateway has".to_owned(),
            }),
        }
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        match operation {
            Operation::OpenSession(order) => self.open(order),
            Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry) => Ok(self.look(inquiry)),
            Operation::ConfirmSession(confirmation) => self.confirm(confirmation),
            Operation::CancelSession(_) => Err(Fault::Unsupported {
                what: "closing a session early".to_owned(),
                instead: "an early expires_at: a page ends by itself".to_owned(),
            }),
            Operation::Charge(charge) => self.charge(charge),
            Operation::Capture(movement) | Operation::Void(movement) | Operation::Refund(movement) => {
                self.send_movement(operation.kind(), movement)
            }
            Operation::InquireMovement(inquiry) => self.ask_again(inquiry, cx),
            // No call deletes a token; it dies with our record of it.
            Operation::DeleteToken(_) => Ok(Step::Done(Outcome::TokenDeleted)),
        }
    }

    fn resume(
        &self,
        operation: &Operation,
        stage: Stage,
        reply: &Reply,
        _cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        match (operation, stage) {
            (Operation::OpenSession(order), Stage::Opening) => self.opened(order, reply),
            (Operation::ConfirmSession(confirmation), Stage::Paying) => {
                self.paid(&view_of_confirmation(confirmation)?, reply)
            }
            (Operation::Charge(charge), Stage::Paying) => self.paid(&view_of_charge(charge), reply),
            (Operation::ConfirmSession(confirmation), Stage::LookingAtDuplicate { decline }) => {
                self.duplicate_seen(&view_of_confirmation(confirmation)?, decline, reply)
            }
            (Operation::Charge(charge), Stage::LookingAtDuplicate { decline }) => {
                self.duplicate_seen(&view_of_charge(charge), decline, reply)
            }
            (Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry), Stage::Looking(look)) => {
                self.seen(inquiry, look, reply)
            }
            (
                Operation::Capture(movement) | Operation::Void(movement) | Operation::Refund(movement),
                Stage::Moving,
            ) => self.moved(operation.kind(), movement, reply),
            (Operation::InquireMovement(inquiry), Stage::MovingAgain) => self.moved_again(inquiry, reply),
            (Operation::InquireMovement(inquiry), Stage::LookingAtMovement) => {
                self.movement_seen(inquiry.kind, reply)
            }
            _ => Err(Fault::unintelligible("an answer at a stage that its operation does not have")),
        }
    }

    fn read_notice(&self, notice: &Notice<'_>, _cx: &Context<'_>) -> Result<Told, Disbelief> {
        notice::read(&self.account, notice)
    }

    fn outcome_told(
        &self,
        inquiry: &Inquiry,
        notice: &Notice<'_>,
        _cx: &Context<'_>,
    ) -> Result<Outcome, Fault> {
        notice::outcome(&self.account, inquiry, notice)
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["checkout"],
            OperationKind::ReadSession | OperationKind::InquirePayment => {
                &["checkout", "tracking_id", "alternative", "transaction"]
            }
            OperationKind::ConfirmSession | OperationKind::Charge => &["transaction", "duplicate"],
            OperationKind::Capture | OperationKind::Void | OperationKind::Refund => &["transaction"],
            OperationKind::InquireMovement => &["again", "transaction"],
            OperationKind::CancelSession | OperationKind::DeleteToken => &[],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        let kind = operation.kind();
        if !Provider::stages(self, kind).contains(&name) {
            return None;
        }
        Some(match (kind, name) {
            (OperationKind::OpenSession, _) => Stage::Opening,
            (OperationKind::ConfirmSession | OperationKind::Charge, "duplicate") => {
                let decline = Decline::new(DeclineReason::DuplicateTransaction, RetryAdvice::Never);
                Stage::LookingAtDuplicate { decline }
            }
            (OperationKind::ConfirmSession | OperationKind::Charge, _) => Stage::Paying,
            (OperationKind::Capture | OperationKind::Void | OperationKind::Refund, _) => Stage::Moving,
            (OperationKind::InquireMovement, "again") => Stage::MovingAgain,
            (OperationKind::InquireMovement, _) => Stage::LookingAtMovement,
            (_, "checkout") => Stage::Looking(Look::Page),
            (_, "tracking_id") => Stage::Looking(Look::Reference),
            (_, "alternative") => Stage::Looking(Look::Alternative),
            (_, _) => Stage::Looking(Look::Transaction { named_by_page: None }),
        })
    }
}
