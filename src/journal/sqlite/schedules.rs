//! The table of schedules: whole ones, and how far they have come.

use jiff::{Timestamp, civil};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::reader::{Query, Read, Reader, bounded};
use super::recurring::{Due, DueAt};
use super::rows::{nanoseconds, number, opened, timestamp};
use crate::domain::ids::{AccountName, ScheduleId};
use crate::domain::schedule::{Planned, Progress, Schedule};
use crate::journal::records::{self, Malformed};
use crate::journal::seal::{Keys, Table, Unsealed};
use crate::journal::seam::{ScheduleFilter, Tick};

/// A whole schedule.
pub(super) struct ScheduleRow {
    pub(super) tick: TickRow,
    pub(super) record: Vec<u8>,
    merchant: String,
    account: String,
    token: [u8; 16],
    customer: Option<String>,
    merchant_reference: String,
    status: &'static str,
    warn_at: Option<i64>,
}

/// How far a schedule has come.
pub(super) struct TickRow {
    pub(super) id: [u8; 16],
    /// The version at which it was read.
    pub(super) version: i64,
    next_at: Option<i64>,
    next: Option<PlannedRow>,
    parked: bool,
    open: u32,
}

struct PlannedRow {
    number: u32,
    date: String,
    at: i64,
    due_at: i64,
}

impl ScheduleRow {
    pub(super) fn of(schedule: Schedule, keys: &Keys) -> Result<Self, Unsealed> {
        let id = schedule.id.to_bytes();
        Ok(Self {
            tick: TickRow::of(Tick {
                schedule: schedule.id,
                version: schedule.version,
                progress: schedule.progress,
                next_at: schedule.next_at(),
            }),
            merchant: schedule.merchant.0.clone(),
            account: schedule.account.0.clone(),
            token: schedule.token.to_bytes(),
            customer: schedule.purchase.customer.id.clone(),
            merchant_reference: schedule.purchase.merchant_reference.clone(),
            status: schedule.status.word(),
            warn_at: schedule.warn_at.map(nanoseconds),
            record: keys.seal(Table::Schedules, id, |out| records::encode(schedule, out))?,
        })
    }

    /// Writes it over row `place`, or as a new one. Returns where it stands.
    pub(super) fn write(&self, place: Option<i64>, connection: &Connection) -> rusqlite::Result<i64> {
        let Self { tick, record, merchant, account, token, customer, .. } = self;
        let place = match place {
            Some(place) => {
                connection
                    .prepare_cached(
                        "UPDATE schedules SET account = ?2, token = ?3, customer = ?4, \
                         merchant_reference = ?5, status = ?6, warn_at = ?7, record = ?8 WHERE number = ?1",
                    )?
                    .execute(params![
                        place,
                        account,
                        token,
                        customer,
                        self.merchant_reference,
                        self.status,
                        self.warn_at,
                        record,
                    ])?;
                place
            }
            None => connection
                .prepare_cached(
                    "INSERT INTO schedules (id, merchant, account, token, customer, merchant_reference, \
                     status, warn_at, parked, open, version, record) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, ?9)",
                )?
                .insert(params![
                    tick.id,
                    merchant,
                    account,
                    token,
                    customer,
                    self.merchant_reference,
                    self.status,
                    self.warn_at,
                    record,
                ])?,
        };
        tick.write(place, connection)?;
        Ok(place)
    }
}

impl TickRow {
    pub(super) fn of(tick: Tick) -> Self {
        let Tick { schedule, version, progress, next_at } = tick;
        let Progress { next, open, parked } = progress;
        Self {
            id: schedule.to_bytes(),
            version: number(version),
            next_at: next_at.map(nanoseconds),
            next: next.map(|next| PlannedRow {
                number: next.number,
                date: next.date.to_string(),
                at: nanoseconds(next.at),
                due_at: nanoseconds(next.due_at),
            }),
            parked,
            open,
        }
    }

    /// Writes it over row `place`.
    pub(super) fn write(&self, place: i64, connection: &Connection) -> rusqlite::Result<()> {
        let Self { id: _, version, next_at, next, parked, open } = self;
        let next = next.as_ref();
        connection
            .prepare_cached(
                "UPDATE schedules SET next_at = ?2, next_number = ?3, next_date = ?4, \
                 next_planned_at = ?5, next_due_at = ?6, parked = ?7, open = ?8, version = ?9 \
                 WHERE number = ?1",
            )?
            .execute(params![
                place,
                next_at,
                next.map(|next| next.number),
                next.map(|next| &next.date),
                next.map(|next| next.at),
                next.map(|next| next.due_at),
                parked,
                open,
                version + 1,
            ])
            .map(drop)
    }
}

/// Where a schedule stands and its version; `None` when there is none.
pub(super) fn find(connection: &Connection, id: [u8; 16]) -> rusqlite::Result<Option<(i64, i64)>> {
    connection
        .prepare_cached("SELECT number, version FROM schedules WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Whether a schedule has a next occurrence; one that is not there hinders nobody.
pub(super) fn goes_on(connection: &Connection, id: [u8; 16]) -> rusqlite::Result<bool> {
    let found = connection
        .prepare_cached("SELECT next_number IS NOT NULL FROM schedules WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(true))
}

/// Counts off an occurrence that has ended. The last one lets go of whatever waits for it.
pub(super) fn count_off(connection: &Connection, id: [u8; 16]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE schedules SET open = max(open - 1, 0), \
             next_at = CASE WHEN open <= 1 AND status = 'ACTIVE' THEN next_due_at ELSE next_at END, \
             parked = CASE WHEN open <= 1 THEN 0 ELSE parked END, version = version + 1 WHERE id = ?1",
        )?
        .execute([id])
        .map(drop)
}

/// What a schedule is read from, in this order.
const COLUMNS: &str = "id, record, next_number, next_date, next_planned_at, next_due_at, parked, open, \
                       version, number, next_at";

/// Puts a schedule together from [`COLUMNS`].
fn schedule(row: &Row<'_>, keys: &Keys) -> Result<Schedule, Malformed> {
    fn column<T: rusqlite::types::FromSql>(row: &Row<'_>, place: usize) -> Result<T, Malformed> {
        row.get(place).map_err(|_| Malformed)
    }
    let sealed = row.get_ref(1).ok().and_then(|value| value.as_blob().ok()).ok_or(Malformed)?;
    let schedule: Schedule = opened(Table::Schedules, column(row, 0)?, sealed, keys)?;
    let next = match column::<Option<u32>>(row, 2)? {
        Some(number) => {
            let date = row.get_ref(3).ok().and_then(|value| value.as_str().ok()).ok_or(Malformed)?;
            Some(Planned {
                number,
                date: date.parse::<civil::Date>().map_err(|_| Malformed)?,
                at: timestamp(column(row, 4)?)?,
                due_at: timestamp(column(row, 5)?)?,
            })
        }
        None => None,
    };
    let progress = Progress { next, parked: column(row, 6)?, open: column(row, 7)? };
    let version = u64::try_from(column::<i64>(row, 8)?).map_err(|_| Malformed)?;
    Ok(Schedule { progress, version, ..schedule })
}

impl Reader {
    pub(super) fn schedule(&self, id: ScheduleId) -> Read<Option<Schedule>> {
        let mut statement =
            self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM schedules WHERE id = ?1"))?;
        let mut found = statement.query([id.to_bytes()])?;
        Ok(found.next()?.map(|row| schedule(row, &self.keys)).transpose()?)
    }

    pub(super) fn schedules(&self, filter: ScheduleFilter) -> Read<Vec<Schedule>> {
        let ScheduleFilter {
            merchant,
            account,
            token,
            customer,
            merchant_reference,
            statuses,
            before,
            limit,
        } = filter;
        let index = if token.is_some() {
            "schedules_by_token"
        } else if merchant_reference.is_some() {
            "schedules_by_reference"
        } else if customer.is_some() {
            "schedules_by_customer"
        } else {
            "schedules_by_merchant"
        };
        let mut query = Query::new(COLUMNS, "schedules", index);
        query.and("merchant = ?", merchant.0);
        query.and_if("account = ?", account.map(|account| account.0));
        query.and_if("token = ?", token.map(|token| token.to_bytes().to_vec()));
        query.and_if("customer = ?", customer);
        query.and_if("merchant_reference = ?", merchant_reference);
        if !statuses.is_empty() {
            query.among("status", statuses.iter().map(|status| status.word().to_owned().into()).collect());
        }
        query.and_if("id < ?", before.map(|id| id.to_bytes().to_vec()));
        self.list(query.newest_first(limit), |_, _, row| schedule(row, &self.keys))
    }

    pub(super) fn due_schedules(
        &self,
        account: &AccountName,
        now: Timestamp,
        after: Option<(Timestamp, ScheduleId)>,
        limit: usize,
    ) -> Read<Due<Schedule>> {
        // Those of one moment come in the order in which they were recorded.
        let statement = format!(
            "SELECT {COLUMNS} FROM schedules INDEXED BY schedules_due \
             WHERE account = ?1 AND next_at IS NOT NULL AND next_at <= ?2 \
             AND (next_at, number) > (?3, coalesce((SELECT number FROM schedules WHERE id = ?4), 0)) \
             ORDER BY next_at, number LIMIT ?5"
        );
        let (from, last) = after.map_or((i64::MIN, None), |(at, id)| (nanoseconds(at), Some(id.to_bytes())));
        let values = params![account.0, nanoseconds(now), from, last, bounded(limit)];
        self.due_rows(DueAt::Schedules, &statement, values, 9, 10, |row| schedule(row, &self.keys))
    }

    pub(super) fn due_warnings(
        &self,
        account: &AccountName,
        now: Timestamp,
        limit: usize,
    ) -> Read<Due<Schedule>> {
        let statement = format!(
            "SELECT {COLUMNS}, warn_at FROM schedules INDEXED BY schedules_to_warn \
             WHERE account = ?1 AND warn_at IS NOT NULL AND warn_at <= ?2 ORDER BY warn_at LIMIT ?3"
        );
        let values = params![account.0, nanoseconds(now), bounded(limit)];
        self.due_rows(DueAt::Warnings, &statement, values, 9, 11, |row| schedule(row, &self.keys))
    }

    /// The earliest of three, each the first of its index.
    pub(super) fn next_recurring(&self, account: &AccountName) -> Read<Option<Timestamp>> {
        let next: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT min(at) FROM ( \
                 SELECT min(next_at) AS at FROM schedules WHERE account = ?1 AND next_at IS NOT NULL \
                 UNION ALL \
                 SELECT min(warn_at) FROM schedules WHERE account = ?1 AND warn_at IS NOT NULL \
                 UNION ALL \
                 SELECT min(next_at) FROM occurrences WHERE account = ?1 AND next_at IS NOT NULL)",
            )?
            .query_row([&account.0], |row| row.get(0))?;
        Ok(next.map(timestamp).transpose()?)
    }
}
