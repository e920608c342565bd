//! The gateway: what every road into it shares.
//!
//! A call that changes something becomes a task of its own. The caller waits for it, as long as it
//! likes; when it leaves, the task goes on. The first call with a key does the work, later ones
//! wait for it or read what it wrote down.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use crate::domain::card::Token;
use crate::domain::delivery::Delivery;
use crate::domain::ids::{Fingerprint, IdempotencyKey, MerchantName, PaymentId, TokenId};
use crate::domain::outcome::FailureReason;
use crate::domain::payment::{Payment, PaymentState};
use crate::domain::schedule::Schedule;
use crate::journal::seam::{
    Claim, CommitError, Entry, ExchangeNote, HistoryKind, HistoryNote, Journal, Subject,
};
use crate::world::World;

use super::accounts::{Account, Accounts};
use super::changes::Changes;
use super::commands::{Answer, Caller, MovementView, SessionView};
use super::conclude::FollowUpPlan;
use super::conversation::Exchanged;
use super::deliveries::{Bells, DeliveryOptions};
use super::error::{Error, Thing};
use super::feed::Feeds;
use super::recurring::lanes::Lanes;
use super::recurring::scheduler::RecurringOptions;
use super::running::{Begun, Ended, Running, Work};

/// How many tokens are kept in memory, so that a charge need not read the store.
const TOKENS_IN_MEMORY_MAX: usize = 10_000;
/// How often a change is tried again because somebody else was faster.
pub(super) const CONFLICTS_MAX: u32 = 100;
/// How long a task waits before it tries again to write down an outcome that it holds.
const WRITE_PAUSE: Duration = Duration::from_millis(250);

/// Limits and rhythms of the engine.
#[derive(Debug, Clone)]
pub struct Options {
    /// How unsettled payments are followed up.
    pub follow_up: FollowUpPlan,
    /// Calls that change something and run at once.
    pub in_flight_max: usize,
    /// How long a caller without a deadline waits.
    pub wait_max: Duration,
    /// How many inquiries of the resolver run at once.
    pub inquiries_max: usize,
    /// How long request ids are kept.
    pub claims_kept: Duration,
    /// How long notices of providers are kept with which nothing is left to do.
    pub notices_kept: Duration,
    /// How schedules are charged.
    pub recurring: RecurringOptions,
    /// Where events are sent.
    pub deliveries: DeliveryOptions,
    /// How long, in real time, a test clock waits at one stop for what is due there.
    pub clock_stop_max: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            follow_up: FollowUpPlan::default(),
            in_flight_max: 10_000,
            wait_max: Duration::from_secs(70),
            inquiries_max: 16,
            claims_kept: Duration::from_secs(30 * 24 * 3600),
            notices_kept: Duration::from_secs(90 * 24 * 3600),
            recurring: RecurringOptions::default(),
            deliveries: DeliveryOptions::default(),
            clock_stop_max: Duration::from_secs(60),
        }
    }
}

/// One engine. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Gateway {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub journal: Arc<dyn Journal>,
    pub world: Arc<dyn World>,
    pub accounts: Accounts,
    pub options: Options,
    pub calls: Running<Done>,
    pub work: Arc<Work>,
    /// Wakes the resolver: something is due earlier than it thinks.
    pub wake: Notify,
    /// Wakes whoever acts upon notices: one has come.
    pub noticed: Notify,
    /// Where schedules are charged, an account at a time.
    pub lanes: Lanes,
    /// The merchants whose test clock is on its way.
    pub walking: Mutex<HashSet<MerchantName>>,
    watchers: Mutex<HashMap<PaymentId, watch::Sender<u64>>>,
    tokens: Mutex<HashMap<TokenId, Arc<Token>>>,
    /// Which stored tokens were changed, so that nobody goes on with one that was read before.
    pub tokens_changed: Changes<TokenId>,
    /// The logs of events that are followed.
    pub feeds: Feeds,
    /// Wakes those who send events to merchants' servers.
    pub bells: Bells,
}

/// What a call comes to.
#[derive(Debug, Clone)]
pub(super) enum Came {
    Session(Box<SessionView>),
    Payment(Box<Payment>),
    Movement(Box<MovementView>),
    Token(Box<Token>),
    Schedule(Box<Schedule>),
    Deliveries(Vec<Delivery>),
}

/// What a call comes to, and whether an earlier one did the work.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub what: Came,
    pub replayed: bool,
}

impl Done {
    pub(super) fn new(what: Came) -> Self {
        Self { what, replayed: false }
    }
}

impl Gateway {
    /// An engine over a journal and a world. Nothing runs until [`Gateway::recover`] and the
    /// resolver are started.
    #[must_use]
    pub fn new(
        journal: Arc<dyn Journal>,
        world: Arc<dyn World>,
        accounts: Accounts,
        options: Options,
    ) -> Self {
        let work = Arc::new(Work::default());
        let lanes = Lanes::new(&accounts, &options.recurring);
        let bells = Bells::of(&options.deliveries);
        let shared = Shared {
            journal,
            world,
            accounts,
            options,
            calls: Running::new(work.clone()),
            work,
            wake: Notify::new(),
            noticed: Notify::new(),
            lanes,
            walking: Mutex::default(),
            watchers: Mutex::default(),
            tokens: Mutex::default(),
            tokens_changed: Changes::default(),
            feeds: Feeds::default(),
            bells,
        };
        Self { shared: Arc::new(shared) }
    }

    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.shared.accounts
    }

    /// Everybody's time, for what belongs to no merchant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.world.now()
    }

    /// The time of a merchant. It is everybody's time, unless a test clock was moved forward.
    #[must_use]
    pub fn now_of(&self, merchant: &MerchantName) -> Timestamp {
        self.shared.world.now_of(merchant)
    }

    /// Whether the journal can be written.
    ///
    /// # Errors
    /// [`Error::Journal`].
    pub async fn check(&self) -> Result<(), Error> {
        Ok(self.shared.journal.check().await?)
    }

    /// Lets nothing new begin.
    pub fn drain(&self) {
        self.shared.work.drain();
    }

    /// Waits until all work under way has ended.
    pub async fn idle(&self) {
        self.shared.work.idle().await;
    }

    pub(super) fn account_of(&self, payment: &Payment) -> Result<Arc<Account>, Error> {
        // The account may have left the configuration while its payments live on.
        self.shared.accounts.get(&payment.account).cloned().ok_or(Error::NotFound(Thing::Account))
    }

    /// Runs a call once for its key. `stands` answers for a caller that cannot wait any longer.
    pub(super) async fn once<F, Fut>(
        &self,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
        wait: Option<Duration>,
        run: F,
    ) -> Result<Done, Error>
    where
        F: FnOnce(Gateway) -> Fut,
        Fut: Future<Output = Ended<Done>> + Send + 'static,
    {
        self.shared.lanes.make_room(self.now());
        let (mut ended, follows) = match self.shared.calls.begin(key, fingerprint) {
            None => return Err(Error::Reused(self.subject_of(key).await?)),
            Some(Begun::Follows(ended)) => (ended, true),
            Some(Begun::First(ender)) => {
                let counted = match self.shared.calls.work().begin(self.shared.options.in_flight_max) {
                    Ok(counted) => counted,
                    Err(error) => {
                        ender.end(Err(error.clone()));
                        return Err(error);
                    }
                };
                let ended = ender.follow();
                // Boxed, or the task would hold the future twice: as it came, and as it is awaited.
                let work = Box::pin(run(self.clone()));
                let task = async move {
                    let how = work.await;
                    if let Err(Error::Internal { what, .. }) = &how {
                        tracing::error!(what, "internal error");
                    }
                    ender.end(how);
                    drop(counted);
                };
                tokio::spawn(tracing::Instrument::in_current_span(task));
                (ended, false)
            }
        };
        let wait = wait.unwrap_or(self.shared.options.wait_max);
        // Cloned at once: the guard of the watched value must not be held across a wait.
        let told = tokio::time::timeout(wait, ended.wait_for(Option::is_some))
            .await
            .map(|told| told.ok().and_then(|how| how.clone()));
        match told {
            Ok(Some(Ok(done))) => Ok(Done { what: done.what, replayed: done.replayed || follows }),
            Ok(Some(Err(error))) => Err(error),
            Ok(None) => Err(Error::bug("a call ended without an answer", None)),
            // The work goes on; this caller hears where it stands.
            Err(_) => match self.subject_of(key).await? {
                Some(subject) => {
                    Ok(Done { what: self.stands(&key.merchant, subject).await?, replayed: follows })
                }
                None => Err(Error::StillRunning),
            },
        }
    }

    async fn subject_of(&self, key: &IdempotencyKey) -> Result<Option<Subject>, Error> {
        Ok(self.shared.journal.claim(key).await?.map(|claim| claim.subject))
    }

    /// Answers a repeat: the stored outcome, as it stands now.
    pub(super) async fn replay(&self, claim: &Claim, fingerprint: Fingerprint) -> Result<Done, Error> {
        if claim.fingerprint != fingerprint {
            return Err(Error::Reused(Some(claim.subject)));
        }
        let what = self.stands(&claim.key.merchant, claim.subject).await?;
        Ok(Done { what, replayed: true })
    }

    /// What a key of a merchant stands for, as it stands now.
    async fn stands(&self, merchant: &MerchantName, subject: Subject) -> Result<Came, Error> {
        match subject {
            Subject::Session(id) | Subject::Confirmation(id) => {
                let view = self.session_view(id).await?;
                refused(&view.payment)?;
                Ok(Came::Session(Box::new(view)))
            }
            Subject::Payment(id) => {
                let payment = self.stored_payment(id).await?;
                refused(&payment)?;
                Ok(Came::Payment(payment))
            }
            Subject::Movement(id, movement) => {
                let payment = self.stored_payment(id).await?;
                super::movements::refused(&payment, movement)?;
                Ok(Came::Movement(Box::new(MovementView { payment, movement })))
            }
            Subject::Token(id) => {
                let token = self.shared.journal.token(id).await?.ok_or(Error::NotFound(Thing::Token))?;
                Ok(Came::Token(Box::new(token)))
            }
            Subject::Schedule(id) | Subject::Occurrence(id, _) => {
                let schedule = self.shared.journal.schedule(id).await?;
                Ok(Came::Schedule(Box::new(schedule.ok_or(Error::NotFound(Thing::Schedule))?)))
            }
            Subject::Event(id) => Ok(Came::Deliveries(self.deliveries_of_event(merchant, id).await?)),
        }
    }

    pub(super) async fn stored_payment(&self, id: PaymentId) -> Result<Box<Payment>, Error> {
        self.shared.journal.payment(id).await?.map(Box::new).ok_or(Error::NotFound(Thing::Payment))
    }

    /// A payment of the caller's merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's.
    pub async fn payment(&self, caller: &Caller, id: PaymentId) -> Result<Box<Payment>, Error> {
        let payment = self.stored_payment(id).await?;
        if payment.merchant != caller.merchant || payment.is_hidden() {
            return Err(Error::NotFound(Thing::Payment));
        }
        Ok(payment)
    }

    /// How a payment is followed up: as configured, at the pace of its provider.
    pub(super) fn plan(&self, payment: &Payment) -> FollowUpPlan {
        let pauses =
            self.accounts().get(&payment.account).map_or(&[][..], |account| account.profile().poll_pauses);
        FollowUpPlan { pauses, ..self.shared.options.follow_up }
    }

    /// Applies a change to a payment, plans its follow-up, and writes it down together with
    /// whatever the change makes.
    pub(super) async fn change<F>(&self, payment: Box<Payment>, mut change: F) -> Result<Box<Payment>, Error>
    where
        F: FnMut(&mut Payment) -> Result<Entry, Error>,
    {
        let plan = self.plan(&payment);
        self.change_planned(payment, |payment| {
            let entry = change(payment)?;
            let now = self.now_of(&payment.merchant);
            plan.apply(payment, now);
            Ok(entry)
        })
        .await
    }

    /// The same for a change that plans the follow-up itself. When somebody else was faster, the
    /// change is applied to what they wrote.
    pub(super) async fn change_planned<F>(
        &self,
        mut payment: Box<Payment>,
        mut change: F,
    ) -> Result<Box<Payment>, Error>
    where
        F: FnMut(&mut Payment) -> Result<Entry, Error>,
    {
        for _ in 0..CONFLICTS_MAX {
            match self.change_once(&payment, &mut change).await? {
                Some(changed) => return Ok(changed),
                None => payment = self.stored_payment(payment.id).await?,
            }
        }
        Err(Error::bug("a payment is changed by too many at once", Some(payment.id)))
    }

    /// The same, once. `None`: somebody else was faster, with the payment or with a token.
    pub(super) async fn change_once<F>(
        &self,
        payment: &Payment,
        mut change: F,
    ) -> Result<Option<Box<Payment>>, Error>
    where
        F: FnMut(&mut Payment) -> Result<Entry, Error>,
    {
        let mut changed = Box::new(payment.clone());
        let mut entry = change(&mut changed)?;
        if *changed == *payment && entry.is_only_about_the_payment() {
            return Ok(Some(changed));
        }
        let history_hash = entry.history_hash(&changed);
        let mut written = changed.clone();
        written.written(history_hash);
        self.tell_of_payment(&mut entry, payment, &written);
        match self.commit_surely(entry, &changed).await {
            Ok(()) => {
                let changed = written;
                self.wrote(&changed);
                Ok(Some(changed))
            }
            Err(CommitError::Conflict) => Ok(None),
            Err(error) => Err(Error::of_commit(error, payment.id)),
        }
    }

    /// Writes down what must not be lost: while the journal fails, tries again until the process
    /// goes down. What could not be written then is asked for again after the start.
    ///
    /// The payment comes beside the entry's other parts, so that it is cloned once for each attempt.
    async fn commit_surely(&self, entry: Entry, payment: &Payment) -> Result<(), CommitError> {
        loop {
            let attempt = Entry { payment: Some(Box::new(payment.clone())), ..entry.clone() };
            match self.shared.journal.commit(attempt).await {
                Err(CommitError::Unavailable(why)) if !self.shared.work.is_draining() => {
                    tracing::error!(%why, "an outcome waits for the journal");
                    self.shared.world.sleep(WRITE_PAUSE).await;
                }
                other => return other,
            }
        }
    }

    /// Tells watchers and the resolver about a payment that was written.
    pub(super) fn wrote(&self, payment: &Payment) {
        {
            let watchers = self.shared.watchers.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(watcher) = watchers.get(&payment.id) {
                watcher.send_replace(payment.version);
            }
        }
        if payment.follow_up.is_some() {
            self.shared.wake.notify_one();
        }
        self.shared.lanes.tell(payment);
    }

    /// Follows a payment: the receiver changes whenever the payment was written by this process.
    pub fn watch(&self, id: PaymentId) -> watch::Receiver<u64> {
        let mut watchers = self.shared.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        // Watchers whose readers have all left make room.
        watchers.retain(|_, sender| sender.receiver_count() > 0);
        watchers.entry(id).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// A token, from memory if it was used before.
    pub(super) async fn cached_token(&self, id: TokenId) -> Result<Arc<Token>, Error> {
        let known = self.shared.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(token) = known {
            return Ok(token);
        }
        let mark = self.shared.tokens_changed.mark();
        let token = Arc::new(self.shared.journal.token(id).await?.ok_or(Error::NotFound(Thing::Token))?);
        let mut tokens = self.shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= TOKENS_IN_MEMORY_MAX {
            tokens.clear();
        }
        // One that was changed while it was read is forgotten already, and must not come back.
        if !self.shared.tokens_changed.since(mark, &id) {
            tokens.insert(id, token.clone());
        }
        Ok(token)
    }

    /// A token was changed: nobody goes on with it as it was.
    pub(super) fn forget_cached_token(&self, id: TokenId) {
        self.shared.tokens_changed.note(id);
        self.shared.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    pub(super) fn random(&self) -> [u8; 10] {
        let bytes = self.shared.world.entropy();
        let mut ten = [0; 10];
        ten.copy_from_slice(&bytes[..10]);
        ten
    }
}

/// A payment that failed because the provider refused our request is an error to whoever asked.
pub(super) fn refused(payment: &Payment) -> Result<(), Error> {
    let Some(failure) = payment.failure.as_ref().filter(|_| payment.state == PaymentState::Failed) else {
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

/// The exchanges of a conversation as notes of a payment's story.
pub(super) fn notes(exchanges: &[Exchanged], kind: HistoryKind, state: PaymentState) -> Vec<HistoryNote> {
    exchanges
        .iter()
        .map(|exchange| HistoryNote {
            at: exchange.at,
            kind,
            caller: Arc::default(),
            summary: if exchange.status == 0 { "no answer".to_owned() } else { String::new() },
            exchange: Some(ExchangeNote {
                name: exchange.name.to_owned(),
                method: exchange.method.to_owned(),
                path: exchange.path.clone(),
                http_status: exchange.status,
                took_ms: u32::try_from(exchange.took.as_millis()).unwrap_or(u32::MAX),
                request: exchange.request.clone(),
            }),
            state,
        })
        .collect()
}

/// A note about something of our own.
pub(super) fn note(payment: &Payment, kind: HistoryKind, summary: impl Into<String>) -> HistoryNote {
    HistoryNote {
        at: payment.updated_at,
        kind,
        caller: Arc::default(),
        summary: summary.into(),
        exchange: None,
        state: payment.state,
    }
}

impl Done {
    pub(super) fn payment(self) -> Result<Answer<Box<Payment>>, Error> {
        match self.what {
            Came::Payment(payment) => Ok(Answer { value: payment, replayed: self.replayed }),
            _ => Err(Error::Reused(None)),
        }
    }

    pub(super) fn session(self) -> Result<Answer<SessionView>, Error> {
        match self.what {
            Came::Session(view) => Ok(Answer { value: *view, replayed: self.replayed }),
            _ => Err(Error::Reused(None)),
        }
    }

    pub(super) fn deliveries(self) -> Result<Answer<Vec<Delivery>>, Error> {
        match self.what {
            Came::Deliveries(deliveries) => Ok(Answer { value: deliveries, replayed: self.replayed }),
            _ => Err(Error::Reused(None)),
        }
    }

    pub(super) fn movement(self) -> Result<Answer<MovementView>, Error> {
        match self.what {
            Came::Movement(view) => Ok(Answer { value: *view, replayed: self.replayed }),
            _ => Err(Error::Reused(None)),
        }
    }

    pub(super) fn schedule(self) -> Result<Answer<Box<Schedule>>, Error> {
        match self.what {
            Came::Schedule(schedule) => Ok(Answer { value: schedule, replayed: self.replayed }),
            _ => Err(Error::Reused(None)),
        }
    }

    pub(super) fn token(self) -> Result<Answer<Token>, Error> {
        match self.what {
            Came::Token(token) => Ok(Answer { value: *token, replayed: self.replayed }),
            _ => Err(Error::Reused(None)),
        }
    }
}
