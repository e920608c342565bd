//! Rules with teeth: the state algorithm, references, money on the wire, sign-in, settings.

use std::collections::BTreeMap;

use super::account::Account;
use crate::providers::settings::{Setting, Settings};

pub(super) fn settings(changes: &[(&str, Setting)]) -> Settings {
    let mut values: BTreeMap<String, Setting> = super::EXAMPLE
        .iter()
        .map(|(name, value)| {
            let value = match *value {
                "true" => Setting::Flag(true),
                text => Setting::Text(text.to_owned()),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    values.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Settings::new(values)
}

pub(super) fn account(changes: &[(&str, Setting)]) -> Account {
    let settings = settings(changes);
    let account = Account::read(&settings);
    settings.finish().expect("settings without mistakes");
    account
}
