//! What providers answered.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Malformed, Stored, is_default};
use crate::domain::outcome::{
    Decline, DeclineReason, Failure, FailureReason, Mismatch, NextAction, RetryAdvice, Trace,
};
use crate::domain::secret::Secret;

record!(Trace => TraceForm {} optional {
    reference: String,
    session: Option<String>,
    session_key: Option<Secret<String>>,
    transaction: Option<String>,
    order: Option<String>,
    customer: Option<String>,
    more: BTreeMap<String, String>,
});

record!(Decline => DeclineForm {
    reason: DeclineReason,
    advice: RetryAdvice,
} optional {
    retry_after: Option<Timestamp>,
    provider_code: Option<String>,
    provider_message: Option<String>,
    network_code: Option<String>,
    network_advice: Option<String>,
});

record!(Failure => FailureForm {
    reason: FailureReason,
} optional {
    provider_code: Option<String>,
    provider_message: Option<String>,
});

words!(RetryAdvice {
    Never = "never",
    Later = "later",
    WithCustomer = "with_customer",
    CorrectData = "correct_data",
});
words!(FailureReason {
    Rejected = "rejected",
    CredentialsRejected = "credentials_rejected",
    NotSent = "not_sent",
    NotFound = "not_found",
    ProviderError = "provider_error",
    Unsupported = "unsupported",
});

own_words!(DeclineReason);

/// The written form of [`NextAction`].
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextActionForm {
    Redirect {
        url: String,
    },
    CollectCard {
        public_key: String,
        #[serde(default, skip_serializing_if = "is_default")]
        key_id: Option<String>,
        algorithm: String,
        #[serde(default, skip_serializing_if = "is_default")]
        expires_at: Option<Timestamp>,
    },
    Instructions {
        details: BTreeMap<String, String>,
    },
}

impl Stored for NextAction {
    type Form = NextActionForm;

    fn write(self) -> Self::Form {
        match self {
            Self::Redirect { url } => NextActionForm::Redirect { url },
            Self::CollectCard { public_key, key_id, algorithm, expires_at } => {
                NextActionForm::CollectCard { public_key, key_id, algorithm, expires_at }
            }
            Self::Instructions { details } => NextActionForm::Instructions { details },
        }
    }

    fn read(form: Self::Form) -> Result<Self, Malformed> {
        Ok(match form {
            NextActionForm::Redirect { url } => Self::Redirect { url },
            NextActionForm::CollectCard { public_key, key_id, algorithm, expires_at } => {
                Self::CollectCard { public_key, key_id, algorithm, expires_at }
            }
            NextActionForm::Instructions { details } => Self::Instructions { details },
        })
    }
}

/// The written form of [`Mismatch`].
#[derive(PartialEq, Serialize, Deserialize)]
pub struct MismatchForm {
    what: Cow<'static, str>,
    asked: String,
    seen: String,
}

impl Stored for Mismatch {
    type Form = MismatchForm;

    fn write(self) -> MismatchForm {
        let Self { what, asked, seen } = self;
        MismatchForm { what: Cow::Borrowed(what), asked, seen }
    }

    fn read(form: MismatchForm) -> Result<Self, Malformed> {
        let MismatchForm { what, asked, seen } = form;
        // A word of a later version must not make the whole payment unreadable.
        let what = ["amount", "currency", "reference"].into_iter().find(|known| *known == what);
        let what = what.unwrap_or("another field");
        Ok(Self { what, asked, seen })
    }
}
