//! Dintero's Checkout API as the world sees it: sessions, a hosted page, transactions, tokens.
//!
//! Written from `docs/providers` knowledge only: "Dintero (Checkout API) — provider dossier" (its
//! sections are cited as `§n`; state of November 2026) and the sample bodies beside it. It shares
//! no code with the gateway's adapter.
//!
//! # Where to look
//!
//! `access` signs clients in, `sessions` and `pay` create payments, `pages` is the payer's side,
//! `authorizing` decides and writes what came of an attempt, `transactions` and `operations` are
//! what happens after it (`by_hand` in the Backoffice), `tokens` are saved cards, `callbacks` and
//! `hooks` what the merchant is told, `tampering` what somebody else might tell. `outcomes` holds the
//! tables of test cards and test amounts: start there to provoke something.
//!
//! # Decisions where the provider publishes nothing (§18)
//!
//! * A wrong client secret or another account answers 403, a missing or stale token 401.
//! * A card declined by its issuer is a `PAY_FAILED` event and the page stays open; a failed 3-D
//!   Secure check, or the third declined card, ends in a `FAILED` transaction.
//! * Voiding the rest of a part capture leaves the transaction `CAPTURED`.
//! * A 400 for a duplicate reference carries the id of the earlier session and stores nothing.
//! * A card stored without paying is an `AUTHORIZED` transaction of amount 0.
//! * Sessions last 24 hours unless the request says otherwise.
//!
//! Not simulated: express checkout, gift cards, the `/payments` alias of §2, other events of account
//! webhooks than the three about payments and cards, and the `includes` values about request headers,
//! which change nothing.
//!
//! Callback URLs on local hosts are accepted unless the knob `callback_must_be_public` is on: the
//! provider refuses them, development needs them.

mod access;
mod answers;
mod authorizing;
mod by_hand;
mod callbacks;
mod checks;
mod hooks;
mod hosted;
mod operations;
mod outcomes;
mod pages;
mod pay;
mod sessions;
mod state;
mod tampering;
mod tokens;
mod transactions;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{delete, get, post};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::state::State;
use super::contract::{Backstage, CustomerAction, CustomerResult, ProviderSimulator};
use super::delivery::{BackOffice, Call, DeliveryRules};
use super::entropy::Entropy;
use super::notification_faults::Tampering;
use super::notifications::Notification;

/// The one account: `T` says test (§2).
pub const ACCOUNT: &str = "T11223344";
/// The client id the token endpoint accepts.
pub const CLIENT_ID: &str = "simulator-client";
/// The client secret the token endpoint accepts.
pub const CLIENT_SECRET: &str = "simulator-secret";
/// The one payment profile.
pub const PROFILE: &str = "default";
/// The secret that signs callbacks until `POST /admin/signature` makes another one.
pub const CALLBACK_SECRET: &str = "simulator-callback-secret";

/// What the simulator does where the provider leaves room. All changeable while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Seconds an access token is good for. The provider's documentation says 14400 in one place
    /// and 86400 in another (§2).
    pub access_token_lifetime_s: u64,
    /// When captures, voids and refunds are done: at once (200) or later (202, §8.5).
    pub operations: Completion,
    /// Milliseconds until the transaction list finds a new transaction (§6: "some seconds").
    pub search_delay_ms: u64,
    /// Milliseconds until an operation that timed out turns out to have been done after all
    /// (`correction`, §7.1); never when null.
    pub timeout_corrected_after_ms: Option<u64>,
    /// Milliseconds a transaction stays `ON_HOLD`, `INITIATED` or `UNKNOWN`; for ever when null.
    pub undecided_for_ms: Option<u64>,
    /// Whether an undecided transaction becomes `AUTHORIZED` in the end, or `FAILED`.
    pub undecided_becomes_authorized: bool,
    /// Milliseconds from authorization to an automatic capture; 0 captures within the answer.
    pub auto_capture_delay_ms: u64,
    /// Whether the answer of `/sessions/pay` repeats the token it was sent (§6: it may).
    pub pay_echoes_tokens: bool,
    /// Whether the account may store cards and charge them (§5: off until Dintero turns it on).
    pub tokenization_enabled: bool,
    /// Whether callback URLs must be public HTTPS, as the provider demands.
    pub callback_must_be_public: bool,
}

/// When an operation is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// Within the answer.
    AtOnce,
    /// When the transaction is next read.
    OnNextRead,
    /// This many milliseconds later by the clock.
    AfterMs(u64),
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            access_token_lifetime_s: 14_400,
            operations: Completion::AtOnce,
            search_delay_ms: 0,
            timeout_corrected_after_ms: Some(60_000),
            undecided_for_ms: Some(24 * 60 * 60 * 1_000),
            undecided_becomes_authorized: true,
            auto_capture_delay_ms: 0,
            pay_echoes_tokens: false,
            tokenization_enabled: true,
            callback_must_be_public: false,
        }
    }
}

/// The simulator.
#[derive(Debug)]
pub struct Dintero {
    backstage: Backstage,
    /// Held for microseconds at a time, never across an await: one lock keeps every rule that
    /// looks at two things (a strict reference, a remaining amount) free of races.
    state: Mutex<State>,
    /// Ids of deliveries. They are drawn whenever something leaves, so they have a source of their own:
    /// all other ids stay repeatable.
    deliveries: Entropy,
}

impl Dintero {
    /// The name it is registered under.
    pub const NAME: &'static str = "dintero";
    /// What it calls the merchant's reference.
    pub const REFERENCE_KEY: &'static str = "merchant_reference";

    /// An account nobody has used yet.
    pub fn new(backstage: Backstage) -> Dintero {
        Dintero { backstage, state: Mutex::new(State::default()), deliveries: Entropy::new(None) }
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

impl ProviderSimulator for Dintero {
    fn name(&self) -> &'static str {
        Dintero::NAME
    }

    fn backstage(&self) -> &Backstage {
        &self.backstage
    }

    fn router(self: Arc<Self>) -> Router {
        let card_token = get(tokens::read).delete(tokens::delete);
        let v1 = Router::new()
            .route("/accounts/{account}/auth/token", post(access::token))
            .route("/accounts/{account}/hooks/subscriptions", get(hooks::list).post(hooks::subscribe))
            .route("/accounts/{account}/hooks/subscriptions/{id}", delete(hooks::unsubscribe))
            .route("/sessions-profile", post(sessions::create_from_profile))
            .route("/sessions", post(sessions::create).get(sessions::list))
            .route("/sessions/payment-token", post(sessions::create_card_setup))
            .route("/sessions/pay", post(pay::pay))
            .route("/sessions/{id}", get(sessions::read).put(sessions::update))
            .route("/sessions/{id}/cancel", post(sessions::cancel))
            .route("/transactions", get(transactions::list))
            .route("/transactions/{id}", get(transactions::read).put(transactions::update))
            .route("/transactions/{id}/capture", post(operations::capture))
            .route("/transactions/{id}/void", post(operations::void))
            .route("/transactions/{id}/refund", post(operations::refund))
            .route("/transactions/{id}/authorization", post(operations::authorization))
            .route("/card-tokens", get(tokens::list))
            .route("/card-tokens/{id}", card_token)
            .route("/admin/signature", get(callbacks::secret).post(callbacks::new_secret))
            .route("/view/{id}", get(pages::view))
            .route("/view/{id}/pay", post(pages::pay))
            .route("/view/{id}/challenge", get(pages::challenge).post(pages::answer_challenge))
            .route("/view/{id}/cancel", post(pages::cancel))
            .route("/view/{id}/expire", post(pages::expire))
            .route("/view/{id}/decline", post(pages::decline))
            .with_state(self);
        Router::new().nest("/v1", v1).fallback(|| async { answers::not_found("Resource not found") })
    }

    fn operation(&self, method: &Method, path: &str) -> &'static str {
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            (_, ["view", ..]) => "page",
            ("POST", ["accounts", _, "auth", "token"]) => "token",
            (_, ["accounts", _, "hooks", ..]) => "hook_subscriptions",
            ("POST", ["sessions-profile" | "sessions"]) => "create_session",
            ("POST", ["sessions", "payment-token"]) => "payment_token_session",
            ("POST", ["sessions", "pay"]) => "pay",
            ("GET", ["sessions"]) => "list_sessions",
            ("GET", ["sessions", _]) => "get_session",
            ("PUT", ["sessions", _]) => "update_session",
            ("POST", ["sessions", _, "cancel"]) => "cancel_session",
            ("GET", ["transactions"]) => "list_transactions",
            ("GET", ["transactions", _]) => "get_transaction",
            ("PUT", ["transactions", _]) => "update_transaction",
            ("POST", ["transactions", _, "capture"]) => "capture",
            ("POST", ["transactions", _, "void"]) => "void",
            ("POST", ["transactions", _, "refund"]) => "refund",
            ("POST", ["transactions", _, "authorization"]) => "update_authorization",
            ("GET", ["card-tokens"]) => "list_card_tokens",
            ("GET", ["card-tokens", _]) => "get_card_token",
            ("DELETE", ["card-tokens", _]) => "delete_card_token",
            ("GET" | "POST", ["admin", "signature"]) => "signature",
            _ => "unknown",
        }
    }

    fn reference_key(&self) -> &'static str {
        Dintero::REFERENCE_KEY
    }

    fn error_body(&self, status: StatusCode) -> Value {
        answers::error(status)
    }

    fn visit_payments(&self, answer: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
        match answer {
            Value::Array(items) => {
                for item in items {
                    self.visit_payments(item, visit);
                }
            }
            // Errors and sign-ins have no id; sessions and transactions do.
            Value::Object(members) if members.contains_key("id") => {
                visit(members);
                if let Some(Value::Object(order)) = members.get_mut("order") {
                    visit(order);
                }
            }
            _ => {}
        }
    }

    fn act_as_customer(&self, page: &str, action: &CustomerAction) -> CustomerResult {
        hosted::act(self, hosted::session_id(page), action)
    }

    fn settle(&self) {
        drop(self.state());
    }

    fn standing(&self, reference: &str) -> Option<&'static str> {
        let now = self.now();
        self.state().standing(reference, now)
    }

    fn saved_cards(&self) -> usize {
        let state = self.state();
        let kept = state.tokens.newest_first().filter(|token| token.deleted.is_none());
        // One saving may make a token for payments and one for a series.
        kept.map(|token| token.transaction_id.as_str()).collect::<BTreeSet<_>>().len()
    }

    fn seal(&self, notification: &Notification) -> Vec<(String, String)> {
        let state = self.state();
        match notification.sender {
            hooks::SENDER => hooks::seal(&state, notification),
            _ => callbacks::seal(notification, &state.callback_secret.value, self.now(), &self.deliveries),
        }
    }

    fn delivery(&self, notification: &Notification) -> DeliveryRules {
        if notification.sender == hooks::SENDER { hooks::DELIVERY } else { callbacks::DELIVERY }
    }

    /// A subscription that keeps failing is deleted (§13).
    fn gave_up(&self, notification: &Notification) {
        if notification.sender == hooks::SENDER {
            self.state().delete_subscription(&notification.account);
        }
    }

    fn tamper(&self, how: Tampering, notification: &Notification, call: Call) -> Option<Call> {
        tampering::tampered(how, notification, call, self.now())
    }

    fn misstate(&self, notification: &Notification) -> Option<(String, String)> {
        tampering::misstated(notification)
    }

    fn back_office(&self, reference: &str, act: BackOffice) -> Result<(), String> {
        by_hand::act(self, reference, act).map_err(|refusal| refusal.words())
    }

    fn keys(&self) -> Value {
        let state = self.state();
        json!({ "callback_secret": state.callback_secret.value })
    }

    fn credentials(&self) -> Value {
        json!({
            "account_id": ACCOUNT,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "profile_id": PROFILE,
            "callback_secret": CALLBACK_SECRET,
            "base_url": format!("{}/v1", self.backstage.base_url()),
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
