//! The side door: where providers tell what became of payments.
//!
//! One address per account, `/webhooks/ACCOUNT`. A call is bounded in size, time and rate, handed to the
//! engine as it came, and answered in the way that its provider expects: yes only once it is durable.
//! The port speaks plain HTTP; TLS ends in front of it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::domain::ids::AccountName;
use crate::domain::notice::Call;
use crate::domain::rate::{Bucket, Rate};
use crate::engine::NOTICE_BYTES_MAX;
use crate::engine::error::Error;
use crate::engine::gateway::Gateway;
use crate::engine::notices::{Answer, Reception};

/// What every address begins with; the account's name follows.
pub const PATH: &str = "/webhooks/";
/// Where a load balancer may look whether the port is served.
const HEALTH: &str = "/health";
/// Connections open at once; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 4_096;
/// Calls under way at once; further ones are asked to come again.
const CALLS_MAX: usize = 1_024;
/// How long a client may take to send the head of a request, and how long its body.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// After a failed `accept` (out of file descriptors, say): rest, rather than spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How to serve.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// How often each account may be called.
    pub rate: Rate,
    /// How long calls under way have to end when the server goes down.
    pub drain_max: Duration,
}

/// A port that is open.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    /// Ends when the last call has ended after the shutdown, or when time ran out.
    pub done: JoinHandle<()>,
}

/// Opens the side door on a port; it closes when `stop` turns true.
///
/// # Errors
/// A port that cannot be used.
pub fn serve(
    listener: std::net::TcpListener,
    config: Config,
    gateway: Gateway,
    stop: watch::Receiver<bool>,
) -> io::Result<Serving> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    let buckets = gateway.accounts().all().map(|account| (account.name.clone(), Bucket::new(config.rate)));
    let door =
        Arc::new(Door { buckets: buckets.collect(), gateway, calls: Arc::new(Semaphore::new(CALLS_MAX)) });
    let done = tokio::spawn(keep_open(listener, door, stop, config.drain_max));
    Ok(Serving { address, done })
}

async fn keep_open(listener: TcpListener, door: Arc<Door>, stop: watch::Receiver<bool>, drain_max: Duration) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let mut stopped = stop.clone();
    loop {
        // The semaphore is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            // An error means that the sender is gone, and then it is time to close as well.
            _ = stopped.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let (door, stop) = (door.clone(), stop.clone());
                connections.spawn(async move {
                    serve_connection(stream, door, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection of a provider could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(drain_max, all_ended).await.is_err() {
        tracing::warn!("calls of providers were still under way; they will come again");
    }
}

async fn serve_connection(stream: TcpStream, door: Arc<Door>, mut stop: watch::Receiver<bool>) {
    let service = service_fn(move |request| {
        let door = door.clone();
        async move { Ok::<_, Infallible>(door.answer(request).await) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let connection = server.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // Whatever ends a connection early is the caller's affair: it calls again.
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

struct Door {
    gateway: Gateway,
    buckets: HashMap<AccountName, Bucket>,
    calls: Arc<Semaphore>,
}

impl Door {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        if path == HEALTH {
            return plain(StatusCode::OK, "ok");
        }
        let Some(name) = path.strip_prefix(PATH).filter(|name| !name.is_empty() && !name.contains('/'))
        else {
            return plain(StatusCode::NOT_FOUND, "not found");
        };
        if !matches!(*request.method(), Method::GET | Method::POST) {
            let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "GET or POST");
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
            return refused;
        }
        let name = AccountName(name.to_owned());
        // Never a 4xx for what may be right later: some providers take that for the last word.
        let Some(bucket) = self.buckets.get(&name) else { return later(60) };
        if let Err(wait) = bucket.take(self.gateway.now()) {
            return later(wait.as_secs() + 1);
        }
        let Ok(_place) = self.calls.try_acquire() else { return later(1) };
        let call = match self.call(&name, request).await {
            Ok(call) => call,
            Err(refused) => return refused,
        };
        match self.gateway.take_notice(&name, call).await {
            Ok(Reception::Taken(answer) | Reception::Refused(answer)) => as_wanted(answer),
            Err(Error::NotFound(_)) => later(60),
            Err(_) => match self.gateway.accounts().get(&name) {
                Some(account) => as_wanted(account.provider.not_stored()),
                None => later(60),
            },
        }
    }

    /// The whole call, within its bounds.
    async fn call(
        &self,
        account: &AccountName,
        request: Request<Incoming>,
    ) -> Result<Call, Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let bounded = Limited::new(body, NOTICE_BYTES_MAX).collect();
        let body = match tokio::time::timeout(BODY_TIMEOUT, bounded).await {
            Ok(Ok(body)) => body.to_bytes().to_vec(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return Err(plain(StatusCode::PAYLOAD_TOO_LARGE, "too long"));
            }
            Ok(Err(_)) => return Err(plain(StatusCode::BAD_REQUEST, "cut off")),
            Err(_) => return Err(plain(StatusCode::REQUEST_TIMEOUT, "too slow")),
        };
        Ok(Call {
            method: head.method.as_str().to_owned(),
            url: self.address(account, &head.uri),
            headers: texts(&head.headers),
            body,
        })
    }

    /// The address as the provider was given it, with what it appended: what is signed is that one, and
    /// not the one that a proxy made of it.
    fn address(&self, account: &AccountName, uri: &http::Uri) -> String {
        let known = self.gateway.accounts().get(account);
        let given = known.and_then(|account| account.rules.notify_url.as_deref()).unwrap_or_default();
        let before = given.split(['?', '#']).next().unwrap_or_default();
        match uri.query() {
            Some(query) => format!("{before}?{query}"),
            None => before.to_owned(),
        }
    }
}

/// Headers whose values are text; no provider's signature is anything else.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&http::HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}

fn as_wanted(Answer { status, content_type, body }: Answer) -> Response<Full<Bytes>> {
    // Adapters name statuses that exist.
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answered(status, content_type, body)
}

fn plain(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    answered(status, "text/plain; charset=utf-8", body)
}

/// Not now.
fn later(seconds: u64) -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "later");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn answered(status: StatusCode, content_type: &'static str, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
