//! Payment sessions: created, confirmed, read, listed, cancelled, captured, simulated (§7 to §12).

use std::sync::Arc;

use axum::extract::{Path, Query, State as Shared};
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answers::{Answer, Reply, duplicate, missing, rule};
use super::cards::{self, Scenario, Wallet};
use super::checks::Body;
use super::keys::{self, Pair};
use super::paying::Presence;
use super::state::{Capture, Charge, ChargeStatus, Customer, Due, Session, State, Status};
use super::{Pivot, repeats, views};
use crate::simulator::card::{Card, is_cvc};
use crate::simulator::clock::later;

/// The longest ciphertext that is taken, in characters. Real ones have about 1,500.
const ENCRYPTED_CHARS_MAX: usize = 16_384;
/// Seconds until a session ends when nothing is said (§7).
const USUAL_LIFE_MS: u64 = 15 * 60 * 1_000;
/// Items of one page of a list: usually, and at most (§5).
const PER_PAGE: (usize, usize) = (20, 100);

/// The request id of a POST; required where `is_required`.
pub fn request_id(headers: &HeaderMap, is_required: bool) -> Result<Option<String>, Reply> {
    let given = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    match given {
        Some(id) if repeats::is_id(id) => Ok(Some(id.to_owned())),
        Some(_) => Err(rule("X-REQUEST-ID must be 16 to 36 alphanumeric characters")),
        None if is_required => Err(rule("X-REQUEST-ID is required")),
        None => Ok(None),
    }
}

impl Pivot {
    /// Runs a POST under its request id: a repeat is answered as the first time.
    pub(super) fn once(
        &self,
        headers: &HeaderMap,
        path: &str,
        body: &Bytes,
        is_required: bool,
        work: impl FnOnce(&mut State, Timestamp) -> Answer,
    ) -> Answer {
        self.admit(headers)?;
        let id = request_id(headers, is_required)?;
        let now = self.now();
        let mut state = self.state();
        if let Some(id) = &id
            && let Some(known) = state.repeats.look(id, path, body, now)
        {
            return Ok(known);
        }
        let reply = work(&mut state, now)?;
        if let Some(id) = &id {
            state.repeats.keep(id, path, body, &reply, now);
        }
        Ok(reply)
    }

    fn show(&self, state: &State, id: &str) -> Answer {
        match state.sessions.get(id) {
            Some(session) => Ok(Reply::ok(views::session(state, session, self.backstage.base_url()))),
            None => Err(missing("payment session", id)),
        }
    }
}

/// What a new session is asked to be, read and checked.
struct Wish {
    body: Body,
    reference: String,
    amount: i64,
    mode: String,
    auto_confirm: bool,
    method: Option<String>,
}

impl Wish {
    fn read(bytes: &Bytes) -> Result<Wish, Reply> {
        let mut body = Body::read(bytes)?;
        let reference = body.required("clientReferenceId", 100);
        if !reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            body.wrong("clientReferenceId", "clientReferenceId must be alphanumeric");
        }
        let mode = body.word("mode", &["REDIRECT", "API"], "REDIRECT");
        let auto_confirm = body.flag("autoConfirm", true);
        let methods = ["CARD", "EWALLET", "VIRTUAL_ACCOUNT", "QR"];
        let method =
            body.at("paymentMethod").is_some().then(|| body.word("paymentMethod.type", &methods, ""));
        body.word("paymentType", &["SINGLE"], "SINGLE");
        if body.at("amount").is_none() {
            body.wrong("amount", "Make sure amount value is fulfilled");
        }
        let amount = body.rupiah("amount", false).unwrap_or(0);
        let (least, most) = match method.as_deref() {
            Some("QR") | None => (1_000, 9_999_999_999),
            Some("EWALLET") => (10_000, 9_999_999),
            Some(_) => (10_000, 9_999_999_999),
        };
        if amount > 0 && amount < least {
            body.wrong("amount.value", format!("amount.value must be at least {least}"));
        }
        if amount > most {
            body.wrong("amount.value", format!("amount.value must be at most {most}"));
        }
        for name in ["successReturnUrl", "failureReturnUrl", "expirationReturnUrl"] {
            body.required(&format!("redirectUrl.{name}"), 255);
        }
        body.text("statementDescriptor", 20);
        check_customer(&mut body);
        let products = body.at("orderInformation.productDetails").and_then(Value::as_array).cloned();
        if products
            .is_none_or(|products| products.is_empty() || products.iter().any(|one| !one["type"].is_string()))
        {
            let field = "orderInformation.productDetails";
            body.wrong(field, format!("Make sure {field} value is fulfilled"));
        }
        if auto_confirm && method.is_none() {
            body.wrong("paymentMethod", "Make sure paymentMethod value is fulfilled");
        }
        if mode == "API" && method.is_none() {
            body.wrong("paymentMethod", "Make sure paymentMethod value is fulfilled");
        }
        check_expiry(&mut body);
        Ok(Wish { body, reference, amount, mode, auto_confirm, method })
    }
}

/// Exactly one of `customer` and `customerId`, and an e-mail address (§7, §13).
fn check_customer(body: &mut Body) {
    match (body.text("customerId", 255), body.at("customer").is_some()) {
        (Some(_), true) => body.wrong("customerId", "only one of customerId and customer is allowed"),
        (None, false) => body.wrong("customer", "Make sure customer value is fulfilled"),
        (None, true) => {
            body.required("customer.email", 255);
            if let Some(number) = body.text("customer.phoneNumber.number", 15)
                && !number.starts_with('8')
            {
                body.wrong("customer.phoneNumber.number", "must start with 8");
            }
        }
        (Some(_), false) => {}
    }
}

fn check_expiry(body: &mut Body) {
    body.word("expirationMode", &["LOOSE", "STRICT"], "LOOSE");
    let Some(text) = body.text("expiryAt", 64) else { return };
    // Whole seconds in UTC and nothing else.
    if text.len() != 20 || !text.ends_with('Z') || text.parse::<Timestamp>().is_err() {
        body.wrong("expiryAt", "expiryAt must be in the format YYYY-MM-DDTHH:MM:SSZ");
    }
}

/// `POST /v2/payments`.
pub async fn create(Shared(pivot): Shared<Arc<Pivot>>, headers: HeaderMap, bytes: Bytes) -> Answer {
    let wish = match pivot.admit(&headers) {
        Ok(()) => Wish::read(&bytes)?,
        Err(refusal) => return Err(refusal),
    };
    let wants_key = wish.mode == "API" && !wish.auto_confirm && wish.method.as_deref() == Some("CARD");
    // A tenth of a second of work, and not while everybody waits.
    let pair = match wants_key && !wish.body.is_wrong() {
        true => tokio::task::spawn_blocking(Pair::generate).await.ok().flatten(),
        false => None,
    };
    pivot.once(&headers, "/v2/payments", &bytes, true, |state, now| make(&pivot, state, wish, pair, now))
}

fn make(pivot: &Pivot, state: &mut State, mut wish: Wish, pair: Option<Pair>, now: Timestamp) -> Answer {
    wish.body.finish()?;
    if !state.sessions_by_reference.ids(&wish.reference).is_empty() {
        return Err(duplicate());
    }
    let customer = find_customer(pivot, state, &mut wish.body)?;
    let body = &mut wish.body;
    let options = "paymentMethodOptions.card";
    let capture = body.word(&format!("{options}.captureMethod"), &["automatic", "manual"], "automatic");
    let methods = ["AUTOMATIC", "CHALLENGE", "NEVER"];
    let three_ds = body.word(&format!("{options}.threeDsMethod"), &methods, "AUTOMATIC");
    let is_token = wish.mode == "API" && wish.auto_confirm && wish.method.as_deref() == Some("CARD");
    let card = if is_token { Some(token_card(state, body, &customer, &three_ds)?) } else { None };
    let kind = wish.method.clone().unwrap_or_default();
    let channel = match kind.as_str() {
        "EWALLET" => body.text("paymentMethodOptions.ewallet.channel", 32),
        "VIRTUAL_ACCOUNT" => body.text("paymentMethodOptions.virtualAccount.channel", 32),
        _ => None,
    };
    let wallet_phone = body.text("paymentMethod.ewallet.accountIdentifier", 32);
    let expires_at = body.text("expiryAt", 64).and_then(|text| text.parse::<Timestamp>().ok());
    let descriptor = body.text("statementDescriptor", 20).unwrap_or_else(|| "TOKO CONTOH".to_owned());
    let (save, show_saved) = (body.flag("saveForFutureUse", false), body.flag("showSavedPayment", false));
    let bypass = body.flag("bypassStatusPage", false);
    let expiration_mode = body.word("expirationMode", &["LOOSE", "STRICT"], "LOOSE");
    body.finish()?;
    let expires_at = expires_at.unwrap_or_else(|| later(now, USUAL_LIFE_MS));
    if expires_at <= now {
        return Err(rule("expiryAt must be in the future"));
    }
    let id = pivot.backstage.entropy.uuid();
    let page = pivot.backstage.entropy.hex(48);
    let status = if wish.auto_confirm { Status::RequireAction } else { Status::RequireConfirmation };
    let token = body.text("paymentMethod.card.token", 100);
    let mut session = Session {
        id: id.clone(),
        reference: wish.reference.clone(),
        amount: wish.amount,
        mode: wish.mode.clone(),
        auto_confirm: wish.auto_confirm,
        redirect_url: body.at("redirectUrl").cloned().unwrap_or_default(),
        method: wish.method,
        card_echo: token.map(|token| (token, String::new())),
        channel,
        wallet_phone,
        is_manual: capture == "manual",
        three_ds,
        descriptor,
        save,
        show_saved,
        bypass,
        expiration_mode,
        status,
        created_at: now,
        updated_at: now,
        expires_at,
        public_key: pair.as_ref().map(|pair| pair.public.clone()),
        key: pair,
        page: page.clone(),
        charges: Vec::new(),
        customer,
        has_billing: body.at("orderInformation.billingInfo.addressLine1").is_some(),
        metadata: body.at("metadata").cloned().unwrap_or_else(|| json!({})),
        cancelled: None,
        challenge: None,
    };
    if wish.auto_confirm {
        let channel = session.channel.clone();
        session.begin_charge(&pivot.backstage, now).wallet = channel.filter(|_| kind == "EWALLET");
    }
    state.sessions.put(id.clone(), session);
    state.sessions_by_reference.add(&wish.reference, &id);
    state.sessions_by_page.put(page, id.clone());
    state.agenda.plan(expires_at, Due::Expire(id.clone()));
    if let Some(card) = card {
        state.try_card(&pivot.backstage, &id, card, save, Presence::Elsewhere, now);
    }
    pivot.show(state, &id)
}

/// The customer of a new session: named by id, or known by the e-mail address, or new.
fn find_customer(pivot: &Pivot, state: &mut State, body: &mut Body) -> Result<String, Reply> {
    if let Some(id) = body.text("customerId", 255) {
        return match state.customers.get(&id) {
            Some(_) => Ok(id),
            None => Err(missing("customer", &id)),
        };
    }
    let email = body.required("customer.email", 255).to_lowercase();
    let details = body.at("customer").cloned().unwrap_or_default();
    if let Some(id) = state.customers_by_email.get(&email).cloned() {
        if let Some(customer) = state.customers.get_mut(&id) {
            customer.details = details;
        }
        return Ok(id);
    }
    let id = pivot.backstage.entropy.uuid();
    state.customers.put(id.clone(), Customer { details, stored: Vec::new() });
    state.customers_by_email.put(email, id.clone());
    Ok(id)
}

/// The card behind a token: it belongs to the customer, and wants its CVC from whoever is present.
fn token_card(state: &State, body: &mut Body, customer: &str, three_ds: &str) -> Result<Card, Reply> {
    let token = body.required("paymentMethod.card.token", 100);
    let cvc = body.text("paymentMethod.card.cvc", 3);
    let without_customer = three_ds == "NEVER" && cvc.is_none();
    if without_customer && !state.behaviour.merchant_initiated {
        body.wrong("paymentMethod.card.cvc", "Make sure paymentMethod.card.cvc value is fulfilled");
    }
    if !without_customer && !cvc.as_deref().is_some_and(is_cvc) {
        body.wrong("paymentMethod.card.cvc", "Make sure paymentMethod.card.cvc value is fulfilled");
    }
    body.finish()?;
    let stored = state
        .customers
        .get(customer)
        .and_then(|customer| customer.stored.iter().find(|stored| stored.token == token));
    match stored.and_then(|stored| stored.card.clone()) {
        Some((card, _)) => Ok(card),
        None => Err(rule("the token does not belong to the customer")),
    }
}

/// `POST /v2/payments/{id}/confirm`.
pub async fn confirm(
    Shared(pivot): Shared<Arc<Pivot>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let path = format!("/v2/payments/{id}/confirm");
    pivot.once(&headers, &path, &bytes, false, |state, now| {
        let Some(session) = state.sessions.get(&id) else { return Err(missing("payment session", &id)) };
        if session.status != Status::RequireConfirmation || session.mode != "API" {
            return Err(rule("payment session cannot be confirmed in its current status"));
        }
        let customer = session.customer.clone();
        let has_billing = session.has_billing;
        let mut body = Body::read(&bytes)?;
        body.word("paymentMethod.type", &["CARD"], "");
        // The documentation shows the options in both places (§11).
        let nested = body.at("paymentMethod.paymentMethodOptions").is_some();
        let options =
            if nested { "paymentMethod.paymentMethodOptions.card" } else { "paymentMethodOptions.card" };
        let capture = body.word(&format!("{options}.captureMethod"), &["automatic", "manual"], "automatic");
        let methods = ["AUTOMATIC", "CHALLENGE", "NEVER"];
        let three_ds = body.word(&format!("{options}.threeDsMethod"), &methods, "AUTOMATIC");
        let encrypted = body.text("paymentMethod.card.encryptedCard", ENCRYPTED_CHARS_MAX);
        let card = match &encrypted {
            Some(encrypted) => decrypted(state, &id, encrypted)?,
            None => token_card(state, &mut body, &customer, "CHALLENGE")?,
        };
        let has_billing = has_billing || body.at("orderInformation.billingInfo.addressLine1").is_some();
        body.finish()?;
        if cards::scenario(&card, card.is_expired(now)) == Scenario::Foreign && !has_billing {
            return Err(rule("orderInformation.billingInfo is required for this card"));
        }
        let token = body.text("paymentMethod.card.token", 100).unwrap_or_default();
        let save_again = body.at("saveForFutureUse").and_then(Value::as_bool);
        let Some(session) = state.sessions.get_mut(&id) else { return Err(missing("payment session", &id)) };
        session.card_echo = Some((token, encrypted.unwrap_or_default()));
        session.is_manual = capture == "manual";
        session.three_ds = three_ds;
        session.save = save_again.unwrap_or(session.save);
        // Useless from now on.
        session.key = None;
        let save = session.save;
        state.try_card(&pivot.backstage, &id, card, save, Presence::Elsewhere, now);
        pivot.show(state, &id)
    })
}

fn decrypted(state: &State, id: &str, encrypted: &str) -> Result<Card, Reply> {
    let pair = state.sessions.get(id).and_then(|session| session.key.as_ref());
    let Some(pair) = pair else { return Err(rule("the session has no encryption key")) };
    pair.decrypt(encrypted)
        .and_then(|plain| keys::card(&plain))
        .map_err(|why| rule(&format!("paymentMethod.card.encryptedCard {why}")))
}

/// `GET /v2/payments/{id}`.
pub async fn read(Shared(pivot): Shared<Arc<Pivot>>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    pivot.admit(&headers)?;
    let state = pivot.state();
    pivot.show(&state, &id)
}

/// What a list is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    client_reference_id: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

impl Listing {
    /// Cuts a page out of everything that there is.
    pub fn page(&self, all: Vec<Value>) -> Reply {
        let per_page = self.per_page.unwrap_or(PER_PAGE.0).clamp(1, PER_PAGE.1);
        let page = self.page.unwrap_or(1).max(1);
        let total = all.len();
        let skip = (page - 1).saturating_mul(per_page);
        Reply::page(all.into_iter().skip(skip).take(per_page).collect(), page, per_page, total)
    }
}

/// `GET /v2/payments`: by our reference, or the newest.
pub async fn list(
    Shared(pivot): Shared<Arc<Pivot>>,
    Query(listing): Query<Listing>,
    headers: HeaderMap,
) -> Answer {
    pivot.admit(&headers)?;
    let state = pivot.state();
    let shown = |session: &Session| views::session(&state, session, pivot.backstage.base_url());
    Ok(listing.page(of_reference(&state, &listing).map(shown).collect()))
}

/// `GET /v2/charges`.
pub async fn charges(
    Shared(pivot): Shared<Arc<Pivot>>,
    Query(listing): Query<Listing>,
    headers: HeaderMap,
) -> Answer {
    pivot.admit(&headers)?;
    let state = pivot.state();
    let all = of_reference(&state, &listing)
        .flat_map(|session| session.charges.iter().map(|charge| views::charge(session, charge)));
    let all = all.collect();
    Ok(listing.page(all))
}

/// How many sessions are listed when no reference is named.
const LISTED_MAX: usize = 1_000;

fn of_reference<'a>(state: &'a State, listing: &Listing) -> Box<dyn Iterator<Item = &'a Session> + 'a> {
    match &listing.client_reference_id {
        Some(reference) => {
            let ids = state.sessions_by_reference.ids(reference).iter();
            Box::new(ids.filter_map(|id| state.sessions.get(id)))
        }
        None => Box::new(state.sessions.newest_first().take(LISTED_MAX)),
    }
}

/// `POST /v2/payments/{id}/cancel`.
pub async fn cancel(
    Shared(pivot): Shared<Arc<Pivot>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let path = format!("/v2/payments/{id}/cancel");
    pivot.once(&headers, &path, &bytes, false, |state, now| cancel_session(&pivot, state, &id, &bytes, now))
}

/// Cancels a session that nobody paid, or gives its reservation back where that is possible.
pub fn cancel_session(pivot: &Pivot, state: &mut State, id: &str, bytes: &[u8], now: Timestamp) -> Answer {
    let mut body = Body::read(bytes)?;
    let reasons = ["REQUESTED_BY_CUSTOMER", "DUPLICATED", "VOID_SESSION"];
    if body.at("cancellationReason").is_none() {
        body.wrong("cancellationReason", "Make sure cancellationReason value is fulfilled");
    }
    let reason = body.word("cancellationReason", &reasons, "VOID_SESSION");
    body.finish()?;
    let releases = state.behaviour.cancel_releases_reservations;
    let Some(session) = state.sessions.get(id) else { return Err(missing("payment session", id)) };
    let is_held =
        |charge: &Charge| charge.status == ChargeStatus::WaitingForCapture && charge.captures.is_empty();
    match session.status {
        Status::RequireConfirmation => {
            state.end(&pivot.backstage, id, &reason, now);
        }
        Status::Processing if releases && session.charges.last().is_some_and(is_held) => {
            state.release(&pivot.backstage, id, now);
        }
        _ => return Err(rule("payment session cannot be cancelled in its current status")),
    }
    pivot.show(state, id)
}

/// `POST /v2/payments/{id}/capture`.
pub async fn capture(
    Shared(pivot): Shared<Arc<Pivot>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let path = format!("/v2/payments/{id}/capture");
    pivot.once(&headers, &path, &bytes, false, |state, now| capture_session(&pivot, state, &id, &bytes, now))
}

/// Takes what is reserved, or a part of it; done a little later.
pub fn capture_session(pivot: &Pivot, state: &mut State, id: &str, bytes: &[u8], now: Timestamp) -> Answer {
    let mut body = Body::read(bytes)?;
    let releases = body.flag("releaseRemainingAmount", false);
    let amount = body.rupiah("amount", false);
    body.finish()?;
    let delay_ms = state.behaviour.capture_delay_ms;
    let Some(session) = state.sessions.get_mut(id) else { return Err(missing("payment session", id)) };
    let reference = session.reference.clone();
    let held = |charge: &&mut Charge| charge.status == ChargeStatus::WaitingForCapture;
    let Some(charge) = session.charges.last_mut().filter(held) else {
        return Err(rule("payment session has nothing to capture"));
    };
    let taken: i64 = charge
        .captures
        .iter()
        .filter(|capture| capture.status != "FAILED")
        .map(|capture| capture.amount)
        .sum();
    if charge.captures.iter().any(|capture| capture.releases && capture.status != "FAILED") {
        return Err(rule("the remaining amount was released"));
    }
    let rest = charge.authorized.unwrap_or(0) - taken;
    let amount = amount.unwrap_or(rest);
    if amount > rest {
        return Err(rule("amount exceeds what is authorized"));
    }
    let made =
        Capture { id: pivot.backstage.entropy.uuid(), amount, releases, status: "PENDING", created_at: now };
    charge.captures.push(made.clone());
    state.agenda.plan(later(now, delay_ms), Due::Capture(id.to_owned(), made.id.clone()));
    let at = format!("{now:.9}");
    Ok(Reply::ok(json!({
        "id": made.id,
        "paymentSessionId": id,
        "paymentSessionClientReferenceId": reference,
        "releaseRemainingAmount": releases,
        "amount": { "value": amount, "currency": "IDR" },
        "status": "PENDING",
        "createdAt": at,
        "updatedAt": at,
    })))
}

/// `POST /v2/payments/simulations`: pays or lets expire what is not a card (§19).
pub async fn simulate(Shared(pivot): Shared<Arc<Pivot>>, headers: HeaderMap, bytes: Bytes) -> Answer {
    pivot.once(&headers, "/v2/payments/simulations", &bytes, false, |state, now| {
        let mut body = Body::read(&bytes)?;
        let id = body.required("paymentSessionId", 255);
        let wanted = body.word("chargeStatus", &["SUCCESS", "EXPIRED"], "SUCCESS");
        body.finish()?;
        let Some(session) = state.sessions.get(&id) else { return Err(missing("payment session", &id)) };
        let is_card = session.method.as_deref() == Some("CARD");
        if is_card || session.status != Status::RequireAction {
            return Err(rule("payment session cannot be simulated"));
        }
        match wanted.as_str() {
            "EXPIRED" => state.expire(&pivot.backstage, &id, now),
            _ => state.succeed(&pivot.backstage, &id, now),
        }
        Ok(Reply::ok(json!({ "updated": "true" })))
    })
}

/// `GET /v2/payment-method-configs` (sample 04).
pub async fn configs(Shared(pivot): Shared<Arc<Pivot>>, headers: HeaderMap) -> Answer {
    pivot.admit(&headers)?;
    let of = |least: i64, most: i64, expiry: &str| {
        json!({
            "enabled": true,
            "minimumAmount": { "value": least, "currency": "IDR" },
            "maximumAmount": { "value": most, "currency": "IDR" },
            "maximumExpiry": expiry,
        })
    };
    let mut card = of(10_000, 9_999_999_999, "30 DAYS");
    card["acceptedChannels"] = json!(["VISA", "MASTERCARD"]);
    card["installmentConfig"] = Value::Null;
    let mut account = of(10_000, 9_999_999_999, "30 DAYS");
    account["acceptedChannels"] = json!(["BRI", "PERMATA"]);
    let mut wallet = of(10_000, 9_999_999, "30 MINUTES");
    wallet["acceptedChannels"] = json!(["DANA", "SHOPEEPAY", "OVO"]);
    Ok(Reply::ok(json!({
        "card": card,
        "virtualAccount": account,
        "qr": of(1_000, 9_999_999, "60 MINUTES"),
        "ewallet": wallet,
        "installment": { "enabled": false, "acceptedChannels": {} },
    })))
}

/// What a wallet's app makes of a payment.
pub fn ask_wallet(pivot: &Pivot, state: &mut State, id: &str, channel: &str, save: bool, now: Timestamp) {
    let Some(session) = state.sessions.get_mut(id) else { return };
    let waits = |charge: &Charge| charge.status == ChargeStatus::WaitingForUserAction;
    if !session.charges.last().is_some_and(waits) {
        session.begin_charge(&pivot.backstage, now);
    }
    session.method = Some("EWALLET".to_owned());
    let phone = session.wallet_phone.clone().unwrap_or_default();
    if let Some(charge) = session.charges.last_mut() {
        charge.wallet = Some(channel.to_owned());
        charge.save = save;
        if cards::wallet(&phone) == Wallet::Processing {
            charge.status = ChargeStatus::Processing;
        }
    }
    match cards::wallet(&phone) {
        Wallet::Paid => state.succeed(&pivot.backstage, id, now),
        Wallet::Processing => session.status = Status::Processing,
        Wallet::Refused => state.fail(&pivot.backstage, id, cards::CANCELLED, Presence::Elsewhere, now),
        Wallet::Expired => state.expire(&pivot.backstage, id, now),
    }
}
