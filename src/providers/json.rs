//! Reading providers' JSON without believing it: nearly everything may be missing, null, or of
//! another type than documented, and a number is never a float.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

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

/// The most members that one object of a notice may have.
const MEMBERS_MAX: usize = 1_000;

/// Parses what somebody sent by himself: one JSON value in which no object has a name twice. Which of
/// the two is meant, whoever signed it and whoever reads it may see differently.
#[must_use]
pub fn unambiguous(body: &[u8]) -> Option<Value> {
    // This bounds the depth as well.
    let value = serde_json::from_slice(body).ok()?;
    let raw: &RawValue = serde_json::from_slice(body).ok()?;
    names_once(raw).then_some(value)
}

fn names_once(raw: &RawValue) -> bool {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => serde_json::from_str::<Members<'_>>(text).is_ok_and(|Members(members)| {
            let mut names = BTreeSet::new();
            members.into_iter().all(|(name, value)| names.insert(name) && names_once(value))
        }),
        Some(b'[') => {
            serde_json::from_str::<Vec<&RawValue>>(text).is_ok_and(|items| items.into_iter().all(names_once))
        }
        Some(_) | None => true,
    }
}

/// An object's members as they stand.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                    if members.len() > MEMBERS_MAX {
                        return Err(A::Error::custom("too many members"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
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
    fn a_name_that_stands_twice_is_refused_at_any_depth() {
        let good = br#"{"a": [{"b": 1.50, "c": null}, {"b": -2e3}], "b": {"b": "x"}, "d": true,
                "e": [1, -7, 18446744073709551616]}"#;
        let loose: Value = serde_json::from_slice(good).expect("JSON");
        assert_eq!(unambiguous(good), Some(loose));
        assert_eq!(unambiguous(b"1.50").expect("a number").to_string(), "1.50", "digits stay");
        for twice in [
            &br#"{"a": 1, "a": 1}"#[..],
            br#"{"a": 1, "\u0061": 2}"#,
            br#"{"x": [{"y": {"a": 1, "b": 2, "a": 3}}]}"#,
        ] {
            assert!(serde_json::from_slice::<Value>(twice).is_ok(), "valid JSON all the same");
            assert_eq!(unambiguous(twice), None, "{}", String::from_utf8_lossy(twice));
        }
        for broken in [&b""[..], b"{", b"{} {}", b"{\"a\":01}", b"\xff"] {
            assert_eq!(unambiguous(broken), None);
        }
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
    #[test]
    fn a_name_that_stands_twice_spoils_it_all() {
        let fine = br#" {"a": [1.50, {"b": {"c": 1e400}}, "{\"x\":1,\"x\":2}"], "c": {}, "b": null} "#;
        assert_eq!(unambiguous(fine), serde_json::from_slice(fine).ok());
        for wrong in [
            &br#"{"a": 1, "a": 1}"#[..],
            br#"{"a": 1, "\u0061": 2}"#,
            br#"{"x": [0, {"y": {"b": 1, "c": 2, "b": 1}}]}"#,
            br#"{"a": 1"#,
            br#"{"a": 1} {"a": 1}"#,
            b"",
            b"\xff",
        ] {
            assert_eq!(unambiguous(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        assert_eq!(unambiguous(&deep), None);
    }
}
