//! The key that a card is encrypted with, looked at before it is handed out (dossier, section 10).
//! One page of the documentation prints a key of 32 characters; a page that encrypts with that
//! would send a card in a form that anybody can read. This file never encrypts anything itself.

use aws_lc_rs::rsa::PublicEncryptingKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::providers::contract::Fault;

/// How the card is encrypted, in the words of JSON Web Encryption: AES-256-GCM under a fresh key,
/// that key with RSA-OAEP, SHA-256 and MGF1 with SHA-256.
pub(super) const ALGORITHM: &str = "RSA-OAEP-256+A256GCM";

/// Passes a key that is standard base64 of an RSA key of enough bits.
pub(super) fn checked(key: &str, bits_min: usize) -> Result<String, Fault> {
    let wrong = || Fault::unintelligible("an encryption key that is no RSA key of enough bits");
    let der = STANDARD.decode(key).map_err(|_| wrong())?;
    let parsed = PublicEncryptingKey::from_der(&der).map_err(|_| wrong())?;
    if parsed.key_size_bits() < bits_min { Err(wrong()) } else { Ok(key.to_owned()) }
}
