//! The JSON that sessions and charges have in common: order, items, customer, addresses, urls.
//!
//! A field that is not known is left out, never sent empty: Dintero refuses an empty telephone
//! number, for one (dossier §4.1, §17.14).

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::account::Account;
use crate::domain::card::StoredToken;
use crate::domain::order::{Address, Customer, Delivery, LineKind, OrderLine, Purchase};
use crate::providers::contract::Fault;

/// The most that fits into Dintero's int32 amounts (dossier §15).
pub(super) const AMOUNT_MINOR_MAX: i64 = 2_147_483_647;
/// More lines than this are not known to work (dossier §4.1).
const ITEMS_MAX: usize = 100;
/// The `line_id` of the line that we add so that lines and amount agree.
const ROUNDING_LINE: &str = "turnpike-rounding";
/// The `line_id` of the line that we add for the fee of a delivery.
const SHIPPING_LINE: &str = "turnpike-shipping";

/// Sets a field that is known.
pub(super) fn put<V: Into<Value>>(fields: &mut Map<String, Value>, name: &str, value: Option<V>) {
    fields.extend(value.map(|value| (name.to_owned(), value.into())));
}

/// A fault about a field of the caller's request.
pub(super) fn invalid(field: &str, problem: impl Into<String>) -> Fault {
    Fault::Invalid { field: field.to_owned(), problem: problem.into() }
}

/// `order`: what is bought, under our reference.
pub(super) fn order(purchase: &Purchase) -> Result<Map<String, Value>, Fault> {
    let partial = purchase.options.flag("partial_payment").unwrap_or(false);
    let mut order = bare_order(purchase);
    order.insert("amount".to_owned(), json!(purchase.money.minor()));
    let of_lines: i64 = purchase.lines.iter().map(signed_tax).sum();
    let tax = purchase.tax_minor.or((of_lines != 0).then_some(of_lines));
    put(&mut order, "vat_amount", tax);
    let items = items(purchase, partial)?;
    put(&mut order, "items", (!items.is_empty()).then_some(items));
    put(&mut order, "billing_address", purchase.billing.as_ref().map(address).transpose()?);
    put(&mut order, "shipping_address", purchase.shipping.as_ref().map(address).transpose()?);
    put(&mut order, "partial_payment", partial.then_some(true));
    Ok(order)
}

/// An order without an amount, for sessions that only save a card.
pub(super) fn bare_order(purchase: &Purchase) -> Map<String, Value> {
    let second = purchase.options.text("merchant_reference_2").unwrap_or(&purchase.merchant_reference);
    let mut order = Map::new();
    order.insert("currency".to_owned(), json!(purchase.money.currency().code()));
    order.insert("merchant_reference".to_owned(), json!(purchase.reference));
    put(&mut order, "merchant_reference_2", (!second.is_empty()).then_some(second));
    order
}

/// `order.items`. Lines and amount have to agree (dossier §15): a difference of rounding, at most
/// one minor unit a line, becomes a surcharge line; a larger one is the caller's mistake.
fn items(purchase: &Purchase, partial: bool) -> Result<Vec<Value>, Fault> {
    if purchase.lines.is_empty() {
        return Ok(purchase.description.iter().map(|text| whole_purchase(text, purchase)).collect());
    }
    let mut items = purchase.lines.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    let fee = purchase.delivery.as_ref().filter(|delivery| delivery.fee_minor > 0);
    items.extend(fee.map(shipping));
    let fee = fee.map_or(0, |delivery| delivery.fee_minor);
    let sum = purchase.lines.iter().try_fold(fee, |sum, line| sum.checked_add(signed_amount(line)));
    let rest = sum
        .and_then(|sum| purchase.money.minor().checked_sub(sum))
        .ok_or_else(|| invalid("order.lines", "add up to more than fits"))?;
    let rounding = rest.unsigned_abs() <= purchase.lines.len() as u64;
    match rest {
        0 => {}
        _ if partial && rest < 0 => {}
        _ if rounding => items.push(json!({
            "id": ROUNDING_LINE, "line_id": ROUNDING_LINE, "description": "Rounding",
            "quantity": 1, "amount": rest, "type": "surcharge",
        })),
        _ => return Err(invalid("order.lines", format!("differ from the amount by {rest} minor units"))),
    }
    if items.len() > ITEMS_MAX {
        return Err(invalid("order.lines", format!("Dintero takes at most {ITEMS_MAX} lines")));
    }
    Ok(items)
}

/// An order has no description at Dintero, so what the customer is to read becomes its one line.
fn whole_purchase(text: &str, purchase: &Purchase) -> Value {
    json!({
        "id": "purchase", "line_id": "1", "description": text,
        "quantity": 1, "amount": purchase.money.minor(),
    })
}

/// The fee of a delivery as a line, which is what a shipping option becomes on the transaction
/// anyway (dossier §17.10).
fn shipping(delivery: &Delivery) -> Value {
    json!({
        "id": "shipping", "line_id": SHIPPING_LINE,
        "description": delivery.method.as_deref().unwrap_or("Shipping"),
        "quantity": 1, "amount": delivery.fee_minor, "vat": percent(delivery.tax_basis_points),
        "type": "shipping",
    })
}

/// One line. `line_id` is the handle that captures and refunds use; `amount` is the total of the
/// line, not the price of one piece (dossier §4.1, §15).
fn item(line: &OrderLine) -> Result<Value, Fault> {
    let kind = match line.kind {
        LineKind::Physical => "physical",
        LineKind::Digital => "digital",
        LineKind::Service => "service",
        LineKind::Shipping => "shipping",
        // Negative amounts are documented for gift cards, and only for them.
        LineKind::Discount | LineKind::GiftCard => "gift_card",
        LineKind::Surcharge => "surcharge",
    };
    Ok(json!({
        "id": line.sku.as_ref().unwrap_or(&line.id),
        "line_id": line.id,
        "description": line.name,
        "quantity": decimal(&line.quantity).ok_or_else(|| invalid("order.lines", "a quantity is not a number"))?,
        "amount": signed_amount(line),
        "vat_amount": signed_tax(line),
        "vat": percent(line.tax_basis_points),
        "type": kind,
    }))
}

fn signed_amount(line: &OrderLine) -> i64 {
    if is_subtracted(line) { -line.amount_minor } else { line.amount_minor }
}

fn signed_tax(line: &OrderLine) -> i64 {
    if is_subtracted(line) { -line.tax_minor } else { line.tax_minor }
}

fn is_subtracted(line: &OrderLine) -> bool {
    matches!(line.kind, LineKind::Discount | LineKind::GiftCard)
}

/// A plain decimal as a JSON number with the very same digits; no float in between.
pub(super) fn decimal(text: &str) -> Option<Value> {
    let digits_only = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits_only.then(|| serde_json::from_str::<serde_json::Number>(text).ok()).flatten().map(Value::Number)
}

/// Basis points as percent: 2500 is 25, 1250 is 12.5.
fn percent(basis_points: u32) -> Value {
    let text = match (basis_points / 100, basis_points % 100) {
        (whole, 0) => whole.to_string(),
        (whole, part) if part % 10 == 0 => format!("{whole}.{}", part / 10),
        (whole, part) => format!("{whole}.{part:02}"),
    };
    decimal(&text).unwrap_or(Value::Null)
}

/// `customer`, with the tokens to offer or to charge.
pub(super) fn customer(customer: &Customer, tokens: Option<Value>) -> Result<Map<String, Value>, Fault> {
    let mut fields = Map::new();
    put(&mut fields, "customer_id", customer.id.clone());
    put(&mut fields, "email", customer.email.clone());
    let phone =
        customer.phone.clone().map(|phone| check_phone(phone, "customer.phone_number")).transpose()?;
    put(&mut fields, "phone_number", phone);
    put(&mut fields, "tokens", tokens);
    Ok(fields)
}

/// Dintero's own pattern is `^\+?\d{5,15}$` (dossier §4.1).
fn check_phone(phone: String, field: &str) -> Result<String, Fault> {
    let digits = phone.strip_prefix('+').unwrap_or(&phone);
    if (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(phone)
    } else {
        Err(invalid(field, "must be 5 to 15 digits with an optional plus sign"))
    }
}

/// An address. Names of fields after the published specification, the first five as generated in
/// github.com/Dintero/Dintero.Checkout.DotNet (`Address`, read 2026-11-21). There is no region.
fn address(address: &Address) -> Result<Map<String, Value>, Fault> {
    let mut fields = Map::new();
    put(&mut fields, "first_name", address.given_name.clone());
    put(&mut fields, "last_name", address.family_name.clone());
    put(&mut fields, "business_name", address.organisation.clone());
    put(&mut fields, "organization_number", address.organisation_number.clone());
    put(&mut fields, "co_address", address.care_of.clone());
    put(&mut fields, "address_line", address.lines.first().cloned());
    // What Dintero has no field for stands where a postman would read it.
    let rest = address.lines.iter().skip(1);
    let further: Vec<&str> = rest
        .chain([&address.building, &address.floor, &address.apartment].into_iter().flatten())
        .map(String::as_str)
        .collect();
    put(&mut fields, "address_line_2", (!further.is_empty()).then(|| further.join(", ")));
    put(&mut fields, "postal_code", address.postal_code.clone());
    put(&mut fields, "postal_place", address.city.clone());
    put(&mut fields, "country", address.country.clone());
    let phone = address.phone.clone().map(|phone| check_phone(phone, "address.phone_number")).transpose()?;
    put(&mut fields, "phone_number", phone);
    put(&mut fields, "email", address.email.clone());
    Ok(fields)
}

/// The caller's pairs. Plain keys are Dintero's own; ours begin with `ext_` (dossier §4.1).
pub(super) fn metadata(purchase: &Purchase) -> Option<Map<String, Value>> {
    let pairs: Map<String, Value> =
        purchase.metadata.iter().map(|(key, value)| (format!("ext_{key}"), json!(value))).collect();
    (!pairs.is_empty()).then_some(pairs)
}

/// Where Dintero tells us news. Its switches are parameters of the address itself and come back
/// signed. Without them, failures and captures made elsewhere would be silent (dossier §11, §17.12).
pub(super) fn callback_url(purchase: &Purchase, account: &Account) -> Option<String> {
    let notify = purchase.notify_url.as_deref()?;
    let mut switches = form_urlencoded::Serializer::new(String::new());
    if account.callback_method != "GET" {
        switches.append_pair("method", &account.callback_method);
    }
    switches.append_pair("report_error", "true");
    if account.callback_delay_seconds > 0 {
        switches.append_pair("delay_callback", &account.callback_delay_seconds.to_string());
    }
    for event in ["CAPTURE", "REFUND", "VOID"] {
        switches.append_pair("report_event", event);
    }
    let joint = if notify.contains('?') { '&' } else { '?' };
    Some(format!("{notify}{joint}{}", switches.finish()))
}

/// A value of a token by kind. Callers who keep tokens themselves may name no kind.
pub(super) fn token_value<'a>(token: &'a StoredToken, kind: &str) -> Result<&'a str, Fault> {
    token.value(kind).or_else(|| token.value("token")).map(|value| value.expose().as_str()).ok_or_else(|| {
        invalid("token", format!("this card was saved without a {kind}; save it again for this use"))
    })
}

/// Refuses a token that no charge could use: each belongs to the product that made it.
pub(super) fn check_token(token: &StoredToken) -> Result<(), Fault> {
    if token.product.as_deref().unwrap_or_default().is_empty() {
        return Err(invalid(
            "provider_token.product_type",
            "a token works with the product that made it alone; name it",
        ));
    }
    Ok(())
}

/// The name of an enum value without its type: `DINTERO_CHANNEL_IN_APP` and `in_app` are one.
pub(super) fn enum_word(text: &str, prefix: &str) -> Option<String> {
    let word = text.strip_prefix(prefix).unwrap_or(text).to_ascii_lowercase();
    (word != "unspecified" && !word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::{Currency, Money};
    use crate::domain::outcome::Asked;
    use crate::providers::contract::{Operation, OperationKind};
    use crate::providers::sample::{self, Overrides};

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(decimal("1.500").expect("number").to_string(), "1.500");
        assert_eq!(decimal("3").expect("number"), json!(3));
        for wrong in ["", ".5", "1.", "01", "-1", "1e3", "x"] {
            assert_eq!(decimal(wrong), None, "{wrong}");
        }
        assert_eq!(percent(2500).to_string(), "25");
        assert_eq!(percent(1250).to_string(), "12.5");
        assert_eq!(percent(1225).to_string(), "12.25");
        assert_eq!(percent(5).to_string(), "0.05");
    }

    #[test]
    fn a_fee_for_delivery_is_a_line_and_counts() {
        let nok = Currency::parse("NOK").expect("NOK");
        let asked = Asked { money: Money::new(15_000, nok).expect("money"), reference: "p1".to_owned() };
        let line = OrderLine {
            id: "1".to_owned(),
            sku: None,
            name: "Lamp".to_owned(),
            description: None,
            quantity: "1".to_owned(),
            amount_minor: 10_000,
            unit_minor: None,
            tax_minor: 2_000,
            tax_basis_points: 2500,
            kind: LineKind::Physical,
            category: None,
            subcategory: None,
            image_url: None,
        };
        let overrides = Overrides { lines: vec![line], ..Overrides::default() };
        let opened =
            sample::operation(OperationKind::OpenSession, &asked, &overrides, jiff::Timestamp::UNIX_EPOCH);
        let Operation::OpenSession(mut session) = opened else { panic!("a session") };
        assert!(order(&session.purchase).is_err(), "5000 are missing");
        let fee = Delivery { fee_minor: 5_000, tax_basis_points: 2500, ..Delivery::default() };
        session.purchase.delivery = Some(fee);
        session.purchase.tax_minor = Some(3_000);
        let order = order(&session.purchase).expect("an order");
        assert_eq!(order["vat_amount"], 3_000);
        assert_eq!(order["items"][1]["amount"], 5_000);
        assert_eq!(order["items"][1]["type"], "shipping");
    }

    #[test]
    fn enum_values_have_two_spellings() {
        assert_eq!(enum_word("DINTERO_CHANNEL_IN_APP", "DINTERO_CHANNEL_").as_deref(), Some("in_app"));
        assert_eq!(enum_word("in_app", "DINTERO_CHANNEL_").as_deref(), Some("in_app"));
        assert_eq!(enum_word("DINTERO_CHANNEL_UNSPECIFIED", "DINTERO_CHANNEL_"), None);
    }
}
