//! Configuration: one TOML document, parsed once, after which nothing is a string that should not be.
//!
//! `parse` finds every mistake in one go, with its line, and builds the adapters on the way, so
//! that what starts is what was checked. `config.example.toml` explains every option.

mod accounts;
mod callers;
mod certificates;
mod endpoints;
mod reader;
mod recurring;
mod routes;
mod webhooks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use toml::de::DeTable;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::domain::ids::AccountName;
use crate::domain::rate::Rate;
use crate::domain::secret::Secret;
use crate::engine::FollowUpPlan;
use crate::engine::accounts::{Account, Accounts};
use crate::engine::deliveries::DeliveryOptions;
use crate::engine::gateway::Options;
use crate::engine::routing::{self, Idle, Route};
use crate::journal::seal::{Key, KeyError, Keys};
use crate::journal::sqlite;
use crate::rpc::auth::Credential;
use crate::rpc::origins::Origin;
use crate::rpc::server::Tls;
use crate::world::Line;

use certificates::Mismatch;
pub use certificates::{Certificate, Concern};
use reader::{Document, Table};
pub use reader::{Mistake, Secrets};
pub use webhooks::Webhooks;

/// The longest of any timeout or pause.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Characters of an account's or merchant's name.
const NAME_CHARS_MAX: usize = 64;

/// Everything that is configured.
pub struct Config {
    /// The gRPC port.
    pub server: Server,
    /// Certificates, and when they are good.
    pub certificates: Vec<Certificate>,
    /// Whose web pages may call from another origin.
    pub origins: Vec<Origin>,
    /// Where providers reach us; `None` when they do not.
    pub webhooks: Option<Webhooks>,
    /// Where the journal lives.
    pub journal: JournalConfig,
    /// Limits and rhythms.
    pub engine: Options,
    /// Where traces and logs go.
    pub telemetry: Telemetry,
    /// Who may call.
    pub callers: Vec<Credential>,
    /// Accounts, in the order in which they are chosen.
    pub accounts: Vec<Account>,
    /// Which of them opens a session whose caller names none.
    pub routes: Routes,
    /// How each account talks to its provider.
    pub lines: Vec<(AccountName, Line)>,
}

/// Rules that choose an account, with their places in the document.
#[derive(Debug, Clone, Default)]
pub struct Routes(Vec<routes::Placed>);

impl Routes {
    /// The rules, in the order in which they are tried.
    #[must_use]
    pub fn rules(&self) -> Vec<Route> {
        self.0.iter().map(|(route, _)| route.clone()).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Rules, and accounts of rules, that no session can ever come to.
    #[must_use]
    pub fn idle(&self, accounts: &Accounts) -> Vec<Mistake> {
        let told = |idle: Idle| {
            let (line, name) = self.0.get(idle.route).map(|(_, place)| place.clone()).unwrap_or_default();
            let problem = match idle.account {
                Some(account) => format!("no session that comes here can be opened at {account}"),
                None => "can never be chosen: its accounts cannot do what it asks for, or earlier \
                         rules always come first"
                    .to_owned(),
            };
            Mistake { line, name, problem }
        };
        routing::idle(accounts).into_iter().map(told).collect()
    }
}

/// The gRPC port.
#[derive(Debug, Clone)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub grpc: String,
    /// Whether this is a development gateway: plaintext, http return URLs, the sandbox.
    pub development: bool,
    /// Whether reflection is served.
    pub reflection: bool,
    /// TLS; without it the port is plaintext.
    pub tls: Option<Tls>,
    /// How long work under way may take to end after SIGTERM.
    pub drain: Duration,
}

/// Where the journal lives.
#[derive(Debug, Clone)]
pub struct JournalConfig {
    /// The directory; made if missing.
    pub directory: PathBuf,
    /// The number of the key that seals new records.
    pub current_key: u32,
    /// All keys by number, 32 bytes in base64 each; checked.
    pub keys: BTreeMap<u32, Secret<String>>,
    /// How thoroughly the file is looked at first.
    pub check: sqlite::Check,
}

impl JournalConfig {
    /// How the store is opened.
    ///
    /// # Errors
    /// Keys that were not checked before.
    pub fn store(&self) -> Result<sqlite::Config, KeyError> {
        let key =
            |number: u32| Key::parse(number, self.keys.get(&number).unwrap_or(&Secret::new(String::new())));
        let previous = self.keys.keys().filter(|number| **number != self.current_key);
        let previous = previous.map(|number| key(*number)).collect::<Result<_, _>>()?;
        let keys = Keys::new(key(self.current_key)?, previous)?;
        Ok(sqlite::Config {
            check: self.check,
            inherited_fingerprint_key: Some(self.inherited_fingerprint_key()),
            ..sqlite::Config::new(&self.directory, keys)
        })
    }

    /// The key of request fingerprints as it was before stores kept one of their own: derived from the
    /// oldest key. What was recorded with it goes on to be recognised.
    fn inherited_fingerprint_key(&self) -> Secret<Vec<u8>> {
        let oldest = self.keys.values().next().map_or("", |key| key.expose().as_str());
        let key = hmac::Key::new(hmac::HMAC_SHA256, oldest.as_bytes());
        Secret::new(hmac::sign(&key, b"turnpike request fingerprint").as_ref().to_vec())
    }
}

/// Where traces and logs go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// What is logged, in `tracing`'s filter language.
    pub log: String,
    /// Which spans are exported, in the same language.
    pub spans: String,
    /// Whether logs are JSON lines.
    pub json: bool,
    /// An OTLP endpoint; nothing is exported without one.
    pub otlp_endpoint: Option<String>,
    /// The service's name in traces.
    pub service_name: String,
    /// How many of a thousand traces are kept when the caller's context does not decide.
    pub sample_per_mille: u32,
}

impl Config {
    /// What the time says about the certificates.
    #[must_use]
    pub fn concerns(certificates: &[Certificate], now: Timestamp) -> Vec<Concern> {
        certificates.iter().filter_map(|certificate| certificate.concern(now)).collect()
    }
}

/// Secrets as the process finds them: files beside the configuration, and its environment.
pub struct Surroundings {
    /// What relative paths are relative to.
    pub directory: PathBuf,
}

impl Secrets for Surroundings {
    fn file(&self, path: &str) -> Result<String, String> {
        let path = self.directory.join(path);
        std::fs::read_to_string(&path)
            .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
            .map_err(|error| format!("{} cannot be read: {}", path.display(), error.kind()))
    }

    fn variable(&self, name: &str) -> Result<String, String> {
        std::env::var(name).map_err(|_| format!("the environment has no {name}"))
    }
}

/// Reads the configuration file at a path.
///
/// # Errors
/// Every mistake, with its line; a file that cannot be read is one mistake on line 1.
pub fn read(path: &Path) -> Result<Config, Vec<Mistake>> {
    examine(path).1
}

/// Reads the configuration file at a path, and tells its certificates even when it has mistakes.
pub fn examine(path: &Path) -> (Vec<Certificate>, Result<Config, Vec<Mistake>>) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let (name, problem) = (path.display().to_string(), error.kind().to_string());
            return (Vec::new(), Err(vec![Mistake { line: 1, name, problem }]));
        }
    };
    let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
    parts(&text, &Surroundings { directory })
}

/// Reads a configuration.
///
/// # Errors
/// Every mistake, with its line.
pub fn parse(text: &str, secrets: &dyn Secrets) -> Result<Config, Vec<Mistake>> {
    parts(text, secrets).1
}

fn parts(text: &str, secrets: &dyn Secrets) -> (Vec<Certificate>, Result<Config, Vec<Mistake>>) {
    let document = Document::new(text, secrets);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        document.mistake(error.span().map_or(0, |span| span.start), "syntax", error.message());
    }
    if !errors.is_empty() {
        return (Vec::new(), Err(document.finish()));
    }
    let table = Table::new(&document, "", 0, Some(root.get_ref()));
    let mut certificates = Vec::new();
    let (server, rate) = server(table.table("server"), &mut certificates);
    let origins = web(table.table("web"));
    let webhooks = table.has("webhooks").then(|| webhooks::webhooks(table.table("webhooks"))).flatten();
    let journal = journal(table.table("journal"));
    let mut engine = engine(table.table("engine"));
    engine.recurring = recurring::recurring(table.table("recurring"));
    let telemetry = telemetry(table.table("telemetry"));
    let callers::Merchants { names: merchants, credentials: callers, ladders, endpoints } =
        callers::merchants(&table, rate, server.development);
    engine.recurring.ladders = ladders;
    engine.deliveries.endpoints = endpoints;
    let (accounts, lines) = accounts::accounts(&table, &merchants, webhooks.as_ref());
    let names: Vec<AccountName> = lines.iter().map(|(name, _)| name.clone()).collect();
    let routes = Routes(routes::routes(&table, &merchants, &names));
    table.finish();
    let mistakes = document.finish();
    if !mistakes.is_empty() {
        return (certificates, Err(mistakes));
    }
    let known = certificates.clone();
    let config = Config {
        server,
        certificates,
        origins,
        webhooks,
        journal,
        engine,
        telemetry,
        callers,
        accounts,
        routes,
        lines,
    };
    (known, Ok(config))
}

/// The port, and the rate of callers that have none of their own.
fn server(table: Table<'_>, certificates: &mut Vec<Certificate>) -> (Server, Option<Rate>) {
    let development = table.flag_or("development", false);
    let grpc = table.text_or("grpc", "127.0.0.1:50051");
    if grpc.parse::<std::net::SocketAddr>().is_err() {
        table.mistake("grpc", "must be an address and a port, such as 127.0.0.1:50051");
    }
    let server = Server {
        grpc,
        development,
        reflection: table.flag_or("reflection", development),
        drain: table.milliseconds_or("drain_timeout_ms", Duration::from_secs(30), LONGEST),
        tls: table.has("tls").then(|| tls(table.table("tls"), certificates)),
    };
    let limit = table.table("rate_limit");
    let rate = callers::rate(&limit, None);
    limit.finish();
    table.finish();
    (server, rate)
}

fn tls(table: Table<'_>, certificates: &mut Vec<Certificate>) -> Tls {
    let file = |name: &str| {
        if !table.has(name) {
            table.mistake(name, "is required");
        }
        table.secret_maybe(name)
    };
    let certificate = file("certificate");
    let key = file("key");
    let client_ca = table.secret_maybe("client_ca");

    let mut look = |name: &str, pem: &Option<Secret<String>>| {
        // What cannot be read has been told.
        let chain = certificates::chain(pem.as_ref()?.expose());
        let chain = chain.map_err(|problem| table.mistake(name, problem)).ok()?;
        let (line, full) = table.place(name);
        certificates.extend(chain.iter().map(|(_, from, until)| Certificate {
            line,
            name: full.clone(),
            from: *from,
            until: *until,
        }));
        Some(chain.into_iter().map(|(certificate, ..)| certificate).collect::<Vec<_>>())
    };
    let chain = look("certificate", &certificate);
    let authorities = look("client_ca", &client_ca);
    if let (Some(chain), Some(key)) = (chain, &key) {
        match certificates::pair(key, chain) {
            Ok(()) => {}
            Err(Mismatch::Certificate(problem)) => table.mistake("certificate", problem),
            Err(Mismatch::Key(problem)) => table.mistake("key", problem),
        }
    }
    if let Some(Err(problem)) = authorities.map(certificates::authorities) {
        table.mistake("client_ca", problem);
    }
    table.finish();
    Tls {
        certificate: certificate.unwrap_or(Secret::new(String::new())),
        key: key.unwrap_or(Secret::new(String::new())),
        client_ca: client_ca.map(|pem| pem.expose().clone()),
    }
}

fn web(table: Table<'_>) -> Vec<Origin> {
    let mut origins = Vec::new();
    for text in table.texts("allowed_origins") {
        match Origin::parse(&text) {
            Ok(origin) => origins.push(origin),
            Err(problem) => table.mistake("allowed_origins", problem),
        }
    }
    table.finish();
    origins
}

fn journal(table: Table<'_>) -> JournalConfig {
    let directory = PathBuf::from(table.text("directory"));
    let check = match table.text_or("check", "quick").as_str() {
        "quick" => sqlite::Check::Quick,
        "full" => sqlite::Check::Full,
        "off" => sqlite::Check::Off,
        _ => {
            table.mistake("check", "must be quick, full or off");
            sqlite::Check::Quick
        }
    };
    let current_key = u32::try_from(table.integer_or("current_key", 1, 1, i64::from(u32::MAX))).unwrap_or(1);
    let mut keys = BTreeMap::new();
    let sealed = table.table("keys");
    for name in sealed.names() {
        let Ok(number) = name.parse::<u32>() else {
            sealed.mistake(&name, "must be named by a number");
            continue;
        };
        let Some(secret) = sealed.secret_maybe(&name) else { continue };
        match Key::parse(number, &secret) {
            Ok(_) => {
                keys.insert(number, secret);
            }
            Err(_) => sealed.mistake(&name, "must be 32 bytes in base64"),
        }
    }
    if !keys.contains_key(&current_key) {
        table.mistake("current_key", "is not among journal.keys");
    }
    table.finish();
    JournalConfig { directory, current_key, keys, check }
}

fn engine(table: Table<'_>) -> Options {
    let default = Options::default();
    let plan = table.table("follow_up");
    let follow_up = FollowUpPlan {
        first: plan.milliseconds_or("first_ms", default.follow_up.first, LONGEST),
        longest: plan.milliseconds_or("longest_ms", default.follow_up.longest, LONGEST),
        unhurried: plan.milliseconds_or("unhurried_ms", default.follow_up.unhurried, LONGEST),
        ..FollowUpPlan::default()
    };
    plan.finish();
    let days = table.integer_or("request_ids_kept_days", 30, 30, 3650);
    let notice_days = table.integer_or("notices_kept_days", 90, 30, 3650);
    let delivery_days = table.integer_or("webhook_deliveries_kept_days", 30, 7, 3650);
    let options = Options {
        follow_up,
        in_flight_max: table.count_or("calls_in_flight_max", default.in_flight_max, 1, 1_000_000),
        wait_max: table.milliseconds_or("wait_max_ms", default.wait_max, LONGEST),
        inquiries_max: table.count_or("inquiries_in_flight_max", default.inquiries_max, 1, 10_000),
        claims_kept: Duration::from_secs(days.unsigned_abs() * 24 * 3600),
        deliveries: DeliveryOptions {
            kept: Duration::from_secs(delivery_days.unsigned_abs() * 24 * 3600),
            ..default.deliveries
        },
        notices_kept: Duration::from_secs(notice_days.unsigned_abs() * 24 * 3600),
        ..default
    };
    table.finish();
    options
}

fn telemetry(table: Table<'_>) -> Telemetry {
    let format = table.text_or("log_format", "text");
    if !["text", "json"].contains(&format.as_str()) {
        table.mistake("log_format", "must be text or json");
    }
    let otlp_endpoint = table.text_maybe("otlp_endpoint");
    if let Some(endpoint) = &otlp_endpoint {
        check_address(&table, "otlp_endpoint", endpoint, &["http"]);
    }
    let telemetry = Telemetry {
        log: filter(&table, "log", "info"),
        spans: filter(&table, "spans", "info"),
        json: format == "json",
        otlp_endpoint,
        service_name: table.text_or("service_name", "turnpike"),
        sample_per_mille: u32::try_from(table.integer_or("sample_per_mille", 1000, 0, 1000)).unwrap_or(1000),
    };
    table.finish();
    telemetry
}

/// A filter in the language of `tracing`.
fn filter(table: &Table<'_>, name: &str, default: &str) -> String {
    let text = table.text_or(name, default);
    if EnvFilter::builder().parse(&text).is_err() {
        table.mistake(name, "is not a filter such as info or info,turnpike::journal=debug");
    }
    // A misspelt level reads as the name of a module, of which everything is then let through.
    let fields = text.contains('{');
    let lost = text.split(',').map(str::trim).find(|part| {
        let plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        plain && !part.is_empty() && *part != "turnpike" && part.parse::<LevelFilter>().is_err()
    });
    if let Some(word) = lost.filter(|_| !fields) {
        table.mistake(name, format!("{word} is no level; a module of others is written {word}=trace"));
    }
    text
}

/// An address of a server: one of the schemes, and no credentials.
fn check_address(table: &Table<'_>, name: &str, text: &str, schemes: &[&str]) {
    match Url::parse(text) {
        Ok(url) if !schemes.contains(&url.scheme()) => {
            table.mistake(name, format!("must begin with {}://", schemes.join(":// or ")));
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            table.mistake(name, "must not hold credentials");
        }
        Ok(_) => {}
        Err(_) => table.mistake(name, "is not an address"),
    }
}

fn check_name(table: &Table<'_>, full: &str, name: &str) {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.bytes().all(fine) {
        table.mistake(full, "a name has 1 to 64 lower-case letters, digits and hyphens");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    impl Secrets for Nowhere {
        fn file(&self, _: &str) -> Result<String, String> {
            Err("cannot be read".to_owned())
        }

        fn variable(&self, _: &str) -> Result<String, String> {
            Err("is not set".to_owned())
        }
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "[server]\ngrpc = \"here\"\ndevelopmnt = true\n\n[journal]\ncurrent_key = 2\n\n\
            [accounts.Shop]\nprovider = \"nobody\"\nmerchants = [\"acme\"]\ncurrencies = [\"XXX\"]\n";
        let Err(mistakes) = parse(text, &Nowhere) else { panic!("this is full of mistakes") };
        let told: Vec<(usize, &str)> = mistakes.iter().map(|m| (m.line, m.name.as_str())).collect();
        for expected in [
            (1, "merchants"),
            (2, "server.grpc"),
            (3, "server.developmnt"),
            (5, "journal.directory"),
            (6, "journal.current_key"),
            (9, "accounts.Shop.provider"),
            (10, "accounts.Shop.merchants"),
            (11, "accounts.Shop.currencies"),
        ] {
            assert!(told.contains(&expected), "{expected:?} is missing in {told:?}");
        }
    }

    /// Files with the certificates of the tests.
    struct Files;

    impl Secrets for Files {
        fn file(&self, path: &str) -> Result<String, String> {
            let text = match path {
                "server.pem" => include_str!("../tests/tls/server.pem"),
                "server.key" => include_str!("../tests/tls/server.key"),
                "client.key" => include_str!("../tests/tls/client.key"),
                _ => "this is not PEM",
            };
            Ok(text.to_owned())
        }

        fn variable(&self, _: &str) -> Result<String, String> {
            Err("is not set".to_owned())
        }
    }

    /// The mistakes among those of an otherwise empty document.
    fn told(text: &str) -> Vec<(usize, String)> {
        let Err(mistakes) = parse(text, &Files) else { panic!("most is missing") };
        mistakes.into_iter().filter(|m| m.line > 1).map(|m| (m.line, m.name)).collect()
    }

    #[test]
    fn certificates_are_looked_into() {
        let tls = |certificate: &str, key: &str, authority: &str| {
            let file = |name: &str, path: &str| format!("{name} = {{ file = \"{path}\" }}\n");
            let lines = [file("certificate", certificate), file("key", key), file("client_ca", authority)];
            told(&format!("\n[server.tls]\n{}", lines.concat()))
        };
        let name = |name: &str| format!("server.tls.{name}");
        assert_eq!(tls("server.pem", "server.key", "server.pem"), []);
        assert_eq!(tls("server.pem", "client.key", "server.pem"), [(4, name("key"))]);
        let all = [(3, name("certificate")), (5, name("client_ca"))];
        assert_eq!(tls("nothing", "server.key", "server.key"), all);
        assert_eq!(tls("server.pem", "server.pem", "server.pem"), [(4, name("key"))]);
        // The dates are known even where something else is wrong.
        let (certificates, _) = parts("[server.tls]\ncertificate = { file = \"server.pem\" }\n", &Files);
        assert_eq!((certificates.len(), certificates[0].line), (1, 2));
    }

    #[test]
    fn filters_endpoints_and_countries_are_looked_into() {
        let telemetry = |line: &str| told(&format!("\n[telemetry]\n{line}\n"));
        for fine in [
            "log = \"info\"",
            "log = \"WARN\"",
            "log = \"off\"",
            "log = \"info,turnpike=debug,h2=warn\"",
            "log = \"info,[rpc{merchant=a}]=debug\"",
            "log = \"turnpike::journal\"",
            "otlp_endpoint = \"http://127.0.0.1:4317\"",
        ] {
            assert_eq!(telemetry(fine), [], "{fine}");
        }
        assert_eq!(telemetry("spans = \"wrn\""), [(3, "telemetry.spans".to_owned())]);
        for wrong in ["info,turnpike=loud", "wrn", "info, debig"] {
            let line = format!("log = \"{wrong}\"");
            assert_eq!(telemetry(&line), [(3, "telemetry.log".to_owned())], "{wrong}");
        }
        for wrong in ["collector:4317", "https://collector:4317", "http://u:p@collector", "nowhere", ""] {
            let line = format!("otlp_endpoint = \"{wrong}\"");
            assert_eq!(telemetry(&line), [(3, "telemetry.otlp_endpoint".to_owned())], "{wrong}");
        }
        let account = |line: &str| {
            let mut mistakes = told(&format!("\n[accounts.shop]\n{line}\n"));
            mistakes.retain(|(line, _)| *line == 3);
            mistakes
        };
        assert_eq!(account("countries = [\"NO\", \"GB\", \"BY\"]"), []);
        for wrong in ["XX", "UK", "no", "NOR", ""] {
            let line = format!("countries = [\"{wrong}\"]");
            assert_eq!(account(&line), [(3, "accounts.shop.countries".to_owned())], "{wrong}");
        }
        assert_eq!(account("notify_url = \"shop.example\""), [(3, "accounts.shop.notify_url".to_owned())]);
        assert_eq!(account("proxy = \"socks5://proxy:1\""), [(3, "accounts.shop.proxy".to_owned())]);
    }

    #[test]
    fn a_hash_opens_for_one_merchant_only() {
        let hash = "ab".repeat(32);
        let key = format!("keys = [{{ sha256 = \"{hash}\" }}]\n");
        let text = format!("\n[merchants.a]\n{key}[merchants.b]\n{key}");
        assert_eq!(told(&text), [(5, "merchants.b.keys[0].sha256".to_owned())]);
        // A key and a certificate are told apart before their hashes are.
        let certificate = key.replace("keys", "certificates");
        assert_eq!(told(&format!("\n[merchants.a]\n{key}[merchants.b]\n{certificate}")), []);
        let upper = key.replace(&hash, &hash.to_uppercase());
        assert_eq!(told(&format!("\n[merchants.a]\n{key}[merchants.b]\n{upper}")).len(), 1);
    }

    #[test]
    fn an_older_store_goes_on_with_the_fingerprints_of_its_oldest_key() {
        let key = |byte: u8| {
            let bytes: Vec<u8> = (byte..byte + 32).collect();
            Secret::new(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes))
        };
        let config = JournalConfig {
            directory: PathBuf::new(),
            current_key: 2,
            keys: BTreeMap::from([(1, key(0)), (2, key(9))]),
            check: sqlite::Check::Quick,
        };
        let inherited = config.store().expect("good keys").inherited_fingerprint_key.expect("one");
        // HMAC-SHA256 of "turnpike request fingerprint" under the first key's base64 text.
        let known = "82951662091c5777661ea0071173b22b0af9d38729bd4bd46b712005dca543ef";
        assert_eq!(inherited.expose().as_slice(), callers::unhex(known).expect("hexadecimal"));
    }

    #[test]
    fn a_caller_has_the_rate_of_all_or_its_own() {
        let hash = |digit: &str| digit.repeat(64);
        let rates = |text: &str| {
            let Err(mistakes) = parse(text, &Nowhere) else { panic!("the journal is missing") };
            assert!(mistakes.iter().all(|mistake| !mistake.name.contains("rate")), "{mistakes:?}");
            let document = Document::new(text, &Nowhere);
            let root = DeTable::parse(text).expect("TOML");
            let table = Table::new(&document, "", 0, Some(root.get_ref()));
            let (_, rate) = server(table.table("server"), &mut Vec::new());
            let callers = callers::merchants(&table, rate, false).credentials;
            callers.iter().map(|caller| caller.rate.map(|rate| (rate.calls_per_second, rate.burst))).collect()
        };
        let keys = format!(
            "[merchants.a]\nkeys = [{{ sha256 = \"{}\" }}, {{ sha256 = \"{}\", calls_per_second = 7 }}, \
             {{ sha256 = \"{}\", calls_per_second = 0 }}, {{ sha256 = \"{}\", calls_per_second = 5, burst = 9 }}]\n",
            hash("1"),
            hash("2"),
            hash("3"),
            hash("4"),
        );
        let none: Vec<Option<(u32, u32)>> = rates(&keys);
        assert_eq!(none, [None, Some((7, 7)), None, Some((5, 9))]);
        let limited = format!("[server.rate_limit]\ncalls_per_second = 3\nburst = 30\n{keys}");
        assert_eq!(rates(&limited), [Some((3, 30)), Some((7, 7)), None, Some((5, 9))]);
    }

    #[test]
    fn a_credential_is_called_by_its_name_or_its_hash() {
        let names = |keys: &str| {
            let text = format!("[merchants.a]\nkeys = [{keys}]\n");
            let document = Document::new(&text, &Nowhere);
            let root = DeTable::parse(&text).expect("TOML");
            let table = Table::new(&document, "", 0, Some(root.get_ref()));
            let callers = callers::merchants(&table, None, false).credentials;
            callers.iter().map(|caller| caller.name.to_string()).collect::<Vec<_>>()
        };
        let hash = "0af3".repeat(16);
        assert_eq!(names(&format!("{{ sha256 = \"{hash}\" }}")), ["0af30af3"]);
        assert_eq!(names(&format!("{{ name = \"till-7\", sha256 = \"{hash}\" }}")), ["till-7"]);
        for wrong in ["two words", "caf\u{e9}", &"n".repeat(65)] {
            let text = format!("\n[merchants.a]\nkeys = [{{ name = \"{wrong}\", sha256 = \"{hash}\" }}]\n");
            assert_eq!(told(&text), [(3, "merchants.a.keys[0].name".to_owned())], "{wrong}");
        }
    }

    #[test]
    fn a_burst_without_a_rate_is_a_mistake() {
        let Err(mistakes) = parse("[server.rate_limit]\nburst = 3\n", &Nowhere) else { panic!("a mistake") };
        let told = mistakes.iter().any(|m| m.line == 2 && m.name == "server.rate_limit.burst");
        assert!(told, "{mistakes:?}");
    }

    #[test]
    fn broken_toml_names_the_line() {
        let Err(mistakes) = parse("[server]\ngrpc = \n", &Nowhere) else { panic!("broken") };
        assert_eq!(mistakes[0].line, 2);
    }
}
