//! Declines and failures in the words of the contract.

use crate::domain::outcome::{Decline, DeclineReason, Failure, FailureReason, RetryAdvice};
use crate::rpc::proto as pb;

use super::values::{or_empty, to_time};

/// Why a payment was refused.
pub fn to_decline(decline: &Decline) -> pb::Decline {
    pb::Decline {
        reason: to_decline_reason(decline.reason).into(),
        retry_advice: to_retry_advice(decline.advice).into(),
        retry_after: decline.retry_after.map(to_time),
        provider_code: or_empty(decline.provider_code.clone()),
        provider_message: or_empty(decline.provider_message.clone()),
        network_code: or_empty(decline.network_code.clone()),
        network_advice_code: or_empty(decline.network_advice.clone()),
    }
}

/// What is advised, one to one.
pub fn to_retry_advice(advice: RetryAdvice) -> pb::RetryAdvice {
    match advice {
        RetryAdvice::Never => pb::RetryAdvice::Never,
        RetryAdvice::Later => pb::RetryAdvice::Later,
        RetryAdvice::WithCustomer => pb::RetryAdvice::WithCustomer,
        RetryAdvice::CorrectData => pb::RetryAdvice::CorrectData,
    }
}

/// The reason, one to one.
pub fn to_decline_reason(reason: DeclineReason) -> pb::DeclineReason {
    use DeclineReason as D;
    use pb::DeclineReason as P;
    match reason {
        D::GenericDecline => P::Generic,
        D::DoNotHonor => P::DoNotHonor,
        D::InsufficientFunds => P::InsufficientFunds,
        D::ExpiredCard => P::ExpiredCard,
        D::InvalidCard => P::InvalidCard,
        D::InvalidAccount => P::InvalidAccount,
        D::ClosedAccount => P::ClosedAccount,
        D::BlockedCard => P::CardBlocked,
        D::RestrictedCard => P::RestrictedCard,
        D::LostOrStolen => P::LostOrStolen,
        D::SuspectedFraud => P::SuspectedFraud,
        D::RiskDeclined => P::RiskDeclined,
        D::CallIssuer => P::CallIssuer,
        D::LimitExceeded => P::LimitExceeded,
        D::VelocityExceeded => P::VelocityExceeded,
        D::TransactionNotPermitted => P::TransactionNotPermitted,
        D::AuthenticationRequired => P::AuthenticationRequired,
        D::AuthenticationFailed => P::AuthenticationFailed,
        D::AuthenticationUnavailable => P::AuthenticationUnavailable,
        D::AuthenticationError => P::AuthenticationError,
        D::AuthenticationTimeout => P::AuthenticationTimedOut,
        D::AuthenticationLimit => P::AuthenticationLimit,
        D::AuthenticationUnsupported => P::AuthenticationUnsupported,
        D::IncorrectCvc => P::IncorrectCvc,
        D::IncorrectPin => P::IncorrectPin,
        D::AvsCvcDeclined => P::AddressMismatch,
        D::IssuerUnavailable => P::IssuerUnavailable,
        D::ProcessingError => P::ProcessingError,
        D::CustomerCancelled => P::CustomerCancelled,
        D::Abandoned => P::CustomerAbandoned,
        D::ExpiredSession => P::SessionExpired,
        D::InvalidAmount => P::InvalidAmount,
        D::CurrencyNotSupported => P::CurrencyNotSupported,
        D::TokenInvalid => P::TokenInvalid,
        D::DuplicateTransaction => P::DuplicateTransaction,
        D::ConfigurationError => P::MerchantConfiguration,
        D::InvalidRequest => P::InvalidRequest,
        D::InvalidWalletData => P::InvalidWalletData,
        D::InvalidCustomerData => P::InvalidCustomerData,
    }
}

/// Why something did not happen although nobody declined.
pub fn to_failure(failure: &Failure) -> pb::Failure {
    let (reason, description) = to_failure_reason(failure.reason);
    let theirs = failure.provider_message.as_deref();
    pb::Failure {
        reason: reason.into(),
        description: match theirs {
            Some(theirs) => format!("{description} It says: {theirs}"),
            None => description.to_owned(),
        },
        provider_code: or_empty(failure.provider_code.clone()),
    }
}

/// The reason, and a sentence for it.
pub fn to_failure_reason(reason: FailureReason) -> (pb::ErrorReason, &'static str) {
    use pb::ErrorReason as E;
    match reason {
        FailureReason::Rejected => (E::ProviderRejected, "The provider rejected the request."),
        FailureReason::CredentialsRejected => {
            (E::ProviderCredentialsRejected, "The provider refuses the account's credentials.")
        }
        FailureReason::NotSent => (E::NotSent, "The request never left the gateway."),
        FailureReason::NotFound => (E::ProviderHasNoPayment, "The provider has no such payment."),
        FailureReason::ProviderError => {
            (E::ProviderFailed, "The provider broke down and says that nothing was done.")
        }
        FailureReason::Unsupported => (E::UnsupportedByProvider, "The provider does not support this."),
    }
}

/// A refused void: the contract tells voids by failures only.
pub fn decline_as_failure(decline: &Decline) -> pb::Failure {
    pb::Failure {
        reason: pb::ErrorReason::ProviderRejected.into(),
        description: match decline.provider_message.as_deref() {
            Some(theirs) => format!("The provider refused. It says: {theirs}"),
            None => "The provider refused.".to_owned(),
        },
        provider_code: or_empty(decline.provider_code.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rpc::intake::CONTRACT;

    fn values_of(name: &str) -> BTreeSet<i32> {
        let values = CONTRACT.get_enum_by_name(name).expect(name);
        values.values().map(|value| value.number()).filter(|number| *number != 0).collect()
    }

    #[test]
    fn every_reason_of_a_decline_has_one_value_and_every_value_one_reason() {
        let mapped: Vec<i32> =
            DeclineReason::ALL.iter().map(|reason| to_decline_reason(*reason).into()).collect();
        let distinct: BTreeSet<i32> = mapped.iter().copied().collect();
        assert_eq!(mapped.len(), distinct.len());
        assert_eq!(distinct, values_of("turnpike.v1.DeclineReason"));
    }

    #[test]
    fn every_reason_of_a_failure_is_told_apart() {
        let all = [
            FailureReason::Rejected,
            FailureReason::CredentialsRejected,
            FailureReason::NotSent,
            FailureReason::NotFound,
            FailureReason::ProviderError,
            FailureReason::Unsupported,
        ];
        let mapped: BTreeSet<i32> = all.map(|reason| to_failure_reason(reason).0.into()).into();
        assert_eq!(mapped.len(), all.len());
    }
}
