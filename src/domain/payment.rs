//! A payment, its captures, void and refunds, and the one pure function that changes where it stands.
//!
//! News converges. Whatever the order in which a reply, an inquiry and a notice arrive, and however
//! often, the payment ends in the same place: every piece of news has a rank, a higher rank wins,
//! an equal one merges its totals, a lower one changes nothing. Money that moved outranks any
//! report that it did not.

use jiff::Timestamp;

use super::card::{CardSummary, MerchantReason};
use super::ids::{AccountName, CaptureId, MerchantName, PaymentId, RefundId, SessionId, TokenId, VoidId};
use super::money::Money;
use super::occurrence::OccurrenceTry;
use super::order::{CaptureMode, LinePart, Metadata, Options};
use super::outcome::{Asked, Decline, Failure, Mismatch, NextAction, Trace};
use super::words::worded;

/// How many captures, voids and refunds one payment may have, failed ones included.
pub const MOVEMENTS_MAX: usize = 200;

worded! {
    /// Where a payment stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum PaymentState {
        /// Recorded; nothing that moves money has been permitted.
        Created = "CREATED",
        /// A request that moves money was permitted; it may be on its way.
        Submitted = "SUBMITTED",
        /// The customer has to do something.
        RequiresAction = "REQUIRES_ACTION",
        /// The provider is at work.
        Processing = "PROCESSING",
        /// We do not know, and are asking.
        Unresolved = "UNRESOLVED",
        /// Nobody paid in time, or the reservation lapsed.
        Expired = "EXPIRED",
        /// Nothing was charged, for a technical reason.
        Failed = "FAILED",
        /// Refused.
        Declined = "DECLINED",
        /// The card was checked or stored; no money was meant to move.
        Verified = "VERIFIED",
        /// The money is reserved.
        Authorized = "AUTHORIZED",
        /// The reservation was given back, or the session closed before anybody paid.
        Voided = "VOIDED",
        /// The money is taken, in whole or part.
        Captured = "CAPTURED",
        /// Some of it was given back.
        PartiallyRefunded = "PARTIALLY_REFUNDED",
        /// All of it was given back.
        Refunded = "REFUNDED",
        /// An answer was about something else than what was asked. Nobody is told that it succeeded.
        Quarantined = "QUARANTINED",
    }
}

impl PaymentState {
    /// Whether the money is taken or reserved, or was before it was given back as a refund.
    #[must_use]
    pub fn is_paid(self) -> bool {
        match self {
            Self::Authorized | Self::Captured | Self::PartiallyRefunded | Self::Refunded => true,
            Self::Created
            | Self::Submitted
            | Self::RequiresAction
            | Self::Processing
            | Self::Unresolved
            | Self::Expired
            | Self::Failed
            | Self::Declined
            | Self::Verified
            | Self::Voided
            | Self::Quarantined => false,
        }
    }

    /// Whether it is still undecided: news of any kind may settle it.
    #[must_use]
    pub fn is_undecided(self) -> bool {
        match self {
            Self::Created | Self::Submitted | Self::RequiresAction | Self::Processing | Self::Unresolved => {
                true
            }
            Self::Expired
            | Self::Failed
            | Self::Declined
            | Self::Verified
            | Self::Authorized
            | Self::Voided
            | Self::Captured
            | Self::PartiallyRefunded
            | Self::Refunded
            | Self::Quarantined => false,
        }
    }
}

/// A fact about a payment.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A request that moves money is permitted.
    Submitted,
    /// The permitted request provably never left this process.
    NeverSent,
    /// The request may have arrived and no answer tells.
    LostSight,
    /// The customer has to do something.
    ActionRequired(NextAction),
    /// The provider is at work.
    Processing,
    /// Nobody paid in time.
    Expired,
    /// Nothing was charged, for a technical reason.
    Failed(Failure),
    /// Refused.
    Declined(Decline),
    /// The card was checked or stored.
    Verified,
    /// So many minor units are reserved.
    Authorized(i64),
    /// The reservation lapsed.
    Lapsed,
    /// The reservation was given back, or the session closed.
    Voided,
    /// What was taken at once was given back whole before it settled.
    Undone,
    /// So many minor units are taken, all captures together.
    Captured(i64),
    /// So many minor units were given back, all refunds together.
    Refunded(i64),
    /// An answer was about something else.
    Mismatch(Mismatch),
    /// A person looked at the quarantine and wants the provider asked again.
    Released,
}

/// News that cannot be true of a payment in this state: a bug of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("news that cannot be true in state {}", .0.word())]
pub struct Illegal(pub PaymentState);

/// How settled a fact is. Later wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Undecided,
    Expired,
    Failed,
    Declined,
    Verified,
    Authorized,
    Lapsed,
    Voided,
    Captured,
    Undone,
}

/// What we follow up, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUp {
    /// Since when we have been asking.
    pub since: Timestamp,
    /// How often we have asked.
    pub inquiries: u32,
    /// When we last asked; `None` when not yet.
    pub last_at: Option<Timestamp>,
    /// When we ask next.
    pub next_at: Timestamp,
}

/// One movement of money and all that follows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Payment {
    /// Our name for it.
    pub id: PaymentId,
    /// Whose it is.
    pub merchant: MerchantName,
    /// Where it is made.
    pub account: AccountName,
    /// The caller's reference.
    pub merchant_reference: String,
    /// The reference that the provider knows.
    pub reference: String,
    /// What was asked.
    pub asked: Money,
    /// When the money is taken.
    pub capture: CaptureMode,
    /// Where it stands.
    pub state: PaymentState,
    /// Reserved minor units, the most that was ever reported.
    pub authorized: i64,
    /// Taken minor units, the most that the provider ever reported.
    pub captured_seen: i64,
    /// Minor units given back, the most that the provider ever reported.
    pub refunded_seen: i64,
    /// Whether what was taken at once was given back whole before it settled: nothing counts as
    /// taken any more then.
    pub undone: bool,
    /// How the provider knows it.
    pub trace: Trace,
    /// The token that was charged.
    pub token: Option<TokenId>,
    /// The session that it belongs to.
    pub session: Option<SessionId>,
    /// The try of a schedule's occurrence that it is.
    pub occurrence: Option<OccurrenceTry>,
    /// Why the merchant charged without the customer; `None` with the customer present.
    pub merchant_initiated: Option<MerchantReason>,
    /// Why it was declined.
    pub decline: Option<Decline>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What the customer has to do.
    pub next_action: Option<NextAction>,
    /// What did not match.
    pub mismatch: Option<Mismatch>,
    /// What may be shown of the card.
    pub card: Option<CardSummary>,
    /// The card scheme's transaction id.
    pub network_transaction_id: Option<String>,
    /// The issuer's approval code.
    pub approval_code: Option<String>,
    /// The caller's customer.
    pub customer: Option<String>,
    /// What the customer read.
    pub description: Option<String>,
    /// What the statement shows.
    pub descriptor: Option<String>,
    /// The caller's pairs.
    pub metadata: Metadata,
    /// Cards that were saved with it.
    pub saved_tokens: Vec<TokenId>,
    /// Until when the provider is asked for a card that was saved with it and that it has not yet
    /// told of.
    pub saved_awaited_until: Option<Timestamp>,
    /// Captures, voids and refunds, oldest first; at most [`MOVEMENTS_MAX`].
    pub movements: Vec<MovementRecord>,
    /// When we ask the provider next; `None` when there is nothing to ask.
    pub follow_up: Option<FollowUp>,
    /// When the last request that moves its money was permitted.
    pub sent_at: Option<Timestamp>,
    /// The session's end, for payments of sessions.
    pub expires_at: Option<Timestamp>,
    /// The caller's `request_id`.
    pub request_id: String,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows by one with each change.
    pub version: u64,
    /// The hash of its story up to the last note; zeros while it has none.
    pub history_hash: [u8; 32],
}

impl Payment {
    /// What every answer is compared with.
    #[must_use]
    pub fn asked(&self) -> Asked {
        Asked { money: self.asked, reference: self.reference.clone() }
    }

    /// The payment as it reads back once it was written, with a story that now has this hash.
    pub fn written(&mut self, history_hash: [u8; 32]) {
        self.version += 1;
        self.history_hash = history_hash;
    }

    /// Taken minor units: what the provider reported or what our own captures add up to,
    /// whichever is more. Either may be ahead of the other; neither is ever wrong upwards.
    #[must_use]
    pub fn captured(&self) -> i64 {
        if self.undone {
            return 0;
        }
        self.captured_seen.max(self.succeeded(MovementKind::Capture))
    }

    /// Minor units given back, by the same rule.
    #[must_use]
    pub fn refunded(&self) -> i64 {
        if self.undone {
            return 0;
        }
        self.refunded_seen.max(self.succeeded(MovementKind::Refund))
    }

    /// What can still be captured: nothing that an unfinished capture may take is offered twice.
    #[must_use]
    pub fn capturable(&self) -> i64 {
        match self.state {
            PaymentState::Authorized | PaymentState::Captured | PaymentState::PartiallyRefunded => {
                (self.authorized - self.captured() - self.unfinished(MovementKind::Capture)).max(0)
            }
            _ => 0,
        }
    }

    /// Whether the money was to be taken without a capture of ours, and none was asked for.
    #[must_use]
    pub fn is_taken_at_once(&self) -> bool {
        self.capture == CaptureMode::Automatic
            && self.movements.iter().all(|movement| movement.kind() != MovementKind::Capture)
    }

    /// Whether it is behind a session that only saves a card, and is no payment to its caller. In
    /// quarantine it is shown, because somebody has to look at it.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.session.is_some() && self.asked.is_zero() && self.state != PaymentState::Quarantined
    }

    /// What can still be refunded.
    #[must_use]
    pub fn refundable(&self) -> i64 {
        (self.captured() - self.refunded() - self.unfinished(MovementKind::Refund)).max(0)
    }

    /// Whether a movement of that kind is under way.
    #[must_use]
    pub fn has_unfinished(&self, kind: MovementKind) -> bool {
        self.movements.iter().any(|movement| movement.kind() == kind && movement.status.is_unfinished())
    }

    fn succeeded(&self, kind: MovementKind) -> i64 {
        self.sum(kind, |status| status == MovementStatus::Succeeded)
    }

    fn unfinished(&self, kind: MovementKind) -> i64 {
        self.sum(kind, MovementStatus::is_unfinished)
    }

    fn sum(&self, kind: MovementKind, wanted: impl Fn(MovementStatus) -> bool) -> i64 {
        self.movements
            .iter()
            .filter(|movement| movement.kind() == kind && wanted(movement.status))
            .map(|movement| movement.amount.minor())
            .sum()
    }

    fn rank(&self) -> Rank {
        match self.state {
            PaymentState::Created
            | PaymentState::Submitted
            | PaymentState::RequiresAction
            | PaymentState::Processing
            | PaymentState::Unresolved
            | PaymentState::Quarantined => Rank::Undecided,
            // A lapsed reservation outranks the report of the reservation itself.
            PaymentState::Expired if self.authorized > 0 => Rank::Lapsed,
            PaymentState::Expired => Rank::Expired,
            PaymentState::Failed => Rank::Failed,
            PaymentState::Declined => Rank::Declined,
            PaymentState::Verified => Rank::Verified,
            PaymentState::Authorized => Rank::Authorized,
            PaymentState::Voided if self.undone => Rank::Undone,
            PaymentState::Voided => Rank::Voided,
            PaymentState::Captured | PaymentState::PartiallyRefunded | PaymentState::Refunded => {
                Rank::Captured
            }
        }
    }

    /// Takes in a piece of news. Returns whether anything changed.
    ///
    /// # Errors
    /// [`Illegal`] for news of our own making that cannot be true: permitting a settled payment,
    /// or losing sight of one that was never sent. News from outside is never illegal.
    pub fn hear(&mut self, news: News, now: Timestamp) -> Result<bool, Illegal> {
        let before = self.clone_of_standing();
        if self.state == PaymentState::Quarantined {
            if news == News::Released {
                self.state = PaymentState::Unresolved;
                self.mismatch = None;
            }
            return Ok(self.touched(&before, now));
        }
        match news {
            News::Submitted => match self.state {
                PaymentState::Created | PaymentState::RequiresAction => {
                    self.state = PaymentState::Submitted;
                    self.sent_at = Some(now);
                }
                _ => return Err(Illegal(self.state)),
            },
            News::NeverSent => match (self.state, &self.next_action) {
                (PaymentState::Submitted, None) => self.state = PaymentState::Created,
                // A confirmation that never left: the customer can try again.
                (PaymentState::Submitted, Some(_)) => self.state = PaymentState::RequiresAction,
                _ => return Err(Illegal(self.state)),
            },
            News::LostSight => match self.state {
                PaymentState::Submitted => self.state = PaymentState::Unresolved,
                PaymentState::Created => return Err(Illegal(self.state)),
                // Something already told us more.
                _ => {}
            },
            News::ActionRequired(action) => {
                if self.rank() == Rank::Undecided {
                    self.state = PaymentState::RequiresAction;
                    self.next_action = Some(action);
                }
            }
            News::Processing => {
                if self.rank() == Rank::Undecided {
                    self.state = PaymentState::Processing;
                }
            }
            News::Expired => self.rise(Rank::Expired, PaymentState::Expired),
            News::Failed(failure) => {
                if self.rank() < Rank::Failed {
                    self.failure = Some(failure);
                }
                self.rise(Rank::Failed, PaymentState::Failed);
            }
            News::Declined(decline) => {
                if self.rank() < Rank::Declined {
                    self.decline = Some(decline);
                }
                self.rise(Rank::Declined, PaymentState::Declined);
            }
            News::Verified => self.rise(Rank::Verified, PaymentState::Verified),
            News::Authorized(minor) => {
                // The total comes after: with it, an expired session would look like a lapse.
                self.rise(Rank::Authorized, PaymentState::Authorized);
                self.authorized = self.authorized.max(minor);
            }
            News::Lapsed => {
                if self.authorized == 0 {
                    self.authorized = self.asked.minor();
                }
                self.rise(Rank::Lapsed, PaymentState::Expired);
            }
            News::Voided => self.rise(Rank::Voided, PaymentState::Voided),
            News::Undone => self.undo(),
            News::Captured(total) => {
                self.captured_seen = self.captured_seen.max(total);
                self.authorized = self.authorized.max(total);
                self.rise(Rank::Captured, PaymentState::Captured);
            }
            News::Refunded(total) => {
                self.refunded_seen = self.refunded_seen.max(total);
                // What was given back had been taken.
                self.captured_seen = self.captured_seen.max(total);
                self.authorized = self.authorized.max(total);
                self.rise(Rank::Captured, PaymentState::Captured);
            }
            News::Mismatch(mismatch) => {
                self.state = PaymentState::Quarantined;
                self.mismatch = Some(mismatch);
            }
            News::Released => {}
        }
        self.settle();
        Ok(self.touched(&before, now))
    }

    /// Final like nothing else: late reports of the taking are older than it.
    fn undo(&mut self) {
        self.rise(Rank::Undone, PaymentState::Voided);
        self.undone = true;
    }

    /// Moves up, never down.
    fn rise(&mut self, rank: Rank, state: PaymentState) {
        if rank > self.rank() {
            self.state = state;
        }
    }

    /// Makes the rest agree with the state: refunds show in it, and what no longer applies goes.
    fn settle(&mut self) {
        if self.rank() == Rank::Captured {
            self.state = match (self.refunded(), self.captured()) {
                (0, _) => PaymentState::Captured,
                (refunded, captured) if refunded >= captured => PaymentState::Refunded,
                _ => PaymentState::PartiallyRefunded,
            };
        }
        if self.rank() > Rank::Declined {
            self.decline = None;
            self.failure = None;
        }
        // A confirmation under way keeps the action, so that it can be asked for again.
        if !matches!(self.state, PaymentState::RequiresAction | PaymentState::Submitted) {
            self.next_action = None;
        }
    }

    fn clone_of_standing(&self) -> Self {
        self.clone()
    }

    fn touched(&mut self, before: &Self, now: Timestamp) -> bool {
        let changed = self != before;
        if changed {
            self.updated_at = now;
        }
        changed
    }

    /// Takes in a piece of news about a movement. Returns whether anything changed.
    ///
    /// # Errors
    /// [`Illegal`] for an unknown movement, or news of our own making that cannot be true.
    pub fn hear_of(&mut self, id: MovementId, news: MovementNews, now: Timestamp) -> Result<bool, Illegal> {
        let before = self.clone_of_standing();
        let state = self.state;
        let movement = self.movements.iter_mut().find(|movement| movement.id == id).ok_or(Illegal(state))?;
        movement.hear(news, now).map_err(|()| Illegal(state))?;
        if movement.status == MovementStatus::Succeeded && state != PaymentState::Quarantined {
            match movement.kind() {
                MovementKind::Void if self.is_taken_at_once() => self.undo(),
                MovementKind::Void => self.rise(Rank::Voided, PaymentState::Voided),
                MovementKind::Capture | MovementKind::Refund => {
                    self.rise(Rank::Captured, PaymentState::Captured)
                }
            }
            self.settle();
        }
        Ok(self.touched(&before, now))
    }

    /// The movement of that id.
    #[must_use]
    pub fn movement(&self, id: MovementId) -> Option<&MovementRecord> {
        self.movements.iter().find(|movement| movement.id == id)
    }
}

/// A capture, void or refund by its own id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementId {
    /// A capture.
    Capture(CaptureId),
    /// A void.
    Void(VoidId),
    /// A refund.
    Refund(RefundId),
}

impl MovementId {
    /// Which of the three.
    #[must_use]
    pub fn kind(self) -> MovementKind {
        match self {
            Self::Capture(_) => MovementKind::Capture,
            Self::Void(_) => MovementKind::Void,
            Self::Refund(_) => MovementKind::Refund,
        }
    }

    /// Letters and digits only: the reference that the provider gets.
    #[must_use]
    pub fn alphanumeric(self) -> String {
        match self {
            Self::Capture(id) => id.alphanumeric(),
            Self::Void(id) => id.alphanumeric(),
            Self::Refund(id) => id.alphanumeric(),
        }
    }

    /// Reads an id of any of the three kinds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        CaptureId::parse(text)
            .map(Self::Capture)
            .or_else(|_| VoidId::parse(text).map(Self::Void))
            .or_else(|_| RefundId::parse(text).map(Self::Refund))
            .ok()
    }
}

impl std::fmt::Display for MovementId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Capture(id) => id.fmt(f),
            Self::Void(id) => id.fmt(f),
            Self::Refund(id) => id.fmt(f),
        }
    }
}

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementKind {
    /// Taking authorized money.
    Capture,
    /// Giving a reservation back.
    Void,
    /// Giving taken money back.
    Refund,
}

worded! {
    /// Where a movement stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum MovementStatus {
        /// Recorded; its amount is set aside; nothing permitted yet.
        Created = "CREATED",
        /// Permitted; may be on its way.
        Submitted = "SUBMITTED",
        /// The provider accepted it and will do it later.
        Pending = "PENDING",
        /// We do not know, and are asking.
        Unresolved = "UNRESOLVED",
        /// Not done, and will not be. The amount is free again.
        Failed = "FAILED",
        /// Done.
        Succeeded = "SUCCEEDED",
    }
}

impl MovementStatus {
    /// Whether its amount is set aside.
    #[must_use]
    pub fn is_unfinished(self) -> bool {
        match self {
            Self::Created | Self::Submitted | Self::Pending | Self::Unresolved => true,
            Self::Failed | Self::Succeeded => false,
        }
    }
}

/// A fact about a movement.
#[derive(Debug, Clone, PartialEq)]
pub enum MovementNews {
    /// Its request is permitted.
    Submitted,
    /// The permitted request provably never left.
    NeverSent,
    /// The request may have arrived and no answer tells.
    LostSight,
    /// Accepted, done later.
    Pending {
        /// The provider's id of it.
        provider_id: Option<String>,
    },
    /// Done.
    Succeeded {
        /// The provider's id of it.
        provider_id: Option<String>,
    },
    /// Not done: refused.
    Declined(Decline),
    /// Not done: a technical reason.
    Failed(Failure),
}

/// One capture, void or refund.
#[derive(Debug, Clone, PartialEq)]
pub struct MovementRecord {
    /// Our name for it.
    pub id: MovementId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: MovementStatus,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// Why it was refused.
    pub decline: Option<Decline>,
    /// Why it failed otherwise.
    pub failure: Option<Failure>,
    /// Why, in the caller's words.
    pub reason: Option<String>,
    /// Why, of the reasons that providers know, as an upper-case word.
    pub reason_word: Option<String>,
    /// The capture that a refund is about, where the caller named one.
    pub of_capture: Option<CaptureId>,
    /// The caller's pairs.
    pub metadata: Metadata,
    /// Whether this is the last capture.
    pub final_capture: bool,
    /// The lines concerned.
    pub lines: Vec<LinePart>,
    /// Taken and given-back minor units before it was sent.
    pub before: (i64, i64),
    /// What only the provider has.
    pub options: Options,
    /// When it was permitted.
    pub sent_at: Option<Timestamp>,
    /// The caller's `request_id`; empty for one that was made in the provider's back office.
    pub request_id: String,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl MovementRecord {
    /// Which of the three.
    #[must_use]
    pub fn kind(&self) -> MovementKind {
        self.id.kind()
    }

    /// Whether nobody asked for it here: somebody made it in the provider's back office, under a reference
    /// of its own.
    #[must_use]
    pub fn is_made_elsewhere(&self) -> bool {
        self.request_id.is_empty()
    }

    fn hear(&mut self, news: MovementNews, now: Timestamp) -> Result<(), ()> {
        let before = self.clone();
        match news {
            MovementNews::Submitted => match self.status {
                MovementStatus::Created => {
                    self.status = MovementStatus::Submitted;
                    self.sent_at = Some(now);
                }
                _ => return Err(()),
            },
            MovementNews::NeverSent => match self.status {
                MovementStatus::Submitted => self.status = MovementStatus::Created,
                _ => return Err(()),
            },
            MovementNews::LostSight => match self.status {
                MovementStatus::Submitted => self.status = MovementStatus::Unresolved,
                MovementStatus::Created => return Err(()),
                _ => {}
            },
            MovementNews::Pending { provider_id } => {
                if self.status.is_unfinished() {
                    self.status = MovementStatus::Pending;
                }
                self.learn_id(provider_id);
            }
            MovementNews::Succeeded { provider_id } => {
                self.status = MovementStatus::Succeeded;
                self.decline = None;
                self.failure = None;
                self.learn_id(provider_id);
            }
            MovementNews::Declined(decline) => {
                if self.status != MovementStatus::Succeeded {
                    self.status = MovementStatus::Failed;
                    self.failure = None;
                    self.decline = Some(decline);
                }
            }
            MovementNews::Failed(failure) => {
                if self.status.is_unfinished() {
                    self.status = MovementStatus::Failed;
                    self.failure = Some(failure);
                }
            }
        }
        if *self != before {
            self.updated_at = now;
        }
        Ok(())
    }

    fn learn_id(&mut self, provider_id: Option<String>) {
        if provider_id.is_some() {
            self.provider_id = provider_id;
        }
    }
}
