//! `turnpike inspect webhook`: is it genuine, what does it say, how is it answered. Everything is shown but
//! what is secret: of a saved card never its token.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use turnpike::config;
use turnpike::domain::outcome::{Outcome, Trace};
use turnpike::domain::payment::MovementKind;
use turnpike::providers::contract::{Context, Inquiry, Operation, OperationKind};
use turnpike::providers::conversation::AnyProvider;
use turnpike::providers::notice::{About, News, Notice, Told};
use turnpike::providers::report::{cards_json, fault_json, outcome_json};
use turnpike::providers::sample::{self, Overrides, TraceId};
use turnpike::world::World as _;

use super::common::{Story, example_account, nowhere, parse_header, read_input};
use crate::commands::{WRONG_USE, check};

/// What the help says of the line that is printed.
pub(super) const HELP: &str = "\
The line has a verdict: genuine, or why it is refused (not_expected, unsigned, forged, stale, malformed,
foreign); and the answer that the provider would get. A genuine one has a kind and news:
  trusted   where its payment stands, see outcome
  movement  where one capture, void or refund stands, see outcome
  cards     cards that were saved
  hint      a reason to ask the provider
  nothing   nothing that concerns us
  unknown   something that the provider's documentation does not have
Equal keys are one piece of news. The status is 0 whatever the verdict, and 2 for wrong use.";

#[derive(Debug, Args)]
pub(super) struct Webhook {
    #[command(flatten)]
    whose: Whose,
    /// The HTTP method, in capitals.
    #[arg(long, default_value = "POST")]
    method: String,
    /// The whole public address that was called, with its query.
    #[arg(long, default_value = "https://gateway.example/")]
    url: String,
    /// A header of the call, 'Name: value'; may be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    headers: Vec<(String, String)>,
    /// When it arrived, such as 2026-11-21T10:01:25Z; now by default.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    #[command(flatten)]
    story: Story,
}

/// Whose notice it is: an account of a configuration file, or a provider's example account.
#[derive(Debug, Args)]
struct Whose {
    /// The provider, with the settings of its example account.
    #[arg(long, required_unless_present = "account", conflicts_with = "account")]
    provider: Option<String>,
    /// A setting, NAME=VALUE, instead of the example's, secrets too; may be repeated. A list is written as
    /// in JSON.
    #[arg(long = "setting", value_name = "NAME=VALUE", conflicts_with = "account")]
    settings: Vec<String>,
    /// The account, by its name in the configuration file.
    #[arg(long, requires = "config")]
    account: Option<String>,
    /// The configuration file.
    #[arg(long, env = "TURNPIKE_CONFIG")]
    config: Option<PathBuf>,
}

impl Whose {
    fn provider(&self) -> anyhow::Result<Arc<dyn AnyProvider>> {
        if let Some(provider) = &self.provider {
            return example_account(provider, &self.settings);
        }
        let (Some(name), Some(path)) = (&self.account, &self.config) else {
            anyhow::bail!("there must be a --provider, or an --account and a --config");
        };
        let config = config::read(path).map_err(|mistakes| {
            check::tell(path, &mistakes);
            anyhow::anyhow!("{} has mistakes", path.display())
        })?;
        let found = config.accounts.into_iter().find(|account| account.name.0 == *name);
        let found = found.with_context(|| format!("{} has no account {name}", path.display()))?;
        Ok(found.provider)
    }
}

impl Webhook {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let provider = match self.whose.provider() {
            Ok(provider) => provider,
            Err(error) => {
                eprintln!("turnpike: {error:#}");
                return Ok(ExitCode::from(WRONG_USE));
            }
        };
        let world = nowhere()?;
        let body = read_input()?;
        let notice = Notice { method: &self.method, url: &self.url, headers: &self.headers, body: &body };
        let now = self.at.unwrap_or_else(|| world.now());
        let cx = Context { now, entropy: world.entropy(), access: None };
        let judged = provider.read_notice(&notice, &cx);
        let answer = provider.answer(&judged);
        let mut line = match &judged {
            Ok(told) => genuine(provider.as_ref(), told, &notice, &cx, &self.story)?,
            Err(refusal) => json!({ "verdict": refusal.word() }),
        };
        line["answer"] =
            json!({ "status": answer.status, "content_type": answer.content_type, "body": answer.body });
        println!("{line}");
        Ok(ExitCode::SUCCESS)
    }
}

/// What a genuine notice says. Trusted news is judged against what was asked, as the engine does.
fn genuine(
    provider: &dyn AnyProvider,
    told: &Told,
    notice: &Notice<'_>,
    cx: &Context<'_>,
    story: &Story,
) -> anyhow::Result<Value> {
    let mut line = json!({
        "verdict": "genuine",
        "kind": told.kind,
        "news": told.news.word(),
        "key": hexadecimal(&told.key),
        "about": about_json(&told.about),
    });
    match &told.news {
        News::Trusted => {
            let inquiry = inquiry(&told.about, story, cx.now)?;
            line["outcome"] = match provider.outcome_told(&inquiry, notice, cx) {
                Ok(outcome) => outcome_json(&outcome, story.asked.as_ref()),
                Err(fault) => fault_json(&fault, None),
            };
        }
        News::Movement(movement) => {
            line["movement"] = word(movement.kind).into();
            let outcome = Outcome::Movement(movement.report.clone());
            line["outcome"] = outcome_json(&outcome, story.asked.as_ref());
        }
        News::Cards(cards) => line["cards"] = cards_json(cards),
        News::Hint | News::Nothing | News::Unknown => {}
    }
    Ok(line)
}

/// The inquiry that the notice is read as the answer to: about the payment that it names.
fn inquiry(about: &About, story: &Story, now: Timestamp) -> anyhow::Result<Inquiry> {
    let asked = story.assumed(about.reference.as_deref().unwrap_or("inspected"))?;
    let About { reference: _, session, transaction, order, movement: _ } = about.clone();
    let ids = [(TraceId::Session, &session), (TraceId::Transaction, &transaction)];
    let unknown = ids.into_iter().filter(|(_, id)| id.is_none()).map(|(which, _)| which).collect();
    let trace = Trace { session, transaction, order, ..Trace::default() };
    let overrides = Overrides { unknown, trace, ..story.overrides() };
    match sample::operation(OperationKind::InquirePayment, &asked, &overrides, now) {
        Operation::InquirePayment(inquiry) => Ok(inquiry),
        other => anyhow::bail!("a sample of another kind: {}", other.kind().name()),
    }
}

fn about_json(about: &About) -> Value {
    let About { reference, session, transaction, order, movement } = about;
    let ids =
        [("reference", reference), ("session", session), ("transaction", transaction), ("order", order)];
    let known = ids.into_iter().filter_map(|(name, id)| Some((name.to_owned(), json!(id.as_ref()?))));
    let mut fields: Map<String, Value> = known.collect();
    if let Some((kind, id)) = movement {
        fields.insert("movement".to_owned(), json!({ "kind": word(*kind), "id": id }));
    }
    Value::Object(fields)
}

fn word(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Capture => "capture",
        MovementKind::Void => "void",
        MovementKind::Refund => "refund",
    }
}

/// The digest of a key, as it is stored: a key may hold a whole body.
fn hexadecimal(key: &str) -> String {
    digest(&SHA256, key.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
