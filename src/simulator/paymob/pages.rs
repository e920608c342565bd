//! The pages as a browser sees them: the unified checkout, the older frame, the bank's page. Plain
//! forms that work without JavaScript; every one ends in `hosted`.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::hosted::{self, saved_card};
use super::outcomes::{AMOUNT_RULE, TEST_CARDS};
use super::state::{Source, Stand};
use super::{IFRAME_ID, PUBLIC_KEY, Paymob, Purpose, purpose, views};
use crate::simulator::contract::{CustomerResult, Payment};
use crate::simulator::page;

const TITLE: &str = "Paymob simulator";

/// What the address of the checkout says.
#[derive(Debug, Deserialize)]
pub struct Checkout {
    #[serde(rename = "publicKey")]
    public_key: String,
    #[serde(rename = "clientSecret")]
    client_secret: String,
}

/// `GET /unifiedcheckout/?publicKey=&clientSecret=`.
pub async fn checkout(Shared(paymob): Shared<Arc<Paymob>>, Query(address): Query<Checkout>) -> Response {
    if address.public_key != PUBLIC_KEY {
        return over("the public key is not known");
    }
    show(&paymob, &address.client_secret, StatusCode::OK, None)
}

/// What the address of the frame says.
#[derive(Debug, Deserialize)]
pub struct Frame {
    payment_token: String,
}

/// `GET /api/acceptance/iframes/{id}?payment_token=`.
pub async fn frame(
    Shared(paymob): Shared<Arc<Paymob>>,
    Path(id): Path<i64>,
    Query(address): Query<Frame>,
) -> Response {
    if id != IFRAME_ID {
        return over("there is no such frame");
    }
    show(&paymob, &address.payment_token, StatusCode::OK, None)
}

/// `POST /pages/{handle}/pay`.
pub async fn pay(
    Shared(paymob): Shared<Arc<Paymob>>,
    Path(handle): Path<String>,
    Form(payment): Form<Payment>,
) -> Response {
    match hosted::pay(&paymob, &handle, &payment) {
        Ok((id, outcome)) if outcome.status == "challenge" => {
            Redirect::to(&views::challenge_url(paymob.backstage.base_url(), id)).into_response()
        }
        Ok((_, outcome)) => moved(&paymob, &handle, Ok(outcome)),
        Err(refusal) => moved(&paymob, &handle, Err(refusal)),
    }
}

/// `POST /pages/{handle}/cancel`.
pub async fn cancel(Shared(paymob): Shared<Arc<Paymob>>, Path(handle): Path<String>) -> Response {
    let result = hosted::cancel(&paymob, &handle);
    moved(&paymob, &handle, result)
}

/// `POST /pages/{handle}/expire`.
pub async fn expire(Shared(paymob): Shared<Arc<Paymob>>, Path(handle): Path<String>) -> Response {
    let result = hosted::expire(&paymob, &handle);
    moved(&paymob, &handle, result)
}

/// `POST /pages/{handle}/decline`.
pub async fn decline(Shared(paymob): Shared<Arc<Paymob>>, Path(handle): Path<String>) -> Response {
    let result = hosted::decline(&paymob, &handle);
    moved(&paymob, &handle, result)
}

/// What the address of the bank's page says.
#[derive(Debug, Deserialize)]
pub struct Acs {
    token: i64,
}

/// `GET …/get_acs_page?token=`.
pub async fn challenge(Shared(paymob): Shared<Arc<Paymob>>, Query(Acs { token }): Query<Acs>) -> Response {
    let state = paymob.state();
    match state.transactions.get(&token).filter(|found| found.stand == Stand::Challenged) {
        Some(found) => {
            let who = match found.source {
                Source::Card(_) => "Card",
                Source::Wallet(_) => "Wallet",
            };
            let summary = format!("{who}: {} {} (minor units)", found.amount, found.currency);
            let action = format!("/api/acceptance/mpgs_secure_callback/get_acs_page?token={token}");
            Html(page::challenge(&summary, &action)).into_response()
        }
        None => over("no challenge is open"),
    }
}

/// What the bank's form sends.
#[derive(Debug, Deserialize)]
pub struct ChallengeAnswer {
    result: String,
}

/// `POST …/get_acs_page?token=`.
pub async fn answer_challenge(
    Shared(paymob): Shared<Arc<Paymob>>,
    Query(Acs { token }): Query<Acs>,
    Form(answer): Form<ChallengeAnswer>,
) -> Response {
    let result = hosted::finish_challenge(&paymob, token, answer.result == "pass");
    let handle = {
        let state = paymob.state();
        let key = state.transactions.get(&token).and_then(|found| state.keys.get(&found.key));
        key.map(|key| key.intention.clone().unwrap_or_else(|| key.value.clone())).unwrap_or_default()
    };
    moved(&paymob, &handle, result)
}

/// Where a form leads: away, back to the page, or to a last word.
fn moved(paymob: &Paymob, handle: &str, result: CustomerResult) -> Response {
    match result {
        Err(refusal) => show(paymob, handle, StatusCode::UNPROCESSABLE_ENTITY, Some(refusal.words())),
        Ok(outcome) => match (outcome.return_url, outcome.status.as_str()) {
            (Some(url), _) => Redirect::to(&url).into_response(),
            (None, "declined") if hosted::open(paymob, &paymob.state(), handle).is_ok() => {
                show(paymob, handle, StatusCode::OK, Some("Declined. Another try is possible."))
            }
            (None, status) => {
                let text = format!("Nothing more to do here: {status}.");
                Html(page::message(TITLE, &text, &[])).into_response()
            }
        },
    }
}

fn over(why: &str) -> Response {
    let page = page::message(TITLE, &format!("Sorry: {why}."), &[]);
    (StatusCode::GONE, Html(page)).into_response()
}

fn show(paymob: &Paymob, handle: &str, status: StatusCode, notice: Option<&str>) -> Response {
    let state = paymob.state();
    let open = match hosted::open(paymob, &state, handle) {
        Ok(open) => open,
        Err(refusal) => return over(refusal.words()),
    };
    let saved = saved_card(&state, &open).map(|saved| saved.card.masked());
    let ids: Vec<String> = open.keys.iter().map(|key| key.integration.to_string()).collect();
    let label = |integration| match purpose(integration) {
        Some(Purpose::Wallet) => "Wallet",
        _ => "Card",
    };
    let methods: Vec<(&str, &str)> =
        ids.iter().zip(&open.keys).map(|(id, key)| (id.as_str(), label(key.integration))).collect();
    let first = open.keys.first();
    let summary = first.map(|key| {
        let reference = state.orders.get(&key.order).and_then(|order| order.reference.as_deref());
        format!("{}: {} {} (minor units)", reference.unwrap_or("Order"), key.amount, key.currency)
    });
    let is_check = first.is_some_and(|key| purpose(key.integration) == Some(Purpose::Verification));
    let cards: Vec<(&str, &str)> = TEST_CARDS.iter().map(|card| (card.number, card.meaning)).collect();
    let html = page::Checkout {
        title: TITLE,
        summary: &summary.unwrap_or_default(),
        notice,
        saved_card: saved.as_deref(),
        save_box: (saved.is_none() && state.behaviour.tokenization_enabled).then_some(is_check),
        methods: &methods,
        button: if is_check { "Save card" } else { "Pay" },
        can_decline: true,
        action: &format!("/pages/{handle}"),
        test_cards: &cards,
        test_amounts: AMOUNT_RULE,
    }
    .html();
    (status, Html(html)).into_response()
}
