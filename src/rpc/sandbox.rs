//! What development mode plays with: a trait over the simulated providers, so that this room need
//! not know them. The assembling room implements it.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::ids::{AccountName, MerchantName};

/// The simulated providers. Each merchant has its own, and sees nothing of the others'.
#[tonic::async_trait]
pub trait Sandbox: Send + Sync + 'static {
    /// Makes a provider misbehave. Returns how many faults are in force then.
    ///
    /// # Errors
    /// [`Refusal::Impossible`] for a fault that is not simulated.
    async fn arrange(&self, merchant: &MerchantName, fault: Fault) -> Result<u32, Refusal>;

    /// Forgets the faults of an account's provider, or all. Returns how many are left.
    async fn clear(&self, merchant: &MerchantName, account: Option<AccountName>) -> u32;

    /// Acts as the customer at a page. `page` is its address, as a redirect gave it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchPage`] for an address that is not a simulated provider's, and
    /// [`Refusal::NotNow`] for what the page does not allow, and [`Refusal::Impossible`] for
    /// card data that cannot be right.
    async fn customer(
        &self,
        merchant: &MerchantName,
        page: &str,
        action: CustomerAction,
    ) -> Result<CustomerActed, Refusal>;

    /// What was asked and answered, oldest first, and the highest sequence so far.
    async fn exchanges(&self, merchant: &MerchantName, wanted: WantedExchanges) -> (Vec<Exchange>, u64);
}

/// Why a simulated provider does not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No simulated provider has such a page.
    NoSuchPage,
    /// What was asked for is wrong in itself; in words for the caller.
    Impossible(String),
    /// The page does not allow it now; in words for the caller.
    NotNow(String),
}

/// A provider that misbehaves for a number of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The account whose calls are concerned.
    pub account: Option<AccountName>,
    /// The provider whose calls are concerned; with neither, all of them.
    pub provider: Option<String>,
    /// How it misbehaves.
    pub kind: FaultKind,
    /// The call that is concerned; all when `None`.
    pub operation: Option<String>,
    /// How many matching calls go well first.
    pub skip: u32,
    /// How many matching calls are hit after that, at least one.
    pub times: u32,
    /// How long the answer or the webhook is held back.
    pub delay: Duration,
    /// The HTTP status to answer with, for the kinds that have one.
    pub http_status: u16,
}

/// How a simulated provider misbehaves, as the contract describes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // `FaultKind` in the contract documents them.
pub enum FaultKind {
    RequestLost,
    ReplyLost,
    ReplyCut,
    Late,
    CarriedOutLate,
    HttpStatus,
    HttpStatusAfter,
    HtmlPage,
    Garbled,
    UnknownStatus,
    WrongAmount,
    WrongCurrency,
    WrongReference,
    Throttled,
}

/// What a customer does at a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerAction {
    /// Enters a card and pays, or has it saved.
    Pay(CustomerPays),
    /// Presses "cancel".
    Cancel,
    /// Lets the time run out.
    Expire,
    /// Closes the browser, after paying or not.
    Abandon {
        /// Whether the customer pays first.
        after_paying: bool,
    },
}

/// With what a customer pays. What is `None` is chosen so that the provider approves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerPays {
    /// The number of a test card; `None` also for the saved card that the page offers.
    pub card_number: Option<String>,
    /// The month of expiry.
    pub expiry_month: Option<u8>,
    /// The year of expiry, four digits.
    pub expiry_year: Option<u16>,
    /// The CVC.
    pub cvc: Option<String>,
    /// Whether the customer agrees to have the card saved.
    pub save_card: bool,
    /// Whether the customer passes a challenge, if there is one.
    pub passes_challenge: bool,
}

/// What happened when a customer acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerActed {
    /// Where the provider sends the browser; `None` when no browser comes back.
    pub return_url: Option<String>,
    /// What happened, in a sentence.
    pub summary: String,
}

/// Which exchanges to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedExchanges {
    /// With this provider.
    pub provider: Option<String>,
    /// Of this account.
    pub account: Option<AccountName>,
    /// Of this name.
    pub operation: Option<String>,
    /// With a higher sequence than this.
    pub after: u64,
    /// At most so many.
    pub limit: usize,
}

/// One exchange, redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Grows over all providers.
    pub sequence: u64,
    /// When the request came.
    pub at: Timestamp,
    /// Whether the provider called us: a webhook.
    pub inbound: bool,
    /// The provider.
    pub provider: String,
    /// The account; `None` when not known.
    pub account: Option<AccountName>,
    /// The name of the call.
    pub operation: String,
    /// The reference that we gave the payment, where the exchange states one.
    pub reference: Option<String>,
    /// The method.
    pub method: String,
    /// The address, redacted.
    pub url: String,
    /// The headers, redacted.
    pub headers: Vec<(String, String)>,
    /// The body, redacted.
    pub body: String,
    /// The answer; `None` when none was given.
    pub reply: Option<ExchangeReply>,
    /// The fault that was applied, as a word.
    pub fault: Option<String>,
}

/// An answer in an exchange, redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeReply {
    /// HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}
