//! Whose card it is at BBMSL: the `userId`.
//!
//! Documentation generations disagree: up to 64 characters and case-insensitive, or up to 56 and
//! case-sensitive (dossier, section 6.1). What is sent here is good under both: at most 56
//! characters, lower case, and two customers stay two when case is ignored.

use aws_lc_rs::digest;

use crate::domain::order::Purchase;
use crate::providers::contract::Fault;

/// The longest user id, in characters.
const USER_ID_CHARS_MAX: usize = 56;
/// What ids of our own making begin with; no caller's id is taken as it stands that does too.
const OWN: &str = "tp-";
/// Hexadecimal digits of the digest that stands for an id which does not fit: 192 bits.
const DIGEST_CHARS: usize = 48;

/// The user id of an order: the caller's id of the customer where it fits, a digest of it where it
/// does not, and the reference of the session where the caller names no customer.
pub(super) fn user_id(purchase: &Purchase) -> Result<String, Fault> {
    if let Some(known) = &purchase.customer.provider_customer {
        let fits = known.len() <= USER_ID_CHARS_MAX && !known.is_empty();
        let is_plain = known.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'&' | b'='));
        return if fits && is_plain {
            Ok(known.clone())
        } else {
            Err(Fault::Invalid {
                field: "customer.provider_customer_id".to_owned(),
                problem: "a BBMSL user id has 1 to 56 characters without spaces, & and =".to_owned(),
            })
        };
    }
    Ok(match &purchase.customer.id {
        Some(id) => of_customer(id),
        None => format!("{OWN}s-{}", purchase.reference.to_ascii_lowercase()),
    })
}

fn of_customer(id: &str) -> String {
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let fits = (1..=USER_ID_CHARS_MAX).contains(&id.len());
    if fits && id.bytes().all(is_plain) && !id.starts_with(OWN) {
        return id.to_owned();
    }
    format!("{OWN}{}", hex(id.as_bytes(), DIGEST_CHARS))
}

/// The first hexadecimal digits of a SHA-256.
pub(super) fn hex(bytes: &[u8], digits: usize) -> String {
    let hash = digest::digest(&digest::SHA256, bytes);
    let mut text: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(digits);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_fit_stand_as_they_are_and_the_rest_stays_distinct() {
        assert_eq!(of_customer("customer-1"), "customer-1");
        let long = "x".repeat(64);
        let odd = ["Customer-1", "CUSTOMER-1", "a&b", "kari@example.com", "tp-1", long.as_str(), ""];
        let mut made: Vec<String> = odd.iter().map(|id| of_customer(id)).collect();
        for user in &made {
            assert!(user.starts_with(OWN) && user.len() <= USER_ID_CHARS_MAX, "{user}");
            assert_eq!(*user, user.to_lowercase());
        }
        made.sort();
        made.dedup();
        assert_eq!(made.len(), odd.len());
    }
}
