//! Removing a stored card (dossier, sections 6.3 and 13). A removal that is refused may have been done before:
//! the list of the user's cards tells.

use super::{Bbmsl, Next, Stage, answer, cards, wire};
use crate::domain::card::StoredToken;
use crate::domain::outcome::Outcome;
use crate::providers::contract::{Context, Fault, Reply, Step};

impl Bbmsl {
    pub(super) fn delete(&self, token: &StoredToken, cx: &Context<'_>) -> Next {
        match cards::usable(token)? {
            cards::Usable::Card { token, user } => {
                let request = wire::delete_token(&self.account, user, token, cx.now)?;
                Ok(Step::repeatable(request, Stage::DeletingToken))
            }
            // A hosted series has no card that could be removed; it dies with our record of it.
            cards::Usable::Series { .. } => Ok(Step::Done(Outcome::TokenDeleted)),
        }
    }

    pub(super) fn deleted(&self, token: &StoredToken, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        if answer.is_handled {
            return Ok(Step::Done(Outcome::TokenDeleted));
        }
        let refusal = answer.rejected();
        match (&refusal, token.customer.as_deref()) {
            // It may be gone already: the list tells (section 13).
            (Fault::Rejected { .. }, Some(user)) => {
                let request = wire::query_token(&self.account, user, cx.now)?;
                Ok(Step::repeatable(request, Stage::ListingAfterDeleting { refusal }))
            }
            _ => Err(refusal),
        }
    }

    pub(super) fn seen_after_deleting(&self, token: &StoredToken, refusal: Fault, reply: &Reply) -> Next {
        let (Some(user), Some(value)) = (token.customer.as_deref(), token.value(cards::TOKEN)) else {
            return Err(refusal);
        };
        let answer = answer::read_harmless(reply, &self.account)?;
        let is_there = cards::listed(&answer, user)?.iter().any(|card| card.token == *value.expose());
        if is_there { Err(refusal) } else { Ok(Step::Done(Outcome::TokenDeleted)) }
    }
}
