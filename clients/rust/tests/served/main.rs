//! The layer against a real gateway. TURNPIKE_BINARY names the gateway's program; the examples must be built.

mod gateway;
#[path = "../support/proxy.rs"]
mod proxy;
mod runner;

use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime};

use futures_util::{StreamExt, TryStreamExt};
use turnpike_client::v1::{
    CreateSessionRequest, ErrorReason, Event, FaultKind, FaultScenario, GetPaymentRequest, GetSessionRequest,
    ListAccountsRequest, ListEventsRequest, Money, ReturnUrls, SessionPurpose, SessionStatus,
};
use turnpike_client::{Error, Followed, Turnpike, new_request_id};

use gateway::{Gateway, KEY, example};
use proxy::Proxy;
use runner::Runner;

const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cyBhbG9uZQ==";

/// Opens a session, which is an event. Tells the session's id.
async fn open(turnpike: &Turnpike) -> Result<String, Error> {
    let request = CreateSessionRequest {
        request_id: new_request_id().expect("an id"),
        account: "dintero-dev".to_owned(),
        money: Some(Money { amount_minor: 29_900, currency_code: "NOK".to_owned() }),
        merchant_reference: "order-1".to_owned(),
        purpose: SessionPurpose::Pay.into(),
        return_urls: Some(ReturnUrls {
            success_url: "https://shop.example/done".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    Ok(turnpike.sessions().create_session(request).await?.into_inner().session.unwrap_or_default().id)
}

async fn all_events(turnpike: &Turnpike) -> Vec<Event> {
    let request = ListEventsRequest { page_size: 200, ..Default::default() };
    turnpike.pages(request).try_collect().await.expect("the events")
}

/// Runs a program to its end, elsewhere than on the threads that serve.
async fn run(mut command: Command) -> Output {
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
    output.expect("the program can be started")
}

fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "it ended with {}: {out}{err}", output.status);
    assert!(!out.contains(KEY) && !err.contains(KEY), "it shows the key: {out}{err}");
    out.into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_run_to_their_end() {
    let gateway = Gateway::start().await;
    for (name, last) in [
        ("checkout", "is PAYMENT_STATE_CAPTURED"),
        ("charge_token", "declined: DECLINE_REASON_INSUFFICIENT_FUNDS"),
        ("schedule", "schedule: SCHEDULE_STATUS_CANCELLED"),
        ("stream_events", "that was session ses_"),
    ] {
        let mut command = Command::new(example(name));
        command.env("TURNPIKE_URL", gateway.url()).env("TURNPIKE_API_KEY", KEY);
        let said = said(&run(command).await);
        assert!(said.lines().last().is_some_and(|line| line.contains(last)), "{name}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_webhooks_verifies_a_real_delivery() {
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    let hooks = format!("http://{free}/hooks");
    let gateway = Gateway::start_with(&["--webhook-to", &hooks, "--webhook-secret", SECRET]).await;
    let mut command = Command::new(example("verify_webhook"));
    command.arg(free.to_string()).env("TURNPIKE_WEBHOOK_SECRET", SECRET);
    command.env("TURNPIKE_URL", gateway.url()).env("TURNPIKE_API_KEY", KEY);
    let said = said(&run(command).await);
    assert!(said.contains("verified: ") && said.contains(" evt_"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stories_are_told() {
    let gateway = Gateway::start().await;
    let report = tempfile::NamedTempFile::new().expect("a file");
    let mut command = Command::new(example("contract"));
    command.args(["stories", concat!(env!("CARGO_MANIFEST_DIR"), "/../../contract")]).arg(report.path());
    command.env("TURNPIKE_URL", gateway.url()).env("TURNPIKE_API_KEY", KEY);
    said(&run(command).await);
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(report.path()).expect("a report")).expect("JSON");
    let results = report["results"].as_array().expect("results");
    assert!(results.len() >= 5 && results.iter().all(|result| result["passed"] == true), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_what_one_large_page_holds() {
    let gateway = Gateway::start().await;
    let turnpike = gateway.client();
    let accounts = |page_size| turnpike.pages(ListAccountsRequest { page_size, ..Default::default() });
    let large: Vec<_> = accounts(200).try_collect().await.expect("accounts");
    let small: Vec<_> = accounts(2).try_collect().await.expect("accounts");
    assert!(large.len() > 4 && large == small, "{} and {}", large.len(), small.len());

    for _ in 0..5 {
        open(&turnpike).await.expect("a session");
    }
    let request = ListEventsRequest { page_size: 2, ..Default::default() };
    let small: Vec<Event> = turnpike.pages(request).try_collect().await.expect("events");
    assert!(small.len() >= 5 && small == all_events(&turnpike).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_gateway_are_read() {
    let gateway = Gateway::start().await;
    let turnpike = gateway.client();
    let request = GetPaymentRequest { payment_id: "pay_unknown".to_owned() };
    let error = Error::from(turnpike.payments().get_payment(request).await.expect_err("there is none"));
    assert_eq!((error.code_name(), error.reason()), ("NOT_FOUND", ErrorReason::PaymentNotFound));
    assert_eq!(error.metadata()["payment_id"], "pay_unknown");

    let wrong = CreateSessionRequest { max_attempts: 11, ..Default::default() };
    let error = Error::from(turnpike.sessions().create_session(wrong).await.expect_err("it is wrong"));
    assert_eq!(error.reason(), ErrorReason::InvalidField);
    assert!(error.fields().contains_key("max_attempts") && error.fields().len() > 3, "{error}");

    let stranger = Turnpike::connect(&gateway.url(), "tpk_stranger").expect("a client");
    let error = stranger.follow("").next().await.expect("an end").expect_err("nobody knows it");
    assert_eq!(error.reason(), ErrorReason::InvalidCredentials);
    let error =
        turnpike.follow("no-cursor-of-ours").next().await.expect("an end").expect_err("a wrong cursor");
    assert_eq!(error.reason(), ErrorReason::InvalidField);
}

#[tokio::test(flavor = "multi_thread")]
async fn development_plays_with_time_customers_and_faults() {
    let gateway = Gateway::start().await;
    let turnpike = gateway.client();
    let development = turnpike.development();
    let day = Duration::from_secs(24 * 60 * 60);
    let before = development.now().await.expect("a time");
    assert!(before.duration_since(SystemTime::now()).unwrap_or_default() < Duration::from_secs(60));
    let after = development.advance(day).await.expect("a time");
    let moved = after.duration_since(before).expect("it goes forward");
    assert!(moved >= day && moved < day + Duration::from_secs(60), "{moved:?}");

    let session = open(&turnpike).await.expect("a session");
    development.cancel(&session).await.expect("the customer cancels");
    let paid = open(&turnpike).await.expect("a session");
    let back = development.pay(&paid, "").await.expect("the customer pays");
    assert!(back.starts_with("https://shop.example/done"), "{back}");
    for (id, status) in [(session, SessionStatus::Cancelled), (paid, SessionStatus::Completed)] {
        let since = Instant::now();
        loop {
            let request = GetSessionRequest { session_id: id.clone() };
            let found = turnpike.sessions().get_session(request).await.expect("a session").into_inner();
            if found.session.unwrap_or_default().status() == status {
                break;
            }
            assert!(since.elapsed() < gateway::PATIENCE, "{id} does not become {status:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    let always = FaultScenario { account: "dintero-dev".to_owned(), times: 10_000, ..Default::default() };
    development.fault(FaultKind::RequestLost, always).await.expect("a fault");
    open(&turnpike).await.expect_err("the provider is not there");
    development.clear().await.expect("no faults");
    open(&turnpike).await.expect("a session again");
}

#[tokio::test(flavor = "multi_thread")]
async fn following_survives_a_restart_and_neither_loses_nor_repeats() {
    let mut gateway = Gateway::start().await;
    let turnpike = gateway.client();
    open(&turnpike).await.expect("a session");
    let cursor = turnpike.newest_cursor().await.expect("a cursor");
    let before = all_events(&turnpike).await.len();
    assert!(before > 0, "what was before must not come again");

    let mut events = turnpike.follow(cursor);
    let mut seen: Vec<Followed> = Vec::new();
    for round in 0..3 {
        for _ in 0..3 {
            open(&turnpike).await.expect("a session");
        }
        if round < 2 {
            // At least one of this round before the stream breaks, and perhaps not all.
            seen.push(events.next().await.expect("an event").expect("no error"));
            gateway.stop().await;
            gateway.start_again().await;
        }
    }
    let all = all_events(&turnpike).await;
    let expected: Vec<&str> = all[before..].iter().map(|event| event.id.as_str()).collect();
    assert!(expected.len() >= 9);
    while seen.len() < expected.len() {
        let next = tokio::time::timeout(gateway::PATIENCE, events.next()).await.expect("an event in time");
        seen.push(next.expect("an event").expect("no error"));
    }
    let ids: Vec<&str> = seen.iter().map(|followed| followed.event.id.as_str()).collect();
    assert_eq!(ids, expected);
    let more = tokio::time::timeout(Duration::from_secs(1), events.next()).await;
    assert!(more.is_err(), "nothing more has happened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_works_after_a_restart_of_the_gateway() {
    let mut gateway = Gateway::start().await;
    let mut runner = Runner::start(&gateway.url(), false);
    assert_eq!(runner.call().await, "ok");
    gateway.stop().await;
    gateway.start_again().await;
    assert_eq!(runner.call().await, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_made_while_the_gateway_is_away_waits_for_it() {
    let mut gateway = Gateway::start().await;
    let mut runner = Runner::start(&gateway.url(), false);
    assert_eq!(runner.call().await, "ok");
    gateway.stop().await;
    runner.say("call");
    tokio::time::sleep(Duration::from_millis(500)).await;
    gateway.start_again().await;
    assert_eq!(runner.hear().await, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_forgets_what_is_idle_is_kept_awake() {
    let gateway = Gateway::start().await;
    let proxy = Proxy::start(gateway.address, Some(Duration::from_secs(3))).await;
    let mut runner = Runner::start(&proxy.url(), true);
    assert_eq!(runner.call().await, "ok");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(runner.call().await, "ok");
    assert_eq!(proxy.connections(), 1, "the pings kept it alive");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_connection_is_left() {
    let gateway = Gateway::start().await;
    let proxy = Proxy::start(gateway.address, None).await;
    let mut runner = Runner::start(&proxy.url(), true);
    assert_eq!(runner.call().await, "ok");
    proxy.swallow();
    let began = Instant::now();
    assert_eq!(runner.call().await, "ok");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_a_restart() {
    let mut gateway = Gateway::start().await;
    let turnpike = gateway.client();
    open(&turnpike).await.expect("a session from before");
    let before = all_events(&turnpike).await.len();
    let mut runner = Runner::start(&gateway.url(), false);
    runner.say("stream");
    assert_eq!(runner.call().await, "ok");
    let mut heard = Vec::new();
    for round in 0..2 {
        open(&turnpike).await.expect("a session");
        let all = all_events(&turnpike).await;
        // A session is more than one event, and all of them come.
        while before + heard.len() < all.len() {
            runner.say("event");
            heard.push(runner.hear().await);
        }
        let expected: Vec<String> = all[before..].iter().map(|event| format!("event {}", event.id)).collect();
        assert_eq!(heard, expected);
        if round == 0 {
            gateway.stop().await;
            gateway.start_again().await;
        }
    }
}
