//! BBMSL (PayAPI), acquirer and gateway in Hong Kong: the conversation.
//!
//! Sources, what is uncertain and which setting decides it, quirks and the status map are in the
//! README beside this file; section numbers are the dossier's (providers/bbmsl.md, 2026-11). Every
//! call is a signed POST, reads included. What is sent stands in `wire` and `page`, what comes back
//! is recognised in `answer` and judged in `verdict`, `movement` and `cards`.
//!
//! An order stays OPEN after a decline, so OPEN tells nothing. This file must never take it for a
//! decline, and never void an order that a customer may still be paying.

mod account;
mod answer;
mod cards;
mod customer;
mod decline;
mod money;
mod movement;
pub mod notice;
mod page;
mod profile;
mod signing;
#[cfg(test)]
mod tests;
mod verdict;
mod wire;

use std::sync::Arc;

use jiff::Timestamp;

use self::account::Account;
use self::answer::OrderStatus;
use self::decline::Words;
use self::verdict::{OTHER_REFERENCE, Verdict};
use self::wire::{Name, Road};
use super::contract::{Context, Fault, Inquiry, Operation, OperationKind, Profile, Provider, Reply, Step};
use super::conversation::AnyProvider;
use super::settings::Settings;
use crate::domain::card::{SavedCard, StoredToken, TokenUses};
use crate::domain::order::{Charge, MethodKind, Purpose, SessionOrder};
use crate::domain::outcome::{
    FailureReason, NextAction, Outcome, PaymentReport, SeenTotals, SessionOpened, Standing, Trace,
};
use crate::domain::secret::Secret;

pub use profile::{EXAMPLE, PROFILE};

/// The names under which a [`Trace`] keeps what a session that saves a card must not forget: digests
/// of the cards that were there before.
const KNOWN_CARDS: &str = "known_cards";
/// The names under which a [`Trace`] keeps a refusal that is not yet believed.
const REFUSED_AT: &str = "refused_at";
const REFUSED_CODE: &str = "refused_code";
const REFUSED_MESSAGE: &str = "refused_message";

/// Sets an account up. Mistakes are noted in the settings.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Bbmsl { account: Account::read(settings) })
}

/// BBMSL, for one merchant.
pub struct Bbmsl {
    account: Account,
}

impl Bbmsl {
    /// What a notification is about, if it is the provider's: under a key of this account's
    /// environment. It is a reason to ask and settles nothing.
    #[must_use]
    pub fn notice(&self, body: &[u8]) -> Option<notice::Notice> {
        notice::read(body, &self.account.provider_keys)
    }
}

type Next = Result<Step<Stage>, Fault>;

/// Where a conversation stands: which answer is awaited.
#[derive(Debug)]
pub enum Stage {
    /// A checkout was asked for.
    Creating {
        /// Under which reference of ours.
        reference: String,
        /// Whether another reference was tried before.
        is_second: bool,
    },
    /// The user's cards, before the page that adds one.
    ListingKnown,
    /// A page that stores a card was asked for.
    AddingToken {
        /// Digests of the cards that were there before.
        known: String,
    },
    /// The user's cards, to find the one that was added.
    ListingAdded,
    /// An order, to learn how a payment stands.
    LookingAtOrder,
    /// An order that stayed OPEN was voided, so that it ends.
    Stopping,
    /// The order again, after it could not be voided.
    LookingAfterStopping,
    /// An order, before its session is closed.
    LookingBeforeCancelling,
    /// An unpaid order was voided, because its session is closed.
    Cancelling,
    /// The order again, after it could not be voided.
    LookingAfterCancelling,
    /// A sale or recurring charge was sent.
    Charging,
    /// A charge was answered in a way that leaves the order to be asked for.
    LookingUp(Why),
    /// A void or refund was sent.
    Moving,
    /// The order, after a void or refund was refused without a word about it.
    LookingAfterMoving {
        /// How it was refused.
        refusal: Words,
        /// The fault, where it was refused before it was read.
        fault: Option<Fault>,
    },
    /// The order, to learn what became of a void or refund.
    LookingAtMovement,
    /// A card was asked to be removed.
    DeletingToken,
    /// The user's cards, after the removal was refused.
    ListingAfterDeleting {
        /// How it was refused.
        refusal: Fault,
    },
}

/// Why the order of a charge is asked for at once.
#[derive(Debug)]
pub enum Why {
    /// It was said to be paid, without its transaction (section 10, row 2).
    Confirm,
    /// It was refused without a word about an order (row 9).
    Refused(Words),
    /// It was refused at the edge (row 12).
    Forbidden(u16),
}

impl Provider for Bbmsl {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.methods.of(kind)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        cards::usable(token).map(|_| ())
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Next {
        match operation {
            Operation::OpenSession(order) => self.open(order, cx),
            Operation::ReadSession(inquiry) if inquiry.purpose == Some(Purpose::Save) => {
                let user = user_of(&inquiry.trace)?;
                let request = wire::query_token(&self.account, user, cx.now)?;
                Ok(Step::repeatable(request, Stage::ListingAdded))
            }
            Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry) => {
                self.look(inquiry, Stage::LookingAtOrder, cx)
            }
            Operation::ConfirmSession(_) => Err(wire::unsupported(
                "a card form of the merchant's own",
                "what the browser brought back: a session on the provider's page is read",
            )),
            Operation::CancelSession(inquiry) if inquiry.purpose == Some(Purpose::Save) => {
                Err(wire::unsupported(
                    "closing a page that saves a card",
                    "an early expires_at: the page ends by itself, and nothing is charged on it",
                ))
            }
            Operation::CancelSession(inquiry) => self.look(inquiry, Stage::LookingBeforeCancelling, cx),
            Operation::Charge(charge) => self.charge(charge, cx),
            Operation::Capture(_) => {
                Err(wire::unsupported("a capture", "nothing; BBMSL takes the money at once"))
            }
            Operation::Void(movement) | Operation::Refund(movement) => {
                self.send_movement(operation.kind(), movement, cx)
            }
            Operation::InquireMovement(inquiry) => self.ask_about_movement(inquiry, cx),
            Operation::DeleteToken(token) => self.delete(token, cx),
        }
    }

    fn resume(&self, operation: &Operation, stage: Stage, reply: &Reply, cx: &Context<'_>) -> Next {
        match (operation, stage) {
            (Operation::OpenSession(order), Stage::Creating { reference, is_second }) => {
                self.created(order, reference, is_second, reply, cx)
            }
            (Operation::OpenSession(order), Stage::ListingKnown) => self.known_cards(order, reply, cx),
            (Operation::OpenSession(order), Stage::AddingToken { known }) => {
                self.page_of_card(order, known, reply)
            }
            (Operation::ReadSession(inquiry), Stage::ListingAdded) => self.added_cards(inquiry, reply, cx),
            (Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry), Stage::LookingAtOrder) => {
                self.order_seen(inquiry, reply, cx)
            }
            (Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry), Stage::Stopping) => {
                self.stopped(inquiry, reply, cx)
            }
            (
                Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry),
                Stage::LookingAfterStopping,
            ) => self.order_as_it_is(inquiry, reply, cx),
            (Operation::CancelSession(inquiry), Stage::LookingBeforeCancelling) => {
                self.seen_before_cancelling(inquiry, reply, cx)
            }
            (Operation::CancelSession(inquiry), Stage::Cancelling) => self.cancelled(inquiry, reply, cx),
            (Operation::CancelSession(inquiry), Stage::LookingAfterCancelling) => {
                self.seen_after_cancelling(inquiry, reply, cx)
            }
            (Operation::Charge(charge), Stage::Charging) => self.charged(charge, reply, cx),
            (Operation::Charge(charge), Stage::LookingUp(why)) => self.looked_up(charge, why, reply, cx),
            (Operation::Void(movement) | Operation::Refund(movement), Stage::Moving) => {
                self.moved(operation.kind(), movement, reply, cx)
            }
            (
                Operation::Void(movement) | Operation::Refund(movement),
                Stage::LookingAfterMoving { refusal, fault },
            ) => self.seen_after_moving(operation.kind(), movement, refusal, fault, reply),
            (Operation::InquireMovement(inquiry), Stage::LookingAtMovement) => {
                self.movement_seen(inquiry, reply)
            }
            (Operation::DeleteToken(token), Stage::DeletingToken) => self.deleted(token, reply, cx),
            (Operation::DeleteToken(token), Stage::ListingAfterDeleting { refusal }) => {
                self.seen_after_deleting(token, refusal, reply)
            }
            _ => Err(Fault::unintelligible("an answer at a stage that its operation does not have")),
        }
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["create", "query-token", "add-token"],
            OperationKind::ReadSession => &["query", "query-token", "void", "query-after-void"],
            OperationKind::InquirePayment => &["query", "void", "query-after-void"],
            OperationKind::CancelSession => &["query", "void", "query-after-void"],
            OperationKind::Charge => &["sale", "recurring", "query"],
            OperationKind::Void => &["void", "query"],
            OperationKind::Refund => &["refund", "query"],
            OperationKind::InquireMovement => &["query"],
            OperationKind::DeleteToken => &["delete-token", "query-token"],
            OperationKind::ConfirmSession | OperationKind::Capture => &[],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        let nothing = || Words { code: None, message: None };
        Some(match (operation, name) {
            (Operation::OpenSession(order), "create") => {
                Stage::Creating { reference: order.purchase.reference.clone(), is_second: false }
            }
            (Operation::OpenSession(_), "query-token") => Stage::ListingKnown,
            (Operation::OpenSession(_), "add-token") => Stage::AddingToken { known: String::new() },
            (Operation::ReadSession(_), "query-token") => Stage::ListingAdded,
            (Operation::ReadSession(_) | Operation::InquirePayment(_), "query") => Stage::LookingAtOrder,
            (Operation::ReadSession(_) | Operation::InquirePayment(_), "void") => Stage::Stopping,
            (Operation::ReadSession(_) | Operation::InquirePayment(_), "query-after-void") => {
                Stage::LookingAfterStopping
            }
            (Operation::CancelSession(_), "query") => Stage::LookingBeforeCancelling,
            (Operation::CancelSession(_), "void") => Stage::Cancelling,
            (Operation::CancelSession(_), "query-after-void") => Stage::LookingAfterCancelling,
            (Operation::Charge(_), "sale" | "recurring") => Stage::Charging,
            (Operation::Charge(_), "query") => Stage::LookingUp(Why::Confirm),
            (Operation::Void(_), "void") | (Operation::Refund(_), "refund") => Stage::Moving,
            (Operation::Void(_) | Operation::Refund(_), "query") => {
                Stage::LookingAfterMoving { refusal: nothing(), fault: None }
            }
            (Operation::InquireMovement(_), "query") => Stage::LookingAtMovement,
            (Operation::DeleteToken(_), "delete-token") => Stage::DeletingToken,
            (Operation::DeleteToken(_), "query-token") => Stage::ListingAfterDeleting {
                refusal: Fault::Rejected { code: None, message: String::new() },
            },
            _ => return None,
        })
    }
}

/// Opening sessions.
impl Bbmsl {
    fn open(&self, order: &SessionOrder, cx: &Context<'_>) -> Next {
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

    fn created(
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

    fn known_cards(&self, order: &SessionOrder, reply: &Reply, cx: &Context<'_>) -> Next {
        let user = customer::user_id(&order.purchase)?;
        let answer = answer::read_harmless(reply, &self.account)?;
        let cards = cards::listed(&answer, &user)?;
        let known: Vec<String> = cards.iter().map(|card| cards::digest(&user, &card.token)).collect();
        let request = page::add_token(&self.account, order, &user, cx.now)?;
        Ok(Step::repeatable(request, Stage::AddingToken { known: known.join(",") }))
    }

    fn page_of_card(&self, order: &SessionOrder, known: String, reply: &Reply) -> Next {
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

/// Reading and closing sessions, and asking about payments.
impl Bbmsl {
    fn look(&self, inquiry: &Inquiry, next: Stage, cx: &Context<'_>) -> Next {
        let name = Name::reference(&inquiry.trace);
        let request = wire::query(&self.account, road_of(inquiry), &name, cx.now)?;
        Ok(Step::repeatable(request, next))
    }

    fn order_seen(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read(reply, &self.account).map_err(unanswered)?;
        let is_stale = answer.order.as_ref().is_some_and(|order| {
            order.status == OrderStatus::Open
                && order.reference.as_deref() == Some(reference_of(&inquiry.trace))
                && self.may_stop(inquiry, order.created_at, cx.now)
        });
        if is_stale {
            // Done twice, it is done: the order ends, and nothing was or will be charged.
            let name = Name::reference(&inquiry.trace);
            let request = wire::void(&self.account, road_of(inquiry), &name, cx.now)?;
            return Ok(Step::repeatable(request, Stage::Stopping));
        }
        self.order_as_it_is(inquiry, reply, cx)
    }

    /// Whether an OPEN order may be voided for certainty (A12): only where the account says so, only
    /// when it is old enough, and never while a customer has time to pay it.
    fn may_stop(&self, inquiry: &Inquiry, created_at: Option<Timestamp>, now: Timestamp) -> bool {
        let is_old = created_at
            .and_then(|created| created.checked_add(self.account.cancel_open_orders_after).ok())
            .is_some_and(|due| now >= due);
        let is_over = match (inquiry.purpose, inquiry.expires_at) {
            (None, _) => true,
            (Some(_), Some(end)) => now >= end,
            (Some(_), None) => false,
        };
        self.account.cancel_open_orders && is_old && is_over
    }

    fn stopped(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read(reply, &self.account);
        if let Ok(answer) = &answer
            && answer.is_handled
            && answer.order.as_ref().is_some_and(|order| order.status.is_undone())
        {
            let report = verdict::under_its_own_name(
                verdict::stopped(answer, inquiry.purpose.is_some()),
                &inquiry.trace,
            );
            return Ok(Step::Done(Outcome::Payment(report)));
        }
        // Refused, or no answer that tells: the order says what it has become.
        self.look(inquiry, Stage::LookingAfterStopping, cx)
    }

    /// What the order comes to, without another attempt to end it.
    fn order_as_it_is(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read(reply, &self.account).map_err(unanswered)?;
        if answer.is_absent() {
            return Ok(Step::Done(self.absent(inquiry, cx.now)));
        }
        if answer.order.is_none() {
            return Err(unanswered(answer.rejected()));
        }
        let is_session = inquiry.purpose.is_some();
        let mut report = verdict::order(&self.account, &answer, is_session)?;
        let has_time = inquiry.expires_at.is_some_and(|end| cx.now < end);
        if is_session && has_time && report.standing == Standing::Processing {
            report.standing = Standing::Open;
        }
        if inquiry.purpose == Some(Purpose::PayAndSave) {
            save_series(&mut report, &answer);
        }
        Ok(Step::Done(Outcome::Payment(verdict::under_its_own_name(report, &inquiry.trace))))
    }

    /// No such order. Where the charge was refused in words, and enough time is over, the refusal is
    /// what became of it (section 10, row 9: two such answers and a time of grace).
    fn absent(&self, inquiry: &Inquiry, now: Timestamp) -> Outcome {
        let more = &inquiry.trace.more;
        let Some(refused_at) = more.get(REFUSED_AT).and_then(|at| at.parse::<Timestamp>().ok()) else {
            return Outcome::Absent;
        };
        let is_over = refused_at.checked_add(self.account.refusal_grace).is_ok_and(|due| now >= due);
        let words =
            Words { code: more.get(REFUSED_CODE).cloned(), message: more.get(REFUSED_MESSAGE).cloned() };
        let standing = match (is_over, words.refusal(&self.account)) {
            (false, _) => Standing::Processing,
            (true, Ok(decline)) => Standing::Declined(decline),
            (true, Err(failure)) => Standing::Failed(failure),
        };
        Outcome::Payment(PaymentReport::new(standing))
    }

    fn added_cards(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let user = user_of(&inquiry.trace)?;
        let answer = answer::read(reply, &self.account).map_err(unanswered)?;
        if !answer.is_handled {
            return Err(unanswered(answer.rejected()));
        }
        let known = inquiry.trace.more.get(KNOWN_CARDS).map_or("", String::as_str);
        let mut added = cards::added(cards::listed(&answer, user)?, user, known);
        let is_over = inquiry.expires_at.is_some_and(|end| cx.now >= end);
        let report = match (added.len(), is_over) {
            (1, _) => {
                let card = added.first().map(|saved| saved.card.clone());
                PaymentReport {
                    card,
                    saved: std::mem::take(&mut added),
                    ..PaymentReport::new(Standing::Verified)
                }
            }
            (0, true) => PaymentReport::new(Standing::Expired),
            // Several new cards: which one this session added is not guessed.
            (_, _) => PaymentReport::new(Standing::Open),
        };
        Ok(Step::Done(Outcome::Payment(report)))
    }

    fn seen_before_cancelling(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        if answer.is_absent() {
            return Ok(Step::Done(Outcome::SessionClosed));
        }
        if answer.order.as_ref().is_some_and(|order| order.status == OrderStatus::Open) {
            // Voided as it is, unpaid: nothing is charged, and the page is over.
            let name = Name::reference(&inquiry.trace);
            let request = wire::void(&self.account, road_of(inquiry), &name, cx.now)?;
            return Ok(Step::repeatable(request, Stage::Cancelling));
        }
        if answer.order.is_none() {
            return Err(answer.rejected());
        }
        self.seen_after_cancelling(inquiry, reply, cx)
    }

    fn cancelled(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        let is_own = |order: &answer::Order| order.reference.as_deref() == Some(reference_of(&inquiry.trace));
        match &answer.order {
            Some(order) if answer.is_handled && order.status.is_undone() && is_own(order) => {
                Ok(Step::Done(Outcome::SessionClosed))
            }
            Some(_) | None => self.look(inquiry, Stage::LookingAfterCancelling, cx),
        }
    }

    /// A session that is over already is closed; a paid one says so.
    fn seen_after_cancelling(&self, inquiry: &Inquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        let is_own = |order: &answer::Order| order.reference.as_deref() == Some(reference_of(&inquiry.trace));
        match &answer.order {
            Some(order) if answer.is_handled && order.status.is_undone() && is_own(order) => {
                Ok(Step::Done(Outcome::SessionClosed))
            }
            Some(_) | None => self.order_as_it_is(inquiry, reply, cx),
        }
    }
}

/// Charges of stored cards.
impl Bbmsl {
    fn charge(&self, charge: &Charge, cx: &Context<'_>) -> Next {
        let paying = wire::paying(&self.account, charge)?;
        let request = wire::charge(&self.account, charge, &paying, cx.now)?;
        let mut find_by = Trace::by_reference(charge.purchase.reference.as_str());
        find_by.more.insert(wire::PRODUCT.to_owned(), paying.road.product().to_owned());
        Ok(Step::moves_money(request, find_by, Stage::Charging))
    }

    fn charged(&self, charge: &Charge, reply: &Reply, cx: &Context<'_>) -> Next {
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

    fn looked_up(&self, charge: &Charge, why: Why, reply: &Reply, cx: &Context<'_>) -> Next {
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

    fn delete(&self, token: &StoredToken, cx: &Context<'_>) -> Next {
        match cards::usable(token)? {
            cards::Usable::Card { token, user } => {
                let request = wire::delete_token(&self.account, user, token, cx.now)?;
                Ok(Step::repeatable(request, Stage::DeletingToken))
            }
            // A hosted series has no card that could be removed; it dies with our record of it.
            cards::Usable::Series { .. } => Ok(Step::Done(Outcome::TokenDeleted)),
        }
    }

    fn deleted(&self, token: &StoredToken, reply: &Reply, cx: &Context<'_>) -> Next {
        let answer = answer::read_harmless(reply, &self.account)?;
        if answer.is_handled {
            return Ok(Step::Done(Outcome::TokenDeleted));
        }
        let refusal = answer.rejected();
        match (&refusal, token.customer.as_deref()) {
            // It may be gone already: the list tells (section 13).
            (Fault::Rejected { .. }, Some(user)) => {
                let request = wire::query_token(&self.account, user, cx.now)?;
                Ok(Step::repeatable(request, Stage::ListingAfterDeleting { refusal }))
            }
            _ => Err(refusal),
        }
    }

    fn seen_after_deleting(&self, token: &StoredToken, refusal: Fault, reply: &Reply) -> Next {
        let (Some(user), Some(value)) = (token.customer.as_deref(), token.value(cards::TOKEN)) else {
            return Err(refusal);
        };
        let answer = answer::read_harmless(reply, &self.account)?;
        let is_there = cards::listed(&answer, user)?.iter().any(|card| card.token == *value.expose());
        if is_there { Err(refusal) } else { Ok(Step::Done(Outcome::TokenDeleted)) }
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

/// A checkout that was paid and begins a series.
fn save_series(report: &mut PaymentReport, answer: &answer::Answer) {
    let Some(order) = &answer.order else { return };
    if let (true, Some(id), Some(money)) = (order.status.is_paid(), &order.id, order.money)
        && order.is_recurring != Some(false)
    {
        report.saved.push(cards::hosted_series(id, money.currency(), report.card.clone()));
    }
}

fn road_of(inquiry: &Inquiry) -> Road {
    match inquiry.purpose {
        Some(_) => Road::Hosted,
        None => Road::of(inquiry.trace.more.get(wire::PRODUCT).map(String::as_str)),
    }
}

fn reference_of(trace: &Trace) -> &str {
    trace.more.get(OTHER_REFERENCE).unwrap_or(&trace.reference)
}

fn user_of(trace: &Trace) -> Result<&str, Fault> {
    trace.customer.as_deref().ok_or_else(|| Fault::unintelligible("a session that saves a card for nobody"))
}

/// The answer to a question about money that was refused. Whatever is wrong with the question says
/// nothing about the money, so nothing may be concluded from it.
fn unanswered(fault: Fault) -> Fault {
    match fault {
        Fault::Unintelligible { what } | Fault::Silent { what } => Fault::Silent { what },
        other @ (Fault::Unsupported { .. }
        | Fault::Invalid { .. }
        | Fault::AmountOutOfBounds { .. }
        | Fault::Unauthorized { .. }
        | Fault::Rejected { .. }
        | Fault::Throttled { .. }
        | Fault::Unreachable) => Fault::Silent { what: format!("the state could not be read: {other}") },
    }
}
