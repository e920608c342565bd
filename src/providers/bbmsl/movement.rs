//! Voids and refunds, and what became of one whose answer was lost (dossier, sections 9 and 13).
//!
//! A void takes the whole order back before it is settled, paid or not; a refund comes after, and
//! there is one. Neither has a reference of ours: the order itself shows what became of it.

use super::answer::{self, Answer, Order, OrderStatus, TransactionStatus};
use super::decline::Words;
use super::looking::unanswered;
use super::verdict::{self, OTHER_REFERENCE};
use super::wire::{self, Name, Road, unsupported};
use super::{Bbmsl, Next, Stage};
use crate::domain::outcome::{
    DeclineReason, MovementReport, MovementStanding, Outcome, RetryAdvice, Seen, SeenTotals,
};
use crate::providers::contract::{Context, Fault, Movement, MovementInquiry, OperationKind, Reply, Step};

/// What follows the provider's words where an order is settled: its own words do not say it.
const REFUND_INSTEAD: &str = "; the order is SETTLED: refund it instead";
/// The longest text of a refusal, in characters.
const MESSAGE_CHARS_MAX: usize = 255;

impl Bbmsl {
    /// Sends a void or a refund.
    pub(super) fn send_movement(&self, kind: OperationKind, movement: &Movement, cx: &Context<'_>) -> Next {
        let road = road(movement);
        let name = Name::best(&movement.payment);
        let request = match kind {
            OperationKind::Void => {
                if movement.before.refunded.is_some_and(|minor| minor > 0) {
                    return Err(unsupported("a void after a refund", "nothing; a refund is final at BBMSL"));
                }
                if movement.amount.minor() < movement.asked.minor() {
                    return Err(unsupported("a void of a part", "a refund, once the order is settled"));
                }
                wire::void(&self.account, road, &name, cx.now)?
            }
            _ => {
                if movement.before.refunded.is_some_and(|minor| minor > 0) {
                    return Err(unsupported(
                        "a second refund: amount of the first one, in part or whole, is final",
                        "nothing; one order is refunded once",
                    ));
                }
                if movement.amount.currency() != movement.asked.currency() {
                    return Err(wire::invalid("amount.currency_code", "must be the currency of the payment"));
                }
                if movement.amount.minor() < 1 || movement.amount.minor() > movement.asked.minor() {
                    return Err(wire::invalid("amount.amount_minor", "is more than the payment, or nothing"));
                }
                wire::refund(&self.account, road, &name, movement.amount.minor(), cx.now)?
            }
        };
        Ok(Step::moves_money(request, movement.payment.clone(), Stage::Moving))
    }

    /// The answer to a void or a refund.
    pub(super) fn moved(
        &self,
        kind: OperationKind,
        movement: &Movement,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Next {
        let answer = match answer::read(reply, &self.account) {
            Ok(answer) => answer,
            // Refused at the edge: whether it is, the order tells.
            Err(fault @ Fault::Unauthorized { .. }) => {
                let words = Words { code: Some(reply.status.to_string()), message: None };
                return self.look_after_moving(movement, words, Some(fault), cx);
            }
            Err(fault) => return Err(fault),
        };
        if answer.is_bare() {
            if !answer.is_handled && answer.words.is_configuration() {
                return Err(answer.rejected());
            }
            // No word about the order: it is asked for. A handled call that shows nothing too.
            return self.look_after_moving(movement, answer.words, None, cx);
        }
        let is_refused = !answer.is_handled;
        judge(kind, movement, &answer, is_refused, answer.words.clone()).map(done)
    }

    fn look_after_moving(
        &self,
        movement: &Movement,
        refusal: Words,
        fault: Option<Fault>,
        cx: &Context<'_>,
    ) -> Next {
        let name = Name::best(&movement.payment);
        let request = wire::query(&self.account, road(movement), &name, cx.now)?;
        Ok(Step::repeatable(request, Stage::LookingAfterMoving { refusal, fault }))
    }

    /// The order, after a void or refund was refused without a word about it.
    pub(super) fn seen_after_moving(
        &self,
        kind: OperationKind,
        movement: &Movement,
        refusal: Words,
        fault: Option<Fault>,
        reply: &Reply,
    ) -> Next {
        let answer = match (answer::read(reply, &self.account), fault) {
            (Ok(answer), _) => answer,
            // Refused again in the same way: our address or our signature is what is refused.
            (Err(Fault::Unauthorized { .. }), Some(_)) => {
                let decline = refusal.declined(DeclineReason::ConfigurationError, RetryAdvice::Never);
                return Ok(done(report(MovementStanding::Failed(decline))));
            }
            (Err(fault), _) => return Err(unanswered(fault)),
        };
        if !answer.is_handled || answer.order.is_none() {
            return Err(Fault::Silent { what: "the order could not be read after a refusal".to_owned() });
        }
        let is_refused = refusal.code.as_deref() != Some(answer::HANDLED);
        judge(kind, movement, &answer, is_refused, refusal).map(done)
    }

    /// Asks what became of a void or a refund.
    pub(super) fn ask_about_movement(&self, inquiry: &MovementInquiry, cx: &Context<'_>) -> Next {
        let movement = &inquiry.movement;
        let name = Name::best(&movement.payment);
        let request = wire::query(&self.account, road(movement), &name, cx.now)?;
        Ok(Step::repeatable(request, Stage::LookingAtMovement))
    }

    /// Where a void or a refund stands, as the order tells.
    pub(super) fn movement_seen(&self, inquiry: &MovementInquiry, reply: &Reply) -> Next {
        let answer = answer::read(reply, &self.account).map_err(unanswered)?;
        if !answer.is_handled {
            return Err(unanswered(answer.rejected()));
        }
        let movement = &inquiry.movement;
        let order = own_order(movement, &answer)?;
        let outcome = match (inquiry.kind, order.status) {
            // Not taken back, and it still can be: not done so far.
            (OperationKind::Void, OrderStatus::Success | OrderStatus::Open | OrderStatus::Processing) => {
                Outcome::Absent
            }
            (OperationKind::Refund, status) if status.is_paid() && is_untouched(order, movement) => {
                Outcome::Absent
            }
            (kind, _) => {
                Outcome::Movement(judge(kind, movement, &answer, false, Words { code: None, message: None })?)
            }
        };
        Ok(Step::Done(outcome))
    }
}

fn done(report: MovementReport) -> Step<Stage> {
    Step::Done(Outcome::Movement(report))
}

fn report(standing: MovementStanding) -> MovementReport {
    MovementReport { standing, seen: Seen::default(), provider_id: None, totals: SeenTotals::default() }
}

fn road(movement: &Movement) -> Road {
    let known = movement.payment.more.get(wire::PRODUCT).map(String::as_str);
    Road::of(known.or(movement.product.as_deref()))
}

/// The order of an answer, if it is the movement's.
fn own_order<'a>(movement: &Movement, answer: &'a Answer) -> Result<&'a Order, Fault> {
    let Some(order) = &answer.order else {
        return Err(Fault::unintelligible("an answer about a movement without its order"));
    };
    let known = movement.payment.order.as_deref();
    if known.is_some() && order.id.is_some() && order.id.as_deref() != known {
        return Err(Fault::unintelligible("an answer about another order"));
    }
    Ok(order)
}

/// Whether nothing was given back beyond what had been before.
fn is_untouched(order: &Order, movement: &Movement) -> bool {
    let before = movement.before.refunded.unwrap_or(0);
    let returned = order.refunded.or(order.net.map(|net| movement.asked.minor() - net));
    returned.is_none_or(|returned| returned == before)
}

/// What the order says of a void or a refund that may have been refused, with these words.
fn judge(
    kind: OperationKind,
    movement: &Movement,
    answer: &Answer,
    is_refused: bool,
    words: Words,
) -> Result<MovementReport, Fault> {
    let order = own_order(movement, answer)?;
    let transaction = answer.transaction.as_ref();
    let status = transaction.map(|found| found.status);
    let is_refused = is_refused
        || matches!(
            status,
            Some(TransactionStatus::Declined | TransactionStatus::Failure | TransactionStatus::Cancelled)
        );
    let is_under_way = matches!(status, Some(TransactionStatus::Open | TransactionStatus::Processing));
    let told = Told { order, is_refused, is_under_way, words: &words };
    let mut report = match kind {
        OperationKind::Void => voided(&told)?,
        _ => refunded(movement, &told)?,
    };
    report.provider_id = transaction.and_then(|found| found.id.clone());
    report.seen = seen(kind, movement, answer);
    Ok(report)
}

/// What an answer tells of a movement.
struct Told<'a> {
    order: &'a Order,
    is_refused: bool,
    is_under_way: bool,
    words: &'a Words,
}

impl Told<'_> {
    fn failed(&self, note: &str) -> MovementReport {
        report(MovementStanding::Failed(refuse(self.words, note)))
    }
}

fn voided(told: &Told<'_>) -> Result<MovementReport, Fault> {
    Ok(match told.order.status {
        // Whatever was said of this attempt: the order is taken back.
        status if status.is_undone() => report(MovementStanding::Succeeded),
        OrderStatus::Settled => told.failed(REFUND_INSTEAD),
        OrderStatus::Refunded | OrderStatus::PartlyRefunded => told.failed("; the order is refunded already"),
        OrderStatus::Success | OrderStatus::Open if told.is_refused => told.failed(""),
        OrderStatus::Success | OrderStatus::Open if told.is_under_way => report(MovementStanding::Pending),
        OrderStatus::Success
        | OrderStatus::Open
        | OrderStatus::Processing
        | OrderStatus::Voided
        | OrderStatus::Closed
        | OrderStatus::Cancelled
        | OrderStatus::Failure
        | OrderStatus::Declined
        | OrderStatus::Unknown => {
            return Err(Fault::unintelligible("an answer to a void that does not tell"));
        }
    })
}

fn refunded(movement: &Movement, told: &Told<'_>) -> Result<MovementReport, Fault> {
    let is_untouched = is_untouched(told.order, movement);
    Ok(match told.order.status {
        OrderStatus::Refunded | OrderStatus::PartlyRefunded => {
            let total = verdict::refunded_minor(told.order)?;
            let before = movement.before.refunded.unwrap_or(0);
            let mut done = if total - before == movement.amount.minor() {
                report(MovementStanding::Succeeded)
            } else if told.is_under_way {
                report(MovementStanding::Pending)
            } else {
                // There is one refund, and this order had another one: ours was not.
                told.failed("; the order was refunded with another amount")
            };
            done.totals.refunded = Some(total);
            done
        }
        status if status.is_paid() && is_untouched && told.is_refused => told.failed(""),
        status if status.is_paid() && is_untouched && told.is_under_way => report(MovementStanding::Pending),
        status if status.is_undone() => told.failed("; the order was taken back before it could be refunded"),
        OrderStatus::Open
        | OrderStatus::Success
        | OrderStatus::Settled
        | OrderStatus::Voided
        | OrderStatus::Closed
        | OrderStatus::Cancelled
        | OrderStatus::Processing
        | OrderStatus::Failure
        | OrderStatus::Declined
        | OrderStatus::Unknown => {
            return Err(Fault::unintelligible("an answer to a refund that does not tell"));
        }
    })
}

/// A refusal with the provider's words, and what follows from the order's state.
fn refuse(words: &Words, note: &str) -> crate::domain::outcome::Decline {
    let mut decline = words.declined(DeclineReason::TransactionNotPermitted, RetryAdvice::Never);
    if !note.is_empty() {
        let said = decline.provider_message.take().unwrap_or_default();
        let room = MESSAGE_CHARS_MAX - note.len();
        let said: String = said.chars().take(room).collect();
        let whole = format!("{said}{note}");
        decline.provider_message = Some(whole.trim_start_matches("; ").to_owned());
    }
    decline
}

/// What the answer repeats. An order has our reference of the payment and not of the movement, so
/// only a stranger's is reported: then the comparison finds the mistake.
fn seen(kind: OperationKind, movement: &Movement, answer: &Answer) -> Seen {
    let order = answer.order.as_ref();
    let own = [Some(&movement.payment.reference), movement.payment.more.get(OTHER_REFERENCE)];
    let stranger = order
        .and_then(|order| order.reference.clone())
        .filter(|reference| !own.into_iter().flatten().any(|own| own == reference));
    let of_order = order.and_then(|order| order.money);
    // The order of a refund keeps the whole amount (section 15), and has to.
    let differs = of_order.filter(|money| *money != movement.asked);
    let of_movement = match kind {
        OperationKind::Void => of_order,
        _ => answer.transaction.as_ref().and_then(|transaction| transaction.money),
    };
    Seen { money: differs.or(of_movement), reference: stranger }
}
