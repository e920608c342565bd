//! Schedules over simulated time, at the real providers' simulators, over real HTTP and a real store:
//! every occurrence once, on its local day, through months that are short, clocks that change, and
//! whatever else happens in a year.

#![cfg(feature = "simulator")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::civil::{self, date};
use jiff::{SignedDuration, Timestamp};
use support::*;
use turnpike::app::development::MERCHANT;
use turnpike::domain::calendar::{Cadence, Zone};
use turnpike::domain::dunning::{Ceilings, Ladder, RetryPolicy, WhenExhausted, Window};
use turnpike::domain::event::EventKind;
use turnpike::domain::ids::{AccountName, MerchantName, ScheduleId, TokenId};
use turnpike::domain::occurrence::{Occurrence, OccurrenceStatus, SkipReason, TryEnd};
use turnpike::domain::order::Customer;
use turnpike::domain::outcome::RetryAdvice;
use turnpike::domain::payment::PaymentState;
use turnpike::domain::schedule::{End, Halt, Overlap, Schedule, ScheduleStatus, Trial, TrialLength};
use turnpike::engine::clock::Forward;
use turnpike::engine::commands::{
    ScheduleRecurring, SkipOccurrence, Steer, SteerSchedule, TermsChange, UpdateSchedule,
};
use turnpike::engine::error::Error;
use turnpike::engine::gateway::{Gateway, Options as EngineOptions};
use turnpike::engine::{FollowUpPlan, OccurrenceFilter, ROWS_MAX, RecurringOptions};
use turnpike::journal::seam::Journal;
use turnpike::providers::contract::Reply;
use turnpike::simulator::Simulators;
use turnpike::simulator::faults::{Fault, Kind};
use turnpike::world::{Errand, Network, NoReply, World};

const DINTERO: Provider = PROVIDERS[0];
const BBMSL: Provider = PROVIDERS[4];
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Cards that BBMSL's simulator stores and declines whenever they are charged.
const SHORT_OF_FUNDS: &str = "4000000000009995";
const STOLEN: &str = "4000000000009979";

/// A gateway that charges schedules, in front of simulators.
struct House {
    gateway: Gateway,
    journal: Arc<dyn Journal>,
    simulators: Arc<Simulators>,
    directory: std::path::PathBuf,
    _held: Arc<tempfile::TempDir>,
}

fn unhurried() -> EngineOptions {
    let follow_up = FollowUpPlan {
        first: Duration::from_secs(60),
        longest: Duration::from_secs(6 * 3_600),
        unhurried: Duration::from_secs(3_600),
    };
    EngineOptions { follow_up, ..options() }
}

impl House {
    async fn new() -> Self {
        Self::with(unhurried()).await
    }

    async fn with(options: EngineOptions) -> Self {
        let (held, directory) = directory();
        let simulators = Arc::new(simulators().await);
        let (gateway, journal) = Self::open(&directory, &simulators, options).await;
        Self { gateway, journal, simulators, directory, _held: Arc::new(held) }
    }

    /// A gateway over the store in the house, as after a start.
    async fn open(
        directory: &std::path::Path,
        simulators: &Simulators,
        options: EngineOptions,
    ) -> (Gateway, Arc<dyn Journal>) {
        let (accounts, network) = outside(configuration(simulators, directory));
        let network = network.with_clocks([clock_of(MERCHANT, simulators)].into());
        let journal: Arc<dyn Journal> = Arc::new(store(directory));
        let gateway = engine_with(journal.clone(), Arc::new(network), accounts, options).await;
        tokio::spawn(gateway.clone().schedule_forever());
        (gateway, journal)
    }

    fn now(&self) -> Timestamp {
        self.gateway.now_of(&caller().merchant)
    }

    fn today(&self, zone: &Zone) -> civil::Date {
        zone.local(self.now()).date()
    }

    async fn forward(&self, by: Duration) {
        let moved = self.gateway.advance_clock(&caller().merchant, Forward::By(by)).await;
        moved.unwrap_or_else(|error| panic!("{error:?}"));
    }

    async fn forward_to(&self, to: Timestamp) {
        let moved = self.gateway.advance_clock(&caller().merchant, Forward::To(to)).await;
        moved.unwrap_or_else(|error| panic!("{error:?}"));
    }

    async fn card(&self, provider: Provider, name: &str) -> TokenId {
        let teller = Teller { gateway: &self.gateway, provider, prefix: format!("{}-{name}", provider.name) };
        teller.save_card(&self.simulators).await
    }

    async fn schedule(&self, name: &str, terms: TermsChange) -> Schedule {
        *self.try_schedule(name, terms).await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    async fn try_schedule(&self, name: &str, terms: TermsChange) -> Result<Box<Schedule>, Error> {
        let customer = Customer {
            id: Some("customer-1".to_owned()),
            email: Some("customer@example.test".to_owned()),
            ..Customer::default()
        };
        let wish = ScheduleRecurring {
            terms,
            customer,
            billing: None,
            first_payment: None,
            options: Default::default(),
        };
        let asked = ask(&format!("schedule-{name}"), wish);
        Ok(self.gateway.schedule_recurring(&caller(), asked, None).await?.value)
    }

    async fn read(&self, id: ScheduleId) -> Schedule {
        *self.gateway.schedule(&caller(), id).await.expect("the schedule is there")
    }

    /// What was taken, oldest first.
    async fn occurrences(&self, schedule: ScheduleId) -> Vec<Occurrence> {
        let filter = OccurrenceFilter { schedule, open: false, before: None, limit: ROWS_MAX };
        let mut taken = self.gateway.occurrences(&caller(), filter).await.expect("they are listed");
        taken.reverse();
        taken
    }

    async fn statuses(&self, schedule: ScheduleId) -> Vec<&'static str> {
        self.occurrences(schedule).await.iter().map(|taken| taken.status.word()).collect()
    }

    /// What became true of a schedule, oldest first.
    async fn events(&self, schedule: ScheduleId) -> Vec<&'static str> {
        let mut kinds = Vec::new();
        let mut after = 0;
        loop {
            let read = self.gateway.events(&caller(), after, ROWS_MAX).await.expect("they are listed");
            let Some(last) = read.last() else { return kinds };
            after = last.sequence;
            let own = read.iter().filter(|logged| logged.event.schedule == schedule);
            kinds.extend(own.map(|logged| logged.event.kind.word()));
        }
    }

    async fn steer(&self, name: &str, schedule: ScheduleId, how: Steer) -> Result<Schedule, Error> {
        let wish = SteerSchedule { schedule, etag: None, how };
        let steered = self.gateway.steer_schedule(&caller(), ask(name, wish), None).await?;
        Ok(*steered.value)
    }

    async fn update(&self, name: &str, schedule: ScheduleId, change: TermsChange) -> Schedule {
        let etag = self.read(schedule).await.etag();
        let wish = UpdateSchedule { schedule, etag, change };
        let updated = self.gateway.update_schedule(&caller(), ask(name, wish), None).await;
        *updated.unwrap_or_else(|error| panic!("{name}: {error:?}")).value
    }

    /// How often the simulator took money for the tries of an occurrence.
    async fn charged(&self, provider: Provider, occurrence: &Occurrence) -> usize {
        let simulator = self.simulators.of(provider.name).expect("simulated");
        let mut successes = 0;
        for tried in &occurrence.tries {
            let payment = self.gateway.payment(&caller(), tried.payment).await.expect("the payment");
            successes += simulator.payment(&payment.reference).successes as usize;
        }
        successes
    }
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("a zone")
}

fn terms(
    provider: Provider,
    token: TokenId,
    cadence: Cadence,
    first: civil::Date,
    place: &str,
) -> TermsChange {
    TermsChange {
        token: Some(token),
        money: Some(money(provider, 9_900)),
        merchant_reference: Some(format!("abo-{}", provider.name)),
        cadence: Some(cadence),
        first_date: Some(first),
        zone: Some(zone(place)),
        ..TermsChange::default()
    }
}

/// 10 December before the next leap year that leaves time to begin on 31 December.
fn before_a_leap_year(now: Timestamp) -> civil::Date {
    let today = zone("UTC").local(now).date();
    let year =
        (today.year()..).find(|year| date(*year + 1, 1, 1).in_leap_year() && date(*year, 12, 10) > today);
    date(year.expect("leap years come again"), 12, 10)
}

/// The last days of 15 months from a December on, by counting.
fn month_ends(year: i16) -> Vec<civil::Date> {
    let months = std::iter::once((year, 12)).chain((1..=12).map(|month| (year + 1, month)));
    let months = months.chain((1..=2).map(|month| (year + 2, month)));
    let days = |year: i16, month: i8| match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    months.map(|(year, month)| date(year, month, days(year, month))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_of_months_at_every_provider_each_charged_once_on_its_local_day() {
    let house = House::new().await;
    let places = ["Europe/Oslo", "Europe/Berlin", "Africa/Cairo", "Asia/Jakarta", "Asia/Hong_Kong"];
    let begin = before_a_leap_year(house.now());
    house.forward_to(zone("UTC").instant(begin, civil::time(0, 0, 0, 0)).expect("a time")).await;
    let first = date(begin.year(), 12, 31);
    let mut schedules = Vec::new();
    for (provider, place) in PROVIDERS.iter().zip(places) {
        let token = house.card(*provider, "year").await;
        let mut terms = terms(*provider, token, Cadence::Months(1), first, place);
        terms.end = Some(End::Count(15));
        // One hour after midnight is the day before in UTC, east of Greenwich.
        terms.time = Some(civil::time(1, 0, 0, 0));
        schedules.push((*provider, place, house.schedule(provider.name, terms).await.id));
    }
    house.forward(DAY * 450).await;
    for (provider, place, id) in schedules {
        let occurrences = house.occurrences(id).await;
        let dates: Vec<_> = occurrences.iter().map(|taken| taken.date).collect();
        assert_eq!(dates, month_ends(begin.year()), "{}", provider.name);
        for (number, taken) in (1..).zip(&occurrences) {
            assert_eq!((taken.number, taken.status), (number, OccurrenceStatus::Paid), "{}", provider.name);
            assert_eq!(house.charged(provider, taken).await, 1, "{}: {number}", provider.name);
            let paid = house.gateway.payment(&caller(), taken.tries[0].payment).await.expect("paid");
            assert_eq!(zone(place).local(paid.created_at).date(), taken.date, "{}", provider.name);
            assert_eq!(
                paid.occurrence.map(|tried| (tried.schedule, tried.number, tried.attempt)),
                Some((id, number, 1))
            );
        }
        assert_eq!(house.read(id).await.status, ScheduleStatus::Completed, "{}", provider.name);
        let events = house.events(id).await;
        assert_eq!(events.iter().filter(|kind| **kind == "occurrence.paid").count(), 15, "{}", provider.name);
        assert_eq!(events.last(), Some(&"schedule.completed"), "{}", provider.name);
        let simulator = house.simulators.of(provider.name).expect("simulated");
        assert!(simulator.double_charges().is_empty(), "{}", provider.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_on_which_the_clocks_change_are_charged_once_too() {
    let house = House::new().await;
    let oslo = zone("Europe/Oslo");
    let token = house.card(DINTERO, "clocks").await;
    let first = house.today(&oslo).tomorrow().expect("in range");
    let mut terms = terms(DINTERO, token, Cadence::Days(1), first, "Europe/Oslo");
    // 02:30 does not exist on one Sunday in March and exists twice on one in October.
    terms.time = Some(civil::time(2, 30, 0, 0));
    let id = house.schedule("clocks", terms).await.id;
    house.forward(DAY * 366).await;
    let occurrences = house.occurrences(id).await;
    let mut expected = first;
    let (mut skipped, mut folded) = (0, 0);
    for taken in &occurrences {
        assert_eq!((taken.date, taken.status), (expected, OccurrenceStatus::Paid));
        assert_eq!(house.charged(DINTERO, taken).await, 1);
        let local = oslo.local(taken.at);
        if local.time() == civil::time(3, 0, 0, 0) {
            skipped += 1;
        } else {
            assert_eq!(local.time(), civil::time(2, 30, 0, 0));
            let hour_later = taken.at.checked_add(SignedDuration::from_hours(1)).expect("in range");
            folded += usize::from(oslo.local(hour_later) == local);
        }
        expected = expected.tomorrow().expect("in range");
    }
    assert!((365..=366).contains(&occurrences.len()), "{}", occurrences.len());
    assert_eq!((skipped, folded), (1, 1), "both changes were lived through");
}

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
    let link = asked.and_then(|logged| logged.event.link.clone()).expect("a link");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_of_unknown_outcome_holds_its_occurrence_and_the_next_one_waits() {
    let house = House::new().await;
    let token = house.card(DINTERO, "held").await;
    let first = house.today(&zone("Europe/Oslo")).tomorrow().expect("in range");
    let schedule =
        house.schedule("held", terms(DINTERO, token, Cadence::Days(1), first, "Europe/Oslo")).await;
    let simulator = house.simulators.of("dintero").expect("simulated");
    // The answer to the charge is lost, and nobody can be asked for three days.
    let deaf = Fault { times: 10_000, ..Fault::new(Kind::Error5xx) };
    simulator.arrange(Fault { times: 1, ..Fault::new(Kind::DropAfter) }).expect("arranged");
    simulator.arrange(deaf).expect("arranged");
    house.forward(DAY * 3).await;
    let taken = house.occurrences(schedule.id).await;
    assert_eq!(taken.len(), 1, "the next one waits: {taken:?}");
    simulator.clear_faults();
    house.forward(DAY * 2).await;
    let taken = house.occurrences(schedule.id).await;
    assert_eq!(taken[0].status, OccurrenceStatus::Paid, "{taken:?}");
    for occurrence in &taken {
        let expected = usize::from(occurrence.status == OccurrenceStatus::Paid);
        assert_eq!(house.charged(DINTERO, occurrence).await, expected, "{occurrence:?}");
    }
    assert!(simulator.double_charges().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_of_downtime_is_caught_up_with_as_the_window_says() {
    let house = House::new().await;
    let token = house.card(DINTERO, "down").await;
    let first = house.today(&zone("Europe/Oslo")).tomorrow().expect("in range");
    let mut terms = terms(DINTERO, token, Cadence::Days(1), first, "Europe/Oslo");
    terms.catch_up = Some(DAY * 2);
    let id = house.schedule("down", terms).await.id;
    let House { gateway, journal, simulators, directory, _held } = house;
    // It goes down, a week passes, and it comes up again over the same store.
    gateway.drain();
    gateway.idle().await;
    journal.close().await;
    drop((gateway, journal));
    clock_of(MERCHANT, &simulators).1.advance(DAY * 8);
    let (gateway, journal) = House::open(&directory, &simulators, unhurried()).await;
    let house = House { gateway, journal, simulators, directory, _held };
    house.forward(Duration::from_secs(60)).await;
    let taken = house.occurrences(id).await;
    let missed = taken.iter().filter(|taken| taken.status == OccurrenceStatus::Skipped(SkipReason::Missed));
    let (missed, paid) =
        (missed.count(), taken.iter().filter(|taken| taken.status == OccurrenceStatus::Paid).count());
    assert_eq!(missed + paid, taken.len(), "{taken:?}");
    assert!((5..=6).contains(&missed) && (2..=3).contains(&paid), "{missed} missed, {paid} paid");
    assert_eq!(house.events(id).await.iter().filter(|kind| **kind == "occurrence.skipped").count(), missed);
    for occurrence in &taken {
        let expected = usize::from(occurrence.status == OccurrenceStatus::Paid);
        assert_eq!(house.charged(DINTERO, occurrence).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_never_shift_through_edits_pauses_skips_and_trials() {
    let house = House::new().await;
    let token = house.card(DINTERO, "edits").await;
    let oslo = zone("Europe/Oslo");
    let first = house.today(&oslo).tomorrow().expect("in range");
    let mut terms = terms(DINTERO, token, Cadence::Days(1), first, "Europe/Oslo");
    terms.trial = Some(Some(Trial { length: TrialLength::Occurrences(2), money: None }));
    let id = house.schedule("edits", terms).await.id;
    let skip = ask("skip-3", SkipOccurrence { schedule: id, number: 3 });
    house.gateway.skip_occurrence(&caller(), skip, None).await.expect("skips");
    house.forward(DAY * 4).await;
    // Weekly from now on: the next one stays on its day.
    let next = house.read(id).await.progress.next.expect("a next one");
    let weekly = TermsChange {
        cadence: Some(Cadence::Weeks(1)),
        money: Some(money(DINTERO, 5_000)),
        ..TermsChange::default()
    };
    let updated = house.update("weekly", id, weekly).await;
    assert_eq!(updated.progress.next, Some(next));
    house.forward(DAY * 8).await;
    house.steer("pause", id, Steer::Pause).await.expect("pauses");
    house.forward(DAY * 15).await;
    house.steer("resume", id, Steer::Resume { retry_failed: false }).await.expect("resumes");
    house.forward(DAY * 8).await;
    house.steer("cancel", id, Steer::Cancel).await.expect("cancels");
    house.forward(DAY * 30).await;
    let taken = house.occurrences(id).await;
    let numbers: Vec<u32> = taken.iter().map(|taken| taken.number).collect();
    assert_eq!(numbers, (1..=u32::try_from(taken.len()).expect("few")).collect::<Vec<_>>());
    let words: Vec<_> = taken.iter().map(|taken| taken.status.word()).collect();
    assert_eq!(words[..3], ["free", "free", "skipped_requested"]);
    assert!(words.contains(&"skipped_paused") && words.last() == Some(&"paid"), "{words:?}");
    let paid: Vec<_> = taken.iter().filter(|taken| taken.status == OccurrenceStatus::Paid).collect();
    let amounts: Vec<_> = paid.iter().map(|taken| taken.money.expect("it cost something").minor()).collect();
    assert_eq!(amounts[0], 9_900);
    assert!(amounts[1..].iter().all(|minor| *minor == 5_000), "{amounts:?}");
    let weekly = paid.windows(2).skip(1).all(|pair| (pair[1].date - pair[0].date).get_days() % 7 == 0);
    assert!(weekly, "{paid:?}");
    for occurrence in &taken {
        let expected = usize::from(occurrence.status == OccurrenceStatus::Paid);
        assert_eq!(house.charged(DINTERO, occurrence).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cancelled_or_paused_while_it_waits_its_turn_is_not_charged() {
    let (held, directory) = directory();
    let simulators = Arc::new(simulators().await);
    let mut config = configuration(&simulators, &directory);
    for account in &mut config.accounts {
        account.rules.recurring_per_second = 2;
    }
    let (accounts, network) = outside(config);
    let journal: Arc<dyn Journal> = Arc::new(store(&directory));
    let gateway = engine_with(journal.clone(), Arc::new(network), accounts, options()).await;
    let house = House { gateway, journal, simulators, directory, _held: Arc::new(held) };
    let token = house.card(DINTERO, "turns").await;
    let today = house.today(&zone("UTC"));
    let mut schedules = Vec::new();
    for place in 0..12 {
        let mut terms = terms(DINTERO, token, Cadence::Months(1), today, "UTC");
        terms.time = Some(civil::time(0, 0, 0, 0));
        schedules.push(house.schedule(&format!("turn-{place}"), terms).await.id);
    }
    // All are taken at once, and two a second get their turn.
    tokio::spawn(house.gateway.clone().schedule_forever());
    while house.statuses(schedules[0]).await != ["paid"] {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (place, id) in schedules.iter().enumerate() {
        let how = if place % 2 == 0 { Steer::Cancel } else { Steer::Pause };
        house.steer(&format!("stop-{place}"), *id, how).await.expect("stops");
    }
    // Those that were taken already have their turn, and find themselves stopped.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    for id in &schedules {
        while house.statuses(*id).await == ["due"] || house.statuses(*id).await == ["charging"] {
            assert!(tokio::time::Instant::now() < deadline, "{:?}", house.occurrences(*id).await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let (mut paid, mut left) = (0, 0);
    for id in &schedules {
        for taken in house.occurrences(*id).await {
            match taken.status {
                OccurrenceStatus::Paid => paid += 1,
                OccurrenceStatus::Skipped(SkipReason::Cancelled) | OccurrenceStatus::Retrying => {
                    assert_eq!((taken.next_at, house.charged(DINTERO, &taken).await), (None, 0));
                    left += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(left >= 8 && paid + left == 12, "{paid} paid, {left} left out or held back");
    let ledger = house.simulators.of("dintero").expect("simulated").ledger(None);
    let scheduled = ledger.iter().filter(|line| line.amount_minor == 9_900 && !line.declined);
    let scheduled: BTreeSet<&String> = scheduled.map(|line| &line.reference).collect();
    assert_eq!(scheduled.len(), paid, "nothing else was charged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_expires_is_announced_a_month_before() {
    let house = House::new().await;
    let token = house.card(DINTERO, "expires").await;
    let first = house.today(&zone("Europe/Oslo")).tomorrow().expect("in range");
    let id =
        house.schedule("expires", terms(DINTERO, token, Cadence::Years(1), first, "Europe/Oslo")).await.id;
    // The test cards are good until December 2035.
    let before = zone("Europe/Oslo").instant(date(2035, 11, 30), civil::time(8, 59, 0, 0)).expect("a time");
    house.forward_to(before).await;
    assert!(!house.events(id).await.contains(&"schedule.card_expiring"));
    house.forward(Duration::from_secs(120)).await;
    assert!(house.events(id).await.contains(&"schedule.card_expiring"));
    house.forward(DAY * 10).await;
    let told = house.events(id).await.into_iter().filter(|kind| *kind == "schedule.card_expiring").count();
    assert_eq!(told, 1);
}

/// A network whose clock can be set to any time, also backwards.
struct Unsteady {
    network: Network,
    offset_ms: AtomicI64,
}

impl World for Unsteady {
    fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_ms.load(Ordering::SeqCst));
        self.network.now().checked_add(offset).expect("in range")
    }

    fn now_of(&self, _: &MerchantName) -> Timestamp {
        self.now()
    }

    fn entropy(&self) -> [u8; 32] {
        self.network.entropy()
    }

    fn sleep(&self, how_long: Duration) -> BoxFuture<'_, ()> {
        // Nobody who tests waits a minute to be woken.
        self.network.sleep(how_long.min(Duration::from_millis(20)))
    }

    fn exchange<'a>(
        &'a self,
        account: &'a AccountName,
        errand: Errand,
    ) -> BoxFuture<'a, Result<Reply, NoReply>> {
        self.network.exchange(account, errand)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_jump_back_and_forth_charge_nothing_twice_and_lose_nothing() {
    let (held, directory) = directory();
    let simulators = Arc::new(simulators().await);
    let (accounts, network) = outside(configuration(&simulators, &directory));
    let world = Arc::new(Unsteady { network, offset_ms: AtomicI64::new(0) });
    let journal: Arc<dyn Journal> = Arc::new(store(&directory));
    let gateway = engine_with(journal.clone(), world.clone(), accounts, options()).await;
    tokio::spawn(gateway.clone().schedule_forever());
    let house = House { gateway, journal, simulators, directory, _held: Arc::new(held) };
    let token = house.card(DINTERO, "jumps").await;
    let first = house.today(&zone("UTC")).tomorrow().expect("in range");
    let mut terms = terms(DINTERO, token, Cadence::Days(1), first, "UTC");
    terms.time = Some(civil::time(0, 0, 0, 0));
    terms.end = Some(End::Count(3));
    let id = house.schedule("jumps", terms).await.id;
    let start = zone("UTC").instant(first, civil::time(0, 0, 0, 0)).expect("a time");
    // Past the first, back behind it by hours, past two at once, back again, and on.
    for hours in [1, -6, 2, 25, 20, -3, 50, 49, 60] {
        let aim = start.checked_add(SignedDuration::from_hours(hours)).expect("in range");
        let ahead = aim.duration_since(world.network.now());
        world.offset_ms.store(i64::try_from(ahead.as_millis()).expect("in range"), Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while house.read(id).await.status != ScheduleStatus::Completed {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", house.occurrences(id).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let taken = house.occurrences(id).await;
    assert_eq!(taken.len(), 3);
    for occurrence in &taken {
        assert_eq!(occurrence.status, OccurrenceStatus::Paid);
        assert_eq!(house.charged(DINTERO, occurrence).await, 1);
    }
    assert!(house.simulators.of("dintero").expect("simulated").double_charges().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_refused_with_its_field_before_anything_is_written() {
    let house = House::new().await;
    let token = house.card(DINTERO, "refused").await;
    let oslo = zone("Europe/Oslo");
    let tomorrow = house.today(&oslo).tomorrow().expect("in range");
    let fine = || terms(DINTERO, token, Cadence::Months(1), tomorrow, "Europe/Oslo");
    let yesterday = house.today(&oslo).yesterday().expect("in range");
    let trial_in_another = Trial { length: TrialLength::Occurrences(1), money: Some(money(BBMSL, 100)) };
    let cases: Vec<(&str, TermsChange)> = vec![
        ("terms.first_date", TermsChange { first_date: Some(yesterday), ..fine() }),
        ("terms.end.date", TermsChange { end: Some(End::Date(yesterday)), ..fine() }),
        ("terms.trial.money.currency_code", TermsChange { trial: Some(Some(trial_in_another)), ..fine() }),
        ("terms.money.amount_minor", TermsChange { money: Some(money(DINTERO, 0)), ..fine() }),
        ("terms.money", TermsChange { money: None, ..fine() }),
        ("terms.cadence", TermsChange { cadence: None, ..fine() }),
    ];
    for (place, (field, terms)) in cases.into_iter().enumerate() {
        match house.try_schedule(&format!("wrong-{place}"), terms).await {
            Err(Error::Invalid(fields)) => {
                assert!(fields.iter().any(|wrong| wrong.field == field), "{field}: {fields:?}");
            }
            other => panic!("{field}: {other:?}"),
        }
    }
    let gone = TermsChange { token: Some(TokenId::from_bytes([9; 16])), ..fine() };
    assert!(matches!(house.try_schedule("no-token", gone).await, Err(Error::NotFound(_))));
    assert!(house.gateway.events(&caller(), 0, 10).await.expect("listed").is_empty());
}
