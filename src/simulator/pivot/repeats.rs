//! `X-REQUEST-ID`: what was answered under it, for 24 hours (§4).

use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp};

use super::answers::{Reply, conflict};
use crate::simulator::shelf::Shelf;

/// How long an id is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// The shortest and the longest id.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=36;

/// Whether this is a request id: 16 to 36 letters and digits.
pub fn is_id(text: &str) -> bool {
    LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What was asked and answered under each id.
#[derive(Debug)]
pub struct Repeats {
    known: Shelf<String, Known>,
}

#[derive(Debug)]
struct Known {
    asked: [u8; 32],
    reply: Reply,
    at: Timestamp,
}

/// The endpoint and the exact bytes.
fn fingerprint(path: &str, body: &[u8]) -> [u8; 32] {
    let mut whole = path.as_bytes().to_vec();
    whole.push(0);
    whole.extend_from_slice(body);
    let mut print = [0; 32];
    print.copy_from_slice(digest::digest(&digest::SHA256, &whole).as_ref());
    print
}

impl Repeats {
    /// Nothing yet, for at most so many ids.
    pub fn new(limit: usize) -> Repeats {
        Repeats { known: Shelf::new(limit) }
    }

    /// The first answer to the same request; a conflict when the id was used for another.
    pub fn look(&self, id: &str, path: &str, body: &[u8], now: Timestamp) -> Option<Reply> {
        let known = self.known.get(id)?;
        if now.duration_since(known.at) >= REMEMBERED {
            return None;
        }
        Some(if known.asked == fingerprint(path, body) { known.reply.clone() } else { conflict() })
    }

    /// Remembers an answer of success. A refusal uses no id up.
    pub fn keep(&mut self, id: &str, path: &str, body: &[u8], reply: &Reply, now: Timestamp) {
        if reply.status.is_success() {
            let known = Known { asked: fingerprint(path, body), reply: reply.clone(), at: now };
            self.known.put(id.to_owned(), known);
        }
    }
}
