//! Amounts of money: integer minor units and a currency that knows its exponent.
//!
//! No float ever touches an amount. Text is the only other form: [`Money::to_major`] writes an
//! exact decimal, [`Money::from_major`] refuses digits that the currency does not have.

use std::fmt;

/// The active currencies of ISO 4217 (list one, amendment 179 of 2025) with their exponents:
/// how many digits the minor unit has. Funds codes and precious metals are left out, because
/// nobody is charged in them.
const ACTIVE: &str = "\
    AED2 AFN2 ALL2 AMD2 AOA2 ARS2 AUD2 AWG2 AZN2 BAM2 BBD2 BDT2 BHD3 BIF0 BMD2 BND2 BOB2 BRL2 \
    BSD2 BTN2 BWP2 BYN2 BZD2 CAD2 CDF2 CHF2 CLP0 CNY2 COP2 CRC2 CUP2 CVE2 CZK2 DJF0 DKK2 DOP2 \
    DZD2 EGP2 ERN2 ETB2 EUR2 FJD2 FKP2 GBP2 GEL2 GHS2 GIP2 GMD2 GNF0 GTQ2 GYD2 HKD2 HNL2 HTG2 \
    HUF2 IDR2 ILS2 INR2 IQD3 IRR2 ISK0 JMD2 JOD3 JPY0 KES2 KGS2 KHR2 KMF0 KPW2 KRW0 KWD3 KYD2 \
    KZT2 LAK2 LBP2 LKR2 LRD2 LSL2 LYD3 MAD2 MDL2 MGA2 MKD2 MMK2 MNT2 MOP2 MRU2 MUR2 MVR2 MWK2 \
    MXN2 MYR2 MZN2 NAD2 NGN2 NIO2 NOK2 NPR2 NZD2 OMR3 PAB2 PEN2 PGK2 PHP2 PKR2 PLN2 PYG0 QAR2 \
    RON2 RSD2 RUB2 RWF0 SAR2 SBD2 SCR2 SDG2 SEK2 SGD2 SHP2 SLE2 SOS2 SRD2 SSP2 STN2 SVC2 SYP2 \
    SZL2 THB2 TJS2 TMT2 TND3 TOP2 TRY2 TTD2 TWD2 TZS2 UAH2 UGX0 USD2 UYU2 UZS2 VED2 VES2 VND0 \
    VUV0 WST2 XAF0 XCD2 XCG2 XOF0 XPF0 YER2 ZAR2 ZMW2 ZWG2";

/// An active ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// The code is not an active ISO 4217 alphabetic code in upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an active ISO 4217 currency code")]
pub struct UnknownCurrency;

impl Currency {
    /// Reads an upper-case alphabetic code such as `NOK`.
    ///
    /// # Errors
    /// [`UnknownCurrency`] for anything that is not on the active list, lower case included.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        let wanted: [u8; 3] = code.as_bytes().try_into().map_err(|_| UnknownCurrency)?;
        // Entries are five bytes apart: three letters, one digit, one space.
        ACTIVE
            .as_bytes()
            .chunks(5)
            .find(|entry| entry[..3] == wanted)
            .map(|entry| Self { code: wanted, exponent: entry[3] - b'0' })
            .ok_or(UnknownCurrency)
    }

    /// Every active currency, in alphabetic order.
    pub fn all() -> impl Iterator<Item = Self> {
        ACTIVE
            .as_bytes()
            .chunks(5)
            .map(|entry| Self { code: [entry[0], entry[1], entry[2]], exponent: entry[3] - b'0' })
    }

    /// The alphabetic code, three upper-case letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // The table above is ASCII, so the fallback can never be seen.
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// How many decimal digits the minor unit has: 0 for JPY, 2 for NOK, 3 for OMR.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        u32::from(self.exponent)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in the minor unit of its currency. Never negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why two amounts do not combine, or a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Amounts below zero do not exist here; a refund is a movement of its own.
    #[error("an amount cannot be negative")]
    Negative,
    /// The text is not a plain decimal number.
    #[error("not a plain decimal number")]
    NotANumber,
    /// The text has more decimal digits than the currency has, and they are not zero.
    #[error("more decimal digits than the currency has")]
    TooPrecise,
    /// The amount does not fit in 64 bits.
    #[error("the amount is too large")]
    Overflow,
    /// Two different currencies.
    #[error("the currencies differ")]
    MixedCurrencies,
}

impl Money {
    /// An amount of `minor` units.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] below zero.
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor < 0 { Err(MoneyError::Negative) } else { Ok(Self { minor, currency }) }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The amount in minor units.
    #[must_use]
    pub fn minor(&self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Whether the amount is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.minor == 0
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// Mixed currencies, or a sum beyond 64 bits.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// What is left of this amount after `other`.
    ///
    /// # Errors
    /// Mixed currencies, or a result below zero.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::new(self.minor - other.minor, self.currency)
    }

    /// The exact amount in major units: `30.05` for HKD 3005, `500` for JPY 500.
    #[must_use]
    pub fn to_major(&self) -> String {
        let digits = self.currency.exponent() as usize;
        let text = format!("{:0width$}", self.minor, width = digits + 1);
        let (whole, fraction) = text.split_at(text.len() - digits);
        if digits == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }

    /// Reads a plain decimal in major units. Zeros after the currency's last digit are allowed
    /// (providers write `10000.00` for currencies that they count in whole units).
    ///
    /// # Errors
    /// [`MoneyError`] for signs, exponents, empty text, further digits, or an amount that is too large.
    pub fn from_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        if text.starts_with('-') {
            return Err(MoneyError::Negative);
        }
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(MoneyError::NotANumber),
            Some(parts) => parts,
            None => (text, ""),
        };
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) {
            return Err(MoneyError::NotANumber);
        }
        let digits = currency.exponent() as usize;
        let (kept, beyond) = fraction.split_at(fraction.len().min(digits));
        if beyond.bytes().any(|byte| byte != b'0') {
            return Err(MoneyError::TooPrecise);
        }
        let minor = format!("{whole}{kept:0<digits$}").parse().map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, currency })
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::MixedCurrencies) }
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.to_major())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("an active currency")
    }

    #[test]
    fn the_table_is_well_formed_and_sorted() {
        let codes: Vec<String> = Currency::all().map(|c| c.code().to_owned()).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_uppercase())));
        assert!(Currency::all().all(|c| c.exponent() <= 3));
        assert_eq!(codes.len(), 155);
    }

    #[test]
    fn exponents_come_from_the_currency() {
        for (code, exponent) in [("JPY", 0), ("HKD", 2), ("OMR", 3), ("IDR", 2), ("UGX", 0)] {
            assert_eq!(currency(code).exponent(), exponent, "{code}");
        }
        assert!(["nok", "NO", "XXX", "XAU", "HRK", ""].iter().all(|c| Currency::parse(c).is_err()));
    }

    #[test]
    fn major_units_are_exact_text() {
        let money = |minor, code| Money::new(minor, currency(code)).expect("not negative");
        assert_eq!(money(3005, "HKD").to_major(), "30.05");
        assert_eq!(money(5, "HKD").to_major(), "0.05");
        assert_eq!(money(500, "JPY").to_major(), "500");
        assert_eq!(money(1, "OMR").to_major(), "0.001");
        assert_eq!(Money::from_major("79.10", currency("USD")), Ok(money(7910, "USD")));
        assert_eq!(Money::from_major("10000.00", currency("JPY")), Ok(money(10_000, "JPY")));
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        let hkd = currency("HKD");
        for (text, error) in [
            ("1.005", MoneyError::TooPrecise),
            ("-1", MoneyError::Negative),
            ("", MoneyError::NotANumber),
            ("1e3", MoneyError::NotANumber),
            ("1.", MoneyError::NotANumber),
            (".5", MoneyError::NotANumber),
            ("+1", MoneyError::NotANumber),
            ("92233720368547758.08", MoneyError::Overflow),
        ] {
            assert_eq!(Money::from_major(text, hkd), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_currency_survives_the_trip_to_text_and_back(minor in 0i64..=i64::MAX) {
            for currency in Currency::all() {
                let money = Money::new(minor, currency).expect("not negative");
                prop_assert_eq!(Money::from_major(&money.to_major(), currency), Ok(money));
            }
        }

        #[test]
        fn sums_and_differences_agree(a in 0i64..=i64::MAX / 2, b in 0i64..=i64::MAX / 2) {
            let nok = currency("NOK");
            let (a, b) = (Money::new(a, nok).expect("a"), Money::new(b, nok).expect("b"));
            prop_assert_eq!(a.plus(b).and_then(|sum| sum.minus(b)), Ok(a));
        }
    }
}
