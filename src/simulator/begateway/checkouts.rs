//! Payment tokens: creating and reading a hosted payment (§4).

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answers::{Refusal, Reply, Version, record_not_found, respond};
use super::checks::{self, Errors};
use super::requests::bad_token;
use super::state::{Checkout, Due, Kind};
use super::{Begateway, Shop, codes, views};
use crate::simulator::clock::later;

/// A checkout lasts this long unless its request says otherwise (§4): a day.
const LIFETIME_MS: u64 = 24 * 60 * 60 * 1_000;

/// Attempts a customer can be given at most.
const ATTEMPTS_MAX: i64 = 100;

/// `POST /ctp/api/checkouts`.
pub async fn create(Shared(begateway): Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    let version = Version::of(&headers);
    let answer = begateway.admit(&headers).and_then(|shop| {
        let request = checks::unwrap(&body, "checkout")?;
        let checkout = begateway.read_checkout(shop, &request, version)?;
        let token = checkout.token.clone();
        let mut state = begateway.state();
        if let Some(tracking_id) = &checkout.tracking_id {
            state.checkouts_by_reference.add(tracking_id, &token);
        }
        state.agenda.plan(checkout.expired_at, Due::ExpireCheckout(token.clone()));
        state.checkouts.put(token.clone(), checkout);
        let base = begateway.backstage.base_url();
        let redirect_url = format!("{base}/widget/hpp.html?token={token}");
        let body = json!({ "checkout": { "token": token, "redirect_url": redirect_url } });
        Ok(Reply::new(StatusCode::CREATED, body))
    });
    // The checkout host knows no version 3: its errors keep the older form.
    let version = if version == Version::Three { Version::Two } else { version };
    respond(version, answer)
}

/// `GET /ctp/api/checkouts/{token}`.
pub async fn read(
    Shared(begateway): Shared<Arc<Begateway>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let answer = begateway.admit(&headers).and_then(|shop| {
        let state = begateway.state();
        let checkout = state.checkouts.get(&token).filter(|checkout| checkout.shop == shop);
        let checkout = checkout.ok_or_else(|| Box::new(record_not_found()))?;
        let shown = views::checkout(&state, &begateway.backstage, checkout);
        Ok(Reply::ok(json!({ "checkout": shown })))
    });
    respond(Version::Two, answer)
}

impl Begateway {
    fn read_checkout(
        &self,
        shop: &'static Shop,
        request: &Map<String, Value>,
        version: Version,
    ) -> Result<Checkout, Box<Refusal>> {
        let now = self.now();
        let mut errors = Errors::dotted();
        let (transaction_type, kind) = transaction_type(&mut errors, request);
        let order = errors.object(request, "order");
        let minimum = i64::from(!matches!(kind, Kind::Authorization | Kind::Tokenization));
        let amount = errors.amount(order, "order.amount", minimum);
        let currency = errors.currency(order, "order.currency");
        let description = errors.required_text(order, "order.description", 255);
        let description = description.unwrap_or_default().to_owned();
        let tracking_id = errors.text(order, "order.tracking_id", 255).map(str::to_owned);
        let expired_at = expiry(&mut errors, order, now);
        let additional = errors.object(order, "order.additional_data");
        let contract = errors.contract(additional, "order.additional_data.contract");
        let path = "order.additional_data.expected_bank_code";
        let expected = errors.text(additional, path, 6);
        let expected_code = expected.and_then(codes::digits_of);
        if expected.is_some() && expected_code.is_none() {
            errors.add(path, "is invalid");
        }
        let settings = errors.object(request, "settings").clone();
        for name in ["return_url", "success_url", "decline_url", "fail_url", "cancel_url"] {
            errors.url(&settings, &format!("settings.{name}"));
        }
        for name in ["notification_url", "verification_url"] {
            errors.url(&settings, &format!("settings.{name}"));
        }
        let customer = errors.object(request, "customer").clone();
        check_read_only(&mut errors, &settings, &customer);
        let payment_method = errors.object(request, "payment_method").clone();
        let is_test = errors.boolean(request, "test", false);
        let attempts = attempts(&mut errors, request);
        errors.refuse()?;
        if !is_test {
            let text = "Only test transactions are processed";
            return Err(Refusal::base(StatusCode::UNPROCESSABLE_ENTITY, "E.1012", text));
        }
        let saved_card = payment_method.get("credit_card").map(|card| card["token"].clone());
        let saved_card = saved_card.and_then(|token| token.as_str().map(str::to_owned));
        if let Some(token) = &saved_card {
            let state = self.state();
            let saved = state.cards.get(token).filter(|saved| saved.shop == shop);
            saved.ok_or_else(|| bad_token(version))?;
        }
        // The body may state the version too; official libraries send 2.1 there (§3).
        let body_version = request.get("version").map(Value::to_string).unwrap_or_default();
        let body_version = body_version.trim_matches('"').starts_with(['2', '3']);
        Ok(Checkout {
            token: self.backstage.entropy.hex(64),
            shop,
            kind,
            transaction_type,
            attempts_left: attempts,
            amount,
            currency,
            description,
            tracking_id,
            contract,
            expected_code,
            expired_at,
            settings,
            knows_return_url: version != Version::Unstated || body_version,
            customer,
            payment_method,
            saved_card,
            is_finished: false,
            is_expired: false,
            transaction: None,
            created_at: now,
        })
    }
}

fn transaction_type(errors: &mut Errors, request: &Map<String, Value>) -> (String, Kind) {
    let word = errors.required_text(request, "transaction_type", 32).unwrap_or_default();
    let kind = match word {
        "payment" | "charge" => Kind::Payment,
        "authorization" => Kind::Authorization,
        "tokenization" => Kind::Tokenization,
        "" => Kind::Payment,
        _ => {
            errors.add("transaction_type", "is invalid");
            Kind::Payment
        }
    };
    (word.to_owned(), kind)
}

fn expiry(errors: &mut Errors, order: &Map<String, Value>, now: Timestamp) -> Timestamp {
    match errors.time(order, "order.expired_at") {
        Some(at) if at <= now => {
            errors.add("order.expired_at", "must be in the future");
            at
        }
        Some(at) => at,
        None => later(now, LIFETIME_MS),
    }
}

fn attempts(errors: &mut Errors, request: &Map<String, Value>) -> u32 {
    let attempts = match request.get("attempts") {
        None | Some(Value::Null) => return 1,
        Some(value) => value.as_i64(),
    };
    match attempts {
        Some(attempts) if (1..=ATTEMPTS_MAX).contains(&attempts) => u32::try_from(attempts).unwrap_or(1),
        _ => {
            errors.add("attempts", "must be greater than 0");
            1
        }
    }
}

/// A field the customer cannot fill in must be filled in already (§4).
fn check_read_only(errors: &mut Errors, settings: &Map<String, Value>, customer: &Map<String, Value>) {
    let fields = settings.get("customer_fields").and_then(|fields| fields["read_only"].as_array());
    let is_email = |field: &Value| field == "email";
    let needs_email = fields.is_some_and(|fields| fields.iter().any(is_email));
    if needs_email && customer.get("email").and_then(Value::as_str).is_none() {
        errors.add("customer.email", "can't be blank");
    }
}
