//! `turnpike check`: every mistake of a configuration in one go.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use turnpike::config::{self, Mistake};

/// Checks a configuration file and tells every mistake with its line.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration file.
    #[arg(long, env = "TURNPIKE_CONFIG")]
    config: PathBuf,
}

impl Check {
    pub fn run(self) -> ExitCode {
        match config::read(&self.config) {
            Ok(config) => {
                println!(
                    "{}: fine; {} accounts, {} credentials",
                    self.config.display(),
                    config.accounts.len(),
                    config.callers.len()
                );
                ExitCode::SUCCESS
            }
            Err(mistakes) => {
                tell(&self.config, &mistakes);
                ExitCode::from(super::EX_CONFIG)
            }
        }
    }
}

/// Tells mistakes on standard error, one a line, as editors understand it.
pub fn tell(path: &Path, mistakes: &[Mistake]) {
    for mistake in mistakes {
        eprintln!("{}:{}: {}: {}", path.display(), mistake.line, mistake.name, mistake.problem);
    }
    eprintln!("{} mistakes", mistakes.len());
}
