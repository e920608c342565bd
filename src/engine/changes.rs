//! What changed lately, so that whoever read something a while ago learns whether to read it again.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Changes that are remembered one by one. Beyond it all of them count as changes of everything.
const REMEMBERED_MAX: usize = 100_000;

/// Changes of things with keys, in the order in which they were noted.
#[derive(Debug)]
pub(super) struct Changes<K>(Mutex<Log<K>>);

#[derive(Debug)]
struct Log<K> {
    count: u64,
    /// Everything may have changed up to here.
    forgotten: u64,
    last: HashMap<K, u64>,
}

/// A place in the order of changes: what is read after it was taken has all changes up to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(u64);

impl<K> Default for Changes<K> {
    fn default() -> Self {
        Self(Mutex::new(Log { count: 0, forgotten: 0, last: HashMap::new() }))
    }
}

impl<K: Eq + Hash> Changes<K> {
    /// To be taken before reading.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.log().count)
    }

    /// To be called after the change was written.
    pub(super) fn note(&self, key: K) {
        let mut log = self.log();
        log.count += 1;
        let count = log.count;
        if log.last.len() >= REMEMBERED_MAX {
            log.last.clear();
            log.forgotten = count;
        }
        log.last.insert(key, count);
    }

    /// Whether something may have changed since a mark was taken.
    pub(super) fn since<Q>(&self, mark: Mark, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let log = self.log();
        log.forgotten > mark.0 || log.last.get(key).is_some_and(|at| *at > mark.0)
    }

    fn log(&self) -> MutexGuard<'_, Log<K>> {
        // The log stays whole through a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_read_again() {
        let changes = Changes::<u32>::default();
        let before = changes.mark();
        changes.note(7);
        assert!(changes.since(before, &7) && !changes.since(before, &8));
        assert!(!changes.since(changes.mark(), &7), "read afterwards");
    }

    #[test]
    fn beyond_what_is_remembered_everything_counts_as_changed() {
        let changes = Changes::<usize>::default();
        let before = changes.mark();
        for key in 0..=REMEMBERED_MAX {
            changes.note(key);
        }
        assert!(changes.since(before, &usize::MAX));
        assert!(!changes.since(changes.mark(), &0));
    }
}
