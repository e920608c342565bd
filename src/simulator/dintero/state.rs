//! What the account remembers: sessions, transactions, tokens, and what is still to happen.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::hooks::Subscription;
use super::outcomes::{self, Outcome, Trick};
use super::{ACCOUNT, Behaviour, CALLBACK_SECRET, PROFILE};
use crate::simulator::agenda::Agenda;
use crate::simulator::card::Card;
use crate::simulator::contract::Backstage;
use crate::simulator::ledger::Kind;
use crate::simulator::shelf::{Index, Shelf};

/// Sessions, transactions and tokens remembered of each; beyond it the oldest leave.
const REMEMBERED_MAX: usize = 100_000;

/// Everything of the one account.
#[derive(Debug)]
pub struct State {
    pub behaviour: Behaviour,
    pub sessions: Shelf<String, Session>,
    pub sessions_by_reference: Index,
    pub transactions: Shelf<String, Transaction>,
    pub transactions_by_reference: Index,
    /// By token value.
    pub tokens: Shelf<String, CardToken>,
    /// Token values by their public id.
    pub token_values: Shelf<String, String>,
    /// Card numbers that were answered `DO_NOT_RETRY`.
    pub blocked_cards: Shelf<String, ()>,
    pub callback_secret: CallbackSecret,
    pub subscriptions: Vec<Subscription>,
    pub agenda: Agenda<Due>,
}

impl Default for State {
    fn default() -> State {
        State {
            behaviour: Behaviour::default(),
            sessions: Shelf::new(REMEMBERED_MAX),
            sessions_by_reference: Index::new(REMEMBERED_MAX),
            transactions: Shelf::new(REMEMBERED_MAX),
            transactions_by_reference: Index::new(REMEMBERED_MAX),
            tokens: Shelf::new(REMEMBERED_MAX),
            token_values: Shelf::new(REMEMBERED_MAX),
            blocked_cards: Shelf::new(REMEMBERED_MAX),
            callback_secret: CallbackSecret {
                id: "sig-1".into(),
                value: CALLBACK_SECRET.into(),
                created_at: Timestamp::UNIX_EPOCH,
            },
            subscriptions: Vec::new(),
            agenda: Agenda::default(),
        }
    }
}

/// The secret that signs callbacks (§12).
#[derive(Debug, Clone)]
pub struct CallbackSecret {
    pub id: String,
    pub value: String,
    pub created_at: Timestamp,
}

/// Something that happens by itself, later. All name a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// An operation answered 202 is done.
    Complete(String),
    /// An operation that timed out turns out to have been done: its failed event's id.
    Correct(String, String),
    /// An `ON_HOLD`, `INITIATED` or `UNKNOWN` transaction is decided.
    Decide(String),
    /// The automatic capture.
    AutoCapture(String),
}

/// What a session is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The payer pays on the hosted page.
    Purchase,
    /// The payer stores a card of this product type; these kinds of token are wanted.
    CardSetup { product_type: String, kinds: Vec<TokenKind> },
    /// `/sessions/pay`; the operation as sent.
    MerchantInitiated { operation: String },
}

/// A session, and the request it was made from.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub expires_at: Timestamp,
    pub purpose: Purpose,
    pub order: Map<String, Value>,
    pub url: Map<String, Value>,
    pub customer: Map<String, Value>,
    pub configuration: Map<String, Value>,
    pub metadata: Map<String, Value>,
    pub events: Vec<SessionEvent>,
    pub transaction_id: Option<String>,
    pub cancelled: Option<(Timestamp, String)>,
    /// Declined cards so far.
    pub tries: u8,
    /// A payment that waits at the payer's bank.
    pub challenge: Option<Challenge>,
}

/// One line of a session's history (§4.3).
#[derive(Debug, Clone)]
pub struct SessionEvent {
    pub name: &'static str,
    pub created_at: Timestamp,
    pub details: Option<Value>,
}

/// A payment in the middle of 3-D Secure.
#[derive(Debug, Clone)]
pub struct Challenge {
    pub card: Card,
    pub product_type: String,
    pub save: bool,
}

impl Session {
    /// The merchant's reference.
    pub fn reference(&self) -> &str {
        text(&self.order, "merchant_reference").unwrap_or_default()
    }

    /// Minor units; 0 where a card is stored without paying.
    pub fn amount(&self) -> i64 {
        self.order.get("amount").and_then(Value::as_i64).unwrap_or(0)
    }

    /// The order's currency.
    pub fn currency(&self) -> &str {
        text(&self.order, "currency").unwrap_or_default()
    }

    /// The lines of the transaction: the items, and the shipping option as one more (§4.1).
    pub fn lines(&self) -> Vec<Value> {
        let items = self.order.get("items").and_then(Value::as_array);
        let mut lines = items.cloned().unwrap_or_default();
        lines.extend(self.order.get("shipping_option").cloned());
        lines
    }

    /// Adds to the history.
    pub fn note(&mut self, name: &'static str, now: Timestamp, details: Option<Value>) {
        self.updated_at = now;
        self.events.push(SessionEvent { name, created_at: now, details });
    }

    /// Whether the payer may still pay.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.transaction_id.is_none() && self.cancelled.is_none() && self.expires_at > now
    }

    /// A product's setting, such as `generate_payment_token` of `payex.creditcard`.
    pub fn setting(&self, product_type: &str, name: &str) -> Option<&Value> {
        let (product, method) = product_type.split_once('.')?;
        self.configuration.get(product)?.get(method)?.get(name)
    }

    /// The product types the payer may choose from, the preferred one first.
    pub fn product_types(&self) -> Vec<String> {
        let mut types = Vec::new();
        for (product, methods) in &self.configuration {
            let Value::Object(methods) = methods else {
                continue;
            };
            if methods.get("enabled") == Some(&json!(true)) {
                types.push(product.clone());
            }
            let enabled = methods.iter().filter(|(_, method)| method["enabled"] == json!(true));
            types.extend(enabled.map(|(method, _)| format!("{product}.{method}")));
        }
        let preferred = text(&self.configuration, "default_payment_type");
        // The provider's own acquiring first, then as configured.
        types.sort_by_key(|name| (Some(name.as_str()) != preferred, !name.starts_with("dintero_psp")));
        types
    }
}

/// What a saved token is for (§5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Payment,
    Recurrence,
}

impl TokenKind {
    /// Its key in `customer.tokens` and in `card`.
    pub fn key(self) -> &'static str {
        match self {
            TokenKind::Payment => "payment_token",
            TokenKind::Recurrence => "recurrence_token",
        }
    }
}

/// A stored card.
#[derive(Debug, Clone)]
pub struct CardToken {
    pub id: String,
    pub value: String,
    pub kind: TokenKind,
    pub product_type: String,
    pub card: Card,
    pub customer_id: Option<String>,
    pub transaction_id: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted: Option<(Timestamp, String)>,
}

/// `status` of a transaction (§9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Initiated,
    OnHold,
    Authorized,
    Captured,
    PartiallyCaptured,
    PartiallyCapturedRefunded,
    PartiallyRefunded,
    Refunded,
    AuthorizationVoided,
    Declined,
    Failed,
    Unknown,
}

impl Status {
    /// As the API spells it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Initiated => "INITIATED",
            Status::OnHold => "ON_HOLD",
            Status::Authorized => "AUTHORIZED",
            Status::Captured => "CAPTURED",
            Status::PartiallyCaptured => "PARTIALLY_CAPTURED",
            Status::PartiallyCapturedRefunded => "PARTIALLY_CAPTURED_REFUNDED",
            Status::PartiallyRefunded => "PARTIALLY_REFUNDED",
            Status::Refunded => "REFUNDED",
            Status::AuthorizationVoided => "AUTHORIZATION_VOIDED",
            Status::Declined => "DECLINED",
            Status::Failed => "FAILED",
            Status::Unknown => "UNKNOWN",
        }
    }
}

/// One payment.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub id: String,
    pub session_id: String,
    pub status: Status,
    pub amount: i64,
    pub currency: String,
    pub product_type: String,
    pub operation: Option<String>,
    pub reference: String,
    pub reference_2: Option<String>,
    pub customer: Map<String, Value>,
    pub customer_ip: Option<&'static str>,
    pub card: Option<Card>,
    /// Whether the payer ticked "save this card", or nobody was there to be asked.
    pub save: bool,
    /// The tokens made of it, by value.
    pub tokens: Vec<String>,
    /// `opt_in` or `opt_out`, where the payer was asked.
    pub consent: Option<&'static str>,
    pub lines: Vec<Value>,
    pub url: Map<String, Value>,
    pub metadata: Map<String, Value>,
    pub events: Vec<Event>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub auto_capture: bool,
    /// Authorized provisionally; must be finalised before a capture (§8.4).
    pub is_provisional: bool,
    /// The last capture was declared final (§8.1), or the rest was voided.
    pub is_closed: bool,
    /// An operation that was accepted and is not done yet.
    pub pending: Option<Pending>,
}

/// An operation answered 202.
#[derive(Debug, Clone)]
pub struct Pending {
    pub operation: Operation,
    pub request_id: String,
    pub on_next_read: bool,
}

/// A capture, void or refund as asked for.
#[derive(Debug, Clone)]
pub struct Operation {
    pub verb: Verb,
    pub amount: i64,
    pub reference: Option<String>,
    pub items: Option<Value>,
    pub metadata: Option<Value>,
    pub is_final: bool,
    /// The client that asked; nobody for automatic captures.
    pub asked_by: Option<&'static str>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Capture,
    Void,
    Refund,
}

impl Verb {
    /// The event's name (§7.1).
    pub fn event(self) -> &'static str {
        match self {
            Verb::Capture => "CAPTURE",
            Verb::Void => "VOID",
            Verb::Refund => "REFUND",
        }
    }

    /// The ledger's word for it.
    pub fn kind(self) -> Kind {
        match self {
            Verb::Capture => Kind::Capture,
            Verb::Void => Kind::Void,
            Verb::Refund => Kind::Refund,
        }
    }

    /// The event's name while it is under way.
    pub fn initiating_event(self) -> &'static str {
        match self {
            Verb::Capture => "INITIATE_CAPTURE",
            Verb::Void => "INITIATE_VOID",
            Verb::Refund => "INITIATE_REFUND",
        }
    }
}

/// One line of a transaction's history (§7.1). Its id is its place, counted from 1.
#[derive(Debug, Clone)]
pub struct Event {
    pub name: &'static str,
    pub status: Status,
    pub success: bool,
    pub created_at: Timestamp,
    pub request_id: String,
    pub amount: Option<i64>,
    pub reference: Option<String>,
    pub items: Option<Value>,
    pub metadata: Option<Value>,
    pub created_by: Option<&'static str>,
    pub error: Option<Value>,
    pub correction: Option<Value>,
    pub correlation_request_id: Option<String>,
}

impl Event {
    /// A successful event that leaves the rest to say.
    pub fn new(name: &'static str, status: Status, now: Timestamp, request_id: String) -> Event {
        Event {
            name,
            status,
            success: true,
            created_at: now,
            request_id,
            amount: None,
            reference: None,
            items: None,
            metadata: None,
            created_by: None,
            error: None,
            correction: None,
            correlation_request_id: None,
        }
    }
}

impl Transaction {
    /// Σ of successful events of one name: the only way to know what was captured (§7.1).
    pub fn total(&self, event: &str) -> i64 {
        let counted = self.events.iter().filter(|line| line.success && line.name == event);
        counted.filter_map(|line| line.amount).sum()
    }

    /// Taken so far.
    pub fn captured(&self) -> i64 {
        self.total("CAPTURE")
    }

    /// Given back so far.
    pub fn refunded(&self) -> i64 {
        self.total("REFUND")
    }

    /// What may still be captured.
    pub fn capturable(&self) -> i64 {
        match self.status {
            Status::Authorized | Status::PartiallyCaptured if !self.is_closed => {
                self.amount - self.captured()
            }
            _ => 0,
        }
    }

    /// Adds to the history, and moves to the event's status.
    pub fn note(&mut self, event: Event) {
        self.updated_at = event.created_at;
        self.status = event.status;
        self.events.push(event);
    }

    /// What the amount asks for, as long as no operation is concerned.
    pub fn outcome(&self) -> Option<&'static Outcome> {
        outcomes::asked_by(self.amount)
    }

    /// What the card does.
    pub fn trick(&self) -> Option<Trick> {
        outcomes::trick(&self.card.as_ref()?.number)
    }
}

impl State {
    /// A new session, known under its reference from now on.
    pub fn open_session(&mut self, backstage: &Backstage, draft: SessionDraft) -> String {
        let now = backstage.clock.now();
        let id = new_id(backstage);
        let mut metadata = draft.metadata;
        metadata.insert("session:profile_id".into(), json!(PROFILE));
        let mut session = Session {
            id: id.clone(),
            created_at: now,
            updated_at: now,
            expires_at: draft.expires_at,
            purpose: draft.purpose,
            order: draft.order,
            url: draft.url,
            customer: draft.customer,
            configuration: draft.configuration,
            metadata,
            events: Vec::new(),
            transaction_id: None,
            cancelled: None,
            tries: 0,
            challenge: None,
        };
        session.note("INITIATED", now, None);
        self.sessions_by_reference.add(session.reference(), &id);
        self.sessions.put(id.clone(), session);
        id
    }

    /// Where the newest payment under a reference stands when no money has moved.
    pub fn standing(&self, reference: &str, now: Timestamp) -> Option<&'static str> {
        let id = self.sessions_by_reference.ids(reference).last()?;
        let session = self.sessions.get(id)?;
        let transaction = session.transaction_id.as_ref();
        let Some(transaction) = transaction.and_then(|id| self.transactions.get(id)) else {
            return Some(match () {
                () if session.cancelled.is_some() => "cancelled",
                () if session.expires_at <= now => "expired",
                () => "pending",
            });
        };
        match transaction.status {
            Status::Initiated => Some("pending"),
            Status::OnHold => Some("on_hold"),
            Status::Unknown => Some("unknown"),
            Status::Declined => Some("declined"),
            // Declines are in the ledger; this is for those that never reached an issuer.
            Status::Failed => None,
            _ => None,
        }
    }

    /// The transaction with this id, as everybody may see it.
    pub fn transaction(&self, id: &str) -> Option<&Transaction> {
        self.transactions.get(id)
    }
}

/// What a session is made of.
#[derive(Debug)]
pub struct SessionDraft {
    pub purpose: Purpose,
    pub order: Map<String, Value>,
    pub url: Map<String, Value>,
    pub customer: Map<String, Value>,
    pub configuration: Map<String, Value>,
    pub metadata: Map<String, Value>,
    pub expires_at: Timestamp,
}

/// An id as sessions and transactions have it: the account, a dot, a random part (§2).
pub fn new_id(backstage: &Backstage) -> String {
    format!("{ACCOUNT}.{}", backstage.entropy.alphanumeric(22))
}

/// A member that is a text.
pub fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}
