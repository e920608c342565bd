//! What happens to each call between a stub and the connection: the key, the deadline, repetitions.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tonic::body::Body;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower_service::Service;

use crate::deadline::Deadline;
use crate::fate::{self, Repeatable};
use crate::policy::{Config, Policy, Pushback, Throttle};

/// The most bytes of a message, in either direction: 4 MiB.
pub const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// How often a call that never left is moved on to the next connection at once. Only a connection that is
/// closing hands calls back, so that more than one in a row means that something else is wrong.
const MOVED_MAX: u32 = 3;

/// The way of a call from a stub to the connection. It is what the stubs of [`crate::Turnpike`] are made of.
#[derive(Clone)]
pub struct Calls {
    channel: Channel,
    shared: Arc<Shared>,
}

struct Shared {
    authorization: Option<HeaderValue>,
    /// Instead of the deadline that the config says.
    deadline: Option<Duration>,
    throttle: Throttle,
}

impl Calls {
    pub(crate) fn new(
        channel: Channel,
        authorization: Option<HeaderValue>,
        deadline: Option<Duration>,
    ) -> Self {
        let throttle = Throttle::new(Config::get());
        Self { channel, shared: Arc::new(Shared { authorization, deadline, throttle }) }
    }

    async fn carry_out(mut self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path();
        let mut policy = Config::get().policy(path);
        policy.timeout = policy.timeout.map(|usual| self.shared.deadline.unwrap_or(usual));
        let repeatable = Repeatable::of(path);
        let deadline = Deadline::of(&parts.headers, policy.timeout);
        if let Some(authorization) = &self.shared.authorization {
            parts.headers.entry(AUTHORIZATION).or_insert_with(|| authorization.clone());
        }
        // A stub has bounded it by MESSAGE_MAX.
        let body = body.collect().await?.to_bytes();

        let call = Call { parts, body, policy, repeatable, deadline };
        let answer = deadline.within(self.attempts(call)).await?;
        Ok(answer.map(|body| deadline.guard(body, repeatable)))
    }

    /// Sends a call until there is an answer that is not to be repeated.
    async fn attempts(&mut self, call: Call) -> Result<Response<Body>, Status> {
        let (mut attempts, mut since_pushback, mut moved) = (0, 0, 0);
        loop {
            let answer = self.attempt(&call, attempts).await;
            if matches!(&answer, Err(status) if fate::never_left(status)) && moved < MOVED_MAX {
                moved += 1;
                continue;
            }
            (attempts, since_pushback) = (attempts + 1, since_pushback + 1);

            let (code, pushback) = call.end_of(&answer);
            let retry =
                call.policy.retry.as_ref().filter(|retry| code.is_some_and(|code| retry.covers(code)));
            let Some(retry) = retry else {
                if matches!(code, None | Some(Code::Ok)) {
                    self.shared.throttle.succeeded();
                }
                return answer;
            };
            let is_allowed = self.shared.throttle.failed();
            match retry.pause(attempts, since_pushback, pushback) {
                // Waiting in vain for the deadline would only hide what is wrong.
                Some(pause) if is_allowed && call.deadline.allows(pause) => tokio::time::sleep(pause).await,
                _ => return answer,
            }
            if pushback != Pushback::None {
                since_pushback = 0;
            }
        }
    }

    async fn attempt(&mut self, call: &Call, attempts_before: u32) -> Result<Response<Body>, Status> {
        poll_fn(|context| self.channel.poll_ready(context))
            .await
            .map_err(|error| call.repeatable.status_of(error.into()))?;
        let answer = self.channel.call(call.request(attempts_before)).await;
        answer.map_err(|error| call.repeatable.status_of(error.into()))
    }
}

/// A call that can be sent more than once.
struct Call {
    parts: Parts,
    body: Bytes,
    policy: Policy,
    repeatable: Repeatable,
    deadline: Deadline,
}

impl Call {
    fn request(&self, attempts_before: u32) -> Request<Body> {
        let mut parts = self.parts.clone();
        self.deadline.write(&mut parts.headers);
        if attempts_before > 0 {
            parts.headers.insert("grpc-previous-rpc-attempts", attempts_before.into());
        }
        Request::from_parts(parts, Body::new(Full::new(self.body.clone())))
    }

    /// How an attempt ended, as far as it has, and what the server says about repeating it. Once an answer
    /// has begun, its end is not waited for: it is never repeated.
    fn end_of(&self, answer: &Result<Response<Body>, Status>) -> (Option<Code>, Pushback) {
        match answer {
            Ok(answer) => (self.code_of(answer.status(), answer.headers()), Pushback::of(answer.headers())),
            Err(status) => (Some(status.code()), Pushback::None),
        }
    }

    fn code_of(&self, status: StatusCode, headers: &HeaderMap) -> Option<Code> {
        if let Some(code) = headers.get("grpc-status") {
            return Some(Code::from_bytes(code.as_bytes()));
        }
        // Without it something between here and the gateway has answered. gRPC takes these for UNAVAILABLE,
        // but they don't say that the gateway was not reached.
        match status {
            StatusCode::OK => None,
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
                if self.repeatable.is_safe() =>
            {
                Some(Code::Unavailable)
            }
            _ => Some(Code::Unknown),
        }
    }
}

impl Service<Request<Body>> for Calls {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        // The connection is waited for within the deadline of the call.
        Poll::Ready(Ok(()))
    }

    #[cfg_attr(not(feature = "opentelemetry"), allow(unused_mut))]
    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // Here, not later: the caller's context is that of this moment.
        #[cfg(feature = "opentelemetry")]
        crate::traceparent::write(request.headers_mut());
        Box::pin(self.clone().carry_out(request))
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Calls")
    }
}
