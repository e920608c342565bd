//! The body of a webhook: an event of the contract, in the contract's JSON form.

use prost::Message as _;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use crate::domain::event::Event;
use crate::domain::session::Session;
use crate::engine::accounts::Accounts;

use super::convert::events;
use super::intake::CONTRACT;

/// The message that the data of a webhook is.
const EVENT: &str = "turnpike.v1.Event";

/// The bytes that are sent of an event; one about a session needs the session. They are the same whenever
/// they are made.
#[must_use]
pub fn body(event: Event, session: Option<Session>, accounts: &Accounts) -> Vec<u8> {
    let (kind, at) = (event.kind, event.at);
    // A cursor is the place of a reader; a webhook is none.
    let message = events::to_event(event, session, String::new(), accounts);
    let data = json_of(&message.encode_to_vec());
    json!({ "type": kind.word(), "timestamp": at.to_string(), "data": data }).to_string().into_bytes()
}

/// The JSON form of an encoded event. Its names are sorted: of a map nothing else is the same every time.
fn json_of(encoded: &[u8]) -> Value {
    // The schema and the code are made from the same files, and every kind of event is rendered in tests.
    let event = CONTRACT.get_message_by_name(EVENT).expect("the contract has events");
    let message = DynamicMessage::decode(event, encoded).expect("the contract reads what it wrote");
    serde_json::to_value(&message).expect("every message has a JSON form")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::event::{About, EndpointFact, EventKind};
    use crate::domain::ids::{EventId, MerchantName};

    #[test]
    fn it_is_the_event_in_json_without_a_cursor() {
        let at = Timestamp::from_millisecond(1_764_072_000_123).expect("a time");
        let fact = EndpointFact { name: "books".to_owned(), failing_since: Some(at), note: None };
        let event = Event {
            id: EventId::mint(at, [7; 10]),
            merchant: MerchantName("shop".to_owned()),
            at,
            kind: EventKind::EndpointParked,
            about: About::Endpoint(fact),
        };
        let made = body(event.clone(), None, &Accounts::default());
        assert_eq!(made, body(event.clone(), None, &Accounts::default()));
        let read: Value = serde_json::from_slice(&made).expect("JSON");
        assert_eq!(
            read,
            json!({
                "type": "webhook_endpoint.parked",
                "timestamp": "2025-11-25T12:00:00.123Z",
                "data": {
                    "id": event.id.to_string(),
                    "type": "webhook_endpoint.parked",
                    "occurredAt": "2025-11-25T12:00:00.123Z",
                    "webhookEndpoint": { "endpoint": "books", "failingSince": "2025-11-25T12:00:00.123Z" },
                },
            })
        );
    }
}
