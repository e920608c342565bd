//! Stored cards: the list of a user's cards, which of them is new, and what a token has to hold.
//!
//! Nothing in the flow that saves a card carries a reference of ours (dossier, section 6.2): what was
//! not there before and is there now is the card, if it is one. This file must never choose among
//! several.

use serde_json::Value;

use super::account::is_id;
use super::answer::{Answer, brand, digits_of};
use super::customer::hex;
use crate::domain::card::{CardSummary, SavedCard, StoredToken, TokenUses};
use crate::domain::money::Currency;
use crate::domain::secret::Secret;
use crate::providers::contract::Fault;
use crate::providers::json::Reading;

/// The product of tokens that the tokenization model stores.
pub(super) const TOKENIZATION: &str = "tokenization";
/// The product of series that began on a hosted page: no token, only the first order.
pub(super) const HOSTED: &str = "hosted";
/// The kind of a token's only value.
pub(super) const TOKEN: &str = "token";
/// The kind of the only value of a [`HOSTED`] token.
pub(super) const PARENT: &str = "parent_order_id";

/// Cards of one user that are looked at; the provider has no paging and names no limit.
const CARDS_MAX: usize = 500;
/// Hexadecimal digits by which a known card is recognised.
const DIGEST_CHARS: usize = 16;

/// A card of the list.
pub(super) struct Listed {
    pub token: String,
    pub card: CardSummary,
}

/// The user's cards.
///
/// # Errors
/// [`Fault::Unintelligible`] for another user's card, an odd token, or a list without an end.
pub(super) fn listed(answer: &Answer, user: &str) -> Result<Vec<Listed>, Fault> {
    if !answer.is_handled {
        return Err(answer.rejected());
    }
    // A missing or null list is an empty one (the dossier's sample 06); anything else is no list.
    let items = match answer.body.at(&["list"]) {
        None => &[][..],
        Some(Value::Array(items)) => items.as_slice(),
        Some(_) => return Err(Fault::unintelligible("a list of cards that is none")),
    };
    if items.len() > CARDS_MAX {
        return Err(Fault::unintelligible("more cards of one user than are looked at"));
    }
    items.iter().map(|item| read(item, user)).collect()
}

fn read(item: &Value, user: &str) -> Result<Listed, Fault> {
    if item.text(&["userId"]).as_deref() != Some(user) {
        return Err(Fault::unintelligible("a card of another user"));
    }
    let token = item
        .text(&["tokenId"])
        .filter(|token| is_id(token))
        .ok_or_else(|| Fault::unintelligible("a card without a token"))?;
    let (bin, last_four) = item.text(&["maskedPan"]).map(|masked| digits_of(&masked)).unwrap_or_default();
    let (year, month) = expiry(item.text(&["expiryDate"]).as_deref());
    let funding = item.text(&["cardSubBrand"]).and_then(|word| {
        let word = word.to_lowercase();
        ["credit", "debit", "prepaid"].into_iter().find(|kind| word.ends_with(kind)).map(str::to_owned)
    });
    let card = CardSummary {
        brand: item.text(&["cardBrand"]).as_deref().map(brand),
        bin,
        last_four,
        expiry_month: month,
        expiry_year: year,
        funding,
        ..CardSummary::default()
    };
    Ok(Listed { token, card })
}

/// `YYYYMM`.
fn expiry(text: Option<&str>) -> (Option<u16>, Option<u8>) {
    let parts = text.filter(|text| text.len() == 6 && text.is_ascii()).and_then(|text| {
        let (year, month) = text.split_at(4);
        Some((year.parse().ok()?, month.parse().ok().filter(|month| (1..=12).contains(month))?))
    });
    (parts.map(|(year, _)| year), parts.map(|(_, month)| month))
}

/// How a card is recognised later without its token being kept: a short digest that is bound to its
/// user.
pub(super) fn digest(user: &str, token: &str) -> String {
    hex(format!("{user}\n{token}").as_bytes(), DIGEST_CHARS)
}

/// What the cards of a user come to that were not there before.
pub(super) fn added(cards: Vec<Listed>, user: &str, known: &str) -> Vec<SavedCard> {
    let is_known = |token: &str| known.split(',').any(|known| known == digest(user, token));
    let added = cards.into_iter().filter(|listed| !is_known(&listed.token));
    added.map(|listed| saved(listed, user)).collect()
}

fn saved(listed: Listed, user: &str) -> SavedCard {
    SavedCard {
        token: StoredToken {
            product: Some(TOKENIZATION.to_owned()),
            values: [(TOKEN.to_owned(), Secret::new(listed.token))].into(),
            customer: Some(user.to_owned()),
            ..StoredToken::default()
        },
        card: listed.card,
        uses: TokenUses { customer_present: true, recurring: true, unscheduled: true },
    }
}

/// A series that began on a hosted page: later charges name its first order and need nothing else.
pub(super) fn hosted_series(order: &str, currency: Currency, card: Option<CardSummary>) -> SavedCard {
    SavedCard {
        token: StoredToken {
            product: Some(HOSTED.to_owned()),
            values: [(PARENT.to_owned(), Secret::new(order.to_owned()))].into(),
            original: Some(order.to_owned()),
            original_currency: Some(currency),
            ..StoredToken::default()
        },
        card: card.unwrap_or_default(),
        uses: TokenUses { customer_present: false, recurring: true, unscheduled: false },
    }
}

/// What a charge of a token sends.
pub(super) enum Usable<'a> {
    /// A stored card of a user.
    Card {
        /// Its id.
        token: &'a Secret<String>,
        /// Whose it is.
        user: &'a str,
    },
    /// A series of a hosted page, by its first order.
    Series {
        /// The first order.
        parent: &'a str,
    },
}

/// Checks that a token has what a charge of it needs.
///
/// # Errors
/// [`Fault::Invalid`] naming the field of the token.
pub(super) fn usable(token: &StoredToken) -> Result<Usable<'_>, Fault> {
    let invalid = |field: &str, problem: &str| Fault::Invalid {
        field: format!("provider_token.{field}"),
        problem: problem.to_owned(),
    };
    match token.product.as_deref() {
        Some(HOSTED) => {
            let value = token.value(PARENT).or_else(|| token.value(TOKEN));
            let parent = token.original.as_deref().or(value.map(|value| value.expose().as_str()));
            let parent = parent.filter(|parent| is_id(parent)).ok_or_else(|| {
                invalid(
                    "original_reference",
                    "of the product hosted is the number of the series' first order",
                )
            })?;
            Ok(Usable::Series { parent })
        }
        None | Some(TOKENIZATION) => {
            let value = token.value(TOKEN).filter(|value| is_id(value.expose()));
            let value = value.ok_or_else(|| {
                invalid("values", "has no tokenId of BBMSL, which is a number, of the only kind")
            })?;
            let user = token.customer.as_deref().filter(|user| (1..=64).contains(&user.chars().count()));
            let user = user.ok_or_else(|| {
                invalid(
                    "provider_customer_id",
                    "is the BBMSL user id that owns the token, 1 to 64 characters",
                )
            })?;
            if token.original.as_deref().is_some_and(|original| !is_id(original)) {
                return Err(invalid("original_reference", "is the number of the series' first order"));
            }
            Ok(Usable::Card { token: value, user })
        }
        Some(_) => Err(invalid("product_type", "is tokenization or hosted at BBMSL, or empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiries_are_years_and_months() {
        assert_eq!(expiry(Some("203011")), (Some(2030), Some(11)));
        for odd in [None, Some(""), Some("203013"), Some("2030"), Some("11/203"), Some("20ä11")] {
            assert_eq!(expiry(odd), (None, None), "{odd:?}");
        }
    }

    #[test]
    fn a_digest_is_of_the_user_and_the_token() {
        assert_ne!(digest("a", "1"), digest("b", "1"));
        assert_ne!(digest("a", "1"), digest("a", "2"));
        assert_eq!(digest("a", "1").len(), DIGEST_CHARS);
        assert!(!digest("user", "5127").contains("5127"));
    }
}
