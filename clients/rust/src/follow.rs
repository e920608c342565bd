//! The events as they happen, for as long as the reader wants.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use crate::v1::{Event, ListEventsRequest, StreamEventsRequest, StreamEventsResponse};
use crate::{Error, Turnpike};

/// The first pause before a stream that broke is taken up again, and the longest.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A stream on which nothing has come for so long is dead: the gateway gives a sign of life every 15 seconds.
const SILENCE_MAX: Duration = Duration::from_secs(40);

/// With these codes the next stream would fail as well.
const USELESS: [Code; 4] =
    [Code::InvalidArgument, Code::Unauthenticated, Code::PermissionDenied, Code::Unimplemented];

/// How many events [`Turnpike::newest_cursor`] passes over with one call.
const PAGE_SIZE: i32 = 200;

/// Of which there are few, so that reading to the end of the log brings little.
const RARE: &str = "webhook_endpoint.*";

/// Where to begin, and what to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    after: String,
    types: Vec<String>,
}

impl Place {
    /// After the event with this cursor. Empty means from the beginning.
    pub fn after(cursor: impl Into<String>) -> Self {
        Self { after: cursor.into(), types: Vec::new() }
    }

    /// Only events of these types, such as `payment.captured` or `payment.*`; at most 50.
    #[must_use]
    pub fn types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.types = types.into_iter().map(Into::into).collect();
        self
    }
}

impl From<&str> for Place {
    fn from(cursor: &str) -> Self {
        Self::after(cursor)
    }
}

impl From<String> for Place {
    fn from(cursor: String) -> Self {
        Self::after(cursor)
    }
}

/// An event, and the place after it. Keep the cursor together with what the event led to, and begin there
/// after a restart: then no event is missed and none is taken twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// What became true.
    pub event: Event,
    /// The place after it, up to 128 characters.
    pub cursor: String,
}

impl Turnpike {
    /// The events after a cursor, and then what happens, as it happens. When the stream breaks, it is taken
    /// up again after the last event, with pauses from 0.25 s to 5 s.
    ///
    /// It ends with an error, and then for good, only where going on is useless: a cursor that is not ours, a
    /// key that is unknown or does not allow it, a server that has no events.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    /// use turnpike_client::{Place, Turnpike};
    ///
    /// # async fn example(turnpike: Turnpike, kept: String) -> Result<(), turnpike_client::Error> {
    /// let mut events = turnpike.follow(Place::after(kept).types(["payment.*"]));
    /// while let Some(followed) = events.try_next().await? {
    ///     println!("{} {}", followed.event.r#type, followed.cursor);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn follow(&self, place: impl Into<Place>) -> Follow {
        let reader = Reader {
            turnpike: self.clone(),
            place: place.into(),
            stream: None,
            pause: PAUSE,
            silence: SILENCE_MAX,
        };
        let events = stream::try_unfold(reader, |mut reader| async move {
            let followed = reader.next().await?;
            Ok(Some((followed, reader)))
        });
        Follow(events.boxed())
    }

    /// The place after the newest event, to follow only what happens from now on. It reads the log to its
    /// end, 200 events with each call: ask once, and keep cursors afterwards.
    ///
    /// # Errors
    /// As of ListEvents.
    pub async fn newest_cursor(&self) -> Result<String, Error> {
        let mut after = String::new();
        loop {
            let request = ListEventsRequest { after, types: vec![RARE.to_owned()], page_size: PAGE_SIZE };
            let answer = self.events().list_events(request).await?.into_inner();
            after = answer.next_cursor;
            if !answer.has_more {
                return Ok(after);
            }
        }
    }
}

/// What [`Turnpike::follow`] gives: a stream of events without an end.
#[must_use = "streams do nothing unless polled"]
pub struct Follow(BoxStream<'static, Result<Followed, Error>>);

impl Stream for Follow {
    type Item = Result<Followed, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Follow")
    }
}

struct Reader {
    turnpike: Turnpike,
    place: Place,
    stream: Option<Streaming<StreamEventsResponse>>,
    pause: Duration,
    silence: Duration,
}

impl Reader {
    async fn next(&mut self) -> Result<Followed, Error> {
        loop {
            let message = match timeout(self.silence, self.message()).await {
                Ok(Ok(message)) => message,
                Ok(Err(status)) if USELESS.contains(&status.code()) => return Err(status.into()),
                // Broken, ended or silent.
                Ok(Err(_)) | Err(_) => {
                    self.stream = None;
                    tokio::time::sleep(self.pause).await;
                    self.pause = (self.pause * 2).min(PAUSE_MAX);
                    continue;
                }
            };
            self.pause = PAUSE;
            if !message.cursor.is_empty() {
                self.place.after.clone_from(&message.cursor);
            }
            // Without an event it is a sign of life.
            if let Some(event) = message.event {
                return Ok(Followed { event, cursor: message.cursor });
            }
        }
    }

    async fn message(&mut self) -> Result<StreamEventsResponse, Status> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let Place { after, types } = self.place.clone();
                let request = StreamEventsRequest { after, types, only_new: false };
                let stream = self.turnpike.events().stream_events(request).await?.into_inner();
                self.stream.insert(stream)
            }
        };
        stream.message().await?.ok_or_else(|| Status::unavailable("the stream ended"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::fake::{Fake, Reply};

    fn told(cursor: &str, id: &str) -> StreamEventsResponse {
        let event = (!id.is_empty()).then(|| Event { id: id.to_owned(), ..Default::default() });
        StreamEventsResponse { event, cursor: cursor.to_owned() }
    }

    #[tokio::test]
    async fn a_silent_stream_is_taken_up_after_the_last_place() {
        let fake = Fake::start(vec![
            Reply::stream(&[told("c1", "evt_1"), told("c2", "")]).and_then_silence(),
            Reply::stream(&[told("c3", "evt_3")]),
        ])
        .await;
        let turnpike = fake.client();
        let mut reader = Reader {
            turnpike,
            place: Place::after("c0").types(["payment.*"]),
            stream: None,
            pause: PAUSE,
            silence: Duration::from_millis(300),
        };
        assert_eq!(reader.next().await.expect("an event").event.id, "evt_1");
        let began = Instant::now();
        let followed = reader.next().await.expect("an event");
        assert_eq!((followed.event.id.as_str(), followed.cursor.as_str()), ("evt_3", "c3"));
        assert!(
            began.elapsed() >= Duration::from_millis(300 + 250),
            "it waits for the silence and the pause"
        );

        let asked: Vec<StreamEventsRequest> = fake.requests();
        let after: Vec<&str> = asked.iter().map(|request| request.after.as_str()).collect();
        assert_eq!(after, ["c0", "c2"]);
        assert!(asked.iter().all(|request| request.types == ["payment.*"] && !request.only_new));
    }
}
