//! The test clock: merchants whose times differ, side by side in one gateway, and a year that passes
//! in seconds without jumping over anything.

#![cfg(feature = "simulator")]

mod support;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use support::*;
use tonic::Request;
use tonic::transport::Channel;
use turnpike::domain::ids::PaymentId;
use turnpike::domain::order::{CaptureMode, Purpose};
use turnpike::domain::payment::{MovementStatus, Payment, PaymentState};
use turnpike::engine::clock::Forward;
use turnpike::engine::commands::{Caller, SessionView};
use turnpike::engine::error::Error;
use turnpike::engine::gateway::{Gateway, Options as EngineOptions};
use turnpike::engine::{FollowUpPlan, HistoryKind, PaymentFilter};
use turnpike::rpc::proto as pb;
use turnpike::rpc::proto::sandbox_service_client::SandboxServiceClient;
use turnpike::rpc::proto::session_service_client::SessionServiceClient;
use turnpike::simulator::Simulators;
use turnpike::simulator::exchanges::Filter;
use turnpike::simulator::faults::{Fault, Kind};

const DAY: Duration = Duration::from_secs(24 * 3_600);
const YEAR: Duration = Duration::from_secs(366 * 24 * 3_600);
/// How long a simulated year may take on a machine that does other things as well.
const YEAR_TAKES_MAX: Duration = Duration::from_secs(60);

const DINTERO: Provider = PROVIDERS[0];
/// What the simulator calls the request that charges a token.
const CHARGE: &str = "pay";
/// The second merchant's account at the same provider.
const DINTERO_2: Provider = Provider { account: "dintero-dev-2", ..DINTERO };

/// A gateway with two merchants, each in front of simulators of its own.
struct House {
    gateway: Gateway,
    one: Simulators,
    other: Simulators,
    _held: tempfile::TempDir,
}

impl House {
    async fn new(options: EngineOptions) -> Self {
        Self::with(options, true).await
    }

    async fn with(options: EngineOptions, resolves: bool) -> Self {
        let (held, path) = directory();
        let (one, other) = (simulators().await, simulators().await);
        let (accounts, network) = outside(configuration_of(&[("dev", &one), ("dev-2", &other)], &path));
        let network = network.with_clocks([clock_of("dev", &one), clock_of("dev-2", &other)].into());
        let (journal, network) = (Arc::new(store(&path)), Arc::new(network));
        let gateway = match resolves {
            true => engine_with(journal, network, accounts, options).await,
            false => Gateway::new(journal, network, accounts, options),
        };
        Self { gateway, one, other, _held: held }
    }

    fn teller(&self, provider: Provider) -> Teller<'_> {
        Teller { gateway: &self.gateway, provider, prefix: format!("clock-{}", provider.name) }
    }

    /// Opens a session of a quarter of an hour by its merchant's clock.
    async fn open(&self, caller: &Caller, provider: Provider, request_id: &str) -> SessionView {
        let mut wish = session(provider, 1_000, CaptureMode::Automatic, Purpose::Pay);
        let now = self.gateway.now_of(&caller.merchant);
        wish.order.expires_at = now.checked_add(Duration::from_secs(900)).expect("in range");
        let opened = self.gateway.open_session(caller, ask_of(caller, request_id, wish), None).await;
        opened.expect("opens").value
    }

    async fn payment(&self, caller: &Caller, id: PaymentId) -> Payment {
        *self.gateway.payment(caller, id).await.expect("the payment is there")
    }

    async fn forward(&self, caller: &Caller, by: Duration) -> u32 {
        let moved = self.gateway.advance_clock(&caller.merchant, Forward::By(by)).await;
        moved.unwrap_or_else(|error| panic!("{error:?}"))
    }
}

/// Rhythms by which nothing is followed up in real time while a test runs.
fn patient() -> EngineOptions {
    let follow_up = FollowUpPlan {
        first: Duration::from_secs(3_600),
        longest: Duration::from_secs(6 * 3_600),
        unhurried: Duration::from_secs(3_600),
        ..FollowUpPlan::default()
    };
    EngineOptions { follow_up, ..options() }
}

fn two() -> (Caller, Caller) {
    (caller(), caller_of("dev-2"))
}

fn around(what: Timestamp, expected: Timestamp) -> bool {
    what.duration_since(expected).abs().as_secs() < 60
}

fn created_between(caller: &Caller, from: Timestamp, before: Timestamp) -> PaymentFilter {
    PaymentFilter {
        merchant: caller.merchant.clone(),
        states: Vec::new(),
        account: None,
        merchant_reference: None,
        token: None,
        session: None,
        customer: None,
        created_from: Some(from),
        created_before: Some(before),
        before: None,
        limit: 100,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_merchants_live_side_by_side_one_a_year_ahead() {
    let house = House::new(options()).await;
    let (one, other) = two();
    let today = house.gateway.now();
    let mut tokens = Vec::new();
    for provider in PROVIDERS {
        tokens.push((*provider, house.teller(*provider).save_card(&house.one).await));
    }
    house.forward(&one, YEAR).await;
    let in_a_year = today.checked_add(YEAR).expect("in range");
    assert!(around(house.gateway.now_of(&one.merchant), in_a_year));
    assert!(around(house.gateway.now_of(&other.merchant), today));
    assert!(around(house.gateway.now(), today), "everybody's time is nobody's to move");
    assert!(around(house.one.clock().now(), in_a_year), "the simulators live by it too");
    assert!(around(house.other.clock().now(), today));

    // Access tokens have ended and are fetched again; charges and their records are of their time.
    for (provider, token) in tokens {
        let charged = house.teller(provider).charge("in-a-year", token, 3_000, CaptureMode::Automatic).await;
        let payment = settled(&house.gateway, charged.expect(provider.name).value.id).await;
        assert_eq!(payment.state, PaymentState::Captured, "{}: {payment:?}", provider.name);
        assert!(around(payment.created_at, in_a_year) && around(payment.updated_at, in_a_year));
        let simulator = house.one.of(provider.name).expect("simulated");
        let exchanges = simulator.exchanges(&Filter::default());
        assert!(around(exchanges.last().expect("exchanges").at, in_a_year), "{}", provider.name);
        assert_eq!(simulator.payment(&payment.reference).successes, 1, "{}", provider.name);
        assert!(simulator.double_charges().is_empty());
    }
    let days =
        |from: u32, before: u32| (in_a_year.checked_add(DAY * from), in_a_year.checked_add(DAY * before));
    let (Ok(from), Ok(before)) = days(0, 1) else { panic!("in range") };
    let from = from.checked_sub(DAY).expect("in range");
    let listed = house.gateway.payments(created_between(&one, from, before)).await.expect("a list");
    assert_eq!(listed.len(), PROVIDERS.len(), "ids of the future are found by the time of their records");
    let (Ok(from), Ok(before)) = days(1, 2) else { panic!("in range") };
    assert_eq!(house.gateway.payments(created_between(&one, from, before)).await.expect("a list"), []);

    let view = house.open(&other, DINTERO_2, "today").await;
    assert!(around(view.payment.created_at, today));
    assert!(
        house.one.of("dintero").expect("simulated").payment(&view.payment.reference).totals.captured == 0
    );
    let elsewhere = house.other.of("dintero").expect("simulated").exchanges(&Filter::default());
    assert!(!elsewhere.is_empty() && elsewhere.iter().all(|exchange| around(exchange.at, today)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_expire_by_their_merchants_clock() {
    let house = House::new(patient()).await;
    let (one, other) = two();
    let mine = house.open(&one, DINTERO, "expires").await;
    let theirs = house.open(&other, DINTERO_2, "stays").await;
    // The provider is given a minute more than the session has; then it is asked once more.
    let stops = house.forward(&one, Duration::from_secs(4 * 3_600)).await;
    assert!(stops >= 2, "the clock stops where the session ends");
    let mine = house.payment(&one, mine.payment.id).await;
    assert_eq!(mine.state, PaymentState::Expired, "{mine:?}");
    let theirs = house.payment(&other, theirs.payment.id).await;
    assert_eq!(theirs.state, PaymentState::RequiresAction, "{theirs:?}");
    // What was opened then ends then.
    let later = house.open(&one, DINTERO, "opened-later").await;
    let ends = later.payment.expires_at.expect("an end");
    assert!(ends > house.gateway.now_of(&one.merchant));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_followed_up_on_the_way() {
    let house = House::new(patient()).await;
    let (one, _) = two();
    let token = house.teller(DINTERO).save_card(&house.one).await;
    let mut lost = Fault::new(Kind::DropAfter);
    lost.operation = Some(CHARGE.to_owned());
    house.one.of("dintero").expect("simulated").arrange(lost).expect("arranged");
    let charged = house.teller(DINTERO).charge("lost", token, 4_200, CaptureMode::Automatic).await;
    let payment = charged.expect("a state").value;
    assert_eq!(payment.state, PaymentState::Unresolved, "{payment:?}");

    let left = house.gateway.now_of(&one.merchant);
    house.forward(&one, DAY).await;
    let payment = house.payment(&one, payment.id).await;
    assert_eq!(payment.state, PaymentState::Captured, "{payment:?}");
    let story = house.gateway.history(&one, payment.id, 0, 100).await.expect("a story");
    let learned = story.iter().find(|entry| entry.kind == Some(HistoryKind::Observed)).expect("an inquiry");
    let after = learned.at.duration_since(left).as_secs();
    assert!((3_500..2 * 3_600).contains(&after), "asked after {after} s, when it was due, not at the end");
    let truth = house.one.of("dintero").expect("simulated").payment(&payment.reference);
    assert_eq!(truth.successes, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_does_later_is_there_when_its_time_has_come() {
    let house = House::new(patient()).await;
    let (one, _) = two();
    // This one captures on its own time, not when it is asked to.
    let provider = *PROVIDERS.iter().find(|provider| provider.name == "pivot").expect("simulated");
    let teller = house.teller(provider);
    let token = teller.save_card(&house.one).await;
    let reserved = teller.charge("reserved", token, 3_000, CaptureMode::Manual).await.expect("charged").value;
    assert_eq!(reserved.state, PaymentState::Authorized, "{reserved:?}");
    let moved = teller.move_money("capture", reserved.id, CAPTURE, None).await.expect("asked for");
    let captured = |payment: &Payment| payment.movements[0].status == MovementStatus::Succeeded;
    assert!(!captured(&moved.payment), "{:?}", moved.payment);

    house.forward(&one, DAY).await;
    let payment = house.payment(&one, reserved.id).await;
    assert!(captured(&payment) && payment.state == PaymentState::Captured, "{payment:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_with_much_that_stays_open_takes_seconds() {
    let house = House::new(patient()).await;
    let (one, _) = two();
    let token = house.teller(DINTERO).save_card(&house.one).await;
    let simulator = house.one.of("dintero").expect("simulated");
    let mut open = Vec::new();
    for number in 0..5 {
        let mut lost = Fault::new(Kind::DropAfter);
        lost.operation = Some(CHARGE.to_owned());
        simulator.arrange(lost).expect("arranged");
        let teller = house.teller(DINTERO);
        let name = format!("open-{number}");
        let charged = teller.charge(&name, token, 100 + number, CaptureMode::Automatic).await;
        open.push(charged.expect("a state").value.id);
    }
    // From here on the provider says nothing that anybody could go by.
    let mut garbled = Fault::new(Kind::Garbage);
    garbled.times = 10_000;
    simulator.arrange(garbled).expect("arranged");

    let since = Instant::now();
    let stops = house.forward(&one, YEAR).await;
    let took = since.elapsed();
    println!("a year took {took:?} with {stops} stops");
    assert!(took < YEAR_TAKES_MAX, "{took:?}");
    assert!((200..=300).contains(&stops), "{stops}");
    for id in open {
        let payment = house.payment(&one, id).await;
        let follow_up = payment.follow_up.expect("it is still asked about");
        assert_eq!(payment.state, PaymentState::Unresolved, "no answer is no evidence");
        assert!(follow_up.inquiries > 150, "{follow_up:?}");
    }

    simulator.clear_faults();
    house.forward(&one, DAY).await;
    assert_eq!(simulator.double_charges().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_waits_for_calls_under_way_and_is_moved_by_one_call_at_a_time() {
    let house = House::new(options()).await;
    let (one, other) = two();
    let token = house.teller(DINTERO).save_card(&house.one).await;
    let mut late = Fault::new(Kind::Delay);
    (late.operation, late.delay_ms) = (Some(CHARGE.to_owned()), 2_000);
    let simulator = house.one.of("dintero").expect("simulated");
    simulator.arrange(late).expect("arranged");
    let teller = house.teller(DINTERO);
    let walks = tokio::sync::Notify::new();
    let walk = async {
        struck(simulator).await;
        // The clock is held from the first look at what follows, before anybody else is looked at.
        walks.notify_one();
        house.forward(&one, DAY).await;
    };
    let meddle = async {
        walks.notified().await;
        let refused = house.gateway.advance_clock(&one.merchant, Forward::By(DAY)).await;
        assert!(matches!(refused, Err(Error::ClockHeld { .. })), "{refused:?}");
        house.forward(&other, DAY).await;
    };
    let before = house.gateway.now_of(&one.merchant);
    let charge = teller.charge("late", token, 5_000, CaptureMode::Automatic);
    let (charged, (), ()) = tokio::join!(charge, walk, meddle);
    let payment = charged.expect("charged").value;
    assert!(around(payment.created_at, before));
    let story = house.gateway.history(&one, payment.id, 0, 100).await.expect("a story");
    let answered = story.iter().find(|entry| entry.kind == Some(HistoryKind::Exchanged)).expect("an answer");
    assert!(around(answered.at, before), "the day began after the answer");
    let after = house.gateway.now_of(&one.merchant);
    assert!(around(after, before.checked_add(DAY).expect("in range")), "one day, not two: {after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_held_says_by_what_and_goes_on_from_there() {
    // Nobody follows anything up here, as if it took for ever.
    let options = EngineOptions { clock_stop_max: Duration::from_millis(300), ..patient() };
    let house = House::with(options, false).await;
    let (one, _) = two();
    house.open(&one, DINTERO, "never-asked-about").await;
    let held = house.gateway.advance_clock(&one.merchant, Forward::By(DAY)).await;
    match held {
        Err(Error::ClockHeld { what, .. }) => assert!(what.contains("a follow-up"), "{what}"),
        other => panic!("{other:?}"),
    }
    let ahead = house.gateway.clock(&one.merchant).expect("a clock").ahead;
    assert!(ahead > Duration::from_secs(800) && ahead < DAY, "{ahead:?}");

    tokio::spawn(house.gateway.clone().resolve_forever());
    house.forward(&one, DAY).await;
    assert!(house.gateway.clock(&one.merchant).expect("a clock").ahead >= DAY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_test_clock_lives_by_everybodys() {
    let (_held, path) = directory();
    let simulators = simulators().await;
    let (accounts, network) = outside(configuration(&simulators, &path));
    let gateway = engine(Arc::new(store(&path)), Arc::new(network), accounts).await;
    let merchant = caller().merchant;
    assert_eq!(gateway.clock(&merchant), Err(Error::NoTestClock));
    assert_eq!(gateway.advance_clock(&merchant, Forward::By(DAY)).await, Err(Error::NoTestClock));
    assert!(around(gateway.now_of(&merchant), gateway.now()));
}

/// `turnpike dev` with two merchants, which goes away with the value.
struct Dev {
    child: Child,
    told: serde_json::Value,
}

impl Dev {
    fn start(data: &std::path::Path, ready: &std::path::Path) -> Self {
        let _ = std::fs::remove_file(ready);
        let child = Command::new(env!("CARGO_BIN_EXE_turnpike"))
            .args(["dev", "--grpc", "127.0.0.1:0", "--simulators", "127.0.0.1:0", "--merchants", "2"])
            .args(["--data-dir".as_ref(), data, "--ready-file".as_ref(), ready])
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut dev = Self { child, told: serde_json::Value::Null };
        let since = Instant::now();
        while dev.told.is_null() {
            let text = std::fs::read_to_string(ready).unwrap_or_default();
            dev.told = serde_json::from_str(&text).unwrap_or_default();
            assert!(since.elapsed() < Duration::from_secs(30), "the gateway does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        dev
    }

    async fn channel(&self) -> Channel {
        let address = format!("http://{}", self.told["grpc"].as_str().expect("an address"));
        Channel::from_shared(address).expect("an address").connect().await.expect("connects")
    }

    fn key(&self, merchant: usize) -> String {
        self.told["merchants"][merchant]["api_key"].as_str().expect("a new key").to_owned()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn by<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().expect("ASCII"));
    request
}

async fn ahead(channel: &Channel, key: &str) -> i64 {
    let clock = SandboxServiceClient::new(channel.clone()).get_clock(by(key, pb::GetClockRequest {})).await;
    clock.expect("a clock").into_inner().ahead.expect("how far").seconds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_development_gateway_has_merchants_with_clocks_that_outlive_it() {
    let held = tempfile::tempdir().expect("a directory");
    let (data, ready) = (held.path().join("data"), held.path().join("ready.json"));
    let mut dev = Dev::start(&data, &ready);
    let (one, other) = (dev.key(0), dev.key(1));
    assert_eq!(dev.told["merchants"][1]["merchant"], "dev-2");
    assert_eq!(dev.told["api_key"], dev.told["merchants"][0]["api_key"]);
    assert_ne!(one, other);
    let channel = dev.channel().await;
    let mut sandbox = SandboxServiceClient::new(channel.clone());
    let year = prost_types::Duration { seconds: 366 * 24 * 3_600, nanos: 0 };
    let forward = Some(pb::advance_clock_request::Forward::By(year));
    sandbox.advance_clock(by(&other, pb::AdvanceClockRequest { forward })).await.expect("moved");
    // What passes of real time on the way has not to be added.
    let moved = ahead(&channel, &other).await;
    assert!((year.seconds - 60..=year.seconds).contains(&moved), "{moved}");
    assert_eq!(ahead(&channel, &one).await, 0);

    // Each has accounts of its own, and sees its own simulators alone.
    let wish = |account: &str| pb::CreateSessionRequest {
        request_id: "same-id".to_owned(),
        account: account.to_owned(),
        money: Some(pb::Money { amount_minor: 10_000, currency_code: "NOK".to_owned() }),
        merchant_reference: "order-1".to_owned(),
        purpose: pb::SessionPurpose::Pay.into(),
        return_urls: Some(pb::ReturnUrls {
            success_url: "https://shop.example/return".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut sessions = SessionServiceClient::new(channel.clone());
    sessions.create_session(by(&other, wish("dintero-dev-2"))).await.expect("opens a year ahead");
    assert!(sessions.create_session(by(&one, wish("dintero-dev-2"))).await.is_err(), "another's account");
    let seen = async |key: &str| {
        let wish = by(key, pb::ListExchangesRequest::default());
        let exchanges = SandboxServiceClient::new(channel.clone()).list_exchanges(wish).await;
        exchanges.expect("exchanges").into_inner().exchanges
    };
    assert_eq!(seen(&one).await, []);
    let theirs = seen(&other).await;
    assert!(!theirs.is_empty() && theirs.iter().all(|exchange| exchange.account == "dintero-dev-2"));

    // It ends as if the machine had lost its power, and the clock stands where it stood.
    dev.child.kill().expect("killed");
    drop(dev);
    let dev = Dev::start(&data, &ready);
    assert!(dev.told["api_key"].is_null(), "only its hash is kept");
    let channel = dev.channel().await;
    let moved = ahead(&channel, &other).await;
    assert!((year.seconds - 60..=year.seconds).contains(&moved), "{moved}");
    assert_eq!(ahead(&channel, &one).await, 0);
}
