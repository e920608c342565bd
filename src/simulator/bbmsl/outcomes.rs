//! What a card does. No test card of the provider is public (§16), so these are the simulator's own:
//! the numbers of the samples where they have one, else common test numbers.

use crate::simulator::card::{Card, outcome_asked_by};

/// What happens to a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Paid.
    Approve,
    /// Rejected by the issuer: code and message.
    Decline(&'static str, &'static str),
    /// Not done for a technical reason.
    Fail,
    /// Decided later.
    Process,
}

/// A test card.
pub struct TestCard {
    /// The number.
    pub number: &'static str,
    /// What it does, for people.
    pub meaning: &'static str,
    /// What a charge comes to.
    pub outcome: Outcome,
    /// Whether the bank asks on a page.
    pub is_challenged: bool,
    /// Whether it can be stored: some cards are refused only when they are charged.
    pub can_be_stored: bool,
}

const fn card(number: &'static str, meaning: &'static str, outcome: Outcome) -> TestCard {
    TestCard { number, meaning, outcome, is_challenged: false, can_be_stored: true }
}

/// The cards that a page knows; all others are refused there.
pub const TEST_CARDS: &[TestCard] = &[
    card("4111111111111111", "Visa, approved", Outcome::Approve),
    card("5555555555554444", "Mastercard, approved", Outcome::Approve),
    card("4000000000001000", "approved; authenticated without a challenge", Outcome::Approve),
    TestCard {
        is_challenged: true,
        ..card("4000000000001091", "3-D Secure challenge, then approved", Outcome::Approve)
    },
    TestCard {
        can_be_stored: false,
        ..card("4000000000000002", "declined everywhere", Outcome::Decline("9901", "Transaction declined"))
    },
    card("4000000000000341", "stored, then declined", Outcome::Decline("9901", "Transaction declined")),
    card(
        "4000000000009995",
        "stored, then insufficient funds",
        Outcome::Decline("9901", "Insufficient funds"),
    ),
    card("4000000000000069", "stored, then expired", Outcome::Decline("9901", "Expired card")),
    card("4000000000009979", "stored, then stolen", Outcome::Decline("9901", "Stolen card")),
    card("4000000000000119", "stored, then stays in process", Outcome::Process),
];

/// A rule about amounts, for people.
pub const AMOUNT_RULE: &str = "An amount whose last six digits in cents are 99NNNN asks for an outcome: \
    990005 declined, 990051 insufficient funds, 990054 expired, 990043 stolen, 990061 over a limit, \
    990065 authentication required, 990096 technical failure, 990068 in process.";

/// The card of that number.
pub fn test_card(number: &str) -> Option<&'static TestCard> {
    TEST_CARDS.iter().find(|card| card.number == number)
}

/// What a charge of this amount to this card comes to.
pub fn of(card: &Card, amount_minor: i64) -> Outcome {
    let by_amount = outcome_asked_by(amount_minor).and_then(|code| {
        Some(match code {
            5 => Outcome::Decline("9901", "Transaction declined"),
            43 => Outcome::Decline("9901", "Stolen card"),
            51 => Outcome::Decline("9901", "Insufficient funds"),
            54 => Outcome::Decline("9901", "Expired card"),
            61 => Outcome::Decline("9901", "Exceeds amount limit"),
            65 => Outcome::Decline("9901", "Authentication required"),
            68 => Outcome::Process,
            96 => Outcome::Fail,
            _ => return None,
        })
    });
    let by_card = test_card(&card.number).map(|card| card.outcome);
    by_amount.or(by_card).unwrap_or(Outcome::Decline("9901", "Transaction declined"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_card_is_a_card_and_stands_once() {
        for (place, card) in TEST_CARDS.iter().enumerate() {
            assert!(
                Card::new(card.number, "12", "2035", None).expect("a card").passes_luhn(),
                "{}",
                card.number
            );
            assert!(TEST_CARDS.iter().skip(place + 1).all(|other| other.number != card.number));
        }
    }
}
