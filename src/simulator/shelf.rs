//! A map with a limit: when it is full, what was put in first leaves.
//!
//! Simulators live for months in development and for millions of requests in load tests; every
//! collection they keep is one of these or has a limit of its own.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Values by key, oldest out first beyond `limit` keys. Look-ups are O(1).
#[derive(Debug)]
pub struct Shelf<K, V> {
    limit: usize,
    values: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> Shelf<K, V> {
    /// An empty shelf for at most `limit` keys.
    pub fn new(limit: usize) -> Shelf<K, V> {
        Shelf { limit, values: HashMap::new(), order: VecDeque::new() }
    }

    /// Puts a value under a key, replacing the former one; a new key may push out the oldest.
    pub fn put(&mut self, key: K, value: V) {
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
            if self.order.len() > self.limit
                && let Some(oldest) = self.order.pop_front()
            {
                self.values.remove(&oldest);
            }
        }
    }

    /// The value under a key.
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.values.get(key)
    }

    /// The value under a key, to change.
    pub fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.values.get_mut(key)
    }

    /// Values from the newest to the oldest.
    pub fn newest_first(&self) -> impl Iterator<Item = &V> {
        self.order.iter().rev().filter_map(|key| self.values.get(key))
    }
}

/// Ids by some other name they are known under (our reference, say), oldest first under each.
///
/// Ids whose value has since left its shelf are not cleaned up: whoever looks them up finds
/// nothing there and goes on.
pub type Index = Shelf<String, Vec<String>>;

impl Index {
    /// Notes that `id` is also known as `name`.
    pub fn add(&mut self, name: &str, id: &str) {
        match self.get_mut(name) {
            Some(ids) => {
                if ids.len() >= INDEX_IDS_MAX {
                    ids.remove(0);
                }
                ids.push(id.to_owned());
            }
            None => self.put(name.to_owned(), vec![id.to_owned()]),
        }
    }

    /// The ids known as `name`, oldest first.
    pub fn ids(&self, name: &str) -> &[String] {
        self.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Ids remembered under one name; a load test that uses one reference for all is bounded by it.
const INDEX_IDS_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_leaves_first() {
        let mut shelf = Shelf::new(2);
        shelf.put("a", 1);
        shelf.put("b", 2);
        shelf.put("a", 3);
        shelf.put("c", 4);
        assert_eq!(shelf.get("a"), None);
        assert_eq!(shelf.newest_first().copied().collect::<Vec<_>>(), [4, 2]);
    }

    #[test]
    fn an_index_is_bounded_under_each_name() {
        let mut index = Index::new(10);
        for id in 0..=INDEX_IDS_MAX {
            index.add("name", &id.to_string());
        }
        assert_eq!(index.ids("name").len(), INDEX_IDS_MAX);
        assert_eq!(index.ids("name")[0], "1");
        assert!(index.ids("other").is_empty());
    }
}
