//! What an operation is about, as far as the reading of an answer has to know.

use jiff::{SignedDuration, Timestamp};

use super::event::{Direction, Occasion, Wanted};
use super::transaction::Asking;
use crate::domain::card::Initiator;
use crate::domain::order::Purpose;
use crate::providers::contract::{Fault, Operation};

/// Which secrets of a card a read asks for. They come to nobody who does not (dossier §5).
const INCLUDE_TOKENS: &str = "?includes=card.payment_token&includes=card.recurrence_token";
/// How long after its end a session is still taken for open: clocks differ, and a customer who
/// pays in the last second must not be told that it was too late.
const EXPIRY_MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Tokens are read only where a session was to save one.
pub(super) fn includes(purpose: Option<Purpose>) -> &'static str {
    match purpose {
        Some(Purpose::PayAndSave | Purpose::Save) => INCLUDE_TOKENS,
        Some(Purpose::Pay | Purpose::UseSaved) | None => "",
    }
}

/// What the asker knows of a payment. `closes_at` is what the session itself says of its end.
pub(super) fn asking<'a>(
    operation: &'a Operation,
    closes_at: Option<Timestamp>,
    now: Timestamp,
) -> Asking<'a> {
    let (purpose, present, expires_at) = match operation {
        Operation::ReadSession(inquiry)
        | Operation::CancelSession(inquiry)
        | Operation::InquirePayment(inquiry) => (
            inquiry.purpose,
            inquiry.customer_present || inquiry.purpose.is_some(),
            closes_at.or(inquiry.expires_at),
        ),
        Operation::OpenSession(order) => (Some(order.purpose), true, Some(order.expires_at)),
        Operation::Charge(charge) => {
            let present = match charge.initiator {
                Initiator::Customer { .. } => true,
                Initiator::Merchant { .. } => false,
            };
            (None, present, None)
        }
        Operation::ConfirmSession(_)
        | Operation::Capture(_)
        | Operation::Void(_)
        | Operation::Refund(_)
        | Operation::InquireMovement(_)
        | Operation::DeleteToken(_) => (None, false, None),
    };
    let is_over = expires_at.and_then(|end| end.checked_add(EXPIRY_MARGIN).ok()).is_some_and(|end| now > end);
    Asking { reference: operation.reference(), purpose, customer_present: present, is_over }
}

/// The movement that an operation is about.
pub(super) fn wanted(operation: &Operation, occasion: Occasion) -> Result<Wanted<'_>, Fault> {
    let foreign = || Fault::unintelligible("a stage of another operation");
    let (direction, movement, provider_id) = match operation {
        Operation::Capture(movement) => (Direction::Capture, movement.as_ref(), None),
        Operation::Void(movement) => (Direction::Void, movement.as_ref(), None),
        Operation::Refund(movement) => (Direction::Refund, movement.as_ref(), None),
        Operation::InquireMovement(inquiry) => (
            Direction::of(inquiry.kind).ok_or_else(foreign)?,
            &inquiry.movement,
            inquiry.provider_id.as_deref(),
        ),
        Operation::OpenSession(_)
        | Operation::ReadSession(_)
        | Operation::ConfirmSession(_)
        | Operation::CancelSession(_)
        | Operation::Charge(_)
        | Operation::InquirePayment(_)
        | Operation::DeleteToken(_) => return Err(foreign()),
    };
    Ok(Wanted { direction, movement, provider_id, occasion })
}
