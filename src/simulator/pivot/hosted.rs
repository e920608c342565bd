//! What a customer does on the pages: the functions behind the forms.

use super::Pivot;
use super::cards::{self, Scenario};
use super::paying::Presence;
use super::sessions::ask_wallet;
use super::state::{ChargeStatus, Session, State, Status};
use crate::simulator::card::{Card, Invalid, is_cvc};
use crate::simulator::contract::{
    CustomerAction, CustomerOutcome, CustomerRefusal, CustomerResult, Payment, ThreeDSecure,
};

/// Methods that a page without a method of its own offers: value and label.
pub const METHODS: &[(&str, &str)] = &[
    ("CARD", "Card"),
    ("DANA", "DANA"),
    ("SHOPEEPAY", "ShopeePay"),
    ("OVO", "OVO"),
    ("VIRTUAL_ACCOUNT", "Bank transfer"),
    ("QR", "QRIS"),
];
/// The channels of wallets.
const WALLETS: &[&str] = &["DANA", "SHOPEEPAY", "OVO"];

/// What a page's address is about: its secret, or an id as it is.
pub fn known_as(page: &str) -> &str {
    let after = |name: &str| page.split_once(name).map(|(_, rest)| rest);
    let rest = after("token=").or_else(|| after("session_id=")).unwrap_or(page);
    rest.split('&').next().unwrap_or(rest)
}

/// Does what a customer does.
pub fn act(pivot: &Pivot, page: &str, action: &CustomerAction) -> CustomerResult {
    let known = known_as(page);
    match action {
        CustomerAction::Pay(payment) if waits_for_challenge(pivot, known) => {
            answer(pivot, known, payment.three_d_secure)
        }
        CustomerAction::Pay(payment) => {
            let outcome = pay(pivot, known, payment)?;
            match outcome.status.as_str() {
                "challenge" => answer(pivot, known, payment.three_d_secure),
                _ => Ok(outcome),
            }
        }
        CustomerAction::Decline => decline(pivot, known),
        CustomerAction::Cancel => cancel(pivot, known),
        CustomerAction::Expire => expire(pivot, known),
        CustomerAction::Abandon => {
            let (state, id) = (pivot.state(), known);
            let id = open(&state, id)?;
            drop((state, id));
            Ok(CustomerOutcome::stays("abandoned"))
        }
    }
}

fn refused<T>(why: &str) -> Result<T, CustomerRefusal> {
    Err(CustomerRefusal::Forbidden(why.to_owned()))
}

/// Whether a challenge is open.
pub fn waits_for_challenge(pivot: &Pivot, known: &str) -> bool {
    let state = pivot.state();
    let id = state.session_id(known);
    id.and_then(|id| state.sessions.get(&id)).is_some_and(|session| session.challenge.is_some())
}

/// The id of a session that is still open.
pub fn open(state: &State, known: &str) -> Result<String, CustomerRefusal> {
    let Some(id) = state.session_id(known) else { return refused("there is no such payment") };
    match state.sessions.get(&id) {
        Some(session) if session.status.is_final() => refused("the payment is over"),
        Some(session) if session.status == Status::Processing => refused("the payment is under way"),
        Some(_) => Ok(id),
        None => refused("there is no such payment"),
    }
}

fn answer(pivot: &Pivot, known: &str, what: ThreeDSecure) -> CustomerResult {
    match what {
        ThreeDSecure::Pass => finish_challenge(pivot, known, true),
        ThreeDSecure::Fail => finish_challenge(pivot, known, false),
        ThreeDSecure::Leave => Ok(CustomerOutcome::stays("challenge")),
    }
}

fn presence(session: &Session) -> Presence {
    if session.mode == "REDIRECT" { Presence::OnPage } else { Presence::Elsewhere }
}

/// The form "pay": a card, a saved card, a wallet, or another method.
pub fn pay(pivot: &Pivot, known: &str, payment: &Payment) -> CustomerResult {
    let now = pivot.now();
    let mut state = pivot.state();
    let id = open(&state, known)?;
    let Some(session) = state.sessions.get(&id) else { return refused("there is no such payment") };
    if session.mode != "REDIRECT" {
        return refused("this page is for a challenge, and none is open");
    }
    let chosen = chosen(session, payment);
    if WALLETS.contains(&chosen.as_str()) {
        let save = payment.save && session.save;
        ask_wallet(pivot, &mut state, &id, &chosen, save, now);
        return Ok(outcome(pivot, &state, &id));
    }
    if matches!(chosen.as_str(), "VIRTUAL_ACCOUNT" | "QR") {
        let Some(session) = state.sessions.get_mut(&id) else { return refused("there is no such payment") };
        session.method = Some(chosen);
        if session.charges.is_empty() {
            session.begin_charge(&pivot.backstage, now);
        }
        state.succeed(&pivot.backstage, &id, now);
        return Ok(outcome(pivot, &state, &id));
    }
    if chosen != "CARD" {
        return refused("the page does not offer that method");
    }
    let card = match saved_card(&state, session) {
        Some(card) if payment.card.as_deref().unwrap_or_default().is_empty() => {
            if !payment.cvc.as_deref().is_some_and(is_cvc) {
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
    if cards::scenario(&card, card.is_expired(now)) == Scenario::Foreign && !session.has_billing {
        return Err(CustomerRefusal::Typed("this card needs a billing address".to_owned()));
    }
    let save = payment.save && session.save;
    if let Some(session) = state.sessions.get_mut(&id) {
        session.method = Some("CARD".to_owned());
    }
    state.try_card(&pivot.backstage, &id, card, save, Presence::OnPage, now);
    Ok(outcome(pivot, &state, &id))
}

/// The method that a customer chose, or the page's own.
pub fn chosen(session: &Session, payment: &Payment) -> String {
    let own = session.method.as_deref();
    match (payment.method.as_deref(), own) {
        (_, Some("EWALLET")) => {
            let named = session.channel.clone().or_else(|| payment.method.clone());
            named.unwrap_or_else(|| "DANA".to_owned())
        }
        (Some("EWALLET"), None) => "DANA".to_owned(),
        (Some(method), None) => method.to_owned(),
        (_, own) => own.unwrap_or("CARD").to_owned(),
    }
}

/// The newest saved card of the customer, where the page shows saved ones.
pub fn saved_card(state: &State, session: &Session) -> Option<Card> {
    let customer = state.customers.get(&session.customer).filter(|_| session.show_saved)?;
    let stored = customer
        .stored
        .iter()
        .filter(|stored| stored.card.is_some())
        .max_by_key(|stored| stored.created_at)?;
    stored.card.as_ref().map(|(card, _)| card.clone())
}

/// The bank's form: the challenge is passed or failed.
pub fn finish_challenge(pivot: &Pivot, known: &str, is_passed: bool) -> CustomerResult {
    let now = pivot.now();
    let mut state = pivot.state();
    let id = open(&state, known)?;
    let Some(session) = state.sessions.get(&id) else { return refused("there is no such payment") };
    let presence = presence(session);
    if !state.finish_challenge(&pivot.backstage, &id, is_passed, presence, now) {
        return refused("no challenge is open");
    }
    Ok(outcome(pivot, &state, &id))
}

/// The customer says no in the wallet's app.
pub fn decline(pivot: &Pivot, known: &str) -> CustomerResult {
    let now = pivot.now();
    let mut state = pivot.state();
    let id = open(&state, known)?;
    if let Some(session) = state.sessions.get_mut(&id)
        && session.charges.last().is_none_or(|charge| charge.status != ChargeStatus::WaitingForUserAction)
    {
        session.begin_charge(&pivot.backstage, now);
    }
    state.fail(&pivot.backstage, &id, cards::CANCELLED, Presence::Elsewhere, now);
    Ok(outcome(pivot, &state, &id))
}

/// The customer goes back to the shop.
pub fn cancel(pivot: &Pivot, known: &str) -> CustomerResult {
    let now = pivot.now();
    let mut state = pivot.state();
    let id = open(&state, known)?;
    state.end(&pivot.backstage, &id, "REQUESTED_BY_CUSTOMER", now);
    Ok(outcome(pivot, &state, &id))
}

/// The page's time runs out.
pub fn expire(pivot: &Pivot, known: &str) -> CustomerResult {
    let now = pivot.now();
    let mut state = pivot.state();
    let id = open(&state, known)?;
    state.expire(&pivot.backstage, &id, now);
    Ok(outcome(pivot, &state, &id))
}

/// Where the browser is now. The provider appends nothing to the addresses (§18).
fn outcome(_pivot: &Pivot, state: &State, id: &str) -> CustomerOutcome {
    let Some(session) = state.sessions.get(id) else { return CustomerOutcome::stays("unknown") };
    let url = |name: &str| session.redirect_url[name].as_str().map(str::to_owned);
    let last = session.charges.last().map(|charge| charge.status);
    match session.status {
        Status::Paid => CustomerOutcome::sent("captured", url("successReturnUrl")),
        Status::Processing if last == Some(ChargeStatus::WaitingForCapture) => {
            CustomerOutcome::sent("authorized", url("successReturnUrl"))
        }
        Status::Processing => CustomerOutcome::sent("processing", url("successReturnUrl")),
        Status::Cancelled
            if session.cancelled.as_ref().is_some_and(|(_, why)| why == "REQUESTED_BY_CUSTOMER") =>
        {
            CustomerOutcome::sent("cancelled", url("failureReturnUrl"))
        }
        Status::Cancelled => CustomerOutcome::sent("failed", url("failureReturnUrl")),
        Status::Expired => CustomerOutcome::sent("expired", url("expirationReturnUrl")),
        Status::RequireAction | Status::RequireConfirmation => match session.challenge {
            Some(_) => CustomerOutcome::stays("challenge"),
            None => CustomerOutcome::stays("declined"),
        },
    }
}
