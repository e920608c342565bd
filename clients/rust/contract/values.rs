//! `${name}` in the texts of a story.

use std::collections::BTreeMap;

use serde_json::Value;

/// What names stand for.
pub type Values = BTreeMap<String, Value>;

/// The same value with every name replaced.
pub fn fill(value: &Value, values: &Values) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => fill_text(text, values)?,
        Value::Array(entries) => {
            Value::Array(entries.iter().map(|entry| fill(entry, values)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| Ok((name.clone(), fill(value, values)?)));
            Value::Object(fields.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, values: &Values) -> Result<Value, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("{text:?} lacks a brace"))?;
        let value = values.get(name).ok_or_else(|| format!("nobody knows ${{{name}}}"))?;
        if before.len() + after.len() == 0 && filled.is_empty() {
            return Ok(value.clone());
        }
        filled.push_str(before);
        filled.push_str(&as_text(value)?);
        rest = after;
    }
    Ok(Value::String(filled + rest))
}

/// Texts and numbers as they are spelled.
fn as_text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        other => Err(format!("{other} cannot stand inside a text")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values() -> Values {
        [("run", json!("a1")), ("amount", json!("49900")), ("list", json!([1])), ("number", json!(7))]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    #[test]
    fn names_are_replaced_everywhere() {
        let story =
            json!({"id": "${run}-charge", "money": ["${amount}", 5, "${list}"], "all": "${run}${number}."});
        let filled = json!({"id": "a1-charge", "money": ["49900", 5, [1]], "all": "a17."});
        assert_eq!(fill(&story, &values()), Ok(filled));
        assert_eq!(fill(&json!("${number}"), &values()), Ok(json!(7)));
        assert_eq!(fill(&json!("$run {run}"), &values()), Ok(json!("$run {run}")));
    }

    #[test]
    fn what_cannot_be_replaced_is_an_error() {
        for wrong in ["${nobody}", "${run", "${}", "a ${list}"] {
            assert!(fill(&json!({"deep": [wrong]}), &values()).is_err(), "{wrong}");
        }
    }
}
