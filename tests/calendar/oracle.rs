//! A calendar by brute force. It looks at every day and decides by definition whether it fits, and
//! at every half minute until the clocks on the wall have come to the time that is wanted.
//!
//! It shares no code with `domain::calendar`. Of jiff it uses what a date is, and what a clock
//! shows at an instant; never the way back, which is what is to be judged.

use std::ops::ControlFlow;

use jiff::civil::{Date, Time, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How often, with nothing but numbers.
#[derive(Debug, Clone)]
pub enum Often {
    Days(u32),
    Weeks(u32),
    Months(u32),
    Years(u32),
    Rule(Rule),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// The parts of RFC 5545. Weekdays count from Monday, 0; a day of `nth` 0 is every one of them.
#[derive(Debug, Clone)]
pub struct Rule {
    pub frequency: Frequency,
    pub interval: u32,
    pub week_start: i64,
    pub months: Vec<i64>,
    pub weeks: Vec<i64>,
    pub year_days: Vec<i64>,
    pub month_days: Vec<i64>,
    pub days: Vec<(i64, i64)>,
    pub positions: Vec<i64>,
}

/// Every day from one to another, both included.
pub fn days(from: Date, to: Date) -> impl Iterator<Item = Date> {
    from.series(jiff::Span::new().days(1)).take_while(move |day| *day <= to)
}

fn year(day: Date) -> i64 {
    i64::from(day.year())
}

fn month(day: Date) -> i64 {
    i64::from(day.month())
}

fn weekday(day: Date) -> i64 {
    i64::from(day.weekday().to_monday_zero_offset())
}

/// The dates of a cadence from its anchor to `end`.
pub fn dates(often: &Often, anchor: Date, end: Date) -> Vec<Date> {
    let plain = |fits: &dyn Fn(i64, Date) -> bool| {
        let numbered = (0..).zip(days(anchor, end));
        numbered.filter(|(number, day)| fits(*number, *day)).map(|(_, day)| day).collect()
    };
    let same_day = |day: Date| day.day() == anchor.day().min(day.days_in_month());
    match often {
        Often::Days(every) => plain(&|number, _| number % i64::from(*every) == 0),
        Often::Weeks(every) => plain(&|number, _| number % (7 * i64::from(*every)) == 0),
        Often::Months(every) => plain(&|_, day| {
            let months = 12 * (year(day) - year(anchor)) + month(day) - month(anchor);
            months % i64::from(*every) == 0 && same_day(day)
        }),
        Often::Years(every) => plain(&|_, day| {
            (year(day) - year(anchor)) % i64::from(*every) == 0
                && month(day) == month(anchor)
                && same_day(day)
        }),
        Often::Rule(rule) => rule.dates(anchor, end),
    }
}

impl Rule {
    /// The days of each period, every `interval` periods, that fit; of those the chosen positions.
    fn dates(&self, anchor: Date, end: Date) -> Vec<Date> {
        // Whole periods, though the first and the last week may lie in two years.
        let week = SignedDuration::from_hours(24 * 7);
        let (first_day, last_day) = (date(anchor.year(), 1, 1) - week, date(end.year(), 12, 31) + week);
        let mut found = Vec::new();
        let mut period: Vec<Date> = Vec::new();
        // Period 0 is the one that the anchor is in.
        let mut number: Option<i64> = None;
        for day in days(first_day, last_day) {
            if self.begins_period(day) {
                self.choose(number, &period, anchor, &mut found);
                period.clear();
                number = number.map(|number| number + 1);
            }
            period.push(day);
            if day == anchor {
                number = Some(0);
            }
        }
        self.choose(number, &period, anchor, &mut found);
        found.retain(|day| *day >= anchor && *day <= end);
        found
    }

    fn begins_period(&self, day: Date) -> bool {
        match self.frequency {
            Frequency::Daily => true,
            Frequency::Weekly => weekday(day) == self.week_start,
            Frequency::Monthly => day.day() == 1,
            Frequency::Yearly => day.day_of_year() == 1,
        }
    }

    fn choose(&self, number: Option<i64>, period: &[Date], anchor: Date, found: &mut Vec<Date>) {
        if number.is_none_or(|number| number % i64::from(self.interval) != 0) {
            return;
        }
        let set: Vec<Date> = period.iter().copied().filter(|day| self.fits(*day, anchor)).collect();
        let size = i64::try_from(set.len()).expect("a few");
        found.extend((1..).zip(&set).filter(|(place, _)| self.chosen(*place, size)).map(|(_, day)| *day));
    }

    fn chosen(&self, place: i64, size: i64) -> bool {
        self.positions.is_empty()
            || self.positions.contains(&place)
            || self.positions.contains(&(place - size - 1))
    }

    fn fits(&self, day: Date, anchor: Date) -> bool {
        let month_fits = self.months.is_empty() || self.months.contains(&month(day));
        let week_fits = self.weeks.is_empty() || self.in_week(day);
        let year_day = i64::from(day.day_of_year());
        let year_day_fits = self.year_days.is_empty()
            || self.year_days.contains(&year_day)
            || self.year_days.contains(&(year_day - i64::from(day.days_in_year()) - 1));
        let (this, last) = (i64::from(day.day()), i64::from(day.days_in_month()));
        let month_day_fits = self.month_days.is_empty()
            || self.month_days.contains(&this)
            || self.month_days.contains(&(this - last - 1));
        let day_fits = self.days.is_empty() || self.days.iter().any(|which| self.on_weekday(day, *which));
        month_fits && week_fits && year_day_fits && month_day_fits && day_fits && self.implied(day, anchor)
    }

    /// What the anchor says where the rule names no days.
    fn implied(&self, day: Date, anchor: Date) -> bool {
        if !(self.year_days.is_empty() && self.month_days.is_empty() && self.days.is_empty()) {
            return true;
        }
        match self.frequency {
            Frequency::Daily => true,
            Frequency::Weekly => weekday(day) == weekday(anchor),
            Frequency::Monthly => day.day() == anchor.day(),
            Frequency::Yearly if !self.weeks.is_empty() => weekday(day) == weekday(anchor),
            Frequency::Yearly => {
                day.day() == anchor.day() && (!self.months.is_empty() || day.month() == anchor.month())
            }
        }
    }

    fn on_weekday(&self, day: Date, (nth, wanted): (i64, i64)) -> bool {
        let in_month = self.frequency == Frequency::Monthly || !self.months.is_empty();
        let (this, last) = if in_month {
            (i64::from(day.day()), i64::from(day.days_in_month()))
        } else {
            (i64::from(day.day_of_year()), i64::from(day.days_in_year()))
        };
        let (from_start, from_end) = ((this - 1) / 7 + 1, (last - this) / 7 + 1);
        weekday(day) == wanted && (nth == 0 || nth == from_start || nth == -from_end)
    }

    fn in_week(&self, day: Date) -> bool {
        let (of_year, week) = self.week(day);
        // 28 December is in the last week of its year, whatever day weeks begin on.
        let (_, last) = self.week(date(i16::try_from(of_year).expect("a year"), 12, 28));
        self.weeks.contains(&week) || self.weeks.contains(&(week - last - 1))
    }

    /// The year and number of a day's week: a week is of the year that has most of its days.
    fn week(&self, day: Date) -> (i64, i64) {
        let into = (weekday(day) - self.week_start).rem_euclid(7);
        let fourth = day.checked_add(SignedDuration::from_hours(24 * (3 - into))).expect("a date");
        (year(fourth), (i64::from(fourth.day_of_year()) - 1) / 7 + 1)
    }

    /// The rule as text.
    pub fn write(&self) -> String {
        const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
        let name = |day: i64| WEEKDAYS[usize::try_from(day).expect("0 to 6")];
        let list = |part: &str, values: &[i64]| {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            if values.is_empty() { String::new() } else { format!(";{part}={}", values.join(",")) }
        };
        let days: Vec<String> = self
            .days
            .iter()
            .map(|(nth, day)| if *nth == 0 { name(*day).to_owned() } else { format!("{nth}{}", name(*day)) })
            .collect();
        let days = if days.is_empty() { String::new() } else { format!(";BYDAY={}", days.join(",")) };
        let frequency = format!("{:?}", self.frequency).to_uppercase();
        [
            format!("FREQ={frequency};INTERVAL={};WKST={}", self.interval, name(self.week_start)),
            list("BYMONTH", &self.months),
            list("BYWEEKNO", &self.weeks),
            list("BYYEARDAY", &self.year_days),
            list("BYMONTHDAY", &self.month_days),
            days,
            list("BYSETPOS", &self.positions),
        ]
        .concat()
    }
}

/// The first instant at which a clock in the zone shows that date and time or a later one.
pub fn instant(zone: &TimeZone, date: Date, time: Time) -> Timestamp {
    // No place is more than 15 hours ahead, nor 13 behind; a gap is at most a day and an hour.
    // Half minutes meet every change of the clocks: since 1970 all were by whole minutes, but for
    // Liberia's in 1972 by 44 minutes and a half.
    let wanted = date.to_datetime(time);
    let utc = TimeZone::UTC.to_timestamp(wanted).expect("in range");
    let start = utc - SignedDuration::from_hours(15);
    let found = (0..2 * 60 * (15 + 13 + 25)).try_for_each(|step| {
        let at = start + SignedDuration::from_secs(30 * step);
        if zone.to_datetime(at) >= wanted { ControlFlow::Break(at) } else { ControlFlow::Continue(()) }
    });
    let ControlFlow::Break(at) = found else { panic!("no clock ever shows {wanted}") };
    // The end of a gap need not be a whole number of half minutes away.
    let earlier = (1..30).map(|seconds| at - SignedDuration::from_secs(seconds));
    earlier.take_while(|at| zone.to_datetime(*at) >= wanted).last().unwrap_or(at)
}
