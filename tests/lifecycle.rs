//! A payment's life: every state with every piece of news, and any order of any news.

use jiff::Timestamp;
use proptest::prelude::*;
use turnpike::domain::event::EventKind;
use turnpike::domain::ids::{AccountName, CaptureId, MerchantName, PaymentId, RefundId, VoidId};
use turnpike::domain::money::{Currency, Money};
use turnpike::domain::order::{CaptureMode, Options};
use turnpike::domain::outcome::{
    Decline, DeclineReason, Failure, FailureReason, Mismatch, NextAction, RetryAdvice, Trace,
};
use turnpike::domain::payment::{
    MovementId, MovementNews, MovementRecord, MovementStatus, News, Payment, PaymentState,
};
use turnpike::domain::telling;

const ASKED: i64 = 10_000;

fn money(minor: i64) -> Money {
    Money::new(minor, Currency::parse("NOK").expect("NOK")).expect("not negative")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

fn payment() -> Payment {
    Payment {
        id: PaymentId::from_bytes([1; 16]),
        merchant: MerchantName("acme".to_owned()),
        account: AccountName("dintero-no".to_owned()),
        merchant_reference: "order-1".to_owned(),
        reference: "pay1".to_owned(),
        asked: money(ASKED),
        capture: CaptureMode::Manual,
        state: PaymentState::Created,
        authorized: 0,
        captured_seen: 0,
        refunded_seen: 0,
        undone: false,
        trace: Trace::by_reference("pay1"),
        token: None,
        session: None,
        occurrence: None,
        merchant_initiated: None,
        decline: None,
        failure: None,
        next_action: None,
        mismatch: None,
        card: None,
        network_transaction_id: None,
        approval_code: None,
        customer: None,
        description: None,
        descriptor: None,
        metadata: Default::default(),
        saved_tokens: Vec::new(),
        saved_awaited_until: None,
        movements: Vec::new(),
        follow_up: None,
        sent_at: None,
        expires_at: None,
        request_id: "r1".to_owned(),
        created_at: at(0),
        updated_at: at(0),
        version: 0,
        history_hash: [0; 32],
    }
}

fn in_state(state: PaymentState) -> Payment {
    let mut payment = payment();
    payment.state = state;
    match state {
        PaymentState::Authorized | PaymentState::Voided => payment.authorized = ASKED,
        PaymentState::Captured => (payment.authorized, payment.captured_seen) = (ASKED, ASKED),
        PaymentState::PartiallyRefunded => {
            (payment.authorized, payment.captured_seen, payment.refunded_seen) = (ASKED, ASKED, 1);
        }
        PaymentState::Refunded => {
            (payment.authorized, payment.captured_seen, payment.refunded_seen) = (ASKED, ASKED, ASKED);
        }
        PaymentState::RequiresAction => payment.next_action = Some(redirect()),
        _ => {}
    }
    payment
}

fn redirect() -> NextAction {
    NextAction::Redirect { url: "https://pay.example/1".to_owned() }
}

fn decline() -> Decline {
    Decline::new(DeclineReason::InsufficientFunds, RetryAdvice::Later)
}

fn failure() -> Failure {
    Failure { reason: FailureReason::NotFound, provider_code: None, provider_message: None }
}

fn mismatch() -> Mismatch {
    Mismatch { what: "amount", asked: "10000".to_owned(), seen: "10001".to_owned() }
}

fn every_news() -> Vec<(&'static str, News)> {
    vec![
        ("submitted", News::Submitted),
        ("never_sent", News::NeverSent),
        ("lost_sight", News::LostSight),
        ("action", News::ActionRequired(redirect())),
        ("processing", News::Processing),
        ("expired", News::Expired),
        ("failed", News::Failed(failure())),
        ("declined", News::Declined(decline())),
        ("verified", News::Verified),
        ("authorized", News::Authorized(ASKED)),
        ("lapsed", News::Lapsed),
        ("voided", News::Voided),
        ("undone", News::Undone),
        ("captured", News::Captured(ASKED)),
        ("refunded", News::Refunded(ASKED)),
        ("mismatch", News::Mismatch(mismatch())),
        ("released", News::Released),
    ]
}

/// The whole machine, one row a state, one column a piece of news in the order of [`every_news`].
/// `!` is illegal, `=` leaves the state alone, anything else is the state afterwards.
const MACHINE: &[(&str, &str)] = &[
    (
        "CREATED",
        "SUBMITTED ! ! REQUIRES_ACTION PROCESSING EXPIRED FAILED DECLINED VERIFIED AUTHORIZED EXPIRED VOIDED VOIDED CAPTURED REFUNDED QUARANTINED =",
    ),
    (
        "SUBMITTED",
        "! CREATED UNRESOLVED REQUIRES_ACTION PROCESSING EXPIRED FAILED DECLINED VERIFIED AUTHORIZED EXPIRED VOIDED VOIDED CAPTURED REFUNDED QUARANTINED =",
    ),
    (
        "REQUIRES_ACTION",
        "SUBMITTED ! = = PROCESSING EXPIRED FAILED DECLINED VERIFIED AUTHORIZED EXPIRED VOIDED VOIDED CAPTURED REFUNDED QUARANTINED =",
    ),
    (
        "PROCESSING",
        "! ! = REQUIRES_ACTION = EXPIRED FAILED DECLINED VERIFIED AUTHORIZED EXPIRED VOIDED VOIDED CAPTURED REFUNDED QUARANTINED =",
    ),
    (
        "UNRESOLVED",
        "! ! = REQUIRES_ACTION PROCESSING EXPIRED FAILED DECLINED VERIFIED AUTHORIZED EXPIRED VOIDED VOIDED CAPTURED REFUNDED QUARANTINED =",
    ),
    (
        "EXPIRED",
        "! ! = = = = FAILED DECLINED VERIFIED AUTHORIZED = VOIDED VOIDED CAPTURED REFUNDED QUARANTINED =",
    ),
    (
        "FAILED",
        "! ! = = = = = DECLINED VERIFIED AUTHORIZED EXPIRED VOIDED VOIDED CAPTURED REFUNDED QUARANTINED =",
    ),
    ("DECLINED", "! ! = = = = = = VERIFIED AUTHORIZED EXPIRED VOIDED VOIDED CAPTURED REFUNDED QUARANTINED ="),
    ("VERIFIED", "! ! = = = = = = = AUTHORIZED EXPIRED VOIDED VOIDED CAPTURED REFUNDED QUARANTINED ="),
    ("AUTHORIZED", "! ! = = = = = = = = EXPIRED VOIDED VOIDED CAPTURED REFUNDED QUARANTINED ="),
    ("VOIDED", "! ! = = = = = = = = = = = CAPTURED REFUNDED QUARANTINED ="),
    ("CAPTURED", "! ! = = = = = = = = = = VOIDED = REFUNDED QUARANTINED ="),
    ("PARTIALLY_REFUNDED", "! ! = = = = = = = = = = VOIDED = REFUNDED QUARANTINED ="),
    ("REFUNDED", "! ! = = = = = = = = = = VOIDED = = QUARANTINED ="),
    ("QUARANTINED", "= = = = = = = = = = = = = = = = UNRESOLVED"),
];

#[test]
fn every_state_with_every_news() {
    assert_eq!(MACHINE.len(), PaymentState::ALL.len());
    for (row, (state, cells)) in MACHINE.iter().enumerate() {
        let state = PaymentState::from_word(state).expect("a state");
        assert_eq!(state, PaymentState::ALL[row], "the rows are in the order of the states");
        let cells: Vec<&str> = cells.split(' ').collect();
        let news = every_news();
        assert_eq!(cells.len(), news.len(), "{state:?}");
        for (cell, (name, news)) in cells.iter().zip(news) {
            let mut payment = in_state(state);
            let heard = payment.hear(news, at(1));
            let shown = match heard {
                Err(_) => "!",
                Ok(_) if payment.state == state => "=",
                Ok(_) => payment.state.word(),
            };
            assert_eq!(shown, *cell, "{} hears {name}", state.word());
        }
    }
}

#[test]
fn hearing_twice_changes_nothing_more() {
    for state in PaymentState::ALL {
        for (name, news) in every_news() {
            let mut once = in_state(*state);
            if once.hear(news.clone(), at(1)).is_err() {
                continue;
            }
            let mut twice = once.clone();
            if twice.hear(news, at(2)).is_ok() {
                assert_eq!(once, twice, "{} hears {name} twice", state.word());
            }
        }
    }
}

#[test]
fn a_void_of_what_was_taken_at_once_leaves_nothing_taken_whatever_comes_late() {
    let mut payment = in_state(PaymentState::Captured);
    payment.capture = CaptureMode::Automatic;
    let id = MovementId::Void(VoidId::from_bytes([7; 16]));
    payment.movements.push(record(id, ASKED));
    payment.hear_of(id, MovementNews::Submitted, at(1)).expect("legal");
    payment.hear_of(id, MovementNews::Succeeded { provider_id: None }, at(2)).expect("legal");
    assert_eq!(payment.state, PaymentState::Voided);
    assert_eq!((payment.captured(), payment.refunded(), payment.refundable()), (0, 0, 0));
    // The report of the taking may be older than the void and arrive after it.
    payment.hear(News::Captured(ASKED), at(3)).expect("legal");
    assert_eq!((payment.state, payment.captured()), (PaymentState::Voided, 0));
}

/// What a provider can say, in any order and any number of times.
fn provider_news() -> impl Strategy<Value = News> {
    prop_oneof![
        Just(News::ActionRequired(redirect())),
        Just(News::Processing),
        Just(News::Expired),
        Just(News::Failed(failure())),
        Just(News::Declined(decline())),
        (1..=ASKED).prop_map(News::Authorized),
        Just(News::Voided),
        Just(News::Undone),
        (1..=ASKED).prop_map(News::Captured),
        (1..=ASKED).prop_map(News::Refunded),
    ]
}

fn settled(payment: &Payment) -> (PaymentState, i64, i64, i64, Option<Decline>, Option<Failure>) {
    // Where it is undecided, the latest news counts, so only that it is undecided is compared.
    let state = if payment.state.is_undecided() { PaymentState::Unresolved } else { payment.state };
    let moved = !payment.state.is_undecided() && payment.captured() + payment.authorized > 0;
    let (decline, failure) =
        if moved { (None, None) } else { (payment.decline.clone(), payment.failure.clone()) };
    // A failure behind a decline is history, and depends on which came first.
    let failure = if decline.is_some() { None } else { failure };
    (state, payment.authorized, payment.captured(), payment.refunded(), decline, failure)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_order_of_any_news_ends_in_the_same_place(
        news in prop::collection::vec(provider_news(), 1..8),
        seed in any::<u64>(),
    ) {
        let mut first = in_state(PaymentState::Submitted);
        for item in &news {
            first.hear(item.clone(), at(1)).expect("news from outside is never illegal");
        }
        // Another order, each piece of news told once or twice.
        let mut shuffled: Vec<News> = news.iter().flat_map(|item| [item.clone(), item.clone()]).collect();
        let mut state = seed | 1;
        for place in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(place, (state >> 33) as usize % (place + 1));
        }
        let mut second = in_state(PaymentState::Submitted);
        for item in shuffled {
            second.hear(item, at(2)).expect("news from outside is never illegal");
        }
        prop_assert_eq!(settled(&first), settled(&second));
    }

    #[test]
    fn totals_never_exceed_one_another(
        news in prop::collection::vec(provider_news(), 0..8),
        captures in prop::collection::vec((1..=ASKED, 0u8..3), 0..5),
    ) {
        let mut payment = in_state(PaymentState::Submitted);
        payment.hear(News::Authorized(ASKED), at(1)).expect("legal");
        for (index, (amount, how)) in captures.into_iter().enumerate() {
            let amount = amount.min(payment.capturable());
            if amount == 0 { continue }
            let id = movement(&mut payment, index, amount);
            match how {
                0 => payment.hear_of(id, MovementNews::Succeeded { provider_id: None }, at(2)).expect("legal"),
                1 => payment.hear_of(id, MovementNews::Declined(decline()), at(2)).expect("legal"),
                _ => payment.hear_of(id, MovementNews::LostSight, at(2)).expect("legal"),
            };
        }
        for item in news {
            payment.hear(item, at(3)).expect("legal");
        }
        prop_assert!(payment.refunded() <= payment.captured());
        prop_assert!(payment.captured() <= payment.authorized);
        prop_assert!(payment.authorized <= ASKED);
        prop_assert!(payment.capturable() >= 0 && payment.refundable() >= 0);
        prop_assert!(payment.captured() + payment.capturable() <= payment.authorized);
    }
}

fn movement(payment: &mut Payment, index: usize, amount: i64) -> MovementId {
    let byte = u8::try_from(index).expect("few") + 1;
    let id = MovementId::Capture(CaptureId::from_bytes([byte; 16]));
    payment.movements.push(record(id, amount));
    payment.hear_of(id, MovementNews::Submitted, at(1)).expect("legal");
    id
}

fn record(id: MovementId, amount: i64) -> MovementRecord {
    MovementRecord {
        id,
        amount: money(amount),
        status: MovementStatus::Created,
        provider_id: None,
        decline: None,
        failure: None,
        reason: None,
        reason_word: None,
        of_capture: None,
        metadata: Default::default(),
        final_capture: false,
        lines: Vec::new(),
        before: (0, 0),
        options: Options::default(),
        sent_at: None,
        request_id: "r2".to_owned(),
        created_at: at(0),
        updated_at: at(0),
    }
}

#[test]
fn an_unfinished_refund_sets_its_amount_aside_and_a_failed_one_gives_it_back() {
    let mut payment = in_state(PaymentState::Captured);
    let id = MovementId::Refund(RefundId::from_bytes([9; 16]));
    payment.movements.push(record(id, 7_000));
    payment.hear_of(id, MovementNews::Submitted, at(1)).expect("legal");
    payment.hear_of(id, MovementNews::LostSight, at(1)).expect("legal");
    assert_eq!(payment.refundable(), 3_000);
    payment.hear_of(id, MovementNews::Declined(decline()), at(2)).expect("legal");
    assert_eq!(payment.refundable(), ASKED);
    assert_eq!(payment.state, PaymentState::Captured);
    // Late evidence that it was done after all wins, once.
    payment.hear_of(id, MovementNews::Succeeded { provider_id: None }, at(3)).expect("legal");
    payment.hear_of(id, MovementNews::Succeeded { provider_id: None }, at(4)).expect("legal");
    payment.hear(News::Refunded(7_000), at(5)).expect("legal");
    assert_eq!((payment.refunded(), payment.refundable()), (7_000, 3_000));
    assert_eq!(payment.state, PaymentState::PartiallyRefunded);
}

/// The state that an event of a payment names; `None` for events of other things.
fn told_state(kind: EventKind) -> Option<String> {
    let (family, rest) = kind.word().split_once('.').expect("a family");
    (family == "payment" && rest != "updated").then(|| rest.to_uppercase())
}

proptest! {
    /// Whatever happens to a payment, its events tell every state that lasts, once, in order, and nothing
    /// tells of what did not change.
    #[test]
    fn every_state_that_lasts_is_told_once_and_in_order(
        steps in proptest::collection::vec(any::<proptest::sample::Index>(), 1..20)
    ) {
        let news = every_news();
        let mut payment = payment();
        let (mut states, mut told) = (Vec::new(), Vec::new());
        for (second, step) in (1..).zip(steps) {
            let before = payment.clone();
            let (_, news) = step.get(&news);
            // News of our own making that cannot be true changes nothing.
            let _ = payment.hear(news.clone(), at(second));
            let facts = telling::of_payment(&before, &payment);
            if payment == before {
                prop_assert!(facts.is_empty());
            }
            let lasts = !matches!(
                payment.state,
                PaymentState::Created | PaymentState::Submitted | PaymentState::Verified
            );
            if payment.state != before.state && lasts {
                states.push(payment.state.word().to_owned());
            }
            for (kind, about) in facts {
                prop_assert_eq!(about.payment_id(), Some(payment.id));
                told.extend(told_state(kind));
            }
        }
        prop_assert_eq!(told, states);
    }
}

#[test]
fn totals_that_grow_in_one_state_are_told() {
    let mut before = in_state(PaymentState::PartiallyRefunded);
    before.refunded_seen = 100;
    let mut after = before.clone();
    after.hear(News::Refunded(200), at(1)).expect("legal");
    let kinds: Vec<EventKind> =
        telling::of_payment(&before, &after).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [EventKind::PaymentUpdated]);
}

#[test]
fn a_session_that_only_saves_tells_of_no_payment() {
    let mut before = payment();
    before.asked = money(0);
    before.session = Some(turnpike::domain::ids::SessionId::from_bytes([9; 16]));
    before.hear(News::ActionRequired(redirect()), at(1)).expect("legal");
    let mut after = before.clone();
    after.hear(News::Verified, at(2)).expect("legal");
    let kinds: Vec<EventKind> =
        telling::of_payment(&before, &after).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [EventKind::SessionCompleted]);
}
