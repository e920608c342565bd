//! `POST /sessions/pay`: a charge without the customer (§6).

use std::sync::Arc;

use axum::extract::State as Shared;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::Dintero;
use super::answers::{Answer, Reply, rule};
use super::authorizing::Presence;
use super::checks::{self, Problems, join};
use super::sessions::{draft, has_toggle};
use super::state::{Purpose, SessionDraft, State, Status, TokenKind, text};
use crate::simulator::card::Card;

const RECURRING: &str = "recurring_purchase";
const UNSCHEDULED: &str = "unscheduled_purchase";

/// Whether cards of this product type can be stored and charged (§5).
pub fn is_card_product(product_type: &str) -> bool {
    matches!(product_type, "payex.creditcard" | "bambora.creditcard" | "dintero_psp.creditcard")
}

/// `POST /sessions/pay`.
pub async fn pay(Shared(dintero): Shared<Arc<Dintero>>, headers: HeaderMap, body: Bytes) -> Answer {
    dintero.admit(&headers)?;
    let body = checks::object(&body).map_err(|refusal| refusal.with_failure(None))?;
    let mut state = dintero.state();
    let charge = read(&dintero, &state, &body).map_err(|refusal| refusal.with_failure(None))?;
    check_reference(&state, &charge.draft, &headers)?;
    let product_type = charge.product_type;
    let amount = charge.draft.order["amount"].as_i64().unwrap_or(0);
    let tokens = charge.draft.customer.get("tokens").cloned();
    let session_id = state.open_session(&dintero.backstage, charge.draft);
    let verdict = state.verdict(&charge.card, amount, Presence::Nobody, dintero.now());
    let backstage = &dintero.backstage;
    let card = Some(charge.card);
    let id = state.authorize(backstage, &session_id, &product_type, card, true, verdict);
    let mut answer = state.shown_transaction(&id.unwrap_or_default());
    if let Some(tokens) = tokens.filter(|_| state.behaviour.pay_echoes_tokens) {
        answer["customer"]["tokens"] = tokens;
    }
    let status = answer["status"].clone();
    let is_success = [Status::Authorized, Status::Captured].map(Status::word);
    let is_success = is_success.iter().any(|word| status == *word);
    answer["success"] = json!(is_success);
    if is_success {
        let source = answer["payment_product"].as_str().unwrap_or_default().to_uppercase();
        let action = json!({ "source": source, "code": status, "type": "success" });
        answer["actions"] = json!([action]);
    }
    // A refused charge is HTTP 200 as well (§6).
    Ok(Reply::ok(answer))
}

/// A charge that may be tried.
struct Charge {
    draft: SessionDraft,
    product_type: String,
    card: Card,
}

fn read(dintero: &Dintero, state: &State, body: &Map<String, Value>) -> Result<Charge, Reply> {
    let mut problems = Problems::default();
    let session = problems.object(body, &["session"]);
    let at = ["session", "order"];
    let order = problems.object(session, &at);
    if problems.order(order, &at) == Some(0) {
        problems.add("MINIMUM", "Value is less than minimum 1", &join(&at, "amount"));
    }
    let payment = problems.object(body, &["payment"]);
    let path = ["payment", "payment_product_type"];
    let product_type = problems.required_text(payment, &path).unwrap_or_default().to_owned();
    if !product_type.is_empty() && !is_card_product(&product_type) {
        problems.add("ENUM_MISMATCH", "Unsupported payment_product_type", &path);
    }
    let path = ["payment", "operation"];
    let operation = problems.required_text(payment, &path).unwrap_or_default().to_owned();
    if !operation.is_empty() && ![RECURRING, UNSCHEDULED].contains(&operation.as_str()) {
        let message = "No enum match, expected recurring_purchase or unscheduled_purchase";
        problems.add("ENUM_MISMATCH", message, &path);
    }
    let configuration = problems.object(session, &["session", "configuration"]).clone();
    let mut draft = draft(&mut problems, state, dintero.now(), session, configuration);
    problems.refuse()?;
    let card = card_of_token(state, &product_type, &operation, &mut draft)?;
    draft.purpose = Purpose::MerchantInitiated { operation };
    Ok(Charge { draft, product_type, card })
}

/// Finds the card behind the token the request must carry. The map's key is the product type,
/// dot and all; which token it holds depends on product and operation (§6).
fn card_of_token(
    state: &State,
    product_type: &str,
    operation: &str,
    draft: &mut SessionDraft,
) -> Result<Card, Reply> {
    if !state.behaviour.tokenization_enabled {
        return Err(rule("Merchant initiated payments are not enabled for this account"));
    }
    let wanted = match (product_type, operation) {
        ("payex.creditcard", RECURRING) => TokenKind::Recurrence,
        _ => TokenKind::Payment,
    };
    let tokens = draft.customer.get("tokens");
    let given = tokens.and_then(|tokens| tokens.get(product_type)?.get(wanted.key()));
    let Some(value) = given.and_then(Value::as_str) else {
        let key = wanted.key();
        let message = format!(
            "customer.tokens.{product_type}.{key} is required for {operation} \
             with {product_type}"
        );
        return Err(rule(&message));
    };
    let token = usable_token(state, product_type, wanted.key(), value)?;
    // The token belongs to a customer, whom the answer then names (sample 53).
    if let Some(customer_id) = &token.customer_id
        && text(&draft.customer, "customer_id").is_none()
    {
        draft.customer.insert("customer_id".into(), json!(customer_id));
    }
    Ok(token.card.clone())
}

/// The stored card behind a token, if it may be used for this product and in this place.
pub fn usable_token<'a>(
    state: &'a State,
    product_type: &str,
    key: &str,
    value: &str,
) -> Result<&'a super::state::CardToken, Reply> {
    let token = state.tokens.get(value).filter(|token| token.deleted.is_none());
    match token {
        Some(token) if token.product_type != product_type => {
            Err(rule("Token does not belong to this payment product type"))
        }
        Some(token) if token.kind.key() != key => Err(rule(&format!("Token can't be used as {key}"))),
        Some(token) => Ok(token),
        None => Err(rule(&format!("{key} was not found"))),
    }
}

/// The strict toggles: 400 when the reference was used before (§6, sample 59).
fn check_reference(state: &State, draft: &SessionDraft, headers: &HeaderMap) -> Result<(), Reply> {
    let reference = text(&draft.order, "merchant_reference").unwrap_or_default();
    let earlier = state.sessions_by_reference.ids(reference);
    let used = "merchant_reference is already used by another session";
    if has_toggle(headers, "strict-merchant-reference")
        && let Some(id) = earlier.first()
    {
        return Err(rule(used).with_failure(Some(id)));
    }
    if has_toggle(headers, "strict-success-merchant-reference") {
        let was_authorized = |id: &&String| {
            let session = state.sessions.get(*id);
            let transaction = session.and_then(|session| session.transaction_id.as_ref());
            let transaction = transaction.and_then(|id| state.transaction(id));
            transaction.is_some_and(|transaction| {
                let mut events = transaction.events.iter();
                events.any(|event| event.name == "AUTHORIZE" && event.success)
            })
        };
        if let Some(id) = earlier.iter().find(was_authorized) {
            return Err(rule(used).with_failure(Some(id)));
        }
    }
    Ok(())
}
