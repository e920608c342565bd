//! Captures, voids and refunds, and how each is found again (dossier, sections 12 and 15).
//!
//! A capture has no reference of ours and no address of its own: it is found in the history of its
//! charge. A refund has both a reference and an id. Bodies depend on the [`Movement`] alone.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::amount;
use super::envelope;
use super::method::unsupported;
use super::order::{self, Object, invalid};
use super::session::{self, ChargeStatus, History, Session, Status};
use super::verdict;
use super::wire::{self, segment};
use super::{Pivot, Stage};
use crate::domain::money::Money;
use crate::domain::order::{CaptureMode, OptionValue};
use crate::domain::outcome::{
    Decline, DeclineReason, MovementReport, MovementStanding, Outcome, RetryAdvice, Seen, SeenTotals, Trace,
};
use crate::providers::contract::{
    Context, Effect, Fault, Movement, MovementInquiry, OperationKind, RefundReason, Reply, Request, Step,
};
use crate::providers::json::Reading;

/// Refunds of one page of the list; the documentation allows up to 100.
const REFUNDS_PER_PAGE: i64 = 100;
/// The longest `description` of a refund, in characters.
const DESCRIPTION_CHARS_MAX: usize = 50;
/// How much earlier than it was sent a capture may seem to have been made: clocks differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(5);
/// How long Pivot remembers an `X-REQUEST-ID` (section 4: 24 hours), less an hour for clocks and
/// for the time on the way.
const REMEMBERED: Duration = Duration::from_secs(23 * 3600);

impl Pivot {
    pub(super) fn capture(&self, movement: &Movement, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        if movement.capture_mode == CaptureMode::Automatic {
            return Err(unsupported(
                "a capture of a payment that was taken at once",
                "nothing; it is captured",
            ));
        }
        let rupiah = amount::whole(movement.amount, "money.amount_minor")?;
        let body = json!({
            // Ends the reservation; without it the rest stays open for further captures.
            "releaseRemainingAmount": movement.final_capture,
            "amount": order::money(rupiah, movement.amount.currency()),
        });
        let path = format!("/v2/payments/{}/capture", segment(session_of(movement)?));
        let request = self.account.post("payments/capture", &path, &movement.reference, &body, cx)?;
        Ok(Step::moves_money(request, find_by(movement), Stage::Capturing))
    }

    pub(super) fn captured(&self, movement: &Movement, reply: &Reply) -> Result<Step<Stage>, Fault> {
        let data = envelope::data(reply)?;
        let id = data.text(&["id"]).ok_or_else(|| Fault::unintelligible("a capture without an id"))?;
        Ok(Step::Done(Outcome::Movement(MovementReport {
            standing: verdict::capture_standing(session::capture_status(&data)?),
            seen: Seen {
                money: amount::read(&data, &["amount"])?,
                reference: stranger(movement, &data, "paymentSessionClientReferenceId"),
            },
            provider_id: Some(id),
            totals: SeenTotals::default(),
        })))
    }

    pub(super) fn refund(&self, movement: &Movement, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        let request = self.refund_request(movement, cx)?;
        Ok(Step::moves_money(request, find_by(movement), Stage::Refunding))
    }

    fn refund_request(&self, movement: &Movement, cx: &Context<'_>) -> Result<Request, Fault> {
        let rupiah = amount::whole(movement.amount, "money.amount_minor")?;
        // "Full" is whatever Pivot has captured by then. Only where that cannot grow is it ours.
        let is_full = movement.capture_mode == CaptureMode::Automatic
            && movement.amount == movement.asked
            && movement.before.refunded.unwrap_or(0) == 0;
        let mut body = Object::default();
        body.put("clientReferenceId", movement.reference.as_str()).put("isFullAmount", is_full);
        match (&movement.payment.session, &movement.payment.transaction) {
            (Some(session), _) => body.put("paymentSessionId", session.as_str()),
            (None, Some(charge)) => body.put("chargeId", charge.as_str()),
            (None, None) => return Err(unknown_payment()),
        };
        if !is_full {
            // In this part of the interface values are texts.
            let currency = movement.amount.currency();
            body.put("amount", json!({ "value": rupiah.to_string(), "currency": currency.code() }));
        }
        let reason = match movement.refund_reason {
            RefundReason::Unspecified => self.account.default_refund_reason.as_str(),
            RefundReason::RequestedByCustomer => "REQUESTED_BY_CUSTOMER",
            RefundReason::Duplicate => "DUPLICATE",
            RefundReason::Fraudulent => "SUSPECT_FRAUDULENT",
            RefundReason::Other => "OTHERS",
        };
        body.put("reason", reason);
        if let Some(words) = movement.reason.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
            body.put("description", words.chars().take(DESCRIPTION_CHARS_MAX).collect::<String>());
        }
        let (method, destination) = destination(movement)?;
        body.put("method", method);
        if let Some(destination) = destination {
            body.put("transferDestination", destination);
        }
        self.account.post("refunds/create", "/v1/refunds", &movement.reference, &Value::Object(body.0), cx)
    }

    pub(super) fn refunded(&self, reply: &Reply, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        if envelope::is_duplicate(reply) {
            // Something stands under the reference; only the list says what.
            return self.scan(1, false, cx);
        }
        Ok(Step::Done(Outcome::Movement(refund_report(&envelope::data(reply)?)?)))
    }

    fn scan(&self, page: i64, may_resend: bool, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        let path = format!("/v1/refunds?page={page}&perPage={REFUNDS_PER_PAGE}");
        let request = self.account.get("refunds/list", &path, cx)?;
        Ok(Step::repeatable(request, Stage::ScanningRefunds { page, may_resend }))
    }

    /// Gives a reservation back by cancelling its session, where the account says that this works.
    pub(super) fn void(&self, movement: &Movement, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        if !self.account.void_via_cancel {
            return Err(unsupported("voiding a reservation", super::profile::VOID_INSTEAD));
        }
        let request = wire::cancel(&self.account, session_of(movement)?, &movement.reference, cx)?;
        Ok(Step::moves_money(request, find_by(movement), Stage::Voiding))
    }

    /// Whatever the answer to the cancellation: only the state that is read afterwards is believed.
    pub(super) fn voided(
        &self,
        movement: &Movement,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        envelope::data(reply)?;
        let request = wire::read(&self.account, session_of(movement)?, cx)?;
        Ok(Step::repeatable(request, Stage::ReadingVoided))
    }

    pub(super) fn void_seen(&self, movement: &Movement, reply: &Reply) -> Result<Step<Stage>, Fault> {
        if envelope::is_missing(reply) {
            return Ok(Step::Done(Outcome::Absent));
        }
        let session = self.session_of_movement(movement, reply)?;
        let held = session.charges.iter().any(|charge| charge.status == ChargeStatus::WaitingForCapture);
        let standing = match session.status {
            Status::Cancelled | Status::Expired => MovementStanding::Succeeded,
            Status::Processing if held => {
                let words = "the reservation still stands after the session was cancelled";
                MovementStanding::Failed(Decline {
                    provider_message: Some(words.to_owned()),
                    ..Decline::new(DeclineReason::ProcessingError, RetryAdvice::Later)
                })
            }
            Status::Processing
            | Status::RequirePaymentMethod
            | Status::RequireConfirmation
            | Status::RequireAction
            | Status::Paid
            | Status::Active
            | Status::Inactive => {
                return Err(Fault::unintelligible("a session that is neither reserved nor cancelled"));
            }
        };
        let seen = Seen { money: None, reference: None };
        Ok(Step::Done(Outcome::Movement(MovementReport {
            standing,
            seen,
            provider_id: None,
            totals: SeenTotals::default(),
        })))
    }

    pub(super) fn ask_again(
        &self,
        inquiry: &MovementInquiry,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        let movement = &inquiry.movement;
        match (inquiry.kind, &inquiry.provider_id) {
            (OperationKind::Refund, Some(id)) => {
                let request = self.account.get("refunds/get", &format!("/v1/refunds/{}", segment(id)), cx)?;
                Ok(Step::repeatable(request, Stage::ReadingRefund))
            }
            (OperationKind::Refund, None) => self.scan(1, true, cx),
            (OperationKind::Void, _) => {
                let request = wire::read(&self.account, session_of(movement)?, cx)?;
                Ok(Step::repeatable(request, Stage::ReadingVoided))
            }
            _ => {
                let request = wire::read(&self.account, session_of(movement)?, cx)?;
                Ok(Step::repeatable(request, Stage::ReadingCapture))
            }
        }
    }

    pub(super) fn refund_seen(&self, reply: &Reply) -> Result<Step<Stage>, Fault> {
        if envelope::is_missing(reply) {
            return Ok(Step::Done(Outcome::Absent));
        }
        let data = evidence(reply)?;
        Ok(Step::Done(Outcome::Movement(refund_report(&data["data"])?)))
    }

    /// One page of the list of refunds. The end of the list without our reference is evidence that
    /// there is none; the end of our patience is not.
    pub(super) fn scanned(
        &self,
        asked: &Movement,
        inquiry: Option<&MovementInquiry>,
        (page, may_resend): (i64, bool),
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        let body = evidence(reply)?;
        let Some(refunds) = body["data"].as_array() else {
            return Err(Fault::unintelligible("a list of refunds that is none"));
        };
        let ours = |refund: &&Value| {
            refund.text(&["clientReferenceId"]).as_deref() == Some(asked.reference.as_str())
        };
        if let Some(refund) = refunds.iter().find(ours) {
            return Ok(Step::Done(Outcome::Movement(refund_report(refund)?)));
        }
        let pages = body
            .integer(&["pagination", "totalPages"])
            .ok_or_else(|| Fault::unintelligible("a list without its number of pages"))?;
        if page >= pages {
            return Ok(Step::Done(Outcome::Absent));
        }
        if page < self.account.refund_scan_pages {
            return self.scan(page + 1, may_resend, cx);
        }
        match inquiry.filter(|_| may_resend && self.account.refund_resend) {
            Some(inquiry) => self.resend(inquiry, cx),
            None => Err(Fault::Silent {
                what: "not among the refunds that were looked through; a person has to look in the dashboard"
                    .to_owned(),
            }),
        }
    }

    /// The same bytes under the same id: answered as the first time and done once, where Pivot
    /// has said that refunds honour the id.
    fn resend(&self, inquiry: &MovementInquiry, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        let until = inquiry
            .sent_at
            .checked_add(REMEMBERED)
            .map_err(|_| Fault::unintelligible("a time of sending beyond the calendar"))?;
        if cx.now >= until {
            return Err(Fault::Silent {
                what: "Pivot remembers a request for 24 hours; a person has to look in the dashboard"
                    .to_owned(),
            });
        }
        let request = self.refund_request(&inquiry.movement, cx)?;
        Ok(Step::Ask { request, effect: Effect::Remembered { until }, next: Stage::RefundingAgain })
    }

    /// A refusal of the repeat would also be heard by a refund that worked, so it proves nothing.
    pub(super) fn refunded_again(&self, reply: &Reply) -> Result<Step<Stage>, Fault> {
        let data = evidence(reply)?;
        Ok(Step::Done(Outcome::Movement(refund_report(&data["data"])?)))
    }

    pub(super) fn capture_seen(
        &self,
        inquiry: &MovementInquiry,
        reply: &Reply,
    ) -> Result<Step<Stage>, Fault> {
        if envelope::is_missing(reply) {
            return Ok(Step::Done(Outcome::Absent));
        }
        let session = self.session_of_movement(&inquiry.movement, reply)?;
        if let Some(other) = session.money.filter(|money| *money != inquiry.movement.asked)
            && other != inquiry.movement.amount
        {
            // Nothing in it is believed; told as it stands, the comparison finds it.
            return Ok(Step::Done(Outcome::Movement(MovementReport {
                standing: MovementStanding::Pending,
                seen: Seen { money: Some(other), reference: None },
                provider_id: None,
                totals: SeenTotals::default(),
            })));
        }
        let histories: Vec<&History> =
            session.charges.iter().flat_map(|charge| charge.captures.iter()).collect();
        let found = match &inquiry.provider_id {
            Some(id) => match histories.iter().find(|history| history.id == *id) {
                Some(history) => Some(*history),
                // Known once, not shown yet or any more: that proves nothing.
                None => return Err(Fault::Silent { what: "the capture is not shown".to_owned() }),
            },
            None => lost_capture(inquiry, &histories)?,
        };
        Ok(Step::Done(match found {
            Some(history) => Outcome::Movement(verdict::capture(history)),
            None => Outcome::Absent,
        }))
    }

    fn session_of_movement(&self, movement: &Movement, reply: &Reply) -> Result<Session, Fault> {
        let data = evidence(reply)?;
        let session = Session::read(&self.account, &data["data"])?;
        let is_named = match &session.reference {
            Some(reference) => *reference == movement.payment.reference,
            None => movement.payment.session.as_deref() == Some(session.id.as_str()),
        };
        if is_named { Ok(session) } else { Err(Fault::unintelligible("an answer about another payment")) }
    }
}

/// What a question was answered with. A refusal of the question is no evidence.
fn evidence(reply: &Reply) -> Result<Value, Fault> {
    if reply.is_success() { envelope::whole(reply) } else { Err(envelope::unanswered(reply)) }
}

/// The capture whose answer was lost: one of our amount, made since, that is no earlier one of ours.
fn lost_capture<'a>(
    inquiry: &MovementInquiry,
    histories: &[&'a History],
) -> Result<Option<&'a History>, Fault> {
    let movement = &inquiry.movement;
    let since = inquiry.sent_at.checked_sub(CLOCKS_DIFFER).unwrap_or(inquiry.sent_at);
    let is_earlier = |history: &History| {
        movement.captures.iter().any(|earlier| earlier.provider_id.as_deref() == Some(history.id.as_str()))
    };
    let mut fitting = histories.iter().copied().filter(|history| {
        history.money == movement.amount
            && history.created_at.is_none_or(|made_at| made_at >= since)
            && !is_earlier(history)
    });
    match (fitting.next(), fitting.next()) {
        (found, None) => Ok(found),
        (_, Some(_)) => Err(Fault::unintelligible("several captures that could be the lost one")),
    }
}

fn session_of(movement: &Movement) -> Result<&str, Fault> {
    movement.payment.session.as_deref().ok_or_else(unknown_payment)
}

fn unknown_payment() -> Fault {
    unsupported("a movement of a payment whose session is not known", "asking for the payment first")
}

fn find_by(movement: &Movement) -> Trace {
    let mut trace = movement.payment.clone();
    trace.more.insert("movement".to_owned(), movement.reference.clone());
    trace
}

/// Our payment's reference or session in an answer, where it is another's. A movement's own
/// reference is compared by whoever asked, and finds this one wrong.
fn stranger(movement: &Movement, data: &Value, reference: &str) -> Option<String> {
    let session = data.text(&["paymentSessionId"]);
    let other_session =
        session.filter(|id| movement.payment.session.as_ref().is_some_and(|known| known != id));
    let other_reference = data.text(&[reference]).filter(|found| *found != movement.payment.reference);
    other_reference.or(other_session)
}

fn refund_report(data: &Value) -> Result<MovementReport, Fault> {
    let id = data.text(&["id"]).ok_or_else(|| Fault::unintelligible("a refund without an id"))?;
    let word = data.text(&["status"]).unwrap_or_default();
    let standing = match word.as_str() {
        // To a bank account, which takes days.
        "PENDING" | "WAITING_BANK_TRANSFER" => MovementStanding::Pending,
        "SUCCESS" => MovementStanding::Succeeded,
        "FAILED" | "CANCELLED" => MovementStanding::Failed(Decline {
            provider_code: Some(word.clone()),
            ..Decline::new(DeclineReason::ProcessingError, RetryAdvice::Later)
        }),
        _ => return Err(Fault::unintelligible("a refund of an unknown status")),
    };
    let money: Option<Money> = amount::read(data, &["amount"])?;
    let reference = data.text(&["clientReferenceId"]);
    if standing == MovementStanding::Succeeded && (money.is_none() || reference.is_none()) {
        return Err(Fault::unintelligible("a refund without an amount or a reference"));
    }
    Ok(MovementReport {
        standing,
        seen: Seen { money, reference },
        provider_id: Some(id),
        totals: SeenTotals::default(),
    })
}

/// How a refund goes back, and to which bank account.
fn destination(movement: &Movement) -> Result<(&'static str, Option<Value>), Fault> {
    let options = &movement.options;
    let method = match options.text("method") {
        None | Some("PIVOT_REFUND_METHOD_UNSPECIFIED" | "PIVOT_REFUND_METHOD_AUTO") => "AUTO",
        Some("PIVOT_REFUND_METHOD_TRANSFER_ONLY") => "TRANSFER_ONLY",
        Some(_) => return Err(invalid("provider_options.pivot.method", "is no way to refund at Pivot")),
    };
    let Some(group) = options.group("transfer_destination") else {
        return match method {
            "TRANSFER_ONLY" => {
                Err(invalid("provider_options.pivot.transfer_destination", "is required for TRANSFER_ONLY"))
            }
            _ => Ok((method, None)),
        };
    };
    let text = |name: &str| match group.get(name) {
        Some(OptionValue::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let required = |name: &str| {
        let field = format!("provider_options.pivot.transfer_destination.{name}");
        text(name).ok_or_else(|| invalid(&field, "is required"))
    };
    let mut destination = json!({
        "channelCode": required("channel_code")?,
        "channelInformation": {
            "accountNumber": required("account_number")?,
            "accountName": required("account_name")?,
        },
    });
    if let Some(words) = text("description") {
        destination["description"] = json!(words);
    }
    Ok((method, Some(destination)))
}
