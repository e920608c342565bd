//! Recurrence rules of RFC 5545: dates by a kept library, which is only ever asked for days.
//!
//! The library counts from a start, period by period. To be as fast a hundred years on as on the
//! first day, it is started anew in the period of the date that is asked about: at the anchor's
//! period and a whole number of intervals later. What a rule takes from its start without saying
//! so (the day of the month, the weekday) is said to it beforehand, so that the new start changes
//! nothing.

mod parts;
mod weeks;

use std::sync::Arc;

use chrono::{DateTime, Datelike, TimeZone};
use jiff::civil::Date;
use rrule::{NWeekday, RRule, RRuleSet, Tz, Unvalidated};

use self::parts::{Frequency, Parts};
use super::{
    CalendarError, EARLIEST, HORIZON, RuleError, day_of_month, days_between, days_later, month_number,
};

/// The most dates of one period that are passed over before the one that is asked for: the days of
/// a leap year. How many periods may go by without a date is the library's own limit, 100,000,
/// which is more days than there are from the first anchor to the horizon.
const PASSED_MAX: usize = 366;

/// A recurrence rule of RFC 5545, checked.
///
/// Taken are `FREQ` from daily to yearly, `INTERVAL`, `WKST`, `BYMONTH`, `BYWEEKNO`, `BYYEARDAY`,
/// `BYMONTHDAY`, `BYDAY` and `BYSETPOS`. Where the RFC leaves a choice: a period is a whole day,
/// week from `WKST`, calendar month or calendar year even when the anchor lies in the middle of
/// it, and the anchor is an occurrence only if it fits the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule(Arc<Checked>);

#[derive(Debug, PartialEq, Eq)]
struct Checked {
    text: String,
    parts: Parts,
}

impl Rule {
    /// The rule of that text, with or without `RRULE:` in front, in any case of letters.
    ///
    /// # Errors
    /// All that is not a rule of RFC 5545, and what a schedule says elsewhere: its end, its time of
    /// day, its zone. See [`RuleError`].
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let parts = Parts::read(text)?;
        let rule = Self(Arc::new(Checked { text: parts.write(), parts }));
        // The library checks too. No rule passes here that it would refuse at another anchor.
        rule.start(EARLIEST)?;
        Ok(rule)
    }

    /// The rule as this product writes it: parts in the RFC's order of evaluation, lists sorted,
    /// defaults left out.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The rule as it counts from an anchor.
    pub(super) fn start(&self, anchor: Date) -> Result<Started, RuleError> {
        let parts = &self.0.parts;
        let mut rule = parts.library()?;
        if !parts.weeks.is_empty() && !parts.names_days() {
            // RFC 5545 takes the weekday from the start, the library takes all seven.
            rule = rule.by_weekday(vec![NWeekday::Every(parts::weekday_of(anchor))]);
        }
        // Here the library says what it refuses. It looks at the anchor's date only to fill in what
        // the rule leaves to it, so that it refuses the same at every anchor.
        let start = midnight(anchor).ok_or(RuleError::Invalid)?;
        rule.clone().validate(start).map_err(|_| RuleError::Invalid)?;
        let period = match parts.frequency {
            Frequency::Daily => Some(anchor),
            Frequency::Weekly => days_later(anchor, -parts.days_into_week(anchor)),
            Frequency::Monthly => day_of_month(month_number(anchor), 1),
            Frequency::Yearly => Date::new(anchor.year(), 1, 1).ok(),
        };
        let period = period.ok_or(RuleError::Invalid)?;
        Ok(Started { said: self.clone(), rule, anchor, period })
    }
}

/// A rule with an anchor.
#[derive(Debug)]
pub(super) struct Started {
    said: Rule,
    rule: RRule<Unvalidated>,
    anchor: Date,
    /// The first day of the anchor's day, week, month or year.
    period: Date,
}

impl Started {
    fn parts(&self) -> &Parts {
        &self.said.0.parts
    }

    /// The first date on or after the anchor that fits.
    pub(super) fn first(&self) -> Option<Date> {
        self.since(self.period, |date| date >= self.anchor)
    }

    /// The first date after `date` that fits. `date` is not before the anchor.
    pub(super) fn after(&self, date: Date) -> Option<Date> {
        self.since(self.period_of(date)?, |found| found > date)
    }

    /// The first date that is wanted, from the beginning of a period of this rule on.
    fn since(&self, period: Date, wanted: impl Fn(Date) -> bool) -> Option<Date> {
        let found = if self.parts().weeks.is_empty() {
            earliest(self.rule.clone(), self.anchor, period, wanted)
        } else {
            self.since_year(period.year(), wanted)
        };
        found.filter(|date| *date <= HORIZON)
    }

    /// The first day of the latest period of this rule that begins on or before `date`.
    fn period_of(&self, date: Date) -> Option<Date> {
        let interval = i64::from(self.parts().interval);
        let whole = |gone: i64, every: i64| gone / every * every;
        match self.parts().frequency {
            Frequency::Daily => self.days_on(whole(days_between(self.period, date), interval)),
            Frequency::Weekly => self.days_on(whole(days_between(self.period, date), 7 * interval)),
            Frequency::Monthly => self.months_on(whole(self.months_to(date), interval)),
            Frequency::Yearly => self.months_on(whole(self.months_to(date), 12 * interval)),
        }
    }

    fn months_to(&self, date: Date) -> i64 {
        month_number(date) - month_number(self.period)
    }

    fn days_on(&self, days: i64) -> Option<Date> {
        days_later(self.period, days)
    }

    fn months_on(&self, months: i64) -> Option<Date> {
        day_of_month(month_number(self.period) + months, 1)
    }
}

/// The first wanted date that the library finds, counting from `period` with what the rule leaves
/// to its start taken from `anchor`.
fn earliest(
    rule: RRule<Unvalidated>,
    anchor: Date,
    period: Date,
    wanted: impl Fn(Date) -> bool,
) -> Option<Date> {
    // Refused by the library it would have been in `Rule::start`.
    let rule = rule.validate(midnight(anchor)?).ok()?;
    let dates = RRuleSet::new(midnight(period)?).rrule(rule).limit();
    (&dates).into_iter().map_while(civil).take(PASSED_MAX + 1).find(|date| wanted(*date))
}

/// The library's word for a date: its midnight in UTC, where no clock ever jumps.
fn midnight(date: Date) -> Option<DateTime<Tz>> {
    let (month, day) = (u32::try_from(date.month()).ok()?, u32::try_from(date.day()).ok()?);
    Tz::UTC.with_ymd_and_hms(i32::from(date.year()), month, day, 0, 0, 0).single()
}

fn civil(midnight: DateTime<Tz>) -> Option<Date> {
    let year = i16::try_from(midnight.year()).ok()?;
    let (month, day) = (i8::try_from(midnight.month()).ok()?, i8::try_from(midnight.day()).ok()?);
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::RULE_TEXT_MAX;
    use super::*;

    fn refusal(text: &str) -> RuleError {
        match Rule::parse(text) {
            Err(CalendarError::Rule(refusal)) => refusal,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_rule_has_one_spelling() {
        for (given, written) in [
            ("FREQ=DAILY", "FREQ=DAILY"),
            ("rrule:freq=weekly;interval=1;wkst=mo;byday=fr,mo,fr", "FREQ=WEEKLY;BYDAY=MO,FR"),
            ("BYDAY=+1MO,MO,-1SU;FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=MO,-1SU,1MO"),
            ("FREQ=YEARLY;INTERVAL=2;WKST=SU;BYMONTH=12,1", "FREQ=YEARLY;INTERVAL=2;WKST=SU;BYMONTH=1,12"),
            (
                "FREQ=YEARLY;BYSETPOS=-1;BYYEARDAY=-1,366;BYMONTHDAY=31;BYWEEKNO=53",
                "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=-1,366;BYMONTHDAY=31;BYSETPOS=-1",
            ),
        ] {
            let rule = Rule::parse(given).expect(given);
            assert_eq!(rule.as_str(), written);
            assert_eq!(Rule::parse(written), Ok(rule));
        }
    }

    #[test]
    fn what_a_schedule_says_elsewhere_is_refused() {
        assert_eq!(refusal("FREQ=DAILY;COUNT=3"), RuleError::End("COUNT"));
        assert_eq!(refusal("FREQ=DAILY;UNTIL=20270101"), RuleError::End("UNTIL"));
        assert_eq!(refusal("FREQ=DAILY;BYHOUR=9"), RuleError::TimeOfDay("BYHOUR"));
        assert_eq!(refusal("FREQ=DAILY;BYMINUTE=9"), RuleError::TimeOfDay("BYMINUTE"));
        assert_eq!(refusal("FREQ=DAILY;BYSECOND=9"), RuleError::TimeOfDay("BYSECOND"));
        for text in [
            "DTSTART:20270101T090000Z\nRRULE:FREQ=DAILY",
            "RRULE:FREQ=DAILY\nEXDATE:20270101",
            "DTSTART;TZID=Europe/Oslo:20270101T090000",
            "EXDATE:20270101",
        ] {
            assert_eq!(refusal(text), RuleError::OtherProperty, "{text}");
        }
        for text in ["FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY"] {
            assert_eq!(refusal(text), RuleError::TooOften);
        }
    }

    #[test]
    fn what_is_not_a_rule_is_refused() {
        for text in ["", "FREQ", "FREQ=DAILY;", ";FREQ=DAILY", "FREQ=DAILY; BYDAY=MO", "FREQ=DAILY;BYDAY=MÖ"]
        {
            assert_eq!(refusal(text), RuleError::Unreadable, "{text}");
        }
        assert_eq!(refusal("BYDAY=MO"), RuleError::Frequency);
        assert_eq!(refusal("FREQ=FORTNIGHTLY"), RuleError::Frequency);
        assert_eq!(refusal("FREQ=DAILY;FREQ=WEEKLY"), RuleError::Repeated("FREQ"));
        assert_eq!(refusal("FREQ=DAILY;BYEASTER=1"), RuleError::UnknownPart("BYEASTER".to_owned()));
        assert_eq!(refusal("FREQ=WEEKLY;BYDAY=XX"), RuleError::Weekday("BYDAY"));
        assert_eq!(refusal("FREQ=WEEKLY;BYDAY="), RuleError::Weekday("BYDAY"));
        assert_eq!(refusal("FREQ=WEEKLY;WKST=1MO"), RuleError::Weekday("WKST"));
        assert_eq!(
            refusal(&format!("FREQ=DAILY;BYMONTH={}", "1,".repeat(RULE_TEXT_MAX))),
            RuleError::TooLong
        );
    }

    #[test]
    fn values_keep_within_their_bounds() {
        for (text, part) in [
            ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
            ("FREQ=DAILY;INTERVAL=3661", "INTERVAL"),
            ("FREQ=YEARLY;INTERVAL=11", "INTERVAL"),
            ("FREQ=YEARLY;INTERVAL=99999999999", "INTERVAL"),
            ("FREQ=YEARLY;BYMONTH=0", "BYMONTH"),
            ("FREQ=YEARLY;BYMONTH=-1", "BYMONTH"),
            ("FREQ=YEARLY;BYMONTH=1,,2", "BYMONTH"),
            ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO"),
            ("FREQ=YEARLY;BYYEARDAY=-367", "BYYEARDAY"),
            ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
            ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY"),
            ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
            ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS"),
            ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=32", "BYSETPOS"),
        ] {
            let refusal = refusal(text);
            assert!(
                matches!(refusal, RuleError::OutOfBounds { part: found, .. } if found == part),
                "{text}: {refusal}"
            );
        }
    }

    #[test]
    fn parts_that_rfc_5545_keeps_apart_are_refused() {
        let apart = |part, frequency| RuleError::NotAtFrequency { part, frequency };
        assert_eq!(refusal("FREQ=MONTHLY;BYWEEKNO=20"), apart("BYWEEKNO", "MONTHLY"));
        assert_eq!(refusal("FREQ=DAILY;BYYEARDAY=20"), apart("BYYEARDAY", "DAILY"));
        assert_eq!(refusal("FREQ=WEEKLY;BYMONTHDAY=20"), apart("BYMONTHDAY", "WEEKLY"));
        assert_eq!(refusal("FREQ=WEEKLY;BYDAY=2MO"), RuleError::CountedWeekday);
        assert_eq!(refusal("FREQ=YEARLY;BYWEEKNO=20;BYDAY=2MO"), RuleError::CountedWeekday);
        assert_eq!(refusal("FREQ=MONTHLY;BYSETPOS=1"), RuleError::NothingToChoose);
    }

    #[test]
    fn what_the_library_reads_otherwise_is_read_as_the_rfc_means_it() {
        let dates = |text: &str, anchor: Date, count: usize| -> Vec<String> {
            let rule = Rule::parse(text).expect("a rule").start(anchor).expect("a start");
            let dates = std::iter::successors(rule.first(), |date| rule.after(*date));
            dates.take(count).map(|date| date.to_string()).collect()
        };
        // Mondays, and the second Tuesday.
        assert_eq!(
            dates("FREQ=MONTHLY;BYDAY=MO,2TU", date(2027, 2, 1), 5),
            ["2027-02-01", "2027-02-08", "2027-02-09", "2027-02-15", "2027-02-22"]
        );
        // On the anchor's weekday, a Wednesday, not on all seven days.
        assert_eq!(dates("FREQ=YEARLY;BYWEEKNO=20", date(2027, 1, 6), 2), ["2027-05-19", "2028-05-17"]);
        // 1 and 2 January 1983 were the end of week 52 of 1982.
        assert_eq!(
            dates("FREQ=YEARLY;BYWEEKNO=52;BYDAY=SU", date(1982, 12, 27), 2),
            ["1983-01-02", "1984-01-01"]
        );
        // Friday is the third of its week, though the anchor cuts off the first two.
        assert_eq!(
            dates("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1", date(2027, 1, 6), 2),
            ["2027-01-11", "2027-01-18"]
        );
    }

    #[test]
    fn a_rule_answers_the_same_a_century_on() {
        let rule =
            Rule::parse("FREQ=DAILY;INTERVAL=3").expect("a rule").start(date(2027, 1, 1)).expect("a start");
        let mut counted = date(2027, 1, 1);
        while counted.year() < 2127 {
            counted = counted.checked_add(jiff::Span::new().days(3)).expect("a date");
        }
        assert_eq!(rule.after(counted.yesterday().expect("a date")), Some(counted));
    }
}
