//! Answers of the API: the envelope, and the error bodies of the table (§5, samples 90 to 99).

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// A JSON answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its whole body.
    pub body: Value,
}

/// What a handler answers: a refusal is a reply too, but one that `?` returns.
pub type Answer = Result<Reply, Reply>;

impl Reply {
    /// HTTP 200 around `data`.
    pub fn ok(data: Value) -> Reply {
        let body = json!({ "code": "00", "message": "Success", "data": data });
        Reply { status: StatusCode::OK, body }
    }

    /// The same with a page of a list.
    pub fn page(items: Vec<Value>, page: usize, per_page: usize, total: usize) -> Reply {
        let mut reply = Reply::ok(Value::Array(items));
        reply.body["pagination"] = json!({
            "page": page,
            "perPage": per_page,
            "totalItems": total,
            "totalPages": total.div_ceil(per_page.max(1)),
        });
        reply
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let json = [(CONTENT_TYPE, "application/json")];
        (self.status, json, self.body.to_string()).into_response()
    }
}

/// The trace id of every error; nothing here is looked up by it.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// An error of this status, code and words.
pub fn error(status: StatusCode, code: &str, message: &str, kind: &str) -> Value {
    // Both spellings of the trace id occur (§5): the second for what comes from behind the gateway.
    let trace = match status.as_u16() {
        404 | 502..=504 => "trace_id",
        _ => "traceId",
    };
    json!({ "code": code, "message": message, "error": { "type": kind, trace: TRACE } })
}

/// The error body for a status.
pub fn standard(status: StatusCode) -> Value {
    let later = "An internal error was encountered. Please Try again later";
    let (code, message, kind) = match status.as_u16() {
        401 => ("credentials_invalid", "Access token is invalid", "API_ERROR"),
        403 => ("forbidden_access", "You are not allowed to do this", "API_ERROR"),
        404 => ("not_found", "The path cannot be found", "GATEWAY_ERROR"),
        409 => {
            ("duplicate_error", "There's already existing record with the provided details", "GATEWAY_ERROR")
        }
        429 => (
            "frequency_above_limit",
            "The frequency limit of payments is reached for operation create",
            "API_ERROR",
        ),
        502 => ("bad_gateway", later, "GATEWAY_ERROR"),
        503 => ("service_unavailable", later, "GATEWAY_ERROR"),
        504 => ("gateway_timeout", later, "GATEWAY_ERROR"),
        500..=599 => ("internal_error", later, "GATEWAY_ERROR"),
        _ => ("api_validation_error", INVALID, "API_ERROR"),
    };
    error(status, code, message, kind)
}

const INVALID: &str = "The request was invalid, or an error occurred in downstream provider";

/// The standard error for a status.
pub fn refusal(status: StatusCode) -> Reply {
    Reply { status, body: standard(status) }
}

/// A wrong payload: 400, with what is wrong field by field.
pub fn invalid(details: &[(String, String)]) -> Reply {
    let mut reply = refusal(StatusCode::BAD_REQUEST);
    let told = details.iter().map(|(field, message)| json!({ "field": field, "message": message }));
    reply.body["error"]["details"] = told.collect();
    reply
}

/// The same for one rule that is about no field (sample 57).
pub fn rule(message: &str) -> Reply {
    invalid(&[(String::new(), message.to_owned())])
}

/// Nothing has this id (sample 93).
pub fn missing(what: &str, id: &str) -> Reply {
    let message = format!("The {what} with ID {id} cannot be found");
    let status = StatusCode::NOT_FOUND;
    Reply { status, body: error(status, "resource_missing", &message, "GATEWAY_ERROR") }
}

/// The reference was used before (sample 94).
pub fn duplicate() -> Reply {
    refusal(StatusCode::CONFLICT)
}

/// The request id was used for something else (sample 95).
pub fn conflict() -> Reply {
    let message = "The same Idempotency-key was provided with a different payload";
    let status = StatusCode::CONFLICT;
    Reply { status, body: error(status, "idempotency_error", message, "API_ERROR") }
}
