//! From a transaction to what it means: the status map.
//!
//! | status | payment, authorization, tokenization | capture, void, refund |
//! |---|---|---|
//! | `successful` | captured; authorized, or verified when zero; verified | succeeded |
//! | `failed` | declined | failed, the payment is as it was |
//! | `incomplete` with an address | the customer has to go there; declined without a customer | pending |
//! | `incomplete`, `pending`, `initial` | processing | pending |
//! | `expired` | expired | failed |
//! | `error` | failed | failed |
//! | `deleted` | cancelled | failed |
//! | anything else | no outcome: asked again | the same |
//!
//! (Dossier, section 5.3.) `code` gives the reason of a decline and never the verdict.

use std::collections::BTreeMap;

use super::account::Account;
use super::answer::{Kind, Page, Status, Transaction};
use super::decline;
use super::wire;
use crate::domain::card::{SavedCard, StoredToken};
use crate::domain::money::Money;
use crate::domain::outcome::{
    Decline, DeclineReason, Failure, FailureReason, MovementReport, MovementStanding, NextAction,
    PaymentReport, RetryAdvice, Seen, SeenTotals, Standing, Trace,
};
use crate::providers::contract::Fault;

/// What was asked, as far as reading an answer needs it.
pub(super) struct View<'a> {
    pub reference: &'a str,
    pub asked: Money,
    /// Whether a card is saved and nothing else is asked for.
    pub only_saves: bool,
    /// Whether a card is saved.
    pub saves: bool,
    /// What it is saved for, where that is known from our side.
    pub contract: Vec<String>,
    pub customer_present: bool,
}

impl View<'_> {
    /// What an answer repeats. A tokenization repeats the amount that its request had to have,
    /// although none was asked for; any other amount is reported as it is, and will be noticed.
    fn seen(&self, account: &Account, money: Option<Money>, tracking_id: Option<&String>) -> Seen {
        let filler = account.exponents.read_wire(account.tokenization_amount, self.asked.currency());
        let is_filler = self.only_saves && money.is_some() && money == filler;
        Seen {
            money: if is_filler { Some(Money::zero(self.asked.currency())) } else { money },
            reference: tracking_id.cloned(),
        }
    }
}

/// Where a payment stands by its own transaction.
///
/// # Errors
/// [`Fault::Unintelligible`] for a transaction that is no payment.
pub(super) fn payment(
    account: &Account,
    view: &View<'_>,
    transaction: Transaction,
) -> Result<PaymentReport, Fault> {
    let kind = match transaction.kind {
        Some(Kind::Capture | Kind::Void | Kind::Refund | Kind::Other) => {
            return Err(Fault::unintelligible("a transaction of another type than a payment"));
        }
        kind => kind,
    };
    let mut report = PaymentReport::new(standing(view, &transaction, kind)?);
    report.seen = view.seen(account, transaction.money, transaction.tracking_id.as_ref());
    report.totals = totals(&report.standing, transaction.money);
    report.trace = Trace::by_reference(view.reference);
    report.trace.transaction = Some(transaction.uid.clone());
    report.card = transaction.card.clone();
    if transaction.status == Status::Successful {
        report.approval_code = transaction.approval_code.clone();
        if view.saves {
            report.saved = saved(view, transaction);
        }
    }
    Ok(report)
}

fn standing(view: &View<'_>, transaction: &Transaction, kind: Option<Kind>) -> Result<Standing, Fault> {
    Ok(match transaction.status {
        Status::Successful => match kind {
            Some(Kind::Payment) => Standing::Captured,
            // An authorization of nothing reserves nothing: it checks the card.
            Some(Kind::Authorization) if transaction.money.is_some_and(|money| money.is_zero()) => {
                Standing::Verified
            }
            Some(Kind::Authorization) => Standing::Authorized,
            Some(Kind::Tokenization) => Standing::Verified,
            Some(Kind::Capture | Kind::Void | Kind::Refund | Kind::Other) | None => {
                return Err(Fault::unintelligible("a success that does not say of what"));
            }
        },
        Status::Failed => Standing::Declined(decline_of(transaction)),
        Status::Incomplete => match &transaction.redirect_url {
            None => Standing::Processing,
            Some(_) if !view.customer_present => wants_customer(transaction),
            Some(url) if is_web_address(url) => {
                Standing::ActionRequired(NextAction::Redirect { url: url.clone() })
            }
            Some(_) => return Err(Fault::unintelligible("a redirect that is not an address")),
        },
        Status::Pending => Standing::Processing,
        Status::Expired => Standing::Expired,
        Status::Error => Standing::Failed(broke_down(transaction.code.clone(), transaction.message.clone())),
        Status::Deleted => Standing::Cancelled,
    })
}

/// A challenge that nobody is there to pass. The address goes to nobody, so it is over: without a
/// customer the provider closes such a transaction by itself.
fn wants_customer(transaction: &Transaction) -> Standing {
    Standing::Declined(Decline {
        reason: DeclineReason::AuthenticationRequired,
        advice: RetryAdvice::WithCustomer,
        ..decline_of(transaction)
    })
}

fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// The decline of a transaction, in three layers.
pub(super) fn decline_of(transaction: &Transaction) -> Decline {
    let words = [transaction.message.as_deref(), transaction.section_message.as_deref()];
    let (reason, advice) =
        decline::reason(transaction.code.as_deref(), &words, transaction.authentication_failed);
    Decline {
        provider_code: transaction.code.clone(),
        provider_message: transaction.message.clone().or_else(|| transaction.section_message.clone()),
        network_code: transaction.bank_code.clone(),
        ..Decline::new(reason, advice)
    }
}

fn broke_down(code: Option<String>, message: Option<String>) -> Failure {
    Failure { reason: FailureReason::ProviderError, provider_code: code, provider_message: message }
}

fn totals(standing: &Standing, money: Option<Money>) -> SeenTotals {
    let minor = money.map(|money| money.minor());
    match standing {
        Standing::Captured => SeenTotals { authorized: minor, captured: minor, refunded: None },
        Standing::Authorized => SeenTotals { authorized: minor, ..SeenTotals::default() },
        Standing::Open
        | Standing::ActionRequired(_)
        | Standing::Processing
        | Standing::Verified
        | Standing::Declined(_)
        | Standing::Failed(_)
        | Standing::Voided
        | Standing::Cancelled
        | Standing::Expired => SeenTotals::default(),
    }
}

/// The saved card. The token counts only once the transaction is successful (section 6, point 2).
fn saved(view: &View<'_>, transaction: Transaction) -> Vec<SavedCard> {
    let Some(token) = transaction.token else { return Vec::new() };
    let contract = if transaction.contract.is_empty() { &view.contract } else { &transaction.contract };
    vec![SavedCard {
        uses: wire::uses_of(contract),
        card: transaction.card.unwrap_or_default(),
        token: StoredToken {
            values: BTreeMap::from([("token".to_owned(), token)]),
            original: Some(transaction.uid),
            ..StoredToken::default()
        },
    }]
}

/// The one transaction among those under one reference that says where the payment stands, and
/// its children. A success outweighs any failed attempt, because customers try again; two
/// successes are more than we asked for, and a person has to look.
///
/// # Errors
/// [`Fault::Unintelligible`] for two successes, and for children without their parent.
pub(super) fn choose(all: Vec<Transaction>) -> Result<Option<(Transaction, Vec<Transaction>)>, Fault> {
    if all.is_empty() {
        return Ok(None);
    }
    let is_child =
        |one: &Transaction| matches!(one.kind, Some(Kind::Capture | Kind::Void | Kind::Refund | Kind::Other));
    let (children, mut attempts): (Vec<_>, Vec<_>) = all.into_iter().partition(is_child);
    // The newest come first; the order among equals stays.
    attempts.sort_by_key(|one| match one.status {
        Status::Successful => 0,
        Status::Incomplete | Status::Pending => 1,
        Status::Failed | Status::Expired | Status::Error | Status::Deleted => 2,
    });
    let mut attempts = attempts.into_iter();
    let first = attempts
        .next()
        .ok_or_else(|| Fault::unintelligible("captures, voids or refunds without their payment"))?;
    match attempts.next() {
        Some(second)
            if first.status == Status::Successful
                && second.status == Status::Successful
                && second.uid != first.uid =>
        {
            Err(Fault::unintelligible("two successful payments under one reference"))
        }
        _ => {
            let children = children_of(&first.uid, children);
            Ok(Some((first, children)))
        }
    }
}

/// The captures and voids of a payment, and the refunds of it or of one of its captures.
fn children_of(uid: &str, mut all: Vec<Transaction>) -> Vec<Transaction> {
    all.retain(|child| child.kind != Some(Kind::Other));
    let mut family = vec![uid.to_owned()];
    family
        .extend(all.iter().filter(|child| child.kind == Some(Kind::Capture)).map(|child| child.uid.clone()));
    all.retain(|child| child.parent_uid.as_ref().is_some_and(|parent| family.contains(parent)));
    all
}

/// What the children of a payment say, by the provider's ids. The list has the newest ten at most,
/// and children may be missing from it, so what they add up to is no total to rely on.
pub(super) fn with_children(mut report: PaymentReport, children: Vec<Transaction>) -> PaymentReport {
    for child in children {
        if child.status == Status::Successful && report.standing == Standing::Authorized {
            match child.kind {
                Some(Kind::Void) => report.standing = Standing::Voided,
                Some(Kind::Capture) => report.standing = Standing::Captured,
                _ => {}
            }
        }
        report.movements.push(movement(child));
    }
    report
}

/// Where a capture, void or refund stands by its own transaction.
pub(super) fn movement(transaction: Transaction) -> MovementReport {
    let failed = || MovementStanding::Failed(decline_of(&transaction));
    let standing = match transaction.status {
        Status::Successful => MovementStanding::Succeeded,
        Status::Failed | Status::Expired | Status::Deleted => failed(),
        Status::Error => MovementStanding::Failed(Decline {
            reason: DeclineReason::ProcessingError,
            advice: RetryAdvice::Later,
            ..decline_of(&transaction)
        }),
        Status::Incomplete | Status::Pending => MovementStanding::Pending,
    };
    MovementReport {
        standing,
        // A child repeats the reference of its payment, if any; ours went in a header.
        seen: Seen { money: transaction.money, reference: None },
        provider_id: Some(transaction.uid),
        totals: SeenTotals::default(),
    }
}

/// Where a session stands by its page alone, as long as no transaction has to be asked for.
pub(super) fn page(account: &Account, view: &View<'_>, page: &Page, standing: Standing) -> PaymentReport {
    let mut report = PaymentReport::new(standing);
    report.seen = view.seen(account, page.money, page.tracking_id.as_ref());
    report.trace = Trace::by_reference(view.reference);
    report
}

/// What a page says.
pub(super) enum PageSays {
    /// A transaction was processed, or is being processed: it has to be asked for.
    Ask,
    /// This, and nothing else.
    Standing(Standing),
}

/// The decision table of a hosted page (dossier, section 4.1).
///
/// # Errors
/// [`Fault::Unintelligible`] for a page that does not say whether it is finished.
pub(super) fn page_says(page: &Page) -> Result<PageSays, Fault> {
    let (Some(finished), Some(expired)) = (page.finished, page.expired) else {
        return Err(Fault::unintelligible("a page that does not say whether it is finished"));
    };
    Ok(match page.attempt {
        _ if finished && page.uid.is_none() && page.status == Some(Status::Error) => {
            PageSays::Standing(Standing::Failed(broke_down(None, page.message.clone())))
        }
        _ if finished => PageSays::Ask,
        // It should be finished then, but a success is never left unread.
        Some(Status::Successful) => PageSays::Ask,
        // The time ran out while an attempt was under way, and that may still succeed.
        Some(Status::Incomplete | Status::Pending) if expired => PageSays::Ask,
        _ if expired => PageSays::Standing(Standing::Expired),
        // A declined attempt with attempts left is still open.
        _ => PageSays::Standing(Standing::Open),
    })
}
