//! One occurrence of a schedule: what became of it, and which payments were tried for it.

use jiff::{Timestamp, civil};

use super::ids::{AccountName, MerchantName, PaymentId, ScheduleId, SessionId};
use super::money::Money;
use super::outcome::{DeclineReason, RetryAdvice};
use super::schedule::{Planned, Schedule};

/// How often one occurrence may be tried, whoever asks for it.
pub const TRIES_MAX: usize = 40;

/// One occurrence of a schedule, from the moment at which it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// Whose occurrence it is.
    pub schedule: ScheduleId,
    /// Its number, from 1; never changes.
    pub number: u32,
    /// Whose schedule that is.
    pub merchant: MerchantName,
    /// The account of that schedule.
    pub account: AccountName,
    /// The local day on which it falls.
    pub date: civil::Date,
    /// When it falls.
    pub at: Timestamp,
    /// What is charged for it; `None` when it is free.
    pub money: Option<Money>,
    /// Where it stands.
    pub status: OccurrenceStatus,
    /// The payments that were tried, oldest first; at most [`TRIES_MAX`].
    pub tries: Vec<Try>,
    /// How often nothing could be sent since the last try.
    pub unsent: u32,
    /// When the scheduler looks at it next; `None` when nothing happens by itself any more.
    pub next_at: Option<Timestamp>,
    /// The session in which the customer can pay by hand.
    pub session: Option<SessionId>,
    /// From when its catch-up window counts: when it was taken, or last asked for again.
    pub since: Timestamp,
    /// When it was taken.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows by one with each change.
    pub version: u64,
}

/// One try to charge an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// The payment.
    pub payment: PaymentId,
    /// When it was begun.
    pub at: Timestamp,
    /// How it ended; `None` while that is not known.
    pub end: Option<TryEnd>,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryEnd {
    /// The money was taken.
    Paid,
    /// The issuer or the provider said no.
    Declined(DeclineReason, RetryAdvice),
    /// Nothing was charged, for a technical reason.
    Failed,
}

/// Which try of which occurrence a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccurrenceTry {
    /// The schedule.
    pub schedule: ScheduleId,
    /// The occurrence's number.
    pub number: u32,
    /// Which try, from 1.
    pub attempt: u32,
}

/// Where an occurrence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OccurrenceStatus {
    /// To be charged now.
    Due,
    /// A payment for it is on its way, or the provider is at work.
    Charging,
    /// The outcome of its payment is not known; nothing is tried until it is.
    Held,
    /// Declined, and tried again later.
    Retrying,
    /// Declined for good with this token; waits for another one.
    AwaitingToken,
    /// Waits for the customer to pay by hand.
    AwaitingCustomer,
    /// The money was taken.
    Paid,
    /// A free one of a trial.
    Free,
    /// Given up.
    Failed,
    /// Not charged, and never will be.
    Skipped(SkipReason),
}

/// Why an occurrence was not charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The caller asked for it.
    Requested,
    /// It fell into a pause.
    Paused,
    /// It was later than the catch-up window allows.
    Missed,
    /// An earlier one had not ended.
    Overlap,
    /// The schedule was cancelled first.
    Cancelled,
}

impl OccurrenceStatus {
    /// Every status.
    pub const ALL: &'static [Self] = &[
        Self::Due,
        Self::Charging,
        Self::Held,
        Self::Retrying,
        Self::AwaitingToken,
        Self::AwaitingCustomer,
        Self::Paid,
        Self::Free,
        Self::Failed,
        Self::Skipped(SkipReason::Requested),
        Self::Skipped(SkipReason::Paused),
        Self::Skipped(SkipReason::Missed),
        Self::Skipped(SkipReason::Overlap),
        Self::Skipped(SkipReason::Cancelled),
    ];

    /// The status as a lower-case word, for records and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Charging => "charging",
            Self::Held => "held",
            Self::Retrying => "retrying",
            Self::AwaitingToken => "awaiting_token",
            Self::AwaitingCustomer => "awaiting_customer",
            Self::Paid => "paid",
            Self::Free => "free",
            Self::Failed => "failed",
            Self::Skipped(SkipReason::Requested) => "skipped_requested",
            Self::Skipped(SkipReason::Paused) => "skipped_paused",
            Self::Skipped(SkipReason::Missed) => "skipped_missed",
            Self::Skipped(SkipReason::Overlap) => "skipped_overlap",
            Self::Skipped(SkipReason::Cancelled) => "skipped_cancelled",
        }
    }

    /// The status behind a word of [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.word() == word)
    }

    /// Whether it has ended, so that the next one may be charged. One that waits for a token or the
    /// customer has not.
    #[must_use]
    pub fn is_ended(self) -> bool {
        match self {
            Self::Due
            | Self::Charging
            | Self::Held
            | Self::Retrying
            | Self::AwaitingToken
            | Self::AwaitingCustomer => false,
            Self::Paid | Self::Free | Self::Failed | Self::Skipped(_) => true,
        }
    }

    /// Whether no payment for it is under way, so that it may be left out: whoever is about to try
    /// it finds it changed.
    #[must_use]
    pub fn is_waiting(self) -> bool {
        match self {
            Self::Due | Self::Retrying | Self::AwaitingToken => true,
            Self::Charging
            | Self::Held
            | Self::AwaitingCustomer
            | Self::Paid
            | Self::Free
            | Self::Failed
            | Self::Skipped(_) => false,
        }
    }
}

impl Occurrence {
    /// An occurrence that has just been taken from its schedule.
    #[must_use]
    pub fn taken(schedule: &Schedule, planned: Planned, status: OccurrenceStatus, now: Timestamp) -> Self {
        Self {
            schedule: schedule.id,
            number: planned.number,
            merchant: schedule.merchant.clone(),
            account: schedule.account.clone(),
            date: planned.date,
            at: planned.at,
            money: schedule.price(planned),
            status,
            tries: Vec::new(),
            unsent: 0,
            next_at: (!status.is_ended()).then_some(now),
            session: None,
            since: now,
            created_at: now,
            updated_at: now,
            version: 0,
        }
    }

    /// The payment whose outcome is not known yet.
    #[must_use]
    pub fn under_way(&self) -> Option<PaymentId> {
        self.tries.last().filter(|last| last.end.is_none()).map(|last| last.payment)
    }

    /// Which try the next one would be.
    #[must_use]
    pub fn next_try(&self) -> OccurrenceTry {
        // Bounded by [`TRIES_MAX`], so it always fits.
        let attempt = u32::try_from(self.tries.len()).unwrap_or(u32::MAX).saturating_add(1);
        OccurrenceTry { schedule: self.schedule, number: self.number, attempt }
    }

    /// Whether it may be tried once more.
    #[must_use]
    pub fn has_tries_left(&self) -> bool {
        self.tries.len() < TRIES_MAX
    }

    /// Has it tried at once, whatever became of it.
    pub fn ask_again(&mut self, now: Timestamp) {
        self.status = OccurrenceStatus::Retrying;
        self.next_at = Some(now);
        self.since = now;
        self.updated_at = now;
    }

    /// Leaves it out for good.
    pub fn skip(&mut self, reason: SkipReason, now: Timestamp) {
        self.end(OccurrenceStatus::Skipped(reason), now);
    }

    /// Ends it.
    pub fn end(&mut self, status: OccurrenceStatus, now: Timestamp) {
        debug_assert!(status.is_ended(), "an end that is none");
        self.status = status;
        self.next_at = None;
        self.updated_at = now;
    }

    /// When it was first declined.
    #[must_use]
    pub fn first_declined_at(&self) -> Option<Timestamp> {
        let declined = |tried: &&Try| matches!(tried.end, Some(TryEnd::Declined(..)));
        self.tries.iter().find(declined).map(|tried| tried.at)
    }

    /// How often it was declined.
    #[must_use]
    pub fn declines(&self) -> usize {
        self.tries.iter().filter(|tried| matches!(tried.end, Some(TryEnd::Declined(..)))).count()
    }
}

impl OccurrenceTry {
    /// The request id of this try's payment, the same whenever it is derived again. It has a space,
    /// so no caller's request id can be the same.
    #[must_use]
    pub fn request_id(&self) -> String {
        format!("{} {} {}", self.schedule, self.number, self.attempt)
    }
}
