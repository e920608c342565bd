//! The bodies of the requests about sessions: created, confirmed, read, cancelled (dossier,
//! sections 7, 8, 11 and 12). A body depends on the order alone, so that the same order makes the
//! same bytes, and a repeat is a repeat.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::{Account, Placement};
use super::customer::VALUE;
use super::order::{self, Object, invalid};
use crate::domain::card::{EncryptedCard, StoredToken};
use crate::domain::order::{CaptureMode, OptionValue, Options, Purchase, ReturnUrls, ThreeDSecure};
use crate::domain::secret::Secret;
use crate::providers::contract::{Context, Fault, Request};

use super::method::unsupported;

/// Creates a session; whether that moves money depends on what it is made of.
pub(super) const CREATE: &str = "payments/create";
/// Confirms one with a card.
pub(super) const CONFIRM: &str = "payments/confirm";
/// Cancels one.
pub(super) const CANCEL: &str = "payments/cancel";
/// Reads one.
pub(super) const READ: &str = "payments/get";
/// Looks one up by our reference.
pub(super) const SEARCH: &str = "payments/list";
/// Reads a customer.
pub(super) const CUSTOMER: &str = "customers/get";

/// The longest CVC that Pivot takes, in digits.
const CVC_DIGITS_MAX: usize = 3;

/// What a session is made of besides the purchase.
pub(super) struct Creating<'a> {
    pub rupiah: i64,
    pub mode: &'static str,
    pub auto_confirm: bool,
    pub method: Option<Value>,
    pub method_options: Map<String, Value>,
    pub save: bool,
    pub show_saved: bool,
    pub bypass_status_page: bool,
    pub return_urls: Option<&'a ReturnUrls>,
    /// Pivot's customer, where he is known; else the purchase's customer is named.
    pub customer: Option<&'a str>,
    pub expiration_mode: &'a str,
    pub expires_at: Option<Timestamp>,
}

/// `POST /v2/payments`.
pub(super) fn create(
    account: &Account,
    purchase: &Purchase,
    what: Creating<'_>,
    cx: &Context<'_>,
) -> Result<Request, Fault> {
    let mut body = Object::default();
    body.put("clientReferenceId", purchase.reference.as_str())
        .put("amount", order::money(what.rupiah, purchase.money.currency()))
        .put("paymentType", "SINGLE")
        .put("mode", what.mode)
        .put("autoConfirm", what.auto_confirm)
        .put("orderInformation", order::information(account, purchase)?)
        .put("metadata", json!({ "merchantReference": purchase.merchant_reference }));
    match what.customer {
        // Exactly one of the two.
        Some(id) => body.put("customerId", id),
        None => body.put("customer", order::customer(&purchase.customer)?),
    };
    let fallback =
        account.default_return_url.clone().map(|success| ReturnUrls { success, ..Default::default() });
    match what.return_urls.or(fallback.as_ref()) {
        Some(urls) => body.put("redirectUrl", order::redirect_url(urls)?),
        None => return Err(invalid("return_urls", "Pivot wants return addresses in every request")),
    };
    if let Some(method) = what.method {
        body.put("paymentMethod", method);
    }
    if !what.method_options.is_empty() {
        body.put("paymentMethodOptions", Value::Object(what.method_options));
    }
    for (name, flag) in [
        // Some samples print `saveForFuture`; the table and the answers do not.
        ("saveForFutureUse", what.save),
        ("showSavedPayment", what.show_saved),
        ("bypassStatusPage", what.bypass_status_page),
    ] {
        if flag {
            body.put(name, true);
        }
    }
    if let Some(text) = order::descriptor(purchase)? {
        body.put("statementDescriptor", text.as_str());
    }
    if let Some(end) = what.expires_at {
        body.put("expirationMode", what.expiration_mode).put("expiryAt", instant(end));
    }
    account.post(CREATE, "/v2/payments", &purchase.reference, &Value::Object(body.0), cx)
}

/// `2026-02-10T03:30:00Z`: whole seconds.
fn instant(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `paymentMethodOptions.card`.
pub(super) struct CardOptions<'a> {
    pub capture: CaptureMode,
    pub three_ds: &'a str,
    pub card_on_file: Option<Value>,
    pub options: &'a Options,
}

/// The options of a payment by card.
pub(super) fn card_options(what: &CardOptions<'_>) -> Result<Map<String, Value>, Fault> {
    let mut card = Object::default();
    card.put(
        "captureMethod",
        match what.capture {
            CaptureMode::Automatic => "automatic",
            CaptureMode::Manual => "manual",
        },
    )
    .put("threeDsMethod", what.three_ds);
    if let Some(value) = &what.card_on_file {
        card.put("cardOnFile", value.clone());
    }
    if let Some(processing) = processing(what.options) {
        card.put("processingConfig", processing);
    }
    Ok(Map::from_iter([("card".to_owned(), Value::Object(card.0))]))
}

/// Which merchant of a facilitator is charged for.
fn processing(options: &Options) -> Option<Value> {
    let group = options.group("processing")?;
    let text = |name: &str| match group.get(name) {
        Some(OptionValue::Text(text)) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    };
    let mut object = Object::default();
    for (name, value) in
        [("bankMerchantId", text("bank_merchant_id")), ("merchantIdTag", text("merchant_id_tag"))]
    {
        if let Some(value) = value {
            object.put(name, value);
        }
    }
    Some(Value::Object(object.0))
}

/// Refuses what has no documented form: the members of `installment` are not published.
pub(super) fn check_options(options: &Options) -> Result<(), Fault> {
    match options.group("installment") {
        Some(_) => Err(unsupported(
            "payment by instalments of the issuer: Pivot does not publish how it is asked for",
            "a charge of all at once, or the instalments of the issuer's own app",
        )),
        None => Ok(()),
    }
}

/// `threeDsMethod`, where the caller leaves it to the account.
pub(super) fn three_ds(wanted: ThreeDSecure, usual: &str) -> &str {
    match wanted {
        ThreeDSecure::Automatic => usual,
        ThreeDSecure::Challenge => "CHALLENGE",
        ThreeDSecure::Never => "NEVER",
    }
}

/// The value of a stored token.
pub(super) fn token_value(token: &StoredToken) -> Result<&Secret<String>, Fault> {
    token
        .value(VALUE)
        .filter(|value| !value.expose().is_empty())
        .ok_or_else(|| invalid("provider_token.values", "has no value of the only kind that Pivot has"))
}

/// The customer of a stored token, who alone can use it.
pub(super) fn token_customer(token: &StoredToken) -> Result<&str, Fault> {
    token.customer.as_deref().filter(|customer| !customer.is_empty()).ok_or_else(|| {
        invalid(
            "provider_token.provider_customer_id",
            "is missing: a token of Pivot belongs to a customer and cannot be charged without",
        )
    })
}

/// `paymentMethod` with a saved card; the CVC is in clear, as Pivot wants it.
pub(super) fn saved_card(
    token: &StoredToken,
    cvc: Option<&Secret<String>>,
    cvc_field: &str,
) -> Result<Value, Fault> {
    let mut card = json!({ "token": token_value(token)?.expose() });
    if let Some(cvc) = cvc {
        if cvc.expose().chars().count() > CVC_DIGITS_MAX
            && cvc.expose().bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(invalid(cvc_field, format!("Pivot takes at most {CVC_DIGITS_MAX} digits")));
        }
        card["cvc"] = json!(cvc.expose());
    }
    Ok(json!({ "type": "CARD", "card": card }))
}

/// `paymentMethod` with a card that the merchant's page encrypted. The text is passed on as it is:
/// the documented limit of 500 characters is shorter than any real one (section 8).
pub(super) fn encrypted_card(card: &EncryptedCard) -> Result<Value, Fault> {
    let blob = card.fields.get("card").filter(|blob| !blob.expose().is_empty());
    match blob {
        Some(blob) if card.fields.len() == 1 => {
            Ok(json!({ "type": "CARD", "card": { "encryptedCard": blob.expose() } }))
        }
        Some(_) | None => Err(invalid(
            "encrypted_card",
            "Pivot takes the card as one text, in encrypted_card.blob, and not field by field",
        )),
    }
}

/// `POST /v2/payments/{id}/confirm`.
pub(super) fn confirm(
    account: &Account,
    purchase: &Purchase,
    session: &str,
    mut method: Value,
    options: Map<String, Value>,
    save: Option<bool>,
    cx: &Context<'_>,
) -> Result<Request, Fault> {
    let options = Value::Object(options);
    let mut body = Object::default();
    if account.confirm_options != Placement::Sibling {
        method["paymentMethodOptions"] = options.clone();
    }
    body.put("paymentMethod", method);
    if account.confirm_options != Placement::Nested {
        body.put("paymentMethodOptions", options);
    }
    // "At create or confirm" (section 14): the address may only be known now.
    body.put("orderInformation", order::information(account, purchase)?);
    if let Some(save) = save {
        body.put("saveForFutureUse", save);
    }
    let path = format!("/v2/payments/{}/confirm", segment(session));
    account.post(CONFIRM, &path, &purchase.reference, &Value::Object(body.0), cx)
}

/// `POST /v2/payments/{id}/cancel`.
pub(super) fn cancel(
    account: &Account,
    session: &str,
    reference: &str,
    cx: &Context<'_>,
) -> Result<Request, Fault> {
    let path = format!("/v2/payments/{}/cancel", segment(session));
    account.post(CANCEL, &path, reference, &json!({ "cancellationReason": "VOID_SESSION" }), cx)
}

/// `GET /v2/payments/{id}`.
pub(super) fn read(account: &Account, session: &str, cx: &Context<'_>) -> Result<Request, Fault> {
    account.get(READ, &format!("/v2/payments/{}", segment(session)), cx)
}

/// `GET /v2/payments?clientReferenceId=…`.
pub(super) fn search(account: &Account, reference: &str, cx: &Context<'_>) -> Result<Request, Fault> {
    let path = format!("/v2/payments?clientReferenceId={}", segment(reference));
    account.get(SEARCH, &path, cx)
}

/// `GET /v1/customers/{id}`.
pub(super) fn customer(account: &Account, id: &str, cx: &Context<'_>) -> Result<Request, Fault> {
    account.get(CUSTOMER, &format!("/v1/customers/{}", segment(id)), cx)
}

/// A text as one segment of a path, or one value of a query.
pub(super) fn segment(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}
