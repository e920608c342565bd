//! Spans as a collector receives them: the walk of a call, in the caller's trace, whatever is logged,
//! and nothing secret in any of them.

#![cfg(feature = "simulator")]

mod support;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use support::PROVIDERS;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use turnpike::config::Telemetry;
use turnpike::domain::ids::MerchantName;
use turnpike::rpc::auth::{Credential, CredentialKind};
use turnpike::rpc::proto as pb;
use turnpike::rpc::proto::payment_service_client::PaymentServiceClient;
use turnpike::rpc::proto::token_service_client::TokenServiceClient;
use turnpike::rpc::server::{self, Limits};
use turnpike::telemetry;

const API_KEY: &str = "tpk_canary-key-4417";
const PROVIDER_TOKEN: &str = "canary-token-5528";
const EMAIL: &str = "canary-6639@example.test";
const CARD: &str = "4000000000000002";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().expect("not poisoned").push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// Listens on a port of its own.
    async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        address
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.0.lock().expect("not poisoned");
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|one| &one.scope_spans).flat_map(|one| one.spans.clone()).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

/// A text or number among a span's attributes.
fn attribute(span: &Span, name: &str) -> Option<String> {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{name} is {other:?}"),
    }
}

/// Whether a span is inside another one, however deep.
fn is_within(spans: &[Span], span: &Span, outer: &Span) -> bool {
    let mut at = span;
    // No walk is deeper than there are spans.
    for _ in spans {
        if at.parent_span_id == outer.span_id {
            return true;
        }
        match spans.iter().find(|other| other.span_id == at.parent_span_id) {
            Some(parent) => at = parent,
            None => return false,
        }
    }
    false
}

fn called<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert("x-api-key", API_KEY.parse().expect("ASCII"));
    metadata.insert("traceparent", format!("00-{TRACE}-{CALLER}-01").parse().expect("ASCII"));
    request
}

/// Imports a token and charges it, as one caller in one trace.
async fn charge(address: SocketAddr) -> pb::PaymentState {
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let channel = channel.connect().await.expect("connects");
    let provider = PROVIDERS[0];
    let stored = pb::ProviderToken {
        values: vec![pb::ProviderTokenValue { value: PROVIDER_TOKEN.to_owned(), ..Default::default() }],
        uses: vec![pb::TokenUse::Unscheduled.into()],
        product_type: provider.token_product.to_owned(),
        ..Default::default()
    };
    let import = pb::ImportTokenRequest {
        request_id: "import".to_owned(),
        account: provider.account.to_owned(),
        provider_token: Some(stored),
        ..Default::default()
    };
    let imported = TokenServiceClient::new(channel.clone()).import_token(called(import)).await;
    let token = imported.expect("imports").into_inner().token.expect("a token");
    let wish = pb::ChargeTokenRequest {
        request_id: "charge".to_owned(),
        token: Some(pb::charge_token_request::Token::TokenId(token.id)),
        money: Some(pb::Money { amount_minor: 900, currency_code: provider.currency.to_owned() }),
        merchant_reference: "order-1".to_owned(),
        customer: Some(pb::Customer {
            customer_id: "customer-1".to_owned(),
            email: EMAIL.to_owned(),
            ip_address: "192.0.2.7".to_owned(),
            ..Default::default()
        }),
        initiator: Some(pb::charge_token_request::Initiator::MerchantInitiated(pb::MerchantInitiated {
            reason: pb::MerchantReason::Unscheduled.into(),
            ..Default::default()
        })),
        ..Default::default()
    };
    let mut payments = PaymentServiceClient::new(channel);
    let charged = payments.charge_token(called(wish.clone())).await.expect("an answer").into_inner();
    // A card number where none belongs is refused; it must not be told on the way.
    let card = pb::ChargeTokenRequest { merchant_reference: CARD.to_owned(), ..wish };
    payments.charge_token(called(card)).await.expect_err("a card number");
    charged.payment.expect("a payment").state()
}

/// A gateway in front of simulators, on a port of its own.
async fn gateway(simulators: &turnpike::simulator::Simulators, directory: &std::path::Path) -> SocketAddr {
    let journal = Arc::new(support::store(directory));
    let fingerprint_key = journal.fingerprint_key().clone();
    let (accounts, network) = support::outside(support::configuration(simulators, directory));
    let gateway = support::engine(journal, Arc::new(network), accounts).await;
    let config = server::Config {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
        development: true,
        reflection: false,
        origins: Vec::new(),
        credentials: vec![Credential {
            merchant: MerchantName("dev".to_owned()),
            name: "tests".into(),
            kind: CredentialKind::ApiKey,
            sha256: digest(&SHA256, API_KEY.as_bytes()).as_ref().try_into().expect("32 bytes"),
            rpcs: vec!["*".to_owned()],
            rate: None,
        }],
        fingerprint_key,
        limits: Limits::default(),
    };
    server::serve(config, gateway, None, std::future::pending()).expect("the door opens").address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_is_one_walk_in_the_caller_s_trace() {
    let collector = Collector::default();
    let endpoint = format!("http://{}", collector.listen().await);
    let flush = telemetry::start(&Telemetry {
        // Spans do not pass the log's filter.
        log: "off".to_owned(),
        spans: "info".to_owned(),
        json: false,
        otlp_endpoint: Some(endpoint),
        service_name: "turnpike-under-test".to_owned(),
        // The caller's own decision counts, so that nothing else is exported.
        sample_per_mille: 0,
    })
    .expect("telemetry starts");
    let simulators = support::simulators().await;
    let (_held, directory) = support::directory();
    let state = charge(gateway(&simulators, &directory).await).await;
    // The last span ends after its answer has left.
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::task::spawn_blocking(move || drop(flush)).await.expect("flushed");

    let spans = collector.spans();
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE), "only the sampled trace");
    let calls = named(&spans, "rpc");
    let charge = calls.iter().find(|span| attribute(span, "rpc.method").as_deref() == Some("ChargeToken"));
    let charge = *charge.expect("the charge");
    assert_eq!(hex(&charge.parent_span_id), CALLER);
    assert_eq!(attribute(charge, "merchant").as_deref(), Some("dev"));

    let within: Vec<Span> = spans.iter().filter(|span| is_within(&spans, span, charge)).cloned().collect();
    let converse = named(&within, "converse");
    let [converse] = converse.as_slice() else { panic!("one conversation, not {converse:?}") };
    assert_eq!(attribute(converse, "provider").as_deref(), Some(PROVIDERS[0].name));
    assert_eq!(attribute(converse, "operation").as_deref(), Some("charge"));
    assert!(attribute(converse, "outcome").is_some(), "{state:?}: {converse:?}");
    for name in ["claim", "exchange"] {
        let inside = named(&within, name);
        assert!(!inside.is_empty(), "{name} is missing");
        assert!(inside.iter().all(|span| is_within(&spans, span, converse)), "{name} is in the conversation");
    }
    assert_eq!(attribute(named(&within, "claim")[0], "outcome").as_deref(), Some("written"));
    let answered = named(&within, "exchange");
    assert!(answered.iter().any(|span| attribute(span, "outcome").as_deref() == Some("answered")));
    let records = named(&within, "record");
    assert!(!records.is_empty(), "the outcome is recorded");

    nothing_else_is_told(&collector, &spans);
}

/// Few fields with few values, and nothing that anybody would want to hide.
fn nothing_else_is_told(collector: &Collector, spans: &[Span]) {
    let known = BTreeSet::from([
        "rpc.system",
        "rpc.service",
        "rpc.method",
        "rpc.grpc.status_code",
        "merchant",
        "provider",
        "operation",
        "outcome",
        "fault",
        "request",
        "http.response.status_code",
        // How long a span was worked on, and how long it waited.
        "busy_ns",
        "idle_ns",
        "level",
        "target",
    ]);
    for span in spans {
        for attribute in &span.attributes {
            assert!(known.contains(attribute.key.as_str()), "{} has {attribute:?}", span.name);
        }
    }
    let everything = format!("{:?}", collector.0.lock().expect("not poisoned"));
    assert!(everything.contains("turnpike-under-test"), "the collector has the resource");
    for canary in [API_KEY, PROVIDER_TOKEN, EMAIL, CARD, "simulator-secret"] {
        assert!(!everything.contains(canary), "{canary} is in a span");
    }
}
