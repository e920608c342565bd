//! Turns due occurrences into charges. Each account has a lane of its own, so that a slow provider
//! holds up nobody else's schedules.
//!
//! A lane takes what is due in batches: one entry of the journal moves the schedules on and records
//! their occurrences, so that a crash leaves either both or neither. What was recorded is charged, as
//! many at once as the lane is wide and no faster than the account's pace; what was recorded before
//! a crash is found again and charged then. While callers are about, all lanes together keep to a pace,
//! and batches are small: nobody waits at a till because a million subscriptions fell due.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::lanes::{Held, Lane, Pace, finish};
use super::occurrences::{Known, LOOK_AFTER};
use super::schedules::standing_as_written;
use super::taking::{Taken, Taking};
use super::terms::{card_ends, warn_at};
use crate::domain::dunning::{Ceilings, Ladder};
use crate::domain::event::EventKind;
use crate::domain::ids::{AccountName, MerchantName};
use crate::domain::occurrence::Occurrence;
use crate::engine::accounts::Account;
use crate::engine::error::Error;
use crate::engine::gateway::Gateway;
use crate::journal::seam::{CommitError, Entry, ROWS_MAX};

/// Occurrences that are looked at again in one go, beside those under way.
const LOOKED_AT_MAX: usize = 256;
/// Expiring cards that are announced in one go.
const WARNINGS_MAX: usize = 64;
/// How long a lane sleeps when nothing is due.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// How long it waits after the journal failed.
const JOURNAL_PAUSE: Duration = Duration::from_secs(1);
/// How long a lane that is woken gathers what else happens.
const TURNS_APART: Duration = Duration::from_millis(5);
/// How soon a lane with much to do looks for retries again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How much of an account's pace may be taken at once.
const AT_ONCE: SignedDuration = SignedDuration::from_millis(100);
/// How far ahead the occurrences are looked at for one that falls after a card's end.
const AHEAD_OF_EXPIRY: usize = 64;
/// How many old declines are forgotten in one go.
const DECLINES_BATCH: usize = 10_000;

/// Limits and rhythms of recurring charges.
#[derive(Debug, Clone)]
pub struct RecurringOptions {
    /// Scheduled charges of one account that run at once.
    pub lane_width: usize,
    /// Scheduled charges that are begun in a second, of all accounts together, while callers are
    /// about; 0 for as many as there are. What waits for a provider costs callers nothing, so lanes
    /// stay as wide.
    pub per_second_beside: u32,
    /// Schedules that are taken in one entry of the journal.
    pub batch: usize,
    /// The same while callers are about.
    pub batch_beside: usize,
    /// When a declined charge is tried again, by merchant; the default ladder for those who have none.
    pub ladders: HashMap<MerchantName, Ladder>,
    /// How often a card may be declined.
    pub ceilings: Ceilings,
}

impl Default for RecurringOptions {
    fn default() -> Self {
        Self {
            lane_width: 256,
            per_second_beside: 500,
            batch: 500,
            batch_beside: 20,
            ladders: HashMap::new(),
            ceilings: Ceilings::default(),
        }
    }
}

impl Gateway {
    /// Charges what is due, at every account, until the process goes down.
    pub async fn schedule_forever(self) {
        // Whoever drops this future ends the lanes with it: none looks at a journal that is closed.
        let mut lanes = JoinSet::new();
        for account in self.accounts().all() {
            let lane = self.shared.lanes.of(&account.name);
            lanes.spawn(Keeper::new(self.clone(), account.clone(), lane).keep());
        }
        while let Some(ended) = lanes.join_next().await {
            // A lane ends when the process goes down, and panics only for a bug of ours.
            if let Err(error) = ended {
                tracing::error!(%error, "a lane of scheduled charges broke down");
            }
        }
    }

    /// Something of an account may be due earlier than its lane thinks.
    pub(super) fn wake_lane(&self, account: &AccountName) {
        self.shared.lanes.wake(account);
    }

    /// The time at an account. Merchants with a clock of their own share no account.
    pub(in crate::engine) fn now_at(&self, account: &Account) -> Timestamp {
        match account.rules.merchants.as_slice() {
            [merchant] => self.now_of(merchant),
            _ => self.now(),
        }
    }
}

/// Who keeps one account's lane.
struct Keeper {
    gateway: Gateway,
    account: Arc<Account>,
    lane: Arc<Lane>,
    pace: Pace,
    /// Whether it has not looked at anything yet.
    is_first: bool,
    looked_at: Timestamp,
    forgot_at: Timestamp,
}

impl Keeper {
    fn new(gateway: Gateway, account: Arc<Account>, lane: Arc<Lane>) -> Self {
        let pace = Pace::new(account.rules.recurring_per_second, AT_ONCE);
        let forgot_at = gateway.now();
        Self { gateway, account, lane, pace, is_first: true, looked_at: Timestamp::MIN, forgot_at }
    }

    async fn keep(mut self) {
        let lane = self.lane.clone();
        while !self.gateway.shared.work.is_draining() {
            let woken = lane.wake.notified();
            lane.looking.store(true, Ordering::SeqCst);
            let turned = self.turn().await;
            lane.looking.store(false, Ordering::SeqCst);
            let pause = match turned {
                Ok(pause) => pause,
                Err(Error::Draining) => return,
                Err(error) => {
                    tracing::error!(account = %self.account.name, %error, "a lane waits");
                    JOURNAL_PAUSE
                }
            };
            tokio::select! {
                () = woken => self.gateway.shared.world.sleep(TURNS_APART).await,
                () = self.gateway.shared.world.sleep(pause) => {}
            }
        }
    }

    /// Begins all that is due; returns how long to sleep then.
    async fn turn(&mut self) -> Result<Duration, Error> {
        self.look_again().await?;
        self.announce_expiring_cards().await?;
        self.take_due().await?;
        self.forget_old_declines().await;
        let next = self.gateway.shared.journal.next_recurring(&self.account.name).await?;
        let now = self.gateway.now_at(&self.account);
        let pause = next.map_or(IDLE_MAX, |at| {
            // What is under way is due in the store and needs no looking at.
            Duration::try_from(at.duration_since(now)).unwrap_or(LOOK_AGAIN)
        });
        Ok(pause.clamp(Duration::from_millis(10), IDLE_MAX))
    }

    /// Takes all schedules that are due, a batch after the other, and begins to charge them. The next
    /// batch is taken while this one is begun, so that a lane does not run empty meanwhile.
    async fn take_due(&mut self) -> Result<(), Error> {
        let mut taking = Taking::new(self.gateway.clone(), self.account.clone());
        let mut taken =
            next_batch(&self.gateway, &self.account, &self.lane, &mut taking, self.batch()).await?;
        while let Some(batch) = taken {
            let limit = self.batch();
            let (gateway, account, lane) = (self.gateway.clone(), self.account.clone(), self.lane.clone());
            let next = next_batch(&gateway, &account, &lane, &mut taking, limit);
            let (begun, next) = tokio::join!(self.begin_all(batch), next);
            begun?;
            taken = next?;
            let since = self.gateway.now().duration_since(self.looked_at);
            if Duration::try_from(since).is_ok_and(|since| since >= LOOK_AGAIN) {
                self.look_again().await?;
            }
        }
        Ok(())
    }

    async fn begin_all(&mut self, batch: Vec<(Held, Occurrence, Known)>) -> Result<(), Error> {
        for (held, occurrence, known) in batch {
            self.begin(held, occurrence, Some(known)).await?;
        }
        Ok(())
    }

    fn batch(&self) -> usize {
        let Gateway { shared } = &self.gateway;
        let options = &shared.options.recurring;
        let about = shared.lanes.callers_are_about(self.gateway.now());
        if about { options.batch_beside } else { options.batch }
    }

    /// Begins what was taken before and is to be looked at: retries, what a crash left behind, and
    /// payments that were settled meanwhile.
    async fn look_again(&mut self) -> Result<(), Error> {
        self.looked_at = self.gateway.now();
        let journal = self.gateway.shared.journal.clone();
        for (schedule, number) in self.lane.told() {
            self.lane.heard((schedule, number));
            if let Some(occurrence) = journal.occurrence(schedule, number).await? {
                self.look_at(occurrence).await?;
            }
        }
        let now = self.gateway.now_at(&self.account);
        let (until, limit) = if std::mem::take(&mut self.is_first) {
            // What was being charged when the last process died may be settled, and nobody tells.
            (now.checked_add(LOOK_AFTER).unwrap_or(now), ROWS_MAX)
        } else {
            (now, LOOKED_AT_MAX + self.lane.held())
        };
        for occurrence in journal.due_occurrences(&self.account.name, until, limit).await? {
            self.look_at(occurrence).await?;
        }
        Ok(())
    }

    async fn look_at(&mut self, occurrence: Occurrence) -> Result<(), Error> {
        match self.lane.hold((occurrence.schedule, occurrence.number)) {
            Some(held) => self.begin(held, occurrence, None).await,
            // It is in somebody's hands, who looks for himself.
            None => Ok(()),
        }
    }

    /// Hands an occurrence to a task of its own, once there is room for it.
    async fn begin(&mut self, held: Held, occurrence: Occurrence, known: Option<Known>) -> Result<(), Error> {
        let (schedule, number) = (occurrence.schedule, occurrence.number);
        let Gateway { shared } = &self.gateway;
        let room = self.lane.enter(shared.options.recurring.lane_width).await;
        self.pace.wait(&self.gateway).await;
        shared.lanes.give_way(&self.gateway).await;
        let counted = shared.work.begin(usize::MAX)?;
        let (gateway, account) = (self.gateway.clone(), self.account.clone());
        tokio::spawn(async move {
            if let Err(error) = gateway.drive(&account, occurrence, known).await {
                tracing::warn!(%schedule, number, %error, "an occurrence is looked at again");
            }
            finish(held, room, counted);
        });
        Ok(())
    }

    /// Announces cards that expire in a month, where charges are planned after that.
    async fn announce_expiring_cards(&self) -> Result<(), Error> {
        let gateway = &self.gateway;
        let now = gateway.now_at(&self.account);
        let journal = &gateway.shared.journal;
        for mut schedule in journal.due_warnings(&self.account.name, now, WARNINGS_MAX).await? {
            let token = journal.token(schedule.token).await?;
            let last_day = token.as_ref().and_then(card_ends);
            // The card may have been renewed since: then it is announced later.
            let later = token.as_ref().and_then(|token| warn_at(&schedule, token, now));
            let mut entry = Entry::default();
            schedule.warn_at = later.filter(|at| *at > now);
            let mut ahead = schedule.ahead(AHEAD_OF_EXPIRY);
            let affected = schedule.warn_at.is_none()
                && !schedule.status.is_final()
                && last_day.is_some_and(|last_day| ahead.any(|planned| planned.date > last_day));
            drop(ahead);
            if affected {
                entry.events.push(gateway.told(&schedule, EventKind::CardExpiring, now));
            }
            entry.schedules.push(schedule);
            standing_as_written(&mut entry);
            match journal.commit(entry).await {
                // Changed by somebody else: it is still due and looked at again.
                Ok(()) | Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(why)) => return Err(why.into()),
                Err(CommitError::Taken(_)) => return Err(Error::bug("a claim where none was made", None)),
            }
        }
        Ok(())
    }

    /// Declines that no ceiling counts any more need not be remembered.
    async fn forget_old_declines(&mut self) {
        let now = self.gateway.now();
        if now.duration_since(self.forgot_at) < SignedDuration::from_hours(1) {
            return;
        }
        self.forgot_at = now;
        let longest = self.gateway.shared.options.recurring.ceilings.longest();
        let Ok(before) = now.checked_sub(longest) else { return };
        if let Err(error) = self.gateway.shared.journal.forget_declines(before, DECLINES_BATCH).await {
            tracing::warn!(%error, "old declines are kept a little longer");
        }
    }
}

/// Takes a batch of schedules and reads who pays. `None`: nothing is due, or the process goes down.
async fn next_batch(
    gateway: &Gateway,
    account: &Account,
    lane: &Arc<Lane>,
    taking: &mut Taking,
    limit: usize,
) -> Result<Option<Vec<(Held, Occurrence, Known)>>, Error> {
    if gateway.shared.work.is_draining() {
        return Ok(None);
    }
    let Some(taken) = taking.next(limit).await? else { return Ok(None) };
    // In hand from now on, so that nobody who looks at what is due begins them too.
    let hold = |taken: Taken| Some((lane.hold((taken.0.schedule, taken.0.number))?, taken));
    let taken: Vec<_> = taken.into_iter().filter_map(hold).collect();
    let tokens = taken.iter().map(|(_, (_, schedule))| schedule.token).collect();
    // What was taken must be begun: who cannot be read now is read when it is his turn.
    let payers = gateway.payers(tokens, gateway.now_at(account)).await.unwrap_or_default();
    let known = |(held, (occurrence, schedule)): (Held, Taken)| {
        let payer = payers.get(&schedule.token).cloned();
        (held, occurrence, Known { schedule, payer })
    };
    Ok(Some(taken.into_iter().map(known).collect()))
}
