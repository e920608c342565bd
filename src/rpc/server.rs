//! Assembles the front door and opens it: services, limits, TLS, health, reflection, drain.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet, ServiceDescriptorProto};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;
use tower::ServiceBuilder;

use crate::domain::secret::Secret;
use crate::engine::gateway::Gateway;

use super::auth::{Credential, Doorkeeper};
use super::connect::layers as connect;
use super::door::Door;
use super::fingerprint::Fingerprinter;
use super::origins::{self, Origin};
use super::proto::{
    DESCRIPTOR_SET,
    account_service_server::AccountServiceServer,
    event_service_server::EventServiceServer,
    payment_service_server::PaymentServiceServer,
    recurring_service_server::RecurringServiceServer,
    sandbox_service_server::{self, SandboxServiceServer},
    session_service_server::SessionServiceServer,
    token_service_server::TokenServiceServer,
};
use super::sandbox::Sandbox;
use super::services::{
    accounts::AccountsOf, events::Events, payments::Payments, recurring::Recurring, sandbox::Playground,
    sessions::Sessions, tokens::Tokens,
};
use super::threshold::Threshold;
use super::{deadline, health};

/// The largest request, in bytes.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long after the last sign of life the other end of a quiet connection is asked for one, and
/// how long it has to answer: connections that a firewall forgot are noticed within a minute.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(20);
/// How long a TLS handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How long a call may take that is answered with one message. It is longer than any call waits.
const CALL_MAX: Duration = deadline::WAIT_MAX.saturating_add(Duration::from_secs(10));

/// How to serve. Plain data; configuration is parsed elsewhere.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// TLS; without it the port is plaintext.
    pub tls: Option<Tls>,
    /// Whether `http://` addresses are allowed, plaintext from this machine counts as secure, and the
    /// sandbox is served.
    pub development: bool,
    /// Whether reflection is served.
    pub reflection: bool,
    /// Whose web pages may call by gRPC-Web from another origin.
    pub origins: Vec<Origin>,
    /// Who may come in.
    pub credentials: Vec<Credential>,
    /// The key of fingerprints and page tokens: the same for all processes on one journal, for as
    /// long as request ids are kept.
    pub fingerprint_key: Secret<Vec<u8>>,
    /// How much at once.
    pub limits: Limits,
}

/// TLS on the port.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: Secret<String>,
    /// The private key, PEM.
    pub key: Secret<String>,
    /// The authority that signs callers' certificates, PEM. With it, certificates are asked for and
    /// checked; a caller without one needs an API key.
    pub client_ca: Option<String>,
}

/// How much at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls that one connection may have under way.
    pub calls_per_connection_max: u32,
    /// Streams that may run at once, over all connections.
    pub streams_max: usize,
    /// How old a connection may get before the client is asked to make a new one, so that load
    /// spreads over new servers; `None` for no limit.
    pub connection_age_max: Option<Duration>,
    /// How long calls under way have to end when the server goes down.
    pub drain_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls_per_connection_max: 1_000,
            streams_max: 1_000,
            connection_age_max: None,
            drain_max: Duration::from_secs(30),
        }
    }
}

/// A server that is open.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    /// Ends when the last call has ended after the shutdown, or when time ran out.
    pub done: JoinHandle<io::Result<()>>,
}

/// Opens the door, and closes it when `shutdown` comes: health turns first, nothing new begins, the
/// connections are told to go elsewhere, and calls under way end.
///
/// # Errors
/// An address that cannot be listened on, or TLS material that does not parse.
pub fn serve(
    config: Config,
    gateway: Gateway,
    sandbox: Option<Arc<dyn Sandbox>>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<Serving> {
    let incoming =
        TcpIncoming::bind(config.address)?.with_nodelay(Some(true)).with_keepalive(Some(KEEPALIVE));
    let address = incoming.local_addr()?;
    let (drain, draining) = watch::channel(false);
    let door = Door {
        gateway: gateway.clone(),
        development: config.development,
        fingerprints: Arc::new(Fingerprinter::new(&config.fingerprint_key)),
        draining: draining.clone(),
        streams: Arc::new(Semaphore::new(config.limits.streams_max)),
    };
    let reporter = HealthReporter::new();
    tokio::spawn(health::keep(reporter.clone(), gateway.clone(), draining.clone()));

    let threshold = Threshold::new(Doorkeeper::new(&config.credentials, config.development), gateway.clone());
    let layers = ServiceBuilder::new()
        // A browser asks without a credential, so the answer comes before the threshold.
        .option_layer(origins::layer(config.origins.clone()))
        .layer(connect::Translate)
        .layer(GrpcWebLayer::new())
        .layer(threshold)
        .layer(connect::ReadBody)
        .into_inner();
    let mut server = builder(&config)?.layer(layers);
    let router = server.add_routes(routes(door, sandbox, reporter, config.reflection)?);

    let (closing, mut closed) = (draining.clone(), draining);
    let drain_max = config.limits.drain_max;
    tokio::spawn(async move {
        shutdown.await;
        gateway.drain();
        // Receivers live as long as the server; were they gone, there would be nothing to close.
        let _ = drain.send(true);
    });
    let done = tokio::spawn(async move {
        let serving = router.serve_with_incoming_shutdown(incoming, told(closing));
        let late = async {
            told_by(&mut closed).await;
            tokio::time::sleep(drain_max).await;
        };
        tokio::select! {
            served = serving => served.map_err(io::Error::other),
            () = late => Err(io::Error::new(io::ErrorKind::TimedOut, "calls were still under way")),
        }
    });
    Ok(Serving { address, done })
}

async fn told(mut draining: watch::Receiver<bool>) {
    told_by(&mut draining).await;
}

async fn told_by(draining: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to tell, which is the end as well.
    let _ = draining.wait_for(|draining| *draining).await;
}

fn builder(config: &Config) -> io::Result<Server> {
    let limits = config.limits;
    let mut server = Server::builder()
        .accept_http1(true)
        .timeout(CALL_MAX)
        .max_concurrent_streams(Some(limits.calls_per_connection_max))
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_ANSWER));
    if let Some(age) = limits.connection_age_max {
        server = server.max_connection_age(age).max_connection_age_grace(CALL_MAX);
    }
    if let Some(tls) = &config.tls {
        server = server.tls_config(tls_config(tls)).map_err(io::Error::other)?;
    }
    Ok(server)
}

fn tls_config(tls: &Tls) -> ServerTlsConfig {
    let identity = Identity::from_pem(tls.certificate.expose(), tls.key.expose());
    let config = ServerTlsConfig::new().identity(identity).timeout(HANDSHAKE_MAX);
    match &tls.client_ca {
        // Optional in the handshake: the doorkeeper decides, and an API key will do too.
        Some(authority) => config.client_ca_root(Certificate::from_pem(authority)).client_auth_optional(true),
        None => config,
    }
}

fn routes(
    door: Door,
    sandbox: Option<Arc<dyn Sandbox>>,
    reporter: HealthReporter,
    reflection: bool,
) -> io::Result<Routes> {
    let health = tonic_health::server::HealthService::from_health_reporter(reporter);
    let health = tonic_health::pb::health_server::HealthServer::new(health);
    let playful = door.development;
    let mut routes = Routes::new(health)
        .add_service(
            SessionServiceServer::new(Sessions(door.clone())).max_decoding_message_size(REQUEST_BYTES_MAX),
        )
        .add_service(
            PaymentServiceServer::new(Payments(door.clone())).max_decoding_message_size(REQUEST_BYTES_MAX),
        )
        .add_service(
            TokenServiceServer::new(Tokens(door.clone())).max_decoding_message_size(REQUEST_BYTES_MAX),
        )
        .add_service(
            RecurringServiceServer::new(Recurring::new(door.clone()))
                .max_decoding_message_size(REQUEST_BYTES_MAX),
        )
        .add_service(
            EventServiceServer::new(Events(door.clone())).max_decoding_message_size(REQUEST_BYTES_MAX),
        )
        .add_service(
            AccountServiceServer::new(AccountsOf(door.clone())).max_decoding_message_size(REQUEST_BYTES_MAX),
        );
    if playful {
        let playground = Playground { door, sandbox };
        routes = routes
            .add_service(SandboxServiceServer::new(playground).max_decoding_message_size(REQUEST_BYTES_MAX));
    }
    if reflection {
        let contract = contract(playful)?;
        let described = || {
            tonic_reflection::server::Builder::configure()
                .register_file_descriptor_set(contract.clone())
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                // Error details are messages too: without them tools show base64.
                .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        };
        routes = routes
            .add_service(described().build_v1().map_err(io::Error::other)?)
            // Older tools still ask with the old name.
            .add_service(described().build_v1alpha().map_err(io::Error::other)?);
    }
    Ok(routes)
}

/// The contract as reflection tells it: what is not served is not in it.
fn contract(playful: bool) -> io::Result<FileDescriptorSet> {
    let mut contract = FileDescriptorSet::decode(DESCRIPTOR_SET).map_err(io::Error::other)?;
    let holds_sandbox = |file: &FileDescriptorProto| {
        let name = |service: &ServiceDescriptorProto| format!("{}.{}", file.package(), service.name());
        file.service.iter().any(|service| name(service) == sandbox_service_server::SERVICE_NAME)
    };
    contract.file.retain(|file| playful || !holds_sandbox(file));
    Ok(contract)
}
