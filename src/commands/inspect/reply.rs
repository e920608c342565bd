//! `turnpike inspect reply`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::Args;
use turnpike::providers::contract::{self, Context, OperationKind};
use turnpike::providers::conversation::Turn;
use turnpike::providers::registry::PROVIDERS;
use turnpike::providers::report::{fault_json, outcome_json};
use turnpike::providers::sample;
use turnpike::world::World as _;

use super::common::{Common, Story, nowhere, parse_header, read_input, stand_in};

#[derive(Debug, Args)]
pub(super) struct Reply {
    #[command(flatten)]
    common: Common,
    /// The stage of the conversation that the reply belongs to; the last one by default.
    #[arg(long)]
    stage: Option<String>,
    /// The reply's HTTP status.
    #[arg(long)]
    http_status: u16,
    /// A header of the reply, 'Name: value'; may be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    headers: Vec<(String, String)>,
    #[command(flatten)]
    story: Story,
}

/// Operations and stages of every provider, for the help.
pub(super) fn stages_help() -> String {
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

impl Reply {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let provider = self.common.account()?;
        let kind = self.common.kind()?;
        let stages = provider.stages(kind);
        let stage = match &self.stage {
            Some(stage) => stage.as_str(),
            None => stages.last().context("the provider has no such operation")?,
        };
        let world = nowhere()?;
        let assumed = self.story.assumed("inspected")?;
        let operation = sample::operation(kind, &assumed, &self.story.overrides(), world.now());
        let reply = contract::Reply { status: self.http_status, headers: self.headers, body: read_input()? };
        let access = stand_in(&world);
        let cx = Context { now: world.now(), entropy: world.entropy(), access: Some(&access) };
        let read = provider
            .read(operation, stage, &reply, &cx)
            .with_context(|| format!("there is no stage {stage}; there are {}", stages.join(", ")))?;
        let line = match read {
            Ok(Turn::Done(outcome)) => outcome_json(&outcome, self.story.asked.as_ref()),
            Ok(Turn::Ask { request, .. }) => serde_json::json!({
                "ask": { "name": request.name, "method": request.method.as_str(), "url": request.url }
            }),
            Err(fault) => fault_json(&fault, None),
        };
        println!("{line}");
        Ok(())
    }
}
