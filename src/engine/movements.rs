//! Captures, voids and refunds. An amount is set aside in the same commit that permits the
//! request, at the version of the payment that was looked at: whatever runs at once, the sum never
//! exceeds what there is.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::ids::{CaptureId, RefundId, VoidId};
use crate::domain::money::Money;
use crate::domain::outcome::{FailureReason, Outcome, SeenTotals, Trace};
use crate::domain::payment::{
    MOVEMENTS_MAX, MovementId, MovementKind, MovementNews, MovementRecord, MovementStatus, Payment,
    PaymentState,
};
use crate::journal::seam::{Claim, CommitError, Entry, HistoryKind, Permit, Subject};
use crate::providers::contract::{Earlier, Feature, Movement, Operation, RefundReason, Support};

use super::accounts::Account;
use super::commands::{Answer, Ask, Caller, Move, MoveKind, MovementView};
use super::conclude::{conclude_movement, failure};
use super::conversation::{Broken, Exchanged, Mover, Talked, Why, converse};
use super::error::{Error, FieldError, FieldMistake, Thing};
use super::gateway::{CONFLICTS_MAX, Came, Done, Gateway, note, notes};
use super::writing::nothing_sent;

impl Gateway {
    /// Captures, voids or refunds.
    ///
    /// # Errors
    /// [`Error`]; no money moved then.
    pub async fn move_money(
        &self,
        caller: &Caller,
        ask: Ask<Move>,
        wait: Option<Duration>,
    ) -> Result<Answer<MovementView>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self
            .once(&key, fingerprint, wait, move |gateway| async move {
                if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                    return gateway.replay(&claim, fingerprint).await;
                }
                let at = gateway.now_of(&run_key.merchant);
                let claim = |subject| Claim { key: run_key.clone(), fingerprint, subject, at };
                gateway.move_first(&run_caller, wish, claim).await
            })
            .await?;
        done.movement()
    }

    async fn move_first(
        &self,
        caller: &Caller,
        wish: Move,
        claim: impl Fn(Subject) -> Claim,
    ) -> Result<Done, Error> {
        let now = self.now_of(&caller.merchant);
        let id = mint(wish.what, now, self.random());
        let claim = claim(Subject::Movement(wish.payment, id));
        for _ in 0..CONFLICTS_MAX {
            let payment = self.payment(caller, wish.payment).await?;
            let account = self.account_of(&payment)?;
            let record = new_record(&account, &payment, &wish, id, &claim.key.request_id, claim.at)?;
            let operation = operation(&payment, &record);
            let first = Some(claim.clone());
            let mut mover = MovementMover { gateway: self, caller, payment, record, claim: first };
            let talked =
                converse(self.shared.world.as_ref(), &caller.merchant, &account, &operation, &mut mover)
                    .await;
            match &talked {
                // Somebody else moved money of this payment first: look again at what remains.
                Err(Broken {
                    why: Why::Journal(CommitError::Conflict), money_may_have_moved: false, ..
                }) if mover.claim.is_some() => {}
                Err(Broken { why: Why::Journal(CommitError::Taken(taken)), .. }) => {
                    return self.replay(taken, claim.fingerprint).await;
                }
                _ => {
                    let payment = self.settle_movement(&account, mover, &claim, talked).await?;
                    refused(&payment, id)?;
                    let view = MovementView { payment, movement: id };
                    return Ok(Done::new(Came::Movement(Box::new(view))));
                }
            }
        }
        Err(Error::bug("a payment is changed by too many at once", Some(wish.payment)))
    }

    async fn settle_movement(
        &self,
        account: &Account,
        mover: MovementMover<'_>,
        claim: &Claim,
        talked: Result<Talked, Broken>,
    ) -> Result<Box<Payment>, Error> {
        let written = mover.claim.is_none();
        let MovementMover { payment, record, .. } = mover;
        let id = record.id;
        match talked {
            Ok(Talked { outcome: Outcome::Movement(report), exchanges }) => {
                self.change(payment, |payment| {
                    let now = self.now_of(&payment.merchant);
                    let mut history = notes(&exchanges, HistoryKind::Exchanged, payment.state);
                    conclude_movement(payment, id, report.clone(), now)
                        .map_err(|e| Error::bug(e.to_string(), Some(payment.id)))?;
                    history.push(movement_note(payment, id));
                    Ok(Entry { history, ..Entry::default() })
                })
                .await
            }
            Ok(_) => Err(Error::bug("an adapter answered another question than was asked", Some(payment.id))),
            // Refused unread, and then somebody else wrote to the payment before the second try was
            // permitted: the first permit must not stand there for ever.
            Err(Broken {
                why: why @ Why::Journal(CommitError::Conflict),
                money_may_have_moved: false,
                exchanges,
            }) if written => {
                self.give_movement_up(payment, id, &why, &exchanges, Some(claim)).await?;
                Err(Error::Unreachable(account.name.clone()))
            }
            Err(Broken { why: Why::Journal(error), .. }) => Err(Error::of_commit(error, payment.id)),
            Err(broken) if broken.money_may_have_moved => {
                let payment_id = payment.id;
                self.change(payment, |payment| {
                    let mut history = notes(&broken.exchanges, HistoryKind::Exchanged, payment.state);
                    payment
                        .hear_of(id, MovementNews::LostSight, self.now_of(&payment.merchant))
                        .map_err(|e| Error::bug(e.to_string(), Some(payment_id)))?;
                    history.push(note(payment, HistoryKind::LostSight, id.to_string()));
                    Ok(Entry { history, ..Entry::default() })
                })
                .await
            }
            Err(Broken { why, exchanges, .. }) => {
                let error = nothing_sent(account, &why, &payment);
                if written {
                    let keeps_key =
                        matches!(error, Error::Rejected { .. } | Error::CredentialsRejected { .. });
                    self.give_movement_up(payment, id, &why, &exchanges, (!keeps_key).then_some(claim))
                        .await?;
                }
                Err(error)
            }
        }
    }

    async fn give_movement_up(
        &self,
        payment: Box<Payment>,
        id: MovementId,
        why: &Why,
        exchanges: &[Exchanged],
        release: Option<&Claim>,
    ) -> Result<Box<Payment>, Error> {
        let why = match why {
            Why::Fault(fault) => failure(fault),
            Why::Journal(_) | Why::Paused(_) => failure(&crate::providers::contract::Fault::Unreachable),
        };
        self.change(payment, |payment| {
            let mut history = notes(exchanges, HistoryKind::Exchanged, payment.state);
            payment
                .hear_of(id, MovementNews::Failed(why.clone()), self.now_of(&payment.merchant))
                .map_err(|e| Error::bug(e.to_string(), Some(payment.id)))?;
            history.push(movement_note(payment, id));
            Ok(Entry { release: release.map(|claim| claim.key.clone()), history, ..Entry::default() })
        })
        .await
    }
}

/// A new id of the right kind.
pub(super) fn mint(what: MoveKind, now: Timestamp, random: [u8; 10]) -> MovementId {
    match what {
        MoveKind::Capture { .. } => MovementId::Capture(CaptureId::mint(now, random)),
        MoveKind::Void => MovementId::Void(VoidId::mint(now, random)),
        MoveKind::Refund { .. } => MovementId::Refund(RefundId::mint(now, random)),
    }
}

/// A movement that failed because the provider refused our request is an error to whoever asked.
pub(super) fn refused(payment: &Payment, id: MovementId) -> Result<(), Error> {
    let Some(movement) = payment.movement(id) else { return Ok(()) };
    let Some(failure) = movement.failure.as_ref().filter(|_| movement.status == MovementStatus::Failed)
    else {
        return Ok(());
    };
    match failure.reason {
        FailureReason::Rejected => Err(Error::Rejected {
            account: payment.account.clone(),
            code: failure.provider_code.clone(),
            message: failure.provider_message.clone(),
            payment: Some(payment.id),
        }),
        FailureReason::CredentialsRejected => Err(Error::CredentialsRejected {
            account: payment.account.clone(),
            code: failure.provider_code.clone(),
            payment: Some(payment.id),
        }),
        FailureReason::NotSent
        | FailureReason::NotFound
        | FailureReason::ProviderError
        | FailureReason::Unsupported => Ok(()),
    }
}

/// A payment one of whose movements moves money.
struct MovementMover<'a> {
    gateway: &'a Gateway,
    caller: &'a Caller,
    payment: Box<Payment>,
    record: MovementRecord,
    /// Taken by the first commit.
    claim: Option<Claim>,
}

impl MovementMover<'_> {
    /// The payment with the movement in it, and what the first commit also writes.
    fn entry(&mut self) -> Entry {
        let known = self.payment.movement(self.record.id).is_some();
        if !known {
            self.payment.movements.push(self.record.clone());
        }
        let mut entry = Entry { claim: self.claim.clone(), ..Entry::default() };
        if !known {
            entry.history.push(requested_note(&self.payment, &self.record).by(&self.caller.name));
        }
        entry
    }

    fn written(&mut self, history_hash: [u8; 32]) {
        self.payment.written(history_hash);
        self.claim = None;
    }
}

impl Mover for MovementMover<'_> {
    async fn begins(&mut self) -> Result<(), CommitError> {
        let mut entry = self.entry();
        let history_hash = entry.history_hash(&self.payment);
        entry.payment = Some(self.payment.clone());
        self.gateway.shared.journal.commit(entry).await?;
        self.written(history_hash);
        Ok(())
    }

    async fn permit(&mut self, _find_by: Trace) -> Result<Permit, CommitError> {
        // A movement is found again by its record, from which the same request can be made.
        let id = self.record.id;
        let mut entry = self.entry();
        self.payment
            .hear_of(id, MovementNews::Submitted, self.gateway.now_of(&self.payment.merchant))
            .map_err(|_| CommitError::Conflict)?;
        entry.history.push(note(&self.payment, HistoryKind::Permitted, id.to_string()));
        let history_hash = entry.history_hash(&self.payment);
        entry.payment = Some(self.payment.clone());
        let permit = self.gateway.shared.journal.permit(entry, Some(id)).await?;
        self.written(history_hash);
        Ok(permit)
    }

    fn never_sent(&mut self) {
        // Only a permit leads here, so the movement is submitted.
        let now = self.gateway.now_of(&self.payment.merchant);
        let heard = self.payment.hear_of(self.record.id, MovementNews::NeverSent, now);
        debug_assert!(heard.is_ok(), "never sent without a permit");
    }
}

fn requested_note(payment: &Payment, record: &MovementRecord) -> crate::journal::seam::HistoryNote {
    let kind = match record.kind() {
        MovementKind::Capture => HistoryKind::CaptureRequested,
        MovementKind::Void => HistoryKind::VoidRequested,
        MovementKind::Refund => HistoryKind::RefundRequested,
    };
    note(payment, kind, format!("{} {}", record.id, record.amount))
}

pub(super) fn movement_note(payment: &Payment, id: MovementId) -> crate::journal::seam::HistoryNote {
    let word = payment.movement(id).map_or("", |movement| movement.status.word());
    note(payment, HistoryKind::Observed, format!("{id} {word}"))
}

/// Checks what was asked against what there is, and records it.
pub(super) fn new_record(
    account: &Account,
    payment: &Payment,
    wish: &Move,
    id: MovementId,
    request_id: &str,
    now: Timestamp,
) -> Result<MovementRecord, Error> {
    if payment.movements.len() >= MOVEMENTS_MAX {
        return Err(Error::StateForbids {
            state: payment.state.word().to_owned(),
            wanted: "another capture, void or refund: the payment has as many as it can hold",
        });
    }
    if let Some(amount) = wish.amount
        && amount.currency() != payment.asked.currency()
    {
        return Err(Error::Invalid(vec![FieldError {
            field: "amount.currency_code".to_owned(),
            problem: format!("the payment is in {}", payment.asked.currency()),
            kind: FieldMistake::Invalid,
        }]));
    }
    let (amount, final_capture, of_capture, reason_word) = match wish.what {
        MoveKind::Capture { last } => (capture_amount(account, payment, wish, last)?, last, None, None),
        MoveKind::Void => (void_amount(account, payment, wish)?, false, None, None),
        MoveKind::Refund { reason, capture } => {
            let amount = refund_amount(account, payment, wish)?;
            let capture = of_capture(payment, capture, amount)?;
            (amount, false, capture, refund_word(reason))
        }
    };
    Ok(MovementRecord {
        id,
        amount,
        status: MovementStatus::Created,
        provider_id: None,
        decline: None,
        failure: None,
        reason: wish.reason.clone(),
        reason_word: reason_word.map(str::to_owned),
        of_capture,
        metadata: wish.metadata.clone(),
        final_capture,
        lines: wish.lines.clone(),
        before: (payment.captured(), payment.refunded()),
        options: wish.options.clone(),
        sent_at: None,
        request_id: request_id.to_owned(),
        created_at: now,
        updated_at: now,
    })
}

fn forbids(payment: &Payment, wanted: &'static str) -> Error {
    Error::StateForbids { state: payment.state.word().to_owned(), wanted }
}

fn capture_amount(account: &Account, payment: &Payment, wish: &Move, last: bool) -> Result<Money, Error> {
    account.require(Feature::ManualCapture, "captures")?;
    match payment.state {
        PaymentState::Authorized | PaymentState::Captured | PaymentState::PartiallyRefunded => {}
        _ => return Err(forbids(payment, "a capture")),
    }
    let remaining = payment.capturable();
    let amount = within(payment, wish.amount, remaining, "a capture")?;
    let captured_before = payment.captured() > 0 || payment.has_unfinished(MovementKind::Capture);
    if captured_before {
        account.require(Feature::MultipleCaptures, "more than one capture")?;
    }
    if amount.minor() < remaining && !last || amount.minor() < payment.authorized && !captured_before {
        account.require(Feature::PartialCapture, "capturing a part")?;
    }
    Ok(amount)
}

fn void_amount(account: &Account, payment: &Payment, wish: &Move) -> Result<Money, Error> {
    if payment.state == PaymentState::Voided {
        return Err(forbids(payment, "a void"));
    }
    let undoes = !matches!(account.support(Feature::VoidCaptured), Support::No { .. });
    if undoes && payment.state == PaymentState::Captured && payment.is_taken_at_once() {
        return undo_amount(account, payment, wish);
    }
    if !undoes {
        account.require(Feature::Void, "voids")?;
    }
    match payment.state {
        PaymentState::Authorized | PaymentState::Captured => {}
        // Among others a payment that is voided already, and voiding that again is no mistake.
        _ => return Err(forbids(payment, "a void")),
    }
    account.require(Feature::Void, "voids")?;
    if payment.has_unfinished(MovementKind::Capture) || payment.has_unfinished(MovementKind::Void) {
        return Err(forbids(payment, "a void while a capture or void is under way"));
    }
    let remaining = payment.capturable();
    if remaining == 0 {
        return Err(forbids(payment, "a void: nothing is reserved any more"));
    }
    match wish.amount {
        Some(amount) if amount.minor() != remaining => Err(Error::Unsupported {
            account: account.name.clone(),
            feature: Some(Feature::Void),
            what: "voiding a part of a reservation".to_owned(),
            instead: "leave the amount empty; to take less than was reserved, capture less".to_owned(),
        }),
        _ => within(payment, wish.amount, remaining, "a void"),
    }
}

/// What was taken at once and has not settled goes back whole, or not at all.
fn undo_amount(account: &Account, payment: &Payment, wish: &Move) -> Result<Money, Error> {
    if payment.has_unfinished(MovementKind::Void) || payment.has_unfinished(MovementKind::Refund) {
        return Err(forbids(payment, "a void while a void or refund is under way"));
    }
    let whole = payment.captured();
    match wish.amount {
        Some(amount) if amount.minor() != whole => Err(Error::Unsupported {
            account: account.name.clone(),
            feature: Some(Feature::VoidCaptured),
            what: "voiding a part of what was taken".to_owned(),
            instead: "RefundPayment of that part".to_owned(),
        }),
        _ => within(payment, wish.amount, whole, "a void"),
    }
}

fn refund_amount(account: &Account, payment: &Payment, wish: &Move) -> Result<Money, Error> {
    account.require(Feature::Refund, "refunds")?;
    if payment.has_unfinished(MovementKind::Void) {
        return Err(forbids(payment, "a refund while a void is under way"));
    }
    match payment.state {
        PaymentState::Captured | PaymentState::PartiallyRefunded | PaymentState::Refunded => {}
        _ => return Err(forbids(payment, "a refund")),
    }
    let remaining = payment.refundable();
    let amount = within(payment, wish.amount, remaining, "a refund")?;
    if payment.refunded() > 0 || payment.has_unfinished(MovementKind::Refund) {
        account.require(Feature::MultipleRefunds, "more than one refund")?;
    }
    if amount.minor() < payment.captured() {
        account.require(Feature::PartialRefund, "refunding a part")?;
    }
    Ok(amount)
}

fn within(
    payment: &Payment,
    wanted: Option<Money>,
    remaining: i64,
    what: &'static str,
) -> Result<Money, Error> {
    let minor = wanted.map_or(remaining, |amount| amount.minor());
    if wanted.is_some() && minor == 0 {
        return Err(Error::Invalid(vec![FieldError::new("amount.amount_minor", "must be more than zero")]));
    }
    if minor > remaining {
        return Err(Error::ExceedsRemaining { remaining_minor: remaining });
    }
    if minor == 0 {
        return Err(forbids(payment, what));
    }
    Money::new(minor, payment.asked.currency()).map_err(|e| Error::bug(e.to_string(), Some(payment.id)))
}

/// The capture that a refund is about: the one named, or the first with enough left.
fn of_capture(
    payment: &Payment,
    named: Option<CaptureId>,
    amount: Money,
) -> Result<Option<CaptureId>, Error> {
    let captures = || {
        payment.movements.iter().filter_map(|movement| match movement.id {
            MovementId::Capture(id) if movement.status == MovementStatus::Succeeded => {
                Some((id, movement.amount.minor() - refunded_of(payment, id)))
            }
            _ => None,
        })
    };
    match named {
        None => Ok(captures().find(|(_, left)| *left >= amount.minor()).map(|(id, _)| id)),
        Some(named) => match captures().find(|(id, _)| *id == named) {
            None => Err(Error::NotFound(Thing::Capture)),
            Some((_, left)) if left < amount.minor() => {
                Err(Error::ExceedsRemaining { remaining_minor: left })
            }
            Some((id, _)) => Ok(Some(id)),
        },
    }
}

fn refunded_of(payment: &Payment, capture: CaptureId) -> i64 {
    payment
        .movements
        .iter()
        .filter(|movement| movement.of_capture == Some(capture) && movement.status != MovementStatus::Failed)
        .map(|movement| movement.amount.minor())
        .sum()
}

fn refund_word(reason: RefundReason) -> Option<&'static str> {
    match reason {
        RefundReason::Unspecified => None,
        RefundReason::RequestedByCustomer => Some("REQUESTED_BY_CUSTOMER"),
        RefundReason::Duplicate => Some("DUPLICATE"),
        RefundReason::Fraudulent => Some("FRAUDULENT"),
        RefundReason::Other => Some("OTHER"),
    }
}

/// The reason behind a word of the record.
pub(super) fn refund_reason(word: Option<&str>) -> RefundReason {
    match word {
        Some("REQUESTED_BY_CUSTOMER") => RefundReason::RequestedByCustomer,
        Some("DUPLICATE") => RefundReason::Duplicate,
        Some("FRAUDULENT") => RefundReason::Fraudulent,
        Some("OTHER") => RefundReason::Other,
        _ => RefundReason::Unspecified,
    }
}

/// A recorded movement in the words of the provider contract. The same record gives the same
/// movement again, so that a lost one can be asked about.
pub(super) fn described(payment: &Payment, record: &MovementRecord) -> Movement {
    let currency = payment.asked.currency();
    let money = |minor: i64| Money::new(minor.max(0), currency).unwrap_or(Money::zero(currency));
    let captures = payment
        .movements
        .iter()
        .filter_map(|movement| match movement.id {
            MovementId::Capture(id) if movement.status == MovementStatus::Succeeded => Some((id, movement)),
            _ => None,
        })
        .filter(|(id, _)| record.of_capture.is_none_or(|wanted| wanted == *id))
        .map(|(id, movement)| {
            // What this very refund takes is not yet gone.
            let own = if record.of_capture == Some(id) && payment.movement(record.id).is_some() {
                record.amount.minor()
            } else {
                0
            };
            Earlier {
                provider_id: movement.provider_id.clone(),
                amount: movement.amount,
                refunded: money(refunded_of(payment, id) - own),
            }
        })
        .collect();
    let (captured, refunded) = record.before;
    Movement {
        reference: record.id.alphanumeric(),
        payment: payment.trace.clone(),
        product: payment.trace.more.get("product").cloned(),
        asked: payment.asked,
        capture_mode: payment.capture,
        amount: record.amount,
        final_capture: record.final_capture,
        lines: record.lines.clone(),
        reason: record.reason.clone(),
        refund_reason: refund_reason(record.reason_word.as_deref()),
        before: SeenTotals {
            authorized: Some(payment.authorized),
            captured: Some(captured),
            refunded: Some(refunded),
        },
        captures,
        options: record.options.clone(),
    }
}

/// A recorded movement as an operation.
pub(super) fn operation(payment: &Payment, record: &MovementRecord) -> Operation {
    let movement = Box::new(described(payment, record));
    match record.kind() {
        MovementKind::Capture => Operation::Capture(movement),
        MovementKind::Void => Operation::Void(movement),
        MovementKind::Refund => Operation::Refund(movement),
    }
}
