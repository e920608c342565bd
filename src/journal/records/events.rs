//! Events: facts with what they are about as it was then.

use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use super::{Malformed, Stored, is_default};
use crate::domain::card::Token;
use crate::domain::event::{About, EndpointFact, Event, EventKind, RecurringFact};
use crate::domain::ids::*;
use crate::domain::occurrence::Occurrence;
use crate::domain::payment::{MovementId, Payment};
use crate::domain::schedule::{Planned, Progress, Schedule};

/// The written form of [`Event`]. What it is about stands in the fields that are there; the first six
/// after the kind are those of events about schedules, as the first version wrote them.
#[derive(PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    id: <EventId as Stored>::Form,
    merchant: <MerchantName as Stored>::Form,
    at: Timestamp,
    kind: <EventKind as Stored>::Form,
    #[serde(flatten)]
    about: AboutForm,
}

/// The written form of [`About`].
#[derive(PartialEq, Default, Serialize, Deserialize)]
pub struct AboutForm {
    #[serde(default, skip_serializing_if = "is_default")]
    schedule: Option<<ScheduleId as Stored>::Form>,
    #[serde(default, skip_serializing_if = "is_default")]
    occurrence: Option<<Occurrence as Stored>::Form>,
    #[serde(default, skip_serializing_if = "is_default")]
    payment: Option<<PaymentId as Stored>::Form>,
    #[serde(default, skip_serializing_if = "is_default")]
    token: Option<<TokenId as Stored>::Form>,
    #[serde(default, skip_serializing_if = "is_default")]
    link: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    note: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    standing: Option<StandingForm>,
    #[serde(default, skip_serializing_if = "is_default")]
    of_payment: Option<Box<<Payment as Stored>::Form>>,
    #[serde(default, skip_serializing_if = "is_default")]
    movement: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    of_session: Option<Box<<Payment as Stored>::Form>>,
    #[serde(default, skip_serializing_if = "is_default")]
    of_token: Option<Box<<Token as Stored>::Form>>,
    #[serde(default, skip_serializing_if = "is_default")]
    of_endpoint: Option<<EndpointFact as Stored>::Form>,
}

/// A schedule with what stands beside its record in its own table.
#[derive(PartialEq, Serialize, Deserialize)]
pub struct StandingForm {
    terms: <Schedule as Stored>::Form,
    progress: <Progress as Stored>::Form,
    version: u64,
}

record!(Progress => ProgressForm {} optional {
    next: Option<Planned>,
    open: u32,
    parked: bool,
});

record!(Planned => PlannedForm {
    number: u32,
    date: civil::Date,
    at: Timestamp,
    due_at: Timestamp,
});

record!(EndpointFact => EndpointForm {
    name: String,
} optional {
    failing_since: Option<Timestamp>,
    note: Option<String>,
});

own_words!(EventKind);

impl Stored for Event {
    type Form = EventRecord;

    fn write(self) -> EventRecord {
        let Self { id, merchant, at, kind, about } = self;
        EventRecord {
            id: id.write(),
            merchant: merchant.write(),
            at,
            kind: kind.write(),
            about: about.write(),
        }
    }

    fn read(form: EventRecord) -> Result<Self, Malformed> {
        let EventRecord { id, merchant, at, kind, about } = form;
        Ok(Self {
            id: Stored::read(id)?,
            merchant: Stored::read(merchant)?,
            at,
            kind: Stored::read(kind)?,
            about: Stored::read(about)?,
        })
    }
}

impl Stored for About {
    type Form = AboutForm;

    fn write(self) -> AboutForm {
        let form = AboutForm::default();
        match self {
            Self::Recurring(fact) => of_recurring(*fact),
            Self::Payment(payment) => AboutForm { of_payment: Some(Box::new(payment.write())), ..form },
            Self::Movement(payment, id) => {
                AboutForm { of_payment: Some(Box::new(payment.write())), movement: Some(id.write()), ..form }
            }
            Self::Session(payment) => AboutForm { of_session: Some(Box::new(payment.write())), ..form },
            Self::Token(token) => AboutForm { of_token: Some(Box::new(token.write())), ..form },
            Self::Endpoint(fact) => AboutForm { of_endpoint: Some(fact.write()), ..form },
        }
    }

    fn read(form: AboutForm) -> Result<Self, Malformed> {
        let AboutForm { schedule, of_payment, movement, of_session, of_token, of_endpoint, .. } = &form;
        let is_movement = movement.is_some();
        match (schedule, of_payment, of_session, of_token, of_endpoint) {
            (Some(_), None, None, None, None) if !is_movement => recurring(form),
            (None, Some(_), None, None, None) => {
                let payment = Box::new(Payment::read(*form.of_payment.ok_or(Malformed)?)?);
                Ok(match form.movement {
                    Some(id) => Self::Movement(payment, MovementId::read(id)?),
                    None => Self::Payment(payment),
                })
            }
            (None, None, Some(_), None, None) if !is_movement => {
                Ok(Self::Session(Box::new(Payment::read(*form.of_session.ok_or(Malformed)?)?)))
            }
            (None, None, None, Some(_), None) if !is_movement => {
                Ok(Self::Token(Box::new(Token::read(*form.of_token.ok_or(Malformed)?)?)))
            }
            (None, None, None, None, Some(_)) if !is_movement => {
                Ok(Self::Endpoint(EndpointFact::read(form.of_endpoint.ok_or(Malformed)?)?))
            }
            _ => Err(Malformed),
        }
    }
}

fn of_recurring(fact: RecurringFact) -> AboutForm {
    let RecurringFact { schedule, standing, occurrence, payment, token, link, note } = fact;
    AboutForm {
        schedule: Some(schedule.write()),
        occurrence: occurrence.write(),
        payment: payment.write(),
        token: token.write(),
        link,
        note,
        standing: standing.map(|schedule| StandingForm {
            progress: schedule.progress.write(),
            version: schedule.version,
            terms: schedule.write(),
        }),
        ..AboutForm::default()
    }
}

fn recurring(form: AboutForm) -> Result<About, Malformed> {
    let standing = form.standing.map(|StandingForm { terms, progress, version }| {
        let schedule = Schedule::read(terms)?;
        Ok(Schedule { progress: Stored::read(progress)?, version, ..schedule })
    });
    Ok(About::Recurring(Box::new(RecurringFact {
        schedule: Stored::read(form.schedule.ok_or(Malformed)?)?,
        standing: standing.transpose()?,
        occurrence: Stored::read(form.occurrence)?,
        payment: Stored::read(form.payment)?,
        token: Stored::read(form.token)?,
        link: form.link,
        note: form.note,
    })))
}
