//! Closing a session before anybody pays. Whoever pays in the same moment wins: only the session
//! itself says who was first.

use super::looking::view_of;
use super::method::unsupported;
use super::opening::check_same;
use super::session::{Session, Status};
use super::{Pivot, Stage, envelope, verdict, wire};
use crate::domain::outcome::{Outcome, Standing};
use crate::providers::contract::{Context, Fault, Inquiry, Reply, Step};

impl Pivot {
    pub(super) fn cancel(&self, inquiry: &Inquiry, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        let Some(session) = &inquiry.trace.session else {
            return Err(unsupported("cancelling a session that Pivot does not know", "letting it expire"));
        };
        let request = wire::cancel(&self.account, session, &inquiry.trace.reference, cx)?;
        Ok(Step::repeatable(request, Stage::Cancelling))
    }

    pub(super) fn cancelled(
        &self,
        inquiry: &Inquiry,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        let refusal = match reply.is_success() {
            true => None,
            false => Some(envelope::fault(reply)),
        };
        match refusal {
            None => {
                let session = Session::read(&self.account, &envelope::data(reply)?)?;
                if session.status == Status::Cancelled {
                    return self.closed(inquiry, &session);
                }
            }
            // Cancelling races with paying: only the session itself says who was first.
            Some(Fault::Rejected { .. }) => {}
            Some(Fault::Unintelligible { .. }) if reply.status == 409 => {}
            Some(fault) => return Err(fault),
        }
        let id = inquiry.trace.session.as_deref().unwrap_or_default();
        Ok(Step::repeatable(wire::read(&self.account, id, cx)?, Stage::ReadingUncancelled))
    }

    pub(super) fn not_cancelled(&self, inquiry: &Inquiry, reply: &Reply) -> Result<Step<Stage>, Fault> {
        if !reply.is_success() {
            return Err(envelope::unanswered(reply));
        }
        let session = Session::read(&self.account, &envelope::data(reply)?)?;
        match session.status {
            Status::Paid | Status::Cancelled | Status::Expired => self.closed(inquiry, &session),
            Status::RequirePaymentMethod
            | Status::RequireConfirmation
            | Status::RequireAction
            | Status::Processing
            | Status::Active
            | Status::Inactive => {
                let end = session.expires_at.or(inquiry.expires_at);
                let end = end.map_or_else(String::new, |end| format!("; it ends by itself at {end}"));
                Err(Fault::Rejected {
                    code: None,
                    message: format!(
                        "the customer has begun to pay, and Pivot does not cancel such a session{end}"
                    ),
                })
            }
        }
    }

    fn closed(&self, inquiry: &Inquiry, session: &Session) -> Result<Step<Stage>, Fault> {
        let report = verdict::payment(&self.account, &view_of(inquiry), session)?;
        Ok(Step::Done(match report.standing {
            Standing::Cancelled => {
                check_same(session, &inquiry.trace.reference, inquiry.money)?;
                Outcome::SessionClosed
            }
            Standing::Open
            | Standing::ActionRequired(_)
            | Standing::Processing
            | Standing::Authorized
            | Standing::Captured
            | Standing::Verified
            | Standing::Declined(_)
            | Standing::Failed(_)
            | Standing::Voided
            | Standing::Expired => Outcome::Payment(report),
        }))
    }
}
