//! What a conversation about a payment writes down before it sends, and what becomes of the
//! payment when it ends.

use jiff::Timestamp;

use crate::domain::card::SavedCard;
use crate::domain::ids::IdempotencyKey;
use crate::domain::occurrence::Occurrence;
use crate::domain::outcome::{NextAction, Outcome, Standing, Trace};
use crate::domain::payment::{News, Payment, PaymentState};
use crate::journal::seam::{CommitError, Entry, HistoryKind, Permit};
use crate::providers::contract::Fault;

use super::accounts::Account;
use super::conclude::{conclude, failure};
use super::conversation::{Broken, Exchanged, Mover, Talked, Why};
use super::error::{Error, FieldError, FieldMistake};
use super::gateway::{CONFLICTS_MAX, Gateway, note, notes};
use super::tokens::Kept;

/// A payment whose own money moves.
pub(super) struct PaymentMover<'a> {
    gateway: &'a Gateway,
    pub payment: Box<Payment>,
    /// What the first commit also writes: the claim, the session.
    pub first: Entry,
    /// Whether a permit of ours is recorded whose request provably never left.
    pub unsent: bool,
    /// The occurrence that ends with the payment, if it is a try of one.
    pub ending: Option<&'a mut Ending>,
}

/// An occurrence as its payment's permit left it. Where the payment's outcome ends it in the usual
/// way, both are written in one entry.
pub(super) struct Ending {
    pub occurrence: Occurrence,
    /// Whether it was written as ended.
    pub is_written: bool,
}

impl<'a> PaymentMover<'a> {
    pub(super) fn new(gateway: &'a Gateway, payment: Box<Payment>, first: Entry) -> Self {
        Self { gateway, payment, first, unsent: false, ending: None }
    }

    fn now(&self) -> Timestamp {
        self.gateway.now_of(&self.payment.merchant)
    }
}

impl Mover for PaymentMover<'_> {
    async fn begins(&mut self) -> Result<(), CommitError> {
        let mut entry = self.first.clone();
        let history_hash = entry.history_hash(&self.payment);
        entry.payment = Some(self.payment.clone());
        self.gateway.shared.journal.commit(entry).await?;
        self.payment.written(history_hash);
        self.first = Entry::default();
        Ok(())
    }

    async fn permit(&mut self, find_by: Trace) -> Result<Permit, CommitError> {
        let now = self.now();
        self.payment.trace.learn(find_by);
        // A payment that is settled already must not be sent again.
        self.payment.hear(News::Submitted, now).map_err(|_| CommitError::Conflict)?;
        // Nobody asks about it while it is on its way: an open session was asked about before.
        self.payment.follow_up = None;
        let mut entry = self.first.clone();
        entry.history.push(note(&self.payment, HistoryKind::Permitted, ""));
        let history_hash = entry.history_hash(&self.payment);
        entry.payment = Some(self.payment.clone());
        let permit = self.gateway.shared.journal.permit(entry, None).await?;
        self.payment.written(history_hash);
        self.first = Entry::default();
        self.unsent = false;
        Ok(permit)
    }

    fn never_sent(&mut self) {
        // Only a permit leads here, so the payment is submitted.
        let now = self.now();
        let heard = self.payment.hear(News::NeverSent, now);
        debug_assert!(heard.is_ok(), "never sent without a permit");
        self.unsent = true;
    }
}

impl Gateway {
    /// Writes down what came of a conversation about a payment's own money.
    ///
    /// A conversation that provably sent nothing gives the key back, and is an error.
    pub(super) async fn settle(
        &self,
        account: &Account,
        mover: PaymentMover<'_>,
        key: &IdempotencyKey,
        talked: Result<Talked, Broken>,
    ) -> Result<Box<Payment>, Error> {
        let PaymentMover { payment, first, unsent, ending, .. } = mover;
        match talked {
            Ok(talked) => self.record(payment, first, talked, How::Replied, ending).await,
            Err(Broken { why: Why::Journal(error), .. }) => Err(Error::of_commit(error, payment.id)),
            Err(broken) if broken.money_may_have_moved => {
                // Rare, so the futures of all others need not have room for it.
                Box::pin(self.lose_sight(payment, &broken.exchanges, &broken.why)).await
            }
            Err(Broken { why, exchanges, .. }) => {
                let error = nothing_sent(account, &why, &payment);
                if payment.version == 0 {
                    // Nothing was written down yet. What the provider refused as such is kept, so
                    // that a repeat finds it; for the rest it is as if nobody had called.
                    return Err(error);
                }
                let keeps_key = matches!(error, Error::Rejected { .. } | Error::CredentialsRejected { .. });
                let release = (!keeps_key).then(|| key.clone());
                Box::pin(self.give_up(payment, unsent, &why, &exchanges, release)).await?;
                Err(error)
            }
        }
    }

    /// Writes down what an inquiry found out.
    pub(super) async fn record_observed(
        &self,
        payment: Box<Payment>,
        talked: Talked,
    ) -> Result<Box<Payment>, Error> {
        let sent_at = payment.sent_at;
        self.record(payment, Entry::default(), talked, How::Asked { sent_at }, None).await
    }

    /// Writes down an outcome, the cards that were saved with it, and the occurrence that it ends.
    pub(super) async fn record(
        &self,
        payment: Box<Payment>,
        first: Entry,
        talked: Talked,
        how: How<'_>,
        ending: Option<&mut Ending>,
    ) -> Result<Box<Payment>, Error> {
        let mut payment = payment;
        let mut ending = ending;
        for _ in 0..CONFLICTS_MAX {
            // Looked up again after a conflict: the same cards may just have been stored.
            let cards = self.tokens_for(&payment, &talked.outcome).await?;
            // A conflict may be about the occurrence. It is judged by itself then.
            let ending = ending.take();
            let mut ends = false;
            let written = self.change_once(&payment, |payment| {
                let mut entry = self.taken_in(payment, &first, &talked, how, &cards)?;
                let judged = ending.as_ref().and_then(|ending| self.ends_with(payment, &ending.occurrence));
                ends = judged.is_some();
                if let Some(judged) = judged {
                    judged.add_to(&mut entry);
                }
                Ok(entry)
            });
            match written.await? {
                Some(payment) => {
                    if let Some(ending) = ending {
                        ending.is_written = ends;
                    }
                    for kept in cards.iter().filter(|kept| kept.write) {
                        self.forget_cached_token(kept.token.id);
                    }
                    return Ok(payment);
                }
                None => payment = self.stored_payment(payment.id).await?,
            }
        }
        Err(Error::bug("a payment is changed by too many at once", Some(payment.id)))
    }

    fn taken_in(
        &self,
        payment: &mut Payment,
        first: &Entry,
        talked: &Talked,
        how: How<'_>,
        cards: &[Kept],
    ) -> Result<Entry, Error> {
        let now = self.now_of(&payment.merchant);
        let mut entry = first.clone();
        let plan = self.plan(payment);
        if how.is_overtaken(payment, &talked.outcome) {
            entry.history.extend(notes(&talked.exchanges, HistoryKind::Observed, payment.state));
            plan.asked(payment, now);
            return Ok(entry);
        }
        let saved = self.take_in(payment, talked.outcome.clone(), now)?;
        match how {
            How::Replied => {
                entry.history.extend(notes(&talked.exchanges, HistoryKind::Exchanged, payment.state));
                plan.apply(payment, now);
            }
            How::Asked { .. } => {
                entry.history.extend(notes(&talked.exchanges, HistoryKind::Observed, payment.state));
                plan.asked(payment, now);
            }
            How::Told(kind) => {
                entry.history.push(note(payment, HistoryKind::Noticed, kind));
                plan.apply(payment, now);
            }
        }
        if saved.is_empty() || payment.state == PaymentState::Quarantined {
            return Ok(entry);
        }
        Self::adopt_cards(payment, cards, &mut entry);
        Ok(entry)
    }

    /// Has a payment, and the entry that writes it, know of the cards that were saved with it.
    pub(super) fn adopt_cards(payment: &mut Payment, cards: &[Kept], entry: &mut Entry) {
        for Kept { token, write } in cards {
            if payment.token != Some(token.id) && !payment.saved_tokens.contains(&token.id) {
                payment.saved_tokens.push(token.id);
                entry.history.push(note(payment, HistoryKind::TokenSaved, token.id.to_string()));
            }
            if *write {
                entry.tokens.push(token.clone());
            }
        }
    }

    /// Applies an outcome to a payment; pure but for the clock.
    fn take_in(
        &self,
        payment: &mut Payment,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Vec<SavedCard>, Error> {
        let bug = |what: String| Error::bug(what, None);
        match outcome {
            Outcome::SessionOpened(opened) => {
                payment.trace.learn(opened.trace);
                if let Some(end) = opened.expires_at {
                    payment.expires_at = Some(end);
                }
                payment
                    .hear(News::ActionRequired(opened.next_action), now)
                    .map_err(|e| bug(e.to_string()))?;
                Ok(Vec::new())
            }
            Outcome::Payment(report) => conclude(payment, report, now).map_err(|e| bug(e.to_string())),
            Outcome::SessionClosed => {
                payment.hear(News::Voided, now).map_err(|e| bug(e.to_string()))?;
                Ok(Vec::new())
            }
            Outcome::Absent => Ok(Vec::new()),
            Outcome::Movement(_) | Outcome::TokenDeleted => {
                Err(bug("an adapter answered another question than was asked".to_owned()))
            }
        }
    }

    async fn lose_sight(
        &self,
        payment: Box<Payment>,
        exchanges: &[Exchanged],
        why: &Why,
    ) -> Result<Box<Payment>, Error> {
        let summary = match why {
            Why::Fault(fault) => fault.to_string(),
            Why::Journal(_) | Why::Paused(_) => String::new(),
        };
        self.change(payment, |payment| {
            let now = self.now_of(&payment.merchant);
            payment.hear(News::LostSight, now).map_err(|e| Error::bug(e.to_string(), Some(payment.id)))?;
            let mut history = notes(exchanges, HistoryKind::Exchanged, payment.state);
            history.push(note(payment, HistoryKind::LostSight, summary.clone()));
            Ok(Entry { history, ..Entry::default() })
        })
        .await
    }

    async fn give_up(
        &self,
        payment: Box<Payment>,
        unsent: bool,
        why: &Why,
        exchanges: &[Exchanged],
        release: Option<IdempotencyKey>,
    ) -> Result<Box<Payment>, Error> {
        self.change(payment, |payment| {
            let now = self.now_of(&payment.merchant);
            // What somebody else wrote meanwhile still has our permit, and nobody else's can be there.
            if unsent && payment.state == PaymentState::Submitted {
                payment
                    .hear(News::NeverSent, now)
                    .map_err(|e| Error::bug(e.to_string(), Some(payment.id)))?;
            }
            let why = match why {
                Why::Fault(fault) => failure(fault),
                Why::Journal(_) | Why::Paused(_) => failure(&Fault::Unreachable),
            };
            if payment.next_action.is_none() || release.is_none() {
                payment
                    .hear(News::Failed(why), now)
                    .map_err(|e| Error::bug(e.to_string(), Some(payment.id)))?;
            }
            let history = notes(exchanges, HistoryKind::Exchanged, payment.state);
            Ok(Entry { release: release.clone(), history, ..Entry::default() })
        })
        .await
    }
}

/// How an outcome was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How<'a> {
    /// As the answer to what was asked for.
    Replied,
    /// By asking afterwards.
    Asked {
        /// When the payment had been sent, as it was when the question left.
        sent_at: Option<Timestamp>,
    },
    /// The provider told it by itself, in its own word for it.
    Told(&'a str),
}

impl How<'_> {
    /// Whether an answer says that the card is still to come, of a payment whose card is on its way or was
    /// sent after the question. It would open the door to a second card while nobody knows of the first.
    fn is_overtaken(self, payment: &Payment, outcome: &Outcome) -> bool {
        let Self::Asked { sent_at } = self else { return false };
        let Outcome::Payment(report) = outcome else { return false };
        let waits_for_card = matches!(
            report.standing,
            Standing::Open | Standing::ActionRequired(NextAction::CollectCard { .. })
        );
        waits_for_card && (payment.state == PaymentState::Submitted || payment.sent_at != sent_at)
    }
}

/// What a caller hears of a conversation that provably moved nothing.
pub(super) fn nothing_sent(account: &Account, why: &Why, payment: &Payment) -> Error {
    let name = account.name.clone();
    match why {
        Why::Paused(after) => Error::BreakerOpen { account: name, after: *after },
        Why::Journal(error) => Error::of_commit(error.clone(), payment.id),
        Why::Fault(fault) => of_fault(account, fault, Some(payment)),
    }
}

/// What a caller hears of a fault that provably moved nothing.
pub(super) fn of_fault(account: &Account, fault: &Fault, payment: Option<&Payment>) -> Error {
    let name = account.name.clone();
    let known = payment.filter(|payment| payment.version > 0).map(|payment| payment.id);
    match fault {
        Fault::Unsupported { what, instead } => {
            Error::Unsupported { account: name, feature: None, what: what.clone(), instead: instead.clone() }
        }
        Fault::Invalid { field, problem } => {
            Error::Invalid(vec![FieldError::new(field.clone(), problem.clone())])
        }
        Fault::AmountOutOfBounds { problem, minimum_minor, maximum_minor } => {
            let (minimum_minor, maximum_minor) = (*minimum_minor, *maximum_minor);
            Error::Invalid(vec![FieldError {
                field: "money.amount_minor".to_owned(),
                problem: problem.clone(),
                kind: FieldMistake::AmountOutOfBounds { minimum_minor, maximum_minor },
            }])
        }
        Fault::Unauthorized { code } => {
            Error::CredentialsRejected { account: name, code: code.clone(), payment: known }
        }
        Fault::Rejected { code, message } => Error::Rejected {
            account: name,
            code: code.clone(),
            message: Some(message.clone()),
            payment: known,
        },
        Fault::Throttled { after, code } => Error::Throttled {
            account: name,
            code: code.clone(),
            after: after.unwrap_or(std::time::Duration::from_secs(1)),
        },
        Fault::Unreachable | Fault::Silent { .. } | Fault::Unintelligible { .. } => Error::Unreachable(name),
    }
}
