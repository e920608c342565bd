//! Asking where a payment stands (section 8).
//!
//! By the transaction's id, where one is known; else by the order, else by the reference that was
//! registered. The latter two answer with the newest transaction only. That may be a refund, whose
//! payment is asked for then, or a failed attempt after a success that we know of: a payment is
//! never downgraded for it.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::transaction::Transaction;
use super::verdict::{self, Occasion, View, is_number};
use super::{Next, Paymob, REGISTERED, Stage, faults, foreign, saved};
use crate::domain::card::Initiator;
use crate::domain::order::Purpose;
use crate::domain::outcome::{Outcome, PaymentReport, Standing, Trace};
use crate::providers::contract::{Context, Fault, Inquiry, Method, Operation, Reply, Request, Step};
use crate::providers::json::parse;

/// From a refund of a capture to the payment it is two steps up.
const HOPS_MAX: u8 = 2;
/// How long after its end a page is still taken for open: clocks differ, and a customer who pays in
/// the last second must not be told that it was too late.
const EXPIRY_MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Which transaction was asked for.
#[derive(Debug)]
pub enum Look {
    /// One that an earlier answer named.
    Known,
    /// The newest of an order.
    Newest {
        /// What the known one says, where it was asked first and another may have followed it.
        known: Option<Box<PaymentReport>>,
    },
    /// The payment behind a capture, void or refund.
    Parent {
        /// How many steps up this is.
        hops: u8,
    },
}

impl Paymob {
    pub(super) fn look(&self, inquiry: &Inquiry, cx: &Context<'_>) -> Next {
        match inquiry.trace.transaction.as_deref().filter(|id| is_number(id)) {
            Some(id) => Ok(Step::repeatable(self.by_id(id, cx)?, Stage::Looking(Look::Known))),
            None => self.look_for_newest(&inquiry.trace, None, cx),
        }
    }

    fn look_for_newest(&self, trace: &Trace, known: Option<Box<PaymentReport>>, cx: &Context<'_>) -> Next {
        let registered = trace.more.get(REGISTERED).unwrap_or(&trace.reference);
        let request = match trace.order.as_deref().filter(|order| is_number(order)) {
            Some(order) => self.by_order(order, cx)?,
            None => self.by_reference(registered, cx)?,
        };
        Ok(Step::repeatable(request, Stage::Looking(Look::Newest { known })))
    }

    pub(super) fn by_id(&self, id: &str, cx: &Context<'_>) -> Result<Request, Fault> {
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Fault::unintelligible("an id that cannot be part of an address"));
        }
        let path = format!("/api/acceptance/transactions/{id}");
        self.account.with_bearer("transactions/{id}", Method::Get, &path, cx)
    }

    pub(super) fn by_order(&self, order: &str, cx: &Context<'_>) -> Result<Request, Fault> {
        self.inquire("order_id", order, cx)
    }

    pub(super) fn by_reference(&self, reference: &str, cx: &Context<'_>) -> Result<Request, Fault> {
        self.inquire("merchant_order_id", reference, cx)
    }

    fn inquire(&self, key: &str, value: &str, cx: &Context<'_>) -> Result<Request, Fault> {
        let path = "/api/ecommerce/orders/transaction_inquiry";
        let request = self.account.with_bearer("orders/transaction_inquiry", Method::Post, path, cx)?;
        // Both are texts here (section 8).
        Ok(request.json(&json!({ key: value })))
    }

    /// Reads the transaction that was asked for, and says whether it is the one that counts.
    pub(super) fn seen(&self, operation: &Operation, look: Look, reply: &Reply, cx: &Context<'_>) -> Next {
        let view = view(operation, None, cx.now)?;
        if faults::is_nothing_there(reply) {
            return match look {
                Look::Newest { known: Some(known) } => self.settle(operation, *known, cx),
                Look::Newest { known: None } | Look::Known => {
                    Ok(Step::Done(missing(operation, &view, cx.now)))
                }
                Look::Parent { .. } => Err(Fault::unintelligible("a capture, void or refund of nothing")),
            };
        }
        if !reply.is_success() {
            return Err(faults::unanswered(reply));
        }
        let transaction = Transaction::read(&parse(reply)?, &self.account)?;
        view.check_order(&transaction)?;
        if transaction.is_child() {
            return self.look_up(look, &transaction, cx);
        }
        let report = verdict::payment(&self.account, &view, &transaction, Occasion::Inquiry)?;
        match look {
            // A later attempt of the customer may have done better.
            Look::Known if inquired(operation).is_some_and(has_page) && !is_success(&report.standing) => {
                let mut trace = inquired(operation).map(|inquiry| inquiry.trace.clone()).unwrap_or_default();
                trace.learn(report.trace.clone());
                self.look_for_newest(&trace, Some(Box::new(report)), cx)
            }
            Look::Newest { known: Some(known) } => {
                let chosen = if rank(&known.standing) > rank(&report.standing) { *known } else { report };
                self.settle(operation, chosen, cx)
            }
            Look::Known | Look::Newest { known: None } | Look::Parent { .. } => {
                self.settle(operation, report, cx)
            }
        }
    }

    /// A capture, void or refund was the newest: its payment says where it stands.
    fn look_up(&self, look: Look, child: &Transaction, cx: &Context<'_>) -> Next {
        let hops = match look {
            Look::Known | Look::Newest { .. } => 1,
            Look::Parent { hops } => hops + 1,
        };
        let parent = child.parent.as_deref().filter(|parent| is_number(parent) && hops <= HOPS_MAX);
        let parent =
            parent.ok_or_else(|| Fault::unintelligible("a capture, void or refund without its payment"))?;
        Ok(Step::repeatable(self.by_id(parent, cx)?, Stage::Looking(Look::Parent { hops })))
    }

    /// The answer stands. Where a card was to be saved, its token is asked for.
    fn settle(&self, operation: &Operation, report: PaymentReport, cx: &Context<'_>) -> Next {
        let Some(inquiry) = inquired(operation) else { return Ok(Step::Done(Outcome::Payment(report))) };
        let saves = match inquiry.purpose {
            Some(Purpose::PayAndSave | Purpose::Save) => true,
            Some(Purpose::Pay | Purpose::UseSaved) | None => false,
        };
        let order = report.trace.order.as_ref().or(inquiry.trace.order.as_ref());
        match order.filter(|order| is_number(order)) {
            Some(order) if saves && is_success(&report.standing) => {
                let request = saved::ask(&self.account, order, cx)?;
                Ok(Step::repeatable(request, Stage::ReadingTokens { report: Box::new(report) }))
            }
            _ => Ok(Step::Done(Outcome::Payment(report))),
        }
    }

    /// Without an answer where the payment stands is known all the same, and its card may still follow.
    pub(super) fn tokens_unread(mut report: PaymentReport) -> Outcome {
        report.saved_may_follow = true;
        Outcome::Payment(report)
    }

    pub(super) fn tokens_read(&self, mut report: PaymentReport, reply: &Reply) -> Next {
        let (order, original) = (report.trace.order.as_deref(), report.trace.transaction.as_deref());
        // Where the payment stands is known. Whatever is wrong with the list of its cards must not
        // hide that: the card may still follow, and is asked for again for a while.
        report.saved = saved::read(&self.account, order, original, reply).unwrap_or_default();
        report.saved_may_follow = report.saved.is_empty();
        Ok(Step::Done(Outcome::Payment(report)))
    }
}

fn is_success(standing: &Standing) -> bool {
    rank(standing) == 3
}

/// Which of two attempts of one order counts.
fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Authorized | Standing::Captured | Standing::Verified | Standing::Voided => 3,
        Standing::Processing | Standing::ActionRequired(_) => 2,
        Standing::Open => 1,
        Standing::Declined(_) | Standing::Failed(_) | Standing::Cancelled | Standing::Expired => 0,
    }
}

/// No transaction yet. On a page that is open nobody has paid yet; one that is over nobody will pay
/// on. A charge that left no trace is absent.
fn missing(operation: &Operation, view: &View<'_>, now: Timestamp) -> Outcome {
    let Some(inquiry) = inquired(operation).filter(|inquiry| has_page(inquiry)) else {
        return Outcome::Absent;
    };
    let standing = if is_over(inquiry, now) { Standing::Expired } else { Standing::Open };
    let mut report = PaymentReport::new(standing);
    report.trace = Trace::by_reference(view.reference);
    Outcome::Payment(report)
}

fn inquired(operation: &Operation) -> Option<&Inquiry> {
    match operation {
        Operation::ReadSession(inquiry)
        | Operation::InquirePayment(inquiry)
        | Operation::CancelSession(inquiry) => Some(inquiry),
        Operation::OpenSession(_)
        | Operation::ConfirmSession(_)
        | Operation::Charge(_)
        | Operation::Capture(_)
        | Operation::Void(_)
        | Operation::Refund(_)
        | Operation::InquireMovement(_)
        | Operation::DeleteToken(_) => None,
    }
}

/// Whether the customer has a page: a session, or a charge that was sent to one.
fn has_page(inquiry: &Inquiry) -> bool {
    inquiry.purpose.is_some() || (inquiry.customer_present && inquiry.trace.session_key.is_some())
}

fn is_over(inquiry: &Inquiry, now: Timestamp) -> bool {
    let end = inquiry.expires_at.and_then(|end| end.checked_add(EXPIRY_MARGIN).ok());
    end.is_some_and(|end| now > end)
}

/// What the asker knows of a payment. `known` is what this very conversation learned.
pub(super) fn view<'a>(
    operation: &'a Operation,
    known: Option<&'a Trace>,
    now: Timestamp,
) -> Result<View<'a>, Fault> {
    let of_trace =
        |trace: &'a Trace| (trace.more.get(REGISTERED).map(String::as_str), trace.order.as_deref());
    let (registered, order) = known.map_or((None, None), of_trace);
    let reference = operation.reference();
    match operation {
        Operation::ReadSession(inquiry)
        | Operation::CancelSession(inquiry)
        | Operation::InquirePayment(inquiry) => {
            let (registered, order) = of_trace(&inquiry.trace);
            Ok(View {
                reference,
                registered,
                order,
                asked: inquiry.money,
                purpose: inquiry.purpose,
                customer_present: inquiry.customer_present || inquiry.purpose.is_some(),
                page_is_open: has_page(inquiry) && !is_over(inquiry, now),
            })
        }
        Operation::OpenSession(session) => Ok(View {
            reference,
            registered,
            order,
            asked: session.purchase.money,
            purpose: Some(session.purpose),
            customer_present: true,
            page_is_open: false,
        }),
        Operation::Charge(charge) => Ok(View {
            reference,
            registered,
            order,
            asked: charge.purchase.money,
            purpose: None,
            customer_present: match charge.initiator {
                Initiator::Customer { .. } => true,
                Initiator::Merchant { .. } => false,
            },
            page_is_open: false,
        }),
        Operation::ConfirmSession(_)
        | Operation::Capture(_)
        | Operation::Void(_)
        | Operation::Refund(_)
        | Operation::InquireMovement(_)
        | Operation::DeleteToken(_) => Err(foreign()),
    }
}
