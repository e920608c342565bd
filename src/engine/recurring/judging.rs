//! What an occurrence's payment says of the occurrence, and what follows for its schedule; written
//! down together.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::occurrences::later;
use super::payers;
use super::schedules::standing_as_written;
use crate::domain::dunning::{self, Verdict, WhenExhausted};
use crate::domain::event::{Event, EventKind};
use crate::domain::occurrence::{Occurrence, OccurrenceStatus, TryEnd};
use crate::domain::outcome::{Decline, FailureReason};
use crate::domain::payment::{Payment, PaymentState};
use crate::domain::schedule::{Halt, Schedule, ScheduleStatus};
use crate::engine::error::Error;
use crate::engine::gateway::{CONFLICTS_MAX, Gateway};
use crate::journal::seam::{CardDecline, CommitError, Entry};

/// When an occurrence is looked at again while its outcome is not known, or the customer is to pay.
pub(super) const LOOK_AFTER_HELD: SignedDuration = SignedDuration::from_hours(6);
/// The first pause after a try that could not be sent; it doubles.
const UNSENT_PAUSE: Duration = Duration::from_secs(5);
/// The longest such pause.
const UNSENT_PAUSE_MAX: Duration = Duration::from_secs(3600);

/// What has to be written about an occurrence.
pub(in crate::engine) struct Judged {
    pub(super) occurrence: Occurrence,
    pub(super) events: Vec<Event>,
    pub(super) decline: Option<CardDecline>,
    /// Why nothing more is charged, if that is so.
    pub(super) halt: Option<Halt>,
}

impl Judged {
    /// What follows is for this occurrence alone.
    pub(super) fn telling(occurrence: Occurrence, events: Vec<Event>) -> Self {
        Self { occurrence, events, decline: None, halt: None }
    }

    /// Has an entry of the journal say so, but for what becomes of the schedule.
    pub(in crate::engine) fn add_to(self, entry: &mut Entry) {
        let Self { occurrence, events, decline, halt: _ } = self;
        // The usual end leaves the schedule's terms alone.
        entry.ended.extend(occurrence.status.is_ended().then_some(occurrence.schedule));
        entry.occurrences.push(occurrence);
        entry.declines.extend(decline);
        entry.events.extend(events);
    }
}

impl Gateway {
    /// How an occurrence ends with its payment, where that takes no more than the two of them to say.
    pub(in crate::engine) fn ends_with(&self, payment: &Payment, occurrence: &Occurrence) -> Option<Judged> {
        payment.state.is_paid().then(|| self.paid(occurrence.clone(), self.now_of(&payment.merchant)))
    }

    /// Judges where an occurrence stands by its payment.
    pub(super) async fn judge_try(
        &self,
        mut occurrence: Occurrence,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<Judged, Error> {
        let by_hand = payment.session.is_some();
        match payment.state {
            PaymentState::Created
            | PaymentState::Submitted
            | PaymentState::RequiresAction
            | PaymentState::Processing
            | PaymentState::Unresolved
            | PaymentState::Quarantined
            | PaymentState::Verified => Ok(self.still_open(occurrence, payment, by_hand, now)),
            PaymentState::Authorized
            | PaymentState::Captured
            | PaymentState::PartiallyRefunded
            | PaymentState::Refunded => Ok(self.paid(occurrence, now)),
            PaymentState::Declined | PaymentState::Expired | PaymentState::Voided if by_hand => {
                ended(&mut occurrence, TryEnd::Failed);
                Ok(self.given_up(occurrence, Halt::CustomerRequired, now))
            }
            PaymentState::Declined => match payment.decline.clone() {
                Some(decline) => self.declined(occurrence, payment, &decline, now).await,
                None => Err(Error::bug("a decline without a reason", Some(payment.id))),
            },
            // Reserved and given back, by whoever: nobody wants this money any more.
            PaymentState::Voided | PaymentState::Expired => {
                ended(&mut occurrence, TryEnd::Failed);
                occurrence.end(OccurrenceStatus::Failed, now);
                let events = vec![self.told_of(&occurrence, EventKind::OccurrenceFailed, now)];
                Ok(Judged::telling(occurrence, events))
            }
            PaymentState::Failed => {
                ended(&mut occurrence, TryEnd::Failed);
                let reason = payment.failure.as_ref().map(|failure| failure.reason);
                Ok(match reason {
                    _ if by_hand => self.given_up(occurrence, Halt::CustomerRequired, now),
                    Some(FailureReason::Rejected | FailureReason::Unsupported) => {
                        self.given_up(occurrence, Halt::Rejected, now)
                    }
                    _ if !occurrence.has_tries_left() => {
                        self.given_up(occurrence, Halt::RetriesExhausted, now)
                    }
                    Some(
                        FailureReason::CredentialsRejected
                        | FailureReason::NotSent
                        | FailureReason::NotFound
                        | FailureReason::ProviderError,
                    )
                    | None => not_sent(occurrence, Duration::ZERO, now),
                })
            }
        }
    }

    /// What is charged for is paid, or reserved, which is as good.
    fn paid(&self, mut occurrence: Occurrence, now: Timestamp) -> Judged {
        ended(&mut occurrence, TryEnd::Paid);
        occurrence.end(OccurrenceStatus::Paid, now);
        let events = vec![self.told_of(&occurrence, EventKind::OccurrencePaid, now)];
        Judged::telling(occurrence, events)
    }

    /// The outcome is not known, or it is the customer's turn.
    fn still_open(
        &self,
        mut occurrence: Occurrence,
        payment: &Payment,
        by_hand: bool,
        now: Timestamp,
    ) -> Judged {
        let lost = matches!(payment.state, PaymentState::Unresolved | PaymentState::Quarantined);
        let status = match (by_hand, lost) {
            (true, _) => OccurrenceStatus::AwaitingCustomer,
            (false, true) => OccurrenceStatus::Held,
            (false, false) => OccurrenceStatus::Charging,
        };
        let mut events = Vec::new();
        if status == OccurrenceStatus::Held && occurrence.status != OccurrenceStatus::Held {
            occurrence.status = status;
            events.push(self.told_of(&occurrence, EventKind::OccurrenceHeld, now));
        }
        occurrence.status = status;
        occurrence.next_at = Some(later(now, LOOK_AFTER_HELD));
        occurrence.updated_at = now;
        Judged::telling(occurrence, events)
    }

    /// A decline's advice decides.
    async fn declined(
        &self,
        mut occurrence: Occurrence,
        payment: &Payment,
        decline: &Decline,
        now: Timestamp,
    ) -> Result<Judged, Error> {
        ended(&mut occurrence, TryEnd::Declined(decline.reason, decline.advice));
        let schedule = self.shared.journal.schedule(occurrence.schedule).await?;
        let schedule = schedule.ok_or_else(|| Error::bug("an occurrence without a schedule", None))?;
        let card = match payment.token {
            Some(id) => {
                let token = self.cached_token(id).await;
                Some(token.map_or_else(|_| id.to_string(), |token| payers::key(&token)))
            }
            None => None,
        };
        let counted = card.map(|card| CardDecline { card, at: now });
        let ladder = schedule.retries.ladder.clone();
        let ladder =
            ladder.or_else(|| self.shared.options.recurring.ladders.get(&schedule.merchant).cloned());
        let first = occurrence.first_declined_at().unwrap_or(now);
        let verdict = dunning::judge(
            decline.advice,
            decline.retry_after,
            &ladder.unwrap_or_default(),
            first,
            now,
            &schedule.timing.calendar,
        );
        let mut judged = match verdict {
            Verdict::Retry(at) if occurrence.has_tries_left() => {
                occurrence.status = OccurrenceStatus::Retrying;
                occurrence.next_at = Some(at);
                occurrence.updated_at = now;
                occurrence.unsent = 0;
                let events = vec![self.told_of(&occurrence, EventKind::OccurrenceDeclined, now)];
                Judged::telling(occurrence, events)
            }
            Verdict::Retry(_) | Verdict::Exhausted => self.given_up(occurrence, Halt::RetriesExhausted, now),
            Verdict::NewToken => self.token_wanted(occurrence, now),
            Verdict::Customer => {
                occurrence.status = OccurrenceStatus::AwaitingCustomer;
                occurrence.next_at = Some(now);
                occurrence.updated_at = now;
                Judged::telling(occurrence, Vec::new())
            }
        };
        judged.decline = counted;
        Ok(judged)
    }

    pub(super) fn token_wanted(&self, mut occurrence: Occurrence, now: Timestamp) -> Judged {
        occurrence.status = OccurrenceStatus::AwaitingToken;
        occurrence.next_at = None;
        occurrence.updated_at = now;
        let events = vec![self.told_of(&occurrence, EventKind::TokenRequired, now)];
        Judged { occurrence, events, decline: None, halt: Some(Halt::TokenRequired) }
    }

    pub(super) fn given_up(&self, mut occurrence: Occurrence, why: Halt, now: Timestamp) -> Judged {
        occurrence.end(OccurrenceStatus::Failed, now);
        let note = Some(why.word().to_owned());
        let event = self.event_with(&occurrence, EventKind::OccurrenceFailed, now, |fact| fact.note = note);
        Judged { occurrence, events: vec![event], decline: None, halt: Some(why) }
    }

    pub(super) async fn write_judged(&self, judged: Judged, now: Timestamp) -> Result<(), Error> {
        self.wrote_judged(judged, now).await.map(drop)
    }

    /// Writes down what was judged, and what follows from it for the schedule. False when somebody
    /// else changed the occurrence meanwhile: it is looked at again then.
    pub(super) async fn wrote_judged(&self, judged: Judged, now: Timestamp) -> Result<bool, Error> {
        let (occurrence, halt) = (judged.occurrence.clone(), judged.halt);
        let declined = judged.decline.as_ref().map(|decline| decline.card.clone());
        let id = occurrence.schedule;
        let ends = occurrence.status.is_ended();
        let mut usual = Entry::default();
        judged.add_to(&mut usual);
        if halt.is_none() {
            match self.shared.journal.commit(usual.clone()).await {
                Ok(()) => {
                    self.shared.lanes.noted(declined);
                    // The next one may have waited for this one, or this one wants to be looked at
                    // sooner than its lane thinks.
                    self.wake_lane(&occurrence.account);
                    return Ok(true);
                }
                Err(CommitError::Conflict) if ends => {}
                Err(CommitError::Conflict) => return Ok(false),
                Err(error) => return Err(unwritten(error)),
            }
        }
        let entry = Entry { ended: Vec::new(), ..usual };
        for _ in 0..CONFLICTS_MAX {
            let stored = self.shared.journal.occurrence(id, occurrence.number).await?;
            if stored.is_none_or(|stored| stored.version != occurrence.version) {
                return Ok(false);
            }
            let schedule = self.shared.journal.schedule(id).await?;
            let mut schedule =
                schedule.ok_or_else(|| Error::bug("an occurrence without a schedule", None))?;
            let mut attempt = entry.clone();
            if ends {
                schedule.ended_one();
            }
            if let Some(halt) = halt {
                self.halt(&mut schedule, halt, &mut attempt, now).await?;
            }
            self.complete_if_over(&mut schedule, &mut attempt.events, now);
            attempt.schedules.push(schedule);
            standing_as_written(&mut attempt);
            match self.shared.journal.commit(attempt).await {
                Ok(()) => {
                    self.shared.lanes.noted(declined);
                    self.wake_lane(&occurrence.account);
                    return Ok(true);
                }
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(unwritten(error)),
            }
        }
        Err(Error::bug("a schedule is changed by too many at once", None))
    }

    /// Stops a schedule, as its policy says.
    async fn halt(
        &self,
        schedule: &mut Schedule,
        why: Halt,
        entry: &mut Entry,
        now: Timestamp,
    ) -> Result<(), Error> {
        if schedule.status != ScheduleStatus::Active {
            return Ok(());
        }
        let policy = match why {
            // Without a token nothing can go on, and the caller is asked for one.
            Halt::TokenRequired => WhenExhausted::PastDue,
            Halt::RetriesExhausted | Halt::CustomerRequired | Halt::Rejected => {
                schedule.retries.when_exhausted
            }
        };
        match policy {
            WhenExhausted::Continue => return Ok(()),
            WhenExhausted::PastDue => {
                schedule.status = ScheduleStatus::PastDue;
                schedule.halted = Some(why);
                entry.events.push(self.told(schedule, EventKind::SchedulePastDue, now));
            }
            WhenExhausted::Cancel => {
                schedule.status = ScheduleStatus::Cancelled;
                schedule.halted = Some(why);
                schedule.warn_at = None;
                entry.events.push(self.told(schedule, EventKind::ScheduleCancelled, now));
                let (mut occurrences, mut events) = (entry.occurrences.clone(), Vec::new());
                self.drop_waiting(schedule, &mut occurrences, &mut events, now).await?;
                entry.occurrences = occurrences;
                entry.events.append(&mut events);
            }
        }
        schedule.revision += 1;
        schedule.updated_at = now;
        Ok(())
    }
}

fn ended(occurrence: &mut Occurrence, how: TryEnd) {
    if let Some(last) = occurrence.tries.last_mut() {
        last.end = Some(how);
    }
}

/// A try that could not be sent follows soon, and then ever more slowly.
pub(super) fn not_sent(mut occurrence: Occurrence, at_least: Duration, now: Timestamp) -> Judged {
    let pause = UNSENT_PAUSE.saturating_mul(1 << occurrence.unsent.min(10)).min(UNSENT_PAUSE_MAX);
    occurrence.unsent = occurrence.unsent.saturating_add(1);
    occurrence.status = OccurrenceStatus::Retrying;
    occurrence.next_at = now.checked_add(pause.max(at_least)).ok();
    occurrence.updated_at = now;
    Judged::telling(occurrence, Vec::new())
}

fn unwritten(error: CommitError) -> Error {
    match error {
        CommitError::Unavailable(why) => why.into(),
        CommitError::Taken(_) => Error::bug("a claim where none was made", None),
        CommitError::Conflict => Error::bug("a conflict that was not looked at", None),
    }
}
