//! Payments and what moved within them.

use jiff::Timestamp;

use super::{Malformed, Stored, is_default};
use crate::domain::card::{CardSummary, MerchantReason};
use crate::domain::ids::*;
use crate::domain::money::Money;
use crate::domain::occurrence::OccurrenceTry;
use crate::domain::order::{CaptureMode, LinePart, Metadata, Options};
use crate::domain::outcome::{Decline, Failure, Mismatch, NextAction, Trace};
use crate::domain::payment::*;

record!(Payment => PaymentRecord {
    id: PaymentId,
    merchant: MerchantName,
    account: AccountName,
    merchant_reference: String,
    reference: String,
    asked: Money,
    capture: CaptureMode,
    state: PaymentState,
    request_id: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
} optional {
    authorized: i64,
    captured_seen: i64,
    refunded_seen: i64,
    trace: Trace,
    token: Option<TokenId>,
    session: Option<SessionId>,
    occurrence: Option<OccurrenceTry>,
    merchant_initiated: Option<MerchantReason>,
    decline: Option<Decline>,
    failure: Option<Failure>,
    next_action: Option<NextAction>,
    mismatch: Option<Mismatch>,
    card: Option<CardSummary>,
    network_transaction_id: Option<String>,
    approval_code: Option<String>,
    customer: Option<String>,
    description: Option<String>,
    descriptor: Option<String>,
    metadata: Metadata,
    saved_tokens: Vec<TokenId>,
    saved_awaited_until: Option<Timestamp>,
    undone: bool,
    movements: Vec<MovementRecord>,
    follow_up: Option<FollowUp>,
    sent_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    history_hash: [u8; 32],
});

record!(MovementRecord => MovementForm {
    id: MovementId,
    amount: Money,
    status: MovementStatus,
    before: (i64, i64),
    request_id: String,
    created_at: Timestamp,
    updated_at: Timestamp,
} optional {
    provider_id: Option<String>,
    decline: Option<Decline>,
    failure: Option<Failure>,
    reason: Option<String>,
    reason_word: Option<String>,
    of_capture: Option<CaptureId>,
    metadata: Metadata,
    final_capture: bool,
    lines: Vec<LinePart>,
    options: Options,
    sent_at: Option<Timestamp>,
});

record!(FollowUp => FollowUpForm {
    since: Timestamp,
    inquiries: u32,
    next_at: Timestamp,
} optional {
    last_at: Option<Timestamp>,
});

own_words!(PaymentState MovementStatus);

impl Stored for MovementId {
    type Form = String;

    fn write(self) -> String {
        self.to_string()
    }

    fn read(form: String) -> Result<Self, Malformed> {
        Self::parse(&form).ok_or(Malformed)
    }
}
