//! What a call fails with, read from its status.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::v1::ErrorReason;

/// The domain of the reasons in [`ErrorReason`]. Others are not ours.
const DOMAIN: &str = "turnpike";

/// A call that failed. Every [`Status`] becomes one by `?`. It shows no secrets, and keeps the status as its
/// source.
///
/// A decline is not an error: see [`crate::require_paid`].
pub struct Error(Box<Parts>);

struct Parts {
    status: Status,
    reason: String,
    metadata: BTreeMap<String, String>,
    fields: BTreeMap<String, String>,
    retry_after: Option<Duration>,
}

impl Error {
    /// The code of gRPC. A client that does not know the reason goes by it.
    pub fn code(&self) -> Code {
        self.0.status.code()
    }

    /// The name of the code, such as `NOT_FOUND`.
    pub fn code_name(&self) -> &'static str {
        code_name(self.code())
    }

    /// The reason. [`ErrorReason::Unspecified`] when there is none, or one that this client does not know
    /// yet.
    pub fn reason(&self) -> ErrorReason {
        ErrorReason::from_str_name(&format!("ERROR_REASON_{}", self.0.reason)).unwrap_or_default()
    }

    /// The reason as the server spells it, such as `PAYMENT_NOT_FOUND`. Empty when there is none, as when
    /// there was no connection.
    pub fn reason_text(&self) -> &str {
        &self.0.reason
    }

    /// What went wrong, in a sentence for people.
    pub fn message(&self) -> &str {
        self.0.status.message()
    }

    /// More about the reason, by the keys that [`ErrorReason`] lists.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.0.metadata
    }

    /// The wrong fields: from a path such as `order.lines[3].quantity` to what is wrong there.
    pub fn fields(&self) -> &BTreeMap<String, String> {
        &self.0.fields
    }

    /// How long to wait before the same request is sent again, if the server says so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the gateway says that nothing was sent to a provider: the code is UNAVAILABLE with a reason of the
    /// gateway's. A connection that broke has none, and while an earlier call with the request id runs, that one
    /// may have sent something. Either way the same request can be sent again with the same request id.
    pub fn nothing_was_sent(&self) -> bool {
        let is_unknown = self.0.reason.is_empty() || self.reason() == ErrorReason::RequestStillRunning;
        self.code() == Code::Unavailable && !is_unknown
    }

    /// The status that it was read from.
    pub fn status(&self) -> &Status {
        &self.0.status
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let (mut reason, mut metadata) = (String::new(), BTreeMap::new());
        if let Some(info) = details.error_info().filter(|info| info.domain == DOMAIN) {
            reason.clone_from(&info.reason);
            metadata = info.metadata.clone().into_iter().collect();
        }
        let wrong = details.bad_request().map(|request| request.field_violations.clone()).unwrap_or_default();
        let fields = wrong.into_iter().map(|wrong| (wrong.field, wrong.description)).collect();
        let retry_after = details.retry_info().and_then(|info| info.retry_delay);
        Self(Box::new(Parts { status, reason, metadata, fields, retry_after }))
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        error.0.status
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(code_name(self.code()))?;
        if !self.0.reason.is_empty() {
            write!(f, " ({})", self.0.reason)?;
        }
        if !self.message().is_empty() {
            write!(f, ": {}", self.message())?;
        }
        for (path, description) in &self.0.fields {
            write!(f, "; {path}: {description}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the headers of the answer, which anyone on the way may have added.
        f.debug_struct("Error")
            .field("code", &self.code())
            .field("reason", &self.0.reason)
            .field("message", &self.message())
            .field("metadata", &self.0.metadata)
            .field("fields", &self.0.fields)
            .field("retry_after", &self.0.retry_after)
            .field("nothing_was_sent", &self.nothing_was_sent())
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.status)
    }
}

/// The name that the protocol of gRPC gives a code, such as `NOT_FOUND`.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::{ErrorDetails, FieldViolation};

    use super::*;

    fn refused(domain: &str, reason: &str) -> Error {
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, domain, [("fields".to_owned(), "1".to_owned())]);
        details.set_bad_request(vec![FieldViolation::new("money.amount_minor", "must be greater than 0")]);
        details.set_retry_info(Some(Duration::from_millis(1_500)));
        let mut status = Status::with_error_details(Code::InvalidArgument, "one field is wrong", details);
        status.metadata_mut().insert("authorization", "Bearer tpk_hunter2".parse().expect("ASCII"));
        Error::from(status)
    }

    #[test]
    fn everything_is_read() {
        let error = refused("turnpike", "INVALID_FIELD");
        assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, ErrorReason::InvalidField));
        assert_eq!(error.metadata()["fields"], "1");
        assert_eq!(error.fields()["money.amount_minor"], "must be greater than 0");
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1_500)));
        assert!(!error.nothing_was_sent());
        assert_eq!(
            error.to_string(),
            "INVALID_ARGUMENT (INVALID_FIELD): one field is wrong; money.amount_minor: must be greater than 0"
        );
        let source = std::error::Error::source(&error).expect("a source");
        assert!(source.is::<Status>());
    }

    #[test]
    fn a_reason_of_tomorrow_is_told_as_text() {
        let error = refused("turnpike", "OUT_OF_COFFEE");
        assert_eq!((error.reason(), error.reason_text()), (ErrorReason::Unspecified, "OUT_OF_COFFEE"));
    }

    #[test]
    fn reasons_of_others_are_not_ours() {
        let error = refused("elsewhere", "INVALID_FIELD");
        assert_eq!((error.reason(), error.reason_text()), (ErrorReason::Unspecified, ""));
        assert!(error.metadata().is_empty());
    }

    #[test]
    fn details_that_cannot_be_read_leave_the_code() {
        let status = Status::with_details(Code::NotFound, "no payment", vec![0xff; 9].into());
        let error = Error::from(status);
        assert_eq!((error.code(), error.reason_text()), (Code::NotFound, ""));
    }

    #[test]
    fn that_nothing_was_sent_is_for_the_gateway_to_say() {
        let unavailable = |reason: &str| {
            let details =
                ErrorDetails::with_error_info(reason, "turnpike", [("key".to_owned(), String::new())]);
            Error::from(Status::with_error_details(Code::Unavailable, "not now", details))
        };
        assert!(unavailable("DRAINING").nothing_was_sent());
        assert!(!unavailable("REQUEST_STILL_RUNNING").nothing_was_sent());
        assert!(!Error::from(Status::unavailable("the connection broke")).nothing_was_sent());
    }

    #[test]
    fn headers_are_not_printed() {
        let printed = format!("{0:?} {0}", refused("turnpike", "INVALID_FIELD"));
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
