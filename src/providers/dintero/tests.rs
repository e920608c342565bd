//! What the tests of several files here have in common.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{Dintero, EXAMPLE};
use crate::providers::dintero::account::Account;
use crate::providers::settings::{Setting, Settings};

/// The example account with changes; digits are a number.
pub(super) fn dintero(changes: &[(&str, &str)]) -> Dintero {
    let setting = |text: &str| match text.parse() {
        Ok(number) => Setting::Integer(number),
        Err(_) => Setting::Text(text.to_owned()),
    };
    let values: BTreeMap<String, Setting> =
        EXAMPLE.iter().chain(changes).map(|(name, value)| ((*name).to_owned(), setting(value))).collect();
    let settings = Settings::new(values);
    let account = Account::read(&settings);
    settings.finish().expect("settings");
    Dintero { account }
}

/// A sample of the dossier.
pub(super) fn sample(name: &str) -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulator_samples/dintero");
    let text = std::fs::read_to_string(format!("{root}/{name}.json")).expect("a sample");
    serde_json::from_str(&text).expect("JSON")
}

/// A time in seconds since 1970.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}
