//! Payments: how one is shown, and which ones are wanted.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::card::MerchantReason;
use crate::domain::ids::{AccountName, MerchantName, PaymentId, SessionId, TokenId};
use crate::domain::outcome::{Mismatch, NextAction};
use crate::domain::payment::{Payment, PaymentState};
use crate::engine::accounts::Accounts;
use crate::engine::error::Thing;
use crate::engine::{PaymentFilter, ROWS_MAX};
use crate::rpc::problems::Problems;
use crate::rpc::proto::{self as pb, instructions, next_action};

use super::values::{count, enumeration, or_empty, text, time, to_money, to_time};
use super::{cards, moves, occurrences, orders, outcomes};

/// The id of a payment, or `None` with its absence noted.
pub fn id(text: &str, problems: &mut Problems) -> Option<PaymentId> {
    let id = PaymentId::parse(text).ok();
    if id.is_none() {
        problems.absent(Thing::Payment);
    }
    id
}

/// A payment as it stands.
pub fn to_payment(payment: Payment, accounts: &Accounts) -> pb::Payment {
    let account = accounts.get(&payment.account);
    let accepts_plain = account.is_some_and(|account| account.rules.plain_cards);
    let state = to_state(payment.state);
    let is = |wanted| payment.state == wanted;
    let totals = pb::PaymentTotals {
        authorized_minor: payment.authorized,
        captured_minor: payment.captured(),
        refunded_minor: payment.refunded(),
        capturable_minor: payment.capturable(),
        refundable_minor: payment.refundable(),
    };
    let (initiator, merchant_reason) = to_initiator(payment.merchant_initiated);
    let next_action = payment.next_action.as_ref().filter(|_| is(PaymentState::RequiresAction));
    let since = payment.sent_at.unwrap_or(payment.created_at);
    let unresolved = is(PaymentState::Unresolved).then(|| to_unresolved(&payment, since));
    let quarantine = payment.mismatch.as_ref().map(|mismatch| to_quarantine(mismatch, payment.updated_at));
    let provider_references = pb::ProviderReferences {
        reference: payment.reference.clone(),
        transaction_id: or_empty(payment.trace.transaction.clone()),
        session_id: or_empty(payment.trace.session.clone()),
        order_id: or_empty(payment.trace.order.clone()),
        authorization_code: or_empty(payment.approval_code.clone()),
        retrieval_reference_number: String::new(),
    };
    pb::Payment {
        id: payment.id.to_string(),
        provider: account.map_or("", |account| account.profile().name).to_owned(),
        money: Some(to_money(payment.asked)),
        state: state.into(),
        totals: Some(totals),
        capture: orders::to_capture_mode(payment.capture).into(),
        initiator: initiator.into(),
        merchant_reason: merchant_reason.into(),
        session_id: payment.session.map(|id| id.to_string()).unwrap_or_default(),
        token_id: payment.token.map(|id| id.to_string()).unwrap_or_default(),
        saved_token_ids: payment.saved_tokens.iter().map(ToString::to_string).collect(),
        next_action: next_action.map(|action| to_next_action(action, accepts_plain)),
        decline: payment.decline.as_ref().map(outcomes::to_decline),
        failure: payment.failure.as_ref().map(outcomes::to_failure),
        unresolved,
        quarantine,
        captures: moves::captures(&payment),
        refunds: moves::refunds(&payment),
        void: moves::void_of(&payment),
        card: payment.card.as_ref().map(cards::to_card_summary),
        three_d_secure: payment.card.as_ref().and_then(cards::to_three_d_secure),
        provider_references: Some(provider_references),
        test: account.is_some_and(|account| account.rules.test),
        created_at: Some(to_time(payment.created_at)),
        updated_at: Some(to_time(payment.updated_at)),
        version: i64::try_from(payment.version).unwrap_or(i64::MAX),
        occurrence: payment.occurrence.map(occurrences::to_payment_occurrence),
        merchant_reference: payment.merchant_reference,
        account: payment.account.0,
        customer_id: or_empty(payment.customer),
        network_transaction_id: or_empty(payment.network_transaction_id),
        statement_descriptor: or_empty(payment.descriptor),
        description: or_empty(payment.description),
        metadata: payment.metadata,
    }
}

/// Where a payment stands. A card that was only checked is never shown as a payment.
pub fn to_state(state: PaymentState) -> pb::PaymentState {
    match state {
        PaymentState::Created => pb::PaymentState::Created,
        PaymentState::Submitted => pb::PaymentState::Submitted,
        PaymentState::RequiresAction => pb::PaymentState::RequiresAction,
        PaymentState::Processing => pb::PaymentState::Processing,
        PaymentState::Unresolved => pb::PaymentState::Unresolved,
        PaymentState::Expired => pb::PaymentState::Expired,
        PaymentState::Failed => pb::PaymentState::Failed,
        PaymentState::Declined => pb::PaymentState::Declined,
        PaymentState::Verified => pb::PaymentState::Unspecified,
        PaymentState::Authorized => pb::PaymentState::Authorized,
        PaymentState::Voided => pb::PaymentState::Voided,
        PaymentState::Captured => pb::PaymentState::Captured,
        PaymentState::PartiallyRefunded => pb::PaymentState::PartiallyRefunded,
        PaymentState::Refunded => pb::PaymentState::Refunded,
        PaymentState::Quarantined => pb::PaymentState::Quarantined,
    }
}

fn from_state(state: pb::PaymentState) -> Option<PaymentState> {
    PaymentState::ALL
        .iter()
        .copied()
        .find(|known| *known != PaymentState::Verified && to_state(*known) == state)
}

fn to_initiator(reason: Option<MerchantReason>) -> (pb::PaymentInitiator, pb::MerchantReason) {
    match reason {
        None => (pb::PaymentInitiator::Customer, pb::MerchantReason::Unspecified),
        Some(reason) => {
            let reason = match reason {
                MerchantReason::Recurring => pb::MerchantReason::Recurring,
                MerchantReason::Unscheduled(_) => pb::MerchantReason::Unscheduled,
                MerchantReason::Installment => pb::MerchantReason::Installment,
            };
            (pb::PaymentInitiator::Merchant, reason)
        }
    }
}

/// What the customer, or the merchant's page, has to do. `accepts_plain` is whether the account
/// takes cards in clear.
pub fn to_next_action(action: &NextAction, accepts_plain: bool) -> pb::NextAction {
    let (action, expires_at) = match action {
        NextAction::Redirect { url } => {
            (next_action::Action::Redirect(pb::Redirect { url: url.clone() }), None)
        }
        NextAction::CollectCard { public_key, key_id, algorithm, expires_at } => {
            let collect = pb::CollectCard {
                public_key: public_key.clone(),
                key_id: or_empty(key_id.clone()),
                algorithm: to_algorithm(algorithm).into(),
                expires_at: expires_at.map(to_time),
                clear_card_accepted: accepts_plain,
            };
            (next_action::Action::CollectCard(collect), *expires_at)
        }
        NextAction::Instructions { details } => {
            (next_action::Action::Instructions(to_instructions(details)), None)
        }
    };
    pb::NextAction { action: Some(action), expires_at: expires_at.map(to_time) }
}

/// Adapters name the algorithm in their provider's words; the padding tells the two apart.
pub fn to_algorithm(words: &str) -> pb::CardEncryptionAlgorithm {
    let words = words.to_ascii_uppercase();
    if words.contains("OAEP") {
        pb::CardEncryptionAlgorithm::RsaOaepAesGcm
    } else if words.contains("PKCS1") {
        pb::CardEncryptionAlgorithm::RsaPkcs1Fields
    } else {
        pb::CardEncryptionAlgorithm::Unspecified
    }
}

fn to_instructions(details: &BTreeMap<String, String>) -> pb::Instructions {
    let get = |name: &str| or_empty(details.get(name).cloned());
    let means = if details.contains_key("account_number") {
        Some(instructions::Means::VirtualAccount(pb::VirtualAccount {
            channel: get("channel"),
            account_number: get("account_number"),
            account_name: get("account_name"),
        }))
    } else if details.contains_key("content") {
        let code = pb::QrCode { content: get("content"), image_url: get("image_url") };
        Some(instructions::Means::QrCode(code))
    } else if details.contains_key("reference") {
        let bill = pb::BillReference { reference: get("reference"), network: get("network") };
        Some(instructions::Means::BillReference(bill))
    } else {
        None
    };
    let told = details.iter().map(|(label, text)| format!("{label}: {text}")).collect::<Vec<_>>();
    let text = details.get("text").cloned().unwrap_or_else(|| told.join("\n"));
    pb::Instructions { means, text }
}

/// What is being done about an outcome that is not known.
pub fn to_unresolved(payment: &Payment, sent_at: Timestamp) -> pb::Unresolved {
    let follow_up = payment.follow_up;
    pb::Unresolved {
        since: Some(to_time(follow_up.map_or(sent_at, |known| known.since))),
        inquiries: follow_up.map_or(0, |known| count(known.inquiries)),
        last_inquiry_at: follow_up.and_then(|known| known.last_at).map(to_time),
        next_inquiry_at: follow_up.map(|known| to_time(known.next_at)),
        cause: "The request may have arrived, and no answer told what came of it.".to_owned(),
        plan: match follow_up {
            Some(_) => "The provider is asked until it tells, ever more slowly.",
            None => "The gateway waits for an operator.",
        }
        .to_owned(),
    }
}

fn to_quarantine(mismatch: &Mismatch, since: Timestamp) -> pb::Quarantine {
    pb::Quarantine {
        since: Some(to_time(since)),
        mismatches: vec![pb::Mismatch {
            subject: mismatch.what.to_owned(),
            expected: mismatch.asked.clone(),
            seen: mismatch.seen.clone(),
        }],
        evidence: pb::EvidenceKind::Unspecified.into(),
    }
}

/// Reads a request to list payments, apart from its page.
pub fn wanted(
    request: pb::ListPaymentsRequest,
    merchant: MerchantName,
    problems: &mut Problems,
) -> Option<PaymentFilter> {
    let token = match request.token_id.as_str() {
        "" => None,
        id => {
            let id = TokenId::parse(id).ok();
            if id.is_none() {
                problems.add("token_id", "is not the id of a token");
            }
            id
        }
    };
    let session = match request.session_id.as_str() {
        "" => None,
        id => {
            let id = SessionId::parse(id).ok();
            if id.is_none() {
                problems.add("session_id", "is not the id of a session");
            }
            id
        }
    };
    Some(PaymentFilter {
        merchant,
        states: request.states.into_iter().filter_map(|state| from_state(enumeration(state))).collect(),
        account: text(request.account).map(AccountName),
        merchant_reference: text(request.merchant_reference),
        token,
        session,
        customer: text(request.customer_id),
        created_from: time("created_after", request.created_after, problems),
        created_before: time("created_before", request.created_before, problems),
        before: None,
        limit: ROWS_MAX,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_that_is_shown_is_found_again() {
        for state in PaymentState::ALL {
            let shown = to_state(*state);
            match state {
                PaymentState::Verified => assert_eq!(shown, pb::PaymentState::Unspecified),
                _ => assert_eq!(from_state(shown), Some(*state)),
            }
            assert!(
                *state == PaymentState::Verified
                    || shown.as_str_name() == format!("PAYMENT_STATE_{}", state.word())
            );
        }
    }

    #[test]
    fn instructions_find_their_shape() {
        let details = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(label, text)| ((*label).to_owned(), (*text).to_owned())).collect()
        };
        let shown = to_instructions(&details(&[("channel", "BCA"), ("account_number", "12")]));
        assert!(
            matches!(shown.means, Some(instructions::Means::VirtualAccount(account)) if account.channel == "BCA")
        );
        let shown = to_instructions(&details(&[("reference", "77")]));
        assert!(matches!(shown.means, Some(instructions::Means::BillReference(_))));
        let shown = to_instructions(&details(&[("Kiosk", "any")]));
        assert_eq!((shown.means, shown.text.as_str()), (None, "Kiosk: any"));
    }

    #[test]
    fn the_padding_tells_the_algorithms_apart() {
        assert_eq!(to_algorithm("x-cse/RSA-PKCS1v15"), pb::CardEncryptionAlgorithm::RsaPkcs1Fields);
        assert_eq!(to_algorithm("RSA-OAEP-256/A256GCM"), pb::CardEncryptionAlgorithm::RsaOaepAesGcm);
        assert_eq!(to_algorithm("plain"), pb::CardEncryptionAlgorithm::Unspecified);
    }
}
