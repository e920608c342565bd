//! What a schedule is made of: the terms that callers give, put together and checked before
//! anything is written. What the token's provider would refuse is refused here.

use jiff::{Timestamp, ToSpan, civil};

use crate::domain::calendar::{Cadence, Calendar, CalendarError, Part, Zone};
use crate::domain::card::{Initiator, MerchantReason, Token};
use crate::domain::ids::ScheduleId;
use crate::domain::money::Money;
use crate::domain::order::{CaptureMode, Purchase, Series, ThreeDSecure};
use crate::domain::schedule::{
    CATCH_UP_DEFAULT, End, Planned, Progress, Schedule, ScheduleStatus, TIME_DEFAULT, Timing,
};

use crate::engine::commands::{Caller, ChargeToken, ChargedToken, ScheduleRecurring, TermsChange};
use crate::engine::error::{Error, FieldError};
use crate::engine::gateway::Gateway;

/// How much is said of a series at most: what the card networks' forms have room for.
const SERIES_COUNT_MAX: u32 = 9_999;

impl Gateway {
    /// Puts a new schedule together and refuses what cannot work.
    pub(super) async fn drafted(
        &self,
        caller: &Caller,
        wish: ScheduleRecurring,
        request_id: &str,
    ) -> Result<Box<Schedule>, Error> {
        let ScheduleRecurring { terms, customer, billing, first_payment, options } = wish;
        let now = self.now_of(&caller.merchant);
        let id = ScheduleId::mint(now, self.random());
        let (Some(token), Some(money), Some(reference)) =
            (terms.token, terms.money, terms.merchant_reference.clone())
        else {
            return Err(missing(&terms));
        };
        let timing = timing(&terms, now)?;
        let token = self.usable_token(caller, token).await?;
        let mut purchase = Box::new(Purchase {
            reference: String::new(),
            merchant_reference: reference,
            money,
            capture: CaptureMode::Automatic,
            description: None,
            descriptor: None,
            customer,
            lines: Vec::new(),
            billing,
            shipping: None,
            delivery: None,
            tax_minor: None,
            locale: None,
            three_d_secure: ThreeDSecure::Automatic,
            metadata: terms.metadata.clone().unwrap_or_default(),
            notify_url: None,
            options,
        });
        if purchase.customer.id.is_none() {
            purchase.customer.id.clone_from(&token.customer);
        }
        let mut schedule = Box::new(Schedule {
            id,
            merchant: caller.merchant.clone(),
            account: token.account.clone(),
            token: token.id,
            purchase,
            first_payment,
            timing,
            trial: terms.trial.unwrap_or_default(),
            retries: terms.retries.clone().unwrap_or_default(),
            return_url: terms.return_url.clone().unwrap_or_default(),
            skips: Default::default(),
            status: ScheduleStatus::Active,
            halted: None,
            resumed_at: None,
            warn_at: None,
            request_id: request_id.to_owned(),
            created_at: now,
            updated_at: now,
            revision: 1,
            progress: Progress::default(),
            version: 0,
        });
        schedule.purchase.description = terms.description.unwrap_or_default();
        schedule.purchase.descriptor = terms.descriptor.unwrap_or_default();
        schedule.progress.next = Some(first_of(&schedule.timing, id)?);
        self.check_schedule(caller, &schedule).await?;
        schedule.warn_at = warn_at(&schedule, &token, now);
        Ok(schedule)
    }

    /// When the occurrences of terms would fall that may lack what only a charge needs.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub(super) fn outlined(&self, caller: &Caller, terms: &TermsChange) -> Result<(Timing, Planned), Error> {
        let timing = timing(terms, self.now_of(&caller.merchant))?;
        let first = first_of(&timing, ScheduleId::from_bytes([0; 16]))?;
        Ok((timing, first))
    }

    /// Applies a change to a schedule, as from its next occurrence on.
    pub(super) async fn amended(
        &self,
        caller: &Caller,
        schedule: &Schedule,
        change: TermsChange,
    ) -> Result<Box<Schedule>, Error> {
        let now = self.now_of(&caller.merchant);
        let mut amended = Box::new(schedule.clone());
        let TermsChange {
            token,
            money,
            merchant_reference,
            trial,
            retries,
            description,
            descriptor,
            return_url,
            metadata,
            ..
        } = change.clone();
        let purchase = &mut amended.purchase;
        set(&mut amended.token, token);
        set(&mut purchase.money, money);
        set(&mut purchase.merchant_reference, merchant_reference);
        set(&mut purchase.description, description);
        set(&mut purchase.descriptor, descriptor);
        set(&mut purchase.metadata, metadata);
        set(&mut amended.trial, trial);
        set(&mut amended.retries, retries);
        set(&mut amended.return_url, return_url);
        amend_timing(&mut amended, &change, now)?;
        let token = self.usable_token(caller, amended.token).await?;
        if token.account != amended.account {
            let problem = "belongs to another account than the schedule's";
            return Err(Error::Invalid(vec![FieldError::new("terms.token_id", problem)]));
        }
        self.check_schedule(caller, &amended).await?;
        amended.warn_at = warn_at(&amended, &token, now);
        Ok(amended)
    }

    /// Refuses what no charge of the schedule could get past, in the words of the contract.
    async fn check_schedule(&self, caller: &Caller, schedule: &Schedule) -> Result<(), Error> {
        let money = schedule.purchase.money;
        let mut wrong = Vec::new();
        let mut positive = |field: &str, money: Money| {
            if money.is_zero() {
                wrong.push(FieldError::new(format!("{field}.amount_minor"), "must be greater than zero"));
            }
        };
        positive("terms.money", money);
        let trial = schedule.trial.and_then(|trial| trial.money);
        if let Some(trial) = trial {
            positive("terms.trial.money", trial);
            if trial.currency() != money.currency() {
                let problem = "must be in the schedule's currency";
                wrong.push(FieldError::new("terms.trial.money.currency_code", problem));
            }
        }
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        // As far as one can go with a charge without sending anything.
        for money in [Some(money), trial].into_iter().flatten() {
            self.explain_charge(caller, charge_of(schedule, money, 1)).await.map_err(in_terms)?;
        }
        Ok(())
    }
}

/// The charge of one occurrence.
pub(super) fn charge_of(schedule: &Schedule, money: Money, number: u32) -> ChargeToken {
    let mut purchase = (*schedule.purchase).clone();
    purchase.money = money;
    ChargeToken {
        token: ChargedToken::Saved(schedule.token),
        purchase,
        initiator: Initiator::Merchant { reason: MerchantReason::Recurring, first: Default::default() },
        first_payment: schedule.first_payment,
        return_urls: None,
        browser: None,
        expires_at: None,
        series: Some(series(schedule, number)),
    }
}

/// What the card networks want to know of the series.
fn series(schedule: &Schedule, number: u32) -> Series {
    let interval_days_min = match &schedule.timing.calendar.cadence {
        Cadence::Days(days) => *days,
        Cadence::Weeks(weeks) => weeks * 7,
        Cadence::Months(months) => months * 28,
        Cadence::Years(years) => years * 365,
        Cadence::Rule(_) => 1,
    };
    // What does not fit their forms is not said.
    let bounded = |count: u32| if count <= SERIES_COUNT_MAX { count } else { 0 };
    let (ends_on, count) = match schedule.timing.end {
        End::Never => (None, 0),
        End::Count(count) => (None, bounded(count)),
        End::Date(date) => (Some(date.to_string()), 0),
    };
    Series { interval_days_min: bounded(interval_days_min), ends_on, number: bounded(number), count }
}

fn set<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}

fn missing(terms: &TermsChange) -> Error {
    let required = [
        ("terms.token_id", terms.token.is_none()),
        ("terms.money", terms.money.is_none()),
        ("terms.merchant_reference", terms.merchant_reference.is_none()),
    ];
    let wrong = required.into_iter().filter(|(_, missing)| *missing);
    Error::Invalid(wrong.map(|(field, _)| FieldError::new(field, "is required")).collect())
}

/// When the occurrences of a new schedule fall.
fn timing(terms: &TermsChange, now: Timestamp) -> Result<Timing, Error> {
    let (Some(cadence), Some(first_date), Some(zone)) = (&terms.cadence, terms.first_date, &terms.zone)
    else {
        let required = [
            ("terms.cadence", terms.cadence.is_none()),
            ("terms.first_date", terms.first_date.is_none()),
            ("terms.time_zone", terms.zone.is_none()),
        ];
        let wrong = required.into_iter().filter(|(_, missing)| *missing);
        return Err(Error::Invalid(wrong.map(|(field, _)| FieldError::new(field, "is required")).collect()));
    };
    not_past("terms.first_date", first_date, zone, now)?;
    let time = terms.time.unwrap_or(TIME_DEFAULT);
    let anchor = terms.anchor.unwrap_or(first_date);
    let calendar = calendar(cadence.clone(), anchor, time, zone.clone(), terms.anchor.is_some())?;
    Ok(Timing {
        calendar,
        first_date,
        end: terms.end.unwrap_or(End::Never),
        catch_up: terms.catch_up.unwrap_or(CATCH_UP_DEFAULT),
        overlap: terms.overlap.unwrap_or_default(),
        tolerance: terms.tolerance.unwrap_or_default(),
    })
}

/// Changes when a schedule's occurrences fall. Their numbers go on.
fn amend_timing(schedule: &mut Schedule, change: &TermsChange, now: Timestamp) -> Result<(), Error> {
    let next = schedule.progress.next;
    let Timing { calendar: old, first_date, end, catch_up, overlap, tolerance } = &mut schedule.timing;
    set(end, change.end);
    set(catch_up, change.catch_up);
    set(overlap, change.overlap);
    set(tolerance, change.tolerance);
    let moves = change.cadence.is_some()
        || change.anchor.is_some()
        || change.first_date.is_some()
        || change.zone.is_some()
        || change.time.is_some();
    let zone = change.zone.clone().unwrap_or_else(|| old.zone.clone());
    if moves {
        // A changed rhythm counts from where the old one would have gone on.
        let stays = next.map_or(*first_date, |next| next.date);
        let from = change.first_date.unwrap_or(stays);
        let anchor = match (change.anchor, &change.cadence, change.first_date) {
            (Some(anchor), _, _) => anchor,
            (None, Some(_), _) | (None, None, Some(_)) => from,
            (None, None, None) => old.anchor,
        };
        let cadence = change.cadence.clone().unwrap_or_else(|| old.cadence.clone());
        let time = change.time.unwrap_or(old.time);
        if change.first_date.is_some() {
            not_past("terms.first_date", from, &zone, now)?;
        }
        *old = calendar(cadence, anchor, time, zone, change.anchor.is_some())?;
        *first_date = from;
    }
    let Some(next) = next else { return Ok(()) };
    let timing = &schedule.timing;
    let date = if moves { timing.on_or_after(timing.first_date) } else { Some(next.date) };
    let planned = date.and_then(|date| timing.planned(schedule.id, next.number, date));
    schedule.progress.next = Some(planned.ok_or_else(|| ends_before(timing))?);
    Ok(())
}

fn not_past(field: &str, date: civil::Date, zone: &Zone, now: Timestamp) -> Result<(), Error> {
    let today = zone.local(now).date();
    if date < today {
        let problem = "lies in the past; what an agreement counts from belongs to terms.cadence.anchor_date";
        return Err(Error::Invalid(vec![FieldError::new(field, problem)]));
    }
    Ok(())
}

fn calendar(
    cadence: Cadence,
    anchor: civil::Date,
    time: civil::Time,
    zone: Zone,
    anchor_given: bool,
) -> Result<Calendar, Error> {
    let rhythm = match &cadence {
        Cadence::Days(_) => "terms.cadence.days",
        Cadence::Weeks(_) => "terms.cadence.weeks",
        Cadence::Months(_) => "terms.cadence.months",
        Cadence::Years(_) => "terms.cadence.years",
        Cadence::Rule(_) => "terms.cadence.rule",
    };
    Calendar::new(cadence, anchor, time, zone).map_err(|error: CalendarError| {
        let field = match error.part() {
            Part::Zone => "terms.time_zone",
            Part::Cadence | Part::Rule => rhythm,
            Part::Anchor if anchor_given => "terms.cadence.anchor_date",
            Part::Anchor => "terms.first_date",
            Part::Time => "terms.local_time",
        };
        Error::Invalid(vec![FieldError::new(field, error.to_string())])
    })
}

/// The first occurrence, or why there is none.
fn first_of(timing: &Timing, id: ScheduleId) -> Result<Planned, Error> {
    timing.first(id).ok_or_else(|| ends_before(timing))
}

fn ends_before(timing: &Timing) -> Error {
    let (field, problem) = match timing.end {
        End::Date(_) => ("terms.end.date", "is before the next occurrence"),
        End::Count(_) => ("terms.end.count", "is less than the number of the next occurrence"),
        End::Never => ("terms.first_date", "leaves no occurrence before the year 2200"),
    };
    Error::Invalid(vec![FieldError::new(field, problem)])
}

/// When a card that expires is to be announced: a month before its last day, at the schedule's time.
pub(super) fn warn_at(schedule: &Schedule, token: &Token, now: Timestamp) -> Option<Timestamp> {
    let last_day = card_ends(token)?;
    let calendar = &schedule.timing.calendar;
    let at = calendar.zone.instant(last_day.checked_sub(1.month()).ok()?, calendar.time)?;
    // One that has passed already was announced, or could not be: the card is declined soon enough.
    let ends = calendar.zone.instant(last_day, calendar.time)?;
    (now < ends).then(|| at.max(now))
}

/// The last day of a token's card.
pub(super) fn card_ends(token: &Token) -> Option<civil::Date> {
    let (year, month) = (token.card.expiry_year?, token.card.expiry_month?);
    let first = civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()?;
    Some(first.last_of_month())
}

/// What a charge would be refused for, in the fields of a schedule.
fn in_terms(error: Error) -> Error {
    const TERMS: &[&str] =
        &["token_id", "money", "merchant_reference", "description", "statement_descriptor", "metadata"];
    match error {
        Error::Invalid(fields) => Error::Invalid(
            fields
                .into_iter()
                .map(|field| {
                    let head = field.field.split(['.', '[']).next().unwrap_or_default();
                    let path =
                        if TERMS.contains(&head) { format!("terms.{}", field.field) } else { field.field };
                    FieldError { field: path, ..field }
                })
                .collect(),
        ),
        other => other,
    }
}
