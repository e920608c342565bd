//! Every RPC of the contract by its name, as a typed call of the layer.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::Value;
use turnpike_client::{Error, Turnpike, v1};

use crate::json;

/// What comes back.
pub enum Answer {
    One(Value),
    Many(BoxStream<'static, Result<Value, Failure>>),
}

/// Why nothing does.
#[derive(Debug)]
pub enum Failure {
    /// The call failed.
    Refused(Box<Error>),
    /// It could not be made, or its answer could not be written.
    Unusable(String),
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        Self::Refused(Box::new(status.into()))
    }
}

impl From<String> for Failure {
    fn from(problem: String) -> Self {
        Self::Unusable(problem)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Unusable(problem) => f.write_str(problem),
        }
    }
}

macro_rules! answer {
    (unary, $answer:expr, $response:expr) => {
        Answer::One(json::write($response, &$answer)?)
    };
    (stream, $answer:expr, $response:expr) => {
        Answer::Many(
            stream::unfold($answer, |mut messages| async move {
                let message = messages.message().await.transpose()?;
                let value = message.map_err(Failure::from).and_then(|m| Ok(json::write($response, &m)?));
                Some((value, messages))
            })
            .boxed(),
        )
    };
}

macro_rules! rpcs {
    ($($kind:ident $path:literal $service:ident.$method:ident($request:ident) $response:ident;)*) => {
        /// Makes a call by its name.
        pub async fn call(turnpike: &Turnpike, path: &str, request: &Value) -> Result<Answer, Failure> {
            match path {
                $($path => {
                    const REQUEST: &str = concat!("turnpike.v1.", stringify!($request));
                    const RESPONSE: &str = concat!("turnpike.v1.", stringify!($response));
                    let request: v1::$request = json::read(REQUEST, request)?;
                    let answer = turnpike.$service().$method(request).await?.into_inner();
                    Ok(answer!($kind, answer, RESPONSE))
                })*
                _ => Err(Failure::Unusable(format!("there is no call {path}"))),
            }
        }

        /// Does something with the type of a message by its name, if a call has it.
        pub fn with_type<W: Work>(name: &str, work: W) -> Option<W::Result> {
            match name {
                $(concat!("turnpike.v1.", stringify!($request)) => Some(work.with::<v1::$request>()),
                concat!("turnpike.v1.", stringify!($response)) => Some(work.with::<v1::$response>()),)*
                _ => None,
            }
        }

        /// The names of all calls.
        #[cfg(test)]
        const PATHS: &[&str] = &[$($path),*];
    };
}

/// Something that can be done with any message.
pub trait Work {
    type Result;

    fn with<T: prost::Message + Default + PartialEq>(self) -> Self::Result;
}

rpcs! {
    unary "AccountService/ListAccounts" accounts.list_accounts(ListAccountsRequest) ListAccountsResponse;
    unary "AccountService/GetCapabilities" accounts.get_capabilities(GetCapabilitiesRequest) GetCapabilitiesResponse;
    unary "AccountService/ExplainRequest" accounts.explain_request(ExplainRequestRequest) ExplainRequestResponse;
    unary "EventService/ListEvents" events.list_events(ListEventsRequest) ListEventsResponse;
    stream "EventService/StreamEvents" events.stream_events(StreamEventsRequest) StreamEventsResponse;
    unary "EventService/RedeliverEvent" events.redeliver_event(RedeliverEventRequest) RedeliverEventResponse;
    unary "EventService/ListWebhookDeliveries" events.list_webhook_deliveries(ListWebhookDeliveriesRequest) ListWebhookDeliveriesResponse;
    unary "EventService/ListWebhookEndpoints" events.list_webhook_endpoints(ListWebhookEndpointsRequest) ListWebhookEndpointsResponse;
    unary "PaymentService/ChargeToken" payments.charge_token(ChargeTokenRequest) ChargeTokenResponse;
    unary "PaymentService/GetPayment" payments.get_payment(GetPaymentRequest) GetPaymentResponse;
    unary "PaymentService/ListPayments" payments.list_payments(ListPaymentsRequest) ListPaymentsResponse;
    stream "PaymentService/WatchPayment" payments.watch_payment(WatchPaymentRequest) WatchPaymentResponse;
    unary "PaymentService/CapturePayment" payments.capture_payment(CapturePaymentRequest) CapturePaymentResponse;
    unary "PaymentService/VoidPayment" payments.void_payment(VoidPaymentRequest) VoidPaymentResponse;
    unary "PaymentService/RefundPayment" payments.refund_payment(RefundPaymentRequest) RefundPaymentResponse;
    unary "PaymentService/ResolvePayment" payments.resolve_payment(ResolvePaymentRequest) ResolvePaymentResponse;
    unary "PaymentService/ListPaymentHistory" payments.list_payment_history(ListPaymentHistoryRequest) ListPaymentHistoryResponse;
    unary "PaymentService/ListDifferences" payments.list_differences(ListDifferencesRequest) ListDifferencesResponse;
    unary "RecurringService/ScheduleRecurring" recurring.schedule_recurring(ScheduleRecurringRequest) ScheduleRecurringResponse;
    unary "RecurringService/GetSchedule" recurring.get_schedule(GetScheduleRequest) GetScheduleResponse;
    unary "RecurringService/ListSchedules" recurring.list_schedules(ListSchedulesRequest) ListSchedulesResponse;
    unary "RecurringService/UpdateSchedule" recurring.update_schedule(UpdateScheduleRequest) UpdateScheduleResponse;
    unary "RecurringService/PauseSchedule" recurring.pause_schedule(PauseScheduleRequest) PauseScheduleResponse;
    unary "RecurringService/ResumeSchedule" recurring.resume_schedule(ResumeScheduleRequest) ResumeScheduleResponse;
    unary "RecurringService/CancelSchedule" recurring.cancel_schedule(CancelScheduleRequest) CancelScheduleResponse;
    unary "RecurringService/SkipOccurrence" recurring.skip_occurrence(SkipOccurrenceRequest) SkipOccurrenceResponse;
    unary "RecurringService/ListOccurrences" recurring.list_occurrences(ListOccurrencesRequest) ListOccurrencesResponse;
    unary "RecurringService/PreviewOccurrences" recurring.preview_occurrences(PreviewOccurrencesRequest) PreviewOccurrencesResponse;
    unary "SandboxService/ArrangeScenario" sandbox.arrange_scenario(ArrangeScenarioRequest) ArrangeScenarioResponse;
    unary "SandboxService/ListExchanges" sandbox.list_exchanges(ListExchangesRequest) ListExchangesResponse;
    unary "SandboxService/AdvanceClock" sandbox.advance_clock(AdvanceClockRequest) AdvanceClockResponse;
    unary "SandboxService/GetClock" sandbox.get_clock(GetClockRequest) GetClockResponse;
    unary "SessionService/CreateSession" sessions.create_session(CreateSessionRequest) CreateSessionResponse;
    unary "SessionService/ConfirmSession" sessions.confirm_session(ConfirmSessionRequest) ConfirmSessionResponse;
    unary "SessionService/GetSession" sessions.get_session(GetSessionRequest) GetSessionResponse;
    unary "SessionService/CancelSession" sessions.cancel_session(CancelSessionRequest) CancelSessionResponse;
    unary "TokenService/GetToken" tokens.get_token(GetTokenRequest) GetTokenResponse;
    unary "TokenService/ListTokens" tokens.list_tokens(ListTokensRequest) ListTokensResponse;
    unary "TokenService/ImportToken" tokens.import_token(ImportTokenRequest) ImportTokenResponse;
    unary "TokenService/DeleteToken" tokens.delete_token(DeleteTokenRequest) DeleteTokenResponse;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_call_of_the_contract_is_here() {
        let services = json::pool().services();
        let all: BTreeSet<String> = services
            .flat_map(|service| {
                let name = service.name().to_owned();
                service.methods().map(|method| format!("{name}/{}", method.name())).collect::<Vec<_>>()
            })
            .collect();
        let here: BTreeSet<String> = PATHS.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(here, all);
        assert_eq!(PATHS.len(), here.len());
    }
}
