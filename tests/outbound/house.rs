//! A gateway that sends events, with a clock that tests move, and that dies when they say so.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use turnpike::domain::delivery::{Delivery, Endpoint, EndpointKey, Standing};
use turnpike::domain::event::{About, Event, EventKind, RecurringFact};
use turnpike::domain::ids::{AccountName, EventId, MerchantName, PaymentId, ScheduleId};
use turnpike::domain::secret::Secret;
use turnpike::engine::DeliveryFilter;
use turnpike::engine::accounts::Accounts;
use turnpike::engine::commands::Answer;
use turnpike::engine::deliveries::{DeliveryOptions, Redeliver};
use turnpike::engine::error::Error;
use turnpike::engine::gateway::{Gateway, Options};
use turnpike::journal::seam::{Entry, Journal};
use turnpike::journal::sqlite::SqliteJournal;
use turnpike::providers::contract::Reply;
use turnpike::rpc::webhook;
use turnpike::webhooks::outbound::Post;
use turnpike::world::{Errand, Network, NoReply, Outlet, World};

use crate::receiver::{PATIENCE, Receiver};
use crate::support;

pub const OLD: &[u8] = b"the old secret of thirty bytes";
pub const NEW: &[u8] = b"the new secret of thirty bytes";

pub fn secret(bytes: &[u8]) -> Secret<Vec<u8>> {
    Secret::new(bytes.to_vec())
}

fn merchant() -> MerchantName {
    support::caller().merchant
}

fn key(name: &str) -> EndpointKey {
    EndpointKey { merchant: merchant(), name: name.to_owned() }
}

/// An address that wants everything.
pub fn endpoint(name: &str, url: &str) -> Endpoint {
    Endpoint {
        key: key(name),
        url: url.to_owned(),
        events: Vec::new(),
        secrets: vec![secret(OLD)],
        allow_private: true,
    }
}

/// The payment of a number.
pub fn payment(number: u8) -> PaymentId {
    PaymentId::from_bytes([number; 16])
}

/// The real world, but for its time.
struct Moved {
    network: Network,
    ahead_ms: Arc<AtomicU64>,
}

impl World for Moved {
    fn now(&self) -> Timestamp {
        let ahead = Duration::from_millis(self.ahead_ms.load(Ordering::SeqCst));
        self.network.now().checked_add(ahead).expect("a time")
    }

    fn entropy(&self) -> [u8; 32] {
        self.network.entropy()
    }

    /// Never long, because the clock may be moved meanwhile.
    fn sleep(&self, how_long: Duration) -> BoxFuture<'_, ()> {
        self.network.sleep(how_long.min(Duration::from_millis(20)))
    }

    fn exchange<'a>(
        &'a self,
        account: &'a AccountName,
        errand: Errand,
    ) -> BoxFuture<'a, Result<Reply, NoReply>> {
        self.network.exchange(account, errand)
    }
}

/// A gateway that sends events.
pub struct House {
    pub gateway: Gateway,
    pub journal: Arc<SqliteJournal>,
    world: Arc<Moved>,
    sending: JoinHandle<()>,
    count: AtomicU64,
    directory: PathBuf,
    held: tempfile::TempDir,
}

impl House {
    pub async fn new(endpoints: Vec<Endpoint>) -> Self {
        let (held, directory) = support::directory();
        Self::over(held, directory, endpoints, Arc::default(), 0).await
    }

    async fn over(
        held: tempfile::TempDir,
        directory: PathBuf,
        endpoints: Vec<Endpoint>,
        ahead_ms: Arc<AtomicU64>,
        count: u64,
    ) -> Self {
        let journal = Arc::new(support::store(&directory));
        let network = Network::new([]).expect("no lines");
        let world = Arc::new(Moved { network, ahead_ms });
        let endpoints = endpoints.into_iter().map(Arc::new).collect();
        let deliveries = DeliveryOptions { endpoints, ..DeliveryOptions::default() };
        let options = Options { deliveries, ..support::options() };
        let gateway = Gateway::new(journal.clone(), world.clone(), Accounts::default(), options);
        gateway.see_endpoints().await.expect("seen");
        let post = Arc::new(Post::new(Outlet::new().expect("an outlet")));
        let sending = tokio::spawn(gateway.clone().deliver_forever(post, Arc::new(webhook::body)));
        Self { gateway, journal, world, sending, count: AtomicU64::new(count), directory, held }
    }

    /// Dies in the middle of what it does, and lives again over the same store.
    pub async fn again(self, endpoints: Vec<Endpoint>) -> Self {
        let Self { gateway, journal, world, sending, count, directory, held } = self;
        sending.abort();
        let _ = sending.await;
        journal.close().await;
        drop((gateway, journal));
        Self::over(held, directory, endpoints, world.ahead_ms.clone(), count.into_inner()).await
    }

    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    pub fn advance(&self, by: Duration) {
        self.world.ahead_ms.fetch_add(u64::try_from(by.as_millis()).expect("small"), Ordering::SeqCst);
    }

    pub fn advance_to(&self, at: Timestamp) {
        let by = Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
        self.advance(by + Duration::from_millis(1));
    }

    fn event(&self, number: u8, kind: EventKind, note: &str) -> Event {
        let count = self.count.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        let mut random = [0; 10];
        random[..8].copy_from_slice(&count);
        let fact = RecurringFact {
            schedule: ScheduleId::from_bytes([number; 16]),
            standing: None,
            occurrence: None,
            payment: Some(payment(number)),
            token: None,
            link: None,
            note: Some(note.to_owned()),
        };
        let at = self.now();
        Event {
            id: EventId::mint(at, random),
            merchant: merchant(),
            at,
            kind,
            about: About::Recurring(Box::new(fact)),
        }
    }

    /// Adds an event about the payment of a number to the log.
    pub async fn tell(&self, number: u8, kind: EventKind) -> EventId {
        self.tell_noted(number, kind, "").await
    }

    pub async fn tell_noted(&self, number: u8, kind: EventKind, note: &str) -> EventId {
        let event = self.event(number, kind, note);
        let id = event.id;
        self.journal.commit(Entry { events: vec![event], ..Entry::default() }).await.expect("written");
        id
    }

    /// Adds many, about many payments.
    pub async fn tell_many(&self, count: usize) {
        let events = (0..count).map(|number| {
            let number = u8::try_from(number % 200).expect("small");
            self.event(number, EventKind::OccurrencePaid, "")
        });
        self.journal.commit(Entry { events: events.collect(), ..Entry::default() }).await.expect("written");
    }

    pub fn unknown_event(&self) -> EventId {
        EventId::mint(self.now(), [255; 10])
    }

    pub async fn until<F: Future<Output = bool>>(&self, what: &str, is_so: impl Fn() -> F) {
        let since = Instant::now();
        while !is_so().await {
            assert!(
                since.elapsed() < PATIENCE,
                "waited for {what} in vain: {:?}",
                self.deliveries().await.first()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn standing(&self, name: &str) -> Standing {
        let known = self.journal.standings(&merchant()).await.expect("read");
        known.into_iter().find(|standing| standing.key == key(name)).expect("it was seen")
    }

    /// Waits until the whole log was looked at for an address.
    pub async fn caught_up(&self, name: &str) {
        self.until("the end of the log", || async {
            let last = self.journal.last_event(&merchant()).await.expect("read");
            let open = self.journal.open_deliveries(&key(name)).await.expect("read");
            self.standing(name).await.place == last && open == 0
        })
        .await;
    }

    pub async fn deliveries(&self) -> Vec<Delivery> {
        let filter = DeliveryFilter {
            merchant: merchant(),
            event: None,
            endpoint: None,
            statuses: Vec::new(),
            before: None,
            limit: 1_000,
        };
        self.journal.deliveries(filter).await.expect("read")
    }

    pub async fn maybe(&self, name: &str, event: EventId) -> Option<Delivery> {
        let all = self.deliveries().await;
        all.into_iter().find(|delivery| delivery.event == event && delivery.endpoint.name == name)
    }

    pub async fn delivery(&self, name: &str, event: EventId) -> Delivery {
        self.maybe(name, event).await.expect("it is there")
    }

    /// Waits until it is written down that a delivery was tried so often.
    pub async fn tried(&self, name: &str, event: EventId, attempts: usize) {
        self.until("a try", || async {
            self.maybe(name, event).await.is_some_and(|one| one.attempts as usize >= attempts)
        })
        .await;
    }

    /// Waits until a delivery has ended.
    pub async fn ended(&self, name: &str, event: EventId) -> Delivery {
        self.until("the end", || async {
            self.maybe(name, event).await.is_some_and(|one| one.next_at.is_none())
        })
        .await;
        self.delivery(name, event).await
    }

    /// Waits for an event of a type.
    pub async fn told(&self, kind: EventKind) {
        self.until(kind.word(), || async {
            let log = self.journal.events(&merchant(), 0, 1_000).await.expect("read");
            log.iter().any(|logged| logged.event.kind == kind)
        })
        .await;
    }

    /// How many calls came to a receiver once none has come for ten looks of the gateway at its clock.
    pub async fn idle(&self, receiver: &Receiver) -> usize {
        let mut so_far = receiver.so_far().len();
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < Duration::from_millis(200) {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let now = receiver.so_far().len();
            if now != so_far {
                (so_far, quiet_since) = (now, Instant::now());
            }
        }
        so_far
    }

    pub async fn redeliver(
        &self,
        request_id: &str,
        event: EventId,
        endpoint: Option<&str>,
    ) -> Result<Answer<Vec<Delivery>>, Error> {
        let wish = Redeliver { event, endpoint: endpoint.map(str::to_owned) };
        // Another wish is another request, which its fingerprint tells.
        let mut ask = support::ask(request_id, wish);
        ask.fingerprint.0[31] = u8::from(endpoint.is_some());
        self.gateway.redeliver(&support::caller(), ask, None).await
    }
}
