//! `turnpike contract`: the contract kit, told to any server. The stories are those of `contract/`; the
//! program carries the ones that it was built with.

mod kit;
mod matching;
mod story;
mod telling;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::kit::Kit;
use self::story::Story;
use self::wire::Wire;
use super::calling::Calling;

/// Tells the stories of the contract to a server.
#[derive(Debug, Args)]
pub struct Contract {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Tells every story, a line for each telling, and ends with 1 when one went another way.
    Run(Run),
    /// Writes the stories and the accounts that the program carries into a folder.
    Export(Export),
}

#[derive(Debug, Args)]
struct Run {
    #[command(flatten)]
    calling: Calling,
    /// A folder with `stories/` and `accounts.json`, instead of what the program carries.
    #[arg(long, value_name = "FOLDER")]
    contract: Option<PathBuf>,
    /// Only this story. May be repeated.
    #[arg(long = "story", value_name = "NAME")]
    stories: Vec<String>,
    /// Only for this account; stories without an account are told all the same. May be repeated.
    #[arg(long = "account", value_name = "NAME")]
    accounts: Vec<String>,
    /// Writes what happened to a file, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Export {
    /// The folder, which must not be there yet.
    folder: PathBuf,
}

impl Contract {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.what {
            What::Run(run) => turnpike::app::runtime()?.block_on(run.run()),
            What::Export(Export { folder }) => kit::export(&folder).map(|()| ExitCode::SUCCESS),
        }
    }
}

impl Run {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let kit = match &self.contract {
            Some(folder) => Kit::read(folder).with_context(|| format!("in {}", folder.display()))?,
            None => Kit::carried()?,
        };
        let tellings = self.tellings(&kit)?;
        let wire = Wire::new(self.calling.connect(Some(telling::CALL_MAX)).await?)?;
        let (mut results, mut failed) = (Vec::new(), 0);
        for (story, account) in tellings {
            let values = kit.values(account)?;
            let began = Instant::now();
            let told = telling::tell(&wire, story, values).await;
            let failure = told.err().map(|error| format!("{error:#}")).unwrap_or_default();
            failed += usize::from(!failure.is_empty());
            let result = json!({
                "name": story.name,
                "account": account,
                "passed": failure.is_empty(),
                "steps": story.steps.len(),
                "seconds": began.elapsed().as_secs_f64(),
                "failure": failure,
            });
            println!("{}", line(&result));
            results.push(result);
        }
        println!("{} passed, {failed} failed", results.len() - failed);
        if let Some(path) = &self.report {
            let report = json!({ "language": "turnpike", "results": results });
            std::fs::write(path, report.to_string())
                .with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// What is to be told: each story for each of its accounts, as far as they were asked for.
    fn tellings<'a>(&self, kit: &'a Kit) -> anyhow::Result<Vec<(&'a Story, &'a str)>> {
        for name in &self.stories {
            anyhow::ensure!(kit.stories.iter().any(|story| story.name == *name), "there is no story {name}");
        }
        let mut tellings = Vec::new();
        for story in &kit.stories {
            if !self.stories.is_empty() && !self.stories.contains(&story.name) {
                continue;
            }
            if story.accounts.is_empty() {
                tellings.push((story, ""));
            }
            let wanted = |account: &&String| self.accounts.is_empty() || self.accounts.contains(account);
            tellings.extend(story.accounts.iter().filter(wanted).map(|account| (story, account.as_str())));
        }
        anyhow::ensure!(!tellings.is_empty(), "nothing is to be told");
        Ok(tellings)
    }
}

fn line(result: &Value) -> String {
    let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
    let verdict = if result["passed"] == true { "ok" } else { "FAILED" };
    let line = format!("{verdict:<7}{:<44}{:<16}{:>3} steps", text("name"), text("account"), result["steps"]);
    match text("failure") {
        failure if failure.is_empty() => line,
        failure => format!("{line}\n       {failure}"),
    }
}
