//! What the seam promises of recurring charges, asked of the store that keeps it, on a real disk.

#[path = "journal/samples.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod samples;

#[path = "journal/recurring.rs"]
mod recurring;

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use recurring::*;
use samples::*;
use turnpike::domain::event::{About, EventKind};
use turnpike::domain::ids::*;
use turnpike::domain::occurrence::{Occurrence, OccurrenceStatus, SkipReason};
use turnpike::domain::payment::PaymentState;
use turnpike::domain::schedule::{Progress, Schedule, ScheduleStatus};
use turnpike::journal::seal::Keys;
use turnpike::journal::seam::{
    CardDecline, CommitError, Entry, Journal, OccurrenceFilter, ScheduleFilter, Subject, Tick, Unavailable,
};
use turnpike::journal::sqlite::{self, Config, SqliteJournal};

/// Undoes the steps from the one that brought schedules on.
const BACK_TO_FOURTH_SCHEMA: &str = "DROP TABLE deliveries; DROP TABLE endpoints; \
    DROP INDEX payments_unsettled; DROP TABLE handles; DROP TABLE notices; ALTER TABLE history DROP COLUMN hash; \
    DROP TABLE schedules; DROP TABLE occurrences; DROP TABLE declines; DROP TABLE events; PRAGMA user_version = 4";

fn written(schedules: Vec<Schedule>) -> Entry {
    Entry { schedules, ..Entry::default() }
}

fn ended(n: u32) -> Entry {
    Entry { ended: vec![schedule_id(n)], ..Entry::default() }
}

/// What takes the occurrences of a schedule that are due.
fn taken(mut schedule: Schedule, now: i64) -> Entry {
    let occurrences = schedule.tick(time(now));
    let tick = Tick {
        schedule: schedule.id,
        version: schedule.version,
        progress: schedule.progress,
        next_at: schedule.next_at(),
    };
    Entry { ticks: vec![tick], occurrences, ..Entry::default() }
}

async fn read(journal: &SqliteJournal, n: u32) -> Schedule {
    journal.schedule(schedule_id(n)).await.expect("readable").expect("recorded")
}

async fn taken_one(journal: &SqliteJournal, n: u32, number: u32) -> Occurrence {
    journal.occurrence(schedule_id(n), number).await.expect("readable").expect("taken")
}

/// Which schedules are due, by the second at which they were recorded.
async fn due(journal: &SqliteJournal, now: i64, limit: usize) -> Vec<i64> {
    let due = journal.due_schedules(&account(), time(now), None, limit).await.expect("a batch");
    numbers(&due)
}

async fn declined(
    journal: &SqliteJournal,
    card: &str,
    since: Timestamp,
) -> Result<Vec<Timestamp>, Unavailable> {
    let read = journal.declines(vec![card.to_owned()], since).await;
    read.map(|mut lists| lists.remove(0))
}

fn numbers(schedules: &[Schedule]) -> Vec<i64> {
    schedules.iter().map(|schedule| schedule.created_at.as_second() - time(0).as_second()).collect()
}

/// Writes to the database behind the store's back, as a fault or an attacker would.
fn tamper(directory: &Path, statement: &str) {
    let connection = rusqlite::Connection::open(directory.join(sqlite::FILE)).expect("opens");
    connection.execute_batch(statement).expect("works");
}

// ── What is written is read ──────────────────────────────────────────────────────────────────

#[test]
fn every_schedule_occurrence_and_event_survives_the_disk() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let journal = {
        let _inside = runtime.enter();
        open(directory.path())
    };
    let mut runner = TestRunner::new(Cases { cases: 64, ..Cases::default() });
    let cases = any_schedule().prop_flat_map(|schedule| {
        let (id, merchant) = (schedule.id, schedule.merchant.clone());
        (Just(schedule), any_occurrence(id), any_event(merchant), occurrence_try())
    });
    let last = Cell::new(0);
    runner
        .run(&cases, |(schedule, occurrence, event, tried)| {
            let mut payment = payment(1);
            payment.id = PaymentId::from_bytes(schedule.id.to_bytes());
            payment.occurrence = Some(tried);
            let entry = Entry {
                payment: Some(Box::new(payment.clone())),
                schedules: vec![schedule.clone()],
                occurrences: vec![occurrence.clone()],
                events: vec![event.clone()],
                ..Entry::default()
            };
            runtime.block_on(async {
                prop_assert_eq!(journal.commit(entry).await, Ok(()));
                let read = journal.schedule(schedule.id).await;
                prop_assert_eq!(read, Ok(Some(Schedule { version: 1, ..schedule })));
                let read = journal.occurrence(occurrence.schedule, occurrence.number).await;
                prop_assert_eq!(read, Ok(Some(Occurrence { version: 1, ..occurrence })));
                let events = journal.events(&event.merchant, last.get(), 10).await.expect("events");
                prop_assert_eq!(events.len(), 1);
                prop_assert!(events[0].sequence > last.get());
                last.set(events[0].sequence);
                prop_assert_eq!(&events[0].event, &event);
                let read = journal.payment(payment.id).await.expect("readable").expect("recorded");
                prop_assert_eq!(read.occurrence, Some(tried));
                Ok(())
            })
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[tokio::test]
async fn what_was_never_written_is_not_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    assert_eq!(journal.schedule(schedule_id(1)).await, Ok(None));
    assert_eq!(journal.occurrence(schedule_id(1), 1).await, Ok(None));
    let filter = OccurrenceFilter { schedule: schedule_id(1), open: false, before: None, limit: 10 };
    assert_eq!(journal.occurrences(filter).await, Ok(vec![]));
    assert_eq!(journal.due_schedules(&account(), time(9), None, 10).await, Ok(vec![]));
    assert_eq!(journal.due_warnings(&account(), time(9), 10).await, Ok(vec![]));
    assert_eq!(journal.due_occurrences(&account(), time(9), 10).await, Ok(vec![]));
    assert_eq!(journal.next_recurring(&account()).await, Ok(None));
    assert_eq!(declined(&journal, "card", time(0)).await, Ok(vec![]));
    assert_eq!(journal.events(&merchant(), 0, 10).await, Ok(vec![]));
}

#[tokio::test]
async fn subjects_of_schedules_survive_the_disk_and_all_is_there_again_after_opening() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let claims = [
        claim("created", Subject::Schedule(schedule_id(1))),
        claim("skipped", Subject::Occurrence(schedule_id(1), u32::MAX)),
    ];
    for claim in &claims {
        let entry = Entry { claim: Some(claim.clone()), ..Entry::default() };
        journal.commit(entry).await.expect("taken");
    }
    journal.commit(written(vec![schedule(1, 0)])).await.expect("recorded");
    let entry =
        Entry { events: vec![event(1, EventKind::OccurrencePaid)], ..taken(read(&journal, 1).await, 0) };
    journal.commit(entry).await.expect("taken");
    let before = (read(&journal, 1).await, taken_one(&journal, 1, 1).await);
    journal.close().await;
    assert_eq!(journal.schedule(schedule_id(1)).await, Err(Unavailable::Closed));
    assert_eq!(journal.forget_declines(time(0), 1).await, Err(Unavailable::Closed));

    let journal = open(directory.path());
    for claim in claims {
        assert_eq!(journal.claim(&claim.key).await, Ok(Some(claim)));
    }
    assert_eq!((read(&journal, 1).await, taken_one(&journal, 1, 1).await), before);
    let events = journal.events(&merchant(), 0, 10).await.expect("events");
    assert_eq!(events[0].event, event(1, EventKind::OccurrencePaid));
}

// ── Versions ─────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_schedule_is_written_at_the_version_at_which_it_was_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(written(vec![schedule(1, 0)])).await.expect("recorded");
    let again = journal.commit(written(vec![schedule(1, 0)])).await;
    assert_eq!(again, Err(CommitError::Conflict), "recorded twice");
    let mut paused = read(&journal, 1).await;
    assert_eq!((paused.version, paused.progress), (1, schedule(1, 0).progress));
    paused.status = ScheduleStatus::Paused;
    paused.progress.open = 3;
    assert_eq!(journal.commit(written(vec![paused.clone()])).await, Ok(()));
    let stored = read(&journal, 1).await;
    assert_eq!(stored, Schedule { version: 2, ..paused.clone() }, "terms and progress");
    assert_eq!(due(&journal, 99, 10).await, [] as [i64; 0]);
    assert_eq!(journal.commit(written(vec![paused.clone()])).await, Err(CommitError::Conflict));
    // A tick at an old version, of a schedule that is not there, or beside another writing of it.
    for version in [0, 1, 3] {
        let stale = taken(Schedule { version, ..paused.clone() }, 0);
        assert_eq!(journal.commit(stale).await, Err(CommitError::Conflict), "at {version}");
    }
    assert_eq!(journal.commit(taken(schedule(2, 0), 0)).await, Err(CommitError::Conflict), "never recorded");
    let twice = Entry { schedules: vec![stored.clone()], ..taken(stored.clone(), 0) };
    assert_eq!(journal.commit(twice).await, Err(CommitError::Conflict), "twice in one entry");
    let twice = written(vec![schedule(3, 0), schedule(3, 0)]);
    assert_eq!(journal.commit(twice).await, Err(CommitError::Conflict), "recorded twice in one entry");
    assert_eq!(read(&journal, 1).await, stored);
}

#[tokio::test]
async fn an_occurrence_is_written_at_the_version_at_which_it_was_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(written(vec![schedule(1, 0)])).await.expect("recorded");
    let first = taken(read(&journal, 1).await, 0);
    let only = |occurrences: Vec<Occurrence>| Entry { occurrences, ..Entry::default() };
    let strayed = Occurrence { schedule: schedule_id(9), ..first.occurrences[0].clone() };
    assert_eq!(journal.commit(only(vec![strayed])).await, Err(CommitError::Conflict), "of no schedule");
    journal.commit(first.clone()).await.expect("taken");
    assert_eq!(journal.commit(only(first.occurrences)).await, Err(CommitError::Conflict), "taken twice");
    let mut held = taken_one(&journal, 1, 1).await;
    held.status = OccurrenceStatus::Held;
    let both = only(vec![held.clone(), held.clone()]);
    assert_eq!(journal.commit(both).await, Err(CommitError::Conflict), "twice in one entry");
    assert_eq!(journal.commit(only(vec![held.clone()])).await, Ok(()));
    assert_eq!(taken_one(&journal, 1, 1).await, Occurrence { version: 2, ..held.clone() });
    assert_eq!(journal.commit(only(vec![held])).await, Err(CommitError::Conflict), "written twice");
}

#[tokio::test]
async fn a_refused_entry_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(written(vec![schedule(1, 0), schedule(2, 0)])).await.expect("recorded");
    let (one, two) = (read(&journal, 1).await, read(&journal, 2).await);
    // The last of its ticks is too late: everything before it must not stay.
    let mut entry = taken(one.clone(), 0);
    let late = taken(Schedule { version: 9, ..two.clone() }, 0);
    entry.ticks.extend(late.ticks);
    entry.occurrences.extend(late.occurrences);
    entry.schedules = vec![schedule(3, 0)];
    entry.claim = Some(claim("the-key", Subject::Schedule(schedule_id(3))));
    entry.payment = Some(Box::new(payment(1)));
    entry.ended = vec![schedule_id(1)];
    entry.declines = vec![CardDecline { card: "card".to_owned(), at: time(1) }];
    entry.events = vec![event(1, EventKind::ScheduleCreated)];
    assert_eq!(journal.commit(entry).await, Err(CommitError::Conflict));
    assert_eq!((read(&journal, 1).await, read(&journal, 2).await), (one, two));
    assert_eq!(journal.schedule(schedule_id(3)).await, Ok(None));
    assert_eq!(journal.occurrence(schedule_id(1), 1).await, Ok(None));
    assert_eq!(journal.claim(&idempotency_key("the-key")).await, Ok(None));
    assert_eq!(journal.payment(payment_id(1)).await, Ok(None));
    assert_eq!(declined(&journal, "card", time(0)).await, Ok(vec![]));
    assert_eq!(journal.events(&merchant(), 0, 10).await, Ok(vec![]));
    // A payment that somebody else changed takes its occurrence along.
    journal
        .commit(Entry { payment: Some(Box::new(payment(5))), ..Entry::default() })
        .await
        .expect("recorded");
    let mut entry = taken(read(&journal, 1).await, 0);
    entry.payment = Some(Box::new(payment(5)));
    assert_eq!(journal.commit(entry).await, Err(CommitError::Conflict));
    assert_eq!(journal.occurrence(schedule_id(1), 1).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_take_an_occurrence_exactly_one_does() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Arc::new(open(directory.path()));
    journal.commit(written(vec![schedule(1, 0)])).await.expect("recorded");
    let read = read(&journal, 1).await;
    let racing: Vec<_> = (0..50)
        .map(|_| {
            let (journal, schedule) = (journal.clone(), read.clone());
            tokio::spawn(async move { journal.commit(taken(schedule, 0)).await })
        })
        .collect();
    let mut won = 0;
    for racer in racing {
        match racer.await.expect("no panic") {
            Ok(()) => won += 1,
            Err(error) => assert_eq!(error, CommitError::Conflict),
        }
    }
    assert_eq!(won, 1);
}

// ── Ended ────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn the_last_open_occurrence_lets_go_of_what_waits_for_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(written(vec![schedule(1, 0)])).await.expect("recorded");
    let mut waiting = read(&journal, 1).await;
    let planned = waiting.progress.next;
    waiting.progress = Progress { open: 2, parked: true, ..waiting.progress };
    journal.commit(taken(waiting.clone(), 0)).await.expect("parked");
    assert_eq!(due(&journal, 99, 10).await, [] as [i64; 0]);

    journal.commit(ended(1)).await.expect("counted");
    let one_left = read(&journal, 1).await;
    assert_eq!((one_left.progress.open, one_left.progress.parked, one_left.version), (1, true, 3));
    assert_eq!(due(&journal, 99, 10).await, [] as [i64; 0]);
    // Whoever read it before that meets a conflict.
    let stale = taken(Schedule { version: 2, ..waiting }, 0);
    assert_eq!(journal.commit(stale).await, Err(CommitError::Conflict));

    journal.commit(ended(1)).await.expect("counted");
    let free = read(&journal, 1).await;
    assert_eq!(free.progress, Progress { next: planned, open: 0, parked: false });
    assert_eq!(due(&journal, 99, 10).await, [1]);
    assert_eq!(journal.next_recurring(&account()).await, Ok(planned.map(|next| next.due_at)));
    // It never goes below nothing, and what is not there is passed over.
    journal.commit(ended(1)).await.expect("counted");
    journal.commit(ended(7)).await.expect("passed over");
    let free = read(&journal, 1).await;
    assert_eq!((free.progress.open, free.version), (0, 5));
}

#[tokio::test]
async fn what_has_ended_does_not_wake_a_schedule_that_charges_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for (n, status) in (0..).zip(ScheduleStatus::ALL) {
        let mut stopped = schedule(n, 0);
        stopped.status = *status;
        stopped.progress.open = 1;
        stopped.progress.parked = true;
        let mut over = schedule(100 + n, 0);
        over.progress = Progress { next: None, open: 1, parked: false };
        journal.commit(written(vec![stopped, over])).await.expect("recorded");
        journal.commit(ended(n)).await.expect("counted");
        assert_eq!(read(&journal, n).await.progress.open, 0);
        // Whoever ends the last occurrence has to say what becomes of the schedule.
        assert_eq!(journal.commit(ended(100 + n)).await, Err(CommitError::Conflict));
        let over = read(&journal, 100 + n).await;
        assert_eq!((over.progress.open, over.version), (1, 1));
        journal.commit(Entry { schedules: vec![over], ..ended(100 + n) }).await.expect("counted");
        assert!(read(&journal, 100 + n).await.is_over());
    }
    assert_eq!(due(&journal, 99, 10).await, [0], "only the active one");
}

#[tokio::test]
async fn what_has_ended_is_counted_off_from_what_its_entry_writes() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let mut open_one = schedule(1, 0);
    open_one.progress = Progress { open: 1, parked: true, ..open_one.progress };
    journal.commit(written(vec![open_one])).await.expect("recorded");
    // The terms change and the occurrence ends in one entry.
    let mut cancelled = read(&journal, 1).await;
    cancelled.status = ScheduleStatus::PastDue;
    let entry = Entry { schedules: vec![cancelled.clone()], ..ended(1) };
    journal.commit(entry).await.expect("written");
    let stored = read(&journal, 1).await;
    assert_eq!((stored.status, stored.version), (ScheduleStatus::PastDue, 3));
    assert_eq!(stored.progress, Progress { open: 0, parked: false, ..cancelled.progress });
    assert_eq!(due(&journal, 99, 10).await, [] as [i64; 0], "by the status that was written");
    // The same with a tick, and two at once.
    let mut active = stored;
    active.status = ScheduleStatus::Active;
    active.progress.open = 2;
    journal.commit(written(vec![active])).await.expect("written");
    let ticked = taken(read(&journal, 1).await, -1);
    let entry = Entry { ended: vec![schedule_id(1); 2], ..ticked };
    journal.commit(entry).await.expect("written");
    let stored = read(&journal, 1).await;
    assert_eq!((stored.progress.open, stored.version), (0, 7));
    assert_eq!(due(&journal, 0, 10).await, [1]);
}

// ── What is due ──────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn schedules_come_when_they_are_due_the_longest_overdue_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for (n, at) in [(1, 30), (2, 10), (3, 20), (4, 20), (5, 20)] {
        journal.commit(written(vec![schedule(n, at)])).await.expect("recorded");
    }
    let other = Schedule { account: AccountName("second".to_owned()), ..schedule(6, 5) };
    journal.commit(written(vec![other])).await.expect("recorded");
    assert_eq!(due(&journal, 9, 10).await, [] as [i64; 0]);
    assert_eq!(due(&journal, 20, 10).await, [2, 3, 4, 5]);
    assert_eq!(due(&journal, 99, 2).await, [2, 3]);
    // A batch goes on after the last one, in the middle of a moment and though it has been written.
    let first = journal.due_schedules(&account(), time(99), None, 2).await.expect("a batch");
    let after = first.last().and_then(|last| Some((last.next_at()?, last.id)));
    for _ in 0..2 {
        let next = journal.due_schedules(&account(), time(99), after, 2).await.expect("a batch");
        assert_eq!(numbers(&next), [4, 5]);
        for schedule in first.clone() {
            // The second time they conflict; that changes nothing.
            let _ = journal.commit(taken(schedule, 99)).await;
        }
    }
    assert_eq!(due(&journal, 99, 10).await, [4, 5, 1]);
}

#[tokio::test]
async fn the_next_look_is_the_earliest_of_three() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let mut warned = schedule(1, 50);
    warned.warn_at = Some(time(40));
    journal.commit(written(vec![warned])).await.expect("recorded");
    assert_eq!(journal.next_recurring(&account()).await, Ok(Some(time(40))));
    assert_eq!(journal.due_warnings(&account(), time(39), 10).await, Ok(vec![]));
    let warnings = journal.due_warnings(&account(), time(40), 10).await.expect("a batch");
    assert_eq!(numbers(&warnings), [1]);
    let mut said = warnings[0].clone();
    said.warn_at = None;
    journal.commit(written(vec![said])).await.expect("written");
    assert_eq!(journal.next_recurring(&account()).await, Ok(Some(time(50))));
    journal.commit(taken(read(&journal, 1).await, 50)).await.expect("taken");
    let mut occurrence = taken_one(&journal, 1, 1).await;
    assert_eq!(journal.next_recurring(&account()).await, Ok(Some(time(50))), "its occurrence");
    occurrence.next_at = Some(time(70));
    journal.commit(Entry { occurrences: vec![occurrence], ..Entry::default() }).await.expect("written");
    assert_eq!(journal.next_recurring(&account()).await, Ok(Some(time(70))));
    assert_eq!(journal.next_recurring(&AccountName("second".to_owned())).await, Ok(None));
}

#[tokio::test]
async fn occurrences_come_when_they_are_due_the_longest_overdue_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for (n, at) in [(1, 30), (2, 10), (3, 20)] {
        journal.commit(written(vec![schedule(n, 0)])).await.expect("recorded");
        let mut entry = taken(read(&journal, n).await, 0);
        entry.occurrences[0].next_at = Some(time(at));
        journal.commit(entry).await.expect("taken");
    }
    let due = |now: i64, limit| {
        let journal = &journal;
        async move {
            let due = journal.due_occurrences(&account(), time(now), limit).await.expect("a batch");
            due.iter().map(|occurrence| occurrence.schedule).collect::<Vec<_>>()
        }
    };
    assert_eq!(due(9, 10).await, []);
    assert_eq!(due(20, 10).await, [2, 3].map(schedule_id));
    assert_eq!(due(99, 1).await, [2].map(schedule_id));
}

#[tokio::test]
async fn one_that_does_not_read_back_holds_up_nobody_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let schedules = (0..500).map(|n| Schedule { warn_at: Some(time(0)), ..schedule(n, 0) }).collect();
    journal.commit(written(schedules)).await.expect("recorded");
    tamper(directory.path(), "UPDATE schedules SET record = substr(record, 1, 100) WHERE number IN (1, 250)");
    let batch = journal.due_schedules(&account(), time(5), None, 500).await.expect("the others");
    assert_eq!(batch.len(), 498);
    let warnings = journal.due_warnings(&account(), time(5), 500).await.expect("the others");
    assert_eq!(warnings.len(), 498);
    let mut entry = Entry::default();
    for schedule in batch {
        let Entry { ticks, occurrences, .. } = taken(schedule, 5);
        entry.ticks.extend(ticks);
        entry.occurrences.extend(occurrences);
    }
    assert_eq!(journal.commit(entry).await, Ok(()));
    tamper(
        directory.path(),
        "UPDATE schedules SET warn_at = NULL WHERE warn_at < 1790000100000000000; \
         UPDATE occurrences SET record = '{}' WHERE place = 7",
    );
    // They are out of the way, and so nobody looks at them again and again.
    let occurrences = journal.due_occurrences(&account(), time(5), 1_000).await.expect("the others");
    assert_eq!(occurrences.len(), 497);
    assert_eq!(due(&journal, 5, 1).await, [] as [i64; 0]);
    tamper(directory.path(), "DELETE FROM occurrences WHERE place <> 7");
    assert_eq!(journal.next_recurring(&account()).await, Ok(Some(time(5 + 3_600))));
    // Who asks for one of them is told. It is tried again when the hour is over.
    assert_eq!(journal.schedule(schedule_id(0)).await, Err(Unavailable::Damaged));
    assert_eq!(due(&journal, 5 + 3_600, 10).await, [] as [i64; 0]);
    assert_eq!(journal.next_recurring(&account()).await, Ok(Some(time(5 + 3_600))), "the warnings");
}

// ── Lists ────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn schedules_are_listed_newest_first_and_by_every_filter() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for n in 0..10 {
        let mut schedule = schedule(n, 0);
        schedule.purchase.customer.id = Some(if n % 3 == 0 { "anna" } else { "berta" }.to_owned());
        schedule.status = ScheduleStatus::ALL[n as usize % 2];
        schedule.token = token(u32::from(n >= 7)).id;
        if n == 4 {
            schedule.account = AccountName("second".to_owned());
            schedule.purchase.merchant_reference = "special".to_owned();
        }
        if n == 5 {
            schedule.merchant = MerchantName("another".to_owned());
        }
        journal.commit(written(vec![schedule])).await.expect("recorded");
    }
    let all = ScheduleFilter {
        merchant: merchant(),
        account: None,
        token: None,
        customer: None,
        merchant_reference: None,
        statuses: vec![],
        before: None,
        limit: 100,
    };
    let list = |filter: ScheduleFilter| async { numbers(&journal.schedules(filter).await.expect("a list")) };
    assert_eq!(list(all.clone()).await, [9, 8, 7, 6, 4, 3, 2, 1, 0]);
    assert_eq!(list(ScheduleFilter { limit: 2, ..all.clone() }).await, [9, 8]);
    let page = ScheduleFilter { before: Some(schedule_id(7)), limit: 3, ..all.clone() };
    assert_eq!(list(page).await, [6, 4, 3]);
    let annas = ScheduleFilter { customer: Some("anna".to_owned()), ..all.clone() };
    assert_eq!(list(annas.clone()).await, [9, 6, 3, 0]);
    assert_eq!(list(ScheduleFilter { before: Some(schedule_id(6)), limit: 1, ..annas }).await, [3]);
    assert_eq!(list(ScheduleFilter { token: Some(token(1).id), ..all.clone() }).await, [9, 8, 7]);
    let paused = vec![ScheduleStatus::ALL[1]];
    assert_eq!(list(ScheduleFilter { statuses: paused.clone(), ..all.clone() }).await, [9, 7, 3, 1]);
    let both = ScheduleStatus::ALL[..2].to_vec();
    assert_eq!(list(ScheduleFilter { statuses: both, ..all.clone() }).await.len(), 9);
    let reference = Some("special".to_owned());
    assert_eq!(list(ScheduleFilter { merchant_reference: reference.clone(), ..all.clone() }).await, [4]);
    let second = Some(AccountName("second".to_owned()));
    assert_eq!(list(ScheduleFilter { account: second.clone(), ..all.clone() }).await, [4]);
    let everything = ScheduleFilter {
        account: second,
        token: Some(token(0).id),
        customer: Some("berta".to_owned()),
        merchant_reference: reference,
        statuses: vec![ScheduleStatus::ALL[0]],
        before: Some(schedule_id(9)),
        ..all.clone()
    };
    assert_eq!(list(everything.clone()).await, [4]);
    assert!(list(ScheduleFilter { statuses: paused, ..everything }).await.is_empty());
    // What is searched for follows the terms.
    let mut moved = read(&journal, 9).await;
    moved.token = token(5).id;
    moved.purchase.customer.id = None;
    journal.commit(written(vec![moved])).await.expect("written");
    assert_eq!(list(ScheduleFilter { token: Some(token(5).id), ..all.clone() }).await, [9]);
    assert_eq!(list(ScheduleFilter { token: Some(token(1).id), ..all }).await, [8, 7]);
}

#[tokio::test]
async fn occurrences_are_listed_newest_first_and_the_open_ones_are_found_among_thousands() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(written(vec![schedule(1, 0), schedule(2, 0)])).await.expect("recorded");
    let mut first = taken(read(&journal, 1).await, 0);
    let one = first.occurrences.remove(0);
    for start in (1..4_001).step_by(500) {
        let occurrences = (start..start + 500)
            .map(|number| {
                let open = number % 1_000 == 0;
                let skipped = OccurrenceStatus::Skipped(SkipReason::Missed);
                let status = if open { OccurrenceStatus::AwaitingToken } else { skipped };
                Occurrence { number, status, next_at: None, ..one.clone() }
            })
            .collect();
        journal.commit(Entry { occurrences, ..Entry::default() }).await.expect("written");
    }
    journal.commit(taken(read(&journal, 2).await, 0)).await.expect("taken");
    let list = |open, before, limit| {
        let journal = &journal;
        async move {
            let filter = OccurrenceFilter { schedule: schedule_id(1), open, before, limit };
            let found = journal.occurrences(filter).await.expect("a list");
            found.iter().map(|occurrence| occurrence.number).collect::<Vec<_>>()
        }
    };
    assert_eq!(list(false, None, 3).await, [4_000, 3_999, 3_998]);
    assert_eq!(list(false, Some(3), 10).await, [2, 1]);
    assert_eq!(list(true, None, 10).await, [4_000, 3_000, 2_000, 1_000]);
    assert_eq!(list(true, Some(3_000), 1).await, [2_000]);
    let mut paid = taken_one(&journal, 1, 3_000).await;
    paid.status = OccurrenceStatus::Paid;
    journal.commit(Entry { occurrences: vec![paid], ..Entry::default() }).await.expect("written");
    assert_eq!(list(true, None, 10).await, [4_000, 2_000, 1_000]);
}

#[tokio::test]
async fn events_of_a_merchant_come_in_their_order_after_any_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let log = |events| journal.commit(Entry { events, ..Entry::default() });
    let mut foreign = event(3, EventKind::ScheduleCreated);
    foreign.merchant = MerchantName("another".to_owned());
    log(vec![event(1, EventKind::ScheduleCreated), event(2, EventKind::OccurrenceDeclined)])
        .await
        .expect("logged");
    log(vec![foreign]).await.expect("logged");
    log(vec![event(4, EventKind::OccurrencePaid)]).await.expect("logged");
    let all = journal.events(&merchant(), 0, 100).await.expect("events");
    let ids: Vec<_> = all.iter().map(|logged| logged.event.id).collect();
    assert_eq!(ids, [1, 2, 4].map(event_id));
    for (place, logged) in all.iter().enumerate() {
        let rest = journal.events(&merchant(), logged.sequence, 100).await.expect("events");
        assert_eq!(rest, all[place + 1..]);
    }
    assert_eq!(journal.events(&merchant(), 0, 2).await.expect("events"), all[..2]);
    assert_eq!(journal.events(&merchant(), u64::MAX, 2).await, Ok(vec![]));
    // A place is never given twice, whatever is taken away.
    tamper(directory.path(), "DELETE FROM events");
    log(vec![event(5, EventKind::OccurrencePaid)]).await.expect("logged");
    let next = journal.events(&merchant(), all[2].sequence, 100).await.expect("events");
    assert_eq!(next.len(), 1);
}

#[tokio::test]
async fn declines_of_a_card_are_counted_and_old_ones_forgotten() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let decline = |card: &str, at| CardDecline { card: card.to_owned(), at: time(at) };
    let declines =
        vec![decline("a", 30), decline("a", 10), decline("b", 20), decline("a", 20), decline("a", 20)];
    journal.commit(Entry { declines, ..Entry::default() }).await.expect("noted");
    let times = |seconds: &[i64]| Ok(seconds.iter().map(|at| time(*at)).collect::<Vec<_>>());
    assert_eq!(declined(&journal, "a", time(0)).await, times(&[10, 20, 20, 30]));
    assert_eq!(declined(&journal, "a", time(20)).await, times(&[30]), "after, not at");
    assert_eq!(declined(&journal, "b", time(0)).await, times(&[20]));
    assert_eq!(declined(&journal, "c", time(0)).await, times(&[]));
    assert_eq!(journal.forget_declines(time(30), 3).await, Ok(3));
    assert_eq!(journal.forget_declines(time(30), 3).await, Ok(1));
    assert_eq!(journal.forget_declines(time(30), 3).await, Ok(0));
    assert_eq!(declined(&journal, "a", time(0)).await, times(&[30]));
    // More than one read gives: the newest count.
    let many = (0..1_500).map(|at| decline("d", at)).collect();
    journal.commit(Entry { declines: many, ..Entry::default() }).await.expect("noted");
    let newest = declined(&journal, "d", time(-1)).await.expect("readable");
    assert_eq!((newest.len(), newest[0], newest[999]), (1_000, time(500), time(1_499)));
}

// ── Secrets, keys and older schemas ──────────────────────────────────────────────────────────

#[tokio::test]
async fn nothing_secret_is_in_any_file() {
    let canaries = ["canary@mail.example", "https://canary.example/pay", "canary/1111/12/2030"];
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let mut schedule = schedule(1, 0);
    schedule.purchase.customer.email = Some(canaries[0].to_owned());
    schedule.return_url = Some(canaries[1].to_owned());
    let mut event = event(1, EventKind::CustomerRequired);
    let About::Recurring(fact) = &mut event.about else { panic!("about a schedule") };
    fact.link = Some(canaries[1].to_owned());
    let entry = Entry {
        events: vec![event],
        declines: vec![CardDecline { card: canaries[2].to_owned(), at: time(1) }],
        ..written(vec![schedule])
    };
    journal.commit(entry).await.expect("recorded");
    let search = || {
        for file in fs::read_dir(directory.path()).expect("a directory") {
            let path = file.expect("a file").path();
            let bytes = fs::read(&path).expect("readable");
            for canary in canaries {
                let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
                assert!(!found, "{canary} in {path:?}");
            }
        }
    };
    search();
    journal.close().await;
    search();
}

#[tokio::test]
async fn schedules_and_events_move_to_a_new_key_and_cards_keep_their_count() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for n in 0..25 {
        let entry = Entry {
            events: vec![event(n, EventKind::ScheduleCreated)],
            declines: vec![CardDecline { card: "card".to_owned(), at: time(i64::from(n)) }],
            ..written(vec![schedule(n, 0)])
        };
        journal.commit(entry).await.expect("recorded");
    }
    journal.close().await;
    let rotated = Keys::new(key(2), vec![key(1)]).expect("two keys");
    let journal = sqlite::open(Config::new(directory.path(), rotated)).expect("opens");
    journal.commit(taken(read(&journal, 3).await, 0)).await.expect("taken");
    let mut moved = 0;
    loop {
        let resealed = journal.reseal(10).await.expect("resealed");
        moved += resealed.moved;
        if resealed.finished {
            break;
        }
    }
    assert_eq!(moved, 50);
    journal.close().await;
    let alone = Keys::new(key(2), vec![]).expect("one key");
    let journal = sqlite::open(Config::new(directory.path(), alone)).expect("the old key is not needed");
    for n in 0..25 {
        assert_eq!(read(&journal, n).await.progress.open, u32::from(n == 3));
    }
    assert_eq!(journal.events(&merchant(), 0, 100).await.expect("events").len(), 25);
    assert_eq!(declined(&journal, "card", time(-1)).await.expect("readable").len(), 25);
}

#[tokio::test]
async fn a_store_of_the_fourth_schema_goes_on_with_what_it_has() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let recorded = Entry { payment: Some(Box::new(payment(1))), tokens: vec![token(1)], ..Entry::default() };
    journal.commit(recorded).await.expect("recorded");
    journal.close().await;
    tamper(directory.path(), BACK_TO_FOURTH_SCHEMA);
    assert_eq!(sqlite::versions(directory.path()).expect("readable").found, 4);
    let migrated = sqlite::migrate(directory.path()).expect("migrates");
    assert_eq!((migrated.found, migrated.known), (4, 7));
    let journal = open(directory.path());
    let payment = journal.payment(payment_id(1)).await.expect("readable").expect("recorded");
    assert_eq!((payment.state, payment.occurrence), (PaymentState::Created, None));
    journal.commit(written(vec![schedule(1, 0)])).await.expect("recorded");
    journal.commit(taken(read(&journal, 1).await, 0)).await.expect("taken");
}
