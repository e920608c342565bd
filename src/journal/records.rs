//! The durable form of what we remember.
//!
//! The domain knows nothing of storage, so each of its types that is stored has a mirror here that
//! says how it is written. Names of fields are forever: a record written today is read by every
//! later version. Adding an optional field is safe in both directions (unknown fields are ignored,
//! missing ones get their default); anything else needs a new format.
//!
//! What has no mirror cannot be stored: a card in clear or encrypted, a CVC, the facts of a
//! browser. Whole records are sealed, see [`super::seal`]; only what is searched for stands beside
//! them in the clear.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::card::*;
use crate::domain::ids::*;
use crate::domain::money::{Currency, Money};
use crate::domain::order::*;
use crate::domain::outcome::{
    Decline, DeclineReason, Failure, FailureReason, Mismatch, NextAction, RetryAdvice, Trace,
};
use crate::domain::payment::*;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::journal::seam::{HistoryEntry, HistoryKind, HistoryNote};

/// The format of all records written by this version, their first byte.
const FORMAT: u8 = 1;

/// The bytes are not a record of a format that this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a record that this version can read")]
pub struct Malformed;

/// What can be stored, and how it is written.
pub trait Stored: Sized {
    /// The written form.
    type Form: Serialize + DeserializeOwned;

    /// How it is written.
    fn write(self) -> Self::Form;

    /// What was written.
    ///
    /// # Errors
    /// [`Malformed`] for a form that no value has.
    fn read(form: Self::Form) -> Result<Self, Malformed>;
}

/// Appends a record to a buffer.
pub fn encode<T: Stored>(value: T, out: &mut Vec<u8>) {
    out.push(FORMAT);
    // Forms are structs, enums, texts, numbers, and maps with text keys; those always have a JSON,
    // and a Vec takes every byte. A record cut short would be refused when it is read.
    if let Err(error) = serde_json::to_writer(&mut *out, &value.write()) {
        debug_assert!(false, "a form without a JSON: {error}");
    }
}

/// Reads a record.
///
/// # Errors
/// [`Malformed`] for anything that [`encode`] would not have written.
pub fn decode<T: Stored>(bytes: &[u8]) -> Result<T, Malformed> {
    let (format, json) = bytes.split_first().ok_or(Malformed)?;
    if *format != FORMAT {
        return Err(Malformed);
    }
    T::read(serde_json::from_slice(json).map_err(|_| Malformed)?)
}

/// A struct of the domain, field by field. Taking it apart without `..` makes the compiler refuse a
/// field that was forgotten. Those under `optional` are left out when they have their default.
macro_rules! record {
    (
        $name:ident => $form:ident { $($field:ident: $kind:ty,)* }
        $(optional { $($extra:ident: $extra_kind:ty,)* })?
    ) => {
        #[doc = concat!("The written form of [`", stringify!($name), "`].")]
        #[derive(PartialEq, Default, Serialize, Deserialize)]
        pub struct $form {
            $($field: <$kind as Stored>::Form,)*
            $($(
                #[serde(default, skip_serializing_if = "is_default")]
                $extra: <$extra_kind as Stored>::Form,
            )*)?
        }

        impl Stored for $name {
            type Form = $form;

            fn write(self) -> $form {
                let $name { $($field,)* $($($extra,)*)? } = self;
                $form { $($field: Stored::write($field),)* $($($extra: Stored::write($extra),)*)? }
            }

            fn read(form: $form) -> Result<Self, Malformed> {
                let $form { $($field,)* $($($extra,)*)? } = form;
                Ok($name { $($field: Stored::read($field)?,)* $($($extra: Stored::read($extra)?,)*)? })
            }
        }
    };
}

/// An enum of the domain without fields, word by word.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal,)* }) => {
        impl Stored for $name {
            type Form = Cow<'static, str>;

            fn write(self) -> Self::Form {
                match self { $(Self::$variant => Cow::Borrowed($word),)* }
            }

            fn read(form: Self::Form) -> Result<Self, Malformed> {
                match form.as_ref() { $($word => Ok(Self::$variant),)* _ => Err(Malformed) }
            }
        }
    };
}

/// An enum of the domain that knows its own words.
macro_rules! own_words {
    ($($name:ident)*) => {$(
        impl Stored for $name {
            type Form = Cow<'static, str>;

            fn write(self) -> Self::Form {
                Cow::Borrowed(self.word())
            }

            fn read(form: Self::Form) -> Result<Self, Malformed> {
                Self::from_word(&form).ok_or(Malformed)
            }
        }
    )*};
}

/// What is written as it is.
macro_rules! plain {
    ($($name:ty),*) => {$(
        impl Stored for $name {
            type Form = Self;

            fn write(self) -> Self {
                self
            }

            fn read(form: Self) -> Result<Self, Malformed> {
                Ok(form)
            }
        }
    )*};
}

/// Ids, in the form in which everybody else sees them.
macro_rules! ids {
    ($($name:ident)*) => {$(
        impl Stored for $name {
            type Form = String;

            fn write(self) -> String {
                self.to_string()
            }

            fn read(form: String) -> Result<Self, Malformed> {
                Self::parse(&form).map_err(|_| Malformed)
            }
        }
    )*};
}

/// Names, as their text.
macro_rules! names {
    ($($name:ident)*) => {$(
        impl Stored for $name {
            type Form = String;

            fn write(self) -> String {
                self.0
            }

            fn read(form: String) -> Result<Self, Malformed> {
                Ok(Self(form))
            }
        }
    )*};
}

record!(Payment => PaymentRecord {
    id: PaymentId,
    merchant: MerchantName,
    account: AccountName,
    merchant_reference: String,
    reference: String,
    asked: Money,
    capture: CaptureMode,
    state: PaymentState,
    request_id: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
} optional {
    authorized: i64,
    captured_seen: i64,
    refunded_seen: i64,
    trace: Trace,
    token: Option<TokenId>,
    session: Option<SessionId>,
    merchant_initiated: Option<MerchantReason>,
    decline: Option<Decline>,
    failure: Option<Failure>,
    next_action: Option<NextAction>,
    mismatch: Option<Mismatch>,
    card: Option<CardSummary>,
    network_transaction_id: Option<String>,
    approval_code: Option<String>,
    customer: Option<String>,
    description: Option<String>,
    descriptor: Option<String>,
    metadata: Metadata,
    saved_tokens: Vec<TokenId>,
    saved_awaited_until: Option<Timestamp>,
    undone: bool,
    movements: Vec<MovementRecord>,
    follow_up: Option<FollowUp>,
    sent_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
});

record!(MovementRecord => MovementForm {
    id: MovementId,
    amount: Money,
    status: MovementStatus,
    before: (i64, i64),
    request_id: String,
    created_at: Timestamp,
    updated_at: Timestamp,
} optional {
    provider_id: Option<String>,
    decline: Option<Decline>,
    failure: Option<Failure>,
    reason: Option<String>,
    reason_word: Option<String>,
    of_capture: Option<CaptureId>,
    metadata: Metadata,
    final_capture: bool,
    lines: Vec<LinePart>,
    options: Options,
    sent_at: Option<Timestamp>,
});

record!(FollowUp => FollowUpForm {
    since: Timestamp,
    inquiries: u32,
    next_at: Timestamp,
} optional {
    last_at: Option<Timestamp>,
});

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

record!(Token => TokenRecord {
    id: TokenId,
    merchant: MerchantName,
    account: AccountName,
    stored: StoredToken,
    status: TokenStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
} optional {
    deleted_at_provider: bool,
    card: CardSummary,
    uses: TokenUses,
    customer: Option<String>,
    session: Option<SessionId>,
    payment: Option<PaymentId>,
    metadata: Metadata,
    last_used_at: Option<Timestamp>,
});

record!(StoredToken => StoredTokenForm {
    values: BTreeMap<String, Secret<String>>,
} optional {
    product: Option<String>,
    handle: Option<String>,
    customer: Option<String>,
    original: Option<String>,
    original_currency: Option<Currency>,
    network_transaction_id: Option<String>,
});

record!(CardSummary => CardSummaryForm {} optional {
    brand: Option<String>,
    last_four: Option<String>,
    bin: Option<String>,
    expiry_month: Option<u8>,
    expiry_year: Option<u16>,
    funding: Option<String>,
    issuer_country: Option<String>,
    fingerprint: Option<String>,
    authentication: Option<Authentication>,
});

record!(Authentication => AuthenticationForm {} optional {
    status: Option<String>,
    eci: Option<String>,
    version: Option<String>,
});

record!(TokenUses => TokenUsesForm {} optional {
    customer_present: bool,
    recurring: bool,
    unscheduled: bool,
});

record!(Trace => TraceForm {} optional {
    reference: String,
    session: Option<String>,
    session_key: Option<Secret<String>>,
    transaction: Option<String>,
    order: Option<String>,
    customer: Option<String>,
    more: BTreeMap<String, String>,
});

record!(Decline => DeclineForm {
    reason: DeclineReason,
    advice: RetryAdvice,
} optional {
    retry_after: Option<Timestamp>,
    provider_code: Option<String>,
    provider_message: Option<String>,
    network_code: Option<String>,
    network_advice: Option<String>,
});

record!(Failure => FailureForm {
    reason: FailureReason,
} optional {
    provider_code: Option<String>,
    provider_message: Option<String>,
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
words!(TokenStatus { Active = "active", Unusable = "unusable", Deleted = "deleted", });
words!(Unscheduled {
    Other = "other",
    DelayedCharge = "delayed_charge",
    Increment = "increment",
    Resubmission = "resubmission",
    Reauthorization = "reauthorization",
    NoShow = "no_show",
});
words!(RetryAdvice {
    Never = "never",
    Later = "later",
    WithCustomer = "with_customer",
    CorrectData = "correct_data",
});
words!(FailureReason {
    Rejected = "rejected",
    CredentialsRejected = "credentials_rejected",
    NotSent = "not_sent",
    NotFound = "not_found",
    ProviderError = "provider_error",
    Unsupported = "unsupported",
});

own_words!(PaymentState MovementStatus DeclineReason MethodKind);
plain!(String, bool, u8, u16, u32, u64, i64, (i64, i64), Timestamp);
ids!(CaptureId PaymentId SessionId TokenId);
names!(MerchantName AccountName);

/// A currency by its code.
impl Stored for Currency {
    type Form = Cow<'static, str>;

    fn write(self) -> Self::Form {
        Cow::Owned(self.code().to_owned())
    }

    fn read(code: Self::Form) -> Result<Self, Malformed> {
        Self::parse(&code).map_err(|_| Malformed)
    }
}

/// An amount as minor units and currency.
impl Stored for Money {
    type Form = (i64, Cow<'static, str>);

    fn write(self) -> Self::Form {
        (self.minor(), Cow::Owned(self.currency().code().to_owned()))
    }

    fn read((minor, code): Self::Form) -> Result<Self, Malformed> {
        let currency = Currency::parse(&code).map_err(|_| Malformed)?;
        Self::new(minor, currency).map_err(|_| Malformed)
    }
}

impl Stored for MovementId {
    type Form = String;

    fn write(self) -> String {
        self.to_string()
    }

    fn read(form: String) -> Result<Self, Malformed> {
        Self::parse(&form).ok_or(Malformed)
    }
}

/// The written form of [`MerchantReason`].
#[expect(missing_docs, reason = "as in the type that it mirrors")]
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MerchantReasonForm {
    Recurring,
    Unscheduled(<Unscheduled as Stored>::Form),
    Installment,
}

impl Stored for MerchantReason {
    type Form = MerchantReasonForm;

    fn write(self) -> Self::Form {
        match self {
            Self::Recurring => MerchantReasonForm::Recurring,
            Self::Unscheduled(kind) => MerchantReasonForm::Unscheduled(kind.write()),
            Self::Installment => MerchantReasonForm::Installment,
        }
    }

    fn read(form: Self::Form) -> Result<Self, Malformed> {
        Ok(match form {
            MerchantReasonForm::Recurring => Self::Recurring,
            MerchantReasonForm::Unscheduled(kind) => Self::Unscheduled(Stored::read(kind)?),
            MerchantReasonForm::Installment => Self::Installment,
        })
    }
}

/// The written form of [`NextAction`].
#[expect(missing_docs, reason = "as in the type that it mirrors")]
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextActionForm {
    Redirect {
        url: String,
    },
    CollectCard {
        public_key: String,
        #[serde(default, skip_serializing_if = "is_default")]
        key_id: Option<String>,
        algorithm: String,
        #[serde(default, skip_serializing_if = "is_default")]
        expires_at: Option<Timestamp>,
    },
    Instructions {
        details: BTreeMap<String, String>,
    },
}

impl Stored for NextAction {
    type Form = NextActionForm;

    fn write(self) -> Self::Form {
        match self {
            Self::Redirect { url } => NextActionForm::Redirect { url },
            Self::CollectCard { public_key, key_id, algorithm, expires_at } => {
                NextActionForm::CollectCard { public_key, key_id, algorithm, expires_at }
            }
            Self::Instructions { details } => NextActionForm::Instructions { details },
        }
    }

    fn read(form: Self::Form) -> Result<Self, Malformed> {
        Ok(match form {
            NextActionForm::Redirect { url } => Self::Redirect { url },
            NextActionForm::CollectCard { public_key, key_id, algorithm, expires_at } => {
                Self::CollectCard { public_key, key_id, algorithm, expires_at }
            }
            NextActionForm::Instructions { details } => Self::Instructions { details },
        })
    }
}

/// The written form of [`OptionValue`].
#[expect(missing_docs, reason = "as in the type that it mirrors")]
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

/// The written form of [`Mismatch`].
#[derive(PartialEq, Serialize, Deserialize)]
pub struct MismatchForm {
    what: Cow<'static, str>,
    asked: String,
    seen: String,
}

impl Stored for Mismatch {
    type Form = MismatchForm;

    fn write(self) -> MismatchForm {
        let Self { what, asked, seen } = self;
        MismatchForm { what: Cow::Borrowed(what), asked, seen }
    }

    fn read(form: MismatchForm) -> Result<Self, Malformed> {
        let MismatchForm { what, asked, seen } = form;
        // A word of a later version must not make the whole payment unreadable.
        let what = ["amount", "currency", "reference"].into_iter().find(|known| *known == what);
        let what = what.unwrap_or("another field");
        Ok(Self { what, asked, seen })
    }
}

/// The written form of a [`Secret`] text, hidden until the moment it is written.
#[derive(PartialEq)]
pub struct SecretForm(Secret<String>);

impl Serialize for SecretForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Forms are only ever written into a buffer that is sealed where it stands.
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for SecretForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl Stored for Secret<String> {
    type Form = SecretForm;

    fn write(self) -> SecretForm {
        SecretForm(self)
    }

    fn read(form: SecretForm) -> Result<Self, Malformed> {
        Ok(form.0)
    }
}

impl<T: Stored> Stored for Option<T> {
    type Form = Option<T::Form>;

    fn write(self) -> Self::Form {
        self.map(T::write)
    }

    fn read(form: Self::Form) -> Result<Self, Malformed> {
        form.map(T::read).transpose()
    }
}

impl<T: Stored> Stored for Vec<T> {
    type Form = Vec<T::Form>;

    fn write(self) -> Self::Form {
        self.into_iter().map(T::write).collect()
    }

    fn read(form: Self::Form) -> Result<Self, Malformed> {
        form.into_iter().map(T::read).collect()
    }
}

impl<T: Stored> Stored for BTreeMap<String, T> {
    type Form = BTreeMap<String, T::Form>;

    fn write(self) -> Self::Form {
        self.into_iter().map(|(name, value)| (name, value.write())).collect()
    }

    fn read(form: Self::Form) -> Result<Self, Malformed> {
        form.into_iter().map(|(name, value)| Ok((name, T::read(value)?))).collect()
    }
}

/// Whether a field can be left out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The notes of one entry, as one text. They are not sealed: they hold nothing secret.
#[must_use]
pub fn encode_notes(notes: Vec<HistoryNote>) -> String {
    let notes: Vec<NoteForm> = notes.into_iter().map(NoteForm::from).collect();
    // As in `encode`: this form always has a JSON.
    serde_json::to_string(&notes).unwrap_or_default()
}

/// Reads what [`encode_notes`] wrote; `sequence` is the number of the first.
///
/// # Errors
/// [`Malformed`] for anything else.
pub fn decode_notes(text: &str, sequence: u64) -> Result<Vec<HistoryEntry>, Malformed> {
    let notes: Vec<NoteForm> = serde_json::from_str(text).map_err(|_| Malformed)?;
    notes.into_iter().zip(sequence..).map(|(note, sequence)| note.read(sequence)).collect()
}

/// The written form of [`HistoryNote`], read back as a [`HistoryEntry`].
#[derive(Serialize, Deserialize)]
struct NoteForm {
    at: Timestamp,
    kind: Cow<'static, str>,
    summary: String,
    #[serde(default, skip_serializing_if = "is_default")]
    exchange: String,
    #[serde(default, skip_serializing_if = "is_default")]
    http_status: u16,
    state: <PaymentState as Stored>::Form,
}

impl From<HistoryNote> for NoteForm {
    fn from(note: HistoryNote) -> Self {
        let HistoryNote { at, kind, summary, exchange, http_status, state } = note;
        Self { at, kind: Cow::Borrowed(kind.word()), summary, exchange, http_status, state: state.write() }
    }
}

impl NoteForm {
    fn read(self, sequence: u64) -> Result<HistoryEntry, Malformed> {
        let Self { at, kind, summary, exchange, http_status, state } = self;
        // A word of a later version must not hide the rest of the story.
        let (kind, state) = (HistoryKind::from_word(&kind), Stored::read(state)?);
        Ok(HistoryEntry { sequence, at, kind, summary, exchange, http_status, state })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A payment as the first released version wrote it. It must be readable for ever: when this
    /// test fails, the change needs a new [`FORMAT`], and not a new expectation.
    const FIRST: &str = r#"{
        "id": "pay_01kq0000000000000000000000", "merchant": "shop", "account": "nordic",
        "merchant_reference": "order-1", "reference": "pay1", "asked": [10000, "NOK"],
        "capture": "manual", "state": "AUTHORIZED", "request_id": "request-1",
        "created_at": "2026-09-21T12:00:00.123456789Z", "updated_at": "2026-09-21T12:00:01Z",
        "version": 3, "authorized": 10000,
        "trace": {"reference": "pay1", "session_key": "secret", "more": {"shop": "7"}},
        "merchant_initiated": {"unscheduled": "no_show"},
        "next_action": {"redirect": {"url": "https://provider.example/pay"}},
        "card": {"brand": "visa", "authentication": {"status": "Y"}},
        "movements": [{
            "id": "cap_01kq0000000000000000000001", "amount": [500, "NOK"], "status": "PENDING",
            "before": [0, 0], "request_id": "request-2", "created_at": "2026-09-21T12:00:02Z",
            "updated_at": "2026-09-21T12:00:02Z", "options": {"provider": "p", "values": {
                "a": {"text": "b"}, "c": {"list": [{"integer": -1}, {"flag": true}]}
            }}
        }],
        "follow_up": {
            "since": "2026-09-21T12:00:02Z", "inquiries": 2, "next_at": "2026-09-21T12:01:00Z"
        },
        "a_field_of_a_later_version": {"and": ["what", 1.5, "it holds"]}
    }"#;

    fn with_format(format: u8, json: &str) -> Vec<u8> {
        [&[format], json.as_bytes()].concat()
    }

    #[test]
    fn what_the_first_version_wrote_is_read() {
        let payment: Payment = decode(&with_format(1, FIRST)).expect("readable");
        assert_eq!(payment.created_at.subsec_nanosecond(), 123_456_789);
        assert_eq!(payment.merchant_initiated, Some(MerchantReason::Unscheduled(Unscheduled::NoShow)));
        assert_eq!(payment.movements[0].status, MovementStatus::Pending);
        assert_eq!(payment.follow_up.map(|follow_up| follow_up.inquiries), Some(2));
        assert_eq!(payment.token, None);
        let mut again = Vec::new();
        encode(payment.clone(), &mut again);
        assert_eq!(decode(&again), Ok(payment));
    }

    #[test]
    fn what_cannot_be_true_is_malformed() {
        for (from, to) in [
            ("AUTHORIZED", "SOMETHING"),
            ("NOK", "nok"),
            ("[10000,", "[-1,"),
            ("pay_", "tok_"),
            ("\"version\": 3,", ""),
            ("no_show", "a_show"),
        ] {
            let changed = FIRST.replacen(from, to, 1);
            assert_eq!(decode::<Payment>(&with_format(1, &changed)), Err(Malformed), "{from} → {to}");
        }
        assert_eq!(decode::<Payment>(&with_format(2, FIRST)), Err(Malformed), "a later format");
        assert_eq!(decode::<Payment>(&[]), Err(Malformed));
    }

    #[test]
    fn a_mismatch_of_a_later_version_does_not_hide_its_payment() {
        let json = r#"{"what":"colour","asked":"red","seen":"blue"}"#;
        let mismatch: Mismatch = decode(&with_format(1, json)).expect("readable");
        assert_eq!(mismatch.what, "another field");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, at in 0..FIRST.len(), byte: u8) {
            let _ = decode::<Payment>(&bytes);
            let _ = decode::<Session>(&bytes);
            let _ = decode::<Token>(&bytes);
            let mut changed = with_format(1, FIRST);
            changed[1 + at] = byte;
            let _ = decode::<Payment>(&changed);
            let _ = decode_notes(&String::from_utf8_lossy(&bytes), 0);
        }
    }
}
