//! Reads a TOML table by name and collects every mistake with its line.
//!
//! A name that nobody asked for is a mistake: a misspelt option that is silently ignored is how
//! a timeout stays at its default for a year.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::domain::secret::Secret;
use crate::providers::settings::Setting;

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The option's full name, such as `accounts.north.provider`.
    pub name: String,
    /// What is wrong with it, never with a secret's value.
    pub problem: String,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.name, self.problem)
    }
}

/// Where secrets come from.
pub trait Secrets {
    /// The content of a file, without the last line's end.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn file(&self, path: &str) -> Result<String, String>;

    /// The value of an environment variable.
    ///
    /// # Errors
    /// That it is not set.
    fn variable(&self, name: &str) -> Result<String, String>;
}

/// What all tables of one document share.
pub(super) struct Document<'a> {
    text: &'a str,
    secrets: &'a dyn Secrets,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a str, secrets: &'a dyn Secrets) -> Rc<Self> {
        Rc::new(Self { text, secrets, mistakes: RefCell::default() })
    }

    pub(super) fn mistake(&self, at: usize, name: &str, problem: impl Into<String>) {
        let line = self.line(at);
        self.mistakes.borrow_mut().push(Mistake { line, name: name.to_owned(), problem: problem.into() });
    }

    fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }

    pub(super) fn finish(&self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.borrow().clone();
        mistakes.sort();
        mistakes.dedup();
        mistakes
    }
}

/// A table while it is read.
pub(super) struct Table<'a> {
    document: Rc<Document<'a>>,
    name: String,
    at: usize,
    entries: BTreeMap<String, (usize, &'a Spanned<DeValue<'a>>)>,
    taken: RefCell<BTreeSet<String>>,
}

impl<'a> Table<'a> {
    pub(super) fn new(
        document: &Rc<Document<'a>>,
        name: &str,
        at: usize,
        table: Option<&'a DeTable<'a>>,
    ) -> Self {
        let entries = table
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.get_ref().to_string(), (key.span().start, value)))
            .collect();
        Self { document: document.clone(), name: name.to_owned(), at, entries, taken: RefCell::default() }
    }

    fn full(&self, name: &str) -> String {
        if self.name.is_empty() { name.to_owned() } else { format!("{}.{name}", self.name) }
    }

    fn take(&self, name: &str) -> Option<(usize, &'a DeValue<'a>)> {
        self.taken.borrow_mut().insert(name.to_owned());
        self.entries.get(name).map(|(at, value)| (*at, value.get_ref()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Notes a mistake about one of this table's options, or about the table when it is missing.
    pub(super) fn mistake(&self, name: &str, problem: impl Into<String>) {
        let at = self.entries.get(name).map_or(self.at, |(at, _)| *at);
        self.document.mistake(at, &self.full(name), problem);
    }

    /// The line and the full name of one of this table's options.
    pub(super) fn place(&self, name: &str) -> (usize, String) {
        let at = self.entries.get(name).map_or(self.at, |(at, _)| *at);
        (self.document.line(at), self.full(name))
    }

    /// Ends the reading: what nobody asked for is a mistake.
    pub(super) fn finish(self) {
        let taken = self.taken.borrow();
        for (name, (at, _)) in &self.entries {
            if !taken.contains(name) {
                self.document.mistake(*at, &self.full(name), "is not known");
            }
        }
    }

    pub(super) fn table(&self, name: &str) -> Table<'a> {
        let (at, table) = match self.take(name) {
            None => (self.at, None),
            Some((at, DeValue::Table(table))) => (at, Some(table)),
            Some((at, _)) => {
                self.mistake(name, "must be a table");
                (at, None)
            }
        };
        Table::new(&self.document, &self.full(name), at, table)
    }

    /// The tables of a table of tables, by name.
    pub(super) fn tables(&self, name: &str) -> Vec<(String, Table<'a>)> {
        let outer = self.table(name);
        let names: Vec<String> = outer.entries.keys().cloned().collect();
        names.into_iter().map(|name| (name.clone(), outer.table(&name))).collect()
    }

    /// The tables of an array of tables.
    pub(super) fn array_of_tables(&self, name: &str) -> Vec<Table<'a>> {
        match self.take(name) {
            None => Vec::new(),
            Some((_, DeValue::Array(items))) => items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    let full = format!("{}[{index}]", self.full(name));
                    let table = item.get_ref().as_table();
                    if table.is_none() {
                        self.document.mistake(item.span().start, &full, "must be a table");
                    }
                    Table::new(&self.document, &full, item.span().start, table)
                })
                .collect(),
            Some(_) => {
                self.mistake(name, "must be an array of tables");
                Vec::new()
            }
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }

    pub(super) fn text_maybe(&self, name: &str) -> Option<String> {
        match self.take(name)?.1 {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.mistake(name, "must be a text");
                None
            }
        }
    }

    pub(super) fn text(&self, name: &str) -> String {
        if !self.has(name) {
            self.mistake(name, "is required");
        }
        self.text_maybe(name).unwrap_or_default()
    }

    pub(super) fn text_or(&self, name: &str, default: &str) -> String {
        self.text_maybe(name).unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn flag_or(&self, name: &str, default: bool) -> bool {
        match self.take(name) {
            None => default,
            Some((_, DeValue::Boolean(flag))) => *flag,
            Some(_) => {
                self.mistake(name, "must be true or false");
                default
            }
        }
    }

    pub(super) fn integer_or(&self, name: &str, default: i64, min: i64, max: i64) -> i64 {
        let Some((_, value)) = self.take(name) else { return default };
        match integer(value).filter(|number| (min..=max).contains(number)) {
            Some(number) => number,
            None => {
                self.mistake(name, format!("must be a whole number from {min} to {max}"));
                default
            }
        }
    }

    pub(super) fn count_or(&self, name: &str, default: usize, min: usize, max: usize) -> usize {
        let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let number = self.integer_or(name, signed(default), signed(min), signed(max));
        usize::try_from(number).unwrap_or(default)
    }

    /// A duration in milliseconds.
    pub(super) fn milliseconds_or(&self, name: &str, default: Duration, max: Duration) -> Duration {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let number = self.integer_or(name, millis(default), 1, millis(max));
        Duration::from_millis(number.unsigned_abs())
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        match self.take(name) {
            None => Vec::new(),
            Some((_, value)) => texts(value).unwrap_or_else(|| {
                self.mistake(name, "must be a list of texts");
                Vec::new()
            }),
        }
    }

    /// A secret: `{ file = "…" }`, `{ env = "…" }`, or, for development, a text.
    pub(super) fn secret_maybe(&self, name: &str) -> Option<Secret<String>> {
        let (_, value) = self.take(name)?;
        match self.secret_of(value) {
            Ok(secret) => Some(secret),
            Err(problem) => {
                self.mistake(name, problem);
                None
            }
        }
    }

    /// A list of secrets. Those that cannot be read are told, and left out.
    pub(super) fn secrets(&self, name: &str) -> Vec<Secret<String>> {
        let Some((_, value)) = self.take(name) else { return Vec::new() };
        let Some(items) = value.as_array().filter(|items| !items.is_empty()) else {
            self.mistake(name, "must be a list of one or more secrets");
            return Vec::new();
        };
        let read = items.iter().filter_map(|item| match self.secret_of(item.get_ref()) {
            Ok(secret) => Some(secret),
            Err(problem) => {
                self.document.mistake(item.span().start, &self.full(name), problem);
                None
            }
        });
        read.collect()
    }

    fn secret_of(&self, value: &DeValue<'_>) -> Result<Secret<String>, String> {
        match value {
            DeValue::String(text) => Ok(Secret::new(text.to_string())),
            DeValue::Table(table) => self.referenced(table),
            _ => Err("must be a text, { file = \"…\" } or { env = \"…\" }".to_owned()),
        }
    }

    fn referenced(&self, table: &DeTable<'_>) -> Result<Secret<String>, String> {
        let mut entries = table.iter().map(|(key, value)| (key.get_ref().as_ref(), value.get_ref().as_str()));
        let found = match (entries.next(), entries.next()) {
            (Some(("file", Some(path))), None) => self.document.secrets.file(path),
            (Some(("env", Some(variable))), None) => self.document.secrets.variable(variable),
            _ => Err("must be { file = \"…\" } or { env = \"…\" }".to_owned()),
        };
        found.map(Secret::new)
    }

    /// Everything in this table as an adapter's settings, with where each stands.
    pub(super) fn settings(&self) -> BTreeMap<String, Setting> {
        let mut settings = BTreeMap::new();
        for name in self.names() {
            let Some((_, value)) = self.take(&name) else { continue };
            match self.setting(value) {
                Ok(setting) => {
                    settings.insert(name, setting);
                }
                Err(problem) => self.mistake(&name, problem),
            }
        }
        settings
    }

    fn setting(&self, value: &DeValue<'_>) -> Result<Setting, String> {
        match value {
            DeValue::String(text) => Ok(Setting::Text(text.to_string())),
            DeValue::Boolean(flag) => Ok(Setting::Flag(*flag)),
            DeValue::Integer(_) => integer(value).map(Setting::Integer).ok_or("is out of range".to_owned()),
            DeValue::Array(_) => texts(value).map(Setting::List).ok_or("must be a list of texts".to_owned()),
            DeValue::Table(table) => self.referenced(table).map(Setting::Secret),
            DeValue::Float(_) => Err("must be a whole number".to_owned()),
            DeValue::Datetime(_) => Err("must be a text".to_owned()),
        }
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}
