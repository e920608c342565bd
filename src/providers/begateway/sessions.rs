//! Sessions: a hosted page, or a card that the merchant's own page collected.

use super::answer::Answer;
use super::verdict::View;
use super::wire::Paying;
use super::{Begateway, CONTRACT, Stage, answer, page, wire};
use crate::domain::card::{Initiator, Means};
use crate::domain::order::{Purchase, Purpose, SessionMode, SessionOrder, ThreeDSecure};
use crate::domain::outcome::{NextAction, Outcome, SessionOpened, Trace};
use crate::providers::contract::{Confirmation, Fault, Reply, Step};
use crate::providers::fields;

impl Begateway {
    pub(super) fn open(&self, order: &SessionOrder) -> Result<Step<Stage>, Fault> {
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

    pub(super) fn opened(&self, order: &SessionOrder, reply: &Reply) -> Result<Step<Stage>, Fault> {
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

    pub(super) fn confirm(&self, confirmation: &Confirmation) -> Result<Step<Stage>, Fault> {
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
    pub(super) fn choose_three_d_secure(
        &self,
        purchase: &Purchase,
        card: &mut fields::Fields,
    ) -> Result<(), Fault> {
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
pub(super) fn agreed(purchase: &Purchase, contract: &[&'static str]) -> Trace {
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

pub(super) fn view_of_confirmation(confirmation: &Confirmation) -> Result<View<'_>, Fault> {
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
