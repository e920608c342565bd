//! Result codes, test cards and test amounts: how to make things happen.
//!
//! The cards and the codes are the provider's own (§8.4, §10). Any code can be provoked in two
//! ways: by `additional_data.expected_bank_code` (the provider's own, for checkouts; accepted
//! here for every request), and by an amount whose last six digits are `99NNNN`, which asks for
//! code `NNNN` of [`CODES`]: `990114` is declined with `F.0114`, `994012` wants 3-D Secure,
//! `999999` is `P.9999`. Captures, voids and refunds obey the amount as well.

use crate::simulator::card::outcome_asked_by;

/// What a result code comes with.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `NNNN` of `F.NNNN`.
    pub digits: u16,
    /// The merchant's message.
    pub message: &'static str,
    /// What the issuer answers; the samples' where they have one.
    pub bank_code: &'static str,
}

const fn code(digits: u16, message: &'static str, bank_code: &'static str) -> Code {
    Code { digits, message, bank_code }
}

/// Every code of §8.4 that can come of a card.
pub const CODES: &[Code] = &[
    code(1, "Authorization error.", "05"),
    code(2, "Do not honor.", "05"),
    code(3, "Expired card.", "54"),
    code(4, "Order not found.", "12"),
    code(5, "Order expired.", "12"),
    code(6, "CVV verification failed.", "82"),
    code(100, "Account blocked.", "62"),
    code(101, "Account not found.", "14"),
    code(102, "Acquirer authorization error.", "58"),
    code(103, "Acquirer signature error.", "58"),
    code(104, "Transaction is not permitted.", "57"),
    code(105, "Do not honor. Contact the payment service provider for details.", "05"),
    code(106, "Terminal error.", "58"),
    code(107, "Bad merchant account.", "03"),
    code(108, "Duplicate order.", "94"),
    code(109, "Order expired. Failed to complete the transaction.", "12"),
    code(110, "Order id not found.", "12"),
    code(111, "Card is expired.", "54"),
    code(112, "CVV verification failed. Ask the customer to enter the valid card CVV.", "82"),
    code(113, "Currency is not supported.", "12"),
    code(
        114,
        "Insufficient funds. Check the account balance or contact the payment service provider \
         for details.",
        "51",
    ),
    code(115, "Acquirer error. Potential fraud.", "41"),
    code(116, "Issuer error. Potential fraud.", "43"),
    code(117, "Temporary provider system error.", "96"),
    code(118, "Provider system error.", "96"),
    code(119, "Temporary issuer system error.", "91"),
    code(120, "Issuer system error.", "91"),
    code(121, "Temporary system error of the customer's provider.", "96"),
    code(122, "System error of the customer's provider.", "96"),
    code(123, "Provider limit exceeded.", "61"),
    code(124, "Issuer limit exceeded.", "61"),
    code(125, "Payment service provider limit exceeded.", "65"),
    code(126, "Wallet data error.", "12"),
    code(127, "Invalid card data.", "14"),
    code(128, "Invalid parameters.", "12"),
    code(129, "Provider 3-D Secure error.", "05"),
    code(130, "Issuer 3-D Secure error.", "05"),
    code(131, "Transaction is not confirmed.", "05"),
    code(132, "Rejected by the customer.", "05"),
    code(133, "Wrong phone number.", "12"),
    code(134, "Wrong SMS code.", "05"),
    code(135, "An earlier transaction is still open.", "05"),
    code(996, "Verification service refused the transaction.", "59"),
    code(997, "Unknown reason.", "05"),
    code(998, "Transaction failed. The customer did not complete the payment.", ""),
    code(999, "Unknown reason.", "05"),
    code(2001, "Routing service failure.", ""),
    code(2002, "Routing service failure.", ""),
    code(2003, "Routing service failure.", ""),
    code(2004, "Routing service failure.", ""),
    code(2005, "Routing service failure.", ""),
    code(2006, "Refused by security rules.", ""),
    code(2007, "Refused by security rules.", ""),
    code(2008, "Refused by risk management.", ""),
    code(2009, "Refused by risk management.", ""),
    code(2010, "No active acquirer channel.", ""),
    code(2011, "No free acquirer channel.", ""),
    code(2012, "Refused by risk management.", ""),
    code(2401, "Account is not authorised.", ""),
    code(2403, "Account is blocked.", ""),
    code(2404, "Account is missing.", ""),
    code(4001, "Card authentication failed, and the transaction cannot be completed.", ""),
    code(4002, "Card is not enrolled in 3-D Secure.", ""),
    code(4003, "3-D Secure technical error.", ""),
    code(4004, "3-D Secure technical error.", ""),
    code(4005, "3-D Secure technical error.", ""),
    code(4006, "Refused by the shop's 3-D Secure rules.", ""),
    code(4007, "3-D Secure technical error.", ""),
    code(4008, "3-D Secure technical error.", ""),
    code(4009, "3-D Secure technical error.", ""),
    code(4010, "3-D Secure technical error.", ""),
    code(4011, "Redirect to pass 3-D Secure verification.", ""),
    code(4012, "Redirect to pass 3-D Secure verification.", ""),
    code(4013, "Card authentication failed.", ""),
    code(4014, "Unknown device.", ""),
    code(4015, "Unsupported device.", ""),
    code(4016, "Too many authentications.", ""),
    code(4017, "Card is expired.", ""),
    code(4018, "Invalid card number.", ""),
    code(4019, "Invalid transaction.", ""),
    code(4020, "Invalid card number.", ""),
    code(4021, "Card authentication failed.", ""),
    code(4022, "Stolen card.", ""),
    code(4023, "Suspected fraud.", ""),
    code(4024, "Transaction is not permitted to the cardholder.", ""),
    code(4025, "Card is not enrolled in 3-D Secure.", ""),
    code(4026, "Authentication timed out at the issuer.", ""),
    code(4027, "Card authentication failed.", ""),
    code(4028, "Card authentication failed.", ""),
    code(4029, "Card authentication failed.", ""),
    code(4030, "Card authentication failed.", ""),
    code(4031, "Too many authentications.", ""),
    code(4032, "Non-payment authentication is not supported.", ""),
    code(4033, "3RI authentication is not supported.", ""),
    code(4034, "3-D Secure technical error.", ""),
    code(4035, "Decoupled authentication failed.", ""),
    code(4036, "Decoupled authentication failed.", ""),
    code(4037, "Decoupled authentication failed.", ""),
    code(4038, "Authentication was not performed.", ""),
    code(4039, "3-D Secure technical error.", ""),
    code(4040, "3-D Secure technical error.", ""),
    code(5100, "Saved card can't be used.", ""),
    code(5101, "Saved card can't be used.", ""),
    code(6001, "Refused by AVS/CVC rules.", "82"),
    code(9998, "Incomplete transaction", ""),
    code(9999, "Unknown state of the transaction", ""),
];

/// The table's entry for a code.
pub fn find(digits: u16) -> Option<&'static Code> {
    CODES.iter().find(|code| code.digits == digits)
}

/// The code an amount asks for, if it is in the table.
pub fn asked_by(amount_minor: i64) -> Option<u16> {
    outcome_asked_by(amount_minor).filter(|digits| find(*digits).is_some())
}

/// The digits of `F.0114`, `0114` or `S.0000` as `expected_bank_code` may be written.
pub fn digits_of(expected: &str) -> Option<u16> {
    let digits = expected.rsplit('.').next()?;
    let is_code = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| digits.parse().ok())?
}

/// Codes that are nobody's decline but technical trouble: such a customer is sent to `fail_url`.
pub fn is_technical(digits: u16) -> bool {
    matches!(digits, 102 | 103 | 106 | 107 | 117..=122 | 2001..=2005 | 2010 | 2011 | 2401..=2404)
        || matches!(digits, 4003..=4005 | 4007..=4010 | 4034 | 4039 | 4040)
}

/// What 3-D Secure says about a test card, on a shop that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secure {
    /// The card takes no part in it.
    None,
    /// Authenticated without the customer noticing: `Y` or `A`.
    Frictionless(&'static str),
    /// The customer is asked.
    Challenge,
    /// `U`, `R` or `N`: it fails.
    Fails(&'static str),
}

/// A test card.
#[derive(Debug, PartialEq, Eq)]
pub struct TestCard {
    /// The number.
    pub number: &'static str,
    /// On a shop with 3-D Secure.
    pub secure: Secure,
    /// Whether the issuer approves it.
    pub is_approved: bool,
    /// For the hosted page.
    pub meaning: &'static str,
}

const fn card(number: &'static str, secure: Secure, is_approved: bool, meaning: &'static str) -> TestCard {
    TestCard { number, secure, is_approved, meaning }
}

/// The test cards (§10). On a shop without 3-D Secure only the issuer's answer counts.
pub const TEST_CARDS: &[TestCard] = &[
    card("4200000000000000", Secure::None, true, "successful, no 3-D Secure"),
    card("4005550000000019", Secure::None, false, "declined, no 3-D Secure"),
    card("4012000000001006", Secure::Frictionless("Y"), true, "3-D Secure without a challenge"),
    card("5204240000015003", Secure::Frictionless("Y"), true, "3-D Secure without a challenge"),
    card("4012000000001055", Secure::Frictionless("A"), true, "3-D Secure attempted"),
    card("5204240000015011", Secure::Frictionless("A"), true, "3-D Secure attempted"),
    card("4012000000001097", Secure::Challenge, true, "3-D Secure challenge"),
    card("5204240000015029", Secure::Challenge, true, "3-D Secure challenge"),
    card("4012000000003010", Secure::Challenge, true, "3-D Secure challenge (older number)"),
    card("4012000000001022", Secure::Fails("U"), true, "3-D Secure unavailable: declined"),
    card("5204240000015045", Secure::Fails("U"), true, "3-D Secure unavailable: declined"),
    card("4012000000001030", Secure::Fails("R"), true, "3-D Secure rejected: declined"),
    card("5204240000015052", Secure::Fails("R"), true, "3-D Secure rejected: declined"),
    card("4012000000001014", Secure::Fails("N"), true, "3-D Secure not passed: declined"),
    card("5204240000015060", Secure::Fails("N"), true, "3-D Secure not passed: declined"),
];

/// The test card with this number.
pub fn test_card(number: &str) -> Option<&'static TestCard> {
    TEST_CARDS.iter().find(|card| card.number == number)
}

/// One line for the hosted page.
pub const AMOUNT_RULE: &str = "An amount whose last six digits are 99NNNN asks for result code \
    NNNN: 990114 insufficient funds, 990111 card expired, 990116 suspected fraud, 990117 \
    temporary error, 994012 wants 3-D Secure, 999999 unknown state. The whole table is in the \
    simulator's source, begateway/codes.rs.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_asked_for_by_amount_or_by_name() {
        assert_eq!(asked_by(990_114), Some(114));
        assert_eq!(asked_by(5_999_999), Some(9_999));
        assert_eq!(asked_by(4_990), None);
        assert_eq!(asked_by(997_777), None, "7777 is in no table");
        assert_eq!(digits_of("F.0114"), Some(114));
        assert_eq!(digits_of("0114"), Some(114));
        assert_eq!(digits_of("S.0000"), Some(0));
        assert_eq!(digits_of("05"), None);
    }

    #[test]
    fn codes_are_listed_once_and_in_order() {
        let digits: Vec<u16> = CODES.iter().map(|code| code.digits).collect();
        assert!(digits.is_sorted_by(|one, other| one < other));
    }
}
