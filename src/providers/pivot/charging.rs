//! Charges of stored tokens: at once, or on a page of Pivot's where the customer picks the saved
//! method (dossier, section 11). Either is a session of its own.

use serde_json::{Map, Value, json};

use super::account::SavedCardFlow;
use super::method::{Kind, unsupported};
use super::order::invalid;
use super::session::Session;
use super::verdict::{self, View};
use super::wire::{self, CardOptions, Creating};
use super::{PROFILE, Pivot, Stage, customer, envelope, profile};
use crate::domain::card::{FirstPayment, Initiator, MerchantReason, StoredToken};
use crate::domain::order::{Charge, Options};
use crate::domain::outcome::{Outcome, Trace};
use crate::providers::contract::{Context, Fault, Reply, Step};

impl Pivot {
    pub(super) fn charge(&self, charge: &Charge, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        wire::check_options(&charge.purchase.options)?;
        let options = &charge.purchase.options;
        let is_wallet = charge.token.product.as_deref() == Some(customer::WALLET);
        let wants_page = options.flag("hosted_page").unwrap_or(false);
        match &charge.initiator {
            Initiator::Customer { cvc: Some(_) } if wants_page => Err(invalid(
                "customer_initiated.cvc",
                "the customer enters the CVC on the page that provider_options.pivot.hosted_page asks for",
            )),
            Initiator::Customer { cvc: Some(cvc) } if !is_wallet => {
                self.not_on_a_page(options)?;
                let method = wire::saved_card(&charge.token, Some(cvc), "customer_initiated.cvc")?;
                // Section 11: the customer is challenged unless the caller says otherwise.
                let three_ds = wire::three_ds(charge.purchase.three_d_secure, "CHALLENGE");
                self.charge_now(charge, method, three_ds, None, cx)
            }
            Initiator::Customer { cvc: None }
                if !wants_page && !is_wallet && self.account.saved_card_flow == SavedCardFlow::Api =>
            {
                Err(invalid(
                    "customer_initiated.cvc",
                    "is required: this account does not charge saved cards on Pivot's page (saved_card_flow)",
                ))
            }
            Initiator::Customer { .. } => self.charge_on_page(charge, is_wallet, cx),
            Initiator::Merchant { reason, first } => {
                if wants_page {
                    return Err(invalid("provider_options.pivot.hosted_page", "needs the customer"));
                }
                self.not_on_a_page(options)?;
                if is_wallet {
                    return Err(unsupported(
                        "charging a saved wallet without the customer",
                        "a charge with the customer present, on Pivot's page",
                    ));
                }
                let card_on_file = self.card_on_file(*reason, first, &charge.token)?;
                let method = wire::saved_card(&charge.token, None, "")?;
                let three_ds = self.account.mit.three_ds.as_str();
                self.charge_now(charge, method, three_ds, card_on_file, cx)
            }
        }
    }

    fn not_on_a_page(&self, options: &Options) -> Result<(), Fault> {
        match options.flag("bypass_status_page") {
            Some(true) => Err(invalid(
                "provider_options.pivot.bypass_status_page",
                "is only for a charge on Pivot's page",
            )),
            Some(false) | None => Ok(()),
        }
    }

    /// What the contract with the card schemes wants to hear; all of it assumed (section 11).
    fn card_on_file(
        &self,
        reason: MerchantReason,
        first: &FirstPayment,
        token: &StoredToken,
    ) -> Result<Option<Value>, Fault> {
        let mit = &self.account.mit;
        if !mit.enabled {
            return Err(unsupported("charging a token without the customer", profile::MIT_INSTEAD));
        }
        let word = match reason {
            MerchantReason::Recurring => Some(&mit.type_recurring),
            MerchantReason::Unscheduled(_) => Some(&mit.type_unscheduled),
            MerchantReason::Installment => mit.type_installment.as_ref(),
        };
        let Some(word) = word else {
            return Err(unsupported("charging a part of one purchase", profile::INSTALLMENT_INSTEAD));
        };
        if !mit.send_card_on_file {
            return Ok(None);
        }
        let mut value = json!({ "initiator": mit.initiator, "type": word });
        let known = first.network_transaction_id.as_ref().or(token.network_transaction_id.as_ref());
        if let Some(id) = known {
            value["previousNetworkTransactionId"] = json!(id);
        }
        Ok(Some(value))
    }

    /// Creates a session that charges the token at once. This moves money.
    fn charge_now(
        &self,
        charge: &Charge,
        method: Value,
        three_ds: &str,
        card_on_file: Option<Value>,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        let customer = wire::token_customer(&charge.token)?;
        let options = &charge.purchase.options;
        let capture = charge.purchase.capture;
        let card = CardOptions { capture, three_ds, card_on_file, options };
        let what = Creating {
            rupiah: self.account.limits.check(&PROFILE, charge.purchase.money, Some(Kind::Card))?,
            mode: "API",
            auto_confirm: true,
            method: Some(method),
            method_options: wire::card_options(&card)?,
            save: false,
            show_saved: false,
            bypass_status_page: false,
            return_urls: charge.return_urls.as_ref(),
            customer: Some(customer),
            expiration_mode: &self.account.expiration_mode,
            expires_at: charge.expires_at,
        };
        let request = wire::create(&self.account, &charge.purchase, what, cx)?;
        let find_by = Trace {
            customer: Some(customer.to_owned()),
            ..Trace::by_reference(charge.purchase.reference.as_str())
        };
        Ok(Step::moves_money(request, find_by, Stage::Charging))
    }

    /// Creates a page on which the customer picks a saved method. Nothing moves before that.
    fn charge_on_page(
        &self,
        charge: &Charge,
        is_wallet: bool,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        let kind = if is_wallet { Kind::Ewallet } else { Kind::Card };
        if charge.return_urls.is_none() {
            return Err(invalid("return_urls", "is required: the customer pays on Pivot's page"));
        }
        let method_options = match kind {
            Kind::Card => wire::card_options(&CardOptions {
                capture: charge.purchase.capture,
                three_ds: wire::three_ds(charge.purchase.three_d_secure, "CHALLENGE"),
                card_on_file: None,
                options: &charge.purchase.options,
            })?,
            Kind::Ewallet | Kind::VirtualAccount | Kind::Qr => Map::new(),
        };
        let what = Creating {
            rupiah: self.account.limits.check(&PROFILE, charge.purchase.money, Some(kind))?,
            mode: "REDIRECT",
            auto_confirm: true,
            method: Some(json!({ "type": kind.word() })),
            method_options,
            save: false,
            show_saved: true,
            bypass_status_page: charge.purchase.options.flag("bypass_status_page").unwrap_or(false),
            return_urls: charge.return_urls.as_ref(),
            customer: Some(wire::token_customer(&charge.token)?),
            expiration_mode: &self.account.expiration_mode,
            expires_at: charge.expires_at,
        };
        Ok(Step::repeatable(wire::create(&self.account, &charge.purchase, what, cx)?, Stage::Charging))
    }

    pub(super) fn charged(
        &self,
        charge: &Charge,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        if envelope::is_duplicate(reply) {
            let request = wire::search(&self.account, &charge.purchase.reference, cx)?;
            return Ok(Step::repeatable(request, Stage::AdoptingCharge));
        }
        let session = Session::read(&self.account, &envelope::data(reply)?)?;
        self.charge_report(charge, &session)
    }

    pub(super) fn charge_adopted(&self, charge: &Charge, reply: &Reply) -> Result<Step<Stage>, Fault> {
        match self.found(&charge.purchase.reference, reply)? {
            Some(session) => self.charge_report(charge, &session),
            None => Err(Fault::Silent { what: "a reference that is taken, and nothing under it".to_owned() }),
        }
    }

    fn charge_report(&self, charge: &Charge, session: &Session) -> Result<Step<Stage>, Fault> {
        let view = View {
            reference: &charge.purchase.reference,
            asked: charge.purchase.money,
            session: None,
            customer_present: matches!(charge.initiator, Initiator::Customer { .. }),
        };
        Ok(Step::Done(Outcome::Payment(verdict::payment(&self.account, &view, session)?)))
    }
}
