//! beGateway's simulator over real HTTP: every endpoint, its errors, the pages, the tokens.

#![cfg(feature = "simulator")]

mod simulator_support;

use std::time::Duration;

use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::{Answered, assert_shape, client, control, sample, send, simulators, submit};
use turnpike::providers::contract::Context;
use turnpike::providers::notice::{News, Notice};
use turnpike::providers::registry;
use turnpike::providers::settings::Setting;
use turnpike::simulator::begateway::SHOPS;
use turnpike::simulator::exchanges::Filter;
use turnpike::simulator::{CustomerAction, Payment, Simulator, Simulators, ThreeDSecure};

const BEGATEWAY: &str = "begateway";
const PLAIN: &str = "4200000000000000";
const FRICTIONLESS: &str = "4012000000001006";
const CHALLENGED: &str = "4012000000001097";

/// Keys that an answer has although its sample does not, because the sample leaves them out.
const OPTIONAL: &[&str] = &[".transaction.three_d_secure_verification"];

/// A merchant: one of the two shops.
struct Merchant {
    simulators: Simulators,
    basic: String,
}

impl Merchant {
    async fn new(shop_id: u32) -> Merchant {
        let shop = SHOPS.iter().find(|shop| shop.id == shop_id).expect("a shop");
        Merchant {
            simulators: simulators().await,
            basic: format!("Basic {}", STANDARD.encode(format!("{shop_id}:{}", shop.secret))),
        }
    }

    fn simulator(&self) -> &Simulator {
        self.simulators.of(BEGATEWAY).expect("runs")
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        more: &[(&str, &str)],
    ) -> Answered {
        let url = format!("{}{path}", self.simulator().base_url());
        let mut headers = vec![("authorization", &*self.basic)];
        headers.extend(more);
        send(method, &url, &headers, body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answered {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    async fn post_v3(&self, path: &str, body: &Value) -> Answered {
        self.call(Method::POST, path, Some(body), &[("x-api-version", "3")]).await
    }

    async fn get(&self, path: &str) -> Answered {
        self.call(Method::GET, path, None, &[]).await
    }

    async fn payment(&self, body: &Value) -> Value {
        let answer = self.post("/transactions/payments", body).await.expect(200);
        answer["transaction"].clone()
    }

    /// A token of a payment with a contract.
    async fn saved(&self, number: &str, contract: Value) -> String {
        let mut body = card_payment("saved", 100, number);
        body["request"]["additional_data"]["contract"] = contract;
        let paid = self.payment(&body).await;
        paid["credit_card"]["token"].as_str().expect("a token").to_owned()
    }

    async fn checkout(&self, change: impl FnOnce(&mut Value)) -> (String, String) {
        let mut body = sample(BEGATEWAY, "01_create_session_request");
        body["checkout"]["order"]["expired_at"] = json!("2099-03-02T12:00:00+00:00");
        change(&mut body["checkout"]);
        let headers = [("x-api-version", "2")];
        let path = "/ctp/api/checkouts";
        let created = self.call(Method::POST, path, Some(&body), &headers).await.expect(201);
        let text = |name: &str| created["checkout"][name].as_str().expect("a text").to_owned();
        (text("token"), text("redirect_url"))
    }

    async fn read_checkout(&self, token: &str) -> Value {
        self.get(&format!("/ctp/api/checkouts/{token}")).await.expect(200)
    }

    fn pays(&self, page: &str, payment: Payment) -> (String, Option<String>) {
        let action = CustomerAction::Pay(payment);
        let outcome = self.simulator().customer(page, &action).expect("an open page");
        (outcome.status, outcome.return_url)
    }
}

fn card_payment(tracking_id: &str, amount: i64, number: &str) -> Value {
    let mut body = sample(BEGATEWAY, "10_payment_card_request");
    body["request"]["tracking_id"] = json!(tracking_id);
    body["request"]["amount"] = json!(amount);
    body["request"]["duplicate_check"] = json!(false);
    body["request"]["credit_card"]["number"] = json!(number);
    body
}

fn token_payment(tracking_id: &str, amount: i64, token: &str) -> Value {
    let mut body = sample(BEGATEWAY, "45_charge_token_mit_request");
    body["request"]["tracking_id"] = json!(tracking_id);
    body["request"]["amount"] = json!(amount);
    body["request"]["duplicate_check"] = json!(false);
    body["request"]["credit_card"]["token"] = json!(token);
    body
}

fn card(number: &str) -> Payment {
    Payment {
        card: Some(number.to_owned()),
        expiry: Some("12/2099".to_owned()),
        cvc: Some("111".to_owned()),
        ..Payment::default()
    }
}

#[tokio::test]
async fn only_the_two_shops_are_let_in() {
    let merchant = Merchant::new(361).await;
    let url = format!("{}/transactions/x", merchant.simulator().base_url());
    for given in ["361:wrong", "363:simulator-secret-361", "nonsense"] {
        let basic = format!("Basic {}", STANDARD.encode(given));
        let refused = send(Method::GET, &url, &[("authorization", &*basic)], None).await;
        assert_eq!(refused.expect(401), sample(BEGATEWAY, "28_error_unauthorized_401"));
    }
    assert_eq!(send(Method::GET, &url, &[], None).await.status, 401);
    let unknown = merchant.get("/transactions/nope").await.expect(404);
    assert_eq!(unknown, json!({ "response": { "message": "Record not found" } }));
}

#[tokio::test]
async fn payments_in_the_shapes_of_the_samples() {
    let merchant = Merchant::new(361).await;
    let body = sample(BEGATEWAY, "10_payment_card_request");
    let paid = merchant.post("/transactions/payments", &body).await.expect(200);
    assert_shape(&paid, &sample(BEGATEWAY, "11_payment_successful_response"), OPTIONAL);
    assert_eq!(paid["transaction"]["payment"]["bank_code"], "05", "an approval's bank code");
    assert_eq!(paid["transaction"]["credit_card"]["exp_year"], 2031, "a text in, a number out");

    let flat = merchant.post_v3("/transactions/payments", &card_payment("v3", 4_991, PLAIN)).await;
    let expected = sample(BEGATEWAY, "20_v3_payment_successful_response");
    assert_shape(&flat.expect(200), &expected, &[".additional_data.contract"]);

    let declined = merchant.payment(&card_payment("poor", 990_114, PLAIN)).await;
    let expected = sample(BEGATEWAY, "13_payment_declined_insufficient_funds_response");
    assert_shape(&declined, &expected["transaction"], &[]);
    for key in ["status", "code", "message"] {
        assert_eq!(declined[key], expected["transaction"][key]);
    }
    assert_eq!(declined["payment"]["bank_code"], "51");
    let fraud = merchant.payment(&card_payment("fraud", 990_116, PLAIN)).await;
    let expected = sample(BEGATEWAY, "16_payment_suspected_fraud_response");
    assert_shape(&fraud, &expected["transaction"], &[]);
    assert_eq!((&fraud["code"], &fraud["payment"]["bank_code"]), (&json!("F.0116"), &json!("43")));
    let declined = card_payment("v3-declined", 990_112, PLAIN);
    let flat = merchant.post_v3("/transactions/payments", &declined).await.expect(200);
    let expected = sample(BEGATEWAY, "22_v3_payment_declined_response");
    assert_shape(&flat, &expected, &[".additional_data.contract"]);
    assert_eq!(flat["code"], "F.0112");
    let refused = merchant.payment(&card_payment("no", 100, "4005550000000019")).await;
    assert_eq!((&refused["status"], &refused["code"]), (&json!("failed"), &json!("F.0105")));

    let old = json!({ "omits_codes": true });
    merchant.simulator().set_behaviour(&old).expect("a knob");
    let declined = merchant.payment(&card_payment("old", 990_105, PLAIN)).await;
    assert!(declined.get("code").is_none() && declined.get("friendly_message").is_none());
}

#[tokio::test]
async fn zero_amount_authorizations_and_tokenizations_store_cards() {
    let merchant = Merchant::new(362).await;
    let body = sample(BEGATEWAY, "30_authorization_zero_amount_request");
    let stored = merchant.post("/transactions/authorizations", &body).await.expect(200);
    let expected = sample(BEGATEWAY, "31_authorization_zero_amount_response");
    assert_shape(&stored, &expected, OPTIONAL);
    assert_eq!(merchant.simulator().payment("V-4001").state, "tokenized");
    let body = sample(BEGATEWAY, "51_tokenization_request");
    let stored = merchant.post("/transactions/tokenizations", &body).await.expect(200);
    assert_shape(&stored, &sample(BEGATEWAY, "52_tokenization_response"), &[]);
    let token = stored["transaction"]["credit_card"]["token"].as_str().expect("a token");
    assert_eq!(merchant.payment(&token_payment("mit", 990, token)).await["status"], "successful");
    let mut zero = card_payment("zero", 0, PLAIN);
    assert_eq!(merchant.post("/transactions/payments", &zero).await.status, 422);
    zero["request"]["additional_data"]["contract"] = json!([]);
    let unsaved = merchant.post("/transactions/authorizations", &zero).await.expect(200);
    assert!(unsaved["transaction"]["credit_card"]["token"].is_null(), "no contract, no token");
}

#[tokio::test]
async fn errors_in_both_versions() {
    let merchant = Merchant::new(361).await;
    let path = "/transactions/payments";
    let mut body = card_payment("bad", 100, "4200000000000001");
    body["request"]["description"] = json!("");
    let wrapped = merchant.post(path, &body).await.expect(422);
    let errors = &wrapped["response"]["errors"];
    assert_eq!(errors["description"], json!(["can't be blank"]));
    assert_eq!(errors["credit_card"]["number"], json!(["is invalid"]));
    let message = "Description can't be blank. Number is invalid.";
    assert_eq!(wrapped["response"]["message"], message);
    let flat = merchant.post_v3(path, &body).await.expect(422);
    assert_shape(&flat["errors"], errors, &[]);
    assert!(flat["code"].as_str().expect("a code").starts_with("E."));

    for amount in ["100.0", "1e2", "\"100\"", "-100", "0"] {
        let mut body = card_payment("amount", 100, PLAIN);
        body["request"]["amount"] = serde_json::from_str(amount).expect("JSON");
        assert_eq!(merchant.post(path, &body).await.status, 422, "{amount}");
    }
    let unwrapped = card_payment("x", 100, PLAIN)["request"].clone();
    assert_eq!(merchant.post_v3(path, &unwrapped).await.expect(422)["code"], "E.1026");
    let live = card_payment("live", 100, "4111111111111111");
    assert_eq!(merchant.post_v3(path, &live).await.expect(422)["code"], "E.1015");
    let mut not_a_test = card_payment("real", 100, PLAIN);
    not_a_test["request"]["test"] = json!(false);
    assert_eq!(merchant.post_v3(path, &not_a_test).await.expect(422)["code"], "E.1012");
    let unknown = token_payment("unknown", 100, "unknown");
    let refused = merchant.post_v3(path, &unknown).await.expect(422);
    assert_eq!(refused, sample(BEGATEWAY, "50_token_invalid_v3_error"));

    let knob = json!({ "raw_cards_allowed": false });
    merchant.simulator().set_behaviour(&knob).expect("a knob");
    let raw = merchant.post_v3(path, &card_payment("raw", 100, PLAIN)).await.expect(422);
    assert_eq!(raw, sample(BEGATEWAY, "24_v3_error_pan_not_allowed_422"));
    assert!(merchant.simulator().ledger(None).is_empty(), "refusals move nothing");
}

#[tokio::test]
async fn three_d_secure_on_the_shop_that_has_it() {
    let merchant = Merchant::new(362).await;
    let frictionless = merchant.payment(&card_payment("y", 100, FRICTIONLESS)).await;
    assert_eq!(frictionless["three_d_secure_verification"]["pa_status"], "Y");
    let attempted = merchant.payment(&card_payment("a", 100, "4012000000001055")).await;
    assert_eq!(attempted["three_d_secure_verification"]["pa_status"], "A");
    for (number, status) in [("4012000000001022", "U"), ("4012000000001030", "R"), ("4012000000001014", "N")]
    {
        let failed = merchant.payment(&card_payment(status, 100, number)).await;
        assert_eq!(failed["status"], "failed");
        assert_eq!(failed["three_d_secure_verification"]["pa_status"], status);
        let expected = sample(BEGATEWAY, "14_payment_declined_3ds_failed_response");
        assert_shape(&failed, &expected["transaction"], &[]);
    }

    let asked = merchant.payment(&card_payment("B-2002", 100, CHALLENGED)).await;
    let expected = sample(BEGATEWAY, "12_payment_incomplete_3ds_response");
    assert_shape(&asked, &expected["transaction"], &[]);
    assert_eq!((&asked["status"], &asked["code"]), (&json!("incomplete"), &json!("P.4012")));
    assert_eq!(merchant.simulator().payment("B-2002").state, "pending");
    let bank = asked["redirect_url"].as_str().expect("a URL");
    let shown = Answered::read(client().get(bank).send().await.expect("a page")).await;
    assert!(shown.text.contains("value=\"pass\""));
    let uid = asked["uid"].as_str().expect("a uid");
    let done = submit(bank, &[("result", "pass")]).await;
    assert_eq!(done.status, 303);
    let expected = format!("https://shop.example/3ds/B-2001?uid={uid}&status=successful");
    assert_eq!(done.header("location"), expected);
    let paid = merchant.get(&format!("/transactions/{uid}")).await.expect(200);
    assert_eq!(paid["transaction"]["status"], "successful");
    assert!(paid["transaction"]["credit_card"]["token"].is_string());

    let body = card_payment("v3", 100, CHALLENGED);
    let flat = merchant.post_v3("/transactions/payments", &body).await.expect(200);
    let besides = [
        ".additional_data.contract",
        ".three_d_secure_verification.acs_url",
        ".three_d_secure_verification.pa_req",
        ".three_d_secure_verification.md",
        ".three_d_secure_verification.pa_res_url",
        ".three_d_secure_verification.eci",
        ".three_d_secure_verification.pa_status",
        ".three_d_secure_verification.xid",
        ".three_d_secure_verification.cavv",
        ".three_d_secure_verification.cavv_algorithm",
        ".three_d_secure_verification.fail_reason",
        ".three_d_secure_verification.creq",
    ];
    assert_shape(&flat, &sample(BEGATEWAY, "21_v3_payment_incomplete_response"), &besides);
    assert_eq!(flat["code"], "P.9998");
    let uid = flat["uid"].as_str().expect("a uid");
    let fails = Payment { three_d_secure: ThreeDSecure::Fail, ..Payment::default() };
    assert_eq!(merchant.pays(uid, fails).0, "failed");

    let mut blind = card_payment("blind", 100, FRICTIONLESS);
    blind["request"]["additional_data"]["browser"].take();
    let refused = merchant.post_v3("/transactions/payments", &blind).await.expect(422);
    assert_eq!(refused["code"], "E.1042");
    blind["request"]["return_url"].take();
    let refused = merchant.post("/transactions/payments", &blind).await.expect(422);
    assert_eq!(refused["response"]["message"], "Return url can't be blank");

    let plain_shop = Merchant::new(361).await;
    let paid = plain_shop.payment(&card_payment("361", 100, CHALLENGED)).await;
    assert_eq!(paid["status"], "successful", "a shop without 3-D Secure does not ask");
}

#[tokio::test]
async fn what_nobody_finishes_is_closed_in_time() {
    let merchant = Merchant::new(362).await;
    let left = merchant.payment(&card_payment("left", 100, CHALLENGED)).await;
    let uid = left["uid"].as_str().expect("a uid");
    merchant.simulator().customer(uid, &CustomerAction::Abandon).expect("open");
    merchant.simulators.advance(Duration::from_secs(30 * 60));
    let closed = merchant.get(&format!("/transactions/{uid}")).await.expect(200);
    let transaction = &closed["transaction"];
    assert_eq!((&transaction["status"], &transaction["code"]), (&json!("failed"), &json!("F.0998")));

    let mut body = card_payment("expires", 100, CHALLENGED);
    let soon = merchant.simulator().payment("x");
    assert_eq!(soon.state, "none");
    let clock = control(merchant.simulator(), Method::GET, "/clock", Value::Null).await;
    let now: jiff::Timestamp = clock.json()["now"].as_str().expect("a time").parse().expect("ISO");
    let at = jiff::Timestamp::from_second(now.as_second() + 60).expect("in range");
    body["request"]["expired_at"] = json!(at.to_string());
    let open = merchant.payment(&body).await;
    let advance = json!({ "advance_seconds": 61 });
    control(merchant.simulator(), Method::POST, "/clock", advance).await.expect(200);
    let path = format!("/transactions/{}", open["uid"].as_str().expect("a uid"));
    let expired = merchant.get(&path).await.expect(200);
    let expected = sample(BEGATEWAY, "17_payment_expired_response");
    assert_shape(&expired, &expected, OPTIONAL);
    assert_eq!(expired["transaction"]["code"], "F.0109");
    assert_eq!(merchant.simulator().payment("expires").state, "expired");

    let waiting = merchant.payment(&card_payment("waiting", 999_999, PLAIN)).await;
    assert_eq!((&waiting["status"], &waiting["code"]), (&json!("incomplete"), &json!("P.9999")));
    assert!(waiting["redirect_url"].is_null());
    merchant.simulators.advance(Duration::from_secs(60));
    assert_eq!(merchant.simulator().payment("waiting").state, "captured");
}

#[tokio::test]
async fn captures_voids_and_refunds_in_the_shapes_of_the_samples() {
    let merchant = Merchant::new(361).await;
    let mut body = card_payment("H-4002", 20_000, PLAIN);
    body["request"]["additional_data"]["contract"] = json!([]);
    let authorized = merchant.post("/transactions/authorizations", &body).await.expect(200);
    assert_shape(&authorized, &sample(BEGATEWAY, "32_authorization_response"), &[]);
    let parent = authorized["transaction"]["uid"].clone();

    let capture = |amount: i64| json!({ "request": { "parent_uid": parent, "amount": amount } });
    let refused = merchant.post("/transactions/captures", &capture(20_001)).await.expect(422);
    assert_eq!(refused, sample(BEGATEWAY, "35_capture_too_large_error"));
    let captured = merchant.post("/transactions/captures", &capture(15_000)).await.expect(200);
    assert_shape(&captured, &sample(BEGATEWAY, "34_capture_response"), &[]);
    let void = merchant.post("/transactions/voids", &capture(5_000)).await.expect(422);
    assert_eq!(void["message"], "transaction can't be voided");

    let refund = |parent: &Value, amount: i64, reason: &str| json!({ "request": { "parent_uid": parent, "amount": amount, "reason": reason } });
    let of_parent = refund(&parent, 100, "x");
    let refused = merchant.post("/transactions/refunds", &of_parent).await.expect(422);
    assert_eq!(refused, sample(BEGATEWAY, "27_error_refund_not_possible_422"));
    let child = &captured["transaction"]["uid"];
    assert_eq!(merchant.post("/transactions/refunds", &refund(child, 100, "")).await.status, 422);
    let body = refund(child, 5_000, "Partial return of goods");
    let refunded = merchant.post("/transactions/refunds", &body).await.expect(200);
    assert_shape(&refunded, &sample(BEGATEWAY, "39_refund_response"), &[]);
    let too_much = refund(child, 10_001, "x");
    assert_eq!(merchant.post("/transactions/refunds", &too_much).await.status, 422);
    let standing = merchant.simulator().payment("H-4002");
    assert_eq!(standing.state, "partially_refunded");
    let totals = standing.totals;
    assert_eq!((totals.authorized, totals.captured, totals.refunded), (20_000, 15_000, 5_000));

    let paid = merchant.payment(&card_payment("big", 2_000_000, PLAIN)).await;
    let failing = refund(&paid["uid"], 990_105, "x");
    let failed = merchant.post("/transactions/refunds", &failing).await.expect(200);
    let expected = sample(BEGATEWAY, "40_refund_failed_response");
    assert_shape(&failed, &expected, &[]);
    for key in ["status", "code", "message"] {
        assert_eq!(failed["transaction"][key], expected["transaction"][key]);
    }
    assert_eq!(merchant.simulator().payment("big").totals.refunded, 0);

    let body = card_payment("voided", 20_000, PLAIN);
    let authorized = merchant.post("/transactions/authorizations", &body).await.expect(200);
    let parent = authorized["transaction"]["uid"].clone();
    let body = json!({ "request": { "parent_uid": parent, "amount": 20_000 } });
    let voided = merchant.post("/transactions/voids", &body).await.expect(200);
    assert_shape(&voided, &sample(BEGATEWAY, "37_void_response"), &[]);
    assert_eq!(merchant.post("/transactions/captures", &body).await.status, 422);
    assert_eq!(merchant.simulator().payment("voided").state, "voided");
    let unknown = json!({ "request": { "parent_uid": "nope", "amount": 1 } });
    assert_eq!(merchant.post("/transactions/captures", &unknown).await.status, 404);
}

#[tokio::test]
async fn refunds_may_take_their_time_but_not_too_much_money() {
    let merchant = Merchant::new(361).await;
    let knob = json!({ "refunds_pending_ms": 1_000 });
    merchant.simulator().set_behaviour(&knob).expect("a knob");
    let paid = merchant.payment(&card_payment("slow", 100, PLAIN)).await;
    let body = json!({ "request": { "parent_uid": paid["uid"], "amount": 60, "reason": "x" } });
    let pending = merchant.post("/transactions/refunds", &body).await.expect(200);
    assert_eq!(pending["transaction"]["status"], "pending");
    assert_eq!(merchant.simulator().payment("slow").totals.refunded, 0);
    let more = json!({ "request": { "parent_uid": paid["uid"], "amount": 41, "reason": "x" } });
    assert_eq!(merchant.post("/transactions/refunds", &more).await.status, 422);
    merchant.simulators.advance(Duration::from_secs(1));
    let path = format!("/transactions/{}", pending["transaction"]["uid"].as_str().expect("a uid"));
    assert_eq!(merchant.get(&path).await.expect(200)["transaction"]["status"], "successful");
    assert_eq!(merchant.simulator().payment("slow").totals.refunded, 60);
}

#[tokio::test]
async fn saved_cards_are_charged_with_and_without_the_customer() {
    let merchant = Merchant::new(362).await;
    let token = merchant.saved(FRICTIONLESS, json!(["recurring", "card_on_file"])).await;
    let charged = merchant.payment(&token_payment("M-5001", 990, &token)).await;
    let expected = sample(BEGATEWAY, "46_charge_token_mit_successful_response");
    assert_shape(&charged, &expected["transaction"], &[]);
    assert_eq!((&charged["recurring_type"], &charged["type"]), (&json!("recurring"), &json!("payment")));

    let asked = merchant.payment(&token_payment("M-5002", 994_012, &token)).await;
    assert_eq!((&asked["status"], &asked["code"]), (&json!("incomplete"), &json!("P.4012")));
    assert!(asked["redirect_url"].is_string(), "authentication is required");
    let declined = merchant.payment(&token_payment("M-5003", 990_114, &token)).await;
    assert_eq!(declined["code"], "F.0114");

    let mut body = sample(BEGATEWAY, "49_charge_service_request");
    body["request"]["credit_card"]["token"] = json!(token);
    let charged = merchant.post("/services/credit_cards/charges", &body).await.expect(200);
    assert_eq!(charged["transaction"]["type"], "payment");
    let mut body = sample(BEGATEWAY, "56_credit_by_token_request");
    body["request"]["credit_card"]["token"] = json!(token);
    let credited = merchant.post("/transactions/credits", &body).await.expect(200);
    assert_eq!(credited["transaction"]["credit"]["status"], "successful");
    let raw = card_payment("raw", 100, PLAIN);
    assert_eq!(merchant.post("/services/credit_cards/charges", &raw).await.status, 422);

    let token = merchant.saved(PLAIN, json!(["oneclick"])).await;
    let mut body = sample(BEGATEWAY, "48_charge_token_cit_request");
    body["request"]["credit_card"]["token"] = json!(token);
    let with_customer = merchant.payment(&body).await;
    assert_eq!(with_customer["status"], "successful");
}

#[tokio::test]
async fn a_proof_of_authentication_lasts_an_hour() {
    let merchant = Merchant::new(362).await;
    let mut body = sample(BEGATEWAY, "51_tokenization_request");
    body["request"]["credit_card"]["number"] = json!(CHALLENGED);
    body["request"]["additional_data"]["contract"] = json!(["oneclick"]);
    let asked = merchant.post("/transactions/tokenizations", &body).await.expect(200);
    let uid = asked["transaction"]["uid"].as_str().expect("a uid");
    assert_eq!(merchant.pays(uid, Payment::default()).0, "successful");
    let stored = merchant.get(&format!("/transactions/{uid}")).await.expect(200);
    let token = stored["transaction"]["credit_card"]["token"].as_str().expect("a token");
    let mut body = sample(BEGATEWAY, "48_charge_token_cit_request");
    body["request"]["credit_card"]["token"] = json!(token);
    assert_eq!(merchant.payment(&body).await["status"], "successful");
    merchant.simulators.advance(Duration::from_secs(60 * 60));
    let asked_again = merchant.payment(&body).await;
    assert_eq!(asked_again["status"], "incomplete", "the proof is stale");
}

#[tokio::test]
async fn plain_card_tokens() {
    let merchant = Merchant::new(361).await;
    let body = sample(BEGATEWAY, "53_credit_card_token_request");
    for path in ["/credit_cards", "/v2/credit_cards"] {
        let stored = merchant.post(path, &body).await.expect(200);
        assert_shape(&stored, &sample(BEGATEWAY, "54_credit_card_token_response"), &[]);
    }
    let stored = merchant.post("/credit_cards", &body).await.expect(200);
    let token = stored["token"].as_str().expect("a token");
    let change = json!({ "request": { "exp_year": "2040" } });
    let updated = merchant.post(&format!("/credit_cards/{token}"), &change).await.expect(200);
    assert_eq!((&updated["exp_year"], &updated["token"]), (&json!(2040), &json!(token)));
    let put = format!("/v2/credit_cards/{token}");
    assert_eq!(merchant.call(Method::PUT, &put, Some(&change), &[]).await.status, 200);
    assert_eq!(merchant.post("/credit_cards/nope", &change).await.status, 404);
    let charged = merchant.payment(&token_payment("plain", 100, token)).await;
    assert_eq!(charged["status"], "successful");
    let other_shop = STANDARD.encode("362:simulator-secret-362");
    let url = format!("{}/transactions/payments", merchant.simulator().base_url());
    let headers = [("authorization", &*format!("Basic {other_shop}"))];
    let body = token_payment("theft", 100, token);
    assert_eq!(send(Method::POST, &url, &headers, Some(&body)).await.status, 422);
}

#[tokio::test]
async fn cards_encrypted_in_the_browser() {
    let merchant = Merchant::new(361).await;
    let keys = control(merchant.simulator(), Method::GET, "/keys", Value::Null).await.expect(200);
    let marker = keys["encryption_marker"].as_str().expect("a marker");
    let public = keys["encryption_public_key"].as_str().expect("a key");
    let public = PublicEncryptingKey::from_der(&STANDARD.decode(public).expect("base64"));
    let public = Pkcs1PublicEncryptingKey::new(public.expect("a key")).expect("a key");
    let seal = |plain: &str| {
        let mut sealed = vec![0; public.ciphertext_size()];
        let sealed = public.encrypt(plain.as_bytes(), &mut sealed).expect("encrypted");
        json!(format!("{marker}{}", STANDARD.encode(sealed)))
    };
    let mut body = sample(BEGATEWAY, "55_payment_encrypted_card_request");
    let undecipherable = merchant.post_v3("/transactions/payments", &body).await.expect(422);
    assert_eq!(undecipherable["code"], "E.1010");
    let fields = [
        ("number", PLAIN),
        ("verification_value", "111"),
        ("holder", "TEST HOLDER"),
        ("exp_month", "04"),
        ("exp_year", "2031"),
    ];
    for (name, plain) in fields {
        body["request"]["encrypted_credit_card"][name] = seal(plain);
    }
    let paid = merchant.payment(&body).await;
    assert_eq!((&paid["status"], &paid["credit_card"]["last_4"]), (&json!("successful"), &json!("0000")));
}

#[tokio::test]
async fn a_request_id_is_processed_once() {
    let merchant = Merchant::new(361).await;
    let path = "/transactions/payments";
    let once = |id: &'static str, body: Value| {
        let merchant = &merchant;
        async move { merchant.call(Method::POST, path, Some(&body), &[("RequestID", id)]).await }
    };
    let first = once("r-1", card_payment("once", 100, PLAIN)).await.expect(200);
    let again = once("r-1", card_payment("once", 100, PLAIN)).await.expect(200);
    assert_eq!(first["transaction"]["uid"], again["transaction"]["uid"]);
    // The same id is the same request, whatever the body says.
    let other = once("r-1", card_payment("other", 999, PLAIN)).await.expect(200);
    assert_eq!(first["transaction"]["uid"], other["transaction"]["uid"]);
    assert_eq!(merchant.simulator().ledger(Some("once")).len(), 1);
    assert!(merchant.simulator().ledger(Some("other")).is_empty());
    let refused = once("r-2", card_payment("refused", 0, PLAIN)).await;
    let again = once("r-2", card_payment("refused", 100, PLAIN)).await;
    assert_eq!((refused.status, refused.text), (again.status, again.text), "errors are stored too");
    merchant.simulators.advance(Duration::from_secs(24 * 60 * 60));
    let later = once("r-1", card_payment("once", 100, PLAIN)).await.expect(200);
    assert_ne!(first["transaction"]["uid"], later["transaction"]["uid"], "a day later it is new");

    let knob = json!({ "processing_ms": 200 });
    merchant.simulator().set_behaviour(&knob).expect("a knob");
    // Two at once: one works, the other is told so. On a machine so slow that the first is done
    // before the second arrives, the second gets the stored answer; then another pair is tried.
    for id in ["r-3", "r-4", "r-5", "r-6", "r-7"] {
        let call = || {
            let headers = [("RequestID", id), ("x-api-version", "3")];
            let body = card_payment(id, 100, PLAIN);
            let merchant = &merchant;
            async move { merchant.call(Method::POST, path, Some(&body), &headers).await }
        };
        let (one, other) = tokio::join!(call(), call());
        assert_eq!(merchant.simulator().ledger(Some(id)).len(), 1, "never twice");
        let (worked, waited) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_eq!(worked.status, 200);
        if waited.status == 422 {
            assert_eq!(waited.json()["code"], "P.1019");
            return;
        }
        assert_eq!(waited.json()["uid"], worked.json()["uid"]);
    }
    panic!("no request ever met a running one");
}

#[tokio::test]
async fn duplicates_within_half_a_minute_are_refused() {
    let merchant = Merchant::new(361).await;
    let path = "/transactions/payments";
    let body = sample(BEGATEWAY, "10_payment_card_request");
    merchant.post(path, &body).await.expect(200);
    let refused = merchant.post(path, &body).await.expect(400);
    assert_eq!(refused, sample(BEGATEWAY, "26_error_unwrapped_400"));
    let flat = merchant.post_v3(path, &body).await.expect(422);
    assert_eq!(flat, sample(BEGATEWAY, "23_v3_error_duplicate_422"));
    let mut other_amount = body.clone();
    other_amount["request"]["amount"] = json!(4_991);
    merchant.post(path, &other_amount).await.expect(200);
    let mut unchecked = body.clone();
    unchecked["request"]["duplicate_check"] = json!(false);
    let paid = merchant.post(path, &unchecked).await.expect(200);
    merchant.simulators.advance(Duration::from_secs(30));
    merchant.post(path, &body).await.expect(200);

    let uid = &paid["transaction"]["uid"];
    let refund = json!({ "request": { "parent_uid": uid, "amount": 10, "reason": "x" } });
    merchant.post("/transactions/refunds", &refund).await.expect(200);
    assert_eq!(merchant.post("/transactions/refunds", &refund).await.status, 400);
    assert_eq!(merchant.simulator().double_charges()["B-2001"], 4);
}

#[tokio::test]
async fn look_ups_by_tracking_id() {
    let merchant = Merchant::new(361).await;
    for place in 0..12 {
        merchant.payment(&card_payment("shared;part", 100 + place, PLAIN)).await;
    }
    let path = "/v2/transactions/tracking_id";
    let found = merchant.get(&format!("{path}/shared;part")).await.expect(200);
    let list = found["transactions"].as_array().expect("a list");
    assert_eq!((list.len(), &list[0]["amount"]), (10, &json!(111)));
    let mut expected = sample(BEGATEWAY, "60_query_by_tracking_id_response");
    expected["transactions"].as_array_mut().expect("a list").truncate(1);
    assert_shape(&found, &expected, &[]);
    let by_part = merchant.get(&format!("{path}/part")).await.expect(200);
    assert_eq!(by_part["transactions"].as_array().expect("a list").len(), 10);
    let none = merchant.get(&format!("{path}/unknown")).await.expect(200);
    assert_eq!(none, sample(BEGATEWAY, "61_query_by_tracking_id_empty_response"));
    let old = merchant.get("/transactions/tracking_id/part").await.expect(200);
    assert!(old["transaction"]["uid"].is_string());
    assert_eq!(merchant.get("/transactions/tracking_id/unknown").await.status, 404);
    let knob = json!({ "search_delay_ms": 2_000 });
    merchant.simulator().set_behaviour(&knob).expect("a knob");
    merchant.payment(&card_payment("late", 100, PLAIN)).await;
    let late = format!("{path}/late");
    assert_eq!(merchant.get(&late).await.expect(200)["transactions"], json!([]));
    merchant.simulators.advance(Duration::from_secs(2));
    let found = merchant.get(&late).await.expect(200);
    assert_eq!(found["transactions"].as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn a_checkout_in_the_shapes_of_the_samples() {
    let merchant = Merchant::new(361).await;
    let (token, page) = merchant.checkout(|_| {}).await;
    assert_eq!(token.len(), 64);
    let open = merchant.read_checkout(&token).await;
    assert_shape(&open, &sample(BEGATEWAY, "04_get_session_open_response"), &[]);
    let (status, return_url) = merchant.pays(&page, card(PLAIN));
    assert_eq!(status, "successful");
    let paid = merchant.read_checkout(&token).await;
    assert_shape(&paid, &sample(BEGATEWAY, "05_get_session_paid_response"), &[]);
    let uid = paid["checkout"]["gateway_response"]["payment"]["uid"].as_str().expect("a uid");
    let expected =
        format!("https://shop.example/return?order=A-1001&token={token}&status=successful&uid={uid}");
    assert_eq!(return_url.as_deref(), Some(expected.as_str()));
    let transaction = merchant.get(&format!("/transactions/{uid}")).await.expect(200);
    assert!(transaction["transaction"]["credit_card"]["token"].is_string());
    let again = CustomerAction::Pay(card(PLAIN));
    assert!(merchant.simulator().customer(&page, &again).is_err(), "it is paid");
    let unknown = merchant.get("/ctp/api/checkouts/nope").await.expect(404);
    assert_eq!(unknown["response"]["message"], "Record not found");

    let mut body = sample(BEGATEWAY, "01_create_session_request");
    body["checkout"]["order"]["expired_at"].take();
    body["checkout"]["order"]["amount"] = json!(0);
    body["checkout"]["order"]["currency"] = json!("eur");
    let refused = merchant.post("/ctp/api/checkouts", &body).await.expect(422);
    assert_eq!(refused, sample(BEGATEWAY, "03_create_session_error_422"));
}

#[tokio::test]
async fn attempts_are_counted_and_codes_can_be_asked_for() {
    let merchant = Merchant::new(361).await;
    let (token, page) = merchant
        .checkout(|checkout| {
            checkout["attempts"] = json!(2);
            checkout["order"]["additional_data"]["expected_bank_code"] = json!("F.0114");
        })
        .await;
    assert_eq!(merchant.pays(&page, card(PLAIN)), ("declined".into(), None));
    let open = merchant.read_checkout(&token).await;
    let expected = sample(BEGATEWAY, "06_get_session_declined_attempts_left_response");
    let besides = [
        ".checkout.gateway_response.payment.updated_at",
        ".checkout.gateway_response.payment.redirect_url",
        ".checkout.gateway_response.payment.receipt_url",
    ];
    assert_shape(&open, &expected, &besides);
    assert_eq!(open["checkout"]["message"], expected["checkout"]["message"]);
    let (status, return_url) = merchant.pays(&page, card(PLAIN));
    assert_eq!(status, "failed");
    assert!(return_url.expect("sent back").contains("/return?order=A-1001&token="));
    let over = merchant.read_checkout(&token).await;
    assert_eq!(over["checkout"]["finished"], true);
    assert_eq!(merchant.simulator().payment("A-1001").declines, 2);

    let (_, page) = merchant.checkout(|checkout| checkout["attempts"] = json!(1)).await;
    let said_no = merchant.simulator().customer(&page, &CustomerAction::Decline);
    assert_eq!(said_no.expect("open").status, "failed");
    let found = merchant.get("/v2/transactions/tracking_id/A-1001").await.expect(200);
    assert_eq!(found["transactions"][0]["code"], "F.0132");

    let (_, page) = merchant
        .checkout(|checkout| {
            checkout["attempts"] = json!(1);
            checkout["order"]["additional_data"]["expected_bank_code"] = json!("F.0117");
        })
        .await;
    let (_, return_url) = merchant.pays(&page, card(PLAIN));
    assert!(return_url.expect("sent back").starts_with("https://shop.example/fail?"));
}

#[tokio::test]
async fn customers_cancel_and_time_runs_out() {
    let merchant = Merchant::new(361).await;
    let (token, page) = merchant.checkout(|_| {}).await;
    let outcome = merchant.simulator().customer(&page, &CustomerAction::Cancel).expect("open");
    let expected = format!("https://shop.example/cancel?order=A-1001&token={token}");
    assert_eq!(outcome.return_url, Some(expected));
    assert_eq!(merchant.read_checkout(&token).await["checkout"]["expired"], false);
    merchant.simulator().customer(&page, &CustomerAction::Expire).expect("open");
    let expired = merchant.read_checkout(&token).await;
    let mut sample_07 = sample(BEGATEWAY, "07_get_session_expired_response");
    assert_shape(&expired, &sample_07, &[]);
    for key in ["status", "message", "finished", "expired"] {
        assert_eq!(expired["checkout"][key], sample_07["checkout"][key].take());
    }
    assert_eq!(merchant.simulator().payment("A-1001").state, "expired");

    let (token, _) = merchant
        .checkout(|checkout| {
            checkout["order"]["expired_at"].take();
        })
        .await;
    merchant.simulators.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(merchant.read_checkout(&token).await["checkout"]["expired"], true);
    let owed = merchant.simulator().notifications(0);
    assert_eq!(owed.len(), 2);
    let told: Value = serde_json::from_str(&owed[1].0.body).expect("JSON");
    assert_shape(&told, &sample(BEGATEWAY, "75_webhook_expired_payment_token"), &[]);
}

#[tokio::test]
async fn without_return_url_the_outcome_chooses_the_address() {
    let merchant = Merchant::new(361).await;
    let addresses = |checkout: &mut Value| {
        checkout["attempts"] = json!(1);
        checkout["settings"]["return_url"].take();
        checkout["settings"]["success_url"] = json!("https://shop.example/success");
        checkout["settings"]["decline_url"] = json!("https://shop.example/decline");
    };
    for (number, path) in [(PLAIN, "/success?"), ("4005550000000019", "/decline?")] {
        let (_, page) = merchant.checkout(addresses).await;
        let (_, url) = merchant.pays(&page, card(number));
        assert!(url.as_deref().is_some_and(|url| url.contains(path)), "{url:?}");
    }
}

#[tokio::test]
async fn a_customer_in_a_browser_without_scripts() {
    let merchant = Merchant::new(362).await;
    let (token, page) = merchant
        .checkout(|checkout| {
            checkout["order"]["description"] = json!("<b>Order</b>");
            checkout["settings"]["save_card_toggle"] = json!({ "customer_contract": true });
        })
        .await;
    let shown = Answered::read(client().get(&page).send().await.expect("a page")).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains("name=\"save\"") && !shown.text.contains("<b>Order"));
    let base = merchant.simulator().base_url();
    let form = format!("{base}/widget/{token}");
    let mut fields = vec![("card", "4005550000000019"), ("expiry", "12/2099"), ("cvc", "111")];
    let declined = submit(&format!("{form}/pay"), &fields).await;
    assert_eq!(declined.status, 200);
    assert!(declined.text.contains("Attempts left: 2"), "{}", declined.text);
    fields[0].1 = "4111 1111 1111 1111";
    assert_eq!(submit(&format!("{form}/pay"), &fields).await.status, 422);
    fields[0].1 = CHALLENGED;
    let asked = submit(&format!("{form}/pay"), &fields).await;
    assert_eq!(asked.status, 303);
    let bank = format!("{base}{}", asked.header("location"));
    assert!(bank.contains("/process/"));
    let done = submit(&bank, &[("result", "pass")]).await;
    assert_eq!(done.status, 303);
    assert!(done.header("location").starts_with("https://shop.example/return?order=A-1001&token="));
    let paid = merchant.read_checkout(&token).await;
    let uid = paid["checkout"]["gateway_response"]["payment"]["uid"].as_str().expect("a uid");
    let transaction = merchant.get(&format!("/transactions/{uid}")).await.expect(200);
    let transaction = &transaction["transaction"];
    assert!(transaction["credit_card"]["token"].is_null(), "the box was not ticked");
    let receipt = transaction["receipt_url"].as_str().expect("a URL");
    let shown = Answered::read(client().get(receipt).send().await.expect("a page")).await;
    assert!(shown.text.contains("successful"));
}

#[tokio::test]
async fn a_saved_card_wants_only_its_security_code() {
    let merchant = Merchant::new(361).await;
    let saved = merchant.saved(PLAIN, json!(["oneclick"])).await;
    let (token, page) = merchant
        .checkout(|checkout| {
            checkout["payment_method"]["credit_card"] = json!({ "token": saved });
        })
        .await;
    let shown = Answered::read(client().get(&page).send().await.expect("a page")).await;
    assert!(shown.text.contains("420000******0000") && !shown.text.contains("name=\"card\""));
    let form = format!("{}/widget/{token}", merchant.simulator().base_url());
    assert_eq!(submit(&format!("{form}/pay"), &[("cvc", "")]).await.status, 422);
    assert_eq!(submit(&format!("{form}/pay"), &[("cvc", "111")]).await.status, 303);
    let paid = merchant.read_checkout(&token).await;
    assert_eq!(paid["checkout"]["status"], "successful");
}

#[tokio::test]
async fn opening_the_page_can_be_enough() {
    let merchant = Merchant::new(361).await;
    let saved = merchant.saved(PLAIN, json!(["recurring"])).await;
    let (token, page) = merchant
        .checkout(|checkout| {
            checkout["payment_method"]["credit_card"] = json!({ "token": saved });
            checkout["settings"]["auto_pay"] = json!(true);
        })
        .await;
    let opened = Answered::read(client().get(&page).send().await.expect("a page")).await;
    assert_eq!(opened.status, 303);
    assert!(opened.header("location").contains(&token));
    let again = Answered::read(client().get(&page).send().await.expect("a page")).await;
    assert_eq!(again.status, 410, "it is paid");
    assert_eq!(merchant.simulator().payment("A-1001").successes, 1);
}

#[tokio::test]
async fn an_attempt_left_at_the_bank_does_not_pay_twice() {
    let merchant = Merchant::new(362).await;
    let (_, page) = merchant.checkout(|_| {}).await;
    let leaves = Payment { three_d_secure: ThreeDSecure::Leave, ..card(CHALLENGED) };
    assert_eq!(merchant.pays(&page, leaves).0, "challenge");
    let left = merchant.get("/v2/transactions/tracking_id/A-1001").await.expect(200);
    let uid = left["transactions"][0]["uid"].as_str().expect("a uid").to_owned();
    assert_eq!(merchant.pays(&page, card(PLAIN)).0, "successful");
    let passes = CustomerAction::Pay(Payment::default());
    assert!(merchant.simulator().customer(&uid, &passes).is_err());
    assert!(merchant.simulator().double_charges().is_empty());
}

#[tokio::test]
async fn webhooks_are_queued_and_signed() {
    let merchant = Merchant::new(361).await;
    let (_, page) = merchant.checkout(|_| {}).await;
    merchant.pays(&page, card(PLAIN));
    let owed = control(merchant.simulator(), Method::GET, "/notifications", Value::Null).await;
    let owed = owed.expect(200);
    let webhook = &owed["notifications"][0];
    assert_eq!(webhook["url"], "https://hooks.example/begateway/m-77");
    assert_eq!(webhook["headers"]["Authorization"], json!(merchant.basic));
    let body = webhook["body"].as_str().expect("a body");
    let told: Value = serde_json::from_str(body).expect("JSON");
    assert_shape(&told, &sample(BEGATEWAY, "70_webhook_payment_successful"), &[]);

    let key = merchant.simulator().keys()["webhook_public_key"].as_str().expect("a key").to_owned();
    assert!(key.starts_with("MIIBIjANBgkqhkiG9w0B"));
    let key = STANDARD.decode(key).expect("base64");
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
    let signature = webhook["headers"]["Content-Signature"].as_str().expect("signed");
    let signature = STANDARD.decode(signature).expect("base64");
    assert!(key.verify(body.as_bytes(), &signature).is_ok());
    assert!(key.verify(format!("{body} ").as_bytes(), &signature).is_err());

    // The adapter, which shares no code with the simulator, believes it.
    let [(webhook, headers)] = &merchant.simulator().notifications(0)[..] else { panic!("one webhook") };
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
    let public = merchant.simulator().keys()["webhook_public_key"].as_str().expect("a key").to_owned();
    let shop = SHOPS.iter().find(|shop| shop.id == 361).expect("a shop");
    let settings = [
        ("shop_id", shop.id.to_string()),
        ("secret_key", shop.secret.to_owned()),
        ("webhook_public_key", public),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), Setting::Text(value))).into();
    let adapter = registry::find(BEGATEWAY).expect("registered").example_account(settings).expect("settings");
    let cx = Context { now: Timestamp::UNIX_EPOCH, entropy: [0; 32], access: None };
    let body = webhook.body.as_bytes();
    let notice = Notice { method: webhook.method, url: &webhook.url, headers: &headers, body };
    assert_eq!(adapter.read_notice(&notice, &cx).expect("genuine").news, News::Trusted);
}

#[tokio::test]
async fn the_exchange_log_knows_no_secrets() {
    let merchant = Merchant::new(361).await;
    let mut body = card_payment("logged", 100, FRICTIONLESS);
    body["request"]["credit_card"]["verification_value"] = json!("987");
    body["request"]["description"] = json!(format!("card {FRICTIONLESS}"));
    let paid = merchant.payment(&body).await;
    let token = paid["credit_card"]["token"].as_str().expect("a token").to_owned();
    let change = json!({ "request": { "exp_year": "2040" } });
    merchant.post(&format!("/credit_cards/{token}"), &change).await.expect(200);
    merchant.payment(&token_payment("charged", 100, &token)).await;
    let (checkout, _) = merchant.checkout(|_| {}).await;
    let form = format!("{}/widget/{checkout}/pay", merchant.simulator().base_url());
    submit(&form, &[("card", FRICTIONLESS), ("expiry", "12/2099"), ("cvc", "987")]).await;
    let shown = control(merchant.simulator(), Method::GET, "/exchanges", Value::Null).await;
    let basic = merchant.basic.trim_start_matches("Basic ");
    for secret in [FRICTIONLESS, "\"987\"", "=987", basic, "simulator-secret", &token] {
        assert!(!shown.text.contains(secret), "{secret} is in the log");
    }
    let filter = Filter { reference: Some("charged".into()), ..Filter::default() };
    let logged = merchant.simulator().exchanges(&filter);
    assert_eq!((logged.len(), logged[0].operation), (1, "payment"));
}

#[tokio::test]
async fn the_control_api_says_what_it_is() {
    let merchant = Merchant::new(361).await;
    let simulator = merchant.simulator();
    let health = control(simulator, Method::GET, "/health", Value::Null).await.expect(200);
    assert_eq!(health["provider"], BEGATEWAY);
    let index = control(simulator, Method::GET, "/", Value::Null).await.expect(200);
    assert!(index["paths"].as_object().expect("paths").len() > 10);
    merchant.payment(&card_payment("control", 100, PLAIN)).await;
    let ledger = control(simulator, Method::GET, "/ledger?reference=control", Value::Null).await;
    let movement = &ledger.expect(200)["movements"][0];
    assert_eq!((&movement["kind"], &movement["amount_minor"]), (&json!("charge"), &json!(100)));
    let summary = control(simulator, Method::GET, "/ledger/summary", Value::Null).await;
    assert_eq!(summary.expect(200)["counts"]["charge"]["succeeded"], 1);
    let duplicates = control(simulator, Method::GET, "/ledger/duplicates", Value::Null).await;
    assert_eq!(duplicates.expect(200)["count"], 0);
    let standing = control(simulator, Method::GET, "/payments/control", Value::Null).await;
    assert_eq!(standing.expect(200)["state"], "captured");
    let (_, page) = merchant.checkout(|_| {}).await;
    let acts = json!({ "page": page, "action": "pay", "card": PLAIN, "expiry": "12/2099",
                       "cvc": "123", "save": true, "three_d_secure": "pass" });
    let acted = control(simulator, Method::POST, "/customer", acts.clone()).await.expect(200);
    assert_eq!(acted["status"], "successful");
    assert_eq!(control(simulator, Method::POST, "/customer", acts).await.status, 409);
    let knobs = control(simulator, Method::GET, "/behaviour", Value::Null).await.expect(200);
    assert_eq!(knobs["raw_cards_allowed"], true);
    let unknown = json!({ "raw_cards": true });
    assert_eq!(control(simulator, Method::POST, "/behaviour", unknown).await.status, 400);
}
