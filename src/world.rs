//! All that we ask of outside: the time, random bytes, and one HTTP exchange.
//!
//! A request that moves money can only be sent together with a `Permit`, which the journal makes
//! after its commit; sending consumes both. An exchange that fails says whether anything may have
//! arrived, and when unsure, it may have.

mod hurried;
mod outlet;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::domain::ids::{AccountName, MerchantName};
use crate::journal::seam::Permit;
use crate::providers::contract::{HeaderValue, Method, Reply, Request};

pub use hurried::{Hurried, Hurry, NoHurry, RATE_MAX};
pub use outlet::{Letter, Outlet, Receipt, Undelivered, names_private};

/// The largest answer that is read; a longer one is no answer.
pub const REPLY_BYTES_MAX: usize = 1024 * 1024;

/// What is outside.
pub trait World: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// The time of a merchant: everybody's, unless a test clock was moved forward.
    fn now_of(&self, _merchant: &MerchantName) -> Timestamp {
        self.now()
    }

    /// The merchants whose time is not everybody's, and what it is. None outside of development.
    fn own_clocks(&self) -> Vec<(MerchantName, Timestamp)> {
        Vec::new()
    }

    /// The clock of a merchant, where tests can move it. None outside of development.
    fn test_clock(&self, _merchant: &MerchantName) -> Option<&dyn TestClock> {
        None
    }

    /// Fresh random bytes.
    fn entropy(&self) -> [u8; 32];

    /// Waits.
    fn sleep(&self, how_long: Duration) -> BoxFuture<'_, ()>;

    /// Sends one request over an account's line and reads the whole answer.
    fn exchange<'a>(
        &'a self,
        account: &'a AccountName,
        errand: Errand,
    ) -> BoxFuture<'a, Result<Reply, NoReply>>;
}

/// One request on its way out.
#[derive(Debug)]
pub enum Errand {
    /// May be sent any number of times.
    Repeatable(Request),
    /// Can move money, and is permitted once.
    MovesMoney(Request, Permit),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReply {
    /// The connection was never made: not a byte of the request left.
    NeverLeft,
    /// The request may have arrived.
    MayHaveArrived,
}

/// How one account talks to its provider.
#[derive(Debug, Clone)]
pub struct Line {
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a whole exchange may take.
    pub total_timeout: Duration,
    /// A proxy's address; none is taken from the environment.
    pub proxy: Option<String>,
    /// Idle connections kept per host.
    pub idle_connections_max: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(65),
            proxy: None,
            idle_connections_max: 1_024,
        }
    }
}

/// A clock that tests move: how far a merchant's time is ahead of everybody's.
pub trait TestClock: Send + Sync {
    /// How far it is ahead. It never becomes less.
    fn ahead(&self) -> Duration;

    /// Moves it forward by this much, or up to a millisecond more.
    fn advance(&self, by: Duration);
}

/// The test clocks of the merchants that have one.
pub type TestClocks = HashMap<MerchantName, Arc<dyn TestClock>>;

/// The real world: the system's clock and random source, and HTTP by reqwest.
pub struct Network {
    clients: HashMap<AccountName, reqwest::Client>,
    /// The merchants that have a test clock; none outside of development.
    clocks: TestClocks,
    random: SystemRandom,
}

impl Network {
    /// A pool of connections for each account.
    ///
    /// # Errors
    /// A proxy address that is none.
    pub fn new<'a>(
        lines: impl IntoIterator<Item = (&'a AccountName, &'a Line)>,
    ) -> Result<Self, reqwest::Error> {
        let clients = lines
            .into_iter()
            .map(|(name, line)| client(line).map(|client| (name.clone(), client)))
            .collect::<Result<_, _>>()?;
        Ok(Self { clients, clocks: HashMap::new(), random: SystemRandom::new() })
    }

    /// The same with test clocks, by which these merchants live from now on.
    #[must_use]
    pub fn with_clocks(self, clocks: TestClocks) -> Self {
        Self { clocks, ..self }
    }
}

/// A time that is ahead, at most the end of time.
fn ahead_of(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn client(line: &Line) -> Result<reqwest::Client, reqwest::Error> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(line.connect_timeout)
        .timeout(line.total_timeout)
        // A redirect could carry credentials or a charge to another host.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(line.idle_connections_max)
        .tcp_nodelay(true)
        .user_agent(concat!("turnpike/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    if let Some(proxy) = &line.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy)?);
    }
    builder.build()
}

impl World for Network {
    #[allow(clippy::disallowed_methods)] // The one place that reads the clock.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn now_of(&self, merchant: &MerchantName) -> Timestamp {
        let now = self.now();
        self.clocks.get(merchant).map_or(now, |clock| ahead_of(now, clock.ahead()))
    }

    fn own_clocks(&self) -> Vec<(MerchantName, Timestamp)> {
        if self.clocks.is_empty() {
            return Vec::new();
        }
        let now = self.now();
        let moved = self.clocks.iter().map(|(merchant, clock)| (merchant, clock.ahead()));
        let moved = moved.filter(|(_, ahead)| !ahead.is_zero());
        moved.map(|(merchant, ahead)| (merchant.clone(), ahead_of(now, ahead))).collect()
    }

    fn test_clock(&self, merchant: &MerchantName) -> Option<&dyn TestClock> {
        self.clocks.get(merchant).map(Arc::as_ref)
    }

    fn entropy(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // The system's source fails only when the machine has none, and then nothing else works either.
        self.random.fill(&mut bytes).expect("the system has a source of random bytes");
        bytes
    }

    fn sleep(&self, how_long: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(how_long))
    }

    fn exchange<'a>(
        &'a self,
        account: &'a AccountName,
        errand: Errand,
    ) -> BoxFuture<'a, Result<Reply, NoReply>> {
        Box::pin(async move {
            // The permit has done its work: it was needed to get here.
            let request = match errand {
                Errand::Repeatable(request) | Errand::MovesMoney(request, _) => request,
            };
            let client = self.clients.get(account).ok_or(NoReply::NeverLeft)?;
            let response = outgoing(client, request).send().await.map_err(|error| no_reply(&error))?;
            read(response).await
        })
    }
}

fn outgoing(client: &reqwest::Client, request: Request) -> reqwest::RequestBuilder {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut outgoing = client.request(method, &request.url);
    for (name, value) in &request.headers {
        outgoing = match value {
            HeaderValue::Plain(text) => outgoing.header(*name, text),
            HeaderValue::Secret(secret) => {
                let mut value = match reqwest::header::HeaderValue::from_str(secret.expose()) {
                    Ok(value) => value,
                    // An impossible value makes the builder fail before anything is sent.
                    Err(_) => return outgoing.header(*name, "\u{0}"),
                };
                value.set_sensitive(true);
                outgoing.header(*name, value)
            }
        };
    }
    match request.body {
        Some(body) => outgoing.body(body.expose().clone()),
        None => outgoing,
    }
}

/// Only a failure to connect, or to build the request at all, proves that nothing left.
fn no_reply(error: &reqwest::Error) -> NoReply {
    if error.is_connect() || error.is_builder() { NoReply::NeverLeft } else { NoReply::MayHaveArrived }
}

async fn read(mut response: reqwest::Response) -> Result<Reply, NoReply> {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| NoReply::MayHaveArrived)? {
        if body.len() + chunk.len() > REPLY_BYTES_MAX {
            return Err(NoReply::MayHaveArrived);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, headers, body })
}
