//! Who pays: the tokens of many schedules and how often their cards were declined, read at once. They
//! are not kept in memory, where they would push out those that callers charge.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::lanes::CardHeld;
use crate::domain::card::Token;
use crate::domain::dunning::card_key;
use crate::domain::ids::TokenId;
use crate::engine::changes::Mark;
use crate::engine::error::{Error, Thing};
use crate::engine::gateway::{CONFLICTS_MAX, Gateway};

/// A token, and what its card's ceilings count, as they were read.
#[derive(Debug)]
pub(super) struct Payer {
    pub(super) token: Token,
    /// What tells its card from others.
    pub(super) card: String,
    /// When the card was declined, oldest first, as far back as any ceiling looks.
    pub(super) declined: Vec<Timestamp>,
    token_mark: Mark,
    card_mark: Mark,
}

/// Payers by their tokens; a token that is not there any more has none.
pub(super) type Payers = HashMap<TokenId, Arc<Payer>>;

impl Gateway {
    /// Reads the payers behind many tokens.
    ///
    /// # Errors
    /// The journal's.
    pub(super) async fn payers(&self, tokens: Vec<TokenId>, now: Timestamp) -> Result<Payers, Error> {
        let (token_mark, card_mark) = (self.shared.tokens_changed.mark(), self.shared.lanes.declined.mark());
        let tokens = self.shared.journal.tokens_by_id(tokens).await?;
        let cards: Vec<String> = tokens.iter().map(key).collect();
        let longest = self.shared.options.recurring.ceilings.longest();
        let since = now.checked_sub(longest).unwrap_or(Timestamp::MIN);
        let declined = self.shared.journal.declines(cards.clone(), since).await?;
        let read = tokens.into_iter().zip(cards).zip(declined);
        let payers = read.map(|((token, card), declined)| {
            (token.id, Arc::new(Payer { token, card, declined, token_mark, card_mark }))
        });
        Ok(payers.collect())
    }

    /// The payer behind a token, and its card held for one more try; it is as was read before, unless
    /// something about it has changed since. The number is of other tries under way.
    ///
    /// # Errors
    /// [`Error::NotFound`] and the journal's.
    pub(super) async fn held_payer(
        &self,
        token: TokenId,
        read: Option<Arc<Payer>>,
        now: Timestamp,
    ) -> Result<(Arc<Payer>, usize, CardHeld), Error> {
        let mut read = read;
        for _ in 0..CONFLICTS_MAX {
            let payer = match read.take() {
                Some(payer) => payer,
                None => {
                    let mut payers = self.payers(vec![token], now).await?;
                    payers.remove(&token).ok_or(Error::NotFound(Thing::Token))?
                }
            };
            // Held first: what another try comes to is then either counted here or written down, and
            // what was written down since the declines were read shows in the look that follows.
            let (others, held) = self.shared.lanes.cards.hold(&payer.card);
            let changed = self.shared.tokens_changed.since(payer.token_mark, &token)
                || self.shared.lanes.declined.since(payer.card_mark, payer.card.as_str());
            if !changed {
                return Ok((payer, others, held));
            }
        }
        Err(Error::Busy)
    }
}

/// What tells a token's card from others. One of which nothing is known is like no other.
pub(super) fn key(token: &Token) -> String {
    card_key(&token.merchant, &token.card).unwrap_or_else(|| token.id.to_string())
}
