//! The values of a telling, and whether an answer is what a story expects.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use regex::Regex;
use serde_json::{Map, Value};

/// What a telling knows by name: what it began with, and what its steps have saved.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<String, Value>);

/// What stands before and after the name of a value.
const OPEN: &str = "${";
const CLOSE: char = '}';
/// How many characters of what came are told.
const TOLD_MAX: usize = 400;
/// How many characters of a time are its date.
const DATE: usize = "2026-01-31".len();

impl Values {
    /// Adds a value, or replaces it.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    /// Puts values in the place of their names, in every text.
    ///
    /// # Errors
    /// A name that nobody knows.
    pub fn fill(&self, written: &Value) -> anyhow::Result<Value> {
        Ok(match written {
            Value::String(text) => self.fill_text(text)?,
            Value::Array(list) => list.iter().map(|value| self.fill(value)).collect::<Result<_, _>>()?,
            Value::Object(fields) => {
                let filled = fields.iter().map(|(name, value)| Ok((name.clone(), self.fill(value)?)));
                Value::Object(filled.collect::<anyhow::Result<_>>()?)
            }
            plain => plain.clone(),
        })
    }

    fn fill_text(&self, text: &str) -> anyhow::Result<Value> {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (name, after) = after.split_once(CLOSE).with_context(|| format!("{text:?} has no end"))?;
            let value = self.0.get(name).with_context(|| format!("nobody knows the value {name:?}"))?;
            if before.is_empty() && after.is_empty() && filled.is_empty() {
                return Ok(value.clone());
            }
            filled.push_str(before);
            filled.push_str(&spelled(value).with_context(|| format!("{name:?} is not a text or a number"))?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled.into())
    }

    /// Whether what came matches what is expected; values that are to be saved are saved only then.
    ///
    /// # Errors
    /// Where it does not, and how.
    pub fn take(&mut self, expected: &Value, came: &Value) -> anyhow::Result<()> {
        let mut learned = self.clone();
        let expected = learned.fill(expected)?;
        learned.matched(&expected, Some(came)).map_err(|mismatch| anyhow::anyhow!("{mismatch}"))?;
        *self = learned;
        Ok(())
    }

    fn matched(&mut self, expected: &Value, came: Option<&Value>) -> Result<(), Mismatch> {
        let there = came.filter(|came| !is_empty(came));
        match expected {
            Value::Object(fields) => match matcher(fields) {
                Some((name, argument)) => self.matched_by(name, argument, there),
                None => self.matched_object(fields, came),
            },
            // What is empty is not written in protobuf's JSON.
            empty if is_empty(empty) && there.is_none() => Ok(()),
            Value::Array(list) => match came {
                Some(Value::Array(came)) if came.len() == list.len() => {
                    list.iter().zip(came).enumerate().try_for_each(|(at, (expected, came))| {
                        self.matched(expected, Some(came)).map_err(|mismatch| mismatch.at(&format!("[{at}]")))
                    })
                }
                _ => Err(Mismatch::of(expected, came)),
            },
            plain => match (spelled(plain), came.and_then(spelled)) {
                (Some(expected), Some(came)) if expected == came => Ok(()),
                _ => Err(Mismatch::of(expected, came)),
            },
        }
    }

    fn matched_object(&mut self, fields: &Map<String, Value>, came: Option<&Value>) -> Result<(), Mismatch> {
        let nothing = Map::new();
        let came = match came {
            Some(Value::Object(came)) => came,
            None | Some(Value::Null) => &nothing,
            Some(other) => return Err(Mismatch::of(&Value::Object(fields.clone()), Some(other))),
        };
        fields.iter().try_for_each(|(name, expected)| {
            self.matched(expected, came.get(name)).map_err(|mismatch| mismatch.at(&format!(".{name}")))
        })
    }

    fn matched_by(&mut self, name: &str, argument: &Value, there: Option<&Value>) -> Result<(), Mismatch> {
        let mismatch =
            || Mismatch::of(&Value::Object(Map::from_iter([(name.to_owned(), argument.clone())])), there);
        match (name, argument, there) {
            ("$save", Value::String(name), Some(came)) => self.set(name.clone(), came.clone()),
            ("$save_date", Value::String(name), Some(Value::String(came))) => {
                self.set(name.clone(), came.get(..DATE).ok_or_else(mismatch)?.into());
            }
            ("$any", Value::Bool(true), Some(_)) | ("$absent", Value::Bool(true), None) => {}
            ("$one_of", Value::Array(list), _) => {
                let one = list.iter().find_map(|expected| self.trial(expected, there));
                *self = one.ok_or_else(mismatch)?;
            }
            ("$matches", Value::String(pattern), Some(Value::String(came))) => {
                let pattern = Regex::new(pattern).map_err(|error| Mismatch::because(error.to_string()))?;
                return if pattern.is_match(came) { Ok(()) } else { Err(mismatch()) };
            }
            ("$has", Value::Array(list), Some(Value::Array(came))) => {
                for expected in list {
                    let found = came.iter().find_map(|came| self.trial(expected, Some(came)));
                    *self = found.ok_or_else(mismatch)?;
                }
            }
            ("$save" | "$save_date" | "$any" | "$absent" | "$matches" | "$has", _, _) => {
                return Err(mismatch());
            }
            _ => return Err(Mismatch::because(format!("there is no matcher {name}"))),
        }
        Ok(())
    }

    /// What is known afterwards, if it matches.
    fn trial(&self, expected: &Value, came: Option<&Value>) -> Option<Self> {
        let mut learned = self.clone();
        learned.matched(expected, came).is_ok().then_some(learned)
    }
}

/// Where an answer is not what was expected.
struct Mismatch {
    path: String,
    what: String,
}

impl Mismatch {
    fn of(expected: &Value, came: Option<&Value>) -> Self {
        let mut came = came.map_or_else(|| "nothing".to_owned(), Value::to_string);
        if let Some((end, _)) = came.char_indices().nth(TOLD_MAX) {
            came.truncate(end);
            came.push('…');
        }
        Self::because(format!("expected {expected}, came {came}"))
    }

    fn because(what: String) -> Self {
        Self { path: String::new(), what }
    }

    fn at(self, place: &str) -> Self {
        Self { path: format!("{place}{}", self.path), what: self.what }
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path.trim_start_matches('.') {
            "" => f.write_str(&self.what),
            path => write!(f, "{path}: {}", self.what),
        }
    }
}

/// The name and the argument of an object that is a matcher.
fn matcher(fields: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut fields = fields.iter();
    match (fields.next(), fields.next()) {
        (Some((name, argument)), None) if name.starts_with('$') => Some((name, argument)),
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.to_string() == "0",
        Value::String(text) => text.is_empty() || text == "0",
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// A text, a number or a truth value as it is spelled.
fn spelled(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The fields of an account as values.
///
/// # Errors
/// What is no object.
pub fn of_account(name: &str, fields: &Value) -> anyhow::Result<Values> {
    let Value::Object(fields) = fields else { bail!("the account {name} is not an object") };
    let mut values = Values::default();
    for (name, value) in fields {
        values.set(name.clone(), value.clone());
    }
    values.set("account", name.into());
    Ok(values)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values() -> Values {
        of_account("shop", &json!({"amount": "49900", "count": 3, "list": ["a"]})).expect("an account")
    }

    #[test]
    fn values_stand_in_for_their_names() {
        let filled =
            values().fill(&json!({"a": "${amount}", "b": ["x-${count}-${account}"], "c": "${list}", "d": 1}));
        assert_eq!(filled.expect("filled"), json!({"a": "49900", "b": ["x-3-shop"], "c": ["a"], "d": 1}));
        for wrong in ["${nobody}", "${amount", "x${list}"] {
            assert!(values().fill(&json!(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_expected_is_a_part_of_what_came() {
        let came = json!({
            "id": "pay_1", "minor": "49900", "small": 7, "yes": true, "list": [{"n": 1, "x": 2}, {"n": 2}],
            "inner": {"state": "CAPTURED", "at": "2026-01-31T09:30:00Z"},
        });
        for fine in [
            json!({}),
            json!({"id": "pay_1", "minor": 49900, "small": "7", "yes": true}),
            json!({"minor": "${amount}", "gone": "", "gone2": 0, "gone3": "0", "gone4": [], "gone5": {}, "gone6": false, "gone7": null}),
            json!({"list": [{"n": 1}, {"n": "2"}], "inner": {"state": "CAPTURED", "gone": {"deep": ""}}}),
            json!({"id": {"$save": "id"}, "gone": {"$absent": true}, "inner": {"$any": true}}),
            json!({"id": {"$one_of": ["pay_2", {"$matches": "^pay_1$"}]}, "list": {"$has": [{"n": 2}, {"n": 1}]}}),
            json!({"inner": {"at": {"$save_date": "day"}}}),
        ] {
            values().take(&fine, &came).unwrap_or_else(|error| panic!("{fine}: {error}"));
        }
        for wrong in [
            json!({"id": "pay_2"}),
            json!({"id": ""}),
            json!({"gone": "x"}),
            json!({"yes": false}),
            json!({"list": [{"n": 1}]}),
            json!({"list": []}),
            json!({"inner": {"state": "DECLINED"}}),
            json!({"inner": "CAPTURED"}),
            json!({"id": {"$absent": true}}),
            json!({"gone": {"$any": true}}),
            json!({"gone": {"$save": "gone"}}),
            json!({"id": {"$one_of": ["pay_2"]}}),
            json!({"id": {"$matches": "^tok_"}}),
            json!({"list": {"$has": [{"n": 3}]}}),
            json!({"id": {"$unheard_of": true}}),
            json!({"id": "${nobody}"}),
        ] {
            assert!(values().take(&wrong, &came).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_matched_is_saved() {
        let mut values = values();
        let came = json!({"id": "pay_1", "at": "2026-01-31T09:30:00Z"});
        assert!(values.take(&json!({"id": {"$save": "id"}, "gone": "x"}), &came).is_err());
        assert!(values.fill(&json!("${id}")).is_err());
        values.take(&json!({"id": {"$save": "id"}, "at": {"$save_date": "day"}}), &came).expect("matches");
        assert_eq!(values.fill(&json!("${id} ${day}")).expect("known"), "pay_1 2026-01-31");
    }

    #[test]
    fn a_mismatch_says_where() {
        let came = json!({"list": [{"n": {"state": "CAPTURED"}}]});
        let error =
            values().take(&json!({"list": [{"n": {"state": "DECLINED"}}]}), &came).expect_err("wrong");
        assert_eq!(error.to_string(), r#"list[0].n.state: expected "DECLINED", came "CAPTURED""#);
    }
}
