//! The pages as a browser sees them: plain forms, no JavaScript. Every form ends in `hosted`.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::state::Session;
use super::{Pivot, cards, hosted};
use crate::simulator::contract::{CustomerResult, Payment};
use crate::simulator::page::{self, Checkout};

const TITLE: &str = "Pivot simulator";

/// What stands in a page's address.
#[derive(Debug, Deserialize)]
pub struct Handle {
    token: Option<String>,
    session_id: Option<String>,
}

impl Handle {
    fn secret(self) -> String {
        self.token.or(self.session_id).unwrap_or_default()
    }
}

/// `GET /detail?token=…`: the page on which a customer pays.
pub async fn view(Shared(pivot): Shared<Arc<Pivot>>, Query(handle): Query<Handle>) -> Response {
    let secret = handle.secret();
    if hosted::waits_for_challenge(&pivot, &secret) {
        return Redirect::to(&format!("/payment/creditcard/threeds?session_id={secret}")).into_response();
    }
    let open = hosted::open(&pivot.state(), &secret);
    match open {
        Ok(_) => checkout(&pivot, &secret, StatusCode::OK, None),
        Err(refusal) => over(refusal.words()),
    }
}

/// `GET /payment/creditcard/threeds?session_id=…`: the bank's page.
pub async fn challenge(Shared(pivot): Shared<Arc<Pivot>>, Query(handle): Query<Handle>) -> Response {
    let secret = handle.secret();
    if !hosted::waits_for_challenge(&pivot, &secret) {
        return over("no challenge is open");
    }
    let state = pivot.state();
    let session = state.session_id(&secret).and_then(|id| state.sessions.get(&id));
    match session {
        Some(session) => {
            Html(page::challenge(&summary(session), &format!("/detail/{secret}/challenge"))).into_response()
        }
        None => over("there is no such payment"),
    }
}

/// What the bank's form sends.
#[derive(Debug, Deserialize)]
pub struct ChallengeAnswer {
    result: String,
}

/// `POST /detail/{secret}/challenge`.
pub async fn answer_challenge(
    Shared(pivot): Shared<Arc<Pivot>>,
    Path(secret): Path<String>,
    Form(answer): Form<ChallengeAnswer>,
) -> Response {
    let result = hosted::finish_challenge(&pivot, &secret, answer.result == "pass");
    moved(&pivot, &secret, result)
}

/// `POST /detail/{secret}/pay`. A wallet has a page of its own in between.
pub async fn pay(
    Shared(pivot): Shared<Arc<Pivot>>,
    Path(secret): Path<String>,
    Form(payment): Form<Payment>,
) -> Response {
    let wallet = {
        let state = pivot.state();
        let session = hosted::open(&state, &secret).ok().and_then(|id| state.sessions.get(&id));
        let chosen = session.map(|session| hosted::chosen(session, &payment));
        chosen.filter(|chosen| matches!(chosen.as_str(), "DANA" | "SHOPEEPAY" | "OVO"))
    };
    if let Some(wallet) = wallet {
        let save = if payment.save { "&save=true" } else { "" };
        return Redirect::to(&format!("/wallet/{secret}?channel={wallet}{save}")).into_response();
    }
    let result = hosted::pay(&pivot, &secret, &payment);
    moved(&pivot, &secret, result)
}

/// What a wallet's page was opened with.
#[derive(Debug, Deserialize)]
pub struct WalletQuery {
    channel: String,
    #[serde(default)]
    save: bool,
}

/// `GET /wallet/{secret}`: the wallet's own app.
pub async fn wallet(Path(secret): Path<String>, Query(query): Query<WalletQuery>) -> Response {
    let (secret, channel) = (page::escape(&secret), page::escape(&query.channel));
    let save = if query.save { "true" } else { "false" };
    let body = format!(
        "<p>{channel} asks whether you want to pay.</p><div class=\"row\">\
         <form method=\"post\" action=\"/wallet/{secret}\">\
         <input type=\"hidden\" name=\"method\" value=\"{channel}\">\
         <input type=\"hidden\" name=\"save\" value=\"{save}\">\
         <button type=\"submit\">Pay</button></form>\
         <form method=\"post\" action=\"/detail/{secret}/decline\">\
         <button type=\"submit\" class=\"quiet\">Say no</button></form></div>"
    );
    Html(page::layout(TITLE, &body)).into_response()
}

/// `POST /wallet/{secret}`: the customer agrees.
pub async fn wallet_pays(
    Shared(pivot): Shared<Arc<Pivot>>,
    Path(secret): Path<String>,
    Form(payment): Form<Payment>,
) -> Response {
    let result = hosted::pay(&pivot, &secret, &payment);
    moved(&pivot, &secret, result)
}

/// `POST /detail/{secret}/cancel`.
pub async fn cancel(Shared(pivot): Shared<Arc<Pivot>>, Path(secret): Path<String>) -> Response {
    let result = hosted::cancel(&pivot, &secret);
    moved(&pivot, &secret, result)
}

/// `POST /detail/{secret}/expire`.
pub async fn expire(Shared(pivot): Shared<Arc<Pivot>>, Path(secret): Path<String>) -> Response {
    let result = hosted::expire(&pivot, &secret);
    moved(&pivot, &secret, result)
}

/// `POST /detail/{secret}/decline`.
pub async fn decline(Shared(pivot): Shared<Arc<Pivot>>, Path(secret): Path<String>) -> Response {
    let result = hosted::decline(&pivot, &secret);
    moved(&pivot, &secret, result)
}

/// Where a form leads: away, to the bank, back to the page, or to a last word.
fn moved(pivot: &Pivot, secret: &str, result: CustomerResult) -> Response {
    match result {
        Err(refusal) => {
            let is_open = hosted::open(&pivot.state(), secret).is_ok();
            match is_open {
                true => checkout(pivot, secret, StatusCode::UNPROCESSABLE_ENTITY, Some(refusal.words())),
                false => over(refusal.words()),
            }
        }
        Ok(outcome) => match (outcome.return_url, outcome.status.as_str()) {
            (Some(url), _) => Redirect::to(&url).into_response(),
            (None, "challenge") => {
                Redirect::to(&format!("/payment/creditcard/threeds?session_id={secret}")).into_response()
            }
            (None, "declined") => {
                let notice = "The card was declined. You may try another one.";
                checkout(pivot, secret, StatusCode::OK, Some(notice))
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

fn summary(session: &Session) -> String {
    format!("{}: Rp {}", session.reference, session.amount)
}

fn checkout(pivot: &Pivot, secret: &str, status: StatusCode, notice: Option<&str>) -> Response {
    let state = pivot.state();
    let Some(session) = state.session_id(secret).and_then(|id| state.sessions.get(&id)) else {
        return over("there is no such payment");
    };
    if session.mode != "REDIRECT" {
        return over("the merchant's own page collects the card");
    }
    let methods: Vec<(&str, &str)> = match (session.method.as_deref(), &session.channel) {
        (None, _) => hosted::METHODS.to_vec(),
        (Some("EWALLET"), None) => hosted::METHODS
            .iter()
            .filter(|(name, _)| matches!(*name, "DANA" | "SHOPEEPAY" | "OVO"))
            .copied()
            .collect(),
        _ => Vec::new(),
    };
    let saved = hosted::saved_card(&state, session).map(|card| card.masked());
    let html = Checkout {
        title: TITLE,
        summary: &summary(session),
        notice,
        saved_card: saved.as_deref(),
        save_box: session.save.then_some(false),
        methods: &methods,
        button: "Pay",
        can_decline: session.method.as_deref() == Some("EWALLET"),
        action: &format!("/detail/{secret}"),
        test_cards: &cards::shown(),
        test_amounts: "Any three digits as the security code; any expiry in the future.",
    }
    .html();
    (status, Html(html)).into_response()
}
