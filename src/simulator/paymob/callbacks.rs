//! What the merchant is told, and the digest in its address (§10, §11).

use std::time::Duration;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::State;
use super::{HMAC_SECRET, MERCHANT_ID, views};
use crate::simulator::contract::Backstage;
use crate::simulator::delivery::{Call, DeliveryRules, listed, wants_2xx};
use crate::simulator::entropy::hex;
use crate::simulator::notification_faults::Tampering;
use crate::simulator::notifications::Notification;

/// Seconds before each retry. Neither the schedule nor the time for an answer is published (§10):
/// these are the simulator's own, of the usual kind.
const PAUSES_S: [u64; 5] = [60, 300, 900, 3_600, 21_600];

/// How callbacks are delivered.
pub const DELIVERY: DeliveryRules = DeliveryRules {
    timeout: Duration::from_secs(10),
    judge: wants_2xx,
    pause: |retry, _| listed(&PAUSES_S, retry),
};

/// The signed fields of a transaction, in their order (§11.1).
const SIGNED: [&[&str]; 20] = [
    &["amount_cents"],
    &["created_at"],
    &["currency"],
    &["error_occured"],
    &["has_parent_transaction"],
    &["id"],
    &["integration_id"],
    &["is_3d_secure"],
    &["is_auth"],
    &["is_capture"],
    &["is_refunded"],
    &["is_standalone_payment"],
    &["is_voided"],
    &["order", "id"],
    &["owner"],
    &["pending"],
    &["source_data", "pan"],
    &["source_data", "sub_type"],
    &["source_data", "type"],
    &["success"],
];

/// The signed fields of a token, in their order: 8 of its 10 (§11.2).
const SIGNED_OF_TOKEN: [&[&str]; 8] = [
    &["card_subtype"],
    &["created_at"],
    &["email"],
    &["id"],
    &["masked_pan"],
    &["merchant_id"],
    &["order_id"],
    &["token"],
];

/// The `type` of callbacks about transactions.
const TRANSACTION: &str = "TRANSACTION";

/// The values one after the other, without anything between them.
fn concatenated(of: &Value, fields: &[&[&str]]) -> String {
    let value = |path: &&[&str]| {
        let found = path.iter().try_fold(of, |value, key| value.get(key));
        match found {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    };
    fields.iter().map(value).collect()
}

/// HMAC-SHA-512, the secret being plain text although it looks like hexadecimal.
fn sign(secret: &str, message: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes());
    hex(hmac::sign(&key, message.as_bytes()).as_ref())
}

/// The digest of a transaction.
pub fn digest(transaction: &Value) -> String {
    sign(HMAC_SECRET, &concatenated(transaction, &SIGNED))
}

/// The callback about a transaction, as it stands now (sample 40).
pub fn transaction(state: &State, backstage: &Backstage, id: i64) {
    let Some(found) = state.transactions.get(&id) else {
        return;
    };
    let Some(url) = notification_url(state, &found.key) else {
        return;
    };
    let shown = views::transaction(state, found);
    let digest = digest(&shown);
    let body = json!({
        "type": TRANSACTION,
        "obj": shown,
        "issuer_bank": null,
        "transaction_processed_callback_responses": "",
    });
    queue(backstage, &url, &digest, &body, backstage.clock.now());
}

/// The callback about a saved card (sample 42): a message of its own, to the same address.
pub fn token(state: &State, backstage: &Backstage, token: &str, key: &str, due_at: Timestamp) {
    let (Some(saved), Some(url)) = (state.cards.get(token), notification_url(state, key)) else {
        return;
    };
    let body = views::token(saved);
    let digest = sign(HMAC_SECRET, &concatenated(&body["obj"], &SIGNED_OF_TOKEN));
    queue(backstage, &url, &digest, &body, due_at);
}

/// The address of the intention, otherwise the integration's out of the dashboard (§10.1).
fn notification_url(state: &State, key: &str) -> Option<String> {
    let intention = state.keys.get(key)?.intention.as_ref();
    let intention = intention.and_then(|secret| state.intentions.get(secret));
    let own = intention.and_then(|intention| intention.notification_url.clone());
    own.or_else(|| Some(state.behaviour.callback_url.clone()).filter(|url| !url.is_empty()))
}

fn queue(backstage: &Backstage, url: &str, digest: &str, body: &Value, due_at: Timestamp) {
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}hmac={digest}");
    let callback = Notification::post(due_at, &url, body.to_string(), MERCHANT_ID.to_string());
    backstage.notifications.queue(callback);
}

/// The digest of a callback's body under a secret, whatever the callback is about.
fn digest_of(secret: &str, body: &Value) -> String {
    let signed: &[&[&str]] = if body["type"] == TRANSACTION { &SIGNED } else { &SIGNED_OF_TOKEN };
    sign(secret, &concatenated(&body["obj"], signed))
}

/// The address with another digest.
fn with_digest(url: &str, digest: &str) -> Option<String> {
    let (address, _) = url.rsplit_once("hmac=")?;
    Some(format!("{address}hmac={digest}"))
}

fn one_more(body: &mut Value) -> Option<()> {
    let amount = body.pointer_mut("/obj/amount_cents")?;
    *amount = json!(amount.as_i64()?.saturating_add(1));
    Some(())
}

/// Address and body with another amount, and the digest that goes with it.
pub fn misstated(notification: &Notification) -> Option<(String, String)> {
    let mut body = serde_json::from_str(&notification.body).ok()?;
    one_more(&mut body)?;
    Some((with_digest(&notification.url, &digest_of(HMAC_SECRET, &body))?, body.to_string()))
}

/// What others would make of a callback.
pub fn tampered(how: Tampering, call: Call) -> Option<Call> {
    match how {
        Tampering::Forged => call.with_changed_json(|body| {
            if one_more(body).is_some() {
                body["obj"]["success"] = json!(true);
                return Some(());
            }
            // Of a saved card: it would belong to another order.
            *body.pointer_mut("/obj/order_id")? = json!("1");
            Some(())
        }),
        Tampering::Foreign => {
            let body = serde_json::from_str(&call.body).ok()?;
            let url = with_digest(&call.url, &digest_of("another-merchant-s-secret", &body))?;
            Some(Call { url, ..call })
        }
        Tampering::Truncated => call.with_half_body(),
        Tampering::Folded => call.with_changed_json(fold),
    }
}

/// Moves a digit over the border of two neighbours in the signed text, which has no separators: the
/// digest stays good (§11).
fn fold(body: &mut Value) -> Option<()> {
    let object = body.get_mut("obj")?;
    if let Some(order) = object.get("order_id").and_then(Value::as_str) {
        let (rest, last) = order.split_at_checked(order.len().checked_sub(1)?)?;
        let token = format!("{last}{}", object["token"].as_str()?);
        let rest = rest.to_owned();
        object["order_id"] = json!(rest);
        object["token"] = json!(token);
        return Some(());
    }
    let amount = object.get("amount_cents")?.as_i64().filter(|amount| *amount >= 10)?;
    let created = format!("{}{}", amount % 10, object["created_at"].as_str()?);
    object["amount_cents"] = json!(amount / 10);
    object["created_at"] = json!(created);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The provider's own worked example, with the secret that a public test pairs with it (§11.1).
    #[test]
    fn the_official_example_is_signed_as_printed() {
        let transaction = json!({
            "amount_cents": 100_000, "created_at": "2024-06-13T11:33:44.592345", "currency": "EGP",
            "error_occured": false, "has_parent_transaction": false, "id": 192_036_465,
            "integration_id": 4_097_558, "is_3d_secure": true, "is_auth": false, "is_capture": false,
            "is_refunded": false, "is_standalone_payment": true, "is_voided": false,
            "order": { "id": 217_503_754 }, "owner": 302_852, "pending": false,
            "source_data": { "pan": "2346", "sub_type": "MasterCard", "type": "card" }, "success": true,
        });
        let message = concatenated(&transaction, &SIGNED);
        assert_eq!(
            message,
            "1000002024-06-13T11:33:44.592345EGPfalsefalse1920364654097558truefalsefalsefalsetruefalse\
             217503754302852false2346MasterCardcardtrue"
        );
        assert_eq!(
            sign("04DC1A9490B8CC2094C011FC055ADCDB", &message),
            "fa8ac0b7f3852e60c50e7fdd4ea5ef0bda96030c19dea1d55df8c76d6c08ab18\
             77774662cbb04981dc84839ad4da560bcc8cb53b8973548657f7e8f8d2e79930"
        );
    }

    /// Sample 42, whose digest verifies with the secret beside it.
    #[test]
    fn a_token_is_signed_with_eight_of_its_fields() {
        let token = json!({
            "id": 8_800_001, "token": "e0000000000000000000000000000000000000000000000000000abc",
            "masked_pan": "xxxx-xxxx-xxxx-2346", "merchant_id": 700_123, "card_subtype": "MasterCard",
            "created_at": "2026-03-02T11:22:00.859982", "email": "buyer@example.test",
            "order_id": "310000001", "user_added": false,
            "next_payment_intention": "pi_test_00000000000000000000000000000001",
        });
        assert_eq!(
            sign("sample-hmac-secret", &concatenated(&token, &SIGNED_OF_TOKEN)),
            "987f2bd6d2da2ec6d513856578af1d6c29daf21a440391eac6aed89032814140\
             e4e801fff452df6316ca4d7a9c5c4fd22e25ce9937c28f8a0d1bc0231e79606f"
        );
    }

    #[test]
    fn a_folded_callback_keeps_its_digest() {
        let token = json!({ "type": "TOKEN", "obj": { "order_id": "310000001", "token": "e0" } });
        let payment = json!({
            "type": "TRANSACTION",
            "obj": { "amount_cents": 1_005, "created_at": "2026-03-02T11:22:00.859982" },
        });
        for honest in [token, payment] {
            let mut folded = honest.clone();
            fold(&mut folded).expect("something to fold");
            assert_ne!(folded, honest);
            assert_eq!(digest_of(HMAC_SECRET, &folded), digest_of(HMAC_SECRET, &honest));
        }
    }
}
