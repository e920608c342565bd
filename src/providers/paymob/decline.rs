//! Why a transaction was not successful: the table of section 9.4.
//!
//! Codes come in three kinds. Words (`INSUFFICIENT_FUNDS`) and single letters (VPC) are the card
//! gateway's own published lists, which the provider passes on; two digits are the acquirer's, of
//! ISO 8583. `success` decides whether; codes only say why. `data.message` is free text and is read
//! for the risk engine and for a missing contract only.

use super::transaction::Transaction;
use crate::domain::outcome::Decline;
use crate::domain::outcome::DeclineReason::{self, *};
use crate::domain::outcome::RetryAdvice::{self, CorrectData, Later, Never, WithCustomer};

type Meaning = (DeclineReason, RetryAdvice);

/// The words of the card gateway.
fn by_word(word: &str) -> Option<Meaning> {
    Some(match word {
        "INSUFFICIENT_FUNDS" => (InsufficientFunds, Later),
        "EXPIRED_CARD" => (ExpiredCard, Never),
        "REFERRED" => (CallIssuer, WithCustomer),
        "DECLINED_CSC" | "INVALID_CSC" | "DECLINED_AVS_CSC" => (IncorrectCvc, CorrectData),
        "DECLINED_AVS" => (AvsCvcDeclined, CorrectData),
        "DECLINED_INVALID_PIN" | "DECLINED_PIN_REQUIRED" => (IncorrectPin, WithCustomer),
        "DECLINED_DO_NOT_CONTACT" => (LostOrStolen, Never),
        "BLOCKED" | "DO_NOT_PROCEED" => (SuspectedFraud, Never),
        "AUTHENTICATION_FAILED" => (AuthenticationFailed, WithCustomer),
        // Another card would do.
        "NOT_ENROLLED_3D_SECURE" => (AuthenticationUnavailable, CorrectData),
        "EXCEEDED_RETRY_LIMIT" => (LimitExceeded, Later),
        "DECLINED_PAYMENT_PLAN" | "NOT_SUPPORTED" => (TransactionNotPermitted, Never),
        "CANCELLED" | "ABORTED" => (CustomerCancelled, WithCustomer),
        "TIMED_OUT"
        | "ACQUIRER_SYSTEM_ERROR"
        | "SYSTEM_ERROR"
        | "UNKNOWN"
        | "UNSPECIFIED_FAILURE"
        | "LOCK_FAILURE"
        | "DUPLICATE_BATCH" => (ProcessingError, Later),
        "DUPLICATE" => (DuplicateTransaction, Never),
        _ => return None,
    })
}

/// The letters of the older card gateway.
fn by_letter(letter: &str) -> Option<Meaning> {
    Some(match letter {
        "5" => (InsufficientFunds, Later),
        "4" => (ExpiredCard, Never),
        "E" => (CallIssuer, WithCustomer),
        "I" | "U" | "V" => (IncorrectCvc, CorrectData),
        "T" => (AvsCvcDeclined, CorrectData),
        "9" => (LostOrStolen, Never),
        "B" => (SuspectedFraud, Never),
        "F" => (AuthenticationFailed, WithCustomer),
        "N" => (AuthenticationUnavailable, CorrectData),
        "R" => (LimitExceeded, Later),
        "8" => (TransactionNotPermitted, Never),
        "C" | "A" => (CustomerCancelled, WithCustomer),
        "3" | "6" | "L" | "7" => (ProcessingError, Later),
        "S" => (DuplicateTransaction, Never),
        _ => return None,
    })
}

/// The acquirer's code.
fn by_iso(code: &str) -> Option<Meaning> {
    Some(match code {
        "51" => (InsufficientFunds, Later),
        "33" | "54" => (ExpiredCard, Never),
        "05" => (DoNotHonor, Later),
        "01" | "02" => (CallIssuer, WithCustomer),
        "82" | "N7" => (IncorrectCvc, CorrectData),
        "55" | "75" => (IncorrectPin, WithCustomer),
        "43" | "41" | "07" | "04" => (LostOrStolen, Never),
        "59" | "34" => (SuspectedFraud, Never),
        "61" | "65" => (LimitExceeded, Later),
        "57" | "58" | "62" | "93" => (TransactionNotPermitted, Never),
        "14" | "15" => (InvalidCard, CorrectData),
        "12" | "13" => (InvalidRequest, CorrectData),
        "68" | "91" | "96" | "06" => (ProcessingError, Later),
        "94" => (DuplicateTransaction, Never),
        _ => return None,
    })
}

/// Whether nobody knows yet what became of it (section 9.2, row 4).
pub(super) fn is_undetermined(transaction: &Transaction) -> bool {
    let code = transaction.code.as_deref().unwrap_or_default();
    transaction.error_occurred
        || matches!(code, "TIMED_OUT" | "ACQUIRER_SYSTEM_ERROR" | "SYSTEM_ERROR" | "UNKNOWN")
        || (has_letters(transaction) && matches!(code, "3" | "6"))
}

/// Whether one character is a letter of the older card gateway: a wallet has numbers of its own.
fn has_letters(transaction: &Transaction) -> bool {
    transaction.klass.as_deref() != Some("WalletPayment")
}

fn meaning(transaction: &Transaction) -> Meaning {
    let message = transaction.message.as_deref().unwrap_or_default().to_lowercase();
    let code = transaction.code.as_deref().unwrap_or_default();
    let iso = transaction.acquirer_code.as_deref().and_then(by_iso);
    if code == "11" || message.contains("did not pass risk checks") {
        return (RiskDeclined, Never);
    }
    match code {
        // "Take the specific ISO reason when the word is DECLINED"; 1 and 2 are its letters.
        "DECLINED" => iso.unwrap_or((DoNotHonor, Later)),
        "1" | "2" if has_letters(transaction) => iso.unwrap_or((DoNotHonor, Later)),
        "ERROR" => match is_misconfigured(transaction, &message) {
            true => (ConfigurationError, Never),
            false => (ProcessingError, Never),
        },
        // Otherwise the word; what is no word of the lists leaves the acquirer's code.
        _ => by_word(code)
            .or_else(|| by_letter(code).filter(|_| has_letters(transaction)))
            .or(iso)
            .unwrap_or((GenericDecline, Never)),
    }
}

/// A request that the card gateway does not take, or an integration that the acquirer has not
/// switched on: "the merchant-acquirer relationship" (section 6).
fn is_misconfigured(transaction: &Transaction, message: &str) -> bool {
    transaction.cause.as_deref() == Some("INVALID_REQUEST")
        || message.contains("invalid_request")
        || message.contains("relationship")
}

/// The refusal of a transaction, in three layers.
pub(super) fn of(transaction: &Transaction) -> Decline {
    let (reason, advice) = meaning(transaction);
    Decline {
        provider_code: transaction.code.clone(),
        provider_message: transaction.message.clone(),
        network_code: transaction.acquirer_code.clone(),
        ..Decline::new(reason, advice)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::super::account::Account;
    use super::*;

    /// Words, letters, codes of ISO 8583, and what they mean.
    type Row = (Codes, Codes, Codes, DeclineReason, RetryAdvice);
    type Codes = &'static [&'static str];

    fn read(account: &Account, code: &str, iso: &str, message: &str) -> Decline {
        let body = json!({ "id": 1, "success": false, "pending": false,
            "data": { "txn_response_code": code, "acq_response_code": iso, "message": message } });
        of(&Transaction::read(&body, account).expect("a transaction"))
    }

    #[test]
    fn every_row_of_the_table_is_there() {
        let account = super::super::tests::account(&[]);
        let rows: &[Row] = &[
            (&["INSUFFICIENT_FUNDS"], &["5"], &["51"], InsufficientFunds, Later),
            (&["EXPIRED_CARD"], &["4"], &["33", "54"], ExpiredCard, Never),
            (&["DECLINED"], &["1", "2"], &["05"], DoNotHonor, Later),
            (&["REFERRED"], &["E"], &["01", "02"], CallIssuer, WithCustomer),
            (
                &["DECLINED_CSC", "INVALID_CSC", "DECLINED_AVS_CSC"],
                &["I", "U", "V"],
                &["82", "N7"],
                IncorrectCvc,
                CorrectData,
            ),
            (&["DECLINED_AVS"], &["T"], &[], AvsCvcDeclined, CorrectData),
            (
                &["DECLINED_INVALID_PIN", "DECLINED_PIN_REQUIRED"],
                &[],
                &["55", "75"],
                IncorrectPin,
                WithCustomer,
            ),
            (&["DECLINED_DO_NOT_CONTACT"], &["9"], &["43", "41", "07", "04"], LostOrStolen, Never),
            (&["BLOCKED", "DO_NOT_PROCEED"], &["B"], &["59", "34"], SuspectedFraud, Never),
            (&["11"], &[], &[], RiskDeclined, Never),
            (&["AUTHENTICATION_FAILED"], &["F"], &[], AuthenticationFailed, WithCustomer),
            (&["NOT_ENROLLED_3D_SECURE"], &["N"], &[], AuthenticationUnavailable, CorrectData),
            (&["EXCEEDED_RETRY_LIMIT"], &["R"], &["61", "65"], LimitExceeded, Later),
            (&["DECLINED_PAYMENT_PLAN"], &[], &[], TransactionNotPermitted, Never),
            (&["NOT_SUPPORTED"], &["8"], &["57", "58", "62", "93"], TransactionNotPermitted, Never),
            (&[], &[], &["14", "15"], InvalidCard, CorrectData),
            (&[], &[], &["12", "13"], InvalidRequest, CorrectData),
            (&["CANCELLED", "ABORTED"], &["C", "A"], &[], CustomerCancelled, WithCustomer),
            (&["TIMED_OUT"], &["3"], &["68", "91"], ProcessingError, Later),
            (
                &[
                    "ACQUIRER_SYSTEM_ERROR",
                    "SYSTEM_ERROR",
                    "UNSPECIFIED_FAILURE",
                    "LOCK_FAILURE",
                    "DUPLICATE_BATCH",
                ],
                &["6", "L", "7"],
                &["96", "06"],
                ProcessingError,
                Later,
            ),
            (&["DUPLICATE"], &["S"], &["94"], DuplicateTransaction, Never),
            (&["ERROR"], &[], &[], ProcessingError, Never),
            (&["SOMETHING_ELSE", "?"], &["Z"], &["99"], GenericDecline, Never),
        ];
        for (words, letters, isos, reason, advice) in rows {
            for code in words.iter().chain(letters.iter()) {
                let found = read(&account, code, "-", "");
                assert_eq!((found.reason, found.advice), (*reason, *advice), "{code}");
            }
            for iso in isos.iter() {
                for word in if *reason == GenericDecline { &["OTHER"][..] } else { &["DECLINED", ""][..] } {
                    let found = read(&account, word, iso, "");
                    assert_eq!((found.reason, found.advice), (*reason, *advice), "{word} {iso}");
                }
            }
        }
    }

    #[test]
    fn the_word_outweighs_the_acquirer_unless_it_is_declined() {
        let account = super::super::tests::account(&[]);
        assert_eq!(read(&account, "EXPIRED_CARD", "51", "").reason, ExpiredCard);
        assert_eq!(read(&account, "DECLINED", "51", "").reason, InsufficientFunds);
        assert_eq!(read(&account, "DECLINED", "77", "").reason, DoNotHonor);
        assert_eq!(
            read(&account, "DECLINED", "51", "Transaction did not pass risk checks").reason,
            RiskDeclined
        );
        let relationship = "The merchant-acquirer relationship profile does not exist";
        assert_eq!(read(&account, "ERROR", "", relationship).reason, ConfigurationError);
        let shown = read(&account, "DECLINED", "05", "Do not honour");
        assert_eq!(shown.provider_code.as_deref(), Some("DECLINED"));
        assert_eq!(shown.network_code.as_deref(), Some("05"));
        assert_eq!(shown.provider_message.as_deref(), Some("Do not honour"));
    }
}
