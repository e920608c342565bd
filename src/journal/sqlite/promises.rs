//! What the seam promises, kept by this store: each is handed to the thread that does such things.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::{SqliteJournal, notices, rows, writer};
use crate::domain::card::{StoredToken, Token};
use crate::domain::delivery::{Delivery, EndpointKey, Standing};
use crate::domain::event::LoggedEvent;
use crate::domain::ids::{
    AccountName, EventId, IdempotencyKey, MerchantName, PaymentId, ScheduleId, SessionId, TokenId,
};
use crate::domain::notice::Notice;
use crate::domain::occurrence::Occurrence;
use crate::domain::payment::{MovementId, MovementStatus, Payment, PaymentState};
use crate::domain::schedule::Schedule;
use crate::domain::session::Session;
use crate::journal::seam::{
    Claim, CommitError, DeliveryFilter, Entry, Handle, HistoryEntry, Journal, Moment, NoticeFilter,
    OccurrenceFilter, PaymentFilter, Pending, Permit, ScheduleFilter, TokenFilter, Unavailable,
    UnsettledFilter,
};

impl Journal for SqliteJournal {
    fn commit(&self, entry: Entry) -> Pending<'_, Result<(), CommitError>> {
        Box::pin(self.write(entry))
    }

    fn permit(&self, entry: Entry, movement: Option<MovementId>) -> Pending<'_, Result<Permit, CommitError>> {
        let payment = permitted(&entry, movement);
        let written = self.write(entry);
        Box::pin(async move {
            written.await?;
            Ok(Permit::after_commit(payment, movement))
        })
    }

    fn claim(&self, key: &IdempotencyKey) -> Pending<'_, Result<Option<Claim>, Unavailable>> {
        let key = key.clone();
        self.look_up(|reader| reader.claim(key))
    }

    fn payment(&self, id: PaymentId) -> Pending<'_, Result<Option<Payment>, Unavailable>> {
        self.look_up(move |reader| reader.payment(id))
    }

    fn session(&self, id: SessionId) -> Pending<'_, Result<Option<Session>, Unavailable>> {
        self.look_up(move |reader| reader.session(id))
    }

    fn token(&self, id: TokenId) -> Pending<'_, Result<Option<Token>, Unavailable>> {
        self.look_up(move |reader| reader.token(id))
    }

    fn tokens_by_id(&self, ids: Vec<TokenId>) -> Pending<'_, Result<Vec<Token>, Unavailable>> {
        self.list(move |reader| {
            let tokens = ids.into_iter().map(|id| reader.token(id));
            tokens.filter_map(Result::transpose).collect()
        })
    }

    fn token_by_value(
        &self,
        merchant: &MerchantName,
        account: &AccountName,
        value: &StoredToken,
    ) -> Pending<'_, Result<Option<Token>, Unavailable>> {
        let digests = self.keys.digests(merchant, account, value);
        self.look_up(move |reader| reader.token_by_digest(&digests))
    }

    fn payments(&self, filter: PaymentFilter) -> Pending<'_, Result<Vec<Payment>, Unavailable>> {
        self.list(|reader| reader.payments(filter))
    }

    fn tokens(&self, filter: TokenFilter) -> Pending<'_, Result<Vec<Token>, Unavailable>> {
        self.list(|reader| reader.tokens(filter))
    }

    fn history(
        &self,
        payment: PaymentId,
        after: u64,
        limit: usize,
    ) -> Pending<'_, Result<Vec<HistoryEntry>, Unavailable>> {
        self.list(move |reader| reader.history(payment, after, limit))
    }

    fn due(&self, moment: &Moment, limit: usize) -> Pending<'_, Result<Vec<PaymentId>, Unavailable>> {
        let moment = moment.clone();
        self.list(move |reader| reader.due(&moment, limit))
    }

    fn next_due(&self, moment: &Moment) -> Pending<'_, Result<Option<Duration>, Unavailable>> {
        let moment = moment.clone();
        self.list(move |reader| reader.next_due(&moment))
    }

    fn next_due_of(&self, merchant: &MerchantName) -> Pending<'_, Result<Option<Timestamp>, Unavailable>> {
        let merchant = merchant.clone();
        self.list(move |reader| reader.next_due_of(&merchant))
    }

    fn unfinished(
        &self,
        after: Option<PaymentId>,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Payment>, Unavailable>> {
        self.list(move |reader| reader.unfinished(after, limit))
    }

    fn schedule(&self, id: ScheduleId) -> Pending<'_, Result<Option<Schedule>, Unavailable>> {
        self.look_up(move |reader| reader.schedule(id))
    }

    fn schedules(&self, filter: ScheduleFilter) -> Pending<'_, Result<Vec<Schedule>, Unavailable>> {
        self.list(|reader| reader.schedules(filter))
    }

    fn due_schedules(
        &self,
        account: &AccountName,
        now: Timestamp,
        after: Option<(Timestamp, ScheduleId)>,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Schedule>, Unavailable>> {
        let account = account.clone();
        self.due_batch(now, move |reader| reader.due_schedules(&account, now, after, limit))
    }

    fn due_warnings(
        &self,
        account: &AccountName,
        now: Timestamp,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Schedule>, Unavailable>> {
        let account = account.clone();
        self.due_batch(now, move |reader| reader.due_warnings(&account, now, limit))
    }

    fn due_occurrences(
        &self,
        account: &AccountName,
        now: Timestamp,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Occurrence>, Unavailable>> {
        let account = account.clone();
        self.due_batch(now, move |reader| reader.due_occurrences(&account, now, limit))
    }

    fn next_recurring(&self, account: &AccountName) -> Pending<'_, Result<Option<Timestamp>, Unavailable>> {
        let account = account.clone();
        self.look_up(move |reader| reader.next_recurring(&account))
    }

    fn occurrence(
        &self,
        schedule: ScheduleId,
        number: u32,
    ) -> Pending<'_, Result<Option<Occurrence>, Unavailable>> {
        self.look_up(move |reader| reader.occurrence(schedule, number))
    }

    fn occurrences(&self, filter: OccurrenceFilter) -> Pending<'_, Result<Vec<Occurrence>, Unavailable>> {
        self.list(move |reader| reader.occurrences(&filter))
    }

    fn declines(
        &self,
        cards: Vec<String>,
        since: Timestamp,
    ) -> Pending<'_, Result<Vec<Vec<Timestamp>>, Unavailable>> {
        let cards: Vec<_> = cards.iter().map(|card| self.hashes.card(card)).collect();
        self.list(move |reader| cards.into_iter().map(|card| reader.declines(card, since)).collect())
    }

    fn forget_declines(&self, before: Timestamp, limit: usize) -> Pending<'_, Result<usize, Unavailable>> {
        let before = rows::nanoseconds(before);
        Box::pin(self.instruct(move |answer| writer::Job::ForgetDeclines { before, limit, answer }))
    }

    fn events(
        &self,
        merchant: &MerchantName,
        after: u64,
        limit: usize,
    ) -> Pending<'_, Result<Vec<LoggedEvent>, Unavailable>> {
        let merchant = merchant.clone();
        self.list(move |reader| reader.events(&merchant, after, limit))
    }

    fn event(
        &self,
        merchant: &MerchantName,
        id: EventId,
    ) -> Pending<'_, Result<Option<LoggedEvent>, Unavailable>> {
        let merchant = merchant.clone();
        self.look_up(move |reader| reader.event(&merchant, id))
    }

    fn last_event(&self, merchant: &MerchantName) -> Pending<'_, Result<u64, Unavailable>> {
        let merchant = merchant.clone();
        self.look_up(move |reader| reader.last_event(&merchant))
    }

    fn follow_events(&self, merchant: &MerchantName) -> watch::Receiver<u64> {
        self.shared.followers.follow(merchant)
    }

    fn due_notices(&self, now: Timestamp, limit: usize) -> Pending<'_, Result<Vec<Notice>, Unavailable>> {
        self.due_batch(now, move |reader| reader.due_notices(now, limit))
    }

    fn next_notice(&self) -> Pending<'_, Result<Option<Timestamp>, Unavailable>> {
        self.look_up(|reader| reader.next_notice())
    }

    fn notices(&self, filter: NoticeFilter) -> Pending<'_, Result<Vec<Notice>, Unavailable>> {
        self.list(|reader| reader.notices(filter))
    }

    fn forget_notices(&self, before: Timestamp, limit: usize) -> Pending<'_, Result<usize, Unavailable>> {
        let before = rows::nanoseconds(before);
        Box::pin(self.instruct(move |answer| writer::Job::ForgetNotices { before, limit, answer }))
    }

    fn payment_by_handle(
        &self,
        account: &AccountName,
        handle: Handle,
        value: &str,
    ) -> Pending<'_, Result<Option<PaymentId>, Unavailable>> {
        let handle = notices::handle(&self.hashes, account, handle, value);
        self.look_up(move |reader| reader.payment_by_handle(handle))
    }

    fn unsettled(&self, filter: UnsettledFilter) -> Pending<'_, Result<Vec<Payment>, Unavailable>> {
        self.list(|reader| reader.unsettled(filter))
    }

    fn standings(&self, merchant: &MerchantName) -> Pending<'_, Result<Vec<Standing>, Unavailable>> {
        let merchant = merchant.clone();
        self.look_up(move |reader| reader.standings(&merchant))
    }

    fn sendable(
        &self,
        endpoint: &EndpointKey,
        due: Timestamp,
        held: Timestamp,
        limit: usize,
    ) -> Pending<'_, Result<Vec<Delivery>, Unavailable>> {
        let endpoint = endpoint.clone();
        self.list(move |reader| reader.sendable(&endpoint, due, held, limit))
    }

    fn open_deliveries(&self, endpoint: &EndpointKey) -> Pending<'_, Result<usize, Unavailable>> {
        let endpoint = endpoint.clone();
        self.list(move |reader| reader.open_deliveries(&endpoint))
    }

    fn next_delivery(
        &self,
        endpoint: &EndpointKey,
        after: Timestamp,
    ) -> Pending<'_, Result<Option<Timestamp>, Unavailable>> {
        let endpoint = endpoint.clone();
        self.list(move |reader| reader.next_delivery(&endpoint, after))
    }

    fn deliveries(&self, filter: DeliveryFilter) -> Pending<'_, Result<Vec<Delivery>, Unavailable>> {
        self.list(|reader| reader.deliveries(filter))
    }

    fn events_after(
        &self,
        merchant: &MerchantName,
        place: u64,
        limit: usize,
    ) -> Pending<'_, Result<usize, Unavailable>> {
        let merchant = merchant.clone();
        self.list(move |reader| reader.events_after(&merchant, place, limit))
    }

    fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Pending<'_, Result<usize, Unavailable>> {
        let before = rows::nanoseconds(before);
        Box::pin(self.instruct(move |answer| writer::Job::ForgetDeliveries { before, limit, answer }))
    }

    fn forget_claims(&self, before: Timestamp, limit: usize) -> Pending<'_, Result<usize, Unavailable>> {
        let before = rows::nanoseconds(before);
        Box::pin(self.instruct(move |answer| writer::Job::Forget { before, limit, answer }))
    }

    fn check(&self) -> Pending<'_, Result<(), Unavailable>> {
        Box::pin(async move {
            if self.closed.load(Ordering::Acquire) {
                return Err(Unavailable::Closed);
            }
            if !self.shared.failing.load(Ordering::Acquire) {
                return Ok(());
            }
            self.instruct(|answer| writer::Job::Probe { answer }).await
        })
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            // Whoever calls second waits for the first.
            self.closing.get_or_init(|| self.shut()).await;
        })
    }
}

/// Checks that an entry says what a permit proves.
///
/// # Panics
/// When it does not: a request would be sent about which the journal knows nothing.
fn permitted(entry: &Entry, movement: Option<MovementId>) -> PaymentId {
    let payment = entry.payment.as_ref();
    let submitted = payment.is_some_and(|payment| match movement {
        None => payment.state == PaymentState::Submitted,
        Some(id) => payment.movement(id).is_some_and(|movement| movement.status == MovementStatus::Submitted),
    });
    match payment {
        Some(payment) if submitted => payment.id,
        _ => panic!("a permit was asked for with an entry that does not say so"),
    }
}
