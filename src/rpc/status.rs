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
mod tests;
