//! What every call crosses on its way in: a span with the caller's trace, then the doorkeeper, who
//! also minds the caller's rate.
//!
//! The span knows the RPC, the merchant and the outcome. It never knows the request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Request, Response};
use opentelemetry::propagation::Extractor;
use tonic::Code;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Instrument as _;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::engine::gateway::Gateway;

use super::auth::Doorkeeper;
use super::status;

/// Puts the threshold before all services.
#[derive(Clone)]
pub struct Threshold {
    doorkeeper: Arc<Doorkeeper>,
    /// Whoever minds rates needs the time, and the engine has it.
    gateway: Gateway,
}

impl Threshold {
    /// With this doorkeeper.
    pub fn new(doorkeeper: Doorkeeper, gateway: Gateway) -> Self {
        Self { doorkeeper: Arc::new(doorkeeper), gateway }
    }
}

impl<S> Layer<S> for Threshold {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, threshold: self.clone() }
    }
}

/// A service behind the threshold.
#[derive(Clone)]
pub struct Guarded<S> {
    inner: S,
    threshold: Threshold,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let span = span(&request);
        let path = request.uri().path();
        let Threshold { doorkeeper, gateway } = &self.threshold;
        let admitted = doorkeeper.caller(path, request.headers(), request.extensions(), || gateway.now());
        match admitted {
            Ok(Some(caller)) => {
                span.record("merchant", caller.merchant.0.as_str());
                request.extensions_mut().insert(caller);
            }
            Ok(None) => {}
            Err(refused) => {
                let status = status::refused(refused, path.trim_start_matches('/'));
                span.record("rpc.grpc.status_code", i32::from(status.code()));
                return Box::pin(std::future::ready(Ok(status.into_http())));
            }
        }
        // Polled inside the span, so that what the call starts belongs to it.
        let called = span.in_scope(|| self.inner.call(request));
        let finished = span.clone();
        Box::pin(
            async move {
                let response = called.await?;
                finished.record("rpc.grpc.status_code", code(response.headers()));
                Ok(response)
            }
            .instrument(span),
        )
    }
}

fn span(request: &Request<Body>) -> tracing::Span {
    let path = request.uri().path();
    let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
    let span = tracing::info_span!(
        "rpc",
        otel.kind = "server",
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = method,
        rpc.grpc.status_code = Empty,
        merchant = Empty,
    );
    if request.headers().contains_key("traceparent") {
        let headers = Headers(request.headers());
        let parent = opentelemetry::global::get_text_map_propagator(|known| known.extract(&headers));
        // Refused only where no traces are kept, and then there is no parent to have.
        let _ = span.set_parent(parent);
    }
    span
}

/// The outcome, as far as it is known before the body is sent: an error without a body says so in
/// its headers, and everything else has been answered.
fn code(headers: &HeaderMap) -> i32 {
    let told = headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()));
    i32::from(told.unwrap_or(Code::Ok))
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
