//! Events: the facts of a change get a name and a time, and go into the entry that makes them true.

use jiff::Timestamp;

use crate::domain::card::Token;
use crate::domain::event::Event;
use crate::domain::ids::{EventId, MerchantName};
use crate::domain::payment::Payment;
use crate::domain::telling::{self, Fact};
use crate::journal::seam::Entry;

use super::gateway::Gateway;

impl Gateway {
    /// Has an entry tell of what it changes of a payment and of the tokens in it. `written` is the
    /// payment as it will be read back.
    pub(super) fn tell_of_payment(&self, entry: &mut Entry, before: &Payment, written: &Payment) {
        let mut events: Vec<Event> =
            entry.tokens.iter().map(|token| self.event_of_token(None, token)).collect();
        let facts = telling::of_payment(before, written);
        events.extend(facts.into_iter().map(|fact| self.event(fact, &written.merchant, written.updated_at)));
        // What else follows from it, such as the end of an occurrence, comes after it.
        events.append(&mut entry.events);
        entry.events = events;
    }

    /// What writing a token makes true; `before` is it as it was. A new one has no version yet.
    pub(super) fn event_of_token(&self, before: Option<&Token>, token: &Token) -> Event {
        let written = Token { version: token.version + 1, ..token.clone() };
        // One that is only known by its version was there before, and its status is what it was.
        let before = before.or((token.version > 0).then_some(token));
        self.event(telling::of_token(before, &written), &token.merchant, token.updated_at)
    }

    pub(super) fn event(&self, (kind, about): Fact, merchant: &MerchantName, at: Timestamp) -> Event {
        Event { id: EventId::mint(at, self.random()), merchant: merchant.clone(), at, kind, about }
    }
}
