//! Which events a change makes: pure functions of what was and what is.
//!
//! A payment is CREATED and SUBMITTED for as long as a call takes; no event tells of that. Every place
//! where it stands afterwards is told, in the same entry of the journal as the change itself.

use super::card::{Token, TokenStatus};
use super::event::{About, EventKind};
use super::payment::{MovementKind, MovementRecord, MovementStatus, Payment, PaymentState};
use super::session::SessionStatus;

/// An event without a name and a time.
pub type Fact = (EventKind, About);

/// What a change of a payment makes true, in the order in which it is told: captures, voids and refunds,
/// then the payment, then its session. `after` is as it will be read back.
#[must_use]
pub fn of_payment(before: &Payment, after: &Payment) -> Vec<Fact> {
    let mut facts = Vec::new();
    let acts_anew = after.state == PaymentState::RequiresAction && before.next_action != after.next_action;
    if !after.is_hidden() {
        for movement in &after.movements {
            let known = before.movement(movement.id).map(|movement| movement.status);
            if let Some(kind) = of_movement(movement).filter(|_| known != Some(movement.status)) {
                facts.push((kind, About::Movement(Box::new(after.clone()), movement.id)));
            }
        }
        let told = of_state(after.state);
        let kind = if before.state != after.state || acts_anew {
            told
        } else {
            told.map(|_| EventKind::PaymentUpdated).filter(|_| facts.is_empty() && is_updated(before, after))
        };
        facts.extend(kind.map(|kind| (kind, About::Payment(Box::new(after.clone())))));
    }
    if after.session.is_some()
        && let Some(kind) = of_session(after)
        && (of_session(before) != Some(kind) || acts_anew)
    {
        facts.push((kind, About::Session(Box::new(after.clone()))));
    }
    facts
}

/// What writing a token makes true; `before` is `None` for a new one. `after` is as it will be read back.
#[must_use]
pub fn of_token(before: Option<&Token>, after: &Token) -> Fact {
    let changed = before.is_some_and(|before| before.status != after.status);
    let kind = match after.status {
        _ if before.is_none() => EventKind::TokenCreated,
        TokenStatus::Unusable if changed => EventKind::TokenUnusable,
        TokenStatus::Deleted if changed => EventKind::TokenDeleted,
        TokenStatus::Active | TokenStatus::Unusable | TokenStatus::Deleted => EventKind::TokenUpdated,
    };
    (kind, About::token(after))
}

/// Whether something that is shown changed that no state tells of.
fn is_updated(before: &Payment, after: &Payment) -> bool {
    let totals = |payment: &Payment| (payment.authorized, payment.captured(), payment.refunded());
    totals(before) != totals(after) || before.saved_tokens != after.saved_tokens
}

/// The event of a state; `None` for those that last no longer than a call, and for a card that was only
/// checked, which is no payment to anybody.
fn of_state(state: PaymentState) -> Option<EventKind> {
    Some(match state {
        PaymentState::Created | PaymentState::Submitted | PaymentState::Verified => return None,
        PaymentState::RequiresAction => EventKind::PaymentRequiresAction,
        PaymentState::Processing => EventKind::PaymentProcessing,
        PaymentState::Unresolved => EventKind::PaymentUnresolved,
        PaymentState::Expired => EventKind::PaymentExpired,
        PaymentState::Failed => EventKind::PaymentFailed,
        PaymentState::Declined => EventKind::PaymentDeclined,
        PaymentState::Authorized => EventKind::PaymentAuthorized,
        PaymentState::Voided => EventKind::PaymentVoided,
        PaymentState::Captured => EventKind::PaymentCaptured,
        PaymentState::PartiallyRefunded => EventKind::PaymentPartiallyRefunded,
        PaymentState::Refunded => EventKind::PaymentRefunded,
        PaymentState::Quarantined => EventKind::PaymentQuarantined,
    })
}

fn of_movement(movement: &MovementRecord) -> Option<EventKind> {
    use MovementKind::{Capture, Refund, Void};
    Some(match (movement.kind(), movement.status) {
        (Capture | Void | Refund, MovementStatus::Created | MovementStatus::Submitted) => return None,
        (Capture, MovementStatus::Pending) => EventKind::CapturePending,
        (Capture, MovementStatus::Unresolved) => EventKind::CaptureUnresolved,
        (Capture, MovementStatus::Failed) => EventKind::CaptureFailed,
        (Capture, MovementStatus::Succeeded) => EventKind::CaptureSucceeded,
        (Void, MovementStatus::Pending) => EventKind::VoidPending,
        (Void, MovementStatus::Unresolved) => EventKind::VoidUnresolved,
        (Void, MovementStatus::Failed) => EventKind::VoidFailed,
        (Void, MovementStatus::Succeeded) => EventKind::VoidSucceeded,
        (Refund, MovementStatus::Pending) => EventKind::RefundPending,
        (Refund, MovementStatus::Unresolved) => EventKind::RefundUnresolved,
        (Refund, MovementStatus::Failed) => EventKind::RefundFailed,
        (Refund, MovementStatus::Succeeded) => EventKind::RefundSucceeded,
    })
}

fn of_session(payment: &Payment) -> Option<EventKind> {
    if matches!(payment.state, PaymentState::Created | PaymentState::Submitted) {
        return None;
    }
    Some(match SessionStatus::of(payment) {
        SessionStatus::Open => EventKind::SessionOpened,
        SessionStatus::Pending => EventKind::SessionProcessing,
        SessionStatus::Unresolved => EventKind::SessionUnresolved,
        SessionStatus::Completed => EventKind::SessionCompleted,
        SessionStatus::Cancelled => EventKind::SessionCancelled,
        SessionStatus::Expired => EventKind::SessionExpired,
        SessionStatus::Failed => EventKind::SessionFailed,
        SessionStatus::Quarantined => EventKind::SessionQuarantined,
    })
}
