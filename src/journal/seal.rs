//! Sealing: what the journal keeps of customers and cards is unreadable without a key.
//!
//! A sealed record is AES-256-GCM over the record's bytes. Its table and id are authenticated with
//! it, so that one record cannot be put in another's place. Every record has a key of its own, made
//! from the configured key and a random salt: a random nonce under one key would only be safe for
//! 2³² records, which a busy gateway writes in weeks.
//!
//! Keys have numbers. New records are sealed with the current key; records under previous keys
//! still open, until `reseal` has moved them over and the old key can go.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use zeroize::Zeroizing;

use crate::domain::card::StoredToken;
use crate::domain::ids::{AccountName, MerchantName};
use crate::domain::secret::Secret;

/// The file in which [`Keys::read_or_create`] keeps a key.
pub const KEY_FILE: &str = "turnpike.key";

/// Length of a key in bytes.
const KEY_LEN: usize = 32;
/// Length of the number of the key, in front of a sealed record.
const NUMBER_LEN: usize = 4;
/// Length of the salt from which a record's own key is made.
const SALT_LEN: usize = 16;
/// Length of everything in front of the ciphertext.
const HEADER_LEN: usize = NUMBER_LEN + SALT_LEN + NONCE_LEN;
/// A key file is a few dozen bytes; more is not read.
const KEY_FILE_MAX: u64 = 1_024;

/// Which kind of record is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// A payment.
    Payments,
    /// A session.
    Sessions,
    /// A token.
    Tokens,
    /// The proof that a key is the one that it was when the store was made.
    Keys,
    /// What the store keeps for itself.
    Secrets,
    /// A schedule.
    Schedules,
    /// An event.
    Events,
    /// A provider's call.
    Notices,
}

impl Table {
    fn tag(self) -> u8 {
        match self {
            Self::Payments => 1,
            Self::Sessions => 2,
            Self::Tokens => 3,
            Self::Keys => 4,
            Self::Secrets => 5,
            Self::Schedules => 6,
            Self::Events => 7,
            Self::Notices => 8,
        }
    }
}

/// The keys of one store.
#[derive(Debug)]
pub struct Keys {
    current: Key,
    previous: Vec<Key>,
}

/// One key with its number. Shows nothing but the number.
pub struct Key {
    number: u32,
    sealing: hmac::Key,
    digesting: hmac::Key,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.number)
    }
}

/// What is wrong with a configured key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not the base64 of 32 bytes.
    #[error("a key must be 32 bytes in base64, for example from `openssl rand -base64 32`")]
    Malformed,
    /// Two keys have the same number.
    #[error("two keys have the number {0}")]
    Doubled(u32),
    /// The key file cannot be read or made.
    #[error("the key file cannot be used")]
    File(#[from] io::Error),
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    NoEntropy,
}

/// The record does not open: it is damaged, of another place, or under a key that is not configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record does not open")]
pub struct Unopened;

/// The record could not be sealed: the system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record cannot be sealed")]
pub struct Unsealed;

impl Key {
    /// A key from its bytes. `number` names it in every record that it seals, so it must never be
    /// given to other bytes; the store refuses to open if it was.
    #[must_use]
    pub fn new(number: u32, bytes: &Secret<[u8; KEY_LEN]>) -> Self {
        let master = hmac::Key::new(hmac::HMAC_SHA256, bytes.expose());
        let derive = |purpose: &[u8]| {
            let tag = hmac::sign(&master, purpose);
            hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref())
        };
        Self {
            number,
            sealing: derive(b"turnpike journal seal"),
            digesting: derive(b"turnpike journal digest"),
        }
    }

    /// A key from base64 as configuration holds it.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for anything but 32 bytes.
    pub fn parse(number: u32, text: &Secret<String>) -> Result<Self, KeyError> {
        let bytes =
            Zeroizing::new(BASE64_STANDARD.decode(text.expose().trim()).map_err(|_| KeyError::Malformed)?);
        let bytes: [u8; KEY_LEN] = bytes.as_slice().try_into().map_err(|_| KeyError::Malformed)?;
        Ok(Self::new(number, &Secret::new(bytes)))
    }

    /// The key of one record.
    fn of_record(&self, salt: &[u8]) -> Option<LessSafeKey> {
        let tag = hmac::sign(&self.sealing, salt);
        UnboundKey::new(&AES_256_GCM, tag.as_ref()).ok().map(LessSafeKey::new)
    }

    fn digest(&self, merchant: &MerchantName, account: &AccountName, token: &StoredToken) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.digesting);
        // Lengths in front, so that two different lists of texts never look alike.
        let mut add = |text: &str| {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        };
        add(&merchant.0);
        add(&account.0);
        for (kind, value) in &token.values {
            add(kind);
            add(value.expose());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }
}

impl Keys {
    /// The current key and those that old records may still be sealed with.
    ///
    /// # Errors
    /// [`KeyError::Doubled`] when two have one number.
    pub fn new(current: Key, previous: Vec<Key>) -> Result<Self, KeyError> {
        let keys = Self { current, previous };
        let mut numbers: Vec<u32> = keys.all().map(|key| key.number).collect();
        numbers.sort_unstable();
        match numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(KeyError::Doubled(pair[0])),
            None => Ok(keys),
        }
    }

    /// For development: the key in [`KEY_FILE`] in `directory`, made with access for its owner only
    /// when there is none. In production the key does not live beside what it seals.
    ///
    /// # Errors
    /// [`KeyError`] when the file cannot be made or does not hold a key.
    pub fn read_or_create(directory: &Path) -> Result<Self, KeyError> {
        let path = directory.join(KEY_FILE);
        let mut options = OpenOptions::new();
        let current = match options.write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                let mut bytes = Zeroizing::new([0; KEY_LEN]);
                rand::fill(bytes.as_mut()).map_err(|_| KeyError::NoEntropy)?;
                let text = Secret::new(BASE64_STANDARD.encode(bytes.as_ref()));
                writeln!(file, "{}", text.expose())?;
                file.sync_all()?;
                Key::parse(1, &text)?
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut text = String::new();
                std::fs::File::open(&path)?.take(KEY_FILE_MAX).read_to_string(&mut text)?;
                Key::parse(1, &Secret::new(text))?
            }
            Err(error) => return Err(error.into()),
        };
        Self::new(current, Vec::new())
    }

    /// The number of the key that seals new records.
    #[must_use]
    pub fn current(&self) -> u32 {
        self.current.number
    }

    /// The numbers of all keys, the current one first.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        self.all().map(|key| key.number)
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    /// Seals the bytes that `write` appends to the buffer it is given. They are encrypted where
    /// they stand, so that no copy in the clear is left behind.
    ///
    /// # Errors
    /// [`Unsealed`] when there are no random bytes.
    pub fn seal(
        &self,
        table: Table,
        id: [u8; 16],
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Vec<u8>, Unsealed> {
        let mut sealed = Vec::with_capacity(2_048);
        sealed.extend_from_slice(&self.current.number.to_be_bytes());
        sealed.resize(HEADER_LEN, 0);
        rand::fill(&mut sealed[NUMBER_LEN..]).map_err(|_| Unsealed)?;
        write(&mut sealed);

        let (header, plain) = sealed.split_at_mut(HEADER_LEN);
        let (salt, nonce) = header[NUMBER_LEN..].split_at(SALT_LEN);
        let key = self.current.of_record(salt).ok_or(Unsealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealed)?;
        let tag = key.seal_in_place_separate_tag(nonce, place(table, id), plain).map_err(|_| Unsealed)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens a sealed record.
    ///
    /// # Errors
    /// [`Unopened`] for any other table, id, key or bytes than those it was sealed with.
    pub fn open(&self, table: Table, id: [u8; 16], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let number = sealed_with(sealed).ok_or(Unopened)?;
        let (header, rest) = sealed.split_at_checked(HEADER_LEN).ok_or(Unopened)?;
        let (salt, nonce) = header[NUMBER_LEN..].split_at(SALT_LEN);
        let key = self.all().find(|key| key.number == number).ok_or(Unopened)?;
        let key = key.of_record(salt).ok_or(Unopened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopened)?;
        let mut plain = Zeroizing::new(rest.to_vec());
        let length = key.open_in_place(nonce, place(table, id), &mut plain).map_err(|_| Unopened)?.len();
        plain.truncate(length);
        Ok(plain)
    }

    /// A digest of a token's values that tells nothing about them, by which the same values of the
    /// same account are found again. Made with the current key.
    #[must_use]
    pub fn digest(&self, merchant: &MerchantName, account: &AccountName, token: &StoredToken) -> [u8; 32] {
        self.current.digest(merchant, account, token)
    }

    /// The digests under every key. A digest is looked up under all of them, so that keys can be
    /// rotated without another secret that must never change.
    #[must_use]
    pub fn digests(
        &self,
        merchant: &MerchantName,
        account: &AccountName,
        token: &StoredToken,
    ) -> Vec<[u8; 32]> {
        self.all().map(|key| key.digest(merchant, account, token)).collect()
    }
}

/// Names things without telling what they are, so that they can be counted and found again. Made with the
/// key of fingerprints, which outlives the keys that records are sealed with.
pub struct Hashes {
    cards: hmac::Key,
    names: hmac::Key,
}

impl fmt::Debug for Hashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashes")
    }
}

impl Hashes {
    /// From the store's key of fingerprints.
    #[must_use]
    pub fn new(fingerprint_key: &Secret<Vec<u8>>) -> Self {
        let master = hmac::Key::new(hmac::HMAC_SHA256, fingerprint_key.expose());
        let derived = |purpose: &[u8]| {
            let tag = hmac::sign(&master, purpose);
            hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref())
        };
        Self { cards: derived(b"turnpike journal cards"), names: derived(b"turnpike journal names") }
    }

    /// A card's name, the same for as long as the store lives.
    #[must_use]
    pub fn card(&self, card: &str) -> [u8; 16] {
        shortened(hmac::sign(&self.cards, card.as_bytes()))
    }

    /// The name of what these words say together, the same for as long as the store lives.
    #[must_use]
    pub fn of(&self, words: &[&str]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.names);
        for word in words {
            // With its length, so that no two lists of words are one text.
            context.update(&(word.len() as u64).to_be_bytes());
            context.update(word.as_bytes());
        }
        shortened(context.sign())
    }
}

fn shortened(tag: hmac::Tag) -> [u8; 16] {
    let mut name = [0; 16];
    name.copy_from_slice(&tag.as_ref()[..16]);
    name
}

/// The number of the key that a record is sealed with; `None` when it is too short to have one.
#[must_use]
pub fn sealed_with(sealed: &[u8]) -> Option<u32> {
    sealed.first_chunk::<NUMBER_LEN>().copied().map(u32::from_be_bytes)
}

/// Where a record belongs.
fn place(table: Table, id: [u8; 16]) -> Aad<[u8; 17]> {
    let mut place = [table.tag(); 17];
    place[1..].copy_from_slice(&id);
    Aad::from(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32, byte: u8) -> Key {
        Key::new(number, &Secret::new([byte; KEY_LEN]))
    }

    fn keys(current: Key, previous: Vec<Key>) -> Keys {
        Keys::new(current, previous).expect("different numbers")
    }

    fn seal(keys: &Keys, text: &[u8]) -> Vec<u8> {
        keys.seal(Table::Payments, [7; 16], |out| out.extend_from_slice(text)).expect("sealed")
    }

    #[test]
    fn a_record_opens_in_its_own_place_only() {
        let keys = keys(key(1, 1), vec![]);
        let sealed = seal(&keys, b"canary");
        assert!(!sealed.windows(6).any(|window| window == b"canary"));
        assert_eq!(keys.open(Table::Payments, [7; 16], &sealed).expect("opens").as_slice(), b"canary");
        assert_eq!(keys.open(Table::Tokens, [7; 16], &sealed), Err(Unopened));
        assert_eq!(keys.open(Table::Payments, [8; 16], &sealed), Err(Unopened));
    }

    #[test]
    fn no_bit_can_be_changed_or_taken_away() {
        let keys = keys(key(1, 1), vec![]);
        let sealed = seal(&keys, b"canary");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(keys.open(Table::Payments, [7; 16], &changed), Err(Unopened), "byte {at}");
            assert_eq!(keys.open(Table::Payments, [7; 16], &sealed[..at]), Err(Unopened), "length {at}");
        }
    }

    #[test]
    fn previous_keys_open_and_unknown_ones_do_not() {
        let sealed = seal(&keys(key(1, 1), vec![]), b"canary");
        assert_eq!(sealed_with(&sealed), Some(1));
        let rotated = keys(key(2, 2), vec![key(1, 1)]);
        assert!(rotated.open(Table::Payments, [7; 16], &sealed).is_ok());
        assert_eq!(sealed_with(&seal(&rotated, b"canary")), Some(2));
        assert!(keys(key(2, 2), vec![]).open(Table::Payments, [7; 16], &sealed).is_err());
        assert!(keys(key(1, 9), vec![]).open(Table::Payments, [7; 16], &sealed).is_err());
    }

    #[test]
    fn a_number_belongs_to_one_key() {
        assert!(matches!(Keys::new(key(1, 1), vec![key(1, 2)]), Err(KeyError::Doubled(1))));
    }

    #[test]
    fn digests_tell_values_apart() {
        let keys = keys(key(1, 1), vec![]);
        let token = |pairs: &[(&str, &str)]| StoredToken {
            values: pairs.iter().map(|(kind, value)| ((*kind).to_owned(), Secret::from(*value))).collect(),
            ..StoredToken::default()
        };
        let (merchant, account) = (MerchantName("m".to_owned()), AccountName("a".to_owned()));
        let digest = |token: &StoredToken| keys.digest(&merchant, &account, token);
        assert_eq!(digest(&token(&[("a", "bc")])), digest(&token(&[("a", "bc")])));
        assert_ne!(digest(&token(&[("a", "bc")])), digest(&token(&[("ab", "c")])));
        assert_ne!(digest(&token(&[("a", "b"), ("c", "d")])), digest(&token(&[("a", "b")])));
        let other = AccountName("b".to_owned());
        assert_ne!(digest(&token(&[("a", "b")])), keys.digest(&merchant, &other, &token(&[("a", "b")])));
    }

    #[test]
    fn keys_come_as_base64_of_32_bytes() {
        let parse = |text: &str| Key::parse(1, &Secret::from(text));
        assert!(parse(&BASE64_STANDARD.encode([1; 32])).is_ok());
        assert!(parse(&format!("{}\n", BASE64_STANDARD.encode([1; 32]))).is_ok());
        assert!(matches!(parse(&BASE64_STANDARD.encode([1; 31])), Err(KeyError::Malformed)));
        assert!(matches!(parse("not base64"), Err(KeyError::Malformed)));
    }

    #[test]
    fn a_made_key_file_is_private_and_read_again() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        let sealed = seal(&Keys::read_or_create(directory.path()).expect("made"), b"canary");
        let again = Keys::read_or_create(directory.path()).expect("read");
        assert!(again.open(Table::Payments, [7; 16], &sealed).is_ok());
        let mode = directory.path().join(KEY_FILE).metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
