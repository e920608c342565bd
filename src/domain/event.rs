//! Facts that became true, for whoever follows a merchant's log of them.

use jiff::Timestamp;

use super::ids::{EventId, MerchantName, PaymentId, ScheduleId, TokenId};
use super::occurrence::Occurrence;
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
    /// The schedule that it is about.
    pub schedule: ScheduleId,
    /// The occurrence that it is about, as it was then.
    pub occurrence: Option<Box<Occurrence>>,
    /// The payment that it is about.
    pub payment: Option<PaymentId>,
    /// The token that it is about.
    pub token: Option<TokenId>,
    /// Where the customer can pay by hand, for [`EventKind::CustomerRequired`].
    pub link: Option<String>,
    /// More, in a few words of ours.
    pub note: Option<String>,
}

worded! {
    /// What became true.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum EventKind {
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
