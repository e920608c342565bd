//! The caller's key, which nobody can print.

use std::fmt;

use http::HeaderValue;

/// An API key, such as `tpk_…`. It is sent with every call and never shown: its `Debug` is `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// The header `authorization`, marked so that HTTP libraries don't print it either. Nothing when the key
    /// is empty or has characters that no key has, such as the line break of the file that it came from.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        if self.0.is_empty() || !self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let mut header = HeaderValue::try_from(format!("Bearer {}", self.0)).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

impl From<String> for ApiKey {
    fn from(key: String) -> Self {
        Self(key)
    }
}

impl From<&str> for ApiKey {
    fn from(key: &str) -> Self {
        Self(key.to_owned())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        let key = ApiKey::from("tpk_secret");
        let printed = format!("{key:?} {key:#?} {:?}", key.header().expect("a good key"));
        assert!(!printed.contains("secret"), "{printed}");
    }

    #[test]
    fn what_no_key_has_is_refused() {
        for wrong in ["", "tpk_1\n", "tpk 1", "tpk_é", "\u{0}"] {
            assert!(ApiKey::from(wrong).header().is_none(), "{wrong:?}");
        }
        assert_eq!(ApiKey::from("tpk_1").header().expect("a good key"), "Bearer tpk_1");
    }
}
