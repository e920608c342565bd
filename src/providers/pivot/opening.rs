//! Opening a session (dossier, sections 7 and 8): on a page of Pivot's, or for a card that the
//! merchant's own page collects. What is opened charges nobody by itself.

use serde_json::{Map, Value, json};

use super::method::{self, Kind, unsupported};
use super::order::invalid;
use super::session::{Session, Status};
use super::verdict::{self, View};
use super::wire::{self, CardOptions, Creating};
use super::{PROFILE, Pivot, Stage, envelope};
use crate::domain::money::Money;
use crate::domain::order::{Options, Purpose, SessionMode, SessionOrder};
use crate::domain::outcome::{Outcome, SessionOpened, Trace};
use crate::providers::contract::{Context, Fault, Reply, Step};

impl Pivot {
    /// Creates a session. None of these moves money: a page waits for the customer, and a session
    /// for the merchant's own page waits for its confirmation. Sent again, it is the same request
    /// under the same id.
    pub(super) fn open(&self, order: &SessionOrder, cx: &Context<'_>) -> Result<Step<Stage>, Fault> {
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

    pub(super) fn card_options(&self, order: &SessionOrder) -> Result<Map<String, Value>, Fault> {
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

    pub(super) fn opened(
        &self,
        order: &SessionOrder,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Result<Step<Stage>, Fault> {
        if envelope::is_duplicate(reply) {
            let request = wire::search(&self.account, &order.purchase.reference, cx)?;
            return Ok(Step::repeatable(request, Stage::Adopting));
        }
        let session = Session::read(&self.account, &envelope::data(reply)?)?;
        self.open_session(order, &session)
    }

    /// What stands under the reference already is the session, if it is about the same.
    pub(super) fn adopted(&self, order: &SessionOrder, reply: &Reply) -> Result<Step<Stage>, Fault> {
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
                let asked = order.purchase.money;
                let view = View { reference, asked, session: None, customer_present: true };
                Ok(Step::Done(Outcome::Payment(verdict::payment(&self.account, &view, session)?)))
            }
        }
    }
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
pub(super) fn saves_from_the_start(order: &SessionOrder) -> bool {
    order.purpose == Purpose::PayAndSave && (order.mode == SessionMode::Redirect || !order.ask_before_saving)
}

/// An answer about another order is not the session that was ordered.
pub(super) fn check_same(session: &Session, reference: &str, money: Money) -> Result<(), Fault> {
    let is_same = session.reference.as_ref().is_none_or(|seen| seen == reference)
        && session.money.is_none_or(|seen| seen == money);
    if is_same { Ok(()) } else { Err(Fault::unintelligible("a session about another order")) }
}
