//! What only one provider has: from the options message of a request to values by name. No provider
//! is known here; the name of the field in the `oneof` is the name of the provider.

use std::collections::BTreeMap;

use prost_reflect::{DynamicMessage, Kind, MapKey, Value};

use crate::domain::order::{OptionValue, Options};
use crate::rpc::intake::{Incoming, input_of};

/// The options of a request. `encoded` is its `oneof` alone, in the encoding of the request.
pub fn options<M: Incoming>(encoded: Option<Vec<u8>>) -> Options {
    let Some(encoded) = encoded else { return Options::default() };
    let Some(request) = input_of(M::RPC).and_then(|input| DynamicMessage::decode(input, &*encoded).ok())
    else {
        // It was encoded from the same schema a moment ago.
        debug_assert!(false, "{} does not decode", M::RPC);
        return Options::default();
    };
    let set = request.fields().find_map(|(field, value)| match value {
        Value::Message(message) => Some((field.name().to_owned(), group(message))),
        _ => None,
    });
    let (provider, values) = set.unwrap_or_default();
    Options { provider, values }
}

fn group(message: &DynamicMessage) -> BTreeMap<String, OptionValue> {
    let fields = message.fields();
    fields.filter_map(|(field, set)| Some((field.name().to_owned(), value(set, &field.kind())?))).collect()
}

fn value(value: &Value, kind: &Kind) -> Option<OptionValue> {
    let of = |item: &Value| self::value(item, kind);
    Some(match value {
        Value::Bool(flag) => OptionValue::Flag(*flag),
        Value::I32(number) => OptionValue::Integer(i64::from(*number)),
        Value::I64(number) => OptionValue::Integer(*number),
        Value::U32(number) => OptionValue::Integer(i64::from(*number)),
        Value::U64(number) => OptionValue::Integer(i64::try_from(*number).ok()?),
        Value::String(text) => OptionValue::Text(text.clone()),
        Value::EnumNumber(number) => {
            // Numbers that the schema does not have were refused by its annotations.
            let name = kind.as_enum()?.get_value(*number)?.name().to_owned();
            OptionValue::Text(name)
        }
        Value::Message(message) => OptionValue::Group(group(message)),
        Value::List(items) => OptionValue::List(items.iter().filter_map(of).collect()),
        Value::Map(entries) => OptionValue::Group(map(entries, kind)),
        // The contract has no such options.
        Value::F32(_) | Value::F64(_) | Value::Bytes(_) => return None,
    })
}

fn map(entries: &std::collections::HashMap<MapKey, Value>, kind: &Kind) -> BTreeMap<String, OptionValue> {
    let item = kind.as_message().map(|entry| entry.map_entry_value_field().kind());
    let entries = entries.iter().filter_map(|(key, set)| match key {
        MapKey::String(key) => Some((key.clone(), value(set, item.as_ref()?)?)),
        _ => None,
    });
    entries.collect()
}
