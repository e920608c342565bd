//! What comes back, recognised and not yet judged (dossier, sections 5 and 14).
//!
//! Answers carry no signature, so an answer that names another merchant is not believed. Only HTTP
//! 200 is read: bodies of other statuses are not published, and nothing may be concluded from them.

use jiff::Timestamp;
use serde_json::Value;

use super::account::{Account, is_id};
use super::decline::Words;
use super::money;
use crate::domain::card::CardSummary;
use crate::domain::money::Money;
use crate::domain::outcome::Trace;
use crate::providers::contract::{Fault, Reply};
use crate::providers::json::{Reading, TEXT_CHARS_MAX, parse};

/// The response code of a call that was handled. A number 0 is not it (section 10).
pub(super) const HANDLED: &str = "0000";

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether the call was handled.
    pub is_handled: bool,
    /// Code and message as they stand.
    pub words: Words,
    pub order: Option<Order>,
    pub transaction: Option<Transaction>,
    /// The whole body, for what only some calls answer.
    pub body: Value,
}

/// `order`.
#[derive(Debug)]
pub(super) struct Order {
    pub id: Option<String>,
    pub reference: Option<String>,
    pub money: Option<Money>,
    /// What remains after a void or refund, in minor units.
    pub net: Option<i64>,
    /// What was given back, in minor units; only some answers have it.
    pub refunded: Option<i64>,
    pub card_type: Option<String>,
    pub created_at: Option<Timestamp>,
    pub status: OrderStatus,
    pub is_recurring: Option<bool>,
}

/// `order.status`: the documented words, and those of the provider's demo app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderStatus {
    Open,
    Success,
    Settled,
    Voided,
    Refunded,
    PartlyRefunded,
    Closed,
    Cancelled,
    Processing,
    Failure,
    Declined,
    /// No word, `NONE`, or a word that nobody has documented.
    Unknown,
}

/// `transaction`.
#[derive(Debug)]
pub(super) struct Transaction {
    pub id: Option<String>,
    pub money: Option<Money>,
    pub masked: Option<String>,
    pub status: TransactionStatus,
}

/// `transaction.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionStatus {
    Success,
    Declined,
    Voided,
    Refunded,
    Settled,
    Open,
    Processing,
    Failure,
    Cancelled,
    /// No word, or one that nobody has documented.
    Unknown,
}

/// Reads an answer to a request that moves money.
///
/// # Errors
/// What the HTTP status says; the body of another than 200 is never looked at.
pub(super) fn read(reply: &Reply, account: &Account) -> Result<Answer, Fault> {
    match reply.status {
        200 => understand(parse(reply)?, account),
        401 | 403 => Err(Fault::Unauthorized { code: Some(reply.status.to_string()) }),
        // A wrong path is a mistake of the configuration and no word about an order.
        404 | 405 | 415 => Err(Fault::Rejected {
            code: Some(reply.status.to_string()),
            message: "there is no such endpoint: check base_url and the paths of the account".to_owned(),
        }),
        429 => Err(Fault::Throttled { after: reply.retry_after(), code: Some("429".to_owned()) }),
        // Nobody has published what any other status means.
        status => Err(Fault::Silent { what: format!("HTTP {status}") }),
    }
}

/// Reads an answer to a request that moves nothing, where a 4xx is a plain refusal.
///
/// # Errors
/// As [`read`].
pub(super) fn read_harmless(reply: &Reply, account: &Account) -> Result<Answer, Fault> {
    match read(reply, account) {
        Err(Fault::Silent { what }) if (400..500).contains(&reply.status) => {
            Err(Fault::Rejected { code: Some(reply.status.to_string()), message: what })
        }
        other => other,
    }
}

fn understand(body: Value, account: &Account) -> Result<Answer, Fault> {
    let (code, body) = unwrap(body)?;
    let is_handled =
        matches!(body.at(&["responseCode"]).or(Some(&code)), Some(Value::String(text)) if text == HANDLED);
    let order = body.at(&["order"]).filter(|order| order.is_object());
    let transaction = body.at(&["transaction"]).filter(|transaction| transaction.is_object());
    for part in [order, transaction].into_iter().flatten() {
        if part.text(&["merchantId"]).is_some_and(|merchant| !account.is_own(&merchant)) {
            return Err(Fault::unintelligible("an answer about another merchant"));
        }
    }
    let order = order.map(read_order).transpose()?;
    let transaction = transaction.map(|found| read_transaction(found, order.as_ref())).transpose()?;
    let cut = |text: String| text.chars().take(TEXT_CHARS_MAX).collect();
    let words = Words {
        code: code.text(&[]).or_else(|| body.words(&["responseCode"])).map(cut),
        message: body.words(&["message"]),
    };
    Ok(Answer { is_handled, words, order, transaction, body })
}

/// The code and the object that it belongs to. The official plugin also unwraps
/// `{"result":{"code":…},"data":{…}}`, which no page of the documentation shows (section 14).
fn unwrap(mut body: Value) -> Result<(Value, Value), Fault> {
    if let Some(code) = body.at(&["responseCode"]).filter(|code| code.is_string() || code.is_number()) {
        return Ok((code.clone(), body));
    }
    let code = body.at(&["result", "code"]).cloned();
    match (code, body.get_mut("data").map(Value::take)) {
        (Some(code), Some(data)) if data.is_object() && !code.is_object() => Ok((code, data)),
        _ => Err(Fault::unintelligible("an answer without a response code")),
    }
}

fn read_order(order: &Value) -> Result<Order, Fault> {
    let minor = |name: &str| money::minor_at(order, &[name]);
    let money = match (minor("amount")?, order.currency(&["currency"])) {
        (Some(minor), Some(currency)) => Some(money::money(minor, currency)?),
        _ => None,
    };
    let id = order.text(&["id"]);
    if id.as_deref().is_some_and(|id| !is_id(id)) {
        return Err(Fault::unintelligible("an order id that is no number"));
    }
    Ok(Order {
        id,
        reference: order.text(&["merchantReference"]),
        money,
        net: minor("netAmount")?,
        refunded: minor("totalRefundedAmount")?,
        card_type: order.words(&["cardType"]),
        created_at: order.time(&["createTime"]),
        status: match order.text(&["status"]).unwrap_or_default().to_ascii_uppercase().as_str() {
            "OPEN" => OrderStatus::Open,
            "SUCCESS" => OrderStatus::Success,
            "SETTLED" => OrderStatus::Settled,
            "VOIDED" => OrderStatus::Voided,
            "REFUNDED" => OrderStatus::Refunded,
            "PARTIALLY_REFUNDED" => OrderStatus::PartlyRefunded,
            "CLOSED" => OrderStatus::Closed,
            "CANCELLED" => OrderStatus::Cancelled,
            "PROCESSING" => OrderStatus::Processing,
            "FAILURE" => OrderStatus::Failure,
            "DECLINED" => OrderStatus::Declined,
            _ => OrderStatus::Unknown,
        },
        is_recurring: order.flag(&["recurring"]),
    })
}

fn read_transaction(found: &Value, order: Option<&Order>) -> Result<Transaction, Fault> {
    // Its currency is undocumented and only seen in samples, so the order's stands in for it.
    let currency = found
        .currency(&["currency"])
        .or_else(|| order.and_then(|order| order.money).map(|money| money.currency()));
    let money = match (money::minor_at(found, &["amount"])?, currency) {
        (Some(minor), Some(currency)) => Some(money::money(minor, currency)?),
        _ => None,
    };
    Ok(Transaction {
        id: found.words(&["id"]),
        money,
        masked: found.words(&["maskedPan"]),
        status: match found.text(&["status"]).unwrap_or_default().to_ascii_uppercase().as_str() {
            "SUCCESS" => TransactionStatus::Success,
            "DECLINED" => TransactionStatus::Declined,
            "VOIDED" => TransactionStatus::Voided,
            "REFUNDED" => TransactionStatus::Refunded,
            "SETTLED" => TransactionStatus::Settled,
            "OPEN" => TransactionStatus::Open,
            "PROCESSING" => TransactionStatus::Processing,
            "FAILURE" => TransactionStatus::Failure,
            "CANCELLED" => TransactionStatus::Cancelled,
            _ => TransactionStatus::Unknown,
        },
    })
}

impl Answer {
    /// The ids that the answer tells.
    pub(super) fn trace(&self) -> Trace {
        Trace {
            order: self.order.as_ref().and_then(|order| order.id.clone()),
            transaction: self.transaction.as_ref().and_then(|transaction| transaction.id.clone()),
            ..Trace::default()
        }
    }

    /// What the answer tells of the card.
    pub(super) fn card(&self) -> Option<CardSummary> {
        let brand = self.order.as_ref().and_then(|order| order.card_type.as_deref()).map(brand);
        let masked = self.transaction.as_ref().and_then(|transaction| transaction.masked.as_deref());
        let (bin, last_four) = masked.map(digits_of).unwrap_or_default();
        let card = CardSummary { brand, bin, last_four, ..CardSummary::default() };
        (card != CardSummary::default()).then_some(card)
    }

    /// A refusal without a word about an order or a transaction.
    pub(super) fn is_bare(&self) -> bool {
        self.order.is_none() && self.transaction.is_none()
    }

    /// "No such order", in the only form that is believed (the dossier's sample 36).
    pub(super) fn is_absent(&self) -> bool {
        !self.is_handled && self.is_bare() && self.words.is_not_found()
    }

    /// The refusal as a fault, for requests that move nothing.
    pub(super) fn rejected(&self) -> Fault {
        if self.words.is_configuration() {
            return Fault::Unauthorized { code: self.words.code.clone() };
        }
        Fault::Rejected {
            code: self.words.code.clone(),
            message: self.words.message.clone().unwrap_or_default(),
        }
    }
}

impl OrderStatus {
    /// Whether the order is paid and the money still with the merchant.
    pub(super) fn is_paid(self) -> bool {
        matches!(self, Self::Success | Self::Settled)
    }

    /// Whether the order is over without a charge that lasts.
    pub(super) fn is_undone(self) -> bool {
        matches!(self, Self::Voided | Self::Cancelled | Self::Closed)
    }
}

impl TransactionStatus {
    /// Whether it is approved.
    pub(super) fn is_success(self) -> bool {
        matches!(self, Self::Success | Self::Settled)
    }
}

/// Our word for a card brand; wallets carry their own names.
pub(super) fn brand(word: &str) -> String {
    match word.to_ascii_uppercase().as_str() {
        "VISA" => "visa".to_owned(),
        "MASTER" | "MASTERCARD" => "mastercard".to_owned(),
        _ => word.to_lowercase(),
    }
}

/// The first six and the last four digits of `470534XXXXXX8101`, or only the last four of
/// `4705********8101`: masked numbers come in two shapes (section 18).
pub(super) fn digits_of(masked: &str) -> (Option<String>, Option<String>) {
    let is_digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let first = masked.get(..6).filter(is_digits).map(str::to_owned);
    let last = masked.len().checked_sub(4).and_then(|start| masked.get(start..)).filter(is_digits);
    (first, last.map(str::to_owned))
}
