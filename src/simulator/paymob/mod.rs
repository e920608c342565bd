//! Paymob as the world sees it: the Accept calls, the Intention API, pages, transactions, callbacks.
//!
//! Written from "Paymob (Accept) — provider dossier" only (its sections are cited as `§n`; state of
//! November 2026) and the sample bodies beside it. It shares no code with the gateway's adapter.
//!
//! # Where to look
//!
//! `access` signs merchants in, `accept` has orders and payment keys, `intentions` the newer call,
//! `paying` charges and decides, `hosted` and `pages` are the customer's side, `children` has
//! captures, voids and refunds, `queries` what can be asked, `views` the bodies, `callbacks` what the
//! merchant is told. `outcomes` holds test cards and test amounts: start there to provoke something.
//!
//! # Decisions where the provider publishes nothing (§19)
//!
//! * A used reference answers 422 `{"message":"duplicate"}`; the knob `duplicate_status` changes it.
//! * An order without a transaction answers 404; or 200 with nothing (`no_transaction_is_empty`).
//! * An order is paid once when it was to be locked; a page takes one attempt unless `page_retries`.
//! * A card is verified with zero only through the verification integration.
//!
//! Not simulated: subscriptions (§12), kiosk and lenders (§17), delivery callbacks.

mod accept;
mod access;
mod answers;
mod callbacks;
mod children;
mod hosted;
mod intentions;
mod outcomes;
mod pages;
mod paying;
mod queries;
mod state;
mod views;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{get, post};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::state::State;
use super::contract::{Backstage, CustomerAction, CustomerResult, ProviderSimulator};
use super::delivery::{BackOffice, Call, DeliveryRules};
use super::faults::{Kind, UNKNOWN_STATUS};
use super::notification_faults::Tampering;
use super::notifications::Notification;

/// The API key that buys access tokens.
pub const API_KEY: &str = "simulator-api-key";
/// The secret key; its name says that it is for tests (§2).
pub const SECRET_KEY: &str = "egy_sk_test_simulator";
/// The public key.
pub const PUBLIC_KEY: &str = "egy_pk_test_simulator";
/// The secret that signs callbacks, as plain text (§11).
pub const HMAC_SECRET: &str = "simulator-hmac-secret";
/// The frame of the older page.
pub const IFRAME_ID: i64 = 700_001;
/// The merchant's own id.
pub const MERCHANT_ID: i64 = 700_123;
/// The user who owns every transaction.
pub const OWNER_ID: i64 = 900_001;

/// What an integration is for (§2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Cards with 3-D Secure, taken at once.
    ThreeDSecure,
    /// Cards with 3-D Secure, reserved only.
    Authorize,
    /// Saved cards without a customer.
    Moto,
    /// The same, reserved only.
    AuthorizeMoto,
    /// Wallets.
    Wallet,
    /// Cards checked with nothing or little, to be saved.
    Verification,
    /// A live one: a test key does not find it (§13).
    Live,
}

/// Every integration of the merchant.
pub const INTEGRATIONS: &[(i64, Purpose)] = &[
    (5_000_001, Purpose::ThreeDSecure),
    (5_000_002, Purpose::Moto),
    (5_000_003, Purpose::Wallet),
    (5_000_005, Purpose::Authorize),
    (5_000_006, Purpose::AuthorizeMoto),
    (5_000_007, Purpose::Verification),
    (6_000_001, Purpose::Live),
];

/// An integration's purpose; live ones are not there for a test key.
pub fn purpose(integration: i64) -> Option<Purpose> {
    let found = INTEGRATIONS.iter().find(|(id, _)| *id == integration).map(|(_, purpose)| *purpose);
    found.filter(|purpose| *purpose != Purpose::Live)
}

/// The shape of the answer to a payment (§4: the main trap).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Texts for flags, dotted keys, the order as a number.
    Flat,
    /// `{"type": "TRANSACTION", "obj": …}`.
    Wrapped,
}

/// What the simulator does where the provider leaves room. All changeable while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Seconds an access token is good for (§2: 3600).
    pub access_token_lifetime_s: u64,
    /// The shape of `payments/pay`.
    pub pay_shape: Shape,
    /// The status of a used reference.
    pub duplicate_status: u16,
    /// Whether "no transaction yet" is an empty 200 rather than a 404.
    pub no_transaction_is_empty: bool,
    /// Whether a payment key for a saved card must carry the card's token (§6: sources differ).
    pub key_needs_token: bool,
    /// Whether saved cards may be kept and charged at all.
    pub tokenization_enabled: bool,
    /// Milliseconds until the token of a saved card can be asked for.
    pub token_delay_ms: u64,
    /// Whether a page takes another attempt after a decline.
    pub page_retries: bool,
    /// Whether captures, voids and refunds are pending at first, and for how many milliseconds.
    pub movements_pending_ms: Option<u64>,
    /// Milliseconds until an undecided payment is decided, and becomes a success.
    pub undecided_for_ms: Option<u64>,
    /// The only currency of all integrations; any when null.
    pub currency: Option<String>,
    /// Where callbacks go that have no address of their own, as the dashboard has it; none when empty.
    pub callback_url: String,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            access_token_lifetime_s: 3_600,
            pay_shape: Shape::Flat,
            duplicate_status: 422,
            no_transaction_is_empty: false,
            key_needs_token: false,
            tokenization_enabled: true,
            token_delay_ms: 0,
            page_retries: false,
            movements_pending_ms: None,
            undecided_for_ms: Some(60_000),
            currency: None,
            callback_url: String::new(),
        }
    }
}

/// The simulator.
#[derive(Debug)]
pub struct Paymob {
    backstage: Backstage,
    /// Held for microseconds at a time, never across an await.
    state: Mutex<State>,
}

impl Paymob {
    /// The name it is registered under.
    pub const NAME: &'static str = "paymob";
    /// What it calls the merchant's reference.
    pub const REFERENCE_KEY: &'static str = "merchant_order_id";

    /// An account nobody has used yet.
    pub fn new(backstage: Backstage) -> Paymob {
        Paymob { backstage, state: Mutex::new(State::default()) }
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

impl ProviderSimulator for Paymob {
    fn name(&self) -> &'static str {
        Paymob::NAME
    }

    fn backstage(&self) -> &Backstage {
        &self.backstage
    }

    fn router(self: Arc<Self>) -> Router {
        let acs = get(pages::challenge).post(pages::answer_challenge);
        Router::new()
            .route("/api/auth/tokens", post(access::token))
            .route("/api/ecommerce/orders", post(accept::order))
            .route("/api/ecommerce/orders/{id}", get(queries::order))
            .route("/api/ecommerce/orders/transaction_inquiry", post(queries::inquiry))
            .route("/api/acceptance/payment_keys", post(accept::payment_key))
            .route("/api/acceptance/payments/pay", post(paying::pay))
            .route("/api/acceptance/transactions/{id}", get(queries::transaction))
            .route("/api/acceptance/order_card_tokens", post(queries::card_tokens))
            .route("/api/acceptance/capture", post(children::capture))
            .route("/api/acceptance/void_refund/void", post(children::void))
            .route("/api/acceptance/void_refund/refund", post(children::refund))
            .route("/v1/intention/", post(intentions::create))
            .route("/v1/intention/{client_secret}", axum::routing::put(intentions::update))
            .route("/v1/intention/element/{public_key}/{client_secret}/", get(intentions::read))
            .route("/unifiedcheckout/", get(pages::checkout))
            .route("/api/acceptance/iframes/{id}", get(pages::frame))
            .route("/pages/{handle}/pay", post(pages::pay))
            .route("/pages/{handle}/cancel", post(pages::cancel))
            .route("/pages/{handle}/expire", post(pages::expire))
            .route("/pages/{handle}/decline", post(pages::decline))
            .route("/api/acceptance/mpgs_secure_callback/get_acs_page", acs)
            .with_state(self)
            .fallback(|| async { answers::not_found() })
    }

    fn operation(&self, method: &Method, path: &str) -> &'static str {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("POST", ["api", "auth", "tokens"]) => "token",
            ("POST", ["api", "ecommerce", "orders"]) => "create_order",
            ("POST", ["api", "ecommerce", "orders", "transaction_inquiry"]) => "inquiry",
            ("GET", ["api", "ecommerce", "orders", _]) => "get_order",
            ("POST", ["api", "acceptance", "payment_keys"]) => "payment_key",
            ("POST", ["api", "acceptance", "payments", "pay"]) => "pay",
            ("GET", ["api", "acceptance", "transactions", _]) => "get_transaction",
            ("POST", ["api", "acceptance", "order_card_tokens"]) => "card_tokens",
            ("POST", ["api", "acceptance", "capture"]) => "capture",
            ("POST", ["api", "acceptance", "void_refund", "void"]) => "void",
            ("POST", ["api", "acceptance", "void_refund", "refund"]) => "refund",
            ("POST", ["v1", "intention"]) => "create_intention",
            ("PUT", ["v1", "intention", _]) => "update_intention",
            ("GET", ["v1", "intention", ..]) => "get_intention",
            (_, ["unifiedcheckout" | "pages", ..]) => "page",
            (_, ["api", "acceptance", "iframes" | "mpgs_secure_callback", ..]) => "page",
            _ => "unknown",
        }
    }

    fn reference_key(&self) -> &'static str {
        Paymob::REFERENCE_KEY
    }

    fn error_body(&self, status: StatusCode) -> Value {
        answers::error(status)
    }

    fn visit_payments(&self, answer: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
        let of = match answer.get("obj") {
            Some(Value::Object(_)) => answer.get_mut("obj"),
            _ => Some(answer),
        };
        let Some(Value::Object(members)) = of else {
            return;
        };
        // Transactions, orders and intentions; errors and sign-ins have neither key.
        if !members.contains_key("amount_cents") && !members.contains_key("client_secret") {
            return;
        }
        visit(members);
        for inner in ["order", "intention_detail"] {
            if let Some(Value::Object(inner)) = members.get_mut(inner) {
                visit(inner);
            }
        }
    }

    /// Amounts are in `amount_cents`, or in an intention's detail; where it stands, `success` says.
    fn alter(&self, kind: Kind, object: &mut Map<String, Value>) -> bool {
        match kind {
            Kind::WrongAmount => {
                let name = if object.contains_key("amount_cents") { "amount_cents" } else { "amount" };
                let more = object.get(name).and_then(Value::as_i64).map(|amount| amount.saturating_add(1));
                more.is_some_and(|more| object.insert(name.to_owned(), more.into()).is_some())
            }
            Kind::WrongReference => {
                let intention = kind.alter(object, "special_reference");
                kind.alter(object, Paymob::REFERENCE_KEY) || intention
            }
            Kind::UnknownStatus => match object.get_mut("success") {
                Some(success) => {
                    *success = UNKNOWN_STATUS.into();
                    true
                }
                None => false,
            },
            _ => kind.alter(object, Paymob::REFERENCE_KEY),
        }
    }

    fn act_as_customer(&self, page: &str, action: &CustomerAction) -> CustomerResult {
        hosted::act(self, page, action)
    }

    fn settle(&self) {
        drop(self.state());
    }

    fn standing(&self, reference: &str) -> Option<&'static str> {
        let now = self.now();
        self.state().standing(reference, now)
    }

    fn saved_cards(&self) -> usize {
        self.state().cards.newest_first().count()
    }

    /// The signature is in the address; the headers say nothing but what the body is (§10).
    fn seal(&self, _notification: &Notification) -> Vec<(String, String)> {
        vec![("Content-Type".to_owned(), "application/json".to_owned())]
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
        children::by_hand(self, reference, act).map_err(|refusal| refusal.words())
    }

    fn keys(&self) -> Value {
        json!({ "public_key": PUBLIC_KEY, "hmac_secret": HMAC_SECRET })
    }

    fn credentials(&self) -> Value {
        let id = |wanted| INTEGRATIONS.iter().find(|(_, purpose)| *purpose == wanted).map(|(id, _)| *id);
        json!({
            "api_key": API_KEY,
            "secret_key": SECRET_KEY,
            "public_key": PUBLIC_KEY,
            "hmac_secret": HMAC_SECRET,
            "owner_id": OWNER_ID,
            "iframe_id": IFRAME_ID,
            "integrations": {
                "three_d_secure": id(Purpose::ThreeDSecure),
                "authorize": id(Purpose::Authorize),
                "moto": id(Purpose::Moto),
                "authorize_moto": id(Purpose::AuthorizeMoto),
                "verification": id(Purpose::Verification),
                "wallet": id(Purpose::Wallet),
            },
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
        let turned: Behaviour = serde_json::from_value(behaviour).map_err(|error| error.to_string())?;
        if !(400..500).contains(&turned.duplicate_status) {
            return Err("duplicate_status must be 400 to 499".into());
        }
        self.state().behaviour = turned;
        Ok(())
    }
}
