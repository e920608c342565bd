//! The lanes, one for each account: what is in hand there, how wide it is and how fast it goes. What
//! they share is how many tries of a card are under way.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use super::scheduler::RecurringOptions;
use crate::domain::ids::{AccountName, ScheduleId};
use crate::domain::payment::Payment;
use crate::engine::accounts::{Account, Accounts};
use crate::engine::changes::Changes;
use crate::engine::gateway::Gateway;
use crate::engine::running::Counted;

/// How much of a pace may be taken at once while callers are about: a few charges, no flood.
const AT_ONCE_BESIDE: SignedDuration = SignedDuration::from_millis(10);
/// How long after the last call callers are still thought to be about.
const CALLERS_LINGER: SignedDuration = SignedDuration::from_millis(1_000);

/// All lanes, and what they share.
pub(in crate::engine) struct Lanes {
    by_account: HashMap<AccountName, Arc<Lane>>,
    /// When a caller last wanted something changed, in milliseconds since 1970.
    called_at: AtomicI64,
    /// The pace of all lanes together while callers are about.
    beside: tokio::sync::Mutex<Pace>,
    /// Cards that were declined, by what tells them from others.
    pub(super) declined: Changes<String>,
    /// Tries under way by card, so that together they stay below its ceiling.
    pub(super) cards: Cards,
}

/// One account's lane.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) wake: Notify,
    /// Occurrences whose payments changed, by the version of the payment.
    told: Mutex<HashMap<Name, u64>>,
    /// Whether its keeper looks for what is due now.
    pub(super) looking: AtomicBool,
    /// Occurrences that are in somebody's hands now.
    under_way: Mutex<HashSet<Name>>,
    running: AtomicUsize,
    /// Somebody left.
    room: Notify,
}

/// An occurrence's name.
pub(super) type Name = (ScheduleId, u32);

/// Tries under way by card.
#[derive(Default)]
pub(super) struct Cards(Arc<Mutex<HashMap<String, usize>>>);

/// A try of a card under way; counted until dropped.
pub(super) struct CardHeld {
    cards: Arc<Mutex<HashMap<String, usize>>>,
    card: String,
}

impl Lanes {
    pub(in crate::engine) fn new(accounts: &Accounts, options: &RecurringOptions) -> Self {
        let lane = |account: &Arc<Account>| (account.name.clone(), Arc::default());
        Self {
            by_account: accounts.all().map(lane).collect(),
            called_at: AtomicI64::new(i64::MIN),
            beside: tokio::sync::Mutex::new(Pace::new(options.per_second_beside, AT_ONCE_BESIDE)),
            declined: Changes::default(),
            cards: Cards::default(),
        }
    }

    /// An account's lane.
    pub(super) fn of(&self, account: &AccountName) -> Arc<Lane> {
        self.by_account.get(account).cloned().unwrap_or_default()
    }

    /// A caller wants something changed: lanes make room.
    pub(in crate::engine) fn make_room(&self, now: Timestamp) {
        self.called_at.store(now.as_millisecond(), Ordering::Relaxed);
    }

    /// Whether callers are about.
    pub(super) fn callers_are_about(&self, now: Timestamp) -> bool {
        let since = now.as_millisecond().saturating_sub(self.called_at.load(Ordering::Relaxed));
        // A clock that was set back must not slow lanes down for as long as that.
        (0..=CALLERS_LINGER.as_millis()).contains(&i128::from(since))
    }

    /// Waits for a turn while callers are about. Lanes get theirs in the order in which they ask.
    pub(super) async fn give_way(&self, gateway: &Gateway) {
        if self.callers_are_about(gateway.now()) {
            self.beside.lock().await.wait(gateway).await;
        }
    }

    /// Tells an occurrence's lane that its payment was written and is settled.
    pub(in crate::engine) fn tell(&self, payment: &Payment) {
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

    /// A card's decline was written down: whoever read its declines before reads them again.
    pub(super) fn noted(&self, card: Option<String>) {
        if let Some(card) = card {
            self.declined.note(card);
        }
    }

    /// Whether an account's lane has something in hand, looks for it, or was told of something that
    /// it has to look at.
    pub(in crate::engine) fn is_busy(&self, account: &AccountName) -> bool {
        let busy = |lane: &Arc<Lane>| {
            lane.looking.load(Ordering::SeqCst)
                || !lock(&lane.under_way).is_empty()
                || !lock(&lane.told).is_empty()
        };
        self.by_account.get(account).is_some_and(busy)
    }

    pub(super) fn wake(&self, account: &AccountName) {
        if let Some(lane) = self.by_account.get(account) {
            lane.wake.notify_one();
        }
    }

    /// Lets every lane look at the time afresh.
    pub(in crate::engine) fn wake_all(&self) {
        for lane in self.by_account.values() {
            lane.wake.notify_one();
        }
    }
}

impl Lane {
    /// Takes an occurrence in hand, unless somebody has it.
    pub(super) fn hold(self: &Arc<Self>, name: Name) -> Option<Held> {
        lock(&self.under_way).insert(name).then(|| Held { lane: self.clone(), name })
    }

    /// How many are in somebody's hands.
    pub(super) fn held(&self) -> usize {
        lock(&self.under_way).len()
    }

    /// Waits until fewer than so many places are taken, and takes one. Only the lane's keeper comes in.
    pub(super) async fn enter(self: &Arc<Self>, width: usize) -> Room {
        loop {
            let left = self.room.notified();
            if self.running.load(Ordering::Relaxed) < width.max(1) {
                // Nobody else adds, so it cannot have grown since.
                self.running.fetch_add(1, Ordering::Relaxed);
                return Room(self.clone());
            }
            left.await;
        }
    }

    /// Occurrences whose payments changed and that nobody has in hand.
    pub(super) fn told(&self) -> Vec<Name> {
        let under_way = lock(&self.under_way);
        lock(&self.told).keys().filter(|name| !under_way.contains(name)).copied().collect()
    }

    /// Whoever asks looks at this one now.
    pub(super) fn heard(&self, name: Name) {
        lock(&self.told).remove(&name);
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

/// An occurrence in somebody's hands.
pub(super) struct Held {
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
pub(super) struct Room(Arc<Lane>);

impl Drop for Room {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
        self.0.room.notify_one();
    }
}

/// The order matters: whoever waits until nothing runs finds the occurrence let go.
pub(super) fn finish(held: Held, room: Room, counted: Counted) {
    drop(held);
    drop(room);
    drop(counted);
}

/// No more than so many charges a second, and no more at once than fall in a short while.
pub(super) struct Pace {
    apart: SignedDuration,
    at_once: SignedDuration,
    next: Timestamp,
}

impl Pace {
    /// 0 a second: as many as there are.
    pub(super) fn new(per_second: u32, at_once: SignedDuration) -> Self {
        let apart = match per_second {
            0 => SignedDuration::ZERO,
            rate => SignedDuration::from_nanos(1_000_000_000 / i64::from(rate)),
        };
        Self { apart, at_once, next: Timestamp::MIN }
    }

    pub(super) async fn wait(&mut self, gateway: &Gateway) {
        let Self { apart, at_once, next } = *self;
        if apart.is_zero() {
            return;
        }
        let now = gateway.now();
        let ahead = next.duration_since(now);
        // A clock that was set back must not stop the lane for as long as that.
        if ahead > at_once && ahead <= apart + at_once {
            gateway.shared.world.sleep(Duration::try_from(ahead - at_once).unwrap_or_default()).await;
        }
        let from = if ahead > apart + at_once { now } else { next.max(now) };
        self.next = from.checked_add(apart).unwrap_or(from);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Maps and sets stay whole through a panic elsewhere.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
