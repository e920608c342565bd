//! The provider's pages and the bank's page, as a browser sees them. Every form ends in `hosted`.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::outcomes::{AMOUNT_RULE, TEST_CARDS};
use super::state::{About, Page, State};
use super::{Bbmsl, decimals, hosted};
use crate::simulator::contract::{CustomerResult, Payment};
use crate::simulator::page;

const TITLE: &str = "BBMSL simulator";

/// What the page's address says.
#[derive(Debug, Deserialize)]
pub struct Address {
    sid: String,
}

/// `GET /page?sid=`.
pub async fn show(Shared(bbmsl): Shared<Arc<Bbmsl>>, Query(Address { sid }): Query<Address>) -> Response {
    render(&bbmsl, &sid, StatusCode::OK, None)
}

/// `POST /page/{sid}/pay`.
pub async fn pay(
    Shared(bbmsl): Shared<Arc<Bbmsl>>,
    Path(sid): Path<String>,
    Form(payment): Form<Payment>,
) -> Response {
    moved(&bbmsl, &sid, hosted::pay(&bbmsl, &sid, &payment))
}

/// `POST /page/{sid}/cancel`.
pub async fn cancel(Shared(bbmsl): Shared<Arc<Bbmsl>>, Path(sid): Path<String>) -> Response {
    moved(&bbmsl, &sid, hosted::cancel(&bbmsl, &sid))
}

/// `POST /page/{sid}/expire`.
pub async fn expire(Shared(bbmsl): Shared<Arc<Bbmsl>>, Path(sid): Path<String>) -> Response {
    moved(&bbmsl, &sid, hosted::expire(&bbmsl, &sid))
}

/// `POST /page/{sid}/decline`.
pub async fn decline(Shared(bbmsl): Shared<Arc<Bbmsl>>, Path(sid): Path<String>) -> Response {
    moved(&bbmsl, &sid, hosted::decline(&bbmsl, &sid))
}

/// `GET /page/{sid}/challenge`: the bank's page.
pub async fn challenge(Shared(bbmsl): Shared<Arc<Bbmsl>>, Path(sid): Path<String>) -> Response {
    let state = bbmsl.state();
    match state.pages.get(&sid).filter(|page| page.challenge.is_some()) {
        Some(found) => {
            let action = format!("/page/{sid}/challenge");
            Html(page::challenge(&summary(&state, found), &action)).into_response()
        }
        None => over("no challenge is open"),
    }
}

/// What the bank's form sends.
#[derive(Debug, Deserialize)]
pub struct ChallengeAnswer {
    result: String,
}

/// `POST /page/{sid}/challenge`.
pub async fn answer_challenge(
    Shared(bbmsl): Shared<Arc<Bbmsl>>,
    Path(sid): Path<String>,
    Form(answer): Form<ChallengeAnswer>,
) -> Response {
    moved(&bbmsl, &sid, hosted::finish_challenge(&bbmsl, &sid, answer.result == "pass"))
}

/// Where a form leads: away, to the bank, back to the page, or to a last word.
fn moved(bbmsl: &Bbmsl, sid: &str, result: CustomerResult) -> Response {
    match result {
        Err(refusal) => render(bbmsl, sid, StatusCode::UNPROCESSABLE_ENTITY, Some(refusal.words())),
        Ok(outcome) => match (outcome.return_url, outcome.status.as_str()) {
            (Some(url), _) if !url.is_empty() => Redirect::to(&url).into_response(),
            (_, "challenge") => Redirect::to(&format!("/page/{sid}/challenge")).into_response(),
            (_, "declined") => render(bbmsl, sid, StatusCode::OK, Some("Declined. Try another card.")),
            (_, status) => {
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

fn render(bbmsl: &Bbmsl, sid: &str, status: StatusCode, notice: Option<&str>) -> Response {
    let state = bbmsl.state();
    let found = match hosted::open(&state, sid) {
        Ok(found) => found,
        Err(refusal) => return over(refusal.words()),
    };
    let cards = TEST_CARDS.iter().map(|card| (card.number, card.meaning));
    let stores = matches!(found.about, About::Card { .. });
    let html = page::Checkout {
        title: TITLE,
        summary: &summary(&state, &found),
        notice,
        saved_card: None,
        save_box: None,
        methods: &[],
        button: if stores { "Save card" } else { "Pay" },
        can_decline: !stores,
        action: &format!("/page/{sid}"),
        test_cards: &cards.collect::<Vec<_>>(),
        test_amounts: AMOUNT_RULE,
    }
    .html();
    (status, Html(html)).into_response()
}

fn summary(state: &State, page: &Page) -> String {
    match &page.about {
        About::Card { .. } => "A card to be stored; a small amount is charged and voided.".to_owned(),
        About::Order(id) => match state.orders.get(id) {
            Some(order) => {
                format!("{}: {} {}", order.reference, decimals::text(order.amount), order.currency)
            }
            None => String::new(),
        },
    }
}
