//! The story of a payment.

use crate::domain::ids::{CaptureId, RefundId, VoidId};
use crate::domain::payment::PaymentState;
use crate::engine::{HistoryEntry, HistoryKind};
use crate::rpc::proto::{self as pb, PaymentHistoryKind as K};

use super::payments::to_state;
use super::values::to_time;

/// One entry; `before` is where the payment stood until then.
pub fn to_entry(entry: HistoryEntry, before: Option<PaymentState>) -> pb::PaymentHistoryEntry {
    let (kind, evidence) = entry.kind.map(kind).unwrap_or_default();
    let exchange = entry.exchange.map(|exchange| pb::ExchangeSummary {
        operation: exchange.name,
        method: exchange.method,
        path: exchange.path,
        http_status: i32::from(exchange.http_status),
        duration_ms: exchange.took_ms.into(),
        request: exchange.request,
        fault: if exchange.http_status == 0 { "no answer".to_owned() } else { String::new() },
    });
    pb::PaymentHistoryEntry {
        sequence: i64::try_from(entry.sequence).unwrap_or(i64::MAX),
        time: Some(to_time(entry.at)),
        kind: kind.into(),
        caller: entry.caller,
        operation_id: operation_id(&entry.summary),
        summary: match entry.summary.as_str() {
            "" => phrase(kind).to_owned(),
            _ => entry.summary,
        },
        state_before: before.map_or(pb::PaymentState::Unspecified, to_state).into(),
        state_after: to_state(entry.state).into(),
        evidence: evidence.into(),
        exchange,
    }
}

/// The kind of a note, and what justified what it stands for.
fn kind(kind: HistoryKind) -> (K, pb::EvidenceKind) {
    use pb::EvidenceKind as E;
    match kind {
        HistoryKind::Created => (K::Created, E::Gateway),
        HistoryKind::Permitted => (K::Permitted, E::Gateway),
        HistoryKind::Exchanged => (K::Exchanged, E::Reply),
        HistoryKind::Observed => (K::Observed, E::Inquiry),
        HistoryKind::Noticed => (K::Noticed, E::Webhook),
        HistoryKind::Confirmed => (K::Confirmed, E::Gateway),
        HistoryKind::CaptureRequested => (K::CaptureRequested, E::Gateway),
        HistoryKind::VoidRequested => (K::VoidRequested, E::Gateway),
        HistoryKind::RefundRequested => (K::RefundRequested, E::Gateway),
        HistoryKind::TokenSaved => (K::TokenSaved, E::Gateway),
        HistoryKind::Operator => (K::Operator, E::Operator),
        HistoryKind::Recovered => (K::Recovered, E::Gateway),
        HistoryKind::LostSight => (K::LostSight, E::Gateway),
    }
}

fn phrase(kind: K) -> &'static str {
    match kind {
        K::Unspecified => "",
        K::Created => "recorded",
        K::Permitted => "a request that moves money may be sent",
        K::Exchanged => "the provider answered",
        K::Observed => "the provider was asked",
        K::Noticed => "the provider told it by itself",
        K::Confirmed => "the session was confirmed",
        K::CaptureRequested => "a capture was asked for",
        K::VoidRequested => "a void was asked for",
        K::RefundRequested => "a refund was asked for",
        K::TokenSaved => "the card was saved",
        K::Operator => "an operator decided",
        K::Recovered => "sorted out after a start",
        K::LostSight => "the outcome is not known; the provider will be asked",
    }
}

/// Notes about a capture, void or refund begin with its id.
fn operation_id(summary: &str) -> String {
    let word = summary.split(' ').next().unwrap_or_default();
    let is_id =
        CaptureId::parse(word).is_ok() || RefundId::parse(word).is_ok() || VoidId::parse(word).is_ok();
    if is_id { word.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_told_as_one_of_its_own() {
        let kinds: std::collections::BTreeSet<i32> =
            HistoryKind::ALL.iter().map(|of| kind(*of).0.into()).collect();
        assert_eq!(kinds.len(), HistoryKind::ALL.len());
        assert!(!kinds.contains(&0));
        for of in HistoryKind::ALL {
            let name = format!("PAYMENT_HISTORY_KIND_{}", of.word().to_uppercase());
            assert_eq!(kind(*of).0.as_str_name(), name);
            assert_eq!(HistoryKind::from_word(of.word()), Some(*of));
        }
    }

    #[test]
    fn a_note_about_a_capture_names_it() {
        let id = CaptureId::from_bytes([3; 16]).to_string();
        assert_eq!(operation_id(&format!("{id} NOK 1.00")), id);
        assert_eq!(operation_id("charge"), "");
    }
}
