//! The provider counts some currencies in other minor units than ISO 4217 does.
//!
//! Its own library has a table of exponents (dossier, section 11). Amounts are converted exactly
//! or not at all: 50.50 IDR cannot be said in whole rupiah, so it is refused and never rounded.

use std::collections::BTreeMap;

use crate::domain::money::{Currency, Money};
use crate::providers::contract::Fault;
use crate::providers::settings::Settings;

/// Where the provider's library differs from ISO 4217, of the currencies that are still active.
/// (It also lists CLF, SLL and STD, which nobody can be charged in.) UGX is missing there, which
/// means two digits; ISO has none.
const DIFFERENT: &[(&str, u32)] = &[
    ("CVE", 0),
    ("IDR", 0),
    ("IQD", 0),
    ("IRR", 0),
    ("KPW", 0),
    ("LAK", 0),
    ("LBP", 0),
    ("MMK", 0),
    ("MOP", 1),
    ("UGX", 2),
];

/// The largest exponent that a setting may name.
const EXPONENT_MAX: u32 = 4;

/// The provider's exponents, as far as they differ from ISO 4217.
#[derive(Debug, Clone)]
pub(super) struct Exponents(BTreeMap<Currency, u32>);

impl Exponents {
    /// The table of the provider's library, with the account's `currency_exponents` on top.
    pub(super) fn read(settings: &Settings) -> Self {
        let mut table: BTreeMap<Currency, u32> = DIFFERENT
            .iter()
            .filter_map(|(code, exponent)| Some((Currency::parse(code).ok()?, *exponent)))
            .collect();
        for entry in settings.list("currency_exponents") {
            match parse_entry(&entry) {
                Some((currency, exponent)) => {
                    table.insert(currency, exponent);
                }
                None => settings.mistake("currency_exponents", "must be entries such as \"IDR:0\""),
            }
        }
        Self(table)
    }

    fn of(&self, currency: Currency) -> u32 {
        self.0.get(&currency).copied().unwrap_or_else(|| currency.exponent())
    }

    /// Our amount in the provider's minor units.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for an amount that the provider's units cannot say.
    pub(super) fn to_wire(&self, money: Money, field: &str) -> Result<i64, Fault> {
        let (ours, theirs) = (money.currency().exponent(), self.of(money.currency()));
        shift(money.minor(), ours, theirs).ok_or_else(|| Fault::Invalid {
            field: field.to_owned(),
            problem: format!("beGateway counts {} with {theirs} decimal digits", money.currency()),
        })
    }

    /// The provider's amount in ours; `None` where it is none of ours.
    pub(super) fn read_wire(&self, minor: i64, currency: Currency) -> Option<Money> {
        let ours = shift(minor, self.of(currency), currency.exponent())?;
        Money::new(ours, currency).ok()
    }
}

fn parse_entry(entry: &str) -> Option<(Currency, u32)> {
    let (code, digits) = entry.split_once(':')?;
    let exponent: u32 = digits.trim().parse().ok()?;
    (exponent <= EXPONENT_MAX).then_some((Currency::parse(code.trim()).ok()?, exponent))
}

/// A count of units of one exponent as a count of units of another, or nothing.
fn shift(minor: i64, from: u32, to: u32) -> Option<i64> {
    if to >= from {
        minor.checked_mul(10_i64.checked_pow(to - from)?)
    } else {
        let step = 10_i64.checked_pow(from - to)?;
        (minor % step == 0).then_some(minor / step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::settings::Setting;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::parse(code).expect("currency")).expect("money")
    }

    #[test]
    fn amounts_are_converted_exactly_or_refused() {
        let table = Exponents::read(&Settings::default());
        for (ours, theirs) in [
            (money(4990, "EUR"), 4990),
            (money(500, "JPY"), 500),
            (money(5_000_000, "IDR"), 50_000),
            (money(1_000, "IQD"), 1),
            (money(120, "MOP"), 12),
            (money(7, "UGX"), 700),
        ] {
            assert_eq!(table.to_wire(ours, "money.amount_minor"), Ok(theirs), "{ours}");
            assert_eq!(table.read_wire(theirs, ours.currency()), Some(ours));
        }
        for refused in [money(5_050, "IDR"), money(1_001, "IQD"), money(125, "MOP")] {
            assert!(table.to_wire(refused, "money.amount_minor").is_err(), "{refused}");
        }
        assert_eq!(table.read_wire(150, Currency::parse("UGX").expect("UGX")), None);
        assert_eq!(table.read_wire(-1, Currency::parse("EUR").expect("EUR")), None);
    }

    #[test]
    fn an_account_may_know_better() {
        let list = |entry: &str| {
            Settings::new(BTreeMap::from([(
                "currency_exponents".to_owned(),
                Setting::List(vec![entry.to_owned()]),
            )]))
        };
        let table = Exponents::read(&list("IDR:2"));
        assert_eq!(table.to_wire(money(5_050, "IDR"), "x"), Ok(5_050));
        let settings = list("IDR");
        Exponents::read(&settings);
        assert!(settings.finish().is_err());
    }
}
