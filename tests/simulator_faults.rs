//! Faults, really on the wire: what a client with a bare socket sees, and what was done behind.

#![cfg(feature = "simulator")]

mod simulator_support;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::{Answered, control, send, simulators};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use turnpike::simulator::exchanges::Filter;
use turnpike::simulator::faults::{Chaos, Fault, Kind, UNKNOWN_STATUS};
use turnpike::simulator::{Options, Simulator, Simulators, start};

const PATH: &str = "/transactions/payments";

fn basic() -> String {
    format!("Basic {}", STANDARD.encode("361:simulator-secret-361"))
}

fn payment(tracking_id: &str) -> Value {
    json!({ "request": {
        "amount": 4_990, "currency": "EUR", "description": "Order", "tracking_id": tracking_id,
        "test": true, "duplicate_check": false,
        "credit_card": { "number": "4200000000000000", "verification_value": "111",
                         "holder": "TEST", "exp_month": "04", "exp_year": "2031" },
    } })
}

/// Sends a payment over a bare socket and reads until the connection ends.
async fn raw(simulator: &Simulator, tracking_id: &str) -> String {
    let body = payment(tracking_id).to_string();
    let mut socket = TcpStream::connect(simulator.address()).await.expect("listening");
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: {}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        basic(),
        body.len()
    );
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    // An error while reading is a reset: what came before it is what the client saw.
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("text")
}

async fn pay(simulator: &Simulator, tracking_id: &str) -> Answered {
    let url = format!("{}{PATH}", simulator.base_url());
    let headers = [("authorization", &*basic())];
    send(Method::POST, &url, &headers, Some(&payment(tracking_id))).await
}

fn begateway(simulators: &Simulators) -> &Simulator {
    simulators.of("begateway").expect("runs")
}

fn is_charged(simulator: &Simulator, tracking_id: &str) -> bool {
    simulator.payment(tracking_id).state == "captured"
}

#[tokio::test]
async fn dropped_connections_carry_no_byte() {
    let simulators = simulators().await;
    let simulator = begateway(&simulators);
    for (kind, is_processed) in [(Kind::DropBefore, false), (Kind::DropAfter, true)] {
        let reference = format!("{kind:?}");
        simulator.arrange(Fault::on(kind, "payment")).expect("arranged");
        assert_eq!(raw(simulator, &reference).await, "");
        assert_eq!(is_charged(simulator, &reference), is_processed, "{kind:?}");
    }
    assert!(raw(simulator, "after").await.starts_with("HTTP/1.1 200"));
    let logged = simulator.exchanges(&Filter::default());
    assert_eq!(logged[0].fault, Some(Kind::DropBefore));
    assert_eq!((logged[1].status, logged[2].status), (None, Some(200)));
}

#[tokio::test]
async fn a_reset_comes_after_half_of_the_body() {
    let simulators = simulators().await;
    let simulator = begateway(&simulators);
    simulator.arrange(Fault::on(Kind::ResetMidBody, "payment")).expect("arranged");
    let seen = raw(simulator, "half").await;
    let (head, body) = seen.split_once("\r\n\r\n").expect("a whole head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.expect("a length").parse().expect("a number");
    assert_eq!(body.len(), length / 2);
    assert!(is_charged(simulator, "half"));

    simulator.arrange(Fault::on(Kind::ResetMidBody, "payment")).expect("arranged");
    let url = format!("{}{PATH}", simulator.base_url());
    let request = reqwest::Client::new().post(url).header("authorization", basic());
    let response = request.body(payment("half-again").to_string()).send().await.expect("a head");
    assert!(response.text().await.is_err(), "the body is incomplete");
}

#[tokio::test]
async fn errors_before_and_after_processing() {
    let simulators = simulators().await;
    let simulator = begateway(&simulators);
    let cases = [
        (Kind::Error5xx, 503, false),
        (Kind::Error5xxAfter, 503, true),
        (Kind::Throttle, 429, false),
        (Kind::HtmlError, 502, false),
        (Kind::Garbage, 200, true),
    ];
    for (kind, status, is_processed) in cases {
        let reference = format!("{kind:?}");
        simulator.arrange(Fault::on(kind, "payment")).expect("arranged");
        let answer = pay(simulator, &reference).await;
        assert_eq!(answer.status, status, "{kind:?}");
        assert_eq!(is_charged(simulator, &reference), is_processed, "{kind:?}");
        let is_json = serde_json::from_str::<Value>(&answer.text).is_ok();
        assert_eq!(is_json, !matches!(kind, Kind::HtmlError | Kind::Garbage), "{kind:?}");
        if kind == Kind::Throttle {
            assert_eq!(answer.header("retry-after"), "30");
        }
    }
    let fault = Fault { status: 500, ..Fault::on(Kind::Error5xx, "payment") };
    simulator.arrange(fault).expect("arranged");
    let answer = pay(simulator, "500").await.expect(500);
    assert_eq!(answer["message"], "We're sorry, but something went wrong");
}

#[tokio::test]
async fn altered_answers_hide_a_correct_payment() {
    let simulators = simulators().await;
    let simulator = begateway(&simulators);
    let cases = [
        (Kind::WrongAmount, "amount", json!(4_991)),
        (Kind::WrongCurrency, "currency", json!("USD")),
        (Kind::WrongReference, "tracking_id", json!("WrongReference-not-yours")),
        (Kind::UnknownStatus, "status", json!(UNKNOWN_STATUS)),
    ];
    for (kind, key, expected) in cases {
        let reference = format!("{kind:?}");
        let skipping = Fault { skip: 1, ..Fault::new(kind) };
        simulator.arrange(skipping).expect("arranged");
        // An answer without anything to alter is not counted.
        let nowhere = format!("{}/nowhere", simulator.base_url());
        let nothing = send(Method::GET, &nowhere, &[], None);
        assert_eq!(nothing.await.status, 404);
        let spared = pay(simulator, "spared").await.expect(200);
        assert_ne!(spared["transaction"][key], expected);
        let altered = pay(simulator, &reference).await.expect(200);
        assert_eq!(altered["transaction"][key], expected);
        assert!(is_charged(simulator, &reference));
        let honest = pay(simulator, "honest").await.expect(200);
        assert_ne!(honest["transaction"][key], expected);
    }
}

#[tokio::test]
async fn what_is_delayed_is_done_even_when_the_caller_is_gone() {
    let simulators = simulators().await;
    let simulator = begateway(&simulators);
    for kind in [Kind::Delay, Kind::DelayBefore] {
        let reference = format!("{kind:?}");
        let fault = Fault { delay_ms: 300, ..Fault::on(kind, "payment") };
        simulator.arrange(fault).expect("arranged");
        let call = pay(simulator, &reference);
        let gave_up = tokio::time::timeout(Duration::from_millis(50), call).await;
        assert!(gave_up.is_err(), "the answer is late");
        // `Delay` was processed at once; `DelayBefore` will be, with nobody waiting for it.
        let done = async {
            while !is_charged(simulator, &reference) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let done = tokio::time::timeout(Duration::from_secs(30), done).await;
        assert!(done.is_ok(), "{kind:?} was never processed");
    }
    let fault = Fault { delay_ms: 20, ..Fault::on(Kind::Delay, "payment") };
    simulator.arrange(fault).expect("arranged");
    assert_eq!(pay(simulator, "patient").await.status, 200);
}

#[tokio::test]
async fn faults_over_the_control_api() {
    let simulators = simulators().await;
    let simulator = begateway(&simulators);
    let fault = json!({ "kind": "error_5xx", "operation": "payment", "skip": 1, "times": 2,
                        "status": 504, "match": { "path_contains": "payments" } });
    control(simulator, Method::POST, "/faults", fault.clone()).await.expect(200);
    let listed = control(simulator, Method::GET, "/faults", Value::Null).await.expect(200);
    assert_eq!(listed["pending"][0]["kind"], "error_5xx");
    let mut seen = Vec::new();
    for place in 0..4 {
        seen.push(pay(simulator, &format!("p{place}")).await.status);
    }
    assert_eq!(seen, [200, 504, 504, 200]);
    control(simulator, Method::POST, "/faults", fault).await.expect(200);
    control(simulator, Method::DELETE, "/faults", Value::Null).await.expect(200);
    assert_eq!(pay(simulator, "cleared-1").await.status, 200);
    assert_eq!(pay(simulator, "cleared-2").await.status, 200);
    let unknown = json!({ "kind": "earthquake" });
    assert_eq!(control(simulator, Method::POST, "/faults", unknown).await.status, 422);
    let out_of_range = json!({ "kind": "error_5xx", "status": 200 });
    assert_eq!(control(simulator, Method::POST, "/faults", out_of_range).await.status, 400);
}

#[tokio::test]
async fn chaos_repeats_itself() {
    async fn play() -> Vec<String> {
        let simulators = simulators().await;
        let simulator = begateway(&simulators);
        let chaos = Chaos {
            seed: 1,
            per_mille: 400,
            kinds: vec![Kind::DropBefore, Kind::Error5xx, Kind::WrongAmount],
            delay_ms: 1,
            status: 500,
        };
        simulator.set_chaos(Some(chaos)).expect("in range");
        let mut seen = Vec::new();
        for place in 0..40 {
            let answer = raw(simulator, &format!("c{place}")).await;
            // The whole member: digits alone may stand in a random id or a time as well.
            let is_wrong = answer.contains(r#""amount":4991"#);
            seen.push(format!("{:.12}{is_wrong}", answer));
        }
        seen
    }
    let first = play().await;
    assert_eq!(first, play().await);
    assert!(first.iter().any(|seen| seen.starts_with("HTTP/1.1 200")));
    assert!(first.iter().any(|seen| seen.starts_with("HTTP/1.1 500")));
    assert!(first.iter().any(|seen| seen == "false"), "some were dropped");
    assert!(first.iter().any(|seen| seen.ends_with("true")), "some amounts were wrong");
}

#[tokio::test]
async fn a_seed_repeats_the_ids_and_ports_follow_each_other() {
    let mut uids = Vec::new();
    for _ in 0..2 {
        let options = Options { seed: Some(9), ..Options::default() };
        let simulators = start(options).await.expect("free ports");
        let answer = pay(begateway(&simulators), "seeded").await.expect(200);
        uids.push(answer["transaction"]["uid"].clone());
        simulators.shutdown().await;
    }
    assert_eq!(uids[0], uids[1]);

    // A free pair of ports is looked for rather than assumed.
    for port in (20_000..60_000).step_by(101) {
        let options = Options { listen: ([127, 0, 0, 1], port).into(), ..Options::default() };
        let Ok(simulators) = start(options).await else {
            continue;
        };
        assert_eq!(simulators.of("dintero").expect("runs").address().port(), port);
        assert_eq!(begateway(&simulators).address().port(), port + 1);
        assert!(simulators.of("nobody").is_err());
        return;
    }
    panic!("no two free ports next to each other");
}

#[tokio::test]
async fn shutdown_closes_open_connections() {
    let simulators = simulators().await;
    let mut socket = TcpStream::connect(begateway(&simulators).address()).await.expect("listening");
    let address = begateway(&simulators).address();
    simulators.shutdown().await;
    let mut rest = Vec::new();
    let _ = socket.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let simulators = simulators().await;
    let simulator = begateway(&simulators);
    let mut body = payment("large");
    body["request"]["description"] = json!("x".repeat(1_024 * 1_024));
    let url = format!("{}{PATH}", simulator.base_url());
    let headers = [("authorization", &*basic())];
    assert_eq!(send(Method::POST, &url, &headers, Some(&body)).await.status, 413);
}
