//! The bodies, in the shapes of the samples: transactions nested and flat, orders, intentions, tokens.

use jiff::Timestamp;
use jiff::tz::{self, TimeZone};
use serde_json::{Map, Value, json};

use super::callbacks;
use super::state::{Intention, Kind, Order, SavedCard, Source, Stand, State, Transaction};
use super::{MERCHANT_ID, OWNER_ID, Purpose, purpose};
use crate::simulator::contract::Backstage;

/// Cairo's winter time: naive timestamps are local to the region (§2).
const LOCAL_HOURS: i8 = 2;

/// A naive local timestamp with microseconds.
pub fn naive(at: Timestamp) -> String {
    let local = at.to_zoned(TimeZone::fixed(tz::offset(LOCAL_HOURS))).datetime();
    format!("{local:.6}")
}

fn merchant() -> Value {
    json!({
        "id": MERCHANT_ID,
        "created_at": "2023-02-01T10:00:00.000000",
        "phones": ["+200000000000"],
        "company_emails": ["merchant@example.test"],
        "company_name": "Sample Merchant",
        "state": "", "country": "EGY", "city": "Cairo", "postal_code": "", "street": "",
    })
}

/// An order, as its own call answers it (sample 02).
pub fn order(order: &Order, backstage: &Backstage) -> Value {
    let mut shown = order_of(order, 0);
    shown["commission_fees"] = json!(0);
    shown["shipping_data"] = Value::Null;
    shown["shipping_details"] = Value::Null;
    shown["pickup_data"] = Value::Null;
    shown["delivery_status"] = json!([]);
    shown["token"] = json!(format!("ORDER{}", order.id));
    shown["url"] = json!(format!("{}/standalone/?ref=i_{}", backstage.base_url(), order.id));
    shown
}

fn order_of(order: &Order, paid: i64) -> Value {
    json!({
        "id": order.id,
        "created_at": naive(order.created_at),
        "delivery_needed": false,
        "merchant": merchant(),
        "collector": null,
        "amount_cents": order.amount,
        "shipping_data": shipping(order),
        "currency": order.currency,
        "is_payment_locked": false,
        "is_return": false,
        "is_cancel": false,
        "is_returned": false,
        "is_canceled": false,
        "merchant_order_id": order.reference,
        "wallet_notification": null,
        "paid_amount_cents": paid,
        "notify_user_with_email": false,
        "items": order.items,
        "order_url": "NA",
        "commission_fees": 0,
        "delivery_fees_cents": 0,
        "delivery_vat_cents": 0,
        "payment_method": "tbc",
        "merchant_staff_tag": null,
        "api_source": "OTHER",
        "data": {},
    })
}

fn shipping(order: &Order) -> Value {
    let of = |name: &str| order.billing.get(name).cloned().unwrap_or_else(|| json!("NA"));
    let mut shown = json!({
        "id": 150_000_000 + order.id % 1_000_000,
        "extra_description": "",
        "shipping_method": "UNK",
        "order_id": order.id,
        "order": order.id,
    });
    for name in BILLING {
        shown[name] = of(name);
    }
    shown
}

const BILLING: [&str; 12] = [
    "first_name",
    "last_name",
    "street",
    "building",
    "floor",
    "apartment",
    "city",
    "state",
    "country",
    "email",
    "phone_number",
    "postal_code",
];

/// What `payment_keys[]` and `payment_methods[]` of an intention say (samples 10 and 12).
pub fn intention(state: &State, intention: &Intention) -> Value {
    let keys = || intention.keys.iter().filter_map(|key| state.keys.get(key));
    let order = state.orders.get(&intention.order);
    let (amount, currency) = order.map_or((0, ""), |order| (order.amount, order.currency.as_str()));
    let reference = order.and_then(|order| order.reference.clone());
    let redirection_url = intention.redirection_url.clone();
    let payment_keys: Vec<Value> = keys()
        .map(|key| {
            json!({
                "integration": key.integration,
                "key": key.value,
                "gateway_type": "MIGS",
                "iframe_id": null,
                "order_id": key.order,
                "redirection_url": redirection_url,
                "save_card": false,
            })
        })
        .collect();
    let methods: Vec<Value> = keys()
        .map(|key| {
            let name = if purpose(key.integration) == Some(Purpose::Wallet) { "wallet" } else { "card" };
            json!({
                "integration_id": key.integration,
                "alias": null,
                "name": name,
                "method_type": "online",
                "currency": currency,
                "live": false,
                "use_cvc_with_moto": false,
            })
        })
        .collect();
    let items = order.map(|order| order.items.clone()).unwrap_or_default();
    let items: Vec<Value> = items
        .into_iter()
        .map(|mut item| {
            if let Value::Object(item) = &mut item {
                item.entry("image").or_insert(Value::Null);
            }
            item
        })
        .collect();
    let mut billing = order.map(|order| order.billing.clone()).unwrap_or_default();
    for name in BILLING.iter().chain(&["shipping_method"]) {
        billing.entry(*name).or_insert_with(|| json!(""));
    }
    let mut extras = intention.extras.clone();
    extras.insert("merchant_order_id".into(), json!(reference));
    json!({
        "payment_keys": payment_keys,
        "redirection_url": redirection_url,
        "intention_order_id": intention.order,
        "id": intention.id,
        "intention_detail": {
            "amount": amount, "items": items, "currency": currency, "billing_data": billing,
        },
        "client_secret": intention.client_secret,
        "payment_methods": methods,
        "special_reference": reference,
        "extras": { "creation_extras": extras, "confirmation_extras": null },
        "confirmed": false,
        "status": "intended",
        "created": naive(intention.created_at),
        "card_detail": null,
        "card_tokens": [],
        "object": "paymentintention",
    })
}

/// A saved card (sample 31).
pub fn token(saved: &SavedCard) -> Value {
    json!({
        "type": "TOKEN",
        "obj": {
            "id": saved.id,
            "token": saved.token,
            "masked_pan": format!("xxxx-xxxx-xxxx-{}", saved.card.last_4()),
            "merchant_id": MERCHANT_ID,
            "card_subtype": brand(&saved.card.number),
            "created_at": naive(saved.created_at),
            "email": saved.email,
            // A text here, a number everywhere else (§18).
            "order_id": saved.order.to_string(),
            "user_added": false,
            "next_payment_intention": saved.intention,
        },
    })
}

fn brand(number: &str) -> &'static str {
    if number.starts_with('4') { "Visa" } else { "MasterCard" }
}

/// The wrapped form of the provider's saved-token guide.
pub fn wrapped(state: &State, found: &Transaction) -> Value {
    json!({ "type": "TRANSACTION", "obj": transaction(state, found) })
}

/// A bare transaction (samples 20 to 30).
pub fn transaction(state: &State, found: &Transaction) -> Value {
    let (pan, kind, sub_type) = source(&found.source);
    let order = state.orders.get(&found.order);
    let is_child = found.kind != Kind::Payment;
    let is_done = found.stand == Stand::Succeeded;
    let paid = order.filter(|order| state.is_paid(order)).map_or(0, |order| order.amount);
    let mut shown = json!({
        "id": found.id,
        "pending": matches!(found.stand, Stand::Challenged | Stand::Pending),
        "amount_cents": found.amount,
        "success": is_done,
        "is_auth": found.is_auth,
        "is_capture": found.kind == Kind::Capture,
        "is_standalone_payment": !is_child,
        "is_voided": found.is_voided,
        "is_refunded": found.refunded > 0 && found.refunded >= taken(found),
        "is_3d_secure": found.is_three_d_secure,
        "integration_id": found.integration,
        "profile_id": MERCHANT_ID,
        "has_parent_transaction": is_child,
        "order": order.map(|order| order_of(order, paid)),
        "created_at": naive(found.created_at),
        "transaction_processed_callback_responses": [],
        "currency": found.currency,
    });
    let more = json!({
        "source_data": { "pan": pan, "type": kind, "tenure": null, "sub_type": sub_type },
        "api_source": if is_child { "OTHER" } else { "IFRAME" },
        "terminal_id": null,
        "merchant_commission": 0,
        "installment": null,
        "discount_details": [],
        "is_void": found.kind == Kind::Void,
        "is_refund": found.kind == Kind::Refund,
        "data": data(found),
        "is_hidden": false,
        "payment_key_claims": claims(state, found),
        "error_occured": found.stand == Stand::Failed && found.outcome.is_error,
        "is_live": false,
        "other_endpoint_reference": null,
        "refunded_amount_cents": found.refunded,
        "source_id": -1,
        "is_captured": found.captured > 0,
        "captured_amount": found.captured,
        "merchant_staff_tag": null,
        "updated_at": naive(found.updated_at),
        "is_settled": false,
        "bill_balanced": false,
        "is_bill": false,
        "owner": OWNER_ID,
        "parent_transaction": found.parent,
        "unique_ref": format!("{}_{}", found.integration, found.id),
    });
    if let (Value::Object(shown), Value::Object(more)) = (&mut shown, more) {
        shown.extend(more);
    }
    shown
}

fn taken(found: &Transaction) -> i64 {
    if found.is_auth { found.captured } else { found.amount }
}

fn source(source: &Source) -> (String, &'static str, &'static str) {
    match source {
        Source::Card(card) => (card.last_4().to_owned(), "card", brand(&card.number)),
        Source::Wallet(phone) => (phone.clone(), "wallet", "wallet"),
    }
}

/// The acquirer's detail. Amounts in here are in major units, or floats: a trap for the careless.
fn data(found: &Transaction) -> Value {
    let outcome = found.outcome;
    let is_open = matches!(found.stand, Stand::Challenged | Stand::Pending);
    let shown = |text: &'static str| if is_open { Value::Null } else { json!(text) };
    let message = match found.stand {
        Stand::Challenged => "Pending 3DS Authorization",
        Stand::Pending => "Pending",
        Stand::Succeeded | Stand::Failed => outcome.message,
    };
    let number = match &found.source {
        Source::Card(card) => format!("{}xxxxxx{}", card.first(6), card.last_4()),
        Source::Wallet(_) => String::new(),
    };
    let is_done = found.stand == Stand::Succeeded;
    // Hundredths stand for the major unit, as a float, in every currency of the samples but one.
    let major = found.amount as f64 / 100.0;
    json!({
        "gateway_integration_pk": found.integration,
        "klass": if matches!(found.source, Source::Wallet(_)) { "WalletPayment" } else { "MigsPayment" },
        "created_at": naive(found.created_at),
        "amount": found.amount as f64,
        "currency": found.currency,
        "migs_result": if is_done { "SUCCESS" } else { "FAILURE" },
        "txn_response_code": shown(outcome.code),
        "acq_response_code": shown(outcome.acquirer_code),
        "message": message,
        "merchant_txn_ref": found.id.to_string(),
        "order_info": found.order.to_string(),
        "receipt_no": "606109326441",
        "transaction_no": "123456789",
        "batch_no": 20_260_302,
        "authorize_id": is_done.then_some("326441"),
        "card_type": "MASTERCARD",
        "card_num": number,
        "secure_hash": "",
        "avs_result_code": "",
        "avs_acq_response_code": shown(outcome.acquirer_code),
        "captured_amount": if is_done { major } else { 0.0 },
        "authorised_amount": if is_done { major } else { 0.0 },
        "refunded_amount": 0,
        "acs_eci": if found.is_three_d_secure { "02" } else { "" },
    })
}

fn claims(state: &State, found: &Transaction) -> Value {
    let key = state.keys.get(&found.key);
    let intention = key.and_then(|key| state.intentions.get(key.intention.as_ref()?));
    let mut billing = key.map(|key| key.billing.clone()).unwrap_or_default();
    for name in BILLING.iter().chain(&["extra_description"]) {
        billing.entry(*name).or_insert_with(|| json!("NA"));
    }
    let mut shown = json!({
        "extra": intention.map(|intention| intention.extras.clone()).unwrap_or_default(),
        "user_id": OWNER_ID,
        "currency": found.currency,
        "order_id": found.order,
        "amount_cents": found.amount,
        "billing_data": billing,
        "integration_id": found.integration,
        "lock_order_when_paid": key.is_some_and(|key| key.locks_order),
        "single_payment_attempt": false,
    });
    if let Some(intention) = intention {
        shown["notification_url"] = json!(intention.notification_url);
        shown["redirection_url"] = json!(intention.redirection_url);
        shown["next_payment_intention"] = json!(intention.id);
    }
    shown
}

/// The flat form of `payments/pay`: flags as texts, dotted keys, the order as a number (samples 04, 05).
pub fn flat(state: &State, found: &Transaction, base_url: &str) -> Value {
    let whole = transaction(state, found);
    let mut shown = Map::new();
    for name in FLAT {
        let value = whole.get(*name).cloned().unwrap_or_default();
        let value = match value {
            Value::Bool(flag) => json!(flag.to_string()),
            other => other,
        };
        shown.insert((*name).to_owned(), value);
    }
    shown.insert("order".into(), json!(found.order));
    shown.insert("parent_transaction".into(), json!(""));
    let reference = state.orders.get(&found.order).and_then(|order| order.reference.clone());
    shown.insert("merchant_order_id".into(), json!(reference));
    shown.insert("data.message".into(), whole["data"]["message"].clone());
    for name in ["type", "pan", "sub_type"] {
        shown.insert(format!("source_data.{name}"), whole["source_data"][name].clone());
    }
    for name in ["acq_response_code", "txn_response_code"] {
        shown.insert(name.into(), whole["data"][name].clone());
    }
    shown.insert("hmac".into(), json!(callbacks::digest(&whole)));
    let is_challenged = found.stand == Stand::Challenged;
    let acs = challenge_url(base_url, found.id);
    let is_wallet = matches!(found.source, Source::Wallet(_));
    let own = state.keys.get(&found.key).and_then(|key| state.intentions.get(key.intention.as_ref()?));
    let own = own.and_then(|intention| intention.redirection_url.clone());
    let own = own.unwrap_or_else(|| "https://merchant.example.test/return".to_owned());
    shown.insert("use_redirection".into(), json!(is_challenged && !is_wallet));
    let to = if is_challenged && !is_wallet { acs.clone() } else { own };
    shown.insert("redirection_url".into(), json!(to));
    shown.insert("merchant_response".into(), json!(""));
    shown.insert("bypass_step_six".into(), json!(is_challenged && !is_wallet));
    if is_challenged && is_wallet {
        shown.insert("redirect_url".into(), json!(acs));
        shown.insert("iframe_redirection_url".into(), json!(acs));
    }
    Value::Object(shown)
}

/// The bank's page of a transaction.
pub fn challenge_url(base_url: &str, id: i64) -> String {
    format!("{base_url}/api/acceptance/mpgs_secure_callback/get_acs_page?token={id}")
}

const FLAT: &[&str] = &[
    "id",
    "pending",
    "amount_cents",
    "success",
    "is_auth",
    "is_capture",
    "is_standalone_payment",
    "is_voided",
    "is_refunded",
    "is_3d_secure",
    "integration_id",
    "profile_id",
    "has_parent_transaction",
    "created_at",
    "currency",
    "terminal_id",
    "merchant_commission",
    "installment",
    "is_void",
    "is_refund",
    "error_occured",
    "refunded_amount_cents",
    "captured_amount",
    "merchant_staff_tag",
    "updated_at",
    "owner",
];

/// The parameters that the browser brings back to the merchant (sample 41).
pub fn return_parameters(state: &State, found: &Transaction) -> Vec<(String, String)> {
    let whole = transaction(state, found);
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut shown: Vec<(String, String)> =
        FLAT.iter().map(|name| ((*name).to_owned(), text(&whole[*name]))).collect();
    let reference = &whole["order"]["merchant_order_id"];
    shown.push(("order".into(), found.order.to_string()));
    shown.push(("merchant_order_id".into(), text(reference)));
    shown.push(("data.message".into(), text(&whole["data"]["message"])));
    for name in ["type", "pan", "sub_type"] {
        shown.push((format!("source_data.{name}"), text(&whole["source_data"][name])));
    }
    for name in ["acq_response_code", "txn_response_code"] {
        shown.push((name.to_owned(), text(&whole["data"][name])));
    }
    shown.push(("hmac".into(), callbacks::digest(&whole)));
    shown
}
