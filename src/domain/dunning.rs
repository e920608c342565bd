//! Dunning: what follows a decline of a scheduled charge. The decline's advice decides, then the
//! ladder, then the ceilings of the card schemes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::calendar::Calendar;
use super::card::CardSummary;
use super::ids::MerchantName;
use super::outcome::RetryAdvice;

/// Tries that one ladder can have.
pub const RUNGS_MAX: usize = 20;
/// The earliest rung: sooner than this nothing has changed at the issuer.
pub const RUNG_MIN: Duration = Duration::from_secs(3600);
/// The latest rung.
pub const RUNG_MAX: Duration = Duration::from_secs(90 * 24 * 3600);
/// Windows that the ceilings of one card scheme can have.
pub const WINDOWS_MAX: usize = 8;
/// The longest window of a ceiling.
pub const WINDOW_DAYS_MAX: u32 = 366;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What follows a decline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetryPolicy {
    /// When it is tried again; `None` for the merchant's ladder.
    pub ladder: Option<Ladder>,
    /// What becomes of the schedule when the last try was declined.
    pub when_exhausted: WhenExhausted,
}

/// What becomes of a schedule when the last try was declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenExhausted {
    /// It stops until somebody acts.
    #[default]
    PastDue,
    /// It ends.
    Cancel,
    /// It goes on with the next occurrence.
    Continue,
}

/// When a declined occurrence is tried again: times after its first decline, growing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder(Vec<Duration>);

/// A ladder that cannot be climbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LadderError {
    /// More than [`RUNGS_MAX`].
    #[error("has more than {RUNGS_MAX} tries")]
    TooLong,
    /// Earlier than [`RUNG_MIN`] or later than [`RUNG_MAX`].
    #[error("has a try earlier than an hour or later than 90 days after the first decline")]
    OutOfBounds,
    /// Not growing.
    #[error("must grow from try to try")]
    NotGrowing,
}

impl Ladder {
    /// A ladder of these rungs. An empty one means that nothing is tried again.
    ///
    /// # Errors
    /// [`LadderError`].
    pub fn new(rungs: Vec<Duration>) -> Result<Self, LadderError> {
        if rungs.len() > RUNGS_MAX {
            return Err(LadderError::TooLong);
        }
        if rungs.iter().any(|rung| !(RUNG_MIN..=RUNG_MAX).contains(rung)) {
            return Err(LadderError::OutOfBounds);
        }
        if rungs.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(LadderError::NotGrowing);
        }
        Ok(Self(rungs))
    }

    /// The rungs.
    #[must_use]
    pub fn rungs(&self) -> &[Duration] {
        &self.0
    }

    /// The next try of an occurrence that was first declined at `first` and now again or for the
    /// first time. Rungs that passed meanwhile are used up, so that an outage does not bunch tries
    /// together. `None` when no rung is left.
    ///
    /// A rung of whole days falls on that day at the schedule's own local time, so that a change of
    /// the clocks does not move it; a shorter one is exact.
    #[must_use]
    pub fn next(&self, first: Timestamp, now: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        self.0.iter().filter_map(|rung| rung_at(*rung, first, calendar)).find(|at| *at > now)
    }
}

impl Default for Ladder {
    /// 1, 3, 5 and 7 days after the first decline.
    fn default() -> Self {
        Self([1, 3, 5, 7].map(|days| DAY * days).to_vec())
    }
}

fn rung_at(rung: Duration, first: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
    if !rung.as_secs().is_multiple_of(DAY.as_secs()) {
        return first.checked_add(rung).ok();
    }
    let days = i64::try_from(rung.as_secs() / DAY.as_secs()).ok()?;
    let date = calendar.zone.local(first).date().checked_add(days.days()).ok()?;
    calendar.zone.instant(date, calendar.time)
}

/// What is to be done after a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try again at this time.
    Retry(Timestamp),
    /// This token will not work: ask for another.
    NewToken,
    /// Only the customer can help: send a link.
    Customer,
    /// Enough was tried.
    Exhausted,
}

/// Judges a decline: its advice first, then the ladder.
#[must_use]
pub fn judge(
    advice: RetryAdvice,
    retry_after: Option<Timestamp>,
    ladder: &Ladder,
    first_declined_at: Timestamp,
    now: Timestamp,
    calendar: &Calendar,
) -> Verdict {
    match advice {
        RetryAdvice::Never | RetryAdvice::CorrectData => Verdict::NewToken,
        RetryAdvice::WithCustomer => Verdict::Customer,
        RetryAdvice::Later => {
            // Not before the provider says so; the rungs before that are used up.
            let from = retry_after.map_or(now, |at| at.max(now));
            match ladder.next(first_declined_at, from, calendar) {
                Some(at) => Verdict::Retry(at),
                None => Verdict::Exhausted,
            }
        }
    }
}

/// How often a card may be declined before it must be left alone, by card scheme. The defaults are
/// those of the schemes' rulebooks as of 2026; they move, so they are configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceilings {
    /// Windows by brand, lower case, as [`CardSummary::brand`] has it.
    pub by_brand: Vec<(String, Vec<Window>)>,
    /// For every other brand, and where the brand is not known.
    pub others: Vec<Window>,
}

/// At most so many declined tries within so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many; at least one.
    pub tries: u32,
    /// Within how long.
    pub within: Duration,
}

impl Default for Ceilings {
    fn default() -> Self {
        let days = |tries, days| Window { tries, within: DAY * days };
        Self {
            by_brand: vec![
                ("visa".to_owned(), vec![days(15, 30)]),
                ("mastercard".to_owned(), vec![days(10, 1), days(35, 30)]),
            ],
            // Nobody knows whose rules hold: the stricter of both.
            others: vec![days(10, 1), days(15, 30)],
        }
    }
}

impl Ceilings {
    /// The windows of a card.
    #[must_use]
    pub fn of(&self, card: &CardSummary) -> &[Window] {
        let brand = card.brand.as_deref().unwrap_or_default();
        let known = self.by_brand.iter().find(|(name, _)| name == brand);
        known.map_or(&self.others, |(_, windows)| windows)
    }

    /// The longest window of all: older declines need not be remembered.
    #[must_use]
    pub fn longest(&self) -> Duration {
        let all = self.by_brand.iter().flat_map(|(_, windows)| windows).chain(&self.others);
        all.map(|window| window.within).max().unwrap_or_default()
    }
}

/// When a card may be tried, given when it was declined before, oldest first, and how many tries
/// of it are under way and may be declined yet. `None`: now. Tries under way count as declined now.
#[must_use]
pub fn free_at(
    windows: &[Window],
    declined: &[Timestamp],
    under_way: usize,
    now: Timestamp,
) -> Option<Timestamp> {
    let wait = |window: &Window| {
        let since = now.checked_sub(SignedDuration::try_from(window.within).ok()?).ok()?;
        let counted = &declined[declined.partition_point(|at| *at <= since)..];
        let tries = usize::try_from(window.tries).unwrap_or(usize::MAX);
        let over = (counted.len() + under_way).checked_sub(tries)?;
        // So many have to leave the window until there is room for one; those under way leave last.
        let leaves = counted.get(over).copied().unwrap_or(now);
        leaves.checked_add(window.within).ok()
    };
    windows.iter().filter_map(wait).max()
}

/// What tells a card from others across accounts and tokens, without being the card: whose customer
/// it is, its last four digits and its expiry. Two cards that share them are counted as one, which
/// can only make us more careful. `None` when the card is not known.
#[must_use]
pub fn card_key(merchant: &MerchantName, card: &CardSummary) -> Option<String> {
    let last_four = card.last_four.as_deref()?;
    let (month, year) = (card.expiry_month.unwrap_or(0), card.expiry_year.unwrap_or(0));
    Some(format!("{merchant}/{last_four}/{month:02}/{year:04}"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::domain::calendar::{Cadence, Zone};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn oslo() -> Calendar {
        let zone = Zone::parse("Europe/Oslo").expect("a zone");
        Calendar::new(Cadence::Months(1), date(2026, 1, 31), time(9, 0, 0, 0), zone).expect("a calendar")
    }

    fn hours(hours: u64) -> Duration {
        Duration::from_secs(hours * 3600)
    }

    #[test]
    fn a_ladder_grows_within_its_bounds() {
        assert_eq!(Ladder::new(vec![hours(0)]), Err(LadderError::OutOfBounds));
        assert_eq!(Ladder::new(vec![hours(91 * 24)]), Err(LadderError::OutOfBounds));
        assert_eq!(Ladder::new(vec![hours(24), hours(24)]), Err(LadderError::NotGrowing));
        assert_eq!(Ladder::new((1..22).map(hours).collect()), Err(LadderError::TooLong));
        assert!(Ladder::new((1..21).map(hours).collect()).is_ok());
        assert!(Ladder::new(Vec::new()).is_ok(), "nothing is tried again");
    }

    #[test]
    fn days_are_days_of_the_calendar_and_hours_are_exact() {
        // The clocks in Oslo go forward on 29 March 2026.
        let first = at("2026-03-28T08:00:03Z");
        let ladder = Ladder::new(vec![hours(5), hours(24), hours(30), hours(72)]).expect("a ladder");
        let mut now = first;
        let mut tries = Vec::new();
        while let Some(next) = ladder.next(first, now, &oslo()) {
            tries.push(next.to_string());
            now = next;
        }
        assert_eq!(
            tries,
            ["2026-03-28T13:00:03Z", "2026-03-29T07:00:00Z", "2026-03-29T14:00:03Z", "2026-03-31T07:00:00Z"]
        );
    }

    #[test]
    fn rungs_that_an_outage_passed_are_used_up() {
        let first = at("2026-05-01T07:00:00Z");
        let ladder = Ladder::default();
        let after = |now: &str| ladder.next(first, at(now), &oslo()).map(|next| next.to_string());
        assert_eq!(after("2026-05-01T07:00:01Z").as_deref(), Some("2026-05-02T07:00:00Z"));
        assert_eq!(after("2026-05-05T12:00:00Z").as_deref(), Some("2026-05-06T07:00:00Z"));
        assert_eq!(after("2026-05-08T07:00:00Z"), None);
    }

    #[test]
    fn the_advice_decides_before_the_ladder() {
        let (first, now) = (at("2026-05-01T07:00:00Z"), at("2026-05-01T07:00:01Z"));
        let judged = |advice, retry_after: Option<&str>| {
            judge(advice, retry_after.map(at), &Ladder::default(), first, now, &oslo())
        };
        assert_eq!(judged(RetryAdvice::Never, None), Verdict::NewToken);
        assert_eq!(judged(RetryAdvice::CorrectData, None), Verdict::NewToken);
        assert_eq!(judged(RetryAdvice::WithCustomer, None), Verdict::Customer);
        assert_eq!(judged(RetryAdvice::Later, None), Verdict::Retry(at("2026-05-02T07:00:00Z")));
        let not_before = judged(RetryAdvice::Later, Some("2026-05-03T00:00:00Z"));
        assert_eq!(not_before, Verdict::Retry(at("2026-05-04T07:00:00Z")));
        assert_eq!(judged(RetryAdvice::Later, Some("2026-06-01T00:00:00Z")), Verdict::Exhausted);
    }

    #[test]
    fn a_card_rests_when_its_windows_are_full() {
        let now = at("2026-05-10T00:00:00Z");
        let ago = |hours: i64| now.checked_sub(SignedDuration::from_hours(hours)).expect("in range");
        let windows = [Window { tries: 3, within: hours(24) }, Window { tries: 5, within: hours(240) }];
        assert_eq!(free_at(&windows, &[], 0, now), None);
        assert_eq!(free_at(&windows, &[ago(30), ago(2), ago(1)], 0, now), None);
        // Three within a day: room again when the first of them is a day old.
        assert_eq!(free_at(&windows, &[ago(20), ago(2), ago(1)], 0, now), Some(ago(-4)));
        // Tries under way may be declined too.
        assert_eq!(free_at(&windows, &[ago(20), ago(2)], 1, now), Some(ago(-4)));
        assert_eq!(free_at(&windows, &[], 3, now), Some(ago(-24)));
        // The longer window holds even when the shorter one is free.
        let five = [ago(200), ago(190), ago(180), ago(170), ago(160)];
        assert_eq!(free_at(&windows, &five, 0, now), Some(ago(-40)));
        // One that is exactly as old as the window has left it.
        assert_eq!(free_at(&windows[..1], &[ago(24), ago(2), ago(1)], 0, now), None);
    }

    #[test]
    fn brands_have_their_ceilings_and_others_the_stricter_ones() {
        let ceilings = Ceilings::default();
        let of = |brand: Option<&str>| {
            let card = CardSummary { brand: brand.map(str::to_owned), ..CardSummary::default() };
            ceilings.of(&card).iter().map(|window| window.tries).collect::<Vec<_>>()
        };
        assert_eq!(of(Some("visa")), [15]);
        assert_eq!(of(Some("mastercard")), [10, 35]);
        assert_eq!(of(Some("belkart")), [10, 15]);
        assert_eq!(of(None), [10, 15]);
        assert_eq!(ceilings.longest(), DAY * 30);
    }
}
