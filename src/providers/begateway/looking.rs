//! Inquiries: who is asked, and what the answer proves.

use super::answer::{Answer, Refusal};
use super::verdict::{PageSays, View};
use super::{Begateway, CONTRACT, Look, Stage, answer, page, verdict, wire};
use crate::domain::order::Purpose;
use crate::domain::outcome::{Outcome, Trace};
use crate::providers::contract::{Fault, Inquiry, Reply, Step};

impl Begateway {
    /// The page first, because it knows of attempts that came after the last one we heard of; then
    /// the provider's id; then our reference.
    pub(super) fn look(&self, inquiry: &Inquiry) -> Step<Stage> {
        let Trace { session_key, transaction, reference, .. } = &inquiry.trace;
        let (request, look) = match (session_key, transaction) {
            (Some(token), _) => (page::read(&self.account, token), Look::Page),
            (None, Some(uid)) => {
                (wire::by_uid(&self.account, uid), Look::Transaction { named_by_page: None })
            }
            (None, None) => (wire::by_reference(&self.account, reference), Look::Reference),
        };
        Step::repeatable(request, Stage::Looking(look))
    }

    pub(super) fn seen(&self, inquiry: &Inquiry, look: Look, reply: &Reply) -> Result<Step<Stage>, Fault> {
        let view = view_of_inquiry(inquiry);
        let report = match answer::read(reply, &self.account)? {
            Answer::Transaction(transaction) => verdict::payment(&self.account, &view, *transaction)?,
            Answer::Several(all) => match verdict::choose(all)? {
                None => return Ok(Step::Done(Outcome::Absent)),
                Some((parent, children)) => {
                    let report = verdict::payment(&self.account, &view, parent)?;
                    verdict::with_children(report, children)
                }
            },
            Answer::Page(page) => match verdict::page_says(&page)? {
                PageSays::Standing(standing) => verdict::page(&self.account, &view, &page, standing),
                PageSays::Ask => return Ok(self.ask_for_transaction(*page, &view)),
            },
            Answer::Refusal(refusal) if refusal.is_missing() => return self.missing(look),
            Answer::Refusal(refusal) => return Err(no_evidence(refusal)),
        };
        Ok(Step::Done(Outcome::Payment(report)))
    }

    /// The transaction that a page names is the authority; a page that names none leaves our reference.
    fn ask_for_transaction(&self, page: answer::Page, view: &View<'_>) -> Step<Stage> {
        match page.uid {
            Some(uid) => {
                let request = wire::by_uid(&self.account, &uid);
                let named_by_page = Some(uid);
                Step::repeatable(request, Stage::Looking(Look::Transaction { named_by_page }))
            }
            None => Step::repeatable(
                wire::by_reference(&self.account, view.reference),
                Stage::Looking(Look::Reference),
            ),
        }
    }

    /// Nothing under what was asked for. A transaction that a page named exists somewhere: paid by
    /// an alternative method it lives on another host.
    pub(super) fn missing(&self, look: Look) -> Result<Step<Stage>, Fault> {
        match look {
            Look::Page | Look::Reference | Look::Transaction { named_by_page: None } => {
                Ok(Step::Done(Outcome::Absent))
            }
            Look::Transaction { named_by_page: Some(uid) } => {
                match wire::alternative_by_uid(&self.account, &uid) {
                    Some(request) => Ok(Step::repeatable(request, Stage::Looking(Look::Alternative))),
                    None => Err(Fault::unintelligible("a page names a transaction that the gateway lacks")),
                }
            }
            Look::Alternative => Err(Fault::unintelligible("a page names a transaction that no host has")),
        }
    }
}

pub(super) fn view_of_inquiry(inquiry: &Inquiry) -> View<'_> {
    let contract = inquiry.trace.more.get(CONTRACT).map(String::as_str).unwrap_or_default();
    View {
        reference: &inquiry.trace.reference,
        asked: inquiry.money,
        only_saves: inquiry.purpose == Some(Purpose::Save),
        saves: matches!(inquiry.purpose, Some(Purpose::PayAndSave | Purpose::Save)),
        contract: contract.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        customer_present: inquiry.customer_present,
    }
}

/// Whatever else an inquiry is answered with proves nothing about the payment.
pub(super) fn no_evidence(refusal: Refusal) -> Fault {
    match refusal.fault() {
        Fault::Rejected { .. } => Fault::unintelligible("an inquiry was refused"),
        other => other,
    }
}
