//! Writing the log back into the database, beside the commits and not within them.
//!
//! SQLite appends commits to a log. Now and then the log has to be written back, or it grows for
//! ever and every start gets slower. Left to itself SQLite does that within whichever commit makes
//! the log a thousand pages long, and that commit takes several milliseconds more than any other.
//! Here a thread of its own does it, with a connection of its own.
//!
//! Under constant load the log cannot start over while new commits keep coming. So the thread
//! writes back all but the last of it, and then the writer itself does the little that is left,
//! between two batches.
//!
//! SQLite syncs the database only when all of the log is in it, and so it would be the writer that
//! waits for everything that the thread has written. Therefore the thread syncs it before.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;

use super::writer::Shared;

/// When the log is written back. A page has 4 KiB.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoints {
    /// From so many pages on, beside the commits.
    pub pages: u32,
    /// From so many pages on at all costs: the writer does it and commits wait.
    pub pages_max: u32,
    /// After so long without a commit, completely; the log's file is cut to nothing then.
    pub idle: Duration,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { pages: 4_096, pages_max: 65_536, idle: Duration::from_secs(2) }
    }
}

/// How few pages the thread leaves to the writer, and how often it tries to get there.
const REST_MAX: u32 = 512;
const ROUNDS_MAX: u32 = 4;

enum Signal {
    Wrote,
    Long,
    Stop,
}

/// The writer's end: tells the checkpointer what happened without waking it for every commit.
#[derive(Clone)]
pub(super) struct Nudge {
    signals: mpsc::Sender<Signal>,
    awake: Arc<AtomicBool>,
    at_work: Arc<AtomicBool>,
}

impl Nudge {
    /// Something was committed; `long` when the log should be written back.
    pub(super) fn wrote(&self, long: bool) {
        // The checkpointer may be gone when the journal is closing; the last connection to close
        // writes the log back then.
        if long && !self.at_work.swap(true, Ordering::AcqRel) {
            let _ = self.signals.send(Signal::Long);
        }
        if !self.awake.swap(true, Ordering::AcqRel) {
            let _ = self.signals.send(Signal::Wrote);
        }
    }

    pub(super) fn stop(&self) {
        let _ = self.signals.send(Signal::Stop);
    }
}

pub(super) struct Checkpointer {
    connection: Connection,
    database: Arc<File>,
    shared: Arc<Shared>,
    idle: Duration,
    signals: mpsc::Receiver<Signal>,
    awake: Arc<AtomicBool>,
    at_work: Arc<AtomicBool>,
}

impl Checkpointer {
    pub(super) fn new(
        connection: Connection,
        database: Arc<File>,
        shared: Arc<Shared>,
        idle: Duration,
    ) -> (Self, Nudge) {
        let (sender, signals) = mpsc::channel();
        let (awake, at_work) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let nudge = Nudge { signals: sender, awake: awake.clone(), at_work: at_work.clone() };
        (Self { connection, database, shared, idle, signals, awake, at_work }, nudge)
    }

    /// Works until it is told to stop.
    pub(super) fn run(self) {
        // Asleep until something is written, then looking out for a pause.
        while let Ok(signal) = self.signals.recv() {
            let mut next = Ok(signal);
            let mut seen = self.commits();
            loop {
                match next {
                    Ok(Signal::Wrote) => {}
                    Ok(Signal::Long) => self.write_back(),
                    Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) if seen == self.commits() => {
                        // Before the look, so that a commit from now on wakes us again.
                        self.awake.store(false, Ordering::Release);
                        self.cut();
                        break;
                    }
                    Err(RecvTimeoutError::Timeout) => seen = self.commits(),
                }
                next = self.signals.recv_timeout(self.idle);
            }
        }
    }

    fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// Most of the log, in rounds: each leaves what came in during it.
    fn write_back(&self) {
        for _ in 0..ROUNDS_MAX {
            self.shared.checkpoints.fetch_add(1, Ordering::Relaxed);
            match passive(&self.connection) {
                Ok(written) => {
                    let rest = self.shared.log_pages.load(Ordering::Relaxed).saturating_sub(written);
                    if rest <= REST_MAX {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the journal's log cannot be written back");
                    break;
                }
            }
        }
        if let Err(error) = self.database.sync_data() {
            // SQLite syncs again before it relies on anything, and then it is told as well.
            tracing::warn!(%error, "the journal's database cannot be synced");
        }
        self.at_work.store(false, Ordering::Release);
        self.shared.finish_checkpoint.store(true, Ordering::Release);
    }

    /// All of it, in a pause.
    fn cut(&self) {
        let cut =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        match cut {
            // Somebody was reading or writing after all; the next pause will do.
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the journal's log cannot be written back"),
        }
    }
}

/// Writes back what can be without anybody waiting. Returns how many pages of the log are in the
/// database now.
pub(super) fn passive(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok(u32::try_from(row.get::<_, i64>(2)?).unwrap_or(0))
    })
}
