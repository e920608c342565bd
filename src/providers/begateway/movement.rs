//! Captures, voids and refunds: which transaction is the parent, and what is sent.
//!
//! "Capture", "Void" and "Refund", docs.bepaid.by (the dossier, sections 5 and 13; read 2026-03).
//! A body is made of the [`Movement`] alone, so that asking again sends the same bytes.

use std::time::Duration;

use super::account::{Account, DuplicateCheck};
use super::answer::{self, Answer, Kind, Refusal, Transaction};
use super::looking::no_evidence;
use super::{Begateway, Stage, verdict, wire};
use crate::domain::money::Money;
use crate::domain::order::CaptureMode;
use crate::domain::outcome::Outcome;
use crate::providers::contract::{
    Context, Earlier, Effect, Fault, Method, Movement, MovementInquiry, OperationKind, RefundReason, Reply,
    Request, Step,
};
use crate::providers::fields::{Fields, seal};

/// The longest reason, in characters. An empty one is refused by the provider.
const REASON_CHARS_MAX: usize = 255;

/// How long the provider remembers a `RequestID` (dossier, section 3.1: 24 hours), less an hour for
/// clocks and for the time on the way.
const REMEMBERED: Duration = Duration::from_secs(23 * 3600);

impl Begateway {
    pub(super) fn send_movement(
        &self,
        kind: OperationKind,
        movement: &Movement,
    ) -> Result<Step<Stage>, Fault> {
        let request = request(&self.account, kind, movement)?;
        let mut find_by = movement.payment.clone();
        find_by.more.insert("request_id".to_owned(), movement.reference.clone());
        Ok(Step::moves_money(request, find_by, Stage::Moving))
    }

    pub(super) fn moved(
        &self,
        kind: OperationKind,
        asked: &Movement,
        reply: &Reply,
    ) -> Result<Step<Stage>, Fault> {
        let transaction = match self.movement_answer(kind, reply)? {
            Ok(transaction) => transaction,
            Err(refusal) => return Err(refusal.fault()),
        };
        // A child has no reference of ours to compare. It names its parent, and a parent that is
        // none of ours stands in for it, so that the comparison finds the mistake.
        let stranger = transaction.parent_uid.clone().filter(|parent| !is_of(asked, parent));
        let mut report = verdict::movement(*transaction);
        report.seen.reference = stranger;
        Ok(Step::Done(Outcome::Movement(report)))
    }

    /// The transaction of a movement, or the refusal in its place.
    fn movement_answer(
        &self,
        kind: OperationKind,
        reply: &Reply,
    ) -> Result<Result<Box<Transaction>, Refusal>, Fault> {
        let expected = match kind {
            OperationKind::Capture => Kind::Capture,
            OperationKind::Void => Kind::Void,
            _ => Kind::Refund,
        };
        match answer::read(reply, &self.account)? {
            Answer::Transaction(transaction) if transaction.kind.is_none_or(|kind| kind == expected) => {
                Ok(Ok(transaction))
            }
            Answer::Refusal(refusal) => Ok(Err(refusal)),
            Answer::Transaction(_) | Answer::Several(_) | Answer::Page(_) => {
                Err(Fault::unintelligible("an answer about something else than this movement"))
            }
        }
    }

    /// By its id where we have one. Otherwise there is no way to list the children of a payment,
    /// but the provider remembers `RequestID`: the same bytes under the same value are the same
    /// request, answered as the first time and done once.
    pub(super) fn ask_again(
        &self,
        inquiry: &MovementInquiry,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        if let Some(uid) = &inquiry.provider_id {
            return Ok(Step::repeatable(wire::by_uid(&self.account, uid), Stage::LookingAtMovement));
        }
        let until = inquiry
            .sent_at
            .checked_add(REMEMBERED)
            .map_err(|_| Fault::unintelligible("a time of sending beyond the calendar"))?;
        if cx.now >= until {
            return Err(Fault::Silent {
                what: "beGateway remembers a movement for 24 hours; a person has to look it up in the \
                       back office, under the payment"
                    .to_owned(),
            });
        }
        let request = request(&self.account, inquiry.kind, &inquiry.movement)?;
        Ok(Step::Ask { request, effect: Effect::Remembered { until }, next: Stage::MovingAgain })
    }

    pub(super) fn moved_again(&self, inquiry: &MovementInquiry, reply: &Reply) -> Result<Step<Stage>, Fault> {
        match self.moved(inquiry.kind, &inquiry.movement, reply) {
            // "Cannot be refunded" is what a refund that worked the first time would be told, had the
            // provider forgotten it. It proves nothing, and a person has to look.
            Err(Fault::Rejected { .. }) => Err(Fault::Silent {
                what: "refused when asked again, which does not tell whether it was done before".to_owned(),
            }),
            other => other,
        }
    }

    pub(super) fn movement_seen(&self, kind: OperationKind, reply: &Reply) -> Result<Step<Stage>, Fault> {
        match self.movement_answer(kind, reply)? {
            Ok(transaction) => Ok(Step::Done(Outcome::Movement(verdict::movement(*transaction)))),
            Err(refusal) if refusal.is_missing() => Ok(Step::Done(Outcome::Absent)),
            Err(refusal) => Err(no_evidence(refusal)),
        }
    }
}

/// The request of a capture, void or refund.
///
/// # Errors
/// [`Fault::Unsupported`] and [`Fault::Invalid`] for what the provider cannot do.
fn request(account: &Account, kind: OperationKind, movement: &Movement) -> Result<Request, Fault> {
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

/// Whether a parent is the payment of a movement, or one of its captures.
fn is_of(asked: &Movement, parent: &str) -> bool {
    asked.payment.transaction.as_deref() == Some(parent)
        || asked.captures.iter().any(|capture| capture.provider_id.as_deref() == Some(parent))
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
