//! `AccountService`.

use tonic::{Request, Response, Status};

use crate::domain::ids::AccountName;
use crate::engine::Explained;
use crate::engine::commands::{ChargeToken, Move, OpenSession};
use crate::engine::error::{Error, Thing};
use crate::rpc::convert::{capabilities, charges, moves, sessions, values};
use crate::rpc::door::{Call, Door};
use crate::rpc::proto::account_service_server::AccountService;
use crate::rpc::proto::explain_request_request::Request as R;
use crate::rpc::proto::{self as pb};
use crate::rpc::status::About;
use crate::rpc::{pages, problems::Problems};

/// Tells what the caller's accounts are and can do.
pub struct AccountsOf(pub Door);

#[tonic::async_trait]
impl AccountService for AccountsOf {
    async fn list_accounts(
        &self,
        request: Request<pb::ListAccountsRequest>,
    ) -> Result<Response<pb::ListAccountsResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let listed = list(door, &call, message);
        listed.map(Response::new).map_err(|error| door.refuse(error, &About::default()))
    }

    async fn get_capabilities(
        &self,
        request: Request<pb::GetCapabilitiesRequest>,
    ) -> Result<Response<pb::GetCapabilitiesResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = About { account: message.account.clone(), ..About::default() };
        let known = capabilities_of(door, &call, message);
        let capabilities = known.map_err(|error| door.refuse(error, &about))?;
        Ok(Response::new(pb::GetCapabilitiesResponse { capabilities }))
    }

    async fn explain_request(
        &self,
        request: Request<pb::ExplainRequestRequest>,
    ) -> Result<Response<pb::ExplainRequestResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let mut about = about(&message);
        let prefix = prefix(message.request.as_ref());
        let wish = read_wish(door, &call, message).map_err(|error| door.refuse(error, &about))?;
        // From here on, paths are the engine's, which knows of no request around this one.
        about.prefix = prefix;
        let explained = explain(door, &call, wish).await;
        let explained = explained.map_err(|error| door.refuse(error, &about))?;
        Ok(Response::new(to_response(door, explained)))
    }
}

fn list(
    door: &Door,
    call: &Call,
    mut message: pb::ListAccountsRequest,
) -> Result<pb::ListAccountsResponse, Error> {
    let size = pages::size(message.page_size);
    let token = message.page_token.clone();
    let checked = door.read(message.clone(), |_, _| Some(()));
    (message.page_size, message.page_token) = (0, String::new());
    let pages = door.pages(call, &message);
    let mut problems = Problems::default();
    let place = pages.place(&token, &mut problems);
    checked.and_then(|()| problems.finish(Some(())))?;
    let mut accounts: Vec<_> = door.gateway.accounts().of_merchant(&call.caller.merchant).collect();
    accounts.sort_by(|one, other| one.name.cmp(&other.name));
    accounts.retain(|account| place.as_deref().is_none_or(|place| account.name.0.as_bytes() > place));
    let more = accounts.len() > size;
    accounts.truncate(size);
    let last = accounts.last().filter(|_| more).map(|account| pages.token(account.name.0.as_bytes()));
    Ok(pb::ListAccountsResponse {
        accounts: accounts.into_iter().map(|account| capabilities::to_account(account)).collect(),
        next_page_token: last.unwrap_or_default(),
    })
}

fn capabilities_of(
    door: &Door,
    call: &Call,
    message: pb::GetCapabilitiesRequest,
) -> Result<Vec<pb::Capability>, Error> {
    let message = door.read(message, |message, _| Some(message))?;
    let mut operations: Vec<pb::Operation> =
        message.operations.iter().map(|operation| values::enumeration(*operation)).collect();
    if operations.is_empty() {
        operations.extend(capabilities::operations());
    }
    operations.sort_by_key(|operation| i32::from(*operation));
    operations.dedup();
    let merchant = &call.caller.merchant;
    let mut accounts: Vec<_> = match message.account.as_str() {
        "" => door.gateway.accounts().of_merchant(merchant).collect(),
        name => {
            let account = door.gateway.accounts().of(merchant, &AccountName(name.to_owned()));
            vec![account.ok_or(Error::NotFound(Thing::Account))?]
        }
    };
    accounts.sort_by(|one, other| one.name.cmp(&other.name));
    let of = |account: &_| {
        operations
            .iter()
            .map(|operation| capabilities::to_capability(account, *operation))
            .collect::<Vec<_>>()
    };
    Ok(accounts.into_iter().flat_map(|account| of(account)).collect())
}

/// A request to explain, as the engine takes it.
enum Wish {
    Open(Box<OpenSession>),
    Charge(Box<ChargeToken>),
    Move(Box<Move>),
}

fn read_wish(door: &Door, call: &Call, message: pb::ExplainRequestRequest) -> Result<Wish, Error> {
    door.read(message, |message, problems| {
        problems.inside(prefix(message.request.as_ref()));
        Some(match message.request? {
            R::CreateSession(request) => {
                Wish::Open(sessions::open(request, door.terms(call), problems)?.into())
            }
            R::ChargeToken(request) => {
                Wish::Charge(charges::charge(request, door.terms(call), problems)?.into())
            }
            R::CapturePayment(request) => Wish::Move(moves::capture(request, problems)?.into()),
            R::VoidPayment(request) => Wish::Move(moves::void(request, problems)?.into()),
            R::RefundPayment(request) => Wish::Move(moves::refund(request, problems)?.into()),
        })
    })
}

async fn explain(door: &Door, call: &Call, wish: Wish) -> Result<Explained, Error> {
    match wish {
        Wish::Open(wish) => door.gateway.explain_session(&call.caller, *wish).await,
        Wish::Charge(wish) => door.gateway.explain_charge(&call.caller, *wish).await,
        Wish::Move(wish) => door.gateway.explain_move(&call.caller, *wish).await,
    }
}

fn prefix(request: Option<&R>) -> &'static str {
    match request {
        None => "",
        Some(R::CreateSession(_)) => "create_session.",
        Some(R::ChargeToken(_)) => "charge_token.",
        Some(R::CapturePayment(_)) => "capture_payment.",
        Some(R::VoidPayment(_)) => "void_payment.",
        Some(R::RefundPayment(_)) => "refund_payment.",
    }
}

fn about(message: &pb::ExplainRequestRequest) -> About {
    use super::{payments, sessions};
    match &message.request {
        None => About::default(),
        Some(R::CreateSession(request)) => sessions::about_create(request),
        Some(R::ChargeToken(request)) => payments::about_charge(request),
        Some(R::CapturePayment(request)) => payments::about_capture(request),
        Some(R::VoidPayment(request)) => payments::about_void(request),
        Some(R::RefundPayment(request)) => payments::about_refund(request),
    }
}

fn to_response(door: &Door, explained: Explained) -> pb::ExplainRequestResponse {
    let last = explained.requests.len().saturating_sub(1);
    let shown = explained.requests.into_iter().enumerate();
    let calls = shown.map(|(index, shown)| pb::ExplainedCall {
        operation: shown.name,
        moves_money: index == last && explained.last_moves_money,
        request: Some(pb::RestRequest {
            method: shown.method,
            url: shown.url,
            headers: shown.headers.into_iter().map(|(name, value)| pb::RestHeader { name, value }).collect(),
            body: shown.body,
        }),
    });
    pb::ExplainRequestResponse {
        calls: calls.collect(),
        provider: door.provider(&explained.account),
        account: explained.account.0,
    }
}
