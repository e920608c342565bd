//! What may be shown of a request or an answer: for `ExplainRequest`, the history and the
//! exchange log. Redaction happens here and nowhere else on our side of the wire. Some providers wrap
//! JSON as text in JSON (a signed envelope), so texts are looked into as well.

use serde_json::Value;

use super::contract::{HeaderValue, Profile, Request};

/// What stands in place of a value that is not shown.
pub const REDACTED: &str = "[redacted]";

/// A request as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What the request is called.
    pub name: String,
    /// The method.
    pub method: String,
    /// The address, or its origin only when the address itself is a secret.
    pub url: String,
    /// Header names and values, credentials redacted.
    pub headers: Vec<(String, String)>,
    /// The body as JSON text with sensitive values redacted; empty without a body.
    pub body: String,
}

/// Keys that are about a person or a card at any provider.
const ALWAYS: &[&str] = &[
    "email",
    "phone",
    "phone_number",
    "first_name",
    "last_name",
    "birth_date",
    "number",
    "verification_value",
    "cvc",
    "cvv",
    "holder",
    "ip",
    "token",
    "password",
    "secret",
    "address_line",
    "address_line_2",
];

/// The bytes of a body that was sent which a payment's story keeps.
const SENT_MAX: usize = 2048;

/// How deep JSON that travels as text in JSON is looked into. What is wrapped more often is not shown.
const WRAPPINGS_MAX: usize = 4;

/// Shows a request.
#[must_use]
pub fn show(request: &Request, profile: &Profile) -> Shown {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| {
            let shown = match value {
                HeaderValue::Plain(text) => text.clone(),
                HeaderValue::Secret(_) => REDACTED.to_owned(),
            };
            ((*name).to_owned(), shown)
        })
        .collect();
    let body = request.body.as_ref().map_or_else(String::new, |body| show_body(body.expose(), profile));
    let url = if request.secret_url { secret_url(&request.url) } else { request.url.clone() };
    Shown { name: request.name.to_owned(), method: request.method.as_str().to_owned(), url, headers, body }
}

/// The body of a request for a payment's story; empty without one. What is longer than 2 KiB is cut.
#[must_use]
pub fn shown_sent(request: &Request, profile: &Profile) -> String {
    let mut shown = request.body.as_ref().map_or_else(String::new, |body| show_body(body.expose(), profile));
    if shown.len() > SENT_MAX {
        let end = (0..=SENT_MAX).rev().find(|end| shown.is_char_boundary(*end)).unwrap_or_default();
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// Shows a JSON body; a body that is not JSON is not shown at all.
#[must_use]
pub fn show_body(body: &[u8], profile: &Profile) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            hide(&mut value, profile.sensitive_keys, 0);
            value.to_string()
        }
        Err(_) => REDACTED.to_owned(),
    }
}

/// The path of a request's address, as it may be shown: nothing of it where the address is a secret.
#[must_use]
pub fn shown_path(request: &Request) -> String {
    if request.secret_url {
        return REDACTED.to_owned();
    }
    let after_scheme = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |place| &after_scheme[place..]);
    path.split(['?', '#']).next().unwrap_or("/").to_owned()
}

fn secret_url(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(parsed) => format!("{}/{REDACTED}", parsed.origin().ascii_serialization()),
        Err(_) => REDACTED.to_owned(),
    }
}

fn hide(value: &mut Value, keys: &[&str], wrappings: usize) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if keys.contains(&name.as_str()) || ALWAYS.contains(&name.as_str()) {
                    hide_leaves(field);
                } else {
                    hide(field, keys, wrappings);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, keys, wrappings)),
        Value::String(text) => match wrapped(text) {
            Some(_) if wrappings >= WRAPPINGS_MAX => *text = REDACTED.to_owned(),
            Some(mut inner) => {
                hide(&mut inner, keys, wrappings + 1);
                *text = inner.to_string();
            }
            None if looks_like_card(text) => *text = REDACTED.to_owned(),
            None => {}
        },
        _ => {}
    }
}

/// The object or list that a text holds as JSON.
fn wrapped(text: &str) -> Option<Value> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    is_json.then(|| serde_json::from_str(text).ok()).flatten()
}

/// Hides every value below a sensitive key and keeps the shape, so that a reader still sees which
/// fields were there.
fn hide_leaves(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(hide_leaves),
        Value::Array(items) => items.iter_mut().for_each(hide_leaves),
        Value::Null => {}
        leaf => *leaf = Value::String(REDACTED.to_owned()),
    }
}

fn looks_like_card(text: &str) -> bool {
    crate::domain::pan::contains_card_number(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;
    use crate::providers::contract::Method;

    static PROFILE: Profile = Profile {
        name: "test",
        title: "Test",
        capabilities: &[],
        currencies: None,
        amount_minor_min: 1,
        amount_minor_max: i64::MAX,
        poll_pauses: &[],
        sensitive_keys: &["payment_token"],
    };

    #[test]
    fn json_that_travels_as_text_is_looked_into() {
        let inner = serde_json::json!({
            "payment_token": "canary-1",
            "customer": { "email": "canary-2@example.test" },
            "note": "4111 1111 1111 1111",
            "amount": 128,
            "more": serde_json::json!([{ "payment_token": "canary-3" }]).to_string(),
        });
        let mut deep = serde_json::json!({ "payment_token": "canary-4" }).to_string();
        for _ in 0..10 {
            deep = serde_json::json!({ "in": deep }).to_string();
        }
        let body = serde_json::json!({ "request": inner.to_string(), "deep": deep, "text": "[see below]" });
        let shown = show_body(body.to_string().as_bytes(), &PROFILE);
        assert!(!shown.contains("canary") && !shown.contains("4111"), "{shown}");
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        let inner: Value = serde_json::from_str(shown["request"].as_str().expect("a text")).expect("JSON");
        assert_eq!(inner["amount"], 128);
        assert_eq!(inner["payment_token"], REDACTED);
        assert_eq!(shown["text"], "[see below]");
    }

    #[test]
    fn shapes_stay_and_values_go() {
        let body = serde_json::json!({
            "customer": {"email": "canary@example.test", "tokens": {"payex.creditcard": {"payment_token": "canary-1"}}},
            "note": "4111 1111 1111 1111",
            "order": {"amount": 100}
        });
        let request = Request::new("pay", Method::Post, "https://example.test/pay?key=canary-2")
            .credential("Authorization", Secret::from("canary-3"))
            .json(&body);
        let mut request = request;
        request.secret_url = true;
        let shown = show(&request, &PROFILE);
        let all = format!("{shown:?}");
        assert!(!all.contains("canary") && !all.contains("4111"), "{all}");
        assert!(shown.body.contains("\"amount\":100") && shown.body.contains("payment_token"));
    }
}
