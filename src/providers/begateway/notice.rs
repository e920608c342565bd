//! What the provider sends by itself (dossier, section 9, November 2026): whether it is genuine, which payment
//! it is about, and what it proves.
//!
//! A notice has the shop's own credentials and a signature over its exact bytes; both are required. So
//! what a signed notice says of a payment's own transaction is news, and is read by the code that reads
//! the answer to an inquiry; and so is what it says of one capture, void or refund. Everything else is a
//! reason to ask: pages, the provider's own subscriptions, and whatever an old installation sends
//! unsigned. Nothing signed has a time, so a replay is genuine: it is told from news by its key, and
//! never undoes anything.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::account::Account;
use super::answer::{self, Answer, Kind, Status, Transaction};
use super::charging::is_refused_repetition;
use super::looking::view_of_inquiry;
use super::verdict;
use crate::domain::outcome::Outcome;
use crate::domain::payment::MovementKind;
use crate::json::unambiguous;
use crate::providers::contract::{Fault, Inquiry, Reply};
use crate::providers::json::Reading;
use crate::providers::notice::{About, MovementNotice, NOTICE_BYTES_MAX, News, Notice, Refusal, Told};
use crate::providers::rsa::PublicKey;

/// The longest header that is read, in characters. A signature of 8192 bits has 1,368.
const HEADER_CHARS_MAX: usize = 2_048;
/// How the ids of the provider's own subscriptions begin (section 9.3).
const SUBSCRIPTION: &str = "sbs_";

/// What makes a notice the provider's, besides the shop's credentials.
pub(super) enum Trust {
    /// A signature by one of these keys: the present one, and during a rotation the one before. With
    /// none nothing is believed.
    Signature(Vec<PublicKey>),
    /// Nothing: for old installations that do not sign, where somebody said so.
    Credentials,
}

/// Reads a notice.
///
/// # Errors
/// A [`Refusal`].
pub(super) fn read(account: &Account, notice: &Notice<'_>) -> Result<Told, Refusal> {
    verify(account, notice)?;
    let body = unambiguous(notice.body).ok().filter(Value::is_object).ok_or(Refusal::Malformed)?;
    check_shop(account, &body)?;
    let told = |kind: String, key: Option<String>, about: About, news: News| {
        let key = key.unwrap_or_else(|| STANDARD.encode(digest(&SHA256, notice.body)));
        Told::new(&kind, key, about, news)
    };
    let word = |of: &Value, name: &str| of.text(&[name]).unwrap_or_else(|| "?".to_owned());
    Ok(match Shape::of(&body)? {
        Shape::Transaction(of) => {
            let kind = format!("{} {}", word(of, "type"), word(of, "status"));
            told(kind, key(of), about(of), news(account, notice))
        }
        // Its state is not the payment's own, and attempts may be under way: the page is asked.
        Shape::Page(of) => {
            let reference = of.text(&["order", "tracking_id"]);
            let kind = format!("checkout {}", word(of, "status"));
            told(kind, None, About { reference, ..About::default() }, News::Hint)
        }
        // We make none; the back office can. What it charges may be a payment's transaction.
        Shape::Subscription(of) => {
            let charged = of.text(&["last_transaction", "uid"]).or_else(|| of.text(&["transaction", "uid"]));
            let about =
                About { reference: of.text(&["tracking_id"]), transaction: charged, ..About::default() };
            told(format!("subscription {}", word(of, "state")), None, about, News::Hint)
        }
        Shape::Other => told("?".to_owned(), None, About::default(), News::Unknown),
    })
}

/// Reads what a signed notice says of a payment as the answer to an inquiry about it.
///
/// # Errors
/// A [`Fault`] for what is no such answer, and for an attempt that may not have been the last one.
pub(super) fn outcome(account: &Account, inquiry: &Inquiry, notice: &Notice<'_>) -> Result<Outcome, Fault> {
    let transaction = transaction(account, notice)?;
    let is_another = inquiry.trace.transaction.as_ref().is_some_and(|known| *known != transaction.uid);
    // On a page a customer tries again under the same reference (section 9.4); and what the acquirer took
    // for a repetition may have succeeded before. A success is a success, whichever attempt it was.
    let is_page = inquiry.trace.session_key.is_some();
    if transaction.status != Status::Successful && (is_page || is_another) {
        return Err(Fault::unintelligible("one attempt of a payment that may have others"));
    }
    if is_refused_repetition(&transaction) {
        return Err(Fault::unintelligible("a repetition that was refused: the first attempt decides"));
    }
    verdict::payment(account, &view_of_inquiry(inquiry), transaction).map(Outcome::Payment)
}

/// Credentials and signature, each exactly once (section 9.2).
fn verify(account: &Account, notice: &Notice<'_>) -> Result<(), Refusal> {
    let keys = match &account.trust {
        Trust::Signature(keys) if keys.is_empty() => return Err(Refusal::NotExpected),
        Trust::Signature(keys) => Some(keys),
        Trust::Credentials => None,
    };
    if notice.method != "POST" || notice.body.len() > NOTICE_BYTES_MAX {
        return Err(Refusal::Malformed);
    }
    let header = |name| notice.header(name).filter(|value| !value.trim().is_empty()).ok_or(Refusal::Unsigned);
    let authorization = header("authorization")?;
    let signature = keys.is_some().then(|| header("content-signature")).transpose()?.unwrap_or_default();
    if authorization.len().max(signature.len()) > HEADER_CHARS_MAX || !account.is_own(authorization) {
        return Err(Refusal::Forged);
    }
    let Some(keys) = keys else { return Ok(()) };
    let signature = STANDARD.decode(signature.trim()).map_err(|_| Refusal::Forged)?;
    let is_signed = keys.iter().any(|key| key.verifies(notice.body, &signature));
    if is_signed { Ok(()) } else { Err(Refusal::Forged) }
}

/// Shops may share a key, and a shop its address for tests: what is for another, or is played with on a
/// live account, is none of ours (section 9.4).
fn check_shop(account: &Account, body: &Value) -> Result<(), Refusal> {
    let places: [&[&str]; 3] = [&[], &["transaction"], &["plan"]];
    let is_other_mode =
        places.iter().filter_map(|place| body.at(place)?.flag(&["test"])).any(|test| test != account.test);
    let is_other_shop = body.text(&["shop_id"]).is_some_and(|shop| account.is_other_shop(&shop));
    if is_other_mode || is_other_shop { Err(Refusal::Foreign) } else { Ok(()) }
}

/// The bodies of section 9.3.
enum Shape<'a> {
    /// A transaction, wrapped as in version 2 of the interface or flat as in version 3.
    Transaction(&'a Value),
    /// A page that ran out.
    Page(&'a Value),
    /// One of the provider's own subscriptions.
    Subscription(&'a Value),
    /// None that is documented.
    Other,
}

impl<'a> Shape<'a> {
    /// Subscriptions first: older ones have a small `transaction` inside.
    fn of(body: &'a Value) -> Result<Self, Refusal> {
        let is_subscription = body.text(&["id"]).is_some_and(|id| id.starts_with(SUBSCRIPTION));
        if is_subscription || body.at(&["plan"]).is_some() {
            return Ok(Self::Subscription(body));
        }
        if body.text(&["uid"]).is_some() {
            return Ok(Self::Transaction(body));
        }
        match body.at(&["transaction"]) {
            Some(wrapped) if wrapped.text(&["uid"]).is_some() => Ok(Self::Transaction(wrapped)),
            Some(_) => Err(Refusal::Malformed),
            None if body.at(&["order"]).is_some() && body.text(&["token"]).is_some() => Ok(Self::Page(body)),
            None => Ok(Self::Other),
        }
    }
}

/// Repeats have the same three (section 9.1).
fn key(of: &Value) -> Option<String> {
    let [uid, status, updated_at] = ["uid", "status", "updated_at"].map(|name| of.text(&[name]));
    Some(format!("{} {} {}", uid?, status?, updated_at?))
}

/// A capture, void or refund is about its parent; it repeats the reference of the payment, not its own.
fn about(of: &Value) -> About {
    let movement = of.text(&["type"]).as_deref().and_then(|word| match word {
        "capture" => Some(MovementKind::Capture),
        "void" => Some(MovementKind::Void),
        "refund" => Some(MovementKind::Refund),
        _ => None,
    });
    About {
        reference: of.text(&["tracking_id"]),
        transaction: of.text(&["parent_uid"]).or_else(|| of.text(&["uid"])),
        movement: movement.zip(of.text(&["uid"])),
        ..About::default()
    }
}

/// What a transaction proves: enough of it has to be there to be compared with what was asked.
fn news(account: &Account, notice: &Notice<'_>) -> News {
    let is_signed = match account.trust {
        Trust::Signature(_) => true,
        Trust::Credentials => false,
    };
    let Ok(of) = transaction(account, notice) else { return News::Hint };
    if !is_signed || of.money.is_none() {
        return News::Hint;
    }
    let kind = match of.kind {
        Some(Kind::Payment | Kind::Authorization | Kind::Tokenization) if of.tracking_id.is_some() => {
            return News::Trusted;
        }
        Some(Kind::Capture) => MovementKind::Capture,
        Some(Kind::Void) => MovementKind::Void,
        Some(Kind::Refund) => MovementKind::Refund,
        Some(Kind::Payment | Kind::Authorization | Kind::Tokenization | Kind::Other) | None => {
            return News::Hint;
        }
    };
    // Without its parent it is nobody's; and what was taken for a repetition may have succeeded before.
    if of.parent_uid.is_none() || is_refused_repetition(&of) {
        return News::Hint;
    }
    News::Movement(Box::new(MovementNotice { kind, report: verdict::movement(of) }))
}

/// A notice has the body that an inquiry by `uid` is answered with.
fn transaction(account: &Account, notice: &Notice<'_>) -> Result<Transaction, Fault> {
    let reply = Reply { status: 200, headers: Vec::new(), body: notice.body.to_vec() };
    match answer::read(&reply, account)? {
        Answer::Transaction(transaction) => Ok(*transaction),
        Answer::Several(_) | Answer::Page(_) | Answer::Refusal(_) => {
            Err(Fault::unintelligible("a notice that is not about one transaction"))
        }
    }
}

#[cfg(test)]
mod tests;
