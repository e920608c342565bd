//! `POST /hosted-checkout/create`: an order and the page on which it is paid (§7.1).

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::envelope::{Answer, Refusal, Request, handle, success};
use super::state::{About, Due, Order, Page};
use super::{Bbmsl, hosted, orders, views};
use crate::simulator::clock::later;

/// How long a page lives when the merchant does not say: 1000 seconds (§7.1).
const LIFE_MS: u64 = 1_000_000;

/// Makes an order and its page.
pub async fn create(Shared(bbmsl): Shared<Arc<Bbmsl>>, body: Bytes) -> Response {
    handle(&bbmsl, &body, |request| created(&bbmsl, request))
}

fn created(bbmsl: &Bbmsl, request: &Request) -> Answer {
    let (amount, currency) = (request.amount()?, request.currency()?);
    request.check_lines()?;
    let now = bbmsl.now();
    let ends_at = match request.text("expiryTime") {
        None => later(now, LIFE_MS),
        Some(text) => text.parse::<Timestamp>().map_err(|_| Refusal::field("expiryTime"))?,
    };
    let order = orders::order(bbmsl, request, amount, currency)?;
    let order = Order { is_recurring: request.flag("isRecurring"), is_hosted: true, ..order };
    let success_url = request.callback("success").unwrap_or_default();
    let fail = request.callback("fail").unwrap_or_else(|| success_url.clone());
    let mut state = bbmsl.state();
    orders::check_reference(&state, &order.reference)?;
    let id = state.file(order);
    let sid = bbmsl.backstage.entropy.hex(20);
    let page = Page {
        about: About::Order(id),
        success: success_url,
        fail,
        cancel: request.callback("cancel"),
        is_over: false,
        challenge: None,
    };
    state.pages.put(sid.clone(), page);
    state.agenda.plan(ends_at, Due::Close(sid.clone()));
    let mut view = state.orders.get(&id).map(views::order).unwrap_or_default();
    // A new order has neither (sample 31).
    if let Value::Object(view) = &mut view {
        view.remove("netAmount");
    }
    Ok(success(json!({ "checkoutUrl": hosted::address(bbmsl, &sid), "order": view })))
}
