//! What a digest covers, in which order and in which text forms (dossier, section 11, November 2026).
//!
//! The values are joined without anything between them, so one digest fits every way of cutting the same
//! characters into fields; and a customer sees the digest of the own payment in the address of the way
//! back. So a field counts only where its text has the one form that the provider gives it. Two cuts
//! are left open even then, between two numbers: `id` from `integration_id`, and `order.id` from
//! `owner`. Only whoever knows the second number of each knows the first.

use aws_lc_rs::hmac;
use serde_json::{Map, Value};

use super::verdict::is_number;
use crate::domain::money::Currency;
use crate::domain::secret::Secret;

/// HMAC-SHA-512 in hexadecimal digits.
const DIGEST_CHARS: usize = 128;

/// The form of a value's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Decimal digits as they are counted: no sign, no zero in front.
    Number,
    /// `2026-03-02T11:21:44.592345`, with an offset or without.
    Time,
    /// A code of ISO 4217.
    Currency,
    /// `true` or `false`.
    Flag,
    /// Letters, spaces and hyphens: a brand.
    Word,
    /// A masked card number: its last four digits, perhaps after crosses.
    Masked,
    /// Anything.
    Text,
}

/// A signed value: where it stands, and its form.
type Field = (&'static [&'static str], Form);

/// The values of a transaction (section 11.1).
pub(super) const TRANSACTION: &[Field] = &[
    (&["amount_cents"], Form::Number),
    (&["created_at"], Form::Time),
    (&["currency"], Form::Currency),
    (&["error_occured"], Form::Flag),
    (&["has_parent_transaction"], Form::Flag),
    (&["id"], Form::Number),
    (&["integration_id"], Form::Number),
    (&["is_3d_secure"], Form::Flag),
    (&["is_auth"], Form::Flag),
    (&["is_capture"], Form::Flag),
    (&["is_refunded"], Form::Flag),
    (&["is_standalone_payment"], Form::Flag),
    (&["is_voided"], Form::Flag),
    (&["order", "id"], Form::Number),
    (&["owner"], Form::Number),
    (&["pending"], Form::Flag),
    (&["source_data", "pan"], Form::Text),
    (&["source_data", "sub_type"], Form::Text),
    (&["source_data", "type"], Form::Text),
    (&["success"], Form::Flag),
];

/// The values of a saved card: eight of its ten (section 11.2).
pub(super) const TOKEN: &[Field] = &[
    (&["card_subtype"], Form::Word),
    (&["created_at"], Form::Time),
    (&["email"], Form::Text),
    (&["id"], Form::Number),
    (&["masked_pan"], Form::Masked),
    (&["merchant_id"], Form::Number),
    (&["order_id"], Form::Number),
    (&["token"], Form::Text),
];

/// The values of news of a delivery, which no payment of ours has (section 11, less certain).
pub(super) const DELIVERY: &[Field] = &[
    (&["order_id"], Form::Number),
    (&["order_delivery_status"], Form::Text),
    (&["merchant_id"], Form::Number),
    (&["merchant_name"], Form::Text),
    (&["updated_at"], Form::Text),
];

/// The signed values of one body, as they are joined.
pub(super) struct Signed(Vec<(Field, String)>);

impl Signed {
    /// Takes the values out of a body; `None` where one is a list or an object.
    pub(super) fn of(body: &Value, fields: &'static [Field]) -> Option<Self> {
        Self::from(fields, |path| {
            let found = path.iter().try_fold(body, |value, name| value.get(name));
            match found {
                // Most clients leave a null out; nobody has a genuine example (section 11.1).
                None | Some(Value::Null) => Some(String::new()),
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Bool(flag)) => Some(flag.to_string()),
                // The digits as they stand, never by way of a float.
                Some(Value::Number(number)) => Some(number.to_string()),
                Some(Value::Array(_) | Value::Object(_)) => None,
            }
        })
    }

    /// Takes them from wherever `text` finds them.
    pub(super) fn from(
        fields: &'static [Field],
        text: impl Fn(&'static [&'static str]) -> Option<String>,
    ) -> Option<Self> {
        fields.iter().map(|field| Some((*field, text(field.0)?))).collect::<Option<_>>().map(Self)
    }

    /// The message under the digest.
    pub(super) fn message(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Whether every value that is there has its form.
    pub(super) fn is_in_form(&self) -> bool {
        self.0.iter().all(|((_, form), text)| text.is_empty() || form.fits(text))
    }

    /// The text of a value; `None` where it is missing.
    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        let (_, text) = self.0.iter().find(|((known, _), _)| *known == path)?;
        (!text.is_empty()).then_some(text.as_str())
    }

    /// Whether a flag is there and says this.
    pub(super) fn says(&self, name: &str, flag: bool) -> bool {
        self.text(&[name]) == Some(if flag { "true" } else { "false" })
    }

    /// The body without whatever is not signed.
    pub(super) fn body(&self) -> Value {
        let mut body = Map::new();
        for ((path, _), text) in &self.0 {
            match path {
                [outer, name] => {
                    let inner = body.entry(*outer).or_insert_with(|| Value::Object(Map::new()));
                    inner[*name] = Value::from(text.as_str());
                }
                path => {
                    body.insert(path.concat(), Value::from(text.as_str()));
                }
            }
        }
        Value::Object(body)
    }
}

impl Form {
    fn fits(self, text: &str) -> bool {
        match self {
            Self::Number => is_number(text) && (text == "0" || !text.starts_with('0')),
            Self::Time => is_time(text),
            Self::Currency => {
                text.bytes().all(|byte| byte.is_ascii_uppercase()) && Currency::parse(text).is_ok()
            }
            Self::Flag => matches!(text, "true" | "false"),
            Self::Word => {
                let fits = |char: char| char.is_alphabetic() || matches!(char, ' ' | '-');
                text.starts_with(char::is_alphabetic) && text.chars().all(fits)
            }
            Self::Masked => {
                text.split_at_checked(text.len().saturating_sub(4)).is_some_and(|(before, last)| {
                    let is_mask = before.bytes().all(|byte| matches!(byte, b'x' | b'X' | b'*' | b'-'));
                    is_mask && last.len() == 4 && last.bytes().all(|byte| byte.is_ascii_digit())
                })
            }
            Self::Text => true,
        }
    }
}

/// A year has four digits here, which is where an amount before it ends.
fn is_time(text: &str) -> bool {
    let pattern = "0000-00-00T00:00:00".bytes();
    let matches =
        |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    text.len() >= pattern.len()
        && text.bytes().zip(pattern.clone()).all(matches)
        && text.bytes().skip(pattern.len()).all(|byte| byte.is_ascii_digit() || b".:+-Z".contains(&byte))
}

/// Whether one of the secrets made this digest. A secret is plain text, although it looks like
/// hexadecimal; how long the comparison takes says nothing.
pub(super) fn is_genuine(secrets: &[Secret<String>], message: &str, digest: &str) -> bool {
    let Some(digest) = bytes(digest) else { return false };
    secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA512, secret.expose().as_bytes());
        hmac::verify(&key, message.as_bytes(), &digest).is_ok()
    })
}

/// The bytes of a digest: lower-case hexadecimal, and all of it.
fn bytes(digest: &str) -> Option<Vec<u8>> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digest.len() != DIGEST_CHARS || !digest.bytes().all(is_digit) {
        return None;
    }
    let pairs = (0..DIGEST_CHARS).step_by(2).map(|at| digest.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}
