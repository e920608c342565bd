//! A world in which time runs faster, so that what takes a month is seen in minutes.
//!
//! Its time is a pure function of the machine's. A process that is killed and started again finds it
//! where it would have been anyway, and several processes agree about it without talking.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::{Errand, NoReply, TestClock, World, ahead_of};
use crate::domain::ids::{AccountName, MerchantName};
use crate::providers::contract::Reply;

/// How many times as fast as the machine's time runs at most.
pub const RATE_MAX: u32 = 1_000_000;
/// The shortest sleep, however fast time runs: whoever looks at the clock again and again must not
/// keep the machine busy with that alone.
const SLEEP_MIN: Duration = Duration::from_millis(1);

/// From when on time runs faster, and how much. Reads from `RATE@TIMESTAMP`, such as
/// `20000@2026-11-21T12:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hurry {
    rate: u32,
    anchor: Timestamp,
}

/// A hurry that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be RATE@TIMESTAMP with a whole rate from 1 to {RATE_MAX}, such as 20000@2026-11-21T12:00:00Z")]
pub struct NoHurry;

impl Hurry {
    /// Time runs `rate` times as fast as the machine's from `anchor` on.
    ///
    /// # Errors
    /// A rate of zero or above [`RATE_MAX`].
    pub fn new(rate: u32, anchor: Timestamp) -> Result<Self, NoHurry> {
        if (1..=RATE_MAX).contains(&rate) { Ok(Self { rate, anchor }) } else { Err(NoHurry) }
    }

    /// The hurried time when the machine's is this. Before the anchor both are the same.
    #[must_use]
    pub fn now(&self, machine: Timestamp) -> Timestamp {
        if machine <= self.anchor {
            return machine;
        }
        // All of time has less than 2^69 nanoseconds and a rate less than 2^20, so nothing overflows.
        let since = machine.as_nanosecond() - self.anchor.as_nanosecond();
        let nanoseconds = self.anchor.as_nanosecond() + since * i128::from(self.rate);
        Timestamp::from_nanosecond(nanoseconds).unwrap_or(Timestamp::MAX)
    }

    /// How long the machine sleeps for so much hurried time; at least a millisecond. Before the anchor
    /// that is too short, and whoever sleeps wakes more often than needed.
    #[must_use]
    pub fn sleep(&self, how_long: Duration) -> Duration {
        (how_long / self.rate).max(SLEEP_MIN)
    }
}

impl FromStr for Hurry {
    type Err = NoHurry;

    fn from_str(text: &str) -> Result<Self, NoHurry> {
        let (rate, anchor) = text.split_once('@').ok_or(NoHurry)?;
        Self::new(rate.parse().map_err(|_| NoHurry)?, anchor.parse().map_err(|_| NoHurry)?)
    }
}

impl fmt::Display for Hurry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.rate, self.anchor)
    }
}

/// Another world, but for its time.
pub struct Hurried<W> {
    world: W,
    hurry: Hurry,
}

impl<W> Hurried<W> {
    /// The same world in a hurry.
    pub fn new(world: W, hurry: Hurry) -> Self {
        Self { world, hurry }
    }
}

impl<W: World> World for Hurried<W> {
    fn now(&self) -> Timestamp {
        self.hurry.now(self.world.now())
    }

    fn now_of(&self, merchant: &MerchantName) -> Timestamp {
        let now = self.now();
        self.test_clock(merchant).map_or(now, |clock| ahead_of(now, clock.ahead()))
    }

    fn own_clocks(&self) -> Vec<(MerchantName, Timestamp)> {
        let own = self.world.own_clocks().into_iter();
        own.map(|(merchant, _)| (merchant.clone(), self.now_of(&merchant))).collect()
    }

    fn test_clock(&self, merchant: &MerchantName) -> Option<&dyn TestClock> {
        self.world.test_clock(merchant)
    }

    fn entropy(&self) -> [u8; 32] {
        self.world.entropy()
    }

    fn sleep(&self, how_long: Duration) -> BoxFuture<'_, ()> {
        self.world.sleep(self.hurry.sleep(how_long))
    }

    fn exchange<'a>(
        &'a self,
        account: &'a AccountName,
        errand: Errand,
    ) -> BoxFuture<'a, Result<Reply, NoReply>> {
        self.world.exchange(account, errand)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A world that stands still, with a merchant who is an hour ahead.
    struct Still {
        now: Timestamp,
        ahead: Hour,
        slept: Mutex<Vec<Duration>>,
    }

    struct Hour;

    impl TestClock for Hour {
        fn ahead(&self) -> Duration {
            Duration::from_secs(3_600)
        }

        fn advance(&self, _: Duration) {}
    }

    fn early() -> MerchantName {
        MerchantName("early".to_owned())
    }

    impl World for Still {
        fn now(&self) -> Timestamp {
            self.now
        }

        fn own_clocks(&self) -> Vec<(MerchantName, Timestamp)> {
            vec![(early(), ahead_of(self.now, self.ahead.ahead()))]
        }

        fn test_clock(&self, merchant: &MerchantName) -> Option<&dyn TestClock> {
            (*merchant == early()).then_some(&self.ahead)
        }

        fn entropy(&self) -> [u8; 32] {
            [7; 32]
        }

        fn sleep(&self, how_long: Duration) -> BoxFuture<'_, ()> {
            self.slept.lock().expect("not poisoned").push(how_long);
            Box::pin(std::future::ready(()))
        }

        fn exchange<'a>(&'a self, _: &'a AccountName, _: Errand) -> BoxFuture<'a, Result<Reply, NoReply>> {
            Box::pin(std::future::ready(Err(NoReply::NeverLeft)))
        }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn hurry(rate: u32) -> Hurry {
        Hurry::new(rate, second(1_000)).expect("a rate")
    }

    #[test]
    fn time_is_the_machines_up_to_the_anchor_and_so_many_times_as_fast_from_there() {
        for (machine, hurried) in [(0, 0), (999, 999), (1_000, 1_000), (1_001, 21_000), (1_002, 41_000)] {
            assert_eq!(hurry(20_000).now(second(machine)), second(hurried), "{machine}");
        }
        assert_eq!(hurry(1).now(second(5_000)), second(5_000));
        let a_nanosecond_on = Timestamp::from_nanosecond(1_000_000_000_001).expect("in range");
        assert_eq!(hurry(RATE_MAX).now(a_nanosecond_on).as_nanosecond(), 1_000_001_000_000);
    }

    #[test]
    fn it_never_goes_back_and_stops_at_the_end_of_time() {
        let times = (0..2_000).map(|tenth| {
            let machine = Timestamp::from_millisecond(950_000 + tenth * 100).expect("in range");
            hurry(12_345).now(machine)
        });
        assert!(times.is_sorted());
        let from_the_beginning = Hurry::new(RATE_MAX, Timestamp::MIN).expect("a rate");
        assert_eq!(from_the_beginning.now(Timestamp::MAX), Timestamp::MAX);
    }

    #[test]
    fn sleeps_are_as_much_shorter_but_never_nothing() {
        assert_eq!(hurry(20_000).sleep(Duration::from_secs(20_000)), Duration::from_secs(1));
        assert_eq!(hurry(20_000).sleep(Duration::from_secs(1)), SLEEP_MIN);
        assert_eq!(hurry(1).sleep(Duration::ZERO), SLEEP_MIN);
        assert_eq!(hurry(RATE_MAX).sleep(Duration::MAX), Duration::MAX / RATE_MAX);
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        let text = "20000@2026-11-21T12:00:00Z";
        assert_eq!(text.parse::<Hurry>().expect("reads").to_string(), text);
        for wrong in
            ["", "20000", "@2026-11-21T12:00:00Z", "0@2026-11-21T12:00:00Z", "1.5@2026-11-21T12:00:00Z"]
        {
            assert_eq!(wrong.parse::<Hurry>(), Err(NoHurry), "{wrong}");
        }
        assert_eq!("-1@2026-11-21T12:00:00Z".parse::<Hurry>(), Err(NoHurry));
        assert_eq!("1000001@2026-11-21T12:00:00Z".parse::<Hurry>(), Err(NoHurry));
        assert_eq!("20000@tomorrow".parse::<Hurry>(), Err(NoHurry));
    }

    #[test]
    fn all_but_the_time_is_the_other_worlds() {
        let still = Still { now: second(1_001), ahead: Hour, slept: Mutex::default() };
        let world = Hurried::new(still, hurry(20_000));
        assert_eq!(world.now(), second(21_000));
        assert_eq!(world.now_of(&MerchantName("other".to_owned())), second(21_000));
        // How far a merchant is ahead was said in that merchant's time.
        assert_eq!(world.now_of(&early()), second(24_600));
        assert_eq!(world.own_clocks(), [(early(), second(24_600))]);
        assert!(world.test_clock(&early()).is_some());
        assert_eq!(world.entropy(), [7; 32]);
        drop(world.sleep(Duration::from_secs(40_000)));
        assert_eq!(*world.world.slept.lock().expect("not poisoned"), [Duration::from_secs(2)]);
    }
}
