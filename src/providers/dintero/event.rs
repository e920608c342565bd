//! The history of a transaction, and where one capture, void or refund stands in it.
//!
//! There is no object of its own for a capture or a refund at Dintero. What we sent is found
//! again by the reference that we gave it, which comes back as `event_reference`; a void takes no
//! reference, and is told by its kind alone (dossier §7.1, §8).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::decline;
use super::transaction::{Status, Transaction};
use crate::domain::money::{Currency, Money};
use crate::domain::outcome::{MovementReport, MovementStanding, Seen};
use crate::providers::contract::{Fault, Movement, OperationKind};
use crate::providers::json::Reading;

/// By how much Dintero's clock may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_secs(120);

/// Which way money, or a reservation, moves after the authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Capture,
    Void,
    Refund,
}

impl Direction {
    /// The direction of a movement; `None` for every other operation.
    pub(super) fn of(kind: OperationKind) -> Option<Self> {
        match kind {
            OperationKind::Capture => Some(Self::Capture),
            OperationKind::Void => Some(Self::Void),
            OperationKind::Refund => Some(Self::Refund),
            OperationKind::OpenSession
            | OperationKind::ReadSession
            | OperationKind::ConfirmSession
            | OperationKind::CancelSession
            | OperationKind::Charge
            | OperationKind::InquirePayment
            | OperationKind::InquireMovement
            | OperationKind::DeleteToken => None,
        }
    }

    fn event(self) -> &'static str {
        match self {
            Self::Capture => "CAPTURE",
            Self::Void => "VOID",
            Self::Refund => "REFUND",
        }
    }
}

/// One entry of the history.
#[derive(Clone, Copy)]
pub(super) struct Event<'a>(pub(super) &'a Value);

impl<'a> Event<'a> {
    fn is(&self, name: &str) -> bool {
        self.0.text(&["event"]).as_deref() == Some(name)
    }

    /// Whether it finishes a movement of that direction, well or badly.
    pub(super) fn completes(&self, direction: Direction) -> bool {
        self.is(direction.event())
    }

    /// Whether it only says that a movement was taken up (dossier §8.5).
    fn initiates(&self, direction: Direction) -> bool {
        let name = self.0.text(&["event"]).unwrap_or_default();
        name.strip_prefix("INITIATE_") == Some(direction.event())
    }

    /// Whether it went well; `None` when the event does not say.
    pub(super) fn success(&self) -> Option<bool> {
        self.0.flag(&["success"])
    }

    /// Its amount.
    pub(super) fn money(&self, currency: Currency) -> Option<Money> {
        self.0.minor(&["amount"], currency)
    }

    /// Why it failed.
    pub(super) fn error(&self) -> Option<&'a Value> {
        self.0.at(&["error"])
    }

    fn id(&self) -> Option<String> {
        self.0.text(&["id"])
    }

    fn reference(&self) -> Option<String> {
        self.0.text(&["event_reference"])
    }

    fn request_id(&self) -> Option<String> {
        self.0.text(&["request_id"])
    }

    fn answers(&self) -> Option<String> {
        self.0.text(&["correlation_request_id"])
    }

    fn happened_since(&self, time: Timestamp) -> bool {
        let earliest = time.checked_sub(SKEW).unwrap_or(Timestamp::MIN);
        self.0.time(&["created_at"]).is_none_or(|created| created >= earliest)
    }

    /// A later event repaired this one. The failed event itself is never counted then.
    fn corrected_by<'t>(&self, transaction: &Transaction<'t>) -> Option<Correction<'t>> {
        let correction = self.0.at(&["correction"])?;
        let ids: Vec<String> = correction.list(&["event_ids"]).iter().filter_map(|id| id.text(&[])).collect();
        let success = transaction
            .events()
            .filter(|event| event.success() == Some(true))
            .find(|event| event.id().is_some_and(|id| ids.contains(&id)));
        Some(success.map_or(Correction::Unclear, Correction::Done))
    }
}

enum Correction<'a> {
    /// By this event.
    Done(Event<'a>),
    /// By something that the answer does not list.
    Unclear,
}

/// When a movement was looked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Occasion {
    /// In the answer to the movement itself.
    Answer,
    /// Later, or after the movement was refused.
    Inquiry {
        /// When the movement was sent.
        sent_at: Option<Timestamp>,
    },
}

/// A movement to be found in a history.
pub(super) struct Wanted<'a> {
    pub(super) direction: Direction,
    pub(super) movement: &'a Movement,
    /// What an earlier answer called it.
    pub(super) provider_id: Option<&'a str>,
    pub(super) occasion: Occasion,
}

impl<'a> Transaction<'a> {
    /// Where a movement stands; `None` when the history does not have it.
    pub(super) fn movement(&self, wanted: &Wanted<'_>) -> Result<Option<MovementReport>, Fault> {
        match wanted.direction {
            Direction::Capture | Direction::Refund => self.referenced(wanted),
            Direction::Void => self.void(wanted),
        }
    }

    /// A capture or refund, by its reference.
    fn referenced(&self, wanted: &Wanted<'_>) -> Result<Option<MovementReport>, Fault> {
        let ours = |event: &Event<'a>| {
            event.reference().as_deref() == Some(wanted.movement.reference.as_str())
                || wanted.provider_id.is_some_and(|id| {
                    [event.id(), event.request_id(), event.answers()]
                        .iter()
                        .any(|own| own.as_deref() == Some(id))
                })
        };
        let taken_up: Vec<Event<'a>> =
            self.events().filter(|event| event.initiates(wanted.direction) && ours(event)).collect();
        let answers_ours = |event: &Event<'a>| {
            event
                .answers()
                .is_some_and(|id| taken_up.iter().any(|first| first.request_id() == Some(id.clone())))
        };
        let finished = self
            .events()
            .rev()
            .find(|event| event.completes(wanted.direction) && (ours(event) || answers_ours(event)));
        if let Some(event) = finished {
            return self.settled(event).map(Some);
        }
        match taken_up.last() {
            Some(event) if event.success() == Some(false) => self.settled(*event).map(Some),
            Some(event) => Ok(Some(self.pending(event))),
            None => self.unreferenced(wanted),
        }
    }

    /// An event without any reference may still be ours. In the answer to our own request the
    /// last one of our kind and amount is; later it could be another one, such as an automatic
    /// capture, and then nothing may be concluded, not even that ours is absent.
    fn unreferenced(&self, wanted: &Wanted<'_>) -> Result<Option<MovementReport>, Fault> {
        let candidate = |event: &Event<'a>| {
            event.reference().is_none()
                && event.money(self.money.currency()).is_none_or(|money| money == wanted.movement.amount)
        };
        match wanted.occasion {
            Occasion::Answer => {
                let last = self.events().rfind(|event| event.completes(wanted.direction));
                last.filter(candidate).map(|event| self.settled(event)).transpose()
            }
            Occasion::Inquiry { sent_at } => {
                let doubtful = self.events().any(|event| {
                    event.completes(wanted.direction)
                        && event.success() != Some(false)
                        && candidate(&event)
                        && sent_at.is_none_or(|time| event.happened_since(time))
                });
                if doubtful {
                    return Err(Fault::unintelligible(
                        "an event of this kind and amount without a reference",
                    ));
                }
                Ok(None)
            }
        }
    }

    /// A void, by its kind. An old failure is not about a void that was sent after it.
    fn void(&self, wanted: &Wanted<'_>) -> Result<Option<MovementReport>, Fault> {
        let relevant = |event: &Event<'a>| match wanted.occasion {
            Occasion::Answer => true,
            Occasion::Inquiry { sent_at } => {
                event.success() == Some(true) || sent_at.is_none_or(|time| event.happened_since(time))
            }
        };
        let finished = self.events().rev().find(|event| event.completes(Direction::Void) && relevant(event));
        let taken_up = self.events().rfind(|event| event.initiates(Direction::Void) && relevant(event));
        match (finished, taken_up) {
            (Some(event), _) => self.settled(event).map(Some),
            (None, _) if self.status == Status::AuthorizationVoided => {
                Ok(Some(self.movement_report(MovementStanding::Succeeded, None)?))
            }
            (None, Some(event)) => Ok(Some(self.pending(&event))),
            (None, None) => Ok(None),
        }
    }

    /// What a finishing event says.
    fn settled(&self, event: Event<'a>) -> Result<MovementReport, Fault> {
        match event.success() {
            Some(true) => self.movement_report(MovementStanding::Succeeded, Some(event)),
            Some(false) => match event.corrected_by(self) {
                Some(Correction::Done(repair)) => {
                    let mut report = self.movement_report(MovementStanding::Succeeded, Some(repair))?;
                    report.seen.reference = report.seen.reference.or_else(|| event.reference());
                    Ok(report)
                }
                Some(Correction::Unclear) => {
                    Err(Fault::unintelligible("a correction without the events that it is made of"))
                }
                // Nobody knows yet: it may be corrected to a success later (dossier §7.1). Taking it
                // for a failure would free the amount for another capture.
                None if event.error().is_some_and(decline::is_undetermined) => Ok(self.pending(&event)),
                None => {
                    let why = event.error().map_or_else(decline::unexplained, decline::read);
                    self.movement_report(MovementStanding::Failed(why), Some(event))
                }
            },
            None => Err(Fault::unintelligible("an event that says neither success nor failure")),
        }
    }

    fn pending(&self, event: &Event<'a>) -> MovementReport {
        MovementReport {
            standing: MovementStanding::Pending,
            seen: Seen { money: event.money(self.money.currency()), reference: event.reference() },
            // The finishing event will name this id as what it answers.
            provider_id: event.request_id().or_else(|| event.id()),
            totals: self.totals().unwrap_or_default(),
        }
    }

    fn movement_report(
        &self,
        standing: MovementStanding,
        event: Option<Event<'a>>,
    ) -> Result<MovementReport, Fault> {
        // A void of the rest of a part capture has the rest as its amount, or none; what was
        // asked is the whole reservation. Only a void of everything can be compared.
        let void_of_rest = event.is_some_and(|event| event.completes(Direction::Void))
            && self.total(Direction::Capture)? > 0;
        let money = event.filter(|_| !void_of_rest).and_then(|event| event.money(self.money.currency()));
        Ok(MovementReport {
            standing,
            seen: Seen { money, reference: event.and_then(|event| event.reference()) },
            provider_id: event.and_then(|event| event.id()),
            totals: self.totals()?,
        })
    }

    /// Every finished capture and refund, for the payment's report.
    pub(super) fn movements(&self) -> Result<Vec<MovementReport>, Fault> {
        self.events()
            .filter(|event| event.completes(Direction::Capture) || event.completes(Direction::Refund))
            .filter(|event| event.success().is_some() && event.corrected_by(self).is_none())
            .map(|event| self.settled(event))
            .collect()
    }
}
