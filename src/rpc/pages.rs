//! Page tokens: where the last page ended, bound to the caller and to the filter by a keyed hash,
//! so that a token of another list, or a made-up one, is noticed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::fingerprint::Fingerprinter;
use super::problems::Problems;

/// How many entries a page has when the caller does not say.
const PAGE_SIZE: usize = 50;
/// How many bytes of the hash are kept: enough that nobody finds another by trying.
const DIGEST_LENGTH: usize = 16;

/// A list that is read in pages.
pub struct Pages<'a> {
    fingerprints: &'a Fingerprinter,
    /// The RPC, the merchant and the filter, as bytes.
    list: Vec<u8>,
}

impl<'a> Pages<'a> {
    /// `filter` is the encoded request without its page fields.
    pub fn new(fingerprints: &'a Fingerprinter, rpc: &str, merchant: &str, filter: &[u8]) -> Self {
        let mut list = Vec::with_capacity(rpc.len() + merchant.len() + filter.len() + 2);
        for part in [rpc.as_bytes(), &[0], merchant.as_bytes(), &[0], filter] {
            list.extend_from_slice(part);
        }
        Self { fingerprints, list }
    }

    /// The token of a page that goes on after `place`.
    pub fn token(&self, place: &[u8]) -> String {
        let mut bytes = self.digest(place).to_vec();
        bytes.extend_from_slice(place);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Where a page goes on; `None` for the first, or with a problem noted.
    pub fn place(&self, token: &str, problems: &mut Problems) -> Option<Vec<u8>> {
        let wrong = "is not the next_page_token of a list with the same filter";
        self.place_in("page_token", token, wrong, problems)
    }

    /// The same for a token that comes in another field.
    pub fn place_in(
        &self,
        field: &str,
        token: &str,
        wrong: &'static str,
        problems: &mut Problems,
    ) -> Option<Vec<u8>> {
        if token.is_empty() {
            return None;
        }
        let place = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| {
            let (digest, place) = bytes.split_at_checked(DIGEST_LENGTH)?;
            (digest == self.digest(place)).then(|| place.to_vec())
        });
        if place.is_none() {
            problems.add(field, wrong);
        }
        place
    }

    fn digest(&self, place: &[u8]) -> [u8; DIGEST_LENGTH] {
        let mut content = self.list.clone();
        content.push(0);
        content.extend_from_slice(place);
        let mut digest = [0; DIGEST_LENGTH];
        digest.copy_from_slice(&self.fingerprints.of("page", &content).0[..DIGEST_LENGTH]);
        digest
    }
}

/// How many entries a page has.
pub fn size(asked: i32) -> usize {
    match usize::try_from(asked) {
        Ok(0) | Err(_) => PAGE_SIZE,
        Ok(size) => size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    #[test]
    fn a_token_is_good_for_its_own_list_only() {
        let fingerprints = Fingerprinter::new(&Secret::new(vec![7; 32]));
        let pages = |merchant, filter: &'static [u8]| {
            Pages::new(&fingerprints, "PaymentService/ListPayments", merchant, filter)
        };
        let token = pages("shop", b"filter").token(b"place");
        let read = |pages: Pages<'_>, token: &str| {
            let mut problems = Problems::default();
            let place = pages.place(token, &mut problems);
            (place, problems.is_empty())
        };
        assert_eq!(read(pages("shop", b"filter"), &token), (Some(b"place".to_vec()), true));
        assert_eq!(read(pages("shop", b"filter"), ""), (None, true));
        assert_eq!(read(pages("shop", b"other"), &token), (None, false));
        assert_eq!(read(pages("other", b"filter"), &token), (None, false));
        for wrong in ["!", "AAAA", &token[1..], &format!("{token}AA")] {
            assert_eq!(read(pages("shop", b"filter"), wrong), (None, false), "{wrong}");
        }
    }

    #[test]
    fn a_page_has_fifty_entries_unless_said() {
        assert_eq!([0, 1, 200].map(size), [50, 1, 200]);
    }
}
