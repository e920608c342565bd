//! A subscription: a saved card is charged every month, and the clock of the merchant is moved to see it.
//!
//!     TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… cargo run --example schedule
//!
//! It talks to `turnpike dev`, where it has a card saved first.

use std::error::Error;
use std::time::Duration;

use futures_util::TryStreamExt;
use turnpike_client::v1::cadence::Rhythm;
use turnpike_client::v1::schedule_end::Last;
use turnpike_client::v1::{
    Cadence, CancelScheduleRequest, ListOccurrencesRequest, Money, ScheduleEnd, ScheduleRecurringRequest,
    ScheduleTerms,
};
use turnpike_client::{InMemory, RequestIds, Turnpike};

#[path = "saved_card/mod.rs"]
mod saved_card;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let turnpike = Turnpike::from_env()?;
    // A real shop keeps request ids in its database.
    let ids = RequestIds::new(InMemory::default());
    let token_id = saved_card::save(&turnpike, &ids).await?;

    let tomorrow = turnpike.development().now().await? + DAY;
    let terms = ScheduleTerms {
        token_id,
        money: Some(Money { amount_minor: 9_900, currency_code: "NOK".to_owned() }),
        merchant_reference: "membership-7".to_owned(),
        cadence: Some(Cadence { rhythm: Some(Rhythm::Months(1)), ..Default::default() }),
        first_date: prost_types::Timestamp::from(tomorrow).to_string()[..10].to_owned(),
        time_zone: "UTC".to_owned(),
        end: Some(ScheduleEnd { last: Some(Last::Count(12)) }),
        ..Default::default()
    };
    let request_id = ids.for_key("membership-7/schedule").await?;
    let request = ScheduleRecurringRequest { request_id, terms: Some(terms), ..Default::default() };
    let made = turnpike.recurring().schedule_recurring(request).await?.into_inner();
    let schedule = made.schedule.ok_or("the gateway answers with a schedule")?;
    println!("schedule {} is made; {} charges are shown ahead", schedule.id, made.upcoming.len());

    let now = turnpike.development().advance(70 * DAY).await?;
    println!("it is {}", prost_types::Timestamp::from(now));
    let taken = ListOccurrencesRequest { schedule_id: schedule.id.clone(), ..Default::default() };
    let occurrences: Vec<_> = turnpike.pages(taken).try_collect().await?;
    for occurrence in occurrences.iter().rev() {
        println!("occurrence {}: {}", occurrence.number, occurrence.status().as_str_name());
    }

    let request_id = ids.for_key("membership-7/cancel").await?;
    let cancel = CancelScheduleRequest { request_id, schedule_id: schedule.id, ..Default::default() };
    let cancelled = turnpike.recurring().cancel_schedule(cancel).await?.into_inner();
    println!("schedule: {}", cancelled.schedule.unwrap_or_default().status().as_str_name());
    Ok(())
}
