//! `turnpike check`: every mistake of a configuration in one go.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use turnpike::config::{self, Concern, Config, Mistake};
use turnpike::engine::accounts::Accounts;
use turnpike::world::{Network, World as _};

/// Checks a configuration file and tells every mistake with its line.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration file.
    #[arg(long, env = "TURNPIKE_CONFIG")]
    config: PathBuf,
}

impl Check {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let now = Network::new([])?.now();
        let (certificates, config) = config::examine(&self.config);
        let (counts, mut mistakes) = match config {
            Ok(Config { accounts, callers, routes, .. }) => {
                let counts = (accounts.len(), callers.len());
                (counts, routes.idle(&Accounts::new(accounts).routed(routes.rules())))
            }
            Err(mistakes) => ((0, 0), mistakes),
        };
        for concern in Config::concerns(&certificates, now) {
            match concern {
                Concern::NotGood(mistake) => mistakes.push(mistake),
                Concern::EndsSoon(warning) => {
                    eprintln!("{}", line(&self.config, &warning, "warning: "));
                }
            }
        }
        if !mistakes.is_empty() {
            mistakes.sort();
            tell(&self.config, &mistakes);
            return Ok(ExitCode::from(super::EX_CONFIG));
        }
        let (accounts, credentials) = counts;
        println!("{}: fine; {accounts} accounts, {credentials} credentials", self.config.display());
        Ok(ExitCode::SUCCESS)
    }
}

/// Tells mistakes on standard error, one a line, as editors understand it.
pub fn tell(path: &Path, mistakes: &[Mistake]) {
    for mistake in mistakes {
        eprintln!("{}", line(path, mistake, ""));
    }
    eprintln!("{} mistakes", mistakes.len());
}

fn line(path: &Path, mistake: &Mistake, kind: &str) -> String {
    format!("{}:{}: {kind}{}: {}", path.display(), mistake.line, mistake.name, mistake.problem)
}
