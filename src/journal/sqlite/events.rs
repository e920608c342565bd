//! The tables that are only added to: the events of merchants, and the declines of cards.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::reader::{Read, Reader, bounded};
use super::rows::{nanoseconds, opened, timestamp};
use crate::domain::event::{Event, LoggedEvent};
use crate::domain::ids::{EventId, MerchantName};
use crate::journal::records::{self, Malformed};
use crate::journal::seal::{Hashes, Keys, Table, Unsealed};
use crate::journal::seam::{CardDecline, ROWS_MAX};

/// An event, ready to be written.
pub(super) struct EventRow {
    pub(super) record: Vec<u8>,
    id: [u8; 16],
    pub(super) merchant: String,
    kind: &'static str,
    at: i64,
}

/// A decline, ready to be written.
pub(super) struct DeclineRow {
    card: [u8; 16],
    at: i64,
}

impl EventRow {
    pub(super) fn of(event: Event, keys: &Keys) -> Result<Self, Unsealed> {
        let id = event.id.to_bytes();
        Ok(Self {
            id,
            merchant: event.merchant.0.clone(),
            kind: event.kind.word(),
            at: nanoseconds(event.at),
            record: keys.seal(Table::Events, id, |out| records::encode(event, out))?,
        })
    }

    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO events (id, merchant, kind, at, record) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![self.id, self.merchant, self.kind, self.at, self.record])
            .map(drop)
    }
}

impl DeclineRow {
    pub(super) fn of(decline: &CardDecline, hashes: &Hashes) -> Self {
        Self { card: hashes.card(&decline.card), at: nanoseconds(decline.at) }
    }

    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached("INSERT INTO declines (card, at) VALUES (?1, ?2)")?
            .execute(params![self.card, self.at])
            .map(drop)
    }
}

/// Forgets up to `limit` declines from before a time, the oldest first. Returns how many.
pub(super) fn forget_declines(connection: &Connection, before: i64, limit: usize) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM declines WHERE number IN \
             (SELECT number FROM declines WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute((before, bounded(limit)))
}

impl Reader {
    pub(super) fn declines(&self, card: [u8; 16], since: Timestamp) -> Read<Vec<Timestamp>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at FROM declines WHERE card = ?1 AND at > ?2 ORDER BY at DESC LIMIT ?3",
        )?;
        let newest_first: Vec<i64> = statement
            .query_map((card, nanoseconds(since), bounded(ROWS_MAX)), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(newest_first.into_iter().rev().map(timestamp).collect::<Result<_, _>>()?)
    }

    pub(super) fn event(&self, merchant: &MerchantName, id: EventId) -> Read<Option<LoggedEvent>> {
        let found: Option<(i64, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT sequence, record FROM events WHERE id = ?1 AND merchant = ?2")?
            .query_row((id.to_bytes(), &merchant.0), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((sequence, sealed)) = found else { return Ok(None) };
        let event = opened(Table::Events, id.to_bytes(), &sealed, &self.keys)?;
        Ok(Some(LoggedEvent { sequence: u64::try_from(sequence).map_err(|_| Malformed)?, event }))
    }

    pub(super) fn last_event(&self, merchant: &MerchantName) -> Read<u64> {
        let last: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT sequence FROM events INDEXED BY events_by_merchant WHERE merchant = ?1 \
                 ORDER BY sequence DESC LIMIT 1",
            )?
            .query_row([&merchant.0], |row| row.get(0))
            .optional()?;
        Ok(u64::try_from(last.unwrap_or(0)).map_err(|_| Malformed)?)
    }

    pub(super) fn events(&self, merchant: &MerchantName, after: u64, limit: usize) -> Read<Vec<LoggedEvent>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT sequence, id, record FROM events INDEXED BY events_by_merchant \
             WHERE merchant = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
        )?;
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut found = statement.query((&merchant.0, after, bounded(limit)))?;
        let mut events = Vec::new();
        while let Some(row) = found.next()? {
            let sequence = u64::try_from(row.get::<_, i64>(0)?).map_err(|_| Malformed)?;
            let sealed = row.get_ref(2)?.as_blob().map_err(|_| Malformed)?;
            let event = opened(Table::Events, row.get(1)?, sealed, &self.keys)?;
            events.push(LoggedEvent { sequence, event });
        }
        Ok(events)
    }
}
