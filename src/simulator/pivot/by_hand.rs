//! What an employee does in the dashboard: the API's own requests, without its doorman.

use serde_json::{Value, json};

use super::answers::{Reply, missing, rule};
use super::state::MINOR;
use super::{Pivot, refunds, sessions};
use crate::simulator::delivery::BackOffice;

/// Acts on the newest session of a reference.
pub fn act(pivot: &Pivot, reference: &str, act: BackOffice) -> Result<(), Reply> {
    let now = pivot.now();
    let mut state = pivot.state();
    let id = state.sessions_by_reference.ids(reference).last().cloned();
    let id = id.ok_or_else(|| missing("payment session", reference))?;
    let answer = match act {
        BackOffice::Refund { amount_minor } => {
            let body = json!({
                "clientReferenceId": format!("dashboard-{}", pivot.backstage.entropy.hex(16)),
                "paymentSessionId": id,
                "amount": { "value": rupiah(amount_minor)?.to_string(), "currency": "IDR" },
                "reason": "OTHERS",
            });
            refunds::refund(pivot, &mut state, &bytes(&body), now)
        }
        BackOffice::Capture { amount_minor } => {
            let body = json!({ "amount": { "value": rupiah(amount_minor)?, "currency": "IDR" } });
            sessions::capture_session(pivot, &mut state, &id, &bytes(&body), now)
        }
        BackOffice::Void => {
            let body = json!({ "cancellationReason": "VOID_SESSION" });
            sessions::cancel_session(pivot, &mut state, &id, &bytes(&body), now)
        }
    };
    answer.map(drop)
}

fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}

/// Amounts are whole rupiah (§6).
fn rupiah(amount_minor: i64) -> Result<i64, Reply> {
    match amount_minor % MINOR {
        0 => Ok(amount_minor / MINOR),
        _ => Err(rule("amount must be whole rupiah")),
    }
}
