//! beGateway as the world sees it: checkouts with a hosted page, card transactions, saved cards.
//!
//! Written from "beGateway — integration dossier" only (its sections are cited as `§n`; state of
//! November 2026) and the sample bodies beside it. It shares no code with the gateway's adapter.
//! One port plays the gateway, checkout and api hosts of a white label at once.
//!
//! # Where to look
//!
//! `checkouts` and `hosted` are the hosted page, `requests` the host-to-host payments, `children`
//! what follows them, `cards` saved cards, `queries` the look-ups. `processing` decides what a
//! card does, `repeats` knows `RequestID` and `duplicate_check`, `views` the two body versions,
//! `webhooks` what the merchant is told. `codes` holds the tables of result codes and test cards:
//! start there to provoke something.
//!
//! # Decisions where the provider publishes nothing (§14)
//!
//! * A repeated `RequestID` whose first request is still running gets 422 and `P.1019`.
//! * A request without `test: true` is refused (`E.1012`): nothing here reaches an acquirer.
//! * v2 errors carry no code; validation is `E.1025` in v3.
//! * The return from 3-D Secure of a host-to-host payment gets `uid` and `status` appended.
//! * A customer who cancels is sent to `cancel_url` with `token` only; the checkout stays open.
//! * A challenge nobody answers is closed after 30 minutes (`F.0998`).
//!
//! * Customers are sent back at once, whatever `auto_return` says.
//! * Captures, voids and refunds are found under their parent's tracking id as well.
//!
//! `settings.style`, `customer_fields` and the like only change how a real page looks; here they
//! are echoed and nothing more, and so are `excluded_types` and `excluded_brands`.
//!
//! Not simulated: payouts, risk checks, recipient tokens, `/async`, alternative methods,
//! subscriptions (§5.5, §7, §12) and the verification callback (§9.5). They answer 404.

mod answers;
mod cards;
mod checkouts;
mod checks;
mod children;
mod codes;
mod hosted;
mod keys;
mod pages;
mod processing;
mod queries;
mod repeats;
mod requests;
mod state;
mod views;
mod webhooks;

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
use super::notification_faults::Tampering;
use super::notifications::Notification;

/// A merchant's shop: its id is the user, its key the password of HTTP Basic (§3).
#[derive(Debug, PartialEq, Eq)]
pub struct Shop {
    /// The shop id.
    pub id: u32,
    /// The shop's secret key.
    pub secret: &'static str,
    /// Whether the shop has 3-D Secure.
    pub has_three_d_secure: bool,
}

/// The two demo shops (§2).
pub const SHOPS: &[Shop] = &[
    Shop { id: 361, secret: "simulator-secret-361", has_three_d_secure: false },
    Shop { id: 362, secret: "simulator-secret-362", has_three_d_secure: true },
];

/// What the simulator does where the provider leaves room. All changeable while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Milliseconds of real time that a host-to-host request is worked on before it is answered:
    /// the window in which a repeat finds it running.
    pub processing_ms: u64,
    /// Milliseconds refunds stay `pending`; at once when null.
    pub refunds_pending_ms: Option<u64>,
    /// Milliseconds after which an `incomplete` transaction without a redirect is decided.
    pub undecided_for_ms: u64,
    /// Milliseconds after which an unanswered challenge is closed (`F.0998`).
    pub abandoned_after_ms: u64,
    /// Milliseconds until look-ups by tracking id find a new transaction.
    pub search_delay_ms: u64,
    /// Whether shops may send raw card numbers (otherwise `E.1065`, §5).
    pub raw_cards_allowed: bool,
    /// Old installations: no `code` and `friendly_message` (sample 15).
    pub omits_codes: bool,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            processing_ms: 0,
            refunds_pending_ms: None,
            undecided_for_ms: 60_000,
            abandoned_after_ms: 30 * 60 * 1_000,
            search_delay_ms: 0,
            raw_cards_allowed: true,
            omits_codes: false,
        }
    }
}

/// The simulator.
#[derive(Debug)]
pub struct Begateway {
    backstage: Backstage,
    /// Held for microseconds at a time, never across an await: one lock keeps every rule that
    /// looks at two things (a duplicate, a remaining amount) free of races.
    state: Mutex<State>,
}

impl Begateway {
    /// The name it is registered under.
    pub const NAME: &'static str = "begateway";
    /// What it calls the merchant's reference.
    pub const REFERENCE_KEY: &'static str = "tracking_id";

    /// Two shops nobody has used yet. Makes the key pairs, once per process.
    pub fn new(backstage: Backstage) -> Begateway {
        keys::make();
        Begateway { backstage, state: Mutex::new(State::default()) }
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

impl ProviderSimulator for Begateway {
    fn name(&self) -> &'static str {
        Begateway::NAME
    }

    fn backstage(&self) -> &Backstage {
        &self.backstage
    }

    fn router(self: Arc<Self>) -> Router {
        let update_card = post(cards::update).put(cards::update);
        Router::new()
            .route("/ctp/api/checkouts", post(checkouts::create))
            .route("/ctp/api/checkouts/{token}", get(checkouts::read))
            .route("/transactions/payments", post(requests::payment))
            .route("/transactions/authorizations", post(requests::authorization))
            .route("/transactions/tokenizations", post(requests::tokenization))
            .route("/transactions/credits", post(requests::credit))
            .route("/services/credit_cards/charges", post(requests::charge))
            .route("/transactions/captures", post(children::capture))
            .route("/transactions/voids", post(children::void))
            .route("/transactions/refunds", post(children::refund))
            .route("/transactions/{uid}", get(queries::by_uid))
            .route("/v2/transactions/tracking_id/{id}", get(queries::by_tracking_id))
            .route("/transactions/tracking_id/{id}", get(queries::first_by_tracking_id))
            .route("/credit_cards", post(cards::create))
            .route("/credit_cards/{token}", update_card.clone())
            .route("/v2/credit_cards", post(cards::create))
            .route("/v2/credit_cards/{token}", update_card)
            .route("/widget/hpp.html", get(pages::checkout))
            .route("/widget/{token}/pay", post(pages::pay))
            .route("/widget/{token}/cancel", post(pages::cancel))
            .route("/widget/{token}/expire", post(pages::expire))
            .route("/widget/{token}/decline", post(pages::decline))
            .route("/process/{uid}", get(pages::challenge).post(pages::answer_challenge))
            .route("/customer/transactions/{uid}/{receipt}", get(pages::receipt))
            .with_state(self)
            .fallback(|| async { answers::record_not_found().into_response_v2() })
    }

    fn operation(&self, method: &Method, path: &str) -> &'static str {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let parts = match parts.as_slice() {
            ["v2", rest @ ..] => rest,
            parts => parts,
        };
        match (method.as_str(), parts) {
            (_, ["widget" | "process" | "customer", ..]) => "page",
            ("POST", ["ctp", "api", "checkouts"]) => "create_checkout",
            ("GET", ["ctp", "api", "checkouts", _]) => "get_checkout",
            ("POST", ["transactions", "payments"]) => "payment",
            ("POST", ["transactions", "authorizations"]) => "authorization",
            ("POST", ["transactions", "tokenizations"]) => "tokenization",
            ("POST", ["transactions", "credits"]) => "credit",
            ("POST", ["services", "credit_cards", "charges"]) => "charge",
            ("POST", ["transactions", "captures"]) => "capture",
            ("POST", ["transactions", "voids"]) => "void",
            ("POST", ["transactions", "refunds"]) => "refund",
            ("GET", ["transactions", "tracking_id", _]) => "find_by_tracking_id",
            ("GET", ["transactions", _]) => "get_transaction",
            ("POST" | "PUT", ["credit_cards", ..]) => "credit_card",
            _ => "unknown",
        }
    }

    fn reference_key(&self) -> &'static str {
        Begateway::REFERENCE_KEY
    }

    fn error_body(&self, status: StatusCode) -> Value {
        answers::fault_body(status)
    }

    fn visit_payments(&self, answer: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
        let Value::Object(answer) = answer else {
            return;
        };
        if let Some(Value::Array(transactions)) = answer.get_mut("transactions") {
            let transactions = transactions.iter_mut().filter_map(Value::as_object_mut);
            transactions.for_each(&mut *visit);
        }
        if answer.contains_key("uid") {
            visit(answer);
        }
        for key in ["transaction", "checkout"] {
            let Some(Value::Object(members)) = answer.get_mut(key) else {
                continue;
            };
            visit(members);
            if let Some(Value::Object(order)) = members.get_mut("order") {
                visit(order);
            }
            if let Some(Value::Object(section)) = members.get_mut("gateway_response") {
                let sections = section.values_mut().filter_map(Value::as_object_mut);
                sections.for_each(&mut *visit);
            }
        }
    }

    fn act_as_customer(&self, page: &str, action: &CustomerAction) -> CustomerResult {
        hosted::act(self, page, action)
    }

    fn settle(&self) {
        drop(self.state());
    }

    fn standing(&self, reference: &str) -> Option<&'static str> {
        self.state().standing(reference)
    }

    fn saved_cards(&self) -> usize {
        self.state().cards.newest_first().count()
    }

    fn seal(&self, notification: &Notification) -> Vec<(String, String)> {
        webhooks::seal(notification)
    }

    fn delivery(&self, notification: &Notification) -> DeliveryRules {
        webhooks::delivery(notification.sender)
    }

    fn tamper(&self, how: Tampering, notification: &Notification, call: Call) -> Option<Call> {
        webhooks::tampered(how, notification, call)
    }

    fn misstate(&self, notification: &Notification) -> Option<(String, String)> {
        webhooks::misstated(notification)
    }

    fn back_office(&self, reference: &str, act: BackOffice) -> Result<(), String> {
        self.by_hand(reference, act)
    }

    fn keys(&self) -> Value {
        keys::public()
    }

    fn credentials(&self) -> Value {
        let shop = |shop: &Shop| {
            json!({
                "shop_id": shop.id,
                "secret_key": shop.secret,
                "three_d_secure": shop.has_three_d_secure,
            })
        };
        json!({
            "shops": SHOPS.iter().map(shop).collect::<Vec<_>>(),
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
