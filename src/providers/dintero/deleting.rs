//! Deleting a token.

use super::account::is_path_word;
use super::{Dintero, Next, Stage, faults, session};
use crate::domain::card::StoredToken;
use crate::domain::outcome::Outcome;
use crate::providers::contract::{Context, Fault, Method, Reply, Step};
use crate::providers::json::{Reading, parse};

impl Dintero {
    /// Only Dintero's own acquiring keeps tokens that can be deleted; elsewhere a token that we
    /// forget is forgotten (dossier §5).
    pub(super) fn delete_token(&self, token: &StoredToken, cx: &Context<'_>) -> Next {
        let product = token.product.as_deref().unwrap_or(&self.account.token_product);
        if !product.starts_with(session::OWN_ACQUIRING) {
            return Ok(Step::Done(Outcome::TokenDeleted));
        }
        // The address wants the public id of the token, never the token.
        let Some(handle) = token.handle.as_deref().filter(|handle| is_path_word(handle)) else {
            return Err(Fault::Unsupported {
                what: "deleting a token whose public id is not known".to_owned(),
                instead: "deleting it in Dintero's Backoffice".to_owned(),
            });
        };
        let path = format!("/card-tokens/{handle}");
        let request = self.account.request("card-tokens/{id}", Method::Delete, &path, cx)?;
        Ok(Step::repeatable(request, Stage::DeletingToken))
    }
}

pub(super) fn token_deleted(reply: &Reply) -> Next {
    if reply.status == 404 {
        return Ok(Step::Done(Outcome::TokenDeleted));
    }
    faults::check(reply)?;
    if reply.body.is_empty() {
        return Ok(Step::Done(Outcome::TokenDeleted));
    }
    match parse(reply)?.text(&["status"]).as_deref() {
        Some("DELETED") => Ok(Step::Done(Outcome::TokenDeleted)),
        _ => Err(Fault::unintelligible("a deleted token that is not deleted")),
    }
}
