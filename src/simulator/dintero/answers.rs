//! Answers of the API and its error bodies (§14).

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// A JSON answer.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    header: Option<(&'static str, String)>,
    body: Value,
}

/// What a handler answers: a refusal is a reply too, but one that `?` returns.
pub type Answer = Result<Reply, Reply>;

impl Reply {
    /// An answer with this status.
    pub fn new(status: StatusCode, body: Value) -> Reply {
        Reply { status, header: None, body }
    }

    /// HTTP 200.
    pub fn ok(body: Value) -> Reply {
        Reply::new(StatusCode::OK, body)
    }

    /// What it says, for people.
    pub fn words(&self) -> String {
        self.body.to_string()
    }

    /// The same with a header.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Reply {
        self.header = Some((name, value.to_owned()));
        self
    }

    /// An error of the pay endpoint also says how the payment stands (§6).
    pub fn with_failure(mut self, session_id: Option<&str>) -> Reply {
        self.body["success"] = json!(false);
        if let Some(session_id) = session_id {
            self.body["session_id"] = json!(session_id);
        }
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let json = [(CONTENT_TYPE, "application/json")];
        let mut response = (self.status, json, self.body.to_string()).into_response();
        // Only ids of our own making come here; they are plain ASCII.
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            let headers = response.headers_mut();
            headers.insert(HeaderName::from_static(name), value);
        }
        response
    }
}

/// The error body for a status, with the code and message of the samples 60 to 67.
pub fn error(status: StatusCode) -> Value {
    let (code, message) = match status.as_u16() {
        401 => ("UNAUTHORIZED", "Invalid or expired token"),
        403 => ("FORBIDDEN", "Missing scope"),
        404 => ("NOT FOUND", "Resource not found"),
        409 => ("CONFLICT", "Transaction is being processed"),
        413 => ("PAYLOAD_TOO_LARGE", "Request body is too large"),
        429 => ("TOO_MANY_REQUESTS", "Too many requests"),
        503 => ("SERVICE_UNAVAILABLE", "Processor temporarily unavailable"),
        400..500 => ("BAD_REQUEST", "Invalid request body"),
        _ => ("INTERNAL_SERVER_ERROR", "Unexpected error"),
    };
    json!({ "error": { "code": code, "message": message } })
}

/// The standard error for a status.
pub fn refusal(status: StatusCode) -> Reply {
    Reply::new(status, error(status))
}

/// A broken business rule: 400.
pub fn rule(message: &str) -> Reply {
    let body = json!({ "error": { "code": "BAD_REQUEST", "message": message, "errors": [] } });
    Reply::new(StatusCode::BAD_REQUEST, body)
}

/// Something is in the way at the moment: 409.
pub fn conflict(message: &str) -> Reply {
    let body = json!({ "error": { "code": "CONFLICT", "message": message } });
    Reply::new(StatusCode::CONFLICT, body)
}

/// Nothing has this id, or another account's thing has. The space in the code is the provider's.
pub fn not_found(message: &str) -> Reply {
    let body = json!({ "error": { "code": "NOT FOUND", "message": message } });
    Reply::new(StatusCode::NOT_FOUND, body)
}
