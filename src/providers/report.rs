//! Outcomes and faults as one line of JSON for people and tests: `turnpike inspect reply` and the
//! golden files. Only public things are written: never a token's value, never a session's key.
//!
//! An outcome is compared with what was asked before it is written, as the engine does, so that a
//! report never shows a success that the engine would not believe.

use serde_json::{Map, Value, json};

use super::contract::{Effect, Fault};
use crate::domain::card::{CardSummary, SavedCard, TokenUses};
use crate::domain::outcome::{
    Asked, Decline, FailureReason, Mismatch, MovementReport, MovementStanding, NextAction, Outcome,
    PaymentReport, RetryAdvice, Seen, SeenTotals, SessionOpened, Standing, Trace,
};

/// An outcome. `asked` is what the operation asked for, to be compared with what was answered.
#[must_use]
pub fn outcome_json(outcome: &Outcome, asked: Option<&Asked>) -> Value {
    let fields = match outcome {
        Outcome::SessionOpened(opened) => session(opened),
        Outcome::Payment(report) => payment(report, asked),
        Outcome::Movement(report) => movement(report, asked),
        Outcome::SessionClosed => Fields::of("SESSION_CLOSED"),
        Outcome::TokenDeleted => Fields::of("TOKEN_DELETED"),
        Outcome::Absent => Fields::of("ABSENT"),
    };
    fields.value()
}

/// Saved cards by everything but their values.
#[must_use]
pub fn cards_json(cards: &[SavedCard]) -> Value {
    cards.iter().map(|saved| token(saved).value()).collect()
}

/// A fault. `effect` is that of the request that was answered, `None` when nothing was sent.
#[must_use]
pub fn fault_json(fault: &Fault, effect: Option<&Effect>) -> Value {
    let mut fields = Fields::default();
    fields.put("kind", Some(kind(fault)));
    fields.put("message", Some(fault.to_string()));
    match fault {
        Fault::Unsupported { what: _, instead } => fields.put("instead", Some(instead.as_str())),
        Fault::Invalid { field, problem: _ } => fields.put("field", Some(field.as_str())),
        Fault::Rejected { code, message } => {
            fields.put("code", code.as_deref());
            fields.put("message", Some(message.as_str()));
        }
        Fault::AmountOutOfBounds { problem: _, minimum_minor, maximum_minor } => {
            fields.put("field", Some("money.amount_minor"));
            fields.put("minimum_minor", *minimum_minor);
            fields.put("maximum_minor", *maximum_minor);
        }
        Fault::Throttled { after, code } => {
            fields.put("code", code.as_deref());
            fields.put("retry_after_seconds", after.map(|after| after.as_secs()));
        }
        Fault::Unauthorized { code } => fields.put("code", code.as_deref()),
        Fault::Unreachable | Fault::Silent { .. } | Fault::Unintelligible { .. } => {}
    }
    let moved = effect.is_some_and(|effect| fault.money_may_have_moved(effect));
    fields.put("money_may_have_moved", Some(moved));
    json!({ "fault": fields.value() })
}

fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unsupported { .. } => "unsupported",
        Fault::Invalid { .. } => "invalid",
        Fault::AmountOutOfBounds { .. } => "amount_out_of_bounds",
        Fault::Unauthorized { .. } => "unauthorized",
        Fault::Rejected { .. } => "rejected",
        Fault::Throttled { .. } => "throttled",
        Fault::Unreachable => "unreachable",
        Fault::Silent { .. } => "silent",
        Fault::Unintelligible { .. } => "unintelligible",
    }
}

/// An object whose absent parts are left out.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn of(status: &str) -> Self {
        let mut fields = Self::default();
        fields.put("status", Some(status));
        fields
    }

    fn put<V: Into<Value>>(&mut self, name: &str, value: Option<V>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
    }

    fn put_all(&mut self, name: &str, values: Vec<Value>) {
        self.put(name, (!values.is_empty()).then_some(values));
    }

    fn group(&mut self, name: &str, group: Self) {
        self.put(name, (!group.0.is_empty()).then_some(group.0));
    }

    fn value(self) -> Value {
        Value::Object(self.0)
    }
}

fn session(opened: &SessionOpened) -> Fields {
    let mut fields = Fields::of("SESSION_OPENED");
    fields.group("next_action", next_action(&opened.next_action));
    fields.put("expires_at", opened.expires_at.map(|time| time.to_string()));
    fields.group("trace", trace(&opened.trace));
    fields
}

fn payment(report: &PaymentReport, asked: Option<&Asked>) -> Fields {
    let mismatch = asked.and_then(|asked| mismatch(asked, &report.seen, report.totals));
    let mut fields = Fields::of(match &mismatch {
        Some(_) => "QUARANTINED",
        None => status(report),
    });
    match &report.standing {
        Standing::ActionRequired(action) => fields.group("next_action", next_action(action)),
        Standing::Declined(decline) => fields.group("decline", declined(decline)),
        Standing::Failed(failure) => {
            fields.put("reason", Some(failure_word(failure.reason)));
            fields.put("provider_code", failure.provider_code.as_deref());
            fields.put("provider_message", failure.provider_message.as_deref());
        }
        Standing::Open
        | Standing::Processing
        | Standing::Authorized
        | Standing::Captured
        | Standing::Verified
        | Standing::Voided
        | Standing::Cancelled
        | Standing::Expired => {}
    }
    put_seen(&mut fields, &report.seen, report.totals);
    fields.group("card", report.card.as_ref().map(card).unwrap_or_default());
    fields.put_all("tokens", report.saved.iter().map(|saved| token(saved).value()).collect());
    fields.put("network_transaction_id", report.network_transaction_id.as_deref());
    fields.put("approval_code", report.approval_code.as_deref());
    // Each movement of a payment has an amount of its own, so there is nothing to compare it with.
    let movements = report.movements.iter().map(|report| movement(report, None).value());
    fields.put_all("movements", movements.collect());
    fields.group("trace", trace(&report.trace));
    put_mismatch(&mut fields, mismatch);
    fields
}

fn movement(report: &MovementReport, asked: Option<&Asked>) -> Fields {
    let mismatch = asked.and_then(|asked| asked.compare(&report.seen).err());
    let mut fields = Fields::of(match (&mismatch, &report.standing) {
        (Some(_), _) => "QUARANTINED",
        (None, MovementStanding::Pending) => "PENDING",
        (None, MovementStanding::Succeeded) => "SUCCEEDED",
        (None, MovementStanding::Failed(_)) => "FAILED",
    });
    if let MovementStanding::Failed(decline) = &report.standing {
        fields.group("decline", declined(decline));
    }
    put_seen(&mut fields, &report.seen, report.totals);
    fields.put("provider_id", report.provider_id.as_deref());
    put_mismatch(&mut fields, mismatch);
    fields
}

/// The first thing that differs from what was asked. A total beyond it is as wrong as another amount.
fn mismatch(asked: &Asked, seen: &Seen, totals: SeenTotals) -> Option<Mismatch> {
    let beyond = [totals.authorized, totals.captured, totals.refunded]
        .into_iter()
        .flatten()
        .find(|total| *total > asked.money.minor())
        .map(|total| Mismatch {
            what: "amount",
            asked: asked.money.minor().to_string(),
            seen: total.to_string(),
        });
    asked.compare(seen).err().or(beyond)
}

fn put_mismatch(fields: &mut Fields, mismatch: Option<Mismatch>) {
    let told =
        mismatch.map(|Mismatch { what, asked, seen }| json!({ "what": what, "asked": asked, "seen": seen }));
    fields.put("mismatch", told);
}

fn put_seen(fields: &mut Fields, seen: &Seen, totals: SeenTotals) {
    fields.put("amount_minor", seen.money.map(|money| money.minor()));
    fields.put("currency", seen.money.map(|money| money.currency().to_string()));
    fields.put("reference", seen.reference.as_deref());
    let mut group = Fields::default();
    group.put("authorized", totals.authorized);
    group.put("captured", totals.captured);
    group.put("refunded", totals.refunded);
    fields.group("totals", group);
}

/// The status as a caller would see it: money that went back shows in the totals.
fn status(report: &PaymentReport) -> &'static str {
    let SeenTotals { authorized: _, captured, refunded } = report.totals;
    match &report.standing {
        Standing::Open => "OPEN",
        Standing::ActionRequired(_) => "REQUIRES_ACTION",
        Standing::Processing => "PROCESSING",
        Standing::Authorized => "AUTHORIZED",
        Standing::Captured => match (captured, refunded) {
            (_, None | Some(0)) => "CAPTURED",
            (Some(captured), Some(refunded)) if refunded >= captured => "REFUNDED",
            (_, Some(_)) => "PARTIALLY_REFUNDED",
        },
        Standing::Verified => "VERIFIED",
        Standing::Declined(_) => "DECLINED",
        Standing::Failed(_) => "FAILED",
        Standing::Voided => "VOIDED",
        Standing::Cancelled => "CANCELLED",
        Standing::Expired => "EXPIRED",
    }
}

fn declined(decline: &Decline) -> Fields {
    let mut fields = Fields::default();
    fields.put("reason", Some(decline.reason.word()));
    fields.put(
        "advice",
        Some(match decline.advice {
            RetryAdvice::Never => "NEVER",
            RetryAdvice::Later => "LATER",
            RetryAdvice::WithCustomer => "WITH_CUSTOMER",
            RetryAdvice::CorrectData => "CORRECT_DATA",
        }),
    );
    fields.put("retry_after", decline.retry_after.map(|time| time.to_string()));
    fields.put("provider_code", decline.provider_code.as_deref());
    fields.put("provider_message", decline.provider_message.as_deref());
    fields.put("network_code", decline.network_code.as_deref());
    fields.put("network_advice", decline.network_advice.as_deref());
    fields
}

fn failure_word(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::Rejected => "rejected",
        FailureReason::CredentialsRejected => "credentials_rejected",
        FailureReason::NotSent => "not_sent",
        FailureReason::NotFound => "not_found",
        FailureReason::ProviderError => "provider_error",
        FailureReason::Unsupported => "unsupported",
    }
}

fn card(card: &CardSummary) -> Fields {
    let mut fields = Fields::default();
    fields.put("brand", card.brand.as_deref());
    fields.put("last_four", card.last_four.as_deref());
    fields.put("bin", card.bin.as_deref());
    fields.put("expiry_month", card.expiry_month);
    fields.put("expiry_year", card.expiry_year);
    fields.put("funding", card.funding.as_deref());
    fields.put("issuer_country", card.issuer_country.as_deref());
    fields.put("fingerprint", card.fingerprint.as_deref());
    let mut group = Fields::default();
    if let Some(authentication) = &card.authentication {
        group.put("status", authentication.status.as_deref());
        group.put("eci", authentication.eci.as_deref());
        group.put("version", authentication.version.as_deref());
    }
    fields.group("authentication", group);
    fields
}

/// A saved card by everything but its values.
fn token(saved: &SavedCard) -> Fields {
    let mut fields = Fields::default();
    fields.put("product", saved.token.product.as_deref());
    fields.put("kinds", Some(saved.token.values.keys().cloned().collect::<Vec<_>>()));
    fields.put("handle", saved.token.handle.as_deref());
    fields.put("last_four", saved.card.last_four.as_deref());
    fields.put("brand", saved.card.brand.as_deref());
    let expiry = saved.card.expiry_year.zip(saved.card.expiry_month);
    fields.put("expiry", expiry.map(|(year, month)| format!("{year:04}-{month:02}")));
    let TokenUses { customer_present, recurring, unscheduled } = saved.uses;
    let uses =
        [("customer_present", customer_present), ("recurring", recurring), ("unscheduled", unscheduled)];
    fields.put(
        "uses",
        Some(uses.iter().filter(|(_, is_on)| *is_on).map(|(use_, _)| *use_).collect::<Vec<_>>()),
    );
    fields
}

fn next_action(action: &NextAction) -> Fields {
    let mut fields = Fields::default();
    match action {
        NextAction::Redirect { url } => {
            fields.put("kind", Some("redirect"));
            fields.put("url", Some(url.as_str()));
        }
        NextAction::CollectCard { public_key, key_id, algorithm, expires_at } => {
            fields.put("kind", Some("collect_card"));
            fields.put("public_key", Some(public_key.as_str()));
            fields.put("key_id", key_id.as_deref());
            fields.put("algorithm", Some(algorithm.as_str()));
            fields.put("expires_at", expires_at.map(|time| time.to_string()));
        }
        NextAction::Instructions { details } => {
            fields.put("kind", Some("instructions"));
            fields.put("details", Some(json!(details)));
        }
    }
    fields
}

/// The public ids. A session's key opens the session and is left out.
fn trace(trace: &Trace) -> Fields {
    let mut fields = Fields::default();
    fields.put("reference", (!trace.reference.is_empty()).then_some(trace.reference.as_str()));
    fields.put("session", trace.session.as_deref());
    fields.put("transaction", trace.transaction.as_deref());
    fields.put("order", trace.order.as_deref());
    fields.put("customer", trace.customer.as_deref());
    fields.group("more", Fields(trace.more.iter().map(|(name, id)| (name.clone(), json!(id))).collect()));
    fields
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::card::StoredToken;
    use crate::domain::money::{Currency, Money};
    use crate::domain::secret::Secret;

    fn nok(minor: i64) -> Money {
        Money::new(minor, Currency::parse("NOK").expect("NOK")).expect("money")
    }

    #[test]
    fn totals_decide_between_captured_and_refunded() {
        let told = |refunded| {
            let mut report = PaymentReport::new(Standing::Captured);
            report.totals = SeenTotals { authorized: Some(100), captured: Some(100), refunded };
            outcome_json(&Outcome::Payment(report), None)["status"].clone()
        };
        assert_eq!(told(None), "CAPTURED");
        assert_eq!(told(Some(0)), "CAPTURED");
        assert_eq!(told(Some(99)), "PARTIALLY_REFUNDED");
        assert_eq!(told(Some(100)), "REFUNDED");
    }

    #[test]
    fn what_was_not_asked_for_is_no_success() {
        let asked = Asked { money: nok(100), reference: "pay1".to_owned() };
        let mut report = PaymentReport::new(Standing::Captured);
        report.seen.money = Some(nok(101));
        let told = outcome_json(&Outcome::Payment(report), Some(&asked));
        assert_eq!(told["status"], "QUARANTINED");
        assert_eq!(told["mismatch"], json!({ "what": "amount", "asked": "100", "seen": "101" }));
    }

    #[test]
    fn secrets_are_left_out() {
        let mut report = PaymentReport::new(Standing::Verified);
        report.trace.session_key = Some(Secret::from("canary-key"));
        report.saved.push(SavedCard {
            token: StoredToken {
                values: BTreeMap::from([("token".to_owned(), Secret::from("canary-token"))]),
                handle: Some("handle".to_owned()),
                ..StoredToken::default()
            },
            card: CardSummary::default(),
            uses: TokenUses { recurring: true, ..TokenUses::default() },
        });
        let told = outcome_json(&Outcome::Payment(report), None);
        assert!(!told.to_string().contains("canary"), "{told}");
        assert_eq!(
            told["tokens"][0],
            json!({ "kinds": ["token"], "handle": "handle", "uses": ["recurring"] })
        );
    }
}
