//! Assembly: opens the journal, builds the engine, opens the door, waits for a signal, drains.
//!
//! The whole life of a gateway is `serve`, to be read from top to bottom.

#[cfg(feature = "simulator")]
mod clock;
#[cfg(feature = "simulator")]
pub mod development;
#[cfg(feature = "simulator")]
mod sandbox;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::watch;

use crate::config::{Concern, Config, Webhooks};
use crate::domain::secret::Secret;
use crate::engine::accounts::Accounts;
use crate::engine::gateway::Gateway;
use crate::journal::seam::Journal;
use crate::journal::sqlite::{self, SqliteJournal};
use crate::rpc::sandbox::Sandbox;
use crate::rpc::server::{self, Limits};
use crate::rpc::webhook;
use crate::webhooks::inbound;
use crate::webhooks::outbound::Post;
use crate::world::{Hurried, Hurry, Network, Outlet, TestClocks, World};

#[cfg(feature = "simulator")]
pub use clock::SimulatorClock;
#[cfg(feature = "simulator")]
pub use sandbox::SimulatorSandbox;

/// What only a development gateway has.
#[derive(Default)]
pub struct Playground {
    /// What can be done to the simulated providers.
    pub sandbox: Option<Arc<dyn Sandbox>>,
    /// The clocks that can be moved.
    pub clocks: TestClocks,
    /// How much faster everybody's time runs than the machine's.
    pub hurry: Option<Hurry>,
    /// The port for notices, where providers had to know it before anything else was there.
    pub side_port: Option<TcpListener>,
}

/// What is told once the port answers.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    /// The address of the gRPC port, the chosen port in it.
    pub grpc: SocketAddr,
    /// The address of the port for notices of providers, if there is one.
    pub webhooks: Option<SocketAddr>,
    /// How many payments a process that died had left behind.
    pub recovered: usize,
}

/// Runs a gateway until `stop` ends, then drains it.
///
/// # Errors
/// Whatever keeps it from starting: the store, the port, the certificates, a playground where the
/// configuration does not speak of development.
pub async fn serve(
    config: Config,
    playground: Option<Playground>,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(Ready),
) -> anyhow::Result<()> {
    let journal = open(config.journal.clone()).await?;
    let fingerprint_key = journal.fingerprint_key().clone();
    serve_over(Store { journal: Arc::new(journal), fingerprint_key }, config, playground, stop, ready).await
}

/// A store that is open.
pub struct Store {
    /// The store.
    pub journal: Arc<dyn Journal>,
    /// The key of fingerprints and page tokens, as the store keeps it.
    pub fingerprint_key: Secret<Vec<u8>>,
}

/// The same over a store that is already open, whatever the configuration says of it.
///
/// # Errors
/// As [`serve`].
pub async fn serve_over(
    Store { journal, fingerprint_key }: Store,
    config: Config,
    playground: Option<Playground>,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(Ready),
) -> anyhow::Result<()> {
    let Config {
        server,
        certificates,
        origins,
        webhooks,
        journal: _,
        engine,
        telemetry: _,
        callers,
        accounts,
        routes,
        lines,
    } = config;
    // Where time runs fast, money is taken before its day.
    anyhow::ensure!(
        playground.is_none() || server.development,
        "a fast clock or a sandbox is for development: the configuration does not say development = true"
    );
    let Playground { sandbox, clocks, hurry, side_port } = playground.unwrap_or_default();
    let network =
        Network::new(lines.iter().map(|(name, line)| (name, line))).context("the proxy's address")?;
    let network = network.with_clocks(clocks);
    let world: Arc<dyn World> = match hurry {
        Some(hurry) => Arc::new(Hurried::new(network, hurry)),
        None => Arc::new(network),
    };
    // Only told: what is unresolved has to be asked about, whoever may be kept from calling.
    for concern in Config::concerns(&certificates, world.now()) {
        match concern {
            Concern::NotGood(told) | Concern::EndsSoon(told) => {
                tracing::warn!(option = told.name, "{}", told.problem);
            }
        }
    }
    let accounts = Accounts::new(accounts).routed(routes.rules());
    let gateway = Gateway::new(journal.clone(), world, accounts, engine);
    let recovered = gateway.recover().await.context("looking through what the last process left behind")?;
    let resolver = tokio::spawn(gateway.clone().resolve_forever());
    let scheduler = tokio::spawn(gateway.clone().schedule_forever());
    let listener = tokio::spawn(gateway.clone().notices_forever());
    gateway.see_endpoints().await.context("the addresses that events are sent to")?;
    let post = Post::new(Outlet::new().context("the connections to merchants' servers")?);
    let sender = tokio::spawn(gateway.clone().deliver_forever(Arc::new(post), Arc::new(webhook::body)));

    let drain = server.drain;
    let (stopping, stopped) = watch::channel(false);
    let door = server::Config {
        address: server.grpc.parse().context("the address of the gRPC port")?,
        development: server.development,
        reflection: server.reflection,
        tls: server.tls,
        origins,
        credentials: callers,
        fingerprint_key,
        limits: Limits { drain_max: drain, ..Limits::default() },
    };
    // Providers may call as soon as there is somebody to remember it.
    let side_door = match webhooks {
        Some(Webhooks { listen, rate, .. }) => {
            let port = match side_port {
                Some(port) => port,
                None => TcpListener::bind(listen).context("the port for notices")?,
            };
            let config = inbound::Config { rate, drain_max: drain };
            let serving = inbound::serve(port, config, gateway.clone(), stopped.clone());
            Some(serving.context("the port for notices")?)
        }
        None => None,
    };
    let closing = async move {
        // An error means that this side is gone, and then it is time to close as well.
        let mut stopped = stopped;
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let serving = server::serve(door, gateway.clone(), sandbox, closing).context("the gRPC port")?;
    let webhooks = side_door.as_ref().map(|door| door.address);
    ready(Ready { grpc: serving.address, webhooks, recovered });

    stop.await;
    tracing::info!("draining");
    // First nothing new begins; then the work under way ends, with a limit; then the port closes.
    gateway.drain();
    // Nobody listens any more when the server has already ended.
    let _ = stopping.send(true);
    if tokio::time::timeout(drain, gateway.idle()).await.is_err() {
        tracing::warn!("work under way was left for the next start");
    }
    serving.done.await.context("the gRPC port")??;
    if let Some(side_door) = side_door {
        side_door.done.await.context("the port for notices")?;
    }
    sender.abort();
    listener.abort();
    resolver.abort();
    scheduler.abort();
    journal.close().await;
    Ok(())
}

/// Opens the store; checking the file blocks, so it has a thread of its own.
async fn open(config: crate::config::JournalConfig) -> anyhow::Result<SqliteJournal> {
    let runtime = tokio::runtime::Handle::current();
    let opened = tokio::task::spawn_blocking(move || {
        let _inside = runtime.enter();
        anyhow::Ok(sqlite::open(config.store()?)?)
    });
    opened.await.context("opening the journal")?.context("the journal")
}

/// The runtime of a gateway: a worker for each core that the process may use.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Ends with SIGTERM or an interrupt from the keyboard.
pub async fn signal() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signals) => signals.recv().await,
            // Without the handler there is still the keyboard, and SIGKILL, which loses nothing.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
