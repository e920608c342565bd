//! Asking where a payment or a session stands: the order, or the cards of the user.
//!
//! An order that stays OPEN may be voided so that it ends, where the account says so, and never while
//! a customer may still be paying it.

use jiff::Timestamp;

use super::answer::{self, OrderStatus};
use super::decline::Words;
use super::verdict::{self, OTHER_REFERENCE};
use super::wire::{self, Name, Road};
use super::{Bbmsl, KNOWN_CARDS, Next, REFUSED_AT, REFUSED_CODE, REFUSED_MESSAGE, Stage, cards};
use crate::domain::order::Purpose;
use crate::domain::outcome::{Outcome, PaymentReport, Standing, Trace};
use crate::providers::contract::{Context, Fault, Inquiry, Reply, Step};

impl Bbmsl {
    pub(super) fn look(&self, inquiry: &Inquiry, next: Stage, cx: &Context<'_>) -> Next {
        let name = Name::reference(&inquiry.trace);
        let request = wire::query(&self.account, road_of(inquiry), &name, cx.now)?;
        Ok(Step::repeatable(request, next))
    }

    pub(super) fn order_seen(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read(reply, &self.account).map_err(unanswered)?;
        let is_stale = answer.order.as_ref().is_some_and(|order| {
            order.status == OrderStatus::Open
                && order.reference.as_deref() == Some(reference_of(&inquiry.trace))
                && self.may_stop(inquiry, order.created_at, cx.now)
        });
        if is_stale {
            // Done twice, it is done: the order ends, and nothing was or will be charged.
            let name = Name::reference(&inquiry.trace);
            let request = wire::void(&self.account, road_of(inquiry), &name, cx.now)?;
            return Ok(Step::repeatable(request, Stage::Stopping));
        }
        self.order_as_it_is(inquiry, reply, cx)
    }

    /// Whether an OPEN order may be voided for certainty (A12): only where the account says so, only
    /// when it is old enough, and never while a customer has time to pay it.
    fn may_stop(&self, inquiry: &Inquiry, created_at: Option<Timestamp>, now: Timestamp) -> bool {
        let is_old = created_at
            .and_then(|created| created.checked_add(self.account.cancel_open_orders_after).ok())
            .is_some_and(|due| now >= due);
        let is_over = match (inquiry.purpose, inquiry.expires_at) {
            (None, _) => true,
            (Some(_), Some(end)) => now >= end,
            (Some(_), None) => false,
        };
        self.account.cancel_open_orders && is_old && is_over
    }

    pub(super) fn stopped(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read(reply, &self.account);
        if let Ok(answer) = &answer
            && answer.is_handled
            && answer.order.as_ref().is_some_and(|order| order.status.is_undone())
        {
            let report = verdict::under_its_own_name(
                verdict::stopped(answer, inquiry.purpose.is_some()),
                &inquiry.trace,
            );
            return Ok(Step::Done(Outcome::Payment(report)));
        }
        // Refused, or no answer that tells: the order says what it has become.
        self.look(inquiry, Stage::LookingAfterStopping, cx)
    }

    /// What the order comes to, without another attempt to end it.
    pub(super) fn order_as_it_is(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read(reply, &self.account).map_err(unanswered)?;
        if answer.is_absent() {
            return Ok(Step::Done(self.absent(inquiry, cx.now)));
        }
        if answer.order.is_none() {
            return Err(unanswered(answer.rejected()));
        }
        let is_session = inquiry.purpose.is_some();
        let mut report = verdict::order(&self.account, &answer, is_session)?;
        let has_time = inquiry.expires_at.is_some_and(|end| cx.now < end);
        if is_session && has_time && report.standing == Standing::Processing {
            report.standing = Standing::Open;
        }
        if inquiry.purpose == Some(Purpose::PayAndSave) {
            save_series(&mut report, &answer);
        }
        Ok(Step::Done(Outcome::Payment(verdict::under_its_own_name(report, &inquiry.trace))))
    }

    /// No such order. Where the charge was refused in words, and enough time is over, the refusal is
    /// what became of it (section 10, row 9: two such answers and a time of grace).
    fn absent(&self, inquiry: &Inquiry, now: Timestamp) -> Outcome {
        let more = &inquiry.trace.more;
        let Some(refused_at) = more.get(REFUSED_AT).and_then(|at| at.parse::<Timestamp>().ok()) else {
            return Outcome::Absent;
        };
        let is_over = refused_at.checked_add(self.account.refusal_grace).is_ok_and(|due| now >= due);
        let words =
            Words { code: more.get(REFUSED_CODE).cloned(), message: more.get(REFUSED_MESSAGE).cloned() };
        let standing = match (is_over, words.refusal(&self.account)) {
            (false, _) => Standing::Processing,
            (true, Ok(decline)) => Standing::Declined(decline),
            (true, Err(failure)) => Standing::Failed(failure),
        };
        Outcome::Payment(PaymentReport::new(standing))
    }

    pub(super) fn added_cards(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let user = user_of(&inquiry.trace)?;
        let answer = answer::read(reply, &self.account).map_err(unanswered)?;
        if !answer.is_handled {
            return Err(unanswered(answer.rejected()));
        }
        let known = inquiry.trace.more.get(KNOWN_CARDS).map_or("", String::as_str);
        let mut added = cards::added(cards::listed(&answer, user)?, user, known);
        let is_over = inquiry.expires_at.is_some_and(|end| cx.now >= end);
        let report = match (added.len(), is_over) {
            (1, _) => {
                let card = added.first().map(|saved| saved.card.clone());
                PaymentReport {
                    card,
                    saved: std::mem::take(&mut added),
                    ..PaymentReport::new(Standing::Verified)
                }
            }
            (0, true) => PaymentReport::new(Standing::Expired),
            // Several new cards: which one this session added is not guessed.
            (_, _) => PaymentReport::new(Standing::Open),
        };
        Ok(Step::Done(Outcome::Payment(report)))
    }
}

/// A checkout that was paid and begins a series.
fn save_series(report: &mut PaymentReport, answer: &answer::Answer) {
    let Some(order) = &answer.order else { return };
    if let (true, Some(id), Some(money)) = (order.status.is_paid(), &order.id, order.money)
        && order.is_recurring != Some(false)
    {
        report.saved.push(cards::hosted_series(id, money.currency(), report.card.clone()));
    }
}

pub(super) fn road_of(inquiry: &Inquiry) -> Road {
    match inquiry.purpose {
        Some(_) => Road::Hosted,
        None => Road::of(inquiry.trace.more.get(wire::PRODUCT).map(String::as_str)),
    }
}

pub(super) fn reference_of(trace: &Trace) -> &str {
    trace.more.get(OTHER_REFERENCE).unwrap_or(&trace.reference)
}

pub(super) fn user_of(trace: &Trace) -> Result<&str, Fault> {
    trace.customer.as_deref().ok_or_else(|| Fault::unintelligible("a session that saves a card for nobody"))
}

/// The answer to a question about money that was refused. Whatever is wrong with the question says
/// nothing about the money, so nothing may be concluded from it.
pub(super) fn unanswered(fault: Fault) -> Fault {
    match fault {
        Fault::Unintelligible { what } | Fault::Silent { what } => Fault::Silent { what },
        other @ (Fault::Unsupported { .. }
        | Fault::Invalid { .. }
        | Fault::AmountOutOfBounds { .. }
        | Fault::Unauthorized { .. }
        | Fault::Rejected { .. }
        | Fault::Throttled { .. }
        | Fault::Unreachable) => Fault::Silent { what: format!("the state could not be read: {other}") },
    }
}
