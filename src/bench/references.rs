//! What the gateway is compared with: a server that only echoes, a client that only charges, and
//! the two joined to the barest gateway. All use the product's contract, adapter and HTTP client.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use tokio_stream::Empty;
use tonic::transport::server::{Server, TcpIncoming};
use tonic::{Request, Response, Status};

use super::load::Call;
use crate::config::Config;
use crate::domain::card::{FirstPayment, Initiator, MerchantReason, StoredToken};
use crate::domain::ids::AccountName;
use crate::domain::money::{Currency, Money};
use crate::domain::order::{CaptureMode, Charge, Customer, Options, Purchase, ThreeDSecure};
use crate::domain::outcome::{Outcome, PaymentReport, Standing};
use crate::domain::secret::Secret;
use crate::engine::accounts::Account;
use crate::providers::contract::{Context, Operation};
use crate::providers::conversation::Turn;
use crate::rpc::proto::payment_service_server::{PaymentService, PaymentServiceServer};
use crate::rpc::proto::{self as pb};
use crate::world::{Errand, Network, World as _};

/// A gateway without anything of a gateway: adapter, HTTP, adapter.
#[derive(Clone)]
pub struct Bare {
    accounts: Arc<HashMap<AccountName, Account>>,
    network: Arc<Network>,
}

impl Bare {
    /// Over the accounts and lines of a configuration.
    pub fn new(config: Config) -> anyhow::Result<Self> {
        let network = Network::new(config.lines.iter().map(|(name, line)| (name, line)))?;
        let accounts = config.accounts.into_iter().map(|account| (account.name.clone(), account));
        Ok(Self { accounts: Arc::new(accounts.collect()), network: Arc::new(network) })
    }

    /// Sends one charge and reads what came of it.
    async fn charge(&self, account: &str, charge: Charge) -> anyhow::Result<PaymentReport> {
        let account = self.accounts.get(&AccountName(account.to_owned())).context("an account")?;
        let cx = || Context { now: self.network.now(), entropy: [0; 32], access: None };
        let mut turn = account
            .provider
            .clone()
            .begin(Operation::Charge(Box::new(charge)), &cx())
            .map_err(|fault| anyhow::anyhow!("{fault}"))?;
        loop {
            match turn {
                // Nothing of this is real money, and nothing is repeated: no permit is needed.
                Turn::Ask { request, rest, .. } => {
                    let reply = self.network.exchange(&account.name, Errand::Repeatable(request)).await;
                    let reply = reply.map_err(|why| anyhow::anyhow!("no reply: {why:?}"))?;
                    turn = rest.resume(&reply, &cx()).map_err(|fault| anyhow::anyhow!("{fault}"))?;
                }
                Turn::Done(Outcome::Payment(report)) => return Ok(report),
                Turn::Done(other) => anyhow::bail!("not a payment: {other:?}"),
            }
        }
    }
}

/// The charge that every variant makes.
fn charge(reference: String, merchant_reference: String, money: Money, token: Secret<String>) -> Charge {
    Charge {
        purchase: Purchase {
            reference,
            merchant_reference,
            money,
            capture: CaptureMode::Automatic,
            description: None,
            descriptor: None,
            customer: Customer::default(),
            lines: Vec::new(),
            billing: None,
            shipping: None,
            delivery: None,
            tax_minor: None,
            locale: None,
            three_d_secure: ThreeDSecure::default(),
            metadata: BTreeMap::new(),
            notify_url: None,
            options: Options::default(),
        },
        token: StoredToken {
            values: BTreeMap::from([("token".to_owned(), token)]),
            ..StoredToken::default()
        },
        initiator: Initiator::Merchant { reason: MerchantReason::Recurring, first: FirstPayment::default() },
        return_urls: None,
        browser: None,
        expires_at: None,
        series: None,
    }
}

/// **direct**: charges through the adapter, with nobody in front.
#[derive(Clone)]
pub struct Direct {
    pub bare: Bare,
    pub account: String,
}

impl Call for Direct {
    async fn make(&self, number: u64) -> anyhow::Result<()> {
        let money = Money::new(1_000, Currency::parse("EUR")?)?;
        let token = Secret::new("bench-token".to_owned());
        let charge = charge(format!("direct{number:026}"), format!("order-{number}"), money, token);
        let report = self.bare.charge(&self.account, charge).await?;
        anyhow::ensure!(report.standing == Standing::Captured, "not captured: {:?}", report.standing);
        Ok(())
    }
}

/// **echo** and **pass-through**: the payment service with one method that works.
struct Only {
    /// `None` answers from memory.
    bare: Option<Bare>,
    next: AtomicU64,
}

/// Serves **echo** (without a [`Bare`]) or **pass-through** (with one) as long as the runtime lives.
pub fn serve(bare: Option<Bare>) -> anyhow::Result<SocketAddr> {
    let incoming = TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?.with_nodelay(Some(true));
    let address = incoming.local_addr()?;
    let service = PaymentServiceServer::new(Only { bare, next: AtomicU64::new(0) });
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
    Ok(address)
}

impl Only {
    async fn pass(&self, bare: &Bare, request: pb::ChargeTokenRequest) -> anyhow::Result<pb::Payment> {
        let asked = request.money.clone().unwrap_or_default();
        let money = Money::new(asked.amount_minor, Currency::parse(&asked.currency_code)?)?;
        let Some(pb::charge_token_request::Token::ProviderToken(token)) = request.token else {
            anyhow::bail!("a provider's token is needed");
        };
        let value = token.values.into_iter().next().context("a value")?.value;
        let reference = format!("bare{:028}", self.next.fetch_add(1, Ordering::Relaxed));
        let merchant_reference = request.merchant_reference.clone();
        let charge = charge(reference.clone(), request.merchant_reference, money, Secret::new(value));
        let report = bare.charge(&request.account, charge).await?;
        anyhow::ensure!(report.standing == Standing::Captured, "not captured");
        let card = report.card.unwrap_or_default();
        Ok(pb::Payment {
            id: reference,
            merchant_reference,
            account: request.account,
            provider: "begateway".to_owned(),
            money: request.money,
            state: pb::PaymentState::Captured.into(),
            totals: Some(pb::PaymentTotals {
                authorized_minor: report.totals.authorized.unwrap_or_default(),
                captured_minor: report.totals.captured.unwrap_or_default(),
                ..pb::PaymentTotals::default()
            }),
            card: Some(pb::CardSummary {
                brand: card.brand.unwrap_or_default(),
                last_four: card.last_four.unwrap_or_default(),
                ..pb::CardSummary::default()
            }),
            ..pb::Payment::default()
        })
    }
}

#[tonic::async_trait]
impl PaymentService for Only {
    async fn charge_token(
        &self,
        request: Request<pb::ChargeTokenRequest>,
    ) -> Result<Response<pb::ChargeTokenResponse>, Status> {
        let request = request.into_inner();
        let payment = match &self.bare {
            None => pb::Payment {
                id: "echo".to_owned(),
                money: request.money,
                merchant_reference: request.merchant_reference,
                state: pb::PaymentState::Captured.into(),
                ..pb::Payment::default()
            },
            Some(bare) => {
                self.pass(bare, request).await.map_err(|error| Status::internal(format!("{error:#}")))?
            }
        };
        Ok(Response::new(pb::ChargeTokenResponse { payment: Some(payment), replayed: false }))
    }

    async fn get_payment(
        &self,
        _: Request<pb::GetPaymentRequest>,
    ) -> Result<Response<pb::GetPaymentResponse>, Status> {
        Err(only())
    }

    async fn list_payments(
        &self,
        _: Request<pb::ListPaymentsRequest>,
    ) -> Result<Response<pb::ListPaymentsResponse>, Status> {
        Err(only())
    }

    type WatchPaymentStream = Empty<Result<pb::WatchPaymentResponse, Status>>;

    async fn watch_payment(
        &self,
        _: Request<pb::WatchPaymentRequest>,
    ) -> Result<Response<Self::WatchPaymentStream>, Status> {
        Err(only())
    }

    async fn capture_payment(
        &self,
        _: Request<pb::CapturePaymentRequest>,
    ) -> Result<Response<pb::CapturePaymentResponse>, Status> {
        Err(only())
    }

    async fn void_payment(
        &self,
        _: Request<pb::VoidPaymentRequest>,
    ) -> Result<Response<pb::VoidPaymentResponse>, Status> {
        Err(only())
    }

    async fn refund_payment(
        &self,
        _: Request<pb::RefundPaymentRequest>,
    ) -> Result<Response<pb::RefundPaymentResponse>, Status> {
        Err(only())
    }

    async fn resolve_payment(
        &self,
        _: Request<pb::ResolvePaymentRequest>,
    ) -> Result<Response<pb::ResolvePaymentResponse>, Status> {
        Err(only())
    }

    async fn list_payment_history(
        &self,
        _: Request<pb::ListPaymentHistoryRequest>,
    ) -> Result<Response<pb::ListPaymentHistoryResponse>, Status> {
        Err(only())
    }

    async fn list_differences(
        &self,
        _: Request<pb::ListDifferencesRequest>,
    ) -> Result<Response<pb::ListDifferencesResponse>, Status> {
        Err(only())
    }
}

fn only() -> Status {
    Status::unimplemented("a reference for measuring charges, and nothing else")
}
