//! The seam: what a provider's simulator offers, and what it finds behind its counter.
//!
//! A new provider is one folder that implements [`ProviderSimulator`] and one line in the registry
//! (`launch.rs`). The framework brings sockets, faults, the log, the ledger and the control API.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::clock::Clock;
use super::deliveries::Deliveries;
use super::delivery::{BackOffice, Call, DeliveryRules};
use super::entropy::Entropy;
use super::exchanges::{Exchanges, Numbers};
use super::faults::{Faults, Kind};
use super::ledger::Ledger;
use super::notification_faults::{NotificationFaults, Tampering};
use super::notifications::{Notification, Notifications};

/// One payment provider, as the world sees it.
pub trait ProviderSimulator: Send + Sync + 'static {
    /// The lower-case name it is registered and addressed under.
    fn name(&self) -> &'static str;

    /// What the framework keeps for it.
    fn backstage(&self) -> &Backstage;

    /// Its REST API and its hosted pages, at the paths the real provider has below its host.
    fn router(self: Arc<Self>) -> Router;

    /// The simulator's own name of an endpoint, for faults and the log; `unknown` where there is
    /// none and `page` for everything a customer's browser asks for.
    fn operation(&self, method: &Method, path: &str) -> &'static str;

    /// What its answers call the merchant's reference.
    fn reference_key(&self) -> &'static str;

    /// The body of an error in the provider's own words, for faults.
    fn error_body(&self, status: StatusCode) -> Value;

    /// Hands every object of an answer that describes a payment to `visit`, for faults.
    fn visit_payments(&self, answer: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>));

    /// Alters one object that describes a payment. The general way knows whole amounts and a word
    /// of status under the usual names; a provider that spells them otherwise says so here. Answers
    /// whether there was something to alter.
    fn alter(&self, kind: Kind, object: &mut Map<String, Value>) -> bool {
        kind.alter(object, self.reference_key())
    }

    /// Does what a customer in front of a hosted page does, through the code behind its forms.
    fn act_as_customer(&self, page: &str, action: &CustomerAction) -> CustomerResult;

    /// Makes everything happen that has become due by the clock.
    fn settle(&self);

    /// Where a payment stands that the ledger knows nothing of, in one word: `pending`,
    /// `on_hold`, `unknown`, `failed`, `cancelled`, `expired`.
    fn standing(&self, reference: &str) -> Option<&'static str>;

    /// How many cards it keeps for the merchant: each once, however many tokens it has, and those that
    /// were deleted not at all.
    fn saved_cards(&self) -> usize;

    /// The headers a notification leaves with, signature included.
    fn seal(&self, notification: &Notification) -> Vec<(String, String)>;

    /// How this notification is delivered: what counts as a receipt, and when it comes again.
    fn delivery(&self, notification: &Notification) -> DeliveryRules;

    /// What follows when a notification was refused for good or its attempts are used up.
    fn gave_up(&self, _notification: &Notification) {}

    /// A version of the sealed call that the provider would never have sent, as somebody hostile or a
    /// broken line would make it. None where there is nothing to tamper with.
    fn tamper(&self, how: Tampering, notification: &Notification, call: Call) -> Option<Call>;

    /// Address and body of the notification with another amount, genuinely sealed as far as the seal is
    /// a part of them. None when it states no amount.
    fn misstate(&self, notification: &Notification) -> Option<(String, String)>;

    /// Does what an employee does by hand, with the newest payment of this reference, through the code
    /// behind the API. Refused, in the provider's words, when that refuses it.
    fn back_office(&self, reference: &str, act: BackOffice) -> Result<(), String>;

    /// Public keys and other things a merchant would copy from the provider's back office.
    fn keys(&self) -> Value;

    /// The credentials it accepts.
    fn credentials(&self) -> Value;

    /// Its knobs as they stand.
    fn behaviour(&self) -> Value;

    /// Turns knobs: members present in `change` replace the present settings.
    fn set_behaviour(&self, change: &Value) -> Result<(), String>;
}

/// What every provider finds behind its counter.
#[derive(Debug)]
pub struct Backstage {
    /// The time, shared by all providers.
    pub clock: Clock,
    /// Identifiers.
    pub entropy: Entropy,
    /// What goes wrong.
    pub faults: Faults,
    /// What was asked and answered.
    pub exchanges: Exchanges,
    /// What money moved.
    pub ledger: Ledger,
    /// What the merchant's server is owed.
    pub notifications: Notifications,
    /// What goes wrong with that.
    pub notification_faults: NotificationFaults,
    /// What became of every attempt to tell it.
    pub deliveries: Deliveries,
    /// The newest call that was accepted, for replays, and its notification's number.
    last_accepted: Mutex<Option<(u64, Call)>>,
    base_url: OnceLock<String>,
}

impl Backstage {
    /// Empty books; `reference_key` as in [`ProviderSimulator::reference_key`], `numbers` shared with
    /// the other providers.
    pub fn new(clock: Clock, entropy: Entropy, reference_key: &'static str, numbers: Numbers) -> Backstage {
        Backstage {
            clock,
            entropy,
            faults: Faults::default(),
            exchanges: Exchanges::new(reference_key, numbers),
            ledger: Ledger::default(),
            notifications: Notifications::default(),
            notification_faults: NotificationFaults::default(),
            deliveries: Deliveries::default(),
            last_accepted: Mutex::default(),
            base_url: OnceLock::new(),
        }
    }

    /// Where browsers and merchants reach this provider, without a trailing slash.
    pub fn base_url(&self) -> &str {
        self.base_url.get().map_or("", String::as_str)
    }

    /// The newest notification that was accepted: its number, and the call as it left.
    pub fn last_accepted(&self) -> Option<(u64, Call)> {
        self.last_accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers a call that was accepted.
    pub fn remember_accepted(&self, sequence: u64, call: Call) {
        let mut last = self.last_accepted.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((sequence, call));
    }

    /// Fixes the base URL once the socket is bound; later calls change nothing.
    pub fn set_base_url(&self, base_url: String) {
        // Only the launcher calls this, once per provider.
        let _ = self.base_url.set(base_url);
    }
}

/// What a customer may do in front of a hosted page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum CustomerAction {
    /// Pays, or stores the card where the page is for that.
    Pay(Payment),
    /// Says no in a wallet's or bank's own app, after having chosen to pay.
    Decline,
    /// Goes back to the shop.
    #[default]
    Cancel,
    /// Waits until the page's time has run out.
    Expire,
    /// Walks away without a word; the page stays as it is.
    Abandon,
}

/// How a customer pays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Payment {
    /// A card number, spaces allowed; absent to use the saved card the page offers, or on a
    /// 3-D Secure page.
    pub card: Option<String>,
    /// `MM/YYYY` or `MM/YY`.
    pub expiry: Option<String>,
    /// Three or four digits.
    pub cvc: Option<String>,
    /// The name on the card.
    pub holder: Option<String>,
    /// Whether the box "save this card" is ticked, where there is one.
    pub save: bool,
    /// The provider's name of the method to use (`vipps`, `payex.creditcard`); its first one when
    /// absent.
    pub method: Option<String>,
    /// What the customer does when the bank asks.
    pub three_d_secure: ThreeDSecure,
}

/// The end of a 3-D Secure challenge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreeDSecure {
    /// The customer proves to be the cardholder.
    #[default]
    Pass,
    /// The customer fails to.
    Fail,
    /// The customer leaves at the challenge, which stays open.
    Leave,
}

/// Where the customer's browser is after an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerOutcome {
    /// One word for the page: `authorized`, `captured`, `successful`, `declined` (the page still
    /// stands and offers another try), `failed`, `challenge`, `cancelled`, `expired`, `abandoned`…
    pub status: String,
    /// Where the browser was sent, with the parameters the provider appends; `None` while it is
    /// still on the provider's pages.
    pub return_url: Option<String>,
}

/// Why an action was not possible, in words for whoever plays the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerRefusal {
    /// The page is unknown, over, or does not offer what was asked for.
    Forbidden(String),
    /// What the customer typed cannot be right.
    Typed(String),
}

impl CustomerRefusal {
    /// The words.
    pub fn words(&self) -> &str {
        match self {
            Self::Forbidden(why) | Self::Typed(why) => why,
        }
    }
}

/// The end of a customer's action.
pub type CustomerResult = Result<CustomerOutcome, CustomerRefusal>;

impl CustomerOutcome {
    /// The browser was sent away.
    pub fn sent(status: &str, return_url: Option<String>) -> CustomerOutcome {
        CustomerOutcome { status: status.to_owned(), return_url }
    }

    /// The browser is still on the provider's pages.
    pub fn stays(status: &str) -> CustomerOutcome {
        CustomerOutcome::sent(status, None)
    }
}
