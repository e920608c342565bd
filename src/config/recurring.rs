//! How schedules are charged: how many at once, when a declined charge is tried again, and how often
//! the card schemes allow that.

use std::time::Duration;

use super::reader::Table;
use crate::domain::dunning::{Ceilings, Ladder, WINDOW_DAYS_MAX, WINDOWS_MAX, Window};
use crate::engine::RecurringOptions;

const HOUR: Duration = Duration::from_secs(3600);

/// `[recurring]`, all but the ladders, which belong to merchants.
pub(super) fn recurring(table: Table<'_>) -> RecurringOptions {
    let default = RecurringOptions::default();
    let ceilings = ceilings(table.table("ceilings"));
    let beside =
        table.integer_or("charges_per_second_beside_calls", default.per_second_beside.into(), 0, 100_000);
    let options = RecurringOptions {
        lane_width: table.count_or("charges_in_flight_max", default.lane_width, 1, 10_000),
        per_second_beside: u32::try_from(beside).unwrap_or(default.per_second_beside),
        batch: table.count_or("schedules_per_batch", default.batch, 1, 500),
        batch_beside: table.count_or("schedules_per_batch_beside_calls", default.batch_beside, 1, 500),
        ceilings,
        ladders: default.ladders,
    };
    table.finish();
    options
}

/// The windows of each card scheme; a scheme that is named has these and none of the defaults.
fn ceilings(table: Table<'_>) -> Ceilings {
    let mut ceilings = Ceilings::default();
    for brand in table.names() {
        let mut windows = Vec::new();
        for window in table.array_of_tables(&brand) {
            let tries = window.integer_or("tries", 0, 1, 1_000);
            let hours = match (window.has("hours"), window.has("days")) {
                (true, false) => window.integer_or("hours", 1, 1, 24 * i64::from(WINDOW_DAYS_MAX)),
                (false, true) => 24 * window.integer_or("days", 1, 1, i64::from(WINDOW_DAYS_MAX)),
                (true, true) | (false, false) => {
                    window.mistake("days", "either days or hours is required");
                    24
                }
            };
            window.finish();
            windows.push(Window {
                tries: u32::try_from(tries).unwrap_or(1),
                within: HOUR * u32::try_from(hours).unwrap_or(24),
            });
        }
        if windows.is_empty() || windows.len() > WINDOWS_MAX {
            table.mistake(&brand, format!("must have 1 to {WINDOWS_MAX} windows"));
        }
        if brand == "others" {
            ceilings.others = windows;
            continue;
        }
        ceilings.by_brand.retain(|(known, _)| *known != brand);
        ceilings.by_brand.push((brand, windows));
    }
    table.finish();
    ceilings
}

/// A merchant's ladder: times after the first decline such as `36h` or `3d`.
pub(super) fn ladder(table: &Table<'_>, name: &str) -> Option<Ladder> {
    if !table.has(name) {
        return None;
    }
    let mut rungs = Vec::new();
    for text in table.texts(name) {
        match rung(&text) {
            Some(rung) => rungs.push(rung),
            None => table.mistake(name, format!("{text} is no number of hours or days, such as 36h or 3d")),
        }
    }
    match Ladder::new(rungs) {
        Ok(ladder) => Some(ladder),
        Err(problem) => {
            table.mistake(name, problem.to_string());
            None
        }
    }
}

fn rung(text: &str) -> Option<Duration> {
    let (number, hours) = match text.strip_suffix('d') {
        Some(days) => (days, 24),
        None => (text.strip_suffix('h')?, 1),
    };
    let number = number.parse::<u32>().ok().filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))?;
    HOUR.checked_mul(number.checked_mul(hours)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_hours_or_days() {
        assert_eq!(rung("36h"), Some(HOUR * 36));
        assert_eq!(rung("3d"), Some(HOUR * 72));
        for wrong in ["", "3", "d", "3w", "-1d", "+1d", "1.5d", "99999999999d"] {
            assert_eq!(rung(wrong), None, "{wrong}");
        }
    }
}
