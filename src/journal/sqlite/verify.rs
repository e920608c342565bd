//! Whether a store is as it was written: every seal, every chain, every place in the log.
//!
//! It only reads, in one view of the database, so that the store may be in use meanwhile.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::rows;
use super::schema::{self, OpenError};
use crate::domain::event::Event;
use crate::domain::ids::{EventId, NoticeId, PaymentId, ScheduleId, SessionId, TokenId};
use crate::domain::notice::Notice;
use crate::domain::payment::Payment;
use crate::domain::schedule::Schedule;
use crate::journal::history::Chain;
use crate::journal::records::{self, Stored};
use crate::journal::seal::{Keys, Table};

/// Records that are read at once.
const BATCH: i64 = 1_000;

/// What was looked at, and found to be as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Payments, each with its story.
    pub payments: u64,
    /// Entries of their stories.
    pub entries: u64,
    /// Entries of before the chain was introduced, which nothing but their order vouches for.
    pub unchained: u64,
    /// Events.
    pub events: u64,
    /// Sessions, tokens, schedules and notices.
    pub others: u64,
}

/// Why a store is not as it was written, or cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// SQLite does not answer.
    #[error("the store cannot be read")]
    Database(#[from] rusqlite::Error),
    /// The first place where it is not what was written.
    #[error("{place}: {why}")]
    Broken {
        /// Which record, such as `pay_…, entry 3`.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

fn broken<T>(place: impl ToString, why: impl ToString) -> Result<T, VerifyError> {
    Err(VerifyError::Broken { place: place.to_string(), why: why.to_string() })
}

/// Looks at everything in a store, and stops at the first break.
///
/// # Errors
/// [`VerifyError::Broken`] names it.
pub fn verify(directory: &Path, keys: &Keys) -> Result<Verified, VerifyError> {
    let versions = schema::versions(directory)?;
    if versions.found != versions.known {
        let why = format!("has schema {}; migrate a copy to {} first", versions.found, versions.known);
        return broken("the store", why);
    }
    let connection = schema::open_reader(directory)?;
    let view = connection.unchecked_transaction()?;
    let verdict: String = view.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return broken("the database", verdict.lines().next().unwrap_or("is damaged"));
    }
    let mut done = Verified::default();
    payments(&view, keys, &mut done)?;
    orphans(&view)?;
    events(&view, keys, &mut done)?;
    others(&view, keys, &mut done)?;
    Ok(done)
}

type Id = [u8; 16];

/// Every record of a table opens and is its own.
fn each<T: Stored>(
    connection: &Connection,
    keys: &Keys,
    (table, name): (Table, &str),
    shown: impl Fn(Id) -> String,
    mut look: impl FnMut(i64, Id, T) -> Result<(), VerifyError>,
) -> Result<(), VerifyError> {
    let mut after = i64::MIN;
    loop {
        let batch: Vec<(i64, Id, Vec<u8>)> = connection
            .prepare_cached(&format!(
                "SELECT rowid, id, record FROM {name} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"
            ))?
            .query_map((after, BATCH), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let Some((last, ..)) = batch.last() else { return Ok(()) };
        after = *last;
        for (number, id, sealed) in batch {
            let Ok(plain) = keys.open(table, id, &sealed) else {
                return broken(shown(id), "the record does not open with the store's keys: it was changed");
            };
            match records::decode(&plain) {
                Ok(record) => look(number, id, record)?,
                Err(records::Malformed) => return broken(shown(id), "the record does not read"),
            }
        }
    }
}

fn payments(connection: &Connection, keys: &Keys, done: &mut Verified) -> Result<(), VerifyError> {
    let shown = |id| PaymentId::from_bytes(id).to_string();
    each(connection, keys, (Table::Payments, "payments"), shown, |number, id, payment: Payment| {
        if payment.id.to_bytes() != id {
            return broken(shown(id), "the record is another payment's");
        }
        columns(connection, number, &payment)?;
        story(connection, &payment, done)?;
        done.payments += 1;
        Ok(())
    })
}

/// What payments are found by is what their records say.
fn columns(connection: &Connection, number: i64, payment: &Payment) -> Result<(), VerifyError> {
    let (merchant, account, state, version, next_at): (String, String, String, i64, Option<i64>) = connection
        .prepare_cached("SELECT merchant, account, state, version, next_at FROM payments WHERE number = ?1")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let expected = payment.follow_up.map(|follow_up| rows::nanoseconds(follow_up.next_at));
    let differs = [
        ("merchant", merchant != payment.merchant.0),
        ("account", account != payment.account.0),
        ("state", state != payment.state.word()),
        ("version", version != rows::number(payment.version)),
        ("next_at", next_at != expected),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((name, _)) => broken(payment.id, format!("its {name} is not what its record says")),
        None => Ok(()),
    }
}

fn story(connection: &Connection, payment: &Payment, done: &mut Verified) -> Result<(), VerifyError> {
    let mut statement = connection
        .prepare_cached("SELECT version, notes, hash FROM history WHERE payment = ?1 ORDER BY version")?;
    let mut entries = statement.query([payment.id.to_bytes()])?;
    let mut chain = Chain::of(payment.id);
    while let Some(entry) = entries.next()? {
        let (version, notes): (i64, String) = (entry.get(0)?, entry.get(1)?);
        let hash: Option<[u8; 32]> = entry.get(2)?;
        let place = || format!("{}, entry {version}", payment.id);
        if records::decode_notes(&notes, 0).is_err() {
            return broken(place(), "the entry does not read");
        }
        if let Err(why) = chain.follow(u64::try_from(version).unwrap_or(0), &notes, hash) {
            return broken(place(), why);
        }
        done.entries += 1;
        done.unchained += u64::from(hash.is_none());
    }
    match chain.end(payment.history_hash) {
        Ok(()) => Ok(()),
        Err(why) => broken(payment.id, why),
    }
}

/// No story without its payment.
fn orphans(connection: &Connection) -> Result<(), VerifyError> {
    let orphan: Option<Id> = connection
        .query_row(
            "SELECT payment FROM history WHERE NOT EXISTS \
             (SELECT 1 FROM payments WHERE id = history.payment) LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    match orphan {
        Some(id) => broken(PaymentId::from_bytes(id), "the payment is missing, and its story is there"),
        None => Ok(()),
    }
}

/// The log has no gaps, and ends where it was left.
fn events(connection: &Connection, keys: &Keys, done: &mut Verified) -> Result<(), VerifyError> {
    let shown = |id| EventId::from_bytes(id).to_string();
    let mut last = 0;
    each(connection, keys, (Table::Events, "events"), shown, |sequence, id, event: Event| {
        if event.id.to_bytes() != id {
            return broken(shown(id), "the record is another event's");
        }
        if sequence != last + 1 {
            return broken(format!("event {}", last + 1), "it is missing from the log");
        }
        if let Some(payment) = event.about.payment_id()
            && !exists(connection, payment)?
        {
            return broken(payment, format!("the payment is missing, and {} tells of it", event.id));
        }
        last = sequence;
        done.events += 1;
        Ok(())
    })?;
    let given: Option<i64> = connection
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'events'", [], |row| row.get(0))
        .optional()?;
    match given.unwrap_or(0) {
        given if given == last => Ok(()),
        _ => broken(format!("event {}", last + 1), "it is missing from the end of the log"),
    }
}

fn exists(connection: &Connection, payment: PaymentId) -> rusqlite::Result<bool> {
    let found = connection
        .prepare_cached("SELECT 1 FROM payments WHERE id = ?1")?
        .query_row([payment.to_bytes()], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

fn others(connection: &Connection, keys: &Keys, done: &mut Verified) -> Result<(), VerifyError> {
    let mut count = 0;
    let mut own = |place: String, is_own: bool| {
        count += 1;
        if is_own { Ok(()) } else { broken(place, "the record is another's") }
    };
    let shown = |id| SessionId::from_bytes(id).to_string();
    each(
        connection,
        keys,
        (Table::Sessions, "sessions"),
        shown,
        |_, id, session: crate::domain::session::Session| own(shown(id), session.id.to_bytes() == id),
    )?;
    let shown = |id| TokenId::from_bytes(id).to_string();
    each(connection, keys, (Table::Tokens, "tokens"), shown, |_, id, token: crate::domain::card::Token| {
        own(shown(id), token.id.to_bytes() == id)
    })?;
    let shown = |id| ScheduleId::from_bytes(id).to_string();
    each(connection, keys, (Table::Schedules, "schedules"), shown, |_, id, schedule: Schedule| {
        own(shown(id), schedule.id.to_bytes() == id)
    })?;
    let shown = |id| NoticeId::from_bytes(id).to_string();
    each(connection, keys, (Table::Notices, "notices"), shown, |_, id, notice: Notice| {
        own(shown(id), notice.id.to_bytes() == id)
    })?;
    done.others = count;
    Ok(())
}
