//! When a call must have ended, and the header `grpc-timeout` that says so to the server.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tonic::Status;
use tonic::body::Body;

use crate::fate::Repeatable;

const HEADER: &str = "grpc-timeout";

/// When a call must have ended. Streams usually have none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// What the caller has set with the request, or else what is usual.
    pub fn of(headers: &HeaderMap, usual: Option<Duration>) -> Self {
        let asked = headers.get(HEADER).and_then(|value| parse(value.to_str().ok()?));
        // A time beyond what the clock can tell is none.
        Self(asked.or(usual).and_then(|time| Instant::now().checked_add(time)))
    }

    /// Whether so much time is left.
    pub fn allows(self, pause: Duration) -> bool {
        self.0.is_none_or(|end| Instant::now() + pause < end)
    }

    /// Tells the server how much time is left.
    pub fn write(self, headers: &mut HeaderMap) {
        match self.0 {
            Some(end) => {
                headers.insert(HEADER, format(end.saturating_duration_since(Instant::now())));
            }
            None => {
                headers.remove(HEADER);
            }
        }
    }

    /// Waits for the end of something, until the deadline.
    pub async fn within<T>(self, work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        match self.0 {
            Some(end) => timeout_at(end, work).await.unwrap_or_else(|_| Err(exceeded())),
            None => work.await,
        }
    }

    /// The body of an answer, until the deadline.
    pub fn guard(self, body: Body, repeatable: Repeatable) -> Body {
        Body::new(Guarded { body, repeatable, end: self.0.map(|end| Box::pin(sleep_until(end))) })
    }
}

/// The status of a call whose time is over. What became of it is not known.
pub(crate) fn exceeded() -> Status {
    Status::deadline_exceeded("the deadline of the call is over")
}

struct Guarded {
    body: Body,
    repeatable: Repeatable,
    end: Option<Pin<Box<Sleep>>>,
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            let repeatable = self.repeatable;
            return Poll::Ready(frame.map(|frame| frame.map_err(|error| repeatable.status_of(error.into()))));
        }
        match &mut self.end {
            Some(end) => end.as_mut().poll(context).map(|()| Some(Err(exceeded()))),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Up to eight digits and a unit, as the protocol wants it.
fn format(time: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let text = match (time.as_millis(), u128::from(time.as_secs())) {
        (milliseconds, _) if milliseconds <= MOST => format!("{milliseconds}m"),
        (_, seconds) if seconds <= MOST => format!("{seconds}S"),
        (_, seconds) => format!("{}H", (seconds / 3_600).min(MOST)),
    };
    HeaderValue::try_from(text).expect("digits and a letter")
}

fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "n" => Duration::from_nanos(number),
        "u" => Duration::from_micros(number),
        "m" => Duration::from_millis(number),
        "S" => Duration::from_secs(number),
        "M" => Duration::from_secs(number * 60),
        "H" => Duration::from_secs(number * 3_600),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for seconds in [0, 30, 99_999, 100_000, 99_999_999, 100_000_000 * 36] {
            let time = Duration::from_secs(seconds);
            let text = format(time);
            assert!(text.len() <= 9, "{text:?}");
            assert_eq!(parse(text.to_str().expect("ASCII")), Some(time));
        }
    }

    #[test]
    fn what_tonic_writes_is_read() {
        for time in [Duration::from_nanos(7), Duration::from_millis(1_500), Duration::from_secs(86_400)] {
            let mut request = tonic::Request::new(());
            request.set_timeout(time);
            let text = request.metadata().get(HEADER).expect("a header").to_str().expect("ASCII");
            assert_eq!(parse(text), Some(time), "{text}");
        }
    }

    #[test]
    fn nonsense_is_not_read() {
        for wrong in ["", "S", "5", "-5S", "5x", "123456789S", "5 S", "é"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
