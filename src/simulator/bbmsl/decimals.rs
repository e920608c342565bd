//! Amounts as JSON numbers in major units with two decimals (§15), read and written by their digits.

use serde_json::{Number, Value};

/// The largest amount of Number(9,2) (A15).
pub const AMOUNT_MINOR_MAX: i64 = 999_999_999;

/// A number or text with at most two decimals, in minor units.
pub fn minor(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || fraction.len() > 2 || !is_plain(whole) || !is_plain(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<2}").parse().ok()
}

/// `12850` as the number `128.50`.
pub fn number(minor: i64) -> Value {
    text(minor).parse::<Number>().map_or(Value::Null, Value::Number)
}

/// `12850` as `128.50`.
pub fn text(minor: i64) -> String {
    let minor = minor.max(0);
    format!("{}.{:02}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn digits_decide() {
        assert_eq!(number(12_850).to_string(), "128.50");
        let read = |text: &str| minor(&serde_json::from_str(text).expect("JSON"));
        assert_eq!([read("128.50"), read("88"), read("0.5")], [Some(12_850), Some(8_800), Some(50)]);
        assert_eq!([read("1.005"), read("-1"), read("\"x\"")], [None, None, None]);
        assert_eq!(minor(&json!("30.10")), Some(3_010));
    }
}
