//! Saved cards: asking for the tokens of an order, and reading them (section 6).
//!
//! A token is told by a notice of its own, or on request; it may follow seconds after the payment.
//! It opens the customer's card to whoever has our credentials, so it is a secret everywhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::account::Account;
use super::transaction::last_four;
use super::{faults, wire};
use crate::domain::card::{CardSummary, SavedCard, StoredToken, TokenUses};
use crate::domain::secret::Secret;
use crate::providers::contract::{Context, Fault, Reply, Request};
use crate::providers::json::{Reading, parse};

/// The kind of the only value that a stored card has here.
pub(super) const TOKEN: &str = "token";
/// How many tokens of one order are read; one card is saved in one payment.
const TOKENS_MAX: usize = 10;

/// The value of a stored card.
pub(super) fn value(token: &StoredToken) -> Result<&Secret<String>, Fault> {
    token.value(TOKEN).filter(|value| !value.expose().trim().is_empty()).ok_or_else(|| Fault::Invalid {
        field: "token".to_owned(),
        problem: "has no value of the kind \"token\", which Paymob's cards have".to_owned(),
    })
}

/// Asks for the tokens that came of an order.
pub(super) fn ask(account: &Account, order: &str, cx: &Context<'_>) -> Result<Request, Fault> {
    let body = json!({ "order_id": wire::id(order) });
    account.with_token_inside("order_card_tokens", "/api/acceptance/order_card_tokens", body, cx)
}

/// Reads them. An empty list, like a 404, means that there is none yet.
///
/// # Errors
/// A [`Fault`] for an answer that is none.
pub(super) fn read(
    account: &Account,
    order: Option<&str>,
    original: Option<&str>,
    reply: &Reply,
) -> Result<Vec<SavedCard>, Fault> {
    if reply.status == 404 {
        return Ok(Vec::new());
    }
    faults::check(reply)?;
    let body = parse(reply)?;
    let Value::Array(items) = &body else {
        return Err(Fault::unintelligible("an answer that is no list of tokens"));
    };
    let mut known = BTreeSet::new();
    let mut cards = Vec::new();
    for item in items.iter().take(TOKENS_MAX) {
        let of = item.at(&["obj"]).unwrap_or(item);
        // Bound to our customer by the order, never by an e-mail address.
        let is_ours = match (order, of.text(&["order_id"])) {
            (Some(asked), Some(named)) => asked == named,
            _ => true,
        };
        let Some(token) = of.text(&[TOKEN]).filter(|_| is_ours) else { continue };
        // The same token may be listed more than once.
        if known.insert(token.clone()) {
            cards.push(card(account, of, token, original));
        }
    }
    Ok(cards)
}

/// One saved card, as a list or a notice has it.
pub(super) fn card(account: &Account, of: &Value, token: String, original: Option<&str>) -> SavedCard {
    SavedCard {
        card: CardSummary {
            brand: of.words(&["card_subtype"]).map(|brand| brand.to_lowercase()),
            last_four: of.text(&["masked_pan"]).as_deref().and_then(last_four),
            ..CardSummary::default()
        },
        // A token is not made for a use; what the account has integrations for can be done with it.
        uses: TokenUses {
            customer_present: true,
            recurring: account.integrations.moto.is_some(),
            unscheduled: account.integrations.moto.is_some(),
        },
        token: StoredToken {
            values: BTreeMap::from([(TOKEN.to_owned(), Secret::new(token))]),
            handle: of.text(&["id"]),
            original: original.map(str::to_owned),
            ..StoredToken::default()
        },
    }
}
