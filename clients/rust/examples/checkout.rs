//! A customer buys something: a session is opened, the customer pays on the provider's page, the shop
//! confirms.
//!
//!     TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… cargo run --example checkout
//!
//! It talks to `turnpike dev`, and plays the customer itself.

use std::error::Error;

use turnpike_client::v1::confirm_session_request::Means;
use turnpike_client::v1::{
    BrowserReturn, ConfirmSessionRequest, CreateSessionRequest, Money, ReturnUrls, SessionPurpose,
};
use turnpike_client::{InMemory, RequestIds, Turnpike, require_paid};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let turnpike = Turnpike::from_env()?;
    // A real shop keeps request ids in its database, beside the order.
    let ids = RequestIds::new(InMemory::default());

    let opened = turnpike
        .sessions()
        .create_session(CreateSessionRequest {
            request_id: ids.for_key("order-17/session").await?,
            account: "dintero-dev".to_owned(),
            money: Some(Money { amount_minor: 49_900, currency_code: "NOK".to_owned() }),
            merchant_reference: "order-17".to_owned(),
            purpose: SessionPurpose::Pay.into(),
            return_urls: Some(ReturnUrls {
                success_url: "https://shop.example/done".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        })
        .await?
        .into_inner();
    let session = opened.session.ok_or("the gateway answers with a session")?;
    println!("session {} is open: send the customer to its page", session.id);

    // In life the customer does this, and the browser comes back to the shop with the address.
    let url = turnpike.development().pay(&session.id, "4000000000000002").await?;

    let confirmed = turnpike
        .sessions()
        .confirm_session(ConfirmSessionRequest {
            request_id: ids.for_key("order-17/confirm").await?,
            session_id: session.id,
            means: Some(Means::Returned(BrowserReturn { url, ..Default::default() })),
            ..Default::default()
        })
        .await?
        .into_inner();
    let payment = require_paid(confirmed.payment.unwrap_or_default())?;
    println!("payment {} is {}", payment.id, payment.state().as_str_name());
    Ok(())
}
