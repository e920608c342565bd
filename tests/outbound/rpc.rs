//! The log of deliveries, as callers read it.

use std::future::pending;
use std::net::SocketAddr;

use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic::transport::Endpoint;
use tonic_types::StatusExt as _;
use turnpike::domain::ids::EventId;
use turnpike::rpc::auth::{Credential, CredentialKind};
use turnpike::rpc::proto as pb;
use turnpike::rpc::proto::event_service_client::EventServiceClient;
use turnpike::rpc::server::{self, Limits};

use crate::house::House;
use crate::support;

const API_KEY: &str = "tpk_outbound";

fn called<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-api-key", MetadataValue::from_static(API_KEY));
    request
}

async fn client(house: &House) -> EventServiceClient<tonic::transport::Channel> {
    let mut sha256 = [0; 32];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, API_KEY.as_bytes());
    sha256.copy_from_slice(digest.as_ref());
    let credential = Credential {
        merchant: support::caller().merchant,
        name: "tests".into(),
        kind: CredentialKind::ApiKey,
        sha256,
        rpcs: vec!["*".to_owned()],
        rate: None,
    };
    let config = server::Config {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
        development: true,
        reflection: false,
        origins: Vec::new(),
        credentials: vec![credential],
        fingerprint_key: house.journal.fingerprint_key().clone(),
        limits: Limits::default(),
    };
    let serving = server::serve(config, house.gateway.clone(), None, pending()).expect("the door opens");
    let channel = Endpoint::from_shared(format!("http://{}", serving.address)).expect("an address");
    EventServiceClient::new(channel.connect_lazy())
}

/// Five events were taken, and one was tried once in vain.
pub async fn the_log_is_told(house: &House, taken: &[EventId], never: EventId) {
    let mut client = client(house).await;
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListWebhookDeliveriesRequest { page_size: 4, page_token, ..Default::default() };
        let page = client.list_webhook_deliveries(called(request)).await.expect("a page").into_inner();
        assert!(page.deliveries.len() <= 4);
        all.extend(page.deliveries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let ids: Vec<String> = all.iter().map(|delivery| delivery.event_id.clone()).collect();
    let newest_first: Vec<String> =
        std::iter::once(&never).chain(taken.iter().rev()).map(ToString::to_string).collect();
    assert_eq!(ids, newest_first);
    assert!(all[0].next_attempt_at.is_some() && all[0].last_attempt_at.is_some());
    assert_eq!(
        (all[0].attempts, all[0].last_http_status, all[0].note.as_str()),
        (1, 500, "answered with 500")
    );
    assert_eq!(all[0].status(), pb::WebhookDeliveryStatus::Pending);
    assert_eq!(all[1].status(), pb::WebhookDeliveryStatus::Delivered);
    assert_eq!((all[1].endpoint.as_str(), all[1].event_type.as_str()), ("books", "occurrence.paid"));
    assert!(all[1].next_attempt_at.is_none());

    let open = pb::ListWebhookDeliveriesRequest {
        endpoint: "books".to_owned(),
        statuses: vec![pb::WebhookDeliveryStatus::Pending.into()],
        ..Default::default()
    };
    let open = client.list_webhook_deliveries(called(open)).await.expect("a page").into_inner();
    assert_eq!(open.deliveries, all[..1]);
    let of_one = pb::ListWebhookDeliveriesRequest { event_id: taken[0].to_string(), ..Default::default() };
    let of_one = client.list_webhook_deliveries(called(of_one)).await.expect("a page").into_inner();
    assert_eq!(of_one.deliveries, all[5..]);

    let endpoints = client.list_webhook_endpoints(called(pb::ListWebhookEndpointsRequest {})).await;
    let endpoints = endpoints.expect("the endpoints").into_inner().endpoints;
    assert_eq!(endpoints.len(), 1);
    assert_eq!((endpoints[0].name.as_str(), endpoints[0].open_deliveries), ("books", 1));
    assert_eq!(endpoints[0].status(), pb::WebhookEndpointStatus::Active);

    let redeliver = |request_id: &str, event_id: &str, endpoint: &str| pb::RedeliverEventRequest {
        request_id: request_id.to_owned(),
        event_id: event_id.to_owned(),
        endpoint: endpoint.to_owned(),
    };
    for (event_id, endpoint, reason) in [
        (house.unknown_event().to_string(), "", "EVENT_NOT_FOUND"),
        (never.to_string(), "nowhere", "WEBHOOK_ENDPOINT_NOT_FOUND"),
        ("pay_1".to_owned(), "", "INVALID_FIELD"),
    ] {
        let refused = client.redeliver_event(called(redeliver("r-1", &event_id, endpoint))).await;
        let info = refused.expect_err("refused").get_details_error_info().expect("an ErrorInfo");
        assert_eq!(info.reason, reason);
    }
    for replayed in [false, true] {
        let again = client.redeliver_event(called(redeliver("r-2", &never.to_string(), "books"))).await;
        let again = again.expect("sent again").into_inner();
        assert_eq!((again.deliveries.len(), again.replayed), (1, replayed));
    }
    let reused = client.redeliver_event(called(redeliver("r-2", &taken[0].to_string(), ""))).await;
    let info = reused.expect_err("reused").get_details_error_info().expect("an ErrorInfo");
    assert_eq!(info.reason, "REQUEST_ID_REUSED");
    house.tried("books", never, 2).await;
}
