//! The chain that a payment's story is: every entry's hash covers the one before.
//!
//! The payment's own record, which is sealed, holds the last hash. So whoever changes, takes away or adds
//! an entry without the key of the store leaves a break that [`Chain`] finds, at the end of the story too.

use aws_lc_rs::digest::{Context, SHA256};

use crate::domain::ids::PaymentId;
use crate::domain::payment::Payment;

/// Tells these hashes from any others.
const PURPOSE: &[u8] = b"turnpike history 1";

/// The hash after notes that are written with the next version of a payment.
#[must_use]
pub fn link(payment: &Payment, notes: &str) -> [u8; 32] {
    after(payment.history_hash, payment.id, payment.version + 1, notes)
}

fn after(before: [u8; 32], payment: PaymentId, version: u64, notes: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(PURPOSE);
    context.update(&before);
    context.update(&payment.to_bytes());
    context.update(&version.to_be_bytes());
    context.update(notes.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// A story that is read from its beginning.
#[derive(Debug)]
pub struct Chain {
    payment: PaymentId,
    hash: [u8; 32],
    linked: bool,
}

/// Why a story is not the one that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// An entry does not follow from those before it: it, or one before, was changed or taken away.
    #[error("the entry does not follow from those before it")]
    Changed,
    /// An entry has no hash although one before has.
    #[error("the entry has no hash")]
    Unlinked,
    /// The story ends before the payment's own record says.
    #[error("the last entries are missing")]
    Short,
}

impl Chain {
    /// At the beginning.
    #[must_use]
    pub fn of(payment: PaymentId) -> Self {
        Self { payment, hash: [0; 32], linked: false }
    }

    /// Takes the next entry. Entries of before the chain was introduced have no hash.
    ///
    /// # Errors
    /// [`Break`].
    pub fn follow(&mut self, version: u64, notes: &str, hash: Option<[u8; 32]>) -> Result<(), Break> {
        match hash {
            None if self.linked => Err(Break::Unlinked),
            None => Ok(()),
            Some(hash) if hash == after(self.hash, self.payment, version, notes) => {
                (self.hash, self.linked) = (hash, true);
                Ok(())
            }
            Some(_) => Err(Break::Changed),
        }
    }

    /// Whether the story is whole, by what the payment's record says of its end.
    ///
    /// # Errors
    /// [`Break`].
    pub fn end(&self, history_hash: [u8; 32]) -> Result<(), Break> {
        if self.hash == history_hash { Ok(()) } else { Err(Break::Short) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYMENT: [u8; 16] = [1; 16];

    /// Version, notes and hash of one.
    type Entry = (u64, &'static str, Option<[u8; 32]>);

    /// Three entries with their hashes, the first of before the chain.
    fn story() -> Vec<Entry> {
        let payment = PaymentId::from_bytes(PAYMENT);
        let second = after([0; 32], payment, 2, "two");
        let third = after(second, payment, 4, "three");
        vec![(1, "one", None), (2, "two", Some(second)), (4, "three", Some(third))]
    }

    fn read(story: &[Entry], end: Option<[u8; 32]>) -> Result<(), Break> {
        let mut chain = Chain::of(PaymentId::from_bytes(PAYMENT));
        for (version, notes, hash) in story {
            chain.follow(*version, notes, *hash)?;
        }
        chain.end(end.unwrap_or_default())
    }

    #[test]
    fn every_change_of_a_story_is_a_break() {
        let (whole, end) = (story(), story()[2].2);
        assert_eq!(read(&whole, end), Ok(()));
        let broken = |change: &dyn Fn(&mut Vec<Entry>)| {
            let mut story = story();
            change(&mut story);
            read(&story, end)
        };
        assert_eq!(broken(&|story| story[1].1 = "TWO"), Err(Break::Changed));
        assert_eq!(broken(&|story| story[1].0 = 3), Err(Break::Changed));
        assert_eq!(
            broken(&|story| {
                story.remove(1);
            }),
            Err(Break::Changed)
        );
        assert_eq!(broken(&|story| story[2].2 = None), Err(Break::Unlinked));
        assert_eq!(
            broken(&|story| {
                story.pop();
            }),
            Err(Break::Short)
        );
        assert_eq!(broken(&|story| story.push((5, "four", Some([9; 32])))), Err(Break::Changed));
        assert_eq!(broken(&Vec::clear), Err(Break::Short));
    }
}
