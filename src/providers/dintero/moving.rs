//! Captures, voids and refunds: asked for, accepted, and read again.

use super::account::is_path_word;
use super::asking::wanted;
use super::event::{Direction, Occasion, Wanted};
use super::transaction::Transaction;
use super::{Dintero, Next, Stage, faults, movement};
use crate::domain::outcome::{MovementReport, MovementStanding, Outcome, Seen, SeenTotals};
use crate::providers::contract::{Context, Fault, Method, Movement, Operation, Reply, Step};
use crate::providers::json::parse;

impl Dintero {
    pub(super) fn begin_movement(&self, direction: Direction, movement: &Movement, cx: &Context<'_>) -> Next {
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

    pub(super) fn moved(
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
    pub(super) fn reread(
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

    pub(super) fn movement_read(
        &self,
        operation: &Operation,
        transaction: Option<String>,
        reply: &Reply,
    ) -> Next {
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
