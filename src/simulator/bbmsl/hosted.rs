//! The customer's side: what the forms of the provider's pages and of the bank's page do.
//!
//! The pages and the control API's headless customer call the same functions.

use url::Url;

use super::outcomes::{self, Outcome};
use super::state::{About, Attempt, Page, State, Status};
use super::{Bbmsl, notices};
use crate::simulator::card::{Card, Invalid};
use crate::simulator::contract::{
    CustomerAction, CustomerOutcome, CustomerRefusal, CustomerResult, Payment, ThreeDSecure,
};

/// Where a page stands.
pub fn address(bbmsl: &Bbmsl, sid: &str) -> String {
    format!("{}/page?sid={sid}", bbmsl.backstage.base_url())
}

/// The page that an address is about; a bare id will do.
pub fn sid(page: &str) -> String {
    let of_query = Url::parse(page).ok().and_then(|url| {
        let mut pairs = url.query_pairs().into_owned();
        pairs.find(|(name, _)| name == "sid").map(|(_, sid)| sid)
    });
    let of_path = || {
        let rest = page.split_once("/page/")?.1;
        rest.split('/').next().map(str::to_owned)
    };
    of_query.or_else(of_path).unwrap_or_else(|| page.to_owned())
}

/// Does what a customer does.
pub fn act(bbmsl: &Bbmsl, sid: &str, action: &CustomerAction) -> CustomerResult {
    match action {
        CustomerAction::Pay(payment) => {
            let is_asked = bbmsl.state().pages.get(sid).is_some_and(|page| page.challenge.is_some());
            let outcome = if is_asked && payment.card.is_none() {
                CustomerOutcome::stays("challenge")
            } else {
                pay(bbmsl, sid, payment)?
            };
            match (outcome.status.as_str(), payment.three_d_secure) {
                ("challenge", ThreeDSecure::Pass) => finish_challenge(bbmsl, sid, true),
                ("challenge", ThreeDSecure::Fail) => finish_challenge(bbmsl, sid, false),
                _ => Ok(outcome),
            }
        }
        CustomerAction::Decline => decline(bbmsl, sid),
        CustomerAction::Cancel => cancel(bbmsl, sid),
        CustomerAction::Expire => expire(bbmsl, sid),
        CustomerAction::Abandon => Ok(CustomerOutcome::stays("abandoned")),
    }
}

fn refused<T>(why: &str) -> Result<T, CustomerRefusal> {
    Err(CustomerRefusal::Forbidden(why.to_owned()))
}

/// The page, if it can still be used.
pub fn open(state: &State, sid: &str) -> Result<Page, CustomerRefusal> {
    let Some(page) = state.pages.get(sid) else {
        return refused("there is no such page");
    };
    let is_open = match page.about {
        About::Order(id) => state.orders.get(&id).is_some_and(|order| order.status == Status::Open),
        About::Card { .. } => true,
    };
    if page.is_over || !is_open { refused("the page is over") } else { Ok(page.clone()) }
}

/// The form "pay": a card.
pub fn pay(bbmsl: &Bbmsl, sid: &str, payment: &Payment) -> CustomerResult {
    let mut state = bbmsl.state();
    open(&state, sid)?;
    let card = Card::from_payment(payment).map_err(|invalid| {
        let why = match invalid {
            Invalid::Number => "the card number is not right",
            Invalid::Expiry => "the expiry date is not right",
            Invalid::Cvc => "the security code is not right",
        };
        CustomerRefusal::Typed(why.to_owned())
    })?;
    if card.is_expired(bbmsl.now()) {
        return Err(CustomerRefusal::Typed("the card has expired".to_owned()));
    }
    let Some(known) = outcomes::test_card(&card.number) else {
        return refused("only test cards are taken here");
    };
    if known.is_challenged {
        if let Some(page) = state.pages.get_mut(sid) {
            page.challenge = Some(card);
        }
        return Ok(CustomerOutcome::stays("challenge"));
    }
    finish(bbmsl, &mut state, sid, &card)
}

/// The bank's form: the challenge is passed or failed.
pub fn finish_challenge(bbmsl: &Bbmsl, sid: &str, is_passed: bool) -> CustomerResult {
    let mut state = bbmsl.state();
    open(&state, sid)?;
    let asked = state.pages.get_mut(sid).and_then(|page| page.challenge.take());
    let Some(card) = asked else {
        return refused("no challenge is open");
    };
    if is_passed { finish(bbmsl, &mut state, sid, &card) } else { Ok(failed(&mut state, bbmsl, sid, &card)) }
}

/// A failed authentication is a failed try: the order stays OPEN (§7.1).
fn failed(state: &mut State, bbmsl: &Bbmsl, sid: &str, card: &Card) -> CustomerOutcome {
    if let Some(About::Order(id)) = state.pages.get(sid).map(|page| page.about.clone()) {
        if let Some(order) = state.orders.get_mut(&id) {
            order.card = Some(card.clone());
        }
        state.attempt(&bbmsl.backstage, id, Outcome::Decline("9901", "Authentication failed"));
    }
    CustomerOutcome::stays("declined")
}

fn finish(bbmsl: &Bbmsl, state: &mut State, sid: &str, card: &Card) -> CustomerResult {
    let page = open(state, sid)?;
    match &page.about {
        About::Order(id) => {
            let Some(order) = state.orders.get_mut(id) else {
                return refused("there is no such order");
            };
            order.card = Some(card.clone());
            let outcome = outcomes::of(card, order.amount);
            match state.attempt(&bbmsl.backstage, *id, outcome) {
                Attempt::Approved => {
                    end(state, sid);
                    Ok(CustomerOutcome::sent("successful", Some(page.success)))
                }
                // A failed attempt leaves the order OPEN, and the page stands (§7.1).
                Attempt::Declined(_, _) | Attempt::Failed => Ok(CustomerOutcome::stays("declined")),
                Attempt::Processing => Ok(CustomerOutcome::sent("pending", Some(page.success))),
            }
        }
        About::Card { user, notify } => {
            let is_good = outcomes::test_card(&card.number).is_some_and(|known| known.can_be_stored);
            if !is_good {
                return Ok(CustomerOutcome::stays("declined"));
            }
            let Some(stored) = state.store(&bbmsl.backstage, user, card) else {
                return refused("this user has too many cards");
            };
            notices::stored(&bbmsl.backstage, notify, user, &stored);
            end(state, sid);
            Ok(CustomerOutcome::sent("successful", Some(page.success)))
        }
    }
}

fn end(state: &mut State, sid: &str) {
    if let Some(page) = state.pages.get_mut(sid) {
        page.is_over = true;
        page.challenge = None;
    }
}

/// The customer says no in a wallet's app: one failed try, and the page stands.
pub fn decline(bbmsl: &Bbmsl, sid: &str) -> CustomerResult {
    let mut state = bbmsl.state();
    let page = open(&state, sid)?;
    if let About::Order(id) = page.about {
        state.attempt(&bbmsl.backstage, id, Outcome::Decline("9901", "Transaction declined"));
    }
    Ok(CustomerOutcome::stays("declined"))
}

/// The customer goes back to the shop; without an address there is no such button (§6.1). The order
/// stays OPEN until its time is over.
pub fn cancel(bbmsl: &Bbmsl, sid: &str) -> CustomerResult {
    let state = bbmsl.state();
    let page = open(&state, sid)?;
    match page.cancel {
        Some(url) => Ok(CustomerOutcome::sent("cancelled", Some(url))),
        None => refused("the page has no way back"),
    }
}

/// The page's time runs out.
pub fn expire(bbmsl: &Bbmsl, sid: &str) -> CustomerResult {
    let mut state = bbmsl.state();
    let page = open(&state, sid)?;
    state.close_page(sid, bbmsl.now());
    Ok(CustomerOutcome::sent("expired", Some(page.fail).filter(|url| !url.is_empty())))
}
