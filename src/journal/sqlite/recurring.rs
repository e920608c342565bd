//! What an entry says of recurring charges: all of it is checked before the first row is written.
//! And what is due and does not read back, which is put off and holds up nothing else.

use std::collections::HashMap;
use std::fmt;

use jiff::SignedDuration;
use rusqlite::{Connection, Params, Row, params};

use super::events::{DeclineRow, EventRow};
use super::occurrences::{self, OccurrenceRow};
use super::reader::{Read, Reader};
use super::schedules::{self, ScheduleRow, TickRow};
use crate::journal::batch::Weigh;
use crate::journal::records::Malformed;

/// How long something that is due and does not read back is left alone. Then it is tried and reported
/// again: a time zone that this machine did not know may have come with an update.
pub(super) const PUT_OFF: SignedDuration = SignedDuration::from_hours(1);

/// The parts of an entry that are about recurring charges, ready to be written.
#[derive(Default)]
pub(super) struct Recurring {
    pub(super) schedules: Vec<ScheduleRow>,
    pub(super) ticks: Vec<TickRow>,
    pub(super) occurrences: Vec<OccurrenceRow>,
    /// Ids of schedules.
    pub(super) ended: Vec<[u8; 16]>,
    pub(super) declines: Vec<DeclineRow>,
    pub(super) events: Vec<EventRow>,
}

/// Where the rows of [`Recurring`] stand, in the same order; `None` for those that are new.
pub(super) struct Places {
    schedules: Vec<Option<i64>>,
    ticks: Vec<i64>,
    occurrences: Vec<Option<i64>>,
    /// Of every schedule in the entry that is there already.
    known: HashMap<[u8; 16], i64>,
}

impl Weigh for Recurring {
    fn weight(&self) -> usize {
        let Self { schedules, ticks, occurrences, ended, declines, events } = self;
        schedules.iter().map(|row| 256 + row.record.len()).sum::<usize>()
            + occurrences.iter().map(|row| 128 + row.record.len()).sum::<usize>()
            + events.iter().map(|row| 128 + row.record.len()).sum::<usize>()
            + 128 * (ticks.len() + ended.len() + declines.len())
    }
}

impl Recurring {
    /// Whether something in it may have been changed by somebody else.
    pub(super) fn has_versions(&self) -> bool {
        let Self { schedules, ticks, occurrences, ended, declines: _, events: _ } = self;
        !(schedules.is_empty() && ticks.is_empty() && occurrences.is_empty() && ended.is_empty())
    }

    /// Where everything stands, if all of it stands at the version at which it was read.
    pub(super) fn places(&self, connection: &Connection) -> rusqlite::Result<Option<Places>> {
        let mut places = Places {
            schedules: Vec::with_capacity(self.schedules.len()),
            ticks: Vec::with_capacity(self.ticks.len()),
            occurrences: Vec::with_capacity(self.occurrences.len()),
            known: HashMap::with_capacity(self.schedules.len() + self.ticks.len()),
        };
        let mut created = Vec::new();
        for ScheduleRow { tick, .. } in &self.schedules {
            let found = schedules::find(connection, tick.id)?;
            let twice = match found {
                Some((place, _)) => places.known.insert(tick.id, place).is_some(),
                None => created.contains(&tick.id),
            };
            if twice || found.map_or(0, |(_, version)| version) != tick.version {
                return Ok(None);
            }
            if found.is_none() {
                created.push(tick.id);
            }
            places.schedules.push(found.map(|(place, _)| place));
        }
        for tick in &self.ticks {
            match schedules::find(connection, tick.id)? {
                Some((place, version)) if version == tick.version => {
                    if places.known.insert(tick.id, place).is_some() {
                        return Ok(None);
                    }
                    places.ticks.push(place);
                }
                Some(_) | None => return Ok(None),
            }
        }
        for id in &self.ended {
            // Whoever ends the last occurrence has to say what becomes of the schedule.
            let written = self.schedules.iter().any(|row| row.tick.id == *id);
            if !written && !schedules::goes_on(connection, *id)? {
                return Ok(None);
            }
        }
        let found = self.occurrence_places(connection, &mut places, &created)?;
        Ok(found.then_some(places))
    }

    /// Fills in the places of the occurrences; false when one of them was changed by somebody else.
    fn occurrence_places(
        &self,
        connection: &Connection,
        places: &mut Places,
        created: &[[u8; 16]],
    ) -> rusqlite::Result<bool> {
        let mut seen = std::collections::HashSet::with_capacity(self.occurrences.len());
        for row in &self.occurrences {
            if !seen.insert((row.schedule, row.number)) {
                return Ok(false);
            }
            let schedule = match places.known.get(&row.schedule) {
                Some(place) => Some(*place),
                None => schedules::find(connection, row.schedule)?.map(|(place, _)| place),
            };
            let found = match schedule {
                Some(schedule) => {
                    places.known.insert(row.schedule, schedule);
                    occurrences::find(connection, schedule, row.number)?
                }
                None if created.contains(&row.schedule) => None,
                None => return Ok(false),
            };
            if found.map_or(0, |(_, version)| version) != row.version {
                return Ok(false);
            }
            places.occurrences.push(found.map(|(place, _)| place));
        }
        Ok(true)
    }

    /// Writes all of it. What has ended is counted off last.
    pub(super) fn write(self, places: Places, connection: &Connection) -> rusqlite::Result<()> {
        let Self { schedules, ticks, occurrences, ended, declines, events } = self;
        let Places {
            schedules: schedule_places,
            ticks: tick_places,
            occurrences: occurrence_places,
            mut known,
        } = places;
        for (row, place) in schedules.iter().zip(schedule_places) {
            known.insert(row.tick.id, row.write(place, connection)?);
        }
        for (row, place) in ticks.iter().zip(tick_places) {
            row.write(place, connection)?;
        }
        for (row, place) in occurrences.iter().zip(occurrence_places) {
            match (place, known.get(&row.schedule)) {
                (Some(place), _) => row.update(place, connection)?,
                (None, Some(schedule)) => row.insert(*schedule, connection)?,
                (None, None) => debug_assert!(false, "its place was looked up"),
            }
        }
        for schedule in ended {
            schedules::count_off(connection, schedule)?;
        }
        for row in &declines {
            row.insert(connection)?;
        }
        for row in &events {
            row.insert(connection)?;
        }
        Ok(())
    }
}

/// What can be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DueAt {
    Schedules,
    Warnings,
    Occurrences,
    Notices,
}

/// Something that is due and does not read back: its row, and when it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged {
    what: DueAt,
    place: i64,
    at: i64,
}

impl fmt::Display for DueAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Schedules => "schedule",
            Self::Warnings => "schedule to warn of",
            Self::Occurrences => "occurrence",
            Self::Notices => "notice",
        })
    }
}

/// What is due.
pub(super) struct Due<T> {
    pub(super) found: Vec<T>,
    pub(super) damaged: Vec<Damaged>,
}

impl Reader {
    /// Rows that are due, read one by one: one that does not read back is reported and set apart.
    /// The row's number and its time are where it says.
    pub(super) fn due_rows<T>(
        &self,
        what: DueAt,
        statement: &str,
        values: impl Params,
        place: usize,
        at: usize,
        read: impl Fn(&Row<'_>) -> Result<T, Malformed>,
    ) -> Read<Due<T>> {
        let mut statement = self.connection.prepare_cached(statement)?;
        let mut rows = statement.query(values)?;
        let mut due = Due { found: Vec::new(), damaged: Vec::new() };
        while let Some(row) = rows.next()? {
            match read(row) {
                Ok(one) => due.found.push(one),
                Err(Malformed) => {
                    let (place, at) = (row.get(place)?, row.get(at)?);
                    // Whatever is wrong with the row, the others must not wait for it.
                    tracing::error!(row = place, "a {what} that is due does not read back");
                    due.damaged.push(Damaged { what, place, at });
                }
            }
        }
        Ok(due)
    }
}

/// Has rows wait until a time, unless somebody has changed them since. Nothing but the column that
/// they are found by is touched.
pub(super) fn put_off(connection: &Connection, damaged: &[Damaged], until: i64) -> rusqlite::Result<()> {
    for Damaged { what, place, at } in damaged {
        let statement = match what {
            DueAt::Schedules => "UPDATE schedules SET next_at = ?3 WHERE number = ?1 AND next_at = ?2",
            DueAt::Warnings => "UPDATE schedules SET warn_at = ?3 WHERE number = ?1 AND warn_at = ?2",
            DueAt::Occurrences => "UPDATE occurrences SET next_at = ?3 WHERE place = ?1 AND next_at = ?2",
            DueAt::Notices => "UPDATE notices SET next_at = ?3 WHERE number = ?1 AND next_at = ?2",
        };
        connection.prepare_cached(statement)?.execute(params![place, at, until])?;
    }
    Ok(())
}
