//! The payer's side of a session: what the hosted page's forms do.
//!
//! The pages and the control API's headless customer call the same functions.

use serde_json::{Value, json};
use url::Url;

use super::authorizing::{Presence, Verdict};
use super::outcomes::{self, Trick};
use super::state::{Challenge, Purpose, Session, State, text};
use super::{Dintero, callbacks};
use crate::simulator::card::{Card, Invalid, is_cvc};
use crate::simulator::contract::{
    CustomerAction, CustomerOutcome, CustomerRefusal, CustomerResult, Payment, ThreeDSecure,
};

/// Declined cards after which the payment has failed.
const TRIES_MAX: u8 = 3;

/// The session a page URL is about; a bare id is taken as it is.
pub fn session_id(page: &str) -> &str {
    let path = page.split(['?', '#']).next().unwrap_or(page);
    match path.split_once("/view/") {
        Some((_, rest)) => rest.split('/').next().unwrap_or(rest),
        None => path,
    }
}

/// Does what a customer does.
pub fn act(dintero: &Dintero, id: &str, action: &CustomerAction) -> CustomerResult {
    match action {
        CustomerAction::Pay(payment) => {
            visit(dintero, id)?;
            let outcome = match waiting(dintero, id) {
                true => CustomerOutcome::stays("challenge"),
                false => pay(dintero, id, payment)?,
            };
            match (outcome.status.as_str(), payment.three_d_secure) {
                ("challenge", ThreeDSecure::Pass) => finish_challenge(dintero, id, true),
                ("challenge", ThreeDSecure::Fail) => finish_challenge(dintero, id, false),
                _ => Ok(outcome),
            }
        }
        CustomerAction::Decline => decline(dintero, id),
        CustomerAction::Cancel => cancel(dintero, id),
        CustomerAction::Expire => expire(dintero, id),
        CustomerAction::Abandon => {
            visit(dintero, id)?;
            Ok(CustomerOutcome::stays("abandoned"))
        }
    }
}

fn refused<T>(why: &str) -> Result<T, CustomerRefusal> {
    Err(CustomerRefusal::Forbidden(why.to_owned()))
}

fn waiting(dintero: &Dintero, id: &str) -> bool {
    let state = dintero.state();
    state.sessions.get(id).is_some_and(|session| session.challenge.is_some())
}

/// The page is opened.
pub fn visit(dintero: &Dintero, id: &str) -> Result<(), CustomerRefusal> {
    let now = dintero.now();
    let mut state = dintero.state();
    let session = open_session(&mut state, id, now)?;
    if !session.events.iter().any(|event| event.name == "VISITED") {
        session.note("VISITED", now, None);
    }
    Ok(())
}

fn open_session<'a>(
    state: &'a mut State,
    id: &str,
    now: jiff::Timestamp,
) -> Result<&'a mut Session, CustomerRefusal> {
    match state.sessions.get_mut(id) {
        None => refused("there is no such session"),
        Some(session) if !session.is_open(now) => refused("the session is over"),
        Some(session) => Ok(session),
    }
}

/// The form "pay": a card, a saved card, or another method.
pub fn pay(dintero: &Dintero, id: &str, payment: &Payment) -> CustomerResult {
    let now = dintero.now();
    let mut state = dintero.state();
    let session = open_session(&mut state, id, now)?.clone();
    let Some(product_type) = chosen_product(&session, payment) else {
        return refused("the session does not offer that method");
    };
    if !product_type.ends_with(".creditcard") {
        // Invoices are looked at by a person first; wallets answer at once (§9).
        let is_invoice = product_type.contains("invoice") || product_type.contains("installment");
        let verdict = if is_invoice { Verdict::OnHold } else { Verdict::Approved };
        return conclude(dintero, &mut state, id, &product_type, None, false, verdict);
    }
    let card = match saved_card(&state, &session, &product_type) {
        Some(card) if payment.card.as_deref().unwrap_or_default().is_empty() => {
            let needs_cvc = session.setting(&product_type, "no_cvc") != Some(&json!(true));
            if needs_cvc && !payment.cvc.as_deref().is_some_and(is_cvc) {
                return Err(CustomerRefusal::Typed("the security code is needed".to_owned()));
            }
            card
        }
        _ => Card::from_payment(payment).map_err(|invalid| {
            let why = match invalid {
                Invalid::Number => "the card number is not right",
                Invalid::Expiry => "the expiry date is not right",
                Invalid::Cvc => "the security code is not right",
            };
            CustomerRefusal::Typed(why.to_owned())
        })?,
    };
    let trick = outcomes::trick(&card.number);
    if matches!(trick, Some(Trick::Challenge | Trick::NeedsAuthentication)) {
        if let Some(session) = state.sessions.get_mut(id) {
            session.challenge = Some(Challenge { card, product_type, save: payment.save });
        }
        return Ok(CustomerOutcome::stays("challenge"));
    }
    try_card(dintero, &mut state, id, &product_type, card, payment.save)
}

/// The bank's form: the challenge is passed or failed.
pub fn finish_challenge(dintero: &Dintero, id: &str, is_passed: bool) -> CustomerResult {
    let now = dintero.now();
    let mut state = dintero.state();
    let session = open_session(&mut state, id, now)?;
    let Some(challenge) = session.challenge.take() else {
        return refused("no challenge is open");
    };
    let (product_type, card) = (challenge.product_type, challenge.card);
    if is_passed {
        return try_card(dintero, &mut state, id, &product_type, card, challenge.save);
    }
    let verdict = Verdict::VerificationFailed;
    conclude(dintero, &mut state, id, &product_type, Some(card), challenge.save, verdict)
}

/// Charges a card; a refused one leaves the page open for another until the tries are used up.
fn try_card(
    dintero: &Dintero,
    state: &mut State,
    id: &str,
    product_type: &str,
    card: Card,
    save: bool,
) -> CustomerResult {
    let now = dintero.now();
    let session = open_session(state, id, now)?;
    let amount = session.amount();
    let verdict = state.verdict(&card, amount, Presence::Payer, now);
    let session = open_session(state, id, now)?;
    if let Verdict::Refused(_) = verdict {
        session.tries += 1;
        let details = json!({ "error": "Rejected", "payment_product_type": product_type });
        session.note("PAY_FAILED", now, Some(details));
        if session.tries < TRIES_MAX {
            return Ok(CustomerOutcome::stays("declined"));
        }
    }
    conclude(dintero, state, id, product_type, Some(card), save, verdict)
}

fn conclude(
    dintero: &Dintero,
    state: &mut State,
    id: &str,
    product_type: &str,
    card: Option<Card>,
    save: bool,
    verdict: Verdict,
) -> CustomerResult {
    let transaction = state.authorize(&dintero.backstage, id, product_type, card, save, verdict);
    let transaction = transaction.and_then(|id| state.transaction(&id));
    let status = transaction.map_or("unknown", |transaction| transaction.status.word());
    Ok(CustomerOutcome::sent(&status.to_lowercase(), return_url(state, id)))
}

/// The payer says no in the wallet (sample 26).
pub fn decline(dintero: &Dintero, id: &str) -> CustomerResult {
    visit(dintero, id)?;
    let now = dintero.now();
    let mut state = dintero.state();
    let session = open_session(&mut state, id, now)?;
    let product_types = session.product_types();
    let wallet = product_types.iter().find(|name| !name.ends_with(".creditcard"));
    let Some(product_type) = wallet.or(product_types.first()).cloned() else {
        return refused("the session offers nothing to pay with");
    };
    let verdict = Verdict::DeclinedByPayer;
    conclude(dintero, &mut state, id, &product_type, None, false, verdict)
}

/// The payer goes back to the shop.
pub fn cancel(dintero: &Dintero, id: &str) -> CustomerResult {
    let now = dintero.now();
    let mut state = dintero.state();
    let session = open_session(&mut state, id, now)?;
    session.cancelled = Some((now, "customer".to_owned()));
    session.note("CANCELLED", now, None);
    callbacks::cancelled(&state, &dintero.backstage, id);
    Ok(CustomerOutcome::sent("cancelled", return_url(&state, id)))
}

/// The page's time runs out. Nobody is sent anywhere.
pub fn expire(dintero: &Dintero, id: &str) -> CustomerResult {
    let now = dintero.now();
    let mut state = dintero.state();
    let session = open_session(&mut state, id, now)?;
    session.expires_at = now;
    session.updated_at = now;
    Ok(CustomerOutcome::stays("expired"))
}

/// The method a payer chose, or the session's first.
pub fn chosen_product(session: &Session, payment: &Payment) -> Option<String> {
    if let Purpose::CardSetup { product_type, .. } = &session.purpose {
        return Some(product_type.clone());
    }
    let offered = session.product_types();
    let saved = session.customer.get("tokens").and_then(Value::as_object);
    let saved = saved.and_then(|saved| saved.keys().next());
    match (payment.method.as_deref(), saved) {
        (Some(method), _) => offered.into_iter().find(|name| name == method),
        (None, Some(saved)) if offered.contains(saved) => Some(saved.clone()),
        (None, _) => offered.into_iter().next(),
    }
}

/// The saved card that the page offers (§5, "charge with payer present").
pub fn saved_card(state: &State, session: &Session, product_type: &str) -> Option<Card> {
    let tokens = session.customer.get("tokens")?.get(product_type)?.as_object()?;
    let value = tokens.values().next()?.as_str()?;
    Some(state.tokens.get(value)?.card.clone())
}

/// Where the browser is sent, with what the provider appends (§11, sample 75).
pub fn return_url(state: &State, session_id: &str) -> Option<String> {
    let session = state.sessions.get(session_id)?;
    // Checked when the session was created.
    let mut url = Url::parse(text(&session.url, "return_url")?).ok()?;
    {
        let mut pairs = url.query_pairs_mut();
        if let Some(id) = &session.transaction_id {
            pairs.append_pair("transaction_id", id);
        }
        pairs.append_pair("merchant_reference", session.reference());
        if let Some(error) = callbacks::error_of(state, session) {
            pairs.append_pair("error", error);
        }
        if text(&session.configuration, "channel") == Some("in_app") {
            pairs.append_pair("session_id", &session.id);
        }
    }
    Some(url.into())
}
