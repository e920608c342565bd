//! Dintero's webhooks of an account (dossier §13): a signature over the bytes of the body.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::call::{Attack, Call, altered, hexadecimal};

/// The header with the signature.
pub const HEADER: &str = "event-signature";
const SECRET: &str = "sample-hook-secret";

pub fn call(sample: &Value) -> Call {
    let body = sample["raw_body"].as_str().expect("a body");
    let mut call = Call::post("dintero", body.as_bytes().to_vec());
    let headers = sample["headers"].as_object().expect("headers").iter();
    call.headers =
        headers.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())).collect();
    call.setting("hook_secret", Some(SECRET))
}

fn sealed(call: &Call) -> Call {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
    call.header(HEADER, Some(&hexadecimal(hmac::sign(&key, &call.body).as_ref())))
}

pub fn attacks(genuine: &Call) -> Vec<Attack> {
    let text = genuine.text();
    let value = genuine.value(HEADER);
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        genuine.with_body(text.replace(from, to))
    };
    let cut = genuine.with_body(&text.as_bytes()[..text.len() / 2]);
    let twice = genuine.with_body(text.replacen('{', "{\"account_id\":\"T99999999\",", 1));
    let foreign = replaced("\"account_id\":\"T11223344\"", "\"account_id\":\"T99999999\"");
    let dearer = genuine.changed(|body| body["transaction"]["amount"] = json!(1));
    let mut headers_twice = genuine.clone();
    headers_twice.headers.push((HEADER.to_owned(), value.clone()));
    vec![
        Attack::same("sent again, a day later", Call { at: "2026-11-22T10:00:00Z", ..genuine.clone() }),
        Attack::same("sealed by the rule", sealed(genuine)),
        Attack::forged("another reference", replaced("order-7001", "order-7002")),
        Attack::forged("a byte more", genuine.with_body(format!("{text} "))),
        Attack::forged("cut in half", cut.clone()),
        Attack::malformed("cut in half and sealed", sealed(&cut)),
        Attack::forged("a member twice", twice.clone()),
        Attack::malformed("a member twice and sealed", sealed(&twice)),
        Attack::forged("another account's", foreign.clone()),
        Attack::foreign("another account's, sealed", sealed(&foreign)),
        Attack::foreign(
            "of another account that has the secret",
            genuine.setting("account_id", Some("T99999999")),
        ),
        Attack::forged("another amount", dearer.clone()),
        Attack::told("another amount, sealed", sealed(&dearer), "hint"),
        Attack::forged("a digit of the signature", genuine.header(HEADER, Some(&altered(&value)))),
        Attack::forged("half a signature", genuine.header(HEADER, Some(&value[..20]))),
        Attack::forged("signatures folded", genuine.header(HEADER, Some(&format!("{value}, {value}")))),
        Attack::unsigned("signatures twice", headers_twice),
        Attack::unsigned("no signature", genuine.header(HEADER, None)),
        Attack::forged("another secret", genuine.setting("hook_secret", Some("another"))),
        Attack::refused(
            "the secret of callbacks alone",
            genuine.setting("hook_secret", None).setting("callback_secret", Some(SECRET)),
            "not_expected",
            500,
        ),
        Attack::malformed("GET", genuine.with_method("GET")),
    ]
}
