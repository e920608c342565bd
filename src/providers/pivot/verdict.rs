//! What a session comes to (dossier, section 16). The session's status decides, with two
//! exceptions: money that was taken outweighs everything, and money that was taken twice is
//! reported as taken twice, so that the comparison with what was asked finds it.

use std::collections::BTreeMap;

use super::account::Account;
use super::decline;
use super::key;
use super::session::{CaptureStatus, Charge, ChargeStatus, Session, Status};
use crate::domain::money::Money;
use crate::domain::outcome::{
    Decline, DeclineReason, MovementReport, MovementStanding, NextAction, PaymentReport, RetryAdvice, Seen,
    SeenTotals, Standing, Trace,
};
use crate::providers::contract::Fault;

/// What is known of a payment before the answer is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    /// Our reference.
    pub reference: &'a str,
    /// What was asked.
    pub asked: Money,
    /// Pivot's id of the session, where it is known.
    pub session: Option<&'a str>,
    /// Whether the customer can be sent somewhere.
    pub customer_present: bool,
}

/// Where a payment stands.
pub(super) fn payment(account: &Account, view: &View<'_>, session: &Session) -> Result<PaymentReport, Fault> {
    // Our reference says whose answer it is. Where it is not repeated, only the id can.
    if session.reference.is_none() && view.session.is_some_and(|known| known != session.id) {
        return Err(Fault::unintelligible("an answer about another session"));
    }
    let taken: Vec<&Charge> = with(session, ChargeStatus::Success);
    let held: Vec<&Charge> = with(session, ChargeStatus::WaitingForCapture);
    let standing = standing(account, view, session, &taken, &held)?;
    let is_success = matches!(standing, Standing::Captured | Standing::Authorized);
    if is_success && (session.money.is_none() || session.reference.is_none()) {
        return Err(Fault::unintelligible("a success without an amount or a reference"));
    }
    let moved: Vec<&Charge> = taken.iter().chain(&held).copied().collect();
    let shown = moved.first().copied().or_else(|| session.newest());
    let mut report = PaymentReport::new(standing);
    report.seen = seen(view, session, &moved);
    if is_success {
        match foreign(session, &moved) {
            // Amounts of two currencies have no sum; the other one is what has to be seen.
            Some(money) => report.seen.money = Some(money),
            None => report.totals = totals(session, &moved),
        }
    }
    report.trace = Trace {
        session: Some(session.id.clone()),
        transaction: shown.and_then(|charge| charge.id.clone()),
        customer: session.customer.clone(),
        ..Trace::by_reference(view.reference)
    };
    report.card = shown.and_then(|charge| charge.card.clone());
    report.network_transaction_id.clone_from(&session.network_transaction_id);
    report.movements = moved.iter().flat_map(|charge| &charge.captures).map(capture).collect();
    Ok(report)
}

fn with(session: &Session, status: ChargeStatus) -> Vec<&Charge> {
    session.charges.iter().filter(|charge| charge.status == status).collect()
}

fn standing(
    account: &Account,
    view: &View<'_>,
    session: &Session,
    taken: &[&Charge],
    held: &[&Charge],
) -> Result<Standing, Fault> {
    if matches!(session.status, Status::Active | Status::Inactive) {
        return Err(Fault::unintelligible("a session for many payments, which was not asked for"));
    }
    if !taken.is_empty() {
        return Ok(Standing::Captured);
    }
    let reviewed = |charge: &Charge| charge.failure_code.as_deref() == Some(decline::REVIEW);
    if session.charges.iter().any(reviewed) {
        // "Not a decline: deferred" (section 17).
        return Ok(Standing::Processing);
    }
    Ok(match session.status {
        Status::Paid => return Err(Fault::unintelligible("paid, and no charge that succeeded")),
        Status::Processing if held.iter().any(|charge| is_positive(charge.captured)) => Standing::Captured,
        Status::Processing if !held.is_empty() => Standing::Authorized,
        Status::Processing => Standing::Processing,
        Status::RequirePaymentMethod | Status::RequireConfirmation | Status::RequireAction => {
            open(account, view, session)?
        }
        Status::Cancelled => cancelled(session),
        Status::Expired => Standing::Expired,
        // Refused above.
        Status::Active | Status::Inactive => Standing::Processing,
    })
}

fn is_positive(money: Option<Money>) -> bool {
    money.is_some_and(|money| !money.is_zero())
}

/// What the customer has to do. A failed charge in an open session is not the end: the customer
/// may try again (section 16).
fn open(account: &Account, view: &View<'_>, session: &Session) -> Result<Standing, Fault> {
    if !view.customer_present {
        // Nobody can be sent there; the session lapses by itself, for it cannot be cancelled.
        let decline = Decline::new(DeclineReason::AuthenticationRequired, RetryAdvice::WithCustomer);
        return Ok(Standing::Declined(decline));
    }
    Ok(next_action(account, session)?.map_or(Standing::Open, Standing::ActionRequired))
}

/// The next step of whoever pays; `None` where an open session shows none.
pub(super) fn next_action(account: &Account, session: &Session) -> Result<Option<NextAction>, Fault> {
    if let (Status::RequireConfirmation, Some(key)) = (session.status, &session.encryption_key)
        && session.mode.as_deref() == Some("API")
    {
        return Ok(Some(NextAction::CollectCard {
            public_key: key::checked(key, account.rsa_bits_min)?,
            key_id: None,
            algorithm: key::ALGORITHM.to_owned(),
            expires_at: session.expires_at,
        }));
    }
    if let Some(url) = &session.payment_url {
        return Ok(Some(NextAction::Redirect { url: url.clone() }));
    }
    let charge =
        session.charges.iter().rev().find(|charge| charge.virtual_account.is_some() || charge.qr.is_some());
    Ok(charge.and_then(instructions))
}

fn instructions(charge: &Charge) -> Option<NextAction> {
    let mut details = BTreeMap::new();
    let mut tell = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            details.insert(name.to_owned(), value.clone());
        }
    };
    if let Some([channel, number, name]) = &charge.virtual_account {
        tell("channel", channel);
        tell("account_number", number);
        tell("account_name", name);
    } else if let Some((content, picture)) = &charge.qr {
        tell("content", &Some(content.clone()));
        tell("image_url", picture);
    }
    (!details.is_empty()).then_some(NextAction::Instructions { details })
}

fn cancelled(session: &Session) -> Standing {
    let failed = with(session, ChargeStatus::Failed).into_iter().max_by_key(|charge| charge.created_at);
    match (failed, session.cancellation.as_deref()) {
        (Some(charge), _) => Standing::Declined(decline::of_charge(charge)),
        (None, Some(reason @ ("CHARGE_FAILED" | "FRAUDULENT"))) => {
            Standing::Declined(decline::of_cancellation(reason))
        }
        (None, _) => Standing::Cancelled,
    }
}

/// Session and charges repeat the amount and the reference, each for itself. Whichever of them is not
/// what was asked is told, so that the comparison finds it.
fn seen(view: &View<'_>, session: &Session, moved: &[&Charge]) -> Seen {
    let mut amounts = session.money.into_iter().chain(moved.iter().filter_map(|charge| charge.money));
    let mut references =
        session.reference.iter().chain(moved.iter().filter_map(|charge| charge.reference.as_ref()));
    Seen {
        money: amounts.clone().find(|money| *money != view.asked).or_else(|| amounts.next()),
        reference: references
            .clone()
            .find(|reference| *reference != view.reference)
            .or_else(|| references.next())
            .cloned(),
    }
}

/// An amount of a charge in another currency than its session's.
fn foreign(session: &Session, moved: &[&Charge]) -> Option<Money> {
    let currency = session.money?.currency();
    let amounts = moved.iter().flat_map(|charge| [charge.money, charge.authorized, charge.captured]);
    let other = amounts.flatten().find(|money| money.currency() != currency)?;
    // Whichever of the two is not what was asked for: the session's own amount tells already.
    Some(if currency.code() == IDR { other } else { session.money? })
}

/// The currency that everything is in.
const IDR: &str = "IDR";

/// Sums over everything that was reserved or taken: two successes are twice the amount.
fn totals(session: &Session, moved: &[&Charge]) -> SeenTotals {
    let sum = |amount: &dyn Fn(&Charge) -> Option<Money>| {
        let amounts = moved.iter().filter_map(|charge| amount(charge));
        Some(amounts.fold(0_i64, |sum, money| sum.saturating_add(money.minor())))
    };
    let whole = |charge: &Charge| charge.money.or(session.money);
    SeenTotals {
        authorized: sum(&|charge| charge.authorized.or_else(|| whole(charge))),
        captured: sum(&|charge| match charge.status {
            ChargeStatus::Success => charge.captured.or_else(|| whole(charge)),
            _ => charge.captured,
        }),
        refunded: None,
    }
}

/// A capture that an answer lists.
pub(super) fn capture(history: &super::session::History) -> MovementReport {
    MovementReport {
        standing: capture_standing(history.status),
        // The list knows nothing of our references.
        seen: Seen { money: Some(history.money), reference: None },
        provider_id: Some(history.id.clone()),
        totals: SeenTotals::default(),
    }
}

/// Where a capture stands.
pub(super) fn capture_standing(status: CaptureStatus) -> MovementStanding {
    match status {
        CaptureStatus::Pending => MovementStanding::Pending,
        CaptureStatus::Success => MovementStanding::Succeeded,
        CaptureStatus::Failed => {
            MovementStanding::Failed(Decline::new(DeclineReason::ProcessingError, RetryAdvice::Later))
        }
    }
}
