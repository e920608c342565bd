//! A store that remembers nothing, for measuring what everything but memory costs.
//!
//! It is here because only this room makes permits, and it can be reached from `turnpike bench` and
//! from nowhere else: no configuration names it. What is charged over it is charged without a record.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::seam::{
    Claim, CommitError, DeliveryFilter, Entry, Handle, HistoryEntry, Journal, Moment, NoticeFilter,
    OccurrenceFilter, PaymentFilter, Pending, Permit, ScheduleFilter, TokenFilter, Unavailable,
    UnsettledFilter,
};
use crate::domain::card::{StoredToken, Token};
use crate::domain::delivery::{Delivery, EndpointKey, Standing};
use crate::domain::event::LoggedEvent;
use crate::domain::ids::{
    AccountName, EventId, IdempotencyKey, MerchantName, PaymentId, ScheduleId, SessionId, TokenId,
};
use crate::domain::notice::Notice;
use crate::domain::occurrence::Occurrence;
use crate::domain::payment::{MovementId, Payment};
use crate::domain::schedule::Schedule;
use crate::domain::session::Session;

/// Accepts everything and keeps nothing.
#[derive(Debug, Default)]
pub struct Forgetful;

fn at_once<T: Send + 'static>(value: T) -> Pending<'static, T> {
    Box::pin(std::future::ready(value))
}

impl Journal for Forgetful {
    fn commit(&self, _entry: Entry) -> Pending<'_, Result<(), CommitError>> {
        at_once(Ok(()))
    }

    fn permit(&self, entry: Entry, movement: Option<MovementId>) -> Pending<'_, Result<Permit, CommitError>> {
        let payment = entry.payment.map(|payment| payment.id);
        at_once(payment.map(|id| Permit::after_commit(id, movement)).ok_or(CommitError::Conflict))
    }

    fn claim(&self, _key: &IdempotencyKey) -> Pending<'_, Result<Option<Claim>, Unavailable>> {
        at_once(Ok(None))
    }

    fn payment(&self, _id: PaymentId) -> Pending<'_, Result<Option<Payment>, Unavailable>> {
        at_once(Ok(None))
    }

    fn session(&self, _id: SessionId) -> Pending<'_, Result<Option<Session>, Unavailable>> {
        at_once(Ok(None))
    }

    fn token(&self, _id: TokenId) -> Pending<'_, Result<Option<Token>, Unavailable>> {
        at_once(Ok(None))
    }

    fn tokens_by_id(&self, _ids: Vec<TokenId>) -> Pending<'_, Result<Vec<Token>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn token_by_value(
        &self,
        _merchant: &MerchantName,
        _account: &AccountName,
        _value: &StoredToken,
    ) -> Pending<'_, Result<Option<Token>, Unavailable>> {
        at_once(Ok(None))
    }

    fn payments(&self, _filter: PaymentFilter) -> Pending<'_, Result<Vec<Payment>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn tokens(&self, _filter: TokenFilter) -> Pending<'_, Result<Vec<Token>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn history(
        &self,
        _payment: PaymentId,
        _after: u64,
        _limit: usize,
    ) -> Pending<'_, Result<Vec<HistoryEntry>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn due(&self, _moment: &Moment, _limit: usize) -> Pending<'_, Result<Vec<PaymentId>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn next_due(&self, _moment: &Moment) -> Pending<'_, Result<Option<Duration>, Unavailable>> {
        at_once(Ok(None))
    }

    fn next_due_of(&self, _merchant: &MerchantName) -> Pending<'_, Result<Option<Timestamp>, Unavailable>> {
        at_once(Ok(None))
    }

    fn unfinished(
        &self,
        _after: Option<PaymentId>,
        _limit: usize,
    ) -> Pending<'_, Result<Vec<Payment>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn schedule(&self, _id: ScheduleId) -> Pending<'_, Result<Option<Schedule>, Unavailable>> {
        at_once(Ok(None))
    }

    fn schedules(&self, _filter: ScheduleFilter) -> Pending<'_, Result<Vec<Schedule>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn due_schedules(
        &self,
        _account: &AccountName,
        _now: Timestamp,
        _after: Option<(Timestamp, ScheduleId)>,
        _limit: usize,
    ) -> Pending<'_, Result<Vec<Schedule>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn due_warnings(
        &self,
        _account: &AccountName,
        _now: Timestamp,
        _limit: usize,
    ) -> Pending<'_, Result<Vec<Schedule>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn due_occurrences(
        &self,
        _account: &AccountName,
        _now: Timestamp,
        _limit: usize,
    ) -> Pending<'_, Result<Vec<Occurrence>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn next_recurring(&self, _account: &AccountName) -> Pending<'_, Result<Option<Timestamp>, Unavailable>> {
        at_once(Ok(None))
    }

    fn occurrence(
        &self,
        _schedule: ScheduleId,
        _number: u32,
    ) -> Pending<'_, Result<Option<Occurrence>, Unavailable>> {
        at_once(Ok(None))
    }

    fn occurrences(&self, _filter: OccurrenceFilter) -> Pending<'_, Result<Vec<Occurrence>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn declines(
        &self,
        cards: Vec<String>,
        _since: Timestamp,
    ) -> Pending<'_, Result<Vec<Vec<Timestamp>>, Unavailable>> {
        at_once(Ok(vec![Vec::new(); cards.len()]))
    }

    fn forget_declines(&self, _before: Timestamp, _limit: usize) -> Pending<'_, Result<usize, Unavailable>> {
        at_once(Ok(0))
    }

    fn events(
        &self,
        _merchant: &MerchantName,
        _after: u64,
        _limit: usize,
    ) -> Pending<'_, Result<Vec<LoggedEvent>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn event(
        &self,
        _merchant: &MerchantName,
        _id: EventId,
    ) -> Pending<'_, Result<Option<LoggedEvent>, Unavailable>> {
        at_once(Ok(None))
    }

    fn last_event(&self, _merchant: &MerchantName) -> Pending<'_, Result<u64, Unavailable>> {
        at_once(Ok(0))
    }

    fn follow_events(&self, _merchant: &MerchantName) -> watch::Receiver<u64> {
        watch::channel(0).1
    }

    fn due_notices(&self, _now: Timestamp, _limit: usize) -> Pending<'_, Result<Vec<Notice>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn next_notice(&self) -> Pending<'_, Result<Option<Timestamp>, Unavailable>> {
        at_once(Ok(None))
    }

    fn notices(&self, _filter: NoticeFilter) -> Pending<'_, Result<Vec<Notice>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn forget_notices(&self, _before: Timestamp, _limit: usize) -> Pending<'_, Result<usize, Unavailable>> {
        at_once(Ok(0))
    }

    fn payment_by_handle(
        &self,
        _account: &AccountName,
        _handle: Handle,
        _value: &str,
    ) -> Pending<'_, Result<Option<PaymentId>, Unavailable>> {
        at_once(Ok(None))
    }

    fn unsettled(&self, _filter: UnsettledFilter) -> Pending<'_, Result<Vec<Payment>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn standings(&self, _merchant: &MerchantName) -> Pending<'_, Result<Vec<Standing>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn sendable(
        &self,
        _endpoint: &EndpointKey,
        _due: Timestamp,
        _held: Timestamp,
        _limit: usize,
    ) -> Pending<'_, Result<Vec<Delivery>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn open_deliveries(&self, _endpoint: &EndpointKey) -> Pending<'_, Result<usize, Unavailable>> {
        at_once(Ok(0))
    }

    fn next_delivery(
        &self,
        _endpoint: &EndpointKey,
        _after: Timestamp,
    ) -> Pending<'_, Result<Option<Timestamp>, Unavailable>> {
        at_once(Ok(None))
    }

    fn deliveries(&self, _filter: DeliveryFilter) -> Pending<'_, Result<Vec<Delivery>, Unavailable>> {
        at_once(Ok(Vec::new()))
    }

    fn events_after(
        &self,
        _merchant: &MerchantName,
        _place: u64,
        _limit: usize,
    ) -> Pending<'_, Result<usize, Unavailable>> {
        at_once(Ok(0))
    }

    fn forget_deliveries(
        &self,
        _before: Timestamp,
        _limit: usize,
    ) -> Pending<'_, Result<usize, Unavailable>> {
        at_once(Ok(0))
    }

    fn forget_claims(&self, _before: Timestamp, _limit: usize) -> Pending<'_, Result<usize, Unavailable>> {
        at_once(Ok(0))
    }

    fn check(&self) -> Pending<'_, Result<(), Unavailable>> {
        at_once(Ok(()))
    }

    fn close(&self) -> Pending<'_, ()> {
        at_once(())
    }
}
