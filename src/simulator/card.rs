//! A payment card as a page or an API receives it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::contract::Payment;
use super::redact::passes_luhn;

/// A card whose fields make sense; whether it works is each provider's business.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// 12 to 19 digits without spaces.
    pub number: String,
    /// 1 to 12.
    pub expiry_month: i8,
    /// Four digits.
    pub expiry_year: i16,
    /// The name on it, as given.
    pub holder: Option<String>,
}

// A card number is never for a log, not even a test card's.
impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Card(…{})", self.last_4())
    }
}

/// What is wrong with a card's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// Not 12 to 19 digits, or a wrong check digit.
    Number,
    /// Not a month and a year.
    Expiry,
    /// Not three or four digits.
    Cvc,
}

impl Card {
    /// Reads number and expiry as typed (`4200 0000…`, `12/2030`, `12/30`).
    pub fn from_payment(payment: &Payment) -> Result<Card, Invalid> {
        let number = payment.card.as_deref().unwrap_or_default();
        let expiry = payment.expiry.as_deref().unwrap_or_default();
        let (month, year) = expiry.split_once('/').ok_or(Invalid::Expiry)?;
        if !payment.cvc.as_deref().is_some_and(is_cvc) {
            return Err(Invalid::Cvc);
        }
        Card::new(number, month.trim(), year.trim(), payment.holder.as_deref())
    }

    /// Reads a card from its parts; a year of two digits means this century.
    pub fn new(number: &str, month: &str, year: &str, holder: Option<&str>) -> Result<Card, Invalid> {
        let number: String = number.chars().filter(|c| !c.is_whitespace()).collect();
        let is_digits = number.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits || !(12..=19).contains(&number.len()) {
            return Err(Invalid::Number);
        }
        let expiry_month = month.parse().map_err(|_| Invalid::Expiry)?;
        let expiry_year = match (year.len(), year.parse::<i16>()) {
            (2, Ok(year)) => 2_000 + year,
            (4, Ok(year)) => year,
            _ => return Err(Invalid::Expiry),
        };
        if !(1..=12).contains(&expiry_month) || !(2_000..=2_999).contains(&expiry_year) {
            return Err(Invalid::Expiry);
        }
        Ok(Card {
            number,
            expiry_month,
            expiry_year,
            holder: holder.map(str::to_owned).filter(|holder| !holder.is_empty()),
        })
    }

    /// Whether the check digit is right. Some providers' test numbers deliberately have none.
    pub fn passes_luhn(&self) -> bool {
        passes_luhn(self.number.as_bytes())
    }

    /// The card is good through the end of its month, in UTC.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        let today = now.to_zoned(TimeZone::UTC).date();
        (self.expiry_year, self.expiry_month) < (today.year(), today.month())
    }

    /// The first `count` digits.
    pub fn first(&self, count: usize) -> &str {
        self.number.get(..count).unwrap_or(&self.number)
    }

    /// The last four digits.
    pub fn last_4(&self) -> &str {
        &self.number[self.number.len().saturating_sub(4)..]
    }

    /// `400010******0000`: six digits, six stars, four digits.
    pub fn masked(&self) -> String {
        format!("{}******{}", self.first(6), self.last_4())
    }
}

/// Three or four digits.
pub fn is_cvc(text: &str) -> bool {
    matches!(text.len(), 3 | 4) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The test amounts both providers share: an amount whose last six digits are `99NNNN` asks for
/// outcome `NNNN` of the provider's own table. All others do as the card says.
pub fn outcome_asked_by(amount_minor: i64) -> Option<u16> {
    let last_six = amount_minor % 1_000_000;
    (last_six / 10_000 == 99).then_some(())?;
    u16::try_from(last_six % 10_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_read_as_typed() {
        let card = Card::new("4200 0000 0000 0000", "04", "31", Some("")).expect("valid");
        assert_eq!((card.expiry_month, card.expiry_year), (4, 2031));
        assert_eq!(card.masked(), "420000******0000");
        assert_eq!(card.holder, None);
        assert!(!format!("{card:?}").contains("420000"));
        assert_eq!(Card::new("42", "04", "31", None), Err(Invalid::Number));
        assert_eq!(Card::new("4200000000000000", "13", "31", None), Err(Invalid::Expiry));
    }

    #[test]
    fn a_card_is_good_through_its_month() {
        let card = Card::new("4200000000000000", "04", "2031", None).expect("valid");
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        assert!(!card.is_expired(at("2031-04-30T23:59:59Z")));
        assert!(card.is_expired(at("2031-05-01T00:00:00Z")));
    }

    #[test]
    fn amounts_that_ask_for_an_outcome() {
        assert_eq!(outcome_asked_by(990_051), Some(51));
        assert_eq!(outcome_asked_by(1_990_114), Some(114));
        assert_eq!(outcome_asked_by(99_005), None);
        assert_eq!(outcome_asked_by(4_990), None);
        assert_eq!(outcome_asked_by(64_900), None);
    }
}
