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
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{Timestamp, civil};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::ids::*;
use crate::domain::money::{Currency, Money};

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

/// A record as a text, for what needs no sealing: it holds nothing secret.
pub fn encode_text<T: Stored>(value: T) -> String {
    // As in [`encode`]: a form always has a JSON.
    serde_json::to_string(&value.write()).unwrap_or_default()
}

/// Reads a record of [`encode_text`].
///
/// # Errors
/// [`Malformed`] for anything else.
pub fn decode_text<T: Stored>(text: &str) -> Result<T, Malformed> {
    T::read(serde_json::from_str(text).map_err(|_| Malformed)?)
}

/// A struct of the domain, field by field. Taking it apart without `..` makes the compiler refuse a
/// field that was forgotten. Those under `optional` are left out when they have their default. Those
/// under `beside` are never in the record: they stand beside it, and are read back as their default.
macro_rules! record {
    (
        $name:ident => $form:ident { $($field:ident: $kind:ty,)* }
        $(optional { $($extra:ident: $extra_kind:ty,)* })?
        $(beside { $($apart:ident,)* })?
    ) => {
        #[doc = concat!("The written form of [`", stringify!($name), "`].")]
        #[derive(PartialEq, Default, serde::Serialize, serde::Deserialize)]
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
                let $name { $($field,)* $($($extra,)*)? $($($apart: _,)*)? } = self;
                $form { $($field: Stored::write($field),)* $($($extra: Stored::write($extra),)*)? }
            }

            fn read(form: $form) -> Result<Self, Malformed> {
                let $form { $($field,)* $($($extra,)*)? } = form;
                Ok($name {
                    $($field: Stored::read($field)?,)*
                    $($($extra: Stored::read($extra)?,)*)?
                    $($($apart: Default::default(),)*)?
                })
            }
        }
    };
}

/// An enum of the domain without fields, word by word.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal,)* }) => {
        impl Stored for $name {
            type Form = std::borrow::Cow<'static, str>;

            fn write(self) -> Self::Form {
                match self { $(Self::$variant => std::borrow::Cow::Borrowed($word),)* }
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
            type Form = std::borrow::Cow<'static, str>;

            fn write(self) -> Self::Form {
                std::borrow::Cow::Borrowed(self.word())
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

mod events;
mod notes;
mod notices;
mod orders;
mod outcomes;
mod payments;
mod schedules;
mod tokens;

pub use self::notes::{decode_notes, encode_notes};

plain!(String, bool, u8, u16, u32, u64, i64, Timestamp, civil::Date, civil::Time);
ids!(CaptureId EventId NoticeId PaymentId ScheduleId SessionId TokenId);
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
/// Seconds and nanoseconds.
impl Stored for Duration {
    type Form = (u64, u32);

    fn write(self) -> Self::Form {
        (self.as_secs(), self.subsec_nanos())
    }

    fn read((seconds, nanoseconds): Self::Form) -> Result<Self, Malformed> {
        if nanoseconds >= 1_000_000_000 { Err(Malformed) } else { Ok(Self::new(seconds, nanoseconds)) }
    }
}

/// A hash as hexadecimal digits; nothing at all for zeros.
impl Stored for [u8; 32] {
    type Form = String;

    fn write(self) -> String {
        if self == [0; 32] {
            return String::new();
        }
        self.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn read(form: String) -> Result<Self, Malformed> {
        let mut hash = [0; 32];
        if form.is_empty() {
            return Ok(hash);
        }
        if form.len() != 64 || !form.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Malformed);
        }
        for (place, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&form[2 * place..2 * place + 2], 16).map_err(|_| Malformed)?;
        }
        Ok(hash)
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

impl<T: Stored, U: Stored> Stored for (T, U) {
    type Form = (T::Form, U::Form);

    fn write(self) -> Self::Form {
        (self.0.write(), self.1.write())
    }

    fn read((first, second): Self::Form) -> Result<Self, Malformed> {
        Ok((T::read(first)?, U::read(second)?))
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

impl<T: Stored> Stored for Box<T> {
    type Form = T::Form;

    fn write(self) -> Self::Form {
        (*self).write()
    }

    fn read(form: Self::Form) -> Result<Self, Malformed> {
        T::read(form).map(Self::new)
    }
}

impl<T: Stored + Ord> Stored for BTreeSet<T> {
    type Form = Vec<T::Form>;

    fn write(self) -> Self::Form {
        self.into_iter().map(T::write).collect()
    }

    fn read(form: Self::Form) -> Result<Self, Malformed> {
        form.into_iter().map(T::read).collect()
    }
}

/// Whether a field can be left out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::card::{MerchantReason, Token, Unscheduled};
    use crate::domain::outcome::Mismatch;
    use crate::domain::payment::{MovementStatus, Payment};
    use crate::domain::session::Session;

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
