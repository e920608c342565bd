//! Time zones: what the clocks on the wall show, and when.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{CalendarError, ZONE_NAME_MAX};

/// The names of UTC under `Etc/`, where everything else is a fixed offset.
const ETC_UTC: &[&str] = &["Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu"];

/// Bare words of the database for fixed offsets. `GMT` is among them, as those who write it often
/// mean London, which is an hour off for half of the year.
const FIXED_NAMES: &[&str] = &["EST", "MST", "HST", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich"];

/// Files that stand beside the zones on many machines, and differ from one to the next.
const NOT_ZONES: &[&str] = &["localtime", "posixrules", "Factory"];

/// An IANA time zone by its name, in the database's spelling of it. Old names (`Europe/Kiev`)
/// are as good as new ones, and stay as they were given.
///
/// The machine's own database is used where there is one, and else the one in this program.
#[derive(Clone)]
pub struct Zone {
    name: Arc<str>,
    rules: TimeZone,
}

impl Zone {
    /// The zone of that name, in any case of letters. Fast enough to be asked for each record: the
    /// database keeps the zones that it has read.
    ///
    /// # Errors
    /// Names that the database lacks, that only this machine knows (`localtime`), or that are a
    /// fixed offset other than UTC.
    pub fn parse(name: &str) -> Result<Self, CalendarError> {
        if name.len() > ZONE_NAME_MAX {
            return Err(CalendarError::ZoneTooLong);
        }
        let rules = TimeZone::get(name).map_err(|_| CalendarError::ZoneUnknown)?;
        // `Etc/Unknown` is a zone without a name.
        let name: Arc<str> = rules.iana_name().ok_or(CalendarError::ZoneUnknown)?.into();
        if NOT_ZONES.contains(&&*name) || name.starts_with("posix/") || name.starts_with("right/") {
            return Err(CalendarError::ZoneUnknown);
        }
        let offset = name.starts_with("Etc/") && !ETC_UTC.contains(&&*name);
        if offset || FIXED_NAMES.contains(&&*name) {
            return Err(CalendarError::ZoneFixed);
        }
        Ok(Self { name, rules })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a clock on the wall shows at an instant.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.rules.to_datetime(at)
    }

    /// The first instant at which a clock on the wall shows that date and time or a later one: the
    /// earlier of two where it is shown twice, the end of the gap where it is skipped.
    ///
    /// `None` only outside of what a [`Timestamp`] can say.
    #[must_use]
    pub fn instant(&self, date: Date, time: Time) -> Option<Timestamp> {
        let local = date.to_datetime(time);
        match self.rules.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok(),
            AmbiguousOffset::Gap { before, after } => {
                // The clocks jump between these two; read by the offset that holds after the jump,
                // the skipped time is before it.
                let earliest = after.to_timestamp(local).ok()?;
                let latest = before.to_timestamp(local).ok()?;
                self.rules
                    .following(earliest)
                    .map(|change| change.timestamp())
                    .take_while(|change| *change <= latest)
                    .find(|change| self.local(*change) >= local)
            }
        }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn at(zone: &str, date: Date, hour: i8, minute: i8) -> String {
        let zone = Zone::parse(zone).expect("a zone");
        let instant = zone.instant(date, time(hour, minute, 0, 0)).expect("an instant");
        format!("{} {}", instant.strftime("%FT%RZ"), zone.local(instant).strftime("%F %R"))
    }

    #[test]
    fn a_skipped_time_is_the_first_instant_after_the_gap() {
        assert_eq!(at("Europe/Oslo", date(2027, 3, 28), 2, 30), "2027-03-28T01:00Z 2027-03-28 03:00");
        assert_eq!(at("Europe/Oslo", date(2027, 3, 28), 2, 0), "2027-03-28T01:00Z 2027-03-28 03:00");
        assert_eq!(at("Europe/Oslo", date(2027, 3, 28), 3, 0), "2027-03-28T01:00Z 2027-03-28 03:00");
        assert_eq!(at("Europe/Oslo", date(2027, 3, 28), 1, 59), "2027-03-28T00:59Z 2027-03-28 01:59");
        assert_eq!(at("America/New_York", date(2027, 3, 14), 2, 30), "2027-03-14T07:00Z 2027-03-14 03:00");
        // Half an hour.
        assert_eq!(at("Australia/Lord_Howe", date(2026, 10, 4), 2, 15), "2026-10-03T15:30Z 2026-10-04 02:30");
        // At midnight: in Brazil until 2018, in Egypt to this day.
        assert_eq!(at("America/Sao_Paulo", date(2018, 11, 4), 0, 30), "2018-11-04T03:00Z 2018-11-04 01:00");
        assert_eq!(at("Africa/Cairo", date(2027, 4, 30), 0, 0), "2027-04-29T22:00Z 2027-04-30 01:00");
        // Whole days: both islands moved to the other side of the date line.
        assert_eq!(at("Pacific/Apia", date(2011, 12, 30), 18, 0), "2011-12-30T10:00Z 2011-12-31 00:00");
        assert_eq!(at("Pacific/Kiritimati", date(1994, 12, 31), 9, 0), "1994-12-31T10:00Z 1995-01-01 00:00");
    }

    #[test]
    fn a_time_shown_twice_is_the_earlier_one() {
        assert_eq!(at("Europe/Oslo", date(2027, 10, 31), 2, 30), "2027-10-31T00:30Z 2027-10-31 02:30");
        assert_eq!(at("America/New_York", date(2027, 11, 7), 1, 30), "2027-11-07T05:30Z 2027-11-07 01:30");
        assert_eq!(at("Africa/Cairo", date(2027, 10, 28), 23, 30), "2027-10-28T20:30Z 2027-10-28 23:30");
        assert_eq!(at("Australia/Lord_Howe", date(2027, 4, 4), 1, 45), "2027-04-03T14:45Z 2027-04-04 01:45");
    }

    #[test]
    fn zones_without_changes_have_none() {
        for (zone, utc) in [
            ("Europe/Minsk", "2027-03-28T06:00Z"),
            ("Asia/Karachi", "2027-03-28T04:00Z"),
            ("Asia/Riyadh", "2027-03-28T06:00Z"),
            ("Asia/Jakarta", "2027-03-28T02:00Z"),
            ("Asia/Hong_Kong", "2027-03-28T01:00Z"),
            ("UTC", "2027-03-28T09:00Z"),
        ] {
            assert_eq!(at(zone, date(2027, 3, 28), 9, 0), format!("{utc} 2027-03-28 09:00"));
        }
    }

    #[test]
    fn names_of_the_database_are_taken_and_others_are_not() {
        for (given, name) in [
            ("Europe/Kyiv", "Europe/Kyiv"),
            ("Europe/Kiev", "Europe/Kiev"),
            ("europe/oslo", "Europe/Oslo"),
            ("UTC", "UTC"),
            ("Etc/UTC", "Etc/UTC"),
            ("Hongkong", "Hongkong"),
        ] {
            let zone = Zone::parse(given).expect(given);
            assert_eq!(
                (zone.name(), zone.to_string(), format!("{zone:?}")),
                (name, name.to_owned(), format!("Zone({name})"))
            );
        }
        for unknown in [
            "",
            "local",
            "localtime",
            "posixrules",
            "Factory",
            "Etc/Unknown",
            "Europe/Atlantis",
            "Europe/",
            "CET-1CEST",
            "EST5EDT,M3.2.0,M11.1.0",
            "+01:00",
            "right/Europe/Oslo",
            "../../etc/passwd",
            "/etc/localtime",
            "Europe/Oslo\0",
        ] {
            assert_eq!(Zone::parse(unknown), Err(CalendarError::ZoneUnknown), "{unknown}");
        }
        for fixed in ["Etc/GMT+5", "Etc/GMT", "GMT", "EST", "Greenwich"] {
            assert_eq!(Zone::parse(fixed), Err(CalendarError::ZoneFixed), "{fixed}");
        }
        assert_eq!(Zone::parse(&"E".repeat(ZONE_NAME_MAX + 1)), Err(CalendarError::ZoneTooLong));
    }

    #[test]
    fn a_machine_without_zones_has_ours() {
        let bundled = jiff::tz::TimeZoneDatabase::bundled();
        assert!(!bundled.is_definitively_empty());
        for name in ["Europe/Oslo", "Europe/Kiev", "Europe/Kyiv", "Africa/Cairo", "Etc/UTC"] {
            assert!(bundled.get(name).is_ok(), "{name}");
        }
    }
}
