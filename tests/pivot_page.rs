//! The example page of `docs/examples/pivot`, as a customer meets it: in headless Chromium, against
//! `turnpike dev`. This test plays the merchant's server. Without a browser, or without Node, it says
//! what it skips; with `CI=true` that fails.

#![cfg(feature = "simulator")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tonic::Request;
use tonic::transport::Channel;
use turnpike::rpc::proto as pb;
use turnpike::rpc::proto::session_service_client::SessionServiceClient;

/// The API key of the development gateway.
const API_KEY: &str = "tpk_test_pivot_page";
/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(60);
/// Milliseconds of the page's own time after which Chromium prints what it shows.
const PAGE_TIME_MS: &str = "20000";
/// How long the browser may take in all.
const BROWSER_MAX: Duration = Duration::from_secs(60);
/// A test card that asks for a challenge, and one that does not.
const CHALLENGED: &str = "4440000112290002";
const FRICTIONLESS: &str = "4440000112200001";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("docs/examples/pivot").join(name)).expect("the example is there")
}

/// Something this machine lacks. In CI nothing may be lacking.
fn skipped(what: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{what} is missing, and CI skips nothing");
    println!("SKIPPED: {what} is missing");
}

fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("TURNPIKE_CHROMIUM").map(PathBuf::from);
    let usual = ["chromium", "chromium-browser", "google-chrome", "chrome"].map(PathBuf::from);
    named.into_iter().chain(usual).find(|program| runs(program))
}

fn runs(program: &Path) -> bool {
    let started = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    started.is_ok_and(|status| status.success())
}

/// `turnpike dev`, which goes away with the value.
struct Dev {
    child: Child,
    grpc: String,
    /// Where Pivot is simulated.
    pivot: String,
    _held: tempfile::TempDir,
}

impl Dev {
    fn start() -> Self {
        let held = tempfile::tempdir().expect("a directory");
        let ready = held.path().join("ready.json");
        let child = Command::new(env!("CARGO_BIN_EXE_turnpike"))
            .args(["dev", "--grpc", "127.0.0.1:0", "--simulators", "127.0.0.1:0", "--api-key", API_KEY])
            .arg("--data-dir")
            .arg(held.path().join("data"))
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary starts");
        let mut dev = Self { child, grpc: String::new(), pivot: String::new(), _held: held };
        let since = Instant::now();
        loop {
            if let Ok(text) = std::fs::read_to_string(&ready)
                && let Ok(told) = serde_json::from_str::<Value>(&text)
            {
                dev.grpc = format!("http://{}", told["grpc"].as_str().expect("an address"));
                dev.pivot = told["simulators"]["pivot"].as_str().expect("an address").to_owned();
                return dev;
            }
            assert!(since.elapsed() < START_MAX, "the gateway does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The merchant's server: it holds the API key and knows the session.
struct Shop {
    channel: Channel,
    session: Mutex<Option<pb::Session>>,
    blob: Mutex<String>,
    /// What fills in the form and presses the button.
    exercise: String,
}

fn with_key<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let key = format!("Bearer {API_KEY}").parse().expect("ASCII");
    request.metadata_mut().insert("authorization", key);
    request.set_timeout(Duration::from_secs(20));
    request
}

impl Shop {
    fn sessions(&self) -> SessionServiceClient<Channel> {
        SessionServiceClient::new(self.channel.clone())
    }

    async fn open(&self, request_id: &str) -> pb::Session {
        let wish = pb::CreateSessionRequest {
            request_id: request_id.to_owned(),
            account: "pivot-dev".to_owned(),
            money: Some(pb::Money { amount_minor: 25_000_000, currency_code: "IDR".to_owned() }),
            merchant_reference: "page".to_owned(),
            purpose: pb::SessionPurpose::PayAndSave.into(),
            mode: pb::SessionMode::Api.into(),
            customer: Some(pb::Customer {
                email: "budi.contoh@shop.example".to_owned(),
                ..Default::default()
            }),
            return_urls: Some(pb::ReturnUrls {
                success_url: "https://shop.example/return".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let answer = self.sessions().create_session(with_key(wish)).await.expect("a session");
        answer.into_inner().session.expect("a session")
    }

    async fn confirm(
        &self,
        request_id: &str,
        session_id: &str,
        means: pb::confirm_session_request::Means,
        save_card: Option<bool>,
    ) -> pb::ConfirmSessionResponse {
        let wish = pb::ConfirmSessionRequest {
            request_id: request_id.to_owned(),
            session_id: session_id.to_owned(),
            means: Some(means),
            save_card,
            ..Default::default()
        };
        self.sessions().confirm_session(with_key(wish)).await.expect("confirms").into_inner()
    }
}

fn redirect(action: Option<&pb::NextAction>) -> Option<String> {
    match action?.action.as_ref()? {
        pb::next_action::Action::Redirect(redirect) => Some(redirect.url.clone()),
        pb::next_action::Action::CollectCard(_) | pb::next_action::Action::Instructions(_) => None,
    }
}

fn public_key(session: &pb::Session) -> String {
    match session.next_action.as_ref().and_then(|action| action.action.as_ref()) {
        Some(pb::next_action::Action::CollectCard(collect)) => {
            assert_eq!(collect.algorithm(), pb::CardEncryptionAlgorithm::RsaOaepAesGcm);
            collect.public_key.clone()
        }
        other => panic!("no key: {other:?}"),
    }
}

/// `GET session`.
async fn session(State(shop): State<Arc<Shop>>) -> axum::Json<Value> {
    let opened = shop.open(&format!("page-{}", uuid())).await;
    let told =
        json!({ "session_id": opened.id, "public_key": public_key(&opened), "ip_address": "203.0.113.24" });
    *shop.session.lock().expect("whole") = Some(opened);
    axum::Json(told)
}

/// `POST confirm`.
async fn confirm(State(shop): State<Arc<Shop>>, axum::Json(body): axum::Json<Value>) -> axum::Json<Value> {
    let text = |name: &str| body[name].as_str().expect("a text").to_owned();
    *shop.blob.lock().expect("whole") = text("blob");
    let card = pb::EncryptedCard {
        ciphertext: Some(pb::encrypted_card::Ciphertext::Blob(text("blob"))),
        ..Default::default()
    };
    let means = pb::confirm_session_request::Means::EncryptedCard(card);
    let confirmed = shop
        .confirm(&format!("page-{}", uuid()), &text("session_id"), means, body["save_card"].as_bool())
        .await;
    let payment = confirmed.payment.expect("a payment");
    axum::Json(match redirect(payment.next_action.as_ref()) {
        Some(url) => json!({ "redirect_url": url }),
        None => json!({ "status": payment.state().as_str_name() }),
    })
}

fn uuid() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Serves the example as a merchant would, with one more script that plays the customer's hands.
async fn serve(shop: Arc<Shop>) -> String {
    let script = |text: String| ([("content-type", "text/javascript; charset=utf-8")], text);
    let html = page("index.html").replace("</body>", "<script src=\"exercise.js\"></script></body>");
    let exercise = shop.exercise.clone();
    let app = Router::new()
        .route("/", get(|| async { Html(html) }))
        .route("/card.js", get(move || async move { script(page("card.js")) }))
        .route("/page.js", get(move || async move { script(page("page.js")) }))
        .route("/exercise.js", get(move || async move { script(exercise) }))
        .route("/session", get(session))
        .route("/confirm", post(confirm))
        .with_state(shop);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/")
}

fn hands(number: &str) -> String {
    let fields =
        [("number", number), ("month", "1"), ("year", "2039"), ("cvc", "123"), ("holder", "Budi Contoh")];
    let fill: String = fields
        .iter()
        .map(|(id, value)| format!("document.getElementById({id:?}).value = {value:?};\n"))
        .collect();
    format!(
        "{fill}document.getElementById(\"save\").checked = true;\ndocument.getElementById(\"pay\").click();\n"
    )
}

/// A browser that goes away with the value, whatever it is doing.
struct Browser {
    child: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    fn open(program: &Path, arguments: &[&str]) -> Self {
        let profile = tempfile::tempdir().expect("a directory");
        let child = Command::new(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        Self { child, _profile: profile }
    }

    /// What it prints, once it has ended by itself.
    async fn printed(mut self) -> String {
        let since = Instant::now();
        while self.child.try_wait().expect("a child").is_none() {
            assert!(since.elapsed() < BROWSER_MAX, "the browser does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mut text = String::new();
        let mut output = self.child.stdout.take().expect("piped");
        std::io::Read::read_to_string(&mut output, &mut text).expect("text");
        text
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the browser shows in the end.
async fn shown_in(program: &Path, url: &str) -> String {
    let time = format!("--virtual-time-budget={PAGE_TIME_MS}");
    Browser::open(program, &[&time, "--dump-dom", url]).printed().await
}

/// Waits until a browser asked the provider for the bank's page, as its log shows.
async fn bank_is_visited(simulator: &str) {
    let since = Instant::now();
    loop {
        let log = reqwest::get(format!("{simulator}/_simulator/exchanges?operation=page")).await;
        let log = log.expect("an answer").text().await.expect("a log");
        if log.contains("/payment/creditcard/threeds") {
            return;
        }
        assert!(since.elapsed() < BROWSER_MAX, "the browser does not come to the bank: {log}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn shop(dev: &Dev, number: &str) -> Arc<Shop> {
    let endpoint = Channel::from_shared(dev.grpc.clone()).expect("an address");
    let channel = endpoint.connect().await.expect("the gateway answers");
    Arc::new(Shop {
        channel,
        session: Mutex::new(None),
        blob: Mutex::new(String::new()),
        exercise: hands(number),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_pays_on_the_page_and_passes_the_challenge() {
    let Some(browser) = browser() else { return skipped("a Chromium (TURNPIKE_CHROMIUM)") };
    let dev = Dev::start();
    let shop = shop(&dev, CHALLENGED).await;
    let url = serve(shop.clone()).await;
    let shown = Browser::open(&browser, &["--remote-debugging-port=0", &url]);
    bank_is_visited(&dev.pivot).await;
    drop(shown);
    assert!(shop.blob.lock().expect("whole").len() > 500);

    // The bank's page is plain HTML: its form is sent as it stands.
    let session = shop.session.lock().expect("whole").clone().expect("a session");
    let read = pb::confirm_session_request::Means::Returned(pb::BrowserReturn::default());
    let waiting = shop.confirm(&format!("page-{}", uuid()), &session.id, read.clone(), None).await;
    let bank = redirect(waiting.payment.expect("a payment").next_action.as_ref()).expect("the bank's page");
    let html = reqwest::get(&bank).await.expect("an answer").text().await.expect("a page");
    let action = html.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
    let origin = bank.split("/payment/").next().expect("an origin");
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let passed = client
        .post(format!("{origin}{action}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("result=pass")
        .send()
        .await
        .expect("an answer");
    assert_eq!(passed.headers()["location"], "https://shop.example/return");

    let confirmed = shop.confirm(&format!("page-{}", uuid()), &session.id, read, None).await;
    let payment = confirmed.payment.expect("a payment");
    assert_eq!(payment.state(), pb::PaymentState::Captured, "{payment:?}");
    assert_eq!(payment.saved_token_ids.len(), 1, "{payment:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_pays_on_the_page_without_a_challenge() {
    let Some(browser) = browser() else { return skipped("a Chromium (TURNPIKE_CHROMIUM)") };
    let dev = Dev::start();
    let shop = shop(&dev, FRICTIONLESS).await;
    let url = serve(shop.clone()).await;
    let dom = shown_in(&browser, &url).await;
    assert!(dom.contains("PAYMENT_STATE_CAPTURED"), "{dom}");
    assert!(!dom.contains(FRICTIONLESS), "the card stays in the page: {dom}");
}

/// The page's very own script, without a browser: Node has the same WebCrypto.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_s_script_encrypts_in_node_what_the_provider_decrypts() {
    if !runs(Path::new("node")) {
        return skipped("Node");
    }
    let dev = Dev::start();
    let shop = shop(&dev, FRICTIONLESS).await;
    let opened = shop.open("node-open").await;
    let card = json!({
        "number": "4440 0001 1220 0001", "expiryMonth": "1", "expiryYear": "2039", "cvc": "123", "nameOnCard": "Budi Contoh",
    });
    let script = format!(
        "{}\npivotCard.encryptCard({}, {card}, pivotCard.deviceInformations(\"203.0.113.24\")).then(console.log);",
        page("card.js"),
        json!(public_key(&opened)),
    );
    let output = tokio::task::spawn_blocking(move || {
        Command::new("node").args(["-e", &script]).stderr(Stdio::inherit()).output().expect("node runs")
    });
    let output = output.await.expect("node ends");
    let blob = String::from_utf8(output.stdout).expect("text").trim().to_owned();
    let card = pb::EncryptedCard {
        ciphertext: Some(pb::encrypted_card::Ciphertext::Blob(blob)),
        ..Default::default()
    };
    let means = pb::confirm_session_request::Means::EncryptedCard(card);
    let confirmed = shop.confirm("node-confirm", &opened.id, means, None).await;
    let payment = confirmed.payment.expect("a payment");
    assert_eq!(payment.state(), pb::PaymentState::Captured, "{payment:?}");
}
