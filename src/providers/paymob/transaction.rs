//! One transaction, in whichever of its shapes it comes: wrapped or bare, nested or flat with dotted
//! keys, flags as booleans or as texts, the order as an object or as a number (sections 4 and 9.1).
//!
//! Nothing is judged here. What is missing stays missing; only an amount that cannot be read, a
//! wrapper of something else, and a transaction of the other mode are refused at once.

use serde_json::Value;

use super::account::Account;
use crate::domain::card::{Authentication, CardSummary};
use crate::domain::money::{Currency, Money};
use crate::domain::pan::contains_card_number;
use crate::providers::contract::Fault;
use crate::providers::json::Reading;

/// What a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A payment, or a reservation where `is_auth` says so.
    Payment,
    Capture,
    Void,
    Refund,
}

/// One transaction. Of everything else in it no use is made: most of it is about people.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) id: Option<String>,
    pub(super) order: Option<String>,
    /// Our reference, as the order has it.
    pub(super) reference: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) kind: Kind,
    pub(super) money: Option<Money>,
    /// `None` where it is missing or no flag.
    pub(super) success: Option<bool>,
    pub(super) pending: bool,
    pub(super) is_auth: bool,
    pub(super) is_captured: bool,
    pub(super) is_voided: bool,
    pub(super) is_refunded: bool,
    pub(super) captured_minor: Option<i64>,
    pub(super) refunded_minor: Option<i64>,
    /// The provider's spelling is `error_occured`.
    pub(super) error_occurred: bool,
    /// Where the customer has to go: only addresses that may be believed (section 4).
    pub(super) redirect: Option<String>,
    /// `MigsPayment`, `VPCPayment`, `WalletPayment`…: whose codes these are.
    pub(super) klass: Option<String>,
    pub(super) code: Option<String>,
    pub(super) acquirer_code: Option<String>,
    pub(super) message: Option<String>,
    /// The cause of an error that the card gateway reported.
    pub(super) cause: Option<String>,
    pub(super) approval_code: Option<String>,
    pub(super) card: Option<CardSummary>,
}

impl Transaction {
    /// Reads a transaction.
    ///
    /// # Errors
    /// [`Fault::Unintelligible`].
    pub(super) fn read(body: &Value, account: &Account) -> Result<Self, Fault> {
        let of = unwrap(body)?;
        check_mode(of, account)?;
        let redirect = redirect(of, account);
        let only_redirects = redirect.is_some() && is_bare(of);
        if of.text(&["id"]).is_none() && !only_redirects {
            return Err(Fault::unintelligible("a transaction without an id"));
        }
        let flag = |name: &str| of.flag(&[name]).unwrap_or(false);
        let code = |name: &str| either(of, name).filter(|code| code != "-");
        Ok(Self {
            id: of.text(&["id"]),
            order: of
                .text(&["order", "id"])
                .or_else(|| of.text(&["order"]))
                .or_else(|| of.text(&["order_id"])),
            reference: of.text(&["order", "merchant_order_id"]).or_else(|| of.text(&["merchant_order_id"])),
            parent: of.text(&["parent_transaction"]),
            kind: kind(of),
            money: money(of)?,
            // "Some answers hold only `redirect_url`": that is a payment that waits (section 4).
            pending: flag("pending") || only_redirects,
            success: if only_redirects { Some(false) } else { of.flag(&["success"]) },
            is_auth: flag("is_auth"),
            is_captured: flag("is_captured"),
            is_voided: flag("is_voided"),
            is_refunded: flag("is_refunded"),
            captured_minor: total(of, "captured_amount")?,
            refunded_minor: total(of, "refunded_amount_cents")?,
            error_occurred: flag("error_occured"),
            redirect,
            klass: either(of, "klass"),
            code: code("txn_response_code"),
            acquirer_code: code("acq_response_code"),
            message: either(of, "message").filter(|text| !contains_card_number(text)),
            cause: of.words(&["data", "json", "error", "cause"]),
            approval_code: of.words(&["data", "authorize_id"]),
            card: card(of),
        })
    }

    /// Whether it belongs to another one.
    pub(super) fn is_child(&self) -> bool {
        self.kind != Kind::Payment
    }
}

/// The documentation wraps what inquiries give bare.
fn unwrap(body: &Value) -> Result<&Value, Fault> {
    let inner = body.at(&["obj"]).filter(|inner| inner.is_object());
    match (inner, body.text(&["type"]).as_deref()) {
        (Some(inner), None | Some("TRANSACTION")) => Ok(inner),
        (Some(_), Some(_)) => Err(Fault::unintelligible("an answer about something else than a transaction")),
        (None, _) if body.is_object() => Ok(body),
        (None, _) => Err(Fault::unintelligible("an answer that is no object")),
    }
}

/// A test payment must not pass for a real one, nor the other way round.
fn check_mode(of: &Value, account: &Account) -> Result<(), Fault> {
    match of.flag(&["is_live"]) {
        Some(live) if live == account.test => Err(Fault::unintelligible(if live {
            "a live transaction on a test account"
        } else {
            "a test transaction on a live account"
        })),
        _ => Ok(()),
    }
}

fn kind(of: &Value) -> Kind {
    let is = |name: &str| of.flag(&[name]) == Some(true);
    if is("is_refund") {
        Kind::Refund
    } else if is("is_void") {
        Kind::Void
    } else if is("is_capture") {
        Kind::Capture
    } else {
        Kind::Payment
    }
}

/// The amount; `None` where the answer repeats none. One that cannot be read is a fault, because it
/// could not be compared.
fn money(of: &Value) -> Result<Option<Money>, Fault> {
    let (Some(_), Some(code)) = (of.at(&["amount_cents"]), of.text(&["currency"])) else {
        return Ok(None);
    };
    let minor = of
        .integer(&["amount_cents"])
        .ok_or_else(|| Fault::unintelligible("an amount that is not a whole number of minor units"))?;
    let currency = Currency::parse(&code)
        .map_err(|_| Fault::unintelligible("a currency that is not one of ISO 4217"))?;
    Money::new(minor, currency).map(Some).map_err(|_| Fault::unintelligible("an amount below zero"))
}

/// A total in minor units, which may be null (section 8).
fn total(of: &Value, name: &str) -> Result<Option<i64>, Fault> {
    match of.at(&[name]) {
        None => Ok(None),
        Some(_) => match of.integer(&[name]).filter(|minor| *minor >= 0) {
            Some(minor) => Ok(Some(minor)),
            None => Err(Fault::unintelligible(format!("{name} that is not a whole number of minor units"))),
        },
    }
}

/// A text of the section `data`: nested, with a dotted key, or at the top.
fn either(of: &Value, name: &str) -> Option<String> {
    of.words(&["data", name]).or_else(|| of.words(&[&format!("data.{name}")])).or_else(|| of.words(&[name]))
}

/// Where the customer has to go. `redirection_url` is the merchant's own return page unless the
/// answer says that it counts, or it is the provider's (section 4); `redirect_url` is a wallet's.
fn redirect(of: &Value, account: &Account) -> Option<String> {
    let counts = of.flag(&["use_redirection"]) == Some(true);
    let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    let given = |name: &str| of.text(&[name]).filter(is_web);
    let own = |url: &String| account.is_own_address(url);
    given("redirection_url")
        .filter(|url| counts || own(url))
        .or_else(|| given("redirect_url").filter(own))
        .or_else(|| given("iframe_redirection_url").filter(own))
}

/// Whether an answer says nothing but where to go.
fn is_bare(of: &Value) -> bool {
    ["id", "success", "pending"].iter().all(|name| of.at(&[name]).is_none())
}

fn card(of: &Value) -> Option<CardSummary> {
    let source =
        |name: &str| of.words(&["source_data", name]).or_else(|| of.words(&[&format!("source_data.{name}")]));
    if source("type").as_deref() != Some("card") {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let bin = of.text(&["data", "card_num"]).and_then(|number| number.get(..6).map(str::to_owned));
    let eci = of.words(&["data", "acs_eci"]);
    Some(CardSummary {
        brand: source("sub_type").map(|brand| brand.to_lowercase()),
        last_four: source("pan").as_deref().and_then(last_four),
        bin: bin.filter(|bin| digits(bin)),
        authentication: eci.map(|eci| Authentication { eci: Some(eci), ..Authentication::default() }),
        ..CardSummary::default()
    })
}

/// The last four digits of a masked number: `xxxx-xxxx-xxxx-2346`, or just `2346`.
pub(super) fn last_four(masked: &str) -> Option<String> {
    let start = masked.len().checked_sub(4)?;
    let last = masked.get(start..)?;
    last.bytes().all(|byte| byte.is_ascii_digit()).then(|| last.to_owned())
}
