//! JSON objects written field by field, without the fields that have nothing to say.

use serde_json::{Map, Value};
use zeroize::Zeroize;

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
            self.put(name, Value::Object(group.0));
        }
        self
    }

    /// Writes a list, unless it is empty.
    pub(super) fn list<T: Into<Value>>(&mut self, name: &str, items: Vec<T>) -> &mut Self {
        if !items.is_empty() {
            self.put(name, Value::Array(items.into_iter().map(Into::into).collect()));
        }
        self
    }

    /// The object below one name, as the provider wants its bodies: `{"request": {…}}`.
    pub(super) fn wrapped(self, name: &str) -> Value {
        Value::Object(Map::from_iter([(name.to_owned(), Value::Object(self.0))]))
    }
}

/// Puts a body into a request and overwrites the copy that it was made of, because it may hold a
/// card number.
pub(super) fn seal(request: Request, body: Value) -> Request {
    let request = request.json(&body);
    wipe(body);
    request
}

fn wipe(value: Value) {
    match value {
        Value::String(mut text) => text.zeroize(),
        Value::Array(items) => items.into_iter().for_each(wipe),
        Value::Object(fields) => fields.into_iter().for_each(|(_, field)| wipe(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
