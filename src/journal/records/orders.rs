//! Sessions, and what is bought in them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Malformed, Stored, is_default};
use crate::domain::card::{StoredToken, TokenUses};
use crate::domain::ids::*;
use crate::domain::money::Money;
use crate::domain::order::*;
use crate::domain::session::Session;

record!(Session => SessionRecord {
    id: SessionId,
    merchant: MerchantName,
    account: AccountName,
    order: SessionOrder,
    payment: PaymentId,
    request_id: String,
    created_at: Timestamp,
});

record!(SessionOrder => SessionOrderForm {
    purchase: Purchase,
    purpose: Purpose,
    mode: SessionMode,
    attempts: u32,
    expires_at: Timestamp,
} optional {
    return_urls: ReturnUrls,
    offered: Vec<StoredToken>,
    saved_for: TokenUses,
    ask_before_saving: bool,
    methods: Vec<String>,
    method_kinds: Vec<MethodKind>,
});

record!(Purchase => PurchaseForm {
    reference: String,
    merchant_reference: String,
    money: Money,
    capture: CaptureMode,
    three_d_secure: ThreeDSecure,
} optional {
    description: Option<String>,
    descriptor: Option<String>,
    customer: Customer,
    lines: Vec<OrderLine>,
    billing: Option<Address>,
    shipping: Option<Address>,
    delivery: Option<Delivery>,
    tax_minor: Option<i64>,
    locale: Option<String>,
    metadata: Metadata,
    notify_url: Option<String>,
    options: Options,
});

record!(Customer => CustomerForm {} optional {
    id: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    birth_date: Option<String>,
    tax_id: Option<String>,
    ip: Option<String>,
    device_id: Option<String>,
    provider_customer: Option<String>,
});

record!(Address => AddressForm {} optional {
    given_name: Option<String>,
    family_name: Option<String>,
    organisation: Option<String>,
    organisation_number: Option<String>,
    care_of: Option<String>,
    lines: Vec<String>,
    building: Option<String>,
    floor: Option<String>,
    apartment: Option<String>,
    city: Option<String>,
    region: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
    phone: Option<String>,
    email: Option<String>,
});

record!(OrderLine => OrderLineForm {
    id: String,
    name: String,
    quantity: String,
    amount_minor: i64,
    kind: LineKind,
} optional {
    sku: Option<String>,
    description: Option<String>,
    tax_minor: i64,
    tax_basis_points: u32,
    unit_minor: Option<i64>,
    category: Option<String>,
    subcategory: Option<String>,
    image_url: Option<String>,
});

record!(Delivery => DeliveryForm {} optional {
    method: Option<String>,
    speed: Option<DeliverySpeed>,
    fee_minor: i64,
    tax_basis_points: u32,
});

record!(LinePart => LinePartForm {
    id: String,
    quantity: String,
    amount_minor: i64,
});

record!(ReturnUrls => ReturnUrlsForm {} optional {
    success: String,
    failure: Option<String>,
    cancelled: Option<String>,
    expired: Option<String>,
});

record!(Options => OptionsForm {} optional {
    provider: String,
    values: BTreeMap<String, OptionValue>,
});

words!(CaptureMode { Automatic = "automatic", Manual = "manual", });
words!(Purpose { Pay = "pay", PayAndSave = "pay_and_save", Save = "save", UseSaved = "use_saved", });
words!(SessionMode { Redirect = "redirect", Api = "api", });
words!(ThreeDSecure { Automatic = "automatic", Challenge = "challenge", Never = "never", });
words!(LineKind {
    Physical = "physical",
    Digital = "digital",
    Service = "service",
    Shipping = "shipping",
    Discount = "discount",
    GiftCard = "gift_card",
    Surcharge = "surcharge",
});
words!(DeliverySpeed {
    Regular = "regular",
    NextDay = "next_day",
    SameDay = "same_day",
    Instant = "instant",
});

own_words!(MethodKind);

/// The written form of [`OptionValue`].
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionForm {
    Text(String),
    Integer(i64),
    Flag(bool),
    List(Vec<OptionForm>),
    Group(BTreeMap<String, OptionForm>),
}

impl Stored for OptionValue {
    type Form = OptionForm;

    fn write(self) -> OptionForm {
        match self {
            Self::Text(text) => OptionForm::Text(text),
            Self::Integer(number) => OptionForm::Integer(number),
            Self::Flag(flag) => OptionForm::Flag(flag),
            Self::List(items) => OptionForm::List(items.write()),
            Self::Group(group) => OptionForm::Group(group.write()),
        }
    }

    fn read(form: OptionForm) -> Result<Self, Malformed> {
        Ok(match form {
            OptionForm::Text(text) => Self::Text(text),
            OptionForm::Integer(number) => Self::Integer(number),
            OptionForm::Flag(flag) => Self::Flag(flag),
            OptionForm::List(items) => Self::List(Stored::read(items)?),
            OptionForm::Group(group) => Self::Group(Stored::read(group)?),
        })
    }
}
