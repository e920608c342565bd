//! Sessions on the provider's pages: a checkout that pays, and a page that stores a card.
//!
//! The checkout is an order with our reference (dossier, section 7); the card page is none and
//! carries nothing of ours but the user id (section 6.1), so what was there before is noted first.

use jiff::Timestamp;
use serde_json::Value;

use super::account::Account;
use super::money::to_wire;
use super::wire::{check, invalid, line_items, refuse_options, unsupported};
use crate::domain::card::TokenUses;
use crate::domain::order::{
    CaptureMode, OptionValue, Options, Purpose, SessionMode, SessionOrder, ThreeDSecure,
};
use crate::providers::contract::{Fault, Request};
use crate::providers::fields::Fields;

/// Options that only the checkout has.
const CHECKOUT_OPTIONS: &[&str] = &[
    "payment_methods",
    "default_payment_method",
    "show_order_detail",
    "show_email",
    "show_merchant_reference",
    "show_order_id",
    "show_result_page",
];
/// Options that only the card page has.
const CARD_OPTIONS: &[&str] = &["issuing_country_code", "reason"];

/// What a session wants that no page of this provider can do is refused before anything is sent.
///
/// # Errors
/// [`Fault::Unsupported`], [`Fault::Invalid`].
pub(super) fn check_session(account: &Account, order: &SessionOrder) -> Result<(), Fault> {
    if order.mode == SessionMode::Api {
        return Err(unsupported("a card form of the merchant's own", "mode REDIRECT: BBMSL hosts the page"));
    }
    if order.purchase.three_d_secure != ThreeDSecure::Automatic {
        return Err(unsupported(
            "a wish about 3-D Secure",
            "leaving it to the issuer: the provider's page has no such switch",
        ));
    }
    match order.purpose {
        Purpose::UseSaved => Err(unsupported(
            "a page that offers saved cards",
            "ChargeToken with the customer as initiator, which needs no page",
        )),
        Purpose::Save => check_save(order),
        Purpose::Pay => check(account, &order.purchase),
        Purpose::PayAndSave => {
            check(account, &order.purchase)?;
            let recurring_only = TokenUses { customer_present: false, recurring: true, unscheduled: false };
            if order.saved_for != recurring_only {
                return Err(unsupported(
                    "saving a card for other than recurring charges while it pays",
                    "a session with purpose SAVE and then ChargeToken; or saving for recurring use alone",
                ));
            }
            if order.ask_before_saving {
                return Err(unsupported(
                    "asking the customer before a card is saved while it pays",
                    "asking on the merchant's page, or a session with purpose SAVE",
                ));
            }
            Ok(())
        }
    }
}

fn check_save(order: &SessionOrder) -> Result<(), Fault> {
    if order.purchase.capture == CaptureMode::Manual {
        return Err(unsupported("capturing later", "capture mode AUTOMATIC"));
    }
    if !order.methods.is_empty() || !order.method_kinds.is_empty() {
        return Err(unsupported(
            "a choice of payment methods when a card is saved",
            "leaving it out: Visa and Mastercard are stored, see allowed_card_type",
        ));
    }
    if order.purchase.notify_url.is_none() {
        return Err(unsupported(
            "saving a card without an address for notifications",
            "notify_url in the account's configuration: BBMSL insists on one here",
        ));
    }
    Ok(())
}

/// The request that opens a checkout under a reference of ours.
///
/// # Errors
/// [`Fault::Unsupported`] and [`Fault::Invalid`] for options.
pub(super) fn create(
    account: &Account,
    order: &SessionOrder,
    reference: &str,
    now: Timestamp,
) -> Result<Request, Fault> {
    let purchase = &order.purchase;
    let options = &purchase.options;
    refuse_options(options, CARD_OPTIONS, "a session that pays")?;
    let mut body = account.body();
    body.put("currency", purchase.money.currency().code())
        .put("amount", to_wire(account, purchase.money.minor()))
        .put("merchantReference", reference)
        .group("callbackUrl", callbacks(order, purchase.notify_url.as_deref()))
        .put("isRecurring", order.purpose == Purpose::PayAndSave)
        .put("expiryTime", iso(order.expires_at))
        .put("lineItems", line_items(account, purchase))
        .maybe("paymentMethods", methods(account, order)?)
        .maybe("defaultPaymentMethod", chosen(options, "default_payment_method"));
    for (option, field) in [
        ("show_order_detail", "showOrderDetail"),
        ("show_email", "showEmail"),
        ("show_merchant_reference", "showMerchantReference"),
        ("show_order_id", "showOrderId"),
        ("show_result_page", "showResultPage"),
    ] {
        body.maybe(field, options.flag(option));
    }
    put_looks(&mut body, order)?;
    account.request("create", "/hosted-checkout/create", body, now)
}

/// The request for a page that stores a card.
///
/// # Errors
/// As [`create`].
pub(super) fn add_token(
    account: &Account,
    order: &SessionOrder,
    user: &str,
    now: Timestamp,
) -> Result<Request, Fault> {
    let options = &order.purchase.options;
    refuse_options(options, CHECKOUT_OPTIONS, "a session that only saves a card")?;
    let notify = order.purchase.notify_url.as_deref().map(|url| with_session(url, &order.purchase.reference));
    let mut body = account.body();
    body.put("userId", user)
        .maybe("reason", chosen(options, "reason"))
        .group("callbackUrl", callbacks(order, notify.as_deref()))
        .maybe("issuingCountryCode", chosen(options, "issuing_country_code"));
    put_looks(&mut body, order)?;
    account.request("add-token", "/tokenization/add-token", body, now)
}

/// The parameter of a notification's address that names the session.
pub(super) const SESSION_PARAMETER: &str = "session";

/// A notification about a card names only the user, so its address names the session (section 6.2).
fn with_session(url: &str, reference: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) => {
            parsed.query_pairs_mut().append_pair(SESSION_PARAMETER, reference);
            parsed.into()
        }
        Err(_) => url.to_owned(),
    }
}

fn callbacks(order: &SessionOrder, notify: Option<&str>) -> Fields {
    let urls = &order.return_urls;
    let or_success = |url: &Option<String>| url.clone().unwrap_or_else(|| urls.success.clone());
    let mut callbacks = Fields::default();
    callbacks
        .put("success", urls.success.as_str())
        .put("fail", or_success(&urls.failure))
        .put("cancel", or_success(&urls.cancelled))
        .maybe("notify", notify);
    callbacks
}

fn chosen<'a>(options: &'a Options, name: &str) -> Option<&'a str> {
    options.text(name).filter(|text| !text.is_empty())
}

fn methods(account: &Account, order: &SessionOrder) -> Result<Option<String>, Fault> {
    let named = order.purchase.options.texts("payment_methods");
    let is_chosen = !order.methods.is_empty() || !order.method_kinds.is_empty();
    if !named.is_empty() && is_chosen {
        return Err(invalid(
            "provider_options.payment_methods",
            "is there beside payment_methods of the session",
        ));
    }
    let all = if !named.is_empty() {
        named
    } else if !order.methods.is_empty() {
        order.methods.iter().map(String::as_str).collect()
    } else {
        account.methods.of_all(&order.method_kinds)?
    };
    if all.iter().any(|name| name.contains(',')) {
        return Err(invalid("payment_method_names", "has a comma in a name"));
    }
    Ok((!all.is_empty()).then(|| all.join(",")))
}

/// What both pages can be told about their looks, and which cards they take.
fn put_looks(body: &mut Fields, order: &SessionOrder) -> Result<(), Fault> {
    let options = &order.purchase.options;
    let language = chosen(options, "language").or_else(|| language(order.purchase.locale.as_deref()));
    body.maybe("lang", language)
        .maybe("showLang", options.flag("show_language"))
        .maybe("showPoweredBy", options.flag("show_powered_by"))
        .maybe("themeColor", chosen(options, "theme_color"))
        .maybe("buttonBackgroundColor", chosen(options, "button_background_color"))
        .maybe("buttonFontColor", chosen(options, "button_font_color"))
        .maybe("allowedCardType", card_type(options)?);
    let ranges = bin_ranges(options)?;
    body.maybe("allowedBinRanges", (!ranges.is_empty()).then_some(ranges));
    Ok(())
}

/// The page knows English and the Chinese of Hong Kong; for others the browser decides.
fn language(locale: Option<&str>) -> Option<&'static str> {
    match locale?.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
        "en" => Some("en"),
        "zh" | "yue" => Some("zh-HK"),
        _ => None,
    }
}

fn card_type(options: &Options) -> Result<Option<&'static str>, Fault> {
    match options.text("allowed_card_type") {
        None | Some("" | "BBMSL_CARD_TYPE_UNSPECIFIED") => Ok(None),
        Some("BBMSL_CARD_TYPE_VISA") => Ok(Some("VISA")),
        Some("BBMSL_CARD_TYPE_MASTERCARD") => Ok(Some("MASTER")),
        Some(_) => Err(invalid("provider_options.allowed_card_type", "is not known")),
    }
}

fn bin_ranges(options: &Options) -> Result<Vec<Value>, Fault> {
    const FIELD: &str = "provider_options.allowed_bin_ranges";
    let Some(OptionValue::List(ranges)) = options.values.get("allowed_bin_ranges") else {
        return Ok(Vec::new());
    };
    let read = |range: &OptionValue| {
        let OptionValue::Group(range) = range else { return Err(invalid(FIELD, "is no list of ranges")) };
        let end = |name: &str| match range.get(name) {
            Some(OptionValue::Text(digits)) => Ok(digits.as_str()),
            _ => Err(invalid(FIELD, "lacks a start or an end")),
        };
        let (start, end) = (end("start")?, end("end")?);
        let is_bin =
            |text: &str| (4..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_bin(start) || !is_bin(end) || start.len() != end.len() || start > end {
            return Err(invalid(FIELD, "a range has a start and an end of 4 to 8 digits, equally long"));
        }
        let mut fields = Fields::default();
        fields.put("binStart", start).put("binEnd", end);
        Ok(fields.value())
    };
    ranges.iter().map(read).collect()
}

/// `2026-03-02T09:00:00+00:00`, as the sample has it. Fractions of a second are cut off, so that the
/// page never outlives the session.
fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// The address of a page in an answer: `data` of a card page, `checkoutUrl` of a checkout, and either
/// for the other, because the texts mix them up (section 6.1).
pub(super) fn address(account: &Account, body: &Value, names: [&str; 2]) -> Result<String, Fault> {
    let address = names.into_iter().find_map(|name| body.get(name).and_then(Value::as_str));
    match address {
        Some(address) if account.is_page(address) => Ok(address.to_owned()),
        Some(_) => Err(Fault::unintelligible("a page on a host that is not the provider's")),
        None => Err(Fault::unintelligible("a session without a page")),
    }
}

/// Our reference for another try of a checkout whose first answer was lost: nobody has the address
/// of that page, so nobody can pay on it.
pub(super) fn another_reference(reference: &str, entropy: [u8; 32]) -> String {
    let suffix: String = entropy.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{reference}-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_cut_to_seconds_with_an_offset() {
        let at: Timestamp = "2026-03-02T09:00:00.999Z".parse().expect("a time");
        assert_eq!(iso(at), "2026-03-02T09:00:00+00:00");
    }

    #[test]
    fn languages_of_the_page() {
        for (locale, expected) in [
            (Some("en-GB"), Some("en")),
            (Some("zh-Hant-HK"), Some("zh-HK")),
            (Some("de"), None),
            (None, None),
        ] {
            assert_eq!(language(locale), expected, "{locale:?}");
        }
    }

    #[test]
    fn the_address_for_news_names_the_session() {
        assert_eq!(
            with_session("https://gw.example/hooks/x", "ses1"),
            "https://gw.example/hooks/x?session=ses1"
        );
        assert_eq!(with_session("https://gw.example/h?a=b", "ses1"), "https://gw.example/h?a=b&session=ses1");
    }
}
