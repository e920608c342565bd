//! Finding card numbers where they do not belong.

/// Shortest card number, in digits.
const DIGITS_MIN: usize = 13;
/// Longest card number, in digits.
const DIGITS_MAX: usize = 19;
/// Shortest random id in hexadecimal, in digits: a UUID, with or without its hyphens.
const HEX_ID_DIGITS_MIN: usize = 32;

/// Whether a text holds a card number: 13 to 19 digits, single spaces or hyphens between them
/// allowed, that pass the Luhn check.
///
/// Digits within a long hexadecimal word are not one: the digits of a random id, such as a UUID, look
/// like a card often enough to stop a business that makes thousands of them.
#[must_use]
pub fn contains_card_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        if !bytes[start].is_ascii_digit() {
            start += 1;
            continue;
        }
        let (digits, end) = run_of_digits(bytes, start);
        if is_card_number(&digits) && !is_within_hex_id(bytes, start, end) {
            return true;
        }
        start = end;
    }
    false
}

/// The digits from `start` on, single separators skipped, and where the run ends.
fn run_of_digits(bytes: &[u8], start: usize) -> (Vec<u8>, usize) {
    let mut digits = Vec::new();
    let mut at = start;
    while at < bytes.len() {
        if bytes[at].is_ascii_digit() {
            digits.push(bytes[at] - b'0');
            at += 1;
        } else if matches!(bytes[at], b' ' | b'-') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
            at += 1;
        } else {
            break;
        }
    }
    (digits, at)
}

/// A run is a card number as a whole. Longer runs are ids, not cards with noise around them:
/// looking inside them would refuse one id in three.
fn is_card_number(digits: &[u8]) -> bool {
    (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len())
        && luhn(digits)
        && digits.iter().any(|&digit| digit != 0)
}

/// Whether the word around a run is a random id: hexadecimal, long, and with a letter in it.
fn is_within_hex_id(bytes: &[u8], start: usize, end: usize) -> bool {
    let is_of_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'-';
    let before = bytes[..start].iter().rev().take_while(is_of_word);
    let after = bytes[end..].iter().take_while(is_of_word);
    let mut word = before.chain(&bytes[start..end]).chain(after).filter(|byte| **byte != b'-');
    let mut digits = 0;
    let mut letters = 0;
    let hexadecimal = word.all(|byte| {
        digits += 1;
        letters += usize::from(byte.is_ascii_alphabetic());
        byte.is_ascii_hexdigit()
    });
    hexadecimal && letters > 0 && digits >= HEX_ID_DIGITS_MIN
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| {
            let digit = u32::from(digit);
            match (place % 2, digit) {
                (0, _) => digit,
                (_, 0..=4) => digit * 2,
                _ => digit * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_found_in_any_spelling() {
        for text in [
            "4111111111111111",
            "card 4111 1111 1111 1111.",
            "5555-5555-5555-4444",
            "x4222222222222",
            "cafe-4111111111111111",
            // Digits alone are no id, however long, and a letter outside of hexadecimal ends one.
            "4111111111111111/abcdef0123456789abcdef0123456789",
            "order-4111111111111111-abcdef0123456789abcdef",
        ] {
            assert!(contains_card_number(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for text in [
            "",
            "4111111111111112",
            "order 123456789012",
            "0000000000000000",
            "41111111111111111111",
            "1 2 3",
            // Random ids: with and without hyphens.
            "41111111-1111-1111-aef0-0242ac120002",
            "a4111111111111111bcdef0242ac1200",
        ] {
            assert!(!contains_card_number(text), "{text}");
        }
    }
}
