//! Calls that race: duplicates of one charge, captures and refunds that together want more than there
//! is, and a question that a card overtakes.

#![cfg(feature = "simulator")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::*;
use turnpike::domain::ids::TokenId;
use turnpike::domain::order::CaptureMode;
use turnpike::domain::payment::{MovementStatus, PaymentState};
use turnpike::engine::commands::MoveKind;
use turnpike::engine::error::Error;
use turnpike::engine::gateway::Gateway;
use turnpike::simulator::Simulators;
use turnpike::simulator::faults::{Fault, Kind};

/// How many callers make the same call at once.
const DUPLICATES: usize = 200;

struct House {
    simulators: Simulators,
    gateway: Gateway,
    _held: tempfile::TempDir,
}

async fn house() -> House {
    let simulators = simulators().await;
    let (held, path) = directory();
    let (accounts, network) = outside(configuration(&simulators, &path));
    let gateway = engine(Arc::new(store(&path)), Arc::new(network), accounts).await;
    House { simulators, gateway, _held: held }
}

async fn saved_card(house: &House, provider: Provider) -> TokenId {
    let teller = Teller { gateway: &house.gateway, provider, prefix: format!("save-{}", provider.name) };
    teller.save_card(&house.simulators).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_duplicates_are_one_charge_and_two_hundred_equal_answers() {
    let house = house().await;
    for provider in PROVIDERS {
        let token = saved_card(&house, *provider).await;
        let mut calls = Vec::new();
        for _ in 0..DUPLICATES {
            let (gateway, provider) = (house.gateway.clone(), *provider);
            calls.push(tokio::spawn(async move {
                let wish = charge(provider, token, 4_200, CaptureMode::Automatic);
                let key = format!("one-charge-{}", provider.name);
                gateway.charge(&caller(), ask(&key, wish), None).await
            }));
        }
        let key = format!("one-charge-{}", provider.name);
        let mut first_hand = 0;
        let mut payments = Vec::new();
        for call in calls {
            let answer = call.await.expect("no panic").expect("an answer");
            first_hand += usize::from(!answer.replayed);
            payments.push(answer.value);
        }
        assert_eq!(first_hand, 1, "one call did the work");
        assert!(payments.iter().all(|payment| payment == &payments[0]), "the answers differ");
        assert_eq!(payments[0].state, PaymentState::Captured);
        let simulator = house.simulators.of(provider.name).expect("simulated");
        assert_eq!(simulator.payment(&payments[0].reference).successes, 1);
        // And much later, from the store.
        let wish = charge(*provider, token, 4_200, CaptureMode::Automatic);
        let again = house.gateway.charge(&caller(), ask(&key, wish), None).await.expect("an answer");
        assert!(again.replayed && again.value.id == payments[0].id);
        // The key belongs to that request. The fingerprint of tests is made of the request id, so
        // another one is another request.
        let wish = charge(*provider, token, 4_300, CaptureMode::Automatic);
        let mut other = ask(&key, wish);
        other.fingerprint = turnpike::domain::ids::Fingerprint([9; 32]);
        let refused = house.gateway.charge(&caller(), other, None).await;
        assert!(matches!(refused, Err(Error::Reused(Some(_)))), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_from_before_a_card_was_sent_does_not_ask_for_another_one() {
    let house = house().await;
    let late = |delay_ms| Fault { delay_ms, ..Fault::new(Kind::Delay) };
    let mut played = 0;
    for provider in PROVIDERS {
        let simulator = house.simulators.of(provider.name).expect("simulated");
        let prefix = format!("overtaken-{}", provider.name);
        let teller = Teller { gateway: &house.gateway, provider: *provider, prefix: prefix.clone() };
        let Ok(opened) = teller.open_own_page("open", 700).await else { continue };
        if opened.payment.trace.session.is_none() {
            // The provider has not heard of it, so that nobody asks before there is a card.
            continue;
        }
        let id = opened.payment.id;
        // The resolver learns that a card is to be collected, and learns it late.
        simulator.arrange(late(600)).expect("arranged");
        struck(simulator).await;
        simulator.arrange(late(1_500)).expect("arranged");
        let (gateway, provider) = (house.gateway.clone(), *provider);
        let confirming = tokio::spawn(async move {
            let teller = Teller { gateway: &gateway, provider, prefix };
            let means = collected(provider, &opened.payment);
            teller.confirm_with("confirm", opened.session.id, means).await
        });
        let mut is_sent = false;
        while !confirming.is_finished() {
            let state = house.gateway.payment(&caller(), id).await.expect("there").state;
            is_sent |= state == PaymentState::Submitted;
            assert!(!is_sent || state != PaymentState::RequiresAction, "a second card could be sent");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(is_sent, "{}: the answer was there before anybody looked", provider.name);
        let confirmed = confirming.await.expect("no panic").expect("confirms");
        assert_eq!(confirmed.payment.state, PaymentState::Captured);
        assert_eq!(simulator.payment(&confirmed.payment.reference).successes, 1);
        played += 1;
    }
    assert!(played > 0, "no provider keeps a session open for a card of the merchant's page");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn captures_that_race_never_take_more_than_was_reserved() {
    let house = house().await;
    for provider in PROVIDERS.iter().filter(|provider| provider.reserves && provider.refunds_again) {
        let token = saved_card(&house, *provider).await;
        let whole = provider.minor(1_000);
        let teller = Teller {
            gateway: &house.gateway,
            provider: *provider,
            prefix: format!("race-{}", provider.name),
        };
        let reserved =
            teller.charge("reserve", token, 1_000, CaptureMode::Manual).await.expect("reserves").value;
        race(&house, *provider, reserved.id, CAPTURE, 40).await;
        let payment = settled(&house.gateway, reserved.id).await;
        // While captures run, one that would have fitted may be refused: the provider's total and
        // our own unfinished captures are both set aside. It is never the other way round.
        assert!(payment.captured() <= whole && payment.captured() > 0, "{payment:?}");
        let rest = payment.capturable();
        assert_eq!(rest, whole - payment.captured());
        if rest > 0 {
            teller.move_money("rest", reserved.id, CAPTURE, None).await.expect("the rest can be captured");
        }
        assert_eq!(settled(&house.gateway, reserved.id).await.captured(), whole);
        let results = race(&house, *provider, reserved.id, REFUND, 40).await;
        let payment = settled(&house.gateway, reserved.id).await;
        assert!(results.iter().any(|ok| *ok));
        let succeeded = payment
            .movements
            .iter()
            .filter(|movement| movement.status == MovementStatus::Succeeded)
            .filter(|movement| matches!(movement.id, turnpike::domain::payment::MovementId::Refund(_)))
            .count();
        assert_eq!(payment.refunded(), provider.minor(30) * i64::try_from(succeeded).expect("few"));
        assert!(payment.refunded() <= payment.captured());
        let truth = house.simulators.of(provider.name).expect("simulated").payment(&payment.reference);
        assert_eq!((truth.totals.captured, truth.totals.refunded), (payment.captured(), payment.refunded()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_that_race_where_there_is_only_one_are_one() {
    let house = house().await;
    for provider in PROVIDERS.iter().filter(|provider| !provider.refunds_again) {
        let token = saved_card(&house, *provider).await;
        let teller = Teller {
            gateway: &house.gateway,
            provider: *provider,
            prefix: format!("race-{}", provider.name),
        };
        let taken = teller.charge("take", token, 1_000, CaptureMode::Automatic).await.expect("charges").value;
        assert_eq!(settled(&house.gateway, taken.id).await.state, PaymentState::Captured);
        let results = race(&house, *provider, taken.id, REFUND, 40).await;
        assert_eq!(results.iter().filter(|ok| **ok).count(), 1, "{}", provider.name);
        let payment = settled(&house.gateway, taken.id).await;
        assert_eq!(payment.refunded(), provider.minor(30));
        let truth = house.simulators.of(provider.name).expect("simulated").payment(&payment.reference);
        assert_eq!((truth.totals.captured, truth.totals.refunded), (payment.captured(), payment.refunded()));
    }
}

async fn race(
    house: &House,
    provider: Provider,
    payment: turnpike::domain::ids::PaymentId,
    what: MoveKind,
    callers: usize,
) -> Vec<bool> {
    let mut calls = Vec::new();
    for number in 0..callers {
        let gateway = house.gateway.clone();
        calls.push(tokio::spawn(async move {
            let wish = movement(payment, what, Some(money(provider, 30)));
            let key = format!("race-{}-{what:?}-{number}", provider.name);
            match gateway.move_money(&caller(), ask(&key[key.len() - 32.min(key.len())..], wish), None).await
            {
                Ok(_) => true,
                Err(
                    Error::ExceedsRemaining { .. } | Error::StateForbids { .. } | Error::Unsupported { .. },
                ) => false,
                Err(error) => panic!("{error:?}"),
            }
        }));
    }
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.expect("no panic"));
    }
    results
}
