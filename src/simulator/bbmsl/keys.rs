//! The two key pairs of the dossier's samples: the merchant's, under which requests are verified,
//! and the provider's, under which notifications are signed. Nobody uses them for anything real.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

static SAMPLE: OnceLock<Value> = OnceLock::new();
static SIGNING: OnceLock<Option<RsaKeyPair>> = OnceLock::new();

fn text(whose: &str, which: &str) -> &'static str {
    let sample =
        SAMPLE.get_or_init(|| serde_json::from_str(include_str!("sample_keys.json")).unwrap_or_default());
    sample[whose][which].as_str().unwrap_or_default()
}

/// The merchant's private key, PKCS#8 in base64.
pub fn merchant_private() -> &'static str {
    text("merchant", "private_key_pkcs8_base64_der")
}

/// The provider's public key, SPKI in base64.
pub fn provider_public() -> &'static str {
    text("provider", "public_key_spki_base64_der")
}

/// Whether the merchant signed these bytes (§3).
pub fn is_merchants(bytes: &[u8], signature: &str) -> bool {
    let (Ok(public), Ok(signature)) =
        (STANDARD.decode(text("merchant", "public_key_spki_base64_der")), STANDARD.decode(signature))
    else {
        return false;
    };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public).verify(bytes, &signature).is_ok()
}

/// The provider's signature (§12.2), base64.
pub fn sign(bytes: &[u8]) -> Option<String> {
    let key = SIGNING.get_or_init(|| {
        let der = STANDARD.decode(text("provider", "private_key_pkcs8_base64_der")).ok()?;
        RsaKeyPair::from_pkcs8(&der).ok()
    });
    let key = key.as_ref()?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).ok()?;
    Some(STANDARD.encode(signature))
}
