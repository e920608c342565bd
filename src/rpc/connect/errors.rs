//! A gRPC status in the words of the Connect protocol.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderValue, Response, StatusCode, header};
use prost::Message as _;
use prost_reflect::DynamicMessage;
use serde_json::{Map, Value, json};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::pb;

use super::methods::SERVED;
use crate::engine::accounts::Accounts;
use crate::engine::error::Error;
use crate::rpc::status::{self, About};

/// The error as a JSON object. Each detail comes as bytes, which programs read, and as JSON, which people do.
pub fn object(status: &Status) -> Value {
    let mut object = Map::new();
    object.insert("code".to_owned(), name(status.code()).into());
    if !status.message().is_empty() {
        object.insert("message".to_owned(), status.message().into());
    }
    let details = pb::Status::decode(status.details()).map(|status| status.details).unwrap_or_default();
    if !details.is_empty() {
        object.insert("details".to_owned(), details.iter().map(detail).collect());
    }
    Value::Object(object)
}

fn detail(any: &prost_types::Any) -> Value {
    let kind = any.type_url.rsplit('/').next().unwrap_or_default();
    let mut detail = json!({ "type": kind, "value": STANDARD_NO_PAD.encode(&any.value) });
    let message = SERVED.get_message_by_name(kind);
    let read = message.and_then(|message| DynamicMessage::decode(message, &*any.value).ok());
    if let Some(debug) = read.and_then(|message| serde_json::to_value(message).ok()) {
        detail["debug"] = debug;
    }
    detail
}

/// What stands between the gateway and the caller broke: an answer is not what it should be. It carries a
/// reason as every error of the contract does; whether the call did anything is not known.
pub fn broken(what: &'static str) -> Status {
    let error = Error::Internal { what: what.into(), payment: None };
    status::of(error, &About::default(), &Accounts::default())
}

/// The answer to a call of one message that failed.
pub fn response(status: &Status) -> Response<Body> {
    let mut response = Response::new(Body::new(http_body_util::Full::from(object(status).to_string())));
    *response.status_mut() = http_status(status.code());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn name(code: Code) -> &'static str {
    match code {
        // There is no error without a code; the protocol has no word for it.
        Code::Ok | Code::Unknown => "unknown",
        Code::Cancelled => "canceled",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    }
}

fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
