//! Small values: texts, times, amounts, enums.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::money::{Currency, Money};
use crate::engine::error::FieldMistake;
use crate::rpc::problems::Problems;
use crate::rpc::proto as pb;

/// A text, or `None` when it is empty.
pub fn text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A text of the contract: empty for `None`.
pub fn or_empty(text: Option<String>) -> String {
    text.unwrap_or_default()
}

/// A number of a record as one of the contract. Neither is ever near the bounds.
pub fn count(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// The value of an enum field; values that this version does not know were refused before.
pub fn enumeration<E: TryFrom<i32> + Default>(value: i32) -> E {
    E::try_from(value).unwrap_or_default()
}

/// A time of a record.
pub fn to_time(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

/// A time of a request, or `None` with a problem noted.
pub fn time(field: &str, time: Option<prost_types::Timestamp>, problems: &mut Problems) -> Option<Timestamp> {
    let time = time?;
    let parsed = Timestamp::new(time.seconds, time.nanos).ok();
    if parsed.is_none() {
        problems.add(field, "is not a time");
    }
    parsed
}

/// A calendar date, `YYYY-MM-DD`.
pub fn date(field: &str, date: String, problems: &mut Problems) -> Option<String> {
    let date = text(date)?;
    if date.parse::<jiff::civil::Date>().is_err() {
        problems.add(field, "is not a date");
    }
    Some(date)
}

/// A day of the calendar, `YYYY-MM-DD`; `None` when it is empty, or with a problem noted.
pub fn day(field: &str, day: &str, problems: &mut Problems) -> Option<Date> {
    if day.is_empty() {
        return None;
    }
    let parsed = day.parse().ok();
    if parsed.is_none() {
        problems.add(field, "is not a day of the calendar, written as YYYY-MM-DD");
    }
    parsed
}

/// A span of whole seconds, or `None` with a problem noted.
pub fn duration(
    field: &str,
    span: Option<prost_types::Duration>,
    problems: &mut Problems,
) -> Option<Duration> {
    let span = span?;
    let parsed = Duration::try_from(span).ok().filter(|span| span.subsec_nanos() == 0);
    if parsed.is_none() {
        problems.add(field, "is not a number of whole seconds from zero");
    }
    parsed
}

/// A span of a record. None is ever near the bounds.
pub fn to_duration(span: Duration) -> prost_types::Duration {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    prost_types::Duration { seconds, nanos: i32::try_from(span.subsec_nanos()).unwrap_or_default() }
}

/// Whether an amount may be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zero {
    /// It must be more.
    Refused,
    /// It must be nothing else.
    Required,
}

/// An amount of a request, or `None` with a problem noted. An amount that is missing is not noted:
/// where it is required, its annotation says so.
pub fn money(field: &str, money: Option<&pb::Money>, zero: Zero, problems: &mut Problems) -> Option<Money> {
    let money = money?;
    let currency = match Currency::parse(&money.currency_code) {
        Ok(currency) => Some(currency),
        Err(_) => {
            let field = format!("{field}.currency_code");
            problems.add_kind(&field, "is not an active ISO 4217 currency", FieldMistake::UnknownCurrency);
            None
        }
    };
    let out_of_bounds = match zero {
        Zero::Refused if money.amount_minor == 0 => Some("must be more than zero"),
        Zero::Required if money.amount_minor != 0 => Some("must be zero, because nothing is paid"),
        Zero::Refused | Zero::Required => None,
    };
    if let Some(problem) = out_of_bounds {
        let field = format!("{field}.amount_minor");
        let minimum_minor = Some(i64::from(matches!(zero, Zero::Refused)));
        let maximum_minor = matches!(zero, Zero::Required).then_some(0);
        let kind = FieldMistake::AmountOutOfBounds { minimum_minor, maximum_minor };
        problems.add_kind(&field, problem, kind);
    }
    Money::new(money.amount_minor, currency?).ok()
}

/// An amount of a record.
pub fn to_money(money: Money) -> pb::Money {
    pb::Money { amount_minor: money.minor(), currency_code: money.currency().code().to_owned() }
}

/// An address that a browser will be sent to: https, or an app link. Addresses that run code or
/// read files are never one.
pub fn check_url(field: &str, url: &str, development: bool, problems: &mut Problems) {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    let allowed = match scheme.as_str() {
        "http" => development,
        "javascript" | "data" | "file" | "blob" | "vbscript" | "about" | "ftp" | "ws" | "wss" => false,
        _ => true,
    };
    if !url.is_empty() && !allowed {
        problems.add(field, "must be an https address or an app link");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fine(check: impl FnOnce(&mut Problems)) -> bool {
        let mut problems = Problems::default();
        check(&mut problems);
        problems.is_empty()
    }

    #[test]
    fn zero_is_an_amount_only_where_nothing_is_paid() {
        let fine = |amount_minor, currency: &str, zero| {
            let asked = pb::Money { amount_minor, currency_code: currency.to_owned() };
            is_fine(|problems| {
                money("money", Some(&asked), zero, problems);
            })
        };
        assert!(fine(1, "NOK", Zero::Refused) && fine(0, "NOK", Zero::Required));
        assert!(!fine(0, "NOK", Zero::Refused) && !fine(1, "NOK", Zero::Required));
        assert!(!fine(1, "XAU", Zero::Refused));
    }

    #[test]
    fn browsers_are_sent_to_safe_places_only() {
        let fine = |url: &str, development| is_fine(|problems| check_url("url", url, development, problems));
        assert!(fine("https://shop.example/done", false) && fine("myshop://done", false));
        assert!(fine("http://127.0.0.1/done", true) && !fine("http://shop.example/done", false));
        assert!(!fine("javascript:alert(1)", true) && !fine("data:text/html,x", false));
    }

    #[test]
    fn times_survive_the_trip() {
        let now = Timestamp::new(1_795_000_000, 5).expect("a time");
        let mut problems = Problems::default();
        assert_eq!(time("at", Some(to_time(now)), &mut problems), Some(now));
        let wrong = prost_types::Timestamp { seconds: i64::MAX, nanos: 0 };
        assert_eq!(time("at", Some(wrong), &mut problems), None);
        assert!(!problems.is_empty());
    }
}
