//! Streams of a merchant's events.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::engine::error::Error;
use crate::engine::feed::Follower;
use crate::rpc::convert::events::Wanted;
use crate::rpc::door::{Call, Door};
use crate::rpc::proto as pb;
use crate::rpc::status::About;

use super::events::{Places, shown};
use super::watch::drains;

/// How often the log is read although this process added nothing: others may have.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// After how many looks without an event the stream says that it is alive: 15 seconds.
const LOOKS_UNTIL_SIGN: u32 = 5;
/// How many events are read at once.
const READ_MAX: usize = 64;
/// How many events wait for a reader that is slow; the next ones are read when it has taken these.
const WAITING_MAX: usize = 8;

/// A stream of events.
pub type Streaming = ReceiverStream<Result<pb::StreamEventsResponse, Status>>;

/// Where a stream is, and what it is for.
struct Stream {
    door: Door,
    call: Call,
    follower: Follower,
    wanted: Wanted,
    place: u64,
    sender: mpsc::Sender<Result<pb::StreamEventsResponse, Status>>,
}

/// Why a stream ends.
enum End {
    /// Nobody reads it any more.
    Left,
    /// It cannot go on.
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Begins a stream.
///
/// # Errors
/// [`Error::Invalid`], and [`Error::Busy`] when as many streams run as may.
pub async fn start(door: &Door, call: &Call, message: pb::StreamEventsRequest) -> Result<Streaming, Error> {
    let places = Places::new(door, call);
    let (place, wanted, only_new) = door.read(message, |message, problems| {
        if message.only_new && !message.after.is_empty() {
            problems.add("after", "must be empty with only_new");
        }
        let place = places.read(&message.after, problems);
        Some((place, Wanted::read(&message.types, problems), message.only_new))
    })?;
    let permit = door.streams.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
    let follower = door.gateway.follow_events(&call.caller).await?;
    let place = if only_new { follower.last().await? } else { place };
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let call = Call { caller: call.caller.clone(), wait: None };
    let mut stream = Stream { door: door.clone(), call, follower, wanted, place, sender };
    let work = async move {
        let _permit = permit;
        let mut draining = stream.door.draining.clone();
        let ended = tokio::select! {
            ended = stream.run(only_new) => ended,
            () = drains(&mut draining) => Err(End::Failed(Error::Draining)),
        };
        if let Err(End::Failed(error)) = ended {
            let status = stream.door.refuse(error, &About::default());
            // Whether the reader still listens makes no difference now.
            let _ = stream.sender.send(Err(status)).await;
        }
    };
    tokio::spawn(tracing::Instrument::in_current_span(work));
    Ok(ReceiverStream::new(receiver))
}

impl Stream {
    /// Catches up, and then waits for more, again and again.
    async fn run(&mut self, only_new: bool) -> Result<std::convert::Infallible, End> {
        if only_new {
            // Whoever loses the stream before anything happens knows where to go on.
            self.send(None, self.cursor()).await?;
        }
        let (mut anew, mut quiet) = (true, 0);
        loop {
            let told = self.catch_up(anew).await?;
            quiet = if told { 0 } else { quiet + 1 };
            if quiet >= LOOKS_UNTIL_SIGN {
                quiet = 0;
                self.send(None, self.cursor()).await?;
            }
            let sender = self.sender.clone();
            anew = tokio::select! {
                () = self.follower.grown() => {
                    // What wakes the stream is no look in vain.
                    quiet = 0;
                    false
                }
                () = tokio::time::sleep(LOOK_AGAIN) => true,
                () = sender.closed() => return Err(End::Left),
            };
        }
    }

    /// Sends what there is. Tells whether there was anything to send.
    async fn catch_up(&mut self, anew: bool) -> Result<bool, End> {
        let (mut anew, mut told) = (anew, false);
        loop {
            let read = self.follower.after(self.place, READ_MAX, anew).await?;
            anew = false;
            let is_last = read.len() < READ_MAX;
            for logged in read {
                self.place = logged.sequence;
                if self.wanted.has(logged.event.kind) {
                    let cursor = self.cursor();
                    let event = shown(&self.door, logged.as_ref().clone(), cursor.clone()).await?;
                    self.send(Some(event), cursor).await?;
                    told = true;
                }
            }
            if is_last {
                return Ok(told);
            }
        }
    }

    fn cursor(&self) -> String {
        Places::new(&self.door, &self.call).cursor(self.place)
    }

    async fn send(&self, event: Option<pb::Event>, cursor: String) -> Result<(), End> {
        let message = pb::StreamEventsResponse { event, cursor };
        self.sender.send(Ok(message)).await.map_err(|_| End::Left)
    }
}
