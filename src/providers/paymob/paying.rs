//! Payments with a saved card: the one request that charges, and its answer.

use super::transaction::Transaction;
use super::verdict::Occasion;
use super::{Next, Paymob, Stage, faults, looking, saved, verdict, wire};
use crate::domain::order::Charge;
use crate::domain::outcome::{Outcome, Trace};
use crate::domain::secret::Secret;
use crate::providers::contract::{Context, Fault, Method, Operation, Reply, Step};
use crate::providers::json::parse;

impl Paymob {
    /// The one request that charges. It needs no credential: the key authorises it.
    pub(super) fn pay(&self, charge: &Charge, key: &Secret<String>, find_by: Trace) -> Next {
        let body = wire::pay(saved::value(&charge.token)?, key);
        let request =
            self.account.request("payments/pay", Method::Post, "/api/acceptance/payments/pay").json(&body);
        let next = Stage::Paying { find_by: Some(Box::new(find_by.clone())) };
        Ok(Step::moves_money(request, find_by, next))
    }

    /// The answer. A decline is HTTP 200 as well: only `success` decides (section 6).
    pub(super) fn paid(
        &self,
        operation: &Operation,
        find_by: Option<&Trace>,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Next {
        if faults::is_paid_before(reply) {
            return Err(Fault::Silent { what: "the provider speaks of an earlier payment".to_owned() });
        }
        faults::check(reply)?;
        let transaction = Transaction::read(&parse(reply)?, &self.account)?;
        let view = looking::view(operation, find_by, cx.now)?;
        let mut report = verdict::payment(&self.account, &view, &transaction, Occasion::Answer)?;
        if let Some(known) = find_by {
            let mut trace = known.clone();
            trace.learn(report.trace);
            report.trace = trace;
        }
        Ok(Step::Done(Outcome::Payment(report)))
    }
}
