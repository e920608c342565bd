//! SIGKILL to the real binary while simulators tell their news over HTTP and a reader follows the stream of
//! events: nothing is acknowledged that is not stored, every payment ends where its provider has it, and
//! the reader, going on from its last cursor, sees every event of every payment, in order.
//!
//! `TURNPIKE_NOTICES` makes the run longer or shorter.

#![cfg(feature = "simulator")]

#[path = "support/binary.rs"]
mod binary;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use binary::{Dice, Process, count, sha256};
use rusqlite::{Connection, OpenFlags};
use support::{PROVIDERS, Provider, SEALING_KEY};
use tokio::sync::watch;
use tonic::Request;
use tonic::transport::Channel;
use turnpike::app::development::{self, Setup};
use turnpike::journal::sqlite;
use turnpike::rpc::proto as pb;
use turnpike::rpc::proto::event_service_client::EventServiceClient;
use turnpike::rpc::proto::payment_service_client::PaymentServiceClient;
use turnpike::rpc::proto::session_service_client::SessionServiceClient;
use turnpike::simulator::notification_faults::{Chaos, Kind};
use turnpike::simulator::{self, Simulators};

/// Notifications that have to be taken when nobody says otherwise.
const NOTICES: u64 = 5_000;
/// Shops per provider.
const SHOPS: usize = 2;
/// The longest that a life may last, in milliseconds.
const LIFE_MS_MAX: u64 = 400;
/// Retries come so many times as early: a killed gateway is back in a moment.
const HURRY: u32 = 1_000;
/// How long everything may take to settle after the last start.
const SETTLE_MAX: Duration = Duration::from_secs(90);
/// The API key; its hash is in the configuration.
const API_KEY: &str = "tpk_test_kill_notices";

fn with_key<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let key = format!("Bearer {API_KEY}").parse().expect("ASCII");
    request.metadata_mut().insert("authorization", key);
    request
}

async fn connect(address: &watch::Receiver<String>) -> Channel {
    loop {
        let target = Channel::from_shared(address.borrow().clone()).expect("an address");
        match target.connect_timeout(Duration::from_secs(1)).connect().await {
            Ok(channel) => return channel,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

struct Bench {
    simulators: Arc<Simulators>,
    data: PathBuf,
    config: PathBuf,
    ready: PathBuf,
    _held: tempfile::TempDir,
}

/// A port that nobody has; the gateway listens there again and again.
fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port")
}

async fn set_up() -> Bench {
    let options =
        simulator::Options { seed: Some(7), notification_hurry: HURRY, ..simulator::Options::default() };
    let simulators = Arc::new(simulator::start(options).await.expect("the simulators start"));
    let held = tempfile::tempdir().expect("a directory");
    let (data, side) = (held.path().join("data"), free_port());
    let setup = Setup {
        grpc: "127.0.0.1:0",
        data_directory: &data,
        sealing_key: SEALING_KEY,
        log: "off",
        webhooks: Some(side),
        sent_to: None,
    };
    let config = held.path().join("turnpike.toml");
    let merchant = development::Merchant {
        name: development::MERCHANT,
        api_key_sha256: &sha256(API_KEY),
        simulators: &simulators,
    };
    let document = development::document(&setup, &[merchant]).expect("a configuration");
    development::register_addresses(merchant, side).expect("every provider is simulated");
    std::fs::write(&config, document).expect("written");
    Bench { simulators, data, config, ready: held.path().join("ready.json"), _held: held }
}

/// Opens sessions in which customers pay, until told to stop. Each is asked for until there is an answer.
async fn shop(
    provider: Provider,
    name: String,
    simulators: Arc<Simulators>,
    address: watch::Receiver<String>,
    stop: Arc<AtomicBool>,
) -> Vec<String> {
    let mut paid = Vec::new();
    let mut channel = connect(&address).await;
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let wish = pb::CreateSessionRequest {
            request_id: format!("{name}-{number}"),
            account: provider.account.to_owned(),
            money: Some(pb::Money {
                amount_minor: provider.minor(500 + i64::from(number % 5_000) * 100),
                currency_code: provider.currency.to_owned(),
            }),
            merchant_reference: name.clone(),
            customer: Some(pb::Customer {
                customer_id: "customer-1".to_owned(),
                email: "customer@example.test".to_owned(),
                ..Default::default()
            }),
            purpose: pb::SessionPurpose::Pay.into(),
            return_urls: Some(pb::ReturnUrls {
                success_url: "https://shop.example/return".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let session = loop {
            let mut request = with_key(wish.clone());
            request.set_timeout(Duration::from_secs(10));
            match SessionServiceClient::new(channel.clone()).create_session(request).await {
                Ok(answer) => break answer.into_inner().session.expect("a session"),
                Err(status) => {
                    use tonic::Code::{Cancelled, DeadlineExceeded, Internal, Unavailable, Unknown};
                    let cut_off = [Cancelled, DeadlineExceeded, Internal, Unavailable, Unknown];
                    assert!(cut_off.contains(&status.code()), "{status:?}");
                    channel = connect(&address).await;
                }
            }
        };
        // One that was lost on its way to the provider is repeated, and ends without a page.
        if let Some(pb::next_action::Action::Redirect(page)) =
            session.next_action.and_then(|next| next.action)
        {
            support::pay(&simulators, provider, &page.url);
            paid.push(session.payment_id);
        }
    }
    paid
}

/// Follows the stream until told to stop and there is nothing more, going on from the last cursor whenever it
/// is lost.
async fn reader(address: watch::Receiver<String>, done: watch::Receiver<Option<String>>) -> Vec<pb::Event> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut client = EventServiceClient::new(connect(&address).await);
        let wish = pb::StreamEventsRequest { after: cursor.clone(), ..Default::default() };
        let Ok(stream) = client.stream_events(with_key(wish)).await else { continue };
        let mut stream = stream.into_inner();
        loop {
            if done.borrow().as_ref().is_some_and(|last| *last == cursor) {
                return seen;
            }
            let message = tokio::time::timeout(Duration::from_millis(200), stream.message()).await;
            match message {
                Ok(Ok(Some(message))) => {
                    cursor = message.cursor;
                    seen.extend(message.event);
                }
                Ok(Ok(None) | Err(_)) => break,
                // Nothing for a while: whether that was all is looked at above.
                Err(_) => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_providers_tell_and_a_reader_follows() {
    let wanted = count("TURNPIKE_NOTICES", NOTICES);
    let bench = set_up().await;
    for simulator in bench.simulators.all() {
        let kinds = vec![Kind::Lost, Kind::Late, Kind::Twice, Kind::Reordered, Kind::Unanswered];
        let chaos = Chaos { seed: 3, per_mille: 200, kinds, delay_ms: 50 };
        simulator.set_notification_chaos(Some(chaos)).expect("in range");
    }
    let mut process = Process::start(&bench.config, &bench.ready, &[]);
    let (tell, address) = watch::channel(process.address.clone());
    let (end, done) = watch::channel(None);
    let reading = tokio::spawn(reader(address.clone(), done));
    let stop = Arc::new(AtomicBool::new(false));
    let mut shops = Vec::new();
    for provider in PROVIDERS {
        for number in 0..SHOPS {
            let name = format!("{}-{number}", provider.name);
            let (simulators, address, stop) = (bench.simulators.clone(), address.clone(), stop.clone());
            shops.push(tokio::spawn(shop(*provider, name, simulators, address, stop)));
        }
    }
    let seed = 20_261_121;
    let (mut dice, kills) = (Dice(seed), AtomicU64::new(0));
    while taken(&bench.simulators) < wanted {
        tokio::time::sleep(Duration::from_millis(50 + dice.roll(LIFE_MS_MAX))).await;
        process.kill();
        kills.fetch_add(1, Ordering::SeqCst);
        let (config, ready) = (bench.config.clone(), bench.ready.clone());
        let start = move || Process::start(&config, &ready, &[]);
        process = tokio::task::spawn_blocking(start).await.expect("started");
        tell.send_replace(process.address.clone());
    }
    stop.store(true, Ordering::SeqCst);
    let mut paid = Vec::new();
    for shop in shops {
        paid.extend(shop.await.expect("no shop gives up"));
    }
    for simulator in bench.simulators.all() {
        simulator.clear_notification_faults();
    }
    let kills = kills.load(Ordering::SeqCst);
    println!(
        "seed {seed}: {} sessions paid, {} notices taken, {kills} kills",
        paid.len(),
        taken(&bench.simulators)
    );

    let channel = connect(&address).await;
    all_captured(&channel, &paid).await;
    let log = the_log(&channel, &end).await;
    let seen = reading.await.expect("the reader does not give up");
    judge(&seen, &log, &paid);
    assert!(process.stop().success());
    nothing_acknowledged_is_missing(&bench);
}

/// Genuine notifications that were taken, each once.
fn taken(simulators: &Simulators) -> u64 {
    let of = |simulator: &simulator::Simulator| {
        let deliveries = simulator.deliveries(0);
        let taken = deliveries.iter().filter(|delivery| delivery.accepted && delivery.genuine);
        taken.map(|delivery| delivery.notification).collect::<BTreeSet<_>>().len() as u64
    };
    simulators.all().map(of).sum()
}

/// Every payment that a customer has paid is captured.
async fn all_captured(channel: &Channel, paid: &[String]) {
    let mut client = PaymentServiceClient::new(channel.clone());
    let until = Instant::now() + SETTLE_MAX;
    for id in paid {
        loop {
            let wish = pb::GetPaymentRequest { payment_id: id.clone() };
            let answer = client.get_payment(with_key(wish)).await.expect("the payment is known");
            let payment = answer.into_inner().payment.expect("a payment");
            if payment.state() == pb::PaymentState::Captured {
                break;
            }
            assert!(Instant::now() < until, "nobody settles {payment:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The whole log, once it does not grow any more; tells the reader where it ends.
async fn the_log(channel: &Channel, end: &watch::Sender<Option<String>>) -> Vec<pb::Event> {
    let mut client = EventServiceClient::new(channel.clone());
    let (mut log, mut after, mut quiet) = (Vec::new(), String::new(), 0);
    while quiet < 10 {
        let wish = pb::ListEventsRequest { after: after.clone(), page_size: 200, ..Default::default() };
        let page = client.list_events(with_key(wish)).await.expect("a page").into_inner();
        quiet = if page.events.is_empty() { quiet + 1 } else { 0 };
        log.extend(page.events);
        after = page.next_cursor;
        if quiet > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    end.send_replace(log.last().map(|event: &pb::Event| event.cursor.clone()));
    log
}

/// What the payment of an event is, and where it stood.
fn of_payment(event: &pb::Event) -> Option<(String, pb::PaymentState)> {
    match &event.payload {
        Some(pb::event::Payload::Payment(about)) => {
            let payment = about.payment.as_ref().expect("a payment");
            Some((payment.id.clone(), payment.state()))
        }
        _ => None,
    }
}

/// The reader saw every event, those of each payment in the order of the log; and the log is complete.
fn judge(seen: &[pb::Event], log: &[pb::Event], paid: &[String]) {
    let ids = |events: &[pb::Event]| events.iter().map(|event| event.id.clone()).collect::<Vec<_>>();
    let (in_log, distinct) = (ids(log), ids(log).into_iter().collect::<BTreeSet<_>>());
    assert_eq!(in_log.len(), distinct.len(), "an event stands in the log twice");
    // At least once, and the first time in order: going on from a cursor may only repeat.
    let mut first = BTreeSet::new();
    let read: Vec<String> = ids(seen).into_iter().filter(|id| first.insert(id.clone())).collect();
    assert_eq!(read, in_log, "the reader saw another log");
    let mut stories: BTreeMap<String, Vec<pb::PaymentState>> = BTreeMap::new();
    for (payment, state) in log.iter().filter_map(of_payment) {
        stories.entry(payment).or_default().push(state);
    }
    for id in paid {
        let story = stories.get(id).unwrap_or_else(|| panic!("nothing was told of {id}"));
        let captured = story.iter().filter(|state| **state == pb::PaymentState::Captured).count();
        assert_eq!((story.last(), captured), (Some(&pb::PaymentState::Captured), 1), "{id}: {story:?}");
        assert_eq!(story.first(), Some(&pb::PaymentState::RequiresAction), "{id}: {story:?}");
    }
}

/// What was acknowledged was stored before: the store counts at least as many arrivals as providers were
/// told yes, and nothing waits any more.
fn nothing_acknowledged_is_missing(bench: &Bench) {
    let path = bench.data.join(sqlite::FILE);
    let store = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
    for provider in PROVIDERS {
        let simulator = bench.simulators.of(provider.name).expect("simulated");
        let accepted = simulator.deliveries(0).iter().filter(|delivery| delivery.accepted).count();
        let like = format!("{}-%", provider.name);
        let (arrivals, waiting): (i64, i64) = store
            .query_row(
                "SELECT coalesce(sum(arrivals), 0), count(next_at) FROM notices WHERE account LIKE ?1",
                [like],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .expect("counted");
        let arrivals = usize::try_from(arrivals).expect("not negative");
        assert!(accepted > 0 && arrivals >= accepted, "{}: {accepted} yes, {arrivals} stored", provider.name);
        assert_eq!(waiting, 0, "{}: a notice still waits", provider.name);
    }
}
