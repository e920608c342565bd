//! What the inspections share: an account, what was asked, and the body on standard input.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use turnpike::domain::card::{FirstPayment, Initiator, MerchantReason};
use turnpike::domain::money::{Currency, Money};
use turnpike::domain::order::{CaptureMode, Purpose};
use turnpike::domain::outcome::Asked;
use turnpike::domain::secret::Secret;
use turnpike::providers::contract::{AccessToken, OperationKind};
use turnpike::providers::conversation::AnyProvider;
use turnpike::providers::registry::{self, PROVIDERS};
use turnpike::providers::sample::Overrides;
use turnpike::providers::settings::Setting;
use turnpike::world::{Network, World as _};

/// The largest body that is read from standard input.
const BODY_BYTES_MAX: u64 = 1024 * 1024;

/// A provider's example account, and the operation that is looked at.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// The provider.
    #[arg(long)]
    provider: String,
    /// The operation, such as charge or `inquire_payment`.
    #[arg(long)]
    operation: String,
    /// A setting of the account, NAME=VALUE, instead of the example's; may be repeated. A list is
    /// written as in JSON.
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
}

impl Common {
    pub(super) fn account(&self) -> anyhow::Result<Arc<dyn AnyProvider>> {
        example_account(&self.provider, &self.settings)
    }

    pub(super) fn kind(&self) -> anyhow::Result<OperationKind> {
        OperationKind::from_name(&self.operation).with_context(|| {
            let known: Vec<&str> = OperationKind::NAMES.iter().map(|(_, name)| *name).collect();
            format!("there is no operation {}; there are {}", self.operation, known.join(", "))
        })
    }
}

/// What was asked, to compare an answer or a notice with.
#[derive(Debug, Args)]
pub(super) struct Story {
    /// What was asked, AMOUNT_MINOR:CURRENCY:REFERENCE, to compare with.
    #[arg(long, value_name = "AMOUNT_MINOR:CURRENCY:REFERENCE", value_parser = parse_asked)]
    pub(super) asked: Option<Asked>,
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

impl Story {
    /// What was asked; where nobody says, nothing under the given reference.
    pub(super) fn assumed(&self, reference: &str) -> anyhow::Result<Asked> {
        match &self.asked {
            Some(asked) => Ok(asked.clone()),
            None => {
                Ok(Asked { money: Money::zero(Currency::parse("EUR")?), reference: reference.to_owned() })
            }
        }
    }

    pub(super) fn overrides(&self) -> Overrides {
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
                InitiatorArg::Merchant => {
                    Initiator::Merchant { reason: MerchantReason::Recurring, first: FirstPayment::default() }
                }
            }),
            customer_present: self.initiator.map(|initiator| matches!(initiator, InitiatorArg::Customer)),
            ..Overrides::default()
        }
    }
}

/// A provider with its example settings, some of them replaced.
pub(super) fn example_account(provider: &str, settings: &[String]) -> anyhow::Result<Arc<dyn AnyProvider>> {
    let entry = registry::find(provider).with_context(|| {
        let known: Vec<&str> = PROVIDERS.iter().map(|entry| entry.profile.name).collect();
        format!("there is no provider {provider}; there are {}", known.join(", "))
    })?;
    let mut changes = BTreeMap::new();
    for setting in settings {
        let (name, value) = setting.split_once('=').context("a setting is NAME=VALUE")?;
        changes.insert(name.to_owned(), typed(value));
    }
    entry.example_account(changes).map_err(|mistakes| {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("settings: {}", told.join("; "))
    })
}

fn typed(value: &str) -> Setting {
    if let Ok(items) = serde_json::from_str(value) {
        return Setting::List(items);
    }
    match value {
        "true" => Setting::Flag(true),
        "false" => Setting::Flag(false),
        _ => value.parse().map_or_else(|_| Setting::Text(value.to_owned()), Setting::Integer),
    }
}

/// The body on standard input; empty where that is a terminal and nobody gave one.
pub(super) fn read_input() -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    let input = std::io::stdin();
    if !input.is_terminal() {
        input.take(BODY_BYTES_MAX + 1).read_to_end(&mut body)?;
    }
    anyhow::ensure!(body.len() as u64 <= BODY_BYTES_MAX, "the body is longer than {BODY_BYTES_MAX} bytes");
    Ok(body)
}

/// `Name: value`, the name in lower case.
pub(super) fn parse_header(text: &str) -> anyhow::Result<(String, String)> {
    let (name, value) = text.split_once(':').context("a header is 'Name: value'")?;
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}

/// `AMOUNT_MINOR:CURRENCY:REFERENCE`.
fn parse_asked(text: &str) -> anyhow::Result<Asked> {
    let mut parts = text.splitn(3, ':');
    let (Some(amount), Some(currency), Some(reference)) = (parts.next(), parts.next(), parts.next()) else {
        anyhow::bail!("it is AMOUNT_MINOR:CURRENCY:REFERENCE");
    };
    let minor = amount.parse().context("the amount is a whole number of minor units")?;
    Ok(Asked { money: Money::new(minor, Currency::parse(currency)?)?, reference: reference.to_owned() })
}

/// The system's clock and random source; no line to anywhere.
pub(super) fn nowhere() -> anyhow::Result<Network> {
    Ok(Network::new([])?)
}

/// An access token that is never shown and never sent.
pub(super) fn stand_in(world: &Network) -> AccessToken {
    AccessToken { token: Secret::from("access-token"), renew_at: world.now(), expires_at: world.now() }
}
