//! The contract in the words of the Connect protocol: JSON over HTTP/1.1 as curl sends it, protobuf's
//! bytes as generated clients do, and streams in envelopes.

#![cfg(feature = "simulator")]

#[path = "support/served.rs"]
mod served;
mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use prost::Message as _;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use served::*;
use support::PROVIDERS;
use turnpike::rpc::proto as pb;

const JSON: &str = "application/json";

/// Somebody with curl.
struct Curl {
    client: reqwest::Client,
    base: String,
}

impl Curl {
    fn at(house: &House) -> Self {
        let client = reqwest::Client::builder().http1_only().build().expect("a client");
        Self { client, base: format!("http://{}/turnpike.v1.", house.address) }
    }

    async fn send(&self, rpc: &str, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Response {
        let mut request = self.client.post(format!("{}{rpc}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).timeout(Duration::from_secs(30)).send().await.expect("an answer")
    }

    async fn call(&self, rpc: &str, request: &Value) -> (u16, Value) {
        let key = format!("Bearer {KEY}");
        let headers = [("content-type", JSON), ("authorization", key.as_str())];
        told(self.send(rpc, &headers, request.to_string()).await).await
    }

    async fn get(&self, rpc: &str, query: &str) -> (u16, Value) {
        let url = format!("{}{rpc}?{query}", self.base);
        told(self.client.get(url).header("x-api-key", KEY).send().await.expect("an answer")).await
    }
}

async fn told(answer: Response) -> (u16, Value) {
    assert_eq!(answer.headers()["content-type"], JSON);
    assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("grpc-")));
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a text");
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}")))
}

fn detail<'a>(error: &'a Value, kind: &str) -> &'a Value {
    let details = error["details"].as_array().expect("details");
    details.iter().find(|detail| detail["type"] == kind).unwrap_or_else(|| panic!("no {kind}: {error}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_four_are_called_with_json_and_curl() {
    let house = house().await;
    let curl = Curl::at(&house);
    let (status, opened) = curl
        .call(
            "SessionService/CreateSession",
            &json!({
                "requestId": "json-session", "account": "dintero-dev", "merchantReference": "order-1",
                "money": {"amountMinor": 29_900, "currencyCode": "NOK"},
                "purpose": "SESSION_PURPOSE_PAY_AND_SAVE", "saveCardDisplay": "SAVE_CARD_DISPLAY_ALWAYS",
                "futureUses": ["TOKEN_USE_RECURRING", "TOKEN_USE_UNSCHEDULED"],
                "customer": {"customerId": "customer-1", "email": "ada@example.test"},
                "returnUrls": {"successUrl": "https://shop.example/thanks"},
            }),
        )
        .await;
    assert_eq!((status, &opened["session"]["status"]), (200, &json!("SESSION_STATUS_OPEN")), "{opened}");
    let session = opened["session"]["id"].clone();
    let pay = json!({"customer": {"sessionId": session, "pay": {"cardNumber": "4000000000000002", "saveCard": true}}});
    assert_eq!(curl.call("SandboxService/ArrangeScenario", &pay).await.0, 200);
    let confirm = json!({"requestId": "json-confirm", "sessionId": session, "returned": {}});
    let (status, confirmed) = curl.call("SessionService/ConfirmSession", &confirm).await;
    assert_eq!(
        (status, &confirmed["payment"]["state"]),
        (200, &json!("PAYMENT_STATE_CAPTURED")),
        "{confirmed}"
    );
    // 64-bit numbers are texts in protobuf's JSON: JavaScript's numbers would lose digits.
    assert_eq!(confirmed["payment"]["totals"]["capturedMinor"], "29900");
    let token = confirmed["session"]["tokenIds"][0].clone();

    let charge = json!({
        "requestId": "json-charge", "tokenId": token, "merchantReference": "order-2",
        "money": {"amountMinor": "9900", "currencyCode": "NOK"},
        "merchantInitiated": {"reason": "MERCHANT_REASON_UNSCHEDULED"},
    });
    let (status, charged) = curl.call("PaymentService/ChargeToken", &charge).await;
    assert_eq!((status, &charged["payment"]["state"]), (200, &json!("PAYMENT_STATE_CAPTURED")), "{charged}");
    let (status, again) = curl.call("PaymentService/ChargeToken", &charge).await;
    assert_eq!((status, &again["replayed"]), (200, &json!(true)));
    assert_eq!(again["payment"]["id"], charged["payment"]["id"]);

    let schedule = json!({
        "requestId": "json-schedule",
        "terms": {
            "tokenId": token, "merchantReference": "plan-1",
            "money": {"amountMinor": "4900", "currencyCode": "NOK"},
            "cadence": {"months": 1}, "firstDate": "2099-01-31", "timeZone": "Europe/Oslo",
        },
    });
    let (status, scheduled) = curl.call("RecurringService/ScheduleRecurring", &schedule).await;
    assert_eq!(status, 200, "{scheduled}");
    assert!(scheduled["schedule"]["id"].as_str().is_some_and(|id| id.starts_with("sch_")), "{scheduled}");

    // What only reads can be had by GET, which caches and browsers know how to treat.
    let message = json!({"paymentId": charged["payment"]["id"]}).to_string();
    let plain = url::form_urlencoded::byte_serialize(message.as_bytes()).collect::<String>();
    let (status, read) =
        curl.get("PaymentService/GetPayment", &format!("connect=v1&encoding=json&message={plain}")).await;
    assert_eq!((status, &read["payment"]), (200, &again["payment"]));
    let encoded = URL_SAFE_NO_PAD.encode(&message);
    let query = format!("encoding=json&base64=1&message={encoded}");
    assert_eq!(curl.get("PaymentService/GetPayment", &query).await.1, read);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_typed_and_have_their_http_status() {
    let house = house().await;
    let curl = Curl::at(&house);
    let (status, error) = curl.call("PaymentService/GetPayment", &json!({"paymentId": "pay_unknown"})).await;
    assert_eq!((status, &error["code"]), (404, &json!("not_found")), "{error}");
    let info = detail(&error, "google.rpc.ErrorInfo");
    assert_eq!(info["debug"]["reason"], "PAYMENT_NOT_FOUND");
    let bytes = STANDARD_NO_PAD.decode(info["value"].as_str().expect("bytes")).expect("base64");
    let read = tonic_types::pb::ErrorInfo::decode(&*bytes).expect("an ErrorInfo");
    assert_eq!((read.reason.as_str(), read.domain.as_str()), ("PAYMENT_NOT_FOUND", "turnpike"));

    // What the annotations forbid, and what JSON alone can get wrong, is told in the same way.
    for (request, field, wrong) in [
        (json!({"paymentId": ""}), "payment_id", "must"),
        (json!({"payment": "pay_1"}), "payment", "is not a field of the contract"),
        (json!({"paymentId": 7}), "payment_id", "is not a text"),
    ] {
        let (status, error) = curl.call("PaymentService/GetPayment", &request).await;
        assert_eq!((status, &error["code"]), (400, &json!("invalid_argument")), "{error}");
        assert_eq!(detail(&error, "google.rpc.ErrorInfo")["debug"]["reason"], "INVALID_FIELD");
        let violations = &detail(&error, "google.rpc.BadRequest")["debug"]["fieldViolations"];
        assert_eq!(violations[0]["field"], field, "{error}");
        let description = violations[0]["description"].as_str().expect("a text");
        assert!(wrong == "must" || description.contains(wrong), "{error}");
    }

    let anonymous = [("content-type", JSON)];
    let (status, error) = told(curl.send("AccountService/ListAccounts", &anonymous, "{}").await).await;
    assert_eq!((status, &error["code"]), (401, &json!("unauthenticated")));
    assert_eq!(detail(&error, "google.rpc.ErrorInfo")["debug"]["reason"], "MISSING_CREDENTIALS");
    // Whoever may not call is not asked for a body that makes sense.
    let (status, _) = told(curl.send("AccountService/ListAccounts", &anonymous, "{{{").await).await;
    assert_eq!(status, 401);

    let key = ("x-api-key", KEY);
    for (headers, field) in [
        (vec![("content-type", JSON), key, ("connect-protocol-version", "2")], "connect-protocol-version"),
        (vec![("content-type", JSON), key, ("connect-timeout-ms", "soon")], "connect-timeout-ms"),
        (vec![("content-type", JSON), key, ("content-encoding", "br")], "content-encoding"),
    ] {
        let (status, error) = told(curl.send("AccountService/ListAccounts", &headers, "{}").await).await;
        assert_eq!(status, 400, "{error}");
        assert_eq!(detail(&error, "google.rpc.BadRequest")["debug"]["fieldViolations"][0]["field"], field);
    }
    let (status, error) = curl.get("PaymentService/GetPayment", "message=%7B%7D").await;
    assert_eq!((status, &error["code"]), (400, &json!("invalid_argument")), "{error}");

    // curl's own content type, and none at all.
    for kind in ["application/x-www-form-urlencoded", "text/plain"] {
        let answer = curl.send("AccountService/ListAccounts", &[("content-type", kind), key], "{}").await;
        assert_eq!(answer.status(), 415);
        assert_eq!(answer.headers()["accept-post"], "application/json, application/proto");
        let (_, error) = told(answer).await;
        assert_eq!(detail(&error, "google.rpc.ErrorInfo")["debug"]["reason"], "INVALID_FIELD", "{error}");
    }
    // What changes something is not called by GET.
    let url = format!("{}PaymentService/ChargeToken?encoding=json&message=%7B%7D", curl.base);
    let answer = curl.client.request(Method::GET, url).header("x-api-key", KEY).send().await.expect("sent");
    assert!(answer.status().is_client_error(), "{answer:?}");

    let long = format!(r#"{{"paymentId":"{}"}}"#, "x".repeat(5 * 1024 * 1024));
    let (status, error) =
        told(curl.send("PaymentService/GetPayment", &[("content-type", JSON), key], long).await).await;
    assert_eq!((status, &error["code"]), (400, &json!("invalid_argument")), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_are_answered_with_bytes_and_deadlines_are_kept() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let token = saved_card(&mut clients, provider).await;
    let curl = Curl::at(&house);
    let headers =
        [("content-type", "application/proto"), ("x-api-key", KEY), ("connect-protocol-version", "1")];
    let request = pb::GetTokenRequest { token_id: token.id.clone() };
    let answer = curl.send("TokenService/GetToken", &headers, request.encode_to_vec()).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/proto".parse().expect("a value"))
    );
    let read = pb::GetTokenResponse::decode(answer.bytes().await.expect("a body")).expect("a message");
    assert_eq!(read.token, Some(token.clone()));
    // Errors are JSON whatever was asked in.
    let request = pb::GetTokenRequest { token_id: "tok_unknown".to_owned() };
    let (status, error) =
        told(curl.send("TokenService/GetToken", &headers, request.encode_to_vec()).await).await;
    assert_eq!((status, &error["code"]), (404, &json!("not_found")));

    // The provider is silent for longer than the caller waits: the answer says so in time.
    let fault =
        json!({"fault": {"account": "dintero-dev", "kind": "FAULT_KIND_LATE", "delay": "5s", "times": 1}});
    assert_eq!(curl.call("SandboxService/ArrangeScenario", &fault).await.0, 200);
    let wish = charge(provider, "in-a-hurry", &token.id).encode_to_vec();
    let hurried = [("content-type", "application/proto"), ("x-api-key", KEY), ("connect-timeout-ms", "700")];
    let began = std::time::Instant::now();
    let answer = curl.send("PaymentService/ChargeToken", &hurried, wish).await;
    if answer.status() != 200 {
        panic!("{:?}", told(answer).await);
    }
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let charged = pb::ChargeTokenResponse::decode(answer.bytes().await.expect("a body")).expect("a message");
    let state = charged.payment.expect("a payment").state();
    assert!(matches!(state, pb::PaymentState::Submitted | pb::PaymentState::Unresolved), "{state:?}");
}

/// The messages of a stream, each with its flags.
async fn envelopes(mut answer: Response, until: impl Fn(&[(u8, Vec<u8>)]) -> bool) -> Vec<(u8, Vec<u8>)> {
    let (mut gathered, mut read) = (Vec::new(), Vec::new());
    while !until(&read) {
        let Some(chunk) = answer.chunk().await.expect("a chunk") else { break };
        gathered.extend_from_slice(&chunk);
        while let [flags, a, b, c, d, rest @ ..] = &gathered[..] {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            if rest.len() < length {
                break;
            }
            read.push((*flags, rest[..length].to_vec()));
            gathered.drain(..5 + length);
        }
    }
    read
}

fn enveloped(message: &[u8]) -> Vec<u8> {
    let mut envelope = vec![0];
    envelope.extend(u32::try_from(message.len()).expect("short").to_be_bytes());
    envelope.extend_from_slice(message);
    envelope
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_come_in_envelopes_and_say_how_they_ended() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    saved_card(&mut clients, PROVIDERS[0]).await;
    let curl = Curl::at(&house);
    let headers = [("content-type", "application/connect+json"), ("x-api-key", KEY)];
    let answer = curl.send("EventService/StreamEvents", &headers, enveloped(b"{}")).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/connect+json".parse().expect("a value"))
    );
    let read = envelopes(answer, |read| read.len() >= 5).await;
    let types: BTreeSet<String> = read[..5]
        .iter()
        .map(|(flags, message)| {
            assert_eq!(*flags, 0);
            let message: Value = serde_json::from_slice(message).expect("JSON");
            message["event"]["type"].as_str().expect("a type").to_owned()
        })
        .collect();
    assert!(types.contains("session.completed") && types.contains("token.created"), "{types:?}");

    // In bytes, to its end.
    let payments = clients.payments.list_payments(pb::ListPaymentsRequest::default()).await.expect("a list");
    let payment_id = payments.into_inner().payments[0].id.clone();
    let watch = pb::WatchPaymentRequest { payment_id: payment_id.clone(), until_settled: true };
    let bytes = [("content-type", "application/connect+proto"), ("x-api-key", KEY)];
    let answer = curl.send("PaymentService/WatchPayment", &bytes, enveloped(&watch.encode_to_vec())).await;
    let read = envelopes(answer, |_| false).await;
    let (last, messages) = read.split_last().expect("an end");
    assert_eq!((last.0, &*last.1), (2, &b"{}"[..]));
    let first = pb::WatchPaymentResponse::decode(&*messages[0].1).expect("a message");
    assert_eq!(first.payment.expect("a payment").id, payment_id);

    // What fails says so in the last envelope, with its details; the HTTP status is 200 all the same.
    for (request, code, reason) in [
        (br#"{"paymentId":"pay_unknown"}"#.as_slice(), "not_found", "PAYMENT_NOT_FOUND"),
        (br#"{"payment_id":7}"#, "invalid_argument", "INVALID_FIELD"),
    ] {
        let answer = curl.send("PaymentService/WatchPayment", &headers, enveloped(request)).await;
        assert_eq!(answer.status(), 200);
        let read = envelopes(answer, |_| false).await;
        assert_eq!((read.len(), read[0].0), (1, 2));
        let end: Value = serde_json::from_slice(&read[0].1).expect("JSON");
        assert_eq!(end["error"]["code"], code, "{end}");
        assert_eq!(detail(&end["error"], "google.rpc.ErrorInfo")["debug"]["reason"], reason);
    }
    // Not in envelopes, or compressed.
    for body in
        [b"{}".to_vec(), [&[1, 0, 0, 0, 2][..], b"{}"].concat(), [&[0, 0, 0, 0, 9][..], b"{}"].concat()]
    {
        let answer = curl.send("PaymentService/WatchPayment", &headers, body).await;
        let end: Value = serde_json::from_slice(&envelopes(answer, |_| false).await[0].1).expect("JSON");
        assert_eq!(end["error"]["code"], "invalid_argument", "{end}");
    }
    // A stream is not called as if it were one message, nor the other way round.
    let plain = [("content-type", JSON), ("x-api-key", KEY)];
    assert_eq!(curl.send("PaymentService/WatchPayment", &plain, "{}").await.status(), 415);
    assert_eq!(curl.send("PaymentService/GetPayment", &headers, enveloped(b"{}")).await.status(), 415);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_asked_in_json_without_a_key() {
    let house = house().await;
    let client = reqwest::Client::builder().http1_only().build().expect("a client");
    let url = format!("http://{}/grpc.health.v1.Health/Check", house.address);
    let answer = client.post(url).header("content-type", JSON).body("{}").send().await.expect("an answer");
    assert_eq!(told(answer).await, (200, json!({"status": "SERVING"})));
}
