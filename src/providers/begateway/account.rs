//! One shop at one white label: where it lives, how it signs in, and what its contract allows.
//!
//! Every white label runs the same programs on its own hosts and with its own limits, so whatever
//! the documentation leaves to the shop or marks as uncertain is a setting here.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::exponents::Exponents;
use super::notice::Trust;
use crate::domain::order::{Customer, Purchase};
use crate::domain::secret::Secret;
use crate::providers::contract::{Fault, Method, Request};
use crate::providers::rsa::PublicKey;
use crate::providers::settings::{Methods, Settings};

/// The header and its value on the checkout host: "Create a payment token" asks for version 2.
pub(super) const CHECKOUT_VERSION: &str = "2";

/// The marker that the provider's browser library puts before what it encrypted.
const ENCRYPTION_MARKER: &str = "$begatewaycsejs_1_0_0$";

/// Fields that a shop may insist on; the provider only tells by refusing (dossier, section 5.1).
const REQUIRABLE: &[&str] = &[
    "customer.ip",
    "customer.email",
    "customer.phone",
    "customer.birth_date",
    "billing_address.given_name",
    "billing_address.family_name",
    "billing_address.lines",
    "billing_address.city",
    "billing_address.country_code",
    "billing_address.postal_code",
];

/// Which requests leave the provider's own check for duplicates on (section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DuplicateCheck {
    /// Payments only. A customer who clicks twice is protected, and two equal partial captures or
    /// refunds within 30 seconds, which are legitimate, are told apart by their `RequestID`.
    Payments,
    /// Payments and movements.
    Everything,
    /// Nothing: for shops that charge the same card the same amount twice within 30 seconds.
    Nothing,
}

/// How a card is saved without paying (section 6, point 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SaveWith {
    /// A tokenization. Works everywhere; the acquirer is not asked.
    Tokenization,
    /// An authorization of zero, where the acquirer supports it.
    Authorization,
}

/// One shop.
pub(super) struct Account {
    /// The page's types of each kind of payment method.
    pub methods: Methods,
    pub gateway: String,
    pub checkout: String,
    /// Where alternative methods live; `None` where the shop has none.
    pub api: Option<String>,
    shop_id: String,
    secret_key: Secret<String>,
    /// Whether this shop's payments are tests. An answer of the other kind is not believed.
    pub test: bool,
    api_version: i64,
    pub encryption_public_key: Option<String>,
    pub encryption_marker: String,
    pub duplicate_check: DuplicateCheck,
    pub use_charge_service: bool,
    pub send_contract_with_token: bool,
    pub save_with: SaveWith,
    /// The amount of a tokenization in the provider's minor units. No money moves; the samples
    /// send 100, and "any value" is allowed (section 4).
    pub tokenization_amount: i64,
    pub allow_skip_three_d_secure: bool,
    pub exponents: Exponents,
    pub language: String,
    pub attempts: i64,
    pub default_description: String,
    pub default_refund_reason: String,
    required_fields: Vec<String>,
    /// What makes a notice the provider's.
    pub trust: Trust,
}

impl Account {
    /// Reads the settings. Mistakes are noted there.
    pub(super) fn read(settings: &Settings) -> Self {
        let shop_id = settings.text("shop_id");
        // Basic credentials are split at the first colon (section 3).
        if shop_id.contains(':') {
            settings.mistake("shop_id", "must not have a colon");
        }
        let required_fields = settings.list("required_fields");
        for field in &required_fields {
            if !REQUIRABLE.contains(&field.as_str()) {
                settings.mistake("required_fields", format!("knows only {}", REQUIRABLE.join(", ")));
            }
        }
        let language = settings.text_or("language", "en");
        if language.len() < 2 || !language.bytes().all(|byte| byte.is_ascii_lowercase()) {
            settings.mistake("language", "must be a language such as en, ru or be");
        }
        Self {
            // "Create a payment token", payment_method.types (section 4).
            methods: settings.methods("credit_card"),
            gateway: settings.url("gateway_url"),
            checkout: settings.url("checkout_url"),
            api: settings.text_maybe("api_url").map(|_| settings.url("api_url")),
            shop_id,
            secret_key: settings.secret("secret_key"),
            test: settings.flag("test"),
            api_version: settings.integer_or("api_version", 2, 2, 3),
            encryption_public_key: settings.text_maybe("encryption_public_key"),
            encryption_marker: settings.text_or("encryption_marker", ENCRYPTION_MARKER),
            duplicate_check: match settings
                .choice("duplicate_check", &["payments", "everything", "nothing"])
                .as_str()
            {
                "everything" => DuplicateCheck::Everything,
                "nothing" => DuplicateCheck::Nothing,
                _ => DuplicateCheck::Payments,
            },
            use_charge_service: settings.flag_or("use_charge_service", false),
            send_contract_with_token: settings.flag_or("send_contract_with_token", true),
            save_with: match settings.choice("save_with", &["tokenization", "authorization"]).as_str() {
                "authorization" => SaveWith::Authorization,
                _ => SaveWith::Tokenization,
            },
            tokenization_amount: settings.integer_or("tokenization_amount", 100, 0, 1_000_000),
            allow_skip_three_d_secure: settings.flag_or("allow_skip_three_d_secure", false),
            exponents: Exponents::read(settings),
            language,
            attempts: settings.integer_or("attempts", 1, 1, 10),
            default_description: settings.text_or("default_description", "Order"),
            default_refund_reason: settings.text_or("default_refund_reason", "Refund"),
            required_fields,
            trust: trust(settings),
        }
    }

    /// A request to the gateway host.
    pub(super) fn to_gateway(&self, name: &'static str, method: Method, path: &str) -> Request {
        let version = self.api_version.to_string();
        self.signed(Request::new(name, method, format!("{}{path}", self.gateway)))
            .header("X-API-Version", version)
    }

    /// A request to the checkout host.
    pub(super) fn to_checkout(&self, name: &'static str, method: Method, path: &str) -> Request {
        self.signed(Request::new(name, method, format!("{}{path}", self.checkout)))
            .header("X-API-Version", CHECKOUT_VERSION)
    }

    /// A request to the host of alternative methods, where the shop has one.
    pub(super) fn to_alternatives(&self, name: &'static str, method: Method, path: &str) -> Option<Request> {
        let api = self.api.as_ref()?;
        Some(self.signed(Request::new(name, method, format!("{api}/beyag{path}"))))
    }

    fn signed(&self, request: Request) -> Request {
        let basic = format!("Basic {}", STANDARD.encode(self.pair().expose()));
        request.credential("Authorization", Secret::new(basic)).header("Accept", "application/json")
    }

    fn pair(&self) -> Secret<String> {
        Secret::new(format!("{}:{}", self.shop_id, self.secret_key.expose()))
    }

    /// Whether an `Authorization` header has this shop's own credentials, which the provider sends with
    /// its notices, too (section 9.1). How long the comparison takes says nothing of the key.
    pub(super) fn is_own(&self, authorization: &str) -> bool {
        let Some((scheme, encoded)) = authorization.trim().split_once(' ') else { return false };
        if !scheme.eq_ignore_ascii_case("basic") {
            return false;
        }
        let Ok(pair) = STANDARD.decode(encoded.trim()).map(Zeroizing::new) else { return false };
        verify_slices_are_equal(&pair, self.pair().expose().as_bytes()).is_ok()
    }

    /// Whether a notice names another shop than this one.
    pub(super) fn is_other_shop(&self, shop_id: &str) -> bool {
        self.shop_id != shop_id
    }

    /// Refuses an order that lacks what this shop is known to insist on.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for the first such field.
    pub(super) fn check_required(&self, purchase: &Purchase) -> Result<(), Fault> {
        match self.required_fields.iter().find(|field| !is_given(field, purchase)) {
            Some(field) => Err(Fault::Invalid {
                field: field.clone(),
                problem: "this shop at beGateway insists on it".to_owned(),
            }),
            None => Ok(()),
        }
    }
}

/// What makes a notice the provider's: its signature, or for old installations its credentials alone, which
/// somebody has to say (section 9.2).
fn trust(settings: &Settings) -> Trust {
    let key = |name: &str| {
        let text = settings.text_maybe(name)?;
        let key = PublicKey::read(&text);
        if key.is_none() {
            settings.mistake(name, "must be an RSA public key of at least 2048 bits, base64 or PEM");
        }
        key
    };
    let keys: Vec<PublicKey> =
        [key("webhook_public_key"), key("webhook_public_key_previous")].into_iter().flatten().collect();
    match (settings.flag_or("webhook_basic_only", false), keys.is_empty()) {
        (true, false) => {
            settings.mistake("webhook_basic_only", "is for shops without a webhook_public_key");
            Trust::Signature(keys)
        }
        (true, true) => Trust::Credentials,
        (false, _) => Trust::Signature(keys),
    }
}

fn is_given(field: &str, purchase: &Purchase) -> bool {
    let Customer { ip, email, phone, birth_date, .. } = &purchase.customer;
    let billing = purchase.billing.as_ref();
    match field {
        "customer.ip" => ip.is_some(),
        "customer.email" => email.is_some(),
        "customer.phone" => phone.is_some(),
        "customer.birth_date" => birth_date.is_some(),
        "billing_address.given_name" => billing.is_some_and(|address| address.given_name.is_some()),
        "billing_address.family_name" => billing.is_some_and(|address| address.family_name.is_some()),
        "billing_address.lines" => billing.is_some_and(|address| !address.lines.is_empty()),
        "billing_address.city" => billing.is_some_and(|address| address.city.is_some()),
        "billing_address.country_code" => billing.is_some_and(|address| address.country.is_some()),
        "billing_address.postal_code" => billing.is_some_and(|address| address.postal_code.is_some()),
        // Refused when the settings were read.
        _ => true,
    }
}
