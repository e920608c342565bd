//! `turnpike bench events`: what notices of providers and streams of events cost, all in one run.
//!
//! * **Journal**: entries with one notice, and entries with one event, committed by many at once: what the
//!   store does by itself.
//! * **Notices**: the same notices over HTTP, through the side door: read, authenticated, committed, answered.
//! * **Streams**: a burst of events is committed as fast as the store takes it while readers follow over gRPC,
//!   until every reader has every event.
//! * **Idle**: how much memory a stream holds that has nothing to say.
//!
//! Load, gateway and readers are one process here and share its cores, so that figures are lower than those
//! of a gateway that has its own; they are to be compared within one run.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tonic::Streaming;
use tonic::transport::Channel;

use super::document;
use super::events_report::Report;
use super::process;
use super::run::{Removed, seconds, write_json};
use super::sampling::{event, notice};
use crate::app;
use crate::domain::rate::{RATE_MAX, Rate};
use crate::engine::accounts::Accounts;
use crate::engine::gateway::Gateway;
use crate::journal::seam::{Entry, Journal};
use crate::journal::sqlite;
use crate::rpc::proto as pb;
use crate::rpc::proto::event_service_client::EventServiceClient;
use crate::rpc::server::{self, Limits};
use crate::webhooks::inbound;
use crate::world::Network;

/// Commits and calls under way at once.
const IN_FLIGHT: usize = 256;
/// Readers that follow.
pub const READERS: usize = 100;
/// Events of a burst for each second of a measurement.
const BURST_PER_SECOND: f64 = 1_000.0;
/// Streams that are opened to see how much memory they hold.
const IDLE_STREAMS: usize = 500;
/// How long the last events may take to reach every reader.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);

/// How long and where to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Rounds; each measures everything once.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// One short round: whether everything works, not how fast.
    #[arg(long)]
    quick: bool,
    /// A file for all samples and ratios, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// A directory on the disk that is to be measured; what the run puts there it takes away.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    data_dir: PathBuf,
}

/// So many in so long.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rated {
    pub count: u64,
    pub seconds: f64,
}

#[allow(clippy::cast_precision_loss)] // Counts of at most some millions.
impl Rated {
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.seconds
    }
}

/// What a round measured.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Round {
    /// Entries with a notice, straight into the store.
    pub notices_committed: Rated,
    /// Notices over HTTP.
    pub notices_taken: Rated,
    /// Entries with an event, straight into the store, nobody reading.
    pub events_committed: Rated,
    /// The same while readers follow.
    pub events_followed: Rated,
    /// Events that readers got, all of them together.
    pub events_delivered: Rated,
    /// What an idle stream holds, both ends of it and its share of a connection, bytes.
    pub idle_stream_bytes: f64,
}

/// Measures and prints.
///
/// # Errors
/// As [`super::run::run`].
pub fn run(options: Options) -> anyhow::Result<()> {
    let Options { rounds, seconds, quick, json, data_dir } = options;
    let (rounds, time) =
        if quick { (1, Duration::from_millis(300)) } else { (rounds, Duration::from_secs_f64(seconds)) };
    let directory = Removed::make(&data_dir)?;
    let measured = app::runtime()?.block_on(async {
        let mut measured = Vec::new();
        for round in 0..rounds {
            let house = House::open(directory.0.join(round.to_string()))?;
            measured.push(house.measure(time).await?);
            house.close().await;
        }
        anyhow::Ok(measured)
    })?;
    let report = Report::of(measured, time);
    println!("{report}");
    write_json(json.as_deref(), &report.json())
}

/// A gateway with both of its doors, and the store behind it.
struct House {
    journal: Arc<dyn Journal>,
    grpc: SocketAddr,
    side: SocketAddr,
    stop: oneshot::Sender<()>,
    stop_side: watch::Sender<bool>,
}

impl House {
    fn open(directory: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let path = directory.join("turnpike.toml");
        document::write_for_notices(&path)?;
        let mut config = document::read(&path)?;
        config.journal.directory = directory.join("store");
        let store = sqlite::open(config.journal.store()?)?;
        let fingerprint_key = store.fingerprint_key().clone();
        let journal: Arc<dyn Journal> = Arc::new(store);
        let network = Network::new(config.lines.iter().map(|(name, line)| (name, line)))?;
        let accounts = Accounts::new(config.accounts);
        // Nothing is acted upon: what is measured is that nothing is lost.
        let gateway = Gateway::new(journal.clone(), Arc::new(network), accounts, config.engine);
        let (stop_side, stopped) = watch::channel(false);
        let rate = Rate { calls_per_second: RATE_MAX, burst: RATE_MAX };
        let side = inbound::Config { rate, drain_max: Duration::from_secs(1) };
        let port = TcpListener::bind("127.0.0.1:0")?;
        let side = inbound::serve(port, side, gateway.clone(), stopped)?.address;
        let (stop, stopped) = oneshot::channel();
        let door = server::Config {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            development: true,
            reflection: false,
            tls: None,
            origins: Vec::new(),
            credentials: config.callers,
            fingerprint_key,
            limits: Limits { streams_max: 10_000, ..Limits::default() },
        };
        let stopped = async {
            // An error means that the run is over, which is the end as well.
            let _ = stopped.await;
        };
        let grpc = server::serve(door, gateway, None, stopped)?.address;
        Ok(Self { journal, grpc, side, stop, stop_side })
    }

    async fn close(self) {
        // Nobody listens any more when a door has already closed.
        let _ = (self.stop.send(()), self.stop_side.send(true));
        self.journal.close().await;
    }

    async fn measure(&self, time: Duration) -> anyhow::Result<Round> {
        let committed = AtomicU64::new(0);
        let notices_committed = many(time, || async {
            let number = committed.fetch_add(1, Ordering::Relaxed);
            let entry = Entry { notices: vec![notice(number, now())], ..Entry::default() };
            self.journal.commit(entry).await.context("a commit")
        });
        let notices_committed = notices_committed.await?;
        let notices_taken = self.notices(time).await?;
        let events_committed = self.events(time).await?;
        let (events_followed, events_delivered) = self.followed(time).await?;
        let idle_stream_bytes = self.idle().await?;
        Ok(Round {
            notices_committed,
            notices_taken,
            events_committed,
            events_followed,
            events_delivered,
            idle_stream_bytes,
        })
    }

    async fn notices(&self, time: Duration) -> anyhow::Result<Rated> {
        let client = reqwest::Client::builder().pool_max_idle_per_host(IN_FLIGHT).no_proxy().build()?;
        let address = format!("http://{}{}{}", self.side, inbound::PATH, document::TOLD_ACCOUNT);
        let sent = AtomicU64::new(0);
        many(time, || {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            let body = document::notice_body(&format!("http-{number}"));
            let call = client.post(&address).header("x-api-key", document::NOTICE_KEY).body(body).send();
            async move {
                let status = call.await?.status();
                anyhow::ensure!(status.is_success(), "a notice was answered with {status}");
                Ok(())
            }
        })
        .await
    }

    async fn events(&self, time: Duration) -> anyhow::Result<Rated> {
        many(time, || self.event()).await
    }

    async fn event(&self) -> anyhow::Result<()> {
        let entry = Entry { events: vec![event(now())?], ..Entry::default() };
        self.journal.commit(entry).await.context("a commit")
    }

    /// Commits events while readers follow; tells how many were committed, and how many delivered until
    /// every reader had all of them.
    async fn followed(&self, time: Duration) -> anyhow::Result<(Rated, Rated)> {
        let (tell, expected) = watch::channel(u64::MAX);
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            let mut stream = self.stream().await?;
            let expected = expected.clone();
            readers.spawn(async move {
                let mut got = 0;
                while got < *expected.borrow() {
                    let message = tokio::time::timeout(Duration::from_millis(100), stream.message()).await;
                    if let Ok(message) = message {
                        got += u64::from(message?.context("a stream ended")?.event.is_some());
                    }
                }
                anyhow::Ok(got)
            });
        }
        let begin = Instant::now();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A small number of thousands.
        let burst = (time.as_secs_f64() * BURST_PER_SECOND).ceil() as u64;
        let begun = AtomicU64::new(0);
        let followed = lanes(|| begun.fetch_add(1, Ordering::Relaxed) < burst, || self.event()).await?;
        tell.send_replace(followed.count);
        let mut delivered = 0;
        let all = async {
            while let Some(reader) = readers.join_next().await {
                delivered += reader??;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(CATCH_UP_MAX, all).await.context("a reader fell behind for good")??;
        Ok((followed, Rated { count: delivered, seconds: begin.elapsed().as_secs_f64() }))
    }

    async fn idle(&self) -> anyhow::Result<f64> {
        let before = process::resident_here();
        let mut streams = Vec::with_capacity(IDLE_STREAMS);
        for _ in 0..IDLE_STREAMS {
            streams.push(self.stream().await?);
        }
        let grown = process::resident_here().saturating_sub(before);
        drop(streams);
        #[allow(clippy::cast_precision_loss)] // Some megabytes.
        Ok(grown as f64 / IDLE_STREAMS as f64)
    }

    /// A stream of what happens from now on, over a connection of its own.
    async fn stream(&self) -> anyhow::Result<Streaming<pb::StreamEventsResponse>> {
        let channel = Channel::from_shared(format!("http://{}", self.grpc))?.connect().await?;
        let mut request =
            tonic::Request::new(pb::StreamEventsRequest { only_new: true, ..Default::default() });
        request.metadata_mut().insert("x-api-key", document::API_KEY.parse()?);
        Ok(EventServiceClient::new(channel).stream_events(request).await?.into_inner())
    }
}

/// Does something again and again, [`IN_FLIGHT`] at once, until the time is over.
async fn many<W, F>(time: Duration, work: W) -> anyhow::Result<Rated>
where
    W: Fn() -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let begin = Instant::now();
    lanes(|| begin.elapsed() < time, work).await
}

/// Does something again and again, [`IN_FLIGHT`] at once, as long as more is wanted.
async fn lanes<M, W, F>(more: M, work: W) -> anyhow::Result<Rated>
where
    M: Fn() -> bool,
    W: Fn() -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let begin = Instant::now();
    let one = || async {
        let mut count = 0;
        while more() {
            work().await?;
            count += 1;
        }
        anyhow::Ok(count)
    };
    let counts = futures_util::future::try_join_all((0..IN_FLIGHT).map(|_| one())).await?;
    Ok(Rated { count: counts.into_iter().sum(), seconds: begin.elapsed().as_secs_f64() })
}

fn now() -> Timestamp {
    Timestamp::now()
}
