//! What the merchant's account remembers: orders, keys, intentions, transactions, saved cards.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::outcomes::Outcome;
use super::{Behaviour, callbacks};
use crate::simulator::agenda::Agenda;
use crate::simulator::card::Card;
use crate::simulator::contract::Backstage;
use crate::simulator::ledger;
use crate::simulator::shelf::{Index, Shelf};

/// Orders, transactions, keys and cards remembered of each; beyond it the oldest leave.
const REMEMBERED_MAX: usize = 100_000;
/// Transactions of one order.
pub const TRANSACTIONS_MAX: usize = 200;

/// Everything of the account.
#[derive(Debug)]
pub struct State {
    pub behaviour: Behaviour,
    /// Access tokens and when they end.
    pub access_tokens: Shelf<String, Timestamp>,
    pub orders: Shelf<i64, Order>,
    pub orders_by_reference: Shelf<String, i64>,
    /// Orders by the name that the ledger has for them.
    pub orders_by_name: Index,
    pub keys: Shelf<String, PaymentKey>,
    /// By client secret.
    pub intentions: Shelf<String, Intention>,
    pub transactions: Shelf<i64, Transaction>,
    /// By token.
    pub cards: Shelf<String, SavedCard>,
    pub agenda: Agenda<Due>,
    numbers: i64,
}

impl Default for State {
    fn default() -> State {
        State {
            behaviour: Behaviour::default(),
            access_tokens: Shelf::new(REMEMBERED_MAX),
            orders: Shelf::new(REMEMBERED_MAX),
            orders_by_reference: Shelf::new(REMEMBERED_MAX),
            orders_by_name: Index::new(REMEMBERED_MAX),
            keys: Shelf::new(REMEMBERED_MAX),
            intentions: Shelf::new(REMEMBERED_MAX),
            transactions: Shelf::new(REMEMBERED_MAX),
            cards: Shelf::new(REMEMBERED_MAX),
            agenda: Agenda::default(),
            numbers: 0,
        }
    }
}

/// Something that happens by itself, later. All name a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A payment that nobody could decide becomes a success.
    Decide(i64),
    /// A capture, void or refund is done.
    Complete(i64),
}

/// An order: what is to be paid.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: i64,
    /// The merchant's, unique.
    pub reference: Option<String>,
    /// What the ledger calls it: the merchant's own name of the payment.
    pub name: String,
    pub amount: i64,
    pub currency: String,
    pub items: Vec<Value>,
    pub created_at: Timestamp,
    /// Oldest first.
    pub transactions: Vec<i64>,
    /// Tokens of the cards saved with it, and from when they can be asked for.
    pub saved: Vec<(String, Timestamp)>,
    pub billing: Map<String, Value>,
}

/// What authorises one payment of an order through one integration.
#[derive(Debug, Clone)]
pub struct PaymentKey {
    pub value: String,
    pub order: i64,
    pub integration: i64,
    pub amount: i64,
    pub currency: String,
    pub expires_at: Timestamp,
    pub locks_order: bool,
    /// The saved card that it was asked for.
    pub token: Option<String>,
    pub billing: Map<String, Value>,
    /// The client secret of the intention that made it.
    pub intention: Option<String>,
}

/// An intention (§5).
#[derive(Debug, Clone)]
pub struct Intention {
    pub id: String,
    pub client_secret: String,
    pub order: i64,
    /// One for each integration that it offers.
    pub keys: Vec<String>,
    pub extras: Map<String, Value>,
    pub notification_url: Option<String>,
    pub redirection_url: Option<String>,
    pub card_tokens: Vec<String>,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

/// What a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Payment,
    Capture,
    Void,
    Refund,
}

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// The customer is at the bank's page.
    Challenged,
    /// At work.
    Pending,
    Succeeded,
    Failed,
}

/// How it was paid.
#[derive(Debug, Clone)]
pub enum Source {
    Card(Card),
    Wallet(String),
}

/// One transaction.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub id: i64,
    pub order: i64,
    pub kind: Kind,
    pub parent: Option<i64>,
    pub integration: i64,
    pub amount: i64,
    pub currency: String,
    pub stand: Stand,
    pub outcome: &'static Outcome,
    pub source: Source,
    pub is_auth: bool,
    pub is_three_d_secure: bool,
    pub captured: i64,
    pub refunded: i64,
    pub is_voided: bool,
    /// The key that it was paid with.
    pub key: String,
    /// Whether the card is to be saved once it succeeds.
    pub saves: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A stored card (§6).
#[derive(Debug, Clone)]
pub struct SavedCard {
    pub id: i64,
    pub token: String,
    pub card: Card,
    pub order: i64,
    pub email: String,
    pub intention: Option<String>,
    pub created_at: Timestamp,
}

impl State {
    /// The next number of a kind of thing, as the samples count them.
    pub fn number(&mut self, base: i64) -> i64 {
        self.numbers += 1;
        base + self.numbers
    }

    /// Puts a transaction to its order, newest last.
    pub fn file(&mut self, transaction: Transaction) {
        if let Some(order) = self.orders.get_mut(&transaction.order) {
            if order.transactions.len() >= TRANSACTIONS_MAX {
                order.transactions.remove(0);
            }
            order.transactions.push(transaction.id);
        }
        self.transactions.put(transaction.id, transaction);
    }

    /// Whether an order has been paid.
    pub fn is_paid(&self, order: &Order) -> bool {
        order
            .transactions
            .iter()
            .filter_map(|id| self.transactions.get(id))
            .any(|transaction| transaction.kind == Kind::Payment && transaction.stand == Stand::Succeeded)
    }

    /// Does what has become due.
    pub fn settle(&mut self, backstage: &Backstage) {
        let now = backstage.clock.now();
        while let Some(due) = self.agenda.take_due(now) {
            match due {
                Due::Decide(id) => self.decided(backstage, id, &super::outcomes::APPROVED),
                Due::Complete(id) => self.completed(backstage, id),
            }
        }
    }

    /// Writes what a payment or child did into the ledger and tells the merchant.
    pub fn announce(&mut self, backstage: &Backstage, id: i64) {
        let Some(transaction) = self.transactions.get(&id) else {
            return;
        };
        let is_check = super::purpose(transaction.integration) == Some(super::Purpose::Verification);
        let kind = match transaction.kind {
            Kind::Payment if is_check => ledger::Kind::Tokenize,
            Kind::Payment if transaction.is_auth => ledger::Kind::Authorize,
            Kind::Payment => ledger::Kind::Charge,
            Kind::Capture => ledger::Kind::Capture,
            Kind::Void => ledger::Kind::Void,
            Kind::Refund => ledger::Kind::Refund,
        };
        let name = self.orders.get(&transaction.order).map(|order| order.name.clone()).unwrap_or_default();
        backstage.ledger.record(ledger::Movement {
            reference: name,
            kind,
            amount_minor: transaction.amount,
            currency: transaction.currency.clone(),
            transaction_id: id.to_string(),
            parent_id: transaction.parent.map(|parent| parent.to_string()),
            at: backstage.clock.now(),
            declined: transaction.stand == Stand::Failed,
        });
        callbacks::transaction(self, backstage, id);
    }

    /// The page of an order. One whose methods all do without a customer is nobody's page.
    fn page_of(&self, order: i64) -> Option<&Intention> {
        let does_without = |key: &PaymentKey| {
            matches!(
                super::purpose(key.integration),
                Some(super::Purpose::Moto | super::Purpose::AuthorizeMoto)
            )
        };
        self.intentions.newest_first().find(|intention| {
            let mut keys = intention.keys.iter().filter_map(|key| self.keys.get(key));
            intention.order == order && !keys.all(does_without)
        })
    }

    /// Where a payment stands when no money has moved.
    pub fn standing(&self, name: &str, now: Timestamp) -> Option<&'static str> {
        let orders = self.orders_by_name.ids(name);
        let mut standing = None;
        for order in orders.iter().filter_map(|id| self.orders.get(&id.parse::<i64>().ok()?)) {
            let open = order.transactions.iter().filter_map(|id| self.transactions.get(id));
            for transaction in open {
                if matches!(transaction.stand, Stand::Challenged | Stand::Pending) {
                    return Some("pending");
                }
            }
            if let Some(page) = self.page_of(order.id) {
                standing = Some(if now < page.expires_at { "pending" } else { "expired" });
            }
        }
        standing
    }
}
