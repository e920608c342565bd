//! From a transaction to what it means: the state algorithm (section 9.2), first match wins.
//!
//! | # | condition | here |
//! |---|---|---|
//! | 1 | `success` missing or unparsable | no outcome: asked again |
//! | 2 | `pending` | the customer has to go somewhere, or processing |
//! | 3 | a capture, void or refund | applied to its parent, which is asked for |
//! | 4 | not `success`, and an error or a system's code | no outcome; in an inquiry failed |
//! | 5 | not `success` | declined |
//! | 6 | `is_voided` | voided |
//! | 7–9 | refunded, in whole or part | captured, with the total that went back |
//! | 10 | `is_auth` and nothing captured | authorized |
//! | 11 | else | captured |
//!
//! `order.paid_amount_cents` is never read: it is 0 in a genuine success.

use super::account::Account;
use super::decline;
use super::transaction::{Kind, Transaction};
use crate::domain::money::Money;
use crate::domain::order::Purpose;
use crate::domain::outcome::{
    Decline, DeclineReason, Failure, FailureReason, MovementReport, MovementStanding, NextAction,
    PaymentReport, RetryAdvice, Seen, SeenTotals, Standing, Trace,
};
use crate::providers::contract::{Fault, Movement, OperationKind};

/// What was asked, as far as reading an answer needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) reference: &'a str,
    /// The reference that was really registered, where ours had been used up.
    pub(super) registered: Option<&'a str>,
    /// The provider's order, where it is known.
    pub(super) order: Option<&'a str>,
    pub(super) asked: Money,
    pub(super) purpose: Option<Purpose>,
    pub(super) customer_present: bool,
    /// Whether the customer can still pay on a page.
    pub(super) page_is_open: bool,
}

/// How an answer came: that decides what an undetermined one means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// In answer to the payment itself.
    Answer,
    /// In answer to a question, later.
    Inquiry,
}

impl View<'_> {
    /// What an answer repeats. The reference is ours only when it is exactly the one that we
    /// registered; a check of a card repeats an amount that nobody asked for.
    fn seen(&self, account: &Account, transaction: &Transaction) -> Seen {
        let is_check = self.purpose == Some(Purpose::Save)
            && transaction.money.is_some_and(|money| {
                money.currency() == self.asked.currency() && money.minor() == account.verification_minor
            });
        let reference = transaction.reference.clone().map(|seen| match self.registered {
            Some(registered) if seen == registered => self.reference.to_owned(),
            _ => seen,
        });
        Seen {
            money: if is_check { Some(Money::zero(self.asked.currency())) } else { transaction.money },
            reference,
        }
    }

    /// Whether a transaction is one of the order that was asked about.
    pub(super) fn check_order(&self, transaction: &Transaction) -> Result<(), Fault> {
        match (self.order.filter(|order| is_number(order)), transaction.order.as_deref()) {
            (Some(asked), Some(seen)) if asked != seen => {
                Err(Fault::unintelligible("a transaction of another order"))
            }
            _ => Ok(()),
        }
    }
}

/// Every id of the provider is a whole number; what is none cannot have come from it.
pub(super) fn is_number(id: &str) -> bool {
    !id.is_empty() && id.len() <= 19 && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Where a payment stands by its own transaction.
///
/// # Errors
/// [`Fault::Silent`] for a payment whose outcome nobody knows yet, and [`Fault::Unintelligible`].
pub(super) fn payment(
    account: &Account,
    view: &View<'_>,
    transaction: &Transaction,
    occasion: Occasion,
) -> Result<PaymentReport, Fault> {
    view.check_order(transaction)?;
    let standing = standing(account, view, transaction, occasion)?;
    let mut report = PaymentReport::new(standing);
    report.seen = view.seen(account, transaction);
    report.totals = totals(&report.standing, transaction)?;
    report.trace = Trace::by_reference(view.reference);
    report.trace.transaction = transaction.id.clone();
    report.trace.order = transaction.order.clone();
    report.card = transaction.card.clone();
    if transaction.success == Some(true) {
        report.approval_code = transaction.approval_code.clone();
    }
    Ok(report)
}

fn standing(
    account: &Account,
    view: &View<'_>,
    transaction: &Transaction,
    occasion: Occasion,
) -> Result<Standing, Fault> {
    let success = transaction
        .success
        .ok_or_else(|| Fault::unintelligible("a transaction that does not say success"))?;
    if transaction.pending {
        return Ok(pending(view, transaction));
    }
    if transaction.is_child() {
        return Err(Fault::unintelligible("a capture, void or refund where a payment was asked for"));
    }
    if !success {
        return failed(account, view, transaction, occasion);
    }
    // A check of a card reserves nothing that is wanted, whatever became of it since.
    if view.purpose == Some(Purpose::Save) {
        return Ok(Standing::Verified);
    }
    if transaction.is_voided {
        return Ok(Standing::Voided);
    }
    let is_captured = transaction.is_captured || transaction.captured_minor.unwrap_or(0) > 0;
    let is_refunded = transaction.is_refunded || transaction.refunded_minor.unwrap_or(0) > 0;
    if transaction.is_auth && !is_captured && !is_refunded {
        return Ok(Standing::Authorized);
    }
    Ok(Standing::Captured)
}

fn pending(view: &View<'_>, transaction: &Transaction) -> Standing {
    match &transaction.redirect {
        Some(url) if view.customer_present => {
            Standing::ActionRequired(NextAction::Redirect { url: url.clone() })
        }
        // A challenge that nobody is there to pass: the address goes to nobody, so it is over.
        Some(_) => Standing::Declined(Decline {
            provider_code: transaction.code.clone(),
            provider_message: transaction.message.clone(),
            ..Decline::new(DeclineReason::AuthenticationRequired, RetryAdvice::WithCustomer)
        }),
        // A charge that sent its customer to a challenge still waits there.
        None if view.customer_present && view.purpose.is_none() => Standing::Open,
        None => Standing::Processing,
    }
}

fn failed(
    account: &Account,
    view: &View<'_>,
    transaction: &Transaction,
    occasion: Occasion,
) -> Result<Standing, Fault> {
    if decline::is_undetermined(transaction) {
        return match occasion {
            Occasion::Answer => {
                Err(Fault::Silent { what: "the provider does not know what became of it".to_owned() })
            }
            Occasion::Inquiry => Ok(Standing::Failed(Failure {
                reason: FailureReason::ProviderError,
                provider_code: transaction.code.clone(),
                provider_message: transaction.message.clone(),
            })),
        };
    }
    // One failed attempt on a page where the customer may try again ends nothing.
    if view.page_is_open && account.page_allows_retry && occasion == Occasion::Inquiry {
        return Ok(Standing::Open);
    }
    Ok(Standing::Declined(decline::of(transaction)))
}

/// Totals in minor units. A payment that was taken at once is captured as a whole and says 0 under
/// `captured_amount`; a reservation says there what was taken of it.
fn totals(standing: &Standing, transaction: &Transaction) -> Result<SeenTotals, Fault> {
    let minor = transaction.money.map(|money| money.minor());
    Ok(match standing {
        Standing::Authorized | Standing::Voided => SeenTotals { authorized: minor, ..SeenTotals::default() },
        Standing::Captured => {
            let captured = match transaction.captured_minor.filter(|captured| *captured > 0) {
                Some(captured) if transaction.is_auth => Some(captured),
                None if transaction.is_auth => {
                    return Err(Fault::unintelligible("a capture that does not say of how much"));
                }
                Some(_) | None => minor,
            };
            SeenTotals { authorized: minor, captured, refunded: refunded(transaction, captured.or(minor)) }
        }
        Standing::Open
        | Standing::ActionRequired(_)
        | Standing::Processing
        | Standing::Verified
        | Standing::Declined(_)
        | Standing::Failed(_)
        | Standing::Cancelled
        | Standing::Expired => SeenTotals::default(),
    })
}

/// `is_refunded` without a total means the whole (rows 7 to 9).
fn refunded(transaction: &Transaction, captured: Option<i64>) -> Option<i64> {
    match transaction.refunded_minor {
        Some(total) if total > 0 => Some(total),
        Some(_) | None if transaction.is_refunded => captured,
        Some(_) | None => None,
    }
}

/// Where a capture, void or refund stands by its own transaction.
///
/// # Errors
/// As [`payment`].
pub(super) fn movement(
    kind: OperationKind,
    asked: &Movement,
    transaction: &Transaction,
    occasion: Occasion,
) -> Result<MovementReport, Fault> {
    if Some(transaction.kind) != kind_of(kind) {
        return Err(Fault::unintelligible("an answer about something else than this movement"));
    }
    let success = transaction
        .success
        .ok_or_else(|| Fault::unintelligible("a transaction that does not say success"))?;
    let standing = match (transaction.pending, success) {
        (true, _) => MovementStanding::Pending,
        (false, true) => MovementStanding::Succeeded,
        (false, false) if decline::is_undetermined(transaction) && occasion == Occasion::Answer => {
            return Err(Fault::Silent { what: "the provider does not know what became of it".to_owned() });
        }
        (false, false) => MovementStanding::Failed(decline::of(transaction)),
    };
    Ok(MovementReport {
        standing,
        seen: Seen {
            money: transaction.money,
            // A child repeats the reference of its payment, and none of ours. It names its parent,
            // and a parent that is none of ours stands in, so that the comparison finds the mistake.
            reference: transaction.parent.clone().filter(|parent| is_stranger(asked, parent)),
        },
        provider_id: transaction.id.clone(),
        totals: SeenTotals::default(),
    })
}

/// Which kind of transaction a movement makes.
pub(super) fn kind_of(kind: OperationKind) -> Option<Kind> {
    match kind {
        OperationKind::Capture => Some(Kind::Capture),
        OperationKind::Void => Some(Kind::Void),
        OperationKind::Refund => Some(Kind::Refund),
        OperationKind::OpenSession
        | OperationKind::ReadSession
        | OperationKind::ConfirmSession
        | OperationKind::CancelSession
        | OperationKind::Charge
        | OperationKind::InquirePayment
        | OperationKind::InquireMovement
        | OperationKind::DeleteToken => None,
    }
}

/// Whether a parent is neither the payment nor one of its captures. Nothing can be said while the
/// payment's own id is not known.
pub(super) fn is_stranger(asked: &Movement, parent: &str) -> bool {
    let own = asked.payment.transaction.as_deref().filter(|id| is_number(id));
    own.is_some_and(|own| own != parent)
        && !asked.captures.iter().any(|capture| capture.provider_id.as_deref() == Some(parent))
}
