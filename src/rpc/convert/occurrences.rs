//! Occurrences of schedules, and the tries to charge them.

use crate::domain::ids::ScheduleId;
use crate::domain::occurrence::{Occurrence, OccurrenceStatus, OccurrenceTry, SkipReason, Try, TryEnd};
use crate::engine::{OccurrenceFilter, ROWS_MAX};
use crate::rpc::problems::Problems;
use crate::rpc::proto as pb;

use super::values::{count, to_money, to_time};
use super::{outcomes, schedules};

/// Reads a request to list occurrences, apart from its page.
pub fn wanted(request: &pb::ListOccurrencesRequest, problems: &mut Problems) -> Option<OccurrenceFilter> {
    let schedule: ScheduleId = schedules::id(&request.schedule_id, problems)?;
    Some(OccurrenceFilter { schedule, open: request.open_only, before: None, limit: ROWS_MAX })
}

/// An occurrence as it stands.
pub fn to_occurrence(occurrence: &Occurrence) -> pb::Occurrence {
    let (status, skip_reason) = to_status(occurrence.status);
    pb::Occurrence {
        schedule_id: occurrence.schedule.to_string(),
        number: count(occurrence.number),
        date: occurrence.date.to_string(),
        scheduled_at: Some(to_time(occurrence.at)),
        money: occurrence.money.map(to_money),
        status: status.into(),
        skip_reason: skip_reason.into(),
        tries: occurrence.tries.iter().map(to_try).collect(),
        next_try_at: occurrence.next_at.map(to_time),
        session_id: occurrence.session.map(|id| id.to_string()).unwrap_or_default(),
        created_at: Some(to_time(occurrence.created_at)),
        updated_at: Some(to_time(occurrence.updated_at)),
    }
}

/// Which try of which occurrence a payment is.
pub fn to_payment_occurrence(of: OccurrenceTry) -> pb::PaymentOccurrence {
    pb::PaymentOccurrence {
        schedule_id: of.schedule.to_string(),
        number: count(of.number),
        attempt: count(of.attempt),
    }
}

fn to_try(tried: &Try) -> pb::OccurrenceTry {
    let (outcome, declined) = match tried.end {
        None => (pb::TryOutcome::Unspecified, None),
        Some(TryEnd::Paid) => (pb::TryOutcome::Paid, None),
        Some(TryEnd::Declined(reason, advice)) => (pb::TryOutcome::Declined, Some((reason, advice))),
        Some(TryEnd::Failed) => (pb::TryOutcome::Failed, None),
    };
    let reason = declined.map(|(reason, _)| outcomes::to_decline_reason(reason));
    let advice = declined.map(|(_, advice)| outcomes::to_retry_advice(advice));
    pb::OccurrenceTry {
        payment_id: tried.payment.to_string(),
        tried_at: Some(to_time(tried.at)),
        outcome: outcome.into(),
        decline_reason: reason.unwrap_or_default().into(),
        retry_advice: advice.unwrap_or_default().into(),
    }
}

/// Where an occurrence stands, and why it was skipped.
fn to_status(status: OccurrenceStatus) -> (pb::OccurrenceStatus, pb::SkipReason) {
    use pb::OccurrenceStatus as P;
    let shown = match status {
        OccurrenceStatus::Due => P::Due,
        OccurrenceStatus::Charging => P::Charging,
        OccurrenceStatus::Held => P::Held,
        OccurrenceStatus::Retrying => P::Retrying,
        OccurrenceStatus::AwaitingToken => P::AwaitingToken,
        OccurrenceStatus::AwaitingCustomer => P::AwaitingCustomer,
        OccurrenceStatus::Paid => P::Paid,
        OccurrenceStatus::Free => P::Free,
        OccurrenceStatus::Failed => P::Failed,
        OccurrenceStatus::Skipped(reason) => return (P::Skipped, to_skip_reason(reason)),
    };
    (shown, pb::SkipReason::Unspecified)
}

fn to_skip_reason(reason: SkipReason) -> pb::SkipReason {
    match reason {
        SkipReason::Requested => pb::SkipReason::Requested,
        SkipReason::Paused => pb::SkipReason::Paused,
        SkipReason::Missed => pb::SkipReason::Missed,
        SkipReason::Overlap => pb::SkipReason::Overlap,
        SkipReason::Cancelled => pb::SkipReason::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_shown_by_its_own_word() {
        for status in OccurrenceStatus::ALL {
            let (shown, reason) = to_status(*status);
            let word = status.word().to_uppercase();
            let expected = match reason {
                pb::SkipReason::Unspecified => format!("OCCURRENCE_STATUS_{word}"),
                reason => {
                    let reason = reason.as_str_name().trim_start_matches("SKIP_REASON_");
                    assert_eq!(word, format!("SKIPPED_{reason}"));
                    "OCCURRENCE_STATUS_SKIPPED".to_owned()
                }
            };
            assert_eq!(shown.as_str_name(), expected);
        }
    }
}
