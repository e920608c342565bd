//! Captures, voids and refunds: which transaction is the parent, and what is sent.
//!
//! "Capture", "Void" and "Refund", docs.bepaid.by (the dossier, sections 5 and 13; read 2026-03).
//! A body is made of the [`Movement`] alone, so that asking again sends the same bytes.

use super::account::{Account, DuplicateCheck};
use super::fields::{Fields, seal};
use crate::domain::money::Money;
use crate::domain::order::CaptureMode;
use crate::providers::contract::{Earlier, Fault, Method, Movement, OperationKind, RefundReason, Request};

/// The longest reason, in characters. An empty one is refused by the provider.
const REASON_CHARS_MAX: usize = 255;

/// The request of a capture, void or refund.
///
/// # Errors
/// [`Fault::Unsupported`] and [`Fault::Invalid`] for what the provider cannot do.
pub(super) fn request(account: &Account, kind: OperationKind, movement: &Movement) -> Result<Request, Fault> {
    let (name, path) = match kind {
        OperationKind::Capture => ("transactions/captures", "/transactions/captures"),
        OperationKind::Void => ("transactions/voids", "/transactions/voids"),
        OperationKind::Refund => ("transactions/refunds", "/transactions/refunds"),
        OperationKind::OpenSession
        | OperationKind::ReadSession
        | OperationKind::ConfirmSession
        | OperationKind::CancelSession
        | OperationKind::Charge
        | OperationKind::InquirePayment
        | OperationKind::InquireMovement
        | OperationKind::DeleteToken => {
            return Err(unsupported("a movement of this kind", "a capture, void or refund"));
        }
    };
    let parent = parent(kind, movement)?;
    let mut body = Fields::default();
    body.put("parent_uid", parent)
        .put("amount", account.exponents.to_wire(movement.amount, "money.amount_minor")?);
    if kind == OperationKind::Refund {
        body.put("reason", reason(account, movement));
    }
    if account.duplicate_check != DuplicateCheck::Everything {
        // Two equal parts within 30 seconds are legitimate; `RequestID` tells them apart.
        body.put("duplicate_check", false);
    }
    let request =
        account.to_gateway(name, Method::Post, path).header("RequestID", movement.reference.as_str());
    Ok(seal(request, body.wrapped("request")))
}

fn unsupported(what: &str, instead: &str) -> Fault {
    Fault::Unsupported { what: what.to_owned(), instead: instead.to_owned() }
}

fn parent(kind: OperationKind, movement: &Movement) -> Result<&str, Fault> {
    let is_reservation = movement.capture_mode == CaptureMode::Manual;
    let is_captured =
        movement.before.captured.is_some_and(|minor| minor > 0) || !movement.captures.is_empty();
    match kind {
        OperationKind::Refund if is_reservation => refundable_capture(movement),
        OperationKind::Capture if !is_reservation => {
            Err(unsupported("a capture of a payment that was taken at once", "nothing; it is captured"))
        }
        OperationKind::Void if !is_reservation => {
            Err(unsupported("a void of a payment that was taken at once", "a refund"))
        }
        // Void is for authorizations of which nothing was taken (section 13, point 12).
        OperationKind::Void if is_captured => Err(unsupported(
            "a void after a capture",
            "a refund of what was captured; the rest of the reservation runs out by itself",
        )),
        _ => movement.payment.transaction.as_deref().ok_or_else(|| {
            unsupported(
                "a movement of a payment whose transaction is not known",
                "asking for the payment first",
            )
        }),
    }
}

/// The capture to refund: a refund names one capture, never the authorization. The one with the
/// least left that is enough, so that larger refunds stay possible; the oldest among equals.
fn refundable_capture(movement: &Movement) -> Result<&str, Fault> {
    let left = |capture: &Earlier| capture.amount.minus(capture.refunded).ok();
    let fits = |left: &Money| {
        left.currency() == movement.amount.currency() && left.minor() >= movement.amount.minor()
    };
    let known = || {
        movement.captures.iter().filter_map(|capture| Some((capture.provider_id.as_deref()?, left(capture)?)))
    };
    if let Some((uid, _)) = known().filter(|(_, left)| fits(left)).min_by_key(|(_, left)| left.minor()) {
        return Ok(uid);
    }
    let most = known().map(|(_, left)| left.minor()).max();
    Err(match most {
        Some(most) => Fault::Invalid {
            field: "money.amount_minor".to_owned(),
            problem: format!(
                "beGateway refunds one capture at a time, and the largest has {most} minor units left"
            ),
        },
        None => unsupported(
            "a refund of an authorization without a known capture",
            "a void, or asking for the capture first",
        ),
    })
}

fn reason(account: &Account, movement: &Movement) -> String {
    let given = movement.reason.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let text = given.unwrap_or(match movement.refund_reason {
        RefundReason::Unspecified | RefundReason::Other => account.default_refund_reason.as_str(),
        RefundReason::RequestedByCustomer => "Requested by the customer",
        RefundReason::Duplicate => "Charged twice",
        RefundReason::Fraudulent => "Fraudulent payment",
    });
    text.chars().take(REASON_CHARS_MAX).collect()
}
