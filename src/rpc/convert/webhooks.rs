//! What is sent to merchants' own servers: what is asked for, and how it is shown.

use crate::domain::delivery::{Delivery, DeliveryStatus};
use crate::domain::ids::EventId;
use crate::engine::deliveries::{EndpointView, Redeliver};
use crate::engine::error::Thing;
use crate::rpc::problems::Problems;
use crate::rpc::proto as pb;

use super::values::{count, enumeration, or_empty, text, to_time};

/// The id of an event, or `None` with its absence noted.
pub fn event(text: &str, problems: &mut Problems) -> Option<EventId> {
    let id = EventId::parse(text).ok();
    if id.is_none() {
        problems.absent(Thing::Event);
    }
    id
}

/// Reads a request to send an event again.
pub fn redeliver(request: pb::RedeliverEventRequest, problems: &mut Problems) -> Option<Redeliver> {
    let event = event(&request.event_id, problems)?;
    Some(Redeliver { event, endpoint: text(request.endpoint) })
}

/// The statuses of a filter; those that this version does not know were refused before.
pub fn statuses(statuses: &[i32]) -> Vec<DeliveryStatus> {
    let known = |status: &i32| match enumeration(*status) {
        pb::WebhookDeliveryStatus::Pending => Some(DeliveryStatus::Pending),
        pb::WebhookDeliveryStatus::Delivered => Some(DeliveryStatus::Delivered),
        pb::WebhookDeliveryStatus::Failed => Some(DeliveryStatus::Failed),
        pb::WebhookDeliveryStatus::Unspecified => None,
    };
    statuses.iter().filter_map(known).collect()
}

/// A delivery.
pub fn to_delivery(delivery: Delivery) -> pb::WebhookDelivery {
    let status = match delivery.status {
        DeliveryStatus::Pending => pb::WebhookDeliveryStatus::Pending,
        DeliveryStatus::Delivered => pb::WebhookDeliveryStatus::Delivered,
        DeliveryStatus::Failed => pb::WebhookDeliveryStatus::Failed,
    };
    pb::WebhookDelivery {
        endpoint: delivery.endpoint.name,
        event_id: delivery.event.to_string(),
        event_type: delivery.kind.word().to_owned(),
        status: status.into(),
        attempts: count(delivery.attempts),
        created_at: Some(to_time(delivery.created_at)),
        last_attempt_at: delivery.last_at.map(to_time),
        last_http_status: delivery.http_status.map_or(0, i32::from),
        note: or_empty(delivery.note),
        next_attempt_at: delivery.next_at.map(to_time),
    }
}

/// An address, and how it stands.
pub fn to_endpoint(view: EndpointView) -> pb::WebhookEndpoint {
    let EndpointView { endpoint, standing, open, behind } = view;
    let is_parked = standing.as_ref().is_some_and(|standing| standing.is_parked());
    let status = match is_parked {
        true => pb::WebhookEndpointStatus::Parked,
        false => pb::WebhookEndpointStatus::Active,
    };
    pb::WebhookEndpoint {
        name: endpoint.key.name.clone(),
        url: endpoint.url.clone(),
        types: endpoint.events.clone(),
        status: status.into(),
        failing_since: standing.as_ref().and_then(|standing| standing.failing_since).map(to_time),
        failures: standing.as_ref().map_or(0, |standing| count(standing.failures)),
        next_probe_at: standing.as_ref().filter(|_| is_parked).and_then(|one| one.probe_at).map(to_time),
        note: or_empty(standing.and_then(|standing| standing.note)),
        open_deliveries: count(open),
        events_behind: count(behind),
    }
}
