//! A schedule: a standing instruction to charge a token, and which of its occurrences are due.
//!
//! Occurrences are numbered from 1 and the numbers never shift: an occurrence that is skipped, free
//! or missed keeps its number, and an edit changes when the next number falls, not which number
//! that is. Everything here is a pure function of the schedule and the time that it is given.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use jiff::{Timestamp, civil};

use super::calendar::Calendar;
use super::dunning::RetryPolicy;
use super::ids::{AccountName, MerchantName, PaymentId, ScheduleId, TokenId};
use super::money::Money;
use super::occurrence::{Occurrence, OccurrenceStatus, SkipReason};
use super::order::Purchase;
use super::words::worded;

/// How many occurrences ahead one schedule may have marked to be skipped.
pub const SKIPS_MAX: usize = 100;
/// The longest that an occurrence may be late, be it by jitter or because nobody was there to charge.
pub const WINDOW_MAX: Duration = Duration::from_secs(366 * 24 * 3600);
/// The longest time over which the charges of one moment may be spread.
pub const TOLERANCE_MAX: Duration = Duration::from_secs(24 * 3600);
/// How late an occurrence may be charged where the schedule does not say: a long weekend.
pub const CATCH_UP_DEFAULT: Duration = Duration::from_secs(72 * 3600);
/// When an occurrence falls where the schedule names no time of day.
pub const TIME_DEFAULT: civil::Time = civil::time(9, 0, 0, 0);
/// Occurrences of one schedule that one tick looks at. The next tick goes on.
pub const TICK_MAX: usize = 64;

/// A standing instruction to charge a token.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Our name for it.
    pub id: ScheduleId,
    /// Whose it is.
    pub merchant: MerchantName,
    /// The account of its token.
    pub account: AccountName,
    /// What is charged, from the next try on.
    pub token: TokenId,
    /// What is bought each time; its reference is filled in for each payment.
    pub purchase: Box<Purchase>,
    /// The first payment of the series, where the caller named one.
    pub first_payment: Option<PaymentId>,
    /// When.
    pub timing: Timing,
    /// What comes before the first full charge.
    pub trial: Option<Trial>,
    /// What follows a decline.
    pub retries: RetryPolicy,
    /// Where the browser goes when the customer had to pay by hand; without it no link can be made.
    pub return_url: Option<String>,
    /// Occurrences ahead that the caller wants skipped; at most [`SKIPS_MAX`].
    pub skips: BTreeSet<u32>,
    /// Where it stands.
    pub status: ScheduleStatus,
    /// Why it is past due or cancelled, where the gateway decided that.
    pub halted: Option<Halt>,
    /// When it was last resumed: what fell into the pause is skipped.
    pub resumed_at: Option<Timestamp>,
    /// When a card that expires is to be announced; `None` when there is nothing to announce.
    pub warn_at: Option<Timestamp>,
    /// The caller's `request_id`.
    pub request_id: String,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its terms or its status last changed.
    pub updated_at: Timestamp,
    /// Grows by one with each change of its terms or status: what an etag is made of.
    pub revision: u64,
    /// How far it has come.
    pub progress: Progress,
    /// Grows by one with each write, progress included.
    pub version: u64,
}

/// How far a schedule has come. It changes with every occurrence, and is written without the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The next occurrence; `None` when the last one was taken.
    pub next: Option<Planned>,
    /// Occurrences that were taken and have not ended.
    pub open: u32,
    /// Whether the next occurrence waits for an open one to end, whatever its time.
    pub parked: bool,
}

/// An occurrence that has not been taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Its number, from 1.
    pub number: u32,
    /// The local day on which it falls.
    pub date: civil::Date,
    /// When it falls.
    pub at: Timestamp,
    /// When it is charged: [`Planned::at`], and what the schedule's tolerance adds.
    pub due_at: Timestamp,
}

/// An occurrence ahead, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preview {
    /// When.
    pub planned: Planned,
    /// What it costs; `None` when it is free, or when nobody said what the schedule costs.
    pub money: Option<Money>,
    /// Whether it is marked to be skipped.
    pub skipped: bool,
}

/// When a schedule's occurrences fall, and how late they may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// On which days, at what time, where.
    pub calendar: Calendar,
    /// No occurrence falls before this day.
    pub first_date: civil::Date,
    /// Which occurrence is the last.
    pub end: End,
    /// How late an occurrence may be charged because the gateway was down, the schedule was
    /// unable to charge, or an earlier occurrence was in the way. At most [`WINDOW_MAX`].
    pub catch_up: Duration,
    /// What happens to an occurrence while an earlier one has not ended.
    pub overlap: Overlap,
    /// Over how long the charges of one moment may be spread; at most [`TOLERANCE_MAX`].
    pub tolerance: Duration,
}

/// Which occurrence is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// None is.
    Never,
    /// The one with this number.
    Count(u32),
    /// The last one on or before this day.
    Date(civil::Date),
}

/// What happens to an occurrence while an earlier one has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// It is skipped.
    Skip,
    /// It waits, as long as the catch-up window lasts.
    #[default]
    Delay,
    /// It is charged all the same.
    Allow,
}

/// What comes before the first full charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// How long it lasts.
    pub length: TrialLength,
    /// What each occurrence in it costs; `None` for nothing.
    pub money: Option<Money>,
}

/// How long a trial lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialLength {
    /// For so many occurrences, the first ones.
    Occurrences(u32),
    /// For the occurrences before this day.
    Before(civil::Date),
}

worded! {
    /// Where a schedule stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum ScheduleStatus {
        /// It charges.
        Active = "ACTIVE",
        /// The caller paused it.
        Paused = "PAUSED",
        /// A charge failed for good; nothing is charged until somebody acts.
        PastDue = "PAST_DUE",
        /// Its last occurrence has ended.
        Completed = "COMPLETED",
        /// It was ended before its time.
        Cancelled = "CANCELLED",
    }
}

impl ScheduleStatus {
    /// Whether nothing can change any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Completed | Self::Cancelled => true,
            Self::Active | Self::Paused | Self::PastDue => false,
        }
    }
}

worded! {
    /// Why the gateway stopped a schedule.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Halt {
        /// Every try that the policy allows was declined.
        RetriesExhausted = "retries_exhausted",
        /// The token will not work again: another one is needed.
        TokenRequired = "token_required",
        /// The customer did not pay by hand in time, or there was no way to ask.
        CustomerRequired = "customer_required",
        /// The provider refused the request itself, so trying again would not help.
        Rejected = "rejected",
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.number, self.date)
    }
}

impl Timing {
    /// The first occurrence, number 1, of a schedule with this id.
    #[must_use]
    pub fn first(&self, schedule: ScheduleId) -> Option<Planned> {
        let date = self.on_or_after(self.first_date)?;
        self.planned(schedule, 1, date)
    }

    /// The occurrence after another one.
    #[must_use]
    pub fn following(&self, schedule: ScheduleId, planned: Planned) -> Option<Planned> {
        let number = planned.number.checked_add(1)?;
        self.planned(schedule, number, self.calendar.after(planned.date)?)
    }

    /// The first day on or after another one that the calendar knows.
    #[must_use]
    pub fn on_or_after(&self, date: civil::Date) -> Option<civil::Date> {
        let first = self.calendar.first()?;
        if first >= date {
            return Some(first);
        }
        self.calendar.after(date.yesterday().ok()?)
    }

    /// An occurrence with this number on this day; `None` beyond the end.
    #[must_use]
    pub fn planned(&self, schedule: ScheduleId, number: u32, date: civil::Date) -> Option<Planned> {
        let ended = match self.end {
            End::Never => false,
            End::Count(count) => number > count,
            End::Date(last) => date > last,
        };
        if ended {
            return None;
        }
        let at = self.calendar.instant(date)?;
        let due_at = at.checked_add(self.jitter(schedule, number)).ok()?;
        Some(Planned { number, date, at, due_at })
    }

    /// A part of the tolerance, always the same for one occurrence, so that charges of one moment
    /// spread out and a crash does not move them.
    fn jitter(&self, schedule: ScheduleId, number: u32) -> Duration {
        let span_ms = u64::try_from(self.tolerance.as_millis()).unwrap_or(u64::MAX);
        if span_ms == 0 {
            return Duration::ZERO;
        }
        Duration::from_millis(mixed(schedule.lot() ^ u64::from(number)) % span_ms)
    }
}

/// Spreads neighbouring numbers over the whole range (the finalizer of SplitMix64).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Schedule {
    /// When the store has to hand it out; `None` while nothing of it can fall due.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        let charges = self.status == ScheduleStatus::Active && !self.progress.parked;
        self.progress.next.filter(|_| charges).map(|next| next.due_at)
    }

    /// Names this state of its terms and status, for callers who want to change exactly that.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("{:016x}.{}", self.id.lot(), self.revision)
    }

    /// What the occurrence costs; `None` when it is free.
    #[must_use]
    pub fn price(&self, planned: Planned) -> Option<Money> {
        match self.trial {
            Some(trial) if trial.covers(planned) => trial.money,
            _ => Some(self.purchase.money),
        }
    }

    /// Takes what is due: the occurrences to be written down, in the order of their numbers, and in
    /// the schedule how far it has come. At most one of them is to be charged, unless they may
    /// overlap; the others say why they are not.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Occurrence> {
        let mut taken = Vec::new();
        while self.next_at().is_some_and(|at| at <= now)
            && let Some(next) = self.progress.next
            && taken.len() < TICK_MAX
        {
            let status = match self.fate(next, now) {
                Fate::Charge => {
                    self.progress.open += 1;
                    OccurrenceStatus::Due
                }
                Fate::Free => OccurrenceStatus::Free,
                Fate::Skip(reason) => OccurrenceStatus::Skipped(reason),
                Fate::Wait => {
                    self.progress.parked = true;
                    break;
                }
            };
            taken.push(Occurrence::taken(self, next, status, now));
            self.progress.next = self.timing.following(self.id, next);
        }
        taken
    }

    /// What becomes of an occurrence that is due.
    fn fate(&self, next: Planned, now: Timestamp) -> Fate {
        if self.skips.contains(&next.number) {
            return Fate::Skip(SkipReason::Requested);
        }
        if self.resumed_at.is_some_and(|at| next.at < at) {
            return Fate::Skip(SkipReason::Paused);
        }
        if self.price(next).is_none() {
            return Fate::Free;
        }
        let late = Duration::try_from(now.duration_since(next.due_at)).unwrap_or(Duration::ZERO);
        if late > self.timing.catch_up {
            let reason = if self.progress.open > 0 { SkipReason::Overlap } else { SkipReason::Missed };
            return Fate::Skip(reason);
        }
        match self.timing.overlap {
            Overlap::Skip if self.progress.open > 0 => Fate::Skip(SkipReason::Overlap),
            Overlap::Delay if self.progress.open > 0 => Fate::Wait,
            Overlap::Skip | Overlap::Delay | Overlap::Allow => Fate::Charge,
        }
    }

    /// One of its occurrences has ended.
    pub fn ended_one(&mut self) {
        self.progress.open = self.progress.open.saturating_sub(1);
        if self.progress.open == 0 {
            self.progress.parked = false;
        }
    }

    /// Whether nothing is left to be charged.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.progress.next.is_none() && self.progress.open == 0
    }

    /// The occurrences ahead after a number, as they are shown; at most `limit`.
    #[must_use]
    pub fn preview(&self, after: u32, limit: usize) -> Vec<Preview> {
        let passed = after.saturating_sub(self.progress.next.map_or(0, |next| next.number - 1));
        let shown = |planned: Planned| Preview {
            planned,
            money: self.price(planned),
            skipped: self.skips.contains(&planned.number),
        };
        self.ahead(limit.saturating_add(passed as usize))
            .skip_while(|planned| planned.number <= after)
            .take(limit)
            .map(shown)
            .collect()
    }

    /// The next occurrences, as they would fall if nothing changed; at most `limit`.
    pub fn ahead(&self, limit: usize) -> impl Iterator<Item = Planned> + '_ {
        std::iter::successors(self.progress.next, |planned| self.timing.following(self.id, *planned))
            .take(limit)
    }
}

/// What becomes of an occurrence that is due.
enum Fate {
    Charge,
    Free,
    Skip(SkipReason),
    Wait,
}

impl Trial {
    /// Whether an occurrence is a part of it.
    #[must_use]
    pub fn covers(&self, planned: Planned) -> bool {
        match self.length {
            TrialLength::Occurrences(count) => planned.number <= count,
            TrialLength::Before(date) => planned.date < date,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::calendar::{Cadence, Zone};
    use crate::domain::money::Currency;
    use crate::domain::order::{CaptureMode, Customer, Options, ThreeDSecure};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn purchase() -> Box<Purchase> {
        let money = Money::new(9_900, Currency::parse("NOK").expect("a currency")).expect("an amount");
        Box::new(Purchase {
            reference: String::new(),
            merchant_reference: "abo-1".to_owned(),
            money,
            capture: CaptureMode::Automatic,
            description: None,
            descriptor: None,
            customer: Customer::default(),
            lines: Vec::new(),
            billing: None,
            shipping: None,
            delivery: None,
            tax_minor: None,
            locale: None,
            three_d_secure: ThreeDSecure::Automatic,
            metadata: Default::default(),
            notify_url: None,
            options: Options::default(),
        })
    }

    fn schedule(cadence: Cadence, first: civil::Date) -> Schedule {
        let zone = Zone::parse("Europe/Oslo").expect("a zone");
        let calendar = Calendar::new(cadence, first, civil::time(9, 0, 0, 0), zone).expect("a calendar");
        let timing = Timing {
            calendar,
            first_date: first,
            end: End::Never,
            catch_up: CATCH_UP_DEFAULT,
            overlap: Overlap::Delay,
            tolerance: Duration::ZERO,
        };
        let (id, now) = (ScheduleId::from_bytes([7; 16]), at("2026-01-01T00:00:00Z"));
        let next = timing.first(id);
        Schedule {
            id,
            merchant: MerchantName("shop".to_owned()),
            account: AccountName("north".to_owned()),
            token: TokenId::from_bytes([8; 16]),
            purchase: purchase(),
            first_payment: None,
            timing,
            trial: None,
            retries: RetryPolicy::default(),
            return_url: None,
            skips: BTreeSet::new(),
            status: ScheduleStatus::Active,
            halted: None,
            resumed_at: None,
            warn_at: None,
            request_id: "r".to_owned(),
            created_at: now,
            updated_at: now,
            revision: 1,
            progress: Progress { next, open: 0, parked: false },
            version: 1,
        }
    }

    /// What one look at the schedule took, in words.
    fn took(schedule: &mut Schedule, now: &str) -> Vec<String> {
        let taken = schedule.tick(at(now));
        taken.iter().map(|taken| format!("{} {} {}", taken.number, taken.date, taken.status.word())).collect()
    }

    #[test]
    fn nothing_is_taken_before_its_time_and_nothing_twice() {
        let mut schedule = schedule(Cadence::Months(1), date(2026, 1, 31));
        assert!(took(&mut schedule, "2026-01-31T07:59:59Z").is_empty());
        assert_eq!(took(&mut schedule, "2026-01-31T08:00:00Z"), ["1 2026-01-31 due"]);
        assert!(took(&mut schedule, "2026-01-31T08:00:00Z").is_empty());
        schedule.ended_one();
        assert_eq!(took(&mut schedule, "2026-02-28T08:00:00Z"), ["2 2026-02-28 due"]);
        schedule.ended_one();
        assert_eq!(took(&mut schedule, "2026-03-31T07:00:00Z"), ["3 2026-03-31 due"]);
    }

    #[test]
    fn a_week_of_downtime_is_caught_up_with_as_far_as_the_window_goes() {
        let mut schedule = schedule(Cadence::Days(1), date(2026, 5, 1));
        schedule.timing.overlap = Overlap::Allow;
        assert_eq!(
            took(&mut schedule, "2026-05-07T12:00:00Z"),
            [
                "1 2026-05-01 skipped_missed",
                "2 2026-05-02 skipped_missed",
                "3 2026-05-03 skipped_missed",
                "4 2026-05-04 skipped_missed",
                "5 2026-05-05 due",
                "6 2026-05-06 due",
                "7 2026-05-07 due",
            ]
        );
    }

    #[test]
    fn what_overlaps_waits_is_skipped_or_is_charged_all_the_same() {
        let fresh = |overlap| {
            let mut schedule = schedule(Cadence::Days(1), date(2026, 5, 1));
            schedule.timing.overlap = overlap;
            assert_eq!(took(&mut schedule, "2026-05-01T07:00:00Z"), ["1 2026-05-01 due"]);
            schedule
        };
        let mut skips = fresh(Overlap::Skip);
        assert_eq!(took(&mut skips, "2026-05-02T07:00:00Z"), ["2 2026-05-02 skipped_overlap"]);
        let mut allows = fresh(Overlap::Allow);
        assert_eq!(took(&mut allows, "2026-05-02T07:00:00Z"), ["2 2026-05-02 due"]);
        assert_eq!(allows.progress.open, 2);

        let mut waits = fresh(Overlap::Delay);
        assert!(took(&mut waits, "2026-05-02T07:00:00Z").is_empty());
        assert!(waits.progress.parked && waits.next_at().is_none());
        waits.ended_one();
        assert_eq!(took(&mut waits, "2026-05-02T09:00:00Z"), ["2 2026-05-02 due"]);
        // Longer than the window allows nobody waits.
        assert!(took(&mut waits, "2026-05-03T07:00:00Z").is_empty());
        waits.ended_one();
        assert_eq!(
            took(&mut waits, "2026-05-07T00:00:00Z"),
            ["3 2026-05-03 skipped_missed", "4 2026-05-04 due"]
        );
    }

    #[test]
    fn numbers_go_on_through_skips_trials_and_pauses() {
        let mut schedule = schedule(Cadence::Weeks(1), date(2026, 5, 1));
        schedule.trial = Some(Trial { length: TrialLength::Occurrences(2), money: None });
        schedule.skips.insert(3);
        schedule.timing.end = End::Count(5);
        assert_eq!(took(&mut schedule, "2026-05-09T00:00:00Z"), ["1 2026-05-01 free", "2 2026-05-08 free"]);
        assert_eq!(took(&mut schedule, "2026-05-16T00:00:00Z"), ["3 2026-05-15 skipped_requested"]);
        schedule.status = ScheduleStatus::Paused;
        assert!(took(&mut schedule, "2026-05-23T00:00:00Z").is_empty());
        schedule.status = ScheduleStatus::Active;
        schedule.resumed_at = Some(at("2026-05-25T00:00:00Z"));
        assert_eq!(took(&mut schedule, "2026-05-25T00:00:00Z"), ["4 2026-05-22 skipped_paused"]);
        assert_eq!(took(&mut schedule, "2026-05-29T07:00:00Z"), ["5 2026-05-29 due"]);
        assert!(schedule.progress.next.is_none() && !schedule.is_over());
        schedule.ended_one();
        assert!(schedule.is_over());
    }

    #[test]
    fn a_trial_may_cost_something_and_end_on_a_day() {
        let mut schedule = schedule(Cadence::Months(1), date(2026, 5, 1));
        let less = Money::new(100, schedule.purchase.money.currency()).expect("an amount");
        let length = TrialLength::Before(date(2026, 6, 15));
        schedule.trial = Some(Trial { length, money: Some(less) });
        let prices: Vec<_> =
            schedule.preview(0, 4).into_iter().map(|ahead| ahead.money.map(|money| money.minor())).collect();
        assert_eq!(prices, [Some(100), Some(100), Some(9_900), Some(9_900)]);
    }

    #[test]
    fn the_tolerance_spreads_within_its_bounds_and_never_moves() {
        let mut spread = BTreeSet::new();
        for place in 0..200u8 {
            let mut schedule = schedule(Cadence::Days(1), date(2026, 5, 1));
            schedule.id = ScheduleId::from_bytes([place; 16]);
            schedule.timing.tolerance = Duration::from_secs(3600);
            let first = schedule.timing.first(schedule.id).expect("a first one");
            assert_eq!(schedule.timing.first(schedule.id), Some(first));
            let late = Duration::try_from(first.due_at.duration_since(first.at)).expect("not early");
            assert!(late < Duration::from_secs(3600));
            spread.insert(late.as_secs() / 600);
        }
        assert_eq!(spread.len(), 6, "all parts of the hour are used");
    }

    #[test]
    fn a_preview_goes_on_after_a_number() {
        let mut schedule = schedule(Cadence::Months(1), date(2026, 1, 31));
        schedule.skips.insert(3);
        let shown = |after, limit| {
            let ahead = schedule.preview(after, limit);
            ahead.iter().map(|ahead| format!("{} {}", ahead.planned, ahead.skipped)).collect::<Vec<_>>()
        };
        assert_eq!(shown(0, 3), ["1 on 2026-01-31 false", "2 on 2026-02-28 false", "3 on 2026-03-31 true"]);
        assert_eq!(shown(3, 2), ["4 on 2026-04-30 false", "5 on 2026-05-31 false"]);
    }

    #[test]
    fn one_look_takes_a_bounded_number() {
        let mut schedule = schedule(Cadence::Days(1), date(2026, 1, 1));
        assert_eq!(schedule.tick(at("2027-01-01T00:00:00Z")).len(), TICK_MAX);
        assert!(schedule.next_at().is_some());
    }
}
