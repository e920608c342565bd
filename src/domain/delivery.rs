//! Events on their way to merchants' own servers: to which address, how far, and when again.
//!
//! An address has a place in its merchant's log of events. What stands after that place and is wanted
//! becomes a delivery, which is tried until it is taken or its tries are used up.

use std::time::Duration;

use jiff::Timestamp;

use super::event::EventKind;
use super::ids::{EventId, MerchantName, PaymentId};
use super::secret::Secret;
use super::words::worded;

/// How long after a failed try the next one comes, before jitter. With the last one three days have
/// passed since the first try, and then nothing more is tried unless somebody asks.
const PAUSES_SECONDS: [u64; 19] = [
    5,
    30,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    6 * HOUR,
    6 * HOUR,
    6 * HOUR,
    6 * HOUR,
    6 * HOUR,
    6 * HOUR,
    6 * HOUR,
    6 * HOUR,
    6 * HOUR,
    6 * HOUR,
    4 * HOUR,
];
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// How much of a pause is a matter of chance, in percent, so that what failed together does not come
/// back together.
const JITTER_PERCENT: u64 = 20;
/// The longest wish of a receiver to be left alone (`Retry-After`) that is granted.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(HOUR);

/// How long an event waits for an earlier one of the same payment that is still on its way.
pub const ORDER_KEPT: Duration = Duration::from_secs(HOUR);

/// An address is parked when it has taken nothing for so long, and has failed so often.
pub const PARKED_AFTER: Duration = Duration::from_secs(24 * HOUR);
/// See [`PARKED_AFTER`].
pub const PARKED_FAILURES: u32 = 10;
/// How often a parked address is tried.
pub const PROBE_EVERY: Duration = Duration::from_secs(HOUR);

/// Which address: its name in the configuration, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointKey {
    /// Whose events it gets.
    pub merchant: MerchantName,
    /// Its name among the merchant's.
    pub name: String,
}

/// An address that a merchant's events are sent to, as it is configured.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Which.
    pub key: EndpointKey,
    /// Where to.
    pub url: String,
    /// What it wants: types of events or families such as `payment.*`. Empty for all.
    pub events: Vec<String>,
    /// Every one of them signs, so that a receiver may know the old or the new one. Never empty.
    pub secrets: Vec<Secret<Vec<u8>>>,
    /// Whether it may be an address of a private network.
    pub allow_private: bool,
}

impl Endpoint {
    /// Whether it wants events of a type.
    #[must_use]
    pub fn wants(&self, kind: EventKind) -> bool {
        self.events.is_empty() || self.events.iter().any(|word| kind.is_meant_by(word))
    }
}

/// How an address stands, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub key: EndpointKey,
    /// The place in the merchant's log up to which everything that is wanted is a delivery.
    pub place: u64,
    /// Since when it has failed; `None` when its last answer was good.
    pub failing_since: Option<Timestamp>,
    /// How often it has failed since.
    pub failures: u32,
    /// Since when it is parked.
    pub parked_at: Option<Timestamp>,
    /// When it is tried next while it is parked.
    pub probe_at: Option<Timestamp>,
    /// How its last try ended, in a few words of ours.
    pub note: Option<String>,
}

impl Standing {
    /// An address that was never tried, at a place in the log.
    #[must_use]
    pub fn new(key: EndpointKey, place: u64) -> Self {
        Self { key, place, failing_since: None, failures: 0, parked_at: None, probe_at: None, note: None }
    }

    /// Whether it is only tried now and then.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        self.parked_at.is_some()
    }

    /// Takes in how a try ended. Returns what that makes of the address, when it makes something of it.
    pub fn took(&mut self, tried: &Tried, now: Timestamp) -> Option<EventKind> {
        self.note = Some(tried.note.clone());
        match tried.verdict {
            Verdict::Taken => {
                (self.failing_since, self.failures, self.probe_at) = (None, 0, None);
                self.note = None;
                self.parked_at.take().map(|_| EventKind::EndpointResumed)
            }
            Verdict::Failed | Verdict::Gone => {
                let since = *self.failing_since.get_or_insert(now);
                self.failures = self.failures.saturating_add(1);
                let is_hopeless = tried.verdict == Verdict::Gone
                    || (elapsed(since, now) >= PARKED_AFTER && self.failures >= PARKED_FAILURES);
                if self.is_parked() || is_hopeless {
                    self.probe_at = Some(later(now, PROBE_EVERY));
                }
                (is_hopeless && !self.is_parked()).then(|| {
                    self.parked_at = Some(now);
                    EventKind::EndpointParked
                })
            }
        }
    }
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// In short.
    pub verdict: Verdict,
    /// The status of the answer; `None` when there was none.
    pub http_status: Option<u16>,
    /// In a few words of ours, never the receiver's.
    pub note: String,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it: its status was 2xx.
    Taken,
    /// It has not, or it is not known whether it has.
    Failed,
    /// It says that it will never take anything any more (410).
    Gone,
}

worded! {
    /// How far a delivery has come.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum DeliveryStatus {
        /// It is tried again, or for the first time.
        Pending = "PENDING",
        /// The receiver has it.
        Delivered = "DELIVERED",
        /// Its tries are used up; it is tried again when somebody asks.
        Failed = "FAILED",
    }
}

/// One event on its way to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its place among all deliveries, given by the store; 0 before.
    pub number: u64,
    /// Where to.
    pub endpoint: EndpointKey,
    /// What. Its content is in the log and nowhere else.
    pub event: EventId,
    /// The event's type.
    pub kind: EventKind,
    /// The event's place in the log.
    pub sequence: u64,
    /// The payment whose events keep their order.
    pub payment: Option<PaymentId>,
    /// When it was made from the log.
    pub created_at: Timestamp,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// How many of these tries count: not those of before somebody asked for it again, nor those of a
    /// parked address.
    pub tries: u32,
    /// Since when it could have gone: it was made, asked for again, or its address took up again.
    pub since: Timestamp,
    /// When it was last tried.
    pub last_at: Option<Timestamp>,
    /// The status of the last answer; `None` when there was none.
    pub http_status: Option<u16>,
    /// How the last try ended, in a few words of ours.
    pub note: Option<String>,
    /// When it is tried next; `None` when it has ended.
    pub next_at: Option<Timestamp>,
}

impl Delivery {
    /// Takes in how a try ended. `random` decides about the jitter. The tries of an address that is
    /// parked use up nothing: what failed because of the address is not given up.
    pub fn took(&mut self, tried: &Tried, now: Timestamp, is_parked: bool, random: u64) {
        self.attempts = self.attempts.saturating_add(1);
        self.last_at = Some(now);
        self.http_status = tried.http_status;
        self.note = Some(tried.note.clone());
        match tried.verdict {
            Verdict::Taken => {
                self.status = DeliveryStatus::Delivered;
                self.next_at = None;
            }
            Verdict::Failed | Verdict::Gone => {
                if !is_parked {
                    self.tries = self.tries.saturating_add(1);
                }
                match pause(self.tries, random) {
                    Some(pause) => {
                        let wished = tried.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
                        self.next_at = Some(later(now, pause.max(wished)));
                    }
                    None => {
                        self.status = DeliveryStatus::Failed;
                        self.next_at = None;
                    }
                }
            }
        }
    }

    /// Is due again, with all of its tries before it.
    pub fn again(&mut self, now: Timestamp) {
        self.status = DeliveryStatus::Pending;
        (self.tries, self.since, self.next_at) = (0, now, Some(now));
    }
}

/// How long after so many tries the next one comes; `None` when they are used up.
fn pause(tries: u32, random: u64) -> Option<Duration> {
    let index = usize::try_from(tries.max(1) - 1).unwrap_or(usize::MAX);
    let milliseconds = PAUSES_SECONDS.get(index)? * 1_000;
    // From a half of the jitter below to a half of it above.
    let span = milliseconds * JITTER_PERCENT / 100;
    Some(Duration::from_millis(milliseconds - span / 2 + random % (span + 1)))
}

/// How long ago a time was; nothing for one that has not come.
fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> EndpointKey {
        EndpointKey { merchant: MerchantName("shop".to_owned()), name: "books".to_owned() }
    }

    fn failed(http_status: u16) -> Tried {
        Tried {
            verdict: Verdict::Failed,
            http_status: Some(http_status),
            note: "no".to_owned(),
            retry_after: None,
        }
    }

    fn taken() -> Tried {
        Tried { verdict: Verdict::Taken, ..failed(204) }
    }

    fn delivery(now: Timestamp) -> Delivery {
        Delivery {
            number: 0,
            endpoint: key(),
            event: EventId::mint(now, [0; 10]),
            kind: EventKind::PaymentCaptured,
            sequence: 1,
            payment: None,
            created_at: now,
            status: DeliveryStatus::Pending,
            attempts: 0,
            tries: 0,
            since: now,
            last_at: None,
            http_status: None,
            note: None,
            next_at: Some(now),
        }
    }

    #[test]
    fn the_pauses_are_three_days() {
        let total: u64 = PAUSES_SECONDS.iter().sum();
        let days = Duration::from_secs(3 * 24 * HOUR);
        let total = Duration::from_secs(total);
        assert!(
            total >= days - Duration::from_secs(HOUR) && total <= days + Duration::from_secs(HOUR),
            "{total:?}"
        );
    }

    #[test]
    fn it_is_tried_until_its_tries_are_used_up() {
        let start = Timestamp::UNIX_EPOCH;
        let (mut delivery, mut now) = (delivery(start), start);
        while let Some(next_at) = delivery.next_at {
            assert!(next_at >= now);
            now = next_at;
            delivery.took(&failed(500), now, false, u64::from(delivery.attempts) * 7_919);
        }
        assert_eq!(delivery.status, DeliveryStatus::Failed);
        assert_eq!(delivery.attempts, 20);
        let hours = elapsed(start, now).as_secs() / HOUR;
        assert!((64..80).contains(&hours), "{hours}");
        delivery.again(now);
        delivery.took(&taken(), now, false, 0);
        assert_eq!((delivery.status, delivery.next_at), (DeliveryStatus::Delivered, None));
    }

    #[test]
    fn a_pause_is_a_tenth_shorter_or_longer_at_most() {
        for random in [0, 1, 499, 1_000_000_007, u64::MAX] {
            let pause = pause(1, random).expect("there is a next try");
            assert!(
                (Duration::from_millis(4_500)..=Duration::from_millis(5_500)).contains(&pause),
                "{pause:?}"
            );
        }
        assert_eq!(pause(20, 0), None);
    }

    #[test]
    fn a_receiver_is_left_alone_as_it_wishes_within_a_bound() {
        let now = Timestamp::UNIX_EPOCH;
        let wait = |wished| {
            let mut delivery = delivery(now);
            delivery.took(&Tried { retry_after: Some(wished), ..failed(429) }, now, false, 0);
            elapsed(now, delivery.next_at.expect("again"))
        };
        assert_eq!(wait(Duration::from_secs(600)), Duration::from_secs(600));
        assert_eq!(wait(Duration::from_secs(u64::MAX)), RETRY_AFTER_MAX);
        assert!(wait(Duration::ZERO) >= Duration::from_secs(4));
    }

    #[test]
    fn an_address_is_parked_after_a_day_without_success_and_ten_failures() {
        let start = Timestamp::UNIX_EPOCH;
        let mut standing = Standing::new(key(), 0);
        for _ in 0..20 {
            assert_eq!(standing.took(&failed(500), start), None);
        }
        assert_eq!(standing.took(&failed(500), later(start, PARKED_AFTER)), Some(EventKind::EndpointParked));
        assert_eq!(standing.took(&failed(500), later(start, 2 * PARKED_AFTER)), None, "it is already");
        assert_eq!(standing.took(&taken(), start), Some(EventKind::EndpointResumed));
        assert_eq!((standing.failing_since, standing.failures), (None, 0));

        for _ in 1..PARKED_FAILURES {
            assert_eq!(standing.took(&failed(500), later(start, PARKED_AFTER)), None);
        }
        assert_eq!(
            standing.took(&failed(500), later(start, 2 * PARKED_AFTER)),
            Some(EventKind::EndpointParked)
        );
    }

    #[test]
    fn one_that_is_gone_is_parked_at_once() {
        let mut standing = Standing::new(key(), 0);
        let gone = Tried { verdict: Verdict::Gone, ..failed(410) };
        assert_eq!(standing.took(&gone, Timestamp::UNIX_EPOCH), Some(EventKind::EndpointParked));
    }

    #[test]
    fn a_parked_address_uses_up_no_tries() {
        let now = Timestamp::UNIX_EPOCH;
        let mut delivery = delivery(now);
        for _ in 0..100 {
            delivery.took(&failed(500), now, true, 0);
        }
        assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Pending, 100));
    }
}
