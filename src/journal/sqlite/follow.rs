//! Tells whoever follows the log of a merchant that it grew.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::rows::Rows;
use crate::domain::ids::MerchantName;

/// The merchants whose logs are followed.
#[derive(Debug, Default)]
pub(super) struct Followers(Mutex<HashMap<String, watch::Sender<u64>>>);

impl Followers {
    /// Changes after every commit that adds to this merchant's log.
    pub(super) fn follow(&self, merchant: &MerchantName) -> watch::Receiver<u64> {
        let mut followed = self.followed();
        // Those whose followers have all left make room.
        followed.retain(|_, sender| sender.receiver_count() > 0);
        followed.entry(merchant.0.clone()).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// To be called after the commit.
    pub(super) fn tell(&self, merchants: &BTreeSet<String>) {
        if merchants.is_empty() {
            return;
        }
        let followed = self.followed();
        for sender in merchants.iter().filter_map(|merchant| followed.get(merchant)) {
            sender.send_modify(|count| *count += 1);
        }
    }

    fn followed(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<u64>>> {
        // The map stays whole through a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The merchants to whose logs a batch adds. Whoever begins to follow while it is written must be told too,
/// so that it is not asked beforehand who follows.
pub(super) fn grown_by(batch: &[Rows]) -> BTreeSet<String> {
    let events = batch.iter().flat_map(|rows| &rows.recurring.events);
    let mut merchants = BTreeSet::new();
    for row in events {
        if !merchants.contains(&row.merchant) {
            merchants.insert(row.merchant.clone());
        }
    }
    merchants
}
