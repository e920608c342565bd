//! Takes secrets out of what the exchange log shows.
//!
//! Recorded bytes never leave the simulators except through here. Values are replaced by what they
//! are called (`"number": "[redacted]"`), and anything that looks like a card number is replaced
//! wherever it stands, so a number sent in the wrong field does not slip through either.

use serde_json::Value;
use url::form_urlencoded;

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Names of JSON members and form fields whose value is secret, in lower case.
const SECRET_NAMES: &[&str] = &[
    "access_token",
    "accesstoken",
    "accountidentifier",
    "accountname",
    "accountnumber",
    "addressline1",
    "addressline2",
    "api_key",
    "auth_token",
    "authorization",
    "card",
    "client_secret",
    "clientsecret",
    "cvc",
    "cvv",
    "hmac",
    "identifier",
    "key",
    "number",
    "pan",
    "password",
    "payment_token",
    "recurrence_token",
    "secret",
    // A signed body could be sent again by whoever has it.
    "signature",
    "token",
    "tokenid",
    "userid",
    "verification_value",
    // People, not only cards: the log is shown to whoever may call the sandbox.
    "address",
    "address_line",
    "address_line_2",
    "birth_date",
    "cardholderfirstname",
    "cardholderlastname",
    "customer_ip",
    "email",
    "encryptedcard",
    "first_name",
    "givenname",
    "holder",
    "ip",
    "last_name",
    "phone",
    "phone_number",
    "surename",
    "surname",
];

/// How deep JSON that travels as text in JSON is looked into. What is wrapped more often is not shown.
const WRAPPINGS_MAX: usize = 4;

/// Headers whose value is secret, in lower case.
const SECRET_HEADERS: &[&str] = &["authorization", "cookie", "set-cookie", "x-api-key", "x-merchant-secret"];

/// A header's value as it may be shown.
pub fn header(name: &str, value: &str) -> String {
    if SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return REDACTED.to_owned();
    }
    without_card_numbers(value)
}

/// A path and query as they may be shown. beGateway has card tokens as path segments.
pub fn target(target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut shown = Vec::new();
    let mut before = "";
    for segment in path.split('/') {
        let is_card_token = before == "credit_cards" && segment != "charges";
        shown.push(if is_card_token { REDACTED } else { segment });
        before = segment;
    }
    let path = without_card_numbers(&shown.join("/"));
    if query.is_empty() {
        return path;
    }
    // `token` in a query is beGateway's checkout token: the handle of a page, not a credential.
    format!("{path}?{}", form(query, &["token"]))
}

/// A body as it may be shown: JSON as JSON, forms as text, anything else as text.
pub fn body(content_type: &str, body: &[u8]) -> Value {
    if let Ok(mut value) = serde_json::from_slice(body) {
        json(&mut value, None, 0);
        return value;
    }
    let text = String::from_utf8_lossy(body);
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return Value::from(form(&text, &[]));
    }
    // JSON that was cut off at the log's limit, or is none at all: no structure to go by, so a
    // body that names a secret is not shown at all.
    let plain = text.replace('\\', "").to_ascii_lowercase();
    let names_secret = SECRET_NAMES.iter().any(|name| plain.contains(&format!("\"{name}\"")));
    if names_secret {
        return Value::from(REDACTED);
    }
    Value::from(without_card_numbers(&text))
}

fn json(value: &mut Value, parent: Option<&str>, wrappings: usize) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                // The checkout token is the handle of a hosted page and stands in its URL.
                let is_handle = name == "token" && parent == Some("checkout");
                let is_scalar = matches!(member, Value::String(_) | Value::Number(_));
                let lower = name.to_ascii_lowercase();
                let is_secret_list = lower == "card_tokens" && member.is_array();
                if is_secret_list || is_scalar && !is_handle && SECRET_NAMES.contains(&lower.as_str()) {
                    *member = Value::from(REDACTED);
                } else {
                    json(member, Some(name), wrappings);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| json(item, parent, wrappings)),
        Value::String(text) => match wrapped(text) {
            Some(_) if wrappings >= WRAPPINGS_MAX => *text = REDACTED.to_owned(),
            Some(mut inner) => {
                json(&mut inner, None, wrappings + 1);
                *text = inner.to_string();
            }
            None => *text = without_card_numbers(text),
        },
        Value::Number(number) if looks_like_card_number(&number.to_string()) => {
            *value = Value::from(REDACTED);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The object or list that a text holds as JSON: some providers sign a text and wrap it in JSON.
pub fn wrapped(text: &str) -> Option<Value> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    is_json.then(|| serde_json::from_str(text).ok()).flatten()
}

fn form(text: &str, handles: &[&str]) -> String {
    let mut shown = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let lower = name.to_ascii_lowercase();
        let is_secret = SECRET_NAMES.contains(&lower.as_str()) && !handles.contains(&lower.as_str());
        if is_secret && !value.is_empty() {
            shown.append_pair(&name, REDACTED);
        } else {
            shown.append_pair(&name, &without_card_numbers(&value));
        }
    }
    shown.finish()
}

/// The text with every run of 13 to 19 digits that passes the Luhn check replaced. Single spaces
/// and hyphens inside a run count as grouping.
fn without_card_numbers(text: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    if text.chars().filter(|c| is_digit(*c)).count() < 13 {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_digit) {
        let (before, from) = rest.split_at(start);
        shown.push_str(before);
        let run = &from[..run_length(from)];
        if looks_like_card_number(run) {
            shown.push_str(REDACTED);
        } else {
            shown.push_str(run);
        }
        rest = &from[run.len()..];
    }
    shown.push_str(rest);
    shown
}

/// The length in bytes of the digits at the start of `text`, with grouping between them.
fn run_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let is_group_gap =
            matches!(bytes[end], b' ' | b'-') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !bytes[end].is_ascii_digit() && !is_group_gap {
            break;
        }
        end += 1;
    }
    end
}

fn looks_like_card_number(run: &str) -> bool {
    let digits: Vec<u8> = run.bytes().filter(u8::is_ascii_digit).collect();
    (13..=19).contains(&digits.len()) && passes_luhn(&digits)
}

/// The check digit rule of card numbers (ISO/IEC 7812-1) over ASCII digits.
pub fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0');
            match (place % 2, value) {
                (0, value) => value,
                (_, value) if value > 4 => value * 2 - 9,
                (_, value) => value * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CARD: &str = "4200000000000000";

    #[test]
    fn secrets_by_name_and_cards_anywhere() {
        let sent = json!({
            "request": {
                "description": format!("my card is {CARD}, thanks"),
                "credit_card": { "number": "1", "token": "t", "exp_year": "2031" },
                "customer": { "tokens": { "payex.creditcard": { "payment_token": "p" } } },
            },
            "checkout": { "token": "page", "payment_method": { "credit_card": { "token": "t" } } },
        });
        let shown = body("application/json", sent.to_string().as_bytes());
        assert_eq!(shown["request"]["description"], "my card is [redacted], thanks");
        assert_eq!(shown["request"]["credit_card"]["number"], REDACTED);
        assert_eq!(shown["request"]["credit_card"]["token"], REDACTED);
        assert_eq!(shown["request"]["credit_card"]["exp_year"], "2031");
        let tokens = &shown["request"]["customer"]["tokens"];
        assert_eq!(tokens["payex.creditcard"]["payment_token"], REDACTED);
        assert_eq!(shown["checkout"]["token"], "page");
        let card = &shown["checkout"]["payment_method"]["credit_card"];
        assert_eq!(card["token"], REDACTED);
    }

    #[test]
    fn json_that_travels_as_text_is_looked_into() {
        let inner = json!({ "tokenId": 5127, "userId": "u", "note": CARD, "merchantReference": "r" });
        let sent = json!({ "request": inner.to_string(), "signature": "s" });
        let shown = body("application/json", sent.to_string().as_bytes());
        assert_eq!(shown["signature"], REDACTED);
        let inner = wrapped(shown["request"].as_str().expect("a text")).expect("JSON");
        assert_eq!(inner["tokenId"], REDACTED);
        assert_eq!(inner["userId"], REDACTED);
        assert_eq!(inner["note"], REDACTED);
        assert_eq!(inner["merchantReference"], "r");
        let mut deep = json!({ "token": "canary" }).to_string();
        for _ in 0..10 {
            deep = json!([deep]).to_string();
        }
        let shown = body("application/json", deep.as_bytes());
        assert!(!shown.to_string().contains("canary"), "{shown}");
        let whole = sent.to_string();
        let cut = &whole.as_bytes()[..whole.len() - 10];
        assert_eq!(body("application/json", cut), REDACTED);
    }

    #[test]
    fn forms_targets_headers_and_cut_off_bodies() {
        let form = b"card=4200+0000+0000+0000&cvc=123&expiry=12%2F2030";
        let shown = body("application/x-www-form-urlencoded", form);
        assert_eq!(shown, "card=%5Bredacted%5D&cvc=%5Bredacted%5D&expiry=12%2F2030");
        assert_eq!(target("/credit_cards/abc"), "/credit_cards/[redacted]");
        assert_eq!(target("/services/credit_cards/charges"), "/services/credit_cards/charges");
        assert_eq!(target("/v1/view?token=page"), "/v1/view?token=page");
        assert_eq!(header("Authorization", "Basic abc"), REDACTED);
        let cut = br#"{"request":{"credit_card":{"number":"42000"#;
        assert_eq!(body("application/json", cut), REDACTED);
    }

    #[test]
    fn timestamps_and_ids_are_not_cards() {
        let text = "1795255250175 2026-11-21T10:00:50.175Z 40101010101";
        assert_eq!(without_card_numbers(text), text);
        let grouped = "4200 0000-0000 0000.";
        assert_eq!(without_card_numbers(grouped), "[redacted].");
    }
}
