//! `turnpike migrate`: brings a store's schema up to date without serving.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use turnpike::config;
use turnpike::journal::seam::Journal as _;
use turnpike::journal::sqlite;

/// Brings a store's schema up to date. `serve` and `dev` do the same when they start.
#[derive(Debug, Args)]
pub struct Migrate {
    /// The configuration file.
    #[arg(long, env = "TURNPIKE_CONFIG")]
    config: PathBuf,
    /// The journal's directory instead of the configured one.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Seal every record anew with the current key.
    #[arg(long)]
    reseal: bool,
}

impl Migrate {
    pub fn run(self) -> anyhow::Result<()> {
        let mut config = match config::read(&self.config) {
            Ok(config) => config,
            Err(mistakes) => {
                super::check::tell(&self.config, &mistakes);
                std::process::exit(i32::from(super::EX_CONFIG));
            }
        };
        if let Some(directory) = self.data_dir {
            config.journal.directory = directory;
        }
        turnpike::app::runtime()?.block_on(async {
            let journal = sqlite::open(config.journal.store()?).context("the journal")?;
            println!("{}: the schema is up to date", config.journal.directory.display());
            if self.reseal {
                reseal(&journal).await?;
            }
            journal.close().await;
            Ok(())
        })
    }
}

/// Records that one step of resealing looks at.
const RESEAL_STEP: usize = 500;

async fn reseal(journal: &sqlite::SqliteJournal) -> anyhow::Result<()> {
    let mut count = 0;
    loop {
        let step = journal.reseal(RESEAL_STEP).await?;
        count += step.moved;
        if step.finished {
            println!("{count} records sealed anew");
            return Ok(());
        }
    }
}
