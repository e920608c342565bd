//! Transactions and checkouts as the API shows them, in both body versions (§4.1, §5.2, §5.6).

use aws_lc_rs::digest;
use serde_json::{Map, Value, json};

use super::Behaviour;
use super::answers::Version;
use super::state::{Bank, Checkout, Kind, SavedCard, State, Status, Transaction};
use crate::simulator::card::Card;
use crate::simulator::clock::iso;
use crate::simulator::contract::Backstage;
use crate::simulator::entropy::hex;

const CUSTOMER_FIELDS: &[&str] = &["ip", "email", "device_id", "birth_date", "external_id"];

const ADDRESS_FIELDS: &[&str] =
    &["first_name", "last_name", "address", "country", "city", "zip", "state", "phone"];

/// The acquirer account behind both shops.
const GATEWAY_ID: u32 = 7_412;

/// A transaction as the answer to a request: wrapped, or flat in version 3.
pub fn transaction(
    behaviour: &Behaviour,
    backstage: &Backstage,
    found: &Transaction,
    version: Version,
) -> Value {
    match version {
        Version::Three => flat(behaviour, backstage, found),
        Version::Two | Version::Unstated => {
            json!({ "transaction": unwrapped(behaviour, backstage, found) })
        }
    }
}

/// A transaction in version 2, without its wrapper.
pub fn unwrapped(behaviour: &Behaviour, backstage: &Backstage, found: &Transaction) -> Value {
    let mut shown = if found.kind.is_child() { child(backstage, found) } else { parent(backstage, found) };
    if !behaviour.omits_codes {
        shown["code"] = json!(code_word(found));
        shown["friendly_message"] = json!(friendly(found));
    }
    shown
}

/// `S`, `F` or `P`, a dot and the digits (§8.3).
fn code_word(found: &Transaction) -> String {
    let letter = match found.status {
        Status::Successful => 'S',
        Status::Failed | Status::Expired => 'F',
        Status::Incomplete | Status::Pending => 'P',
    };
    format!("{letter}.{:04}", found.code)
}

/// What may be shown to the customer.
fn friendly(found: &Transaction) -> String {
    match (found.status, &found.message) {
        (Status::Successful, _) => "The transaction is successfully processed.".into(),
        (Status::Incomplete, _) if found.wants_redirect => "Redirect to pass 3-D Secure verification.".into(),
        (Status::Incomplete | Status::Pending, _) => "Incomplete transaction".into(),
        (Status::Failed | Status::Expired, Some(message)) => message.clone(),
        (Status::Failed | Status::Expired, None) => "Failed to complete the transaction.".into(),
    }
}

fn receipt_url(backstage: &Backstage, found: &Transaction) -> String {
    let (base, uid, receipt) = (backstage.base_url(), &found.uid, &found.receipt);
    format!("{base}/customer/transactions/{uid}/{receipt}")
}

fn redirect_url(backstage: &Backstage, found: &Transaction) -> Value {
    match found.wants_redirect {
        true => json!(format!("{}/process/{}", backstage.base_url(), found.uid)),
        false => Value::Null,
    }
}

/// What both kinds of transaction have in version 2.
fn common(found: &Transaction) -> Value {
    json!({
        "uid": found.uid,
        "id": found.uid,
        "status": found.status.word(),
        "type": found.kind.word(),
        "amount": found.amount,
        "currency": found.currency,
        "message": found.message,
        "test": true,
        "created_at": iso(found.created_at),
        "updated_at": iso(found.updated_at),
        "paid_at": found.paid_at.map(iso),
        "closed_at": null,
        "settled_at": null,
        "manually_corrected_at": null,
    })
}

/// Samples 10 to 17, 31, 32, 46, 52.
fn parent(backstage: &Backstage, found: &Transaction) -> Value {
    let mut shown = common(found);
    let receipt_url = format!("{}?language={}", receipt_url(backstage, found), found.language);
    let more = json!({
        "description": found.description,
        "payment_method_type": "credit_card",
        "tracking_id": found.tracking_id,
        "expired_at": found.expired_at.map(iso),
        "recurring_type": found.recurring,
        "language": found.language,
        "credit_card": found.card.as_ref().map(|card| card_section(card, found.token.as_deref())),
        "receipt_url": receipt_url,
        "status_code": found.wants_redirect.then_some(21),
        "version": 4,
        "psp_settled_at": null,
        "additional_data": { "contract": found.contract },
        "redirect_url": redirect_url(backstage, found),
        "smart_routing_verification": { "status": "successful" },
        "avs_cvc_verification": avs_cvc(found),
        "customer": fields(&found.customer, CUSTOMER_FIELDS),
        "billing_address": fields(&found.billing_address, ADDRESS_FIELDS),
    });
    extend(&mut shown, more);
    if let Some(bank) = &found.bank {
        shown[found.kind.word()] = bank_section(found, bank);
    }
    if let Some(secure) = &found.secure {
        shown["three_d_secure_verification"] = secure.clone();
    }
    shown
}

/// Samples 34, 37, 39, 40.
fn child(backstage: &Backstage, found: &Transaction) -> Value {
    let mut shown = common(found);
    shown["parent_uid"] = json!(found.parent_uid);
    shown["receipt_url"] = json!(receipt_url(backstage, found));
    let bank = found.bank.as_ref();
    shown[found.kind.word()] = json!({
        "message": bank.and_then(|bank| bank.message.as_ref()),
        "ref_id": bank.and_then(|bank| bank.ref_id.as_ref()),
        "rrn": null,
        "auth_code": null,
        "gateway_id": GATEWAY_ID,
        "status": found.status.word(),
    });
    if let Some(reason) = &found.reason {
        shown["reason"] = json!(reason);
    }
    shown
}

/// Version 3 (samples 20 to 22).
fn flat(behaviour: &Behaviour, backstage: &Backstage, found: &Transaction) -> Value {
    let mut shown = unwrapped(behaviour, backstage, found);
    let mut customer = fields(&found.customer, CUSTOMER_FIELDS);
    extend(&mut customer, fields(&found.billing_address, ADDRESS_FIELDS));
    let contract = &found.contract;
    let bank = shown[found.kind.word()].take();
    let mut card = shown["credit_card"].take();
    if let Value::Object(card) = &mut card {
        // The longer prefix is new in some installations' version 2 and here alike.
        card.insert("payment_method_type".into(), json!("credit_card"));
    }
    if let Value::Object(members) = &mut shown {
        let gone = [
            found.kind.word(),
            "id",
            "credit_card",
            "payment_method_type",
            "receipt_url",
            "version",
            "psp_settled_at",
            "billing_address",
            "avs_cvc_verification",
        ];
        for name in gone {
            members.remove(name);
        }
    }
    shown["links"] = json!({ "receipt_url": receipt_url(backstage, found) });
    if !bank.is_null() {
        shown["transaction"] = bank;
    }
    if found.kind.is_child() {
        return shown;
    }
    shown["payment_method"] = card;
    shown["customer"] = customer;
    shown["additional_data"] = match contract.is_empty() {
        true => json!({}),
        false => json!({ "contract": contract }),
    };
    if found.wants_redirect && shown.get("code").is_some() {
        // Version 3 has the general code where version 2 has the precise one (samples 12, 21).
        shown["code"] = json!("P.9998");
        shown["friendly_message"] = json!("Incomplete transaction");
    }
    shown
}

fn bank_section(found: &Transaction, bank: &Bank) -> Value {
    json!({
        "auth_code": bank.auth_code,
        "bank_code": bank.bank_code,
        "rrn": bank.rrn,
        "ref_id": bank.ref_id,
        "message": bank.message,
        "amount": found.amount,
        "currency": found.currency,
        "billing_descriptor": "SIMULATOR SHOP",
        "gateway_id": GATEWAY_ID,
        "status": found.status.word(),
    })
}

fn avs_cvc(found: &Transaction) -> Value {
    json!({
        "avs_verification": { "result_code": found.avs_result.to_string() },
        "cvc_verification": { "result_code": found.cvc_result.to_string() },
    })
}

fn card_section(card: &Card, token: Option<&str>) -> Value {
    json!({
        "holder": card.holder,
        "stamp": stamp(card),
        "brand": brand(card),
        "last_4": card.last_4(),
        "first_1": card.first(1),
        "bin": card.first(6),
        "bin_8": card.first(8),
        "issuer_country": "LT",
        "issuer_name": "Demo Issuer",
        "product": "F",
        "exp_month": card.expiry_month,
        "exp_year": card.expiry_year,
        "token_provider": null,
        "token": token,
    })
}

/// A stored card (sample 54).
pub fn saved_card(saved: &SavedCard) -> Value {
    let mut shown = card_section(&saved.card, Some(&saved.token));
    if let Value::Object(members) = &mut shown {
        members.remove("bin_8");
        members.remove("token_provider");
    }
    shown
}

/// A stable fingerprint of the card (§5.2).
fn stamp(card: &Card) -> String {
    let salted = format!("simulator-stamp:{}", card.number);
    hex(digest::digest(&digest::SHA256, salted.as_bytes()).as_ref())
}

fn brand(card: &Card) -> &'static str {
    if card.number.starts_with('4') { "visa" } else { "master" }
}

/// The named members, null where absent.
fn fields(from: &Map<String, Value>, names: &[&str]) -> Value {
    let field = |name: &&str| ((*name).to_owned(), from.get(*name).cloned().unwrap_or_default());
    Value::Object(names.iter().map(field).collect())
}

fn extend(shown: &mut Value, more: Value) {
    if let (Value::Object(shown), Value::Object(more)) = (shown, more) {
        shown.extend(more);
    }
}

/// A checkout as `GET /ctp/api/checkouts/{token}` shows it (samples 04 to 07), unwrapped.
pub fn checkout(state: &State, backstage: &Backstage, checkout: &Checkout) -> Value {
    let last = checkout.transaction.as_ref();
    let last = last.and_then(|uid| state.transactions.get(uid));
    let (status, message) = match (last, checkout.is_expired) {
        (_, true) => (json!("error"), json!("Token is expired.")),
        (Some(last), false) => (json!(last.status.word()), json!(last.message)),
        (None, false) => (Value::Null, Value::Null),
    };
    let mut order = json!({
        "currency": checkout.currency,
        "amount": checkout.amount,
        "description": checkout.description,
        "additional_data": { "contract": checkout.contract },
        "expired_at": iso(checkout.expired_at),
    });
    if let Some(tracking_id) = &checkout.tracking_id {
        order["tracking_id"] = json!(tracking_id);
    }
    let customer = [
        "first_name",
        "last_name",
        "address",
        "city",
        "country",
        "state",
        "phone",
        "zip",
        "email",
        "external_id",
    ];
    json!({
        "token": checkout.token,
        "shop_id": checkout.shop.id,
        "transaction_type": checkout.transaction_type,
        "gateway_response": last.map(|last| gateway_response(backstage, last)),
        "order": order,
        "settings": settings(checkout),
        "customer": fields(&checkout.customer, &customer),
        "finished": checkout.is_finished,
        "expired": checkout.is_expired,
        "shop": {
            "id": checkout.shop.id.to_string(),
            "name": "Simulator shop",
            "country": "LT",
            "url": "https://shop.example",
            "brands": ["visa", "master"],
        },
        "test": true,
        "status": status,
        "message": message,
        "payment_method": payment_method(checkout),
    })
}

/// One object keyed by the transaction's type (sample 05).
fn gateway_response(backstage: &Backstage, last: &Transaction) -> Value {
    let mut section = match &last.bank {
        Some(bank) => bank_section(last, bank),
        None => json!({
            "message": last.message,
            "amount": last.amount,
            "currency": last.currency,
            "status": last.status.word(),
        }),
    };
    section["uid"] = json!(last.uid);
    section["type"] = json!(last.kind.word());
    section["updated_at"] = json!(iso(last.updated_at));
    section["redirect_url"] = json!(format!("{}/process/{}", backstage.base_url(), last.uid));
    section["receipt_url"] = json!(receipt_url(backstage, last));
    if last.kind == Kind::Tokenization
        && let Some(card) = &last.card
    {
        section["credit_card"] = card_section(card, last.token.as_deref());
    }
    json!({ last.kind.word(): section })
}

fn settings(checkout: &Checkout) -> Value {
    let mut settings = json!({
        "success_url": null,
        "fail_url": null,
        "decline_url": null,
        "notification_url": null,
        "verification_url": null,
        "cancel_url": null,
        "return_url": null,
        "language": "en",
        "auto_return": 0,
        "auto_pay": false,
        "widget_version": 2,
    });
    extend(&mut settings, Value::Object(checkout.settings.clone()));
    settings
}

fn payment_method(checkout: &Checkout) -> Value {
    let list = |name: &str| checkout.payment_method.get(name).cloned();
    json!({
        "types": list("types").unwrap_or_else(|| json!(["credit_card"])),
        "excluded_types": list("excluded_types").unwrap_or_else(|| json!([])),
        "data": {},
    })
}
