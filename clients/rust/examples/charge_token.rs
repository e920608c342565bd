//! A saved card is charged without the customer; the same request again takes nothing more, and a decline is
//! an answer.
//!
//!     TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… cargo run --example charge_token
//!
//! It talks to `turnpike dev`, where it has a card saved first.

use std::error::Error;

use turnpike_client::v1::charge_token_request::{Initiator, Token};
use turnpike_client::v1::{ChargeTokenRequest, MerchantInitiated, MerchantReason, Money};
use turnpike_client::{InMemory, RequestIds, Turnpike, Unpaid, decline_of, require_paid};

#[path = "saved_card/mod.rs"]
mod saved_card;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let turnpike = Turnpike::from_env()?;
    // A real shop keeps request ids in its database.
    let ids = RequestIds::new(InMemory::default());
    let token_id = saved_card::save(&turnpike, &ids).await?;

    let charge = ChargeTokenRequest {
        request_id: ids.first("subscription-7/2027-01").await?,
        token: Some(Token::TokenId(token_id)),
        money: Some(Money { amount_minor: 25_000, currency_code: "NOK".to_owned() }),
        merchant_reference: "subscription-7".to_owned(),
        initiator: Some(Initiator::MerchantInitiated(MerchantInitiated {
            reason: MerchantReason::Unscheduled.into(),
            ..Default::default()
        })),
        ..Default::default()
    };
    let answer = turnpike.payments().charge_token(charge.clone()).await?.into_inner();
    let payment = require_paid(answer.payment.unwrap_or_default())?;
    println!("payment {} took {}", payment.id, payment.totals.unwrap_or_default().captured_minor);

    // As after a lost answer: the same request with the id that was kept.
    let again =
        ChargeTokenRequest { request_id: ids.again("subscription-7/2027-01").await?, ..charge.clone() };
    let answer = turnpike.payments().charge_token(again).await?.into_inner();
    println!("again: {} (replayed: {})", answer.payment.unwrap_or_default().id, answer.replayed);

    // This amount is declined by the simulated provider.
    let dear = ChargeTokenRequest {
        request_id: ids.first("subscription-7/2027-02").await?,
        money: Some(Money { amount_minor: 990_051, currency_code: "NOK".to_owned() }),
        ..charge
    };
    let answer = turnpike.payments().charge_token(dear).await?.into_inner();
    match require_paid(answer.payment.unwrap_or_default()) {
        Err(Unpaid::Declined(payment)) => {
            let decline = decline_of(&payment).ok_or("a decline says why")?;
            println!(
                "declined: {}, {}",
                decline.reason().as_str_name(),
                decline.retry_advice().as_str_name()
            );
            Ok(())
        }
        Err(other) => Err(other.into()),
        Ok(payment) => Err(format!("{} must be declined", payment.id).into()),
    }
}
