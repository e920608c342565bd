//! `EventService`.

use tonic::{Request, Response, Status};

use crate::domain::event::{About as Told, LoggedEvent};
use crate::engine::ROWS_MAX;
use crate::engine::error::Error;
use crate::rpc::convert::events::{self, Wanted};
use crate::rpc::door::{Call, Door};
use crate::rpc::intake::Incoming as _;
use crate::rpc::pages::{self, Pages};
use crate::rpc::problems::Problems;
use crate::rpc::proto::event_service_server::EventService;
use crate::rpc::proto::{self as pb};
use crate::rpc::status::About;

use super::stream::{self, Streaming};
use super::webhooks;

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

    type StreamEventsStream = Streaming;

    async fn stream_events(
        &self,
        request: Request<pb::StreamEventsRequest>,
    ) -> Result<Response<Streaming>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let streaming = stream::start(door, &call, message).await;
        streaming.map(Response::new).map_err(|error| door.refuse(error, &About::default()))
    }

    async fn redeliver_event(
        &self,
        request: Request<pb::RedeliverEventRequest>,
    ) -> Result<Response<pb::RedeliverEventResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = About {
            request_id: message.request_id.clone(),
            event_id: message.event_id.clone(),
            endpoint: message.endpoint.clone(),
            ..About::default()
        };
        let answer = webhooks::redeliver(door, &call, message).await;
        answer.map(Response::new).map_err(|error| door.refuse(error, &about))
    }

    async fn list_webhook_deliveries(
        &self,
        request: Request<pb::ListWebhookDeliveriesRequest>,
    ) -> Result<Response<pb::ListWebhookDeliveriesResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let listed = webhooks::list(door, &call, message).await;
        listed.map(Response::new).map_err(|error| door.refuse(error, &About::default()))
    }

    async fn list_webhook_endpoints(
        &self,
        request: Request<pb::ListWebhookEndpointsRequest>,
    ) -> Result<Response<pb::ListWebhookEndpointsResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let listed = webhooks::endpoints(door, &call, message).await;
        listed.map(Response::new).map_err(|error| door.refuse(error, &About::default()))
    }
}

/// The places of a merchant's log. They are the same whichever types are asked for, and in whichever way.
pub struct Places<'a>(Pages<'a>);

impl<'a> Places<'a> {
    pub fn new(door: &'a Door, call: &Call) -> Self {
        Self(Pages::new(&door.fingerprints, pb::ListEventsRequest::RPC, &call.caller.merchant.0, &[]))
    }

    /// The cursor after the event of a sequence number.
    pub fn cursor(&self, sequence: u64) -> String {
        self.0.token(&sequence.to_be_bytes())
    }

    /// The sequence number of a cursor; 0 for none, or with a problem noted.
    pub fn read(&self, after: &str, problems: &mut Problems) -> u64 {
        let place = self.0.place_in("after", after, "is not a cursor of this log", problems);
        place.and_then(|place| Some(u64::from_be_bytes(place.try_into().ok()?))).unwrap_or(0)
    }
}

/// An event as it is shown.
///
/// # Errors
/// The journal's.
pub async fn shown(door: &Door, logged: LoggedEvent, cursor: String) -> Result<pb::Event, Error> {
    let session = match &logged.event.about {
        Told::Session(payment) => match payment.session {
            Some(id) => door.gateway.session_record(id).await?,
            None => None,
        },
        Told::Recurring(_) | Told::Payment(_) | Told::Movement(..) | Told::Token(_) | Told::Endpoint(_) => {
            None
        }
    };
    Ok(events::to_event(logged.event, session, cursor, door.gateway.accounts()))
}

async fn list(
    door: &Door,
    call: &Call,
    message: pb::ListEventsRequest,
) -> Result<pb::ListEventsResponse, Error> {
    let size = pages::size(message.page_size);
    let places = Places::new(door, call);
    let (mut after, wanted) = door.read(message, |message, problems| {
        Some((places.read(&message.after, problems), Wanted::read(&message.types, problems)))
    })?;
    // One more than a page, to know whether there is another; of all kinds when few may be wanted.
    let limit = if wanted.is_all() { size + 1 } else { ROWS_MAX };
    let mut found = Vec::new();
    for _ in 0..READS_MAX {
        let read = door.gateway.events(&call.caller, after, limit).await?;
        let is_last = read.len() < limit;
        for logged in read {
            if found.len() == size {
                let next_cursor = places.cursor(after);
                return Ok(pb::ListEventsResponse { events: found, next_cursor, has_more: true });
            }
            after = logged.sequence;
            if wanted.has(logged.event.kind) {
                found.push(shown(door, logged, places.cursor(after)).await?);
            }
        }
        if is_last {
            let next_cursor = places.cursor(after);
            return Ok(pb::ListEventsResponse { events: found, next_cursor, has_more: false });
        }
    }
    Ok(pb::ListEventsResponse { events: found, next_cursor: places.cursor(after), has_more: true })
}
