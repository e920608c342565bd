//! Paymob's simulator over real HTTP: both generations, pages, children, inquiries, callbacks.

#![cfg(feature = "simulator")]

mod simulator_support;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::{Answered, assert_shape, client, sample, send, simulators, submit};
use turnpike::providers::contract::Context;
use turnpike::providers::notice::{News, Notice};
use turnpike::providers::registry;
use turnpike::providers::settings::Setting;
use turnpike::simulator::exchanges::Filter;
use turnpike::simulator::notifications::Notification;
use turnpike::simulator::paymob::{API_KEY, IFRAME_ID, PUBLIC_KEY, SECRET_KEY};
use turnpike::simulator::{CustomerAction, Payment, Simulator, Simulators, ThreeDSecure};

const PAYMOB: &str = "paymob";
const PLAIN: &str = "5123456789012346";
const CHALLENGED: &str = "5123450000000008";
const HOOK: &str = "https://gateway.example.test/webhooks/paymob/acct1";

struct Merchant {
    simulators: Simulators,
    base: String,
    token: String,
}

impl Merchant {
    async fn new() -> Merchant {
        let simulators = simulators().await;
        let base = simulators.of(PAYMOB).expect("runs").base_url().to_owned();
        let mut merchant = Merchant { simulators, base, token: String::new() };
        let answer = merchant.post("/api/auth/tokens", &json!({ "api_key": API_KEY })).await.expect(201);
        assert_shape(&answer, &sample(PAYMOB, "01_auth_token.response"), &[]);
        merchant.token = answer["token"].as_str().expect("a token").to_owned();
        merchant
    }

    fn simulator(&self) -> &Simulator {
        self.simulators.of(PAYMOB).expect("runs")
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>, credential: &str) -> Answered {
        send(method, &format!("{}{path}", self.base), &[("authorization", credential)], body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answered {
        let mut body = body.clone();
        if body.get("auth_token").is_some() {
            body["auth_token"] = json!(self.token);
        }
        self.call(Method::POST, path, Some(&body), "").await
    }

    async fn secret(&self, path: &str, body: &Value) -> Answered {
        self.call(Method::POST, path, Some(body), &format!("Token {SECRET_KEY}")).await
    }

    async fn bearer(&self, method: Method, path: &str, body: Option<&Value>) -> Answered {
        self.call(method, path, body, &format!("Bearer {}", self.token)).await
    }

    async fn intention(&self, reference: &str, amount: i64, methods: Value) -> Value {
        let mut body = sample(PAYMOB, "10_intention_create.request");
        body["special_reference"] = json!(reference);
        body["amount"] = json!(amount);
        body["items"][0]["amount"] = json!(amount);
        body["payment_methods"] = methods;
        body["extras"] = json!({ "gw_payment_id": reference });
        self.secret("/v1/intention/", &body).await.expect(201)
    }

    fn page(&self, intention: &Value) -> String {
        let secret = intention["client_secret"].as_str().expect("a secret");
        format!("{}/unifiedcheckout/?publicKey={PUBLIC_KEY}&clientSecret={secret}", self.base)
    }

    fn pays(&self, page: &str, number: &str) -> (String, Option<String>) {
        let action = CustomerAction::Pay(card(number));
        let outcome = self.simulator().customer(page, &action).expect("an open page");
        (outcome.status, outcome.return_url)
    }

    async fn newest(&self, order: &Value) -> Answered {
        let body = json!({ "order_id": order.to_string() });
        self.bearer(Method::POST, "/api/ecommerce/orders/transaction_inquiry", Some(&body)).await
    }

    async fn transaction(&self, id: &Value) -> Value {
        self.bearer(Method::GET, &format!("/api/acceptance/transactions/{id}"), None).await.expect(200)
    }

    /// A saved card's token.
    async fn saved(&self, reference: &str, number: &str) -> String {
        let intention = self.intention(reference, 700, json!([5_000_001])).await;
        assert_eq!(self.pays(&self.page(&intention), number).0, "captured");
        let body = json!({ "auth_token": "", "order_id": intention["intention_order_id"] });
        let tokens = self.post("/api/acceptance/order_card_tokens", &body).await.expect(200);
        assert_shape(&tokens, &sample(PAYMOB, "31_order_card_tokens.response"), &[]);
        tokens[0]["obj"]["token"].as_str().expect("a token").to_owned()
    }

    async fn pay(&self, token: &str, key: &Value) -> Answered {
        let body = json!({ "source": { "identifier": token, "subtype": "TOKEN" }, "payment_token": key });
        self.post("/api/acceptance/payments/pay", &body).await
    }
}

fn card(number: &str) -> Payment {
    Payment {
        card: Some(number.to_owned()),
        expiry: Some("01/39".to_owned()),
        cvc: Some("123".to_owned()),
        save: true,
        ..Payment::default()
    }
}

#[tokio::test]
async fn keys_and_tokens_are_checked() {
    let merchant = Merchant::new().await;
    let refused = merchant.post("/api/auth/tokens", &json!({ "api_key": "wrong" })).await.expect(403);
    assert_eq!(refused, json!({ "detail": "incorrect credentials" }));
    let body = sample(PAYMOB, "10_intention_create.request");
    let refused = merchant.call(Method::POST, "/v1/intention/", Some(&body), "Token wrong").await;
    assert_eq!(refused.expect(401), sample(PAYMOB, "16_intention_error_unauthorized.response"));
    let path = "/api/acceptance/transactions/1";
    assert_eq!(merchant.bearer(Method::GET, path, None).await.status, 404);
    merchant.simulators.advance(Duration::from_secs(3_600));
    assert_eq!(merchant.bearer(Method::GET, path, None).await.status, 401);
}

#[tokio::test]
async fn an_intention_in_the_shapes_of_the_samples() {
    let merchant = Merchant::new().await;
    let body = sample(PAYMOB, "10_intention_create.request");
    let intention = merchant.secret("/v1/intention/", &body).await.expect(201);
    assert_shape(&intention, &sample(PAYMOB, "10_intention_create.response"), &[]);
    let order = &intention["intention_order_id"];
    assert_eq!(merchant.newest(order).await.expect(404), sample(PAYMOB, "30_inquiry_not_found.response"));
    let duplicate = merchant.secret("/v1/intention/", &body).await.expect(422);
    assert_eq!(duplicate, sample(PAYMOB, "02_order_duplicate.response"));

    let (status, back) = merchant.pays(&merchant.page(&intention), PLAIN);
    assert_eq!(status, "captured");
    let back = back.expect("a return address");
    assert!(back.starts_with("https://gateway.example.test/return/paymob?") && back.contains("success=true"));
    assert!(back.contains("data.message=Approved") && back.contains("&hmac="), "{back}");
    let paid = merchant.newest(order).await.expect(200);
    assert_shape(&paid, &sample(PAYMOB, "30_inquiry.response"), &[".payment_key_claims.redirect_url"]);
    assert_eq!(paid["order"]["merchant_order_id"], "gw-7f3a-0001");
    assert_eq!(paid["payment_key_claims"]["extra"]["gw_payment_id"], "pay_01");
    assert_eq!(merchant.simulator().payment("pay_01").successes, 1);
}

#[tokio::test]
async fn intentions_that_are_wrong_are_refused_in_the_provider_s_words() {
    let merchant = Merchant::new().await;
    let body = sample(PAYMOB, "10_intention_create.request");
    let changed = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    let live = merchant.secret("/v1/intention/", &changed("payment_methods", json!([6_000_001]))).await;
    assert_eq!(live.expect(404), sample(PAYMOB, "16_intention_error_integration.response"));
    let sum = merchant.secret("/v1/intention/", &changed("amount", json!(30_000))).await;
    assert_eq!(sum.expect(406), sample(PAYMOB, "16_intention_error_item_sum.response"));
    let nothing = merchant.secret("/v1/intention/", &json!({})).await.expect(400);
    assert_eq!(nothing["amount"], json!(["This field is required."]));
    let billing = merchant.secret("/v1/intention/", &changed("billing_data", json!({}))).await.expect(400);
    assert_eq!(billing["billing_data"]["email"], json!(["This field is required."]));
    assert_eq!(merchant.secret("/v1/intention/", &changed("amount", json!(1.5))).await.status, 400);
    assert_eq!(merchant.secret("/v1/intention/", &changed("card_tokens", json!(["x"]))).await.status, 400);
    assert_eq!(merchant.secret("/v1/intention/", &changed("expiration", json!(3_110_401))).await.status, 400);
}

#[tokio::test]
async fn an_intention_can_be_changed_before_it_is_paid() {
    let merchant = Merchant::new().await;
    let intention = merchant.intention("change-1", 25_000, json!([5_000_001])).await;
    let secret = intention["client_secret"].as_str().expect("a secret");
    let mut body = sample(PAYMOB, "13_intention_update.request");
    body["accept_order_id"] = intention["intention_order_id"].clone();
    let path = format!("/v1/intention/{secret}");
    let credential = format!("Token {SECRET_KEY}");
    let changed = merchant.call(Method::PUT, &path, Some(&body), &credential).await.expect(200);
    assert_eq!(changed["intention_detail"]["amount"], 30_000);
    body["accept_order_id"] = json!(1);
    assert_eq!(merchant.call(Method::PUT, &path, Some(&body), &credential).await.status, 400);
    let read = format!("/v1/intention/element/{PUBLIC_KEY}/{secret}/");
    let read = merchant.call(Method::GET, &read, None, "").await.expect(200);
    assert_eq!(read["intention_detail"]["amount"], 30_000);
}

#[tokio::test]
async fn the_older_calls_end_in_a_frame_or_a_payment() {
    let merchant = Merchant::new().await;
    let order = merchant.post("/api/ecommerce/orders", &sample(PAYMOB, "02_order.request")).await.expect(201);
    assert_shape(&order, &sample(PAYMOB, "02_order.response"), &[]);
    let again = merchant.post("/api/ecommerce/orders", &sample(PAYMOB, "02_order.request")).await.expect(422);
    assert_eq!(again, sample(PAYMOB, "02_order_duplicate.response"));
    let mut key = sample(PAYMOB, "03_payment_key_card.request");
    key["order_id"] = order["id"].clone();
    let made = merchant.post("/api/acceptance/payment_keys", &key).await.expect(201);
    assert_shape(&made, &sample(PAYMOB, "03_payment_key.response"), &[]);
    let frame = format!(
        "{}/api/acceptance/iframes/{IFRAME_ID}?payment_token={}",
        merchant.base,
        made["token"].as_str().expect("a key")
    );
    let page = Answered::read(client().get(&frame).send().await.expect("an answer")).await;
    assert!(page.status == 200 && page.text.contains("<form") && !page.text.contains("<script"));
    assert_eq!(merchant.pays(&frame, PLAIN), ("captured".to_owned(), None));
    assert_eq!(merchant.simulator().payment("gw-7f3a-0011").totals.captured, 25_000);

    let empty = merchant.post("/api/acceptance/payment_keys", &json!({ "auth_token": "" })).await.expect(400);
    assert_eq!(empty["order_id"], json!(["This field is required."]));
    key["amount_cents"] = json!(1);
    assert_eq!(merchant.post("/api/acceptance/payment_keys", &key).await.status, 400);
}

#[tokio::test]
async fn a_saved_card_is_charged_in_both_shapes_and_once_for_a_locked_order() {
    let merchant = Merchant::new().await;
    let token = merchant.saved("save-1", PLAIN).await;
    let intention = merchant.intention("mit-1", 990, json!([5_000_002])).await;
    let key = &intention["payment_keys"][0]["key"];
    let paid = merchant.pay(&token, key).await.expect(200);
    assert_shape(&paid, &sample(PAYMOB, "04_pay_saved_token_approved_flat.response"), &[]);
    assert_eq!((&paid["success"], &paid["pending"]), (&json!("true"), &json!("false")));
    assert_eq!(merchant.pay(&token, key).await.status, 400);
    assert_eq!(merchant.simulator().payment("mit-1").successes, 1);

    merchant.simulator().set_behaviour(&json!({ "pay_shape": "wrapped" })).expect("a knob");
    let intention = merchant.intention("mit-2", 991, json!([5_000_002])).await;
    let paid = merchant.pay(&token, &intention["payment_keys"][0]["key"]).await.expect(200);
    assert_eq!((&paid["type"], &paid["obj"]["success"]), (&json!("TRANSACTION"), &json!(true)));
    merchant.simulator().set_behaviour(&json!({ "pay_shape": "flat" })).expect("a knob");

    let intention = merchant.intention("mit-3", 990_051, json!([5_000_002])).await;
    let declined = merchant.pay(&token, &intention["payment_keys"][0]["key"]).await.expect(200);
    assert_shape(&declined, &sample(PAYMOB, "04_pay_saved_token_declined_flat.response"), &[]);
    assert_eq!(declined["txn_response_code"], "INSUFFICIENT_FUNDS");
    assert_eq!(merchant.pay("unknown", &json!("x")).await.status, 401);
}

#[tokio::test]
async fn the_bank_asks_and_the_answer_decides() {
    let merchant = Merchant::new().await;
    let intention = merchant.intention("acs-1", 500, json!([5_000_001])).await;
    let page = merchant.page(&intention);
    let handle = intention["client_secret"].as_str().expect("a secret");
    let form = [("card", CHALLENGED), ("expiry", "01/39"), ("cvc", "123"), ("method", "5000001")];
    let shown = Answered::read(client().get(&page).send().await.expect("an answer")).await;
    assert!(shown.status == 200 && shown.text.contains("Save this card"));
    let sent = submit(&format!("{}/pages/{handle}/pay", merchant.base), &form).await;
    assert_eq!(sent.status, 303);
    let acs = sent.header("location").to_owned();
    assert!(acs.contains("/mpgs_secure_callback/get_acs_page?token="), "{acs}");
    let order = &intention["intention_order_id"];
    let waiting = merchant.newest(order).await.expect(200);
    assert_eq!((&waiting["pending"], &waiting["success"]), (&json!(true), &json!(false)));
    let bank = Answered::read(client().get(&acs).send().await.expect("an answer")).await;
    assert!(bank.status == 200 && bank.text.contains("Pass"));
    assert_eq!(submit(&acs, &[("result", "pass")]).await.status, 303);
    assert_eq!(merchant.newest(order).await.expect(200)["success"], true);

    let failing = merchant.intention("acs-2", 500, json!([5_000_001])).await;
    let payment = Payment { three_d_secure: ThreeDSecure::Fail, ..card(CHALLENGED) };
    let outcome = merchant.simulator().customer(&merchant.page(&failing), &CustomerAction::Pay(payment));
    assert_eq!(outcome.expect("an open page").status, "declined");
    let failed = merchant.newest(&failing["intention_order_id"]).await.expect(200);
    assert_eq!(failed["data"]["txn_response_code"], "AUTHENTICATION_FAILED");
    // One client secret serves one payment.
    assert!(merchant.simulator().customer(&merchant.page(&failing), &CustomerAction::Cancel).is_err());
}

#[tokio::test]
async fn children_change_the_totals_of_their_parent() {
    let merchant = Merchant::new().await;
    let intention = merchant.intention("auth-1", 25_000, json!([5_000_005])).await;
    assert_eq!(merchant.pays(&merchant.page(&intention), PLAIN).0, "authorized");
    let order = &intention["intention_order_id"];
    let id = merchant.newest(order).await.expect(200)["id"].clone();
    let capture = |amount: i64| json!({ "transaction_id": id, "amount_cents": amount });
    let captured = merchant.secret("/api/acceptance/capture", &capture(20_000)).await.expect(201);
    assert_shape(
        &captured,
        &sample(PAYMOB, "20_capture.response"),
        &[
            ".unique_ref",
            ".payment_key_claims.notification_url",
            ".payment_key_claims.redirection_url",
            ".payment_key_claims.next_payment_intention",
            ".payment_key_claims.extra.gw_payment_id",
        ],
    );
    assert_eq!(captured["parent_transaction"], id);
    assert_eq!(merchant.secret("/api/acceptance/capture", &capture(5_001)).await.status, 400);
    let void = json!({ "transaction_id": id });
    assert_eq!(merchant.secret("/api/acceptance/void_refund/void", &void).await.status, 400);
    // The newest of the order is the child, not the payment.
    assert_eq!(merchant.newest(order).await.expect(200)["is_capture"], true);

    let refund = |amount: i64| json!({ "transaction_id": id, "amount_cents": amount, "auth_token": "" });
    let path = "/api/acceptance/void_refund/refund";
    let refunded = merchant.post(path, &refund(5_000)).await.expect(201);
    assert_eq!((&refunded["is_refund"], &refunded["success"]), (&json!(true), &json!(true)));
    let beyond = merchant.post(path, &refund(15_001)).await.expect(400);
    assert_eq!(beyond, sample(PAYMOB, "22_refund_error_amount.response"));
    let parent = merchant.transaction(&id).await;
    assert_eq!(
        (&parent["captured_amount"], &parent["refunded_amount_cents"]),
        (&json!(20_000), &json!(5_000))
    );
    assert_eq!((&parent["is_captured"], &parent["is_refunded"]), (&json!(true), &json!(false)));
    assert_eq!(merchant.simulator().payment("auth-1").state, "partially_refunded");
}

#[tokio::test]
async fn voids_undo_reservations_and_sales_and_pending_children_take_their_time() {
    let merchant = Merchant::new().await;
    for (reference, method) in [("void-1", 5_000_005), ("void-2", 5_000_001)] {
        let intention = merchant.intention(reference, 25_000, json!([method])).await;
        merchant.pays(&merchant.page(&intention), PLAIN);
        let id = merchant.newest(&intention["intention_order_id"]).await.expect(200)["id"].clone();
        let body = json!({ "transaction_id": id });
        let voided = merchant.secret("/api/acceptance/void_refund/void", &body).await.expect(201);
        assert_eq!((&voided["is_void"], &voided["success"]), (&json!(true), &json!(true)));
        assert_eq!(merchant.transaction(&id).await["is_voided"], true);
        let again = merchant.secret("/api/acceptance/void_refund/void", &body).await;
        assert_eq!(again.expect(400), json!({ "message": "Transaction can not be voided." }));
    }
    merchant.simulator().set_behaviour(&json!({ "movements_pending_ms": 5_000 })).expect("a knob");
    let intention = merchant.intention("late-1", 500, json!([5_000_001])).await;
    merchant.pays(&merchant.page(&intention), PLAIN);
    let id = merchant.newest(&intention["intention_order_id"]).await.expect(200)["id"].clone();
    let body = json!({ "transaction_id": id, "amount_cents": 500 });
    let refund = merchant.secret("/api/acceptance/void_refund/refund", &body).await.expect(201);
    assert_eq!(refund["pending"], true);
    merchant.simulators.advance(Duration::from_secs(5));
    assert_eq!(merchant.transaction(&refund["id"]).await["success"], true);
    assert_eq!(merchant.transaction(&id).await["is_refunded"], true);
}

#[tokio::test]
async fn wallets_cards_to_verify_and_tokens_that_come_later() {
    let merchant = Merchant::new().await;
    let intention = merchant.intention("wallet-1", 500, json!([5_000_001, 5_000_003])).await;
    let payment = Payment { method: Some("wallet".to_owned()), ..Payment::default() };
    let outcome = merchant.simulator().customer(&merchant.page(&intention), &CustomerAction::Pay(payment));
    assert_eq!(outcome.expect("an open page").status, "captured");
    let paid = merchant.newest(&intention["intention_order_id"]).await.expect(200);
    assert_eq!(paid["source_data"]["type"], "wallet");

    let mut body = sample(PAYMOB, "10_intention_create.request");
    body["amount"] = json!(0);
    body["items"] = json!([]);
    body["special_reference"] = json!("check-1");
    assert_eq!(merchant.secret("/v1/intention/", &body).await.status, 400);
    body["payment_methods"] = json!([5_000_007]);
    merchant.simulator().set_behaviour(&json!({ "token_delay_ms": 60_000 })).expect("a knob");
    let check = merchant.secret("/v1/intention/", &body).await.expect(201);
    merchant.pays(&merchant.page(&check), PLAIN);
    let ask = json!({ "auth_token": "", "order_id": check["intention_order_id"] });
    let none = merchant.post("/api/acceptance/order_card_tokens", &ask).await.expect(404);
    assert_eq!(none, json!({ "message": "No card tokens found for this order" }));
    merchant.simulators.advance(Duration::from_secs(60));
    assert_eq!(merchant.post("/api/acceptance/order_card_tokens", &ask).await.status, 200);
}

#[tokio::test]
async fn callbacks_are_signed_in_their_address() {
    let merchant = Merchant::new().await;
    merchant.saved("hook-1", PLAIN).await;
    let owed = merchant.simulator().notifications(0);
    let [(transaction, headers), (token, _)] = owed.as_slice() else { panic!("two callbacks: {owed:?}") };
    assert_eq!(headers, &[("Content-Type".to_owned(), "application/json".to_owned())]);
    for notification in [transaction, token] {
        let (address, digest) = notification.url.split_once("?hmac=").expect("a digest");
        assert_eq!((address, digest.len()), (HOOK, 128));
    }
    let body: Value = serde_json::from_str(&transaction.body).expect("JSON");
    assert_shape(
        &body,
        &sample(PAYMOB, "40_callback_success"),
        &[
            ".obj.unique_ref",
            ".obj.payment_key_claims.notification_url",
            ".obj.payment_key_claims.redirection_url",
            ".obj.payment_key_claims.extra.gw_payment_id",
        ],
    );
    let body: Value = serde_json::from_str(&token.body).expect("JSON");
    assert_shape(&body, &sample(PAYMOB, "42_callback_token"), &[]);

    // The adapter, which shares no code with the simulator, believes both.
    let known = merchant.simulator().credentials();
    let set = |name: &str| (name.to_owned(), setting(&known[name]));
    let adapter = registry::find(PAYMOB).expect("registered");
    let adapter = adapter.example_account([set("hmac_secret"), set("owner_id")].into()).expect("settings");
    let cx = Context { now: Timestamp::UNIX_EPOCH, entropy: [0; 32], access: None };
    let read = |notification: &Notification| {
        let body = notification.body.as_bytes();
        let notice = Notice { method: notification.method, url: &notification.url, headers: &[], body };
        adapter.read_notice(&notice, &cx).expect("genuine").news
    };
    assert_eq!(read(transaction), News::Trusted);
    assert!(matches!(read(token), News::Cards(cards) if cards.len() == 1));
}

/// A credential of the simulator's as a setting of the adapter's.
fn setting(value: &Value) -> Setting {
    match value {
        Value::Number(number) => Setting::Integer(number.as_i64().expect("a whole number")),
        other => Setting::Text(other.as_str().expect("a text").to_owned()),
    }
}

#[tokio::test]
async fn pages_expire_and_the_log_keeps_secrets() {
    let merchant = Merchant::new().await;
    let intention = merchant.intention("gone-1", 500, json!([5_000_001])).await;
    let page = merchant.page(&intention);
    let outcome = merchant.simulator().customer(&page, &CustomerAction::Cancel).expect("an open page");
    assert_eq!(outcome.status, "cancelled");
    merchant.simulator().customer(&page, &CustomerAction::Expire).expect("an open page");
    let gone = Answered::read(client().get(&page).send().await.expect("an answer")).await;
    assert_eq!(gone.status, 410);
    assert_eq!(merchant.simulator().payment("gone-1").state, "expired");
    let token = merchant.saved("secret-1", PLAIN).await;
    let offered = {
        let mut body = sample(PAYMOB, "10_intention_create.request");
        body["special_reference"] = json!("secret-2");
        body["card_tokens"] = json!([token]);
        merchant.secret("/v1/intention/", &body).await.expect(201)
    };
    let page = merchant.page(&offered);
    let payment = Payment { cvc: Some("123".to_owned()), ..Payment::default() };
    let outcome = merchant.simulator().customer(&page, &CustomerAction::Pay(payment)).expect("an open page");
    assert_eq!(outcome.status, "captured");
    let shown = format!("{:?}", merchant.simulator().exchanges(&Filter::default()));
    for secret in [token.as_str(), API_KEY, SECRET_KEY, PLAIN, merchant.token.as_str()] {
        assert!(!shown.contains(secret), "the log shows {secret}");
    }
}
