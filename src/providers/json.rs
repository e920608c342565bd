//! Reading providers' JSON without believing it: nearly everything may be missing, null, or of
//! another type than documented, and a number is never a float.

use jiff::Timestamp;
use serde_json::Value;

use super::contract::{Fault, Reply};
use crate::domain::money::{Currency, Money};

/// The longest text of a provider that we keep, in characters.
pub const TEXT_CHARS_MAX: usize = 255;

/// Parses a reply's body.
///
/// # Errors
/// [`Fault::Unintelligible`] for anything that is not one JSON value.
pub fn parse(reply: &Reply) -> Result<Value, Fault> {
    serde_json::from_slice(&reply.body)
        .map_err(|_| Fault::unintelligible(format!("HTTP {} with a body that is not JSON", reply.status)))
}

/// Readings of a JSON value by a path of keys; `None` wherever the path breaks off.
pub trait Reading {
    /// The value at a path of object keys, nulls left out.
    fn at(&self, path: &[&str]) -> Option<&Value>;

    /// A text, or a number as its text. Empty texts count as missing.
    fn text(&self, path: &[&str]) -> Option<String>;

    /// A text cut to [`TEXT_CHARS_MAX`], for words that we pass on.
    fn words(&self, path: &[&str]) -> Option<String> {
        self.text(path).map(|text| text.chars().take(TEXT_CHARS_MAX).collect())
    }

    /// A whole number, or a text of digits. Fractions and exponents are refused, not rounded.
    fn integer(&self, path: &[&str]) -> Option<i64>;

    /// A flag: true and false, their texts, or 0 and 1.
    fn flag(&self, path: &[&str]) -> Option<bool>;

    /// A list; empty when missing.
    fn list(&self, path: &[&str]) -> &[Value];

    /// An amount in minor units.
    fn minor(&self, path: &[&str], currency: Currency) -> Option<Money> {
        Money::new(self.integer(path)?, currency).ok()
    }

    /// An ISO 4217 code.
    fn currency(&self, path: &[&str]) -> Option<Currency> {
        Currency::parse(&self.text(path)?).ok()
    }

    /// A time in ISO 8601 with a zone. An odd one is `None` and does not spoil the rest.
    fn time(&self, path: &[&str]) -> Option<Timestamp> {
        self.text(path)?.parse().ok()
    }
}

impl Reading for Value {
    fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key)).filter(|value| !value.is_null())
    }

    fn text(&self, path: &[&str]) -> Option<String> {
        match self.at(path)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn integer(&self, path: &[&str]) -> Option<i64> {
        self.text(path)?.parse().ok()
    }

    fn flag(&self, path: &[&str]) -> Option<bool> {
        match self.at(path)? {
            Value::Bool(flag) => Some(*flag),
            other => match other.as_str().map(str::to_owned).unwrap_or_else(|| other.to_string()).as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
        }
    }

    fn list(&self, path: &[&str]) -> &[Value] {
        self.at(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_only() {
        let body: Value = serde_json::from_str(
            r#"{"a": 29990, "b": "29990", "c": 299.90, "d": 1e3, "e": null, "f": 9223372036854775807}"#,
        )
        .expect("json");
        assert_eq!(body.integer(&["a"]), Some(29_990));
        assert_eq!(body.integer(&["b"]), Some(29_990));
        assert_eq!(body.integer(&["c"]), None);
        assert_eq!(body.integer(&["d"]), None);
        assert_eq!(body.integer(&["e"]), None);
        assert_eq!(body.integer(&["f"]), Some(i64::MAX));
    }

    #[test]
    fn flags_come_in_many_shapes() {
        let body = json!({"a": true, "b": "false", "c": 1, "d": 0, "e": "yes", "n": {"m": "true"}});
        assert_eq!(body.flag(&["a"]), Some(true));
        assert_eq!(body.flag(&["b"]), Some(false));
        assert_eq!(body.flag(&["c"]), Some(true));
        assert_eq!(body.flag(&["d"]), Some(false));
        assert_eq!(body.flag(&["e"]), None);
        assert_eq!(body.flag(&["n", "m"]), Some(true));
    }
}
