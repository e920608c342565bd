//! The events as they happen, with the cursor that a reader keeps.
//!
//!     TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… cargo run --example stream_events
//!
//! It talks to `turnpike dev`, where it makes something happen, and ends when it has heard of it. A reader of
//! real events keeps the cursor in its database, together with what the event led to, and never ends.

use std::error::Error;

use futures_util::TryStreamExt;
use turnpike_client::v1::event::Payload;
use turnpike_client::v1::{CreateSessionRequest, Money, ReturnUrls, SessionPurpose};
use turnpike_client::{Place, Turnpike, new_request_id};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let turnpike = Turnpike::from_env()?;
    // A reader that has a cursor already begins there.
    let cursor = turnpike.newest_cursor().await?;
    let mut events = turnpike.follow(Place::after(cursor).types(["session.*"]));

    let opened = turnpike
        .sessions()
        .create_session(CreateSessionRequest {
            request_id: new_request_id()?,
            money: Some(Money { amount_minor: 49_900, currency_code: "NOK".to_owned() }),
            merchant_reference: "order-18".to_owned(),
            purpose: SessionPurpose::Pay.into(),
            return_urls: Some(ReturnUrls {
                success_url: "https://shop.example/done".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        })
        .await?
        .into_inner();
    let wanted = opened.session.unwrap_or_default().id;

    while let Some(followed) = events.try_next().await? {
        println!("{}, then go on after {}", followed.event.r#type, followed.cursor);
        if let Some(Payload::Session(about)) = followed.event.payload
            && about.session.unwrap_or_default().id == wanted
        {
            println!("that was session {wanted}");
            break;
        }
    }
    Ok(())
}
