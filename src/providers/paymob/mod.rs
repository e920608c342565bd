//! Paymob: an aggregator in Egypt, Pakistan, the Emirates, Saudi Arabia and Oman, with two
//! generations of one interface on the same objects. This file is the conversation.
//!
//! *Accept*: sign in → order → payment key → `payments/pay`, or a frame. *Intention*: one call, then
//! a page, or `payments/pay` with the payment key that it brought. Money moves at `payments/pay` and
//! at captures, voids and refunds; everything before can be repeated. There is no idempotency key:
//! what stands in for it is that a reference can be registered once, and that nothing is ever paid
//! under one whose first use is not accounted for. Section numbers are the dossier's
//! (providers/paymob.md, 2026-11); sources, quirks and what is uncertain stand in the README here.
//!
//! Orders and intentions are made in `ordering`, after `choices` of what the account has; `paying` charges a saved
//! card, `looking` asks, `movement` has captures, voids and refunds, and `notice` reads what comes by itself.

mod account;
mod choices;
mod decline;
mod faults;
mod integrations;
mod intention;
mod looking;
mod movement;
mod notice;
mod ordering;
mod paying;
mod profile;
mod saved;
mod signed;
#[cfg(test)]
mod tests;
mod transaction;
mod verdict;
mod wire;

use std::sync::Arc;

use self::account::{Account, MovementAuth};
use self::looking::Look;
use crate::domain::card::StoredToken;
use crate::domain::order::MethodKind;
use crate::domain::outcome::{Outcome, PaymentReport, Standing, Trace};
use crate::providers::contract::{
    AccessToken, Context, Fault, Feature, Inquiry, Operation, OperationKind, Profile, Provider, Reply,
    Request, Step, Support,
};
use crate::providers::conversation::AnyProvider;
use crate::providers::notice::{Notice, Refusal, Told};
use crate::providers::settings::Settings;

pub use self::profile::{EXAMPLE, PROFILE};

/// The name under which a [`Trace`] keeps the reference that was registered in place of ours.
const REGISTERED: &str = "merchant_order_id";

/// Sets Paymob up for one account.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Paymob { account: Account::read(settings) })
}

/// Paymob, for one account.
pub struct Paymob {
    account: Account,
}

/// Where a conversation stands: which answer is awaited.
#[derive(Debug)]
pub enum Stage {
    /// The order, under this reference.
    Registering {
        /// Ours, or one made of it.
        reference: String,
    },
    /// The intention, under this reference.
    Opening {
        /// Ours, or one made of it.
        reference: String,
    },
    /// What became of the first use of a reference that was used before.
    LookingForEarlier,
    /// The payment key of an order.
    RequestingKey {
        /// Under which the order was registered; `None` when that is not known.
        reference: Option<String>,
        /// The order.
        order: Option<String>,
    },
    /// The payment.
    Paying {
        /// How it would be found again; `None` when that is not known.
        find_by: Option<Box<Trace>>,
    },
    /// A transaction, to learn where a payment stands.
    Looking(Look),
    /// The tokens of an order whose payment is settled.
    ReadingTokens {
        /// Where the payment stands.
        report: Box<PaymentReport>,
    },
    /// A capture, void or refund.
    Moving,
    /// A capture, void or refund by its own id.
    ReadingMovement,
    /// The payment, to see from its totals whether a movement was done.
    ReadingParent,
    /// The newest transaction of an order: perhaps the movement, still pending.
    LookingForPending,
}

type Next = Result<Step<Stage>, Fault>;

impl Provider for Paymob {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn support(&self, feature: Feature) -> Support {
        profile::support(&self.account, feature)
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.method_names(kind)
    }

    /// Orders, payment keys, inquiries and lists of tokens want the token of the API key. A session
    /// or charge of the newer interface wants it once its reference turns out to be used.
    fn sign_in(&self, operation: OperationKind, _cx: &Context<'_>) -> Option<Request> {
        let needs_token = match operation {
            OperationKind::OpenSession
            | OperationKind::ReadSession
            | OperationKind::Charge
            | OperationKind::InquirePayment
            | OperationKind::InquireMovement => true,
            OperationKind::Capture | OperationKind::Void | OperationKind::Refund => {
                self.account.movement_auth == MovementAuth::AuthToken
            }
            OperationKind::ConfirmSession | OperationKind::CancelSession | OperationKind::DeleteToken => {
                false
            }
        };
        needs_token.then(|| self.account.sign_in())
    }

    fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        self.account.signed_in(reply, cx)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        saved::value(token).map(|_| ()).map_err(|_| Fault::Invalid {
            field: "provider_token.values".to_owned(),
            problem: "has no value of the only kind that Paymob has".to_owned(),
        })
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Next {
        match operation {
            Operation::OpenSession(order) => self.start(operation, order.purchase.reference.clone(), cx),
            Operation::Charge(charge) => self.start(operation, charge.purchase.reference.clone(), cx),
            Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry) => self.look(inquiry, cx),
            Operation::ConfirmSession(_) => Err(unsupported(
                "finishing a session with a card from the merchant's own page",
                "mode REDIRECT; confirming with `returned` reads the session",
            )),
            Operation::CancelSession(_) => {
                Err(unsupported("closing a session early", "an early expires_at: a page ends by itself"))
            }
            Operation::Capture(movement) | Operation::Void(movement) | Operation::Refund(movement) => {
                self.send_movement(operation.kind(), movement, cx)
            }
            Operation::InquireMovement(inquiry) => self.ask_about_movement(inquiry, cx),
            // No call deletes a token; it dies with our record of it.
            Operation::DeleteToken(_) => Ok(Step::Done(Outcome::TokenDeleted)),
        }
    }

    fn resume(&self, operation: &Operation, stage: Stage, reply: &Reply, cx: &Context<'_>) -> Next {
        match (operation, stage) {
            (_, Stage::Registering { reference }) => self.registered(operation, reference, reply, cx),
            (_, Stage::Opening { reference }) => self.opened(operation, reference, reply, cx),
            (_, Stage::LookingForEarlier) => self.earlier(operation, reply, cx),
            (_, Stage::RequestingKey { reference, order }) => {
                self.keyed(operation, reference, order, reply, cx)
            }
            (_, Stage::Paying { find_by }) => self.paid(operation, find_by.as_deref(), reply, cx),
            (_, Stage::Looking(look)) => self.seen(operation, look, reply, cx),
            (_, Stage::ReadingTokens { report }) => self.tokens_read(*report, reply),
            (
                Operation::Capture(movement) | Operation::Void(movement) | Operation::Refund(movement),
                Stage::Moving,
            ) => self.moved(operation.kind(), movement, reply),
            (Operation::InquireMovement(inquiry), Stage::ReadingMovement) => {
                self.movement_read(inquiry, reply)
            }
            (Operation::InquireMovement(inquiry), Stage::ReadingParent) => {
                self.parent_read(inquiry, reply, cx)
            }
            (Operation::InquireMovement(inquiry), Stage::LookingForPending) => {
                self.pending_looked_for(inquiry, reply)
            }
            (_, Stage::Moving | Stage::ReadingMovement | Stage::ReadingParent | Stage::LookingForPending) => {
                Err(foreign())
            }
        }
    }

    fn unanswered(&self, stage: Stage) -> Option<Outcome> {
        if let Stage::ReadingTokens { report } = stage { Some(Self::tokens_unread(*report)) } else { None }
    }

    fn read_notice(&self, notice: &Notice<'_>, _cx: &Context<'_>) -> Result<Told, Refusal> {
        notice::read(&self.account, notice)
    }

    fn outcome_told(
        &self,
        inquiry: &Inquiry,
        notice: &Notice<'_>,
        cx: &Context<'_>,
    ) -> Result<Outcome, Fault> {
        self.told(inquiry, notice, cx)
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["order", "payment_key", "earlier", "intention"],
            OperationKind::ReadSession | OperationKind::InquirePayment => {
                &["tokens", "parent", "newest", "transaction"]
            }
            OperationKind::Charge => &["order", "payment_key", "intention", "earlier", "pay"],
            OperationKind::Capture | OperationKind::Void | OperationKind::Refund => &["movement"],
            OperationKind::InquireMovement => &["newest", "parent", "movement"],
            OperationKind::ConfirmSession | OperationKind::CancelSession | OperationKind::DeleteToken => &[],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        if !Provider::stages(self, operation.kind()).contains(&name) {
            return None;
        }
        let reference = || operation.reference().to_owned();
        match (operation.kind(), name) {
            (_, "order") => Some(Stage::Registering { reference: reference() }),
            (_, "payment_key") => Some(Stage::RequestingKey { reference: Some(reference()), order: None }),
            (_, "intention") => Some(Stage::Opening { reference: reference() }),
            (_, "earlier") => Some(Stage::LookingForEarlier),
            (_, "pay") => Some(Stage::Paying { find_by: None }),
            (_, "tokens") => {
                Some(Stage::ReadingTokens { report: Box::new(PaymentReport::new(Standing::Captured)) })
            }
            (OperationKind::InquireMovement, "newest") => Some(Stage::LookingForPending),
            (OperationKind::InquireMovement, "parent") => Some(Stage::ReadingParent),
            (OperationKind::InquireMovement, "movement") => Some(Stage::ReadingMovement),
            (_, "movement") => Some(Stage::Moving),
            (_, "newest") => Some(Stage::Looking(Look::Newest { known: None })),
            (_, "parent") => Some(Stage::Looking(Look::Parent { hops: 1 })),
            (_, "transaction") => Some(Stage::Looking(Look::Known)),
            _ => None,
        }
    }
}

fn unsupported(what: &str, instead: &str) -> Fault {
    Fault::Unsupported { what: what.to_owned(), instead: instead.to_owned() }
}

fn foreign() -> Fault {
    Fault::unintelligible("an answer at a stage that its operation does not have")
}
