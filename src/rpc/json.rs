//! Requests in the contract's JSON form, read strictly: a name that the contract does not have, or that stands
//! twice, is a mistake in the request, because what it was meant to say would be lost.
//!
//! No problem repeats a value: there may be a card number in it.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value as Reflected};
use serde_json::Value;
use serde_path_to_error::{Path, Segment, Track};
use zeroize::Zeroize as _;

use super::intake;
use super::problems::Problems;
use crate::engine::error::FieldError;
use crate::json;

/// The longest name of an unknown field that is told, in characters.
const NAME_TOLD_MAX: usize = 64;

/// Why a request was not read.
#[derive(Debug)]
pub enum Unread {
    /// It is not JSON.
    Text(FieldError),
    /// It has names that the contract does not have: all of them.
    UnknownNames(Vec<FieldError>),
    /// It says something twice: a name, a field in both spellings, or two members of one choice.
    Ambiguous(Vec<FieldError>),
    /// A value is not of its field's kind: the first.
    WrongKind(FieldError),
}

impl Unread {
    /// The fields that are wrong, by their paths; the empty path is the whole request.
    #[must_use]
    pub fn fields(self) -> Vec<FieldError> {
        match self {
            Self::Text(field) | Self::WrongKind(field) => vec![field],
            Self::UnknownNames(fields) | Self::Ambiguous(fields) => fields,
        }
    }
}

impl From<json::Unread> for Unread {
    fn from(unread: json::Unread) -> Self {
        match unread {
            json::Unread::Malformed { line, column } => {
                Self::Text(FieldError::new("", format!("is not JSON, at line {line} column {column}")))
            }
            json::Unread::Ambiguous => Self::Ambiguous(vec![FieldError::new(
                "",
                "has an object with a name that stands twice, or with too many names",
            )]),
        }
    }
}

impl From<Unread> for Problems {
    fn from(unread: Unread) -> Self {
        let mut problems = Self::default();
        for FieldError { field, problem, kind } in unread.fields() {
            problems.add_kind(&field, problem, kind);
        }
        problems
    }
}

/// The message that a JSON text stands for.
///
/// # Errors
/// [`Unread`], with what is wrong.
pub fn read(descriptor: &MessageDescriptor, text: &[u8]) -> Result<DynamicMessage, Unread> {
    let mut value = json::unambiguous(text)?;
    let read = read_value(descriptor, &value);
    json::forget(&mut value);
    read
}

/// The request of an RPC, such as `PaymentService/ChargeToken`, that a JSON value stands for.
///
/// # Errors
/// [`Unread`], with what is wrong.
pub fn request<M: Message + Default>(rpc: &str, value: &Value) -> Result<M, Unread> {
    let not_one = || Unread::WrongKind(FieldError::new("", format!("is not a request of {rpc}")));
    let message = read_value(&intake::input_of(rpc).ok_or_else(not_one)?, value)?;
    message.transcode_to().map_err(|_| not_one())
}

fn read_value(descriptor: &MessageDescriptor, value: &Value) -> Result<DynamicMessage, Unread> {
    let mut names = Names::default();
    names.look(descriptor, value, "");
    match names {
        Names { unknown, .. } if !unknown.is_empty() => return Err(Unread::UnknownNames(unknown)),
        Names { twice, .. } if !twice.is_empty() => return Err(Unread::Ambiguous(twice)),
        Names { .. } => {}
    }
    let mut track = Track::new();
    // By way of a value: serde_json hands the digits of numbers in a form that only it reads back.
    let reader = serde_path_to_error::Deserializer::new(value, &mut track);
    DynamicMessage::deserialize(descriptor.clone(), reader).map_err(|_| {
        let (path, wanted) = place(descriptor, &track.path());
        Unread::WrongKind(FieldError::new(path, format!("is not {wanted}")))
    })
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

/// What is wrong with the names in a JSON value.
#[derive(Default)]
struct Names {
    /// Those that the contract does not have.
    unknown: Vec<FieldError>,
    /// Fields that are given in both spellings, and choices of which two are given.
    twice: Vec<FieldError>,
}

impl Names {
    fn look(&mut self, descriptor: &MessageDescriptor, value: &Value, path: &str) {
        // Times, durations and the like have JSON forms of their own.
        if descriptor.package_name() == "google.protobuf" {
            return;
        }
        let Value::Object(fields) = value else { return };
        let (mut given, mut chosen) = (BTreeSet::new(), BTreeMap::new());
        for (name, value) in fields {
            let Some(field) = field_named(descriptor, name) else {
                let told: String = name.chars().take(NAME_TOLD_MAX).collect();
                self.unknown.push(FieldError::new(joined(path, &told), "is not a field of the contract"));
                continue;
            };
            let path = joined(path, field.name());
            if !given.insert(field.number()) {
                self.twice.push(FieldError::new(&path, "stands twice, in both spellings"));
            }
            // To JSON, what is null is not there.
            let choice = field.containing_oneof().filter(|_| !value.is_null());
            if let Some(choice) = choice {
                let earlier = chosen.insert(choice.name().to_owned(), field.name().to_owned());
                if let Some(earlier) = earlier.filter(|earlier| earlier != field.name()) {
                    self.twice.push(FieldError::new(&path, format!("and {earlier} exclude each other")));
                }
            }
            self.look_into(&field, value, &path);
        }
    }

    fn look_into(&mut self, field: &FieldDescriptor, value: &Value, path: &str) {
        match (field.kind(), value) {
            (Kind::Message(inner), Value::Array(list)) if field.is_list() => {
                for (at, value) in list.iter().enumerate() {
                    self.look(&inner, value, &format!("{path}[{at}]"));
                }
            }
            (Kind::Message(inner), value) if !field.is_map() => self.look(&inner, value, path),
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

fn field_named(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
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
        let unread = read(&descriptor, json.as_bytes()).expect_err("wrong");
        unread.fields().into_iter().map(|field| (field.field, field.problem)).collect()
    }

    const CHARGE: &str = "PaymentService/ChargeToken";

    #[test]
    fn names_in_both_spellings_and_numbers_in_both_forms_are_read() {
        let descriptor = intake::input_of(CHARGE).expect("an RPC");
        let texts = [
            r#"{"requestId":"a","money":{"amountMinor":"29900","currencyCode":"NOK"}}"#,
            r#"{"request_id":"a","money":{"amount_minor":29900,"currency_code":"NOK"}}"#,
        ];
        let read = texts.map(|text| read(&descriptor, text.as_bytes()).expect("read"));
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
            (r#"{"money":{"amountMinor":1,"amountMinor":2}}"#, "", "a name that stands twice"),
            (r#"{"requestId":"4111111111111111","request_id":"b"}"#, "request_id", "stands twice"),
            (r#"{"tokenId":"4111111111111111","providerToken":{}}"#, "token_id", "provider_token exclude"),
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
        let mut message = read(&descriptor, json).expect("read");
        forget_message(&mut message);
        assert!(!format!("{message:?}").contains("4111"), "{message:?}");
    }
}
