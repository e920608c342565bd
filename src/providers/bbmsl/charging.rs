//! Charges of stored cards and series: a sale or a recurring charge, and the order where the answer
//! leaves it to be asked for (dossier, section 10). A refusal in words alone is noted, and believed
//! only after a time of grace.

use jiff::Timestamp;

use super::answer;
use super::decline::Words;
use super::looking::unanswered;
use super::verdict::{self, Verdict};
use super::wire::{self, Name, Road};
use super::{Bbmsl, Next, REFUSED_AT, REFUSED_CODE, REFUSED_MESSAGE, Stage, Why, cards};
use crate::domain::card::{SavedCard, TokenUses};
use crate::domain::order::Charge;
use crate::domain::outcome::{FailureReason, Outcome, PaymentReport, SeenTotals, Standing, Trace};
use crate::providers::contract::{Context, Fault, Reply, Step};

impl Bbmsl {
    pub(super) fn charge(&self, charge: &Charge, cx: &Context<'_>) -> Next {
        let paying = wire::paying(&self.account, charge)?;
        let request = wire::charge(&self.account, charge, &paying, cx.now)?;
        let mut find_by = Trace::by_reference(charge.purchase.reference.as_str());
        find_by.more.insert(wire::PRODUCT.to_owned(), paying.road.product().to_owned());
        Ok(Step::moves_money(request, find_by, Stage::Charging))
    }

    pub(super) fn charged(&self, charge: &Charge, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = match answer::read(reply, &self.account) {
            Ok(answer) => answer,
            // Row 12: not charged, and still asked for once before that is said.
            Err(Fault::Unauthorized { .. }) => return self.look_up(charge, Why::Forbidden(reply.status), cx),
            Err(fault) => return Err(fault),
        };
        match verdict::charge(&self.account, &answer)? {
            Verdict::Settled(standing) => {
                let report = verdict::report(&answer, standing, SeenTotals::default());
                Ok(Step::Done(Outcome::Payment(with_series(charge, report, &answer))))
            }
            Verdict::Confirm => self.look_up(charge, Why::Confirm, cx),
            Verdict::LookUp(words) => self.look_up(charge, Why::Refused(words), cx),
        }
    }

    fn look_up(&self, charge: &Charge, why: Why, cx: &Context<'_>) -> Next {
        let name = Name::Reference(&charge.purchase.reference);
        let road = Road::of(charge.token.product.as_deref());
        let request = wire::query(&self.account, road, &name, cx.now)?;
        Ok(Step::repeatable(request, Stage::LookingUp(why)))
    }

    pub(super) fn looked_up(&self, charge: &Charge, why: Why, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = match (answer::read(reply, &self.account), &why) {
            (Ok(answer), _) => answer,
            // Refused again in the same way: it is our address or our signature that is refused.
            (Err(Fault::Unauthorized { .. }), Why::Forbidden(status)) => {
                return Ok(Step::Done(forbidden(*status)));
            }
            (Err(fault), _) => return Err(unanswered(fault)),
        };
        if answer.is_absent() {
            return match why {
                Why::Confirm => Err(Fault::unintelligible("a paid order that does not exist")),
                Why::Forbidden(status) => Ok(Step::Done(forbidden(status))),
                Why::Refused(words) => Ok(Step::Done(noted(&words, cx.now))),
            };
        }
        if answer.order.is_none() {
            return Err(unanswered(answer.rejected()));
        }
        let report = verdict::order(&self.account, &answer, false)?;
        Ok(Step::Done(Outcome::Payment(with_series(charge, report, &answer))))
    }
}

/// Refused at the edge in front of the provider, or because of our signature: not charged.
fn forbidden(status: u16) -> Outcome {
    let words = Words { code: Some(status.to_string()), message: None };
    Outcome::Payment(PaymentReport::new(Standing::Failed(words.failure(FailureReason::CredentialsRejected))))
}

/// A refusal without an order, of which nothing was found so far: noted, and not yet believed.
fn noted(words: &Words, now: Timestamp) -> Outcome {
    let mut report = PaymentReport::new(Standing::Processing);
    let more = &mut report.trace.more;
    more.insert(REFUSED_AT.to_owned(), now.to_string());
    more.extend(words.code.clone().map(|code| (REFUSED_CODE.to_owned(), code)));
    more.extend(words.message.clone().map(|message| (REFUSED_MESSAGE.to_owned(), message)));
    Outcome::Payment(report)
}

/// The first charge of a series makes its order the parent of all later ones: the card is told of
/// again, with the order that they name.
fn with_series(charge: &Charge, mut report: PaymentReport, answer: &answer::Answer) -> PaymentReport {
    let Some(order) = &answer.order else { return report };
    let is_parent = wire::begins_series(charge)
        && charge.token.product.as_deref() != Some(cards::HOSTED)
        && order.status.is_paid()
        && report.standing == Standing::Captured
        && order.is_recurring != Some(false);
    if let (true, Some(id)) = (is_parent, &order.id) {
        let mut token = charge.token.clone();
        token.original = Some(id.clone());
        token.original_currency = Some(charge.purchase.money.currency());
        report.saved.push(SavedCard {
            token,
            card: report.card.clone().unwrap_or_default(),
            uses: TokenUses { customer_present: true, recurring: true, unscheduled: true },
        });
    }
    report
}
