//! What the simulators' tests share: a client that speaks JSON and forms, a comparison of the shape of
//! an answer with the shape of a sample, and the adapter's word on a notification.

// Every test file uses some of this and none uses all of it.
#![allow(dead_code)]

pub mod receiver;
pub mod shops;

use reqwest::{Client, Method, redirect};
use serde_json::Value;
use turnpike::providers::contract::Context;
use turnpike::providers::notice::{Notice, Refusal, Told};
use turnpike::providers::registry;
use turnpike::providers::settings::Setting;
use turnpike::simulator::notifications::Notification;
use turnpike::simulator::{Options, Simulator, Simulators, start};

/// Simulators on free ports.
pub async fn simulators() -> Simulators {
    start(Options::default()).await.expect("free ports")
}

/// A client that follows no redirects: where a browser is sent is what tests look at.
pub fn client() -> Client {
    let builder = Client::builder().redirect(redirect::Policy::none());
    builder.build().expect("a client")
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answered {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answered {
    pub async fn read(response: reqwest::Response) -> Answered {
        Answered {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.expect("a whole body"),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_else(|| panic!("no header {name}"))
    }

    /// The JSON body, after checking the status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }
}

/// Sends a request with headers and a JSON body.
pub async fn send(method: Method, url: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answered {
    let mut request = client().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    Answered::read(request.send().await.expect("an answer")).await
}

/// Sends a form as a browser would.
pub async fn submit(url: &str, fields: &[(&str, &str)]) -> Answered {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let body = form.extend_pairs(fields).finish();
    let request = client().post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
    Answered::read(request.send().await.expect("an answer")).await
}

/// Calls the control API.
pub async fn control(simulator: &Simulator, method: Method, path: &str, body: Value) -> Answered {
    let url = format!("{}/_simulator{path}", simulator.base_url());
    let body = (!body.is_null()).then_some(&body);
    send(method, &url, &[], body).await
}

/// A sample body by provider and file name: its `body`, or the whole file. The samples are the
/// dossiers', unchanged.
pub fn sample(provider: &str, name: &str) -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulator_samples");
    let path = format!("{root}/{provider}/{name}.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut value: Value = serde_json::from_str(&text).expect("JSON");
    match value.get_mut("body") {
        Some(body) => body.take(),
        None => value,
    }
}

/// What the adapter makes of a notification and its headers. It shares no code with the simulator, so
/// what it takes for genuine was sealed as the documentation says.
pub fn judged(
    provider: &str,
    settings: &[(&str, Setting)],
    (told, headers): &(Notification, Vec<(String, String)>),
) -> Result<Told, Refusal> {
    let (url, body) = (told.url.as_str(), told.body.as_bytes());
    read(provider, settings, told.method, url, headers, body, jiff::Timestamp::now())
}

/// The same of a call's parts, at this time.
pub fn read(
    provider: &str,
    settings: &[(&str, Setting)],
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
    now: jiff::Timestamp,
) -> Result<Told, Refusal> {
    let changes = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let entry = registry::find(provider).expect("a provider");
    let account = entry.example_account(changes).expect("settings");
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
    let notice = Notice { method, url, headers: &headers, body };
    let cx = Context { now, entropy: [7; 32], access: None };
    account.read_notice(&notice, &cx)
}

/// Asserts that an answer has the keys of a sample with the same types, and no keys besides but
/// those named. A null stands for any type on either side; `[]` in a path stands for every
/// element. Elements are compared by place, those beyond the sample's with its last.
#[track_caller]
pub fn assert_shape(answer: &Value, sample: &Value, besides: &[&str]) {
    let mut differences = Vec::new();
    compare(answer, sample, "", besides, &mut differences);
    assert!(differences.is_empty(), "{differences:#?}\nanswer: {answer:#}");
}

fn compare(answer: &Value, sample: &Value, at: &str, besides: &[&str], found: &mut Vec<String>) {
    match (answer, sample) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, sample) in theirs {
                let path = format!("{at}.{key}");
                match ours.get(key) {
                    Some(answer) => compare(answer, sample, &path, besides, found),
                    None if besides.contains(&path.as_str()) => {}
                    None => found.push(format!("missing: {path}")),
                }
            }
            for key in ours.keys().filter(|key| !theirs.contains_key(*key)) {
                let path = format!("{at}.{key}");
                if !besides.contains(&path.as_str()) {
                    found.push(format!("not in the sample: {path}"));
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            let pairs = ours
                .iter()
                .enumerate()
                .filter_map(|(place, answer)| Some((answer, theirs.get(place).or(theirs.last())?)));
            for (answer, sample) in pairs {
                compare(answer, sample, &format!("{at}[]"), besides, found);
            }
        }
        (answer, sample) => {
            if std::mem::discriminant(answer) != std::mem::discriminant(sample) {
                found.push(format!("another type: {at}: {answer} for {sample}"));
            }
        }
    }
}
