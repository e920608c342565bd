//! Asking for captures, voids and refunds (dossier §8).

use serde_json::{Map, Value, json};

use super::event::Direction;
use super::session::OWN_ACQUIRING;
use super::transaction::PRODUCT;
use super::wire::{self, invalid, put};
use crate::domain::order::LinePart;
use crate::providers::contract::{Fault, Movement, RefundReason};

/// Product types whose reservation can be given back after a part of it was captured (dossier §8.2).
const REST_CAN_BE_VOIDED: &[&str] = &[
    "payex.creditcard",
    "payex.mobilepay",
    "payex.vipps",
    "payex.applepay",
    "payex.clicktopay",
    "payex.googlepay",
    "vipps",
    "klarna.klarna",
    "klarna.billie",
];

/// A movement to be sent.
pub(super) struct Request {
    pub(super) name: &'static str,
    /// What follows the transaction in the address.
    pub(super) path: &'static str,
    /// A void has no body.
    pub(super) body: Option<Value>,
}

/// The transaction that a movement is about.
pub(super) fn transaction_id(movement: &Movement) -> Result<&str, Fault> {
    let known = movement.payment.transaction.as_deref();
    known.ok_or_else(|| {
        invalid("payment_id", "Dintero's transaction is not known yet; confirm its session first")
    })
}

/// The request of a movement.
pub(super) fn request(direction: Direction, movement: &Movement) -> Result<Request, Fault> {
    match direction {
        Direction::Capture => Ok(Request {
            name: "transactions/{id}/capture",
            path: "/capture",
            body: Some(capture(movement)?),
        }),
        Direction::Refund => {
            Ok(Request { name: "transactions/{id}/refund", path: "/refund", body: Some(refund(movement)?) })
        }
        Direction::Void => {
            check_void(movement)?;
            Ok(Request { name: "transactions/{id}/void", path: "/void", body: None })
        }
    }
}

fn capture(movement: &Movement) -> Result<Value, Fault> {
    let mut body = Map::new();
    body.insert("amount".to_owned(), json!(amount(movement)?));
    body.insert("capture_reference".to_owned(), json!(movement.reference));
    put(&mut body, "items", items(&movement.lines)?);
    // Elsewhere the rest stays reserved until it is voided or runs out.
    let releases_rest = movement.final_capture && is_own_acquiring(movement);
    put(&mut body, "final_capture", releases_rest.then_some(true));
    Ok(body.into())
}

fn refund(movement: &Movement) -> Result<Value, Fault> {
    let mut body = Map::new();
    body.insert("amount".to_owned(), json!(amount(movement)?));
    body.insert("refund_reference".to_owned(), json!(movement.reference));
    let reason = movement.reason.as_deref().or(match movement.refund_reason {
        RefundReason::Unspecified | RefundReason::Other => None,
        RefundReason::RequestedByCustomer => Some("requested by customer"),
        RefundReason::Duplicate => Some("duplicate"),
        RefundReason::Fraudulent => Some("fraudulent"),
    });
    put(&mut body, "reason", reason);
    put(&mut body, "items", items(&movement.lines)?);
    Ok(body.into())
}

/// A void gives back the whole reservation, or, for some products, the rest of it.
fn check_void(movement: &Movement) -> Result<(), Fault> {
    let captured = movement.before.captured.unwrap_or(0) > 0;
    let product = product(movement).unwrap_or_default();
    if !captured || REST_CAN_BE_VOIDED.contains(&product) {
        return Ok(());
    }
    let instead = if product.starts_with(OWN_ACQUIRING) {
        "a last capture with final_capture, which releases the rest"
    } else {
        "letting the rest of the reservation run out"
    };
    Err(Fault::Unsupported {
        what: "giving back the rest of a reservation after a part was captured".to_owned(),
        instead: instead.to_owned(),
    })
}

fn amount(movement: &Movement) -> Result<i64, Fault> {
    let minor = movement.amount.minor();
    if movement.amount.currency() != movement.asked.currency() {
        return Err(invalid("amount.currency_code", "must be the currency of the payment"));
    }
    if !(1..=wire::AMOUNT_MINOR_MAX).contains(&minor) {
        return Err(invalid("amount.amount_minor", format!("Dintero takes 1 to {}", wire::AMOUNT_MINOR_MAX)));
    }
    Ok(minor)
}

fn items(lines: &[LinePart]) -> Result<Option<Vec<Value>>, Fault> {
    let items = lines
        .iter()
        .map(|line| {
            let quantity = wire::decimal(&line.quantity)
                .ok_or_else(|| invalid("lines", "a quantity is not a number"))?;
            Ok(json!({ "line_id": line.id, "amount": line.amount_minor, "quantity": quantity }))
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    Ok((!items.is_empty()).then_some(items))
}

fn is_own_acquiring(movement: &Movement) -> bool {
    product(movement).is_some_and(|product| product.starts_with(OWN_ACQUIRING))
}

fn product(movement: &Movement) -> Option<&str> {
    let learned = movement.payment.more.get(PRODUCT).map(String::as_str);
    movement.product.as_deref().or(learned)
}
