//! A server that speaks gRPC and answers any call with what a test wants.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream::{self, StreamExt};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::{Server, ServerTlsConfig};

use super::Turnpike;

/// What one call is answered with.
#[derive(Debug, Clone)]
pub struct Reply {
    messages: Vec<Bytes>,
    end: End,
    metadata: Vec<(&'static str, &'static str)>,
    after: Duration,
}

#[derive(Debug, Clone)]
enum End {
    Ok,
    Refused(tonic::Code),
    /// Nothing comes any more.
    Silence,
    /// Not even an answer.
    Never,
    /// As a proxy answers.
    Http(u16),
}

#[allow(dead_code)]
impl Reply {
    pub fn ok<T: Message>(message: &T) -> Self {
        Self::stream(std::slice::from_ref(message))
    }

    pub fn stream<T: Message>(messages: &[T]) -> Self {
        let messages = messages.iter().map(frame).collect();
        Self { messages, end: End::Ok, metadata: Vec::new(), after: Duration::ZERO }
    }

    pub fn refused(code: tonic::Code) -> Self {
        Self { end: End::Refused(code), ..Self::stream::<()>(&[]) }
    }

    pub fn never() -> Self {
        Self { end: End::Never, ..Self::stream::<()>(&[]) }
    }

    pub fn http(status: u16) -> Self {
        Self { end: End::Http(status), ..Self::stream::<()>(&[]) }
    }

    /// The stream stays open and nothing more comes.
    pub fn and_then_silence(self) -> Self {
        Self { end: End::Silence, ..self }
    }

    /// Messages came already when it fails.
    pub fn and_then(self, code: tonic::Code) -> Self {
        Self { end: End::Refused(code), ..self }
    }

    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.metadata.push((name, value));
        self
    }

    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    async fn response(self) -> Response<Body> {
        tokio::time::sleep(self.after).await;
        let metadata = || {
            let pairs =
                self.metadata.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            pairs.collect::<HeaderMap>()
        };
        let end = match self.end {
            End::Never => std::future::pending().await,
            End::Http(status) => {
                return Response::builder().status(status).body(Body::empty()).expect("a response");
            }
            // As servers do it when nothing was sent: all in the headers.
            End::Refused(code) if self.messages.is_empty() => {
                let mut response = Status::new(code, "refused by the test").into_http::<Body>();
                response.headers_mut().extend(metadata());
                return response;
            }
            End::Refused(code) => Some(code),
            End::Ok => Some(tonic::Code::Ok),
            End::Silence => None,
        };
        let frames = stream::iter(self.messages.clone()).map(|bytes| Ok::<_, Status>(Frame::data(bytes)));
        let frames = match end {
            Some(code) => {
                let mut trailers = metadata();
                trailers.insert("grpc-status", HeaderValue::from(i32::from(code)));
                frames.chain(stream::iter([Ok(Frame::trailers(trailers))])).boxed()
            }
            None => frames.chain(stream::pending()).boxed(),
        };
        let response = Response::builder().header("content-type", "application/grpc");
        response.body(Body::new(StreamBody::new(frames))).expect("a response")
    }
}

/// A message behind its length, as it travels.
fn frame<T: Message>(message: &T) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(message.encoded_len()).expect("a small message"));
    message.encode(&mut bytes).expect("there is room");
    bytes.freeze()
}

/// A call that came.
#[allow(dead_code)]
#[derive(Debug, Clone)]
pub struct Seen {
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The server. It stops when it is dropped.
pub struct Fake {
    pub address: SocketAddr,
    answers: Answers,
    stop: Option<oneshot::Sender<()>>,
}

#[derive(Clone)]
struct Answers {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[allow(dead_code)]
impl Fake {
    /// Answers with these, one after the other, and the last again and again.
    pub async fn start(replies: Vec<Reply>) -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address"), replies, None).await
    }

    pub async fn start_at(address: SocketAddr, replies: Vec<Reply>, tls: Option<ServerTlsConfig>) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let answers = Answers { replies: Arc::new(Mutex::new(replies.into())), seen: Arc::default() };
        let mut server = Server::builder();
        if let Some(tls) = tls {
            server = server.tls_config(tls).expect("good certificates");
        }
        let routes = server
            .add_service(Named::<Accounts>(answers.clone(), Accounts))
            .add_service(Named::<Events>(answers.clone(), Events))
            .add_service(Named::<Payments>(answers.clone(), Payments))
            .add_service(Named::<Sandbox>(answers.clone(), Sandbox));
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        tokio::spawn(routes.serve_with_incoming_shutdown(TcpListenerStream::new(listener), stopped));
        Self { address, answers, stop: Some(stop) }
    }

    /// Takes no more connections, says so on those that there are, and lets their calls end.
    pub fn drain(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn client(&self) -> Turnpike {
        Turnpike::connect(&self.url(), "tpk_1").expect("a client")
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.answers.seen.lock().expect("no panic").clone()
    }

    /// The messages that came.
    pub fn requests<T: Message + Default>(&self) -> Vec<T> {
        self.seen().iter().map(|seen| T::decode(&seen.body[5..]).expect("a message")).collect()
    }
}

/// tonic wants a type for each name.
#[derive(Clone)]
struct Named<N>(Answers, #[allow(dead_code)] N);

macro_rules! services {
    ($($name:ident $path:literal;)*) => {
        $(#[derive(Clone)]
        struct $name;

        impl NamedService for Named<$name> {
            const NAME: &'static str = $path;
        })*
    };
}

services! {
    Accounts "turnpike.v1.AccountService";
    Events "turnpike.v1.EventService";
    Payments "turnpike.v1.PaymentService";
    Sandbox "turnpike.v1.SandboxService";
}

impl<N: Send + 'static> tower_service::Service<Request<Body>> for Named<N> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answers = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            let seen = Seen { headers: parts.headers, body };
            answers.seen.lock().expect("no panic").push(seen);
            let reply = {
                let mut replies = answers.replies.lock().expect("no panic");
                let next = replies.front().cloned().unwrap_or_else(|| Reply::refused(tonic::Code::Internal));
                if replies.len() > 1 {
                    replies.pop_front();
                }
                next
            };
            Ok(reply.response().await)
        })
    }
}
