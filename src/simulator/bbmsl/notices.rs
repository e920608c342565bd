//! What the merchant is told, signed as §12.2 has it: the fields by name, joined without escaping.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::state::{Order, StoredCard};
use super::{MERCHANT, decimals, keys, views};
use crate::simulator::contract::Backstage;
use crate::simulator::delivery::{Call, DeliveryRules, Verdict, listed};
use crate::simulator::notification_faults::Tampering;
use crate::simulator::notifications::Notification;

/// Seconds before each retry (§12.1, current documentation).
const PAUSES_S: [u64; 15] =
    [15, 15, 30, 60, 120, 300, 300, 600, 1_200, 1_800, 1_800, 3_600, 3_600, 7_200, 14_400];

/// How notifications are delivered (§12.1). How long an answer may take is not published.
pub const DELIVERY: DeliveryRules = DeliveryRules {
    timeout: Duration::from_secs(30),
    judge: |status, text| match status {
        Some(200..=299) if text.trim() == "OK" => Verdict::Accepted,
        _ => Verdict::Again,
    },
    pause: |retry, _| listed(&PAUSES_S, retry),
};

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
    let now = backstage.clock.now();
    backstage.notifications.queue(Notification::post(now, url, sealed(fields), MERCHANT.to_owned()));
}

/// The body with its signature.
fn sealed<Name: AsRef<str>>(fields: &BTreeMap<Name, String>) -> String {
    let signature = keys::sign(signed_text(fields).as_bytes()).unwrap_or_default();
    let mut body = serde_json::Map::new();
    for (name, value) in fields {
        body.insert(name.as_ref().to_owned(), value.as_str().into());
    }
    body.insert("signature".to_owned(), signature.into());
    Value::Object(body).to_string()
}

/// `name=value` in the order of the names, which is a `BTreeMap`'s.
fn signed_text<Name: AsRef<str>>(fields: &BTreeMap<Name, String>) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{}={value}", name.as_ref()));
    pairs.collect::<Vec<_>>().join("&")
}

/// The fields of a body, its signature left out.
fn fields_of(body: &str) -> Option<BTreeMap<String, String>> {
    let mut fields: BTreeMap<String, String> = serde_json::from_str(body).ok()?;
    fields.remove("signature");
    Some(fields)
}

/// The amount one cent too high.
fn one_cent_more(fields: &mut BTreeMap<String, String>) -> Option<()> {
    let amount = fields.get_mut("amount")?;
    *amount = decimals::text(decimals::minor(&Value::from(amount.as_str()))?.saturating_add(1));
    Some(())
}

/// The body with another amount, signed by the provider.
pub fn misstated(notification: &Notification) -> Option<(String, String)> {
    let mut fields = fields_of(&notification.body)?;
    one_cent_more(&mut fields)?;
    Some((notification.url.clone(), sealed(&fields)))
}

/// What others would make of a notification.
pub fn tampered(how: Tampering, call: Call) -> Option<Call> {
    let mut fields = fields_of(&call.body)?;
    match how {
        Tampering::Forged => {
            let signature = serde_json::from_str::<Value>(&call.body).ok()?["signature"].take();
            if one_cent_more(&mut fields).is_none() {
                // Of a stored card: it would become somebody else's.
                fields.get_mut("userId")?.push('0');
            }
            let mut body = serde_json::to_value(fields).ok()?;
            body["signature"] = signature;
            Some(Call { body: body.to_string(), ..call })
        }
        Tampering::Foreign => {
            // One key signs for all merchants, and no field says for whom: another merchant's order
            // under our reference has a signature that is good (§2, §12.2).
            for name in ["orderId", "tokenId"] {
                if let Some(id) = fields.get_mut(name) {
                    id.insert(0, '9');
                }
            }
            Some(Call { body: sealed(&fields), ..call })
        }
        Tampering::Truncated => call.with_half_body(),
        Tampering::Folded => {
            // The same signed text with one field less, as §12.2 warns.
            let (into, from) =
                if fields.contains_key("status") { ("orderId", "status") } else { ("tokenId", "userId") };
            let value = fields.remove(from)?;
            fields.get_mut(into)?.push_str(&format!("&{from}={value}"));
            Some(Call { body: sealed(&fields), ..call })
        }
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_folded_notification_has_the_signature_of_the_honest_one() {
        let names = ["amount", "merchantReference", "orderId", "status"];
        let honest: BTreeMap<&str, String> = names.map(|name| (name, format!("1{name}"))).into();
        let body = sealed(&honest);
        let call = Call { method: "POST", url: String::new(), headers: Vec::new(), body: body.clone() };
        let folded = tampered(Tampering::Folded, call).expect("an order").body;
        let [honest, folded]: [Value; 2] =
            [body, folded].map(|body| serde_json::from_str(&body).expect("JSON"));
        assert_eq!(folded["orderId"], "1orderId&status=1status");
        assert!(folded.get("status").is_none());
        assert_eq!(folded["signature"], honest["signature"]);
    }

    #[test]
    fn the_pauses_add_up_to_what_is_documented() {
        assert_eq!(PAUSES_S.iter().sum::<u64>(), 35_040, "about 9 h 45 min");
    }
}
