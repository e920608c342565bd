//! Names of things: ids that we mint, keys that callers mint, and fingerprints.
//!
//! An id is a prefix and 26 letters and digits: 48 bits of time in milliseconds, then 80 random
//! bits, in Crockford's base 32. Ids sort by the time of their making and say nothing else.

use std::fmt;

use jiff::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Length of an id without its prefix.
const BODY: usize = 26;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct MalformedId;

fn mint(now: Timestamp, random: [u8; 10]) -> u128 {
    let millis = u128::from(now.as_millisecond().max(0).unsigned_abs());
    let mut low = [0u8; 16];
    low[6..].copy_from_slice(&random);
    (millis << 80) | u128::from_be_bytes(low)
}

fn write_body(value: u128, out: &mut [u8; BODY]) {
    let mut rest = value;
    for place in out.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
}

fn read_body(text: &str) -> Result<u128, MalformedId> {
    if text.len() != BODY {
        return Err(MalformedId);
    }
    text.bytes().try_fold(0u128, |value, byte| {
        let digit = ALPHABET.iter().position(|&letter| letter == byte).ok_or(MalformedId)?;
        // The first of 26 digits may only use three bits; more would not fit in 128.
        if value >> 123 != 0 { Err(MalformedId) } else { Ok((value << 5) | digit as u128) }
    })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u128);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id from the time and ten random bytes.
            #[must_use]
            pub fn mint(now: Timestamp, random: [u8; 10]) -> Self {
                Self(mint(now, random))
            }

            /// Reads an id as [`fmt::Display`] writes it.
            ///
            /// # Errors
            /// [`MalformedId`] for another prefix, length or alphabet.
            pub fn parse(text: &str) -> Result<Self, MalformedId> {
                text.strip_prefix($prefix).ok_or(MalformedId).and_then(read_body).map(Self)
            }

            /// Reads an id as [`Self::alphanumeric`] writes it; `None` for anything else.
            #[must_use]
            pub fn from_alphanumeric(text: &str) -> Option<Self> {
                let body = text.strip_prefix($prefix.trim_end_matches('_'))?;
                read_body(body).ok().map(Self)
            }

            /// The 128 bits, for a store's key.
            #[must_use]
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// An id from the 128 bits of [`Self::to_bytes`].
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }

            /// Its last eight bytes: random, and the same for the same id.
            #[must_use]
            pub fn lot(self) -> u64 {
                let mut last = [0; 8];
                last.copy_from_slice(&self.0.to_be_bytes()[8..]);
                u64::from_be_bytes(last)
            }

            /// The id as letters and digits only, for providers that allow nothing else.
            #[must_use]
            pub fn alphanumeric(self) -> String {
                self.to_string().replace('_', "")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut body = [0u8; BODY];
                write_body(self.0, &mut body);
                f.write_str($prefix)?;
                // The alphabet is ASCII, so this cannot fail.
                f.write_str(std::str::from_utf8(&body).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id!(
    /// A bounded window in which a customer pays or saves a card.
    SessionId, "ses_"
);
id!(
    /// One movement of money and all that follows it.
    PaymentId, "pay_"
);
id!(
    /// One capture of an authorized payment.
    CaptureId, "cap_"
);
id!(
    /// One refund of captured money.
    RefundId, "ref_"
);
id!(
    /// The void of an authorization.
    VoidId, "voi_"
);
id!(
    /// A stored payment method.
    TokenId, "tok_"
);
id!(
    /// A standing instruction to charge a token.
    ScheduleId, "sch_"
);
id!(
    /// A fact that became true.
    EventId, "evt_"
);
id!(
    /// A call that a provider made by itself.
    NoticeId, "ntc_"
);

/// The tenant that everything belongs to, as configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MerchantName(pub String);

/// One set of credentials at one provider, as configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountName(pub String);

impl fmt::Display for MerchantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The caller's `request_id` within its merchant: what makes a call safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// Whose key it is. Two merchants may use the same text.
    pub merchant: MerchantName,
    /// 1 to 64 printable ASCII characters, made by the caller.
    pub request_id: String,
}

/// A hash of the whole canonical request, so that one key cannot stand for two requests.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}{:02x}{:02x}{:02x}…", self.0[0], self.0[1], self.0[2], self.0[3])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_survive_text_and_bytes(bits in any::<[u8; 16]>()) {
            let id = PaymentId::from_bytes(bits);
            prop_assert_eq!(PaymentId::parse(&id.to_string()), Ok(id));
            prop_assert_eq!(PaymentId::from_bytes(id.to_bytes()), id);
        }

        #[test]
        fn later_ids_sort_after_earlier_ones(at in 0i64..4_000_000_000_000, later in 1i64..1_000_000,
            a in any::<[u8; 10]>(), b in any::<[u8; 10]>()) {
            let time = |millis| Timestamp::from_millisecond(millis).expect("in range");
            let (first, second) = (PaymentId::mint(time(at), a), PaymentId::mint(time(at + later), b));
            prop_assert!(first.to_string() < second.to_string());
        }
    }

    #[test]
    fn other_kinds_and_broken_texts_are_refused() {
        let id = PaymentId::from_bytes([7; 16]).to_string();
        assert!(SessionId::parse(&id).is_err());
        assert!(PaymentId::parse(&id[..29]).is_err());
        assert!(PaymentId::parse(&id.to_uppercase()).is_err());
        assert!(PaymentId::parse("pay_zzzzzzzzzzzzzzzzzzzzzzzzzz").is_err());
        assert!(PaymentId::parse("").is_err());
    }

    #[test]
    fn the_alphanumeric_form_suits_strict_providers() {
        let text = PaymentId::from_bytes([7; 16]).alphanumeric();
        assert_eq!(text.len(), 29);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(PaymentId::from_alphanumeric(&text), Some(PaymentId::from_bytes([7; 16])));
        assert_eq!(SessionId::from_alphanumeric(&text), None);
        assert_eq!(PaymentId::from_alphanumeric(&text[..28]), None);
    }
}
