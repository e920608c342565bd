//! From what a provider says to what we believe: every answer passes here, whichever road it took.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::card::SavedCard;
use crate::domain::money::Money;
use crate::domain::order::{CaptureMode, Metadata, Options};
use crate::domain::outcome::{
    Asked, Decline, DeclineReason, Failure, FailureReason, Mismatch, MovementReport, MovementStanding,
    PaymentReport, RetryAdvice, Seen, Standing,
};
use crate::domain::payment::{
    FollowUp, Illegal, MOVEMENTS_MAX, MovementId, MovementKind, MovementNews, MovementRecord, MovementStatus,
    News, Payment, PaymentState,
};
use crate::providers::contract::Fault;

/// How long a settled payment is asked about for the card that was saved with it. Longer than the
/// longest delay that a provider is known to have (five minutes).
const SAVED_CARD_WAIT: Duration = Duration::from_secs(600);

/// Takes in a report about a payment. Returns the cards that were saved, for the caller to keep.
///
/// # Errors
/// A bug of ours.
pub(super) fn conclude(
    payment: &mut Payment,
    report: PaymentReport,
    now: Timestamp,
) -> Result<Vec<SavedCard>, Illegal> {
    let PaymentReport {
        standing,
        seen,
        totals,
        trace,
        card,
        saved,
        saved_may_follow,
        network_transaction_id,
        approval_code,
        movements,
    } = report;
    if let Err(mismatch) = compare(payment, &seen, [totals.authorized, totals.captured, totals.refunded]) {
        payment.hear(News::Mismatch(mismatch), now)?;
        return Ok(Vec::new());
    }
    payment.trace.learn(trace);
    keep(&mut payment.card, card);
    keep(&mut payment.network_transaction_id, network_transaction_id);
    keep(&mut payment.approval_code, approval_code);
    if tells_of_saving(&standing) {
        let awaited = saved_may_follow && saved.is_empty() && payment.saved_tokens.is_empty();
        payment.saved_awaited_until =
            awaited.then(|| payment.saved_awaited_until.unwrap_or_else(|| after(now, SAVED_CARD_WAIT)));
    }
    let authorized = totals.authorized.unwrap_or(payment.asked.minor());
    let news = match standing {
        Standing::Open => match payment.next_action.clone() {
            Some(action) => News::ActionRequired(action),
            None => News::Processing,
        },
        Standing::ActionRequired(action) => News::ActionRequired(action),
        Standing::Processing => News::Processing,
        Standing::Authorized => News::Authorized(authorized),
        Standing::Captured => {
            payment.hear(News::Authorized(authorized), now)?;
            News::Captured(totals.captured.unwrap_or(payment.asked.minor()))
        }
        Standing::Verified => News::Verified,
        Standing::Declined(decline) => News::Declined(decline),
        Standing::Failed(failure) => News::Failed(failure),
        Standing::Voided => {
            payment.hear(News::Authorized(authorized), now)?;
            match totals.captured.filter(|captured| *captured > 0) {
                // The rest was given back after a part was taken.
                Some(captured) => News::Captured(captured),
                None if payment.is_taken_at_once() => News::Undone,
                None => News::Voided,
            }
        }
        Standing::Cancelled => {
            News::Declined(Decline::new(DeclineReason::CustomerCancelled, RetryAdvice::WithCustomer))
        }
        Standing::Expired if payment.authorized > 0 => News::Lapsed,
        Standing::Expired => News::Expired,
    };
    payment.hear(news, now)?;
    if let Some(refunded) = totals.refunded.filter(|refunded| *refunded > 0) {
        payment.hear(News::Refunded(refunded), now)?;
    }
    for movement in movements {
        if let Some(id) = same_movement(payment, &movement) {
            conclude_movement(payment, id, movement, now)?;
        }
    }
    Ok(saved)
}

/// Whether an answer knows if a card was saved: one that finds nothing paid may have been on its way since
/// before the payment, and must not end the wait for the card.
fn tells_of_saving(standing: &Standing) -> bool {
    match standing {
        Standing::Authorized | Standing::Captured | Standing::Verified | Standing::Voided => true,
        Standing::Open
        | Standing::ActionRequired(_)
        | Standing::Processing
        | Standing::Declined(_)
        | Standing::Failed(_)
        | Standing::Cancelled
        | Standing::Expired => false,
    }
}

/// A total beyond what was asked is as wrong as another amount.
fn compare(payment: &Payment, seen: &Seen, totals: [Option<i64>; 3]) -> Result<(), Mismatch> {
    payment.asked().compare(seen)?;
    match totals.into_iter().flatten().find(|total| *total > payment.asked.minor()) {
        Some(total) => Err(Mismatch {
            what: "amount",
            asked: payment.asked.minor().to_string(),
            seen: total.to_string(),
        }),
        None => Ok(()),
    }
}

fn keep<T>(known: &mut Option<T>, newer: Option<T>) {
    if newer.is_some() {
        *known = newer;
    }
}

fn same_movement(payment: &Payment, report: &MovementReport) -> Option<MovementId> {
    let by_reference = |movement: &&MovementRecord| {
        report.seen.reference.as_deref().is_some_and(|reference| reference == movement.id.alphanumeric())
    };
    let by_provider_id = |movement: &&MovementRecord| {
        report.provider_id.is_some() && report.provider_id == movement.provider_id
    };
    let found =
        payment.movements.iter().find(by_reference).or_else(|| payment.movements.iter().find(by_provider_id));
    found.map(|movement| movement.id)
}

/// Takes in a report of a capture, void or refund that the provider told of by itself. One that is none of
/// ours was made in its back office: it becomes one of the payment's, by the id that `mint` makes. False:
/// it may be one of ours whose outcome is not known yet, so that only asking tells.
///
/// # Errors
/// A bug of ours.
pub(super) fn conclude_told(
    payment: &mut Payment,
    kind: MovementKind,
    report: MovementReport,
    mint: impl FnOnce(MovementKind) -> MovementId,
    now: Timestamp,
) -> Result<bool, Illegal> {
    if let Some(id) = same_movement(payment, &report) {
        conclude_movement(payment, id, report, now)?;
        return Ok(true);
    }
    let may_be_ours = payment.movements.iter().any(|movement| {
        movement.kind() == kind && movement.status.is_unfinished() && movement.provider_id.is_none()
    });
    if may_be_ours || payment.movements.len() >= MOVEMENTS_MAX {
        return Ok(false);
    }
    let (Some(amount), MovementStanding::Pending | MovementStanding::Succeeded) =
        (report.seen.money, &report.standing)
    else {
        // What nobody asked for here, and did not succeed there, changes nothing.
        return Ok(true);
    };
    if amount.currency() != payment.asked.currency() || amount.minor() > payment.asked.minor() {
        let mismatch =
            Mismatch { what: "amount", asked: payment.asked.to_string(), seen: amount.to_string() };
        payment.hear(News::Mismatch(mismatch), now)?;
        return Ok(true);
    }
    let id = mint(kind);
    payment.movements.push(made_elsewhere(payment, id, amount, now));
    conclude_movement(payment, id, MovementReport { seen: Seen::default(), ..report }, now)?;
    Ok(true)
}

/// A capture, void or refund that somebody made in the provider's back office.
pub(super) fn made_elsewhere(
    payment: &Payment,
    id: MovementId,
    amount: Money,
    now: Timestamp,
) -> MovementRecord {
    MovementRecord {
        id,
        amount,
        status: MovementStatus::Submitted,
        provider_id: None,
        decline: None,
        failure: None,
        reason: None,
        reason_word: None,
        of_capture: None,
        metadata: Metadata::default(),
        final_capture: false,
        lines: Vec::new(),
        before: (payment.captured(), payment.refunded()),
        options: Options::default(),
        sent_at: Some(now),
        request_id: String::new(),
        created_at: now,
        updated_at: now,
    }
}

/// Takes in a report about a capture, void or refund.
///
/// # Errors
/// A bug of ours.
pub(super) fn conclude_movement(
    payment: &mut Payment,
    id: MovementId,
    report: MovementReport,
    now: Timestamp,
) -> Result<(), Illegal> {
    let MovementReport { standing, mut seen, provider_id, totals } = report;
    let Some(movement) = payment.movement(id) else { return Err(Illegal(payment.state)) };
    if movement.is_made_elsewhere() {
        seen.reference = None;
    }
    let asked = Asked { money: movement.amount, reference: id.alphanumeric() };
    if let Err(mismatch) = asked.compare(&seen) {
        if movement.status == MovementStatus::Submitted {
            payment.hear_of(id, MovementNews::LostSight, now)?;
        }
        payment.hear(News::Mismatch(mismatch), now)?;
        return Ok(());
    }
    let news = match standing {
        MovementStanding::Pending => MovementNews::Pending { provider_id },
        MovementStanding::Succeeded => MovementNews::Succeeded { provider_id },
        MovementStanding::Failed(decline) => MovementNews::Declined(decline),
    };
    payment.hear_of(id, news, now)?;
    // Totals only ever grow; a stale answer changes nothing.
    if let Some(captured) = totals.captured.filter(|captured| *captured > 0) {
        payment.hear(News::Captured(captured.min(payment.asked.minor())), now)?;
    }
    if let Some(refunded) = totals.refunded.filter(|refunded| *refunded > 0) {
        payment.hear(News::Refunded(refunded.min(payment.asked.minor())), now)?;
    }
    Ok(())
}

/// What a fault that proves that nothing was charged makes of a payment or movement.
pub(super) fn failure(fault: &Fault) -> Failure {
    let (reason, provider_code, provider_message) = match fault {
        Fault::Rejected { code, message } => (FailureReason::Rejected, code.clone(), Some(message.clone())),
        Fault::Unauthorized { code } => (FailureReason::CredentialsRejected, code.clone(), None),
        Fault::Unsupported { .. } | Fault::Invalid { .. } | Fault::AmountOutOfBounds { .. } => {
            (FailureReason::Unsupported, None, None)
        }
        Fault::Throttled { .. }
        | Fault::Unreachable
        | Fault::Silent { .. }
        | Fault::Unintelligible { .. } => (FailureReason::NotSent, None, None),
    };
    Failure { reason, provider_code, provider_message }
}

/// How we follow up what is not settled.
#[derive(Debug, Clone, Copy)]
pub struct FollowUpPlan {
    /// The first pause; it doubles.
    pub first: Duration,
    /// The longest pause. Asking never ends.
    pub longest: Duration,
    /// The first pause while a customer is at a payment page, or a provider works on it.
    pub unhurried: Duration,
    /// The pauses that follow then, as multiples of it, the last one again and again; empty for doubling.
    pub pauses: &'static [u32],
}

impl Default for FollowUpPlan {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(6 * 3600),
            unhurried: Duration::from_secs(30),
            pauses: &[],
        }
    }
}

impl FollowUpPlan {
    /// Sets when a payment is asked about next, or that there is nothing to ask.
    pub(super) fn apply(&self, payment: &mut Payment, now: Timestamp) {
        let awaited = payment.saved_awaited_until.filter(|until| now < *until);
        let (first, longest) = match (self.pause(payment), awaited) {
            (Some(first), _) => (first, self.longest),
            (None, Some(_)) => (self.first, self.unhurried),
            (None, None) => {
                payment.follow_up = None;
                return;
            }
        };
        let (since, inquiries, last_at) = match payment.follow_up {
            Some(known) => (known.since, known.inquiries, known.last_at),
            None => (now, 0, None),
        };
        let pause = first.saturating_mul(self.growth(first, inquiries)).min(longest);
        let next_at = after(now, pause);
        // A session is looked at when its time is over, whatever the rhythm.
        let next_at = match payment.expires_at.and_then(|end| end.checked_add(Duration::from_secs(5)).ok()) {
            Some(end) if payment.state == PaymentState::RequiresAction && end > now => next_at.min(end),
            _ => next_at,
        };
        payment.follow_up = Some(FollowUp { since, inquiries, last_at, next_at });
    }

    /// How many times as long as the first one a pause is.
    fn growth(&self, first: Duration, inquiries: u32) -> u32 {
        let own = self.pauses.get(inquiries as usize).or(self.pauses.last());
        match own.filter(|_| first == self.unhurried) {
            Some(times) => *times,
            None => 1 << inquiries.min(20),
        }
    }

    /// The first pause for a payment in its state; `None` when it needs no asking.
    fn pause(&self, payment: &Payment) -> Option<Duration> {
        let moving = payment.movements.iter().filter(|movement| movement.status.is_unfinished());
        let unresolved = |status| status == MovementStatus::Unresolved;
        if payment.state == PaymentState::Unresolved
            || moving.clone().any(|movement| unresolved(movement.status))
        {
            return Some(self.first);
        }
        let awaited = match payment.state {
            PaymentState::Processing | PaymentState::RequiresAction => true,
            // The provider takes the money by itself, a little later.
            PaymentState::Authorized => payment.capture == CaptureMode::Automatic,
            _ => false,
        };
        let pending = moving.clone().any(|movement| movement.status == MovementStatus::Pending);
        (awaited || pending).then_some(self.unhurried)
    }

    /// Notes that the provider was asked, and plans the next inquiry.
    pub(super) fn asked(&self, payment: &mut Payment, now: Timestamp) {
        if let Some(follow_up) = &mut payment.follow_up {
            follow_up.last_at = Some(now);
        }
        self.put_off(payment, now);
    }

    /// Plans the next inquiry after one that was not made: it counts, so that the pause grows, but
    /// nobody was asked.
    pub(super) fn put_off(&self, payment: &mut Payment, now: Timestamp) {
        if let Some(follow_up) = &mut payment.follow_up {
            follow_up.inquiries = follow_up.inquiries.saturating_add(1);
        }
        self.apply(payment, now);
    }
}

fn after(now: Timestamp, pause: Duration) -> Timestamp {
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_s_own_pauses_go_on_with_the_last_and_uncertainty_doubles() {
        let plan = FollowUpPlan { pauses: &[1, 1, 2, 4, 10], ..FollowUpPlan::default() };
        let unhurried: Vec<u32> = (0..8).map(|asked| plan.growth(plan.unhurried, asked)).collect();
        assert_eq!(unhurried, [1, 1, 2, 4, 10, 10, 10, 10]);
        let uncertain: Vec<u32> = (0..5).map(|asked| plan.growth(plan.first, asked)).collect();
        assert_eq!(uncertain, [1, 2, 4, 8, 16]);
        let plain = FollowUpPlan::default();
        assert_eq!(plain.growth(plain.unhurried, 40), 1 << 20);
    }
}
