//! Our RSA key, and the signature under every request: RSASSA-PKCS1-v1_5 with SHA-256 over the exact
//! bytes of the inner JSON, once in base64 (dossier, section 3).
//!
//! The scheme is deterministic: the same bytes under the same key give the same signature. This file
//! must never print a key, not even in what it says of a wrong one.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;

use crate::providers::contract::Fault;
use crate::providers::rsa;

/// The merchant's key, and the one that takes over at a given time. The provider verifies with the
/// public key that the merchant uploads in its portal; a rotation is planned for the moment at which
/// that is done there, and needs no restart here.
pub(super) struct Keys {
    pub current: SigningKey,
    pub next: Option<(Timestamp, SigningKey)>,
}

impl Keys {
    /// The signature of the key whose turn it is.
    pub(super) fn sign(&self, bytes: &[u8], now: Timestamp) -> Result<String, Fault> {
        match &self.next {
            Some((from, next)) if now >= *from => next.sign(bytes),
            Some(_) | None => self.current.sign(bytes),
        }
    }
}

/// One private key.
pub(super) struct SigningKey(RsaKeyPair);

impl SigningKey {
    /// Reads PKCS#8 or PKCS#1, as PEM or as bare base64 of the DER: the documentation wants the first
    /// and the official plugin makes the second (section 2).
    ///
    /// # Errors
    /// What is wrong, without a character of the key.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let der = rsa::der(text).ok_or("must be an RSA private key, PEM or base64")?;
        let key = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der));
        key.map(Self).map_err(|_| "must be an RSA private key of at least 2048 bits, PKCS#8 or PKCS#1")
    }

    fn sign(&self, bytes: &[u8]) -> Result<String, Fault> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        // The library asks for a source of randomness and needs none: PKCS #1 v1.5 has no salt.
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature)
            .map_err(|_| Fault::Unauthorized { code: None })?;
        Ok(BASE64.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn sample(name: &str) -> Value {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/simulator_samples/bbmsl")
            .join(format!("{name}.json"));
        serde_json::from_str(&std::fs::read_to_string(path).expect("a sample")).expect("JSON")
    }

    fn pem(kind: &str, base64: &str) -> String {
        let lines: Vec<&str> =
            base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
        format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
    }

    #[test]
    fn every_form_of_the_key_signs_the_sample_requests_as_they_are_signed() {
        let keys = sample("00_sample_keys");
        let pkcs8 = keys["merchant"]["private_key_pkcs8_base64_der"].as_str().expect("a key");
        let pkcs1 = keys["merchant"]["private_key_pkcs1_base64_der"].as_str().expect("a key");
        let forms =
            [pkcs8.to_owned(), pkcs1.to_owned(), pem("PRIVATE KEY", pkcs8), pem("RSA PRIVATE KEY", pkcs1)];
        let requests = [
            "01_add_token_request",
            "04_query_token_request",
            "07_delete_token_request",
            "10_sale_request",
            "14_sale_request_first_of_series",
            "20_recurring_request",
            "30_hosted_create_request",
            "32_query_request_by_reference",
            "33_query_request_by_order_id",
            "40_void_request_tokenization",
            "42_void_request_hosted",
            "44_refund_request_partial",
            "47_hosted_recurring_request",
        ];
        for form in forms {
            let key = SigningKey::read(&form).unwrap_or_else(|problem| panic!("{problem}"));
            for name in requests {
                let sample = sample(name);
                let inner = sample["body"]["request"].as_str().expect("an inner request");
                assert_eq!(key.sign(inner.as_bytes()).expect("signs"), sample["body"]["signature"], "{name}");
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for text in
            ["", "canary", "Y2FuYXJ5", "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----"]
        {
            let problem = SigningKey::read(text).err().expect("no key");
            assert!(!problem.contains("canary") && !problem.contains("Y2Fu"), "{problem}");
        }
    }

    #[test]
    fn the_next_key_signs_from_its_time_on() {
        let keys = sample("00_sample_keys");
        let read = |who: &str| {
            let text = keys[who]["private_key_pkcs8_base64_der"].as_str().expect("a key");
            SigningKey::read(text).unwrap_or_else(|problem| panic!("{problem}"))
        };
        let from: Timestamp = "2026-12-01T00:00:00Z".parse().expect("a time");
        let keys = Keys { current: read("merchant"), next: Some((from, read("provider"))) };
        let before = keys.sign(b"x", from - jiff::SignedDuration::from_millis(1)).expect("signs");
        assert_eq!(before, read("merchant").sign(b"x").expect("signs"));
        assert_eq!(keys.sign(b"x", from).expect("signs"), read("provider").sign(b"x").expect("signs"));
    }
}
