//! Values that must not be seen: credentials, tokens, card data.

use std::fmt;

use zeroize::Zeroize;

/// A value that is never printed and is overwritten when dropped.
///
/// There is no `Display`, `Debug` shows nothing, and [`Secret::expose`] is the only way in, so
/// that every use can be found by searching for that one word.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Hides a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. The caller must not log, print or store it in the clear.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_secret_is_printed() {
        let secret = Secret::from("canary-8c1f");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.expose(), "canary-8c1f");
    }
}
