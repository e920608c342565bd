//! A merchant at every provider, in as few calls as a payment takes.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use turnpike::providers::notice::{Refusal, Told};
use turnpike::providers::settings::Setting;
use turnpike::simulator::deliveries::Delivery;
use turnpike::simulator::notification_faults::{Fault, Kind};
use turnpike::simulator::notifications::Standing;
use turnpike::simulator::{CustomerAction, Options, Payment, Simulator, Simulators, start};

use super::receiver::{Heard, Receiver, eventually};
use super::{read, sample, send};

/// Every provider.
pub const PROVIDERS: [&str; 5] = ["dintero", "begateway", "paymob", "pivot", "bbmsl"];

/// Simulators, and the server that they tell.
pub struct Shops {
    pub simulators: Simulators,
    pub receiver: Receiver,
}

impl Shops {
    pub async fn new() -> Shops {
        Shops::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Shops {
        let simulators = start(options).await.expect("free ports");
        Shops { simulators, receiver: Receiver::new().await }
    }

    pub fn of(&self, provider: &str) -> &Simulator {
        self.simulators.of(provider).expect("runs")
    }

    /// A card payment that succeeds, of 1,000.00 (1,000 rupiah: of 100,000), told at `/hook/{provider}`.
    pub async fn pay(&self, provider: &str, reference: &str) {
        self.buy(provider, reference, &self.receiver.url(&format!("/hook/{provider}")), false).await;
    }

    /// The same, told somewhere else or only reserved.
    pub async fn buy(&self, provider: &str, reference: &str, hook: &str, reserves: bool) {
        match provider {
            "dintero" => self.buy_at_dintero(reference, hook, reserves).await,
            "begateway" => self.buy_at_begateway(reference, hook, reserves).await,
            "paymob" => self.buy_at_paymob(reference, hook, reserves).await,
            "pivot" => self.buy_at_pivot(reference, hook, reserves).await,
            _ => self.buy_at_bbmsl(reference, hook).await,
        }
    }

    /// What a merchant signs in to Dintero with.
    pub async fn dintero_bearer(&self) -> String {
        let known = self.of("dintero").credentials();
        let text = |name: &str| known[name].as_str().expect("a text").to_owned();
        let basic = STANDARD.encode(format!("{}:{}", text("client_id"), text("client_secret")));
        let url = format!("{}/accounts/{}/auth/token", text("base_url"), text("account_id"));
        let headers = [("authorization", &*format!("Basic {basic}"))];
        let body = sample("dintero", "01_auth_token_request");
        let answer = send(Method::POST, &url, &headers, Some(&body)).await.expect(200);
        format!("Bearer {}", answer["access_token"].as_str().expect("a token"))
    }

    async fn buy_at_dintero(&self, reference: &str, hook: &str, reserves: bool) {
        let bearer = self.dintero_bearer().await;
        let mut body = sample("dintero", "03_create_session_profile_request");
        body["url"]["callback_url"] = json!(hook);
        body["order"]["merchant_reference"] = json!(reference);
        body["order"]["amount"] = json!(100_000);
        body["order"]["items"] = json!([{ "id": "sku", "line_id": "1", "description": "Thing",
            "quantity": 1, "amount": 100_000, "vat_amount": 0, "vat": 25 }]);
        let card = json!({ "enabled": true, "generate_payment_token": true });
        body["configuration"] = json!({ "auto_capture": !reserves, "dintero_psp": { "creditcard": card } });
        let url = format!("{}/v1/sessions-profile", self.of("dintero").base_url());
        let answer = send(Method::POST, &url, &[("authorization", &bearer)], Some(&body)).await.expect(200);
        self.customer("dintero", &answer["id"], "4000000000000002");
    }

    async fn buy_at_begateway(&self, reference: &str, hook: &str, reserves: bool) {
        let basic = STANDARD.encode("361:simulator-secret-361");
        let body = json!({ "request": {
            "amount": 100_000, "currency": "EUR", "description": "Order", "tracking_id": reference,
            "test": true, "duplicate_check": false, "notification_url": hook,
            "credit_card": { "number": "4200000000000000", "verification_value": "111",
                             "holder": "TEST", "exp_month": "04", "exp_year": "2099" },
        } });
        let kind = if reserves { "authorizations" } else { "payments" };
        let url = format!("{}/transactions/{kind}", self.of("begateway").base_url());
        let headers = [("authorization", &*format!("Basic {basic}"))];
        send(Method::POST, &url, &headers, Some(&body)).await.expect(200);
    }

    async fn buy_at_paymob(&self, reference: &str, hook: &str, reserves: bool) {
        let known = self.of("paymob").credentials();
        let text = |name: &str| known[name].as_str().expect("a text").to_owned();
        let integration = if reserves { "authorize" } else { "three_d_secure" };
        let mut body = sample("paymob", "10_intention_create.request");
        body["special_reference"] = json!(reference);
        body["extras"] = json!({ "gw_payment_id": reference });
        body["amount"] = json!(100_000);
        body["items"][0]["amount"] = json!(100_000);
        body["payment_methods"] = json!([known["integrations"][integration]]);
        body["notification_url"] = if hook.is_empty() { Value::Null } else { json!(hook) };
        let base = text("base_url");
        let headers = [("authorization", &*format!("Token {}", text("secret_key")))];
        let url = format!("{base}/v1/intention/");
        let answer = send(Method::POST, &url, &headers, Some(&body)).await.expect(201);
        let secret = answer["client_secret"].as_str().expect("a secret");
        let page = format!("{base}/unifiedcheckout/?publicKey={}&clientSecret={secret}", text("public_key"));
        self.customer("paymob", &json!(page), "5123456789012346");
    }

    async fn buy_at_pivot(&self, reference: &str, hook: &str, reserves: bool) {
        let pivot = self.of("pivot");
        pivot.set_behaviour(&json!({ "callback_url": hook })).expect("a knob");
        let known = pivot.credentials();
        let text = |name: &str| known[name].as_str().expect("a text").to_owned();
        let base = text("base_url");
        let (id, secret) = (text("merchant_id"), text("merchant_secret"));
        let headers = [("x-merchant-id", &*id), ("x-merchant-secret", &*secret)];
        let body = sample("pivot", "01_access_token_request");
        let url = format!("{base}/v1/access-token");
        let answer = send(Method::POST, &url, &headers, Some(&body)).await.expect(200);
        let bearer = format!("Bearer {}", answer["data"]["accessToken"].as_str().expect("a token"));
        let mut body = sample("pivot", "12_create_session_card_redirect_save_request");
        body["clientReferenceId"] = json!(reference);
        body["amount"]["value"] = json!(100_000);
        body.as_object_mut().expect("an object").remove("expiryAt");
        let capture = if reserves { "manual" } else { "automatic" };
        body["paymentMethodOptions"]["card"]["captureMethod"] = json!(capture);
        let id: String = format!("{reference:0<32}").chars().filter(char::is_ascii_alphanumeric).collect();
        let headers = [("authorization", &*bearer), ("x-request-id", &*id)];
        let url = format!("{base}/v2/payments");
        let answer = send(Method::POST, &url, &headers, Some(&body)).await.expect(200);
        self.customer("pivot", &answer["data"]["paymentUrl"], "4440000112200001");
    }

    async fn buy_at_bbmsl(&self, reference: &str, hook: &str) {
        let known = self.of("bbmsl").credentials();
        let der = STANDARD.decode(known["private_key"].as_str().expect("a key")).expect("base64");
        let key = RsaKeyPair::from_pkcs8(&der).expect("a key");
        let envelope = sample("bbmsl", "30_hosted_create_request");
        let inner = envelope["request"].as_str().expect("a text");
        let mut inner: Value = serde_json::from_str(inner).expect("JSON");
        inner["merchantReference"] = json!(reference);
        inner["amount"] = json!(1_000);
        inner["callbackUrl"]["notify"] = json!(hook);
        inner["expiryTime"] = json!("2099-01-01T00:00:00+00:00");
        inner["lineItems"] =
            json!([{ "quantity": 1, "priceData": { "unitAmount": 1_000, "name": "Thing" } }]);
        let inner = inner.to_string();
        let mut signature = vec![0; key.public_modulus_len()];
        let random = SystemRandom::new();
        key.sign(&RSA_PKCS1_SHA256, &random, inner.as_bytes(), &mut signature).expect("signs");
        let body = json!({ "request": inner, "signature": STANDARD.encode(signature) });
        let url = format!("{}/hosted-checkout/create", self.of("bbmsl").base_url());
        let answer = send(Method::POST, &url, &[], Some(&body)).await.expect(200);
        self.customer("bbmsl", &answer["checkoutUrl"], "4111111111111111");
    }

    fn customer(&self, provider: &str, page: &Value, number: &str) {
        let payment = Payment {
            card: Some(number.to_owned()),
            expiry: Some("01/39".to_owned()),
            cvc: Some("123".to_owned()),
            holder: Some("Test Buyer".to_owned()),
            ..Payment::default()
        };
        let page = page.as_str().unwrap_or_else(|| panic!("{provider} gave no page"));
        let simulator = self.of(provider);
        simulator.customer(page, &CustomerAction::Pay(payment)).expect("an open page");
    }

    /// The settings with which the adapter believes this simulator.
    pub fn settings(&self, provider: &str) -> Vec<(&'static str, Setting)> {
        let (known, keys) = (self.of(provider).credentials(), self.of(provider).keys());
        let text = |value: &Value| Setting::Text(value.as_str().expect("a text").to_owned());
        match provider {
            "dintero" => vec![("callback_secret", text(&known["callback_secret"]))],
            "begateway" => vec![
                ("shop_id", Setting::Text("361".to_owned())),
                ("secret_key", Setting::Text("simulator-secret-361".to_owned())),
                ("webhook_public_key", text(&keys["webhook_public_key"])),
            ],
            "paymob" => vec![
                ("hmac_secret", text(&known["hmac_secret"])),
                ("owner_id", Setting::Integer(known["owner_id"].as_i64().expect("a number"))),
            ],
            "pivot" => vec![("callback_api_key", text(&known["callback_api_key"]))],
            _ => {
                let key = keys["provider_public_key"].as_str().expect("a key").to_owned();
                vec![("provider_public_keys", Setting::List(vec![key]))]
            }
        }
    }

    /// What the adapter makes of a call as it arrived.
    pub fn judge(&self, provider: &str, heard: &Heard) -> Result<Told, Refusal> {
        let url = self.receiver.url(&heard.target);
        let settings = self.settings(provider);
        // Signatures with a time are fresh by the simulators' clock.
        let now = self.simulators.clock().now();
        read(provider, &settings, &heard.method, &url, &heard.headers, heard.body.as_bytes(), now)
    }

    /// Arranges one fault of this kind for the next notification.
    pub fn arrange(&self, provider: &str, kind: Kind) {
        self.of(provider).arrange_notification(Fault::new(kind)).expect("arranged");
    }

    /// The deliveries once there are so many.
    pub async fn deliveries(&self, provider: &str, count: usize) -> Vec<Delivery> {
        let what = format!("delivery {count} of {provider}");
        let log = || Some(self.of(provider).deliveries(0)).filter(|log| log.len() >= count);
        eventually(&what, log).await
    }

    /// Waits until every notification that can be delivered is accepted or given up.
    pub async fn settled(&self, provider: &str) {
        let is_open = || {
            let owed = self.of(provider).notifications(0);
            owed.iter().any(|(notification, _)| notification.standing == Standing::Waiting)
        };
        eventually(&format!("the end of {provider}'s news"), || (!is_open()).then_some(())).await;
    }

    /// Moves the clock forward.
    pub fn wait_s(&self, seconds: u64) {
        self.simulators.advance(Duration::from_secs(seconds));
    }
}
