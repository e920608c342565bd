//! Reading requests: what is wrong is collected field by field, as the provider tells it (§5).

use serde_json::Value;

use super::answers::{Reply, invalid, rule};

/// The longest text of a field that has no limit of its own, in characters.
const TEXT_CHARS_MAX: usize = 255;
/// How many mistakes are told at once.
const MISTAKES_MAX: usize = 20;

/// A request's body while it is read.
#[derive(Debug)]
pub struct Body {
    value: Value,
    mistakes: Vec<(String, String)>,
}

impl Body {
    /// Parses a body: one JSON object.
    pub fn read(bytes: &[u8]) -> Result<Body, Reply> {
        match serde_json::from_slice(bytes) {
            Ok(value @ Value::Object(_)) => Ok(Body { value, mistakes: Vec::new() }),
            _ => Err(rule("the body must be a JSON object")),
        }
    }

    /// The value at a dotted path; `None` for null too.
    pub fn at(&self, path: &str) -> Option<&Value> {
        let found = path.split('.').try_fold(&self.value, |value, key| value.get(key));
        found.filter(|value| !value.is_null())
    }

    /// Notes a mistake.
    pub fn wrong(&mut self, field: &str, message: impl Into<String>) {
        if self.mistakes.len() < MISTAKES_MAX {
            self.mistakes.push((field.to_owned(), message.into()));
        }
    }

    /// A text of bounded length, if there is one.
    pub fn text(&mut self, path: &str, chars_max: usize) -> Option<String> {
        match self.at(path).cloned()? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) if text.chars().count() <= chars_max => Some(text),
            Value::String(_) => {
                self.wrong(path, format!("{path} must have at most {chars_max} characters"));
                None
            }
            _ => {
                self.wrong(path, format!("{path} must be a string"));
                None
            }
        }
    }

    /// The same, required.
    pub fn required(&mut self, path: &str, chars_max: usize) -> String {
        let before = self.mistakes.len();
        let found = self.text(path, chars_max);
        if found.is_none() && self.mistakes.len() == before {
            self.wrong(path, format!("Make sure {path} value is fulfilled"));
        }
        found.unwrap_or_default()
    }

    /// One of several words, with a default.
    pub fn word(&mut self, path: &str, words: &[&str], usual: &str) -> String {
        match self.text(path, TEXT_CHARS_MAX) {
            None => usual.to_owned(),
            Some(word) if words.contains(&word.as_str()) => word,
            Some(_) => {
                self.wrong(path, format!("{path} must be one of {}", words.join(", ")));
                usual.to_owned()
            }
        }
    }

    /// A flag with a default.
    pub fn flag(&mut self, path: &str, usual: bool) -> bool {
        match self.at(path).map(Value::as_bool) {
            None => usual,
            Some(Some(flag)) => flag,
            Some(None) => {
                self.wrong(path, format!("{path} must be a boolean"));
                usual
            }
        }
    }

    /// An amount in whole rupiah: a number in version 2, a text in version 1.
    pub fn rupiah(&mut self, path: &str, is_text: bool) -> Option<i64> {
        self.at(path)?;
        let (value, currency) = (format!("{path}.value"), format!("{path}.currency"));
        let found = match (self.at(&value), is_text) {
            (Some(Value::Number(number)), false) => number.as_i64(),
            (Some(Value::String(text)), true) => text.parse().ok(),
            _ => None,
        };
        match found {
            Some(rupiah) if rupiah > 0 => {
                if self.at(&currency).and_then(Value::as_str) != Some("IDR") {
                    self.wrong(&currency, format!("{currency} must be IDR"));
                }
                Some(rupiah)
            }
            _ => {
                let form = if is_text { "a string of whole rupiah" } else { "a number of whole rupiah" };
                self.wrong(&value, format!("{value} must be {form}"));
                None
            }
        }
    }

    /// Whether there is a mistake by now.
    pub fn is_wrong(&self) -> bool {
        !self.mistakes.is_empty()
    }

    /// All mistakes as one refusal.
    pub fn finish(&self) -> Result<(), Reply> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(invalid(&self.mistakes)) }
    }
}
