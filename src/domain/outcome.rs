//! What a provider can truthfully tell us, in our words.
//!
//! A decline is an outcome. So is "still open" and "no such payment". What is not an outcome is
//! getting no answer, or one that makes no sense: those are faults, and they live with the
//! provider contract, because they are about talking and not about money.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::card::{CardSummary, SavedCard};
use super::money::Money;
use super::secret::Secret;
use super::words::worded;

/// How to find a payment at its provider afterwards. Learned before money moves, journaled with
/// the permit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// Our reference, as we gave it to the provider.
    pub reference: String,
    /// The provider's id of the session, checkout or intention.
    pub session: Option<String>,
    /// The provider's secret handle of the session, where it has one that opens the session.
    pub session_key: Option<Secret<String>>,
    /// The provider's id of the transaction.
    pub transaction: Option<String>,
    /// The provider's id of the order, where that is another thing.
    pub order: Option<String>,
    /// The provider's customer.
    pub customer: Option<String>,
    /// Further ids of this provider, by its own names.
    pub more: BTreeMap<String, String>,
}

impl Trace {
    /// A trace that knows nothing but our own reference.
    #[must_use]
    pub fn by_reference(reference: impl Into<String>) -> Self {
        Self { reference: reference.into(), ..Self::default() }
    }

    /// Takes over what `newer` knows; what it does not know stays (an answer without an id must
    /// not erase the id that an earlier one gave).
    pub fn learn(&mut self, newer: Self) {
        fn keep<T>(known: &mut Option<T>, newer: Option<T>) {
            if newer.is_some() {
                *known = newer;
            }
        }
        if self.reference.is_empty() {
            self.reference = newer.reference;
        }
        keep(&mut self.session, newer.session);
        keep(&mut self.session_key, newer.session_key);
        keep(&mut self.transaction, newer.transaction);
        keep(&mut self.order, newer.order);
        keep(&mut self.customer, newer.customer);
        self.more.extend(newer.more);
    }
}

/// Everything that an operation can come to.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)] // One exists at a time, and the large one is the usual one.
pub enum Outcome {
    /// A session is open at the provider.
    SessionOpened(SessionOpened),
    /// Where a payment stands: after a charge, a confirmation, an inquiry, a session read.
    Payment(PaymentReport),
    /// Where one capture, void or refund stands.
    Movement(MovementReport),
    /// The session is closed, and no payment came of it.
    SessionClosed,
    /// The token is gone at the provider, or was never kept there.
    TokenDeleted,
    /// The provider has nothing under this trace. Evidence only after a grace period.
    Absent,
}

/// A session that a customer can use now.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionOpened {
    /// How to find it again.
    pub trace: Trace,
    /// What the customer has to do.
    pub next_action: NextAction,
    /// When the provider closes it, where it says so.
    pub expires_at: Option<Timestamp>,
}

/// What the customer, or the merchant's page, has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextAction {
    /// Send the browser to this address. Opaque; may be on any host.
    Redirect {
        /// The address.
        url: String,
    },
    /// Collect the card on the merchant's own page, encrypted with this key.
    CollectCard {
        /// The public key in the provider's form; empty where cards may come in clear.
        public_key: String,
        /// Which key it is.
        key_id: Option<String>,
        /// How to encrypt, in the provider's words.
        algorithm: String,
        /// When the key or the session ends.
        expires_at: Option<Timestamp>,
    },
    /// Show the customer how to pay: a transfer number, a code.
    Instructions {
        /// Label to text.
        details: BTreeMap<String, String>,
    },
}

/// Where a payment stands, as the provider sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct PaymentReport {
    /// Where it stands.
    pub standing: Standing,
    /// What the answer says about what was asked; compared before anything is believed.
    pub seen: Seen,
    /// Totals, where the answer has them.
    pub totals: SeenTotals,
    /// Ids learned.
    pub trace: Trace,
    /// What may be shown of the card.
    pub card: Option<CardSummary>,
    /// Cards that were saved.
    pub saved: Vec<SavedCard>,
    /// Whether a saved card may still follow although the payment is settled: the provider tells of
    /// it later and elsewhere, so it is asked again for a while.
    pub saved_may_follow: bool,
    /// The card scheme's transaction id.
    pub network_transaction_id: Option<String>,
    /// The issuer's approval code.
    pub approval_code: Option<String>,
    /// Where single captures and refunds stand, where the answer lists them, by the reference
    /// that we gave them or by the provider's id.
    pub movements: Vec<MovementReport>,
}

impl PaymentReport {
    /// A report that says where a payment stands and nothing else yet.
    #[must_use]
    pub fn new(standing: Standing) -> Self {
        Self {
            standing,
            seen: Seen::default(),
            totals: SeenTotals::default(),
            trace: Trace::default(),
            card: None,
            saved: Vec::new(),
            saved_may_follow: false,
            network_transaction_id: None,
            approval_code: None,
            movements: Vec::new(),
        }
    }
}

/// Where a payment stands. Each value needs the provider's own word for it; a word that an
/// adapter does not know is a fault, never a default.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// The customer has not finished, and still can.
    Open,
    /// The customer has to do something.
    ActionRequired(NextAction),
    /// The provider is at work, or holds it for review.
    Processing,
    /// The money is reserved.
    Authorized,
    /// The money is taken, in whole or part: see the totals.
    Captured,
    /// The card was checked or stored; no money moved and none will.
    Verified,
    /// Refused.
    Declined(Decline),
    /// Nothing was charged, for a technical reason.
    Failed(Failure),
    /// The reservation was given back.
    Voided,
    /// The customer gave up. No money moved.
    Cancelled,
    /// The time ran out. No money moved.
    Expired,
}

/// What an answer repeats of what was asked. Fields that it does not repeat stay `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// The amount of the payment or movement.
    pub money: Option<Money>,
    /// Our reference.
    pub reference: Option<String>,
}

/// Totals of a payment in minor units, where an answer has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeenTotals {
    /// Reserved.
    pub authorized: Option<i64>,
    /// Taken.
    pub captured: Option<i64>,
    /// Given back.
    pub refunded: Option<i64>,
}

/// What we asked, to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The amount.
    pub money: Money,
    /// Our reference.
    pub reference: String,
}

/// An answer that is about something else than what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// `amount`, `currency` or `reference`.
    pub what: &'static str,
    /// What we asked.
    pub asked: String,
    /// What the answer says.
    pub seen: String,
}

impl Asked {
    /// Compares an answer with what was asked.
    ///
    /// # Errors
    /// The first [`Mismatch`], in the order currency, amount, reference.
    pub fn compare(&self, seen: &Seen) -> Result<(), Mismatch> {
        if let Some(money) = seen.money {
            if money.currency() != self.money.currency() {
                return Err(Mismatch {
                    what: "currency",
                    asked: self.money.currency().to_string(),
                    seen: money.currency().to_string(),
                });
            }
            if money.minor() != self.money.minor() {
                return Err(Mismatch {
                    what: "amount",
                    asked: self.money.minor().to_string(),
                    seen: money.minor().to_string(),
                });
            }
        }
        match &seen.reference {
            Some(reference) if *reference != self.reference => Err(Mismatch {
                what: "reference",
                asked: self.reference.clone(),
                seen: reference.chars().take(64).collect(),
            }),
            _ => Ok(()),
        }
    }
}

/// Where one capture, void or refund stands.
#[derive(Debug, Clone, PartialEq)]
pub struct MovementReport {
    /// Where it stands.
    pub standing: MovementStanding,
    /// What the answer repeats of what was asked: the amount of the movement, and the reference
    /// that we gave it.
    pub seen: Seen,
    /// The provider's id of the movement.
    pub provider_id: Option<String>,
    /// Totals of the payment after it, where the answer has them.
    pub totals: SeenTotals,
}

/// Where one capture, void or refund stands.
#[derive(Debug, Clone, PartialEq)]
pub enum MovementStanding {
    /// Accepted; done later.
    Pending,
    /// Done.
    Succeeded,
    /// Not done, and will not be. The payment is as it was.
    Failed(Decline),
}

/// A refusal, in three layers: ours, the provider's, the network's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// Ours.
    pub reason: DeclineReason,
    /// What to do about it.
    pub advice: RetryAdvice,
    /// Not before this time, where somebody said so.
    pub retry_after: Option<Timestamp>,
    /// The provider's code, as it stands.
    pub provider_code: Option<String>,
    /// The provider's words, as they stand; at most 255 characters.
    pub provider_message: Option<String>,
    /// The network's or issuer's response code, where known.
    pub network_code: Option<String>,
    /// The network's merchant advice code, where known.
    pub network_advice: Option<String>,
}

impl Decline {
    /// A decline with its reason's usual advice and nothing of the provider's yet.
    #[must_use]
    pub fn new(reason: DeclineReason, advice: RetryAdvice) -> Self {
        Self {
            reason,
            advice,
            retry_after: None,
            provider_code: None,
            provider_message: None,
            network_code: None,
            network_advice: None,
        }
    }
}

/// When a declined charge may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAdvice {
    /// Never with this token.
    Never,
    /// Later; not at once and not often.
    Later,
    /// Only with the customer present.
    WithCustomer,
    /// With other data: a corrected number, expiry, CVC, address.
    CorrectData,
}

worded! {
    /// Why a charge was refused, in words that are the same for every provider.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum DeclineReason {
        /// No particular reason was given.
        GenericDecline = "generic_decline",
        /// The issuer does not honor it and says no more.
        DoNotHonor = "do_not_honor",
        /// Not enough money.
        InsufficientFunds = "insufficient_funds",
        /// The card has expired.
        ExpiredCard = "expired_card",
        /// The number or its data are wrong.
        InvalidCard = "invalid_card",
        /// There is no such account.
        InvalidAccount = "invalid_account",
        /// The account was closed.
        ClosedAccount = "closed_account",
        /// The card is blocked.
        BlockedCard = "card_blocked",
        /// The card may not be used like this.
        RestrictedCard = "restricted_card",
        /// Reported lost or stolen, or to be kept.
        LostOrStolen = "lost_or_stolen",
        /// Somebody suspects fraud.
        SuspectedFraud = "suspected_fraud",
        /// The provider's or merchant's own risk rules.
        RiskDeclined = "risk_declined",
        /// The issuer wants a call.
        CallIssuer = "call_issuer",
        /// Over an amount limit.
        LimitExceeded = "limit_exceeded",
        /// Used too often.
        VelocityExceeded = "velocity_exceeded",
        /// The issuer does not permit this kind of transaction.
        TransactionNotPermitted = "transaction_not_permitted",
        /// The customer must authenticate.
        AuthenticationRequired = "authentication_required",
        /// The customer failed to authenticate.
        AuthenticationFailed = "authentication_failed",
        /// The card cannot be authenticated.
        AuthenticationUnavailable = "authentication_unavailable",
        /// Authentication broke down technically.
        AuthenticationError = "authentication_error",
        /// Authentication took too long.
        AuthenticationTimeout = "authentication_timeout",
        /// Too many authentications.
        AuthenticationLimit = "authentication_limit",
        /// This kind of authentication is not supported.
        AuthenticationUnsupported = "authentication_unsupported",
        /// The CVC is wrong.
        IncorrectCvc = "incorrect_cvc",
        /// The PIN is wrong or missing.
        IncorrectPin = "incorrect_pin",
        /// The address or CVC check failed.
        AvsCvcDeclined = "avs_cvc_declined",
        /// The issuer cannot be reached.
        IssuerUnavailable = "issuer_unavailable",
        /// A technical error on the way.
        ProcessingError = "processing_error",
        /// The customer said no.
        CustomerCancelled = "customer_cancelled",
        /// The customer never finished.
        Abandoned = "abandoned",
        /// The session or order had run out.
        ExpiredSession = "expired_session",
        /// The amount is not acceptable.
        InvalidAmount = "invalid_amount",
        /// The currency is not acceptable.
        CurrencyNotSupported = "currency_not_supported",
        /// The saved card cannot be used any more.
        TokenInvalid = "token_invalid",
        /// The same was asked before.
        DuplicateTransaction = "duplicate_transaction",
        /// The merchant's set-up at the provider is wrong.
        ConfigurationError = "configuration_error",
        /// The request was wrong.
        InvalidRequest = "invalid_request",
        /// The wallet's data are wrong.
        InvalidWalletData = "invalid_wallet_data",
        /// The customer's data are wrong.
        InvalidCustomerData = "invalid_customer_data",
    }
}

/// Why nothing was charged although nobody declined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub reason: FailureReason,
    /// The provider's code, as it stands.
    pub provider_code: Option<String>,
    /// The provider's words, as they stand; at most 255 characters.
    pub provider_message: Option<String>,
}

/// Why nothing was charged although nobody declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureReason {
    /// The provider refused our request as such.
    Rejected,
    /// The provider refused our credentials.
    CredentialsRejected,
    /// Nothing left this process.
    NotSent,
    /// The provider, asked after the grace period, has no such payment.
    NotFound,
    /// The provider says that it broke down and that nothing was charged.
    ProviderError,
    /// The provider does not support it.
    Unsupported,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;

    #[test]
    fn words_of_reasons_are_unique_and_found_again() {
        for reason in DeclineReason::ALL {
            assert_eq!(DeclineReason::from_word(reason.word()), Some(*reason));
        }
    }

    #[test]
    fn an_answer_about_something_else_is_named() {
        let nok = |minor| Money::new(minor, Currency::parse("NOK").expect("NOK")).expect("money");
        let asked = Asked { money: nok(100), reference: "pay1".to_owned() };
        let seen = |money, reference: Option<&str>| Seen { money, reference: reference.map(str::to_owned) };
        assert_eq!(asked.compare(&seen(None, None)), Ok(()));
        assert_eq!(asked.compare(&seen(Some(nok(100)), Some("pay1"))), Ok(()));
        assert_eq!(asked.compare(&seen(Some(nok(101)), None)).unwrap_err().what, "amount");
        assert_eq!(asked.compare(&seen(None, Some("pay2"))).unwrap_err().what, "reference");
        let sek = Money::new(100, Currency::parse("SEK").expect("SEK")).expect("money");
        assert_eq!(asked.compare(&seen(Some(sek), None)).unwrap_err().what, "currency");
    }

    #[test]
    fn an_answer_without_an_id_does_not_erase_one() {
        let mut trace = Trace::by_reference("pay1");
        trace.learn(Trace { transaction: Some("t1".to_owned()), ..Trace::default() });
        trace.learn(Trace { order: Some("o1".to_owned()), ..Trace::default() });
        assert_eq!(trace.reference, "pay1");
        assert_eq!(trace.transaction.as_deref(), Some("t1"));
        assert_eq!(trace.order.as_deref(), Some("o1"));
    }
}
