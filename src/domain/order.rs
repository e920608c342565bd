//! What is bought, by whom, and how the customer's browser comes back.
//!
//! The fields are the union of what the providers ask for. An adapter takes what its provider
//! knows and says `Unsupported` where leaving a field out would change the meaning of the order.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::card::{BrowserFacts, Initiator, StoredToken, TokenUses};
use super::money::Money;
use super::words::worded;

/// What the caller attaches to a payment and gets back: at most 50 pairs of 40 and 500 characters.
pub type Metadata = BTreeMap<String, String>;

/// When authorized money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CaptureMode {
    /// At once, by the provider.
    #[default]
    Automatic,
    /// By a later capture.
    Manual,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Pay once.
    Pay,
    /// Pay, and keep the card for later.
    PayAndSave,
    /// Keep a card without paying.
    Save,
    /// Pay with a card saved earlier, the customer being present.
    UseSaved,
}

/// Who collects the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionMode {
    /// A page of the provider.
    Redirect,
    /// The merchant's own page; `ConfirmSession` finishes.
    Api,
}

worded! {
    /// The kinds of payment methods, in words that are the same for every provider.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum MethodKind {
        /// Cards.
        Card = "CARD",
        /// Wallets.
        Wallet = "WALLET",
        /// Bank transfers and virtual accounts.
        BankTransfer = "BANK_TRANSFER",
        /// Codes to scan.
        QrCode = "QR_CODE",
        /// Invoices and payment in parts by a lender.
        PayLater = "PAY_LATER",
        /// Cash against a reference.
        Cash = "CASH",
    }
}

/// What the caller wants of 3-D Secure where the provider leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThreeDSecure {
    /// The provider and the issuer decide.
    #[default]
    Automatic,
    /// Ask for a challenge.
    Challenge,
    /// Skip where the contract with the provider allows it.
    Never,
}

/// The order behind a session or a charge.
#[derive(Debug, Clone, PartialEq)]
pub struct Purchase {
    /// The reference that we give the provider, derived from our payment or session id: letters
    /// and digits only, at most 32 of them, never used twice.
    pub reference: String,
    /// The caller's own reference, 1 to 64 characters; shown to people, not used to find payments.
    pub merchant_reference: String,
    /// What is asked for. Zero only when a card is saved without paying.
    pub money: Money,
    /// When the money is taken.
    pub capture: CaptureMode,
    /// What the customer reads on a payment page; 1 to 255 characters.
    pub description: Option<String>,
    /// What the card statement shows; 1 to 22 characters.
    pub descriptor: Option<String>,
    /// Who pays.
    pub customer: Customer,
    /// At most 100 lines; empty when the caller gave none.
    pub lines: Vec<OrderLine>,
    /// Where the bill goes.
    pub billing: Option<Address>,
    /// Where the goods go.
    pub shipping: Option<Address>,
    /// How the goods travel.
    pub delivery: Option<Delivery>,
    /// Tax within the whole amount, in minor units, where the caller gave it.
    pub tax_minor: Option<i64>,
    /// A BCP 47 language tag for pages and messages.
    pub locale: Option<String>,
    /// What the caller wants of 3-D Secure.
    pub three_d_secure: ThreeDSecure,
    /// The caller's own pairs.
    pub metadata: Metadata,
    /// Where the provider tells us news, when the account has such an address.
    pub notify_url: Option<String>,
    /// What only this provider has, by field name of its options message.
    pub options: Options,
}

/// The person or company that pays. Everything is optional; providers that insist say so.
#[derive(Clone, PartialEq, Default)]
pub struct Customer {
    /// The caller's own id of the customer, at most 64 characters.
    pub id: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number in E.164 form, with the plus sign.
    pub phone: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Date of birth, `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// Tax or national id.
    pub tax_id: Option<String>,
    /// IP address of the customer's device.
    pub ip: Option<String>,
    /// What identifies the customer's device to a risk engine.
    pub device_id: Option<String>,
    /// The provider's own id of this customer, where it keeps customers.
    pub provider_customer: Option<String>,
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Names, addresses and numbers of people do not belong in logs.
        f.write_str("Customer { … }")
    }
}

/// A postal address.
#[derive(Clone, PartialEq, Default)]
pub struct Address {
    /// Given name of the recipient.
    pub given_name: Option<String>,
    /// Family name of the recipient.
    pub family_name: Option<String>,
    /// Company.
    pub organisation: Option<String>,
    /// The company's registration number.
    pub organisation_number: Option<String>,
    /// Whom to ask for.
    pub care_of: Option<String>,
    /// Street lines, at most two.
    pub lines: Vec<String>,
    /// Name or number of the building, for providers that ask for it apart.
    pub building: Option<String>,
    /// Floor.
    pub floor: Option<String>,
    /// Apartment.
    pub apartment: Option<String>,
    /// City or town.
    pub city: Option<String>,
    /// State, province or region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2 country code.
    pub country: Option<String>,
    /// Telephone number in E.164 form.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address { … }")
    }
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineKind {
    /// Goods that are shipped.
    #[default]
    Physical,
    /// Goods that are downloaded.
    Digital,
    /// A service.
    Service,
    /// The shipping fee.
    Shipping,
    /// A discount; the amount is subtracted.
    Discount,
    /// A gift card that pays a part; the amount is subtracted.
    GiftCard,
    /// A surcharge or rounding difference.
    Surcharge,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderLine {
    /// The caller's id of the line, unique in the order; captures and refunds name it.
    pub id: String,
    /// The stock-keeping id of the article.
    pub sku: Option<String>,
    /// What it is called.
    pub name: String,
    /// A longer text.
    pub description: Option<String>,
    /// How many, as a plain decimal of at most three digits after the point.
    pub quantity: String,
    /// Total of the line with tax and discount, in minor units of the order's currency. For a
    /// [`LineKind::Discount`] or a [`LineKind::GiftCard`] the amount that is subtracted, as a
    /// positive number.
    pub amount_minor: i64,
    /// Price of one, in minor units, where the caller gave it.
    pub unit_minor: Option<i64>,
    /// The tax within the total, in minor units.
    pub tax_minor: i64,
    /// The tax rate in basis points: 2500 is 25 %.
    pub tax_basis_points: u32,
    /// What the line is about.
    pub kind: LineKind,
    /// The caller's category of the article.
    pub category: Option<String>,
    /// The caller's category below that.
    pub subcategory: Option<String>,
    /// A picture of it.
    pub image_url: Option<String>,
}

/// How goods travel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// The method's name, for people.
    pub method: Option<String>,
    /// How fast.
    pub speed: Option<DeliverySpeed>,
    /// The fee in minor units; part of the order's amount, and not among its lines.
    pub fee_minor: i64,
    /// The fee's tax rate in basis points.
    pub tax_basis_points: u32,
}

/// How fast goods travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // Their names say it.
pub enum DeliverySpeed {
    Regular,
    NextDay,
    SameDay,
    Instant,
}

/// The part of an order that a capture or refund is about.
#[derive(Debug, Clone, PartialEq)]
pub struct LinePart {
    /// [`OrderLine::id`].
    pub id: String,
    /// How many of it, as a plain decimal.
    pub quantity: String,
    /// The amount of this part in minor units.
    pub amount_minor: i64,
}

/// Where the customer's browser goes afterwards. Nothing that it brings back is believed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReturnUrls {
    /// After a success, and wherever the others are empty. 1 to 2,048 characters.
    pub success: String,
    /// After a decline or a failure.
    pub failure: Option<String>,
    /// When the customer gives up.
    pub cancelled: Option<String>,
    /// When the time is over.
    pub expired: Option<String>,
}

/// A session to be opened at the provider.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionOrder {
    /// What is bought. The amount is zero for [`Purpose::Save`].
    pub purchase: Purchase,
    /// What the session is for.
    pub purpose: Purpose,
    /// Who collects the card.
    pub mode: SessionMode,
    /// Where the browser goes afterwards.
    pub return_urls: ReturnUrls,
    /// Saved cards to offer, for [`Purpose::UseSaved`]; never empty then.
    pub offered: Vec<StoredToken>,
    /// What a card that is saved in this session will be used for.
    pub saved_for: TokenUses,
    /// Whether the customer is asked before the card is saved. Where false, the caller says that
    /// consent was given elsewhere.
    pub ask_before_saving: bool,
    /// How often the customer may try, 1 to 10.
    pub attempts: u32,
    /// Kinds of methods to offer; empty for all that the account has. Never together with `methods`.
    pub method_kinds: Vec<MethodKind>,
    /// Methods to offer, by the provider's names; empty for all of the kinds above.
    pub methods: Vec<String>,
    /// When the session ends by itself.
    pub expires_at: Timestamp,
}

/// A stored token to be charged.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// What is bought.
    pub purchase: Purchase,
    /// The saved card.
    pub token: StoredToken,
    /// Who started it.
    pub initiator: Initiator,
    /// Where the browser goes after a challenge; only with the customer present.
    pub return_urls: Option<ReturnUrls>,
    /// What 3-D Secure wants to know of the browser; only with the customer present.
    pub browser: Option<BrowserFacts>,
    /// When an unfinished charge ends by itself, where the provider has such a thing.
    pub expires_at: Option<Timestamp>,
    /// The terms of the series that the charge belongs to.
    pub series: Option<Series>,
}

/// The terms of a series of charges, as the customer agreed to them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Series {
    /// At least so many days between two charges; 0 when unknown.
    pub interval_days_min: u32,
    /// The last day of the agreement, `YYYY-MM-DD`.
    pub ends_on: Option<String>,
    /// Which charge of the series this is, from 1; 0 when unknown.
    pub number: u32,
    /// How many there will be; 0 when unknown or without end.
    pub count: u32,
}

/// A value of a provider's option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// A text, or the name of an enum value.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A yes or no.
    Flag(bool),
    /// A list.
    List(Vec<OptionValue>),
    /// A message of its own.
    Group(BTreeMap<String, OptionValue>),
}

/// What only one provider has, in the words of its options message in the contract.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The provider that the options are for; empty when there are none.
    pub provider: String,
    /// Field name to value, unset fields left out.
    pub values: BTreeMap<String, OptionValue>,
}

impl Options {
    /// A text option, `None` when unset or of another kind.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(OptionValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A number option.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name) {
            Some(OptionValue::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// A yes-or-no option; `None` when unset, so that an account's default can stand.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.values.get(name) {
            Some(OptionValue::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// The texts of a list option; empty when unset.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.values.get(name) {
            Some(OptionValue::List(items)) => items
                .iter()
                .filter_map(|item| match item {
                    OptionValue::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A group of options.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&BTreeMap<String, OptionValue>> {
        match self.values.get(name) {
            Some(OptionValue::Group(group)) => Some(group),
            _ => None,
        }
    }
}
