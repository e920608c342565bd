//! Pivot (Indonesia): the conversation.
//!
//! Sources, sandbox facts, quirks and the status map are in the README beside this file. Everything
//! about paying is one thing at Pivot, the payment session: created (`wire`, `method`, `order`),
//! confirmed with a card, read (`session`) and judged (`verdict`). `customer` finds the card that a
//! payment saved, `movement` has captures and refunds.
//!
//! This file must never make a second session for one payment, never confirm one twice, and never
//! take a browser's return for an answer.

mod account;
mod amount;
mod customer;
mod decline;
mod envelope;
mod key;
mod method;
mod movement;
mod order;
mod profile;
mod session;
#[cfg(test)]
mod tests;
mod verdict;
mod wire;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use account::{Account, SavedCardFlow};
use customer::Wanted;
use method::{Kind, unsupported};
use order::invalid;
use session::{Session, Status};
use verdict::View;
use wire::{CardOptions, Creating};

pub use profile::{EXAMPLE, PROFILE};

use super::contract::{
    AccessToken, Confirmation, Context, Fault, Feature, Inquiry, Operation, OperationKind, Profile, Provider,
    Reply, Request, Step, Support,
};
use super::conversation::AnyProvider;
use super::json::Reading;
use super::settings::Settings;
use crate::domain::card::{FirstPayment, Initiator, Means, MerchantReason, StoredToken};
use crate::domain::money::Money;
use crate::domain::order::{Charge, MethodKind, Options, Purpose, SessionMode, SessionOrder};
use crate::domain::outcome::{Outcome, PaymentReport, SessionOpened, Standing, Trace};

/// Sets an account up. Mistakes are noted in the settings.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Pivot { account: Account::read(settings) })
}

/// One merchant.
pub struct Pivot {
    account: Account,
}

/// Where a conversation has got to.
#[derive(Debug)]
pub enum Stage {
    /// A session was asked for.
    Opening,
    /// The session's reference was taken, and what stands under it was asked for.
    Adopting,
    /// A session was confirmed with a card.
    Confirming,
    /// A session that charges a token was asked for.
    Charging,
    /// Its reference was taken, and what stands under it was asked for.
    AdoptingCharge,
    /// A session was asked for by its id.
    Reading,
    /// Sessions were asked for by our reference.
    Searching,
    /// The customer was asked for, to find the card that the payment saved.
    ReadingCustomer(Box<AfterPaying>),
    /// A session was cancelled.
    Cancelling,
    /// It could not be, and was asked for.
    ReadingUncancelled,
    /// A capture was sent.
    Capturing,
    /// A refund was sent.
    Refunding,
    /// The same was sent again, to hear the first answer.
    RefundingAgain,
    /// A session was cancelled to give its reservation back.
    Voiding,
    /// The session was asked for what became of a void.
    ReadingVoided,
    /// The session was asked for what became of a capture.
    ReadingCapture,
    /// A refund was asked for by its id.
    ReadingRefund,
    /// A page of refunds was asked for.
    ScanningRefunds {
        /// Which page, from 1.
        page: i64,
        /// Whether the refund may be sent again when the pages do not tell.
        may_resend: bool,
    },
}

/// A payment whose card is looked for.
#[derive(Debug)]
pub struct AfterPaying {
    report: PaymentReport,
    customer: String,
    wanted: Wanted,
}

impl Provider for Pivot {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn support(&self, feature: Feature) -> Support {
        let mit = &self.account.mit;
        let when = |is_on: bool, instead: &'static str| match is_on {
            true => Support::Yes,
            false => Support::No { instead },
        };
        match feature {
            Feature::ChargeRecurring | Feature::ChargeUnscheduled => when(mit.enabled, profile::MIT_INSTEAD),
            Feature::ChargeInstallment => {
                when(mit.enabled && mit.type_installment.is_some(), profile::INSTALLMENT_INSTEAD)
            }
            Feature::Void => when(self.account.void_via_cancel, profile::VOID_INSTEAD),
            other => PROFILE.support(other),
        }
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.methods.of(kind)
    }

    fn sign_in(&self, operation: OperationKind, _cx: &Context<'_>) -> Option<Request> {
        match operation {
            // Nothing is sent for it.
            OperationKind::DeleteToken => None,
            OperationKind::Void if !self.account.void_via_cancel => None,
            OperationKind::OpenSession
            | OperationKind::ReadSession
            | OperationKind::ConfirmSession
            | OperationKind::CancelSession
            | OperationKind::Charge
            | OperationKind::Capture
            | OperationKind::Void
            | OperationKind::Refund
            | OperationKind::InquirePayment
            | OperationKind::InquireMovement => Some(self.account.sign_in()),
        }
    }

    fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        self.account.signed_in(reply, cx)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        wire::token_value(token)?;
        wire::token_customer(token).map(|_| ())
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        match operation {
            Operation::OpenSession(order) => self.open(order, cx),
            Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry) => self.look(inquiry, cx),
            Operation::ConfirmSession(confirmation) => self.confirm(confirmation, cx),
            Operation::CancelSession(inquiry) => self.cancel(inquiry, cx),
            Operation::Charge(charge) => self.charge(charge, cx),
            Operation::Capture(movement) => self.capture(movement, cx),
            Operation::Void(movement) => self.void(movement, cx),
            Operation::Refund(movement) => self.refund(movement, cx),
            Operation::InquireMovement(inquiry) => self.ask_again(inquiry, cx),
            Operation::DeleteToken(_) => {
                Err(unsupported("deleting a token at Pivot", "deleting it here: it is not charged any more"))
            }
        }
    }

    fn resume(
        &self,
        operation: &Operation,
        stage: Stage,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        match (operation, stage) {
            (Operation::OpenSession(order), Stage::Opening) => self.opened(order, reply, cx),
            (Operation::OpenSession(order), Stage::Adopting) => self.adopted(order, reply),
            (Operation::ConfirmSession(confirmation), Stage::Confirming) => {
                self.confirmed(confirmation, reply)
            }
            (Operation::Charge(charge), Stage::Charging) => self.charged(charge, reply, cx),
            (Operation::Charge(charge), Stage::AdoptingCharge) => self.charge_adopted(charge, reply),
            (
                Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry),
                Stage::Reading | Stage::Searching,
            ) => self.seen(inquiry, reply, cx),
            (Operation::ReadSession(_) | Operation::InquirePayment(_), Stage::ReadingCustomer(after)) => {
                Ok(self.customer_seen(*after, reply))
            }
            (Operation::CancelSession(inquiry), Stage::Cancelling) => self.cancelled(inquiry, reply, cx),
            (Operation::CancelSession(inquiry), Stage::ReadingUncancelled) => {
                self.not_cancelled(inquiry, reply)
            }
            (Operation::Capture(movement), Stage::Capturing) => self.captured(movement, reply),
            (Operation::Refund(_), Stage::Refunding) => self.refunded(reply, cx),
            (Operation::Refund(movement), Stage::ScanningRefunds { page, may_resend }) => {
                self.scanned(movement, None, (page, may_resend), reply, cx)
            }
            (Operation::Void(movement), Stage::Voiding) => self.voided(movement, reply, cx),
            (Operation::Void(movement), Stage::ReadingVoided) => self.void_seen(movement, reply),
            (Operation::InquireMovement(inquiry), Stage::ReadingVoided) => {
                self.void_seen(&inquiry.movement, reply)
            }
            (Operation::InquireMovement(inquiry), Stage::ReadingCapture) => self.capture_seen(inquiry, reply),
            (Operation::InquireMovement(_), Stage::ReadingRefund) => self.refund_seen(reply),
            (Operation::InquireMovement(inquiry), Stage::ScanningRefunds { page, may_resend }) => {
                self.scanned(&inquiry.movement, Some(inquiry), (page, may_resend), reply, cx)
            }
            (Operation::InquireMovement(_), Stage::RefundingAgain) => self.refunded_again(reply),
            _ => Err(Fault::unintelligible("an answer at a stage that its operation does not have")),
        }
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["adopting", "opening"],
            OperationKind::ReadSession | OperationKind::InquirePayment => {
                &["customer", "reference", "session"]
            }
            OperationKind::ConfirmSession => &["confirming"],
            OperationKind::CancelSession => &["session", "cancelling"],
            OperationKind::Charge => &["adopting", "charging"],
            OperationKind::Capture => &["capturing"],
            OperationKind::Void => &["session", "voiding"],
            OperationKind::Refund => &["refunds", "refunding"],
            OperationKind::InquireMovement => &["again", "refunds", "void", "capture", "refund"],
            OperationKind::DeleteToken => &[],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        let kind = operation.kind();
        if !Provider::stages(self, kind).contains(&name) {
            return None;
        }
        Some(match (kind, name) {
            (OperationKind::OpenSession, "opening") => Stage::Opening,
            (OperationKind::OpenSession, _) => Stage::Adopting,
            (OperationKind::ConfirmSession, _) => Stage::Confirming,
            (OperationKind::CancelSession, "cancelling") => Stage::Cancelling,
            (OperationKind::CancelSession, _) => Stage::ReadingUncancelled,
            (OperationKind::Charge, "charging") => Stage::Charging,
            (OperationKind::Charge, _) => Stage::AdoptingCharge,
            (OperationKind::Capture, _) => Stage::Capturing,
            (OperationKind::Void, "voiding") => Stage::Voiding,
            (OperationKind::Refund, "refunding") => Stage::Refunding,
            (_, "refunds") => Stage::ScanningRefunds { page: 1, may_resend: false },
            (OperationKind::InquireMovement, "capture") => Stage::ReadingCapture,
            (OperationKind::InquireMovement, "refund") => Stage::ReadingRefund,
            (OperationKind::InquireMovement, "again") => Stage::RefundingAgain,
            (OperationKind::InquireMovement | OperationKind::Void, _) => Stage::ReadingVoided,
            (_, "reference") => Stage::Searching,
            (_, "customer") => Stage::ReadingCustomer(Box::new(AfterPaying {
                report: PaymentReport::new(Standing::Processing),
                customer: String::new(),
                wanted: Wanted::Newest,
            })),
            (_, _) => Stage::Reading,
        })
    }
}

/// Sessions.
impl Pivot {
    /// Creates a session. None of these moves money: a page waits for the customer, and a session
    /// for the merchant's own page waits for its confirmation. Sent again, it is the same request
    /// under the same id.
    fn open(&self, order: &SessionOrder, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        let options = &order.purchase.options;
        wire::check_options(options)?;
        if order.purpose == Purpose::Save {
            return Err(unsupported("saving a card without paying", "the purpose PAY_AND_SAVE"));
        }
        let bypass_status_page = options.flag("bypass_status_page").unwrap_or(false);
        let offer = match order.mode {
            SessionMode::Redirect => method::offer(&self.account, order)?,
            SessionMode::Api if bypass_status_page => {
                return Err(invalid(
                    "provider_options.pivot.bypass_status_page",
                    "is only for mode REDIRECT",
                ));
            }
            SessionMode::Api if options.text("channel").is_some_and(|channel| !channel.is_empty()) => {
                return Err(invalid("provider_options.pivot.channel", "is only for mode REDIRECT"));
            }
            SessionMode::Api => method::Offer { kind: Some(Kind::Card), channel: None },
        };
        let rupiah = self.account.limits.check(&PROFILE, order.purchase.money, offer.kind)?;
        method::check_end(offer.kind, order.expires_at, cx.now)?;
        let (method, mut method_options) = method::describe(order, &offer)?;
        let is_page = order.mode == SessionMode::Redirect;
        if is_page && offer.kind == Some(Kind::Card) {
            // For the merchant's own page they go with the confirmation.
            method_options.extend(self.card_options(order)?);
        }
        let what = Creating {
            rupiah,
            mode: if is_page { "REDIRECT" } else { "API" },
            // A charge can only be set up for a known method, and on the merchant's own page the
            // card is yet to come.
            auto_confirm: is_page && method.is_some(),
            method,
            method_options,
            save: saves_from_the_start(order),
            show_saved: is_page && order.purpose == Purpose::UseSaved,
            bypass_status_page,
            return_urls: Some(&order.return_urls),
            customer: known_customer(order)?,
            expiration_mode: self.expiration_mode(options),
            expires_at: Some(order.expires_at),
        };
        Ok(Step::repeatable(wire::create(&self.account, &order.purchase, what, cx)?, Stage::Opening))
    }

    fn card_options(&self, order: &SessionOrder) -> Result<Map<String, Value>, Fault> {
        let mit = &self.account.mit;
        let begins_series = order.purpose == Purpose::PayAndSave
            && mit.enabled
            && mit.send_card_on_file
            && (order.saved_for.recurring || order.saved_for.unscheduled);
        wire::card_options(&CardOptions {
            capture: order.purchase.capture,
            three_ds: wire::three_ds(order.purchase.three_d_secure, &self.account.three_ds),
            card_on_file: begins_series
                .then(|| json!({ "initiator": mit.initiator_first, "type": mit.type_recurring })),
            options: &order.purchase.options,
        })
    }

    fn expiration_mode(&self, options: &Options) -> &str {
        match options.text("expiration_mode") {
            Some("PIVOT_EXPIRATION_MODE_LOOSE") => "LOOSE",
            Some("PIVOT_EXPIRATION_MODE_STRICT") => "STRICT",
            _ => self.account.expiration_mode.as_str(),
        }
    }

    fn opened(&self, order: &SessionOrder, reply: &Reply, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        if envelope::is_duplicate(reply) {
            let request = wire::search(&self.account, &order.purchase.reference, cx)?;
            return Ok(Step::repeatable(request, Stage::Adopting));
        }
        let session = Session::read(&self.account, &envelope::data(reply)?)?;
        self.open_session(order, &session)
    }

    /// What stands under the reference already is the session, if it is about the same.
    fn adopted(&self, order: &SessionOrder, reply: &Reply) -> Result<Step<Stage>, Fault> {
        match self.found(&order.purchase.reference, reply)? {
            Some(session) => self.open_session(order, &session),
            None => Err(Fault::Silent { what: "a reference that is taken, and nothing under it".to_owned() }),
        }
    }

    fn open_session(&self, order: &SessionOrder, session: &Session) -> Result<Step<Stage>, Fault> {
        let reference = order.purchase.reference.as_str();
        check_same(session, reference, order.purchase.money)?;
        let is_open = matches!(
            session.status,
            Status::RequirePaymentMethod | Status::RequireConfirmation | Status::RequireAction
        );
        let action = if is_open { verdict::next_action(&self.account, session)? } else { None };
        match action {
            Some(next_action) => Ok(Step::Done(Outcome::SessionOpened(SessionOpened {
                trace: Trace {
                    session: Some(session.id.clone()),
                    transaction: session.newest().and_then(|charge| charge.id.clone()),
                    customer: session.customer.clone(),
                    ..Trace::by_reference(reference)
                },
                next_action,
                expires_at: session.expires_at,
            }))),
            // A session that nobody can pay is none. One that has moved on is told as it is.
            None if is_open => Err(Fault::unintelligible("a session without an address, a key or a number")),
            None => {
                let view = View { reference, session: None, customer_present: true };
                Ok(Step::Done(Outcome::Payment(verdict::payment(&self.account, &view, session)?)))
            }
        }
    }

    /// Confirms a session. Its id is the same for every card, so that Pivot refuses a second card
    /// for a session whose first confirmation is still on its way.
    fn confirm(&self, confirmation: &Confirmation, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        let order = &confirmation.order;
        let method = match &confirmation.means {
            Means::Encrypted(card) => wire::encrypted_card(card)?,
            Means::Saved { token, cvc } => {
                let Some(cvc) = cvc else {
                    return Err(invalid(
                        "token.cvc",
                        "Pivot wants the CVC of a saved card on the merchant's page",
                    ));
                };
                if token.product.as_deref() == Some(customer::WALLET) {
                    return Err(unsupported("a saved wallet on the merchant's own page", "mode REDIRECT"));
                }
                wire::saved_card(token, Some(cvc), "token.cvc")?
            }
            Means::Plain(_) => {
                return Err(unsupported(
                    "a card in clear",
                    "encrypted_card: the session hands out a key for it",
                ));
            }
        };
        let Some(session) = &confirmation.trace.session else {
            return Err(unsupported("confirming a session that Pivot does not know", "another session"));
        };
        let options = self.card_options(order)?;
        let save = saves_at_the_end(confirmation);
        let request = wire::confirm(&self.account, &order.purchase, session, method, options, save, cx)?;
        Ok(Step::moves_money(request, confirmation.trace.clone(), Stage::Confirming))
    }

    fn confirmed(&self, confirmation: &Confirmation, reply: &Reply) -> Result<Step<Stage>, Fault> {
        let session = Session::read(&self.account, &envelope::data(reply)?)?;
        let order = &confirmation.order;
        let view = View {
            reference: &order.purchase.reference,
            session: confirmation.trace.session.as_deref(),
            customer_present: true,
        };
        let mut report = verdict::payment(&self.account, &view, &session)?;
        // Nothing may stand between a payment and its outcome: the saved card is asked for later.
        report.saved_may_follow = expects_card(Some(order.purpose), &session, &report);
        Ok(Step::Done(Outcome::Payment(report)))
    }

    fn cancel(&self, inquiry: &Inquiry, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        let Some(session) = &inquiry.trace.session else {
            return Err(unsupported("cancelling a session that Pivot does not know", "letting it expire"));
        };
        let request = wire::cancel(&self.account, session, &inquiry.trace.reference, cx)?;
        Ok(Step::repeatable(request, Stage::Cancelling))
    }

    fn cancelled(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        let refusal = match reply.is_success() {
            true => None,
            false => Some(envelope::fault(reply)),
        };
        match refusal {
            None => {
                let session = Session::read(&self.account, &envelope::data(reply)?)?;
                if session.status == Status::Cancelled {
                    return self.closed(inquiry, &session);
                }
            }
            // Cancelling races with paying: only the session itself says who was first.
            Some(Fault::Rejected { .. }) => {}
            Some(Fault::Unintelligible { .. }) if reply.status == 409 => {}
            Some(fault) => return Err(fault),
        }
        let id = inquiry.trace.session.as_deref().unwrap_or_default();
        Ok(Step::repeatable(wire::read(&self.account, id, cx)?, Stage::ReadingUncancelled))
    }

    fn not_cancelled(&self, inquiry: &Inquiry, reply: &Reply) -> Result<Step<Stage>, Fault> {
        if !reply.is_success() {
            return Err(envelope::unanswered(reply));
        }
        let session = Session::read(&self.account, &envelope::data(reply)?)?;
        match session.status {
            Status::Paid | Status::Cancelled | Status::Expired => self.closed(inquiry, &session),
            Status::RequirePaymentMethod
            | Status::RequireConfirmation
            | Status::RequireAction
            | Status::Processing
            | Status::Active
            | Status::Inactive => {
                let end = session.expires_at.or(inquiry.expires_at);
                let end = end.map_or_else(String::new, |end| format!("; it ends by itself at {end}"));
                Err(Fault::Rejected {
                    code: None,
                    message: format!(
                        "the customer has begun to pay, and Pivot does not cancel such a session{end}"
                    ),
                })
            }
        }
    }

    fn closed(&self, inquiry: &Inquiry, session: &Session) -> Result<Step<Stage>, Fault> {
        let report = verdict::payment(&self.account, &view_of(inquiry), session)?;
        Ok(Step::Done(match report.standing {
            Standing::Cancelled => {
                check_same(session, &inquiry.trace.reference, inquiry.money)?;
                Outcome::SessionClosed
            }
            Standing::Open
            | Standing::ActionRequired(_)
            | Standing::Processing
            | Standing::Authorized
            | Standing::Captured
            | Standing::Verified
            | Standing::Declined(_)
            | Standing::Failed(_)
            | Standing::Voided
            | Standing::Expired => Outcome::Payment(report),
        }))
    }
}

/// Charges of stored tokens.
impl Pivot {
    fn charge(&self, charge: &Charge, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
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

    fn charged(&self, charge: &Charge, reply: &Reply, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        if envelope::is_duplicate(reply) {
            let request = wire::search(&self.account, &charge.purchase.reference, cx)?;
            return Ok(Step::repeatable(request, Stage::AdoptingCharge));
        }
        let session = Session::read(&self.account, &envelope::data(reply)?)?;
        self.charge_report(charge, &session)
    }

    fn charge_adopted(&self, charge: &Charge, reply: &Reply) -> Result<Step<Stage>, Fault> {
        match self.found(&charge.purchase.reference, reply)? {
            Some(session) => self.charge_report(charge, &session),
            None => Err(Fault::Silent { what: "a reference that is taken, and nothing under it".to_owned() }),
        }
    }

    fn charge_report(&self, charge: &Charge, session: &Session) -> Result<Step<Stage>, Fault> {
        let view = View {
            reference: &charge.purchase.reference,
            session: None,
            customer_present: matches!(charge.initiator, Initiator::Customer { .. }),
        };
        Ok(Step::Done(Outcome::Payment(verdict::payment(&self.account, &view, session)?)))
    }
}

/// Inquiries.
impl Pivot {
    /// By the session's id, where it is known; else by our reference.
    fn look(&self, inquiry: &Inquiry, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        Ok(match &inquiry.trace.session {
            Some(id) => Step::repeatable(wire::read(&self.account, id, cx)?, Stage::Reading),
            None => {
                let request = wire::search(&self.account, &inquiry.trace.reference, cx)?;
                Step::repeatable(request, Stage::Searching)
            }
        })
    }

    fn seen(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        if envelope::is_missing(reply) {
            return Ok(Step::Done(Outcome::Absent));
        }
        if !reply.is_success() {
            return Err(envelope::unanswered(reply));
        }
        let data = envelope::data(reply)?;
        let session = match data.is_array() {
            true => self.one_of(&inquiry.trace.reference, &data)?,
            false => Some(Session::read(&self.account, &data)?),
        };
        let Some(session) = session else { return Ok(Step::Done(Outcome::Absent)) };
        let mut report = verdict::payment(&self.account, &view_of(inquiry), &session)?;
        report.saved_may_follow = expects_card(inquiry.purpose, &session, &report);
        let customer = session.customer.as_ref().or(inquiry.trace.customer.as_ref());
        match (customer, Wanted::of(&session)) {
            (Some(customer), Some(wanted)) if report.saved_may_follow => {
                let request = wire::customer(&self.account, customer, cx)?;
                let after = AfterPaying { report, customer: customer.clone(), wanted };
                Ok(Step::repeatable(request, Stage::ReadingCustomer(Box::new(after))))
            }
            _ => Ok(Step::Done(Outcome::Payment(report))),
        }
    }

    /// The card that the payment saved. Whatever is wrong with this answer, the payment is paid:
    /// the card is asked for again.
    fn customer_seen(&self, after: AfterPaying, reply: &Reply) -> Step<Stage> {
        let AfterPaying { mut report, customer, wanted } = after;
        let saved = envelope::data(reply)
            .ok()
            .and_then(|data| customer::saved(&self.account, &data, &customer, &wanted));
        report.saved_may_follow = saved.is_none();
        report.saved.extend(saved);
        Step::Done(Outcome::Payment(report))
    }

    /// The session under our reference, from a list. An empty list means that there is none.
    fn found(&self, reference: &str, reply: &Reply) -> Result<Option<Session>, Fault> {
        if !reply.is_success() {
            return Err(envelope::unanswered(reply));
        }
        self.one_of(reference, &envelope::data(reply)?)
    }

    fn one_of(&self, reference: &str, data: &Value) -> Result<Option<Session>, Fault> {
        let Some(list) = data.as_array() else {
            return Err(Fault::unintelligible("a list of sessions that is none"));
        };
        if list.iter().any(|item| item.at(&["paymentSessionId"]).is_some()) {
            return Session::of_charges(list).map(Some);
        }
        let mut sessions = list
            .iter()
            .map(|data| Session::read(&self.account, data))
            .collect::<Result<Vec<Session>, Fault>>()?;
        if sessions.iter().any(|session| session.reference.as_deref() == Some(reference)) {
            sessions.retain(|session| session.reference.as_deref() == Some(reference));
        }
        match (sessions.pop(), sessions.len()) {
            (found, 0) => Ok(found),
            (_, _) => Err(Fault::unintelligible("several sessions under one reference")),
        }
    }
}

fn view_of(inquiry: &Inquiry) -> View<'_> {
    View {
        reference: &inquiry.trace.reference,
        session: inquiry.trace.session.as_deref(),
        customer_present: inquiry.customer_present || inquiry.purpose.is_some(),
    }
}

/// Whether a card of this payment should come to light: it was to be saved, and the payment worked.
fn expects_card(purpose: Option<Purpose>, session: &Session, report: &PaymentReport) -> bool {
    purpose == Some(Purpose::PayAndSave)
        && session.saves != Some(false)
        && matches!(report.standing, Standing::Captured | Standing::Authorized)
}

/// An answer about another order is not the session that was ordered.
fn check_same(session: &Session, reference: &str, money: Money) -> Result<(), Fault> {
    let is_same = session.reference.as_ref().is_none_or(|seen| seen == reference)
        && session.money.is_none_or(|seen| seen == money);
    if is_same { Ok(()) } else { Err(Fault::unintelligible("a session about another order")) }
}

/// Pivot's customer of an order: the one whose saved methods are offered, or the one that the
/// caller names.
fn known_customer(order: &SessionOrder) -> Result<Option<&str>, Fault> {
    let mut known = order.purchase.customer.provider_customer.as_deref();
    for (place, token) in order.offered.iter().enumerate() {
        let customer = wire::token_customer(token)?;
        if known.is_some_and(|known| known != customer) {
            return Err(invalid(
                &format!("token_ids[{place}]"),
                "belongs to another customer at Pivot: a page offers the methods of one",
            ));
        }
        known = Some(customer);
    }
    Ok(known)
}

/// Whether a session is created with the card to be saved. A page asks the customer itself; on the
/// merchant's own page the answer to the question may come with the confirmation.
fn saves_from_the_start(order: &SessionOrder) -> bool {
    order.purpose == Purpose::PayAndSave && (order.mode == SessionMode::Redirect || !order.ask_before_saving)
}

/// What a confirmation says about saving, where it differs from the beginning.
fn saves_at_the_end(confirmation: &Confirmation) -> Option<bool> {
    let order = &confirmation.order;
    let from_the_start = saves_from_the_start(order);
    let at_the_end = match (order.purpose, confirmation.save_card) {
        (Purpose::PayAndSave, Some(agreed)) => agreed,
        (Purpose::PayAndSave, None) => from_the_start,
        (Purpose::Pay | Purpose::Save | Purpose::UseSaved, _) => false,
    };
    (at_the_end != from_the_start).then_some(at_the_end)
}
