//! SIGKILL, five hundred times, under load, to the real binary: nothing is charged twice, no
//! outcome is lost, and every payment is settled afterwards.
//!
//! The simulators live in this process and survive; they count the charges. Callers behave as
//! callers should: the same request id until there is an answer. `TURNPIKE_KILL_CYCLES` makes the
//! run longer or shorter.

#![cfg(feature = "simulator")]

#[path = "support/binary.rs"]
mod binary;
mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use binary::{Dice, Process, count, sha256};
use support::{PROVIDERS, Provider, SEALING_KEY, simulators};
use tokio::sync::watch;
use tonic::Request;
use tonic::transport::Channel;
use turnpike::app::development::{self, Setup};
use turnpike::domain::order::Purpose;
use turnpike::rpc::proto as pb;
use turnpike::rpc::proto::payment_service_client::PaymentServiceClient;
use turnpike::rpc::proto::sandbox_service_client::SandboxServiceClient;
use turnpike::rpc::proto::session_service_client::SessionServiceClient;
use turnpike::simulator::Simulators;
use turnpike::simulator::ledger::{Kind, Movement};

/// How often the process is killed when nobody says otherwise.
const CYCLES: u64 = 500;
/// Callers per provider.
const CALLERS: usize = 4;
/// The longest that a life may last, in milliseconds.
const LIFE_MS_MAX: u64 = 120;
/// How long settling may take after the last start.
const SETTLE_MAX: Duration = Duration::from_secs(60);
/// The API key; its hash is in the configuration.
const API_KEY: &str = "tpk_test_kill";

fn with_key<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let key = format!("Bearer {API_KEY}").parse().expect("ASCII");
    request.metadata_mut().insert("authorization", key);
    request.set_timeout(Duration::from_secs(10));
    request
}

async fn connect(address: &watch::Receiver<String>) -> Option<Channel> {
    let target = address.borrow().clone();
    Channel::from_shared(target)
        .expect("an address")
        .connect_timeout(Duration::from_secs(1))
        .connect()
        .await
        .ok()
}

/// What one caller asked for and was told.
#[derive(Debug, Clone)]
struct Told {
    request_id: String,
    payment_id: String,
    state: pb::PaymentState,
}

fn customer() -> Option<pb::Customer> {
    Some(pb::Customer {
        customer_id: "customer-1".to_owned(),
        email: "customer@example.test".to_owned(),
        ..Default::default()
    })
}

fn charge(provider: Provider, token: &str, request_id: &str, amount_minor: i64) -> pb::ChargeTokenRequest {
    pb::ChargeTokenRequest {
        request_id: request_id.to_owned(),
        token: Some(pb::charge_token_request::Token::TokenId(token.to_owned())),
        money: Some(pb::Money {
            amount_minor: provider.minor(amount_minor),
            currency_code: provider.currency.to_owned(),
        }),
        merchant_reference: "kill".to_owned(),
        customer: customer(),
        initiator: Some(pb::charge_token_request::Initiator::MerchantInitiated(pb::MerchantInitiated {
            reason: pb::MerchantReason::Unscheduled.into(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

/// Charges until told to stop; each charge is asked for until there is an answer.
async fn caller(
    provider: Provider,
    token: String,
    name: String,
    address: watch::Receiver<String>,
    amounts: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> Vec<Told> {
    let mut told = Vec::new();
    let mut channel = None;
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let request_id = format!("{name}-{number}");
        let amount = 1_000 + i64::try_from(amounts.fetch_add(1, Ordering::SeqCst) % 90_000).expect("small");
        let request = charge(provider, &token, &request_id, amount);
        let payment = loop {
            let open = match channel.take() {
                Some(open) => open,
                None => match connect(&address).await {
                    Some(open) => open,
                    None => {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        continue;
                    }
                },
            };
            match PaymentServiceClient::new(open.clone()).charge_token(with_key(request.clone())).await {
                Ok(answer) => {
                    channel = Some(open);
                    break answer.into_inner().payment.expect("a payment");
                }
                Err(status) => {
                    // Whoever was cut off cannot know: they ask again with the same request id.
                    use tonic::Code::{Cancelled, DeadlineExceeded, Internal, Unavailable, Unknown};
                    let cut_off = [Cancelled, DeadlineExceeded, Internal, Unavailable, Unknown];
                    assert!(cut_off.contains(&status.code()), "{status:?}");
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
        };
        let state = payment.state();
        told.push(Told { request_id, payment_id: payment.id, state });
    }
    told
}

/// Saves a card through a hosted page, headless.
async fn save_card(provider: Provider, address: &watch::Receiver<String>, simulators: &Simulators) -> String {
    let channel = connect(address).await.expect("the gateway answers");
    let mut sessions = SessionServiceClient::new(channel.clone());
    let saves_while_paying = provider.saves_in == Purpose::PayAndSave;
    let purpose = if saves_while_paying { pb::SessionPurpose::PayAndSave } else { pb::SessionPurpose::Save };
    let opened = sessions
        .create_session(with_key(pb::CreateSessionRequest {
            request_id: format!("save-{}", provider.name),
            account: provider.account.to_owned(),
            money: Some(pb::Money {
                amount_minor: if saves_while_paying { provider.minor(700) } else { 0 },
                currency_code: provider.currency.to_owned(),
            }),
            merchant_reference: "save".to_owned(),
            customer: customer(),
            purpose: purpose.into(),
            future_uses: vec![pb::TokenUse::Unscheduled.into(), pb::TokenUse::Recurring.into()],
            save_card_display: pb::SaveCardDisplay::Always.into(),
            return_urls: Some(pb::ReturnUrls {
                success_url: "https://shop.example/return".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        }))
        .await
        .expect("a session")
        .into_inner()
        .session
        .expect("a session");
    let Some(pb::next_action::Action::Redirect(redirect)) = opened.next_action.and_then(|next| next.action)
    else {
        panic!("a redirect")
    };
    // The binary runs without the sandbox: the page is used as a customer would.
    assert!(SandboxServiceClient::new(channel).list_exchanges(with_key(Default::default())).await.is_err());
    support::pay(simulators, provider, &redirect.url);
    let confirmed = sessions
        .confirm_session(with_key(pb::ConfirmSessionRequest {
            request_id: format!("confirm-{}", provider.name),
            session_id: opened.id,
            means: Some(pb::confirm_session_request::Means::Returned(pb::BrowserReturn::default())),
            ..Default::default()
        }))
        .await
        .expect("confirmed")
        .into_inner();
    confirmed.tokens.first().expect("the card was saved").id.clone()
}

fn is_settled(state: pb::PaymentState) -> bool {
    use pb::PaymentState::{Captured, Declined, Failed};
    [Captured, Declined, Failed].contains(&state)
}

/// Asks for a payment until it is settled.
async fn settled(client: &mut PaymentServiceClient<Channel>, id: &str, until: Instant) -> pb::Payment {
    loop {
        let answer = client.get_payment(with_key(pb::GetPaymentRequest { payment_id: id.to_owned() })).await;
        let payment = answer.expect("the payment is known").into_inner().payment.expect("a payment");
        if is_settled(payment.state()) {
            return payment;
        }
        assert!(Instant::now() < until, "nobody settles {payment:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

struct Bench {
    simulators: Simulators,
    config: PathBuf,
    ready: PathBuf,
    _held: tempfile::TempDir,
}

async fn set_up() -> Bench {
    let simulators = simulators().await;
    let held = tempfile::tempdir().expect("a directory");
    let data = held.path().join("data");
    let setup = Setup {
        grpc: "127.0.0.1:0",
        data_directory: &data,
        sealing_key: SEALING_KEY,
        log: "error",
        webhooks: None,
        sent_to: None,
    };
    let config = held.path().join("turnpike.toml");
    let merchant = development::Merchant {
        name: development::MERCHANT,
        api_key_sha256: &sha256(API_KEY),
        simulators: &simulators,
    };
    let document = development::document(&setup, &[merchant]).expect("a configuration");
    std::fs::write(&config, document).expect("written");
    Bench { simulators, config, ready: held.path().join("ready.json"), _held: held }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_under_load() {
    let cycles = count("TURNPIKE_KILL_CYCLES", CYCLES);
    let bench = set_up().await;
    let mut process = Process::start(&bench.config, &bench.ready, &[]);
    let (tell, address) = watch::channel(process.address.clone());
    let stop = Arc::new(AtomicBool::new(false));
    let amounts = Arc::new(AtomicU64::new(0));
    let mut callers = Vec::new();
    for provider in PROVIDERS {
        let token = save_card(*provider, &address, &bench.simulators).await;
        for number in 0..CALLERS {
            let name = format!("{}-{number}", provider.name);
            let (token, address, amounts, stop) =
                (token.clone(), address.clone(), amounts.clone(), stop.clone());
            callers.push(tokio::spawn(caller(*provider, token, name, address, amounts, stop)));
        }
    }
    let seed = 20_261_121;
    println!("seed {seed}, {cycles} kills");
    let mut dice = Dice(seed);
    for _ in 0..cycles {
        tokio::time::sleep(Duration::from_millis(1 + dice.roll(LIFE_MS_MAX))).await;
        process.kill();
        let (config, ready) = (bench.config.clone(), bench.ready.clone());
        let start = move || Process::start(&config, &ready, &[]);
        process = tokio::task::spawn_blocking(start).await.expect("started");
        tell.send_replace(process.address.clone());
    }
    stop.store(true, Ordering::SeqCst);
    let mut told = Vec::new();
    for caller in callers {
        told.extend(caller.await.expect("no caller gives up"));
    }
    judge(&bench, &address, &told).await;
    process.kill();
}

/// Compares what callers were told, what the gateway knows, and what the simulators counted.
async fn judge(bench: &Bench, address: &watch::Receiver<String>, told: &[Told]) {
    let mut client = PaymentServiceClient::new(connect(address).await.expect("the gateway answers"));
    let until = Instant::now() + SETTLE_MAX;
    let mut known = BTreeMap::new();
    let mut captured = 0;
    for told in told {
        let payment = settled(&mut client, &told.payment_id, until).await;
        // Whoever was told of a settled outcome was told the truth.
        if is_settled(told.state) {
            assert_eq!(payment.state(), told.state, "{} changed its mind", told.request_id);
        }
        let reference = payment.provider_references.clone().unwrap_or_default().reference;
        let simulator = bench.simulators.of(&payment.provider).expect("simulated");
        let charges = simulator.payment(&reference).successes;
        let expected = usize::from(payment.state() == pb::PaymentState::Captured);
        assert_eq!(charges, expected, "{} is {:?}", told.request_id, payment.state());
        captured += expected;
        known.insert(reference, payment.state());
    }
    // Payments whose callers were cut off and got a new payment for the same request id, because
    // the first provably never left, are in the store as well, and settle as well.
    let mut page_token = String::new();
    let mut all = 0;
    loop {
        let request = pb::ListPaymentsRequest { page_size: 200, page_token, ..Default::default() };
        let page = client.list_payments(with_key(request)).await.expect("a page").into_inner();
        for payment in page.payments {
            all += 1;
            let payment = settled(&mut client, &payment.id, until).await;
            let reference = payment.provider_references.clone().unwrap_or_default().reference;
            known.insert(reference, payment.state());
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let known_captured = known.values().filter(|state| **state == pb::PaymentState::Captured).count();
    let mut charged = 0;
    for provider in PROVIDERS {
        let simulator = bench.simulators.of(provider.name).expect("simulated");
        assert!(simulator.double_charges().is_empty(), "charged twice: {:?}", simulator.double_charges());
        // The newest lines one by one; the count below covers the rest.
        // Cards that were saved are in the ledger too, under their customers.
        let charges = |line: &&Movement| !line.declined && line.kind != Kind::Tokenize;
        for line in simulator.ledger(None).iter().filter(charges) {
            let state = known.get(&line.reference);
            assert_eq!(state, Some(&pb::PaymentState::Captured), "{} was charged: {state:?}", line.reference);
        }
        let summary = simulator.ledger_summary();
        let taken = |kind| summary.get(&kind).map_or(0, |count| count.succeeded);
        // One provider takes money by authorizing and capturing, the other by charging.
        charged += taken(Kind::Capture) + taken(Kind::Charge);
    }
    println!(
        "{} calls, {all} payments, {captured} captured, {charged} charges at the simulators",
        told.len()
    );
    assert_eq!(u64::try_from(known_captured).expect("few"), charged, "a charge that nobody knows of");
    assert!(told.len() > 200, "there was hardly any load: {}", told.len());
}
