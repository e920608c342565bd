//! Calls of any RPC of the contract, by its name, with messages that are known by their description
//! alone.

use anyhow::Context as _;
use bytes::{Buf, BufMut as _};
use http::uri::PathAndQuery;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use serde_json::Value;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status, Streaming};
use turnpike::rpc::proto::DESCRIPTOR_SET;

use super::story::Credentials;
use crate::commands::calling::Called;

/// The package of the contract.
const PACKAGE: &str = "turnpike.v1";
/// A key that no server knows.
const UNKNOWN_KEY: &str = "Bearer tpk_unknown";

/// The contract, and the server that is called.
pub struct Wire {
    contract: DescriptorPool,
    called: Called,
}

impl Wire {
    /// A wire to a server.
    ///
    /// # Errors
    /// None that a build of this program has.
    pub fn new(called: Called) -> anyhow::Result<Self> {
        Ok(Self { contract: DescriptorPool::decode(DESCRIPTOR_SET).context("the contract")?, called })
    }

    /// The RPC of a name such as `PaymentService/GetPayment`.
    ///
    /// # Errors
    /// A name that the contract does not have.
    pub fn method(&self, call: &str) -> anyhow::Result<MethodDescriptor> {
        let (service, method) = call.split_once('/').with_context(|| format!("{call} is not SERVICE/RPC"))?;
        let service = self.contract.get_service_by_name(&format!("{PACKAGE}.{service}"));
        let method = service.and_then(|service| service.methods().find(|known| known.name() == method));
        method.with_context(|| format!("the contract has no {call}"))
    }

    /// Makes a call that is answered with one message.
    ///
    /// # Errors
    /// A request that is not one of this RPC. The status of a call that failed is the inner result.
    pub async fn unary(
        &self,
        method: &MethodDescriptor,
        request: &Value,
        credentials: Credentials,
    ) -> anyhow::Result<Result<Value, Status>> {
        let (path, request) = self.prepared(method, request, credentials)?;
        let mut client = tonic::client::Grpc::new(self.called.channel.clone());
        if let Err(error) = client.ready().await {
            return Ok(Err(Status::unavailable(error.to_string())));
        }
        let answer = client.unary(request, path, Described(method.output())).await;
        answer
            .map(|answer| written(answer.get_ref()))
            .map_or_else(|status| Ok(Err(status)), |json| json.map(Ok))
    }

    /// Makes a call that is answered with a stream.
    ///
    /// # Errors
    /// As [`Self::unary`].
    pub async fn streaming(
        &self,
        method: &MethodDescriptor,
        request: &Value,
        credentials: Credentials,
    ) -> anyhow::Result<Result<Streaming<DynamicMessage>, Status>> {
        let (path, request) = self.prepared(method, request, credentials)?;
        let mut client = tonic::client::Grpc::new(self.called.channel.clone());
        if let Err(error) = client.ready().await {
            return Ok(Err(Status::unavailable(error.to_string())));
        }
        let answer = client.server_streaming(request, path, Described(method.output())).await;
        Ok(answer.map(tonic::Response::into_inner))
    }

    fn prepared(
        &self,
        method: &MethodDescriptor,
        request: &Value,
        credentials: Credentials,
    ) -> anyhow::Result<(PathAndQuery, Request<DynamicMessage>)> {
        let message = DynamicMessage::deserialize(method.input(), request)
            .with_context(|| format!("this is not a {}", method.input().name()))?;
        let request = match credentials {
            Credentials::OfTheRun => self.called.request(message),
            Credentials::None => Request::new(message),
            Credentials::Unknown => {
                let mut request = Request::new(message);
                request.metadata_mut().insert("authorization", UNKNOWN_KEY.parse()?);
                request
            }
        };
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        Ok((path.parse()?, request))
    }
}

/// A message in protobuf's JSON.
///
/// # Errors
/// None that a message of the contract has.
pub fn written(message: &DynamicMessage) -> anyhow::Result<Value> {
    serde_json::to_value(message).context("an answer in JSON")
}

/// Reads messages by their description.
struct Described(MessageDescriptor);

impl Codec for Described {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Written;
    type Decoder = Self;

    fn encoder(&mut self) -> Written {
        Written
    }

    fn decoder(&mut self) -> Self {
        Self(self.0.clone())
    }
}

struct Written;

impl Encoder for Written {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put_slice(&message.encode_to_vec());
        Ok(())
    }
}

impl Decoder for Described {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let bytes = source.copy_to_bytes(source.remaining());
        let message = DynamicMessage::decode(self.0.clone(), bytes);
        message.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
