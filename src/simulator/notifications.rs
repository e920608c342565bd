//! What a provider owes the merchant's server: callbacks and webhooks, queued in order.
//!
//! Nothing is delivered yet. What is queued is complete (address, method, body, when it is due);
//! the signature is made by the provider's [`seal`](super::contract::ProviderSimulator::seal) at
//! the moment a notification leaves, as real ones sign each delivery afresh.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Notifications kept; beyond it the oldest are lost, as after the last retry of a real provider.
pub const NOTIFICATIONS_MAX: usize = 10_000;

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
    /// Whose credentials it is sent under: an account or shop id.
    pub account: String,
}

/// The queue of one provider.
#[derive(Debug, Default)]
pub struct Notifications {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Notification>,
    queued: u64,
}

impl Notifications {
    /// Queues a notification; its `sequence` is assigned here.
    pub fn queue(&self, mut notification: Notification) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.queued += 1;
        notification.sequence = queue.queued;
        queue.waiting.push_back(notification);
        if queue.waiting.len() > NOTIFICATIONS_MAX {
            queue.waiting.pop_front();
        }
    }

    /// Everything queued after sequence number `since`, oldest first.
    pub fn since(&self, since: u64) -> Vec<Notification> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let later = |notification: &&Notification| notification.sequence > since;
        queue.waiting.iter().filter(later).cloned().collect()
    }
}
