//! The customer's stored payment methods, and which of them a payment saved (dossier, section 13).
//! Neither the paid session nor the callback names the token; the customer's list does, sometimes a
//! little later. Nothing but the payment's own method is ever taken over from that list.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::account::Account;
use super::session::{self, Session};
use crate::domain::card::{CardSummary, SavedCard, StoredToken, TokenUses};
use crate::domain::secret::Secret;
use crate::providers::json::Reading;

/// The kind of a token's one value.
pub(super) const VALUE: &str = "token";
/// The product of a stored wallet. Cards have none: they are the usual.
pub(super) const WALLET: &str = "EWALLET";
/// How many stored methods are looked at.
const STORED_MAX: usize = 500;
/// How much earlier than the payment a token may have been made: clocks differ (section 13).
const BEFORE_PAID: SignedDuration = SignedDuration::from_mins(5);

/// What the payment was made with, to be found among the stored methods.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// The card of the charge.
    Card {
        fingerprint: Option<String>,
        first_eight: Option<String>,
        card: Box<CardSummary>,
        paid_at: Option<Timestamp>,
    },
    /// The wallet of the charge.
    Wallet { channel: String, paid_at: Option<Timestamp> },
    /// Whatever is newest, for answers that are read by themselves.
    Newest,
}

impl Wanted {
    /// What to look for after a session was paid; `None` where its charge does not say.
    pub(super) fn of(session: &Session) -> Option<Self> {
        let charge = session.charges.iter().find(|charge| {
            matches!(charge.status, session::ChargeStatus::Success | session::ChargeStatus::WaitingForCapture)
        })?;
        let paid_at = charge.paid_at.or(charge.created_at);
        match (&charge.card, &charge.wallet) {
            (Some(card), _) => Some(Self::Card {
                fingerprint: card.fingerprint.clone(),
                first_eight: charge.first_eight.clone(),
                card: Box::new(card.clone()),
                paid_at,
            }),
            (None, Some(channel)) => Some(Self::Wallet { channel: channel.clone(), paid_at }),
            (None, None) => None,
        }
    }

    fn is(&self, stored: &Value) -> bool {
        let face = stored.at(&["card"]).map(session::face).unwrap_or_default();
        let made_at = session::time(stored, &["createdAt"]);
        let is_wallet = is_wallet(stored);
        match self {
            Self::Card { fingerprint, first_eight, card, paid_at } => {
                let same_number = || {
                    first_eight.is_some()
                        && stored.text(&["card", "first8"]) == *first_eight
                        && card.last_four.is_some()
                        && face.last_four == card.last_four
                        && (face.expiry_month, face.expiry_year) == (card.expiry_month, card.expiry_year)
                        && is_recent(made_at, *paid_at)
                };
                !is_wallet
                    && match (fingerprint, &face.fingerprint) {
                        (Some(wanted), Some(found)) => wanted == found,
                        // One side does not tell.
                        (None, _) | (_, None) => same_number(),
                    }
            }
            Self::Wallet { channel, paid_at } => {
                let stored_channel = stored.text(&["paymentChannel"]).unwrap_or_default();
                is_wallet && stored_channel.eq_ignore_ascii_case(channel) && is_recent(made_at, *paid_at)
            }
            Self::Newest => true,
        }
    }
}

/// `EWALLET`; older entries say `ewallet`, and `cards` for cards.
fn is_wallet(stored: &Value) -> bool {
    stored.text(&["paymentMethod"]).is_some_and(|method| method.eq_ignore_ascii_case(WALLET))
}

fn is_recent(made_at: Option<Timestamp>, paid_at: Option<Timestamp>) -> bool {
    match (made_at, paid_at.map(|paid_at| paid_at.checked_sub(BEFORE_PAID))) {
        (Some(made_at), Some(Ok(earliest))) => made_at >= earliest,
        (Some(_) | None, Some(Ok(_) | Err(_)) | None) => false,
    }
}

/// The method that a payment saved, from the customer's answer: the newest active one that is the
/// payment's.
pub(super) fn saved(account: &Account, data: &Value, customer: &str, wanted: &Wanted) -> Option<SavedCard> {
    // Session bodies sometimes spell the list without the d.
    let lists = [data.list(&["storedPaymentMethods"]), data.list(&["storePaymentMethods"])];
    let stored = lists
        .iter()
        .flat_map(|list| list.iter())
        .take(STORED_MAX)
        .filter(|stored| stored.text(&["status"]).as_deref() == Some("ACTIVE") && wanted.is(stored))
        .filter(|stored| stored.text(&["token"]).is_some())
        .max_by_key(|stored| session::time(stored, &["createdAt"]))?;
    let value = Secret::new(stored.text(&["token"])?);
    let wallet = is_wallet(stored);
    let without_customer = account.mit.enabled && !wallet;
    let mut card = stored.at(&["card"]).map(session::face).unwrap_or_default();
    let network = stored.words(&["card", "network"]).or_else(|| stored.words(&["paymentChannel"]));
    card.brand = network.map(|brand| brand.to_ascii_lowercase());
    Some(SavedCard {
        token: StoredToken {
            product: wallet.then(|| WALLET.to_owned()),
            values: BTreeMap::from([(VALUE.to_owned(), value)]),
            // Tokens hang on customers, and customers are e-mail addresses: without the customer
            // the token cannot be charged.
            customer: Some(customer.to_owned()),
            ..StoredToken::default()
        },
        card,
        uses: TokenUses {
            customer_present: true,
            recurring: without_customer,
            unscheduled: without_customer,
        },
    })
}
