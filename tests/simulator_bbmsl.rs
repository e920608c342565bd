//! BBMSL's simulator over real HTTP: every endpoint, its errors, the pages, the notifications.

#![cfg(feature = "simulator")]

mod simulator_support;

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::{assert_shape, client, control, judged, sample, send, simulators, submit};
use turnpike::providers::notice::{News, Refusal};
use turnpike::providers::settings::Setting;
use turnpike::simulator::exchanges::Filter;
use turnpike::simulator::faults::{Fault, Kind as FaultKind};
use turnpike::simulator::ledger::Kind;
use turnpike::simulator::{CustomerAction, Payment, Simulator, Simulators, ThreeDSecure};

const BBMSL: &str = "bbmsl";
const PLAIN: &str = "4111111111111111";
const CHALLENGED: &str = "4000000000001091";
const USER: &str = "c7f1e09a4b2d4f0e8a6d5b3c2a190f7e";

/// A merchant with its key.
struct Merchant {
    simulators: Simulators,
    key: RsaKeyPair,
}

impl Merchant {
    async fn new() -> Merchant {
        let simulators = simulators().await;
        let known = simulators.of(BBMSL).expect("runs").credentials();
        let der = STANDARD.decode(known["private_key"].as_str().expect("a key")).expect("base64");
        Merchant { simulators, key: RsaKeyPair::from_pkcs8(&der).expect("a key") }
    }

    fn simulator(&self) -> &Simulator {
        self.simulators.of(BBMSL).expect("runs")
    }

    fn sealed(&self, inner: &str) -> Value {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), inner.as_bytes(), &mut signature)
            .expect("signs");
        json!({ "request": inner, "signature": STANDARD.encode(signature) })
    }

    async fn send(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.simulator().base_url());
        send(Method::POST, &url, &[], Some(body)).await.expect(200)
    }

    async fn call(&self, path: &str, inner: Value) -> Value {
        let mut inner = inner;
        inner["merchantId"] = json!("3000217");
        self.send(path, &self.sealed(&inner.to_string())).await
    }

    /// A call with the body of a sample, some members replaced.
    async fn like(&self, path: &str, name: &str, changes: Value) -> Value {
        let envelope = sample(BBMSL, name);
        let mut inner: Value =
            serde_json::from_str(envelope["request"].as_str().expect("a text")).expect("JSON");
        for (member, value) in changes.as_object().expect("changes") {
            inner[member] = value.clone();
        }
        self.call(path, inner).await
    }

    async fn saved(&self, number: &str) -> u64 {
        let page = self.like("/tokenization/add-token", "01_add_token_request", json!({})).await;
        let (status, _) = self.pays(page["data"].as_str().expect("a page"), card(number));
        assert_eq!(status, "successful");
        let cards = self.cards().await;
        cards.last().expect("a card")["tokenId"].as_u64().expect("a number")
    }

    async fn cards(&self) -> Vec<Value> {
        let list = self.call("/tokenization/query-token", json!({ "userId": USER })).await;
        list["list"].as_array().expect("a list").clone()
    }

    fn pays(&self, page: &str, payment: Payment) -> (String, Option<String>) {
        let outcome = self.simulator().customer(page, &CustomerAction::Pay(payment)).expect("an open page");
        (outcome.status, outcome.return_url)
    }

    async fn sale(&self, token: u64, reference: &str, amount: &str) -> Value {
        let amount: Value = serde_json::from_str(amount).expect("a number");
        let changes = json!({ "tokenId": token, "merchantReference": reference, "amount": amount });
        self.like("/tokenization/sale", "10_sale_request", changes).await
    }

    async fn query(&self, reference: &str) -> Value {
        self.call("/hosted-checkout/query", json!({ "merchantReference": reference })).await
    }

    async fn status(&self, reference: &str) -> String {
        self.query(reference).await["order"]["status"].as_str().expect("a status").to_owned()
    }

    async fn turn(&self, knobs: Value) {
        self.simulator().set_behaviour(&knobs).expect("known knobs");
    }
}

fn card(number: &str) -> Payment {
    Payment {
        card: Some(number.to_owned()),
        expiry: Some("11/2030".to_owned()),
        cvc: Some("123".to_owned()),
        ..Payment::default()
    }
}

fn code(answer: &Value) -> &str {
    answer["responseCode"].as_str().expect("a code")
}

#[tokio::test]
async fn only_the_merchant_s_signature_over_the_very_bytes_is_taken() {
    let merchant = Merchant::new().await;
    let inner = r#"{ "merchantId": 3000217,  "userId":"é" }"#;
    let good = merchant.sealed(inner);
    assert_eq!(code(&merchant.send("/tokenization/query-token", &good).await), "0000");
    let mut other = good.clone();
    other["request"] = json!(inner.replace("é", "e"));
    let refused = merchant.send("/tokenization/query-token", &other).await;
    assert_shape(&refused, &sample_raw("61_error_invalid_signature"), &[]);
    assert_eq!(refused["message"], "Invalid signature");
    let stranger = merchant.sealed(r#"{"merchantId":"1","userId":"u"}"#);
    let refused = merchant.send("/tokenization/query-token", &stranger).await;
    assert_eq!(refused["message"], "No public key");
    merchant.turn(json!({ "has_public_key": false })).await;
    assert_eq!(merchant.send("/tokenization/query-token", &good).await["message"], "No public key");
    for body in
        [json!({}), json!([]), json!({ "request": "{}" }), json!({ "request": "x", "signature": "x" })]
    {
        assert_ne!(code(&merchant.send("/tokenization/sale", &body).await), "0000", "{body}");
    }
    let missing = format!("{}/direct/sale", merchant.simulator().base_url());
    assert_eq!(send(Method::POST, &missing, &[], Some(&good)).await.status, 404);
}

#[tokio::test]
async fn the_samples_own_requests_are_taken_as_they_are_signed() {
    let merchant = Merchant::new().await;
    for (path, name) in [
        ("/tokenization/add-token", "01_add_token_request"),
        ("/tokenization/query-token", "04_query_token_request"),
        ("/hosted-checkout/query", "32_query_request_by_reference"),
        ("/hosted-checkout/query", "33_query_request_by_order_id"),
        ("/tokenization/sale", "10_sale_request"),
        ("/tokenization/recurring", "20_recurring_request"),
        ("/hosted-checkout/refund", "44_refund_request_partial"),
        ("/hosted-checkout/recurring", "47_hosted_recurring_request"),
    ] {
        let answer = merchant.send(path, &sample(BBMSL, name)).await;
        assert!(!["9900", "9906", "9907"].contains(&code(&answer)), "{name}: {answer}");
    }
}

fn sample_raw(name: &str) -> Value {
    sample(BBMSL, name)
}

#[tokio::test]
async fn a_card_is_stored_listed_charged_and_removed() {
    let merchant = Merchant::new().await;
    let page = merchant.like("/tokenization/add-token", "01_add_token_request", json!({})).await;
    assert_shape(&page, &sample_raw("02_add_token_response_200"), &[]);
    let (status, url) = merchant.pays(page["data"].as_str().expect("a page"), card(PLAIN));
    assert_eq!((status.as_str(), url.as_deref()), ("successful", Some("https://shop.example/pay/ok")));
    let list = merchant.call("/tokenization/query-token", json!({ "userId": USER })).await;
    assert_shape(&list, &sample_raw("05_query_token_response_200"), &[]);
    assert_eq!(list["list"][0]["maskedPan"], "4111********1111");
    assert_eq!(list["list"][0]["expiryDate"], "203011");
    let token = list["list"][0]["tokenId"].as_u64().expect("a number");
    let sold = merchant.sale(token, "pay-1", "128.50").await;
    assert_shape(&sold, &sample_raw("11_sale_response_200_success"), &[]);
    assert_eq!(sold["order"]["netAmount"].to_string(), "128.50");
    let account = merchant.simulator().payment("pay-1");
    assert_eq!((account.state.as_str(), account.totals.captured), ("captured", 12_850));
    let removal = json!({ "userId": USER, "tokenId": token });
    let removed = merchant.call("/tokenization/delete-token", removal.clone()).await;
    assert_shape(&removed, &sample_raw("08_delete_token_response_200"), &[]);
    assert_eq!(code(&merchant.call("/tokenization/delete-token", removal).await), "9909");
    assert_shape(
        &merchant.call("/tokenization/query-token", json!({ "userId": USER })).await,
        &sample_raw("06_query_token_response_200_empty"),
        &[],
    );
    assert_eq!(code(&merchant.sale(token, "pay-2", "1.00").await), "9909");
    assert_eq!(merchant.simulator().payment("pay-2").state, "none");
}

#[tokio::test]
async fn a_series_names_its_first_order() {
    let merchant = Merchant::new().await;
    let token = merchant.saved(PLAIN).await;
    let name = "14_sale_request_first_of_series";
    let first =
        merchant.like("/tokenization/sale", name, json!({ "tokenId": token, "currency": "USD" })).await;
    assert_shape(&first, &sample_raw("15_sale_response_200_first_of_series"), &[]);
    let parent = first["order"]["id"].clone();
    let again = json!({ "tokenId": token, "parentOrderId": parent });
    let second = merchant.like("/tokenization/recurring", "20_recurring_request", again.clone()).await;
    assert_shape(&second, &sample_raw("21_recurring_response_200_success"), &[]);
    assert_eq!(second["order"]["currency"], "USD", "the parent decides");
    assert_eq!(second["order"]["recurring"], true);
    let repeated = merchant.like("/tokenization/recurring", "20_recurring_request", again).await;
    assert_shape(&repeated, &sample_raw("24_recurring_response_200_without_order"), &[]);
    let plain = merchant.sale(token, "no-parent", "1.00").await["order"]["id"].clone();
    let changes = json!({ "tokenId": token, "parentOrderId": plain, "merchantReference": "sub-3" });
    assert_eq!(
        code(&merchant.like("/tokenization/recurring", "20_recurring_request", changes).await),
        "9910"
    );
    let mut reasonless =
        json!({ "userId": USER, "tokenId": token, "amount": 1, "merchantReference": "sub-4" });
    reasonless["parentOrderId"] = parent;
    assert_eq!(code(&merchant.call("/tokenization/recurring", reasonless).await), "9908");
}

#[tokio::test]
async fn an_order_stays_open_after_a_decline_whatever_its_shape() {
    let merchant = Merchant::new().await;
    let token = merchant.saved(PLAIN).await;
    for (place, (shape, expected, has_transaction)) in [
        ("handled", "0000", true),
        ("with_code", "9901", true),
        ("order_only", "0000", false),
        ("code_only", "9901", false),
    ]
    .into_iter()
    .enumerate()
    {
        merchant.turn(json!({ "declines": shape })).await;
        let reference = format!("declined-{place}");
        let answer = merchant.sale(token, &reference, "9900.51").await;
        assert_eq!(code(&answer), expected, "{shape}");
        assert_eq!(answer["transaction"]["status"] == "DECLINED", has_transaction, "{shape}");
        assert_eq!(merchant.status(&reference).await, "OPEN");
        assert_eq!(merchant.simulator().payment(&reference).state, "declined");
    }
    merchant.turn(json!({ "declines": "with_code" })).await;
    for (amount, message) in [
        ("9900.05", "Transaction declined"),
        ("9900.54", "Expired card"),
        ("9900.43", "Stolen card"),
        ("9900.61", "Exceeds amount limit"),
        ("9900.65", "Authentication required"),
    ] {
        let answer = merchant.sale(token, &format!("d-{amount}"), amount).await;
        assert_shape(&answer, &sample_raw("13_sale_response_200_declined_with_code"), &[]);
        assert_eq!(answer["message"], message);
    }
    let failed = merchant.sale(token, "failed", "9900.96").await;
    assert_eq!(failed["transaction"]["status"], "FAILURE");
}

#[tokio::test]
async fn an_order_in_process_is_decided_by_the_clock() {
    let merchant = Merchant::new().await;
    let token = merchant.saved("4000000000000119").await;
    let answer = merchant.sale(token, "slow", "88.00").await;
    assert_eq!(answer["transaction"]["status"], "PROCESSING");
    assert_eq!(merchant.status("slow").await, "OPEN");
    let refused = merchant.call("/tokenization/void", json!({ "merchantReference": "slow" })).await;
    assert_eq!(code(&refused), "9904");
    merchant.simulators.advance(Duration::from_secs(61));
    assert_eq!(merchant.status("slow").await, "SUCCESS");
    merchant.simulators.advance(Duration::from_secs(25 * 3_600));
    assert_eq!(merchant.status("slow").await, "SETTLED");
}

#[tokio::test]
async fn a_void_works_until_settlement_and_a_refund_once() {
    let merchant = Merchant::new().await;
    let token = merchant.saved(PLAIN).await;
    let sold = merchant.sale(token, "void-me", "128.50").await;
    let id = sold["order"]["id"].clone();
    let wrong_road = merchant.call("/hosted-checkout/void", json!({ "orderId": id })).await;
    assert_eq!(code(&wrong_road), "9903");
    let voided = merchant.call("/tokenization/void", json!({ "orderId": id })).await;
    assert_shape(&voided, &sample_raw("41_void_response_200"), &[]);
    assert_eq!(voided["order"]["netAmount"].to_string(), "0.00");
    assert_eq!(merchant.simulator().payment("void-me").state, "voided");
    assert_eq!(code(&merchant.call("/tokenization/void", json!({ "orderId": id })).await), "9904");

    merchant.sale(token, "settle-me", "450.00").await;
    merchant.simulators.advance(Duration::from_secs(25 * 3_600));
    let name = json!({ "merchantReference": "settle-me" });
    let refused = merchant.call("/tokenization/void", name).await;
    assert_shape(&refused, &sample_raw("43_void_response_200_refused"), &[]);
    let refund = |amount: &str| {
        let amount: Value = serde_json::from_str(amount).expect("a number");
        json!({ "merchantReference": "settle-me", "amount": amount })
    };
    merchant.turn(json!({ "balance_is_too_small": true })).await;
    let refused = merchant.call("/hosted-checkout/refund", refund("150.00")).await;
    assert_shape(&refused, &sample_raw("46_refund_response_200_refused_balance"), &[]);
    merchant.turn(json!({ "balance_is_too_small": false })).await;
    assert_eq!(code(&merchant.call("/hosted-checkout/refund", refund("450.01")).await), "9913");
    let refunded = merchant.call("/hosted-checkout/refund", refund("150.00")).await;
    assert_shape(&refunded, &sample_raw("45_refund_response_200"), &[".order.totalRefundedAmount"]);
    assert_eq!(refunded["order"]["amount"].to_string(), "450.00");
    assert_eq!(refunded["order"]["netAmount"].to_string(), "300.00");
    let order = merchant.query("settle-me").await;
    assert_shape(&order, &sample_raw("35_query_response_200_refunded_in_part"), &[]);
    assert_eq!(code(&merchant.call("/hosted-checkout/refund", refund("1.00")).await), "9911");
    assert_eq!(merchant.simulator().payment("settle-me").totals.refunded, 15_000);
}

#[tokio::test]
async fn what_the_documentation_leaves_open_is_a_knob() {
    let merchant = Merchant::new().await;
    let token = merchant.saved(PLAIN).await;
    merchant.sale(token, "knobs", "10.00").await;
    merchant.turn(json!({ "refunds_need_settlement": true })).await;
    let refund = json!({ "merchantReference": "knobs", "amount": 1 });
    assert_eq!(code(&merchant.call("/hosted-checkout/refund", refund).await), "9912");
    merchant.turn(json!({ "hosted_calls_know_token_orders": false })).await;
    let absent = merchant.query("knobs").await;
    assert_shape(&absent, &sample_raw("36_query_response_200_not_found"), &[]);
    merchant.turn(json!({ "duplicates": "second_order" })).await;
    assert_eq!(code(&merchant.sale(token, "knobs", "10.00").await), "0000");
    assert_eq!(merchant.simulator().double_charges().get("knobs"), Some(&2));
    merchant.turn(json!({ "same_card_keeps_its_token": true })).await;
    assert_eq!(merchant.saved(PLAIN).await, token);
    merchant.turn(json!({ "same_card_keeps_its_token": false })).await;
    assert_ne!(merchant.saved(PLAIN).await, token);
    assert!(merchant.simulator().set_behaviour(&json!({ "no_such_knob": 1 })).is_err());
}

#[tokio::test]
async fn a_checkout_is_paid_on_its_page_and_closes_when_nobody_does() {
    let merchant = Merchant::new().await;
    let create = |reference: &str| {
        let end = jiff::Timestamp::now() + Duration::from_secs(600);
        json!({ "merchantReference": reference, "expiryTime": format!("{end:.0}") })
    };
    let name = "30_hosted_create_request";
    let made = merchant.like("/hosted-checkout/create", name, create("page-1")).await;
    assert_shape(&made, &sample_raw("31_hosted_create_response_200"), &[]);
    let page = made["checkoutUrl"].as_str().expect("a page").to_owned();
    let html = client().get(&page).send().await.expect("a page").text().await.expect("text");
    assert!(html.contains("<form") && !html.contains("<script"), "it works without JavaScript");
    let sid = page.split_once("sid=").expect("an id").1.to_owned();
    let form = |number: &'static str| vec![("card", number), ("expiry", "11/2030"), ("cvc", "123")];
    let at = |action: &str| format!("{}/page/{sid}/{action}", merchant.simulator().base_url());
    let declined = submit(&at("pay"), &form("4000000000000002")).await;
    assert_eq!(declined.status, 200, "the page stands");
    assert_eq!(merchant.status("page-1").await, "OPEN");
    assert_eq!(submit(&at("pay"), &form("4242424242424241")).await.status, 422);
    let asked = submit(&at("pay"), &form(CHALLENGED)).await;
    assert_eq!(asked.header("location"), format!("/page/{sid}/challenge"));
    let bank = client().get(at("challenge")).send().await.expect("a page").text().await.expect("text");
    assert!(bank.contains("3-D Secure"));
    let back = submit(&at("challenge"), &[("result", "pass")]).await;
    assert_eq!(back.header("location"), "https://shop.example/pay/ok");
    let order = merchant.query("page-1").await;
    assert_shape(&order, &sample_raw("34b_query_response_200_success"), &[]);
    assert_eq!(submit(&at("pay"), &form(PLAIN)).await.status, 410, "the page is over");
    assert!(merchant.simulator().double_charges().is_empty());

    let left = merchant.like("/hosted-checkout/create", name, create("page-2")).await;
    let page = left["checkoutUrl"].as_str().expect("a page");
    let outcome = merchant.simulator().customer(page, &CustomerAction::Cancel).expect("goes back");
    assert_eq!(outcome.return_url.as_deref(), Some("https://shop.example/pay/cancel"));
    let failing = Payment { three_d_secure: ThreeDSecure::Fail, ..card(CHALLENGED) };
    assert_eq!(merchant.pays(page, failing).0, "declined");
    assert_eq!(merchant.status("page-2").await, "OPEN");
    merchant.simulators.advance(Duration::from_secs(700));
    assert_eq!(merchant.status("page-2").await, "CLOSED");
    assert!(merchant.simulator().customer(page, &CustomerAction::Pay(card(PLAIN))).is_err());

    let ended = merchant
        .like(
            "/hosted-checkout/create",
            name,
            json!({ "merchantReference": "page-3",
        "expiryTime": "2099-01-01T00:00:00+00:00" }),
        )
        .await;
    merchant.turn(json!({ "voided_open_order": "cancelled" })).await;
    let voided = merchant.call("/hosted-checkout/void", json!({ "orderId": ended["order"]["id"] })).await;
    assert_eq!(voided["order"]["status"], "CANCELLED");
    assert_eq!(merchant.simulator().payment("page-3").totals.voided, 0, "nothing was taken");
}

#[tokio::test]
async fn a_hosted_series_needs_no_card() {
    let merchant = Merchant::new().await;
    let changes = json!({ "merchantReference": "series", "isRecurring": true,
        "expiryTime": "2099-01-01T00:00:00+00:00" });
    let made = merchant.like("/hosted-checkout/create", "30_hosted_create_request", changes).await;
    let parent = made["order"]["id"].clone();
    let again = json!({ "parentOrderId": parent });
    let name = "47_hosted_recurring_request";
    assert_eq!(
        code(&merchant.like("/hosted-checkout/recurring", name, again.clone()).await),
        "9910",
        "unpaid"
    );
    merchant.pays(made["checkoutUrl"].as_str().expect("a page"), card(PLAIN));
    let charged = merchant.like("/hosted-checkout/recurring", name, again).await;
    assert_shape(&charged, &sample_raw("48_hosted_recurring_response_200"), &[]);
}

#[tokio::test]
async fn notifications_are_signed_with_the_provider_s_key() {
    let merchant = Merchant::new().await;
    let token = merchant.saved(PLAIN).await;
    merchant.sale(token, "told", "450.00").await;
    merchant.sale(token, "not-told", "9900.05").await;
    let told = merchant.simulator().notifications(0);
    let urls: Vec<&str> = told.iter().map(|(notification, _)| notification.url.as_str()).collect();
    assert_eq!(urls, ["https://gw.example/hooks/bbmsl/3f9d2c7a", "https://gw.example/hooks/bbmsl/pay"]);
    let key = merchant.simulator().keys()["provider_public_key"].as_str().expect("a key").to_owned();
    let keys = [("provider_public_keys", Setting::List(vec![key.clone()]))];
    for (owed, reference) in told.iter().zip([None, Some("told")]) {
        let told = judged(BBMSL, &keys, owed).expect("genuine");
        assert_eq!((told.about.reference.as_deref(), told.news), (reference, News::Hint));
        assert_eq!(judged(BBMSL, &[], owed), Err(Refusal::Forged), "another environment's key");
    }
    let key = STANDARD.decode(key).expect("base64");
    for ((notification, headers), name) in
        told.iter().zip(["03_token_notification", "37_payment_notification"])
    {
        assert_eq!(headers[0].1, "application/json");
        let body: Value = serde_json::from_str(&notification.body).expect("JSON");
        assert_shape(&body, &sample_raw(name), &[]);
        let mut names: Vec<&String> = body.as_object().expect("flat").keys().collect();
        names.sort();
        let pairs = names.into_iter().filter(|name| *name != "signature");
        let text: Vec<String> =
            pairs.map(|name| format!("{name}={}", body[name].as_str().expect("a text"))).collect();
        let signature = STANDARD.decode(body["signature"].as_str().expect("a text")).expect("base64");
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key)
            .verify(text.join("&").as_bytes(), &signature)
            .expect("the provider's signature");
    }
}

#[tokio::test]
async fn the_log_shows_the_order_and_never_the_card() {
    let merchant = Merchant::new().await;
    let token = merchant.saved(PLAIN).await;
    merchant.sale(token, "shown", "1.00").await;
    let filter = Filter { reference: Some("shown".to_owned()), ..Filter::default() };
    let shown = merchant.simulator().exchanges(&filter);
    assert_eq!(shown.len(), 1, "found by the reference inside of the signed text");
    let all = serde_json::to_string(&merchant.simulator().exchanges(&Filter::default())).expect("JSON");
    assert!(all.contains("lineItems"), "the rest is shown");
    for secret in [USER, &format!("{token}"), PLAIN] {
        assert!(!all.contains(&format!("\"{secret}")) && !all.contains(&format!(":{secret},")), "{secret}");
    }
    assert!(!all.contains(USER));
}

#[tokio::test]
async fn faults_alter_decimals_by_a_cent() {
    let merchant = Merchant::new().await;
    let token = merchant.saved(PLAIN).await;
    for (kind, member, expected) in [
        (FaultKind::WrongAmount, "amount", "128.51"),
        (FaultKind::WrongCurrency, "currency", "\"EUR\""),
        (FaultKind::WrongReference, "merchantReference", "\"f-2-not-yours\""),
        (FaultKind::UnknownStatus, "status", "\"teleported\""),
    ] {
        merchant.simulator().arrange(Fault::on(kind, "sale")).expect("arranged");
        let place = ["amount", "currency", "merchantReference", "status"];
        let place = place.iter().position(|name| *name == member).expect("one of them");
        let answer = merchant.sale(token, &format!("f-{place}"), "128.50").await;
        assert_eq!(answer["order"][member].to_string(), expected);
        assert_eq!(merchant.status(&format!("f-{place}")).await, "SUCCESS");
    }
    let charges = merchant.simulator().ledger_summary()[&Kind::Charge];
    assert_eq!(charges.succeeded, 4);
}

#[tokio::test]
async fn the_control_api_plays_the_customer_and_turns_the_knobs() {
    let merchant = Merchant::new().await;
    let answer = control(merchant.simulator(), Method::GET, "/behaviour", Value::Null).await.expect(200);
    assert_eq!(answer["declines"], "with_code");
}
