//! The log of deliveries: every attempt to tell the merchant something, and how it ended.
//!
//! What was said is not in it; the queue shows that.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::notification_faults::Kind;

/// Attempts kept per provider; beyond it the oldest are forgotten.
pub const DELIVERIES_MAX: usize = 50_000;

/// One attempt, as the provider sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Counts from 1 in the order in which attempts ended.
    pub number: u64,
    /// The sequence number of the notification; of the imitated one where it is not genuine.
    pub notification: u64,
    /// Which attempt it was, from 1. Calls beside the real one have its number.
    pub attempt: u32,
    /// The fault at work.
    pub fault: Option<Kind>,
    /// When it ended, by the simulators' clock.
    pub at: Timestamp,
    /// The HTTP status; none when the call never left or was not answered.
    pub status: Option<u16>,
    /// Whether the answer is one that the provider takes for a receipt.
    pub accepted: bool,
    /// Whether the provider would own up to it.
    pub genuine: bool,
}

/// The log of one provider.
#[derive(Debug, Default)]
pub struct Deliveries {
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    kept: VecDeque<Delivery>,
    counted: u64,
}

impl Deliveries {
    /// Writes an attempt down; its number is assigned here.
    pub fn record(&self, delivery: Delivery) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.counted += 1;
        let number = log.counted;
        log.kept.push_back(Delivery { number, ..delivery });
        if log.kept.len() > DELIVERIES_MAX {
            log.kept.pop_front();
        }
    }

    /// Every attempt after number `since`, oldest first.
    pub fn since(&self, since: u64) -> Vec<Delivery> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.kept.iter().filter(|delivery| delivery.number > since).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_attempts_are_forgotten() {
        let log = Deliveries::default();
        for notification in 0..=DELIVERIES_MAX as u64 {
            log.record(Delivery {
                number: 0,
                notification,
                attempt: 1,
                fault: None,
                at: Timestamp::UNIX_EPOCH,
                status: Some(200),
                accepted: true,
                genuine: true,
            });
        }
        assert_eq!(log.since(0).len(), DELIVERIES_MAX);
        let newest = log.since(DELIVERIES_MAX as u64);
        assert_eq!(newest.iter().map(|delivery| delivery.notification).collect::<Vec<_>>(), [50_000]);
    }
}
