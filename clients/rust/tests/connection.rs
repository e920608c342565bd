//! Deadlines, repetitions, broken connections and TLS, against small servers of the tests' own.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, future};
use tonic::Code;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use turnpike_client::v1::{
    AdvanceClockRequest, ChargeTokenRequest, ChargeTokenResponse, Event, ListAccountsRequest,
    ListAccountsResponse, ListPaymentsRequest, ListPaymentsResponse, Payment, StreamEventsRequest,
    StreamEventsResponse, WatchPaymentRequest, WatchPaymentResponse,
};
use turnpike_client::{Error, Turnpike};

#[path = "support/fake.rs"]
mod fake;
#[path = "support/proxy.rs"]
mod proxy;

use fake::{Fake, Reply};
use proxy::Proxy;

const CA: &str = include_str!("../../../tests/tls/ca.pem");
const SERVER: [&str; 2] =
    [include_str!("../../../tests/tls/server.pem"), include_str!("../../../tests/tls/server.key")];
const CLIENT: [&str; 2] =
    [include_str!("../../../tests/tls/client.pem"), include_str!("../../../tests/tls/client.key")];
const STRANGER: &str = include_str!("../../../tests/tls/expired.pem");

fn accounts() -> Reply {
    Reply::ok(&ListAccountsResponse::default())
}

/// `UNAVAILABLE`, and the next attempt may come at once.
fn unavailable() -> Reply {
    Reply::refused(Code::Unavailable).with("grpc-retry-pushback-ms", "1")
}

async fn list(turnpike: &Turnpike) -> Result<(), Error> {
    turnpike.accounts().list_accounts(ListAccountsRequest::default()).await?;
    Ok(())
}

#[tokio::test]
async fn unavailable_is_repeated_with_the_same_request() {
    let fake =
        Fake::start(vec![unavailable(), unavailable(), Reply::ok(&ChargeTokenResponse::default())]).await;
    let request = ChargeTokenRequest { request_id: "charge-1".to_owned(), ..Default::default() };
    fake.client().payments().charge_token(request.clone()).await.expect("the third attempt is answered");
    assert_eq!(fake.requests::<ChargeTokenRequest>(), [request.clone(), request.clone(), request]);
    let attempts: Vec<_> = fake
        .seen()
        .iter()
        .map(|seen| {
            assert_eq!(seen.headers["authorization"], "Bearer tpk_1");
            seen.headers.get("grpc-previous-rpc-attempts").map(|value| value.to_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(attempts, [None, Some("1".to_owned()), Some("2".to_owned())]);
}

#[tokio::test]
async fn nothing_else_is_repeated() {
    for code in (1..=16).map(Code::from).filter(|code| *code != Code::Unavailable) {
        let fake =
            Fake::start(vec![Reply::refused(code).with("grpc-retry-pushback-ms", "1"), accounts()]).await;
        let error = list(&fake.client()).await.expect_err("it is refused");
        assert_eq!((error.code(), fake.seen().len()), (code, 1));
    }
}

#[tokio::test]
async fn repeating_ends() {
    let fake = Fake::start(vec![unavailable()]).await;
    let error = list(&fake.client()).await.expect_err("it is refused");
    assert_eq!((error.code(), fake.seen().len()), (Code::Unavailable, 5));
    assert!(!error.nothing_was_sent(), "no reason says so");

    let stop = Reply::refused(Code::Unavailable).with("grpc-retry-pushback-ms", "-1");
    let fake = Fake::start(vec![stop, accounts()]).await;
    list(&fake.client()).await.expect_err("the server wants no repetition");
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn a_client_whose_calls_all_fail_repeats_no_more() {
    let fake = Fake::start(vec![unavailable()]).await;
    let turnpike = fake.client();
    for _ in 0..12 {
        list(&turnpike).await.expect_err("it is refused");
    }
    // Five each, until half of the tokens are spent; then one each.
    assert_eq!(fake.seen().len(), 52);
}

#[tokio::test]
async fn pauses_are_kept_and_an_answer_that_began_is_not_repeated() {
    let fake = Fake::start(vec![Reply::refused(Code::Unavailable), accounts()]).await;
    let began = Instant::now();
    list(&fake.client()).await.expect("the second attempt is answered");
    assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());

    let begun = accounts().and_then(Code::Unavailable).with("grpc-retry-pushback-ms", "1");
    let fake = Fake::start(vec![begun, accounts()]).await;
    assert_eq!(list(&fake.client()).await.expect_err("it failed").code(), Code::Unavailable);
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_gives_up_is_unavailable() {
    for status in [429, 502, 503, 504] {
        let fake = Fake::start(vec![Reply::http(status), accounts()]).await;
        list(&fake.client()).await.expect("the second attempt is answered");
        let fake = Fake::start(vec![Reply::http(status), accounts()]).await;
        let advance = fake.client().sandbox().advance_clock(AdvanceClockRequest::default()).await;
        assert!(advance.is_err() && fake.seen().len() == 1, "what acts again is not repeated");
    }
}

#[tokio::test]
async fn a_deadline_ends_a_call_and_is_not_repeated() {
    for reply in [Reply::never(), accounts().and_then_silence()] {
        let fake = Fake::start(vec![reply, accounts()]).await;
        let turnpike = Turnpike::builder(&fake.url())
            .api_key("tpk_1")
            .deadline(Duration::from_millis(300))
            .connect()
            .expect("a client");
        let began = Instant::now();
        let error = list(&turnpike).await.expect_err("it takes too long");
        assert_eq!(
            (error.code(), error.nothing_was_sent(), fake.seen().len()),
            (Code::DeadlineExceeded, false, 1)
        );
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn repetitions_are_within_the_deadline() {
    let fake =
        Fake::start(vec![Reply::refused(Code::Unavailable).with("grpc-retry-pushback-ms", "5000")]).await;
    let mut request = tonic::Request::new(ListAccountsRequest::default());
    request.set_timeout(Duration::from_secs(2));
    let began = Instant::now();
    let status = fake.client().accounts().list_accounts(request).await.expect_err("it is refused");
    assert_eq!(status.code(), Code::Unavailable, "what is wrong is told, not that time ran out");
    assert!(began.elapsed() < Duration::from_secs(2) && fake.seen().len() == 1);
}

#[tokio::test]
async fn the_server_is_told_the_deadline_and_streams_have_none() {
    let fake = Fake::start(vec![accounts(), accounts(), Reply::stream::<WatchPaymentResponse>(&[])]).await;
    let turnpike = fake.client();
    list(&turnpike).await.expect("an answer");
    let mut request = tonic::Request::new(ListAccountsRequest::default());
    request.set_timeout(Duration::from_secs(90));
    turnpike.accounts().list_accounts(request).await.expect("an answer");
    turnpike.payments().watch_payment(WatchPaymentRequest::default()).await.expect("a stream");
    let told: Vec<Option<u32>> = fake
        .seen()
        .iter()
        .map(|seen| seen.headers.get("grpc-timeout").map(|value| value.to_str().unwrap()))
        .map(|text| text.map(|text| text.strip_suffix('m').unwrap().parse().unwrap()))
        .collect();
    assert!(matches!(told[..], [Some(29_000..=30_000), Some(89_000..=90_000), None]), "{told:?}");
}

#[tokio::test]
async fn a_listener_that_refuses_and_then_accepts_is_reached() {
    let address = Fake::start(vec![accounts()]).await.address;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let turnpike = Turnpike::connect(&format!("http://{address}"), "tpk_1").expect("a client");
    let late = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        Fake::start_at(address, vec![accounts()], None).await
    };
    let (answer, fake) = tokio::join!(list(&turnpike), late);
    answer.expect("it is reached in the end");
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn without_a_listener_it_is_unavailable() {
    let address = Fake::start(vec![accounts()]).await.address;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let turnpike = Turnpike::connect(&format!("http://{address}"), "tpk_hunter2").expect("a client");
    let error = list(&turnpike).await.expect_err("nobody is there");
    assert_eq!((error.code(), error.reason_text()), (Code::Unavailable, ""));
    assert!(!error.nothing_was_sent(), "nobody was there to say so: {error:?}");
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}

#[tokio::test]
async fn a_call_whose_connection_breaks_is_repeated_if_that_is_safe() {
    let slow = || accounts().after(Duration::from_millis(400));
    let fake = Fake::start(vec![slow(), accounts()]).await;
    let proxy = Proxy::start(fake.address, None).await;
    let turnpike = Turnpike::connect(&proxy.url(), "tpk_1").expect("a client");
    let cut = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        proxy.cut();
    };
    let (answer, ()) = tokio::join!(list(&turnpike), cut);
    answer.expect("the second attempt is answered");
    assert_eq!((fake.seen().len(), proxy.connections()), (2, 2));

    let fake = Fake::start(vec![slow()]).await;
    let proxy = Proxy::start(fake.address, None).await;
    let turnpike = Turnpike::connect(&proxy.url(), "tpk_1").expect("a client");
    let development = turnpike.development();
    let cut = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        proxy.cut();
    };
    let (answer, ()) = tokio::join!(development.advance(Duration::from_secs(1)), cut);
    let error = answer.expect_err("nobody knows where the clock is");
    assert_eq!((error.code(), error.nothing_was_sent(), fake.seen().len()), (Code::Unknown, false, 1));
}

#[tokio::test]
async fn a_connection_that_goes_silent_is_left_after_the_keepalive() {
    let fake = Fake::start(vec![accounts()]).await;
    let proxy = Proxy::start(fake.address, None).await;
    let turnpike = Turnpike::builder(&proxy.url())
        .api_key("tpk_1")
        .keepalive(Duration::from_secs(1), Duration::from_secs(1))
        .connect()
        .expect("a client");
    list(&turnpike).await.expect("an answer");
    proxy.swallow();
    let began = Instant::now();
    list(&turnpike).await.expect("an answer on a new connection");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test]
async fn calls_leave_a_connection_that_is_draining() {
    let mut old =
        Fake::start(vec![Reply::stream(&[WatchPaymentResponse::default()]).and_then_silence()]).await;
    let turnpike = old.client();
    let watch = turnpike.payments().watch_payment(WatchPaymentRequest::default()).await.expect("a stream");
    let mut watch = watch.into_inner();
    watch.message().await.expect("a message");
    // The old server goes down and waits for its stream; the new one is there at once.
    old.drain();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let new = Fake::start_at(old.address, vec![accounts()], None).await;
    let calls = (0..50).map(|_| list(&turnpike));
    for answer in future::join_all(calls).await {
        answer.expect("an answer of the new server");
    }
    assert_eq!((old.seen().len(), new.seen().len()), (1, 50));
}

fn server_tls() -> ServerTlsConfig {
    ServerTlsConfig::new().identity(Identity::from_pem(SERVER[0], SERVER[1]))
}

async fn tls_fake(tls: ServerTlsConfig) -> (Fake, String) {
    let fake = Fake::start_at("127.0.0.1:0".parse().unwrap(), vec![accounts()], Some(tls)).await;
    let url = format!("https://localhost:{}", fake.address.port());
    (fake, url)
}

#[tokio::test]
async fn tls_trusts_the_given_authority_alone() {
    let (fake, url) = tls_fake(server_tls()).await;
    let by_address = format!("https://127.0.0.1:{}", fake.address.port());
    for url in [&url, &by_address] {
        let turnpike = Turnpike::builder(url).api_key("tpk_1").authorities(CA).connect().expect("a client");
        list(&turnpike).await.expect("an answer over TLS");
    }
    assert_eq!(fake.seen()[0].headers["authorization"], "Bearer tpk_1");

    let other = Turnpike::builder(&url).api_key("tpk_1").authorities(STRANGER).connect().expect("a client");
    assert_eq!(list(&other).await.expect_err("it is not trusted").code(), Code::Unavailable);
    let usual = Turnpike::connect(&url, "tpk_1");
    // A machine without authorities of its own says so instead.
    if let Ok(usual) = usual {
        assert_eq!(list(&usual).await.expect_err("it is not trusted").code(), Code::Unavailable);
    }
    let plain = Turnpike::connect(&fake.url(), "tpk_1").expect("a client");
    list(&plain).await.expect_err("there is no plaintext here");
    assert_eq!(fake.seen().len(), 2, "no key reached a server that is not trusted");
}

#[tokio::test]
async fn mutual_tls_shows_who_the_client_is() {
    let (fake, url) = tls_fake(server_tls().client_ca_root(Certificate::from_pem(CA))).await;
    let builder = || Turnpike::builder(&url).authorities(CA);
    let known = builder().identity(CLIENT[0], CLIENT[1]).connect().expect("a certificate stands for a key");
    list(&known).await.expect("an answer");
    assert!(!fake.seen()[0].headers.contains_key("authorization"));
    let nobody = builder().api_key("tpk_1").connect().expect("a client");
    list(&nobody).await.expect_err("the server wants a certificate");
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn pages_are_asked_for_when_they_are_needed() {
    let page = |id: &str, next: &str| {
        let payments = vec![Payment { id: id.to_owned(), ..Default::default() }];
        Reply::ok(&ListPaymentsResponse { payments, next_page_token: next.to_owned() })
    };
    let empty = Reply::ok(&ListPaymentsResponse { next_page_token: "c".to_owned(), ..Default::default() });
    let fake = Fake::start(vec![page("pay_1", "b"), empty, page("pay_2", "")]).await;
    let request =
        ListPaymentsRequest { account: "dintero-no".to_owned(), page_size: 1, ..Default::default() };
    let mut payments = fake.client().pages(request);
    assert_eq!(fake.seen().len(), 0);
    assert_eq!(payments.next().await.expect("a payment").expect("no error").id, "pay_1");
    assert_eq!(fake.seen().len(), 1);
    let rest: Vec<Payment> = payments.try_collect().await.expect("no error");
    assert_eq!(rest.len(), 1);
    let asked = fake.requests::<ListPaymentsRequest>();
    let tokens: Vec<&str> = asked.iter().map(|request| request.page_token.as_str()).collect();
    assert_eq!(tokens, ["", "b", "c"]);
    assert!(asked.iter().all(|request| request.account == "dintero-no" && request.page_size == 1));

    let fake = Fake::start(vec![page("pay_1", "b"), Reply::refused(Code::InvalidArgument)]).await;
    let all: Vec<_> = fake.client().pages(ListPaymentsRequest::default()).collect().await;
    assert!(matches!(&all[..], [Ok(_), Err(error)] if error.code() == Code::InvalidArgument), "{all:?}");
}

#[tokio::test]
async fn following_goes_on_until_it_is_useless() {
    let told = |cursor: &str, id: &str| {
        let event = Some(Event { id: id.to_owned(), ..Default::default() });
        StreamEventsResponse { event, cursor: cursor.to_owned() }
    };
    let fake = Fake::start(vec![
        Reply::stream(&[told("c1", "evt_1")]).and_then(Code::Unavailable),
        Reply::refused(Code::Internal),
        Reply::stream(&[told("c2", "evt_2")]),
        Reply::refused(Code::Unauthenticated),
    ])
    .await;
    let all: Vec<_> = fake.client().follow("c0").collect().await;
    let ids: Vec<String> = all.iter().flatten().map(|followed| followed.event.id.clone()).collect();
    assert_eq!(ids, ["evt_1", "evt_2"]);
    assert_eq!(all[2].as_ref().expect_err("the key is gone").code(), Code::Unauthenticated);
    assert_eq!(all.len(), 3);
    let after: Vec<String> =
        fake.requests::<StreamEventsRequest>().into_iter().map(|request| request.after).collect();
    assert_eq!(after, ["c0", "c1", "c1", "c2"]);
}
