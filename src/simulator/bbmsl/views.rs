//! The bodies of answers, as the samples have them.

use serde_json::{Value, json};

use super::state::{Order, Status, StoredCard};
use super::{MERCHANT, decimals};
use crate::simulator::card::Card;

/// `2022-07-05T03:30:03.709+00:00`.
pub fn time(at: jiff::Timestamp) -> String {
    format!("{}+00:00", format!("{at:.3}").trim_end_matches('Z'))
}

fn merchant() -> u64 {
    MERCHANT.parse().unwrap_or_default()
}

/// `order`.
pub fn order(order: &Order) -> Value {
    let mut view = json!({
        "id": order.id,
        "merchantId": merchant(),
        "merchantReference": order.reference,
        "currency": order.currency,
        "amount": decimals::number(order.amount),
        "netAmount": decimals::number(order.net()),
        "createTime": time(order.created_at),
        "updateTime": time(order.updated_at),
        "status": order.status.word(),
        "recurring": order.is_recurring,
    });
    if let Some(card) = &order.card {
        view["cardType"] = json!(brand(card));
    }
    if order.status == Status::Refunded && order.refunded < order.amount {
        view["totalRefundedAmount"] = decimals::number(order.refunded);
    }
    view
}

/// `transaction` (§5): the newest of an order.
pub fn transaction(order: &Order, kind: &str, amount: i64, status: &str) -> Value {
    json!({
        "id": order.transaction,
        "merchantId": merchant(),
        "type": kind,
        "amount": decimals::number(amount),
        "currency": order.currency,
        "status": status,
        "maskedPan": order.card.as_ref().map(masked),
        "stan": order.transaction.to_string(),
    })
}

/// A card of `query-token` (sample 05).
pub fn stored(card: &StoredCard, user: &str) -> Value {
    json!({
        "maskedPan": starred(&card.card),
        "userId": user,
        "tokenId": card.token,
        "cardBrand": brand(&card.card),
        "cardSubBrand": format!("{}_CREDIT", brand(&card.card)),
        "expiryDate": expiry(&card.card),
    })
}

/// `VISA` or `MASTER`.
pub fn brand(card: &Card) -> &'static str {
    if card.number.starts_with('5') { "MASTER" } else { "VISA" }
}

/// `411111XXXXXX1111`.
pub fn masked(card: &Card) -> String {
    format!("{}XXXXXX{}", card.first(6), card.last_4())
}

/// `4111********1111`.
pub fn starred(card: &Card) -> String {
    format!("{}********{}", card.first(4), card.last_4())
}

/// `YYYYMM`.
pub fn expiry(card: &Card) -> String {
    format!("{:04}{:02}", card.expiry_year, card.expiry_month)
}
