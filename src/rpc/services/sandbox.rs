//! `SandboxService`.

use std::sync::Arc;
use std::time::Duration;

use tonic::{Request, Response, Status};

use crate::domain::ids::AccountName;
use crate::domain::outcome::NextAction;
use crate::domain::payment::{Payment, PaymentState};
use crate::engine::clock::Forward;
use crate::engine::error::{Error, FieldError, Thing};
use crate::rpc::convert::{payments, sessions, values};
use crate::rpc::door::{Call, Door};
use crate::rpc::problems::Problems;
use crate::rpc::proto::arrange_scenario_request::Scenario;
use crate::rpc::proto::customer_scenario::{Action, Place};
use crate::rpc::proto::sandbox_service_server::SandboxService;
use crate::rpc::proto::{self as pb};
use crate::rpc::sandbox::{
    CustomerAction, CustomerPays, Exchange, Fault, FaultKind, Refusal, Sandbox, WantedExchanges,
};
use crate::rpc::status::{self, About};
use crate::rpc::{pages, status::sandbox_disabled};

/// How long an answer is held back when nobody says.
const LATE: Duration = Duration::from_secs(5);
/// The status of a failing provider when nobody says.
const HTTP_STATUS: u16 = 500;

/// Plays with the simulated providers.
pub struct Playground {
    /// What all services share.
    pub door: Door,
    /// The simulated providers; `None` where the configured ones are used.
    pub sandbox: Option<Arc<dyn Sandbox>>,
}

#[tonic::async_trait]
impl SandboxService for Playground {
    async fn arrange_scenario(
        &self,
        request: Request<pb::ArrangeScenarioRequest>,
    ) -> Result<Response<pb::ArrangeScenarioResponse>, Status> {
        let sandbox = self.sandbox.as_deref().ok_or_else(sandbox_disabled)?;
        let (call, message) = self.door.enter(request)?;
        let merchant = &call.caller.merchant;
        let about = about(&message);
        let refuse = |error| self.door.refuse(error, &about);
        let scenario = self.door.read(message, |message, _| message.scenario).map_err(refuse)?;
        let answer = match scenario {
            Scenario::Fault(fault) => {
                check_account(&self.door, &call, &fault.account).map_err(refuse)?;
                let fault = to_fault(fault);
                let active = sandbox.arrange(merchant, fault).await;
                let impossible = |refusal| refuse(at("fault.kind", refusal));
                scenario_answer(None, "a fault was arranged", active.map_err(impossible)?)
            }
            Scenario::Clear(clear) => {
                check_account(&self.door, &call, &clear.account).map_err(refuse)?;
                let left = sandbox.clear(merchant, values::text(clear.account).map(AccountName)).await;
                scenario_answer(None, "faults were cleared", left)
            }
            Scenario::Customer(customer) => {
                let (page, state, action) = self.place(&call, customer).await.map_err(refuse)?;
                match sandbox.customer(merchant, &page, action).await {
                    Ok(acted) => scenario_answer(acted.return_url, &acted.summary, 0),
                    Err(Refusal::NoSuchPage) => return Err(status::sandbox_place_not_found(page)),
                    Err(Refusal::NotNow(why)) => return Err(status::sandbox_forbids(why, state, &about)),
                    Err(refusal) => return Err(refuse(at("customer.action", refusal))),
                }
            }
        };
        Ok(Response::new(answer))
    }

    async fn list_exchanges(
        &self,
        request: Request<pb::ListExchangesRequest>,
    ) -> Result<Response<pb::ListExchangesResponse>, Status> {
        let sandbox = self.sandbox.as_deref().ok_or_else(sandbox_disabled)?;
        let (call, message) = self.door.enter(request)?;
        let listed = list(&self.door, &call, message, sandbox).await;
        listed.map(Response::new).map_err(|error| self.door.refuse(error, &About::default()))
    }

    async fn advance_clock(
        &self,
        request: Request<pb::AdvanceClockRequest>,
    ) -> Result<Response<pb::AdvanceClockResponse>, Status> {
        let (call, message) = self.door.enter(request)?;
        let merchant = &call.caller.merchant;
        let advanced = async {
            let forward = self.door.read(message, to_forward)?;
            let stops = self.door.gateway.advance_clock(merchant, forward).await?;
            Ok((stops, self.door.gateway.clock(merchant)?))
        };
        let advanced = advanced.await;
        let (stops, clock) = advanced.map_err(|error| self.door.refuse(error, &About::default()))?;
        Ok(Response::new(pb::AdvanceClockResponse {
            now: Some(values::to_time(clock.now)),
            ahead: Some(to_duration(clock.ahead)),
            stops: values::count(stops),
        }))
    }

    async fn get_clock(
        &self,
        request: Request<pb::GetClockRequest>,
    ) -> Result<Response<pb::GetClockResponse>, Status> {
        let (call, _) = self.door.enter(request)?;
        let clock = self.door.gateway.clock(&call.caller.merchant);
        let clock = clock.map_err(|error| self.door.refuse(error, &About::default()))?;
        Ok(Response::new(pb::GetClockResponse {
            now: Some(values::to_time(clock.now)),
            ahead: Some(to_duration(clock.ahead)),
        }))
    }
}

impl Playground {
    /// The address of the page where the customer is, where its payment stands as far as the request
    /// names it, and what the customer does there.
    async fn place(
        &self,
        call: &Call,
        customer: pb::CustomerScenario,
    ) -> Result<(String, Option<PaymentState>, CustomerAction), Error> {
        let missing = || Error::Invalid(vec![FieldError::new("customer", "lacks a place or an action")]);
        let action = to_action(customer.action.ok_or_else(missing)?);
        let mut problems = Problems::default();
        problems.inside("customer.");
        let payment = match customer.place.ok_or_else(missing)? {
            Place::PageUrl(url) => return Ok((url, None, action)),
            Place::SessionId(id) => {
                let id = sessions::id(&id, &mut problems);
                let id = problems.finish(id)?;
                self.door.gateway.session(&call.caller, id).await?.payment
            }
            Place::PaymentId(id) => {
                let id = payments::id(&id, &mut problems);
                let id = problems.finish(id)?;
                self.door.gateway.payment(&call.caller, id).await?
            }
        };
        Ok((page_of(&payment)?, Some(payment.state), action))
    }
}

fn to_forward(message: pb::AdvanceClockRequest, problems: &mut Problems) -> Option<Forward> {
    match message.forward? {
        // The annotation refuses a negative one before.
        pb::advance_clock_request::Forward::By(by) => Duration::try_from(by).ok().map(Forward::By),
        pb::advance_clock_request::Forward::To(to) => values::time("to", Some(to), problems).map(Forward::To),
    }
}

/// At most the end of time, which fits.
fn to_duration(duration: Duration) -> prost_types::Duration {
    prost_types::Duration::try_from(duration).unwrap_or_default()
}

fn page_of(payment: &Payment) -> Result<String, Error> {
    match &payment.next_action {
        Some(NextAction::Redirect { url }) => Ok(url.clone()),
        _ => Err(Error::StateForbids {
            state: payment.state.word().to_owned(),
            wanted: "a customer at a page",
        }),
    }
}

fn check_account(door: &Door, call: &Call, name: &str) -> Result<(), Error> {
    let account = AccountName(name.to_owned());
    match name.is_empty() || door.gateway.accounts().of(&call.caller.merchant, &account).is_some() {
        true => Ok(()),
        false => Err(Error::NotFound(Thing::Account)),
    }
}

fn at(field: &str, refusal: Refusal) -> Error {
    let problem = match refusal {
        Refusal::NoSuchPage => "names no page of a simulated provider".to_owned(),
        Refusal::Impossible(why) | Refusal::NotNow(why) => why,
    };
    Error::Invalid(vec![FieldError::new(field, problem)])
}

fn scenario_answer(
    return_url: Option<String>,
    summary: &str,
    active_faults: u32,
) -> pb::ArrangeScenarioResponse {
    pb::ArrangeScenarioResponse {
        return_url: return_url.unwrap_or_default(),
        summary: summary.to_owned(),
        active_faults: values::count(active_faults),
    }
}

fn to_fault(fault: pb::FaultScenario) -> Fault {
    use pb::FaultKind as P;
    let kind = match fault.kind() {
        // The annotation refuses it before.
        P::Unspecified | P::Late => FaultKind::Late,
        P::RequestLost => FaultKind::RequestLost,
        P::ReplyLost => FaultKind::ReplyLost,
        P::ReplyCut => FaultKind::ReplyCut,
        P::CarriedOutLate => FaultKind::CarriedOutLate,
        P::HttpStatus => FaultKind::HttpStatus,
        P::HttpStatusAfter => FaultKind::HttpStatusAfter,
        P::HtmlPage => FaultKind::HtmlPage,
        P::Garbled => FaultKind::Garbled,
        P::UnknownStatus => FaultKind::UnknownStatus,
        P::WrongAmount => FaultKind::WrongAmount,
        P::WrongCurrency => FaultKind::WrongCurrency,
        P::WrongReference => FaultKind::WrongReference,
        P::Throttled => FaultKind::Throttled,
    };
    let usual =
        if matches!(kind, FaultKind::Late | FaultKind::CarriedOutLate) { LATE } else { Duration::ZERO };
    let number = |number: i32| u32::try_from(number).unwrap_or_default();
    Fault {
        account: values::text(fault.account).map(AccountName),
        provider: values::text(fault.provider),
        kind,
        operation: values::text(fault.operation),
        skip: number(fault.skip),
        times: number(fault.times).max(1),
        delay: fault.delay.and_then(|delay| Duration::try_from(delay).ok()).unwrap_or(usual),
        http_status: match u16::try_from(fault.http_status) {
            Ok(0) | Err(_) => HTTP_STATUS,
            Ok(status) => status,
        },
    }
}

fn to_action(action: Action) -> CustomerAction {
    match action {
        Action::Pay(pays) => CustomerAction::Pay(CustomerPays {
            passes_challenge: pays.challenge() != pb::ChallengeOutcome::Fail,
            card_number: values::text(pays.card_number),
            expiry_month: u8::try_from(pays.expiry_month).ok().filter(|month| *month > 0),
            expiry_year: u16::try_from(pays.expiry_year).ok().filter(|year| *year > 0),
            cvc: values::text(pays.cvc),
            save_card: pays.save_card,
        }),
        Action::Cancel(_) => CustomerAction::Cancel,
        Action::Expire(_) => CustomerAction::Expire,
        Action::Abandon(abandons) => CustomerAction::Abandon { after_paying: abandons.after_paying },
    }
}

async fn list(
    door: &Door,
    call: &Call,
    mut message: pb::ListExchangesRequest,
    sandbox: &dyn Sandbox,
) -> Result<pb::ListExchangesResponse, Error> {
    let size = pages::size(message.page_size);
    let token = message.page_token.clone();
    let checked = door.read(message.clone(), |message, _| Some(message));
    (message.page_size, message.page_token) = (0, String::new());
    let pages = door.pages(call, &message);
    let mut problems = Problems::default();
    let place = pages.place(&token, &mut problems);
    let message = checked.and_then(|message| problems.finish(Some(message)))?;
    let place = place.and_then(|place| Some(u64::from_be_bytes(place.try_into().ok()?)));
    let wanted = WantedExchanges {
        provider: values::text(message.provider),
        account: values::text(message.account).map(AccountName),
        operation: values::text(message.operation),
        after: place.unwrap_or_else(|| u64::try_from(message.after_sequence).unwrap_or_default()),
        limit: size + 1,
    };
    let (mut exchanges, last_sequence) = sandbox.exchanges(&call.caller.merchant, wanted).await;
    let more = exchanges.len() > size;
    exchanges.truncate(size);
    let last = exchanges.last().filter(|_| more).map(|last| pages.token(&last.sequence.to_be_bytes()));
    Ok(pb::ListExchangesResponse {
        exchanges: exchanges.into_iter().map(to_exchange).collect(),
        next_page_token: last.unwrap_or_default(),
        last_sequence: i64::try_from(last_sequence).unwrap_or(i64::MAX),
    })
}

fn to_exchange(exchange: Exchange) -> pb::Exchange {
    let direction = match exchange.inbound {
        true => pb::ExchangeDirection::Inbound,
        false => pb::ExchangeDirection::Outbound,
    };
    pb::Exchange {
        sequence: i64::try_from(exchange.sequence).unwrap_or(i64::MAX),
        time: Some(values::to_time(exchange.at)),
        direction: direction.into(),
        provider: exchange.provider,
        account: exchange.account.map(|account| account.0).unwrap_or_default(),
        operation: exchange.operation,
        payment_id: exchange.reference.as_deref().and_then(payment_of).unwrap_or_default(),
        request: Some(pb::RestRequest {
            method: exchange.method,
            url: exchange.url,
            headers: to_headers(exchange.headers),
            body: exchange.body,
        }),
        reply: exchange.reply.map(|reply| pb::RestReply {
            http_status: i32::from(reply.status),
            headers: to_headers(reply.headers),
            body: reply.body,
        }),
        duration: None,
        fault: exchange.fault.unwrap_or_default(),
    }
}

fn to_headers(headers: Vec<(String, String)>) -> Vec<pb::RestHeader> {
    headers.into_iter().map(|(name, value)| pb::RestHeader { name, value }).collect()
}

/// The payment behind a reference: our references are ids without the underscore.
fn payment_of(reference: &str) -> Option<String> {
    let id = format!("pay_{}", reference.strip_prefix("pay")?);
    crate::domain::ids::PaymentId::parse(&id).is_ok().then_some(id)
}

fn about(message: &pb::ArrangeScenarioRequest) -> About {
    let mut about = About::default();
    match &message.scenario {
        None => {}
        Some(Scenario::Fault(fault)) => about.account.clone_from(&fault.account),
        Some(Scenario::Clear(clear)) => about.account.clone_from(&clear.account),
        Some(Scenario::Customer(customer)) => match &customer.place {
            Some(Place::SessionId(id)) => about.session_id.clone_from(id),
            Some(Place::PaymentId(id)) => about.payment_id.clone_from(id),
            Some(Place::PageUrl(_)) | None => {}
        },
    }
    about
}
