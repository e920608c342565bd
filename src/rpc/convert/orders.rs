//! What is bought, by whom, and where the browser goes afterwards.

use std::collections::HashSet;

use crate::domain::money::Money;
use crate::domain::order::{
    Address, CaptureMode, Customer, Delivery, DeliverySpeed, LineKind, LinePart, OrderLine, ReturnUrls,
    ThreeDSecure,
};
use crate::rpc::door::Terms;
use crate::rpc::problems::Problems;
use crate::rpc::proto as pb;

use super::values::{check_url, date, enumeration, text};

/// Who pays.
pub fn customer(customer: Option<pb::Customer>, problems: &mut Problems) -> Customer {
    let customer = customer.unwrap_or_default();
    Customer {
        id: text(customer.customer_id),
        email: text(customer.email),
        phone: text(customer.phone_number),
        given_name: text(customer.given_name),
        family_name: text(customer.family_name),
        birth_date: date("customer.birth_date", customer.birth_date, problems),
        tax_id: text(customer.tax_id),
        ip: text(customer.ip_address),
        device_id: text(customer.device_id),
        provider_customer: text(customer.provider_customer_id),
    }
}

/// A postal address.
pub fn address(address: pb::Address) -> Address {
    Address {
        given_name: text(address.given_name),
        family_name: text(address.family_name),
        organisation: text(address.organization_name),
        organisation_number: text(address.organization_number),
        care_of: text(address.care_of),
        lines: [address.line1, address.line2].into_iter().filter_map(text).collect(),
        building: text(address.building),
        floor: text(address.floor),
        apartment: text(address.apartment),
        city: text(address.city),
        region: text(address.region),
        postal_code: text(address.postal_code),
        country: text(address.country_code),
        phone: text(address.phone_number),
        email: text(address.email),
    }
}

/// The content of an order, as a purchase takes it.
#[derive(Debug, Default)]
pub struct Content {
    /// The lines.
    pub lines: Vec<OrderLine>,
    /// The tax within the whole amount.
    pub tax_minor: Option<i64>,
    /// How the goods travel.
    pub delivery: Option<Delivery>,
    /// Where the goods go.
    pub shipping: Option<Address>,
}

/// What is being paid for. The lines and the fee for delivery must add up to the amount, unless an
/// option of the provider allows `any_sum`.
pub fn content(
    order: Option<pb::Order>,
    money: Option<Money>,
    any_sum: bool,
    terms: Terms,
    problems: &mut Problems,
) -> Content {
    let Some(order) = order else { return Content::default() };
    check_lines(&order, money.filter(|_| !any_sum), terms, problems);
    let mut content = Content { tax_minor: order.vat_amount_minor, ..Content::default() };
    if let Some(shipping) = order.shipping {
        content.shipping = shipping.address.map(address);
        content.delivery = Some(Delivery {
            method: text(shipping.method),
            speed: match enumeration(shipping.speed) {
                pb::ShippingSpeed::Unspecified => None,
                pb::ShippingSpeed::Regular => Some(DeliverySpeed::Regular),
                pb::ShippingSpeed::NextDay => Some(DeliverySpeed::NextDay),
                pb::ShippingSpeed::SameDay => Some(DeliverySpeed::SameDay),
                pb::ShippingSpeed::Instant => Some(DeliverySpeed::Instant),
            },
            fee_minor: shipping.fee_minor,
            tax_basis_points: basis_points(shipping.vat_rate_basis_points),
        });
    }
    let lines = order.lines.into_iter().enumerate();
    content.lines = lines.map(|(index, of)| line(index, of, problems)).collect();
    content
}

fn check_lines(order: &pb::Order, money: Option<Money>, terms: Terms, problems: &mut Problems) {
    let mut references = HashSet::new();
    for (index, line) in order.lines.iter().enumerate() {
        if !references.insert(line.reference.as_str()) {
            let field = format!("order.lines[{index}].reference");
            problems.add(&field, "is the reference of an earlier line");
        }
        check_url(&format!("order.lines[{index}].image_url"), &line.image_url, terms.development, problems);
    }
    let fee = order.shipping.as_ref().map_or(0, |shipping| i128::from(shipping.fee_minor));
    let sum: i128 = order.lines.iter().map(|line| i128::from(line.total_amount_minor)).sum();
    if let Some(money) = money
        && !order.lines.is_empty()
        && sum + fee != i128::from(money.minor())
    {
        problems.add("order.lines", "and the shipping fee must add up to the amount of the request");
    }
}

fn line(index: usize, line: pb::OrderLine, problems: &mut Problems) -> OrderLine {
    let total = line.total_amount_minor;
    let kind = match (enumeration(line.kind), total < 0) {
        (pb::OrderLineKind::GiftCard, true) => LineKind::GiftCard,
        // A rounding difference downwards is subtracted, as a discount is.
        (
            pb::OrderLineKind::Discount | pb::OrderLineKind::Unspecified | pb::OrderLineKind::Surcharge,
            true,
        ) => LineKind::Discount,
        (pb::OrderLineKind::Discount, false) => {
            let field = format!("order.lines[{index}].total_amount_minor");
            if total > 0 {
                problems.add(&field, "must be negative for a discount");
            }
            LineKind::Discount
        }
        (_, true) => {
            let field = format!("order.lines[{index}].total_amount_minor");
            problems.add(&field, "may be negative for a discount, a gift card or a rounding only");
            LineKind::Discount
        }
        (pb::OrderLineKind::Unspecified | pb::OrderLineKind::Physical, false) => LineKind::Physical,
        // A gift card that is sold comes as a code.
        (pb::OrderLineKind::Digital | pb::OrderLineKind::GiftCard, false) => LineKind::Digital,
        (pb::OrderLineKind::Service, false) => LineKind::Service,
        (pb::OrderLineKind::Shipping, false) => LineKind::Shipping,
        (pb::OrderLineKind::Surcharge, false) => LineKind::Surcharge,
    };
    OrderLine {
        id: line.reference,
        sku: text(line.sku),
        name: line.name,
        description: text(line.description),
        quantity: quantity(line.quantity),
        // What is subtracted is a positive number, and its kind says so.
        amount_minor: total.abs(),
        unit_minor: line.unit_amount_minor.map(i64::abs),
        tax_minor: line.vat_amount_minor.unwrap_or_default().abs(),
        tax_basis_points: basis_points(line.vat_rate_basis_points),
        kind,
        category: text(line.category),
        subcategory: text(line.subcategory),
        image_url: text(line.image_url),
    }
}

fn quantity(quantity: String) -> String {
    text(quantity).unwrap_or_else(|| "1".to_owned())
}

fn basis_points(rate: Option<i32>) -> u32 {
    rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or_default()
}

/// The lines that a capture or a refund is about.
pub fn line_parts(parts: Vec<pb::OrderLinePart>, problems: &mut Problems) -> Vec<LinePart> {
    let mut references = HashSet::new();
    for (index, part) in parts.iter().enumerate() {
        if !references.insert(part.reference.clone()) {
            problems.add(&format!("lines[{index}].reference"), "is the reference of an earlier part");
        }
    }
    let part = |part: pb::OrderLinePart| LinePart {
        id: part.reference,
        // Empty means the whole quantity of the line, which only the provider's order knows.
        quantity: part.quantity,
        amount_minor: part.amount_minor,
    };
    parts.into_iter().map(part).collect()
}

/// The same, as they were asked for.
pub fn to_line_parts(parts: Vec<LinePart>) -> Vec<pb::OrderLinePart> {
    let part = |part: LinePart| pb::OrderLinePart {
        reference: part.id,
        quantity: part.quantity,
        amount_minor: part.amount_minor,
    };
    parts.into_iter().map(part).collect()
}

/// Where the browser goes afterwards.
pub fn return_urls(
    field: &str,
    urls: Option<pb::ReturnUrls>,
    terms: Terms,
    problems: &mut Problems,
) -> Option<ReturnUrls> {
    let urls = urls?;
    for (name, url) in [
        ("success_url", &urls.success_url),
        ("failure_url", &urls.failure_url),
        ("cancelled_url", &urls.cancelled_url),
        ("expired_url", &urls.expired_url),
    ] {
        check_url(&format!("{field}.{name}"), url, terms.development, problems);
    }
    Some(ReturnUrls {
        success: urls.success_url,
        failure: text(urls.failure_url),
        cancelled: text(urls.cancelled_url),
        expired: text(urls.expired_url),
    })
}

/// Whether a capture follows by itself.
pub fn capture_mode(mode: i32) -> CaptureMode {
    match enumeration(mode) {
        pb::CaptureMode::Unspecified | pb::CaptureMode::Automatic => CaptureMode::Automatic,
        pb::CaptureMode::Manual => CaptureMode::Manual,
    }
}

/// The same, as it was asked for.
pub fn to_capture_mode(mode: CaptureMode) -> pb::CaptureMode {
    match mode {
        CaptureMode::Automatic => pb::CaptureMode::Automatic,
        CaptureMode::Manual => pb::CaptureMode::Manual,
    }
}

/// How much 3-D Secure is wanted; `None` when not said.
pub fn three_d_secure(preference: i32) -> Option<ThreeDSecure> {
    match enumeration(preference) {
        pb::ThreeDSecurePreference::Unspecified => None,
        pb::ThreeDSecurePreference::Automatic => Some(ThreeDSecure::Automatic),
        pb::ThreeDSecurePreference::Challenge => Some(ThreeDSecure::Challenge),
        pb::ThreeDSecurePreference::Never => Some(ThreeDSecure::Never),
    }
}
