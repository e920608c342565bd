//! Amounts on BBMSL's wire: exact decimals in major units, two digits after the point (dossier,
//! section 15). No float touches one; a third decimal that is not zero is refused, never rounded.

use serde_json::Value;

use super::account::Account;
use crate::domain::money::{Currency, Money};
use crate::providers::contract::Fault;
use crate::providers::fields::number;
use crate::providers::json::Reading;

/// Digits after the point. The documented currencies all have two.
pub(super) const DECIMALS: usize = 2;
/// Number(9,2), read as nine digits of which two are decimals (A15): 9,999,999.99.
pub(super) const AMOUNT_MINOR_MAX: i64 = 999_999_999;
/// The longest number that is read, in characters, and its largest exponent.
const NUMBER_CHARS_MAX: usize = 40;
const EXPONENT_MAX: i32 = 30;

/// An amount as it is sent: a JSON number, or a text where the account says so.
pub(super) fn to_wire(account: &Account, minor: i64) -> Value {
    let text = decimal(minor);
    if account.amount_as_text { Value::from(text) } else { number(&text) }
}

/// `12850` as `128.50`.
pub(super) fn decimal(minor: i64) -> String {
    let digits = format!("{minor:0width$}", width = DECIMALS + 1);
    let (whole, fraction) = digits.split_at(digits.len() - DECIMALS);
    format!("{whole}.{fraction}")
}

/// The amount at a path in minor units; `None` when it is missing.
///
/// # Errors
/// [`Fault::Unintelligible`] for what is no amount.
pub(super) fn minor_at(body: &Value, path: &[&str]) -> Result<Option<i64>, Fault> {
    match body.text(path) {
        None => Ok(None),
        Some(text) => minor(&text).map(Some).ok_or_else(|| Fault::unintelligible("an amount that is none")),
    }
}

/// Minor units of a currency.
///
/// # Errors
/// [`Fault::Unintelligible`] below zero.
pub(super) fn money(minor: i64, currency: Currency) -> Result<Money, Fault> {
    Money::new(minor, currency).map_err(|_| Fault::unintelligible("an amount below zero"))
}

/// A decimal in minor units: `75.250`, `7.525E1` and `75.25` are the same. `None` for signs below
/// zero, for more significant decimals than two, and for what is too large.
fn minor(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > NUMBER_CHARS_MAX {
        return None;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.parse().ok().filter(|e: &i32| e.abs() <= EXPONENT_MAX)?)
        }
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Where the minor units end among the digits.
    let end = i32::try_from(whole.len() + DECIMALS).ok()? + exponent;
    let end = usize::try_from(end.max(0)).ok()?;
    let (kept, beyond) = digits.split_at(end.min(digits.len()));
    if beyond.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let kept = if kept.is_empty() { "0" } else { kept };
    let zeros = end.saturating_sub(digits.len());
    format!("{kept}{:0<zeros$}", "").parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_an_amount_is_read_exactly() {
        for (text, expected) in [
            ("128.50", Some(12_850)),
            ("75.250", Some(7_525)),
            ("7.525E1", Some(7_525)),
            ("7.525e+1", Some(7_525)),
            ("7525e-2", Some(7_525)),
            ("88", Some(8_800)),
            ("100.2", Some(10_020)),
            ("0.00", Some(0)),
            ("0", Some(0)),
            ("9999999.99", Some(AMOUNT_MINOR_MAX)),
            ("1e3", Some(100_000)),
            ("10e-4", None),
            ("1.005", None),
            ("-1", None),
            ("+1", None),
            ("1.", None),
            (".5", None),
            ("", None),
            ("1e99", None),
            ("1e", None),
            ("NaN", None),
            ("1,50", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(minor(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_keep_their_digits_through_json() {
        let body: Value =
            serde_json::from_str(r#"{"a":75.250,"b":7.525E1,"c":"75.25","d":1.005,"e":null}"#).expect("JSON");
        for name in ["a", "b", "c"] {
            assert_eq!(minor_at(&body, &[name]).expect("an amount"), Some(7_525), "{name}");
        }
        assert!(minor_at(&body, &["d"]).is_err());
        assert_eq!(minor_at(&body, &["e"]).expect("none"), None);
    }

    proptest! {
        #[test]
        fn amounts_of_every_currency_survive_the_trip(minor_units in 1i64..=AMOUNT_MINOR_MAX) {
            for code in super::super::profile::CURRENCIES {
                let currency = Currency::parse(code).expect("a currency");
                let asked = Money::new(minor_units, currency).expect("money");
                // The wire form is the currency's own only because each has two decimals.
                prop_assert_eq!(decimal(minor_units), asked.to_major());
                let body: Value = serde_json::from_str(&format!("{{\"a\":{}}}", decimal(minor_units))).expect("JSON");
                prop_assert_eq!(body.text(&["a"]), Some(decimal(minor_units)));
                let read = minor_at(&body, &["a"]).expect("an amount").expect("there");
                prop_assert_eq!(money(read, currency).expect("money"), asked);
            }
        }
    }
}
