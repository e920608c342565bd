//! Events that are sent to merchants' own servers, as callers see them: how each address stands, what was
//! sent to it, and sending an event again.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::domain::delivery::{Delivery, DeliveryStatus, Endpoint, EndpointKey, Standing};
use crate::domain::event::LoggedEvent;
use crate::domain::ids::{EventId, MerchantName};
use crate::journal::seam::{Claim, CommitError, DeliveryFilter, Entry, Outbox, ROWS_MAX, Subject};

use super::commands::{Answer, Ask, Caller};
use super::error::{Error, Thing};
use super::gateway::{Came, Done, Gateway};

/// How many deliveries of one address may be open for [`Gateway::redeliver`] to add another one. What comes
/// from the log stops long before.
const OPEN_MAX: usize = 10_000;

/// Where events are sent, and how long is remembered what was.
#[derive(Debug, Clone)]
pub struct DeliveryOptions {
    /// The addresses.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// How long deliveries are kept that have ended. 30 days.
    pub kept: Duration,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self { endpoints: Vec::new(), kept: Duration::from_secs(30 * 24 * 3600) }
    }
}

/// How callers reach the task that looks after an address.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Notify,
    /// Somebody asked: a parked address is tried at once, too.
    hurried: AtomicBool,
    /// What was asked for again and has not begun since. Whatever is under way then is not the answer.
    asked: Mutex<HashSet<EventId>>,
}

impl Bell {
    /// An event is about to be asked for: to be called before that is written down.
    fn ask(&self, event: EventId) {
        self.asked().insert(event);
    }

    /// What was asked for is written down.
    fn ring(&self) {
        self.hurried.store(true, Ordering::Release);
        self.rung.notify_one();
    }

    /// Waits until somebody rings, or has rung since the last time.
    pub(super) async fn rung(&self) {
        self.rung.notified().await;
    }

    /// Whether somebody rang who wants a parked address tried.
    pub(super) fn is_hurried(&self) -> bool {
        self.hurried.load(Ordering::Acquire)
    }

    /// It is tried.
    pub(super) fn calm(&self) {
        self.hurried.store(false, Ordering::Release);
    }

    /// An event begins to be sent, which is what was asked for.
    pub(super) fn begin(&self, event: EventId) {
        self.asked().remove(&event);
    }

    /// Whether an event was asked for since it began.
    pub(super) fn is_asked_for(&self, event: EventId) -> bool {
        self.asked().contains(&event)
    }

    fn asked(&self) -> MutexGuard<'_, HashSet<EventId>> {
        // The set stays whole through a panic elsewhere.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bells of all addresses.
#[derive(Debug, Default)]
pub(super) struct Bells(HashMap<EndpointKey, Arc<Bell>>);

impl Bells {
    pub(super) fn of(options: &DeliveryOptions) -> Self {
        Self(options.endpoints.iter().map(|one| (one.key.clone(), Arc::default())).collect())
    }

    pub(super) fn bell(&self, key: &EndpointKey) -> Option<&Arc<Bell>> {
        self.0.get(key)
    }
}

/// Sends an event again.
#[derive(Debug, Clone)]
pub struct Redeliver {
    /// Which.
    pub event: EventId,
    /// The name of the address; `None` for all that want such events.
    pub endpoint: Option<String>,
}

/// An address, and how it stands.
#[derive(Debug, Clone)]
pub struct EndpointView {
    /// As it is configured.
    pub endpoint: Arc<Endpoint>,
    /// As it is remembered; `None` until it was first seen.
    pub standing: Option<Standing>,
    /// Deliveries that have not ended.
    pub open: usize,
    /// Events of the log that were not looked at for it, counted up to [`ROWS_MAX`].
    pub behind: usize,
}

impl Gateway {
    /// The addresses of the caller's merchant, by name.
    ///
    /// # Errors
    /// The journal's.
    pub async fn webhook_endpoints(&self, caller: &Caller) -> Result<Vec<EndpointView>, Error> {
        let journal = &self.shared.journal;
        let standings = journal.standings(&caller.merchant).await?;
        let mut views = Vec::new();
        for endpoint in self.endpoints_of(&caller.merchant) {
            let standing = standings.iter().find(|standing| standing.key == endpoint.key).cloned();
            let behind = match &standing {
                Some(standing) => journal.events_after(&caller.merchant, standing.place, ROWS_MAX).await?,
                None => 0,
            };
            let open = journal.open_deliveries(&endpoint.key).await?;
            views.push(EndpointView { endpoint: endpoint.clone(), standing, open, behind });
        }
        views.sort_by(|one, other| one.endpoint.key.cmp(&other.endpoint.key));
        Ok(views)
    }

    /// What was and is to be sent, newest first. An address that is configured no more may still be named.
    ///
    /// # Errors
    /// The journal's.
    pub async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<Delivery>, Error> {
        Ok(self.shared.journal.deliveries(filter).await?)
    }

    /// Has an event sent again, now, whether or not it was taken before. It is tried as a new one is; a
    /// parked address is tried at once. A repeat answers with the same deliveries as they stand then.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an event or an address that the merchant does not have, [`Error::Busy`]
    /// while very many deliveries of the address are open; nothing was changed then.
    pub async fn redeliver(
        &self,
        caller: &Caller,
        ask: Ask<Redeliver>,
        wait: Option<Duration>,
    ) -> Result<Answer<Vec<Delivery>>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let (run_key, merchant, named) = (key.clone(), caller.merchant.clone(), wish.endpoint.clone());
        let done = self
            .once(&key, fingerprint, wait, move |gateway| async move {
                if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                    return gateway.replay(&claim, fingerprint).await;
                }
                let at = gateway.now_of(&merchant);
                let subject = Subject::Event(wish.event);
                let claim = Claim { key: run_key, fingerprint, subject, at };
                gateway.redeliver_first(&merchant, wish, claim).await
            })
            .await?;
        let Answer { mut value, replayed } = done.deliveries()?;
        value.retain(|delivery| named.as_ref().is_none_or(|name| delivery.endpoint.name == *name));
        Ok(Answer { value, replayed })
    }

    async fn redeliver_first(
        &self,
        merchant: &MerchantName,
        Redeliver { event, endpoint }: Redeliver,
        claim: Claim,
    ) -> Result<Done, Error> {
        let logged = self.shared.journal.event(merchant, event).await?;
        let logged = logged.ok_or(Error::NotFound(Thing::Event))?;
        let kind = logged.event.kind;
        let endpoints: Vec<_> = match &endpoint {
            Some(name) => self.endpoints_of(merchant).filter(|one| one.key.name == *name).collect(),
            None => self.endpoints_of(merchant).filter(|one| one.wants(kind)).collect(),
        };
        if endpoints.is_empty() && endpoint.is_some() {
            return Err(Error::NotFound(Thing::WebhookEndpoint));
        }
        let known = self.deliveries_of_event(merchant, event).await?;
        let now = self.now();
        let mut tried = Vec::new();
        for endpoint in endpoints {
            if self.shared.journal.open_deliveries(&endpoint.key).await? >= OPEN_MAX {
                return Err(Error::Busy);
            }
            let known = known.iter().find(|delivery| delivery.endpoint == endpoint.key).cloned();
            let mut delivery = known.unwrap_or_else(|| made(endpoint.key.clone(), &logged, now));
            delivery.again(now);
            tried.push(delivery);
        }
        let bells: Vec<_> =
            tried.iter().filter_map(|delivery| self.shared.bells.bell(&delivery.endpoint)).collect();
        bells.iter().for_each(|bell| bell.ask(event));
        let fingerprint = claim.fingerprint;
        let outbox = Outbox { tried, ..Outbox::default() };
        match self.shared.journal.commit(Entry { claim: Some(claim), outbox, ..Entry::default() }).await {
            Ok(()) => {}
            Err(CommitError::Taken(taken)) => return self.replay(&taken, fingerprint).await,
            Err(CommitError::Unavailable(why)) => return Err(why.into()),
            Err(CommitError::Conflict) => return Err(Error::bug("a delivery met a conflict", None)),
        }
        bells.iter().for_each(|bell| bell.ring());
        // As they were written, their numbers among them.
        Ok(Done::new(Came::Deliveries(self.deliveries_of_event(merchant, event).await?)))
    }

    /// The deliveries of an event: one for each address that ever got it, of which there are few.
    pub(super) async fn deliveries_of_event(
        &self,
        merchant: &MerchantName,
        event: EventId,
    ) -> Result<Vec<Delivery>, Error> {
        let filter = DeliveryFilter {
            merchant: merchant.clone(),
            event: Some(event),
            endpoint: None,
            statuses: Vec::new(),
            before: None,
            limit: ROWS_MAX,
        };
        self.deliveries(filter).await
    }

    fn endpoints_of(&self, merchant: &MerchantName) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.shared.options.deliveries.endpoints.iter().filter(move |one| one.key.merchant == *merchant)
    }
}

/// A new delivery of an event, due now.
pub(super) fn made(endpoint: EndpointKey, logged: &LoggedEvent, now: Timestamp) -> Delivery {
    Delivery {
        number: 0,
        endpoint,
        event: logged.event.id,
        kind: logged.event.kind,
        sequence: logged.sequence,
        payment: logged.event.about.payment_id(),
        created_at: now,
        status: DeliveryStatus::Pending,
        attempts: 0,
        tries: 0,
        since: now,
        last_at: None,
        http_status: None,
        note: None,
        next_at: Some(now),
    }
}
