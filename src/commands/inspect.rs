//! `turnpike inspect`: what an adapter makes of a reply, or would send for a request.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use turnpike::domain::card::{FirstPayment, Initiator};
use turnpike::domain::money::{Currency, Money};
use turnpike::domain::order::{CaptureMode, Purpose};
use turnpike::domain::outcome::Asked;
use turnpike::domain::secret::Secret;
use turnpike::providers::contract::{AccessToken, Context, OperationKind, Reply};
use turnpike::providers::conversation::{AnyProvider, Turn};
use turnpike::providers::redact::{Shown, show};
use turnpike::providers::registry::{self, PROVIDERS};
use turnpike::providers::report::{fault_json, outcome_json};
use turnpike::providers::sample::{self, Overrides};
use turnpike::providers::settings::Setting;
use turnpike::rpc::offline;
use turnpike::world::{Network, World as _};

/// The largest body that is read from standard input.
const BODY_BYTES_MAX: u64 = 1024 * 1024;

/// Shows what an adapter makes of a reply, or would send for a request.
#[derive(Debug, Args)]
pub struct Inspect {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Reads a provider's reply from standard input and prints the normalised outcome on one line.
    #[command(after_help = stages_help())]
    Reply(ReplyArgs),
    /// Reads a request in the contract's JSON form from standard input and prints the REST calls
    /// that it would make, redacted, one a line. Sends nothing.
    Request(RequestArgs),
}

#[derive(Debug, Args)]
struct Common {
    /// The provider.
    #[arg(long)]
    provider: String,
    /// The operation, such as charge or `inquire_payment`.
    #[arg(long)]
    operation: String,
    /// A setting of the account, NAME=VALUE, instead of the example's; may be repeated.
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
}

#[derive(Debug, Args)]
struct ReplyArgs {
    #[command(flatten)]
    common: Common,
    /// The stage of the conversation that the reply belongs to; the last one by default.
    #[arg(long)]
    stage: Option<String>,
    /// The reply's HTTP status.
    #[arg(long)]
    http_status: u16,
    /// A header of the reply, 'Name: value'; may be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// What was asked, AMOUNT_MINOR:CURRENCY:REFERENCE, to compare the reply with.
    #[arg(long)]
    asked: Option<String>,
    /// What the session was for.
    #[arg(long, value_enum)]
    purpose: Option<PurposeArg>,
    /// How the money was to be taken.
    #[arg(long, value_enum)]
    capture: Option<CaptureArg>,
    /// Who started the charge.
    #[arg(long, value_enum)]
    initiator: Option<InitiatorArg>,
}

#[derive(Debug, Args)]
struct RequestArgs {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PurposeArg {
    Pay,
    PayAndSave,
    Save,
    UseSaved,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CaptureArg {
    Automatic,
    Manual,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum InitiatorArg {
    Customer,
    Merchant,
}

impl Inspect {
    pub fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Reply(reply) => reply.run(),
            What::Request(request) => request.run(),
        }
    }
}

/// Operations and stages of every provider, for the help.
fn stages_help() -> String {
    let mut text = "Operations and their stages, the default last:\n".to_owned();
    for entry in PROVIDERS {
        let Ok(provider) = entry.example_account(BTreeMap::new()) else { continue };
        for (kind, name) in OperationKind::NAMES {
            let stages = provider.stages(*kind);
            if !stages.is_empty() {
                text += &format!("  {:<10} {name:<17} {}\n", entry.profile.name, stages.join(", "));
            }
        }
    }
    text
}

impl Common {
    fn account(&self) -> anyhow::Result<Arc<dyn AnyProvider>> {
        let entry = registry::find(&self.provider).with_context(|| {
            let known: Vec<&str> = PROVIDERS.iter().map(|entry| entry.profile.name).collect();
            format!("there is no provider {}; there are {}", self.provider, known.join(", "))
        })?;
        let mut changes = BTreeMap::new();
        for setting in &self.settings {
            let (name, value) = setting.split_once('=').context("a setting is NAME=VALUE")?;
            changes.insert(name.to_owned(), typed(value));
        }
        entry.example_account(changes).map_err(|mistakes| {
            let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("settings: {}", told.join("; "))
        })
    }

    fn kind(&self) -> anyhow::Result<OperationKind> {
        OperationKind::from_name(&self.operation).with_context(|| {
            let known: Vec<&str> = OperationKind::NAMES.iter().map(|(_, name)| *name).collect();
            format!("there is no operation {}; there are {}", self.operation, known.join(", "))
        })
    }
}

fn typed(value: &str) -> Setting {
    match value {
        "true" => Setting::Flag(true),
        "false" => Setting::Flag(false),
        _ => value.parse().map_or_else(|_| Setting::Text(value.to_owned()), Setting::Integer),
    }
}

fn read_input() -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    std::io::stdin().take(BODY_BYTES_MAX + 1).read_to_end(&mut body)?;
    anyhow::ensure!(body.len() as u64 <= BODY_BYTES_MAX, "the body is longer than {BODY_BYTES_MAX} bytes");
    Ok(body)
}

/// The system's clock and random source; no line to anywhere.
fn nowhere() -> anyhow::Result<Network> {
    Ok(Network::new([])?)
}

impl ReplyArgs {
    fn run(self) -> anyhow::Result<()> {
        let provider = self.common.account()?;
        let kind = self.common.kind()?;
        let asked = self.asked.as_deref().map(parse_asked).transpose()?;
        let stages = provider.stages(kind);
        let stage = match &self.stage {
            Some(stage) => stage.as_str(),
            None => stages.last().context("the provider has no such operation")?,
        };
        let world = nowhere()?;
        let assumed = match &asked {
            Some(asked) => asked.clone(),
            None => Asked { money: Money::zero(Currency::parse("EUR")?), reference: "inspected".to_owned() },
        };
        let operation = sample::operation(kind, &assumed, &self.overrides(), world.now());
        let reply = Reply { status: self.http_status, headers: self.headers()?, body: read_input()? };
        let access = stand_in(&world);
        let cx = Context { now: world.now(), entropy: world.entropy(), access: Some(&access) };
        let read = provider
            .read(operation, stage, &reply, &cx)
            .with_context(|| format!("there is no stage {stage}; there are {}", stages.join(", ")))?;
        let line = match read {
            Ok(Turn::Done(outcome)) => outcome_json(&outcome, asked.as_ref()),
            Ok(Turn::Ask { request, .. }) => serde_json::json!({
                "ask": { "name": request.name, "method": request.method.as_str(), "url": request.url }
            }),
            Err(fault) => fault_json(&fault, None),
        };
        println!("{line}");
        Ok(())
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            purpose: self.purpose.map(|purpose| match purpose {
                PurposeArg::Pay => Purpose::Pay,
                PurposeArg::PayAndSave => Purpose::PayAndSave,
                PurposeArg::Save => Purpose::Save,
                PurposeArg::UseSaved => Purpose::UseSaved,
            }),
            capture: self.capture.map(|capture| match capture {
                CaptureArg::Automatic => CaptureMode::Automatic,
                CaptureArg::Manual => CaptureMode::Manual,
            }),
            initiator: self.initiator.map(|initiator| match initiator {
                InitiatorArg::Customer => Initiator::Customer { cvc: None },
                InitiatorArg::Merchant => Initiator::Merchant {
                    reason: turnpike::domain::card::MerchantReason::Recurring,
                    first: FirstPayment::default(),
                },
            }),
            customer_present: self.initiator.map(|initiator| matches!(initiator, InitiatorArg::Customer)),
            ..Overrides::default()
        }
    }

    fn headers(&self) -> anyhow::Result<Vec<(String, String)>> {
        self.headers
            .iter()
            .map(|header| {
                let (name, value) = header.split_once(':').context("a header is 'Name: value'")?;
                Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            })
            .collect()
    }
}

/// `AMOUNT_MINOR:CURRENCY:REFERENCE`.
fn parse_asked(text: &str) -> anyhow::Result<Asked> {
    let mut parts = text.splitn(3, ':');
    let (Some(amount), Some(currency), Some(reference)) = (parts.next(), parts.next(), parts.next()) else {
        anyhow::bail!("--asked is AMOUNT_MINOR:CURRENCY:REFERENCE");
    };
    let minor = amount.parse().context("the amount is a whole number of minor units")?;
    Ok(Asked { money: Money::new(minor, Currency::parse(currency)?)?, reference: reference.to_owned() })
}

/// An access token that is never shown and never sent.
fn stand_in(world: &Network) -> AccessToken {
    AccessToken { token: Secret::from("access-token"), renew_at: world.now(), expires_at: world.now() }
}

impl RequestArgs {
    fn run(self) -> anyhow::Result<()> {
        let provider = self.common.account()?;
        let world = nowhere()?;
        let operation = match offline::operation(self.common.kind()?, &read_input()?, world.now()) {
            Ok(operation) => operation,
            Err(problems) => {
                for problem in &problems {
                    eprintln!("{problem}");
                }
                anyhow::bail!("the request is not valid; nothing would be sent");
            }
        };
        let mut cx = Context { now: world.now(), entropy: world.entropy(), access: None };
        let profile = provider.profile();
        if let Some(request) = provider.sign_in(operation.kind(), &cx) {
            tell(&show(&request, profile));
        }
        let access = stand_in(&world);
        cx.access = Some(&access);
        match provider.begin(operation, &cx) {
            Ok(Turn::Ask { request, .. }) => tell(&show(&request, profile)),
            Ok(Turn::Done(outcome)) => println!("{}", outcome_json(&outcome, None)),
            Err(fault) => println!("{}", fault_json(&fault, None)),
        }
        Ok(())
    }
}

fn tell(shown: &Shown) {
    let headers: BTreeMap<&str, &str> =
        shown.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body: serde_json::Value =
        serde_json::from_str(&shown.body).unwrap_or_else(|_| serde_json::Value::String(shown.body.clone()));
    println!(
        "{}",
        serde_json::json!({
            "name": shown.name, "method": shown.method, "url": shown.url, "headers": headers, "body": body,
        })
    );
}
