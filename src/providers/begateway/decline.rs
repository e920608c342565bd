//! The whole decline table: from the digits of a processing code to our reason and advice.
//!
//! A code is a letter and four digits, `F.0114`. The letter only repeats the status; the digits
//! name the reason and mean the same after any letter ("Processing codes", docs.bepaid.by, and the
//! dossier, sections 8.3 and 8.4, read 2026-03). `bank_code` is never asked: test approvals carry
//! `05`. Old installations send no code at all, so words are the last resort.

use crate::domain::outcome::DeclineReason::{self, *};
use crate::domain::outcome::RetryAdvice::{self, CorrectData, Later, Never, WithCustomer};

/// The digits of a code; `None` for anything that is not one. Integrators mention further letters
/// (`N`, `G`), whose digits nobody has published, so they say nothing.
pub(super) fn digits(code: &str) -> Option<u16> {
    let number = match code.split_once('.') {
        None | Some(("S" | "F" | "P" | "E", _)) => code.split_once('.').map_or(code, |(_, number)| number),
        Some(_) => return None,
    };
    (number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| number.parse().ok())?
}

/// Whether the digits say that the same was asked before.
pub(super) fn is_duplicate(digits: u16) -> bool {
    matches!(digits, 108 | 215 | 1018)
}

/// Whether the digits say that a saved card cannot be used any more.
pub(super) fn is_dead_token(digits: u16) -> bool {
    matches!(digits, 1030 | 5100 | 5101)
}

/// Whether the digits leave open what became of the request: in progress, an answer of the
/// acquirer that the gateway could not read, its internal queue, and "unknown: query!".
pub(super) fn is_undecided(digits: u16) -> bool {
    matches!(digits, 220 | 1000 | 1019 | 1035 | 1900..=1999 | 8010 | 9998 | 9999)
}

/// What the digits mean; `None` for digits that the documentation does not have.
pub(super) fn by_digits(digits: u16) -> Option<(DeclineReason, RetryAdvice)> {
    match digits {
        0..=99 => legacy(digits),
        100..=199 | 996..=999 => card(digits),
        200..=399 => alternative(digits),
        1000..=1999 => Some(validation(digits)),
        2000..=3999 => routing(digits),
        4000..=4999 => three_d_secure(digits),
        5100..=5199 => Some((TokenInvalid, Never)),
        6001 => Some((AvsCvcDeclined, CorrectData)),
        7000..=7999 | 8001 => Some((RiskDeclined, Never)),
        _ => None,
    }
}

/// Card numbering of old installations.
fn legacy(digits: u16) -> Option<(DeclineReason, RetryAdvice)> {
    Some(match digits {
        1 => (GenericDecline, Later),
        2 => (DoNotHonor, Later),
        3 => (ExpiredCard, Never),
        4 => (InvalidRequest, Never),
        5 => (ExpiredSession, WithCustomer),
        6 => (IncorrectCvc, CorrectData),
        _ => return None,
    })
}

fn card(digits: u16) -> Option<(DeclineReason, RetryAdvice)> {
    Some(match digits {
        100 => (BlockedCard, Never),
        101 => (InvalidAccount, Never),
        102 | 103 | 106 | 107 => (ConfigurationError, Never),
        104 => (TransactionNotPermitted, Never),
        105 => (DoNotHonor, Later),
        108 => (DuplicateTransaction, Never),
        109 => (ExpiredSession, WithCustomer),
        110 | 128 => (InvalidRequest, Never),
        111 => (ExpiredCard, Never),
        112 => (IncorrectCvc, CorrectData),
        113 => (CurrencyNotSupported, Never),
        114 => (InsufficientFunds, Later),
        // "Possible fraud, card lost or stolen", at the acquirer and at the issuer.
        115 | 116 => (SuspectedFraud, Never),
        117 | 119 | 121 => (ProcessingError, Later),
        // System errors that the provider asks not to repeat automatically.
        118 | 120 | 122 => (ProcessingError, Never),
        123..=125 => (LimitExceeded, Later),
        126 => (InvalidWalletData, Never),
        127 => (InvalidCard, CorrectData),
        129..=131 | 134 => (AuthenticationFailed, WithCustomer),
        132 => (CustomerCancelled, WithCustomer),
        133 => (InvalidCustomerData, WithCustomer),
        // "An earlier transaction is still open": it has to end first.
        135 => (ProcessingError, Later),
        996 => (RiskDeclined, Never),
        997 | 999 => (GenericDecline, Never),
        // Closed automatically because the customer never finished.
        998 => (Abandoned, WithCustomer),
        _ => return None,
    })
}

/// Alternative methods mirror the cards.
fn alternative(digits: u16) -> Option<(DeclineReason, RetryAdvice)> {
    Some(match digits {
        201 | 208 | 209 | 219 => (ConfigurationError, Never),
        202 => (InvalidAccount, Never),
        203 => (BlockedCard, Never),
        204 | 218 => (InvalidRequest, Never),
        205 => (ExpiredSession, WithCustomer),
        206 => (AuthenticationFailed, WithCustomer),
        207 => (InsufficientFunds, Later),
        210..=212 | 220 | 222 => (ProcessingError, Later),
        213 => (TransactionNotPermitted, Never),
        214 => (CurrencyNotSupported, Never),
        215 => (DuplicateTransaction, Never),
        216 => (InvalidAmount, Never),
        217 => (SuspectedFraud, Never),
        221 => (InvalidWalletData, Never),
        399 => (GenericDecline, Never),
        _ => return None,
    })
}

/// What the gateway itself refuses; it was never charged.
fn validation(digits: u16) -> (DeclineReason, RetryAdvice) {
    match digits {
        1007 | 1033 => (CurrencyNotSupported, Never),
        1008 => (InvalidCard, CorrectData),
        1010 | 1064 => (InvalidCard, CorrectData),
        1003 | 1004 | 1009 | 1011 | 1021 | 1022 | 1028 | 1034 | 1065 => (ConfigurationError, Never),
        // Test cards in live mode and live cards in test mode.
        1012..=1015 => (InvalidCard, CorrectData),
        1018 => (DuplicateTransaction, Never),
        1029 => (InvalidWalletData, Never),
        1030 => (TokenInvalid, Never),
        1019 | 1035 | 1900..=1999 => (ProcessingError, Later),
        1036 => (ExpiredSession, WithCustomer),
        _ => (InvalidRequest, Never),
    }
}

fn routing(digits: u16) -> Option<(DeclineReason, RetryAdvice)> {
    Some(match digits {
        2001..=2005 | 2010 | 2011 => (ProcessingError, Later),
        2006..=2009 | 2012 => (RiskDeclined, Never),
        2401 | 2403 | 2404 => (ConfigurationError, Never),
        _ => return None,
    })
}

fn three_d_secure(digits: u16) -> Option<(DeclineReason, RetryAdvice)> {
    Some(match digits {
        4001 | 4013..=4015 | 4021 | 4027..=4030 => (AuthenticationFailed, WithCustomer),
        // Not enrolled: another card would do.
        4002 | 4025 => (AuthenticationUnavailable, CorrectData),
        4003..=4005 | 4007..=4010 | 4034 | 4039 | 4040 => (AuthenticationError, Later),
        4006 => (RiskDeclined, Never),
        4011 | 4012 => (AuthenticationRequired, WithCustomer),
        4016 | 4031 => (AuthenticationLimit, Later),
        4017 => (ExpiredCard, Never),
        4018 | 4020 => (InvalidCard, Never),
        4019 => (InvalidRequest, Never),
        4022 | 4023 => (SuspectedFraud, Never),
        4024 => (TransactionNotPermitted, Never),
        4026 | 4035..=4038 => (AuthenticationTimeout, WithCustomer),
        4032 | 4033 => (AuthenticationUnsupported, Never),
        _ => return None,
    })
}

/// Words of old installations that send no code, most telling first.
const WORDS: &[(&str, DeclineReason, RetryAdvice)] = &[
    ("token does not exist", TokenInvalid, Never),
    ("insufficient funds", InsufficientFunds, Later),
    ("not sufficient funds", InsufficientFunds, Later),
    ("lost", LostOrStolen, Never),
    ("stolen", LostOrStolen, Never),
    ("pick up card", LostOrStolen, Never),
    ("fraud", SuspectedFraud, Never),
    ("expired card", ExpiredCard, Never),
    ("card expired", ExpiredCard, Never),
    ("card is expired", ExpiredCard, Never),
    ("order expired", ExpiredSession, WithCustomer),
    ("did not complete", Abandoned, WithCustomer),
    ("cvv", IncorrectCvc, CorrectData),
    ("cvc", IncorrectCvc, CorrectData),
    ("authentication failed", AuthenticationFailed, WithCustomer),
    ("3-d secure", AuthenticationFailed, WithCustomer),
    ("limit", LimitExceeded, Later),
    ("not permitted", TransactionNotPermitted, Never),
    ("do not honor", DoNotHonor, Later),
    ("do not honour", DoNotHonor, Later),
];

/// What the words of an answer without a code mean.
pub(super) fn by_words(text: &str) -> Option<(DeclineReason, RetryAdvice)> {
    let text = text.to_lowercase();
    WORDS.iter().find(|(words, ..)| text.contains(words)).map(|(_, reason, advice)| (*reason, *advice))
}

/// Reason and advice of a declined transaction: its code, else its words, else 3-D Secure.
pub(super) fn reason(
    code: Option<&str>,
    words: &[Option<&str>],
    authentication_failed: bool,
) -> (DeclineReason, RetryAdvice) {
    if let Some(code) = code {
        // Codes outside the published list exist; their words are human text and localised, so
        // they decide nothing once there is a code.
        return digits(code).and_then(by_digits).unwrap_or((GenericDecline, Later));
    }
    words
        .iter()
        .flatten()
        .find_map(|text| by_words(text))
        .or(authentication_failed.then_some((AuthenticationFailed, WithCustomer)))
        .unwrap_or((GenericDecline, Later))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_four_digits_after_an_optional_letter() {
        assert_eq!(digits("F.0114"), Some(114));
        assert_eq!(digits("P.4012"), Some(4012));
        assert_eq!(digits("0006"), Some(6));
        for odd in ["", "F.", "F.114", "F.99999", "F.01a4", "N.xxxx", "N.0114"] {
            assert_eq!(digits(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_letter_does_not_matter() {
        for letter in ["F", "P", "E"] {
            let code = format!("{letter}.0114");
            assert_eq!(reason(Some(&code), &[], false), (InsufficientFunds, Later));
        }
    }

    #[test]
    fn every_row_of_the_dossier_is_there() {
        let rows: Vec<(u16, DeclineReason)> = [
            (vec![100, 203], BlockedCard),
            (vec![101, 202], InvalidAccount),
            (
                vec![102, 103, 106, 107, 201, 208, 209, 219, 2401, 2403, 2404, 1011, 1065, 1021],
                ConfigurationError,
            ),
            (vec![104, 213, 4024], TransactionNotPermitted),
            (vec![105, 2], DoNotHonor),
            (vec![108, 215, 1018], DuplicateTransaction),
            (vec![109, 205, 5, 1036], ExpiredSession),
            (vec![110, 128, 204, 218, 4, 4019, 1001, 1023, 1027, 1042, 1063], InvalidRequest),
            (vec![111, 3, 4017], ExpiredCard),
            (vec![112, 6], IncorrectCvc),
            (vec![113, 214, 1007], CurrencyNotSupported),
            (vec![114, 207], InsufficientFunds),
            (vec![115, 116, 217, 4022, 4023], SuspectedFraud),
            (
                vec![117, 118, 119, 120, 121, 122, 135, 2001, 2005, 2010, 2011, 210, 211, 212, 222],
                ProcessingError,
            ),
            (vec![123, 124, 125], LimitExceeded),
            (vec![126, 221, 1029], InvalidWalletData),
            (vec![127, 4018, 4020, 1008, 1010, 1015, 1064], InvalidCard),
            (vec![129, 130, 131, 134, 206, 4001, 4013, 4014, 4015, 4021, 4027, 4030], AuthenticationFailed),
            (vec![132], CustomerCancelled),
            (vec![133], InvalidCustomerData),
            (vec![996, 2006, 2009, 2012, 4006, 7000], RiskDeclined),
            (vec![997, 999, 399, 1], GenericDecline),
            (vec![998], Abandoned),
            (vec![4002, 4025], AuthenticationUnavailable),
            (vec![4003, 4005, 4007, 4010, 4034, 4039, 4040], AuthenticationError),
            (vec![4011, 4012], AuthenticationRequired),
            (vec![4016, 4031], AuthenticationLimit),
            (vec![4026, 4035, 4038], AuthenticationTimeout),
            (vec![4032, 4033], AuthenticationUnsupported),
            (vec![216], InvalidAmount),
            (vec![1030, 5100, 5101], TokenInvalid),
            (vec![6001], AvsCvcDeclined),
        ]
        .into_iter()
        .flat_map(|(all, reason)| all.into_iter().map(move |digits| (digits, reason)))
        .collect();
        for (digits, reason) in rows {
            assert_eq!(by_digits(digits).map(|(found, _)| found), Some(reason), "{digits:04}");
        }
        assert_eq!(by_digits(4999), None);
    }

    #[test]
    fn without_a_code_words_decide_and_then_three_d_secure() {
        assert_eq!(
            reason(None, &[Some("Payment was declined"), Some("Pick up card")], false).0,
            LostOrStolen
        );
        assert_eq!(reason(None, &[Some("Payment was declined")], true).0, AuthenticationFailed);
        assert_eq!(reason(None, &[Some("Payment was declined")], false), (GenericDecline, Later));
        // A code, even an unknown one, silences the words.
        assert_eq!(reason(Some("N.1234"), &[Some("Insufficient funds")], false).0, GenericDecline);
        assert_eq!(reason(Some("G.9000"), &[Some("Insufficient funds")], false).0, GenericDecline);
    }
}
