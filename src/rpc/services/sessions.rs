//! `SessionService`.

use tonic::{Request, Response, Status};

use crate::engine::commands::SessionView;
use crate::engine::error::Error;
use crate::rpc::convert::{sessions, tokens};
use crate::rpc::door::{Call, Door};
use crate::rpc::proto::session_service_server::SessionService;
use crate::rpc::proto::{self as pb, Operation};
use crate::rpc::status::About;

/// Opens windows in which customers pay or save cards.
pub struct Sessions(pub Door);

#[tonic::async_trait]
impl SessionService for Sessions {
    async fn create_session(
        &self,
        request: Request<pb::CreateSessionRequest>,
    ) -> Result<Response<pb::CreateSessionResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = about_create(&message);
        let answer = async {
            let ask = door.ask(&call, message, |message, problems| {
                sessions::open(message, door.terms(&call), problems)
            })?;
            door.gateway.open_session(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let session = Some(sessions::to_session(&answer.value, door.gateway.accounts()));
        Ok(Response::new(pb::CreateSessionResponse { session, replayed: answer.replayed }))
    }

    async fn confirm_session(
        &self,
        request: Request<pb::ConfirmSessionRequest>,
    ) -> Result<Response<pb::ConfirmSessionResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let mut about = about_confirm(&message);
        let answer = async {
            let ask = door.ask(&call, message, sessions::confirm)?;
            let id = ask.wish.session;
            let answer = door.gateway.confirm_session(&call.caller, ask, call.wait).await;
            if answer.as_ref().is_err_and(|error| *error == Error::SessionExpired) {
                about.expired_at = door.gateway.session(&call.caller, id).await?.payment.expires_at;
            }
            answer
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let accounts = door.gateway.accounts();
        let now = door.now(&call);
        let session = Some(sessions::to_session(&answer.value, accounts));
        let saved = answer.value.tokens.iter().cloned();
        Ok(Response::new(pb::ConfirmSessionResponse {
            session,
            tokens: saved.map(|token| tokens::to_token(token, accounts, now)).collect(),
            payment: sessions::to_payment_of(answer.value, accounts),
            replayed: answer.replayed,
        }))
    }

    async fn get_session(
        &self,
        request: Request<pb::GetSessionRequest>,
    ) -> Result<Response<pb::GetSessionResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = About { session_id: message.session_id.clone(), ..About::default() };
        let view = get(door, &call, message).await.map_err(|error| door.refuse(error, &about))?;
        let session = Some(sessions::to_session(&view, door.gateway.accounts()));
        let payment = sessions::to_payment_of(view, door.gateway.accounts());
        Ok(Response::new(pb::GetSessionResponse { session, payment }))
    }

    async fn cancel_session(
        &self,
        request: Request<pb::CancelSessionRequest>,
    ) -> Result<Response<pb::CancelSessionResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = About {
            request_id: message.request_id.clone(),
            session_id: message.session_id.clone(),
            operation: Operation::CancelSession,
            ..About::default()
        };
        let answer = async {
            // Why it is cancelled is for the fingerprint; no provider here wants to know.
            let ask =
                door.ask(&call, message, |message, problems| sessions::id(&message.session_id, problems))?;
            door.gateway.cancel_session(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let session = Some(sessions::to_session(&answer.value, door.gateway.accounts()));
        let payment = sessions::to_payment_of(answer.value, door.gateway.accounts());
        Ok(Response::new(pb::CancelSessionResponse { session, payment, replayed: answer.replayed }))
    }
}

async fn get(door: &Door, call: &Call, message: pb::GetSessionRequest) -> Result<SessionView, Error> {
    let id = door.read(message, |message, problems| sessions::id(&message.session_id, problems))?;
    door.gateway.session(&call.caller, id).await
}

/// What errors repeat of a request to open a session.
pub fn about_create(message: &pb::CreateSessionRequest) -> About {
    let operation = match message.purpose() {
        _ if message.mode() == pb::SessionMode::Api => Operation::SessionApi,
        pb::SessionPurpose::Unspecified | pb::SessionPurpose::Pay => Operation::SessionPay,
        pb::SessionPurpose::PayAndSave => Operation::SessionPayAndSave,
        pb::SessionPurpose::Save => Operation::SessionSave,
        pb::SessionPurpose::UseSaved => Operation::SessionUseSaved,
    };
    let billing = message.billing_address.as_ref().map(|address| address.country_code.clone());
    About {
        request_id: message.request_id.clone(),
        account: message.account.clone(),
        currency_code: message.money.as_ref().map(|money| money.currency_code.clone()).unwrap_or_default(),
        country_code: match message.country_code.as_str() {
            "" => billing.unwrap_or_default(),
            code => code.to_owned(),
        },
        token_id: message.token_ids.first().cloned().unwrap_or_default(),
        token_use: pb::TokenUse::CustomerPresent,
        operation,
        ..About::default()
    }
}

fn about_confirm(message: &pb::ConfirmSessionRequest) -> About {
    use pb::confirm_session_request::Means;
    let (operation, card_field, token_id) = match &message.means {
        Some(Means::EncryptedCard(_)) => (Operation::ConfirmEncryptedCard, "encrypted_card", ""),
        Some(Means::Token(card)) => (Operation::ConfirmToken, "token.cvc", card.token_id.as_str()),
        Some(Means::Card(_)) => (Operation::ConfirmCard, "card", ""),
        Some(Means::Returned(_)) | None => (Operation::ConfirmReturned, "", ""),
    };
    About {
        request_id: message.request_id.clone(),
        session_id: message.session_id.clone(),
        token_id: token_id.to_owned(),
        token_use: pb::TokenUse::CustomerPresent,
        operation,
        card_field,
        ..About::default()
    }
}
