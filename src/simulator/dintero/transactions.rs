//! Reading transactions: one by id, many by filter (§3, §7).

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State as Shared};
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Dintero;
use super::answers::{Answer, Reply, not_found, rule};
use super::checks::{self, Problems};
use super::state::{Event, State, TokenKind, Transaction, text};
use crate::simulator::card::Card;
use crate::simulator::clock::{iso, later};

/// A page of a list has this many entries unless asked otherwise; at most [`PAGE_MAX`].
pub const PAGE_DEFAULT: usize = 10;

/// The most entries a page can have.
pub const PAGE_MAX: usize = 100;

/// The parameters of a query, in order; keys may repeat.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes a query string.
    pub fn new(query: Option<String>) -> Parameters {
        let query = query.unwrap_or_default();
        Parameters(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The first value of a parameter.
    pub fn first(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = move |(key, _): &&(String, String)| key == name;
        self.0.iter().filter(same).map(|(_, value)| value.as_str())
    }

    /// `limit`, from 1 to [`PAGE_MAX`].
    pub fn limit(&self) -> Result<usize, Reply> {
        match self.first("limit").map(str::parse::<usize>) {
            None => Ok(PAGE_DEFAULT),
            Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
            Some(_) => Err(rule("limit must be between 1 and 100")),
        }
    }
}

/// `GET /transactions/{id}`.
pub async fn read(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    dintero.admit(&headers)?;
    let mut state = dintero.state();
    let pending = state.transaction(&id).and_then(|found| found.pending.as_ref());
    if pending.is_some_and(|pending| pending.on_next_read) {
        state.complete(&dintero.backstage, &id);
    }
    let Some(transaction) = state.transaction(&id) else {
        return Err(not_found("Transaction not found"));
    };
    let parameters = Parameters::new(query);
    let includes: Vec<&str> = parameters.all("includes").collect();
    Ok(Reply::ok(state.shown(transaction, &includes)))
}

/// `PUT /transactions/{id}`: sets `merchant_reference_2` and nothing else.
pub async fn update(
    Shared(dintero): Shared<Arc<Dintero>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    dintero.admit(&headers)?;
    let body = checks::object(&body)?;
    let mut problems = Problems::default();
    let reference = problems.required_text(&body, &["merchant_reference_2"]);
    let reference = reference.map(str::to_owned);
    problems.refuse()?;
    let now = dintero.now();
    let mut state = dintero.state();
    let Some(transaction) = state.transactions.get_mut(&id) else {
        return Err(not_found("Transaction not found"));
    };
    transaction.reference_2 = reference;
    transaction.updated_at = now;
    Ok(Reply::ok(state.shown_transaction(&id)))
}

/// `GET /transactions`: a bare array, newest first.
pub async fn list(
    Shared(dintero): Shared<Arc<Dintero>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    dintero.admit(&headers)?;
    let parameters = Parameters::new(query);
    let limit = parameters.limit()?;
    let filter = Filter::new(&parameters)?;
    let now = dintero.now();
    let state = dintero.state();
    let delay_ms = state.behaviour.search_delay_ms;
    let is_indexed = |found: &&Transaction| later(found.created_at, delay_ms) <= now;
    let found = state.candidates(&parameters);
    let found = found.into_iter().filter(is_indexed).filter(|found| filter.passes(found, &state));
    let found: Vec<Value> = match parameters.first("starting_after") {
        None => found.take(limit).map(|found| state.shown(found, &[])).collect(),
        Some(last) => found
            .skip_while(|found| found.id != last)
            .skip(1)
            .take(limit)
            .map(|found| state.shown(found, &[]))
            .collect(),
    };
    Ok(Reply::ok(Value::from(found)))
}

impl State {
    /// The transactions a search has to look at, newest first: few where an index helps.
    fn candidates(&self, parameters: &Parameters) -> Vec<&Transaction> {
        let by_id = |id: &String| self.transaction(id);
        if let Some(id) = parameters.first("id") {
            return self.transaction(id).into_iter().collect();
        }
        if let Some(session_id) = parameters.first("session_id") {
            let session = self.sessions.get(session_id);
            let id = session.and_then(|session| session.transaction_id.as_ref());
            return id.and_then(by_id).into_iter().collect();
        }
        if parameters.first("merchant_reference").is_some() {
            let references = parameters.all("merchant_reference");
            let ids = references.flat_map(|reference| self.transactions_by_reference.ids(reference));
            let mut found: Vec<&Transaction> = ids.filter_map(by_id).collect();
            found.sort_by_key(|found| std::cmp::Reverse(found.created_at));
            return found;
        }
        self.transactions.newest_first().collect()
    }

    /// A transaction by id, without any of its tokens.
    pub fn shown_transaction(&self, id: &str) -> Value {
        let found = self.transaction(id);
        found.map_or(Value::Null, |transaction| self.shown(transaction, &[]))
    }

    /// A transaction as the API shows it (samples 20 to 44); `includes` as in the query.
    pub fn shown(&self, transaction: &Transaction, includes: &[&str]) -> Value {
        let product = transaction.product_type.split('.').next().unwrap_or_default();
        let only_successes = includes.contains(&"events.success.true");
        let events = (1..).zip(&transaction.events);
        let events = events.filter(|(_, event)| event.success || !only_successes);
        let mut shown = json!({
            "id": transaction.id,
            "session_id": transaction.session_id,
            "status": transaction.status.word(),
            "amount": transaction.amount,
            "currency": transaction.currency,
            "payment_product": product,
            "payment_product_type": transaction.product_type,
            "merchant_reference": transaction.reference,
            "channel": "ecommerce",
            "settlement_status": "NOT_SETTLED",
            "customer": transaction.customer,
            "items": transaction.lines,
            "url": transaction.url,
            "metadata": transaction.metadata,
            "events": events.map(shown_event).collect::<Vec<_>>(),
            "created_at": iso(transaction.created_at),
            "updated_at": iso(transaction.updated_at),
        });
        if let Some(reference) = &transaction.reference_2 {
            shown["merchant_reference_2"] = json!(reference);
        }
        if let Some(ip) = transaction.customer_ip {
            shown["customer_ip"] = json!(ip);
        }
        if let Some(operation) = &transaction.operation {
            shown["payment_operation"] = json!(operation);
        }
        if let Some(card) = &transaction.card {
            shown["card"] = self.shown_card(transaction, card, includes);
        }
        let session = self.sessions.get(&transaction.session_id);
        if let Some(session) = session
            && includes.contains(&"session")
        {
            shown["session"] = session.shown(&self.tokens);
        }
        shown
    }

    /// The card, with the ids of its tokens, and their values where asked for (§5).
    fn shown_card(&self, transaction: &Transaction, card: &Card, includes: &[&str]) -> Value {
        let is_visa = card.number.starts_with('4');
        let mut shown = json!({
            "brand": if is_visa { "Visa" } else { "Mastercard" },
            "masked_pan": card.masked(),
            "expiry_date": format!("{:02}/{}", card.expiry_month, card.expiry_year),
            "type": "Credit",
            "region": "domestic",
            "country": "NOR",
            "product_platform": "consumer",
            "authentication_status": "Y",
            "three_ds_version": "2",
            "eci": if is_visa { "05" } else { "02" },
        });
        if transaction.trick() == Some(super::outcomes::Trick::Attempted) {
            shown["authentication_status"] = json!("A");
            shown["eci"] = json!(if is_visa { "06" } else { "01" });
        }
        for value in &transaction.tokens {
            let Some(token) = self.tokens.get(value) else {
                continue;
            };
            let key = token.kind.key();
            shown[format!("{key}_id")] = json!(token.id);
            let wanted = match token.kind {
                TokenKind::Payment => "card.payment_token",
                TokenKind::Recurrence => "card.recurrence_token",
            };
            if includes.contains(&wanted) && token.deleted.is_none() {
                shown[key] = json!(token.value);
            }
        }
        if let Some(consent) = transaction.consent {
            shown["card_holder_tokenization_consent"] = json!(consent);
        }
        shown
    }
}

fn shown_event((id, event): (usize, &Event)) -> Value {
    let mut shown = json!({
        "id": id.to_string(),
        "event": event.name,
        "transaction_status": event.status.word(),
        "success": event.success,
        "created_at": iso(event.created_at),
        "request_id": event.request_id,
    });
    if let Some(amount) = event.amount {
        shown["amount"] = json!(amount);
    }
    let texts = [
        ("event_reference", event.reference.as_deref()),
        ("created_by", event.created_by),
        ("correlation_request_id", event.correlation_request_id.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            shown[name] = json!(text);
        }
    }
    let values = [
        ("items", &event.items),
        ("metadata", &event.metadata),
        ("error", &event.error),
        ("correction", &event.correction),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            shown[name] = value.clone();
        }
    }
    shown
}

/// The conditions of a search; an absent one is always met (§3).
struct Filter<'a> {
    parameters: &'a Parameters,
    amount: [Option<i64>; 3],
    times: Vec<(&'static str, bool, Timestamp)>,
}

impl<'a> Filter<'a> {
    fn new(parameters: &'a Parameters) -> Result<Filter<'a>, Reply> {
        let amount = |name: &str| {
            let given = parameters.first(name).map(str::parse::<i64>);
            given.transpose().map_err(|_| rule(&format!("{name} must be an integer")))
        };
        let mut times = Vec::new();
        for name in ["created_at", "captured_at", "refunded_at"] {
            for (suffix, is_lower) in [("gte", true), ("lte", false)] {
                let key = format!("{name}.{suffix}");
                if let Some(given) = parameters.first(&key) {
                    let time = given.parse();
                    let time = time.map_err(|_| rule(&format!("{key} must be a date-time")))?;
                    times.push((name, is_lower, time));
                }
            }
        }
        Ok(Filter {
            parameters,
            amount: [amount("amount")?, amount("amount.gte")?, amount("amount.lte")?],
            times,
        })
    }

    fn passes(&self, found: &Transaction, state: &State) -> bool {
        let product = found.product_type.split('.').next();
        let customer_id = text(&found.customer, "customer_id");
        let [amount, amount_min, amount_max] = self.amount;
        self.one_of("id", Some(&found.id))
            && self.one_of("session_id", Some(&found.session_id))
            && self.one_of("merchant_reference", Some(&found.reference))
            && self.one_of("merchant_reference_2", found.reference_2.as_deref())
            && self.one_of("status", Some(found.status.word()))
            && self.one_of("payment_product", product)
            && self.one_of("payment_product_type", Some(&found.product_type))
            && self.one_of("payment_operation", found.operation.as_deref())
            && self.one_of("currency", Some(&found.currency))
            && self.one_of("customer_id", customer_id)
            && self.has_token(found, state)
            && self.is_found_by_search(found)
            && amount.is_none_or(|amount| amount == found.amount)
            && amount_min.is_none_or(|amount| amount <= found.amount)
            && amount_max.is_none_or(|amount| amount >= found.amount)
            && self.times.iter().all(|(name, is_lower, time)| {
                let at = happened(found, name);
                at.is_some_and(|at| if *is_lower { at >= *time } else { at <= *time })
            })
    }

    fn one_of(&self, name: &str, actual: Option<&str>) -> bool {
        let mut wanted = self.parameters.all(name).peekable();
        wanted.peek().is_none() || wanted.any(|wanted| Some(wanted) == actual)
    }

    fn has_token(&self, found: &Transaction, state: &State) -> bool {
        let Some(wanted) = self.parameters.first("token_id") else {
            return true;
        };
        let mut tokens = found.tokens.iter().filter_map(|value| state.tokens.get(value));
        tokens.any(|token| token.id == wanted)
    }

    fn is_found_by_search(&self, found: &Transaction) -> bool {
        let Some(wanted) = self.parameters.first("search") else {
            return true;
        };
        let own = [Some(&found.id), Some(&found.session_id), Some(&found.reference)];
        let own = own.into_iter().flatten().chain(&found.reference_2);
        own.into_iter().any(|text| text.contains(wanted))
    }
}

/// When something last happened to a transaction.
fn happened(found: &Transaction, what: &str) -> Option<Timestamp> {
    let event = match what {
        "captured_at" => "CAPTURE",
        "refunded_at" => "REFUND",
        _ => return Some(found.created_at),
    };
    let mut events = found.events.iter().rev();
    events.find(|line| line.success && line.name == event).map(|line| line.created_at)
}
