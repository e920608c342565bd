//! What an adapter is: a pure translation between our words and one provider's.
//!
//! An adapter performs no I/O and knows no clock. [`Provider::begin`] says what to send first;
//! [`Provider::resume`] reads an answer and says what to send next, or what came of it all. The
//! engine does the sending. A stage is consumed by `resume`, so it cannot be replayed, and a
//! request that can move money carries the [`Trace`] by which it will be found again.
//!
//! Rules for adapters, each held by `tests/provider_contract.rs`:
//! * at most one request of a conversation moves money, and nothing that moves money follows it;
//! * amounts, currencies and references that an answer repeats are reported in `Seen`, untouched;
//! * a status word that the provider's documentation does not have is `Unintelligible`;
//! * nothing of a secret appears in a fault, a `Debug` or an outcome outside [`Secret`].

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::card::{BrowserFacts, Means, StoredToken};
use crate::domain::money::{Currency, Money};
use crate::domain::order::{CaptureMode, Charge, LinePart, MethodKind, Options, Purpose, SessionOrder};
use crate::domain::outcome::{Outcome, SeenTotals, Trace};
use crate::domain::secret::Secret;

use super::notice::{Notice, NoticeAnswer, Refusal, Told};

/// How many requests one conversation may make: the longest known road has four.
pub const STEPS_PER_CONVERSATION_MAX: usize = 8;

/// One provider, set up for one account.
pub trait Provider: Send + Sync + 'static {
    /// Where this conversation has got to. Never stored: a crash before money moves starts over,
    /// a crash after it inquires.
    type Stage: Send + 'static;

    /// What this provider can do, and within which bounds.
    fn profile(&self) -> &'static Profile;

    /// How far this account has a feature. The profile's word by default; an adapter whose
    /// configuration switches features on or off says so here.
    fn support(&self, feature: Feature) -> Support {
        self.profile().support(feature)
    }

    /// The provider's own names of the methods of one kind, as a hosted page of this account can be
    /// asked to offer them. Empty: the page cannot be asked for that kind.
    fn method_names(&self, kind: MethodKind) -> &[String];

    /// The request that fetches an access token; `None` for a provider that has no such thing, and
    /// for an operation whose every request does without.
    fn sign_in(&self, _operation: OperationKind, _cx: &Context<'_>) -> Option<Request> {
        None
    }

    /// Reads the answer to [`Provider::sign_in`].
    ///
    /// # Errors
    /// [`Fault::Unauthorized`] for wrong credentials, and whatever else the answer says.
    fn signed_in(&self, _reply: &Reply, _cx: &Context<'_>) -> Result<AccessToken, Fault> {
        Err(Fault::Unintelligible { what: "a sign-in that was never asked for".to_owned() })
    }

    /// Whether a stored token has what a charge of it will need: asked before one from elsewhere is
    /// taken over. Sends nothing; whether the provider knows the token, a charge will tell.
    ///
    /// # Errors
    /// [`Fault::Invalid`] naming the field, such as `provider_token.provider_customer_id`.
    fn check_token(&self, token: &StoredToken) -> Result<(), Fault>;

    /// The first step of an operation.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] and [`Fault::Invalid`]: nothing is sent then.
    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Result<Step<Self::Stage>, Fault>;

    /// Reads the answer to the last step and says what follows.
    ///
    /// # Errors
    /// A [`Fault`] when the answer is no answer.
    fn resume(
        &self,
        operation: &Operation,
        stage: Self::Stage,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Step<Self::Stage>, Fault>;

    /// What a conversation comes to when this stage's request gets no answer at all: what was known
    /// before it, where the request only asks for something beside that. `None`, as for nearly every
    /// stage: nothing is known.
    fn unanswered(&self, _stage: Self::Stage) -> Option<Outcome> {
        None
    }

    /// Verifies what the provider sent by itself exactly as its documentation says, and reads what it is
    /// about. Fails closed: without a key there is no genuine notice.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing of the notice is believed or kept then.
    fn read_notice(&self, _notice: &Notice<'_>, _cx: &Context<'_>) -> Result<Told, Refusal> {
        Err(Refusal::NotExpected)
    }

    /// Reads a verified notice whose news is [`News::Trusted`](super::notice::News::Trusted) as the answer
    /// to an inquiry about its payment.
    ///
    /// # Errors
    /// A [`Fault`] when it is none; the provider is asked then.
    fn outcome_told(
        &self,
        _inquiry: &Inquiry,
        _notice: &Notice<'_>,
        _cx: &Context<'_>,
    ) -> Result<Outcome, Fault> {
        Err(Fault::unintelligible("a notice that proves nothing"))
    }

    /// How the provider wants a notice answered, once what is genuine is stored, or when it is refused.
    fn answer(&self, judged: &Result<Told, Refusal>) -> NoticeAnswer {
        NoticeAnswer::usual(judged)
    }

    /// The answer to a genuine notice that we could not store, so that the provider sends it again. Never
    /// a 4xx: to some providers that is final.
    fn not_stored(&self) -> NoticeAnswer {
        NoticeAnswer::bare(503)
    }

    /// The stage names of an operation, first to last, for `turnpike inspect reply --stage`.
    fn stages(&self, operation: OperationKind) -> &'static [&'static str];

    /// The stage of that name with nothing learned before it, for `turnpike inspect reply`.
    fn stage(&self, operation: &Operation, name: &str) -> Option<Self::Stage>;
}

/// What is handed to an adapter from outside.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The time.
    pub now: Timestamp,
    /// Fresh random bytes, the same for one whole conversation.
    pub entropy: [u8; 32],
    /// The access token, for providers that sign in.
    pub access: Option<&'a AccessToken>,
}

/// A provider's access token.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token.
    pub token: Secret<String>,
    /// From this time on a new one should be fetched, while this one still works.
    pub renew_at: Timestamp,
    /// From this time on it does not work.
    pub expires_at: Timestamp,
}

/// What the engine asks an adapter to translate.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Open a session at the provider. Outcome: `SessionOpened`, or `Payment` where opening
    /// already settles it.
    OpenSession(Box<SessionOrder>),
    /// Read what became of a session. Outcome: `Payment` or `SessionClosed`.
    ReadSession(Inquiry),
    /// Finish a session with what the merchant's own page collected. Outcome: `Payment`.
    ConfirmSession(Box<Confirmation>),
    /// Close a session before anybody pays. Outcome: `SessionClosed`, or `Payment` if it is too late.
    CancelSession(Inquiry),
    /// Charge a stored token. Outcome: `Payment`.
    Charge(Box<Charge>),
    /// Take authorized money. Outcome: `Movement`.
    Capture(Box<Movement>),
    /// Give a reservation back, or what was taken at once before it settles. Outcome: `Movement`.
    Void(Box<Movement>),
    /// Give taken money back. Outcome: `Movement`.
    Refund(Box<Movement>),
    /// Ask what became of a payment. Outcome: `Payment` or `Absent`.
    InquirePayment(Inquiry),
    /// Ask what became of a capture, void or refund. Outcome: `Movement` or `Absent`.
    InquireMovement(Box<MovementInquiry>),
    /// Forget a stored token at the provider. Outcome: `TokenDeleted`.
    DeleteToken(StoredToken),
}

/// An [`Operation`] without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The variants are those of `Operation`.
pub enum OperationKind {
    OpenSession,
    ReadSession,
    ConfirmSession,
    CancelSession,
    Charge,
    Capture,
    Void,
    Refund,
    InquirePayment,
    InquireMovement,
    DeleteToken,
}

impl OperationKind {
    /// Every kind with its name in commands, metrics and fixtures.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::OpenSession, "open_session"),
        (Self::ReadSession, "read_session"),
        (Self::ConfirmSession, "confirm_session"),
        (Self::CancelSession, "cancel_session"),
        (Self::Charge, "charge"),
        (Self::Capture, "capture"),
        (Self::Void, "void"),
        (Self::Refund, "refund"),
        (Self::InquirePayment, "inquire_payment"),
        (Self::InquireMovement, "inquire_movement"),
        (Self::DeleteToken, "delete_token"),
    ];

    /// The name of this kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("?", |(_, name)| name)
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

impl Operation {
    /// Which operation this is.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::OpenSession(_) => OperationKind::OpenSession,
            Self::ReadSession(_) => OperationKind::ReadSession,
            Self::ConfirmSession(_) => OperationKind::ConfirmSession,
            Self::CancelSession(_) => OperationKind::CancelSession,
            Self::Charge(_) => OperationKind::Charge,
            Self::Capture(_) => OperationKind::Capture,
            Self::Void(_) => OperationKind::Void,
            Self::Refund(_) => OperationKind::Refund,
            Self::InquirePayment(_) => OperationKind::InquirePayment,
            Self::InquireMovement(_) => OperationKind::InquireMovement,
            Self::DeleteToken(_) => OperationKind::DeleteToken,
        }
    }

    /// Our reference of the payment that it is about; empty where it is about none.
    #[must_use]
    pub fn reference(&self) -> &str {
        match self {
            Self::OpenSession(order) => &order.purchase.reference,
            Self::ReadSession(inquiry) | Self::CancelSession(inquiry) | Self::InquirePayment(inquiry) => {
                &inquiry.trace.reference
            }
            Self::ConfirmSession(confirmation) => &confirmation.order.purchase.reference,
            Self::Charge(charge) => &charge.purchase.reference,
            Self::Capture(movement) | Self::Void(movement) | Self::Refund(movement) => {
                &movement.payment.reference
            }
            Self::InquireMovement(inquiry) => &inquiry.movement.payment.reference,
            Self::DeleteToken(_) => "",
        }
    }
}

/// A payment or session to be looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Inquiry {
    /// How to find it.
    pub trace: Trace,
    /// What was asked.
    pub money: Money,
    /// How the money was to be taken.
    pub capture: CaptureMode,
    /// What the session was for; `None` for a charge of a token.
    pub purpose: Option<Purpose>,
    /// Whether the customer can still be asked for a challenge. Where not, a challenge that the
    /// issuer asks for is a decline that wants the customer.
    pub customer_present: bool,
    /// When the session ends by itself; `None` for a charge of a token.
    pub expires_at: Option<Timestamp>,
}

/// What finishes a session on the merchant's own page.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirmation {
    /// The session as it was ordered.
    pub order: SessionOrder,
    /// How the provider knows the session.
    pub trace: Trace,
    /// The card.
    pub means: Means,
    /// Whether the customer agreed to have the card saved; `None` when not asked here.
    pub save_card: Option<bool>,
    /// What 3-D Secure wants to know.
    pub browser: Option<BrowserFacts>,
}

/// A capture, void or refund.
#[derive(Debug, Clone, PartialEq)]
pub struct Movement {
    /// The reference that we give this movement: letters and digits only, at most 32, never used twice.
    pub reference: String,
    /// How the provider knows the payment.
    pub payment: Trace,
    /// The payment's product at the provider, where it has several.
    pub product: Option<String>,
    /// What the payment asked for.
    pub asked: Money,
    /// How the payment's money was to be taken.
    pub capture_mode: CaptureMode,
    /// How much is to be captured or refunded; for a void all that is reserved, or all that was taken.
    pub amount: Money,
    /// Whether this is the last capture, so that the rest of the reservation can go.
    pub final_capture: bool,
    /// The lines concerned; empty when the caller named none.
    pub lines: Vec<LinePart>,
    /// Why, in the caller's words; for refunds.
    pub reason: Option<String>,
    /// Why, of the reasons that providers know; for refunds.
    pub refund_reason: RefundReason,
    /// Totals before this movement.
    pub before: SeenTotals,
    /// Earlier captures, oldest first, with the provider's ids.
    pub captures: Vec<Earlier>,
    /// What only this provider has.
    pub options: Options,
}

/// An earlier capture of the same payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The provider's id.
    pub provider_id: Option<String>,
    /// How much was captured.
    pub amount: Money,
    /// How much of it has been refunded.
    pub refunded: Money,
}

/// Why money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefundReason {
    /// No particular reason.
    #[default]
    Unspecified,
    /// The customer asked.
    RequestedByCustomer,
    /// It was charged twice.
    Duplicate,
    /// It was fraud.
    Fraudulent,
    /// Something else.
    Other,
}

/// A movement whose answer was lost.
#[derive(Debug, Clone, PartialEq)]
pub struct MovementInquiry {
    /// Which of the three.
    pub kind: OperationKind,
    /// The movement as it was asked, with the totals before it.
    pub movement: Movement,
    /// The provider's id of the movement, where an earlier answer gave one.
    pub provider_id: Option<String>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The payment's other movements of this kind, for providers that only tell totals.
    pub siblings: Siblings,
}

/// The payment's other movements of the same kind, as we know them when we ask. Where a provider
/// tells totals only, what a total is made of cannot be known without them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Siblings {
    /// What those that succeeded come to, in minor units.
    pub settled_minor: i64,
    /// The amounts of those whose outcome is not known either, in minor units.
    pub open_minor: Vec<i64>,
    /// The provider's ids of all of them, where known.
    pub provider_ids: Vec<String>,
}

/// What happens next in a conversation.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // One exists at a time.
pub enum Step<S> {
    /// Send this, then `resume` with `next`.
    Ask {
        /// What to send.
        request: Request,
        /// What it can do.
        effect: Effect,
        /// Where the conversation stands then.
        next: S,
    },
    /// It is over.
    Done(Outcome),
}

impl<S> Step<S> {
    /// A request that may be sent any number of times.
    pub fn repeatable(request: Request, next: S) -> Self {
        Self::Ask { request, effect: Effect::Repeatable, next }
    }

    /// A request that can move money and is sent once.
    pub fn moves_money(request: Request, find_by: Trace, next: S) -> Self {
        Self::Ask { request, effect: Effect::MovesMoney { find_by }, next }
    }
}

/// What a request can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Sign-ins, orders, sessions, inquiries: may be sent again. So may what ends an order for good
    /// without a charge, where only that gives certainty: done twice, it is done.
    Repeatable,
    /// Permit first; never sent twice.
    MovesMoney {
        /// How it will be found again.
        find_by: Trace,
    },
    /// A money-moving request that was sent before, byte for byte, under a key that the provider
    /// remembers: it answers again and does nothing again. Only for inquiries, only where the
    /// provider offers no other way to ask, and only while it still remembers.
    Remembered {
        /// Until when the provider remembers the key.
        until: Timestamp,
    },
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // Their names say it.
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One HTTP request. Its body may hold tokens and card data, so it is a secret as a whole.
#[derive(Clone)]
pub struct Request {
    /// What the request is called in traces and reports, such as `sessions/pay`.
    pub name: &'static str,
    /// The method.
    pub method: Method,
    /// The whole address, query included. Never holds a secret unless [`Request::secret_url`].
    pub url: String,
    /// Whether the address itself opens something and must not be shown.
    pub secret_url: bool,
    /// Headers. `Content-Length` and `Host` are added by the transport.
    pub headers: Vec<(&'static str, HeaderValue)>,
    /// The exact bytes of the body.
    pub body: Option<Secret<Vec<u8>>>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("name", &self.name)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// The value of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// May be shown.
    Plain(String),
    /// A credential.
    Secret(Secret<String>),
}

impl Request {
    /// A request without headers or body.
    pub fn new(name: &'static str, method: Method, url: impl Into<String>) -> Self {
        Self { name, method, url: url.into(), secret_url: false, headers: Vec::new(), body: None }
    }

    /// Adds a header that may be shown.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, HeaderValue::Plain(value.into())));
        self
    }

    /// Adds a header that is a credential.
    #[must_use]
    pub fn credential(mut self, name: &'static str, value: Secret<String>) -> Self {
        self.headers.push((name, HeaderValue::Secret(value)));
        self
    }

    /// Sets a JSON body. The bytes are made here, once, and sent as they are.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = Some(Secret::new(body.to_string().into_bytes()));
        self.header("Content-Type", "application/json")
    }
}

/// One HTTP answer, bounded by the transport.
#[derive(Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers in the order of arrival, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply {{ status: {}, body: {} bytes }}", self.status, self.body.len())
    }
}

impl Reply {
    /// The first header of that lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status is one of success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The seconds of a `Retry-After` header, at most a day. Dates are not read: no provider here sends them.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds: u64 = self.header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds.min(86_400)))
    }
}

/// No outcome, and whose move it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The provider cannot do this. Nothing was sent.
    #[error("the provider does not support {what}")]
    Unsupported {
        /// What it cannot do.
        what: String,
        /// What would work.
        instead: String,
    },
    /// A field of the caller's request does not suit this provider. Nothing was sent.
    #[error("{field}: {problem}")]
    Invalid {
        /// Path of the field in the request message, such as `customer.phone`.
        field: String,
        /// What is wrong with it, without its value.
        problem: String,
    },
    /// The amount is beyond what the provider takes. Nothing was sent.
    #[error("money.amount_minor: {problem}")]
    AmountOutOfBounds {
        /// What is wrong, with the bounds.
        problem: String,
        /// The least amount in minor units, where there is a bound.
        minimum_minor: Option<i64>,
        /// The greatest.
        maximum_minor: Option<i64>,
    },
    /// Our credentials were refused; the request was not processed.
    #[error("the provider refuses our credentials")]
    Unauthorized {
        /// Its code, as it stands, or else the HTTP status; `None` when nobody was asked.
        code: Option<String>,
    },
    /// The provider refused the request as such; it was not processed.
    #[error("the provider rejects the request")]
    Rejected {
        /// Its code, as it stands.
        code: Option<String>,
        /// Its words, at most 255 characters, never its whole body.
        message: String,
    },
    /// Too many requests; this one was not processed.
    #[error("the provider asks us to slow down")]
    Throttled {
        /// How long to wait, where it says so.
        after: Option<Duration>,
        /// Its code, as it stands, or else the HTTP status.
        code: Option<String>,
    },
    /// The connection could not be made; nothing left this process.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// The request may have been processed, and there is no answer that tells.
    #[error("the provider did not answer: {what}")]
    Silent {
        /// What came instead, such as `HTTP 503`.
        what: String,
    },
    /// There is an answer, and it makes no sense.
    #[error("the provider's answer makes no sense: {what}")]
    Unintelligible {
        /// What is wrong with it, never with its content.
        what: String,
    },
}

impl Fault {
    /// Whether money may have moved although there is no outcome. The only place that retries ask.
    #[must_use]
    pub fn money_may_have_moved(&self, effect: &Effect) -> bool {
        match (self, effect) {
            (_, Effect::Repeatable) => false,
            (
                Self::Silent { .. } | Self::Unintelligible { .. },
                Effect::MovesMoney { .. } | Effect::Remembered { .. },
            ) => true,
            (
                Self::Unsupported { .. }
                | Self::Invalid { .. }
                | Self::AmountOutOfBounds { .. }
                | Self::Unauthorized { .. }
                | Self::Rejected { .. }
                | Self::Throttled { .. }
                | Self::Unreachable,
                Effect::MovesMoney { .. } | Effect::Remembered { .. },
            ) => false,
        }
    }

    /// A fault for an answer that makes no sense.
    pub fn unintelligible(what: impl Into<String>) -> Self {
        Self::Unintelligible { what: what.into() }
    }
}

/// A thing that a provider can or cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    /// A hosted page on which the customer pays.
    HostedPay,
    /// The same, keeping the card.
    HostedPayAndSave,
    /// A hosted page that keeps a card without paying.
    HostedSave,
    /// A hosted page that offers saved cards.
    HostedUseSaved,
    /// A card encrypted on the merchant's page.
    EncryptedCard,
    /// A card in clear, for accounts that opted in.
    PlainCard,
    /// Closing a session early.
    CancelSession,
    /// Charging a token while the customer is present.
    ChargeCustomer,
    /// Charging a token in a fixed rhythm.
    ChargeRecurring,
    /// Charging a token at irregular times.
    ChargeUnscheduled,
    /// Charging a token for a part of one purchase.
    ChargeInstallment,
    /// Reserving now and taking later.
    ManualCapture,
    /// Capturing less than was reserved.
    PartialCapture,
    /// Capturing more than once.
    MultipleCaptures,
    /// Giving a reservation back.
    Void,
    /// Giving back whole what was taken at once, before it settles.
    VoidCaptured,
    /// Giving money back.
    Refund,
    /// Giving a part of it back.
    PartialRefund,
    /// Giving back more than once.
    MultipleRefunds,
    /// Finding a payment by our own reference.
    InquiryByReference,
    /// Taking over tokens from elsewhere.
    ImportToken,
    /// Deleting a token at the provider.
    DeleteToken,
}

impl Feature {
    /// Every feature with its name in the matrix, in the order of the matrix.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::HostedPay, "hosted_pay"),
        (Self::HostedPayAndSave, "hosted_pay_and_save"),
        (Self::HostedSave, "hosted_save"),
        (Self::HostedUseSaved, "hosted_use_saved"),
        (Self::EncryptedCard, "encrypted_card"),
        (Self::PlainCard, "plain_card"),
        (Self::CancelSession, "cancel_session"),
        (Self::ChargeCustomer, "charge_customer"),
        (Self::ChargeRecurring, "charge_recurring"),
        (Self::ChargeUnscheduled, "charge_unscheduled"),
        (Self::ChargeInstallment, "charge_installment"),
        (Self::ManualCapture, "manual_capture"),
        (Self::PartialCapture, "partial_capture"),
        (Self::MultipleCaptures, "multiple_captures"),
        (Self::Void, "void"),
        (Self::VoidCaptured, "void_captured"),
        (Self::Refund, "refund"),
        (Self::PartialRefund, "partial_refund"),
        (Self::MultipleRefunds, "multiple_refunds"),
        (Self::InquiryByReference, "inquiry_by_reference"),
        (Self::ImportToken, "import_token"),
        (Self::DeleteToken, "delete_token"),
    ];

    /// The name in the matrix.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(feature, _)| *feature == self).map_or("?", |(_, name)| name)
    }
}

/// How far a feature is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It works.
    Yes,
    /// It works where the account is set up for it; the text says how.
    Configured(&'static str),
    /// It does not; the text says what would work instead.
    No {
        /// What would work instead.
        instead: &'static str,
    },
}

/// One row of the matrix.
#[derive(Debug, Clone, Copy)]
pub struct Capability {
    /// The thing.
    pub feature: Feature,
    /// How far it is supported.
    pub support: Support,
    /// Request fields that this provider insists on beyond the contract's own.
    pub required: &'static [&'static str],
    /// What a caller should know; may be empty.
    pub notes: &'static str,
}

/// What one provider can do, from its dossier.
#[derive(Debug)]
pub struct Profile {
    /// The name in configuration and on the wire, lower case.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// A row for every feature.
    pub capabilities: &'static [Capability],
    /// The currencies that it takes; `None` for all of ISO 4217.
    pub currencies: Option<&'static [&'static str]>,
    /// The smallest amount of a payment in minor units.
    pub amount_minor_min: i64,
    /// The largest amount of a payment in minor units.
    pub amount_minor_max: i64,
    /// When a payment that waits for the customer or the provider is asked about, beside what its notices tell:
    /// the pauses between questions as multiples of the unhurried pause (30 seconds unless configured), the
    /// last one again and again. Empty where the provider suggests nothing: pauses double then.
    pub poll_pauses: &'static [u32],
    /// Keys of JSON bodies whose values are never shown, wherever they stand.
    pub sensitive_keys: &'static [&'static str],
}

impl Profile {
    /// How far a feature is supported. A feature without a row is not.
    #[must_use]
    pub fn support(&self, feature: Feature) -> Support {
        self.capabilities
            .iter()
            .find(|row| row.feature == feature)
            .map_or(Support::No { instead: "nothing; the provider has no such thing" }, |row| row.support)
    }

    /// Checks an amount against the provider's bounds.
    ///
    /// # Errors
    /// [`Fault::Invalid`] naming `money.currency_code`, and [`Fault::AmountOutOfBounds`].
    pub fn check_amount(&self, money: Money) -> Result<(), Fault> {
        let known = |currency: Currency| self.currencies.is_none_or(|all| all.contains(&currency.code()));
        if !known(money.currency()) {
            return Err(Fault::Invalid {
                field: "money.currency_code".to_owned(),
                problem: format!("{} does not take this currency", self.title),
            });
        }
        if money.minor() < self.amount_minor_min || money.minor() > self.amount_minor_max {
            let (minimum, maximum) = (self.amount_minor_min, self.amount_minor_max);
            return Err(Fault::AmountOutOfBounds {
                problem: format!("{} takes {minimum} to {maximum} minor units", self.title),
                minimum_minor: Some(minimum),
                // The greatest number stands for "no bound is published".
                maximum_minor: (maximum < i64::MAX).then_some(maximum),
            });
        }
        Ok(())
    }
}
