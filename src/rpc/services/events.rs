//! `EventService`.

use tonic::{Request, Response, Status};

use crate::engine::ROWS_MAX;
use crate::engine::error::Error;
use crate::rpc::convert::events;
use crate::rpc::door::{Call, Door};
use crate::rpc::intake::Incoming as _;
use crate::rpc::pages::{self, Pages};
use crate::rpc::proto::event_service_server::EventService;
use crate::rpc::proto::{self as pb};
use crate::rpc::status::About;

/// How many times a list reads on when few of what it read were wanted. It may then be short, and its
/// cursor goes on where it ended.
const READS_MAX: usize = 5;

/// Tells what became true.
pub struct Events(pub Door);

#[tonic::async_trait]
impl EventService for Events {
    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let listed = list(door, &call, message).await;
        listed.map(Response::new).map_err(|error| door.refuse(error, &About::default()))
    }
}

/// The places of a merchant's log. They are the same whichever types are asked for.
fn log<'a>(door: &'a Door, call: &Call) -> Pages<'a> {
    Pages::new(&door.fingerprints, pb::ListEventsRequest::RPC, &call.caller.merchant.0, &[])
}

async fn list(
    door: &Door,
    call: &Call,
    message: pb::ListEventsRequest,
) -> Result<pb::ListEventsResponse, Error> {
    let size = pages::size(message.page_size);
    let log = log(door, call);
    let (place, kinds) = door.read(message, |message, problems| {
        let wrong = "is not a cursor of this log";
        let place = log.place_in("after", &message.after, wrong, problems);
        Some((place, events::kinds(&message.types, problems)))
    })?;
    let cursor = |sequence: u64| log.token(&sequence.to_be_bytes());
    let mut after = place.and_then(|place| Some(u64::from_be_bytes(place.try_into().ok()?))).unwrap_or(0);
    // One more than a page, to know whether there is another; of all kinds when few may be wanted.
    let limit = if kinds.is_empty() { size + 1 } else { ROWS_MAX };
    let mut found = Vec::new();
    for _ in 0..READS_MAX {
        let read = door.gateway.events(&call.caller, after, limit).await?;
        let is_last = read.len() < limit;
        for logged in read {
            if found.len() == size {
                return Ok(pb::ListEventsResponse {
                    events: found,
                    next_cursor: cursor(after),
                    has_more: true,
                });
            }
            after = logged.sequence;
            if kinds.is_empty() || kinds.contains(&logged.event.kind) {
                found.push(events::to_event(logged.event, cursor(after)));
            }
        }
        if is_last {
            return Ok(pb::ListEventsResponse { events: found, next_cursor: cursor(after), has_more: false });
        }
    }
    Ok(pb::ListEventsResponse { events: found, next_cursor: cursor(after), has_more: true })
}
