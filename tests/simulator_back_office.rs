//! What an employee does by hand at the provider, whom that is told, and Dintero's account webhooks.

#![cfg(feature = "simulator")]

mod simulator_support;

use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::receiver::{Heard, eventually};
use simulator_support::shops::{PROVIDERS, Shops};
use simulator_support::{control, read, sample, send};
use turnpike::providers::settings::Setting;
use turnpike::simulator::notifications::{HURRY_MAX, Standing};
use turnpike::simulator::{BackOffice, Options};

/// An address that asks Dintero for news of events.
const EVENTS: &str = "/hook?report_event=CAPTURE&report_event=REFUND&report_event=VOID";

/// Waits for a state of a payment.
async fn stands(shops: &Shops, provider: &str, reference: &str, state: &str) {
    let what = format!("{provider}: {reference} {state}");
    eventually(&what, || (shops.of(provider).payment(reference).state == state).then_some(())).await;
}

/// What was told after `before` calls.
async fn told(shops: &Shops, provider: &str, before: usize) -> Vec<Heard> {
    shops.settled(provider).await;
    shops.receiver.heard().split_off(before)
}

#[tokio::test]
async fn a_refund_by_hand_is_told_where_the_provider_tells_it() {
    for provider in PROVIDERS {
        let shops = Shops::new().await;
        shops.buy(provider, "ORDER1", &shops.receiver.url(EVENTS), false).await;
        shops.settled(provider).await;
        let before = shops.receiver.heard().len();
        let simulator = shops.of(provider);
        let part = BackOffice::Refund { amount_minor: 40_000 };
        assert!(simulator.back_office("NOBODY", part).is_err(), "{provider}");
        simulator.back_office("ORDER1", part).expect(provider);
        if provider == "bbmsl" {
            // One refund per order, and no word of it: it is learned by query.
            stands(&shops, provider, "ORDER1", "partially_refunded").await;
            assert!(simulator.back_office("ORDER1", part).is_err());
            assert!(told(&shops, provider, before).await.is_empty());
            continue;
        }
        stands(&shops, provider, "ORDER1", "partially_refunded").await;
        let news = told(&shops, provider, before).await;
        let (has, count) = match provider {
            "dintero" => ("event=REFUND", 1),
            "begateway" => ("\"parent_uid\":", 1),
            // The child, and the parent with its new total.
            "paymob" => ("\"refunded_amount_cents\":40000", 2),
            _ => ("REFUND.SUCCESS", 2),
        };
        assert_eq!(news.len(), count, "{provider}: {news:?}");
        let says = |heard: &Heard| heard.target.contains(has) || heard.body.contains(has);
        assert!(news.iter().any(says), "{provider}: {news:?}");
        for heard in &news {
            assert!(shops.judge(provider, heard).is_ok(), "{provider}");
        }
        let too_much = BackOffice::Refund { amount_minor: 10_000_000 };
        assert!(simulator.back_office("ORDER1", too_much).is_err(), "{provider}: more than is left");
    }
}

#[tokio::test]
async fn a_reservation_is_captured_by_hand() {
    for provider in ["dintero", "begateway", "paymob", "pivot"] {
        let shops = Shops::new().await;
        shops.buy(provider, "ORDER1", &shops.receiver.url(EVENTS), true).await;
        shops.settled(provider).await;
        let before = shops.receiver.heard().len();
        let simulator = shops.of(provider);
        assert!(simulator.back_office("ORDER1", BackOffice::Capture { amount_minor: 0 }).is_err());
        simulator
            .back_office("ORDER1", BackOffice::Capture { amount_minor: 20_000_000 })
            .expect_err(provider);
        simulator.back_office("ORDER1", capture_of(provider)).expect(provider);
        stands(&shops, provider, "ORDER1", "captured").await;
        let news = told(&shops, provider, before).await;
        assert!(!news.is_empty(), "{provider}");
        for heard in &news {
            assert!(shops.judge(provider, heard).is_ok(), "{provider}");
        }
    }
}

/// The whole amount. Pivot's is in rupiah, of which one has a hundred minor units.
fn capture_of(provider: &str) -> BackOffice {
    let amount_minor = if provider == "pivot" { 10_000_000 } else { 100_000 };
    BackOffice::Capture { amount_minor }
}

#[tokio::test]
async fn a_reservation_is_given_back_by_hand() {
    for provider in ["dintero", "begateway", "paymob", "pivot"] {
        let shops = Shops::new().await;
        let simulator = shops.of(provider);
        shops.buy(provider, "ORDER1", &shops.receiver.url(EVENTS), true).await;
        shops.settled(provider).await;
        let before = shops.receiver.heard().len();
        if provider == "pivot" {
            // Whether it gives anything back is not published (§12): refused unless the knob is on.
            assert!(simulator.back_office("ORDER1", BackOffice::Void).is_err());
            simulator.set_behaviour(&json!({ "cancel_releases_reservations": true })).expect("a knob");
        }
        simulator.back_office("ORDER1", BackOffice::Void).expect(provider);
        stands(&shops, provider, "ORDER1", "voided").await;
        assert!(!told(&shops, provider, before).await.is_empty(), "{provider}");
    }
    let shops = Shops::new().await;
    shops.pay("bbmsl", "ORDER1").await;
    shops.settled("bbmsl").await;
    let capture = BackOffice::Capture { amount_minor: 1 };
    assert!(shops.of("bbmsl").back_office("ORDER1", capture).is_err(), "sales take the money at once");
    shops.of("bbmsl").back_office("ORDER1", BackOffice::Void).expect("not settled yet");
    assert_eq!(shops.of("bbmsl").payment("ORDER1").state, "voided");
    assert_eq!(shops.receiver.heard().len(), 1, "nobody is told");
}

#[tokio::test]
async fn the_control_api_has_a_back_office() {
    let shops = Shops::new().await;
    shops.pay("begateway", "ORDER1").await;
    let simulator = shops.of("begateway");
    let asked = json!({ "reference": "ORDER1", "act": "refund", "amount_minor": 100 });
    control(simulator, Method::POST, "/back_office", asked).await.expect(200);
    assert_eq!(simulator.payment("ORDER1").totals.refunded, 100);
    let asked = json!({ "reference": "ORDER1", "act": "void" });
    let refused = control(simulator, Method::POST, "/back_office", asked).await.expect(409);
    assert!(refused["error"].is_string());
}

#[tokio::test]
async fn paymob_tells_the_dashboard_s_address_where_a_payment_has_none() {
    let shops = Shops::new().await;
    shops.buy("paymob", "SILENT", "", false).await;
    assert!(shops.of("paymob").notifications(0).is_empty(), "no address at all");
    let url = shops.receiver.url("/dashboard");
    shops.of("paymob").set_behaviour(&json!({ "callback_url": url })).expect("a knob");
    shops.buy("paymob", "ORDER1", "", false).await;
    shops.pay("paymob", "ORDER2").await;
    shops.settled("paymob").await;
    let targets: Vec<String> = shops.receiver.heard().into_iter().map(|heard| heard.target).collect();
    assert!(targets[0].starts_with("/dashboard?hmac=") && targets[1].starts_with("/hook/paymob?hmac="));
    let void = BackOffice::Void;
    shops.of("paymob").back_office("ORDER1", void).expect("not captured");
    shops.settled("paymob").await;
    let heard = shops.receiver.heard();
    assert_eq!(heard.len(), 4, "the child and the parent");
    assert!(heard[3].target.starts_with("/dashboard?hmac=") && shops.judge("paymob", &heard[3]).is_ok());
}

/// Subscribes at Dintero as its sample 80 does, to everything: the subscription.
async fn subscribe(shops: &Shops) -> Value {
    let mut body = sample("dintero", "80_hook_subscription_create_request");
    body["config"]["url"] = json!(shops.receiver.url("/account"));
    body["events"] = json!(["checkout_transaction", "checkout_authorization", "checkout_token_add"]);
    hooks(shops, Method::POST, "", Some(&body)).await.expect(201)
}

async fn hooks(
    shops: &Shops,
    method: Method,
    below: &str,
    body: Option<&Value>,
) -> simulator_support::Answered {
    let bearer = shops.dintero_bearer().await;
    let base = shops.of("dintero").base_url();
    let url = format!("{base}/v1/accounts/T11223344/hooks/subscriptions{below}");
    send(method, &url, &[("authorization", &*bearer)], body).await
}

fn event_of(heard: &Heard) -> &str {
    heard.header("event").unwrap_or("callback")
}

#[tokio::test]
async fn dintero_tells_the_account_s_subscribers() {
    let shops = Shops::new().await;
    let subscription = subscribe(&shops).await;
    assert!(!subscription.to_string().contains("sample-hook-secret"));
    shops.settled("dintero").await;
    shops.pay("dintero", "ORDER1").await;
    shops.settled("dintero").await;
    shops.of("dintero").back_office("ORDER1", BackOffice::Refund { amount_minor: 100 }).expect("captured");
    shops.settled("dintero").await;
    let heard = shops.receiver.heard();
    let mut events: Vec<&str> = heard.iter().map(event_of).collect();
    assert_eq!(events[0], "ping");
    assert_eq!(events.last(), Some(&"checkout_transaction"), "the refund");
    for wanted in ["callback", "checkout_authorization", "checkout_transaction", "checkout_token_add"] {
        assert!(events.contains(&wanted), "{wanted} in {events:?}");
    }
    events.retain(|event| *event == "checkout_authorization");
    assert_eq!(events.len(), 1);

    let secret = [("hook_secret", Setting::Text("sample-hook-secret".to_owned()))];
    let now = shops.simulators.clock().now();
    for heard in heard.iter().filter(|heard| event_of(heard) != "callback") {
        assert!(!heard.body.contains("payment_token\":\""), "no secret value: {}", heard.body);
        let url = shops.receiver.url(&heard.target);
        let body = heard.body.as_bytes();
        let told = read("dintero", &secret, &heard.method, &url, &heard.headers, body, now);
        assert!(told.is_ok(), "{}: {told:?}", heard.body);
    }

    let id = subscription["id"].as_str().expect("an id");
    hooks(&shops, Method::DELETE, &format!("/{id}"), None).await.expect(200);
    hooks(&shops, Method::DELETE, &format!("/{id}"), None).await.expect(404);
    let left = hooks(&shops, Method::GET, "", None).await.expect(200);
    assert_eq!(left, json!([]));
    shops.pay("dintero", "ORDER2").await;
    shops.settled("dintero").await;
    assert_eq!(shops.receiver.heard().len(), heard.len() + 1, "the callback alone");
}

#[tokio::test]
async fn a_subscription_that_keeps_failing_is_deleted() {
    let shops = Shops::with(Options { notification_hurry: HURRY_MAX, ..Options::default() }).await;
    // A redirect is an error like any other.
    shops.receiver.answers([(500, ""), (404, ""), (302, ""), (503, "")]);
    let id = subscribe(&shops).await["id"].clone();
    shops.settled("dintero").await;
    let (ping, _) = &shops.of("dintero").notifications(0)[0];
    assert_eq!((ping.standing, shops.receiver.heard().len()), (Standing::Accepted, 5), "the fifth attempt");
    let listed = hooks(&shops, Method::GET, "", None).await.expect(200);
    assert_eq!(listed[0]["id"], id);

    shops.receiver.answers([(500, ""); 5]);
    subscribe(&shops).await;
    shops.settled("dintero").await;
    let listed = hooks(&shops, Method::GET, "", None).await.expect(200);
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed[0]["id"], id, "the one that works is left");
}

#[tokio::test]
async fn subscriptions_are_checked() {
    let shops = Shops::new().await;
    let mut body = sample("dintero", "80_hook_subscription_create_request");
    body["events"] = json!(["everything"]);
    body["config"]["url"] = json!("no address");
    let refused = hooks(&shops, Method::POST, "", Some(&body)).await.expect(400);
    assert_eq!(refused["error"]["errors"].as_array().map(Vec::len), Some(2), "{refused}");
}
