//! What providers tell by themselves: kept before it is acknowledged, acted upon afterwards.
//!
//! A notice that proves where a payment stands is taken in as the answer to an inquiry would be, in the
//! entry that says that it was. Any other is a reason to ask. The record is the work that is left to do:
//! what was acknowledged is acted upon, whatever breaks in between, and at most once more than that.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::domain::card::SavedCard;
use crate::domain::ids::{AccountName, CaptureId, NoticeId, PaymentId, RefundId, VoidId};
use crate::domain::notice::{Call, Handles, Notice, NoticeProgress, NoticeStatus, Proof};
use crate::domain::order::Purpose;
use crate::domain::outcome::{MovementReport, Outcome, Seen};
use crate::domain::payment::{MovementId, MovementKind, Payment, PaymentState};
use crate::journal::seam::{CommitError, Entry, Handle, HistoryKind, ROWS_MAX};
use crate::providers::contract::{Context, Operation};
pub use crate::providers::notice::NoticeAnswer as Answer;
use crate::providers::notice::{self as told, News};

use super::accounts::Account;
use super::conclude::{conclude_told, made_elsewhere};
use super::conversation::{ReadsOnly, Talked, converse};
use super::error::{Error, Thing};
use super::gateway::{CONFLICTS_MAX, Gateway, note};
use super::resolver::movement_inquiry;
use super::sessions::inquiry;
use super::writing::How;

/// Notices that are read at once, beside those under way.
const BATCH: usize = 128;
/// Payments whose notices are acted upon at once.
const AT_ONCE_MAX: usize = 32;
/// How often acting upon a notice may come to nothing until it is left to a person: with these pauses,
/// three days.
const ATTEMPTS_MAX: u32 = 80;
/// The first pause after an attempt that came to nothing; it doubles.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// How long the work sleeps when nothing is due.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// How long it waits after the journal failed.
const JOURNAL_PAUSE: Duration = Duration::from_secs(1);
/// How many old notices are forgotten in one go, and how often that is looked at.
const FORGET_BATCH: usize = 1_000;
const FORGET_EVERY_SECONDS: i64 = 3_600;

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// It is kept, or was before, or tells nothing that concerns anybody.
    Taken(Answer),
    /// It is not believed, and nothing of it is kept.
    Refused(Answer),
}

impl Gateway {
    /// Takes a call that came to an account's own address. When this answers [`Reception::Taken`], what it
    /// tells is durable and will be acted upon. The same call again changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an account that is not configured, and the journal's: the provider should
    /// send it again.
    pub async fn take_notice(&self, account: &AccountName, call: Call) -> Result<Reception, Error> {
        let account = self.accounts().get(account).cloned().ok_or(Error::NotFound(Thing::Account))?;
        let cx = Context { now: self.now_at(&account), entropy: self.shared.world.entropy(), access: None };
        let judged = account.provider.read_notice(&borrowed(&call), &cx);
        let answer = account.provider.answer(&judged);
        let told = match judged {
            Ok(told) => told,
            Err(refusal) => {
                tracing::warn!(account = %account.name, why = refusal.word(), "a notice was refused");
                return Ok(Reception::Refused(answer));
            }
        };
        let taken = Reception::Taken(answer);
        let proves = match told.news {
            News::Nothing => return Ok(taken),
            News::Trusted => Proof::Payment,
            News::Movement(movement) => Proof::Movement(movement.kind, Box::new(movement.report)),
            News::Cards(cards) => Proof::Cards(cards),
            News::Hint => Proof::Hint,
            News::Unknown => Proof::Unknown,
        };
        let now = self.now();
        let told::About { reference, session, transaction, order, movement } = told.about;
        let (status, next_at) = match proves {
            Proof::Unknown => (NoticeStatus::Unknown, None),
            Proof::Payment | Proof::Movement(..) | Proof::Cards(_) | Proof::Hint => {
                (NoticeStatus::Waiting, Some(now))
            }
        };
        let notice = Notice {
            id: NoticeId::mint(now, self.random()),
            account: account.name.clone(),
            key: told.key,
            received_at: now,
            kind: told.kind,
            about: Handles { reference, session, transaction, order, movement },
            proves,
            call,
            progress: NoticeProgress { status, payment: None, attempts: 0, next_at },
        };
        match self.shared.journal.commit(Entry { notices: vec![notice], ..Entry::default() }).await {
            Ok(()) => {}
            Err(CommitError::Unavailable(why)) => return Err(why.into()),
            Err(CommitError::Taken(_) | CommitError::Conflict) => {
                return Err(Error::bug("a notice met a conflict", None));
            }
        }
        if status == NoticeStatus::Unknown {
            tracing::warn!(account = %account.name, "a genuine notice is not understood; it is kept");
        }
        self.shared.noticed.notify_one();
        Ok(taken)
    }

    /// Acts upon what was told, until the process goes down.
    pub async fn notices_forever(self) {
        let work =
            Arc::new(Working { permits: Arc::new(Semaphore::new(AT_ONCE_MAX)), under_way: Mutex::default() });
        let mut forgotten_at = self.now();
        while !self.shared.work.is_draining() {
            let woken = self.shared.noticed.notified();
            let pause = match self.act_upon_due(&work).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "notices wait for the journal");
                    JOURNAL_PAUSE
                }
            };
            if self.now().duration_since(forgotten_at).as_secs() >= FORGET_EVERY_SECONDS {
                forgotten_at = self.now();
                self.forget_old_notices().await;
            }
            tokio::select! {
                () = woken => {}
                () = self.shared.world.sleep(pause) => {}
            }
        }
    }

    async fn forget_old_notices(&self) {
        let Ok(before) = self.now().checked_sub(self.shared.options.notices_kept) else { return };
        match self.shared.journal.forget_notices(before, FORGET_BATCH).await {
            Ok(count) => tracing::debug!(count, "old notices forgotten"),
            Err(error) => tracing::warn!(%error, "old notices are kept a little longer"),
        }
    }

    /// Starts on what is due, payment by payment; returns how long to sleep then.
    async fn act_upon_due(&self, work: &Arc<Working>) -> Result<Duration, Error> {
        let now = self.now();
        let busy = work.under_way().len();
        let due = self.shared.journal.due_notices(now, (BATCH + busy).min(ROWS_MAX)).await?;
        for (subject, notices) in self.by_payment(due, work).await? {
            // The semaphore is never closed.
            let Ok(permit) = work.permits.clone().acquire_owned().await else { break };
            let Ok(counted) = self.shared.work.begin(usize::MAX) else { break };
            work.under_way().extend(notices.iter().map(|notice| notice.id));
            let (gateway, work) = (self.clone(), work.clone());
            tokio::spawn(async move {
                let ids: Vec<NoticeId> = notices.iter().map(|notice| notice.id).collect();
                gateway.act_upon(subject, notices).await;
                {
                    let mut under_way = work.under_way();
                    for id in &ids {
                        under_way.remove(id);
                    }
                }
                // More may have come about the same payment meanwhile.
                gateway.shared.noticed.notify_one();
                drop((permit, counted));
            });
        }
        let next = self.shared.journal.next_notice().await?;
        let until = next.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
        // What is overdue is under way, and tells when it has ended.
        Ok(until.filter(|until| !until.is_zero()).unwrap_or(IDLE_MAX).min(IDLE_MAX))
    }

    /// Sorts notices by the payment that they are about, in the order in which they came. Those that are
    /// under way, or about a payment another of whose notices is, are left for later.
    async fn by_payment(
        &self,
        due: Vec<Notice>,
        work: &Working,
    ) -> Result<Vec<(Option<PaymentId>, Vec<Notice>)>, Error> {
        let mut places: HashMap<PaymentId, usize> = HashMap::new();
        let mut sorted: Vec<(Option<PaymentId>, Vec<Notice>)> = Vec::new();
        let mut busy: HashSet<PaymentId> = HashSet::new();
        for notice in due {
            let is_under_way = work.under_way().contains(&notice.id);
            let payment = self.payment_of_notice(&notice).await?;
            match payment {
                Some(id) if is_under_way => drop(busy.insert(id)),
                None if is_under_way => {}
                Some(id) => match places.get(&id) {
                    Some(place) => sorted[*place].1.push(notice),
                    None => {
                        places.insert(id, sorted.len());
                        sorted.push((Some(id), vec![notice]));
                    }
                },
                None => sorted.push((None, vec![notice])),
            }
        }
        sorted.retain(|(payment, _)| payment.is_none_or(|id| !busy.contains(&id)));
        Ok(sorted)
    }

    /// The payment that a notice is about, of the account that it came for and no other.
    async fn payment_of_notice(&self, notice: &Notice) -> Result<Option<PaymentId>, Error> {
        let journal = &self.shared.journal;
        let Handles { reference, session, transaction, order, movement: _ } = &notice.about;
        if let Some(id) = reference.as_deref().and_then(PaymentId::from_alphanumeric)
            && let Some(payment) = journal.payment(id).await?
            && payment.account == notice.account
        {
            return Ok(Some(id));
        }
        let known = [
            (Handle::Movement, reference),
            (Handle::Session, session),
            (Handle::Order, order),
            (Handle::Transaction, transaction),
        ];
        for (handle, value) in known {
            let Some(value) = value else { continue };
            if let Some(id) = journal.payment_by_handle(&notice.account, handle, value).await? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Acts upon notices about one payment, and writes down how that went where it was not written with
    /// what they told.
    async fn act_upon(&self, subject: Option<PaymentId>, notices: Vec<Notice>) {
        let (mut progress, mut hints) = (Vec::new(), Vec::new());
        for notice in notices {
            let acted = match subject {
                Some(payment) => self.act_upon_one(payment, &notice).await,
                None => Ok(Acted::Ended(NoticeStatus::Unmatched)),
            };
            match acted {
                Ok(Acted::Written) => {}
                Ok(Acted::Asks) => hints.push(notice),
                Ok(Acted::Ended(status)) => progress.push(self.ended(&notice, status, subject)),
                Err(error) => progress.push(self.came_to_nothing(&notice, subject, &error)),
            }
        }
        // One answer is news enough for all of them.
        if let Some(payment) = subject.filter(|_| !hints.is_empty()) {
            let asked = self.ask_after_hints(payment, &hints).await;
            progress.extend(hints.iter().map(|notice| match &asked {
                Ok(()) => self.ended(notice, NoticeStatus::Applied, subject),
                Err(error) => self.came_to_nothing(notice, subject, error),
            }));
        }
        if progress.is_empty() {
            return;
        }
        let entry = Entry { heard: progress, ..Entry::default() };
        if let Err(error) = self.shared.journal.commit(entry).await {
            // They are still due, and acted upon again: that changes nothing but costs an inquiry.
            tracing::warn!(%error, "how notices ended could not be written");
        }
    }

    async fn act_upon_one(&self, payment: PaymentId, notice: &Notice) -> Result<Acted, Error> {
        let account = self.accounts().get(&notice.account).cloned().ok_or(Error::NotFound(Thing::Account))?;
        match &notice.proves {
            Proof::Payment => self.believe(&account, self.stored_payment(payment).await?, notice).await,
            Proof::Movement(kind, report) => {
                self.believe_of_movement(self.stored_payment(payment).await?, *kind, report, notice).await
            }
            Proof::Hint => Ok(Acted::Asks),
            Proof::Cards(cards) => {
                self.keep_told_cards(self.stored_payment(payment).await?, cards, notice).await
            }
            Proof::Unknown => Ok(Acted::Ended(NoticeStatus::Unknown)),
        }
    }

    /// Takes in what a notice proves. Where its body is no answer about this payment, the provider is asked.
    async fn believe(
        &self,
        account: &Account,
        payment: Box<Payment>,
        notice: &Notice,
    ) -> Result<Acted, Error> {
        let session = match payment.session {
            Some(id) => self.shared.journal.session(id).await?,
            None => None,
        };
        let question = inquiry(&payment, session.as_ref());
        let cx = Context { now: self.now_at(account), entropy: self.shared.world.entropy(), access: None };
        match account.provider.outcome_told(&question, &borrowed(&notice.call), &cx) {
            Ok(outcome) => {
                let first = Entry { heard: vec![self.applied(notice, payment.id)], ..Entry::default() };
                let talked = Talked { outcome, exchanges: Vec::new() };
                let payment = self.record(payment, first, talked, How::Told(&notice.kind), None).await?;
                self.retire_token(&payment).await?;
                Ok(Acted::Written)
            }
            Err(fault) => {
                tracing::debug!(account = %account.name, payment = %payment.id, %fault, "a notice is only a hint");
                Ok(Acted::Asks)
            }
        }
    }

    /// Takes in what a notice proves of a capture, void or refund.
    async fn believe_of_movement(
        &self,
        payment: Box<Payment>,
        kind: MovementKind,
        report: &MovementReport,
        notice: &Notice,
    ) -> Result<Acted, Error> {
        let first = Entry { heard: vec![self.applied(notice, payment.id)], ..Entry::default() };
        match self.take_in_movement(payment, kind, report, first, How::Told(&notice.kind)).await? {
            true => Ok(Acted::Written),
            false => Ok(Acted::Asks),
        }
    }

    /// Writes down a movement that the provider told of. False: it may be one of ours whose outcome is not
    /// known; nothing was written then.
    async fn take_in_movement(
        &self,
        mut payment: Box<Payment>,
        kind: MovementKind,
        report: &MovementReport,
        first: Entry,
        how: How<'_>,
    ) -> Result<bool, Error> {
        for _ in 0..CONFLICTS_MAX {
            let mut is_clear = true;
            let now = self.now_of(&payment.merchant);
            let mint = |kind| minted(kind, now, self.random());
            let written = self.change_once(&payment, |payment| {
                let mut told = payment.clone();
                is_clear = conclude_told(&mut told, kind, report.clone(), mint, now)
                    .map_err(|error| Error::bug(error.to_string(), Some(payment.id)))?;
                if !is_clear {
                    return Ok(Entry::default());
                }
                *payment = told;
                let mut entry = first.clone();
                if let How::Told(kind) = how {
                    entry.history.push(note(payment, HistoryKind::Noticed, kind));
                }
                self.plan(payment).apply(payment, now);
                Ok(entry)
            });
            match written.await? {
                Some(_) => return Ok(is_clear),
                None => payment = self.stored_payment(payment.id).await?,
            }
        }
        Err(Error::bug("a payment is changed by too many at once", Some(payment.id)))
    }

    /// Keeps cards that a notice tells of, where the session was meant to save one.
    async fn keep_told_cards(
        &self,
        mut payment: Box<Payment>,
        cards: &[SavedCard],
        notice: &Notice,
    ) -> Result<Acted, Error> {
        let session = match payment.session {
            Some(id) => self.shared.journal.session(id).await?,
            None => None,
        };
        let saves = session.is_some_and(|session| match session.order.purpose {
            Purpose::PayAndSave | Purpose::Save => true,
            Purpose::Pay | Purpose::UseSaved => false,
        });
        if !saves || payment.state == PaymentState::Quarantined {
            tracing::warn!(payment = %payment.id, "a notice tells of a card that nobody asked to save");
            return Ok(Acted::Ended(NoticeStatus::Unknown));
        }
        for _ in 0..CONFLICTS_MAX {
            // Looked up again after a conflict: the same cards may just have been stored.
            let kept = self.tokens_of_cards(&payment, cards).await?;
            let written = self.change_once(&payment, |payment| {
                let now = self.now_of(&payment.merchant);
                let mut entry = Entry { heard: vec![self.applied(notice, payment.id)], ..Entry::default() };
                entry.history.push(note(payment, HistoryKind::Noticed, notice.kind.clone()));
                payment.saved_awaited_until = None;
                Self::adopt_cards(payment, &kept, &mut entry);
                self.plan(payment).apply(payment, now);
                Ok(entry)
            });
            match written.await? {
                Some(_) => {
                    for kept in kept.iter().filter(|kept| kept.write) {
                        self.forget_cached_token(kept.token.id);
                    }
                    return Ok(Acted::Written);
                }
                None => payment = self.stored_payment(payment.id).await?,
            }
        }
        Err(Error::bug("a payment is changed by too many at once", Some(payment.id)))
    }

    /// Asks about a payment, and about captures, voids and refunds that the answer need not show.
    async fn ask_after_hints(&self, payment: PaymentId, hints: &[Notice]) -> Result<(), Error> {
        let inquired = self.inquire(self.stored_payment(payment).await?).await?;
        let account = self.account_of(&inquired.payment)?;
        if !inquired.answered {
            return Err(Error::Unreachable(account.name.clone()));
        }
        let mut told: Vec<&(MovementKind, String)> =
            hints.iter().filter_map(|hint| hint.about.movement.as_ref()).collect();
        told.dedup();
        for (kind, provider_id) in told {
            let payment = self.stored_payment(payment).await?;
            let is_known =
                payment.movements.iter().any(|movement| movement.provider_id.as_ref() == Some(provider_id));
            if is_known {
                continue;
            }
            let report = self.ask_about_unknown(&account, &payment, *kind, provider_id).await?;
            let Some(report) = report else { continue };
            let how = How::Asked { sent_at: payment.sent_at };
            let clear = self.take_in_movement(payment, *kind, &report, Entry::default(), how).await?;
            if !clear {
                return Err(Error::bug(
                    "a movement may be one of several that are open",
                    Some(inquired.payment.id),
                ));
            }
        }
        Ok(())
    }

    /// Asks about a capture, void or refund of which only the provider's id is known.
    async fn ask_about_unknown(
        &self,
        account: &Account,
        payment: &Payment,
        kind: MovementKind,
        provider_id: &str,
    ) -> Result<Option<MovementReport>, Error> {
        let now = self.now_of(&payment.merchant);
        let id = minted(kind, now, self.random());
        let record = made_elsewhere(payment, id, payment.asked, now);
        let inquiry = movement_inquiry(payment, &record, Some(provider_id.to_owned()), payment.created_at);
        let operation = Operation::InquireMovement(Box::new(inquiry));
        let world = self.shared.world.as_ref();
        match converse(world, &payment.merchant, account, &operation, &mut ReadsOnly).await {
            Ok(Talked { outcome: Outcome::Movement(report), .. }) => {
                // It has no reference of ours to compare with.
                let seen = Seen { reference: None, ..report.seen };
                let provider_id = report.provider_id.or_else(|| Some(provider_id.to_owned()));
                Ok(Some(MovementReport { seen, provider_id, ..report }))
            }
            Ok(_) => Ok(None),
            Err(_) => Err(Error::Unreachable(account.name.clone())),
        }
    }

    fn applied(&self, notice: &Notice, payment: PaymentId) -> (NoticeId, NoticeProgress) {
        self.ended(notice, NoticeStatus::Applied, Some(payment))
    }

    fn ended(
        &self,
        notice: &Notice,
        status: NoticeStatus,
        payment: Option<PaymentId>,
    ) -> (NoticeId, NoticeProgress) {
        if status == NoticeStatus::Unmatched {
            tracing::warn!(account = %notice.account, notice = %notice.id, "a genuine notice names no payment of ours; it is kept");
        }
        let attempts = notice.progress.attempts;
        (notice.id, NoticeProgress { status, payment, attempts, next_at: None })
    }

    fn came_to_nothing(
        &self,
        notice: &Notice,
        payment: Option<PaymentId>,
        error: &Error,
    ) -> (NoticeId, NoticeProgress) {
        let attempts = notice.progress.attempts.saturating_add(1);
        tracing::warn!(account = %notice.account, notice = %notice.id, attempts, %error, "acting upon a notice came to nothing");
        if attempts >= ATTEMPTS_MAX {
            return (
                notice.id,
                NoticeProgress { status: NoticeStatus::Failed, payment, attempts, next_at: None },
            );
        }
        let pause = PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(PAUSE_MAX);
        let next_at = self.now().checked_add(pause).unwrap_or(Timestamp::MAX);
        (
            notice.id,
            NoticeProgress { status: NoticeStatus::Waiting, payment, attempts, next_at: Some(next_at) },
        )
    }
}

/// How acting upon a notice went.
enum Acted {
    /// It is written down, together with what it told.
    Written,
    /// The provider has to be asked.
    Asks,
    /// There is nothing more to do.
    Ended(NoticeStatus),
}

/// What is under way.
struct Working {
    permits: Arc<Semaphore>,
    under_way: Mutex<HashSet<NoticeId>>,
}

impl Working {
    fn under_way(&self) -> std::sync::MutexGuard<'_, HashSet<NoticeId>> {
        // A set of ids stays whole through a panic elsewhere.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn minted(kind: MovementKind, now: Timestamp, random: [u8; 10]) -> MovementId {
    match kind {
        MovementKind::Capture => MovementId::Capture(CaptureId::mint(now, random)),
        MovementKind::Void => MovementId::Void(VoidId::mint(now, random)),
        MovementKind::Refund => MovementId::Refund(RefundId::mint(now, random)),
    }
}

/// A call as adapters read it.
fn borrowed(call: &Call) -> told::Notice<'_> {
    told::Notice { method: &call.method, url: &call.url, headers: &call.headers, body: &call.body }
}
