//! A saved card to begin with: what a checkout with "save my card" leaves behind.

use std::error::Error;

use futures_util::StreamExt;
use turnpike_client::v1::confirm_session_request::Means;
use turnpike_client::v1::{
    BrowserReturn, ConfirmSessionRequest, CreateSessionRequest, Customer, GetSessionRequest, Money,
    ReturnUrls, SaveCardDisplay, SessionPurpose, TokenUse, WatchPaymentRequest,
};
use turnpike_client::{InMemory, RequestIds, Turnpike};

/// The id of the token.
pub async fn save(turnpike: &Turnpike, ids: &RequestIds<InMemory>) -> Result<String, Box<dyn Error>> {
    let opened = turnpike
        .sessions()
        .create_session(CreateSessionRequest {
            request_id: ids.for_key("signup-7/session").await?,
            account: "dintero-dev".to_owned(),
            money: Some(Money { amount_minor: 49_900, currency_code: "NOK".to_owned() }),
            merchant_reference: "signup-7".to_owned(),
            purpose: SessionPurpose::PayAndSave.into(),
            save_card_display: SaveCardDisplay::Always.into(),
            future_uses: vec![TokenUse::Recurring.into(), TokenUse::Unscheduled.into()],
            customer: Some(Customer { customer_id: "customer-7".to_owned(), ..Default::default() }),
            return_urls: Some(ReturnUrls {
                success_url: "https://shop.example/done".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        })
        .await?
        .into_inner();
    let session = opened.session.ok_or("the gateway answers with a session")?;
    let url = turnpike.development().pay(&session.id, "4000000000000002").await?;
    let confirmed = turnpike
        .sessions()
        .confirm_session(ConfirmSessionRequest {
            request_id: ids.for_key("signup-7/confirm").await?,
            session_id: session.id.clone(),
            means: Some(Means::Returned(BrowserReturn { url, ..Default::default() })),
            ..Default::default()
        })
        .await?
        .into_inner();

    // Most payments are settled at once. Others take a while, and tell when.
    let payment_id = confirmed.payment.unwrap_or_default().id;
    let watch = WatchPaymentRequest { payment_id, until_settled: true };
    let mut changes = turnpike.payments().watch_payment(watch).await?.into_inner();
    while let Some(change) = changes.next().await {
        println!("first payment: {}", change?.payment.unwrap_or_default().state().as_str_name());
    }

    let found =
        turnpike.sessions().get_session(GetSessionRequest { session_id: session.id }).await?.into_inner();
    let tokens = found.session.unwrap_or_default().token_ids;
    let token = tokens.into_iter().next().ok_or("the card was not saved")?;
    println!("saved card: {token}");
    Ok(token)
}
