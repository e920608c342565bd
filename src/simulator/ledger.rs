//! The truth that tests compare a gateway with: what money this provider actually moved.
//!
//! Providers write a line here at the moment they move money (or refuse to), whatever then becomes
//! of the answer on the wire. Nothing in the simulators reads the ledger to decide anything.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

/// Lines remembered; beyond it the oldest leave.
pub const MOVEMENTS_MAX: usize = 500_000;

/// What happened to money. All amounts are minor units of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Funds reserved.
    Authorize,
    /// A reservation changed by this much; negative when it shrank.
    Reauthorize,
    /// Funds reserved and taken in one step.
    Charge,
    /// Reserved funds taken.
    Capture,
    /// A reservation, or the rest of one, released; or what was taken given back before it settled.
    Void,
    /// Taken funds given back.
    Refund,
    /// A card stored; no money moved.
    Tokenize,
    /// Funds pushed to a card used before.
    Credit,
}

/// One line of the ledger.
#[derive(Debug, Clone, Serialize)]
pub struct Movement {
    /// The merchant's own reference, whatever the provider calls it.
    pub reference: String,
    /// What was asked for.
    pub kind: Kind,
    /// Minor units; negative only for a reservation that shrank.
    pub amount_minor: i64,
    /// ISO 4217 letters as the merchant sent them.
    pub currency: String,
    /// The provider's id of the transaction that did it.
    pub transaction_id: String,
    /// The transaction acted upon, where that is another one.
    pub parent_id: Option<String>,
    /// When, on the simulators' clock.
    pub at: Timestamp,
    /// `true`: it was refused and no money moved.
    pub declined: bool,
}

/// Successful totals under one reference, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Reserved, whether or not taken since.
    pub authorized: i64,
    /// Taken.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
    /// Released without being taken.
    pub voided: i64,
}

/// What the ledger says about one reference.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Sums over everything that succeeded.
    pub totals: Totals,
    /// Successful authorizations and charges: more than one is a double charge.
    pub successes: usize,
    /// Refused authorizations and charges.
    pub declines: usize,
    /// Cards stored.
    pub tokenized: usize,
    /// The currency of the newest line.
    pub currency: String,
}

impl Account {
    /// One word for where the money is, or `None` when none was ever asked for.
    pub fn state(&self) -> Option<&'static str> {
        let Totals { authorized, captured, refunded, voided } = self.totals;
        Some(match () {
            () if captured > 0 && refunded >= captured => "refunded",
            () if refunded > 0 => "partially_refunded",
            () if captured > 0 && captured + voided < authorized => "partially_captured",
            () if captured > 0 => "captured",
            () if voided > 0 => "voided",
            () if self.successes > 0 => "authorized",
            () if self.tokenized > 0 => "tokenized",
            () if self.declines > 0 => "declined",
            () => return None,
        })
    }

    fn add(&mut self, line: &Movement) {
        self.currency.clone_from(&line.currency);
        if line.declined {
            if matches!(line.kind, Kind::Authorize | Kind::Charge) {
                self.declines += 1;
            }
            return;
        }
        let amount = line.amount_minor;
        match line.kind {
            Kind::Authorize => {
                self.totals.authorized += amount;
                self.successes += 1;
            }
            Kind::Charge => {
                self.totals.authorized += amount;
                self.totals.captured += amount;
                self.successes += 1;
            }
            Kind::Reauthorize => self.totals.authorized += amount,
            Kind::Capture => self.totals.captured += amount,
            Kind::Void => {
                self.totals.voided += amount;
                // More than was left of a reservation: what had been taken went back before it
                // settled.
                if self.totals.voided + self.totals.captured > self.totals.authorized {
                    self.totals.captured = self.totals.authorized - self.totals.voided;
                }
            }
            Kind::Refund => self.totals.refunded += amount,
            Kind::Tokenize => self.tokenized += 1,
            // Money going the other way is no part of a payment's totals.
            Kind::Credit => {}
        }
    }
}

/// How often each kind of movement was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Done.
    pub succeeded: u64,
    /// Refused.
    pub declined: u64,
}

/// Every movement, in the order it happened.
#[derive(Debug, Default)]
pub struct Ledger {
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    lines: VecDeque<Movement>,
    // The number of lines that have left at the front: `lines[n - left]` is the n-th ever written.
    left: u64,
    by_reference: HashMap<String, Vec<u64>>,
    counts: BTreeMap<Kind, Count>,
    // References with more than one success, kept as they appear so that asking is cheap.
    duplicates: BTreeMap<String, usize>,
    successes: HashMap<String, usize>,
}

impl Ledger {
    /// Writes a line.
    pub fn record(&self, line: Movement) {
        let book = &mut *self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let count = book.counts.entry(line.kind).or_default();
        if line.declined {
            count.declined += 1;
        } else {
            count.succeeded += 1;
        }
        if !line.declined && matches!(line.kind, Kind::Authorize | Kind::Charge) {
            let successes = book.successes.entry(line.reference.clone()).or_default();
            *successes += 1;
            if *successes > 1 {
                book.duplicates.insert(line.reference.clone(), *successes);
            }
        }
        let number = book.left + book.lines.len() as u64;
        let numbers = book.by_reference.entry(line.reference.clone());
        numbers.or_default().push(number);
        book.lines.push_back(line);
        if book.lines.len() > MOVEMENTS_MAX {
            book.forget_oldest();
        }
    }

    /// The lines under one reference, or the newest thousand of all, oldest first.
    pub fn lines(&self, reference: Option<&str>) -> Vec<Movement> {
        const UNFILTERED_MAX: usize = 1_000;
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        match reference {
            Some(reference) => book.under(reference).cloned().collect(),
            None => {
                let skip = book.lines.len().saturating_sub(UNFILTERED_MAX);
                book.lines.iter().skip(skip).cloned().collect()
            }
        }
    }

    /// What the lines under one reference add up to.
    pub fn account(&self, reference: &str) -> Account {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let mut account = Account::default();
        book.under(reference).for_each(|line| account.add(line));
        account
    }

    /// How often each kind of movement was asked for since the start.
    pub fn summary(&self) -> BTreeMap<Kind, Count> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.counts.clone()
    }

    /// References with more than one successful authorization or charge, and how many.
    pub fn duplicates(&self) -> BTreeMap<String, usize> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.duplicates.clone()
    }
}

impl Book {
    fn under(&self, reference: &str) -> impl Iterator<Item = &Movement> {
        let numbers = self.by_reference.get(reference).map_or(&[][..], Vec::as_slice);
        numbers.iter().filter_map(|number| {
            let place = usize::try_from(number.checked_sub(self.left)?).ok()?;
            self.lines.get(place)
        })
    }

    fn forget_oldest(&mut self) {
        let Some(line) = self.lines.pop_front() else {
            return;
        };
        self.left += 1;
        let Some(numbers) = self.by_reference.get_mut(&line.reference) else {
            return;
        };
        numbers.retain(|number| *number >= self.left);
        if numbers.is_empty() {
            self.by_reference.remove(&line.reference);
            self.successes.remove(&line.reference);
            self.duplicates.remove(&line.reference);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reference: &str, kind: Kind, amount_minor: i64, declined: bool) -> Movement {
        Movement {
            reference: reference.into(),
            kind,
            amount_minor,
            currency: "EUR".into(),
            transaction_id: "t".into(),
            parent_id: None,
            at: Timestamp::UNIX_EPOCH,
            declined,
        }
    }

    #[test]
    fn a_payment_s_life_in_one_word() {
        let ledger = Ledger::default();
        let state = |ledger: &Ledger| ledger.account("r").state();
        assert_eq!(state(&ledger), None);
        ledger.record(line("r", Kind::Authorize, 100, true));
        assert_eq!(state(&ledger), Some("declined"));
        ledger.record(line("r", Kind::Authorize, 100, false));
        assert_eq!(state(&ledger), Some("authorized"));
        ledger.record(line("r", Kind::Capture, 60, false));
        assert_eq!(state(&ledger), Some("partially_captured"));
        ledger.record(line("r", Kind::Void, 40, false));
        assert_eq!(state(&ledger), Some("captured"));
        ledger.record(line("r", Kind::Refund, 10, false));
        assert_eq!(state(&ledger), Some("partially_refunded"));
        ledger.record(line("r", Kind::Refund, 50, false));
        assert_eq!(state(&ledger), Some("refunded"));
        assert!(ledger.duplicates().is_empty());
    }

    #[test]
    fn two_successes_under_one_reference_are_a_duplicate() {
        let ledger = Ledger::default();
        ledger.record(line("r", Kind::Charge, 100, false));
        ledger.record(line("r", Kind::Charge, 100, true));
        assert!(ledger.duplicates().is_empty());
        ledger.record(line("r", Kind::Authorize, 100, false));
        assert_eq!(ledger.duplicates().get("r"), Some(&2));
    }
}
