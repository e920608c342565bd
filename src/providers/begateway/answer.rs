//! Every body that the provider is known to send, recognised by its shape.
//!
//! The two versions of its interface use the key `transaction` for different things, errors come
//! in six shapes, and declines come with HTTP 200 (dossier, sections 5.6, 8.1 and 8.2). So nothing
//! here trusts an HTTP code before it has looked for a transaction.

use serde_json::Value;

use super::account::Account;
use super::decline;
use crate::domain::card::{Authentication, CardSummary};
use crate::domain::money::{Currency, Money};
use crate::domain::pan::contains_card_number;
use crate::domain::secret::Secret;
use crate::providers::contract::{Fault, Reply};
use crate::providers::json::{self, Reading, TEXT_CHARS_MAX};

/// How deep the objects of an error are read: `errors.credit_card.number` is the deepest known.
const ERRORS_DEPTH_MAX: usize = 4;

/// One answer.
pub(super) enum Answer {
    /// One transaction, in either version's shape.
    Transaction(Box<Transaction>),
    /// The newest transactions under one reference.
    Several(Vec<Transaction>),
    /// A hosted page.
    Page(Box<Page>),
    /// No transaction, but words.
    Refusal(Refusal),
}

/// Reads an answer.
///
/// # Errors
/// [`Fault`] for a body that is not JSON, by the HTTP code alone, and for a transaction or page
/// that says something impossible.
pub(super) fn read(reply: &Reply, account: &Account) -> Result<Answer, Fault> {
    let Ok(body) = json::parse(reply) else {
        return Err(Refusal::of(reply, &Value::Null).fault());
    };
    // Version 3 is flat and has a `transaction` of another meaning inside; version 2 is wrapped.
    if body.text(&["uid"]).is_some() {
        return Ok(Answer::Transaction(Box::new(Transaction::read(&body, account)?)));
    }
    if let Some(wrapped) = body.at(&["transaction"])
        && wrapped.text(&["uid"]).is_some()
    {
        return Ok(Answer::Transaction(Box::new(Transaction::read(wrapped, account)?)));
    }
    if reply.is_success() && body.at(&["transactions"]).is_some_and(Value::is_array) {
        let several = body.list(&["transactions"]).iter().map(|one| Transaction::read(one, account));
        return Ok(Answer::Several(several.collect::<Result<_, _>>()?));
    }
    // A page comes wrapped; the notice of its expiry has the same object without a wrapper.
    // Subscriptions have a token and an address as well, and a plan.
    let page = body.at(&["checkout"]).unwrap_or(&body);
    let is_page = page.at(&["redirect_url"]).is_some() || page.at(&["order"]).is_some();
    if page.text(&["token"]).is_some() && is_page && page.at(&["plan"]).is_none() {
        return Ok(Answer::Page(Box::new(Page::read(page, account)?)));
    }
    Ok(Answer::Refusal(Refusal::of(reply, &body)))
}

/// The provider's words for where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Successful,
    Failed,
    Incomplete,
    Pending,
    Expired,
    Error,
    Deleted,
}

impl Status {
    /// The documentation of cards has the first three; the others come from alternative methods,
    /// the hosted page and expiry (dossier, section 5.3).
    fn read(word: &str) -> Result<Self, Fault> {
        Ok(match word {
            "successful" => Self::Successful,
            "failed" => Self::Failed,
            "incomplete" => Self::Incomplete,
            "pending" | "initial" => Self::Pending,
            "expired" => Self::Expired,
            "error" => Self::Error,
            "deleted" => Self::Deleted,
            _ => return Err(Fault::unintelligible("a status that the documentation does not have")),
        })
    }
}

/// The provider's types of transaction, as far as they concern us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Payment,
    Authorization,
    Tokenization,
    Capture,
    Void,
    Refund,
    /// Types that we never ask for: credits, payouts, checks.
    Other,
}

/// The types with a section of their own, by which a transaction without `type` is recognised.
const SECTIONS: &[(&str, Kind)] = &[
    ("payment", Kind::Payment),
    ("charge", Kind::Payment),
    ("authorization", Kind::Authorization),
    ("tokenization", Kind::Tokenization),
    ("capture", Kind::Capture),
    ("void", Kind::Void),
    ("refund", Kind::Refund),
];

/// One transaction. Of everything else in it we make no use.
pub(super) struct Transaction {
    pub uid: String,
    pub status: Status,
    /// `None` where the answer does not say.
    pub kind: Option<Kind>,
    pub money: Option<Money>,
    pub tracking_id: Option<String>,
    pub parent_uid: Option<String>,
    pub redirect_url: Option<String>,
    pub code: Option<String>,
    pub message: Option<String>,
    /// The words of the acquirer.
    pub section_message: Option<String>,
    pub approval_code: Option<String>,
    /// Shown, and never asked for the verdict: test approvals carry `05`.
    pub bank_code: Option<String>,
    pub card: Option<CardSummary>,
    pub token: Option<Secret<String>>,
    /// What the card was saved for; empty where the answer does not say.
    pub contract: Vec<String>,
    pub authentication_failed: bool,
}

impl Transaction {
    fn read(body: &Value, account: &Account) -> Result<Self, Fault> {
        check_mode(body, account)?;
        let uid = body.text(&["uid"]).ok_or_else(|| Fault::unintelligible("a transaction without an id"))?;
        let status = match body.text(&["status"]) {
            Some(word) => Status::read(&word)?,
            None => return Err(Fault::unintelligible("a transaction without a status")),
        };
        let named = body.text(&["type"]);
        let kind = kind(named.as_deref(), body);
        // The section is called like the type in version 2 and `transaction` in version 3.
        let none = Value::Null;
        let section = body
            .at(&["transaction"])
            .or_else(|| body.at(&[named.as_deref()?]))
            .or_else(|| SECTIONS.iter().find_map(|(name, _)| body.at(&[name])))
            .unwrap_or(&none);
        let card = body.at(&["credit_card"]).or_else(|| body.at(&["payment_method"])).unwrap_or(&none);
        Ok(Self {
            status,
            kind,
            money: match money(body, account)? {
                None => money(section, account)?,
                found => found,
            },
            tracking_id: body.text(&["tracking_id"]),
            parent_uid: body.text(&["parent_uid"]),
            redirect_url: body.text(&["redirect_url"]),
            code: body.words(&["code"]),
            message: shown(body.words(&["message"]).or_else(|| body.words(&["friendly_message"]))),
            section_message: shown(section.words(&["message"])),
            approval_code: section.words(&["auth_code"]),
            bank_code: section.words(&["bank_code"]),
            card: summary(card, body),
            token: card.text(&["token"]).map(Secret::new),
            contract: texts(body.list(&["additional_data", "contract"])),
            authentication_failed: body.text(&["three_d_secure_verification", "status"]).as_deref()
                == Some("failed"),
            uid,
        })
    }

    /// The digits of its code.
    pub(super) fn digits(&self) -> Option<u16> {
        decline::digits(self.code.as_deref()?)
    }
}

fn kind(named: Option<&str>, body: &Value) -> Option<Kind> {
    match named {
        Some(word) => {
            Some(SECTIONS.iter().find(|(name, _)| *name == word).map_or(Kind::Other, |(_, kind)| *kind))
        }
        None => SECTIONS.iter().find(|(name, _)| body.at(&[name]).is_some()).map(|(_, kind)| *kind),
    }
}

/// A test payment must not pass for a real one, nor the other way round (section 9.4).
fn check_mode(body: &Value, account: &Account) -> Result<(), Fault> {
    match body.flag(&["test"]) {
        Some(test) if test != account.test => Err(Fault::unintelligible(if test {
            "a test payment on a live account"
        } else {
            "a live payment on a test account"
        })),
        _ => Ok(()),
    }
}

/// The amount in ours; `None` where the answer repeats none. An amount that cannot be read is
/// no amount that could be compared, so it is a fault.
fn money(body: &Value, account: &Account) -> Result<Option<Money>, Fault> {
    let (Some(_), Some(code)) = (body.at(&["amount"]), body.text(&["currency"])) else {
        return Ok(None);
    };
    let minor = body
        .integer(&["amount"])
        .ok_or_else(|| Fault::unintelligible("an amount that is not a whole number of minor units"))?;
    let currency = Currency::parse(&code)
        .map_err(|_| Fault::unintelligible("a currency that is not one of ISO 4217"))?;
    account
        .exponents
        .read_wire(minor, currency)
        .map(Some)
        .ok_or_else(|| Fault::unintelligible("an amount that its currency does not have"))
}

fn summary(card: &Value, body: &Value) -> Option<CardSummary> {
    card.at(&["last_4"])?;
    let small = |name: &str| card.integer(&[name]);
    Some(CardSummary {
        brand: card.words(&["brand"]).map(|brand| match brand.to_lowercase().as_str() {
            "master" => "mastercard".to_owned(),
            other => other.to_owned(),
        }),
        last_four: card.words(&["last_4"]),
        bin: card.words(&["bin"]),
        expiry_month: small("exp_month").and_then(|month| u8::try_from(month).ok()),
        expiry_year: small("exp_year").and_then(|year| u16::try_from(year).ok()),
        funding: None,
        issuer_country: card.words(&["issuer_country"]),
        fingerprint: card.words(&["stamp"]),
        authentication: authentication(body),
    })
}

fn authentication(body: &Value) -> Option<Authentication> {
    let section = body.at(&["three_d_secure_verification"])?;
    let found = Authentication {
        // `ve_status` only says whether the card is enrolled.
        status: section.words(&["pa_status"]),
        eci: section.words(&["eci"]),
        version: None,
    };
    (found != Authentication::default()).then_some(found)
}

fn texts(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Words that may be passed on: never a card number, which validation errors have been seen to repeat.
fn shown(text: Option<String>) -> Option<String> {
    text.filter(|text| !contains_card_number(text))
}

/// A hosted page.
pub(super) struct Page {
    pub token: Option<Secret<String>>,
    pub redirect_url: Option<String>,
    /// Whether a transaction was processed on it.
    pub finished: Option<bool>,
    /// Whether its time is over.
    pub expired: Option<bool>,
    /// Of the last transaction, or of the page itself.
    pub status: Option<Status>,
    /// The last transaction.
    pub uid: Option<String>,
    /// Where that transaction stood; `status` says `error` once the page has run out.
    pub attempt: Option<Status>,
    pub money: Option<Money>,
    pub tracking_id: Option<String>,
    pub message: Option<String>,
}

impl Page {
    fn read(body: &Value, account: &Account) -> Result<Self, Fault> {
        check_mode(body, account)?;
        let none = Value::Null;
        let order = body.at(&["order"]).unwrap_or(&none);
        let response = body.at(&["gateway_response"]).unwrap_or(&none);
        // One object, keyed by the type of transaction.
        let section = body
            .text(&["transaction_type"])
            .and_then(|kind| response.at(&[&kind]))
            .or_else(|| response.as_object()?.values().find(|section| section.text(&["uid"]).is_some()))
            .unwrap_or(&none);
        let status = |of: &Value| of.text(&["status"]).map(|word| Status::read(&word)).transpose();
        Ok(Self {
            token: body.text(&["token"]).map(Secret::new),
            redirect_url: body.text(&["redirect_url"]),
            finished: body.flag(&["finished"]),
            expired: body.flag(&["expired"]),
            status: status(body)?,
            uid: section.text(&["uid"]),
            attempt: status(section)?,
            money: money(order, account)?,
            tracking_id: order.text(&["tracking_id"]),
            message: shown(body.words(&["message"])),
        })
    }
}

/// An answer without a transaction or a page.
pub(super) struct Refusal {
    status: u16,
    retry_after: Option<std::time::Duration>,
    /// Its code, as it stands.
    pub code: Option<String>,
    /// Its words.
    pub message: String,
    /// Whether it is the envelope of the asynchronous mode, which tells nothing of the payment.
    asynchronous: bool,
}

impl Refusal {
    fn of(reply: &Reply, body: &Value) -> Self {
        let inner = [&["response"][..], &["checkout"][..]]
            .iter()
            .find_map(|path| body.at(path).filter(|inner| inner.is_object()))
            .unwrap_or(body);
        let mut details = Vec::new();
        flatten("", inner.at(&["errors"]).unwrap_or(&Value::Null), ERRORS_DEPTH_MAX, &mut details);
        let message = inner.words(&["message"]).unwrap_or_default();
        let whole = if message.is_empty() { details.join("; ") } else { message };
        let message: String = whole.chars().take(TEXT_CHARS_MAX).collect();
        Self {
            status: reply.status,
            retry_after: reply.retry_after(),
            code: inner.words(&["code"]),
            message: shown(Some(message)).unwrap_or_default(),
            asynchronous: body.at(&["request_id"]).is_some() && body.at(&["status"]).is_some()
                || body.text(&["status"]).as_deref() == Some("processing"),
        }
    }

    fn digits(&self) -> Option<u16> {
        decline::digits(self.code.as_deref()?)
    }

    /// Versions 1 and 2 send no code; the HTTP status says as much then.
    fn code_or_status(&self) -> Option<String> {
        self.code.clone().or_else(|| Some(self.status.to_string()))
    }

    fn says(&self, words: &str) -> bool {
        self.message.to_lowercase().contains(words)
    }

    /// Whether the provider has nothing under what was asked for. The words are required: the 404
    /// of some proxy, or of a wrong base address, proves nothing about a payment.
    pub(super) fn is_missing(&self) -> bool {
        self.status == 404 && !self.asynchronous && self.says("not found")
    }

    /// Whether a saved card cannot be used any more.
    pub(super) fn is_dead_token(&self) -> bool {
        (400..500).contains(&self.status)
            && (self.digits().is_some_and(decline::is_dead_token) || self.says("token does not exist"))
    }

    /// Whether the provider holds this for a repetition. Versions 1 and 2 send no code.
    fn is_duplicate(&self) -> bool {
        self.digits().is_some_and(decline::is_duplicate) || self.says("duplicate transaction")
    }

    /// Whether the provider's check of equal amounts stopped this very request. Only its own code
    /// says so: versions 1 and 2 send words, and `F.0108` and `P.0215` come from further on.
    pub(super) fn is_stopped_as_duplicate(&self) -> bool {
        (400..500).contains(&self.status) && self.digits() == Some(1018)
    }

    /// Whose move it is (sections 8.1 and 8.2).
    pub(super) fn fault(self) -> Fault {
        let silent = |what: String| Fault::Silent { what };
        let digits = self.digits();
        if self.asynchronous || self.status == 425 || digits.is_some_and(decline::is_undecided) {
            return silent("the provider is still at work".to_owned());
        }
        match self.status {
            500.. | 408 => silent(format!("HTTP {}", self.status)),
            401 | 403 => Fault::Unauthorized { code: self.code_or_status() },
            _ if digits == Some(1021) => Fault::Unauthorized { code: self.code_or_status() },
            429 => Fault::Throttled { after: self.retry_after, code: self.code_or_status() },
            // The same card and amount, or parent and amount, within 30 seconds: the first has to
            // be looked up before anybody says that nothing happened.
            400..=499 if self.is_duplicate() => silent("the provider calls it a duplicate".to_owned()),
            // 400 is the older code and 422 the newer one for the same kind of refusal.
            400 | 404 | 405 | 406 | 411 | 413 | 414 | 415 | 422 => Fault::Rejected {
                message: if self.message.is_empty() {
                    format!("HTTP {} without words", self.status)
                } else {
                    self.message
                },
                code: self.code,
            },
            400..=499 => silent(format!("HTTP {}", self.status)),
            status => Fault::unintelligible(format!("HTTP {status} without a transaction")),
        }
    }
}

/// The texts of an `errors` object: arrays of texts, nested objects, dotted keys, plain texts.
fn flatten(path: &str, value: &Value, depth_left: usize, into: &mut Vec<String>) {
    match value {
        Value::String(text) if path.is_empty() || path == "base" => into.push(text.clone()),
        Value::String(text) => into.push(format!("{path} {text}")),
        Value::Array(items) if depth_left > 0 => {
            items.iter().for_each(|item| flatten(path, item, depth_left - 1, into));
        }
        Value::Object(fields) if depth_left > 0 => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, field, depth_left - 1, into);
            }
        }
        _ => {}
    }
}
