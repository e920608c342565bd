//! Pivot's simulator over real HTTP: sessions, pages, customers, captures, refunds, request ids.

#![cfg(feature = "simulator")]

mod simulator_support;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::{Answered, assert_shape, client, judged, sample, send, simulators, submit};
use turnpike::providers::notice::{News, Refusal};
use turnpike::providers::settings::Setting;
use turnpike::simulator::ledger::Kind;
use turnpike::simulator::pivot::{CALLBACK_KEY, MERCHANT_ID, MERCHANT_SECRET};
use turnpike::simulator::{CustomerAction, Payment, Simulator, Simulators, ThreeDSecure};

const PIVOT: &str = "pivot";
const APPROVED: &str = "4440000112200001";
const CHALLENGED: &str = "4440000112290002";

/// A merchant with an access token.
struct Merchant {
    simulators: Simulators,
    base: String,
    bearer: String,
}

impl Merchant {
    async fn new() -> Merchant {
        let simulators = simulators().await;
        let base = simulators.of(PIVOT).expect("runs").base_url().to_owned();
        let mut merchant = Merchant { simulators, base, bearer: String::new() };
        let answer = merchant.sign_in(MERCHANT_SECRET).await.expect(200);
        assert_shape(&answer, &sample(PIVOT, "02_access_token_response_200"), &[]);
        merchant.bearer = format!("Bearer {}", answer["data"]["accessToken"].as_str().expect("a token"));
        merchant
    }

    async fn sign_in(&self, secret: &str) -> Answered {
        let url = format!("{}/v1/access-token", self.base);
        let headers = [("x-merchant-id", MERCHANT_ID), ("x-merchant-secret", secret)];
        send(Method::POST, &url, &headers, Some(&sample(PIVOT, "01_access_token_request"))).await
    }

    fn simulator(&self) -> &Simulator {
        self.simulators.of(PIVOT).expect("runs")
    }

    fn set(&self, change: Value) {
        self.simulator().set_behaviour(&change).expect("known knobs");
    }

    async fn post(&self, path: &str, id: &str, body: &Value) -> Answered {
        let headers = [("authorization", &*self.bearer), ("x-request-id", id)];
        send(Method::POST, &format!("{}{path}", self.base), &headers, Some(body)).await
    }

    async fn get(&self, path: &str) -> Answered {
        let headers = [("authorization", &*self.bearer)];
        send(Method::GET, &format!("{}{path}", self.base), &headers, None).await
    }

    /// A session from a sample request, under a reference of its own.
    async fn create(&self, name: &str, reference: &str, change: impl FnOnce(&mut Value)) -> Answered {
        let mut body = wish(name, reference);
        change(&mut body);
        self.post("/v2/payments", &request_id("create", reference), &body).await
    }

    fn pays(&self, page: &str, payment: Payment) -> (String, Option<String>) {
        let outcome = self.simulator().customer(page, &CustomerAction::Pay(payment)).expect("an open page");
        (outcome.status, outcome.return_url)
    }

    /// A customer with a saved card: the customer's id and the token.
    async fn saved(&self, number: &str) -> (String, String) {
        let session =
            self.create("12_create_session_card_redirect_save_request", &unique("SAVE"), |_| {}).await;
        let session = session.expect(200)["data"].take();
        let (status, _) = self.pays(text(&session, "paymentUrl"), saving(number));
        assert_eq!(status, "captured");
        let customer = text(&session, "customerId").to_owned();
        let answer = self.get(&format!("/v1/customers/{customer}")).await.expect(200);
        let stored =
            answer["data"]["storedPaymentMethods"].as_array().expect("stored").last().expect("one").clone();
        (customer, text(&stored, "token").to_owned())
    }

    /// A charge of a token.
    async fn charge(&self, reference: &str, card: Value, customer: &str, options: Value) -> Answered {
        self.create("30_charge_token_customer_request", reference, |body| {
            body["customerId"] = json!(customer);
            body["paymentMethod"]["card"] = card;
            body["paymentMethodOptions"]["card"] = options;
        })
        .await
    }
}

fn wish(name: &str, reference: &str) -> Value {
    let mut body = sample(PIVOT, name);
    body["clientReferenceId"] = json!(reference);
    // The samples' time is over.
    body.as_object_mut().expect("an object").remove("expiryAt");
    body
}

fn request_id(operation: &str, reference: &str) -> String {
    let mut id: String =
        format!("{operation}{reference}").chars().filter(char::is_ascii_alphanumeric).collect();
    while id.len() < 32 {
        id.push('0');
    }
    id.truncate(36);
    id
}

fn unique(prefix: &str) -> String {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    format!("{prefix}{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn card(number: &str) -> Payment {
    Payment {
        card: Some(number.to_owned()),
        expiry: Some("01/2039".to_owned()),
        cvc: Some("123".to_owned()),
        holder: Some("Budi Contoh".to_owned()),
        ..Payment::default()
    }
}

fn saving(number: &str) -> Payment {
    Payment { save: true, ..card(number) }
}

/// What the card's page of the merchant sends, encrypted with the provider's key as its guide says.
fn encrypted(key: &str, number: &str) -> String {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut plain = sample(PIVOT, "22_card_plaintext_before_encryption");
    plain["card"]["number"] = json!(number);
    let (aes, nonce) = ([7; 32], [9; 12]);
    let mut sealed = plain.to_string().into_bytes();
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &aes).expect("a key"))
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
        .expect("sealed");
    let rsa = PublicEncryptingKey::from_der(&STANDARD.decode(key).expect("base64")).expect("a key");
    let rsa = OaepPublicEncryptingKey::new(rsa).expect("a key");
    let mut room = vec![0; rsa.ciphertext_size()];
    let wrapped = rsa.encrypt(&OAEP_SHA256_MGF1SHA256, &aes, &mut room, None).expect("encrypted");
    let envelope = json!({
        "encryptedKey": STANDARD.encode(wrapped),
        "nonce": STANDARD.encode(nonce),
        "ciphertext": STANDARD.encode(sealed),
    });
    STANDARD.encode(envelope.to_string())
}

fn confirmation(blob: &str) -> Value {
    let mut body = sample(PIVOT, "25_confirm_session_request");
    body["paymentMethod"]["card"]["encryptedCard"] = json!(blob);
    body
}

#[tokio::test]
async fn credentials_and_tokens() {
    let merchant = Merchant::new().await;
    let wrong = merchant.sign_in("wrong").await.expect(401);
    assert_shape(&wrong, &sample(PIVOT, "91_error_401_credentials_invalid"), &[".error.details"]);
    merchant.simulators.advance(Duration::from_secs(901));
    let stale = merchant.get("/v2/payments/x").await.expect(401);
    assert_shape(&stale, &sample(PIVOT, "91_error_401_credentials_invalid"), &[]);
}

#[tokio::test]
async fn a_page_pays_and_saves() {
    let merchant = Merchant::new().await;
    let created = merchant.create("12_create_session_card_redirect_save_request", "PAY0002", |_| {}).await;
    let created = created.expect(200);
    assert_shape(&created, &sample(PIVOT, "13_create_session_card_redirect_save_response_200"), &[]);
    let session = &created["data"];
    let page = text(session, "paymentUrl");
    let html = client().get(page).send().await.expect("a page").text().await.expect("HTML");
    assert!(
        html.contains("PAY0002") && html.contains("Save this card") && !html.contains("<script"),
        "{html}"
    );

    let action = page.replace("/detail?token=", "/detail/");
    let declined = submit(
        &format!("{action}/pay"),
        &[("card", "4440000334470010"), ("expiry", "01/2039"), ("cvc", "123")],
    )
    .await;
    assert_eq!(declined.status, 200);
    assert!(declined.text.contains("declined"), "{}", declined.text);
    let open = merchant.get(&format!("/v2/payments/{}", text(session, "id"))).await.expect(200);
    assert_eq!(open["data"]["status"], "REQUIRE_ACTION", "a failed charge is not the end");
    assert_eq!(open["data"]["chargeDetails"][0]["failureCode"], "INSUFFICIENT_FUND");

    let bank = submit(
        &format!("{action}/pay"),
        &[
            ("card", CHALLENGED),
            ("expiry", "01/2039"),
            ("cvc", "123"),
            ("holder", "Budi Contoh"),
            ("save", "true"),
        ],
    )
    .await;
    assert_eq!(bank.status, 303);
    let passed = submit(&format!("{action}/challenge"), &[("result", "pass")]).await;
    assert_eq!(passed.header("location"), "https://pay.shop.example/r/ok");

    let paid = merchant.get(&format!("/v2/payments/{}", text(session, "id"))).await.expect(200);
    assert_eq!(paid["data"]["status"], "PAID");
    let charge = &paid["data"]["chargeDetails"][1];
    assert_shape(charge, &sample(PIVOT, "40_get_session_paid_200")["data"]["chargeDetails"][0], &[]);
    let customer = text(session, "customerId");
    let stored = merchant.get(&format!("/v1/customers/{customer}")).await.expect(200);
    let known = sample(PIVOT, "70_get_customer_with_saved_methods_200");
    assert_shape(&stored["data"]["storedPaymentMethods"][0], &known["data"]["storedPaymentMethods"][0], &[]);
    assert_eq!(
        stored["data"]["storedPaymentMethods"][0]["card"]["fingerprint"],
        charge["card"]["fingerprint"]
    );

    let lines = merchant.simulator().ledger(Some("PAY0002"));
    let kinds: Vec<(Kind, i64, bool)> =
        lines.iter().map(|line| (line.kind, line.amount_minor, line.declined)).collect();
    assert_eq!(
        kinds,
        [(Kind::Charge, 18_500_000, true), (Kind::Charge, 18_500_000, false), (Kind::Tokenize, 0, false),]
    );
    let owed = merchant.simulator().notifications(0).pop().expect("told");
    let key = |key: &str| [("callback_api_key", Setting::Text(key.to_owned()))];
    let told = judged(PIVOT, &key(CALLBACK_KEY), &owed).expect("genuine");
    assert_eq!((told.kind.as_str(), told.news), ("PAYMENT.PAID", News::Hint));
    assert_eq!(told.about.reference.as_deref(), Some("PAY0002"));
    assert_eq!(judged(PIVOT, &key("cbk_other"), &owed), Err(Refusal::Forged));
    let (notification, headers) = owed;
    assert!(notification.body.contains("PAYMENT.PAID"));
    assert!(headers.contains(&("X-API-Key".to_owned(), CALLBACK_KEY.to_owned())));
}

#[tokio::test]
async fn a_page_offers_every_method_and_wallets_have_pages_of_their_own() {
    let merchant = Merchant::new().await;
    let created =
        merchant.create("10_create_session_any_method_request", "PAY0001", |_| {}).await.expect(200);
    assert_shape(&created, &sample(PIVOT, "11_create_session_any_method_response_200"), &[]);
    let page = text(&created["data"], "paymentUrl");
    let action = page.replace("/detail?token=", "/detail/");
    let wallet = submit(&format!("{action}/pay"), &[("method", "DANA")]).await;
    let path = wallet.header("location").to_owned();
    let html = client().get(format!("{}{path}", merchant.base)).send().await.expect("a page");
    assert!(html.text().await.expect("HTML").contains("DANA asks"));
    let path = path.split('?').next().expect("a path");
    let paid = submit(&format!("{}{path}", merchant.base), &[("method", "DANA"), ("save", "false")]).await;
    assert_eq!(paid.header("location"), "https://pay.shop.example/r/ok");
    let read = merchant.get(&format!("/v2/payments/{}", text(&created["data"], "id"))).await.expect(200);
    assert_eq!(read["data"]["status"], "PAID");
    assert_eq!(read["data"]["chargeDetails"][0]["ewallet"]["channel"], "DANA");
}

#[tokio::test]
async fn a_card_encrypted_with_the_session_s_own_key() {
    let merchant = Merchant::new().await;
    let created = merchant.create("20_create_session_card_api_request", "PAY0004", |_| {}).await.expect(200);
    assert_shape(&created, &sample(PIVOT, "21_create_session_card_api_response_200"), &[]);
    let other = merchant.create("20_create_session_card_api_request", "PAY0005", |_| {}).await.expect(200);
    let key = text(&created["data"], "encryptionKey");
    assert_ne!(key, text(&other["data"], "encryptionKey"), "each session has its own");
    let path = format!("/v2/payments/{}/confirm", text(&created["data"], "id"));

    let foreign = encrypted(text(&other["data"], "encryptionKey"), APPROVED);
    let refused =
        merchant.post(&path, &request_id("confirm", "1"), &confirmation(&foreign)).await.expect(400);
    assert!(refused.to_string().contains("cannot be decrypted"), "{refused}");

    let body = confirmation(&encrypted(key, CHALLENGED));
    let confirmed = merchant.post(&path, &request_id("confirm", "2"), &body).await.expect(200);
    assert_shape(&confirmed, &sample(PIVOT, "26_confirm_session_response_3ds_required_200"), &[]);
    let again = merchant.post(&path, &request_id("confirm", "2"), &body).await.expect(200);
    assert_eq!(again, confirmed, "remembered");
    let late = merchant.post(&path, &request_id("confirm", "3"), &body).await.expect(400);
    assert!(late.to_string().contains("cannot be confirmed"), "{late}");

    let page = text(&confirmed["data"], "paymentUrl");
    let payment = Payment { three_d_secure: ThreeDSecure::Fail, ..Payment::default() };
    assert_eq!(merchant.pays(page, payment).0, "failed");
    let read = merchant.get(&path.replace("/confirm", "")).await.expect(200);
    let known = sample(PIVOT, "43_get_session_declined_3ds_failed_200");
    assert_shape(&read["data"]["chargeDetails"][0], &known["data"]["chargeDetails"][0], &[]);
    assert_eq!(read["data"]["status"], "CANCELLED");

    let path = format!("/v2/payments/{}/confirm", text(&other["data"], "id"));
    let body = confirmation(&encrypted(text(&other["data"], "encryptionKey"), APPROVED));
    let paid = merchant.post(&path, &request_id("confirm", "4"), &body).await.expect(200);
    assert_shape(&paid, &sample(PIVOT, "28_confirm_session_response_paid_without_3ds_200"), &[]);
}

#[tokio::test]
async fn tokens_want_their_customer_and_a_cvc() {
    let merchant = Merchant::new().await;
    let (customer, token) = merchant.saved(CHALLENGED).await;
    let challenge = json!({ "captureMethod": "automatic", "threeDsMethod": "CHALLENGE" });
    let never = json!({ "captureMethod": "automatic", "threeDsMethod": "NEVER" });
    let with_cvc = json!({ "token": token, "cvc": "123" });
    let asked = merchant.charge("T1", with_cvc.clone(), &customer, challenge.clone()).await.expect(200);
    assert_eq!(asked["data"]["status"], "REQUIRE_ACTION");
    assert!(text(&asked["data"], "paymentUrl").contains("/payment/creditcard/"));
    merchant.charge("T2", json!({ "token": token }), &customer, challenge).await.expect(400);
    let without =
        merchant.charge("T3", json!({ "token": token }), &customer, never.clone()).await.expect(200);
    assert_eq!(without["data"]["status"], "PAID");
    merchant.set(json!({ "merchant_initiated": false }));
    merchant.charge("T4", json!({ "token": token }), &customer, never.clone()).await.expect(400);
    merchant.charge("T5", with_cvc, "nobody", never).await.expect(404);
}

#[tokio::test]
async fn a_saved_card_may_be_listed_later() {
    let merchant = Merchant::new().await;
    merchant.set(json!({ "stored_method_delay_ms": 5_000 }));
    let created =
        merchant.create("12_create_session_card_redirect_save_request", "LATE1", |_| {}).await.expect(200);
    merchant.pays(text(&created["data"], "paymentUrl"), saving(APPROVED));
    let path = format!("/v1/customers/{}", text(&created["data"], "customerId"));
    assert!(merchant.get(&path).await.expect(200)["data"]["storedPaymentMethods"].is_null());
    merchant.simulators.advance(Duration::from_secs(6));
    assert!(merchant.get(&path).await.expect(200)["data"]["storedPaymentMethods"].is_array());
}

#[tokio::test]
async fn reservations_are_captured_by_the_clock() {
    let merchant = Merchant::new().await;
    merchant.set(json!({ "capture_delay_ms": 1_000 }));
    let (customer, token) = merchant.saved(APPROVED).await;
    let manual = json!({ "captureMethod": "manual", "threeDsMethod": "NEVER" });
    let held = merchant.charge("CAP1", json!({ "token": token }), &customer, manual).await.expect(200);
    assert_eq!(held["data"]["chargeDetails"][0]["status"], "WAITING_FOR_CAPTURE");
    let path = format!("/v2/payments/{}", text(&held["data"], "id"));
    let capture = |value: i64, releases: bool| json!({ "releaseRemainingAmount": releases, "amount": { "value": value, "currency": "IDR" } });
    let to = format!("{path}/capture");
    let first = merchant.post(&to, &request_id("capture", "1"), &capture(40_000, false)).await.expect(200);
    assert_shape(&first, &sample(PIVOT, "52_capture_response_pending_200"), &[]);
    merchant.post(&to, &request_id("capture", "2"), &capture(60_000, false)).await.expect(400);
    merchant.simulators.advance(Duration::from_secs(2));
    let part = merchant.get(&path).await.expect(200);
    assert_eq!(
        (&part["data"]["status"], &part["data"]["chargeDetails"][0]["capturedAmount"]["value"]),
        (&json!("PROCESSING"), &json!(40_000))
    );
    merchant.post(&to, &request_id("capture", "3"), &capture(50_000, true)).await.expect(200);
    merchant.simulators.advance(Duration::from_secs(2));
    let done = merchant.get(&path).await.expect(200);
    assert_eq!(done["data"]["status"], "PAID");
    let known = sample(PIVOT, "53_get_session_after_capture_200");
    let histories = &done["data"]["chargeDetails"][0]["captureHistories"];
    assert_shape(histories, &known["data"]["chargeDetails"][0]["captureHistories"], &[]);
    let standing = merchant.simulator().payment("CAP1");
    assert_eq!((standing.totals.captured, standing.totals.voided), (9_000_000, 900_000));
}

/// What a refund shows only when it was asked for.
const OPTIONAL: &[&str] = &[
    ".data.transferDestination.description",
    ".data[].transferDestination.description",
    ".data.metadata.refundId",
    ".data[].metadata.refundId",
    ".data[].metadata",
    ".data.metadata",
];

#[tokio::test]
async fn refunds_are_done_later() {
    let merchant = Merchant::new().await;
    merchant.set(json!({ "refund_delay_ms": 1_000 }));
    let created =
        merchant.create("12_create_session_card_redirect_save_request", "REF1", |_| {}).await.expect(200);
    merchant.pays(text(&created["data"], "paymentUrl"), card(APPROVED));
    let refund = |reference: &str, value: &str| {
        let mut body = sample(PIVOT, "60_refund_partial_request");
        body["clientReferenceId"] = json!(reference);
        body["paymentSessionId"] = created["data"]["id"].clone();
        body["amount"]["value"] = json!(value);
        body
    };
    let made =
        merchant.post("/v1/refunds", &request_id("refund", "1"), &refund("R1", "75000")).await.expect(200);
    assert_shape(&made, &sample(PIVOT, "62_refund_response_pending_200"), OPTIONAL);
    assert_eq!(made["data"]["amount"]["value"], "75000.00");
    merchant.post("/v1/refunds", &request_id("refund", "2"), &refund("R1", "1000")).await.expect(409);
    merchant.post("/v1/refunds", &request_id("refund", "3"), &refund("R2", "110001")).await.expect(400);
    let slow = merchant
        .post("/v1/refunds", &request_id("refund", "4"), &refund("2001-R3", "1000"))
        .await
        .expect(200);
    merchant.simulators.advance(Duration::from_millis(1_500));
    let read = merchant.get(&format!("/v1/refunds/{}", text(&made["data"], "id"))).await.expect(200);
    assert_shape(&read, &sample(PIVOT, "63_get_refund_success_200"), OPTIONAL);
    assert_eq!(read["data"]["status"], "SUCCESS");
    let path = format!("/v1/refunds/{}", text(&slow["data"], "id"));
    assert_eq!(merchant.get(&path).await.expect(200)["data"]["status"], "WAITING_BANK_TRANSFER");
    merchant.simulators.advance(Duration::from_millis(1_500));
    assert_eq!(merchant.get(&path).await.expect(200)["data"]["status"], "FAILED");
    let list = merchant.get("/v1/refunds?page=1&perPage=1").await.expect(200);
    assert_shape(&list, &sample(PIVOT, "66_list_refunds_200"), OPTIONAL);
    assert_eq!(list["pagination"]["totalPages"], 2);
    assert_eq!(merchant.simulator().payment("REF1").totals.refunded, 7_500_000);
}

#[tokio::test]
async fn request_ids_are_remembered_for_a_day() {
    let merchant = Merchant::new().await;
    let body = wish("10_create_session_any_method_request", "IDEM1");
    let id = request_id("create", "IDEM1");
    let first = merchant.post("/v2/payments", &id, &body).await.expect(200);
    assert_eq!(merchant.post("/v2/payments", &id, &body).await.expect(200), first);
    let other = wish("10_create_session_any_method_request", "IDEM2");
    let conflict = merchant.post("/v2/payments", &id, &other).await.expect(409);
    assert_eq!(conflict, sample(PIVOT, "95_error_409_idempotency"));
    let cancel = sample(PIVOT, "55_cancel_session_request");
    let path = format!("/v2/payments/{}/cancel", text(&first["data"], "id"));
    assert_eq!(merchant.post(&path, &id, &cancel).await.expect(409)["code"], "idempotency_error");
    let duplicate = merchant.post("/v2/payments", &request_id("create", "again"), &body).await.expect(409);
    assert_eq!(duplicate, sample(PIVOT, "94_error_409_duplicate"));
    for wrong in ["short", "with-hyphens-0000000000000000000", &"0".repeat(37)] {
        merchant.post("/v2/payments", wrong, &other).await.expect(400);
    }
    let list = merchant.get("/v2/payments?clientReferenceId=IDEM1").await.expect(200);
    assert_eq!(list["data"][0]["id"], first["data"]["id"]);
    let none = merchant.get("/v2/payments?clientReferenceId=NOBODY").await.expect(200);
    assert_shape(&none, &sample(PIVOT, "47_list_sessions_by_client_reference_none_200"), &[]);
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn wrong_requests_are_told_field_by_field() {
    let merchant = Merchant::new().await;
    let name = "12_create_session_card_redirect_save_request";
    let refused = merchant
        .create(name, "BAD1", |body| {
            body["amount"]["value"] = json!(9_999);
            body["customer"].as_object_mut().expect("an object").remove("email");
        })
        .await
        .expect(400);
    assert_eq!(refused, sample(PIVOT, "90_error_400_validation"));
    let both = merchant.create(name, "BAD2", |body| body["customerId"] = json!("c")).await.expect(400);
    assert_eq!(both["error"]["details"][0]["field"], "customerId");
    let text_amount = merchant.create(name, "BAD3", |body| body["amount"]["value"] = json!("185000")).await;
    assert_eq!(text_amount.expect(400)["error"]["details"][0]["field"], "amount.value");
    let missing = merchant.get("/v2/payments/00000000-0000-4000-8000-00000000dead").await.expect(404);
    assert_eq!(missing, sample(PIVOT, "93_error_404_resource_missing"));
}

#[tokio::test]
async fn sessions_are_cancelled_early_and_expire_late() {
    let merchant = Merchant::new().await;
    let cancel = sample(PIVOT, "55_cancel_session_request");
    let early = merchant.create("10_create_session_any_method_request", "CAN1", |_| {}).await.expect(200);
    let path = format!("/v2/payments/{}/cancel", text(&early["data"], "id"));
    let cancelled = merchant.post(&path, &request_id("cancel", "1"), &cancel).await.expect(200);
    assert_shape(&cancelled, &sample(PIVOT, "56_cancel_session_response_200"), &[]);
    let begun =
        merchant.create("12_create_session_card_redirect_save_request", "CAN2", |_| {}).await.expect(200);
    let path = format!("/v2/payments/{}/cancel", text(&begun["data"], "id"));
    let refused = merchant.post(&path, &request_id("cancel", "2"), &cancel).await.expect(400);
    assert_eq!(refused, sample(PIVOT, "57_cancel_session_not_allowed_400"));
    merchant.simulators.advance(Duration::from_secs(16 * 60));
    let (token, _) = (merchant.sign_in(MERCHANT_SECRET).await.expect(200), ());
    let bearer = format!("Bearer {}", token["data"]["accessToken"].as_str().expect("a token"));
    let url = format!("{}/v2/payments/{}", merchant.base, text(&begun["data"], "id"));
    let expired = send(Method::GET, &url, &[("authorization", &bearer)], None).await.expect(200);
    assert_eq!(expired["data"]["status"], "EXPIRED");
    let known = sample(PIVOT, "44_get_session_expired_200");
    assert_shape(&expired["data"]["chargeDetails"][0], &known["data"]["chargeDetails"][0], &[]);
}

#[tokio::test]
async fn other_methods_are_simulated() {
    let merchant = Merchant::new().await;
    let created = merchant
        .create("10_create_session_any_method_request", "QR0001", |body| {
            body["mode"] = json!("API");
            body["autoConfirm"] = json!(true);
            body["paymentMethod"] = json!({ "type": "QR" });
        })
        .await
        .expect(200);
    let known = sample(PIVOT, "100_create_session_qr_api_response_200");
    assert_shape(&created["data"]["chargeDetails"][0], &known["data"]["chargeDetails"][0], &[]);
    let mut body = sample(PIVOT, "103_simulation_request");
    body["paymentSessionId"] = created["data"]["id"].clone();
    let done =
        merchant.post("/v2/payments/simulations", &request_id("simulate", "1"), &body).await.expect(200);
    assert_eq!(done, sample(PIVOT, "104_simulation_response_200"));
    let configs = merchant.get("/v2/payment-method-configs").await.expect(200);
    assert_shape(&configs, &sample(PIVOT, "04_payment_method_configs_response_200"), &[]);
}

#[tokio::test]
async fn the_log_shows_no_card_and_no_secret() {
    let merchant = Merchant::new().await;
    let (customer, token) = merchant.saved(APPROVED).await;
    let options = json!({ "captureMethod": "automatic", "threeDsMethod": "CHALLENGE" });
    merchant.charge("LOG1", json!({ "token": token, "cvc": "987" }), &customer, options).await.expect(200);
    let shown = format!("{:?}", merchant.simulator().exchanges(&Default::default()));
    for secret in [APPROVED, MERCHANT_SECRET, "987\"", token.as_str(), "budi.contoh"] {
        assert!(!shown.contains(secret), "{secret} is in the log");
    }
}
