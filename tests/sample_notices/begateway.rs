//! beGateway (dossier, section 9.2): the shop's credentials, and a signature over the raw bytes. The
//! samples have neither, so they are sealed here, with a key of our own.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::call::{Attack, Call, Row};

/// The shop of the samples and of the example account.
const SHOP: &str = "70011";
const SECRET: &str = "an-invented-secret-key";
/// Where a body says whether it is a test.
const MODES: [&str; 3] = ["/transaction/test", "/test", "/plan/test"];

/// The shop's key, and somebody else's.
fn keys() -> &'static [KeyPair; 2] {
    static KEYS: OnceLock<[KeyPair; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [(); 2].map(|()| KeyPair::generate(KeySize::Rsa2048).expect("a key")))
}

fn public(key: &KeyPair) -> String {
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().expect("a public key");
    STANDARD.encode(der.as_ref())
}

fn signature(key: &KeyPair, body: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).expect("signs");
    signature
}

fn basic(shop: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{shop}:{secret}")))
}

fn sealed_by(key: &KeyPair, call: &Call) -> Call {
    call.header("Content-Signature", Some(&STANDARD.encode(signature(key, &call.body))))
}

fn sealed(call: &Call) -> Call {
    sealed_by(&keys()[0], call)
}

pub fn call(sample: &[u8]) -> Call {
    let call = Call::post("begateway", sample.to_vec());
    let call = call.header("Authorization", Some(&basic(SHOP, SECRET)));
    sealed(&call.setting("webhook_public_key", Some(&public(&keys()[0]))))
}

pub fn attacks(genuine: &Call, row: &Row) -> Vec<Attack> {
    let mut attacks = attacks_on_the_seal(genuine);
    attacks.extend(attacks_under_a_seal(genuine, row));
    attacks
}

fn attacks_on_the_seal(genuine: &Call) -> Vec<Attack> {
    let mut bit = signature(&keys()[0], &genuine.body);
    bit[100] ^= 1;
    let value = genuine.value("Content-Signature");
    let header = |name: &str, value: &str| genuine.header(name, Some(value));
    let mut byte = genuine.body.clone();
    let middle = byte.len() / 2;
    byte[middle] ^= 1;
    let mut twice = genuine.clone();
    twice.headers.push(("Content-Signature".to_owned(), value.clone()));
    vec![
        Attack::same("sent again", genuine.clone()),
        Attack::forged("a byte changed", genuine.with_body(byte)),
        Attack::forged("cut off", genuine.with_body(&genuine.body[..genuine.body.len() - 1])),
        Attack::forged("cut in half", genuine.with_body(&genuine.body[..middle])),
        Attack::forged("nothing", genuine.with_body("")),
        Attack::forged("written otherwise", genuine.with_body(genuine.json().to_string())),
        Attack::forged("a bit of the signature", header("Content-Signature", &STANDARD.encode(bit))),
        Attack::forged("half a signature", header("Content-Signature", &value[..172])),
        Attack::forged("signatures folded", header("Content-Signature", &format!("{value}, {value}"))),
        Attack::unsigned("signatures twice", twice),
        Attack::unsigned("no signature", genuine.header("Content-Signature", None)),
        Attack::unsigned("no credentials", genuine.header("Authorization", None)),
        Attack::forged("another secret", header("Authorization", &basic(SHOP, "another"))),
        Attack::forged("another shop's credentials", header("Authorization", &basic("70012", SECRET))),
        Attack::forged("another shop's key", sealed_by(&keys()[1], genuine)),
        Attack::refused("no key", genuine.setting("webhook_public_key", None), "not_expected", 500),
        Attack::malformed("GET", genuine.with_method("GET")),
        // "Legacy, Basic only" has to be said, and proves nothing.
        Attack::told(
            "credentials alone",
            genuine
                .setting("webhook_public_key", None)
                .setting("webhook_basic_only", Some("true"))
                .header("Content-Signature", None),
            "hint",
        ),
    ]
}

/// What the provider itself would not send, with a genuine seal all the same.
fn attacks_under_a_seal(genuine: &Call, row: &Row) -> Vec<Attack> {
    let text = genuine.text();
    let body = genuine.json();
    let member = body.as_object().expect("an object").keys().next().expect("a member").clone();
    let twice = text.replacen('{', &format!("{{\"{member}\":{},", body[&member]), 1);
    let cut = genuine.with_body(&text.as_bytes()[..text.len() / 2]);
    let mut attacks = vec![
        Attack::malformed("cut in half and sealed", sealed(&cut)),
        Attack::forged("a member twice", genuine.with_body(twice.clone())),
        Attack::malformed("a member twice and sealed", sealed(&genuine.with_body(twice))),
    ];
    for place in MODES.iter().filter(|place| body.pointer(place).is_some()) {
        let live = genuine.changed(|body| set(body, place, json!(false)));
        attacks.push(Attack::foreign(format!("live at {place}"), sealed(&live)));
    }
    let dearer = genuine.changed(|body| match body.pointer("/transaction/amount") {
        Some(_) => set(body, "/transaction/amount", json!(99)),
        None => body["amount"] = json!(99),
    });
    attacks.push(Attack::forged("another amount", dearer.clone()));
    attacks.push(match row.news() {
        "trusted" | "movement" => Attack::quarantined("another amount, sealed", sealed(&dearer)),
        _ => Attack::told("another amount, sealed", sealed(&dearer), "hint"),
    });
    if body.pointer("/transaction/currency").is_some() && row.news() != "hint" {
        let other = genuine.changed(|body| set(body, "/transaction/currency", json!("USD")));
        attacks.push(Attack::quarantined("another currency, sealed", sealed(&other)));
    }
    attacks
}

fn set(body: &mut Value, place: &str, value: Value) {
    *body.pointer_mut(place).expect("a place") = value;
}
