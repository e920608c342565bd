//! The answer to an intention, and what any answer before a payment repeats of what was asked.
//!
//! Nothing has been paid here. An answer about another amount or reference, or a live integration on
//! a test account, ends the conversation before anything is.

use serde_json::Value;

use crate::domain::money::Money;
use crate::domain::secret::Secret;
use crate::providers::contract::Fault;
use crate::providers::json::Reading;

/// The answer to an intention, as far as it matters (section 5).
pub(super) struct Intention {
    pub(super) id: Option<String>,
    /// Whoever holds it has the page.
    pub(super) client_secret: Secret<String>,
    /// The provider's order behind it.
    pub(super) order: Option<String>,
    keys: Vec<(i64, Secret<String>)>,
}

impl Intention {
    /// Reads it. A success without a client secret is none.
    pub(super) fn read(body: &Value, amount: Money, reference: &str, test: bool) -> Result<Self, Fault> {
        let client_secret = body
            .text(&["client_secret"])
            .ok_or_else(|| Fault::unintelligible("an intention without its client secret"))?;
        check_echo(
            body,
            &["intention_detail", "amount"],
            &["intention_detail", "currency"],
            &["special_reference"],
            amount,
            reference,
        )?;
        check_mode(body, test)?;
        let keys = body
            .list(&["payment_keys"])
            .iter()
            .filter_map(|entry| Some((entry.integer(&["integration"])?, Secret::new(entry.text(&["key"])?))));
        Ok(Self {
            id: body.text(&["id"]),
            client_secret: Secret::new(client_secret),
            order: body.text(&["intention_order_id"]),
            keys: keys.collect(),
        })
    }

    /// The payment key for an integration.
    pub(super) fn key_of(&self, integration: i64) -> Result<&Secret<String>, Fault> {
        let found = self.keys.iter().find(|(of, _)| *of == integration).map(|(_, key)| key);
        found.ok_or_else(|| Fault::unintelligible("an intention without a key for its integration"))
    }
}

/// The integrations of a test account are not live, nor the other way round.
fn check_mode(body: &Value, test: bool) -> Result<(), Fault> {
    let is_other = |method: &Value| method.flag(&["live"]) == Some(test);
    if !body.list(&["payment_methods"]).iter().any(is_other) {
        return Ok(());
    }
    let message = if test {
        "the integration is live, and the account a test account"
    } else {
        "the integration is a test one, and the account live"
    };
    Err(Fault::Rejected { code: None, message: message.to_owned() })
}

/// What an answer repeats must be what was asked. Nothing was paid yet, so this is no quarantine:
/// the conversation breaks off, and whoever can make sense of it may start another one.
pub(super) fn check_echo(
    body: &Value,
    amount_at: &[&str],
    currency_at: &[&str],
    reference_at: &[&str],
    amount: Money,
    reference: &str,
) -> Result<(), Fault> {
    let is_other_amount = body.at(amount_at).is_some() && body.integer(amount_at) != Some(amount.minor());
    let is_other_currency =
        body.text(currency_at).is_some_and(|currency| currency != amount.currency().code());
    let is_other_reference = body.text(reference_at).is_some_and(|seen| seen != reference);
    if is_other_amount || is_other_currency || is_other_reference {
        // Nobody will pay what this is about; asking again is harmless.
        return Err(Fault::Silent { what: "an answer about something else than was asked".to_owned() });
    }
    Ok(())
}
