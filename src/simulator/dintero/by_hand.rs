//! What an employee does in the Backoffice: the API's own operations, without its doorman.

use serde_json::Value;

use super::Dintero;
use super::answers::{Reply, not_found, rule};
use super::operations::carry_out;
use super::state::{Operation, Verb};
use crate::simulator::delivery::BackOffice;

/// Who did what was done by hand.
const EMPLOYEE: &str = "backoffice-employee";

/// Acts on the newest transaction of a reference. The callback comes where `report_event` asks for it,
/// as after the API's (§11).
pub fn act(dintero: &Dintero, reference: &str, act: BackOffice) -> Result<(), Reply> {
    let mut state = dintero.state();
    let id = state.transactions_by_reference.ids(reference).last().cloned();
    let id = id.ok_or_else(|| not_found("Transaction not found"))?;
    let transaction = state.free_transaction(&id)?;
    let (verb, amount) = match act {
        BackOffice::Refund { amount_minor } => (Verb::Refund, amount_minor),
        BackOffice::Capture { amount_minor } => (Verb::Capture, amount_minor),
        BackOffice::Void => (Verb::Void, transaction.capturable()),
    };
    if verb != Verb::Void && amount < 1 {
        return Err(rule("Value is less than minimum 1"));
    }
    let operation = Operation {
        verb,
        amount,
        reference: None,
        items: Some(Value::Array(transaction.lines.clone())),
        metadata: None,
        is_final: false,
        asked_by: Some(EMPLOYEE),
    };
    carry_out(&mut state, &dintero.backstage, &id, operation).map(drop)
}
