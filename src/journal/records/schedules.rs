//! Schedules and their occurrences.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use super::{Malformed, Stored, is_default};
use crate::domain::calendar::{Cadence, Calendar, Zone};
use crate::domain::dunning::{Ladder, RetryPolicy, WhenExhausted};
use crate::domain::ids::*;
use crate::domain::money::Money;
use crate::domain::occurrence::{Occurrence, OccurrenceStatus, OccurrenceTry, Try, TryEnd};
use crate::domain::order::Purchase;
use crate::domain::outcome::{DeclineReason, RetryAdvice};
use crate::domain::schedule::{End, Halt, Overlap, Schedule, ScheduleStatus, Timing, Trial, TrialLength};

record!(Schedule => ScheduleTerms {
    id: ScheduleId,
    merchant: MerchantName,
    account: AccountName,
    token: TokenId,
    purchase: Box<Purchase>,
    timing: Timing,
    retries: RetryPolicy,
    status: ScheduleStatus,
    request_id: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: u64,
} optional {
    first_payment: Option<PaymentId>,
    trial: Option<Trial>,
    return_url: Option<String>,
    skips: BTreeSet<u32>,
    halted: Option<Halt>,
    resumed_at: Option<Timestamp>,
    warn_at: Option<Timestamp>,
} beside {
    progress,
    version,
});

record!(Timing => TimingForm {
    calendar: Calendar,
    first_date: civil::Date,
    end: End,
    catch_up: Duration,
    overlap: Overlap,
} optional {
    tolerance: Duration,
});

record!(Trial => TrialForm {
    length: TrialLength,
} optional {
    money: Option<Money>,
});

record!(RetryPolicy => RetryPolicyForm {
    when_exhausted: WhenExhausted,
} optional {
    ladder: Option<Ladder>,
});

record!(Occurrence => OccurrenceRecord {
    schedule: ScheduleId,
    number: u32,
    merchant: MerchantName,
    account: AccountName,
    date: civil::Date,
    at: Timestamp,
    status: OccurrenceStatus,
    since: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
} optional {
    money: Option<Money>,
    tries: Vec<Try>,
    unsent: u32,
    next_at: Option<Timestamp>,
    session: Option<SessionId>,
});

record!(Try => TryForm {
    payment: PaymentId,
    at: Timestamp,
} optional {
    end: Option<TryEnd>,
});

record!(OccurrenceTry => OccurrenceTryForm {
    schedule: ScheduleId,
    number: u32,
    attempt: u32,
});

words!(Overlap { Skip = "skip", Delay = "delay", Allow = "allow", });
words!(WhenExhausted { PastDue = "past_due", Cancel = "cancel", Continue = "continue", });
own_words!(ScheduleStatus Halt OccurrenceStatus);

/// The written form of [`Calendar`].
#[derive(PartialEq, Default, Serialize, Deserialize)]
pub struct CalendarForm {
    cadence: String,
    anchor: civil::Date,
    time: civil::Time,
    zone: String,
}

impl Stored for Calendar {
    type Form = CalendarForm;

    fn write(self) -> CalendarForm {
        // What is left out is worked out from these.
        let Self { cadence, anchor, time, zone, .. } = self;
        CalendarForm { cadence: cadence.write(), anchor, time, zone: zone.name().to_owned() }
    }

    /// The zone may be one that this machine does not know any more.
    fn read(form: CalendarForm) -> Result<Self, Malformed> {
        let CalendarForm { cadence, anchor, time, zone } = form;
        let cadence = Cadence::read(&cadence).map_err(|_| Malformed)?;
        let zone = Zone::parse(&zone).map_err(|_| Malformed)?;
        Self::new(cadence, anchor, time, zone).map_err(|_| Malformed)
    }
}

/// The written form of [`End`].
#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndForm {
    #[default]
    Never,
    Count(u32),
    Date(civil::Date),
}

impl Stored for End {
    type Form = EndForm;

    fn write(self) -> EndForm {
        match self {
            Self::Never => EndForm::Never,
            Self::Count(count) => EndForm::Count(count),
            Self::Date(date) => EndForm::Date(date),
        }
    }

    fn read(form: EndForm) -> Result<Self, Malformed> {
        Ok(match form {
            EndForm::Never => Self::Never,
            EndForm::Count(count) => Self::Count(count),
            EndForm::Date(date) => Self::Date(date),
        })
    }
}

/// The written form of [`TrialLength`]: one of the two.
#[derive(PartialEq, Default, Serialize, Deserialize)]
pub struct TrialLengthForm {
    #[serde(default, skip_serializing_if = "is_default")]
    occurrences: Option<u32>,
    #[serde(default, skip_serializing_if = "is_default")]
    before: Option<civil::Date>,
}

impl Stored for TrialLength {
    type Form = TrialLengthForm;

    fn write(self) -> TrialLengthForm {
        match self {
            Self::Occurrences(count) => TrialLengthForm { occurrences: Some(count), before: None },
            Self::Before(date) => TrialLengthForm { occurrences: None, before: Some(date) },
        }
    }

    fn read(form: TrialLengthForm) -> Result<Self, Malformed> {
        match form {
            TrialLengthForm { occurrences: Some(count), before: None } => Ok(Self::Occurrences(count)),
            TrialLengthForm { occurrences: None, before: Some(date) } => Ok(Self::Before(date)),
            TrialLengthForm { occurrences: Some(_), before: Some(_) }
            | TrialLengthForm { occurrences: None, before: None } => Err(Malformed),
        }
    }
}

impl Stored for Ladder {
    type Form = Vec<<Duration as Stored>::Form>;

    fn write(self) -> Self::Form {
        self.rungs().iter().map(|rung| rung.write()).collect()
    }

    fn read(form: Self::Form) -> Result<Self, Malformed> {
        Self::new(Stored::read(form)?).map_err(|_| Malformed)
    }
}

/// The written form of [`TryEnd`].
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TryEndForm {
    Paid,
    Declined(Cow<'static, str>, Cow<'static, str>),
    Failed,
}

impl Stored for TryEnd {
    type Form = TryEndForm;

    fn write(self) -> TryEndForm {
        match self {
            Self::Paid => TryEndForm::Paid,
            Self::Declined(reason, advice) => TryEndForm::Declined(reason.write(), advice.write()),
            Self::Failed => TryEndForm::Failed,
        }
    }

    fn read(form: TryEndForm) -> Result<Self, Malformed> {
        Ok(match form {
            TryEndForm::Paid => Self::Paid,
            TryEndForm::Declined(reason, advice) => {
                Self::Declined(DeclineReason::read(reason)?, RetryAdvice::read(advice)?)
            }
            TryEndForm::Failed => Self::Failed,
        })
    }
}
