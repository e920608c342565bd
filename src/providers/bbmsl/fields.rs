//! JSON objects written field by field, without the fields that have nothing to say, and wiped when
//! they have been written: they hold tokens and people's addresses.

use serde_json::{Map, Number, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::providers::contract::Request;

/// A JSON object that is being written.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Writes a field.
    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Writes a field that may be missing.
    pub(super) fn maybe<T: Into<Value>>(&mut self, name: &str, value: Option<T>) -> &mut Self {
        if let Some(value) = value {
            self.put(name, value);
        }
        self
    }

    /// Writes an object, unless it is empty.
    pub(super) fn group(&mut self, name: &str, group: Self) -> &mut Self {
        if !group.0.is_empty() {
            self.put(name, group.value());
        }
        self
    }

    /// The object.
    pub(super) fn value(mut self) -> Value {
        Value::Object(std::mem::take(&mut self.0))
    }

    /// The object as JSON text.
    pub(super) fn text(self) -> Zeroizing<String> {
        let value = self.value();
        let text = Zeroizing::new(value.to_string());
        wipe(value);
        text
    }

    /// Puts the object into a request as its body.
    pub(super) fn seal(self, request: Request) -> Request {
        let value = self.value();
        let request = request.json(&value);
        wipe(value);
        request
    }
}

impl Drop for Fields {
    fn drop(&mut self) {
        wipe(Value::Object(std::mem::take(&mut self.0)));
    }
}

/// A number with the very digits of a text, or the text where it is none: ids may be longer than
/// any float is exact, and amounts keep both of their decimals.
pub(super) fn number(digits: &str) -> Value {
    digits.parse::<Number>().map_or_else(|_| Value::from(digits), Value::Number)
}

fn wipe(value: Value) {
    match value {
        Value::String(mut text) => text.zeroize(),
        Value::Array(items) => items.into_iter().for_each(wipe),
        Value::Object(fields) => fields.into_iter().for_each(|(_, field)| wipe(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
