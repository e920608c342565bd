//! One occurrence, from its turn to its end: tried, judged, tried again, given up.
//!
//! A try is recorded in the same entry of the journal that permits its payment. Whoever comes
//! second, after a crash or at the same time, finds the occurrence changed, and sends nothing. A
//! payment whose outcome is not known holds its occurrence: nothing is tried until it is.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::judging::{Judged, not_sent};
use super::payers::Payer;
use super::terms::charge_of;
use crate::domain::card::{MerchantReason, Token, TokenStatus};
use crate::domain::dunning::{self, RUNG_MAX};
use crate::domain::event::EventKind;
use crate::domain::ids::{IdempotencyKey, PaymentId};
use crate::domain::occurrence::{Occurrence, OccurrenceStatus, SkipReason, Try};
use crate::domain::payment::Payment;
use crate::domain::schedule::{Halt, Schedule, ScheduleStatus};
use crate::engine::accounts::Account;
use crate::engine::charges::Ready;
use crate::engine::commands::Caller;
use crate::engine::conversation::{Broken, Why, converse};
use crate::engine::error::{Error, Thing};
use crate::engine::gateway::{Gateway, note};
use crate::engine::sessions::new_payment;
use crate::engine::writing::{Ending, PaymentMover};
use crate::journal::seam::{CommitError, Entry, HistoryKind};
use crate::providers::contract::Operation;

/// When an occurrence is looked at whose payment is on its way. Its payment's own news come sooner;
/// this is for those that a crash kept from us.
pub(super) const LOOK_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// When a card is looked at again whose other tries are under way.
const CARD_BUSY: SignedDuration = SignedDuration::from_secs(60);

/// What is known of an occurrence that was just taken.
pub(super) struct Known {
    pub(super) schedule: Arc<Schedule>,
    /// Who pays, as it was read with the rest of the batch.
    pub(super) payer: Option<Arc<Payer>>,
}

/// What became of a try.
enum Tried {
    /// There is a payment; the occurrence names it.
    Payment(Box<Payment>, Occurrence),
    /// It is paid, and the occurrence ended with it.
    Ended(Box<Payment>),
    /// Nothing was written and nothing was sent.
    Refused(Error),
    /// Somebody else was faster.
    Stale,
}

impl Gateway {
    /// Does what an occurrence needs now.
    ///
    /// # Errors
    /// The journal's; the occurrence is looked at again then.
    pub(super) async fn drive(
        &self,
        account: &Arc<Account>,
        occurrence: Occurrence,
        known: Option<Known>,
    ) -> Result<(), Error> {
        if occurrence.status.is_ended() {
            return Ok(());
        }
        if let Some(id) = occurrence.under_way() {
            let payment = self.stored_payment(id).await?;
            return self.conclude_try(occurrence, &payment).await;
        }
        let now = self.now_of(&occurrence.merchant);
        if occurrence.next_at.is_none_or(|at| at > now) {
            // It waits: for its next try, for a token, or for the schedule to be resumed.
            return Ok(());
        }
        let Known { schedule, payer } = match known {
            Some(known) => known,
            None => {
                let found = self.shared.journal.schedule(occurrence.schedule).await?;
                let found = found.ok_or_else(|| Error::bug("an occurrence without a schedule", None))?;
                Known { schedule: Arc::new(found), payer: None }
            }
        };
        if occurrence.status == OccurrenceStatus::AwaitingCustomer && !schedule.status.is_final() {
            return self.send_link(account, occurrence, &schedule).await;
        }
        match schedule.status {
            ScheduleStatus::Active => {}
            ScheduleStatus::Paused | ScheduleStatus::PastDue => return self.hold_back(occurrence, now).await,
            ScheduleStatus::Completed | ScheduleStatus::Cancelled => {
                return self.left_out(occurrence, SkipReason::Cancelled, now).await;
            }
        }
        if is_too_late(&occurrence, &schedule, now) {
            return if occurrence.declines() == 0 {
                self.left_out(occurrence, SkipReason::Missed, now).await
            } else {
                self.give_up_on(occurrence, Halt::RetriesExhausted, now).await
            };
        }
        let (payer, others, card) = match self.held_payer(schedule.token, payer, now).await {
            Ok(held) if held.0.token.status == TokenStatus::Active => held,
            Ok(_) | Err(Error::NotFound(_)) => return self.want_token(occurrence, now).await,
            Err(error) => return Err(error),
        };
        if let Some(at) = self.card_is_free_at(&payer, others, now) {
            return self.put_off(occurrence, at, now).await;
        }
        let tried = self.attempt(account, &schedule, &payer.token, occurrence.clone(), now).await?;
        let concluded = match tried {
            Tried::Payment(payment, occurrence) => self.conclude_try(occurrence, &payment).await,
            Tried::Ended(payment) => {
                self.shared.lanes.judged(&payment);
                Ok(())
            }
            Tried::Refused(error) => self.refused_try(occurrence, error, now).await,
            Tried::Stale => Ok(()),
        };
        // Counted until its decline is written down.
        drop(card);
        concluded
    }

    /// When a card's ceilings leave room for one more try beside others under way; `None`: now.
    fn card_is_free_at(&self, payer: &Payer, others: usize, now: Timestamp) -> Option<Timestamp> {
        let windows = self.shared.options.recurring.ceilings.of(&payer.token.card);
        dunning::free_at(windows, &payer.declined, 0, now).or_else(|| {
            let busy = dunning::free_at(windows, &payer.declined, others, now).is_some();
            busy.then(|| later(now, CARD_BUSY))
        })
    }

    /// Tries to charge an occurrence.
    async fn attempt(
        &self,
        account: &Arc<Account>,
        schedule: &Schedule,
        token: &Token,
        mut occurrence: Occurrence,
        now: Timestamp,
    ) -> Result<Tried, Error> {
        let Some(money) = occurrence.money else {
            return Err(Error::bug("a free occurrence is charged", None));
        };
        let caller = internal(schedule);
        let id = PaymentId::mint(now, self.random());
        let tried = occurrence.next_try();
        let wish = Box::new(charge_of(schedule, money, occurrence.number));
        let Ready { charge, token, .. } = match self.ready_with(&caller, wish, id, token).await {
            Ok(ready) => ready,
            Err(error) => return Ok(Tried::Refused(error)),
        };
        let key = IdempotencyKey { merchant: caller.merchant.clone(), request_id: tried.request_id() };
        let mut payment = new_payment(&caller, account, id, &charge.purchase, &key, now);
        payment.token = token;
        payment.merchant_initiated = Some(MerchantReason::Recurring);
        payment.occurrence = Some(tried);
        occurrence.tries.push(Try { payment: id, at: now, end: None });
        occurrence.status = OccurrenceStatus::Charging;
        occurrence.next_at = Some(later(now, LOOK_AFTER));
        occurrence.updated_at = now;
        let mut first = Entry { occurrences: vec![occurrence.clone()], ..Entry::default() };
        first.used.extend(token.map(|id| (id, now)));
        let what = format!("occurrence {}", tried.number);
        first.history.push(note(&payment, HistoryKind::Created, what).by(&caller.name));
        let mut mover = PaymentMover::new(self, payment, first);
        let operation = Operation::Charge(charge);
        let world = self.shared.world.as_ref();
        let talked = converse(world, &caller.merchant, account, &operation, &mut mover).await;
        let written = mover.payment.version > 0;
        if !written && matches!(&talked, Err(Broken { why: Why::Journal(CommitError::Conflict), .. })) {
            return Ok(Tried::Stale);
        }
        occurrence.version += 1;
        if !written {
            return match self.settle(account, mover, &key, talked).await {
                // An answer without anything that moves money: the adapter decided by itself.
                Ok(payment) => Ok(Tried::Payment(payment, occurrence)),
                Err(error) => Ok(Tried::Refused(error)),
            };
        }
        let mut ending = Ending { occurrence, is_written: false };
        // Whoever ends the last one has to say what becomes of the schedule.
        mover.ending = schedule.next_at().is_some().then_some(&mut ending);
        let settled = self.settle(account, mover, &key, talked).await;
        let payment = match settled {
            Ok(payment) if ending.is_written => return Ok(Tried::Ended(payment)),
            Ok(payment) => {
                self.retire_token(&payment).await?;
                payment
            }
            Err(_) => self.stored_payment(id).await?,
        };
        Ok(Tried::Payment(payment, ending.occurrence))
    }

    /// Judges where an occurrence stands by its payment, and writes that down.
    async fn conclude_try(&self, occurrence: Occurrence, payment: &Payment) -> Result<(), Error> {
        let now = self.now_of(&occurrence.merchant);
        let judged = self.judge_try(occurrence, payment, now).await?;
        if self.wrote_judged(judged, now).await? {
            self.shared.lanes.judged(payment);
        }
        Ok(())
    }

    /// A try that came to nothing before anything was written.
    async fn refused_try(&self, occurrence: Occurrence, error: Error, now: Timestamp) -> Result<(), Error> {
        let judged = match error {
            // Nothing can be written either; it is looked at again.
            Error::Journal(_) | Error::Draining | Error::Busy | Error::StillRunning => return Err(error),
            Error::TokenUnusable | Error::TokenUseNotAllowed { .. } | Error::NotFound(Thing::Token) => {
                self.token_wanted(occurrence, now)
            }
            Error::Throttled { after, .. } | Error::BreakerOpen { after, .. } => {
                not_sent(occurrence, after, now)
            }
            Error::Unreachable(_)
            | Error::CredentialsRejected { .. }
            | Error::NotFound(_)
            | Error::Internal { .. } => not_sent(occurrence, Duration::ZERO, now),
            Error::Invalid(_)
            | Error::Unsupported { .. }
            | Error::Rejected { .. }
            | Error::NoAccountMatches
            | Error::Reused(_)
            | Error::StateForbids { .. }
            | Error::ExceedsRemaining { .. }
            | Error::EtagMismatch { .. }
            | Error::NoTestClock
            | Error::ClockHeld { .. }
            | Error::SessionExpired
            | Error::CardDataNotAllowed(_)
            | Error::TlsRequired => self.given_up(occurrence, Halt::Rejected, now),
        };
        self.write_judged(judged, now).await
    }

    /// The schedule does not charge now: its tries wait until it does.
    async fn hold_back(&self, mut occurrence: Occurrence, now: Timestamp) -> Result<(), Error> {
        occurrence.status = OccurrenceStatus::Retrying;
        occurrence.next_at = None;
        occurrence.updated_at = now;
        self.write_judged(Judged::telling(occurrence, Vec::new()), now).await
    }

    async fn put_off(&self, mut occurrence: Occurrence, at: Timestamp, now: Timestamp) -> Result<(), Error> {
        occurrence.status = OccurrenceStatus::Retrying;
        occurrence.next_at = Some(at);
        occurrence.updated_at = now;
        self.write_judged(Judged::telling(occurrence, Vec::new()), now).await
    }

    async fn left_out(
        &self,
        mut occurrence: Occurrence,
        why: SkipReason,
        now: Timestamp,
    ) -> Result<(), Error> {
        occurrence.skip(why, now);
        let events = vec![self.told_of(&occurrence, EventKind::OccurrenceSkipped, now)];
        self.write_judged(Judged::telling(occurrence, events), now).await
    }

    async fn give_up_on(&self, occurrence: Occurrence, why: Halt, now: Timestamp) -> Result<(), Error> {
        let judged = self.given_up(occurrence, why, now);
        self.write_judged(judged, now).await
    }

    async fn want_token(&self, occurrence: Occurrence, now: Timestamp) -> Result<(), Error> {
        let judged = self.token_wanted(occurrence, now);
        self.write_judged(judged, now).await
    }
}

/// The merchant itself, as the gateway acts for it because of a schedule.
pub(super) fn internal(schedule: &Schedule) -> Caller {
    Caller { merchant: schedule.merchant.clone(), name: schedule.id.to_string().into(), secure: true }
}

/// Whether it may not be charged any more, because nobody could for so long.
fn is_too_late(occurrence: &Occurrence, schedule: &Schedule, now: Timestamp) -> bool {
    let window = schedule.timing.catch_up;
    // One that was declined has the time that the longest ladder has.
    let climbs = if occurrence.declines() == 0 { Duration::ZERO } else { RUNG_MAX };
    let until = occurrence.at.max(occurrence.since).checked_add(window.saturating_add(climbs));
    until.is_ok_and(|until| now > until)
}

pub(super) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
