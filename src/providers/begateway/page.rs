//! What is sent to the checkout host: the hosted page.
//!
//! "Create a payment token" and "Query", docs.bepaid.by (the dossier, section 4; read 2026-03).

use super::account::{Account, SaveWith};
use super::wire::{self, Road};
use crate::domain::order::{
    CaptureMode, OptionValue, Options, Purchase, Purpose, ReturnUrls, SessionOrder, ThreeDSecure,
};
use crate::domain::secret::Secret;
use crate::providers::contract::{Fault, Method, Request};
use crate::providers::fields::{Fields, seal};

/// The request that opens a hosted page.
///
/// # Errors
/// [`Fault::Invalid`] and [`Fault::Unsupported`] for what the page cannot do.
pub(super) fn open(account: &Account, order: &SessionOrder) -> Result<Request, Fault> {
    let purchase = &order.purchase;
    if purchase.three_d_secure != ThreeDSecure::Automatic {
        return Err(Fault::Unsupported {
            what: "a choice of 3-D Secure on the hosted page".to_owned(),
            instead: "THREE_D_SECURE_PREFERENCE_AUTOMATIC, or a session on the merchant's own page"
                .to_owned(),
        });
    }
    let road = road(account, order)?;
    let attempts = if order.attempts == 0 { account.attempts } else { i64::from(order.attempts) };
    let mut checkout = Fields::default();
    checkout
        .put("transaction_type", road.word())
        .put("test", account.test)
        .put("attempts", attempts)
        .maybe("iframe", purchase.options.flag("iframe"))
        .maybe("dynamic_billing_descriptor", purchase.descriptor.as_deref())
        .group("order", order_fields(account, order, road)?)
        .group("settings", settings(account, order))
        .group("customer", customer(purchase))
        .group("payment_method", methods(account, order)?);
    let request = account.to_checkout("checkouts", Method::Post, "/ctp/api/checkouts");
    Ok(seal(request, checkout.wrapped("checkout")))
}

/// The request that reads a hosted page. Its address holds the token, which opens the page.
pub(super) fn read(account: &Account, token: &Secret<String>) -> Request {
    let path = format!("/ctp/api/checkouts/{}", wire::segment(token.expose()));
    let mut request = account.to_checkout("checkouts/token", Method::Get, &path);
    request.secret_url = true;
    request
}

/// The kind of transaction of a session: what follows from purpose and capture, or the caller's
/// choice where that does not contradict them.
///
/// # Errors
/// [`Fault::Invalid`] for a choice that would change when money is taken.
pub(super) fn road(account: &Account, order: &SessionOrder) -> Result<Road, Fault> {
    let saves_only = order.purpose == Purpose::Save;
    let usual = match (saves_only, account.save_with, order.purchase.capture) {
        (true, SaveWith::Tokenization, _) => Road::Tokenization,
        (true, SaveWith::Authorization, _) | (false, _, CaptureMode::Manual) => Road::Authorization,
        (false, _, CaptureMode::Automatic) => Road::Payment,
    };
    let chosen = match order.purchase.options.text("transaction_type") {
        None | Some("BEGATEWAY_TRANSACTION_TYPE_UNSPECIFIED") => return Ok(usual),
        Some("BEGATEWAY_TRANSACTION_TYPE_PAYMENT") => Road::Payment,
        Some("BEGATEWAY_TRANSACTION_TYPE_AUTHORIZATION") => Road::Authorization,
        Some("BEGATEWAY_TRANSACTION_TYPE_TOKENIZATION") => Road::Tokenization,
        Some("BEGATEWAY_TRANSACTION_TYPE_CHARGE") => Road::ChargeService,
        Some(_) => return Err(contradiction("is not known to this adapter")),
    };
    let fits = match chosen {
        Road::Tokenization => saves_only,
        Road::Authorization => saves_only || order.purchase.capture == CaptureMode::Manual,
        Road::Payment | Road::ChargeService => {
            !saves_only && order.purchase.capture == CaptureMode::Automatic
        }
    };
    if fits { Ok(chosen) } else { Err(contradiction("contradicts the purpose or the capture")) }
}

fn contradiction(problem: &str) -> Fault {
    Fault::Invalid { field: "begateway.transaction_type".to_owned(), problem: problem.to_owned() }
}

fn order_fields(account: &Account, order: &SessionOrder, road: Road) -> Result<Fields, Fault> {
    let purchase = &order.purchase;
    let mut contract = match order.purpose {
        Purpose::PayAndSave | Purpose::Save => wire::contract_for(order.saved_for),
        Purpose::UseSaved if account.send_contract_with_token => vec!["card_on_file"],
        Purpose::Pay | Purpose::UseSaved => Vec::new(),
    };
    if purchase.options.flag("payout_token") == Some(true) {
        contract.push("credit");
    }
    let mut card_on_file = Fields::default();
    if order.purpose == Purpose::UseSaved && account.send_contract_with_token {
        card_on_file.put("initiator", "customer");
    }
    let data = wire::additional_data(account, purchase, contract, card_on_file)?;
    let mut fields = Fields::default();
    fields
        .put("amount", wire::amount(account, purchase, road)?)
        .put("currency", purchase.money.currency().code())
        .put("description", wire::description(account, purchase))
        .put("tracking_id", purchase.reference.as_str())
        .put("expired_at", order.expires_at.to_string())
        .group("additional_data", data);
    Ok(fields)
}

/// Where the browser goes. `return_url` silences `success_url` and `decline_url`, so it is only
/// sent when both are the same.
fn return_urls(urls: &ReturnUrls) -> Fields {
    let success = urls.success.as_str();
    let failure = urls.failure.as_deref().unwrap_or(success);
    let mut fields = Fields::default();
    if failure == success {
        fields.put("return_url", success);
    } else {
        fields.put("success_url", success).put("decline_url", failure);
    }
    // Declined by the bank and failed technically are two fields there and one meaning for us.
    fields.put("fail_url", failure).put("cancel_url", urls.cancelled.as_deref().unwrap_or(success));
    fields
}

fn settings(account: &Account, order: &SessionOrder) -> Fields {
    let (purchase, options) = (&order.purchase, &order.purchase.options);
    let mut fields = return_urls(&order.return_urls);
    fields
        .maybe("notification_url", purchase.notify_url.as_deref())
        .put("language", wire::language(account, purchase))
        .maybe("auto_return", options.integer("auto_return_seconds"))
        .maybe("auto_pay", options.flag("auto_pay"))
        .maybe("button_text", options.text("button_text"))
        .maybe("button_next_text", options.text("button_next_text"));
    let mut customer_fields = Fields::default();
    customer_fields
        .list("visible", options.texts("visible_customer_fields"))
        .list("read_only", options.texts("read_only_customer_fields"));
    let mut card_fields = Fields::default();
    card_fields.maybe("holder", options.text("card_holder"));
    if options.flag("card_holder_read_only") == Some(true) {
        card_fields.list("read_only", vec!["holder"]);
    }
    fields.group("customer_fields", customer_fields).group("credit_card_fields", card_fields);
    if order.purpose == Purpose::PayAndSave && order.ask_before_saving {
        let mut toggle = Fields::default();
        toggle
            .put("display", true)
            // The merchant gets a token only if the customer ticks the box.
            .put("customer_contract", true)
            .maybe("text", options.text("save_card_text"))
            .maybe("hint", options.text("save_card_hint"));
        fields.group("save_card_toggle", toggle);
    }
    fields
}

fn customer(purchase: &Purchase) -> Fields {
    let mut fields = purchase.billing.as_ref().map(wire::billing_address).unwrap_or_default();
    let customer = &purchase.customer;
    fields
        .maybe("email", customer.email.as_deref())
        .maybe("phone", customer.phone.as_deref())
        .maybe("first_name", customer.given_name.as_deref())
        .maybe("last_name", customer.family_name.as_deref())
        .maybe("birth_date", customer.birth_date.as_deref())
        .maybe("external_id", customer.id.as_deref())
        .maybe("taxpayer_id", customer.tax_id.as_deref())
        .maybe("ip", customer.ip.as_deref())
        .maybe("device_id", customer.device_id.as_deref());
    fields
}

fn methods(account: &Account, order: &SessionOrder) -> Result<Fields, Fault> {
    let options = &order.purchase.options;
    let mut types: Vec<&str> = order.methods.iter().map(String::as_str).collect();
    types.extend(account.methods.of_all(&order.method_kinds)?);
    if types.is_empty() {
        types = options.texts("payment_method_types");
    }
    let mut fields = Fields::default();
    fields
        .list("types", types)
        .list("excluded_types", options.texts("excluded_payment_method_types"))
        .list("excluded_brands", options.texts("excluded_brands"))
        .group("erip", erip(options));
    if order.purpose == Purpose::UseSaved {
        let [token] = order.offered.as_slice() else {
            return Err(Fault::Unsupported {
                what: "a page that offers several saved cards".to_owned(),
                instead: "one saved card per session".to_owned(),
            });
        };
        let token = token.value("token").ok_or_else(no_token)?;
        fields.group("credit_card", wire::saved_card(token, None));
    }
    Ok(fields)
}

/// The fault for a stored token of which we lack the value.
pub(super) fn no_token() -> Fault {
    Fault::Invalid {
        field: "token".to_owned(),
        problem: "has no value of the kind \"token\", which beGateway's cards have".to_owned(),
    }
}

fn erip(options: &Options) -> Fields {
    let mut fields = Fields::default();
    let Some(group) = options.group("erip") else { return fields };
    if let Some(OptionValue::Text(account_number)) = group.get("account_number") {
        fields.put("account_number", account_number.as_str());
    }
    if let Some(OptionValue::Integer(service)) = group.get("service_number") {
        // A text at the provider, though it is a number ("Create a payment token").
        fields.put("service_no", service.to_string());
    }
    fields
}
