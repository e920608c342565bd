//! What a durable charge costs, beside what the disk alone can do and what handing over alone costs.
//!
//! `cargo bench --bench journal`. Figures of one run belong together: compare the ratios, not the
//! figures of two runs. Nothing is asserted. `TURNPIKE_BENCH_DIR` names another disk, and a number
//! as argument (`-- 256`) leaves only so many charges at once, for a profiler.

#[path = "../tests/journal/samples.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod samples;

use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use samples::*;
use tokio::sync::oneshot;
use turnpike::domain::card::CardSummary;
use turnpike::domain::payment::{Payment, PaymentState};
use turnpike::journal::batch::{Batch, Lane, Limits, Weigh};
use turnpike::journal::seam::{Entry, HistoryKind, Journal, Subject};
use turnpike::journal::sqlite::SqliteJournal;

const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;
const CONCURRENCY: [u32; 3] = [1, 64, 256];

fn main() {
    let above = std::env::var_os("TURNPIKE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let only: Option<u32> = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    println!("| what | in flight | per second | p50 µs | p99 µs | CPU µs each |");
    println!("|---|---|---|---|---|---|");
    for _ in 0..ROUNDS {
        let directory = tempfile::tempdir_in(&above).expect("a directory");
        let store = directory.path().join("store");
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
        let (elapsed, cpu) = (self.start.elapsed(), cpu() - self.cpu);
        let mut times = self.times.borrow_mut();
        times.sort_unstable();
        let count = times.len();
        let at = |share: f64| times[((count - 1) as f64 * share) as usize].as_micros();
        println!(
            "| {what} | {concurrency} | {:.0} | {} | {} | {:.1} |",
            count as f64 / elapsed.as_secs_f64(),
            at(0.5),
            at(0.99),
            cpu.as_secs_f64() * 1e6 / count as f64,
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
