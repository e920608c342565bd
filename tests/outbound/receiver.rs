//! Receivers of webhooks on this machine, and the tests' own view of a signature.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use turnpike::domain::ids::PaymentId;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One call that came in.
#[derive(Debug, Clone)]
pub struct Call {
    headers: HeaderMap,
    pub body: Vec<u8>,
    /// The status that it was answered with.
    pub answered: u16,
}

impl Call {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn seconds(&self) -> i64 {
        self.header("webhook-timestamp").parse().expect("seconds")
    }

    pub fn signatures(&self) -> Vec<String> {
        self.header("webhook-signature").split(' ').map(str::to_owned).collect()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// The note of an event about a schedule, by which tests tell events apart.
    pub fn note(&self) -> String {
        self.json()["data"]["recurring"]["note"].as_str().unwrap_or_default().to_owned()
    }

    fn payment(&self) -> String {
        self.json()["data"]["recurring"]["paymentId"].as_str().unwrap_or_default().to_owned()
    }
}

/// The notes of a payment's events, in the order in which they were taken.
pub fn taken(calls: &[Call], payment: PaymentId) -> Vec<String> {
    let payment = payment.to_string();
    let taken = calls.iter().filter(|call| (200..300).contains(&call.answered) && call.payment() == payment);
    taken.map(Call::note).collect()
}

/// A signature as the specification makes it: base64 of HMAC-SHA256 over `id.timestamp.body`.
pub fn signed(key: &[u8], call: &Call) -> String {
    let mut signed =
        [call.header("webhook-id"), ".", call.header("webhook-timestamp"), "."].concat().into_bytes();
    signed.extend_from_slice(&call.body);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &signed);
    format!("v1,{}", STANDARD.encode(tag))
}

/// How a receiver answers: by the call, and how often its event came before.
type Answers = Box<dyn FnMut(&Call, usize) -> u16 + Send>;

struct Inside {
    calls: Vec<Call>,
    before: HashMap<String, usize>,
    answers: Answers,
    location: Option<String>,
    retry_after: Option<u32>,
}

/// A server that takes webhooks, 204 by default.
#[derive(Clone)]
pub struct Receiver {
    port: u16,
    inside: Arc<Mutex<Inside>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let inside = Inside {
            calls: Vec::new(),
            before: HashMap::new(),
            answers: Box::new(|_, _| 204),
            location: None,
            retry_after: None,
        };
        let inside = Arc::new(Mutex::new(inside));
        let app = Router::new().fallback(take).with_state(inside.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { port, inside }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    pub fn answer(&self, answers: impl FnMut(&Call, usize) -> u16 + Send + 'static) {
        self.inside.lock().expect("not poisoned").answers = Box::new(answers);
    }

    pub fn redirect_to(&self, location: String) {
        self.answer(|_, _| 307);
        self.inside.lock().expect("not poisoned").location = Some(location);
    }

    pub fn retry_after(&self, seconds: u32) {
        self.answer(|_, _| 429);
        self.inside.lock().expect("not poisoned").retry_after = Some(seconds);
    }

    pub fn so_far(&self) -> Vec<Call> {
        self.inside.lock().expect("not poisoned").calls.clone()
    }

    /// Waits for so many calls.
    pub async fn calls(&self, count: usize) -> Vec<Call> {
        self.until(|calls| calls.len() >= count).await
    }

    pub async fn until(&self, what: impl Fn(&[Call]) -> bool) -> Vec<Call> {
        let since = Instant::now();
        loop {
            let calls = self.so_far();
            if what(&calls) {
                return calls;
            }
            let told: Vec<_> = calls.iter().map(|call| (call.kind(), call.note(), call.answered)).collect();
            assert!(since.elapsed() < PATIENCE, "{} calls came: {told:?}", told.len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn take(State(inside): State<Arc<Mutex<Inside>>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut inside = inside.lock().expect("not poisoned");
    let mut call = Call { headers, body: body.to_vec(), answered: 0 };
    let before = inside.before.entry(call.header("webhook-id").to_owned()).or_default();
    let came = *before;
    *before += 1;
    call.answered = (inside.answers)(&call, came);
    let mut response = StatusCode::from_u16(call.answered).expect("a status").into_response();
    if let Some(location) = &inside.location {
        response.headers_mut().insert("location", location.parse().expect("a header"));
    }
    if let Some(seconds) = inside.retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    inside.calls.push(call);
    response
}

/// A server that takes connections and never says anything.
pub async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    format!("http://127.0.0.1:{port}/")
}

/// A server whose answer has a good head and no end.
pub async fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 64 * 1024];
                let _ = stream.read(&mut request).await;
                let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                let mut written = stream.write_all(head).await;
                while written.is_ok() {
                    written = stream.write_all(b"1\r\nx\r\n").await;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                pending::<()>().await;
            });
        }
    });
    format!("http://127.0.0.1:{port}/")
}
