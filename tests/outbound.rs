//! Events on their way to merchants' own servers: over real connections to real receivers, from a real
//! store, by a clock that the tests move.

mod support;

#[path = "outbound/receiver.rs"]
mod receiver;

#[path = "outbound/house.rs"]
mod house;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use house::*;
use receiver::*;
use turnpike::domain::delivery::{DeliveryStatus, ORDER_KEPT, PARKED_AFTER};
use turnpike::domain::event::EventKind;
use turnpike::engine::deliveries::Redeliver;
use turnpike::engine::error::{Error, Thing};

const HOUR: Duration = Duration::from_secs(3600);
/// More than any pause between two tries.
const LONG: Duration = Duration::from_secs(8 * 3600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_is_signed_and_is_the_event_of_the_contract() {
    let receiver = Receiver::start().await;
    let house = House::new(vec![endpoint("books", &receiver.url())]).await;
    let event = house.tell(1, EventKind::OccurrencePaid).await;
    let calls = receiver.calls(1).await;
    let call = &calls[0];

    assert_eq!(
        (call.header("webhook-id"), call.header("content-type")),
        (event.to_string().as_str(), "application/json")
    );
    assert_eq!(call.header("user-agent"), concat!("turnpike/", env!("CARGO_PKG_VERSION")));
    let seconds: i64 = call.header("webhook-timestamp").parse().expect("seconds");
    assert!((house.now().as_second() - seconds).abs() < 60, "{seconds}");
    assert_eq!(call.signatures(), [signed(OLD, call)]);

    let body: serde_json::Value = serde_json::from_slice(&call.body).expect("JSON");
    assert_eq!(body["type"], "occurrence.paid");
    let at: jiff::Timestamp = body["timestamp"].as_str().expect("a time").parse().expect("RFC 3339");
    assert!(house.now().duration_since(at).as_secs() < 60);
    let data = &body["data"];
    assert_eq!((&data["id"], &data["type"]), (&serde_json::json!(event.to_string()), &body["type"]));
    assert_eq!(data["recurring"]["paymentId"], payment(1).to_string());
    assert!(data.get("cursor").is_none(), "{data}");

    let delivery = house.ended("books", event).await;
    assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Delivered, 1));
    assert_eq!((delivery.http_status, delivery.next_at), (Some(204), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_gets_what_it_wants_from_when_it_was_first_seen() {
    let receiver = Receiver::start().await;
    let house = House::new(Vec::new()).await;
    house.tell(1, EventKind::OccurrencePaid).await;

    let mut books = endpoint("books", &receiver.url());
    books.events = vec!["occurrence.*".to_owned(), "schedule.paused".to_owned()];
    let house = house.again(vec![books]).await;
    house.tell(2, EventKind::SchedulePaused).await;
    house.tell(3, EventKind::ScheduleResumed).await;
    house.tell(4, EventKind::OccurrenceHeld).await;
    receiver.calls(2).await;
    house.caught_up("books").await;
    let types: BTreeSet<String> = receiver.so_far().iter().map(Call::kind).collect();
    assert_eq!(types, BTreeSet::from(["schedule.paused".to_owned(), "occurrence.held".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_one_payment_keep_their_order_while_others_go_on() {
    let receiver = Receiver::start().await;
    // The second event of the first payment is refused twice.
    receiver.answer(move |call, before| match call.note().as_str() {
        "2" if before < 2 => 503,
        _ => 204,
    });
    let house = House::new(vec![endpoint("books", &receiver.url())]).await;
    for note in ["1", "2", "3", "4"] {
        house.tell_noted(1, EventKind::OccurrencePaid, note).await;
        house.tell_noted(2, EventKind::OccurrencePaid, &format!("other {note}")).await;
    }
    receiver.until(|calls| taken(calls, payment(2)).len() == 4).await;
    receiver.until(|calls| calls.iter().any(|call| call.note() == "2")).await;
    assert_eq!(taken(&receiver.so_far(), payment(1)), ["1"]);

    house.advance(Duration::from_secs(6));
    receiver.until(|calls| calls.iter().filter(|call| call.note() == "2").count() == 2).await;
    assert_eq!(taken(&receiver.so_far(), payment(1)), ["1"], "the others wait");
    house.advance(Duration::from_secs(40));
    receiver.until(|calls| taken(calls, payment(1)).len() == 4).await;
    assert_eq!(taken(&receiver.so_far(), payment(1)), ["1", "2", "3", "4"]);
    assert_eq!(taken(&receiver.so_far(), payment(2)), ["other 1", "other 2", "other 3", "other 4"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_waits_an_hour_for_an_earlier_one_and_no_longer() {
    let receiver = Receiver::start().await;
    receiver.answer(|call, _| if call.note() == "never" { 500 } else { 204 });
    let house = House::new(vec![endpoint("books", &receiver.url())]).await;
    let never = house.tell_noted(1, EventKind::OccurrenceDeclined, "never").await;
    house.tell_noted(1, EventKind::OccurrencePaid, "later").await;
    // Five tries are less than an hour.
    for attempt in 1..=5 {
        house.tried("books", never, attempt).await;
        assert!(taken(&receiver.so_far(), payment(1)).is_empty());
        if let (true, Some(next_at)) = (attempt < 5, house.delivery("books", never).await.next_at) {
            house.advance_to(next_at);
        }
    }
    house.advance(ORDER_KEPT);
    receiver.until(|calls| taken(calls, payment(1)) == ["later"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_never_taken_is_tried_for_three_days() {
    let receiver = Receiver::start().await;
    receiver.answer(|call, _| if call.note() == "never" { 500 } else { 204 });
    let house = House::new(vec![endpoint("books", &receiver.url())]).await;
    let never = house.tell_noted(1, EventKind::OccurrencePaid, "never").await;
    let tries = |calls: &[Call]| calls.iter().filter(|call| call.note() == "never").count();
    for attempt in 1..=20 {
        receiver.until(|calls| tries(calls) == attempt).await;
        house.tried("books", never, attempt).await;
        // The address itself is fine, or it would be parked.
        let note = format!("between {attempt}");
        house.tell_noted(u8::try_from(attempt).expect("small") + 1, EventKind::OccurrencePaid, &note).await;
        receiver.until(|calls| calls.iter().any(|call| call.note() == note)).await;
        if let Some(next_at) = house.delivery("books", never).await.next_at {
            house.advance_to(next_at);
        }
    }
    let delivery = house.ended("books", never).await;
    assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Failed, 20));
    assert_eq!(delivery.note.as_deref(), Some("answered with 500"));
    let calls = receiver.so_far();
    let times: Vec<i64> = calls.iter().filter(|call| call.note() == "never").map(Call::seconds).collect();
    let days = (times[19] - times[0]) as u64 / HOUR.as_secs();
    assert!((64..80).contains(&days), "{days} hours");
    assert!(times.windows(2).take(8).all(|pair| pair[1] - pair[0] >= 4), "{times:?}");
    let bodies: BTreeSet<&[u8]> =
        calls.iter().filter(|call| call.note() == "never").map(|call| call.body.as_slice()).collect();
    assert_eq!(bodies.len(), 1, "the same bytes every time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_fails_for_a_day_is_parked_and_taken_up_again() {
    let receiver = Receiver::start().await;
    receiver.answer(|_, _| 500);
    let house = House::new(vec![endpoint("books", &receiver.url())]).await;
    for number in 1..=3 {
        house.tell(number, EventKind::OccurrencePaid).await;
    }
    let since = Instant::now();
    loop {
        // What was answered is written down a little later; a clock that moves in between moves past the
        // next try of an address that has just been parked.
        let so_far = house.idle(&receiver).await;
        if house.standing("books").await.parked_at.is_some() {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "{:?}", house.standing("books").await);
        house.advance(LONG);
        receiver.calls(so_far + 1).await;
    }
    let parked = house.standing("books").await;
    assert!(parked.failures >= 10, "{parked:?}");
    assert!(
        house.now().duration_since(parked.failing_since.expect("a time")).as_secs()
            >= PARKED_AFTER.as_secs() as i64
    );
    house.told(EventKind::EndpointParked).await;

    // Nothing is given up, and nothing is tried but once an hour.
    let so_far = house.idle(&receiver).await;
    for more in 1..=80 {
        house.advance(HOUR);
        receiver.calls(so_far + more).await;
        assert_eq!(house.idle(&receiver).await, so_far + more);
    }
    house.tell(4, EventKind::OccurrencePaid).await;
    receiver.answer(|_, _| 200);
    house.advance(HOUR);
    // The three, the fourth, and the news of the address itself.
    receiver.until(|calls| calls.iter().filter(|call| call.answered == 200).count() == 6).await;
    house.told(EventKind::EndpointResumed).await;
    let standing = house.standing("books").await;
    assert_eq!((standing.parked_at, standing.failing_since, standing.failures), (None, None, 0));
    let kinds: Vec<String> =
        receiver.so_far().iter().filter(|call| call.answered == 200).map(Call::kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "occurrence.paid").count(), 4);
    assert!(kinds.contains(&"webhook_endpoint.parked".to_owned()), "{kinds:?}");
    assert!(kinds.contains(&"webhook_endpoint.resumed".to_owned()), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_gone_is_parked_at_once_and_tried_when_somebody_asks() {
    let receiver = Receiver::start().await;
    receiver.answer(|_, _| 410);
    let house = House::new(vec![endpoint("books", &receiver.url())]).await;
    let event = house.tell(1, EventKind::OccurrencePaid).await;
    house.told(EventKind::EndpointParked).await;
    let so_far = house.idle(&receiver).await;
    assert_eq!(so_far, 1);
    receiver.answer(|_, _| 204);
    house.redeliver("again", event, Some("books")).await.expect("asked for");
    house.told(EventKind::EndpointResumed).await;
    assert_eq!(house.ended("books", event).await.status, DeliveryStatus::Delivered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_sent_again_when_asked_for_once_for_each_request() {
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let mut tokens = endpoint("tokens", &other.url());
    tokens.events = vec!["token.*".to_owned()];
    let house = House::new(vec![endpoint("books", &receiver.url()), tokens]).await;
    let event = house.tell(1, EventKind::OccurrencePaid).await;
    receiver.calls(1).await;
    house.ended("books", event).await;

    // To all that want such events, which the second does not.
    let answer = house.redeliver("first", event, None).await.expect("sent again");
    assert_eq!((answer.value.len(), answer.replayed), (1, false));
    assert_eq!((answer.value[0].status, answer.value[0].attempts), (DeliveryStatus::Pending, 1));
    let calls = receiver.calls(2).await;
    assert_eq!(
        (&calls[0].body, calls[0].header("webhook-id")),
        (&calls[1].body, calls[1].header("webhook-id"))
    );
    house.tried("books", event, 2).await;
    let replayed = house.redeliver("first", event, None).await.expect("a repeat");
    assert_eq!((replayed.replayed, replayed.value[0].attempts), (true, 2));
    assert_eq!(house.idle(&receiver).await, 2, "a repeat sends nothing");
    assert!(matches!(house.redeliver("first", event, Some("books")).await, Err(Error::Reused(_))));

    // To one by its name, whatever it wants.
    let answer = house.redeliver("second", event, Some("tokens")).await.expect("sent");
    assert_eq!(answer.value.len(), 1);
    other.calls(1).await;

    let nothing = house.redeliver("third", house.unknown_event(), None).await;
    assert!(matches!(nothing, Err(Error::NotFound(Thing::Event))), "{nothing:?}");
    let nowhere = house.redeliver("fourth", event, Some("nowhere")).await;
    assert!(matches!(nowhere, Err(Error::NotFound(Thing::WebhookEndpoint))), "{nowhere:?}");
    let wish = Redeliver { event, endpoint: None };
    let stranger = support::caller_of("stranger");
    let ask = support::ask_of(&stranger, "theirs", wish);
    let theirs = house.gateway.redeliver(&stranger, ask, None).await;
    assert!(matches!(theirs, Err(Error::NotFound(Thing::Event))), "{theirs:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn during_a_rotation_the_old_and_the_new_secret_sign() {
    let receiver = Receiver::start().await;
    let rotating = || {
        let mut books = endpoint("books", &receiver.url());
        books.secrets = vec![secret(OLD), secret(NEW)];
        books
    };
    let house = House::new(vec![rotating()]).await;
    house.tell(1, EventKind::OccurrencePaid).await;
    let calls = receiver.calls(1).await;
    assert_eq!(calls[0].signatures(), [signed(OLD, &calls[0]), signed(NEW, &calls[0])]);
    assert_ne!(signed(OLD, &calls[0]), signed(NEW, &calls[0]));

    let mut after = endpoint("books", &receiver.url());
    after.secrets = vec![secret(NEW)];
    let house = house.again(vec![after]).await;
    house.tell(2, EventKind::OccurrencePaid).await;
    let calls = receiver.calls(2).await;
    assert_eq!(calls[1].signatures(), [signed(NEW, &calls[1])]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_not_followed() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    receiver.redirect_to(elsewhere.url());
    let house = House::new(vec![endpoint("books", &receiver.url())]).await;
    let event = house.tell(1, EventKind::OccurrencePaid).await;
    house.tried("books", event, 1).await;
    let delivery = house.delivery("books", event).await;
    assert_eq!((delivery.status, delivery.http_status), (DeliveryStatus::Pending, Some(307)));
    assert_eq!(delivery.note.as_deref(), Some("answered with 307; redirects are not followed"));
    assert!(elsewhere.so_far().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_addresses_are_connected_to_only_where_the_configuration_says_so() {
    let receiver = Receiver::start().await;
    let named = receiver.url().replace("127.0.0.1", "localhost");
    let mut literal = endpoint("literal", &receiver.url());
    let mut by_name = endpoint("by-name", &named);
    (literal.allow_private, by_name.allow_private) = (false, false);
    let house = House::new(vec![literal, by_name]).await;
    let event = house.tell(1, EventKind::OccurrencePaid).await;
    for name in ["literal", "by-name"] {
        house.tried(name, event, 1).await;
        let delivery = house.delivery(name, event).await;
        assert_eq!((delivery.status, delivery.http_status), (DeliveryStatus::Pending, None), "{name}");
        assert_eq!(delivery.note.as_deref(), Some("the address is not a public one"), "{name}");
    }
    assert!(receiver.so_far().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_silence_nor_an_endless_answer_holds_anybody_up() {
    let (silent, endless, fine) = (silent().await, endless().await, Receiver::start().await);
    let house = House::new(vec![
        endpoint("silent", &silent),
        endpoint("endless", &endless),
        endpoint("fine", &fine.url()),
    ])
    .await;
    let since = Instant::now();
    let event = house.tell(1, EventKind::OccurrencePaid).await;
    fine.calls(1).await;
    assert_eq!(house.ended("fine", event).await.status, DeliveryStatus::Delivered);
    // The head of its answer is the answer; of the rest a little is read.
    assert_eq!(house.ended("endless", event).await.status, DeliveryStatus::Delivered);
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert_eq!(house.delivery("silent", event).await.attempts, 0);
    // What is under way already is no answer to whoever asks now.
    house.redeliver("meanwhile", event, Some("silent")).await.expect("asked for");
    house.tried("silent", event, 1).await;
    assert!(since.elapsed() >= Duration::from_secs(14), "{:?}", since.elapsed());
    let delivery = house.delivery("silent", event).await;
    assert_eq!((delivery.http_status, delivery.note.as_deref()), (None, Some("no answer within 15 seconds")));
    assert_eq!((delivery.status, delivery.tries), (DeliveryStatus::Pending, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_asks_for_time_is_given_it() {
    let receiver = Receiver::start().await;
    receiver.retry_after(600);
    let house = House::new(vec![endpoint("books", &receiver.url())]).await;
    let event = house.tell(1, EventKind::OccurrencePaid).await;
    house.tried("books", event, 1).await;
    let delivery = house.delivery("books", event).await;
    let wait = delivery.next_at.expect("again").duration_since(delivery.last_at.expect("tried"));
    assert_eq!((delivery.http_status, wait.as_secs()), (Some(429), 600));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_process_was_doing_nothing_is_lost_when_it_dies() {
    let receiver = Receiver::start().await;
    // Most are refused at first, so that there is always something on its way.
    receiver.answer(|_, before| if before == 0 { 503 } else { 204 });
    let mut house = House::new(vec![endpoint("books", &receiver.url())]).await;
    let mut told = BTreeSet::new();
    for round in 0..6u8 {
        for number in 0..20 {
            let event = house.tell_noted(round * 20 + number, EventKind::OccurrencePaid, "").await;
            told.insert(event.to_string());
        }
        // In the middle of whatever it does.
        receiver.calls(usize::from(round) * 10 + 3).await;
        house = house.again(vec![endpoint("books", &receiver.url())]).await;
    }
    let since = Instant::now();
    loop {
        house.advance(Duration::from_secs(20));
        let calls = receiver.so_far();
        let taken: BTreeSet<String> = calls
            .iter()
            .filter(|call| call.answered == 204)
            .map(|call| call.header("webhook-id").to_owned())
            .collect();
        if told.is_subset(&taken) {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "{} of {} were taken", taken.len(), told.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    house.caught_up("books").await;
    assert_eq!(house.gateway.webhook_endpoints(&support::caller()).await.expect("read")[0].open, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_address_costs_a_bounded_table_and_holds_up_no_other() {
    let (dead, alive) = (Receiver::start().await, Receiver::start().await);
    dead.answer(|_, _| 500);
    let house = House::new(vec![endpoint("alive", &alive.url()), endpoint("dead", &dead.url())]).await;
    const EVENTS: usize = 1_200;
    house.tell_many(EVENTS).await;
    alive.calls(EVENTS).await;
    house
        .until("the bound", || async {
            let views = house.gateway.webhook_endpoints(&support::caller()).await.expect("read");
            views[1].open == 1_000 && views[1].behind == EVENTS - 1_000 && views[0].open == 0
        })
        .await;

    dead.answer(|_, _| 200);
    let since = Instant::now();
    let taken = || dead.so_far().iter().filter(|call| call.answered == 200).count();
    while taken() < EVENTS {
        assert!(since.elapsed() < PATIENCE, "{} were taken", taken());
        house.advance(Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    house.caught_up("dead").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_deliveries_is_read_over_the_contract_and_forgotten_in_time() {
    let receiver = Receiver::start().await;
    receiver.answer(|call, _| if call.note() == "never" { 500 } else { 204 });
    let house = House::new(vec![endpoint("books", &receiver.url())]).await;
    let mut events = Vec::new();
    for number in 1..=5 {
        events.push(house.tell_noted(number, EventKind::OccurrencePaid, "").await);
    }
    let never = house.tell_noted(6, EventKind::OccurrencePaid, "never").await;
    for event in &events {
        house.ended("books", *event).await;
    }
    house.tried("books", never, 1).await;
    rpc::the_log_is_told(&house, &events, never).await;

    let journal = Arc::clone(&house.journal);
    let later = house.now().checked_add(HOUR).expect("a time");
    assert_eq!(turnpike::journal::seam::Journal::forget_deliveries(&*journal, later, 100).await, Ok(5));
    assert_eq!(house.deliveries().await.len(), 1, "what is open stays");
    house.redeliver("forgotten", events[0], None).await.expect("the event is still there");
    house.ended("books", events[0]).await;
}

#[path = "outbound/rpc.rs"]
mod rpc;
