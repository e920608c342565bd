//! The addresses that events are sent to, and what is on its way to them.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::reader::{Query, Read, Reader, bounded};
use super::rows::{nanoseconds, number, timestamp};
use crate::domain::delivery::{Delivery, DeliveryStatus, EndpointKey, Standing};
use crate::domain::event::EventKind;
use crate::domain::ids::{EventId, MerchantName, PaymentId};
use crate::journal::records::Malformed;
use crate::journal::seam::{DeliveryFilter, Outbox};

/// What an entry says of deliveries, ready to be written.
#[derive(Default)]
pub(super) struct OutboxRows(Outbox);

impl OutboxRows {
    pub(super) fn of(outbox: Outbox) -> Self {
        Self(outbox)
    }

    /// About how many bytes it is.
    pub(super) fn weight(&self) -> usize {
        let Outbox { standings, made, tried, resumed } = &self.0;
        256 * (standings.len() + made.len() + tried.len() + resumed.len())
    }

    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Outbox { standings, made, tried, resumed } = &self.0;
        for standing in standings {
            write_standing(standing, connection)?;
        }
        for delivery in made {
            write_delivery(delivery, "DO NOTHING", connection)?;
        }
        for delivery in tried {
            write_delivery(delivery, OVERWRITE, connection)?;
        }
        for (EndpointKey { merchant, name }, at) in resumed {
            connection
                .prepare_cached(
                    "UPDATE deliveries SET next_at = ?3, since = ?3 \
                     WHERE merchant = ?1 AND endpoint = ?2 AND next_at IS NOT NULL",
                )?
                .execute((&merchant.0, name, nanoseconds(*at)))?;
        }
        Ok(())
    }
}

fn write_standing(standing: &Standing, connection: &Connection) -> rusqlite::Result<()> {
    let Standing { key, place, failing_since, failures, parked_at, probe_at, note } = standing;
    connection
        .prepare_cached(
            "INSERT INTO endpoints (merchant, name, place, failing_since, failures, parked_at, probe_at, note) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (merchant, name) DO UPDATE SET \
             place = ?3, failing_since = ?4, failures = ?5, parked_at = ?6, probe_at = ?7, note = ?8",
        )?
        .execute(params![
            key.merchant.0,
            key.name,
            number(*place),
            failing_since.map(nanoseconds),
            failures,
            parked_at.map(nanoseconds),
            probe_at.map(nanoseconds),
            note,
        ])
        .map(drop)
}

/// What changes of a delivery that is there.
const OVERWRITE: &str = "DO UPDATE SET status = ?8, attempts = ?9, tries = ?10, since = ?11, last_at = ?12, \
                         http_status = ?13, note = ?14, next_at = ?15";

fn write_delivery(delivery: &Delivery, if_known: &str, connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached(&format!(
            "INSERT INTO deliveries (merchant, endpoint, event, kind, sequence, payment, created_at, status, \
             attempts, tries, since, last_at, http_status, note, next_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
             ON CONFLICT (event, endpoint, merchant) {if_known}"
        ))?
        .execute(params![
            delivery.endpoint.merchant.0,
            delivery.endpoint.name,
            delivery.event.to_bytes(),
            delivery.kind.word(),
            number(delivery.sequence),
            delivery.payment.map(PaymentId::to_bytes),
            nanoseconds(delivery.created_at),
            delivery.status.word(),
            delivery.attempts,
            delivery.tries,
            nanoseconds(delivery.since),
            delivery.last_at.map(nanoseconds),
            delivery.http_status,
            delivery.note,
            delivery.next_at.map(nanoseconds),
        ])
        .map(drop)
}

/// Forgets up to `limit` deliveries that ended before a time, the oldest first. Returns how many.
pub(super) fn forget(connection: &Connection, before: i64, limit: usize) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM deliveries WHERE number IN (SELECT number FROM deliveries \
             INDEXED BY deliveries_ended WHERE next_at IS NULL AND last_at < ?1 ORDER BY last_at LIMIT ?2)",
        )?
        .execute((before, bounded(limit)))
}

const COLUMNS: &str = "number, merchant, endpoint, event, kind, sequence, payment, created_at, status, \
                       attempts, tries, since, last_at, http_status, note, next_at";

fn delivery(row: &Row<'_>) -> Result<Delivery, Malformed> {
    fn column<T: rusqlite::types::FromSql>(row: &Row<'_>, place: usize) -> Result<T, Malformed> {
        row.get(place).map_err(|_| Malformed)
    }
    let time = |place| timestamp(column(row, place)?);
    let time_maybe = |place| column::<Option<i64>>(row, place)?.map(timestamp).transpose();
    let count = |place| u64::try_from(column::<i64>(row, place)?).map_err(|_| Malformed);
    Ok(Delivery {
        number: count(0)?,
        endpoint: EndpointKey { merchant: MerchantName(column(row, 1)?), name: column(row, 2)? },
        event: EventId::from_bytes(column(row, 3)?),
        kind: EventKind::from_word(&column::<String>(row, 4)?).ok_or(Malformed)?,
        sequence: count(5)?,
        payment: column::<Option<[u8; 16]>>(row, 6)?.map(PaymentId::from_bytes),
        created_at: time(7)?,
        status: DeliveryStatus::from_word(&column::<String>(row, 8)?).ok_or(Malformed)?,
        attempts: column(row, 9)?,
        tries: column(row, 10)?,
        since: time(11)?,
        last_at: time_maybe(12)?,
        http_status: column(row, 13)?,
        note: column(row, 14)?,
        next_at: time_maybe(15)?,
    })
}

impl Reader {
    pub(super) fn standings(&self, merchant: &MerchantName) -> Read<Vec<Standing>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, place, failing_since, failures, parked_at, probe_at, note FROM endpoints \
             WHERE merchant = ?1 ORDER BY name",
        )?;
        let mut found = statement.query([&merchant.0])?;
        let mut standings = Vec::new();
        while let Some(row) = found.next()? {
            let time = |at: Option<i64>| at.map(timestamp).transpose();
            standings.push(Standing {
                key: EndpointKey { merchant: merchant.clone(), name: row.get(0)? },
                place: u64::try_from(row.get::<_, i64>(1)?).map_err(|_| Malformed)?,
                failing_since: time(row.get(2)?)?,
                failures: row.get(3)?,
                parked_at: time(row.get(4)?)?,
                probe_at: time(row.get(5)?)?,
                note: row.get(6)?,
            });
        }
        Ok(standings)
    }

    /// What may go: due, and none of its payment's earlier ones open, unless it has waited since `held`.
    pub(super) fn sendable(
        &self,
        EndpointKey { merchant, name }: &EndpointKey,
        due: Timestamp,
        held: Timestamp,
        limit: usize,
    ) -> Read<Vec<Delivery>> {
        let statement = format!(
            "SELECT {COLUMNS} FROM deliveries AS this INDEXED BY deliveries_open \
             WHERE merchant = ?1 AND endpoint = ?2 AND next_at IS NOT NULL AND next_at <= ?3 \
             AND (payment IS NULL OR since <= ?4 OR NOT EXISTS (\
                 SELECT 1 FROM deliveries AS earlier INDEXED BY deliveries_of_payment \
                 WHERE earlier.merchant = ?1 AND earlier.endpoint = ?2 AND earlier.payment = this.payment \
                 AND earlier.next_at IS NOT NULL AND earlier.sequence < this.sequence)) \
             ORDER BY sequence LIMIT ?5"
        );
        let values = [
            Value::from(merchant.0.clone()),
            Value::from(name.clone()),
            Value::from(nanoseconds(due)),
            Value::from(nanoseconds(held)),
            Value::from(bounded(limit)),
        ];
        self.delivery_rows(&statement, values)
    }

    pub(super) fn open_deliveries(&self, EndpointKey { merchant, name }: &EndpointKey) -> Read<usize> {
        let count: i64 = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM deliveries INDEXED BY deliveries_open \
                 WHERE merchant = ?1 AND endpoint = ?2 AND next_at IS NOT NULL",
            )?
            .query_row((&merchant.0, name), |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    pub(super) fn next_delivery(
        &self,
        EndpointKey { merchant, name }: &EndpointKey,
        after: Timestamp,
    ) -> Read<Option<Timestamp>> {
        let next: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT min(next_at) FROM deliveries INDEXED BY deliveries_open \
                 WHERE merchant = ?1 AND endpoint = ?2 AND next_at IS NOT NULL AND next_at > ?3",
            )?
            .query_row((&merchant.0, name, nanoseconds(after)), |row| row.get(0))
            .optional()?
            .flatten();
        Ok(next.map(timestamp).transpose()?)
    }

    pub(super) fn deliveries(&self, filter: DeliveryFilter) -> Read<Vec<Delivery>> {
        let DeliveryFilter { merchant, event, endpoint, statuses, before, limit } = filter;
        let index = match (&event, &endpoint) {
            (Some(_), _) => "deliveries_by_event",
            (None, Some(_)) => "deliveries_by_endpoint",
            (None, None) => "deliveries_by_merchant",
        };
        let mut query = Query::new(COLUMNS, "deliveries", index);
        query.and("merchant = ?", merchant.0);
        query.and_if("event = ?", event.map(|event| event.to_bytes().to_vec()));
        query.and_if("endpoint = ?", endpoint);
        if !statuses.is_empty() {
            query.among("status", statuses.iter().map(|one| one.word().to_owned().into()).collect());
        }
        query.and_if("number < ?", before.map(number));
        let (statement, values) = query.newest_first_by("number", limit);
        self.delivery_rows(&statement, values)
    }

    fn delivery_rows(&self, statement: &str, values: impl IntoIterator<Item = Value>) -> Read<Vec<Delivery>> {
        let mut statement = self.connection.prepare_cached(statement)?;
        let mut found = statement.query(params_from_iter(values))?;
        let mut deliveries = Vec::new();
        while let Some(row) = found.next()? {
            deliveries.push(delivery(row)?);
        }
        Ok(deliveries)
    }

    pub(super) fn events_after(&self, merchant: &MerchantName, place: u64, limit: usize) -> Read<usize> {
        let count: i64 = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM events INDEXED BY events_by_merchant \
                 WHERE merchant = ?1 AND sequence > ?2 LIMIT ?3)",
            )?
            .query_row((&merchant.0, number(place), bounded(limit)), |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }
}
