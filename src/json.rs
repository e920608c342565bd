//! JSON that means one thing: no object in it has a name twice. Which of the two is meant, whoever signed a
//! text, whoever passed it on and whoever reads it may see differently.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use zeroize::Zeroize as _;

/// The most members that one object may have.
const MEMBERS_MAX: usize = 1_000;

/// Why a text was not read. It repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is not one JSON value, or nests deeper than serde_json reads (128 levels).
    Malformed {
        /// Where it stops being one, from 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// An object in it has a name twice, or more than 1,000 names.
    Ambiguous,
}

/// Parses one JSON value in which no object has a name twice.
///
/// # Errors
/// [`Unread`].
pub fn unambiguous(text: &[u8]) -> Result<Value, Unread> {
    let malformed =
        |error: serde_json::Error| Unread::Malformed { line: error.line(), column: error.column() };
    // This bounds the depth as well.
    let mut value = serde_json::from_slice(text).map_err(malformed)?;
    let raw: &RawValue = serde_json::from_slice(text).map_err(malformed)?;
    if names_once(raw) {
        return Ok(value);
    }
    forget(&mut value);
    Err(Unread::Ambiguous)
}

/// Overwrites every text of a value, such as a card number.
pub fn forget(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(forget),
        Value::Object(fields) => fields.values_mut().for_each(forget),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_spoils_it_at_any_depth() {
        let fine =
            br#" {"a": [1.50, {"b": {"c": 1e400}}, "{\"x\":1,\"x\":2}"], "c": {}, "b": null, "d": true,
            "e": [1, -7, 18446744073709551616, {"b": -2e3}]} "#;
        assert_eq!(unambiguous(fine).ok(), serde_json::from_slice(fine).ok());
        assert_eq!(unambiguous(b"1.50").expect("a number").to_string(), "1.50", "digits stay");
        for twice in [
            &br#"{"a": 1, "a": 1}"#[..],
            br#"{"a": 1, "\u0061": 2}"#,
            br#"{"x": [0, {"y": {"b": 1, "c": 2, "b": 1}}]}"#,
        ] {
            assert!(serde_json::from_slice::<Value>(twice).is_ok(), "valid JSON all the same");
            assert_eq!(unambiguous(twice), Err(Unread::Ambiguous), "{}", String::from_utf8_lossy(twice));
        }
    }

    #[test]
    fn what_is_not_one_value_is_told_with_its_place() {
        for (broken, line, column) in
            [(&b""[..], 1, 0), (b"{", 1, 1), (b"{\n}{}", 2, 2), (b"{\"a\":01}", 1, 7), (b"\xff", 1, 1)]
        {
            assert_eq!(unambiguous(broken), Err(Unread::Malformed { line, column }));
        }
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        assert!(matches!(unambiguous(&deep), Err(Unread::Malformed { .. })));
    }
}
