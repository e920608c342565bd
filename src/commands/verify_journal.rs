//! `turnpike verify-journal`: whether a store is as it was written.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use turnpike::config;
use turnpike::domain::secret::Secret;
use turnpike::journal::seal::{Key, Keys};
use turnpike::journal::sqlite::{self, Verified};

/// Checks every seal, every payment's chain of history and every place in the log of events, and names the
/// first break. It changes nothing; the store may be in use.
#[derive(Debug, Args)]
pub struct VerifyJournal {
    /// The configuration file with the store's keys. Without it, the directory is one of `turnpike dev`,
    /// which has its key beside it.
    #[arg(long, env = "TURNPIKE_CONFIG")]
    config: Option<PathBuf>,
    /// The journal's directory, such as a copy, instead of the configured one.
    #[arg(long, required_unless_present = "config")]
    data_dir: Option<PathBuf>,
}

impl VerifyJournal {
    pub fn run(self) -> anyhow::Result<()> {
        let (directory, keys) = self.store()?;
        let done = sqlite::verify(&directory, &keys).with_context(|| directory.display().to_string())?;
        let Verified { payments, entries, unchained, events, others } = done;
        println!("{}: as it was written", directory.display());
        println!(
            "{payments} payments with {entries} entries of history, {events} events, {others} other records"
        );
        if unchained > 0 {
            println!("{unchained} entries are older than the chain; only their order vouches for them");
        }
        Ok(())
    }

    fn store(self) -> anyhow::Result<(PathBuf, Keys)> {
        let Some(path) = self.config else {
            let directory = self.data_dir.context("--data-dir is required")?;
            let file = directory.join(super::SEALING_KEY_FILE);
            let key =
                std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let key = Key::parse(1, &Secret::new(key))?;
            return Ok((directory, Keys::new(key, Vec::new())?));
        };
        let config = match config::read(&path) {
            Ok(config) => config,
            Err(mistakes) => {
                super::check::tell(&path, &mistakes);
                std::process::exit(i32::from(super::EX_CONFIG));
            }
        };
        let store = config.journal.store()?;
        Ok((self.data_dir.unwrap_or(store.directory), store.keys))
    }
}
