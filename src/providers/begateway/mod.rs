//! beGateway, the platform of eComCharge behind bePaid and other white labels: the conversation.
//!
//! Sources, sandbox facts, quirks and the status map are in the README beside this file. What is
//! sent stands in `page` (the hosted page), `wire` (payments) and `movement`; what comes back is
//! recognised in `answer` and judged in `verdict`; what comes by itself is believed, or not, in
//! `notice`. This file must never decide from an HTTP code or a browser's word that money moved, and
//! never sends a second payment under one reference.

mod account;
mod answer;
mod decline;
mod exponents;
mod movement;
mod notice;
mod page;
mod profile;
#[cfg(test)]
mod tests;
mod verdict;
mod wire;

use std::sync::Arc;

use account::Account;
use answer::{Answer, Refusal, Transaction};
use verdict::{PageSays, View};
use wire::{Paying, Road};

pub use profile::{EXAMPLE, PROFILE};

use super::contract::{
    Confirmation, Context, Fault, Feature, Inquiry, Operation, OperationKind, Profile, Provider, Reply, Step,
    Support,
};
use super::conversation::AnyProvider;
use super::fields;
use super::notice::{Notice, Refusal as Disbelief, Told};
use super::settings::Settings;
use crate::domain::card::{Initiator, Means, StoredToken};
use crate::domain::order::{
    CaptureMode, Charge, MethodKind, Purchase, Purpose, SessionMode, SessionOrder, ThreeDSecure,
};
use crate::domain::outcome::{
    Decline, DeclineReason, NextAction, Outcome, PaymentReport, RetryAdvice, SessionOpened, Standing, Trace,
};

/// The name under which a [`Trace`] keeps the contract of a card that is being saved.
const CONTRACT: &str = "contract";

/// Sets an account up. Mistakes are noted in the settings.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Begateway { account: Account::read(settings) })
}

/// One shop at one white label.
pub struct Begateway {
    account: Account,
}

/// Where a conversation has got to.
#[derive(Debug)]
pub enum Stage {
    /// A hosted page was asked for.
    Opening,
    /// A payment, authorization, tokenization or charge was sent.
    Paying,
    /// A payment was refused as a duplicate, and its own reference was asked for.
    LookingAtDuplicate {
        /// What it comes to when there is nothing under the reference.
        decline: Decline,
    },
    /// Somebody was asked where a payment stands.
    Looking(Look),
    /// A capture, void or refund was sent.
    Moving,
    /// The same was sent again, to hear the first answer.
    MovingAgain,
    /// A capture, void or refund was asked for by its id.
    LookingAtMovement,
}

/// Who was asked.
#[derive(Debug)]
pub enum Look {
    /// The hosted page, by its token.
    Page,
    /// The gateway, by our reference.
    Reference,
    /// The gateway, by the provider's id.
    Transaction {
        /// The same id, when it was a hosted page that named it.
        named_by_page: Option<String>,
    },
    /// The host of alternative methods, by the provider's id.
    Alternative,
}

impl Provider for Begateway {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn support(&self, feature: Feature) -> Support {
        match feature {
            Feature::EncryptedCard if self.account.encryption_public_key.is_some() => Support::Yes,
            other => PROFILE.support(other),
        }
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.methods.of(kind)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        match token.value("token") {
            Some(_) => Ok(()),
            None => Err(Fault::Invalid {
                field: "provider_token.values".to_owned(),
                problem: "has no value of the only kind that beGateway has".to_owned(),
            }),
        }
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
        match operation {
            Operation::OpenSession(order) => self.open(order),
            Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry) => Ok(self.look(inquiry)),
            Operation::ConfirmSession(confirmation) => self.confirm(confirmation),
            Operation::CancelSession(_) => Err(Fault::Unsupported {
                what: "closing a session early".to_owned(),
                instead: "an early expires_at: a page ends by itself".to_owned(),
            }),
            Operation::Charge(charge) => self.charge(charge),
            Operation::Capture(movement) | Operation::Void(movement) | Operation::Refund(movement) => {
                self.send_movement(operation.kind(), movement)
            }
            Operation::InquireMovement(inquiry) => self.ask_again(inquiry, cx),
            // No call deletes a token; it dies with our record of it.
            Operation::DeleteToken(_) => Ok(Step::Done(Outcome::TokenDeleted)),
        }
    }

    fn resume(
        &self,
        operation: &Operation,
        stage: Stage,
        reply: &Reply,
        _cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        match (operation, stage) {
            (Operation::OpenSession(order), Stage::Opening) => self.opened(order, reply),
            (Operation::ConfirmSession(confirmation), Stage::Paying) => {
                self.paid(&view_of_confirmation(confirmation)?, reply)
            }
            (Operation::Charge(charge), Stage::Paying) => self.paid(&view_of_charge(charge), reply),
            (Operation::ConfirmSession(confirmation), Stage::LookingAtDuplicate { decline }) => {
                self.duplicate_seen(&view_of_confirmation(confirmation)?, decline, reply)
            }
            (Operation::Charge(charge), Stage::LookingAtDuplicate { decline }) => {
                self.duplicate_seen(&view_of_charge(charge), decline, reply)
            }
            (Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry), Stage::Looking(look)) => {
                self.seen(inquiry, look, reply)
            }
            (
                Operation::Capture(movement) | Operation::Void(movement) | Operation::Refund(movement),
                Stage::Moving,
            ) => self.moved(operation.kind(), movement, reply),
            (Operation::InquireMovement(inquiry), Stage::MovingAgain) => self.moved_again(inquiry, reply),
            (Operation::InquireMovement(inquiry), Stage::LookingAtMovement) => {
                self.movement_seen(inquiry.kind, reply)
            }
            _ => Err(Fault::unintelligible("an answer at a stage that its operation does not have")),
        }
    }

    fn read_notice(&self, notice: &Notice<'_>, _cx: &Context<'_>) -> Result<Told, Disbelief> {
        notice::read(&self.account, notice)
    }

    fn outcome_told(
        &self,
        inquiry: &Inquiry,
        notice: &Notice<'_>,
        _cx: &Context<'_>,
    ) -> Result<Outcome, Fault> {
        notice::outcome(&self.account, inquiry, notice)
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["checkout"],
            OperationKind::ReadSession | OperationKind::InquirePayment => {
                &["checkout", "tracking_id", "alternative", "transaction"]
            }
            OperationKind::ConfirmSession | OperationKind::Charge => &["transaction", "duplicate"],
            OperationKind::Capture | OperationKind::Void | OperationKind::Refund => &["transaction"],
            OperationKind::InquireMovement => &["again", "transaction"],
            OperationKind::CancelSession | OperationKind::DeleteToken => &[],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        let kind = operation.kind();
        if !Provider::stages(self, kind).contains(&name) {
            return None;
        }
        Some(match (kind, name) {
            (OperationKind::OpenSession, _) => Stage::Opening,
            (OperationKind::ConfirmSession | OperationKind::Charge, "duplicate") => {
                let decline = Decline::new(DeclineReason::DuplicateTransaction, RetryAdvice::Never);
                Stage::LookingAtDuplicate { decline }
            }
            (OperationKind::ConfirmSession | OperationKind::Charge, _) => Stage::Paying,
            (OperationKind::Capture | OperationKind::Void | OperationKind::Refund, _) => Stage::Moving,
            (OperationKind::InquireMovement, "again") => Stage::MovingAgain,
            (OperationKind::InquireMovement, _) => Stage::LookingAtMovement,
            (_, "checkout") => Stage::Looking(Look::Page),
            (_, "tracking_id") => Stage::Looking(Look::Reference),
            (_, "alternative") => Stage::Looking(Look::Alternative),
            (_, _) => Stage::Looking(Look::Transaction { named_by_page: None }),
        })
    }
}

/// Sessions.
impl Begateway {
    fn open(&self, order: &SessionOrder) -> Result<Step<Stage>, Fault> {
        match order.mode {
            // A page without a transaction moves nothing, so opening one twice is harmless.
            SessionMode::Redirect => Ok(Step::repeatable(page::open(&self.account, order)?, Stage::Opening)),
            SessionMode::Api => {
                // Nothing is sent yet, but what cannot be confirmed later must not be opened now.
                let road = page::road(&self.account, order)?;
                wire::amount(&self.account, &order.purchase, road)?;
                Ok(Step::Done(Outcome::SessionOpened(self.collect_card(order))))
            }
        }
    }

    /// On the merchant's own page the provider first hears of the session when it is confirmed.
    fn collect_card(&self, order: &SessionOrder) -> SessionOpened {
        let key = self.account.encryption_public_key.clone();
        let algorithm = if key.is_some() { "begateway-cse/RSA-PKCS1v15" } else { "plain" };
        SessionOpened {
            trace: Trace::by_reference(order.purchase.reference.as_str()),
            next_action: NextAction::CollectCard {
                public_key: key.unwrap_or_default(),
                key_id: None,
                algorithm: algorithm.to_owned(),
                expires_at: Some(order.expires_at),
            },
            expires_at: Some(order.expires_at),
        }
    }

    fn opened(&self, order: &SessionOrder, reply: &Reply) -> Result<Step<Stage>, Fault> {
        let page = match answer::read(reply, &self.account)? {
            Answer::Page(page) if reply.is_success() => page,
            Answer::Refusal(refusal) => return Err(refusal.fault()),
            Answer::Page(_) | Answer::Transaction(_) | Answer::Several(_) => {
                return Err(Fault::unintelligible("an answer that is no new page"));
            }
        };
        let (Some(token), Some(url)) = (page.token, page.redirect_url) else {
            return Err(Fault::unintelligible("a page without a token or an address"));
        };
        let saves = matches!(order.purpose, Purpose::PayAndSave | Purpose::Save);
        let contract = if saves { wire::contract_for(order.saved_for) } else { Vec::new() };
        let mut trace = agreed(&order.purchase, &contract);
        // Whoever holds the token has the page.
        trace.session_key = Some(token);
        Ok(Step::Done(Outcome::SessionOpened(SessionOpened {
            trace,
            next_action: NextAction::Redirect { url },
            expires_at: Some(order.expires_at),
        })))
    }

    fn confirm(&self, confirmation: &Confirmation) -> Result<Step<Stage>, Fault> {
        let order = &confirmation.order;
        if order.mode == SessionMode::Redirect {
            return Err(Fault::Unsupported {
                what: "a card for a session on the hosted page".to_owned(),
                instead: "what the browser brought back, or a session on the merchant's own page".to_owned(),
            });
        }
        self.account.check_required(&order.purchase)?;
        let saves = saves_card(confirmation)?;
        let (mut card, encrypted_card) = match &confirmation.means {
            Means::Plain(card) => (wire::plain_card(card), fields::Fields::default()),
            Means::Encrypted(card) => wire::encrypted_card(card, &self.account.encryption_marker)?,
            Means::Saved { token, cvc } => {
                let token = token.value("token").ok_or_else(page::no_token)?;
                (wire::saved_card(token, cvc.as_ref()), fields::Fields::default())
            }
        };
        self.choose_three_d_secure(&order.purchase, &mut card)?;
        let is_saved = matches!(confirmation.means, Means::Saved { .. });
        let (contract, card_on_file) = if saves {
            (wire::contract_for(order.saved_for), fields::Fields::default())
        } else if is_saved {
            wire::agreement(&self.account, &Initiator::Customer { cvc: None })
        } else {
            (Vec::new(), fields::Fields::default())
        };
        let find_by = agreed(&order.purchase, if saves { &contract } else { &[] });
        let paying = Paying {
            road: page::road(&self.account, order)?,
            card,
            encrypted_card,
            contract,
            card_on_file,
            browser: confirmation.browser.as_ref(),
            return_url: Some(order.return_urls.success.as_str()),
            expires_at: Some(order.expires_at),
        };
        let request = wire::transaction(&self.account, &order.purchase, paying)?;
        Ok(Step::moves_money(request, find_by, Stage::Paying))
    }

    /// Skipping needs the provider's permission; without it the flag would be ignored in silence.
    fn choose_three_d_secure(&self, purchase: &Purchase, card: &mut fields::Fields) -> Result<(), Fault> {
        match purchase.three_d_secure {
            ThreeDSecure::Automatic | ThreeDSecure::Challenge => Ok(()),
            ThreeDSecure::Never if self.account.allow_skip_three_d_secure => {
                card.put("skip_three_d_secure_verification", true);
                Ok(())
            }
            ThreeDSecure::Never => Err(Fault::Unsupported {
                what: "skipping 3-D Secure".to_owned(),
                instead: "allow_skip_three_d_secure, once the provider's support has permitted it".to_owned(),
            }),
        }
    }
}

/// How to find a payment again, and what its card is saved for: version 3 does not repeat that, and
/// the answer that brings the token may come long after the order is out of sight.
fn agreed(purchase: &Purchase, contract: &[&'static str]) -> Trace {
    let mut trace = Trace::by_reference(purchase.reference.as_str());
    if !contract.is_empty() {
        trace.more.insert(CONTRACT.to_owned(), contract.join(","));
    }
    trace
}

/// Whether the card of a confirmation is to be kept: wanted by the order, and agreed to where the
/// customer had to be asked.
fn saves_card(confirmation: &Confirmation) -> Result<bool, Fault> {
    let order = &confirmation.order;
    match (order.purpose, confirmation.save_card) {
        (Purpose::Pay | Purpose::UseSaved, _) => Ok(false),
        (Purpose::Save, Some(false)) => Err(Fault::Invalid {
            field: "save_card".to_owned(),
            problem: "is false in a session that only saves a card".to_owned(),
        }),
        (Purpose::Save, Some(true) | None) => Ok(true),
        (Purpose::PayAndSave, Some(agreed)) => Ok(agreed),
        (Purpose::PayAndSave, None) => Ok(!order.ask_before_saving),
    }
}

fn view_of_confirmation(confirmation: &Confirmation) -> Result<View<'_>, Fault> {
    let order = &confirmation.order;
    let saves = saves_card(confirmation)?;
    let contract = if saves { wire::contract_for(order.saved_for) } else { Vec::new() };
    Ok(View {
        reference: &order.purchase.reference,
        asked: order.purchase.money,
        only_saves: order.purpose == Purpose::Save,
        saves,
        contract: contract.into_iter().map(str::to_owned).collect(),
        customer_present: true,
    })
}

/// Charges.
impl Begateway {
    fn charge(&self, charge: &Charge) -> Result<Step<Stage>, Fault> {
        let purchase = &charge.purchase;
        let token = charge.token.value("token").ok_or_else(page::no_token)?;
        let mut card = match &charge.initiator {
            Initiator::Customer { cvc } => {
                self.account.check_required(purchase)?;
                wire::saved_card(token, cvc.as_ref())
            }
            Initiator::Merchant { .. } => wire::saved_card(token, None),
        };
        self.choose_three_d_secure_of_charge(charge, &mut card)?;
        let (contract, card_on_file) = wire::agreement(&self.account, &charge.initiator);
        let paying = Paying {
            road: self.road_of_charge(purchase)?,
            card,
            encrypted_card: fields::Fields::default(),
            contract,
            card_on_file,
            browser: charge.browser.as_ref(),
            return_url: charge.return_urls.as_ref().map(|urls| urls.success.as_str()),
            expires_at: charge.expires_at,
        };
        let request = wire::transaction(&self.account, purchase, paying)?;
        Ok(Step::moves_money(request, Trace::by_reference(purchase.reference.as_str()), Stage::Paying))
    }

    fn choose_three_d_secure_of_charge(
        &self,
        charge: &Charge,
        card: &mut fields::Fields,
    ) -> Result<(), Fault> {
        match (&charge.initiator, charge.purchase.three_d_secure) {
            (Initiator::Customer { .. }, _) => self.choose_three_d_secure(&charge.purchase, card),
            (Initiator::Merchant { .. }, ThreeDSecure::Automatic) => Ok(()),
            (Initiator::Merchant { .. }, ThreeDSecure::Never) => {
                // Nobody is there to be asked, so there is nothing to skip without the permission.
                if self.account.allow_skip_three_d_secure {
                    card.put("skip_three_d_secure_verification", true);
                }
                Ok(())
            }
            (Initiator::Merchant { .. }, ThreeDSecure::Challenge) => Err(Fault::Unsupported {
                what: "a challenge without the customer".to_owned(),
                instead: "a charge with the customer present".to_owned(),
            }),
        }
    }

    fn road_of_charge(&self, purchase: &Purchase) -> Result<Road, Fault> {
        let wanted = purchase.options.flag("charge_service");
        match purchase.capture {
            CaptureMode::Manual if wanted == Some(true) => Err(Fault::Unsupported {
                what: "the charge service with a manual capture".to_owned(),
                instead: "a charge without charge_service: the service captures by itself".to_owned(),
            }),
            CaptureMode::Manual => Ok(Road::Authorization),
            CaptureMode::Automatic if wanted.unwrap_or(self.account.use_charge_service) => {
                Ok(Road::ChargeService)
            }
            CaptureMode::Automatic => Ok(Road::Payment),
        }
    }

    /// Reads the answer to a payment, authorization, tokenization or charge.
    fn paid(&self, view: &View<'_>, reply: &Reply) -> Result<Step<Stage>, Fault> {
        let report = match answer::read(reply, &self.account)? {
            Answer::Transaction(transaction) => {
                if is_refused_repetition(&transaction) {
                    return Err(Fault::Silent { what: "the provider calls it a duplicate".to_owned() });
                }
                verdict::payment(&self.account, view, *transaction)?
            }
            Answer::Refusal(refusal) if refusal.is_dead_token() => dead_token(view, refusal),
            Answer::Refusal(refusal) if refusal.is_stopped_as_duplicate() => {
                let decline = Decline {
                    provider_code: refusal.code,
                    provider_message: Some(refusal.message),
                    ..Decline::new(DeclineReason::DuplicateTransaction, RetryAdvice::Never)
                };
                let request = wire::by_reference(&self.account, view.reference);
                return Ok(Step::repeatable(request, Stage::LookingAtDuplicate { decline }));
            }
            Answer::Refusal(refusal) => return Err(refusal.fault()),
            Answer::Page(_) | Answer::Several(_) => {
                return Err(Fault::unintelligible("an answer that is not about one payment"));
            }
        };
        Ok(Step::Done(Outcome::Payment(report)))
    }

    /// What is under the reference of a payment that was refused with `E.1018`.
    ///
    /// Why nothing there is a decline at once, and not only after the grace: the duplicate check
    /// rejects this very request (dossier, section 3.1), so money could only have moved for an
    /// earlier copy of it. There is none. A permit sends a request once; a repeat would carry the
    /// same `RequestID` and be answered from the provider's memory, never by this check; and what it
    /// was taken for a repeat of is another payment, under a reference of its own. The look is for
    /// the one doubt that is left, a copy made on the way: if anything is there, it is believed.
    fn duplicate_seen(&self, view: &View<'_>, decline: Decline, reply: &Reply) -> Result<Step<Stage>, Fault> {
        let nothing = |decline| {
            let mut report = PaymentReport::new(Standing::Declined(decline));
            report.trace = Trace::by_reference(view.reference);
            report
        };
        let report = match answer::read(reply, &self.account)? {
            Answer::Several(all) => match verdict::choose(all)? {
                None => nothing(decline),
                Some((parent, children)) => {
                    verdict::with_children(verdict::payment(&self.account, view, parent)?, children)
                }
            },
            Answer::Transaction(transaction) => verdict::payment(&self.account, view, *transaction)?,
            Answer::Refusal(refusal) if refusal.is_missing() => nothing(decline),
            Answer::Refusal(refusal) => return Err(no_evidence(refusal)),
            Answer::Page(_) => return Err(Fault::unintelligible("a page where transactions were asked for")),
        };
        Ok(Step::Done(Outcome::Payment(report)))
    }
}

fn view_of_charge(charge: &Charge) -> View<'_> {
    View {
        reference: &charge.purchase.reference,
        asked: charge.purchase.money,
        only_saves: false,
        saves: false,
        contract: Vec::new(),
        customer_present: match charge.initiator {
            Initiator::Customer { .. } => true,
            Initiator::Merchant { .. } => false,
        },
    }
}

/// A transaction that failed because the acquirer had the same before. The first may be ours and
/// may have succeeded, so it is looked up before anybody says no; the look-up believes the code.
fn is_refused_repetition(transaction: &Transaction) -> bool {
    transaction.status == answer::Status::Failed && transaction.digits().is_some_and(decline::is_duplicate)
}

fn dead_token(view: &View<'_>, refusal: Refusal) -> PaymentReport {
    let mut report = PaymentReport::new(Standing::Declined(Decline {
        provider_code: refusal.code,
        provider_message: Some(refusal.message),
        ..Decline::new(DeclineReason::TokenInvalid, RetryAdvice::Never)
    }));
    report.trace = Trace::by_reference(view.reference);
    report
}

/// Inquiries.
impl Begateway {
    /// The page first, because it knows of attempts that came after the last one we heard of; then
    /// the provider's id; then our reference.
    fn look(&self, inquiry: &Inquiry) -> Step<Stage> {
        let Trace { session_key, transaction, reference, .. } = &inquiry.trace;
        let (request, look) = match (session_key, transaction) {
            (Some(token), _) => (page::read(&self.account, token), Look::Page),
            (None, Some(uid)) => {
                (wire::by_uid(&self.account, uid), Look::Transaction { named_by_page: None })
            }
            (None, None) => (wire::by_reference(&self.account, reference), Look::Reference),
        };
        Step::repeatable(request, Stage::Looking(look))
    }

    fn seen(&self, inquiry: &Inquiry, look: Look, reply: &Reply) -> Result<Step<Stage>, Fault> {
        let view = view_of_inquiry(inquiry);
        let report = match answer::read(reply, &self.account)? {
            Answer::Transaction(transaction) => verdict::payment(&self.account, &view, *transaction)?,
            Answer::Several(all) => match verdict::choose(all)? {
                None => return Ok(Step::Done(Outcome::Absent)),
                Some((parent, children)) => {
                    let report = verdict::payment(&self.account, &view, parent)?;
                    verdict::with_children(report, children)
                }
            },
            Answer::Page(page) => match verdict::page_says(&page)? {
                PageSays::Standing(standing) => verdict::page(&self.account, &view, &page, standing),
                PageSays::Ask => return Ok(self.ask_for_transaction(*page, &view)),
            },
            Answer::Refusal(refusal) if refusal.is_missing() => return self.missing(look),
            Answer::Refusal(refusal) => return Err(no_evidence(refusal)),
        };
        Ok(Step::Done(Outcome::Payment(report)))
    }

    /// The transaction that a page names is the authority; a page that names none leaves our reference.
    fn ask_for_transaction(&self, page: answer::Page, view: &View<'_>) -> Step<Stage> {
        match page.uid {
            Some(uid) => {
                let request = wire::by_uid(&self.account, &uid);
                let named_by_page = Some(uid);
                Step::repeatable(request, Stage::Looking(Look::Transaction { named_by_page }))
            }
            None => Step::repeatable(
                wire::by_reference(&self.account, view.reference),
                Stage::Looking(Look::Reference),
            ),
        }
    }

    /// Nothing under what was asked for. A transaction that a page named exists somewhere: paid by
    /// an alternative method it lives on another host.
    fn missing(&self, look: Look) -> Result<Step<Stage>, Fault> {
        match look {
            Look::Page | Look::Reference | Look::Transaction { named_by_page: None } => {
                Ok(Step::Done(Outcome::Absent))
            }
            Look::Transaction { named_by_page: Some(uid) } => {
                match wire::alternative_by_uid(&self.account, &uid) {
                    Some(request) => Ok(Step::repeatable(request, Stage::Looking(Look::Alternative))),
                    None => Err(Fault::unintelligible("a page names a transaction that the gateway lacks")),
                }
            }
            Look::Alternative => Err(Fault::unintelligible("a page names a transaction that no host has")),
        }
    }
}

fn view_of_inquiry(inquiry: &Inquiry) -> View<'_> {
    let contract = inquiry.trace.more.get(CONTRACT).map(String::as_str).unwrap_or_default();
    View {
        reference: &inquiry.trace.reference,
        asked: inquiry.money,
        only_saves: inquiry.purpose == Some(Purpose::Save),
        saves: matches!(inquiry.purpose, Some(Purpose::PayAndSave | Purpose::Save)),
        contract: contract.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        customer_present: inquiry.customer_present,
    }
}

/// Whatever else an inquiry is answered with proves nothing about the payment.
fn no_evidence(refusal: Refusal) -> Fault {
    match refusal.fault() {
        Fault::Rejected { .. } => Fault::unintelligible("an inquiry was refused"),
        other => other,
    }
}
