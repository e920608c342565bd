//! Payments: charging a token, and finding out what became of a payment.

use serde_json::Value;
use url::form_urlencoded;

use super::asking::includes;
use super::session::Create;
use super::transaction::{Asking, Transaction};
use super::{Dintero, Next, Stage, faults};
use crate::domain::outcome::{Outcome, Trace};
use crate::providers::contract::{Context, Fault, Inquiry, Method, Reply, Request, Step};
use crate::providers::json::parse;

/// A page of the list; our references are unique, so it is never full.
const LIST_LIMIT: usize = 100;

impl Dintero {
    /// The one request that charges. Its toggles are the nearest thing to an idempotency key:
    /// a reference that was used before is refused (dossier §6).
    pub(super) fn pay(&self, create: Create, reference: &str, cx: &Context<'_>) -> Next {
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
    pub(super) fn paid(&self, reply: &Reply, asking: Asking<'_>) -> Next {
        let strict = self.account.strict_reference || self.account.strict_success_reference;
        if strict && faults::may_be_duplicate(reply) {
            return Err(Fault::Silent { what: "HTTP 400, perhaps because of an earlier request".to_owned() });
        }
        faults::check(reply)?;
        self.payment(&parse(reply)?, None, asking)
    }

    pub(super) fn payment(&self, body: &Value, expected: Option<&str>, asking: Asking<'_>) -> Next {
        let transaction = Transaction::read(body, &self.account, expected)?;
        Ok(Step::Done(Outcome::Payment(transaction.report(asking)?)))
    }

    pub(super) fn begin_inquiry(&self, inquiry: &Inquiry, cx: &Context<'_>) -> Next {
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

    pub(super) fn get_transaction(&self, id: &str, query: &str, cx: &Context<'_>) -> Result<Request, Fault> {
        self.account.owns(id)?;
        self.account.request("transactions/{id}", Method::Get, &format!("/transactions/{id}{query}"), cx)
    }

    /// The transactions under our reference. One is the rule; where a customer tried twice, what
    /// succeeded counts, and two successes are more than we can explain.
    pub(super) fn listed(&self, body: &Value, asking: Asking<'_>) -> Next {
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
