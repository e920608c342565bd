//! `PaymentService`.

use tonic::{Request, Response, Status};

use crate::domain::ids::PaymentId;
use crate::domain::payment::PaymentState;
use crate::engine::commands::{Caller, ChargeToken, ChargedToken};
use crate::engine::error::{Error, FieldError, FieldMistake};
use crate::rpc::convert::{charges, history, moves, payments};
use crate::rpc::door::{Call, Door};
use crate::rpc::proto::payment_service_server::PaymentService;
use crate::rpc::proto::{self as pb, Operation, charge_token_request as charge};
use crate::rpc::status::About;
use crate::rpc::{pages, problems::Problems};

use super::differences;
use super::watch::{self, Watching};

/// How many times a list reads on when few of what it read were wanted. A page may then be short,
/// and its token goes on where it ended.
const READS_MAX: usize = 5;

/// Charges saved cards, and does all that follows a payment.
pub struct Payments(pub Door);

#[tonic::async_trait]
impl PaymentService for Payments {
    async fn charge_token(
        &self,
        request: Request<pb::ChargeTokenRequest>,
    ) -> Result<Response<pb::ChargeTokenResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = about_charge(&message);
        let answer = async {
            let ask = door.ask(&call, message, |message, problems| {
                charges::charge(message, door.terms(&call), problems)
            })?;
            check_account(door, &call.caller, &about, &ask.wish).await?;
            door.gateway.charge(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let payment = Some(payments::to_payment(*answer.value, door.gateway.accounts()));
        Ok(Response::new(pb::ChargeTokenResponse { payment, replayed: answer.replayed }))
    }

    async fn get_payment(
        &self,
        request: Request<pb::GetPaymentRequest>,
    ) -> Result<Response<pb::GetPaymentResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = about_payment(&message.payment_id);
        let payment = async {
            let id = door.read(message, |message, problems| payments::id(&message.payment_id, problems))?;
            door.gateway.payment(&call.caller, id).await
        };
        let payment = payment.await.map_err(|error| door.refuse(error, &about))?;
        let payment = Some(payments::to_payment(*payment, door.gateway.accounts()));
        Ok(Response::new(pb::GetPaymentResponse { payment }))
    }

    async fn list_payments(
        &self,
        request: Request<pb::ListPaymentsRequest>,
    ) -> Result<Response<pb::ListPaymentsResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let listed = list(door, &call, message).await;
        listed.map(Response::new).map_err(|error| door.refuse(error, &About::default()))
    }

    type WatchPaymentStream = Watching;

    async fn watch_payment(
        &self,
        request: Request<pb::WatchPaymentRequest>,
    ) -> Result<Response<Watching>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = about_payment(&message.payment_id);
        let until_settled = message.until_settled;
        let watching = async {
            let id = door.read(message, |message, problems| payments::id(&message.payment_id, problems))?;
            watch::start(door, call.caller, id, until_settled).await
        };
        watching.await.map(Response::new).map_err(|error| door.refuse(error, &about))
    }

    async fn capture_payment(
        &self,
        request: Request<pb::CapturePaymentRequest>,
    ) -> Result<Response<pb::CapturePaymentResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = about_capture(&message);
        let answer = async {
            let ask = door.ask(&call, message, moves::capture)?;
            door.gateway.move_money(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let (view, replayed) = (answer.value, answer.replayed);
        let movement = view.payment.movement(view.movement);
        let capture = movement.map(|movement| moves::to_capture(&view.payment, movement));
        let payment = Some(payments::to_payment(*view.payment, door.gateway.accounts()));
        Ok(Response::new(pb::CapturePaymentResponse { payment, capture, replayed }))
    }

    async fn void_payment(
        &self,
        request: Request<pb::VoidPaymentRequest>,
    ) -> Result<Response<pb::VoidPaymentResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = about_void(&message);
        let answer = async {
            let ask = door.ask(&call, message, moves::void)?;
            // Voiding a voided payment answers with the payment.
            let voided = door.gateway.payment(&call.caller, ask.wish.payment).await;
            let voided = voided.ok().filter(|payment| payment.state == PaymentState::Voided);
            match door.gateway.move_money(&call.caller, ask, call.wait).await {
                Err(Error::StateForbids { .. }) if voided.is_some() => Ok((voided, false)),
                Ok(answer) => Ok((Some(answer.value.payment), answer.replayed)),
                Err(error) => Err(error),
            }
        };
        let (payment, replayed) = answer.await.map_err(|error| door.refuse(error, &about))?;
        let payment = payment.map(|payment| payments::to_payment(*payment, door.gateway.accounts()));
        Ok(Response::new(pb::VoidPaymentResponse { payment, replayed }))
    }

    async fn refund_payment(
        &self,
        request: Request<pb::RefundPaymentRequest>,
    ) -> Result<Response<pb::RefundPaymentResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = about_refund(&message);
        let answer = async {
            let ask = door.ask(&call, message, moves::refund)?;
            door.gateway.move_money(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let (view, replayed) = (answer.value, answer.replayed);
        let movement = view.payment.movement(view.movement);
        let refund = movement.map(|movement| moves::to_refund(&view.payment, movement));
        let payment = Some(payments::to_payment(*view.payment, door.gateway.accounts()));
        Ok(Response::new(pb::RefundPaymentResponse { payment, refund, replayed }))
    }

    async fn resolve_payment(
        &self,
        request: Request<pb::ResolvePaymentRequest>,
    ) -> Result<Response<pb::ResolvePaymentResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = About { operation: Operation::Inquiry, ..about_payment(&message.payment_id) };
        let resolved = async {
            let id = door.read(message, |message, problems| payments::id(&message.payment_id, problems))?;
            door.gateway.resolve(&call.caller, id).await
        };
        let (payment, changed) = resolved.await.map_err(|error| door.refuse(error, &about))?;
        let payment = Some(payments::to_payment(*payment, door.gateway.accounts()));
        Ok(Response::new(pb::ResolvePaymentResponse { payment, changed }))
    }

    async fn list_payment_history(
        &self,
        request: Request<pb::ListPaymentHistoryRequest>,
    ) -> Result<Response<pb::ListPaymentHistoryResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = about_payment(&message.payment_id);
        let told = tell(door, &call, message).await;
        told.map(Response::new).map_err(|error| door.refuse(error, &about))
    }

    async fn list_differences(
        &self,
        request: Request<pb::ListDifferencesRequest>,
    ) -> Result<Response<pb::ListDifferencesResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let listed = differences::list(door, &call, message).await;
        listed.map(Response::new).map_err(|error| door.refuse(error, &About::default()))
    }
}

/// With a token of ours, an account that is named must be the token's.
async fn check_account(door: &Door, caller: &Caller, about: &About, wish: &ChargeToken) -> Result<(), Error> {
    let ChargedToken::Saved(id) = wish.token else { return Ok(()) };
    if about.account.is_empty() || door.gateway.token(caller, id).await?.account.0 == about.account {
        return Ok(());
    }
    Err(Error::Invalid(vec![FieldError {
        field: "account".to_owned(),
        problem: "is not the account of the token".to_owned(),
        kind: FieldMistake::Invalid,
    }]))
}

async fn list(
    door: &Door,
    call: &Call,
    mut message: pb::ListPaymentsRequest,
) -> Result<pb::ListPaymentsResponse, Error> {
    let size = pages::size(message.page_size);
    let token = message.page_token.clone();
    let checked = door.read(message.clone(), |message, problems| {
        payments::wanted(message, call.caller.merchant.clone(), problems)
    });
    (message.page_size, message.page_token) = (0, String::new());
    let pages = door.pages(call, &message);
    let mut problems = Problems::default();
    let place = pages.place(&token, &mut problems);
    let mut wanted = checked.and_then(|wanted| problems.finish(Some(wanted)))?;
    wanted.before = place.and_then(|place| Some(PaymentId::from_bytes(place.try_into().ok()?)));
    // One more than a page, to know whether there is another.
    wanted.limit = size + 1;
    let mut found = Vec::new();
    for _ in 0..READS_MAX {
        let read = door.gateway.payments(wanted.clone()).await?;
        let is_last = read.len() <= size;
        for payment in read {
            if found.len() == size {
                let next_page_token = wanted.before.map(|id| pages.token(&id.to_bytes()));
                let next_page_token = next_page_token.unwrap_or_default();
                return Ok(pb::ListPaymentsResponse { payments: found, next_page_token });
            }
            wanted.before = Some(payment.id);
            if !payment.is_hidden() {
                found.push(payments::to_payment(payment, door.gateway.accounts()));
            }
        }
        if is_last {
            return Ok(pb::ListPaymentsResponse { payments: found, next_page_token: String::new() });
        }
    }
    let next_page_token = wanted.before.map(|id| pages.token(&id.to_bytes())).unwrap_or_default();
    Ok(pb::ListPaymentsResponse { payments: found, next_page_token })
}

async fn tell(
    door: &Door,
    call: &Call,
    mut message: pb::ListPaymentHistoryRequest,
) -> Result<pb::ListPaymentHistoryResponse, Error> {
    let size = pages::size(message.page_size);
    let token = message.page_token.clone();
    let checked = door.read(message.clone(), |message, problems| payments::id(&message.payment_id, problems));
    (message.page_size, message.page_token) = (0, String::new());
    let pages = door.pages(call, &message);
    let mut problems = Problems::default();
    let place = pages.place(&token, &mut problems);
    let id = checked.and_then(|id| problems.finish(Some(id)))?;
    let (after, mut before) = match place.as_deref().and_then(|place| place.split_first_chunk::<8>()) {
        Some((sequence, state)) => {
            (u64::from_be_bytes(*sequence), std::str::from_utf8(state).ok().and_then(PaymentState::from_word))
        }
        None => (0, None),
    };
    let mut entries = door.gateway.history(&call.caller, id, after, size + 1).await?;
    let more = entries.len() > size;
    entries.truncate(size);
    let last = entries.last().map(|entry| (entry.sequence, entry.state));
    let told = entries.into_iter().map(|entry| {
        let state = entry.state;
        let shown = history::to_entry(entry, before);
        before = Some(state);
        shown
    });
    let entries = told.collect();
    // The next page has to know where the payment stood when this one ended.
    let next_page_token = last.filter(|_| more).map(|(sequence, state)| {
        let mut place = sequence.to_be_bytes().to_vec();
        place.extend_from_slice(state.word().as_bytes());
        pages.token(&place)
    });
    let next_page_token = next_page_token.unwrap_or_default();
    Ok(pb::ListPaymentHistoryResponse { entries, next_page_token })
}

/// What errors repeat of a request to charge.
pub fn about_charge(message: &pb::ChargeTokenRequest) -> About {
    let (operation, token_use) = match &message.initiator {
        Some(charge::Initiator::MerchantInitiated(by)) => match by.reason() {
            pb::MerchantReason::Unscheduled => (Operation::ChargeUnscheduled, pb::TokenUse::Unscheduled),
            pb::MerchantReason::Installment => (Operation::ChargeInstallment, pb::TokenUse::Recurring),
            pb::MerchantReason::Recurring | pb::MerchantReason::Unspecified => {
                (Operation::ChargeRecurring, pb::TokenUse::Recurring)
            }
        },
        Some(charge::Initiator::CustomerInitiated(_)) | None => {
            (Operation::ChargeCustomer, pb::TokenUse::CustomerPresent)
        }
    };
    let first = match &message.initiator {
        Some(charge::Initiator::MerchantInitiated(by)) => by.first_payment_id.clone(),
        Some(charge::Initiator::CustomerInitiated(_)) | None => String::new(),
    };
    About {
        request_id: message.request_id.clone(),
        // The only payment that a charge can fail to find is the first of its series.
        payment_id: first,
        token_id: match &message.token {
            Some(charge::Token::TokenId(id)) => id.clone(),
            // A provider's own token is never repeated.
            Some(charge::Token::ProviderToken(_)) | None => String::new(),
        },
        account: message.account.clone(),
        currency_code: message.money.as_ref().map(|money| money.currency_code.clone()).unwrap_or_default(),
        operation,
        token_use,
        card_field: "customer_initiated.cvc",
        ..About::default()
    }
}

fn about_payment(id: &str) -> About {
    About { payment_id: id.to_owned(), ..About::default() }
}

fn currency(money: Option<&pb::Money>) -> String {
    money.map(|money| money.currency_code.clone()).unwrap_or_default()
}

/// What errors repeat of a request to capture.
pub fn about_capture(message: &pb::CapturePaymentRequest) -> About {
    About {
        request_id: message.request_id.clone(),
        currency_code: currency(message.amount.as_ref()),
        operation: Operation::Capture,
        ..about_payment(&message.payment_id)
    }
}

/// What errors repeat of a request to void.
pub fn about_void(message: &pb::VoidPaymentRequest) -> About {
    About {
        request_id: message.request_id.clone(),
        currency_code: currency(message.amount.as_ref()),
        operation: Operation::Void,
        ..about_payment(&message.payment_id)
    }
}

/// What errors repeat of a request to refund.
pub fn about_refund(message: &pb::RefundPaymentRequest) -> About {
    About {
        request_id: message.request_id.clone(),
        capture_id: message.capture_id.clone(),
        currency_code: currency(message.amount.as_ref()),
        operation: Operation::Refund,
        ..about_payment(&message.payment_id)
    }
}
