//! `turnpike capabilities`: the matrix of providers and operations, from the code: a row a provider.

use clap::Args;
use turnpike::providers::contract::{Feature, Support};
use turnpike::providers::registry::PROVIDERS;

/// Prints what each provider can do.
#[derive(Debug, Args)]
pub struct Capabilities {
    /// As JSON, with notes, required fields and alternatives.
    #[arg(long)]
    json: bool,
    /// As a Markdown table.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

impl Capabilities {
    pub fn run(self) -> anyhow::Result<()> {
        if self.json {
            println!("{}", json());
        } else if self.markdown {
            print!("{}", tables("|", "|---"));
        } else {
            print!("{}", tables("  ", ""));
        }
        Ok(())
    }
}

fn word(support: Support) -> &'static str {
    match support {
        Support::Yes => "yes",
        Support::Configured(_) => "set up",
        Support::No { .. } => "no",
    }
}

/// The operations in the order in which a payment meets them.
const BLOCKS: &[(&str, &[Feature])] = &[
    (
        "sessions",
        &[
            Feature::HostedPay,
            Feature::HostedPayAndSave,
            Feature::HostedSave,
            Feature::HostedUseSaved,
            Feature::EncryptedCard,
            Feature::PlainCard,
            Feature::CancelSession,
        ],
    ),
    (
        "tokens",
        &[
            Feature::ChargeCustomer,
            Feature::ChargeRecurring,
            Feature::ChargeUnscheduled,
            Feature::ChargeInstallment,
            Feature::ImportToken,
            Feature::DeleteToken,
        ],
    ),
    (
        "payments",
        &[
            Feature::ManualCapture,
            Feature::PartialCapture,
            Feature::MultipleCaptures,
            Feature::Void,
            Feature::VoidCaptured,
            Feature::Refund,
            Feature::PartialRefund,
            Feature::MultipleRefunds,
            Feature::InquiryByReference,
        ],
    ),
];

/// One table a block, a row a provider, a column an operation.
fn tables(bar: &str, rule: &str) -> String {
    let titles = PROVIDERS.iter().map(|entry| entry.profile.title.len());
    let first = titles.max().unwrap_or_default().max("payments".len());
    let blocks = BLOCKS.iter().map(|(heading, features)| {
        let row = |title: &str, cell: &dyn Fn(Feature) -> &'static str| {
            let cells = features.iter().map(|feature| {
                let width = feature.name().len();
                format!("{bar}{:<width$}", cell(*feature))
            });
            let row = format!("{bar}{title:<first$}{}{bar}", cells.collect::<String>());
            format!("{}\n", row.trim())
        };
        let mut text = row(heading, &|feature| feature.name());
        if !rule.is_empty() {
            text += &format!("{}|\n", rule.repeat(features.len() + 1));
        }
        for entry in PROVIDERS {
            text += &row(entry.profile.title, &|feature| word(entry.profile.support(feature)));
        }
        text
    });
    blocks.collect::<Vec<_>>().join("\n")
}

fn json() -> serde_json::Value {
    let rows = PROVIDERS.iter().flat_map(|entry| {
        entry.profile.capabilities.iter().map(|row| {
            let (detail, alternative) = match row.support {
                Support::Yes => ("", ""),
                Support::Configured(how) => (how, ""),
                Support::No { instead } => ("", instead),
            };
            serde_json::json!({
                "provider": entry.profile.name,
                "operation": row.feature.name(),
                "support": word(row.support),
                "set_up": detail,
                "alternative": alternative,
                "required_fields": row.required,
                "notes": row.notes,
            })
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_stands_in_one_block() {
        let shown: Vec<Feature> = BLOCKS.iter().flat_map(|(_, features)| features.iter().copied()).collect();
        for (feature, name) in Feature::NAMES {
            assert_eq!(shown.iter().filter(|known| *known == feature).count(), 1, "{name}");
        }
    }
}
