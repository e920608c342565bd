//! `RecurringService`.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use crate::domain::ids::ScheduleId;
use crate::domain::schedule::{Preview, Schedule};
use crate::engine::commands::{Steer, TermsChange};
use crate::engine::error::Error;
use crate::rpc::convert::{occurrences, schedules};
use crate::rpc::door::{Call, Door};
use crate::rpc::proto::preview_occurrences_request::Subject;
use crate::rpc::proto::recurring_service_server::RecurringService;
use crate::rpc::proto::{self as pb, Operation, TokenUse};
use crate::rpc::status::About;
use crate::rpc::{pages, problems::Problems};

/// How many occurrences a preview has when the caller does not say.
const PREVIEW_SIZE: usize = 12;
/// How many previews are counted out at once. A long one keeps a core busy for a while.
const PREVIEWS_MAX: usize = 4;

/// Charges saved cards again and again.
pub struct Recurring {
    door: Door,
    previews: Arc<Semaphore>,
}

impl Recurring {
    /// The service behind a door.
    pub fn new(door: Door) -> Self {
        Self { door, previews: Arc::new(Semaphore::new(PREVIEWS_MAX)) }
    }
}

#[tonic::async_trait]
impl RecurringService for Recurring {
    async fn schedule_recurring(
        &self,
        request: Request<pb::ScheduleRecurringRequest>,
    ) -> Result<Response<pb::ScheduleRecurringResponse>, Status> {
        let Self { door, .. } = self;
        let (call, message) = door.enter(request)?;
        let about = about_schedule(&message);
        let answer = async {
            let validate_only = message.validate_only;
            let ask = door.ask(&call, message, |message, problems| {
                schedules::schedule(message, door.terms(&call), problems)
            })?;
            if validate_only {
                let draft = door.gateway.validate_schedule(&call.caller, ask.wish).await?;
                return Ok(pb::ScheduleRecurringResponse {
                    schedule: Some(schedules::to_unsaved(&draft, door.gateway.accounts())),
                    upcoming: schedules::upcoming_unsaved(&draft),
                    replayed: false,
                });
            }
            let answer = door.gateway.schedule_recurring(&call.caller, ask, call.wait).await?;
            let schedule = Some(shown(door, &answer.value));
            let upcoming = schedules::upcoming(&answer.value);
            Ok(pb::ScheduleRecurringResponse { schedule, upcoming, replayed: answer.replayed })
        };
        answer.await.map(Response::new).map_err(|error| door.refuse(error, &about))
    }

    async fn get_schedule(
        &self,
        request: Request<pb::GetScheduleRequest>,
    ) -> Result<Response<pb::GetScheduleResponse>, Status> {
        let Self { door, .. } = self;
        let (call, message) = door.enter(request)?;
        let about = about(&message.schedule_id, "");
        let schedule = async {
            let id = door.read(message, |message, problems| schedules::id(&message.schedule_id, problems))?;
            door.gateway.schedule(&call.caller, id).await
        };
        let schedule = schedule.await.map_err(|error| door.refuse(error, &about))?;
        Ok(Response::new(pb::GetScheduleResponse { schedule: Some(shown(door, &schedule)) }))
    }

    async fn list_schedules(
        &self,
        request: Request<pb::ListSchedulesRequest>,
    ) -> Result<Response<pb::ListSchedulesResponse>, Status> {
        let Self { door, .. } = self;
        let (call, message) = door.enter(request)?;
        let listed = list(door, &call, message).await;
        listed.map(Response::new).map_err(|error| door.refuse(error, &About::default()))
    }

    async fn update_schedule(
        &self,
        request: Request<pb::UpdateScheduleRequest>,
    ) -> Result<Response<pb::UpdateScheduleResponse>, Status> {
        let Self { door, .. } = self;
        let (call, mut message) = door.enter(request)?;
        schedules::drop_unnamed(&mut message);
        let about = about_update(&message);
        let answer = async {
            let ask = door.ask(&call, message, |message, problems| {
                schedules::update(message, door.terms(&call), problems)
            })?;
            door.gateway.update_schedule(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let (schedule, upcoming) = (Some(shown(door, &answer.value)), schedules::upcoming(&answer.value));
        Ok(Response::new(pb::UpdateScheduleResponse { schedule, upcoming, replayed: answer.replayed }))
    }

    async fn pause_schedule(
        &self,
        request: Request<pb::PauseScheduleRequest>,
    ) -> Result<Response<pb::PauseScheduleResponse>, Status> {
        let Self { door, .. } = self;
        let (call, message) = door.enter(request)?;
        let about = about(&message.schedule_id, &message.request_id);
        let answer = async {
            let ask = door.ask(&call, message, |message, problems| {
                schedules::steer(&message.schedule_id, message.etag, Steer::Pause, problems)
            })?;
            door.gateway.steer_schedule(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let schedule = Some(shown(door, &answer.value));
        Ok(Response::new(pb::PauseScheduleResponse { schedule, replayed: answer.replayed }))
    }

    async fn resume_schedule(
        &self,
        request: Request<pb::ResumeScheduleRequest>,
    ) -> Result<Response<pb::ResumeScheduleResponse>, Status> {
        let Self { door, .. } = self;
        let (call, message) = door.enter(request)?;
        let about = about(&message.schedule_id, &message.request_id);
        let answer = async {
            let ask = door.ask(&call, message, |message, problems| {
                let how = Steer::Resume { retry_failed: message.retry_failed };
                schedules::steer(&message.schedule_id, message.etag, how, problems)
            })?;
            door.gateway.steer_schedule(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let (schedule, upcoming) = (Some(shown(door, &answer.value)), schedules::upcoming(&answer.value));
        Ok(Response::new(pb::ResumeScheduleResponse { schedule, upcoming, replayed: answer.replayed }))
    }

    async fn cancel_schedule(
        &self,
        request: Request<pb::CancelScheduleRequest>,
    ) -> Result<Response<pb::CancelScheduleResponse>, Status> {
        let Self { door, .. } = self;
        let (call, message) = door.enter(request)?;
        let about = about(&message.schedule_id, &message.request_id);
        let answer = async {
            let ask = door.ask(&call, message, |message, problems| {
                schedules::steer(&message.schedule_id, message.etag, Steer::Cancel, problems)
            })?;
            door.gateway.steer_schedule(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let schedule = Some(shown(door, &answer.value));
        Ok(Response::new(pb::CancelScheduleResponse { schedule, replayed: answer.replayed }))
    }

    async fn skip_occurrence(
        &self,
        request: Request<pb::SkipOccurrenceRequest>,
    ) -> Result<Response<pb::SkipOccurrenceResponse>, Status> {
        let Self { door, .. } = self;
        let (call, message) = door.enter(request)?;
        let about = About { occurrence: message.number, ..about(&message.schedule_id, &message.request_id) };
        let answer = async {
            let ask = door.ask(&call, message, schedules::skip)?;
            door.gateway.skip_occurrence(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let (schedule, upcoming) = (Some(shown(door, &answer.value)), schedules::upcoming(&answer.value));
        Ok(Response::new(pb::SkipOccurrenceResponse { schedule, upcoming, replayed: answer.replayed }))
    }

    async fn list_occurrences(
        &self,
        request: Request<pb::ListOccurrencesRequest>,
    ) -> Result<Response<pb::ListOccurrencesResponse>, Status> {
        let Self { door, .. } = self;
        let (call, message) = door.enter(request)?;
        let about = about(&message.schedule_id, "");
        let listed = list_taken(door, &call, message).await;
        listed.map(Response::new).map_err(|error| door.refuse(error, &about))
    }

    async fn preview_occurrences(
        &self,
        request: Request<pb::PreviewOccurrencesRequest>,
    ) -> Result<Response<pb::PreviewOccurrencesResponse>, Status> {
        let (call, message) = self.door.enter(request)?;
        let about = match &message.subject {
            Some(Subject::ScheduleId(id)) => about(id, ""),
            Some(Subject::Terms(_)) | None => About::default(),
        };
        let occurrences = self.preview(&call, message).await;
        let occurrences = occurrences.map_err(|error| self.door.refuse(error, &about))?;
        Ok(Response::new(pb::PreviewOccurrencesResponse { occurrences }))
    }
}

impl Recurring {
    async fn preview(
        &self,
        call: &Call,
        mut message: pb::PreviewOccurrencesRequest,
    ) -> Result<Vec<pb::PlannedOccurrence>, Error> {
        let Self { door, .. } = self;
        if let Some(Subject::Terms(terms)) = &mut message.subject {
            // Not looked at, be it in form or not.
            terms.token_id.clear();
        }
        // The annotations bound both from below.
        let after = u32::try_from(message.after_number).unwrap_or_default();
        let limit = match usize::try_from(message.count) {
            Ok(0) | Err(_) => PREVIEW_SIZE,
            Ok(count) => count,
        };
        let subject = door.read(message, |message, problems| match message.subject? {
            Subject::ScheduleId(id) => schedules::id(&id, problems).map(Previewed::Schedule),
            Subject::Terms(terms) => {
                let terms = schedules::preview(terms, door.development, problems);
                Some(Previewed::Terms(Box::new(terms)))
            }
        })?;
        match subject {
            Previewed::Schedule(id) => {
                let schedule = door.gateway.schedule(&call.caller, id).await?;
                self.counted(move || Ok(schedules::ahead(&schedule, after, limit)), false).await
            }
            Previewed::Terms(terms) => {
                let (gateway, caller) = (door.gateway.clone(), call.caller.clone());
                let spread = terms.tolerance.is_some_and(|tolerance| !tolerance.is_zero());
                self.counted(move || gateway.preview_terms(&caller, &terms, after, limit), spread).await
            }
        }
    }

    /// Counts occurrences out where it keeps nobody else waiting. `spread` is whether it is not known
    /// how much later than they fall they are charged.
    async fn counted(
        &self,
        count: impl FnOnce() -> Result<Vec<Preview>, Error> + Send + 'static,
        spread: bool,
    ) -> Result<Vec<pb::PlannedOccurrence>, Error> {
        let _permit = self.previews.acquire().await.map_err(|_| Error::Draining)?;
        let counted = tokio::task::spawn_blocking(count).await;
        let counted = counted.map_err(|_| Error::Internal {
            what: "a preview did not come to its end".to_owned(),
            payment: None,
        })??;
        let planned = counted.into_iter().map(schedules::to_planned);
        Ok(planned.map(|planned| schedules::without_id(planned, spread)).collect())
    }
}

/// What a preview is of.
enum Previewed {
    Schedule(ScheduleId),
    Terms(Box<TermsChange>),
}

fn shown(door: &Door, schedule: &Schedule) -> pb::Schedule {
    schedules::to_schedule(schedule, door.gateway.accounts())
}

async fn list(
    door: &Door,
    call: &Call,
    mut message: pb::ListSchedulesRequest,
) -> Result<pb::ListSchedulesResponse, Error> {
    let size = pages::size(message.page_size);
    let token = message.page_token.clone();
    let checked = door.read(message.clone(), |message, problems| {
        schedules::wanted(message, call.caller.merchant.clone(), problems)
    });
    (message.page_size, message.page_token) = (0, String::new());
    let pages = door.pages(call, &message);
    let mut problems = Problems::default();
    let place = pages.place(&token, &mut problems);
    let mut wanted = checked.and_then(|wanted| problems.finish(Some(wanted)))?;
    wanted.before = place.and_then(|place| Some(ScheduleId::from_bytes(place.try_into().ok()?)));
    // One more than a page, to know whether there is another.
    wanted.limit = size + 1;
    let mut read = door.gateway.schedules(wanted).await?;
    let more = read.len() > size;
    read.truncate(size);
    let last = read.last().filter(|_| more).map(|last| pages.token(&last.id.to_bytes()));
    Ok(pb::ListSchedulesResponse {
        schedules: read.iter().map(|schedule| shown(door, schedule)).collect(),
        next_page_token: last.unwrap_or_default(),
    })
}

async fn list_taken(
    door: &Door,
    call: &Call,
    mut message: pb::ListOccurrencesRequest,
) -> Result<pb::ListOccurrencesResponse, Error> {
    let size = pages::size(message.page_size);
    let token = message.page_token.clone();
    let checked = door.read(message.clone(), |message, problems| occurrences::wanted(&message, problems));
    (message.page_size, message.page_token) = (0, String::new());
    let pages = door.pages(call, &message);
    let mut problems = Problems::default();
    let place = pages.place(&token, &mut problems);
    let mut wanted = checked.and_then(|wanted| problems.finish(Some(wanted)))?;
    wanted.before = place.and_then(|place| Some(u32::from_be_bytes(place.try_into().ok()?)));
    // One more than a page, to know whether there is another.
    wanted.limit = size + 1;
    let mut read = door.gateway.occurrences(&call.caller, wanted).await?;
    let more = read.len() > size;
    read.truncate(size);
    let last = read.last().filter(|_| more).map(|last| pages.token(&last.number.to_be_bytes()));
    Ok(pb::ListOccurrencesResponse {
        occurrences: read.iter().map(occurrences::to_occurrence).collect(),
        next_page_token: last.unwrap_or_default(),
    })
}

fn about(schedule_id: &str, request_id: &str) -> About {
    About {
        schedule_id: schedule_id.to_owned(),
        request_id: request_id.to_owned(),
        operation: Operation::ChargeRecurring,
        token_use: TokenUse::Recurring,
        ..About::default()
    }
}

/// What errors repeat of a request to create a schedule.
fn about_schedule(message: &pb::ScheduleRecurringRequest) -> About {
    About {
        // The only payment that it can fail to find is the first of the series.
        payment_id: message.first_payment_id.clone(),
        ..about_terms(message.terms.as_ref(), about("", &message.request_id))
    }
}

/// What errors repeat of a request to change one.
fn about_update(message: &pb::UpdateScheduleRequest) -> About {
    about_terms(message.terms.as_ref(), about(&message.schedule_id, &message.request_id))
}

fn about_terms(terms: Option<&pb::ScheduleTerms>, about: About) -> About {
    let Some(terms) = terms else { return about };
    let money = terms.money.as_ref();
    About {
        token_id: terms.token_id.clone(),
        currency_code: money.map(|money| money.currency_code.clone()).unwrap_or_default(),
        ..about
    }
}
