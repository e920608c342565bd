//! What the account shows: sessions, charges, customers and refunds as the samples have them (§9).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cards;
use super::state::{Charge, Customer, Refund, Session, State};
use crate::simulator::card::Card;

/// Nine digits of a second, as most samples print times.
fn time(at: Timestamp) -> String {
    format!("{at:.9}")
}

fn money(rupiah: i64) -> Value {
    json!({ "value": rupiah, "currency": "IDR" })
}

/// A session.
pub fn session(state: &State, session: &Session, base: &str) -> Value {
    let charges: Vec<Value> = session.charges.iter().map(|one| charge(session, one)).collect();
    let customer = state.customers.get(&session.customer);
    let mut shown = json!({
        "id": session.id,
        "clientReferenceId": session.reference,
        "amount": money(session.amount),
        "autoConfirm": session.auto_confirm,
        "mode": session.mode,
        "redirectUrl": session.redirect_url,
        "paymentType": "SINGLE",
        "paymentMethod": method(session),
        "statementDescriptor": session.descriptor,
        "saveForFutureUse": session.save,
        "showSavedPayment": session.show_saved,
        "expirationMode": session.expiration_mode,
        "status": session.status.word(),
        "investigationStatus": null,
        "createdAt": time(session.created_at),
        "updatedAt": time(session.updated_at),
        "expiryAt": format!("{:.0}", session.expires_at),
        "chargeDetails": if charges.is_empty() { Value::Null } else { Value::Array(charges) },
        "customerId": session.customer,
        "customer": customer.map(|customer| customer.details.clone()),
        "metadata": session.metadata,
        "bypassStatusPage": session.bypass,
    });
    if let Some(key) = &session.public_key {
        shown["encryptionKey"] = json!(key);
    }
    if let Some(url) = session.url(base) {
        shown["paymentUrl"] = json!(url);
    }
    if let Some((at, reason)) = &session.cancelled {
        shown["cancelledAt"] = json!(time(*at));
        shown["cancellationReason"] = json!(reason);
    }
    shown
}

/// The method, secrets as the provider echoes them: token and ciphertext in full, the CVC never.
fn method(session: &Session) -> Value {
    let Some(kind) = &session.method else { return Value::Null };
    match &session.card_echo {
        Some((token, encrypted)) => {
            json!({ "type": kind, "card": { "token": token, "encryptedCard": encrypted, "cvc": "" } })
        }
        None => json!({ "type": kind }),
    }
}

/// A charge.
pub fn charge(session: &Session, charge: &Charge) -> Value {
    let mut shown = json!({
        "id": charge.id,
        "paymentSessionId": session.id,
        "paymentSessionClientReferenceId": session.reference,
        "amount": money(session.amount),
        "statementDescriptor": session.descriptor,
        "status": charge.status.word(),
        "authorizedAmount": charge.authorized.map(money),
        "capturedAmount": charge.captured.map(money),
        "isCaptured": charge.captured.is_some(),
        "createdAt": time(charge.created_at),
        "updatedAt": time(charge.updated_at),
        "paidAt": charge.paid_at.map(|at| format!("{at:.0}")),
    });
    if let Some((card, fingerprint)) = &charge.card {
        shown["card"] = charged_card(session, charge, card, fingerprint);
    }
    if let Some(channel) = &charge.wallet {
        shown["ewallet"] = json!({ "channel": channel });
    }
    match session.method.as_deref() {
        Some("QR") => {
            shown["qr"] = json!({
                "acquirer": "BNC",
                "qrContent": format!("00020101021226EXAMPLE5303360540{}5802ID6304ABCD", session.amount),
                "qrUrl": "https://qr.example/img/simulated.png",
                "qrType": "DYNAMIC",
                "retrievalReferenceNumber": "",
                "issuerName": "",
                "expiryAt": format!("{:.0}", session.expires_at),
                "merchantName": session.descriptor,
            });
        }
        Some("VIRTUAL_ACCOUNT") => {
            shown["virtualAccount"] = json!({
                "channel": session.channel.as_deref().unwrap_or("BRI"),
                "virtualAccountNumber": "1234500000000002",
                "virtualAccountName": session.descriptor,
                "expiryAt": format!("{:.0}", session.expires_at),
            });
        }
        _ => {}
    }
    if charge.issuer.is_some() {
        shown["fdsRiskAssessment"] = json!({
            "score": "0",
            "level": "very low",
            "recommendation": "Approve",
            "status": "PASSED",
            "evaluatedAt": time(charge.updated_at),
        });
    }
    match &charge.failure {
        Some(failure) => {
            shown["failureCode"] = json!(failure.code);
            shown["failureMessage"] = json!(failure.message);
            if !failure.recommendation.is_empty() {
                shown["recommendation"] = json!(failure.recommendation);
            }
        }
        None if charge.issuer.is_some() => shown["captureHistories"] = captures(charge),
        None => {}
    }
    shown
}

fn charged_card(session: &Session, charge: &Charge, card: &Card, fingerprint: &str) -> Value {
    let mut shown = face(card);
    shown["fingerprint"] = json!(fingerprint);
    shown["binInformations"] = json!({
        "type": "CREDIT",
        "issuingBank": "BANK CONTOH",
        "brand": cards::brand(card),
        "country": "ID",
    });
    let (result, method, eci) = charge.authentication.unwrap_or_default();
    shown["authenticationResult"] = json!({
        "threeDsVersion": "2.2.0",
        "threeDsResult": result,
        "threeDsMethod": method,
        "eciCode": eci,
    });
    shown["authorizationResult"] = match charge.issuer {
        Some(code) => json!({
            "acquirerReferenceNumber": "100000001",
            "retrievalReferenceNumber": "TRXCC00000000000001",
            "stan": "000101",
            "avsResult": "",
            "cvvResult": "MATCHED",
            "authorizedAmount": money(session.amount),
            "issuerAuthorizationCode": code,
        }),
        None => Value::Null,
    };
    shown
}

fn face(card: &Card) -> Value {
    json!({
        "first6": card.first(6),
        "first8": card.first(8),
        "last4": card.last_4(),
        "expMonth": format!("{:02}", card.expiry_month),
        "expYear": format!("{:02}", card.expiry_year % 100),
    })
}

fn captures(charge: &Charge) -> Value {
    let listed = charge.captures.iter().map(|capture| {
        json!({
            "captureId": capture.id,
            "currency": "IDR",
            "capturedAmount": capture.amount,
            "status": capture.status,
            "createdAt": time(capture.created_at),
        })
    });
    if charge.captures.is_empty() { Value::Null } else { listed.collect() }
}

/// A customer with what is stored and shown by now.
pub fn customer(customer: &Customer, now: Timestamp) -> Value {
    let mut shown = customer.details.clone();
    let stored: Vec<Value> = customer
        .stored
        .iter()
        .filter(|stored| stored.shown_at <= now)
        .map(|stored| {
            let mut entry = json!({
                "token": stored.token,
                "paymentMethod": if stored.card.is_some() { "CARD" } else { "ewallet" },
                "paymentChannel": stored.channel,
                "status": "ACTIVE",
                "createdAt": time(stored.created_at),
            });
            if let Some((card, fingerprint)) = &stored.card {
                let holder = card.holder.clone().unwrap_or_default();
                let (first, last) = holder.split_once(' ').unwrap_or((&holder, ""));
                let mut shown = face(card);
                shown["fingerprint"] = json!(fingerprint);
                shown["network"] = json!(cards::brand(card));
                shown["cardHolderFirstName"] = json!(first);
                shown["cardHolderLastName"] = json!(last);
                entry["card"] = shown;
            }
            entry
        })
        .collect();
    shown["storedPaymentMethods"] = if stored.is_empty() { Value::Null } else { Value::Array(stored) };
    shown
}

/// A refund: amounts are texts with two decimals here.
pub fn refund(refund: &Refund) -> Value {
    let money = |rupiah: i64| json!({ "currency": "IDR", "value": format!("{rupiah}.00") });
    let mut shown = json!({
        "id": refund.id,
        "clientReferenceId": refund.reference,
        "paymentSessionId": refund.session,
        "chargeId": refund.charge,
        "capturedAmount": money(refund.captured),
        "isFullAmount": refund.is_full,
        "amount": money(refund.amount),
        "status": refund.status,
        "reason": refund.reason,
        "description": refund.description,
        "method": refund.method,
        "transferDestination": refund.destination,
        "metadata": refund.metadata,
        "createdAt": time(refund.created_at),
        "updatedAt": time(refund.updated_at),
    });
    if let Some(kind) = refund.destination_type {
        shown["destinationType"] = json!(kind);
    }
    shown
}
