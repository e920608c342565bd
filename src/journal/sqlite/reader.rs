//! Threads that read, each with a connection of its own. A read sees every commit that was
//! acknowledged before it began.

use std::sync::mpsc;
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::rows;
use super::writer::find_claim;
use crate::domain::card::Token;
use crate::domain::ids::{IdempotencyKey, MerchantName, PaymentId, SessionId, TokenId};
use crate::domain::payment::Payment;
use crate::domain::session::Session;
use crate::journal::batch::{Batch, Weigh};
use crate::journal::records::{self, Malformed};
use crate::journal::seal::Keys;
use crate::journal::seam::{
    Claim, HistoryEntry, Moment, PaymentFilter, ROWS_MAX, TokenFilter, Unavailable, UnsettledFilter,
};

/// Something to be read; keeps its answer where whoever asked finds it.
pub(super) type Errand = Box<dyn FnOnce(&Reader) + Send>;

impl Weigh for Errand {
    fn weight(&self) -> usize {
        0
    }
}

/// What a reader is asked to do.
pub(super) enum Job {
    /// Run errands.
    Read(Batch<Errand, ()>),
    /// Stop.
    Stop,
}

/// How far an id may be from the time of its record: both are made from one look at the clock, so
/// a day is generous. Lists for an old day need not walk through everything that is newer.
const ID_SLACK: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

pub(super) struct Reader {
    pub(super) connection: Connection,
    pub(super) keys: std::sync::Arc<Keys>,
}

/// The database does not answer.
impl From<rusqlite::Error> for Unavailable {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the journal cannot be read");
        Self::Failing
    }
}

impl From<Malformed> for Unavailable {
    fn from(Malformed: Malformed) -> Self {
        tracing::error!("a record of the journal does not read back");
        Self::Damaged
    }
}

pub(super) type Read<T> = Result<T, Unavailable>;

impl Reader {
    pub(super) fn new(connection: Connection, keys: std::sync::Arc<Keys>) -> Self {
        Self { connection, keys }
    }

    /// Works until it is told to stop or nobody is left who could.
    pub(super) fn run(self, jobs: &mpsc::Receiver<Job>) {
        for job in jobs {
            match job {
                Job::Read(Batch { work, answers }) => {
                    // All of it was asked for before this begins, so one view of the database is recent
                    // enough for all; its pages are then read once. Without one each has its own.
                    let view = (work.len() > 1).then(|| self.connection.unchecked_transaction());
                    let done = work.into_iter().map(|errand| errand(&self)).collect();
                    drop(view);
                    // Nobody waits any more when the runtime is gone.
                    let _ = answers.send(done);
                }
                Job::Stop => return,
            }
        }
    }

    pub(super) fn claim(&self, key: IdempotencyKey) -> Read<Option<Claim>> {
        Ok(find_claim(&self.connection, key)?.transpose()?)
    }

    pub(super) fn payment(&self, id: PaymentId) -> Read<Option<Payment>> {
        let sealed = self.record("SELECT record FROM payments WHERE id = ?1", id.to_bytes())?;
        Ok(sealed.map(|sealed| rows::payment(id.to_bytes(), &sealed, &self.keys)).transpose()?)
    }

    pub(super) fn session(&self, id: SessionId) -> Read<Option<Session>> {
        let sealed = self.record("SELECT record FROM sessions WHERE id = ?1", id.to_bytes())?;
        Ok(sealed.map(|sealed| rows::session(id.to_bytes(), &sealed, &self.keys)).transpose()?)
    }

    pub(super) fn token(&self, id: TokenId) -> Read<Option<Token>> {
        self.one_token("SELECT id, record, used_at FROM tokens WHERE id = ?1", &id.to_bytes())
    }

    fn record(&self, statement: &str, id: [u8; 16]) -> Read<Option<Vec<u8>>> {
        Ok(self.connection.prepare_cached(statement)?.query_row([id], |row| row.get(0)).optional()?)
    }

    /// By the digests of its values under every key.
    pub(super) fn token_by_digest(&self, digests: &[[u8; 32]]) -> Read<Option<Token>> {
        for digest in digests {
            let found = self.one_token("SELECT id, record, used_at FROM tokens WHERE digest = ?1", digest)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn one_token(&self, statement: &str, key: &[u8]) -> Read<Option<Token>> {
        let found: Option<([u8; 16], Vec<u8>, Option<i64>)> = self
            .connection
            .prepare_cached(statement)?
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let token = found.map(|(id, sealed, used_at)| rows::token(id, &sealed, used_at, &self.keys));
        Ok(token.transpose()?)
    }

    pub(super) fn payments(&self, filter: PaymentFilter) -> Read<Vec<Payment>> {
        let PaymentFilter {
            merchant,
            states,
            account,
            merchant_reference,
            token,
            session,
            customer,
            created_from,
            created_before,
            before,
            limit,
        } = filter;
        // The narrowest way in is named, because SQLite would have to guess.
        let index = if session.is_some() {
            "payments_by_session"
        } else if merchant_reference.is_some() {
            "payments_by_reference"
        } else if token.is_some() {
            "payments_by_token"
        } else if customer.is_some() {
            "payments_by_customer"
        } else {
            "payments_by_merchant"
        };
        let mut query = Query::new("id, record", "payments", index);
        query.and("merchant = ?", merchant.0);
        if !states.is_empty() {
            let states: Vec<Value> = states.iter().map(|state| state.word().to_owned().into()).collect();
            query.among("state", states);
        }
        query.and_if("account = ?", account.map(|account| account.0));
        query.and_if("merchant_reference = ?", merchant_reference);
        query.and_if("token = ?", token.map(|token| token.to_bytes().to_vec()));
        query.and_if("session = ?", session.map(|session| session.to_bytes().to_vec()));
        query.and_if("customer = ?", customer);
        query.and_if("created_at >= ?", created_from.map(rows::nanoseconds));
        query.and_if("created_at < ?", created_before.map(rows::nanoseconds));
        let from = created_from.and_then(|time| time.checked_sub(ID_SLACK).ok());
        query.and_if("id >= ?", from.map(|time| PaymentId::mint(time, [0; 10]).to_bytes().to_vec()));
        let until = created_before.and_then(|time| time.checked_add(ID_SLACK).ok());
        query.and_if("id < ?", until.map(|time| PaymentId::mint(time, [0; 10]).to_bytes().to_vec()));
        query.and_if("id < ?", before.map(|id| id.to_bytes().to_vec()));
        self.list(query.newest_first(limit), |id, sealed, _| rows::payment(id, sealed, &self.keys))
    }

    pub(super) fn unsettled(&self, filter: UnsettledFilter) -> Read<Vec<Payment>> {
        let UnsettledFilter { merchant, account, before, limit } = filter;
        let mut query = Query::new("id, record", "payments", "payments_unsettled");
        // Word by word as the index has it, so that it may be used.
        query.plainly("(next_at IS NOT NULL OR state = 'QUARANTINED')");
        query.and("merchant = ?", merchant.0);
        query.and_if("account = ?", account.map(|account| account.0));
        query.and_if("id < ?", before.map(|id| id.to_bytes().to_vec()));
        self.list(query.newest_first(limit), |id, sealed, _| rows::payment(id, sealed, &self.keys))
    }

    pub(super) fn tokens(&self, filter: TokenFilter) -> Read<Vec<Token>> {
        let TokenFilter { merchant, account, customer, status, before, limit } = filter;
        let index = if customer.is_some() { "tokens_by_customer" } else { "tokens_by_merchant" };
        let mut query = Query::new("id, record, used_at", "tokens", index);
        query.and("merchant = ?", merchant.0);
        query.and_if("account = ?", account.map(|account| account.0));
        query.and_if("customer = ?", customer);
        query.and_if("status = ?", status.map(rows::status_word));
        query.and_if("id < ?", before.map(|id| id.to_bytes().to_vec()));
        self.list(query.newest_first(limit), |id, sealed, row| {
            rows::token(id, sealed, row.get(2).map_err(|_| Malformed)?, &self.keys)
        })
    }

    /// Rows of an id and a record, and whatever else was asked for.
    pub(super) fn list<T>(
        &self,
        (statement, values): (String, Vec<Value>),
        read: impl Fn([u8; 16], &[u8], &rusqlite::Row<'_>) -> Result<T, Malformed>,
    ) -> Read<Vec<T>> {
        let mut statement = self.connection.prepare_cached(&statement)?;
        let mut found = statement.query(params_from_iter(values))?;
        let mut list = Vec::new();
        while let Some(row) = found.next()? {
            let sealed = row.get_ref(1)?.as_blob().map_err(|_| Malformed)?;
            list.push(read(row.get(0)?, sealed, row)?);
        }
        Ok(list)
    }

    pub(super) fn history(&self, payment: PaymentId, after: u64, limit: usize) -> Read<Vec<HistoryEntry>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT version, notes FROM history WHERE payment = ?1 AND version >= ?2 ORDER BY version",
        )?;
        let from = i64::try_from(after / rows::NOTES_PER_VERSION).unwrap_or(i64::MAX);
        let mut found = statement.query((payment.to_bytes(), from))?;
        let mut story: Vec<HistoryEntry> = Vec::new();
        let limit = limit.min(ROWS_MAX);
        while story.len() < limit
            && let Some(row) = found.next()?
        {
            let version = u64::try_from(row.get::<_, i64>(0)?).map_err(|_| Malformed)?;
            let notes: String = row.get(1)?;
            let first = version.saturating_mul(rows::NOTES_PER_VERSION);
            let notes = records::decode_notes(&notes, first)?;
            story.extend(notes.into_iter().filter(|note| note.sequence > after));
        }
        story.truncate(limit);
        Ok(story)
    }

    pub(super) fn due(&self, moment: &Moment, limit: usize) -> Read<Vec<PaymentId>> {
        let clocks = Clocks::of(moment);
        // Among clocks that differ, the longest overdue is not the first of the index.
        let order = if moment.own.is_empty() { "next_at" } else { &clocks.until_due };
        let mut values = clocks.values;
        values.push(Value::Integer(bounded(limit)));
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT id FROM payments WHERE next_at <= {} ORDER BY {order} LIMIT ?{}",
            clocks.now,
            values.len(),
        ))?;
        let due =
            statement.query_map(params_from_iter(values), |row| row.get(0).map(PaymentId::from_bytes))?;
        Ok(due.collect::<Result<_, _>>()?)
    }

    pub(super) fn next_due(&self, moment: &Moment) -> Read<Option<Duration>> {
        // The least difference is that of the least time, unless clocks differ.
        let Clocks { now: _, until_due, values } = Clocks::of(moment);
        let until_due =
            if moment.own.is_empty() { "min(next_at) - ?1".to_owned() } else { format!("min({until_due})") };
        let until: Option<i64> = self
            .connection
            .prepare_cached(&format!("SELECT {until_due} FROM payments WHERE next_at IS NOT NULL"))?
            .query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(until.map(|until| Duration::from_nanos(u64::try_from(until).unwrap_or(0))))
    }

    pub(super) fn next_due_of(&self, merchant: &MerchantName) -> Read<Option<jiff::Timestamp>> {
        let next: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT next_at FROM payments WHERE next_at IS NOT NULL AND merchant = ?1 \
                 ORDER BY next_at LIMIT 1",
            )?
            .query_row([&merchant.0], |row| row.get(0))
            .optional()?;
        Ok(next.map(rows::timestamp).transpose()?)
    }

    pub(super) fn unfinished(&self, after: Option<PaymentId>, limit: usize) -> Read<Vec<Payment>> {
        let statement =
            "SELECT id, record FROM payments WHERE unfinished = 1 AND id > ?1 ORDER BY id LIMIT ?2";
        // Every id is longer than nothing, and so greater.
        let after = after.map_or(Vec::new(), |id| id.to_bytes().to_vec());
        let values = vec![Value::Blob(after), Value::Integer(bounded(limit))];
        self.list((statement.to_owned(), values), |id, sealed, _| rows::payment(id, sealed, &self.keys))
    }
}

pub(super) fn bounded(limit: usize) -> i64 {
    // The bound is a thousand, so this cannot fail.
    i64::try_from(limit.min(ROWS_MAX)).unwrap_or(0)
}

/// A moment in SQL: the time of a row's merchant, and how far off its follow-up is then.
struct Clocks {
    now: String,
    until_due: String,
    /// Everybody's time first, then merchants and theirs.
    values: Vec<Value>,
}

impl Clocks {
    fn of(Moment { now, own }: &Moment) -> Self {
        let mut values = vec![Value::Integer(rows::nanoseconds(*now))];
        let mut cases = String::new();
        for (merchant, time) in own {
            values.push(Value::Text(merchant.0.clone()));
            values.push(Value::Integer(rows::nanoseconds(*time)));
            cases.push_str(&format!(" WHEN ?{} THEN ?{}", values.len() - 1, values.len()));
        }
        let now = if own.is_empty() { "?1".to_owned() } else { format!("CASE merchant{cases} ELSE ?1 END") };
        Self { until_due: format!("next_at - {now}"), now, values }
    }
}

/// A list, put together from the filters that are set.
pub(super) struct Query {
    text: String,
    values: Vec<Value>,
}

impl Query {
    pub(super) fn new(columns: &str, table: &str, index: &str) -> Self {
        Self {
            text: format!("SELECT {columns} FROM {table} INDEXED BY {index} WHERE TRUE"),
            values: Vec::new(),
        }
    }

    pub(super) fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.values.push(value.into());
    }

    pub(super) fn plainly(&mut self, condition: &str) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
    }

    pub(super) fn and_if(&mut self, condition: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.and(condition, value);
        }
    }

    pub(super) fn among(&mut self, column: &str, values: Vec<Value>) {
        let places = vec!["?"; values.len()].join(", ");
        self.text.push_str(&format!(" AND {column} IN ({places})"));
        self.values.extend(values);
    }

    pub(super) fn newest_first(self, limit: usize) -> (String, Vec<Value>) {
        self.newest_first_by("id", limit)
    }

    pub(super) fn newest_first_by(mut self, column: &str, limit: usize) -> (String, Vec<Value>) {
        self.text.push_str(&format!(" ORDER BY {column} DESC LIMIT ?"));
        self.values.push(Value::Integer(bounded(limit)));
        (self.text, self.values)
    }
}
