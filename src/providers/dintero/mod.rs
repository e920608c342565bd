//! Dintero: a Norwegian aggregator with one Checkout API in front of several acquirers and
//! wallets. This file is the conversation; what is said in it is in the files beside it.
//!
//! There is no idempotency key. What stands in for it: strict-reference toggles on the one
//! request that charges, a search by our reference, and our references on captures and refunds.
//! Sources, sandbox facts and quirks are in `README.md` here; section numbers are the dossier's
//! (providers/dintero.md, 2026-11).

mod account;
mod asking;
mod decline;
mod event;
mod faults;
mod hook;
mod movement;
mod notice;
mod profile;
mod session;
#[cfg(test)]
mod tests;
mod transaction;
mod wire;

use std::sync::Arc;

use serde_json::Value;
use url::form_urlencoded;

use self::account::{Account, is_path_word};
use self::asking::{asking, includes, wanted};
use self::event::{Direction, Occasion, Wanted};
use self::session::{Create, Session};
use self::transaction::{Asking, Status, Transaction};
use crate::domain::card::{Initiator, StoredToken};
use crate::domain::order::MethodKind;
use crate::domain::outcome::{
    MovementReport, MovementStanding, NextAction, Outcome, PaymentReport, Seen, SeenTotals, SessionOpened,
    Standing, Trace,
};
use crate::providers::contract::{
    AccessToken, Context, Fault, Inquiry, Method, Movement, Operation, OperationKind, Profile, Provider,
    Reply, Request, Step,
};
use crate::providers::conversation::AnyProvider;
use crate::providers::json::{Reading, parse};
use crate::providers::notice::{Notice, NoticeAnswer, Refusal, Told};
use crate::providers::settings::Settings;

pub use self::profile::PROFILE;

/// Settings with invented values.
pub const EXAMPLE: &[(&str, &str)] =
    &[("account_id", "T11223344"), ("client_id", "example-client"), ("client_secret", "example-secret")];

/// A page of the list; our references are unique, so it is never full.
const LIST_LIMIT: usize = 100;

/// Sets Dintero up for one account.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Dintero { account: Account::read(settings) })
}

/// Dintero, for one account.
pub struct Dintero {
    account: Account,
}

/// Where a conversation stands: which answer is awaited, and whose.
#[derive(Debug)]
pub enum Stage {
    /// The answer to a session create.
    Opening,
    /// The session, to learn what became of it.
    ReadingSession {
        /// Its id, where it is known.
        session: Option<String>,
    },
    /// The transactions under our reference.
    Listing,
    /// The transaction, to learn what became of a payment.
    ReadingTransaction {
        /// Its id, where it is known.
        transaction: Option<String>,
    },
    /// The session, before it is cancelled.
    LookingBeforeCancelling {
        /// Its id, where it is known.
        session: Option<String>,
    },
    /// The session's transaction, before the session is cancelled.
    CheckingBeforeCancelling {
        /// The session.
        session: String,
        /// The transaction.
        transaction: String,
    },
    /// The answer to the cancellation.
    Cancelling {
        /// The session, where it is known.
        session: Option<String>,
    },
    /// The answer to a charge by the merchant.
    Paying,
    /// The answer to a capture, void or refund.
    Moving {
        /// The transaction, where it is known.
        transaction: Option<String>,
    },
    /// The transaction, after a movement was refused: the goal may have been met before.
    Rereading {
        /// The transaction.
        transaction: String,
        /// How the movement was refused.
        refusal: Fault,
    },
    /// The transaction, to learn what became of a movement.
    ReadingMovement {
        /// Its id, where it is known.
        transaction: Option<String>,
    },
    /// The answer to a deletion.
    DeletingToken,
}

type Next = Result<Step<Stage>, Fault>;

impl Provider for Dintero {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.methods.of(kind)
    }

    fn sign_in(&self, _operation: OperationKind, _cx: &Context<'_>) -> Option<Request> {
        Some(self.account.sign_in())
    }

    fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        self.account.signed_in(reply, cx)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        wire::check_token(token)
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Next {
        match operation {
            Operation::OpenSession(order) => self.open(session::create(order, &self.account)?, cx),
            Operation::ReadSession(inquiry) => match &inquiry.trace.session {
                Some(id) => self.ask_session(id, cx, |session| Stage::ReadingSession { session }),
                None => Err(Fault::unintelligible("a session without its id at Dintero")),
            },
            Operation::CancelSession(inquiry) => match &inquiry.trace.session {
                Some(id) => self.ask_session(id, cx, |session| Stage::LookingBeforeCancelling { session }),
                None => Err(Fault::unintelligible("a session without its id at Dintero")),
            },
            Operation::ConfirmSession(_) => Err(Fault::Unsupported {
                what: "finishing a session with a card from the merchant's own page".to_owned(),
                instead: "mode REDIRECT; confirming with `returned` reads the session".to_owned(),
            }),
            Operation::Charge(charge) => match &charge.initiator {
                Initiator::Customer { .. } => self.open(session::customer_charge(charge, &self.account)?, cx),
                Initiator::Merchant { reason, first: _ } => {
                    self.pay(session::pay(charge, *reason, &self.account)?, &charge.purchase.reference, cx)
                }
            },
            Operation::Capture(movement) => self.begin_movement(Direction::Capture, movement, cx),
            Operation::Void(movement) => self.begin_movement(Direction::Void, movement, cx),
            Operation::Refund(movement) => self.begin_movement(Direction::Refund, movement, cx),
            Operation::InquirePayment(inquiry) => self.begin_inquiry(inquiry, cx),
            Operation::InquireMovement(inquiry) => {
                let id = movement::transaction_id(&inquiry.movement)?;
                let next = Stage::ReadingMovement { transaction: Some(id.to_owned()) };
                Ok(Step::repeatable(self.get_transaction(id, "", cx)?, next))
            }
            Operation::DeleteToken(token) => self.delete_token(token, cx),
        }
    }

    fn resume(&self, operation: &Operation, stage: Stage, reply: &Reply, cx: &Context<'_>) -> Next {
        let asking = asking(operation, None, cx.now);
        match stage {
            Stage::Opening => self.opened(operation, reply),
            Stage::ReadingSession { session } => {
                faults::check(reply)?;
                let session = Session::read(&parse(reply)?, &self.account, session.as_deref())?;
                self.session_read(operation, session, cx)
            }
            Stage::Listing => {
                faults::check(reply)?;
                self.listed(&parse(reply)?, asking)
            }
            Stage::ReadingTransaction { transaction } => {
                faults::check(reply)?;
                let body = parse(reply)?;
                match body {
                    Value::Array(_) => self.listed(&body, asking),
                    _ => self.payment(&body, transaction.as_deref(), asking),
                }
            }
            Stage::LookingBeforeCancelling { session } => {
                faults::check(reply)?;
                let session = Session::read(&parse(reply)?, &self.account, session.as_deref())?;
                match session.transaction {
                    _ if session.is_cancelled && session.transaction.is_none() => {
                        Ok(Step::Done(Outcome::SessionClosed))
                    }
                    None => self.cancel(session.id, cx),
                    Some(transaction) => {
                        let request = self.get_transaction(&transaction, includes(asking.purpose), cx)?;
                        let next = Stage::CheckingBeforeCancelling { session: session.id, transaction };
                        Ok(Step::repeatable(request, next))
                    }
                }
            }
            Stage::CheckingBeforeCancelling { session, transaction } => {
                faults::check(reply)?;
                let body = parse(reply)?;
                let read = Transaction::read(&body, &self.account, Some(&transaction))?;
                // A cancellation would also give back what a customer has just authorized. Only
                // what nobody has paid is cancelled; for the rest it is too late.
                if read.status == Status::Initiated {
                    self.cancel(session, cx)
                } else {
                    Ok(Step::Done(Outcome::Payment(read.report(asking)?)))
                }
            }
            Stage::Cancelling { session } => self.cancelled(operation, session, reply, cx),
            Stage::Paying => self.paid(reply, asking),
            Stage::Moving { transaction } => self.moved(operation, transaction, reply, cx),
            Stage::Rereading { transaction, refusal } => {
                let found = self.reread(operation, &transaction, reply, cx);
                let report = found.map_err(faults::unanswered)?.ok_or(refusal)?;
                Ok(Step::Done(Outcome::Movement(report)))
            }
            Stage::ReadingMovement { transaction } => self.movement_read(operation, transaction, reply),
            Stage::DeletingToken => token_deleted(reply),
        }
    }

    fn read_notice(&self, notice: &Notice<'_>, cx: &Context<'_>) -> Result<Told, Refusal> {
        self.read_call(notice, cx.now)
    }

    fn answer(&self, judged: &Result<Told, Refusal>) -> NoticeAnswer {
        notice::answer(judged)
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["opening"],
            OperationKind::ReadSession => &["session", "transaction"],
            OperationKind::ConfirmSession => &[],
            OperationKind::CancelSession => &["session", "cancelling"],
            OperationKind::Charge => &["opening", "paying"],
            OperationKind::Capture | OperationKind::Void | OperationKind::Refund => &["moving"],
            OperationKind::InquirePayment => &["session", "list", "transaction"],
            OperationKind::InquireMovement => &["transaction"],
            OperationKind::DeleteToken => &["deleting"],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        if !Provider::stages(self, operation.kind()).contains(&name) {
            return None;
        }
        match (operation.kind(), name) {
            (_, "opening") => Some(Stage::Opening),
            (OperationKind::CancelSession, "session") => {
                Some(Stage::LookingBeforeCancelling { session: None })
            }
            (_, "session") => Some(Stage::ReadingSession { session: None }),
            (_, "cancelling") => Some(Stage::Cancelling { session: None }),
            (_, "list") => Some(Stage::Listing),
            (OperationKind::InquireMovement, "transaction") => {
                Some(Stage::ReadingMovement { transaction: None })
            }
            (_, "transaction") => Some(Stage::ReadingTransaction { transaction: None }),
            (_, "paying") => Some(Stage::Paying),
            (_, "moving") => Some(Stage::Moving { transaction: None }),
            (_, "deleting") => Some(Stage::DeletingToken),
            _ => None,
        }
    }
}

/// Sessions.
impl Dintero {
    fn open(&self, create: Create, cx: &Context<'_>) -> Next {
        let mut request =
            self.account.request(create.name, Method::Post, create.path, cx)?.json(&create.body);
        if self.account.strict_amounts && create.path != "/sessions/payment-token" {
            request = request.header("Dintero-Feature-Toggles", "strict-session-amounts");
        }
        // A session charges nobody by itself. One whose answer is lost has an address that
        // nobody knows.
        Ok(Step::repeatable(request, Stage::Opening))
    }

    fn opened(&self, operation: &Operation, reply: &Reply) -> Next {
        faults::check(reply)?;
        let body = parse(reply)?;
        let id = body.text(&["id"]).ok_or_else(|| Fault::unintelligible("a session create without an id"))?;
        self.account.owns(&id)?;
        // On any host: test pages are on another one than the API (dossier §2). Never built by us.
        let url = body
            .text(&["url"])
            .filter(|url| url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")))
            .ok_or_else(|| Fault::unintelligible("a session create without an address"))?;
        let next_action = NextAction::Redirect { url };
        let mut trace = Trace::by_reference(operation.reference());
        trace.session = Some(id);
        Ok(Step::Done(match operation {
            Operation::Charge(_) => {
                let mut report = PaymentReport::new(Standing::ActionRequired(next_action));
                report.trace = trace;
                Outcome::Payment(report)
            }
            Operation::OpenSession(_)
            | Operation::ReadSession(_)
            | Operation::ConfirmSession(_)
            | Operation::CancelSession(_)
            | Operation::Capture(_)
            | Operation::Void(_)
            | Operation::Refund(_)
            | Operation::InquirePayment(_)
            | Operation::InquireMovement(_)
            | Operation::DeleteToken(_) => Outcome::SessionOpened(SessionOpened {
                trace,
                next_action,
                expires_at: body.time(&["session", "expires_at"]),
            }),
        }))
    }

    fn ask_session(&self, id: &str, cx: &Context<'_>, next: fn(Option<String>) -> Stage) -> Next {
        self.account.owns(id)?;
        let request = self.account.request("sessions/{id}", Method::Get, &format!("/sessions/{id}"), cx)?;
        Ok(Step::repeatable(request, next(Some(id.to_owned()))))
    }

    /// What became of a session (dossier §4.3): its transaction says it, once there is one.
    fn session_read(&self, operation: &Operation, session: Session, cx: &Context<'_>) -> Next {
        let asking = asking(operation, session.expires_at, cx.now);
        if let Some(transaction) = session.transaction {
            let request = self.get_transaction(&transaction, includes(asking.purpose), cx)?;
            return Ok(Step::repeatable(
                request,
                Stage::ReadingTransaction { transaction: Some(transaction) },
            ));
        }
        let standing = if session.is_cancelled {
            Standing::Cancelled
        } else if asking.is_over {
            Standing::Expired
        } else if asking.customer_present {
            Standing::Open
        } else {
            Standing::Processing
        };
        let mut report = PaymentReport::new(standing);
        report.seen = session.seen;
        report.trace = Trace::by_reference(asking.reference);
        report.trace.session = Some(session.id);
        Ok(Step::Done(Outcome::Payment(report)))
    }

    fn cancel(&self, session: String, cx: &Context<'_>) -> Next {
        self.account.owns(&session)?;
        let path = format!("/sessions/{session}/cancel");
        let request = self.account.request("sessions/{id}/cancel", Method::Post, &path, cx)?;
        Ok(Step::repeatable(request, Stage::Cancelling { session: Some(session) }))
    }

    fn cancelled(
        &self,
        operation: &Operation,
        session: Option<String>,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Next {
        // "Refused once captured" (dossier §3): then the session tells what became of it.
        if let (400 | 409, Some(id)) = (reply.status, &session) {
            return self.ask_session(id, cx, |session| Stage::ReadingSession { session });
        }
        faults::check(reply)?;
        let read = Session::read(&parse(reply)?, &self.account, session.as_deref())?;
        match read.transaction {
            Some(_) => self.session_read(operation, read, cx),
            None if read.is_cancelled => Ok(Step::Done(Outcome::SessionClosed)),
            None => Err(Fault::unintelligible("a cancelled session that is not cancelled")),
        }
    }
}

/// Payments.
impl Dintero {
    /// The one request that charges. Its toggles are the nearest thing to an idempotency key:
    /// a reference that was used before is refused (dossier §6).
    fn pay(&self, create: Create, reference: &str, cx: &Context<'_>) -> Next {
        let mut request =
            self.account.request(create.name, Method::Post, create.path, cx)?.json(&create.body);
        let toggles: Vec<&str> = [
            (self.account.strict_reference, "strict-merchant-reference"),
            (self.account.strict_success_reference, "strict-success-merchant-reference"),
        ]
        .into_iter()
        .filter_map(|(wanted, toggle)| wanted.then_some(toggle))
        .collect();
        if !toggles.is_empty() {
            request = request.header("Dintero-Feature-Toggles", toggles.join(","));
        }
        Ok(Step::moves_money(request, Trace::by_reference(reference), Stage::Paying))
    }

    /// The answer to a charge. A decline is HTTP 200 as well: only the status decides (dossier §6).
    fn paid(&self, reply: &Reply, asking: Asking<'_>) -> Next {
        let strict = self.account.strict_reference || self.account.strict_success_reference;
        if strict && faults::may_be_duplicate(reply) {
            return Err(Fault::Silent { what: "HTTP 400, perhaps because of an earlier request".to_owned() });
        }
        faults::check(reply)?;
        self.payment(&parse(reply)?, None, asking)
    }

    fn payment(&self, body: &Value, expected: Option<&str>, asking: Asking<'_>) -> Next {
        let transaction = Transaction::read(body, &self.account, expected)?;
        Ok(Step::Done(Outcome::Payment(transaction.report(asking)?)))
    }

    fn begin_inquiry(&self, inquiry: &Inquiry, cx: &Context<'_>) -> Next {
        if let Some(id) = &inquiry.trace.transaction {
            let request = self.get_transaction(id, includes(inquiry.purpose), cx)?;
            let next = Stage::ReadingTransaction { transaction: Some(id.clone()) };
            return Ok(Step::repeatable(request, next));
        }
        if let Some(id) = &inquiry.trace.session {
            return self.ask_session(id, cx, |session| Stage::ReadingSession { session });
        }
        let reference: String = form_urlencoded::byte_serialize(inquiry.trace.reference.as_bytes()).collect();
        let path = format!("/transactions?merchant_reference={reference}&limit={LIST_LIMIT}");
        let request = self.account.request("transactions", Method::Get, &path, cx)?;
        Ok(Step::repeatable(request, Stage::Listing))
    }

    fn get_transaction(&self, id: &str, query: &str, cx: &Context<'_>) -> Result<Request, Fault> {
        self.account.owns(id)?;
        self.account.request("transactions/{id}", Method::Get, &format!("/transactions/{id}{query}"), cx)
    }

    /// The transactions under our reference. One is the rule; where a customer tried twice, what
    /// succeeded counts, and two successes are more than we can explain.
    fn listed(&self, body: &Value, asking: Asking<'_>) -> Next {
        let Value::Array(items) = body else {
            return self.payment(body, None, asking);
        };
        if items.is_empty() {
            return Ok(Step::Done(Outcome::Absent));
        }
        let all = items
            .iter()
            .map(|item| Transaction::read(item, &self.account, None))
            .collect::<Result<Vec<_>, _>>()?;
        let ours: Vec<&Transaction<'_>> =
            all.iter().filter(|transaction| transaction.reference == asking.reference).collect();
        // Had the filter been ignored, "none of these is ours" would not mean "there is none".
        let &newest = ours.first().ok_or_else(|| Fault::unintelligible("a list of other references"))?;
        let mut successes = ours.iter().filter(|transaction| transaction.status.had_success());
        let first_success = successes.next().copied();
        if successes.next().is_some() {
            return Err(Fault::unintelligible("two successful transactions under one reference"));
        }
        let undecided = ours.iter().find(|transaction| transaction.status.is_pending()).copied();
        let chosen = first_success.or(undecided).unwrap_or(newest);
        Ok(Step::Done(Outcome::Payment(chosen.report(asking)?)))
    }
}

/// Captures, voids and refunds.
impl Dintero {
    fn begin_movement(&self, direction: Direction, movement: &Movement, cx: &Context<'_>) -> Next {
        let id = movement::transaction_id(movement)?;
        self.account.owns(id)?;
        let create = movement::request(direction, movement)?;
        let path = format!("/transactions/{id}{}", create.path);
        let mut request = self.account.request(create.name, Method::Post, &path, cx)?;
        if let Some(body) = &create.body {
            request = request.json(body);
        }
        let next = Stage::Moving { transaction: Some(id.to_owned()) };
        Ok(Step::moves_money(request, movement.payment.clone(), next))
    }

    fn moved(
        &self,
        operation: &Operation,
        transaction: Option<String>,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Next {
        let wanted = wanted(operation, Occasion::Answer)?;
        match reply.status {
            202 => self.accepted(&wanted, transaction.as_deref(), reply),
            200..=299 => {
                let body = parse(reply)?;
                let read = Transaction::read(&body, &self.account, transaction.as_deref())?;
                // 200 is not proof (dossier §8.5): the event is.
                let found = read.movement(&wanted)?;
                let report = found.ok_or_else(|| Fault::unintelligible("an answer without our event"))?;
                Ok(Step::Done(Outcome::Movement(report)))
            }
            401 | 403 | 429 => Err(faults::of(reply)),
            400..=499 => match transaction {
                // "Re-read the state first: the goal may already be met" (dossier §14).
                Some(transaction) => {
                    let request = self.get_transaction(&transaction, "", cx)?;
                    let next = Stage::Rereading { transaction, refusal: faults::of(reply) };
                    Ok(Step::repeatable(request, next))
                }
                None => Err(faults::of(reply)),
            },
            _ => Err(faults::of(reply)),
        }
    }

    /// Accepted and not done. The body is the transaction as it was, when there is one.
    fn accepted(&self, wanted: &Wanted<'_>, transaction: Option<&str>, reply: &Reply) -> Next {
        let found = if reply.body.is_empty() {
            None
        } else {
            let body = parse(reply)?;
            Transaction::read(&body, &self.account, transaction)?.movement(wanted)?
        };
        let mut report = found.unwrap_or(MovementReport {
            standing: MovementStanding::Pending,
            seen: Seen::default(),
            provider_id: None,
            totals: SeenTotals::default(),
        });
        if report.standing == MovementStanding::Pending {
            // The finishing event carries it as `correlation_request_id`.
            let named = reply.header("event-request-id").filter(|id| is_path_word(id)).map(str::to_owned);
            report.provider_id = named.or(report.provider_id);
        }
        Ok(Step::Done(Outcome::Movement(report)))
    }

    /// Whether a movement that was refused has happened all the same.
    fn reread(
        &self,
        operation: &Operation,
        transaction: &str,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Option<MovementReport>, Fault> {
        faults::check(reply)?;
        let body = parse(reply)?;
        let read = Transaction::read(&body, &self.account, Some(transaction))?;
        read.movement(&wanted(operation, Occasion::Inquiry { sent_at: Some(cx.now) })?)
    }

    fn movement_read(&self, operation: &Operation, transaction: Option<String>, reply: &Reply) -> Next {
        let Operation::InquireMovement(inquiry) = operation else {
            return Err(Fault::unintelligible("a stage of another operation"));
        };
        faults::check(reply)?;
        let body = parse(reply)?;
        let read = Transaction::read(&body, &self.account, transaction.as_deref())?;
        let found =
            read.movement(&wanted(operation, Occasion::Inquiry { sent_at: Some(inquiry.sent_at) })?)?;
        Ok(Step::Done(found.map_or(Outcome::Absent, Outcome::Movement)))
    }
}

/// Tokens.
impl Dintero {
    /// Only Dintero's own acquiring keeps tokens that can be deleted; elsewhere a token that we
    /// forget is forgotten (dossier §5).
    fn delete_token(&self, token: &StoredToken, cx: &Context<'_>) -> Next {
        let product = token.product.as_deref().unwrap_or(&self.account.token_product);
        if !product.starts_with(session::OWN_ACQUIRING) {
            return Ok(Step::Done(Outcome::TokenDeleted));
        }
        // The address wants the public id of the token, never the token.
        let Some(handle) = token.handle.as_deref().filter(|handle| is_path_word(handle)) else {
            return Err(Fault::Unsupported {
                what: "deleting a token whose public id is not known".to_owned(),
                instead: "deleting it in Dintero's Backoffice".to_owned(),
            });
        };
        let path = format!("/card-tokens/{handle}");
        let request = self.account.request("card-tokens/{id}", Method::Delete, &path, cx)?;
        Ok(Step::repeatable(request, Stage::DeletingToken))
    }
}

fn token_deleted(reply: &Reply) -> Next {
    if reply.status == 404 {
        return Ok(Step::Done(Outcome::TokenDeleted));
    }
    faults::check(reply)?;
    if reply.body.is_empty() {
        return Ok(Step::Done(Outcome::TokenDeleted));
    }
    match parse(reply)?.text(&["status"]).as_deref() {
        Some("DELETED") => Ok(Step::Done(Outcome::TokenDeleted)),
        _ => Err(Fault::unintelligible("a deleted token that is not deleted")),
    }
}
