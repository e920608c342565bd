//! Random bytes and the identifiers made of them, repeatable when a seed is given.
//!
//! With a seed the n-th draw is always the same, so a run with one client at a time hands out the
//! same ids every time. Without one the bytes come from the operating system. Nothing secret is
//! protected by these bytes: the simulators' credentials are printed constants.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::{digest, rand};

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A source of identifiers.
#[derive(Debug)]
pub struct Entropy {
    seed: Option<u64>,
    draws: AtomicU64,
}

impl Entropy {
    /// Repeatable with a seed, from the operating system without.
    pub fn new(seed: Option<u64>) -> Entropy {
        Entropy { seed, draws: AtomicU64::new(0) }
    }

    /// Thirty-two fresh bytes.
    pub fn bytes(&self) -> [u8; 32] {
        let draw = self.draws.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 32];
        let seed = match self.seed {
            Some(seed) => seed,
            // Should the operating system ever fail us, unique ids still matter more here than
            // unpredictable ones: the draw counter below keeps them apart.
            None if rand::fill(&mut bytes).is_ok() => return bytes,
            None => u64::from(std::process::id()),
        };
        let mut input = [0; 16];
        input[..8].copy_from_slice(&seed.to_be_bytes());
        input[8..].copy_from_slice(&draw.to_be_bytes());
        bytes.copy_from_slice(digest::digest(&digest::SHA256, &input).as_ref());
        bytes
    }

    /// `length` lower-case hexadecimal digits, at most 64.
    pub fn hex(&self, length: usize) -> String {
        let mut text = hex(&self.bytes());
        text.truncate(length);
        text
    }

    /// `length` letters and digits, at most 32.
    pub fn alphanumeric(&self, length: usize) -> String {
        let pick = |byte: &u8| char::from(ALPHANUMERIC[usize::from(*byte) % ALPHANUMERIC.len()]);
        self.bytes().iter().take(length).map(pick).collect()
    }

    /// `length` decimal digits, the first not zero, at most 32.
    pub fn digits(&self, length: usize) -> String {
        let digit = |(place, byte): (usize, &u8)| {
            let value = if place == 0 { 1 + byte % 9 } else { byte % 10 };
            char::from(b'0' + value)
        };
        let bytes = self.bytes();
        bytes.iter().enumerate().take(length).map(digit).collect()
    }

    /// A version 4 UUID.
    pub fn uuid(&self) -> String {
        let mut bytes = self.bytes();
        bytes[6] = 0x40 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        let text = hex(&bytes[..16]);
        [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_draws_differ() {
        let (one, two) = (Entropy::new(Some(7)), Entropy::new(Some(7)));
        let first = one.uuid();
        assert_eq!(first, two.uuid());
        assert_ne!(first, one.uuid());
        assert_ne!(Entropy::new(Some(8)).uuid(), first);
    }

    #[test]
    fn shapes() {
        let entropy = Entropy::new(None);
        assert_eq!(entropy.hex(40).len(), 40);
        assert_eq!(entropy.alphanumeric(22).len(), 22);
        assert_eq!(entropy.digits(11).len(), 11);
        assert_ne!(entropy.digits(1), "0");
        assert_eq!(entropy.uuid().len(), 36);
        assert_eq!(&entropy.uuid()[14..15], "4");
    }
}
