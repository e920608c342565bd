//! The log of events over gRPC: what a payment's life tells, in which order, and the stream that follows it.

#![cfg(feature = "simulator")]

#[path = "support/served.rs"]
mod served;
mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use served::*;
use support::PROVIDERS;
use tonic::{Code, Streaming};
use turnpike::rpc::proto::{self as pb, event::Payload};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(20);

async fn log(clients: &mut Clients) -> Vec<pb::Event> {
    let (mut log, mut after) = (Vec::new(), String::new());
    loop {
        let wish = pb::ListEventsRequest { after, page_size: 3, ..Default::default() };
        let page = clients.events.list_events(wish).await.expect("a page").into_inner();
        log.extend(page.events);
        if !page.has_more {
            return log;
        }
        after = page.next_cursor;
    }
}

fn types(events: &[pb::Event]) -> Vec<&str> {
    events.iter().map(|event| event.r#type.as_str()).collect()
}

async fn refund(clients: &mut Clients, name: &str, payment_id: &str, amount: Option<pb::Money>) {
    let wish = pb::RefundPaymentRequest {
        request_id: name.to_owned(),
        payment_id: payment_id.to_owned(),
        amount,
        ..Default::default()
    };
    clients.payments.refund_payment(wish).await.expect("refunded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_s_life_is_told_in_its_order_with_everything_as_it_was() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let token = saved_card(&mut clients, provider).await;
    let saved = log(&mut clients).await;
    assert_eq!(
        types(&saved),
        [
            "payment.requires_action",
            "session.opened",
            "token.created",
            "payment.captured",
            "session.completed",
        ]
    );
    let Some(Payload::Session(opened)) = &saved[1].payload else { panic!("{saved:?}") };
    let opened = opened.session.as_ref().expect("a session");
    assert_eq!((opened.status(), opened.token_ids.len()), (pb::SessionStatus::Open, 0));
    assert!(opened.next_action.is_some(), "as it was then");
    let Some(Payload::Session(done)) = &saved[4].payload else { panic!("{saved:?}") };
    let done = done.session.as_ref().expect("a session");
    assert_eq!((done.status(), &done.token_ids), (pb::SessionStatus::Completed, &vec![token.id.clone()]));
    let Some(Payload::Token(created)) = &saved[2].payload else { panic!("{saved:?}") };
    let created = created.token.as_ref().expect("a token");
    assert_eq!((&created.id, &created.card), (&token.id, &token.card));

    let charged = clients.payments.charge_token(charge(provider, "life", &token.id)).await.expect("charged");
    let id = charged.into_inner().payment.expect("a payment").id;
    refund(&mut clients, "some", &id, money(provider, 900)).await;
    refund(&mut clients, "rest", &id, None).await;
    clients
        .tokens
        .delete_token(pb::DeleteTokenRequest { request_id: "gone".to_owned(), token_id: token.id.clone() })
        .await
        .expect("deleted");
    let all = log(&mut clients).await;
    let life = &all[saved.len()..];
    assert_eq!(
        types(life),
        [
            "payment.captured",
            "refund.succeeded",
            "payment.partially_refunded",
            "refund.succeeded",
            "payment.refunded",
            "token.deleted",
        ]
    );
    let Some(Payload::Payment(first)) = &life[1].payload else { panic!("{life:?}") };
    let then = first.payment.as_ref().expect("a payment");
    assert!(first.operation_id.starts_with("ref_") && then.refunds.len() == 1, "{then:?}");
    assert_eq!(then.state(), pb::PaymentState::PartiallyRefunded);
    // What opens a deleted card is not left behind in the log; the last event tells the payment as it is.
    let now = clients.payments.get_payment(get(&id)).await.expect("there").into_inner().payment;
    let Some(Payload::Payment(last)) = &life[4].payload else { panic!("{life:?}") };
    assert_eq!(last.payment, now);
    let ids: BTreeSet<&str> = all.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), all.len());
    assert!(log(&mut house.clients(Some(STRANGER))).await.is_empty());
}

async fn stream(clients: &mut Clients, wish: pb::StreamEventsRequest) -> Streaming<pb::StreamEventsResponse> {
    clients.events.stream_events(wish).await.expect("a stream").into_inner()
}

/// The next message, which has to come.
async fn next(stream: &mut Streaming<pb::StreamEventsResponse>) -> pb::StreamEventsResponse {
    let message = tokio::time::timeout(PATIENCE, stream.message()).await.expect("in time");
    message.expect("no error").expect("no end")
}

async fn next_events(stream: &mut Streaming<pb::StreamEventsResponse>, count: usize) -> Vec<pb::Event> {
    let mut events = Vec::new();
    while events.len() < count {
        events.extend(next(stream).await.event);
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_catches_up_follows_and_goes_on_where_it_was_left() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let token = saved_card(&mut clients, provider).await;
    let past = log(&mut clients).await;

    let mut whole = stream(&mut clients, pb::StreamEventsRequest::default()).await;
    let mut only_new =
        stream(&mut clients, pb::StreamEventsRequest { only_new: true, ..Default::default() }).await;
    let begun = next(&mut only_new).await;
    assert_eq!((begun.event, &begun.cursor), (None, &past.last().expect("events").cursor), "where it begins");
    let wish = pb::StreamEventsRequest {
        types: vec!["refund.*".to_owned(), "token.created".to_owned()],
        ..Default::default()
    };
    let mut some = stream(&mut clients, wish).await;
    assert_eq!(next_events(&mut whole, past.len()).await, past);
    assert_eq!(types(&next_events(&mut some, 1).await), ["token.created"]);

    let charged = clients.payments.charge_token(charge(provider, "live", &token.id)).await.expect("charged");
    let id = charged.into_inner().payment.expect("a payment").id;
    refund(&mut clients, "back", &id, None).await;
    let fresh = log(&mut clients).await[past.len()..].to_vec();
    assert_eq!(next_events(&mut whole, fresh.len()).await, fresh);
    assert_eq!(next_events(&mut only_new, fresh.len()).await, fresh);
    assert_eq!(types(&next_events(&mut some, 1).await), ["refund.succeeded"]);

    // Left anywhere, and gone on from there: nothing is missed and nothing repeated.
    let all = log(&mut clients).await;
    for place in 0..all.len() {
        let after = all[place].cursor.clone();
        let mut rest = stream(&mut clients, pb::StreamEventsRequest { after, ..Default::default() }).await;
        assert_eq!(next_events(&mut rest, all.len() - place - 1).await, all[place + 1..]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_news_says_that_it_is_alive_and_where_it_is() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    saved_card(&mut clients, PROVIDERS[0]).await;
    let last = log(&mut clients).await.last().expect("events").cursor.clone();
    let wish = pb::StreamEventsRequest { types: vec!["void.*".to_owned()], ..Default::default() };
    let mut stream = stream(&mut clients, wish).await;
    let sign = tokio::time::timeout(Duration::from_secs(40), stream.message()).await.expect("a sign of life");
    let sign = sign.expect("no error").expect("no end");
    assert_eq!((sign.event, sign.cursor), (None, last));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_does_not_read_holds_nobody_up() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let token = saved_card(&mut clients, provider).await;
    // It takes nothing; what it has not taken waits in the log and not in memory.
    let mut asleep = stream(&mut clients, pb::StreamEventsRequest::default()).await;
    let mut awake = stream(&mut clients, pb::StreamEventsRequest::default()).await;
    let before = log(&mut clients).await.len();
    next_events(&mut awake, before).await;
    for number in 0..40 {
        let mut wish = charge(provider, &format!("busy-{number}"), &token.id);
        wish.money = money(provider, 1_000 + number);
        clients.payments.charge_token(wish).await.expect("charged");
        next_events(&mut awake, 1).await;
    }
    let all = log(&mut clients).await;
    assert_eq!(next_events(&mut asleep, all.len()).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_stream_is_told() {
    let mut house = house_with(true, |config| config.limits.streams_max = 1).await;
    let mut clients = house.clients(Some(KEY));
    let wrong = |after: &str, types: &[&str], only_new| pb::StreamEventsRequest {
        after: after.to_owned(),
        types: types.iter().map(|word| (*word).to_owned()).collect(),
        only_new,
    };
    let after = pb::ListEventsRequest::default();
    let cursor = clients.events.list_events(after).await.expect("a page").into_inner().next_cursor;
    for (wish, field) in [
        (wrong("made-up", &[], false), "after"),
        (wrong(&cursor, &[], true), "after"),
        (wrong("", &["payment.*", "payment.payed"], false), "types[1]"),
        (wrong("", &["*"], false), "types[0]"),
    ] {
        let status = clients.events.stream_events(wish).await.expect_err(field);
        assert_eq!(fields(&status), BTreeSet::from([field.to_owned()]));
    }
    let mut only = stream(&mut clients, pb::StreamEventsRequest::default()).await;
    let status = clients.events.stream_events(pb::StreamEventsRequest::default()).await.expect_err("one");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "OVERLOADED"));
    // When the gateway goes down, its streams say so.
    house.stop.take().expect("running").send(()).expect("it listens");
    let status = tokio::time::timeout(PATIENCE, only.message()).await.expect("in time").expect_err("an end");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "DRAINING"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_disagrees_is_listed_until_it_is_settled() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let token = saved_card(&mut clients, provider).await;
    let all = pb::ListDifferencesRequest::default();
    let none = clients.payments.list_differences(all.clone()).await.expect("a list").into_inner();
    assert!(none.differences.is_empty() && none.next_page_token.is_empty());
    let fault = pb::FaultScenario {
        kind: pb::FaultKind::WrongAmount.into(),
        account: provider.account.to_owned(),
        times: 1,
        ..Default::default()
    };
    let scenario = Some(pb::arrange_scenario_request::Scenario::Fault(fault));
    clients.sandbox.arrange_scenario(pb::ArrangeScenarioRequest { scenario }).await.expect("arranged");
    let charged = clients.payments.charge_token(charge(provider, "wrong", &token.id)).await.expect("charged");
    let payment = charged.into_inner().payment.expect("a payment");
    assert_eq!(payment.state(), pb::PaymentState::Quarantined);
    let told = clients.payments.list_differences(all.clone()).await.expect("a list").into_inner();
    let [difference] = told.differences.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (difference.kind(), &difference.payment_id, difference.account.as_str(), difference.state()),
        (pb::DifferenceKind::Mismatch, &payment.id, provider.account, pb::PaymentState::Quarantined)
    );
    assert!(difference.summary.contains("amount") && difference.since.is_some() && difference.age.is_some());
    let old = pb::ListDifferencesRequest {
        min_age: Some(prost_types::Duration { seconds: 3_600, nanos: 0 }),
        ..all.clone()
    };
    let told = clients.payments.list_differences(old).await.expect("a list").into_inner();
    assert!(told.differences.is_empty(), "it is not that old");
    assert!(
        house
            .clients(Some(STRANGER))
            .payments
            .list_differences(all.clone())
            .await
            .expect("a list")
            .into_inner()
            .differences
            .is_empty()
    );

    // Asked now, the provider says what it took, and nothing disagrees any more.
    let resolve = pb::ResolvePaymentRequest { payment_id: payment.id.clone() };
    let resolved = clients.payments.resolve_payment(resolve).await.expect("asked").into_inner();
    assert_eq!(resolved.payment.expect("a payment").state(), pb::PaymentState::Captured);
    let told = clients.payments.list_differences(all).await.expect("a list").into_inner();
    assert!(told.differences.is_empty(), "{told:?}");
}
