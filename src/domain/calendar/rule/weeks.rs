//! `BYWEEKNO`, one calendar year at a time.
//!
//! The library takes the number of weeks of the year before for another one in some years, and
//! then misses the days of January which are of its week 52 or 53. So it is told the days of the
//! year that are in the rule's weeks, and chooses among those.

use jiff::civil::Date;

use super::parts::Parts;
use super::{HORIZON, Started, days_between, days_later, earliest};

/// An interval in years that ends the library's search after one year: beyond the last that it
/// knows, 10,000.
const ONE_YEAR_ONLY: u16 = 10_000;

impl Started {
    /// As [`Started::since`], for rules with `BYWEEKNO`. `year` is one of the rule's.
    pub(super) fn since_year(&self, year: i16, wanted: impl Fn(Date) -> bool) -> Option<Date> {
        (year..=HORIZON.year()).step_by(self.parts().interval.into()).find_map(|year| {
            let days = days_in_weeks(self.parts(), year).filter(|days| !days.is_empty())?;
            let rule = self.rule.clone().by_week_no(Vec::new()).by_year_day(days).interval(ONE_YEAR_ONLY);
            earliest(rule, self.anchor, Date::new(year, 1, 1).ok()?, &wanted)
        })
    }
}

/// The days of a year, counted from 1, that are in the rule's weeks and among its `BYYEARDAY`.
/// The first and the last few may be of weeks of the years beside it.
fn days_in_weeks(parts: &Parts, year: i16) -> Option<Vec<i16>> {
    let mut days = Vec::new();
    for of_year in [year - 1, year, year + 1] {
        let start = week_one(parts, of_year)?;
        let count = days_between(start, week_one(parts, of_year + 1)?) / 7;
        for week in parts.weeks.iter().copied().map(i64::from) {
            let number = if week > 0 { week } else { count + week + 1 };
            if (1..=count).contains(&number) {
                days.extend((0..7).filter_map(|day| days_later(start, 7 * (number - 1) + day)));
            }
        }
    }
    days.retain(|day| day.year() == year && parts.has_year_day(*day));
    let mut days: Vec<i16> = days.into_iter().map(Date::day_of_year).collect();
    days.sort_unstable();
    days.dedup();
    Some(days)
}

/// The first day of a year's first week, the first that has four days in it.
fn week_one(parts: &Parts, year: i16) -> Option<Date> {
    let new_year = Date::new(year, 1, 1).ok()?;
    let into = parts.days_into_week(new_year);
    days_later(new_year, if into <= 3 { -into } else { 7 - into })
}
