//! Why a charge was refused (dossier, section 11). No list of response codes is public, so the
//! account's own table comes first and then words of the message.
//!
//! Words only refine what the statuses prove: this file must never make a decline of anything.

use super::account::Account;
use crate::domain::outcome::DeclineReason::{self, *};
use crate::domain::outcome::RetryAdvice::{self, Later, Never, WithCustomer};
use crate::domain::outcome::{Decline, Failure, FailureReason};

/// What an answer says beside its statuses, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The response code.
    pub code: Option<String>,
    /// The message.
    pub message: Option<String>,
}

impl Words {
    /// The message in lower case: providers' samples vary between `Success` and `SUCCESS`.
    fn lower(&self) -> String {
        self.message.as_deref().unwrap_or_default().to_lowercase()
    }

    /// Texts that are known from the provider's own plugin: our key is not there, or does not fit.
    pub(super) fn is_configuration(&self) -> bool {
        let message = self.lower();
        ["no public key", "invalid signature"].iter().any(|words| message.contains(words))
    }

    /// "No such order", as the dossier's sample words it.
    pub(super) fn is_not_found(&self) -> bool {
        self.lower().contains("order not found")
    }

    /// Whether the reference may have been used before. That is no decline: it is looked up.
    pub(super) fn is_duplicate(&self) -> bool {
        let message = self.lower();
        message.contains("duplicate") || (message.contains("exist") && message.contains("reference"))
    }

    /// Whether a card that is not there any more is complained of.
    fn is_dead_token(&self) -> bool {
        let message = self.lower();
        let is_gone = ["not found", "invalid", "deleted"].iter().any(|words| message.contains(words));
        message.contains("token") && is_gone
    }

    /// The decline behind a transaction that the provider calls declined.
    pub(super) fn decline(&self, account: &Account) -> Decline {
        let known = self.code.as_deref().and_then(|code| account.code_meaning(code));
        let (reason, advice) = known.unwrap_or_else(|| by_words(&self.lower()));
        self.declined(reason, advice)
    }

    /// A decline with these words.
    pub(super) fn declined(&self, reason: DeclineReason, advice: RetryAdvice) -> Decline {
        Decline {
            provider_code: self.code.clone(),
            provider_message: self.message.clone(),
            ..Decline::new(reason, advice)
        }
    }

    /// What a refusal comes to of which nothing was found, twice, after the time of grace: the
    /// account's table, a dead token, or a request that was refused as such.
    pub(super) fn refusal(&self, account: &Account) -> Result<Decline, Failure> {
        let known = self.code.as_deref().and_then(|code| account.code_meaning(code));
        match known {
            Some((reason, advice)) => Ok(self.declined(reason, advice)),
            None if self.is_dead_token() => Ok(self.declined(TokenInvalid, Never)),
            None => Err(self.failure(FailureReason::Rejected)),
        }
    }

    /// A failure with these words.
    pub(super) fn failure(&self, reason: FailureReason) -> Failure {
        Failure { reason, provider_code: self.code.clone(), provider_message: self.message.clone() }
    }
}

fn by_words(message: &str) -> (DeclineReason, RetryAdvice) {
    const TABLE: &[(&[&str], DeclineReason, RetryAdvice)] = &[
        (&["insufficient"], InsufficientFunds, Later),
        (&["expired card", "card expired"], ExpiredCard, Never),
        (&["stolen", "lost", "pick up", "restricted"], BlockedCard, Never),
        (&["limit"], LimitExceeded, Later),
        (&["authentication", "3ds"], AuthenticationRequired, WithCustomer),
    ];
    let found = TABLE.iter().find(|(words, _, _)| words.iter().any(|word| message.contains(word)));
    found.map_or((GenericDecline, Later), |(_, reason, advice)| (*reason, *advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(message: &str) -> Words {
        Words { code: Some("9901".to_owned()), message: Some(message.to_owned()) }
    }

    #[test]
    fn words_refine_whatever_their_case() {
        for (message, expected) in [
            ("Transaction declined", (GenericDecline, Later)),
            ("INSUFFICIENT funds", (InsufficientFunds, Later)),
            ("Expired Card", (ExpiredCard, Never)),
            ("card expired", (ExpiredCard, Never)),
            ("Stolen card", (BlockedCard, Never)),
            ("LOST CARD", (BlockedCard, Never)),
            ("Pick up card", (BlockedCard, Never)),
            ("Restricted card", (BlockedCard, Never)),
            ("Exceeds withdrawal limit", (LimitExceeded, Later)),
            ("3DS required", (AuthenticationRequired, WithCustomer)),
            ("Authentication failed", (AuthenticationRequired, WithCustomer)),
            ("Success", (GenericDecline, Later)),
            // The first match counts.
            ("Insufficient limit", (InsufficientFunds, Later)),
        ] {
            assert_eq!(by_words(&message.to_lowercase()), expected, "{message}");
        }
    }

    #[test]
    fn special_texts_are_known() {
        assert!(words("No public key").is_configuration() && words("INVALID SIGNATURE").is_configuration());
        assert!(words("Order not found").is_not_found() && !words("Token not found").is_not_found());
        assert!(words("Duplicate merchantReference").is_duplicate());
        assert!(words("merchantReference already exists").is_duplicate());
        assert!(!words("Card does not exist").is_duplicate());
        assert!(words("Token not found").is_dead_token() && words("invalid token").is_dead_token());
        assert!(!words("Order not found").is_dead_token());
    }
}
