//! Request ids: made once, kept by the caller, used for every repetition. They are why money moves once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

/// Where the caller keeps request ids: usually a table of its own database, beside what is being paid.
pub trait RequestIdStore: Send + Sync {
    /// What the store itself fails with.
    type Error: Error + Send + Sync + 'static;

    /// The id that is kept under a key.
    fn load(&self, key: &str) -> impl Future<Output = Result<Option<String>, Self::Error>> + Send;

    /// Keeps an id under a key that must not be there yet, durably. Tells whether it has: false means that
    /// the key is there already, and then nothing has changed. Of two at once, one is told false.
    fn save(&self, key: &str, id: &str) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// Makes request ids and keeps them in the caller's store.
///
/// A key is the caller's own name for what is being done, such as `order-17/charge`. The id is saved before
/// it is given out, so that a program that ends in the middle finds it again, and sends the same request with
/// it.
///
/// ```
/// use turnpike_client::{InMemory, RequestIds};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let ids = RequestIds::new(InMemory::default()); // a real shop keeps them in its database
/// let id = ids.first("order-17/charge").await?;
/// assert_eq!(ids.again("order-17/charge").await?, id);
/// assert!(ids.first("order-17/charge").await.is_err());
/// # Ok(())
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct RequestIds<S> {
    store: S,
}

/// Why there is no request id.
#[derive(Debug, thiserror::Error)]
pub enum RequestIdError {
    /// [`RequestIds::first`] was asked, and there is one already: this was begun before.
    #[error("there is a request id for {key:?} already")]
    Exists {
        /// The key that was asked for.
        key: String,
    },

    /// [`RequestIds::again`] was asked, and there is none: this was never begun.
    #[error("there is no request id for {key:?}")]
    Missing {
        /// The key that was asked for.
        key: String,
    },

    /// The key is empty.
    #[error("a key for a request id must not be empty")]
    EmptyKey,

    /// The store failed, or this machine has no randomness.
    #[error("the request id could not be kept or found")]
    Store(#[source] Box<dyn Error + Send + Sync>),
}

impl<S: RequestIdStore> RequestIds<S> {
    /// On a store.
    pub fn new(store: S) -> Self {
        Self { store }
    }

    /// Makes an id and saves it before it is returned.
    ///
    /// # Errors
    /// [`RequestIdError::Exists`] when there is one, and when the store fails.
    pub async fn first(&self, key: &str) -> Result<String, RequestIdError> {
        let id = made(key)?;
        match self.store.save(key, &id).await {
            Ok(true) => Ok(id),
            Ok(false) => Err(RequestIdError::Exists { key: key.to_owned() }),
            Err(error) => Err(RequestIdError::Store(error.into())),
        }
    }

    /// The id that is kept. It never makes one.
    ///
    /// # Errors
    /// [`RequestIdError::Missing`] when there is none, and when the store fails.
    pub async fn again(&self, key: &str) -> Result<String, RequestIdError> {
        let kept = self.store.load(key).await.map_err(|error| RequestIdError::Store(error.into()))?;
        kept.ok_or_else(|| RequestIdError::Missing { key: key.to_owned() })
    }

    /// The id that is kept, or else a new one: `for(key)` of the other clients, whose name Rust keeps for
    /// itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn for_key(&self, key: &str) -> Result<String, RequestIdError> {
        match self.again(key).await {
            Err(RequestIdError::Missing { .. }) => {}
            other => return other,
        }
        match self.first(key).await {
            // Somebody else was faster.
            Err(RequestIdError::Exists { .. }) => self.again(key).await,
            other => other,
        }
    }
}

fn made(key: &str) -> Result<String, RequestIdError> {
    if key.is_empty() {
        return Err(RequestIdError::EmptyKey);
    }
    new_request_id().map_err(|error| RequestIdError::Store(error.into()))
}

/// A new request id, a random UUID. Keep it before it is used: [`RequestIds`] does.
///
/// # Errors
/// When this machine has no randomness.
pub fn new_request_id() -> Result<String, std::io::Error> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| std::io::Error::other("no randomness"))?;
    // RFC 9562: version 4, and the variant.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Ok(parts.join("-"))
}

/// A store that forgets everything when the program ends: for tests, and for programs that send no money
/// after a restart.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<BTreeMap<String, String>>);

impl RequestIdStore for InMemory {
    type Error = Infallible;

    async fn load(&self, key: &str) -> Result<Option<String>, Infallible> {
        let ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(ids.get(key).cloned())
    }

    async fn save(&self, key: &str, id: &str) -> Result<bool, Infallible> {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match ids.entry(key.to_owned()) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(place) => {
                place.insert(id.to_owned());
                Ok(true)
            }
        }
    }
}

impl<S: RequestIdStore> RequestIdStore for std::sync::Arc<S> {
    type Error = S::Error;

    fn load(&self, key: &str) -> impl Future<Output = Result<Option<String>, Self::Error>> + Send {
        (**self).load(key)
    }

    fn save(&self, key: &str, id: &str) -> impl Future<Output = Result<bool, Self::Error>> + Send {
        (**self).save(key, id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn an_id_is_saved_before_it_is_given_out_and_made_once() {
        let store = Arc::new(InMemory::default());
        let ids = RequestIds::new(store.clone());
        assert!(
            matches!(ids.again("order-1").await, Err(RequestIdError::Missing { key }) if key == "order-1")
        );
        let id = ids.first("order-1").await.expect("an id");
        assert_eq!(store.load("order-1").await, Ok(Some(id.clone())));
        assert!(
            matches!(ids.first("order-1").await, Err(RequestIdError::Exists { key }) if key == "order-1")
        );
        assert_eq!(ids.again("order-1").await.expect("the id"), id);
        assert_eq!(ids.for_key("order-1").await.expect("the id"), id);
        let other = ids.for_key("order-2").await.expect("an id");
        assert_ne!(other, id);
        assert_eq!(ids.again("order-2").await.expect("the id"), other);
        assert!(matches!(ids.first("").await, Err(RequestIdError::EmptyKey)));
    }

    /// Another process saves an id between a look and a save.
    struct Raced;

    impl RequestIdStore for Raced {
        type Error = Infallible;

        async fn load(&self, _key: &str) -> Result<Option<String>, Infallible> {
            static LOOKED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
            let was_looked = LOOKED.swap(true, std::sync::atomic::Ordering::Relaxed);
            Ok(was_looked.then(|| "theirs".to_owned()))
        }

        async fn save(&self, _key: &str, _id: &str) -> Result<bool, Infallible> {
            Ok(false)
        }
    }

    #[tokio::test]
    async fn whoever_is_slower_uses_the_id_of_the_faster() {
        assert_eq!(RequestIds::new(Raced).for_key("order-1").await.expect("an id"), "theirs");
    }

    /// A store that is down.
    struct Down;

    impl RequestIdStore for Down {
        type Error = std::io::Error;

        async fn load(&self, _key: &str) -> Result<Option<String>, std::io::Error> {
            Err(std::io::Error::other("down"))
        }

        async fn save(&self, _key: &str, _id: &str) -> Result<bool, std::io::Error> {
            Err(std::io::Error::other("down"))
        }
    }

    #[tokio::test]
    async fn without_the_store_there_is_no_id() {
        let ids = RequestIds::new(Down);
        for result in [ids.first("a").await, ids.again("a").await, ids.for_key("a").await] {
            assert!(matches!(result, Err(RequestIdError::Store(_))));
        }
    }

    #[test]
    fn ids_are_uuids_and_differ() {
        let ids: BTreeSet<String> = (0..1_000).map(|_| new_request_id().expect("an id")).collect();
        assert_eq!(ids.len(), 1_000);
        for id in ids {
            assert!(
                id.len() == 36 && id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]),
                "{id}"
            );
        }
    }
}
