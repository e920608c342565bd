//! Confirming a session with a card that the merchant's own page collected. This is the request of a
//! session that moves money, and it is sent once.

use super::looking::expects_card;
use super::method::unsupported;
use super::opening::saves_from_the_start;
use super::order::invalid;
use super::session::Session;
use super::verdict::{self, View};
use super::{Pivot, Stage, customer, envelope, wire};
use crate::domain::card::Means;
use crate::domain::order::Purpose;
use crate::domain::outcome::Outcome;
use crate::providers::contract::{Confirmation, Context, Fault, Reply, Step};

impl Pivot {
    /// Confirms a session. Its id is the same for every card, so that Pivot refuses a second card
    /// for a session whose first confirmation is still on its way.
    pub(super) fn confirm(
        &self,
        confirmation: &Confirmation,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
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

    pub(super) fn confirmed(&self, confirmation: &Confirmation, reply: &Reply) -> Result<Step<Stage>, Fault> {
        let session = Session::read(&self.account, &envelope::data(reply)?)?;
        let order = &confirmation.order;
        let view = View {
            reference: &order.purchase.reference,
            asked: order.purchase.money,
            session: confirmation.trace.session.as_deref(),
            customer_present: true,
        };
        let mut report = verdict::payment(&self.account, &view, &session)?;
        // Nothing may stand between a payment and its outcome: the saved card is asked for later.
        report.saved_may_follow = expects_card(Some(order.purpose), &session, &report);
        Ok(Step::Done(Outcome::Payment(report)))
    }
}

/// What a confirmation says about saving, where it differs from the beginning.
pub(super) fn saves_at_the_end(confirmation: &Confirmation) -> Option<bool> {
    let order = &confirmation.order;
    let from_the_start = saves_from_the_start(order);
    let at_the_end = match (order.purpose, confirmation.save_card) {
        (Purpose::PayAndSave, Some(agreed)) => agreed,
        (Purpose::PayAndSave, None) => from_the_start,
        (Purpose::Pay | Purpose::Save | Purpose::UseSaved, _) => false,
    };
    (at_the_end != from_the_start).then_some(at_the_end)
}
