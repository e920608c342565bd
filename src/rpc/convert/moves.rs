//! Captures, voids and refunds: what is asked for, and how one is shown.

use crate::domain::ids::CaptureId;
use crate::domain::order::Options;
use crate::domain::payment::{MovementKind, MovementRecord, MovementStatus, Payment};
use crate::engine::RefundReason;
use crate::engine::commands::{Move, MoveKind};
use crate::engine::error::Thing;
use crate::rpc::problems::Problems;
use crate::rpc::proto as pb;

use super::values::{Zero, enumeration, money, or_empty, text, to_money, to_time};
use super::{options, orders, outcomes, payments};

/// Reads a request to capture.
pub fn capture(request: pb::CapturePaymentRequest, problems: &mut Problems) -> Option<Move> {
    let payment = payments::id(&request.payment_id, problems);
    let amount = money("amount", request.amount.as_ref(), Zero::Refused, problems);
    let lines = orders::line_parts(request.lines, problems);
    Some(Move {
        payment: payment?,
        what: MoveKind::Capture { last: request.final_capture },
        amount,
        lines,
        reason: text(request.description),
        metadata: Default::default(),
        options: Options::default(),
    })
}

/// Reads a request to void.
pub fn void(request: pb::VoidPaymentRequest, problems: &mut Problems) -> Option<Move> {
    let payment = payments::id(&request.payment_id, problems);
    let amount = money("amount", request.amount.as_ref(), Zero::Refused, problems);
    Some(Move {
        payment: payment?,
        what: MoveKind::Void,
        amount,
        lines: Vec::new(),
        reason: text(request.description),
        metadata: Default::default(),
        options: Options::default(),
    })
}

/// Reads a request to refund.
pub fn refund(request: pb::RefundPaymentRequest, problems: &mut Problems) -> Option<Move> {
    let payment = payments::id(&request.payment_id, problems);
    let amount = money("amount", request.amount.as_ref(), Zero::Refused, problems);
    let lines = orders::line_parts(request.lines, problems);
    let capture = match request.capture_id.as_str() {
        "" => None,
        id => {
            let id = CaptureId::parse(id).ok();
            if id.is_none() {
                problems.absent(Thing::Capture);
            }
            id
        }
    };
    let reason = match enumeration(request.reason) {
        pb::RefundReason::Unspecified => RefundReason::Unspecified,
        pb::RefundReason::RequestedByCustomer => RefundReason::RequestedByCustomer,
        pb::RefundReason::Duplicate => RefundReason::Duplicate,
        pb::RefundReason::Fraudulent => RefundReason::Fraudulent,
        pb::RefundReason::Other => RefundReason::Other,
    };
    let encoded = request.provider_options.as_ref().map(|options| {
        let mut encoded = Vec::new();
        options.encode(&mut encoded);
        encoded
    });
    Some(Move {
        payment: payment?,
        what: MoveKind::Refund { reason, capture },
        amount,
        lines,
        reason: text(request.reason_text),
        metadata: request.metadata,
        options: options::options::<pb::RefundPaymentRequest>(encoded),
    })
}

/// The captures of a payment, oldest first.
pub fn captures(payment: &Payment) -> Vec<pb::Capture> {
    of_kind(payment, MovementKind::Capture).map(|movement| to_capture(payment, movement)).collect()
}

/// The refunds of a payment, oldest first.
pub fn refunds(payment: &Payment) -> Vec<pb::Refund> {
    of_kind(payment, MovementKind::Refund).map(|movement| to_refund(payment, movement)).collect()
}

/// The void of a payment: the last one that was asked for.
pub fn void_of(payment: &Payment) -> Option<pb::PaymentVoid> {
    of_kind(payment, MovementKind::Void).last().map(|movement| to_void(payment, movement))
}

fn of_kind(payment: &Payment, kind: MovementKind) -> impl Iterator<Item = &MovementRecord> {
    payment.movements.iter().filter(move |movement| movement.kind() == kind)
}

/// A capture.
pub fn to_capture(payment: &Payment, movement: &MovementRecord) -> pb::Capture {
    pb::Capture {
        id: movement.id.to_string(),
        money: Some(to_money(movement.amount)),
        status: status(movement).into(),
        final_capture: movement.final_capture,
        decline: movement.decline.as_ref().map(outcomes::to_decline),
        failure: movement.failure.as_ref().map(outcomes::to_failure),
        unresolved: unresolved(payment, movement),
        lines: orders::to_line_parts(movement.lines.clone()),
        description: or_empty(movement.reason.clone()),
        request_id: movement.request_id.clone(),
        provider_id: or_empty(movement.provider_id.clone()),
        created_at: Some(to_time(movement.created_at)),
        updated_at: Some(to_time(movement.updated_at)),
    }
}

/// A refund.
pub fn to_refund(payment: &Payment, movement: &MovementRecord) -> pb::Refund {
    let reason = movement.reason_word.as_deref().map_or(pb::RefundReason::Unspecified, |word| {
        pb::RefundReason::from_str_name(&format!("REFUND_REASON_{word}")).unwrap_or_default()
    });
    pb::Refund {
        id: movement.id.to_string(),
        money: Some(to_money(movement.amount)),
        status: status(movement).into(),
        reason: reason.into(),
        reason_text: or_empty(movement.reason.clone()),
        capture_id: movement.of_capture.map(|id| id.to_string()).unwrap_or_default(),
        decline: movement.decline.as_ref().map(outcomes::to_decline),
        failure: movement.failure.as_ref().map(outcomes::to_failure),
        unresolved: unresolved(payment, movement),
        lines: orders::to_line_parts(movement.lines.clone()),
        metadata: movement.metadata.clone(),
        request_id: movement.request_id.clone(),
        provider_id: or_empty(movement.provider_id.clone()),
        created_at: Some(to_time(movement.created_at)),
        updated_at: Some(to_time(movement.updated_at)),
    }
}

fn to_void(payment: &Payment, movement: &MovementRecord) -> pb::PaymentVoid {
    let refused = movement.decline.as_ref().map(outcomes::decline_as_failure);
    pb::PaymentVoid {
        money: Some(to_money(movement.amount)),
        status: status(movement).into(),
        failure: movement.failure.as_ref().map(outcomes::to_failure).or(refused),
        unresolved: unresolved(payment, movement),
        description: or_empty(movement.reason.clone()),
        request_id: movement.request_id.clone(),
        created_at: Some(to_time(movement.created_at)),
        updated_at: Some(to_time(movement.updated_at)),
    }
}

fn status(movement: &MovementRecord) -> pb::OperationStatus {
    match movement.status {
        MovementStatus::Created | MovementStatus::Submitted | MovementStatus::Pending => {
            pb::OperationStatus::Pending
        }
        MovementStatus::Unresolved => pb::OperationStatus::Unresolved,
        MovementStatus::Failed => pb::OperationStatus::Failed,
        MovementStatus::Succeeded => pb::OperationStatus::Succeeded,
    }
}

fn unresolved(payment: &Payment, movement: &MovementRecord) -> Option<pb::Unresolved> {
    let since = movement.sent_at.unwrap_or(movement.updated_at);
    (movement.status == MovementStatus::Unresolved).then(|| payments::to_unresolved(payment, since))
}
