//! Schedules: created, read, changed, paused, resumed and ended. What falls due is the scheduler's.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::event::{Event, EventKind, LoggedEvent};
use crate::domain::ids::{EventId, ScheduleId};
use crate::domain::occurrence::{Occurrence, OccurrenceStatus, SkipReason};
use crate::domain::schedule::{Planned, Preview, SKIPS_MAX, Schedule, ScheduleStatus};
use crate::journal::seam::{Claim, CommitError, Entry, OccurrenceFilter, ROWS_MAX, ScheduleFilter, Subject};

use super::commands::{
    Answer, Ask, Caller, ScheduleRecurring, SkipOccurrence, Steer, SteerSchedule, TermsChange, UpdateSchedule,
};
use super::error::{Error, FieldError, Thing};
use super::gateway::{CONFLICTS_MAX, Came, Done, Gateway};

/// How far ahead an occurrence can be marked to be skipped.
const SKIP_AHEAD_MAX: u32 = 1_000;

/// What a change of a schedule writes beside it.
#[derive(Default)]
struct Besides {
    occurrences: Vec<Occurrence>,
    events: Vec<Event>,
}

impl Gateway {
    /// Creates a schedule.
    ///
    /// # Errors
    /// [`Error`]; nothing was created then, and the request id is free.
    pub async fn schedule_recurring(
        &self,
        caller: &Caller,
        ask: Ask<ScheduleRecurring>,
        wait: Option<Duration>,
    ) -> Result<Answer<Box<Schedule>>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self.once(&key, fingerprint, wait, move |gateway| async move {
            if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                return gateway.replay(&claim, fingerprint).await;
            }
            let mut schedule = gateway.drafted(&run_caller, wish, &run_key.request_id).await?;
            let subject = Subject::Schedule(schedule.id);
            let claim = Claim { key: run_key, fingerprint, subject, at: schedule.created_at };
            let entry = Entry {
                claim: Some(claim.clone()),
                schedules: vec![(*schedule).clone()],
                events: vec![gateway.told(&schedule, EventKind::ScheduleCreated, schedule.created_at)],
                ..Entry::default()
            };
            match gateway.shared.journal.commit(entry).await {
                Ok(()) => {
                    schedule.version += 1;
                    gateway.wake_lane(&schedule.account);
                    Ok(Done::new(Came::Schedule(schedule)))
                }
                Err(CommitError::Taken(taken)) => gateway.replay(&taken, fingerprint).await,
                Err(CommitError::Unavailable(why)) => Err(why.into()),
                Err(CommitError::Conflict) => Err(Error::bug("a new schedule was there before", None)),
            }
        });
        done.await?.schedule()
    }

    /// What creating a schedule would come to, without creating it.
    ///
    /// # Errors
    /// Those of creating it.
    pub async fn validate_schedule(
        &self,
        caller: &Caller,
        wish: ScheduleRecurring,
    ) -> Result<Box<Schedule>, Error> {
        self.drafted(caller, wish, "").await
    }

    /// A schedule of the caller's merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's.
    pub async fn schedule(&self, caller: &Caller, id: ScheduleId) -> Result<Box<Schedule>, Error> {
        let schedule = self.shared.journal.schedule(id).await?;
        let own = schedule.filter(|schedule| schedule.merchant == caller.merchant);
        own.map(Box::new).ok_or(Error::NotFound(Thing::Schedule))
    }

    /// Schedules of a merchant, newest first.
    ///
    /// # Errors
    /// The journal's.
    pub async fn schedules(&self, filter: ScheduleFilter) -> Result<Vec<Schedule>, Error> {
        Ok(self.shared.journal.schedules(filter).await?)
    }

    /// Occurrences of a schedule of the caller's merchant that were taken, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] and the journal's.
    pub async fn occurrences(
        &self,
        caller: &Caller,
        filter: OccurrenceFilter,
    ) -> Result<Vec<Occurrence>, Error> {
        self.schedule(caller, filter.schedule).await?;
        Ok(self.shared.journal.occurrences(filter).await?)
    }

    /// The occurrences that terms would have.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn preview_terms(
        &self,
        caller: &Caller,
        terms: &TermsChange,
        after: u32,
        limit: usize,
    ) -> Result<Vec<Preview>, Error> {
        let (timing, first) = self.outlined(caller, terms)?;
        let trial = terms.trial.flatten();
        let following = |planned: &Planned| timing.following(ScheduleId::from_bytes([0; 16]), *planned);
        let ahead = std::iter::successors(Some(first), following);
        let shown = |planned: Planned| {
            let money = match trial.filter(|trial| trial.covers(planned)) {
                Some(trial) => trial.money,
                None => terms.money,
            };
            Preview { planned, money, skipped: false }
        };
        Ok(ahead.skip_while(|planned| planned.number <= after).take(limit).map(shown).collect())
    }

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
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self.once(&key, fingerprint, wait, move |gateway| async move {
            if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                return gateway.replay(&claim, fingerprint).await;
            }
            let subject = Subject::Schedule(wish.schedule);
            let at = gateway.now_of(&run_caller.merchant);
            let claim = Claim { key: run_key, fingerprint, subject, at };
            for _ in 0..CONFLICTS_MAX {
                let schedule = gateway.schedule(&run_caller, wish.schedule).await?;
                known(&schedule, Some(&wish.etag))?;
                not_over(&schedule, "changing its terms")?;
                let change = wish.change.clone();
                let mut amended = gateway.amended(&run_caller, &schedule, change).await?;
                let mut besides = Besides::default();
                if amended.token != schedule.token {
                    gateway.try_other_token(&mut amended, &mut besides).await?;
                }
                besides.events.insert(0, gateway.told(&amended, EventKind::ScheduleUpdated, at));
                if let Some(done) = gateway.write_schedule(amended, &claim, besides, at).await? {
                    return Ok(done);
                }
            }
            Err(Error::bug("a schedule is changed by too many at once", None))
        });
        done.await?.schedule()
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
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self.once(&key, fingerprint, wait, move |gateway| async move {
            if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                return gateway.replay(&claim, fingerprint).await;
            }
            let subject = Subject::Schedule(wish.schedule);
            let at = gateway.now_of(&run_caller.merchant);
            let claim = Claim { key: run_key, fingerprint, subject, at };
            for _ in 0..CONFLICTS_MAX {
                let mut schedule = gateway.schedule(&run_caller, wish.schedule).await?;
                known(&schedule, wish.etag.as_deref())?;
                let besides = match wish.how {
                    Steer::Pause => gateway.pause(&mut schedule, at).await?,
                    Steer::Resume { retry_failed } => gateway.resume(&mut schedule, retry_failed, at).await?,
                    Steer::Cancel => gateway.cancel_schedule(&mut schedule, at).await?,
                };
                if let Some(done) = gateway.write_schedule(schedule, &claim, besides, at).await? {
                    return Ok(done);
                }
            }
            Err(Error::bug("a schedule is changed by too many at once", None))
        });
        done.await?.schedule()
    }

    async fn pause(&self, schedule: &mut Schedule, now: Timestamp) -> Result<Besides, Error> {
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
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self.once(&key, fingerprint, wait, move |gateway| async move {
            if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                return gateway.replay(&claim, fingerprint).await;
            }
            let subject = Subject::Occurrence(wish.schedule, wish.number);
            let at = gateway.now_of(&run_caller.merchant);
            let claim = Claim { key: run_key, fingerprint, subject, at };
            for _ in 0..CONFLICTS_MAX {
                let mut schedule = gateway.schedule(&run_caller, wish.schedule).await?;
                let besides = gateway.skip(&mut schedule, wish.number, at).await?;
                if let Some(done) = gateway.write_schedule(schedule, &claim, besides, at).await? {
                    return Ok(done);
                }
            }
            Err(Error::bug("a schedule is changed by too many at once", None))
        });
        done.await?.schedule()
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

    /// The events of the caller's merchant after a place in its log.
    ///
    /// # Errors
    /// The journal's.
    pub async fn events(&self, caller: &Caller, after: u64, limit: usize) -> Result<Vec<LoggedEvent>, Error> {
        Ok(self.shared.journal.events(&caller.merchant, after, limit).await?)
    }

    /// The occurrences of a schedule that have not ended.
    pub(super) async fn open_occurrences(&self, schedule: ScheduleId) -> Result<Vec<Occurrence>, Error> {
        let filter = OccurrenceFilter { schedule, open: true, before: None, limit: ROWS_MAX };
        Ok(self.shared.journal.occurrences(filter).await?)
    }

    /// Ends a schedule whose last occurrence has ended, unless somebody has to act first.
    pub(super) fn complete_if_over(&self, schedule: &mut Schedule, events: &mut Vec<Event>, now: Timestamp) {
        if schedule.is_over() && schedule.status == ScheduleStatus::Active {
            schedule.status = ScheduleStatus::Completed;
            schedule.halted = None;
            schedule.warn_at = None;
            schedule.revision += 1;
            schedule.updated_at = now;
            events.push(self.told(schedule, EventKind::ScheduleCompleted, now));
        }
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
        let entry = Entry {
            claim: Some(claim.clone()),
            schedules: vec![(*schedule).clone()],
            occurrences,
            events,
            ..Entry::default()
        };
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

    /// An event about a schedule as a whole.
    pub(super) fn told(&self, schedule: &Schedule, kind: EventKind, at: Timestamp) -> Event {
        Event {
            id: EventId::mint(at, self.random()),
            merchant: schedule.merchant.clone(),
            at,
            kind,
            schedule: schedule.id,
            occurrence: None,
            payment: None,
            token: Some(schedule.token),
            link: None,
            note: schedule.halted.map(|halt| halt.word().to_owned()),
        }
    }

    /// An event about an occurrence, as it is now.
    pub(super) fn told_of(&self, occurrence: &Occurrence, kind: EventKind, at: Timestamp) -> Event {
        Event {
            id: EventId::mint(at, self.random()),
            merchant: occurrence.merchant.clone(),
            at,
            kind,
            schedule: occurrence.schedule,
            occurrence: Some(Box::new(occurrence.clone())),
            payment: occurrence.tries.last().map(|last| last.payment),
            token: None,
            link: None,
            note: None,
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
