//! What a payment session is made of besides its method: who pays, what is bought, where the
//! browser returns to (dossier, sections 7, 13 and 14).

use serde_json::{Map, Value, json};

use super::account::Account;
use super::amount;
use crate::domain::money::{Currency, Money};
use crate::domain::order::{
    Address, Customer, Delivery, DeliverySpeed, LineKind, OrderLine, Purchase, ReturnUrls,
};
use crate::providers::contract::Fault;

/// The longest name, description and address line, in characters.
const TEXT_CHARS_MAX: usize = 255;
/// The longest return address, in characters.
const RETURN_URL_CHARS_MAX: usize = 255;
/// The longest text on a statement, in characters. The contract allows two more.
const DESCRIPTOR_CHARS_MAX: usize = 20;
/// The longest telephone number after the country code, in digits.
const PHONE_DIGITS_MAX: usize = 15;

pub(super) fn invalid(field: &str, problem: impl Into<String>) -> Fault {
    Fault::Invalid { field: field.to_owned(), problem: problem.into() }
}

/// An object whose absent parts are left out.
#[derive(Default)]
pub(super) struct Object(pub Map<String, Value>);

impl Object {
    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn text(&mut self, name: &str, value: Option<&String>) -> &mut Self {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.put(name, value.chars().take(TEXT_CHARS_MAX).collect::<String>());
        }
        self
    }

    fn object(&mut self, name: &str, value: Option<Value>) -> &mut Self {
        if let Some(value) = value {
            self.put(name, value);
        }
        self
    }
}

/// `{ "value": whole rupiah, "currency": … }`.
pub(super) fn money(rupiah: i64, currency: Currency) -> Value {
    json!({ "value": rupiah, "currency": currency.code() })
}

/// The text on the customer's statement.
pub(super) fn descriptor(purchase: &Purchase) -> Result<Option<&String>, Fault> {
    match &purchase.descriptor {
        Some(text) if text.chars().count() > DESCRIPTOR_CHARS_MAX => Err(invalid(
            "statement_descriptor",
            format!("Pivot takes at most {DESCRIPTOR_CHARS_MAX} characters, spaces included"),
        )),
        descriptor => Ok(descriptor.as_ref()),
    }
}

/// The three return addresses. There is none of its own for customers who give up: they come back
/// to the one for failures.
pub(super) fn redirect_url(urls: &ReturnUrls) -> Result<Value, Fault> {
    let failure = urls.failure.as_ref().unwrap_or(&urls.success);
    let expired = urls.expired.as_ref().unwrap_or(failure);
    for (field, url) in [
        ("return_urls.success", &urls.success),
        ("return_urls.failure", failure),
        ("return_urls.expired", expired),
    ] {
        if url.chars().count() > RETURN_URL_CHARS_MAX {
            let problem = format!("Pivot takes at most {RETURN_URL_CHARS_MAX} characters");
            return Err(invalid(field, problem));
        }
    }
    Ok(json!({
        "successReturnUrl": urls.success,
        "failureReturnUrl": failure,
        "expirationReturnUrl": expired,
    }))
}

/// `customer`: the e-mail address is who it is, and the same address is the same customer.
pub(super) fn customer(customer: &Customer) -> Result<Value, Fault> {
    let Some(email) = customer.email.as_ref().filter(|email| !email.is_empty()) else {
        return Err(invalid(
            "customer.email",
            "Pivot knows customers by their e-mail address and insists on it",
        ));
    };
    if email.chars().count() > TEXT_CHARS_MAX {
        return Err(invalid("customer.email", format!("Pivot takes at most {TEXT_CHARS_MAX} characters")));
    }
    let mut object = Object::default();
    object
        .text("givenName", customer.given_name.as_ref())
        .text("surname", customer.family_name.as_ref())
        .put("email", email.as_str())
        .object("phoneNumber", customer.phone.as_deref().and_then(phone));
    Ok(Value::Object(object.0))
}

/// Only Indonesian mobile numbers have a documented form ("starts with 8"); others are left out,
/// for nothing depends on them.
fn phone(number: &str) -> Option<Value> {
    let rest = number.strip_prefix("+62")?;
    (rest.starts_with('8') && rest.len() <= PHONE_DIGITS_MAX)
        .then(|| json!({ "countryCode": "+62", "number": rest }))
}

/// `orderInformation`, which Pivot insists on.
pub(super) fn information(account: &Account, purchase: &Purchase) -> Result<Value, Fault> {
    let mut object = Object::default();
    object.put("productDetails", products(account, purchase)?);
    if let Some(address) = &purchase.billing {
        object.put("billingInfo", billing(address, &purchase.customer));
    }
    object.object("shippingInfo", shipping(purchase)?);
    Ok(Value::Object(object.0))
}

fn products(account: &Account, purchase: &Purchase) -> Result<Value, Fault> {
    let mut products = Vec::new();
    for (place, line) in purchase.lines.iter().enumerate() {
        // What is subtracted is no product, and the sum need not be the amount.
        if !matches!(line.kind, LineKind::Discount | LineKind::GiftCard) {
            products.push(product(line, place, purchase)?);
        }
    }
    if products.is_empty() {
        let mut object = Object::default();
        let rupiah = amount::whole(purchase.money, "money.amount_minor")?;
        object
            .put("type", account.product_type.as_str())
            .text("name", purchase.description.as_ref().or(Some(&purchase.merchant_reference)))
            .put("quantity", 1)
            .put("price", money(rupiah, purchase.money.currency()));
        products.push(Value::Object(object.0));
    }
    Ok(Value::Array(products))
}

/// A line as a product. Where price and quantity are not whole, one piece at the line's amount.
fn product(line: &OrderLine, place: usize, purchase: &Purchase) -> Result<Value, Fault> {
    let currency = purchase.money.currency();
    let field = format!("lines[{place}].amount_minor");
    let rupiah = |minor: i64| {
        let money = Money::new(minor, currency).map_err(|error| invalid(&field, error.to_string()))?;
        amount::whole(money, &field)
    };
    let quantity: Option<i64> = line.quantity.parse().ok().filter(|quantity| *quantity > 0);
    let each = quantity.and_then(|quantity| {
        let each = line
            .unit_minor
            .or_else(|| (line.amount_minor % quantity == 0).then(|| line.amount_minor / quantity))?;
        Some((quantity, rupiah(each).ok()?))
    });
    let (quantity, price) = match each {
        Some(each) => each,
        None => (1, rupiah(line.amount_minor)?),
    };
    let mut object = Object::default();
    object
        .put(
            "type",
            match line.kind {
                LineKind::Physical => "PHYSICAL",
                LineKind::Digital => "DIGITAL",
                LineKind::Service
                | LineKind::Shipping
                | LineKind::Surcharge
                | LineKind::Discount
                | LineKind::GiftCard => "SERVICE",
            },
        )
        .text("category", line.category.as_ref())
        .text("subCategory", line.subcategory.as_ref())
        .text("name", Some(&line.name))
        .text("description", line.description.as_ref())
        .put("quantity", quantity)
        .put("price", money(price, currency));
    Ok(Value::Object(object.0))
}

fn person(object: &mut Object, address: &Address, customer: Option<&Customer>) {
    let or = |own: &Option<String>, other: Option<&Option<String>>| {
        own.clone().or_else(|| other.cloned().flatten())
    };
    let phone_of = or(&address.phone, customer.map(|customer| &customer.phone));
    object
        .text("givenName", or(&address.given_name, customer.map(|customer| &customer.given_name)).as_ref())
        .text("surname", or(&address.family_name, customer.map(|customer| &customer.family_name)).as_ref())
        .text("email", or(&address.email, customer.map(|customer| &customer.email)).as_ref())
        .object("phoneNumber", phone_of.as_deref().and_then(phone))
        .text("addressLine1", address.lines.first())
        .text("addressLine2", address.lines.get(1))
        .text("city", address.city.as_ref())
        .text("provinceState", address.region.as_ref())
        .text("country", address.country.as_ref())
        .text("postalCode", address.postal_code.as_ref());
}

fn billing(address: &Address, customer: &Customer) -> Value {
    let mut object = Object::default();
    person(&mut object, address, Some(customer));
    Value::Object(object.0)
}

fn shipping(purchase: &Purchase) -> Result<Option<Value>, Fault> {
    let mut object = Object::default();
    if let Some(address) = &purchase.shipping {
        person(&mut object, address, None);
    }
    if let Some(Delivery { method: _, speed, fee_minor, tax_basis_points: _ }) = &purchase.delivery {
        if let Some(speed) = speed {
            object.put(
                "method",
                match speed {
                    DeliverySpeed::Regular => "REGULAR",
                    DeliverySpeed::NextDay => "NEXTDAY",
                    DeliverySpeed::SameDay => "SAMEDAY",
                    DeliverySpeed::Instant => "INSTANT",
                },
            );
        }
        let currency = purchase.money.currency();
        let fee = Money::new(*fee_minor, currency)
            .map_err(|error| invalid("delivery.fee_minor", error.to_string()))?;
        if !fee.is_zero() {
            object.put("shippingFee", money(amount::whole(fee, "delivery.fee_minor")?, currency));
        }
    }
    Ok((!object.0.is_empty()).then_some(Value::Object(object.0)))
}
