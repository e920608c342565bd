//! BBMSL (dossier, section 12): a signature over the sorted fields, which are not escaped.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::call::{Attack, Call, Row, altered};

fn keys() -> Value {
    let text = include_str!("../simulator_samples/bbmsl/00_sample_keys.json");
    serde_json::from_str(text).expect("JSON")
}

pub fn call(sample: &[u8]) -> Call {
    let sample: Value = serde_json::from_slice(sample).expect("JSON");
    let body = sample["raw_body"].as_str().expect("a body").as_bytes().to_vec();
    let call = Call::post("bbmsl", body);
    assert_eq!(signed_text(&call.json()), sample["signed_string"], "the rule of the samples");
    let key = keys()["provider"]["public_key_spki_base64_der"].clone();
    let url = format!("{}?session=save-1", call.url);
    call.with_url(url).setting("provider_public_keys", Some(&json!([key]).to_string()))
}

/// Section 12.2, steps 2 to 4.
fn signed_text(body: &Value) -> String {
    let mut fields: Vec<(&String, &Value)> = body.as_object().expect("an object").iter().collect();
    fields.sort_by_key(|(name, _)| name.as_bytes());
    let signed = fields.into_iter().filter(|(name, _)| *name != "signature");
    let pairs = signed.map(|(name, value)| format!("{name}={}", value.as_str().expect("a text")));
    pairs.collect::<Vec<_>>().join("&")
}

/// Step 5, with the samples' private key.
fn sealed(call: &Call) -> Call {
    let keys = keys();
    let key = keys["provider"]["private_key_pkcs8_base64_der"].as_str().expect("a key");
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(key).expect("base64")).expect("a key");
    let mut signature = vec![0; key.public_modulus_len()];
    let text = signed_text(&call.json());
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("signs");
    call.changed(|body| body["signature"] = STANDARD.encode(signature).into())
}

pub fn attacks(genuine: &Call, row: &Row) -> Vec<Attack> {
    let body = genuine.json();
    let mut names: Vec<String> = body.as_object().expect("an object").keys().cloned().collect();
    names.retain(|name| name != "signature");
    names.sort();
    let text = genuine.text();
    let mut attacks = vec![
        Attack::same("sent again", genuine.clone()),
        Attack::same("sealed by the rule", sealed(genuine)),
        Attack::forged(
            "a signature with a character changed",
            genuine.changed(|body| {
                let signature = body["signature"].as_str().expect("a text").to_owned();
                body["signature"] = signature
                    .replacen(&signature[..1], if signature.starts_with('A') { "B" } else { "A" }, 1)
                    .into();
            }),
        ),
        Attack::forged(
            "half a signature",
            genuine.changed(|body| {
                let signature = body["signature"].as_str().expect("a text").to_owned();
                body["signature"] = signature[..172].into();
            }),
        ),
        Attack::unsigned(
            "no signature",
            genuine.changed(|body| {
                body.as_object_mut().expect("an object").remove("signature");
            }),
        ),
        Attack::forged("a field more", genuine.changed(|body| body["currency"] = "HKD".into())),
        Attack::malformed("cut off", genuine.with_body(&text.as_bytes()[..text.len() - 1])),
        Attack::malformed("cut in half", genuine.with_body(&text.as_bytes()[..text.len() / 2])),
        Attack::malformed("GET", genuine.with_method("GET")),
        // Another environment has another key.
        Attack::forged("at another environment", genuine.setting("provider_public_keys", None)),
    ];
    for name in &names {
        let value = body[name].as_str().expect("a text");
        attacks.push(Attack::forged(
            format!("{name} changed"),
            genuine.changed(|body| body[name] = altered(value).into()),
        ));
        let twice = text.replacen('{', &format!("{{\"{name}\":\"{value}\","), 1);
        attacks.push(Attack::malformed(format!("{name} twice"), genuine.with_body(twice)));
    }
    for pair in names.windows(2) {
        let [first, second] = pair else { continue };
        let folded = genuine.changed(|body| {
            let inner = body.as_object_mut().expect("an object").remove(second).expect("a value");
            let outer = body[first].as_str().expect("a text");
            body[first] = format!("{outer}&{second}={}", inner.as_str().expect("a text")).into();
        });
        assert_eq!(signed_text(&folded.json()), signed_text(&body), "the signature still fits");
        attacks.push(Attack::malformed(format!("{second} folded into {first}"), folded));
    }
    // No currency is signed, so no amount settles anything, not even a genuine one.
    assert_eq!(row.news(), "hint");
    if body["amount"].is_string() {
        let dearer = sealed(&genuine.changed(|body| body["amount"] = "999.00".into()));
        attacks.push(Attack::told("another amount, sealed", dearer, "hint"));
    }
    // The provider's plugin answers every refusal so (section 12.4).
    attacks.into_iter().map(|attack| attack.answered(403)).collect()
}
