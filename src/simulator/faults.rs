//! What can go wrong on the way: arranged one by one, or drawn from a seed.
//!
//! A fault belongs to one provider and hits requests to its API and its hosted pages, never the
//! control API. Faults are looked at in the order they were arranged; the first that fits is used.
//! The kinds that alter an answer count only answers in which there was something to alter, so
//! `wrong_amount` waits for the first answer that states an amount.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Faults that may be waiting at once.
pub const PENDING_MAX: usize = 1_000;

/// The longest an arranged delay may last, in milliseconds: ten minutes.
pub const DELAY_MS_MAX: u64 = 600_000;

/// The status that `unknown_status` puts into answers: a word no provider documents.
pub const UNKNOWN_STATUS: &str = "teleported";

/// Everything that can be made to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Processed at once, answered late.
    Delay,
    /// Processed late. It is processed even when the caller has hung up by then.
    DelayBefore,
    /// The connection is closed without a byte; nothing was processed.
    DropBefore,
    /// Processed, then the connection is closed without a byte.
    DropAfter,
    /// Processed; the connection breaks after the headers and half of the body.
    ResetMidBody,
    /// A 5xx in the provider's own words; nothing was processed.
    #[serde(rename = "error_5xx")]
    Error5xx,
    /// Processed, then a 5xx in the provider's own words.
    #[serde(rename = "error_5xx_after")]
    Error5xxAfter,
    /// 429 with `Retry-After`; nothing was processed.
    Throttle,
    /// Processed; the answer is HTTP 200 with a body that is no JSON.
    Garbage,
    /// 502 with an HTML page, as a proxy in between would answer; nothing was processed.
    HtmlError,
    /// Processed correctly; the amount in the answer is one minor unit too high.
    WrongAmount,
    /// Processed correctly; the currency in the answer is another one.
    WrongCurrency,
    /// Processed correctly; the merchant's reference in the answer is another one.
    WrongReference,
    /// Processed correctly; the status in the answer is a word nobody knows.
    UnknownStatus,
}

impl Kind {
    /// Whether the kind changes an answer that was already made, rather than how it travels.
    pub fn alters_answer(self) -> bool {
        match self {
            Kind::WrongAmount | Kind::WrongCurrency | Kind::WrongReference => true,
            Kind::UnknownStatus => true,
            Kind::Delay | Kind::DelayBefore | Kind::DropBefore | Kind::DropAfter => false,
            Kind::ResetMidBody | Kind::Error5xx | Kind::Error5xxAfter => false,
            Kind::Throttle | Kind::Garbage | Kind::HtmlError => false,
        }
    }

    /// Alters one object that describes a payment; `reference_key` is the provider's name for the
    /// merchant's reference. Answers whether there was something to alter.
    pub fn alter(self, object: &mut Map<String, Value>, reference_key: &str) -> bool {
        let key = match self {
            Kind::WrongAmount => "amount",
            Kind::WrongCurrency => "currency",
            Kind::WrongReference => reference_key,
            Kind::UnknownStatus => "status",
            _ => return false,
        };
        let Some(value) = object.get_mut(key) else {
            return false;
        };
        let altered = match (self, &*value) {
            (Kind::WrongAmount, Value::Number(amount)) => match amount.as_i64() {
                Some(amount) => Value::from(amount.saturating_add(1)),
                None => return false,
            },
            (Kind::WrongCurrency, Value::String(currency)) if currency == "EUR" => "USD".into(),
            (Kind::WrongCurrency, Value::String(_)) => "EUR".into(),
            (Kind::WrongReference, Value::String(own)) => format!("{own}-not-yours").into(),
            (Kind::UnknownStatus, Value::String(_)) => UNKNOWN_STATUS.into(),
            _ => return false,
        };
        *value = altered;
        true
    }
}

/// A fault as it is arranged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// The simulator's name of the endpoint to hit (`pay`, `create_checkout`, …); all when absent.
    #[serde(default)]
    pub operation: Option<String>,
    /// Fitting requests to leave alone first.
    #[serde(default)]
    pub skip: u32,
    /// Fitting requests to hit after that.
    #[serde(default = "once")]
    pub times: u32,
    /// For the delays, milliseconds of real time, at most [`DELAY_MS_MAX`].
    #[serde(default = "a_second")]
    pub delay_ms: u64,
    /// For the 5xx kinds, the status: 500 to 599.
    #[serde(default = "unavailable")]
    pub status: u16,
    /// For `throttle`, the seconds in `Retry-After`.
    #[serde(default = "half_a_minute")]
    pub retry_after_s: u32,
    /// Further conditions.
    #[serde(default, rename = "match")]
    pub only: Only,
}

/// Conditions beyond the operation; an absent one is always met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// The request's path and query contain this text.
    #[serde(default)]
    pub path_contains: Option<String>,
}

fn once() -> u32 {
    1
}

fn a_second() -> u64 {
    1_000
}

fn unavailable() -> u16 {
    503
}

fn half_a_minute() -> u32 {
    30
}

impl Fault {
    /// One hit of this kind on any request, with the defaults for the rest.
    pub fn new(kind: Kind) -> Fault {
        Fault {
            kind,
            operation: None,
            skip: 0,
            times: once(),
            delay_ms: a_second(),
            status: unavailable(),
            retry_after_s: half_a_minute(),
            only: Only::default(),
        }
    }

    /// The same, on one endpoint only.
    pub fn on(kind: Kind, operation: &str) -> Fault {
        Fault { operation: Some(operation.to_owned()), ..Fault::new(kind) }
    }

    /// The arranged delay.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    fn check(&self) -> Result<(), String> {
        match () {
            () if self.times == 0 => Err("times must be at least 1".into()),
            () if self.delay_ms > DELAY_MS_MAX => Err(format!("delay_ms must be at most {DELAY_MS_MAX}")),
            () if !(500..=599).contains(&self.status) => Err("status must be 500 to 599".into()),
            () => Ok(()),
        }
    }

    fn fits(&self, operation: &str, target: &str) -> bool {
        let wanted = self.operation.as_deref();
        let part = self.only.path_contains.as_deref();
        wanted.is_none_or(|wanted| wanted == operation) && part.is_none_or(|part| target.contains(part))
    }
}

/// Faults drawn from a seed: request *n* is hit or spared by (seed, n) alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chaos {
    /// The seed.
    pub seed: u64,
    /// Requests hit, of a thousand.
    pub per_mille: u16,
    /// The kinds to draw from, each as likely as the others.
    pub kinds: Vec<Kind>,
    /// For the delays, milliseconds.
    #[serde(default = "a_tenth_of_a_second")]
    pub delay_ms: u64,
    /// The status of the 5xx kinds.
    #[serde(default = "unavailable")]
    pub status: u16,
}

fn a_tenth_of_a_second() -> u64 {
    100
}

impl Chaos {
    fn draw(&self, request: u64) -> Option<Fault> {
        let drawn = split_mix(self.seed ^ split_mix(request));
        if drawn % 1_000 >= u64::from(self.per_mille) || self.kinds.is_empty() {
            return None;
        }
        let choice = split_mix(drawn) % self.kinds.len() as u64;
        let kind = *self.kinds.get(usize::try_from(choice).ok()?)?;
        Some(Fault { delay_ms: self.delay_ms, status: self.status, ..Fault::new(kind) })
    }
}

/// The finalizer of SplitMix64: every bit of the input stirs every bit of the output.
pub(super) fn split_mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The faults waiting for one provider's requests.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    pending: Vec<Fault>,
    chaos: Option<Chaos>,
    requests: u64,
}

impl Faults {
    /// Arranges a fault. Refused when a field is out of range or [`PENDING_MAX`] are waiting.
    pub fn arrange(&self, fault: Fault) -> Result<(), String> {
        fault.check()?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.pending.len() >= PENDING_MAX {
            return Err(format!("{PENDING_MAX} faults are waiting already"));
        }
        waiting.pending.push(fault);
        Ok(())
    }

    /// Draws faults from a seed from now on, counting requests from zero; `None` stops it.
    pub fn set_chaos(&self, chaos: Option<Chaos>) -> Result<(), String> {
        if let Some(chaos) = &chaos {
            let sample = Fault { delay_ms: chaos.delay_ms, status: chaos.status, ..Fault::new(Kind::Delay) };
            sample.check()?;
            if chaos.per_mille > 1_000 {
                return Err("per_mille must be at most 1000".into());
            }
            if chaos.kinds.is_empty() {
                return Err("kinds must not be empty".into());
            }
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.chaos = chaos;
        waiting.requests = 0;
        Ok(())
    }

    /// Forgets all arranged faults and stops drawing.
    pub fn clear(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pending.clear();
        waiting.chaos = None;
    }

    /// The faults still waiting, and what is being drawn from.
    pub fn pending(&self) -> (Vec<Fault>, Option<Chaos>) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        (waiting.pending.clone(), waiting.chaos.clone())
    }

    /// The fault for a request that has just arrived: an arranged one about its journey, else
    /// whatever the seed says (of either sort).
    pub fn on_arrival(&self, operation: &str, target: &str) -> Option<Fault> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let request = waiting.requests;
        waiting.requests += 1;
        let fits = |fault: &Fault| !fault.kind.alters_answer() && fault.fits(operation, target);
        waiting.take(fits).or_else(|| waiting.chaos.as_ref().and_then(|chaos| chaos.draw(request)))
    }

    /// The arranged fault for an answer that has just been made, with the altered answer.
    /// `attempt` makes an altered copy; a fault that finds nothing to alter keeps waiting.
    pub fn on_answer<Altered>(
        &self,
        operation: &str,
        target: &str,
        attempt: impl Fn(Kind) -> Option<Altered>,
    ) -> Option<(Fault, Altered)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for place in 0..waiting.pending.len() {
            let fault = &mut waiting.pending[place];
            if !fault.kind.alters_answer() || !fault.fits(operation, target) {
                continue;
            }
            let Some(altered) = attempt(fault.kind) else {
                continue;
            };
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            return Some((waiting.use_up(place)?, altered));
        }
        None
    }

    /// Whether a fault waits for an answer to such a request: spares parsing all the others.
    pub fn waits_for_answer(&self, operation: &str, target: &str) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pending = waiting.pending.iter();
        pending.any(|fault| fault.kind.alters_answer() && fault.fits(operation, target))
    }
}

impl Waiting {
    /// Uses the first fault that fits, or spends one of its skips.
    fn take(&mut self, fits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        for place in 0..self.pending.len() {
            let fault = &mut self.pending[place];
            if !fits(fault) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            return self.use_up(place);
        }
        None
    }

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
    use super::*;

    #[test]
    fn skips_then_hits_as_often_as_arranged() {
        let faults = Faults::default();
        let fault = Fault { skip: 1, times: 2, ..Fault::on(Kind::DropBefore, "pay") };
        faults.arrange(fault).expect("in range");
        let hit = |operation| faults.on_arrival(operation, "/").is_some();
        assert!(!hit("token"));
        assert_eq!([hit("pay"), hit("pay"), hit("pay"), hit("pay")], [false, true, true, false]);
    }

    #[test]
    fn an_altering_fault_waits_for_something_to_alter() {
        let faults = Faults::default();
        faults.arrange(Fault::new(Kind::WrongAmount)).expect("in range");
        assert!(faults.on_arrival("pay", "/").is_none());
        assert!(faults.on_answer("pay", "/", |_| None::<()>).is_none());
        assert!(faults.on_answer("pay", "/", |_| Some(())).is_some());
        assert!(faults.on_answer("pay", "/", |_| Some(())).is_none());
    }

    #[test]
    fn a_seed_hits_the_same_requests_every_time() {
        let chaos = Chaos {
            seed: 42,
            per_mille: 300,
            kinds: vec![Kind::DropBefore, Kind::DropAfter],
            delay_ms: 1,
            status: 503,
        };
        let play = || {
            let faults = Faults::default();
            faults.set_chaos(Some(chaos.clone())).expect("in range");
            let kind = |_| faults.on_arrival("pay", "/").map(|fault| fault.kind);
            (0..1_000).map(kind).collect::<Vec<_>>()
        };
        let first = play();
        assert_eq!(first, play());
        let hits = first.iter().flatten().count();
        assert!((200..400).contains(&hits), "{hits} of 1000 at 300 per mille");
    }

    #[test]
    fn limits_are_kept() {
        let faults = Faults::default();
        let never = Fault { times: 0, ..Fault::new(Kind::Delay) };
        assert!(faults.arrange(never).is_err());
        for _ in 0..PENDING_MAX {
            faults.arrange(Fault::new(Kind::Delay)).expect("room");
        }
        assert!(faults.arrange(Fault::new(Kind::Delay)).is_err());
    }
}
