//! How often one caller may call: a bucket of tokens that fills at a steady rate.
//!
//! The bucket is one number, the time at which it will be full again, so that taking a token is one
//! atomic exchange. The time is an argument; nothing here reads a clock or waits.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// The most calls per second, and the most at once, that a rate can name.
pub const RATE_MAX: u32 = 1_000_000;

const NANOSECONDS: i64 = 1_000_000_000;
/// Threads read the clock before they take a token, so that one may come with a time that is a little
/// older than the last. A difference of more than this, in nanoseconds, is a clock that was set back.
const CLOCK_STEP: i64 = NANOSECONDS;

/// How often somebody may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls per second in the long run, 1 to [`RATE_MAX`].
    pub calls_per_second: u32,
    /// Calls at once after a pause, 1 to [`RATE_MAX`].
    pub burst: u32,
}

/// The tokens of one caller. A call takes one.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    /// Nanoseconds in which one token grows.
    growth: i64,
    /// Nanoseconds in which an empty bucket fills.
    capacity: i64,
    /// When it will be full, in nanoseconds since 1970; long ago for one that was never used.
    full_at: AtomicI64,
}

impl Bucket {
    /// A full one.
    pub fn new(rate: Rate) -> Self {
        let growth = NANOSECONDS / i64::from(rate.calls_per_second.clamp(1, RATE_MAX));
        let capacity = growth * i64::from(rate.burst.clamp(1, RATE_MAX));
        Self { rate, growth, capacity, full_at: AtomicI64::new(i64::MIN) }
    }

    /// The rate at which it fills.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes a token.
    ///
    /// # Errors
    /// How long the next one takes to grow; nothing was taken then.
    pub fn take(&self, now: Timestamp) -> Result<(), Duration> {
        // Until the year 2262; from then on the bucket no longer fills.
        let now = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX / 2);
        let after = |full_at: i64| match full_at.saturating_sub(now + self.capacity) {
            // The clock was set back. One token is given and the rest start anew: waiting for the
            // old time could take hours.
            ahead if ahead > CLOCK_STEP => now + self.capacity,
            _ => full_at.max(now) + self.growth,
        };
        // The order of tokens among threads does not matter, only that none is given twice.
        let taken = self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            Some(after(full_at)).filter(|full_at| *full_at <= now + self.capacity)
        });
        let wait = |full_at| after(full_at) - now - self.capacity;
        taken.map(drop).map_err(|full_at| Duration::from_nanos(wait(full_at).unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).expect("in range")
    }

    fn bucket(calls_per_second: u32, burst: u32) -> Bucket {
        Bucket::new(Rate { calls_per_second, burst })
    }

    fn taken(bucket: &Bucket, now: Timestamp) -> usize {
        (0..1_000).take_while(|_| bucket.take(now).is_ok()).count()
    }

    #[test]
    fn a_burst_goes_through_and_then_the_rate_holds() {
        let bucket = bucket(10, 3);
        assert_eq!(taken(&bucket, at(0)), 3);
        assert_eq!(bucket.take(at(0)), Err(Duration::from_millis(100)));
        assert_eq!(bucket.take(at(40)), Err(Duration::from_millis(60)));
        assert_eq!(taken(&bucket, at(100)), 1);
        // What was refused took nothing, so the long run is the rate and no less.
        let calls = (0..10_000).filter(|millisecond| bucket.take(at(101 + millisecond)).is_ok()).count();
        assert!((99..=101).contains(&calls), "{calls} in ten seconds");
    }

    #[test]
    fn who_waits_as_told_is_let_in() {
        let bucket = bucket(3, 1);
        assert!(bucket.take(at(0)).is_ok());
        let wait = bucket.take(at(0)).expect_err("one a third of a second");
        assert!(bucket.take(at(0).checked_add(wait).expect("in range")).is_ok());
    }

    #[test]
    fn a_long_pause_fills_it_to_the_burst_and_no_further() {
        let bucket = bucket(100, 5);
        assert_eq!(taken(&bucket, at(0)), 5);
        assert_eq!(taken(&bucket, at(3_600_000)), 5);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let bucket = bucket(10, 2);
        assert_eq!(taken(&bucket, at(3_600_000)), 2);
        // A little is the disorder of threads and gives nothing away.
        assert_eq!(bucket.take(at(3_599_900)), Err(Duration::from_millis(200)));
        assert_eq!(taken(&bucket, at(0)), 1);
        assert_eq!(bucket.take(at(0)), Err(Duration::from_millis(100)));
        assert_eq!(taken(&bucket, at(100)), 1);
        assert_eq!(taken(&bucket, at(3_600_000)), 2);
    }

    #[test]
    fn threads_share_one_bucket() {
        let bucket = bucket(1, 1_000);
        let all: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..1_000).filter(|_| bucket.take(at(0)).is_ok()).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(all, 1_000);
    }
}
