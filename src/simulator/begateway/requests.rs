//! Host-to-host card transactions (§5): payments, authorizations, tokenizations, charges, credits.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answers::{Refusal, Reply, Version, record_not_found, respond};
use super::checks::{self, Errors};
use super::keys;
use super::processing::{Facts, decide, secures_saved_card};
use super::repeats::{Known, Outcome, request_id, still_running};
use super::state::{Due, Kind, SavedCard, State, Status, Transaction};
use super::{Begateway, Shop, codes, views};
use crate::simulator::card::{Card, is_cvc};

/// Browser data that 3-D Secure 2 cannot do without (§5.1).
const BROWSER_FIELDS: &[&str] = &[
    "accept_header",
    "screen_width",
    "screen_height",
    "screen_color_depth",
    "window_width",
    "window_height",
    "language",
    "java_enabled",
    "user_agent",
    "time_zone",
];

/// `POST /transactions/payments`.
pub async fn payment(shared: Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    card_transaction(shared.0, headers, body, Kind::Payment, false).await
}

/// `POST /transactions/authorizations`.
pub async fn authorization(shared: Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    card_transaction(shared.0, headers, body, Kind::Authorization, false).await
}

/// `POST /transactions/tokenizations`.
pub async fn tokenization(shared: Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    card_transaction(shared.0, headers, body, Kind::Tokenization, false).await
}

/// `POST /transactions/credits`: money to a card used before.
pub async fn credit(shared: Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    card_transaction(shared.0, headers, body, Kind::Credit, true).await
}

/// `POST /services/credit_cards/charges`: a token is charged; the result is a payment.
pub async fn charge(shared: Shared<Arc<Begateway>>, headers: HeaderMap, body: Bytes) -> Response {
    card_transaction(shared.0, headers, body, Kind::Payment, true).await
}

async fn card_transaction(
    begateway: Arc<Begateway>,
    headers: HeaderMap,
    body: Bytes,
    kind: Kind,
    needs_token: bool,
) -> Response {
    let version = Version::of(&headers);
    once(&begateway, &headers, |shop| {
        let asked = Asked { shop, kind, needs_token, version };
        begateway.process(&asked, &body)
    })
    .await
}

/// Runs a host-to-host request, or answers from memory when its `RequestID` is known (§3.1).
/// `process` answers the transaction it made.
pub async fn once(
    begateway: &Begateway,
    headers: &HeaderMap,
    process: impl FnOnce(&'static Shop) -> Result<String, Box<Refusal>>,
) -> Response {
    let version = Version::of(headers);
    let shop = match begateway.admit(headers) {
        Ok(shop) => shop,
        Err(refusal) => return respond(version, Err(refusal)),
    };
    let id = request_id(headers);
    let processing_ms = {
        let mut state = begateway.state();
        if let Some(id) = &id {
            match state.repeats.begin(shop, id, begateway.now()) {
                Known::Fresh => {}
                Known::Running => return respond(version, still_running()),
                Known::Finished(outcome) => {
                    let reply = begateway.reply(&state, outcome, version);
                    return respond(version, Ok(reply));
                }
            }
        }
        state.behaviour.processing_ms
    };
    if processing_ms > 0 {
        tokio::time::sleep(Duration::from_millis(processing_ms)).await;
    }
    let outcome = match process(shop) {
        Ok(uid) => Outcome::Made(uid),
        Err(refusal) => Outcome::Refused(refusal.reply(version)),
    };
    let mut state = begateway.state();
    if let Some(id) = &id {
        state.repeats.finish(shop, id, outcome.clone());
    }
    respond(version, Ok(begateway.reply(&state, outcome, version)))
}

/// What is asked, before the body is read.
struct Asked {
    shop: &'static Shop,
    kind: Kind,
    needs_token: bool,
    version: Version,
}

/// The card of a request, and how it came.
struct Instrument {
    card: Card,
    saved: Option<SavedCard>,
    cvc: Option<String>,
}

/// The fields of a request besides its card.
struct Fields {
    amount: i64,
    currency: String,
    description: Option<String>,
    tracking_id: Option<String>,
    language: String,
    expired_at: Option<Timestamp>,
    duplicate_check: bool,
    return_url: Option<String>,
    notification_url: Option<String>,
    contract: Vec<String>,
    is_customer_present: bool,
    expected_code: Option<u16>,
    skips_secure: bool,
    is_test: bool,
}

impl Begateway {
    /// The answer to a request that ended like this.
    fn reply(&self, state: &State, outcome: Outcome, version: Version) -> Reply {
        match outcome {
            Outcome::Refused(reply) => reply,
            Outcome::Made(uid) => {
                // It may have been forgotten since: then the provider knows of nothing.
                let Some(found) = state.transactions.get(&uid) else {
                    return record_not_found().reply(version);
                };
                let (behaviour, backstage) = (&state.behaviour, &self.backstage);
                Reply::ok(views::transaction(behaviour, backstage, found, version))
            }
        }
    }

    fn process(&self, asked: &Asked, body: &[u8]) -> Result<String, Box<Refusal>> {
        let request = checks::unwrap(body, "request")?;
        let now = self.now();
        let mut state = self.state();
        let mut errors = Errors::default();
        let fields = read(&mut errors, &request, asked.kind);
        let instrument = self.instrument(&mut errors, &state, &request, asked)?;
        errors.refuse()?;
        let Some(instrument) = instrument else {
            errors.add("credit_card", "can't be blank");
            return Err(Refusal::validation(&errors));
        };
        check_test_mode(asked, &fields, &instrument)?;
        let is_secured = is_secured(asked, &fields, &instrument, now);
        check_browser(&request, &fields, &instrument, is_secured)?;
        if fields.expired_at.is_some_and(|at| at <= now) {
            let text = "Request is expired";
            return Err(Refusal::base(StatusCode::UNPROCESSABLE_ENTITY, "E.1036", text));
        }
        if fields.duplicate_check && fields.amount > 0 && asked.kind != Kind::Tokenization {
            let (number, amount) = (&instrument.card.number, fields.amount);
            let repeats = &mut state.repeats;
            repeats.check_duplicate(asked.shop, asked.kind, number, amount, asked.version, now)?;
        }
        let decision = decide(&Facts {
            card: &instrument.card,
            amount: fields.amount,
            expected_code: fields.expected_code,
            is_secured,
            now,
        });
        let expired_at = fields.expired_at;
        let transaction = self.draft(asked, &request, fields, instrument);
        let uid = transaction.uid.clone();
        state.file(transaction);
        if let Some(at) = expired_at {
            state.agenda.plan(at, Due::ExpireTransaction(uid.clone()));
        }
        state.conclude(&self.backstage, &uid, decision);
        Ok(uid)
    }

    fn draft(
        &self,
        asked: &Asked,
        request: &Map<String, Value>,
        fields: Fields,
        instrument: Instrument,
    ) -> Transaction {
        let now = self.now();
        let object = |name: &str| request.get(name).and_then(Value::as_object).cloned();
        let billing_address = object("billing_address").unwrap_or_default();
        // `initial` for the payment that asks for a token, `recurring` for one that uses it (§6).
        let recurring = match (&instrument.saved, fields.contract.is_empty()) {
            (Some(_), _) => Some("recurring"),
            (None, false) => Some("initial"),
            (None, true) => None,
        };
        Transaction {
            uid: self.backstage.entropy.uuid(),
            shop: asked.shop,
            kind: asked.kind,
            status: Status::Incomplete,
            amount: fields.amount,
            currency: fields.currency,
            description: fields.description,
            tracking_id: fields.tracking_id,
            language: fields.language,
            code: 9_998,
            message: None,
            bank: None,
            card: Some(instrument.card),
            token: instrument.saved.map(|saved| saved.token),
            contract: fields.contract,
            may_save: true,
            recurring,
            secure: None,
            wants_redirect: false,
            cvc_result: cvc_result(instrument.cvc.as_deref()),
            avs_result: avs_result(&billing_address),
            customer: object("customer").unwrap_or_default(),
            billing_address,
            reason: None,
            parent_uid: None,
            return_url: fields.return_url,
            notification_url: fields.notification_url,
            checkout: None,
            receipt: self.backstage.entropy.hex(10),
            created_at: now,
            updated_at: now,
            paid_at: None,
            expired_at: fields.expired_at,
            captured: 0,
            voided: 0,
            refunded: 0,
        }
    }

    /// Reads the card: raw, encrypted in the browser, or saved.
    fn instrument(
        &self,
        errors: &mut Errors,
        state: &State,
        request: &Map<String, Value>,
        asked: &Asked,
    ) -> Result<Option<Instrument>, Box<Refusal>> {
        let card = errors.object(request, "credit_card").clone();
        let mut card = card;
        let encrypted = errors.object(request, "encrypted_credit_card");
        let is_encrypted = !encrypted.is_empty();
        for (name, value) in encrypted {
            let plain = value.as_str().and_then(keys::decrypt);
            let Some(plain) = plain else {
                let mut errors = Errors::default();
                errors.add(&format!("encrypted_credit_card.{name}"), "can't be decrypted");
                return Err(Refusal::fields("E.1010", &errors));
            };
            card.insert(name.clone(), json!(plain));
        }
        let cvc = errors.text(&card, "credit_card.verification_value", 4).map(str::to_owned);
        if cvc.as_deref().is_some_and(|cvc| !is_cvc(cvc)) {
            errors.add("credit_card.verification_value", "is invalid");
        }
        if let Some(token) = errors.text(&card, "credit_card.token", 255) {
            let saved = state.cards.get(token).filter(|saved| saved.shop == asked.shop);
            let saved = saved.ok_or_else(|| bad_token(asked.version))?.clone();
            return Ok(Some(Instrument { card: saved.card.clone(), saved: Some(saved), cvc }));
        }
        if asked.needs_token {
            errors.add("credit_card.token", "can't be blank");
            return Ok(None);
        }
        if !state.behaviour.raw_cards_allowed && !is_encrypted {
            let mut errors = Errors::default();
            errors.add("credit_card.number", "is not allowed");
            let refusal = Refusal::fields("E.1065", &errors);
            let message = "This type of integration is not allowed for your account.";
            let friendly = "This type of integration is not allowed.";
            return Err(refusal.with_texts(asked.version, message, friendly));
        }
        if cvc.is_none() {
            errors.add("credit_card.verification_value", "can't be blank");
        }
        let card = read_card(errors, &card, "credit_card");
        Ok(card.map(|card| Instrument { card, saved: None, cvc }))
    }
}

/// Reads the parts of a raw card; months and years are texts (§5.1).
pub fn read_card(errors: &mut Errors, card: &Map<String, Value>, at: &str) -> Option<Card> {
    let path = |name: &str| {
        if at.is_empty() { name.into() } else { format!("{at}.{name}") }
    };
    let number = errors.required_text(card, &path("number"), 23);
    let holder = errors.text(card, &path("holder"), 32);
    let month = errors.required_text(card, &path("exp_month"), 2);
    let year = errors.required_text(card, &path("exp_year"), 4);
    let (number, month, year) = (number?, month?, year?);
    if Card::new(number, "01", "2099", None).is_err() {
        errors.add(&path("number"), "is invalid");
        return None;
    }
    match Card::new(number, month, year, holder) {
        Ok(card) if codes::test_card(&card.number).is_some() || card.passes_luhn() => Some(card),
        Ok(_) => {
            errors.add(&path("number"), "is invalid");
            None
        }
        Err(_) => {
            errors.add(&path("exp_month"), "is invalid");
            None
        }
    }
}

/// An unknown token, or another shop's (sample 50).
pub fn bad_token(version: Version) -> Box<Refusal> {
    let mut errors = Errors::default();
    errors.add("credit_card.token", "is invalid");
    Refusal::fields("E.1030", &errors).with_texts(
        version,
        "Invalid payment token. Failed to get payment details by the submitted token.",
        "Invalid payment token. Contact the merchant for details.",
    )
}

fn read(errors: &mut Errors, request: &Map<String, Value>, kind: Kind) -> Fields {
    // Zero is for verifying a card (§5); a tokenization's amount means nothing.
    let minimum = match kind {
        Kind::Authorization | Kind::Tokenization => 0,
        _ => 1,
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let additional = errors.object(request, "additional_data");
    let on_file = errors.object(additional, "additional_data.card_on_file");
    let initiator = errors.text(on_file, "additional_data.card_on_file.initiator", 20);
    if initiator.is_some_and(|who| !matches!(who, "merchant" | "customer")) {
        errors.add("additional_data.card_on_file.initiator", "is invalid");
    }
    let expected = errors.text(additional, "additional_data.expected_bank_code", 6);
    let expected_code = expected.and_then(codes::digits_of);
    if expected.is_some() && expected_code.is_none() {
        errors.add("additional_data.expected_bank_code", "is invalid");
    }
    let card = errors.object(request, "credit_card");
    let skip = "credit_card.skip_three_d_secure_verification";
    let force = errors.boolean(request, "force_three_d_secure_verification", false);
    Fields {
        amount: errors.amount(request, "amount", minimum),
        currency: errors.currency(request, "currency"),
        description: owned(errors.required_text(request, "description", 255)),
        tracking_id: owned(errors.text(request, "tracking_id", 255)),
        language: owned(errors.text(request, "language", 2)).unwrap_or_else(|| "en".into()),
        expired_at: errors.time(request, "expired_at"),
        duplicate_check: errors.boolean(request, "duplicate_check", true),
        return_url: errors.url(request, "return_url"),
        notification_url: errors.url(request, "notification_url"),
        contract: errors.contract(additional, "additional_data.contract"),
        is_customer_present: initiator == Some("customer"),
        expected_code,
        skips_secure: errors.boolean(card, skip, false) && !force,
        is_test: errors.boolean(request, "test", false),
    }
}

/// Nothing here reaches an acquirer, so only test requests with test cards can be served. A
/// credit names no mode: its token says it.
fn check_test_mode(asked: &Asked, fields: &Fields, instrument: &Instrument) -> Result<(), Box<Refusal>> {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if !fields.is_test && asked.kind != Kind::Credit {
        return Err(Refusal::base(status, "E.1012", "Only test transactions are processed"));
    }
    if codes::test_card(&instrument.card.number).is_none() {
        let text = "Live cards are not allowed in test mode";
        return Err(Refusal::base(status, "E.1015", text));
    }
    Ok(())
}

fn is_secured(asked: &Asked, fields: &Fields, instrument: &Instrument, now: Timestamp) -> bool {
    if !asked.shop.has_three_d_secure || fields.skips_secure || asked.kind == Kind::Credit {
        return false;
    }
    match &instrument.saved {
        // The merchant is the initiator unless the request says otherwise (§6).
        Some(saved) => secures_saved_card(saved, !fields.is_customer_present, now),
        None => true,
    }
}

/// Where the customer may be asked, there must be a way back and a browser to ask in (§5.1).
fn check_browser(
    request: &Map<String, Value>,
    fields: &Fields,
    instrument: &Instrument,
    is_secured: bool,
) -> Result<(), Box<Refusal>> {
    let is_charge_without_customer = instrument.saved.is_some() && !fields.is_customer_present;
    if !is_secured || is_charge_without_customer {
        return Ok(());
    }
    let mut errors = Errors::default();
    if fields.return_url.is_none() {
        errors.add("return_url", "can't be blank");
    }
    errors.refuse()?;
    let browser = request.get("additional_data").and_then(|data| data.get("browser"));
    for name in BROWSER_FIELDS {
        let value = browser.and_then(|browser| browser.get(name));
        if value.is_none_or(Value::is_null) {
            errors.add(&format!("additional_data.browser.{name}"), "can't be blank");
        }
    }
    // The provider has a code for each field, E.1042 to E.1063; which is whose is not published.
    match errors.refuse() {
        Ok(()) => Ok(()),
        Err(_) => Err(Refusal::fields("E.1042", &errors)),
    }
}

/// The test values of §10.
pub fn cvc_result(cvc: Option<&str>) -> char {
    match cvc {
        Some("222") => 'N',
        Some("333") => 'U',
        Some("444") => 'E',
        Some("555") => '0',
        _ => 'M',
    }
}

/// A digit from 1 to 5 in address or zip drives the result (§10).
fn avs_result(billing_address: &Map<String, Value>) -> char {
    let parts = ["address", "zip"].map(|name| billing_address.get(name).and_then(Value::as_str));
    let mut digits = parts.into_iter().flatten().flat_map(str::chars);
    digits.find(|c| ('1'..='5').contains(c)).unwrap_or('1')
}
