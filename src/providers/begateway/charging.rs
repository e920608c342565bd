//! Charges of saved cards, and what a refused repetition means.

use super::answer::{Answer, Refusal, Transaction};
use super::looking::no_evidence;
use super::verdict::View;
use super::wire::{Paying, Road};
use super::{Begateway, Stage, answer, decline, page, verdict, wire};
use crate::domain::card::Initiator;
use crate::domain::order::{CaptureMode, Charge, Purchase, ThreeDSecure};
use crate::domain::outcome::{Decline, DeclineReason, Outcome, PaymentReport, RetryAdvice, Standing, Trace};
use crate::providers::contract::{Fault, Reply, Step};
use crate::providers::fields;

impl Begateway {
    pub(super) fn charge(&self, charge: &Charge) -> Result<Step<Stage>, Fault> {
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
    pub(super) fn paid(&self, view: &View<'_>, reply: &Reply) -> Result<Step<Stage>, Fault> {
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
    pub(super) fn duplicate_seen(
        &self,
        view: &View<'_>,
        decline: Decline,
        reply: &Reply,
    ) -> Result<Step<Stage>, Fault> {
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

pub(super) fn view_of_charge(charge: &Charge) -> View<'_> {
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
pub(super) fn is_refused_repetition(transaction: &Transaction) -> bool {
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
