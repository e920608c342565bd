//! Facts that became true, for whoever follows a merchant's log of them.

use jiff::Timestamp;

use super::card::{StoredToken, Token};
use super::ids::{EventId, MerchantName, PaymentId, ScheduleId, TokenId};
use super::occurrence::Occurrence;
use super::payment::{MovementId, Payment};
use super::schedule::Schedule;
use super::words::worded;

/// A fact that became true. It is written together with what made it true, and never changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Our name for it.
    pub id: EventId,
    /// Whose log it is in.
    pub merchant: MerchantName,
    /// When it became true.
    pub at: Timestamp,
    /// What became true.
    pub kind: EventKind,
    /// What it is about, as it was then.
    pub about: About,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    /// A schedule, or one of its occurrences.
    Recurring(Box<RecurringFact>),
    /// A payment.
    Payment(Box<Payment>),
    /// A capture, void or refund of a payment.
    Movement(Box<Payment>, MovementId),
    /// A session: its payment, by which everything of it that changes is known.
    Session(Box<Payment>),
    /// A stored payment method, without what opens the card.
    Token(Box<Token>),
    /// An address that this merchant's events are sent to.
    Endpoint(EndpointFact),
}

/// What happened to a schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct RecurringFact {
    /// The schedule.
    pub schedule: ScheduleId,
    /// It as it was then, for events about the schedule as a whole.
    pub standing: Option<Schedule>,
    /// The occurrence that it is about, as it was then.
    pub occurrence: Option<Occurrence>,
    /// The payment that it is about.
    pub payment: Option<PaymentId>,
    /// The token that it is about.
    pub token: Option<TokenId>,
    /// Where the customer can pay by hand, for [`EventKind::CustomerRequired`].
    pub link: Option<String>,
    /// More, in a few words of ours.
    pub note: Option<String>,
}

/// What happened to an address that events are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointFact {
    /// Its name in the configuration.
    pub name: String,
    /// Since when it has failed, where it does.
    pub failing_since: Option<Timestamp>,
    /// How its last attempt ended, in a few words of ours.
    pub note: Option<String>,
}

impl About {
    /// A token as an event tells of it: whoever reads the log later must not find what opens a card
    /// that was deleted meanwhile.
    #[must_use]
    pub fn token(token: &Token) -> Self {
        Self::Token(Box::new(Token { stored: StoredToken::default(), ..token.clone() }))
    }

    /// The payment whose events keep their order: that of the payment itself, or of what it is for.
    #[must_use]
    pub fn payment_id(&self) -> Option<PaymentId> {
        match self {
            Self::Payment(payment) | Self::Movement(payment, _) | Self::Session(payment) => Some(payment.id),
            Self::Recurring(fact) => fact.payment,
            Self::Token(token) => token.payment,
            Self::Endpoint(_) => None,
        }
    }

    /// The schedule, for events of schedules and their occurrences.
    #[must_use]
    pub fn recurring(&self) -> Option<&RecurringFact> {
        match self {
            Self::Recurring(fact) => Some(fact),
            Self::Payment(_) | Self::Movement(..) | Self::Session(_) | Self::Token(_) | Self::Endpoint(_) => {
                None
            }
        }
    }
}

worded! {
    /// What became true.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum EventKind {
        /// The customer, or the merchant's page, can act.
        SessionOpened = "session.opened",
        /// The customer has acted, and the provider is working on it.
        SessionProcessing = "session.processing",
        /// Paid, or the card is saved.
        SessionCompleted = "session.completed",
        /// Closed by the customer or the merchant.
        SessionCancelled = "session.cancelled",
        /// The time ran out.
        SessionExpired = "session.expired",
        /// It ended without success.
        SessionFailed = "session.failed",
        /// The outcome is not known.
        SessionUnresolved = "session.unresolved",
        /// An answer did not match what was asked.
        SessionQuarantined = "session.quarantined",
        /// The customer has to do something.
        PaymentRequiresAction = "payment.requires_action",
        /// The provider is at work.
        PaymentProcessing = "payment.processing",
        /// The money is reserved.
        PaymentAuthorized = "payment.authorized",
        /// The money is taken.
        PaymentCaptured = "payment.captured",
        /// Refused.
        PaymentDeclined = "payment.declined",
        /// Nothing was charged, for a technical reason.
        PaymentFailed = "payment.failed",
        /// The outcome is not known, and the provider is asked.
        PaymentUnresolved = "payment.unresolved",
        /// The reservation was given back.
        PaymentVoided = "payment.voided",
        /// Nobody paid in time, or the reservation lapsed.
        PaymentExpired = "payment.expired",
        /// Some of the money was given back.
        PaymentPartiallyRefunded = "payment.partially_refunded",
        /// All of it was given back.
        PaymentRefunded = "payment.refunded",
        /// An answer did not match what was asked.
        PaymentQuarantined = "payment.quarantined",
        /// Its state is the same, and its totals or its saved cards are not.
        PaymentUpdated = "payment.updated",
        /// A capture is accepted and done later.
        CapturePending = "capture.pending",
        /// A capture is done.
        CaptureSucceeded = "capture.succeeded",
        /// A capture will not be done.
        CaptureFailed = "capture.failed",
        /// The outcome of a capture is not known.
        CaptureUnresolved = "capture.unresolved",
        /// A void is accepted and done later.
        VoidPending = "void.pending",
        /// A void is done.
        VoidSucceeded = "void.succeeded",
        /// A void will not be done.
        VoidFailed = "void.failed",
        /// The outcome of a void is not known.
        VoidUnresolved = "void.unresolved",
        /// A refund is accepted and done later.
        RefundPending = "refund.pending",
        /// A refund is done.
        RefundSucceeded = "refund.succeeded",
        /// A refund will not be done.
        RefundFailed = "refund.failed",
        /// The outcome of a refund is not known.
        RefundUnresolved = "refund.unresolved",
        /// A payment method was stored.
        TokenCreated = "token.created",
        /// Something of it changed.
        TokenUpdated = "token.updated",
        /// The provider says that it is no more; it cannot be charged again.
        TokenUnusable = "token.unusable",
        /// It was deleted.
        TokenDeleted = "token.deleted",
        /// A schedule was created.
        ScheduleCreated = "schedule.created",
        /// Its terms were changed.
        ScheduleUpdated = "schedule.updated",
        /// The caller paused it.
        SchedulePaused = "schedule.paused",
        /// It charges again.
        ScheduleResumed = "schedule.resumed",
        /// A charge failed for good; it charges nothing until somebody acts.
        SchedulePastDue = "schedule.past_due",
        /// It was ended before its time.
        ScheduleCancelled = "schedule.cancelled",
        /// Its last occurrence has ended.
        ScheduleCompleted = "schedule.completed",
        /// The card expires in a month, and charges are planned after that.
        CardExpiring = "schedule.card_expiring",
        /// The token will not work again: another one is needed.
        TokenRequired = "schedule.token_required",
        /// Only the customer can help; the event has a link where there could be one.
        CustomerRequired = "schedule.customer_required",
        /// An occurrence was paid.
        OccurrencePaid = "occurrence.paid",
        /// A try was declined, and another one is planned.
        OccurrenceDeclined = "occurrence.declined",
        /// The outcome of a try is not known; nothing is tried until it is.
        OccurrenceHeld = "occurrence.held",
        /// An occurrence was given up.
        OccurrenceFailed = "occurrence.failed",
        /// An occurrence was not charged; it says why.
        OccurrenceSkipped = "occurrence.skipped",
        /// An address that events are sent to has failed for so long that it is only tried now and then.
        EndpointParked = "webhook_endpoint.parked",
        /// It takes events again.
        EndpointResumed = "webhook_endpoint.resumed",
    }
}

impl EventKind {
    /// Whether a word means events of this type: the type itself, or a family such as `payment.*`.
    #[must_use]
    pub fn is_meant_by(self, word: &str) -> bool {
        match word.strip_suffix('*') {
            Some(family) => self.word().starts_with(family),
            None => self.word() == word,
        }
    }
}

/// An event as it was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedEvent {
    /// Its place in the log. It grows; there may be gaps, because merchants share one count.
    pub sequence: u64,
    /// The event.
    pub event: Event,
}
