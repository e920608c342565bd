//! The backend's side: charges over gRPC, each with a request id of its own.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::Context as _;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use super::document::API_KEY;
use super::load::Call;
use crate::rpc::proto::payment_service_client::PaymentServiceClient;
use crate::rpc::proto::{self as pb};

/// Calls one server over a few connections, in turn.
#[derive(Clone)]
pub struct Caller {
    connections: Rc<Vec<PaymentServiceClient<Channel>>>,
    turn: Rc<Cell<usize>>,
    key: MetadataValue<Ascii>,
    account: &'static str,
}

impl Caller {
    /// Connects.
    pub async fn connect(address: SocketAddr, connections: usize) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let mut clients = Vec::new();
        for _ in 0..connections {
            clients.push(PaymentServiceClient::new(endpoint.connect().await?));
        }
        let key = format!("Bearer {API_KEY}").parse().context("a header's value")?;
        Ok(Self { connections: Rc::new(clients), turn: Rc::default(), key, account: "fast" })
    }

    /// The same connections, for another of the stub's accounts.
    pub fn at(&self, account: &'static str) -> Self {
        Self { account, ..self.clone() }
    }
}

impl Call for Caller {
    async fn make(&self, number: u64) -> anyhow::Result<()> {
        let turn = self.turn.replace(self.turn.get().wrapping_add(1));
        let mut client = self.connections[turn % self.connections.len()].clone();
        let mut request = tonic::Request::new(charge(number, self.account));
        request.metadata_mut().insert("authorization", self.key.clone());
        let payment = client.charge_token(request).await?.into_inner().payment.context("a payment")?;
        anyhow::ensure!(payment.state() == pb::PaymentState::Captured, "not captured: {:?}", payment.state());
        Ok(())
    }
}

fn charge(number: u64, account: &str) -> pb::ChargeTokenRequest {
    // As scattered as callers' keys are: they must not fall beside each other in an index.
    let scattered = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    pb::ChargeTokenRequest {
        request_id: format!("{scattered:016x}-{:016x}", scattered.rotate_left(17)),
        token: Some(pb::charge_token_request::Token::ProviderToken(pb::ProviderToken {
            values: vec![pb::ProviderTokenValue {
                value: "bench-token".to_owned(),
                ..pb::ProviderTokenValue::default()
            }],
            ..pb::ProviderToken::default()
        })),
        account: account.to_owned(),
        money: Some(pb::Money { amount_minor: 1_000, currency_code: "EUR".to_owned() }),
        merchant_reference: format!("order-{number}"),
        initiator: Some(pb::charge_token_request::Initiator::MerchantInitiated(pb::MerchantInitiated {
            reason: pb::MerchantReason::Recurring.into(),
            ..pb::MerchantInitiated::default()
        })),
        ..pb::ChargeTokenRequest::default()
    }
}
