//! The story of a payment.

use crate::domain::ids::{CaptureId, RefundId, VoidId};
use crate::domain::payment::PaymentState;
use crate::engine::HistoryEntry;
use crate::rpc::proto::{self as pb, PaymentHistoryKind as K};

use super::payments::to_state;
use super::values::to_time;

/// One entry; `before` is where the payment stood until then.
pub fn to_entry(entry: HistoryEntry, before: Option<PaymentState>) -> pb::PaymentHistoryEntry {
    let (kind, evidence) = kind(&entry.kind);
    let exchange = (!entry.exchange.is_empty()).then(|| pb::ExchangeSummary {
        operation: entry.exchange.clone(),
        http_status: i32::from(entry.http_status),
        fault: if entry.http_status == 0 { "no answer".to_owned() } else { String::new() },
        ..Default::default()
    });
    pb::PaymentHistoryEntry {
        sequence: i64::try_from(entry.sequence).unwrap_or(i64::MAX),
        time: Some(to_time(entry.at)),
        kind: kind.into(),
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

/// The engine's words, and what justified what they stand for.
fn kind(word: &str) -> (K, pb::EvidenceKind) {
    use pb::EvidenceKind as E;
    match word {
        "created" => (K::Created, E::Gateway),
        "permitted" => (K::Permitted, E::Gateway),
        "exchanged" => (K::Exchanged, E::Reply),
        "observed" => (K::Observed, E::Inquiry),
        "confirmed" => (K::Confirmed, E::Gateway),
        "capture_requested" => (K::CaptureRequested, E::Gateway),
        "void_requested" => (K::VoidRequested, E::Gateway),
        "refund_requested" => (K::RefundRequested, E::Gateway),
        "token_saved" => (K::TokenSaved, E::Gateway),
        "operator" => (K::Operator, E::Operator),
        "recovered" => (K::Recovered, E::Gateway),
        "lost_sight" => (K::LostSight, E::Gateway),
        _ => (K::Unspecified, E::Unspecified),
    }
}

fn phrase(kind: K) -> &'static str {
    match kind {
        K::Unspecified => "",
        K::Created => "recorded",
        K::Permitted => "a request that moves money may be sent",
        K::Exchanged => "the provider answered",
        K::Observed => "the provider was asked",
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
    fn every_word_of_the_engine_has_a_kind_of_its_own() {
        let words = [
            "created",
            "permitted",
            "exchanged",
            "observed",
            "confirmed",
            "capture_requested",
            "void_requested",
            "refund_requested",
            "token_saved",
            "operator",
            "recovered",
            "lost_sight",
        ];
        let kinds: std::collections::BTreeSet<i32> = words.map(|word| kind(word).0.into()).into();
        assert_eq!(kinds.len(), words.len());
        assert!(!kinds.contains(&0));
    }

    #[test]
    fn a_note_about_a_capture_names_it() {
        let id = CaptureId::from_bytes([3; 16]).to_string();
        assert_eq!(operation_id(&format!("{id} NOK 1.00")), id);
        assert_eq!(operation_id("charge"), "");
    }
}
