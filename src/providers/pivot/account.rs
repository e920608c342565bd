//! One merchant at Pivot: where it lives, how it signs in, and what its contract allows.
//!
//! Whatever the dossier marks as uncertain, or leaves to the contract between the merchant and
//! Pivot, is a setting here with the dossier's default. This file must never choose an amount, a
//! reference or a status.

use aws_lc_rs::digest;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::envelope;
use super::method::{Kind, Limits};
use crate::domain::order::MethodKind;
use crate::domain::secret::Secret;
use crate::providers::contract::{AccessToken, Context, Fault, Method, Reply, Request};
use crate::providers::json::Reading;
use crate::providers::settings::{Methods, Settings};

/// How long an access token works when its answer does not say so (dossier, section 3: 900 s).
const ACCESS_SECONDS: i64 = 900;
/// The longest life of an access token that is believed, in seconds.
const ACCESS_SECONDS_MAX: i64 = 86_400;
/// The length of an `X-REQUEST-ID`: 16 to 36 letters and digits are allowed (section 4).
const REQUEST_ID_CHARS: usize = 32;
/// The most pages of refunds that are looked through for one: with the resend, a conversation
/// stays below the contract's limit of steps.
const SCAN_PAGES_MAX: i64 = 6;

/// Where the options stand in a confirmation: the table and the sample disagree (section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    /// Beside `paymentMethod`, as the table has it.
    Sibling,
    /// Inside `paymentMethod`, as the sample prints it.
    Nested,
    /// In both places.
    Both,
}

/// How a saved card is charged with the customer present and without a CVC (section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SavedCardFlow {
    /// On Pivot's page, where the customer picks the card and types the CVC.
    Redirect,
    /// Never: the caller has to bring the CVC.
    Api,
}

/// What a callback's body is taken for (section 18): it is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// A reason to read the session.
    Reread,
    /// An answer to an inquiry.
    Body,
}

/// What the contract says about charges without the customer (section 11, all of it assumed).
#[derive(Debug, Clone)]
pub(super) struct MerchantInitiated {
    /// Whether Pivot has enabled them for this merchant.
    pub enabled: bool,
    /// Whether `cardOnFile` is sent at all.
    pub send_card_on_file: bool,
    /// `cardOnFile.initiator` of the customer's first payment.
    pub initiator_first: String,
    /// `cardOnFile.initiator` of every later one.
    pub initiator: String,
    /// `cardOnFile.type` of charges in a fixed rhythm, and of the first payment.
    pub type_recurring: String,
    /// `cardOnFile.type` of charges at irregular times.
    pub type_unscheduled: String,
    /// `cardOnFile.type` of a part of one purchase; `None`: no such charges.
    pub type_installment: Option<String>,
    /// `threeDsMethod` of charges without the customer.
    pub three_ds: String,
    /// Where an answer may hold the scheme's transaction id: JSON pointers below `data`.
    pub network_id_pointers: Vec<String>,
}

/// One merchant.
pub(super) struct Account {
    base: String,
    merchant_id: String,
    merchant_secret: Secret<String>,
    sub_merchant_id: Option<String>,
    access_margin: SignedDuration,
    /// Pivot's names of the methods of each kind: types and channels.
    pub methods: Methods,
    pub limits: Limits,
    pub expiration_mode: String,
    pub three_ds: String,
    pub product_type: String,
    pub confirm_options: Placement,
    pub saved_card_flow: SavedCardFlow,
    pub mit: MerchantInitiated,
    pub void_via_cancel: bool,
    pub rsa_bits_min: usize,
    /// Where browsers go when a charge names no address; Pivot wants one in every request.
    pub default_return_url: Option<String>,
    pub default_refund_reason: String,
    pub refund_scan_pages: i64,
    /// Whether Pivot confirmed that refunds honour `X-REQUEST-ID`.
    pub refund_resend: bool,
    /// The keys that callbacks come with; none: no callback is believed.
    pub callback_keys: Vec<Secret<String>>,
    pub webhook_trust: Trust,
}

impl Account {
    /// Reads the settings. Mistakes are noted there.
    pub(super) fn read(settings: &Settings) -> Self {
        let methods = settings.methods(Kind::Card.word());
        for (kind, name) in [(MethodKind::PayLater, "pay_later_methods"), (MethodKind::Cash, "cash_methods")]
        {
            if !methods.of(kind).is_empty() {
                settings.mistake(name, "Pivot has no such methods");
            }
        }
        let default_return_url =
            settings.text_maybe("default_return_url").map(|_| settings.url("default_return_url"));
        let mit = MerchantInitiated::read(settings);
        if mit.enabled && default_return_url.is_none() {
            settings.mistake(
                "default_return_url",
                "is required with mit: Pivot wants an address in every request",
            );
        }
        Self {
            base: settings.url("base_url"),
            merchant_id: settings.text("merchant_id"),
            merchant_secret: settings.secret("merchant_secret"),
            sub_merchant_id: settings.text_maybe("sub_merchant_id"),
            access_margin: SignedDuration::from_secs(settings.integer_or(
                "access_token_margin_s",
                60,
                5,
                600,
            )),
            methods,
            limits: Limits::read(settings),
            expiration_mode: settings.choice("expiration_mode", &["STRICT", "LOOSE"]),
            three_ds: settings.choice("three_ds", &["AUTOMATIC", "CHALLENGE", "NEVER"]),
            product_type: settings.choice("product_type", &["PHYSICAL", "DIGITAL", "SERVICE"]),
            confirm_options: match settings
                .choice("confirm_options_placement", &["sibling", "nested", "both"])
                .as_str()
            {
                "nested" => Placement::Nested,
                "both" => Placement::Both,
                _ => Placement::Sibling,
            },
            saved_card_flow: match settings.choice("saved_card_flow", &["redirect", "api"]).as_str() {
                "api" => SavedCardFlow::Api,
                _ => SavedCardFlow::Redirect,
            },
            mit,
            void_via_cancel: settings.flag_or("void_via_cancel", false),
            rsa_bits_min: usize::try_from(settings.integer_or("rsa_bits_min", 2_048, 2_048, 8_192))
                .unwrap_or(usize::MAX),
            default_return_url,
            default_refund_reason: settings.choice(
                "default_refund_reason",
                &["OTHERS", "REQUESTED_BY_CUSTOMER", "CANCELLATION", "DUPLICATE", "SUSPECT_FRAUDULENT"],
            ),
            refund_scan_pages: settings.integer_or("refund_scan_pages", 5, 1, SCAN_PAGES_MAX),
            refund_resend: settings.flag_or("refund_resend", false),
            callback_keys: settings.secrets("callback_api_key"),
            webhook_trust: match settings.choice("webhook_trust", &["reread", "body"]).as_str() {
                "body" => Trust::Body,
                _ => Trust::Reread,
            },
        }
    }

    /// The request for an access token. The sub-merchant has no part in it (section 3).
    pub(super) fn sign_in(&self) -> Request {
        Request::new("access-token", Method::Post, format!("{}/v1/access-token", self.base))
            .header("X-MERCHANT-ID", self.merchant_id.as_str())
            .credential("X-MERCHANT-SECRET", self.merchant_secret.clone())
            .header("Accept", "application/json")
            .json(&json!({ "grantType": "client_credentials" }))
    }

    /// Reads the answer to [`Self::sign_in`]. `expiresIn` is a text of seconds, or a number.
    pub(super) fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        let data = envelope::data(reply)?;
        let token = data
            .text(&["accessToken"])
            .ok_or_else(|| Fault::unintelligible("a sign-in without an access token"))?;
        let seconds = data
            .integer(&["expiresIn"])
            .filter(|seconds| (1..=ACCESS_SECONDS_MAX).contains(seconds))
            .unwrap_or(ACCESS_SECONDS);
        let life = SignedDuration::from_secs(seconds);
        Ok(AccessToken {
            token: Secret::new(token),
            renew_at: cx.now + life.saturating_sub(self.access_margin).max(SignedDuration::ZERO),
            expires_at: cx.now + life,
        })
    }

    /// A request that asks and changes nothing.
    pub(super) fn get(&self, name: &'static str, path: &str, cx: &Context<'_>) -> Result<Request, Fault> {
        self.signed(Request::new(name, Method::Get, format!("{}{path}", self.base)), cx)
    }

    /// A request that does something: with an id by which Pivot knows a repeat for 24 hours. The
    /// id is that of the operation on the thing that `reference` names, whatever the attempt, and
    /// never the same for two operations, because another endpoint would be a conflict (section 4).
    pub(super) fn post(
        &self,
        name: &'static str,
        path: &str,
        reference: &str,
        body: &Value,
        cx: &Context<'_>,
    ) -> Result<Request, Fault> {
        let request = Request::new(name, Method::Post, format!("{}{path}", self.base));
        Ok(self.signed(request, cx)?.header("X-REQUEST-ID", request_id(name, reference)).json(body))
    }

    fn signed(&self, request: Request, cx: &Context<'_>) -> Result<Request, Fault> {
        let access = cx.access.ok_or(Fault::Unauthorized { code: None })?;
        let bearer = Secret::new(format!("Bearer {}", access.token.expose()));
        let request = request.credential("Authorization", bearer).header("Accept", "application/json");
        Ok(match &self.sub_merchant_id {
            Some(id) => request.header("x-submerchant-id", id.as_str()),
            None => request,
        })
    }
}

impl MerchantInitiated {
    fn read(settings: &Settings) -> Self {
        let network_id_pointers = settings.list("network_id_pointers");
        if network_id_pointers.iter().any(|pointer| !pointer.starts_with('/')) {
            settings.mistake("network_id_pointers", "must be JSON pointers, each beginning with /");
        }
        Self {
            enabled: settings.flag_or("mit", false),
            send_card_on_file: settings.flag_or("mit_send_card_on_file", true),
            initiator_first: settings.text_or("mit_initiator_first", "CUSTOMER"),
            initiator: settings.text_or("mit_initiator", "MERCHANT"),
            type_recurring: settings.text_or("mit_type_recurring", "SCHEDULED"),
            type_unscheduled: settings.text_or("mit_type_unscheduled", "UNSCHEDULED"),
            type_installment: settings.text_maybe("mit_type_installment"),
            three_ds: settings.choice("mit_three_ds", &["NEVER", "AUTOMATIC", "CHALLENGE"]),
            network_id_pointers,
        }
    }
}

/// 32 lower-case hexadecimal digits, the same for the same operation on the same thing.
pub(super) fn request_id(operation: &str, reference: &str) -> String {
    let digest = digest::digest(&digest::SHA256, format!("{operation}\n{reference}").as_bytes());
    let mut id: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    id.truncate(REQUEST_ID_CHARS);
    id
}
