//! What is sent to the gateway host: payments and their kin, always `{"request": {…}}`.
//!
//! Field names and their meaning are in "Payment transaction" and its neighbours, docs.bepaid.by
//! (the dossier, sections 5.1, 5.4 and 6; read 2026-03).

use jiff::Timestamp;

use super::account::{Account, DuplicateCheck};
use crate::domain::card::{
    BrowserFacts, EncryptedCard, Initiator, MerchantReason, PlainCard, TokenUses, Unscheduled,
};
use crate::domain::order::{Address, OptionValue, Options, Purchase, ThreeDSecure};
use crate::domain::secret::Secret;
use crate::providers::contract::{Fault, Method, Request};
use crate::providers::fields::{Fields, seal};

/// The longest description, in characters (section 5.1).
const DESCRIPTION_CHARS_MAX: usize = 255;
/// The longest name on a card, in characters (section 5.1).
const HOLDER_CHARS_MAX: usize = 32;
/// The countries whose states the provider takes, as two letters (section 5.1).
const COUNTRIES_WITH_STATES: &[&str] = &["US", "CA", "IN"];

/// The kinds of transaction that begin something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Road {
    Payment,
    Authorization,
    Tokenization,
    /// The provider chooses between a payment, and an authorization that it captures by itself.
    ChargeService,
}

impl Road {
    /// The word of the checkout host.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Authorization => "authorization",
            Self::Tokenization => "tokenization",
            Self::ChargeService => "charge",
        }
    }

    fn address(self) -> (&'static str, &'static str) {
        match self {
            Self::Payment => ("transactions/payments", "/transactions/payments"),
            Self::Authorization => ("transactions/authorizations", "/transactions/authorizations"),
            Self::Tokenization => ("transactions/tokenizations", "/transactions/tokenizations"),
            Self::ChargeService => ("services/credit_cards/charges", "/services/credit_cards/charges"),
        }
    }
}

/// The card of a transaction, and what it is used for.
pub(super) struct Paying<'a> {
    pub road: Road,
    pub card: Fields,
    pub encrypted_card: Fields,
    /// `additional_data.contract`.
    pub contract: Vec<&'static str>,
    /// `additional_data.card_on_file`.
    pub card_on_file: Fields,
    pub browser: Option<&'a BrowserFacts>,
    pub return_url: Option<&'a str>,
    /// When an unfinished transaction ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// The request of a payment, authorization, tokenization or charge.
///
/// # Errors
/// [`Fault::Invalid`] and [`Fault::Unsupported`] for what cannot be said.
pub(super) fn transaction(
    account: &Account,
    purchase: &Purchase,
    paying: Paying<'_>,
) -> Result<Request, Fault> {
    let mut body = Fields::default();
    body.put("amount", amount(account, purchase, paying.road)?)
        .put("currency", purchase.money.currency().code())
        .put("description", description(account, purchase))
        .put("tracking_id", purchase.reference.as_str())
        .put("test", account.test)
        .put("language", language(account, purchase))
        .maybe("dynamic_billing_descriptor", purchase.descriptor.as_deref())
        .maybe("notification_url", purchase.notify_url.as_deref())
        .maybe("return_url", paying.return_url)
        .maybe("expired_at", paying.expires_at.map(|time| time.to_string()));
    if account.duplicate_check == DuplicateCheck::Nothing {
        body.put("duplicate_check", false);
    }
    if purchase.three_d_secure == ThreeDSecure::Challenge {
        body.put("force_three_d_secure_verification", true);
    }
    let mut data = additional_data(account, purchase, paying.contract, paying.card_on_file)?;
    data.group("browser", paying.browser.map(browser).unwrap_or_default());
    body.group("credit_card", paying.card)
        .group("encrypted_credit_card", paying.encrypted_card)
        .group("customer", customer(purchase, paying.browser))
        .group("billing_address", purchase.billing.as_ref().map(billing_address).unwrap_or_default())
        .group("additional_data", data);
    let (name, path) = paying.road.address();
    let request = account
        .to_gateway(name, Method::Post, path)
        // Remembered for 24 hours: the same value is the same request (section 3.1).
        .header("RequestID", purchase.reference.as_str());
    Ok(seal(request, body.wrapped("request")))
}

/// The amount in the provider's units. A tokenization wants one although no money moves.
pub(super) fn amount(account: &Account, purchase: &Purchase, road: Road) -> Result<i64, Fault> {
    match road {
        Road::Tokenization => Ok(account.tokenization_amount),
        Road::Payment | Road::Authorization | Road::ChargeService => {
            account.exponents.to_wire(purchase.money, "money.amount_minor")
        }
    }
}

/// What people read. The provider insists on one.
pub(super) fn description(account: &Account, purchase: &Purchase) -> String {
    match &purchase.description {
        Some(text) => cut(text, DESCRIPTION_CHARS_MAX),
        None => {
            let text = format!("{} {}", account.default_description, purchase.merchant_reference);
            cut(&text, DESCRIPTION_CHARS_MAX)
        }
    }
}

/// The language of pages and messages: the caller's option, the locale, the account's.
pub(super) fn language(account: &Account, purchase: &Purchase) -> String {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    purchase
        .options
        .text("language")
        .or(purchase.locale.as_deref())
        .map(primary)
        .filter(|language| language.len() >= 2 && language.bytes().all(|byte| byte.is_ascii_lowercase()))
        .unwrap_or_else(|| account.language.clone())
}

/// What pages and transactions both have under `additional_data`.
///
/// # Errors
/// [`Fault::Invalid`] for a chosen result on a live account: it works for tests only.
pub(super) fn additional_data(
    account: &Account,
    purchase: &Purchase,
    contract: Vec<&'static str>,
    card_on_file: Fields,
) -> Result<Fields, Fault> {
    let options = &purchase.options;
    let chosen_result = options.text("expected_bank_code");
    if chosen_result.is_some() && !account.test {
        return Err(Fault::Invalid {
            field: "begateway.expected_bank_code".to_owned(),
            problem: "works for test accounts only".to_owned(),
        });
    }
    let mut meta = Fields::default();
    meta.put("merchant_reference", purchase.merchant_reference.as_str());
    let mut data = Fields::default();
    data.list("contract", contract)
        .group("card_on_file", card_on_file)
        .list("receipt_text", options.texts("receipt_text"))
        .group("avs_cvc_verification", avs_cvc_rules(options))
        .maybe("expected_bank_code", chosen_result)
        .group("meta", meta);
    Ok(data)
}

/// Results of the address and CVC checks that refuse a payment: "AVS/CVC verification".
fn avs_cvc_rules(options: &Options) -> Fields {
    let mut rules = Fields::default();
    let Some(group) = options.group("avs_cvc_verification") else { return rules };
    for (option, name) in [("avs_reject_codes", "avs_verification"), ("cvc_reject_codes", "cvc_verification")]
    {
        let codes: Vec<&str> = match group.get(option) {
            Some(OptionValue::List(items)) => items
                .iter()
                .filter_map(|item| match item {
                    OptionValue::Text(text) => Some(text.as_str()),
                    OptionValue::Integer(_)
                    | OptionValue::Flag(_)
                    | OptionValue::List(_)
                    | OptionValue::Group(_) => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let mut check = Fields::default();
        check.list("reject_codes", codes);
        rules.group(name, check);
    }
    rules
}

fn customer(purchase: &Purchase, browser: Option<&BrowserFacts>) -> Fields {
    let customer = &purchase.customer;
    let ip = customer.ip.as_deref().or(browser.and_then(|facts| facts.ip.as_deref()));
    let mut fields = Fields::default();
    fields
        .maybe("ip", ip)
        .maybe("email", customer.email.as_deref())
        .maybe("device_id", customer.device_id.as_deref())
        .maybe("birth_date", customer.birth_date.as_deref())
        .maybe("external_id", customer.id.as_deref());
    fields
}

/// The billing address. Its fields are those of the customer on the checkout host, too.
pub(super) fn billing_address(address: &Address) -> Fields {
    let mut fields = Fields::default();
    fields
        .maybe("first_name", address.given_name.as_deref())
        .maybe("last_name", address.family_name.as_deref())
        .maybe("country", address.country.as_deref())
        .maybe("city", address.city.as_deref())
        .maybe("state", state(address))
        .maybe("zip", address.postal_code.as_deref())
        .maybe("phone", address.phone.as_deref());
    if !address.lines.is_empty() {
        fields.put("address", address.lines.join(", "));
    }
    fields
}

/// Two letters, and only where the provider takes a state at all. `US-CA` is `CA`.
fn state(address: &Address) -> Option<&str> {
    let country = address.country.as_deref().filter(|code| COUNTRIES_WITH_STATES.contains(code))?;
    let region = address.region.as_deref()?;
    let short = region.strip_prefix(country).and_then(|rest| rest.strip_prefix('-')).unwrap_or(region);
    (short.len() == 2).then_some(short)
}

/// What 3-D Secure 2 wants to know (section 5.1); anything missing is one of `E.1042` to `E.1063`.
fn browser(facts: &BrowserFacts) -> Fields {
    let mut fields = Fields::default();
    fields
        .put("accept_header", facts.accept_header.as_str())
        .put("screen_width", facts.screen_width)
        .put("screen_height", facts.screen_height)
        .put("screen_color_depth", facts.color_depth)
        .put("window_width", facts.window_width)
        .put("window_height", facts.window_height)
        .put("language", facts.language.as_str())
        .put("java_enabled", facts.java_enabled)
        .put("user_agent", facts.user_agent.as_str())
        // Minutes as browsers count them: -180 for Minsk, which is our unit, too.
        .put("time_zone", facts.time_zone_offset_minutes)
        .maybe("time_zone_name", facts.time_zone.as_deref());
    fields
}

/// A card in clear. Months and years are texts here and numbers in answers.
pub(super) fn plain_card(card: &PlainCard) -> Fields {
    let mut fields = Fields::default();
    fields
        .put("number", card.number.expose().as_str())
        .put("exp_month", format!("{:02}", card.expiry_month))
        .put("exp_year", format!("{:04}", card.expiry_year))
        .maybe("verification_value", card.cvc.as_ref().map(|cvc| cvc.expose().as_str()))
        .maybe("holder", card.holder.as_deref().map(holder));
    fields
}

/// A saved card.
pub(super) fn saved_card(token: &Secret<String>, cvc: Option<&Secret<String>>) -> Fields {
    let mut fields = Fields::default();
    fields
        .put("token", token.expose().as_str())
        .maybe("verification_value", cvc.map(|cvc| cvc.expose().as_str()));
    fields
}

/// The provider's name of an encrypted field, whichever of its names the page used.
fn encrypted_name(name: &str) -> Option<&'static str> {
    match name {
        "number" => Some("number"),
        "verification_value" | "cvc" => Some("verification_value"),
        "holder" => Some("holder"),
        "exp_month" | "expiry_month" => Some("exp_month"),
        "exp_year" | "expiry_year" => Some("exp_year"),
        _ => None,
    }
}

/// A card that the merchant's page encrypted, as the clear and the encrypted part: what carries
/// the marker goes under `encrypted_credit_card`, the rest stays in `credit_card` (section 5.4).
///
/// # Errors
/// [`Fault::Invalid`] for an unknown or missing field, and for a number or CVC that is not
/// encrypted: those come in clear only where the account opted in, and then as a plain card.
pub(super) fn encrypted_card(card: &EncryptedCard, marker: &str) -> Result<(Fields, Fields), Fault> {
    let invalid = |field: &str, problem: &str| Fault::Invalid {
        field: format!("encrypted_card.fields.{field}"),
        problem: problem.to_owned(),
    };
    let (mut clear, mut encrypted) = (Fields::default(), Fields::default());
    let mut seen = Vec::new();
    for (given, value) in &card.fields {
        let name =
            encrypted_name(given).ok_or_else(|| invalid(given, "is not a field of a card at beGateway"))?;
        seen.push(name);
        if value.expose().starts_with(marker) {
            encrypted.put(name, value.expose().as_str());
        } else if matches!(name, "number" | "verification_value") {
            return Err(invalid(given, "is not encrypted with beGateway's library"));
        } else {
            clear.put(name, value.expose().as_str());
        }
    }
    if let Some(missing) = ["number", "exp_month", "exp_year"].iter().find(|name| !seen.contains(name)) {
        return Err(invalid(missing, "is required"));
    }
    if !seen.contains(&"holder") {
        clear.maybe("holder", card.holder.as_deref().map(holder));
    }
    Ok((clear, encrypted))
}

fn holder(name: &str) -> String {
    cut(name, HOLDER_CHARS_MAX)
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

/// The contract under which a card is saved (section 6).
pub(super) fn contract_for(uses: TokenUses) -> Vec<&'static str> {
    let mut contract = Vec::new();
    if uses.recurring {
        contract.push("recurring");
    }
    if uses.customer_present {
        contract.push("oneclick");
    }
    // Also where the caller did not say: a stored credential for now and then.
    if uses.unscheduled || contract.is_empty() {
        contract.push("card_on_file");
    }
    contract
}

/// What a token may be used for, by the contract under which it was saved.
pub(super) fn uses_of(contract: &[String]) -> TokenUses {
    let has = |word: &str| contract.iter().any(|known| known == word);
    TokenUses {
        // Whatever else was agreed, a customer may always use a saved card again.
        customer_present: true,
        recurring: has("recurring"),
        unscheduled: has("card_on_file"),
    }
}

/// The contract and its circumstances of a charge of a saved card (section 6, "Adapter policy").
/// The newest sample sends only the token, an older one calls the contract mandatory: sending it
/// is the safe superset, and a setting leaves it out.
pub(super) fn agreement(account: &Account, initiator: &Initiator) -> (Vec<&'static str>, Fields) {
    let mut circumstances = Fields::default();
    if !account.send_contract_with_token {
        return (Vec::new(), circumstances);
    }
    match initiator {
        Initiator::Customer { .. } => {
            circumstances.put("initiator", "customer");
            (vec!["card_on_file"], circumstances)
        }
        Initiator::Merchant { reason: MerchantReason::Recurring | MerchantReason::Installment, .. } => {
            // Instalments have no word of their own here; they are agreed in advance, too.
            (vec!["recurring"], circumstances)
        }
        Initiator::Merchant { reason: MerchantReason::Unscheduled(kind), .. } => {
            circumstances.put("initiator", "merchant").maybe("type", unscheduled(*kind));
            (vec!["card_on_file"], circumstances)
        }
    }
}

/// The provider's word; without one it takes `delayed_charge`.
fn unscheduled(kind: Unscheduled) -> Option<&'static str> {
    match kind {
        Unscheduled::Other => None,
        Unscheduled::DelayedCharge => Some("delayed_charge"),
        Unscheduled::Increment => Some("increment"),
        Unscheduled::Resubmission => Some("resubmission"),
        Unscheduled::Reauthorization => Some("reauthorization"),
        Unscheduled::NoShow => Some("no_show"),
    }
}

/// Asks for a transaction by the provider's id.
pub(super) fn by_uid(account: &Account, uid: &str) -> Request {
    account.to_gateway("transactions/uid", Method::Get, &format!("/transactions/{}", segment(uid)))
}

/// Asks for the newest transactions under our reference, at most ten.
pub(super) fn by_reference(account: &Account, reference: &str) -> Request {
    let path = format!("/v2/transactions/tracking_id/{}", segment(reference));
    account.to_gateway("transactions/tracking_id", Method::Get, &path)
}

/// Asks for a transaction of an alternative method by the provider's id.
pub(super) fn alternative_by_uid(account: &Account, uid: &str) -> Option<Request> {
    let path = format!("/transactions/{}", segment(uid));
    account.to_alternatives("beyag/transactions/uid", Method::Get, &path)
}

/// One segment of a path: ids come from outside and must not become other segments.
pub(super) fn segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
