//! One BBMSL merchant: where it lives, how it signs, and every choice that the public record of the
//! provider leaves open (dossier, section 19), each with the dossier's default.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::signing::{Keys, SigningKey};
use crate::domain::money::Money;
use crate::domain::outcome::{DeclineReason, RetryAdvice};
use crate::providers::contract::{Fault, Method, Request};
use crate::providers::fields::{Fields, number};
use crate::providers::rsa::PublicKey;
use crate::providers::settings::{Methods, Settings};

/// Hosts, and the public keys with which the provider signs its notifications there (dossier,
/// section 2: from the official plugin; the one of SIT is proven by a published sample).
const SIT: (&str, &str) = ("https://payapi.sit.bbmsl.com", include_str!("provider_key_sit.txt"));
const PRODUCTION: (&str, &str) =
    ("https://payapi.prod.bbmsl.com", include_str!("provider_key_production.txt"));

/// Provider keys accepted at once: the present one, the next one, and room for mistakes.
const PROVIDER_KEYS_MAX: usize = 8;
/// Entries of the table from response codes to declines.
const RESPONSE_CODES_MAX: usize = 1_000;
/// The longest path of an endpoint, in characters.
const PATH_CHARS_MAX: usize = 200;
/// The longest age that may be set, in seconds: thirty days.
const SECONDS_MAX: i64 = 30 * 86_400;

/// One merchant.
pub(super) struct Account {
    base_url: String,
    merchant_id: String,
    merchant_id_as_number: bool,
    token_id_as_text: bool,
    pub amount_as_text: bool,
    keys: Option<Keys>,
    /// The keys under which the provider's notifications are believed.
    pub provider_keys: Vec<PublicKey>,
    currencies: Vec<String>,
    /// A1: where token orders are asked for.
    pub token_query_path: String,
    /// A2: where token orders are refunded.
    pub token_refund_path: String,
    page_hosts: Vec<String>,
    /// A12: whether an order that stays OPEN is voided, and from which age on.
    pub cancel_open_orders: bool,
    pub cancel_open_orders_after: SignedDuration,
    /// How long a refusal without an order is not yet believed (section 10, row 9).
    pub refusal_grace: SignedDuration,
    pub reason: String,
    pub send_email: bool,
    pub methods: Methods,
    response_codes: BTreeMap<String, (DeclineReason, RetryAdvice)>,
}

impl Account {
    /// Reads the settings; mistakes are noted there.
    pub(super) fn read(settings: &Settings) -> Self {
        let (base_url, provider_key) = match settings.text("environment").as_str() {
            "production" => PRODUCTION,
            "sit" => SIT,
            "" => SIT,
            _ => {
                settings.mistake("environment", "must be sit or production");
                SIT
            }
        };
        let merchant_id = settings.text("merchant_id");
        if !merchant_id.is_empty() && !is_id(&merchant_id) {
            settings.mistake("merchant_id", "must be 1 to 19 digits");
        }
        let currencies = settings.list("currencies");
        let known = super::profile::CURRENCIES;
        if currencies.iter().any(|code| !known.contains(&code.as_str())) {
            settings.mistake("currencies", format!("may only hold {}", known.join(", ")));
        }
        let seconds = |name: &str, default: i64| {
            SignedDuration::from_secs(settings.integer_or(name, default, 0, SECONDS_MAX))
        };
        Self {
            base_url: settings.url_or("base_url", base_url),
            merchant_id_as_number: settings.choice("merchant_id_as", &["text", "number"]) == "number",
            token_id_as_text: settings.choice("token_id_as", &["number", "text"]) == "text",
            amount_as_text: settings.flag_or("amount_as_string", false),
            keys: keys(settings),
            provider_keys: provider_keys(settings, provider_key),
            currencies,
            token_query_path: path(settings, "token_query_path", "/hosted-checkout/query"),
            token_refund_path: path(settings, "token_refund_path", "/hosted-checkout/refund"),
            page_hosts: page_hosts(settings),
            cancel_open_orders: settings.flag_or("cancel_open_orders", true),
            cancel_open_orders_after: seconds("cancel_open_orders_after_seconds", 900),
            refusal_grace: seconds("refusal_grace_seconds", 600),
            reason: reason(settings),
            send_email: settings.flag_or("send_email", false),
            methods: settings.methods("CARD"),
            response_codes: response_codes(settings),
            merchant_id,
        }
    }

    /// Checks an amount against the provider's bounds and the currencies of this merchant.
    pub(super) fn check_amount(&self, money: Money) -> Result<(), Fault> {
        super::PROFILE.check_amount(money)?;
        let has = |code: &str| self.currencies.iter().any(|known| known == code);
        if self.currencies.is_empty() || has(money.currency().code()) {
            return Ok(());
        }
        Err(Fault::Invalid {
            field: "money.currency_code".to_owned(),
            problem: "this BBMSL merchant is not set up for the currency".to_owned(),
        })
    }

    /// The beginning of every request's inner JSON.
    pub(super) fn body(&self) -> Fields {
        let mut body = Fields::default();
        if self.merchant_id_as_number {
            body.put("merchantId", number(&self.merchant_id));
        } else {
            body.put("merchantId", self.merchant_id.as_str());
        }
        body
    }

    /// Writes a token's id in the form of this account.
    pub(super) fn put_token_id(&self, body: &mut Fields, token: &str) {
        if self.token_id_as_text {
            body.put("tokenId", token);
        } else {
            body.put("tokenId", number(token));
        }
    }

    /// Whether an answer that names a merchant is about this one.
    pub(super) fn is_own(&self, merchant_id: &str) -> bool {
        merchant_id == self.merchant_id
    }

    /// A signed request. The signature is over the exact bytes that the `request` member decodes
    /// to, so the inner JSON is written once and never read again (section 3).
    pub(super) fn request(
        &self,
        name: &'static str,
        path: &str,
        body: Fields,
        now: Timestamp,
    ) -> Result<Request, Fault> {
        let inner = body.text();
        let keys = self.keys.as_ref().ok_or(Fault::Unauthorized { code: None })?;
        let signature = keys.sign(inner.as_bytes(), now)?;
        let mut envelope = Fields::default();
        envelope.put("request", inner.as_str()).put("signature", signature);
        Ok(envelope.seal(Request::new(name, Method::Post, format!("{}{path}", self.base_url))))
    }

    /// Whether a page may be handed to a customer: https, on a host of the provider. In front of a
    /// host without TLS, which is development, pages of that host may do without it too.
    pub(super) fn is_page(&self, address: &str) -> bool {
        let (Ok(page), Ok(base)) = (url::Url::parse(address), url::Url::parse(&self.base_url)) else {
            return false;
        };
        let Some(host) = page.host_str() else { return false };
        let is_allowed = self.page_hosts.iter().any(|allowed| {
            host.strip_suffix(allowed.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        let is_safe = page.scheme() == "https" || (page.scheme() == "http" && base.scheme() == "http");
        is_safe && (is_allowed || base.host_str() == Some(host)) && page.username().is_empty()
    }

    /// What the account says of a response code.
    pub(super) fn code_meaning(&self, code: &str) -> Option<(DeclineReason, RetryAdvice)> {
        self.response_codes.get(code).copied()
    }
}

/// Whether a text is an id as BBMSL numbers merchants, orders and tokens.
pub(super) fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn keys(settings: &Settings) -> Option<Keys> {
    let read = |name: &str, text: &str| match SigningKey::read(text) {
        Ok(key) => Some(key),
        Err(problem) => {
            settings.mistake(name, problem);
            None
        }
    };
    let current = settings.secret("private_key");
    let current = (!current.expose().is_empty()).then(|| read("private_key", current.expose())).flatten();
    let next = settings.secret_maybe("next_private_key");
    let from = settings.text_maybe("next_private_key_from");
    let next = match (next, from) {
        (None, None) => None,
        (Some(_), None) => {
            settings.mistake("next_private_key_from", "is required beside next_private_key");
            None
        }
        (None, Some(_)) => {
            settings.mistake("next_private_key", "is required beside next_private_key_from");
            None
        }
        (Some(key), Some(from)) => {
            let from: Option<Timestamp> = from.parse().ok();
            if from.is_none() {
                settings.mistake("next_private_key_from", "must be a time such as 2027-01-31T00:00:00Z");
            }
            from.zip(read("next_private_key", key.expose()))
        }
    };
    current.map(|current| Keys { current, next })
}

fn provider_keys(settings: &Settings, default: &str) -> Vec<PublicKey> {
    let mut texts = settings.list("provider_public_keys");
    if texts.len() > PROVIDER_KEYS_MAX {
        settings.mistake("provider_public_keys", format!("may hold at most {PROVIDER_KEYS_MAX} keys"));
    }
    if texts.is_empty() {
        texts.push(default.to_owned());
    }
    let read = |text: &String| match PublicKey::read(text) {
        Some(key) => Some(key),
        None => {
            settings.mistake("provider_public_keys", "must hold RSA public keys, base64 or PEM");
            None
        }
    };
    texts.iter().take(PROVIDER_KEYS_MAX).filter_map(read).collect()
}

fn path(settings: &Settings, name: &str, default: &str) -> String {
    let path = settings.text_or(name, default);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    if !path.starts_with('/') || path.len() > PATH_CHARS_MAX || !path.bytes().all(is_plain) {
        settings.mistake(name, "must be a path such as /hosted-checkout/query");
    }
    path
}

fn page_hosts(settings: &Settings) -> Vec<String> {
    let hosts = settings.list("page_hosts");
    let is_host = |host: &String| {
        url::Url::parse(&format!("https://{host}/")).is_ok_and(|url| url.host_str() == Some(host))
    };
    if !hosts.iter().all(is_host) {
        settings.mistake("page_hosts", "must hold names of hosts in lower case, such as bbmsl.com");
    }
    if hosts.is_empty() { vec!["bbmsl.com".to_owned()] } else { hosts }
}

fn reason(settings: &Settings) -> String {
    let reason = settings.text_or("recurring_reason", "recurring payment");
    if reason.trim().is_empty() || reason.chars().count() > super::wire::TEXT_CHARS_MAX {
        settings.mistake("recurring_reason", "must be a text of 1 to 255 characters");
    }
    reason
}

/// `code:reason` or `code:reason:advice`, the reason as the contract words it in lower case.
fn response_codes(settings: &Settings) -> BTreeMap<String, (DeclineReason, RetryAdvice)> {
    const NAME: &str = "response_code_map";
    let entries = settings.list(NAME);
    if entries.len() > RESPONSE_CODES_MAX {
        settings.mistake(NAME, format!("may hold at most {RESPONSE_CODES_MAX} entries"));
    }
    let mut table = BTreeMap::new();
    for entry in entries.iter().take(RESPONSE_CODES_MAX) {
        match response_code(entry) {
            Some((code, meaning)) => {
                table.insert(code.to_owned(), meaning);
            }
            None => settings.mistake(NAME, "must hold entries such as 9901:insufficient_funds:later"),
        }
    }
    table
}

fn response_code(entry: &str) -> Option<(&str, (DeclineReason, RetryAdvice))> {
    let mut parts = entry.split(':');
    let code = parts.next().filter(|code| !code.is_empty() && *code != super::answer::HANDLED)?;
    let reason = DeclineReason::from_word(parts.next()?)?;
    let advice = match parts.next() {
        None | Some("later") => RetryAdvice::Later,
        Some("never") => RetryAdvice::Never,
        Some("with_customer") => RetryAdvice::WithCustomer,
        Some("correct_data") => RetryAdvice::CorrectData,
        Some(_) => return None,
    };
    parts.next().is_none().then_some((code, (reason, advice)))
}
