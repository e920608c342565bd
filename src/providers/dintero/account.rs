//! One Dintero account: its settings, its access token, and the frame of every request.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::SignedDuration;
use serde_json::json;

use super::faults;
use crate::domain::money::{Currency, Money};
use crate::domain::secret::Secret;
use crate::providers::contract::{AccessToken, Context, Fault, Method, Reply, Request};
use crate::providers::json::{Reading, parse};
use crate::providers::settings::{Methods, Settings};

/// The product type that makes and uses tokens unless the account or the caller says otherwise.
const TOKEN_PRODUCT: &str = "payex.creditcard";
/// What the audience of an access token is, whichever host is asked for it (dossier §2).
const AUDIENCE_BASE: &str = "https://api.dintero.com/v1/accounts";
/// The longest delay of a callback that Dintero documents, in seconds (dossier §11).
const CALLBACK_DELAY_SECONDS_MAX: i64 = 60;

/// How far the time of a callback may be from ours, in seconds: the recommendation (dossier §12), and
/// the most that may be set, which is a day.
const CALLBACK_TOLERANCE_SECONDS: i64 = 300;
const CALLBACK_TOLERANCE_SECONDS_MAX: i64 = 86_400;

/// The settings of one account.
pub(super) struct Account {
    /// `T` or `P` and eight digits: test or production.
    pub(super) id: String,
    client_id: String,
    client_secret: Secret<String>,
    checkout_url: String,
    auth_url: String,
    audience: String,
    /// The payment profile of sessions that name none.
    pub(super) profile_id: String,
    /// The product type of tokens that name none.
    pub(super) token_product: String,
    /// The products of each kind of payment method.
    pub(super) methods: Methods,
    /// Whether `/sessions/pay` refuses a reference that any earlier session had.
    pub(super) strict_reference: bool,
    /// Whether `/sessions/pay` refuses a reference that an earlier success had.
    pub(super) strict_success_reference: bool,
    /// Whether session creates are refused when lines and amount differ.
    pub(super) strict_amounts: bool,
    /// Whether the page of an acquirer without Dintero's check box asks before it saves a card.
    pub(super) acquirer_page_asks: bool,
    /// `GET` or `POST`.
    pub(super) callback_method: String,
    /// Seconds that Dintero waits before it calls back.
    pub(super) callback_delay_seconds: i64,
    /// What callbacks are signed with; none: no callback is believed.
    pub(super) callback_secrets: Vec<Secret<String>>,
    pub(super) callback_tolerance_seconds: u64,
    /// What the account's webhooks are signed with; none: none is believed.
    pub(super) hook_secrets: Vec<Secret<String>>,
    check_prefix: bool,
    currencies: Vec<String>,
    renewal_margin: SignedDuration,
    system_headers: Vec<(&'static str, String)>,
}

static CURRENCIES: LazyLock<String> = LazyLock::new(|| super::profile::CURRENCIES.join(", "));

impl Account {
    /// Reads the settings; mistakes are noted in them.
    pub(super) fn read(settings: &Settings) -> Self {
        let id = settings.text("account_id");
        if !id.is_empty() && !is_account_id(&id) {
            settings.mistake("account_id", "must be T (test) or P (production) and eight digits");
        }
        let audience = settings.url_or("audience", &format!("{AUDIENCE_BASE}/{id}"));
        let currencies = settings.list("currencies");
        if currencies.iter().any(|code| !super::profile::CURRENCIES.contains(&code.as_str())) {
            settings.mistake("currencies", format!("may only hold {}", *CURRENCIES));
        }
        let mut system_headers = vec![
            ("Dintero-System-Name", settings.text_or("system_name", "turnpike")),
            ("Dintero-System-Version", settings.text_or("system_version", env!("CARGO_PKG_VERSION"))),
        ];
        let plugin = settings.text_maybe("system_plugin_name");
        system_headers.extend(plugin.map(|name| ("Dintero-System-Plugin-Name", name)));
        let plugin_version = settings.text_maybe("system_plugin_version");
        system_headers.extend(plugin_version.map(|version| ("Dintero-System-Plugin-Version", version)));
        let token_product = settings.text_or("token_product_type", TOKEN_PRODUCT);
        Self {
            methods: settings.methods(&token_product),
            client_id: settings.text("client_id"),
            client_secret: settings.secret("client_secret"),
            checkout_url: settings.url_or("checkout_url", "https://checkout.dintero.com/v1"),
            auth_url: settings.url_or("auth_url", "https://api.dintero.com/v1"),
            audience,
            profile_id: settings.text_or("profile_id", "default"),
            token_product,
            strict_reference: settings.flag_or("strict_merchant_reference", true),
            strict_success_reference: settings.flag_or("strict_success_merchant_reference", false),
            strict_amounts: settings.flag_or("strict_session_amounts", false),
            acquirer_page_asks: settings.flag_or("acquirer_page_asks_before_saving", false),
            callback_method: settings.choice("callback_method", &["GET", "POST"]),
            callback_delay_seconds: settings.integer_or(
                "callback_delay_seconds",
                0,
                0,
                CALLBACK_DELAY_SECONDS_MAX,
            ),
            callback_secrets: settings.secrets("callback_secret"),
            callback_tolerance_seconds: settings
                .integer_or(
                    "callback_tolerance_seconds",
                    CALLBACK_TOLERANCE_SECONDS,
                    1,
                    CALLBACK_TOLERANCE_SECONDS_MAX,
                )
                .unsigned_abs(),
            hook_secrets: settings.secrets("hook_secret"),
            check_prefix: settings.flag_or("check_account_prefix", true),
            currencies,
            renewal_margin: SignedDuration::from_secs(settings.integer_or(
                "token_renewal_margin_seconds",
                600,
                0,
                86_400,
            )),
            system_headers,
            id,
        }
    }

    /// Checks an amount against Dintero's bounds and the currencies of this account.
    pub(super) fn check_amount(&self, money: Money) -> Result<(), Fault> {
        super::PROFILE.check_amount(money)?;
        self.check_currency(money.currency())
    }

    /// Checks a currency alone, for sessions that charge nothing.
    pub(super) fn check_currency(&self, currency: Currency) -> Result<(), Fault> {
        let has = |code: &str| self.currencies.iter().any(|known| known == code);
        if self.currencies.is_empty() || has(currency.code()) {
            return Ok(());
        }
        Err(Fault::Invalid {
            field: "money.currency_code".to_owned(),
            problem: "this Dintero account is not set up for the currency".to_owned(),
        })
    }

    /// Refuses an id that cannot be this account's. Ids begin with the account id and a point
    /// (dossier §2): a cheap guard against mixing test and production, or two merchants. The
    /// letters are checked too, because ids become parts of addresses.
    pub(super) fn owns(&self, id: &str) -> Result<(), Fault> {
        if !is_path_word(id) {
            return Err(Fault::unintelligible("an id that cannot be part of an address"));
        }
        let rest = id.strip_prefix(&self.id).and_then(|rest| rest.strip_prefix('.'));
        if self.check_prefix && rest.is_none_or(str::is_empty) {
            return Err(Fault::unintelligible("an id of another account"));
        }
        Ok(())
    }

    /// A request to the Checkout API, signed in.
    pub(super) fn request(
        &self,
        name: &'static str,
        method: Method,
        path: &str,
        cx: &Context<'_>,
    ) -> Result<Request, Fault> {
        let access = cx.access.ok_or(Fault::Unauthorized { code: None })?;
        let bearer = Secret::new(format!("Bearer {}", access.token.expose()));
        let request = Request::new(name, method, format!("{}{path}", self.checkout_url))
            .credential("Authorization", bearer)
            .header("Accept", "application/json");
        Ok(self.system_headers.iter().fold(request, |request, (name, value)| request.header(name, value)))
    }

    /// The request for an access token: HTTP Basic, and a JSON body rather than a form (dossier §2).
    pub(super) fn sign_in(&self) -> Request {
        let pair = format!("{}:{}", self.client_id, self.client_secret.expose());
        let basic = Secret::new(format!("Basic {}", BASE64.encode(pair)));
        let url = format!("{}/accounts/{}/auth/token", self.auth_url, self.id);
        Request::new("auth/token", Method::Post, url)
            .credential("Authorization", basic)
            .header("Accept", "application/json")
            .json(&json!({ "grant_type": "client_credentials", "audience": self.audience }))
    }

    /// Reads an access token. The texts say four hours and the examples a day, so only
    /// `expires_in` counts (dossier §2). Renewal is due some minutes before the end, but never
    /// before half-life: a short-lived token must not be renewed with every call.
    pub(super) fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        if matches!(reply.status, 400 | 401 | 403) {
            return Err(faults::unauthorized(reply));
        }
        faults::check(reply)?;
        let body = parse(reply)?;
        let token = body
            .text(&["access_token"])
            .filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()))
            .ok_or_else(|| Fault::unintelligible("a sign-in without an access token"))?;
        let seconds = body
            .integer(&["expires_in"])
            .filter(|seconds| (1..=31_536_000).contains(seconds))
            .ok_or_else(|| Fault::unintelligible("an access token without a lifetime"))?;
        let lifetime = SignedDuration::from_secs(seconds);
        let early = (lifetime - self.renewal_margin).max(lifetime / 2);
        let at = |after: SignedDuration| {
            cx.now
                .checked_add(after)
                .map_err(|_| Fault::unintelligible("an access token of impossible lifetime"))
        };
        Ok(AccessToken { token: Secret::new(token), renew_at: at(early)?, expires_at: at(lifetime)? })
    }
}

fn is_account_id(text: &str) -> bool {
    let digits = text.strip_prefix(['T', 'P']).unwrap_or_default();
    digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text can stand in an address as it is.
pub(super) fn is_path_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !text.is_empty() && text.len() <= 128 && text.bytes().all(plain) && text.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_say_their_environment() {
        assert!(is_account_id("T11223344") && is_account_id("P00000000"));
        for wrong in ["", "T1122334", "T112233445", "X11223344", "t11223344", "T1122334a"] {
            assert!(!is_account_id(wrong), "{wrong}");
        }
    }

    #[test]
    fn ids_cannot_leave_their_place_in_an_address() {
        assert!(is_path_word("T11223344.5cyW-x_1"));
        for wrong in ["", "..", "a/b", "a?b", "a b", "a%2f"] {
            assert!(!is_path_word(wrong), "{wrong}");
        }
    }
}
