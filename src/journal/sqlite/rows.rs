//! Entries as rows: everything that can be done before the writer gets them is done here, on the
//! caller's own thread, so that the one writer only binds and steps.

use jiff::Timestamp;

use super::deliveries::OutboxRows;
use super::events::{DeclineRow, EventRow};
use super::notices::{self, HandleRow, NoticeRow, ProgressRow};
use super::occurrences::OccurrenceRow;
use super::recurring::Recurring;
use super::schedules::{ScheduleRow, TickRow};
use crate::domain::card::{Token, TokenStatus};
use crate::domain::ids::{EventId, Fingerprint, IdempotencyKey, PaymentId, ScheduleId, SessionId, TokenId};
use crate::domain::payment::{MovementId, MovementStatus, Payment, PaymentState};
use crate::domain::session::Session;
use crate::journal::batch::Weigh;
use crate::journal::history;
use crate::journal::records::{self, Malformed, Stored};
use crate::journal::seal::{Hashes, Keys, Table, Unsealed};
use crate::journal::seam::{Claim, Entry, Subject};

/// Room for notes of one version of a payment in the sequence of all its notes.
pub(super) const NOTES_PER_VERSION: u64 = 1 << 16;

/// An entry, ready to be written.
pub(super) struct Rows {
    pub(super) claim: Option<ClaimRow>,
    pub(super) release: Option<IdempotencyKey>,
    pub(super) session: Option<SessionRow>,
    pub(super) payment: Option<PaymentRow>,
    pub(super) tokens: Vec<TokenRow>,
    /// Which tokens were used, and when.
    pub(super) used: Vec<([u8; 16], i64)>,
    /// Notes of the payment, and the hash of its story with them.
    pub(super) notes: Option<(String, [u8; 32])>,
    pub(super) recurring: Recurring,
    pub(super) notices: Vec<NoticeRow>,
    /// How far notices have come.
    pub(super) heard: Vec<([u8; 16], ProgressRow)>,
    pub(super) outbox: OutboxRows,
}

pub(super) struct ClaimRow {
    pub(super) key: IdempotencyKey,
    pub(super) fingerprint: [u8; 32],
    pub(super) subject: String,
    pub(super) at: i64,
}

pub(super) struct SessionRow {
    pub(super) id: [u8; 16],
    pub(super) record: Vec<u8>,
}

pub(super) struct PaymentRow {
    pub(super) id: [u8; 16],
    pub(super) merchant: String,
    pub(super) account: String,
    pub(super) merchant_reference: String,
    pub(super) token: Option<[u8; 16]>,
    pub(super) session: Option<[u8; 16]>,
    pub(super) customer: Option<String>,
    pub(super) created_at: i64,
    pub(super) state: &'static str,
    pub(super) next_at: Option<i64>,
    pub(super) unfinished: Option<bool>,
    /// The version at which it was read.
    pub(super) version: i64,
    pub(super) record: Vec<u8>,
    pub(super) handles: Vec<HandleRow>,
}

pub(super) struct TokenRow {
    pub(super) id: [u8; 16],
    pub(super) merchant: String,
    pub(super) account: String,
    pub(super) customer: Option<String>,
    pub(super) status: String,
    /// Under every key, the current one first; empty when deleted.
    pub(super) digests: Vec<[u8; 32]>,
    /// The version at which it was read.
    pub(super) version: i64,
    pub(super) record: Vec<u8>,
}

impl Rows {
    pub(super) fn of(entry: Entry, keys: &Keys, hashes: &Hashes) -> Result<Self, Unsealed> {
        let Entry {
            claim,
            release,
            session,
            payment,
            tokens,
            used,
            history,
            schedules,
            ticks,
            occurrences,
            ended,
            declines,
            events,
            notices,
            heard,
            outbox,
        } = entry;
        debug_assert!(history.is_empty() || payment.is_some(), "notes belong to the entry's payment");
        debug_assert!((history.len() as u64) < NOTES_PER_VERSION, "too many notes in one entry");
        let notes = payment.as_ref().filter(|_| !history.is_empty()).map(|payment| {
            let text = records::encode_notes(&history);
            let hash = history::link(payment, &text);
            (text, hash)
        });
        let hash = notes.as_ref().map(|(_, hash)| *hash);
        Ok(Self {
            claim: claim.map(ClaimRow::of),
            release,
            session: session.map(|session| SessionRow::of(*session, keys)).transpose()?,
            payment: payment.map(|payment| PaymentRow::of(*payment, hash, keys, hashes)).transpose()?,
            tokens: tokens.into_iter().map(|token| TokenRow::of(token, keys)).collect::<Result<_, _>>()?,
            used: used.into_iter().map(|(token, at)| (token.to_bytes(), nanoseconds(at))).collect(),
            notes,
            recurring: Recurring {
                schedules: schedules
                    .into_iter()
                    .map(|schedule| ScheduleRow::of(schedule, keys))
                    .collect::<Result<_, _>>()?,
                ticks: ticks.into_iter().map(TickRow::of).collect(),
                occurrences: occurrences.into_iter().map(OccurrenceRow::of).collect(),
                ended: ended.into_iter().map(ScheduleId::to_bytes).collect(),
                declines: declines.into_iter().map(|decline| DeclineRow::of(&decline, hashes)).collect(),
                events: events
                    .into_iter()
                    .map(|event| EventRow::of(event, keys))
                    .collect::<Result<_, _>>()?,
            },
            notices: notices
                .into_iter()
                .map(|notice| NoticeRow::of(notice, keys, hashes))
                .collect::<Result<_, _>>()?,
            heard: heard.iter().map(|(id, progress)| (id.to_bytes(), ProgressRow::of(progress))).collect(),
            outbox: OutboxRows::of(outbox),
        })
    }
}

impl Weigh for Rows {
    fn weight(&self) -> usize {
        let Self {
            claim: _,
            release: _,
            session,
            payment,
            tokens,
            used: _,
            notes,
            recurring,
            notices,
            heard: _,
            outbox,
        } = self;
        // What is not counted is small and bounded.
        256 + session.as_ref().map_or(0, |row| row.record.len())
            + payment.as_ref().map_or(0, |row| row.record.len())
            + tokens.iter().map(|row| row.record.len()).sum::<usize>()
            + notes.as_ref().map_or(0, |(text, _)| text.len())
            + notices.iter().map(|row| 256 + row.record.len()).sum::<usize>()
            + outbox.weight()
            + recurring.weight()
    }
}

impl ClaimRow {
    fn of(claim: Claim) -> Self {
        let Claim { key, fingerprint, subject, at } = claim;
        Self { key, fingerprint: fingerprint.0, subject: write_subject(subject), at: nanoseconds(at) }
    }
}

impl SessionRow {
    fn of(session: Session, keys: &Keys) -> Result<Self, Unsealed> {
        let id = session.id.to_bytes();
        let record = keys.seal(Table::Sessions, id, |out| records::encode(session, out))?;
        Ok(Self { id, record })
    }
}

impl PaymentRow {
    fn of(
        mut payment: Payment,
        history_hash: Option<[u8; 32]>,
        keys: &Keys,
        hashes: &Hashes,
    ) -> Result<Self, Unsealed> {
        let (id, version) = (payment.id.to_bytes(), number(payment.version));
        // What is read back has the version, and the end of its story, that it has then.
        payment.written(history_hash.unwrap_or(payment.history_hash));
        Ok(Self {
            id,
            merchant: payment.merchant.0.clone(),
            account: payment.account.0.clone(),
            merchant_reference: payment.merchant_reference.clone(),
            token: payment.token.map(TokenId::to_bytes),
            session: payment.session.map(SessionId::to_bytes),
            customer: payment.customer.clone(),
            created_at: nanoseconds(payment.created_at),
            state: payment.state.word(),
            next_at: payment.follow_up.map(|follow_up| nanoseconds(follow_up.next_at)),
            unfinished: is_unfinished(&payment).then_some(true),
            version,
            handles: notices::handles(&payment, hashes),
            record: keys.seal(Table::Payments, id, |out| records::encode(payment, out))?,
        })
    }
}

impl TokenRow {
    fn of(mut token: Token, keys: &Keys) -> Result<Self, Unsealed> {
        let (id, version) = (token.id.to_bytes(), number(token.version));
        token.version += 1;
        // It has a column of its own.
        token.last_used_at = None;
        Ok(Self {
            id,
            merchant: token.merchant.0.clone(),
            account: token.account.0.clone(),
            customer: token.customer.clone(),
            status: token.status.write().into_owned(),
            digests: match token.status {
                TokenStatus::Active | TokenStatus::Unusable => {
                    keys.digests(&token.merchant, &token.account, &token.stored)
                }
                TokenStatus::Deleted => Vec::new(),
            },
            version,
            record: keys.seal(Table::Tokens, id, |out| records::encode(token, out))?,
        })
    }
}

/// Whether a process that dies now leaves something behind that must be looked at: a payment or
/// movement that was recorded or permitted and not concluded. A session that was recorded but not
/// yet opened at its provider is such a payment as well.
fn is_unfinished(payment: &Payment) -> bool {
    let own = match payment.state {
        PaymentState::Created | PaymentState::Submitted => true,
        PaymentState::RequiresAction
        | PaymentState::Processing
        | PaymentState::Unresolved
        | PaymentState::Expired
        | PaymentState::Failed
        | PaymentState::Declined
        | PaymentState::Verified
        | PaymentState::Authorized
        | PaymentState::Voided
        | PaymentState::Captured
        | PaymentState::PartiallyRefunded
        | PaymentState::Refunded
        | PaymentState::Quarantined => false,
    };
    own || payment.movements.iter().any(|movement| match movement.status {
        MovementStatus::Created | MovementStatus::Submitted => true,
        MovementStatus::Pending
        | MovementStatus::Unresolved
        | MovementStatus::Failed
        | MovementStatus::Succeeded => false,
    })
}

/// A version as SQLite counts. Nothing changes nine quintillion times.
pub(super) fn number(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// A time as a number. Times before 1677 and after 2262 become the earliest and the latest.
pub(super) fn nanoseconds(time: Timestamp) -> i64 {
    let wide = time.as_nanosecond();
    i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX })
}

/// The time behind [`nanoseconds`].
pub(super) fn timestamp(nanoseconds: i64) -> Result<Timestamp, Malformed> {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).map_err(|_| Malformed)
}

fn write_subject(subject: Subject) -> String {
    match subject {
        Subject::Session(id) => format!("session {id}"),
        Subject::Confirmation(id) => format!("confirmation {id}"),
        Subject::Payment(id) => format!("payment {id}"),
        Subject::Movement(payment, id) => format!("movement {payment} {id}"),
        Subject::Token(id) => format!("token {id}"),
        Subject::Schedule(id) => format!("schedule {id}"),
        Subject::Occurrence(id, number) => format!("occurrence {id} {number}"),
        Subject::Event(id) => format!("event {id}"),
    }
}

fn read_subject(text: &str) -> Result<Subject, Malformed> {
    let (kind, ids) = text.split_once(' ').ok_or(Malformed)?;
    let session = || SessionId::parse(ids).map_err(|_| Malformed);
    match kind {
        "session" => session().map(Subject::Session),
        "confirmation" => session().map(Subject::Confirmation),
        "payment" => PaymentId::parse(ids).map(Subject::Payment).map_err(|_| Malformed),
        "movement" => {
            let (payment, movement) = ids.split_once(' ').ok_or(Malformed)?;
            let payment = PaymentId::parse(payment).map_err(|_| Malformed)?;
            Ok(Subject::Movement(payment, MovementId::parse(movement).ok_or(Malformed)?))
        }
        "token" => TokenId::parse(ids).map(Subject::Token).map_err(|_| Malformed),
        "schedule" => ScheduleId::parse(ids).map(Subject::Schedule).map_err(|_| Malformed),
        "occurrence" => {
            let (schedule, number) = ids.split_once(' ').ok_or(Malformed)?;
            let schedule = ScheduleId::parse(schedule).map_err(|_| Malformed)?;
            Ok(Subject::Occurrence(schedule, number.parse().map_err(|_| Malformed)?))
        }
        "event" => EventId::parse(ids).map(Subject::Event).map_err(|_| Malformed),
        _ => Err(Malformed),
    }
}

/// Puts a claim together again.
pub(super) fn claim(
    key: IdempotencyKey,
    fingerprint: [u8; 32],
    subject: &str,
    at: i64,
) -> Result<Claim, Malformed> {
    let (subject, at) = (read_subject(subject)?, timestamp(at)?);
    Ok(Claim { key, fingerprint: Fingerprint(fingerprint), subject, at })
}

/// The payment in a sealed record.
pub(super) fn payment(id: [u8; 16], sealed: &[u8], keys: &Keys) -> Result<Payment, Malformed> {
    opened(Table::Payments, id, sealed, keys)
}

/// The session in a sealed record.
pub(super) fn session(id: [u8; 16], sealed: &[u8], keys: &Keys) -> Result<Session, Malformed> {
    opened(Table::Sessions, id, sealed, keys)
}

/// The token in a sealed record, and when it was last used, which stands beside the record.
pub(super) fn token(
    id: [u8; 16],
    sealed: &[u8],
    used_at: Option<i64>,
    keys: &Keys,
) -> Result<Token, Malformed> {
    let token: Token = opened(Table::Tokens, id, sealed, keys)?;
    Ok(Token { last_used_at: used_at.map(timestamp).transpose()?, ..token })
}

pub(super) fn opened<T: Stored>(
    table: Table,
    id: [u8; 16],
    sealed: &[u8],
    keys: &Keys,
) -> Result<T, Malformed> {
    records::decode(&keys.open(table, id, sealed).map_err(|_| Malformed)?)
}

/// The status as its column has it.
pub(super) fn status_word(status: TokenStatus) -> String {
    status.write().into_owned()
}
