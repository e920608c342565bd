//! An account's settings, read by name and checked all at once.
//!
//! Configuration hands each adapter a flat table of texts, numbers, flags and secrets. The adapter
//! takes what it knows; every mistake is collected, and a name that nobody took is a mistake too,
//! because a misspelt switch that is silently ignored costs money later.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::contract::Fault;
use crate::domain::order::MethodKind;
use crate::domain::secret::Secret;

/// A value in an account's settings.
#[derive(Debug, Clone)]
pub enum Setting {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A yes or no.
    Flag(bool),
    /// A list of texts.
    List(Vec<String>),
    /// A value that came from a file or the environment.
    Secret(Secret<String>),
}

/// One mistake in the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct SettingError {
    /// The setting's name.
    pub name: String,
    /// What is wrong with it, never with its value when it is a secret.
    pub problem: String,
}

/// The settings of one account while an adapter reads them.
#[derive(Debug, Default)]
pub struct Settings {
    values: BTreeMap<String, Setting>,
    taken: RefCell<BTreeSet<String>>,
    errors: RefCell<Vec<SettingError>>,
}

/// The provider's own names of payment methods, by kind.
#[derive(Debug, Clone, Default)]
pub struct Methods(BTreeMap<MethodKind, Vec<String>>);

impl Methods {
    /// The names of one kind; empty when the account has none of it.
    #[must_use]
    pub fn of(&self, kind: MethodKind) -> &[String] {
        self.0.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The names of several kinds, in their order.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for a kind without names: a page that leaves it out in silence would
    /// not be what was ordered.
    pub fn of_all(&self, kinds: &[MethodKind]) -> Result<Vec<&str>, Fault> {
        let mut all = Vec::new();
        for kind in kinds {
            let names = self.of(*kind);
            if names.is_empty() {
                return Err(Fault::Unsupported {
                    what: format!("payment_methods: {}", kind.word()),
                    instead: methods_instead(*kind),
                });
            }
            all.extend(names.iter().map(String::as_str));
        }
        Ok(all)
    }
}

/// The setting that names the methods of a kind.
fn method_setting(kind: MethodKind) -> &'static str {
    match kind {
        MethodKind::Card => "card_methods",
        MethodKind::Wallet => "wallet_methods",
        MethodKind::BankTransfer => "bank_transfer_methods",
        MethodKind::QrCode => "qr_code_methods",
        MethodKind::PayLater => "pay_later_methods",
        MethodKind::Cash => "cash_methods",
    }
}

/// What would work where a page cannot be asked for a kind of methods.
#[must_use]
pub fn methods_instead(kind: MethodKind) -> String {
    let setting = method_setting(kind);
    format!("payment_method_names with the provider's own names, or {setting} in the account's settings")
}

impl Settings {
    /// Settings from name to value.
    #[must_use]
    pub fn new(values: BTreeMap<String, Setting>) -> Self {
        Self { values, ..Self::default() }
    }

    fn take(&self, name: &str) -> Option<&Setting> {
        self.taken.borrow_mut().insert(name.to_owned());
        self.values.get(name)
    }

    /// Notes a mistake that only the adapter can see.
    pub fn mistake(&self, name: &str, problem: impl Into<String>) {
        self.errors.borrow_mut().push(SettingError { name: name.to_owned(), problem: problem.into() });
    }

    fn missing<T: Default>(&self, name: &str) -> T {
        self.mistake(name, "is required");
        T::default()
    }

    /// An optional text.
    pub fn text_maybe(&self, name: &str) -> Option<String> {
        match self.take(name)? {
            Setting::Text(text) => Some(text.clone()),
            Setting::Secret(secret) => Some(secret.expose().clone()),
            _ => {
                self.mistake(name, "must be a text");
                None
            }
        }
    }

    /// A text with a default.
    pub fn text_or(&self, name: &str, default: &str) -> String {
        self.text_maybe(name).unwrap_or_else(|| default.to_owned())
    }

    /// A required text.
    pub fn text(&self, name: &str) -> String {
        if self.values.contains_key(name) {
            self.text_maybe(name).unwrap_or_default()
        } else {
            self.missing(name)
        }
    }

    /// One of several words, the first being the default.
    pub fn choice(&self, name: &str, words: &[&str]) -> String {
        let word = self.text_or(name, words.first().copied().unwrap_or_default());
        if !words.contains(&word.as_str()) {
            self.mistake(name, format!("must be one of {}", words.join(", ")));
        }
        word
    }

    /// An optional credential. A plain text counts, so that development needs no files.
    pub fn secret_maybe(&self, name: &str) -> Option<Secret<String>> {
        match self.take(name)? {
            Setting::Secret(secret) => Some(secret.clone()),
            Setting::Text(text) => Some(Secret::new(text.clone())),
            _ => {
                self.mistake(name, "must be a text, or { file = … }, or { env = … }");
                None
            }
        }
    }

    /// A required credential.
    pub fn secret(&self, name: &str) -> Secret<String> {
        match self.secret_maybe(name) {
            Some(secret) => secret,
            None => {
                if !self.values.contains_key(name) {
                    self.mistake(name, "is required");
                }
                Secret::new(String::new())
            }
        }
    }

    /// Credentials of which two are good while one takes the other's place: the setting of that name, and
    /// the one with `_previous` behind it. Empty when neither is set.
    pub fn secrets(&self, name: &str) -> Vec<Secret<String>> {
        let previous = format!("{name}_previous");
        let mut found = Vec::new();
        for name in [name, previous.as_str()] {
            match self.secret_maybe(name) {
                // Everybody has the empty one.
                Some(secret) if secret.expose().trim().is_empty() => self.mistake(name, "is empty"),
                secret => found.extend(secret),
            }
        }
        found
    }

    /// A base address with a default: http or https, no query, returned without a closing slash.
    pub fn url_or(&self, name: &str, default: &str) -> String {
        let text = self.text_or(name, default);
        self.check_url(name, &text);
        text.trim_end_matches('/').to_owned()
    }

    /// A required base address.
    pub fn url(&self, name: &str) -> String {
        let text = self.text(name);
        if !text.is_empty() {
            self.check_url(name, &text);
        }
        text.trim_end_matches('/').to_owned()
    }

    fn check_url(&self, name: &str, text: &str) {
        match url::Url::parse(text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                self.mistake(name, "must begin with http:// or https://");
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                self.mistake(name, "must not have a query or a fragment");
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                self.mistake(name, "must not hold credentials");
            }
            Ok(_) => {}
            Err(_) => self.mistake(name, "is not an address"),
        }
    }

    /// A yes or no with a default.
    pub fn flag_or(&self, name: &str, default: bool) -> bool {
        match self.take(name) {
            None => default,
            Some(Setting::Flag(flag)) => *flag,
            Some(_) => {
                self.mistake(name, "must be true or false");
                default
            }
        }
    }

    /// A required yes or no, for switches whose wrong side costs money.
    pub fn flag(&self, name: &str) -> bool {
        if self.values.contains_key(name) { self.flag_or(name, false) } else { self.missing(name) }
    }

    /// A whole number within bounds, with a default.
    pub fn integer_or(&self, name: &str, default: i64, min: i64, max: i64) -> i64 {
        match self.take(name) {
            None => default,
            Some(Setting::Integer(number)) if (min..=max).contains(number) => *number,
            Some(_) => {
                self.mistake(name, format!("must be a whole number from {min} to {max}"));
                default
            }
        }
    }

    /// An id of a provider that is a whole number, as a number or as its digits: the environment
    /// and files know texts only.
    pub fn id_maybe(&self, name: &str, max: i64) -> Option<i64> {
        let number = match self.take(name)? {
            Setting::Integer(number) => Some(*number),
            Setting::Text(text) => text.parse().ok(),
            Setting::Secret(secret) => secret.expose().trim().parse().ok(),
            Setting::Flag(_) | Setting::List(_) => None,
        };
        let id = number.filter(|number| (1..=max).contains(number));
        if id.is_none() {
            self.mistake(name, format!("must be a whole number from 1 to {max}"));
        }
        id
    }

    /// A list of texts; empty when unset.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.take(name) {
            None => Vec::new(),
            Some(Setting::List(items)) => items.clone(),
            Some(_) => {
                self.mistake(name, "must be a list of texts");
                Vec::new()
            }
        }
    }

    /// The names of payment methods by kind: the settings `card_methods`, `wallet_methods`,
    /// `bank_transfer_methods`, `qr_code_methods`, `pay_later_methods` and `cash_methods`, each a
    /// list of the provider's own names. Which methods an account has is agreed with the provider,
    /// so only cards have a default.
    pub fn methods(&self, cards: &str) -> Methods {
        let named = |kind: &MethodKind| {
            let names = self.list(method_setting(*kind));
            let names = match kind {
                MethodKind::Card if names.is_empty() => vec![cards.to_owned()],
                _ => names,
            };
            (*kind, names)
        };
        Methods(MethodKind::ALL.iter().map(named).collect())
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Every mistake, and every name that nobody took.
    pub fn finish(self) -> Result<(), Vec<SettingError>> {
        let taken = self.taken.into_inner();
        let mut errors = self.errors.into_inner();
        errors.extend(
            self.values
                .keys()
                .filter(|name| !taken.contains(*name))
                .map(|name| SettingError { name: name.clone(), problem: "is not known".to_owned() }),
        );
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_in_one_go() {
        let settings = Settings::new(BTreeMap::from([
            ("base_url".to_owned(), Setting::Text("ftp://x".to_owned())),
            ("strict".to_owned(), Setting::Text("yes".to_owned())),
            ("pages".to_owned(), Setting::Integer(9)),
            ("stritc".to_owned(), Setting::Flag(true)),
        ]));
        settings.url_or("base_url", "https://example.test");
        settings.flag_or("strict", false);
        settings.integer_or("pages", 1, 1, 5);
        settings.secret("client_secret");
        let names: Vec<String> = settings.finish().unwrap_err().into_iter().map(|error| error.name).collect();
        assert_eq!(names, ["base_url", "strict", "pages", "client_secret", "stritc"]);
    }

    #[test]
    fn defaults_stand_and_closing_slashes_go() {
        let settings = Settings::new(BTreeMap::from([(
            "base_url".to_owned(),
            Setting::Text("https://example.test/v1/".to_owned()),
        )]));
        assert_eq!(settings.url_or("base_url", "https://other.test"), "https://example.test/v1");
        assert!(settings.flag_or("strict", true));
        assert_eq!(settings.choice("mode", &["a", "b"]), "a");
        assert!(settings.finish().is_ok());
    }
    #[test]
    fn two_secrets_are_good_during_a_rotation_and_an_empty_one_never() {
        let settings = Settings::new(BTreeMap::from([
            ("key".to_owned(), Setting::Text("new".to_owned())),
            ("key_previous".to_owned(), Setting::Secret(Secret::from("old"))),
            ("other".to_owned(), Setting::Text(" ".to_owned())),
        ]));
        let keys: Vec<String> = settings.secrets("key").iter().map(|key| key.expose().clone()).collect();
        assert_eq!(keys, ["new", "old"]);
        assert!(settings.secrets("other").is_empty() && settings.secrets("none").is_empty());
        let names: Vec<String> = settings.finish().unwrap_err().into_iter().map(|error| error.name).collect();
        assert_eq!(names, ["other"]);
    }
}
