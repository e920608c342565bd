//! What the shops remember: checkouts, transactions, tokens, and what is still to happen.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::repeats::Repeats;
use super::{Behaviour, Shop};
use crate::simulator::agenda::Agenda;
use crate::simulator::card::Card;
use crate::simulator::shelf::{Index, Shelf};

/// Checkouts, transactions and tokens remembered of each; beyond it the oldest leave.
pub const REMEMBERED_MAX: usize = 100_000;

/// Everything of both shops.
#[derive(Debug)]
pub struct State {
    pub behaviour: Behaviour,
    /// By token.
    pub checkouts: Shelf<String, Checkout>,
    pub checkouts_by_reference: Index,
    /// By uid.
    pub transactions: Shelf<String, Transaction>,
    /// By shop and tracking id, see [`tracking_key`].
    pub transactions_by_tracking: Index,
    /// Saved cards by token.
    pub cards: Shelf<String, SavedCard>,
    pub repeats: Repeats,
    pub agenda: Agenda<Due>,
}

impl Default for State {
    fn default() -> State {
        State {
            behaviour: Behaviour::default(),
            checkouts: Shelf::new(REMEMBERED_MAX),
            checkouts_by_reference: Index::new(REMEMBERED_MAX),
            transactions: Shelf::new(REMEMBERED_MAX),
            transactions_by_tracking: Index::new(REMEMBERED_MAX),
            cards: Shelf::new(REMEMBERED_MAX),
            repeats: Repeats::default(),
            agenda: Agenda::default(),
        }
    }
}

/// Something that happens by itself, later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// The window of a checkout is over.
    ExpireCheckout(String),
    /// The time a transaction had to be paid in is over.
    ExpireTransaction(String),
    /// Nobody answered the challenge.
    CloseAbandoned(String),
    /// An incomplete transaction without a redirect, or a pending refund, is decided.
    Decide(String),
}

/// `status` of a transaction (§5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Successful,
    Failed,
    Incomplete,
    Pending,
    Expired,
}

impl Status {
    /// As the API spells it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Successful => "successful",
            Status::Failed => "failed",
            Status::Incomplete => "incomplete",
            Status::Pending => "pending",
            Status::Expired => "expired",
        }
    }

    /// Whether it will never change again.
    pub fn is_final(self) -> bool {
        match self {
            Status::Successful | Status::Failed | Status::Expired => true,
            Status::Incomplete | Status::Pending => false,
        }
    }
}

/// `type` of a transaction. A charge is a payment (§5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Payment,
    Authorization,
    Tokenization,
    Credit,
    Capture,
    Void,
    Refund,
}

impl Kind {
    /// As the API spells it; also the name of the section with the bank's answer.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Payment => "payment",
            Kind::Authorization => "authorization",
            Kind::Tokenization => "tokenization",
            Kind::Credit => "credit",
            Kind::Capture => "capture",
            Kind::Void => "void",
            Kind::Refund => "refund",
        }
    }

    /// With a capital, for messages.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Payment => "Payment",
            Kind::Authorization => "Authorization",
            Kind::Tokenization => "Tokenization",
            Kind::Credit => "Credit",
            Kind::Capture => "Capture",
            Kind::Void => "Void",
            Kind::Refund => "Refund",
        }
    }

    /// Captures, voids and refunds act on another transaction.
    pub fn is_child(self) -> bool {
        matches!(self, Kind::Capture | Kind::Void | Kind::Refund)
    }
}

/// One transaction of a shop.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub uid: String,
    pub shop: &'static Shop,
    pub kind: Kind,
    pub status: Status,
    pub amount: i64,
    pub currency: String,
    pub description: Option<String>,
    pub tracking_id: Option<String>,
    pub language: String,
    /// Digits of the result code; the letter follows from the status.
    pub code: u16,
    pub message: Option<String>,
    /// The acquirer's answer; absent when it was never asked.
    pub bank: Option<Bank>,
    pub card: Option<Card>,
    /// The saved card that was charged, or that came of this transaction.
    pub token: Option<String>,
    /// What a token of this transaction may be used for; empty for none.
    pub contract: Vec<String>,
    /// Whether the customer agreed to a token, where the page asks.
    pub may_save: bool,
    pub recurring: Option<&'static str>,
    pub secure: Option<Value>,
    /// Whether the customer has to be sent to `/process/{uid}`.
    pub wants_redirect: bool,
    pub cvc_result: char,
    pub avs_result: char,
    pub customer: Map<String, Value>,
    pub billing_address: Map<String, Value>,
    pub reason: Option<String>,
    pub parent_uid: Option<String>,
    pub return_url: Option<String>,
    pub notification_url: Option<String>,
    /// The checkout whose page it was made on.
    pub checkout: Option<String>,
    pub receipt: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub expired_at: Option<Timestamp>,
    /// Of its children, in minor units; pending refunds count.
    pub captured: i64,
    pub voided: i64,
    pub refunded: i64,
}

/// The section named like the type (§5.2).
#[derive(Debug, Clone)]
pub struct Bank {
    pub auth_code: Option<&'static str>,
    pub bank_code: Option<&'static str>,
    pub rrn: Option<String>,
    pub ref_id: Option<String>,
    pub message: Option<String>,
}

/// A hosted payment (§4).
#[derive(Debug, Clone)]
pub struct Checkout {
    pub token: String,
    pub shop: &'static Shop,
    pub kind: Kind,
    pub transaction_type: String,
    pub attempts_left: u32,
    pub amount: i64,
    pub currency: String,
    pub description: String,
    pub tracking_id: Option<String>,
    pub contract: Vec<String>,
    pub expected_code: Option<u16>,
    pub expired_at: Timestamp,
    pub settings: Map<String, Value>,
    /// Whether `settings.return_url` counts: it needs version 2 (§4).
    pub knows_return_url: bool,
    pub customer: Map<String, Value>,
    pub payment_method: Map<String, Value>,
    pub saved_card: Option<String>,
    pub is_finished: bool,
    pub is_expired: bool,
    /// The newest attempt.
    pub transaction: Option<String>,
    pub created_at: Timestamp,
}

impl Checkout {
    /// Whether the customer may still pay.
    pub fn is_open(&self) -> bool {
        !self.is_finished && !self.is_expired
    }

    /// One of the addresses in `settings`.
    pub fn url(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }

    /// Whether the page asks before it gives the merchant a token (§4).
    pub fn asks_to_save(&self) -> bool {
        let toggle = self.settings.get("save_card_toggle");
        toggle.is_some_and(|toggle| toggle["customer_contract"] == Value::Bool(true))
    }
}

/// A stored card (§6).
#[derive(Debug, Clone)]
pub struct SavedCard {
    pub token: String,
    pub shop: &'static Shop,
    pub card: Card,
    pub contract: Vec<String>,
    /// When the customer last passed 3-D Secure with it: good for an hour.
    pub proven_at: Option<Timestamp>,
}

/// The index key of a shop's tracking id.
pub fn tracking_key(shop: &Shop, tracking_id: &str) -> String {
    format!("{}:{tracking_id}", shop.id)
}

impl State {
    /// Puts a new transaction where it can be found: under its uid and its tracking id, whole and
    /// in parts when several are joined with `;` (§5.1).
    pub fn file(&mut self, transaction: Transaction) {
        if let Some(tracking_id) = &transaction.tracking_id {
            let key = tracking_key(transaction.shop, tracking_id);
            self.transactions_by_tracking.add(&key, &transaction.uid);
            for part in tracking_id.split(';').filter(|part| part.len() < tracking_id.len()) {
                let key = tracking_key(transaction.shop, part);
                self.transactions_by_tracking.add(&key, &transaction.uid);
            }
        }
        self.transactions.put(transaction.uid.clone(), transaction);
    }

    /// A transaction of this shop; another shop's does not exist.
    pub fn transaction(&self, shop: &Shop, uid: &str) -> Option<&Transaction> {
        self.transactions.get(uid).filter(|found| found.shop == shop)
    }

    /// Where a payment stands when no money has moved.
    pub fn standing(&self, reference: &str) -> Option<&'static str> {
        let mut newest = None;
        for shop in super::SHOPS {
            let ids = self.transactions_by_tracking.ids(&tracking_key(shop, reference));
            let mut found = ids.iter().rev().filter_map(|uid| self.transactions.get(uid));
            newest = newest.or(found.find(|found| !found.kind.is_child()));
        }
        let checkout = self.checkouts_by_reference.ids(reference).last();
        let checkout = checkout.and_then(|token| self.checkouts.get(token));
        match (newest, checkout) {
            (Some(found), _) if !found.status.is_final() => Some("pending"),
            (_, Some(checkout)) if checkout.is_expired => Some("expired"),
            (Some(found), _) if found.status == Status::Expired => Some("expired"),
            (_, Some(checkout)) if checkout.is_open() => Some("pending"),
            _ => None,
        }
    }
}
