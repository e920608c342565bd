//! `TokenService`.

use tonic::{Request, Response, Status};

use crate::domain::ids::{AccountName, TokenId};
use crate::engine::TokenFilter;
use crate::engine::error::Error;
use crate::rpc::convert::{tokens, values};
use crate::rpc::door::{Call, Door};
use crate::rpc::proto::token_service_server::TokenService;
use crate::rpc::proto::{self as pb, Operation};
use crate::rpc::status::About;
use crate::rpc::{pages, problems::Problems};

/// How many times a list reads on when few of what it read were wanted.
const READS_MAX: usize = 5;

/// Keeps saved cards.
pub struct Tokens(pub Door);

#[tonic::async_trait]
impl TokenService for Tokens {
    async fn get_token(
        &self,
        request: Request<pb::GetTokenRequest>,
    ) -> Result<Response<pb::GetTokenResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = About { token_id: message.token_id.clone(), ..About::default() };
        let token = async {
            let id = door.read(message, |message, problems| tokens::id(&message.token_id, problems))?;
            door.gateway.token(&call.caller, id).await
        };
        let token = token.await.map_err(|error| door.refuse(error, &about))?;
        let token = Some(tokens::to_token(token, door.gateway.accounts(), door.now(&call)));
        Ok(Response::new(pb::GetTokenResponse { token }))
    }

    async fn list_tokens(
        &self,
        request: Request<pb::ListTokensRequest>,
    ) -> Result<Response<pb::ListTokensResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let listed = list(door, &call, message).await;
        listed.map(Response::new).map_err(|error| door.refuse(error, &About::default()))
    }

    async fn import_token(
        &self,
        request: Request<pb::ImportTokenRequest>,
    ) -> Result<Response<pb::ImportTokenResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = About {
            request_id: message.request_id.clone(),
            account: message.account.clone(),
            operation: Operation::ImportToken,
            ..About::default()
        };
        let answer = async {
            let ask = door.ask(&call, message, tokens::import)?;
            door.gateway.import_token(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let token = Some(tokens::to_token(answer.value, door.gateway.accounts(), door.now(&call)));
        Ok(Response::new(pb::ImportTokenResponse { token, replayed: answer.replayed }))
    }

    async fn delete_token(
        &self,
        request: Request<pb::DeleteTokenRequest>,
    ) -> Result<Response<pb::DeleteTokenResponse>, Status> {
        let Self(door) = self;
        let (call, message) = door.enter(request)?;
        let about = About {
            request_id: message.request_id.clone(),
            token_id: message.token_id.clone(),
            operation: Operation::DeleteToken,
            ..About::default()
        };
        let answer = async {
            let ask =
                door.ask(&call, message, |message, problems| tokens::id(&message.token_id, problems))?;
            door.gateway.delete_token(&call.caller, ask, call.wait).await
        };
        let answer = answer.await.map_err(|error| door.refuse(error, &about))?;
        let accounts = door.gateway.accounts();
        let deleted_at_provider = answer.value.deleted_at_provider;
        Ok(Response::new(pb::DeleteTokenResponse {
            token: Some(tokens::to_token(answer.value, accounts, door.now(&call))),
            deleted_at_provider,
            replayed: answer.replayed,
        }))
    }
}

async fn list(
    door: &Door,
    call: &Call,
    mut message: pb::ListTokensRequest,
) -> Result<pb::ListTokensResponse, Error> {
    let size = pages::size(message.page_size);
    let token = message.page_token.clone();
    let checked = door.read(message.clone(), |message, _| Some(message));
    (message.page_size, message.page_token) = (0, String::new());
    let pages = door.pages(call, &message);
    let mut problems = Problems::default();
    let place = pages.place(&token, &mut problems);
    let message = checked.and_then(|message| problems.finish(Some(message)))?;
    let wanted = tokens::Wanted::new(&message.statuses);
    let mut filter = TokenFilter {
        merchant: call.caller.merchant.clone(),
        account: values::text(message.account).map(AccountName),
        customer: values::text(message.customer_id),
        status: wanted.recorded(),
        before: place.and_then(|place| Some(TokenId::from_bytes(place.try_into().ok()?))),
        // One more than a page, to know whether there is another.
        limit: size + 1,
    };
    let now = door.now(call);
    let mut found = Vec::new();
    for _ in 0..READS_MAX {
        let read = door.gateway.tokens(filter.clone()).await?;
        let is_last = read.len() <= size;
        for token in read {
            if found.len() == size {
                let next_page_token = filter.before.map(|id| pages.token(&id.to_bytes()));
                let next_page_token = next_page_token.unwrap_or_default();
                return Ok(pb::ListTokensResponse { tokens: found, next_page_token });
            }
            filter.before = Some(token.id);
            if wanted.has(&token, now) {
                found.push(tokens::to_token(token, door.gateway.accounts(), now));
            }
        }
        if is_last {
            return Ok(pb::ListTokensResponse { tokens: found, next_page_token: String::new() });
        }
    }
    let next_page_token = filter.before.map(|id| pages.token(&id.to_bytes())).unwrap_or_default();
    Ok(pb::ListTokensResponse { tokens: found, next_page_token })
}
