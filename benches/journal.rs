//! What a durable charge costs, beside what the disk alone can do and what handing over alone costs.
//!
//! `cargo bench --bench journal`. Figures of one run belong together: compare the ratios, not the
//! figures of two runs. Nothing is asserted. `TURNPIKE_BENCH_DIR` names another disk, and a number
//! as argument (`-- 256`) leaves only so many charges at once, for a profiler. `-- burst 1000000` only
//! claims so many schedules that are all due, and takes a part of their occurrences through their lives.

#[path = "../tests/journal/samples.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod samples;

#[path = "../tests/journal/recurring.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod recurring;

use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use recurring::{event, schedule};
use samples::*;
use tokio::sync::oneshot;
use turnpike::domain::card::CardSummary;
use turnpike::domain::event::{About, EventKind};
use turnpike::domain::occurrence::{Occurrence, OccurrenceStatus, Try, TryEnd};
use turnpike::domain::payment::{Payment, PaymentState};
use turnpike::journal::batch::{Batch, Lane, Limits, Weigh};
use turnpike::journal::seam::{Entry, HistoryKind, Journal, Subject, Tick};
use turnpike::journal::sqlite::SqliteJournal;

const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;
const CONCURRENCY: [u32; 3] = [1, 64, 256];
/// Schedules that are all due at once, unless an argument says how many.
const BURST: u32 = 100_000;
/// Schedules in one entry.
const BATCH: u32 = 500;

fn main() {
    let above = std::env::var_os("TURNPIKE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let only: Option<u32> = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let burst = std::env::args().any(|argument| argument == "burst");
    println!("| what | in flight | per second | p50 µs | p99 µs | CPU µs each |");
    println!("|---|---|---|---|---|---|");
    for _ in 0..ROUNDS {
        let directory = tempfile::tempdir_in(&above).expect("a directory");
        let store = directory.path().join("store");
        if burst {
            runtime().block_on(schedules(&store, only.unwrap_or(BURST)));
            continue;
        }
        if let Some(concurrency) = only {
            runtime().block_on(charges(&store, concurrency));
            continue;
        }
        sync_alone(directory.path());
        for concurrency in CONCURRENCY {
            runtime().block_on(charges(&store, concurrency));
            runtime().block_on(handing_over_batches(concurrency));
            runtime().block_on(handing_over_singly(concurrency));
        }
        runtime().block_on(schedules(&store, BURST));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// 300 bytes appended and synced, one after the other.
fn sync_alone(directory: &Path) {
    let mut file = fs::File::create(directory.join("log")).expect("a file");
    let measured = Measured::start();
    while measured.goes_on() {
        measured.time(|| {
            file.write_all(&[0x55; 300]).expect("written");
            file.sync_data().expect("synced");
        });
    }
    measured.report("fdatasync of 300 appended bytes", 1);
}

/// Whole charges: claim and permit in one commit, the outcome in another, with a note each.
async fn charges(directory: &Path, concurrency: u32) {
    let journal = Rc::new(open(directory));
    let measured = Rc::new(Measured::start());
    let tasks = tokio::task::LocalSet::new();
    let next = Rc::new(RefCell::new(concurrency * 10_000_000));
    for _ in 0..concurrency {
        let (journal, measured, next) = (journal.clone(), measured.clone(), next.clone());
        tasks.spawn_local(async move {
            while measured.goes_on() {
                let n = next.replace_with(|n| *n + 1);
                let start = Instant::now();
                charge(&journal, n).await;
                measured.add(start.elapsed());
            }
        });
    }
    tasks.await;
    measured.report("durable charges (two commits)", concurrency);
    journal.close().await;
}

async fn charge(journal: &SqliteJournal, n: u32) {
    let mut payment = Payment {
        state: PaymentState::Submitted,
        token: Some(token(1).id),
        sent_at: Some(time(1)),
        request_id: request_id(n),
        ..payment(n)
    };
    let entry = Entry {
        claim: Some(claim(&payment.request_id, Subject::Payment(payment.id))),
        payment: Some(Box::new(payment.clone())),
        history: vec![note(HistoryKind::Permitted)],
        ..Entry::default()
    };
    journal.permit(entry, None).await.expect("permitted");
    payment.version = 1;
    payment.state = PaymentState::Captured;
    payment.captured_seen = 10_000;
    payment.trace.transaction = Some(format!("transaction-{n}"));
    payment.card = Some(CardSummary {
        brand: Some("visa".to_owned()),
        last_four: Some("1111".to_owned()),
        expiry_month: Some(12),
        expiry_year: Some(2030),
        ..CardSummary::default()
    });
    let entry = Entry {
        payment: Some(Box::new(payment)),
        history: vec![note(HistoryKind::Created), note(HistoryKind::Exchanged)],
        ..Entry::default()
    };
    journal.commit(entry).await.expect("written");
}

/// So many schedules are recorded, claimed, and some of their occurrences charged.
async fn schedules(directory: &Path, count: u32) {
    let journal = Rc::new(open(directory));
    let tasks = tokio::task::LocalSet::new();
    tasks
        .run_until(async {
            let measured = Measured::start();
            record(&journal, count).await;
            measured.report_count("recording schedules, 500 in an entry", BATCH, count);
            let measured = Measured::start();
            let claimed = claim_all(&journal, &measured).await;
            assert_eq!(claimed, count, "every schedule is claimed once");
            measured.report_count("claiming schedules that are due", BATCH, count);
        })
        .await;
    let measured = Rc::new(Measured::start());
    let due = journal.due_occurrences(&account(), time(0), 1_000).await.expect("readable");
    measured.report_count("reading occurrences that are due, 1,000 at once", 1, 1_000);
    let due = Rc::new(RefCell::new(due));
    let measured = Rc::new(Measured::start());
    let tasks = tokio::task::LocalSet::new();
    for n in 0..256 {
        let (journal, due, measured) = (journal.clone(), due.clone(), measured.clone());
        tasks.spawn_local(async move {
            for turn in 0.. {
                let Some(occurrence) = due.borrow_mut().pop() else { break };
                let start = Instant::now();
                occurrence_charged(&journal, occurrence, 100_000 + turn * 256 + n).await;
                measured.add(start.elapsed());
            }
        });
    }
    tasks.await;
    measured.report("scheduled charges (two commits)", 256);
    journal.close().await;
}

async fn record(journal: &Rc<SqliteJournal>, count: u32) {
    let mut writing = None;
    for first in (0..count).step_by(BATCH as usize) {
        let schedules = (first..count.min(first + BATCH)).map(|n| schedule(n, 0)).collect();
        let entry = Entry { schedules, ..Entry::default() };
        commit_next(journal, &mut writing, entry).await;
    }
    commit_next(journal, &mut writing, Entry::default()).await;
}

/// Reads the next batch while the last one is being written.
async fn claim_all(journal: &Rc<SqliteJournal>, measured: &Measured) -> u32 {
    let (mut claimed, mut writing, mut after) = (0, None, None);
    loop {
        let start = Instant::now();
        let due = journal.due_schedules(&account(), time(0), after, BATCH as usize).await.expect("readable");
        let Some(last) = due.last() else { break };
        after = last.next_at().map(|at| (at, last.id));
        claimed += u32::try_from(due.len()).expect("a batch");
        let mut entry = Entry::default();
        for mut schedule in due {
            entry.occurrences.extend(schedule.tick(time(0)));
            entry.ticks.push(Tick {
                schedule: schedule.id,
                version: schedule.version,
                progress: schedule.progress,
                next_at: schedule.next_at(),
            });
        }
        commit_next(journal, &mut writing, entry).await;
        measured.add(start.elapsed());
    }
    commit_next(journal, &mut writing, Entry::default()).await;
    claimed
}

/// Waits for the commit before, then lets this one go.
async fn commit_next(
    journal: &Rc<SqliteJournal>,
    writing: &mut Option<tokio::task::JoinHandle<()>>,
    entry: Entry,
) {
    if let Some(before) = writing.take() {
        before.await.expect("no panic");
    }
    let journal = journal.clone();
    *writing = Some(tokio::task::spawn_local(async move {
        journal.commit(entry).await.expect("written");
    }));
    // It is handed in before this returns.
    tokio::task::yield_now().await;
}

/// An occurrence's life after it was taken: the permit of its charge, and its end.
async fn occurrence_charged(journal: &SqliteJournal, mut occurrence: Occurrence, n: u32) {
    let mut payment = Payment {
        state: PaymentState::Submitted,
        occurrence: Some(occurrence.next_try()),
        token: Some(token(1).id),
        sent_at: Some(time(1)),
        request_id: occurrence.next_try().request_id(),
        ..payment(n)
    };
    occurrence.status = OccurrenceStatus::Charging;
    occurrence.tries.push(Try { payment: payment.id, at: time(1), end: None });
    let entry = Entry {
        claim: Some(claim(&payment.request_id, Subject::Payment(payment.id))),
        payment: Some(Box::new(payment.clone())),
        occurrences: vec![occurrence.clone()],
        history: vec![note(HistoryKind::Permitted)],
        ..Entry::default()
    };
    journal.permit(entry, None).await.expect("permitted");
    payment.version += 1;
    payment.state = PaymentState::Captured;
    payment.captured_seen = 10_000;
    occurrence.version += 1;
    occurrence.status = OccurrenceStatus::Paid;
    occurrence.next_at = None;
    if let Some(last) = occurrence.tries.last_mut() {
        last.end = Some(TryEnd::Paid);
    }
    let mut paid = event(n, EventKind::OccurrencePaid);
    if let About::Recurring(fact) = &mut paid.about {
        fact.occurrence = Some(occurrence.clone());
    }
    let entry = Entry {
        payment: Some(Box::new(payment)),
        ended: vec![occurrence.schedule],
        occurrences: vec![occurrence],
        events: vec![paid],
        history: vec![note(HistoryKind::Created), note(HistoryKind::Exchanged)],
        ..Entry::default()
    };
    journal.commit(entry).await.expect("written");
}

/// As random as callers' keys are: they must not fall beside each other in an index.
fn request_id(n: u32) -> String {
    let scattered = u64::from(n).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{scattered:016x}-{:016x}", scattered.rotate_left(17))
}

struct Nothing;

impl Weigh for Nothing {
    fn weight(&self) -> usize {
        0
    }
}

/// What the threads of the next two do instead of writing: about as long as a disk syncs.
const PRETENDED_SYNC: Duration = Duration::from_micros(200);

/// The lane alone: whole batches there, whole batches back.
async fn handing_over_batches(concurrency: u32) {
    let (sender, batches) = mpsc::channel::<Batch<Nothing, ()>>();
    let thread = std::thread::spawn(move || {
        for batch in batches {
            std::thread::sleep(PRETENDED_SYNC);
            let _ = batch.answers.send(batch.work.iter().map(|_| ()).collect());
        }
    });
    let limits = Limits { queue_max: 65_536, batch_max: 512, batch_bytes_max: 1 << 20 };
    let lane = Rc::new(Lane::start(limits, sender, |batch| batch));
    let measured = Rc::new(Measured::start());
    let tasks = tokio::task::LocalSet::new();
    for _ in 0..concurrency {
        let (lane, measured) = (lane.clone(), measured.clone());
        tasks.spawn_local(async move {
            while measured.goes_on() {
                let start = Instant::now();
                lane.ask(Nothing).await.expect("answered");
                measured.add(start.elapsed());
            }
        });
    }
    tasks.await;
    measured.report("handing over, in batches", concurrency);
    lane.close().await;
    drop(lane);
    thread.join().expect("no panic");
}

/// The same with a message and a wake for each piece; the thread still takes all that waits.
async fn handing_over_singly(concurrency: u32) {
    let (sender, pieces) = mpsc::channel::<oneshot::Sender<()>>();
    let thread = std::thread::spawn(move || {
        while let Ok(first) = pieces.recv() {
            let batch: Vec<_> = std::iter::once(first).chain(pieces.try_iter()).collect();
            std::thread::sleep(PRETENDED_SYNC);
            for piece in batch {
                let _ = piece.send(());
            }
        }
    });
    let measured = Rc::new(Measured::start());
    let tasks = tokio::task::LocalSet::new();
    for _ in 0..concurrency {
        let (sender, measured) = (sender.clone(), measured.clone());
        tasks.spawn_local(async move {
            while measured.goes_on() {
                let start = Instant::now();
                let (answer, answered) = oneshot::channel();
                sender.send(answer).expect("a thread");
                answered.await.expect("answered");
                measured.add(start.elapsed());
            }
        });
    }
    drop(sender);
    tasks.await;
    measured.report("handing over, one by one", concurrency);
    thread.join().expect("no panic");
}

struct Measured {
    start: Instant,
    cpu: Duration,
    times: RefCell<Vec<Duration>>,
}

impl Measured {
    fn start() -> Self {
        Self { start: Instant::now(), cpu: cpu(), times: RefCell::default() }
    }

    fn goes_on(&self) -> bool {
        self.start.elapsed() < ROUND
    }

    fn add(&self, time: Duration) {
        self.times.borrow_mut().push(time);
    }

    fn time(&self, work: impl FnOnce()) {
        let start = Instant::now();
        work();
        self.add(start.elapsed());
    }

    fn report(&self, what: &str, concurrency: u32) {
        let count = u32::try_from(self.times.borrow().len()).expect("few enough");
        self.report_count(what, concurrency, count);
    }

    /// The same for work that is timed in batches, of so many pieces in all.
    fn report_count(&self, what: &str, concurrency: u32, count: u32) {
        let (elapsed, cpu) = (self.start.elapsed(), cpu() - self.cpu);
        let count = f64::from(count);
        let mut times = self.times.borrow_mut();
        times.sort_unstable();
        let last = times.len().saturating_sub(1) as f64;
        let at = |share: f64| times.get((last * share) as usize).map_or(0, Duration::as_micros);
        println!(
            "| {what} | {concurrency} | {:.0} | {} | {} | {:.1} |",
            count / elapsed.as_secs_f64(),
            at(0.5),
            at(0.99),
            cpu.as_secs_f64() * 1e6 / count,
        );
    }
}

/// What all threads of this process have run for, as the scheduler counts.
fn cpu() -> Duration {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let run = |task: fs::DirEntry| -> Option<u64> {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_ascii_whitespace().next()?.parse().ok()
    };
    Duration::from_nanos(tasks.filter_map(Result::ok).filter_map(run).sum())
}
