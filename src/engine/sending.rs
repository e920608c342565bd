//! Sends events to merchants' own servers: one task for each address, so that none waits for another.
//!
//! The log is the outbox. The task takes events after the address's place in it, makes those that are
//! wanted into deliveries, and moves the place on, in one entry. A delivery is sent from what the log
//! holds; how that went is written down before the next event of the same payment goes. Whatever breaks
//! in between, an event is sent once more rather than not at all.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::domain::delivery::{Delivery, Endpoint, EndpointKey, ORDER_KEPT, Standing, Tried, Verdict};
use crate::domain::event::{About, EndpointFact, Event, EventKind};
use crate::domain::ids::EventId;
use crate::domain::session::Session;
use crate::journal::seam::{CommitError, Entry, Outbox, Unavailable};

use super::accounts::Accounts;
use super::deliveries::{Bell, made};
use super::error::Error;
use super::feed::Follower;
use super::gateway::Gateway;
use super::running::Counted;

/// Deliveries of one address under way at once.
const AT_ONCE_MAX: usize = 8;
/// Open deliveries of one address from which on nothing more is taken from the log.
pub const OPEN_MAX: usize = 1_000;
/// Events that are taken from the log at once, and deliveries that are read at once.
const FEED_BATCH: usize = 256;
const READ_BATCH: usize = 64;
/// How long an address's task sleeps at most. Then it reads the log although it was not told that it grew:
/// others may have added to it, or it may have grown just before it was followed.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// How long it waits after the journal failed.
const JOURNAL_PAUSE: Duration = Duration::from_secs(1);
/// How many old deliveries are forgotten in one go, and how often that is done.
const FORGET_BATCH: usize = 1_000;
const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// What carries one event to one address.
pub trait Courier: Send + Sync + 'static {
    /// Sends it, and tells how that ended. It ends in bounded time.
    fn carry(&self, parcel: Parcel) -> BoxFuture<'_, Tried>;
}

/// One event for one address.
#[derive(Debug)]
pub struct Parcel {
    /// Where to, and signed with what.
    pub endpoint: Arc<Endpoint>,
    /// The event's id, the same for every try.
    pub event: EventId,
    /// The time of this try.
    pub at: Timestamp,
    /// What is sent, the same bytes for every try.
    pub body: Vec<u8>,
}

/// Makes what is sent of an event and, for one about a session, of its session.
pub type Render = Arc<dyn Fn(Event, Option<Session>, &Accounts) -> Vec<u8> + Send + Sync>;

impl Gateway {
    /// Has every address begin at the end of the log that is seen for the first time: what becomes true
    /// after this is sent to it. Repeating it changes nothing.
    ///
    /// # Errors
    /// The journal's.
    pub async fn see_endpoints(&self) -> Result<(), Error> {
        for endpoint in &self.shared.options.deliveries.endpoints {
            self.standing_of(&endpoint.key).await?;
        }
        Ok(())
    }

    /// How an address stands. One that is seen for the first time begins at the end of the log.
    async fn standing_of(&self, key: &EndpointKey) -> Result<Standing, Error> {
        let journal = &self.shared.journal;
        let known = journal.standings(&key.merchant).await?;
        if let Some(standing) = known.into_iter().find(|standing| standing.key == *key) {
            return Ok(standing);
        }
        let standing = Standing::new(key.clone(), journal.last_event(&key.merchant).await?);
        let outbox = Outbox { standings: vec![standing.clone()], ..Outbox::default() };
        self.commit_outbox(Entry { outbox, ..Entry::default() }).await?;
        Ok(standing)
    }

    async fn commit_outbox(&self, entry: Entry) -> Result<(), Error> {
        self.shared.journal.commit(entry).await.map_err(|error| match error {
            CommitError::Unavailable(why) => why.into(),
            CommitError::Taken(_) | CommitError::Conflict => {
                Error::bug("what is on its way met a conflict", None)
            }
        })
    }

    /// Sends events to all addresses until the process goes down.
    pub async fn deliver_forever(self, courier: Arc<dyn Courier>, render: Render) {
        let mut tasks = JoinSet::new();
        for endpoint in &self.shared.options.deliveries.endpoints {
            let sender = Sender {
                gateway: self.clone(),
                courier: courier.clone(),
                render: render.clone(),
                endpoint: endpoint.clone(),
            };
            tasks.spawn(sender.run());
        }
        // An address that is configured no more has left something to forget, too.
        while !self.shared.work.is_draining() {
            self.forget_old_deliveries().await;
            self.shared.world.sleep(FORGET_EVERY).await;
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn forget_old_deliveries(&self) {
        let Ok(before) = self.now().checked_sub(self.shared.options.deliveries.kept) else { return };
        match self.shared.journal.forget_deliveries(before, FORGET_BATCH).await {
            Ok(count) => tracing::debug!(count, "old deliveries forgotten"),
            Err(error) => tracing::warn!(%error, "old deliveries are kept a little longer"),
        }
    }
}

/// What the task of one address works with.
struct Sender {
    gateway: Gateway,
    courier: Arc<dyn Courier>,
    render: Render,
    endpoint: Arc<Endpoint>,
}

/// One address while it is looked after.
struct Lane {
    sender: Sender,
    bell: Arc<Bell>,
    follower: Follower,
    standing: Standing,
    /// Whether the log is read although it was not told that it grew.
    looks: bool,
    /// Read, and not yet begun: of each payment at most one, unless its hour is over.
    ready: VecDeque<Delivery>,
    under_way: HashSet<EventId>,
    posting: FuturesUnordered<BoxFuture<'static, (Delivery, Posted, Counted)>>,
}

/// What became of a delivery that was begun.
enum Posted {
    /// It was sent, or that was tried.
    Tried(Tried),
    /// The journal cannot be read now; nothing was sent.
    NotNow,
    /// The event itself does not read back; nothing was sent.
    Unreadable,
}

impl Sender {
    async fn run(self) {
        let endpoint = self.endpoint.key.clone();
        let gateway = self.gateway.clone();
        let mut lane = loop {
            match self.open().await {
                Ok((bell, follower, standing)) => {
                    break Lane {
                        sender: self,
                        bell,
                        follower,
                        standing,
                        looks: true,
                        ready: VecDeque::new(),
                        under_way: HashSet::new(),
                        posting: FuturesUnordered::new(),
                    };
                }
                Err(error) if !gateway.shared.work.is_draining() => {
                    tracing::error!(%error, endpoint = endpoint.name, "an address for events waits for the journal");
                    gateway.shared.world.sleep(JOURNAL_PAUSE).await;
                }
                Err(_) => return,
            }
        };
        lane.run().await;
    }

    async fn open(&self) -> Result<(Arc<Bell>, Follower, Standing), Error> {
        let key = &self.endpoint.key;
        let bell = self.gateway.shared.bells.bell(key).cloned().unwrap_or_default();
        // Followed before it is known from where, so that nothing falls between the two.
        let follower = self.gateway.follow(&key.merchant).await?;
        Ok((bell, follower, self.gateway.standing_of(key).await?))
    }

    /// Sends one event.
    fn post(&self, delivery: Delivery, counted: Counted) -> BoxFuture<'static, (Delivery, Posted, Counted)> {
        let Self { gateway, courier, render, endpoint } = self;
        let (gateway, courier) = (gateway.clone(), courier.clone());
        let (render, endpoint) = (render.clone(), endpoint.clone());
        Box::pin(async move {
            let event = delivery.event;
            let posted = match gateway.content(&endpoint.key, event, &render).await {
                Ok(Some(body)) => {
                    let parcel = Parcel { endpoint, event, at: gateway.now(), body };
                    Posted::Tried(courier.carry(parcel).await)
                }
                Ok(None) | Err(Unavailable::Damaged) => Posted::Unreadable,
                Err(Unavailable::Full | Unavailable::Failing | Unavailable::Closed) => Posted::NotNow,
            };
            (delivery, posted, counted)
        })
    }
}

impl Gateway {
    /// What is sent of an event; `None` when the log does not hold it.
    async fn content(
        &self,
        endpoint: &EndpointKey,
        event: EventId,
        render: &Render,
    ) -> Result<Option<Vec<u8>>, Unavailable> {
        let Some(logged) = self.shared.journal.event(&endpoint.merchant, event).await? else {
            return Ok(None);
        };
        let session = match &logged.event.about {
            About::Session(payment) => match payment.session {
                Some(id) => self.shared.journal.session(id).await?,
                None => None,
            },
            About::Recurring(_)
            | About::Payment(_)
            | About::Movement(..)
            | About::Token(_)
            | About::Endpoint(_) => None,
        };
        Ok(Some(render(logged.event, session, self.accounts())))
    }
}

impl Lane {
    /// Works until the process goes down and nothing is under way any more.
    async fn run(&mut self) {
        let (gateway, bell) = (self.sender.gateway.clone(), self.bell.clone());
        loop {
            let is_draining = gateway.shared.work.is_draining();
            if is_draining && self.posting.is_empty() {
                return;
            }
            let pause = match is_draining {
                true => LOOK_AGAIN,
                false => self.go_on().await.unwrap_or_else(|error| {
                    tracing::error!(%error, endpoint = self.name(), "events wait for the journal");
                    JOURNAL_PAUSE
                }),
            };
            tokio::select! {
                Some((delivery, posted, counted)) = self.posting.next(), if !self.posting.is_empty() => {
                    self.take_in(delivery, posted).await;
                    drop(counted);
                }
                () = bell.rung() => {}
                () = self.follower.grown(), if !is_draining => {}
                () = gateway.shared.world.sleep(pause) => self.looks = true,
            }
        }
    }

    fn name(&self) -> &str {
        &self.standing.key.name
    }

    /// Takes from the log what is new, and begins what may begin. Returns how long to sleep then.
    async fn go_on(&mut self) -> Result<Duration, Error> {
        let is_behind = self.feed().await?;
        let now = self.sender.gateway.now();
        match self.standing.is_parked() {
            true => self.probe(now).await?,
            false => self.begin(now).await?,
        }
        if is_behind {
            return Ok(Duration::ZERO);
        }
        let next = match self.standing.probe_at {
            Some(probe_at) if self.standing.is_parked() => Some(probe_at),
            Some(_) | None => self.journal().next_delivery(&self.standing.key, now).await?,
        };
        let until = next.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
        // What is due and not begun waits for something that is under way, which wakes this task.
        Ok(until.filter(|until| !until.is_zero()).unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN))
    }

    fn journal(&self) -> &dyn crate::journal::seam::Journal {
        self.sender.gateway.shared.journal.as_ref()
    }

    /// Makes deliveries of what stands after the address's place in the log. Returns whether there is more
    /// that could be taken now.
    async fn feed(&mut self) -> Result<bool, Error> {
        let events = self.follower.after(self.standing.place, FEED_BATCH, self.looks).await?;
        self.looks = false;
        if events.is_empty() {
            return Ok(false);
        }
        let mut room = OPEN_MAX.saturating_sub(self.journal().open_deliveries(&self.standing.key).await?);
        let (count, now) = (events.len(), self.sender.gateway.now());
        let (mut standing, mut wanted) = (self.standing.clone(), Vec::new());
        for logged in &events {
            if self.sender.endpoint.wants(logged.event.kind) {
                if room == 0 {
                    break;
                }
                room -= 1;
                wanted.push(made(standing.key.clone(), logged, now));
            }
            standing.place = logged.sequence;
        }
        if standing.place == self.standing.place {
            return Ok(false);
        }
        let outbox = Outbox { standings: vec![standing.clone()], made: wanted, ..Outbox::default() };
        self.sender.gateway.commit_outbox(Entry { outbox, ..Entry::default() }).await?;
        self.standing = standing;
        Ok(count == FEED_BATCH && room > 0)
    }

    /// Begins deliveries that are due, as many as may be under way.
    async fn begin(&mut self, now: Timestamp) -> Result<(), Error> {
        if self.posting.len() >= AT_ONCE_MAX {
            return Ok(());
        }
        if self.ready.is_empty() {
            let held = now.checked_sub(ORDER_KEPT).unwrap_or(Timestamp::MIN);
            let limit = READ_BATCH + self.posting.len();
            let due = self.journal().sendable(&self.standing.key, now, held, limit).await?;
            self.ready.extend(due.into_iter().filter(|one| !self.under_way.contains(&one.event)));
        }
        while self.posting.len() < AT_ONCE_MAX
            && let Some(delivery) = self.ready.pop_front()
        {
            self.post(delivery);
        }
        Ok(())
    }

    /// Tries a parked address, when it is time or somebody asks: with the oldest of what waits, among what
    /// was not tried for the longest time, so that one event that is never taken hides no others.
    async fn probe(&mut self, now: Timestamp) -> Result<(), Error> {
        self.ready.clear();
        let is_time = self.standing.probe_at.is_none_or(|at| at <= now);
        if !self.posting.is_empty() || !(is_time || self.bell.is_hurried()) {
            return Ok(());
        }
        let open =
            self.journal().sendable(&self.standing.key, Timestamp::MAX, Timestamp::MIN, READ_BATCH).await?;
        self.bell.calm();
        let longest_ago = open.into_iter().min_by_key(|one| (one.last_at, one.sequence));
        if let Some(delivery) = longest_ago {
            self.post(delivery);
        }
        Ok(())
    }

    fn post(&mut self, delivery: Delivery) {
        // Once the process goes down nothing new begins.
        let Ok(counted) = self.sender.gateway.shared.work.begin(usize::MAX) else { return };
        self.bell.begin(delivery.event);
        self.under_way.insert(delivery.event);
        self.posting.push(self.sender.post(delivery, counted));
    }

    /// Writes down how a delivery went. Where that cannot be written, it is sent once more.
    async fn take_in(&mut self, mut delivery: Delivery, posted: Posted) {
        let gateway = self.sender.gateway.clone();
        let (now, mut standing, mut entry) = (gateway.now(), self.standing.clone(), Entry::default());
        let tried = match posted {
            Posted::NotNow => {
                self.under_way.remove(&delivery.event);
                return gateway.shared.world.sleep(JOURNAL_PAUSE).await;
            }
            Posted::Unreadable => {
                tracing::error!(event = %delivery.event, "an event that is to be sent does not read back");
                let note = "the event does not read back".to_owned();
                Tried { verdict: Verdict::Failed, http_status: None, note, retry_after: None }
            }
            Posted::Tried(tried) => {
                let became = standing.took(&tried, now);
                entry.events.extend(became.map(|kind| self.told(kind, &standing)));
                if became == Some(EventKind::EndpointResumed) {
                    entry.outbox.resumed.push((standing.key.clone(), now));
                }
                tried
            }
        };
        let random = u64::from_be_bytes(first_eight(gateway.shared.world.entropy()));
        delivery.took(&tried, now, standing.is_parked(), random);
        if self.bell.is_asked_for(delivery.event) {
            delivery.again(now);
        }
        self.under_way.remove(&delivery.event);
        entry.outbox.tried.push(delivery);
        if standing != self.standing {
            entry.outbox.standings.push(standing.clone());
        }
        while let Err(error) = self.sender.gateway.commit_outbox(entry.clone()).await {
            tracing::error!(%error, endpoint = self.name(), "how an event was taken cannot be written");
            if gateway.shared.work.is_draining() {
                return;
            }
            gateway.shared.world.sleep(JOURNAL_PAUSE).await;
        }
        self.standing = standing;
    }

    /// The event that tells what became of an address.
    fn told(&self, kind: EventKind, standing: &Standing) -> Event {
        let gateway = &self.sender.gateway;
        let Standing { key, failing_since, note, .. } = standing;
        let fact = EndpointFact { name: key.name.clone(), failing_since: *failing_since, note: note.clone() };
        tracing::warn!(merchant = %key.merchant, endpoint = key.name, "{}", kind.word());
        gateway.event((kind, About::Endpoint(fact)), &key.merchant, gateway.now_of(&key.merchant))
    }
}

fn first_eight(bytes: [u8; 32]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&bytes[..8]);
    first
}
