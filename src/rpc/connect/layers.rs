//! The two layers: one before the doorkeeper, which knows Connect's words from gRPC's and answers in
//! them, and one behind, which reads bodies.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::Either;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::answer;
use super::errors;
use super::request::{self, Asked, Head};
use super::speech;
use crate::engine::accounts::Accounts;
use crate::rpc::problems::Problems;
use crate::rpc::status::{self, About};

/// What a layer's service answers with, when it has to do something.
type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

/// Before the doorkeeper.
#[derive(Debug, Clone, Copy)]
pub struct Translate;

/// Behind the doorkeeper.
#[derive(Debug, Clone, Copy)]
pub struct ReadBody;

impl<S> Layer<S> for Translate {
    type Service = Translating<S>;

    fn layer(&self, inner: S) -> Translating<S> {
        Translating(inner)
    }
}

impl<S> Layer<S> for ReadBody {
    type Service = Reading<S>;

    fn layer(&self, inner: S) -> Reading<S> {
        Reading(inner)
    }
}

/// A service that can be called in Connect's words.
#[derive(Debug, Clone)]
pub struct Translating<S>(S);

impl<S> Service<Request<Body>> for Translating<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Answering<S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match request::head(&request) {
            Head::Other => Either::Left(self.0.call(request)),
            Head::Call(asked) => {
                let called = self.0.call(request::translated(request, asked.clone()));
                Either::Right(Box::pin(async move {
                    let response = called.await?;
                    Ok(match asked.speech.streamed {
                        true => answer::streamed(asked, response),
                        false => answer::unary(&asked, response).await,
                    })
                }))
            }
            Head::UnknownForm(method) => answered(unknown_form(method.is_server_streaming())),
            // Streams, too, are refused in this form before they begin.
            Head::Wrong(problems) => answered(errors::response(&wrong(problems))),
        }
    }
}

fn answered<F, E: Send + 'static>(response: Response<Body>) -> Either<F, Answering<E>> {
    Either::Right(Box::pin(std::future::ready(Ok(response))))
}

fn unknown_form(streamed: bool) -> Response<Body> {
    let forms = if streamed { speech::STREAMED } else { speech::UNARY };
    let mut problems = Problems::default();
    problems.add("content-type", format!("must be one of {forms}, with POST; or call by gRPC"));
    let mut response = errors::response(&wrong(problems));
    *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let accepted = HeaderName::from_static("accept-post");
    response.headers_mut().insert(accepted, HeaderValue::from_static(forms));
    response
}

/// A service that gets every request as gRPC.
#[derive(Debug, Clone)]
pub struct Reading<S>(S);

impl<S> Service<Request<Body>> for Reading<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Answering<S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let Some(asked) = request.extensions_mut().remove::<Asked>() else {
            return Either::Left(self.0.call(request));
        };
        // The one that is ready does the work; its twin stays.
        let twin = self.0.clone();
        let mut ready = std::mem::replace(&mut self.0, twin);
        Either::Right(Box::pin(async move {
            let (parts, body) = request.into_parts();
            match request::enveloped(&asked, body).await {
                Ok(body) => ready.call(Request::from_parts(parts, body)).await,
                Err(problems) => Ok(wrong(problems).into_http()),
            }
        }))
    }
}

fn wrong(problems: Problems) -> Status {
    match problems.finish::<()>(None) {
        Ok(()) => Status::internal("nothing was wrong"),
        Err(error) => status::of(error, &About::default(), &Accounts::default()),
    }
}
