//! When the occurrences of a schedule fall: dates from a cadence and an anchor, and instants from
//! dates, a time of day and a time zone.
//!
//! All of it is arithmetic. Nothing here reads the clock or remembers anything: the same calendar
//! gives the same dates whoever asks, from whichever date they ask, before and after a restart.
//! The only input besides the arguments is the time zone database.
//!
//! Three promises that a schedule's money hangs on:
//! - [`Calendar::after`] gives strictly later dates, one sequence whatever date one starts from.
//! - [`Calendar::instant`] gives strictly later instants for later dates of that sequence.
//! - A cadence that would never fire is refused when the calendar is made.

mod cadence;
mod error;
mod rule;
mod zone;

use std::sync::Arc;

use jiff::civil::{Date, Time, date};
use jiff::{SignedDuration, Timestamp};

pub use cadence::{Cadence, DAYS_MAX, MONTHS_MAX, WEEKS_MAX, YEARS_MAX};
pub use error::{CalendarError, Part, RuleError};
pub use rule::Rule;
pub use zone::Zone;

use rule::Started;

/// The earliest anchor.
pub const EARLIEST: Date = date(1970, 1, 1);
/// The last date on which anything fires.
pub const HORIZON: Date = date(2200, 12, 31);

/// The most characters of a time zone's name.
pub const ZONE_NAME_MAX: usize = 64;
/// The most characters of a recurrence rule.
pub const RULE_TEXT_MAX: usize = 256;

/// How much later an occurrence runs that would share its instant with the one before it.
const APART: SignedDuration = SignedDuration::from_secs(1);

/// A cadence as it is counted: weeks are days and years are months.
#[derive(Debug, Clone)]
enum Stride {
    Days(i64),
    Months(i64),
    Rule(Arc<Started>),
}

/// On which local days, at which time of day, in which zone. Cheap to clone.
///
/// The fields are there to be read. Another anchor or cadence is another calendar, made by
/// [`Calendar::new`].
#[derive(Debug, Clone)]
pub struct Calendar {
    /// How often.
    pub cadence: Cadence,
    /// The date that the cadence counts from, and the earliest that it can give.
    pub anchor: Date,
    /// The local time of day, in whole seconds.
    pub time: Time,
    /// Where that date and time are local.
    pub zone: Zone,
    stride: Stride,
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        // The stride follows from the cadence and the anchor.
        self.cadence == other.cadence
            && self.anchor == other.anchor
            && self.time == other.time
            && self.zone == other.zone
    }
}

impl Eq for Calendar {}

impl Calendar {
    /// A calendar that fires at least once.
    ///
    /// # Errors
    /// An interval of zero or beyond its unit's bound, an anchor outside [`EARLIEST`] to
    /// [`HORIZON`], a time of day with a fraction of a second, a rule that no date from the anchor
    /// to [`HORIZON`] fits.
    pub fn new(cadence: Cadence, anchor: Date, time: Time, zone: Zone) -> Result<Self, CalendarError> {
        cadence.check()?;
        if !(EARLIEST..=HORIZON).contains(&anchor) {
            return Err(CalendarError::Anchor);
        }
        if time.subsec_nanosecond() != 0 {
            return Err(CalendarError::Time);
        }
        let stride = match &cadence {
            Cadence::Days(every) => Stride::Days(i64::from(*every)),
            Cadence::Weeks(every) => Stride::Days(7 * i64::from(*every)),
            Cadence::Months(every) => Stride::Months(i64::from(*every)),
            Cadence::Years(every) => Stride::Months(12 * i64::from(*every)),
            Cadence::Rule(rule) => Stride::Rule(Arc::new(rule.start(anchor)?)),
        };
        let calendar = Self { cadence, anchor, time, zone, stride };
        match calendar.first() {
            Some(_) => Ok(calendar),
            None => Err(RuleError::NeverFires.into()),
        }
    }

    /// The first date of the sequence: the anchor, or for a rule the first date on or after the
    /// anchor that fits it.
    #[must_use]
    pub fn first(&self) -> Option<Date> {
        match &self.stride {
            Stride::Days(_) | Stride::Months(_) => Some(self.anchor),
            Stride::Rule(rule) => rule.first(),
        }
    }

    /// The next date of the sequence that is later than `date`, which need not be of the sequence
    /// itself. `None` beyond [`HORIZON`].
    ///
    /// Costs the same at any distance from the anchor.
    #[must_use]
    pub fn after(&self, date: Date) -> Option<Date> {
        if date < self.anchor {
            return self.first();
        }
        if date >= HORIZON {
            return None;
        }
        let next = match &self.stride {
            Stride::Days(every) => {
                let gone = days_between(self.anchor, date);
                days_later(self.anchor, (gone / every + 1) * every)
            }
            Stride::Months(every) => self.months_after(*every, date),
            Stride::Rule(rule) => rule.after(date),
        };
        next.filter(|next| *next <= HORIZON)
    }

    /// Counts whole steps from the anchor's month, so that a short month on the way leaves no
    /// trace in the months behind it.
    fn months_after(&self, every: i64, date: Date) -> Option<Date> {
        let start = month_number(self.anchor);
        let gone = (month_number(date) - start) / every * every;
        let fits = |months| day_of_month(start + months, self.anchor.day());
        // In the month of `date` itself the day may still be to come.
        fits(gone).filter(|found| *found > date).or_else(|| fits(gone + every))
    }

    /// The instant of the occurrence of `date`, a date of the sequence.
    ///
    /// A time that the clocks skip is the first instant after the gap; a time that they show twice
    /// is the earlier one. Where they skip a whole day (Samoa had no 30 December 2011), its
    /// occurrence is the first instant after the gap too; and when that is what the next date's
    /// occurrence would be, the latter is a second later, so that no two share an instant.
    ///
    /// `None` only outside of what a [`Timestamp`] can say.
    #[must_use]
    pub fn instant(&self, date: Date) -> Option<Timestamp> {
        let instant = self.zone.instant(date, self.time)?;
        if self.follows_a_skipped_occurrence(date, instant) {
            return instant.checked_add(APART).ok();
        }
        Some(instant)
    }

    /// Whether `instant` ends a gap that swallowed the whole day before `date`, and that day has an
    /// occurrence, which then has this very instant.
    fn follows_a_skipped_occurrence(&self, date: Date, instant: Timestamp) -> bool {
        let (Ok(just_before), Ok(eve)) = (instant.checked_sub(APART), date.yesterday()) else {
            return false;
        };
        self.zone.local(just_before).date() < eve && self.has(eve)
    }

    /// Whether `date` is of the sequence.
    fn has(&self, date: Date) -> bool {
        date.yesterday().is_ok_and(|eve| self.after(eve) == Some(date))
    }
}

/// Days from one date to another, negative when the other is earlier.
fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

fn days_later(from: Date, days: i64) -> Option<Date> {
    from.checked_add(SignedDuration::from_hours(24 * days)).ok()
}

/// Months since the year 0, so that months can be counted across years.
fn month_number(date: Date) -> i64 {
    12 * i64::from(date.year()) + i64::from(date.month()) - 1
}

/// The `day`th of a month by its [`month_number`], or the last day of a month that is shorter.
fn day_of_month(month_number: i64, day: i8) -> Option<Date> {
    let year = i16::try_from(month_number.div_euclid(12)).ok()?;
    let month = i8::try_from(month_number.rem_euclid(12) + 1).ok()?;
    let first = Date::new(year, month, 1).ok()?;
    Date::new(year, month, day.min(first.days_in_month())).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    fn calendar(cadence: &str, anchor: Date, time: Time, zone: &str) -> Calendar {
        let cadence = Cadence::read(cadence).expect("a cadence");
        Calendar::new(cadence, anchor, time, Zone::parse(zone).expect("a zone")).expect("a calendar")
    }

    /// The first dates of a calendar, as text.
    fn dates(cadence: &str, anchor: Date, count: usize) -> Vec<String> {
        let calendar = calendar(cadence, anchor, time(9, 0, 0, 0), "UTC");
        let dates = std::iter::successors(calendar.first(), |date| calendar.after(*date));
        dates.take(count).map(|date| date.to_string()).collect()
    }

    fn instants(cadence: &str, anchor: Date, time: Time, zone: &str, count: usize) -> Vec<String> {
        let calendar = calendar(cadence, anchor, time, zone);
        let dates = std::iter::successors(calendar.first(), |date| calendar.after(*date));
        let instants = dates.take(count).map(|date| calendar.instant(date).expect("an instant").to_string());
        instants.collect()
    }

    #[test]
    fn months_that_lack_the_day_use_their_last_and_return() {
        assert_eq!(
            dates("1 months", date(2027, 1, 31), 5),
            ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
        );
        assert_eq!(dates("1 months", date(2028, 1, 30), 3), ["2028-01-30", "2028-02-29", "2028-03-30"]);
        assert_eq!(dates("3 months", date(2026, 11, 30), 3), ["2026-11-30", "2027-02-28", "2027-05-30"]);
    }

    #[test]
    fn leap_day_is_the_28th_in_common_years() {
        assert_eq!(
            dates("1 years", date(2028, 2, 29), 5),
            ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]
        );
        // 2100 is a common year.
        assert_eq!(dates("4 years", date(2096, 2, 29), 3), ["2096-02-29", "2100-02-28", "2104-02-29"]);
        assert_eq!(dates("1 days", date(2100, 2, 28), 2), ["2100-02-28", "2100-03-01"]);
        assert_eq!(dates("1 days", date(2028, 2, 28), 2), ["2028-02-28", "2028-02-29"]);
    }

    #[test]
    fn days_and_weeks_count_from_the_anchor() {
        assert_eq!(dates("10 days", date(2026, 12, 25), 3), ["2026-12-25", "2027-01-04", "2027-01-14"]);
        assert_eq!(dates("2 weeks", date(2027, 2, 20), 3), ["2027-02-20", "2027-03-06", "2027-03-20"]);
    }

    #[test]
    fn any_day_may_be_asked_about() {
        let monthly = calendar("1 months", date(2027, 1, 31), time(9, 0, 0, 0), "Europe/Minsk");
        assert_eq!(monthly.after(date(1999, 1, 1)), Some(date(2027, 1, 31)));
        assert_eq!(monthly.after(Date::MIN), Some(date(2027, 1, 31)));
        assert_eq!(monthly.after(date(2027, 2, 27)), Some(date(2027, 2, 28)));
        assert_eq!(monthly.after(date(2027, 2, 28)), Some(date(2027, 3, 31)));
        assert_eq!(monthly.after(date(2127, 3, 30)), Some(date(2127, 3, 31)));
        assert_eq!(monthly.after(date(2200, 12, 30)), Some(HORIZON));
        assert_eq!(monthly.after(HORIZON), None);
        assert_eq!(monthly.after(Date::MAX), None);
        let last = calendar("10 years", HORIZON, time(9, 0, 0, 0), "UTC");
        assert_eq!((last.first(), last.after(HORIZON)), (Some(HORIZON), None));
    }

    #[test]
    fn rules_leave_out_dates_that_do_not_exist() {
        let thirty_first = dates("RRULE:FREQ=MONTHLY;BYMONTHDAY=31", date(2027, 1, 1), 8);
        let expected = ["01-31", "03-31", "05-31", "07-31", "08-31", "10-31", "12-31"];
        assert_eq!(thirty_first[..7], expected.map(|day| format!("2027-{day}")));
        assert_eq!(thirty_first[7], "2028-01-31");
        assert_eq!(
            dates("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", date(2092, 3, 1), 2),
            ["2096-02-29", "2104-02-29"]
        );
        assert_eq!(
            dates("RRULE:FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", date(2028, 1, 1), 2),
            ["2028-02-29", "2032-02-29"]
        );
    }

    #[test]
    fn rules_begin_on_the_first_date_that_fits() {
        let second_tuesday = dates("RRULE:FREQ=MONTHLY;BYDAY=2TU", date(2027, 1, 13), 2);
        assert_eq!(second_tuesday, ["2027-02-09", "2027-03-09"]);
        let last_workday = dates("RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", date(2027, 1, 30), 3);
        assert_eq!(last_workday, ["2027-02-26", "2027-03-31", "2027-04-30"]);
        let every_other_week = dates("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", date(2027, 1, 6), 4);
        assert_eq!(every_other_week, ["2027-01-08", "2027-01-18", "2027-01-22", "2027-02-01"]);
    }

    #[test]
    fn what_can_never_fire_is_refused() {
        let refusal = |rule: &str, anchor| {
            let cadence = Cadence::read(rule).expect("a rule");
            let zone = Zone::parse("UTC").expect("a zone");
            Calendar::new(cadence, anchor, time(9, 0, 0, 0), zone).err()
        };
        let never = Some(CalendarError::Rule(RuleError::NeverFires));
        for rule in [
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "RRULE:FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31",
            "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "RRULE:FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
            "RRULE:FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1",
            // No leap year among them.
            "RRULE:FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        ] {
            assert_eq!(refusal(rule, date(2027, 1, 1)), never, "{rule}");
        }
        assert_eq!(refusal("RRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", HORIZON), never);
        assert_eq!(refusal("RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31", HORIZON), None);
    }

    #[test]
    fn bounds_name_the_part_that_is_wrong() {
        let made =
            |cadence, anchor, time| Calendar::new(cadence, anchor, time, Zone::parse("UTC").expect("UTC"));
        let part = |cadence, anchor, time| made(cadence, anchor, time).map_err(|error| error.part()).err();
        let (day, nine) = (date(2027, 1, 1), time(9, 0, 0, 0));
        for (lowest, highest) in [
            (Cadence::Days(0), Cadence::Days(DAYS_MAX + 1)),
            (Cadence::Weeks(0), Cadence::Weeks(WEEKS_MAX + 1)),
            (Cadence::Months(0), Cadence::Months(MONTHS_MAX + 1)),
            (Cadence::Years(0), Cadence::Years(u32::MAX)),
        ] {
            assert_eq!(part(lowest, day, nine), Some(Part::Cadence));
            assert_eq!(part(highest, day, nine), Some(Part::Cadence));
        }
        assert_eq!(part(Cadence::Days(DAYS_MAX), day, nine), None);
        assert_eq!(part(Cadence::Days(1), date(1969, 12, 31), nine), Some(Part::Anchor));
        assert_eq!(part(Cadence::Days(1), date(2201, 1, 1), nine), Some(Part::Anchor));
        assert_eq!(part(Cadence::Days(1), day, time(9, 0, 0, 1)), Some(Part::Time));
        assert_eq!(part(Cadence::Days(1), EARLIEST, time(23, 59, 59, 0)), None);
    }

    #[test]
    fn occurrences_keep_their_local_time_through_both_changes() {
        assert_eq!(
            instants("1 months", date(2027, 2, 28), time(9, 0, 0, 0), "Europe/Oslo", 3),
            ["2027-02-28T08:00:00Z", "2027-03-28T07:00:00Z", "2027-04-28T07:00:00Z"]
        );
        assert_eq!(
            instants("1 days", date(2027, 10, 30), time(2, 30, 0, 0), "Europe/Oslo", 3),
            ["2027-10-30T00:30:00Z", "2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z"]
        );
        let rule = "RRULE:FREQ=DAILY";
        assert_eq!(
            instants(rule, date(2027, 3, 27), time(2, 30, 0, 0), "Europe/Oslo", 3),
            ["2027-03-27T01:30:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"]
        );
    }

    #[test]
    fn a_day_that_a_zone_skips_keeps_its_occurrence_and_its_instant() {
        // Samoa crossed the date line: 29 December 2011 ended at 10:00 UTC on the 30th, as the 31st began.
        let gap = "2011-12-30T10:00:00Z";
        assert_eq!(
            instants("1 days", date(2011, 12, 29), time(9, 0, 0, 0), "Pacific/Apia", 3),
            ["2011-12-29T19:00:00Z", gap, "2011-12-30T19:00:00Z"]
        );
        assert_eq!(
            instants("1 days", date(2011, 12, 29), time(0, 0, 0, 0), "Pacific/Apia", 4),
            ["2011-12-29T10:00:00Z", gap, "2011-12-30T10:00:01Z", "2011-12-31T10:00:00Z"]
        );
        // Without an occurrence on the 30th there is nothing to keep apart from.
        assert_eq!(instants("1 months", date(2011, 12, 31), time(0, 0, 0, 0), "Pacific/Apia", 1), [gap]);
        assert_eq!(instants("1 months", date(2011, 12, 30), time(0, 0, 0, 0), "Pacific/Apia", 1), [gap]);
    }
}
