//! Requests in the contract's JSON form, turned into operations without a gateway: for
//! `turnpike inspect request`. What only a journal knows is filled in from samples.

use jiff::Timestamp;

use crate::domain::ids::PaymentId;
use crate::engine::commands::{ChargedToken, Move};
use crate::engine::error::{Error, FieldError};
use crate::engine::{Operation, OperationKind, sampled};

use super::door::Terms;
use super::intake::{self, Incoming};
use super::problems::Problems;
use super::{convert, json, proto};

/// The operation behind a request.
///
/// # Errors
/// Every mistake in the request, one text each.
pub fn operation(kind: OperationKind, json: &[u8], now: Timestamp) -> Result<Operation, Vec<String>> {
    let terms = Terms { now, development: true };
    let id = PaymentId::mint(now, [0; 10]);
    match kind {
        OperationKind::OpenSession => {
            let request: proto::CreateSessionRequest = message(json)?;
            let wish =
                parsed(request, |request, problems| convert::sessions::open(request, terms, problems))?;
            let offers = wish.tokens.len();
            Ok(sampled::session(wish.order, offers, id))
        }
        OperationKind::Charge => {
            let request: proto::ChargeTokenRequest = message(json)?;
            let wish =
                parsed(request, |request, problems| convert::charges::charge(request, terms, problems))?;
            let stored = match &wish.token {
                ChargedToken::Inline { stored, .. } => Some(stored.clone()),
                ChargedToken::Saved(_) => None,
            };
            Ok(sampled::charge(wish, stored, id))
        }
        OperationKind::Capture => {
            let request: proto::CapturePaymentRequest = message(json)?;
            Ok(moved(kind, parsed(request, convert::moves::capture)?, now))
        }
        OperationKind::Void => {
            let request: proto::VoidPaymentRequest = message(json)?;
            Ok(moved(kind, parsed(request, convert::moves::void)?, now))
        }
        OperationKind::Refund => {
            let request: proto::RefundPaymentRequest = message(json)?;
            Ok(moved(kind, parsed(request, convert::moves::refund)?, now))
        }
        OperationKind::ReadSession
        | OperationKind::ConfirmSession
        | OperationKind::CancelSession
        | OperationKind::InquirePayment
        | OperationKind::InquireMovement
        | OperationKind::DeleteToken => Err(vec![format!(
            "{} has no request that says more than an id; there are open_session, charge, capture, void, refund",
            kind.name()
        )]),
    }
}

fn moved(kind: OperationKind, wish: Move, now: Timestamp) -> Operation {
    sampled::movement(kind, wish, now)
}

fn message<M: Incoming + Default>(text: &[u8]) -> Result<M, Vec<String>> {
    let Some(descriptor) = intake::input_of(M::RPC) else {
        return Err(vec![format!("there is no {}", M::RPC)]);
    };
    let dynamic =
        json::read(&descriptor, text).or_else(|unread| Problems::from(unread).finish(None)).map_err(told)?;
    dynamic.transcode_to().map_err(|error| vec![error.to_string()])
}

fn parsed<M: Incoming, T>(
    request: M,
    parse: impl FnOnce(M, &mut Problems) -> Option<T>,
) -> Result<T, Vec<String>> {
    let mut problems = intake::check(&request);
    let wish = parse(request, &mut problems);
    problems.finish(wish).map_err(told)
}

fn told(error: Error) -> Vec<String> {
    match error {
        Error::Invalid(fields) => fields.iter().map(told_field).collect(),
        other => vec![other.to_string()],
    }
}

fn told_field(FieldError { field, problem, .. }: &FieldError) -> String {
    if field.is_empty() { problem.clone() } else { format!("{field}: {problem}") }
}
