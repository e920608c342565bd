//! Answers and error bodies (§13), and reading request bodies.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

/// The largest amount accepted, in minor units. The provider publishes none; this one keeps every
/// sum in range.
const AMOUNT_MAX: i64 = 1_000_000_000_000;
/// The longest text kept of a request, in characters.
pub const TEXT_CHARS_MAX: usize = 2_048;

/// A JSON answer.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    body: Value,
    is_empty: bool,
}

/// What a handler answers.
pub type Answer = Result<Reply, Box<Reply>>;

impl Reply {
    /// HTTP 200.
    pub fn ok(body: Value) -> Reply {
        Reply { status: StatusCode::OK, body, is_empty: false }
    }

    /// HTTP 201.
    pub fn created(body: Value) -> Reply {
        Reply { status: StatusCode::CREATED, body, is_empty: false }
    }

    /// What it says, for people.
    pub fn words(&self) -> String {
        self.body.to_string()
    }

    /// HTTP 200 without a body.
    pub fn nothing() -> Reply {
        Reply { status: StatusCode::OK, body: Value::Null, is_empty: true }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let json = [(CONTENT_TYPE, "application/json")];
        let body = if self.is_empty { String::new() } else { self.body.to_string() };
        (self.status, json, body).into_response()
    }
}

impl IntoResponse for Box<Reply> {
    fn into_response(self) -> Response {
        (*self).into_response()
    }
}

/// A refusal with this status and body.
pub fn refusal(status: u16, body: Value) -> Box<Reply> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    Box::new(Reply { status, body, is_empty: false })
}

/// 400 with `message`.
pub fn rule(message: &str) -> Box<Reply> {
    refusal(400, json!({ "message": message }))
}

/// 400 with a list under one field.
pub fn field(name: &str, text: &str) -> Box<Reply> {
    refusal(400, json!({ name: [text] }))
}

/// 404 (sample 30).
pub fn missing() -> Box<Reply> {
    refusal(404, json!({ "detail": "Not found." }))
}

/// For paths that do not exist.
pub fn not_found() -> Response {
    missing().into_response()
}

/// The body of a fault.
pub fn error(status: StatusCode) -> Value {
    match status.as_u16() {
        401 => json!({ "detail": "Authentication credentials were not provided." }),
        403 => json!({ "detail": "incorrect credentials" }),
        404 => json!({ "detail": "Not found." }),
        413 => json!({ "detail": "Request is too large." }),
        429 => json!({ "detail": "Request was throttled. Expected available in 30 seconds." }),
        _ => json!({ "detail": "A server error occurred." }),
    }
}

/// The request's JSON object.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, Box<Reply>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(refusal(400, json!({ "detail": "JSON parse error" }))),
    }
}

/// What was found wrong, by field.
#[derive(Debug, Default)]
pub struct Problems(Map<String, Value>);

impl Problems {
    /// Notes a problem with a field.
    pub fn add(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), json!([text]));
    }

    /// Refuses when there was any.
    pub fn refuse(self) -> Result<(), Box<Reply>> {
        if self.0.is_empty() { Ok(()) } else { Err(refusal(400, Value::Object(self.0))) }
    }

    /// An amount in minor units: a whole number, or its text (§4).
    pub fn amount(&mut self, body: &Map<String, Value>, name: &str, minimum: i64) -> i64 {
        let given = match body.get(name) {
            None | Some(Value::Null) => {
                self.add(name, "This field is required.");
                return 0;
            }
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        match given.filter(|amount| (minimum..=AMOUNT_MAX).contains(amount)) {
            Some(amount) => amount,
            None => {
                self.add(name, "A valid integer is required.");
                0
            }
        }
    }

    /// Currency letters.
    pub fn currency(&mut self, body: &Map<String, Value>, only: Option<&str>) -> String {
        let given = body.get("currency").and_then(Value::as_str).unwrap_or_default();
        let is_good = given.len() == 3 && given.bytes().all(|byte| byte.is_ascii_uppercase());
        match only {
            _ if given.is_empty() => self.add("currency", "This field is required."),
            _ if !is_good => self.add("currency", "Not a valid currency."),
            Some(only) if only != given => self.add("currency", "Currency does not match the integration."),
            _ => {}
        }
        given.to_owned()
    }

    /// `billing_data`: an object with four fields that must be there (§5).
    pub fn billing(&mut self, body: &Map<String, Value>) -> Map<String, Value> {
        let Some(Value::Object(billing)) = body.get("billing_data") else {
            self.add("billing_data", "This field is required.");
            return Map::new();
        };
        let mut wrong = Map::new();
        for name in ["first_name", "last_name", "email", "phone_number"] {
            let text = billing.get(name).and_then(Value::as_str).unwrap_or_default();
            let is_name = name.ends_with("_name");
            if text.is_empty() {
                wrong.insert(name.to_owned(), json!(["This field is required."]));
            } else if is_name && text.chars().count() > 50 {
                wrong.insert(name.to_owned(), json!(["Ensure this field has no more than 50 characters."]));
            }
        }
        if !wrong.is_empty() {
            self.0.insert("billing_data".to_owned(), Value::Object(wrong));
        }
        billing.clone()
    }
}

/// A text of a request, cut to [`TEXT_CHARS_MAX`]; numbers count as their text.
pub fn text(body: &Map<String, Value>, name: &str) -> Option<String> {
    let text = match body.get(name)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text.chars().take(TEXT_CHARS_MAX).collect::<String>()).filter(|text| !text.is_empty())
}

/// A whole number of a request, or its text.
pub fn integer(body: &Map<String, Value>, name: &str) -> Option<i64> {
    text(body, name)?.parse().ok()
}

/// A flag of a request, or its text.
pub fn flag(body: &Map<String, Value>, name: &str) -> bool {
    match body.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}
