//! The bodies that are sent: orders, payment keys, intentions, payments.
//!
//! Amounts are whole numbers of the currency's minor unit, whatever the key says: `amount_cents` of
//! 12.345 OMR is 12345 (section 15). What the provider insists on and nobody gave is a placeholder,
//! as its own samples have it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::{Account, EXPIRATION_SECONDS_MAX};
use crate::domain::money::Money;
use crate::domain::order::{Address, LineKind, OptionValue, Purchase, ThreeDSecure};
use crate::domain::secret::Secret;
use crate::providers::contract::Fault;

/// The longest name of a person or an item, in characters (section 5).
const NAME_CHARS_MAX: usize = 50;
/// The longest description of an item, in characters (section 5).
const DESCRIPTION_CHARS_MAX: usize = 255;
/// The longest of the other texts about a person, in characters. None is published.
const TEXT_CHARS_MAX: usize = 255;
/// The name of our own entry in `extras`, as the provider's samples have it.
const OWN_NAME: &str = "gw_payment_id";
/// How many saved cards one page offers (section 5).
pub(super) const CARD_TOKENS_MAX: usize = 3;

/// Who pays, as the provider wants to know it: every field is there (section 4).
pub(super) fn billing(account: &Account, purchase: &Purchase) -> Value {
    let (customer, address) = (&purchase.customer, purchase.billing.as_ref());
    let of = |part: fn(&Address) -> Option<&String>| address.and_then(part);
    let text = |value: Option<&String>, max: usize| {
        let value = value.map(|value| value.trim()).filter(|value| !value.is_empty());
        cut(value.unwrap_or(&account.placeholder), max)
    };
    let street = address.map(|address| address.lines.join(", "));
    let given_name = customer.given_name.as_ref().or(of(|address| address.given_name.as_ref()));
    let family_name = customer.family_name.as_ref().or(of(|address| address.family_name.as_ref()));
    json!({
        "first_name": text(given_name, NAME_CHARS_MAX),
        "last_name": text(family_name, NAME_CHARS_MAX),
        "email": text(customer.email.as_ref().or(of(|address| address.email.as_ref())), TEXT_CHARS_MAX),
        "phone_number": text(customer.phone.as_ref().or(of(|address| address.phone.as_ref())), TEXT_CHARS_MAX),
        "apartment": text(of(|address| address.apartment.as_ref()), TEXT_CHARS_MAX),
        "floor": text(of(|address| address.floor.as_ref()), TEXT_CHARS_MAX),
        "building": text(of(|address| address.building.as_ref()), TEXT_CHARS_MAX),
        "street": text(street.as_ref(), TEXT_CHARS_MAX),
        "city": text(of(|address| address.city.as_ref()), TEXT_CHARS_MAX),
        "state": text(of(|address| address.region.as_ref()), TEXT_CHARS_MAX),
        "country": text(of(|address| address.country.as_ref()), TEXT_CHARS_MAX),
        "postal_code": text(of(|address| address.postal_code.as_ref()), TEXT_CHARS_MAX),
    })
}

/// The fields that this account insists on beyond the provider (`required_fields`).
pub(super) fn check_required(account: &Account, purchase: &Purchase) -> Result<(), Fault> {
    let customer = &purchase.customer;
    let is_given = |field: &str| match field {
        "customer.email" => customer.email.is_some(),
        "customer.phone" => customer.phone.is_some(),
        "customer.given_name" => customer.given_name.is_some(),
        "customer.family_name" => customer.family_name.is_some(),
        _ => purchase.billing.is_some(),
    };
    match account.required_fields.iter().find(|field| !is_given(field)) {
        None => Ok(()),
        Some(field) => Err(Fault::Invalid {
            field: field.clone(),
            problem: "this Paymob account insists on it".to_owned(),
        }),
    }
}

/// The lines of an order where they add up to its amount, else one line of the whole. Each has the
/// quantity 1, because it is not clear whether `amount` is that of a line or of a piece (section 5).
pub(super) fn items(purchase: &Purchase, amount: Money, amount_key: &str) -> Vec<Value> {
    let item = |name: &str, description: &str, minor: i64| {
        let mut item = Map::new();
        item.insert("name".to_owned(), json!(cut(name, NAME_CHARS_MAX)));
        item.insert(amount_key.to_owned(), json!(minor));
        item.insert("description".to_owned(), json!(cut(description, DESCRIPTION_CHARS_MAX)));
        item.insert("quantity".to_owned(), json!(1));
        Value::Object(item)
    };
    let fee = purchase.delivery.as_ref().map_or(0, |delivery| delivery.fee_minor);
    let total = purchase.lines.iter().try_fold(fee, |sum, line| sum.checked_add(line.amount_minor));
    let is_plain = purchase
        .lines
        .iter()
        .all(|line| line.amount_minor > 0 && !matches!(line.kind, LineKind::Discount | LineKind::GiftCard));
    if !purchase.lines.is_empty() && is_plain && total == Some(amount.minor()) {
        let line = |line: &crate::domain::order::OrderLine| {
            let more = line.description.as_deref().unwrap_or(&line.name);
            item(&line.name, &format!("{} × {more}", line.quantity), line.amount_minor)
        };
        let mut items: Vec<Value> = purchase.lines.iter().map(line).collect();
        items.extend((fee > 0).then(|| item("Delivery", "Delivery", fee)));
        return items;
    }
    let name = format!("Order {}", purchase.merchant_reference);
    vec![item(&name, purchase.description.as_deref().unwrap_or("Order total"), amount.minor())]
}

/// The body of an order; the access token is added where it is sent.
pub(super) fn order(purchase: &Purchase, amount: Money, reference: &str) -> Value {
    // Without lines the order says none: the amount stands beside them (section 4).
    let items = if purchase.lines.is_empty() { Vec::new() } else { items(purchase, amount, "amount_cents") };
    json!({
        "delivery_needed": false,
        "amount_cents": amount.minor(),
        "currency": amount.currency().code(),
        "merchant_order_id": reference,
        "items": items,
    })
}

/// The body of a payment key. A saved card's token rides in it where the account has it so.
pub(super) fn payment_key(account: &Account, purchase: &Purchase, amount: Money, keyed: &Keyed<'_>) -> Value {
    let mut billing = billing(account, purchase);
    billing["shipping_method"] = json!(account.placeholder);
    let mut body = json!({
        "amount_cents": amount.minor(),
        "expiration": keyed.expiration_seconds,
        "order_id": id(keyed.order),
        "billing_data": billing,
        "currency": amount.currency().code(),
        "integration_id": keyed.integration,
        "lock_order_when_paid": account.lock_order_when_paid,
    });
    if let Some(token) = keyed.token.filter(|_| account.token_in_payment_key) {
        body["token"] = json!(token.expose());
    }
    body
}

/// What a payment key is made for.
pub(super) struct Keyed<'a> {
    pub(super) order: &'a str,
    pub(super) integration: i64,
    pub(super) expiration_seconds: i64,
    pub(super) token: Option<&'a Secret<String>>,
}

/// What an intention is made of, beside the purchase.
pub(super) struct Intended<'a> {
    pub(super) amount: Money,
    pub(super) reference: &'a str,
    pub(super) methods: Vec<Value>,
    pub(super) card_tokens: Vec<&'a Secret<String>>,
    pub(super) return_url: Option<&'a str>,
    pub(super) expiration_seconds: i64,
}

/// The body of an intention (section 5).
pub(super) fn intention(account: &Account, purchase: &Purchase, intended: &Intended<'_>) -> Value {
    let amount = intended.amount;
    let mut body = json!({
        "amount": amount.minor(),
        "currency": amount.currency().code(),
        "payment_methods": intended.methods,
        "billing_data": billing(account, purchase),
        "special_reference": intended.reference,
        "expiration": intended.expiration_seconds,
    });
    // An item of nothing would be refused; without items the amount stands alone.
    if !amount.is_zero() {
        body["items"] = json!(items(purchase, amount, "amount"));
    }
    body["extras"] = named_extras(purchase);
    if let Some(url) = &purchase.notify_url {
        body["notification_url"] = json!(url);
    }
    if let Some(url) = intended.return_url {
        body["redirection_url"] = json!(url);
    }
    if !intended.card_tokens.is_empty() {
        let tokens: Vec<&str> = intended.card_tokens.iter().map(|token| token.expose().as_str()).collect();
        body["card_tokens"] = json!(tokens);
    }
    body
}

/// The body of a payment with a saved card (section 6). The payment token is a payment key, not the
/// client secret.
pub(super) fn pay(token: &Secret<String>, payment_key: &Secret<String>) -> Value {
    json!({
        "source": { "identifier": token.expose(), "subtype": "TOKEN" },
        "payment_token": payment_key.expose(),
    })
}

/// Our own entry cannot be the caller's.
pub(super) fn check_extras(purchase: &Purchase) -> Result<(), Fault> {
    match purchase.options.group("extras").is_some_and(|extras| extras.contains_key(OWN_NAME)) {
        true => Err(Fault::Invalid {
            field: "paymob.extras".to_owned(),
            problem: format!("{OWN_NAME} is the gateway's own"),
        }),
        false => Ok(()),
    }
}

/// The caller's extras and our own name of the payment, which callbacks repeat (section 5). Nothing
/// is decided by it: it is not signed.
fn named_extras(purchase: &Purchase) -> Value {
    let mut extras = extras(purchase).unwrap_or_else(|| json!({}));
    extras[OWN_NAME] = json!(purchase.reference);
    extras
}

/// Data that the provider returns in its callbacks.
pub(super) fn extras(purchase: &Purchase) -> Option<Value> {
    let group = purchase.options.group("extras").filter(|group| !group.is_empty())?;
    let texts = group.iter().filter_map(|(name, value)| match value {
        OptionValue::Text(text) => Some((name.clone(), json!(text))),
        _ => None,
    });
    Some(Value::Object(texts.collect()))
}

/// In how many seconds something ends.
pub(super) fn seconds_until(end: Timestamp, now: Timestamp) -> Result<i64, Fault> {
    let seconds = end.duration_since(now).as_secs();
    if (1..=EXPIRATION_SECONDS_MAX).contains(&seconds) {
        return Ok(seconds);
    }
    Err(Fault::Invalid {
        field: "expires_at".to_owned(),
        problem: format!("must be 1 to {EXPIRATION_SECONDS_MAX} seconds from now, which is 36 days"),
    })
}

/// The integration decides about 3-D Secure; no request can (section 2).
pub(super) fn check_three_d_secure(wanted: ThreeDSecure, customer_present: bool) -> Result<(), Fault> {
    match (wanted, customer_present) {
        // Nobody is there to be asked, and nobody will be.
        (ThreeDSecure::Automatic, _) | (ThreeDSecure::Never, false) => Ok(()),
        (ThreeDSecure::Challenge | ThreeDSecure::Never, true) | (ThreeDSecure::Challenge, false) => {
            Err(Fault::Unsupported {
                what: "a wish about 3-D Secure".to_owned(),
                instead: "an integration that does as you wish, named in the options".to_owned(),
            })
        }
    }
}

/// An id of the provider: a whole number there. One that came to us as something else stays as it is.
pub(super) fn id(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| json!(text), Value::from)
}

fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}
