//! What the merchant is told, and the signature under it (§9).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answers::Version;
use super::state::{State, Transaction};
use super::{Behaviour, SHOPS, Shop, keys, views};
use crate::simulator::contract::Backstage;
use crate::simulator::delivery::{Call, DeliveryRules, Verdict};
use crate::simulator::notification_faults::Tampering;
use crate::simulator::notifications::Notification;

/// The sender of webhooks about payments on a hosted page, who gives up after minutes.
const CHECKOUT: &str = "checkout";
/// The sender of all others.
const CARD_TRANSACTIONS: &str = "card_transactions";

/// Retries of each sender (§9.1).
const CHECKOUT_RETRIES: u32 = 2;
const CARD_RETRIES: u32 = 15;

/// How webhooks of a sender are delivered (§9.1). How long an answer may take is not published.
pub fn delivery(sender: &str) -> DeliveryRules {
    DeliveryRules {
        timeout: Duration::from_secs(30),
        judge: |status, _| if status == Some(200) { Verdict::Accepted } else { Verdict::Again },
        pause: if sender == CHECKOUT { checkout_pause } else { card_pause },
    }
}

/// `n⁴ + 15 + rand(0..29)·(n+1)` seconds, n counted from 0.
fn checkout_pause(retry: u32, roll: u64) -> Option<Duration> {
    let n = u64::from(retry.checked_sub(1)?);
    let seconds = n.pow(4) + 15 + roll % 30 * (n + 1);
    (retry <= CHECKOUT_RETRIES).then(|| Duration::from_secs(seconds))
}

/// `floor(2.12·n)³ + rand(0..29)·(n+1)` seconds, n counted from 1.
fn card_pause(retry: u32, roll: u64) -> Option<Duration> {
    let n = u64::from(retry);
    let seconds = (212 * n / 100).pow(3) + roll % 30 * (n + 1);
    (1..=CARD_RETRIES).contains(&retry).then(|| Duration::from_secs(seconds))
}

/// The webhook about a transaction's final status (samples 70 to 74).
pub fn transaction(behaviour: &Behaviour, backstage: &Backstage, found: &Transaction) {
    let Some(url) = &found.notification_url else {
        return;
    };
    // Webhooks always have the body of version 2 (§3).
    let mut body = views::transaction(behaviour, backstage, found, Version::Two);
    if found.checkout.is_some() {
        body["transaction"]["gateway"] = json!({ "iframe": true });
        body["transaction"]["mute_notifications"] = json!(true);
    }
    if found.kind.is_child()
        && let Some(tracking_id) = &found.tracking_id
    {
        body["transaction"]["tracking_id"] = json!(tracking_id);
    }
    let sender = if found.checkout.is_some() { CHECKOUT } else { CARD_TRANSACTIONS };
    queue(backstage, sender, url, found.shop.id, &body);
}

/// The webhook about a checkout nobody used in time (sample 75): not wrapped.
pub fn expired_checkout(state: &State, backstage: &Backstage, token: &str) {
    let Some(checkout) = state.checkouts.get(token) else {
        return;
    };
    let Some(url) = checkout.url("notification_url") else {
        return;
    };
    let mut body = views::checkout(state, backstage, checkout);
    if let Value::Object(method) = &mut body["payment_method"] {
        let created_at = crate::simulator::clock::iso(checkout.created_at);
        method.remove("excluded_types");
        method.insert("id".into(), json!(501));
        method.insert("checkout_data_id".into(), json!(502));
        method.insert("created_at".into(), json!(created_at));
        method.insert("updated_at".into(), json!(created_at));
    }
    queue(backstage, CHECKOUT, url, checkout.shop.id, &body);
}

fn queue(backstage: &Backstage, sender: &'static str, url: &str, shop_id: u32, body: &Value) {
    let now = backstage.clock.now();
    let webhook = Notification::post(now, url, body.to_string(), shop_id.to_string());
    backstage.notifications.queue(Notification { sender, ..webhook });
}

/// The headers of a delivery: the shop's own Basic credentials, and the signature over the raw
/// body bytes (§9.1, §9.2).
pub fn seal(notification: &Notification) -> Vec<(String, String)> {
    let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let shop = SHOPS.iter().find(|shop| shop.id.to_string() == notification.account);
    if let Some(shop) = shop {
        headers.push(("Authorization".to_owned(), basic(shop)));
    }
    if let Some(signature) = keys::sign(notification.body.as_bytes()) {
        headers.push(("Content-Signature".to_owned(), signature));
    }
    headers
}

fn basic(shop: &Shop) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", shop.id, shop.secret)))
}

/// One minor unit more, wherever the body states the amount.
fn one_more(body: &mut Value) -> Option<()> {
    let place = if body.get("transaction").is_some() { "/transaction/amount" } else { "/order/amount" };
    let amount = body.pointer_mut(place)?;
    *amount = json!(amount.as_i64()?.saturating_add(1));
    Some(())
}

/// The body with another amount. It is sealed when it leaves.
pub fn misstated(notification: &Notification) -> Option<(String, String)> {
    let mut body = serde_json::from_str(&notification.body).ok()?;
    one_more(&mut body)?;
    Some((notification.url.clone(), body.to_string()))
}

/// What others would make of a webhook.
pub fn tampered(how: Tampering, notification: &Notification, call: Call) -> Option<Call> {
    match how {
        Tampering::Forged => call.with_changed_json(|body| {
            one_more(body)?;
            let place = if body.get("transaction").is_some() { "/transaction/status" } else { "/status" };
            *body.pointer_mut(place)? = json!("successful");
            Some(())
        }),
        Tampering::Foreign => {
            let other = SHOPS.iter().find(|shop| shop.id.to_string() != notification.account)?;
            let signature = keys::sign_as_another(call.body.as_bytes())?;
            let call = call.with_header("Authorization", basic(other));
            Some(call.with_header("Content-Signature", signature))
        }
        Tampering::Truncated => call.with_half_body(),
        // The raw bytes are signed: nothing can be moved from one field to another.
        Tampering::Folded => call.with_name_twice("status", &json!("successful")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_follow_the_two_formulas() {
        let seconds = |pause: fn(u32, u64) -> Option<Duration>, roll| {
            (0..20).filter_map(|retry| pause(retry, roll)).map(|pause| pause.as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(seconds(checkout_pause, 0), [15, 16]);
        assert_eq!(seconds(checkout_pause, 29), [15 + 29, 16 + 2 * 29]);
        let card = seconds(card_pause, 0);
        assert_eq!((card.len(), &card[..4], card[14]), (15, &[8, 64, 216, 512][..], 29_791));
        let hours = card.iter().sum::<u64>() / 3_600;
        assert!((30..=36).contains(&hours), "{hours} hours in all, about 36 with the scatter");
    }
}
