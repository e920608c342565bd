//! How often a schedule fires, and how records say it.

use super::{CalendarError, Rule};

/// The longest interval of a cadence in days: ten years, as for the other units.
pub const DAYS_MAX: u32 = 3_660;
/// The longest interval of a cadence in weeks.
pub const WEEKS_MAX: u32 = 522;
/// The longest interval of a cadence in months.
pub const MONTHS_MAX: u32 = 120;
/// The longest interval of a cadence in years.
pub const YEARS_MAX: u32 = 10;

/// What a record writes in front of a rule.
const RULE_PREFIX: &str = "RRULE:";

/// How often. The plain cadences count from the calendar's anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cadence {
    /// Every so many days, 1 to [`DAYS_MAX`].
    Days(u32),
    /// Every so many weeks, 1 to [`WEEKS_MAX`].
    Weeks(u32),
    /// Every so many months, 1 to [`MONTHS_MAX`]. A month that lacks the anchor's day has the
    /// occurrence on its last day; the next month returns to the anchor's day.
    Months(u32),
    /// Every so many years, 1 to [`YEARS_MAX`]. 29 February is 28 February in common years.
    Years(u32),
    /// As a rule of RFC 5545 says. Dates that do not exist are left out, as that RFC wants it.
    Rule(Rule),
}

impl Cadence {
    /// The cadence in words, for records: `2 months`, `RRULE:FREQ=MONTHLY;BYDAY=2TU`. The unit is
    /// always in the plural.
    #[must_use]
    pub fn write(&self) -> String {
        match self {
            Self::Days(every) => format!("{every} days"),
            Self::Weeks(every) => format!("{every} weeks"),
            Self::Months(every) => format!("{every} months"),
            Self::Years(every) => format!("{every} years"),
            Self::Rule(rule) => format!("{RULE_PREFIX}{}", rule.as_str()),
        }
    }

    /// The cadence behind the words of [`Self::write`].
    ///
    /// # Errors
    /// Text that `write` does not write, and all that [`Rule::parse`] and [`super::Calendar::new`] refuse
    /// in a cadence.
    pub fn read(text: &str) -> Result<Self, CalendarError> {
        if text.starts_with(RULE_PREFIX) {
            return Ok(Self::Rule(Rule::parse(text)?));
        }
        let (every, unit) = text.split_once(' ').ok_or(CalendarError::Cadence)?;
        let every = every.parse().map_err(|_| CalendarError::Cadence)?;
        let cadence = match unit {
            "days" => Self::Days(every),
            "weeks" => Self::Weeks(every),
            "months" => Self::Months(every),
            "years" => Self::Years(every),
            _ => return Err(CalendarError::Cadence),
        };
        cadence.check()?;
        Ok(cadence)
    }

    pub(super) fn check(&self) -> Result<(), CalendarError> {
        let (every, max) = match self {
            Self::Days(every) => (*every, DAYS_MAX),
            Self::Weeks(every) => (*every, WEEKS_MAX),
            Self::Months(every) => (*every, MONTHS_MAX),
            Self::Years(every) => (*every, YEARS_MAX),
            // Checked when it was parsed.
            Self::Rule(_) => return Ok(()),
        };
        if (1..=max).contains(&every) { Ok(()) } else { Err(CalendarError::Interval { max }) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_was_written_is_read() {
        for text in ["", "2", "months", "2 month", "-1 days", "1.5 days", "2  days", "days 2", "2 fortnights"]
        {
            assert_eq!(Cadence::read(text), Err(CalendarError::Cadence), "{text}");
        }
        assert_eq!(Cadence::read("0 days"), Err(CalendarError::Interval { max: DAYS_MAX }));
        assert_eq!(Cadence::read("121 months"), Err(CalendarError::Interval { max: MONTHS_MAX }));
        assert_eq!(Cadence::read("2 months"), Ok(Cadence::Months(2)));
        let rule = Cadence::Rule(Rule::parse("freq=monthly;byday=+2tu").expect("a rule"));
        assert_eq!(rule.write(), "RRULE:FREQ=MONTHLY;BYDAY=2TU");
    }

    proptest! {
        #[test]
        fn plain_cadences_survive_the_trip_to_text_and_back(every in 1u32..=YEARS_MAX) {
            let cadences = [Cadence::Days(every), Cadence::Weeks(every), Cadence::Months(every), Cadence::Years(every)];
            for cadence in cadences {
                prop_assert_eq!(Cadence::read(&cadence.write()), Ok(cadence));
            }
        }
    }
}
