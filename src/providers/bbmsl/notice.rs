//! Whether a notification is the provider's: the rule of the dossier's section 12.2.
//!
//! A verified notification is a reason to ask, never news by itself: it has no currency, may be a
//! replay, and the text that is signed is not escaped. This file must never settle anything.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::account::is_id;

/// The largest body that is looked at, in bytes (section 12.4).
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Fields of a notification; the published ones have eight.
const FIELDS_MAX: usize = 64;

/// A public key of the provider.
#[derive(Clone)]
pub struct ProviderKey(Vec<u8>);

/// What a verified notification is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// An order was paid: ask for it.
    Order {
        /// Our reference of the order.
        reference: String,
        /// The provider's id of the order.
        order: String,
    },
    /// A card was stored: ask for the cards of its owner.
    Card {
        /// Whose card it is.
        user: String,
    },
}

impl ProviderKey {
    /// Reads an X.509 SubjectPublicKeyInfo, base64 or PEM; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let der = super::signing::der(text)?;
        aws_lc_rs::rsa::PublicEncryptingKey::from_der(&der).ok()?;
        Some(Self(der.to_vec()))
    }

    fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0);
        key.verify(text.as_bytes(), signature).is_ok()
    }
}

/// Reads a notification; `None` unless one of the keys signed it and it is whole.
#[must_use]
pub fn read(body: &[u8], keys: &[ProviderKey]) -> Option<Notice> {
    if body.len() > BODY_BYTES_MAX {
        return None;
    }
    let fields = Flat::read(body)?;
    let signature = BASE64.decode(fields.text("signature")?).ok()?;
    // How a null is written is not published (A6): left out, empty, or as the word.
    let readings = [None, Some(""), Some("null")];
    let is_signed = readings.iter().any(|null| {
        let text = fields.signed_text(*null);
        keys.iter().any(|key| key.verifies(&text, &signature))
    });
    if !is_signed {
        return None;
    }
    // Nothing is escaped in what is signed, so a value with an ampersand could hold further fields.
    if fields.iter().any(|(name, value)| name.contains(['&', '=']) || value.contains('&')) {
        return None;
    }
    let text = |name: &str| fields.text(name).filter(|value| !value.is_empty());
    match (text("orderId"), text("tokenId")) {
        (Some(order), _) => {
            let reference = text("merchantReference").filter(|reference| is_reference(reference))?;
            let is_whole = text("amount").is_some() && text("status").is_some() && is_id(order);
            is_whole.then(|| Notice::Order { reference: reference.to_owned(), order: order.to_owned() })
        }
        (None, Some(_)) => Some(Notice::Card { user: text("userId")?.to_owned() }),
        (None, None) => None,
    }
}

/// The fields of a flat object in the order of their names.
struct Flat(Vec<(String, Option<String>)>);

impl Flat {
    /// `None` for what is no flat object: nested values and duplicate names are refused.
    fn read(body: &[u8]) -> Option<Self> {
        let Pairs(mut pairs) = serde_json::from_slice(body).ok()?;
        pairs.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
        if pairs.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return None;
        }
        let spelled = |(name, value): (String, Value)| match value {
            Value::Null => Some((name, None)),
            Value::String(text) => Some((name, Some(text))),
            // The original text of a number: `15.00` stays `15.00`.
            Value::Number(number) => Some((name, Some(number.to_string()))),
            Value::Bool(flag) => Some((name, Some(flag.to_string()))),
            Value::Array(_) | Value::Object(_) => None,
        };
        pairs.into_iter().map(spelled).collect::<Option<Vec<_>>>().map(Self)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name)?.1.as_deref()
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()))
    }

    /// What is signed: `name=value` of every field but the signature, joined by ampersands.
    fn signed_text(&self, null: Option<&str>) -> String {
        let pairs = self.0.iter().filter(|(name, _)| name != "signature").filter_map(|(name, value)| {
            let value = value.as_deref().or(null)?;
            Some(format!("{name}={value}"))
        });
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// An object's members as they stand, so that a name that stands twice is seen.
struct Pairs(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a flat object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                    if pairs.len() > FIELDS_MAX {
                        return Err(serde::de::Error::custom("too many fields"));
                    }
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Our references hold nothing else, so that what is signed cannot be read in two ways.
fn is_reference(text: &str) -> bool {
    text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Value {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/simulator_samples/bbmsl")
            .join(format!("{name}.json"));
        serde_json::from_str(&std::fs::read_to_string(path).expect("a sample")).expect("JSON")
    }

    fn key() -> ProviderKey {
        let keys = sample("00_sample_keys");
        ProviderKey::read(keys["provider"]["public_key_spki_base64_der"].as_str().expect("a key"))
            .expect("a key")
    }

    fn raw(name: &str) -> String {
        sample(name)["raw_body"].as_str().expect("a body").to_owned()
    }

    #[test]
    fn the_samples_are_signed_over_the_text_that_they_name() {
        for name in ["03_token_notification", "37_payment_notification"] {
            let flat = Flat::read(raw(name).as_bytes()).expect("flat");
            assert_eq!(flat.signed_text(None), sample(name)["signed_string"], "{name}");
        }
        let keys = [key()];
        let order = Notice::Order { reference: "pay-01hx7n0b2c3d4e5f".to_owned(), order: "91101".to_owned() };
        assert_eq!(read(raw("37_payment_notification").as_bytes(), &keys), Some(order));
        let card = Notice::Card { user: "c7f1e09a4b2d4f0e8a6d5b3c2a190f7e".to_owned() };
        assert_eq!(read(raw("03_token_notification").as_bytes(), &keys), Some(card));
    }

    #[test]
    fn nothing_else_is_believed() {
        let keys = [key()];
        let good = raw("37_payment_notification");
        for forged in [
            good.replace("450.00", "451.00"),
            good.replace("SUCCESS", "SETTLED"),
            good.replacen('{', "{\"status\":\"SUCCESS\",", 1),
            good.replace("\"450.00\"", "[\"450.00\"]"),
            // The same signed text with one field less: the ambiguity of section 12.2.
            good.replace("\"orderId\":\"91101\"", "\"orderId\":\"91101&status=SUCCESS\"")
                .replace(",\"status\":\"SUCCESS\"", ""),
            "[]".to_owned(),
            "null".to_owned(),
        ] {
            assert_ne!(forged, good);
            assert_eq!(read(forged.as_bytes(), &keys), None, "{forged}");
        }
        let environment = ProviderKey::read(include_str!("provider_key_sit.txt")).expect("a key");
        assert_eq!(read(good.as_bytes(), &[environment]), None, "another environment's key");
        assert_eq!(read(good.as_bytes(), &[]), None);
    }

    #[test]
    fn numbers_are_signed_as_they_are_written() {
        let flat = Flat::read(br#"{"b":15.00,"a":null,"Z":"1","signature":"x"}"#).expect("flat");
        assert_eq!(flat.signed_text(None), "Z=1&b=15.00");
        assert_eq!(flat.signed_text(Some("")), "Z=1&a=&b=15.00");
        assert_eq!(flat.signed_text(Some("null")), "Z=1&a=null&b=15.00");
    }
}
