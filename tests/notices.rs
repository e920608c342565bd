//! What providers tell by themselves, over real HTTP from simulators that sign, repeat and lose it: genuine
//! news changes the state, and nothing else does.

#![cfg(feature = "simulator")]

mod support;
#[path = "support/told.rs"]
mod told;

use std::time::Duration;

use support::*;
use told::{Plan, ToldHouse, simulators_that_tell};
use turnpike::domain::card::Token;
use turnpike::domain::event::EventKind;
use turnpike::domain::ids::AccountName;
use turnpike::domain::notice::{Call, NoticeStatus};
use turnpike::domain::order::{CaptureMode, Purpose};
use turnpike::domain::payment::{Payment, PaymentState};
use turnpike::domain::rate::Rate;
use turnpike::engine::ROWS_MAX;
use turnpike::engine::differences::{DifferenceFilter, DifferenceKind};
use turnpike::engine::notices::Reception;
use turnpike::journal::seam::{HistoryKind, Journal as _, NoticeFilter};
use turnpike::simulator::Simulators;
use turnpike::simulator::delivery::BackOffice;
use turnpike::simulator::notification_faults::{Fault, Kind};

/// Opens a session at a provider, and has the customer pay in it. Nobody confirms it.
async fn paid(house: &ToldHouse, provider: Provider, name: &str) -> Payment {
    paid_for(house, provider, name, Purpose::Pay).await
}

async fn paid_for(house: &ToldHouse, provider: Provider, name: &str, purpose: Purpose) -> Payment {
    let teller = Teller { gateway: &house.gateway, provider, prefix: format!("{}-{name}", provider.name) };
    let minor = if purpose == Purpose::Save { 0 } else { 500 };
    let opened = teller.open_for("open", minor, CaptureMode::Automatic, purpose).await.expect("opens");
    pay(&house.simulators, provider, &page(&opened.payment));
    *opened.payment
}

/// The cards of a session in which one is saved, as soon as the provider told of any.
async fn saved(house: &ToldHouse, provider: Provider, name: &str) -> Vec<Token> {
    let payment = paid_for(house, provider, name, provider.saves_in).await;
    let session = payment.session.expect("of a session");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let view = house.gateway.session(&caller(), session).await.expect("the session");
        if !view.tokens.is_empty() {
            return view.tokens;
        }
        assert!(tokio::time::Instant::now() < deadline, "{}: {:?}", provider.name, view.payment);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn is_taken(payment: &Payment) -> bool {
    payment.state == PaymentState::Captured
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_alone_settles_a_payment_at_every_provider() {
    let house = ToldHouse::new(Plan::default()).await;
    for provider in PROVIDERS {
        let payment = paid(&house, *provider, "news").await;
        let payment = house.until(*provider, payment.id, "taken", is_taken).await;
        let story = house.gateway.history(&caller(), payment.id, 0, 100).await.expect("a story");
        let learned = story
            .iter()
            .filter(|entry| matches!(entry.kind, Some(HistoryKind::Noticed | HistoryKind::Observed)));
        assert!(learned.count() > 0, "{}: {story:?}", provider.name);
        let told = house.simulators.of(provider.name).expect("simulated").deliveries(0);
        assert!(!told.is_empty() && told.iter().all(|attempt| attempt.accepted), "{told:?}");
    }
    let events = house.gateway.events(&caller(), 0, ROWS_MAX).await.expect("a log");
    let taken = events.iter().filter(|logged| logged.event.kind == EventKind::PaymentCaptured).count();
    assert_eq!(taken, PROVIDERS.len(), "each is told once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_card_becomes_a_token_when_the_provider_tells_of_it() {
    let house = ToldHouse::new(Plan::default()).await;
    for provider in PROVIDERS {
        assert_eq!(saved(&house, *provider, "saved").await.len(), 1, "{}", provider.name);
    }
    let events = house.gateway.events(&caller(), 0, ROWS_MAX).await.expect("a log");
    let created = events.iter().filter(|logged| logged.event.kind == EventKind::TokenCreated).count();
    assert_eq!(created, PROVIDERS.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_of_a_charge_finds_it() {
    let house = ToldHouse::new(Plan::default()).await;
    for provider in PROVIDERS {
        let token = saved(&house, *provider, "of-charges").await.remove(0).id;
        let teller = Teller {
            gateway: &house.gateway,
            provider: *provider,
            prefix: format!("{}-charge", provider.name),
        };
        let simulator = house.simulators.of(provider.name).expect("simulated");
        let before = simulator.deliveries(0).last().map_or(0, |delivery| delivery.number);
        teller.charge("charge", token, 500, CaptureMode::Automatic).await.expect("charged");
        let filter = |statuses: &[NoticeStatus]| NoticeFilter {
            accounts: vec![AccountName(provider.account.to_owned())],
            statuses: statuses.to_vec(),
            before: None,
            limit: ROWS_MAX,
        };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            let told = simulator.deliveries(before).iter().any(|delivery| delivery.accepted);
            let waiting = house.journal.notices(filter(&[NoticeStatus::Waiting])).await.expect("listed");
            if told && waiting.is_empty() {
                break;
            }
            assert!(tokio::time::Instant::now() < deadline, "{}: {told}, {waiting:?}", provider.name);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let lost = house.journal.notices(filter(&[NoticeStatus::Unmatched, NoticeStatus::Unknown])).await;
        assert_eq!(lost.expect("listed"), [], "{}", provider.name);
    }
}

/// Every kind of mischief, at every provider: what is not genuine is refused and changes nothing, and what
/// is genuine arrives in the end, however often, late or out of order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mischief_changes_nothing_and_loses_nothing() {
    let house = ToldHouse::new(Plan::default()).await;
    for provider in PROVIDERS {
        let simulator = house.simulators.of(provider.name).expect("simulated");
        for kind in Kind::ALL {
            simulator.clear_notification_faults();
            let before = simulator.deliveries(0).last().map_or(0, |delivery| delivery.number);
            simulator.arrange_notification(Fault { delay_ms: 50, ..Fault::new(kind) }).expect("in range");
            let payment = paid(&house, *provider, &format!("{kind:?}")).await;
            let wrong = kind == Kind::WrongAmount;
            let quarantined = |payment: &Payment| payment.state == PaymentState::Quarantined;
            let ended = house
                .until(*provider, payment.id, "settled", |payment| {
                    is_taken(payment) || (wrong && quarantined(payment))
                })
                .await;
            if quarantined(&ended) {
                assert!(ended.mismatch.is_some(), "{}: {kind:?}", provider.name);
            }
            let told = simulator.deliveries(before);
            for attempt in told.iter().filter(|attempt| !attempt.genuine) {
                let refused = attempt.status.is_some_and(|status| status >= 400) && !attempt.accepted;
                let only_asks =
                    !provider.signs_notices || (kind == Kind::Foreign && !provider.names_merchant);
                assert!(refused || only_asks, "{}: {kind:?}: {attempt:?}", provider.name);
            }
        }
    }
    house.simulators.all().for_each(|simulator| assert!(simulator.double_charges().is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_back_office_gives_back_is_seen() {
    let house = ToldHouse::new(Plan::default()).await;
    // One tells of no refund at all: there only asking tells.
    for provider in PROVIDERS.iter().filter(|provider| provider.refunds_again) {
        let payment = paid(&house, *provider, "office").await;
        let payment = house.until(*provider, payment.id, "taken", is_taken).await;
        let amount_minor = provider.minor(200);
        let simulator = house.simulators.of(provider.name).expect("simulated");
        simulator
            .back_office(&payment.reference, BackOffice::Refund { amount_minor })
            .unwrap_or_else(|why| panic!("{}: {why}", provider.name));
        let refunded = |payment: &Payment| payment.refunded() == amount_minor;
        let payment = house.until(*provider, payment.id, "refunded", refunded).await;
        assert_eq!(payment.state, PaymentState::PartiallyRefunded, "{}", provider.name);
        // What is left can be refunded here, and no more.
        let teller =
            Teller { gateway: &house.gateway, provider: *provider, prefix: provider.name.to_owned() };
        teller.move_money("rest", payment.id, REFUND, Some(300)).await.expect("the rest");
        teller.move_money("more", payment.id, REFUND, Some(100)).await.expect_err("nothing is left");
    }
}

/// The genuine notices of a payment of another gateway at the same providers.
async fn strangers_notices(provider: Provider) -> (ToldHouse, std::sync::Arc<Simulators>, Vec<Call>) {
    let simulators = simulators_that_tell().await;
    let (held, directory) = directory();
    let (_others, others) = support::directory();
    let journal = std::sync::Arc::new(store(&others));
    let plan = Plan { acts: false, ..Plan::default() };
    let other = ToldHouse::over(simulators.clone(), &others, journal, plan).await;
    paid(&other, provider, "stranger").await;
    let simulator = simulators.of(provider.name).expect("simulated");
    let journal = std::sync::Arc::new(store(&directory));
    let house = ToldHouse::over(simulators.clone(), &directory, journal, Plan::default()).await;
    let calls = simulator.notifications(0).into_iter().map(|(notification, headers)| Call {
        method: notification.method.to_owned(),
        url: notification.url.replace(&other.side.to_string(), &house.side.to_string()),
        headers: headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
        body: notification.body.into_bytes(),
    });
    let calls = calls.collect();
    (ToldHouse { _directory: Some(held), ..house }, simulators, calls)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_of_no_payment_of_ours_is_kept_and_shown() {
    let provider = PROVIDERS[1];
    let (house, _simulators, calls) = strangers_notices(provider).await;
    let account = AccountName(provider.account.to_owned());
    assert!(!calls.is_empty());
    // Twice: the second time only the arrival is counted.
    for call in calls.iter().chain(&calls) {
        let taken = house.gateway.take_notice(&account, call.clone()).await.expect("kept");
        assert!(matches!(taken, Reception::Taken(answer) if answer.status == 200), "{taken:?}");
    }
    let filter = NoticeFilter {
        accounts: vec![account.clone()],
        statuses: vec![NoticeStatus::Unmatched],
        before: None,
        limit: 10,
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let kept = loop {
        let kept = house.journal.notices(filter.clone()).await.expect("listed");
        if kept.len() == calls.len() {
            break kept;
        }
        assert!(tokio::time::Instant::now() < deadline, "{kept:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(kept[0].call.body, calls.last().expect("some").body);
    let wanted = DifferenceFilter { account: None, age: Duration::ZERO, after: None, limit: 10 };
    let (shown, next) = house.gateway.differences(&caller(), wanted).await.expect("listed");
    let kinds: Vec<DifferenceKind> = shown.iter().map(|difference| difference.kind).collect();
    assert_eq!(kinds, vec![DifferenceKind::UnmatchedNotice; calls.len()]);
    assert_eq!(next, None);
    // Another merchant has another account: it sees none of it.
    let wanted = DifferenceFilter { account: None, age: Duration::ZERO, after: None, limit: 10 };
    let (shown, _) = house.gateway.differences(&caller_of("stranger"), wanted).await.expect("listed");
    assert!(shown.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_acted_upon_after_a_crash() {
    let simulators = simulators_that_tell().await;
    let (_held, directory) = directory();
    let mut payments = Vec::new();
    {
        let journal = std::sync::Arc::new(store(&directory));
        let plan = Plan { acts: false, ..Plan::default() };
        let house = ToldHouse::over(simulators.clone(), &directory, journal.clone(), plan).await;
        for provider in PROVIDERS {
            let payment = paid(&house, *provider, "crash").await;
            let simulator = simulators.of(provider.name).expect("simulated");
            let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
            while simulator.deliveries(0).iter().all(|attempt| !attempt.accepted) {
                assert!(tokio::time::Instant::now() < deadline, "{} never told", provider.name);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let payment = house.gateway.payment(&caller(), payment.id).await.expect("the payment");
            assert_eq!(payment.state, PaymentState::RequiresAction, "nobody has acted yet");
            payments.push((*provider, payment.id));
        }
        house.stop.send(true).expect("the side door is open");
        house.serving.done.await.expect("it closes");
        journal.close().await;
    }
    let journal = std::sync::Arc::new(store(&directory));
    let house = ToldHouse::over(simulators, &directory, journal, Plan::default()).await;
    for (provider, id) in payments {
        house.until(provider, id, "taken", is_taken).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_that_cannot_be_kept() {
    let house = ToldHouse::new(Plan::default()).await;
    let provider = PROVIDERS[1];
    let simulator = house.simulators.of(provider.name).expect("simulated");
    let teller = Teller { gateway: &house.gateway, provider, prefix: "shut".to_owned() };
    let opened = teller.open("open", 500, CaptureMode::Automatic).await.expect("opens");
    house.journal.close().await;
    pay(&house.simulators, provider, &page(&opened.payment));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let told = loop {
        let told = simulator.deliveries(0);
        if !told.is_empty() {
            break told;
        }
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(told.iter().all(|attempt| !attempt.accepted && attempt.status == Some(503)), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_side_door_has_bounds() {
    let rate = Rate { calls_per_second: 1, burst: 6 };
    let house = ToldHouse::new(Plan { rate, ..Plan::default() }).await;
    let client = reqwest::Client::new();
    let post =
        |path: &str, body: Vec<u8>| client.post(format!("http://{}{path}", house.side)).body(body).send();
    let status =
        |answer: Result<reqwest::Response, reqwest::Error>| answer.expect("an answer").status().as_u16();
    let account = &format!("/webhooks/{}", PROVIDERS[1].account);
    assert_eq!(status(post("/", vec![]).await), 404);
    assert_eq!(status(post("/webhooks/", vec![]).await), 404);
    assert_eq!(status(post("/webhooks/a/b", vec![]).await), 404);
    assert_eq!(status(post("/health", vec![]).await), 200);
    // Never a 4xx for an account that may be configured tomorrow.
    assert_eq!(status(post("/webhooks/nobody", vec![]).await), 503);
    let put = client.put(format!("http://{}{account}", house.side)).send().await;
    assert_eq!(status(put), 405);
    assert_eq!(status(post(account, vec![b'x'; 256 * 1024 + 1]).await), 413);
    assert_eq!(status(post(account, b"{}".to_vec()).await), 401);
    assert_eq!(status(client.get(format!("http://{}{account}", house.side)).send().await), 400);
    let mut limited = None;
    for _ in 0..10 {
        let answer = post(account, b"{}".to_vec()).await.expect("an answer");
        if answer.status().as_u16() == 503 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("the rate holds");
    assert!(limited.headers().contains_key("retry-after"));
    // Another account has a bucket of its own.
    assert_eq!(status(post(&format!("/webhooks/{}", PROVIDERS[4].account), b"{}".to_vec()).await), 403);
}
