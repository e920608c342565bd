//! What a provider sends by itself: as it arrived, and what it proves.

use std::fmt;

use crate::domain::card::SavedCard;
use crate::domain::outcome::MovementReport;
use crate::domain::payment::MovementKind;

/// The longest body that is read, in bytes. The longest that a dossier shows has 6 KB.
pub const NOTICE_BYTES_MAX: usize = 256 * 1024;

/// The longest [`Told::kind`], in characters.
pub const KIND_CHARS_MAX: usize = 64;

/// A call of a provider's, as it arrived. Nothing in it is believed.
#[derive(Clone, Copy)]
pub struct Notice<'a> {
    /// `GET` or `POST`, in capitals.
    pub method: &'a str,
    /// The whole address as the provider was given it, with what it appended: scheme, host, path, query.
    /// Scheme and host are those of the configured public address, never those of the connection or of a
    /// `Host` header: behind a proxy these differ, and a provider that signs its address signs the public one.
    pub url: &'a str,
    /// Headers in the order of arrival, names in lower case.
    pub headers: &'a [(String, String)],
    /// The exact bytes of the body.
    pub body: &'a [u8],
}

impl Notice<'_> {
    /// The only header of that name, given in lower case. `None` when there is none, or more than one:
    /// which of two a signature is meant for is nobody's guess.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(known, _)| known == name);
        match (named.next(), named.next()) {
            (Some((_, value)), None) => Some(value),
            (None | Some(_), _) => None,
        }
    }
}

impl fmt::Debug for Notice<'_> {
    /// Headers have credentials, addresses tokens, and bodies cards.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("method", &self.method)
            .field("headers", &self.headers.len())
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What a genuine notice says.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The provider's word for what happened, for whoever looks at it; at most
    /// [`KIND_CHARS_MAX`], see [`Told::new`].
    pub kind: String,
    /// What tells it from every other piece of news: equal for a repeat, different for later news of the
    /// same payment. Any text; it is stored as a digest.
    pub key: String,
    /// Which payment it is about; empty where it is about none.
    pub about: About,
    /// What it proves.
    pub news: News,
}

impl Told {
    /// What a notice says, its kind cut to [`KIND_CHARS_MAX`]: it is the provider's text, and may be long.
    #[must_use]
    pub fn new(kind: &str, key: String, about: About, news: News) -> Self {
        Self { kind: kind.chars().take(KIND_CHARS_MAX).collect(), key, about, news }
    }
}

/// How a payment is found that a notice is about: whichever is there, the first that fits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Our reference of the payment, or of a capture, void or refund of it.
    pub reference: Option<String>,
    /// The provider's id of its session.
    pub session: Option<String>,
    /// The provider's id of its transaction, or of a capture of it that was refunded.
    pub transaction: Option<String>,
    /// The provider's id of its order.
    pub order: Option<String>,
    /// The capture, void or refund that is told of, with the provider's id of it, where the answer to an
    /// inquiry about the payment need not show it: an `InquireMovement` by this id does. It may be none of
    /// ours, because somebody made it in the provider's back office.
    pub movement: Option<(MovementKind, String)>,
}

/// What a notice proves.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)] // One exists at a time.
pub enum News {
    /// Where the payment stands: what is signed binds the amount, the currency and the reference, so that
    /// the body is read as the answer to an inquiry about the payment, by
    /// [`Provider::outcome_told`](super::contract::Provider::outcome_told).
    Trusted,
    /// Where one capture, void or refund stands: what is signed binds its amount, its currency and the
    /// payment. It says nothing of the payment as a whole.
    Movement(Box<MovementNotice>),
    /// Cards that were saved with the payment. Genuine is not wanted: whether the payment was to save a card
    /// is known to the caller alone, who may refuse cards that nobody asked for.
    Cards(Vec<SavedCard>),
    /// That something may have changed: the provider is asked.
    Hint,
    /// Nothing that concerns us, such as the test of an address; it is acknowledged.
    Nothing,
    /// Something that the documentation does not have. It is kept, and shown.
    Unknown,
}

impl News {
    /// As a lower-case word, for counts and reports.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Movement(_) => "movement",
            Self::Cards(_) => "cards",
            Self::Hint => "hint",
            Self::Nothing => "nothing",
            Self::Unknown => "unknown",
        }
    }
}

/// News of one capture, void or refund. It may be one of ours, found by the provider's id or by our reference
/// of it where the provider repeats that; or one that somebody made in the provider's back office.
#[derive(Debug, Clone, PartialEq)]
pub struct MovementNotice {
    /// Which of the three it is.
    pub kind: MovementKind,
    /// As an inquiry about the movement would bring it: always with the provider's id and the amount seen.
    pub report: MovementReport,
}

/// Why a notice is not believed. Nothing of it is stored; it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The account has no key to verify notices with, or takes none.
    NotExpected,
    /// There is no signature or credential.
    Unsigned,
    /// It does not verify.
    Forged,
    /// It verifies, and was signed longer ago than the account allows, or in the future: a replay, a delivery
    /// that was long under way, or a clock that is wrong. Never told before the signature has verified.
    Stale,
    /// It verifies, and is not what the documentation says: truncated, not JSON, without its fields.
    Malformed,
    /// It verifies, and is for another account.
    Foreign,
}

impl Refusal {
    /// As a lower-case word, for counts and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotExpected => "not_expected",
            Self::Unsigned => "unsigned",
            Self::Forged => "forged",
            Self::Stale => "stale",
            Self::Malformed => "malformed",
            Self::Foreign => "foreign",
        }
    }
}

/// How a notice is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The whole body.
    pub body: &'static str,
}

impl NoticeAnswer {
    /// A status and nothing to read: no provider reads the reason of a refusal, and a forger should not.
    #[must_use]
    pub const fn bare(status: u16) -> Self {
        Self { status, content_type: "text/plain", body: "" }
    }

    /// What suits a provider whose documentation has no wish of its own: 200 for what is stored. A refusal
    /// is the sender's fault, except that a key that is missing is ours: then it should come again.
    #[must_use]
    pub fn usual(judged: &Result<Told, Refusal>) -> Self {
        Self::bare(match judged {
            Ok(_) => 200,
            Err(Refusal::Malformed) => 400,
            Err(Refusal::Unsigned | Refusal::Forged | Refusal::Stale) => 401,
            Err(Refusal::Foreign) => 403,
            Err(Refusal::NotExpected) => 500,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_comes_twice_is_none() {
        let headers = [("x-api-key", "one"), ("x-api-key", "two"), ("accept", "*/*")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let notice =
            Notice { method: "POST", url: "https://pay.example/in/a", headers: &headers, body: b"{}" };
        assert_eq!(notice.header("accept"), Some("*/*"));
        assert_eq!((notice.header("x-api-key"), notice.header("signature")), (None, None));
    }

    #[test]
    fn what_is_shown_of_a_notice_tells_no_secret() {
        let headers = [("authorization".to_owned(), "Basic canary".to_owned())];
        let notice = Notice { method: "POST", url: "https://canary", headers: &headers, body: b"canary" };
        assert!(!format!("{notice:?}").contains("canary"));
    }

    #[test]
    fn a_long_kind_is_cut_between_characters() {
        let told = Told::new(&"é".repeat(100), String::new(), About::default(), News::Nothing);
        assert_eq!(told.kind.chars().count(), KIND_CHARS_MAX);
    }

    #[test]
    fn only_what_we_lack_is_asked_for_again() {
        let status = |judged| NoticeAnswer::usual(&judged).status;
        assert_eq!(status(Ok(Told::new("paid", String::new(), About::default(), News::Hint))), 200);
        for refusal in
            [Refusal::Unsigned, Refusal::Forged, Refusal::Stale, Refusal::Malformed, Refusal::Foreign]
        {
            assert!((400..500).contains(&status(Err(refusal))), "{}", refusal.word());
        }
        assert_eq!(status(Err(Refusal::NotExpected)), 500);
    }
}
