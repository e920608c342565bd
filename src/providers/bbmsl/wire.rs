//! What is sent: the inner JSON of every call but the pages' (those stand in `page`).
//!
//! Field names, types and lengths are those of "Online Tokenization" and "Online Hosted" in the
//! provider's documentation (dossier, sections 6, 7 and 9; read 2026-11).

use jiff::Timestamp;

use super::account::{Account, is_id};
use super::cards;
use super::money::to_wire;
use super::verdict::OTHER_REFERENCE;
use crate::domain::card::{FirstPayment, Initiator, MerchantReason, StoredToken};
use crate::domain::order::{CaptureMode, Charge, LineKind, Options, OrderLine, Purchase, ThreeDSecure};
use crate::domain::outcome::Trace;
use crate::domain::secret::Secret;
use crate::providers::contract::{Fault, Request};
use crate::providers::fields::{Fields, number};

/// The longest free text, in characters.
pub(super) const TEXT_CHARS_MAX: usize = 255;
/// Number(8): the largest quantity of a line.
const QUANTITY_MAX: i64 = 99_999_999;
/// The name under which a [`Trace`] keeps which of the provider's models an order belongs to. The
/// engine hands it back with every later movement of the payment.
pub(super) const PRODUCT: &str = "product";

/// Which of the provider's models an order belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Road {
    Tokenization,
    Hosted,
}

impl Road {
    /// The road of an order that was recorded earlier.
    pub(super) fn of(product: Option<&str>) -> Self {
        if product == Some(cards::HOSTED) { Self::Hosted } else { Self::Tokenization }
    }

    pub(super) fn product(self) -> &'static str {
        match self {
            Self::Tokenization => cards::TOKENIZATION,
            Self::Hosted => cards::HOSTED,
        }
    }
}

/// How an order is named in a request.
pub(super) enum Name<'a> {
    /// By the provider's id: exact.
    Id(&'a str),
    /// By our reference: known before anything was sent.
    Reference(&'a str),
}

impl<'a> Name<'a> {
    /// Our reference of an order, which is another one after the first page was lost.
    pub(super) fn reference(trace: &'a Trace) -> Self {
        Self::Reference(trace.more.get(OTHER_REFERENCE).map_or(trace.reference.as_str(), String::as_str))
    }

    /// The provider's id where it is known.
    pub(super) fn best(trace: &'a Trace) -> Self {
        match trace.order.as_deref().filter(|order| is_id(order)) {
            Some(order) => Self::Id(order),
            None => Self::reference(trace),
        }
    }

    fn put(&self, body: &mut Fields) {
        match self {
            Self::Id(id) => body.put("orderId", number(id)),
            Self::Reference(reference) => body.put("merchantReference", *reference),
        };
    }
}

/// Asks how an order stands.
pub(super) fn query(
    account: &Account,
    road: Road,
    name: &Name<'_>,
    now: Timestamp,
) -> Result<Request, Fault> {
    let path = match road {
        Road::Tokenization => account.token_query_path.as_str(),
        Road::Hosted => "/hosted-checkout/query",
    };
    let mut body = account.body();
    name.put(&mut body);
    account.request("query", path, body, now)
}

/// Voids an order, the whole of it.
pub(super) fn void(account: &Account, road: Road, name: &Name<'_>, now: Timestamp) -> Result<Request, Fault> {
    let path = match road {
        Road::Tokenization => "/tokenization/void",
        Road::Hosted => "/hosted-checkout/void",
    };
    let mut body = account.body();
    name.put(&mut body);
    account.request("void", path, body, now)
}

/// Refunds an order, once.
pub(super) fn refund(
    account: &Account,
    road: Road,
    name: &Name<'_>,
    minor: i64,
    now: Timestamp,
) -> Result<Request, Fault> {
    let path = match road {
        Road::Tokenization => account.token_refund_path.as_str(),
        Road::Hosted => "/hosted-checkout/refund",
    };
    let mut body = account.body();
    name.put(&mut body);
    body.put("amount", to_wire(account, minor));
    account.request("refund", path, body, now)
}

/// Lists a user's cards.
pub(super) fn query_token(account: &Account, user: &str, now: Timestamp) -> Result<Request, Fault> {
    let mut body = account.body();
    body.put("userId", user);
    account.request("query-token", "/tokenization/query-token", body, now)
}

/// Removes a card for good.
pub(super) fn delete_token(
    account: &Account,
    user: &str,
    token: &Secret<String>,
    now: Timestamp,
) -> Result<Request, Fault> {
    let mut body = account.body();
    body.put("userId", user);
    account.put_token_id(&mut body, token.expose());
    account.request("delete-token", "/tokenization/delete-token", body, now)
}

/// A charge with everything decided.
pub(super) struct Paying<'a> {
    pub road: Road,
    /// The first order of the series, where this is a later charge of one.
    parent: Option<&'a str>,
    token: &'a StoredToken,
}

/// Decides how a token is charged.
///
/// # Errors
/// [`Fault::Unsupported`] and [`Fault::Invalid`]; nothing is sent then.
pub(super) fn paying<'a>(account: &Account, charge: &'a Charge) -> Result<Paying<'a>, Fault> {
    let purchase = &charge.purchase;
    check(account, purchase)?;
    if purchase.three_d_secure == ThreeDSecure::Challenge {
        return Err(unsupported(
            "a 3-D Secure challenge in a charge of a stored card",
            "a session: the provider's page runs 3-D Secure when the issuer asks for it",
        ));
    }
    let (token, token_series) = match cards::usable(&charge.token)? {
        cards::Usable::Card { .. } => (&charge.token, None),
        cards::Usable::Series { parent } => (&charge.token, Some(parent)),
    };
    let first = match &charge.initiator {
        Initiator::Customer { cvc: Some(_) } => {
            return Err(unsupported("a CVC beside a stored card", "a charge without one"));
        }
        Initiator::Merchant { reason: MerchantReason::Recurring, first } => Some(first),
        Initiator::Customer { cvc: None } | Initiator::Merchant { .. } => None,
    };
    match (token_series, first) {
        (Some(_), None) => Err(unsupported(
            "a charge of a hosted series that is not recurring",
            "a session with purpose SAVE: its token can be charged at any time",
        )),
        (Some(parent), Some(first)) => {
            check_parent(first, charge)?;
            Ok(Paying { road: Road::Hosted, parent: parent_of(charge).or(Some(parent)), token })
        }
        (None, Some(first)) => {
            check_parent(first, charge)?;
            Ok(Paying { road: Road::Tokenization, parent: parent_of(charge), token })
        }
        (None, None) => Ok(Paying { road: Road::Tokenization, parent: None, token }),
    }
}

/// A later charge names the first order, and has its currency: there is no field for another one.
fn check_parent(first: &FirstPayment, charge: &Charge) -> Result<(), Fault> {
    if first.provider_reference.as_deref().is_some_and(|parent| !is_id(parent)) {
        return Err(invalid(
            "merchant_initiated.original_reference",
            "is the number of the series' first order at BBMSL",
        ));
    }
    let known = match &first.provider_reference {
        Some(parent) if charge.token.original.as_ref() == Some(parent) => {
            first.currency.or(charge.token.original_currency)
        }
        Some(_) => first.currency,
        None => charge.token.original_currency,
    };
    match known {
        Some(currency) if currency != charge.purchase.money.currency() => {
            Err(invalid("money.currency_code", "a series is charged in the currency of its first payment"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The first order of the series that a charge belongs to: the one that is named, or else the token's.
fn parent_of(charge: &Charge) -> Option<&str> {
    match &charge.initiator {
        Initiator::Merchant { reason: MerchantReason::Recurring, first } => {
            first.provider_reference.as_deref().or(charge.token.original.as_deref())
        }
        Initiator::Merchant { .. } | Initiator::Customer { .. } => None,
    }
}

/// Whether a charge begins a series, so that later ones can name it.
pub(super) fn begins_series(charge: &Charge) -> bool {
    let is_recurring =
        matches!(&charge.initiator, Initiator::Merchant { reason: MerchantReason::Recurring, first: _ });
    let is_agreed = matches!(&charge.initiator, Initiator::Customer { .. }) && charge.series.is_some();
    parent_of(charge).is_none() && (is_recurring || is_agreed)
}

/// The request of a charge.
pub(super) fn charge(
    account: &Account,
    charge: &Charge,
    paying: &Paying<'_>,
    now: Timestamp,
) -> Result<Request, Fault> {
    let purchase = &charge.purchase;
    let mut body = account.body();
    let amount = to_wire(account, purchase.money.minor());
    match (paying.road, paying.parent) {
        (Road::Hosted, Some(parent)) => {
            refuse_options(&purchase.options, &["reason"], "a charge of a hosted series")?;
            body.put("amount", amount)
                .put("merchantReference", purchase.reference.as_str())
                .put("parentOrderId", number(parent));
            account.request("recurring", "/hosted-checkout/recurring", body, now)
        }
        (_, Some(parent)) => {
            put_card(account, &mut body, paying.token)?;
            body.put(
                "reason",
                purchase.options.text("reason").filter(|text| !text.is_empty()).unwrap_or(&account.reason),
            )
            .put("amount", amount)
            .put("merchantReference", purchase.reference.as_str())
            .put("parentOrderId", number(parent))
            .group("callbackUrl", notify(purchase));
            account.request("recurring", "/tokenization/recurring", body, now)
        }
        (_, None) => {
            refuse_options(&purchase.options, &["reason"], "a charge that is no later one of a series")?;
            put_card(account, &mut body, paying.token)?;
            body.put("merchantReference", purchase.reference.as_str())
                .put("currency", purchase.money.currency().code())
                .put("amount", amount)
                .put("isRecurring", begins_series(charge))
                .maybe("email", email(account, purchase))
                .group("callbackUrl", notify(purchase))
                .put("lineItems", line_items(account, purchase));
            account.request("sale", "/tokenization/sale", body, now)
        }
    }
}

fn put_card(account: &Account, body: &mut Fields, token: &StoredToken) -> Result<(), Fault> {
    match cards::usable(token)? {
        cards::Usable::Card { token, user } => {
            body.put("userId", user);
            account.put_token_id(body, token.expose());
            Ok(())
        }
        cards::Usable::Series { .. } => Err(Fault::unintelligible("a hosted series where a card is wanted")),
    }
}

fn email(account: &Account, purchase: &Purchase) -> Option<String> {
    let email = purchase.customer.email.clone().filter(|_| account.send_email)?;
    (email.chars().count() <= TEXT_CHARS_MAX).then_some(email)
}

fn notify(purchase: &Purchase) -> Fields {
    let mut urls = Fields::default();
    urls.maybe("notify", purchase.notify_url.as_deref());
    urls
}

/// What every order has to be.
pub(super) fn check(account: &Account, purchase: &Purchase) -> Result<(), Fault> {
    account.check_amount(purchase.money)?;
    if purchase.capture == CaptureMode::Manual {
        return Err(unsupported("capturing later", "capture mode AUTOMATIC: BBMSL takes the money at once"));
    }
    Ok(())
}

/// The lines of an order. BBMSL wants one at least and does not add them up (section 6.4), so a
/// discount, which has no counterpart, makes one line of the whole.
pub(super) fn line_items(account: &Account, purchase: &Purchase) -> Vec<serde_json::Value> {
    let subtracts = |line: &OrderLine| matches!(line.kind, LineKind::Discount | LineKind::GiftCard);
    let is_odd = |line: &OrderLine| {
        subtracts(line) || !(1..=super::money::AMOUNT_MINOR_MAX).contains(&line.amount_minor)
    };
    if purchase.lines.is_empty() || purchase.lines.iter().any(is_odd) {
        let name = purchase.description.as_deref().unwrap_or(&purchase.merchant_reference);
        return vec![line_item(account, 1, purchase.money.minor(), name)];
    }
    let item = |line: &OrderLine| {
        let (quantity, unit) = match (line.quantity.parse::<i64>(), line.unit_minor) {
            (Ok(quantity), Some(unit))
                if (1..=QUANTITY_MAX).contains(&quantity)
                    && unit > 0
                    && quantity.checked_mul(unit) == Some(line.amount_minor) =>
            {
                (quantity, unit)
            }
            _ => (1, line.amount_minor),
        };
        line_item(account, quantity, unit, &line.name)
    };
    purchase.lines.iter().map(item).collect()
}

fn line_item(account: &Account, quantity: i64, unit_minor: i64, name: &str) -> serde_json::Value {
    let name: String = name.chars().take(TEXT_CHARS_MAX).collect();
    let mut price = Fields::default();
    price.put("unitAmount", to_wire(account, unit_minor)).put("name", name);
    let mut item = Fields::default();
    item.put("quantity", quantity).group("priceData", price);
    item.value()
}

/// Refuses options that this request has no field for: what is not sent would be ignored in silence.
pub(super) fn refuse_options(options: &Options, names: &[&str], whose: &str) -> Result<(), Fault> {
    match names.iter().find(|name| options.values.contains_key(**name)) {
        Some(name) => Err(unsupported(
            &format!("provider_options.{name} in {whose}"),
            "leaving it out: the provider has no field for it there",
        )),
        None => Ok(()),
    }
}

pub(super) fn unsupported(what: &str, instead: &str) -> Fault {
    Fault::Unsupported { what: what.to_owned(), instead: instead.to_owned() }
}

pub(super) fn invalid(field: &str, problem: &str) -> Fault {
    Fault::Invalid { field: field.to_owned(), problem: problem.to_owned() }
}
