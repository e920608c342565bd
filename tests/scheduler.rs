//! Schedules over simulated time, at the real providers' simulators, over real HTTP and a real store:
//! every occurrence once, on its local day, through months that are short, clocks that change, and
//! whatever else happens in a year.

#![cfg(feature = "simulator")]

#[path = "scheduler/dunning.rs"]
mod dunning;
#[path = "scheduler/house.rs"]
mod house;
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use house::*;
use jiff::civil::{self, date};
use jiff::{SignedDuration, Timestamp};
use support::*;
use turnpike::app::development::MERCHANT;
use turnpike::domain::calendar::Cadence;
use turnpike::domain::ids::{AccountName, MerchantName, TokenId};
use turnpike::domain::occurrence::{OccurrenceStatus, SkipReason};
use turnpike::domain::schedule::{End, ScheduleStatus, Trial, TrialLength};
use turnpike::engine::commands::{SkipOccurrence, Steer, TermsChange};
use turnpike::engine::error::Error;
use turnpike::journal::seam::Journal;
use turnpike::providers::contract::Reply;
use turnpike::simulator::faults::{Fault, Kind};
use turnpike::world::{Errand, Network, NoReply, World};

const DINTERO: Provider = PROVIDERS[0];
const BBMSL: Provider = PROVIDERS[4];
const DAY: Duration = Duration::from_secs(24 * 3_600);

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
    let House { gateway, journal, simulators, directory, held } = house;
    // It goes down, a week passes, and it comes up again over the same store.
    gateway.drain();
    gateway.idle().await;
    journal.close().await;
    drop((gateway, journal));
    clock_of(MERCHANT, &simulators).1.advance(DAY * 8);
    let (gateway, journal) = House::open(&directory, &simulators, unhurried()).await;
    let house = House { gateway, journal, simulators, directory, held };
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
    let house = House { gateway, journal, simulators, directory, held: Arc::new(held) };
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
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while house.statuses(schedules[0]).await != ["paid"] {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", house.occurrences(schedules[0]).await);
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
    let house = House { gateway, journal, simulators, directory, held: Arc::new(held) };
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
    // Of the card that was saved.
    let before = house.gateway.events(&caller(), 0, 10).await.expect("listed").len();
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
    assert_eq!(house.gateway.events(&caller(), 0, 10).await.expect("listed").len(), before);
}
