//! What the merchant is told, signed as §12.2 has it: the fields by name, joined without escaping.

use std::collections::BTreeMap;

use super::state::{Order, StoredCard};
use super::{MERCHANT, decimals, keys, views};
use crate::simulator::contract::Backstage;
use crate::simulator::notifications::Notification;

/// An order was paid (sample 37).
pub fn paid(backstage: &Backstage, order: &Order) {
    let (Some(url), Some(card)) = (&order.notify, &order.card) else {
        return;
    };
    let fields = BTreeMap::from([
        ("amount", decimals::text(order.amount)),
        ("cardType", views::brand(card).to_owned()),
        ("maskedPan", views::masked(card)),
        ("merchantReference", order.reference.clone()),
        ("orderId", order.id.to_string()),
        ("status", order.status.word().to_owned()),
        ("updateTime", order.updated_at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
    ]);
    queue(backstage, url, &fields);
}

/// A card was stored (sample 03).
pub fn stored(backstage: &Backstage, url: &str, user: &str, card: &StoredCard) {
    let fields = BTreeMap::from([
        ("expiryDate", views::expiry(&card.card)),
        ("maskedPan", views::starred(&card.card)),
        ("tokenId", card.token.to_string()),
        ("userId", user.to_owned()),
    ]);
    queue(backstage, url, &fields);
}

fn queue(backstage: &Backstage, url: &str, fields: &BTreeMap<&'static str, String>) {
    backstage.notifications.queue(Notification {
        sequence: 0,
        due_at: backstage.clock.now(),
        method: "POST",
        url: url.to_owned(),
        body: sealed(fields),
        account: MERCHANT.to_owned(),
    });
}

/// The body with its signature.
fn sealed(fields: &BTreeMap<&'static str, String>) -> String {
    let signature = keys::sign(signed_text(fields).as_bytes()).unwrap_or_default();
    let mut body = serde_json::Map::new();
    for (name, value) in fields {
        body.insert((*name).to_owned(), value.as_str().into());
    }
    body.insert("signature".to_owned(), signature.into());
    serde_json::Value::Object(body).to_string()
}

/// `name=value` in the order of the names, which is a `BTreeMap`'s.
fn signed_text(fields: &BTreeMap<&'static str, String>) -> String {
    fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The bodies of the samples 37 and 03, with the texts under their signatures.
    #[test]
    fn notifications_are_signed_as_the_samples_are() {
        for name in ["37_payment_notification", "03_token_notification"] {
            let path = format!("{}/tests/simulator_samples/bbmsl/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let sample: Value =
                serde_json::from_str(&std::fs::read_to_string(path).expect("a sample")).expect("JSON");
            let mut fields = BTreeMap::new();
            for known in [
                "amount",
                "cardType",
                "expiryDate",
                "maskedPan",
                "merchantReference",
                "orderId",
                "status",
                "tokenId",
                "updateTime",
                "userId",
            ] {
                if let Some(value) = sample["body"][known].as_str() {
                    fields.insert(known, value.to_owned());
                }
            }
            assert_eq!(signed_text(&fields), sample["signed_string"], "{name}");
            let sealed: Value = serde_json::from_str(&sealed(&fields)).expect("JSON");
            assert_eq!(sealed, sample["body"], "{name}");
        }
    }
}
