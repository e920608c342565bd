//! The hosted page and the bank's page, as a browser sees them. Every form ends in `hosted`.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::Begateway;
use super::codes::{AMOUNT_RULE, TEST_CARDS};
use super::hosted::{self, saved_card};
use super::state::{Checkout, Kind, Status};
use crate::simulator::contract::{CustomerResult, Payment};
use crate::simulator::page;

const TITLE: &str = "beGateway simulator";

/// What the page's address says.
#[derive(Debug, Deserialize)]
pub struct Address {
    token: String,
}

/// `GET /widget/hpp.html?token=`.
pub async fn checkout(
    Shared(begateway): Shared<Arc<Begateway>>,
    Query(Address { token }): Query<Address>,
) -> Response {
    match hosted::visit(&begateway, &token) {
        Some(result) => moved(&begateway, &token, result),
        None => show(&begateway, &token, StatusCode::OK, None),
    }
}

/// `POST /widget/{token}/pay`.
pub async fn pay(
    Shared(begateway): Shared<Arc<Begateway>>,
    Path(token): Path<String>,
    Form(payment): Form<Payment>,
) -> Response {
    let result = hosted::pay(&begateway, &token, &payment);
    moved(&begateway, &token, result)
}

/// `POST /widget/{token}/cancel`.
pub async fn cancel(Shared(begateway): Shared<Arc<Begateway>>, Path(token): Path<String>) -> Response {
    let result = hosted::cancel(&begateway, &token);
    moved(&begateway, &token, result)
}

/// `POST /widget/{token}/expire`.
pub async fn expire(Shared(begateway): Shared<Arc<Begateway>>, Path(token): Path<String>) -> Response {
    let result = hosted::expire(&begateway, &token);
    moved(&begateway, &token, result)
}

/// `POST /widget/{token}/decline`.
pub async fn decline(Shared(begateway): Shared<Arc<Begateway>>, Path(token): Path<String>) -> Response {
    let result = hosted::decline(&begateway, &token);
    moved(&begateway, &token, result)
}

/// `GET /process/{uid}`: the bank's page.
pub async fn challenge(Shared(begateway): Shared<Arc<Begateway>>, Path(uid): Path<String>) -> Response {
    let state = begateway.state();
    match state.transactions.get(&uid) {
        Some(found) if found.wants_redirect => {
            let reference = found.tracking_id.as_deref().unwrap_or_default();
            let (amount, currency) = (found.amount, &found.currency);
            let summary = format!("{reference}: {amount} {currency} (minor units)");
            Html(page::challenge(&summary, &format!("/process/{uid}"))).into_response()
        }
        _ => over("no challenge is open"),
    }
}

/// What the bank's form sends.
#[derive(Debug, Deserialize)]
pub struct ChallengeAnswer {
    result: String,
}

/// `POST /process/{uid}`.
pub async fn answer_challenge(
    Shared(begateway): Shared<Arc<Begateway>>,
    Path(uid): Path<String>,
    Form(answer): Form<ChallengeAnswer>,
) -> Response {
    let result = hosted::finish_challenge(&begateway, &uid, answer.result == "pass");
    let token = {
        let state = begateway.state();
        state.transactions.get(&uid).and_then(|found| found.checkout.clone())
    };
    moved(&begateway, &token.unwrap_or_default(), result)
}

/// `GET /customer/transactions/{uid}/{receipt}`.
pub async fn receipt(
    Shared(begateway): Shared<Arc<Begateway>>,
    Path((uid, receipt)): Path<(String, String)>,
) -> Response {
    let state = begateway.state();
    match state.transactions.get(&uid).filter(|found| found.receipt == receipt) {
        Some(found) => {
            let (kind, status) = (found.kind.title(), found.status.word());
            let (amount, currency) = (found.amount, &found.currency);
            let text = format!("{kind} of {amount} {currency} (minor units): {status}.");
            Html(page::message("Receipt", &text, &[])).into_response()
        }
        None => over("there is no such receipt"),
    }
}

/// Where a form leads: away, to the bank, back to the page, or to a last word.
fn moved(begateway: &Begateway, token: &str, result: CustomerResult) -> Response {
    match result {
        Err(refusal) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show(begateway, token, status, Some(refusal.words()))
        }
        Ok(outcome) => match (outcome.return_url, outcome.status.as_str()) {
            (Some(url), _) => Redirect::to(&url).into_response(),
            (None, "challenge") => {
                let state = begateway.state();
                let checkout = state.checkouts.get(token);
                let uid = checkout.and_then(|checkout| checkout.transaction.clone());
                Redirect::to(&format!("/process/{}", uid.unwrap_or_default())).into_response()
            }
            (None, "declined") => {
                let notice = declined_notice(begateway, token);
                show(begateway, token, StatusCode::OK, Some(&notice))
            }
            (None, status) => {
                let text = format!("Nothing more to do here: {status}.");
                Html(page::message(TITLE, &text, &[])).into_response()
            }
        },
    }
}

fn declined_notice(begateway: &Begateway, token: &str) -> String {
    let state = begateway.state();
    let checkout = state.checkouts.get(token);
    let uid = checkout.and_then(|checkout| checkout.transaction.as_ref());
    let last = uid.and_then(|uid| state.transactions.get(uid));
    let last = last.filter(|last| last.status == Status::Failed);
    let message = last.and_then(|last| last.message.clone()).unwrap_or_default();
    let left = checkout.map_or(0, |checkout| checkout.attempts_left);
    format!("{message} Attempts left: {left}.")
}

fn over(why: &str) -> Response {
    let page = page::message(TITLE, &format!("Sorry: {why}."), &[]);
    (StatusCode::GONE, Html(page)).into_response()
}

fn show(begateway: &Begateway, token: &str, status: StatusCode, notice: Option<&str>) -> Response {
    let state = begateway.state();
    let checkout = match hosted::open(&state, token) {
        Ok(checkout) => checkout,
        Err(refusal) => return over(refusal.words()),
    };
    let saved = saved_card(&state, &checkout).map(|saved| saved.card.masked());
    let cards = TEST_CARDS.iter().map(|card| (card.number, card.meaning));
    let html = page::Checkout {
        title: TITLE,
        summary: &summary(&checkout),
        notice,
        saved_card: saved.as_deref(),
        save_box: checkout.asks_to_save().then_some(false),
        methods: &[],
        button: if checkout.kind == Kind::Tokenization { "Save card" } else { "Pay" },
        can_decline: true,
        action: &format!("/widget/{token}"),
        test_cards: &cards.collect::<Vec<_>>(),
        test_amounts: AMOUNT_RULE,
    }
    .html();
    (status, Html(html)).into_response()
}

fn summary(checkout: &Checkout) -> String {
    let (description, amount) = (&checkout.description, checkout.amount);
    format!("{description}: {amount} {} (minor units)", checkout.currency)
}
