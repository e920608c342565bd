//! Events: which are wanted, and how one is shown.

use crate::domain::event::{Event, EventKind};
use crate::rpc::problems::Problems;
use crate::rpc::proto::{self as pb, event::Payload};

use super::occurrences;
use super::values::{or_empty, to_time};

/// The kinds that a request names; empty for all.
pub fn kinds(types: &[String], problems: &mut Problems) -> Vec<EventKind> {
    let mut kinds = Vec::with_capacity(types.len());
    for (index, word) in types.iter().enumerate() {
        match EventKind::from_word(word) {
            Some(kind) => kinds.push(kind),
            // It would be waited for in vain.
            None => problems.add(&format!("types[{index}]"), "is not a type of event"),
        }
    }
    kinds
}

/// An event, and the place after it.
pub fn to_event(event: Event, cursor: String) -> pb::Event {
    let recurring = pb::RecurringEvent {
        schedule_id: event.schedule.to_string(),
        occurrence: event.occurrence.as_deref().map(occurrences::to_occurrence),
        payment_id: event.payment.map(|id| id.to_string()).unwrap_or_default(),
        token_id: event.token.map(|id| id.to_string()).unwrap_or_default(),
        customer_url: or_empty(event.link),
        note: or_empty(event.note),
    };
    pb::Event {
        id: event.id.to_string(),
        r#type: event.kind.word().to_owned(),
        occurred_at: Some(to_time(event.at)),
        cursor,
        payload: Some(Payload::Recurring(recurring)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_names_every_type_of_event_and_no_other() {
        let text = include_str!("../../../proto/turnpike/v1/event.proto");
        let types: std::collections::BTreeSet<&str> = text
            .split('`')
            .filter(|word| word.starts_with("schedule.") || word.starts_with("occurrence."))
            .collect();
        let known: std::collections::BTreeSet<&str> = EventKind::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!(types, known);
    }

    #[test]
    fn a_type_that_no_event_has_is_told() {
        let mut problems = Problems::default();
        let types = ["occurrence.paid".to_owned(), "occurrence.payed".to_owned()];
        assert_eq!(kinds(&types, &mut problems), [EventKind::OccurrencePaid]);
        assert!(!problems.is_empty());
    }
}
