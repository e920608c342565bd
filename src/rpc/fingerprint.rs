//! A keyed hash of the whole request, so that one request id cannot stand for two requests.
//!
//! Keyed, because a request may hold card data: a plain hash of a card number can be turned back by
//! trying all numbers. The key must be the same for all processes on one journal, and stay the same.

use aws_lc_rs::hmac;

use crate::domain::ids::Fingerprint;
use crate::domain::secret::Secret;

/// Makes fingerprints.
pub struct Fingerprinter {
    key: hmac::Key,
}

impl Fingerprinter {
    /// With a key of any length; 32 random bytes are advised.
    pub fn new(key: &Secret<Vec<u8>>) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.expose()) }
    }

    /// The fingerprint of a request to an RPC. `encoded` is the message without its request id; maps
    /// are ordered, so equal requests have equal encodings.
    pub fn of(&self, rpc: &str, encoded: &[u8]) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(rpc.as_bytes());
        context.update(&[0]);
        context.update(encoded);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        Fingerprint(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_depends_on_the_key_the_rpc_and_every_byte() {
        let made = |key: u8, rpc, encoded| Fingerprinter::new(&Secret::new(vec![key; 32])).of(rpc, encoded);
        let first = made(1, "PaymentService/ChargeToken", b"abc");
        assert_eq!(first, made(1, "PaymentService/ChargeToken", b"abc"));
        assert_ne!(first, made(2, "PaymentService/ChargeToken", b"abc"));
        assert_ne!(first, made(1, "PaymentService/VoidPayment", b"abc"));
        assert_ne!(first, made(1, "PaymentService/ChargeToken", b"abd"));
    }
}
