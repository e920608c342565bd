//! A gateway that listens on a real port in front of simulators, and its clients, for the tests of
//! the contract.

#![allow(dead_code)] // Each test file uses its part.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use tokio::sync::oneshot;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use turnpike::app::SimulatorSandbox;
use turnpike::domain::ids::{AccountName, MerchantName};
use turnpike::domain::order::Purpose;
use turnpike::engine::gateway::Gateway;
use turnpike::journal::sqlite::SqliteJournal;
use turnpike::rpc::auth::{Credential, CredentialKind};
use turnpike::rpc::proto as pb;
use turnpike::rpc::proto::account_service_client::AccountServiceClient;
use turnpike::rpc::proto::event_service_client::EventServiceClient;
use turnpike::rpc::proto::payment_service_client::PaymentServiceClient;
use turnpike::rpc::proto::recurring_service_client::RecurringServiceClient;
use turnpike::rpc::proto::sandbox_service_client::SandboxServiceClient;
use turnpike::rpc::proto::session_service_client::SessionServiceClient;
use turnpike::rpc::proto::token_service_client::TokenServiceClient;
use turnpike::rpc::sandbox::Sandbox;
use turnpike::rpc::server::{self, Limits, Serving};
use turnpike::simulator::Simulators;

use crate::support::{self, PROVIDERS, Provider};

pub const KEY: &str = "tpk_contract";
pub const READER: &str = "tpk_reader";
pub const STRANGER: &str = "tpk_stranger";

/// A gateway that listens, in front of simulators.
pub struct House {
    pub address: SocketAddr,
    pub stop: Option<oneshot::Sender<()>>,
    pub serving: Serving,
    pub journal: Arc<SqliteJournal>,
    pub simulators: Arc<Simulators>,
    pub gateway: Gateway,
    pub _directory: Option<tempfile::TempDir>,
}

pub fn credential(key: &str, merchant: &str, rpcs: &[&str]) -> Credential {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    Credential {
        merchant: MerchantName(merchant.to_owned()),
        name: "tests".into(),
        kind: CredentialKind::ApiKey,
        sha256,
        rpcs: rpcs.iter().map(|pattern| (*pattern).to_owned()).collect(),
        rate: None,
    }
}

pub async fn house() -> House {
    house_with(true, |_| {}).await
}

pub async fn house_with(sandbox: bool, change: impl FnOnce(&mut server::Config)) -> House {
    house_of(None, sandbox, change).await
}

/// A house whose store can grow to so many pages.
pub async fn house_of(
    max_pages: Option<u32>,
    sandbox: bool,
    change: impl FnOnce(&mut server::Config),
) -> House {
    let (held, directory) = support::directory();
    let journal = Arc::new(support::small_store(&directory, max_pages));
    let simulators = Arc::new(support::simulators().await);
    let house = house_over(simulators, &directory, journal, sandbox, change).await;
    House { _directory: Some(held), ..house }
}

/// A gateway over a store that somebody else may have used before.
pub async fn house_over(
    simulators: Arc<Simulators>,
    directory: &Path,
    journal: Arc<SqliteJournal>,
    sandbox: bool,
    change: impl FnOnce(&mut server::Config),
) -> House {
    let fingerprint_key = journal.fingerprint_key().clone();
    let (accounts, network) = support::outside(support::configuration(&simulators, directory));
    let network = network.with_clocks([support::clock_of("dev", &simulators)].into());
    let gateway = support::engine(journal.clone(), Arc::new(network), accounts).await;
    let providers: BTreeMap<AccountName, String> = PROVIDERS
        .iter()
        .map(|provider| (AccountName(provider.account.to_owned()), provider.name.to_owned()))
        .collect();
    let playground = || {
        let merchant = MerchantName("dev".to_owned());
        Arc::new(SimulatorSandbox::default().with(merchant, simulators.clone(), providers))
    };
    let sandbox = sandbox.then(|| playground() as Arc<dyn Sandbox>);
    let mut config = server::Config {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
        development: true,
        reflection: true,
        origins: Vec::new(),
        credentials: vec![
            credential(KEY, "dev", &["*"]),
            credential(READER, "dev", &["PaymentService/Get*", "AccountService/*"]),
            credential(STRANGER, "stranger", &["*"]),
        ],
        fingerprint_key,
        limits: Limits { drain_max: Duration::from_secs(5), ..Limits::default() },
    };
    change(&mut config);
    let (stop, stopped) = oneshot::channel();
    let stopped = async {
        let _ = stopped.await;
    };
    let serving = server::serve(config, gateway.clone(), sandbox, stopped).expect("the door opens");
    let address = serving.address;
    House { address, stop: Some(stop), serving, journal, simulators, gateway, _directory: None }
}

#[derive(Clone)]
pub struct With(pub Option<&'static str>);

impl Interceptor for With {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(key) = self.0 {
            request.metadata_mut().insert("x-api-key", MetadataValue::from_static(key));
        }
        Ok(request)
    }
}

pub type Line = InterceptedService<Channel, With>;

/// All clients of one caller.
pub struct Clients {
    pub sessions: SessionServiceClient<Line>,
    pub payments: PaymentServiceClient<Line>,
    pub tokens: TokenServiceClient<Line>,
    pub accounts: AccountServiceClient<Line>,
    pub recurring: RecurringServiceClient<Line>,
    pub events: EventServiceClient<Line>,
    pub sandbox: SandboxServiceClient<Line>,
}

impl House {
    pub fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("an address").connect_lazy()
    }

    pub fn clients(&self, key: Option<&'static str>) -> Clients {
        let line = InterceptedService::new(self.channel(), With(key));
        Clients {
            sessions: SessionServiceClient::new(line.clone()),
            payments: PaymentServiceClient::new(line.clone()),
            tokens: TokenServiceClient::new(line.clone()),
            accounts: AccountServiceClient::new(line.clone()),
            recurring: RecurringServiceClient::new(line.clone()),
            events: EventServiceClient::new(line.clone()),
            sandbox: SandboxServiceClient::new(line),
        }
    }
}

/// An amount of a story.
pub fn money(provider: Provider, story: i64) -> Option<pb::Money> {
    Some(pb::Money { amount_minor: provider.minor(story), currency_code: provider.currency.to_owned() })
}

pub fn session(
    provider: Provider,
    request_id: &str,
    purpose: pb::SessionPurpose,
) -> pb::CreateSessionRequest {
    pb::CreateSessionRequest {
        request_id: request_id.to_owned(),
        account: provider.account.to_owned(),
        money: money(provider, 12_500),
        merchant_reference: "order-77".to_owned(),
        description: "Two books".to_owned(),
        purpose: purpose.into(),
        customer: Some(pb::Customer {
            customer_id: "customer-1".to_owned(),
            email: "customer@example.test".to_owned(),
            ip_address: "192.0.2.7".to_owned(),
            ..Default::default()
        }),
        return_urls: Some(pb::ReturnUrls {
            success_url: "https://shop.example/return".to_owned(),
            ..Default::default()
        }),
        save_card_display: pb::SaveCardDisplay::Always.into(),
        future_uses: vec![
            pb::TokenUse::CustomerPresent.into(),
            pb::TokenUse::Recurring.into(),
            pb::TokenUse::Unscheduled.into(),
        ],
        metadata: BTreeMap::from([("colour".to_owned(), "blue".to_owned())]),
        ..Default::default()
    }
}

pub fn charge(provider: Provider, request_id: &str, token_id: &str) -> pb::ChargeTokenRequest {
    pb::ChargeTokenRequest {
        request_id: request_id.to_owned(),
        token: Some(pb::charge_token_request::Token::TokenId(token_id.to_owned())),
        money: money(provider, 9_900),
        merchant_reference: "order-78".to_owned(),
        description: "Coffee".to_owned(),
        customer: session(provider, "", pb::SessionPurpose::Pay).customer,
        initiator: Some(pb::charge_token_request::Initiator::MerchantInitiated(pb::MerchantInitiated {
            reason: pb::MerchantReason::Unscheduled.into(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

pub fn returned(request_id: &str, session_id: &str) -> pb::ConfirmSessionRequest {
    pb::ConfirmSessionRequest {
        request_id: request_id.to_owned(),
        session_id: session_id.to_owned(),
        means: Some(pb::confirm_session_request::Means::Returned(pb::BrowserReturn::default())),
        ..Default::default()
    }
}

pub fn customer(session_id: &str, card: &str) -> pb::ArrangeScenarioRequest {
    use pb::customer_scenario::{Action, Place};
    let scenario = pb::CustomerScenario {
        place: Some(Place::SessionId(session_id.to_owned())),
        action: Some(Action::Pay(pb::CustomerPays {
            card_number: card.to_owned(),
            save_card: true,
            ..Default::default()
        })),
    };
    pb::ArrangeScenarioRequest { scenario: Some(pb::arrange_scenario_request::Scenario::Customer(scenario)) }
}

pub fn get(payment_id: &str) -> pb::GetPaymentRequest {
    pb::GetPaymentRequest { payment_id: payment_id.to_owned() }
}

/// A saved card, made the way a customer makes one.
pub async fn saved_card(clients: &mut Clients, provider: Provider) -> pb::Token {
    // Each test card is saved by a request of its own.
    let name = format!("{}-{}", provider.name, &provider.card[12..]);
    let mut wish = session(provider, &format!("save-{name}"), pb::SessionPurpose::PayAndSave);
    if provider.saves_in == Purpose::Save {
        wish.purpose = pb::SessionPurpose::Save.into();
        wish.money = money(provider, 0);
    }
    let opened = clients.sessions.create_session(wish).await.expect("a session").into_inner();
    let id = opened.session.expect("a session").id;
    clients.sandbox.arrange_scenario(customer(&id, provider.card)).await.expect("the customer pays");
    let wish = returned(&format!("back-{name}"), &id);
    let confirmed = clients.sessions.confirm_session(wish).await.expect("confirmed").into_inner();
    assert_eq!(confirmed.session.expect("a session").status(), pb::SessionStatus::Completed);
    confirmed.tokens.into_iter().next().expect("a saved card")
}

/// The reason of an error, with the promises that every error keeps.
pub fn reason(status: &Status) -> String {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "turnpike");
    info.reason
}

pub fn fields(status: &Status) -> BTreeSet<String> {
    let request = status.get_details_bad_request().expect("a BadRequest");
    request.field_violations.into_iter().map(|violation| violation.field).collect()
}
