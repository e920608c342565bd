//! The customer's side: what the forms of the hosted page and of the bank's page do.
//!
//! The pages and the control API's headless customer call the same functions.

use serde_json::{Map, Value};
use url::Url;

use super::processing::{Decision, Facts, after_authentication, decide, secures_saved_card};
use super::requests::cvc_result;
use super::state::{Checkout, SavedCard, State, Status, Transaction};
use super::{Begateway, codes};
use crate::simulator::card::{Card, Invalid, is_cvc};
use crate::simulator::contract::{
    CustomerAction, CustomerOutcome, CustomerRefusal, CustomerResult, Payment, ThreeDSecure,
};

/// What a page is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A checkout, by its token.
    Checkout(String),
    /// A challenge, by the transaction's uid.
    Challenge(String),
}

/// Reads a page's URL; a bare token or uid will do.
pub fn place(state: &State, page: &str) -> Place {
    let path = page.split(['?', '#']).next().unwrap_or(page);
    if let Some((_, uid)) = path.split_once("/process/") {
        return Place::Challenge(uid.trim_end_matches('/').to_owned());
    }
    let url = Url::parse(page).ok();
    let token = url.and_then(|url| {
        let mut pairs = url.query_pairs().into_owned();
        pairs.find(|(name, _)| name == "token").map(|(_, token)| token)
    });
    match token {
        Some(token) => Place::Checkout(token),
        None if state.transactions.get(page).is_some() => Place::Challenge(page.to_owned()),
        None => Place::Checkout(page.to_owned()),
    }
}

/// Does what a customer does.
pub fn act(begateway: &Begateway, page: &str, action: &CustomerAction) -> CustomerResult {
    let place = place(&begateway.state(), page);
    match (place, action) {
        (Place::Checkout(token), CustomerAction::Pay(payment)) => {
            let outcome = pay(begateway, &token, payment)?;
            if outcome.status != "challenge" {
                return Ok(outcome);
            }
            match waiting(begateway, &token) {
                Some(uid) => answer(begateway, &uid, payment.three_d_secure, outcome),
                None => Ok(outcome),
            }
        }
        (Place::Challenge(uid), CustomerAction::Pay(payment)) => {
            let outcome = CustomerOutcome::stays("challenge");
            answer(begateway, &uid, payment.three_d_secure, outcome)
        }
        (Place::Checkout(token), CustomerAction::Decline) => decline(begateway, &token),
        (Place::Challenge(uid), CustomerAction::Decline | CustomerAction::Cancel) => {
            finish_challenge(begateway, &uid, false)
        }
        (Place::Checkout(token), CustomerAction::Cancel) => cancel(begateway, &token),
        (Place::Checkout(token), CustomerAction::Expire) => expire(begateway, &token),
        (Place::Challenge(uid), CustomerAction::Expire) => {
            let mut state = begateway.state();
            state.close_abandoned(&begateway.backstage, &uid);
            Ok(CustomerOutcome::stays("expired"))
        }
        (_, CustomerAction::Abandon) => Ok(CustomerOutcome::stays("abandoned")),
    }
}

fn answer(
    begateway: &Begateway,
    uid: &str,
    with: ThreeDSecure,
    unanswered: CustomerOutcome,
) -> CustomerResult {
    match with {
        ThreeDSecure::Pass => finish_challenge(begateway, uid, true),
        ThreeDSecure::Fail => finish_challenge(begateway, uid, false),
        ThreeDSecure::Leave => Ok(unanswered),
    }
}

fn refused<T>(why: &str) -> Result<T, CustomerRefusal> {
    Err(CustomerRefusal::Forbidden(why.to_owned()))
}

/// The challenge a checkout waits for.
fn waiting(begateway: &Begateway, token: &str) -> Option<String> {
    let state = begateway.state();
    state.checkouts.get(token)?.transaction.clone()
}

/// The checkout, if it can still be paid.
pub fn open(state: &State, token: &str) -> Result<Checkout, CustomerRefusal> {
    match state.checkouts.get(token) {
        None => refused("there is no such checkout"),
        Some(checkout) if checkout.is_expired => refused("the checkout is expired"),
        Some(checkout) if checkout.is_finished => refused("the checkout is finished"),
        Some(checkout) => Ok(checkout.clone()),
    }
}

/// The page is opened. With `auto_pay` and a saved card that alone charges the card (§4), the
/// first time; whoever comes back after a decline sees the form. `None` shows the page.
pub fn visit(begateway: &Begateway, token: &str) -> Option<CustomerResult> {
    let pays_at_once = {
        let state = begateway.state();
        let checkout = open(&state, token).ok()?;
        let is_wanted = checkout.settings.get("auto_pay") == Some(&Value::Bool(true));
        is_wanted && checkout.saved_card.is_some() && checkout.transaction.is_none()
    };
    pays_at_once.then(|| charge(begateway, token, &Payment::default(), false))
}

/// The form "pay": a card, or the saved one with its security code.
pub fn pay(begateway: &Begateway, token: &str, payment: &Payment) -> CustomerResult {
    charge(begateway, token, payment, true)
}

fn charge(begateway: &Begateway, token: &str, payment: &Payment, needs_cvc: bool) -> CustomerResult {
    let now = begateway.now();
    let mut state = begateway.state();
    let checkout = open(&state, token)?;
    let saved = saved_card(&state, &checkout);
    let gives_card = !payment.card.as_deref().unwrap_or_default().is_empty();
    let (card, saved) = match saved {
        Some(saved) if !gives_card => {
            if needs_cvc && !payment.cvc.as_deref().is_some_and(is_cvc) {
                return Err(CustomerRefusal::Typed("the security code is needed".to_owned()));
            }
            (saved.card.clone(), Some(saved))
        }
        _ => (typed_card(payment)?, None),
    };
    if codes::test_card(&card.number).is_none() {
        return refused("live cards are not allowed in test mode");
    }
    let is_secured = match &saved {
        Some(saved) => secures_saved_card(saved, false, now),
        None => checkout.shop.has_three_d_secure,
    };
    let decision = decide(&Facts {
        card: &card,
        amount: checkout.amount,
        expected_code: checkout.expected_code,
        is_secured,
        now,
    });
    let attempt = attempt(begateway, &checkout, card, saved, payment);
    let uid = attempt.uid.clone();
    state.file(attempt);
    if let Some(checkout) = state.checkouts.get_mut(token) {
        checkout.transaction = Some(uid.clone());
    }
    state.conclude(&begateway.backstage, &uid, decision);
    Ok(after(&state, &uid))
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

/// The saved card that the page offers (§4).
pub fn saved_card(state: &State, checkout: &Checkout) -> Option<SavedCard> {
    state.cards.get(checkout.saved_card.as_ref()?).cloned()
}

fn attempt(
    begateway: &Begateway,
    checkout: &Checkout,
    card: Card,
    saved: Option<SavedCard>,
    payment: &Payment,
) -> Transaction {
    let now = begateway.now();
    let recurring = match (&saved, checkout.contract.is_empty()) {
        (Some(_), _) => Some("recurring"),
        (None, false) => Some("initial"),
        (None, true) => None,
    };
    let notification_url = checkout.url("notification_url").map(str::to_owned);
    let language = checkout.url("language").unwrap_or("en").to_owned();
    Transaction {
        uid: begateway.backstage.entropy.uuid(),
        shop: checkout.shop,
        kind: checkout.kind,
        status: Status::Incomplete,
        amount: checkout.amount,
        currency: checkout.currency.clone(),
        description: Some(checkout.description.clone()),
        tracking_id: checkout.tracking_id.clone(),
        language,
        code: 9_998,
        message: None,
        bank: None,
        card: Some(card),
        token: saved.map(|saved| saved.token),
        contract: checkout.contract.clone(),
        may_save: payment.save || !checkout.asks_to_save(),
        recurring,
        secure: None,
        wants_redirect: false,
        cvc_result: cvc_result(payment.cvc.as_deref()),
        avs_result: '1',
        customer: checkout.customer.clone(),
        billing_address: Map::new(),
        reason: None,
        parent_uid: None,
        return_url: None,
        notification_url,
        checkout: Some(checkout.token.clone()),
        receipt: begateway.backstage.entropy.hex(10),
        created_at: now,
        updated_at: now,
        paid_at: None,
        expired_at: None,
        captured: 0,
        voided: 0,
        refunded: 0,
    }
}

/// The bank's form: the challenge is passed or failed.
pub fn finish_challenge(begateway: &Begateway, uid: &str, is_passed: bool) -> CustomerResult {
    let mut state = begateway.state();
    let transaction = state.transactions.get(uid).filter(|found| found.wants_redirect);
    let Some(transaction) = transaction else {
        return refused("no challenge is open");
    };
    // An earlier attempt left at the bank must not pay a checkout that is paid already.
    if let Some(token) = &transaction.checkout {
        open(&state, token)?;
    }
    let decision = match (is_passed, &transaction.card) {
        (true, Some(card)) => after_authentication(card),
        _ => Decision::FailSecure("N"),
    };
    state.conclude(&begateway.backstage, uid, decision);
    Ok(after(&state, uid))
}

/// The customer says no when asked to confirm (`F.0132`).
pub fn decline(begateway: &Begateway, token: &str) -> CustomerResult {
    let mut state = begateway.state();
    let checkout = open(&state, token)?;
    let card = Card::new("4200000000000000", "12", "2099", None);
    let Ok(card) = card else {
        return refused("the checkout can't be declined");
    };
    let attempt = attempt(begateway, &checkout, card, None, &Payment::default());
    let uid = attempt.uid.clone();
    state.file(attempt);
    if let Some(checkout) = state.checkouts.get_mut(token) {
        checkout.transaction = Some(uid.clone());
    }
    state.conclude(&begateway.backstage, &uid, Decision::Refuse(132));
    Ok(after(&state, &uid))
}

/// The customer goes back to the shop. No API cancels a checkout: it stays open (§4).
pub fn cancel(begateway: &Begateway, token: &str) -> CustomerResult {
    let state = begateway.state();
    let checkout = open(&state, token)?;
    let to = checkout.url("cancel_url").or(checkout.url("return_url"));
    let url = to.and_then(|to| append(to, &[("token", token)]));
    Ok(CustomerOutcome::sent("cancelled", url))
}

/// The page's time runs out. Nobody is sent anywhere.
pub fn expire(begateway: &Begateway, token: &str) -> CustomerResult {
    let mut state = begateway.state();
    open(&state, token)?;
    state.expire_checkout(&begateway.backstage, token);
    Ok(CustomerOutcome::stays("expired"))
}

/// Where the browser is after an attempt.
fn after(state: &State, uid: &str) -> CustomerOutcome {
    let Some(transaction) = state.transactions.get(uid) else {
        return CustomerOutcome::stays("unknown");
    };
    let status = transaction.status.word();
    if transaction.wants_redirect {
        return CustomerOutcome::stays("challenge");
    }
    let checkout = transaction.checkout.as_ref().and_then(|token| state.checkouts.get(token));
    let url = match checkout {
        None => {
            transaction.return_url.as_deref().and_then(|to| append(to, &[("uid", uid), ("status", status)]))
        }
        Some(checkout) if checkout.is_open() && transaction.status == Status::Failed => {
            return CustomerOutcome::stays("declined");
        }
        Some(checkout) => return_address(checkout, transaction)
            .and_then(|to| append(to, &[("token", &checkout.token), ("status", status), ("uid", uid)])),
    };
    CustomerOutcome::sent(status, url)
}

/// Which of the merchant's addresses the customer is sent to (§4).
fn return_address<'a>(checkout: &'a Checkout, transaction: &Transaction) -> Option<&'a str> {
    let return_url = checkout.url("return_url").filter(|_| checkout.knows_return_url);
    let (success, decline) = (checkout.url("success_url"), checkout.url("decline_url"));
    let fail = checkout.url("fail_url");
    match transaction.status {
        Status::Failed if codes::is_technical(transaction.code) => fail.or(return_url).or(decline),
        Status::Failed | Status::Expired => return_url.or(decline).or(fail),
        Status::Successful | Status::Incomplete | Status::Pending => return_url.or(success),
    }
}

/// The URL with parameters added to its own (§4.2).
fn append(to: &str, parameters: &[(&str, &str)]) -> Option<String> {
    // Checked when the request came in.
    let mut url = Url::parse(to).ok()?;
    url.query_pairs_mut().extend_pairs(parameters);
    Some(url.into())
}
