//! `turnpike capabilities`: the matrix of providers and operations, from the code.

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
            print!("{}", table("|", "|---"));
        } else {
            print!("{}", table(" ", ""));
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

/// A row a feature, a column a provider.
fn table(bar: &str, rule: &str) -> String {
    let mut text = format!("{bar}{:<22}", "operation");
    for entry in PROVIDERS {
        text += &format!("{bar}{:<12}", entry.profile.title);
    }
    text += &format!("{}\n", bar.trim_end());
    if !rule.is_empty() {
        text += &format!("{}|\n", rule.repeat(PROVIDERS.len() + 1));
    }
    for (feature, name) in Feature::NAMES {
        text += &format!("{bar}{name:<22}");
        for entry in PROVIDERS {
            text += &format!("{bar}{:<12}", word(entry.profile.support(*feature)));
        }
        text += &format!("{}\n", bar.trim_end());
    }
    text
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
