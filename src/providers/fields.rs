//! JSON objects written field by field, without the fields that have nothing to say, and wiped when
//! they have been written: they hold tokens and people's addresses.

use serde_json::{Map, Number, Value};
use zeroize::{Zeroize, Zeroizing};

use super::contract::Request;

/// A JSON object that is being written.
#[derive(Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Writes a field.
    pub fn put(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Writes a field that may be missing.
    pub fn maybe<T: Into<Value>>(&mut self, name: &str, value: Option<T>) -> &mut Self {
        if let Some(value) = value {
            self.put(name, value);
        }
        self
    }

    /// Writes an object, unless it is empty.
    pub fn group(&mut self, name: &str, group: Self) -> &mut Self {
        if !group.0.is_empty() {
            self.put(name, group.value());
        }
        self
    }

    /// Writes a list, unless it is empty.
    pub fn list<T: Into<Value>>(&mut self, name: &str, items: Vec<T>) -> &mut Self {
        if !items.is_empty() {
            self.put(name, Value::Array(items.into_iter().map(Into::into).collect()));
        }
        self
    }

    /// The object below one name, for providers that want their bodies so: `{"request": {…}}`.
    #[must_use]
    pub fn wrapped(self, name: &str) -> Value {
        Value::Object(Map::from_iter([(name.to_owned(), self.value())]))
    }

    /// The object.
    #[must_use]
    pub fn value(mut self) -> Value {
        Value::Object(std::mem::take(&mut self.0))
    }

    /// The object as JSON text.
    #[must_use]
    pub fn text(self) -> Zeroizing<String> {
        let value = self.value();
        let text = Zeroizing::new(value.to_string());
        wipe(value);
        text
    }

    /// Puts the object into a request as its body.
    #[must_use]
    pub fn seal(self, request: Request) -> Request {
        seal(request, self.value())
    }
}

impl Drop for Fields {
    fn drop(&mut self) {
        wipe(Value::Object(std::mem::take(&mut self.0)));
    }
}

/// Puts a body into a request and overwrites the copy that it was made of, because it may hold a
/// card number.
#[must_use]
pub fn seal(request: Request, body: Value) -> Request {
    let request = request.json(&body);
    wipe(body);
    request
}

/// A number with the very digits of a text, or the text where it is none: ids may be longer than
/// any float is exact, and amounts keep both of their decimals.
#[must_use]
pub fn number(digits: &str) -> Value {
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
