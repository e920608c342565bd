//! Asking where a payment stands: by its session, or by our reference; and then the customer, for the
//! card that the payment saved. A payment that is paid is told so, whatever its card's look-up says.

use serde_json::Value;

use super::customer::{self, Wanted};
use super::session::Session;
use super::verdict::{self, View};
use super::{AfterPaying, Pivot, Stage, envelope, wire};
use crate::domain::order::Purpose;
use crate::domain::outcome::{Outcome, PaymentReport, Standing};
use crate::providers::contract::{Context, Fault, Inquiry, Reply, Step};
use crate::providers::json::Reading;

impl Pivot {
    /// By the session's id, where it is known; else by our reference.
    pub(super) fn look(&self, inquiry: &Inquiry, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        Ok(match &inquiry.trace.session {
            Some(id) => Step::repeatable(wire::read(&self.account, id, cx)?, Stage::Reading),
            None => {
                let request = wire::search(&self.account, &inquiry.trace.reference, cx)?;
                Step::repeatable(request, Stage::Searching)
            }
        })
    }

    pub(super) fn seen(
        &self,
        inquiry: &Inquiry,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        if envelope::is_missing(reply) {
            return Ok(Step::Done(Outcome::Absent));
        }
        if !reply.is_success() {
            return Err(envelope::unanswered(reply));
        }
        let data = envelope::data(reply)?;
        let session = match data.is_array() {
            true => self.one_of(&inquiry.trace.reference, &data)?,
            false => Some(Session::read(&self.account, &data)?),
        };
        let Some(session) = session else { return Ok(Step::Done(Outcome::Absent)) };
        let report = self.judged(inquiry, &session)?;
        let customer = session.customer.as_ref().or(inquiry.trace.customer.as_ref());
        match (customer, Wanted::of(&session)) {
            (Some(customer), Some(wanted)) if report.saved_may_follow => {
                let request = wire::customer(&self.account, customer, cx)?;
                let after = AfterPaying { report, customer: customer.clone(), wanted };
                Ok(Step::repeatable(request, Stage::ReadingCustomer(Box::new(after))))
            }
            _ => Ok(Step::Done(Outcome::Payment(report))),
        }
    }

    /// What a session comes to, asked for or told.
    pub(super) fn judged(&self, inquiry: &Inquiry, session: &Session) -> Result<PaymentReport, Fault> {
        let mut report = verdict::payment(&self.account, &view_of(inquiry), session)?;
        report.saved_may_follow = expects_card(inquiry.purpose, session, &report);
        Ok(report)
    }

    /// The card that the payment saved. Whatever is wrong with this answer, the payment is paid:
    /// the card is asked for again.
    pub(super) fn customer_seen(&self, after: AfterPaying, reply: &Reply) -> Step<Stage> {
        let AfterPaying { mut report, customer, wanted } = after;
        let saved = envelope::data(reply)
            .ok()
            .and_then(|data| customer::saved(&self.account, &data, &customer, &wanted));
        report.saved_may_follow = saved.is_none();
        report.saved.extend(saved);
        Step::Done(Outcome::Payment(report))
    }

    /// The same without an answer: the card may still follow.
    pub(super) fn customer_unseen(after: AfterPaying) -> Outcome {
        let mut report = after.report;
        report.saved_may_follow = true;
        Outcome::Payment(report)
    }

    /// The session under our reference, from a list. An empty list means that there is none.
    pub(super) fn found(&self, reference: &str, reply: &Reply) -> Result<Option<Session>, Fault> {
        if !reply.is_success() {
            return Err(envelope::unanswered(reply));
        }
        self.one_of(reference, &envelope::data(reply)?)
    }

    fn one_of(&self, reference: &str, data: &Value) -> Result<Option<Session>, Fault> {
        let Some(list) = data.as_array() else {
            return Err(Fault::unintelligible("a list of sessions that is none"));
        };
        if list.iter().any(|item| item.at(&["paymentSessionId"]).is_some()) {
            return Session::of_charges(list).map(Some);
        }
        let mut sessions = list
            .iter()
            .map(|data| Session::read(&self.account, data))
            .collect::<Result<Vec<Session>, Fault>>()?;
        if sessions.iter().any(|session| session.reference.as_deref() == Some(reference)) {
            sessions.retain(|session| session.reference.as_deref() == Some(reference));
        }
        match (sessions.pop(), sessions.len()) {
            (found, 0) => Ok(found),
            (_, _) => Err(Fault::unintelligible("several sessions under one reference")),
        }
    }
}

pub(super) fn view_of(inquiry: &Inquiry) -> View<'_> {
    View {
        reference: &inquiry.trace.reference,
        asked: inquiry.money,
        session: inquiry.trace.session.as_deref(),
        customer_present: inquiry.customer_present || inquiry.purpose.is_some(),
    }
}

/// Whether a card of this payment should come to light: it was to be saved, and the payment worked.
pub(super) fn expects_card(purpose: Option<Purpose>, session: &Session, report: &PaymentReport) -> bool {
    purpose == Some(Purpose::PayAndSave)
        && session.saves != Some(false)
        && matches!(report.standing, Standing::Captured | Standing::Authorized)
}
