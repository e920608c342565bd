//! The webhooks of an account (dossier §13): another road than callbacks, with another secret and
//! another signature, over the bytes of the body. What it says of a transaction may lack the amount, so
//! it is a reason to ask. This file must never read a body before it has seen that it is genuine.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::account::Account;
use super::notice::{bytes, check_id};
use crate::json::unambiguous;
use crate::providers::json::Reading;
use crate::providers::notice::{About, News, Notice, Refusal, Told};

/// The header with the name of the event; it is not signed.
const EVENT_HEADER: &str = "event";
/// The event of a subscription that begins. Its body is not published.
const PING: &str = "ping";

/// Reads a webhook that comes with this signature.
pub(super) fn read(account: &Account, notice: &Notice<'_>, signature: &str) -> Result<Told, Refusal> {
    if account.hook_secrets.is_empty() {
        return Err(Refusal::NotExpected);
    }
    if !is_genuine(account, notice.body, signature) {
        return Err(Refusal::Forged);
    }
    let body = unambiguous(notice.body).ok().filter(|_| notice.method == "POST").ok_or(Refusal::Malformed)?;
    let named = body.words(&["event"]);
    let event = named.or_else(|| notice.header(EVENT_HEADER).filter(|name| *name == PING).map(str::to_owned));
    let event = event.ok_or(Refusal::Malformed)?;
    match body.text(&["account_id"]) {
        Some(id) if id != account.id => return Err(Refusal::Foreign),
        None if event != PING => return Err(Refusal::Malformed),
        Some(_) | None => {}
    }
    let (about, word, news) = subject(&body, &event);
    if news == News::Hint && about == About::default() {
        return Err(Refusal::Malformed);
    }
    check_id(account, about.session.as_ref())?;
    check_id(account, about.transaction.as_ref())?;
    let kind = word.map_or_else(|| event.clone(), |word| format!("{event} {word}"));
    // "Remember event_delivery" (§13). Without it, all of the body counts.
    let key = match body.text(&["event_delivery"]) {
        Some(delivery) => json!(["delivery", delivery]),
        None => json!(["body", body]),
    };
    Ok(Told::new(&kind, key.to_string(), about, news))
}

/// HMAC-SHA1 over the bytes of the body, in hexadecimal digits. The provider has no other.
fn is_genuine(account: &Account, body: &[u8], signature: &str) -> bool {
    let Some(tag) = bytes::<20>(signature.trim()) else { return false };
    account.hook_secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.expose().as_bytes());
        hmac::verify(&key, body, &tag).is_ok()
    })
}

/// Which payment an event is about, what it says of it in a word, and what that is worth.
fn subject(body: &Value, event: &str) -> (About, Option<String>, News) {
    let about = |part: &str, transaction: &str| About {
        reference: body.text(&[part, "merchant_reference"]),
        session: body.text(&[part, "session_id"]),
        transaction: body.text(&[part, transaction]),
        ..About::default()
    };
    match event {
        PING => (About::default(), None, News::Nothing),
        "checkout_transaction" => {
            (about("transaction", "id"), body.text(&["transaction", "status"]), News::Hint)
        }
        "checkout_authorization" => {
            let word = body.text(&["authorization", "error"]);
            let word = word.or_else(|| body.text(&["transaction", "status"]));
            (about("authorization", "transaction_id"), word, News::Hint)
        }
        // A card that was saved comes to light with the payment that saved it.
        "checkout_token_add" if body.at(&["token", "transaction_id"]).is_some() => {
            (about("token", "transaction_id"), None, News::Hint)
        }
        _ => (About::default(), None, News::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::dintero::Dintero;
    use crate::providers::dintero::tests::{at, dintero, sample};

    const SECRET: &str = "sample-hook-secret";

    fn headers(signature: &str) -> Vec<(String, String)> {
        vec![("event-signature".to_owned(), signature.to_owned())]
    }

    fn read(dintero: &Dintero, headers: &[(String, String)], body: &str) -> Result<Told, Refusal> {
        let url = "https://pay.example/in/dintero";
        dintero.read_call(&Notice { method: "POST", url, headers, body: body.as_bytes() }, at(0))
    }

    fn example() -> Dintero {
        dintero(&[("hook_secret", SECRET)])
    }

    /// Headers, as they arrive, and the exact body of a sample.
    fn call(name: &str) -> (Vec<(String, String)>, String) {
        let sample = sample(name);
        let headers = sample["headers"].as_object().expect("headers").iter();
        let headers = headers.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()));
        (headers.collect(), sample["raw_body"].as_str().expect("a text").to_owned())
    }

    fn signed(body: &str) -> Result<Told, Refusal> {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
        let tag = hmac::sign(&key, body.as_bytes());
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        read(&example(), &headers(&digits), body)
    }

    const CAPTURED: &str = "81_hook_checkout_transaction_captured";

    #[test]
    fn every_sample_is_a_reason_to_ask() {
        let transaction = Some("T11223344.5cyXA9nQwUu4mJc7T2hRBB");
        for (name, kind, transaction, delivery) in [
            (CAPTURED, "checkout_transaction CAPTURED", transaction, "aa01"),
            ("82_hook_checkout_authorization_ok", "checkout_authorization AUTHORIZED", transaction, "aa02"),
            ("83_hook_checkout_authorization_cancelled", "checkout_authorization cancelled", None, "aa03"),
        ] {
            let (headers, body) = call(name);
            let told = read(&example(), &headers, &body).unwrap_or_else(|why| panic!("{name}: {why:?}"));
            let about = About {
                reference: Some("order-7001".to_owned()),
                session: Some("T11223344.5cyWnV68vzJ1kYjZPrKQAA".to_owned()),
                transaction: transaction.map(str::to_owned),
                ..About::default()
            };
            assert_eq!((told.kind.as_str(), told.about, told.news), (kind, about, News::Hint), "{name}");
            let key = format!(r#"["delivery","9ebb6d41-dca5-484e-8330-00000000{delivery}"]"#);
            assert_eq!(told.key, key, "{name}");
        }
    }

    #[test]
    fn only_the_very_bytes_under_a_secret_of_this_road_are_genuine() {
        let (headers, body) = call(CAPTURED);
        for changed in [
            body.replace("CAPTURED", "REFUNDED"),
            body.replace("order-7001", "order-7002"),
            body.replace("T11223344", "T99999999"),
            body[..body.len() - 1].to_owned(),
            format!("{body} "),
            String::new(),
        ] {
            assert_ne!(changed, body);
            assert_eq!(read(&example(), &headers, &changed), Err(Refusal::Forged), "{changed}");
        }
        let signature = "d5b2ccc85f9869e6196017e9a488ce7cf7a36257";
        for wrong in ["", "sha1=d5b2", &signature[..38], &format!("{signature}00"), &"g".repeat(40)] {
            assert_eq!(
                read(&example(), &super::tests::headers(wrong), &body),
                Err(Refusal::Forged),
                "{wrong}"
            );
        }
        let with = |changes: &[(&str, &str)]| read(&dintero(changes), &headers, &body);
        assert!(with(&[("hook_secret", "new"), ("hook_secret_previous", SECRET)]).is_ok());
        assert_eq!(with(&[("hook_secret", "new")]), Err(Refusal::Forged));
        assert_eq!(with(&[("callback_secret", SECRET)]), Err(Refusal::NotExpected));
        let other = [("hook_secret", SECRET), ("account_id", "T99999999")];
        assert_eq!(with(&other), Err(Refusal::Foreign), "two accounts may have one secret");
    }

    #[test]
    fn what_is_genuine_and_not_as_documented_is_refused() {
        for (body, refusal) in [
            (r#"{"account_id":"T11223344"}"#, Refusal::Malformed),
            (r#"{"event":"checkout_transaction","transaction":{"id":"T11223344.a"}}"#, Refusal::Malformed),
            (r#"{"account_id":"T11223344","event":"checkout_transaction"}"#, Refusal::Malformed),
            (
                r#"{"account_id":"T11223344","event":"checkout_transaction","transaction":{"id":"a b"}}"#,
                Refusal::Malformed,
            ),
            (
                r#"{"account_id":"T11223344","event":"checkout_transaction","transaction":{"id":"T99999999.a"}}"#,
                Refusal::Foreign,
            ),
            (
                r#"{"account_id":"T99999999","account_id":"T11223344","event":"checkout_transaction"}"#,
                Refusal::Malformed,
            ),
            ("[]", Refusal::Malformed),
            ("ping", Refusal::Malformed),
        ] {
            assert_eq!(signed(body), Err(refusal), "{body}");
        }
    }

    #[test]
    fn a_ping_is_nothing_and_the_rest_is_kept_and_shown() {
        let told = signed(r#"{"account_id":"T11223344","event":"ping"}"#).expect("genuine");
        assert_eq!((told.kind.as_str(), told.news), ("ping", News::Nothing));
        for event in ["checkout_token_delete", "settlement", "checkout_token_add"] {
            let body = format!(r#"{{"account_id":"T11223344","event":"{event}","token":{{"id":"x"}}}}"#);
            assert_eq!(signed(&body).expect("genuine").news, News::Unknown, "{event}");
        }
        let saved = r#"{"account_id":"T11223344","event":"checkout_token_add","token":{"transaction_id":"T11223344.a"}}"#;
        let told = signed(saved).expect("genuine");
        assert_eq!((told.news, told.about.transaction.as_deref()), (News::Hint, Some("T11223344.a")));
    }
}
