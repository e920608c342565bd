//! Changes of a schedule that is there: its terms, its course, one occurrence left out.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::event::{Event, EventKind};
use crate::domain::ids::ScheduleId;
use crate::domain::occurrence::{Occurrence, OccurrenceStatus, SkipReason};
use crate::domain::schedule::{SKIPS_MAX, Schedule, ScheduleStatus};
use crate::engine::commands::{
    Answer, Ask, Caller, SkipOccurrence, Steer, SteerSchedule, TermsChange, UpdateSchedule,
};
use crate::engine::error::{Error, FieldError, Thing};
use crate::engine::gateway::{CONFLICTS_MAX, Came, Done, Gateway};
use crate::journal::seam::{Claim, CommitError, Entry, OccurrenceFilter, ROWS_MAX, Subject};

use super::schedules::standing_as_written;

/// How far ahead an occurrence can be marked to be skipped.
const SKIP_AHEAD_MAX: u32 = 1_000;

/// What a change of a schedule writes beside it.
#[derive(Default)]
struct Besides {
    occurrences: Vec<Occurrence>,
    events: Vec<Event>,
}

/// A change of a schedule that is there.
struct Edit {
    schedule: ScheduleId,
    /// The state of it that the caller knows; `None` for whatever it is.
    etag: Option<String>,
    what: What,
}

enum What {
    Terms(Box<TermsChange>),
    Course(Steer),
    /// Leaves this occurrence out.
    Skip(u32),
}

impl Edit {
    fn subject(&self) -> Subject {
        match self.what {
            What::Terms(_) | What::Course(_) => Subject::Schedule(self.schedule),
            What::Skip(number) => Subject::Occurrence(self.schedule, number),
        }
    }
}

impl Gateway {
    /// Changes the terms of a schedule.
    ///
    /// # Errors
    /// [`Error`]; nothing was changed then.
    pub async fn update_schedule(
        &self,
        caller: &Caller,
        ask: Ask<UpdateSchedule>,
        wait: Option<Duration>,
    ) -> Result<Answer<Box<Schedule>>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let UpdateSchedule { schedule, etag, change } = wish;
        let wish = Edit { schedule, etag: Some(etag), what: What::Terms(Box::new(change)) };
        self.edit(caller, Ask { key, fingerprint, wish }, wait).await
    }

    /// Pauses, resumes or ends a schedule.
    ///
    /// # Errors
    /// [`Error`]; nothing was changed then.
    pub async fn steer_schedule(
        &self,
        caller: &Caller,
        ask: Ask<SteerSchedule>,
        wait: Option<Duration>,
    ) -> Result<Answer<Box<Schedule>>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let SteerSchedule { schedule, etag, how } = wish;
        let wish = Edit { schedule, etag, what: What::Course(how) };
        self.edit(caller, Ask { key, fingerprint, wish }, wait).await
    }

    /// Leaves one occurrence out.
    ///
    /// # Errors
    /// [`Error`]; nothing was changed then.
    pub async fn skip_occurrence(
        &self,
        caller: &Caller,
        ask: Ask<SkipOccurrence>,
        wait: Option<Duration>,
    ) -> Result<Answer<Box<Schedule>>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let SkipOccurrence { schedule, number } = wish;
        let wish = Edit { schedule, etag: None, what: What::Skip(number) };
        self.edit(caller, Ask { key, fingerprint, wish }, wait).await
    }

    /// Changes a schedule, whoever else changes it at the same time.
    async fn edit(
        &self,
        caller: &Caller,
        ask: Ask<Edit>,
        wait: Option<Duration>,
    ) -> Result<Answer<Box<Schedule>>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let (run_key, caller) = (key.clone(), caller.clone());
        let done = self.once(&key, fingerprint, wait, move |gateway| async move {
            if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                return gateway.replay(&claim, fingerprint).await;
            }
            let at = gateway.now_of(&caller.merchant);
            let claim = Claim { key: run_key, fingerprint, subject: wish.subject(), at };
            for _ in 0..CONFLICTS_MAX {
                let schedule = gateway.schedule(&caller, wish.schedule).await?;
                known(&schedule, wish.etag.as_deref())?;
                let (schedule, besides) = gateway.edited(&caller, schedule, &wish.what, at).await?;
                if let Some(done) = gateway.write_schedule(schedule, &claim, besides, at).await? {
                    return Ok(done);
                }
            }
            Err(Error::bug("a schedule is changed by too many at once", None))
        });
        done.await?.schedule()
    }

    async fn edited(
        &self,
        caller: &Caller,
        schedule: Box<Schedule>,
        what: &What,
        now: Timestamp,
    ) -> Result<(Box<Schedule>, Besides), Error> {
        let mut schedule = schedule;
        let besides = match what {
            What::Terms(change) => return self.with_other_terms(caller, &schedule, change, now).await,
            What::Course(Steer::Pause) => self.pause(&mut schedule, now)?,
            What::Course(Steer::Resume { retry_failed }) => {
                self.resume(&mut schedule, *retry_failed, now).await?
            }
            What::Course(Steer::Cancel) => self.cancel_schedule(&mut schedule, now).await?,
            What::Skip(number) => self.skip(&mut schedule, *number, now).await?,
        };
        Ok((schedule, besides))
    }

    async fn with_other_terms(
        &self,
        caller: &Caller,
        schedule: &Schedule,
        change: &TermsChange,
        now: Timestamp,
    ) -> Result<(Box<Schedule>, Besides), Error> {
        not_over(schedule, "changing its terms")?;
        let mut amended = self.amended(caller, schedule, change.clone()).await?;
        let mut besides = Besides::default();
        if amended.token != schedule.token {
            self.try_other_token(&mut amended, &mut besides).await?;
        }
        besides.events.insert(0, self.told(&amended, EventKind::ScheduleUpdated, now));
        Ok((amended, besides))
    }

    /// What waits for another token is tried with the new one, and a schedule that stopped for want
    /// of it goes on.
    async fn try_other_token(&self, schedule: &mut Schedule, besides: &mut Besides) -> Result<(), Error> {
        let now = self.now_of(&schedule.merchant);
        for mut occurrence in self.open_occurrences(schedule.id).await? {
            if occurrence.status == OccurrenceStatus::AwaitingToken {
                occurrence.ask_again(now);
                besides.occurrences.push(occurrence);
            }
        }
        if schedule.status == ScheduleStatus::PastDue && !besides.occurrences.is_empty() {
            schedule.status = ScheduleStatus::Active;
            schedule.halted = None;
            besides.events.push(self.told(schedule, EventKind::ScheduleResumed, now));
        }
        Ok(())
    }

    fn pause(&self, schedule: &mut Schedule, now: Timestamp) -> Result<Besides, Error> {
        let mut besides = Besides::default();
        match schedule.status {
            ScheduleStatus::Active | ScheduleStatus::PastDue => {}
            ScheduleStatus::Paused => return Ok(besides),
            ScheduleStatus::Completed | ScheduleStatus::Cancelled => {
                return Err(forbids(schedule, "pausing it"));
            }
        }
        schedule.status = ScheduleStatus::Paused;
        besides.events.push(self.told(schedule, EventKind::SchedulePaused, now));
        Ok(besides)
    }

    async fn resume(
        &self,
        schedule: &mut Schedule,
        retry_failed: bool,
        now: Timestamp,
    ) -> Result<Besides, Error> {
        let mut besides = Besides::default();
        match schedule.status {
            ScheduleStatus::Paused => schedule.resumed_at = Some(now),
            // What fell due while nobody could charge is caught up with, as the window allows.
            ScheduleStatus::PastDue => {}
            ScheduleStatus::Active => return Ok(besides),
            ScheduleStatus::Completed | ScheduleStatus::Cancelled => {
                return Err(forbids(schedule, "resuming it"));
            }
        }
        schedule.status = ScheduleStatus::Active;
        schedule.halted = None;
        // What was held back looks at its time again.
        for mut occurrence in self.open_occurrences(schedule.id).await? {
            if occurrence.next_at.is_none() && occurrence.status == OccurrenceStatus::Retrying {
                occurrence.ask_again(now);
                besides.occurrences.push(occurrence);
            }
        }
        if retry_failed {
            let newest =
                OccurrenceFilter { schedule: schedule.id, open: false, before: None, limit: ROWS_MAX };
            let taken = self.shared.journal.occurrences(newest).await?;
            let failed = taken.into_iter().find(|taken| taken.status == OccurrenceStatus::Failed);
            if let Some(mut occurrence) = failed.filter(|failed| failed.has_tries_left()) {
                occurrence.ask_again(now);
                schedule.progress.open += 1;
                besides.occurrences.push(occurrence);
            }
        }
        besides.events.push(self.told(schedule, EventKind::ScheduleResumed, now));
        self.complete_if_over(schedule, &mut besides.events, now);
        Ok(besides)
    }

    async fn cancel_schedule(&self, schedule: &mut Schedule, now: Timestamp) -> Result<Besides, Error> {
        let mut besides = Besides::default();
        match schedule.status {
            ScheduleStatus::Active | ScheduleStatus::Paused | ScheduleStatus::PastDue => {}
            ScheduleStatus::Cancelled => return Ok(besides),
            ScheduleStatus::Completed => return Err(forbids(schedule, "cancelling it")),
        }
        schedule.status = ScheduleStatus::Cancelled;
        schedule.halted = None;
        schedule.warn_at = None;
        besides.events.push(self.told(schedule, EventKind::ScheduleCancelled, now));
        self.drop_waiting(schedule, &mut besides.occurrences, &mut besides.events, now).await?;
        Ok(besides)
    }

    /// Gives up what waits for a next try or a token. What is being charged ends as it ends.
    pub(super) async fn drop_waiting(
        &self,
        schedule: &mut Schedule,
        occurrences: &mut Vec<Occurrence>,
        events: &mut Vec<Event>,
        now: Timestamp,
    ) -> Result<(), Error> {
        for mut occurrence in self.open_occurrences(schedule.id).await? {
            let written = |other: &Occurrence| other.number == occurrence.number;
            if occurrence.status.is_waiting() && !occurrences.iter().any(written) {
                occurrence.skip(SkipReason::Cancelled, now);
                schedule.ended_one();
                events.push(self.told_of(&occurrence, EventKind::OccurrenceSkipped, now));
                occurrences.push(occurrence);
            }
        }
        Ok(())
    }

    async fn skip(&self, schedule: &mut Schedule, number: u32, now: Timestamp) -> Result<Besides, Error> {
        let mut besides = Besides::default();
        if let Some(next) = schedule.progress.next.filter(|next| number >= next.number) {
            if number - next.number > SKIP_AHEAD_MAX {
                let problem = format!("is more than {SKIP_AHEAD_MAX} beyond the next occurrence");
                return Err(Error::Invalid(vec![FieldError::new("number", problem)]));
            }
            not_over(schedule, "skipping an occurrence")?;
            let ahead = SKIP_AHEAD_MAX as usize + 1;
            if !schedule.ahead(ahead).any(|planned| planned.number == number) {
                return Err(Error::NotFound(Thing::Occurrence));
            }
            // Marks that lie behind have done their work.
            schedule.skips.retain(|marked| *marked >= next.number);
            if schedule.skips.len() >= SKIPS_MAX && !schedule.skips.contains(&number) {
                return Err(forbids(schedule, "marking more than 100 occurrences"));
            }
            schedule.skips.insert(number);
            return Ok(besides);
        }
        let taken = self.shared.journal.occurrence(schedule.id, number).await?;
        let mut occurrence = taken.ok_or(Error::NotFound(Thing::Occurrence))?;
        if matches!(occurrence.status, OccurrenceStatus::Skipped(_)) {
            return Ok(besides);
        }
        if !occurrence.status.is_waiting() {
            let state = occurrence.status.word().to_ascii_uppercase();
            return Err(Error::StateForbids { state, wanted: "skipping the occurrence" });
        }
        // Where it waited for a token the schedule stays past due: the token is as bad as it was.
        occurrence.skip(SkipReason::Requested, now);
        schedule.ended_one();
        besides.events.push(self.told_of(&occurrence, EventKind::OccurrenceSkipped, now));
        besides.occurrences.push(occurrence);
        self.complete_if_over(schedule, &mut besides.events, now);
        Ok(besides)
    }

    /// Writes a changed schedule with what belongs to the change. `None`: somebody else was faster.
    ///
    /// Occurrences that are about to be charged are written anew, so that whoever has them in hand
    /// together with the schedule as it was finds them changed, and looks at both again.
    async fn write_schedule(
        &self,
        mut schedule: Box<Schedule>,
        claim: &Claim,
        besides: Besides,
        now: Timestamp,
    ) -> Result<Option<Done>, Error> {
        let Besides { mut occurrences, events } = besides;
        for mut occurrence in self.open_occurrences(schedule.id).await? {
            let written = |other: &Occurrence| other.number == occurrence.number;
            if occurrence.status == OccurrenceStatus::Due && !occurrences.iter().any(written) {
                occurrence.updated_at = now;
                occurrences.push(occurrence);
            }
        }
        if !events.is_empty() {
            schedule.updated_at = now;
            schedule.revision += 1;
        }
        let mut entry = Entry {
            claim: Some(claim.clone()),
            schedules: vec![(*schedule).clone()],
            occurrences,
            events,
            ..Entry::default()
        };
        standing_as_written(&mut entry);
        match self.shared.journal.commit(entry).await {
            Ok(()) => {
                schedule.version += 1;
                self.wake_lane(&schedule.account);
                Ok(Some(Done::new(Came::Schedule(schedule))))
            }
            Err(CommitError::Taken(taken)) => self.replay(&taken, claim.fingerprint).await.map(Some),
            Err(CommitError::Conflict) => Ok(None),
            Err(CommitError::Unavailable(why)) => Err(why.into()),
        }
    }
}

fn known(schedule: &Schedule, etag: Option<&str>) -> Result<(), Error> {
    let now = schedule.etag();
    match etag {
        Some(etag) if etag != now => Err(Error::EtagMismatch { etag: now }),
        _ => Ok(()),
    }
}

fn not_over(schedule: &Schedule, wanted: &'static str) -> Result<(), Error> {
    if schedule.status.is_final() { Err(forbids(schedule, wanted)) } else { Ok(()) }
}

fn forbids(schedule: &Schedule, wanted: &'static str) -> Error {
    Error::StateForbids { state: schedule.status.word().to_owned(), wanted }
}
