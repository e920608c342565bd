//! The process in which schedules are recorded, created and taken: the engine over SQLite, without a
//! port and without a provider.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::document::MERCHANT;
use super::filling::Filler;
use super::part::tell;
use super::process;
use super::stub::SCHEDULED;
use crate::config::Config;
use crate::domain::ids::{AccountName, MerchantName};
use crate::engine::accounts::Accounts;
use crate::engine::gateway::Gateway;
use crate::journal::seam::Journal as _;
use crate::journal::sqlite;
use crate::world::{Network, TestClock, TestClocks};

/// What the process is asked to do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Task {
    /// Record so many more schedules, of which so many are due.
    Fill {
        /// All of them.
        count: u32,
        /// Those that are due.
        due: u32,
    },
    /// Create so many as callers do.
    Create {
        /// How many.
        count: u32,
        /// How many at once.
        at_once: usize,
    },
    /// Move the clock forward.
    Forward(Duration),
    /// Take all that is due, and charge nothing.
    Take {
        /// Schedules in one entry of the journal.
        batch: usize,
    },
    /// Close the store.
    Close,
}

/// What a task came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// How many schedules it was done to.
    pub count: u64,
    /// How long it took.
    pub seconds: f64,
    /// Time on the processor in all threads of the process, seconds.
    pub cpu_seconds: f64,
}

#[allow(clippy::cast_precision_loss)] // Counts of at most some millions.
impl Done {
    /// How many in a second.
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.seconds
    }

    /// Time on the processor for each, µs.
    pub fn cpu_us(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.count.max(1) as f64
    }
}

/// Time that is only moved when it is asked for.
#[derive(Default)]
struct Ahead(AtomicU64);

impl TestClock for Ahead {
    fn ahead(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(by, Ordering::Relaxed);
    }
}

/// Works through tasks until there are no more.
pub async fn work(config: Config, mut tasks: mpsc::Receiver<String>) -> anyhow::Result<()> {
    let journal = Arc::new(sqlite::open(config.journal.store()?)?);
    let clock = Arc::new(Ahead::default());
    let clocks: TestClocks = HashMap::from([(MerchantName(MERCHANT.to_owned()), clock.clone() as _)]);
    let network = Network::new(config.lines.iter().map(|(name, line)| (name, line)))?.with_clocks(clocks);
    let accounts = Accounts::new(config.accounts);
    let gateway = Gateway::new(journal.clone(), Arc::new(network), accounts, config.engine);
    let mut filler = Filler::new(journal.clone(), gateway.clone())?;
    let account = AccountName(SCHEDULED.to_owned());
    tell(&())?;
    while let Some(task) = tasks.recv().await {
        let (begin, cpu) = (Instant::now(), process::cpu(std::process::id()));
        let count = match serde_json::from_str(&task)? {
            Task::Fill { count, due } => {
                filler.fill(count, due).await?;
                u64::from(count)
            }
            Task::Create { count, at_once } => {
                create(&mut filler, count, at_once).await?;
                u64::from(count)
            }
            Task::Forward(by) => {
                clock.advance(by);
                0
            }
            Task::Take { batch } => {
                let taken = gateway.take_due(&account, batch).await;
                taken.map_err(|error| anyhow::anyhow!("nothing is taken: {error}"))? as u64
            }
            Task::Close => {
                journal.close().await;
                0
            }
        };
        let cpu_seconds = process::cpu(std::process::id()).saturating_sub(cpu).as_secs_f64();
        tell(&Done { count, seconds: begin.elapsed().as_secs_f64(), cpu_seconds })?;
    }
    Ok(())
}

async fn create(filler: &mut Filler, count: u32, at_once: usize) -> anyhow::Result<()> {
    let mut creating = JoinSet::new();
    for _ in 0..count {
        if creating.len() >= at_once
            && let Some(created) = creating.join_next().await
        {
            created??;
        }
        creating.spawn(filler.create()?);
    }
    while let Some(created) = creating.join_next().await {
        created??;
    }
    Ok(())
}
