//! The one clock of all simulators: the machine's time plus an offset that tests may move forward.
//!
//! Everything with a deadline here (access tokens, sessions, asynchronous captures, duplicate
//! windows) reads this clock and nothing else, so a test can live a day in a microsecond. No timer
//! runs on it: what has become due happens at the next request that looks (see
//! [`ProviderSimulator::settle`](super::contract::ProviderSimulator::settle)), or when the task that
//! delivers notifications looks, some milliseconds later.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// A clock shared by every simulator of one [`start`](super::start). Clones show the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The simulators' time, in whole milliseconds as the providers print it.
    pub fn now(&self) -> Timestamp {
        // The only reading of the machine's clock in the simulators.
        let machine_ms = Timestamp::now().as_millisecond();
        let ahead_ms = self.ahead_ms.load(Ordering::Relaxed);
        Timestamp::from_millisecond(machine_ms.saturating_add(ahead_ms)).unwrap_or(Timestamp::MAX)
    }

    /// Moves the clock forward; it never goes back. Saturates at the end of representable time.
    pub fn advance(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let add = |ahead_ms: i64| Some(ahead_ms.saturating_add(by_ms));
        // The closure never answers `None`, so the update cannot be refused.
        let _ = self.ahead_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// How far this clock is ahead of the machine's, in milliseconds.
    pub fn ahead_ms(&self) -> i64 {
        self.ahead_ms.load(Ordering::Relaxed)
    }
}

/// `from` plus a number of milliseconds, saturating at the end of representable time.
pub fn later(from: Timestamp, by_ms: u64) -> Timestamp {
    let by_ms = i64::try_from(by_ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(from.as_millisecond().saturating_add(by_ms)).unwrap_or(Timestamp::MAX)
}

/// ISO-8601 with milliseconds and `Z`, the form both providers' samples use.
pub fn iso(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_is_seen_by_every_clone() {
        let clock = Clock::default();
        let other = clock.clone();
        let before = other.now();
        clock.advance(Duration::from_secs(86_400));
        assert!(other.now().duration_since(before).as_secs() >= 86_400);
    }

    #[test]
    fn times_are_printed_as_the_providers_print_them() {
        let at = Timestamp::from_millisecond(1_795_255_250_175).expect("in range");
        assert_eq!(iso(at), "2026-11-21T10:00:50.175Z");
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        let clock = Clock::default();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
