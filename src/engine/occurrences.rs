//! One occurrence, from its turn to its end: tried, judged, tried again, given up.
//!
//! A try is recorded in the same entry of the journal that permits its payment. Whoever comes
//! second, after a crash or at the same time, finds the occurrence changed, and sends nothing. A
//! payment whose outcome is not known holds its occurrence: nothing is tried until it is.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::card::{MerchantReason, Token, TokenStatus, TokenUses};
use crate::domain::dunning::{self, RUNG_MAX, Verdict, WhenExhausted, card_key};
use crate::domain::event::{Event, EventKind};
use crate::domain::ids::{Fingerprint, IdempotencyKey, PaymentId, SessionId};
use crate::domain::occurrence::{Occurrence, OccurrenceStatus, SkipReason, Try, TryEnd};
use crate::domain::order::{Purpose, ReturnUrls, SessionMode, SessionOrder};
use crate::domain::outcome::{Decline, FailureReason, NextAction};
use crate::domain::payment::{Payment, PaymentState};
use crate::domain::schedule::{Halt, Schedule, ScheduleStatus};
use crate::journal::seam::{CardDecline, CommitError, Entry, HistoryKind};
use crate::providers::contract::Operation;

use super::accounts::Account;
use super::charges::Ready;
use super::commands::{Ask, Caller, OpenSession};
use super::conversation::{Broken, Why, converse};
use super::error::{Error, Thing};
use super::gateway::{CONFLICTS_MAX, Gateway, note};
use super::scheduler::CardHeld;
use super::sessions::new_payment;
use super::terms::charge_of;
use super::writing::PaymentMover;

/// When an occurrence is looked at whose payment is on its way. Its payment's own news come sooner;
/// this is for those that a crash kept from us.
pub(super) const LOOK_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// The same while the outcome is not known, or the customer is to pay.
const LOOK_AFTER_HELD: SignedDuration = SignedDuration::from_hours(6);
/// The first pause after a try that could not be sent; it doubles.
const UNSENT_PAUSE: Duration = Duration::from_secs(5);
/// The longest such pause.
const UNSENT_PAUSE_MAX: Duration = Duration::from_secs(3600);
/// When a card is looked at again whose other tries are under way.
const CARD_BUSY: SignedDuration = SignedDuration::from_secs(60);
/// How often the customer may try to pay by hand.
const LINK_ATTEMPTS: u32 = 3;
/// How long the customer has to pay by hand.
const LINK_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// What became of a try.
enum Tried {
    /// There is a payment; the occurrence names it.
    Payment(Box<Payment>, Occurrence),
    /// Nothing was written and nothing was sent.
    Refused(Error),
    /// Somebody else was faster.
    Stale,
}

/// What has to be written about an occurrence.
struct Judged {
    occurrence: Occurrence,
    events: Vec<Event>,
    decline: Option<CardDecline>,
    /// Why nothing more is charged, if that is so.
    halt: Option<Halt>,
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
        schedule: Option<Arc<Schedule>>,
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
        let schedule = match schedule {
            Some(schedule) => schedule,
            None => {
                let found = self.shared.journal.schedule(occurrence.schedule).await?;
                Arc::new(found.ok_or_else(|| Error::bug("an occurrence without a schedule", None))?)
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
        let token = match self.cached_token(schedule.token).await {
            Ok(token) if token.status == TokenStatus::Active => token,
            Ok(_) | Err(Error::NotFound(_)) => return self.want_token(occurrence, now).await,
            Err(error) => return Err(error),
        };
        let card = match self.card_is_free(&token, now).await? {
            Ok(held) => held,
            Err(at) => return self.put_off(occurrence, at, now).await,
        };
        let tried = self.attempt(account, &schedule, occurrence.clone(), now).await?;
        let concluded = match tried {
            Tried::Payment(payment, occurrence) => self.conclude_try(occurrence, &payment).await,
            Tried::Refused(error) => self.refused_try(occurrence, error, now).await,
            Tried::Stale => Ok(()),
        };
        // Counted until its decline is written down.
        drop(card);
        concluded
    }

    /// Whether a card's ceilings leave room for one more try now, which is held then; else when.
    async fn card_is_free(
        &self,
        token: &Token,
        now: Timestamp,
    ) -> Result<Result<CardHeld, Timestamp>, Error> {
        let key = card_key(&token.merchant, &token.card).unwrap_or_else(|| token.id.to_string());
        let windows = self.shared.options.recurring.ceilings.of(&token.card);
        let longest = windows.iter().map(|window| window.within).max().unwrap_or_default();
        let (others, held) = self.shared.lanes.cards.hold(&key);
        let since = now.checked_sub(longest).unwrap_or(Timestamp::MIN);
        let declined = self.shared.journal.declines(&key, since).await?;
        if let Some(at) = dunning::free_at(windows, &declined, 0, now) {
            return Ok(Err(at));
        }
        if dunning::free_at(windows, &declined, others, now).is_some() {
            return Ok(Err(later(now, CARD_BUSY)));
        }
        Ok(Ok(held))
    }

    /// Tries to charge an occurrence.
    async fn attempt(
        &self,
        account: &Arc<Account>,
        schedule: &Schedule,
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
        let Ready { charge, token, .. } = match self.ready(&caller, wish, id).await {
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
        first.history.push(note(&payment, HistoryKind::Created, format!("occurrence {}", tried.number)));
        let mut mover = PaymentMover::new(self, payment, first);
        let operation = Operation::Charge(charge);
        let world = self.shared.world.as_ref();
        let talked = converse(world, &caller.merchant, account, &operation, &mut mover).await;
        let written = mover.payment.version > 0;
        if !written && matches!(&talked, Err(Broken { why: Why::Journal(CommitError::Conflict), .. })) {
            return Ok(Tried::Stale);
        }
        let settled = self.settle(account, mover, &key, talked).await;
        if !written {
            return match settled {
                // An answer without anything that moves money: the adapter decided by itself.
                Ok(payment) => {
                    occurrence.version += 1;
                    Ok(Tried::Payment(payment, occurrence))
                }
                Err(error) => Ok(Tried::Refused(error)),
            };
        }
        occurrence.version += 1;
        let payment = match settled {
            Ok(payment) => {
                self.retire_token(&payment).await?;
                payment
            }
            Err(_) => self.stored_payment(id).await?,
        };
        Ok(Tried::Payment(payment, occurrence))
    }

    /// Judges where an occurrence stands by its payment, and writes that down.
    async fn conclude_try(&self, occurrence: Occurrence, payment: &Payment) -> Result<(), Error> {
        let now = self.now_of(&occurrence.merchant);
        let Some(judged) = self.judge_try(occurrence, payment, now).await? else { return Ok(()) };
        if self.wrote_judged(judged, now).await? {
            self.shared.lanes.judged(payment);
        }
        Ok(())
    }

    /// `None`: it stands where it stood.
    async fn judge_try(
        &self,
        mut occurrence: Occurrence,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<Option<Judged>, Error> {
        let by_hand = payment.session.is_some();
        match payment.state {
            PaymentState::Created
            | PaymentState::Submitted
            | PaymentState::RequiresAction
            | PaymentState::Processing
            | PaymentState::Unresolved
            | PaymentState::Quarantined
            | PaymentState::Verified => Ok(Some(self.still_open(occurrence, payment, by_hand, now))),
            PaymentState::Authorized
            | PaymentState::Captured
            | PaymentState::PartiallyRefunded
            | PaymentState::Refunded => {
                ended(&mut occurrence, TryEnd::Paid);
                occurrence.end(OccurrenceStatus::Paid, now);
                let events = vec![self.told_of(&occurrence, EventKind::OccurrencePaid, now)];
                Ok(Some(Judged { occurrence, events, decline: None, halt: None }))
            }
            PaymentState::Declined | PaymentState::Expired | PaymentState::Voided if by_hand => {
                ended(&mut occurrence, TryEnd::Failed);
                Ok(Some(self.given_up(occurrence, Halt::CustomerRequired, now)))
            }
            PaymentState::Declined => match payment.decline.clone() {
                Some(decline) => self.declined(occurrence, payment, &decline, now).await.map(Some),
                None => Err(Error::bug("a decline without a reason", Some(payment.id))),
            },
            // Reserved and given back, by whoever: nobody wants this money any more.
            PaymentState::Voided | PaymentState::Expired => {
                ended(&mut occurrence, TryEnd::Failed);
                occurrence.end(OccurrenceStatus::Failed, now);
                let events = vec![self.told_of(&occurrence, EventKind::OccurrenceFailed, now)];
                Ok(Some(Judged { occurrence, events, decline: None, halt: None }))
            }
            PaymentState::Failed => {
                ended(&mut occurrence, TryEnd::Failed);
                let reason = payment.failure.as_ref().map(|failure| failure.reason);
                Ok(Some(match reason {
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
                }))
            }
        }
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
        Judged { occurrence, events, decline: None, halt: None }
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
                let key = token.ok().and_then(|token| card_key(&token.merchant, &token.card));
                Some(key.unwrap_or_else(|| id.to_string()))
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
                Judged { occurrence, events, decline: None, halt: None }
            }
            Verdict::Retry(_) | Verdict::Exhausted => self.given_up(occurrence, Halt::RetriesExhausted, now),
            Verdict::NewToken => self.token_wanted(occurrence, now),
            Verdict::Customer => {
                occurrence.status = OccurrenceStatus::AwaitingCustomer;
                occurrence.next_at = Some(now);
                occurrence.updated_at = now;
                Judged { occurrence, events: Vec::new(), decline: None, halt: None }
            }
        };
        judged.decline = counted;
        Ok(judged)
    }

    fn token_wanted(&self, mut occurrence: Occurrence, now: Timestamp) -> Judged {
        occurrence.status = OccurrenceStatus::AwaitingToken;
        occurrence.next_at = None;
        occurrence.updated_at = now;
        let events = vec![self.told_of(&occurrence, EventKind::TokenRequired, now)];
        Judged { occurrence, events, decline: None, halt: Some(Halt::TokenRequired) }
    }

    fn given_up(&self, mut occurrence: Occurrence, why: Halt, now: Timestamp) -> Judged {
        occurrence.end(OccurrenceStatus::Failed, now);
        let mut event = self.told_of(&occurrence, EventKind::OccurrenceFailed, now);
        event.note = Some(why.word().to_owned());
        Judged { occurrence, events: vec![event], decline: None, halt: Some(why) }
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

    /// Makes a session in which the customer can pay by hand, and tells of it. Where none can be
    /// made, the event says why, and the occurrence is given up.
    async fn send_link(
        &self,
        account: &Arc<Account>,
        mut occurrence: Occurrence,
        schedule: &Schedule,
    ) -> Result<(), Error> {
        let now = self.now_of(&occurrence.merchant);
        let opened = match (&schedule.return_url, occurrence.money) {
            (Some(return_url), Some(_)) => {
                self.open_link(account, schedule, &occurrence, return_url, now).await
            }
            _ => Err("the schedule has no customer_return_url".to_owned()),
        };
        match opened {
            Ok((payment, session, link)) => {
                occurrence.session = Some(session);
                occurrence.tries.push(Try { payment, at: now, end: None });
                occurrence.next_at = Some(later(now, LOOK_AFTER_HELD));
                occurrence.updated_at = now;
                let mut event = self.told_of(&occurrence, EventKind::CustomerRequired, now);
                event.link = Some(link);
                let judged = Judged { occurrence, events: vec![event], decline: None, halt: None };
                self.write_judged(judged, now).await
            }
            Err(why) => {
                let mut event = self.told_of(&occurrence, EventKind::CustomerRequired, now);
                event.note = Some(why);
                let mut judged = self.given_up(occurrence, Halt::CustomerRequired, now);
                judged.events.insert(0, event);
                self.write_judged(judged, now).await
            }
        }
    }

    async fn open_link(
        &self,
        account: &Arc<Account>,
        schedule: &Schedule,
        occurrence: &Occurrence,
        return_url: &str,
        now: Timestamp,
    ) -> Result<(PaymentId, SessionId, String), String> {
        let caller = internal(schedule);
        let tried = occurrence.next_try();
        let mut purchase = (*schedule.purchase).clone();
        purchase.money = occurrence.money.unwrap_or(purchase.money);
        // Options of charges mean nothing to a session.
        purchase.options = Default::default();
        let order = SessionOrder {
            purchase,
            purpose: Purpose::Pay,
            mode: SessionMode::Redirect,
            return_urls: ReturnUrls { success: return_url.to_owned(), ..ReturnUrls::default() },
            offered: Vec::new(),
            saved_for: TokenUses::default(),
            ask_before_saving: false,
            attempts: LINK_ATTEMPTS,
            method_kinds: Vec::new(),
            methods: Vec::new(),
            expires_at: later(now, LINK_LASTS),
        };
        let wish = OpenSession {
            account: Some(account.name.clone()),
            country: None,
            order,
            expiry_given: true,
            tokens: Vec::new(),
            occurrence: Some(tried),
        };
        let key = IdempotencyKey {
            merchant: schedule.merchant.clone(),
            request_id: format!("{} link", tried.request_id()),
        };
        // The same occurrence and try always make the same request.
        let ask = Ask { key, fingerprint: Fingerprint([0; 32]), wish };
        let view = Box::pin(self.open_session(&caller, ask, None)).await;
        let view = view.map_err(|error| format!("no session could be made: {error}"))?.value;
        match &view.payment.next_action {
            Some(NextAction::Redirect { url }) => Ok((view.payment.id, view.session.id, url.clone())),
            _ => Err("the provider gave no page to send the customer to".to_owned()),
        }
    }

    /// The schedule does not charge now: its tries wait until it does.
    async fn hold_back(&self, mut occurrence: Occurrence, now: Timestamp) -> Result<(), Error> {
        occurrence.status = OccurrenceStatus::Retrying;
        occurrence.next_at = None;
        occurrence.updated_at = now;
        self.write_judged(Judged { occurrence, events: Vec::new(), decline: None, halt: None }, now).await
    }

    async fn put_off(&self, mut occurrence: Occurrence, at: Timestamp, now: Timestamp) -> Result<(), Error> {
        occurrence.status = OccurrenceStatus::Retrying;
        occurrence.next_at = Some(at);
        occurrence.updated_at = now;
        self.write_judged(Judged { occurrence, events: Vec::new(), decline: None, halt: None }, now).await
    }

    async fn left_out(
        &self,
        mut occurrence: Occurrence,
        why: SkipReason,
        now: Timestamp,
    ) -> Result<(), Error> {
        occurrence.skip(why, now);
        let events = vec![self.told_of(&occurrence, EventKind::OccurrenceSkipped, now)];
        self.write_judged(Judged { occurrence, events, decline: None, halt: None }, now).await
    }

    async fn give_up_on(&self, occurrence: Occurrence, why: Halt, now: Timestamp) -> Result<(), Error> {
        let judged = self.given_up(occurrence, why, now);
        self.write_judged(judged, now).await
    }

    async fn want_token(&self, occurrence: Occurrence, now: Timestamp) -> Result<(), Error> {
        let judged = self.token_wanted(occurrence, now);
        self.write_judged(judged, now).await
    }

    async fn write_judged(&self, judged: Judged, now: Timestamp) -> Result<(), Error> {
        self.wrote_judged(judged, now).await.map(drop)
    }

    /// Writes down what was judged, and what follows from it for the schedule. False when somebody
    /// else changed the occurrence meanwhile: it is looked at again then.
    async fn wrote_judged(&self, judged: Judged, now: Timestamp) -> Result<bool, Error> {
        let Judged { occurrence, events, decline, halt } = judged;
        let id = occurrence.schedule;
        let ends = occurrence.status.is_ended();
        let entry = Entry {
            occurrences: vec![occurrence.clone()],
            declines: decline.into_iter().collect(),
            events,
            ..Entry::default()
        };
        if halt.is_none() {
            // The usual end leaves the schedule's terms alone.
            let ended = if ends { vec![id] } else { Vec::new() };
            match self.shared.journal.commit(Entry { ended, ..entry.clone() }).await {
                Ok(()) => {
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
            match self.shared.journal.commit(attempt).await {
                Ok(()) => {
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

/// The merchant itself, as the gateway acts for it.
fn internal(schedule: &Schedule) -> Caller {
    Caller { merchant: schedule.merchant.clone(), secure: true }
}

fn ended(occurrence: &mut Occurrence, how: TryEnd) {
    if let Some(last) = occurrence.tries.last_mut() {
        last.end = Some(how);
    }
}

/// A try that could not be sent follows soon, and then ever more slowly.
fn not_sent(mut occurrence: Occurrence, at_least: Duration, now: Timestamp) -> Judged {
    let pause = UNSENT_PAUSE.saturating_mul(1 << occurrence.unsent.min(10)).min(UNSENT_PAUSE_MAX);
    occurrence.unsent = occurrence.unsent.saturating_add(1);
    occurrence.status = OccurrenceStatus::Retrying;
    occurrence.next_at = now.checked_add(pause.max(at_least)).ok();
    occurrence.updated_at = now;
    Judged { occurrence, events: Vec::new(), decline: None, halt: None }
}

/// Whether it may not be charged any more, because nobody could for so long.
fn is_too_late(occurrence: &Occurrence, schedule: &Schedule, now: Timestamp) -> bool {
    let window = schedule.timing.catch_up;
    // One that was declined has the time that the longest ladder has.
    let climbs = if occurrence.declines() == 0 { Duration::ZERO } else { RUNG_MAX };
    let until = occurrence.at.max(occurrence.since).checked_add(window.saturating_add(climbs));
    until.is_ok_and(|until| now > until)
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn unwritten(error: CommitError) -> Error {
    match error {
        CommitError::Unavailable(why) => why.into(),
        CommitError::Taken(_) => Error::bug("a claim where none was made", None),
        CommitError::Conflict => Error::bug("a conflict that was not looked at", None),
    }
}
