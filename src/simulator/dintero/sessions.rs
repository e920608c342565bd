//! Sessions: creating, reading, changing and cancelling them (§4).

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State as Shared};
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answers::{Answer, Reply, conflict, not_found, rule};
use super::authorizing::PAYER_IP;
use super::checks::{self, Problems, lines_total};
use super::state::{CardToken, Purpose, Session, SessionDraft, SessionEvent, State, Status, TokenKind};
use super::transactions::Parameters;
use super::{ACCOUNT, CLIENT_ID, Dintero, PROFILE, callbacks};
use crate::simulator::clock::{iso, later};
use crate::simulator::shelf::Shelf;

/// A session lasts this long unless its request says otherwise (sample 07): a day.
const LIFETIME_MS: u64 = 24 * 60 * 60 * 1_000;

/// Feature toggles (§2).
pub const STRICT_AMOUNTS: &str = "strict-session-amounts";

/// `POST /sessions-profile`: what is offered comes from a stored profile.
pub async fn create_from_profile(
    Shared(dintero): Shared<Arc<Dintero>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    dintero.admit(&headers)?;
    let body = checks::object(&body)?;
    let mut problems = Problems::default();
    let profile = problems.required_text(&body, &["profile_id"]);
    if profile.is_some_and(|profile| profile != PROFILE) {
        problems.add("NOT_FOUND", "Profile not found", &["profile_id"]);
    }
    let configuration = problems.object(&body, &["configuration"]).clone();
    let configuration = with_profile(configuration);
    create_purchase(&dintero, query, &headers, &body, configuration, problems)
}

/// `POST /sessions`: what is offered is said in full.
pub async fn create(
    Shared(dintero): Shared<Arc<Dintero>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    dintero.admit(&headers)?;
    let body = checks::object(&body)?;
    let mut problems = Problems::default();
    if !body.contains_key("configuration") {
        let message = "Missing required property: configuration";
        problems.add("OBJECT_MISSING_REQUIRED_PROPERTY", message, &["configuration"]);
    }
    let configuration = problems.object(&body, &["configuration"]).clone();
    let configuration = with_wildcard(configuration);
    create_purchase(&dintero, query, &headers, &body, configuration, problems)
}

fn create_purchase(
    dintero: &Dintero,
    query: Option<String>,
    headers: &HeaderMap,
    body: &Map<String, Value>,
    configuration: Map<String, Value>,
    mut problems: Problems,
) -> Answer {
    let mut state = dintero.state();
    let order = problems.object(body, &["order"]);
    problems.order(order, &["order"]);
    let draft = draft(&mut problems, &state, dintero.now(), body, configuration);
    if draft.url.get("return_url").is_none() {
        let message = "Missing required property: return_url";
        problems.add("OBJECT_MISSING_REQUIRED_PROPERTY", message, &["url", "return_url"]);
    }
    problems.refuse()?;
    check_amounts(order, headers)?;
    check_saved_tokens(&state, &draft)?;
    let id = state.open_session(&dintero.backstage, draft);
    let with_session = Parameters::new(query).first("include_session") == Some("true");
    Ok(created(dintero, &state, &id, with_session))
}

/// `POST /sessions/payment-token`: a card is stored, nothing is paid (§5).
pub async fn create_card_setup(
    Shared(dintero): Shared<Arc<Dintero>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    dintero.admit(&headers)?;
    let body = checks::object(&body)?;
    let mut problems = Problems::default();
    let mut state = dintero.state();
    let session = problems.object(&body, &["session"]);
    let order = problems.object(session, &["session", "order"]);
    problems.currency(order, &["session", "order"]);
    problems.required_text(order, &["session", "order", "merchant_reference"]);
    let (product_type, kinds) = token_provider(&mut problems, &body);
    let configuration = only_product(&product_type);
    let draft = draft(&mut problems, &state, dintero.now(), session, configuration);
    problems.refuse()?;
    if !state.behaviour.tokenization_enabled {
        return Err(rule("Tokenization is not enabled for this account"));
    }
    let purpose = Purpose::CardSetup { product_type, kinds };
    let id = state.open_session(&dintero.backstage, SessionDraft { purpose, ..draft });
    Ok(created(&dintero, &state, &id, false))
}

fn token_provider(problems: &mut Problems, body: &Map<String, Value>) -> (String, Vec<TokenKind>) {
    let provider = problems.object(body, &["token_provider"]);
    let path = ["token_provider", "payment_product_type"];
    let product_type = problems.required_text(provider, &path).unwrap_or_default();
    if !product_type.is_empty() && !super::pay::is_card_product(product_type) {
        problems.add("ENUM_MISMATCH", "Unsupported payment_product_type", &path);
    }
    let wanted = provider.get("token_types").and_then(Value::as_array);
    let mut kinds = Vec::new();
    for kind in wanted.into_iter().flatten() {
        match kind.as_str() {
            Some("payment_token") => kinds.push(TokenKind::Payment),
            Some("recurrence_token") if product_type == "payex.creditcard" => {
                kinds.push(TokenKind::Recurrence);
            }
            _ => {
                let path = ["token_provider", "token_types"];
                problems.add("ENUM_MISMATCH", "Unsupported token type", &path);
            }
        }
    }
    if kinds.is_empty() {
        kinds.push(TokenKind::Payment);
    }
    (product_type.to_owned(), kinds)
}

/// Everything a session has besides its order, checked.
pub fn draft(
    problems: &mut Problems,
    state: &State,
    now: Timestamp,
    body: &Map<String, Value>,
    configuration: Map<String, Value>,
) -> SessionDraft {
    let url = problems.object(body, &["url"]);
    problems.urls(url, &["url"], state.behaviour.callback_must_be_public);
    let customer = problems.object(body, &["customer"]);
    problems.customer(customer, &["customer"]);
    problems.metadata(body, &[]);
    let expires_at = problems.time(body, &["expires_at"]);
    if expires_at.is_some_and(|at| at <= now) {
        problems.add("INVALID_VALUE", "expires_at must be in the future", &["expires_at"]);
    }
    SessionDraft {
        purpose: Purpose::Purchase,
        order: problems.object(body, &["order"]).clone(),
        url: url.clone(),
        customer: customer.clone(),
        configuration,
        metadata: problems.object(body, &["metadata"]).clone(),
        expires_at: expires_at.unwrap_or_else(|| later(now, LIFETIME_MS)),
    }
}

/// Whether a feature toggle is set; the header is a comma list.
pub fn has_toggle(headers: &HeaderMap, toggle: &str) -> bool {
    let values = headers.get_all("dintero-feature-toggles").iter();
    let mut toggles = values.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    toggles.any(|name| name.trim() == toggle)
}

/// With the toggle, Σ of the lines must be the amount (§2).
fn check_amounts(order: &Map<String, Value>, headers: &HeaderMap) -> Result<(), Reply> {
    let is_partial = order.get("partial_payment") == Some(&json!(true));
    if !has_toggle(headers, STRICT_AMOUNTS) || is_partial {
        return Ok(());
    }
    if Some(lines_total(order)) != order.get("amount").and_then(Value::as_i64) {
        return Err(rule("Sum of items and shipping does not match order amount"));
    }
    Ok(())
}

/// A saved card that is offered must exist and fit (§5).
fn check_saved_tokens(state: &State, draft: &SessionDraft) -> Result<(), Reply> {
    let tokens = draft.customer.get("tokens").and_then(Value::as_object);
    for (product_type, kinds) in tokens.into_iter().flatten() {
        for (kind, value) in kinds.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            super::pay::usable_token(state, product_type, kind, value)?;
        }
    }
    Ok(())
}

/// The configuration of the stored profile, where the request does not name products itself.
fn with_profile(mut configuration: Map<String, Value>) -> Map<String, Value> {
    let names_products = configuration.values().any(Value::is_object);
    if !names_products {
        for product in ["dintero_psp", "payex", "bambora"] {
            configuration.insert(product.into(), json!({ "creditcard": { "enabled": true } }));
        }
    }
    configuration
}

/// `active_payment_types.enabled` stands for everything that is active (§4.2).
fn with_wildcard(mut configuration: Map<String, Value>) -> Map<String, Value> {
    let all = configuration.get("active_payment_types");
    if all.is_some_and(|all| all["enabled"] == json!(true)) {
        configuration.remove("active_payment_types");
        for product in ["dintero_psp", "payex", "bambora"] {
            let product = configuration.entry(product).or_insert_with(|| json!({}));
            if let Value::Object(methods) = product {
                methods.insert("creditcard".into(), json!({ "enabled": true }));
            }
        }
    }
    configuration
}

fn only_product(product_type: &str) -> Map<String, Value> {
    let mut configuration = Map::new();
    if let Some((product, method)) = product_type.split_once('.') {
        configuration.insert(product.to_owned(), json!({ method: { "enabled": true } }));
    }
    configuration
}

fn created(dintero: &Dintero, state: &State, id: &str, with_session: bool) -> Reply {
    let url = format!("{}/v1/view/{id}", dintero.backstage.base_url());
    let mut body = json!({ "id": id, "url": url });
    if with_session && let Some(session) = state.sessions.get(id) {
        body["session"] = session.shown(&state.tokens);
    }
    Reply::ok(body)
}

/// `GET /sessions/{id}`.
pub async fn read(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    dintero.admit(&headers)?;
    let state = dintero.state();
    let session = state.sessions.get(&id).ok_or_else(|| not_found("Session not found"))?;
    Ok(Reply::ok(session.shown(&state.tokens)))
}

/// `GET /sessions`: newest first.
pub async fn list(
    Shared(dintero): Shared<Arc<Dintero>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    dintero.admit(&headers)?;
    let parameters = Parameters::new(query);
    let limit = parameters.limit()?;
    let mut bounds = [None, None];
    for (bound, name) in bounds.iter_mut().zip(["created_at.gte", "created_at.lte"]) {
        let given = parameters.first(name).map(str::parse::<Timestamp>).transpose();
        *bound = given.map_err(|_| rule(&format!("{name} must be a date-time")))?;
    }
    let [from, until] = bounds;
    let state = dintero.state();
    let search = parameters.first("search");
    let transaction_id = parameters.first("transaction_id");
    let found = state
        .sessions
        .newest_first()
        .filter(|session| transaction_id.is_none() || session.transaction_id.as_deref() == transaction_id)
        .filter(|session| from.is_none_or(|from| session.created_at >= from))
        .filter(|session| until.is_none_or(|until| session.created_at <= until))
        .filter(|session| {
            search.is_none_or(|text| session.id.contains(text) || session.reference().contains(text))
        })
        .take(limit);
    Ok(Reply::ok(found.map(|session| session.shown(&state.tokens)).collect()))
}

/// `PUT /sessions/{id}`: changes the order before it is paid.
pub async fn update(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    dintero.admit(&headers)?;
    let body = checks::object(&body)?;
    let now = dintero.now();
    let mut state = dintero.state();
    let session = state.sessions.get_mut(&id).ok_or_else(|| not_found("Session not found"))?;
    if !session.is_open(now) {
        return Err(rule("Session can no longer be updated"));
    }
    // Locks are taken by the checkout page; without one the page must not have been opened (§3).
    let was_visited = session.events.iter().any(|event| event.name == "VISITED");
    let without_lock = Parameters::new(query).first("update_without_lock") == Some("true");
    if !without_lock || was_visited {
        return Err(conflict("Session is not locked"));
    }
    let mut problems = Problems::default();
    let change = problems.object(&body, &["order"]);
    problems.boolean(&body, &["remove_lock"]);
    let mut order = session.order.clone();
    order.extend(change.clone());
    problems.order(&order, &["order"]);
    problems.refuse()?;
    check_amounts(&order, &headers)?;
    session.order = order;
    session.note("UPDATE_SESSION", now, None);
    Ok(Reply::ok(session.clone().shown(&state.tokens)))
}

/// `POST /sessions/{id}/cancel`: also voids what is authorized; refused once captured (§3).
pub async fn cancel(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    dintero.admit(&headers)?;
    let now = dintero.now();
    let mut state = dintero.state();
    let session = state.sessions.get(&id).ok_or_else(|| not_found("Session not found"))?;
    let transaction = session.transaction_id.as_ref().and_then(|id| state.transaction(id));
    let to_void = match transaction.map(|transaction| (transaction.status, &transaction.id)) {
        None => None,
        Some((Status::Authorized, id)) => Some(id.clone()),
        Some((Status::Failed | Status::Declined | Status::AuthorizationVoided, _)) => None,
        Some((Status::Initiated, id)) => Some(id.clone()),
        Some((status, _)) => {
            let status = status.word();
            return Err(rule(&format!("Session with transaction status {status} can't be cancelled")));
        }
    };
    let was_cancelled = session.cancelled.is_some();
    if let Some(transaction_id) = to_void {
        state.void_for_cancellation(&dintero.backstage, &transaction_id);
    }
    if !was_cancelled && let Some(session) = state.sessions.get_mut(&id) {
        session.cancelled = Some((now, CLIENT_ID.to_owned()));
        session.note("CANCELLED", now, None);
        callbacks::cancelled(&state, &dintero.backstage, &id);
    }
    let session = state.sessions.get(&id).ok_or_else(|| not_found("Session not found"))?;
    Ok(Reply::ok(session.shown(&state.tokens)))
}

impl Session {
    /// The session as `GET /sessions/{id}` shows it (samples 07 to 10). Stored tokens are shown
    /// by their public ids only (§4.3).
    pub fn shown(&self, tokens: &Shelf<String, CardToken>) -> Value {
        let mut shown = json!({
            "id": self.id,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
            "expires_at": iso(self.expires_at),
            "url": self.url,
            "customer": self.shown_customer(tokens),
            "order": self.order,
            "configuration": self.shown_configuration(),
            "metadata": self.metadata,
            "events": self.shown_events(),
        });
        if let Some(id) = &self.transaction_id {
            shown["transaction_id"] = json!(id);
            // The address from which the payer came; there is none without a payer.
            match &self.purpose {
                Purpose::MerchantInitiated { operation } => {
                    shown["payment_operation"] = json!(operation);
                }
                Purpose::Purchase | Purpose::CardSetup { .. } => {
                    shown["customer_ip"] = json!(PAYER_IP);
                }
            }
        }
        if let Some((at, by)) = &self.cancelled {
            shown["cancelled_at"] = json!(iso(*at));
            shown["cancelled_by"] = json!(by);
        }
        shown
    }

    fn shown_customer(&self, stored: &Shelf<String, CardToken>) -> Value {
        let mut customer = self.customer.clone();
        if let Some(Value::Object(tokens)) = customer.get_mut("tokens") {
            for kinds in tokens.values_mut() {
                let Value::Object(kinds) = kinds else {
                    continue;
                };
                let values = std::mem::take(kinds);
                for (kind, value) in values {
                    let id = value.as_str().and_then(|value| stored.get(value)).map(|t| &t.id);
                    kinds.insert(format!("{kind}_id"), json!(id));
                }
            }
        }
        Value::Object(customer)
    }

    /// The configuration with what the provider adds to each product (sample 07).
    fn shown_configuration(&self) -> Value {
        let mut shown = self.configuration.clone();
        for methods in shown.values_mut() {
            let Value::Object(methods) = methods else {
                continue;
            };
            for method in methods.values_mut() {
                if let Value::Object(method) = method
                    && method.contains_key("enabled")
                {
                    method.insert("type".into(), json!("payment_product_type"));
                    method.insert("payability".into(), json!("payable"));
                }
            }
            methods.insert("type".into(), json!("payment_type"));
        }
        shown.entry("auto_capture").or_insert(json!(false));
        shown.entry("channel").or_insert(json!("ecommerce"));
        shown.insert(
            "merchant".into(),
            json!({ "id": ACCOUNT, "name": "Sample Merchant AS", "country": "NO" }),
        );
        Value::Object(shown)
    }

    fn shown_events(&self) -> Vec<Value> {
        let show = |event: &SessionEvent| {
            let mut shown = json!({
                "id": format!("evt-{}", event.name.to_lowercase()),
                "name": event.name,
                "created_at": iso(event.created_at),
            });
            if let Some(details) = &event.details {
                shown["details"] = details.clone();
            }
            shown
        };
        self.events.iter().map(show).collect()
    }
}
