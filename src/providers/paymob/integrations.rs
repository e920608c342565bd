//! Integrations: which acquirer and method a payment goes through, by what it is for.
//!
//! At Paymob the integration decides what elsewhere a request says: 3-D Secure or not, reserve or
//! take, customer present or not (section 2). An account names one for each purpose. One that it
//! does not have is refused before anything is sent, with the setting that would add it.

use serde_json::{Value, json};

use super::account::{Account, ID_MAX};
use crate::domain::order::{CaptureMode, MethodKind, OptionValue, Options, Purpose, SessionOrder};
use crate::providers::contract::Fault;
use crate::providers::settings::{Settings, methods_instead};

/// The integrations of an account by purpose.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Integrations {
    /// Cards with 3-D Secure, taken at once.
    pub(super) three_d_secure: Option<i64>,
    /// Cards with 3-D Secure, reserved only.
    pub(super) authorize: Option<i64>,
    /// Saved cards without the customer, taken at once: recurring, or MOTO.
    pub(super) moto: Option<i64>,
    /// Saved cards without the customer, reserved only.
    pub(super) authorize_moto: Option<i64>,
    /// Cards that are saved without paying.
    pub(super) verification: Option<i64>,
    /// Wallets of telephone companies and banks.
    pub(super) wallet: Option<i64>,
}

impl Integrations {
    /// Reads the settings; mistakes are noted in them.
    pub(super) fn read(settings: &Settings) -> Self {
        let id = |purpose: &str| settings.id_maybe(&format!("integration_{purpose}"), ID_MAX);
        Self {
            three_d_secure: id("three_d_secure"),
            authorize: id("authorize"),
            moto: id("moto"),
            authorize_moto: id("authorize_moto"),
            verification: id("verification"),
            wallet: id("wallet"),
        }
    }

    /// Whether it is one of these.
    pub(super) fn has(&self, id: i64) -> bool {
        let Self { three_d_secure, authorize, moto, authorize_moto, verification, wallet } = *self;
        [three_d_secure, authorize, moto, authorize_moto, verification, wallet].contains(&Some(id))
    }
}

/// An integration that the account does not have.
fn missing(what: &str, setting: &str, option: &str) -> Fault {
    Fault::Unsupported {
        what: what.to_owned(),
        instead: format!("{setting} in the account's settings, or {option} in the options"),
    }
}

/// What a page offers: integration ids as numbers, names as texts (section 5).
///
/// # Errors
/// [`Fault::Unsupported`] and [`Fault::Invalid`] for what this account cannot offer.
pub(super) fn offered(account: &Account, order: &SessionOrder) -> Result<Vec<Value>, Fault> {
    let purchase = &order.purchase;
    let ids = option_ids(&purchase.options);
    if !ids.is_empty() {
        if !order.methods.is_empty() || !order.method_kinds.is_empty() {
            return Err(Fault::Invalid {
                field: "paymob.integration_ids".to_owned(),
                problem: "cannot stand beside payment methods: an integration is a method".to_owned(),
            });
        }
        return Ok(ids.into_iter().map(Value::from).collect());
    }
    if order.purpose == Purpose::Save {
        return if order.methods.is_empty() {
            let id = account.integrations.verification;
            let id = id.ok_or_else(|| {
                missing("saving a card without paying", "integration_verification", "integration_ids")
            })?;
            Ok(vec![json!(id)])
        } else {
            Ok(order.methods.iter().map(|name| method(name)).collect())
        };
    }
    if !order.methods.is_empty() {
        return Ok(order.methods.iter().map(|name| method(name)).collect());
    }
    match purchase.capture {
        CaptureMode::Manual => reserving(account, &order.method_kinds),
        CaptureMode::Automatic => of_kinds(account, order),
    }
}

/// Only cards are reserved, and only through an integration that does nothing else.
fn reserving(account: &Account, kinds: &[MethodKind]) -> Result<Vec<Value>, Fault> {
    if let Some(kind) = kinds.iter().find(|kind| **kind != MethodKind::Card) {
        return Err(Fault::Unsupported {
            what: format!("payment_methods: {} with a capture of its own", kind.word()),
            instead: "CARD, or an automatic capture".to_owned(),
        });
    }
    let id = account.integrations.authorize;
    id.map(|id| vec![json!(id)])
        .ok_or_else(|| missing("capturing later", "integration_authorize", "integration_ids"))
}

fn of_kinds(account: &Account, order: &SessionOrder) -> Result<Vec<Value>, Fault> {
    let kinds = match order.method_kinds.as_slice() {
        // Cards are saved, and saved ones used; for the rest the account has what it has.
        [] if order.purpose == Purpose::Pay && !account.method_names(MethodKind::Wallet).is_empty() => {
            &[MethodKind::Card, MethodKind::Wallet][..]
        }
        [] => &[MethodKind::Card][..],
        kinds => kinds,
    };
    let mut all = Vec::new();
    for kind in kinds {
        let names = account.method_names(*kind);
        if names.is_empty() {
            return Err(Fault::Unsupported {
                what: format!("payment_methods: {}", kind.word()),
                instead: methods_instead(*kind),
            });
        }
        all.extend(names.iter().map(|name| method(name)));
    }
    Ok(all)
}

/// A method by its name, or by the id of its integration, which is written as a number.
fn method(name: &str) -> Value {
    match name.parse::<i64>() {
        Ok(id) if (1..=ID_MAX).contains(&id) => json!(id),
        _ => json!(name),
    }
}

/// The one integration that a payment key of a session is made for (section 4).
///
/// # Errors
/// As [`offered`]; and for more than one, because a key has room for one.
pub(super) fn framed(account: &Account, order: &SessionOrder) -> Result<i64, Fault> {
    if let Some(kind) = order.method_kinds.iter().find(|kind| **kind != MethodKind::Card) {
        return Err(Fault::Unsupported {
            what: format!("payment_methods: {} in the older interface's frame", kind.word()),
            instead: "PAYMOB_FLOW_INTENTION, whose page offers every method".to_owned(),
        });
    }
    let mut all = match order.methods.is_empty() && order.method_kinds.is_empty() {
        // A wallet that the account also has is left to the page of the newer interface.
        true => offered(account, &SessionOrder { method_kinds: cards(order), ..order.clone() })?,
        false => offered(account, order)?,
    };
    match (all.pop().as_ref().and_then(Value::as_i64), all.is_empty()) {
        (Some(id), true) => Ok(id),
        _ => Err(Fault::Unsupported {
            what: "a frame for several methods, or for one that is named by a word".to_owned(),
            instead: "one integration id, or PAYMOB_FLOW_INTENTION".to_owned(),
        }),
    }
}

fn cards(order: &SessionOrder) -> Vec<MethodKind> {
    let by_ids = !option_ids(&order.purchase.options).is_empty();
    if by_ids || order.purpose == Purpose::Save { Vec::new() } else { vec![MethodKind::Card] }
}

/// The integration that a saved card is charged through.
///
/// # Errors
/// [`Fault::Unsupported`] where the account has none for this.
pub(super) fn charging(
    account: &Account,
    options: &Options,
    capture: CaptureMode,
    customer_present: bool,
) -> Result<i64, Fault> {
    if let Some(id) = options.integer("integration_id").filter(|id| *id > 0) {
        return Ok(id);
    }
    let known = &account.integrations;
    let (id, what, setting) = match (customer_present, capture) {
        (true, CaptureMode::Automatic) => {
            (known.three_d_secure, "charging a saved card with the customer", "integration_three_d_secure")
        }
        (true, CaptureMode::Manual) => (known.authorize, "capturing later", "integration_authorize"),
        (false, CaptureMode::Automatic) => {
            (known.moto, "charging a saved card without the customer", "integration_moto")
        }
        (false, CaptureMode::Manual) => (
            known.authorize_moto,
            "reserving on a saved card without the customer",
            "integration_authorize_moto",
        ),
    };
    id.ok_or_else(|| missing(what, setting, "integration_id"))
}

/// The ids that a caller named.
fn option_ids(options: &Options) -> Vec<i64> {
    match options.values.get("integration_ids") {
        Some(OptionValue::List(items)) => items
            .iter()
            .filter_map(|item| match item {
                OptionValue::Integer(id) => Some(*id),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
