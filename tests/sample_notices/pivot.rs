//! Pivot (dossier, section 18): a fixed key in a header, and nothing that is signed.

use serde_json::{Value, json};

use crate::call::{Attack, Call, Row, altered};

const HEADER: &str = "X-API-Key";

pub fn call(sample: &[u8]) -> Call {
    let sample: Value = serde_json::from_slice(sample).expect("JSON");
    let http = &sample["_http"];
    let mut call = Call::post("pivot", sample["body"].to_string().into_bytes());
    call.url = http["url"].as_str().expect("an address").to_owned();
    let headers = http["headers"].as_object().expect("headers").iter();
    call.headers =
        headers.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())).collect();
    let key = call.value(HEADER);
    call.setting("callback_api_key", Some(&key))
}

pub fn attacks(genuine: &Call, row: &Row) -> Vec<Attack> {
    let mut attacks = attacks_on_the_key(genuine);
    attacks.extend(attacks_on_the_body(genuine, row));
    attacks
}

fn attacks_on_the_key(genuine: &Call) -> Vec<Attack> {
    let key = genuine.value(HEADER);
    let with = |key: &str| genuine.header(HEADER, Some(key));
    let mut twice = genuine.clone();
    twice.headers.push((HEADER.to_owned(), key.clone()));
    let rotated = genuine.setting("callback_api_key", Some("cbk_new"));
    vec![
        Attack::same("sent again, a day later", Call { at: "2026-11-22T10:00:00Z", ..genuine.clone() }),
        Attack::same("while keys rotate", rotated.setting("callback_api_key_previous", Some(&key))),
        Attack::forged("after keys have rotated", rotated),
        Attack::forged("a character of the key", with(&altered(&key))),
        Attack::forged("half a key", with(&key[..key.len() / 2])),
        Attack::forged("an empty key", with("")),
        Attack::forged("keys folded", with(&format!("{key}, {key}"))),
        Attack::unsigned("keys twice", twice),
        Attack::unsigned("no key", genuine.header(HEADER, None)),
        Attack::refused("no key here", genuine.setting("callback_api_key", None), "not_expected", 500),
    ]
}

fn attacks_on_the_body(genuine: &Call, row: &Row) -> Vec<Attack> {
    let text = genuine.text();
    let body = genuine.json();
    let twice = text.replacen('{', &format!("{{\"event\":{},", body["event"]), 1);
    let mut attacks = vec![
        Attack::malformed("cut off", genuine.with_body(&text.as_bytes()[..text.len() - 1])),
        Attack::malformed("cut in half", genuine.with_body(&text.as_bytes()[..text.len() / 2])),
        Attack::malformed("nothing", genuine.with_body("")),
        Attack::malformed("a member twice", genuine.with_body(twice)),
        Attack::malformed("GET", genuine.with_method("GET")),
    ];
    if body["data"]["amount"].is_object() {
        // Nothing binds it, so it is a reason to ask whatever it says, and the same one.
        let dearer = genuine.changed(|body| body["data"]["amount"]["value"] = json!(1));
        attacks.push(Attack::same("another amount", dearer));
    }
    let trusting = genuine.setting("webhook_trust", Some("body"));
    if row.asked.is_some() {
        let dearer = trusting.changed(|body| body["data"]["amount"]["value"] = json!(1));
        attacks.push(Attack::told("where bodies are believed", trusting.clone(), "trusted"));
        attacks.push(Attack::quarantined("another amount, believed", dearer));
        let other = trusting.changed(|body| body["data"]["clientReferenceId"] = json!("PAY0009"));
        attacks.push(Attack::quarantined("another reference, believed", other));
    } else if row.news() == "hint" && body["data"].get("paymentSessionId").is_some() {
        attacks.push(Attack::told("a refund where bodies are believed", trusting, "hint"));
    }
    attacks
}
