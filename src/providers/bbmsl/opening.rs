//! Opening a session (dossier, sections 6 and 7): a checkout for an order, or a page that adds a card.
//! A page that adds one tells nothing of it, so the cards that are there already are noted first.

use super::answer::{self, OrderStatus};
use super::verdict::OTHER_REFERENCE;
use super::wire::{self, Road};
use super::{Bbmsl, KNOWN_CARDS, Next, Stage, cards, customer, page};
use crate::domain::order::{Purpose, SessionOrder};
use crate::domain::outcome::{NextAction, Outcome, SessionOpened, Trace};
use crate::domain::secret::Secret;
use crate::providers::contract::{Context, Fault, Reply, Step};

impl Bbmsl {
    pub(super) fn open(&self, order: &SessionOrder, cx: &Context<'_>) -> Next {
        page::check_session(&self.account, order)?;
        if order.purpose == Purpose::Save {
            // Options are looked at before anything is sent, so the page's request is made twice.
            let user = customer::user_id(&order.purchase)?;
            page::add_token(&self.account, order, &user, cx.now)?;
            let request = wire::query_token(&self.account, &user, cx.now)?;
            return Ok(Step::repeatable(request, Stage::ListingKnown));
        }
        self.create(order, order.purchase.reference.clone(), false, cx)
    }

    /// An order that nobody has the page of moves nothing and ends by itself.
    fn create(&self, order: &SessionOrder, reference: String, is_second: bool, cx: &Context<'_>) -> Next {
        let request = page::create(&self.account, order, &reference, cx.now)?;
        Ok(Step::repeatable(request, Stage::Creating { reference, is_second }))
    }

    pub(super) fn created(
        &self,
        order: &SessionOrder,
        reference: String,
        is_second: bool,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        if !answer.is_handled {
            if answer.words.is_duplicate() && !is_second {
                // The first answer was lost, and the page's address with it.
                let other = page::another_reference(&order.purchase.reference, cx.entropy);
                return self.create(order, other, true, cx);
            }
            return Err(answer.rejected());
        }
        let url = page::address(&self.account, &answer.body, ["checkoutUrl", "data"])?;
        if let Some(made) = &answer.order {
            let is_asked = made.reference.as_ref().is_none_or(|made| *made == reference)
                && made.money.is_none_or(|money| money == order.purchase.money)
                && made.status == OrderStatus::Open;
            if !is_asked {
                return Err(Fault::unintelligible("a page for another order"));
            }
        }
        let mut trace = Trace::by_reference(order.purchase.reference.as_str());
        trace.more.insert(wire::PRODUCT.to_owned(), Road::Hosted.product().to_owned());
        trace.order = answer.order.and_then(|made| made.id);
        if reference != trace.reference {
            trace.more.insert(OTHER_REFERENCE.to_owned(), reference);
        }
        Ok(Step::Done(opened(order, trace, url)))
    }

    pub(super) fn known_cards(&self, order: &SessionOrder, reply: &Reply, cx: &Context<'_>) -> Next {
        let user = customer::user_id(&order.purchase)?;
        let answer = answer::read_harmless(reply, &self.account)?;
        let cards = cards::listed(&answer, &user)?;
        let known: Vec<String> = cards.iter().map(|card| cards::digest(&user, &card.token)).collect();
        let request = page::add_token(&self.account, order, &user, cx.now)?;
        Ok(Step::repeatable(request, Stage::AddingToken { known: known.join(",") }))
    }

    pub(super) fn page_of_card(&self, order: &SessionOrder, known: String, reply: &Reply) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        if !answer.is_handled {
            return Err(answer.rejected());
        }
        let url = page::address(&self.account, &answer.body, ["data", "checkoutUrl"])?;
        let mut trace = Trace::by_reference(order.purchase.reference.as_str());
        trace.customer = Some(customer::user_id(&order.purchase)?);
        trace.more.insert(KNOWN_CARDS.to_owned(), known);
        Ok(Step::Done(opened(order, trace, url)))
    }
}

fn opened(order: &SessionOrder, mut trace: Trace, url: String) -> Outcome {
    // The page has no other name than its address, and whoever holds that has the page.
    trace.session_key = Some(Secret::new(url.clone()));
    Outcome::SessionOpened(SessionOpened {
        trace,
        next_action: NextAction::Redirect { url },
        expires_at: Some(order.expires_at),
    })
}
