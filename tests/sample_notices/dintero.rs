//! Dintero's callbacks (dossier §12): a signature over the address and its time, and not over the body.

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::call::{Attack, Call, Row, altered, hexadecimal};
use crate::dintero_hooks as hooks;

const ACCOUNT: &str = "T11223344";
const SECRET: &str = "sample-callback-secret";
const HEADER: &str = "Dintero-Signature";
/// When the samples were signed, which is when they arrive here.
const T: i64 = 1_795_255_285;

pub fn call(sample: &[u8]) -> Call {
    let sample: Value = serde_json::from_slice(sample).expect("JSON");
    if sample.get("raw_body").is_some() {
        return hooks::call(&sample);
    }
    let request = &sample["request"];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let body = request["body"].as_object().map(|_| request["body"].to_string()).unwrap_or_default();
    let mut call = Call::post("dintero", body.into_bytes());
    call.method = text(&request["method"]);
    call.url = text(&request["url"]);
    let headers = request["headers"].as_object().expect("headers");
    call.headers = headers.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    assert_eq!(payload(&call, T), sample["canonical_payload"], "the rule of the samples");
    call.setting("callback_secret", Some(SECRET))
}

/// What is signed: six lines, the last of them the parameters sorted by name.
fn payload(call: &Call, t: i64) -> String {
    let url = Url::parse(&call.url).expect("an address");
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let (host, path) = (url.host_str().expect("a host"), url.path());
    format!("{t}\n{ACCOUNT}\n{}\n{host}\n{path}\n{query}", call.method)
}

fn sealed(call: &Call) -> Call {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let digits = hexadecimal(hmac::sign(&key, payload(call, T).as_bytes()).as_ref());
    call.header(HEADER, Some(&format!("t={T},v0-hmac-sha256={digits}")))
}

pub fn attacks(genuine: &Call, row: &Row) -> Vec<Attack> {
    // None of the two roads binds an amount.
    assert_eq!(row.news(), "hint");
    if genuine.headers.iter().any(|(name, _)| name == hooks::HEADER) {
        return hooks::attacks(genuine);
    }
    let mut attacks = attacks_on_the_signature(genuine);
    attacks.extend(attacks_on_the_address(genuine));
    attacks
}

fn attacks_on_the_signature(genuine: &Call) -> Vec<Attack> {
    let value = genuine.value(HEADER);
    let with = |value: &str| genuine.header(HEADER, Some(value));
    let at = |at: &'static str| Call { at, ..genuine.clone() };
    let mut twice = genuine.clone();
    twice.headers.push((HEADER.to_owned(), value.clone()));
    vec![
        Attack::same("sent again", at("2026-11-21T10:06:25Z")),
        // It is as genuine as ever, and may come again, signed anew; any 4xx would be final.
        Attack::refused("sent again too late", at("2026-11-21T10:06:26Z"), "stale", 500),
        Attack::refused("from the future", at("2026-11-21T09:56:24Z"), "stale", 500),
        Attack::forged(
            "a changed one too late",
            Call { at: "2026-11-22T10:00:00Z", ..with(&altered(&value)) },
        ),
        Attack::forged("a digit of the signature", with(&altered(&value))),
        Attack::forged("another time", with(&value.replace("t=1795255285", "t=1795255286"))),
        Attack::forged("half a signature", with(&value[..value.len() - 32])),
        Attack::forged("signatures folded", with(&format!("{value},{value}"))),
        Attack::unsigned("signatures twice", twice),
        Attack::unsigned("no signature", genuine.header(HEADER, None)),
        Attack::forged("the other method", genuine.with_method(other_method(genuine))),
        Attack::forged("another account's", genuine.setting("account_id", Some("T99999999"))),
        Attack::forged("another secret", genuine.setting("callback_secret", Some("another"))),
        // "Missing secret config → 500."
        Attack::refused("no secret", genuine.setting("callback_secret", None), "not_expected", 500),
    ]
}

fn other_method(call: &Call) -> &'static str {
    if call.method == "GET" { "POST" } else { "GET" }
}

fn attacks_on_the_address(genuine: &Call) -> Vec<Attack> {
    let url = &genuine.url;
    let replaced = |from: &str, to: &str| {
        assert!(url.contains(from), "{from} in {url}");
        genuine.with_url(url.replace(from, to))
    };
    let appended = |more: &str| genuine.with_url(format!("{url}{more}"));
    let dearer = json!({ "id": "T11223344.5cyXA9nQwUu4mJc7T2hRBB", "amount": 1, "currency": "NOK" });
    let folded = replaced("merchant_reference=order-7001&", "");
    let folded = folded.with_url(format!("{}%26merchant_reference%3Dorder-7001", folded.url));
    let mut attacks = vec![
        Attack::same("sealed by the rule", sealed(genuine)),
        Attack::forged("another host", replaced("gateway.example", "other.example")),
        Attack::forged("another path", replaced("/webhooks/dintero", "/webhooks/other")),
        Attack::forged("cut off", genuine.with_url(&url[..url.len() - 1])),
        Attack::forged("a parameter folded into another", folded),
        Attack::forged("a parameter twice", appended("&merchant_reference=order-7001")),
        Attack::malformed("twice and sealed", sealed(&appended("&merchant_reference=order-7002"))),
        Attack::foreign(
            "another account's session, sealed",
            sealed(&replaced("session_id=T11223344.", "session_id=T99999999.")),
        ),
        // The body is not signed, and nobody looks at it.
        Attack::same("another amount in the body", genuine.with_body(dearer.to_string())),
        Attack::same("a body that is cut off", genuine.with_body("{")),
    ];
    let pairs: Vec<&str> = url.split_once('?').expect("a query").1.split('&').collect();
    for (place, pair) in pairs.iter().enumerate() {
        let mut changed: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        changed[place] = altered(pair);
        let base = url.split('?').next().unwrap_or_default();
        let call = genuine.with_url(format!("{base}?{}", changed.join("&")));
        attacks.push(Attack::forged(format!("{pair} changed"), call));
    }
    attacks
}
