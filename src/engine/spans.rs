//! What spans tell of a conversation: words from short lists, and never a value of anybody's.

use crate::domain::outcome::{MovementStanding, Outcome, Standing};
use crate::providers::contract::{Fault, Operation, Reply};
use crate::world::NoReply;

use super::accounts::Account;
use super::conversation::{Broken, Talked, Why};

/// The span of a whole conversation.
pub(super) fn converse(account: &Account, operation: &Operation) -> tracing::Span {
    tracing::info_span!(
        "converse",
        provider = account.profile().name,
        operation = operation.kind().name(),
        outcome = tracing::field::Empty,
        fault = tracing::field::Empty,
    )
}

/// The span of one exchange in it.
pub(super) fn exchange(account: &Account, request: &'static str) -> tracing::Span {
    tracing::info_span!(
        "exchange",
        otel.kind = "client",
        provider = account.profile().name,
        request,
        outcome = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
    )
}

/// How a conversation ended.
pub(super) fn talked(span: &tracing::Span, talked: &Result<Talked, Broken>) {
    match talked {
        Ok(talked) => span.record("outcome", outcome(&talked.outcome)),
        Err(broken) => {
            let moved = if broken.money_may_have_moved { "unknown" } else { "nothing_moved" };
            span.record("outcome", moved).record("fault", why(&broken.why))
        }
    };
}

/// How an exchange ended.
pub(super) fn exchanged(span: &tracing::Span, reply: &Result<Reply, NoReply>) {
    match reply {
        Ok(reply) => span.record("outcome", "answered").record("http.response.status_code", reply.status),
        Err(NoReply::NeverLeft) => span.record("outcome", "never_left"),
        Err(NoReply::MayHaveArrived) => span.record("outcome", "may_have_arrived"),
    };
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::SessionOpened(_) => "session_opened",
        Outcome::Payment(report) => match report.standing {
            Standing::Open => "open",
            Standing::ActionRequired(_) => "action_required",
            Standing::Processing => "processing",
            Standing::Authorized => "authorized",
            Standing::Captured => "captured",
            Standing::Verified => "verified",
            Standing::Declined(_) => "declined",
            Standing::Failed(_) => "failed",
            Standing::Voided => "voided",
            Standing::Cancelled => "cancelled",
            Standing::Expired => "expired",
        },
        Outcome::Movement(report) => match report.standing {
            MovementStanding::Pending => "pending",
            MovementStanding::Succeeded => "succeeded",
            MovementStanding::Failed(_) => "failed",
        },
        Outcome::SessionClosed => "session_closed",
        Outcome::TokenDeleted => "token_deleted",
        Outcome::Absent => "absent",
    }
}

fn why(why: &Why) -> &'static str {
    match why {
        Why::Journal(_) => "journal",
        Why::Paused(_) => "breaker_open",
        Why::Fault(fault) => match fault {
            Fault::Unsupported { .. } => "unsupported",
            Fault::Invalid { .. } => "invalid",
            Fault::AmountOutOfBounds { .. } => "amount_out_of_bounds",
            Fault::Unauthorized { .. } => "unauthorized",
            Fault::Rejected { .. } => "rejected",
            Fault::Throttled { .. } => "throttled",
            Fault::Unreachable => "unreachable",
            Fault::Silent { .. } => "silent",
            Fault::Unintelligible { .. } => "unintelligible",
        },
    }
}
