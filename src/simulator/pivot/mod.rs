//! Pivot's payment API as the world sees it: sessions, hosted pages, customers, refunds.
//!
//! Written from "Pivot (Indonesia; earlier brand Harsya) — integration dossier" (its sections are
//! cited as `§n`; state of early 2026) and the sample bodies beside it. It shares no code with the
//! gateway's adapter.
//!
//! # Where to look
//!
//! `access` signs clients in, `sessions` creates and confirms payments, `keys` holds the card keys,
//! `hosted` and `pages` are the payer's side, `paying` decides what comes of an attempt and writes
//! the ledger, `refunds` has refunds and customers, `by_hand` the dashboard, `callbacks` what the
//! merchant is told, `repeats` the memory of `X-REQUEST-ID`. `cards` has the test cards: start there to provoke something.
//!
//! # Decisions where the provider publishes nothing (§23)
//!
//! * A declined card leaves a hosted page open for two more; elsewhere it ends the session.
//! * A request id that was refused is not used up; every POST honours the header.
//! * A confirmation takes a saved card's token and CVC in place of a ciphertext.
//! * A token without a CVC is charged with `threeDsMethod` NEVER only, and only with the knob
//!   `merchant_initiated`.
//! * Reservations do not lapse by themselves.
//!
//! Not simulated: reusable numbers and codes (`MULTIPLE`), instalments, splits, `EXTERNAL` 3-D
//! Secure, address checks, payouts.

mod access;
mod answers;
mod by_hand;
mod callbacks;
mod cards;
mod checks;
mod hosted;
mod keys;
mod pages;
mod paying;
mod refunds;
mod repeats;
mod sessions;
mod state;
mod views;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{get, post};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::state::{State, Status};
use super::contract::{Backstage, CustomerAction, CustomerResult, ProviderSimulator};
use super::delivery::{BackOffice, Call, DeliveryRules};
use super::faults::{Kind, UNKNOWN_STATUS};
use super::notification_faults::Tampering;
use super::notifications::Notification;

/// The merchant id that the sign-in accepts.
pub const MERCHANT_ID: &str = "11111111-0000-4000-8000-000000000001";
/// The merchant secret that it accepts.
pub const MERCHANT_SECRET: &str = "simulator-merchant-secret";
/// The static key of callbacks.
pub const CALLBACK_KEY: &str = "cbk_simulator_0000000000000000000000000000";

/// What the simulator does where the provider leaves room. All changeable while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Seconds an access token is good for (§3).
    pub access_token_lifetime_s: u64,
    /// Milliseconds until a stored method is listed with its customer (§13: perhaps a delay).
    pub stored_method_delay_ms: u64,
    /// Milliseconds a charge stays `PROCESSING`; 0 decides within the answer.
    pub processing_ms: u64,
    /// Milliseconds until a payment under review is approved.
    pub review_ms: u64,
    /// Milliseconds from a capture's answer until it is done.
    pub capture_delay_ms: u64,
    /// Milliseconds between two steps of a refund.
    pub refund_delay_ms: u64,
    /// Whether captures come to nothing.
    pub captures_fail: bool,
    /// Whether refunds come to nothing.
    pub refunds_fail: bool,
    /// Whether the first declined card ends a hosted session (§16: not stated).
    pub declined_card_ends_session: bool,
    /// Whether tokens are charged without a CVC (§11: by contract).
    pub merchant_initiated: bool,
    /// Whether cancelling gives a reservation back (§12: not published).
    pub cancel_releases_reservations: bool,
    /// Where callbacks go, as the dashboard has it; none when empty.
    pub callback_url: String,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            access_token_lifetime_s: 900,
            stored_method_delay_ms: 0,
            processing_ms: 0,
            review_ms: 60_000,
            capture_delay_ms: 50,
            refund_delay_ms: 100,
            captures_fail: false,
            refunds_fail: false,
            declined_card_ends_session: false,
            merchant_initiated: true,
            cancel_releases_reservations: false,
            callback_url: "https://hooks.gateway.example/pivot".to_owned(),
        }
    }
}

/// The simulator.
#[derive(Debug)]
pub struct Pivot {
    backstage: Backstage,
    /// Held for microseconds at a time, never across an await: one lock keeps every rule that
    /// looks at two things (a reference, a remaining amount) free of races.
    state: Mutex<State>,
}

impl Pivot {
    /// The name it is registered under.
    pub const NAME: &'static str = "pivot";
    /// What it calls the merchant's reference.
    pub const REFERENCE_KEY: &'static str = "clientReferenceId";

    /// A merchant whom nobody has paid yet.
    pub fn new(backstage: Backstage) -> Pivot {
        Pivot { backstage, state: Mutex::new(State::default()) }
    }

    fn now(&self) -> Timestamp {
        self.backstage.clock.now()
    }

    /// The state, with everything done that has become due.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(&self.backstage);
        state
    }
}

impl ProviderSimulator for Pivot {
    fn name(&self) -> &'static str {
        Pivot::NAME
    }

    fn backstage(&self) -> &Backstage {
        &self.backstage
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/v1/access-token", post(access::token))
            .route("/v2/payments", post(sessions::create).get(sessions::list))
            .route("/v2/payments/simulations", post(sessions::simulate))
            .route("/v2/payments/{id}", get(sessions::read))
            .route("/v2/payments/{id}/confirm", post(sessions::confirm))
            .route("/v2/payments/{id}/cancel", post(sessions::cancel))
            .route("/v2/payments/{id}/capture", post(sessions::capture))
            .route("/v2/charges", get(sessions::charges))
            .route("/v2/payment-method-configs", get(sessions::configs))
            .route("/v1/customers/{id}", get(refunds::customer))
            .route("/v1/refunds", post(refunds::create).get(refunds::list))
            .route("/v1/refunds/{id}", get(refunds::read))
            .route("/detail", get(pages::view))
            .route("/detail/{secret}/pay", post(pages::pay))
            .route("/detail/{secret}/challenge", post(pages::answer_challenge))
            .route("/detail/{secret}/cancel", post(pages::cancel))
            .route("/detail/{secret}/expire", post(pages::expire))
            .route("/detail/{secret}/decline", post(pages::decline))
            .route("/wallet/{secret}", get(pages::wallet).post(pages::wallet_pays))
            .route("/payment/creditcard/threeds", get(pages::challenge))
            .with_state(self)
            .fallback(|| async { answers::refusal(StatusCode::NOT_FOUND) })
    }

    fn operation(&self, method: &Method, path: &str) -> &'static str {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            (_, ["detail" | "wallet" | "payment", ..]) => "page",
            ("POST", ["v1", "access-token"]) => "access_token",
            ("POST", ["v2", "payments"]) => "create_payment",
            ("GET", ["v2", "payments"]) => "list_payments",
            ("POST", ["v2", "payments", "simulations"]) => "simulate_payment",
            ("GET", ["v2", "payments", _]) => "get_payment",
            ("POST", ["v2", "payments", _, "confirm"]) => "confirm_payment",
            ("POST", ["v2", "payments", _, "cancel"]) => "cancel_payment",
            ("POST", ["v2", "payments", _, "capture"]) => "capture",
            ("GET", ["v2", "charges"]) => "list_charges",
            ("GET", ["v2", "payment-method-configs"]) => "payment_method_configs",
            ("GET", ["v1", "customers", _]) => "get_customer",
            ("POST", ["v1", "refunds"]) => "refund",
            ("GET", ["v1", "refunds"]) => "list_refunds",
            ("GET", ["v1", "refunds", _]) => "get_refund",
            _ => "unknown",
        }
    }

    fn reference_key(&self) -> &'static str {
        Pivot::REFERENCE_KEY
    }

    fn error_body(&self, status: StatusCode) -> Value {
        answers::standard(status)
    }

    /// Sessions with their charges, captures and refunds: everything with an id and an amount.
    fn visit_payments(&self, answer: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
        match answer {
            Value::Array(items) => {
                for item in items {
                    self.visit_payments(item, visit);
                }
            }
            Value::Object(members) => {
                if members.contains_key("id") && members.contains_key("amount") {
                    visit(members);
                }
                for name in ["data", "chargeDetails"] {
                    if let Some(inner) = members.get_mut(name) {
                        self.visit_payments(inner, visit);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Amounts are objects here, of numbers or texts, and charges name the reference otherwise.
    fn alter(&self, kind: Kind, object: &mut Map<String, Value>) -> bool {
        match kind {
            Kind::WrongAmount => {
                let Some(value) = object.get_mut("amount").and_then(|amount| amount.get_mut("value")) else {
                    return false;
                };
                let one_more = match &*value {
                    Value::Number(number) => number.as_i64().map(|rupiah| json!(rupiah + 1)),
                    Value::String(text) => {
                        let whole = text.split('.').next().and_then(|whole| whole.parse::<i64>().ok());
                        whole.map(|rupiah| json!(format!("{}.00", rupiah + 1)))
                    }
                    _ => None,
                };
                one_more.map(|one_more| *value = one_more).is_some()
            }
            Kind::WrongCurrency => {
                match object.get_mut("amount").and_then(|amount| amount.get_mut("currency")) {
                    Some(currency) => {
                        *currency = json!("USD");
                        true
                    }
                    None => false,
                }
            }
            Kind::WrongReference => {
                let mut found = false;
                for name in ["clientReferenceId", "paymentSessionClientReferenceId"] {
                    if let Some(Value::String(own)) = object.get(name) {
                        let other = json!(format!("{own}notyours"));
                        object.insert(name.to_owned(), other);
                        found = true;
                    }
                }
                found
            }
            Kind::UnknownStatus => match object.get_mut("status") {
                Some(status) => {
                    *status = json!(UNKNOWN_STATUS);
                    true
                }
                None => false,
            },
            other => other.alter(object, Pivot::REFERENCE_KEY),
        }
    }

    fn act_as_customer(&self, page: &str, action: &CustomerAction) -> CustomerResult {
        hosted::act(self, page, action)
    }

    fn settle(&self) {
        drop(self.state());
    }

    fn standing(&self, reference: &str) -> Option<&'static str> {
        let state = self.state();
        let id = state.sessions_by_reference.ids(reference).last()?;
        Some(match state.sessions.get(id)?.status {
            Status::Processing => "pending",
            Status::RequireConfirmation | Status::RequireAction => "pending",
            Status::Paid => "unknown",
            Status::Cancelled => "cancelled",
            Status::Expired => "expired",
        })
    }

    fn saved_cards(&self) -> usize {
        let state = self.state();
        let stored = state.customers.newest_first().flat_map(|customer| &customer.stored);
        stored.filter(|stored| stored.card.is_some()).count()
    }

    fn seal(&self, _notification: &Notification) -> Vec<(String, String)> {
        callbacks::seal()
    }

    fn delivery(&self, _notification: &Notification) -> DeliveryRules {
        callbacks::DELIVERY
    }

    fn tamper(&self, how: Tampering, _notification: &Notification, call: Call) -> Option<Call> {
        callbacks::tampered(how, call)
    }

    fn misstate(&self, notification: &Notification) -> Option<(String, String)> {
        callbacks::misstated(notification)
    }

    fn back_office(&self, reference: &str, act: BackOffice) -> Result<(), String> {
        by_hand::act(self, reference, act).map_err(|refusal| refusal.body.to_string())
    }

    fn keys(&self) -> Value {
        json!({ "callback_api_key": CALLBACK_KEY })
    }

    fn credentials(&self) -> Value {
        json!({
            "merchant_id": MERCHANT_ID,
            "merchant_secret": MERCHANT_SECRET,
            "callback_api_key": CALLBACK_KEY,
            "base_url": self.backstage.base_url(),
        })
    }

    fn behaviour(&self) -> Value {
        // A struct of plain fields always becomes JSON.
        serde_json::to_value(&self.state().behaviour).unwrap_or_default()
    }

    fn set_behaviour(&self, change: &Value) -> Result<(), String> {
        let mut behaviour = self.behaviour();
        let Some(change) = change.as_object() else {
            return Err("a JSON object is wanted".into());
        };
        for (name, value) in change {
            behaviour[name] = value.clone();
        }
        let turned = serde_json::from_value(behaviour).map_err(|error| error.to_string())?;
        self.state().behaviour = turned;
        Ok(())
    }
}
