//! Calls that run now: the second with the same key waits for the first, and going down waits for all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::domain::ids::{Fingerprint, IdempotencyKey, MerchantName};

use super::error::Error;

/// How a call ended.
pub(super) type Ended<T> = Result<T, Error>;

/// The calls of one kind that run now.
pub(super) struct Running<T> {
    calls: Arc<Mutex<HashMap<IdempotencyKey, Call<T>>>>,
    all: Arc<Work>,
}

struct Call<T> {
    fingerprint: Fingerprint,
    ended: watch::Receiver<Option<Ended<T>>>,
}

/// Counts work under way, of any kind.
#[derive(Default)]
pub(super) struct Work {
    count: Mutex<Count>,
    idle: Notify,
}

#[derive(Default)]
struct Count {
    running: usize,
    draining: bool,
}

/// One piece of work; counted until dropped.
pub(super) struct Counted(Arc<Work>);

impl Work {
    /// Begins a piece of work.
    ///
    /// # Errors
    /// [`Error::Draining`] once the process is going down, [`Error::Busy`] beyond `limit`.
    pub(super) fn begin(self: &Arc<Self>, limit: usize) -> Result<Counted, Error> {
        let mut count = lock(&self.count);
        if count.draining {
            return Err(Error::Draining);
        }
        if count.running >= limit {
            return Err(Error::Busy);
        }
        count.running += 1;
        Ok(Counted(self.clone()))
    }

    /// Lets nothing new begin.
    pub(super) fn drain(&self) {
        lock(&self.count).draining = true;
    }

    /// Whether nothing new may begin.
    pub(super) fn is_draining(&self) -> bool {
        lock(&self.count).draining
    }

    /// Waits until nothing runs.
    pub(super) async fn idle(&self) {
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if lock(&self.count).running == 0 {
                return;
            }
            idle.await;
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut count = lock(&self.0.count);
        count.running -= 1;
        if count.running == 0 {
            self.0.idle.notify_waiters();
        }
    }
}

/// Whether a call is the first with its key.
pub(super) enum Begun<T> {
    /// It is: do the work, then tell.
    First(Ender<T>),
    /// Another runs: wait for it.
    Follows(watch::Receiver<Option<Ended<T>>>),
}

/// Tells the followers how the call ended.
pub(super) struct Ender<T> {
    calls: Arc<Mutex<HashMap<IdempotencyKey, Call<T>>>>,
    key: IdempotencyKey,
    tell: watch::Sender<Option<Ended<T>>>,
    told: bool,
}

impl<T: Clone + Send + Sync + 'static> Running<T> {
    pub(super) fn new(all: Arc<Work>) -> Self {
        Self { calls: Arc::default(), all }
    }

    /// Begins a call, or joins the one that runs. `None`: the key is in use for another request.
    pub(super) fn begin(&self, key: &IdempotencyKey, fingerprint: Fingerprint) -> Option<Begun<T>> {
        let mut calls = lock(&self.calls);
        if let Some(call) = calls.get(key) {
            return (call.fingerprint == fingerprint).then(|| Begun::Follows(call.ended.clone()));
        }
        let (tell, ended) = watch::channel(None);
        calls.insert(key.clone(), Call { fingerprint, ended });
        Some(Begun::First(Ender { calls: self.calls.clone(), key: key.clone(), tell, told: false }))
    }

    /// The calls of a merchant that run now, and where to wait for the end of each.
    pub(super) fn of(&self, merchant: &MerchantName) -> Vec<(String, watch::Receiver<Option<Ended<T>>>)> {
        let calls = lock(&self.calls);
        let theirs = calls.iter().filter(|(key, _)| key.merchant == *merchant);
        theirs.map(|(key, call)| (key.request_id.clone(), call.ended.clone())).collect()
    }

    /// All work under way.
    pub(super) fn work(&self) -> &Arc<Work> {
        &self.all
    }
}

impl<T> Ender<T> {
    /// Somebody who waits for this call.
    pub(super) fn follow(&self) -> watch::Receiver<Option<Ended<T>>> {
        self.tell.subscribe()
    }

    /// Ends the call.
    pub(super) fn end(mut self, how: Ended<T>) {
        self.finish(how);
    }

    fn finish(&mut self, how: Ended<T>) {
        self.told = true;
        // The key goes first: whoever comes now finds the outcome in the journal.
        lock(&self.calls).remove(&self.key);
        self.tell.send_replace(Some(how));
    }
}

impl<T> Drop for Ender<T> {
    fn drop(&mut self) {
        if !self.told {
            // The task panicked. What it wrote down is followed up like after a crash.
            self.finish(Err(Error::bug("a call ended without an answer", None)));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Maps and counters stay whole through a panic elsewhere.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey { merchant: MerchantName("m".to_owned()), request_id: text.to_owned() }
    }

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_a_stranger_is_refused() {
        let running = Running::<u32>::new(Arc::default());
        let Some(Begun::First(ender)) = running.begin(&key("a"), Fingerprint([1; 32])) else {
            panic!("first")
        };
        let Some(Begun::Follows(mut ended)) = running.begin(&key("a"), Fingerprint([1; 32])) else {
            panic!("follows")
        };
        assert!(running.begin(&key("a"), Fingerprint([2; 32])).is_none());
        ender.end(Ok(7));
        let told = ended.wait_for(Option::is_some).await.expect("told").clone();
        assert_eq!(told, Some(Ok(7)));
        assert!(matches!(running.begin(&key("a"), Fingerprint([2; 32])), Some(Begun::First(_))));
    }

    #[tokio::test]
    async fn a_task_that_dies_does_not_leave_others_waiting() {
        let running = Running::<u32>::new(Arc::default());
        let Some(Begun::First(ender)) = running.begin(&key("a"), Fingerprint([1; 32])) else {
            panic!("first")
        };
        let mut ended = ender.follow();
        drop(ender);
        assert!(matches!(
            *ended.wait_for(Option::is_some).await.expect("told"),
            Some(Err(Error::Internal { .. }))
        ));
    }

    #[tokio::test]
    async fn going_down_lets_nothing_begin_and_waits_for_the_rest() {
        let work = Arc::new(Work::default());
        let counted = work.begin(1).expect("room for one");
        assert!(matches!(work.begin(1), Err(Error::Busy)));
        work.drain();
        assert!(matches!(work.begin(9), Err(Error::Draining)));
        drop(counted);
        work.idle().await;
    }
}
