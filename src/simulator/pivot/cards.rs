//! What the test cards of the sandbox do (§19), and what a failure looks like (§17).

use crate::simulator::card::Card;

/// What becomes of an attempt to pay by card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Approved without a challenge.
    Approved,
    /// Approved after a challenge; without 3-D Secure, approved at once.
    Challenged,
    /// Refused.
    Refused(Failure),
    /// Somebody looks at it first.
    Review,
    /// A foreign card: approved, but only with a billing address.
    Foreign,
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// `failureCode`.
    pub code: &'static str,
    /// The issuer's code; empty where the issuer was not asked.
    pub issuer: &'static str,
    /// `failureMessage`.
    pub message: &'static str,
    /// `recommendation`.
    pub recommendation: &'static str,
}

const fn failure(
    code: &'static str,
    issuer: &'static str,
    message: &'static str,
    recommendation: &'static str,
) -> Failure {
    Failure { code, issuer, message, recommendation }
}

/// The customer gave up.
pub const CANCELLED: Failure = failure(
    "CANCELLED_BY_USER",
    "",
    "Payment failed. The payer cancelled the authentication.",
    "Try again, or use another payment method.",
);
/// The customer failed to authenticate (sample 43).
pub const AUTHENTICATION: Failure = failure(
    "AUTHENTICATION_FAILED",
    "",
    "CARD authentication failed. The 3DS attempt was rejected by the issuer.",
    "Use another payment method.",
);
const DECLINED: Failure = failure(
    "DECLINED_BY_CHANNEL",
    "05",
    "CARD payment failed. The transaction was declined by the channel",
    "Contact the issuer.",
);
const EXPIRED: Failure =
    failure("DECLINED_BY_CHANNEL", "54", "CARD payment failed. The card is expired.", "Use another card.");
const CVV: Failure = failure(
    "DECLINED_BY_CHANNEL",
    "82",
    "CARD payment failed. The CVV is invalid.",
    "Check the security code and try again.",
);
const ACCOUNT: Failure = failure(
    "INVALID_ACCOUNT",
    "14",
    "CARD payment failed. The card number is invalid.",
    "Check the card details.",
);
const STOLEN: Failure = failure(
    "SUSPECTED_FRAUD",
    "43",
    "CARD payment failed. The transaction was declined by the issuer due to the card being marked as stolen \
     or potential fraud.",
    "Refer the payer to the issuer.",
);
const FRAUD: Failure = failure(
    "SUSPECTED_FRAUD",
    "59",
    "CARD payment failed. The transaction was declined by the channel due to suspected fraud.",
    "Do not try again.",
);
const RISK: Failure = failure(
    "BLOCKED_BY_FDS",
    "",
    "CARD payment failed. Blocked by the fraud detection.",
    "Do not try again.",
);
const FUNDS: Failure = failure(
    "INSUFFICIENT_FUND",
    "51",
    "CARD payment failed. The transaction was declined by the issuer due to credit limit or balance is not \
     sufficient.",
    "Try again after adding funds, or use another payment method.",
);
const UNAVAILABLE: Failure = failure(
    "CHANNEL_UNAVAILABLE",
    "91",
    "CARD payment failed. The issuer cannot be reached.",
    "Try again later.",
);

/// Scenario, its meaning, and the numbers that play it: Visa, Mastercard, JCB.
const TABLE: &[(Scenario, &str, [&str; 3])] = &[
    (Scenario::Approved, "approved", ["4440000112200001", "5550000112230001", "3550000112280001"]),
    (
        Scenario::Challenged,
        "approved after a challenge",
        ["4440000112290002", "5550000112220002", "3550000112270002"],
    ),
    (Scenario::Refused(DECLINED), "declined", ["4440000334480001", "5550000334410001", "3550000334460001"]),
    (
        Scenario::Refused(EXPIRED),
        "expired card",
        ["4440000334470002", "5550000334400002", "3550000334450002"],
    ),
    (Scenario::Refused(CVV), "wrong CVV", ["4440000334460003", "5550000334490003", "3550000334440003"]),
    (
        Scenario::Refused(ACCOUNT),
        "invalid account",
        ["4440000334450004", "5550000334480004", "3550000334430004"],
    ),
    (
        Scenario::Refused(AUTHENTICATION),
        "3-D Secure fails",
        ["4440000334440005", "5550000334470005", "3550000334420005"],
    ),
    (Scenario::Refused(STOLEN), "stolen", ["4440000334430006", "5550000334460006", "3550000334410006"]),
    (
        Scenario::Refused(FRAUD),
        "suspected fraud",
        ["4440000334420007", "5550000334450007", "3550000334400007"],
    ),
    (
        Scenario::Refused(RISK),
        "blocked by risk rules",
        ["4440000334410008", "5550000334440008", "3550000334490008"],
    ),
    (Scenario::Review, "held for review", ["4440000334400009", "5550000334430009", "3550000334480009"]),
    (
        Scenario::Refused(FUNDS),
        "insufficient funds",
        ["4440000334470010", "5550000334400010", "3550000334450010"],
    ),
    (
        Scenario::Refused(UNAVAILABLE),
        "issuer unavailable",
        ["4440000334460011", "5550000334490011", "3550000334440011"],
    ),
    (
        Scenario::Refused(CANCELLED),
        "the payer gives up",
        ["4440000334450012", "5550000334480012", "3550000334430012"],
    ),
    (
        Scenario::Foreign,
        "foreign, wants a billing address",
        ["4448100334430014", "5558100334460014", "3558100334410014"],
    ),
];

/// What a card does. A number that is in no table works if its check digit is right.
pub fn scenario(card: &Card, is_expired: bool) -> Scenario {
    if is_expired {
        return Scenario::Refused(EXPIRED);
    }
    let known = TABLE.iter().find(|(_, _, numbers)| numbers.contains(&card.number.as_str()));
    match known {
        Some((scenario, _, _)) => *scenario,
        None if card.passes_luhn() => Scenario::Approved,
        None => Scenario::Refused(ACCOUNT),
    }
}

/// One card of each scenario with its meaning, for the page.
pub fn shown() -> Vec<(&'static str, &'static str)> {
    TABLE.iter().map(|(_, meaning, [visa, ..])| (*visa, *meaning)).collect()
}

/// The card's network.
pub fn brand(card: &Card) -> &'static str {
    match card.first(1) {
        "4" => "VISA",
        "5" => "MASTERCARD",
        "3" => "JCB",
        _ => "OTHER",
    }
}

/// What a wallet does with the phone number it is asked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wallet {
    /// Paid, as with every other number.
    Paid,
    /// Still at work.
    Processing,
    /// The customer says no.
    Refused,
    /// Nobody answers.
    Expired,
}

/// What a wallet does with a number.
pub fn wallet(phone: &str) -> Wallet {
    match phone {
        "08111111002" => Wallet::Processing,
        "08111111003" => Wallet::Refused,
        "08111111004" => Wallet::Expired,
        _ => Wallet::Paid,
    }
}
