//! What `EventService` answers about webhooks.

use crate::engine::DeliveryFilter;
use crate::engine::error::Error;
use crate::rpc::convert::{values, webhooks};
use crate::rpc::door::{Call, Door};
use crate::rpc::proto as pb;
use crate::rpc::{pages, problems::Problems};

/// Sends an event again.
///
/// # Errors
/// As [`Gateway::redeliver`](crate::engine::gateway::Gateway::redeliver), and [`Error::Invalid`].
pub async fn redeliver(
    door: &Door,
    call: &Call,
    message: pb::RedeliverEventRequest,
) -> Result<pb::RedeliverEventResponse, Error> {
    let ask = door.ask(call, message, webhooks::redeliver)?;
    let answer = door.gateway.redeliver(&call.caller, ask, call.wait).await?;
    let deliveries = answer.value.into_iter().map(webhooks::to_delivery).collect();
    Ok(pb::RedeliverEventResponse { deliveries, replayed: answer.replayed })
}

/// A page of deliveries.
///
/// # Errors
/// [`Error::Invalid`], and the journal's.
pub async fn list(
    door: &Door,
    call: &Call,
    mut message: pb::ListWebhookDeliveriesRequest,
) -> Result<pb::ListWebhookDeliveriesResponse, Error> {
    let size = pages::size(message.page_size);
    let token = message.page_token.clone();
    let checked = door.read(message.clone(), |message, problems| {
        let event = match message.event_id.is_empty() {
            true => None,
            false => Some(webhooks::event(&message.event_id, problems)?),
        };
        Some((message, event))
    });
    (message.page_size, message.page_token) = (0, String::new());
    let pages = door.pages(call, &message);
    let mut problems = Problems::default();
    let place = pages.place(&token, &mut problems);
    let (message, event) = checked.and_then(|checked| problems.finish(Some(checked)))?;
    let filter = DeliveryFilter {
        merchant: call.caller.merchant.clone(),
        event,
        endpoint: values::text(message.endpoint),
        statuses: webhooks::statuses(&message.statuses),
        before: place.and_then(|place| Some(u64::from_be_bytes(place.try_into().ok()?))),
        // One more than a page, to know whether there is another.
        limit: size + 1,
    };
    let mut found = door.gateway.deliveries(filter).await?;
    let more = found.len() > size;
    found.truncate(size);
    let last = found.last().filter(|_| more).map(|delivery| delivery.number);
    let next_page_token = last.map(|number| pages.token(&number.to_be_bytes())).unwrap_or_default();
    let deliveries = found.into_iter().map(webhooks::to_delivery).collect();
    Ok(pb::ListWebhookDeliveriesResponse { deliveries, next_page_token })
}

/// The caller's addresses.
///
/// # Errors
/// The journal's.
pub async fn endpoints(
    door: &Door,
    call: &Call,
    message: pb::ListWebhookEndpointsRequest,
) -> Result<pb::ListWebhookEndpointsResponse, Error> {
    door.read(message, |message, _| Some(message))?;
    let views = door.gateway.webhook_endpoints(&call.caller).await?;
    Ok(pb::ListWebhookEndpointsResponse { endpoints: views.into_iter().map(webhooks::to_endpoint).collect() })
}
