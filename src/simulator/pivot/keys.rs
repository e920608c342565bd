//! The card keys: one pair for each session, and what a page encrypted with it (§10).
//!
//! The plaintext is a card: it is read into a [`Card`] here and goes nowhere else.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::simulator::card::{Card, is_cvc};

/// A key pair of one session.
pub struct Pair {
    /// Standard base64 of the public key, as the session shows it.
    pub public: String,
    private: PrivateDecryptingKey,
}

// The private key is for nobody's eyes.
impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pair(…)")
    }
}

impl Pair {
    /// A fresh pair of 2,048 bits: a tenth of a second of work.
    pub fn generate() -> Option<Pair> {
        Pair::of(PrivateDecryptingKey::generate(KeySize::Rsa2048).ok()?)
    }

    /// A pair from its private key (PKCS #8, DER).
    #[cfg(test)]
    pub fn from_pkcs8(der: &[u8]) -> Option<Pair> {
        Pair::of(PrivateDecryptingKey::from_pkcs8(der).ok()?)
    }

    fn of(private: PrivateDecryptingKey) -> Option<Pair> {
        let der = AsDer::<PublicKeyX509Der<'_>>::as_der(&private.public_key()).ok()?;
        Some(Pair { public: STANDARD.encode(der.as_ref()), private })
    }

    /// What a page encrypted: an envelope of base64 within base64.
    pub fn decrypt(&self, encrypted_card: &str) -> Result<Value, &'static str> {
        let envelope = STANDARD.decode(encrypted_card).map_err(|_| "is not base64")?;
        let envelope: Value = serde_json::from_slice(&envelope).map_err(|_| "is no envelope")?;
        // One documented sample has the names with a capital letter.
        let part = |name: &str, capital: &str| {
            let text = envelope.get(name).or_else(|| envelope.get(capital)).and_then(Value::as_str);
            STANDARD
                .decode(text.ok_or("lacks a part of the envelope")?)
                .map_err(|_| "has a part that is not base64")
        };
        let wrapped = part("encryptedKey", "EncryptedKey")?;
        let nonce = part("nonce", "Nonce")?;
        let mut sealed = part("ciphertext", "Ciphertext")?;
        let wrong_key = "cannot be decrypted with the key of this session";
        let decrypting = OaepPrivateDecryptingKey::new(self.private.clone()).map_err(|_| wrong_key)?;
        let mut room = vec![0; decrypting.min_output_size()];
        let key =
            decrypting.decrypt(&OAEP_SHA256_MGF1SHA256, &wrapped, &mut room, None).map_err(|_| wrong_key)?;
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| wrong_key)?;
        let nonce =
            Nonce::try_assume_unique_for_key(&nonce).map_err(|_| "has a nonce that is not 12 bytes")?;
        let plain = LessSafeKey::new(key)
            .open_in_place(nonce, Aad::empty(), &mut sealed)
            .map_err(|_| "was changed on the way")?;
        serde_json::from_slice(plain).map_err(|_| "is no JSON inside")
    }
}

/// The card within a plaintext. All leaves are texts; month and year have two digits.
pub fn card(plain: &Value) -> Result<Card, &'static str> {
    let text = |name: &str| plain["card"][name].as_str();
    let (Some(number), Some(month), Some(year), Some(cvc)) =
        (text("number"), text("expiryMonth"), text("expiryYear"), text("cvc"))
    else {
        return Err("lacks number, expiryMonth, expiryYear or cvc as texts");
    };
    if month.len() != 2 || year.len() != 2 {
        return Err("wants two digits for month and year");
    }
    if number.contains(' ') || !is_cvc(cvc) {
        return Err("has a number with spaces or a wrong cvc");
    }
    if !plain["deviceInformations"].is_object() {
        return Err("lacks deviceInformations");
    }
    Card::new(number, month, year, text("nameOnCard")).map_err(|_| "is no card")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Value {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulator_samples/pivot");
        let text = std::fs::read_to_string(format!("{root}/{name}.json")).expect("a sample");
        serde_json::from_str(&text).expect("JSON")
    }

    fn double() -> Pair {
        let keys = sample("24_sandbox_double_key_pair");
        let der = keys["decryption_key_pkcs8_der_base64"].as_str().expect("a key");
        let pair = Pair::from_pkcs8(&STANDARD.decode(der).expect("base64")).expect("a key");
        assert_eq!(pair.public, keys["encryptionKey"]);
        pair
    }

    #[test]
    fn the_sample_s_ciphertext_is_its_plaintext() {
        let request = sample("25_confirm_session_request");
        let blob = request["body"]["paymentMethod"]["card"]["encryptedCard"].as_str().expect("a blob");
        let plain = double().decrypt(blob).expect("decrypts");
        assert_eq!(plain, sample("22_card_plaintext_before_encryption"));
        assert_eq!(card(&plain).expect("a card").last_4(), "0002");
    }

    #[test]
    fn capital_letters_are_read_and_changes_are_found_out() {
        let envelope = sample("23_card_encryption_envelope_before_outer_base64").to_string();
        let capital = envelope
            .replace("encryptedKey", "EncryptedKey")
            .replace("nonce", "Nonce")
            .replace("ciphertext", "Ciphertext");
        assert!(double().decrypt(&STANDARD.encode(&capital)).is_ok());
        let other = Pair::generate().expect("a pair");
        assert!(other.decrypt(&STANDARD.encode(&envelope)).is_err());
        let changed = envelope.replace("\"ciphertext\":\"p", "\"ciphertext\":\"q");
        assert_ne!(changed, envelope);
        assert_eq!(double().decrypt(&STANDARD.encode(changed)), Err("was changed on the way"));
    }
}
