//! What an order says, in this account's terms: which interface, which integration, how much.

use super::account::Flow;
use super::{Paymob, foreign, integrations, unsupported, wire};
use crate::domain::card::Initiator;
use crate::domain::money::Money;
use crate::domain::order::{Charge, Options, Purchase, Purpose, SessionOrder};
use crate::providers::contract::{Context, Fault, Operation};

impl Paymob {
    /// Which interface: the caller's choice, else the account's.
    pub(super) fn flow(&self, options: &Options) -> Result<Flow, Fault> {
        let flow = match options.text("flow") {
            None | Some("PAYMOB_FLOW_UNSPECIFIED") => self.account.flow,
            Some("PAYMOB_FLOW_INTENTION") => Flow::Intention,
            Some("PAYMOB_FLOW_ACCEPT") => Flow::Accept,
            Some(_) => {
                return Err(Fault::Invalid {
                    field: "paymob.flow".to_owned(),
                    problem: "is not known to this adapter".to_owned(),
                });
            }
        };
        if flow == Flow::Intention && options.integer("iframe_id").is_some_and(|id| id > 0) {
            return Err(Fault::Invalid {
                field: "paymob.iframe_id".to_owned(),
                problem: "is of the older interface; it needs PAYMOB_FLOW_ACCEPT".to_owned(),
            });
        }
        Ok(flow)
    }

    pub(super) fn public_key(&self) -> Result<&str, Fault> {
        self.account.public_key.as_deref().ok_or_else(|| {
            unsupported(
                "the intention interface's page without a public key",
                "secret_key and public_key in the account's settings, or PAYMOB_FLOW_ACCEPT",
            )
        })
    }

    pub(super) fn iframe(&self, options: &Options) -> Result<i64, Fault> {
        options.integer("iframe_id").filter(|id| *id > 0).or(self.account.iframe_id).ok_or_else(|| {
            unsupported(
                "the older interface's page without a frame",
                "iframe_id in the account's settings or in the options, or PAYMOB_FLOW_INTENTION",
            )
        })
    }

    pub(super) fn integration(&self, charge: &Charge) -> Result<i64, Fault> {
        let purchase = &charge.purchase;
        integrations::charging(
            &self.account,
            &purchase.options,
            purchase.capture,
            is_customer_present(charge),
        )
    }

    pub(super) fn expiration(&self, charge: &Charge, cx: &Context<'_>) -> Result<i64, Fault> {
        match charge.expires_at {
            Some(end) => wire::seconds_until(end, cx.now),
            None => Ok(self.account.expiration_seconds),
        }
    }

    /// What is asked for. Saving a card alone asks for nothing, and the provider for an amount.
    pub(super) fn amount(&self, order: &SessionOrder) -> Result<Money, Fault> {
        let money = order.purchase.money;
        if order.purpose == Purpose::Save {
            self.account.check_currency(money.currency())?;
            return Money::new(self.account.verification_minor, money.currency())
                .map_err(|_| Fault::unintelligible("a verification amount below zero"));
        }
        self.account.check_amount(money)?;
        Ok(money)
    }

    pub(super) fn bought<'a>(&self, operation: &'a Operation) -> Result<(&'a Purchase, Money), Fault> {
        match operation {
            Operation::OpenSession(order) => Ok((&order.purchase, self.amount(order)?)),
            Operation::Charge(charge) => Ok((&charge.purchase, charge.purchase.money)),
            _ => Err(foreign()),
        }
    }
}

pub(super) fn is_customer_present(charge: &Charge) -> bool {
    match charge.initiator {
        Initiator::Customer { .. } => true,
        Initiator::Merchant { .. } => false,
    }
}
