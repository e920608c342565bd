//! Sockets: accepts connections, lets faults have their way, records what happened.
//!
//! Faults happen here and really on the wire. The provider behind does its work in a task of its
//! own, so a caller that hangs up early does not undo it, as it would not at a real provider.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::contract::ProviderSimulator;
use super::control;
use super::exchanges::{RecordedAnswer, Recording};
use super::faults::{Fault, Kind};

/// A request's body may have this many bytes: 1 MiB.
pub const REQUEST_BYTES_MAX: usize = 1_024 * 1_024;

/// Connections open to one provider at once; further ones wait to be accepted.
pub const CONNECTIONS_MAX: usize = 4_096;

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// After a failed `accept` (out of file descriptors, say): rest, rather than spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The two routers behind one port.
struct Front {
    provider: Arc<dyn ProviderSimulator>,
    api: Router,
    control: Router,
}

/// The connection is to be closed as it stands.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection was broken by a fault")
    }
}

impl std::error::Error for Broken {}

/// Serves one provider until `stop` turns true; then every connection is closed as it stands.
pub async fn serve(
    listener: TcpListener,
    provider: Arc<dyn ProviderSimulator>,
    api: Router,
    mut stop: watch::Receiver<bool>,
) {
    let control = control::router(provider.clone());
    let front = Arc::new(Front { provider, api, control });
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            // The sender is gone only when everything is: the same as being told to stop.
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let front = front.clone();
                connections.spawn(async move {
                    let _place = place;
                    converse(stream, front).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    connections.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await;
    let place = place.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn converse(stream: TcpStream, front: Arc<Front>) {
    let service = service_fn(move |request| {
        let front = front.clone();
        async move { front.answer(request).await }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        // Broken connections are what faults are for, and clients break them too.
        tracing::debug!(%error, "connection ended early");
    }
}

/// A request, read to its end.
struct Asked {
    operation: &'static str,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
    at: jiff::Timestamp,
}

/// An answer, before it travels.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Front {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Broken> {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, REQUEST_BYTES_MAX).collect().await else {
            let error = self.provider.error_body(StatusCode::PAYLOAD_TOO_LARGE);
            return Ok(json(StatusCode::PAYLOAD_TOO_LARGE, &error).into_response());
        };
        let body = body.to_bytes();
        let path = head.uri.path();
        if path.starts_with(control::PREFIX) {
            let request = Request::from_parts(head, Body::from(body));
            return Ok(never(self.control.clone().oneshot(request).await));
        }
        let target = head.uri.path_and_query();
        let asked = Asked {
            operation: self.provider.operation(&head.method, path),
            method: head.method.clone(),
            target: target.map_or("/", |target| target.as_str()).to_owned(),
            headers: head.headers.clone(),
            body: body.clone(),
            at: self.provider.backstage().clock.now(),
        };
        let request = Request::from_parts(head, Body::from(body));
        let faults = &self.provider.backstage().faults;
        match faults.on_arrival(asked.operation, &asked.target) {
            Some(fault) => self.with_fault(asked, request, fault).await,
            None => self.without_fault(asked, request).await,
        }
    }

    async fn without_fault(&self, asked: Asked, request: Request<Body>) -> Result<Response<Body>, Broken> {
        let answer = self.process(request, Duration::ZERO).await;
        let faults = &self.provider.backstage().faults;
        let mut fault = None;
        let mut answer = answer;
        if faults.waits_for_answer(asked.operation, &asked.target) {
            let attempt = |kind| self.altered(&answer, kind);
            if let Some((used, altered)) = faults.on_answer(asked.operation, &asked.target, attempt) {
                answer = altered;
                fault = Some(used.kind);
            }
        }
        self.record(asked, Some(&answer), fault);
        Ok(answer.into_response())
    }

    async fn with_fault(
        &self,
        asked: Asked,
        request: Request<Body>,
        fault: Fault,
    ) -> Result<Response<Body>, Broken> {
        let kind = Some(fault.kind);
        // What the caller will see, as far as it sees an answer at all.
        let answer = match fault.kind {
            Kind::DropBefore => None,
            Kind::DropAfter => {
                self.process(request, Duration::ZERO).await;
                None
            }
            Kind::Delay => {
                let answer = self.process(request, Duration::ZERO).await;
                tokio::time::sleep(fault.delay()).await;
                Some(answer)
            }
            Kind::DelayBefore => Some(self.process(request, fault.delay()).await),
            Kind::ResetMidBody => {
                let answer = self.process(request, Duration::ZERO).await;
                self.record(asked, Some(&answer), kind);
                return Ok(answer.into_broken_response());
            }
            Kind::Error5xx => Some(self.error(fault.status)),
            Kind::Error5xxAfter => {
                self.process(request, Duration::ZERO).await;
                Some(self.error(fault.status))
            }
            Kind::Throttle => {
                let mut answer = self.error(StatusCode::TOO_MANY_REQUESTS.as_u16());
                let seconds = HeaderValue::from(fault.retry_after_s);
                answer.headers.insert(RETRY_AFTER, seconds);
                Some(answer)
            }
            Kind::Garbage => {
                self.process(request, Duration::ZERO).await;
                Some(text(StatusCode::OK, "application/json", "{\"status\": \"succ"))
            }
            Kind::HtmlError => {
                let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
                Some(text(StatusCode::BAD_GATEWAY, "text/html", page))
            }
            Kind::WrongAmount | Kind::WrongCurrency | Kind::WrongReference | Kind::UnknownStatus => {
                let answer = self.process(request, Duration::ZERO).await;
                Some(self.altered(&answer, fault.kind).unwrap_or(answer))
            }
        };
        self.record(asked, answer.as_ref(), kind);
        answer.map(Answer::into_response).ok_or(Broken)
    }

    /// Lets the provider work on a request, after a delay, come what may of the caller.
    async fn process(&self, request: Request<Body>, after: Duration) -> Answer {
        let api = self.api.clone();
        let work = tokio::spawn(async move {
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
            let (head, body) = never(api.oneshot(request).await).into_parts();
            // The simulators' own answers are whole buffers: collecting them cannot fail.
            let body = body.collect().await.map(|body| body.to_bytes());
            Answer { status: head.status, headers: head.headers, body: body.unwrap_or_default() }
        });
        match work.await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, "a provider simulator panicked");
                self.error(StatusCode::INTERNAL_SERVER_ERROR.as_u16())
            }
        }
    }

    fn error(&self, status: u16) -> Answer {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json(status, &self.provider.error_body(status))
    }

    fn altered(&self, answer: &Answer, kind: Kind) -> Option<Answer> {
        let mut value: Value = serde_json::from_slice(&answer.body).ok()?;
        let mut found = false;
        let mut alter = |object: &mut _| found |= self.provider.alter(kind, object);
        self.provider.visit_payments(&mut value, &mut alter);
        found.then(|| Answer { body: Bytes::from(value.to_string()), ..answer.clone() })
    }

    fn record(&self, asked: Asked, answer: Option<&Answer>, fault: Option<Kind>) {
        self.provider.backstage().exchanges.record(Recording {
            at: asked.at,
            operation: asked.operation,
            method: asked.method,
            target: asked.target,
            request_headers: asked.headers,
            request_body: asked.body,
            answer: answer.map(|answer| RecordedAnswer {
                status: answer.status.as_u16(),
                headers: answer.headers.clone(),
                body: answer.body.clone(),
            }),
            fault,
        });
    }
}

impl Answer {
    fn into_response(mut self) -> Response<Body> {
        // The body may have been altered since its length was stated; hyper states it anew.
        self.headers.remove(CONTENT_LENGTH);
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// States the full length, sends half of it, then breaks.
    fn into_broken_response(mut self) -> Response<Body> {
        let length = HeaderValue::from(self.body.len());
        self.headers.insert(CONTENT_LENGTH, length);
        let half = self.body.slice(..self.body.len() / 2);
        let body = stream::unfold(Some(half), |half| async {
            match half {
                Some(half) if !half.is_empty() => Some((Ok(half), Some(Bytes::new()))),
                Some(_) => {
                    // Hyper writes out what it has whenever the body makes it wait, and drops it
                    // when the body fails at once.
                    tokio::task::yield_now().await;
                    Some((Err(Broken), None))
                }
                None => None,
            }
        });
        let mut response = Response::new(Body::from_stream(body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

fn json(status: StatusCode, body: &Value) -> Answer {
    text(status, "application/json", &body.to_string())
}

fn text(status: StatusCode, content_type: &'static str, body: &str) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Answer { status, headers, body: Bytes::from(body.to_owned()) }
}

fn never<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}
