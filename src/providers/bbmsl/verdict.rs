//! What an answer comes to: the decision table of the dossier's section 10, row by row, first for
//! the answer to a charge and then for an order that was asked for.
//!
//! Nothing here concludes from words. A status word that nobody has documented never means success.

use super::account::Account;
use super::answer::{Answer, Order, OrderStatus, TransactionStatus};
use super::decline::Words;
use crate::domain::outcome::{Failure, FailureReason, PaymentReport, Seen, SeenTotals, Standing, Trace};
use crate::providers::contract::Fault;

/// The name under which a [`Trace`] keeps a reference that is not the first one of its payment.
pub(super) const OTHER_REFERENCE: &str = "merchant_reference";

/// What the answer to a charge comes to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It stands thus.
    Settled(Standing),
    /// The provider says that it was charged, and says it in half: captured once a query confirms.
    Confirm,
    /// Refused, with no word about an order: the reference has to be looked up.
    LookUp(Words),
}

/// Judges the answer to a sale or a recurring charge.
///
/// # Errors
/// [`Fault::Unauthorized`] where our signature was refused, which proves that nothing was done, and
/// [`Fault::Unintelligible`] for every contradiction.
pub(super) fn charge(account: &Account, answer: &Answer) -> Result<Verdict, Fault> {
    use TransactionStatus as T;
    let order = answer.order.as_ref().map(|order| order.status);
    let transaction = answer.transaction.as_ref().map(|transaction| transaction.status);
    check_parts(answer)?;
    Ok(match (answer.is_handled, order, transaction) {
        // Rows 1 and 2.
        (true, Some(paid), Some(approved)) if paid.is_paid() && approved.is_success() => {
            Verdict::Settled(Standing::Captured)
        }
        (true, Some(paid), None) if paid.is_paid() => Verdict::Confirm,
        // Row 3. The demo app has a status DECLINED of orders too.
        (_, None | Some(OrderStatus::Open | OrderStatus::Declined), Some(T::Declined))
        | (_, Some(OrderStatus::Declined), None) => {
            Verdict::Settled(Standing::Declined(answer.words.decline(account)))
        }
        // Row 4, and the demo app's status FAILURE of orders.
        (_, None | Some(OrderStatus::Open | OrderStatus::Failure), Some(T::Failure | T::Cancelled))
        | (_, Some(OrderStatus::Failure), None) => {
            Verdict::Settled(Standing::Failed(answer.words.failure(FailureReason::ProviderError)))
        }
        // Row 5.
        (_, Some(undone), transaction) if undone.is_undone() && transaction != Some(T::Success) => {
            Verdict::Settled(Standing::Failed(answer.words.failure(FailureReason::ProviderError)))
        }
        // Row 6. An unknown word beside an OPEN order is pending by the table's own word.
        (
            _,
            Some(OrderStatus::Open | OrderStatus::Processing),
            None | Some(T::Open | T::Processing | T::Unknown),
        ) => Verdict::Settled(Standing::Processing),
        // Row 9.
        (false, None, None) if answer.words.is_configuration() => return Err(answer.rejected()),
        (false, None, None) => Verdict::LookUp(answer.words.clone()),
        // Rows 7, 8 and 10, and whatever else fits in no row.
        (true, None, None) => return Err(Fault::unintelligible("a handled call without an order")),
        (_, _, _) => return Err(Fault::unintelligible("statuses that contradict one another")),
    })
}

/// Judges an order that was asked for. `is_session` decides what running out of time is called.
///
/// # Errors
/// [`Fault::Unintelligible`] for words that nobody has documented, and for contradictions.
pub(super) fn order(account: &Account, answer: &Answer, is_session: bool) -> Result<PaymentReport, Fault> {
    check_parts(answer)?;
    let Some(order) = answer.order.as_ref() else {
        return Err(Fault::unintelligible("no order where one was asked for"));
    };
    let mut totals = SeenTotals::default();
    let standing = match order.status {
        OrderStatus::Open | OrderStatus::Processing => Standing::Processing,
        // Row 7: a code that is no success beside a paid order is a contradiction.
        _ if !answer.is_handled => {
            return Err(Fault::unintelligible("an order in an answer that says it was not handled"));
        }
        OrderStatus::Success | OrderStatus::Settled => {
            totals = paid_totals(order)?;
            Standing::Captured
        }
        OrderStatus::Refunded | OrderStatus::PartlyRefunded => {
            totals = refunded_totals(order)?;
            Standing::Captured
        }
        OrderStatus::Voided => {
            totals.authorized = Some(0);
            Standing::Voided
        }
        OrderStatus::Cancelled => {
            totals.authorized = Some(0);
            if is_session { Standing::Cancelled } else { Standing::Voided }
        }
        OrderStatus::Closed => Standing::Expired,
        OrderStatus::Declined => Standing::Declined(answer.words.decline(account)),
        OrderStatus::Failure => Standing::Failed(answer.words.failure(FailureReason::ProviderError)),
        OrderStatus::Unknown => return Err(Fault::unintelligible("an order with an unknown status")),
    };
    Ok(report(answer, standing, totals))
}

/// A report with everything that the answer tells beside the standing.
pub(super) fn report(answer: &Answer, standing: Standing, totals: SeenTotals) -> PaymentReport {
    PaymentReport {
        seen: seen(answer),
        totals,
        trace: answer.trace(),
        card: answer.card(),
        ..PaymentReport::new(standing)
    }
}

/// What the answer repeats of what was asked.
fn seen(answer: &Answer) -> Seen {
    match &answer.order {
        Some(order) => Seen { money: order.money, reference: order.reference.clone() },
        None => Seen {
            money: answer.transaction.as_ref().and_then(|transaction| transaction.money),
            reference: None,
        },
    }
}

/// A session whose first page was lost has a second reference; to the engine both are the payment's.
pub(super) fn under_its_own_name(mut report: PaymentReport, trace: &Trace) -> PaymentReport {
    let other = trace.more.get(OTHER_REFERENCE);
    if other.is_some() && report.seen.reference.as_ref() == other {
        report.seen.reference = Some(trace.reference.clone());
    }
    report
}

/// Where order and transaction both state the amount, they agree; and whoever says that it was paid
/// repeats what was asked, so that it can be compared.
fn check_parts(answer: &Answer) -> Result<(), Fault> {
    let Some(order) = &answer.order else { return Ok(()) };
    let is_paid =
        order.status.is_paid() || matches!(order.status, OrderStatus::Refunded | OrderStatus::PartlyRefunded);
    if is_paid && (order.money.is_none() || order.reference.is_none()) {
        return Err(Fault::unintelligible("a paid order without its amount or reference"));
    }
    Ok(())
}

fn paid_totals(order: &Order) -> Result<SeenTotals, Fault> {
    let asked = order.money.map(|money| money.minor());
    Ok(SeenTotals {
        authorized: None,
        captured: asked,
        refunded: match (order.refunded, asked) {
            (Some(refunded), Some(asked)) if refunded > asked => {
                return Err(Fault::unintelligible("more was given back than was paid"));
            }
            (refunded, _) => refunded.filter(|refunded| *refunded > 0),
        },
    })
}

fn refunded_totals(order: &Order) -> Result<SeenTotals, Fault> {
    let refunded = refunded_minor(order)?;
    Ok(SeenTotals {
        authorized: None,
        captured: order.money.map(|money| money.minor()),
        refunded: Some(refunded),
    })
}

/// How much of a refunded order was given back: what it says, else what is no longer there.
pub(super) fn refunded_minor(order: &Order) -> Result<i64, Fault> {
    let Some(asked) = order.money.map(|money| money.minor()) else {
        return Err(Fault::unintelligible("a refunded order without its amount"));
    };
    let refunded = match (order.refunded, order.net.map(|net| asked - net)) {
        (Some(said), _) => said,
        (None, Some(rest)) => rest,
        (None, None) if order.status == OrderStatus::Refunded => asked,
        (None, None) => return Err(Fault::unintelligible("a part was given back, and not how much")),
    };
    if refunded <= 0 || refunded > asked {
        return Err(Fault::unintelligible("a sum given back that cannot be"));
    }
    Ok(refunded)
}

/// The outcome of an order that we ended ourselves because nothing else told how it stands.
/// A session's customer never paid; of a charge it is a failure that took nothing.
pub(super) fn stopped(answer: &Answer, is_session: bool) -> PaymentReport {
    let standing = if is_session {
        Standing::Expired
    } else {
        Standing::Failed(Failure {
            reason: FailureReason::ProviderError,
            provider_code: None,
            provider_message: Some("the order stayed OPEN and was voided; nothing was charged".to_owned()),
        })
    };
    report(answer, standing, SeenTotals::default())
}
