//! Opening sessions, charging tokens, and reading what became of a session.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::wire::{self, invalid, put};
use crate::domain::card::{MerchantReason, StoredToken, TokenUses};
use crate::domain::money::Money;
use crate::domain::order::{
    CaptureMode, Charge, Options, Purchase, Purpose, ReturnUrls, SessionMode, SessionOrder,
};
use crate::domain::outcome::Seen;
use crate::providers::contract::Fault;
use crate::providers::json::Reading;

/// The product that has a check box for consent, and card tokens that can be deleted.
pub(super) const OWN_ACQUIRING: &str = "dintero_psp";

/// A session to be created: what the request is called, where it goes, what it says.
pub(super) struct Create {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) body: Value,
}

/// The request that opens a session.
pub(super) fn create(order: &SessionOrder, account: &Account) -> Result<Create, Fault> {
    match order.mode {
        SessionMode::Redirect => {}
        SessionMode::Api => {
            return Err(Fault::Unsupported {
                what: "collecting cards on the merchant's own page".to_owned(),
                instead: "mode REDIRECT: Dintero hosts the page".to_owned(),
            });
        }
    }
    match order.purpose {
        Purpose::Save => {
            account.check_currency(order.purchase.money.currency())?;
            Ok(card_setup(order, account)?)
        }
        Purpose::Pay | Purpose::PayAndSave | Purpose::UseSaved => {
            account.check_amount(order.purchase.money)?;
            payment(order, account)
        }
    }
}

/// A session in which money is asked for.
fn payment(order: &SessionOrder, account: &Account) -> Result<Create, Fault> {
    let purchase = &order.purchase;
    let options = &purchase.options;
    let tokens =
        (order.purpose == Purpose::UseSaved).then(|| offered(&order.offered, account)).transpose()?;
    let mut configuration = configuration(purchase);
    let mut body = Map::new();
    let mut types: Vec<&str> = options.texts("payment_product_types");
    types.extend(order.methods.iter().map(String::as_str));
    types.extend(account.methods.of_all(&order.method_kinds)?);
    let all_active = options.flag("all_active_payment_types").unwrap_or(false);
    let inline = all_active || !types.is_empty();
    for product in types {
        *product_at(&mut configuration, product) = json!({ "enabled": true });
    }
    if all_active {
        *product_at(&mut configuration, "active_payment_types") = json!({ "enabled": true });
    }
    if order.purpose == Purpose::PayAndSave {
        let product = token_product(options, account);
        let flags = saving_flags(&product, order, account)?;
        merge(product_at(&mut configuration, &product), flags);
    }
    for product in tokens.iter().flat_map(Map::keys) {
        // "The matching method must be enabled in the session" (dossier §5).
        let mut flags = json!({ "enabled": true });
        if options.flag("no_cvc").unwrap_or(false) {
            flags["no_cvc"] = json!(true);
        }
        merge(product_at(&mut configuration, product), flags);
    }
    body.insert("url".to_owned(), urls(purchase, Some(&order.return_urls), account));
    body.insert("order".to_owned(), wire::order(purchase)?.into());
    let customer = wire::customer(&purchase.customer, tokens.map(Value::Object))?;
    put(&mut body, "customer", (!customer.is_empty()).then_some(customer));
    if !inline {
        let profile = options.text("profile_id").unwrap_or(&account.profile_id);
        body.insert("profile_id".to_owned(), json!(profile));
    }
    body.insert("configuration".to_owned(), configuration);
    body.insert("expires_at".to_owned(), json!(order.expires_at.to_string()));
    put(&mut body, "metadata", wire::metadata(purchase));
    let (name, path) =
        if inline { ("sessions", "/sessions") } else { ("sessions-profile", "/sessions-profile") };
    Ok(Create { name, path, body: body.into() })
}

/// A session in which a card is saved and nothing is charged: no amount at all (dossier §5).
fn card_setup(order: &SessionOrder, account: &Account) -> Result<Create, Fault> {
    let purchase = &order.purchase;
    let product = token_product(&purchase.options, account);
    let mut provider = Map::new();
    provider.insert("payment_product_type".to_owned(), json!(product));
    provider.insert("token_types".to_owned(), json!(token_types(&product, order.saved_for)));
    let methods: Vec<&str> =
        purchase.options.texts("token_auth_methods").into_iter().filter_map(auth_method).collect();
    put(&mut provider, "token_supported_auth_methods", (!methods.is_empty()).then_some(methods));
    let mut session = Map::new();
    session.insert("order".to_owned(), wire::bare_order(purchase).into());
    session.insert("url".to_owned(), urls(purchase, Some(&order.return_urls), account));
    let customer = wire::customer(&purchase.customer, None)?;
    put(&mut session, "customer", (!customer.is_empty()).then_some(customer));
    let profile = purchase.options.text("profile_id").unwrap_or(&account.profile_id);
    session.insert("profile_id".to_owned(), json!(profile));
    // `SessionPaymentToken` of the published specification has it; the guides do not mention it.
    session.insert("expires_at".to_owned(), json!(order.expires_at.to_string()));
    Ok(Create {
        name: "sessions/payment-token",
        path: "/sessions/payment-token",
        body: json!({ "session": session, "token_provider": provider }),
    })
}

/// A charge of a token while the customer is there: an ordinary session that offers one card. The
/// customer types the CVC and passes 3-D Secure on Dintero's page (dossier §5).
pub(super) fn customer_charge(charge: &Charge, account: &Account) -> Result<Create, Fault> {
    account.check_amount(charge.purchase.money)?;
    let purchase = &charge.purchase;
    let Some(return_urls) = &charge.return_urls else {
        return Err(invalid(
            "customer_initiated.return_urls",
            "is required: the customer pays on Dintero's page",
        ));
    };
    let tokens = offered(std::slice::from_ref(&charge.token), account)?;
    let mut configuration = configuration(purchase);
    for product in tokens.keys() {
        merge(product_at(&mut configuration, product), json!({ "enabled": true }));
    }
    let mut body = Map::new();
    body.insert("url".to_owned(), urls(purchase, Some(return_urls), account));
    body.insert("order".to_owned(), wire::order(purchase)?.into());
    body.insert("customer".to_owned(), wire::customer(&purchase.customer, Some(tokens.into()))?.into());
    body.insert("profile_id".to_owned(), json!(account.profile_id));
    body.insert("configuration".to_owned(), configuration);
    // The page must not outlive the charge: what is paid on it later would be paid unseen.
    put(&mut body, "expires_at", charge.expires_at.map(|end| end.to_string()));
    put(&mut body, "metadata", wire::metadata(purchase));
    Ok(Create { name: "sessions-profile", path: "/sessions-profile", body: body.into() })
}

/// A charge of a token by the merchant: create and pay in one request (dossier §6).
pub(super) fn pay(charge: &Charge, reason: MerchantReason, account: &Account) -> Result<Create, Fault> {
    account.check_amount(charge.purchase.money)?;
    let purchase = &charge.purchase;
    let product = charge.token.product.as_deref().unwrap_or(&account.token_product);
    let is_payex = product.starts_with("payex.");
    let (operation, kind) = match reason {
        // Only Swedbank Pay has a token of its own for standing agreements.
        MerchantReason::Recurring if is_payex => ("recurring_purchase", "recurrence_token"),
        MerchantReason::Recurring => ("recurring_purchase", "payment_token"),
        MerchantReason::Unscheduled(_) => ("unscheduled_purchase", "payment_token"),
        MerchantReason::Installment => {
            return Err(Fault::Unsupported {
                what: "charging a token for an installment".to_owned(),
                instead: "reason RECURRING or UNSCHEDULED, as agreed with the customer".to_owned(),
            });
        }
    };
    let value = wire::token_value(&charge.token, kind)?;
    let mut configuration = Map::new();
    configuration.insert("auto_capture".to_owned(), json!(is_automatic(purchase)));
    if purchase.options.flag("pre_authorization").unwrap_or(false) {
        if !product.starts_with(OWN_ACQUIRING) {
            return Err(invalid(
                "dintero.pre_authorization",
                "only cards of dintero_psp can be pre-authorized",
            ));
        }
        configuration.insert("pre_authorization".to_owned(), json!(true));
    }
    // The key is one text with a point in it, and the same as the product type (dossier §17.2).
    let tokens = json!({ product: { kind: value } });
    let mut session = Map::new();
    let urls = urls(purchase, None, account);
    put(&mut session, "url", urls.as_object().is_some_and(|urls| !urls.is_empty()).then_some(urls));
    session.insert("customer".to_owned(), wire::customer(&purchase.customer, Some(tokens))?.into());
    session.insert("order".to_owned(), wire::order(purchase)?.into());
    session.insert("configuration".to_owned(), configuration.into());
    put(&mut session, "metadata", wire::metadata(purchase));
    Ok(Create {
        name: "sessions/pay",
        path: "/sessions/pay",
        body: json!({
            "session": session,
            "payment": { "payment_product_type": product, "operation": operation },
        }),
    })
}

/// `url`. Dintero has one return address for success, failure and cancellation alike.
fn urls(purchase: &Purchase, back: Option<&ReturnUrls>, account: &Account) -> Value {
    let mut urls = Map::new();
    put(&mut urls, "return_url", back.map(|urls| urls.success.clone()));
    put(&mut urls, "callback_url", wire::callback_url(purchase, account));
    let terms = purchase.options.text("merchant_terms_url").filter(|url| !url.is_empty());
    put(&mut urls, "merchant_terms_url", terms.filter(|_| back.is_some()));
    urls.into()
}

fn is_automatic(purchase: &Purchase) -> bool {
    match purchase.capture {
        CaptureMode::Automatic => true,
        CaptureMode::Manual => false,
    }
}

fn configuration(purchase: &Purchase) -> Value {
    let options = &purchase.options;
    let mut fields = Map::new();
    fields.insert("auto_capture".to_owned(), json!(is_automatic(purchase)));
    let channel = options.text("channel").and_then(|text| wire::enum_word(text, "DINTERO_CHANNEL_"));
    put(&mut fields, "channel", channel);
    let preselected = options.text("default_payment_product_type").filter(|product| !product.is_empty());
    put(&mut fields, "default_payment_type", preselected);
    fields.into()
}

/// The place of a product type in a configuration: `payex.creditcard` is `payex` → `creditcard`,
/// here, and only here, nested (dossier §4.2).
fn product_at<'a>(configuration: &'a mut Value, product: &str) -> &'a mut Value {
    product.split('.').fold(configuration, |place, part| {
        if !place.is_object() {
            *place = json!({});
        }
        &mut place[part]
    })
}

fn merge(place: &mut Value, fields: Value) {
    match (place.as_object_mut(), fields) {
        (Some(known), Value::Object(fields)) => known.extend(fields),
        (_, fields) => *place = fields,
    }
}

fn token_product(options: &Options, account: &Account) -> String {
    let wanted = options.text("token_product_type").filter(|product| !product.is_empty());
    wanted.unwrap_or(&account.token_product).to_owned()
}

/// The kinds of token that the uses ask for. Only Swedbank Pay tells kinds apart; what a caller
/// did not say is taken for the customer's own later purchases.
fn token_types(product: &str, uses: TokenUses) -> Vec<&'static str> {
    if !product.starts_with("payex.") {
        return vec!["payment_token"];
    }
    let mut kinds = Vec::new();
    if uses.customer_present || uses.unscheduled || !uses.recurring {
        kinds.push("payment_token");
    }
    if uses.recurring {
        kinds.push("recurrence_token");
    }
    kinds
}

/// The switches that make a payment leave a token.
fn saving_flags(product: &str, order: &SessionOrder, account: &Account) -> Result<Value, Fault> {
    let mut flags = json!({ "enabled": true });
    for kind in token_types(product, order.saved_for) {
        flags[format!("generate_{kind}")] = json!(true);
    }
    if !order.ask_before_saving {
        return Ok(flags);
    }
    if product.starts_with(OWN_ACQUIRING) {
        let options = &order.purchase.options;
        let wanted = options.text("save_card_checkbox");
        let checkbox = wanted.and_then(|text| wire::enum_word(text, "DINTERO_SAVE_CARD_CHECKBOX_"));
        flags["generate_payment_token_config"] =
            json!({ "save_card_checkbox": checkbox.as_deref().unwrap_or("opt_in") });
        return Ok(flags);
    }
    if account.acquirer_page_asks {
        return Ok(flags);
    }
    // Without the check box every card is saved (dossier §4.2), against what the caller wants.
    Err(Fault::Unsupported {
        what: format!("asking the customer before a {product} card is saved"),
        instead: "token product dintero_psp.creditcard, or saving always, with consent given elsewhere"
            .to_owned(),
    })
}

/// `customer.tokens`: one card for each product type, because the map has the type as its key.
fn offered(tokens: &[StoredToken], account: &Account) -> Result<Map<String, Value>, Fault> {
    let mut by_product = Map::new();
    for token in tokens {
        let product = token.product.as_deref().unwrap_or(&account.token_product);
        let value = wire::token_value(token, "payment_token")?;
        let earlier = by_product.insert(product.to_owned(), json!({ "payment_token": value }));
        if earlier.is_some() {
            return Err(invalid("token_ids", format!("Dintero offers one saved {product} card at a time")));
        }
    }
    Ok(by_product)
}

fn auth_method(text: &str) -> Option<&'static str> {
    match wire::enum_word(text, "DINTERO_TOKEN_AUTH_METHOD_")?.as_str() {
        "three_d_secure" | "3ds" => Some("3DS"),
        "passkey" => Some("PASSKEY"),
        _ => None,
    }
}

/// A session as Dintero tells of it. There is no status: what became of it is derived (dossier §4.3).
pub(super) struct Session {
    pub(super) id: String,
    /// A session has at most one transaction.
    pub(super) transaction: Option<String>,
    pub(super) is_cancelled: bool,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) seen: Seen,
}

impl Session {
    /// Reads a session.
    pub(super) fn read(body: &Value, account: &Account, expected: Option<&str>) -> Result<Self, Fault> {
        let id = body.text(&["id"]).ok_or_else(|| Fault::unintelligible("a session without an id"))?;
        account.owns(&id)?;
        if expected.is_some_and(|expected| expected != id) {
            return Err(Fault::unintelligible("another session than the one asked for"));
        }
        if body.at(&["order"]).is_none() {
            return Err(Fault::unintelligible("a session without an order"));
        }
        let transaction = body.text(&["transaction_id"]);
        transaction.as_deref().map_or(Ok(()), |transaction| account.owns(transaction))?;
        // New names of events appear; only the one for cancellation says something here. A
        // PAY_FAILED is one failed try after which the customer may go on (dossier §4.3).
        let has_cancelled_event =
            body.list(&["events"]).iter().any(|event| event.text(&["name"]).as_deref() == Some("CANCELLED"));
        Ok(Self {
            id,
            transaction,
            is_cancelled: body.at(&["cancelled_at"]).is_some() || has_cancelled_event,
            expires_at: body.time(&["expires_at"]),
            seen: Seen { money: money(body), reference: body.text(&["order", "merchant_reference"]) },
        })
    }
}

fn money(body: &Value) -> Option<Money> {
    body.minor(&["order", "amount"], body.currency(&["order", "currency"])?)
}
