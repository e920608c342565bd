//! A session: the order as it was placed. Written once; where it stands follows from its payment.

use jiff::Timestamp;

use super::ids::{AccountName, MerchantName, PaymentId, SessionId};
use super::order::{Purpose, SessionOrder};
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
    /// The provider is at work, or we are asking what became of it.
    Pending,
    /// Paid, or the card is saved.
    Completed,
    /// Closed before anybody paid.
    Cancelled,
    /// The time is over.
    Expired,
    /// Declined, failed, or quarantined.
    Failed,
}

impl Session {
    /// Where it stands, by its payment.
    #[must_use]
    pub fn status(&self, payment: &Payment) -> SessionStatus {
        match payment.state {
            PaymentState::Created | PaymentState::RequiresAction => SessionStatus::Open,
            PaymentState::Submitted | PaymentState::Processing | PaymentState::Unresolved => {
                SessionStatus::Pending
            }
            PaymentState::Verified
            | PaymentState::Authorized
            | PaymentState::Captured
            | PaymentState::PartiallyRefunded
            | PaymentState::Refunded => SessionStatus::Completed,
            // A payment that was reserved and given back completed its session first.
            PaymentState::Voided if payment.authorized > 0 => SessionStatus::Completed,
            PaymentState::Expired if payment.authorized > 0 => SessionStatus::Completed,
            PaymentState::Voided => SessionStatus::Cancelled,
            PaymentState::Expired => SessionStatus::Expired,
            PaymentState::Declined | PaymentState::Failed | PaymentState::Quarantined => {
                SessionStatus::Failed
            }
        }
    }

    /// Whether it only saves a card, so that its payment is not shown.
    #[must_use]
    pub fn only_saves(&self) -> bool {
        self.order.purpose == Purpose::Save
    }
}
