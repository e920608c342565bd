//! Requests in the contract's JSON form, read strictly: a name that the contract does not have is a
//! mistake in the request, because what it was meant to say would be lost.
//!
//! No problem repeats a value: there may be a card number in it.

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, Value as Reflected};
use serde_json::Value;
use serde_path_to_error::{Path, Segment, Track};
use zeroize::Zeroize as _;

use super::problems::Problems;

/// The longest name of an unknown field that is told, in characters.
const NAME_TOLD_MAX: usize = 64;

/// The message that a JSON text stands for.
///
/// # Errors
/// What is wrong with it: all names that the contract does not have, or else the first value that is
/// not of its field's kind.
pub fn read(descriptor: &MessageDescriptor, json: &[u8]) -> Result<DynamicMessage, Problems> {
    let mut problems = Problems::default();
    let mut value: Value = match serde_json::from_slice(json) {
        Ok(value) => value,
        Err(error) => {
            let at = format!("is not JSON, at line {} column {}", error.line(), error.column());
            problems.add("", at);
            return Err(problems);
        }
    };
    unknown_names(descriptor, &value, "", &mut problems);
    let mut track = Track::new();
    // By way of a value: serde_json hands the digits of numbers in a form that only it reads back.
    let read = match problems.is_empty() {
        true => DynamicMessage::deserialize(
            descriptor.clone(),
            serde_path_to_error::Deserializer::new(&value, &mut track),
        )
        .map_err(|_| {
            let (path, wanted) = place(descriptor, &track.path());
            problems.add(&path, format!("is not {wanted}"));
        }),
        false => Err(()),
    };
    forget(&mut value);
    read.map_err(|()| problems)
}

/// Overwrites every text of a message, such as a card number.
pub fn forget_message(message: &mut DynamicMessage) {
    for (_, value) in message.fields_mut() {
        forget_reflected(value);
    }
}

fn forget_reflected(value: &mut Reflected) {
    match value {
        Reflected::String(text) => text.zeroize(),
        Reflected::Message(message) => forget_message(message),
        Reflected::List(list) => list.iter_mut().for_each(forget_reflected),
        Reflected::Map(map) => map.values_mut().for_each(forget_reflected),
        _ => {}
    }
}

fn forget(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(forget),
        Value::Object(fields) => fields.values_mut().for_each(forget),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Adds every name in a JSON value that its message does not have.
fn unknown_names(descriptor: &MessageDescriptor, value: &Value, path: &str, problems: &mut Problems) {
    // Times, durations and the like have JSON forms of their own.
    if descriptor.package_name() == "google.protobuf" {
        return;
    }
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        let Some(field) = field_named(descriptor, name) else {
            let told: String = name.chars().take(NAME_TOLD_MAX).collect();
            problems.add(&joined(path, &told), "is not a field of the contract");
            continue;
        };
        let path = joined(path, field.name());
        match (field.kind(), value) {
            (Kind::Message(inner), Value::Array(list)) if field.is_list() => {
                for (at, value) in list.iter().enumerate() {
                    unknown_names(&inner, value, &format!("{path}[{at}]"), problems);
                }
            }
            (Kind::Message(inner), value) if !field.is_map() => {
                unknown_names(&inner, value, &path, problems);
            }
            _ => {}
        }
    }
}

/// The path of a field as the contract writes it, and what stands there.
fn place(descriptor: &MessageDescriptor, path: &Path) -> (String, String) {
    let mut told = String::new();
    let mut message = Some(descriptor.clone());
    let mut wanted = format!("a {} in protobuf's JSON form", descriptor.name());
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => told.push_str(&format!("[{index}]")),
            Segment::Map { key } => {
                let field = message.as_ref().and_then(|message| field_named(message, key));
                told = joined(&told, field.as_ref().map_or(key, |field| field.name()));
                let Some(field) = field else { continue };
                wanted = words(&field.kind());
                message = match field.kind() {
                    Kind::Message(inner) if !field.is_map() => Some(inner),
                    _ => None,
                };
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    (told, wanted)
}

fn words(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => "a time such as 2026-01-31T09:30:00Z".to_owned(),
            "google.protobuf.Duration" => "a duration such as 90s".to_owned(),
            _ => format!("a {}", message.name()),
        },
        Kind::Enum(values) => {
            let example = values.values().nth(1).map(|value| value.name().to_owned()).unwrap_or_default();
            format!("a value of {} such as {example}", values.name())
        }
        Kind::Bool => "true or false".to_owned(),
        Kind::String => "a text".to_owned(),
        Kind::Bytes => "bytes in base64".to_owned(),
        Kind::Int64 | Kind::Uint64 => {
            "a whole number of 64 bits, as digits or as a text of digits".to_owned()
        }
        _ => "a whole number".to_owned(),
    }
}

fn field_named(message: &MessageDescriptor, name: &str) -> Option<prost_reflect::FieldDescriptor> {
    message.get_field_by_json_name(name).or_else(|| message.get_field_by_name(name))
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::intake;

    fn told(rpc: &str, json: &str) -> Vec<(String, String)> {
        let descriptor = intake::input_of(rpc).expect("an RPC");
        let problems = read(&descriptor, json.as_bytes()).expect_err("wrong");
        let error = problems.finish(Some(())).expect_err("wrong");
        let crate::engine::error::Error::Invalid(fields) = error else { panic!("{error:?}") };
        fields.into_iter().map(|field| (field.field, field.problem)).collect()
    }

    const CHARGE: &str = "PaymentService/ChargeToken";

    #[test]
    fn names_in_both_spellings_and_numbers_in_both_forms_are_read() {
        let descriptor = intake::input_of(CHARGE).expect("an RPC");
        let texts = [
            r#"{"requestId":"a","money":{"amountMinor":"29900","currencyCode":"NOK"}}"#,
            r#"{"request_id":"a","money":{"amount_minor":29900,"currency_code":"NOK"}}"#,
        ];
        let read = texts.map(|text| read(&descriptor, text.as_bytes()).map_err(|_| text).expect("read"));
        assert_eq!(read[0], read[1]);
        let money = read[0].get_field_by_name("money").expect("a field");
        let minor =
            money.as_message().and_then(|money| Some(money.get_field_by_name("amount_minor")?.as_i64()));
        assert_eq!(minor.flatten(), Some(29_900));
    }

    #[test]
    fn every_unknown_name_is_told_with_its_path() {
        let json = r#"{"requestid":"a","money":{"amount":"5"},"order":{"lines":[{},{"qty":1}]},"metadata":{"any":"thing"}}"#;
        let fields: Vec<String> = told(CHARGE, json).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["money.amount", "order.lines[1].qty", "requestid"]);
    }

    #[test]
    fn a_value_of_another_kind_is_told_and_not_repeated() {
        for (json, field, problem) in [
            (r#"{"money":{"amountMinor":12.5}}"#, "money.amount_minor", "is not a whole number of 64 bits"),
            (r#"{"money":{"amountMinor":"4111111111111111x"}}"#, "money.amount_minor", "is not a whole"),
            (r#"{"money":"4111111111111111"}"#, "money", "is not a Money"),
            (
                r#"{"merchantInitiated":{"reason":"4111111111111111"}}"#,
                "merchant_initiated.reason",
                "such as MERCHANT_REASON_",
            ),
            (r#"{"order":{"lines":[{"name":7}]}}"#, "order.lines[0].name", "is not a text"),
            (r#"["4111111111111111"]"#, "", "is not a ChargeTokenRequest"),
            (r#"{"requestId":"4111111111111111"#, "", "is not JSON, at line 1 column 30"),
        ] {
            let told = told(CHARGE, json);
            assert_eq!(told.len(), 1, "{json}: {told:?}");
            assert_eq!(told[0].0, field, "{json}: {told:?}");
            assert!(told[0].1.contains(problem) && !told[0].1.contains("4111"), "{json}: {told:?}");
        }
    }

    #[test]
    fn what_was_read_can_be_forgotten() {
        let descriptor = intake::input_of("SessionService/ConfirmSession").expect("an RPC");
        let json = br#"{"sessionId":"ses_1","card":{"number":"4111111111111111","cvc":"123"}}"#;
        let mut message = read(&descriptor, json).map_err(|_| ()).expect("read");
        forget_message(&mut message);
        assert!(!format!("{message:?}").contains("4111"), "{message:?}");
    }
}
