//! How long a caller waits, and so how long we may.

use std::time::Duration;

use tonic::metadata::MetadataMap;

/// The most that is kept back for writing the answer and sending it.
const MARGIN_MAX: Duration = Duration::from_millis(100);
/// The share of a short deadline that is kept back: one in so many.
const MARGIN_SHARE: u32 = 10;
/// The longest that a call waits, whatever its deadline.
pub const WAIT_MAX: Duration = Duration::from_secs(110);

/// How long the engine may wait; `None` when the caller set no deadline.
pub fn wait(metadata: &MetadataMap) -> Option<Duration> {
    let deadline = parse(metadata.get("grpc-timeout")?.to_str().ok()?)?;
    let margin = MARGIN_MAX.min(deadline / MARGIN_SHARE);
    Some(deadline.saturating_sub(margin).min(WAIT_MAX))
}

/// Reads `grpc-timeout`: at most eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_for(timeout: &str) -> Option<Duration> {
        let mut metadata = MetadataMap::new();
        metadata.insert("grpc-timeout", timeout.parse().expect("ASCII"));
        wait(&metadata)
    }

    #[test]
    fn a_little_of_the_deadline_is_kept_for_the_answer() {
        assert_eq!(wait_for("30S"), Some(Duration::from_millis(29_900)));
        assert_eq!(wait_for("100m"), Some(Duration::from_millis(90)));
        assert_eq!(wait_for("99999999H"), Some(WAIT_MAX));
        assert_eq!(wait(&MetadataMap::new()), None);
    }

    #[test]
    fn what_is_no_timeout_is_none() {
        for text in ["", "S", "1", "1x", "123456789S", "-1S", "1.5S"] {
            assert_eq!(wait_for(text), None, "{text:?}");
        }
    }
}
