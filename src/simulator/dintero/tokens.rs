//! Management of stored cards, for Dintero's own acquiring only (§5).

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State as Shared};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use super::answers::{Answer, Reply, not_found};
use super::checks::{self, Problems};
use super::state::{CardToken, State};
use super::transactions::Parameters;
use super::{ACCOUNT, CLIENT_ID, Dintero};

/// `GET /card-tokens`: newest first; may be narrowed by `customer_id`, `status`, `limit`.
pub async fn list(
    Shared(dintero): Shared<Arc<Dintero>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    dintero.admit(&headers)?;
    let parameters = Parameters::new(query);
    let limit = parameters.limit()?;
    let state = dintero.state();
    let customer_id = parameters.first("customer_id");
    let status = parameters.first("status");
    let found = state
        .tokens
        .newest_first()
        .filter(|token| is_managed(token))
        .filter(|token| customer_id.is_none() || token.customer_id.as_deref() == customer_id)
        .filter(|token| status.is_none_or(|status| status == word(token)))
        .take(limit);
    Ok(Reply::ok(found.map(shown).collect()))
}

/// `GET /card-tokens/{id}`.
pub async fn read(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    dintero.admit(&headers)?;
    let mut state = dintero.state();
    let token = state.managed_token(&id)?;
    Ok(Reply::ok(shown(token)))
}

/// `DELETE /card-tokens/{id}`. Deleting again answers the same.
pub async fn delete(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    dintero.admit(&headers)?;
    let body = checks::object_or_empty(&body)?;
    let mut problems = Problems::default();
    if problems.text(&body, &["reason"]).is_some_and(|reason| reason.chars().count() > 128) {
        problems.add("MAX_LENGTH", "String is too long, maximum 128", &["reason"]);
    }
    let requestor = problems.text(&body, &["requestor"]);
    if requestor.is_some_and(|who| !matches!(who, "MERCHANT" | "CARDHOLDER")) {
        let message = "No enum match, expected MERCHANT or CARDHOLDER";
        problems.add("ENUM_MISMATCH", message, &["requestor"]);
    }
    problems.refuse()?;
    let now = dintero.now();
    let mut state = dintero.state();
    let token = state.managed_token(&id)?;
    if token.deleted.is_none() {
        token.deleted = Some((now, CLIENT_ID.to_owned()));
    }
    Ok(Reply::ok(shown(token)))
}

impl State {
    fn managed_token(&mut self, id: &str) -> Result<&mut CardToken, Reply> {
        let value = self.token_values.get(id);
        let token = value.and_then(|value| self.tokens.get_mut(value));
        let token = token.filter(|token| is_managed(token));
        token.ok_or_else(|| not_found("Card token not found"))
    }
}

fn is_managed(token: &CardToken) -> bool {
    token.product_type.starts_with("dintero_psp.")
}

fn word(token: &CardToken) -> &'static str {
    if token.deleted.is_some() { "DELETED" } else { "ACTIVE" }
}

/// As the API and the webhooks show it: never the secret value.
pub fn shown(token: &CardToken) -> Value {
    let card = &token.card;
    let expiry = format!("{:02}/{}", card.expiry_month, card.expiry_year);
    let brand = if card.number.starts_with('4') { "visa" } else { "mastercard" };
    let mut shown = json!({
        "id": token.id,
        "type": token.kind.key(),
        "status": word(token),
        "card_brand": brand,
        "account_id": ACCOUNT,
        "payment_product_type": token.product_type,
        "masked_pan": card.masked(),
        "pan_expiry_date": expiry,
        "token_expiry_date": expiry,
        "transaction_id": token.transaction_id,
        "external_token_references": [],
        "created_at": format!("{:.0}", token.created_at),
        "updated_at": format!("{:.0}", token.updated_at),
    });
    if let Some(customer_id) = &token.customer_id {
        shown["customer_id"] = json!(customer_id);
    }
    if let Some((at, by)) = &token.deleted {
        shown["deleted_at"] = json!(format!("{at:.0}"));
        shown["deleted_by"] = json!(by);
    }
    shown
}
