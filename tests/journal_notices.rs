//! What the seam promises of notices, of providers' ids and of the log that is followed, asked of the store
//! that keeps it, on a real disk.

#[path = "journal/samples.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod samples;

use std::fs;
use std::path::Path;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use samples::*;
use turnpike::domain::card::{CardSummary, SavedCard, TokenUses};
use turnpike::domain::event::{About, EndpointFact, Event, EventKind};
use turnpike::domain::ids::*;
use turnpike::domain::notice::{Call, Handles, Notice, NoticeProgress, NoticeStatus, Proof};
use turnpike::domain::outcome::{
    Decline, DeclineReason, MovementReport, MovementStanding, RetryAdvice, Seen, SeenTotals,
};
use turnpike::domain::payment::{FollowUp, MovementKind, PaymentState};
use turnpike::journal::seal::Keys;
use turnpike::journal::seam::{Entry, Handle, Journal, NoticeFilter, UnsettledFilter};
use turnpike::journal::sqlite::{self, Config, SqliteJournal};

fn notice(n: u32, key: &str) -> Notice {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&n.to_be_bytes());
    Notice {
        id: NoticeId::from_bytes(id),
        account: account(),
        key: key.to_owned(),
        received_at: time(n.into()),
        kind: "paid".to_owned(),
        about: Handles { reference: Some("pay1".to_owned()), ..Handles::default() },
        proves: Proof::Hint,
        call: Call {
            method: "POST".to_owned(),
            url: "https://pay.example/webhooks/nordic".to_owned(),
            headers: vec![("x-api-key".to_owned(), "canary-key".to_owned())],
            body: br#"{"email": "canary@mail.example"}"#.to_vec(),
        },
        progress: NoticeProgress {
            status: NoticeStatus::Waiting,
            payment: None,
            attempts: 0,
            next_at: Some(time(n.into())),
        },
    }
}

async fn came(journal: &SqliteJournal, notice: Notice) {
    let entry = Entry { notices: vec![notice], ..Entry::default() };
    journal.commit(entry).await.expect("kept");
}

async fn went(journal: &SqliteJournal, n: u32, status: NoticeStatus) {
    let progress = NoticeProgress { status, payment: Some(payment_id(9)), attempts: 2, next_at: None };
    let entry = Entry { heard: vec![(notice(n, "").id, progress)], ..Entry::default() };
    journal.commit(entry).await.expect("written");
}

async fn due(journal: &SqliteJournal, now: i64) -> Vec<Notice> {
    journal.due_notices(time(now), 100).await.expect("readable")
}

fn left(status: NoticeStatus) -> NoticeFilter {
    NoticeFilter { accounts: vec![account()], statuses: vec![status], before: None, limit: 10 }
}

/// One number of the store's own file.
fn counted(directory: &Path, statement: &str) -> i64 {
    let store = rusqlite::Connection::open(directory.join(sqlite::FILE)).expect("opens");
    store.query_row(statement, [], |row| row.get(0)).expect("a number")
}

#[tokio::test]
async fn news_is_kept_once_and_counted_and_comes_again_only_where_it_led_to_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    came(&journal, notice(1, "news")).await;
    came(&journal, notice(2, "news")).await;
    came(&journal, notice(3, "other news")).await;
    let found = due(&journal, 100).await;
    assert_eq!(found, [notice(1, "news"), notice(3, "other news")], "the longest overdue first");
    assert_eq!(due(&journal, 1).await, [notice(1, "news")]);
    assert_eq!(journal.next_notice().await, Ok(Some(time(1))));

    // What was applied stays applied, however often it comes.
    went(&journal, 1, NoticeStatus::Applied).await;
    came(&journal, notice(4, "news")).await;
    assert_eq!(due(&journal, 100).await, [notice(3, "other news")]);
    // What led to nothing is acted upon again.
    for status in [NoticeStatus::Unmatched, NoticeStatus::Failed] {
        went(&journal, 3, status).await;
        assert_eq!(journal.next_notice().await, Ok(None));
        let kept = journal.notices(left(status)).await.expect("listed");
        assert_eq!((kept.len(), kept[0].progress.payment), (1, Some(payment_id(9))));
        came(&journal, notice(5, "other news")).await;
        let again = due(&journal, 100).await;
        assert_eq!((again.len(), again[0].id, again[0].progress.attempts), (1, notice(3, "").id, 0));
    }
    // Another account's news is other news.
    let elsewhere = Notice { account: AccountName("elsewhere".to_owned()), ..notice(6, "news") };
    came(&journal, elsewhere.clone()).await;
    assert!(due(&journal, 100).await.contains(&elsewhere));
    journal.close().await;
    assert_eq!(counted(directory.path(), "SELECT sum(arrivals) FROM notices"), 3 + 1 + 2 + 1);
    assert_eq!(counted(directory.path(), "SELECT count(*) FROM notices"), 3);
}

#[tokio::test]
async fn a_notice_that_does_not_read_back_is_in_nobodys_way() {
    let directory = tempfile::tempdir().expect("a directory");
    {
        let journal = open(directory.path());
        came(&journal, notice(1, "damaged")).await;
        came(&journal, notice(2, "fine")).await;
        journal.close().await;
    }
    let store = rusqlite::Connection::open(directory.path().join(sqlite::FILE)).expect("opens");
    store.execute("UPDATE notices SET record = zeroblob(90) WHERE number = 1", []).expect("changed");
    drop(store);
    let journal = open(directory.path());
    assert_eq!(due(&journal, 100).await, [notice(2, "fine")]);
    went(&journal, 2, NoticeStatus::Applied).await;
    // Tried again an hour later.
    assert_eq!(journal.next_notice().await, Ok(Some(time(100 + 3_600))));
}

#[tokio::test]
async fn old_notices_are_forgotten_unless_something_is_left_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    for n in 1..=4 {
        came(&journal, notice(n, &n.to_string())).await;
    }
    went(&journal, 1, NoticeStatus::Applied).await;
    went(&journal, 3, NoticeStatus::Unknown).await;
    went(&journal, 4, NoticeStatus::Applied).await;
    assert_eq!(journal.forget_notices(time(4), 100).await, Ok(2));
    assert_eq!(due(&journal, 100).await, [notice(2, "2")]);
    assert_eq!(journal.forget_notices(time(5), 100).await, Ok(1));
    // What was forgotten is news again.
    came(&journal, notice(7, "1")).await;
    assert_eq!(due(&journal, 100).await.len(), 2);
}

#[tokio::test]
async fn ids_of_a_provider_lead_to_the_payments_of_sessions_and_to_movements() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let mut of_session = payment(1);
    of_session.session = Some(session(1).id);
    of_session.trace.session = Some("their-session".to_owned());
    of_session.trace.order = Some("their-order".to_owned());
    let mut of_charge = payment(2);
    of_charge.trace.transaction = Some("their-transaction".to_owned());
    of_charge.trace.order = Some("order-of-a-charge".to_owned());
    for payment in [of_session.clone(), of_charge] {
        let entry = Entry { payment: Some(Box::new(payment)), ..Entry::default() };
        journal.commit(entry).await.expect("recorded");
    }
    let found = async |handle, value: &str| {
        journal.payment_by_handle(&account(), handle, value).await.expect("readable")
    };
    assert_eq!(found(Handle::Session, "their-session").await, Some(payment_id(1)));
    assert_eq!(found(Handle::Order, "their-order").await, Some(payment_id(1)));
    assert_eq!(found(Handle::Order, "their-session").await, None, "a kind of its own");
    assert_eq!(found(Handle::Order, "order-of-a-charge").await, Some(payment_id(2)));
    assert_eq!(found(Handle::Transaction, "their-transaction").await, None, "charges repeat our reference");
    let other = AccountName("elsewhere".to_owned());
    assert_eq!(journal.payment_by_handle(&other, Handle::Order, "their-order").await, Ok(None));
    // Learned later.
    let mut learned = journal.payment(payment_id(1)).await.expect("readable").expect("there");
    learned.trace.transaction = Some("late".to_owned());
    let entry = Entry { payment: Some(Box::new(learned)), ..Entry::default() };
    journal.commit(entry).await.expect("written");
    assert_eq!(found(Handle::Transaction, "late").await, Some(payment_id(1)));
}

#[tokio::test]
async fn unsettled_payments_are_listed_and_settled_ones_are_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let follow_up = FollowUp { since: time(1), inquiries: 0, last_at: None, next_at: time(2) };
    for n in 1..=4 {
        let mut payment = payment(n);
        payment.follow_up = (n % 2 == 0).then_some(follow_up);
        payment.state = if n == 3 { PaymentState::Quarantined } else { PaymentState::Processing };
        let entry = Entry { payment: Some(Box::new(payment)), ..Entry::default() };
        journal.commit(entry).await.expect("recorded");
    }
    let list = async |before, limit| {
        let filter = UnsettledFilter { merchant: merchant(), account: None, before, limit };
        let found = journal.unsettled(filter).await.expect("listed");
        found.into_iter().map(|payment| payment.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, [payment_id(4), payment_id(3), payment_id(2)]);
    assert_eq!(list(Some(payment_id(4)), 1).await, [payment_id(3)]);
    let filter =
        UnsettledFilter { merchant: MerchantName("other".to_owned()), account: None, before: None, limit: 9 };
    assert_eq!(journal.unsettled(filter).await, Ok(vec![]));
}

fn endpoint_event(n: u8, merchant: &str) -> Event {
    Event {
        id: EventId::from_bytes([n; 16]),
        merchant: MerchantName(merchant.to_owned()),
        at: time(1),
        kind: EventKind::EndpointParked,
        about: About::Endpoint(EndpointFact {
            name: "erp".to_owned(),
            failing_since: None,
            note: Some("no answer".to_owned()),
        }),
    }
}

#[tokio::test]
async fn whoever_follows_a_log_is_told_when_it_grows_and_nobody_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = open(directory.path());
    let [one, other] = ["one", "other"].map(|name| MerchantName(name.to_owned()));
    assert_eq!(journal.last_event(&one).await, Ok(0));
    let (mut of_one, mut of_other) = (journal.follow_events(&one), journal.follow_events(&other));
    let log = |event| journal.commit(Entry { events: vec![event], ..Entry::default() });
    log(endpoint_event(1, "one")).await.expect("logged");
    tokio::time::timeout(Duration::from_secs(10), of_one.changed()).await.expect("told").expect("open");
    assert!(!of_other.has_changed().expect("open"));
    let last = journal.last_event(&one).await.expect("readable");
    log(endpoint_event(2, "other")).await.expect("logged");
    of_other.changed().await.expect("open");
    assert_eq!(journal.last_event(&one).await, Ok(last));
    let found = journal.event(&one, EventId::from_bytes([1; 16])).await.expect("readable").expect("there");
    assert_eq!((found.sequence, found.event), (last, endpoint_event(1, "one")));
    assert_eq!(journal.event(&other, EventId::from_bytes([1; 16])).await, Ok(None), "another's");
}

#[tokio::test]
async fn notices_are_sealed_and_move_to_a_new_key() {
    let directory = tempfile::tempdir().expect("a directory");
    {
        let journal = open(directory.path());
        came(&journal, notice(1, "canary-news")).await;
        journal.close().await;
    }
    for file in fs::read_dir(directory.path()).expect("a directory") {
        let bytes = fs::read(file.expect("a file").path()).expect("readable");
        for canary in ["canary-key", "canary@mail.example", "canary-news"] {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} stands in a file");
        }
    }
    let keys = Keys::new(key(2), vec![key(1)]).expect("two keys");
    let journal = sqlite::open(Config::new(directory.path(), keys)).expect("opens");
    let mut moved = 0;
    loop {
        let step = journal.reseal(100).await.expect("resealed");
        moved += step.moved;
        if step.finished {
            break;
        }
    }
    assert_eq!((moved, due(&journal, 100).await), (1, vec![notice(1, "canary-news")]));
    // Known by the same digest, whichever keys it is sealed with.
    came(&journal, notice(2, "canary-news")).await;
    assert_eq!(due(&journal, 100).await.len(), 1);
}

fn any_proof() -> impl Strategy<Value = Proof> {
    let kind = prop_oneof![Just(MovementKind::Capture), Just(MovementKind::Void), Just(MovementKind::Refund)];
    let standing = prop_oneof![
        Just(MovementStanding::Pending),
        Just(MovementStanding::Succeeded),
        Just(MovementStanding::Failed(Decline::new(DeclineReason::IssuerUnavailable, RetryAdvice::Later))),
    ];
    let movement = (kind, standing, of(money()), of(text()), of(text()), of(any::<i64>())).prop_map(
        |(kind, standing, money, reference, provider_id, refunded)| {
            let totals = SeenTotals { refunded, ..SeenTotals::default() };
            let seen = Seen { money, reference };
            Proof::Movement(kind, Box::new(MovementReport { standing, seen, provider_id, totals }))
        },
    );
    let card = text().prop_map(|value| SavedCard {
        token: stored(&value),
        card: CardSummary::default(),
        uses: TokenUses::default(),
    });
    prop_oneof![
        Just(Proof::Payment),
        movement,
        vec(card, 0..3).prop_map(Proof::Cards),
        Just(Proof::Hint),
        Just(Proof::Unknown),
    ]
}

#[test]
fn any_notice_is_read_as_it_was_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _inside = runtime.enter();
    let journal = open(directory.path());
    let about = (of(text()), of(text()), of(text()), of(text()), of(text()));
    let call = (vec((text(), text()), 0..4), vec(any::<u8>(), 0..200), text());
    let any = (any::<[u8; 16]>(), timestamp(), text(), about, any_proof(), call);
    let mut runner = TestRunner::new(Cases { cases: 200, ..Cases::default() });
    let done = runner.run(&any, |(id, received_at, kind, about, proves, (headers, body, url))| {
        let (reference, session, transaction, order, movement) = about;
        let movement = movement.map(|id| (MovementKind::Refund, id));
        let mut wanted = notice(1, &NoticeId::from_bytes(id).to_string());
        wanted.id = NoticeId::from_bytes(id);
        (wanted.received_at, wanted.kind, wanted.proves) = (received_at, kind, proves);
        wanted.about = Handles { reference, session, transaction, order, movement };
        wanted.call = Call { method: "GET".to_owned(), url, headers, body };
        runtime.block_on(async {
            came(&journal, wanted.clone()).await;
            let found = due(&journal, 1).await;
            went_by(&journal, wanted.id).await;
            prop_assert_eq!(found, [wanted]);
            Ok(())
        })
    });
    done.expect("each reads back");
}

async fn went_by(journal: &SqliteJournal, id: NoticeId) {
    let progress =
        NoticeProgress { status: NoticeStatus::Applied, payment: None, attempts: 0, next_at: None };
    let entry = Entry { heard: vec![(id, progress)], ..Entry::default() };
    journal.commit(entry).await.expect("written");
}
