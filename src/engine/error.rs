//! Why a call has no answer, by what its receiver can do.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::ids::{AccountName, PaymentId};
use crate::journal::seam::{CommitError, Subject, Unavailable};
use crate::providers::contract::Feature;

/// Why a call has no answer. Declines and payments of unknown outcome are answers and not here.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Fields of the request are wrong. Nothing was sent.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// There is no such thing, or it is another merchant's.
    #[error("{0} not found")]
    NotFound(Thing),
    /// The request id stands for another request.
    #[error("the request id was used for another request")]
    Reused(Option<Subject>),
    /// No account of the merchant suits the request.
    #[error("no account takes this currency and country")]
    NoAccountMatches,
    /// The provider cannot do this. Nothing was sent.
    #[error("the provider does not support {what}")]
    Unsupported {
        /// At which account.
        account: AccountName,
        /// The feature that is missing, where it is one of the matrix.
        feature: Option<Feature>,
        /// What it cannot do.
        what: String,
        /// What would work instead.
        instead: String,
    },
    /// The state of the payment or session forbids it.
    #[error("not possible in state {state}")]
    StateForbids {
        /// Where it stands, as an upper-case word.
        state: String,
        /// What was wanted.
        wanted: &'static str,
    },
    /// More than what remains.
    #[error("more than the {remaining_minor} minor units that remain")]
    ExceedsRemaining {
        /// What remains.
        remaining_minor: i64,
    },
    /// Somebody changed it since the caller looked.
    #[error("it was changed meanwhile")]
    EtagMismatch {
        /// What it is named now.
        etag: String,
    },
    /// The token cannot be charged any more.
    #[error("the token cannot be used any more")]
    TokenUnusable,
    /// The token may not be used like this.
    #[error("the token may not be used for this")]
    TokenUseNotAllowed {
        /// What it may not be used for.
        wanted: &'static str,
    },
    /// The session is over.
    #[error("the session has ended")]
    SessionExpired,
    /// The account does not take cards in clear.
    #[error("this account does not accept card data in clear")]
    CardDataNotAllowed(AccountName),
    /// Card data came over a connection without TLS.
    #[error("card data is accepted over TLS only")]
    TlsRequired,
    /// The provider refused our request. Nothing was charged.
    #[error("the provider rejected the request")]
    Rejected {
        /// At which account.
        account: AccountName,
        /// The provider's code.
        code: Option<String>,
        /// The provider's words.
        message: Option<String>,
        /// The payment that failed, if there is one.
        payment: Option<PaymentId>,
    },
    /// The provider refused our credentials. Nothing was charged.
    #[error("the provider refuses the account's credentials")]
    CredentialsRejected {
        /// Which account.
        account: AccountName,
        /// The provider's code.
        code: Option<String>,
        /// The payment that failed, if there is one.
        payment: Option<PaymentId>,
    },
    /// The provider cannot be reached. Nothing was sent.
    #[error("the provider cannot be reached")]
    Unreachable(AccountName),
    /// The provider wants us to slow down. Nothing was charged.
    #[error("the provider asks to slow down")]
    Throttled {
        /// Which account.
        account: AccountName,
        /// The provider's code.
        code: Option<String>,
        /// How long to wait.
        after: Duration,
    },
    /// The provider failed so often that nothing is sent for a while.
    #[error("the provider is not asked for a while")]
    BreakerOpen {
        /// Which account.
        account: AccountName,
        /// How long to wait.
        after: Duration,
    },
    /// The process is going down.
    #[error("the gateway is shutting down")]
    Draining,
    /// As many calls run as are allowed.
    #[error("too many calls at once")]
    Busy,
    /// Nothing can be written down, so nothing is sent.
    #[error("the journal is not available")]
    Journal(Unavailable),
    /// The first call with this request id still runs.
    #[error("the first call with this request id still runs")]
    StillRunning,
    /// The caller's merchant lives by everybody's clock, which nobody moves.
    #[error("this merchant has no test clock")]
    NoTestClock,
    /// A test clock cannot be moved on from where it is.
    #[error("the clock stands at {at}: {what}")]
    ClockHeld {
        /// Where the clock is.
        at: Timestamp,
        /// What holds it, in words for the caller.
        what: String,
    },
    /// A bug of ours.
    #[error("internal error")]
    Internal {
        /// What went wrong, for our log; never shown to callers.
        what: String,
        /// The payment, if there is one.
        payment: Option<PaymentId>,
    },
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field in the request.
    pub field: String,
    /// What is wrong, without the value.
    pub problem: String,
    /// Which kind of mistake.
    pub kind: FieldMistake,
}

/// Kinds of mistakes in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldMistake {
    /// Any other.
    Invalid,
    /// Not an active currency.
    UnknownCurrency,
    /// Not an account of this merchant.
    UnknownAccount,
    /// A card number where none belongs.
    CardNumber,
    /// An amount that the provider does not take.
    AmountOutOfBounds {
        /// The least amount in minor units, where it is known.
        minimum_minor: Option<i64>,
        /// The greatest.
        maximum_minor: Option<i64>,
    },
}

impl FieldError {
    /// A mistake of no particular kind.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into(), kind: FieldMistake::Invalid }
    }
}

/// What was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // Their names say it.
pub enum Thing {
    Session,
    Payment,
    Capture,
    Token,
    Account,
    Schedule,
    Occurrence,
    Event,
    WebhookEndpoint,
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Session => "session",
            Self::Payment => "payment",
            Self::Capture => "capture",
            Self::Token => "token",
            Self::Account => "account",
            Self::Schedule => "schedule",
            Self::Occurrence => "occurrence",
            Self::Event => "event",
            Self::WebhookEndpoint => "webhook endpoint",
        })
    }
}

impl From<Unavailable> for Error {
    fn from(why: Unavailable) -> Self {
        Self::Journal(why)
    }
}

impl Error {
    /// A bug of ours.
    pub(super) fn bug(what: impl Into<String>, payment: Option<PaymentId>) -> Self {
        Self::Internal { what: what.into(), payment }
    }

    /// A commit that failed in a place where its key and version were just checked.
    pub(super) fn of_commit(error: CommitError, payment: PaymentId) -> Self {
        match error {
            CommitError::Unavailable(why) => Self::Journal(why),
            CommitError::Taken(claim) => Self::Reused(Some(claim.subject)),
            CommitError::Conflict => {
                Self::bug("a record changed although only this task writes it", Some(payment))
            }
        }
    }
}
