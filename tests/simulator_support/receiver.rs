//! A merchant's server on loopback: hears what simulators send, and answers as it is told.

use std::collections::VecDeque;
use std::future::{Future, ready};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Nothing that is waited for here takes longer on a machine that works.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How often is looked.
const GLANCE: Duration = Duration::from_millis(5);

/// Waits until there is something; fails with `what` when it does not come.
pub async fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    eventually_async(what, || ready(look())).await
}

/// The same where looking takes time.
pub async fn eventually_async<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not happen");
        tokio::time::sleep(GLANCE).await;
    }
}

/// One call as it arrived.
#[derive(Debug, Clone)]
pub struct Heard {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Heard {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
struct Desk {
    heard: Mutex<Vec<Heard>>,
    answers: Mutex<VecDeque<(u16, &'static str)>>,
    /// Present and highest number of calls that wait for their answer.
    waiting: Mutex<(usize, usize)>,
    is_open: watch::Sender<bool>,
}

/// The server.
#[derive(Debug)]
pub struct Receiver {
    base: String,
    desk: Arc<Desk>,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    pub async fn new() -> Receiver {
        let (is_open, _) = watch::channel(true);
        let desk = Arc::new(Desk {
            heard: Mutex::default(),
            answers: Mutex::default(),
            waiting: Mutex::default(),
            is_open,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let router = Router::new().fallback(answer).with_state(desk.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        Receiver { base, desk, serving }
    }

    /// An address here.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What the next calls are answered with, one each; 200 and `OK` after that.
    pub fn answers(&self, answers: impl IntoIterator<Item = (u16, &'static str)>) {
        self.desk.answers.lock().expect("sound").extend(answers);
    }

    /// Lets calls wait for their answers, or answers them all.
    pub fn open(&self, is_open: bool) {
        self.desk.is_open.send_replace(is_open);
    }

    /// How many calls wait now, and how many did at most.
    pub fn waiting(&self) -> (usize, usize) {
        *self.desk.waiting.lock().expect("sound")
    }

    /// Everything that was heard.
    pub fn heard(&self) -> Vec<Heard> {
        self.desk.heard.lock().expect("sound").clone()
    }

    /// The same once there are so many.
    pub async fn heard_at_least(&self, count: usize) -> Vec<Heard> {
        let what = format!("call {count}");
        eventually(&what, || Some(self.heard()).filter(|heard| heard.len() >= count)).await
    }
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a whole body");
    let text = |value: &HeaderValue| value.to_str().expect("text").to_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    desk.heard.lock().expect("sound").push(Heard {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers,
        body: String::from_utf8(body.to_vec()).expect("text"),
    });
    {
        let mut waiting = desk.waiting.lock().expect("sound");
        waiting.0 += 1;
        waiting.1 = waiting.1.max(waiting.0);
    }
    desk.is_open.subscribe().wait_for(|is_open| *is_open).await.expect("the desk stands");
    desk.waiting.lock().expect("sound").0 -= 1;
    let next = desk.answers.lock().expect("sound").pop_front();
    let (status, text) = next.unwrap_or((200, "OK"));
    let mut response = (StatusCode::from_u16(status).expect("a status"), Body::from(text)).into_response();
    if (300..400).contains(&status) {
        response.headers_mut().insert("location", HeaderValue::from_static("/elsewhere"));
    }
    response
}
