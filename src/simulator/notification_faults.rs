//! What can go wrong with a notification: arranged one by one, or drawn from a seed.
//!
//! A fault hits a notification once, when its first attempt is about to leave. Faults are looked at
//! in the order they were arranged; the first that fits is used. One that cannot be played on this
//! notification (no amount to misstate, nothing to replay yet) waits for the next.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::faults::{DELAY_MS_MAX, PENDING_MAX, split_mix};
use super::notifications::Notification;

/// Everything that can be made to go wrong with a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first attempt never leaves; the retry comes.
    Lost,
    /// It leaves later by the arranged delay.
    Late,
    /// It is sent twice, each with a seal of its own.
    Twice,
    /// It is held until another one of the same provider has been sent, at most for the delay.
    Reordered,
    /// It arrives, but the answer is lost: it comes again.
    Unanswered,
    /// First comes one that tells of another amount or status, under the seal of the genuine one.
    Forged,
    /// First comes the same under the credentials of another merchant.
    Foreign,
    /// First comes the same, cut off.
    Truncated,
    /// First comes one in which a field is smuggled into another, or named twice.
    Folded,
    /// The provider itself states a wrong amount, and seals it.
    WrongAmount,
    /// First comes one again that was accepted before, to the letter.
    Replayed,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 11] = [
        Kind::Lost,
        Kind::Late,
        Kind::Twice,
        Kind::Reordered,
        Kind::Unanswered,
        Kind::Forged,
        Kind::Foreign,
        Kind::Truncated,
        Kind::Folded,
        Kind::WrongAmount,
        Kind::Replayed,
    ];

    /// Whether the provider would own up to a call of this kind.
    pub fn is_genuine(self) -> bool {
        self.tampering().is_none()
    }

    /// The hostile version of the notification that comes first.
    pub fn tampering(self) -> Option<Tampering> {
        match self {
            Kind::Forged => Some(Tampering::Forged),
            Kind::Foreign => Some(Tampering::Foreign),
            Kind::Truncated => Some(Tampering::Truncated),
            Kind::Folded => Some(Tampering::Folded),
            Kind::Lost | Kind::Late | Kind::Twice | Kind::Reordered | Kind::Unanswered => None,
            Kind::WrongAmount | Kind::Replayed => None,
        }
    }
}

/// What a call that is not genuine has been made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tampering {
    /// Another amount or status under the genuine seal.
    Forged,
    /// Sealed under the credentials of another merchant.
    Foreign,
    /// Cut off in the part that is sealed.
    Truncated,
    /// A field smuggled into another; a name twice where the seal leaves no room for that.
    Folded,
}

/// A fault as it is arranged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// Fitting notifications to leave alone first.
    #[serde(default)]
    pub skip: u32,
    /// Fitting notifications to hit after that.
    #[serde(default = "once")]
    pub times: u32,
    /// For `late` and `reordered`: milliseconds of the simulators' clock, at most [`DELAY_MS_MAX`].
    #[serde(default = "a_second")]
    pub delay_ms: u64,
    /// Further conditions.
    #[serde(default, rename = "match")]
    pub only: Only,
}

/// Conditions; an absent one is always met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// The notification's URL contains this text.
    #[serde(default)]
    pub url_contains: Option<String>,
    /// The notification's body contains this text.
    #[serde(default)]
    pub body_contains: Option<String>,
}

fn once() -> u32 {
    1
}

fn a_second() -> u64 {
    1_000
}

impl Fault {
    /// One hit of this kind on any notification, with the defaults for the rest.
    pub fn new(kind: Kind) -> Fault {
        Fault { kind, skip: 0, times: once(), delay_ms: a_second(), only: Only::default() }
    }

    fn check(&self) -> Result<(), String> {
        match () {
            () if self.times == 0 => Err("times must be at least 1".into()),
            () if self.delay_ms > DELAY_MS_MAX => Err(format!("delay_ms must be at most {DELAY_MS_MAX}")),
            () => Ok(()),
        }
    }

    fn fits(&self, notification: &Notification) -> bool {
        let (url, body) = (self.only.url_contains.as_deref(), self.only.body_contains.as_deref());
        url.is_none_or(|part| notification.url.contains(part))
            && body.is_none_or(|part| notification.body.contains(part))
    }
}

/// Faults drawn from a seed: notification *n* is hit or spared by (seed, n) alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chaos {
    /// The seed.
    pub seed: u64,
    /// Notifications hit, of a thousand.
    pub per_mille: u16,
    /// The kinds to draw from, each as likely as the others.
    pub kinds: Vec<Kind>,
    /// For `late` and `reordered`, milliseconds.
    #[serde(default = "a_tenth_of_a_second")]
    pub delay_ms: u64,
}

fn a_tenth_of_a_second() -> u64 {
    100
}

impl Chaos {
    fn draw(&self, notification: u64) -> Option<Fault> {
        let drawn = split_mix(self.seed ^ split_mix(notification));
        if drawn % 1_000 >= u64::from(self.per_mille) || self.kinds.is_empty() {
            return None;
        }
        let choice = split_mix(drawn) % self.kinds.len() as u64;
        let kind = *self.kinds.get(usize::try_from(choice).ok()?)?;
        Some(Fault { delay_ms: self.delay_ms, ..Fault::new(kind) })
    }
}

/// The faults waiting for one provider's notifications.
#[derive(Debug, Default)]
pub struct NotificationFaults {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    pending: Vec<Fault>,
    chaos: Option<Chaos>,
}

impl NotificationFaults {
    fn locked(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arranges a fault. Refused when a field is out of range or [`PENDING_MAX`] are waiting.
    pub fn arrange(&self, fault: Fault) -> Result<(), String> {
        fault.check()?;
        let mut waiting = self.locked();
        if waiting.pending.len() >= PENDING_MAX {
            return Err(format!("{PENDING_MAX} faults are waiting already"));
        }
        waiting.pending.push(fault);
        Ok(())
    }

    /// Draws faults from a seed from now on, by the notifications' numbers; `None` stops it.
    pub fn set_chaos(&self, chaos: Option<Chaos>) -> Result<(), String> {
        if let Some(chaos) = &chaos {
            Fault { delay_ms: chaos.delay_ms, ..Fault::new(Kind::Late) }.check()?;
            if chaos.per_mille > 1_000 {
                return Err("per_mille must be at most 1000".into());
            }
            if chaos.kinds.is_empty() {
                return Err("kinds must not be empty".into());
            }
        }
        self.locked().chaos = chaos;
        Ok(())
    }

    /// Forgets all arranged faults and stops drawing.
    pub fn clear(&self) {
        *self.locked() = Waiting::default();
    }

    /// The faults still waiting, and what is being drawn from.
    pub fn pending(&self) -> (Vec<Fault>, Option<Chaos>) {
        let waiting = self.locked();
        (waiting.pending.clone(), waiting.chaos.clone())
    }

    /// The fault for a notification that is about to leave for the first time, with what `prepare`
    /// made for it. A fault for which nothing can be prepared keeps waiting.
    pub fn on_leaving<Prepared>(
        &self,
        notification: &Notification,
        prepare: impl Fn(Kind) -> Option<Prepared>,
    ) -> Option<(Fault, Prepared)> {
        let mut waiting = self.locked();
        for place in 0..waiting.pending.len() {
            let fault = &mut waiting.pending[place];
            if !fault.fits(notification) {
                continue;
            }
            let Some(prepared) = prepare(fault.kind) else {
                continue;
            };
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            return Some((waiting.use_up(place)?, prepared));
        }
        let drawn = waiting.chaos.as_ref()?.draw(notification.sequence)?;
        prepare(drawn.kind).map(|prepared| (drawn, prepared))
    }
}

impl Waiting {
    fn use_up(&mut self, place: usize) -> Option<Fault> {
        let fault = self.pending.get_mut(place)?;
        fault.times -= 1;
        let used = fault.clone();
        if used.times == 0 {
            self.pending.remove(place);
        }
        Some(used)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn notification(sequence: u64, body: &str) -> Notification {
        let url = "http://127.0.0.1:1/hook";
        let made = Notification::post(Timestamp::UNIX_EPOCH, url, body.to_owned(), String::new());
        Notification { sequence, ..made }
    }

    #[test]
    fn a_fault_waits_for_a_notification_that_it_can_be_played_on() {
        let faults = NotificationFaults::default();
        let only = Only { body_contains: Some("order-7".into()), ..Only::default() };
        faults.arrange(Fault { only, ..Fault::new(Kind::WrongAmount) }).expect("in range");
        assert!(faults.on_leaving(&notification(1, "order-6"), |_| Some(())).is_none());
        assert!(faults.on_leaving(&notification(2, "order-7"), |_| None::<()>).is_none());
        assert!(faults.on_leaving(&notification(3, "order-7"), |_| Some(())).is_some());
        assert!(faults.on_leaving(&notification(4, "order-7"), |_| Some(())).is_none());
    }

    #[test]
    fn a_seed_hits_the_same_notifications_every_time() {
        let chaos = Chaos { seed: 7, per_mille: 400, kinds: Kind::ALL.to_vec(), delay_ms: 1 };
        let play = || {
            let faults = NotificationFaults::default();
            faults.set_chaos(Some(chaos.clone())).expect("in range");
            let kind = |n| faults.on_leaving(&notification(n, ""), Some).map(|(fault, _)| fault.kind);
            (1..=1_000).map(kind).collect::<Vec<_>>()
        };
        let first = play();
        assert_eq!(first, play());
        let hits = first.iter().flatten().count();
        assert!((300..500).contains(&hits), "{hits} of 1000 at 400 per mille");
        assert!(Kind::ALL.iter().all(|kind| first.contains(&Some(*kind))), "every kind is drawn");
    }

    #[test]
    fn limits_are_kept() {
        let faults = NotificationFaults::default();
        assert!(faults.arrange(Fault { times: 0, ..Fault::new(Kind::Late) }).is_err());
        assert!(faults.arrange(Fault { delay_ms: DELAY_MS_MAX + 1, ..Fault::new(Kind::Late) }).is_err());
        let chaos = Chaos { seed: 1, per_mille: 1_001, kinds: vec![Kind::Late], delay_ms: 1 };
        assert!(faults.set_chaos(Some(chaos)).is_err());
        for _ in 0..PENDING_MAX {
            faults.arrange(Fault::new(Kind::Late)).expect("room");
        }
        assert!(faults.arrange(Fault::new(Kind::Late)).is_err());
    }
}
