//! Secrets that are easy to recognise go in through every door of the real binary, with everything
//! logged that can be logged. None of them may be found in a log, an answer, or a byte of the store.

#![cfg(feature = "simulator")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{PROVIDERS, Provider};
use tonic::Request;
use tonic::transport::Channel;
use turnpike::domain::order::Purpose;
use turnpike::rpc::proto as pb;
use turnpike::rpc::proto::payment_service_client::PaymentServiceClient;
use turnpike::rpc::proto::sandbox_service_client::SandboxServiceClient;
use turnpike::rpc::proto::session_service_client::SessionServiceClient;
use turnpike::rpc::proto::token_service_client::TokenServiceClient;

const API_KEY: &str = "tpk_canary-key-4417";
/// The credentials of the simulated providers.
const CREDENTIALS: &[&str] = &[
    "simulator-secret",
    "simulator-api-key",
    "egy_sk_test_simulator",
    "simulator-hmac-secret",
    "simulator-merchant-secret",
];
/// Digits, because some providers count their tokens; too few for a card number.
const PROVIDER_TOKEN: &str = "918273645546";
const EMAIL: &str = "canary-6639@example.test";
const FAMILY_NAME: &str = "Canary-7740";
const CVC: &str = "9173";
/// A number that no simulator knows, so that the call is declined after it was sent.
const CARD: &str = "4242424242424242";

fn with_key<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {API_KEY}").parse().expect("ASCII"));
    request
}

/// An amount of a story.
fn money(provider: Provider, story: i64) -> Option<pb::Money> {
    Some(pb::Money { amount_minor: provider.minor(story), currency_code: provider.currency.to_owned() })
}

fn customer() -> Option<pb::Customer> {
    Some(pb::Customer {
        customer_id: "customer-1".to_owned(),
        email: EMAIL.to_owned(),
        family_name: FAMILY_NAME.to_owned(),
        ip_address: "192.0.2.1".to_owned(),
        ..Default::default()
    })
}

fn return_urls() -> Option<pb::ReturnUrls> {
    Some(pb::ReturnUrls { success_url: "https://shop.example/return".to_owned(), ..Default::default() })
}

fn session(provider: Provider, name: &str) -> pb::CreateSessionRequest {
    let purpose = match provider.saves_in {
        Purpose::Save => pb::SessionPurpose::Save,
        _ => pb::SessionPurpose::PayAndSave,
    };
    pb::CreateSessionRequest {
        request_id: format!("{name}-{}", provider.name),
        account: provider.account.to_owned(),
        money: money(provider, if purpose == pb::SessionPurpose::Save { 0 } else { 700 }),
        merchant_reference: "canary".to_owned(),
        purpose: purpose.into(),
        customer: customer(),
        save_card_display: pb::SaveCardDisplay::Always.into(),
        return_urls: return_urls(),
        ..Default::default()
    }
}

/// Every call that takes something secret. Answers are collected as they would be printed.
async fn calls(channel: &Channel) -> Vec<String> {
    let mut said = Vec::new();
    for provider in PROVIDERS {
        said.push(hosted(channel, *provider).await);
        said.push(imported(channel, *provider).await);
    }
    said.push(own_page(channel).await);
    said.push(card_in_text(channel).await);
    said
}

async fn hosted(channel: &Channel, provider: Provider) -> String {
    let mut sessions = SessionServiceClient::new(channel.clone());
    let opened =
        sessions.create_session(with_key(session(provider, "hosted"))).await.expect("opens").into_inner();
    let id = opened.session.clone().expect("a session").id;
    let acted = SandboxServiceClient::new(channel.clone())
        .arrange_scenario(with_key(pb::ArrangeScenarioRequest {
            scenario: Some(pb::arrange_scenario_request::Scenario::Customer(pb::CustomerScenario {
                place: Some(pb::customer_scenario::Place::SessionId(id.clone())),
                action: Some(pb::customer_scenario::Action::Pay(pb::CustomerPays {
                    save_card: true,
                    ..Default::default()
                })),
            })),
        }))
        .await
        .expect("pays");
    let confirmed = sessions
        .confirm_session(with_key(pb::ConfirmSessionRequest {
            request_id: format!("confirm-{}", provider.name),
            session_id: id,
            means: Some(pb::confirm_session_request::Means::Returned(pb::BrowserReturn::default())),
            ..Default::default()
        }))
        .await
        .expect("confirms");
    let exchanges = SandboxServiceClient::new(channel.clone())
        .list_exchanges(with_key(Default::default()))
        .await
        .expect("lists");
    format!("{acted:?} {confirmed:?} {exchanges:?}")
}

async fn imported(channel: &Channel, provider: Provider) -> String {
    let stored = pb::ProviderToken {
        values: vec![pb::ProviderTokenValue { value: PROVIDER_TOKEN.to_owned(), ..Default::default() }],
        uses: vec![pb::TokenUse::Unscheduled.into()],
        product_type: provider.token_product.to_owned(),
        // Some providers' tokens belong to a customer; the others do not mind.
        provider_customer_id: "customer-1".to_owned(),
        ..Default::default()
    };
    let token = TokenServiceClient::new(channel.clone())
        .import_token(with_key(pb::ImportTokenRequest {
            request_id: format!("import-{}", provider.name),
            account: provider.account.to_owned(),
            provider_token: Some(stored),
            ..Default::default()
        }))
        .await
        .expect("imports")
        .into_inner();
    let charged = PaymentServiceClient::new(channel.clone())
        .charge_token(with_key(pb::ChargeTokenRequest {
            request_id: format!("charge-{}", provider.name),
            token: Some(pb::charge_token_request::Token::TokenId(token.token.clone().expect("a token").id)),
            money: money(provider, 900),
            merchant_reference: "canary".to_owned(),
            customer: customer(),
            initiator: Some(pb::charge_token_request::Initiator::MerchantInitiated(pb::MerchantInitiated {
                reason: pb::MerchantReason::Unscheduled.into(),
                ..Default::default()
            })),
            ..Default::default()
        }))
        .await;
    format!("{token:?} {charged:?}")
}

async fn own_page(channel: &Channel) -> String {
    let provider = PROVIDERS[1];
    let mut sessions = SessionServiceClient::new(channel.clone());
    let request = pb::CreateSessionRequest { mode: pb::SessionMode::Api.into(), ..session(provider, "own") };
    let opened = sessions.create_session(with_key(request)).await.expect("opens").into_inner();
    let confirmed = sessions
        .confirm_session(with_key(pb::ConfirmSessionRequest {
            request_id: "own-confirm".to_owned(),
            session_id: opened.session.expect("a session").id,
            means: Some(pb::confirm_session_request::Means::Card(pb::ClearCard {
                number: CARD.to_owned(),
                expiry_month: 12,
                expiry_year: 2035,
                cvc: CVC.to_owned(),
                holder: FAMILY_NAME.to_owned(),
            })),
            ..Default::default()
        }))
        .await;
    format!("{confirmed:?}")
}

/// A card number where none belongs is refused, and not repeated.
async fn card_in_text(channel: &Channel) -> String {
    let request =
        pb::CreateSessionRequest { merchant_reference: CARD.to_owned(), ..session(PROVIDERS[0], "text") };
    let refused = SessionServiceClient::new(channel.clone())
        .create_session(with_key(request))
        .await
        .expect_err("refused");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    format!("{refused:?}")
}

fn files(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).expect("readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).expect("readable")));
        }
    }
}

fn holds(bytes: &[u8], canary: &str) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_found_anywhere() {
    let held = tempfile::tempdir().expect("a directory");
    let (data, ready) = (held.path().join("data"), held.path().join("ready.json"));
    let log = std::fs::File::create(held.path().join("log.txt")).expect("a log");
    let mut process = Command::new(env!("CARGO_BIN_EXE_turnpike"))
        .args(["dev", "--grpc", "127.0.0.1:0", "--simulators", "127.0.0.1:0", "--log", "trace", "--data-dir"])
        .arg(&data)
        .arg("--ready-file")
        .arg(&ready)
        .env("TURNPIKE_API_KEY", API_KEY)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the binary starts");
    let since = Instant::now();
    let told = loop {
        match std::fs::read_to_string(&ready) {
            Ok(text) => break serde_json::from_str::<serde_json::Value>(&text).expect("JSON"),
            Err(_) => assert!(since.elapsed() < Duration::from_secs(30), "the gateway does not start"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let address = format!("http://{}", told["grpc"].as_str().expect("an address"));
    let channel = Channel::from_shared(address).expect("an address").connect().await.expect("connects");
    let said = calls(&channel).await;
    process.kill().expect("killed");
    process.wait().expect("reaped");

    let mut looked_at = vec![("answers".to_owned(), said.join("\n").into_bytes())];
    files(&data, &mut looked_at);
    looked_at.push(("log".to_owned(), std::fs::read(held.path().join("log.txt")).expect("a log")));
    let log = &looked_at.last().expect("the log").1;
    assert!(log.len() > 1_000 && holds(log, "exchange"), "the log is empty: this test would see nothing");
    assert!(!log.contains(&0x1b), "colours are for terminals");
    // The CVC is too short to be looked for alone: four digits are in every timestamp.
    let ours = [API_KEY, PROVIDER_TOKEN, EMAIL, FAMILY_NAME, CARD, "\"9173\""];
    for canary in ours.into_iter().chain(CREDENTIALS.iter().copied()) {
        for (name, bytes) in &looked_at {
            assert!(!holds(bytes, canary), "{canary} is in {name}");
        }
    }
}
