//! Asks providers what became of what is not settled: after a lost answer, after a crash, while a
//! customer is at a payment page. It never gives up; it only asks ever more slowly.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::domain::ids::{IdempotencyKey, PaymentId};
use crate::domain::outcome::{Failure, FailureReason, Outcome};
use crate::domain::payment::{
    MovementId, MovementKind, MovementNews, MovementRecord, MovementStatus, News, Payment, PaymentState,
};
use crate::journal::seam::{Entry, HistoryKind};
use crate::providers::contract::{MovementInquiry, Operation, OperationKind, Siblings};

use super::accounts::Account;
use super::commands::Caller;
use super::conclude::conclude_movement;
use super::conversation::{Broken, ReadsOnly, Why, converse};
use super::error::Error;
use super::gateway::{Gateway, note, notes};
use super::movements::{described, movement_note};
use super::sessions::inquiry;

/// How many due payments are read at once.
const DUE_BATCH: usize = 64;
/// How long the resolver sleeps when nothing is due.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// How long it waits after the journal failed.
const JOURNAL_PAUSE: Duration = Duration::from_secs(1);
/// How many old claims are forgotten in one go.
const CLAIMS_BATCH: usize = 10_000;
/// How many records recovery reads at once.
const RECOVERY_BATCH: usize = 500;

impl Gateway {
    /// Sorts out what a process that died left behind, before anything new begins: what was
    /// recorded and not permitted provably never left, and its key is free again; what was
    /// permitted may have arrived, and is asked for. Returns how many payments were looked at.
    ///
    /// # Errors
    /// The journal's.
    pub async fn recover(&self) -> Result<usize, Error> {
        let mut after = None;
        let mut looked_at = 0;
        loop {
            let batch = self.shared.journal.unfinished(after, RECOVERY_BATCH).await?;
            let Some(last) = batch.last() else { return Ok(looked_at) };
            after = Some(last.id);
            looked_at += batch.len();
            for payment in batch {
                self.recover_payment(Box::new(payment)).await?;
            }
        }
    }

    async fn recover_payment(&self, payment: Box<Payment>) -> Result<(), Error> {
        let own = matches!(payment.state, PaymentState::Created);
        let key = |request_id: &str| IdempotencyKey {
            merchant: payment.merchant.clone(),
            request_id: request_id.to_owned(),
        };
        // Each release is an entry of its own: an entry gives back one key.
        let unsent: Vec<(MovementId, IdempotencyKey)> = payment
            .movements
            .iter()
            .filter(|movement| movement.status == MovementStatus::Created)
            .map(|movement| (movement.id, key(&movement.request_id)))
            .collect();
        let own_key = key(&payment.request_id);
        let mut payment = payment;
        let not_sent =
            || Failure { reason: FailureReason::NotSent, provider_code: None, provider_message: None };
        let bug = |error: crate::domain::payment::Illegal| Error::bug(error.to_string(), None);
        for (id, key) in unsent {
            payment = self
                .change(payment, |payment| {
                    payment
                        .hear_of(id, MovementNews::Failed(not_sent()), self.now_of(&payment.merchant))
                        .map_err(bug)?;
                    let history = vec![note(payment, HistoryKind::Recovered, format!("{id} was never sent"))];
                    Ok(Entry { release: Some(key.clone()), history, ..Entry::default() })
                })
                .await?;
        }
        self.change(payment, |payment| {
            let now = self.now_of(&payment.merchant);
            let mut entry = Entry::default();
            if own {
                payment.hear(News::Failed(not_sent()), now).map_err(bug)?;
                entry.release = Some(own_key.clone());
                entry.history.push(note(payment, HistoryKind::Recovered, "never sent"));
            }
            if payment.state == PaymentState::Submitted {
                payment.hear(News::LostSight, now).map_err(bug)?;
                entry.history.push(note(
                    payment,
                    HistoryKind::Recovered,
                    "may have been sent; asking the provider",
                ));
            }
            let submitted: Vec<MovementId> = payment
                .movements
                .iter()
                .filter(|movement| movement.status == MovementStatus::Submitted)
                .map(|movement| movement.id)
                .collect();
            for id in submitted {
                payment.hear_of(id, MovementNews::LostSight, now).map_err(bug)?;
                entry.history.push(note(payment, HistoryKind::Recovered, format!("{id} may have been sent")));
            }
            Ok(entry)
        })
        .await?;
        Ok(())
    }

    /// Follows up what is due, until the process goes down.
    pub async fn resolve_forever(self) {
        let permits = Arc::new(Semaphore::new(self.shared.options.inquiries_max));
        let under_way: Arc<Mutex<HashSet<PaymentId>>> = Arc::default();
        let mut claims_forgotten_at = self.now();
        while !self.shared.work.is_draining() {
            let woken = self.shared.wake.notified();
            let pause = match self.resolve_due(&permits, &under_way).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "the resolver waits for the journal");
                    JOURNAL_PAUSE
                }
            };
            if self.now().duration_since(claims_forgotten_at).as_secs() >= 3600 {
                claims_forgotten_at = self.now();
                self.forget_old_claims().await;
            }
            tokio::select! {
                () = woken => {}
                () = self.shared.world.sleep(pause) => {}
            }
        }
    }

    async fn forget_old_claims(&self) {
        let Ok(before) = self.now().checked_sub(self.shared.options.claims_kept) else { return };
        match self.shared.journal.forget_claims(before, CLAIMS_BATCH).await {
            Ok(count) => tracing::debug!(count, "old request ids forgotten"),
            Err(error) => tracing::warn!(%error, "old request ids are kept a little longer"),
        }
    }

    /// Starts what is due; returns how long to sleep then.
    async fn resolve_due(
        &self,
        permits: &Arc<Semaphore>,
        under_way: &Arc<Mutex<HashSet<PaymentId>>>,
    ) -> Result<Duration, Error> {
        let due = self.shared.journal.due(&self.moment(), DUE_BATCH).await?;
        let full = due.len() == DUE_BATCH;
        for id in due {
            if !lock(under_way).insert(id) {
                continue;
            }
            // The semaphore is never closed.
            let Ok(permit) = permits.clone().acquire_owned().await else { break };
            let Ok(counted) = self.shared.work.begin(usize::MAX) else { break };
            let (gateway, under_way) = (self.clone(), under_way.clone());
            tokio::spawn(async move {
                let asked = match gateway.stored_payment(id).await {
                    Ok(payment) => gateway.inquire(payment).await.map(|_| ()),
                    Err(error) => Err(error),
                };
                if let Err(error) = asked {
                    tracing::warn!(payment = %id, %error, "an inquiry came to nothing");
                    gateway.postpone(id).await;
                }
                lock(&under_way).remove(&id);
                drop((permit, counted));
            });
        }
        if full {
            return Ok(Duration::from_millis(10));
        }
        let next = self.shared.journal.next_due(&self.moment()).await?;
        Ok(next.unwrap_or(IDLE_MAX).clamp(Duration::from_millis(10), IDLE_MAX))
    }

    /// Plans the next inquiry after one that could not even be made.
    async fn postpone(&self, id: PaymentId) {
        let Ok(payment) = self.stored_payment(id).await else { return };
        let plan = self.plan(&payment);
        let postponed = self
            .change_planned(payment, |payment| {
                let now = self.now_of(&payment.merchant);
                plan.put_off(payment, now);
                Ok(Entry::default())
            })
            .await;
        if let Err(error) = postponed {
            tracing::warn!(payment = %id, %error, "a follow-up could not be planned");
        }
    }

    /// Asks the provider about a payment of the caller now. Returns it and whether it changed.
    /// A quarantined payment is looked at afresh: who calls this has seen the mismatch.
    ///
    /// # Errors
    /// [`Error`]; the payment is as it was then.
    pub async fn resolve(&self, caller: &Caller, id: PaymentId) -> Result<(Box<Payment>, bool), Error> {
        let _counted = self.shared.work.begin(self.shared.options.in_flight_max)?;
        let mut payment = self.payment(caller, id).await?;
        let before = (payment.state, payment.captured(), payment.refunded());
        if payment.state == PaymentState::Quarantined {
            payment = self
                .change(payment, |payment| {
                    payment
                        .hear(News::Released, self.now_of(&payment.merchant))
                        .map_err(|e| Error::bug(e.to_string(), Some(payment.id)))?;
                    let what = "released from quarantine to ask again";
                    let history = vec![note(payment, HistoryKind::Operator, what).by(&caller.name)];
                    Ok(Entry { history, ..Entry::default() })
                })
                .await?;
        }
        let payment = self.inquire(payment).await?.payment;
        let changed = before != (payment.state, payment.captured(), payment.refunded());
        Ok((payment, changed))
    }

    /// Asks about everything of a payment that is not settled, and writes down what was learned.
    pub(super) async fn inquire(&self, payment: Box<Payment>) -> Result<Inquired, Error> {
        let account = self.account_of(&payment)?;
        let mut inquired = Inquired { payment, answered: false };
        let open: Vec<MovementId> = inquired
            .payment
            .movements
            .iter()
            .filter(|movement| {
                matches!(movement.status, MovementStatus::Unresolved | MovementStatus::Pending)
            })
            .map(|movement| movement.id)
            .collect();
        for id in &open {
            inquired = self.inquire_movement(&account, inquired.payment, *id).await?;
        }
        let state = inquired.payment.state;
        if (open.is_empty() || state.is_undecided()) && state != PaymentState::Created {
            inquired = self.inquire_payment(&account, inquired.payment).await?;
        }
        Ok(inquired)
    }

    async fn inquire_payment(&self, account: &Account, payment: Box<Payment>) -> Result<Inquired, Error> {
        if !self.is_at_provider(&payment) {
            return Ok(Inquired { payment: self.expire_locally(payment).await?, answered: false });
        }
        let session = match payment.session {
            Some(id) => self.shared.journal.session(id).await?,
            None => None,
        };
        let question = inquiry(&payment, session.as_ref());
        let operation = match session {
            Some(_) => Operation::ReadSession(question),
            None => Operation::InquirePayment(question),
        };
        let talked =
            converse(self.shared.world.as_ref(), &payment.merchant, account, &operation, &mut ReadsOnly)
                .await;
        let plan = self.plan(&payment);
        match talked {
            Ok(talked) if talked.outcome == Outcome::Absent => {
                let changed = self.change_planned(payment, |payment| {
                    let now = self.now_of(&payment.merchant);
                    let mut history = notes(&talked.exchanges, HistoryKind::Observed, payment.state);
                    if is_proof_of_absence(account, payment.sent_at.unwrap_or(payment.created_at), now) {
                        let news = absent_news(payment, now);
                        payment.hear(news, now).map_err(|e| Error::bug(e.to_string(), Some(payment.id)))?;
                        history.push(note(
                            payment,
                            HistoryKind::Observed,
                            "the provider has no such payment",
                        ));
                    }
                    plan.asked(payment, now);
                    Ok(Entry { history, ..Entry::default() })
                });
                Ok(Inquired { payment: changed.await?, answered: true })
            }
            Ok(talked) => {
                let payment = self.record_observed(payment, talked).await?;
                self.retire_token(&payment).await?;
                Ok(Inquired { payment, answered: true })
            }
            Err(broken) => self.note_no_answer(account, payment, broken).await,
        }
    }

    /// A session that never reached its provider ends here when its time is over.
    async fn expire_locally(&self, payment: Box<Payment>) -> Result<Box<Payment>, Error> {
        let plan = self.plan(&payment);
        self.change_planned(payment, |payment| {
            let now = self.now_of(&payment.merchant);
            let mut history = Vec::new();
            if payment.state.is_undecided() && payment.expires_at.is_some_and(|end| now >= end) {
                payment.hear(News::Expired, now).map_err(|e| Error::bug(e.to_string(), Some(payment.id)))?;
                history.push(note(payment, HistoryKind::Observed, "nobody paid in time"));
            }
            plan.put_off(payment, now);
            Ok(Entry { history, ..Entry::default() })
        })
        .await
    }

    async fn inquire_movement(
        &self,
        account: &Account,
        payment: Box<Payment>,
        id: MovementId,
    ) -> Result<Inquired, Error> {
        let Some(record) = payment.movement(id) else { return Ok(Inquired { payment, answered: false }) };
        let sent_at = record.sent_at.unwrap_or(record.created_at);
        let inquiry = movement_inquiry(&payment, record, record.provider_id.clone(), sent_at);
        let operation = Operation::InquireMovement(Box::new(inquiry));
        let talked =
            converse(self.shared.world.as_ref(), &payment.merchant, account, &operation, &mut ReadsOnly)
                .await;
        let plan = self.plan(&payment);
        match talked {
            Ok(talked) => {
                let changed = self.change_planned(payment, |payment| {
                    let now = self.now_of(&payment.merchant);
                    let mut history = notes(&talked.exchanges, HistoryKind::Observed, payment.state);
                    let bug = |e: crate::domain::payment::Illegal| Error::bug(e.to_string(), None);
                    match talked.outcome.clone() {
                        Outcome::Movement(report) => {
                            conclude_movement(payment, id, report, now).map_err(bug)?
                        }
                        Outcome::Absent => {
                            if is_proof_of_absence(account, sent_at, now) {
                                let failure = Failure {
                                    reason: FailureReason::NotFound,
                                    provider_code: None,
                                    provider_message: None,
                                };
                                payment.hear_of(id, MovementNews::Failed(failure), now).map_err(bug)?;
                            }
                        }
                        _ => {
                            return Err(Error::bug("an adapter answered another question", Some(payment.id)));
                        }
                    }
                    history.push(movement_note(payment, id));
                    plan.asked(payment, now);
                    Ok(Entry { history, ..Entry::default() })
                });
                Ok(Inquired { payment: changed.await?, answered: true })
            }
            // A refusal of the question says nothing about what was asked about.
            Err(broken) => self.note_no_answer(account, payment, broken).await,
        }
    }

    async fn note_no_answer(
        &self,
        account: &Account,
        payment: Box<Payment>,
        broken: Broken,
    ) -> Result<Inquired, Error> {
        let plan = self.plan(&payment);
        if let Why::Journal(error) = broken.why {
            return Err(Error::of_commit(error, payment.id));
        }
        if let Why::Fault(fault) = &broken.why {
            tracing::warn!(account = %account.name, payment = %payment.id, %fault, "an inquiry had no answer");
        }
        let changed = self.change_planned(payment, |payment| {
            let history = notes(&broken.exchanges, HistoryKind::Observed, payment.state);
            // While the breaker is open, or without an access token, the question never went out.
            let now = self.now_of(&payment.merchant);
            match broken.exchanges.is_empty() {
                true => plan.put_off(payment, now),
                false => plan.asked(payment, now),
            }
            Ok(Entry { history, ..Entry::default() })
        });
        Ok(Inquired { payment: changed.await?, answered: false })
    }
}

/// What came of asking.
pub(super) struct Inquired {
    /// The payment as it stands now.
    pub payment: Box<Payment>,
    /// Whether the provider was asked last, and answered.
    pub answered: bool,
}

/// Whether "no such payment" is believed of something that was sent then.
fn is_proof_of_absence(account: &Account, sent_at: Timestamp, now: Timestamp) -> bool {
    let waited = Duration::try_from(now.duration_since(sent_at));
    waited.is_ok_and(|waited| waited >= account.rules.absence_grace)
}

/// The question what became of a capture, void or refund.
pub(super) fn movement_inquiry(
    payment: &Payment,
    record: &MovementRecord,
    provider_id: Option<String>,
    sent_at: Timestamp,
) -> MovementInquiry {
    let kind = match record.kind() {
        MovementKind::Capture => OperationKind::Capture,
        MovementKind::Void => OperationKind::Void,
        MovementKind::Refund => OperationKind::Refund,
    };
    let (movement, siblings) = (described(payment, record), siblings(payment, record));
    MovementInquiry { kind, movement, provider_id, sent_at, siblings }
}

/// The payment's other movements of the same kind, as they stand now.
fn siblings(payment: &Payment, record: &MovementRecord) -> Siblings {
    let mut siblings = Siblings::default();
    let others =
        payment.movements.iter().filter(|other| other.id != record.id && other.kind() == record.kind());
    for other in others {
        if other.status == MovementStatus::Succeeded {
            siblings.settled_minor = siblings.settled_minor.saturating_add(other.amount.minor());
        } else if other.status.is_unfinished() {
            siblings.open_minor.push(other.amount.minor());
        }
        siblings.provider_ids.extend(other.provider_id.clone());
    }
    siblings
}

/// What "no such payment" means once it is believed.
fn absent_news(payment: &Payment, now: Timestamp) -> News {
    let over = payment.expires_at.is_none_or(|end| now >= end);
    match payment.state {
        // A page that nobody has paid on yet; some providers show it only then.
        PaymentState::RequiresAction if !over => {
            payment.next_action.clone().map_or(News::Processing, News::ActionRequired)
        }
        PaymentState::RequiresAction => News::Expired,
        _ => News::Failed(Failure {
            reason: FailureReason::NotFound,
            provider_code: None,
            provider_message: None,
        }),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A set of ids stays whole through a panic elsewhere.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
