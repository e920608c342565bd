//! Plain card tokens without 3-D Secure: `/credit_cards` and its v2 (§5).

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::json;

use super::answers::{Reply, Version, record_not_found, respond};
use super::checks::{self, Errors};
use super::requests::read_card;
use super::state::SavedCard;
use super::{Begateway, views};

/// `POST /credit_cards`: stores a card (samples 53 and 54).
pub async fn create(Shared(begateway): Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    let version = Version::of(&headers);
    let answer = begateway.admit(&headers).and_then(|shop| {
        let request = checks::unwrap(&body, "request")?;
        let mut errors = Errors::default();
        let card = read_card(&mut errors, &request, "");
        let contract = errors.contract(&request, "contract");
        errors.refuse()?;
        let Some(card) = card else {
            errors.add("number", "is invalid");
            return Err(super::answers::Refusal::validation(&errors));
        };
        let saved =
            SavedCard { token: begateway.backstage.entropy.uuid(), shop, card, contract, proven_at: None };
        let body = views::saved_card(&saved);
        begateway.state().cards.put(saved.token.clone(), saved);
        Ok(Reply::ok(body))
    });
    respond(version, answer)
}

/// `POST /credit_cards/{token}` or `PUT`: a new expiry or holder for a stored card.
pub async fn update(
    Shared(begateway): Shared<Arc<Begateway>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let version = Version::of(&headers);
    let answer = begateway.admit(&headers).and_then(|shop| {
        let change = checks::unwrap(&body, "request")?;
        let mut state = begateway.state();
        let saved = state.cards.get_mut(&token).filter(|saved| saved.shop == shop);
        let saved = saved.ok_or_else(|| Box::new(record_not_found()))?;
        let card = &saved.card;
        let mut whole = serde_json::Map::new();
        whole.insert("number".into(), json!(card.number));
        whole.insert("exp_month".into(), json!(format!("{:02}", card.expiry_month)));
        whole.insert("exp_year".into(), json!(card.expiry_year.to_string()));
        whole.insert("holder".into(), json!(card.holder));
        whole.extend(change);
        let mut errors = Errors::default();
        let card = read_card(&mut errors, &whole, "");
        let contract = errors.contract(&whole, "contract");
        errors.refuse()?;
        if let Some(card) = card {
            saved.card = card;
        }
        if !contract.is_empty() {
            saved.contract = contract;
        }
        Ok(Reply::ok(views::saved_card(saved)))
    });
    respond(version, answer)
}
