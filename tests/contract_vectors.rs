//! The vectors of messages in `contract/vectors/`: every request and every response of the contract, with
//! every field set, as JSON and as bytes. `TURNPIKE_WRITE_GENERATED=1` writes them.
//!
//! They are made from the schema alone. A released vector never changes but by fields that were added.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, OneofDescriptor,
    ReflectMessage as _, Value,
};
use turnpike::rpc::proto::DESCRIPTOR_SET;

const PACKAGE: &str = "turnpike.v1";
/// How deep messages are filled; deeper ones are left empty.
const DEPTH_MAX: usize = 7;
/// A whole number that a float of 64 bits cannot hold.
const BEYOND_FLOATS: i64 = 9_007_199_254_740_993;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/vectors/messages")
}

fn contract() -> DescriptorPool {
    DescriptorPool::decode(DESCRIPTOR_SET).expect("the contract's descriptor set is well formed")
}

/// Which field of a `oneof` is set, where it is not the first: by the full name of the `oneof`.
type Chosen = BTreeMap<String, String>;

fn filled(message: &MessageDescriptor, chosen: &Chosen, depth: usize) -> DynamicMessage {
    let mut filled = DynamicMessage::new(message.clone());
    match message.full_name() {
        "google.protobuf.Timestamp" => {
            filled.set_field_by_name("seconds", Value::I64(1_769_851_800));
            filled.set_field_by_name("nanos", Value::I32(120_000_000));
            return filled;
        }
        "google.protobuf.Duration" => {
            filled.set_field_by_name("seconds", Value::I64(90));
            filled.set_field_by_name("nanos", Value::I32(500_000_000));
            return filled;
        }
        "google.protobuf.FieldMask" => {
            let paths = ["money", "merchant_reference"].map(|path| Value::String(path.to_owned()));
            filled.set_field_by_name("paths", Value::List(paths.to_vec()));
            return filled;
        }
        _ => {}
    }
    for field in message.fields() {
        if field.containing_oneof().is_some_and(|oneof| !is_chosen(&oneof, &field, chosen)) {
            continue;
        }
        if depth >= DEPTH_MAX && matches!(field.kind(), Kind::Message(_)) {
            continue;
        }
        filled.set_field(&field, of_field(&field, chosen, depth));
    }
    filled
}

fn is_chosen(oneof: &OneofDescriptor, field: &FieldDescriptor, chosen: &Chosen) -> bool {
    match chosen.get(oneof.full_name()) {
        Some(name) => name == field.name(),
        None => oneof.fields().next().is_some_and(|first| first.number() == field.number()),
    }
}

fn of_field(field: &FieldDescriptor, chosen: &Chosen, depth: usize) -> Value {
    if field.is_map() {
        let entry =
            |key: &str, value: &str| (MapKey::String(key.to_owned()), Value::String(value.to_owned()));
        return Value::Map([entry("order_line", "17"), entry("språk", "norsk")].into());
    }
    let one = || of_kind(field, chosen, depth);
    if field.is_list() { Value::List(vec![one(), one()]) } else { one() }
}

fn of_kind(field: &FieldDescriptor, chosen: &Chosen, depth: usize) -> Value {
    match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::Int32 => Value::I32(12),
        Kind::Int64 => Value::I64(BEYOND_FLOATS),
        Kind::Uint32 => Value::U32(12),
        Kind::Uint64 => Value::U64(BEYOND_FLOATS.unsigned_abs()),
        Kind::String => Value::String(format!("{} – é", field.name())),
        Kind::Bytes => Value::Bytes(vec![0, 1, 254, 255].into()),
        // Not the first, which means that nothing was said.
        Kind::Enum(values) => Value::EnumNumber(values.values().nth(1).expect("two values").number()),
        Kind::Message(message) => Value::Message(filled(&message, chosen, depth + 1)),
        other => panic!("the contract has no {other:?}"),
    }
}

/// The vectors of a message: one with the first field of every `oneof`, and one for each other field of
/// a `oneof` in it. Of what it holds, those of which no other message has made one yet.
fn vectors(message: &MessageDescriptor, made: &mut BTreeSet<String>) -> Vec<(String, DynamicMessage)> {
    let mut vectors = vec![(message.full_name().to_owned(), filled(message, &Chosen::new(), 0))];
    let mut holders = vec![(message.clone(), Chosen::new())];
    let mut seen = BTreeSet::new();
    while let Some((holder, way)) = holders.pop() {
        if holder.package_name() != PACKAGE || !seen.insert(holder.full_name().to_owned()) {
            continue;
        }
        let is_own = holder.full_name() == message.full_name();
        for field in holder.fields() {
            let mut chosen = way.clone();
            // An optional field is no choice.
            if let Some(oneof) = field.containing_oneof().filter(|oneof| !oneof.is_synthetic()) {
                chosen.insert(oneof.full_name().to_owned(), field.name().to_owned());
                let is_first = oneof.fields().next().is_some_and(|first| first.number() == field.number());
                if !is_first && (made.insert(field.full_name().to_owned()) || is_own) {
                    let place = if is_own { "" } else { holder.name() };
                    let dot = if is_own { "" } else { "." };
                    let name = format!("{}+{place}{dot}{}", message.full_name(), field.name());
                    vectors.push((name, filled(message, &chosen, 0)));
                }
            }
            if let Kind::Message(held) = field.kind() {
                holders.push((held, chosen));
            }
        }
    }
    vectors
}

fn every_vector() -> BTreeMap<String, DynamicMessage> {
    let contract = contract();
    let services = contract.services().filter(|service| service.package_name() == PACKAGE);
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let messages = methods.flat_map(|method| [method.input(), method.output()]);
    let mut made = BTreeSet::new();
    let mut all = BTreeMap::new();
    for (name, vector) in messages.flat_map(|message| vectors(&message, &mut made)) {
        assert!(all.insert(name.clone(), vector).is_none(), "two vectors are called {name}");
    }
    all
}

#[test]
fn the_vectors_are_what_the_schema_makes() {
    let write = std::env::var("TURNPIKE_WRITE_GENERATED").is_ok_and(|value| value == "1");
    let vectors = every_vector();
    if write {
        std::fs::create_dir_all(folder()).expect("the folder");
        let stale = files().into_iter().filter(|path| !vectors.contains_key(&stem(path)));
        stale.for_each(|path| std::fs::remove_file(path).expect("removed"));
    }
    for (name, message) in &vectors {
        let (json, bytes) = (folder().join(format!("{name}.json")), folder().join(format!("{name}.binpb")));
        let value = serde_json::to_value(message).expect("JSON");
        let written = |path: &Path| std::fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        // The entries of a map have no order, so that what says the same already is left as it is.
        if write && read_json(std::fs::read(&json).ok()).as_ref() != Some(&value) {
            let text = serde_json::to_string_pretty(message).expect("JSON") + "\n";
            std::fs::write(&json, text).expect("written");
        }
        if write && read_bytes(message, std::fs::read(&bytes).ok()).as_ref() != Some(message) {
            std::fs::write(&bytes, message.encode_to_vec()).expect("written");
        }
        assert_eq!(read_json(Some(written(&json))).expect("JSON"), value, "{name}");
        assert_eq!(read_bytes(message, Some(written(&bytes))).as_ref(), Some(message), "{name}");
    }
    let there: BTreeSet<String> = files().iter().map(|path| stem(path)).collect();
    assert_eq!(there, vectors.keys().cloned().collect(), "a vector for every message, and no other");
}

fn read_json(text: Option<Vec<u8>>) -> Option<serde_json::Value> {
    serde_json::from_slice(&text?).ok()
}

fn read_bytes(like: &DynamicMessage, bytes: Option<Vec<u8>>) -> Option<DynamicMessage> {
    DynamicMessage::decode(like.descriptor(), &*bytes?).ok()
}

fn files() -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder()).expect("the folder");
    files.map(|entry| entry.expect("a file").path()).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn every_field_of_every_message_is_set_in_some_vector() {
    let mut set = BTreeSet::new();
    for message in every_vector().values() {
        note(message, &mut set);
    }
    let mut wanted: Vec<MessageDescriptor> =
        every_vector().values().map(|message| message.descriptor()).collect();
    let mut seen = BTreeSet::new();
    while let Some(message) = wanted.pop() {
        if message.package_name() != PACKAGE
            || message.is_map_entry()
            || !seen.insert(message.full_name().to_owned())
        {
            continue;
        }
        for field in message.fields() {
            assert!(set.contains(field.full_name()), "{} is in no vector", field.full_name());
            if let Kind::Message(held) = field.kind() {
                wanted.push(held);
            }
        }
    }
    assert!(seen.contains("turnpike.v1.Payment"), "{seen:?}");
}

fn note(message: &DynamicMessage, set: &mut BTreeSet<String>) {
    for (field, value) in message.fields() {
        set.insert(field.full_name().to_owned());
        match value {
            Value::Message(held) => note(held, set),
            Value::List(list) => list.iter().filter_map(Value::as_message).for_each(|held| note(held, set)),
            _ => {}
        }
    }
}
