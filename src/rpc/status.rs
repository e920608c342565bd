//! From an error to a gRPC status: the whole table.
//!
//! No message and no detail holds a token, a credential, a card number or a provider's body. The
//! provider's own code and message are told in `PROVIDER_REJECTED` only, as adapters cut them.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use opentelemetry::trace::TraceContextExt as _;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt as _};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::domain::ids::AccountName;
use crate::domain::payment::{MovementId, PaymentState};
use crate::engine::accounts::Accounts;
use crate::engine::error::{Error, FieldError, FieldMistake, Thing};
use crate::engine::{Subject, Unavailable};

use super::auth::Refused;
use super::convert::capabilities;
use super::proto::{ErrorReason, Operation, TokenUse};

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "turnpike";
/// When to come back after a failure that says nothing about it.
const RETRY_SOON: Duration = Duration::from_secs(1);

/// What a call was about: what errors repeat of its request.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The caller's id of the request.
    pub request_id: String,
    /// The session that it names.
    pub session_id: String,
    /// The payment that it names.
    pub payment_id: String,
    /// The token that it names.
    pub token_id: String,
    /// The schedule that it names.
    pub schedule_id: String,
    /// The number of the occurrence that it names.
    pub occurrence: i32,
    /// The capture that it names.
    pub capture_id: String,
    /// The event that it names.
    pub event_id: String,
    /// The address for events that it names.
    pub endpoint: String,
    /// The account that it names.
    pub account: String,
    /// The currency of its amount.
    pub currency_code: String,
    /// The country that it names.
    pub country_code: String,
    /// What it wants, among the operations that providers differ in.
    pub operation: Operation,
    /// What it wants to use a token for.
    pub token_use: TokenUse,
    /// The field that would hold card data.
    pub card_field: &'static str,
    /// When the session that it names ended.
    pub expired_at: Option<Timestamp>,
    /// What stands before the paths of fields, for a request inside a request.
    pub prefix: &'static str,
}

impl About {
    /// The most particular thing that the request names.
    fn resource(&self) -> &str {
        [&self.schedule_id, &self.payment_id, &self.session_id, &self.token_id]
            .into_iter()
            .find(|id| !id.is_empty())
            .map_or("", |id| id)
    }
}

/// One line of the table.
struct Line {
    code: Code,
    reason: ErrorReason,
    message: String,
    metadata: Vec<(&'static str, String)>,
    detail: Detail,
}

/// What stands beside the `ErrorInfo`.
enum Detail {
    None,
    Fields(Vec<FieldViolation>),
    Precondition(String),
    Retry(Duration),
}

/// The status of a call that the engine, or a look at its request, refused.
pub fn of(error: Error, about: &About, accounts: &Accounts) -> Status {
    let message = error.to_string();
    let provider = |name: &AccountName| match accounts.get(name) {
        Some(account) => account.profile().name.to_owned(),
        // The account may have left the configuration while its payments live on.
        None => String::new(),
    };
    let at = |name: &AccountName| vec![("account", name.to_string()), ("provider", provider(name))];
    match error {
        Error::Invalid(fields) => invalid(fields, about),
        Error::NotFound(thing) => not_found(thing, message, about),
        Error::Reused(subject) => Line {
            code: Code::AlreadyExists,
            reason: ErrorReason::RequestIdReused,
            message,
            metadata: vec![
                ("request_id", about.request_id.clone()),
                ("resource_id", subject.map(resource_id).unwrap_or_default()),
            ],
            detail: Detail::None,
        },
        Error::NoAccountMatches => {
            let mut metadata = vec![("currency_code", about.currency_code.clone())];
            if !about.country_code.is_empty() {
                metadata.push(("country_code", about.country_code.clone()));
            }
            precondition(ErrorReason::NoAccountMatches, message, metadata, "account")
        }
        Error::Unsupported { account, feature, instead, .. } => {
            let operation = feature.and_then(capabilities::operation).unwrap_or(about.operation);
            let mut metadata = at(&account);
            metadata.push(("operation", word(operation.as_str_name(), "OPERATION_")));
            metadata.push(("alternative", instead));
            precondition(ErrorReason::UnsupportedByProvider, message, metadata, &account.0)
        }
        Error::StateForbids { state, wanted } => precondition(
            ErrorReason::StateForbids,
            format!("{wanted} is not possible in state {state}"),
            vec![("resource_id", about.resource().to_owned()), ("state", state)],
            about.resource(),
        ),
        Error::ExceedsRemaining { remaining_minor } => precondition(
            ErrorReason::AmountExceedsRemaining,
            message,
            vec![
                ("payment_id", about.payment_id.clone()),
                ("remaining_minor", remaining_minor.to_string()),
                ("currency_code", about.currency_code.clone()),
            ],
            &about.payment_id,
        ),
        Error::EtagMismatch { etag } => precondition(
            ErrorReason::EtagMismatch,
            message,
            vec![("schedule_id", about.schedule_id.clone()), ("etag", etag)],
            &about.schedule_id,
        ),
        Error::TokenUnusable => precondition(
            ErrorReason::TokenUnusable,
            message,
            vec![("token_id", about.token_id.clone()), ("status", "UNUSABLE".to_owned())],
            &about.token_id,
        ),
        Error::TokenUseNotAllowed { wanted } => precondition(
            ErrorReason::TokenUseNotAllowed,
            format!("the token was not saved for {wanted}"),
            vec![
                ("token_id", about.token_id.clone()),
                ("use", word(about.token_use.as_str_name(), "TOKEN_USE_")),
            ],
            &about.token_id,
        ),
        Error::SessionExpired => precondition(
            ErrorReason::SessionExpired,
            message,
            vec![
                ("session_id", about.session_id.clone()),
                ("expired_at", about.expired_at.map(|end| end.to_string()).unwrap_or_default()),
            ],
            &about.session_id,
        ),
        Error::CardDataNotAllowed(account) => precondition(
            ErrorReason::CardDataNotAllowed,
            message,
            vec![("account", account.to_string()), ("field", about.card_field.to_owned())],
            &account.0,
        ),
        Error::TlsRequired => precondition(
            ErrorReason::TlsRequiredForCard,
            message,
            vec![("field", about.card_field.to_owned())],
            "connection",
        ),
        Error::Rejected { account, code, message: theirs, payment } => {
            let mut metadata = at(&account);
            metadata.push(("provider_code", code.unwrap_or_default()));
            metadata.push(("provider_message", theirs.unwrap_or_default()));
            metadata.extend(payment.map(|id| ("resource_id", id.to_string())));
            precondition(ErrorReason::ProviderRejected, message, metadata, &account.0)
        }
        Error::CredentialsRejected { account, code, .. } => {
            let mut metadata = at(&account);
            metadata.push(("provider_code", code.unwrap_or_default()));
            precondition(ErrorReason::ProviderCredentialsRejected, message, metadata, &account.0)
        }
        Error::Unreachable(account) => {
            let mut metadata = at(&account);
            metadata.push(("provider_code", String::new()));
            unavailable(ErrorReason::ProviderUnreachable, message, metadata, RETRY_SOON)
        }
        Error::Throttled { account, code, after } => {
            let mut metadata = at(&account);
            metadata.push(("provider_code", code.unwrap_or_default()));
            unavailable(ErrorReason::ProviderThrottled, message, metadata, after)
        }
        Error::BreakerOpen { account, after } => {
            unavailable(ErrorReason::ProviderBreakerOpen, message, at(&account), after)
        }
        Error::Draining => unavailable(ErrorReason::Draining, message, Vec::new(), RETRY_SOON),
        Error::Busy => unavailable(ErrorReason::Overloaded, message, Vec::new(), RETRY_SOON),
        Error::Journal(Unavailable::Full) => {
            unavailable(ErrorReason::JournalFull, message, Vec::new(), RETRY_SOON)
        }
        Error::Journal(Unavailable::Failing | Unavailable::Closed) => {
            unavailable(ErrorReason::JournalUnavailable, message, Vec::new(), RETRY_SOON)
        }
        Error::StillRunning => {
            // What the first call makes is not known while nothing of it is recorded.
            let metadata = vec![("request_id", about.request_id.clone())];
            unavailable(ErrorReason::RequestStillRunning, message, metadata, RETRY_SOON)
        }
        Error::NoTestClock => precondition(ErrorReason::SandboxDisabled, message, Vec::new(), "clock"),
        Error::ClockHeld { .. } => precondition(
            ErrorReason::StateForbids,
            message,
            vec![("resource_id", "clock".to_owned()), ("state", "HELD".to_owned())],
            "clock",
        ),
        // A record that does not read back is for the operator; coming back does not help.
        Error::Journal(why @ Unavailable::Damaged) => {
            tracing::error!(%why, "a record cannot be read");
            internal(None)
        }
        Error::Internal { what, payment } => {
            tracing::error!(what, "internal error");
            internal(payment.map(|id| id.to_string()))
        }
    }
    .into_status()
}

/// The status of a call that did not get through the door.
pub fn refused(refused: Refused, rpc: &str) -> Status {
    let line = |code, reason, message: &str, metadata| Line {
        code,
        reason,
        message: message.to_owned(),
        metadata,
        detail: Detail::None,
    };
    match refused {
        Refused::Missing => line(
            Code::Unauthenticated,
            ErrorReason::MissingCredentials,
            "the call carries neither an API key nor a client certificate",
            Vec::new(),
        ),
        Refused::Unknown => line(
            Code::Unauthenticated,
            ErrorReason::InvalidCredentials,
            "the API key or client certificate is not known",
            Vec::new(),
        ),
        Refused::NotPermitted => line(
            Code::PermissionDenied,
            ErrorReason::RpcNotPermitted,
            "these credentials do not allow this RPC",
            vec![("rpc", rpc.to_owned())],
        ),
        Refused::TooOften { calls_per_second, wait } => Line {
            code: Code::ResourceExhausted,
            reason: ErrorReason::RateLimited,
            message: "the caller is over its rate".to_owned(),
            metadata: vec![("limit_per_second", calls_per_second.to_string())],
            detail: Detail::Retry(wait),
        },
    }
    .into_status()
}

/// The status of every sandbox RPC of a server in front of providers that are not simulated by it.
pub fn sandbox_disabled() -> Status {
    let message = "the server simulates no providers".to_owned();
    precondition(ErrorReason::SandboxDisabled, message, Vec::new(), "server").into_status()
}

/// The status for a page that no simulated provider has.
pub fn sandbox_place_not_found(page_url: String) -> Status {
    Line {
        code: Code::NotFound,
        reason: ErrorReason::SandboxPlaceNotFound,
        message: "no simulated provider has such a page".to_owned(),
        metadata: vec![("page_url", page_url)],
        detail: Detail::None,
    }
    .into_status()
}

/// The status for what a simulated page does not allow. The state is that of the payment, where the
/// request names one; a page that is named by its address tells none.
pub fn sandbox_forbids(why: String, state: Option<PaymentState>, about: &About) -> Status {
    let state = state.map_or("", PaymentState::word).to_owned();
    let metadata = vec![("resource_id", about.resource().to_owned()), ("state", state)];
    precondition(ErrorReason::StateForbids, why, metadata, about.resource()).into_status()
}

fn invalid(fields: Vec<FieldError>, about: &About) -> Line {
    let kinds = |kind| fields.iter().all(|field| kind_of(field) == kind);
    let first = fields.first().map(|field| format!("{}{}", about.prefix, field.field)).unwrap_or_default();
    let (reason, metadata) = match fields.first().map(kind_of) {
        Some(kind) if kind != FieldMistake::Invalid && kinds(kind) => {
            let mut metadata = vec![("field", first)];
            let reason = match kind {
                FieldMistake::UnknownCurrency => ErrorReason::UnknownCurrency,
                FieldMistake::UnknownAccount => ErrorReason::UnknownAccount,
                FieldMistake::CardNumber => ErrorReason::CardNumberInText,
                FieldMistake::AmountOutOfBounds { minimum_minor, maximum_minor } => {
                    let bounds = [("minimum_minor", minimum_minor), ("maximum_minor", maximum_minor)];
                    let known = |(key, bound): (_, Option<i64>)| Some((key, bound?.to_string()));
                    metadata.extend(bounds.into_iter().filter_map(known));
                    metadata.push(("currency_code", about.currency_code.clone()));
                    ErrorReason::AmountOutOfBounds
                }
                FieldMistake::Invalid => ErrorReason::InvalidField,
            };
            (reason, metadata)
        }
        _ => (ErrorReason::InvalidField, vec![("fields", fields.len().to_string())]),
    };
    let message = match fields.as_slice() {
        [only] => format!("{}{}: {}", about.prefix, only.field, only.problem),
        more => format!("{} fields are wrong", more.len()),
    };
    let violations = fields
        .into_iter()
        .map(|field| FieldViolation::new(format!("{}{}", about.prefix, field.field), field.problem))
        .collect();
    Line { code: Code::InvalidArgument, reason, message, metadata, detail: Detail::Fields(violations) }
}

/// Adapters name the amount's field and leave the kind to us.
fn kind_of(field: &FieldError) -> FieldMistake {
    match field.kind {
        FieldMistake::Invalid
            if ["money.amount_minor", "terms.money.amount_minor"].contains(&field.field.as_str()) =>
        {
            FieldMistake::AmountOutOfBounds { minimum_minor: None, maximum_minor: None }
        }
        kind => kind,
    }
}

fn not_found(thing: Thing, message: String, about: &About) -> Line {
    let payment = || ("payment_id", about.payment_id.clone());
    let schedule = || ("schedule_id", about.schedule_id.clone());
    let (reason, metadata) = match thing {
        Thing::Session => (ErrorReason::SessionNotFound, vec![("session_id", about.session_id.clone())]),
        Thing::Payment => (ErrorReason::PaymentNotFound, vec![payment()]),
        Thing::Capture => {
            (ErrorReason::CaptureNotFound, vec![payment(), ("capture_id", about.capture_id.clone())])
        }
        Thing::Token => (ErrorReason::TokenNotFound, vec![("token_id", about.token_id.clone())]),
        Thing::Account => (ErrorReason::AccountNotFound, vec![("account", about.account.clone())]),
        Thing::Schedule => (ErrorReason::ScheduleNotFound, vec![schedule()]),
        Thing::Occurrence => {
            (ErrorReason::OccurrenceNotFound, vec![schedule(), ("number", about.occurrence.to_string())])
        }
        Thing::Event => (ErrorReason::EventNotFound, vec![("event_id", about.event_id.clone())]),
        Thing::WebhookEndpoint => {
            (ErrorReason::WebhookEndpointNotFound, vec![("endpoint", about.endpoint.clone())])
        }
    };
    Line { code: Code::NotFound, reason, message, metadata, detail: Detail::None }
}

fn precondition(
    reason: ErrorReason,
    message: String,
    metadata: Vec<(&'static str, String)>,
    subject: &str,
) -> Line {
    let detail = Detail::Precondition(subject.to_owned());
    Line { code: Code::FailedPrecondition, reason, message, metadata, detail }
}

fn unavailable(
    reason: ErrorReason,
    message: String,
    metadata: Vec<(&'static str, String)>,
    after: Duration,
) -> Line {
    Line { code: Code::Unavailable, reason, message, metadata, detail: Detail::Retry(after) }
}

fn internal(resource_id: Option<String>) -> Line {
    let mut metadata = vec![("trace_id", trace_id())];
    metadata.extend(resource_id.map(|id| ("resource_id", id)));
    let message = "internal error".to_owned();
    Line { code: Code::Internal, reason: ErrorReason::Internal, message, metadata, detail: Detail::None }
}

/// The trace of this call; all zeros when traces are off and the caller named none.
fn trace_id() -> String {
    tracing::Span::current().context().span().span_context().trace_id().to_string()
}

fn resource_id(subject: Subject) -> String {
    match subject {
        Subject::Session(id) | Subject::Confirmation(id) => id.to_string(),
        Subject::Payment(id) | Subject::Movement(id, MovementId::Void(_)) => id.to_string(),
        Subject::Movement(_, movement) => movement.to_string(),
        Subject::Token(id) => id.to_string(),
        Subject::Schedule(id) | Subject::Occurrence(id, _) => id.to_string(),
        Subject::Event(id) => id.to_string(),
    }
}

/// The name of an enum value without its enum's prefix; empty for "unspecified".
fn word(name: &str, prefix: &str) -> String {
    match name.strip_prefix(prefix) {
        None | Some("UNSPECIFIED") => String::new(),
        Some(word) => word.to_owned(),
    }
}

impl Line {
    fn into_status(self) -> Status {
        let Self { code, reason, message, metadata, detail } = self;
        let reason = word(reason.as_str_name(), "ERROR_REASON_");
        let metadata: HashMap<String, String> =
            metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let mut details = ErrorDetails::with_error_info(reason.clone(), DOMAIN, metadata);
        match detail {
            Detail::None => {}
            Detail::Fields(violations) => {
                details.set_bad_request(violations);
            }
            Detail::Precondition(subject) => {
                let violation = PreconditionViolation::new(reason, subject, message.clone());
                details.set_precondition_failure(vec![violation]);
            }
            Detail::Retry(after) => {
                details.set_retry_info(Some(after));
            }
        }
        Status::with_error_details(code, message, details)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::ids::{CaptureId, EventId, PaymentId, ScheduleId, SessionId, TokenId};
    use crate::engine::Feature;

    /// What the contract says of a reason, read from its comment.
    #[derive(Debug)]
    struct Documented {
        code: Code,
        keys: BTreeSet<String>,
        /// Keys of which a later sentence says when they are there.
        conditional: BTreeSet<String>,
    }

    fn quoted(text: &str) -> BTreeSet<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    /// The table as the contract has it: what stands between two values is about the later one.
    fn documented() -> BTreeMap<String, Documented> {
        let mut all = BTreeMap::new();
        let mut comment = String::new();
        for line in include_str!("../../proto/turnpike/v1/error_reason.proto").lines().map(str::trim) {
            if let Some(text) = line.strip_prefix("//") {
                comment.push_str(text);
            } else if let Some((name, _)) =
                line.strip_prefix("ERROR_REASON_").and_then(|line| line.split_once(" ="))
            {
                let told = std::mem::take(&mut comment);
                let Some((_, rest)) = told.split_once("gRPC code: ") else { continue };
                let (code, rest) = rest.split_once('.').expect("a sentence");
                let rest = rest.split_once('{').map_or(rest, |(rest, _)| rest);
                let (keys, more) = match rest.split_once("Metadata keys: ") {
                    Some((_, keys)) => keys.split_once('.').expect("a sentence"),
                    None => ("", ""),
                };
                let conditional = match more.contains("there when") || more.contains("Only the fields") {
                    true => quoted(more),
                    false => BTreeSet::new(),
                };
                let documented = Documented { code: code_named(code), keys: quoted(keys), conditional };
                all.insert(name.to_owned(), documented);
            }
        }
        all
    }

    fn code_named(name: &str) -> Code {
        match name {
            "INVALID_ARGUMENT" => Code::InvalidArgument,
            "UNAUTHENTICATED" => Code::Unauthenticated,
            "PERMISSION_DENIED" => Code::PermissionDenied,
            "NOT_FOUND" => Code::NotFound,
            "ALREADY_EXISTS" => Code::AlreadyExists,
            "FAILED_PRECONDITION" => Code::FailedPrecondition,
            "RESOURCE_EXHAUSTED" => Code::ResourceExhausted,
            "UNAVAILABLE" => Code::Unavailable,
            "INTERNAL" => Code::Internal,
            other => panic!("{other} is no code of the table"),
        }
    }

    fn about() -> About {
        About {
            request_id: "r-1".to_owned(),
            session_id: SessionId::from_bytes([1; 16]).to_string(),
            payment_id: PaymentId::from_bytes([2; 16]).to_string(),
            token_id: TokenId::from_bytes([3; 16]).to_string(),
            schedule_id: ScheduleId::from_bytes([5; 16]).to_string(),
            occurrence: 7,
            capture_id: CaptureId::from_bytes([4; 16]).to_string(),
            event_id: EventId::from_bytes([6; 16]).to_string(),
            endpoint: "books".to_owned(),
            account: "shop-no".to_owned(),
            currency_code: "NOK".to_owned(),
            country_code: "NO".to_owned(),
            operation: Operation::Capture,
            token_use: TokenUse::Recurring,
            card_field: "card",
            expired_at: Some(Timestamp::UNIX_EPOCH),
            prefix: "",
        }
    }

    fn every_error() -> Vec<Error> {
        let account = || AccountName("shop-no".to_owned());
        let payment = Some(PaymentId::from_bytes([2; 16]));
        let field = |kind| Error::Invalid(vec![FieldError { kind, ..FieldError::new("money", "is wrong") }]);
        let after = Duration::from_secs(7);
        vec![
            field(FieldMistake::Invalid),
            field(FieldMistake::UnknownCurrency),
            field(FieldMistake::UnknownAccount),
            field(FieldMistake::CardNumber),
            field(FieldMistake::AmountOutOfBounds { minimum_minor: Some(1), maximum_minor: Some(5) }),
            field(FieldMistake::AmountOutOfBounds { minimum_minor: None, maximum_minor: None }),
            Error::NotFound(Thing::Session),
            Error::NotFound(Thing::Payment),
            Error::NotFound(Thing::Capture),
            Error::NotFound(Thing::Token),
            Error::NotFound(Thing::Account),
            Error::NotFound(Thing::Schedule),
            Error::NotFound(Thing::Occurrence),
            Error::NotFound(Thing::Event),
            Error::NotFound(Thing::WebhookEndpoint),
            Error::EtagMismatch { etag: "0102030405060708.4".to_owned() },
            Error::Reused(Some(Subject::Token(TokenId::from_bytes([3; 16])))),
            Error::NoAccountMatches,
            Error::Unsupported {
                account: account(),
                feature: Some(Feature::ManualCapture),
                what: "captures".to_owned(),
                instead: "automatic capture".to_owned(),
            },
            Error::StateForbids { state: "VOIDED".to_owned(), wanted: "a capture" },
            Error::ExceedsRemaining { remaining_minor: 5 },
            Error::TokenUnusable,
            Error::TokenUseNotAllowed { wanted: "recurring charges" },
            Error::SessionExpired,
            Error::CardDataNotAllowed(account()),
            Error::TlsRequired,
            Error::Rejected { account: account(), code: None, message: None, payment },
            Error::CredentialsRejected { account: account(), code: Some("403".to_owned()), payment },
            Error::Unreachable(account()),
            Error::Throttled { account: account(), code: Some("429".to_owned()), after },
            Error::BreakerOpen { account: account(), after },
            Error::Draining,
            Error::Busy,
            Error::Journal(Unavailable::Full),
            Error::Journal(Unavailable::Failing),
            Error::StillRunning,
            Error::NoTestClock,
            Error::ClockHeld { at: Timestamp::UNIX_EPOCH, what: "a call runs".to_owned() },
            Error::Internal { what: "canary-4f1c".to_owned(), payment },
        ]
    }

    fn every_status() -> Vec<Status> {
        let accounts = Accounts::default();
        let mut all: Vec<Status> =
            every_error().into_iter().map(|error| of(error, &about(), &accounts)).collect();
        all.extend([
            refused(Refused::Missing, "turnpike.v1.PaymentService/GetPayment"),
            refused(Refused::Unknown, "turnpike.v1.PaymentService/GetPayment"),
            refused(Refused::NotPermitted, "turnpike.v1.PaymentService/GetPayment"),
            refused(Refused::TooOften { calls_per_second: 5, wait: Duration::from_millis(200) }, ""),
            sandbox_disabled(),
            sandbox_place_not_found("http://127.0.0.1:1/".to_owned()),
        ]);
        all
    }

    #[test]
    fn every_error_is_told_as_the_contract_says() {
        let documented = documented();
        let mut told = BTreeSet::new();
        for status in every_status() {
            let info = status.get_details_error_info().expect("every error has an ErrorInfo");
            let known =
                documented.get(&info.reason).unwrap_or_else(|| panic!("{} is not documented", info.reason));
            let keys: BTreeSet<String> = info.metadata.keys().cloned().collect();
            assert_eq!(status.code(), known.code, "{}", info.reason);
            assert_eq!(info.domain, DOMAIN);
            assert!(keys.is_subset(&known.keys), "{}: {keys:?} beyond {known:?}", info.reason);
            let missing: Vec<_> = known.keys.difference(&keys).collect();
            assert!(
                missing.iter().all(|key| known.conditional.contains(*key)),
                "{}: {missing:?} missing",
                info.reason
            );
            let details = status.get_error_details();
            let (fields, retry) = (details.bad_request(), details.retry_info());
            assert_eq!(fields.is_some(), known.code == Code::InvalidArgument, "{}", info.reason);
            let later = [Code::Unavailable, Code::ResourceExhausted].contains(&known.code);
            assert_eq!(retry.is_some(), later, "{}", info.reason);
            assert_eq!(
                details.precondition_failure().is_some(),
                known.code == Code::FailedPrecondition,
                "{}",
                info.reason
            );
            told.insert(info.reason);
        }
        let silent: Vec<_> = documented.keys().filter(|reason| !told.contains(*reason)).collect();
        assert!(silent.is_empty(), "{silent:?} never happens");
    }

    #[test]
    fn bounds_and_codes_are_told_where_they_are_known() {
        let told = |error| {
            let status = of(error, &about(), &Accounts::default());
            status.get_details_error_info().expect("an ErrorInfo").metadata
        };
        let kind = FieldMistake::AmountOutOfBounds { minimum_minor: Some(1), maximum_minor: None };
        let field = FieldError { kind, ..FieldError::new("money.amount_minor", "too little") };
        let metadata = told(Error::Invalid(vec![field]));
        assert_eq!(metadata["minimum_minor"], "1");
        assert_eq!(metadata["currency_code"], "NOK");
        assert!(!metadata.contains_key("maximum_minor"));
        let account = AccountName("shop-no".to_owned());
        let code = Some("E.1021".to_owned());
        let refused =
            Error::CredentialsRejected { account: account.clone(), code: code.clone(), payment: None };
        assert_eq!(told(refused)["provider_code"], "E.1021");
        let throttled = Error::Throttled { account, code, after: Duration::ZERO };
        assert_eq!(told(throttled)["provider_code"], "E.1021");
    }

    #[test]
    fn what_went_wrong_inside_stays_inside() {
        for status in every_status() {
            assert!(!format!("{status:?}").contains("canary"), "{status:?}");
        }
    }

    #[test]
    fn mistakes_of_different_kinds_are_told_as_wrong_fields() {
        let fields = vec![
            FieldError { kind: FieldMistake::UnknownCurrency, ..FieldError::new("money.currency_code", "a") },
            FieldError::new("request_id", "b"),
        ];
        let about = About { prefix: "charge_token.", ..about() };
        let status = of(Error::Invalid(fields), &about, &Accounts::default());
        let details = status.get_error_details();
        let info = details.error_info().expect("an ErrorInfo");
        assert_eq!((info.reason.as_str(), info.metadata["fields"].as_str()), ("INVALID_FIELD", "2"));
        let violations = &details.bad_request().expect("a BadRequest").field_violations;
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["charge_token.money.currency_code", "charge_token.request_id"]);
    }

    #[test]
    fn the_first_resource_of_a_reused_id_is_named() {
        let movement = MovementId::Capture(CaptureId::from_bytes([4; 16]));
        let payment = PaymentId::from_bytes([2; 16]);
        assert!(resource_id(Subject::Movement(payment, movement)).starts_with("cap_"));
        assert!(resource_id(Subject::Payment(payment)).starts_with("pay_"));
    }
}
