//! Cards: what may be known of one, what is kept of one, and who asks for a charge.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::ids::{AccountName, MerchantName, PaymentId, SessionId, TokenId};
use super::money::Currency;
use super::order::Metadata;
use super::secret::Secret;

/// What may be shown of a card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardSummary {
    /// The scheme, lower case: `visa`, `mastercard`, `maestro`, `belkart`, …; as the provider says otherwise.
    pub brand: Option<String>,
    /// The last four digits.
    pub last_four: Option<String>,
    /// The first six or eight digits.
    pub bin: Option<String>,
    /// Month of expiry, 1 to 12.
    pub expiry_month: Option<u8>,
    /// Year of expiry, four digits.
    pub expiry_year: Option<u16>,
    /// `credit`, `debit` or `prepaid`, lower case.
    pub funding: Option<String>,
    /// Country of the issuer, ISO 3166-1 alpha-2 or alpha-3 as the provider gives it.
    pub issuer_country: Option<String>,
    /// What stays the same for one card number at this provider.
    pub fingerprint: Option<String>,
    /// What became of 3-D Secure.
    pub authentication: Option<Authentication>,
}

/// The result of 3-D Secure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authentication {
    /// The letter of the result: `Y`, `A`, `N`, `U`, `R`, `C`.
    pub status: Option<String>,
    /// The electronic commerce indicator.
    pub eci: Option<String>,
    /// The protocol's version.
    pub version: Option<String>,
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenUses {
    /// Charges that the customer starts.
    pub customer_present: bool,
    /// Charges of a standing agreement at regular times.
    pub recurring: bool,
    /// Charges that the merchant starts at irregular times.
    pub unscheduled: bool,
}

/// A stored payment method in the provider's terms. The values open a customer's card to whoever
/// holds them with our credentials, so they are secrets and sealed at rest.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct StoredToken {
    /// The product that made it and that alone can use it, where the provider has several.
    pub product: Option<String>,
    /// The provider's values by kind: `payment_token`, `recurrence_token`, or just `token`.
    pub values: BTreeMap<String, Secret<String>>,
    /// The provider's public handle of the token, where it has one.
    pub handle: Option<String>,
    /// The provider's customer to whom it belongs, where that matters.
    pub customer: Option<String>,
    /// The first transaction of the series, where later charges must name it.
    pub original: Option<String>,
    /// The currency of that transaction, where the series is bound to it.
    pub original_currency: Option<Currency>,
    /// The card scheme's id of that transaction.
    pub network_transaction_id: Option<String>,
}

impl fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredToken")
            .field("product", &self.product)
            .field("kinds", &self.values.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl StoredToken {
    /// The value of one kind.
    #[must_use]
    pub fn value(&self, kind: &str) -> Option<&Secret<String>> {
        self.values.get(kind)
    }
}

/// A saved card as a provider reported it.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedCard {
    /// The provider's values.
    pub token: StoredToken,
    /// What may be shown of it.
    pub card: CardSummary,
    /// What it may be used for, as far as this provider tells.
    pub uses: TokenUses,
}

/// Where a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStatus {
    /// It can be charged.
    Active,
    /// The provider or the issuer said that it will never work again.
    Unusable,
    /// The merchant deleted it; only the record remains.
    Deleted,
}

/// A stored payment method, named by us.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Our name for it.
    pub id: TokenId,
    /// Whose it is.
    pub merchant: MerchantName,
    /// The only account that can charge it.
    pub account: AccountName,
    /// The provider's values, secret.
    pub stored: StoredToken,
    /// What may be shown of the card.
    pub card: CardSummary,
    /// What it may be used for.
    pub uses: TokenUses,
    /// Where it stands.
    pub status: TokenStatus,
    /// Whether the provider deleted its own token too.
    pub deleted_at_provider: bool,
    /// The caller's customer.
    pub customer: Option<String>,
    /// The session in which it was saved.
    pub session: Option<SessionId>,
    /// The payment with which it was saved: the first of a series.
    pub payment: Option<PaymentId>,
    /// The caller's pairs.
    pub metadata: Metadata,
    /// When it was stored here.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When a charge or a session last used it. That is no change of the token: it has no part in
    /// the version, so that charges of one token at the same time do not get in each other's way.
    pub last_used_at: Option<Timestamp>,
    /// Grows by one with each change.
    pub version: u64,
}

impl Token {
    /// Makes it one that cannot be charged, and forgets what opens the card at the provider.
    pub fn delete(&mut self) {
        self.status = TokenStatus::Deleted;
        self.stored = StoredToken { product: self.stored.product.take(), ..StoredToken::default() };
    }
}

/// Who started a charge.
#[derive(Debug, Clone, PartialEq)]
pub enum Initiator {
    /// The customer is present and may be asked for a CVC or a challenge.
    Customer {
        /// The CVC, where the provider wants one.
        cvc: Option<Secret<String>>,
    },
    /// The merchant, under an agreement made earlier.
    Merchant {
        /// Which kind of agreement.
        reason: MerchantReason,
        /// The first payment of the series, where the provider or the scheme wants it.
        first: FirstPayment,
    },
}

/// Why a merchant charges a card without the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MerchantReason {
    /// A fixed rhythm: subscriptions.
    Recurring,
    /// No fixed rhythm or amount: top-ups, usage.
    Unscheduled(Unscheduled),
    /// One purchase in parts.
    Installment,
}

/// Kinds of unscheduled charges that some providers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unscheduled {
    /// No particular kind.
    #[default]
    Other,
    /// A charge after the service: minibar, tolls.
    DelayedCharge,
    /// More on top of an earlier authorization.
    Increment,
    /// Another try after a decline.
    Resubmission,
    /// A new authorization after an earlier one ran out.
    Reauthorization,
    /// The customer did not come.
    NoShow,
}

/// How a later charge points at the first one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FirstPayment {
    /// The provider's id of the first transaction.
    pub provider_reference: Option<String>,
    /// The card scheme's transaction id.
    pub network_transaction_id: Option<String>,
    /// The currency of the first payment, where it is known: some series have one only.
    pub currency: Option<Currency>,
}

/// A card as the customer typed it. Held in memory for one call, never stored, even sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainCard {
    /// 12 to 19 digits.
    pub number: Secret<String>,
    /// 1 to 12.
    pub expiry_month: u8,
    /// Four digits.
    pub expiry_year: u16,
    /// 3 or 4 digits.
    pub cvc: Option<Secret<String>>,
    /// The name on the card.
    pub holder: Option<String>,
}

/// A card that the merchant's page encrypted for the provider. We cannot read it.
#[derive(Debug, Clone, PartialEq)]
pub struct EncryptedCard {
    /// The ciphertexts by field name; a provider with a single envelope uses the name `card`.
    pub fields: BTreeMap<String, Secret<String>>,
    /// Which key was used, where the provider has several.
    pub key_id: Option<String>,
    /// The name on the card, where the provider takes it in the clear.
    pub holder: Option<String>,
}

/// How the customer finishes a session on the merchant's own page.
#[derive(Debug, Clone, PartialEq)]
pub enum Means {
    /// Encrypted by the page.
    Encrypted(EncryptedCard),
    /// In clear, for accounts that opted in.
    Plain(PlainCard),
    /// A saved card, with the CVC where the provider wants one.
    Saved {
        /// The saved card.
        token: StoredToken,
        /// The CVC that the customer typed.
        cvc: Option<Secret<String>>,
    },
}

/// What 3-D Secure 2 wants to know of the customer's browser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BrowserFacts {
    /// The `Accept` header.
    pub accept_header: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The browser's language, BCP 47.
    pub language: String,
    /// Screen width in pixels.
    pub screen_width: u32,
    /// Screen height in pixels.
    pub screen_height: u32,
    /// Bits per pixel.
    pub color_depth: u32,
    /// Width of the window in pixels.
    pub window_width: u32,
    /// Height of the window in pixels.
    pub window_height: u32,
    /// Minutes that UTC is ahead of local time, as browsers count: -180 for Minsk.
    pub time_zone_offset_minutes: i32,
    /// IANA name of the time zone.
    pub time_zone: Option<String>,
    /// Whether Java is on.
    pub java_enabled: bool,
    /// Whether JavaScript is on.
    pub javascript_enabled: bool,
    /// IP address of the device.
    pub ip: Option<String>,
}
