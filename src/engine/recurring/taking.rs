//! Takes schedules that are due, in batches: one entry of the journal moves them on and records their
//! occurrences, so that a crash leaves either both or neither. Nothing is charged here.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::event::EventKind;
use crate::domain::ids::{AccountName, ScheduleId};
use crate::domain::occurrence::{Occurrence, OccurrenceStatus};
use crate::domain::schedule::{Schedule, ScheduleStatus};
use crate::journal::seam::{CommitError, Entry, Tick};

use super::schedules::standing_as_written;
use crate::engine::accounts::Account;
use crate::engine::error::{Error, Thing};
use crate::engine::gateway::Gateway;

/// An occurrence that was taken and is to be charged, and its schedule as it stands then.
pub(super) type Taken = (Occurrence, Arc<Schedule>);

/// What is due at one account, a batch after the other.
pub(super) struct Taking {
    gateway: Gateway,
    account: Arc<Account>,
    /// Read, and not taken yet.
    due: Vec<Schedule>,
    /// Schedules that are still taken one at a time.
    singly: usize,
}

impl Gateway {
    /// Takes all that is due at an account, up to `batch` schedules in one entry of the journal, and
    /// charges none of it: that is left to the account's lane, as after a crash. Returns how many
    /// occurrences are to be charged. For measuring what taking alone costs.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an account that is not configured, and the journal's.
    pub async fn take_due(&self, account: &AccountName, batch: usize) -> Result<usize, Error> {
        let account = self.accounts().get(account).ok_or(Error::NotFound(Thing::Account))?;
        let mut taking = Taking::new(self.clone(), account.clone());
        let mut count = 0;
        while let Some(taken) = taking.next(batch).await? {
            count += taken.len();
        }
        Ok(count)
    }
}

impl Taking {
    pub(super) fn new(gateway: Gateway, account: Arc<Account>) -> Self {
        Self { gateway, account, due: Vec::new(), singly: 0 }
    }

    /// Takes a batch, and reads the next one, of at most `limit`, while this one is written. `None`
    /// when nothing is due.
    pub(super) async fn next(&mut self, limit: usize) -> Result<Option<Vec<Taken>>, Error> {
        if self.due.is_empty() {
            // What became due meanwhile, or has more than one occurrence due, stands further ahead.
            self.due = self.read(None, limit).await?;
        }
        let due = std::mem::take(&mut self.due);
        let Some(last) = due.last() else { return Ok(None) };
        let after = last.next_at().map(|at| (at, last.id));
        let limit = if self.singly > 0 { 1 } else { limit };
        let count = due.len();
        let (taken, next) = tokio::join!(self.take(due), self.read(after, limit));
        match taken? {
            Some(taken) => {
                self.singly = self.singly.saturating_sub(1);
                // What was taken must be begun, so a read that failed is left for the next turn.
                self.due = next.unwrap_or_default();
                Ok(Some(taken))
            }
            // Somebody changed one of them meanwhile: one at a time, nobody holds up the others.
            None => {
                self.singly = count;
                self.due = self.read(None, 1).await?;
                Ok(Some(Vec::new()))
            }
        }
    }

    async fn read(
        &self,
        after: Option<(Timestamp, ScheduleId)>,
        limit: usize,
    ) -> Result<Vec<Schedule>, Error> {
        let now = self.gateway.now_at(&self.account);
        let journal = &self.gateway.shared.journal;
        Ok(journal.due_schedules(&self.account.name, now, after, limit).await?)
    }

    /// Moves due schedules on and records their occurrences, all at once. `None`: somebody else
    /// changed one of them.
    async fn take(&self, due: Vec<Schedule>) -> Result<Option<Vec<Taken>>, Error> {
        let now = self.gateway.now_at(&self.account);
        let mut entry = Entry::default();
        let mut charged = Vec::with_capacity(due.len());
        for mut schedule in due {
            let occurrences = schedule.tick(now);
            for occurrence in &occurrences {
                if matches!(occurrence.status, OccurrenceStatus::Skipped(_)) {
                    let event = self.gateway.told_of(occurrence, EventKind::OccurrenceSkipped, now);
                    entry.events.push(event);
                }
            }
            self.gateway.complete_if_over(&mut schedule, &mut entry.events, now);
            if schedule.status == ScheduleStatus::Completed {
                entry.schedules.push(schedule.clone());
            } else {
                let next_at = schedule.next_at();
                let Schedule { id, version, progress, .. } = schedule;
                entry.ticks.push(Tick { schedule: id, version, progress, next_at });
            }
            schedule.version += 1;
            let schedule = Arc::new(schedule);
            for occurrence in &occurrences {
                if occurrence.status == OccurrenceStatus::Due {
                    let mut written = occurrence.clone();
                    written.version += 1;
                    charged.push((written, schedule.clone()));
                }
            }
            entry.occurrences.extend(occurrences);
        }
        standing_as_written(&mut entry);
        match self.gateway.shared.journal.commit(entry).await {
            Ok(()) => Ok(Some(charged)),
            Err(CommitError::Conflict) => Ok(None),
            Err(CommitError::Unavailable(why)) => Err(why.into()),
            Err(CommitError::Taken(_)) => Err(Error::bug("a claim where none was made", None)),
        }
    }
}
