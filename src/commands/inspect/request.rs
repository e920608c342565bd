//! `turnpike inspect request`.

use std::collections::BTreeMap;

use clap::Args;
use turnpike::providers::contract::Context;
use turnpike::providers::conversation::Turn;
use turnpike::providers::redact::{Shown, show};
use turnpike::providers::report::{fault_json, outcome_json};
use turnpike::rpc::offline;
use turnpike::world::World as _;

use super::common::{Common, nowhere, read_input, stand_in};

#[derive(Debug, Args)]
pub(super) struct Request {
    #[command(flatten)]
    common: Common,
}

impl Request {
    pub(super) fn run(self) -> anyhow::Result<()> {
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
