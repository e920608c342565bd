//! The embedded store: one SQLite database, one process, nothing to install.
//!
//! Callers meet in a [`Lane`], which hands what they want to a thread in batches. One thread writes,
//! a batch being one transaction and one sync of the disk; one looks up single records; the others
//! read lists, so that no list holds up a payment. One more thread writes the log back. The threads
//! never wait for the runtime, so that the store can be closed from anywhere.

mod checkpoint;
mod deliveries;
mod events;
mod follow;
mod notices;
mod occurrences;
mod promises;
mod reader;
mod recurring;
mod rows;
mod schedules;
mod schema;
mod verify;
mod writer;

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use jiff::Timestamp;
use tokio::sync::{OnceCell, oneshot};
use tracing::Instrument as _;

pub use self::checkpoint::Checkpoints;
use self::checkpoint::{Checkpointer, Nudge};
use self::reader::{Errand, Reader};
use self::recurring::{Due, PUT_OFF};
use self::rows::Rows;
pub use self::schema::{Check, FILE, LOCK, OpenError, Versions, migrate, versions};
pub use self::verify::{Verified, VerifyError, verify};
pub use self::writer::Resealed;
use self::writer::{Answer, Shared, Writer};
use super::batch::{Lane, Limits, NoAnswer};
use super::seal::{Hashes, Keys};
use super::seam::{CommitError, Entry, Pending, ROWS_MAX, Unavailable};
use crate::domain::secret::Secret;

/// How a store is opened. [`Config::new`] has the defaults.
#[derive(Debug)]
pub struct Config {
    /// Where the files are. Made with access for its owner only when it does not exist.
    pub directory: PathBuf,
    /// The keys with which records are sealed.
    pub keys: Keys,
    /// The key of fingerprints of a store that was in use before the store kept it; a new store makes
    /// its own, and one that has it keeps it. `None`.
    pub inherited_fingerprint_key: Option<Secret<Vec<u8>>>,
    /// Entries that may wait to be written, and as many reads; more are refused as
    /// [`Unavailable::Full`]. 65,536.
    pub queue_max: usize,
    /// Entries in one transaction. 512.
    pub batch_max: usize,
    /// Bytes of records in one transaction; the entry that goes over is the last. 4 MiB.
    pub batch_bytes_max: usize,
    /// Threads that read, at least 2: one looks up single records, the others read lists. 2.
    pub readers: usize,
    /// When the log is written back.
    pub checkpoints: Checkpoints,
    /// How thoroughly the file is looked at first.
    pub check: Check,
    /// The most that the database may grow to, in pages of 4 KiB, as an operator's limit: writing
    /// fails then as if the disk were full. The log comes on top. `None` for no limit.
    pub max_pages: Option<u32>,
}

impl Config {
    /// A store in `directory`, with the defaults for everything else.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, keys: Keys) -> Self {
        Self {
            directory: directory.into(),
            keys,
            inherited_fingerprint_key: None,
            queue_max: 65_536,
            batch_max: 512,
            batch_bytes_max: 4 << 20,
            readers: 2,
            checkpoints: Checkpoints::default(),
            check: Check::default(),
            max_pages: None,
        }
    }
}

/// Opens a store, making or migrating it where needed. Blocks while the file is checked.
///
/// # Errors
/// [`OpenError`], each with what to do about it.
///
/// # Panics
/// Outside of a Tokio runtime: the store's tasks run on the current one and end with it.
pub fn open(config: Config) -> Result<SqliteJournal, OpenError> {
    let Config {
        directory,
        keys,
        inherited_fingerprint_key,
        queue_max,
        batch_max,
        batch_bytes_max,
        readers,
        checkpoints,
        check,
        max_pages,
    } = config;
    let lock = schema::lock(&directory)?;
    let (connection, fingerprint_key) =
        schema::open(&directory, check, max_pages, &keys, inherited_fingerprint_key)?;
    let keys = Arc::new(keys);
    let shared = Arc::new(Shared::default());
    let limits = Limits { queue_max, batch_max: batch_max.max(1), batch_bytes_max };
    // From here on a failure stops the threads that already run: dropping them does.
    let mut threads = Threads::default();

    let database = Arc::new(schema::database(&directory)?);
    let (checkpointer, nudge) = Checkpointer::new(
        schema::open_checkpointer(&directory)?,
        database.clone(),
        shared.clone(),
        checkpoints.idle,
    );
    threads.checkpointer = Some((nudge.clone(), spawn("journal-log", move || checkpointer.run())?));

    let writer = Writer::new(connection, keys.clone(), shared.clone(), checkpoints, nudge);
    let (jobs, waiting) = mpsc::channel();
    let thread = spawn("journal-write", move || writer.run(&waiting))?;
    threads.writer = Some((jobs.clone(), thread));
    let writes = Lane::start(limits, jobs.clone(), writer::Job::Write);

    let mut reads = Vec::new();
    for _ in 0..readers.max(2) {
        let reader = Reader::new(schema::open_reader(&directory)?, keys.clone());
        let (jobs, waiting) = mpsc::channel();
        let thread = spawn("journal-read", move || reader.run(&waiting))?;
        threads.readers.push((jobs.clone(), thread));
        reads.push(Lane::start(limits, jobs, reader::Job::Read));
    }
    Ok(SqliteJournal {
        keys,
        hashes: Hashes::new(&fingerprint_key),
        fingerprint_key,
        shared,
        writes,
        jobs,
        reads,
        next_list: AtomicUsize::new(0),
        closed: AtomicBool::new(false),
        closing: OnceCell::new(),
        threads: Mutex::new(threads),
        files: Mutex::new(Some(Files { _database: database, _lock: lock })),
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(OpenError::Thread)
}

/// An open store. Dropping it waits for the batch that is being written and gives the lock back;
/// [`Journal::close`](super::seam::Journal::close) does so in order and also writes the log back.
#[derive(Debug)]
pub struct SqliteJournal {
    keys: Arc<Keys>,
    fingerprint_key: Secret<Vec<u8>>,
    hashes: Hashes,
    shared: Arc<Shared>,
    writes: Lane<Rows, Result<(), CommitError>>,
    /// To the writer directly, for what is rare.
    jobs: mpsc::Sender<writer::Job>,
    /// The first looks up single records, the others read lists in turn.
    reads: Vec<Lane<Errand, ()>>,
    next_list: AtomicUsize,
    closed: AtomicBool,
    closing: OnceCell<()>,
    // The order matters when dropped: the files go when no connection is left.
    threads: Mutex<Threads>,
    files: Mutex<Option<Files>>,
}

/// Files that stay open as long as any connection. For the lock that is the point of it; for the
/// database it must be so, because closing one handle on a file gives up all locks that SQLite has
/// on it in this process (POSIX says so).
#[derive(Debug)]
struct Files {
    _database: Arc<File>,
    _lock: File,
}

impl SqliteJournal {
    /// The key of fingerprints: the same for as long as the store lives, whichever keys it is sealed
    /// with.
    #[must_use]
    pub fn fingerprint_key(&self) -> &Secret<Vec<u8>> {
        &self.fingerprint_key
    }

    /// Looks at up to `limit` more records, at most [`ROWS_MAX`], and seals those anew that are
    /// sealed with a previous key. To be called until it says that it has finished.
    ///
    /// # Errors
    /// [`Unavailable`]; calling again goes on where it stopped.
    pub async fn reseal(&self, limit: usize) -> Result<Resealed, Unavailable> {
        let limit = limit.clamp(1, ROWS_MAX);
        self.instruct(|answer| writer::Job::Reseal { limit, answer }).await
    }

    /// How often the disk has been synced since the store was opened: once for each batch, and twice
    /// whenever the log was written back, once for the log and once for the database.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        let Shared { commits, checkpoints, .. } = self.shared.as_ref();
        commits.load(Ordering::Relaxed) + 2 * checkpoints.load(Ordering::Relaxed)
    }

    /// Prepares an entry at once, so that the future need not carry it along.
    fn write(&self, entry: Entry) -> impl Future<Output = Result<(), CommitError>> + Send + '_ {
        let span = match entry.claim {
            Some(_) => tracing::info_span!("claim", outcome = tracing::field::Empty),
            None => tracing::info_span!("record", outcome = tracing::field::Empty),
        };
        let ended = span.clone();
        let rows = Rows::of(entry, &self.keys, &self.hashes);
        let written = async move {
            let written = match rows {
                Ok(rows) => {
                    let answer = self.writes.ask(rows).await;
                    answer.unwrap_or_else(|why| Err(self.unavailable(why).into()))
                }
                Err(_) => Err(Unavailable::Failing.into()),
            };
            ended.record("outcome", outcome(&written));
            written
        };
        written.instrument(span)
    }

    async fn instruct<T>(&self, job: impl FnOnce(Answer<T>) -> writer::Job) -> Result<T, Unavailable> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Unavailable::Closed);
        }
        let (answer, answered) = oneshot::channel();
        self.jobs.send(job(answer)).map_err(|_| self.unavailable(NoAnswer::Lost))?;
        answered.await.unwrap_or_else(|_| Err(self.unavailable(NoAnswer::Lost)))
    }

    /// Reads one record.
    fn look_up<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, Unavailable> + Send + 'static,
    ) -> Pending<'_, Result<T, Unavailable>> {
        self.read(&self.reads[0], read)
    }

    /// Reads many.
    fn list<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, Unavailable> + Send + 'static,
    ) -> Pending<'_, Result<T, Unavailable>> {
        let lists = self.reads.len() - 1;
        let turn = self.next_list.fetch_add(1, Ordering::Relaxed) % lists;
        self.read(&self.reads[1 + turn], read)
    }

    fn read<'a, T: Send + 'static>(
        &'a self,
        lane: &'a Lane<Errand, ()>,
        read: impl FnOnce(&Reader) -> Result<T, Unavailable> + Send + 'static,
    ) -> Pending<'a, Result<T, Unavailable>> {
        Box::pin(async move {
            let (answer, mut answered) = oneshot::channel();
            // Nobody may be waiting any more; then the answer is not needed.
            let errand: Errand = Box::new(move |reader| drop(answer.send(read(reader))));
            lane.ask(errand).await.map_err(|why| self.unavailable(why))?;
            // The errand has been run, so its answer is there.
            answered.try_recv().unwrap_or(Err(Unavailable::Failing))
        })
    }

    /// Reads what is due, and has put off what does not read back.
    fn due_batch<T: Send + 'static>(
        &self,
        now: Timestamp,
        read: impl FnOnce(&Reader) -> Result<Due<T>, Unavailable> + Send + 'static,
    ) -> Pending<'_, Result<Vec<T>, Unavailable>> {
        let reading = self.list(read);
        Box::pin(async move {
            let Due { found, damaged } = reading.await?;
            if !damaged.is_empty() {
                let until = rows::nanoseconds(now.checked_add(PUT_OFF).unwrap_or(Timestamp::MAX));
                // It has been reported. When it cannot be put off it is found again, and reported again.
                let _ = self.instruct(|answer| writer::Job::PutOff { damaged, until, answer }).await;
            }
            Ok(found)
        })
    }

    fn unavailable(&self, why: NoAnswer) -> Unavailable {
        match why {
            NoAnswer::Full => Unavailable::Full,
            _ if self.closed.load(Ordering::Acquire) => Unavailable::Closed,
            NoAnswer::Closed => Unavailable::Closed,
            NoAnswer::Lost => Unavailable::Failing,
        }
    }
}

impl SqliteJournal {
    async fn shut(&self) {
        self.writes.close().await;
        self.closed.store(true, Ordering::Release);
        for lane in &self.reads {
            lane.close().await;
        }
        // Everybody else leaves the database before the writer does: the last one to leave writes
        // the log back. These threads have nothing left to do, so they end at once.
        let (readers, checkpointer) = {
            let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
            (std::mem::take(&mut threads.readers), threads.checkpointer.take())
        };
        drop(Threads { readers, checkpointer, writer: None });
        let (answer, answered) = oneshot::channel();
        if self.jobs.send(writer::Job::Close { answer }).is_ok() {
            // An error means that the writer is gone already.
            let _ = answered.await;
        }
        self.files.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// How a write ended, for its span.
fn outcome(written: &Result<(), CommitError>) -> &'static str {
    match written {
        Ok(()) => "written",
        Err(CommitError::Conflict) => "conflict",
        Err(CommitError::Taken(_)) => "taken",
        Err(CommitError::Unavailable(_)) => "unavailable",
    }
}

/// The threads, and how each is told to stop.
#[derive(Default)]
struct Threads {
    readers: Vec<(mpsc::Sender<reader::Job>, JoinHandle<()>)>,
    checkpointer: Option<(Nudge, JoinHandle<()>)>,
    writer: Option<(mpsc::Sender<writer::Job>, JoinHandle<()>)>,
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Threads").field("readers", &self.readers.len()).finish_non_exhaustive()
    }
}

impl Drop for Threads {
    /// Stops them and waits; each ends after what it is just doing. One that panicked has said so.
    fn drop(&mut self) {
        for (jobs, thread) in self.readers.drain(..) {
            let _ = jobs.send(reader::Job::Stop);
            let _ = thread.join();
        }
        if let Some((nudge, thread)) = self.checkpointer.take() {
            nudge.stop();
            let _ = thread.join();
        }
        if let Some((jobs, thread)) = self.writer.take() {
            let _ = jobs.send(writer::Job::Stop);
            let _ = thread.join();
        }
    }
}
