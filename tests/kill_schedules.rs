//! SIGKILL, two hundred times, to the real binary while it lives through a month of ten thousand
//! schedules: every occurrence is charged exactly once, on its day, and the simulators have counted
//! what the store tells.
//!
//! The gateway's clock runs fast (`serve --fast-clock`), and that of the simulators, which live in
//! this process and survive, keeps up with it. `TURNPIKE_SCHEDULE_KILLS` makes the run shorter or
//! longer; the month has as many more schedules and runs as much slower.

#![cfg(feature = "simulator")]

#[path = "support/binary.rs"]
mod binary;
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use binary::{Dice, Process, count, sha256};
use futures_util::{StreamExt as _, stream};
use jiff::civil::{self, Date};
use jiff::{SignedDuration, Timestamp};
use support::*;
use tonic::Request;
use tonic::transport::Channel;
use turnpike::app::development::{self, Setup};
use turnpike::domain::calendar::{Cadence, Zone};
use turnpike::domain::event::EventKind;
use turnpike::domain::ids::{ScheduleId, TokenId};
use turnpike::domain::occurrence::{Occurrence, OccurrenceStatus, TryEnd};
use turnpike::domain::order::{CaptureMode, Customer, Purpose};
use turnpike::domain::payment::PaymentState;
use turnpike::domain::schedule::{End, ScheduleStatus, WINDOW_MAX};
use turnpike::engine::commands::{ScheduleRecurring, TermsChange};
use turnpike::engine::gateway::Gateway;
use turnpike::engine::{OccurrenceFilter, ROWS_MAX};
use turnpike::journal::seam::{HistoryKind, Journal};
use turnpike::rpc::proto as pb;
use turnpike::rpc::proto::recurring_service_client::RecurringServiceClient;
use turnpike::simulator::Simulators;
use turnpike::simulator::faults::{self, Chaos};
use turnpike::simulator::ledger::Kind;
use turnpike::world::{Hurried, Hurry, Network, World};

/// How often the process is killed when nobody says otherwise.
const KILLS: u64 = 200;
/// Schedules for each kill.
const SCHEDULES_PER_KILL: u64 = 50;
/// How long a life lasts after its start, in milliseconds: from here to just below there.
const LIFE_MS: (u64, u64) = (200, 800);
/// What a life and the start before it take on average, in milliseconds: so many of them fill the month.
const CYCLE_MS: u64 = 750;
/// The month's days.
const DAYS: usize = 31;
/// Days from one occurrence to the next.
const EVERY: u32 = 10;
/// How long the charges of one moment are spread.
const TOLERANCE: Duration = Duration::from_secs(4 * 3_600);
/// Cards at each provider, all different: twelve months of so many years.
const CARD_YEARS: std::ops::Range<u32> = 2_030..2_039;
/// How much is prepared or read at once.
const AT_ONCE: usize = 32;
/// How long a request lies at a provider, before it is processed or after, where it does: so every
/// kill hits some in either half.
const LIES_MS: u64 = 50;
/// Requests that do, of a thousand.
const LIE_PER_MILLE: u16 = 500;
/// How often the simulators' clock is set.
const CLOCK_STEP: Duration = Duration::from_millis(20);
/// How long the last process may take, the rest of the month included.
const END_MAX: Duration = Duration::from_secs(300);
/// The API key; its hash is in the configuration.
const API_KEY: &str = "tpk_test_kill_schedules";

/// Providers without access tokens, which would end every few milliseconds.
const PAYING: [Provider; 2] = [PROVIDERS[1], PROVIDERS[4]];

/// Times of the development configuration that would be over before a request arrives, as real
/// time is to it what hours are here.
const UNHURRIED: &[(&str, &str)] = &[
    ("first_ms = 200", "first_ms = 1800000"),
    ("longest_ms = 60000", "longest_ms = 21600000"),
    ("unhurried_ms = 2000", "unhurried_ms = 3600000"),
    ("absence_grace_ms = 2000", "absence_grace_ms = 86400000"),
    (
        "refusal_grace_seconds = 2",
        "refusal_grace_seconds = 86400\ncancel_open_orders_after_seconds = 2592000",
    ),
];

/// The configuration, with no accounts but those that are charged: every lane looks for work every
/// few milliseconds here.
fn document(simulators: &Simulators, data: &Path) -> String {
    let setup = Setup {
        grpc: "127.0.0.1:0",
        data_directory: data,
        sealing_key: SEALING_KEY,
        log: "error",
        webhooks: None,
        sent_to: None,
    };
    let merchant =
        development::Merchant { name: development::MERCHANT, api_key_sha256: &sha256(API_KEY), simulators };
    let document = development::document(&setup, &[merchant]).expect("a configuration");
    let mut parts = document.split("\n[accounts.");
    let mut text = parts.next().expect("what comes before the accounts").to_owned();
    let is_charged = |part: &&str| {
        let name = part.split([']', '.']).next();
        PAYING.iter().any(|provider| Some(provider.account) == name)
    };
    for part in parts.filter(is_charged) {
        text.push_str("\n[accounts.");
        text.push_str(part);
    }
    for (was, is) in UNHURRIED {
        assert!(text.contains(was), "{was} is not said any more");
        text = text.replace(was, is);
    }
    text
}

/// A schedule, and the days on which it has to be charged.
struct Planned {
    schedule: ScheduleId,
    provider: Provider,
    dates: Vec<Date>,
}

/// Every tenth day of a month from a day on, by counting.
fn dates(first: Date, last: Date) -> Vec<Date> {
    let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
    days.step_by(EVERY as usize).take_while(|day| *day <= last).collect()
}

/// Saves cards and creates the schedules, at the time that it is.
async fn prepare(simulators: &Simulators, data: &Path, schedules: u64) -> Vec<Planned> {
    let (accounts, network) = outside(configuration(simulators, data));
    // Tomorrow, even if midnight comes while schedules are created.
    let soon = network.now().checked_add(SignedDuration::from_hours(1)).expect("in range");
    let begin = utc().local(soon).date().tomorrow().expect("in range");
    let journal: Arc<dyn Journal> = Arc::new(store(data));
    let gateway = engine(journal.clone(), Arc::new(network), accounts).await;
    let mut cards = Vec::new();
    for provider in PAYING {
        cards.push((provider, save_cards(&gateway, provider, simulators).await));
    }
    let planned = stream::iter(0..schedules).map(|number| {
        let (provider, cards) = &cards[number as usize % cards.len()];
        plan(&gateway, *provider, cards, number, begin)
    });
    let planned = planned.buffer_unordered(AT_ONCE).collect().await;
    gateway.drain();
    gateway.idle().await;
    journal.close().await;
    planned
}

fn utc() -> Zone {
    Zone::parse("UTC").expect("a zone")
}

async fn save_cards(gateway: &Gateway, provider: Provider, simulators: &Simulators) -> Vec<TokenId> {
    let ends = CARD_YEARS.flat_map(|year| (1..=12).map(move |month| format!("{month:02}/{year}")));
    let saved = stream::iter(ends).map(|end| save_card(gateway, provider, simulators, end));
    saved.buffer_unordered(AT_ONCE).collect().await
}

/// Saves a card that ends in that month, of a customer who has no other.
async fn save_card(gateway: &Gateway, provider: Provider, simulators: &Simulators, end: String) -> TokenId {
    let minor = if provider.saves_in == Purpose::Save { 0 } else { 500 };
    let mut wish = session(provider, minor, CaptureMode::Automatic, provider.saves_in);
    wish.order.purchase.customer.id = Some(format!("customer-{}", end.replace('/', "-")));
    let asked = ask(&format!("save-{}-{end}", provider.name), wish);
    let opened = gateway.open_session(&caller(), asked, None).await.expect("opens").value;
    pay_until(simulators, provider, &page(&opened.payment), &end);
    let asked = ask(&format!("confirm-{}-{end}", provider.name), returned(opened.session.id));
    gateway.confirm_session(&caller(), asked, None).await.expect("confirms");
    let payment = settled_session(gateway, opened.session.id).await;
    *payment.saved_tokens.first().unwrap_or_else(|| panic!("the card was not saved: {payment:?}"))
}

/// First days and times of day are spread evenly, and neighbours share neither card nor moment.
async fn plan(gateway: &Gateway, provider: Provider, cards: &[TokenId], number: u64, begin: Date) -> Planned {
    let nth = |day: usize| {
        let mut days = std::iter::successors(Some(begin), |day| day.tomorrow().ok());
        days.nth(day).expect("in range")
    };
    let (first, last) = (nth(number as usize / PAYING.len() % EVERY as usize), nth(DAYS - 1));
    let minute = number * 7_919 % (24 * 60);
    let hour = i8::try_from(minute / 60).expect("an hour");
    let terms = TermsChange {
        token: Some(cards[number as usize / PAYING.len() % cards.len()]),
        money: Some(money(provider, 1_000 + i64::try_from(number % 9_000).expect("small"))),
        merchant_reference: Some(format!("month-{number}")),
        cadence: Some(Cadence::Days(EVERY)),
        first_date: Some(first),
        zone: Some(utc()),
        time: Some(civil::time(hour, i8::try_from(minute % 60).expect("a minute"), 0, 0)),
        end: Some(End::Date(last)),
        // However slow the machine is, nothing comes too late.
        catch_up: Some(WINDOW_MAX),
        tolerance: Some(TOLERANCE),
        ..TermsChange::default()
    };
    // Whose card it is, the token says.
    let customer = Customer { email: Some("customer@example.test".to_owned()), ..Customer::default() };
    let wish = ScheduleRecurring {
        terms,
        customer,
        billing: None,
        first_payment: None,
        options: Default::default(),
    };
    let asked = ask(&format!("schedule-{number}"), wish);
    let schedule = gateway.schedule_recurring(&caller(), asked, None).await.expect("created").value.id;
    Planned { schedule, provider, dates: dates(first, last) }
}

/// Charges that succeeded at the simulators, whatever for.
fn charged(simulators: &Simulators) -> u64 {
    let counts = PAYING.iter().map(|provider| {
        let summary = simulators.of(provider.name).expect("simulated").ledger_summary();
        let taken = |kind| summary.get(&kind).map_or(0, |count| count.succeeded);
        taken(Kind::Capture) + taken(Kind::Charge)
    });
    counts.sum()
}

/// Lets the simulators live in the gateway's time.
async fn keep_up(simulators: Arc<Simulators>, time: Arc<dyn World>) {
    loop {
        let behind = time.now().duration_since(simulators.clock().now());
        // Negative where the machine's clock was set back; then it waits.
        if let Ok(behind) = Duration::try_from(behind) {
            simulators.advance(behind);
        }
        tokio::time::sleep(CLOCK_STEP).await;
    }
}

/// Makes the providers slow, here and there.
fn slow_down(simulators: &Simulators, seed: u64) {
    for provider in PAYING {
        let chaos = Chaos {
            seed,
            per_mille: LIE_PER_MILLE,
            kinds: vec![faults::Kind::Delay, faults::Kind::DelayBefore],
            delay_ms: LIES_MS,
            status: 503,
        };
        simulators.of(provider.name).expect("simulated").set_chaos(Some(chaos)).expect("arranged");
    }
}

/// How the gateway is started, again and again.
#[derive(Clone)]
struct Start {
    config: PathBuf,
    ready: PathBuf,
    more: Vec<String>,
}

impl Start {
    async fn now(&self) -> Process {
        let Self { config, ready, more } = self.clone();
        let start = move || Process::start(&config, &ready, &more);
        tokio::task::spawn_blocking(start).await.expect("started")
    }
}

/// Kills again and again; returns when, in hurried time, and the process that is left.
async fn killed(start: &Start, kills: u64, time: &dyn World, dice: &mut Dice) -> (Vec<Timestamp>, Process) {
    let mut moments = Vec::new();
    let mut process = start.now().await;
    for _ in 0..kills {
        let (shortest, longest) = LIFE_MS;
        tokio::time::sleep(Duration::from_millis(shortest + dice.roll(longest - shortest))).await;
        process.kill();
        moments.push(time.now());
        process = start.now().await;
    }
    (moments, process)
}

/// Waits until no schedule charges any more: all have come to their end, or were stopped.
async fn over(address: &str) {
    let channel = Channel::from_shared(address.to_owned()).expect("an address");
    let mut client = RecurringServiceClient::new(channel.connect().await.expect("the gateway answers"));
    let until = Instant::now() + END_MAX;
    loop {
        let statuses = vec![pb::ScheduleStatus::Active.into()];
        let mut request =
            Request::new(pb::ListSchedulesRequest { statuses, page_size: 1, ..Default::default() });
        let key = format!("Bearer {API_KEY}").parse().expect("ASCII");
        request.metadata_mut().insert("authorization", key);
        let left = client.list_schedules(request).await.expect("a page").into_inner().schedules;
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "it does not end: {left:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What the store tells of one schedule.
#[derive(Default)]
struct Told {
    /// From when to when each occurrence was open.
    open: Vec<(Timestamp, Timestamp)>,
    tries: usize,
    /// Tries of which a process that was killed left open whether they had arrived.
    unresolved: usize,
}

struct Judge {
    journal: Arc<dyn Journal>,
    simulators: Arc<Simulators>,
}

impl Judge {
    /// All occurrences of a schedule: numbered without gaps, on their days, each paid once.
    async fn schedule(&self, planned: &Planned) -> Told {
        let Planned { schedule: id, provider, dates } = planned;
        let schedule = self.journal.schedule(*id).await.expect("reads").expect("the schedule is there");
        assert_eq!((schedule.status, schedule.halted), (ScheduleStatus::Completed, None), "{id}");
        assert_eq!((schedule.progress.open, schedule.progress.next), (0, None), "{id}");
        let filter = OccurrenceFilter { schedule: *id, open: false, before: None, limit: ROWS_MAX };
        let mut occurrences = self.journal.occurrences(filter).await.expect("reads");
        occurrences.reverse();
        let found: Vec<_> = occurrences.iter().map(|taken| (taken.number, taken.date)).collect();
        let expected: Vec<_> = (1..).zip(dates.iter().copied()).collect();
        assert_eq!(found, expected, "{id}");
        let mut told = Told::default();
        for occurrence in &occurrences {
            self.occurrence(*provider, occurrence, &mut told).await;
        }
        told
    }

    /// An occurrence that was paid by its last try, and charged by no other.
    async fn occurrence(&self, provider: Provider, occurrence: &Occurrence, told: &mut Told) {
        let name = format!("{} of {}", occurrence.number, occurrence.schedule);
        assert_eq!(occurrence.status, OccurrenceStatus::Paid, "{name}");
        let simulator = self.simulators.of(provider.name).expect("simulated");
        for (attempt, tried) in (1..).zip(&occurrence.tries) {
            let payment = self.journal.payment(tried.payment).await.expect("reads").expect("it is there");
            let is_last = attempt as usize == occurrence.tries.len();
            let (end, state) = match is_last {
                true => (TryEnd::Paid, PaymentState::Captured),
                // Killed or cut off before it was sent: money that was refused would be another matter.
                false => (TryEnd::Failed, PaymentState::Failed),
            };
            assert_eq!((tried.end, payment.state), (Some(end), state), "{name}, try {attempt}");
            let named = payment.occurrence.map(|named| (named.schedule, named.number, named.attempt));
            assert_eq!(named, Some((occurrence.schedule, occurrence.number, attempt)), "{name}");
            let charges = simulator.payment(&payment.reference).successes;
            assert_eq!(charges, usize::from(is_last), "{name}, try {attempt}");
            let history = self.journal.history(tried.payment, 0, ROWS_MAX).await.expect("reads");
            let is_left_open = history.iter().any(|entry| {
                entry.kind == Some(HistoryKind::Recovered) && entry.state == PaymentState::Unresolved
            });
            told.unresolved += usize::from(is_left_open);
        }
        told.tries += occurrence.tries.len();
        told.open.push((occurrence.created_at, occurrence.updated_at));
    }

    /// Each occurrence is told to be paid once, and nothing went wrong.
    async fn events(&self, occurrences: usize) {
        let mut paid = BTreeMap::new();
        let mut after = 0;
        loop {
            let read = self.journal.events(&caller().merchant, after, ROWS_MAX).await.expect("reads");
            let Some(last) = read.last() else { break };
            after = last.sequence;
            for logged in read {
                let event = logged.event;
                match event.kind {
                    EventKind::OccurrencePaid => {
                        let fact = event.about.recurring().expect("about an occurrence");
                        let number = fact.occurrence.as_ref().expect("which").number;
                        *paid.entry((fact.schedule, number)).or_insert(0) += 1;
                    }
                    EventKind::ScheduleCreated | EventKind::ScheduleCompleted | EventKind::OccurrenceHeld => {
                    }
                    other => {
                        // The cards that are charged were saved in sessions.
                        let family = other.word().split('.').next().unwrap_or_default();
                        assert!(["payment", "session", "token"].contains(&family), "{other:?}");
                    }
                }
            }
        }
        assert_eq!(paid.len(), occurrences, "not every occurrence was told of");
        assert!(paid.values().all(|times| *times == 1), "an occurrence was told of twice");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_schedules_killed_again_and_again() {
    let kills = count("TURNPIKE_SCHEDULE_KILLS", KILLS);
    assert!((10..=400).contains(&kills), "the simulators remember so much only");
    let held = tempfile::tempdir().expect("a directory");
    let data = held.path().join("data");
    let simulators = Arc::new(simulators().await);
    let planned = prepare(&simulators, &data, kills * SCHEDULES_PER_KILL).await;
    let before = charged(&simulators);

    let network = Network::new([]).expect("no lines");
    let rate = DAYS as u64 * 24 * 3_600 * 1_000 / (kills * CYCLE_MS);
    let hurry = Hurry::new(u32::try_from(rate).expect("a rate"), network.now()).expect("a rate");
    let time: Arc<dyn World> = Arc::new(Hurried::new(network, hurry));
    let keeping_up = tokio::spawn(keep_up(simulators.clone(), time.clone()));
    let config = held.path().join("turnpike.toml");
    std::fs::write(&config, document(&simulators, &data)).expect("written");
    let more = vec!["--fast-clock".to_owned(), hurry.to_string()];
    let start = Start { config, ready: held.path().join("ready.json"), more };
    let seed = 20_261_122;
    slow_down(&simulators, seed);
    println!("seed {seed}, {kills} kills, {} schedules, {hurry}", planned.len());

    let begun = Instant::now();
    let (moments, process) = killed(&start, kills, time.as_ref(), &mut Dice(seed)).await;
    println!("killed for {:.1} s, and it is {}", begun.elapsed().as_secs_f64(), time.now());
    over(&process.address).await;
    let lasted = begun.elapsed();
    let ended = tokio::task::spawn_blocking(|| process.stop()).await.expect("stopped");
    assert!(ended.success(), "it ended badly: {ended}");
    keeping_up.abort();

    let judge = Judge { journal: Arc::new(store(&data)), simulators: simulators.clone() };
    let told: Vec<Told> = stream::iter(&planned)
        .map(|planned| judge.schedule(planned))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let occurrences: usize = planned.iter().map(|planned| planned.dates.len()).sum();
    judge.events(occurrences).await;
    judge.journal.close().await;
    for provider in PAYING {
        let twice = simulators.of(provider.name).expect("simulated").double_charges();
        assert!(twice.is_empty(), "charged twice: {twice:?}");
    }
    assert_eq!(charged(&simulators) - before, occurrences as u64, "a charge that the store does not know");
    report(&moments, &told, occurrences, lasted);
}

/// Tells what the kills hit, and fails when that is next to nothing.
fn report(moments: &[Timestamp], told: &[Told], occurrences: usize, lasted: Duration) {
    let open = |moment: &Timestamp| {
        let open = told.iter().flat_map(|told| &told.open);
        open.filter(|(from, to)| from <= moment && moment < to).count()
    };
    let unfinished: Vec<usize> = moments.iter().map(open).collect();
    let hits = unfinished.iter().filter(|count| **count > 0).count();
    let tries: usize = told.iter().map(|told| told.tries).sum();
    let unresolved: usize = told.iter().map(|told| told.unresolved).sum();
    println!(
        "{occurrences} occurrences, each charged once by {tries} tries in {:.1} s: {:.0} a second",
        lasted.as_secs_f64(),
        occurrences as f64 / lasted.as_secs_f64(),
    );
    println!(
        "{hits} of {} kills left {} occurrences unfinished; {unresolved} tries were UNRESOLVED after that",
        moments.len(),
        unfinished.iter().sum::<usize>(),
    );
    assert!(hits * 4 >= moments.len(), "the kills hit hardly any work");
    assert!(unresolved > 0, "no kill hit a try on its way");
}

#[tokio::test]
async fn a_fast_clock_is_for_development_only() {
    let held = tempfile::tempdir().expect("a directory");
    let config = held.path().join("turnpike.toml");
    let document = document(&simulators().await, &held.path().join("data"));
    let document = document.replace("development = true", "development = false");
    let document = document.replace("allowed_origins = [\"dev\"]", "allowed_origins = []");
    std::fs::write(&config, document).expect("written");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_turnpike"));
    serve.args(["serve", "--fast-clock", "2@2026-11-21T12:00:00Z", "--config"]).arg(&config);
    let told = serve.output().expect("the binary runs");
    let words = String::from_utf8_lossy(&told.stderr);
    assert!(!told.status.success() && words.contains("does not say development = true"), "{words}");
}
