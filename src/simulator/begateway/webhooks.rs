//! What the merchant is told, and the signature under it (§9).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answers::Version;
use super::state::{State, Transaction};
use super::{Behaviour, SHOPS, keys, views};
use crate::simulator::contract::Backstage;
use crate::simulator::notifications::Notification;

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
    queue(backstage, url, found.shop.id, &body);
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
    queue(backstage, url, checkout.shop.id, &body);
}

fn queue(backstage: &Backstage, url: &str, shop_id: u32, body: &Value) {
    backstage.notifications.queue(Notification {
        sequence: 0,
        due_at: backstage.clock.now(),
        method: "POST",
        url: url.to_owned(),
        body: body.to_string(),
        account: shop_id.to_string(),
    });
}

/// The headers of a delivery: the shop's own Basic credentials, and the signature over the raw
/// body bytes (§9.1, §9.2).
pub fn seal(notification: &Notification) -> Vec<(String, String)> {
    let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let shop = SHOPS.iter().find(|shop| shop.id.to_string() == notification.account);
    if let Some(shop) = shop {
        let basic = STANDARD.encode(format!("{}:{}", shop.id, shop.secret));
        headers.push(("Authorization".to_owned(), format!("Basic {basic}")));
    }
    if let Some(signature) = keys::sign(notification.body.as_bytes()) {
        headers.push(("Content-Signature".to_owned(), signature));
    }
    headers
}
