//! What providers sent by themselves, and the provider's ids by which payments are found.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::reader::{Query, Read, Reader, bounded};
use super::recurring::{Due, DueAt};
use super::rows::{nanoseconds, opened, timestamp};
use crate::domain::ids::{AccountName, PaymentId};
use crate::domain::notice::{Notice, NoticeProgress, NoticeStatus};
use crate::domain::payment::Payment;
use crate::journal::records::{self, Malformed};
use crate::journal::seal::{Hashes, Keys, Table, Unsealed};
use crate::journal::seam::{Handle, NoticeFilter};

/// A notice, ready to be written.
pub(super) struct NoticeRow {
    pub(super) record: Vec<u8>,
    id: [u8; 16],
    account: String,
    digest: [u8; 16],
    received_at: i64,
    progress: ProgressRow,
}

/// How far a notice has come, ready to be written.
pub(super) struct ProgressRow {
    status: &'static str,
    payment: Option<[u8; 16]>,
    attempts: u32,
    next_at: Option<i64>,
}

/// A provider's id, ready to be written.
pub(super) struct HandleRow {
    handle: [u8; 16],
    payment: [u8; 16],
}

impl NoticeRow {
    pub(super) fn of(notice: Notice, keys: &Keys, hashes: &Hashes) -> Result<Self, Unsealed> {
        let id = notice.id.to_bytes();
        Ok(Self {
            id,
            account: notice.account.0.clone(),
            digest: digest(hashes, &notice),
            received_at: nanoseconds(notice.received_at),
            progress: ProgressRow::of(&notice.progress),
            record: keys.seal(Table::Notices, id, |out| records::encode(notice, out))?,
        })
    }

    /// Writes it, unless the same news is there: then it is counted, and acted upon again where it came
    /// to nothing.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Self { record, id, account, digest, received_at, progress } = self;
        let known: Option<(i64, String)> = connection
            .prepare_cached("SELECT number, status FROM notices WHERE digest = ?1")?
            .query_row([digest], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((number, status)) = known else {
            return connection
                .prepare_cached(
                    "INSERT INTO notices (id, account, digest, status, payment, received_at, arrivals, \
                     attempts, next_at, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9)",
                )?
                .execute(params![
                    id,
                    account,
                    digest,
                    progress.status,
                    progress.payment,
                    received_at,
                    progress.attempts,
                    progress.next_at,
                    record,
                ])
                .map(drop);
        };
        connection
            .prepare_cached("UPDATE notices SET arrivals = arrivals + 1 WHERE number = ?1")?
            .execute([number])?;
        if NoticeStatus::from_word(&status).is_some_and(NoticeStatus::may_come_again) {
            connection
                .prepare_cached(
                    "UPDATE notices SET status = ?2, attempts = ?3, next_at = ?4 WHERE number = ?1",
                )?
                .execute(params![number, progress.status, progress.attempts, progress.next_at])?;
        }
        Ok(())
    }
}

impl ProgressRow {
    pub(super) fn of(progress: &NoticeProgress) -> Self {
        let NoticeProgress { status, payment, attempts, next_at } = progress;
        Self {
            status: status.word(),
            payment: payment.map(PaymentId::to_bytes),
            attempts: *attempts,
            next_at: next_at.map(nanoseconds),
        }
    }

    pub(super) fn update(&self, id: [u8; 16], connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "UPDATE notices SET status = ?2, payment = ?3, attempts = ?4, next_at = ?5 WHERE id = ?1",
            )?
            .execute(params![id, self.status, self.payment, self.attempts, self.next_at])
            .map(drop)
    }
}

/// The ids by which a notice may name a payment. In a notice about a charge our own reference stands, but
/// not every provider signs that: its order then does. Sessions and transactions of charges name nothing that
/// these do not.
pub(super) fn handles(payment: &Payment, hashes: &Hashes) -> Vec<HandleRow> {
    let mut handles = Vec::new();
    let mut keep = |kind: Handle, value: Option<&str>| {
        if let Some(value) = value {
            let handle = handle(hashes, &payment.account, kind, value);
            handles.push(HandleRow { handle, payment: payment.id.to_bytes() });
        }
    };
    if payment.session.is_some() {
        keep(Handle::Session, payment.trace.session.as_deref());
        keep(Handle::Transaction, payment.trace.transaction.as_deref());
    }
    keep(Handle::Order, payment.trace.order.as_deref());
    for movement in &payment.movements {
        keep(Handle::Movement, Some(&movement.id.alphanumeric()));
    }
    handles
}

impl HandleRow {
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO handles (handle, payment) VALUES (?1, ?2) ON CONFLICT (handle) DO NOTHING",
            )?
            .execute(params![self.handle, self.payment])
            .map(drop)
    }
}

/// The key under which a provider's id is kept.
pub(super) fn handle(hashes: &Hashes, account: &AccountName, kind: Handle, value: &str) -> [u8; 16] {
    let kind = match kind {
        Handle::Session => "session",
        Handle::Order => "order",
        Handle::Transaction => "transaction",
        Handle::Movement => "movement",
    };
    hashes.of(&["handle", &account.0, kind, value])
}

fn digest(hashes: &Hashes, notice: &Notice) -> [u8; 16] {
    hashes.of(&["notice", &notice.account.0, &notice.key])
}

/// Forgets up to `limit` notices from before a time with which nothing is left to do, the oldest first.
pub(super) fn forget(connection: &Connection, before: i64, limit: usize) -> rusqlite::Result<usize> {
    // They are numbered in the order in which they came, so the first that is young enough ends the search.
    let oldest: Vec<(i64, i64, bool)> = connection
        .prepare_cached("SELECT number, received_at, next_at IS NULL FROM notices ORDER BY number LIMIT ?1")?
        .query_map([bounded(limit)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut forgotten = 0;
    for (number, ..) in oldest.into_iter().filter(|(_, at, is_done)| *at < before && *is_done) {
        forgotten += connection.prepare_cached("DELETE FROM notices WHERE number = ?1")?.execute([number])?;
    }
    Ok(forgotten)
}

const COLUMNS: &str = "id, record, status, payment, attempts, next_at";

impl Reader {
    pub(super) fn due_notices(&self, now: Timestamp, limit: usize) -> Read<Due<Notice>> {
        let statement =
            format!("SELECT {COLUMNS}, number FROM notices WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2");
        self.due_rows(DueAt::Notices, &statement, (nanoseconds(now), bounded(limit)), 6, 5, |row| {
            let sealed = row.get_ref(1).ok().and_then(|value| value.as_blob().ok()).ok_or(Malformed)?;
            self.notice(row.get(0).map_err(|_| Malformed)?, sealed, row)
        })
    }

    pub(super) fn next_notice(&self) -> Read<Option<Timestamp>> {
        let next: Option<i64> = self
            .connection
            .prepare_cached("SELECT min(next_at) FROM notices WHERE next_at IS NOT NULL")?
            .query_row([], |row| row.get(0))?;
        Ok(next.map(timestamp).transpose()?)
    }

    pub(super) fn notices(&self, filter: NoticeFilter) -> Read<Vec<Notice>> {
        let NoticeFilter { accounts, statuses, before, limit } = filter;
        let texts = |words: Vec<String>| words.into_iter().map(Value::from).collect::<Vec<_>>();
        let mut query = Query::new(COLUMNS, "notices", "notices_left");
        // Said once more, so that the index may be used.
        query.plainly("status IN ('unmatched', 'unknown', 'failed')");
        query.among("status", texts(statuses.iter().map(|status| status.word().to_owned()).collect()));
        query.among("account", texts(accounts.into_iter().map(|account| account.0).collect()));
        query.and_if("id < ?", before.map(|id| id.to_bytes().to_vec()));
        self.list(query.newest_first(limit), |id, sealed, row| self.notice(id, sealed, row))
    }

    fn notice(&self, id: [u8; 16], sealed: &[u8], row: &rusqlite::Row<'_>) -> Result<Notice, Malformed> {
        let notice: Notice = opened(Table::Notices, id, sealed, &self.keys)?;
        let column = |read: rusqlite::Result<_>| read.map_err(|_| Malformed);
        let status: String = row.get(2).map_err(|_| Malformed)?;
        let payment: Option<[u8; 16]> = row.get(3).map_err(|_| Malformed)?;
        let next_at: Option<i64> = row.get(5).map_err(|_| Malformed)?;
        let progress = NoticeProgress {
            status: NoticeStatus::from_word(&status).ok_or(Malformed)?,
            payment: payment.map(PaymentId::from_bytes),
            attempts: column(row.get(4))?,
            next_at: next_at.map(timestamp).transpose()?,
        };
        Ok(Notice { progress, ..notice })
    }

    pub(super) fn payment_by_handle(&self, handle: [u8; 16]) -> Read<Option<PaymentId>> {
        let found: Option<[u8; 16]> = self
            .connection
            .prepare_cached("SELECT payment FROM handles WHERE handle = ?1")?
            .query_row([handle], |row| row.get(0))
            .optional()?;
        Ok(found.map(PaymentId::from_bytes))
    }
}
