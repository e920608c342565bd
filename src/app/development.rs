//! The development set-up: a configuration for a gateway in front of the simulators.
//!
//! It is written as the same TOML that an operator would write, so that everything takes the road
//! that production takes.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use crate::domain::secret::Secret;
use crate::simulator::Simulators;
use crate::webhooks::inbound::PATH;

/// The first merchant of a development gateway.
pub const MERCHANT: &str = "dev";
/// The name of the address that the first merchant's events are sent to.
pub const ENDPOINT: &str = "dev";
/// How many merchants a development gateway has at most. Each has simulators of its own.
pub const MERCHANTS_MAX: u16 = 16;

/// The name of the nth merchant, counted from one: `dev`, `dev-2`, `dev-3`.
#[must_use]
pub fn merchant(number: u16) -> String {
    if number <= 1 { MERCHANT.to_owned() } else { format!("{MERCHANT}-{number}") }
}

/// A test card that each provider approves without a challenge (the dossiers' sandbox sections).
const APPROVED_CARDS: &[(&str, &str)] = &[
    ("dintero", "4000000000000002"),
    ("begateway", "4200000000000000"),
    ("paymob", "5123456789012346"),
    ("pivot", "4440000112200001"),
    ("bbmsl", "4111111111111111"),
];

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
    /// What is logged.
    pub log: &'a str,
    /// Where the simulated providers tell their news; `None` when they do not.
    pub webhooks: Option<SocketAddr>,
    /// Where the first merchant's events are sent; `None` for nowhere.
    pub sent_to: Option<SentTo<'a>>,
}

/// Where events are sent.
#[derive(Clone, Copy)]
pub struct SentTo<'a> {
    /// Any address, this machine's own among them.
    pub url: &'a str,
    /// All of them sign.
    pub secrets: &'a [Secret<String>],
}

/// A merchant with an account at every simulated provider.
#[derive(Clone, Copy)]
pub struct Merchant<'a> {
    /// Its name, with which the names of its accounts end, such as `dintero-dev`.
    pub name: &'a str,
    /// SHA-256 of the API key, hexadecimal.
    pub api_key_sha256: &'a str,
    /// The simulators, which no other merchant has.
    pub simulators: &'a Simulators,
}

/// The configuration of a development gateway whose merchants have running simulators.
///
/// # Errors
/// A provider that has no simulator.
pub fn document(setup: &Setup<'_>, merchants: &[Merchant<'_>]) -> anyhow::Result<String> {
    let mut text = String::new();
    let Setup { grpc, data_directory, sealing_key, log, webhooks, sent_to } = setup;
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
"#,
        log = toml_text(log),
    )?;
    if let Some(address) = webhooks {
        let public_url = public_url(*address);
        write!(text, "\n[webhooks]\nlisten = \"{address}\"\npublic_url = \"{public_url}\"\n")?;
    }
    for merchant in merchants {
        let Merchant { name, api_key_sha256, .. } = merchant;
        write!(text, "\n[merchants.{name}]\nkeys = [{{ name = \"dev\", sha256 = \"{api_key_sha256}\" }}]\n")?;
    }
    if let (Some(merchant), Some(SentTo { url, secrets })) = (merchants.first(), sent_to) {
        let secrets: Vec<String> = secrets.iter().map(|secret| toml_text(secret.expose())).collect();
        write!(
            text,
            "\n[merchants.{}.webhooks.{ENDPOINT}]\nurl = {}\nsecrets = [{}]\nallow_private = true\n",
            merchant.name,
            toml_text(url),
            secrets.join(", "),
        )?;
    }
    for merchant in merchants {
        text.push_str(&accounts(merchant, webhooks.is_some())?);
    }
    Ok(text)
}

/// The port for notices as the simulators reach it.
fn public_url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// What is not said with every payment is typed into the back office of a provider: where it tells its
/// news of payments that name no address of their own.
///
/// # Errors
/// A provider that has no simulator.
pub fn register_addresses(
    Merchant { name, simulators, .. }: Merchant<'_>,
    webhooks: SocketAddr,
) -> anyhow::Result<()> {
    for (provider, account) in
        [("pivot", format!("pivot-{name}")), ("paymob", format!("paymob-{name}-accept"))]
    {
        let address = format!("{}{PATH}{account}", public_url(webhooks));
        let change = serde_json::json!({ "callback_url": address });
        simulators.of(provider)?.set_behaviour(&change).map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

fn accounts(merchant: &Merchant<'_>, are_told: bool) -> anyhow::Result<String> {
    let mut text = dintero(merchant)?;
    for (suffix, shop, priority) in [("", "361", 110), ("-3ds", "362", 120)] {
        text.push_str(&begateway(merchant, suffix, shop, priority)?);
    }
    for (suffix, flow, priority) in [("", "intention", 130), ("-accept", "accept", 140)] {
        text.push_str(&paymob(merchant, suffix, flow, priority)?);
    }
    text.push_str(&pivot(merchant)?);
    text.push_str(&bbmsl(merchant, are_told)?);
    Ok(text)
}

/// Options that every development account has: everything is quick here, so that nobody waits.
fn quick(merchant: &str) -> String {
    format!(
        "merchants = [\"{merchant}\"]\nconnect_timeout_ms = 2000\ntotal_timeout_ms = 15000\n\
         absence_grace_ms = 2000\ntest = true\nrecurring_per_second = 0\n"
    )
}

fn dintero(Merchant { name: merchant, simulators, .. }: &Merchant<'_>) -> anyhow::Result<String> {
    let quick = quick(merchant);
    let simulator = simulators.of("dintero")?;
    let known = simulator.credentials();
    let text = |name: &str| toml_text(known[name].as_str().unwrap_or_default());
    let base = toml_text(&format!("{}/v1", simulator.base_url()));
    Ok(format!(
        r#"
[accounts.dintero-{merchant}]
provider = "dintero"
priority = 100
currencies = ["NOK", "SEK", "DKK"]
{quick}[accounts.dintero-{merchant}.settings]
account_id = {account}
client_id = {client}
client_secret = {secret}
profile_id = {profile}
callback_secret = {callback_secret}
checkout_url = {base}
auth_url = {base}
"#,
        account = text("account_id"),
        client = text("client_id"),
        secret = text("client_secret"),
        profile = text("profile_id"),
        callback_secret = text("callback_secret"),
    ))
}

fn begateway(merchant: &Merchant<'_>, suffix: &str, shop: &str, priority: u32) -> anyhow::Result<String> {
    let Merchant { name: merchant, simulators, .. } = merchant;
    let (name, quick) = (format!("begateway-{merchant}{suffix}"), quick(merchant));
    let simulator = simulators.of("begateway")?;
    let known = simulator.credentials();
    let shops = known["shops"].as_array().cloned().unwrap_or_default();
    let found = shops.iter().find(|known| known["shop_id"].to_string().trim_matches('"') == shop);
    let secret = found.and_then(|shop| shop["secret_key"].as_str()).unwrap_or_default().to_owned();
    let base = toml_text(simulator.base_url());
    let keys = simulator.keys();
    Ok(format!(
        r#"
[accounts.{name}]
provider = "begateway"
priority = {priority}
card_data = "pass-through"
{quick}[accounts.{name}.settings]
shop_id = "{shop}"
secret_key = {secret}
webhook_public_key = {webhook_key}
gateway_url = {base}
checkout_url = {base}
test = true
# Whoever tries things out charges the same card with the same amount again and again.
duplicate_check = "nothing"
"#,
        secret = toml_text(&secret),
        webhook_key = toml_text(keys["webhook_public_key"].as_str().unwrap_or_default()),
    ))
}

fn paymob(merchant: &Merchant<'_>, suffix: &str, flow: &str, priority: u32) -> anyhow::Result<String> {
    let Merchant { name: merchant, simulators, .. } = merchant;
    let (name, quick) = (format!("paymob-{merchant}{suffix}"), quick(merchant));
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
{quick}[accounts.{name}.settings]
region = "egypt"
base_url = {base}
test = true
flow = "{flow}"
api_key = {api_key}
secret_key = {secret_key}
public_key = {public_key}
hmac_secret = {hmac_secret}
owner_id = {owner}
iframe_id = {iframe}
{settings}"#,
        base = toml_text(simulator.base_url()),
        api_key = text("api_key"),
        secret_key = text("secret_key"),
        public_key = text("public_key"),
        hmac_secret = text("hmac_secret"),
        owner = known["owner_id"],
        iframe = known["iframe_id"],
    ))
}

fn pivot(Merchant { name: merchant, simulators, .. }: &Merchant<'_>) -> anyhow::Result<String> {
    let quick = quick(merchant);
    let simulator = simulators.of("pivot")?;
    let known = simulator.credentials();
    let text = |name: &str| toml_text(known[name].as_str().unwrap_or_default());
    Ok(format!(
        r#"
[accounts.pivot-{merchant}]
provider = "pivot"
priority = 130
currencies = ["IDR"]
# The CVC of a saved card passes through; card numbers never do.
card_data = "pass-through"
{quick}[accounts.pivot-{merchant}.settings]
base_url = {base}
merchant_id = {merchant_id}
merchant_secret = {secret}
callback_api_key = {callback_key}
default_return_url = "https://shop.example/return"
wallet_methods = ["DANA", "SHOPEEPAY", "OVO"]
bank_transfer_methods = ["BCA", "BRI", "PERMATA"]
qr_code_methods = ["QR"]
# The simulator has it enabled, as a merchant has who agreed on it with Pivot.
mit = true
"#,
        base = text("base_url"),
        merchant_id = text("merchant_id"),
        secret = text("merchant_secret"),
        callback_key = text("callback_api_key"),
    ))
}

fn bbmsl(merchant: &Merchant<'_>, is_told: bool) -> anyhow::Result<String> {
    let Merchant { name: merchant, simulators, .. } = merchant;
    let quick = quick(merchant);
    let simulator = simulators.of("bbmsl")?;
    let known = simulator.credentials();
    let text = |name: &str| toml_text(known[name].as_str().unwrap_or_default());
    // The page that saves a card insists on an address for news, also where nobody listens.
    let notify = match is_told {
        true => String::new(),
        false => format!("notify_url = {}\n", toml_text(&format!("{}/notifications", simulator.base_url()))),
    };
    Ok(format!(
        r#"
[accounts.bbmsl-{merchant}]
provider = "bbmsl"
priority = 130
currencies = ["HKD", "USD"]
{notify}{quick}[accounts.bbmsl-{merchant}.settings]
environment = "sit"
merchant_id = {merchant_id}
private_key = {key}
provider_public_keys = [{provider}]
base_url = {base}
refusal_grace_seconds = 2
"#,
        merchant_id = text("merchant_id"),
        key = text("private_key"),
        provider = text("provider_public_key"),
        base = text("base_url"),
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
