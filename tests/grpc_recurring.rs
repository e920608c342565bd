//! `RecurringService` and `EventService` over the wire: a real server on a real port.

#![cfg(feature = "simulator")]

#[path = "support/served.rs"]
mod served;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use served::*;
use support::{PROVIDERS, Provider};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;
use turnpike::rpc::proto::cadence::Rhythm;
use turnpike::rpc::proto::preview_occurrences_request::Subject;
use turnpike::rpc::proto::schedule_end::Last;
use turnpike::rpc::proto::trial::Length;
use turnpike::rpc::proto::{self as pb, OccurrenceStatus, ScheduleStatus};

const DINTERO: Provider = PROVIDERS[0];
const BEGATEWAY: Provider = PROVIDERS[1];
const BBMSL: Provider = PROVIDERS[4];
/// Cards that BBMSL's simulator stores and declines whenever they are charged.
const SHORT_OF_FUNDS: &str = "4000000000009995";
const STOLEN: &str = "4000000000009979";
const CARD_NUMBER: &str = "4111111111111111";
/// A schedule that has the form of ours and is nobody's.
const NOBODYS: &str = "sch_00000000000000000000000000";

/// On the last day of each month, from a January that lies ahead of every test.
fn terms(token_id: &str) -> pb::ScheduleTerms {
    pb::ScheduleTerms {
        token_id: token_id.to_owned(),
        money: money(DINTERO, 29_900),
        merchant_reference: "membership-7".to_owned(),
        cadence: cadence(Rhythm::Months(1)),
        first_date: "2131-01-31".to_owned(),
        time_zone: "Europe/Oslo".to_owned(),
        ..Default::default()
    }
}

fn cadence(rhythm: Rhythm) -> Option<pb::Cadence> {
    Some(pb::Cadence { rhythm: Some(rhythm), anchor_date: String::new() })
}

fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

fn wish(request_id: &str, token_id: &str) -> pb::ScheduleRecurringRequest {
    pb::ScheduleRecurringRequest {
        request_id: request_id.to_owned(),
        terms: Some(terms(token_id)),
        ..Default::default()
    }
}

/// A gateway, a caller and a saved card.
async fn ready() -> (House, Clients, String) {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let token = saved_card(&mut clients, DINTERO).await.id;
    (house, clients, token)
}

async fn create(clients: &mut Clients, wish: pb::ScheduleRecurringRequest) -> pb::Schedule {
    let created = clients.recurring.schedule_recurring(wish).await.expect("a schedule").into_inner();
    created.schedule.expect("a schedule")
}

async fn read(clients: &mut Clients, id: &str) -> pb::Schedule {
    let wish = pb::GetScheduleRequest { schedule_id: id.to_owned() };
    clients.recurring.get_schedule(wish).await.expect("the schedule").into_inner().schedule.expect("one")
}

async fn all(clients: &mut Clients) -> Vec<pb::Schedule> {
    let listed = clients.recurring.list_schedules(pb::ListSchedulesRequest::default()).await;
    listed.expect("a list").into_inner().schedules
}

fn dates(planned: &[pb::PlannedOccurrence]) -> Vec<&str> {
    planned.iter().map(|planned| planned.date.as_str()).collect()
}

fn refused<T: std::fmt::Debug>(
    answer: Result<Response<T>, Status>,
) -> (Code, String, BTreeMap<String, String>) {
    let status = answer.expect_err("refused");
    let metadata = status.get_details_error_info().expect("an ErrorInfo").metadata;
    assert_eq!(
        status.get_details_precondition_failure().is_some(),
        status.code() == Code::FailedPrecondition,
        "{status:?}"
    );
    (status.code(), reason(&status), metadata.into_iter().collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_created_once_and_shown_as_it_was_agreed() {
    let (_house, mut clients, token) = ready().await;
    let mut wish = wish("monthly", &token);
    let agreed = wish.terms.as_mut().expect("terms");
    agreed.local_time = "08:30".to_owned();
    agreed.end = Some(pb::ScheduleEnd { last: Some(Last::Count(4)) });
    agreed.trial = Some(pb::Trial { length: Some(Length::Occurrences(1)), money: money(DINTERO, 100) });
    agreed.tolerance = Some(seconds(600));
    agreed.metadata = BTreeMap::from([("team".to_owned(), "blue".to_owned())]);
    let first = clients.recurring.schedule_recurring(wish.clone()).await.expect("created").into_inner();
    let schedule = first.schedule.clone().expect("a schedule");
    assert!(schedule.id.starts_with("sch_") && !schedule.etag.is_empty());
    assert_eq!(
        (schedule.status(), schedule.halt_reason()),
        (ScheduleStatus::Active, pb::HaltReason::Unspecified)
    );
    assert_eq!((schedule.account.as_str(), schedule.provider.as_str()), (DINTERO.account, DINTERO.name));
    assert_eq!((schedule.customer_id.as_str(), schedule.test), ("customer-1", true));
    assert_eq!(dates(&first.upcoming), ["2131-01-31", "2131-02-28", "2131-03-31", "2131-04-30"]);
    assert_eq!(schedule.next_occurrence.as_ref(), first.upcoming.first());
    let prices: Vec<_> = first.upcoming.iter().map(|planned| planned.money.clone()).collect();
    assert_eq!(prices[..2], [money(DINTERO, 100), money(DINTERO, 29_900)]);
    for planned in &first.upcoming {
        let (at, due) = (planned.scheduled_at.expect("a time"), planned.due_at.expect("a time"));
        assert!((0..600).contains(&(due.seconds - at.seconds)), "{planned:?}");
    }

    // Sent again as it is shown, it means the same.
    let shown = schedule.terms.clone().expect("terms");
    let expected = pb::ScheduleTerms {
        cadence: Some(pb::Cadence { rhythm: Some(Rhythm::Months(1)), anchor_date: "2131-01-31".to_owned() }),
        catch_up_window: Some(seconds(72 * 3600)),
        overlap: pb::OverlapPolicy::Delay.into(),
        retries: Some(pb::RetryPolicy { ladder: None, when_exhausted: pb::ExhaustedPolicy::PastDue.into() }),
        ..wish.terms.clone().expect("terms")
    };
    assert_eq!(shown, expected);

    let second = clients.recurring.schedule_recurring(wish.clone()).await.expect("again").into_inner();
    assert_eq!((first.replayed, second.replayed), (false, true));
    assert_eq!(second.schedule.as_ref(), Some(&schedule));
    assert_eq!(read(&mut clients, &schedule.id).await, schedule);
    wish.terms.as_mut().expect("terms").statement_descriptor = "CLUB".to_owned();
    let (code, reason, metadata) = refused(clients.recurring.schedule_recurring(wish).await);
    assert_eq!((code, reason.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    assert_eq!(metadata["resource_id"], schedule.id);
    assert_eq!(all(&mut clients).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_the_terms_is_named_and_nothing_is_written() {
    let (_house, mut clients, token) = ready().await;
    type Change = fn(&mut pb::ScheduleTerms);
    let wrong: &[(&str, Change)] = &[
        ("token_id", |terms| terms.token_id.clear()),
        ("token_id", |terms| terms.token_id = "card".to_owned()),
        ("money", |terms| terms.money = None),
        ("money.amount_minor", |terms| terms.money = money(DINTERO, 0)),
        ("money.amount_minor", |terms| terms.money = money(DINTERO, -1)),
        ("merchant_reference", |terms| terms.merchant_reference.clear()),
        ("merchant_reference", |terms| terms.merchant_reference = "x".repeat(65)),
        ("cadence", |terms| terms.cadence = None),
        ("cadence.rhythm", |terms| terms.cadence = Some(pb::Cadence::default())),
        ("cadence.days", |terms| terms.cadence = cadence(Rhythm::Days(0))),
        ("cadence.days", |terms| terms.cadence = cadence(Rhythm::Days(3_661))),
        ("cadence.weeks", |terms| terms.cadence = cadence(Rhythm::Weeks(521))),
        ("cadence.months", |terms| terms.cadence = cadence(Rhythm::Months(121))),
        ("cadence.years", |terms| terms.cadence = cadence(Rhythm::Years(11))),
        ("cadence.rule", |terms| terms.cadence = cadence(Rhythm::Rule("FREQ=HOURLY".to_owned()))),
        ("cadence.rule", |terms| terms.cadence = cadence(Rhythm::Rule("freq=daily".to_owned()))),
        ("cadence.rule", |terms| {
            terms.cadence = cadence(Rhythm::Rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30".to_owned()));
        }),
        ("cadence.anchor_date", |terms| {
            terms.cadence.as_mut().expect("a cadence").anchor_date = "2131-02-29".to_owned();
        }),
        ("first_date", |terms| terms.first_date.clear()),
        ("first_date", |terms| terms.first_date = "2131-02-30".to_owned()),
        ("first_date", |terms| terms.first_date = "31.01.2131".to_owned()),
        ("first_date", |terms| terms.first_date = "2020-01-31".to_owned()),
        ("first_date", |terms| terms.first_date = "2201-01-01".to_owned()),
        ("time_zone", |terms| terms.time_zone.clear()),
        ("time_zone", |terms| terms.time_zone = "Europe/Atlantis".to_owned()),
        ("time_zone", |terms| terms.time_zone = "Etc/GMT+5".to_owned()),
        ("local_time", |terms| terms.local_time = "24:00".to_owned()),
        ("end.last", |terms| terms.end = Some(pb::ScheduleEnd::default())),
        ("end.count", |terms| terms.end = Some(pb::ScheduleEnd { last: Some(Last::Count(0)) })),
        ("end.date", |terms| {
            terms.end = Some(pb::ScheduleEnd { last: Some(Last::Date("2131-01-30".to_owned())) });
        }),
        ("trial.length", |terms| terms.trial = Some(pb::Trial { length: None, money: None })),
        ("trial.money.amount_minor", |terms| {
            let length = Some(Length::Occurrences(1));
            terms.trial = Some(pb::Trial { length, money: money(DINTERO, 0) });
        }),
        ("trial.money.currency_code", |terms| {
            let money = Some(pb::Money { amount_minor: 5, currency_code: "EUR".to_owned() });
            terms.trial = Some(pb::Trial { length: Some(Length::Occurrences(1)), money });
        }),
        ("catch_up_window", |terms| terms.catch_up_window = Some(seconds(59))),
        ("catch_up_window", |terms| terms.catch_up_window = Some(seconds(31_622_401))),
        ("overlap", |terms| terms.overlap = 9),
        ("retries.when_exhausted", |terms| {
            terms.retries = Some(pb::RetryPolicy { ladder: None, when_exhausted: 9 });
        }),
        ("retries.ladder.delays[0]", |terms| terms.retries = ladder(&[60])),
        ("retries.ladder.delays[2]", |terms| terms.retries = ladder(&[3_600, 7_200, 7_200])),
        ("retries.ladder.delays", |terms| terms.retries = ladder(&[3_600; 21])),
        ("tolerance", |terms| terms.tolerance = Some(seconds(86_401))),
        ("description", |terms| terms.description = "x".repeat(256)),
        ("statement_descriptor", |terms| terms.statement_descriptor = "x".repeat(23)),
        ("customer_return_url", |terms| terms.customer_return_url = "javascript:alert(1)".to_owned()),
        ("metadata", |terms| {
            terms.metadata = (0..51).map(|number| (number.to_string(), String::new())).collect();
        }),
    ];
    for validate_only in [true, false] {
        for (field, change) in wrong {
            let mut wish = wish("wrong", &token);
            wish.validate_only = validate_only;
            change(wish.terms.as_mut().expect("terms"));
            let status = clients.recurring.schedule_recurring(wish).await.expect_err(field);
            assert_eq!(status.code(), Code::InvalidArgument, "{field}: {status:?}");
            assert!(fields(&status).contains(&format!("terms.{field}")), "{field}: {:?}", fields(&status));
        }
    }
    let without = pb::ScheduleRecurringRequest { terms: None, ..wish("wrong", &token) };
    let status = clients.recurring.schedule_recurring(without).await.expect_err("no terms");
    assert_eq!(fields(&status), BTreeSet::from(["terms".to_owned()]));
    assert!(all(&mut clients).await.is_empty());
    // None of them used the request id up.
    create(&mut clients, wish("wrong", &token)).await;
}

fn ladder(delays: &[i64]) -> Option<pb::RetryPolicy> {
    let delays = delays.iter().map(|delay| seconds(*delay)).collect();
    Some(pb::RetryPolicy { ladder: Some(pb::RetryLadder { delays }), when_exhausted: 0 })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_charged_is_refused_with_its_reason() {
    let (house, mut clients, token) = ready().await;
    let nobodys = "tok_00000000000000000000000000";
    type Change = fn(&mut pb::ScheduleRecurringRequest);
    let wrong: &[(Code, &str, Change)] = &[
        (Code::NotFound, "PAYMENT_NOT_FOUND", |wish| {
            wish.first_payment_id = "pay_00000000000000000000000000".to_owned();
        }),
        (Code::InvalidArgument, "UNKNOWN_CURRENCY", |wish| {
            let money = Some(pb::Money { amount_minor: 5, currency_code: "XXX".to_owned() });
            wish.terms.as_mut().expect("terms").money = money;
        }),
        (Code::InvalidArgument, "AMOUNT_OUT_OF_BOUNDS", |wish| {
            wish.terms.as_mut().expect("terms").money = money(DINTERO, 2_147_483_648);
        }),
        (Code::InvalidArgument, "AMOUNT_OUT_OF_BOUNDS", |wish| {
            wish.terms.as_mut().expect("terms").money = money(DINTERO, 0);
        }),
        (Code::InvalidArgument, "CARD_NUMBER_IN_TEXT", |wish| {
            wish.terms.as_mut().expect("terms").description = format!("paid with {CARD_NUMBER}");
        }),
    ];
    for (code, expected, change) in wrong {
        let mut wish = wish("refused", &token);
        change(&mut wish);
        let (told, reason, _) = refused(clients.recurring.schedule_recurring(wish).await);
        assert_eq!((told, reason.as_str()), (*code, *expected));
    }
    let (code, reason, metadata) =
        refused(clients.recurring.schedule_recurring(wish("refused", nobodys)).await);
    assert_eq!((code, reason.as_str()), (Code::NotFound, "TOKEN_NOT_FOUND"));
    assert_eq!(metadata["token_id"], nobodys);
    let mut stranger = house.clients(Some(STRANGER));
    let (_, reason, _) = refused(stranger.recurring.schedule_recurring(wish("mine", &token)).await);
    assert_eq!(reason, "TOKEN_NOT_FOUND");

    let mut options = wish("options", &token);
    let of_another = pb::schedule_recurring_request::ProviderOptions::Pivot(Default::default());
    options.provider_options = Some(of_another);
    let status = clients.recurring.schedule_recurring(options).await.expect_err("another provider's");
    assert!([Code::InvalidArgument, Code::FailedPrecondition].contains(&status.code()), "{status:?}");

    let present_only = pb::ImportTokenRequest {
        request_id: "import".to_owned(),
        account: DINTERO.account.to_owned(),
        provider_token: Some(pb::ProviderToken {
            values: vec![pb::ProviderTokenValue {
                value: "d3b07384-d9a0-4c9b-8f3e-000000000001".to_owned(),
                ..Default::default()
            }],
            product_type: DINTERO.token_product.to_owned(),
            uses: vec![pb::TokenUse::CustomerPresent.into()],
            ..Default::default()
        }),
        ..Default::default()
    };
    let imported = clients.tokens.import_token(present_only).await.expect("imported").into_inner();
    let imported = imported.token.expect("a token").id;
    let (code, reason, metadata) =
        refused(clients.recurring.schedule_recurring(wish("use", &imported)).await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "TOKEN_USE_NOT_ALLOWED"));
    assert_eq!((metadata["token_id"].as_str(), metadata["use"].as_str()), (imported.as_str(), "RECURRING"));
    assert!(all(&mut clients).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn validating_tells_what_would_be_and_writes_nothing() {
    let (_house, mut clients, token) = ready().await;
    let checked = pb::ScheduleRecurringRequest { validate_only: true, ..wish("later", &token) };
    for _ in 0..2 {
        let told = clients.recurring.schedule_recurring(checked.clone()).await.expect("fine").into_inner();
        let schedule = told.schedule.expect("a schedule");
        assert_eq!((schedule.id.as_str(), schedule.etag.as_str(), told.replayed), ("", "", false));
        assert_eq!(told.upcoming.len(), 5);
        assert_eq!(told.upcoming[0].due_at, told.upcoming[0].scheduled_at);
    }
    let mut spread = checked;
    spread.terms.as_mut().expect("terms").tolerance = Some(seconds(60));
    let told = clients.recurring.schedule_recurring(spread).await.expect("fine").into_inner();
    assert!(told.upcoming.iter().all(|planned| planned.due_at.is_none() && planned.scheduled_at.is_some()));
    assert!(all(&mut clients).await.is_empty());
    let events = clients.events.list_events(of_schedules()).await.expect("a list");
    assert!(events.into_inner().events.is_empty());
    let created = clients.recurring.schedule_recurring(wish("later", &token)).await.expect("created");
    assert!(!created.into_inner().replayed);
}

fn update(request_id: &str, schedule: &pb::Schedule, paths: &[&str]) -> pb::UpdateScheduleRequest {
    pb::UpdateScheduleRequest {
        request_id: request_id.to_owned(),
        schedule_id: schedule.id.clone(),
        etag: schedule.etag.clone(),
        terms: Some(pb::ScheduleTerms::default()),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_what_its_mask_names() {
    let (_house, mut clients, token) = ready().await;
    let mut first = wish("begin", &token);
    first.terms.as_mut().expect("terms").description = "Membership".to_owned();
    let schedule = create(&mut clients, first).await;

    // The rest of the terms is not looked at, be it in form or not.
    let mut dearer = update("dearer", &schedule, &["money", "description"]);
    dearer.terms = Some(pb::ScheduleTerms {
        money: money(DINTERO, 39_900),
        time_zone: "nowhere!".to_owned(),
        ..Default::default()
    });
    let changed = clients.recurring.update_schedule(dearer.clone()).await.expect("changed").into_inner();
    let now = changed.schedule.expect("a schedule");
    let (before, after) = (schedule.terms.clone().expect("terms"), now.terms.clone().expect("terms"));
    assert_eq!(
        after,
        pb::ScheduleTerms { money: money(DINTERO, 39_900), description: String::new(), ..before }
    );
    assert_ne!(now.etag, schedule.etag);
    assert_eq!(changed.upcoming[0].money, money(DINTERO, 39_900));

    // Another look at what was not named is no other request.
    dearer.terms.as_mut().expect("terms").time_zone = "UTC".to_owned();
    let again = clients.recurring.update_schedule(dearer.clone()).await.expect("again").into_inner();
    assert!(again.replayed && again.schedule.as_ref() == Some(&now));
    dearer.terms.as_mut().expect("terms").money = money(DINTERO, 49_900);
    let (_, reason, metadata) = refused(clients.recurring.update_schedule(dearer).await);
    assert_eq!((reason.as_str(), metadata["resource_id"].as_str()), ("REQUEST_ID_REUSED", now.id.as_str()));

    // Numbers go on, and the next occurrence stays where it is.
    let mut weekly = update("weekly", &now, &["cadence"]);
    weekly.terms.as_mut().expect("terms").cadence = cadence(Rhythm::Weeks(1));
    let changed = clients.recurring.update_schedule(weekly).await.expect("changed").into_inner();
    assert_eq!(dates(&changed.upcoming)[..3], ["2131-01-31", "2131-02-07", "2131-02-14"]);
    assert_eq!(changed.upcoming[0].number, 1);

    let stale = update("stale", &now, &["description"]);
    let (code, reason, metadata) = refused(clients.recurring.update_schedule(stale).await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "ETAG_MISMATCH"));
    let etag = changed.schedule.expect("a schedule").etag;
    assert_eq!(
        (metadata["schedule_id"].as_str(), metadata["etag"].as_str()),
        (now.id.as_str(), etag.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mask_that_means_nothing_is_refused() {
    let (_house, mut clients, token) = ready().await;
    let schedule = create(&mut clients, wish("begin", &token)).await;
    let wrong: &[(&[&str], &str)] = &[
        (&[], "update_mask.paths"),
        (&["*"], "update_mask.paths[0]"),
        (&["description", "money.amount_minor"], "update_mask.paths[1]"),
        (&["id"], "update_mask.paths[0]"),
        (&["description", "description"], "update_mask.paths[1]"),
        (&["money"], "terms.money"),
        (&["first_date"], "terms.first_date"),
    ];
    for (paths, field) in wrong {
        let status = clients.recurring.update_schedule(update("mask", &schedule, paths)).await;
        let status = status.expect_err(field);
        assert_eq!(fields(&status), BTreeSet::from([(*field).to_owned()]), "{paths:?}");
    }
    let without = pb::UpdateScheduleRequest { update_mask: None, ..update("mask", &schedule, &[]) };
    let status = clients.recurring.update_schedule(without).await.expect_err("no mask");
    assert_eq!(fields(&status), BTreeSet::from(["update_mask".to_owned()]));
    let without = pb::UpdateScheduleRequest { etag: String::new(), ..update("mask", &schedule, &["end"]) };
    let status = clients.recurring.update_schedule(without).await.expect_err("no etag");
    assert_eq!(fields(&status), BTreeSet::from(["etag".to_owned()]));
    let past = pb::ScheduleTerms { first_date: "2020-01-01".to_owned(), ..Default::default() };
    let past = pb::UpdateScheduleRequest { terms: Some(past), ..update("mask", &schedule, &["first_date"]) };
    let status = clients.recurring.update_schedule(past).await.expect_err("in the past");
    assert_eq!(fields(&status), BTreeSet::from(["terms.first_date".to_owned()]));
    assert_eq!(read(&mut clients, &schedule.id).await, schedule);
}

fn pause(request_id: &str, id: &str, etag: &str) -> pb::PauseScheduleRequest {
    let (request_id, schedule_id, etag) = (request_id.to_owned(), id.to_owned(), etag.to_owned());
    pb::PauseScheduleRequest { request_id, schedule_id, etag }
}

fn resume(request_id: &str, id: &str, etag: &str) -> pb::ResumeScheduleRequest {
    let (request_id, schedule_id, etag) = (request_id.to_owned(), id.to_owned(), etag.to_owned());
    pb::ResumeScheduleRequest { request_id, schedule_id, etag, retry_failed: false }
}

fn cancel(request_id: &str, id: &str, etag: &str) -> pb::CancelScheduleRequest {
    let (request_id, schedule_id, etag) = (request_id.to_owned(), id.to_owned(), etag.to_owned());
    pb::CancelScheduleRequest { request_id, schedule_id, etag }
}

fn skip(request_id: &str, id: &str, number: i32) -> pb::SkipOccurrenceRequest {
    let (request_id, schedule_id) = (request_id.to_owned(), id.to_owned());
    pb::SkipOccurrenceRequest { request_id, schedule_id, number }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_paused_resumed_and_cancelled_as_often_as_one_asks() {
    let (_house, mut clients, token) = ready().await;
    let schedule = create(&mut clients, wish("begin", &token)).await;
    let id = schedule.id.as_str();
    let (_, reason, metadata) = refused(clients.recurring.pause_schedule(pause("p", id, "another")).await);
    assert_eq!((reason.as_str(), metadata["etag"].as_str()), ("ETAG_MISMATCH", schedule.etag.as_str()));
    let paused = clients.recurring.pause_schedule(pause("p", id, &schedule.etag)).await.expect("paused");
    let paused = paused.into_inner().schedule.expect("a schedule");
    assert_eq!(paused.status(), ScheduleStatus::Paused);
    assert_ne!(paused.etag, schedule.etag);
    let again = clients.recurring.pause_schedule(pause("p", id, &schedule.etag)).await.expect("replayed");
    assert!(again.into_inner().replayed);
    let again = clients.recurring.pause_schedule(pause("p-2", id, "")).await.expect("still paused");
    assert_eq!(again.into_inner().schedule.expect("a schedule").status(), ScheduleStatus::Paused);

    let (_, reason, _) = refused(clients.recurring.resume_schedule(resume("r", id, &schedule.etag)).await);
    assert_eq!(reason, "ETAG_MISMATCH");
    let resumed = clients.recurring.resume_schedule(resume("r", id, "")).await.expect("resumed").into_inner();
    assert_eq!(resumed.schedule.expect("a schedule").status(), ScheduleStatus::Active);
    assert_eq!(resumed.upcoming.len(), 5);
    let again = clients.recurring.resume_schedule(resume("r-2", id, "")).await.expect("still active");
    assert_eq!(again.into_inner().schedule.expect("a schedule").status(), ScheduleStatus::Active);

    let cancelled = clients.recurring.cancel_schedule(cancel("c", id, "")).await.expect("cancelled");
    let cancelled = cancelled.into_inner().schedule.expect("a schedule");
    assert_eq!((cancelled.status(), &cancelled.next_occurrence), (ScheduleStatus::Cancelled, &None));
    let again = clients.recurring.cancel_schedule(cancel("c-2", id, "")).await.expect("still cancelled");
    assert_eq!(again.into_inner().schedule.expect("a schedule").status(), ScheduleStatus::Cancelled);
    let (code, reason, metadata) = refused(clients.recurring.pause_schedule(pause("late", id, "")).await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "STATE_FORBIDS"));
    assert_eq!((metadata["resource_id"].as_str(), metadata["state"].as_str()), (id, "CANCELLED"));
    let (_, reason, _) = refused(clients.recurring.resume_schedule(resume("late", id, "")).await);
    assert_eq!(reason, "STATE_FORBIDS");
    let (_, reason, _) = refused(clients.recurring.skip_occurrence(skip("late", id, 1)).await);
    assert_eq!(reason, "STATE_FORBIDS");
    let now = read(&mut clients, id).await;
    let mut late = update("late", &now, &["money"]);
    late.terms.as_mut().expect("terms").money = money(DINTERO, 5);
    let (_, reason, _) = refused(clients.recurring.update_schedule(late).await);
    assert_eq!(reason, "STATE_FORBIDS");
    let subject = Some(Subject::ScheduleId(id.to_owned()));
    let preview = pb::PreviewOccurrencesRequest { subject, ..Default::default() };
    let ahead = clients.recurring.preview_occurrences(preview).await.expect("a preview").into_inner();
    assert!(ahead.occurrences.is_empty());

    let used = cancel("p", id, "");
    let (_, reason, _) = refused(clients.recurring.cancel_schedule(used).await);
    assert_eq!(reason, "REQUEST_ID_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_occurrence_ahead_is_left_out_and_keeps_its_number() {
    let (_house, mut clients, token) = ready().await;
    let mut short = wish("begin", &token);
    let end = Some(pb::ScheduleEnd { last: Some(Last::Count(3)) });
    short.terms.as_mut().expect("terms").end = end;
    let schedule = create(&mut clients, short).await;
    let skipped = clients.recurring.skip_occurrence(skip("two", &schedule.id, 2)).await.expect("skipped");
    let skipped = skipped.into_inner();
    assert_eq!(skipped.schedule.expect("a schedule").skipped_numbers, [2]);
    let marks: Vec<_> = skipped.upcoming.iter().map(|planned| (planned.number, planned.skipped)).collect();
    assert_eq!(marks, [(1, false), (2, true), (3, false)]);
    let again = clients.recurring.skip_occurrence(skip("two", &schedule.id, 2)).await.expect("replayed");
    assert!(again.into_inner().replayed);
    let again = clients.recurring.skip_occurrence(skip("two-2", &schedule.id, 2)).await.expect("still");
    assert_eq!(again.into_inner().schedule.expect("a schedule").skipped_numbers, [2]);
    let (code, reason, metadata) =
        refused(clients.recurring.skip_occurrence(skip("four", &schedule.id, 4)).await);
    assert_eq!((code, reason.as_str()), (Code::NotFound, "OCCURRENCE_NOT_FOUND"));
    assert_eq!((metadata["schedule_id"].as_str(), metadata["number"].as_str()), (schedule.id.as_str(), "4"));
    for number in [0, -1, 2_000] {
        let status = clients.recurring.skip_occurrence(skip("far", &schedule.id, number)).await;
        assert_eq!(fields(&status.expect_err("too far")), BTreeSet::from(["number".to_owned()]), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchants_schedule_is_not_there() {
    let (house, mut clients, token) = ready().await;
    let schedule = create(&mut clients, wish("mine", &token)).await;
    let mut stranger = house.clients(Some(STRANGER));
    let mut grown = update("u", &schedule, &["description"]);
    for id in [schedule.id.as_str(), NOBODYS, "sch_short"] {
        grown.schedule_id = id.to_owned();
        let subject = Some(Subject::ScheduleId(id.to_owned()));
        let preview = pb::PreviewOccurrencesRequest { subject, ..Default::default() };
        let occurrences = pb::ListOccurrencesRequest { schedule_id: id.to_owned(), ..Default::default() };
        let service = &mut stranger.recurring;
        let read = pb::GetScheduleRequest { schedule_id: id.to_owned() };
        let told = [
            refused(service.get_schedule(read).await),
            refused(service.update_schedule(grown.clone()).await),
            refused(service.pause_schedule(pause("p", id, "")).await),
            refused(service.resume_schedule(resume("r", id, "")).await),
            refused(service.cancel_schedule(cancel("c", id, "")).await),
            refused(service.skip_occurrence(skip("s", id, 1)).await),
            refused(service.list_occurrences(occurrences).await),
            refused(service.preview_occurrences(preview).await),
        ];
        for (code, reason, metadata) in told {
            assert_eq!((code, reason.as_str()), (Code::NotFound, "SCHEDULE_NOT_FOUND"));
            assert_eq!(metadata["schedule_id"], id);
        }
    }
    assert!(all(&mut stranger).await.is_empty());
    let events = stranger.events.list_events(of_schedules()).await.expect("a list");
    assert!(events.into_inner().events.is_empty());
    let wrong = pb::GetScheduleRequest { schedule_id: "pay_1".to_owned() };
    let status = stranger.recurring.get_schedule(wrong).await.expect_err("not in form");
    assert_eq!(fields(&status), BTreeSet::from(["schedule_id".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_are_listed_in_pages_and_by_what_they_are() {
    let (_house, mut clients, token) = ready().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let mut wish = wish(&format!("list-{number}"), &token);
        wish.terms.as_mut().expect("terms").merchant_reference = format!("membership-{}", number % 2);
        ids.insert(0, create(&mut clients, wish).await.id);
    }
    clients.recurring.pause_schedule(pause("p", &ids[0], "")).await.expect("paused");
    let mut page = pb::ListSchedulesRequest { page_size: 2, ..Default::default() };
    let mut listed = Vec::new();
    loop {
        let told = clients.recurring.list_schedules(page.clone()).await.expect("a page").into_inner();
        assert!(told.schedules.len() <= 2);
        listed.extend(told.schedules.into_iter().map(|schedule| schedule.id));
        page.page_token = told.next_page_token;
        if page.page_token.is_empty() {
            break;
        }
        let other = pb::ListSchedulesRequest { customer_id: "other".to_owned(), ..page.clone() };
        let status = clients.recurring.list_schedules(other).await.expect_err("another list");
        assert_eq!(fields(&status), BTreeSet::from(["page_token".to_owned()]));
    }
    assert_eq!(listed, ids);
    let filters: [(pb::ListSchedulesRequest, usize); 7] = [
        (pb::ListSchedulesRequest { statuses: vec![ScheduleStatus::Paused.into()], ..Default::default() }, 1),
        (pb::ListSchedulesRequest { merchant_reference: "membership-0".to_owned(), ..Default::default() }, 3),
        (pb::ListSchedulesRequest { token_id: token.clone(), ..Default::default() }, 5),
        (pb::ListSchedulesRequest { customer_id: "customer-1".to_owned(), ..Default::default() }, 5),
        (pb::ListSchedulesRequest { customer_id: "customer-2".to_owned(), ..Default::default() }, 0),
        (pb::ListSchedulesRequest { account: DINTERO.account.to_owned(), ..Default::default() }, 5),
        (pb::ListSchedulesRequest { account: "other".to_owned(), ..Default::default() }, 0),
    ];
    for (wish, count) in filters {
        let told = clients.recurring.list_schedules(wish.clone()).await.expect("a list").into_inner();
        assert_eq!(told.schedules.len(), count, "{wish:?}");
    }
    let wrong: [(pb::ListSchedulesRequest, &str); 4] = [
        (pb::ListSchedulesRequest { page_size: 201, ..Default::default() }, "page_size"),
        (pb::ListSchedulesRequest { statuses: vec![0], ..Default::default() }, "statuses[0]"),
        (pb::ListSchedulesRequest { token_id: "tok_short".to_owned(), ..Default::default() }, "token_id"),
        (pb::ListSchedulesRequest { page_token: "made-up".to_owned(), ..Default::default() }, "page_token"),
    ];
    for (wish, field) in wrong {
        let status = clients.recurring.list_schedules(wish).await.expect_err(field);
        assert_eq!(fields(&status), BTreeSet::from([field.to_owned()]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_out_as_many_as_one_wants() {
    let (_house, mut clients, token) = ready().await;
    let daily = pb::ScheduleTerms {
        cadence: cadence(Rhythm::Days(1)),
        first_date: "2131-01-31".to_owned(),
        time_zone: "Europe/Oslo".to_owned(),
        ..Default::default()
    };
    let preview = |terms: &pb::ScheduleTerms, count: i32, after_number: i32| {
        let subject = Some(Subject::Terms(terms.clone()));
        pb::PreviewOccurrencesRequest { subject, count, after_number }
    };
    let service = &mut clients.recurring;
    let usual = service.preview_occurrences(preview(&daily, 0, 0)).await.expect("a preview").into_inner();
    assert_eq!(usual.occurrences.len(), 12);
    assert!(usual.occurrences.iter().all(|planned| planned.money.is_none() && planned.due_at.is_some()));
    let many = service.preview_occurrences(preview(&daily, 1_000, 0)).await.expect("many").into_inner();
    let numbers: Vec<i32> = many.occurrences.iter().map(|planned| planned.number).collect();
    assert_eq!(numbers, (1..=1_000).collect::<Vec<_>>());
    let more = service.preview_occurrences(preview(&daily, 3, 997)).await.expect("more").into_inner();
    assert_eq!(more.occurrences, many.occurrences[997..]);
    let beyond = service.preview_occurrences(preview(&daily, 3, 100_000)).await.expect("none").into_inner();
    assert!(beyond.occurrences.is_empty());

    // A rule and a trial, without a token or with one that is not looked at.
    let tuesdays = pb::ScheduleTerms {
        token_id: "not a token".to_owned(),
        money: money(DINTERO, 500),
        cadence: cadence(Rhythm::Rule("FREQ=MONTHLY;BYDAY=2TU".to_owned())),
        trial: Some(pb::Trial { length: Some(Length::Occurrences(1)), money: None }),
        tolerance: Some(seconds(60)),
        ..daily.clone()
    };
    let told = service.preview_occurrences(preview(&tuesdays, 3, 0)).await.expect("a preview").into_inner();
    assert_eq!(dates(&told.occurrences), ["2131-02-13", "2131-03-13", "2131-04-10"]);
    let prices: Vec<_> = told.occurrences.iter().map(|planned| planned.money.clone()).collect();
    assert_eq!(prices, [None, money(DINTERO, 500), money(DINTERO, 500)]);
    assert!(told.occurrences.iter().all(|planned| planned.due_at.is_none()));

    let wrong = [
        (preview(&daily, 1_001, 0), "count"),
        (preview(&daily, 1, 100_001), "after_number"),
        (preview(&daily, -1, 0), "count"),
        (pb::PreviewOccurrencesRequest::default(), "subject"),
        (preview(&pb::ScheduleTerms { cadence: None, ..daily.clone() }, 1, 0), "terms.cadence"),
        (preview(&pb::ScheduleTerms { time_zone: String::new(), ..daily.clone() }, 1, 0), "terms.time_zone"),
        (
            preview(&pb::ScheduleTerms { first_date: "2020-01-01".to_owned(), ..daily }, 1, 0),
            "terms.first_date",
        ),
    ];
    for (wish, field) in wrong {
        let status = service.preview_occurrences(wish).await.expect_err(field);
        assert_eq!(fields(&status), BTreeSet::from([field.to_owned()]));
    }

    let schedule = create(&mut clients, wish("there", &token)).await;
    let subject = Some(Subject::ScheduleId(schedule.id));
    let there = pb::PreviewOccurrencesRequest { subject, count: 2, after_number: 1 };
    let told = clients.recurring.preview_occurrences(there).await.expect("a preview").into_inner();
    assert_eq!(dates(&told.occurrences), ["2131-02-28", "2131-03-31"]);
}

/// Events of schedules, and none of the payments that they lead to.
fn of_schedules() -> pb::ListEventsRequest {
    let types = vec!["schedule.*".to_owned(), "occurrence.*".to_owned()];
    pb::ListEventsRequest { types, ..Default::default() }
}

async fn events(
    clients: &mut Clients,
    after: &str,
    types: &[&str],
    page_size: i32,
) -> pb::ListEventsResponse {
    let types = types.iter().map(|word| (*word).to_owned()).collect();
    let wish = pb::ListEventsRequest { after: after.to_owned(), types, page_size };
    clients.events.list_events(wish).await.expect("a list").into_inner()
}

fn types(told: &pb::ListEventsResponse) -> Vec<&str> {
    told.events.iter().map(|event| event.r#type.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_on_from_any_place() {
    let (house, mut clients, token) = ready().await;
    // What came before is about the card that was saved.
    let before = events(&mut clients, "", &[], 0).await;
    assert!(!before.has_more && !before.next_cursor.is_empty());
    let empty = events(&mut clients, &before.next_cursor, &[], 0).await;
    assert!(empty.events.is_empty() && !empty.has_more && empty.next_cursor == before.next_cursor);
    let schedule = create(&mut clients, wish("begin", &token)).await;
    clients.recurring.pause_schedule(pause("p", &schedule.id, "")).await.expect("paused");
    clients.recurring.resume_schedule(resume("r", &schedule.id, "")).await.expect("resumed");
    clients.recurring.cancel_schedule(cancel("c", &schedule.id, "")).await.expect("cancelled");
    let expected = ["schedule.created", "schedule.paused", "schedule.resumed", "schedule.cancelled"];
    let told = events(&mut clients, &empty.next_cursor, &[], 0).await;
    assert_eq!(types(&told), expected);
    assert_eq!((told.has_more, &told.next_cursor), (false, &told.events[3].cursor));
    for event in &told.events {
        assert!(event.id.starts_with("evt_") && event.occurred_at.is_some() && event.cursor.len() <= 128);
        let Some(pb::event::Payload::Recurring(about)) = &event.payload else { panic!("{event:?}") };
        assert_eq!((about.schedule_id.as_str(), &about.occurrence), (schedule.id.as_str(), &None));
    }

    // One by one, and from the cursor of an event.
    let (mut cursor, mut read) = (before.next_cursor.clone(), Vec::new());
    loop {
        let page = events(&mut clients, &cursor, &[], 1).await;
        read.extend(page.events);
        cursor = page.next_cursor;
        if !page.has_more {
            break;
        }
    }
    assert_eq!(read, told.events);
    assert_eq!(types(&events(&mut clients, &told.events[1].cursor, &[], 0).await), expected[2..]);
    assert!(events(&mut clients, &told.next_cursor, &[], 0).await.events.is_empty());

    // The types that are wanted are no part of a cursor.
    let some = events(&mut clients, "", &["schedule.paused", "schedule.cancelled"], 1).await;
    assert_eq!((types(&some), some.has_more), (vec!["schedule.paused"], true));
    let rest = events(&mut clients, &some.next_cursor, &["schedule.cancelled"], 1).await;
    assert_eq!((types(&rest), rest.has_more), (vec!["schedule.cancelled"], false));

    let mut stranger = house.clients(Some(STRANGER));
    let wish = |after: &str, types: &[&str], page_size| pb::ListEventsRequest {
        after: after.to_owned(),
        types: types.iter().map(|word| (*word).to_owned()).collect(),
        page_size,
    };
    let status = stranger.events.list_events(wish(&told.next_cursor, &[], 0)).await.expect_err("not ours");
    assert_eq!(fields(&status), BTreeSet::from(["after".to_owned()]));
    for (wish, field) in [
        (wish("made-up", &[], 0), "after"),
        (wish("", &["schedule.paused", "schedule.paid"], 0), "types[1]"),
        (wish("", &["Schedule"], 0), "types[0]"),
        (wish("", &[], 201), "page_size"),
        (wish("", &["schedule.paused"; 51], 0), "types"),
    ] {
        let status = clients.events.list_events(wish).await.expect_err(field);
        assert_eq!(fields(&status), BTreeSet::from([field.to_owned()]));
    }
}

/// Days from now by the caller's clock.
async fn today(clients: &mut Clients) -> jiff::civil::Date {
    let clock = clients.sandbox.get_clock(pb::GetClockRequest {}).await.expect("a clock").into_inner();
    let now = Timestamp::from_second(clock.now.expect("a time").seconds).expect("in range");
    now.to_zoned(TimeZone::UTC).date()
}

async fn taken(clients: &mut Clients, id: &str) -> Vec<pb::Occurrence> {
    let wish = pb::ListOccurrencesRequest { schedule_id: id.to_owned(), ..Default::default() };
    clients.recurring.list_occurrences(wish).await.expect("a list").into_inner().occurrences
}

async fn a_day_passes(clients: &mut Clients) {
    let by = prost_types::Duration { seconds: 24 * 3600, nanos: 0 };
    let forward = pb::AdvanceClockRequest { forward: Some(pb::advance_clock_request::Forward::By(by)) };
    clients.sandbox.advance_clock(forward).await.expect("a day passes");
}

/// A schedule on a card of BBMSL's, charged once by now and not tried again by itself, and its only
/// occurrence.
async fn declined(clients: &mut Clients, card: &'static str) -> (pb::Schedule, pb::Occurrence) {
    let token = saved_card(clients, Provider { card, ..BBMSL }).await.id;
    let mut once = wish(&format!("declined-{}", &card[12..]), &token);
    once.terms = Some(pb::ScheduleTerms {
        money: money(BBMSL, 9_900),
        cadence: cadence(Rhythm::Months(1)),
        first_date: today(clients).await.to_string(),
        time_zone: "UTC".to_owned(),
        retries: ladder(&[]),
        ..terms(&token)
    });
    let schedule = create(clients, once).await;
    a_day_passes(clients).await;
    let mut taken = taken(clients, &schedule.id).await;
    assert_eq!(taken.len(), 1);
    (read(clients, &schedule.id).await, taken.remove(0))
}

fn with_token(request_id: &str, schedule: &pb::Schedule, token_id: &str) -> pb::UpdateScheduleRequest {
    let mut update = update(request_id, schedule, &["token_id"]);
    update.terms.as_mut().expect("terms").token_id = token_id.to_owned();
    update
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_will_not_work_again_waits_for_another() {
    let (house, mut clients, _) = ready().await;
    tokio::spawn(house.gateway.clone().schedule_forever());
    let good = saved_card(&mut clients, BBMSL).await.id;
    let (stopped, occurrence) = declined(&mut clients, STOLEN).await;
    assert_eq!(
        (stopped.status(), stopped.halt_reason()),
        (ScheduleStatus::PastDue, pb::HaltReason::TokenRequired)
    );
    assert_eq!(occurrence.status(), OccurrenceStatus::AwaitingToken);
    let tried = &occurrence.tries[0];
    assert_eq!((tried.outcome(), tried.retry_advice()), (pb::TryOutcome::Declined, pb::RetryAdvice::Never));
    assert_ne!(tried.decline_reason(), pb::DeclineReason::Unspecified);
    let told = events(&mut clients, "", &["schedule.token_required", "schedule.past_due"], 0).await;
    assert_eq!(types(&told), ["schedule.token_required", "schedule.past_due"]);

    let renewed = with_token("renewed", &stopped, &good);
    let renewed = clients.recurring.update_schedule(renewed).await.expect("changed").into_inner();
    assert_eq!(renewed.schedule.expect("a schedule").status(), ScheduleStatus::Active);
    a_day_passes(&mut clients).await;
    let paid = taken(&mut clients, &stopped.id).await.remove(0);
    assert_eq!((paid.status(), paid.number, paid.tries.len()), (OccurrenceStatus::Paid, 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_failed_is_tried_again_when_the_caller_says_so() {
    let (house, mut clients, _) = ready().await;
    tokio::spawn(house.gateway.clone().schedule_forever());
    let good = saved_card(&mut clients, BBMSL).await.id;
    let (stopped, occurrence) = declined(&mut clients, SHORT_OF_FUNDS).await;
    assert_eq!(
        (stopped.status(), stopped.halt_reason()),
        (ScheduleStatus::PastDue, pb::HaltReason::RetriesExhausted)
    );
    assert_eq!(occurrence.status(), OccurrenceStatus::Failed);
    assert_eq!(occurrence.tries[0].retry_advice(), pb::RetryAdvice::Later);

    let another = with_token("another", &stopped, &good);
    clients.recurring.update_schedule(another).await.expect("changed");
    let again = pb::ResumeScheduleRequest { retry_failed: true, ..resume("again", &stopped.id, "") };
    let resumed = clients.recurring.resume_schedule(again.clone()).await.expect("resumed").into_inner();
    assert_eq!(resumed.schedule.expect("a schedule").status(), ScheduleStatus::Active);
    a_day_passes(&mut clients).await;
    let paid = taken(&mut clients, &stopped.id).await.remove(0);
    assert_eq!((paid.status(), paid.tries.len()), (OccurrenceStatus::Paid, 2));

    // Said twice it is done once, and it is not the same as to resume without.
    let repeated = clients.recurring.resume_schedule(again.clone()).await.expect("replayed").into_inner();
    assert!(repeated.replayed);
    let other = pb::ResumeScheduleRequest { retry_failed: false, ..again };
    let (_, reason, _) = refused(clients.recurring.resume_schedule(other).await);
    assert_eq!(reason, "REQUEST_ID_REUSED");
    a_day_passes(&mut clients).await;
    assert_eq!(taken(&mut clients, &stopped.id).await[0].tries.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_its_provider_does_not_know_any_more_is_not_scheduled() {
    let (_house, mut clients, _) = ready().await;
    let token = saved_card(&mut clients, BEGATEWAY).await.id;
    let mut gone = charge(BEGATEWAY, "gone", &token);
    // The amount asks for code 5100, "Saved card can't be used".
    gone.money.as_mut().expect("money").amount_minor = 995_100;
    let charged = clients.payments.charge_token(gone).await.expect("an answer").into_inner();
    assert_eq!(charged.payment.expect("a payment").state(), pb::PaymentState::Declined);
    let mut wish = wish("schedule", &token);
    wish.terms.as_mut().expect("terms").money = money(BEGATEWAY, 9_900);
    let (code, reason, metadata) = refused(clients.recurring.schedule_recurring(wish).await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "TOKEN_UNUSABLE"));
    assert_eq!(metadata.get("token_id").map(String::as_str), Some(token.as_str()));
    assert!(all(&mut clients).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn occurrences_are_charged_and_listed_with_their_payments() {
    let (house, mut clients, token) = ready().await;
    tokio::spawn(house.gateway.clone().schedule_forever());
    let today = today(&mut clients).await;
    let mut daily = wish("daily", &token);
    daily.terms = Some(pb::ScheduleTerms {
        cadence: cadence(Rhythm::Days(1)),
        first_date: today.to_string(),
        time_zone: "UTC".to_owned(),
        local_time: "00:00".to_owned(),
        trial: Some(pb::Trial { length: Some(Length::Occurrences(1)), money: None }),
        ..terms(&token)
    });
    let schedule = create(&mut clients, daily).await;
    clients.recurring.skip_occurrence(skip("two", &schedule.id, 2)).await.expect("skipped");
    let by = prost_types::Duration { seconds: 3 * 24 * 3600, nanos: 0 };
    let forward = pb::AdvanceClockRequest { forward: Some(pb::advance_clock_request::Forward::By(by)) };
    clients.sandbox.advance_clock(forward).await.expect("three days pass");
    let mut listed = Vec::new();
    for _ in 0..400 {
        listed = taken(&mut clients, &schedule.id).await;
        if listed.iter().filter(|taken| taken.status() == OccurrenceStatus::Paid).count() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let told: Vec<_> =
        listed.iter().map(|taken| (taken.number, taken.status(), taken.skip_reason())).collect();
    assert_eq!(
        told,
        [
            (4, OccurrenceStatus::Paid, pb::SkipReason::Unspecified),
            (3, OccurrenceStatus::Paid, pb::SkipReason::Unspecified),
            (2, OccurrenceStatus::Skipped, pb::SkipReason::Requested),
            (1, OccurrenceStatus::Free, pb::SkipReason::Unspecified),
        ],
        "{listed:?}"
    );
    for paid in &listed[..2] {
        assert_eq!((paid.tries.len(), paid.tries[0].outcome()), (1, pb::TryOutcome::Paid));
        let read = clients.payments.get_payment(get(&paid.tries[0].payment_id)).await.expect("the payment");
        let payment = read.into_inner().payment.expect("a payment");
        let of = payment.occurrence.as_ref().expect("an occurrence");
        assert_eq!((of.schedule_id.as_str(), of.number, of.attempt), (schedule.id.as_str(), paid.number, 1));
        assert_eq!(
            (payment.money.clone(), payment.merchant_reference.as_str()),
            (paid.money.clone(), "membership-7")
        );
        assert_eq!(payment.merchant_reason(), pb::MerchantReason::Recurring);
    }

    let mut page =
        pb::ListOccurrencesRequest { schedule_id: schedule.id.clone(), page_size: 3, ..Default::default() };
    let first = clients.recurring.list_occurrences(page.clone()).await.expect("a page").into_inner();
    page.page_token = first.next_page_token;
    let second = clients.recurring.list_occurrences(page.clone()).await.expect("a page").into_inner();
    assert_eq!([first.occurrences, second.occurrences].concat(), listed);
    assert!(second.next_page_token.is_empty());
    page.open_only = true;
    let status = clients.recurring.list_occurrences(page.clone()).await.expect_err("another list");
    assert_eq!(fields(&status), BTreeSet::from(["page_token".to_owned()]));
    page.page_token.clear();
    let open = clients.recurring.list_occurrences(page).await.expect("a list").into_inner();
    assert!(open.occurrences.is_empty());

    let paid = events(&mut clients, "", &["occurrence.paid", "occurrence.skipped"], 0).await;
    assert_eq!(types(&paid), ["occurrence.skipped", "occurrence.paid", "occurrence.paid"]);
    let Some(pb::event::Payload::Recurring(about)) = &paid.events[1].payload else { panic!("{paid:?}") };
    assert_eq!(about.occurrence.as_ref().map(|occurrence| occurrence.number), Some(3));
    assert_eq!(about.payment_id, listed[1].tries[0].payment_id);
    let (_, reason, _) = refused(clients.recurring.skip_occurrence(skip("late", &schedule.id, 3)).await);
    assert_eq!(reason, "STATE_FORBIDS");
}
