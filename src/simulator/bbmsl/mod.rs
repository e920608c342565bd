//! BBMSL as the world sees it: signed envelopes, hosted checkouts, stored cards, orders.
//!
//! Written from "BBMSL (PayAPI) — provider dossier" only (its sections are cited as `§n`; state of
//! November 2026) and the sample bodies beside it. It shares no code with the gateway's adapter.
//!
//! # Where to look
//!
//! `envelope` is what every request passes, `orders` the calls about orders, `tokens` those about
//! stored cards, `checkouts` and `hosted` the pages, `outcomes` decides what a card does (start
//! there to provoke something), `views` the bodies, `notices` what the merchant is told.
//!
//! # Decisions where the provider publishes nothing
//!
//! * Response codes other than `0000` and most messages are invented; those of the samples are used
//!   where a sample has them.
//! * No test card is public (§16): the cards and amounts of `outcomes` are this simulator's own.
//! * A stored card must belong to the merchant and the user; anything else is `Token not found`.
//! * A recurring charge wants a paid parent that was made with `isRecurring`.
//! * Whatever is a knob in [`Behaviour`].
//!
//! Not simulated: the direct model (§8). It answers 404.

mod checkouts;
mod decimals;
mod envelope;
mod hosted;
mod keys;
mod notices;
mod orders;
mod outcomes;
mod pages;
mod state;
mod tokens;
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
use super::faults::Kind;
use super::notification_faults::Tampering;
use super::notifications::Notification;

/// The merchant whose public key is uploaded (§2).
pub const MERCHANT: &str = "3000217";

/// What the simulator does where the provider leaves room. All changeable while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// How a decline of a sale or recurring charge looks (A4).
    pub declines: DeclineShape,
    /// What a repeated `merchantReference` does (A7).
    pub duplicates: Duplicates,
    /// Milliseconds after which SUCCESS becomes SETTLED.
    pub settles_after_ms: u64,
    /// Milliseconds after which an order that is being processed is decided.
    pub undecided_for_ms: u64,
    /// Whether `/hosted-checkout/query` and `/refund` know token orders (A1, A2).
    pub hosted_calls_know_token_orders: bool,
    /// Whether an order must be SETTLED before it is refunded (A3).
    pub refunds_need_settlement: bool,
    /// Whether refunds are refused because the merchant's unsettled balance is too small.
    pub balance_is_too_small: bool,
    /// What an unpaid order becomes when it is voided.
    pub voided_open_order: VoidedOpenOrder,
    /// Whether the same card of one user keeps its token (A9).
    pub same_card_keeps_its_token: bool,
    /// Whether the merchant's public key is uploaded.
    pub has_public_key: bool,
}

/// Forms of a decline (A4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineShape {
    /// `0000`, order OPEN, transaction DECLINED (sample 12).
    Handled,
    /// Another code and a message, order OPEN, transaction DECLINED (sample 13).
    WithCode,
    /// `0000` and an OPEN order, and no transaction: it does not tell.
    OrderOnly,
    /// A code and a message alone.
    CodeOnly,
}

/// What a repeated reference does (A7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// It is refused (sample 24).
    Refused,
    /// It makes a second order.
    SecondOrder,
}

/// What an unpaid order becomes when it is voided (§10: the demo app has CANCELLED).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoidedOpenOrder {
    /// `VOIDED`.
    Voided,
    /// `CANCELLED`.
    Cancelled,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            declines: DeclineShape::WithCode,
            duplicates: Duplicates::Refused,
            settles_after_ms: 24 * 3_600 * 1_000,
            undecided_for_ms: 60_000,
            hosted_calls_know_token_orders: true,
            refunds_need_settlement: false,
            balance_is_too_small: false,
            voided_open_order: VoidedOpenOrder::Voided,
            same_card_keeps_its_token: false,
            has_public_key: true,
        }
    }
}

/// The simulator.
#[derive(Debug)]
pub struct Bbmsl {
    backstage: Backstage,
    /// Held for microseconds at a time, never across an await: one lock keeps every rule that
    /// looks at two things (a repeated reference, the one refund) free of races.
    state: Mutex<State>,
}

impl Bbmsl {
    /// The name it is registered under.
    pub const NAME: &'static str = "bbmsl";
    /// What it calls the merchant's reference.
    pub const REFERENCE_KEY: &'static str = "merchantReference";

    /// A merchant nobody has used yet.
    pub fn new(backstage: Backstage) -> Bbmsl {
        Bbmsl { backstage, state: Mutex::new(State::default()) }
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

impl ProviderSimulator for Bbmsl {
    fn name(&self) -> &'static str {
        Bbmsl::NAME
    }

    fn backstage(&self) -> &Backstage {
        &self.backstage
    }

    fn router(self: Arc<Self>) -> Router {
        let api = Router::new()
            .route("/tokenization/add-token", post(tokens::add))
            .route("/tokenization/query-token", post(tokens::query))
            .route("/tokenization/delete-token", post(tokens::delete))
            .route("/tokenization/sale", post(orders::sale))
            .route("/tokenization/recurring", post(orders::recurring))
            .route("/tokenization/void", post(orders::void_token_order))
            .route("/hosted-checkout/create", post(checkouts::create))
            .route("/hosted-checkout/query", post(orders::query))
            .route("/hosted-checkout/void", post(orders::void_hosted_order))
            .route("/hosted-checkout/refund", post(orders::refund))
            .route("/hosted-checkout/recurring", post(orders::hosted_recurring))
            .route("/page", get(pages::show))
            .route("/page/{sid}/pay", post(pages::pay))
            .route("/page/{sid}/cancel", post(pages::cancel))
            .route("/page/{sid}/expire", post(pages::expire))
            .route("/page/{sid}/decline", post(pages::decline))
            .route("/page/{sid}/challenge", get(pages::challenge).post(pages::answer_challenge))
            .with_state(self);
        api.fallback(|| async { (StatusCode::NOT_FOUND, "<html><body>404 Not Found</body></html>") })
    }

    fn operation(&self, method: &Method, path: &str) -> &'static str {
        // The official plugin sends a slash at the end and the demo app none (§2).
        match (method.as_str(), path.trim_end_matches('/')) {
            ("POST", "/tokenization/add-token") => "add_token",
            ("POST", "/tokenization/query-token") => "query_token",
            ("POST", "/tokenization/delete-token") => "delete_token",
            ("POST", "/tokenization/sale") => "sale",
            ("POST", "/tokenization/recurring") => "recurring",
            ("POST", "/tokenization/void") => "void",
            ("POST", "/hosted-checkout/create") => "create",
            ("POST", "/hosted-checkout/query") => "query",
            ("POST", "/hosted-checkout/void") => "hosted_void",
            ("POST", "/hosted-checkout/refund") => "refund",
            ("POST", "/hosted-checkout/recurring") => "hosted_recurring",
            (_, page) if page.starts_with("/page") => "page",
            _ => "unknown",
        }
    }

    fn reference_key(&self) -> &'static str {
        Bbmsl::REFERENCE_KEY
    }

    fn error_body(&self, status: StatusCode) -> Value {
        // What 4xx and 5xx carry is not published (§14).
        json!({ "status": status.as_u16(), "error": status.canonical_reason().unwrap_or("Error") })
    }

    fn visit_payments(&self, answer: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
        for key in ["order", "transaction"] {
            if let Some(Value::Object(part)) = answer.get_mut(key) {
                visit(part);
            }
        }
    }

    fn alter(&self, kind: Kind, object: &mut Map<String, Value>) -> bool {
        match (kind, object.get_mut("amount")) {
            (Kind::WrongAmount, Some(amount)) => {
                let Some(minor) = decimals::minor(amount) else {
                    return false;
                };
                *amount = decimals::number(minor + 1);
                true
            }
            _ => kind.alter(object, self.reference_key()),
        }
    }

    fn act_as_customer(&self, page: &str, action: &CustomerAction) -> CustomerResult {
        hosted::act(self, &hosted::sid(page), action)
    }

    fn settle(&self) {
        drop(self.state());
    }

    fn standing(&self, reference: &str) -> Option<&'static str> {
        self.state().standing(reference)
    }

    fn saved_cards(&self) -> usize {
        self.state().cards.newest_first().map(Vec::len).sum()
    }

    fn seal(&self, _notification: &Notification) -> Vec<(String, String)> {
        // The signature is a field of the body (§12.2).
        vec![("Content-Type".to_owned(), "application/json".to_owned())]
    }

    fn delivery(&self, _notification: &Notification) -> DeliveryRules {
        notices::DELIVERY
    }

    fn tamper(&self, how: Tampering, _notification: &Notification, call: Call) -> Option<Call> {
        notices::tampered(how, call)
    }

    fn misstate(&self, notification: &Notification) -> Option<(String, String)> {
        notices::misstated(notification)
    }

    /// Nobody is told of it: voids and refunds are learned by query (§12.1).
    fn back_office(&self, reference: &str, act: BackOffice) -> Result<(), String> {
        orders::by_hand(self, reference, act).map_err(|refusal| refusal.message)
    }

    fn keys(&self) -> Value {
        json!({ "provider_public_key": keys::provider_public() })
    }

    fn credentials(&self) -> Value {
        json!({
            "merchant_id": MERCHANT,
            "private_key": keys::merchant_private(),
            "provider_public_key": keys::provider_public(),
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
