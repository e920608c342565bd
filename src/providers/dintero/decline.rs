//! Why something was refused: `events[].error` in our words (dossier §10).

use serde_json::Value;

use crate::domain::outcome::{Decline, DeclineReason, RetryAdvice};
use crate::providers::json::Reading;

/// Reads the error of an event that failed.
pub(super) fn read(error: &Value) -> Decline {
    let types = one_or_many(error, "type");
    let (reason, advice) =
        types.first().map_or((DeclineReason::ProcessingError, RetryAdvice::Later), |word| class(word));
    let mut decline = Decline::new(reason, advice);
    decline.provider_code = error.words(&["code"]).or_else(|| types.first().cloned());
    decline.provider_message = error.words(&["message"]);
    decline.network_code = error.words(&["result_code"]);
    override_by_policy(&mut decline, error);
    decline
}

/// A refusal of which the answer does not say why.
pub(super) fn unexplained() -> Decline {
    Decline::new(DeclineReason::ProcessingError, RetryAdvice::Later)
}

/// The class of an error type. `Never` is about the token; what only needs another request is
/// `CorrectData`.
fn class(word: &str) -> (DeclineReason, RetryAdvice) {
    use DeclineReason as Reason;
    use RetryAdvice as Advice;
    match word {
        "INSUFFICIENT_FUNDS" => (Reason::InsufficientFunds, Advice::Later),
        "EXPIRED_CARD" => (Reason::ExpiredCard, Advice::Never),
        "CLOSED_ACCOUNT" => (Reason::ClosedAccount, Advice::Never),
        "PICK_UP_CARD" => (Reason::LostOrStolen, Advice::Never),
        "RESTRICTED_CARD" => (Reason::RestrictedCard, Advice::Never),
        "DECLINED" => (Reason::GenericDecline, Advice::Later),
        "ISSUER_ERROR" => (Reason::IssuerUnavailable, Advice::Later),
        "EXCEEDS_APPROVAL_LIMIT" => (Reason::LimitExceeded, Advice::Later),
        "EXCEEDS_WITHDRAWAL_FREQUENCY_LIMIT" => (Reason::VelocityExceeded, Advice::Later),
        "PIN_REQUIRED" | "ADDITIONAL_VERIFICATION_REQUIRED" => {
            (Reason::AuthenticationRequired, Advice::WithCustomer)
        }
        "FAILED_VERIFICATION" => (Reason::AuthenticationFailed, Advice::WithCustomer),
        "INVALID_AMOUNT" => (Reason::InvalidAmount, Advice::CorrectData),
        "INVALID_MERCHANT" => (Reason::ConfigurationError, Advice::CorrectData),
        "INVALID_TRANSACTION" => (Reason::InvalidRequest, Advice::CorrectData),
        "ERROR" | "UNKNOWN" => (Reason::ProcessingError, Advice::Later),
        // New types appear (dossier §14). The refusal itself is certain; only its reason is not.
        _ => (Reason::GenericDecline, Advice::Later),
    }
}

/// Whether an error says that the outcome is not known, rather than that there was a refusal.
pub(super) fn is_undetermined(error: &Value) -> bool {
    one_or_many(error, "type").iter().any(|word| word == "UNKNOWN")
}

/// `retry_policy` overrides the class, and "do not retry" overrides whatever stands beside it:
/// another attempt with this card would be counted, and fined, by the networks.
fn override_by_policy(decline: &mut Decline, error: &Value) {
    let Some(policy) = error.at(&["retry_policy"]) else { return };
    let codes = one_or_many(policy, "retry_codes");
    let has = |code: &str| codes.iter().any(|known| known == code);
    if has("DO_NOT_RETRY") {
        decline.advice = RetryAdvice::Never;
        return;
    }
    if has("RETRY_AFTER_DELAY") || has("RETRY_IMMEDIATELY") {
        decline.advice = RetryAdvice::Later;
    }
    decline.retry_after = policy.time(&["retry_after"]);
}

/// A list of words that may also come as one bare word: the schema says an array, older answers
/// have a text (dossier §10, §18).
fn one_or_many(value: &Value, key: &str) -> Vec<String> {
    match value.text(&[key]) {
        Some(word) => vec![word],
        None => value.list(&[key]).iter().filter_map(|word| word.text(&[])).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_come_as_lists_and_as_texts() {
        for kind in [json!(["CLOSED_ACCOUNT"]), json!("CLOSED_ACCOUNT")] {
            let decline = read(&json!({ "message": "no", "type": kind }));
            assert_eq!((decline.reason, decline.advice), (DeclineReason::ClosedAccount, RetryAdvice::Never));
        }
    }

    #[test]
    fn the_retry_policy_wins_and_do_not_retry_wins_most() {
        let advice = |kind: &str, codes: &[&str]| {
            read(&json!({ "message": "no", "type": kind, "retry_policy": { "retry_codes": codes } })).advice
        };
        assert_eq!(advice("INSUFFICIENT_FUNDS", &[]), RetryAdvice::Later);
        assert_eq!(advice("INSUFFICIENT_FUNDS", &["RETRY_IMMEDIATELY", "DO_NOT_RETRY"]), RetryAdvice::Never);
        assert_eq!(advice("RESTRICTED_CARD", &["RETRY_AFTER_DELAY"]), RetryAdvice::Later);
        assert_eq!(advice("PIN_REQUIRED", &["SOMETHING_NEW"]), RetryAdvice::WithCustomer);
    }

    #[test]
    fn an_error_without_a_type_is_a_processing_error() {
        let decline = read(&json!({ "message": "x".repeat(300) }));
        assert_eq!(decline.reason, DeclineReason::ProcessingError);
        assert_eq!(decline.provider_message.map(|text| text.len()), Some(255));
    }
}
