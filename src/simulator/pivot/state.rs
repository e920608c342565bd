//! What the merchant's account remembers: sessions, customers, refunds, and what is still to
//! happen. Amounts are whole rupiah, as the provider counts.

use jiff::Timestamp;
use serde_json::Value;

use super::Behaviour;
use super::cards::Failure;
use super::keys::Pair;
use super::repeats::Repeats;
use crate::simulator::agenda::Agenda;
use crate::simulator::card::Card;
use crate::simulator::contract::Backstage;
use crate::simulator::shelf::{Index, Shelf};

/// Sessions, customers and refunds remembered of each; beyond it the oldest leave.
const REMEMBERED_MAX: usize = 100_000;
/// Stored methods of one customer; beyond it the oldest leaves.
const STORED_MAX: usize = 100;
/// How many minor units a rupiah has, for the ledger.
pub const MINOR: i64 = 100;

/// Everything of the one merchant.
#[derive(Debug)]
pub struct State {
    pub behaviour: Behaviour,
    pub sessions: Shelf<String, Session>,
    pub sessions_by_reference: Index,
    pub sessions_by_page: Shelf<String, String>,
    pub customers: Shelf<String, Customer>,
    pub customers_by_email: Shelf<String, String>,
    /// What stays the same for one card number.
    pub fingerprints: Shelf<String, String>,
    pub refunds: Shelf<String, Refund>,
    pub refunds_by_reference: Shelf<String, String>,
    pub repeats: Repeats,
    pub agenda: Agenda<Due>,
}

impl Default for State {
    fn default() -> State {
        State {
            behaviour: Behaviour::default(),
            sessions: Shelf::new(REMEMBERED_MAX),
            sessions_by_reference: Index::new(REMEMBERED_MAX),
            sessions_by_page: Shelf::new(REMEMBERED_MAX),
            customers: Shelf::new(REMEMBERED_MAX),
            customers_by_email: Shelf::new(REMEMBERED_MAX),
            fingerprints: Shelf::new(REMEMBERED_MAX),
            refunds: Shelf::new(REMEMBERED_MAX),
            refunds_by_reference: Shelf::new(REMEMBERED_MAX),
            repeats: Repeats::new(REMEMBERED_MAX),
            agenda: Agenda::default(),
        }
    }
}

/// Something that happens by itself, later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// A session's time is over.
    Expire(String),
    /// A charge that was processing or under review succeeds.
    Succeed(String),
    /// A capture is done: the session and the capture.
    Capture(String, String),
    /// A refund goes one step further.
    Refund(String),
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    RequireConfirmation,
    RequireAction,
    Processing,
    Paid,
    Cancelled,
    Expired,
}

impl Status {
    /// As it stands on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Status::RequireConfirmation => "REQUIRE_CONFIRMATION",
            Status::RequireAction => "REQUIRE_ACTION",
            Status::Processing => "PROCESSING",
            Status::Paid => "PAID",
            Status::Cancelled => "CANCELLED",
            Status::Expired => "EXPIRED",
        }
    }

    /// Whether nothing will happen any more.
    pub fn is_final(self) -> bool {
        matches!(self, Status::Paid | Status::Cancelled | Status::Expired)
    }
}

/// Where a charge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeStatus {
    WaitingForUserAction,
    Processing,
    WaitingForCapture,
    Success,
    Failed,
    Expired,
}

impl ChargeStatus {
    /// As it stands on the wire.
    pub fn word(self) -> &'static str {
        match self {
            ChargeStatus::WaitingForUserAction => "WAITING_FOR_USER_ACTION",
            ChargeStatus::Processing => "PROCESSING",
            ChargeStatus::WaitingForCapture => "WAITING_FOR_CAPTURE",
            ChargeStatus::Success => "SUCCESS",
            ChargeStatus::Failed => "FAILED",
            ChargeStatus::Expired => "EXPIRED",
        }
    }
}

/// A payment session.
#[derive(Debug)]
pub struct Session {
    pub id: String,
    pub reference: String,
    pub amount: i64,
    pub mode: String,
    pub auto_confirm: bool,
    pub redirect_url: Value,
    pub method: Option<String>,
    /// `paymentMethod.card` as it is echoed: the token, the ciphertext, no CVC.
    pub card_echo: Option<(String, String)>,
    /// The channel of a wallet or bank.
    pub channel: Option<String>,
    /// The wallet's phone number.
    pub wallet_phone: Option<String>,
    pub is_manual: bool,
    pub three_ds: String,
    pub descriptor: String,
    pub save: bool,
    pub show_saved: bool,
    pub bypass: bool,
    pub expiration_mode: String,
    pub status: Status,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub expires_at: Timestamp,
    pub key: Option<Pair>,
    /// The public key stays in answers after the private one is gone.
    pub public_key: Option<String>,
    /// What opens the page.
    pub page: String,
    pub charges: Vec<Charge>,
    pub customer: String,
    pub has_billing: bool,
    pub metadata: Value,
    pub cancelled: Option<(Timestamp, String)>,
    /// The card that waits for its challenge, and whether it is to be saved.
    pub challenge: Option<(Card, bool)>,
}

/// A charge.
#[derive(Debug, Clone)]
pub struct Charge {
    pub id: String,
    pub status: ChargeStatus,
    pub authorized: Option<i64>,
    pub captured: Option<i64>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub card: Option<(Card, String)>,
    /// Result, method and ECI of 3-D Secure, once it is over.
    pub authentication: Option<(&'static str, &'static str, &'static str)>,
    /// The issuer's code, once it was asked.
    pub issuer: Option<&'static str>,
    pub failure: Option<Failure>,
    pub captures: Vec<Capture>,
    pub wallet: Option<String>,
    pub save: bool,
}

/// A capture.
#[derive(Debug, Clone)]
pub struct Capture {
    pub id: String,
    pub amount: i64,
    pub releases: bool,
    pub status: &'static str,
    pub created_at: Timestamp,
}

/// A customer, known by the e-mail address.
#[derive(Debug, Clone)]
pub struct Customer {
    pub details: Value,
    pub stored: Vec<Stored>,
}

/// A stored payment method.
#[derive(Debug, Clone)]
pub struct Stored {
    pub token: String,
    pub channel: String,
    pub created_at: Timestamp,
    /// From when on it is listed.
    pub shown_at: Timestamp,
    /// A card with its fingerprint; `None` for a wallet.
    pub card: Option<(Card, String)>,
}

/// A refund.
#[derive(Debug, Clone)]
pub struct Refund {
    pub id: String,
    pub reference: String,
    pub session: String,
    pub charge: String,
    pub payment_reference: String,
    pub captured: i64,
    pub is_full: bool,
    pub amount: i64,
    pub status: &'static str,
    pub reason: String,
    pub description: String,
    pub method: String,
    pub destination: Value,
    pub metadata: Value,
    pub destination_type: Option<&'static str>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Session {
    /// A charge that has just begun.
    pub fn begin_charge(&mut self, backstage: &Backstage, now: Timestamp) -> &mut Charge {
        self.charges.push(Charge {
            id: backstage.entropy.uuid(),
            status: ChargeStatus::WaitingForUserAction,
            authorized: None,
            captured: None,
            created_at: now,
            updated_at: now,
            paid_at: None,
            card: None,
            authentication: None,
            issuer: None,
            failure: None,
            captures: Vec::new(),
            wallet: None,
            save: false,
        });
        let last = self.charges.len() - 1;
        &mut self.charges[last]
    }

    /// Where the customer is to go; `None` once there is nothing more to do.
    pub fn url(&self, base: &str) -> Option<String> {
        let page = &self.page;
        match (self.mode.as_str(), self.status) {
            ("REDIRECT", _) => Some(format!("{base}/detail?token={page}")),
            (_, Status::RequireAction) => {
                Some(format!("{base}/payment/creditcard/threeds?session_id={page}"))
            }
            _ => None,
        }
    }
}

impl State {
    /// The session of an id or of a page's secret.
    pub fn session_id(&self, known_as: &str) -> Option<String> {
        if self.sessions.get(known_as).is_some() {
            return Some(known_as.to_owned());
        }
        self.sessions_by_page.get(known_as).cloned()
    }

    /// What stays the same for a card's number.
    pub fn fingerprint(&mut self, backstage: &Backstage, card: &Card) -> String {
        if let Some(known) = self.fingerprints.get(&card.number) {
            return known.clone();
        }
        let made = backstage.entropy.uuid();
        self.fingerprints.put(card.number.clone(), made.clone());
        made
    }

    /// Keeps a method for a customer; the same card again keeps its token.
    pub fn store(&mut self, customer: &str, stored: Stored) {
        let Some(customer) = self.customers.get_mut(customer) else { return };
        let is_same = |known: &Stored| {
            known.channel == stored.channel
                && known.card.as_ref().map(|(_, print)| print) == stored.card.as_ref().map(|(_, print)| print)
        };
        if let Some(known) = customer.stored.iter_mut().find(|known| is_same(known)) {
            known.created_at = stored.created_at;
            known.card = stored.card;
            return;
        }
        if customer.stored.len() >= STORED_MAX {
            customer.stored.remove(0);
        }
        customer.stored.push(stored);
    }
}
