//! Closing a session before anybody pays: its order is voided as it is, unpaid. The order is looked at
//! first, because a void takes back what was paid as well, and again where the void is refused.

use super::answer::{self, OrderStatus};
use super::looking::{reference_of, road_of};
use super::wire::{self, Name};
use super::{Bbmsl, Next, Stage};
use crate::domain::outcome::Outcome;
use crate::providers::contract::{Context, Inquiry, Reply, Step};

impl Bbmsl {
    pub(super) fn seen_before_cancelling(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        if answer.is_absent() {
            return Ok(Step::Done(Outcome::SessionClosed));
        }
        if answer.order.as_ref().is_some_and(|order| order.status == OrderStatus::Open) {
            // Voided as it is, unpaid: nothing is charged, and the page is over.
            let name = Name::reference(&inquiry.trace);
            let request = wire::void(&self.account, road_of(inquiry), &name, cx.now)?;
            return Ok(Step::repeatable(request, Stage::Cancelling));
        }
        if answer.order.is_none() {
            return Err(answer.rejected());
        }
        self.seen_after_cancelling(inquiry, reply, cx)
    }

    pub(super) fn cancelled(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        let is_own = |order: &answer::Order| order.reference.as_deref() == Some(reference_of(&inquiry.trace));
        match &answer.order {
            Some(order) if answer.is_handled && order.status.is_undone() && is_own(order) => {
                Ok(Step::Done(Outcome::SessionClosed))
            }
            Some(_) | None => self.look(inquiry, Stage::LookingAfterCancelling, cx),
        }
    }

    /// A session that is over already is closed; a paid one says so.
    pub(super) fn seen_after_cancelling(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        let is_own = |order: &answer::Order| order.reference.as_deref() == Some(reference_of(&inquiry.trace));
        match &answer.order {
            Some(order) if answer.is_handled && order.status.is_undone() && is_own(order) => {
                Ok(Step::Done(Outcome::SessionClosed))
            }
            Some(_) | None => self.order_as_it_is(inquiry, reply, cx),
        }
    }
}
