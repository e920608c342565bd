//! The two RSA key pairs: one signs webhooks, one decrypts cards encrypted in a browser.
//!
//! Real shops have a pair each. Here both shops share theirs, and all simulators of a process do:
//! making a pair takes tens of milliseconds.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What stands before a field that was encrypted in the browser (§5.4).
pub const MARKER: &str = "$begatewaycsejs_1_0_0$";

struct Keys {
    signing: KeyPair,
    signing_public: String,
    decrypting: Pkcs1PrivateDecryptingKey,
    encrypting_public: String,
}

static KEYS: OnceLock<Option<Keys>> = OnceLock::new();
/// Another merchant's pair, of which nobody here knows the public half.
static FOREIGN: OnceLock<Option<KeyPair>> = OnceLock::new();

/// Makes the pairs, unless they are made already.
pub fn make() {
    if keys().is_none() {
        tracing::error!("no RSA keys: webhooks are unsigned, encrypted cards unreadable");
    }
}

fn keys() -> Option<&'static Keys> {
    KEYS.get_or_init(|| generate().ok()).as_ref()
}

fn generate() -> Result<Keys, aws_lc_rs::error::Unspecified> {
    let signing = KeyPair::generate(KeySize::Rsa2048)?;
    let signing_public: PublicKeyX509Der<'_> = signing.public_key().as_der()?;
    let signing_public = STANDARD.encode(signing_public.as_ref());
    let decrypting = PrivateDecryptingKey::generate(KeySize::Rsa2048)?;
    let encrypting_public: PublicKeyX509Der<'_> = decrypting.public_key().as_der()?;
    let encrypting_public = STANDARD.encode(encrypting_public.as_ref());
    Ok(Keys {
        signing,
        signing_public,
        decrypting: Pkcs1PrivateDecryptingKey::new(decrypting)?,
        encrypting_public,
    })
}

/// The public halves as the back office shows them: base64 of an X.509 SubjectPublicKeyInfo on
/// one line (§9.2).
pub fn public() -> Value {
    let keys = keys();
    json!({
        "webhook_public_key": keys.map(|keys| &keys.signing_public),
        "encryption_public_key": keys.map(|keys| &keys.encrypting_public),
        "encryption_marker": MARKER,
    })
}

/// `Content-Signature`: RSASSA-PKCS1-v1_5 with SHA-256 over the raw bytes, base64 (§9.2).
pub fn sign(body: &[u8]) -> Option<String> {
    signature(&keys()?.signing, body)
}

/// The same under another merchant's key.
pub fn sign_as_another(body: &[u8]) -> Option<String> {
    let pair = FOREIGN.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).ok());
    signature(pair.as_ref()?, body)
}

fn signature(pair: &KeyPair, body: &[u8]) -> Option<String> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).ok()?;
    Some(STANDARD.encode(signature))
}

/// A field encrypted in the browser, decrypted; `None` when it is not what it claims to be.
pub fn decrypt(field: &str) -> Option<String> {
    let keys = keys()?;
    let sealed = STANDARD.decode(field.strip_prefix(MARKER)?).ok()?;
    let mut plain = vec![0; keys.decrypting.min_output_size()];
    let plain = keys.decrypting.decrypt(&sealed, &mut plain).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}
