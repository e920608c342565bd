//! Schedules, occurrences and events to store: plain ones, and any that there can be.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::{self, date};
use proptest::collection::{btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use turnpike::domain::calendar::{Cadence, Calendar, Zone};
use turnpike::domain::dunning::{Ladder, RUNG_MIN, RetryPolicy, WhenExhausted};
use turnpike::domain::event::{About, Event, EventKind, RecurringFact};
use turnpike::domain::ids::*;
use turnpike::domain::occurrence::{Occurrence, OccurrenceStatus, Try, TryEnd};
use turnpike::domain::order::Purchase;
use turnpike::domain::outcome::{DeclineReason, RetryAdvice};
use turnpike::domain::schedule::{
    End, Halt, Overlap, Planned, Progress, Schedule, ScheduleStatus, Timing, Trial, TrialLength,
};

use crate::samples::*;

pub fn schedule_id(n: u32) -> ScheduleId {
    ScheduleId::mint(time(i64::from(n)), [3; 10])
}

pub fn event_id(n: u32) -> EventId {
    EventId::mint(time(i64::from(n)), [4; 10])
}

/// The n-th schedule: every month in Oslo, the first occurrence at `at`.
pub fn schedule(n: u32, at: i64) -> Schedule {
    let zone = Zone::parse("Europe/Oslo").expect("known");
    let first = zone.local(time(at));
    let timing = Timing {
        calendar: Calendar::new(Cadence::Months(1), first.date(), first.time(), zone).expect("a calendar"),
        first_date: first.date(),
        end: End::Never,
        catch_up: Duration::from_secs(72 * 3600),
        overlap: Overlap::Delay,
        tolerance: Duration::ZERO,
    };
    let next = timing.first(schedule_id(n));
    Schedule {
        id: schedule_id(n),
        merchant: merchant(),
        account: account(),
        token: token(n).id,
        purchase: Box::new(Purchase { reference: String::new(), ..purchase_of(n) }),
        first_payment: None,
        timing,
        trial: None,
        retries: RetryPolicy::default(),
        return_url: None,
        skips: BTreeSet::new(),
        status: ScheduleStatus::Active,
        halted: None,
        resumed_at: None,
        warn_at: None,
        request_id: format!("schedule-{n}"),
        created_at: time(i64::from(n)),
        updated_at: time(i64::from(n)),
        revision: 1,
        progress: Progress { next, open: 0, parked: false },
        version: 0,
    }
}

/// An event of the n-th schedule.
pub fn event(n: u32, kind: EventKind) -> Event {
    Event {
        id: event_id(n),
        merchant: merchant(),
        at: time(i64::from(n)),
        kind,
        about: About::Recurring(Box::new(RecurringFact {
            schedule: schedule_id(n),
            standing: None,
            occurrence: None,
            payment: None,
            token: None,
            link: None,
            note: None,
        })),
    }
}

fn day() -> impl Strategy<Value = civil::Date> {
    (0i64..80_000).prop_map(|days| date(1970, 1, 1).saturating_add(jiff::Span::new().days(days)))
}

fn seconds() -> impl Strategy<Value = Duration> {
    (any::<u32>(), 0u32..1_000_000_000).prop_map(|(secs, nanos)| Duration::new(u64::from(secs), nanos))
}

fn calendar() -> impl Strategy<Value = Calendar> {
    let cadences = vec![
        Cadence::Days(1),
        Cadence::Weeks(2),
        Cadence::Months(3),
        Cadence::Years(1),
        Cadence::read("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1").expect("a rule"),
    ];
    let zones = vec!["Europe/Oslo", "America/New_York", "Asia/Jakarta", "UTC"];
    (select(cadences), day(), 0i8..24, 0i8..60, select(zones)).prop_map(
        |(cadence, anchor, hour, minute, zone)| {
            let zone = Zone::parse(zone).expect("known");
            Calendar::new(cadence, anchor, civil::time(hour, minute, 0, 0), zone).expect("a calendar")
        },
    )
}

fn timing() -> impl Strategy<Value = Timing> {
    let end = prop_oneof![Just(End::Never), any::<u32>().prop_map(End::Count), day().prop_map(End::Date)];
    let overlap = select(vec![Overlap::Skip, Overlap::Delay, Overlap::Allow]);
    (calendar(), day(), end, seconds(), overlap, seconds()).prop_map(
        |(calendar, first_date, end, catch_up, overlap, tolerance)| Timing {
            calendar,
            first_date,
            end,
            catch_up,
            overlap,
            tolerance,
        },
    )
}

fn retries() -> impl Strategy<Value = RetryPolicy> {
    let rungs = btree_set(0u64..7_000_000, 0..5).prop_map(|rungs| {
        let rungs = rungs.into_iter().map(|secs| RUNG_MIN + Duration::from_secs(secs)).collect();
        Ladder::new(rungs).expect("growing and in bounds")
    });
    let exhausted = select(vec![WhenExhausted::PastDue, WhenExhausted::Cancel, WhenExhausted::Continue]);
    (of(rungs), exhausted).prop_map(|(ladder, when_exhausted)| RetryPolicy { ladder, when_exhausted })
}

fn trial() -> impl Strategy<Value = Trial> {
    let length =
        prop_oneof![any::<u32>().prop_map(TrialLength::Occurrences), day().prop_map(TrialLength::Before)];
    (length, of(money())).prop_map(|(length, money)| Trial { length, money })
}

fn progress() -> impl Strategy<Value = Progress> {
    let next = (any::<u32>(), day(), timestamp(), timestamp())
        .prop_map(|(number, date, at, due_at)| Planned { number, date, at, due_at });
    (of(next), any::<u32>(), any::<bool>()).prop_map(|(next, open, parked)| Progress { next, open, parked })
}

/// Any schedule that there can be, as it is recorded first.
pub fn any_schedule() -> impl Strategy<Value = Schedule> {
    let bytes = any::<[u8; 16]>;
    (
        (bytes(), text(), text(), bytes(), purchase(), of(bytes()), timing(), of(trial())),
        (retries(), of(text()), btree_set(any::<u32>(), 0..3), select(ScheduleStatus::ALL)),
        (of(select(Halt::ALL)), of(timestamp()), of(timestamp()), text()),
        (timestamp(), timestamp(), any::<u64>(), progress()),
    )
        .prop_map(
            |(
                (id, merchant, account, token, purchase, first_payment, timing, trial),
                (retries, return_url, skips, status),
                (halted, resumed_at, warn_at, request_id),
                (created_at, updated_at, revision, progress),
            )| Schedule {
                id: ScheduleId::from_bytes(id),
                merchant: MerchantName(merchant),
                account: AccountName(account),
                token: TokenId::from_bytes(token),
                purchase: Box::new(purchase),
                first_payment: first_payment.map(PaymentId::from_bytes),
                timing,
                trial,
                retries,
                return_url,
                skips,
                status,
                halted,
                resumed_at,
                warn_at,
                request_id,
                created_at,
                updated_at,
                revision,
                progress,
                version: 0,
            },
        )
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let advice =
        vec![RetryAdvice::Never, RetryAdvice::Later, RetryAdvice::WithCustomer, RetryAdvice::CorrectData];
    let end = prop_oneof![
        Just(TryEnd::Paid),
        Just(TryEnd::Failed),
        (select(DeclineReason::ALL), select(advice))
            .prop_map(|(reason, advice)| TryEnd::Declined(reason, advice)),
    ];
    let one = (any::<[u8; 16]>(), timestamp(), of(end)).prop_map(|(payment, at, end)| Try {
        payment: PaymentId::from_bytes(payment),
        at,
        end,
    });
    vec(one, 0..4)
}

/// Any occurrence of a schedule that there can be, as it is taken first.
pub fn any_occurrence(schedule: ScheduleId) -> impl Strategy<Value = Occurrence> {
    (
        (any::<u32>(), text(), text(), day(), timestamp(), of(money())),
        (select(OccurrenceStatus::ALL), tries(), any::<u32>(), of(timestamp())),
        (of(any::<[u8; 16]>()), timestamp(), timestamp(), timestamp()),
    )
        .prop_map(
            move |(
                (number, merchant, account, date, at, money),
                (status, tries, unsent, next_at),
                (session, since, created_at, updated_at),
            )| Occurrence {
                schedule,
                number,
                merchant: MerchantName(merchant),
                account: AccountName(account),
                date,
                at,
                money,
                status,
                tries,
                unsent,
                next_at,
                session: session.map(SessionId::from_bytes),
                since,
                created_at,
                updated_at,
                version: 0,
            },
        )
}

/// Any event that there can be, in the log of a merchant.
pub fn any_event(merchant: MerchantName) -> impl Strategy<Value = Event> {
    let bytes = any::<[u8; 16]>;
    (
        (bytes(), timestamp(), select(EventKind::ALL), bytes(), any::<bool>()),
        (of(any_occurrence(schedule_id(1))), of(bytes()), of(bytes()), of(text()), of(text())),
    )
        .prop_map(
            move |((id, at, kind, schedule_id, standing), (occurrence, payment, token, link, note))| Event {
                id: EventId::from_bytes(id),
                merchant: merchant.clone(),
                at,
                kind,
                about: About::Recurring(Box::new(RecurringFact {
                    schedule: ScheduleId::from_bytes(schedule_id),
                    standing: standing.then(|| schedule(7, 3)),
                    occurrence,
                    payment: payment.map(PaymentId::from_bytes),
                    token: token.map(TokenId::from_bytes),
                    link,
                    note,
                })),
            },
        )
}
