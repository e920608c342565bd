//! The table of occurrences.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::reader::{Read, Reader, bounded};
use super::recurring::{Due, DueAt};
use super::rows::{nanoseconds, number};
use crate::domain::ids::{AccountName, ScheduleId};
use crate::domain::occurrence::Occurrence;
use crate::journal::records::{self, Malformed};
use crate::journal::seam::OccurrenceFilter;

/// An occurrence, ready to be written.
pub(super) struct OccurrenceRow {
    /// The id of its schedule.
    pub(super) schedule: [u8; 16],
    pub(super) number: u32,
    /// The version at which it was read.
    pub(super) version: i64,
    pub(super) record: String,
    account: String,
    status: &'static str,
    open: Option<bool>,
    next_at: Option<i64>,
}

impl OccurrenceRow {
    pub(super) fn of(mut occurrence: Occurrence) -> Self {
        let version = number(occurrence.version);
        // What is read back has the version that it has then.
        occurrence.version += 1;
        Self {
            schedule: occurrence.schedule.to_bytes(),
            number: occurrence.number,
            version,
            account: occurrence.account.0.clone(),
            status: occurrence.status.word(),
            open: (!occurrence.status.is_ended()).then_some(true),
            next_at: occurrence.next_at.map(nanoseconds),
            record: records::encode_text(occurrence),
        }
    }

    /// Writes it as a new one of the schedule in row `schedule`.
    pub(super) fn insert(&self, schedule: i64, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO occurrences (schedule, number, account, status, open, next_at, version, record) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                schedule,
                self.number,
                self.account,
                self.status,
                self.open,
                self.next_at,
                self.version + 1,
                self.record,
            ])
            .map(drop)
    }

    /// Writes it over row `place`.
    pub(super) fn update(&self, place: i64, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "UPDATE occurrences SET account = ?2, status = ?3, open = ?4, next_at = ?5, version = ?6, \
                 record = ?7 WHERE place = ?1",
            )?
            .execute(params![
                place,
                self.account,
                self.status,
                self.open,
                self.next_at,
                self.version + 1,
                self.record,
            ])
            .map(drop)
    }
}

/// Where an occurrence of the schedule in row `schedule` stands and its version; `None` when it was
/// not taken.
pub(super) fn find(
    connection: &Connection,
    schedule: i64,
    number: u32,
) -> rusqlite::Result<Option<(i64, i64)>> {
    connection
        .prepare_cached("SELECT place, version FROM occurrences WHERE schedule = ?1 AND number = ?2")?
        .query_row((schedule, number), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

fn occurrence(row: &Row<'_>, column: usize) -> Result<Occurrence, Malformed> {
    let text = row.get_ref(column).ok().and_then(|value| value.as_str().ok()).ok_or(Malformed)?;
    records::decode_text(text)
}

impl Reader {
    pub(super) fn occurrence(&self, schedule: ScheduleId, number: u32) -> Read<Option<Occurrence>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record FROM occurrences \
             WHERE schedule = (SELECT number FROM schedules WHERE id = ?1) AND number = ?2",
        )?;
        let mut found = statement.query((schedule.to_bytes(), number))?;
        Ok(found.next()?.map(|row| occurrence(row, 0)).transpose()?)
    }

    pub(super) fn occurrences(&self, filter: &OccurrenceFilter) -> Read<Vec<Occurrence>> {
        let OccurrenceFilter { schedule, open, before, limit } = filter;
        let (index, which) = match open {
            true => ("occurrences_open", "AND open = 1"),
            false => ("occurrences_by_schedule", ""),
        };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT record FROM occurrences INDEXED BY {index} \
             WHERE schedule = (SELECT number FROM schedules WHERE id = ?1) AND number < ?2 {which} \
             ORDER BY number DESC LIMIT ?3"
        ))?;
        let before = before.map_or(i64::MAX, i64::from);
        let mut found = statement.query((schedule.to_bytes(), before, bounded(*limit)))?;
        let mut list = Vec::new();
        while let Some(row) = found.next()? {
            list.push(occurrence(row, 0)?);
        }
        Ok(list)
    }

    pub(super) fn due_occurrences(
        &self,
        account: &AccountName,
        now: Timestamp,
        limit: usize,
    ) -> Read<Due<Occurrence>> {
        let statement = "SELECT (SELECT id FROM schedules WHERE schedules.number = occurrences.schedule), \
             place, next_at, record FROM occurrences INDEXED BY occurrences_due \
             WHERE account = ?1 AND next_at IS NOT NULL AND next_at <= ?2 ORDER BY next_at LIMIT ?3";
        let values = params![account.0, nanoseconds(now), bounded(limit)];
        self.due_rows(DueAt::Occurrences, statement, values, 1, 2, |row| occurrence(row, 3))
    }
}
