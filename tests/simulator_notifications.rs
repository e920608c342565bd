//! Notifications over real HTTP: how each provider delivers, what it takes for a receipt, when it tries
//! again, and whom it never calls.

#![cfg(feature = "simulator")]

mod simulator_support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::receiver::eventually;
use simulator_support::shops::{PROVIDERS, Shops};
use simulator_support::{control, sample, send};
use turnpike::providers::notice::News;
use turnpike::simulator::deliveries::Delivery;
use turnpike::simulator::dispatch::IN_FLIGHT_MAX;
use turnpike::simulator::notifications::{HURRY_MAX, Pace, Standing};
use turnpike::simulator::{CustomerAction, Options, Payment};

/// The standing of each notification, oldest first.
fn standings(shops: &Shops, provider: &str) -> Vec<Standing> {
    let owed = shops.of(provider).notifications(0);
    owed.iter().map(|(notification, _)| notification.standing).collect()
}

/// How often each genuine notification was accepted.
fn accepted(log: &[Delivery], notification: u64) -> usize {
    let of = |delivery: &&Delivery| delivery.notification == notification;
    log.iter().filter(of).filter(|delivery| delivery.genuine && delivery.accepted).count()
}

#[tokio::test]
async fn every_provider_tells_a_payment_once_and_the_adapter_believes_it() {
    let shops = Shops::new().await;
    for provider in PROVIDERS {
        let before = shops.receiver.heard().len();
        shops.pay(provider, "ORDER1").await;
        let heard = shops.receiver.heard_at_least(before + 1).await;
        let heard = &heard[before];
        assert!(heard.target.starts_with(&format!("/hook/{provider}")), "{provider}: {}", heard.target);
        assert_eq!(heard.method, if provider == "dintero" { "GET" } else { "POST" });
        let told = shops.judge(provider, heard).expect("genuine");
        let is_trusted = ["begateway", "paymob"].contains(&provider);
        assert_eq!(told.news, if is_trusted { News::Trusted } else { News::Hint }, "{provider}");
        shops.settled(provider).await;

        // Whatever was to be repeated would be by the time that the next one has come.
        shops.wait_s(48 * 3_600);
        shops.pay(provider, "ORDER2").await;
        shops.receiver.heard_at_least(before + 2).await;
        shops.settled(provider).await;
        let log = shops.of(provider).deliveries(0);
        assert_eq!((accepted(&log, 1), accepted(&log, 2), log.len()), (1, 1, 2), "{provider}: {log:?}");
        assert_eq!(standings(&shops, provider), [Standing::Accepted; 2], "{provider}");
    }
}

#[tokio::test]
async fn each_provider_has_headers_of_its_own() {
    let shops = Shops::new().await;
    for (provider, names) in [
        ("dintero", &["dintero-signature", "event-delivery"][..]),
        ("begateway", &["authorization", "content-signature", "content-type"]),
        ("paymob", &["content-type"]),
        ("pivot", &["x-api-key", "content-type"]),
        ("bbmsl", &["content-type"]),
    ] {
        let before = shops.receiver.heard().len();
        shops.pay(provider, "ORDER1").await;
        let heard = shops.receiver.heard_at_least(before + 1).await;
        for name in names {
            assert!(heard[before].header(name).is_some(), "{provider} sends no {name}");
        }
    }
}

/// Answers with which a call is not accepted, the seconds until the first retry at least and at most,
/// as the dossiers have them.
const RETRIED: [(&str, u16, &str, u64, u64); 9] = [
    ("dintero", 503, "", 60, 60),
    ("begateway", 500, "", 8, 8 + 29 * 2),
    ("begateway", 201, "", 8, 8 + 29 * 2),
    ("paymob", 500, "", 60, 60),
    ("pivot", 503, "", 300, 300),
    ("pivot", 408, "", 300, 300),
    ("pivot", 429, "", 300, 300),
    ("bbmsl", 404, "OK", 15, 15),
    ("bbmsl", 200, "ok", 15, 15),
];

#[tokio::test]
async fn what_is_not_accepted_comes_again_after_the_provider_s_pause() {
    for (provider, status, text, least_s, most_s) in RETRIED {
        let shops = Shops::new().await;
        shops.receiver.answers([(status, text)]);
        shops.pay(provider, "FIRST").await;
        let log = shops.deliveries(provider, 1).await;
        assert_eq!((log[0].status, log[0].accepted, log[0].attempt), (Some(status), false, 1), "{provider}");

        // Half-way to its time, another one is delivered and this one is not.
        let half_s = least_s / 2;
        shops.wait_s(half_s);
        shops.pay(provider, "SECOND").await;
        let log = shops.deliveries(provider, 2).await;
        assert_eq!((log[1].notification, log[1].accepted), (2, true), "{provider} {status}");
        shops.wait_s(most_s - half_s);
        let log = shops.deliveries(provider, 3).await;
        let repeat = &log[2];
        assert_eq!((repeat.notification, repeat.attempt, repeat.accepted), (1, 2, true), "{provider}");
        let pause = repeat.at.duration_since(log[0].at).as_secs();
        assert!(pause >= i64::try_from(least_s).expect("small"), "{provider} came after {pause} s");
        shops.settled(provider).await;
    }
}

#[tokio::test]
async fn some_answers_are_final() {
    for (provider, status) in [("dintero", 404), ("dintero", 401), ("pivot", 400), ("pivot", 302)] {
        let shops = Shops::new().await;
        shops.receiver.answers([(status, "")]);
        shops.pay(provider, "FIRST").await;
        shops.settled(provider).await;
        assert_eq!(standings(&shops, provider), [Standing::GivenUp], "{provider} {status}");
        shops.wait_s(48 * 3_600);
        shops.pay(provider, "SECOND").await;
        shops.settled(provider).await;
        let log = shops.of(provider).deliveries(0);
        let of: Vec<u64> = log.iter().map(|delivery| delivery.notification).collect();
        assert_eq!(of, [1, 2], "{provider} {status}");
        let heard = shops.receiver.heard();
        assert!(heard.iter().all(|heard| heard.target.starts_with("/hook/")), "no redirect is followed");
    }
}

#[tokio::test]
async fn attempts_are_counted_and_pauses_can_be_hurried() {
    let options = Options { notification_hurry: HURRY_MAX, ..Options::default() };
    let shops = Shops::with(options).await;
    // The first attempt and the retries of §9.1, §10 (the simulator's own), §11, §12.1 and §18.
    for (provider, attempts) in
        [("dintero", 21), ("begateway", 16), ("paymob", 6), ("pivot", 7), ("bbmsl", 16)]
    {
        shops.receiver.answers(vec![(500, ""); attempts]);
        shops.pay(provider, "ORDER1").await;
        shops.settled(provider).await;
        assert_eq!(standings(&shops, provider), [Standing::GivenUp], "{provider}");
        let log = shops.of(provider).deliveries(0);
        assert_eq!(log.len(), attempts, "{provider}");
        let counted: Vec<u32> = log.iter().map(|delivery| delivery.attempt).collect();
        let expected: Vec<u32> = (1..).take(attempts).collect();
        assert_eq!(counted, expected, "{provider}");
    }
}

#[tokio::test]
async fn a_checkout_gives_up_after_two_retries() {
    let options = Options { notification_hurry: HURRY_MAX, ..Options::default() };
    let shops = Shops::with(options).await;
    shops.receiver.answers([(500, ""); 3]);
    let mut body = sample("begateway", "01_create_session_request");
    body["checkout"]["order"]["expired_at"] = json!("2099-03-02T12:00:00+00:00");
    body["checkout"]["settings"]["notification_url"] = json!(shops.receiver.url("/hook"));
    let url = format!("{}/ctp/api/checkouts", shops.of("begateway").base_url());
    let basic = format!("Basic {}", STANDARD.encode("361:simulator-secret-361"));
    let headers = [("authorization", &*basic), ("x-api-version", "2")];
    let made = send(Method::POST, &url, &headers, Some(&body)).await.expect(201);
    let payment = Payment {
        card: Some("4200000000000000".to_owned()),
        expiry: Some("12/2099".to_owned()),
        cvc: Some("111".to_owned()),
        holder: Some("Test".to_owned()),
        ..Payment::default()
    };
    let page = made["checkout"]["redirect_url"].as_str().expect("a page");
    shops.of("begateway").customer(page, &CustomerAction::Pay(payment)).expect("open");
    shops.settled("begateway").await;
    assert_eq!(standings(&shops, "begateway"), [Standing::GivenUp]);
    assert_eq!(shops.of("begateway").deliveries(0).len(), 3);
}

#[tokio::test]
async fn nobody_is_called_who_is_not_on_this_machine() {
    let shops = Shops::new().await;
    let own = format!("{}/notifications", shops.of("begateway").base_url());
    for hook in ["http://192.0.2.1/hook", "https://gateway.example/hook", "http://127.0.0.1.example/", &own] {
        shops.buy("begateway", "AWAY", hook, false).await;
    }
    shops.settled("begateway").await;
    assert_eq!(standings(&shops, "begateway"), [Standing::NotDeliverable; 4]);
    assert!(shops.of("begateway").deliveries(0).is_empty());
    let shown = control(shops.of("begateway"), Method::GET, "/notifications", Value::Null).await.expect(200);
    assert_eq!(shown["notifications"][0]["standing"], "not_deliverable");
}

#[tokio::test]
async fn one_address_hears_only_so_many_at_once_and_others_do_not_wait() {
    let shops = Shops::new().await;
    shops.receiver.open(false);
    let count = 2 * IN_FLIGHT_MAX + 3;
    for order in 0..count {
        shops.pay("begateway", &format!("ORDER{order}")).await;
    }
    let full = || Some(()).filter(|()| shops.receiver.waiting().0 == IN_FLIGHT_MAX);
    eventually("a full lane", full).await;
    // One to another address arrives although that one is full.
    shops.buy("begateway", "OTHER", &shops.receiver.url("/other"), false).await;
    let heard = shops.receiver.heard_at_least(IN_FLIGHT_MAX + 1).await;
    assert_eq!(heard[IN_FLIGHT_MAX].target, "/other");
    assert_eq!(heard.len(), IN_FLIGHT_MAX + 1);
    shops.receiver.open(true);
    shops.settled("begateway").await;
    assert_eq!(shops.receiver.heard().len(), count + 1);
    assert!(shops.receiver.waiting().1 <= IN_FLIGHT_MAX + 1, "{:?}", shops.receiver.waiting());
}

#[tokio::test]
async fn delivery_can_be_switched_off_and_on() {
    let options = Options { deliver_notifications: false, ..Options::default() };
    let shops = Shops::with(options).await;
    shops.pay("bbmsl", "QUIET").await;
    assert_eq!(standings(&shops, "bbmsl"), [Standing::Waiting]);
    assert!(shops.receiver.heard().is_empty());
    let simulator = shops.of("bbmsl");
    let shown = control(simulator, Method::GET, "/delivery", Value::Null).await.expect(200);
    assert_eq!(shown, json!({ "deliver_notifications": false, "notification_hurry": 1 }));
    let wrong = json!({ "deliver_notifications": true, "notification_hurry": 0 });
    assert_eq!(control(simulator, Method::POST, "/delivery", wrong).await.status, 400);
    let on = json!({ "deliver_notifications": true, "notification_hurry": 10 });
    control(simulator, Method::POST, "/delivery", on).await.expect(200);
    shops.settled("bbmsl").await;
    assert_eq!(shops.receiver.heard().len(), 1);
    let pace = Pace { deliver_notifications: true, notification_hurry: HURRY_MAX + 1 };
    assert!(simulator.set_pace(pace).is_err());
    let log = control(simulator, Method::GET, "/deliveries?since=0", Value::Null).await.expect(200);
    let entry = &log["deliveries"][0];
    assert_eq!(
        (&entry["notification"], &entry["status"], &entry["accepted"], &entry["genuine"]),
        (&json!(1), &json!(200), &json!(true), &json!(true))
    );
    assert!(entry.get("body").is_none() && entry["fault"].is_null());
}

#[tokio::test]
async fn nobody_listening_is_no_answer() {
    let shops = Shops::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let gone = format!("http://{}/hook", listener.local_addr().expect("bound"));
    drop(listener);
    shops.buy("dintero", "GONE", &gone, false).await;
    let log = shops.deliveries("dintero", 1).await;
    assert_eq!((log[0].status, log[0].accepted), (None, false));
    assert_eq!(standings(&shops, "dintero"), [Standing::Waiting]);
}
