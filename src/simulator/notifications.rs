//! What a provider owes the merchant's server: callbacks and webhooks, and when each is due.
//!
//! What is queued is complete (address, method, body, when it is due); the signature is made by the
//! provider's [`seal`](super::contract::ProviderSimulator::seal) at the moment a notification
//! leaves, as real ones sign each delivery afresh. Who carries them is in `dispatch.rs`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Notifications kept; beyond it the oldest are lost, as after the last retry of a real provider.
pub const NOTIFICATIONS_MAX: usize = 10_000;

/// Calls waiting to be made to one merchant, repeats among them; beyond it the next one due is lost.
pub const PARCELS_MAX: usize = 2 * NOTIFICATIONS_MAX;

/// Calls held for the next one at once; beyond it the one held longest leaves.
pub const HELD_MAX: usize = 1_000;

/// The most that pauses between attempts can be divided by: ten million, so that weeks pass in a
/// blink.
pub const HURRY_MAX: u32 = 10_000_000;

/// One call the provider owes the merchant.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Counts from 1 in the order of queueing.
    pub sequence: u64,
    /// Not to be delivered before this time of the simulators' clock.
    pub due_at: Timestamp,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The full URL, with everything the provider appends.
    pub url: String,
    /// The exact bytes to send; empty for `GET`.
    pub body: String,
    /// Whose credentials it is sent under: an account or shop id, or a subscription's.
    pub account: String,
    /// Which of the provider's senders it leaves from, where there are several with rules of their own.
    pub sender: &'static str,
    /// What became of it.
    pub standing: Standing,
}

/// The sender of a provider that has only one.
pub const ONLY_SENDER: &str = "callbacks";

impl Notification {
    /// A `POST` from the provider's only sender. `queue` gives it its number.
    pub fn post(due_at: Timestamp, url: &str, body: String, account: String) -> Notification {
        Notification {
            sequence: 0,
            due_at,
            method: "POST",
            url: url.to_owned(),
            body,
            account,
            sender: ONLY_SENDER,
            standing: Standing::Waiting,
        }
    }
}

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is due later, under way, or waits for its next attempt.
    Waiting,
    /// Its address is not on this machine, or is the simulator's own: it is never sent.
    NotDeliverable,
    /// The merchant took it.
    Accepted,
    /// The merchant refused it for good, or did not take it in as many attempts as the provider makes.
    GivenUp,
}

/// How notifications are delivered; a knob of the control API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Whether they are sent at all, rather than only queued.
    pub deliver_notifications: bool,
    /// Pauses between attempts are divided by it: 1 is as the provider has it, at most [`HURRY_MAX`].
    pub notification_hurry: u32,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { deliver_notifications: true, notification_hurry: 1 }
    }
}

impl Pace {
    /// Refuses what is out of range.
    pub fn check(&self) -> Result<(), String> {
        match self.notification_hurry {
            1..=HURRY_MAX => Ok(()),
            _ => Err(format!("notification_hurry must be 1 to {HURRY_MAX}")),
        }
    }
}

/// A call to be made for a notification: the first attempt, a retry, or one that nobody needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The notification's number.
    pub sequence: u64,
    /// Attempts that were made before.
    pub attempts: u32,
    /// What the log is to say of its attempts.
    pub fault: Option<super::notification_faults::Kind>,
    /// Whether it has been decided if a fault hits the notification; so it is for every retry.
    pub is_decided: bool,
    /// Whether it is a repeat beside the real one, which is made once and decides nothing.
    pub is_extra: bool,
}

/// The queue of one provider.
#[derive(Debug, Default)]
pub struct Notifications {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Oldest first, without gaps in their numbers.
    kept: VecDeque<Notification>,
    queued: u64,
    /// By the time they are due, then in the order they were planned.
    parcels: BTreeMap<(Timestamp, u64), Parcel>,
    planned: u64,
    /// Held until another one has left, at most until the time beside.
    held: VecDeque<(Timestamp, Parcel)>,
    pace: Pace,
}

impl Notifications {
    fn locked(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notification; its `sequence` is assigned here.
    pub fn queue(&self, mut notification: Notification) {
        let mut queue = self.locked();
        queue.queued += 1;
        notification.sequence = queue.queued;
        let parcel = Parcel {
            sequence: notification.sequence,
            attempts: 0,
            fault: None,
            is_decided: false,
            is_extra: false,
        };
        queue.plan(notification.due_at, parcel);
        queue.kept.push_back(notification);
        if queue.kept.len() > NOTIFICATIONS_MAX {
            queue.kept.pop_front();
        }
    }

    /// Everything queued after sequence number `since`, oldest first.
    pub fn since(&self, since: u64) -> Vec<Notification> {
        let queue = self.locked();
        let later = |notification: &&Notification| notification.sequence > since;
        queue.kept.iter().filter(later).cloned().collect()
    }

    /// How they are delivered.
    pub fn pace(&self) -> Pace {
        self.locked().pace
    }

    /// Changes how they are delivered; pauses that have begun keep their length.
    pub fn set_pace(&self, pace: Pace) -> Result<(), String> {
        pace.check()?;
        self.locked().pace = pace;
        Ok(())
    }

    /// One notification by its number, unless it was lost.
    pub fn of(&self, sequence: u64) -> Option<Notification> {
        self.locked().at(sequence).cloned()
    }

    /// Plans a call.
    pub fn plan(&self, at: Timestamp, parcel: Parcel) {
        self.locked().plan(at, parcel);
    }

    /// Holds a call until [`Notifications::release`], at most until `until`.
    pub fn hold(&self, until: Timestamp, parcel: Parcel) {
        let mut queue = self.locked();
        queue.held.push_back((until, parcel));
        if queue.held.len() > HELD_MAX
            && let Some((_, longest)) = queue.held.pop_front()
        {
            queue.plan(Timestamp::MIN, longest);
        }
    }

    /// Another one has left: what was held for that may follow now.
    pub fn release(&self, now: Timestamp) {
        let mut queue = self.locked();
        for (_, parcel) in std::mem::take(&mut queue.held) {
            queue.plan(now, parcel);
        }
    }

    /// The next call whose time has come, once.
    pub fn take_due(&self, now: Timestamp) -> Option<Parcel> {
        let mut queue = self.locked();
        let over = queue.held.iter().position(|(until, _)| *until <= now);
        if let Some((_, parcel)) = over.and_then(|place| queue.held.remove(place)) {
            return Some(parcel);
        }
        let next = queue.parcels.first_entry()?;
        (next.key().0 <= now).then(|| next.remove())
    }

    /// Writes down what became of a notification. One that was accepted stays so.
    pub fn stands(&self, sequence: u64, standing: Standing) {
        if let Some(kept) = self.locked().at(sequence)
            && kept.standing != Standing::Accepted
        {
            kept.standing = standing;
        }
    }

    /// Replaces address and body, for a provider that says something wrong from now on.
    pub fn restate(&self, sequence: u64, url: String, body: String) {
        if let Some(kept) = self.locked().at(sequence) {
            kept.url = url;
            kept.body = body;
        }
    }
}

impl Queue {
    fn plan(&mut self, at: Timestamp, parcel: Parcel) {
        self.planned += 1;
        self.parcels.insert((at, self.planned), parcel);
        if self.parcels.len() > PARCELS_MAX {
            self.parcels.pop_first();
        }
    }

    fn at(&mut self, sequence: u64) -> Option<&mut Notification> {
        let first = self.kept.front()?.sequence;
        let place = usize::try_from(sequence.checked_sub(first)?).ok()?;
        self.kept.get_mut(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn queued(count: usize) -> Notifications {
        let notifications = Notifications::default();
        for _ in 0..count {
            let body = String::new();
            notifications.queue(Notification::post(at(1), "http://127.0.0.1/", body, String::new()));
        }
        notifications
    }

    #[test]
    fn the_oldest_are_lost_and_numbers_still_find_the_rest() {
        let notifications = queued(NOTIFICATIONS_MAX + 3);
        assert!(notifications.of(3).is_none());
        assert_eq!(notifications.of(4).expect("kept").sequence, 4);
        assert_eq!(notifications.since(0).len(), NOTIFICATIONS_MAX);
    }

    #[test]
    fn what_is_held_follows_the_next_or_its_time() {
        let notifications = queued(2);
        let first = notifications.take_due(at(1)).expect("due");
        notifications.hold(at(5), first.clone());
        assert_eq!(notifications.take_due(at(1)).map(|parcel| parcel.sequence), Some(2));
        assert_eq!(notifications.take_due(at(4)), None);
        notifications.release(at(4));
        assert_eq!(notifications.take_due(at(4)), Some(first.clone()));
        notifications.hold(at(5), first.clone());
        assert_eq!(notifications.take_due(at(5)), Some(first));
    }

    #[test]
    fn what_was_accepted_stays_accepted() {
        let notifications = queued(1);
        notifications.stands(1, Standing::Accepted);
        notifications.stands(1, Standing::GivenUp);
        assert_eq!(notifications.of(1).map(|kept| kept.standing), Some(Standing::Accepted));
    }
}
