//! Schedules: created, read and listed, and the events that tell of them. What falls due is the
//! scheduler's.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::event::{About, Event, EventKind, LoggedEvent, RecurringFact};
use crate::domain::ids::ScheduleId;
use crate::domain::occurrence::Occurrence;
use crate::domain::schedule::{Planned, Preview, Schedule, ScheduleStatus};
use crate::engine::commands::{Answer, Ask, Caller, ScheduleRecurring, TermsChange};
use crate::engine::error::{Error, Thing};
use crate::engine::gateway::{Came, Done, Gateway};
use crate::journal::seam::{Claim, CommitError, Entry, OccurrenceFilter, ROWS_MAX, ScheduleFilter, Subject};

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
            let mut entry = Entry {
                claim: Some(claim.clone()),
                schedules: vec![(*schedule).clone()],
                events: vec![gateway.told(&schedule, EventKind::ScheduleCreated, schedule.created_at)],
                ..Entry::default()
            };
            standing_as_written(&mut entry);
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

    /// An event about a schedule as a whole; [`standing_as_written`] says how it stands then.
    pub(super) fn told(&self, schedule: &Schedule, kind: EventKind, at: Timestamp) -> Event {
        let fact = RecurringFact {
            schedule: schedule.id,
            standing: Some(schedule.clone()),
            occurrence: None,
            payment: None,
            token: Some(schedule.token),
            link: None,
            note: schedule.halted.map(|halt| halt.word().to_owned()),
        };
        self.event((kind, About::Recurring(Box::new(fact))), &schedule.merchant, at)
    }

    /// An event about an occurrence, as it is now.
    pub(super) fn told_of(&self, occurrence: &Occurrence, kind: EventKind, at: Timestamp) -> Event {
        self.event_with(occurrence, kind, at, |_| {})
    }

    /// The same with more to say.
    pub(super) fn event_with(
        &self,
        occurrence: &Occurrence,
        kind: EventKind,
        at: Timestamp,
        more: impl FnOnce(&mut RecurringFact),
    ) -> Event {
        let mut fact = RecurringFact {
            schedule: occurrence.schedule,
            standing: None,
            occurrence: Some(occurrence.clone()),
            payment: occurrence.tries.last().map(|last| last.payment),
            token: None,
            link: None,
            note: None,
        };
        more(&mut fact);
        self.event((kind, About::Recurring(Box::new(fact))), &occurrence.merchant, at)
    }
}

/// Has the events of an entry tell of schedules as the entry writes them.
pub(super) fn standing_as_written(entry: &mut Entry) {
    for event in &mut entry.events {
        let About::Recurring(fact) = &mut event.about else { continue };
        let written = entry.schedules.iter().find(|schedule| schedule.id == fact.schedule);
        if let (Some(standing), Some(written)) = (&mut fact.standing, written) {
            let counted_off = u64::from(entry.ended.contains(&written.id));
            *standing = written.clone();
            standing.version += 1 + counted_off;
            standing.progress.open -= u32::from(counted_off > 0).min(standing.progress.open);
        }
    }
}
