//! The test clock: in development the time of a merchant can be moved forward.
//!
//! Time does not jump over what falls due. The clock walks: it stops where something of the merchant
//! is due, lets that happen to its end, and goes on. Other merchants do not notice.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::ids::MerchantName;
use crate::journal::seam::Moment;

use super::error::{Error, FieldError};
use super::gateway::Gateway;

/// How far one call may move a clock: ten years of 365 days, and their leap days.
pub const ADVANCE_MAX: SignedDuration = SignedDuration::from_hours(24 * 3_653);
/// Where no clock is moved beyond, in seconds since 1970: the year 2200. Stores count in
/// nanoseconds, which end in 2262.
pub const CLOCK_END_SECONDS: i64 = 7_258_118_400;
/// How often a walk stops for a follow-up at the very moment when that is due.
const EXACT_STOPS_MAX: i32 = 100;
/// How often it stops for follow-ups after that, evenly over its way: what nobody settles would
/// otherwise be asked about every minute of a simulated year.
const SPREAD_STOPS_MAX: i32 = 200;
/// How long, in real time, a whole walk may take.
const WALK_MAX: Duration = Duration::from_secs(600);
/// The first pause between two looks at whether all has happened; it doubles.
const LOOK_PAUSE: Duration = Duration::from_millis(1);
/// The longest such pause.
const LOOK_PAUSE_MAX: Duration = Duration::from_millis(50);
/// How many things an error names that hold a clock.
const HOLDERS_TOLD_MAX: usize = 5;

/// Where a clock is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// So much further than it is.
    By(Duration),
    /// To this time.
    To(Timestamp),
}

/// Where a merchant's clock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockView {
    /// The merchant's time.
    pub now: Timestamp,
    /// How far that is ahead of everybody's.
    pub ahead: Duration,
}

/// Something of a merchant that waits for its time.
struct Due {
    /// What, for errors.
    what: &'static str,
    /// When the first of its kind is due.
    at: Timestamp,
    /// Whether the clock stops at that very moment always, or may stop later for several at once.
    on_the_dot: bool,
}

/// Where a clock stops next.
struct Stop {
    at: Timestamp,
    /// Whether the walk has only so many of its kind.
    is_counted: bool,
}

/// How a walk spends the stops that it has only so many of.
struct Pace {
    from: Timestamp,
    to: Timestamp,
    spent: i32,
}

impl Pace {
    /// When the next of them may be, at the earliest.
    fn earliest(&self) -> Timestamp {
        let spread = (self.spent + 1 - EXACT_STOPS_MAX).max(0);
        let apart = self.to.duration_since(self.from) / SPREAD_STOPS_MAX;
        self.from.checked_add(apart * spread).map_or(self.to, |earliest| earliest.min(self.to))
    }
}

impl Gateway {
    /// Where a merchant's test clock is.
    ///
    /// # Errors
    /// [`Error::NoTestClock`].
    pub fn clock(&self, merchant: &MerchantName) -> Result<ClockView, Error> {
        let clock = self.shared.world.test_clock(merchant).ok_or(Error::NoTestClock)?;
        Ok(ClockView { now: self.now_of(merchant), ahead: clock.ahead() })
    }

    /// Moves a merchant's test clock forward, stopping wherever something is due. Returns how often
    /// it stopped on its way. Dropping the future leaves the clock at its last stop.
    ///
    /// # Errors
    /// [`Error::NoTestClock`]; [`Error::Invalid`] for a time that is past or too far;
    /// [`Error::ClockHeld`] while another call moves the same clock, and when something takes too
    /// long, with the clock where that is. Moving on from there is possible.
    pub async fn advance_clock(&self, merchant: &MerchantName, forward: Forward) -> Result<u32, Error> {
        let clock = self.shared.world.test_clock(merchant).ok_or(Error::NoTestClock)?;
        let _counted = self.shared.work.begin(self.shared.options.in_flight_max)?;
        let start = self.now_of(merchant);
        let held = |what| Error::ClockHeld { at: start, what };
        let _alone = Walking::begin(&self.shared.walking, merchant)
            .ok_or_else(|| held("another call moves it".to_owned()))?;
        let to = destination(start, forward)?;
        let mut pace = Pace { from: start, to, spent: 0 };
        let until = self.now().checked_add(WALK_MAX).unwrap_or(Timestamp::MAX);
        let mut stops = 0;
        self.let_happen(merchant).await?;
        loop {
            let stop = self.next_stop(merchant, &pace).await?;
            if let Ok(by) = Duration::try_from(stop.at.duration_since(self.now_of(merchant))) {
                clock.advance(by);
            }
            self.clock_moved();
            self.let_happen(merchant).await?;
            if stop.at == to {
                return Ok(stops);
            }
            stops += 1;
            pace.spent += i32::from(stop.is_counted);
            if self.now() >= until {
                let what = format!("the way took {} s, and it can be continued", WALK_MAX.as_secs());
                return Err(Error::ClockHeld { at: self.now_of(merchant), what });
            }
        }
    }

    /// Everybody's time, and the merchants that have another.
    pub(super) fn moment(&self) -> Moment {
        Moment { now: self.now(), own: self.shared.world.own_clocks() }
    }

    /// A merchant's clock was moved: what waits for the time looks at it afresh.
    pub(super) fn clock_moved(&self) {
        self.shared.wake.notify_one();
        self.shared.lanes.wake_all();
    }

    /// Where the clock stops next: at the end of its way, unless something is due before.
    async fn next_stop(&self, merchant: &MerchantName, pace: &Pace) -> Result<Stop, Error> {
        let stops = self.dues(merchant).await?.into_iter().map(|due| match due.on_the_dot {
            true => Stop { at: due.at, is_counted: false },
            false => Stop { at: due.at.max(pace.earliest()), is_counted: true },
        });
        let end = Stop { at: pace.to, is_counted: false };
        Ok(stops.filter(|stop| stop.at < pace.to).min_by_key(|stop| stop.at).unwrap_or(end))
    }

    /// What of a merchant waits for its time: the first of each kind. A kind stays due until
    /// whatever its time brought about has ended, or is a call under way.
    async fn dues(&self, merchant: &MerchantName) -> Result<Vec<Due>, Error> {
        let follow_up = self.shared.journal.next_due_of(merchant).await?;
        let mut dues = Vec::from_iter(follow_up.map(|at| Due { what: "a follow-up", at, on_the_dot: false }));
        for account in self.accounts().of_merchant(merchant) {
            let recurring = self.shared.journal.next_recurring(&account.name).await?;
            dues.extend(recurring.map(|at| Due { what: "a schedule", at, on_the_dot: true }));
            if self.shared.lanes.is_busy(&account.name) {
                dues.push(Due { what: "a scheduled charge", at: self.now_of(merchant), on_the_dot: true });
            }
        }
        Ok(dues)
    }

    /// Waits until all that is due at the merchant's time has happened to its end.
    async fn let_happen(&self, merchant: &MerchantName) -> Result<(), Error> {
        let now = self.now_of(merchant);
        match tokio::time::timeout(self.shared.options.clock_stop_max, self.happened(merchant, now)).await {
            Ok(happened) => happened,
            Err(_) => Err(Error::ClockHeld { at: now, what: self.holders(merchant, now).await? }),
        }
    }

    async fn happened(&self, merchant: &MerchantName, now: Timestamp) -> Result<(), Error> {
        let mut pause = LOOK_PAUSE;
        loop {
            if self.shared.work.is_draining() {
                return Err(Error::Draining);
            }
            // What a schedule plans while others are waited for happens as well; follow-ups of what
            // nobody settles would go on for ever.
            let is_due = |dues: Vec<Due>| {
                let latest = self.now_of(merchant);
                dues.iter().any(|due| due.at <= if due.on_the_dot { latest } else { now })
            };
            if !is_due(self.dues(merchant).await?) {
                // Calls that begin later are not waited for, so that a busy caller holds no clock.
                for (_, mut ended) in self.shared.calls.of(merchant) {
                    // An error means that the call is gone, and so it has ended.
                    let _ = ended.wait_for(Option::is_some).await;
                }
                // What these calls left behind may be due already.
                if !is_due(self.dues(merchant).await?) {
                    return Ok(());
                }
            }
            self.shared.world.sleep(pause).await;
            pause = (pause * 2).min(LOOK_PAUSE_MAX);
        }
    }

    /// What keeps a clock from going on, in words.
    async fn holders(&self, merchant: &MerchantName, now: Timestamp) -> Result<String, Error> {
        let dues = self.dues(merchant).await?;
        let dues = dues.iter().filter(|due| due.at <= now);
        let dues = dues.map(|due| format!("{} of {} does not end", due.what, due.at));
        let calls = self.shared.calls.of(merchant);
        let calls = calls.iter().map(|(request_id, _)| format!("the call {request_id} runs"));
        let told: Vec<String> = dues.chain(calls).take(HOLDERS_TOLD_MAX).collect();
        Ok(if told.is_empty() { "what was due took too long".to_owned() } else { told.join(", ") })
    }
}

/// The time to walk to.
fn destination(now: Timestamp, forward: Forward) -> Result<Timestamp, Error> {
    let (field, to) = match forward {
        Forward::By(by) => ("by", now.checked_add(by).unwrap_or(Timestamp::MAX)),
        Forward::To(to) => ("to", to),
    };
    let wrong = |problem: String| Err(Error::Invalid(vec![FieldError::new(field, problem)]));
    if to < now {
        return wrong(format!("is before the clock, which stands at {now} and goes forward only"));
    }
    if to.duration_since(now) > ADVANCE_MAX {
        return wrong(format!("is more than {} days away", ADVANCE_MAX.as_hours() / 24));
    }
    if to.as_second() >= CLOCK_END_SECONDS {
        return wrong("leads to the year 2200, where clocks end".to_owned());
    }
    Ok(to)
}

/// A clock on its way; until dropped nobody else moves it.
struct Walking<'a> {
    all: &'a Mutex<HashSet<MerchantName>>,
    merchant: MerchantName,
}

impl<'a> Walking<'a> {
    /// `None` when it is on its way already.
    fn begin(all: &'a Mutex<HashSet<MerchantName>>, merchant: &MerchantName) -> Option<Self> {
        let is_first = lock(all).insert(merchant.clone());
        is_first.then(|| Self { all, merchant: merchant.clone() })
    }
}

impl Drop for Walking<'_> {
    fn drop(&mut self) {
        lock(self.all).remove(&self.merchant);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A set of names stays whole through a panic elsewhere.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(forward: Forward) -> Option<String> {
        let now = Timestamp::UNIX_EPOCH;
        match destination(now, forward) {
            Ok(_) => None,
            Err(Error::Invalid(fields)) => fields.first().map(|field| field.field.clone()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_clock_goes_forward_ten_years_at_most_and_never_beyond_its_end() {
        let ten_years = ADVANCE_MAX.unsigned_abs();
        assert_eq!(field(Forward::By(Duration::ZERO)), None);
        assert_eq!(field(Forward::By(ten_years)), None);
        assert_eq!(field(Forward::By(ten_years + Duration::from_nanos(1))).as_deref(), Some("by"));
        assert_eq!(field(Forward::By(Duration::MAX)).as_deref(), Some("by"));
        assert_eq!(field(Forward::To(Timestamp::UNIX_EPOCH)), None);
        let just_before = Timestamp::from_nanosecond(-1).expect("in range");
        assert_eq!(field(Forward::To(just_before)).as_deref(), Some("to"));
        assert_eq!(field(Forward::To(Timestamp::MAX)).as_deref(), Some("to"));

        let end = Timestamp::from_second(CLOCK_END_SECONDS).expect("in range");
        assert_eq!(end.to_string(), "2200-01-01T00:00:00Z");
        let almost = end.checked_sub(Duration::from_secs(5)).expect("in range");
        assert!(destination(almost, Forward::By(Duration::from_secs(4))).is_ok());
        assert!(destination(almost, Forward::By(Duration::from_secs(5))).is_err());
    }

    #[test]
    fn a_walk_stops_exactly_at_first_and_evenly_from_then_on() {
        let (from, to) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(20_000).expect("in range"));
        let earliest = |spent| Pace { from, to, spent }.earliest().as_second();
        assert_eq!((earliest(0), earliest(EXACT_STOPS_MAX - 1)), (0, 0));
        assert_eq!((earliest(EXACT_STOPS_MAX), earliest(EXACT_STOPS_MAX + 1)), (100, 200));
        assert_eq!(earliest(EXACT_STOPS_MAX + SPREAD_STOPS_MAX), 20_000, "and there the way ends");
    }

    #[test]
    fn one_call_at_a_time_moves_a_clock() {
        let all = Mutex::default();
        let (one, other) = (MerchantName("one".to_owned()), MerchantName("other".to_owned()));
        let walking = Walking::begin(&all, &one);
        assert!(walking.is_some() && Walking::begin(&all, &one).is_none());
        assert!(Walking::begin(&all, &other).is_some());
        drop(walking);
        assert!(Walking::begin(&all, &one).is_some());
    }
}
