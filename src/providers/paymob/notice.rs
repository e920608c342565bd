//! What the provider sends by itself (dossier, sections 10 and 11, November 2026): whether it is genuine,
//! which payment it is about, and what it proves.
//!
//! A digest covers a few values and not the body (`signed`), and customers see that of their own payment.
//! So a payment is found by its order, which is signed, and never by our reference, which is not;
//! and where it stands is news only for a plain success, read from the signed values alone. Declines,
//! whose reason is not signed, captures, voids, refunds, the way back of a browser, and the
//! provider's own subscriptions are reasons to ask. A saved card is signed as a whole.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::account::Account;
use super::signed::{self, DELIVERY, Signed, TOKEN, TRANSACTION};
use super::transaction::Transaction;
use super::verdict::{self, Occasion};
use super::{Paymob, looking, saved};
use crate::domain::order::Purpose;
use crate::domain::outcome::Outcome;
use crate::json::unambiguous;
use crate::providers::contract::{Context, Fault, Inquiry, Operation};
use crate::providers::json::Reading;
use crate::providers::notice::{About, NOTICE_BYTES_MAX, News, Notice, Refusal, Told};

/// How many names the query of a browser's way back may have; the sample has 33.
const QUERY_NAMES_MAX: usize = 100;

/// Reads a notice.
///
/// # Errors
/// A [`Refusal`].
pub(super) fn read(account: &Account, notice: &Notice<'_>) -> Result<Told, Refusal> {
    if account.hmac_secrets.is_empty() {
        return Err(Refusal::NotExpected);
    }
    if notice.body.len() > NOTICE_BYTES_MAX {
        return Err(Refusal::Malformed);
    }
    match notice.method {
        "GET" => way_back(account, &query(notice)?),
        "POST" => {
            let body = unambiguous(notice.body).ok().filter(Value::is_object).ok_or(Refusal::Malformed)?;
            match Shape::of(&body)? {
                Shape::Transaction(of) => transaction(account, notice, of),
                Shape::Token(of) => token(account, notice, of),
                Shape::Subscription { id, trigger } => subscription(account, notice, &body, &id, &trigger),
                Shape::Other(of) => other(account, notice, of),
            }
        }
        _ => Err(Refusal::Malformed),
    }
}

/// The bodies of section 10.
enum Shape<'a> {
    /// Old bodies have no `type`.
    Transaction(&'a Value),
    Token(&'a Value),
    Subscription {
        id: String,
        trigger: String,
    },
    /// Of another type, such as the state of a delivery.
    Other(&'a Value),
}

impl<'a> Shape<'a> {
    fn of(body: &'a Value) -> Result<Self, Refusal> {
        let inner = body.at(&["obj"]).filter(|inner| inner.is_object());
        match (body.text(&["type"]).as_deref(), inner) {
            (None | Some("TRANSACTION"), Some(of)) => Ok(Self::Transaction(of)),
            (Some("TOKEN"), Some(of)) => Ok(Self::Token(of)),
            (Some("TRANSACTION" | "TOKEN"), None) => Err(Refusal::Malformed),
            (Some(_), of) => Ok(Self::Other(of.unwrap_or(body))),
            (None, None) => {
                let id = body.text(&["subscription_data", "id"]).ok_or(Refusal::Malformed)?;
                let trigger = body.text(&["trigger_type"]).ok_or(Refusal::Malformed)?;
                Ok(Self::Subscription { id, trigger })
            }
        }
    }
}

/// A TRANSACTION (section 11.1).
fn transaction(account: &Account, notice: &Notice<'_>, of: &Value) -> Result<Told, Refusal> {
    let signed = Signed::of(of, TRANSACTION).ok_or(Refusal::Malformed)?;
    check(account, &signed, &digest_of(notice)?)?;
    if of.flag(&["is_live"]).is_some_and(|is_live| is_live == account.test) {
        return Err(Refusal::Foreign);
    }
    let is_news = is_news(account, of, &signed);
    let is_child = signed.says("has_parent_transaction", true);
    let about = About {
        order: signed.text(&["order", "id"]).map(str::to_owned),
        transaction: signed.text(&["id"]).filter(|_| !is_child).map(str::to_owned),
        ..About::default()
    };
    let (key, news) = if is_news {
        (key_of(signed.message().as_bytes()), News::Trusted)
    } else {
        (key_of(notice.body), News::Hint)
    };
    Ok(Told::new(&kind(of), key, about, news))
}

/// What it says that it is, for whoever looks at it.
fn kind(of: &Value) -> String {
    let first = |words: &[(&str, &'static str)], otherwise: &'static str| {
        let found = words.iter().find(|(name, _)| of.flag(&[name]) == Some(true));
        found.map_or(otherwise, |(_, word)| *word)
    };
    let what = [
        ("is_refund", "refund"),
        ("is_void", "void"),
        ("is_capture", "capture"),
        ("is_auth", "authorization"),
    ];
    let how = [("pending", "pending"), ("success", "successful")];
    format!("TRANSACTION {} {}", first(&what, "payment"), first(&how, "failed"))
}

/// Whether it tells where a payment stands.
fn is_news(account: &Account, of: &Value, signed: &Signed) -> bool {
    is_plain_success(signed) && is_bound(account, signed) && says_no_more(of)
}

/// Rows 10 and 11 of section 9.2, and nothing that happened since.
fn is_plain_success(signed: &Signed) -> bool {
    let no = ["pending", "error_occured", "has_parent_transaction", "is_capture", "is_refunded", "is_voided"];
    signed.says("success", true)
        && signed.says("is_standalone_payment", true)
        && no.iter().all(|name| signed.says(name, false))
        && [&["amount_cents"], &["currency"], &["created_at"], &["is_auth"]]
            .iter()
            .all(|path| signed.text(*path).is_some())
}

/// Whether the two numbers after `id` and `order.id` are this account's own, so that the digest
/// binds those before them.
fn is_bound(account: &Account, signed: &Signed) -> bool {
    let number = |name: &str| signed.text(&[name]).and_then(|text| text.parse::<i64>().ok());
    let owner = number("owner");
    number("integration_id").is_some_and(|id| account.integrations.has(id))
        && owner.is_some()
        && owner == account.owner_id
        && signed.text(&["id"]).is_some()
        && signed.text(&["order", "id"]).is_some()
}

/// Whether nothing unsigned tells of more than the success: what was captured or refunded since.
fn says_no_more(of: &Value) -> bool {
    let flags = ["is_void", "is_refund", "is_captured"];
    let totals = ["captured_amount", "refunded_amount_cents"];
    flags.iter().all(|name| of.flag(&[name]) != Some(true))
        && totals.iter().all(|name| of.at(&[name]).is_none_or(|_| of.integer(&[name]) == Some(0)))
}

/// A TOKEN (section 11.2). It is bound to a payment by its order, never by an e-mail address.
fn token(account: &Account, notice: &Notice<'_>, of: &Value) -> Result<Told, Refusal> {
    let signed = Signed::of(of, TOKEN).ok_or(Refusal::Malformed)?;
    check(account, &signed, &digest_of(notice)?)?;
    let is_whole = TOKEN.iter().all(|(path, _)| *path == ["email"] || signed.text(path).is_some());
    let order = signed.text(&["order_id"]).map(str::to_owned);
    let card = signed.text(&["token"]).filter(|_| is_whole);
    let card = card.map(|value| saved::card(account, &signed.body(), value.to_owned(), None));
    let news = card.map_or(News::Hint, |card| News::Cards(vec![card]));
    let key = key_of(signed.message().as_bytes());
    Ok(Told::new("TOKEN", key, About { order, ..About::default() }, news))
}

/// A subscription of the provider's own (section 11.3). We make none. The digest stands in the body and
/// is the same for every event of one sort, so nothing else in it is worth more than a question.
fn subscription(
    account: &Account,
    notice: &Notice<'_>,
    body: &Value,
    id: &str,
    trigger: &str,
) -> Result<Told, Refusal> {
    let digest = body.text(&["hmac"]).ok_or(Refusal::Unsigned)?;
    if !signed::is_genuine(&account.hmac_secrets, &format!("{trigger}for{id}"), &digest) {
        return Err(Refusal::Forged);
    }
    let about = About { transaction: body.text(&["transaction_id"]), ..About::default() };
    Ok(Told::new(&format!("subscription {trigger}"), key_of(notice.body), about, News::Hint))
}

/// Another type: acknowledged and left alone, where its digest is the one that is known (section 10.1).
fn other(account: &Account, notice: &Notice<'_>, of: &Value) -> Result<Told, Refusal> {
    let signed = Signed::of(of, DELIVERY).ok_or(Refusal::Malformed)?;
    check(account, &signed, &digest_of(notice)?)?;
    Ok(Told::new("delivery", key_of(notice.body), About::default(), News::Nothing))
}

/// What a browser brings back to the address of return: "display only" (section 10.2).
fn way_back(account: &Account, query: &[(String, String)]) -> Result<Told, Refusal> {
    let value = |name: &str| {
        let mut named = query.iter().filter(|(known, _)| known == name);
        match (named.next(), named.next()) {
            (found, None) => Ok(found.map(|(_, value)| value.clone())),
            (_, Some(_)) => Err(Refusal::Malformed),
        }
    };
    let digest = value("hmac")?.ok_or(Refusal::Unsigned)?;
    let order = match (value("order")?, value("order_id")?) {
        (Some(_), Some(_)) => return Err(Refusal::Malformed),
        (named, documented) => named.or(documented),
    };
    let mut texts = Vec::with_capacity(TRANSACTION.len());
    for (path, _) in TRANSACTION {
        let text = if *path == ["order", "id"] { order.clone() } else { value(&path.join("."))? };
        texts.push((*path, text.unwrap_or_default()));
    }
    let text = |path| texts.iter().find(|(known, _)| *known == path).map(|(_, text)| text.clone());
    let signed = Signed::from(TRANSACTION, text).ok_or(Refusal::Malformed)?;
    check(account, &signed, &digest)?;
    let key = key_of(format!("return {}", signed.message()).as_bytes());
    Ok(Told::new("return", key, About { order, ..About::default() }, News::Hint))
}

/// The digest, and then the forms: one digest fits other fields of the same characters.
fn check(account: &Account, signed: &Signed, digest: &str) -> Result<(), Refusal> {
    if digest.is_empty() {
        return Err(Refusal::Unsigned);
    }
    if !signed::is_genuine(&account.hmac_secrets, &signed.message(), digest) {
        return Err(Refusal::Forged);
    }
    if signed.is_in_form() { Ok(()) } else { Err(Refusal::Malformed) }
}

/// The names and values of the address, decoded once. A plus is a plus here (section 11.1).
fn query(notice: &Notice<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let url = Url::parse(notice.url).map_err(|_| Refusal::Malformed)?;
    let query = url.query().unwrap_or_default().replace('+', "%2B");
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().take(QUERY_NAMES_MAX + 1).collect();
    if pairs.len() > QUERY_NAMES_MAX { Err(Refusal::Malformed) } else { Ok(pairs) }
}

/// The digest that was added to the address, which stands there once.
fn digest_of(notice: &Notice<'_>) -> Result<String, Refusal> {
    let mut digests = query(notice)?.into_iter().filter(|(name, _)| name == "hmac");
    match (digests.next(), digests.next()) {
        (Some((_, digest)), None) => Ok(digest),
        (None, _) | (Some(_), Some(_)) => Err(Refusal::Unsigned),
    }
}

/// What tells news from a repeat: of a success and of a saved card the signed values, of a hint the whole
/// body. Whoever can change what is not signed must not be able to use up the key of what is still to come.
fn key_of(bytes: &[u8]) -> String {
    STANDARD.encode(digest(&SHA256, bytes))
}

impl Paymob {
    /// Reads a plain success as the answer to an inquiry, from what is signed and from nothing else.
    ///
    /// # Errors
    /// A [`Fault`] for anything else, and for a payment whose order is not known, or is another.
    pub(super) fn told(
        &self,
        inquiry: &Inquiry,
        notice: &Notice<'_>,
        cx: &Context<'_>,
    ) -> Result<Outcome, Fault> {
        let no_news = || Fault::unintelligible("a notice that is no plain success");
        let body = unambiguous(notice.body).map_err(|_| no_news())?;
        let of = body.at(&["obj"]).ok_or_else(no_news)?;
        let signed = Signed::of(of, TRANSACTION).filter(Signed::is_in_form).ok_or_else(no_news)?;
        if !is_news(&self.account, of, &signed) {
            return Err(no_news());
        }
        if inquiry.trace.order.as_deref() != signed.text(&["order", "id"]) {
            return Err(Fault::unintelligible("a notice about another order"));
        }
        let operation = Operation::InquirePayment(inquiry.clone());
        let view = looking::view(&operation, None, cx.now)?;
        let transaction = Transaction::read(&signed.body(), &self.account)?;
        let report = verdict::payment(&self.account, &view, &transaction, Occasion::Inquiry)?;
        Ok(match inquiry.purpose {
            // The card is told of elsewhere, or asked for.
            Some(Purpose::PayAndSave | Purpose::Save) => Self::tokens_unread(report),
            Some(Purpose::Pay | Purpose::UseSaved) | None => Outcome::Payment(report),
        })
    }
}

#[cfg(test)]
mod tests;
