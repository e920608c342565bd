//! Turns due occurrences into charges. Each account has a lane of its own, so that a slow provider
//! holds up nobody else's schedules.
//!
//! A lane takes what is due in batches: one entry of the journal moves the schedules on and records
//! their occurrences, so that a crash leaves either both or neither. What was recorded is charged, as
//! many at once as the lane is wide and no faster than the account's pace; what was recorded before
//! a crash is found again and charged then. While callers are about, lanes are narrow and batches
//! small: nobody waits at a till because a million subscriptions fell due.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::domain::dunning::{Ceilings, Ladder};
use crate::domain::event::EventKind;
use crate::domain::ids::{AccountName, MerchantName, ScheduleId};
use crate::domain::occurrence::Occurrence;
use crate::domain::payment::Payment;
use crate::domain::schedule::Schedule;
use crate::journal::seam::{CommitError, Entry, ROWS_MAX};

use super::accounts::{Account, Accounts};
use super::error::Error;
use super::gateway::Gateway;
use super::occurrences::LOOK_AFTER;
use super::running::Counted;
use super::taking::Taking;
use super::terms::card_ends;

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
/// How long after the last call callers are still thought to be about.
const CALLERS_LINGER: SignedDuration = SignedDuration::from_millis(1_000);
/// How often a lane that waits for room looks whether callers have left.
const ROOM_AGAIN: Duration = Duration::from_millis(20);
/// How far ahead the occurrences are looked at for one that falls after a card's end.
const AHEAD_OF_EXPIRY: usize = 64;
/// How many old declines are forgotten in one go.
const DECLINES_BATCH: usize = 10_000;

/// Limits and rhythms of recurring charges.
#[derive(Debug, Clone)]
pub struct RecurringOptions {
    /// Scheduled charges of one account that run at once.
    pub lane_width: usize,
    /// The same while callers are about.
    pub lane_width_beside: usize,
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
            lane_width_beside: 4,
            batch: 500,
            batch_beside: 20,
            ladders: HashMap::new(),
            ceilings: Ceilings::default(),
        }
    }
}

/// All lanes, and what they share.
pub(super) struct Lanes {
    by_account: HashMap<AccountName, Arc<Lane>>,
    /// When a caller last wanted something changed, in milliseconds since 1970.
    called_at: AtomicI64,
    /// Tries under way by card, so that together they stay below its ceiling.
    pub(super) cards: Cards,
}

/// One account's lane.
#[derive(Default)]
pub(super) struct Lane {
    wake: Notify,
    /// Occurrences whose payments changed, by the version of the payment.
    told: Mutex<HashMap<Name, u64>>,
    /// Whether its keeper looks for what is due now.
    looking: AtomicBool,
    /// Occurrences that are in somebody's hands now.
    under_way: Mutex<HashSet<Name>>,
    running: AtomicUsize,
    room: Notify,
}

/// An occurrence's name.
type Name = (ScheduleId, u32);

/// Tries under way by card.
#[derive(Default)]
pub(super) struct Cards(Arc<Mutex<HashMap<String, usize>>>);

/// A try of a card under way; counted until dropped.
pub(super) struct CardHeld {
    cards: Arc<Mutex<HashMap<String, usize>>>,
    card: String,
}

impl Lanes {
    pub(super) fn new(accounts: &Accounts) -> Self {
        let lane = |account: &Arc<Account>| (account.name.clone(), Arc::default());
        Self {
            by_account: accounts.all().map(lane).collect(),
            called_at: AtomicI64::new(i64::MIN),
            cards: Cards::default(),
        }
    }

    /// A caller wants something changed: lanes make room.
    pub(super) fn make_room(&self, now: Timestamp) {
        self.called_at.store(now.as_millisecond(), Ordering::Relaxed);
    }

    /// Whether callers are about.
    fn callers_are_about(&self, now: Timestamp) -> bool {
        let since = now.as_millisecond().saturating_sub(self.called_at.load(Ordering::Relaxed));
        // A clock that was set back must not leave lanes narrow for as long as that.
        (0..=CALLERS_LINGER.as_millis()).contains(&i128::from(since))
    }

    /// Tells an occurrence's lane that its payment was written and is settled.
    pub(super) fn tell(&self, payment: &Payment) {
        let Some(tried) = payment.occurrence.filter(|_| !payment.state.is_undecided()) else { return };
        if let Some(lane) = self.by_account.get(&payment.account) {
            lock(&lane.told).insert((tried.schedule, tried.number), payment.version);
            lane.wake.notify_one();
        }
    }

    /// What was told of a payment up to this version has been judged.
    pub(super) fn judged(&self, payment: &Payment) {
        let lane = payment.occurrence.zip(self.by_account.get(&payment.account));
        if let Some((tried, lane)) = lane {
            let mut told = lock(&lane.told);
            let name = (tried.schedule, tried.number);
            if told.get(&name).is_some_and(|version| *version <= payment.version) {
                told.remove(&name);
            }
        }
    }

    /// Whether an account's lane has something in hand, looks for it, or was told of something that
    /// it has to look at.
    pub(super) fn is_busy(&self, account: &AccountName) -> bool {
        let busy = |lane: &Arc<Lane>| {
            lane.looking.load(Ordering::SeqCst)
                || !lock(&lane.under_way).is_empty()
                || !lock(&lane.told).is_empty()
        };
        self.by_account.get(account).is_some_and(busy)
    }

    fn wake(&self, account: &AccountName) {
        if let Some(lane) = self.by_account.get(account) {
            lane.wake.notify_one();
        }
    }

    /// Lets every lane look at the time afresh.
    pub(super) fn wake_all(&self) {
        for lane in self.by_account.values() {
            lane.wake.notify_one();
        }
    }
}

impl Cards {
    /// How many tries of a card are under way, and one more from now on.
    pub(super) fn hold(&self, card: &str) -> (usize, CardHeld) {
        let mut cards = lock(&self.0);
        let count = cards.entry(card.to_owned()).or_default();
        let before = *count;
        *count += 1;
        (before, CardHeld { cards: self.0.clone(), card: card.to_owned() })
    }
}

impl Drop for CardHeld {
    fn drop(&mut self) {
        let mut cards = lock(&self.cards);
        if let Some(count) = cards.get_mut(&self.card) {
            *count -= 1;
            if *count == 0 {
                cards.remove(&self.card);
            }
        }
    }
}

impl Gateway {
    /// Charges what is due, at every account, until the process goes down.
    pub async fn schedule_forever(self) {
        // Whoever drops this future ends the lanes with it: none looks at a journal that is closed.
        let mut lanes = JoinSet::new();
        for account in self.accounts().all() {
            let lane = self.shared.lanes.by_account.get(&account.name).cloned().unwrap_or_default();
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
    pub(super) fn now_at(&self, account: &Account) -> Timestamp {
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
        let pace = Pace::new(account.rules.recurring_per_second);
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

    /// Takes all schedules that are due, a batch after the other, and begins to charge them.
    async fn take_due(&mut self) -> Result<(), Error> {
        let mut taking = Taking::new(self.gateway.clone(), self.account.clone());
        while !self.gateway.shared.work.is_draining() {
            let Some(taken) = taking.next(self.batch()).await? else { return Ok(()) };
            for (occurrence, schedule) in taken {
                self.begin(occurrence, Some(schedule)).await?;
            }
            let since = self.gateway.now().duration_since(self.looked_at);
            if Duration::try_from(since).is_ok_and(|since| since >= LOOK_AGAIN) {
                self.look_again().await?;
            }
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
        let told: Vec<Name> = {
            let under_way = lock(&self.lane.under_way);
            lock(&self.lane.told).keys().filter(|name| !under_way.contains(name)).copied().collect()
        };
        for (schedule, number) in told {
            lock(&self.lane.told).remove(&(schedule, number));
            if let Some(occurrence) = journal.occurrence(schedule, number).await? {
                self.begin(occurrence, None).await?;
            }
        }
        let now = self.gateway.now_at(&self.account);
        let (until, limit) = if std::mem::take(&mut self.is_first) {
            // What was being charged when the last process died may be settled, and nobody tells.
            (now.checked_add(LOOK_AFTER).unwrap_or(now), ROWS_MAX)
        } else {
            (now, LOOKED_AT_MAX + lock(&self.lane.under_way).len())
        };
        for occurrence in journal.due_occurrences(&self.account.name, until, limit).await? {
            self.begin(occurrence, None).await?;
        }
        Ok(())
    }

    /// Hands an occurrence to a task of its own, once there is room for it.
    async fn begin(&mut self, occurrence: Occurrence, schedule: Option<Arc<Schedule>>) -> Result<(), Error> {
        let name = (occurrence.schedule, occurrence.number);
        if !lock(&self.lane.under_way).insert(name) {
            return Ok(());
        }
        let held = Held { lane: self.lane.clone(), name };
        let room = self.room().await;
        self.pace.wait(&self.gateway).await;
        let counted = self.gateway.shared.work.begin(usize::MAX)?;
        let (gateway, account) = (self.gateway.clone(), self.account.clone());
        tokio::spawn(async move {
            if let Err(error) = gateway.drive(&account, occurrence, schedule).await {
                tracing::warn!(schedule = %name.0, number = name.1, %error, "an occurrence is looked at again");
            }
            finish(held, room, counted);
        });
        Ok(())
    }

    /// Waits until the lane is wide enough for one more.
    async fn room(&self) -> Room {
        let shared = &self.gateway.shared;
        loop {
            let left = self.lane.room.notified();
            let options = &shared.options.recurring;
            let about = shared.lanes.callers_are_about(self.gateway.now());
            let width = if about { options.lane_width_beside } else { options.lane_width };
            if self.lane.running.load(Ordering::Relaxed) < width.max(1) {
                // Only the keeper adds, so it cannot have grown since.
                self.lane.running.fetch_add(1, Ordering::Relaxed);
                return Room(self.lane.clone());
            }
            tokio::select! {
                () = left => {}
                () = shared.world.sleep(ROOM_AGAIN) => {}
            }
        }
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
            let later = token.as_ref().and_then(|token| super::terms::warn_at(&schedule, token, now));
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

/// An occurrence in somebody's hands.
struct Held {
    lane: Arc<Lane>,
    name: Name,
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.lane.under_way).remove(&self.name);
        // Its payment may have changed since it was looked at.
        if lock(&self.lane.told).contains_key(&self.name) {
            self.lane.wake.notify_one();
        }
    }
}

/// A place in a lane.
struct Room(Arc<Lane>);

impl Drop for Room {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
        self.0.room.notify_one();
    }
}

/// The order matters: whoever waits until nothing runs finds the occurrence let go.
fn finish(held: Held, room: Room, counted: Counted) {
    drop(held);
    drop(room);
    drop(counted);
}

/// No more than so many charges a second, a tenth of a second's worth at once.
struct Pace {
    apart: SignedDuration,
    next: Timestamp,
}

impl Pace {
    fn new(per_second: u32) -> Self {
        let apart = match per_second {
            0 => SignedDuration::ZERO,
            rate => SignedDuration::from_nanos(1_000_000_000 / i64::from(rate)),
        };
        Self { apart, next: Timestamp::MIN }
    }

    async fn wait(&mut self, gateway: &Gateway) {
        if self.apart.is_zero() {
            return;
        }
        const AHEAD: SignedDuration = SignedDuration::from_millis(100);
        let now = gateway.now();
        let ahead = self.next.duration_since(now);
        // A clock that was set back must not stop the lane for as long as that.
        if ahead > AHEAD && ahead <= self.apart + AHEAD {
            gateway.shared.world.sleep(Duration::try_from(ahead - AHEAD).unwrap_or_default()).await;
        }
        let from = if ahead > self.apart + AHEAD { now } else { self.next.max(now) };
        self.next = from.checked_add(self.apart).unwrap_or(from);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Maps and sets stay whole through a panic elsewhere.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
