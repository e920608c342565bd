//! A session: the order as it was placed. Written once; where it stands follows from its payment.

use jiff::Timestamp;

use super::ids::{AccountName, MerchantName, PaymentId, SessionId};
use super::order::{Purpose, SessionOrder};
use super::outcome::DeclineReason;
use super::payment::{Payment, PaymentState};

/// A bounded window in which a customer pays or saves a card.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Our name for it.
    pub id: SessionId,
    /// Whose it is.
    pub merchant: MerchantName,
    /// Where it is held.
    pub account: AccountName,
    /// What was ordered.
    pub order: SessionOrder,
    /// The payment that it is for. A session that only saves a card has one as well, of zero, so
    /// that it takes the same road; callers do not see that one.
    pub payment: PaymentId,
    /// The caller's `request_id`.
    pub request_id: String,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// The customer can use it.
    Open,
    /// The provider is at work.
    Pending,
    /// The outcome is not known, and the provider is asked.
    Unresolved,
    /// Paid, or the card is saved.
    Completed,
    /// Closed before anybody paid, by the customer or the merchant.
    Cancelled,
    /// The time is over.
    Expired,
    /// Declined or failed.
    Failed,
    /// An answer did not match what was asked: a person has to decide.
    Quarantined,
}

impl SessionStatus {
    /// Where a session with this payment stands.
    #[must_use]
    pub fn of(payment: &Payment) -> Self {
        match payment.state {
            PaymentState::Created | PaymentState::RequiresAction => Self::Open,
            PaymentState::Submitted | PaymentState::Processing => Self::Pending,
            PaymentState::Unresolved => Self::Unresolved,
            PaymentState::Verified
            | PaymentState::Authorized
            | PaymentState::Captured
            | PaymentState::PartiallyRefunded
            | PaymentState::Refunded => Self::Completed,
            // A payment that was reserved and given back completed its session first.
            PaymentState::Voided if payment.authorized > 0 => Self::Completed,
            PaymentState::Expired if payment.authorized > 0 => Self::Completed,
            PaymentState::Voided => Self::Cancelled,
            PaymentState::Expired => Self::Expired,
            // The customer pressed "cancel", which providers tell as a kind of decline.
            PaymentState::Declined if is_cancelled(payment) => Self::Cancelled,
            PaymentState::Declined | PaymentState::Failed => Self::Failed,
            PaymentState::Quarantined => Self::Quarantined,
        }
    }
}

fn is_cancelled(payment: &Payment) -> bool {
    payment.decline.as_ref().is_some_and(|decline| decline.reason == DeclineReason::CustomerCancelled)
}

impl Session {
    /// Whether it only saves a card, so that its payment is not shown.
    #[must_use]
    pub fn only_saves(&self) -> bool {
        self.order.purpose == Purpose::Save
    }
}
