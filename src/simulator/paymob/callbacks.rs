//! What the merchant is told, and the digest in its address (§10, §11).

use aws_lc_rs::hmac;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::State;
use super::{HMAC_SECRET, MERCHANT_ID, views};
use crate::simulator::contract::Backstage;
use crate::simulator::entropy::hex;
use crate::simulator::notifications::Notification;

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
        "type": "TRANSACTION",
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

fn notification_url(state: &State, key: &str) -> Option<String> {
    let key = state.keys.get(key)?;
    state.intentions.get(key.intention.as_ref()?)?.notification_url.clone()
}

fn queue(backstage: &Backstage, url: &str, digest: &str, body: &Value, due_at: Timestamp) {
    let separator = if url.contains('?') { '&' } else { '?' };
    backstage.notifications.queue(Notification {
        sequence: 0,
        due_at,
        method: "POST",
        url: format!("{url}{separator}hmac={digest}"),
        body: body.to_string(),
        account: MERCHANT_ID.to_string(),
    });
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
}
