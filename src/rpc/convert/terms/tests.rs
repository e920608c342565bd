use super::*;
use crate::engine::error::Error;
use crate::rpc::intake::CONTRACT;

fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

fn amount(amount_minor: i64, currency: &str) -> Option<pb::Money> {
    Some(pb::Money { amount_minor, currency_code: currency.to_owned() })
}

fn cadence(rhythm: Rhythm) -> Option<pb::Cadence> {
    Some(pb::Cadence { rhythm: Some(rhythm), anchor_date: String::new() })
}

/// Terms with a value in every field.
fn whole() -> pb::ScheduleTerms {
    pb::ScheduleTerms {
        token_id: crate::domain::ids::TokenId::from_bytes([3; 16]).to_string(),
        money: amount(29_900, "NOK"),
        merchant_reference: "membership-7".to_owned(),
        cadence: Some(pb::Cadence { rhythm: Some(Rhythm::Months(1)), anchor_date: "2026-12-31".to_owned() }),
        first_date: "2027-01-31".to_owned(),
        time_zone: "Europe/Oslo".to_owned(),
        local_time: "08:30:15".to_owned(),
        end: Some(pb::ScheduleEnd { last: Some(Last::Count(24)) }),
        trial: Some(pb::Trial { length: Some(Length::Occurrences(2)), money: amount(100, "NOK") }),
        catch_up_window: Some(seconds(3600)),
        overlap: pb::OverlapPolicy::Skip.into(),
        retries: Some(pb::RetryPolicy {
            ladder: Some(pb::RetryLadder { delays: vec![seconds(3600), seconds(86_400)] }),
            when_exhausted: pb::ExhaustedPolicy::Cancel.into(),
        }),
        tolerance: Some(seconds(600)),
        description: "Membership".to_owned(),
        statement_descriptor: "CLUB".to_owned(),
        customer_return_url: "https://club.example/thanks".to_owned(),
        metadata: [("team".to_owned(), "blue".to_owned())].into(),
    }
}

fn wrong(terms: pb::ScheduleTerms, scope: Scope<'_>) -> Vec<String> {
    let mut problems = Problems::default();
    read(terms, scope, false, &mut problems);
    match problems.finish(Some(())) {
        Ok(()) => Vec::new(),
        Err(Error::Invalid(fields)) => fields
            .into_iter()
            .map(|field| {
                assert!(!field.problem.contains("canary"), "{}", field.problem);
                field.field
            })
            .collect(),
        Err(other) => panic!("{other:?}"),
    }
}

fn wrong_when(change: impl FnOnce(&mut pb::ScheduleTerms)) -> Vec<String> {
    let mut terms = whole();
    change(&mut terms);
    wrong(terms, Scope::New)
}

#[test]
fn the_fields_are_those_of_the_contract() {
    let message = CONTRACT.get_message_by_name("turnpike.v1.ScheduleTerms").expect("terms");
    let names: Vec<String> = message.fields().map(|field| field.name().to_owned()).collect();
    let mut known: Vec<String> = FIELDS.iter().map(|field| (*field).to_owned()).collect();
    let mut expected = names.clone();
    known.sort();
    expected.sort();
    assert_eq!(known, expected);
    assert_eq!(only(whole(), FIELDS), whole());
    assert_eq!(only(whole(), &[]), pb::ScheduleTerms::default());
    let money = pb::ScheduleTerms { money: whole().money, ..Default::default() };
    assert_eq!(only(whole(), &["money", "nonsense"]), money);
}

#[test]
fn what_is_required_depends_on_what_the_terms_are_for() {
    let of = |fields: &[&str]| fields.iter().map(|field| format!("terms.{field}")).collect::<Vec<_>>();
    let empty = pb::ScheduleTerms::default();
    assert_eq!(wrong(empty.clone(), Scope::New), of(REQUIRED));
    assert_eq!(wrong(empty.clone(), Scope::Preview), of(REQUIRED_FOR_DATES));
    assert_eq!(wrong(empty.clone(), Scope::Change(&["money", "trial"])), of(&["money"]));
    assert_eq!(wrong(empty, Scope::Change(FIELDS)), of(REQUIRED));
    assert_eq!(wrong(whole(), Scope::New), Vec::<String>::new());
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let fields = wrong_when(|terms| {
        terms.money = amount(0, "NOK");
        terms.time_zone = "Europe/canary".to_owned();
        terms.first_date = "2027-02-30".to_owned();
        terms.cadence = cadence(Rhythm::Rule("FREQ=DAILY;CANARY=1".to_owned()));
        terms.end = Some(pb::ScheduleEnd { last: Some(Last::Date("2027-13-01".to_owned())) });
        terms.trial = Some(pb::Trial {
            length: Some(Length::UntilDate("2027-04-31".to_owned())),
            money: amount(0, "EUR"),
        });
        terms.catch_up_window = Some(prost_types::Duration { seconds: 60, nanos: 5 });
        terms.customer_return_url = "javascript:canary()".to_owned();
        if let Some(ladder) = terms.retries.as_mut().and_then(|retries| retries.ladder.as_mut()) {
            ladder.delays = vec![seconds(3600), seconds(7200), seconds(7200)];
        }
    });
    let expected = [
        "cadence.rule",
        "catch_up_window",
        "customer_return_url",
        "end.date",
        "first_date",
        "money.amount_minor",
        "retries.ladder.delays[2]",
        "time_zone",
        "trial.money.amount_minor",
        "trial.money.currency_code",
        "trial.until_date",
    ];
    let mut fields = fields;
    fields.sort();
    assert_eq!(fields, expected.map(|field| format!("terms.{field}")));
}

#[test]
fn days_that_cannot_come_are_named() {
    let never = |rule: &str| {
        let rule = rule.to_owned();
        wrong_when(|terms| terms.cadence = cadence(Rhythm::Rule(rule)))
    };
    assert_eq!(never("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), ["terms.cadence.rule"]);
    assert_eq!(never("FREQ=HOURLY"), ["terms.cadence.rule"]);
    assert_eq!(never("FREQ=DAILY;COUNT=3"), ["terms.cadence.rule"]);
    assert_eq!(never("FREQ=MONTHLY;BYDAY=2TU"), Vec::<String>::new());
    let anchored = |day: &str| {
        wrong_when(|terms| {
            if let Some(cadence) = terms.cadence.as_mut() {
                cadence.anchor_date = day.to_owned();
            }
        })
    };
    assert_eq!(anchored("1969-12-31"), ["terms.cadence.anchor_date"]);
    assert_eq!(anchored("2026-02-29"), ["terms.cadence.anchor_date"]);
    let late = wrong_when(|terms| {
        terms.cadence = cadence(Rhythm::Years(1));
        terms.first_date = "2201-01-01".to_owned();
    });
    assert_eq!(late, ["terms.first_date"]);
    let ended = wrong_when(|terms| {
        terms.end = Some(pb::ScheduleEnd { last: Some(Last::Date("2027-01-30".to_owned())) });
    });
    assert_eq!(ended, ["terms.end.date"]);
}

#[test]
fn a_trial_is_in_the_currency_of_the_schedule() {
    let other = wrong_when(|terms| {
        terms.trial = Some(pb::Trial { length: Some(Length::Occurrences(1)), money: amount(5, "EUR") });
    });
    assert_eq!(other, ["terms.trial.money.currency_code"]);
}

#[test]
fn a_field_that_is_named_and_not_set_has_its_default() {
    let empty = pb::ScheduleTerms::default;
    let change = |named: &[&str]| read(empty(), Scope::Change(named), false, &mut Problems::default());
    let none = change(&[]);
    assert!(none.time.is_none() && none.end.is_none() && none.trial.is_none() && none.overlap.is_none());
    assert!(none.catch_up.is_none() && none.tolerance.is_none() && none.retries.is_none());
    assert!(none.description.is_none() && none.metadata.is_none() && none.return_url.is_none());
    let all = change(FIELDS);
    assert_eq!(all.time, Some(TIME_DEFAULT));
    assert_eq!((all.end, all.trial), (Some(End::Never), Some(None)));
    assert_eq!((all.catch_up, all.tolerance), (Some(CATCH_UP_DEFAULT), Some(Duration::ZERO)));
    assert_eq!((all.overlap, all.retries), (Some(Overlap::Delay), Some(RetryPolicy::default())));
    assert_eq!((all.description, all.descriptor, all.return_url), (Some(None), Some(None), Some(None)));
    assert!(all.metadata.is_some_and(|metadata| metadata.is_empty()));
}

#[test]
fn every_value_of_a_policy_has_its_own() {
    for policy in [Overlap::Skip, Overlap::Delay, Overlap::Allow] {
        assert_eq!(overlap(to_overlap(policy)), policy);
    }
    for when_exhausted in [WhenExhausted::PastDue, WhenExhausted::Cancel, WhenExhausted::Continue] {
        for ladder in [None, Some(Ladder::default()), Ladder::new(Vec::new()).ok()] {
            let policy = RetryPolicy { ladder, when_exhausted };
            let mut problems = Problems::default();
            assert_eq!(retries(to_retries(&policy), &mut problems), policy);
            assert!(problems.is_empty());
        }
    }
}

#[test]
fn times_of_day_are_shown_as_they_came() {
    for time in ["00:00", "09:00", "23:59:59", "08:30"] {
        let mut problems = Problems::default();
        assert_eq!(to_local_time(local_time(time, &mut problems)), time);
        assert!(problems.is_empty());
    }
}
