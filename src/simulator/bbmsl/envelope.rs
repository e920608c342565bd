//! What every request passes: the envelope, its signature, the merchant, and then its fields (§3).

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::{Bbmsl, MERCHANT, decimals, keys};

/// The longest reference, in characters (§6.4).
const REFERENCE_CHARS_MAX: usize = 64;
/// Lines of an order that are looked at.
const LINES_MAX: usize = 200;

/// A refusal: a code and a message, and HTTP 200 (§14).
#[derive(Debug)]
pub struct Refusal {
    /// The response code.
    pub code: &'static str,
    /// The message.
    pub message: String,
    /// What else the answer has.
    pub order: Option<Value>,
}

impl Refusal {
    /// A refusal without a word about an order.
    pub fn new(code: &'static str, message: &str) -> Refusal {
        Refusal { code, message: message.to_owned(), order: None }
    }

    /// A field is missing or wrong.
    pub fn field(name: &str) -> Refusal {
        Refusal::new("9908", &format!("Invalid field: {name}"))
    }

    /// There is no such order (sample 36).
    pub fn no_order() -> Refusal {
        Refusal::new("9903", "Order not found")
    }

    /// There is no such card of this user.
    pub fn no_token() -> Refusal {
        Refusal::new("9909", "Token not found")
    }
}

/// What a handler makes of a request's fields.
pub type Answer = Result<Value, Refusal>;

/// Opens the envelope, lets `work` answer what is in it, and sends that.
pub fn handle(bbmsl: &Bbmsl, body: &Bytes, work: impl FnOnce(&Request) -> Answer) -> Response {
    let answer = match open(bbmsl, body).and_then(|request| work(&request)) {
        Ok(answer) => answer,
        Err(Refusal { code, message, order }) => {
            let mut answer = json!({ "responseCode": code, "message": message });
            if let Some(order) = order {
                answer["order"] = order;
            }
            answer
        }
    };
    ([(CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

/// An answer of success with these members.
pub fn success(members: Value) -> Value {
    let mut answer = json!({ "responseCode": "0000", "message": "Success" });
    if let (Value::Object(answer), Value::Object(members)) = (&mut answer, members) {
        answer.extend(members);
    }
    answer
}

fn open(bbmsl: &Bbmsl, body: &Bytes) -> Result<Request, Refusal> {
    let envelope: Value = serde_json::from_slice(body).map_err(|_| Refusal::new("9900", "Bad request"))?;
    let (Some(request), Some(signature)) = (envelope["request"].as_str(), envelope["signature"].as_str())
    else {
        return Err(Refusal::new("9900", "Bad request"));
    };
    let inner: Value = serde_json::from_str(request).map_err(|_| Refusal::new("9900", "Bad request"))?;
    let Value::Object(fields) = inner else {
        return Err(Refusal::new("9900", "Bad request"));
    };
    let request_text = request;
    let request = Request { fields };
    if request.text("merchantId").as_deref() != Some(MERCHANT) || !bbmsl.state().behaviour.has_public_key {
        return Err(Refusal::new("9906", "No public key"));
    }
    if !keys::is_merchants(request_text.as_bytes(), signature) {
        return Err(Refusal::new("9907", "Invalid signature"));
    }
    Ok(request)
}

/// The inner fields of a request that was signed by the merchant.
#[derive(Debug)]
pub struct Request {
    fields: Map<String, Value>,
}

impl Request {
    /// A text, or a number as its text: the documentation and its samples differ (§18).
    pub fn text(&self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A text that has to be there.
    pub fn need(&self, name: &str, chars_max: usize) -> Result<String, Refusal> {
        let found = self.text(name).filter(|text| text.chars().count() <= chars_max);
        found.ok_or_else(|| Refusal::field(name))
    }

    /// A whole number that has to be there.
    pub fn id(&self, name: &str) -> Result<u64, Refusal> {
        self.text(name).and_then(|text| text.parse().ok()).ok_or_else(|| Refusal::field(name))
    }

    /// A flag; false when missing.
    pub fn flag(&self, name: &str) -> bool {
        self.fields.get(name) == Some(&Value::Bool(true))
    }

    /// The amount: more than zero and within Number(9,2).
    pub fn amount(&self) -> Result<i64, Refusal> {
        let minor = self.fields.get("amount").and_then(decimals::minor);
        let fits = minor.filter(|minor| (1..=decimals::AMOUNT_MINOR_MAX).contains(minor));
        fits.ok_or_else(|| Refusal::field("amount"))
    }

    /// The currency: HKD unless it is stated (§6.4).
    pub fn currency(&self) -> Result<String, Refusal> {
        match self.text("currency").as_deref() {
            None | Some("HKD") => Ok("HKD".to_owned()),
            Some("USD") => Ok("USD".to_owned()),
            Some(_) => Err(Refusal::field("currency")),
        }
    }

    /// Our reference.
    pub fn reference(&self) -> Result<String, Refusal> {
        self.need("merchantReference", REFERENCE_CHARS_MAX)
    }

    /// One of the four callback addresses.
    pub fn callback(&self, name: &str) -> Option<String> {
        let url = self.fields.get("callbackUrl")?.get(name)?.as_str()?;
        url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        Some(url.to_owned())
    }

    /// The lines: at least one, each with a whole quantity and a price (§6.4). They are not added up.
    pub fn check_lines(&self) -> Result<(), Refusal> {
        let lines = self.fields.get("lineItems").and_then(Value::as_array);
        let lines = lines.filter(|lines| (1..=LINES_MAX).contains(&lines.len()));
        let is_line = |line: &Value| {
            let quantity = line["quantity"].as_i64().is_some_and(|quantity| quantity > 0);
            let price = &line["priceData"];
            quantity && decimals::minor(&price["unitAmount"]).is_some() && price["name"].is_string()
        };
        match lines {
            Some(lines) if lines.iter().all(is_line) => Ok(()),
            _ => Err(Refusal::field("lineItems")),
        }
    }
}
