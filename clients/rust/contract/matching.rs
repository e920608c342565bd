//! Whether what came is what a story expects.

use regex::Regex;
use serde_json::{Map, Value};

use crate::values::Values;

/// How long a date is, such as 2026-01-31.
const DATE_LENGTH: usize = 10;

/// Matches, and saves what the story wants saved. After an error nothing is saved.
pub fn matches(expected: &Value, seen: Option<&Value>, values: &mut Values) -> Result<(), String> {
    let mut saved = values.clone();
    check(expected, seen, &mut saved, "")?;
    *values = saved;
    Ok(())
}

fn check(expected: &Value, seen: Option<&Value>, values: &mut Values, path: &str) -> Result<(), String> {
    let differs = || {
        let place = if path.is_empty() { "it" } else { path };
        let seen = seen.map_or_else(|| "nothing".to_owned(), Value::to_string);
        Err(format!("{place}: expected {expected}, saw {seen}"))
    };
    if let Some((name, argument)) = matcher(expected) {
        return match_by(name, argument, seen, values, path)?.then_some(()).ok_or(()).or_else(|()| differs());
    }
    let Some(seen) = seen.filter(|seen| !seen.is_null()) else {
        return if is_empty(expected) { Ok(()) } else { differs() };
    };
    match (expected, seen) {
        (Value::Object(fields), Value::Object(seen)) => {
            for (name, expected) in fields {
                check(expected, seen.get(name), values, &join(path, name))?;
            }
            Ok(())
        }
        (Value::Array(entries), Value::Array(seen)) if entries.len() == seen.len() => {
            for (index, (expected, seen)) in entries.iter().zip(seen).enumerate() {
                check(expected, Some(seen), values, &format!("{path}[{index}]"))?;
            }
            Ok(())
        }
        (Value::Bool(expected), Value::Bool(seen)) if expected == seen => Ok(()),
        _ if spelling(expected).is_some() && spelling(expected) == spelling(seen) => Ok(()),
        _ => differs(),
    }
}

/// The name and the argument of an object whose only field begins with `$`.
fn matcher(expected: &Value) -> Option<(&str, &Value)> {
    let fields: &Map<String, Value> = expected.as_object().filter(|fields| fields.len() == 1)?;
    let (name, argument) = fields.iter().next()?;
    name.starts_with('$').then_some((name, argument))
}

/// An error means that the story is wrong, or that something deeper differs.
fn match_by(
    name: &str,
    argument: &Value,
    seen: Option<&Value>,
    values: &mut Values,
    path: &str,
) -> Result<bool, String> {
    let there = seen.filter(|seen| !is_empty(seen));
    let wrong = || format!("{path}: {name} does not take {argument}");
    match (name, argument) {
        ("$save", Value::String(name)) if !name.is_empty() => {
            if let Some(there) = there {
                values.insert(name.clone(), there.clone());
            }
            Ok(there.is_some())
        }
        ("$save_date", Value::String(name)) if !name.is_empty() => {
            let date = there.and_then(Value::as_str).and_then(|time| time.get(..DATE_LENGTH));
            if let Some(date) = date {
                values.insert(name.clone(), date.into());
            }
            Ok(date.is_some())
        }
        ("$any", Value::Bool(true)) => Ok(there.is_some()),
        ("$absent", Value::Bool(true)) => Ok(there.is_none()),
        ("$one_of", Value::Array(choices)) if !choices.is_empty() => {
            Ok(choices.iter().any(|choice| attempt(choice, seen, values, path)))
        }
        ("$matches", Value::String(pattern)) => {
            let pattern = Regex::new(pattern).map_err(|error| format!("{path}: {error}"))?;
            Ok(seen.and_then(Value::as_str).is_some_and(|text| pattern.is_match(text)))
        }
        ("$has", Value::Array(wanted)) => {
            let none = Vec::new();
            let entries = match seen {
                Some(Value::Array(entries)) => entries,
                None | Some(Value::Null) => &none,
                Some(_) => return Ok(false),
            };
            Ok(wanted
                .iter()
                .all(|wanted| entries.iter().any(|entry| attempt(wanted, Some(entry), values, path))))
        }
        ("$save" | "$save_date" | "$any" | "$absent" | "$one_of" | "$matches" | "$has", _) => Err(wrong()),
        _ => Err(format!("{path}: there is no matcher {name}")),
    }
}

/// Tries one of several; what it saves counts only when it matches.
fn attempt(expected: &Value, seen: Option<&Value>, values: &mut Values, path: &str) -> bool {
    let mut saved = values.clone();
    let is_match = check(expected, seen, &mut saved, path).is_ok();
    if is_match {
        *values = saved;
    }
    is_match
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty() || text == "0",
        Value::Array(entries) => entries.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

fn spelling(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(expected: Value, seen: Value) -> Result<(), String> {
        matches(&expected, Some(&seen), &mut Values::new())
    }

    #[test]
    fn what_is_a_part_matches() {
        for (expected, seen) in [
            (json!({"a": 1}), json!({"a": 1, "b": 2})),
            (json!({"a": "49900"}), json!({"a": 49900})),
            (json!({"a": 49900}), json!({"a": "49900"})),
            (json!({"a": {"b": ["x", {"c": true}]}}), json!({"a": {"b": ["x", {"c": true, "d": 1}]}})),
            (json!({"a": false, "b": 0, "c": "0", "d": "", "e": [], "f": {}, "g": null}), json!({})),
            (json!({"a": {}}), json!({"a": {"b": 1}})),
            (json!({"a": {"$any": true}}), json!({"a": true})),
            (json!({"a": {"$absent": true}}), json!({"a": ""})),
            (json!({"a": {"$absent": true}}), json!({})),
            (json!({"a": {"$one_of": [1, {"$matches": "^pay_"}]}}), json!({"a": "pay_1"})),
            (json!({"a": {"$one_of": ["x", ""]}}), json!({})),
            (json!({"a": {"$has": [2, {"b": 3}]}}), json!({"a": [1, {"b": 3, "c": 4}, 2]})),
            (json!({"a": {"$has": []}}), json!({})),
            (json!({"$with": 1, "two": 2}), json!({"$with": 1, "two": 2})),
        ] {
            assert_eq!(told(expected.clone(), seen.clone()), Ok(()), "{expected} {seen}");
        }
    }

    #[test]
    fn what_differs_does_not() {
        for (expected, seen) in [
            (json!({"a": 1}), json!({})),
            (json!({"a": 1}), json!({"a": 2})),
            (json!({"a": true}), json!({"a": "true"})),
            (json!({"a": false}), json!({"a": true})),
            (json!({"a": ""}), json!({"a": "x"})),
            (json!({"a": []}), json!({"a": [1]})),
            (json!({"a": [1]}), json!({"a": [1, 2]})),
            (json!({"a": [1, 2]}), json!({"a": [2, 1]})),
            (json!({"a": null}), json!({"a": 1})),
            (json!({"a": {"b": 1}}), json!({"a": 1})),
            (json!({"a": {"$any": true}}), json!({"a": "0"})),
            (json!({"a": {"$save": "x"}}), json!({"a": []})),
            (json!({"a": {"$absent": true}}), json!({"a": 1})),
            (json!({"a": {"$one_of": [1, 2]}}), json!({"a": 3})),
            (json!({"a": {"$matches": "^pay_"}}), json!({"a": "a pay_"})),
            (json!({"a": {"$matches": "1"}}), json!({})),
            (json!({"a": {"$has": [1, 2]}}), json!({"a": [1]})),
            (json!({"a": {"$has": [1]}}), json!({"a": 1})),
        ] {
            assert!(told(expected.clone(), seen.clone()).is_err(), "{expected} {seen}");
        }
    }

    #[test]
    fn a_story_that_is_wrong_is_refused() {
        for wrong in [
            json!({"$unknown": 1}),
            json!({"$any": false}),
            json!({"$any": 1}),
            json!({"$save": ""}),
            json!({"$one_of": []}),
            json!({"$matches": "("}),
            json!({"$has": 1}),
        ] {
            assert!(told(json!({"a": wrong.clone()}), json!({"a": "x"})).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_matches_is_saved() {
        let mut values = Values::new();
        let expected = json!({"a": {"$save": "a"}, "b": 1});
        assert!(matches(&expected, Some(&json!({"a": "x", "b": 2})), &mut values).is_err());
        assert!(values.is_empty());
        let either =
            json!({"$one_of": [{"a": {"$save": "wrong"}, "b": 1}, {"a": {"$save": "right"}, "b": 2}]});
        assert_eq!(matches(&either, Some(&json!({"a": "x", "b": 2})), &mut values), Ok(()));
        assert_eq!(values, [("right".to_owned(), json!("x"))].into());
    }

    #[test]
    fn the_place_of_a_difference_is_told() {
        let why =
            told(json!({"a": {"b": [{"c": 1}]}}), json!({"a": {"b": [{"c": 2}]}})).expect_err("differs");
        assert_eq!(why, "a.b[0].c: expected 1, saw 2");
    }
}
