//! A process that writes is killed, again and again. What it had said was durable must be there.
//!
//! The test runs itself as the process that is killed: started anew with [`STORE`] set, the one
//! test below writes until it dies instead of watching.

#[path = "journal/samples.rs"]
#[allow(dead_code, reason = "the other test uses the rest")]
mod samples;

#[path = "journal/recurring.rs"]
#[allow(dead_code, reason = "the other test uses the rest")]
mod recurring;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use recurring::{event, schedule, schedule_id};
use samples::*;
use turnpike::domain::event::EventKind;
use turnpike::domain::ids::ScheduleId;
use turnpike::domain::occurrence::OccurrenceStatus;
use turnpike::domain::payment::{Payment, PaymentState};
use turnpike::journal::seam::{Entry, HistoryKind, Journal, Subject};
use turnpike::journal::sqlite::{self, Checkpoints, Config, SqliteJournal};

/// The store in which the started process writes.
const STORE: &str = "TURNPIKE_TEST_STORE";
/// The number of the first payment that it records.
const FIRST: &str = "TURNPIKE_TEST_FIRST";
/// Payments that are written at once.
const WRITERS: u32 = 16;
/// Numbers that one life of the process may use.
const PER_LIFE: u32 = 100_000;

#[test]
fn what_was_acknowledged_survives_kill_nine() {
    if let Ok(directory) = env::var(STORE) {
        let first = env::var(FIRST).expect("set together").parse().expect("a number");
        write_until_killed(Path::new(&directory), first);
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let mut acknowledged: BTreeMap<u32, u64> = BTreeMap::new();
    for life in 0..6 {
        let heard = one_life(directory.path(), life);
        assert!(!heard.is_empty(), "nothing was written in life {life}");
        acknowledged.extend(heard);
        verify(directory.path(), &acknowledged);
    }
}

/// Starts a writer, kills it after a while, and returns what it had acknowledged by then: the
/// number of a payment and the version that was written last.
fn one_life(directory: &Path, life: u32) -> BTreeMap<u32, u64> {
    let mut child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "what_was_acknowledged_survives_kill_nine", "--nocapture"])
        .env(STORE, directory)
        .env(FIRST, (life * PER_LIFE).to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let reading = std::thread::spawn(move || {
        let mut heard = BTreeMap::new();
        // The last line may be cut off by the kill; it was not acknowledged then.
        for line in lines.map_while(Result::ok) {
            if let Some((number, version)) = line.strip_suffix(" durable").and_then(|it| it.split_once(' '))
                && let (Ok(number), Ok(version)) = (number.parse(), version.parse())
            {
                heard.insert(number, version);
            }
        }
        heard
    });
    // Different lengths, so that it dies in different places; the first is for opening.
    std::thread::sleep(Duration::from_millis(250 + u64::from(life) * 37));
    child.kill().expect("kill -9");
    child.wait().expect("dead");
    reading.join().expect("no panic")
}

fn write_until_killed(directory: &Path, first: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        // Checkpoints all the time, so that it dies during them as well.
        let checkpoints = Checkpoints { pages: 64, pages_max: 256, idle: Duration::from_millis(20) };
        let config = Config { checkpoints, ..Config::new(directory, keys()) };
        let journal = Arc::new(sqlite::open(config).expect("opens"));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let journal = journal.clone();
                tokio::spawn(async move {
                    for n in (first + writer..first + PER_LIFE).step_by(WRITERS as usize) {
                        write_one(&journal, n).await;
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.expect("no panic");
        }
    });
}

/// A payment's two commits, each said aloud once it is durable. It is the charge of an occurrence,
/// which is taken with the first and ends with the second.
async fn write_one(journal: &SqliteJournal, n: u32) {
    let mut payment = Payment { state: PaymentState::Submitted, ..payment(n) };
    let mut schedule = schedule(n, 0);
    let mut occurrences = schedule.tick(time(0));
    let entry = Entry {
        schedules: vec![schedule],
        occurrences: occurrences.clone(),
        claim: Some(claim(&format!("request-{n}"), Subject::Payment(payment.id))),
        payment: Some(Box::new(payment.clone())),
        history: vec![note(HistoryKind::Permitted)],
        ..Entry::default()
    };
    journal.permit(entry, None).await.expect("permitted");
    say(n, 1);
    payment.version = 1;
    payment.state = PaymentState::Captured;
    occurrences[0].version = 1;
    occurrences[0].status = OccurrenceStatus::Paid;
    let entry = Entry {
        ended: vec![schedule_id(n)],
        occurrences,
        events: vec![event(n, EventKind::OccurrencePaid)],
        payment: Some(Box::new(payment)),
        tokens: vec![token(n)],
        history: vec![note(HistoryKind::Exchanged)],
        ..Entry::default()
    };
    journal.commit(entry).await.expect("written");
    say(n, 2);
}

fn say(n: u32, version: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{n} {version} durable").and_then(|()| out.flush()).expect("somebody listens");
}

/// Everything that was acknowledged is there and whole, and nothing is there by half.
fn verify(directory: &Path, acknowledged: &BTreeMap<u32, u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let config = Config { check: sqlite::Check::Full, ..Config::new(directory, keys()) };
        let journal = sqlite::open(config).expect("opens after every death");
        let told = told(&journal).await;
        for (n, version) in acknowledged {
            let payment = journal.payment(payment_id(*n)).await.expect("readable").expect("acknowledged");
            assert!(payment.version >= *version, "payment {n} went back");
            let done = payment.version == 2;
            assert_eq!(payment.state, if done { PaymentState::Captured } else { PaymentState::Submitted });
            let claim = journal.claim(&idempotency_key(&format!("request-{n}"))).await.expect("readable");
            assert_eq!(claim.map(|claim| claim.subject), Some(Subject::Payment(payment.id)));
            let story = journal.history(payment.id, 0, 10).await.expect("readable");
            assert_eq!(story.len() as u64, payment.version);
            let token = journal.token(token(*n).id).await.expect("readable");
            assert_eq!(token.is_some(), done, "written together");
            let schedule = journal.schedule(schedule_id(*n)).await.expect("readable").expect("acknowledged");
            assert_eq!((schedule.version, schedule.progress.open), (payment.version, u32::from(!done)));
            let occurrence = journal.occurrence(schedule.id, 1).await.expect("readable").expect("taken");
            assert_eq!(occurrence.version, payment.version);
            assert_eq!(told.contains(&schedule.id), done, "written together");
        }
        for left in journal.unfinished(None, 1_000).await.expect("readable") {
            assert_eq!((left.version, left.state), (1, PaymentState::Submitted));
        }
        journal.close().await;
    });
}

/// The schedules that the log of events tells of.
async fn told(journal: &SqliteJournal) -> BTreeSet<ScheduleId> {
    let (mut told, mut after) = (BTreeSet::new(), 0);
    loop {
        let events = journal.events(&merchant(), after, 1_000).await.expect("readable");
        let Some(last) = events.last() else { return told };
        after = last.sequence;
        told.extend(
            events.iter().filter_map(|logged| logged.event.about.recurring().map(|fact| fact.schedule)),
        );
    }
}
