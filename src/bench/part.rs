//! The processes that are measured, each a hidden subcommand.

use std::io::BufRead as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::references::{self, Bare, Direct};
use super::stub::Answered;
use super::{document, load, process, stub, taking};
use crate::app::{self, Store};
use crate::config::Config;
use crate::domain::secret::Secret;
use crate::journal::forgetful::Forgetful;
use crate::journal::sqlite;
use crate::telemetry;

/// Which one this is.
#[derive(Debug, Subcommand)]
pub enum Part {
    /// The provider.
    Stub,
    /// A server that answers from memory.
    Echo,
    /// A client of the provider, with nobody in front.
    Direct(Configured),
    /// The barest gateway.
    PassThrough(Configured),
    /// The product over a store that remembers nothing.
    Forgetful(Configured),
    /// The product.
    Gateway(Product),
    /// The engine alone, to record and take schedules.
    Schedules(Product),
}

#[derive(Debug, Args)]
pub struct Configured {
    /// The configuration.
    document: PathBuf,
}

impl Configured {
    fn read(&self) -> anyhow::Result<Config> {
        document::read(&self.document)
    }
}

#[derive(Debug, Args)]
pub struct Product {
    #[command(flatten)]
    configured: Configured,
    /// Where the store is.
    store: PathBuf,
}

impl Product {
    fn read(self) -> anyhow::Result<Config> {
        let mut config = self.configured.read()?;
        config.journal.directory = self.store;
        Ok(config)
    }
}

/// What [`Part::Direct`] is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// Which of the stub's accounts.
    pub account: String,
    /// Calls at once.
    pub in_flight: usize,
    /// For so long, seconds.
    pub seconds: f64,
    /// The number of the first call.
    pub first: u64,
}

/// How often the store has synced the disk.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Synced {
    /// Since the start.
    pub syncs: u64,
}

impl Part {
    /// Runs until the standard input ends.
    pub async fn run(self) -> anyhow::Result<()> {
        let questions = questions();
        match self {
            Self::Stub => {
                let (addresses, scheduled) = stub::start().await?;
                tell(&addresses)?;
                let answered = || Answered { scheduled: scheduled.load(Ordering::Relaxed) };
                answering(answered, questions).await;
            }
            Self::Echo => {
                tell(&references::serve(None)?)?;
                ended(questions).await;
            }
            Self::PassThrough(configured) => {
                tell(&references::serve(Some(Bare::new(configured.read()?)?))?)?;
                ended(questions).await;
            }
            Self::Direct(configured) => direct(Bare::new(configured.read()?)?, questions).await?,
            Self::Forgetful(configured) => {
                // Any key will do: nothing is kept that could be compared.
                let store = Store { journal: Arc::new(Forgetful), fingerprint_key: Secret::new(vec![0; 32]) };
                gateway(configured.read()?, store, ended(questions)).await?;
            }
            Self::Schedules(product) => taking::work(product.read()?, questions).await?,
            Self::Gateway(product) => {
                let config = product.read()?;
                let journal = Arc::new(sqlite::open(config.journal.store()?)?);
                let fingerprint_key = journal.fingerprint_key().clone();
                let store = Store { journal: journal.clone(), fingerprint_key };
                let synced = move || Synced { syncs: journal.syncs() };
                gateway(config, store, answering(synced, questions)).await?;
            }
        }
        Ok(())
    }
}

/// The product as `turnpike serve` runs it, logging as it does by default.
async fn gateway(
    config: Config,
    store: Store,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let _flush = telemetry::start(&config.telemetry)?;
    app::serve_over(store, config, None, stop, |ready| {
        if let Err(error) = tell(&ready.grpc) {
            eprintln!("turnpike: {error:#}");
        }
    })
    .await
}

/// Answers every question in the same way, until there are no more.
async fn answering<T: Serialize>(answer: impl Fn() -> T, mut questions: mpsc::Receiver<String>) {
    while questions.recv().await.is_some() {
        if let Err(error) = tell(&answer()) {
            eprintln!("turnpike: {error:#}");
            return;
        }
    }
}

/// Charges as it is asked to, and tells the figures.
async fn direct(bare: Bare, mut questions: mpsc::Receiver<String>) -> anyhow::Result<()> {
    tell(&())?;
    while let Some(question) = questions.recv().await {
        let Run { account, in_flight, seconds, first } = serde_json::from_str(&question)?;
        let call = Direct { bare: bare.clone(), account };
        let time = Duration::from_secs_f64(seconds);
        let own = std::process::id();
        let loaded = LocalSet::new()
            .run_until(load::closed(&call, first, in_flight, time, move || process::cpu(own)))
            .await?;
        tell(&loaded)?;
    }
    Ok(())
}

/// One line of JSON for the process that started this one.
pub fn tell(what: &impl Serialize) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", serde_json::to_string(what)?)?;
    output.flush().context("standard output")
}

/// The lines of the standard input.
fn questions() -> mpsc::Receiver<String> {
    let (sender, questions) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    questions
}

async fn ended(mut questions: mpsc::Receiver<String>) {
    while questions.recv().await.is_some() {}
}
