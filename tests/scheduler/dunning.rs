//! What declines lead to: the ladder, another token, the customer, and the ceilings of a card.

use std::time::Duration;

use turnpike::domain::calendar::Cadence;
use turnpike::domain::dunning::{Ceilings, Ladder, RetryPolicy, WhenExhausted, Window};
use turnpike::domain::event::EventKind;
use turnpike::domain::occurrence::{OccurrenceStatus, TryEnd};
use turnpike::domain::outcome::RetryAdvice;
use turnpike::domain::payment::PaymentState;
use turnpike::domain::schedule::{Halt, Overlap, Schedule, ScheduleStatus};
use turnpike::engine::commands::{Steer, TermsChange};
use turnpike::engine::error::Error;
use turnpike::engine::gateway::Options as EngineOptions;
use turnpike::engine::{ROWS_MAX, RecurringOptions};

use super::house::*;
use super::support::*;
use super::{BBMSL, DAY, DINTERO};

/// Cards that BBMSL's simulator stores and declines whenever they are charged.
const SHORT_OF_FUNDS: &str = "4000000000009995";
const STOLEN: &str = "4000000000009979";

/// A schedule at BBMSL, whose simulator has cards that it stores and then declines.
async fn declining(
    house: &House,
    name: &str,
    card: &'static str,
    change: impl FnOnce(&mut TermsChange),
) -> Schedule {
    let token = house.card(Provider { card, ..BBMSL }, name).await;
    let first = house.today(&zone("Asia/Hong_Kong")).tomorrow().expect("in range");
    let mut terms = terms(BBMSL, token, Cadence::Months(1), first, "Asia/Hong_Kong");
    change(&mut terms);
    house.schedule(name, terms).await
}

fn ladder(days: &[u32]) -> RetryPolicy {
    let ladder = Ladder::new(days.iter().map(|days| DAY * *days).collect()).expect("a ladder");
    RetryPolicy { ladder: Some(ladder), when_exhausted: WhenExhausted::PastDue }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decline_climbs_the_ladder_on_local_days_and_another_card_ends_it() {
    let house = House::new().await;
    let schedule = declining(&house, "ladder", SHORT_OF_FUNDS, |terms| {
        terms.retries = Some(ladder(&[1, 3, 5, 7]));
    })
    .await;
    let first = schedule.progress.next.expect("a first one").date;
    house.forward(DAY * 5).await;
    let good = house.card(BBMSL, "good").await;
    let better = TermsChange { token: Some(good), ..TermsChange::default() };
    house.update("better-card", schedule.id, better).await;
    house.forward(DAY * 5).await;
    let taken = house.occurrences(schedule.id).await.remove(0);
    assert_eq!(taken.status, OccurrenceStatus::Paid, "{taken:?}");
    let hong_kong = zone("Asia/Hong_Kong");
    let days: Vec<_> =
        taken.tries.iter().map(|tried| (hong_kong.local(tried.at).date() - first).get_days()).collect();
    assert_eq!(days, [0, 1, 3, 5]);
    for tried in &taken.tries[..3] {
        assert!(matches!(tried.end, Some(TryEnd::Declined(_, RetryAdvice::Later))), "{tried:?}");
    }
    assert_eq!(taken.tries[3].end, Some(TryEnd::Paid));
    assert_eq!(house.charged(BBMSL, &taken).await, 1);
    assert_eq!(
        house.events(schedule.id).await,
        [
            "schedule.created",
            "occurrence.declined",
            "occurrence.declined",
            "occurrence.declined",
            "schedule.updated",
            "occurrence.paid"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ladder_that_ends_leaves_the_schedule_as_its_policy_says() {
    let house = House::new().await;
    let policies = [
        (WhenExhausted::PastDue, ScheduleStatus::PastDue, "schedule.past_due"),
        (WhenExhausted::Cancel, ScheduleStatus::Cancelled, "schedule.cancelled"),
        (WhenExhausted::Continue, ScheduleStatus::Active, "occurrence.failed"),
    ];
    let mut schedules = Vec::new();
    for (place, (policy, status, last)) in policies.into_iter().enumerate() {
        let schedule = declining(&house, &format!("ends-{place}"), SHORT_OF_FUNDS, |terms| {
            terms.retries = Some(RetryPolicy { when_exhausted: policy, ..ladder(&[1, 2]) });
        })
        .await;
        schedules.push((schedule.id, status, last));
    }
    house.forward(DAY * 10).await;
    for (id, status, last) in &schedules {
        let schedule = house.read(*id).await;
        assert_eq!(schedule.status, *status);
        let halted = (*status != ScheduleStatus::Active).then_some(Halt::RetriesExhausted);
        assert_eq!(schedule.halted, halted);
        let taken = house.occurrences(*id).await.remove(0);
        assert_eq!((taken.status, taken.tries.len()), (OccurrenceStatus::Failed, 3));
        assert_eq!(house.events(*id).await.last(), Some(last));
    }
    // A past-due schedule charges nothing, and on request what failed is tried once more.
    house.forward(DAY * 40).await;
    assert_eq!(house.statuses(schedules[0].0).await, ["failed"]);
    assert_eq!(house.statuses(schedules[1].0).await, ["failed"]);
    assert_eq!(house.statuses(schedules[2].0).await[0], "failed");
    assert!(house.statuses(schedules[2].0).await.len() > 1, "it goes on");
    let good = house.card(BBMSL, "good").await;
    let id = schedules[0].0;
    house.update("mended", id, TermsChange { token: Some(good), ..TermsChange::default() }).await;
    assert_eq!(house.read(id).await.status, ScheduleStatus::PastDue, "the ladder had ended, not the card");
    house.steer("resumed", id, Steer::Resume { retry_failed: true }).await.expect("resumes");
    house.forward(DAY).await;
    let taken = house.occurrences(id).await;
    assert_eq!(taken[0].status, OccurrenceStatus::Paid, "{taken:?}");
    assert_eq!(house.charged(BBMSL, &taken[0]).await, 1);
    let again = house.steer("resumed-2", schedules[1].0, Steer::Resume { retry_failed: true }).await;
    assert!(matches!(again, Err(Error::StateForbids { .. })), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_will_not_work_again_asks_for_another_and_goes_on_with_it() {
    let house = House::new().await;
    let schedule = declining(&house, "stolen", STOLEN, |_| {}).await;
    house.forward(DAY * 3).await;
    let taken = house.occurrences(schedule.id).await;
    assert_eq!(house.statuses(schedule.id).await, ["awaiting_token"], "{taken:?}");
    let stopped = house.read(schedule.id).await;
    assert_eq!((stopped.status, stopped.halted), (ScheduleStatus::PastDue, Some(Halt::TokenRequired)));
    let events = house.events(schedule.id).await;
    assert!(events.contains(&"schedule.token_required") && events.contains(&"schedule.past_due"));
    // Nothing is tried meanwhile, for however long.
    house.forward(DAY * 100).await;
    assert_eq!(house.occurrences(schedule.id).await[0].tries.len(), 1);
    let good = house.card(BBMSL, "good").await;
    let change = TermsChange { token: Some(good), ..TermsChange::default() };
    assert_eq!(house.update("other-card", schedule.id, change).await.status, ScheduleStatus::Active);
    house.forward(Duration::from_secs(60)).await;
    let taken = house.occurrences(schedule.id).await;
    assert_eq!(taken[0].status, OccurrenceStatus::Paid);
    assert_eq!(house.charged(BBMSL, &taken[0]).await, 1);
    // What fell due while nobody could charge was too long ago.
    let later: Vec<_> = taken[1..].iter().map(|taken| taken.status).collect();
    assert!(later.iter().all(|status| matches!(status, OccurrenceStatus::Skipped(_))), "{later:?}");
}

/// An amount for which BBMSL's simulator wants the customer to authenticate.
fn wants_the_customer() -> turnpike::domain::money::Money {
    let currency = money(BBMSL, 1).currency();
    turnpike::domain::money::Money::new(990_065, currency).expect("an amount")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_customer_is_wanted_a_link_goes_out_and_paying_there_ends_it() {
    let house = House::new().await;
    // A card that the simulator declines softly whenever the customer is not there.
    let token = house.card(Provider { card: "4100000000000076", ..DINTERO }, "customer").await;
    let first = house.today(&zone("Europe/Oslo")).tomorrow().expect("in range");
    let mut terms = terms(DINTERO, token, Cadence::Months(1), first, "Europe/Oslo");
    terms.return_url = Some(Some("https://shop.example/paid".to_owned()));
    let schedule = house.schedule("customer", terms).await;
    house.forward_to(schedule.progress.next.expect("a first one").due_at).await;
    let taken = house.occurrences(schedule.id).await.remove(0);
    assert_eq!(taken.status, OccurrenceStatus::AwaitingCustomer, "{taken:?}");
    let logged = house.gateway.events(&caller(), 0, ROWS_MAX).await.expect("listed");
    let asked = logged.iter().find(|logged| logged.event.kind == EventKind::CustomerRequired);
    let link = asked.and_then(|logged| logged.event.about.recurring()?.link.clone()).expect("a link");
    pay(&house.simulators, DINTERO, &link);
    house.forward(Duration::from_secs(3 * 3_600)).await;
    let taken = house.occurrences(schedule.id).await.remove(0);
    assert_eq!((taken.status, taken.tries.len()), (OccurrenceStatus::Paid, 2), "{taken:?}");
    let by_hand = house.gateway.payment(&caller(), taken.tries[1].payment).await.expect("the payment");
    assert!(by_hand.session.is_some() && by_hand.session == taken.session);
    assert_eq!(by_hand.state, PaymentState::Captured);
    assert_eq!(house.charged(DINTERO, &taken).await, 1);
    assert_eq!(house.read(schedule.id).await.status, ScheduleStatus::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_return_address_or_a_customer_who_comes_the_schedule_is_past_due() {
    let house = House::new().await;
    let no_address = declining(&house, "nowhere", BBMSL.card, |terms| {
        terms.money = Some(wants_the_customer());
    })
    .await;
    let nobody = declining(&house, "nobody", BBMSL.card, |terms| {
        terms.money = Some(wants_the_customer());
        terms.return_url = Some(Some("https://shop.example/paid".to_owned()));
    })
    .await;
    house.forward(DAY * 4).await;
    for schedule in [no_address, nobody] {
        let stopped = house.read(schedule.id).await;
        assert_eq!((stopped.status, stopped.halted), (ScheduleStatus::PastDue, Some(Halt::CustomerRequired)));
        assert_eq!(house.statuses(schedule.id).await, ["failed"]);
        assert!(house.events(schedule.id).await.contains(&"schedule.customer_required"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ceiling_of_a_card_holds_across_all_its_schedules() {
    let ceiling = Window { tries: 5, within: DAY * 30 };
    let ceilings = Ceilings { by_brand: Vec::new(), others: vec![ceiling] };
    let recurring = RecurringOptions { ceilings, ..RecurringOptions::default() };
    let house = House::with(EngineOptions { recurring, ..unhurried() }).await;
    let token = house.card(Provider { card: SHORT_OF_FUNDS, ..BBMSL }, "ceiling").await;
    let first = house.today(&zone("Asia/Hong_Kong")).tomorrow().expect("in range");
    let mut schedules = Vec::new();
    for place in 0..4 {
        let mut terms = terms(BBMSL, token, Cadence::Months(1), first, "Asia/Hong_Kong");
        terms.retries = Some(ladder(&[1, 2, 3, 4, 5, 6]));
        terms.overlap = Some(Overlap::Delay);
        schedules.push(house.schedule(&format!("ceiling-{place}"), terms).await.id);
    }
    house.forward(DAY * 45).await;
    let mut tried = Vec::new();
    for id in schedules {
        for taken in house.occurrences(id).await {
            tried.extend(taken.tries.iter().map(|tried| tried.at));
        }
    }
    tried.sort();
    assert!(tried.len() >= 5, "the card was tried: {tried:?}");
    for (place, at) in tried.iter().enumerate() {
        let since = at.checked_sub(DAY * 30).expect("in range");
        let within = tried[..=place].iter().filter(|tried| **tried > since).count();
        assert!(within <= 5, "{within} tries within thirty days: {tried:?}");
    }
    assert!(tried.len() > 5, "and again once the window had moved on: {tried:?}");
}
