//! The truth arrives by many roads, and ends in one place: the answer to the call itself, notices (again, out
//! of order, late) and inquiries, in an order that a seed draws, leave every payment where its provider
//! has it. A seed that fails is printed, and told again by TURNPIKE_CONVERGENCE_SEED.

#![cfg(feature = "simulator")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::*;
use turnpike::app::development;
use turnpike::domain::ids::{AccountName, PaymentId, TokenId};
use turnpike::domain::notice::Call;
use turnpike::domain::order::{CaptureMode, Purpose};
use turnpike::domain::payment::{Payment, PaymentState};
use turnpike::engine::gateway::Gateway;
use turnpike::engine::notices::Reception;
use turnpike::journal::seam::Journal as _;
use turnpike::journal::sqlite::SqliteJournal;
use turnpike::simulator::delivery::BackOffice;
use turnpike::simulator::faults::{Fault, Kind};
use turnpike::simulator::{self, CustomerAction, Simulator, Simulators};

/// Seeds of one run, over all providers.
const SEEDS: u64 = 10_000;
/// How often one notice comes at most.
const ARRIVALS_MAX: u64 = 3;
/// How long anything is late at most, in milliseconds.
const LATE_MS_MAX: u64 = 12;
/// Where notices come; nobody listens there, because this test carries them itself.
const SIDE: ([u8; 4], u16) = ([127, 0, 0, 1], 9);

/// Draws from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).expect("small");
            list.swap(last, other);
        }
    }
}

/// What happens to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// The customer pays on the provider's page.
    Paid,
    /// The customer goes back to the shop.
    Cancelled,
    /// A stored card is charged, and the answer is on its way for a while.
    ChargedLate,
    /// A stored card is charged, and the answer is lost.
    ChargedAndLost,
    /// The customer pays, and the back office gives a part back.
    Refunded,
    /// The customer saves a card, by paying with it where that is how it is done.
    Saved,
}

/// A road by which news comes.
#[derive(Debug, Clone)]
enum Road {
    /// A notice.
    Notice(Box<Call>),
    /// The caller asks.
    Inquiry,
    /// The caller confirms what the browser brought back.
    Confirmation,
}

struct House {
    gateway: Gateway,
    journal: Arc<SqliteJournal>,
    simulators: Arc<Simulators>,
    _directory: tempfile::TempDir,
}

async fn house() -> House {
    let options =
        simulator::Options { seed: Some(7), deliver_notifications: false, ..simulator::Options::default() };
    let simulators = Arc::new(simulator::start(options).await.expect("the simulators start"));
    let merchant = development::Merchant {
        name: development::MERCHANT,
        api_key_sha256: &"0".repeat(64),
        simulators: &simulators,
    };
    development::register_addresses(merchant, SIDE.into()).expect("every provider is simulated");
    let (held, directory) = directory();
    let journal = Arc::new(store(&directory));
    let config = configuration_told(&[(development::MERCHANT, &simulators)], &directory, Some(SIDE.into()));
    let (accounts, network) = outside(config);
    let network = network.with_clocks([clock_of(development::MERCHANT, &simulators)].into());
    let gateway = engine(journal.clone(), Arc::new(network), accounts).await;
    tokio::spawn(gateway.clone().notices_forever());
    House { gateway, journal, simulators, _directory: held }
}

/// One provider's part of the run.
struct Part<'a> {
    house: &'a House,
    provider: Provider,
    simulator: &'a Simulator,
    token: TokenId,
    /// The last notification that was looked at.
    seen: u64,
}

impl Part<'_> {
    /// The notices that the provider owes since the last look, sealed as they would leave now.
    fn owed(&mut self) -> Vec<Call> {
        let owed = self.simulator.notifications(self.seen);
        self.seen = owed.last().map_or(self.seen, |(notification, _)| notification.sequence);
        let call =
            |(notification, headers): (simulator::notifications::Notification, Vec<(String, String)>)| Call {
                method: notification.method.to_owned(),
                url: notification.url,
                headers: headers
                    .into_iter()
                    .map(|(name, value)| (name.to_ascii_lowercase(), value))
                    .collect(),
                body: notification.body.into_bytes(),
            };
        owed.into_iter().map(call).collect()
    }

    fn teller(&self, seed: u64) -> Teller<'_> {
        let prefix = format!("{}-{seed}", self.provider.name);
        Teller { gateway: &self.house.gateway, provider: self.provider, prefix }
    }

    async fn told(&mut self, seed: u64) {
        let mut dice = Dice(seed);
        let stories = [
            Story::Paid,
            Story::Cancelled,
            Story::ChargedLate,
            Story::ChargedAndLost,
            Story::Refunded,
            Story::Saved,
        ];
        let story = stories[usize::try_from(dice.below(stories.len() as u64)).expect("small")];
        // Amounts differ, or the same card would be charged with the same amount again and again.
        let minor = 500 + i64::try_from(seed % 9_000).expect("small") * 100;
        let payment = match story {
            Story::Paid | Story::Cancelled | Story::Refunded => {
                self.in_session(story, seed, minor, &mut dice).await
            }
            Story::ChargedLate | Story::ChargedAndLost => self.charged(story, seed, minor, &mut dice).await,
            Story::Saved => return self.saved(seed, minor, &mut dice).await,
        };
        self.ended_alike(story, seed, payment).await;
    }

    async fn in_session(&mut self, story: Story, seed: u64, minor: i64, dice: &mut Dice) -> PaymentId {
        let teller = self.teller(seed);
        let opened = teller.open_for("open", minor, CaptureMode::Automatic, Purpose::Pay).await;
        let opened = opened.unwrap_or_else(|error| panic!("seed {seed}: {error:?}"));
        let page = page(&opened.payment);
        match story {
            Story::Cancelled => {
                self.simulator.customer(&page, &CustomerAction::Cancel).expect("the customer can leave");
            }
            _ => pay(&self.house.simulators, self.provider, &page),
        }
        let mut roads = self.roads(dice);
        roads.push((Road::Confirmation, 0));
        let first = self.travel(opened.payment.id, Some(opened.session.id), seed, roads, dice);
        first.await;
        if story == Story::Refunded && self.provider.refunds_again {
            let payment = settled_session(&self.house.gateway, opened.session.id).await;
            let amount_minor = self.provider.minor(minor / 5);
            self.simulator
                .back_office(&payment.reference, BackOffice::Refund { amount_minor })
                .unwrap_or_else(|why| panic!("seed {seed}: {why}"));
            let roads = self.roads(dice);
            self.travel(payment.id, None, seed, roads, dice).await;
        }
        opened.payment.id
    }

    /// One card is kept, and the payment has it. Not every provider has a payment where nothing was charged,
    /// so that the simulator is asked only how many cards there are.
    async fn saved(&mut self, seed: u64, minor: i64, dice: &mut Dice) {
        let before = self.simulator.saved_cards();
        let customer = format!("customer-{seed}");
        let purpose = self.provider.saves_in;
        let teller = self.teller(seed);
        let mut wish = saving(self.provider, purpose, &customer);
        if purpose == Purpose::PayAndSave {
            wish.order.purchase.money = money(self.provider, minor);
        }
        let name = format!("{}-open", teller.prefix);
        let opened = teller.gateway.open_session(&caller(), ask(&name, wish), None).await;
        let opened = opened.unwrap_or_else(|error| panic!("seed {seed}: {error:?}")).value;
        // Some who ask now hear of it after the customer has paid.
        let late = Fault { delay_ms: dice.below(LATE_MS_MAX), ..Fault::new(Kind::Delay) };
        self.simulator.arrange(late).expect("in range");
        let (gateway, asked) = (self.house.gateway.clone(), opened.payment.id);
        let asking = tokio::spawn(async move { drop(gateway.resolve(&caller(), asked).await) });
        tokio::time::sleep(Duration::from_millis(dice.below(LATE_MS_MAX))).await;
        pay(&self.house.simulators, self.provider, &page(&opened.payment));
        let mut roads = self.roads(dice);
        roads.push((Road::Confirmation, 0));
        self.travel(asked, Some(opened.session.id), seed, roads, dice).await;
        asking.await.expect("no panic");
        self.simulator.clear_faults();

        with_card(&self.house.gateway, opened.session.id).await;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        while self.house.journal.next_notice().await.expect("readable").is_some() {
            assert!(tokio::time::Instant::now() < deadline, "seed {seed}: notices are left");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let payment = with_card(&self.house.gateway, opened.session.id).await;
        let paid = [PaymentState::Captured, PaymentState::Verified];
        assert!(paid.contains(&payment.state), "seed {seed}: {payment:?}");
        assert_eq!(payment.saved_tokens.len(), 1, "seed {seed}: {payment:?}");
        assert_eq!(self.simulator.saved_cards() - before, 1, "seed {seed}");
        self.is_in_order(seed, &payment);
    }

    async fn charged(&mut self, story: Story, seed: u64, minor: i64, dice: &mut Dice) -> PaymentId {
        let kind = if story == Story::ChargedLate { Kind::Delay } else { Kind::DropAfter };
        // The request that moves money, whatever it is called there, comes after those that prepare it.
        let skip = u32::try_from(self.provider.before_charging).expect("small");
        let late = Fault { delay_ms: 1 + dice.below(LATE_MS_MAX), skip, ..Fault::new(kind) };
        self.simulator.arrange(late).expect("in range");
        let gateway = self.house.gateway.clone();
        let (provider, token) = (self.provider, self.token);
        let prefix = format!("{}-{seed}", provider.name);
        let calling = tokio::spawn(async move {
            let teller = Teller { gateway: &gateway, provider, prefix };
            teller.charge("charge", token, minor, CaptureMode::Automatic).await
        });
        // Notices overtake the answer where the provider has them by then.
        tokio::time::sleep(Duration::from_millis(dice.below(LATE_MS_MAX))).await;
        let early = self.owed();
        for call in &early {
            self.take(call, seed).await;
        }
        let answer =
            calling.await.expect("no panic").unwrap_or_else(|error| panic!("seed {seed}: {error:?}"));
        let id = answer.value.id;
        let mut roads = self.roads(dice);
        roads.extend(early.into_iter().map(|call| (Road::Notice(Box::new(call)), 0)));
        self.simulator.clear_faults();
        self.travel(id, None, seed, roads, dice).await;
        id
    }

    /// The roads that news takes now, in an order of the dice's, with how late each is.
    fn roads(&mut self, dice: &mut Dice) -> Vec<(Road, u64)> {
        let mut roads = Vec::new();
        for call in self.owed() {
            for _ in 0..=dice.below(ARRIVALS_MAX) {
                roads.push((Road::Notice(Box::new(call.clone())), dice.below(LATE_MS_MAX)));
            }
        }
        for _ in 0..=dice.below(2) {
            roads.push((Road::Inquiry, dice.below(LATE_MS_MAX)));
        }
        roads
    }

    /// Has news come by all roads, some of it at once.
    async fn travel(
        &self,
        payment: PaymentId,
        session: Option<turnpike::domain::ids::SessionId>,
        seed: u64,
        mut roads: Vec<(Road, u64)>,
        dice: &mut Dice,
    ) {
        dice.shuffle(&mut roads);
        let arriving = roads.into_iter().map(|(road, late)| async move {
            tokio::time::sleep(Duration::from_millis(late)).await;
            match road {
                Road::Notice(call) => self.take(&call, seed).await,
                // That the provider is asked in vain now and then is part of it.
                Road::Inquiry => drop(self.house.gateway.resolve(&caller(), payment).await),
                Road::Confirmation => {
                    if let Some(session) = session {
                        drop(self.teller(seed).confirm("confirm", session).await);
                    }
                }
            }
        });
        futures_util::future::join_all(arriving).await;
    }

    async fn take(&self, call: &Call, seed: u64) {
        let account = AccountName(self.provider.account.to_owned());
        let taken = self.house.gateway.take_notice(&account, call.clone()).await;
        let taken = taken.unwrap_or_else(|error| panic!("seed {seed}: {error:?}"));
        assert!(matches!(taken, Reception::Taken(_)), "seed {seed}: {}: {taken:?}", self.provider.name);
    }

    /// The payment ends where the provider has it.
    async fn ended_alike(&self, story: Story, seed: u64, id: PaymentId) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            let payment = self.house.gateway.payment(&caller(), id).await.expect("the payment is there");
            let truth = self.simulator.payment(&payment.reference);
            let expected = match truth.state.as_str() {
                "captured" => PaymentState::Captured,
                "partially_refunded" => PaymentState::PartiallyRefunded,
                "cancelled" | "failed" | "declined" => PaymentState::Declined,
                // The customer has left, and could come back.
                "pending" => PaymentState::RequiresAction,
                other => panic!("seed {seed}: {story:?} left {other} at {}", self.provider.name),
            };
            let is_alike = payment.state == expected
                && (payment.captured(), payment.refunded()) == (truth.totals.captured, truth.totals.refunded);
            let open = self.house.journal.next_notice().await.expect("readable").is_some();
            if is_alike && !open {
                self.is_in_order(seed, &payment);
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "seed {seed}: {story:?} at {}: {truth:?}, and here {payment:?}",
                self.provider.name
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn is_in_order(&self, seed: u64, payment: &Payment) {
        assert!(payment.mismatch.is_none(), "seed {seed}: {payment:?}");
        assert!(payment.captured() <= payment.asked.minor(), "seed {seed}: {payment:?}");
        assert!(payment.refunded() <= payment.captured(), "seed {seed}: {payment:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_order_every_payment_ends_where_its_provider_has_it() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let only = number("TURNPIKE_CONVERGENCE_SEED");
    let seeds = number("TURNPIKE_CONVERGENCE_SEEDS").unwrap_or(SEEDS);
    let house = house().await;
    let parts = (0..).zip(PROVIDERS).map(|(place, provider)| {
        let house = &house;
        async move {
            let simulator = house.simulators.of(provider.name).expect("simulated");
            let prefix = format!("{}-token", provider.name);
            let teller = Teller { gateway: &house.gateway, provider: *provider, prefix };
            let token = teller.save_card(&house.simulators).await;
            let mut part = Part { house, provider: *provider, simulator, token, seen: 0 };
            part.owed();
            let own = (0..seeds).filter(|seed| seed % PROVIDERS.len() as u64 == place);
            for seed in own.filter(|seed| only.is_none_or(|only| only == *seed)) {
                part.told(seed).await;
            }
        }
    });
    futures_util::future::join_all(parts).await;
    for simulator in house.simulators.all() {
        assert!(simulator.double_charges().is_empty(), "{}: charged twice", simulator.name());
    }
}
