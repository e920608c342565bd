//! What golden files have in common: reading an operation, a reply and settings from JSON. A key
//! that nobody reads is a mistake in the file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use turnpike::domain::card::{
    EncryptedCard, FirstPayment, Initiator, Means, MerchantReason, PlainCard, StoredToken, Unscheduled,
};
use turnpike::domain::money::{Currency, Money};
use turnpike::domain::order::{
    CaptureMode, LineKind, LinePart, OptionValue, Options, OrderLine, Purpose, SessionMode,
};
use turnpike::domain::outcome::{Asked, SeenTotals, Trace};
use turnpike::domain::secret::Secret;
use turnpike::providers::contract::{Earlier, Operation, OperationKind, Reply};
use turnpike::providers::sample::{self, Overrides, TraceId};
use turnpike::providers::settings::Setting;

/// The card number of stories that send a card in clear: a canary that is only digits.
pub const CARD_NUMBER: &str = "4012888888881881";
/// The CVC of stories that send one.
pub const CVC: &str = "canary-cvc";

/// An object whose every key has to be read.
struct Object<'a> {
    fields: &'a Map<String, Value>,
    read: BTreeSet<&'a str>,
}

impl<'a> Object<'a> {
    fn new(value: &'a Value) -> Self {
        Self { fields: value.as_object().expect("an object"), read: BTreeSet::new() }
    }

    fn get(&mut self, name: &'a str) -> Option<&'a Value> {
        self.read.insert(name);
        self.fields.get(name)
    }

    fn text(&mut self, name: &'a str) -> Option<&'a str> {
        self.get(name).map(|value| value.as_str().unwrap_or_else(|| panic!("{name} is a text")))
    }

    fn owned(&mut self, name: &'a str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    fn integer(&mut self, name: &'a str) -> Option<i64> {
        self.get(name).map(|value| value.as_i64().unwrap_or_else(|| panic!("{name} is a whole number")))
    }

    fn flag(&mut self, name: &'a str) -> Option<bool> {
        self.get(name).map(|value| value.as_bool().unwrap_or_else(|| panic!("{name} is true or false")))
    }

    fn list(&mut self, name: &'a str) -> &'a [Value] {
        self.get(name).map_or(&[], |value| value.as_array().unwrap_or_else(|| panic!("{name} is a list")))
    }

    fn finish(self) {
        let unread: Vec<&String> =
            self.fields.keys().filter(|name| !self.read.contains(name.as_str())).collect();
        assert!(unread.is_empty(), "the file has keys that nobody reads: {unread:?}");
    }
}

/// What an operation asks for.
pub fn asked(value: &Value) -> Asked {
    let mut fields = Object::new(value);
    let currency = Currency::parse(fields.text("currency").expect("currency")).expect("an ISO currency");
    let minor = fields.integer("amount_minor").expect("amount_minor");
    let reference = fields.owned("reference").expect("reference");
    fields.finish();
    Asked { money: Money::new(minor, currency).expect("an amount"), reference }
}

/// An operation and what it asks for, from `{ "kind", "asked", … }`; the rest overrides the sample.
pub fn operation(value: &Value, now: Timestamp) -> (Operation, Asked) {
    let mut fields = Object::new(value);
    let kind = fields.text("kind").expect("kind");
    let kind = OperationKind::from_name(kind).unwrap_or_else(|| panic!("{kind} is no operation"));
    let asked = asked(fields.get("asked").expect("asked"));
    let overrides = overrides(&mut fields, asked.money.currency());
    fields.finish();
    (sample::operation(kind, &asked, &overrides, now), asked)
}

fn overrides(fields: &mut Object<'_>, currency: Currency) -> Overrides {
    let money = |minor| Money::new(minor, currency).expect("an amount");
    Overrides {
        purpose: fields.text("purpose").map(|word| match word {
            "pay" => Purpose::Pay,
            "pay_and_save" => Purpose::PayAndSave,
            "save" => Purpose::Save,
            "use_saved" => Purpose::UseSaved,
            _ => panic!("{word} is no purpose"),
        }),
        mode: fields.text("mode").map(|word| match word {
            "redirect" => SessionMode::Redirect,
            "api" => SessionMode::Api,
            _ => panic!("{word} is no mode"),
        }),
        capture: fields.text("capture").map(|word| match word {
            "automatic" => CaptureMode::Automatic,
            "manual" => CaptureMode::Manual,
            _ => panic!("{word} is no way to capture"),
        }),
        initiator: fields.text("initiator").map(initiator),
        token: Some(fields.get("token").map_or_else(|| token(&canary_token()), token)),
        trace: fields.get("trace").map_or_else(Trace::default, trace),
        unknown: fields.list("unknown").iter().map(trace_id).collect(),
        customer_present: fields.flag("customer_present"),
        means: {
            let prefix = fields.text("ciphertext_prefix").unwrap_or_default();
            fields.text("means").map(|word| means(word, prefix))
        },
        payment_money: fields.integer("payment_minor").map(money),
        before: fields.get("before").map(totals),
        captures: fields.get("captures").map(|_| {
            let captures = fields.list("captures").iter();
            captures.map(|value| earlier(value, money)).collect()
        }),
        final_capture: fields.flag("final_capture").unwrap_or(false),
        movement_lines: fields.list("movement_lines").iter().map(line_part).collect(),
        reason: fields.owned("reason"),
        movement: fields.text("movement").map(|word| OperationKind::from_name(word).expect("a movement")),
        movement_provider_id: fields.owned("movement_provider_id"),
        sent_before: fields.integer("sent_before_seconds").map(SignedDuration::from_secs),
        lines: fields.list("lines").iter().map(line).collect(),
        session_open: fields.integer("session_open_seconds").map(SignedDuration::from_secs),
        notify_url: fields.owned("notify_url"),
        options: fields.get("options").map(options).unwrap_or_default(),
    }
}

/// A stored card whose values are canaries.
fn canary_token() -> Value {
    serde_json::json!({
        "product": "payex.creditcard",
        "values": {
            "payment_token": "canary-payment-token",
            "recurrence_token": "canary-recurrence-token",
            "token": "canary-token",
        },
    })
}

fn initiator(word: &str) -> Initiator {
    let merchant = |reason| Initiator::Merchant { reason, first: FirstPayment::default() };
    match word {
        "customer" => Initiator::Customer { cvc: None },
        "customer_with_cvc" => Initiator::Customer { cvc: Some(Secret::from(CVC)) },
        "recurring" => merchant(MerchantReason::Recurring),
        "unscheduled" => merchant(MerchantReason::Unscheduled(Unscheduled::Other)),
        "installment" => merchant(MerchantReason::Installment),
        _ => panic!("{word} starts no charge"),
    }
}

/// How a session is finished. Some providers know their ciphertexts by a prefix.
fn means(word: &str, prefix: &str) -> Means {
    let encrypted = |name: &str| (name.to_owned(), Secret::new(format!("{prefix}canary-encrypted-{name}")));
    match word {
        "encrypted" => Means::Encrypted(EncryptedCard {
            fields: ["number", "cvc", "expiry_month", "expiry_year"].map(encrypted).into(),
            key_id: None,
            holder: Some("Kari Nordmann".to_owned()),
        }),
        "encrypted_blob" => {
            Means::Encrypted(EncryptedCard { fields: [encrypted("card")].into(), key_id: None, holder: None })
        }
        "plain" => Means::Plain(PlainCard {
            number: Secret::from(CARD_NUMBER),
            expiry_month: 12,
            expiry_year: 2031,
            cvc: Some(Secret::from(CVC)),
            holder: Some("Kari Nordmann".to_owned()),
        }),
        "saved" => Means::Saved { token: token(&canary_token()), cvc: Some(Secret::from(CVC)) },
        _ => panic!("{word} is no means"),
    }
}

fn token(value: &Value) -> StoredToken {
    let mut fields = Object::new(value);
    let values = fields.get("values").and_then(Value::as_object).expect("values");
    let secret = |value: &Value| Secret::from(value.as_str().expect("a text"));
    let token = StoredToken {
        product: fields.owned("product"),
        values: values.iter().map(|(kind, value)| (kind.clone(), secret(value))).collect(),
        handle: fields.owned("handle"),
        customer: fields.owned("customer"),
        original: fields.owned("original"),
        original_currency: fields
            .text("original_currency")
            .map(|code| Currency::parse(code).expect("an ISO currency")),
        network_transaction_id: fields.owned("network_transaction_id"),
    };
    fields.finish();
    token
}

fn trace(value: &Value) -> Trace {
    let mut fields = Object::new(value);
    let more = fields.get("more").and_then(Value::as_object);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let trace = Trace {
        reference: String::new(),
        session: fields.owned("session"),
        session_key: fields.text("session_key").map(Secret::from),
        transaction: fields.owned("transaction"),
        order: fields.owned("order"),
        customer: fields.owned("customer"),
        more: more.into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect(),
    };
    fields.finish();
    trace
}

fn trace_id(value: &Value) -> TraceId {
    match value.as_str() {
        Some("session") => TraceId::Session,
        Some("transaction") => TraceId::Transaction,
        _ => panic!("{value} is no id of a trace"),
    }
}

fn totals(value: &Value) -> SeenTotals {
    let mut fields = Object::new(value);
    let totals = SeenTotals {
        authorized: fields.integer("authorized"),
        captured: fields.integer("captured"),
        refunded: fields.integer("refunded"),
    };
    fields.finish();
    totals
}

fn earlier(value: &Value, money: impl Fn(i64) -> Money) -> Earlier {
    let mut fields = Object::new(value);
    let earlier = Earlier {
        provider_id: fields.owned("provider_id"),
        amount: money(fields.integer("amount_minor").expect("amount_minor")),
        refunded: money(fields.integer("refunded_minor").unwrap_or(0)),
    };
    fields.finish();
    earlier
}

fn line_part(value: &Value) -> LinePart {
    let mut fields = Object::new(value);
    let part = LinePart {
        id: fields.owned("id").expect("id"),
        quantity: fields.owned("quantity").expect("quantity"),
        amount_minor: fields.integer("amount_minor").expect("amount_minor"),
    };
    fields.finish();
    part
}

fn line(value: &Value) -> OrderLine {
    let mut fields = Object::new(value);
    let line = OrderLine {
        id: fields.owned("id").expect("id"),
        sku: fields.owned("sku"),
        name: fields.owned("name").expect("name"),
        description: None,
        quantity: fields.owned("quantity").expect("quantity"),
        amount_minor: fields.integer("amount_minor").expect("amount_minor"),
        unit_minor: fields.integer("unit_minor"),
        tax_minor: fields.integer("tax_minor").unwrap_or(0),
        tax_basis_points: fields
            .integer("tax_basis_points")
            .map_or(0, |points| points.try_into().expect("points")),
        kind: match fields.text("kind") {
            None => LineKind::Physical,
            Some("shipping") => LineKind::Shipping,
            Some("discount") => LineKind::Discount,
            Some(word) => panic!("{word} is no kind of line"),
        },
        category: fields.owned("category"),
        subcategory: fields.owned("subcategory"),
        image_url: None,
    };
    fields.finish();
    line
}

fn options(value: &Value) -> Options {
    let mut fields = Object::new(value);
    let provider = fields.owned("provider").expect("provider");
    let values = fields.get("values").and_then(Value::as_object).expect("values");
    let values = values.iter().map(|(name, value)| (name.clone(), option(value))).collect();
    fields.finish();
    Options { provider, values }
}

fn option(value: &Value) -> OptionValue {
    match value {
        Value::Bool(flag) => OptionValue::Flag(*flag),
        Value::Number(number) => OptionValue::Integer(number.as_i64().expect("a whole number")),
        Value::String(text) => OptionValue::Text(text.clone()),
        Value::Array(items) => OptionValue::List(items.iter().map(option).collect()),
        Value::Object(fields) => {
            OptionValue::Group(fields.iter().map(|(name, value)| (name.clone(), option(value))).collect())
        }
        Value::Null => panic!("an option is set or absent"),
    }
}

/// Settings that replace the provider's example, as texts, whole numbers, flags and lists.
pub fn settings(value: Option<&Value>) -> BTreeMap<String, Setting> {
    let read = |value: &Value| match value {
        Value::Bool(flag) => Setting::Flag(*flag),
        Value::Number(number) => Setting::Integer(number.as_i64().expect("a whole number")),
        Value::String(text) => Setting::Text(text.clone()),
        Value::Array(items) => {
            Setting::List(items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect())
        }
        Value::Null | Value::Object(_) => panic!("{value} is no setting"),
    };
    let fields = value.and_then(Value::as_object);
    fields.into_iter().flatten().map(|(name, value)| (name.clone(), read(value))).collect()
}

/// A reply, from `{ "status", "headers", "body" or "raw_body" }`.
pub fn reply(value: &Value) -> Reply {
    let mut fields = Object::new(value);
    let status = fields.integer("status").expect("status").try_into().expect("a status");
    let headers = fields.get("headers").and_then(Value::as_object);
    let header = |(name, value): (&String, &Value)| {
        (name.to_ascii_lowercase(), value.as_str().expect("a text").to_owned())
    };
    let headers = headers.into_iter().flatten().map(header).collect();
    let body = match (fields.get("body"), fields.text("raw_body")) {
        (Some(body), None) => body.to_string().into_bytes(),
        (None, Some(raw)) => raw.as_bytes().to_vec(),
        (None, None) => Vec::new(),
        (Some(_), Some(_)) => panic!("a reply has one body"),
    };
    fields.finish();
    Reply { status, headers, body }
}
