//! Schedules: what is asked of them, and how one is shown.

use crate::domain::ids::{AccountName, MerchantName, ScheduleId, TokenId};
use crate::domain::schedule::{Halt, Preview, Schedule, ScheduleStatus};
use crate::engine::accounts::Accounts;
use crate::engine::commands::{
    ScheduleRecurring, SkipOccurrence, Steer, SteerSchedule, TermsChange, UpdateSchedule,
};
use crate::engine::error::Thing;
use crate::engine::{ROWS_MAX, ScheduleFilter};
use crate::rpc::door::Terms;
use crate::rpc::problems::Problems;
use crate::rpc::proto::{self as pb};

use super::terms::{self, Scope};
use super::values::{count, enumeration, or_empty, text, to_money, to_time};
use super::{options, orders, payments};

/// How many occurrences answers show ahead.
const UPCOMING: usize = 5;

/// The id of a schedule, or `None` with its absence noted.
pub fn id(text: &str, problems: &mut Problems) -> Option<ScheduleId> {
    let id = ScheduleId::parse(text).ok();
    if id.is_none() {
        problems.absent(Thing::Schedule);
    }
    id
}

/// Reads a request to create a schedule.
pub fn schedule(
    request: pb::ScheduleRecurringRequest,
    terms: Terms,
    problems: &mut Problems,
) -> Option<ScheduleRecurring> {
    let encoded = request.provider_options.as_ref().map(|options| {
        let mut encoded = Vec::new();
        options.encode(&mut encoded);
        encoded
    });
    let first_payment = match request.first_payment_id.as_str() {
        "" => None,
        id => payments::id(id, problems),
    };
    let customer = orders::customer(request.customer, problems);
    Some(ScheduleRecurring {
        terms: terms::read(request.terms?, Scope::New, terms.development, problems),
        customer,
        billing: request.billing_address.map(orders::address),
        first_payment,
        options: options::options::<pb::ScheduleRecurringRequest>(encoded),
    })
}

/// Reads terms for which there is no schedule.
pub fn preview(terms: pb::ScheduleTerms, development: bool, problems: &mut Problems) -> TermsChange {
    terms::read(terms, Scope::Preview, development, problems)
}

/// Drops the terms that the mask does not name, before anything is checked: they are not looked at,
/// and do not make it another request.
pub fn drop_unnamed(request: &mut pb::UpdateScheduleRequest) {
    let Some(given) = request.terms.take() else { return };
    let paths = request.update_mask.as_ref().map_or(&[][..], |mask| &mask.paths);
    let named: Vec<&str> = paths.iter().map(String::as_str).collect();
    request.terms = Some(terms::only(given, &named));
}

/// Reads a request to change a schedule.
pub fn update(
    request: pb::UpdateScheduleRequest,
    terms: Terms,
    problems: &mut Problems,
) -> Option<UpdateSchedule> {
    let schedule = id(&request.schedule_id, problems);
    let paths = request.update_mask?.paths;
    check_mask(&paths, problems);
    let named: Vec<&str> = paths.iter().map(String::as_str).collect();
    let change = terms::read(request.terms?, Scope::Change(&named), terms.development, problems);
    Some(UpdateSchedule { schedule: schedule?, etag: request.etag, change })
}

fn check_mask(paths: &[String], problems: &mut Problems) {
    if paths.is_empty() {
        problems.add("update_mask.paths", "must name a field of the terms");
    }
    for (index, path) in paths.iter().enumerate() {
        let wrong = match path.as_str() {
            "*" => "must name one field; what is to change is named one by one",
            path if path.contains('.') => "goes deeper than the fields of the terms, which change as a whole",
            path if !terms::FIELDS.contains(&path) => "is not a field of the terms",
            _ if paths[..index].contains(path) => "is named before",
            _ => continue,
        };
        problems.add(&format!("update_mask.paths[{index}]"), wrong);
    }
}

/// Reads a request to pause, resume or cancel a schedule.
pub fn steer(schedule_id: &str, etag: String, how: Steer, problems: &mut Problems) -> Option<SteerSchedule> {
    Some(SteerSchedule { schedule: id(schedule_id, problems)?, etag: text(etag), how })
}

/// Reads a request to leave an occurrence out.
pub fn skip(request: pb::SkipOccurrenceRequest, problems: &mut Problems) -> Option<SkipOccurrence> {
    // The annotation bounds it from below.
    let number = u32::try_from(request.number).unwrap_or_default();
    Some(SkipOccurrence { schedule: id(&request.schedule_id, problems)?, number })
}

/// Reads a request to list schedules, apart from its page.
pub fn wanted(
    request: pb::ListSchedulesRequest,
    merchant: MerchantName,
    problems: &mut Problems,
) -> Option<ScheduleFilter> {
    let token = match request.token_id.as_str() {
        "" => None,
        id => {
            let id = TokenId::parse(id).ok();
            if id.is_none() {
                problems.add("token_id", "is not the id of a token");
            }
            id
        }
    };
    Some(ScheduleFilter {
        merchant,
        account: text(request.account).map(AccountName),
        token,
        customer: text(request.customer_id),
        merchant_reference: text(request.merchant_reference),
        statuses: request
            .statuses
            .into_iter()
            .filter_map(|status| from_status(enumeration(status)))
            .collect(),
        before: None,
        limit: ROWS_MAX,
    })
}

/// A schedule as it stands.
pub fn to_schedule(schedule: &Schedule, accounts: &Accounts) -> pb::Schedule {
    let account = accounts.get(&schedule.account);
    pb::Schedule {
        id: schedule.id.to_string(),
        terms: Some(terms::to_terms(schedule)),
        account: schedule.account.to_string(),
        provider: account.map_or("", |account| account.profile().name).to_owned(),
        customer_id: or_empty(schedule.purchase.customer.id.clone()),
        status: to_status(schedule.status).into(),
        halt_reason: to_halt_reason(schedule.halted).into(),
        next_occurrence: ahead(schedule, 0, 1).into_iter().next().map(to_planned),
        open_occurrences: count(schedule.progress.open),
        skipped_numbers: schedule.skips.iter().map(|number| count(*number)).collect(),
        test: account.is_some_and(|account| account.rules.test),
        etag: schedule.etag(),
        created_at: Some(to_time(schedule.created_at)),
        updated_at: Some(to_time(schedule.updated_at)),
    }
}

/// A schedule that is not there: without a name, and without times that come from it.
pub fn to_unsaved(schedule: &Schedule, accounts: &Accounts) -> pb::Schedule {
    let shown = to_schedule(schedule, accounts);
    let spread = !schedule.timing.tolerance.is_zero();
    let next_occurrence = shown.next_occurrence.map(|planned| without_id(planned, spread));
    pb::Schedule { id: String::new(), etag: String::new(), next_occurrence, ..shown }
}

/// The next few occurrences.
pub fn upcoming(schedule: &Schedule) -> Vec<pb::PlannedOccurrence> {
    ahead(schedule, 0, UPCOMING).into_iter().map(to_planned).collect()
}

/// The same of a schedule that is not there.
pub fn upcoming_unsaved(schedule: &Schedule) -> Vec<pb::PlannedOccurrence> {
    let spread = !schedule.timing.tolerance.is_zero();
    upcoming(schedule).into_iter().map(|planned| without_id(planned, spread)).collect()
}

/// The occurrences ahead after a number; a schedule that has ended has none.
pub fn ahead(schedule: &Schedule, after: u32, limit: usize) -> Vec<Preview> {
    match schedule.status.is_final() {
        true => Vec::new(),
        false => schedule.preview(after, limit),
    }
}

/// An occurrence that has not been taken.
pub fn to_planned(preview: Preview) -> pb::PlannedOccurrence {
    let Preview { planned, money, skipped } = preview;
    pb::PlannedOccurrence {
        number: count(planned.number),
        date: planned.date.to_string(),
        scheduled_at: Some(to_time(planned.at)),
        due_at: Some(to_time(planned.due_at)),
        money: money.map(to_money),
        skipped,
    }
}

/// What a tolerance adds is made from the id, so without one it is not known where charges `spread`.
pub fn without_id(planned: pb::PlannedOccurrence, spread: bool) -> pb::PlannedOccurrence {
    pb::PlannedOccurrence { due_at: planned.due_at.filter(|_| !spread), ..planned }
}

/// Where a schedule stands.
pub fn to_status(status: ScheduleStatus) -> pb::ScheduleStatus {
    match status {
        ScheduleStatus::Active => pb::ScheduleStatus::Active,
        ScheduleStatus::Paused => pb::ScheduleStatus::Paused,
        ScheduleStatus::PastDue => pb::ScheduleStatus::PastDue,
        ScheduleStatus::Completed => pb::ScheduleStatus::Completed,
        ScheduleStatus::Cancelled => pb::ScheduleStatus::Cancelled,
    }
}

fn from_status(status: pb::ScheduleStatus) -> Option<ScheduleStatus> {
    ScheduleStatus::ALL.iter().copied().find(|known| to_status(*known) == status)
}

/// Why the gateway stopped it.
pub fn to_halt_reason(halt: Option<Halt>) -> pb::HaltReason {
    match halt {
        None => pb::HaltReason::Unspecified,
        Some(Halt::RetriesExhausted) => pb::HaltReason::RetriesExhausted,
        Some(Halt::TokenRequired) => pb::HaltReason::TokenRequired,
        Some(Halt::CustomerRequired) => pb::HaltReason::CustomerRequired,
        Some(Halt::Rejected) => pb::HaltReason::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::error::Error;

    #[test]
    fn every_status_and_reason_is_shown_by_its_own_word() {
        for status in ScheduleStatus::ALL {
            let shown = to_status(*status);
            assert_eq!(shown.as_str_name(), format!("SCHEDULE_STATUS_{}", status.word()));
            assert_eq!(from_status(shown), Some(*status));
        }
        for halt in Halt::ALL {
            let shown = to_halt_reason(Some(*halt));
            assert_eq!(shown.as_str_name(), format!("HALT_REASON_{}", halt.word().to_uppercase()));
        }
    }

    #[test]
    fn a_mask_names_fields_of_the_terms_each_once() {
        let wrong = |paths: &[&str]| {
            let mut problems = Problems::default();
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            check_mask(&paths, &mut problems);
            match problems.finish(Some(())) {
                Ok(()) => Vec::new(),
                Err(Error::Invalid(fields)) => fields.into_iter().map(|field| field.field).collect(),
                Err(other) => panic!("{other:?}"),
            }
        };
        assert_eq!(wrong(terms::FIELDS), Vec::<String>::new());
        assert_eq!(wrong(&[]), ["update_mask.paths"]);
        assert_eq!(wrong(&["*"]), ["update_mask.paths[0]"]);
        assert_eq!(
            wrong(&["money", "money.amount_minor", "money", "id", ""]),
            [1, 2, 3, 4].map(|index| format!("update_mask.paths[{index}]"))
        );
    }
}
