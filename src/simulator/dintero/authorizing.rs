//! An attempt to authorize: what is decided, what is written, what follows by itself.
//!
//! The hosted page and `/sessions/pay` both end here, so a card means the same in both.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::outcomes::{
    AUTHENTICATION_REQUIRED, BLOCKED_CARD, Decline, EXPIRED_CARD, NO_TEST_CARD, Outcome, Trick,
};
use super::state::{
    CardToken, Due, Event, Purpose, Session, State, Status, TokenKind, Transaction, new_id, text,
};
use super::{callbacks, hooks, outcomes};
use crate::simulator::card::Card;
use crate::simulator::clock::later;
use crate::simulator::contract::Backstage;
use crate::simulator::ledger::{Kind, Movement};

/// The address every simulated payer comes from (RFC 5737 documentation range).
pub const PAYER_IP: &str = "203.0.113.7";

/// After an automatic capture was late, by the amount table: one minute.
const LATE_CAPTURE_MS: u64 = 60_000;

/// What the issuer, or whoever decides, says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Approved,
    Refused(&'static Decline),
    /// 3-D Secure did not succeed (sample 27).
    VerificationFailed,
    /// The payer said no in a wallet (sample 26).
    DeclinedByPayer,
    OnHold,
    Initiated,
    Unknown,
}

/// Who is there while the card is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Payer,
    Nobody,
}

impl State {
    /// What a card and an amount come to, before any 3-D Secure challenge is answered.
    pub fn verdict(&self, card: &Card, amount: i64, who: Presence, now: Timestamp) -> Verdict {
        let is_blocked = self.blocked_cards.get(&card.number).is_some();
        // §10: the block concerns charges without the customer.
        if is_blocked && who == Presence::Nobody {
            return Verdict::Refused(&BLOCKED_CARD);
        }
        if card.is_expired(now) {
            return Verdict::Refused(&EXPIRED_CARD);
        }
        let Some(trick) = outcomes::trick(&card.number) else {
            return Verdict::Refused(&NO_TEST_CARD);
        };
        match (trick, who) {
            (Trick::VerificationFails, _) => return Verdict::VerificationFailed,
            (Trick::AuthorizationTimesOut, _) => return Verdict::Unknown,
            (Trick::NeedsAuthentication, Presence::Nobody) => {
                return Verdict::Refused(&AUTHENTICATION_REQUIRED);
            }
            _ => {}
        }
        match outcomes::asked_by(amount) {
            Some(Outcome::Decline(decline)) => Verdict::Refused(decline),
            Some(Outcome::OnHold) => Verdict::OnHold,
            Some(Outcome::Unknown) => Verdict::Unknown,
            Some(Outcome::Initiated) => Verdict::Initiated,
            _ => Verdict::Approved,
        }
    }

    /// Makes the session's one transaction and writes the verdict into it, the ledger, the
    /// session and the callbacks. `save` is whether tokens may be made. Answers the id.
    pub fn authorize(
        &mut self,
        backstage: &Backstage,
        session_id: &str,
        product_type: &str,
        card: Option<Card>,
        save: bool,
        verdict: Verdict,
    ) -> Option<String> {
        let now = backstage.clock.now();
        let session = self.sessions.get_mut(session_id)?;
        let transaction = open(backstage, session, product_type, card, save);
        let id = transaction.id.clone();
        session.transaction_id = Some(id.clone());
        session.challenge = None;
        self.transactions_by_reference.add(&transaction.reference, &id);
        self.transactions.put(id.clone(), transaction);
        self.conclude(backstage, &id, verdict);
        if matches!(verdict, Verdict::OnHold | Verdict::Initiated | Verdict::Unknown)
            && let Some(after_ms) = self.behaviour.undecided_for_ms
        {
            self.agenda.plan(later(now, after_ms), Due::Decide(id.clone()));
        }
        Some(id)
    }

    /// Writes a verdict into a transaction that has none yet, or only a provisional one.
    pub fn conclude(&mut self, backstage: &Backstage, id: &str, verdict: Verdict) {
        let now = backstage.clock.now();
        let Some(transaction) = self.transactions.get_mut(id) else {
            return;
        };
        if verdict == Verdict::Initiated {
            return;
        }
        transaction.note(authorize_event(backstage, transaction, verdict));
        if let Verdict::Refused(decline) = verdict
            && decline.blocks_card()
            && let Some(card) = &transaction.card
        {
            self.blocked_cards.put(card.number.clone(), ());
        }
        let transaction = transaction.clone();
        record(backstage, &transaction, verdict);
        if verdict == Verdict::Approved {
            self.issue_tokens(backstage, &transaction);
        }
        let captured_now = transaction.auto_capture
            && transaction.status == Status::Authorized
            && self.auto_capture(backstage, &transaction);
        if let Some(session) = self.sessions.get_mut(&transaction.session_id) {
            let name = match transaction.status {
                Status::Authorized => "AUTHORIZED",
                Status::OnHold => "ON_HOLD_CALLBACK_SENT",
                Status::Declined => "DECLINED",
                Status::Unknown => "UNKNOWN",
                _ => "FAILED",
            };
            session.note(name, now, None);
        }
        // With auto-capture the callback follows the capture (§11).
        let waits_for_capture =
            transaction.auto_capture && transaction.status == Status::Authorized && !captured_now;
        if !waits_for_capture {
            callbacks::authorization(self, backstage, id);
        }
    }

    /// Captures at once, or plans to; answers whether it is done.
    fn auto_capture(&mut self, backstage: &Backstage, transaction: &Transaction) -> bool {
        let now = backstage.clock.now();
        let delay_ms = match (transaction.trick(), transaction.outcome()) {
            // Dintero keeps trying for 48 hours (§4.2); this card makes it try in vain.
            (Some(Trick::AutoCaptureTimesOut), _) => return false,
            (_, Some(Outcome::AutoCaptureLate)) => LATE_CAPTURE_MS,
            _ => self.behaviour.auto_capture_delay_ms,
        };
        if delay_ms > 0 {
            self.agenda.plan(later(now, delay_ms), Due::AutoCapture(transaction.id.clone()));
            return false;
        }
        self.capture_automatically(backstage, &transaction.id)
    }

    /// Makes the tokens the session asked for (§5), unless the payer refused.
    fn issue_tokens(&mut self, backstage: &Backstage, transaction: &Transaction) {
        let (id, save) = (transaction.id.as_str(), transaction.save);
        let Some(session) = self.sessions.get(&transaction.session_id).cloned() else {
            return;
        };
        let Some(card) = &transaction.card else {
            return;
        };
        let is_asked = has_checkbox(&session, &transaction.product_type);
        let kinds = wanted_tokens(&session, &transaction.product_type);
        if kinds.is_empty() || !self.behaviour.tokenization_enabled {
            return;
        }
        let consents = save || !is_asked;
        if is_asked && let Some(transaction) = self.transactions.get_mut(id) {
            transaction.consent = Some(if save { "opt_in" } else { "opt_out" });
        }
        if !consents || transaction.trick() == Some(Trick::TokenTimesOut) {
            return;
        }
        for kind in kinds {
            let value = format!("{}-{}", backstage.entropy.uuid(), kind.key().replace('_', "-"));
            let token = CardToken {
                id: backstage.entropy.hex(40),
                value: value.clone(),
                kind,
                product_type: transaction.product_type.clone(),
                card: card.clone(),
                customer_id: text(&transaction.customer, "customer_id").map(str::to_owned),
                transaction_id: id.to_owned(),
                created_at: transaction.updated_at,
                updated_at: transaction.updated_at,
                deleted: None,
            };
            self.token_values.put(token.id.clone(), value.clone());
            hooks::token_added(self, backstage, &token);
            self.tokens.put(value.clone(), token);
            if let Some(transaction) = self.transactions.get_mut(id) {
                transaction.tokens.push(value);
            }
        }
    }
}

/// Whether the payer is asked before the card is stored, and what the box says at first (§4.2).
pub fn checkbox(session: &Session, product_type: &str) -> Option<bool> {
    let config = session.setting(product_type, "generate_payment_token_config")?;
    match config["save_card_checkbox"].as_str() {
        Some("opt_in") => Some(false),
        Some("opt_out") => Some(true),
        _ => None,
    }
}

fn has_checkbox(session: &Session, product_type: &str) -> bool {
    checkbox(session, product_type).is_some()
}

/// The kinds of token that paying with this product type makes.
fn wanted_tokens(session: &Session, product_type: &str) -> Vec<TokenKind> {
    if let Purpose::CardSetup { kinds, .. } = &session.purpose {
        return kinds.clone();
    }
    let is_set = |name| session.setting(product_type, name) == Some(&json!(true));
    let mut kinds = Vec::new();
    if is_set("generate_payment_token") {
        kinds.push(TokenKind::Payment);
    }
    // Only Swedbank Pay knows recurrence tokens (§5).
    if is_set("generate_recurrence_token") && product_type.starts_with("payex.") {
        kinds.push(TokenKind::Recurrence);
    }
    kinds
}

fn open(
    backstage: &Backstage,
    session: &Session,
    product_type: &str,
    card: Option<Card>,
    save: bool,
) -> Transaction {
    let now = backstage.clock.now();
    let (operation, customer_ip) = match &session.purpose {
        Purpose::Purchase => (None, Some(PAYER_IP)),
        Purpose::CardSetup { .. } => (Some("generate_payment_token".to_owned()), Some(PAYER_IP)),
        Purpose::MerchantInitiated { operation } => (Some(operation.clone()), None),
    };
    let mut url = Map::new();
    url.extend(session.url.get("callback_url").map(|to| ("callback_url".into(), to.clone())));
    url.extend(session.url.get("return_url").map(|to| ("redirect_url".into(), to.clone())));
    let mut customer = session.customer.clone();
    customer.remove("tokens");
    let flag = |name| session.configuration.get(name) == Some(&json!(true));
    let mut transaction = Transaction {
        id: new_id(backstage),
        session_id: session.id.clone(),
        status: Status::Initiated,
        amount: session.amount(),
        currency: session.currency().to_owned(),
        product_type: product_type.to_owned(),
        operation,
        reference: session.reference().to_owned(),
        reference_2: text(&session.order, "merchant_reference_2").map(str::to_owned),
        customer,
        customer_ip,
        card,
        save,
        tokens: Vec::new(),
        consent: None,
        lines: session.lines(),
        url,
        metadata: gateway_metadata(backstage, product_type),
        events: Vec::new(),
        created_at: now,
        updated_at: now,
        auto_capture: flag("auto_capture") && session.amount() > 0,
        is_provisional: flag("pre_authorization"),
        is_closed: false,
        pending: None,
    };
    let request_id = request_id(&transaction, "INITIALIZE");
    transaction.note(Event::new("INITIALIZE", Status::Initiated, now, request_id));
    transaction
}

/// What the processor behind leaves in the metadata (§7).
fn gateway_metadata(backstage: &Backstage, product_type: &str) -> Map<String, Value> {
    let mut metadata = Map::new();
    metadata.insert("session:profile_id".into(), json!(super::PROFILE));
    let entropy = &backstage.entropy;
    match product_type.split('.').next() {
        Some("payex") => {
            let id = format!("/psp/creditcard/payments/{}", entropy.uuid());
            metadata.insert("payex:payment:id".into(), json!(id));
            metadata.insert("payex:payment:number".into(), json!(entropy.digits(11)));
            metadata.insert("payex:payment:operation".into(), json!("Purchase"));
        }
        Some("bambora") => {
            metadata.insert("bambora:transaction_id".into(), json!(entropy.digits(18)));
        }
        _ => {
            metadata.insert("gateway:id".into(), json!(format!("psp-{}", entropy.digits(9))));
            let correlation = format!("pc-{}", entropy.digits(9));
            metadata.insert("payout_correlation_id".into(), json!(correlation));
        }
    }
    metadata
}

/// The id of the request behind the next event: its place and its name, as in the samples.
pub fn request_id(transaction: &Transaction, event: &str) -> String {
    let place = transaction.events.len() + 1;
    format!("req-{place:04}-{}", event.to_lowercase())
}

fn authorize_event(backstage: &Backstage, transaction: &Transaction, verdict: Verdict) -> Event {
    let now = backstage.clock.now();
    let status = match verdict {
        Verdict::Approved => Status::Authorized,
        Verdict::Refused(_) | Verdict::VerificationFailed => Status::Failed,
        Verdict::DeclinedByPayer => Status::Declined,
        Verdict::OnHold => Status::OnHold,
        Verdict::Initiated => Status::Initiated,
        Verdict::Unknown => Status::Unknown,
    };
    let error = match verdict {
        Verdict::Approved | Verdict::OnHold | Verdict::Initiated => None,
        Verdict::Refused(decline) => Some(decline.error(now)),
        Verdict::VerificationFailed => Some(json!({
            "code": "authorization_failed",
            "message": "Cardholder verification failed",
            "type": ["FAILED_VERIFICATION"],
            "result_code": "1A",
        })),
        Verdict::DeclinedByPayer => Some(json!({
            "code": "declined",
            "message": "Payment was declined by the customer",
            "type": ["DECLINED"],
        })),
        Verdict::Unknown => Some(json!({ "message": "Gateway timeout", "type": ["UNKNOWN"] })),
    };
    let request_id = request_id(transaction, "AUTHORIZE");
    Event {
        success: error.is_none(),
        amount: (verdict == Verdict::Approved).then_some(transaction.amount),
        error,
        ..Event::new("AUTHORIZE", status, now, request_id)
    }
}

/// The ledger's line for a verdict; there is none while nothing is decided.
fn record(backstage: &Backstage, transaction: &Transaction, verdict: Verdict) {
    let declined = match verdict {
        Verdict::Approved => false,
        Verdict::Refused(_) | Verdict::VerificationFailed | Verdict::DeclinedByPayer => true,
        Verdict::OnHold | Verdict::Initiated | Verdict::Unknown => return,
    };
    let stores_card = transaction.operation.as_deref() == Some("generate_payment_token");
    let kind = if stores_card { Kind::Tokenize } else { Kind::Authorize };
    backstage.ledger.record(movement(transaction, kind, transaction.amount, declined));
}

/// A ledger line about a transaction.
pub fn movement(transaction: &Transaction, kind: Kind, amount: i64, declined: bool) -> Movement {
    Movement {
        reference: transaction.reference.clone(),
        kind,
        amount_minor: amount,
        currency: transaction.currency.clone(),
        transaction_id: transaction.id.clone(),
        parent_id: None,
        at: transaction.updated_at,
        declined,
    }
}
