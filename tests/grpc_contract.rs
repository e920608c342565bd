//! The contract over the wire: a real server on a real port, real HTTP to simulated providers.

#![cfg(feature = "simulator")]

#[path = "grpc_contract/door.rs"]
mod door;
#[path = "grpc_contract/payments.rs"]
mod payments;
#[path = "grpc_contract/sandbox.rs"]
mod sandbox;
#[path = "support/served.rs"]
mod served;
mod support;
#[path = "grpc_contract/telling.rs"]
mod telling;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use served::*;
use support::{PROVIDERS, Provider};
use tokio_stream::StreamExt as _;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request};
use tonic_types::StatusExt as _;
use turnpike::domain::ids::{Fingerprint, IdempotencyKey, MerchantName, PaymentId};
use turnpike::domain::rate::Rate;
use turnpike::domain::secret::Secret;
use turnpike::journal::seal::{Key, Keys};
use turnpike::journal::seam::{Claim, Entry, Journal as _, Subject};
use turnpike::journal::sqlite;
use turnpike::rpc::auth::{Credential, CredentialKind};
use turnpike::rpc::origins::Origin;
use turnpike::rpc::proto::account_service_client::AccountServiceClient;
use turnpike::rpc::proto::payment_service_client::PaymentServiceClient;
use turnpike::rpc::proto::{self as pb, PaymentState};
use turnpike::rpc::server::Tls;

const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The services that reflection lists, as one text.
async fn services(house: &House, path: &'static str) -> String {
    let mut grpc = tonic::client::Grpc::new(house.channel());
    grpc.ready().await.expect("connected");
    let codec = tonic_prost::ProstCodec::<
        tonic_reflection::pb::v1::ServerReflectionRequest,
        tonic_reflection::pb::v1::ServerReflectionResponse,
    >::default();
    let request = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            tonic_reflection::pb::v1::server_reflection_request::MessageRequest::ListServices(String::new()),
        ),
    };
    let path = http::uri::PathAndQuery::from_static(path);
    let asked = Request::new(tokio_stream::once(request));
    let mut told = grpc.streaming(asked, path, codec).await.expect("reflection").into_inner();
    format!("{:?}", told.message().await.expect("an answer"))
}
