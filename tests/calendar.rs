//! Schedules' calendars over 50 years, against a calendar by brute force and, for rules, against
//! the library of rules itself where it was never restarted.

#[path = "calendar/oracle.rs"]
mod oracle;

use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use oracle::{Frequency, Often};
use proptest::prelude::*;
use turnpike::domain::calendar::{Cadence, Calendar, CalendarError, HORIZON, Rule, RuleError, Zone};

/// Zones with every kind of change: by an hour, by half of one, at midnight, by whole days, several
/// times a year, by rule for ever, and never.
const ZONES: &[&str] = &[
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "America/Caracas",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Hong_Kong",
    "Asia/Jakarta",
    "Asia/Karachi",
    "Asia/Pyongyang",
    "Asia/Riyadh",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Minsk",
    "Europe/Oslo",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "UTC",
];

/// How far ahead of its anchor a calendar is compared, in years.
const YEARS: i16 = 50;
/// Every how many occurrences an instant is compared where the clocks do not change.
const SAMPLE: usize = 199;

/// What is judged: the two questions that the engine asks.
struct Subject<'c> {
    first: Option<Date>,
    after: Box<dyn Fn(Date) -> Option<Date> + 'c>,
    instant: Box<dyn Fn(Date) -> Option<Timestamp> + 'c>,
}

impl<'c> Subject<'c> {
    fn new(calendar: &'c Calendar) -> Self {
        Self {
            first: calendar.first(),
            after: Box::new(|date| calendar.after(date)),
            instant: Box::new(|date| calendar.instant(date)),
        }
    }
}

fn end_of(anchor: Date) -> Date {
    date(anchor.year() + YEARS, 12, 31).min(HORIZON)
}

/// The first date on which the subject and the expected dates differ: asked one after the other,
/// and asked from the days in `asked`, as after a restart.
fn wrong_date(subject: &Subject, expected: &[Date], asked: &[Date], end: Date) -> Option<String> {
    let within = |found: Option<Date>| found.filter(|date| *date <= end);
    let mut next = within(subject.first);
    for date in expected {
        if next != Some(*date) {
            return Some(format!("{next:?} where {date} was expected"));
        }
        next = within((subject.after)(*date));
    }
    if next.is_some() {
        return Some(format!("{next:?} where nothing more was expected"));
    }
    asked.iter().find_map(|day| {
        let expected = expected.iter().find(|date| **date > *day).copied();
        let found = within((subject.after)(*day));
        (found != expected).then(|| format!("{found:?} after {day} where {expected:?} was expected"))
    })
}

/// Whether the clocks change on a day or one beside it.
fn near_a_change(zone: &TimeZone, day: Date) -> bool {
    let offset = |days: i64| {
        let noon = TimeZone::UTC.to_timestamp(day.at(12, 0, 0, 0)).expect("in range");
        zone.to_offset(noon + SignedDuration::from_hours(24 * days))
    };
    offset(-2) != offset(2)
}

/// The first instant that differs from the expected one, or that is not later than the one before.
fn wrong_instant(subject: &Subject, dates: &[Date], time: Time, zone: &TimeZone) -> Option<String> {
    let mut last: Option<Timestamp> = None;
    for (number, date) in dates.iter().enumerate() {
        let Some(found) = (subject.instant)(*date) else { return Some(format!("no instant on {date}")) };
        if last.is_some_and(|last| found <= last) {
            return Some(format!("{date} at {found}, not later than {last:?}"));
        }
        last = Some(found);
        if number % SAMPLE != 0 && !near_a_change(zone, *date) {
            continue;
        }
        let mut expected = oracle::instant(zone, *date, time);
        // Two occurrences on one instant are kept apart.
        let eve = dates[..number].last().map(|eve| oracle::instant(zone, *eve, time));
        if eve == Some(expected) {
            expected += SignedDuration::from_secs(1);
        }
        if found != expected {
            return Some(format!("{date} at {found} where {expected} was expected"));
        }
    }
    None
}

fn cadence(often: &Often) -> Result<Cadence, CalendarError> {
    Ok(match often {
        Often::Days(every) => Cadence::Days(*every),
        Often::Weeks(every) => Cadence::Weeks(*every),
        Often::Months(every) => Cadence::Months(*every),
        Often::Years(every) => Cadence::Years(*every),
        Often::Rule(rule) => Cadence::Rule(Rule::parse(&rule.write())?),
    })
}

fn plain() -> impl Strategy<Value = Often> {
    prop_oneof![
        prop_oneof![1u32..=3, 1u32..=400].prop_map(Often::Days),
        prop_oneof![1u32..=4, 1u32..=522].prop_map(Often::Weeks),
        prop_oneof![1u32..=3, 1u32..=120].prop_map(Often::Months),
        (1u32..=10).prop_map(Often::Years),
    ]
}

/// From 1970 on, half of them on days that not every month has.
fn anchor() -> impl Strategy<Value = Date> {
    let day = prop_oneof![28i8..=31, 1i8..=31];
    (1970i16..=2190, 1i8..=12, day).prop_map(|(year, month, day)| {
        let month = date(year, month, 1);
        date(year, month.month(), day.min(month.days_in_month()))
    })
}

/// Half of them in the hours in which clocks change.
fn time_of_day() -> impl Strategy<Value = Time> {
    let hour = prop_oneof![0i8..=3, 0i8..=23];
    (hour, prop_oneof![Just(0i8), Just(30), 0i8..=59], prop_oneof![Just(0i8), 0i8..=59])
        .prop_map(|(hour, minute, second)| time(hour, minute, second, 0))
}

/// Days to ask from, as offsets from the anchor; some are before it.
fn asked() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(-400i64..=18_000, 20)
}

fn days_from(anchor: Date, offsets: &[i64]) -> Vec<Date> {
    let day = |days: &i64| anchor.saturating_add(SignedDuration::from_hours(24 * days));
    offsets.iter().map(day).filter(|day| *day < end_of(anchor)).collect()
}

fn some(values: impl Strategy<Value = i64>, most: usize) -> impl Strategy<Value = Vec<i64>> {
    // Most rules have few parts, so that most parts are left out.
    prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(values, 1..=most)]
}

fn signed(most: i64) -> impl Strategy<Value = i64> {
    (1..=most, any::<bool>()).prop_map(|(number, back)| if back { -number } else { number })
}

/// Rules of all parts, with those taken away that RFC 5545 does not allow together.
fn rule() -> impl Strategy<Value = oracle::Rule> {
    let frequency = prop_oneof![
        Just(Frequency::Daily),
        Just(Frequency::Weekly),
        Just(Frequency::Monthly),
        Just(Frequency::Yearly)
    ];
    let weeks = prop_oneof![Just(1i64), Just(-1), 50i64..=53, -53i64..=-50, signed(53)];
    let days = prop_oneof![
        1 => Just(Vec::new()),
        2 => prop::collection::vec((prop_oneof![1 => Just(0i64), 1 => -4i64..=5], 0i64..=6), 1..=4)
    ];
    let lists = (
        some(1i64..=12, 4),
        some(weeks, 3),
        some(signed(366), 5),
        some(signed(31), 3),
        days,
        some(signed(7), 2),
    );
    (frequency, prop_oneof![Just(1u32), 1u32..=5], 0i64..=6, lists).prop_map(
        |(frequency, interval, week_start, (months, weeks, year_days, month_days, days, positions))| {
            let yearly = frequency == Frequency::Yearly;
            let weeks = if yearly { weeks } else { Vec::new() };
            let year_days = if yearly { year_days } else { Vec::new() };
            let month_days = if frequency == Frequency::Weekly { Vec::new() } else { month_days };
            let counted = frequency == Frequency::Monthly || (yearly && weeks.is_empty());
            let days = days.into_iter().map(|(nth, day)| (if counted { nth } else { 0 }, day)).collect();
            let positions = if frequency == Frequency::Daily { Vec::new() } else { positions };
            let mut rule = oracle::Rule {
                frequency,
                interval,
                week_start,
                months,
                weeks,
                year_days,
                month_days,
                days,
                positions,
            };
            let choosable = [&rule.months, &rule.weeks, &rule.year_days, &rule.month_days];
            if choosable.iter().all(|part| part.is_empty()) && rule.days.is_empty() {
                rule.positions.clear();
            }
            rule
        },
    )
}

/// The dates of the library of rules, counted from the anchor without a restart.
fn unrestarted(rule: &str, anchor: Date, end: Date) -> Vec<Date> {
    let start = anchor.strftime("%Y%m%dT000000Z");
    let set: rrule::RRuleSet = format!("DTSTART:{start}\nRRULE:{rule}").parse().expect("a rule");
    (&set.limit())
        .into_iter()
        .map(|at| at.format("%Y-%m-%d").to_string().parse().expect("a date"))
        .take_while(|date: &Date| *date <= end)
        .collect()
}

/// Where we do as RFC 5545 says and the library, left to itself, does not: `MO` and `2TU` in one
/// list, the weekday of a bare `BYWEEKNO`, weeks that are shared with the year beside, positions in
/// a first week that is not whole.
fn as_the_library(rule: &oracle::Rule) -> bool {
    let counted = rule.days.iter().filter(|(nth, _)| *nth != 0).count();
    let mixed = counted != 0 && counted != rule.days.len();
    let bare_week = !rule.weeks.is_empty()
        && rule.days.is_empty()
        && rule.month_days.is_empty()
        && rule.year_days.is_empty();
    let shared_week = rule.weeks.iter().any(|week| week.abs() >= 52);
    let cut_week = rule.frequency == Frequency::Weekly && !rule.positions.is_empty();
    !(mixed || bare_week || shared_week || cut_week)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn plain_cadences_agree_with_brute_force(
        often in plain(),
        anchor in anchor(),
        time in time_of_day(),
        zone in prop::sample::select(ZONES),
        asked in asked(),
    ) {
        let calendar = Calendar::new(
            cadence(&often).expect("a cadence"), anchor, time, Zone::parse(zone).expect("a zone"),
        ).expect("a calendar");
        let (end, subject) = (end_of(anchor), Subject::new(&calendar));
        let expected = oracle::dates(&often, anchor, end);
        prop_assert_eq!(wrong_date(&subject, &expected, &days_from(anchor, &asked), end), None);
        let zone = TimeZone::get(zone).expect("a zone");
        prop_assert_eq!(wrong_instant(&subject, &expected, time, &zone), None);
    }

    #[test]
    fn cadences_survive_the_trip_to_text_and_back(often in prop_oneof![plain(), rule().prop_map(Often::Rule)]) {
        let cadence = cadence(&often).expect("a cadence");
        prop_assert_eq!(Cadence::read(&cadence.write()), Ok(cadence));
    }

    #[test]
    fn no_text_makes_the_readers_panic(text: String, parts in "(;?(FREQ|BYDAY|BYSETPOS|INTERVAL)=[-+,0-9A-Z]{0,5}){0,5}") {
        let _ = (Cadence::read(&text), Rule::parse(&text), Rule::parse(&parts), Zone::parse(&text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn rules_agree_with_brute_force_and_with_the_library(rule in rule(), anchor in anchor(), asked in asked()) {
        let (end, often) = (end_of(anchor), Often::Rule(rule.clone()));
        let cadence = cadence(&often).expect("a cadence");
        let expected = oracle::dates(&often, anchor, end);
        let midday = time(12, 0, 0, 0);
        let calendar = match Calendar::new(cadence, anchor, midday, Zone::parse("UTC").expect("a zone")) {
            Ok(calendar) => calendar,
            Err(refusal) => {
                prop_assert_eq!(refusal, CalendarError::Rule(RuleError::NeverFires));
                prop_assert_eq!(oracle::dates(&often, anchor, HORIZON), Vec::new());
                return Ok(());
            }
        };
        let subject = Subject::new(&calendar);
        prop_assert_eq!(wrong_date(&subject, &expected, &days_from(anchor, &asked), end), None);
        if as_the_library(&rule) {
            prop_assert_eq!(unrestarted(&rule.write(), anchor, end), expected);
        }
    }
}

/// A comparison that cannot fail proves nothing: each of these calendars is wrong in one way.
#[test]
fn wrong_calendars_are_caught() {
    let anchor = date(2027, 1, 31);
    let end = end_of(anchor);
    let zone = TimeZone::get("Europe/Oslo").expect("a zone");
    let time = time(2, 30, 0, 0);
    let calendar = |often: &Often| {
        let zone = Zone::parse("Europe/Oslo").expect("a zone");
        Calendar::new(cadence(often).expect("a cadence"), anchor, time, zone).expect("a calendar")
    };

    let monthly = calendar(&Often::Months(1));
    let dates = oracle::dates(&Often::Months(1), anchor, end);
    let right = Subject::new(&monthly);
    assert_eq!(wrong_date(&right, &dates, &dates, end), None);
    // Steps from the last date, so that 31 January, 28 February goes on with 28 March.
    let step = |date: Date| date.checked_add(jiff::Span::new().months(1)).ok();
    let stepping = Subject { after: Box::new(step), ..Subject::new(&monthly) };
    assert!(wrong_date(&stepping, &dates, &[], end).is_some());
    // Right one after the other, but wrong when asked from a day in between.
    let on_dates = |date: Date| if dates.contains(&date) { monthly.after(date) } else { None };
    let forgetful = Subject { after: Box::new(on_dates), ..Subject::new(&monthly) };
    assert!(wrong_date(&forgetful, &dates, &[date(2030, 6, 15)], end).is_some());

    // Restarts a rule of every other week in whatever week it is asked about: wrong in every second.
    let rule = Often::Rule(oracle::Rule {
        frequency: Frequency::Weekly,
        interval: 2,
        week_start: 0,
        months: Vec::new(),
        weeks: Vec::new(),
        year_days: Vec::new(),
        month_days: Vec::new(),
        days: vec![(0, 0), (0, 4)],
        positions: Vec::new(),
    });
    let biweekly = calendar(&rule);
    let dates = oracle::dates(&rule, anchor, end);
    assert_eq!(wrong_date(&Subject::new(&biweekly), &dates, &dates, end), None);
    let starting = |date| Calendar::new(biweekly.cadence.clone(), date, time, biweekly.zone.clone());
    let unaligned = |date: Date| starting(date.tomorrow().ok()?).ok()?.first();
    let unaligned = Subject { after: Box::new(unaligned), ..Subject::new(&biweekly) };
    assert!(wrong_date(&unaligned, &dates, &[date(2030, 6, 12), date(2030, 6, 19)], end).is_some());

    let daily = calendar(&Often::Days(1));
    let dates = oracle::dates(&Often::Days(1), anchor, end);
    assert_eq!(wrong_instant(&Subject::new(&daily), &dates, time, &zone), None);
    // Runs 02:30 at 03:30 when the clocks skip it, and not at 03:00.
    let compatible = |date: Date| zone.to_timestamp(date.to_datetime(time)).ok();
    let late = Subject { instant: Box::new(compatible), ..Subject::new(&daily) };
    assert!(wrong_instant(&late, &dates, time, &zone).is_some());
    // Runs at the second 02:30 when the clocks show two.
    let later = |date: Date| zone.to_ambiguous_timestamp(date.to_datetime(time)).later().ok();
    let second = Subject { instant: Box::new(later), ..Subject::new(&daily) };
    assert!(wrong_instant(&second, &dates, time, &zone).is_some());
}
