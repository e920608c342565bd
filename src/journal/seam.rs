//! What every store must promise, and nothing about how.
//!
//! The engine writes through one method: an [`Entry`] is one atomic, durable change. When
//! [`Journal::commit`] answers `Ok`, a crash of the process or of the machine does not undo it.
//! A [`Permit`] is the proof of such a commit for a request that moves money; only this room makes
//! one, and sending consumes it.
//!
//! Concurrency is settled by versions. A payment or token is written at the version at which it
//! was read; if somebody else was faster, the whole entry is refused with [`CommitError::Conflict`]
//! and the caller reads again. That holds for any number of processes on one store, so totals
//! cannot be overdrawn by captures or refunds that run at once.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::card::{StoredToken, Token, TokenStatus};
use crate::domain::event::{Event, LoggedEvent};
use crate::domain::ids::{
    AccountName, Fingerprint, IdempotencyKey, MerchantName, PaymentId, ScheduleId, SessionId, TokenId,
};
use crate::domain::occurrence::Occurrence;
use crate::domain::payment::{MovementId, Payment, PaymentState};
use crate::domain::schedule::{Progress, Schedule, ScheduleStatus};
use crate::domain::session::Session;

/// A future of the journal.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The most rows that one read may ask for.
pub const ROWS_MAX: usize = 1_000;

/// A durable memory.
pub trait Journal: Send + Sync + 'static {
    /// Makes one change, whole and durable, or none of it.
    ///
    /// # Errors
    /// See [`CommitError`]; nothing was changed then.
    fn commit(&self, entry: Entry) -> Pending<'_, Result<(), CommitError>>;

    /// The same, for a change that says "this request is about to be sent": the payment in the
    /// entry is `Submitted`, or the named movement of it is.
    ///
    /// # Errors
    /// As [`Journal::commit`]; there is no permit then.
    ///
    /// # Panics
    /// When the entry does not say so: that would be a bug of ours, and sending must not follow.
    fn permit(&self, entry: Entry, movement: Option<MovementId>) -> Pending<'_, Result<Permit, CommitError>>;

    /// What a key stands for.
    fn claim(&self, key: &IdempotencyKey) -> Pending<'_, Result<Option<Claim>, Unavailable>>;

    /// A payment.
    fn payment(&self, id: PaymentId) -> Pending<'_, Result<Option<Payment>, Unavailable>>;

    /// A session.
    fn session(&self, id: SessionId) -> Pending<'_, Result<Option<Session>, Unavailable>>;

    /// A token, its values unsealed.
    fn token(&self, id: TokenId) -> Pending<'_, Result<Option<Token>, Unavailable>>;

    /// Those of many tokens that are there, in any order.
    fn tokens_by_id(&self, ids: Vec<TokenId>) -> Pending<'_, Result<Vec<Token>, Unavailable>>;

    /// The token of a merchant that stands for these values at this account, deleted ones left out.
    fn token_by_value(
        &self,
        merchant: &MerchantName,
        account: &AccountName,
        value: &StoredToken,
    ) -> Pending<'_, Result<Option<Token>, Unavailable>>;

    /// Payments of a merchant, newest first.
    fn payments(&self, filter: PaymentFilter) -> Pending<'_, Result<Vec<Payment>, Unavailable>>;

    /// Tokens of a merchant, newest first.
    fn tokens(&self, filter: TokenFilter) -> Pending<'_, Result<Vec<Token>, Unavailable>>;

    /// The story of a payment, oldest first, after a sequence number.
    fn history(
        &self,
        payment: PaymentId,
        after: u64,
        limit: usize,
    ) -> Pending<'_, Result<Vec<HistoryEntry>, Unavailable>>;

    /// Payments whose follow-up is due by the clock of their merchant, the longest overdue first.
    fn due(&self, moment: &Moment, limit: usize) -> Pending<'_, Result<Vec<PaymentId>, Unavailable>>;

    /// How long until the next follow-up is due by the clock of its merchant, zero when one is
    /// overdue; `None` when there is none.
    fn next_due(&self, moment: &Moment) -> Pending<'_, Result<Option<Duration>, Unavailable>>;

    /// When the next follow-up of one merchant is due; `None` when there is none.
    fn next_due_of(&self, merchant: &MerchantName) -> Pending<'_, Result<Option<Timestamp>, Unavailable>>;

    /// Payments that were recorded or permitted and not concluded, or have a movement that is:
    /// what a process that died left behind. Oldest first, after the given id.
    fn unfinished(
        &self,
        after: Option<PaymentId>,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Payment>, Unavailable>>;

    /// A schedule.
    fn schedule(&self, id: ScheduleId) -> Pending<'_, Result<Option<Schedule>, Unavailable>>;

    /// Schedules of a merchant, newest first.
    fn schedules(&self, filter: ScheduleFilter) -> Pending<'_, Result<Vec<Schedule>, Unavailable>>;

    /// Schedules of an account whose next occurrence is due at `now`, the longest overdue first.
    /// `after` is where the last batch ended, by the [`Schedule::next_at`] that it was read with: so
    /// the next batch can be read while the ticks of the last one are still being written.
    ///
    /// One whose record does not read back is reported and left out, here and in the other batches
    /// of what is due. It is put off for an hour, so that it is in nobody's way.
    fn due_schedules(
        &self,
        account: &AccountName,
        now: Timestamp,
        after: Option<(Timestamp, ScheduleId)>,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Schedule>, Unavailable>>;

    /// Schedules of an account whose card is to be announced as expiring at `now`.
    fn due_warnings(
        &self,
        account: &AccountName,
        now: Timestamp,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Schedule>, Unavailable>>;

    /// Occurrences of an account that are to be looked at, at `now`, the longest overdue first.
    fn due_occurrences(
        &self,
        account: &AccountName,
        now: Timestamp,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Occurrence>, Unavailable>>;

    /// When the next of an account's schedules, warnings or occurrences is due; `None` for never.
    fn next_recurring(&self, account: &AccountName) -> Pending<'_, Result<Option<Timestamp>, Unavailable>>;

    /// An occurrence that was taken.
    fn occurrence(
        &self,
        schedule: ScheduleId,
        number: u32,
    ) -> Pending<'_, Result<Option<Occurrence>, Unavailable>>;

    /// Occurrences of a schedule that were taken, newest first.
    fn occurrences(&self, filter: OccurrenceFilter) -> Pending<'_, Result<Vec<Occurrence>, Unavailable>>;

    /// When each of some cards was declined after `since`, oldest first; of each at most [`ROWS_MAX`],
    /// the newest.
    fn declines(
        &self,
        cards: Vec<String>,
        since: Timestamp,
    ) -> Pending<'_, Result<Vec<Vec<Timestamp>>, Unavailable>>;

    /// Forgets up to `limit` declines from before `before`. Returns how many.
    fn forget_declines(&self, before: Timestamp, limit: usize) -> Pending<'_, Result<usize, Unavailable>>;

    /// The events of a merchant after a place in its log, oldest first.
    fn events(
        &self,
        merchant: &MerchantName,
        after: u64,
        limit: usize,
    ) -> Pending<'_, Result<Vec<LoggedEvent>, Unavailable>>;

    /// Forgets up to `limit` claims made before `before`. Returns how many.
    fn forget_claims(&self, before: Timestamp, limit: usize) -> Pending<'_, Result<usize, Unavailable>>;

    /// Whether writing works, as of the last attempt; tries once when it did not.
    fn check(&self) -> Pending<'_, Result<(), Unavailable>>;

    /// Waits until everything handed in is durable, then closes. Later calls are `Unavailable`.
    fn close(&self) -> Pending<'_, ()>;
}

/// The time, which is not everybody's the same where test clocks are moved forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Everybody's time.
    pub now: Timestamp,
    /// The merchants that have another, and what it is. Empty outside of development.
    pub own: Vec<(MerchantName, Timestamp)>,
}

impl Moment {
    /// The same time for everybody.
    #[must_use]
    pub fn of_all(now: Timestamp) -> Self {
        Self { now, own: Vec::new() }
    }
}

/// One atomic change. Large parts are boxed: entries are handed from future to future.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Takes a key for a subject.
    pub claim: Option<Claim>,
    /// Gives a key back: what it was taken for provably sent nothing.
    pub release: Option<IdempotencyKey>,
    /// Records a session. Sessions are written once.
    pub session: Option<Box<Session>>,
    /// Writes a payment: inserts it at version 0, else updates it if the stored version is the
    /// same as this one. The stored version is then one more.
    pub payment: Option<Box<Payment>>,
    /// Writes tokens by the same rule. A new token whose values a token of the same account already
    /// stands for, deleted ones left out, is a conflict as well: it was saved twice at once.
    pub tokens: Vec<Token>,
    /// Notes when tokens were used. It changes no version and meets no conflict; the latest time of
    /// all that were ever noted is kept, and a token that is not there is passed over.
    pub used: Vec<(TokenId, Timestamp)>,
    /// Adds to the story of the entry's payment, in this order. Sequence numbers are given by the
    /// store.
    pub history: Vec<HistoryNote>,
    /// Writes schedules, terms and progress, by the rule of payments.
    pub schedules: Vec<Schedule>,
    /// Writes only how far schedules have come, by the same rule; they must be there. A schedule
    /// that is written twice in one entry is a conflict.
    pub ticks: Vec<Tick>,
    /// Writes occurrences by the same rule. Their schedule must be there or come with them.
    pub occurrences: Vec<Occurrence>,
    /// Schedules of which an occurrence has ended, once for each. The store counts it off whatever
    /// the schedule's version is, lets go of a parked one with its last open occurrence, and makes
    /// the version one more, so that who read it before meets a conflict. A schedule that is not
    /// there is passed over.
    ///
    /// For a schedule without a next occurrence this is a conflict, unless the same entry writes it:
    /// whoever ends the last occurrence has to say what becomes of the schedule.
    ///
    /// This comes after everything else: when the same entry writes the schedule, what it writes is
    /// counted off from. Its [`Progress::open`] must still count the occurrence then, and the stored
    /// version is two more.
    pub ended: Vec<ScheduleId>,
    /// Declines of cards, to be counted.
    pub declines: Vec<CardDecline>,
    /// Facts for the log of their merchant, in this order.
    pub events: Vec<Event>,
}

/// How far a schedule has come, to be written over what it was at a version.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Which.
    pub schedule: ScheduleId,
    /// The version at which it was read.
    pub version: u64,
    /// How far it has come now.
    pub progress: Progress,
    /// When it has to be handed out next, [`Schedule::next_at`].
    pub next_at: Option<Timestamp>,
}

/// A card was declined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardDecline {
    /// Which card, by [`card_key`](crate::domain::dunning::card_key). The store keeps a keyed hash.
    pub card: String,
    /// When.
    pub at: Timestamp,
}

/// A key and what it was taken for.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The key.
    pub key: IdempotencyKey,
    /// The hash of the request that took it.
    pub fingerprint: Fingerprint,
    /// What it stands for.
    pub subject: Subject,
    /// When it was taken.
    pub at: Timestamp,
}

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A session was created or cancelled.
    Session(SessionId),
    /// A session was confirmed.
    Confirmation(SessionId),
    /// A token was charged.
    Payment(PaymentId),
    /// A capture, void or refund.
    Movement(PaymentId, MovementId),
    /// A token was imported or deleted.
    Token(TokenId),
    /// A schedule was created, or changed in whichever way.
    Schedule(ScheduleId),
    /// An occurrence was skipped.
    Occurrence(ScheduleId, u32),
}

/// Proof that the journal holds what is about to be sent. Made only by a store, after its commit.
#[derive(Debug)]
pub struct Permit {
    payment: PaymentId,
    movement: Option<MovementId>,
}

impl Permit {
    /// For stores only, and only after the commit.
    pub(in crate::journal) fn after_commit(payment: PaymentId, movement: Option<MovementId>) -> Self {
        Self { payment, movement }
    }

    /// Whose money may move.
    #[must_use]
    pub fn payment(&self) -> PaymentId {
        self.payment
    }

    /// Which capture, void or refund may; `None` for the payment itself.
    #[must_use]
    pub fn movement(&self) -> Option<MovementId> {
        self.movement
    }
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CommitError {
    /// The key is taken; this is what it stands for.
    #[error("the request id is taken")]
    Taken(Box<Claim>),
    /// Somebody else changed the payment or token first.
    #[error("the record was changed by somebody else")]
    Conflict,
    /// Nothing can be written now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The store cannot do its work now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// More changes wait than the queue holds.
    #[error("the journal's queue is full")]
    Full,
    /// The disk is full, read-only or failing, or the database does not answer.
    #[error("the journal cannot be written or read")]
    Failing,
    /// A record does not read back: damaged, or sealed with a key that is not configured.
    #[error("a record of the journal does not read back")]
    Damaged,
    /// The journal is closed.
    #[error("the journal is closed")]
    Closed,
}

/// What a note of a payment's story is about. Stored by its word, which is forever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HistoryKind {
    /// The payment was recorded.
    Created,
    /// A request that moves money may be sent.
    Permitted,
    /// The provider answered what was asked for, or did not.
    Exchanged,
    /// The provider was asked what became of it.
    Observed,
    /// The session was confirmed.
    Confirmed,
    /// A capture was asked for.
    CaptureRequested,
    /// A void was asked for.
    VoidRequested,
    /// A refund was asked for.
    RefundRequested,
    /// A card was saved.
    TokenSaved,
    /// A person decided.
    Operator,
    /// Sorted out after a start.
    Recovered,
    /// The outcome is not known.
    LostSight,
}

impl HistoryKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Created,
        Self::Permitted,
        Self::Exchanged,
        Self::Observed,
        Self::Confirmed,
        Self::CaptureRequested,
        Self::VoidRequested,
        Self::RefundRequested,
        Self::TokenSaved,
        Self::Operator,
        Self::Recovered,
        Self::LostSight,
    ];

    /// The kind as a lower-case word, as it is stored.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Permitted => "permitted",
            Self::Exchanged => "exchanged",
            Self::Observed => "observed",
            Self::Confirmed => "confirmed",
            Self::CaptureRequested => "capture_requested",
            Self::VoidRequested => "void_requested",
            Self::RefundRequested => "refund_requested",
            Self::TokenSaved => "token_saved",
            Self::Operator => "operator",
            Self::Recovered => "recovered",
            Self::LostSight => "lost_sight",
        }
    }

    /// The kind behind a word of [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

/// What happened to a payment, in a form that may be shown to its merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryNote {
    /// When.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: HistoryKind,
    /// One sentence or a few words, without anything secret.
    pub summary: String,
    /// The provider's request that it is about, such as `sessions/pay`; empty for none.
    pub exchange: String,
    /// The provider's HTTP status; 0 for none.
    pub http_status: u16,
    /// Where the payment stood afterwards.
    pub state: PaymentState,
}

/// A note as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Grows within one payment; may have gaps.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What kind of thing; `None` for a kind that only a later version knows.
    pub kind: Option<HistoryKind>,
    /// In words.
    pub summary: String,
    /// The provider's request that it is about.
    pub exchange: String,
    /// The provider's HTTP status; 0 for none.
    pub http_status: u16,
    /// Where the payment stood afterwards.
    pub state: PaymentState,
}

/// Which payments to list.
#[derive(Debug, Clone)]
pub struct PaymentFilter {
    /// Whose.
    pub merchant: MerchantName,
    /// In any of these states; empty for all.
    pub states: Vec<PaymentState>,
    /// Of this account.
    pub account: Option<AccountName>,
    /// With this reference of the caller.
    pub merchant_reference: Option<String>,
    /// Charged to this token.
    pub token: Option<TokenId>,
    /// Of this session.
    pub session: Option<SessionId>,
    /// Of this customer of the caller.
    pub customer: Option<String>,
    /// Recorded at or after. An id is at most a day away from the time of its record.
    pub created_from: Option<Timestamp>,
    /// Recorded before.
    pub created_before: Option<Timestamp>,
    /// Older than this one: where the last page ended.
    pub before: Option<PaymentId>,
    /// At most so many, 1 to [`ROWS_MAX`].
    pub limit: usize,
}

/// Which tokens to list.
#[derive(Debug, Clone)]
pub struct TokenFilter {
    /// Whose.
    pub merchant: MerchantName,
    /// Of this account.
    pub account: Option<AccountName>,
    /// Of this customer of the caller.
    pub customer: Option<String>,
    /// With this status.
    pub status: Option<TokenStatus>,
    /// Older than this one: where the last page ended.
    pub before: Option<TokenId>,
    /// At most so many, 1 to [`ROWS_MAX`].
    pub limit: usize,
}

/// Which schedules to list.
#[derive(Debug, Clone)]
pub struct ScheduleFilter {
    /// Whose.
    pub merchant: MerchantName,
    /// Of this account.
    pub account: Option<AccountName>,
    /// On this token.
    pub token: Option<TokenId>,
    /// Of this customer of the caller.
    pub customer: Option<String>,
    /// With this reference of the caller.
    pub merchant_reference: Option<String>,
    /// With one of these statuses; empty for all.
    pub statuses: Vec<ScheduleStatus>,
    /// Older than this one: where the last page ended.
    pub before: Option<ScheduleId>,
    /// At most so many, 1 to [`ROWS_MAX`].
    pub limit: usize,
}

/// Which occurrences to list.
#[derive(Debug, Clone)]
pub struct OccurrenceFilter {
    /// Of this schedule.
    pub schedule: ScheduleId,
    /// Only those that have not ended.
    pub open: bool,
    /// With lower numbers than this one: where the last page ended.
    pub before: Option<u32>,
    /// At most so many, 1 to [`ROWS_MAX`].
    pub limit: usize,
}
