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
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::card::{StoredToken, Token, TokenStatus};
use crate::domain::delivery::{Delivery, DeliveryStatus, EndpointKey, Standing};
use crate::domain::event::{Event, LoggedEvent};
use crate::domain::ids::{
    AccountName, EventId, Fingerprint, IdempotencyKey, MerchantName, NoticeId, PaymentId, ScheduleId,
    SessionId, TokenId,
};
use crate::domain::notice::{Notice, NoticeProgress, NoticeStatus};
use crate::domain::occurrence::Occurrence;
use crate::domain::payment::{MovementId, Payment, PaymentState};
use crate::domain::schedule::{Progress, Schedule, ScheduleStatus};
use crate::domain::session::Session;

use super::history;
use super::records::encode_notes;

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

    /// An event of a merchant.
    fn event(
        &self,
        merchant: &MerchantName,
        id: EventId,
    ) -> Pending<'_, Result<Option<LoggedEvent>, Unavailable>>;

    /// The place of the newest event of a merchant; 0 when there is none.
    fn last_event(&self, merchant: &MerchantName) -> Pending<'_, Result<u64, Unavailable>>;

    /// Follows the log of a merchant: the receiver changes after every commit of this process that
    /// added to it. Other processes are not heard of; whoever follows looks now and then as well.
    fn follow_events(&self, merchant: &MerchantName) -> watch::Receiver<u64>;

    /// Notices that are to be acted upon at `now`, the longest overdue first.
    fn due_notices(&self, now: Timestamp, limit: usize) -> Pending<'_, Result<Vec<Notice>, Unavailable>>;

    /// When the next notice is to be acted upon; `None` for never.
    fn next_notice(&self) -> Pending<'_, Result<Option<Timestamp>, Unavailable>>;

    /// Notices that were left over, newest first.
    fn notices(&self, filter: NoticeFilter) -> Pending<'_, Result<Vec<Notice>, Unavailable>>;

    /// Forgets up to `limit` notices from before `before` with which nothing is left to do. Returns how
    /// many.
    fn forget_notices(&self, before: Timestamp, limit: usize) -> Pending<'_, Result<usize, Unavailable>>;

    /// The payment of an account that a provider's id stands for, as far as such ids are kept: those of
    /// sessions, and of captures, voids and refunds.
    fn payment_by_handle(
        &self,
        account: &AccountName,
        handle: Handle,
        value: &str,
    ) -> Pending<'_, Result<Option<PaymentId>, Unavailable>>;

    /// Payments of a merchant that are not settled, or in quarantine; newest first.
    fn unsettled(&self, filter: UnsettledFilter) -> Pending<'_, Result<Vec<Payment>, Unavailable>>;

    /// How the addresses of a merchant stand that were ever seen.
    fn standings(&self, merchant: &MerchantName) -> Pending<'_, Result<Vec<Standing>, Unavailable>>;

    /// Deliveries of an address that are due at `due`, in the order of the log. One waits as long as an
    /// earlier one of the same payment is open, unless it could have gone since `held` or longer.
    fn sendable(
        &self,
        endpoint: &EndpointKey,
        due: Timestamp,
        held: Timestamp,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Delivery>, Unavailable>>;

    /// How many deliveries of an address have not ended.
    fn open_deliveries(&self, endpoint: &EndpointKey) -> Pending<'_, Result<usize, Unavailable>>;

    /// When the next delivery of an address is due after a time; `None` for never.
    fn next_delivery(
        &self,
        endpoint: &EndpointKey,
        after: Timestamp,
    ) -> Pending<'_, Result<Option<Timestamp>, Unavailable>>;

    /// Deliveries of a merchant, newest first.
    fn deliveries(&self, filter: DeliveryFilter) -> Pending<'_, Result<Vec<Delivery>, Unavailable>>;

    /// How many events of a merchant come after a place in its log, counted up to `limit`.
    fn events_after(
        &self,
        merchant: &MerchantName,
        place: u64,
        limit: usize,
    ) -> Pending<'_, Result<usize, Unavailable>>;

    /// Forgets up to `limit` deliveries that ended before `before`. Returns how many.
    fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Pending<'_, Result<usize, Unavailable>>;

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
    /// What providers sent by themselves. Of news that is there already, by account and key, only the
    /// arrival is counted; where it [came to nothing](NoticeStatus::may_come_again) it is to be acted
    /// upon again, as this one says.
    pub notices: Vec<Notice>,
    /// How far notices have come. One that is not there is passed over.
    pub heard: Vec<(NoticeId, NoticeProgress)>,
    /// What changes of the addresses that events are sent to, and of what is on its way there.
    pub outbox: Outbox,
}

impl Entry {
    /// Whether it has nothing to write beside the payment and what is told of it.
    #[must_use]
    pub fn is_only_about_the_payment(&self) -> bool {
        let Self {
            claim,
            release,
            session,
            payment: _,
            tokens,
            used,
            history: _,
            schedules,
            ticks,
            occurrences,
            ended,
            declines,
            events,
            notices,
            heard,
            outbox,
        } = self;
        claim.is_none()
            && release.is_none()
            && session.is_none()
            && tokens.is_empty()
            && used.is_empty()
            && schedules.is_empty()
            && ticks.is_empty()
            && occurrences.is_empty()
            && ended.is_empty()
            && declines.is_empty()
            && events.is_empty()
            && notices.is_empty()
            && heard.is_empty()
            && outbox.is_empty()
    }

    /// The hash of the payment's story once this entry is written.
    #[must_use]
    pub fn history_hash(&self, payment: &Payment) -> [u8; 32] {
        match self.history.is_empty() {
            true => payment.history_hash,
            false => history::link(payment, &encode_notes(&self.history)),
        }
    }
}

/// What changes of the addresses that events are sent to, and of what is on its way there. Everything of
/// one address is written by the one task that looks after it, so nothing here meets a conflict.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    /// How addresses stand now.
    pub standings: Vec<Standing>,
    /// New deliveries. One that is there already, by address and event, stays as it is.
    pub made: Vec<Delivery>,
    /// Deliveries as they are now, made where they are not there.
    pub tried: Vec<Delivery>,
    /// Addresses that take events again, and since when: all that is open is due then. This comes after
    /// everything else.
    pub resumed: Vec<(EndpointKey, Timestamp)>,
}

impl Outbox {
    /// Whether it has nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { standings, made, tried, resumed } = self;
        standings.is_empty() && made.is_empty() && tried.is_empty() && resumed.is_empty()
    }
}

/// Which deliveries to list.
#[derive(Debug, Clone)]
pub struct DeliveryFilter {
    /// Whose.
    pub merchant: MerchantName,
    /// Of this event.
    pub event: Option<EventId>,
    /// To the address of this name.
    pub endpoint: Option<String>,
    /// With one of these statuses; empty for all.
    pub statuses: Vec<DeliveryStatus>,
    /// With lower numbers than this one: where the last page ended.
    pub before: Option<u64>,
    /// At most so many, 1 to [`ROWS_MAX`].
    pub limit: usize,
}

/// Which of a provider's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handle {
    /// Of a session.
    Session,
    /// Of an order.
    Order,
    /// Of a transaction.
    Transaction,
    /// The reference that we gave to a capture, void or refund.
    Movement,
}

/// Which notices to list.
#[derive(Debug, Clone)]
pub struct NoticeFilter {
    /// Of these accounts.
    pub accounts: Vec<AccountName>,
    /// With one of these statuses.
    pub statuses: Vec<NoticeStatus>,
    /// Older than this one: where the last page ended.
    pub before: Option<NoticeId>,
    /// At most so many, 1 to [`ROWS_MAX`].
    pub limit: usize,
}

/// Which unsettled payments to list.
#[derive(Debug, Clone)]
pub struct UnsettledFilter {
    /// Whose.
    pub merchant: MerchantName,
    /// Of this account.
    pub account: Option<AccountName>,
    /// Older than this one: where the last page ended.
    pub before: Option<PaymentId>,
    /// At most so many, 1 to [`ROWS_MAX`].
    pub limit: usize,
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
    /// An event was sent again.
    Event(EventId),
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
    /// The provider told something by itself.
    Noticed,
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
        Self::Noticed,
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
            Self::Noticed => "noticed",
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

/// One exchange with a provider, in a form that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExchangeNote {
    /// What the request is called, such as `sessions/pay`.
    pub name: String,
    /// Its HTTP method.
    pub method: String,
    /// The path of its address, without a query and without anything secret.
    pub path: String,
    /// The HTTP status; 0 without an answer.
    pub http_status: u16,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// The body that was sent, as it may be shown; up to about 2 KiB, in `providers::redact`.
    pub request: String,
}

/// What happened to a payment, in a form that may be shown to its merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryNote {
    /// When.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: HistoryKind,
    /// Whose wish it is, by the name of a credential or a schedule's id; empty for the gateway's own.
    pub caller: Arc<str>,
    /// One sentence or a few words, without anything secret.
    pub summary: String,
    /// The exchange with the provider that it is about.
    pub exchange: Option<ExchangeNote>,
    /// Where the payment stood afterwards.
    pub state: PaymentState,
}

impl HistoryNote {
    /// The same, as the wish of somebody.
    #[must_use]
    pub fn by(self, caller: &Arc<str>) -> Self {
        Self { caller: caller.clone(), ..self }
    }
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
    /// Whose wish it was; empty for the gateway's own.
    pub caller: String,
    /// In words.
    pub summary: String,
    /// The exchange with the provider that it is about.
    pub exchange: Option<ExchangeNote>,
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
