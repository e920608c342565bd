//! What can go wrong with notifications, really on the wire, at every provider.

#![cfg(feature = "simulator")]

mod simulator_support;

use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::control;
use simulator_support::receiver::Heard;
use simulator_support::shops::{PROVIDERS, Shops};
use turnpike::providers::notice::{News, Refusal, Told};
use turnpike::simulator::Options;
use turnpike::simulator::notification_faults::{Chaos, Fault, Kind, Only};
use turnpike::simulator::notifications::HURRY_MAX;

/// Kinds in which a call that is not genuine comes first.
const HOSTILE: [Kind; 4] = [Kind::Forged, Kind::Foreign, Kind::Truncated, Kind::Folded];

/// Arranges a fault and pays: what was heard after so many deliveries.
async fn played(shops: &Shops, provider: &str, kind: Kind, deliveries: usize) -> Vec<Heard> {
    shops.arrange(provider, kind);
    shops.pay(provider, "FAULTY").await;
    shops.deliveries(provider, deliveries).await;
    shops.settled(provider).await;
    shops.receiver.heard()
}

/// An attempt: notification, attempt, fault, status, accepted, genuine.
type Logged = (u64, u32, Option<Kind>, Option<u16>, bool, bool);

fn log(shops: &Shops, provider: &str) -> Vec<Logged> {
    let log = shops.of(provider).deliveries(0);
    log.iter().map(|d| (d.notification, d.attempt, d.fault, d.status, d.accepted, d.genuine)).collect()
}

#[tokio::test]
async fn hostile_calls_come_first_and_the_genuine_one_follows() {
    for provider in PROVIDERS {
        for kind in HOSTILE {
            let shops = Shops::new().await;
            let heard = played(&shops, provider, kind, 2).await;
            let [hostile, genuine] = heard.as_slice() else { panic!("{provider} {kind:?}: {heard:?}") };
            let expected = [(1, 1, Some(kind), Some(200), true, false), (1, 1, None, Some(200), true, true)];
            assert_eq!(log(&shops, provider), expected, "{provider} {kind:?}");
            assert!(shops.judge(provider, genuine).is_ok(), "{provider} {kind:?}");
            judge_hostile(provider, kind, &shops.judge(provider, hostile));
        }
    }
}

/// None of them may be trusted. Where the scheme cannot tell, the adapter may only ask.
fn judge_hostile(provider: &str, kind: Kind, judged: &Result<Told, Refusal>) {
    let cannot_tell = match (provider, kind) {
        // One key for all merchants, and no name of the merchant in what it signs.
        ("bbmsl", Kind::Foreign) => true,
        // The key covers nothing.
        ("pivot", Kind::Forged | Kind::Folded) => true,
        _ => false,
    };
    match judged {
        Ok(told) => {
            assert!(cannot_tell, "{provider} {kind:?} is believed: {told:?}");
            assert_eq!(told.news, News::Hint, "{provider} {kind:?}");
        }
        Err(Refusal::Forged | Refusal::Malformed | Refusal::Foreign) => {}
        Err(other) => panic!("{provider} {kind:?}: {other:?}"),
    }
}

#[tokio::test]
async fn a_lost_one_never_leaves_and_comes_with_the_retry() {
    for provider in PROVIDERS {
        let shops = Shops::new().await;
        shops.arrange(provider, Kind::Lost);
        shops.pay(provider, "LOST").await;
        shops.deliveries(provider, 1).await;
        assert!(shops.receiver.heard().is_empty(), "{provider}");
        shops.wait_s(600);
        shops.settled(provider).await;
        let expected = [(1, 1, Some(Kind::Lost), None, false, true), (1, 2, None, Some(200), true, true)];
        assert_eq!(log(&shops, provider), expected, "{provider}");
        assert_eq!(shops.receiver.heard().len(), 1, "{provider}");
    }
}

#[tokio::test]
async fn a_late_one_waits_by_the_clock() {
    let shops = Shops::new().await;
    let late = Fault { delay_ms: 60_000, ..Fault::new(Kind::Late) };
    shops.of("begateway").arrange_notification(late).expect("arranged");
    shops.pay("begateway", "LATE").await;
    // Faults are decided in the order of queueing: once the next is out, this one is waiting.
    shops.pay("begateway", "NEXT").await;
    let first = shops.deliveries("begateway", 1).await;
    assert_eq!(first[0].notification, 2);
    shops.wait_s(60);
    shops.settled("begateway").await;
    let expected = [(2, 1, None, Some(200), true, true), (1, 1, Some(Kind::Late), Some(200), true, true)];
    assert_eq!(log(&shops, "begateway"), expected);
}

#[tokio::test]
async fn twice_is_two_genuine_deliveries() {
    for provider in PROVIDERS {
        let shops = Shops::new().await;
        let heard = played(&shops, provider, Kind::Twice, 2).await;
        assert_eq!(heard.len(), 2, "{provider}");
        let keys: Vec<String> =
            heard.iter().map(|heard| shops.judge(provider, heard).expect("genuine").key).collect();
        assert_eq!(keys[0], keys[1], "{provider}: the same piece of news");
        let mut faults: Vec<_> = log(&shops, provider).into_iter().map(|entry| entry.2).collect();
        faults.sort();
        assert_eq!(faults, [None, Some(Kind::Twice)], "{provider}");
    }
}

#[tokio::test]
async fn a_reordered_one_follows_the_next() {
    for provider in PROVIDERS {
        let shops = Shops::new().await;
        let held = Fault { delay_ms: 600_000, ..Fault::new(Kind::Reordered) };
        shops.of(provider).arrange_notification(held).expect("arranged");
        shops.pay(provider, "FIRST").await;
        shops.pay(provider, "SECOND").await;
        shops.settled(provider).await;
        let order: Vec<(u64, Option<Kind>)> =
            log(&shops, provider).into_iter().map(|entry| (entry.0, entry.2)).collect();
        assert_eq!(order, [(2, None), (1, Some(Kind::Reordered))], "{provider}");
    }
    // Without a next one its time comes all the same.
    let shops = Shops::new().await;
    shops.arrange("paymob", Kind::Reordered);
    shops.pay("paymob", "ALONE").await;
    shops.wait_s(2);
    shops.settled("paymob").await;
    assert_eq!(log(&shops, "paymob"), [(1, 1, Some(Kind::Reordered), Some(200), true, true)]);
}

#[tokio::test]
async fn an_unanswered_one_arrives_and_comes_again() {
    for provider in PROVIDERS {
        let shops = Shops::new().await;
        shops.arrange(provider, Kind::Unanswered);
        shops.pay(provider, "UNHEARD").await;
        shops.deliveries(provider, 1).await;
        assert_eq!(shops.receiver.heard().len(), 1, "{provider}: it did arrive");
        shops.wait_s(600);
        shops.settled(provider).await;
        let expected =
            [(1, 1, Some(Kind::Unanswered), None, false, true), (1, 2, None, Some(200), true, true)];
        assert_eq!(log(&shops, provider), expected, "{provider}");
    }
}

#[tokio::test]
async fn a_provider_s_own_mistake_is_genuine_and_says_so_every_time() {
    for provider in ["begateway", "paymob", "pivot", "bbmsl"] {
        let shops = Shops::new().await;
        shops.receiver.answers([(503, "")]);
        shops.arrange(provider, Kind::WrongAmount);
        shops.pay(provider, "MISTAKEN").await;
        shops.deliveries(provider, 1).await;
        shops.wait_s(600);
        shops.settled(provider).await;
        for heard in shops.receiver.heard() {
            assert!(shops.judge(provider, &heard).is_ok(), "{provider}: the seal is good");
            let amount = if provider == "bbmsl" { "1000.01" } else { "100001" };
            assert!(heard.body.contains(amount), "{provider}: {}", heard.body);
        }
        let mistaken = Some(Kind::WrongAmount);
        let expected = [(1, 1, mistaken, Some(503), false, true), (1, 2, mistaken, Some(200), true, true)];
        assert_eq!(log(&shops, provider), expected, "{provider}");
    }
    // Dintero's callbacks state no amount unless they have a body; the fault waits for one that has.
    let shops = Shops::new().await;
    shops.arrange("dintero", Kind::WrongAmount);
    shops.pay("dintero", "BARE").await;
    shops.settled("dintero").await;
    shops.buy("dintero", "WITH-BODY", &shops.receiver.url("/hook?method=POST"), false).await;
    shops.settled("dintero").await;
    let heard = shops.receiver.heard();
    assert!(heard[0].body.is_empty() && heard[1].body.contains("\"amount\":100001"), "{heard:?}");
}

#[tokio::test]
async fn a_replay_is_an_earlier_call_to_the_letter() {
    for provider in PROVIDERS {
        let shops = Shops::new().await;
        // Nothing has been accepted before the first: the fault waits.
        shops.arrange(provider, Kind::Replayed);
        shops.pay(provider, "FIRST").await;
        shops.settled(provider).await;
        shops.pay(provider, "SECOND").await;
        shops.settled(provider).await;
        let replayed = Some(Kind::Replayed);
        let expected = [
            (1, 1, None, Some(200), true, true),
            (1, 1, replayed, Some(200), true, true),
            (2, 1, None, Some(200), true, true),
        ];
        assert_eq!(log(&shops, provider), expected, "{provider}");
        let heard = shops.receiver.heard();
        assert_eq!(
            (&heard[0].target, &heard[0].body, &heard[0].headers),
            (&heard[1].target, &heard[1].body, &heard[1].headers),
            "{provider}"
        );
    }
}

#[tokio::test]
async fn under_chaos_every_notification_is_accepted_in_the_end() {
    let options = Options { notification_hurry: HURRY_MAX, ..Options::default() };
    let shops = Shops::with(options).await;
    let kinds = Kind::ALL.to_vec();
    let chaos = Chaos { seed: 20_261_121, per_mille: 700, kinds, delay_ms: 20 };
    let begateway = shops.of("begateway");
    begateway.set_notification_chaos(Some(chaos)).expect("in range");
    for order in 0..60 {
        shops.pay("begateway", &format!("ORDER{order}")).await;
    }
    shops.settled("begateway").await;
    let log = begateway.deliveries(0);
    for notification in 1..=60 {
        let mut of = log.iter().filter(|entry| entry.notification == notification);
        assert!(of.any(|entry| entry.genuine && entry.accepted), "{notification} was accepted");
    }
    let struck: Vec<Kind> = log.iter().filter_map(|entry| entry.fault).collect();
    assert!(Kind::ALL.iter().all(|kind| struck.contains(kind)), "{struck:?}");
}

#[tokio::test]
async fn the_control_api_arranges_and_clears() {
    let shops = Shops::new().await;
    let simulator = shops.of("paymob");
    let forged = json!({ "kind": "forged", "match": { "body_contains": "TARGET" } });
    control(simulator, Method::POST, "/notification_faults", forged).await.expect(200);
    let shown = control(simulator, Method::GET, "/notification_faults", Value::Null).await.expect(200);
    assert_eq!(shown["pending"][0]["kind"], "forged");
    shops.pay("paymob", "SPARED").await;
    shops.pay("paymob", "TARGET").await;
    shops.settled("paymob").await;
    let faults: Vec<_> = log(&shops, "paymob").into_iter().map(|entry| (entry.0, entry.2)).collect();
    assert_eq!(faults, [(1, None), (2, Some(Kind::Forged)), (2, None)]);

    let never = json!({ "kind": "late", "times": 0 });
    assert_eq!(control(simulator, Method::POST, "/notification_faults", never).await.status, 400);
    let chaos = json!({ "seed": 1, "per_mille": 1_000, "kinds": ["twice"] });
    control(simulator, Method::POST, "/notification_chaos", chaos).await.expect(200);
    let shown = control(simulator, Method::GET, "/notification_chaos", Value::Null).await.expect(200);
    assert_eq!(shown["chaos"]["kinds"], json!(["twice"]));
    control(simulator, Method::DELETE, "/notification_chaos", Value::Null).await.expect(200);
    let only = Only { url_contains: Some("nowhere".to_owned()), ..Only::default() };
    simulator.arrange_notification(Fault { only, ..Fault::new(Kind::Lost) }).expect("arranged");
    control(simulator, Method::DELETE, "/notification_faults", Value::Null).await.expect(200);
    let shown = control(simulator, Method::GET, "/notification_faults", Value::Null).await.expect(200);
    assert_eq!(shown, json!({ "pending": [], "chaos": null }));
}
