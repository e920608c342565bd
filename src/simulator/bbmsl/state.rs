//! What the merchant's side of BBMSL remembers: orders, pages, stored cards, and what is to happen.

use jiff::Timestamp;

use super::outcomes::Outcome;
use super::{Behaviour, notices};
use crate::simulator::agenda::Agenda;
use crate::simulator::card::Card;
use crate::simulator::clock::later;
use crate::simulator::contract::Backstage;
use crate::simulator::ledger::{Kind, Movement};
use crate::simulator::shelf::{Index, Shelf};

/// Orders, pages and users remembered of each; beyond it the oldest leave.
pub const REMEMBERED_MAX: usize = 100_000;
/// Cards of one user; beyond it no page is made.
pub const CARDS_OF_USER_MAX: usize = 100;

/// Everything of the merchant.
#[derive(Debug)]
pub struct State {
    pub behaviour: Behaviour,
    pub orders: Shelf<u64, Order>,
    /// Order ids by reference.
    pub by_reference: Index,
    pub pages: Shelf<String, Page>,
    /// Stored cards by user.
    pub cards: Shelf<String, Vec<StoredCard>>,
    pub agenda: Agenda<Due>,
    last_order: u64,
    last_transaction: u64,
    last_token: u64,
}

impl Default for State {
    fn default() -> State {
        State {
            behaviour: Behaviour::default(),
            orders: Shelf::new(REMEMBERED_MAX),
            by_reference: Index::new(REMEMBERED_MAX),
            pages: Shelf::new(REMEMBERED_MAX),
            cards: Shelf::new(REMEMBERED_MAX),
            agenda: Agenda::default(),
            // As the samples count.
            last_order: 91_000,
            last_transaction: 70_300,
            last_token: 5_100,
        }
    }
}

/// Something that happens by itself, later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// The time of a page is over.
    Close(String),
    /// A paid order is settled.
    Settle(u64),
    /// An order that is being processed is decided.
    Decide(u64),
}

/// `order.status` (§10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Open,
    Success,
    Settled,
    Voided,
    Refunded,
    Closed,
    Cancelled,
}

impl Status {
    /// As the API spells it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Open => "OPEN",
            Status::Success => "SUCCESS",
            Status::Settled => "SETTLED",
            Status::Voided => "VOIDED",
            Status::Refunded => "REFUNDED",
            Status::Closed => "CLOSED",
            Status::Cancelled => "CANCELLED",
        }
    }

    /// Whether the money is there.
    pub fn is_paid(self) -> bool {
        matches!(self, Status::Success | Status::Settled)
    }
}

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: u64,
    pub reference: String,
    pub amount: i64,
    pub currency: String,
    pub status: Status,
    /// Given back by a refund.
    pub refunded: i64,
    pub is_recurring: bool,
    /// Whether it was made on a page or by a page's series.
    pub is_hosted: bool,
    pub card: Option<Card>,
    pub notify: Option<String>,
    /// The transaction of the newest attempt.
    pub transaction: u64,
    /// Whether an attempt is still being processed.
    pub is_processing: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Order {
    /// What remains of the amount.
    pub fn net(&self) -> i64 {
        match self.status {
            Status::Success | Status::Settled | Status::Refunded => self.amount - self.refunded,
            Status::Open | Status::Voided | Status::Closed | Status::Cancelled => 0,
        }
    }
}

/// A page of the provider.
#[derive(Debug, Clone)]
pub struct Page {
    pub about: About,
    pub success: String,
    pub fail: String,
    pub cancel: Option<String>,
    pub is_over: bool,
    /// The card that the bank asks about.
    pub challenge: Option<Card>,
}

/// What a page is for.
#[derive(Debug, Clone)]
pub enum About {
    /// Paying an order.
    Order(u64),
    /// Storing a card of a user.
    Card { user: String, notify: String },
}

/// A stored card.
#[derive(Debug, Clone)]
pub struct StoredCard {
    pub token: u64,
    pub card: Card,
}

/// How an attempt to pay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    Approved,
    Declined(&'static str, &'static str),
    Failed,
    Processing,
}

impl State {
    /// Does everything that has become due.
    pub fn settle(&mut self, backstage: &Backstage) {
        let now = backstage.clock.now();
        while let Some(due) = self.agenda.take_due(now) {
            match due {
                Due::Close(sid) => self.close_page(&sid, now),
                Due::Settle(id) => {
                    if let Some(order) =
                        self.orders.get_mut(&id).filter(|order| order.status == Status::Success)
                    {
                        order.status = Status::Settled;
                        order.updated_at = now;
                    }
                }
                Due::Decide(id) => {
                    let is_processing = self.orders.get(&id).is_some_and(|order| order.is_processing);
                    if is_processing {
                        self.attempt(backstage, id, Outcome::Approve);
                    }
                }
            }
        }
    }

    /// Ends a page; an order that nobody paid is closed with it.
    pub fn close_page(&mut self, sid: &str, now: Timestamp) {
        let Some(page) = self.pages.get_mut(sid).filter(|page| !page.is_over) else {
            return;
        };
        page.is_over = true;
        if let About::Order(id) = page.about
            && let Some(order) = self.orders.get_mut(&id).filter(|order| order.status == Status::Open)
        {
            order.status = Status::Closed;
            order.updated_at = now;
        }
    }

    /// Whether a reference was used before.
    pub fn is_known(&self, reference: &str) -> bool {
        self.order_by_reference(reference).is_some()
    }

    /// The newest order of a reference.
    pub fn order_by_reference(&self, reference: &str) -> Option<&Order> {
        let ids = self.by_reference.ids(reference);
        ids.iter().rev().find_map(|id| self.orders.get(&id.parse::<u64>().ok()?))
    }

    /// A new OPEN order.
    pub fn file(&mut self, mut order: Order) -> u64 {
        self.last_order += 1;
        order.id = self.last_order;
        self.by_reference.add(&order.reference, &order.id.to_string());
        self.orders.put(order.id, order);
        self.last_order
    }

    /// The number of a new transaction.
    pub fn new_transaction(&mut self) -> u64 {
        self.last_transaction += 1;
        self.last_transaction
    }

    /// One attempt to pay an order: the ledger and the notification with it.
    pub fn attempt(&mut self, backstage: &Backstage, id: u64, outcome: Outcome) -> Attempt {
        let now = backstage.clock.now();
        let transaction = self.new_transaction();
        let (settles, decides) = (self.behaviour.settles_after_ms, self.behaviour.undecided_for_ms);
        let Some(order) = self.orders.get_mut(&id) else {
            return Attempt::Failed;
        };
        order.transaction = transaction;
        order.updated_at = now;
        order.is_processing = outcome == Outcome::Process;
        match outcome {
            Outcome::Approve => {
                order.status = Status::Success;
                record(backstage, order, Kind::Charge, order.amount, false);
                self.agenda.plan(later(now, settles), Due::Settle(id));
                // Only finished, successful orders are promised a notification (§12.1).
                notices::paid(backstage, order);
                Attempt::Approved
            }
            Outcome::Decline(code, message) => {
                record(backstage, order, Kind::Charge, order.amount, true);
                Attempt::Declined(code, message)
            }
            Outcome::Fail => {
                record(backstage, order, Kind::Charge, order.amount, true);
                Attempt::Failed
            }
            Outcome::Process => {
                self.agenda.plan(later(now, decides), Due::Decide(id));
                Attempt::Processing
            }
        }
    }

    /// Stores a card of a user. The small amount that proves it is charged and voided by the provider
    /// and is no order (§6.1).
    pub fn store(&mut self, backstage: &Backstage, user: &str, card: &Card) -> Option<StoredCard> {
        let keeps = self.behaviour.same_card_keeps_its_token;
        if self.cards.get(user).is_none() {
            self.cards.put(user.to_owned(), Vec::new());
        }
        let cards = self.cards.get_mut(user)?;
        if let Some(known) = cards.iter().find(|known| keeps && known.card.number == card.number) {
            return Some(known.clone());
        }
        if cards.len() >= CARDS_OF_USER_MAX {
            return None;
        }
        self.last_token += 1;
        let stored = StoredCard { token: self.last_token, card: card.clone() };
        cards.push(stored.clone());
        backstage.ledger.record(Movement {
            reference: user.to_owned(),
            kind: Kind::Tokenize,
            amount_minor: 0,
            currency: "HKD".to_owned(),
            transaction_id: stored.token.to_string(),
            parent_id: None,
            at: backstage.clock.now(),
            declined: false,
        });
        Some(stored)
    }

    /// Where an order stands when no money has moved.
    pub fn standing(&self, reference: &str) -> Option<&'static str> {
        let order = self.order_by_reference(reference)?;
        Some(match order.status {
            // A sale that was declined leaves its order OPEN, and nobody tries it again.
            Status::Open if !order.is_hosted && !order.is_processing => return None,
            Status::Open => "pending",
            Status::Closed => "expired",
            Status::Cancelled | Status::Voided => "cancelled",
            Status::Success | Status::Settled | Status::Refunded => return None,
        })
    }
}

/// Writes a line of the ledger about an order.
pub fn record(backstage: &Backstage, order: &Order, kind: Kind, amount_minor: i64, declined: bool) {
    backstage.ledger.record(Movement {
        reference: order.reference.clone(),
        kind,
        amount_minor,
        currency: order.currency.clone(),
        transaction_id: order.transaction.to_string(),
        parent_id: (kind != Kind::Charge).then(|| order.id.to_string()),
        at: backstage.clock.now(),
        declined,
    });
}
