//! One Paymob account: its settings, its sign-in, and the frame of every request.
//!
//! Whatever the documentation leaves open, or what differs from account to account, is a setting
//! here. A secret is never part of a mistake's text.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::faults;
use super::integrations::Integrations;
use crate::domain::money::{Currency, Money};
use crate::domain::order::MethodKind;
use crate::domain::secret::Secret;
use crate::providers::contract::{AccessToken, Context, Fault, Method, Reply, Request};
use crate::providers::json::{Reading, parse};
use crate::providers::settings::Settings;

/// Ids of integrations and frames are whole numbers; the contract bounds them alike.
pub(super) const ID_MAX: i64 = 999_999_999_999;
/// The longest life of an intention, in seconds: 36 days, which is the default, too (section 5).
pub(super) const EXPIRATION_SECONDS_MAX: i64 = 3_110_400;
/// The largest amount that saving a card may name, in minor units: it is not meant to be a price.
const VERIFICATION_MINOR_MAX: i64 = 100_000;
/// An access token lives for an hour (section 2, recorded); it is renewed ten minutes earlier.
const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_mins(60);
const ACCESS_RENEWED_AFTER: SignedDuration = SignedDuration::from_mins(50);

/// Where an account was opened (section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    Egypt,
    Pakistan,
    Uae,
    SaudiArabia,
    Oman,
}

impl Region {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Egypt, "egypt", "https://accept.paymob.com"),
        (Self::Pakistan, "pakistan", "https://pakistan.paymob.com"),
        (Self::Uae, "uae", "https://uae.paymob.com"),
        (Self::SaudiArabia, "saudi_arabia", "https://ksa.paymob.com"),
        (Self::Oman, "oman", "https://oman.paymob.com"),
    ];

    fn read(settings: &Settings) -> Option<Self> {
        let name = settings.text("region");
        let found = Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(region, ..)| *region);
        if found.is_none() && !name.is_empty() {
            let names: Vec<&str> = Self::ALL.iter().map(|(_, name, _)| *name).collect();
            settings.mistake("region", format!("must be one of {}", names.join(", ")));
        }
        found
    }

    fn host(self) -> &'static str {
        Self::ALL.iter().find(|(region, ..)| *region == self).map_or("", |(_, _, host)| host)
    }
}

/// The two generations of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// One call with the secret key, and a page.
    Intention,
    /// Order, payment key, payment; and a frame.
    Accept,
}

/// What captures, voids and refunds are signed in with (section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MovementAuth {
    SecretKey,
    AuthToken,
}

/// Which transaction a refund names after a reservation was captured (section 7, not documented).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefundTarget {
    Original,
    Capture,
}

/// The settings of one account.
pub(super) struct Account {
    pub(super) base_url: String,
    api_key: Secret<String>,
    pub(super) secret_key: Option<Secret<String>>,
    pub(super) public_key: Option<String>,
    pub(super) flow: Flow,
    /// Whether money is only played with.
    pub(super) test: bool,
    pub(super) integrations: Integrations,
    pub(super) iframe_id: Option<i64>,
    /// Whether the key request of a saved card carries the card's token, too (section 6).
    pub(super) token_in_payment_key: bool,
    pub(super) movement_auth: MovementAuth,
    pub(super) refund_target: RefundTarget,
    pub(super) lock_order_when_paid: bool,
    /// Seconds that a payment key, or an intention without an end of its own, lives.
    pub(super) expiration_seconds: i64,
    /// What a card is checked with where it is saved without paying, in minor units.
    pub(super) verification_minor: i64,
    /// Whether the page lets the customer try again after a decline.
    pub(super) page_allows_retry: bool,
    /// What stands for a person's data that the provider insists on and nobody gave.
    pub(super) placeholder: String,
    pub(super) required_fields: Vec<String>,
    currencies: Vec<String>,
    methods: BTreeMap<MethodKind, Vec<String>>,
    /// What notices are signed with: the present secret, and during a rotation the one before. With none
    /// nothing is believed.
    pub(super) hmac_secrets: Vec<Secret<String>>,
    /// The `owner` of the account's transactions; without it the digest of a notice binds no order.
    pub(super) owner_id: Option<i64>,
}

impl Account {
    /// Reads the settings; mistakes are noted in them.
    pub(super) fn read(settings: &Settings) -> Self {
        let region = Region::read(settings);
        let secret_key = settings.secret_maybe("secret_key");
        let public_key = settings.text_maybe("public_key");
        let test = settings.flag("test");
        check_mode(settings, "secret_key", secret_key.as_ref().map(|key| key.expose().as_str()), test);
        check_mode(settings, "public_key", public_key.as_deref(), test);
        // Pakistan's documentation has no secret keys (section 19); everybody else is newer.
        let usual_flow = match region {
            Some(Region::Pakistan) => ["accept", "intention"],
            Some(Region::Egypt | Region::Uae | Region::SaudiArabia | Region::Oman) | None => {
                ["intention", "accept"]
            }
        };
        let flow = match settings.choice("flow", &usual_flow).as_str() {
            "accept" => Flow::Accept,
            _ => Flow::Intention,
        };
        if flow == Flow::Intention {
            for (name, is_set) in [("secret_key", secret_key.is_some()), ("public_key", public_key.is_some())]
            {
                if !is_set {
                    settings.mistake(name, "is required for flow = \"intention\"");
                }
            }
        }
        let usual_auth =
            if secret_key.is_some() { ["secret_key", "auth_token"] } else { ["auth_token", "secret_key"] };
        let movement_auth = match settings.choice("movement_auth", &usual_auth).as_str() {
            "secret_key" => MovementAuth::SecretKey,
            _ => MovementAuth::AuthToken,
        };
        if movement_auth == MovementAuth::SecretKey && secret_key.is_none() {
            settings.mistake("movement_auth", "is secret_key, and there is no secret_key");
        }
        let integrations = Integrations::read(settings);
        let methods = methods(settings, &integrations);
        Self {
            base_url: settings.url_or("base_url", region.map_or("https://accept.paymob.com", Region::host)),
            // Required: without it no payment could ever be asked about (section 8).
            api_key: settings.secret("api_key"),
            secret_key,
            public_key,
            flow,
            test,
            integrations,
            iframe_id: settings.id_maybe("iframe_id", ID_MAX),
            token_in_payment_key: settings.flag_or("token_in_payment_key", true),
            movement_auth,
            refund_target: match settings.choice("refund_target", &["original", "capture"]).as_str() {
                "capture" => RefundTarget::Capture,
                _ => RefundTarget::Original,
            },
            lock_order_when_paid: settings.flag_or("lock_order_when_paid", true),
            expiration_seconds: settings.integer_or("expiration_seconds", 3_600, 60, EXPIRATION_SECONDS_MAX),
            verification_minor: settings.integer_or("verification_amount", 0, 0, VERIFICATION_MINOR_MAX),
            page_allows_retry: settings.flag_or("page_allows_retry", false),
            placeholder: settings.text_or("billing_placeholder", "NA"),
            required_fields: required_fields(settings),
            currencies: currencies(settings),
            methods,
            hmac_secrets: hmac_secrets(settings),
            owner_id: settings.id_maybe("owner_id", ID_MAX),
        }
    }

    /// The names of the methods of one kind.
    pub(super) fn method_names(&self, kind: MethodKind) -> &[String] {
        self.methods.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Checks an amount against the provider's bounds and the currencies of this account.
    pub(super) fn check_amount(&self, money: Money) -> Result<(), Fault> {
        super::PROFILE.check_amount(money)?;
        self.check_currency(money.currency())
    }

    /// Checks a currency alone, for sessions that charge nothing.
    pub(super) fn check_currency(&self, currency: Currency) -> Result<(), Fault> {
        if self.currencies.is_empty() || self.currencies.iter().any(|known| known == currency.code()) {
            return Ok(());
        }
        Err(Fault::Invalid {
            field: "money.currency_code".to_owned(),
            problem: "this Paymob account is not set up for the currency".to_owned(),
        })
    }

    /// Whether a text is an address of the provider's own: one of the five hosts, the older alias,
    /// or the configured one.
    pub(super) fn is_own_address(&self, address: &str) -> bool {
        let origin = |text: &str| url::Url::parse(text).ok().map(|url| url.origin());
        let known = Region::ALL.iter().map(|(_, _, host)| *host);
        let mut known = known.chain(["https://accept.paymobsolutions.com", self.base_url.as_str()]);
        origin(address).is_some_and(|address| known.any(|known| origin(known).as_ref() == Some(&address)))
    }

    /// The request for an access token (section 2).
    pub(super) fn sign_in(&self) -> Request {
        Request::new("auth/tokens", Method::Post, format!("{}/api/auth/tokens", self.base_url))
            .header("Accept", "application/json")
            .json(&json!({ "api_key": self.api_key.expose() }))
    }

    /// Reads an access token. Of the profile beside it nothing is read: it is full of private data.
    pub(super) fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        // 403 `incorrect credentials` is the documented one (section 2).
        if matches!(reply.status, 400 | 401 | 403 | 404) {
            return Err(Fault::Unauthorized { code: Some(reply.status.to_string()) });
        }
        faults::check(reply)?;
        let token = parse(reply)?
            .text(&["token"])
            .filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()))
            .ok_or_else(|| Fault::unintelligible("a sign-in without an access token"))?;
        let at = |after: SignedDuration| {
            cx.now.checked_add(after).map_err(|_| Fault::unintelligible("a time beyond the calendar"))
        };
        Ok(AccessToken {
            token: Secret::new(token),
            renew_at: at(ACCESS_RENEWED_AFTER)?,
            expires_at: at(ACCESS_LIFETIME)?,
        })
    }

    /// A request signed in with the access token in a header, for inquiries (section 8).
    pub(super) fn with_bearer(
        &self,
        name: &'static str,
        method: Method,
        path: &str,
        cx: &Context<'_>,
    ) -> Result<Request, Fault> {
        let bearer = Secret::new(format!("Bearer {}", access(cx)?.expose()));
        Ok(self.request(name, method, path).credential("Authorization", bearer))
    }

    /// A request signed in with the access token in its body, as the older calls want it.
    pub(super) fn with_token_inside(
        &self,
        name: &'static str,
        path: &str,
        mut body: Value,
        cx: &Context<'_>,
    ) -> Result<Request, Fault> {
        body["auth_token"] = json!(access(cx)?.expose());
        Ok(self.request(name, Method::Post, path).json(&body))
    }

    /// A request signed in with the secret key. The word is `Token`.
    pub(super) fn with_secret_key(
        &self,
        name: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Request, Fault> {
        let key = self.secret_key.as_ref().ok_or_else(no_secret_key)?;
        let credential = Secret::new(format!("Token {}", key.expose()));
        Ok(self.request(name, method, path).credential("Authorization", credential).json(body))
    }

    /// A request without a credential in its headers.
    pub(super) fn request(&self, name: &'static str, method: Method, path: &str) -> Request {
        Request::new(name, method, format!("{}{path}", self.base_url)).header("Accept", "application/json")
    }
}

fn access<'a>(cx: &Context<'a>) -> Result<&'a Secret<String>, Fault> {
    cx.access.map(|access| &access.token).ok_or(Fault::Unauthorized { code: None })
}

fn no_secret_key() -> Fault {
    Fault::Unsupported {
        what: "the intention interface without a secret key".to_owned(),
        instead: "secret_key and public_key in the account's settings, or PAYMOB_FLOW_ACCEPT".to_owned(),
    }
}

/// Keys say which mode they are for: `egy_sk_test_…`, `egy_sk_live_…` (section 2). One of the wrong
/// mode would move money in earnest, or none at all. Older keys do not say it.
fn check_mode(settings: &Settings, name: &str, key: Option<&str>, test: bool) {
    let wrong = if test { "_live_" } else { "_test_" };
    if key.is_some_and(|key| key.contains(wrong)) {
        settings.mistake(name, format!("is a key of the other mode than test = {test}"));
    }
}

fn hmac_secrets(settings: &Settings) -> Vec<Secret<String>> {
    let secret = |name: &str| {
        let secret = settings.secret_maybe(name)?;
        if secret.expose().trim().is_empty() {
            settings.mistake(name, "must not be empty");
        }
        Some(secret)
    };
    [secret("hmac_secret"), secret("hmac_secret_previous")].into_iter().flatten().collect()
}

fn methods(settings: &Settings, integrations: &Integrations) -> BTreeMap<MethodKind, Vec<String>> {
    let cards = integrations.three_d_secure.map_or_else(|| "card".to_owned(), |id| id.to_string());
    let named = settings.methods(&cards);
    let mut all: BTreeMap<MethodKind, Vec<String>> =
        MethodKind::ALL.iter().map(|kind| (*kind, named.of(*kind).to_vec())).collect();
    if let Some(wallet) = integrations.wallet {
        let wallets = all.entry(MethodKind::Wallet).or_default();
        if wallets.is_empty() {
            wallets.push(wallet.to_string());
        }
    }
    all
}

fn currencies(settings: &Settings) -> Vec<String> {
    let codes = settings.list("currencies");
    if codes.iter().any(|code| Currency::parse(code).is_err()) {
        settings.mistake("currencies", "may only hold active codes of ISO 4217");
    }
    codes
}

/// The fields that an account can be told to insist on.
pub(super) const REQUIRABLE: &[&str] =
    &["customer.email", "customer.phone", "customer.given_name", "customer.family_name", "billing"];

fn required_fields(settings: &Settings) -> Vec<String> {
    let fields = settings.list("required_fields");
    if fields.iter().any(|field| !REQUIRABLE.contains(&field.as_str())) {
        settings.mistake("required_fields", format!("may only hold {}", REQUIRABLE.join(", ")));
    }
    fields
}
