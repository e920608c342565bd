//! What is wrong with a calendar's parts, in words for the one who wrote them.

use super::{EARLIEST, HORIZON, RULE_TEXT_MAX, ZONE_NAME_MAX};

/// Why there is no such calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// More than [`ZONE_NAME_MAX`] characters.
    #[error("the time zone's name is longer than {ZONE_NAME_MAX} characters")]
    ZoneTooLong,
    /// No name of the time zone database.
    #[error("the time zone is not in the IANA time zone database")]
    ZoneUnknown,
    /// A name of the database for an offset, which no place keeps.
    #[error("the time zone is a fixed offset, where a place such as Europe/Oslo or UTC is wanted")]
    ZoneFixed,
    /// Zero, or beyond the bound of its unit.
    #[error("the interval is not between 1 and {max}")]
    Interval {
        /// The longest interval in that unit.
        max: u32,
    },
    /// Not the words of [`super::Cadence::write`].
    #[error("the cadence is not written as a number and a unit, or as a rule")]
    Cadence,
    /// A rule that is refused.
    #[error("the rule {0}")]
    Rule(#[from] RuleError),
    /// Outside [`EARLIEST`] to [`HORIZON`].
    #[error("the first date is not between {EARLIEST} and {HORIZON}")]
    Anchor,
    /// A fraction of a second.
    #[error("the time of day is not in whole seconds")]
    Time,
}

/// A part of a calendar, to name the field that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The time zone.
    Zone,
    /// The unit and its interval.
    Cadence,
    /// The recurrence rule.
    Rule,
    /// The anchor.
    Anchor,
    /// The time of day.
    Time,
}

impl CalendarError {
    /// Which part is wrong.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::ZoneTooLong | Self::ZoneUnknown | Self::ZoneFixed => Part::Zone,
            Self::Interval { .. } | Self::Cadence => Part::Cadence,
            Self::Rule(_) => Part::Rule,
            Self::Anchor => Part::Anchor,
            Self::Time => Part::Time,
        }
    }
}

/// Why a recurrence rule is refused. Each reads on from "the rule".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// More than [`RULE_TEXT_MAX`] characters.
    #[error("is longer than {RULE_TEXT_MAX} characters")]
    TooLong,
    /// Characters that no rule has, a part without its value.
    #[error("is not written as NAME=VALUE parts with semicolons between them")]
    Unreadable,
    /// Other lines of a calendar file.
    #[error(
        "comes with other properties, where one RRULE alone is wanted: dates and zone are said elsewhere"
    )]
    OtherProperty,
    /// A part that RFC 5545 does not have.
    #[error("has the unknown part {0}")]
    UnknownPart(String),
    /// A part given twice.
    #[error("has {0} twice")]
    Repeated(&'static str),
    /// `COUNT` or `UNTIL`.
    #[error("has {0}, but a schedule's end is said elsewhere")]
    End(&'static str),
    /// `BYHOUR`, `BYMINUTE` or `BYSECOND`.
    #[error("has {0}, but the time of day is said elsewhere")]
    TimeOfDay(&'static str),
    /// No `FREQ`, or one that is not known.
    #[error("has no FREQ of DAILY, WEEKLY, MONTHLY or YEARLY")]
    Frequency,
    /// `HOURLY` and faster.
    #[error("fires more than once a day")]
    TooOften,
    /// A value that is no number or weekday, or beyond its bounds.
    #[error("has a value of {part} outside {low} to {high}")]
    OutOfBounds {
        /// The part.
        part: &'static str,
        /// Its lowest value; zero is never one.
        low: i16,
        /// Its highest value.
        high: i16,
    },
    /// A value that is not one of the seven weekdays.
    #[error("has a value of {0} that is not a weekday of SU, MO, TU, WE, TH, FR and SA")]
    Weekday(&'static str),
    /// A part that RFC 5545 does not allow at that frequency.
    #[error("has {part}, which FREQ={frequency} does not take")]
    NotAtFrequency {
        /// The part.
        part: &'static str,
        /// The frequency.
        frequency: &'static str,
    },
    /// `2TU` where weekdays are not counted.
    #[error("counts weekdays in BYDAY, which takes FREQ=MONTHLY, or FREQ=YEARLY without BYWEEKNO")]
    CountedWeekday,
    /// `BYSETPOS` with nothing to choose from.
    #[error("has BYSETPOS without another BY part to choose from")]
    NothingToChoose,
    /// The library of rules refused what our own checks let through.
    #[error("is not valid by RFC 5545")]
    Invalid,
    /// No date from the anchor to the horizon fits.
    #[error("never fires between the first date and {HORIZON}")]
    NeverFires,
}
