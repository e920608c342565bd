//! Answers of the API, and its error bodies in both versions (§8.1).

use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{Begateway, SHOPS, Shop};
use crate::simulator::begateway::checks::Errors;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The body version a request asks for with `X-API-Version` (§3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Absent: 1 on the checkout host, the same as 2 on the gateway host.
    Unstated,
    /// Wrapped bodies.
    Two,
    /// Flat bodies, errors with codes.
    Three,
}

impl Version {
    /// What the headers ask for.
    pub fn of(headers: &HeaderMap) -> Version {
        match headers.get("x-api-version").and_then(|value| value.to_str().ok()) {
            Some(version) if version.trim().starts_with('3') => Version::Three,
            Some(version) if version.trim().starts_with('2') => Version::Two,
            _ => Version::Unstated,
        }
    }
}

/// A JSON answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Value,
}

impl Reply {
    /// An answer with this status.
    pub fn new(status: StatusCode, body: Value) -> Reply {
        Reply { status, body }
    }

    /// HTTP 200.
    pub fn ok(body: Value) -> Reply {
        Reply::new(StatusCode::OK, body)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let json = [(CONTENT_TYPE, "application/json; charset=utf-8")];
        (self.status, json, self.body.to_string()).into_response()
    }
}

/// Why a request was refused. Never means that anything was charged.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    friendly: String,
    errors: Value,
    /// Whether version 2 wraps it in `response`; both forms exist for the same kinds (§8.1).
    is_wrapped: bool,
}

/// What a handler answers.
pub type Answer = Result<Reply, Box<Refusal>>;

impl Refusal {
    /// Fields that are missing or wrong: 422.
    pub fn validation(errors: &Errors) -> Box<Refusal> {
        Refusal::fields("E.1025", errors)
    }

    /// The same with a more precise code.
    pub fn fields(code: &'static str, errors: &Errors) -> Box<Refusal> {
        let message = errors.message();
        Box::new(Refusal {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code,
            friendly: message.clone(),
            message,
            errors: errors.value(),
            is_wrapped: true,
        })
    }

    /// A rule about the whole request; version 2 does not wrap these (samples 26 and 27).
    pub fn base(status: StatusCode, code: &'static str, text: &str) -> Box<Refusal> {
        Box::new(Refusal {
            status,
            code,
            message: text.to_owned(),
            friendly: text.to_owned(),
            errors: json!({ "base": [text] }),
            is_wrapped: false,
        })
    }

    /// The same refusal with the texts that version 3 has for it.
    pub fn with_texts(mut self: Box<Self>, version: Version, message: &str, friendly: &str) -> Box<Refusal> {
        if version == Version::Three {
            self.status = StatusCode::UNPROCESSABLE_ENTITY;
            self.message = message.to_owned();
        }
        self.friendly = friendly.to_owned();
        self
    }

    /// What a person reads of it.
    pub fn words(&self) -> String {
        self.message.clone()
    }

    /// The body in a version.
    pub fn reply(&self, version: Version) -> Reply {
        let (message, errors) = (&self.message, &self.errors);
        let mut body = json!({ "message": message });
        if !errors.is_null() {
            body["errors"] = errors.clone();
        }
        let body = match version {
            Version::Three => {
                body["code"] = json!(self.code);
                body["friendly_message"] = json!(self.friendly);
                body
            }
            Version::Two | Version::Unstated if self.is_wrapped => json!({ "response": body }),
            Version::Two | Version::Unstated => body,
        };
        Reply::new(self.status, body)
    }

    /// The answer in version 2, for paths that do not exist.
    pub fn into_response_v2(self) -> Response {
        self.reply(Version::Two).into_response()
    }
}

/// Turns a handler's answer into a response of the version asked for.
pub fn respond(version: Version, answer: Answer) -> Response {
    match answer {
        Ok(reply) => reply.into_response(),
        Err(refusal) => refusal.reply(version).into_response(),
    }
}

/// 404 for an unknown uid or token, or another shop's.
pub fn record_not_found() -> Refusal {
    Refusal {
        status: StatusCode::NOT_FOUND,
        code: "E.1004",
        message: "Record not found".into(),
        friendly: "Record not found".into(),
        errors: Value::Null,
        is_wrapped: true,
    }
}

/// The body of a fault (samples 28 and 29, §8.2).
pub fn fault_body(status: StatusCode) -> Value {
    match status.as_u16() {
        401 | 403 => {
            json!({ "message": "Unauthorized", "errors": { "system": ["access denied"] } })
        }
        413 => json!({ "message": "Request is too large" }),
        429 => json!({ "message": "Too many requests" }),
        _ => json!({ "message": "We're sorry, but something went wrong" }),
    }
}

impl Begateway {
    /// The shop that a request signs in as; 401 otherwise (sample 28).
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<&'static Shop, Box<Refusal>> {
        let shop = credentials(headers).and_then(|given| {
            // The secret may contain colons, the id may not (§3).
            let (id, secret) = given.split_once(':')?;
            let id: u32 = id.parse().ok()?;
            SHOPS.iter().find(|shop| shop.id == id && shop.secret == secret)
        });
        shop.ok_or_else(|| {
            Box::new(Refusal {
                status: StatusCode::UNAUTHORIZED,
                code: "E.1021",
                message: "Unauthorized".into(),
                friendly: "Unauthorized".into(),
                errors: json!({ "system": ["access denied"] }),
                is_wrapped: false,
            })
        })
    }
}

fn credentials(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let bytes = STANDARD.decode(given.strip_prefix("Basic ")?).ok()?;
    String::from_utf8(bytes).ok()
}
