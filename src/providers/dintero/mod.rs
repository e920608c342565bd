//! Dintero: a Norwegian aggregator with one Checkout API in front of several acquirers and
//! wallets. This file is the conversation; what is said in it is in the files beside it.
//!
//! There is no idempotency key. What stands in for it: strict-reference toggles on the one
//! request that charges, a search by our reference, and our references on captures and refunds.
//! Sources, sandbox facts and quirks are in `README.md` here; section numbers are the dossier's
//! (providers/dintero.md, 2026-11).
//!
//! `sessions`, `payments`, `moving` and `deleting` are the parts of the conversation; `session`, `transaction` and `event`
//! read what Dintero has of each, `movement` says what is asked for, and `notice` and `hook` read what comes by itself.

mod account;
mod asking;
mod decline;
mod deleting;
mod event;
mod faults;
mod hook;
mod movement;
mod moving;
mod notice;
mod payments;
mod profile;
mod session;
mod sessions;
#[cfg(test)]
mod tests;
mod transaction;
mod wire;

use std::sync::Arc;

use serde_json::Value;

use self::account::Account;
use self::asking::{asking, includes};
use self::deleting::token_deleted;
use self::event::Direction;
use self::session::Session;
use self::transaction::{Status, Transaction};
use crate::domain::card::{Initiator, StoredToken};
use crate::domain::order::MethodKind;
use crate::domain::outcome::Outcome;
use crate::providers::contract::{
    AccessToken, Context, Fault, Operation, OperationKind, Profile, Provider, Reply, Request, Step,
};
use crate::providers::conversation::AnyProvider;
use crate::providers::json::parse;
use crate::providers::notice::{Notice, NoticeAnswer, Refusal, Told};
use crate::providers::settings::Settings;

pub use self::profile::PROFILE;

/// Settings with invented values.
pub const EXAMPLE: &[(&str, &str)] =
    &[("account_id", "T11223344"), ("client_id", "example-client"), ("client_secret", "example-secret")];

/// Sets Dintero up for one account.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Dintero { account: Account::read(settings) })
}

/// Dintero, for one account.
pub struct Dintero {
    account: Account,
}

/// Where a conversation stands: which answer is awaited, and whose.
#[derive(Debug)]
pub enum Stage {
    /// The answer to a session create.
    Opening,
    /// The session, to learn what became of it.
    ReadingSession {
        /// Its id, where it is known.
        session: Option<String>,
    },
    /// The transactions under our reference.
    Listing,
    /// The transaction, to learn what became of a payment.
    ReadingTransaction {
        /// Its id, where it is known.
        transaction: Option<String>,
    },
    /// The session, before it is cancelled.
    LookingBeforeCancelling {
        /// Its id, where it is known.
        session: Option<String>,
    },
    /// The session's transaction, before the session is cancelled.
    CheckingBeforeCancelling {
        /// The session.
        session: String,
        /// The transaction.
        transaction: String,
    },
    /// The answer to the cancellation.
    Cancelling {
        /// The session, where it is known.
        session: Option<String>,
    },
    /// The answer to a charge by the merchant.
    Paying,
    /// The answer to a capture, void or refund.
    Moving {
        /// The transaction, where it is known.
        transaction: Option<String>,
    },
    /// The transaction, after a movement was refused: the goal may have been met before.
    Rereading {
        /// The transaction.
        transaction: String,
        /// How the movement was refused.
        refusal: Fault,
    },
    /// The transaction, to learn what became of a movement.
    ReadingMovement {
        /// Its id, where it is known.
        transaction: Option<String>,
    },
    /// The answer to a deletion.
    DeletingToken,
}

type Next = Result<Step<Stage>, Fault>;

impl Provider for Dintero {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.methods.of(kind)
    }

    fn sign_in(&self, _operation: OperationKind, _cx: &Context<'_>) -> Option<Request> {
        Some(self.account.sign_in())
    }

    fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        self.account.signed_in(reply, cx)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        wire::check_token(token)
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Next {
        match operation {
            Operation::OpenSession(order) => self.open(session::create(order, &self.account)?, cx),
            Operation::ReadSession(inquiry) => match &inquiry.trace.session {
                Some(id) => self.ask_session(id, cx, |session| Stage::ReadingSession { session }),
                None => Err(Fault::unintelligible("a session without its id at Dintero")),
            },
            Operation::CancelSession(inquiry) => match &inquiry.trace.session {
                Some(id) => self.ask_session(id, cx, |session| Stage::LookingBeforeCancelling { session }),
                None => Err(Fault::unintelligible("a session without its id at Dintero")),
            },
            Operation::ConfirmSession(_) => Err(Fault::Unsupported {
                what: "finishing a session with a card from the merchant's own page".to_owned(),
                instead: "mode REDIRECT; confirming with `returned` reads the session".to_owned(),
            }),
            Operation::Charge(charge) => match &charge.initiator {
                Initiator::Customer { .. } => self.open(session::customer_charge(charge, &self.account)?, cx),
                Initiator::Merchant { reason, first: _ } => {
                    self.pay(session::pay(charge, *reason, &self.account)?, &charge.purchase.reference, cx)
                }
            },
            Operation::Capture(movement) => self.begin_movement(Direction::Capture, movement, cx),
            Operation::Void(movement) => self.begin_movement(Direction::Void, movement, cx),
            Operation::Refund(movement) => self.begin_movement(Direction::Refund, movement, cx),
            Operation::InquirePayment(inquiry) => self.begin_inquiry(inquiry, cx),
            Operation::InquireMovement(inquiry) => {
                let id = movement::transaction_id(&inquiry.movement)?;
                let next = Stage::ReadingMovement { transaction: Some(id.to_owned()) };
                Ok(Step::repeatable(self.get_transaction(id, "", cx)?, next))
            }
            Operation::DeleteToken(token) => self.delete_token(token, cx),
        }
    }

    fn resume(&self, operation: &Operation, stage: Stage, reply: &Reply, cx: &Context<'_>) -> Next {
        let asking = asking(operation, None, cx.now);
        match stage {
            Stage::Opening => self.opened(operation, reply),
            Stage::ReadingSession { session } => {
                faults::check(reply)?;
                let session = Session::read(&parse(reply)?, &self.account, session.as_deref())?;
                self.session_read(operation, session, cx)
            }
            Stage::Listing => {
                faults::check(reply)?;
                self.listed(&parse(reply)?, asking)
            }
            Stage::ReadingTransaction { transaction } => {
                faults::check(reply)?;
                let body = parse(reply)?;
                match body {
                    Value::Array(_) => self.listed(&body, asking),
                    _ => self.payment(&body, transaction.as_deref(), asking),
                }
            }
            Stage::LookingBeforeCancelling { session } => {
                faults::check(reply)?;
                let session = Session::read(&parse(reply)?, &self.account, session.as_deref())?;
                match session.transaction {
                    _ if session.is_cancelled && session.transaction.is_none() => {
                        Ok(Step::Done(Outcome::SessionClosed))
                    }
                    None => self.cancel(session.id, cx),
                    Some(transaction) => {
                        let request = self.get_transaction(&transaction, includes(asking.purpose), cx)?;
                        let next = Stage::CheckingBeforeCancelling { session: session.id, transaction };
                        Ok(Step::repeatable(request, next))
                    }
                }
            }
            Stage::CheckingBeforeCancelling { session, transaction } => {
                faults::check(reply)?;
                let body = parse(reply)?;
                let read = Transaction::read(&body, &self.account, Some(&transaction))?;
                // A cancellation would also give back what a customer has just authorized. Only
                // what nobody has paid is cancelled; for the rest it is too late.
                if read.status == Status::Initiated {
                    self.cancel(session, cx)
                } else {
                    Ok(Step::Done(Outcome::Payment(read.report(asking)?)))
                }
            }
            Stage::Cancelling { session } => self.cancelled(operation, session, reply, cx),
            Stage::Paying => self.paid(reply, asking),
            Stage::Moving { transaction } => self.moved(operation, transaction, reply, cx),
            Stage::Rereading { transaction, refusal } => {
                let found = self.reread(operation, &transaction, reply, cx);
                let report = found.map_err(faults::unanswered)?.ok_or(refusal)?;
                Ok(Step::Done(Outcome::Movement(report)))
            }
            Stage::ReadingMovement { transaction } => self.movement_read(operation, transaction, reply),
            Stage::DeletingToken => token_deleted(reply),
        }
    }

    fn read_notice(&self, notice: &Notice<'_>, cx: &Context<'_>) -> Result<Told, Refusal> {
        self.read_call(notice, cx.now)
    }

    fn answer(&self, judged: &Result<Told, Refusal>) -> NoticeAnswer {
        notice::answer(judged)
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["opening"],
            OperationKind::ReadSession => &["session", "transaction"],
            OperationKind::ConfirmSession => &[],
            OperationKind::CancelSession => &["session", "cancelling"],
            OperationKind::Charge => &["opening", "paying"],
            OperationKind::Capture | OperationKind::Void | OperationKind::Refund => &["moving"],
            OperationKind::InquirePayment => &["session", "list", "transaction"],
            OperationKind::InquireMovement => &["transaction"],
            OperationKind::DeleteToken => &["deleting"],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        if !Provider::stages(self, operation.kind()).contains(&name) {
            return None;
        }
        match (operation.kind(), name) {
            (_, "opening") => Some(Stage::Opening),
            (OperationKind::CancelSession, "session") => {
                Some(Stage::LookingBeforeCancelling { session: None })
            }
            (_, "session") => Some(Stage::ReadingSession { session: None }),
            (_, "cancelling") => Some(Stage::Cancelling { session: None }),
            (_, "list") => Some(Stage::Listing),
            (OperationKind::InquireMovement, "transaction") => {
                Some(Stage::ReadingMovement { transaction: None })
            }
            (_, "transaction") => Some(Stage::ReadingTransaction { transaction: None }),
            (_, "paying") => Some(Stage::Paying),
            (_, "moving") => Some(Stage::Moving { transaction: None }),
            (_, "deleting") => Some(Stage::DeletingToken),
            _ => None,
        }
    }
}
