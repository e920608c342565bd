//! Whole rupiah, both ways (dossier, section 6; "Amount", read 2026-02).
//!
//! Pivot counts in major units and knows no fraction; ISO 4217 gives the rupiah two digits. What
//! is no whole rupiah is refused before it is sent, never rounded. What comes back is read as an
//! exact decimal, so that a fraction becomes another amount than was asked, and is found out.

use serde_json::Value;

use crate::domain::money::{Currency, Money};
use crate::providers::contract::Fault;
use crate::providers::json::Reading;

/// An amount in whole major units.
pub(super) fn whole(money: Money, field: &str) -> Result<i64, Fault> {
    let unit = 10_i64.pow(money.currency().exponent());
    if money.minor() % unit != 0 {
        return Err(Fault::Invalid {
            field: field.to_owned(),
            problem: format!(
                "Pivot counts in whole units: the amount must be a multiple of {unit} minor units"
            ),
        });
    }
    Ok(money.minor() / unit)
}

/// `{ "value": …, "currency": … }` of an answer: the value a number or a text, with or without
/// zeros after the point. `None` where there is none.
pub(super) fn read(value: &Value, path: &[&str]) -> Result<Option<Money>, Fault> {
    let Some(object) = value.at(path) else { return Ok(None) };
    let Some(text) = object.text(&["value"]) else { return Ok(None) };
    let code =
        object.text(&["currency"]).ok_or_else(|| Fault::unintelligible("an amount without a currency"))?;
    parse(&text, &code).map(Some)
}

/// A bare number and a currency beside it.
pub(super) fn parse(text: &str, code: &str) -> Result<Money, Fault> {
    let currency =
        Currency::parse(code).map_err(|_| Fault::unintelligible("an amount in an unknown currency"))?;
    Money::from_major(text, currency).map_err(|error| Fault::unintelligible(format!("an amount: {error}")))
}
