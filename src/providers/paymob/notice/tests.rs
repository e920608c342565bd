//! Notices: the samples of the documentation, whose digests verify with the secret beside them, and
//! everything that must not pass for one of them.

use aws_lc_rs::hmac;
use serde_json::json;

use super::super::tests::{account, settings};
use super::*;
use crate::domain::money::{Currency, Money};
use crate::domain::order::CaptureMode;
use crate::domain::outcome::{Asked, PaymentReport, Standing, Trace};
use crate::domain::secret::Secret;
use crate::providers::settings::Setting;

/// The secret of the samples.
const SECRET: &str = "sample-hmac-secret";
const SUCCESS: &str = "40_callback_success";
const ORDER: &str = "310000001";

fn text(value: &str) -> Setting {
    Setting::Text(value.to_owned())
}

/// An account that has the samples' secret, integrations and owner.
fn ours() -> Account {
    account(&[("hmac_secret", text(SECRET)), ("owner_id", Setting::Integer(900_001))])
}

fn samples() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/paymob/notices");
    let names = std::fs::read_dir(folder).expect("samples").map(|entry| {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        name.trim_end_matches(".json").to_owned()
    });
    names.collect()
}

fn sample(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/paymob/notices");
    let text = std::fs::read_to_string(format!("{folder}/{name}.json")).expect("a sample");
    serde_json::from_str(&text).expect("JSON")
}

/// A notice that the provider sent, or somebody.
#[derive(Clone)]
struct Sent {
    method: String,
    url: String,
    body: Vec<u8>,
}

impl Sent {
    fn sample(name: &str) -> Self {
        let of = sample(name);
        Self {
            method: of["_http"]["method"].as_str().expect("a method").to_owned(),
            url: format!("https://hooks.example{}", of["_http"]["path"].as_str().expect("a path")),
            body: of.get("body").map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        }
    }

    /// The sample with another body under the digest that it has.
    fn with(name: &str, change: impl FnOnce(&mut Value)) -> Self {
        let mut body = sample(name)["body"].take();
        change(&mut body);
        Self { body: body.to_string().into_bytes(), ..Self::sample(name) }
    }

    /// The sample with another body and the digest that the provider would give it.
    fn signed(name: &str, change: impl FnOnce(&mut Value)) -> Self {
        let mut sent = Self::with(name, change);
        let body: Value = serde_json::from_slice(&sent.body).expect("JSON");
        let fields = if body["type"] == "TOKEN" { TOKEN } else { TRANSACTION };
        let message = Signed::of(&body["obj"], fields).expect("values").message();
        sent.url = format!("https://hooks.example/in?hmac={}", digest_with(SECRET, &message));
        sent
    }

    fn at(&self, url: impl Into<String>) -> Self {
        Self { url: url.into(), ..self.clone() }
    }

    fn notice(&self) -> Notice<'_> {
        Notice { method: &self.method, url: &self.url, headers: &[], body: &self.body }
    }

    fn read(&self) -> Result<Told, Refusal> {
        read(&ours(), &self.notice())
    }

    fn outcome(&self, inquiry: &Inquiry) -> Result<PaymentReport, Fault> {
        let cx = Context { now: jiff::Timestamp::UNIX_EPOCH, entropy: [0; 32], access: None };
        match (Paymob { account: ours() }).told(inquiry, &self.notice(), &cx)? {
            Outcome::Payment(report) => Ok(report),
            other => panic!("no payment: {other:?}"),
        }
    }
}

fn digest_with(secret: &str, message: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes());
    hmac::sign(&key, message.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn inquiry(order: Option<&str>, purpose: Purpose) -> Inquiry {
    Inquiry {
        trace: Trace { order: order.map(str::to_owned), ..Trace::by_reference("gw-7f3a-0001") },
        money: Money::new(25_000, Currency::parse("EGP").expect("EGP")).expect("money"),
        capture: CaptureMode::Automatic,
        purpose: Some(purpose),
        customer_present: true,
        expires_at: None,
    }
}

fn about(order: &str, transaction: Option<&str>) -> About {
    About { order: Some(order.to_owned()), transaction: transaction.map(str::to_owned), ..About::default() }
}

#[test]
fn every_sample_is_judged_as_documented() {
    let judged = [
        ("40_callback_3ds_failed", "TRANSACTION payment failed", "310000032", Some("280000032"), News::Hint),
        (
            "40_callback_authorized",
            "TRANSACTION authorization successful",
            "310000002",
            Some("280000002"),
            News::Trusted,
        ),
        ("40_callback_capture_child", "TRANSACTION capture successful", "310000002", None, News::Hint),
        ("40_callback_declined", "TRANSACTION payment failed", "310000031", Some("280000031"), News::Hint),
        (
            "40_callback_parent_partially_refunded",
            "TRANSACTION payment successful",
            ORDER,
            Some("280000001"),
            News::Hint,
        ),
        (
            "40_callback_parent_refunded",
            "TRANSACTION payment successful",
            ORDER,
            Some("280000001"),
            News::Hint,
        ),
        ("40_callback_pending", "TRANSACTION payment pending", "310000034", Some("280000034"), News::Hint),
        ("40_callback_refund_child", "TRANSACTION refund successful", ORDER, None, News::Hint),
        (
            "40_callback_risk_declined",
            "TRANSACTION payment failed",
            "310000033",
            Some("280000033"),
            News::Hint,
        ),
        (SUCCESS, "TRANSACTION payment successful", ORDER, Some("280000001"), News::Trusted),
        // Its integration is none of this account's.
        (
            "40_callback_success_omr",
            "TRANSACTION payment successful",
            "310000041",
            Some("280000041"),
            News::Hint,
        ),
        ("40_callback_void_child", "TRANSACTION void successful", "310000002", None, News::Hint),
        (
            "40_callback_wallet_success",
            "TRANSACTION payment successful",
            "310000021",
            Some("280000021"),
            News::Trusted,
        ),
        ("41_redirect_return", "return", ORDER, None, News::Hint),
    ];
    let mut keys = std::collections::BTreeSet::new();
    for (name, kind, order, transaction, news) in &judged {
        let told = Sent::sample(name).read().unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        let expected = (*kind, about(order, *transaction), news.clone());
        assert_eq!((told.kind.as_str(), told.about, told.news), expected, "{name}");
        assert!(keys.insert(told.key), "{name} has a key of its own");
    }
    let subscriptions = [
        ("43_callback_subscription_charge_failed", "Failed Transaction", Some("280000053")),
        ("43_callback_subscription_charge_ok", "Successful Transaction", Some("280000052")),
        ("43_callback_subscription_created", "Subscription Created", Some("280000051")),
        ("43_callback_subscription_suspended", "suspended", None),
    ];
    for (name, trigger, transaction) in subscriptions {
        let told = Sent::sample(name).read().unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        assert_eq!(told.kind, format!("subscription {trigger}"));
        assert_eq!((told.about.transaction.as_deref(), told.about.order), (transaction, None), "{name}");
        assert_eq!(told.news, News::Hint, "{name}");
    }
    let others = ["42_callback_token", "60_hmac_official_example"];
    assert_eq!(samples().len(), judged.len() + subscriptions.len() + others.len());
}

#[test]
fn the_messages_under_the_digests_are_those_of_the_samples() {
    for name in samples().iter().filter(|name| name.starts_with("40") || name.starts_with("42")) {
        let of = sample(name);
        let fields = if name.starts_with("42") { TOKEN } else { TRANSACTION };
        let signed = Signed::of(&of["body"]["obj"], fields).expect("values");
        assert_eq!(signed.message(), of["_concatenated"].as_str().expect("a message"), "{name}");
        assert!(signed.is_in_form(), "{name}");
    }
}

/// The provider's own worked example (section 11.1).
#[test]
fn the_official_example_verifies() {
    let of = sample("60_hmac_official_example");
    let value =
        |path: &'static [&'static str]| Some(of["fields_in_order"][path.join(".")].as_str()?.to_owned());
    let signed = Signed::from(TRANSACTION, value).expect("values");
    assert_eq!(signed.message(), of["concatenated"].as_str().expect("a message"));
    assert!(signed.is_in_form());
    let secret = Secret::from(of["secret"].as_str().expect("a secret"));
    let digest = of["hmac_sha512_hex"].as_str().expect("a digest");
    assert!(signed::is_genuine(&[secret], &signed.message(), digest));
    assert!(!signed::is_genuine(&[Secret::from(SECRET)], &signed.message(), digest));
}

#[test]
fn a_saved_card_belongs_to_its_order() {
    let told = Sent::sample("42_callback_token").read().expect("genuine");
    assert_eq!((told.kind.as_str(), told.about), ("TOKEN", about(ORDER, None)));
    let News::Cards(cards) = told.news else { panic!("cards: {:?}", told.news) };
    let [card] = &cards[..] else { panic!("one card: {cards:?}") };
    let value = card.token.value("token").expect("a token").expose();
    assert_eq!(value, "e0000000000000000000000000000000000000000000000000000abc");
    assert_eq!(
        (card.card.last_four.as_deref(), card.card.brand.as_deref()),
        (Some("2346"), Some("mastercard"))
    );
    assert_eq!(card.token.handle.as_deref(), Some("8800001"));
    assert!(
        !format!("{:?}", Sent::sample("42_callback_token").read()).contains("e00000"),
        "no token is shown"
    );

    let short = Sent::signed("42_callback_token", |body| {
        body["obj"]["masked_pan"] = json!("2346");
        body["obj"]["email"] = json!("NA");
    });
    assert!(matches!(short.read().expect("genuine").news, News::Cards(_)));
    let missing = Sent::signed("42_callback_token", |body| body["obj"]["merchant_id"] = Value::Null);
    assert_eq!(missing.read().expect("genuine").news, News::Hint, "what is not whole is asked for");
    // Two of its ten values are not signed and not read.
    let unsigned = Sent::with("42_callback_token", |body| body["obj"]["user_added"] = json!(true));
    assert_eq!(unsigned.read(), Sent::sample("42_callback_token").read());
    for name in ["token", "order_id", "masked_pan", "email"] {
        let forged = Sent::with("42_callback_token", |body| body["obj"][name] = json!("1234"));
        assert_eq!(forged.read().err(), Some(Refusal::Forged), "{name}");
    }
}

#[test]
fn a_plain_success_is_read_like_the_answer_to_an_inquiry() {
    let paid = Sent::sample(SUCCESS).outcome(&inquiry(Some(ORDER), Purpose::Pay)).expect("an outcome");
    assert_eq!((&paid.standing, paid.totals.captured), (&Standing::Captured, Some(25_000)));
    assert_eq!(paid.seen.money.map(|money| money.minor()), Some(25_000));
    assert_eq!(paid.trace.transaction.as_deref(), Some("280000001"));
    assert_eq!(paid.card.expect("a card").last_four.as_deref(), Some("2346"));
    assert!(!paid.saved_may_follow);

    let saving =
        Sent::sample(SUCCESS).outcome(&inquiry(Some(ORDER), Purpose::PayAndSave)).expect("an outcome");
    assert!(saving.saved_may_follow, "the card is told of elsewhere");

    let held = Sent::sample("40_callback_authorized").outcome(&inquiry(Some("310000002"), Purpose::Pay));
    assert_eq!(held.expect("an outcome").standing, Standing::Authorized);
}

#[test]
fn nothing_is_read_of_another_order_or_of_anything_but_a_success() {
    for order in [None, Some("310000002"), Some("3100000019"), Some("31000000"), Some("")] {
        assert!(Sent::sample(SUCCESS).outcome(&inquiry(order, Purpose::Pay)).is_err(), "{order:?}");
    }
    for name in samples().iter().filter(|name| name.starts_with("40")) {
        let trusted = Sent::sample(name).read().expect("genuine").news == News::Trusted;
        let order = sample(name)["body"]["obj"]["order"]["id"].to_string();
        let is_read = Sent::sample(name).outcome(&inquiry(Some(&order), Purpose::Pay)).is_ok();
        assert_eq!(is_read, trusted, "{name}");
    }
}

/// Customers see the digest of their own payment, so what it does not cover may say anything.
#[test]
fn what_is_not_signed_is_not_believed() {
    let genuine = Sent::sample(SUCCESS);
    let expected = genuine.outcome(&inquiry(Some(ORDER), Purpose::Pay)).expect("an outcome");
    let dressed = Sent::with(SUCCESS, |body| {
        let of = &mut body["obj"];
        of["order"]["merchant_order_id"] = json!("another");
        of["data"] = json!({ "authorize_id": "canary", "card_num": "999999xxxxxx2346", "acs_eci": "canary" });
        of["redirection_url"] = json!("https://accept.paymob.com/canary");
        of["merchant_order_id"] = json!("another");
        of["amount"] = json!(1);
    });
    assert_eq!(dressed.read(), genuine.read());
    assert_eq!(dressed.outcome(&inquiry(Some(ORDER), Purpose::Pay)).expect("an outcome"), expected);
    // What may tell more than the success is a reason to ask, and never the amount of anything.
    for (name, value) in [
        ("refunded_amount_cents", json!(25_000)),
        ("captured_amount", json!("10")),
        ("captured_amount", json!("x")),
        ("is_captured", json!(true)),
        ("is_refund", json!("true")),
        ("is_void", json!(true)),
    ] {
        let told = Sent::with(SUCCESS, |body| body["obj"][name] = value.clone()).read().expect("genuine");
        assert_eq!(told.news, News::Hint, "{name}");
    }
    // A refund cannot be undressed into a payment: that it has a parent is signed.
    let undressed = Sent::with("40_callback_refund_child", |body| {
        body["obj"]["is_refund"] = json!(false);
        body["obj"]["parent_transaction"] = Value::Null;
    });
    assert_eq!(undressed.read().expect("genuine").news, News::Hint);
    assert!(undressed.outcome(&inquiry(Some(ORDER), Purpose::Pay)).is_err());
}

#[test]
fn every_signed_value_is_held_by_the_digest() {
    let signed = Signed::of(&sample(SUCCESS)["body"]["obj"], TRANSACTION).expect("values");
    for (path, _) in TRANSACTION {
        let old = signed.text(path).expect("a value").to_owned();
        let new = match old.as_str() {
            "true" => "false".to_owned(),
            "false" => "true".to_owned(),
            other => format!("{other}0"),
        };
        let forged = Sent::with(SUCCESS, |body| match path {
            [outer, name] => body["obj"][*outer][*name] = json!(new),
            path => body["obj"][path.concat()] = json!(new),
        });
        assert_eq!(forged.read().err(), Some(Refusal::Forged), "{path:?}");
    }
}

/// One digest fits every way of cutting the same characters into fields.
#[test]
fn folded_values_are_refused_or_prove_nothing() {
    type Change = fn(&mut Value);
    let refused: [(&str, Change); 10] = [
        ("a smaller amount", |of| {
            of["amount_cents"] = json!(2500);
            of["created_at"] = json!("02026-03-02T11:21:44.592345");
        }),
        ("a greater amount", |of| {
            of["amount_cents"] = json!("250002026");
            of["created_at"] = json!("-03-02T11:21:44.592345");
        }),
        ("no amount", |of| {
            of["amount_cents"] = Value::Null;
            of["created_at"] = json!("250002026-03-02T11:21:44.592345");
        }),
        ("a time in the currency", |of| {
            of["created_at"] = json!("2026-03-02T11:21:44.59234");
            of["currency"] = json!("5EGP");
        }),
        ("another currency", |of| {
            of["created_at"] = json!("2026-03-02T11:21:44.592345E");
            of["currency"] = json!("GP");
        }),
        ("half a flag", |of| {
            of["error_occured"] = json!("falsef");
            of["has_parent_transaction"] = json!("alse");
        }),
        ("two flags in one", |of| {
            of["error_occured"] = json!("falsefalse");
            of["has_parent_transaction"] = Value::Null;
        }),
        ("a zero in front", |of| {
            of["order"]["id"] = json!("31000000");
            of["owner"] = json!("1900001");
            of["id"] = json!("28");
            of["integration_id"] = json!("00000015000001");
        }),
        ("a longer order", |of| {
            of["order"]["id"] = json!(3_100_000_019_i64);
            of["owner"] = json!("00001");
        }),
        ("a success in a text", |of| {
            of["source_data"]["type"] = json!("cardtru");
            of["success"] = json!("e");
        }),
    ];
    for (what, fold) in refused {
        let folded = Sent::with(SUCCESS, |body| fold(&mut body["obj"]));
        assert_eq!(folded.read().err(), Some(Refusal::Malformed), "{what}");
    }
    // These are in form. The second number of each pair tells that the first is not what was signed.
    let hints: [(&str, Change); 3] = [
        ("another order", |of| {
            of["order"]["id"] = json!(31_000_000);
            of["owner"] = json!(1_900_001);
        }),
        ("all digits in the order", |of| {
            of["order"]["id"] = json!(310_000_001_900_001_i64);
            of["owner"] = Value::Null;
        }),
        ("another transaction", |of| {
            of["id"] = json!(28_000_000);
            of["integration_id"] = json!(15_000_001);
        }),
    ];
    for (what, fold) in hints {
        let folded = Sent::with(SUCCESS, |body| fold(&mut body["obj"]));
        assert_eq!(folded.read().expect("the same digest").news, News::Hint, "{what}");
        for order in ["31000000", "310000001900001", ORDER] {
            assert!(folded.outcome(&inquiry(Some(order), Purpose::Pay)).is_err(), "{what}");
        }
    }
}

/// A customer's digest of a payment must not make a saved card.
#[test]
fn a_payment_s_digest_signs_no_card() {
    let payment = Sent::sample(SUCCESS);
    let body = json!({ "type": "TOKEN", "obj": {
        "card_subtype": "25000", "created_at": "2026-03-02T11:21:44.592345",
        "email": "EGPfalsefalse2800000015000001truefalsefalsefalsetruefalse", "id": "3", "masked_pan": "1000",
        "merchant_id": "0", "order_id": "00", "token": "1900001false2346MasterCardcardtrue",
    }});
    let message = Signed::of(&body["obj"], TOKEN).expect("values").message();
    assert_eq!(message, sample(SUCCESS)["_concatenated"].as_str().expect("a message"));
    let forged = Sent { body: body.to_string().into_bytes(), ..payment };
    assert_eq!(forged.read().err(), Some(Refusal::Malformed));
}

#[test]
fn a_digest_stands_in_the_address_once_and_whole() {
    let good = Sent::sample(SUCCESS);
    let (address, digest) = good.url.split_once("?hmac=").expect("a digest");
    for (what, url, refusal) in [
        ("none", address.to_owned(), Refusal::Unsigned),
        ("empty", format!("{address}?hmac="), Refusal::Unsigned),
        ("twice", format!("{address}?hmac={digest}&hmac={digest}"), Refusal::Unsigned),
        ("another name", format!("{address}?HMAC={digest}"), Refusal::Unsigned),
        ("short", format!("{address}?hmac={}", &digest[..126]), Refusal::Forged),
        ("long", format!("{address}?hmac={digest}00"), Refusal::Forged),
        ("capitals", format!("{address}?hmac={}", digest.to_uppercase()), Refusal::Forged),
        ("no digits", format!("{address}?hmac={}", "+f".repeat(64)), Refusal::Forged),
        ("one bit", format!("{address}?hmac={}", digest.replacen('6', "7", 1)), Refusal::Forged),
        ("another secret", format!("{address}?hmac={}", digest_with("other", "x")), Refusal::Forged),
        ("no address", "hooks".to_owned(), Refusal::Malformed),
    ] {
        assert_eq!(good.at(url).read().err(), Some(refusal), "{what}");
    }
    let with_more = format!("{address}?account=a&hmac={digest}");
    assert!(good.at(with_more).read().is_ok(), "the address may have a query of its own");
    let put = Sent { method: "PUT".to_owned(), ..good.clone() };
    assert_eq!(put.read().err(), Some(Refusal::Malformed));
}

#[test]
fn a_rotation_knows_both_secrets_and_a_missing_secret_none() {
    let good = Sent::sample(SUCCESS);
    let both = account(&[("hmac_secret", text("new")), ("hmac_secret_previous", text(SECRET))]);
    assert!(read(&both, &good.notice()).is_ok());
    let other = account(&[("hmac_secret", text("new"))]);
    assert_eq!(read(&other, &good.notice()).err(), Some(Refusal::Forged));
    assert_eq!(read(&account(&[]), &good.notice()).err(), Some(Refusal::NotExpected));
    let empty = settings(&[("hmac_secret", text(""))]);
    Account::read(&empty);
    assert!(empty.finish().is_err());
    let nobody = account(&[("hmac_secret", text(SECRET))]);
    let told = read(&nobody, &good.notice()).expect("genuine");
    assert_eq!(told.news, News::Hint, "without its owner the digest binds no order");
}

#[test]
fn what_makes_no_sense_is_refused_and_other_modes_are_foreign() {
    let twice = String::from_utf8(Sent::sample(SUCCESS).body).expect("text").replacen(
        "\"amount_cents\":25000",
        "\"amount_cents\":1,\"amount_cents\":25000",
        1,
    );
    for body in ["", "{", "[]", "{}", "{\"type\":\"TRANSACTION\"}", "{\"type\":\"TOKEN\",\"obj\":[]}", &twice]
    {
        let sent = Sent { body: body.as_bytes().to_vec(), ..Sent::sample(SUCCESS) };
        assert_eq!(sent.read().err(), Some(Refusal::Malformed), "{body}");
    }
    let nested = Sent::with(SUCCESS, |body| body["obj"]["id"] = json!([280_000_001]));
    assert_eq!(nested.read().err(), Some(Refusal::Malformed));
    let long = Sent { body: vec![b' '; NOTICE_BYTES_MAX + 1], ..Sent::sample(SUCCESS) };
    assert_eq!(long.read().err(), Some(Refusal::Malformed));
    let live = Sent::with(SUCCESS, |body| body["obj"]["is_live"] = json!(true));
    assert_eq!(live.read().err(), Some(Refusal::Foreign));
}

#[test]
fn older_bodies_have_no_type_and_flags_as_texts() {
    let old = Sent::with(SUCCESS, |body| {
        body.as_object_mut().expect("an object").remove("type");
        body["obj"]["success"] = json!("true");
        body["obj"]["amount_cents"] = json!("25000");
    });
    assert_eq!(old.read(), Sent::sample(SUCCESS).read());
    assert!(old.outcome(&inquiry(Some(ORDER), Purpose::Pay)).is_ok());
}

#[test]
fn news_of_a_delivery_is_left_alone() {
    let of = json!({
        "order_id": 310_000_001, "order_delivery_status": "Scheduled", "merchant_id": 700_123,
        "merchant_name": "Sample Merchant", "updated_at": "2026-03-02T11:21:44.592345",
    });
    let message = Signed::of(&of, DELIVERY).expect("values").message();
    let body = json!({ "type": "DELIVERY_STATUS", "obj": of }).to_string().into_bytes();
    let url = format!("https://hooks.example/in?hmac={}", digest_with(SECRET, &message));
    let sent = Sent { method: "POST".to_owned(), url, body };
    assert_eq!(sent.read().expect("genuine").news, News::Nothing);
    let forged = sent.at(format!("https://hooks.example/in?hmac={}", digest_with("other", &message)));
    assert_eq!(forged.read().err(), Some(Refusal::Forged));
}

#[test]
fn the_way_back_is_a_question_whatever_its_order_is_called() {
    let back = Sent::sample("41_redirect_return");
    let documented = back.at(back.url.replace("&order=", "&order_id="));
    assert_eq!(documented.read(), back.read());
    let offset = "2026-03-02T11:21:44.592345+04:00";
    let plain = back.url.replace("2026-03-02T11%3A21%3A44.592345&", &format!("{offset}&"));
    let message = sample("41_redirect_return")["_concatenated"].as_str().expect("a message").to_owned();
    let digest = digest_with(SECRET, &message.replace("2026-03-02T11:21:44.592345", offset));
    let (front, _) = plain.split_once("&hmac=").expect("a digest");
    let signed = back.at(format!("{front}&hmac={digest}"));
    assert_eq!(signed.read().expect("genuine").news, News::Hint, "a plus is a plus");
    for (url, refusal) in [
        (back.url.replace("amount_cents=25000", "amount_cents=1"), Refusal::Forged),
        (back.url.replace("success=true", "success=false"), Refusal::Forged),
        (back.url.replace("order=310000001", "order=310000002"), Refusal::Forged),
        (format!("{}&order_id=310000001", back.url), Refusal::Malformed),
        (format!("{}&success=true", back.url), Refusal::Malformed),
        (format!("{}&hmac=00", back.url), Refusal::Malformed),
        (back.url.replace("&hmac=", "&mac="), Refusal::Unsigned),
        (format!("{}{}", back.url, "&a=b".repeat(QUERY_NAMES_MAX)), Refusal::Malformed),
    ] {
        assert_eq!(back.at(url.clone()).read().err(), Some(refusal), "{url}");
    }
}

#[test]
fn a_subscription_s_digest_is_in_its_body() {
    let name = "43_callback_subscription_suspended";
    for (at, value, refusal) in [
        ("/hmac", json!("00"), Refusal::Forged),
        ("/hmac", Value::Null, Refusal::Unsigned),
        ("/trigger_type", json!("Suspended"), Refusal::Forged),
        ("/trigger_type", Value::Null, Refusal::Malformed),
        ("/subscription_data/id", json!(7301), Refusal::Forged),
        ("/subscription_data/id", Value::Null, Refusal::Malformed),
    ] {
        let sent = Sent::with(name, |body| *body.pointer_mut(at).expect("a field") = value.clone());
        assert_eq!(sent.read().err(), Some(refusal), "{at} {value}");
    }
}

#[test]
fn a_repeat_has_the_same_key_and_later_news_another() {
    let key = |sent: Sent| sent.read().expect("genuine").key;
    let success = key(Sent::sample(SUCCESS));
    // Somebody who can change what is not signed cannot use up the key of later news.
    let restless = Sent::with(SUCCESS, |body| body["obj"]["updated_at"] = json!("2026-03-02T12:00:00"));
    assert_eq!(key(restless), success);
    let refunded = "40_callback_parent_partially_refunded";
    let foreseen = Sent::with(SUCCESS, |body| body["obj"]["refunded_amount_cents"] = json!(10_000));
    assert_ne!(key(foreseen.clone()), success);
    assert_ne!(key(foreseen), key(Sent::sample(refunded)));
    assert_eq!(key(Sent::sample(refunded)), key(Sent::sample(refunded)));
}

/// It is genuine, and for the engine to compare.
#[test]
fn another_amount_than_asked_is_reported_and_not_hidden() {
    let dearer = Sent::signed(SUCCESS, |body| body["obj"]["amount_cents"] = json!(99));
    let report = dearer.outcome(&inquiry(Some(ORDER), Purpose::Pay)).expect("an outcome");
    let asked = Asked { money: inquiry(None, Purpose::Pay).money, reference: "gw-7f3a-0001".to_owned() };
    assert_eq!(asked.compare(&report.seen).expect_err("a mismatch").what, "amount");
}
