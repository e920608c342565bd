//! The terms of a schedule: what is asked for, which of them change, and how they are shown.
//!
//! Only what the request alone decides is checked here. What depends on the time or on what is
//! stored is the engine's to judge, after it has looked whether the request came before: a repetition
//! is answered with what it made, however late it comes.

use std::time::Duration;

use jiff::civil;

use crate::domain::calendar::{Cadence, Calendar, CalendarError, Part, Rule, RuleError, Zone};
use crate::domain::dunning::{Ladder, LadderError, RetryPolicy, WhenExhausted};
use crate::domain::money::Money;
use crate::domain::schedule::{CATCH_UP_DEFAULT, End, Overlap, Schedule, Timing, Trial, TrialLength};
use crate::engine::commands::TermsChange;
use crate::rpc::problems::Problems;
use crate::rpc::proto::cadence::Rhythm;
use crate::rpc::proto::schedule_end::Last;
use crate::rpc::proto::trial::Length;
use crate::rpc::proto::{self as pb};

use super::tokens;
use super::values::{
    Zero, check_url, count, day, duration, enumeration, money, or_empty, text, to_duration, to_money,
};

/// The time of day where none is named.
const TIME_DEFAULT: civil::Time = civil::time(9, 0, 0, 0);

macro_rules! fields {
    ($($name:ident)*) => {
        /// The fields of the terms, as update masks name them.
        pub const FIELDS: &[&str] = &[$(stringify!($name)),*];

        /// The terms with the named fields alone; the others are as if they had not been sent.
        pub fn only(mut terms: pb::ScheduleTerms, named: &[&str]) -> pb::ScheduleTerms {
            let mut kept = pb::ScheduleTerms::default();
            $(if named.contains(&stringify!($name)) {
                kept.$name = std::mem::take(&mut terms.$name);
            })*
            kept
        }
    };
}

fields! {
    token_id money merchant_reference cadence first_date time_zone local_time end trial
    catch_up_window overlap retries tolerance description statement_descriptor customer_return_url metadata
}

/// What a new schedule cannot be without.
const REQUIRED: &[&str] = &["token_id", "money", "merchant_reference", "cadence", "first_date", "time_zone"];
/// What the dates of a schedule cannot be counted without.
const REQUIRED_FOR_DATES: &[&str] = &["cadence", "first_date", "time_zone"];

/// Which fields of the terms are looked at.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// All of them, for a new schedule.
    New,
    /// All but the token, to see when it would be charged.
    Preview,
    /// Those that an update mask names.
    Change(&'a [&'a str]),
}

impl Scope<'_> {
    fn looks_at(self, field: &str) -> bool {
        match self {
            Self::New => true,
            Self::Preview => field != "token_id",
            Self::Change(named) => named.contains(&field),
        }
    }

    fn requires(self, field: &str) -> bool {
        match self {
            Self::New => REQUIRED.contains(&field),
            Self::Preview => REQUIRED_FOR_DATES.contains(&field),
            Self::Change(named) => named.contains(&field) && REQUIRED.contains(&field),
        }
    }
}

/// Reads terms. A field that is looked at and not set has its default, where there is one.
pub fn read(
    terms: pb::ScheduleTerms,
    scope: Scope<'_>,
    development: bool,
    problems: &mut Problems,
) -> TermsChange {
    require(&terms, scope, problems);
    check_url("terms.customer_return_url", &terms.customer_return_url, development, problems);
    let looks_at = |field| scope.looks_at(field);
    let (cadence, anchor) = terms.cadence.map_or((None, None), |cadence| rhythm(cadence, problems));
    let amount = money("terms.money", terms.money.as_ref(), Zero::Refused, problems);
    let time = local_time(&terms.local_time, problems);
    let end = end(terms.end, problems);
    let trial = trial(terms.trial, amount, problems);
    let overlap = overlap(enumeration(terms.overlap));
    let catch_up = duration("terms.catch_up_window", terms.catch_up_window, problems);
    let tolerance = duration("terms.tolerance", terms.tolerance, problems);
    let retries = retries(terms.retries.unwrap_or_default(), problems);
    let token = match terms.token_id.as_str() {
        "" => None,
        id if looks_at("token_id") => tokens::id(id, problems),
        _ => None,
    };
    let change = TermsChange {
        token,
        money: amount,
        merchant_reference: text(terms.merchant_reference),
        cadence,
        anchor,
        first_date: day("terms.first_date", &terms.first_date, problems),
        zone: zone(&terms.time_zone, problems),
        time: looks_at("local_time").then_some(time),
        end: looks_at("end").then_some(end),
        trial: looks_at("trial").then_some(trial),
        catch_up: looks_at("catch_up_window").then_some(catch_up.unwrap_or(CATCH_UP_DEFAULT)),
        overlap: looks_at("overlap").then_some(overlap),
        tolerance: looks_at("tolerance").then_some(tolerance.unwrap_or_default()),
        retries: looks_at("retries").then_some(retries),
        description: looks_at("description").then(|| text(terms.description)),
        descriptor: looks_at("statement_descriptor").then(|| text(terms.statement_descriptor)),
        return_url: looks_at("customer_return_url").then(|| text(terms.customer_return_url)),
        metadata: looks_at("metadata").then_some(terms.metadata),
    };
    check_days(&change, problems);
    change
}

fn require(terms: &pb::ScheduleTerms, scope: Scope<'_>, problems: &mut Problems) {
    let there = [
        ("token_id", !terms.token_id.is_empty()),
        ("money", terms.money.is_some()),
        ("merchant_reference", !terms.merchant_reference.is_empty()),
        ("cadence", terms.cadence.is_some()),
        ("first_date", !terms.first_date.is_empty()),
        ("time_zone", !terms.time_zone.is_empty()),
    ];
    for (field, is_there) in there {
        if !is_there && scope.requires(field) {
            problems.add(&format!("terms.{field}"), "is required");
        }
    }
}

/// How often, and the day from which that counts.
fn rhythm(cadence: pb::Cadence, problems: &mut Problems) -> (Option<Cadence>, Option<civil::Date>) {
    let anchor = day("terms.cadence.anchor_date", &cadence.anchor_date, problems);
    // The annotations bound all of them from below.
    let number = |number: i32| u32::try_from(number).unwrap_or_default();
    let rhythm = match cadence.rhythm {
        // The annotation says that one is required.
        None => None,
        Some(Rhythm::Days(days)) => Some(Cadence::Days(number(days))),
        Some(Rhythm::Weeks(weeks)) => Some(Cadence::Weeks(number(weeks))),
        Some(Rhythm::Months(months)) => Some(Cadence::Months(number(months))),
        Some(Rhythm::Years(years)) => Some(Cadence::Years(number(years))),
        Some(Rhythm::Rule(rule)) => match Rule::parse(&rule) {
            Ok(rule) => Some(Cadence::Rule(rule)),
            Err(error) => {
                refuse(&error, true, problems);
                None
            }
        },
    };
    (rhythm, anchor)
}

fn zone(name: &str, problems: &mut Problems) -> Option<Zone> {
    if name.is_empty() {
        return None;
    }
    Zone::parse(name).map_err(|error| refuse(&error, true, problems)).ok()
}

fn local_time(time: &str, problems: &mut Problems) -> civil::Time {
    if time.is_empty() {
        return TIME_DEFAULT;
    }
    time.parse().unwrap_or_else(|_| {
        problems.add("terms.local_time", "is not a time of day");
        TIME_DEFAULT
    })
}

fn end(end: Option<pb::ScheduleEnd>, problems: &mut Problems) -> End {
    match end.and_then(|end| end.last) {
        None => End::Never,
        Some(Last::Count(count)) => End::Count(u32::try_from(count).unwrap_or_default()),
        Some(Last::Date(date)) => day("terms.end.date", &date, problems).map_or(End::Never, End::Date),
    }
}

fn trial(trial: Option<pb::Trial>, whole: Option<Money>, problems: &mut Problems) -> Option<Trial> {
    let trial = trial?;
    let price = money("terms.trial.money", trial.money.as_ref(), Zero::Refused, problems);
    if let (Some(price), Some(whole)) = (price, whole)
        && price.currency() != whole.currency()
    {
        problems.add("terms.trial.money.currency_code", "must be the currency of the schedule");
    }
    let length = match trial.length? {
        Length::Occurrences(count) => TrialLength::Occurrences(u32::try_from(count).unwrap_or_default()),
        Length::UntilDate(date) => TrialLength::Before(day("terms.trial.until_date", &date, problems)?),
    };
    Some(Trial { length, money: price })
}

fn overlap(policy: pb::OverlapPolicy) -> Overlap {
    match policy {
        pb::OverlapPolicy::Unspecified => Overlap::default(),
        pb::OverlapPolicy::Skip => Overlap::Skip,
        pb::OverlapPolicy::Delay => Overlap::Delay,
        pb::OverlapPolicy::Allow => Overlap::Allow,
    }
}

fn retries(policy: pb::RetryPolicy, problems: &mut Problems) -> RetryPolicy {
    let when_exhausted = match policy.when_exhausted() {
        pb::ExhaustedPolicy::Unspecified => WhenExhausted::default(),
        pb::ExhaustedPolicy::PastDue => WhenExhausted::PastDue,
        pb::ExhaustedPolicy::Cancel => WhenExhausted::Cancel,
        pb::ExhaustedPolicy::Continue => WhenExhausted::Continue,
    };
    RetryPolicy { ladder: policy.ladder.and_then(|rungs| ladder(rungs, problems)), when_exhausted }
}

fn ladder(ladder: pb::RetryLadder, problems: &mut Problems) -> Option<Ladder> {
    let field = |index| format!("terms.retries.ladder.delays[{index}]");
    let delays = ladder.delays.into_iter().enumerate();
    let rungs: Vec<Duration> =
        delays.filter_map(|(index, delay)| duration(&field(index), Some(delay), problems)).collect();
    match Ladder::new(rungs.clone()) {
        Ok(ladder) => Some(ladder),
        Err(LadderError::NotGrowing) => {
            let late = rungs.windows(2).position(|pair| pair[0] >= pair[1]).unwrap_or_default();
            problems.add(&field(late + 1), "must be later than the one before");
            None
        }
        // The annotations have named the one that is wrong.
        Err(error @ (LadderError::TooLong | LadderError::OutOfBounds)) => {
            problems.add("terms.retries.ladder.delays", error.to_string());
            None
        }
    }
}

/// Whether anything ever falls, as far as these terms alone can tell.
fn check_days(change: &TermsChange, problems: &mut Problems) {
    let (Some(cadence), Some(first_date), Some(zone)) = (&change.cadence, change.first_date, &change.zone)
    else {
        return;
    };
    let anchor = change.anchor.unwrap_or(first_date);
    let time = change.time.unwrap_or(TIME_DEFAULT);
    let calendar = match Calendar::new(cadence.clone(), anchor, time, zone.clone()) {
        Ok(calendar) => calendar,
        Err(error) => return refuse(&error, change.anchor.is_some(), problems),
    };
    let timing = Timing {
        calendar,
        first_date,
        end: End::Never,
        catch_up: CATCH_UP_DEFAULT,
        overlap: Overlap::default(),
        tolerance: Duration::ZERO,
    };
    match (timing.on_or_after(first_date), change.end) {
        (None, _) => problems.add("terms.first_date", "has no day of the cadence on it or after it"),
        (Some(first), Some(End::Date(last))) if last < first => {
            problems.add("terms.end.date", "is before the first occurrence");
        }
        (Some(_), _) => {}
    }
}

/// Names the field that a calendar refuses. Nothing of its value is repeated.
fn refuse(error: &CalendarError, anchor_given: bool, problems: &mut Problems) {
    let field = match error.part() {
        Part::Zone => "terms.time_zone",
        Part::Cadence => "terms.cadence",
        Part::Rule => "terms.cadence.rule",
        Part::Anchor if anchor_given => "terms.cadence.anchor_date",
        Part::Anchor => "terms.first_date",
        Part::Time => "terms.local_time",
    };
    match error {
        CalendarError::Rule(RuleError::UnknownPart(_)) => {
            problems.add(field, "the rule has a part that RFC 5545 does not have");
        }
        _ => problems.add(field, error.to_string()),
    }
}

/// The terms of a schedule, as they are in force.
pub fn to_terms(schedule: &Schedule) -> pb::ScheduleTerms {
    let Timing { calendar, first_date, end, catch_up, overlap, tolerance } = &schedule.timing;
    let purchase = &schedule.purchase;
    pb::ScheduleTerms {
        token_id: schedule.token.to_string(),
        money: Some(to_money(purchase.money)),
        merchant_reference: purchase.merchant_reference.clone(),
        cadence: Some(to_cadence(calendar)),
        first_date: first_date.to_string(),
        time_zone: calendar.zone.name().to_owned(),
        local_time: to_local_time(calendar.time),
        end: to_end(*end),
        trial: schedule.trial.map(to_trial),
        catch_up_window: Some(to_duration(*catch_up)),
        overlap: to_overlap(*overlap).into(),
        retries: Some(to_retries(&schedule.retries)),
        tolerance: (!tolerance.is_zero()).then(|| to_duration(*tolerance)),
        description: or_empty(purchase.description.clone()),
        statement_descriptor: or_empty(purchase.descriptor.clone()),
        customer_return_url: or_empty(schedule.return_url.clone()),
        metadata: purchase.metadata.clone(),
    }
}

fn to_cadence(calendar: &Calendar) -> pb::Cadence {
    let rhythm = match &calendar.cadence {
        Cadence::Days(days) => Rhythm::Days(count(*days)),
        Cadence::Weeks(weeks) => Rhythm::Weeks(count(*weeks)),
        Cadence::Months(months) => Rhythm::Months(count(*months)),
        Cadence::Years(years) => Rhythm::Years(count(*years)),
        Cadence::Rule(rule) => Rhythm::Rule(rule.as_str().to_owned()),
    };
    pb::Cadence { rhythm: Some(rhythm), anchor_date: calendar.anchor.to_string() }
}

fn to_local_time(time: civil::Time) -> String {
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    match second {
        0 => format!("{hour:02}:{minute:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}"),
    }
}

fn to_end(end: End) -> Option<pb::ScheduleEnd> {
    let last = match end {
        End::Never => return None,
        End::Count(number) => Last::Count(count(number)),
        End::Date(date) => Last::Date(date.to_string()),
    };
    Some(pb::ScheduleEnd { last: Some(last) })
}

fn to_trial(trial: Trial) -> pb::Trial {
    let length = match trial.length {
        TrialLength::Occurrences(number) => Length::Occurrences(count(number)),
        TrialLength::Before(date) => Length::UntilDate(date.to_string()),
    };
    pb::Trial { length: Some(length), money: trial.money.map(to_money) }
}

fn to_overlap(overlap: Overlap) -> pb::OverlapPolicy {
    match overlap {
        Overlap::Skip => pb::OverlapPolicy::Skip,
        Overlap::Delay => pb::OverlapPolicy::Delay,
        Overlap::Allow => pb::OverlapPolicy::Allow,
    }
}

fn to_retries(policy: &RetryPolicy) -> pb::RetryPolicy {
    let when_exhausted = match policy.when_exhausted {
        WhenExhausted::PastDue => pb::ExhaustedPolicy::PastDue,
        WhenExhausted::Cancel => pb::ExhaustedPolicy::Cancel,
        WhenExhausted::Continue => pb::ExhaustedPolicy::Continue,
    };
    let ladder = policy.ladder.as_ref().map(|ladder| pb::RetryLadder {
        delays: ladder.rungs().iter().map(|rung| to_duration(*rung)).collect(),
    });
    pb::RetryPolicy { ladder, when_exhausted: when_exhausted.into() }
}

#[cfg(test)]
mod tests;
