//! Genuine calls of providers, as they are kept until what they tell has been acted upon.

use std::fmt;

use jiff::Timestamp;

use super::card::SavedCard;
use super::ids::{AccountName, NoticeId, PaymentId};
use super::outcome::MovementReport;
use super::payment::MovementKind;
use super::words::worded;

/// A genuine call of a provider, and how far we have come with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Our name for it.
    pub id: NoticeId,
    /// The account that it came for.
    pub account: AccountName,
    /// What tells it from every other piece of news of that account. The store keeps a keyed hash.
    pub key: String,
    /// When it first came.
    pub received_at: Timestamp,
    /// The provider's word for what happened; at most 64 characters.
    pub kind: String,
    /// Which payment it is about, in the provider's words and ours.
    pub about: Handles,
    /// What it proves.
    pub proves: Proof,
    /// The call itself.
    pub call: Call,
    /// How far we have come.
    pub progress: NoticeProgress,
}

/// How far we have come with a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeProgress {
    /// Where it stands.
    pub status: NoticeStatus,
    /// The payment that it turned out to be about.
    pub payment: Option<PaymentId>,
    /// How often acting upon it came to nothing.
    pub attempts: u32,
    /// When it is acted upon next; `None` when nothing is left to do.
    pub next_at: Option<Timestamp>,
}

/// How a payment is found: whichever is there, the first that fits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handles {
    /// Our reference of the payment, or of a capture, void or refund of it.
    pub reference: Option<String>,
    /// The provider's id of its session.
    pub session: Option<String>,
    /// The provider's id of its transaction.
    pub transaction: Option<String>,
    /// The provider's id of its order.
    pub order: Option<String>,
    /// The capture, void or refund that is told of, with the provider's id of it, where the answer to an
    /// inquiry about the payment need not show it.
    pub movement: Option<(MovementKind, String)>,
}

/// What a notice proves.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof {
    /// Where the payment stands.
    Payment,
    /// Where a capture, void or refund stands, which may have been made in the provider's back office.
    Movement(MovementKind, Box<MovementReport>),
    /// Cards that were saved.
    Cards(Vec<SavedCard>),
    /// That something may have changed.
    Hint,
    /// Nothing that anybody understands.
    Unknown,
}

/// The call as it arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET` or `POST`, in capitals.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Headers in the order of arrival, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The exact bytes of the body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Call {
    /// Headers have credentials, addresses tokens, and bodies cards.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

worded! {
    /// Where a notice stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum NoticeStatus {
        /// It is still to be acted upon.
        Waiting = "waiting",
        /// It has been.
        Applied = "applied",
        /// It names no payment of ours. It is kept and shown.
        Unmatched = "unmatched",
        /// Nobody understands it. It is kept and shown.
        Unknown = "unknown",
        /// Acting upon it came to nothing so often that it is left to a person.
        Failed = "failed",
    }
}

impl NoticeStatus {
    /// Whether the same news, should it come again, is worth another attempt.
    #[must_use]
    pub fn may_come_again(self) -> bool {
        match self {
            Self::Unmatched | Self::Failed => true,
            Self::Waiting | Self::Applied | Self::Unknown => false,
        }
    }
}
