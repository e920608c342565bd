//! Reading request bodies: every problem of a body is found and reported at once (§14, sample 60).

use http::StatusCode;
use serde_json::{Map, Value, json};
use url::Url;

use super::answers::{Reply, rule};

/// Amounts are int32 (§15).
pub const AMOUNT_MAX: i64 = 2_147_483_647;

/// Lines of an order (§4.1: "keep to 100 items or fewer").
const ITEMS_MAX: usize = 100;

/// The body as a JSON object.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, Reply> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(rule("Expected a JSON object")),
        Err(_) => Err(rule("Request body is not valid JSON")),
    }
}

/// The body as an object, where an empty body is allowed too.
pub fn object_or_empty(body: &[u8]) -> Result<Map<String, Value>, Reply> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    object(body)
}

/// What was found wrong with a body.
#[derive(Debug, Default)]
pub struct Problems(Vec<Value>);

impl Problems {
    /// Notes a problem at a path.
    pub fn add(&mut self, code: &str, message: &str, path: &[&str]) {
        self.0.push(json!({ "code": code, "message": message, "path": path }));
    }

    /// Refuses when there was any problem.
    pub fn refuse(self) -> Result<(), Reply> {
        if self.0.is_empty() {
            return Ok(());
        }
        let body = json!({
            "error": { "code": "BAD_REQUEST", "message": "Invalid request body", "errors": self.0 },
        });
        Err(Reply::new(StatusCode::BAD_REQUEST, body))
    }

    fn wrong_type(&mut self, expected: &str, found: &Value, path: &[&str]) {
        let found = type_name(found);
        let message = format!("Expected type {expected} but found type {found}");
        self.add("INVALID_TYPE", &message, path);
    }

    fn missing(&mut self, path: &[&str]) {
        let name = path.last().copied().unwrap_or_default();
        let message = format!("Missing required property: {name}");
        self.add("OBJECT_MISSING_REQUIRED_PROPERTY", &message, path);
    }

    /// A nested object; an empty one when it is absent or something else.
    pub fn object<'a>(&mut self, parent: &'a Map<String, Value>, path: &[&str]) -> &'a Map<String, Value> {
        static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        match last(parent, path) {
            Some(Value::Object(members)) => members,
            Some(other) => {
                self.wrong_type("object", other, path);
                &EMPTY
            }
            None => &EMPTY,
        }
    }

    /// A text, if present.
    pub fn text<'a>(&mut self, parent: &'a Map<String, Value>, path: &[&str]) -> Option<&'a str> {
        match last(parent, path)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong_type("string", other, path);
                None
            }
        }
    }

    /// A text that must be there and not be empty.
    pub fn required_text<'a>(&mut self, parent: &'a Map<String, Value>, path: &[&str]) -> Option<&'a str> {
        if last(parent, path).is_none() {
            self.missing(path);
        }
        let text = self.text(parent, path)?;
        if text.is_empty() {
            self.add("MIN_LENGTH", "String is too short (0 chars), minimum 1", path);
        }
        Some(text)
    }

    /// A truth value, if present.
    pub fn boolean(&mut self, parent: &Map<String, Value>, path: &[&str]) -> Option<bool> {
        match last(parent, path)? {
            Value::Bool(value) => Some(*value),
            other => {
                self.wrong_type("boolean", other, path);
                None
            }
        }
    }

    /// An amount in minor units, if present. A number with a fraction or an exponent is refused,
    /// even `10.0`: amounts are integers (§15).
    pub fn amount(&mut self, parent: &Map<String, Value>, path: &[&str]) -> Option<i64> {
        let value = last(parent, path)?;
        let Value::Number(number) = value else {
            self.wrong_type("integer", value, path);
            return None;
        };
        match number.as_i64() {
            Some(amount) if amount.abs() <= AMOUNT_MAX => return Some(amount),
            Some(_) => self.add("MAXIMUM", "Value is out of range for int32", path),
            None => self.wrong_type("integer", value, path),
        }
        None
    }

    /// An amount that must be there.
    pub fn required_amount(&mut self, parent: &Map<String, Value>, path: &[&str]) -> Option<i64> {
        if last(parent, path).is_none() {
            self.missing(path);
        }
        let amount = self.amount(parent, path)?;
        if amount < 0 {
            self.add("MINIMUM", "Value is less than minimum 0", path);
        }
        Some(amount)
    }

    fn web_url<'a>(&mut self, parent: &'a Map<String, Value>, path: &[&str]) -> Option<Url> {
        let text: &'a str = self.text(parent, path)?;
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            _ => {
                self.add("INVALID_FORMAT", "Object didn't pass validation for format uri", path);
                None
            }
        }
    }

    /// The `url` of a session; `is_public` demands what the provider demands of callbacks.
    pub fn urls(&mut self, url: &Map<String, Value>, at: &[&str], is_public: bool) {
        self.web_url(url, &join(at, "return_url"));
        let path = join(at, "callback_url");
        if let Some(callback) = self.web_url(url, &path)
            && is_public
            && !is_public_https(&callback)
        {
            self.add("INVALID_FORMAT", "callback_url must be a public https URL", &path);
        }
    }

    /// The `customer` of a session: empty values are refused rather than ignored (§4.1).
    pub fn customer(&mut self, customer: &Map<String, Value>, at: &[&str]) {
        for name in ["customer_id", "email"] {
            let path = join(at, name);
            if self.text(customer, &path).is_some_and(str::is_empty) {
                self.add("MIN_LENGTH", "String is too short (0 chars), minimum 1", &path);
            }
        }
        let path = join(at, "phone_number");
        if let Some(phone) = self.text(customer, &path) {
            let digits = phone.strip_prefix('+').unwrap_or(phone);
            let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
            if !is_digits || !(5..=15).contains(&digits.len()) {
                let message = "String does not match pattern ^\\+?\\d{5,15}$";
                self.add("PATTERN", message, &path);
            }
        }
    }

    /// The `order`; answers its amount where it has a usable one.
    pub fn order(&mut self, order: &Map<String, Value>, at: &[&str]) -> Option<i64> {
        let amount = self.required_amount(order, &join(at, "amount"));
        self.currency(order, at);
        self.required_text(order, &join(at, "merchant_reference"));
        self.text(order, &join(at, "merchant_reference_2"));
        self.amount(order, &join(at, "vat_amount"));
        self.boolean(order, &join(at, "partial_payment"));
        let path = join(at, "shipping_option");
        let shipping = self.object(order, &path);
        self.amount(shipping, &join(&path, "amount"));
        self.items(order, at);
        amount
    }

    /// The order's currency: three capital letters.
    pub fn currency(&mut self, order: &Map<String, Value>, at: &[&str]) {
        let path = join(at, "currency");
        if let Some(currency) = self.required_text(order, &path) {
            let is_letters = currency.bytes().all(|byte| byte.is_ascii_uppercase());
            if !is_letters || currency.len() != 3 {
                self.add("PATTERN", "String does not match pattern ^[A-Z]{3}$", &path);
            }
        }
    }

    /// The lines of an order, or of a change of an authorization.
    pub fn items(&mut self, order: &Map<String, Value>, at: &[&str]) {
        let path = join(at, "items");
        let items = match order.get("items") {
            None => return,
            Some(Value::Array(items)) => items,
            Some(other) => return self.wrong_type("array", other, &path),
        };
        if items.len() > ITEMS_MAX {
            self.add("ARRAY_LENGTH_LONG", "Array is too long, maximum 100", &path);
        }
        let mut line_ids = Vec::new();
        for (place, item) in items.iter().enumerate() {
            let place = place.to_string();
            let path = join(&path, &place);
            let Value::Object(item) = item else {
                self.wrong_type("object", item, &path);
                continue;
            };
            if !item.contains_key("amount") {
                self.missing(&join(&path, "amount"));
            }
            // A line may be negative: a gift card, say (§4.1).
            self.amount(item, &join(&path, "amount"));
            self.amount(item, &join(&path, "vat_amount"));
            if let Some(line_id) = self.required_text(item, &join(&path, "line_id")) {
                if line_ids.contains(&line_id) {
                    self.add("ARRAY_UNIQUE", "line_id must be unique", &join(&path, "line_id"));
                }
                line_ids.push(line_id);
            }
        }
    }

    /// `metadata`: text or numbers only.
    pub fn metadata(&mut self, parent: &Map<String, Value>, at: &[&str]) {
        let path = join(at, "metadata");
        for (name, value) in self.object(parent, &path) {
            if !matches!(value, Value::String(_) | Value::Number(_)) {
                self.wrong_type("string", value, &join(&path, name));
            }
        }
    }

    /// A moment in time, if present.
    pub fn time(&mut self, parent: &Map<String, Value>, path: &[&str]) -> Option<jiff::Timestamp> {
        let text = self.text(parent, path)?;
        let time = text.parse().ok();
        if time.is_none() {
            self.add("INVALID_FORMAT", "Object didn't pass validation for format date-time", path);
        }
        time
    }
}

/// A path with one more step.
pub fn join<'a>(path: &[&'a str], step: &'a str) -> Vec<&'a str> {
    let mut path = path.to_vec();
    path.push(step);
    path
}

/// Σ of the lines and the shipping option, the sum that strict amounts compare (§2).
pub fn lines_total(order: &Map<String, Value>) -> i64 {
    let amount_of = |line: &Value| line["amount"].as_i64().unwrap_or(0);
    let items = order.get("items").and_then(Value::as_array);
    let lines = items.into_iter().flatten().map(amount_of);
    let shipping = order.get("shipping_option").map(amount_of);
    lines.chain(shipping).fold(0, i64::saturating_add)
}

fn last<'a>(parent: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    parent.get(*path.last()?)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.as_i64().is_some() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_public_https(url: &Url) -> bool {
    let is_public = match url.host() {
        Some(url::Host::Domain(name)) => name != "localhost" && name.contains('.'),
        Some(url::Host::Ipv4(ip)) => !ip.is_loopback() && !ip.is_private(),
        Some(url::Host::Ipv6(ip)) => !ip.is_loopback(),
        None => false,
    };
    is_public && url.scheme() == "https"
}
