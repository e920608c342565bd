//! What accounts can do: the contract's operations over the engine's features. Requests are refused
//! by the same features, so the two cannot differ.

use crate::domain::order::MethodKind;
use crate::engine::accounts::Account;
use crate::engine::{Feature, Support};
use crate::rpc::proto::{self as pb, Operation as O};

/// What an operation takes.
enum Takes {
    /// All of these.
    All(&'static [Feature]),
    /// One of these.
    Any(&'static [Feature]),
    /// Something that no provider has here.
    Never(&'static str),
}

fn takes(operation: O) -> Takes {
    use Feature as F;
    use Takes::{All, Any, Never};
    match operation {
        O::Unspecified => Never("name an operation"),
        O::SessionPay => All(&[F::HostedPay]),
        O::SessionPayAndSave => All(&[F::HostedPayAndSave]),
        O::SessionSave => All(&[F::HostedSave]),
        O::SessionUseSaved => All(&[F::HostedUseSaved]),
        O::SessionApi | O::ConfirmToken => Any(&[F::EncryptedCard, F::PlainCard]),
        O::SessionManualCapture | O::ChargeManualCapture | O::Capture => All(&[F::ManualCapture]),
        O::ConfirmEncryptedCard => All(&[F::EncryptedCard]),
        O::ConfirmCard => All(&[F::PlainCard]),
        O::ConfirmReturned => All(&[F::HostedPay]),
        O::CancelSession => All(&[F::CancelSession]),
        O::ChargeCustomer => All(&[F::ChargeCustomer]),
        O::ChargeRecurring => All(&[F::ChargeRecurring]),
        O::ChargeUnscheduled => All(&[F::ChargeUnscheduled]),
        O::ChargeInstallment => All(&[F::ChargeInstallment]),
        O::PartialCapture => All(&[F::PartialCapture]),
        O::MultipleCaptures => All(&[F::MultipleCaptures]),
        O::Void => All(&[F::Void]),
        O::VoidCaptured => All(&[F::VoidCaptured]),
        O::VoidRemainder => All(&[F::Void, F::PartialCapture]),
        O::Refund => All(&[F::Refund]),
        O::PartialRefund => All(&[F::PartialRefund]),
        O::MultipleRefunds => All(&[F::MultipleRefunds]),
        O::Inquiry => All(&[F::InquiryByReference]),
        O::ImportToken => All(&[F::ImportToken]),
        O::DeleteToken => All(&[F::DeleteToken]),
        O::AuthenticatedWebhook => Never("the gateway asks the provider what it needs to know"),
    }
}

/// Every operation, in the order of the contract.
pub fn operations() -> impl Iterator<Item = O> {
    (1..).map_while(|number| O::try_from(number).ok())
}

/// The operation that a missing feature is told as.
pub fn operation(feature: Feature) -> Option<O> {
    operations().find(|operation| match takes(*operation) {
        Takes::All([only]) => *only == feature,
        _ => false,
    })
}

/// Whether an account can do an operation, and what that takes.
pub fn to_capability(account: &Account, operation: O) -> pb::Capability {
    let mut capability = pb::Capability {
        account: account.name.to_string(),
        provider: account.profile().name.to_owned(),
        operation: operation.into(),
        ..Default::default()
    };
    let (features, all) = match takes(operation) {
        Takes::All(features) => (features, true),
        Takes::Any(features) => (features, false),
        Takes::Never(instead) => {
            capability.alternative = instead.to_owned();
            return capability;
        }
    };
    let is_supported = |feature: &Feature| !matches!(account.support(*feature), Support::No { .. });
    capability.supported =
        if all { features.iter().all(is_supported) } else { features.iter().any(is_supported) };
    for feature in features {
        match account.support(*feature) {
            Support::Yes => describe(account, *feature, &mut capability),
            Support::Configured(how) => {
                capability.notes.push(how.to_owned());
                describe(account, *feature, &mut capability);
            }
            Support::No { instead } if !capability.supported && capability.alternative.is_empty() => {
                capability.alternative = instead.to_owned();
            }
            Support::No { .. } => {}
        }
    }
    if capability.supported && moves_an_amount(operation) {
        capability.limits = limits(account);
    }
    if capability.supported {
        capability.limits.extend(method_limit(account, operation));
    }
    capability
}

fn describe(account: &Account, feature: Feature, capability: &mut pb::Capability) {
    let rows = account.profile().capabilities.iter().filter(|row| row.feature == feature);
    for row in rows {
        for field in row.required {
            if !capability.required_fields.iter().any(|known| known == field) {
                capability.required_fields.push((*field).to_owned());
            }
        }
        if !row.notes.is_empty() {
            capability.notes.push(row.notes.to_owned());
        }
    }
}

/// The kinds of payment methods that a session can be asked to offer.
fn method_limit(account: &Account, operation: O) -> Option<pb::CapabilityLimit> {
    let only_cards = match operation {
        O::SessionPay | O::SessionPayAndSave => false,
        O::SessionSave | O::SessionUseSaved | O::SessionApi => true,
        _ => return None,
    };
    let offered = |kind: &&MethodKind| {
        !account.provider.method_names(**kind).is_empty() && (!only_cards || **kind == MethodKind::Card)
    };
    Some(pb::CapabilityLimit {
        field: "payment_methods".to_owned(),
        allowed_values: MethodKind::ALL.iter().filter(offered).map(|kind| kind.word().to_owned()).collect(),
        ..Default::default()
    })
}

fn moves_an_amount(operation: O) -> bool {
    matches!(
        operation,
        O::SessionPay
            | O::SessionPayAndSave
            | O::SessionUseSaved
            | O::SessionApi
            | O::ChargeCustomer
            | O::ChargeRecurring
            | O::ChargeUnscheduled
            | O::ChargeInstallment
    )
}

fn limits(account: &Account) -> Vec<pb::CapabilityLimit> {
    let profile = account.profile();
    let mut limits = vec![pb::CapabilityLimit {
        field: "money.amount_minor".to_owned(),
        minimum: Some(profile.amount_minor_min),
        maximum: Some(profile.amount_minor_max),
        ..Default::default()
    }];
    let currencies = currencies(account);
    if !currencies.is_empty() {
        limits.push(pb::CapabilityLimit {
            field: "money.currency_code".to_owned(),
            allowed_values: currencies,
            ..Default::default()
        });
    }
    limits
}

/// The currencies of an account: those that are routed to it, or else all that its provider takes.
fn currencies(account: &Account) -> Vec<String> {
    match account.rules.currencies.as_slice() {
        [] => account.profile().currencies.unwrap_or_default().iter().map(ToString::to_string).collect(),
        routed => routed.to_vec(),
    }
}

/// An account as its merchant may see it.
pub fn to_account(account: &Account) -> pb::Account {
    let health = match account.is_reachable() {
        true => pb::AccountHealth::Serving,
        false => pb::AccountHealth::BreakerOpen,
    };
    let encrypts = !matches!(account.support(Feature::EncryptedCard), Support::No { .. });
    // The algorithm itself is told by the session that wants a card.
    let encryption = match encrypts {
        true => encryption(account),
        false => pb::CardEncryptionAlgorithm::Unspecified,
    };
    pb::Account {
        name: account.name.to_string(),
        provider: account.profile().name.to_owned(),
        test: account.rules.test,
        health: health.into(),
        currency_codes: account.rules.currencies.clone(),
        country_codes: account.rules.countries.clone(),
        clear_card_accepted: account.rules.plain_cards,
        card_encryption: encryption.into(),
    }
}

/// The notes of the feature name the algorithm; what they do not name stays unknown.
fn encryption(account: &Account) -> pb::CardEncryptionAlgorithm {
    let rows = account.profile().capabilities.iter();
    let notes = rows.filter(|row| row.feature == Feature::EncryptedCard).map(|row| row.notes);
    super::payments::to_algorithm(&notes.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_contract_is_listed() {
        let known =
            crate::rpc::intake::CONTRACT.get_enum_by_name("turnpike.v1.Operation").expect("operations");
        assert_eq!(operations().count() + 1, known.values().len());
    }

    #[test]
    fn every_feature_is_told_as_an_operation() {
        for (feature, name) in Feature::NAMES {
            assert!(operation(*feature).is_some(), "{name}");
        }
    }
}
