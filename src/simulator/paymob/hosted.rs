//! The customer's side: what the forms of the pages and of the bank's page do.
//!
//! The pages and the control API's headless customer call the same functions.

use url::Url;

use super::outcomes;
use super::paying::Attempt;
use super::state::{Intention, PaymentKey, SavedCard, Source, Stand, State};
use super::{Paymob, Purpose, purpose, views};
use crate::simulator::card::{Card, Invalid, is_cvc};
use crate::simulator::contract::{
    CustomerAction, CustomerOutcome, CustomerRefusal, CustomerResult, Payment, ThreeDSecure,
};

/// The wallet of the sandbox (§16).
const WALLET: &str = "01010101010";

/// What a page is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A page, by the client secret of its intention or by its payment key.
    Page(String),
    /// The bank's page, by the transaction.
    Challenge(i64),
}

/// Reads a page's address; a bare client secret, payment key or transaction will do.
pub fn place(page: &str) -> Place {
    let url = Url::parse(page).ok();
    let parameter = |wanted: &str| {
        let mut pairs = url.as_ref()?.query_pairs().into_owned();
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    let transaction = if page.contains("get_acs_page") { parameter("token") } else { None };
    if let Some(id) = transaction.as_deref().unwrap_or(page).parse().ok().filter(|id: &i64| *id > 0) {
        return Place::Challenge(id);
    }
    let handle = parameter("clientSecret").or_else(|| parameter("payment_token"));
    Place::Page(handle.unwrap_or_else(|| page.to_owned()))
}

/// Does what a customer does.
pub fn act(paymob: &Paymob, page: &str, action: &CustomerAction) -> CustomerResult {
    match (place(page), action) {
        (Place::Page(handle), CustomerAction::Pay(payment)) => {
            let (id, outcome) = pay(paymob, &handle, payment)?;
            if outcome.status == "challenge" {
                answer(paymob, id, payment.three_d_secure)
            } else {
                Ok(outcome)
            }
        }
        (Place::Challenge(id), CustomerAction::Pay(payment)) => answer(paymob, id, payment.three_d_secure),
        (Place::Challenge(id), CustomerAction::Decline | CustomerAction::Cancel) => {
            finish_challenge(paymob, id, false)
        }
        (Place::Page(handle), CustomerAction::Decline) => decline(paymob, &handle),
        (Place::Page(handle), CustomerAction::Cancel) => cancel(paymob, &handle),
        (Place::Page(handle), CustomerAction::Expire) => expire(paymob, &handle),
        (Place::Challenge(_), CustomerAction::Expire) | (_, CustomerAction::Abandon) => {
            Ok(CustomerOutcome::stays("abandoned"))
        }
    }
}

fn answer(paymob: &Paymob, id: i64, with: ThreeDSecure) -> CustomerResult {
    match with {
        ThreeDSecure::Pass => finish_challenge(paymob, id, true),
        ThreeDSecure::Fail => finish_challenge(paymob, id, false),
        ThreeDSecure::Leave => Ok(CustomerOutcome::stays("challenge")),
    }
}

fn refused<T>(why: &str) -> Result<T, CustomerRefusal> {
    Err(CustomerRefusal::Forbidden(why.to_owned()))
}

/// A page that can still be paid on.
pub struct Open {
    pub keys: Vec<PaymentKey>,
    pub intention: Option<Intention>,
}

impl Open {
    /// The key of the method that was chosen; the first one otherwise.
    fn key(&self, method: Option<&str>) -> Option<&PaymentKey> {
        let is_wallet = |key: &&PaymentKey| purpose(key.integration) == Some(Purpose::Wallet);
        match method.filter(|method| !method.is_empty()) {
            None => self.keys.first(),
            Some("wallet") => self.keys.iter().find(is_wallet),
            Some("card") => self.keys.iter().find(|key| !is_wallet(key)),
            Some(id) => self.keys.iter().find(|key| key.integration.to_string() == id),
        }
    }
}

/// The page of a handle, if it can still be paid on.
pub fn open(paymob: &Paymob, state: &State, handle: &str) -> Result<Open, CustomerRefusal> {
    let intention = state.intentions.get(handle).cloned();
    let keys: Vec<PaymentKey> = match &intention {
        Some(intention) => intention.keys.iter().filter_map(|key| state.keys.get(key).cloned()).collect(),
        None => state.keys.get(handle).filter(|key| key.intention.is_none()).cloned().into_iter().collect(),
    };
    let Some(first) = keys.first() else {
        return refused("there is no such page");
    };
    if paymob.now() >= first.expires_at {
        return refused("the page is expired");
    }
    let Some(order) = state.orders.get(&first.order) else {
        return refused("there is no such order");
    };
    let of_order = order.transactions.iter().filter_map(|id| state.transactions.get(id));
    let has_failed = of_order.clone().any(|found| found.stand == Stand::Failed);
    if state.is_paid(order) || of_order.clone().any(|found| found.stand == Stand::Pending) {
        return refused("the order is paid");
    }
    if has_failed && !state.behaviour.page_retries {
        return refused("the page has been used");
    }
    Ok(Open { keys, intention })
}

/// The saved card that a page offers first.
pub fn saved_card(state: &State, open: &Open) -> Option<SavedCard> {
    state.cards.get(open.intention.as_ref()?.card_tokens.first()?).cloned()
}

/// The form "pay": a card, the saved one with its security code, or a wallet.
pub fn pay(
    paymob: &Paymob,
    handle: &str,
    payment: &Payment,
) -> Result<(i64, CustomerOutcome), CustomerRefusal> {
    let mut state = paymob.state();
    let open = open(paymob, &state, handle)?;
    let Some(key) = open.key(payment.method.as_deref()) else {
        return refused("the page does not offer that method");
    };
    let saved = saved_card(&state, &open);
    let gives_card = !payment.card.as_deref().unwrap_or_default().is_empty();
    let source = if purpose(key.integration) == Some(Purpose::Wallet) {
        Source::Wallet(WALLET.to_owned())
    } else {
        match saved {
            Some(saved) if !gives_card => {
                if !payment.cvc.as_deref().is_some_and(is_cvc) {
                    return Err(CustomerRefusal::Typed("the security code is needed".to_owned()));
                }
                Source::Card(saved.card)
            }
            _ => Source::Card(typed_card(payment)?),
        }
    };
    if let Source::Card(card) = &source
        && outcomes::test_card(&card.number).is_none()
    {
        return refused("live cards are not allowed in test mode");
    }
    let attempt = Attempt { source, cvc: payment.cvc.clone(), saves: payment.save && gives_card };
    let Ok(id) = state.attempt(&paymob.backstage, key, attempt) else {
        return refused("the order is paid");
    };
    Ok((id, after(&state, id)))
}

fn typed_card(payment: &Payment) -> Result<Card, CustomerRefusal> {
    Card::from_payment(payment).map_err(|invalid| {
        let why = match invalid {
            Invalid::Number => "the card number is not right",
            Invalid::Expiry => "the expiry date is not right",
            Invalid::Cvc => "the security code is not right",
        };
        CustomerRefusal::Typed(why.to_owned())
    })
}

/// The bank's form, or the wallet's: passed or failed.
pub fn finish_challenge(paymob: &Paymob, id: i64, is_passed: bool) -> CustomerResult {
    let mut state = paymob.state();
    let Some(found) = state.transactions.get(&id).filter(|found| found.stand == Stand::Challenged) else {
        return refused("no challenge is open");
    };
    // An earlier attempt left at the bank must not pay an order that is paid already.
    if state.orders.get(&found.order).is_some_and(|order| state.is_paid(order)) {
        return refused("the order is paid");
    }
    let outcome = match (is_passed, &found.source) {
        (true, _) => found.outcome,
        (false, Source::Card(_)) => &outcomes::NOT_AUTHENTICATED,
        (false, Source::Wallet(_)) => &outcomes::CANCELLED,
    };
    state.decided(&paymob.backstage, id, outcome);
    Ok(after(&state, id))
}

/// The customer says no in the wallet's app.
pub fn decline(paymob: &Paymob, handle: &str) -> CustomerResult {
    let mut state = paymob.state();
    let open = open(paymob, &state, handle)?;
    let Some(key) = open.key(Some("wallet")).or(open.keys.first()) else {
        return refused("the page cannot be declined");
    };
    let attempt = Attempt { source: Source::Wallet(WALLET.to_owned()), cvc: None, saves: false };
    let Ok(id) = state.attempt(&paymob.backstage, key, attempt) else {
        return refused("the order is paid");
    };
    state.decided(&paymob.backstage, id, &outcomes::CANCELLED);
    Ok(after(&state, id))
}

/// The customer goes back to the shop. No call closes a page: it stays open.
pub fn cancel(paymob: &Paymob, handle: &str) -> CustomerResult {
    let state = paymob.state();
    let open = open(paymob, &state, handle)?;
    Ok(CustomerOutcome::sent("cancelled", open.intention.and_then(|intention| intention.redirection_url)))
}

/// The page's time runs out. Nobody is sent anywhere.
pub fn expire(paymob: &Paymob, handle: &str) -> CustomerResult {
    let now = paymob.now();
    let mut state = paymob.state();
    let open = open(paymob, &state, handle)?;
    for key in &open.keys {
        if let Some(key) = state.keys.get_mut(&key.value) {
            key.expires_at = now;
        }
    }
    if let Some(intention) = state.intentions.get_mut(handle) {
        intention.expires_at = now;
    }
    Ok(CustomerOutcome::stays("expired"))
}

/// Where the browser is after an attempt.
fn after(state: &State, id: i64) -> CustomerOutcome {
    let Some(found) = state.transactions.get(&id) else {
        return CustomerOutcome::stays("unknown");
    };
    let status = match found.stand {
        Stand::Challenged => return CustomerOutcome::stays("challenge"),
        Stand::Failed if state.behaviour.page_retries => return CustomerOutcome::stays("declined"),
        Stand::Failed => "declined",
        Stand::Pending => "pending",
        Stand::Succeeded if found.is_auth => "authorized",
        Stand::Succeeded => "captured",
    };
    let key = state.keys.get(&found.key);
    let intention = key.and_then(|key| state.intentions.get(key.intention.as_ref()?));
    let to = intention.and_then(|intention| intention.redirection_url.as_deref()).and_then(|to| {
        // Checked when the request came in.
        let mut url = Url::parse(to).ok()?;
        url.query_pairs_mut().extend_pairs(views::return_parameters(state, found));
        Some(url.into())
    });
    CustomerOutcome::sent(status, to)
}
