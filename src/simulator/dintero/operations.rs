//! Captures, voids, refunds and changes of an authorization (§8).

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answers::{Answer, Reply, conflict, not_found, refusal, rule};
use super::authorizing::{Verdict, movement, request_id};
use super::checks::{self, Problems, join};
use super::outcomes::{Outcome, Trick};
use super::state::{Due, Event, Operation, Pending, State, Status, Transaction, Verb, text};
use super::{CLIENT_ID, Completion, Dintero, callbacks};
use crate::simulator::clock::later;
use crate::simulator::contract::Backstage;
use crate::simulator::ledger::Kind;

/// Product types of which the rest of a part-captured authorization can be voided (§8.2).
const REMAINDER_VOIDABLE: &[&str] = &[
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

/// `POST /transactions/{id}/capture`.
pub async fn capture(
    shared: Shared<Arc<Dintero>>,
    id: Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    operate(shared, id, headers, Verb::Capture, body).await
}

/// `POST /transactions/{id}/void`. Has no body; one that is sent is ignored.
pub async fn void(shared: Shared<Arc<Dintero>>, id: Path<String>, headers: HeaderMap) -> Answer {
    operate(shared, id, headers, Verb::Void, Bytes::new()).await
}

/// `POST /transactions/{id}/refund`.
pub async fn refund(
    shared: Shared<Arc<Dintero>>,
    id: Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    operate(shared, id, headers, Verb::Refund, body).await
}

async fn operate(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    verb: Verb,
    body: Bytes,
) -> Answer {
    dintero.admit(&headers)?;
    let body = checks::object_or_empty(&body)?;
    let mut state = dintero.state();
    let operation = read(verb, &body, state.free_transaction(&id)?)?;
    carry_out(&mut state, &dintero.backstage, &id, operation)
}

/// Lets an operation happen, as far as the rules and the processor let it.
pub fn carry_out(state: &mut State, backstage: &Backstage, id: &str, operation: Operation) -> Answer {
    let transaction = state.free_transaction(id)?;
    allow(&operation, transaction)?;
    match fate(&operation, transaction) {
        Fate::TimesOut => {
            state.time_out(backstage, id, operation);
            Err(refusal(StatusCode::SERVICE_UNAVAILABLE))
        }
        Fate::Fails => {
            state.fail(backstage, id, operation);
            Ok(Reply::ok(state.shown_transaction(id)))
        }
        Fate::Works if state.behaviour.operations == Completion::AtOnce => {
            state.perform(backstage, id, operation, None);
            Ok(Reply::ok(state.shown_transaction(id)))
        }
        Fate::Works => {
            let request_id = state.initiate(backstage, id, operation);
            let reply = Reply::new(StatusCode::ACCEPTED, state.shown_transaction(id));
            Ok(reply.with_header("event-request-id", &request_id))
        }
    }
}

/// Reads the body of an operation.
fn read(verb: Verb, body: &Map<String, Value>, on: &Transaction) -> Result<Operation, Reply> {
    let mut problems = Problems::default();
    let amount = match verb {
        Verb::Void => Some(on.capturable()),
        Verb::Capture | Verb::Refund => problems.required_amount(body, &["amount"]),
    };
    if verb != Verb::Void && amount == Some(0) {
        problems.add("MINIMUM", "Value is less than minimum 1", &["amount"]);
    }
    let reference_name = match verb {
        Verb::Capture => "capture_reference",
        Verb::Void | Verb::Refund => "refund_reference",
    };
    let reference = problems.text(body, &[reference_name]).map(str::to_owned);
    problems.text(body, &["reason"]);
    let is_final = problems.boolean(body, &["final_capture"]).unwrap_or(false);
    check_items(&mut problems, body, on);
    check_metadata(&mut problems, body);
    problems.refuse()?;
    Ok(Operation {
        verb,
        amount: amount.unwrap_or(0),
        reference,
        items: body.get("items").cloned(),
        metadata: body.get("metadata").cloned(),
        is_final,
        asked_by: Some(CLIENT_ID),
    })
}

fn check_items(problems: &mut Problems, body: &Map<String, Value>, on: &Transaction) {
    let Some(items) = body.get("items") else {
        return;
    };
    for (place, item) in items.as_array().into_iter().flatten().enumerate() {
        let place = place.to_string();
        let path = ["items", &place];
        let Value::Object(item) = item else {
            problems.add("INVALID_TYPE", "Expected type object", &path);
            continue;
        };
        problems.amount(item, &join(&path, "amount"));
        let line_id = problems.required_text(item, &join(&path, "line_id"));
        let is_known = |line: &Value| line["line_id"].as_str() == line_id;
        if line_id.is_some() && !on.lines.iter().any(is_known) {
            problems.add("UNKNOWN_LINE", "No such line in the order", &join(&path, "line_id"));
        }
    }
}

/// §8.1: keys begin with `ext_`, at most 128 characters; values are text, at most 256.
fn check_metadata(problems: &mut Problems, body: &Map<String, Value>) {
    for (name, value) in problems.object(body, &["metadata"]) {
        let is_good = name.starts_with("ext_")
            && name.len() <= 128
            && value.as_str().is_some_and(|value| value.len() <= 256);
        if !is_good {
            let message = "metadata keys begin with ext_; values are short strings";
            problems.add("INVALID_METADATA", message, &["metadata", name]);
        }
    }
}

/// The business rules of §8.1 to §8.3.
fn allow(operation: &Operation, on: &Transaction) -> Result<(), Reply> {
    match operation.verb {
        Verb::Capture => allow_capture(operation, on),
        Verb::Void => allow_void(on),
        Verb::Refund => allow_refund(operation, on),
    }
}

fn allow_capture(operation: &Operation, on: &Transaction) -> Result<(), Reply> {
    if !matches!(on.status, Status::Authorized | Status::PartiallyCaptured) || on.is_closed {
        let status = on.status.word();
        return Err(rule(&format!("Transaction with status {status} can't be captured")));
    }
    if on.is_provisional {
        return Err(rule("Pre-authorization must be finalised before capture"));
    }
    if operation.amount > on.capturable() {
        return Err(rule("Capture amount exceeds the remaining authorized amount"));
    }
    if operation.is_final && !on.product_type.starts_with("dintero_psp.") {
        return Err(rule("final_capture is only supported for dintero_psp"));
    }
    let needs_items = on.product_type.starts_with("instabank.");
    if needs_items && operation.items.is_none() {
        return Err(rule("items are required for this payment product type"));
    }
    Ok(())
}

fn allow_void(on: &Transaction) -> Result<(), Reply> {
    match on.status {
        Status::Authorized => Ok(()),
        Status::PartiallyCaptured if REMAINDER_VOIDABLE.contains(&on.product_type.as_str()) => Ok(()),
        Status::PartiallyCaptured => {
            Err(rule("Void after partial capture is not supported for this payment product type"))
        }
        status => Err(rule(&format!("Transaction with status {} can't be voided", status.word()))),
    }
}

fn allow_refund(operation: &Operation, on: &Transaction) -> Result<(), Reply> {
    let has_captures = matches!(
        on.status,
        Status::Captured
            | Status::PartiallyCaptured
            | Status::PartiallyRefunded
            | Status::PartiallyCapturedRefunded
    );
    if !has_captures {
        let status = on.status.word();
        return Err(rule(&format!("Transaction with status {status} can't be refunded")));
    }
    if operation.amount > on.captured() - on.refunded() {
        return Err(rule("Refund amount exceeds the remaining captured amount"));
    }
    Ok(())
}

/// What becomes of an operation that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Works,
    Fails,
    TimesOut,
}

fn fate(operation: &Operation, on: &Transaction) -> Fate {
    match (operation.verb, on.trick(), on.outcome()) {
        (Verb::Capture, Some(Trick::CaptureTimesOut), _)
        | (Verb::Capture, _, Some(Outcome::CaptureTimesOut))
        | (Verb::Refund, Some(Trick::RefundTimesOut), _)
        | (Verb::Refund, _, Some(Outcome::RefundTimesOut))
        | (Verb::Void, Some(Trick::VoidTimesOut), _)
        | (Verb::Void, _, Some(Outcome::VoidTimesOut)) => Fate::TimesOut,
        (Verb::Capture, _, Some(Outcome::CaptureFails))
        | (Verb::Refund, _, Some(Outcome::RefundFails))
        | (Verb::Void, _, Some(Outcome::VoidFails)) => Fate::Fails,
        _ => Fate::Works,
    }
}

impl State {
    /// A transaction on which no operation is under way.
    pub fn free_transaction(&self, id: &str) -> Result<&Transaction, Reply> {
        match self.transaction(id) {
            None => Err(not_found("Transaction not found")),
            Some(found) if found.pending.is_some() => Err(refusal(StatusCode::CONFLICT)),
            Some(found) => Ok(found),
        }
    }

    /// Everything that has become due happens, in its order.
    pub fn settle(&mut self, backstage: &Backstage) {
        let now = backstage.clock.now();
        while let Some(due) = self.agenda.take_due(now) {
            match due {
                Due::Complete(id) => self.complete(backstage, &id),
                Due::Correct(id, event_id) => self.correct(backstage, &id, &event_id),
                Due::Decide(id) => self.decide(backstage, &id),
                Due::AutoCapture(id) => {
                    if self.capture_automatically(backstage, &id) {
                        callbacks::authorization(self, backstage, &id);
                    }
                }
            }
        }
    }

    /// Does an operation: the event, the status, the ledger, the callback.
    fn perform(
        &mut self,
        backstage: &Backstage,
        id: &str,
        operation: Operation,
        correlation_request_id: Option<String>,
    ) {
        let now = backstage.clock.now();
        let Some(transaction) = self.transactions.get_mut(id) else {
            return;
        };
        let verb = operation.verb;
        let request_id = request_id(transaction, verb.event());
        let event =
            Event { correlation_request_id, ..event_of(&operation, transaction.status, now, request_id) };
        transaction.note(event);
        if operation.is_final || verb == Verb::Void {
            transaction.is_closed = true;
        }
        let status = status_after(transaction, verb);
        transaction.status = status;
        if let Some(event) = transaction.events.last_mut() {
            event.status = status;
        }
        backstage.ledger.record(movement(transaction, verb.kind(), operation.amount, false));
        callbacks::event(self, backstage, id);
    }

    /// The processor refused: 200 with a failed event, and the status as it was (sample 35).
    fn fail(&mut self, backstage: &Backstage, id: &str, operation: Operation) {
        let now = backstage.clock.now();
        let Some(transaction) = self.transactions.get_mut(id) else {
            return;
        };
        let verb = operation.verb.event();
        let name = format!("{}{}", &verb[..1], verb[1..].to_lowercase());
        let request_id = request_id(transaction, verb);
        transaction.note(Event {
            success: false,
            error: Some(json!({
                "code": format!("{}_failed", verb.to_lowercase()),
                "message": format!("{name} was rejected by the gateway"),
                "type": ["ERROR"],
            })),
            ..event_of(&operation, transaction.status, now, request_id)
        });
        backstage.ledger.record(movement(transaction, operation.verb.kind(), operation.amount, true));
    }

    /// The processor did not answer: a failed event now, and the truth later (sample 36).
    fn time_out(&mut self, backstage: &Backstage, id: &str, operation: Operation) {
        let now = backstage.clock.now();
        let Some(transaction) = self.transactions.get_mut(id) else {
            return;
        };
        let request_id = request_id(transaction, operation.verb.event());
        transaction.note(Event {
            success: false,
            error: Some(json!({ "message": "Timeout from gateway", "type": ["UNKNOWN"] })),
            ..event_of(&operation, transaction.status, now, request_id)
        });
        let event_id = transaction.events.len().to_string();
        if let Some(after_ms) = self.behaviour.timeout_corrected_after_ms {
            // Until the truth is known, the next operation is told to wait (409).
            transaction.pending = Some(Pending { operation, request_id: String::new(), on_next_read: false });
            self.agenda.plan(later(now, after_ms), Due::Correct(id.to_owned(), event_id));
        }
    }

    fn correct(&mut self, backstage: &Backstage, id: &str, event_id: &str) {
        let Some(transaction) = self.transactions.get_mut(id) else {
            return;
        };
        let Some(pending) = transaction.pending.take() else {
            return;
        };
        self.perform(backstage, id, pending.operation, None);
        let Some(transaction) = self.transactions.get_mut(id) else {
            return;
        };
        let correction = json!({
            "event_ids": [transaction.events.len().to_string()],
            "status": transaction.status.word(),
            "remaining_capture_amount": transaction.capturable(),
            "remaining_refund_amount": transaction.captured() - transaction.refunded(),
            "remaining_void_amount": transaction.capturable(),
        });
        let place = event_id.parse::<usize>().ok().and_then(|id| id.checked_sub(1));
        if let Some(event) = place.and_then(|place| transaction.events.get_mut(place)) {
            event.correction = Some(correction);
        }
    }

    /// Accepts an operation for later (sample 33); answers the request id to look for.
    fn initiate(&mut self, backstage: &Backstage, id: &str, operation: Operation) -> String {
        let now = backstage.clock.now();
        let completion = self.behaviour.operations;
        let Some(transaction) = self.transactions.get_mut(id) else {
            return String::new();
        };
        let name = operation.verb.initiating_event();
        let request_id = request_id(transaction, name);
        let event = event_of(&operation, transaction.status, now, request_id.clone());
        transaction.note(Event { name, ..event });
        transaction.pending = Some(Pending {
            operation,
            request_id: request_id.clone(),
            on_next_read: completion == Completion::OnNextRead,
        });
        if let Completion::AfterMs(after_ms) = completion {
            self.agenda.plan(later(now, after_ms), Due::Complete(id.to_owned()));
        }
        request_id
    }

    /// Does what was accepted before.
    pub fn complete(&mut self, backstage: &Backstage, id: &str) {
        let Some(transaction) = self.transactions.get_mut(id) else {
            return;
        };
        if let Some(pending) = transaction.pending.take() {
            self.perform(backstage, id, pending.operation, Some(pending.request_id));
        }
    }

    /// An undecided transaction is decided.
    fn decide(&mut self, backstage: &Backstage, id: &str) {
        let is_undecided = self.transaction(id).is_some_and(|transaction| {
            matches!(transaction.status, Status::OnHold | Status::Initiated | Status::Unknown)
        });
        if is_undecided {
            let verdict = if self.behaviour.undecided_becomes_authorized {
                Verdict::Approved
            } else {
                Verdict::Refused(&super::outcomes::NO_TEST_CARD)
            };
            self.conclude(backstage, id, verdict);
        }
    }

    /// The capture nobody asked for by hand; a manual one in between stops it (§4.2).
    pub fn capture_automatically(&mut self, backstage: &Backstage, id: &str) -> bool {
        let Some(transaction) = self.transaction(id) else {
            return false;
        };
        if transaction.status != Status::Authorized || transaction.pending.is_some() {
            return false;
        }
        let operation = Operation {
            verb: Verb::Capture,
            amount: transaction.amount,
            reference: None,
            items: None,
            metadata: None,
            is_final: false,
            asked_by: None,
        };
        self.perform(backstage, id, operation, None);
        true
    }

    /// Voids what is authorized, for a cancelled session.
    pub fn void_for_cancellation(&mut self, backstage: &Backstage, id: &str) {
        let Some(transaction) = self.transaction(id) else {
            return;
        };
        let operation = Operation {
            verb: Verb::Void,
            amount: transaction.capturable(),
            reference: None,
            items: None,
            metadata: None,
            is_final: false,
            asked_by: Some(CLIENT_ID),
        };
        self.perform(backstage, id, operation, None);
    }
}

fn event_of(operation: &Operation, status: Status, now: Timestamp, request_id: String) -> Event {
    Event {
        amount: Some(operation.amount),
        reference: operation.reference.clone(),
        items: operation.items.clone(),
        metadata: operation.metadata.clone(),
        created_by: operation.asked_by,
        ..Event::new(operation.verb.event(), status, now, request_id)
    }
}

/// The status that follows from the events (§9).
fn status_after(transaction: &Transaction, verb: Verb) -> Status {
    let (captured, refunded) = (transaction.captured(), transaction.refunded());
    if captured == 0 {
        return match verb {
            Verb::Void => Status::AuthorizationVoided,
            Verb::Capture | Verb::Refund => transaction.status,
        };
    }
    let is_fully_captured = captured >= transaction.amount || transaction.is_closed;
    match (is_fully_captured, refunded) {
        (true, 0) => Status::Captured,
        (true, refunded) if refunded >= captured => Status::Refunded,
        (true, _) => Status::PartiallyRefunded,
        (false, 0) => Status::PartiallyCaptured,
        (false, _) => Status::PartiallyCapturedRefunded,
    }
}

/// `POST /transactions/{id}/authorization` (§8.4).
pub async fn authorization(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    dintero.admit(&headers)?;
    let body = checks::object_or_empty(&body)?;
    let now = dintero.now();
    let mut state = dintero.state();
    let Some(transaction) = state.transactions.get_mut(&id) else {
        return Err(not_found("Transaction not found"));
    };
    let mut problems = Problems::default();
    let amount = problems.amount(&body, &["amount"]);
    let is_final = problems.boolean(&body, &["final_authorization"]);
    for name in ["reason", "reference", "description"] {
        problems.text(&body, &[name]);
    }
    problems.items(&body, &[]);
    problems.refuse()?;
    allow_authorization(transaction, &body, amount, is_final)?;
    let change = amount.map_or(0, |amount| amount - transaction.amount);
    transaction.amount += change;
    if let Some(Value::Array(items)) = body.get("items") {
        transaction.lines.clone_from(items);
    }
    if is_final == Some(true) {
        transaction.is_provisional = false;
    }
    let request_id = request_id(transaction, "AUTHORIZE");
    let event = Event::new("AUTHORIZE", Status::Authorized, now, request_id);
    transaction.note(Event {
        amount,
        reference: text(&body, "reference").map(str::to_owned),
        items: body.get("items").cloned(),
        created_by: Some(CLIENT_ID),
        ..event
    });
    let change = movement(transaction, Kind::Reauthorize, change, false);
    dintero.backstage.ledger.record(change);
    Ok(Reply::ok(state.shown_transaction(&id)))
}

fn allow_authorization(
    on: &Transaction,
    body: &Map<String, Value>,
    amount: Option<i64>,
    is_final: Option<bool>,
) -> Result<(), Reply> {
    if on.status != Status::Authorized || on.pending.is_some() {
        return Err(conflict("Authorization can't be updated in this state"));
    }
    let is_klarna = on.product_type.starts_with("klarna.");
    if !is_klarna && !on.is_provisional {
        return Err(conflict("Authorization is final"));
    }
    if !is_klarna {
        match (is_final, amount) {
            (None, _) => return Err(rule("final_authorization is required")),
            (_, None) => return Err(rule("amount is required")),
            (Some(false), Some(amount)) if amount <= on.amount => {
                return Err(rule("amount must be greater than the authorized amount"));
            }
            (Some(_), Some(_)) => {}
        }
    }
    let (Some(amount), false) = (amount, on.lines.is_empty()) else {
        return Ok(());
    };
    if !body.contains_key("items") {
        return Err(rule("items are required when the transaction has items"));
    }
    if checks::lines_total(body) != amount {
        return Err(rule("Sum of items does not match amount"));
    }
    Ok(())
}
