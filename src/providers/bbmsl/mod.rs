//! BBMSL (PayAPI), acquirer and gateway in Hong Kong: the conversation.
//!
//! Sources, what is uncertain and which setting decides it, quirks and the status map are in the
//! README beside this file; section numbers are the dossier's (providers/bbmsl.md, 2026-11). This one
//! is the table of contents: the stages of every conversation, and which answer goes where.
//!
//! Every call is a signed POST, reads included. The conversations are `opening`, `closing`, `charging`,
//! `movement`, `looking` and `deleting`. What they send stands in `wire` and `page`; what comes back is
//! recognised in `answer` and judged in `verdict`, `movement` and `cards`. What comes unasked is read in
//! `notice`.
//!
//! An order stays OPEN after a decline, so OPEN tells nothing. The adapter must never take it for a
//! decline, and never void an order that a customer may still be paying.

mod account;
mod answer;
mod cards;
mod charging;
mod closing;
mod customer;
mod decline;
mod deleting;
mod looking;
mod money;
mod movement;
mod notice;
mod opening;
mod page;
mod profile;
mod signing;
#[cfg(test)]
mod tests;
mod verdict;
mod wire;

use std::sync::Arc;

use self::account::Account;
use self::decline::Words;
use self::looking::user_of;
use super::contract::{Context, Fault, Operation, OperationKind, Profile, Provider, Reply, Step};
use super::conversation::AnyProvider;
use super::notice::{Notice, NoticeAnswer, Refusal, Told};
use super::settings::Settings;
use crate::domain::card::StoredToken;
use crate::domain::order::{MethodKind, Purpose};

pub use profile::{EXAMPLE, PROFILE};

/// The names under which a [`Trace`] keeps what a session that saves a card must not forget: digests
/// of the cards that were there before.
const KNOWN_CARDS: &str = "known_cards";
/// The names under which a [`Trace`] keeps a refusal that is not yet believed.
const REFUSED_AT: &str = "refused_at";
const REFUSED_CODE: &str = "refused_code";
const REFUSED_MESSAGE: &str = "refused_message";

/// Sets an account up. Mistakes are noted in the settings.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Bbmsl { account: Account::read(settings) })
}

/// BBMSL, for one merchant.
pub struct Bbmsl {
    account: Account,
}

type Next = Result<Step<Stage>, Fault>;

/// Where a conversation stands: which answer is awaited.
#[derive(Debug)]
pub enum Stage {
    /// A checkout was asked for.
    Creating {
        /// Under which reference of ours.
        reference: String,
        /// Whether another reference was tried before.
        is_second: bool,
    },
    /// The user's cards, before the page that adds one.
    ListingKnown,
    /// A page that stores a card was asked for.
    AddingToken {
        /// Digests of the cards that were there before.
        known: String,
    },
    /// The user's cards, to find the one that was added.
    ListingAdded,
    /// An order, to learn how a payment stands.
    LookingAtOrder,
    /// An order that stayed OPEN was voided, so that it ends.
    Stopping,
    /// The order again, after it could not be voided.
    LookingAfterStopping,
    /// An order, before its session is closed.
    LookingBeforeCancelling,
    /// An unpaid order was voided, because its session is closed.
    Cancelling,
    /// The order again, after it could not be voided.
    LookingAfterCancelling,
    /// A sale or recurring charge was sent.
    Charging,
    /// A charge was answered in a way that leaves the order to be asked for.
    LookingUp(Why),
    /// A void or refund was sent.
    Moving,
    /// The order, after a void or refund was refused without a word about it.
    LookingAfterMoving {
        /// How it was refused.
        refusal: Words,
        /// The fault, where it was refused before it was read.
        fault: Option<Fault>,
    },
    /// The order, to learn what became of a void or refund.
    LookingAtMovement,
    /// A card was asked to be removed.
    DeletingToken,
    /// The user's cards, after the removal was refused.
    ListingAfterDeleting {
        /// How it was refused.
        refusal: Fault,
    },
}

/// Why the order of a charge is asked for at once.
#[derive(Debug)]
pub enum Why {
    /// It was said to be paid, without its transaction (section 10, row 2).
    Confirm,
    /// It was refused without a word about an order (row 9).
    Refused(Words),
    /// It was refused at the edge (row 12).
    Forbidden(u16),
}

impl Provider for Bbmsl {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.methods.of(kind)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        cards::usable(token).map(|_| ())
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Next {
        match operation {
            Operation::OpenSession(order) => self.open(order, cx),
            Operation::ReadSession(inquiry) if inquiry.purpose == Some(Purpose::Save) => {
                let user = user_of(&inquiry.trace)?;
                let request = wire::query_token(&self.account, user, cx.now)?;
                Ok(Step::repeatable(request, Stage::ListingAdded))
            }
            Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry) => {
                self.look(inquiry, Stage::LookingAtOrder, cx)
            }
            Operation::ConfirmSession(_) => Err(wire::unsupported(
                "a card form of the merchant's own",
                "what the browser brought back: a session on the provider's page is read",
            )),
            Operation::CancelSession(inquiry) if inquiry.purpose == Some(Purpose::Save) => {
                Err(wire::unsupported(
                    "closing a page that saves a card",
                    "an early expires_at: the page ends by itself, and nothing is charged on it",
                ))
            }
            Operation::CancelSession(inquiry) => self.look(inquiry, Stage::LookingBeforeCancelling, cx),
            Operation::Charge(charge) => self.charge(charge, cx),
            Operation::Capture(_) => {
                Err(wire::unsupported("a capture", "nothing; BBMSL takes the money at once"))
            }
            Operation::Void(movement) | Operation::Refund(movement) => {
                self.send_movement(operation.kind(), movement, cx)
            }
            Operation::InquireMovement(inquiry) => self.ask_about_movement(inquiry, cx),
            Operation::DeleteToken(token) => self.delete(token, cx),
        }
    }

    fn resume(&self, operation: &Operation, stage: Stage, reply: &Reply, cx: &Context<'_>) -> Next {
        match (operation, stage) {
            (Operation::OpenSession(order), Stage::Creating { reference, is_second }) => {
                self.created(order, reference, is_second, reply, cx)
            }
            (Operation::OpenSession(order), Stage::ListingKnown) => self.known_cards(order, reply, cx),
            (Operation::OpenSession(order), Stage::AddingToken { known }) => {
                self.page_of_card(order, known, reply)
            }
            (Operation::ReadSession(inquiry), Stage::ListingAdded) => self.added_cards(inquiry, reply, cx),
            (Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry), Stage::LookingAtOrder) => {
                self.order_seen(inquiry, reply, cx)
            }
            (Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry), Stage::Stopping) => {
                self.stopped(inquiry, reply, cx)
            }
            (
                Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry),
                Stage::LookingAfterStopping,
            ) => self.order_as_it_is(inquiry, reply, cx),
            (Operation::CancelSession(inquiry), Stage::LookingBeforeCancelling) => {
                self.seen_before_cancelling(inquiry, reply, cx)
            }
            (Operation::CancelSession(inquiry), Stage::Cancelling) => self.cancelled(inquiry, reply, cx),
            (Operation::CancelSession(inquiry), Stage::LookingAfterCancelling) => {
                self.seen_after_cancelling(inquiry, reply, cx)
            }
            (Operation::Charge(charge), Stage::Charging) => self.charged(charge, reply, cx),
            (Operation::Charge(charge), Stage::LookingUp(why)) => self.looked_up(charge, why, reply, cx),
            (Operation::Void(movement) | Operation::Refund(movement), Stage::Moving) => {
                self.moved(operation.kind(), movement, reply, cx)
            }
            (
                Operation::Void(movement) | Operation::Refund(movement),
                Stage::LookingAfterMoving { refusal, fault },
            ) => self.seen_after_moving(operation.kind(), movement, refusal, fault, reply),
            (Operation::InquireMovement(inquiry), Stage::LookingAtMovement) => {
                self.movement_seen(inquiry, reply)
            }
            (Operation::DeleteToken(token), Stage::DeletingToken) => self.deleted(token, reply, cx),
            (Operation::DeleteToken(token), Stage::ListingAfterDeleting { refusal }) => {
                self.seen_after_deleting(token, refusal, reply)
            }
            _ => Err(Fault::unintelligible("an answer at a stage that its operation does not have")),
        }
    }

    fn read_notice(&self, notice: &Notice<'_>, _cx: &Context<'_>) -> Result<Told, Refusal> {
        self.read_notification(notice)
    }

    fn answer(&self, judged: &Result<Told, Refusal>) -> NoticeAnswer {
        notice::answer(judged)
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["create", "query-token", "add-token"],
            OperationKind::ReadSession => &["query", "query-token", "void", "query-after-void"],
            OperationKind::InquirePayment => &["query", "void", "query-after-void"],
            OperationKind::CancelSession => &["query", "void", "query-after-void"],
            OperationKind::Charge => &["sale", "recurring", "query"],
            OperationKind::Void => &["void", "query"],
            OperationKind::Refund => &["refund", "query"],
            OperationKind::InquireMovement => &["query"],
            OperationKind::DeleteToken => &["delete-token", "query-token"],
            OperationKind::ConfirmSession | OperationKind::Capture => &[],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        let nothing = || Words { code: None, message: None };
        Some(match (operation, name) {
            (Operation::OpenSession(order), "create") => {
                Stage::Creating { reference: order.purchase.reference.clone(), is_second: false }
            }
            (Operation::OpenSession(_), "query-token") => Stage::ListingKnown,
            (Operation::OpenSession(_), "add-token") => Stage::AddingToken { known: String::new() },
            (Operation::ReadSession(_), "query-token") => Stage::ListingAdded,
            (Operation::ReadSession(_) | Operation::InquirePayment(_), "query") => Stage::LookingAtOrder,
            (Operation::ReadSession(_) | Operation::InquirePayment(_), "void") => Stage::Stopping,
            (Operation::ReadSession(_) | Operation::InquirePayment(_), "query-after-void") => {
                Stage::LookingAfterStopping
            }
            (Operation::CancelSession(_), "query") => Stage::LookingBeforeCancelling,
            (Operation::CancelSession(_), "void") => Stage::Cancelling,
            (Operation::CancelSession(_), "query-after-void") => Stage::LookingAfterCancelling,
            (Operation::Charge(_), "sale" | "recurring") => Stage::Charging,
            (Operation::Charge(_), "query") => Stage::LookingUp(Why::Confirm),
            (Operation::Void(_), "void") | (Operation::Refund(_), "refund") => Stage::Moving,
            (Operation::Void(_) | Operation::Refund(_), "query") => {
                Stage::LookingAfterMoving { refusal: nothing(), fault: None }
            }
            (Operation::InquireMovement(_), "query") => Stage::LookingAtMovement,
            (Operation::DeleteToken(_), "delete-token") => Stage::DeletingToken,
            (Operation::DeleteToken(_), "query-token") => Stage::ListingAfterDeleting {
                refusal: Fault::Rejected { code: None, message: String::new() },
            },
            _ => return None,
        })
    }
}
