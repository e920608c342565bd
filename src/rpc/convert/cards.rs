//! Cards, tokens of providers, and what browsers say.

use std::collections::BTreeMap;

use crate::domain::card::{BrowserFacts, CardSummary, EncryptedCard, PlainCard, StoredToken, TokenUses};
use crate::domain::money::Currency;
use crate::domain::secret::Secret;
use crate::rpc::problems::Problems;
use crate::rpc::proto::{self as pb, encrypted_card::Ciphertext};

use super::values::{enumeration, or_empty, text};

/// A card in clear.
pub fn plain_card(card: pb::ClearCard) -> PlainCard {
    PlainCard {
        number: Secret::new(card.number),
        // The annotations bound both.
        expiry_month: u8::try_from(card.expiry_month).unwrap_or_default(),
        expiry_year: u16::try_from(card.expiry_year).unwrap_or_default(),
        cvc: cvc(card.cvc),
        holder: text(card.holder),
    }
}

/// A verification code.
pub fn cvc(cvc: String) -> Option<Secret<String>> {
    text(cvc).map(Secret::new)
}

/// A card that the merchant's page encrypted. A single text goes by the name `card`.
pub fn encrypted_card(card: pb::EncryptedCard) -> EncryptedCard {
    let fields = match card.ciphertext {
        None => BTreeMap::new(),
        Some(Ciphertext::Blob(blob)) => BTreeMap::from([("card".to_owned(), Secret::new(blob))]),
        Some(Ciphertext::Fields(fields)) => [
            ("number", fields.number),
            ("expiry_month", fields.expiry_month),
            ("expiry_year", fields.expiry_year),
            ("cvc", fields.cvc),
            ("holder", fields.holder),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Secret::new(text(value)?))))
        .collect(),
    };
    EncryptedCard { fields, key_id: text(card.key_id), holder: None }
}

/// A provider's own token, apart from what it says of the card and of the first payment.
pub fn stored_token(token: &pb::ProviderToken, problems: &mut Problems) -> StoredToken {
    let mut values = BTreeMap::new();
    for (index, value) in token.values.iter().enumerate() {
        let kind = match enumeration(value.kind) {
            pb::ProviderTokenKind::Unspecified => "token",
            pb::ProviderTokenKind::Payment => "payment_token",
            pb::ProviderTokenKind::Recurrence => "recurrence_token",
        };
        if values.insert(kind.to_owned(), Secret::new(value.value.clone())).is_some() {
            problems.add(
                &format!("provider_token.values[{index}].kind"),
                "is the kind of an earlier value; each kind can be there once",
            );
        }
    }
    let handle = token.values.iter().find_map(|value| text(value.provider_token_id.clone()));
    StoredToken {
        product: text(token.product_type.clone()),
        values,
        handle,
        customer: text(token.provider_customer_id.clone()),
        original: text(token.original_reference.clone()),
        original_currency: original_currency(token, problems),
        network_transaction_id: text(token.network_transaction_id.clone()),
    }
}

fn original_currency(token: &pb::ProviderToken, problems: &mut Problems) -> Option<Currency> {
    let code = text(token.original_currency_code.clone())?;
    let currency = Currency::parse(&code).ok();
    if currency.is_none() {
        problems.add("provider_token.original_currency_code", "is no active currency of ISO 4217");
    }
    currency
}

/// What a token may be used for; `None` when nothing was said.
pub fn token_uses(uses: &[i32]) -> Option<TokenUses> {
    let has = |wanted: pb::TokenUse| uses.contains(&i32::from(wanted));
    (!uses.is_empty()).then(|| TokenUses {
        customer_present: has(pb::TokenUse::CustomerPresent),
        recurring: has(pb::TokenUse::Recurring),
        unscheduled: has(pb::TokenUse::Unscheduled),
    })
}

/// What a token may be used for, as a list.
pub fn to_token_uses(uses: TokenUses) -> Vec<i32> {
    [
        (uses.customer_present, pb::TokenUse::CustomerPresent),
        (uses.recurring, pb::TokenUse::Recurring),
        (uses.unscheduled, pb::TokenUse::Unscheduled),
    ]
    .into_iter()
    .filter_map(|(allowed, name)| allowed.then_some(i32::from(name)))
    .collect()
}

/// What a caller knows of a card.
pub fn card_summary(card: pb::CardSummary) -> CardSummary {
    let funding = match enumeration(card.funding) {
        pb::CardFunding::Unspecified => None,
        pb::CardFunding::Credit => Some("credit"),
        pb::CardFunding::Debit => Some("debit"),
        pb::CardFunding::Prepaid => Some("prepaid"),
    };
    CardSummary {
        brand: text(card.brand),
        last_four: text(card.last_four),
        bin: None,
        expiry_month: u8::try_from(card.expiry_month).ok().filter(|month| *month > 0),
        expiry_year: u16::try_from(card.expiry_year).ok().filter(|year| *year > 0),
        funding: funding.map(str::to_owned),
        issuer_country: text(card.issuer_country_code),
        fingerprint: text(card.fingerprint),
        authentication: None,
    }
}

/// What may be shown of a card.
pub fn to_card_summary(card: &CardSummary) -> pb::CardSummary {
    let funding = match card.funding.as_deref() {
        Some("credit") => pb::CardFunding::Credit,
        Some("debit") => pb::CardFunding::Debit,
        Some("prepaid") => pb::CardFunding::Prepaid,
        _ => pb::CardFunding::Unspecified,
    };
    let country = card.issuer_country.clone().filter(|code| code.len() == 2);
    pb::CardSummary {
        brand: or_empty(card.brand.clone()),
        last_four: or_empty(card.last_four.clone()),
        expiry_month: card.expiry_month.map_or(0, i32::from),
        expiry_year: card.expiry_year.map_or(0, i32::from),
        funding: funding.into(),
        // Some providers give three letters; the contract has two.
        issuer_country_code: or_empty(country),
        issuer_name: String::new(),
        fingerprint: or_empty(card.fingerprint.clone()),
    }
}

/// What came of 3-D Secure.
pub fn to_three_d_secure(card: &CardSummary) -> Option<pb::ThreeDSecureResult> {
    use pb::ThreeDSecureStatus as S;
    let result = card.authentication.as_ref()?;
    let status = match result.status.as_deref() {
        Some("Y") => S::Authenticated,
        Some("A") => S::Attempted,
        Some("N") => S::Failed,
        Some("R") => S::Rejected,
        Some("U") => S::Unavailable,
        _ => S::Unspecified,
    };
    Some(pb::ThreeDSecureResult {
        version: or_empty(result.version.clone()),
        status: status.into(),
        eci: or_empty(result.eci.clone()),
        flow: pb::ThreeDSecureFlow::Unspecified.into(),
    })
}

/// What the customer's browser says about itself.
pub fn browser(browser: pb::BrowserFacts) -> BrowserFacts {
    // The annotations bound all of them from below.
    let size = |pixels: i32| u32::try_from(pixels).unwrap_or_default();
    BrowserFacts {
        accept_header: browser.accept_header,
        user_agent: browser.user_agent,
        language: browser.language,
        screen_width: size(browser.screen_width),
        screen_height: size(browser.screen_height),
        color_depth: size(browser.color_depth),
        window_width: size(browser.window_width),
        window_height: size(browser.window_height),
        time_zone_offset_minutes: browser.time_zone_offset_minutes.unwrap_or_default(),
        time_zone: text(browser.time_zone_name),
        java_enabled: browser.java_enabled.unwrap_or_default(),
        javascript_enabled: browser.javascript_enabled.unwrap_or(true),
        ip: text(browser.ip_address),
    }
}
