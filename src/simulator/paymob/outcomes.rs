//! Test cards and test amounts: how to make things happen.
//!
//! The first three cards are the provider's own (§16); it publishes none that are declined, so the
//! others are ours. Any outcome can be provoked by an amount whose last six digits are `99NNNN`:
//! `990051` lacks funds. Captures, voids and refunds obey the amount as well.

use crate::simulator::card::{Card, outcome_asked_by};

/// What the card gateway and the acquirer say (§9.3).
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `NNNN` of the amount that asks for it.
    pub number: u16,
    pub code: &'static str,
    pub acquirer_code: &'static str,
    pub message: &'static str,
    /// Whether it is an error of processing (`error_occured`).
    pub is_error: bool,
    /// Whether nobody knows yet: pending until the clock decides.
    pub is_undecided: bool,
}

const fn refusal(
    number: u16,
    code: &'static str,
    acquirer_code: &'static str,
    message: &'static str,
) -> Outcome {
    Outcome { number, code, acquirer_code, message, is_error: false, is_undecided: false }
}

/// The one success.
pub static APPROVED: Outcome = refusal(0, "APPROVED", "00", "Approved");
/// The customer failed to authenticate (sample 40, 3ds failed).
pub static NOT_AUTHENTICATED: Outcome = refusal(1_000, "AUTHENTICATION_FAILED", "-", "Authentication failed");
/// The customer said no.
pub static CANCELLED: Outcome = refusal(1_001, "CANCELLED", "-", "Cancelled");
/// A wrong security code.
static WRONG_CVC: Outcome = refusal(82, "INVALID_CSC", "82", "Invalid security code");
/// A card beyond its month.
static EXPIRED: Outcome = refusal(54, "EXPIRED_CARD", "54", "Expired card");

/// Everything else, by the number of the amount.
static OUTCOMES: &[Outcome] = &[
    refusal(1, "REFERRED", "01", "Refer to issuer"),
    refusal(5, "DECLINED", "05", "Do not honour"),
    refusal(11, "11", "-", "Transaction did not pass risk checks"),
    refusal(14, "DECLINED", "14", "Invalid card number"),
    refusal(41, "DECLINED_DO_NOT_CONTACT", "41", "Declined"),
    refusal(51, "INSUFFICIENT_FUNDS", "51", "Insufficient funds"),
    refusal(54, "EXPIRED_CARD", "54", "Expired card"),
    refusal(57, "NOT_SUPPORTED", "57", "Declined"),
    refusal(59, "BLOCKED", "59", "Declined"),
    refusal(61, "EXCEEDED_RETRY_LIMIT", "61", "Declined"),
    refusal(82, "INVALID_CSC", "82", "Invalid security code"),
    refusal(94, "DUPLICATE", "94", "Duplicate"),
    Outcome {
        number: 91,
        code: "TIMED_OUT",
        acquirer_code: "91",
        message: "Timed out",
        is_error: true,
        is_undecided: false,
    },
    Outcome {
        number: 96,
        code: "ACQUIRER_SYSTEM_ERROR",
        acquirer_code: "96",
        message: "Acquirer system error",
        is_error: true,
        is_undecided: false,
    },
    Outcome {
        number: 200,
        code: "PENDING",
        acquirer_code: "-",
        message: "Pending",
        is_error: false,
        is_undecided: true,
    },
];

/// A test card.
#[derive(Debug)]
pub struct TestCard {
    pub number: &'static str,
    pub meaning: &'static str,
    outcome: u16,
    /// Whether the bank asks the customer, where the integration does 3-D Secure.
    pub is_challenged: bool,
}

const fn card(number: &'static str, meaning: &'static str, outcome: u16, is_challenged: bool) -> TestCard {
    TestCard { number, meaning, outcome, is_challenged }
}

/// Every card that the test mode knows.
pub static TEST_CARDS: &[TestCard] = &[
    card("5123456789012346", "approved", 0, false),
    card("4111111111111111", "approved", 0, false),
    card("5123450000000008", "asks the customer, then approved", 0, true),
    card("4000000000000002", "declined: do not honour", 5, false),
    card("4000000000009995", "declined: insufficient funds", 51, false),
    card("4000000000000069", "declined: expired card", 54, false),
    card("4100000000000019", "declined by risk checks", 11, false),
    card("4000000000003220", "asks the customer, then declined", 5, true),
];

/// The rule for amounts, in words.
pub const AMOUNT_RULE: &str = "An amount whose last six digits are 99NNNN asks for an outcome: 990051 \
    lacks funds, 990005 is declined, 990011 fails risk checks, 990091 times out, 990200 stays pending.";

/// The outcome of that number.
fn numbered(number: u16) -> Option<&'static Outcome> {
    OUTCOMES.iter().find(|outcome| outcome.number == number)
}

/// What an amount asks for.
pub fn asked_by(amount: i64) -> Option<&'static Outcome> {
    numbered(outcome_asked_by(amount)?)
}

/// The test card of that number.
pub fn test_card(number: &str) -> Option<&'static TestCard> {
    TEST_CARDS.iter().find(|card| card.number == number)
}

/// What becomes of a payment with a card. A security code is only there where somebody typed it.
pub fn of_card(card: &Card, cvc: Option<&str>, amount: i64, now: jiff::Timestamp) -> &'static Outcome {
    if let Some(asked) = asked_by(amount) {
        return asked;
    }
    if card.is_expired(now) {
        return &EXPIRED;
    }
    if cvc.is_some_and(|cvc| cvc != "123") {
        return &WRONG_CVC;
    }
    let known = test_card(&card.number).map_or(5, |card| card.outcome);
    numbered(known).unwrap_or(&APPROVED)
}
