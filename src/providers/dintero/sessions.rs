//! Sessions: opened, asked for and cancelled.

use super::asking::{asking, includes};
use super::session::{Create, Session};
use super::{Dintero, Next, Stage, faults};
use crate::domain::outcome::{NextAction, Outcome, PaymentReport, SessionOpened, Standing, Trace};
use crate::providers::contract::{Context, Fault, Method, Operation, Reply, Step};
use crate::providers::json::{Reading, parse};

impl Dintero {
    pub(super) fn open(&self, create: Create, cx: &Context<'_>) -> Next {
        let mut request =
            self.account.request(create.name, Method::Post, create.path, cx)?.json(&create.body);
        if self.account.strict_amounts && create.path != "/sessions/payment-token" {
            request = request.header("Dintero-Feature-Toggles", "strict-session-amounts");
        }
        // A session charges nobody by itself. One whose answer is lost has an address that
        // nobody knows.
        Ok(Step::repeatable(request, Stage::Opening))
    }

    pub(super) fn opened(&self, operation: &Operation, reply: &Reply) -> Next {
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

    pub(super) fn ask_session(&self, id: &str, cx: &Context<'_>, next: fn(Option<String>) -> Stage) -> Next {
        self.account.owns(id)?;
        let request = self.account.request("sessions/{id}", Method::Get, &format!("/sessions/{id}"), cx)?;
        Ok(Step::repeatable(request, next(Some(id.to_owned()))))
    }

    /// What became of a session (dossier §4.3): its transaction says it, once there is one.
    pub(super) fn session_read(&self, operation: &Operation, session: Session, cx: &Context<'_>) -> Next {
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

    pub(super) fn cancel(&self, session: String, cx: &Context<'_>) -> Next {
        self.account.owns(&session)?;
        let path = format!("/sessions/{session}/cancel");
        let request = self.account.request("sessions/{id}/cancel", Method::Post, &path, cx)?;
        Ok(Step::repeatable(request, Stage::Cancelling { session: Some(session) }))
    }

    pub(super) fn cancelled(
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
