//! Opening the file: the lock, the checks, and the steps from older schemas to this one.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::rand;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::rows;
use crate::domain::secret::Secret;
use crate::journal::seal::{Keys, Table, sealed_with};

/// The database's name in its directory. SQLite puts two more files beside it.
pub const FILE: &str = "turnpike.sqlite";
/// The lock's name. It is never deleted: what counts is who holds it.
pub const LOCK: &str = "turnpike.lock";

/// "Turn" in ASCII: tells our databases from anybody else's.
const APPLICATION_ID: i32 = 0x5475_726e;
/// Each step leads to the schema version that is its place in this list, counted from one. Steps
/// that were ever released do not change.
const STEPS: &[&str] = &[
    include_str!("../migrations/0001_journal.sql"),
    include_str!("../migrations/0002_secrets.sql"),
    include_str!("../migrations/0003_token_use.sql"),
    include_str!("../migrations/0004_payment_customer.sql"),
    include_str!("../migrations/0005_schedules.sql"),
    include_str!("../migrations/0006_events_and_notices.sql"),
    include_str!("../migrations/0007_deliveries.sql"),
];
/// How long one connection waits for another: checkpoints hold a lock for moments.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Payments whose customer is filled in within one transaction.
const BACKFILL_BATCH: i64 = 1_000;
/// What a key's proof says once it is opened.
const PROOF: &[u8] = b"turnpike";
/// The name of the key of fingerprints among the secrets, and its place.
const FINGERPRINTS: (&str, [u8; 16]) = ("fingerprints", [1; 16]);
/// Length of a new key of fingerprints, in bytes.
const FINGERPRINT_KEY_LEN: usize = 32;

/// How thoroughly the file is looked at when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Check {
    /// The structure of every page; about a second for each gigabyte.
    #[default]
    Quick,
    /// That, and that every index agrees with its table; several times slower.
    Full,
    /// Nothing. For stores that are checked by other means.
    Off,
}

/// Why the store does not open. Nothing was changed, except that a schema step before the one that
/// failed stays made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the store in {directory} is in use by {holder}; only one process may have it open")]
    InUse {
        /// Where.
        directory: PathBuf,
        /// `process 123`, or what little is known.
        holder: String,
    },
    /// The directory or a file in it cannot be used.
    #[error("{path} cannot be used")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is a file, and it is something else.
    #[error("{0} is not a store of Turnpike; move it away or configure another directory")]
    NotOurs(PathBuf),
    /// A later version of Turnpike wrote it.
    #[error(
        "the store has schema {found} and this version of turnpike knows {known} at most; run the \
         version that wrote it, or a later one"
    )]
    Newer {
        /// The file's.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// It is damaged. It is never repaired silently: that could lose an outcome.
    #[error(
        "the store is damaged ({0}); keep the files as they are, restore the latest backup into an \
         empty directory, and reconcile the payments made since with the providers"
    )]
    Corrupt(String),
    /// A key has the number of another key.
    #[error("key {0} is not the key of that number with which this store was sealed")]
    WrongKey(u32),
    /// Records may be sealed with a key that is not configured.
    #[error(
        "this store has records sealed with key {0}, which is not configured; list it among the \
         previous keys until everything is resealed"
    )]
    MissingKey(u32),
    /// SQLite refuses for another reason.
    #[error("the store cannot be opened")]
    Database(#[source] rusqlite::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoEntropy,
    /// The system gives no thread.
    #[error("a thread of the store cannot be started")]
    Thread(#[source] io::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt(error.to_string()),
            _ => Self::Database(error),
        }
    }
}

/// The schema's version in a file, and the one that this program makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The file's; 0 when there is none yet.
    pub found: u32,
    /// Ours.
    pub known: u32,
}

/// Tells the schema's version without changing anything; another process may have the store open.
///
/// # Errors
/// [`OpenError`] when the file is not ours or does not read.
pub fn versions(directory: &Path) -> Result<Versions, OpenError> {
    let path = directory.join(FILE);
    let known = known();
    if !path.exists() {
        return Ok(Versions { found: 0, known });
    }
    let connection = Connection::open_with_flags(
        &path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(Versions { found: found(&connection, &path)?, known })
}

/// Brings a store to this version's schema, making it when there is none. Repeating it does nothing.
///
/// # Errors
/// [`OpenError`]; steps that were made before the one that failed stay made.
pub fn migrate(directory: &Path) -> Result<Versions, OpenError> {
    let _lock = lock(directory)?;
    let mut connection = connect(directory, None)?;
    let found = found(&connection, &directory.join(FILE))?;
    climb(&mut connection, found, STEPS)?;
    Ok(Versions { found, known: known() })
}

/// Opens the file for writing: checked, at this version's schema, with the keys that it needs. Tells
/// the key of fingerprints as well.
pub(super) fn open(
    directory: &Path,
    check: Check,
    max_pages: Option<u32>,
    keys: &Keys,
    inherited: Option<Secret<Vec<u8>>>,
) -> Result<(Connection, Secret<Vec<u8>>), OpenError> {
    let mut connection = connect(directory, max_pages)?;
    let version = found(&connection, &directory.join(FILE))?;
    examine(&connection, check)?;
    climb(&mut connection, version, STEPS)?;
    let opening = connection.transaction()?;
    let used_before = prove(&opening, keys)?;
    let fingerprint_key = fingerprint_key(&opening, keys, inherited.filter(|_| used_before))?;
    opening.commit()?;
    fill_in_customers(&mut connection, keys)?;
    Ok((connection, fingerprint_key))
}

/// A connection that only reads.
pub(super) fn open_reader(directory: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(
        directory.join(FILE),
        // Not "read only": such a connection could not rebuild the index of the log after a crash.
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The database as a file, for syncing. To be closed after every connection.
pub(super) fn database(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join(FILE);
    File::open(&path).map_err(|source| OpenError::File { path, source })
}

/// A connection that only makes checkpoints.
pub(super) fn open_checkpointer(directory: &Path) -> Result<Connection, OpenError> {
    connect(directory, None)
}

/// Takes the store for this process. The file is held until it is dropped; the system lets it go
/// when the process dies, however it dies.
pub(super) fn lock(directory: &Path) -> Result<File, OpenError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::File { path, source }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
    let path = directory.join(LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Whoever holds it may not have written its number yet; then there is none to tell.
            let _ = file.take(20).read_to_string(&mut text);
            let holder = match text.trim().parse::<u32>() {
                Ok(process) => format!("process {process}"),
                Err(_) => "another process".to_owned(),
            };
            return Err(OpenError::InUse { directory: directory.to_owned(), holder });
        }
        Err(TryLockError::Error(error)) => return Err(failed(&path)(error)),
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed(&path))?;
    Ok(file)
}

fn connect(directory: &Path, max_pages: Option<u32>) -> Result<Connection, OpenError> {
    let path = directory.join(FILE);
    create(directory, &path).map_err(|source| OpenError::File { path: path.clone(), source })?;
    let connection = Connection::open_with_flags(
        &path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The first look at the file: it says here if it is not a database at all.
    found(&connection, &path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // Every commit reaches the disk before it is acknowledged.
    connection.pragma_update(None, "synchronous", "full")?;
    // Checkpoints are made by a thread of their own and not within somebody's commit.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "foreign_keys", false)?;
    // 16 MiB of pages: the upper levels of every index and what was written last.
    connection.pragma_update(None, "cache_size", -16_384)?;
    if let Some(pages) = max_pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(connection)
}

/// Makes an empty file that only its owner may read; SQLite would make one for everybody.
fn create(directory: &Path, path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        // The name has to reach the disk as well.
        Ok(_) => File::open(directory)?.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn known() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// The schema's version in the file; 0 for an empty one.
fn found(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let application = match number("application_id") {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            return Err(OpenError::NotOurs(path.to_owned()));
        }
        other => other?,
    };
    if application == i64::from(APPLICATION_ID) {
        return Ok(u32::try_from(number("user_version")?).unwrap_or(u32::MAX));
    }
    let empty =
        connection.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(())).optional()?.is_none();
    if application == 0 && empty { Ok(0) } else { Err(OpenError::NotOurs(path.to_owned())) }
}

/// Makes the steps from a version to the last one, each in a transaction with its number.
fn climb(connection: &mut Connection, from: u32, steps: &[&str]) -> Result<(), OpenError> {
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if from > known {
        return Err(OpenError::Newer { found: from, known });
    }
    for (version, step) in (1..).zip(steps).skip(from as usize) {
        let step_up = connection.transaction()?;
        step_up.execute_batch(step)?;
        step_up.pragma_update(None, "application_id", APPLICATION_ID)?;
        step_up.pragma_update(None, "user_version", version)?;
        step_up.commit()?;
    }
    Ok(())
}

fn examine(connection: &Connection, check: Check) -> Result<(), OpenError> {
    let pragma = match check {
        Check::Quick => "PRAGMA quick_check(1)",
        Check::Full => "PRAGMA integrity_check(1)",
        Check::Off => return Ok(()),
    };
    let verdict: String = connection.query_row(pragma, [], |row| row.get(0))?;
    // The verdict names pages and tables and is of no use beyond its first line.
    match verdict.lines().next() {
        Some("ok") => Ok(()),
        first => Err(OpenError::Corrupt(first.unwrap_or("no verdict").to_owned())),
    }
}

/// Refuses keys that are not those of the store: a wrong one would seal new records so that the
/// right one never opens them, and a missing one would leave holes that show up one by one. Says
/// whether the store was in use before.
fn prove(opening: &Connection, keys: &Keys) -> Result<bool, OpenError> {
    let proofs: Vec<(u32, Vec<u8>)> = opening
        .prepare("SELECT number, proof FROM keys")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (number, proof) in &proofs {
        if !keys.numbers().any(|configured| configured == *number) {
            return Err(OpenError::MissingKey(*number));
        }
        match keys.open(Table::Keys, place(*number), proof) {
            Ok(text) if text.as_slice() == PROOF => {}
            _ => return Err(OpenError::WrongKey(*number)),
        }
    }
    let current = keys.current();
    if !proofs.iter().any(|(number, _)| *number == current) {
        let proof = keys
            .seal(Table::Keys, place(current), |out| out.extend_from_slice(PROOF))
            .map_err(|_| OpenError::NoEntropy)?;
        opening.execute("INSERT INTO keys (number, proof) VALUES (?1, ?2)", (current, proof))?;
    }
    Ok(!proofs.is_empty())
}

/// The key of fingerprints: made once, and from then on the same whatever becomes of the keys that
/// it is sealed with. A store from before it was kept goes on with the one that it `inherited`.
fn fingerprint_key(
    opening: &Connection,
    keys: &Keys,
    inherited: Option<Secret<Vec<u8>>>,
) -> Result<Secret<Vec<u8>>, OpenError> {
    let (name, place) = FINGERPRINTS;
    let stored: Option<Vec<u8>> = opening
        .query_row("SELECT record FROM secrets WHERE name = ?1", [name], |row| row.get(0))
        .optional()?;
    let key = match &stored {
        Some(sealed) => {
            let number = sealed_with(sealed).unwrap_or_default();
            let plain = keys.open(Table::Secrets, place, sealed).map_err(|_| {
                match keys.numbers().any(|configured| configured == number) {
                    true => OpenError::WrongKey(number),
                    false => OpenError::MissingKey(number),
                }
            })?;
            Secret::new(plain.to_vec())
        }
        None => match inherited {
            Some(key) => key,
            None => {
                let mut bytes = vec![0; FINGERPRINT_KEY_LEN];
                rand::fill(&mut bytes).map_err(|_| OpenError::NoEntropy)?;
                Secret::new(bytes)
            }
        },
    };
    // Sealed anew as soon as there is a new current key, so that the old one can go.
    if stored.as_deref().and_then(sealed_with) != Some(keys.current()) {
        let sealed = keys
            .seal(Table::Secrets, place, |out| out.extend_from_slice(key.expose()))
            .map_err(|_| OpenError::NoEntropy)?;
        opening.execute("INSERT OR REPLACE INTO secrets (name, record) VALUES (?1, ?2)", (name, sealed))?;
    }
    Ok(key)
}

/// Finishes the step that made payments findable by customer: what older ones have is sealed, and
/// only here are the keys. Goes on where an earlier process stopped.
fn fill_in_customers(connection: &mut Connection, keys: &Keys) -> Result<(), OpenError> {
    loop {
        let filling = connection.transaction()?;
        let until: Option<i64> = filling
            .query_row("SELECT until FROM backfills WHERE name = 'payments.customer'", [], |row| row.get(0))
            .optional()?;
        let Some(until) = until else { return Ok(()) };
        let rows: Vec<(i64, [u8; 16], Vec<u8>)> = filling
            .prepare(
                "SELECT number, id, record FROM payments WHERE number <= ?1 ORDER BY number DESC LIMIT ?2",
            )?
            .query_map((until, BACKFILL_BATCH), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        for (number, id, sealed) in &rows {
            // A record that does not open is reported when it is read.
            let Ok(payment) = rows::payment(*id, sealed, keys) else { continue };
            filling
                .execute("UPDATE payments SET customer = ?2 WHERE number = ?1", (number, payment.customer))?;
        }
        match rows.last() {
            Some((last, ..)) => filling.execute("UPDATE backfills SET until = ?1", [last - 1])?,
            None => filling.execute("DELETE FROM backfills", [])?,
        };
        filling.commit()?;
    }
}

/// Where a key's proof belongs.
fn place(number: u32) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_made_in_order_and_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut connection = connect(directory.path(), None).expect("connects");
        let path = directory.path().join(FILE);
        let steps = ["CREATE TABLE first (a)", "ALTER TABLE first ADD COLUMN b"];
        climb(&mut connection, 0, &steps[..1]).expect("the first step");
        assert_eq!(found(&connection, &path).expect("a version"), 1);
        climb(&mut connection, 1, &steps).expect("the second step");
        assert_eq!(found(&connection, &path).expect("a version"), 2);
        climb(&mut connection, 2, &steps).expect("nothing to do");
        connection.execute("INSERT INTO first (a, b) VALUES (1, 2)", []).expect("both columns");
        assert!(matches!(
            climb(&mut connection, 2, &steps[..1]),
            Err(OpenError::Newer { found: 2, known: 1 })
        ));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut connection = connect(directory.path(), None).expect("connects");
        let broken = ["CREATE TABLE first (a); CREATE TABLE first (a)"];
        climb(&mut connection, 0, &broken).expect_err("fails");
        climb(&mut connection, 0, &["CREATE TABLE first (a)"]).expect("nothing was in the way");
    }
}
