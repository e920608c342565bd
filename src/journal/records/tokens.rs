//! Saved cards, and what may be known of a card.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Malformed, Stored, is_default};
use crate::domain::card::*;
use crate::domain::ids::*;
use crate::domain::money::Currency;
use crate::domain::order::Metadata;
use crate::domain::secret::Secret;

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

words!(TokenStatus { Active = "active", Unusable = "unusable", Deleted = "deleted", });
words!(Unscheduled {
    Other = "other",
    DelayedCharge = "delayed_charge",
    Increment = "increment",
    Resubmission = "resubmission",
    Reauthorization = "reauthorization",
    NoShow = "no_show",
});

/// The written form of [`MerchantReason`].
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
