//! What the seam promises, asked of the store that keeps it, on a real disk.

#[path = "journal/samples.rs"]
mod samples;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use samples::*;
use turnpike::domain::card::{Token, TokenStatus};
use turnpike::domain::ids::{
    AccountName, CaptureId, EventId, MerchantName, PaymentId, RefundId, SessionId, TokenId,
};
use turnpike::domain::outcome::NextAction;
use turnpike::domain::payment::{
    FollowUp, MovementId, MovementRecord, MovementStatus, Payment, PaymentState,
};
use turnpike::domain::secret::Secret;
use turnpike::journal::seal::Keys;
use turnpike::journal::seam::{
    CommitError, Entry, ExchangeNote, HistoryKind, Journal, Moment, PaymentFilter, Subject, TokenFilter,
    Unavailable,
};
use turnpike::journal::sqlite::{self, Config, OpenError, SqliteJournal};

/// Undoes every migration but the first.
const BACK_TO_FIRST_SCHEMA: &str = "DROP TABLE deliveries; DROP TABLE endpoints; \
    DROP TABLE secrets; ALTER TABLE tokens DROP COLUMN used_at; \
    DROP INDEX payments_by_customer; ALTER TABLE payments DROP COLUMN customer; DROP TABLE backfills; \
    DROP INDEX payments_unsettled; DROP TABLE handles; DROP TABLE notices; ALTER TABLE history DROP COLUMN hash; \
    DROP TABLE schedules; DROP TABLE occurrences; DROP TABLE declines; DROP TABLE events; \
    PRAGMA user_version = 1";

fn recorded(payment: Payment) -> Entry {
    Entry { payment: Some(Box::new(payment)), ..Entry::default() }
}

async fn stored_token(journal: &SqliteJournal, n: u32) -> Token {
    journal.token(token(n).id).await.expect("readable").expect("stored")
}

async fn read(journal: &SqliteJournal, id: PaymentId) -> Payment {
    journal.payment(id).await.expect("readable").expect("recorded")
}

fn any_of(merchant: MerchantName) -> PaymentFilter {
    PaymentFilter {
        merchant,
        states: vec![],
        account: None,
        merchant_reference: None,
        token: None,
        session: None,
        customer: None,
        created_from: None,
        created_before: None,
        before: None,
        limit: 100,
    }
}

/// Writes to the database behind the store's back, as a fault or an attacker would.
fn tamper(directory: &Path, statement: &str) {
    let connection = rusqlite::Connection::open(directory.join(sqlite::FILE)).expect("opens");
    connection.execute_batch(statement).expect("works");
}

// ── What is written is read ──────────────────────────────────────────────────────────────────

#[test]
fn every_payment_session_and_token_survives_the_disk() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let journal = {
        let _inside = runtime.enter();
        open(directory.path())
    };
    let mut runner = TestRunner::new(Cases { cases: 64, ..Cases::default() });
    let cases = (any_payment(), any_session(), any_token());
    runner
        .run(&cases, |(payment, session, token)| {
            let entry = Entry {
                payment: Some(Box::new(payment.clone())),
                session: Some(Box::new(session.clone())),
                tokens: vec![token.clone()],
                ..Entry::default()
            };
            runtime.block_on(async {
                prop_assert_eq!(journal.commit(entry).await, Ok(()));
                let read = journal.payment(payment.id).await;
                prop_assert_eq!(read, Ok(Some(Payment { version: 1, ..payment })));
                prop_assert_eq!(journal.session(session.id).await, Ok(Some(session)));
                let mut stored = token.clone();
                stored.version = 1;
                prop_assert_eq!(journal.token(token.id).await, Ok(Some(stored)));
                Ok(())
            })
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[tokio::test]
async fn every_subject_of_a_claim_survives_the_disk() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let payment = payment_id(1);
    let session = SessionId::from_bytes([3; 16]);
    for (n, subject) in [
        Subject::Session(session),
        Subject::Confirmation(session),
        Subject::Payment(payment),
        Subject::Movement(payment, MovementId::Refund(RefundId::from_bytes([4; 16]))),
        Subject::Token(TokenId::from_bytes([5; 16])),
        Subject::Event(EventId::from_bytes([6; 16])),
    ]
    .into_iter()
    .enumerate()
    {
        let claim = claim(&format!("request-{n}"), subject);
        let entry = Entry { claim: Some(claim.clone()), ..Entry::default() };
        assert_eq!(journal.commit(entry).await, Ok(()));
        assert_eq!(journal.claim(&claim.key).await, Ok(Some(claim)));
    }
    assert_eq!(journal.claim(&idempotency_key("another")).await, Ok(None));
}

#[tokio::test]
async fn what_was_never_written_is_not_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    assert_eq!(journal.payment(payment_id(1)).await, Ok(None));
    assert_eq!(journal.session(SessionId::from_bytes([0; 16])).await, Ok(None));
    assert_eq!(journal.token(TokenId::from_bytes([0; 16])).await, Ok(None));
    assert_eq!(journal.token_by_value(&merchant(), &account(), &stored("x")).await, Ok(None));
    assert_eq!(journal.history(payment_id(1), 0, 10).await, Ok(vec![]));
    assert_eq!(journal.next_due(&Moment::of_all(time(0))).await, Ok(None));
}

#[tokio::test]
async fn everything_is_there_after_closing_and_after_dropping() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(recorded(payment(1))).await.expect("recorded");
    journal.close().await;
    assert!(!directory.path().join("turnpike.sqlite-wal").exists(), "the log is written back");

    let journal = open(directory.path());
    assert_eq!(read(&journal, payment_id(1)).await.merchant_reference, "order-1");
    journal.commit(recorded(payment(2))).await.expect("recorded");
    drop(journal);

    let journal = open(directory.path());
    assert_eq!(read(&journal, payment_id(2)).await.merchant_reference, "order-2");
}

#[tokio::test]
async fn a_closed_journal_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    assert_eq!(journal.commit(recorded(payment(1))).await, Ok(()));
    // Whoever closes second waits for the first.
    tokio::join!(journal.close(), journal.close());
    assert_eq!(
        journal.commit(recorded(payment(2))).await,
        Err(CommitError::Unavailable(Unavailable::Closed))
    );
    assert_eq!(journal.payment(payment_id(1)).await, Err(Unavailable::Closed));
    assert_eq!(journal.check().await, Err(Unavailable::Closed));
    assert_eq!(journal.forget_claims(time(0), 10).await, Err(Unavailable::Closed));
    let _another = open(directory.path());
}

// ── Claims ───────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_a_key_exactly_one_gets_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Arc::new(open(directory.path()));
    let racing: Vec<_> = (0..300)
        .map(|n| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let claim = claim("the-key", Subject::Payment(payment_id(n)));
                let entry =
                    Entry { claim: Some(claim), payment: Some(Box::new(payment(n))), ..Entry::default() };
                (n, journal.commit(entry).await)
            })
        })
        .collect();
    let mut winners = vec![];
    let mut named = vec![];
    for racer in racing {
        match racer.await.expect("no panic") {
            (n, Ok(())) => winners.push(payment_id(n)),
            (_, Err(CommitError::Taken(claim))) => named.push(claim.subject),
            (_, Err(other)) => panic!("{other}"),
        }
    }
    assert_eq!((winners.len(), named.len()), (1, 299));
    assert!(named.iter().all(|subject| *subject == Subject::Payment(winners[0])));
    let recorded = journal.payments(any_of(merchant())).await.expect("a list");
    assert_eq!(recorded.iter().map(|payment| payment.id).collect::<Vec<_>>(), winners);
}

#[tokio::test]
async fn two_merchants_may_use_one_text() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let mut other = claim("the-key", Subject::Payment(payment_id(2)));
    other.key.merchant = MerchantName("another".to_owned());
    for claim in [claim("the-key", Subject::Payment(payment_id(1))), other] {
        assert_eq!(journal.commit(Entry { claim: Some(claim), ..Entry::default() }).await, Ok(()));
    }
}

#[tokio::test]
async fn a_key_that_was_given_back_can_be_taken_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let first = claim("the-key", Subject::Payment(payment_id(1)));
    let second = claim("the-key", Subject::Payment(payment_id(2)));
    let take = |claim| journal.commit(Entry { claim: Some(claim), ..Entry::default() });
    assert_eq!(take(first.clone()).await, Ok(()));
    assert_eq!(take(second.clone()).await, Err(CommitError::Taken(Box::new(first.clone()))));
    let release = Entry { release: Some(first.key.clone()), ..Entry::default() };
    assert_eq!(journal.commit(release).await, Ok(()));
    assert_eq!(take(second).await, Ok(()));
}

#[tokio::test]
async fn old_claims_are_forgotten_and_young_ones_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for n in 0..10 {
        let mut claim = claim(&format!("request-{n}"), Subject::Payment(payment_id(n)));
        claim.at = time(i64::from(n));
        journal.commit(Entry { claim: Some(claim), ..Entry::default() }).await.expect("taken");
    }
    assert_eq!(journal.forget_claims(time(6), 4).await, Ok(4));
    assert_eq!(journal.forget_claims(time(6), 4).await, Ok(2));
    assert_eq!(journal.forget_claims(time(6), 4).await, Ok(0));
    assert_eq!(journal.claim(&idempotency_key("request-5")).await, Ok(None));
    assert!(journal.claim(&idempotency_key("request-6")).await.expect("readable").is_some());
}

// ── Versions ─────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_payment_is_written_at_the_version_at_which_it_was_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(recorded(payment(1))).await.expect("recorded");
    assert_eq!(journal.commit(recorded(payment(1))).await, Err(CommitError::Conflict), "recorded twice");
    let mut read = read(&journal, payment_id(1)).await;
    assert_eq!(read.version, 1);
    read.state = PaymentState::Processing;
    assert_eq!(journal.commit(recorded(read.clone())).await, Ok(()));
    assert_eq!(journal.commit(recorded(read)).await, Err(CommitError::Conflict), "written twice");
    let mut absent = payment(9);
    absent.version = 4;
    assert_eq!(journal.commit(recorded(absent)).await, Err(CommitError::Conflict), "never recorded");
}

#[tokio::test]
async fn a_refused_entry_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(recorded(payment(1))).await.expect("recorded");
    // The payment was changed by somebody else: the claim, the token and the notes must not stay.
    let entry = Entry {
        claim: Some(claim("the-key", Subject::Payment(payment_id(1)))),
        session: Some(Box::new(session(1))),
        payment: Some(Box::new(payment(1))),
        tokens: vec![token(1)],
        history: vec![note(HistoryKind::Created)],
        ..Entry::default()
    };
    assert_eq!(journal.commit(entry.clone()).await, Err(CommitError::Conflict));
    assert_eq!(journal.claim(&idempotency_key("the-key")).await, Ok(None));
    assert_eq!(journal.session(session(1).id).await, Ok(None));
    assert_eq!(journal.token(token(1).id).await, Ok(None));
    assert_eq!(journal.history(payment_id(1), 0, 10).await, Ok(vec![]));
    // The key is taken: the payment must not stay.
    let taken = Entry { claim: Some(claim("taken", Subject::Token(token(1).id))), ..Entry::default() };
    journal.commit(taken).await.expect("taken");
    let entry = Entry {
        claim: Some(claim("taken", Subject::Payment(payment_id(2)))),
        payment: Some(Box::new(payment(2))),
        ..entry
    };
    assert!(matches!(journal.commit(entry).await, Err(CommitError::Taken(_))));
    assert_eq!(journal.payment(payment_id(2)).await, Ok(None));
}

#[tokio::test]
async fn a_refusal_does_not_touch_the_others_of_its_batch() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Arc::new(open(directory.path()));
    journal.commit(recorded(payment(7))).await.expect("recorded");
    // Handed in together, so that they share a transaction; every seventh is refused.
    let all: Vec<_> = (0..70)
        .map(|n| {
            let journal = journal.clone();
            let payment = payment(if n % 7 == 0 { 7 } else { 100 + n });
            tokio::spawn(async move { (n, journal.commit(recorded(payment)).await) })
        })
        .collect();
    for one in all {
        let (n, result) = one.await.expect("no panic");
        assert_eq!(result, if n % 7 == 0 { Err(CommitError::Conflict) } else { Ok(()) }, "{n}");
    }
    let listed = journal.payments(any_of(merchant())).await.expect("a list");
    assert_eq!(listed.len(), 61);
}

fn capture(n: u8, minor: i64) -> MovementRecord {
    MovementRecord {
        id: MovementId::Capture(CaptureId::from_bytes([n; 16])),
        amount: nok(minor),
        status: MovementStatus::Created,
        provider_id: None,
        decline: None,
        failure: None,
        reason: None,
        reason_word: None,
        final_capture: false,
        lines: vec![],
        of_capture: None,
        metadata: BTreeMap::new(),
        before: (0, 0),
        options: Default::default(),
        sent_at: None,
        request_id: format!("capture-{n}"),
        created_at: time(1),
        updated_at: time(1),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn captures_that_run_at_once_do_not_overdraw() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Arc::new(open(directory.path()));
    let mut authorized = payment(1);
    authorized.state = PaymentState::Authorized;
    authorized.authorized = 10_000;
    journal.commit(recorded(authorized)).await.expect("recorded");

    // Forty want 900 each of 10,000: eleven can have it, in whatever order.
    let all: Vec<_> = (0..40)
        .map(|n| {
            let journal = journal.clone();
            tokio::spawn(async move {
                loop {
                    let mut payment = read(&journal, payment_id(1)).await;
                    if payment.capturable() < 900 {
                        return false;
                    }
                    let capture = capture(n, 900);
                    let subject = Subject::Movement(payment.id, capture.id);
                    payment.movements.push(capture);
                    let claim = Some(claim(&format!("capture-{n}"), subject));
                    match journal.commit(Entry { claim, ..recorded(payment) }).await {
                        Ok(()) => return true,
                        Err(CommitError::Conflict) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    let mut captured = 0;
    for one in all {
        captured += u32::from(one.await.expect("no panic"));
    }
    assert_eq!(captured, 11);
    let payment = read(&journal, payment_id(1)).await;
    assert_eq!((payment.movements.len(), payment.capturable()), (11, 100));
}

#[tokio::test]
async fn a_permit_is_given_for_what_the_journal_holds() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let mut submitted = payment(1);
    submitted.state = PaymentState::Submitted;
    let permit = journal.permit(recorded(submitted.clone()), None).await.expect("permitted");
    assert_eq!((permit.payment(), permit.movement()), (payment_id(1), None));
    assert_eq!(read(&journal, payment_id(1)).await.state, PaymentState::Submitted);
    let refused = journal.permit(recorded(submitted), None).await;
    assert!(matches!(refused, Err(CommitError::Conflict)));

    let mut capturing = read(&journal, payment_id(1)).await;
    capturing.movements.push(MovementRecord { status: MovementStatus::Submitted, ..capture(1, 100) });
    let id = capturing.movements[0].id;
    let permit = journal.permit(recorded(capturing), Some(id)).await.expect("permitted");
    assert_eq!(permit.movement(), Some(id));
}

#[tokio::test]
#[should_panic(expected = "a permit was asked for")]
async fn a_permit_for_something_else_is_a_bug() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let _ = journal.permit(recorded(payment(1)), None).await;
}

// ── Tokens ───────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_token_is_found_by_its_values_until_it_is_deleted() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let write = |token| journal.commit(Entry { tokens: vec![token], ..Entry::default() });
    write(token(1)).await.expect("stored");
    let found = |value: &'static str| async {
        let value = stored(value);
        journal.token_by_value(&merchant(), &account(), &value).await.expect("readable")
    };
    assert_eq!(found("value-1").await.map(|token| token.id), Some(token(1).id));
    assert_eq!(found("value-2").await, None);
    let other = AccountName("another".to_owned());
    assert_eq!(journal.token_by_value(&merchant(), &other, &stored("value-1")).await, Ok(None));

    // The same values again are the same card: somebody else was faster.
    let mut doubled = token(2);
    doubled.stored = stored("value-1");
    assert_eq!(write(doubled.clone()).await, Err(CommitError::Conflict));
    let both = Entry { tokens: vec![token(3), { token(3) }], ..Entry::default() };
    assert_eq!(journal.commit(both).await, Err(CommitError::Conflict));

    let mut deleted = journal.token(token(1).id).await.expect("readable").expect("stored");
    deleted.status = TokenStatus::Deleted;
    assert_eq!(write(deleted.clone()).await, Ok(()));
    assert_eq!(write(deleted).await, Err(CommitError::Conflict), "at an old version");
    assert_eq!(found("value-1").await, None);
    assert_eq!(write(doubled).await, Ok(()));
    assert_eq!(found("value-1").await.map(|token| token.id), Some(token(2).id));
}

#[tokio::test]
async fn tokens_are_listed_newest_first_and_filtered() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for n in 0..10 {
        let mut token = token(n);
        token.customer = (n % 2 == 0).then(|| "anna".to_owned());
        token.status = if n < 5 { TokenStatus::Active } else { TokenStatus::Unusable };
        if n == 9 {
            token.merchant = MerchantName("another".to_owned());
        }
        journal.commit(Entry { tokens: vec![token], ..Entry::default() }).await.expect("stored");
    }
    let all = TokenFilter {
        merchant: merchant(),
        account: None,
        customer: None,
        status: None,
        before: None,
        limit: 100,
    };
    let list = |filter: TokenFilter| async {
        let tokens = journal.tokens(filter).await.expect("a list");
        tokens.iter().map(|token| token.created_at.as_second() - time(0).as_second()).collect::<Vec<_>>()
    };
    assert_eq!(list(all.clone()).await, [8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(list(TokenFilter { customer: Some("anna".to_owned()), ..all.clone() }).await, [8, 6, 4, 2, 0]);
    assert_eq!(list(TokenFilter { status: Some(TokenStatus::Unusable), ..all.clone() }).await, [8, 7, 6, 5]);
    assert_eq!(list(TokenFilter { before: Some(token(3).id), limit: 2, ..all.clone() }).await, [2, 1]);
    assert!(list(TokenFilter { account: Some(AccountName("x".to_owned())), ..all }).await.is_empty());
}

#[tokio::test]
async fn a_use_of_a_token_is_kept_and_is_no_change_of_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(Entry { tokens: vec![token(1), token(2)], ..Entry::default() }).await.expect("stored");
    let before = stored_token(&journal, 1).await;
    assert_eq!(before.last_used_at, None);
    let uses = |at| Entry { used: vec![(token(1).id, time(at))], ..recorded(payment(at as u32)) };
    for at in [7, 9, 8] {
        journal.commit(uses(at)).await.expect("recorded");
    }
    // The latest stays, whatever the order; whoever read the token before can still change it.
    let mut after = stored_token(&journal, 1).await;
    assert_eq!((after.last_used_at, after.version), (Some(time(9)), before.version));
    after.status = TokenStatus::Unusable;
    journal.commit(Entry { tokens: vec![after], ..Entry::default() }).await.expect("changed");
    // A refused entry notes nothing.
    assert_eq!(
        journal.commit(Entry { used: uses(20).used, ..recorded(payment(7)) }).await,
        Err(CommitError::Conflict)
    );
    journal.close().await;

    let journal = open(directory.path());
    let token = stored_token(&journal, 1).await;
    assert_eq!((token.last_used_at, token.status), (Some(time(9)), TokenStatus::Unusable));
    let by_value = journal.token_by_value(&merchant(), &account(), &stored("value-1")).await;
    assert_eq!(by_value.map(|token| token.and_then(|token| token.last_used_at)), Ok(Some(time(9))));
    let all = TokenFilter {
        merchant: merchant(),
        account: None,
        customer: None,
        status: None,
        before: None,
        limit: 9,
    };
    let listed = journal.tokens(all).await.expect("a list");
    assert_eq!(listed.iter().map(|token| token.last_used_at).collect::<Vec<_>>(), [None, Some(time(9))]);
}

// ── Lists of payments ────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn payments_are_listed_newest_first_and_by_every_filter() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let (card, visit) = (TokenId::from_bytes([6; 16]), SessionId::from_bytes([7; 16]));
    for n in 0..10 {
        let mut payment = payment(n);
        payment.state = PaymentState::ALL[n as usize % 2];
        payment.token = (n < 3).then_some(card);
        payment.session = (n >= 8).then_some(visit);
        payment.customer = Some(if n % 3 == 0 { "anna" } else { "berta" }.to_owned());
        if n == 4 {
            payment.account = AccountName("second".to_owned());
            payment.merchant_reference = "special".to_owned();
        }
        if n == 5 {
            payment.merchant = MerchantName("another".to_owned());
        }
        journal.commit(recorded(payment)).await.expect("recorded");
    }
    let all = any_of(merchant());
    let list = |filter: PaymentFilter| async {
        let payments = journal.payments(filter).await.expect("a list");
        payments
            .iter()
            .map(|payment| payment.created_at.as_second() - time(0).as_second())
            .collect::<Vec<_>>()
    };
    assert_eq!(list(all.clone()).await, [9, 8, 7, 6, 4, 3, 2, 1, 0]);
    assert_eq!(list(PaymentFilter { limit: 2, ..all.clone() }).await, [9, 8]);
    assert_eq!(list(PaymentFilter { before: Some(payment_id(7)), limit: 3, ..all.clone() }).await, [6, 4, 3]);
    assert_eq!(list(PaymentFilter { before: Some(payment_id(5)), limit: 1, ..all.clone() }).await, [4]);
    let state = PaymentState::ALL[1];
    assert_eq!(list(PaymentFilter { states: vec![state], ..all.clone() }).await, [9, 7, 3, 1]);
    let both = vec![state, PaymentState::ALL[0]];
    assert_eq!(list(PaymentFilter { states: both, ..all.clone() }).await.len(), 9);
    assert_eq!(list(PaymentFilter { token: Some(card), ..all.clone() }).await, [2, 1, 0]);
    assert_eq!(list(PaymentFilter { session: Some(visit), ..all.clone() }).await, [9, 8]);
    // Pages of one customer are full, whoever else pays in between.
    let annas = PaymentFilter { customer: Some("anna".to_owned()), limit: 2, ..all.clone() };
    assert_eq!(list(annas.clone()).await, [9, 6]);
    assert_eq!(list(PaymentFilter { before: Some(payment_id(6)), ..annas.clone() }).await, [3, 0]);
    assert_eq!(list(PaymentFilter { token: Some(card), ..annas }).await, [0]);
    assert!(list(PaymentFilter { customer: Some("Anna".to_owned()), ..all.clone() }).await.is_empty());
    let reference = Some("special".to_owned());
    assert_eq!(list(PaymentFilter { merchant_reference: reference.clone(), ..all.clone() }).await, [4]);
    let second = Some(AccountName("second".to_owned()));
    assert_eq!(list(PaymentFilter { account: second, ..all.clone() }).await, [4]);
    assert_eq!(list(PaymentFilter { created_from: Some(time(7)), ..all.clone() }).await, [9, 8, 7]);
    assert_eq!(list(PaymentFilter { created_before: Some(time(2)), ..all.clone() }).await, [1, 0]);
    let everything = PaymentFilter {
        states: vec![PaymentState::ALL[0]],
        account: Some(AccountName("second".to_owned())),
        customer: Some("berta".to_owned()),
        merchant_reference: reference,
        created_from: Some(time(1)),
        created_before: Some(time(9)),
        before: Some(payment_id(9)),
        ..all
    };
    assert_eq!(list(everything).await, [4]);
}

#[tokio::test]
async fn history_keeps_its_order_and_goes_on_after_any_note() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let entry = Entry {
        history: vec![note(HistoryKind::Created), note(HistoryKind::Permitted)],
        ..recorded(payment(1))
    };
    journal.commit(entry).await.expect("recorded");
    let mut learned = note(HistoryKind::Observed);
    let exchange = ExchangeNote {
        name: "sessions/pay".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/sessions/pay".to_owned(),
        http_status: 200,
        took_ms: 12,
        request: r#"{"amount":100}"#.to_owned(),
    };
    learned.exchange = Some(exchange.clone());
    learned.state = PaymentState::Captured;
    let entry = Entry { history: vec![learned.clone()], ..recorded(read(&journal, payment_id(1)).await) };
    journal.commit(entry).await.expect("recorded");

    let story = journal.history(payment_id(1), 0, 100).await.expect("a story");
    let kinds: Vec<_> = story.iter().filter_map(|entry| entry.kind).collect();
    assert_eq!(kinds, [HistoryKind::Created, HistoryKind::Permitted, HistoryKind::Observed]);
    assert_eq!((&story[0].exchange, &story[2].exchange), (&None, &Some(exchange)));
    assert_eq!((story[2].at, story[2].state), (learned.at, learned.state));
    for (place, entry) in story.iter().enumerate() {
        let rest = journal.history(payment_id(1), entry.sequence, 100).await.expect("a story");
        assert_eq!(rest, story[place + 1..]);
    }
    assert_eq!(journal.history(payment_id(1), 0, 2).await.expect("a story"), story[..2]);
    assert_eq!(journal.history(payment_id(2), 0, 100).await, Ok(vec![]));
}

#[tokio::test]
async fn follow_ups_come_when_they_are_due_the_longest_overdue_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for (n, at) in [(1, 30), (2, 10), (3, 20)] {
        let mut payment = payment(n);
        payment.follow_up = Some(FollowUp { since: time(0), inquiries: 0, last_at: None, next_at: time(at) });
        journal.commit(recorded(payment)).await.expect("recorded");
    }
    let at = |seconds| Moment::of_all(time(seconds));
    assert_eq!(journal.next_due(&at(4)).await, Ok(Some(Duration::from_secs(6))));
    assert_eq!(journal.next_due(&at(11)).await, Ok(Some(Duration::ZERO)), "overdue");
    assert_eq!(journal.due(&at(9), 10).await, Ok(vec![]));
    assert_eq!(journal.due(&at(20), 10).await, Ok(vec![payment_id(2), payment_id(3)]));
    assert_eq!(journal.due(&at(99), 1).await, Ok(vec![payment_id(2)]));
    let mut done = read(&journal, payment_id(2)).await;
    done.follow_up = None;
    journal.commit(recorded(done)).await.expect("recorded");
    assert_eq!(journal.next_due(&at(4)).await, Ok(Some(Duration::from_secs(16))));
}

#[tokio::test]
async fn follow_ups_are_due_by_the_clock_of_their_merchant() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let merchant = |name: &str| MerchantName(name.to_owned());
    for (n, name, at) in [(1, "early", 1_030), (2, "shop", 10), (3, "shop", 20), (4, "late", 5_000)] {
        let mut payment = Payment { merchant: merchant(name), ..payment(n) };
        payment.follow_up = Some(FollowUp { since: time(0), inquiries: 0, last_at: None, next_at: time(at) });
        journal.commit(recorded(payment)).await.expect("recorded");
    }
    let at = |now, own: &[(&str, i64)]| Moment {
        now: time(now),
        own: own.iter().map(|(name, seconds)| (merchant(name), time(*seconds))).collect(),
    };
    assert_eq!(journal.due(&at(9, &[("early", 1_029)]), 10).await, Ok(vec![]));
    assert_eq!(journal.next_due(&at(9, &[("early", 1_029)])).await, Ok(Some(Duration::from_secs(1))));
    assert_eq!(journal.next_due(&at(4, &[("early", 1_000)])).await, Ok(Some(Duration::from_secs(6))));
    let both = at(12, &[("early", 1_040), ("late", 4_000)]);
    assert_eq!(journal.due(&both, 10).await, Ok(vec![payment_id(1), payment_id(2)]), "10 s overdue, then 2");
    assert_eq!(journal.due(&both, 1).await, Ok(vec![payment_id(1)]));
    assert_eq!(journal.next_due(&both).await, Ok(Some(Duration::ZERO)));
    assert_eq!(journal.next_due_of(&merchant("shop")).await, Ok(Some(time(10))));
    assert_eq!(journal.next_due_of(&merchant("late")).await, Ok(Some(time(5_000))));
    assert_eq!(journal.next_due_of(&merchant("nobody")).await, Ok(None));
}

#[tokio::test]
async fn unfinished_payments_are_those_that_a_dead_process_leaves_behind() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for (n, state) in (0..).zip(PaymentState::ALL) {
        let payment = Payment { state: *state, ..payment(n) };
        journal.commit(recorded(payment)).await.expect("recorded");
    }
    for (n, status) in (100..).zip(MovementStatus::ALL) {
        let movement = MovementRecord { status: *status, ..capture(1, 100) };
        let payment = Payment { state: PaymentState::Authorized, movements: vec![movement], ..payment(n) };
        journal.commit(recorded(payment)).await.expect("recorded");
    }
    let ids = |payments: Vec<Payment>| payments.iter().map(|payment| payment.id).collect::<Vec<_>>();
    let expected = [0, 1, 100, 101].map(payment_id);
    assert_eq!(ids(journal.unfinished(None, 100).await.expect("a list")), expected);
    assert_eq!(ids(journal.unfinished(Some(expected[1]), 1).await.expect("a list")), expected[2..3]);
    let mut concluded = read(&journal, payment_id(1)).await;
    concluded.state = PaymentState::Captured;
    journal.commit(recorded(concluded)).await.expect("recorded");
    assert_eq!(ids(journal.unfinished(None, 100).await.expect("a list")).len(), 3);
}

// ── Secrets ──────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn nothing_secret_is_in_any_file() {
    let canaries =
        ["canary-token", "canary-session-key", "canary@mail.example", "https://canary.example/pay", "Canary"];
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let mut payment = payment(1);
    payment.trace.session_key = Some(Secret::from(canaries[1]));
    payment.next_action = Some(NextAction::Redirect { url: canaries[3].to_owned() });
    payment.metadata = BTreeMap::from([("note".to_owned(), canaries[4].to_owned())]);
    let mut session = session(1);
    session.order.purchase.customer.email = Some(canaries[2].to_owned());
    session.order.purchase.customer.given_name = Some(canaries[4].to_owned());
    session.order.offered = vec![stored(canaries[0])];
    let mut token = token(1);
    token.stored = stored(canaries[0]);
    let entry = Entry {
        claim: Some(claim("the-key", Subject::Session(session.id))),
        session: Some(Box::new(session)),
        payment: Some(Box::new(payment)),
        tokens: vec![token],
        history: vec![note(HistoryKind::Created)],
        ..Entry::default()
    };
    journal.commit(entry).await.expect("recorded");

    let search = || {
        for file in fs::read_dir(directory.path()).expect("a directory") {
            let path = file.expect("a file").path();
            assert_eq!(path.metadata().expect("a file").permissions().mode() & 0o077, 0, "{path:?}");
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
async fn a_record_that_was_tampered_with_is_damaged() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for n in 1..=3 {
        journal.commit(recorded(payment(n))).await.expect("recorded");
    }
    // One record in another's place, and one cut short.
    tamper(
        directory.path(),
        "UPDATE payments SET record = (SELECT record FROM payments WHERE number = 2) WHERE number = 1;
         UPDATE payments SET record = substr(record, 1, 100) WHERE number = 2;",
    );
    assert_eq!(journal.payment(payment_id(1)).await, Err(Unavailable::Damaged));
    assert_eq!(journal.payment(payment_id(2)).await, Err(Unavailable::Damaged));
    assert!(journal.payment(payment_id(3)).await.is_ok());
    assert_eq!(journal.payments(any_of(merchant())).await, Err(Unavailable::Damaged));
}

#[tokio::test]
async fn wrong_and_missing_keys_are_refused_before_anything_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(recorded(payment(1))).await.expect("recorded");
    journal.close().await;
    let with = |keys: Keys| sqlite::open(Config::new(directory.path(), keys)).map(drop);
    let wrong = turnpike::journal::seal::Key::new(1, &Secret::new([9; 32]));
    let refused = with(Keys::new(wrong, vec![]).expect("one key"));
    assert!(matches!(refused, Err(OpenError::WrongKey(1))), "{refused:?}");
    let refused = with(Keys::new(key(2), vec![]).expect("one key"));
    assert!(matches!(refused, Err(OpenError::MissingKey(1))), "{refused:?}");
    with(keys()).expect("the right key");
}

#[tokio::test]
async fn a_record_under_a_key_that_is_gone_is_damaged() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(recorded(payment(1))).await.expect("recorded");
    journal.close().await;
    tamper(directory.path(), "DELETE FROM keys; DELETE FROM secrets");
    let keys = Keys::new(key(2), vec![]).expect("one key");
    let journal = sqlite::open(Config::new(directory.path(), keys)).expect("opens");
    assert_eq!(journal.payment(payment_id(1)).await, Err(Unavailable::Damaged));
}

#[tokio::test]
async fn keys_are_rotated_while_the_store_is_in_use() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for n in 0..25 {
        let entry =
            Entry { tokens: vec![token(n)], session: Some(Box::new(session(n))), ..recorded(payment(n)) };
        journal.commit(entry).await.expect("recorded");
    }
    journal.close().await;

    let rotated = Keys::new(key(2), vec![key(1)]).expect("two keys");
    let journal = sqlite::open(Config::new(directory.path(), rotated)).expect("opens");
    // A value that was digested with the old key is still found, and still refused twice.
    let found = journal.token_by_value(&merchant(), &account(), &stored("value-3")).await;
    assert_eq!(found.expect("readable").map(|token| token.id), Some(token(3).id));
    let mut doubled = token(99);
    doubled.stored = stored("value-3");
    let doubled = journal.commit(Entry { tokens: vec![doubled], ..Entry::default() }).await;
    assert_eq!(doubled, Err(CommitError::Conflict));

    let mut moved = 0;
    loop {
        let resealed = journal.reseal(10).await.expect("resealed");
        moved += resealed.moved;
        // What is written meanwhile is not in the way.
        journal.commit(recorded(read(&journal, payment_id(1)).await)).await.expect("recorded");
        if resealed.finished {
            break;
        }
    }
    assert!((73..=75).contains(&moved), "{moved}");
    journal.close().await;

    let alone = Keys::new(key(2), vec![]).expect("one key");
    let journal = sqlite::open(Config::new(directory.path(), alone)).expect("the old key is not needed");
    for n in 0..25 {
        read(&journal, payment_id(n)).await;
        assert!(journal.session(session(n).id).await.expect("readable").is_some());
        let value = stored(&format!("value-{n}"));
        let found = journal.token_by_value(&merchant(), &account(), &value).await.expect("readable");
        assert_eq!(found.map(|token| token.id), Some(token(n).id));
    }
}

/// The key of fingerprints as a store opens with it.
async fn fingerprint_key(directory: &Path, keys: Keys, inherited: Option<&[u8]>) -> Vec<u8> {
    let inherited_fingerprint_key = inherited.map(|bytes| Secret::new(bytes.to_vec()));
    let config = Config { inherited_fingerprint_key, ..Config::new(directory, keys) };
    let journal = sqlite::open(config).expect("opens");
    let key = journal.fingerprint_key().expose().clone();
    while !journal.reseal(10).await.expect("resealed").finished {}
    journal.close().await;
    key
}

#[tokio::test]
async fn the_key_of_fingerprints_outlives_every_key_that_sealed_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let with = |current: u32, previous: &[u32]| {
        let previous = previous.iter().map(|number| key(*number)).collect();
        Keys::new(key(current), previous).expect("different numbers")
    };
    let first = fingerprint_key(directory.path(), with(1, &[]), Some(b"not for a new store")).await;
    assert_eq!(first.len(), 32, "made at random");
    for keys in [with(1, &[]), with(2, &[1]), with(2, &[]), with(3, &[2]), with(3, &[])] {
        assert_eq!(fingerprint_key(directory.path(), keys, Some(b"of another key")).await, first);
    }
    let other = tempfile::tempdir().expect("a directory");
    assert_ne!(fingerprint_key(other.path(), with(1, &[]), None).await, first);
    // It lies in the file for nobody to read.
    let file = fs::read(directory.path().join(sqlite::FILE)).expect("readable");
    assert!(!file.windows(32).any(|window| window == first));
    // What is sealed with a key that is not there is told by its number, as everything else is.
    tamper(directory.path(), "DELETE FROM keys");
    let refused = sqlite::open(Config::new(directory.path(), with(4, &[]))).map(drop);
    assert!(matches!(refused, Err(OpenError::MissingKey(3))), "{refused:?}");
}

#[tokio::test]
async fn a_store_of_the_first_schema_goes_on_with_the_fingerprints_it_has() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    journal.commit(recorded(payment(1))).await.expect("recorded");
    journal.close().await;
    tamper(directory.path(), BACK_TO_FIRST_SCHEMA);
    assert_eq!(sqlite::versions(directory.path()).expect("readable").found, 1);
    let rotated = Keys::new(key(2), vec![key(1)]).expect("two keys");
    let adopted = fingerprint_key(directory.path(), rotated, Some(b"as it was derived")).await;
    assert_eq!(adopted, b"as it was derived");
    // From then on it is the store's own, whatever it would be derived from now.
    let alone = Keys::new(key(2), vec![]).expect("one key");
    assert_eq!(fingerprint_key(directory.path(), alone, Some(b"of the second key")).await, adopted);
}

// ── Opening ──────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_store_belongs_to_one_process() {
    let directory = tempfile::tempdir().expect("a directory");
    let _journal = open(directory.path());
    let second = sqlite::open(Config::new(directory.path(), keys())).map(drop);
    let said = second.expect_err("refused").to_string();
    assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
    assert!(matches!(sqlite::migrate(directory.path()), Err(OpenError::InUse { .. })));
    assert_eq!(sqlite::versions(directory.path()).expect("readable").found, 7);
}

#[tokio::test]
async fn a_new_directory_is_private_and_migrating_twice_does_nothing() {
    let above = tempfile::tempdir().expect("a directory");
    let directory = above.path().join("store");
    assert_eq!(sqlite::versions(&directory).expect("nothing there").found, 0);
    let first = sqlite::migrate(&directory).expect("migrates");
    assert_eq!((first.found, first.known), (0, 7));
    assert_eq!(sqlite::migrate(&directory).expect("migrates").found, 7);
    let mode = |path: &Path| path.metadata().expect("exists").permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join(sqlite::FILE)), 0o600);
    assert_eq!(mode(&directory.join(sqlite::LOCK)), 0o600);
    open(&directory).close().await;
}

#[tokio::test]
async fn payments_of_an_older_schema_are_found_by_their_customer() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for n in 0..5 {
        let mut payment = payment(n);
        payment.customer = (n != 2).then(|| "anna".to_owned());
        journal.commit(recorded(payment)).await.expect("recorded");
    }
    journal.close().await;
    tamper(directory.path(), BACK_TO_FIRST_SCHEMA);
    // Migrating without the keys leaves the rest to whoever opens it with them.
    assert_eq!(sqlite::migrate(directory.path()).expect("migrates").found, 1);
    for _ in 0..2 {
        let journal = open(directory.path());
        let annas = PaymentFilter { customer: Some("anna".to_owned()), ..any_of(merchant()) };
        let found = journal.payments(annas).await.expect("a list");
        assert_eq!(found.iter().map(|payment| payment.id).collect::<Vec<_>>(), [4, 3, 1, 0].map(payment_id));
        journal.close().await;
    }
}

#[tokio::test]
async fn other_and_later_files_are_refused() {
    let refused =
        |directory: &Path| sqlite::open(Config::new(directory, keys())).map(drop).expect_err("refused");
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join(sqlite::FILE), "Dear diary, this is not a database.".repeat(99))
        .expect("written");
    assert!(matches!(refused(directory.path()), OpenError::NotOurs(_)));

    let directory = tempfile::tempdir().expect("a directory");
    tamper(directory.path(), "CREATE TABLE somebody_elses (a)");
    assert!(matches!(refused(directory.path()), OpenError::NotOurs(_)));

    let directory = tempfile::tempdir().expect("a directory");
    open(directory.path()).close().await;
    tamper(directory.path(), "PRAGMA user_version = 9");
    let error = refused(directory.path());
    assert!(matches!(error, OpenError::Newer { found: 9, known: 7 }), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for n in 0..200 {
        journal.commit(recorded(payment(n))).await.expect("recorded");
    }
    journal.close().await;
    let path = directory.path().join(sqlite::FILE);
    let whole = fs::read(&path).expect("readable");

    // A page of noise in the middle, and an end that is missing.
    let mut noisy = whole.clone();
    let middle = whole.len() / 2 / 4096 * 4096;
    noisy[middle..middle + 4096].fill(0xa5);
    for damaged in [noisy, whole[..whole.len() - 10 * 4096].to_vec()] {
        fs::write(&path, &damaged).expect("written");
        let refused = sqlite::open(Config::new(directory.path(), keys())).map(drop).expect_err("refused");
        assert!(matches!(refused, OpenError::Corrupt(_)), "{refused:?}");
        assert!(refused.to_string().contains("restore"), "{refused}");
        assert_eq!(fs::read(&path).expect("readable"), damaged);
    }
    fs::write(&path, whole).expect("written");
    read(&open(directory.path()), payment_id(150)).await;
}

// ── A full disk ──────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_full_disk_is_told_and_heals() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = |pages| Config { max_pages: pages, ..Config::new(directory.path(), keys()) };
    let journal = sqlite::open(config(Some(200))).expect("opens");
    let big = |n| {
        let mut payment = payment(n);
        // Smaller than what is written to see whether writing works: what is left has no room for that.
        payment.metadata = BTreeMap::from([("filler".to_owned(), "x".repeat(9_000))]);
        let claim = claim(&format!("request-{n}"), Subject::Payment(payment.id));
        Entry { claim: Some(claim), ..recorded(payment) }
    };
    let full = loop_until_full(&journal, big).await;
    assert!(full > 10, "{full}");
    assert_eq!(journal.check().await, Err(Unavailable::Failing));
    assert_eq!(journal.payment(payment_id(full)).await, Ok(None), "not half-written");
    assert_eq!(journal.claim(&idempotency_key(&format!("request-{full}"))).await, Ok(None));
    read(&journal, payment_id(full - 1)).await;
    journal.close().await;

    let journal = sqlite::open(config(None)).expect("opens");
    assert_eq!(journal.check().await, Ok(()));
    assert_eq!(journal.commit(big(full)).await, Ok(()));
    read(&journal, payment_id(full)).await;
}

async fn loop_until_full(journal: &SqliteJournal, big: impl Fn(u32) -> Entry) -> u32 {
    for n in 0..1_000 {
        match journal.commit(big(n)).await {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error, CommitError::Unavailable(Unavailable::Failing));
                return n;
            }
        }
    }
    panic!("the limit does not hold");
}

#[tokio::test]
async fn writing_works_again_as_soon_as_there_is_room() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config { max_pages: Some(100), ..Config::new(directory.path(), keys()) };
    let journal = sqlite::open(config).expect("opens");
    let mut n = 0;
    let full = loop {
        let claim = claim(&format!("{n}-{}", "x".repeat(1_000)), Subject::Payment(payment_id(n)));
        let entry = Entry { claim: Some(claim), ..Entry::default() };
        if let Err(error) = journal.commit(entry).await {
            break error;
        }
        n += 1;
    };
    assert_eq!(full, CommitError::Unavailable(Unavailable::Failing));
    assert_eq!(journal.check().await, Err(Unavailable::Failing));
    assert_eq!(journal.forget_claims(time(1), 1_000).await, Ok(n as usize));
    assert_eq!(journal.check().await, Ok(()));
    assert_eq!(journal.commit(recorded(payment(1))).await, Ok(()));
}
