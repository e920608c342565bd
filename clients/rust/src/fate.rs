//! What became of a call whose connection failed: certainly not sent, or perhaps.
//!
//! tonic tells a part of this, and not the same part with all of its features; so it is read here from the
//! errors of HTTP/2 themselves.

use std::error::Error;
use std::sync::Arc;

use tonic::{Code, ConnectError, Status, TimeoutExpired};

use crate::deadline;

type BoxError = Box<dyn Error + Send + Sync>;

/// The calls that carry no request id and change something: they act again when they are repeated. A test
/// holds this against the schema.
pub(crate) const ACT_AGAIN: [&str; 2] =
    ["/turnpike.v1.SandboxService/ArrangeScenario", "/turnpike.v1.SandboxService/AdvanceClock"];

/// What became of a call without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// There was no connection.
    NotConnected,
    /// There was one, and the call never left, or the server said that it does not take it.
    NotSent,
    /// It was sent, perhaps, and then the connection broke.
    PerhapsSent,
    /// The other side ended this one call.
    Ended(Code),
    /// Its time was over.
    TimedOut,
}

/// Marks a status whose call never left on a connection that was about to close.
#[derive(Debug, thiserror::Error)]
#[error("the connection closed before the call was sent: {0}")]
struct NeverSent(BoxError);

/// Whether a call may be sent again when nobody knows whether it was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeatable(bool);

impl Repeatable {
    /// Reading is, and whatever carries a request id.
    pub fn of(path: &str) -> Self {
        Self(!ACT_AGAIN.contains(&path))
    }

    pub fn is_safe(self) -> bool {
        self.0
    }

    /// The status of a call that ended with an error of the connection.
    pub fn status_of(self, error: BoxError) -> Status {
        match fate(&*error) {
            Some(Fate::NotConnected) => with(Code::Unavailable, text(&*error), error),
            Some(Fate::NotSent) => {
                let message = "the connection closed before the call was sent".to_owned();
                with(Code::Unavailable, message, NeverSent(error))
            }
            Some(Fate::PerhapsSent) if self.0 => {
                let message = format!("the connection broke during the call: {}", text(&*error));
                with(Code::Unavailable, message, error)
            }
            // UNAVAILABLE would say that it can be sent again.
            Some(Fate::PerhapsSent) => {
                let message = format!(
                    "the connection broke, and the call may have been carried out: {}",
                    text(&*error)
                );
                with(Code::Unknown, message, error)
            }
            Some(Fate::Ended(code)) => with(code, text(&*error), error),
            Some(Fate::TimedOut) => deadline::exceeded(),
            None => Status::from_error(error),
        }
    }
}

/// Whether the call of this status can be sent on the next connection as if nothing had been.
pub(crate) fn never_left(status: &Status) -> bool {
    chain(status).any(|error| error.is::<NeverSent>())
}

fn fate(error: &(dyn Error + 'static)) -> Option<Fate> {
    let mut found = None;
    for error in chain(error) {
        if error.is::<ConnectError>() {
            return Some(Fate::NotConnected);
        }
        if error.is::<TimeoutExpired>() {
            return Some(Fate::TimedOut);
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            // A connection that is closing hands back what it has not sent.
            if error.is_canceled() {
                return Some(Fate::NotSent);
            }
            found = Some(Fate::PerhapsSent);
        }
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return Some(of_http2(error));
        }
    }
    found
}

fn of_http2(error: &h2::Error) -> Fate {
    let reason = error.reason();
    match reason {
        // The server promises that it has not looked at it.
        Some(h2::Reason::REFUSED_STREAM) => Fate::NotSent,
        // As the protocol of gRPC maps them.
        Some(h2::Reason::CANCEL) if error.is_reset() => Fate::Ended(Code::Cancelled),
        Some(h2::Reason::ENHANCE_YOUR_CALM) if error.is_reset() => Fate::Ended(Code::ResourceExhausted),
        Some(h2::Reason::INADEQUATE_SECURITY) if error.is_reset() => Fate::Ended(Code::PermissionDenied),
        Some(_) if error.is_reset() => Fate::Ended(Code::Internal),
        _ => Fate::PerhapsSent,
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// What the error at the end of the chain says: those before it say "transport error".
fn text(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}

fn with(code: Code, message: String, source: impl Into<BoxError>) -> Status {
    let mut status = Status::new(code, message);
    status.set_source(Arc::from(source.into()));
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_stream_was_not_sent() {
        let status = Repeatable::of("/x").status_of(h2::Error::from(h2::Reason::REFUSED_STREAM).into());
        assert_eq!(status.code(), Code::Unavailable);
        assert!(never_left(&status));
    }

    #[test]
    fn a_failed_connection_was_not_sent() {
        let error = ConnectError(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into());
        let status = Repeatable::of("/x").status_of(error.into());
        assert_eq!((status.code(), status.message()), (Code::Unavailable, "connection refused"));
        assert!(!never_left(&status));
    }

    #[test]
    fn the_time_of_tonic_is_a_deadline() {
        let status = Repeatable::of("/x").status_of(TimeoutExpired(()).into());
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }

    #[test]
    fn what_is_nothing_of_this_stays_as_it_is() {
        let status = Repeatable::of("/x").status_of(Status::not_found("no payment").into());
        assert_eq!((status.code(), status.message()), (Code::NotFound, "no payment"));
    }

    #[cfg(feature = "webhooks")]
    #[test]
    fn what_acts_again_is_what_the_schema_does_not_call_idempotent() {
        use prost_reflect::DescriptorPool;
        use prost_reflect::prost_types::method_options::IdempotencyLevel;

        let pool = DescriptorPool::decode(crate::v1::DESCRIPTOR_SET).expect("a schema");
        let mut methods = 0;
        for service in pool.services().filter(|service| service.package_name() == "turnpike.v1") {
            for method in service.methods() {
                methods += 1;
                let path = format!("/{}/{}", service.full_name(), method.name());
                let level = method.method_descriptor_proto().options.clone().unwrap_or_default();
                let is_repeatable = level.idempotency_level() != IdempotencyLevel::IdempotencyUnknown;
                assert_eq!(Repeatable::of(&path), Repeatable(is_repeatable), "{path}");
            }
        }
        assert!(methods > 30, "the schema has only {methods} methods");
    }
}
