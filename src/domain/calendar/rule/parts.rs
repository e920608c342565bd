//! The parts of a recurrence rule: read from text, checked against RFC 5545, and written.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use chrono::{Month, Weekday};
use jiff::civil::Date;
use rrule::{NWeekday, RRule, Unvalidated};

use crate::domain::calendar::{DAYS_MAX, MONTHS_MAX, RULE_TEXT_MAX, RuleError, WEEKS_MAX, YEARS_MAX};

const PREFIX: &str = "RRULE:";

/// Properties of a calendar file that people paste along with the rule.
const OTHER_PROPERTIES: &[&str] = &["DTSTART", "DTEND", "TZID", "EXDATE", "EXRULE", "RDATE"];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Mon),
    ("TU", Weekday::Tue),
    ("WE", Weekday::Wed),
    ("TH", Weekday::Thu),
    ("FR", Weekday::Fri),
    ("SA", Weekday::Sat),
    ("SU", Weekday::Sun),
];

/// The longest period of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Frequency {
    fn read(word: &str) -> Result<Self, RuleError> {
        match word {
            "DAILY" => Ok(Self::Daily),
            "WEEKLY" => Ok(Self::Weekly),
            "MONTHLY" => Ok(Self::Monthly),
            "YEARLY" => Ok(Self::Yearly),
            "HOURLY" | "MINUTELY" | "SECONDLY" => Err(RuleError::TooOften),
            _ => Err(RuleError::Frequency),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }

    fn library(self) -> rrule::Frequency {
        match self {
            Self::Daily => rrule::Frequency::Daily,
            Self::Weekly => rrule::Frequency::Weekly,
            Self::Monthly => rrule::Frequency::Monthly,
            Self::Yearly => rrule::Frequency::Yearly,
        }
    }

    /// The longest interval, the same stretch of time as for the plain cadences.
    fn interval_max(self) -> u32 {
        match self {
            Self::Daily => DAYS_MAX,
            Self::Weekly => WEEKS_MAX,
            Self::Monthly => MONTHS_MAX,
            Self::Yearly => YEARS_MAX,
        }
    }

    /// The most days of one period, which is as far as `BYSETPOS` can count.
    fn days_max(self) -> i16 {
        match self {
            Self::Daily => 1,
            Self::Weekly => 7,
            Self::Monthly => 31,
            Self::Yearly => 366,
        }
    }
}

/// A weekday, or the `n`th of them in its month or year, from the end when negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    nth: Option<i16>,
    weekday: Weekday,
}

/// A rule's parts. Lists are sorted and without repeats; empty ones are not given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) frequency: Frequency,
    pub(super) interval: u16,
    week_start: Weekday,
    months: Vec<i16>,
    pub(super) weeks: Vec<i16>,
    year_days: Vec<i16>,
    month_days: Vec<i16>,
    days: Vec<Day>,
    positions: Vec<i16>,
}

/// The values as they were written, one of each name.
#[derive(Default)]
struct Written<'t> {
    frequency: Option<&'t str>,
    interval: Option<&'t str>,
    week_start: Option<&'t str>,
    months: Option<&'t str>,
    weeks: Option<&'t str>,
    year_days: Option<&'t str>,
    month_days: Option<&'t str>,
    days: Option<&'t str>,
    positions: Option<&'t str>,
}

impl<'t> Written<'t> {
    fn read(text: &'t str) -> Result<Self, RuleError> {
        let mut written = Self::default();
        for part in text.split(';') {
            let (name, value) = part.split_once('=').ok_or(RuleError::Unreadable)?;
            let (name, place) = match name {
                "FREQ" => ("FREQ", &mut written.frequency),
                "INTERVAL" => ("INTERVAL", &mut written.interval),
                "WKST" => ("WKST", &mut written.week_start),
                "BYMONTH" => ("BYMONTH", &mut written.months),
                "BYWEEKNO" => ("BYWEEKNO", &mut written.weeks),
                "BYYEARDAY" => ("BYYEARDAY", &mut written.year_days),
                "BYMONTHDAY" => ("BYMONTHDAY", &mut written.month_days),
                "BYDAY" => ("BYDAY", &mut written.days),
                "BYSETPOS" => ("BYSETPOS", &mut written.positions),
                "COUNT" => return Err(RuleError::End("COUNT")),
                "UNTIL" => return Err(RuleError::End("UNTIL")),
                "BYHOUR" => return Err(RuleError::TimeOfDay("BYHOUR")),
                "BYMINUTE" => return Err(RuleError::TimeOfDay("BYMINUTE")),
                "BYSECOND" => return Err(RuleError::TimeOfDay("BYSECOND")),
                unknown => return Err(RuleError::UnknownPart(unknown.to_owned())),
            };
            if place.replace(value).is_some() {
                return Err(RuleError::Repeated(name));
            }
        }
        Ok(written)
    }
}

impl Parts {
    pub(super) fn read(text: &str) -> Result<Self, RuleError> {
        if text.len() > RULE_TEXT_MAX {
            return Err(RuleError::TooLong);
        }
        let text = text.to_ascii_uppercase();
        let text = text.strip_prefix(PREFIX).unwrap_or(&text);
        if text.contains(['\n', '\r']) || OTHER_PROPERTIES.iter().any(|name| text.starts_with(name)) {
            return Err(RuleError::OtherProperty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RuleError::Unreadable);
        }
        let written = Written::read(text)?;
        let frequency = Frequency::read(written.frequency.ok_or(RuleError::Frequency)?)?;
        let parts = Self {
            frequency,
            interval: written.interval.map_or(Ok(1), |value| interval(value, frequency))?,
            week_start: written
                .week_start
                .map_or(Ok(Weekday::Mon), |value| weekday(value).ok_or(RuleError::Weekday("WKST")))?,
            months: numbers("BYMONTH", written.months, 1..=12)?,
            weeks: numbers("BYWEEKNO", written.weeks, -53..=53)?,
            year_days: numbers("BYYEARDAY", written.year_days, -366..=366)?,
            month_days: numbers("BYMONTHDAY", written.month_days, -31..=31)?,
            days: days(written.days, nth_bounds(frequency, written.months.is_some()))?,
            positions: numbers("BYSETPOS", written.positions, -frequency.days_max()..=frequency.days_max())?,
        };
        parts.check()?;
        Ok(parts)
    }

    /// What RFC 5545 says of parts together, section 3.3.10.
    fn check(&self) -> Result<(), RuleError> {
        let frequency = self.frequency;
        let yearly = frequency == Frequency::Yearly;
        let refused = |part| Err(RuleError::NotAtFrequency { part, frequency: frequency.word() });
        if !self.weeks.is_empty() && !yearly {
            return refused("BYWEEKNO");
        }
        if !self.year_days.is_empty() && !yearly {
            return refused("BYYEARDAY");
        }
        if !self.month_days.is_empty() && frequency == Frequency::Weekly {
            return refused("BYMONTHDAY");
        }
        let countable = (yearly && self.weeks.is_empty()) || frequency == Frequency::Monthly;
        if self.days.iter().any(|day| day.nth.is_some()) && !countable {
            return Err(RuleError::CountedWeekday);
        }
        if !self.positions.is_empty() && self.months.is_empty() && self.weeks.is_empty() && !self.names_days()
        {
            return Err(RuleError::NothingToChoose);
        }
        Ok(())
    }

    /// Whether the rule itself says which days, rather than taking them from its start.
    pub(super) fn names_days(&self) -> bool {
        !(self.year_days.is_empty() && self.month_days.is_empty() && self.days.is_empty())
    }

    /// Whether `BYYEARDAY` lets a date pass.
    pub(super) fn has_year_day(&self, date: Date) -> bool {
        let number = date.day_of_year();
        let from_end = number - date.days_in_year() - 1;
        self.year_days.is_empty() || self.year_days.contains(&number) || self.year_days.contains(&from_end)
    }

    /// How many days of the week, as this rule counts weeks, are over before `date`.
    pub(super) fn days_into_week(&self, date: Date) -> i64 {
        i64::from(weekday_of(date).days_since(self.week_start))
    }

    pub(super) fn write(&self) -> String {
        let mut text = format!("FREQ={}", self.frequency.word());
        // Writing to a string cannot fail.
        let mut part = |name: &str, value: String| {
            let _ = write!(text, ";{name}={value}");
        };
        if self.interval != 1 {
            part("INTERVAL", self.interval.to_string());
        }
        if self.week_start != Weekday::Mon {
            part("WKST", weekday_word(self.week_start).to_owned());
        }
        let days = self.days.iter().map(|day| match day.nth {
            Some(nth) => format!("{nth}{}", weekday_word(day.weekday)),
            None => weekday_word(day.weekday).to_owned(),
        });
        let lists = [
            ("BYMONTH", words(&self.months)),
            ("BYWEEKNO", words(&self.weeks)),
            ("BYYEARDAY", words(&self.year_days)),
            ("BYMONTHDAY", words(&self.month_days)),
            ("BYDAY", days.collect()),
            ("BYSETPOS", words(&self.positions)),
        ];
        for (name, values) in lists {
            if !values.is_empty() {
                part(name, values.join(","));
            }
        }
        text
    }

    /// The rule for the library.
    pub(super) fn library(&self) -> Result<RRule<Unvalidated>, RuleError> {
        let months = narrowed::<u8>(&self.months)?.into_iter().map(Month::try_from);
        let months = months.collect::<Result<Vec<_>, _>>().map_err(|_| RuleError::Invalid)?;
        Ok(RRule::new(self.frequency.library())
            .interval(self.interval)
            .week_start(self.week_start)
            .by_month(&months)
            .by_week_no(narrowed(&self.weeks)?)
            .by_year_day(self.year_days.clone())
            .by_month_day(narrowed(&self.month_days)?)
            .by_weekday(self.library_days())
            .by_set_pos(self.positions.iter().copied().map(i32::from).collect()))
    }

    /// `BYDAY` for the library, which of `MO` and `2TU` together takes only days that are both.
    /// RFC 5545 means either, so there every Monday is said as the first, second, third and so on.
    fn library_days(&self) -> Vec<NWeekday> {
        let counted = self.days.iter().any(|day| day.nth.is_some());
        let most = *nth_bounds(self.frequency, !self.months.is_empty()).end();
        let mut days = Vec::new();
        for day in &self.days {
            match day.nth {
                Some(nth) => days.push(NWeekday::Nth(nth, day.weekday)),
                None if counted => days.extend((1..=most).map(|nth| NWeekday::Nth(nth, day.weekday))),
                None => days.push(NWeekday::Every(day.weekday)),
            }
        }
        days
    }
}

/// How far weekdays are counted: in the month, or in the year. A day short from the end, as the
/// library refuses to count the whole way back.
fn nth_bounds(frequency: Frequency, by_month: bool) -> RangeInclusive<i16> {
    if frequency == Frequency::Yearly && !by_month { -52..=53 } else { -4..=5 }
}

fn interval(value: &str, frequency: Frequency) -> Result<u16, RuleError> {
    let high = i16::try_from(frequency.interval_max()).unwrap_or(i16::MAX);
    let refused = RuleError::OutOfBounds { part: "INTERVAL", low: 1, high };
    let interval: i16 = value.parse().map_err(|_| refused.clone())?;
    u16::try_from(interval).ok().filter(|_| (1..=high).contains(&interval)).ok_or(refused)
}

/// A list of numbers, sorted, without repeats; empty when it is not given.
fn numbers(
    part: &'static str,
    value: Option<&str>,
    bounds: RangeInclusive<i16>,
) -> Result<Vec<i16>, RuleError> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let mut numbers =
        value.split(',').map(|number| bounded(part, number, &bounds)).collect::<Result<Vec<_>, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn bounded(part: &'static str, number: &str, bounds: &RangeInclusive<i16>) -> Result<i16, RuleError> {
    let refused = RuleError::OutOfBounds { part, low: *bounds.start(), high: *bounds.end() };
    let number = number.parse().map_err(|_| refused.clone())?;
    if number != 0 && bounds.contains(&number) { Ok(number) } else { Err(refused) }
}

/// `BYDAY`: weekdays, each with an optional number in front.
fn days(value: Option<&str>, bounds: RangeInclusive<i16>) -> Result<Vec<Day>, RuleError> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let mut days = value.split(',').map(|word| day(word, &bounds)).collect::<Result<Vec<_>, _>>()?;
    days.sort_unstable_by_key(|day| (day.nth, day.weekday.num_days_from_monday()));
    days.dedup();
    Ok(days)
}

fn day(word: &str, bounds: &RangeInclusive<i16>) -> Result<Day, RuleError> {
    // All of the text is ASCII by now, so that any place is between two characters.
    let (nth, name) = word.split_at(word.len().saturating_sub(2));
    let weekday = weekday(name).ok_or(RuleError::Weekday("BYDAY"))?;
    let nth = if nth.is_empty() { None } else { Some(bounded("BYDAY", nth, bounds)?) };
    Ok(Day { nth, weekday })
}

fn weekday(word: &str) -> Option<Weekday> {
    WEEKDAYS.iter().find(|(name, _)| *name == word).map(|(_, weekday)| *weekday)
}

fn weekday_word(weekday: Weekday) -> &'static str {
    // All seven are in the table, in this order.
    WEEKDAYS[usize::try_from(weekday.num_days_from_monday()).unwrap_or_default()].0
}

/// The weekday of a date in the library's words.
pub(super) fn weekday_of(date: Date) -> Weekday {
    WEEKDAYS[usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default()].1
}

fn words(numbers: &[i16]) -> Vec<String> {
    numbers.iter().map(ToString::to_string).collect()
}

/// The numbers in one of the library's narrower types. All are within bounds that fit it.
fn narrowed<T: TryFrom<i16>>(numbers: &[i16]) -> Result<Vec<T>, RuleError> {
    numbers.iter().map(|number| T::try_from(*number).map_err(|_| RuleError::Invalid)).collect()
}
