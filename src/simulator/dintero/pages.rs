//! The hosted page, as a browser sees it. Every form ends in a function of `hosted`.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State as Shared};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::Dintero;
use super::authorizing::checkbox;
use super::hosted::{self, chosen_product, saved_card};
use super::outcomes::{AMOUNT_RULE, TEST_CARDS};
use super::state::{Purpose, Session};
use crate::simulator::contract::{CustomerResult, Payment};
use crate::simulator::page::{self, Checkout};

/// `GET /view/{id}`.
pub async fn view(Shared(dintero): Shared<Arc<Dintero>>, Path(id): Path<String>) -> Response {
    match hosted::visit(&dintero, &id) {
        Ok(()) => checkout(&dintero, &id, StatusCode::OK, None),
        Err(refusal) => over(refusal.words()),
    }
}

/// `POST /view/{id}/pay`.
pub async fn pay(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    Form(payment): Form<Payment>,
) -> Response {
    let result = hosted::pay(&dintero, &id, &payment);
    moved(&dintero, &id, result)
}

/// `GET /view/{id}/challenge`: the bank's page.
pub async fn challenge(Shared(dintero): Shared<Arc<Dintero>>, Path(id): Path<String>) -> Response {
    let state = dintero.state();
    let session = state.sessions.get(&id).filter(|session| session.challenge.is_some());
    match session {
        Some(session) => {
            let action = format!("/v1/view/{id}/challenge");
            Html(page::challenge(&summary(session), &action)).into_response()
        }
        None => over("no challenge is open"),
    }
}

/// What the bank's form sends.
#[derive(Debug, Deserialize)]
pub struct ChallengeAnswer {
    result: String,
}

/// `POST /view/{id}/challenge`.
pub async fn answer_challenge(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    Form(answer): Form<ChallengeAnswer>,
) -> Response {
    let result = hosted::finish_challenge(&dintero, &id, answer.result == "pass");
    moved(&dintero, &id, result)
}

/// `POST /view/{id}/cancel`.
pub async fn cancel(Shared(dintero): Shared<Arc<Dintero>>, Path(id): Path<String>) -> Response {
    let result = hosted::cancel(&dintero, &id);
    moved(&dintero, &id, result)
}

/// `POST /view/{id}/expire`.
pub async fn expire(Shared(dintero): Shared<Arc<Dintero>>, Path(id): Path<String>) -> Response {
    let result = hosted::expire(&dintero, &id);
    moved(&dintero, &id, result)
}

/// `POST /view/{id}/decline`.
pub async fn decline(Shared(dintero): Shared<Arc<Dintero>>, Path(id): Path<String>) -> Response {
    let result = hosted::decline(&dintero, &id);
    moved(&dintero, &id, result)
}

/// Where a form leads: away, to the bank, back to the page, or to a last word.
fn moved(dintero: &Dintero, id: &str, result: CustomerResult) -> Response {
    match result {
        Err(refusal) => {
            let is_open = {
                let state = dintero.state();
                state.sessions.get(id).is_some_and(|session| session.is_open(dintero.now()))
            };
            if is_open {
                checkout(dintero, id, StatusCode::UNPROCESSABLE_ENTITY, Some(refusal.words()))
            } else {
                over(refusal.words())
            }
        }
        Ok(outcome) => match (outcome.return_url, outcome.status.as_str()) {
            (Some(url), _) => Redirect::to(&url).into_response(),
            (None, "challenge") => Redirect::to(&format!("/v1/view/{id}/challenge")).into_response(),
            (None, "declined") => {
                let notice = "The card was declined. You may try another one.";
                checkout(dintero, id, StatusCode::OK, Some(notice))
            }
            (None, status) => {
                let text = format!("Nothing more to do here: {status}.");
                Html(page::message("Dintero simulator", &text, &[])).into_response()
            }
        },
    }
}

fn over(why: &str) -> Response {
    let page = page::message("Dintero simulator", &format!("Sorry: {why}."), &[]);
    (StatusCode::GONE, Html(page)).into_response()
}

fn summary(session: &Session) -> String {
    let reference = session.reference();
    match session.purpose {
        Purpose::CardSetup { .. } => format!("{reference}: store a card; nothing is charged"),
        _ => format!("{reference}: {} {} (minor units)", session.amount(), session.currency()),
    }
}

fn checkout(dintero: &Dintero, id: &str, status: StatusCode, notice: Option<&str>) -> Response {
    let state = dintero.state();
    let Some(session) = state.sessions.get(id) else {
        return over("there is no such session");
    };
    let types = session.product_types();
    let is_setup = matches!(session.purpose, Purpose::CardSetup { .. });
    let methods: Vec<(&str, &str)> = match is_setup {
        true => Vec::new(),
        false => types.iter().map(|name| (name.as_str(), label(name))).collect(),
    };
    let product_type = chosen_product(session, &Payment::default()).unwrap_or_default();
    let saved = saved_card(&state, session, &product_type).map(|card| card.masked());
    let cards = TEST_CARDS.iter().map(|(number, _, meaning)| (*number, *meaning));
    let html = Checkout {
        title: "Dintero simulator",
        summary: &summary(session),
        notice,
        saved_card: saved.as_deref(),
        save_box: checkbox(session, &product_type),
        methods: &methods,
        button: if is_setup { "Save card" } else { "Pay" },
        can_decline: types.iter().any(|name| !name.ends_with(".creditcard")),
        action: &format!("/v1/view/{id}"),
        test_cards: &cards.collect::<Vec<_>>(),
        test_amounts: AMOUNT_RULE,
    }
    .html();
    (status, Html(html)).into_response()
}

fn label(product_type: &str) -> &str {
    match product_type {
        "dintero_psp.creditcard" => "Card",
        "payex.creditcard" => "Card (Swedbank Pay)",
        "bambora.creditcard" => "Card (Bambora)",
        other => other,
    }
}
