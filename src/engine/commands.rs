//! What callers can ask of the engine, already parsed into values that cannot be wrong in form.

use std::sync::Arc;
use std::time::Duration;

use jiff::{Timestamp, civil};

use crate::domain::calendar::{Cadence, Zone};
use crate::domain::card::Initiator;
use crate::domain::card::{BrowserFacts, CardSummary, Means, StoredToken, Token, TokenUses};
use crate::domain::dunning::RetryPolicy;
use crate::domain::ids::{
    AccountName, CaptureId, Fingerprint, IdempotencyKey, MerchantName, PaymentId, ScheduleId, SessionId,
    TokenId,
};
use crate::domain::money::Money;
use crate::domain::occurrence::OccurrenceTry;
use crate::domain::order::{
    Address, Customer, LinePart, Metadata, Options, Purchase, ReturnUrls, Series, SessionOrder,
};
use crate::domain::payment::{MovementId, Payment};
use crate::domain::schedule::{End, Overlap, Trial};
use crate::domain::session::Session;
use crate::providers::contract::RefundReason;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Everything is scoped to it.
    pub merchant: MerchantName,
    /// The name of its credential, for the stories of its payments. What the gateway does by itself for a
    /// schedule has the schedule's id.
    pub name: Arc<str>,
    /// Whether the call came over TLS, or from a process that development mode trusts.
    pub secure: bool,
}

/// A call that changes something, and what makes it safe to repeat.
#[derive(Debug, Clone)]
pub struct Ask<T> {
    /// The caller's key.
    pub key: IdempotencyKey,
    /// The hash of the whole request.
    pub fingerprint: Fingerprint,
    /// What is asked.
    pub wish: T,
}

/// Open a session.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// The account; `None` lets currency and country decide.
    pub account: Option<AccountName>,
    /// The customer's country, for choosing an account.
    pub country: Option<String>,
    /// The order. Its reference and offered tokens are filled in here.
    pub order: SessionOrder,
    /// Whether the caller set the end of the session itself.
    pub expiry_given: bool,
    /// Saved cards to offer.
    pub tokens: Vec<TokenId>,
    /// The occurrence that the customer pays by hand in it.
    pub occurrence: Option<OccurrenceTry>,
}

/// Finish a session.
#[derive(Debug, Clone)]
pub struct ConfirmSession {
    /// Which.
    pub session: SessionId,
    /// With what.
    pub means: ConfirmWith,
    /// Whether the customer agreed to have the card saved.
    pub save_card: Option<bool>,
    /// What 3-D Secure wants to know.
    pub browser: Option<BrowserFacts>,
    /// Where the bill goes, if that is only known now.
    pub billing: Option<crate::domain::order::Address>,
    /// What the caller wants of 3-D Secure, if that is only known now.
    pub three_d_secure: Option<crate::domain::order::ThreeDSecure>,
}

/// What a session is finished with.
#[derive(Debug, Clone)]
pub enum ConfirmWith {
    /// The browser came back. What it brought is a hint and not looked at: the provider is asked.
    Returned,
    /// A card of the merchant's own page.
    Card(Means),
    /// A saved card.
    Saved {
        /// Which.
        token: TokenId,
        /// With this CVC.
        cvc: Option<crate::domain::secret::Secret<String>>,
    },
}

/// Charge a token.
#[derive(Debug, Clone)]
pub struct ChargeToken {
    /// Which.
    pub token: ChargedToken,
    /// What is bought; its reference is filled in here.
    pub purchase: Purchase,
    /// Who started it.
    pub initiator: Initiator,
    /// The first payment of the series, by our id.
    pub first_payment: Option<PaymentId>,
    /// Where the browser goes after a challenge.
    pub return_urls: Option<ReturnUrls>,
    /// What 3-D Secure wants to know.
    pub browser: Option<BrowserFacts>,
    /// When an unfinished charge ends by itself.
    pub expires_at: Option<Timestamp>,
    /// The terms of the series.
    pub series: Option<Series>,
}

/// The token of a charge.
#[derive(Debug, Clone)]
pub enum ChargedToken {
    /// One of ours.
    Saved(TokenId),
    /// One that the caller keeps.
    Inline {
        /// The account that it belongs to.
        account: AccountName,
        /// The provider's values.
        stored: StoredToken,
    },
}

/// Capture, void or refund.
#[derive(Debug, Clone)]
pub struct Move {
    /// Which payment.
    pub payment: PaymentId,
    /// Which of the three.
    pub what: MoveKind,
    /// How much; `None` for everything that remains.
    pub amount: Option<Money>,
    /// The lines concerned.
    pub lines: Vec<LinePart>,
    /// Why, in the caller's words.
    pub reason: Option<String>,
    /// The caller's pairs.
    pub metadata: Metadata,
    /// What only the provider has.
    pub options: Options,
}

/// Which of the three, with what only it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveKind {
    /// Take authorized money.
    Capture {
        /// Whether this is the last capture.
        last: bool,
    },
    /// Give a reservation back.
    Void,
    /// Give taken money back.
    Refund {
        /// Why.
        reason: RefundReason,
        /// The capture that it is about.
        capture: Option<CaptureId>,
    },
}

/// Take over a token from elsewhere.
#[derive(Debug, Clone)]
pub struct ImportToken {
    /// The account that can charge it.
    pub account: AccountName,
    /// The provider's values.
    pub stored: StoredToken,
    /// What may be shown of the card.
    pub card: CardSummary,
    /// What it may be used for.
    pub uses: TokenUses,
    /// The caller's customer.
    pub customer: Option<String>,
    /// The caller's pairs.
    pub metadata: Metadata,
}

/// Create a schedule.
#[derive(Debug, Clone)]
pub struct ScheduleRecurring {
    /// What is agreed; everything that has no default has to be there.
    pub terms: TermsChange,
    /// Who pays; without an id it is the token's customer.
    pub customer: Customer,
    /// Where the bill goes.
    pub billing: Option<Address>,
    /// The first payment of the series, by our id.
    pub first_payment: Option<PaymentId>,
    /// What only the provider has, for each charge.
    pub options: Options,
}

/// Terms of a schedule that are set or changed; `None` leaves them as they are, or, in a new
/// schedule, means the default where there is one. The inner `None` of some takes a value away.
#[derive(Debug, Clone, Default)]
pub struct TermsChange {
    /// What is charged.
    pub token: Option<TokenId>,
    /// How much each occurrence costs.
    pub money: Option<Money>,
    /// The caller's reference, 1 to 64 characters.
    pub merchant_reference: Option<String>,
    /// How often.
    pub cadence: Option<Cadence>,
    /// The day from which the cadence counts. With a cadence and without it: the first date, or in a
    /// change the day of the next occurrence.
    pub anchor: Option<civil::Date>,
    /// No occurrence falls before this day.
    pub first_date: Option<civil::Date>,
    /// Where days begin and end.
    pub zone: Option<Zone>,
    /// At what local time.
    pub time: Option<civil::Time>,
    /// Which occurrence is the last.
    pub end: Option<End>,
    /// What comes before the first full charge.
    pub trial: Option<Option<Trial>>,
    /// How late an occurrence may be charged.
    pub catch_up: Option<Duration>,
    /// What happens to an occurrence while an earlier one has not ended.
    pub overlap: Option<Overlap>,
    /// Over how long the charges of one moment may be spread.
    pub tolerance: Option<Duration>,
    /// What follows a decline.
    pub retries: Option<RetryPolicy>,
    /// What the customer reads.
    pub description: Option<Option<String>>,
    /// What the statement shows.
    pub descriptor: Option<Option<String>>,
    /// Where the browser goes when the customer had to pay by hand.
    pub return_url: Option<Option<String>>,
    /// The caller's pairs.
    pub metadata: Option<Metadata>,
}

/// Change the terms of a schedule.
#[derive(Debug, Clone)]
pub struct UpdateSchedule {
    /// Which.
    pub schedule: ScheduleId,
    /// The state of it that the caller knows.
    pub etag: String,
    /// What changes.
    pub change: TermsChange,
}

/// Pause, resume or cancel a schedule.
#[derive(Debug, Clone)]
pub struct SteerSchedule {
    /// Which.
    pub schedule: ScheduleId,
    /// The state of it that the caller knows; `None` for whatever it is.
    pub etag: Option<String>,
    /// Which of the three.
    pub how: Steer,
}

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steer {
    /// Stop charging.
    Pause,
    /// Charge again.
    Resume {
        /// Whether the occurrence that failed is tried once more.
        retry_failed: bool,
    },
    /// End it for good.
    Cancel,
}

/// Leave one occurrence out.
#[derive(Debug, Clone, Copy)]
pub struct SkipOccurrence {
    /// Of which schedule.
    pub schedule: ScheduleId,
    /// Its number.
    pub number: u32,
}

/// An answer, and whether it was given before.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// What came of it, as it stands now.
    pub value: T,
    /// Whether an earlier call with the same request id did the work.
    pub replayed: bool,
}

/// A session and its payment.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// Its payment.
    pub payment: Box<Payment>,
    /// Cards saved in it.
    pub tokens: Vec<Token>,
}

/// A payment and one movement of it.
#[derive(Debug, Clone)]
pub struct MovementView {
    /// The payment.
    pub payment: Box<Payment>,
    /// The movement.
    pub movement: MovementId,
}
