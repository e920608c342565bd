//! Public RSA keys of providers, and the one signature that is made with them: RSASSA-PKCS1-v1_5 with
//! SHA-256. And the text forms in which keys are handed around, private ones too: this file must never
//! say a character of a key, not even of a wrong one.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

/// The longest text of a key, in characters: a PEM file of a private key of 8192 bits has about 6,500.
const KEY_CHARS_MAX: usize = 16 * 1024;

/// A provider's public key, of 2048 to 8192 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Reads an X.509 SubjectPublicKeyInfo, in PEM armour or as bare base64 on any number of lines; `None`
    /// for anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let der = der(text)?;
        let key: PublicKeyX509Der<'_> = PublicEncryptingKey::from_der(&der).ok()?.as_der().ok()?;
        // The library stops reading where a key ends, and a key that was pasted twice is a mistake.
        (key.as_ref() == der.as_slice()).then(|| Self(der.to_vec()))
    }

    /// Whether the key's owner signed these very bytes.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0).verify(bytes, signature).is_ok()
    }
}

/// The bytes of a PEM block, or of bare base64 with any white space in it; `None` for what is longer than
/// any key, and for nothing.
#[must_use]
pub fn der(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() > KEY_CHARS_MAX {
        return None;
    }
    let is_content = |line: &&str| !line.trim_start().starts_with("-----");
    let joined: String = text.lines().filter(is_content).flat_map(str::chars).collect();
    let joined = Zeroizing::new(joined);
    let bare: String = joined.chars().filter(|character| !character.is_whitespace()).collect();
    let bare = Zeroizing::new(bare);
    BASE64.decode(bare.as_bytes()).ok().filter(|der| !der.is_empty()).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::KeyPair as _;

    use super::*;

    /// A public key as bare base64.
    fn bare_key() -> String {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a public key");
        BASE64.encode(der.as_ref())
    }

    #[test]
    fn every_text_form_of_a_key_is_the_same_key() {
        let bare = bare_key();
        let lines: Vec<&str> =
            bare.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
        let key = PublicKey::read(&bare).expect("a key");
        for text in [
            lines.join("\n"),
            lines.join("\r\n "),
            format!("-----BEGIN PUBLIC KEY-----\r\n{}\r\n-----END PUBLIC KEY-----\r\n", lines.join("\r\n")),
        ] {
            assert!(PublicKey::read(&text) == Some(key.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        let bare = bare_key();
        for text in ["", "canary", "Y2FuYXJ5", &bare[..100], &" ".repeat(KEY_CHARS_MAX + 1), &bare.repeat(2)]
        {
            assert!(PublicKey::read(text).is_none());
        }
        assert!(!PublicKey::read(&bare).expect("a key").verifies(b"text", &[0; 256]));
    }
}
