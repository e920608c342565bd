//! Stops the process at every write and at every exchange of a whole story, opens the store again,
//! and tells the story once more with the same request ids: every movement of money happens once,
//! no answer is lost, and nothing stays unresolved.
//!
//! Dying is simulated where it matters, at the seams: from the chosen moment on nothing that the
//! engine asks for ever returns, and its runtime is thrown away. `tests/kill.rs` does the same to
//! the real binary with a real SIGKILL.

#![cfg(feature = "simulator")]

mod support;

use std::collections::BTreeMap;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use support::*;
use tokio::sync::watch;
use turnpike::domain::calendar::{Cadence, Zone};
use turnpike::domain::card::{StoredToken, Token};
use turnpike::domain::delivery::{Delivery, EndpointKey, Standing};
use turnpike::domain::event::LoggedEvent;
use turnpike::domain::ids::{
    AccountName, EventId, IdempotencyKey, MerchantName, PaymentId, ScheduleId, SessionId, TokenId,
};
use turnpike::domain::notice::Notice;
use turnpike::domain::occurrence::{Occurrence, OccurrenceStatus};
use turnpike::domain::order::{CaptureMode, Customer, Purpose};
use turnpike::domain::outcome::FailureReason;
use turnpike::domain::payment::{MovementId, MovementStatus, Payment, PaymentState};
use turnpike::domain::schedule::{End, Schedule, ScheduleStatus};
use turnpike::domain::session::Session;
use turnpike::engine::commands::{MoveKind, ScheduleRecurring, TermsChange};
use turnpike::engine::error::Error;
use turnpike::engine::gateway::Gateway;
use turnpike::journal::seam::*;
use turnpike::journal::sqlite::SqliteJournal;
use turnpike::providers::contract::Reply;
use turnpike::simulator::Simulators;
use turnpike::world::{Errand, Network, NoReply, World};

/// Where the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// Before the nth commit reaches the disk.
    BeforeCommit(usize),
    /// After the nth commit, before anybody hears of it.
    AfterCommit(usize),
    /// Before the nth request leaves.
    BeforeExchange(usize),
    /// After the nth request was answered, before the answer is read.
    AfterExchange(usize),
}

#[derive(Default)]
struct Fate {
    death: Option<Death>,
    commits: AtomicUsize,
    exchanges: AtomicUsize,
    dead: AtomicBool,
    died: tokio::sync::Notify,
}

impl Fate {
    fn of(death: Option<Death>) -> Arc<Self> {
        Arc::new(Self { death, ..Self::default() })
    }

    fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    async fn die_if(&self, moment: Death) {
        if self.death == Some(moment) {
            self.dead.store(true, Ordering::SeqCst);
            self.died.notify_one();
        }
        if self.is_dead() {
            pending::<()>().await;
        }
    }
}

/// A store that stops answering when its process dies.
struct MortalJournal {
    store: SqliteJournal,
    fate: Arc<Fate>,
}

impl MortalJournal {
    async fn around<T>(&self, commit: impl Future<Output = T> + Send) -> T {
        let number = self.fate.commits.fetch_add(1, Ordering::SeqCst) + 1;
        self.fate.die_if(Death::BeforeCommit(number)).await;
        let done = commit.await;
        self.fate.die_if(Death::AfterCommit(number)).await;
        done
    }

    async fn alive<T>(&self, read: impl Future<Output = T> + Send) -> T {
        if self.fate.is_dead() {
            pending::<()>().await;
        }
        read.await
    }
}

type Read<'a, T> = Pending<'a, Result<T, Unavailable>>;

impl Journal for MortalJournal {
    fn commit(&self, entry: Entry) -> Pending<'_, Result<(), CommitError>> {
        Box::pin(self.around(self.store.commit(entry)))
    }

    fn permit(&self, entry: Entry, movement: Option<MovementId>) -> Pending<'_, Result<Permit, CommitError>> {
        Box::pin(self.around(self.store.permit(entry, movement)))
    }

    fn claim(&self, key: &IdempotencyKey) -> Read<'_, Option<Claim>> {
        let read = self.store.claim(key);
        Box::pin(self.alive(read))
    }

    fn payment(&self, id: PaymentId) -> Read<'_, Option<Payment>> {
        Box::pin(self.alive(self.store.payment(id)))
    }

    fn session(&self, id: SessionId) -> Read<'_, Option<Session>> {
        Box::pin(self.alive(self.store.session(id)))
    }

    fn token(&self, id: TokenId) -> Read<'_, Option<Token>> {
        Box::pin(self.alive(self.store.token(id)))
    }

    fn tokens_by_id(&self, ids: Vec<TokenId>) -> Read<'_, Vec<Token>> {
        Box::pin(self.alive(self.store.tokens_by_id(ids)))
    }

    fn token_by_value(
        &self,
        merchant: &MerchantName,
        account: &AccountName,
        value: &StoredToken,
    ) -> Read<'_, Option<Token>> {
        let read = self.store.token_by_value(merchant, account, value);
        Box::pin(self.alive(read))
    }

    fn payments(&self, filter: PaymentFilter) -> Read<'_, Vec<Payment>> {
        Box::pin(self.alive(self.store.payments(filter)))
    }

    fn tokens(&self, filter: TokenFilter) -> Read<'_, Vec<Token>> {
        Box::pin(self.alive(self.store.tokens(filter)))
    }

    fn history(&self, payment: PaymentId, after: u64, limit: usize) -> Read<'_, Vec<HistoryEntry>> {
        Box::pin(self.alive(self.store.history(payment, after, limit)))
    }

    fn due(&self, moment: &Moment, limit: usize) -> Read<'_, Vec<PaymentId>> {
        Box::pin(self.alive(self.store.due(moment, limit)))
    }

    fn next_due(&self, moment: &Moment) -> Read<'_, Option<Duration>> {
        Box::pin(self.alive(self.store.next_due(moment)))
    }

    fn next_due_of(&self, merchant: &MerchantName) -> Read<'_, Option<Timestamp>> {
        Box::pin(self.alive(self.store.next_due_of(merchant)))
    }

    fn unfinished(&self, after: Option<PaymentId>, limit: usize) -> Read<'_, Vec<Payment>> {
        Box::pin(self.alive(self.store.unfinished(after, limit)))
    }

    fn standings(&self, merchant: &MerchantName) -> Read<'_, Vec<Standing>> {
        let read = self.store.standings(merchant);
        Box::pin(self.alive(read))
    }

    fn sendable(
        &self,
        endpoint: &EndpointKey,
        due: Timestamp,
        held: Timestamp,
        limit: usize,
    ) -> Read<'_, Vec<Delivery>> {
        let read = self.store.sendable(endpoint, due, held, limit);
        Box::pin(self.alive(read))
    }

    fn open_deliveries(&self, endpoint: &EndpointKey) -> Read<'_, usize> {
        let read = self.store.open_deliveries(endpoint);
        Box::pin(self.alive(read))
    }

    fn next_delivery(&self, endpoint: &EndpointKey, after: Timestamp) -> Read<'_, Option<Timestamp>> {
        let read = self.store.next_delivery(endpoint, after);
        Box::pin(self.alive(read))
    }

    fn deliveries(&self, filter: DeliveryFilter) -> Read<'_, Vec<Delivery>> {
        Box::pin(self.alive(self.store.deliveries(filter)))
    }

    fn events_after(&self, merchant: &MerchantName, place: u64, limit: usize) -> Read<'_, usize> {
        let read = self.store.events_after(merchant, place, limit);
        Box::pin(self.alive(read))
    }

    fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Read<'_, usize> {
        Box::pin(self.alive(self.store.forget_deliveries(before, limit)))
    }

    fn forget_claims(&self, before: Timestamp, limit: usize) -> Read<'_, usize> {
        Box::pin(self.alive(self.store.forget_claims(before, limit)))
    }

    fn schedule(&self, id: ScheduleId) -> Read<'_, Option<Schedule>> {
        Box::pin(self.alive(self.store.schedule(id)))
    }

    fn schedules(&self, filter: ScheduleFilter) -> Read<'_, Vec<Schedule>> {
        Box::pin(self.alive(self.store.schedules(filter)))
    }

    fn due_schedules(
        &self,
        account: &AccountName,
        now: Timestamp,
        after: Option<(Timestamp, ScheduleId)>,
        limit: usize,
    ) -> Read<'_, Vec<Schedule>> {
        let read = self.store.due_schedules(account, now, after, limit);
        Box::pin(self.alive(read))
    }

    fn due_warnings(&self, account: &AccountName, now: Timestamp, limit: usize) -> Read<'_, Vec<Schedule>> {
        let read = self.store.due_warnings(account, now, limit);
        Box::pin(self.alive(read))
    }

    fn due_occurrences(
        &self,
        account: &AccountName,
        now: Timestamp,
        limit: usize,
    ) -> Read<'_, Vec<Occurrence>> {
        let read = self.store.due_occurrences(account, now, limit);
        Box::pin(self.alive(read))
    }

    fn next_recurring(&self, account: &AccountName) -> Read<'_, Option<Timestamp>> {
        let read = self.store.next_recurring(account);
        Box::pin(self.alive(read))
    }

    fn occurrence(&self, schedule: ScheduleId, number: u32) -> Read<'_, Option<Occurrence>> {
        Box::pin(self.alive(self.store.occurrence(schedule, number)))
    }

    fn occurrences(&self, filter: OccurrenceFilter) -> Read<'_, Vec<Occurrence>> {
        Box::pin(self.alive(self.store.occurrences(filter)))
    }

    fn declines(&self, cards: Vec<String>, since: Timestamp) -> Read<'_, Vec<Vec<Timestamp>>> {
        let read = self.store.declines(cards, since);
        Box::pin(self.alive(read))
    }

    fn forget_declines(&self, before: Timestamp, limit: usize) -> Read<'_, usize> {
        Box::pin(self.alive(self.store.forget_declines(before, limit)))
    }

    fn events(&self, merchant: &MerchantName, after: u64, limit: usize) -> Read<'_, Vec<LoggedEvent>> {
        let read = self.store.events(merchant, after, limit);
        Box::pin(self.alive(read))
    }

    fn event(&self, merchant: &MerchantName, id: EventId) -> Read<'_, Option<LoggedEvent>> {
        let read = self.store.event(merchant, id);
        Box::pin(self.alive(read))
    }

    fn last_event(&self, merchant: &MerchantName) -> Read<'_, u64> {
        let read = self.store.last_event(merchant);
        Box::pin(self.alive(read))
    }

    fn follow_events(&self, merchant: &MerchantName) -> watch::Receiver<u64> {
        self.store.follow_events(merchant)
    }

    fn due_notices(&self, now: Timestamp, limit: usize) -> Read<'_, Vec<Notice>> {
        Box::pin(self.alive(self.store.due_notices(now, limit)))
    }

    fn next_notice(&self) -> Read<'_, Option<Timestamp>> {
        Box::pin(self.alive(self.store.next_notice()))
    }

    fn notices(&self, filter: NoticeFilter) -> Read<'_, Vec<Notice>> {
        Box::pin(self.alive(self.store.notices(filter)))
    }

    fn forget_notices(&self, before: Timestamp, limit: usize) -> Read<'_, usize> {
        Box::pin(self.alive(self.store.forget_notices(before, limit)))
    }

    fn payment_by_handle(
        &self,
        account: &AccountName,
        handle: Handle,
        value: &str,
    ) -> Read<'_, Option<PaymentId>> {
        let read = self.store.payment_by_handle(account, handle, value);
        Box::pin(self.alive(read))
    }

    fn unsettled(&self, filter: UnsettledFilter) -> Read<'_, Vec<Payment>> {
        Box::pin(self.alive(self.store.unsettled(filter)))
    }

    fn check(&self) -> Pending<'_, Result<(), Unavailable>> {
        Box::pin(self.alive(self.store.check()))
    }

    fn close(&self) -> Pending<'_, ()> {
        self.store.close()
    }
}

/// A network that stops answering when its process dies.
struct MortalWorld {
    network: Network,
    fate: Arc<Fate>,
}

impl World for MortalWorld {
    fn now(&self) -> Timestamp {
        self.network.now()
    }

    fn entropy(&self) -> [u8; 32] {
        self.network.entropy()
    }

    fn sleep(&self, how_long: Duration) -> BoxFuture<'_, ()> {
        self.network.sleep(how_long)
    }

    fn exchange<'a>(
        &'a self,
        account: &'a AccountName,
        errand: Errand,
    ) -> BoxFuture<'a, Result<Reply, NoReply>> {
        Box::pin(async move {
            let number = self.fate.exchanges.fetch_add(1, Ordering::SeqCst) + 1;
            self.fate.die_if(Death::BeforeExchange(number)).await;
            let reply = self.network.exchange(account, errand).await;
            self.fate.die_if(Death::AfterExchange(number)).await;
            reply
        })
    }
}

/// What a story comes to at the simulator, by the caller's request ids: kind and amount.
type Books = BTreeMap<String, usize>;

/// The whole story. Told again after a crash it does only what is missing.
async fn story(gateway: &Gateway, simulators: &Simulators, provider: Provider) -> Result<(), Error> {
    let teller = Teller { gateway, provider, prefix: "story".to_owned() };
    // Where money can be reserved it is; where a card can be saved while paying it is.
    let capture = if provider.reserves { CaptureMode::Manual } else { CaptureMode::Automatic };
    let opened = match provider.saves_in {
        Purpose::PayAndSave => teller.open_for("open", 20_000, capture, Purpose::PayAndSave).await?,
        _ => teller.open_to_save("open").await?,
    };
    let session = opened.session.id;
    if opened.payment.state == PaymentState::RequiresAction && opened.payment.card.is_none() {
        // The customer pays once; a second visit to the page would be refused by the provider.
        let page = page(&opened.payment);
        // Where a page that only saves a card has no reference of ours, the card is its customer's.
        let of_card = opened.payment.trace.customer.as_ref().filter(|_| provider.saves_in == Purpose::Save);
        let reference = of_card.unwrap_or(&opened.payment.reference);
        let known = simulators.of(provider.name).expect("simulated").payment(reference);
        if known.state == "none" || known.state == "pending" {
            pay(simulators, provider, &page);
        }
    }
    let confirmed = teller.confirm("confirm", session).await?;
    let payment = settled_session(gateway, confirmed.session.id).await;
    // Told again, the story finds the later movements done.
    assert!(!payment.state.is_undecided(), "{payment:?}");
    let token = *payment.saved_tokens.first().expect("the card was saved");
    let first = match provider.saves_in {
        Purpose::PayAndSave => payment,
        _ => self::charged(&teller, "first", token, 20_000, capture).await?,
    };
    assert_eq!(first.authorized, provider.minor(20_000));
    if provider.reserves {
        moved(&teller, "capture", first.id, CAPTURE, Some(12_000)).await?;
    }
    moved(&teller, "refund", first.id, REFUND, Some(5_000)).await?;
    let charged = self::charged(&teller, "charge", token, 990, CaptureMode::Automatic).await?;
    assert!(matches!(charged.state, PaymentState::Captured | PaymentState::Voided), "{charged:?}");
    if provider.voids_taken {
        moved(&teller, "undo", charged.id, MoveKind::Void, None).await?;
        assert_eq!(settled(gateway, charged.id).await.state, PaymentState::Voided);
    }
    if provider.voids_reserved {
        let reserved = self::charged(&teller, "reserve", token, 1_500, CaptureMode::Manual).await?;
        moved(&teller, "void", reserved.id, MoveKind::Void, None).await?;
        assert_eq!(settled(gateway, reserved.id).await.state, PaymentState::Voided);
    }
    scheduled(&teller, token).await
}

/// Schedules one charge for today and waits until it is made. Nobody asks for it again after a crash.
async fn scheduled(teller: &Teller<'_>, token: TokenId) -> Result<(), Error> {
    let zone = Zone::parse("UTC").expect("a zone");
    let today = zone.local(teller.gateway.now()).date();
    let terms = TermsChange {
        token: Some(token),
        money: Some(money(teller.provider, 7_700)),
        merchant_reference: Some("abo".to_owned()),
        cadence: Some(Cadence::Months(1)),
        first_date: Some(today),
        zone: Some(zone),
        time: Some(jiff::civil::time(0, 0, 0, 0)),
        end: Some(End::Count(1)),
        ..TermsChange::default()
    };
    let customer = Customer {
        id: Some("customer-1".to_owned()),
        email: Some("customer@example.test".to_owned()),
        ..Customer::default()
    };
    let wish = ScheduleRecurring {
        terms,
        customer,
        billing: None,
        first_payment: None,
        options: Default::default(),
    };
    let id = format!("{}-schedule", teller.prefix);
    let schedule = teller.gateway.schedule_recurring(&caller(), ask(&id, wish), None).await?.value.id;
    // A charge that never arrived is made again after a pause.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while teller.gateway.schedule(&caller(), schedule).await?.status != ScheduleStatus::Completed {
        let filter = OccurrenceFilter { schedule, open: false, before: None, limit: 10 };
        let taken = teller.gateway.occurrences(&caller(), filter).await?;
        assert!(tokio::time::Instant::now() < deadline, "nobody charges {schedule}: {taken:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let filter = OccurrenceFilter { schedule, open: false, before: None, limit: 10 };
    let taken = teller.gateway.occurrences(&caller(), filter).await?;
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].number, taken[0].status), (1, OccurrenceStatus::Paid), "{taken:?}");
    Ok(())
}

/// How often a caller tries again after "the provider never heard of it".
const TRIES: usize = 3;

/// Moves money as a careful caller does: the same request id until there is an answer, another
/// one only after the answer that nothing happened.
async fn moved(
    teller: &Teller<'_>,
    name: &str,
    payment: PaymentId,
    what: MoveKind,
    minor: Option<i64>,
) -> Result<(), Error> {
    for attempt in 0..TRIES {
        let view = teller.move_money(&format!("{name}-{attempt}"), payment, what, minor).await?;
        let payment = settled(teller.gateway, payment).await;
        let movement = payment.movement(view.movement).expect("recorded");
        match (movement.status, movement.failure.as_ref().map(|failure| failure.reason)) {
            (MovementStatus::Succeeded, _) => return Ok(()),
            (MovementStatus::Failed, Some(FailureReason::NotFound)) => {}
            _ => panic!("{movement:?}"),
        }
    }
    panic!("{name} never arrives");
}

/// Charges as a careful caller does.
async fn charged(
    teller: &Teller<'_>,
    name: &str,
    token: TokenId,
    minor: i64,
    capture: CaptureMode,
) -> Result<Payment, Error> {
    for attempt in 0..TRIES {
        let answer = teller.charge(&format!("{name}-{attempt}"), token, minor, capture).await?;
        let payment = settled(teller.gateway, answer.value.id).await;
        match payment.failure.as_ref().map(|failure| failure.reason) {
            None => return Ok(payment),
            Some(FailureReason::NotFound) => {}
            Some(_) => panic!("{payment:?}"),
        }
    }
    panic!("{name} never arrives");
}

/// One life of the process. Returns whether it told the story to its end.
fn life(directory: &Path, simulators: &Simulators, provider: Provider, fate: &Arc<Fate>) -> bool {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let finished = runtime.block_on(async {
        let config = configuration(simulators, directory);
        let (accounts, network) = outside(config);
        let journal = Arc::new(MortalJournal { store: store(directory), fate: fate.clone() });
        let world = Arc::new(MortalWorld { network, fate: fate.clone() });
        let living = async {
            let gateway = engine(journal.clone(), world, accounts).await;
            tokio::spawn(gateway.clone().schedule_forever());
            // A call that was refused because nothing was sent is simply made again.
            for _ in 0..50 {
                match story(&gateway, simulators, provider).await {
                    Ok(()) => return,
                    Err(Error::Unreachable(_) | Error::StillRunning) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            panic!("the story does not end");
        };
        let finished = tokio::select! {
            () = living => true,
            () = fate.died.notified() => false,
        };
        if finished {
            journal.close().await;
        }
        finished
    });
    // Whatever still runs is dropped where it stands.
    runtime.shutdown_timeout(Duration::from_secs(5));
    finished
}

fn books(simulators: &Simulators, provider: Provider) -> Books {
    let ledger = simulators.of(provider.name).expect("simulated").ledger(None);
    let mut books = Books::new();
    for line in ledger.iter().filter(|line| !line.declined) {
        *books.entry(format!("{:?} {}", line.kind, line.amount_minor)).or_default() += 1;
    }
    books
}

/// Kills the story at one moment, then lets it be told to its end.
fn killed_at(death: Death, provider: Provider) -> (bool, Books) {
    let outer =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime");
    let simulators = outer.block_on(simulators());
    let (_held, path) = directory();
    let finished = life(&path, &simulators, provider, &Fate::of(Some(death)));
    if !finished {
        assert!(life(&path, &simulators, provider, &Fate::of(None)), "the second life ends");
    }
    let books = books(&simulators, provider);
    outer.shutdown_background();
    (finished, books)
}

fn killed_everywhere(provider: Provider, moment: fn(usize) -> Death) {
    let expected: Books = killed_at(moment(usize::MAX), provider).1;
    assert!(
        expected.values().all(|count| *count == 1),
        "the undisturbed story moves money once each: {expected:?}"
    );
    let mut deaths = 0;
    for number in 1.. {
        let death = moment(number);
        let (finished, books) = killed_at(death, provider);
        assert_eq!(books, expected, "{} after {death:?}", provider.name);
        if finished {
            break;
        }
        deaths += 1;
        assert!(number < 200, "the story has no end");
    }
    println!("{}: {deaths} deaths at {:?}", provider.name, moment(0));
    // Seven where there is no sign-in and nothing is reserved.
    assert!(deaths >= 7, "a story of this length has more moments than {deaths}");
}

/// The four moments at one provider, each a test of its own so that they run side by side.
macro_rules! dies_at {
    ($($provider:ident)*) => {$(
        mod $provider {
            use super::*;

            fn provider() -> Provider {
                let name = stringify!($provider);
                *PROVIDERS.iter().find(|provider| provider.name == name).expect("a provider of the suites")
            }

            #[test]
            fn before_every_commit() {
                killed_everywhere(provider(), Death::BeforeCommit);
            }

            #[test]
            fn after_every_commit() {
                killed_everywhere(provider(), Death::AfterCommit);
            }

            #[test]
            fn before_every_exchange() {
                killed_everywhere(provider(), Death::BeforeExchange);
            }

            #[test]
            fn after_every_exchange() {
                killed_everywhere(provider(), Death::AfterExchange);
            }
        }
    )*};
}

dies_at!(dintero begateway paymob pivot bbmsl);
