//! Captures, voids and refunds, and what became of one whose answer was lost (sections 7 and 8).
//!
//! There is no idempotency key, and a child carries no reference of ours. What was lost is found by
//! the child's id where one is known, else by the totals of the parent, which count the payment's
//! other movements of that kind, too. Where more than one explanation fits, nothing is concluded.

use serde_json::{Value, json};

use super::account::{Account, MovementAuth, RefundTarget};
use super::transaction::{Kind, Transaction};
use super::verdict::{self, Occasion, is_number};
use super::{Paymob, Stage, faults, wire};
use crate::domain::money::Money;
use crate::domain::order::CaptureMode;
use crate::domain::outcome::{MovementReport, MovementStanding, Outcome, Seen, SeenTotals};
use crate::providers::contract::{
    Context, Earlier, Fault, Method, Movement, MovementInquiry, OperationKind, Reply, Request, Siblings, Step,
};
use crate::providers::json::parse;

/// Up to how many open movements every combination is tried.
const OPEN_MAX: usize = 8;

type Next = Result<Step<Stage>, Fault>;

impl Paymob {
    pub(super) fn send_movement(&self, kind: OperationKind, movement: &Movement, cx: &Context<'_>) -> Next {
        let request = request(&self.account, kind, movement, cx)?;
        Ok(Step::moves_money(request, movement.payment.clone(), Stage::Moving))
    }

    pub(super) fn moved(&self, kind: OperationKind, movement: &Movement, reply: &Reply) -> Next {
        faults::check(reply)?;
        let child = Transaction::read(&parse(reply)?, &self.account)?;
        let report = verdict::movement(kind, movement, &child, Occasion::Answer)?;
        Ok(Step::Done(Outcome::Movement(report)))
    }

    pub(super) fn ask_about_movement(&self, inquiry: &MovementInquiry, cx: &Context<'_>) -> Next {
        let child = inquiry.provider_id.as_deref().filter(|id| is_number(id));
        let parent = inquiry.movement.payment.transaction.as_deref();
        let (id, next) = match (child, parent) {
            (Some(child), _) => (child, Stage::ReadingMovement),
            (None, Some(parent)) => (parent, Stage::ReadingParent),
            (None, None) => return Err(unknown_payment()),
        };
        Ok(Step::repeatable(self.by_id(id, cx)?, next))
    }

    /// The child itself says where it stands.
    pub(super) fn movement_read(&self, inquiry: &MovementInquiry, reply: &Reply) -> Next {
        if faults::is_nothing_there(reply) {
            return Ok(Step::Done(Outcome::Absent));
        }
        if !reply.is_success() {
            return Err(faults::unanswered(reply));
        }
        let child = Transaction::read(&parse(reply)?, &self.account)?;
        let report = verdict::movement(inquiry.kind, &inquiry.movement, &child, Occasion::Inquiry)?;
        Ok(Step::Done(Outcome::Movement(report)))
    }

    /// The parent's totals say whether it was done; if not, the newest transaction of the order may
    /// be the movement, still pending.
    pub(super) fn parent_read(&self, inquiry: &MovementInquiry, reply: &Reply, cx: &Context<'_>) -> Next {
        if !reply.is_success() {
            return Err(faults::unanswered(reply));
        }
        let parent = Transaction::read(&parse(reply)?, &self.account)?;
        if parent.is_child() || is_other(&inquiry.movement, &parent) {
            return Err(Fault::unintelligible("another transaction than the payment"));
        }
        if found_in(inquiry, &parent)? {
            return Ok(Step::Done(Outcome::Movement(done(inquiry, &parent))));
        }
        let order = parent.order.or_else(|| inquiry.movement.payment.order.clone());
        match order.filter(|order| is_number(order)) {
            Some(order) => {
                let request = self.by_order(&order, cx)?;
                Ok(Step::repeatable(request, Stage::LookingForPending))
            }
            None => Ok(Step::Done(Outcome::Absent)),
        }
    }

    /// Only a pending child is taken for ours: one that failed, or succeeded, may be an older one
    /// with the same amount, and the totals have spoken about those.
    pub(super) fn pending_looked_for(&self, inquiry: &MovementInquiry, reply: &Reply) -> Next {
        if faults::is_nothing_there(reply) {
            return Ok(Step::Done(Outcome::Absent));
        }
        if !reply.is_success() {
            return Err(faults::unanswered(reply));
        }
        let newest = Transaction::read(&parse(reply)?, &self.account)?;
        let asked = &inquiry.movement;
        let is_known = newest
            .id
            .as_ref()
            .is_some_and(|id| inquiry.siblings.provider_ids.iter().any(|known| known == id));
        let is_ours = Some(newest.kind) == verdict::kind_of(inquiry.kind)
            && !is_known
            && newest.money.is_none_or(|money| money == asked.amount)
            && newest.parent.as_deref().is_none_or(|parent| !verdict::is_stranger(asked, parent));
        if is_ours && newest.pending {
            let report = verdict::movement(inquiry.kind, asked, &newest, Occasion::Inquiry)?;
            return Ok(Step::Done(Outcome::Movement(report)));
        }
        Ok(Step::Done(Outcome::Absent))
    }
}

fn is_other(asked: &Movement, parent: &Transaction) -> bool {
    let wanted = asked.payment.transaction.as_deref().filter(|id| is_number(id));
    matches!((wanted, parent.id.as_deref()), (Some(wanted), Some(seen)) if wanted != seen)
}

/// Whether the parent shows that the movement was done.
///
/// # Errors
/// [`Fault::Silent`] where its totals can be explained with and without it.
fn found_in(inquiry: &MovementInquiry, parent: &Transaction) -> Result<bool, Fault> {
    let asked = &inquiry.movement;
    let (total, is_done, before) = match verdict::kind_of(inquiry.kind) {
        Some(Kind::Void) => return Ok(parent.is_voided),
        Some(Kind::Capture) => (parent.captured_minor, parent.is_captured, asked.before.captured),
        Some(Kind::Refund) => (parent.refunded_minor, parent.is_refunded, asked.before.refunded),
        Some(Kind::Payment) | None => return Err(Fault::unintelligible("a movement of no kind")),
    };
    let total = match total {
        Some(total) => total,
        // Null stands for 0 where nothing was done (section 8).
        None if !is_done => 0,
        None => return Err(Fault::Silent { what: "the payment does not say how much was moved".to_owned() }),
    };
    let base = inquiry.siblings.settled_minor.max(before.unwrap_or(0));
    match explained(total - base, asked.amount.minor(), &inquiry.siblings) {
        Some(found) => Ok(found),
        None => Err(Fault::Silent {
            what: "the payment's totals do not tell which movement was done; a person has to look in \
                   the dashboard"
                .to_owned(),
        }),
    }
}

/// Whether what was moved beyond what we know of contains this amount: `None` where it may or may
/// not, or where nothing explains it.
fn explained(moved: i64, amount: i64, siblings: &Siblings) -> Option<bool> {
    let open = &siblings.open_minor;
    if open.len() > OPEN_MAX {
        return None;
    }
    let mut answers = (0_u32..1 << open.len()).flat_map(|chosen| {
        let others: i64 = open
            .iter()
            .enumerate()
            .filter(|(place, _)| chosen & (1 << place) != 0)
            .map(|(_, minor)| minor)
            .sum();
        [(others == moved).then_some(false), (others.checked_add(amount) == Some(moved)).then_some(true)]
    });
    let first = answers.by_ref().flatten().next()?;
    answers.flatten().all(|answer| answer == first).then_some(first)
}

fn done(inquiry: &MovementInquiry, parent: &Transaction) -> MovementReport {
    let totals = match verdict::kind_of(inquiry.kind) {
        Some(Kind::Capture) => SeenTotals { captured: parent.captured_minor, ..SeenTotals::default() },
        Some(Kind::Refund) => SeenTotals { refunded: parent.refunded_minor, ..SeenTotals::default() },
        Some(Kind::Void | Kind::Payment) | None => SeenTotals::default(),
    };
    // Nothing of the movement is repeated here: it is known by what it did.
    MovementReport { standing: MovementStanding::Succeeded, seen: Seen::default(), provider_id: None, totals }
}

/// The request of a capture, void or refund.
///
/// # Errors
/// [`Fault::Unsupported`] and [`Fault::Invalid`] for what the provider cannot do.
fn request(
    account: &Account,
    kind: OperationKind,
    movement: &Movement,
    cx: &Context<'_>,
) -> Result<Request, Fault> {
    let (name, path) = match verdict::kind_of(kind) {
        Some(Kind::Capture) => ("capture", "/api/acceptance/capture"),
        Some(Kind::Void) => ("void_refund/void", "/api/acceptance/void_refund/void"),
        Some(Kind::Refund) => ("void_refund/refund", "/api/acceptance/void_refund/refund"),
        Some(Kind::Payment) | None => {
            return Err(unsupported("a movement of this kind", "a capture, void or refund"));
        }
    };
    if movement.amount.currency() != movement.asked.currency() {
        return Err(Fault::Invalid {
            field: "amount.currency_code".to_owned(),
            problem: "must be the currency of the payment".to_owned(),
        });
    }
    let mut body = json!({ "transaction_id": wire::id(target(account, kind, movement)?) });
    // A void is always of the whole and names no amount.
    if kind != OperationKind::Void {
        body["amount_cents"] = Value::from(movement.amount.minor());
    }
    match account.movement_auth {
        MovementAuth::SecretKey => account.with_secret_key(name, Method::Post, path, &body),
        MovementAuth::AuthToken => account.with_token_inside(name, path, body, cx),
    }
}

fn unsupported(what: &str, instead: &str) -> Fault {
    Fault::Unsupported { what: what.to_owned(), instead: instead.to_owned() }
}

fn unknown_payment() -> Fault {
    unsupported("a movement of a payment whose transaction is not known", "asking for the payment first")
}

/// The transaction that is named: the payment's own, but for accounts that refund the capture.
fn target<'a>(account: &Account, kind: OperationKind, movement: &'a Movement) -> Result<&'a str, Fault> {
    let is_reservation = movement.capture_mode == CaptureMode::Manual;
    let is_captured =
        movement.before.captured.is_some_and(|minor| minor > 0) || !movement.captures.is_empty();
    match kind {
        OperationKind::Capture if !is_reservation => {
            Err(unsupported("a capture of a payment that was taken at once", "nothing; it is captured"))
        }
        // "Full amount" (section 7): what remains after a capture runs out by itself. What was taken
        // at once can be undone on the same business day.
        OperationKind::Void if is_reservation && is_captured => Err(unsupported(
            "a void after a capture",
            "a refund of what was captured; the rest of the reservation runs out by itself",
        )),
        OperationKind::Refund if is_reservation && account.refund_target == RefundTarget::Capture => {
            refundable_capture(movement)
        }
        _ => movement.payment.transaction.as_deref().ok_or_else(unknown_payment),
    }
}

/// The capture to refund: the one with the least left that is enough, so that larger refunds stay
/// possible; the oldest among equals.
fn refundable_capture(movement: &Movement) -> Result<&str, Fault> {
    let left = |capture: &Earlier| capture.amount.minus(capture.refunded).ok();
    let fits = |left: &Money| left.minor() >= movement.amount.minor();
    let known = || {
        movement.captures.iter().filter_map(|capture| Some((capture.provider_id.as_deref()?, left(capture)?)))
    };
    if let Some((id, _)) = known().filter(|(_, left)| fits(left)).min_by_key(|(_, left)| left.minor()) {
        return Ok(id);
    }
    Err(match known().map(|(_, left)| left.minor()).max() {
        Some(most) => Fault::Invalid {
            field: "money.amount_minor".to_owned(),
            problem: format!(
                "this account refunds one capture at a time; the largest has {most} minor units left"
            ),
        },
        None => unsupported(
            "a refund of a reservation without a known capture",
            "refund_target = \"original\" in the account's settings",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_explained_or_nothing_is_concluded() {
        let with = |open: &[i64]| Siblings { open_minor: open.to_vec(), ..Siblings::default() };
        assert_eq!(explained(0, 100, &with(&[])), Some(false));
        assert_eq!(explained(100, 100, &with(&[])), Some(true));
        assert_eq!(explained(50, 100, &with(&[])), None);
        // Two lost at once: every sum tells who is in it, unless both are of the same amount.
        assert_eq!(explained(100, 100, &with(&[200])), Some(true));
        assert_eq!(explained(200, 100, &with(&[200])), Some(false));
        assert_eq!(explained(300, 100, &with(&[200])), Some(true));
        assert_eq!(explained(100, 100, &with(&[100])), None);
        assert_eq!(explained(200, 100, &with(&[100])), Some(true));
        assert_eq!(explained(0, 100, &with(&[100])), Some(false));
        assert_eq!(explained(300, 100, &with(&[200, 300])), None);
        assert_eq!(explained(0, 100, &with(&[1; OPEN_MAX + 1])), None);
    }
}
