//! Dintero's simulator over real HTTP: every endpoint, its errors, the pages, the tokens.

#![cfg(feature = "simulator")]

mod simulator_support;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::{Answered, assert_shape, client, control, judged, sample, send, simulators, submit};
use turnpike::providers::notice::{News, Refusal};
use turnpike::providers::settings::Setting;
use turnpike::simulator::dintero::{ACCOUNT, CALLBACK_SECRET, CLIENT_ID, CLIENT_SECRET};
use turnpike::simulator::exchanges::Filter;
use turnpike::simulator::ledger::Kind;
use turnpike::simulator::{CustomerAction, Payment, Simulator, Simulators, ThreeDSecure};

const DINTERO: &str = "dintero";
const PLAIN: &str = "4000000000000002";
const CHALLENGED: &str = "4000100000000000";

/// A merchant with an access token.
struct Merchant {
    simulators: Simulators,
    base: String,
    bearer: String,
}

impl Merchant {
    async fn new() -> Merchant {
        let simulators = simulators().await;
        let base = format!("{}/v1", simulators.of(DINTERO).expect("runs").base_url());
        let mut merchant = Merchant { simulators, base, bearer: String::new() };
        merchant.sign_in().await;
        merchant
    }

    fn simulator(&self) -> &Simulator {
        self.simulators.of(DINTERO).expect("runs")
    }

    async fn token(&self, account: &str, secret: &str, body: &Value) -> Answered {
        let basic = STANDARD.encode(format!("{CLIENT_ID}:{secret}"));
        let url = format!("{}/accounts/{account}/auth/token", self.base);
        let headers = [("authorization", &*format!("Basic {basic}"))];
        send(Method::POST, &url, &headers, Some(body)).await
    }

    async fn sign_in(&mut self) {
        let body = sample(DINTERO, "01_auth_token_request");
        let answer = self.token(ACCOUNT, CLIENT_SECRET, &body).await.expect(200);
        assert_shape(&answer, &sample(DINTERO, "02_auth_token_response_200"), &[]);
        self.bearer = format!("Bearer {}", answer["access_token"].as_str().expect("a token"));
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answered {
        self.toggled(method, path, body, "").await
    }

    async fn toggled(&self, method: Method, path: &str, body: Option<&Value>, toggles: &str) -> Answered {
        let url = format!("{}{path}", self.base);
        let headers = [("authorization", &*self.bearer), ("dintero-feature-toggles", toggles)];
        send(method, &url, &headers, body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answered {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn get(&self, path: &str) -> Answered {
        self.call(Method::GET, path, None).await
    }

    fn pays(&self, page: &str, payment: Payment) -> (String, Option<String>) {
        let action = CustomerAction::Pay(payment);
        let outcome = self.simulator().customer(page, &action).expect("an open page");
        (outcome.status, outcome.return_url)
    }

    /// A purchase session: reference, amount, configuration.
    async fn session(&self, reference: &str, amount: i64, configuration: Value) -> String {
        let mut body = sample(DINTERO, "03_create_session_profile_request");
        body["order"]["merchant_reference"] = json!(reference);
        body["order"]["amount"] = json!(amount);
        body["order"]["items"] = json!([line(amount)]);
        body["configuration"] = configuration;
        let answer = self.post("/sessions-profile", &body).await.expect(200);
        answer["id"].as_str().expect("an id").to_owned()
    }

    async fn transaction_of(&self, session_id: &str) -> String {
        let session = self.get(&format!("/sessions/{session_id}")).await.expect(200);
        session["transaction_id"].as_str().expect("paid").to_owned()
    }

    /// An authorized transaction's id.
    async fn authorized(&self, reference: &str, amount: i64, number: &str) -> String {
        let id = self.session(reference, amount, psp(true)).await;
        let (status, _) = self.pays(&id, card(number));
        assert_eq!(status, "authorized");
        self.transaction_of(&id).await
    }

    /// A stored token of a product type.
    async fn saved(&self, product_type: &str, key: &str, number: &str) -> String {
        let mut body = sample(DINTERO, "12_payment_token_session_request");
        body["token_provider"]["payment_product_type"] = json!(product_type);
        body["token_provider"]["token_types"] = json!([key]);
        let session = self.post("/sessions/payment-token", &body).await.expect(200);
        let id = session["id"].as_str().expect("an id");
        assert_eq!(self.pays(id, card(number)).0, "authorized");
        let transaction = self.transaction_of(id).await;
        let path = format!("/transactions/{transaction}?includes=card.{key}");
        let transaction = self.get(&path).await.expect(200);
        assert_eq!(transaction["payment_operation"], "generate_payment_token");
        transaction["card"][key].as_str().expect("a token").to_owned()
    }

    async fn charge(&self, token: &str, reference: &str, amount: i64) -> Value {
        self.pay(&charge(token, reference, amount), "").await.expect(200)
    }

    async fn pay(&self, body: &Value, toggles: &str) -> Answered {
        self.toggled(Method::POST, "/sessions/pay", Some(body), toggles).await
    }
}

fn line(amount: i64) -> Value {
    json!({ "id": "sku", "line_id": "1", "description": "Thing", "quantity": 1, "amount": amount,
            "vat_amount": 0, "vat": 25 })
}

fn psp(generates_token: bool) -> Value {
    let card = json!({ "enabled": true, "generate_payment_token": generates_token });
    json!({ "auto_capture": false, "dintero_psp": { "creditcard": card } })
}

fn card(number: &str) -> Payment {
    Payment {
        card: Some(number.to_owned()),
        expiry: Some("12/2099".to_owned()),
        cvc: Some("123".to_owned()),
        save: true,
        ..Payment::default()
    }
}

/// A merchant-initiated charge with a token of Dintero's own acquiring.
fn charge(token: &str, reference: &str, amount: i64) -> Value {
    let mut body = sample(DINTERO, "51_mit_recurring_dintero_psp_request");
    body["session"]["customer"]["tokens"]["dintero_psp.creditcard"]["payment_token"] = json!(token);
    body["session"]["order"]["merchant_reference"] = json!(reference);
    body["session"]["order"]["amount"] = json!(amount);
    body["session"]["order"]["items"] = json!([line(amount)]);
    body
}

#[tokio::test]
async fn sign_in_checks_secret_account_audience_and_time() {
    let merchant = Merchant::new().await;
    let body = sample(DINTERO, "01_auth_token_request");
    assert_eq!(merchant.token(ACCOUNT, "wrong", &body).await.status, 403);
    assert_eq!(merchant.token("T99999999", CLIENT_SECRET, &body).await.status, 403);
    let mut other = body.clone();
    other["audience"] = json!("https://api.dintero.com/v1/accounts/T99999999");
    assert_eq!(merchant.token(ACCOUNT, CLIENT_SECRET, &other).await.status, 403);
    other["grant_type"] = json!("password");
    assert_eq!(merchant.token(ACCOUNT, CLIENT_SECRET, &other).await.status, 400);

    let url = format!("{}/transactions", merchant.base);
    let refused = send(Method::GET, &url, &[("authorization", "Bearer a.b.c")], None).await;
    assert_eq!(refused.expect(401), sample(DINTERO, "61_error_401"));
    assert_eq!(merchant.get("/transactions").await.status, 200);
    merchant.simulators.advance(Duration::from_secs(14_400));
    assert_eq!(merchant.get("/transactions").await.status, 401);
}

#[tokio::test]
async fn a_session_in_the_shapes_of_the_samples() {
    let merchant = Merchant::new().await;
    let body = sample(DINTERO, "03_create_session_profile_request");
    let toggles = "strict-session-amounts";
    let answer = merchant.toggled(Method::POST, "/sessions-profile", Some(&body), toggles).await;
    let created = answer.expect(200);
    assert_shape(&created, &sample(DINTERO, "04_create_session_response_200"), &[]);
    let id = created["id"].as_str().expect("an id");
    assert!(id.starts_with("T11223344."));

    let open = merchant.get(&format!("/sessions/{id}")).await.expect(200);
    assert_shape(&open, &sample(DINTERO, "07_get_session_response_initiated"), &[]);

    let page = created["url"].as_str().expect("a URL");
    let (status, return_url) = merchant.pays(page, card(CHALLENGED));
    assert_eq!(status, "authorized");
    let paid = merchant.get(&format!("/sessions/{id}")).await.expect(200);
    assert_shape(&paid, &sample(DINTERO, "08_get_session_response_completed"), &[]);
    let transaction_id = paid["transaction_id"].as_str().expect("paid");
    assert_eq!(
        return_url.expect("sent back"),
        format!(
            "https://shop.example/return?pid=pay_01hzx&transaction_id={transaction_id}\
             &merchant_reference=order-7001"
        )
    );

    let path = format!("/transactions/{transaction_id}");
    let transaction = merchant.get(&path).await.expect(200);
    let ids = [".card.payment_token_id"];
    assert_shape(&transaction, &sample(DINTERO, "21_transaction_authorized"), &ids);
    assert_eq!(transaction["card"]["masked_pan"], "400010******0000");
    let with_token = merchant.get(&format!("{path}?includes=card.payment_token")).await.expect(200);
    let expected = sample(DINTERO, "22_transaction_authorized_with_payment_token");
    // Consent is stated only where the payer was asked.
    let besides = [".card.card_holder_tokenization_consent"];
    assert_shape(&with_token, &expected, &besides);
    assert!(with_token["card"]["payment_token"].is_string());
}

#[tokio::test]
async fn inline_configuration_needs_one_and_offers_what_it_says() {
    let merchant = Merchant::new().await;
    let mut body = sample(DINTERO, "05_create_session_inline_configuration_request");
    body["expires_at"] = json!("2099-11-21T14:00:00Z");
    let created = merchant.post("/sessions?include_session=true", &body).await.expect(200);
    assert_eq!(created["session"]["expires_at"], "2099-11-21T14:00:00.000Z");
    let id = created["id"].as_str().expect("an id");
    let (status, _) = merchant.pays(id, card(PLAIN));
    assert_eq!(status, "captured", "auto_capture is on");
    let id = merchant.transaction_of(id).await;
    let both = "includes=card.payment_token&includes=card.recurrence_token";
    let transaction = merchant.get(&format!("/transactions/{id}?{both}")).await.expect(200);
    let expected = sample(DINTERO, "23_transaction_authorized_with_both_payex_tokens");
    assert_shape(&transaction, &expected, &[]);
    assert_ne!(transaction["card"]["payment_token"], transaction["card"]["recurrence_token"]);

    body.as_object_mut().expect("an object").remove("configuration");
    let refused = merchant.post("/sessions", &body).await.expect(400);
    assert_eq!(refused["error"]["errors"][0]["path"], json!(["configuration"]));
}

#[tokio::test]
async fn every_problem_of_a_body_is_reported_and_floats_are_problems() {
    let merchant = Merchant::new().await;
    let mut body = sample(DINTERO, "03_create_session_profile_request");
    body["order"]["amount"] = json!("64900");
    body["order"]["currency"] = json!("nok");
    body["customer"]["phone_number"] = json!("");
    body["profile_id"] = json!("other");
    let refused = merchant.post("/sessions-profile", &body).await.expect(400);
    assert_shape(&refused, &sample(DINTERO, "60_error_400_validation"), &[]);
    let paths: Vec<String> = refused["error"]["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|problem| problem["path"].to_string())
        .collect();
    for path in ["[\"order\",\"amount\"]", "[\"order\",\"currency\"]", "[\"profile_id\"]"] {
        assert!(paths.iter().any(|found| found == path), "{path} in {paths:?}");
    }
    assert!(paths.iter().any(|path| path.contains("phone_number")));

    for amount in ["64900.0", "6.49e4", "64900.5", "2147483648", "-1"] {
        let mut body = sample(DINTERO, "03_create_session_profile_request");
        body["order"]["amount"] = serde_json::from_str(amount).expect("a number");
        assert_eq!(merchant.post("/sessions-profile", &body).await.status, 400, "{amount}");
    }

    let mut body = sample(DINTERO, "03_create_session_profile_request");
    body["order"]["amount"] = json!(1);
    let path = "/sessions-profile";
    let strict = merchant.toggled(Method::POST, path, Some(&body), "strict-session-amounts");
    assert_eq!(strict.await.status, 400);
    assert_eq!(merchant.post(path, &body).await.status, 200);
}

#[tokio::test]
async fn capture_refund_and_void_in_the_shapes_of_the_samples() {
    let merchant = Merchant::new().await;
    let body = sample(DINTERO, "03_create_session_profile_request");
    let created = merchant.post("/sessions-profile", &body).await.expect(200);
    let id = created["id"].as_str().expect("an id");
    merchant.pays(id, card(PLAIN));
    let id = merchant.transaction_of(id).await;
    let path = format!("/transactions/{id}");
    let besides = [
        ".card.payment_token_id",
        ".events[].created_by",
        ".events[].items",
        ".events[].metadata",
        ".events[].event_reference",
    ];

    let items = json!([{ "line_id": "1", "amount": 59_900, "quantity": 1 }]);
    let body = json!({ "amount": 59_900, "capture_reference": "cap_01", "items": items });
    let part = merchant.post(&format!("{path}/capture"), &body).await.expect(200);
    assert_shape(&part, &sample(DINTERO, "32_capture_partial_response_200"), &besides);
    assert_eq!(part["status"], "PARTIALLY_CAPTURED");
    assert_eq!(part["amount"], 64_900, "the amount does not move");
    assert_eq!(part["events"][2]["event_reference"], "cap_01");

    let refund = sample(DINTERO, "41_refund_partial_request");
    let refunded = merchant.post(&format!("{path}/refund"), &refund).await.expect(200);
    assert_shape(&refunded, &sample(DINTERO, "44_refund_on_part_capture_response_200"), &besides);
    assert_eq!(refunded["status"], "PARTIALLY_CAPTURED_REFUNDED");

    let id = merchant.authorized("full", 64_900, PLAIN).await;
    let path = format!("/transactions/{id}");
    let mut body = sample(DINTERO, "30_capture_full_request");
    body["items"] = json!([{ "line_id": "1", "amount": 64_900, "quantity": 1 }]);
    let full = merchant.post(&format!("{path}/capture"), &body).await.expect(200);
    let mut gone = besides.to_vec();
    gone.push(".items[].type");
    assert_shape(&full, &sample(DINTERO, "31_capture_full_response_200"), &gone);
    let again = merchant.post(&format!("{path}/capture"), &body).await;
    assert_eq!(again.status, 400);
    let void = merchant.call(Method::POST, &format!("{path}/void"), None).await;
    assert_eq!(void.status, 400, "captured money is not voided");
    let too_much = json!({ "amount": 64_901 });
    assert_eq!(merchant.post(&format!("{path}/refund"), &too_much).await.status, 400);
    for (amount, status) in [(5_000, "PARTIALLY_REFUNDED"), (59_900, "REFUNDED")] {
        let body = json!({ "amount": amount, "refund_reference": "re" });
        let refunded = merchant.post(&format!("{path}/refund"), &body).await.expect(200);
        assert_eq!(refunded["status"], status);
    }

    let id = merchant.authorized("voided", 64_900, PLAIN).await;
    let void = merchant.call(Method::POST, &format!("/transactions/{id}/void"), None).await;
    let voided = void.expect(200);
    assert_shape(&voided, &sample(DINTERO, "40_void_response_200"), &gone);
    let standing = merchant.simulator().payment("voided");
    assert_eq!((standing.state.as_str(), standing.totals.voided), ("voided", 64_900));
    let standing = merchant.simulator().payment("full");
    assert_eq!((standing.state.as_str(), standing.totals.refunded), ("refunded", 64_900));
    assert_eq!(merchant.get("/transactions/T11223344.nope").await.status, 404);
}

#[tokio::test]
async fn what_may_be_left_of_a_part_capture_depends_on_the_product() {
    let merchant = Merchant::new().await;
    let id = merchant.authorized("psp", 10_000, PLAIN).await;
    let path = format!("/transactions/{id}");
    let part = json!({ "amount": 4_000 });
    merchant.post(&format!("{path}/capture"), &part).await.expect(200);
    let void = merchant.call(Method::POST, &format!("{path}/void"), None).await;
    assert_eq!(void.status, 400, "dintero_psp uses final_capture instead");
    let last = json!({ "amount": 1_000, "final_capture": true });
    let last = merchant.post(&format!("{path}/capture"), &last).await.expect(200);
    assert_eq!(last["status"], "CAPTURED", "although 5000 of 10000 were never taken");
    assert_eq!(merchant.post(&format!("{path}/capture"), &part).await.status, 400);

    let payex = json!({ "payex": { "creditcard": { "enabled": true } } });
    let session = merchant.session("payex", 10_000, payex).await;
    merchant.pays(&session, card(PLAIN));
    let id = merchant.transaction_of(&session).await;
    let path = format!("/transactions/{id}");
    let last = json!({ "amount": 1_000, "final_capture": true });
    assert_eq!(merchant.post(&format!("{path}/capture"), &last).await.status, 400);
    merchant.post(&format!("{path}/capture"), &part).await.expect(200);
    let void = merchant.call(Method::POST, &format!("{path}/void"), None).await.expect(200);
    assert_eq!(void["status"], "CAPTURED");
}

#[tokio::test]
async fn asynchronous_operations_are_done_later_and_keep_others_out() {
    let merchant = Merchant::new().await;
    let knob = |value: Value| merchant.simulator().set_behaviour(&json!({ "operations": value }));
    knob(json!({ "after_ms": 60_000 })).expect("a knob");
    let id = merchant.authorized("async", 64_900, PLAIN).await;
    let path = format!("/transactions/{id}");
    let body = json!({ "amount": 64_900, "capture_reference": "cap_01" });
    let accepted = merchant.post(&format!("{path}/capture"), &body).await;
    let event_request_id = accepted.header("event-request-id").to_owned();
    let pending = accepted.expect(202);
    assert_eq!(pending["status"], "AUTHORIZED");
    assert_eq!(pending["events"][2]["event"], "INITIATE_CAPTURE");
    let conflict = merchant.post(&format!("{path}/capture"), &body).await.expect(409);
    assert_eq!(conflict, sample(DINTERO, "64_error_409_conflict"));
    assert_eq!(merchant.get(&path).await.expect(200)["status"], "AUTHORIZED");
    assert_eq!(merchant.simulator().payment("async").totals.captured, 0);

    merchant.simulators.advance(Duration::from_secs(60));
    let done = merchant.get(&path).await.expect(200);
    assert_eq!(done["status"], "CAPTURED");
    assert_eq!(done["events"][3]["correlation_request_id"], json!(event_request_id));
    let besides = [".items[].type", ".card.payment_token_id", ".events[].created_by"];
    let expected = sample(DINTERO, "34_transaction_after_async_capture_completed");
    assert_shape(&done, &expected, &besides);

    knob(json!("on_next_read")).expect("a knob");
    let refund = json!({ "amount": 100 });
    assert_eq!(merchant.post(&format!("{path}/refund"), &refund).await.status, 202);
    assert_eq!(merchant.simulator().payment("async").totals.refunded, 0);
    assert_eq!(merchant.get(&path).await.expect(200)["status"], "PARTIALLY_REFUNDED");
    assert!(knob(json!("sometimes")).is_err());
}

#[tokio::test]
async fn operations_that_fail_or_time_out() {
    let merchant = Merchant::new().await;
    let id = merchant.authorized("fails", 990_301, PLAIN).await;
    let path = format!("/transactions/{id}");
    let body = json!({ "amount": 990_301, "capture_reference": "cap_01" });
    let failed = merchant.post(&format!("{path}/capture"), &body).await.expect(200);
    let besides = [".items[].type", ".card.payment_token_id", ".events[].created_by"];
    let expected = sample(DINTERO, "35_transaction_capture_failed_status_unchanged");
    assert_shape(&failed, &expected, &besides);
    assert_eq!(failed["status"], "AUTHORIZED", "200 is no proof");
    assert_eq!(failed["events"][2]["success"], false);

    let id = merchant.authorized("times-out", 64_900, "4100000000000019").await;
    let path = format!("/transactions/{id}");
    let body = json!({ "amount": 64_900 });
    let silent = merchant.post(&format!("{path}/capture"), &body).await.expect(503);
    assert_eq!(silent, sample(DINTERO, "67_error_503_processor_unavailable"));
    assert_eq!(merchant.post(&format!("{path}/capture"), &body).await.status, 409);
    assert_eq!(merchant.get(&path).await.expect(200)["status"], "AUTHORIZED");
    merchant.simulators.advance(Duration::from_secs(60));
    let corrected = merchant.get(&path).await.expect(200);
    let expected = sample(DINTERO, "36_transaction_capture_failed_then_corrected");
    assert_shape(&corrected, &expected, &besides);
    assert_eq!(corrected["events"][2]["correction"]["event_ids"], json!(["4"]));
    assert_eq!(merchant.simulator().payment("times-out").totals.captured, 64_900);
}

#[tokio::test]
async fn merchant_initiated_charges_in_the_shapes_of_the_samples() {
    let merchant = Merchant::new().await;
    let token = merchant.saved("dintero_psp.creditcard", "payment_token", PLAIN).await;
    let approved = merchant.charge(&token, "sub-1", 19_900).await;
    let besides = [".items[].id"];
    assert_shape(&approved, &sample(DINTERO, "53_mit_response_200_authorized"), &besides);
    assert_eq!(approved["payment_operation"], "recurring_purchase");

    let mut body = charge(&token, "sub-2", 19_900);
    body["session"]["configuration"]["auto_capture"] = json!(true);
    let captured = merchant.pay(&body, "").await.expect(200);
    assert_shape(&captured, &sample(DINTERO, "54_mit_response_200_captured"), &besides);
    assert_eq!(captured["status"], "CAPTURED");

    for (amount, name) in [
        (990_051, "55_mit_response_200_failed_insufficient_funds_retry_later"),
        (990_091, "57_mit_response_200_failed_retry_immediately"),
        (990_070, "58_mit_response_200_failed_needs_authentication"),
        (990_046, "56_mit_response_200_failed_do_not_retry"),
    ] {
        let declined = merchant.charge(&token, name, amount).await;
        let expected = sample(DINTERO, name);
        assert_shape(&declined, &expected, &besides);
        let error = |answer: &Value| {
            let mut error = answer["events"][1]["error"].clone();
            error["retry_policy"]["retry_after"].take();
            error
        };
        assert_eq!(error(&declined), error(&expected));
        assert_eq!(declined["status"], "FAILED");
    }
    let blocked = merchant.charge(&token, "sub-3", 19_900).await;
    let codes = &blocked["events"][1]["error"]["retry_policy"]["retry_codes"];
    assert_eq!(codes, &json!(["DO_NOT_RETRY"]), "the card is blocked from then on");
    let summary = merchant.simulator().ledger_summary();
    assert_eq!((summary[&Kind::Authorize].succeeded, summary[&Kind::Authorize].declined), (2, 5));
}

#[tokio::test]
async fn token_keys_depend_on_product_and_operation() {
    let merchant = Merchant::new().await;
    let recurrence = merchant.saved("payex.creditcard", "recurrence_token", PLAIN).await;
    let payment = merchant.saved("payex.creditcard", "payment_token", PLAIN).await;
    let body = |operation: &str, key: &str, token: &str| {
        let mut body = sample(DINTERO, "50_mit_recurring_payex_request");
        body["payment"]["operation"] = json!(operation);
        body["session"]["customer"]["tokens"] = json!({ "payex.creditcard": { key: token } });
        body
    };
    let recurring = body("recurring_purchase", "recurrence_token", &recurrence);
    assert_eq!(merchant.pay(&recurring, "").await.expect(200)["status"], "CAPTURED");
    let unscheduled = body("unscheduled_purchase", "payment_token", &payment);
    assert_eq!(merchant.pay(&unscheduled, "").await.expect(200)["status"], "CAPTURED");
    for wrong in [
        body("recurring_purchase", "payment_token", &payment),
        body("unscheduled_purchase", "recurrence_token", &recurrence),
        body("recurring_purchase", "recurrence_token", &payment),
        body("recurring_purchase", "recurrence_token", "unknown"),
        body("purchase", "recurrence_token", &recurrence),
    ] {
        let refused = merchant.pay(&wrong, "").await.expect(400);
        assert_eq!(refused["success"], false);
        assert!(refused["error"]["message"].is_string());
    }
    let mut other_product = body("unscheduled_purchase", "payment_token", &payment);
    other_product["payment"]["payment_product_type"] = json!("bambora.creditcard");
    assert_eq!(merchant.pay(&other_product, "").await.status, 400);
    let bambora = merchant.saved("bambora.creditcard", "payment_token", PLAIN).await;
    let mut body = sample(DINTERO, "52_mit_unscheduled_bambora_request");
    body["session"]["customer"]["tokens"]["bambora.creditcard"]["payment_token"] = json!(bambora);
    assert_eq!(merchant.pay(&body, "").await.expect(200)["payment_product"], "bambora");
}

#[tokio::test]
async fn strict_toggles_refuse_a_used_reference() {
    let merchant = Merchant::new().await;
    let token = merchant.saved("dintero_psp.creditcard", "payment_token", PLAIN).await;
    let declined = charge(&token, "cycle", 990_051);
    let approved = charge(&token, "cycle", 19_900);
    let successes = "other, strict-success-merchant-reference";
    let strict = "strict-merchant-reference";
    merchant.pay(&declined, successes).await.expect(200);
    let refused = merchant.pay(&approved, strict).await.expect(400);
    let expected = sample(DINTERO, "59_mit_response_400_duplicate_merchant_reference");
    assert_shape(&refused, &expected, &[]);
    assert_eq!(refused["error"], expected["error"]);
    assert_eq!(merchant.pay(&approved, successes).await.expect(200)["status"], "AUTHORIZED");
    assert_eq!(merchant.pay(&approved, successes).await.status, 400);
    assert!(merchant.simulator().double_charges().is_empty());
    assert_eq!(merchant.pay(&approved, "").await.status, 200, "no toggle, no protection");
    assert_eq!(merchant.simulator().double_charges()["cycle"], 2);
}

#[tokio::test]
async fn undecided_transactions_are_decided_in_time() {
    let merchant = Merchant::new().await;
    let token = merchant.saved("dintero_psp.creditcard", "payment_token", PLAIN).await;
    for (amount, status, standing) in
        [(990_201, "ON_HOLD", "on_hold"), (990_202, "UNKNOWN", "unknown"), (990_203, "INITIATED", "pending")]
    {
        let answer = merchant.charge(&token, status, amount).await;
        assert_eq!((&answer["status"], &answer["success"]), (&json!(status), &json!(false)));
        assert_eq!(merchant.simulator().payment(status).state, standing);
    }
    merchant.simulators.advance(Duration::from_secs(24 * 60 * 60));
    for reference in ["ON_HOLD", "UNKNOWN", "INITIATED"] {
        assert_eq!(merchant.simulator().payment(reference).state, "authorized");
    }
    assert_eq!(merchant.simulator().payment("never heard of").state, "none");
}

#[tokio::test]
async fn lists_filter_page_and_may_lag() {
    let mut merchant = Merchant::new().await;
    let token = merchant.saved("dintero_psp.creditcard", "payment_token", PLAIN).await;
    for place in 0..3 {
        merchant.charge(&token, &format!("list-{place}"), 1_000 + place).await;
    }
    let list = |query: &'static str| merchant.get(query);
    let found = list("/transactions?merchant_reference=list-1").await.expect(200);
    assert_eq!(found.as_array().expect("an array").len(), 1);
    assert_eq!(found[0]["amount"], 1_001);
    let both = "/transactions?merchant_reference=list-0&merchant_reference=list-2";
    assert_eq!(list(both).await.expect(200).as_array().expect("an array").len(), 2);
    let first = list("/transactions?limit=2").await.expect(200);
    assert_eq!(first.as_array().expect("an array").len(), 2);
    let last = first[1]["id"].as_str().expect("an id");
    let next = merchant.get(&format!("/transactions?limit=2&starting_after={last}")).await;
    assert_eq!(next.expect(200)[0]["merchant_reference"], "list-0");
    let large = list("/transactions?amount.gte=1001&status=AUTHORIZED&currency=NOK").await;
    assert_eq!(large.expect(200).as_array().expect("an array").len(), 2);
    assert_eq!(list("/transactions?limit=101").await.status, 400);

    let lag = json!({ "search_delay_ms": 5_000 });
    merchant.simulator().set_behaviour(&lag).expect("a knob");
    merchant.charge(&token, "late", 1_000).await;
    let late = "/transactions?merchant_reference=late";
    assert_eq!(merchant.get(late).await.expect(200), json!([]));
    merchant.simulators.advance(Duration::from_secs(5));
    merchant.sign_in().await;
    assert_eq!(merchant.get(late).await.expect(200).as_array().expect("an array").len(), 1);
}

#[tokio::test]
async fn references_sessions_and_authorizations_can_change() {
    let merchant = Merchant::new().await;
    let id = merchant.authorized("put", 64_900, PLAIN).await;
    let body = sample(DINTERO, "45_update_merchant_reference_2_request");
    let path = format!("/transactions/{id}");
    let changed = merchant.call(Method::PUT, &path, Some(&body)).await.expect(200);
    assert_eq!(changed["merchant_reference_2"], "pay_01hzx");
    let update = sample(DINTERO, "46_update_authorization_preauth_final_request");
    let update_path = format!("{path}/authorization");
    assert_eq!(merchant.post(&update_path, &update).await.status, 409, "it is final");

    let mut configuration = psp(false);
    configuration["pre_authorization"] = json!(true);
    let session = merchant.session("pre", 64_900, configuration).await;
    let order = sample(DINTERO, "11_update_session_request");
    let session_path = format!("/sessions/{session}");
    let without = merchant.call(Method::PUT, &session_path, Some(&order)).await;
    assert_eq!(without.status, 409, "not locked");
    let unlocked = format!("{session_path}?update_without_lock=true");
    let updated = merchant.call(Method::PUT, &unlocked, Some(&order)).await.expect(200);
    assert_eq!(updated["order"]["amount"], 59_900);
    merchant.pays(&session, card(PLAIN));
    assert_eq!(merchant.call(Method::PUT, &unlocked, Some(&order)).await.status, 400);
    let path = format!("/transactions/{}", merchant.transaction_of(&session).await);
    let capture = json!({ "amount": 59_900 });
    assert_eq!(merchant.post(&format!("{path}/capture"), &capture).await.status, 400);
    let grown = json!({ "amount": 70_000, "final_authorization": false, "items": [line(70_000)] });
    let grown = merchant.post(&format!("{path}/authorization"), &grown).await.expect(200);
    assert_eq!(grown["amount"], 70_000);
    merchant.post(&format!("{path}/authorization"), &update).await.expect(200);
    assert_eq!(merchant.post(&format!("{path}/authorization"), &update).await.status, 409);
    merchant.post(&format!("{path}/capture"), &capture).await.expect(200);
    let standing = merchant.simulator().payment("pre");
    assert_eq!(standing.state, "captured");
    assert_eq!((standing.totals.authorized, standing.totals.captured), (59_900, 59_900));
}

#[tokio::test]
async fn cancelling_voids_what_is_authorized_and_no_more() {
    let merchant = Merchant::new().await;
    let open = merchant.session("open", 100, psp(false)).await;
    let cancel = |id: &str| format!("/sessions/{id}/cancel");
    let cancelled = merchant.call(Method::POST, &cancel(&open), None).await.expect(200);
    let besides = [".order.items[].type"];
    assert_shape(&cancelled, &sample(DINTERO, "10_cancel_session_response_200"), &besides);
    assert_eq!(merchant.simulator().payment("open").state, "cancelled");
    let pays = CustomerAction::Pay(card(PLAIN));
    assert!(merchant.simulator().customer(&open, &pays).is_err(), "the page is over");

    let paid = merchant.session("paid", 100, psp(false)).await;
    merchant.pays(&paid, card(PLAIN));
    merchant.call(Method::POST, &cancel(&paid), None).await.expect(200);
    assert_eq!(merchant.simulator().payment("paid").state, "voided");

    let taken = merchant.session("taken", 100, json!({ "auto_capture": true })).await;
    merchant.pays(&taken, card(PLAIN));
    assert_eq!(merchant.call(Method::POST, &cancel(&taken), None).await.status, 400);
}

#[tokio::test]
async fn stored_cards_are_managed_and_deleted() {
    let merchant = Merchant::new().await;
    let token = merchant.saved("dintero_psp.creditcard", "payment_token", CHALLENGED).await;
    merchant.saved("payex.creditcard", "payment_token", PLAIN).await;
    let list = merchant.get("/card-tokens?customer_id=cus_42").await.expect(200);
    assert_shape(&list, &sample(DINTERO, "90_card_tokens_list_response_200"), &[]);
    assert_eq!(list.as_array().expect("an array").len(), 1, "own acquiring only");
    let path = format!("/card-tokens/{}", list[0]["id"].as_str().expect("an id"));
    assert_eq!(merchant.get(&path).await.expect(200), list[0]);
    let body = sample(DINTERO, "91_card_token_delete_request");
    let deleted = merchant.call(Method::DELETE, &path, Some(&body)).await.expect(200);
    assert_shape(&deleted, &sample(DINTERO, "92_card_token_delete_response_200"), &[]);
    let refused = merchant.pay(&charge(&token, "deleted", 100), "").await;
    assert_eq!(refused.status, 400);
    assert_eq!(merchant.get("/card-tokens/nope").await.status, 404);
}

#[tokio::test]
async fn a_payer_in_a_browser_without_scripts() {
    let merchant = Merchant::new().await;
    let mut configuration = psp(true);
    configuration["dintero_psp"]["creditcard"]["generate_payment_token_config"] =
        json!({ "save_card_checkbox": "opt_in" });
    let id = merchant.session("<b>browser", 100, configuration).await;
    let page = format!("{}/view/{id}", merchant.base);
    let shown = Answered::read(client().get(&page).send().await.expect("a page")).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains("name=\"card\"") && shown.text.contains("name=\"save\""));
    assert!(shown.text.contains("&lt;b&gt;browser") && !shown.text.contains("<b>"));

    let fields = [("card", PLAIN), ("expiry", "12/2099"), ("cvc", "12")];
    let wrong = submit(&format!("{page}/pay"), &fields).await;
    assert_eq!(wrong.status, 422);
    assert!(!wrong.text.contains(&format!("value=\"{PLAIN}")), "a number is never echoed");
    let fields = [("card", "4000 1000 0000 0000"), ("expiry", "12/99"), ("cvc", "123")];
    let asked = submit(&format!("{page}/pay"), &fields).await;
    assert_eq!((asked.status, asked.header("location")), (303, &*format!("/v1/view/{id}/challenge")));
    let bank = format!("{page}/challenge");
    let shown = Answered::read(client().get(&bank).send().await.expect("a page")).await;
    assert!(shown.text.contains("value=\"pass\"") && shown.text.contains("value=\"fail\""));
    let done = submit(&bank, &[("result", "pass")]).await;
    assert_eq!(done.status, 303);
    assert!(done.header("location").starts_with("https://shop.example/return?pid=pay_01hzx&"));

    let path = format!("/transactions/{}", merchant.transaction_of(&id).await);
    let transaction = merchant.get(&format!("{path}?includes=card.payment_token")).await.expect(200);
    assert_eq!(transaction["card"]["card_holder_tokenization_consent"], "opt_out");
    assert!(transaction["card"].get("payment_token").is_none(), "the box was not ticked");
    let over = Answered::read(client().get(&page).send().await.expect("a page")).await;
    assert_eq!(over.status, 410);
}

#[tokio::test]
async fn declined_cards_leave_the_page_open_and_a_failed_challenge_does_not() {
    let merchant = Merchant::new().await;
    let id = merchant.session("tries", 990_005, psp(false)).await;
    assert_eq!(merchant.pays(&id, card(PLAIN)), ("declined".into(), None));
    let session = merchant.get(&format!("/sessions/{id}")).await.expect(200);
    let expected = sample(DINTERO, "09_get_session_response_pay_failed_still_open");
    assert_shape(&session, &expected, &[".order.items[].type"]);
    assert_eq!(session["events"][2]["name"], "PAY_FAILED");
    merchant.pays(&id, card(PLAIN));
    let (status, return_url) = merchant.pays(&id, card(PLAIN));
    assert_eq!(status, "failed");
    assert!(return_url.expect("sent back").ends_with("&error=failed"));

    let id = merchant.session("challenge", 100, psp(false)).await;
    let fails = Payment { three_d_secure: ThreeDSecure::Fail, ..card(CHALLENGED) };
    let (status, return_url) = merchant.pays(&id, fails);
    assert_eq!(status, "failed");
    assert!(return_url.expect("sent back").ends_with("&error=authorization"));
    let path = format!("/transactions/{}", merchant.transaction_of(&id).await);
    let failed = merchant.get(&path).await.expect(200);
    assert_shape(&failed, &sample(DINTERO, "27_transaction_failed_3ds"), &[".items[].type"]);
    assert_eq!(merchant.simulator().payment("challenge").state, "declined");

    let id = merchant.session("cancel", 100, psp(false)).await;
    let outcome = merchant.simulator().customer(&id, &CustomerAction::Cancel).expect("open");
    let expected = "https://shop.example/return?pid=pay_01hzx&merchant_reference=cancel&error=cancelled";
    assert_eq!(outcome.return_url.as_deref(), Some(expected));

    let id = merchant.session("expire", 100, psp(false)).await;
    merchant.simulators.advance(Duration::from_secs(24 * 60 * 60));
    let pays = CustomerAction::Pay(card(PLAIN));
    assert!(merchant.simulator().customer(&id, &pays).is_err());
    assert_eq!(merchant.simulator().payment("expire").state, "expired");
}

#[tokio::test]
async fn a_saved_card_wants_only_its_security_code() {
    let merchant = Merchant::new().await;
    let token = merchant.saved("payex.creditcard", "payment_token", PLAIN).await;
    let mut body = sample(DINTERO, "06_create_session_cit_saved_token_request");
    body["customer"]["tokens"]["payex.creditcard"]["payment_token"] = json!("unknown");
    assert_eq!(merchant.post("/sessions-profile", &body).await.status, 400);
    body["customer"]["tokens"]["payex.creditcard"]["payment_token"] = json!(token);
    let created = merchant.post("/sessions-profile", &body).await.expect(200);
    let id = created["id"].as_str().expect("an id");
    let session = merchant.get(&format!("/sessions/{id}")).await;
    assert!(!session.text.contains(&token), "tokens are never echoed");
    assert!(session.json()["customer"]["tokens"]["payex.creditcard"]["payment_token_id"].is_string());
    let page = created["url"].as_str().expect("a URL");
    let shown = Answered::read(client().get(page).send().await.expect("a page")).await;
    assert!(shown.text.contains("400000******0002") && !shown.text.contains("name=\"card\""));
    let paid = submit(&format!("{page}/pay"), &[("cvc", "123")]).await;
    assert_eq!(paid.status, 303);
    let path = format!("/transactions/{}", merchant.transaction_of(id).await);
    let transaction = merchant.get(&path).await.expect(200);
    assert_eq!(transaction["payment_product_type"], "payex.creditcard");
}

#[tokio::test]
async fn other_methods_are_held_or_declined_by_the_payer() {
    let merchant = Merchant::new().await;
    let invoice = json!({ "collector": { "invoice": { "enabled": true } } });
    let id = merchant.session("invoice", 64_900, invoice).await;
    assert_eq!(merchant.pays(&id, Payment::default()).0, "on_hold");
    let path = format!("/transactions/{}", merchant.transaction_of(&id).await);
    let held = merchant.get(&path).await.expect(200);
    assert_shape(&held, &sample(DINTERO, "25_transaction_on_hold"), &[".items[].type"]);
    let wallet = json!({ "vipps": { "enabled": true } });
    let id = merchant.session("wallet", 64_900, wallet).await;
    let page = format!("{}/view/{id}", merchant.base);
    let declined = submit(&format!("{page}/decline"), &[]).await;
    assert_eq!(declined.status, 303);
    assert!(declined.header("location").ends_with("&error=authorization"));
    let path = format!("/transactions/{}", merchant.transaction_of(&id).await);
    let declined = merchant.get(&path).await.expect(200);
    let expected = sample(DINTERO, "26_transaction_declined_by_customer");
    assert_shape(&declined, &expected, &[".items[].type"]);
}

#[tokio::test]
async fn callbacks_are_queued_as_their_switches_say_and_signed() {
    let merchant = Merchant::new().await;
    let id = merchant.authorized("told", 64_900, PLAIN).await;
    let body = json!({ "amount": 64_900 });
    merchant.post(&format!("/transactions/{id}/capture"), &body).await.expect(200);
    let session = merchant.session("gone", 100, psp(false)).await;
    merchant.simulator().customer(&session, &CustomerAction::Cancel).expect("open");
    let owed = merchant.simulator().notifications(0);
    let urls: Vec<&str> = owed.iter().map(|(owed, _)| owed.url.as_str()).collect();
    assert_eq!(urls.len(), 3, "{urls:?}");
    assert!(urls[0].contains("&merchant_reference=told&session_id=T11223344."));
    assert!(urls[1].ends_with("&event=CAPTURE&event_id=3"));
    assert!(urls[2].ends_with("&error=cancelled") && !urls[2].contains("transaction_id"));
    let (first, headers) = &owed[0];
    assert_eq!(first.method, "GET");
    let signature = headers.iter().find(|(name, _)| name == "Dintero-Signature");
    assert!(signature.expect("signed").1.starts_with("t="));
    let secret = |secret: &str| [("callback_secret", Setting::Text(secret.to_owned()))];
    for (owed, kind) in owed.iter().zip(["authorization", "CAPTURE", "error cancelled"]) {
        let told = judged(DINTERO, &secret(CALLBACK_SECRET), owed).expect("genuine");
        assert_eq!((told.kind.as_str(), told.news), (kind, News::Hint));
        assert_eq!(judged(DINTERO, &secret("other"), owed), Err(Refusal::Forged));
    }

    let secret = merchant.get("/admin/signature").await.expect(200);
    assert_shape(&secret, &sample(DINTERO, "93_signature_secret_response_200"), &[]);
    assert_eq!(secret["signature"]["secret"], CALLBACK_SECRET);
    let renewed = merchant.call(Method::POST, "/admin/signature", None).await.expect(200);
    assert_ne!(renewed["signature"]["secret"], secret["signature"]["secret"]);
}

#[tokio::test]
async fn the_exchange_log_knows_no_secrets() {
    let merchant = Merchant::new().await;
    let token = merchant.saved("dintero_psp.creditcard", "payment_token", CHALLENGED).await;
    merchant.charge(&token, "logged", 100).await;
    let id = merchant.session("form", 100, psp(false)).await;
    let fields = [("card", CHALLENGED), ("expiry", "12/2099"), ("cvc", "987")];
    submit(&format!("{}/view/{id}/pay", merchant.base), &fields).await;
    let mut misplaced = charge(&token, "misplaced", 100);
    misplaced["session"]["order"]["items"][0]["description"] = json!(format!("card {CHALLENGED}"));
    merchant.pay(&misplaced, "").await.expect(200);

    let shown = control(merchant.simulator(), Method::GET, "/exchanges", Value::Null).await;
    let bearer = merchant.bearer.trim_start_matches("Bearer ");
    let basic = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    // A bare 987 may stand in any timestamp; a security code would stand after a name.
    let secrets = [CHALLENGED, "=987", "\"987\"", CLIENT_SECRET, &basic, bearer, &token];
    for secret in secrets {
        assert!(!shown.text.contains(secret), "{secret} is in the log");
    }
    let filter =
        Filter { operation: Some("pay".into()), reference: Some("logged".into()), ..Filter::default() };
    let logged = merchant.simulator().exchanges(&filter);
    assert_eq!(logged.len(), 1);
    assert_eq!((logged[0].status, logged[0].reference.as_deref()), (Some(200), Some("logged")));
}
