//! Notices: the samples of the documentation sealed with keys of our own, and everything that must not
//! pass for one of them.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use serde_json::json;

use super::*;
use crate::domain::money::{Currency, Money};
use crate::domain::order::{CaptureMode, Purpose};
use crate::domain::outcome::{
    Asked, MovementReport, MovementStanding, PaymentReport, Seen, SeenTotals, Standing, Trace,
};
use crate::domain::secret::Secret;
use crate::providers::settings::{Setting, Settings};

const SHOP: &str = "70011";
const SECRET: &str = "an-invented-secret-key";

/// The shop's key, and somebody else's.
fn keys() -> &'static [KeyPair; 2] {
    static KEYS: OnceLock<[KeyPair; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [(); 2].map(|()| KeyPair::generate(KeySize::Rsa2048).expect("a key")))
}

fn public(key: &KeyPair) -> String {
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().expect("a public key");
    STANDARD.encode(der.as_ref())
}

fn sign(key: &KeyPair, body: &[u8]) -> String {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).expect("signs");
    STANDARD.encode(signature)
}

fn settings(changes: &[(&str, Setting)]) -> Settings {
    let example = super::super::EXAMPLE.iter().map(|(name, value)| {
        let value = if *value == "true" { Setting::Flag(true) } else { Setting::Text((*value).to_owned()) };
        ((*name).to_owned(), value)
    });
    let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Settings::new(example.chain(changes).collect())
}

fn account(changes: &[(&str, Setting)]) -> Account {
    let settings = settings(changes);
    let account = Account::read(&settings);
    settings.finish().expect("settings");
    account
}

fn signing() -> Account {
    account(&[("webhook_public_key", Setting::Text(public(&keys()[0])))])
}

fn basic(shop: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{shop}:{secret}")))
}

type Headers = Vec<(String, String)>;

/// What the provider sends with a body.
fn sealed(body: &[u8]) -> Headers {
    vec![
        ("authorization".to_owned(), basic(SHOP, SECRET)),
        ("content-signature".to_owned(), sign(&keys()[0], body)),
    ]
}

fn notice<'a>(headers: &'a Headers, body: &'a [u8]) -> Notice<'a> {
    Notice { method: "POST", url: "https://hooks.example/in/m-77", headers, body }
}

/// Reads a body that is sealed as the provider seals it.
fn told(account: &Account, body: &[u8]) -> Result<Told, Refusal> {
    read(account, &notice(&sealed(body), body))
}

fn sample(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/begateway/notices");
    std::fs::read(format!("{folder}/{name}.json")).expect("a sample")
}

/// A sample with one thing changed.
fn changed(name: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&sample(name)).expect("JSON");
    change(&mut body);
    body.to_string().into_bytes()
}

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("EUR")).expect("money")
}

const PAID: &str = "70_webhook_payment_successful";
const FAILED: &str = "71_webhook_payment_failed";

fn inquiry(reference: &str, minor: i64) -> Inquiry {
    Inquiry {
        trace: Trace::by_reference(reference),
        money: eur(minor),
        capture: CaptureMode::Automatic,
        purpose: Some(Purpose::PayAndSave),
        customer_present: true,
        expires_at: None,
    }
}

fn outcome_of(inquiry: &Inquiry, body: &[u8]) -> Result<PaymentReport, Fault> {
    match outcome(&signing(), inquiry, &notice(&sealed(body), body))? {
        Outcome::Payment(report) => Ok(report),
        other => panic!("no payment: {other:?}"),
    }
}

fn about(reference: Option<&str>, transaction: Option<&str>) -> About {
    About {
        reference: reference.map(str::to_owned),
        transaction: transaction.map(str::to_owned),
        ..About::default()
    }
}

#[test]
fn every_sample_is_judged_as_documented() {
    let trusted = |kind: &str, reference: &str, uid: &str| {
        (kind.to_owned(), about(Some(reference), Some(uid)), News::Trusted)
    };
    let subscription = |state: &str, uid: Option<&str>| {
        (format!("subscription {state}"), about(Some("SUB-6001"), uid), News::Hint)
    };
    let uid = "91f5a0de-0b4a-4b55-8c2a-0d5d00004005".to_owned();
    let refund = About {
        movement: Some((MovementKind::Refund, uid.clone())),
        ..about(Some("H-4002"), Some("91f5a0de-0b4a-4b55-8c2a-0d5d00004003"))
    };
    let refunded = News::Movement(Box::new(MovementNotice {
        kind: MovementKind::Refund,
        report: MovementReport {
            standing: MovementStanding::Succeeded,
            seen: Seen { money: Some(eur(5_000)), reference: None },
            provider_id: Some(uid),
            totals: SeenTotals::default(),
        },
    }));
    let charged = |last: &str| format!("a90e6d5b-0f17-4f5e-8b3c-00000000{last}");
    let judged = [
        (PAID, trusted("payment successful", "A-1001", "5b0b7e0e-6f3a-4a51-9d35-0f9a3bde1c01")),
        (FAILED, trusted("payment failed", "A-1001", "0c2bb7a4-9a41-4d52-8d11-3e5f8a7f1102")),
        (
            "72_webhook_authorization_successful",
            trusted("authorization successful", "H-4002", "91f5a0de-0b4a-4b55-8c2a-0d5d00004002"),
        ),
        (REFUND, ("refund successful".to_owned(), refund, refunded)),
        (
            "74_webhook_abandoned_3ds",
            trusted("payment failed", "B-2002", "c7a1d1b2-3e0f-4f0a-8a43-6c1f6b2f2002"),
        ),
        (
            "75_webhook_expired_payment_token",
            ("checkout error".to_owned(), about(Some("A-1001"), None), News::Hint),
        ),
        ("92_webhook_subscription_created_trial", subscription("trial", Some(&charged("6001")))),
        ("93_webhook_subscription_renewed", subscription("active", Some(&charged("6010")))),
        ("94_webhook_subscription_failed_attempt", subscription("failed_attempt", Some(&charged("6011")))),
        ("95_webhook_subscription_failed", subscription("failed", Some(&charged("6012")))),
        ("96_webhook_subscription_canceled", subscription("canceled", None)),
    ];
    // The samples have shop 70011, which the example account is.
    let account = signing();
    let mut keys = std::collections::BTreeSet::new();
    for (name, (kind, about, news)) in &judged {
        let told = told(&account, &sample(name)).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        assert_eq!((&told.kind, &told.about, &told.news), (kind, about, news), "{name}");
        assert!(keys.insert(told.key), "{name} has a key of its own");
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/begateway/notices");
    assert_eq!(std::fs::read_dir(folder).expect("samples").count(), judged.len());
}

#[test]
fn what_is_signed_is_read_like_the_answer_to_an_inquiry() {
    let paid = outcome_of(&inquiry("A-1001", 12_550), &sample(PAID)).expect("an outcome");
    assert_eq!(paid.standing, Standing::Captured);
    assert_eq!(paid.totals.captured, Some(12_550));
    assert_eq!(paid.trace.transaction.as_deref(), Some("5b0b7e0e-6f3a-4a51-9d35-0f9a3bde1c01"));
    let [saved] = &paid.saved[..] else { panic!("one card: {:?}", paid.saved) };
    assert!(saved.uses.recurring && saved.card.last_four.as_deref() == Some("0000"));

    let held = outcome_of(&inquiry("H-4002", 20_000), &sample("72_webhook_authorization_successful"));
    assert_eq!(held.expect("an outcome").standing, Standing::Authorized);

    for name in [FAILED, "74_webhook_abandoned_3ds"] {
        let reference = if name == FAILED { "A-1001" } else { "B-2002" };
        let failed = outcome_of(&inquiry(reference, 12_550), &sample(name)).expect("an outcome");
        assert!(matches!(failed.standing, Standing::Declined(_)), "{name}");
        assert!(failed.saved.is_empty());
    }
}

/// Version 3 is flat; its notices are not documented and cost little to accept.
#[test]
fn a_flat_body_is_a_transaction_too() {
    let flat = changed(PAID, |body| *body = body["transaction"].take());
    assert_eq!(told(&signing(), &flat).expect("genuine").news, News::Trusted);
    let report = outcome_of(&inquiry("A-1001", 12_550), &flat).expect("an outcome");
    assert_eq!(report.standing, Standing::Captured);
}

#[test]
fn without_every_seal_nothing_is_believed() {
    let account = signing();
    let body = sample(PAID);
    let good = sealed(&body);
    assert!(read(&account, &notice(&good, &body)).is_ok());
    let with = |name: &str, value: &str| -> Headers {
        let put = |(known, old): &(String, String)| {
            (known.clone(), if known == name { value.to_owned() } else { old.clone() })
        };
        good.iter().map(put).collect()
    };
    let without =
        |name: &str| -> Headers { good.iter().filter(|(known, _)| known != name).cloned().collect() };
    let twice = |name: &str| -> Headers {
        good.iter().chain(good.iter().filter(|(known, _)| known == name)).cloned().collect()
    };
    let signature = sign(&keys()[0], &body);
    let mut flipped = STANDARD.decode(&signature).expect("base64");
    flipped[100] ^= 1;
    for (what, headers, refusal) in [
        ("no headers", Headers::new(), Refusal::Unsigned),
        ("no credentials", without("authorization"), Refusal::Unsigned),
        ("no signature", without("content-signature"), Refusal::Unsigned),
        ("credentials twice", twice("authorization"), Refusal::Unsigned),
        ("a signature twice", twice("content-signature"), Refusal::Unsigned),
        ("an empty signature", with("content-signature", "  "), Refusal::Unsigned),
        ("another secret", with("authorization", &basic(SHOP, "another")), Refusal::Forged),
        ("a longer secret", with("authorization", &basic(SHOP, "an-invented-secret-key2")), Refusal::Forged),
        ("another shop", with("authorization", &basic("70012", SECRET)), Refusal::Forged),
        (
            "another scheme",
            with("authorization", &basic(SHOP, SECRET).replace("Basic", "Bearer")),
            Refusal::Forged,
        ),
        ("no base64", with("authorization", "Basic ***"), Refusal::Forged),
        ("a scheme alone", with("authorization", "Basic"), Refusal::Forged),
        ("no base64 either", with("content-signature", "***"), Refusal::Forged),
        ("half a signature", with("content-signature", &signature[..172]), Refusal::Forged),
        ("one bit", with("content-signature", &STANDARD.encode(&flipped)), Refusal::Forged),
        ("a long header", with("content-signature", &signature.repeat(9)), Refusal::Forged),
        ("another key", with("content-signature", &sign(&keys()[1], &body)), Refusal::Forged),
        ("of another body", with("content-signature", &sign(&keys()[0], &sample(FAILED))), Refusal::Forged),
    ] {
        assert_eq!(read(&account, &notice(&headers, &body)).err(), Some(refusal), "{what}");
    }
    let spaced = with("content-signature", &format!(" {signature} "));
    assert!(read(&account, &notice(&spaced, &body)).is_ok(), "white space around it is tolerated");
    let get = Notice { method: "GET", ..notice(&good, &body) };
    assert_eq!(read(&account, &get).err(), Some(Refusal::Malformed));
}

#[test]
fn a_signature_is_for_its_very_bytes() {
    let body = sample(PAID);
    let good = sealed(&body);
    let text = String::from_utf8(body.clone()).expect("text");
    for forged in [
        text.replace("12550", "12551"),
        text.replace("A-1001", "A-1002"),
        text.replace("\"EUR\"", "\"USD\""),
        text.replacen("successful", "failed", 1),
        text.replacen('{', "{\"transaction\":{\"uid\":\"x\"},", 1),
        serde_json::from_str::<Value>(&text).expect("JSON").to_string(),
        format!("{text} "),
        text[..text.len() - 1].to_owned(),
        String::new(),
    ] {
        assert_ne!(forged, text);
        assert_eq!(read(&signing(), &notice(&good, forged.as_bytes())).err(), Some(Refusal::Forged));
    }
}

#[test]
fn a_rotation_knows_both_keys_and_a_missing_key_none() {
    let body = sample(PAID);
    let headers = sealed(&body);
    let text = |key: &KeyPair| Setting::Text(public(key));
    let [shop, other] = keys();
    let both = account(&[("webhook_public_key", text(other)), ("webhook_public_key_previous", text(shop))]);
    assert!(read(&both, &notice(&headers, &body)).is_ok());
    let wrong = account(&[("webhook_public_key", text(other))]);
    assert_eq!(read(&wrong, &notice(&headers, &body)).err(), Some(Refusal::Forged));
    assert_eq!(read(&account(&[]), &notice(&headers, &body)).err(), Some(Refusal::NotExpected));
}

#[test]
fn keys_are_read_as_the_back_office_shows_them_and_as_pem() {
    let bare = public(&keys()[0]);
    let lines: Vec<&str> =
        bare.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\r\n{}\r\n-----END PUBLIC KEY-----\r\n", lines.join("\r\n"));
    let read = |text: &str| PublicKey::read(text).expect("a key");
    assert!(read(&pem) == read(&bare));
    for text in ["", "canary", "Y2FuYXJ5", &bare[..100], &bare.repeat(20)] {
        let settings = settings(&[("webhook_public_key", Setting::Text(text.to_owned()))]);
        Account::read(&settings);
        let mistakes = settings.finish().expect_err("a mistake");
        assert_eq!(mistakes.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["webhook_public_key"]);
    }
}

/// For installations that do not sign: somebody has to say so, and nothing that comes then is more than a
/// reason to ask.
#[test]
fn credentials_alone_are_enough_only_where_that_is_set_and_prove_nothing() {
    let legacy = account(&[("webhook_basic_only", Setting::Flag(true))]);
    let body = sample(PAID);
    let headers = vec![("authorization".to_owned(), basic(SHOP, SECRET))];
    let told = read(&legacy, &notice(&headers, &body)).expect("genuine");
    assert_eq!((told.news, told.about.reference.as_deref()), (News::Hint, Some("A-1001")));
    assert_eq!(read(&signing(), &notice(&headers, &body)).err(), Some(Refusal::Unsigned));
    let stranger = vec![("authorization".to_owned(), basic(SHOP, "another"))];
    assert_eq!(read(&legacy, &notice(&stranger, &body)).err(), Some(Refusal::Forged));
    let key = Setting::Text(public(&keys()[0]));
    let both = settings(&[("webhook_basic_only", Setting::Flag(true)), ("webhook_public_key", key)]);
    Account::read(&both);
    assert!(both.finish().is_err());
}

#[test]
fn what_is_signed_and_makes_no_sense_is_refused() {
    let twice = String::from_utf8(sample(PAID)).expect("text").replacen(
        "\"amount\": 12550,",
        "\"amount\": 12550, \"amount\": 1,",
        1,
    );
    for body in
        ["", "null", "[]", "\"text\"", "{", "{\"transaction\": {}}", "{\"transaction\": [1]}", twice.as_str()]
    {
        assert_eq!(told(&signing(), body.as_bytes()).err(), Some(Refusal::Malformed), "{body}");
    }
    let unheard_of = br#"{"dispute": {"id": 1}}"#;
    assert_eq!(told(&signing(), unheard_of).expect("genuine").news, News::Unknown);
    let long = vec![b' '; NOTICE_BYTES_MAX + 1];
    assert_eq!(told(&signing(), &long).err(), Some(Refusal::Malformed));
}

#[test]
fn another_shop_s_and_the_other_mode_s_notices_are_foreign() {
    let live =
        |at: &'static str| move |body: &mut Value| *body.pointer_mut(at).expect("a flag") = json!(false);
    for body in [
        changed(PAID, live("/transaction/test")),
        changed(PAID, |body| body["transaction"]["test"] = json!(0)),
        changed("75_webhook_expired_payment_token", live("/test")),
        changed("93_webhook_subscription_renewed", live("/plan/test")),
        changed("75_webhook_expired_payment_token", |body| body["shop_id"] = json!(70_012)),
    ] {
        assert_eq!(told(&signing(), &body).err(), Some(Refusal::Foreign));
    }
}

#[test]
fn what_is_unclear_is_a_reason_to_ask() {
    let without = |name: &'static str| {
        changed(PAID, move |body| {
            body["transaction"].as_object_mut().expect("an object").remove(name);
            // The section of the acquirer repeats the amount.
            body["transaction"]["payment"].as_object_mut().expect("an object").remove(name);
        })
    };
    let with =
        |name: &'static str, value: Value| changed(PAID, move |body| body["transaction"][name] = value);
    for body in [
        without("amount"),
        without("currency"),
        without("tracking_id"),
        without("status"),
        with("status", json!("frozen")),
        with("amount", json!(125.5)),
        with("currency", json!("???")),
        with("type", json!("capture")),
        with("type", json!("credit")),
        with("type", json!("chargeback")),
    ] {
        let told = told(&signing(), &body).expect("genuine");
        assert_eq!(told.news, News::Hint, "{}", String::from_utf8_lossy(&body));
        assert_eq!(told.about.transaction.as_deref(), Some("5b0b7e0e-6f3a-4a51-9d35-0f9a3bde1c01"));
    }
}

const REFUND: &str = "73_webhook_refund_successful";

/// A capture, void or refund has an amount of its own, which is not the payment's.
#[test]
fn what_follows_a_payment_is_no_news_of_the_payment() {
    assert!(outcome_of(&inquiry("H-4002", 5_000), &sample(REFUND)).is_err());
}

#[test]
fn a_capture_void_or_refund_is_news_of_itself() {
    let moved = |change: &dyn Fn(&mut Value)| {
        let told = told(&signing(), &changed(REFUND, |body| change(&mut body["transaction"])));
        match told.expect("genuine").news {
            News::Movement(movement) => (movement.kind, movement.report),
            other => panic!("no movement: {other:?}"),
        }
    };
    for (word, expected) in
        [("capture", MovementKind::Capture), ("void", MovementKind::Void), ("refund", MovementKind::Refund)]
    {
        let (kind, report) = moved(&|of| of["type"] = json!(word));
        assert_eq!((kind, report.seen.money), (expected, Some(eur(5_000))), "{word}");
        assert_eq!(report.provider_id.as_deref(), Some("91f5a0de-0b4a-4b55-8c2a-0d5d00004005"));
    }
    let (_, pending) = moved(&|of| of["status"] = json!("pending"));
    assert_eq!(pending.standing, MovementStanding::Pending);
    let (_, failed) = moved(&|of| {
        of["status"] = json!("failed");
        of["code"] = json!("F.0301");
    });
    assert!(matches!(failed.standing, MovementStanding::Failed(_)));
}

/// Each of these has a genuine signature, and cannot be compared with anything; the provider is asked.
#[test]
fn a_movement_that_is_not_whole_or_not_final_is_a_reason_to_ask() {
    let hinted = |change: &dyn Fn(&mut Value)| {
        let body = changed(REFUND, |body| change(&mut body["transaction"]));
        assert_eq!(told(&signing(), &body).expect("genuine").news, News::Hint);
    };
    for name in ["amount", "currency", "parent_uid", "status"] {
        hinted(&|of| {
            of.as_object_mut().expect("an object").remove(name);
            of["refund"].as_object_mut().expect("an object").remove(name);
        });
    }
    hinted(&|of| of["status"] = json!("frozen"));
    hinted(&|of| {
        of["status"] = json!("failed");
        of["code"] = json!("F.0108");
    });
    let legacy = account(&[("webhook_basic_only", Setting::Flag(true))]);
    let body = sample(REFUND);
    let headers = vec![("authorization".to_owned(), basic(SHOP, SECRET))];
    assert_eq!(read(&legacy, &notice(&headers, &body)).expect("genuine").news, News::Hint);
}

/// It is genuine, and for the engine to compare: the reader reports the amount as it is.
#[test]
fn another_amount_than_asked_is_reported_and_not_hidden() {
    let dearer = changed(PAID, |body| body["transaction"]["amount"] = json!(99));
    let report = outcome_of(&inquiry("A-1001", 12_550), &dearer).expect("an outcome");
    let asked = Asked { money: inquiry("A-1001", 12_550).money, reference: "A-1001".to_owned() };
    assert_eq!(asked.compare(&report.seen).expect_err("a mismatch").what, "amount");
    let other = Asked { reference: "A-1002".to_owned(), ..asked };
    let report = outcome_of(&inquiry("A-1002", 12_550), &sample(PAID)).expect("an outcome");
    assert_eq!(other.compare(&report.seen).expect_err("a mismatch").what, "reference");
}

/// Several attempts share a reference (section 9.4), and only a success ends them.
#[test]
fn a_failed_attempt_ends_only_what_can_have_no_other() {
    let alone = inquiry("A-1001", 12_550);
    let mut on_page = alone.clone();
    on_page.trace.session_key = Some(Secret::from("page"));
    let mut of_another = alone.clone();
    of_another.trace.transaction = Some("another".to_owned());
    assert!(outcome_of(&alone, &sample(FAILED)).is_ok());
    for inquiry in [on_page, of_another] {
        assert!(outcome_of(&inquiry, &sample(FAILED)).is_err());
        let paid = outcome_of(&inquiry, &sample(PAID)).expect("a success is one");
        assert_eq!(paid.standing, Standing::Captured);
    }
    let repeated = changed(FAILED, |body| body["transaction"]["code"] = json!("F.0108"));
    assert!(outcome_of(&alone, &repeated).is_err());
}

#[test]
fn a_repeat_has_the_same_key_and_later_news_another() {
    let key = |body: &[u8]| told(&signing(), body).expect("genuine").key;
    let resent = changed(PAID, |body| body["transaction"]["language"] = json!("ru"));
    assert_eq!(key(&sample(PAID)), key(&resent));
    let later = changed(PAID, |body| body["transaction"]["updated_at"] = json!("2026-03-02T10:00:00Z"));
    let other = changed(PAID, |body| body["transaction"]["status"] = json!("failed"));
    assert!(key(&later) != key(&resent) && key(&other) != key(&resent));
    // Without a time of its own the whole body tells.
    let undated = |name: &'static str| {
        changed(PAID, move |body| {
            body["transaction"]["updated_at"] = Value::Null;
            body["transaction"]["message"] = json!(name);
        })
    };
    assert_eq!(key(&undated("a")), key(&undated("a")));
    assert_ne!(key(&undated("a")), key(&undated("b")));
}
