//! Paymob (dossier, section 11): a digest over some values, joined without anything between them, added to
//! the address; over two values and inside the body for the provider's own subscriptions.

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::call::{Attack, Call, Row, altered, hexadecimal};

const SECRET: &str = "sample-hmac-secret";
/// Section 11.1.
const TRANSACTION: &str = "amount_cents created_at currency error_occured has_parent_transaction id \
    integration_id is_3d_secure is_auth is_capture is_refunded is_standalone_payment is_voided order.id \
    owner pending source_data.pan source_data.sub_type source_data.type success";
/// Section 11.2.
const TOKEN: &str = "card_subtype created_at email id masked_pan merchant_id order_id token";

pub fn call(sample: &[u8]) -> Call {
    let sample: Value = serde_json::from_slice(sample).expect("JSON");
    let call = match sample.get("fields_in_order") {
        Some(fields) => official(fields, sample["hmac_sha512_hex"].as_str().expect("a digest")),
        None => {
            let text = |name: &str| sample["_http"][name].as_str().expect("a text");
            let body = sample.get("body").map(ToString::to_string).unwrap_or_default();
            let call = Call::post("paymob", body.into_bytes()).with_method(text("method"));
            call.with_url(format!("https://gateway.example{}", text("path")))
        }
    };
    if call.method == "POST" {
        let expected = sample.get("_concatenated").or(sample.get("concatenated"));
        assert_eq!(Some(&json!(message(&call.json()))), expected, "the rule of the samples");
    }
    let secret = sample["secret"].as_str().unwrap_or(SECRET);
    call.setting("hmac_secret", Some(secret)).setting("owner_id", Some("900001"))
}

/// The documentation's worked example has values and a digest; around them a body as the samples have it.
fn official(fields: &Value, digest: &str) -> Call {
    let mut of = json!({ "order": {}, "source_data": {} });
    for (path, value) in fields.as_object().expect("fields") {
        match path.split_once('.') {
            Some((outer, name)) => of[outer][name] = value.clone(),
            None => of[path] = value.clone(),
        }
    }
    let body = json!({ "type": "TRANSACTION", "obj": of });
    let call = Call::post("paymob", body.to_string().into_bytes());
    call.with_url(format!("https://gateway.example/in/paymob?hmac={digest}"))
}

/// The names of the values under a body's digest.
fn signed_names(body: &Value) -> impl Iterator<Item = &'static str> {
    let names = if body["type"] == "TOKEN" { TOKEN } else { TRANSACTION };
    names.split_whitespace()
}

fn message(body: &Value) -> String {
    if body.get("subscription_data").is_some() {
        let trigger = body["trigger_type"].as_str().expect("a trigger");
        return format!("{trigger}for{}", body["subscription_data"]["id"]);
    }
    let text = |name: &str| match name.split('.').fold(&body["obj"], |value, name| &value[name]) {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    signed_names(body).map(text).collect()
}

fn sealed(call: &Call) -> Call {
    let secret = call.settings.iter().find_map(|setting| setting.strip_prefix("hmac_secret="));
    let key = hmac::Key::new(hmac::HMAC_SHA512, secret.expect("a secret").as_bytes());
    let digest = hexadecimal(hmac::sign(&key, message(&call.json()).as_bytes()).as_ref());
    let base = call.url.split('?').next().unwrap_or_default();
    call.with_url(format!("{base}?hmac={digest}"))
}

pub fn attacks(genuine: &Call, row: &Row) -> Vec<Attack> {
    let mut attacks = vec![
        Attack::same("sent again, a month later", Call { at: "2026-12-21T10:00:00Z", ..genuine.clone() }),
        Attack::forged("another account's secret", genuine.setting("hmac_secret", Some("another"))),
        Attack::refused("no secret", genuine.setting("hmac_secret", None), "not_expected", 500),
    ];
    if genuine.method == "GET" {
        attacks.extend(attacks_on_the_way_back(genuine));
        return attacks;
    }
    let text = genuine.text();
    let member = if text.contains("\"trigger_type\"") { "trigger_type" } else { "type" };
    let twice = text.replacen('{', &format!("{{\"{member}\":{},", genuine.json()[member]), 1);
    attacks.extend([
        Attack::malformed("cut off", genuine.with_body(&text.as_bytes()[..text.len() - 1])),
        Attack::malformed("cut in half", genuine.with_body(&text.as_bytes()[..text.len() / 2])),
        Attack::malformed("a member twice", genuine.with_body(twice)),
    ]);
    if member == "trigger_type" {
        attacks.extend(attacks_on_a_subscription(genuine));
    } else {
        attacks.extend(attacks_on_the_digest(genuine));
        attacks.extend(attacks_on_the_values(genuine, row));
    }
    attacks
}

fn attacks_on_the_digest(genuine: &Call) -> Vec<Attack> {
    let url = &genuine.url;
    let (base, digest) = url.split_once("?hmac=").expect("a digest");
    let with = |query: String| genuine.with_url(format!("{base}{query}"));
    vec![
        Attack::same("sealed by the rule", sealed(genuine)),
        Attack::forged("a digit of the digest", with(format!("?hmac={}", altered(digest)))),
        Attack::forged("half a digest", with(format!("?hmac={}", &digest[..64]))),
        Attack::forged("in capitals", with(format!("?hmac={}", digest.to_uppercase()))),
        Attack::unsigned("an empty digest", with("?hmac=".to_owned())),
        Attack::unsigned("digests twice", with(format!("?hmac={digest}&hmac={digest}"))),
        Attack::unsigned("no digest", with(String::new())),
    ]
}

fn attacks_on_the_values(genuine: &Call, row: &Row) -> Vec<Attack> {
    let body = genuine.json();
    let place = |name: &str| format!("/obj/{}", name.replace('.', "/"));
    let mut attacks = Vec::new();
    for name in signed_names(&body) {
        let changed = genuine.changed(|body| {
            let value = body.pointer_mut(&place(name)).expect("a value");
            *value = match &*value {
                Value::Bool(flag) => json!(!flag),
                Value::Number(number) => json!(number.as_i64().expect("a whole number") + 1),
                Value::String(text) if text == "true" => json!("false"),
                Value::String(text) if text == "false" => json!("true"),
                Value::String(text) => json!(altered(text)),
                other => panic!("{name} is {other}"),
            };
        });
        attacks.push(Attack::forged(format!("{name} changed"), changed));
    }
    // Nothing stands between the values, so one digest fits every way of cutting them.
    let (first, second) =
        if body["type"] == "TOKEN" { ("card_subtype", "created_at") } else { ("amount_cents", "created_at") };
    let folded = genuine.changed(|body| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (one, other) = (text(&body["obj"][first]), text(&body["obj"][second]));
        body["obj"][first] = format!("{one}{}", &other[..1]).into();
        body["obj"][second] = other[1..].into();
    });
    assert_eq!(message(&folded.json()), message(&body), "the digest still fits");
    attacks.push(Attack::malformed("a digit folded into the value before", folded));
    if body["obj"]["is_live"].is_boolean() {
        let live = genuine.changed(|body| body["obj"]["is_live"] = json!(true));
        attacks.push(Attack::foreign("live on a test account", live));
    }
    if body["type"] == "TOKEN" {
        return attacks;
    }
    // Totals, references and what a transaction is are not signed: whoever saw a digest can write them.
    let refunded = genuine.changed(|body| body["obj"]["refunded_amount_cents"] = json!(1));
    attacks.push(Attack::told("an unsigned refund", refunded, "hint"));
    let dearer = sealed(&genuine.changed(|body| body["obj"]["amount_cents"] = json!(99)));
    attacks.push(match row.news() {
        "trusted" => Attack::quarantined("another amount, sealed", dearer),
        _ => Attack::told("another amount, sealed", dearer, "hint"),
    });
    attacks
}

fn attacks_on_a_subscription(genuine: &Call) -> Vec<Attack> {
    let digest = genuine.json()["hmac"].as_str().expect("a digest").to_owned();
    let changed = |name: &str, value: Value| genuine.changed(|body| body[name] = value);
    vec![
        Attack::forged("another trigger", changed("trigger_type", json!("resumed"))),
        Attack::forged(
            "another subscription",
            genuine.changed(|body| {
                body["subscription_data"]["id"] = json!(7301);
            }),
        ),
        Attack::forged("a digit of the digest", changed("hmac", json!(altered(&digest)))),
        Attack::forged("half a digest", changed("hmac", json!(digest[..64]))),
        Attack::unsigned("no digest", changed("hmac", Value::Null)),
        // All the rest is not signed: it is never more than a reason to ask.
        Attack::told(
            "another amount",
            genuine.changed(|body| {
                body["subscription_data"]["amount_cents"] = json!(1);
            }),
            "hint",
        ),
    ]
}

fn attacks_on_the_way_back(genuine: &Call) -> Vec<Attack> {
    let url = &genuine.url;
    let (base, query) = url.split_once('?').expect("a query");
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let with = |change: &dyn Fn(&str, &str) -> Option<String>| {
        let pairs = pairs.iter().filter_map(|(name, value)| Some((name.clone(), change(name, value)?)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        genuine.with_url(format!("{base}?{query}"))
    };
    let folded =
        url.replace("amount_cents=25000", "amount_cents=250002").replace("created_at=2026", "created_at=026");
    let mut attacks = vec![
        Attack::unsigned("no digest", with(&|name, value| (name != "hmac").then(|| value.to_owned()))),
        Attack::malformed("digests twice", genuine.with_url(format!("{url}&hmac=0"))),
        Attack::forged("cut off", genuine.with_url(&url[..url.len() - 1])),
        Attack::malformed("a digit folded into the value before", genuine.with_url(folded)),
        Attack::malformed("a value twice", genuine.with_url(format!("{url}&success=true"))),
        Attack::malformed("PUT", genuine.with_method("PUT")),
    ];
    for name in TRANSACTION.split_whitespace() {
        let name = if name == "order.id" { "order" } else { name };
        let call = with(&|known, value| Some(if known == name { altered(value) } else { value.to_owned() }));
        attacks.push(Attack::forged(format!("{name} changed"), call));
    }
    attacks
}
