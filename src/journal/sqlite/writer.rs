//! The one thread that writes. A batch of entries is one transaction and one sync of the disk.
//!
//! An entry that is refused must not undo the others, and undoing a part of a transaction is dear.
//! So each entry is checked before its first row is written: nobody else writes, and what was
//! checked stays true until the commit.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc;

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::checkpoint::{Checkpoints, Nudge};
use super::follow::{self, Followers};
use super::recurring::Damaged;
use super::rows::{self, ClaimRow, PaymentRow, Rows, SessionRow, TokenRow};
use crate::domain::ids::IdempotencyKey;
use crate::journal::batch::Batch;
use crate::journal::records;
use crate::journal::seal::{self, Keys, Table};
use crate::journal::seam::{CommitError, Unavailable};

/// What the writer is asked to do, in the order in which it is asked.
pub(super) enum Job {
    /// Write a batch.
    Write(Batch<Rows, Result<(), CommitError>>),
    /// Forget up to so many claims made before a time.
    Forget { before: i64, limit: usize, answer: Answer<usize> },
    /// Forget up to so many declines from before a time.
    ForgetDeclines { before: i64, limit: usize, answer: Answer<usize> },
    /// Forget up to so many notices from before a time with which nothing is left to do.
    ForgetNotices { before: i64, limit: usize, answer: Answer<usize> },
    /// Forget up to so many deliveries that ended before a time.
    ForgetDeliveries { before: i64, limit: usize, answer: Answer<usize> },
    /// Put off what is due and does not read back.
    PutOff { damaged: Vec<Damaged>, until: i64, answer: Answer<()> },
    /// Look at so many records and seal those anew that are sealed with another key.
    Reseal { limit: usize, answer: Answer<Resealed> },
    /// Find out whether writing works.
    Probe { answer: Answer<()> },
    /// Close the database, the log written back; then stop.
    Close { answer: oneshot::Sender<()> },
    /// Stop as one is.
    Stop,
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, Unavailable>>;

/// How far resealing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resealed {
    /// Records moved to the current key by this call.
    pub moved: usize,
    /// Whether every record has been looked at since the store was opened. The previous keys can
    /// be taken out of the configuration then.
    pub finished: bool,
}

/// What the writer tells everybody else.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The last attempt to write did not work, or the writer is gone.
    pub(super) failing: AtomicBool,
    /// Pages in the log.
    pub(super) log_pages: AtomicU32,
    /// Batches committed so far.
    pub(super) commits: AtomicU64,
    /// How often the log was written back so far, or tried to be.
    pub(super) checkpoints: AtomicU64,
    /// Set by the checkpointer when most of the log is written back: the rest is the writer's.
    pub(super) finish_checkpoint: AtomicBool,
    /// Who follows which merchant's log.
    pub(super) followers: Followers,
}

thread_local! {
    /// Pages in the log after this thread's last commit, as SQLite tells its hook.
    static LOG_PAGES: Cell<u32> = const { Cell::new(0) };
}

pub(super) struct Writer {
    connection: Connection,
    keys: Arc<Keys>,
    shared: Arc<Shared>,
    checkpoints: Checkpoints,
    nudge: Nudge,
    resealing: Resealing,
}

/// Where resealing goes on.
#[derive(Clone, Copy)]
struct Resealing {
    table: usize,
    after: i64,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        keys: Arc<Keys>,
        shared: Arc<Shared>,
        checkpoints: Checkpoints,
        nudge: Nudge,
    ) -> Self {
        connection.wal_hook(Some(|_, pages| {
            LOG_PAGES.set(u32::try_from(pages).unwrap_or(0));
            Ok(())
        }));
        let resealing = Resealing { table: 0, after: 0 };
        Self { connection, keys, shared, checkpoints, nudge, resealing }
    }

    /// Works until it is told to stop or nobody is left who could tell it anything.
    pub(super) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        // However this ends, a panic included: without a writer nothing can be written.
        let _last_word = LastWord(self.shared.clone());
        for job in jobs {
            // Whoever asked may have stopped waiting; the answer is lost then, and that is fine.
            match job {
                Job::Write(Batch { work, answers }) => {
                    let _ = answers.send(self.write(work));
                    self.mind_the_log();
                }
                Job::Forget { before, limit, answer } => {
                    let _ = answer.send(self.transaction(|w| w.forget(before, limit)));
                }
                Job::ForgetDeclines { before, limit, answer } => {
                    let forgotten =
                        self.transaction(|w| super::events::forget_declines(&w.connection, before, limit));
                    let _ = answer.send(forgotten);
                }
                Job::ForgetNotices { before, limit, answer } => {
                    let forgotten =
                        self.transaction(|w| super::notices::forget(&w.connection, before, limit));
                    let _ = answer.send(forgotten);
                }
                Job::ForgetDeliveries { before, limit, answer } => {
                    let forgotten =
                        self.transaction(|w| super::deliveries::forget(&w.connection, before, limit));
                    let _ = answer.send(forgotten);
                }
                Job::PutOff { damaged, until, answer } => {
                    let put_off =
                        self.transaction(|w| super::recurring::put_off(&w.connection, &damaged, until));
                    let _ = answer.send(put_off);
                }
                Job::Reseal { limit, answer } => {
                    let _ = answer.send(self.reseal(limit));
                    self.mind_the_log();
                }
                Job::Probe { answer } => {
                    let _ = answer.send(self.transaction(Self::probe));
                }
                Job::Close { answer } => {
                    self.close();
                    let _ = answer.send(());
                    return;
                }
                Job::Stop => return,
            }
        }
    }

    fn write(&mut self, work: Vec<Rows>) -> Vec<Result<(), CommitError>> {
        let count = work.len();
        let grown = follow::grown_by(&work);
        let written = self.transaction(|w| work.into_iter().map(|rows| w.apply(rows)).collect());
        if written.is_ok() {
            self.shared.followers.tell(&grown);
        }
        written.unwrap_or_else(|unavailable| vec![Err(CommitError::Unavailable(unavailable)); count])
    }

    /// Does something whole or not at all, and remembers whether writing works.
    fn transaction<T>(&self, work: impl FnOnce(&Self) -> rusqlite::Result<T>) -> Result<T, Unavailable> {
        let done = self.execute("BEGIN IMMEDIATE").and_then(|()| work(self)).and_then(|value| {
            self.execute("COMMIT")?;
            Ok(value)
        });
        self.shared.failing.store(done.is_err(), Ordering::Release);
        done.map_err(|error| {
            tracing::error!(%error, "the journal cannot be written");
            // SQLite undoes a transaction by itself after some errors; then there is none.
            if !self.connection.is_autocommit()
                && let Err(error) = self.execute("ROLLBACK")
            {
                tracing::error!(%error, "a transaction of the journal cannot be undone");
            }
            Unavailable::Failing
        })
    }

    fn execute(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(statement)?.execute([]).map(drop)
    }

    /// Checks an entry and writes it, or says why not and has written nothing.
    fn apply(&self, rows: Rows) -> rusqlite::Result<Result<(), CommitError>> {
        let Rows { claim, release, session, payment, tokens, used, notes, recurring, notices, heard, outbox } =
            rows;
        // An update says by itself whether it met the version. It needs no check when nothing is
        // written before it, which is the case for everything that a provider's answer changes.
        let checked = claim.is_some() || session.is_some() || !tokens.is_empty() || recurring.has_versions();
        if checked && !self.is_current(session.as_ref(), payment.as_ref(), &tokens)? {
            return Ok(Err(CommitError::Conflict));
        }
        let Some(places) = recurring.places(&self.connection)? else {
            return Ok(Err(CommitError::Conflict));
        };
        if let Some(claim) = claim
            && let Some(refusal) = self.take(claim)?
        {
            return Ok(Err(refusal));
        }
        if let Some(payment) = &payment {
            let written = if payment.version == 0 { self.insert(payment)? } else { self.update(payment)? };
            if !written {
                debug_assert!(!checked, "what was checked stays true");
                return Ok(Err(CommitError::Conflict));
            }
        }
        if let Some(session) = session {
            self.insert_session(&session)?;
        }
        for token in &tokens {
            self.write_token(token)?;
        }
        for (token, at) in used {
            self.note_use(token, at)?;
        }
        if let (Some(payment), Some((notes, hash))) = (&payment, notes) {
            self.connection
                .prepare_cached(
                    "INSERT INTO history (payment, version, notes, hash) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![payment.id, payment.version + 1, notes, hash])?;
        }
        for handle in payment.iter().flat_map(|payment| &payment.handles) {
            handle.write(&self.connection)?;
        }
        for notice in &notices {
            notice.write(&self.connection)?;
        }
        for (id, progress) in heard {
            progress.update(id, &self.connection)?;
        }
        recurring.write(places, &self.connection)?;
        outbox.write(&self.connection)?;
        if let Some(key) = release {
            self.release(&key)?;
        }
        Ok(Ok(()))
    }

    /// Whether everything in an entry can be written at the version at which it was read.
    fn is_current(
        &self,
        session: Option<&SessionRow>,
        payment: Option<&PaymentRow>,
        tokens: &[TokenRow],
    ) -> rusqlite::Result<bool> {
        let version = |table: &str, id: [u8; 16]| {
            self.connection
                .prepare_cached(table)?
                .query_row([id], |row| row.get::<_, i64>(0))
                .optional()
                .map(Option::unwrap_or_default)
        };
        if let Some(payment) = payment
            && version("SELECT version FROM payments WHERE id = ?1", payment.id)? != payment.version
        {
            return Ok(false);
        }
        if let Some(session) = session
            && version("SELECT 1 FROM sessions WHERE id = ?1", session.id)? != 0
        {
            return Ok(false);
        }
        for (place, token) in tokens.iter().enumerate() {
            if version("SELECT version FROM tokens WHERE id = ?1", token.id)? != token.version {
                return Ok(false);
            }
            // One live token for one set of values, by whichever key its digest was made.
            for digest in &token.digests {
                let holder: Option<[u8; 16]> = self
                    .connection
                    .prepare_cached("SELECT id FROM tokens WHERE digest = ?1")?
                    .query_row([digest], |row| row.get(0))
                    .optional()?;
                if holder.is_some_and(|holder| holder != token.id) {
                    return Ok(false);
                }
            }
            let twice = |other: &TokenRow| {
                other.id == token.id || (!token.digests.is_empty() && other.digests == token.digests)
            };
            if tokens[..place].iter().any(twice) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes a key, or says for what it is taken.
    fn take(&self, claim: ClaimRow) -> rusqlite::Result<Option<CommitError>> {
        let ClaimRow { key, fingerprint, subject, at } = claim;
        let taken = self
            .connection
            .prepare_cached(
                "INSERT INTO claims (merchant, request_id, fingerprint, subject, at) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (merchant, request_id) DO NOTHING",
            )?
            .execute(params![key.merchant.0, key.request_id, fingerprint, subject, at])?;
        if taken == 1 {
            return Ok(None);
        }
        let holder = find_claim(&self.connection, key)?;
        Ok(Some(match holder {
            Some(Ok(holder)) => CommitError::Taken(Box::new(holder)),
            Some(Err(records::Malformed)) | None => CommitError::Unavailable(Unavailable::Damaged),
        }))
    }

    fn release(&self, key: &IdempotencyKey) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM claims WHERE merchant = ?1 AND request_id = ?2")?
            .execute((&key.merchant.0, &key.request_id))
            .map(drop)
    }

    fn insert(&self, row: &PaymentRow) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached(
                "INSERT INTO payments (id, merchant, account, merchant_reference, token, session, \
                 customer, created_at, state, next_at, unfinished, version, record) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (id) DO NOTHING",
            )?
            .execute(params![
                row.id,
                row.merchant,
                row.account,
                row.merchant_reference,
                row.token,
                row.session,
                row.customer,
                row.created_at,
                row.state,
                row.next_at,
                row.unfinished,
                row.version + 1,
                row.record,
            ])
            .map(|rows| rows == 1)
    }

    fn update(&self, row: &PaymentRow) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached(
                "UPDATE payments SET state = ?3, next_at = ?4, unfinished = ?5, version = ?2 + 1, \
                 record = ?6 WHERE id = ?1 AND version = ?2",
            )?
            .execute(params![row.id, row.version, row.state, row.next_at, row.unfinished, row.record])
            .map(|rows| rows == 1)
    }

    fn insert_session(&self, row: &SessionRow) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("INSERT INTO sessions (id, record) VALUES (?1, ?2)")?
            .execute(params![row.id, row.record])
            .map(drop)
    }

    fn write_token(&self, row: &TokenRow) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO tokens (id, merchant, account, customer, status, digest, version, record) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET \
                 customer = ?4, status = ?5, digest = ?6, version = ?7, record = ?8",
            )?
            .execute(params![
                row.id,
                row.merchant,
                row.account,
                row.customer,
                row.status,
                row.digests.first(),
                row.version + 1,
                row.record,
            ])
            .map(drop)
    }

    /// The later time stays: entries need not come in the order of the uses that they tell of.
    fn note_use(&self, token: [u8; 16], at: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE tokens SET used_at = ?2 WHERE id = ?1 AND (used_at IS NULL OR used_at < ?2)",
            )?
            .execute(params![token, at])
            .map(drop)
    }

    /// Claims are numbered in the order in which they were taken, so the oldest come first and the
    /// first that is young enough ends the search. No index on the time is needed.
    fn forget(&self, before: i64, limit: usize) -> rusqlite::Result<usize> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let last: Option<i64> = self
            .connection
            .prepare_cached("SELECT number, at FROM claims ORDER BY number LIMIT ?1")?
            .query_map([limit], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?
            .take_while(|claim| claim.as_ref().map_or(true, |(_, at)| *at < before))
            .try_fold(None, |_, claim| claim.map(|(number, _)| Some(number)))?;
        match last {
            Some(last) => {
                self.connection.prepare_cached("DELETE FROM claims WHERE number <= ?1")?.execute([last])
            }
            None => Ok(0),
        }
    }

    /// A write that needs new pages, as commits do, and leaves nothing behind.
    fn probe(&self) -> rusqlite::Result<()> {
        self.execute("INSERT INTO probe (body) VALUES (zeroblob(16384))")?;
        self.execute("DELETE FROM probe")
    }

    fn reseal(&mut self, limit: usize) -> Result<Resealed, Unavailable> {
        let from = self.resealing;
        let Some((table, name)) = RESEALED.get(from.table) else {
            return Ok(Resealed { moved: 0, finished: true });
        };
        let (moved, next) =
            self.transaction(|w| w.reseal_table(*table, name, from.after, limit)).inspect_err(|_| {
                tracing::error!(table = name, "records cannot be resealed");
            })?;
        self.resealing = match next {
            Some(after) => Resealing { after, ..from },
            None => Resealing { table: from.table + 1, after: 0 },
        };
        let finished = self.resealing.table == RESEALED.len();
        if finished {
            self.transaction(|w| w.forget_keys())?;
        }
        Ok(Resealed { moved, finished })
    }

    /// Seals the old ones among the next `limit` rows anew. Returns how many, and the last row
    /// unless the table ended.
    fn reseal_table(
        &self,
        table: Table,
        name: &str,
        after: i64,
        limit: usize,
    ) -> rusqlite::Result<(usize, Option<i64>)> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows: Vec<(i64, [u8; 16], Vec<u8>)> = self
            .connection
            .prepare_cached(&format!(
                "SELECT rowid, id, record FROM {name} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"
            ))?
            .query_map([after, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let last = rows.last().map(|(number, ..)| *number);
        let mut moved = 0;
        for (number, id, sealed) in rows {
            if seal::sealed_with(&sealed) == Some(self.keys.current()) {
                continue;
            }
            // A record that does not open stays as it is: it is reported when it is read.
            let Ok(plain) = self.keys.open(table, id, &sealed) else { continue };
            let Ok(sealed) = self.keys.seal(table, id, |out| out.extend_from_slice(&plain)) else { continue };
            self.connection
                .prepare_cached(&format!("UPDATE {name} SET record = ?2 WHERE rowid = ?1"))?
                .execute(params![number, sealed])?;
            if table == Table::Tokens
                && let Ok(token) = rows::token(id, &sealed, None, &self.keys)
            {
                let digest = self.keys.digest(&token.merchant, &token.account, &token.stored);
                self.connection
                    .prepare_cached("UPDATE tokens SET digest = ?2 WHERE number = ?1 AND digest IS NOT NULL")?
                    .execute(params![number, digest])?;
            }
            moved += 1;
        }
        Ok((moved, last))
    }

    /// Nothing is sealed with the previous keys any more.
    fn forget_keys(&self) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM keys WHERE number <> ?1")?
            .execute([self.keys.current()])
            .map(drop)
    }

    /// After a commit: has the log written back once it is long. The checkpointer does most of it
    /// beside the commits; only what came in meanwhile is done here, so that the log can start over.
    fn mind_the_log(&self) {
        let pages = LOG_PAGES.get();
        self.shared.log_pages.store(pages, Ordering::Relaxed);
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        let finish = self.shared.finish_checkpoint.swap(false, Ordering::Acquire);
        if finish || pages >= self.checkpoints.pages_max {
            self.shared.checkpoints.fetch_add(1, Ordering::Relaxed);
            if let Err(error) = super::checkpoint::passive(&self.connection) {
                tracing::warn!(%error, "the journal's log cannot be written back");
            }
        } else {
            self.nudge.wrote(pages >= self.checkpoints.pages);
        }
    }

    /// SQLite writes the log back and deletes it when the last connection closes.
    fn close(self) {
        let Self { connection, .. } = self;
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "the journal was not closed in order; nothing is lost");
        }
    }
}

/// What is resealed, in this order.
const RESEALED: [(Table, &str); 6] = [
    (Table::Payments, "payments"),
    (Table::Sessions, "sessions"),
    (Table::Tokens, "tokens"),
    (Table::Schedules, "schedules"),
    (Table::Events, "events"),
    (Table::Notices, "notices"),
];

/// The claim on a key; the inner error says that it does not read.
pub(super) fn find_claim(
    connection: &Connection,
    key: IdempotencyKey,
) -> rusqlite::Result<Option<Result<crate::journal::seam::Claim, records::Malformed>>> {
    let found = connection
        .prepare_cached(
            "SELECT fingerprint, subject, at FROM claims WHERE merchant = ?1 AND request_id = ?2",
        )?
        .query_row((&key.merchant.0, &key.request_id), |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))
        })
        .optional()?;
    Ok(found.map(|(fingerprint, subject, at)| rows::claim(key, fingerprint, &subject, at)))
}

/// Says that writing does not work once the writer is gone.
struct LastWord(Arc<Shared>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.failing.store(true, Ordering::Release);
    }
}
