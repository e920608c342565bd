//! The log of events as it grows: what many readers follow is read from the journal once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Turn, watch};

use crate::domain::event::LoggedEvent;
use crate::domain::ids::MerchantName;
use crate::journal::seam::{Journal, ROWS_MAX, Unavailable};

use super::commands::Caller;
use super::error::Error;
use super::gateway::Gateway;

/// How many of the newest events of a followed log are kept in memory for all of its readers together.
const RECENT_MAX: usize = 512;

/// The logs that are followed now.
#[derive(Debug, Default)]
pub(super) struct Feeds(Mutex<HashMap<MerchantName, Weak<Feed>>>);

/// One log.
#[derive(Debug)]
struct Feed {
    grown: watch::Receiver<u64>,
    recent: Turn<Recent>,
}

/// The newest events, without a gap.
#[derive(Debug)]
struct Recent {
    /// Everything after this place is here.
    after: u64,
    /// The last place that was read.
    until: u64,
    events: VecDeque<Arc<LoggedEvent>>,
    /// What the log's count of growth was when it was last read.
    seen: u64,
}

/// A reader of one log.
pub struct Follower {
    journal: Arc<dyn Journal>,
    merchant: MerchantName,
    feed: Arc<Feed>,
    grown: watch::Receiver<u64>,
}

impl Gateway {
    /// Follows the log of the caller's merchant.
    ///
    /// # Errors
    /// The journal's.
    pub async fn follow_events(&self, caller: &Caller) -> Result<Follower, Error> {
        self.follow(&caller.merchant).await
    }

    /// Follows the log of a merchant.
    pub(super) async fn follow(&self, merchant: &MerchantName) -> Result<Follower, Error> {
        let (journal, merchant) = (self.shared.journal.clone(), merchant.clone());
        let known = self.shared.feeds.known(&merchant);
        let feed = match known {
            Some(feed) => feed,
            None => {
                // Subscribed before the first look, so that no growth falls between the two.
                let grown = journal.follow_events(&merchant);
                let until = journal.last_event(&merchant).await?;
                let recent = Recent { after: until, until, events: VecDeque::new(), seen: 0 };
                self.shared.feeds.keep(&merchant, Feed { grown, recent: Turn::new(recent) })
            }
        };
        Ok(Follower { grown: feed.grown.clone(), journal, merchant, feed })
    }
}

impl Feeds {
    fn known(&self, merchant: &MerchantName) -> Option<Arc<Feed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(merchant).and_then(Weak::upgrade)
    }

    /// Keeps a feed for as long as anybody reads it. The first of two that come at once is kept.
    fn keep(&self, merchant: &MerchantName, feed: Feed) -> Arc<Feed> {
        let mut feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|_, feed| feed.strong_count() > 0);
        if let Some(known) = feeds.get(merchant).and_then(Weak::upgrade) {
            return known;
        }
        let feed = Arc::new(feed);
        feeds.insert(merchant.clone(), Arc::downgrade(&feed));
        feed
    }
}

impl Follower {
    /// The place of the newest event.
    ///
    /// # Errors
    /// The journal's.
    pub async fn last(&self) -> Result<u64, Error> {
        Ok(self.journal.last_event(&self.merchant).await?)
    }

    /// Events after a place, oldest first, at most so many, 1 to [`ROWS_MAX`]. Without `anew` the log is
    /// only read where this process has added to it.
    ///
    /// # Errors
    /// The journal's.
    pub async fn after(
        &mut self,
        place: u64,
        limit: usize,
        anew: bool,
    ) -> Result<Vec<Arc<LoggedEvent>>, Error> {
        let grown = *self.grown.borrow_and_update();
        let mut recent = self.feed.recent.lock().await;
        if place >= recent.after && (anew || recent.seen != grown) {
            recent.read_on(self.journal.as_ref(), &self.merchant).await?;
            recent.seen = grown;
        }
        // Looked at last: what was just read may have been more than is kept.
        if place < recent.after {
            // Of before anybody followed, or long ago: that is this reader's own business.
            drop(recent);
            let read = self.journal.events(&self.merchant, place, limit).await?;
            return Ok(read.into_iter().map(Arc::new).collect());
        }
        let from = recent.events.partition_point(|logged| logged.sequence <= place);
        Ok(recent.events.range(from..).take(limit).cloned().collect())
    }

    /// Waits until the log has grown since it was last read.
    pub async fn grown(&mut self) {
        if self.grown.changed().await.is_err() {
            // The journal is closed: it does not grow any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Recent {
    async fn read_on(&mut self, journal: &dyn Journal, merchant: &MerchantName) -> Result<(), Unavailable> {
        loop {
            let read = journal.events(merchant, self.until, ROWS_MAX).await?;
            let is_last = read.len() < ROWS_MAX;
            for logged in read {
                self.until = logged.sequence;
                self.events.push_back(Arc::new(logged));
            }
            while self.events.len() > RECENT_MAX
                && let Some(oldest) = self.events.pop_front()
            {
                self.after = oldest.sequence;
            }
            if is_last {
                return Ok(());
            }
        }
    }
}
