//! The registry: one line per provider.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::contract::Profile;
use super::conversation::AnyProvider;
use super::settings::{Setting, SettingError, Settings};
use super::{bbmsl, begateway, dintero, paymob, pivot};

/// Every provider that this build knows, in the order of the matrix.
pub static PROVIDERS: &[Entry] = &[
    Entry { profile: &dintero::PROFILE, build: dintero::build, example: dintero::EXAMPLE },
    Entry { profile: &begateway::PROFILE, build: begateway::build, example: begateway::EXAMPLE },
    Entry { profile: &paymob::PROFILE, build: paymob::build, example: paymob::EXAMPLE },
    Entry { profile: &pivot::PROFILE, build: pivot::build, example: pivot::EXAMPLE },
    Entry { profile: &bbmsl::PROFILE, build: bbmsl::build, example: bbmsl::EXAMPLE },
];

/// One provider.
pub struct Entry {
    /// What it can do.
    pub profile: &'static Profile,
    /// Sets it up for one account. Mistakes are noted in the settings.
    pub build: fn(&Settings) -> Arc<dyn AnyProvider>,
    /// Settings with invented values, enough to build an adapter that is never connected:
    /// for `turnpike inspect` and for tests.
    pub example: &'static [(&'static str, &'static str)],
}

impl Entry {
    /// Sets the provider up for one account.
    ///
    /// # Errors
    /// Every mistake in the settings.
    pub fn account(&self, settings: Settings) -> Result<Arc<dyn AnyProvider>, Vec<SettingError>> {
        let provider = (self.build)(&settings);
        settings.finish().map(|()| provider)
    }

    /// The provider with its example settings; `changes` replace or add to them.
    ///
    /// # Errors
    /// Mistakes in the changes.
    pub fn example_account(
        &self,
        changes: BTreeMap<String, Setting>,
    ) -> Result<Arc<dyn AnyProvider>, Vec<SettingError>> {
        let mut values: BTreeMap<String, Setting> =
            self.example.iter().map(|(name, value)| ((*name).to_owned(), example_value(value))).collect();
        values.extend(changes);
        self.account(Settings::new(values))
    }
}

fn example_value(text: &str) -> Setting {
    match text {
        "true" => Setting::Flag(true),
        "false" => Setting::Flag(false),
        _ => Setting::Text(text.to_owned()),
    }
}

/// The provider of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    PROVIDERS.iter().find(|entry| entry.profile.name == name)
}
