//! A notice and an event of the usual size, to be committed by the thousand.

use std::collections::BTreeMap;

use aws_lc_rs::rand;
use jiff::Timestamp;

use super::document::{self, MERCHANT, TOLD_ACCOUNT};
use crate::domain::event::{About, Event, EventKind};
use crate::domain::ids::{AccountName, EventId, MerchantName, NoticeId, PaymentId};
use crate::domain::money::{Currency, Money};
use crate::domain::notice::{Call, Handles, Notice, NoticeProgress, NoticeStatus, Proof};
use crate::domain::order::CaptureMode;
use crate::domain::outcome::Trace;
use crate::domain::payment::{Payment, PaymentState};

/// The notice that [`document::notice_body`] is read as, under another number.
pub fn notice(number: u64, now: Timestamp) -> Notice {
    let session = format!("journal-{number}");
    Notice {
        id: NoticeId::mint(now, random()),
        account: AccountName(TOLD_ACCOUNT.to_owned()),
        key: session.clone(),
        received_at: now,
        kind: "PAYMENT.PROCESSING".to_owned(),
        about: Handles { session: Some(session.clone()), ..Handles::default() },
        proves: Proof::Hint,
        call: Call {
            method: "POST".to_owned(),
            url: format!("http://127.0.0.1/webhooks/{TOLD_ACCOUNT}"),
            headers: vec![
                ("x-api-key".to_owned(), document::NOTICE_KEY.to_owned()),
                ("accept".to_owned(), "*/*".to_owned()),
            ],
            body: document::notice_body(&session).into_bytes(),
        },
        progress: NoticeProgress {
            status: NoticeStatus::Waiting,
            payment: None,
            attempts: 0,
            next_at: Some(now),
        },
    }
}

/// A captured payment, as a charge of a stored card leaves one.
pub fn event(now: Timestamp) -> anyhow::Result<Event> {
    let id = PaymentId::mint(now, random());
    let payment = Payment {
        id,
        merchant: MerchantName(MERCHANT.to_owned()),
        account: AccountName(TOLD_ACCOUNT.to_owned()),
        merchant_reference: "order-77".to_owned(),
        reference: id.alphanumeric(),
        asked: Money::new(2_990_000, Currency::parse("IDR")?)?,
        capture: CaptureMode::Automatic,
        state: PaymentState::Captured,
        authorized: 2_990_000,
        captured_seen: 2_990_000,
        refunded_seen: 0,
        undone: false,
        trace: Trace::by_reference(id.alphanumeric()),
        token: None,
        session: None,
        occurrence: None,
        merchant_initiated: None,
        decline: None,
        failure: None,
        next_action: None,
        mismatch: None,
        card: None,
        network_transaction_id: Some("MCC0000001120".to_owned()),
        approval_code: Some("830001".to_owned()),
        customer: Some("customer-1".to_owned()),
        description: Some("Two books".to_owned()),
        descriptor: None,
        metadata: BTreeMap::from([("colour".to_owned(), "blue".to_owned())]),
        saved_tokens: Vec::new(),
        saved_awaited_until: None,
        movements: Vec::new(),
        follow_up: None,
        sent_at: Some(now),
        expires_at: None,
        request_id: "request-1".to_owned(),
        created_at: now,
        updated_at: now,
        version: 2,
        history_hash: [7; 32],
    };
    Ok(Event {
        id: EventId::mint(now, random()),
        merchant: MerchantName(MERCHANT.to_owned()),
        at: now,
        kind: EventKind::PaymentCaptured,
        about: About::Payment(Box::new(payment)),
    })
}

fn random() -> [u8; 10] {
    let mut bytes = [0; 10];
    // A machine without random bytes makes the same id twice, which the store refuses.
    let _ = rand::fill(&mut bytes);
    bytes
}
