//! Stored cards: the page that adds one, the list, the removal (§6.1, §6.3).

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use super::envelope::{Answer, Refusal, Request, handle, success};
use super::state::{About, Page};
use super::{Bbmsl, hosted, views};

/// The longest user id, in characters: the older text has 64, the current one 56 (§6.1).
const USER_CHARS_MAX: usize = 56;

/// `POST /tokenization/add-token`.
pub async fn add(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| added(&bbmsl, request))
}

fn added(bbmsl: &Bbmsl, request: &Request) -> Answer {
    let user = request.need("userId", USER_CHARS_MAX)?;
    let url = |name: &str| request.callback(name).ok_or_else(|| Refusal::field("callbackUrl"));
    let sid = bbmsl.backstage.entropy.hex(24);
    let page = Page {
        about: About::Card { user, notify: url("notify")? },
        success: url("success")?,
        fail: url("fail")?,
        cancel: request.callback("cancel"),
        is_over: false,
        challenge: None,
    };
    bbmsl.state().pages.put(sid.clone(), page);
    Ok(success(json!({ "data": hosted::address(bbmsl, &sid), "message": "SUCCESS" })))
}

/// `POST /tokenization/query-token`.
pub async fn query(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| {
        let user = request.need("userId", USER_CHARS_MAX)?;
        let state = bbmsl.state();
        let cards = state.cards.get(&user).map_or(&[][..], Vec::as_slice);
        let list: Vec<Value> = cards.iter().map(|card| views::stored(card, &user)).collect();
        Ok(success(json!({ "list": list, "message": "SUCCESS" })))
    })
}

/// `POST /tokenization/delete-token`.
pub async fn delete(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| {
        let (user, token) = (request.need("userId", USER_CHARS_MAX)?, request.id("tokenId")?);
        let mut state = bbmsl.state();
        let cards = state.cards.get_mut(&user).ok_or_else(Refusal::no_token)?;
        let place = cards.iter().position(|card| card.token == token).ok_or_else(Refusal::no_token)?;
        cards.remove(place);
        Ok(success(json!({ "message": "SUCCESS" })))
    })
}
