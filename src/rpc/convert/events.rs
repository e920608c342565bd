//! Events: which are wanted, and how one is shown.

use crate::domain::event::{About, EndpointFact, Event, EventKind, RecurringFact};
use crate::domain::session::Session;
use crate::engine::accounts::Accounts;
use crate::engine::commands::SessionView;
use crate::rpc::problems::Problems;
use crate::rpc::proto::{self as pb, event::Payload};

use super::values::{or_empty, to_time};
use super::{occurrences, payments, schedules, sessions, tokens};

/// The types of events that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(Option<Vec<EventKind>>);

impl Wanted {
    /// Reads the types that a request names: words, or families such as `payment.*`. None for all.
    pub fn read(types: &[String], problems: &mut Problems) -> Self {
        let mut wanted = Vec::with_capacity(types.len());
        for (index, word) in types.iter().enumerate() {
            let before = wanted.len();
            wanted.extend(EventKind::ALL.iter().copied().filter(|kind| kind.is_meant_by(word)));
            if wanted.len() == before {
                // It would be waited for in vain.
                problems.add(&format!("types[{index}]"), "is not a type of event");
            }
        }
        Self((!types.is_empty()).then_some(wanted))
    }

    /// Whether all are wanted.
    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether events of a type are.
    pub fn has(&self, kind: EventKind) -> bool {
        self.0.as_ref().is_none_or(|wanted| wanted.contains(&kind))
    }
}

/// An event, and the place after it. One about a session needs the session, which is kept apart because
/// it never changes.
pub fn to_event(event: Event, session: Option<Session>, cursor: String, accounts: &Accounts) -> pb::Event {
    let Event { id, merchant: _, at, kind, about } = event;
    let payload = match about {
        About::Recurring(fact) => Some(Payload::Recurring(to_recurring(*fact, accounts))),
        About::Payment(payment) => Some(Payload::Payment(pb::PaymentEvent {
            payment: Some(payments::to_payment(*payment, accounts)),
            operation_id: String::new(),
        })),
        About::Movement(payment, id) => Some(Payload::Payment(pb::PaymentEvent {
            payment: Some(payments::to_payment(*payment, accounts)),
            operation_id: id.to_string(),
        })),
        About::Session(payment) => session.map(|session| {
            // Tokens are named by the payment; what else a token is, its own events tell.
            let saved = payment.saved_tokens.iter().map(ToString::to_string).collect();
            let view = SessionView { session, payment, tokens: Vec::new() };
            let session = pb::Session { token_ids: saved, ..sessions::to_session(&view, accounts) };
            Payload::Session(pb::SessionEvent { session: Some(session) })
        }),
        About::Token(token) => {
            Some(Payload::Token(pb::TokenEvent { token: Some(tokens::to_token(*token, accounts, at)) }))
        }
        About::Endpoint(EndpointFact { name, failing_since, note }) => {
            Some(Payload::WebhookEndpoint(pb::WebhookEndpointEvent {
                endpoint: name,
                failing_since: failing_since.map(to_time),
                note: or_empty(note),
            }))
        }
    };
    pb::Event {
        id: id.to_string(),
        r#type: kind.word().to_owned(),
        occurred_at: Some(to_time(at)),
        cursor,
        payload,
    }
}

fn to_recurring(fact: RecurringFact, accounts: &Accounts) -> pb::RecurringEvent {
    let RecurringFact { schedule, standing, occurrence, payment, token, link, note } = fact;
    pb::RecurringEvent {
        schedule_id: schedule.to_string(),
        occurrence: occurrence.as_ref().map(occurrences::to_occurrence),
        payment_id: payment.map(|id| id.to_string()).unwrap_or_default(),
        token_id: token.map(|id| id.to_string()).unwrap_or_default(),
        customer_url: or_empty(link),
        note: or_empty(note),
        schedule: standing.as_ref().map(|schedule| schedules::to_schedule(schedule, accounts)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_contract_names_every_type_of_event_and_no_other() {
        let text = include_str!("../../../proto/turnpike/v1/event.proto");
        let mut types: BTreeSet<String> = text
            .split('`')
            .filter(|word| {
                word.split_once('.').is_some_and(|(family, rest)| !family.is_empty() && !rest.is_empty())
            })
            .filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.'))
            .map(str::to_owned)
            .collect();
        // Told of captures, and "the same four" of the others.
        for family in ["void", "refund"] {
            assert!(text.contains(&format!("`{family}.`")), "{family}");
            for status in ["pending", "succeeded", "failed", "unresolved"] {
                types.insert(format!("{family}.{status}"));
            }
        }
        let known: BTreeSet<String> = EventKind::ALL.iter().map(|kind| kind.word().to_owned()).collect();
        assert_eq!(types, known);
    }

    #[test]
    fn a_type_that_no_event_has_is_told() {
        let mut problems = Problems::default();
        let types = ["occurrence.paid".to_owned(), "occurrence.payed".to_owned()];
        let wanted = Wanted::read(&types, &mut problems);
        assert!(!problems.is_empty());
        assert!(wanted.has(EventKind::OccurrencePaid) && !wanted.has(EventKind::OccurrenceFailed));
    }

    #[test]
    fn a_family_stands_for_all_of_it() {
        let mut problems = Problems::default();
        let wanted = Wanted::read(&["void.*".to_owned(), "token.created".to_owned()], &mut problems);
        assert!(problems.is_empty());
        let words: Vec<&str> =
            EventKind::ALL.iter().filter(|kind| wanted.has(**kind)).map(|kind| kind.word()).collect();
        assert_eq!(
            words,
            ["void.pending", "void.succeeded", "void.failed", "void.unresolved", "token.created"]
        );
        assert!(Wanted::read(&[], &mut problems).is_all());
    }
}
