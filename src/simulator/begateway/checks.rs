//! Reading request bodies: every problem is found and reported at once (§8.1).

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use url::Url;

use super::answers::Refusal;

/// The largest amount accepted, in minor units. The provider publishes none; this one keeps every
/// sum in range.
const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// The object inside the wrapper every body has (`request`, `checkout`).
pub fn unwrap(body: &[u8], wrapper: &str) -> Result<Map<String, Value>, Box<Refusal>> {
    let Ok(mut body) = serde_json::from_slice::<Value>(body) else {
        let text = "Request body is not valid JSON";
        return Err(Refusal::base(StatusCode::BAD_REQUEST, "E.1023", text));
    };
    match body.get_mut(wrapper).map(Value::take) {
        Some(Value::Object(members)) => Ok(members),
        _ => {
            let text = format!("{wrapper} is missing");
            Err(Refusal::base(StatusCode::UNPROCESSABLE_ENTITY, "E.1026", &text))
        }
    }
}

/// What was found wrong: a path and a text each, in the order found.
#[derive(Debug, Default)]
pub struct Errors {
    found: Vec<(String, String)>,
    /// Checkout errors have dotted keys (sample 03), the gateway's are nested (sample 25).
    is_dotted: bool,
}

impl Errors {
    /// Errors in the checkout host's form.
    pub fn dotted() -> Errors {
        Errors { found: Vec::new(), is_dotted: true }
    }

    /// Notes a problem at a dotted path.
    pub fn add(&mut self, path: &str, text: &str) {
        self.found.push((path.to_owned(), text.to_owned()));
    }

    /// Refuses when there was any problem.
    pub fn refuse(&self) -> Result<(), Box<Refusal>> {
        match self.found.is_empty() {
            true => Ok(()),
            false => Err(Refusal::validation(self)),
        }
    }

    /// `Description can't be blank. Number is invalid.`: one sentence for each problem.
    pub fn message(&self) -> String {
        let sentence = |(path, text): &(String, String)| {
            let named = if self.is_dotted { path } else { path.rsplit('.').next().unwrap_or(path) };
            if named == "base" {
                return text.clone();
            }
            let words = named.replace(['.', '_'], " ");
            // A path may contain what the client sent, so it need not begin with ASCII.
            let mut letters = words.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            format!("{}{} {text}", first.collect::<String>(), letters.as_str())
        };
        let sentences: Vec<String> = self.found.iter().map(sentence).collect();
        match sentences.as_slice() {
            [only] => only.clone(),
            many => format!("{}.", many.join(". ")),
        }
    }

    /// The `errors` object.
    pub fn value(&self) -> Value {
        let mut errors = json!({});
        for (path, text) in &self.found {
            let mut place = &mut errors;
            let steps = if self.is_dotted { vec![path.as_str()] } else { path.split('.').collect() };
            for step in steps {
                // A problem further in says more than one about the object around it.
                if !place.is_object() {
                    *place = json!({});
                }
                place = &mut place[step];
            }
            match place {
                Value::Array(texts) => texts.push(json!(text)),
                place => *place = json!([text]),
            }
        }
        errors
    }

    /// A nested object; an empty one when absent.
    pub fn object<'a>(&mut self, parent: &'a Map<String, Value>, path: &str) -> &'a Map<String, Value> {
        static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        match parent.get(last(path)) {
            Some(Value::Object(members)) => members,
            None | Some(Value::Null) => &EMPTY,
            Some(_) => {
                self.add(path, "is invalid");
                &EMPTY
            }
        }
    }

    /// A text, if present and not empty; at most `length_max` characters.
    pub fn text<'a>(
        &mut self,
        parent: &'a Map<String, Value>,
        path: &str,
        length_max: usize,
    ) -> Option<&'a str> {
        match parent.get(last(path))? {
            Value::String(text) if text.chars().count() > length_max => {
                self.add(path, &format!("is too long (maximum is {length_max} characters)"));
                None
            }
            Value::String(text) => Some(text.as_str()).filter(|text| !text.trim().is_empty()),
            Value::Null => None,
            _ => {
                self.add(path, "is invalid");
                None
            }
        }
    }

    /// A text that must be there.
    pub fn required_text<'a>(
        &mut self,
        parent: &'a Map<String, Value>,
        path: &str,
        length_max: usize,
    ) -> Option<&'a str> {
        let is_blank = match parent.get(last(path)) {
            None | Some(Value::Null) => true,
            Some(value) => value.as_str().is_some_and(|text| text.trim().is_empty()),
        };
        if is_blank {
            self.add(path, "can't be blank");
        }
        self.text(parent, path, length_max)
    }

    /// An amount in minor units, at least `minimum`. A number with a fraction or an exponent is
    /// refused, even `10.0`: amounts are integers (§3).
    pub fn amount(&mut self, parent: &Map<String, Value>, path: &str, minimum: i64) -> i64 {
        let amount = match parent.get(last(path)) {
            None | Some(Value::Null) => {
                self.add(path, "can't be blank");
                return 0;
            }
            Some(Value::Number(number)) => number.as_i64(),
            Some(_) => None,
        };
        match amount {
            None => self.add(path, "must be an integer"),
            Some(amount) if amount > AMOUNT_MAX => self.add(path, "is too large"),
            Some(amount) if amount >= minimum => return amount,
            Some(_) if minimum == 1 => self.add(path, "must be greater than 0"),
            Some(_) => self.add(path, "must be greater than or equal to 0"),
        }
        0
    }

    /// Currency letters: ISO 4217, or a crypto currency's (§4).
    pub fn currency(&mut self, parent: &Map<String, Value>, path: &str) -> String {
        let Some(currency) = self.required_text(parent, path, 255) else {
            return String::new();
        };
        let is_good =
            (3..=5).contains(&currency.len()) && currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_good {
            self.add(path, "is invalid");
        }
        currency.to_owned()
    }

    /// A truth value; 0 and 1 exist too (§13).
    pub fn boolean(&mut self, parent: &Map<String, Value>, path: &str, default: bool) -> bool {
        match parent.get(last(path)) {
            None | Some(Value::Null) => default,
            Some(Value::Bool(value)) => *value,
            Some(Value::Number(number)) if number.as_i64() == Some(1) => true,
            Some(Value::Number(number)) if number.as_i64() == Some(0) => false,
            Some(_) => {
                self.add(path, "is invalid");
                default
            }
        }
    }

    /// A web address, if present.
    pub fn url(&mut self, parent: &Map<String, Value>, path: &str) -> Option<String> {
        let text = self.text(parent, path, 2_048)?;
        let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            self.add(path, "is invalid");
        }
        is_web.then(|| text.to_owned())
    }

    /// A moment in time, if present.
    pub fn time(&mut self, parent: &Map<String, Value>, path: &str) -> Option<Timestamp> {
        let text = self.text(parent, path, 64)?;
        let time = text.parse().ok();
        if time.is_none() {
            self.add(path, "is invalid");
        }
        time
    }

    /// `additional_data.contract`: what a token may be used for (§6).
    pub fn contract(&mut self, additional: &Map<String, Value>, path: &str) -> Vec<String> {
        let known = ["recurring", "oneclick", "card_on_file", "credit"];
        let mut contract = Vec::new();
        match additional.get("contract") {
            None | Some(Value::Null) => {}
            Some(Value::Array(values)) => {
                for value in values {
                    match value.as_str().filter(|value| known.contains(value)) {
                        Some(value) => contract.push(value.to_owned()),
                        None => self.add(path, "is invalid"),
                    }
                }
            }
            Some(_) => self.add(path, "is invalid"),
        }
        contract
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_as_in_the_samples() {
        let mut errors = Errors::default();
        errors.add("description", "can't be blank");
        errors.add("credit_card.number", "is invalid");
        errors.add("customer.ip", "can't be blank");
        let message = "Description can't be blank. Number is invalid. Ip can't be blank.";
        assert_eq!(errors.message(), message);
        assert_eq!(errors.value()["credit_card"]["number"], json!(["is invalid"]));

        let mut errors = Errors::dotted();
        errors.add("order.amount", "must be greater than 0");
        errors.add("order.currency", "is invalid");
        let message = "Order amount must be greater than 0. Order currency is invalid.";
        assert_eq!(errors.message(), message);
        assert_eq!(errors.value()["order.currency"], json!(["is invalid"]));
    }

    #[test]
    fn amounts_are_integers() {
        let mut errors = Errors::default();
        let body = |text: &str| serde_json::from_str::<Map<String, Value>>(text).expect("JSON");
        assert_eq!(errors.amount(&body(r#"{"amount":100}"#), "amount", 1), 100);
        for wrong in [r#"{"amount":10.0}"#, r#"{"amount":1e3}"#, r#"{"amount":"100"}"#] {
            let mut errors = Errors::default();
            errors.amount(&body(wrong), "amount", 1);
            assert!(errors.refuse().is_err(), "{wrong}");
        }
        assert!(errors.refuse().is_ok());
    }
}
