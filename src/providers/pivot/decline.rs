//! Why a charge was refused: `failureCode`, refined by the issuer's code (dossier, section 17;
//! "Response and failure code", read 2026-02). This file never decides *whether* something was
//! refused.

use super::session::Charge;
use crate::domain::outcome::{Decline, DeclineReason as Reason, RetryAdvice as Advice};
use crate::providers::json::TEXT_CHARS_MAX;

/// The failure that is none: somebody still looks at the payment.
pub(super) const REVIEW: &str = "REQUIRE_REVIEW";

/// The decline of a failed charge.
pub(super) fn of_charge(charge: &Charge) -> Decline {
    let code = charge.failure_code.as_deref().unwrap_or_default();
    let message = charge.failure_message.as_deref().unwrap_or_default();
    let (reason, advice) = judge(code, message, charge.issuer_code.as_deref());
    Decline {
        provider_code: charge.failure_code.clone(),
        provider_message: charge
            .failure_message
            .as_ref()
            .map(|text| text.chars().take(TEXT_CHARS_MAX).collect()),
        network_code: charge.issuer_code.clone(),
        ..Decline::new(reason, advice)
    }
}

/// The decline of a session that was cancelled because of its charge, and does not show the charge.
pub(super) fn of_cancellation(reason: &str) -> Decline {
    let (ours, advice) = match reason {
        "FRAUDULENT" => (Reason::SuspectedFraud, Advice::Never),
        _ => (Reason::GenericDecline, Advice::Later),
    };
    Decline { provider_code: Some(reason.to_owned()), ..Decline::new(ours, advice) }
}

/// Reason and advice. `issuer` is the issuer's response code.
pub(super) fn judge(code: &str, message: &str, issuer: Option<&str>) -> (Reason, Advice) {
    let said = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    match code {
        // The message tells three scenarios of one code apart; 82 is in two of their lists.
        "DECLINED_BY_CHANNEL" if says(&["expired"]) => (Reason::ExpiredCard, Advice::CorrectData),
        "DECLINED_BY_CHANNEL" if says(&["cvv", "cvc", "security code"]) => {
            (Reason::IncorrectCvc, Advice::CorrectData)
        }
        "INVALID_ACCOUNT" => match issuer {
            Some("46") => (Reason::ClosedAccount, Advice::Never),
            Some("52" | "53" | "78") => (Reason::InvalidAccount, Advice::CorrectData),
            _ => (Reason::InvalidCard, Advice::CorrectData),
        },
        "AUTHENTICATION_FAILED" => (Reason::AuthenticationFailed, Advice::WithCustomer),
        "SUSPECTED_FRAUD" => match issuer {
            Some("04" | "07" | "41" | "43" | "200") => (Reason::LostOrStolen, Advice::Never),
            Some("34" | "59" | "83") => (Reason::SuspectedFraud, Advice::Never),
            _ if says(&["stolen", "lost"]) => (Reason::LostOrStolen, Advice::Never),
            _ => (Reason::SuspectedFraud, Advice::Never),
        },
        "INSUFFICIENT_FUND" => (Reason::InsufficientFunds, Advice::Later),
        "CHANNEL_UNAVAILABLE" => (Reason::IssuerUnavailable, Advice::Later),
        "CANCELLED_BY_USER" => (Reason::CustomerCancelled, Advice::WithCustomer),
        "CHARGE_EXPIRED" => (Reason::ExpiredSession, Advice::WithCustomer),
        "BLOCKED_BY_FDS" => (Reason::RiskDeclined, Advice::Never),
        // Also "DECLINED_BY_CHANNEL" without a telling message, and whatever is new.
        _ => by_issuer(issuer),
    }
}

/// What the issuer's code says by itself.
fn by_issuer(issuer: Option<&str>) -> (Reason, Advice) {
    match issuer.unwrap_or_default() {
        "05" => (Reason::DoNotHonor, Advice::Later),
        "12" => (Reason::GenericDecline, Advice::Never),
        "13" => (Reason::InvalidAmount, Advice::Never),
        "57" => (Reason::TransactionNotPermitted, Advice::Never),
        "61" | "65" => (Reason::LimitExceeded, Advice::Later),
        "62" => (Reason::RestrictedCard, Advice::Never),
        "6P" => (Reason::AuthenticationFailed, Advice::WithCustomer),
        "54" | "101" => (Reason::ExpiredCard, Advice::CorrectData),
        "N7" => (Reason::IncorrectCvc, Advice::CorrectData),
        "14" | "15" | "21" | "79" | "111" => (Reason::InvalidCard, Advice::CorrectData),
        "46" => (Reason::ClosedAccount, Advice::Never),
        "52" | "53" | "78" => (Reason::InvalidAccount, Advice::CorrectData),
        "04" | "07" | "41" | "43" | "200" => (Reason::LostOrStolen, Advice::Never),
        "34" | "59" | "83" => (Reason::SuspectedFraud, Advice::Never),
        "51" | "116" | "121" => (Reason::InsufficientFunds, Advice::Later),
        "19" | "80" | "90" | "91" | "96" | "911" => (Reason::IssuerUnavailable, Advice::Later),
        _ => (Reason::GenericDecline, Advice::Later),
    }
}
