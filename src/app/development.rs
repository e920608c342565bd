//! The development set-up: a configuration for a gateway in front of the simulators.
//!
//! It is written as the same TOML that an operator would write, so that everything takes the road
//! that production takes.

use std::fmt::Write as _;
use std::path::Path;

use crate::simulator::Simulators;

/// The merchant of a development gateway.
pub const MERCHANT: &str = "dev";

/// A test card that each provider approves without a challenge (the dossiers' sandbox sections).
const APPROVED_CARDS: &[(&str, &str)] =
    &[("dintero", "4000000000000002"), ("begateway", "4200000000000000"), ("paymob", "5123456789012346")];

/// A test card that a simulated provider approves without a challenge.
#[must_use]
pub fn approved_card(provider: &str) -> Option<&'static str> {
    APPROVED_CARDS.iter().find(|(name, _)| *name == provider).map(|(_, card)| *card)
}

/// What the document depends on.
pub struct Setup<'a> {
    /// Address of the gRPC port.
    pub grpc: &'a str,
    /// Where the journal lives.
    pub data_directory: &'a Path,
    /// The sealing key, base64.
    pub sealing_key: &'a str,
    /// SHA-256 of the API key, hexadecimal.
    pub api_key_sha256: &'a str,
    /// What is logged.
    pub log: &'a str,
}

/// The configuration of a development gateway in front of running simulators.
///
/// # Errors
/// A provider that has no simulator.
pub fn document(setup: &Setup<'_>, simulators: &Simulators) -> anyhow::Result<String> {
    let mut text = String::new();
    let Setup { grpc, data_directory, sealing_key, api_key_sha256, log } = setup;
    let directory = toml_text(&data_directory.display().to_string());
    write!(
        text,
        r#"[server]
grpc = "{grpc}"
development = true
drain_timeout_ms = 10000

[web]
allowed_origins = ["dev"]

[journal]
directory = {directory}
current_key = 1
[journal.keys]
1 = "{sealing_key}"

[engine.follow_up]
first_ms = 200
longest_ms = 60000
unhurried_ms = 2000

[telemetry]
log = {log}

[merchants.{MERCHANT}]
keys = [{{ sha256 = "{api_key_sha256}" }}]
"#,
        log = toml_text(log),
    )?;
    text.push_str(&dintero(simulators)?);
    for (name, shop, priority) in [("begateway-dev", "361", 110), ("begateway-dev-3ds", "362", 120)] {
        text.push_str(&begateway(simulators, name, shop, priority)?);
    }
    for (name, flow, priority) in [("paymob-dev", "intention", 130), ("paymob-dev-accept", "accept", 140)] {
        text.push_str(&paymob(simulators, name, flow, priority)?);
    }
    Ok(text)
}

/// Options that every development account has: everything is quick here, so that nobody waits.
const QUICK: &str = "merchants = [\"dev\"]\nconnect_timeout_ms = 2000\ntotal_timeout_ms = 15000\n\
    absence_grace_ms = 2000\ntest = true\n";

fn dintero(simulators: &Simulators) -> anyhow::Result<String> {
    let simulator = simulators.of("dintero")?;
    let known = simulator.credentials();
    let text = |name: &str| toml_text(known[name].as_str().unwrap_or_default());
    let base = toml_text(&format!("{}/v1", simulator.base_url()));
    Ok(format!(
        r#"
[accounts.dintero-dev]
provider = "dintero"
priority = 100
currencies = ["NOK", "SEK", "DKK"]
{QUICK}[accounts.dintero-dev.settings]
account_id = {account}
client_id = {client}
client_secret = {secret}
profile_id = {profile}
checkout_url = {base}
auth_url = {base}
"#,
        account = text("account_id"),
        client = text("client_id"),
        secret = text("client_secret"),
        profile = text("profile_id"),
    ))
}

fn begateway(simulators: &Simulators, name: &str, shop: &str, priority: u32) -> anyhow::Result<String> {
    let simulator = simulators.of("begateway")?;
    let known = simulator.credentials();
    let shops = known["shops"].as_array().cloned().unwrap_or_default();
    let found = shops.iter().find(|known| known["shop_id"].to_string().trim_matches('"') == shop);
    let secret = found.and_then(|shop| shop["secret_key"].as_str()).unwrap_or_default().to_owned();
    let base = toml_text(simulator.base_url());
    Ok(format!(
        r#"
[accounts.{name}]
provider = "begateway"
priority = {priority}
card_data = "pass-through"
{QUICK}[accounts.{name}.settings]
shop_id = "{shop}"
secret_key = {secret}
gateway_url = {base}
checkout_url = {base}
test = true
# Whoever tries things out charges the same card with the same amount again and again.
duplicate_check = "nothing"
"#,
        secret = toml_text(&secret),
    ))
}

fn paymob(simulators: &Simulators, name: &str, flow: &str, priority: u32) -> anyhow::Result<String> {
    let simulator = simulators.of("paymob")?;
    let known = simulator.credentials();
    let text = |name: &str| toml_text(known[name].as_str().unwrap_or_default());
    let mut settings = String::new();
    for (purpose, id) in known["integrations"].as_object().into_iter().flatten() {
        writeln!(settings, "integration_{purpose} = {id}")?;
    }
    Ok(format!(
        r#"
[accounts.{name}]
provider = "paymob"
priority = {priority}
currencies = ["EGP", "AED", "OMR", "PKR", "SAR"]
{QUICK}[accounts.{name}.settings]
region = "egypt"
base_url = {base}
test = true
flow = "{flow}"
api_key = {api_key}
secret_key = {secret_key}
public_key = {public_key}
hmac_secret = {hmac_secret}
iframe_id = {iframe}
{settings}"#,
        base = toml_text(simulator.base_url()),
        api_key = text("api_key"),
        secret_key = text("secret_key"),
        public_key = text("public_key"),
        hmac_secret = text("hmac_secret"),
        iframe = known["iframe_id"],
    ))
}

/// A text as a TOML string.
fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            control if control.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
