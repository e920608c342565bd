//! The fault matrix: each fault of the menu, at each exchange of each operation, at each provider.
//! Whatever goes wrong on the way, the payment ends where the simulator has it, and no money moves
//! twice. The matrix is printed.

#![cfg(feature = "simulator")]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use support::*;
use turnpike::domain::ids::{PaymentId, TokenId};
use turnpike::domain::order::CaptureMode;
use turnpike::domain::payment::{MovementStatus, Payment, PaymentState};
use turnpike::engine::commands::MoveKind;
use turnpike::engine::error::Error;
use turnpike::engine::gateway::Gateway;
use turnpike::journal::sqlite::SqliteJournal;
use turnpike::simulator::Simulators;
use turnpike::simulator::faults::{Fault, Kind};

/// The menu.
const KINDS: &[Kind] = &[
    Kind::Delay,
    Kind::DelayBefore,
    Kind::DropBefore,
    Kind::DropAfter,
    Kind::ResetMidBody,
    Kind::Error5xx,
    Kind::Error5xxAfter,
    Kind::Throttle,
    Kind::Garbage,
    Kind::HtmlError,
    Kind::WrongAmount,
    Kind::WrongCurrency,
    Kind::WrongReference,
    Kind::UnknownStatus,
];

/// An operation of ours, and the simulator's names of the exchanges that it makes.
struct Row {
    provider: &'static str,
    /// Another account than the suites' usual one; empty for that.
    account: &'static str,
    operation: Op,
    exchange: &'static str,
}

const fn row(provider: &'static str, operation: Op, exchange: &'static str) -> Row {
    Row { provider, account: "", operation, exchange }
}

impl Row {
    fn of(&self) -> Provider {
        let found = PROVIDERS.iter().find(|provider| provider.name == self.provider);
        let usual = *found.unwrap_or_else(|| panic!("{} is no provider of the suites", self.provider));
        match self.account {
            "" => usual,
            account => Provider { account, ..usual },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Open,
    Confirm,
    /// With a card that the merchant's page collected.
    ConfirmCard,
    Charge,
    Reserve,
    Capture,
    Void,
    Refund,
}

const ROWS: &[Row] = &[
    row("dintero", Op::Open, "token"),
    row("dintero", Op::Open, "create_session"),
    row("dintero", Op::Confirm, "get_session"),
    row("dintero", Op::Confirm, "get_transaction"),
    row("dintero", Op::Charge, "token"),
    row("dintero", Op::Charge, "pay"),
    row("dintero", Op::Reserve, "pay"),
    row("dintero", Op::Capture, "capture"),
    row("dintero", Op::Void, "void"),
    row("dintero", Op::Refund, "refund"),
    row("begateway", Op::Open, "create_checkout"),
    row("begateway", Op::Confirm, "get_checkout"),
    row("begateway", Op::Confirm, "get_transaction"),
    row("begateway", Op::ConfirmCard, "payment"),
    row("begateway", Op::Charge, "payment"),
    row("begateway", Op::Reserve, "authorization"),
    row("begateway", Op::Capture, "capture"),
    row("begateway", Op::Void, "void"),
    row("begateway", Op::Refund, "refund"),
    row("paymob", Op::Open, "token"),
    row("paymob", Op::Open, "create_intention"),
    row("paymob", Op::Confirm, "inquiry"),
    row("paymob", Op::Charge, "token"),
    row("paymob", Op::Charge, "create_intention"),
    row("paymob", Op::Charge, "pay"),
    row("paymob", Op::Reserve, "pay"),
    row("paymob", Op::Capture, "capture"),
    row("paymob", Op::Void, "void"),
    row("paymob", Op::Refund, "refund"),
    Row { account: "paymob-dev-accept", ..row("paymob", Op::Open, "create_order") },
    Row { account: "paymob-dev-accept", ..row("paymob", Op::Open, "payment_key") },
    Row { account: "paymob-dev-accept", ..row("paymob", Op::Charge, "create_order") },
    Row { account: "paymob-dev-accept", ..row("paymob", Op::Charge, "payment_key") },
    Row { account: "paymob-dev-accept", ..row("paymob", Op::Charge, "pay") },
    row("pivot", Op::Open, "access_token"),
    row("pivot", Op::Open, "create_payment"),
    row("pivot", Op::Confirm, "get_payment"),
    row("pivot", Op::ConfirmCard, "confirm_payment"),
    row("pivot", Op::Charge, "access_token"),
    row("pivot", Op::Charge, "create_payment"),
    row("pivot", Op::Reserve, "create_payment"),
    row("pivot", Op::Capture, "capture"),
    row("pivot", Op::Capture, "get_payment"),
    row("pivot", Op::Refund, "refund"),
    row("pivot", Op::Refund, "get_refund"),
    row("bbmsl", Op::Open, "create"),
    row("bbmsl", Op::Confirm, "query"),
    row("bbmsl", Op::Charge, "sale"),
    row("bbmsl", Op::Void, "void"),
    row("bbmsl", Op::Refund, "refund"),
];

/// What the simulator has.
struct Truth {
    charges: usize,
    /// Our word for it, and what is captured and refunded.
    stands: (&'static str, i64, i64),
}

/// A gateway over simulators of its own, with a card saved at each provider.
struct House {
    simulators: Simulators,
    gateway: Gateway,
    journal: Arc<SqliteJournal>,
    path: PathBuf,
    tokens: BTreeMap<&'static str, TokenId>,
    /// Every charge has an amount of its own: some providers refuse the same amount on the same
    /// card within half a minute.
    amount: AtomicI64,
    _held: tempfile::TempDir,
}

impl House {
    async fn build() -> Self {
        let simulators = simulators().await;
        let (held, path) = directory();
        let (accounts, network) = outside(configuration(&simulators, &path));
        let journal = Arc::new(store(&path));
        let gateway = engine(journal.clone(), Arc::new(network), accounts).await;
        let mut tokens = BTreeMap::new();
        for provider in ROWS.iter().map(Row::of) {
            if tokens.contains_key(provider.account) {
                continue;
            }
            let teller = Teller { gateway: &gateway, provider, prefix: format!("save-{}", provider.account) };
            tokens.insert(provider.account, teller.save_card(&simulators).await);
        }
        Self { simulators, gateway, journal, path, tokens, amount: AtomicI64::new(1_000), _held: held }
    }

    /// Another engine over the same store, that has not signed in anywhere.
    async fn forget_sign_ins(&mut self) {
        let (accounts, network) = outside(configuration(&self.simulators, &self.path));
        self.gateway.drain();
        self.gateway.idle().await;
        self.gateway = engine(self.journal.clone(), Arc::new(network), accounts).await;
    }

    fn amount(&self) -> i64 {
        self.amount.fetch_add(1, Ordering::SeqCst)
    }

    fn arrange(&self, row: &Row, kind: Kind) {
        let mut fault = Fault::on(kind, row.exchange);
        fault.times = 1;
        fault.delay_ms = 300;
        fault.retry_after_s = 1;
        self.simulators.of(row.provider).expect("simulated").arrange(fault).expect("arranged");
    }

    /// Plays one cell of the matrix. Returns the payment as it ended, and what the caller heard.
    async fn play(&self, row: &Row, kind: Kind) -> (Payment, String) {
        let provider = row.of();
        let name = format!("{}-{:?}-{}-{kind:?}", provider.account, row.operation, row.exchange);
        let teller = Teller { gateway: &self.gateway, provider, prefix: name };
        let token = self.tokens[provider.account];
        match row.operation {
            Op::Open => self.open_and_pay(&teller, row, kind).await,
            Op::Confirm => {
                let opened = teller.open("open", 700, CaptureMode::Automatic).await.expect("opens");
                pay(&self.simulators, provider, &page(&opened.payment));
                self.arrange(row, kind);
                let heard = teller.confirm("confirm", opened.session.id).await;
                self.finish(opened.payment.id, heard.map(|view| view.payment.state)).await
            }
            Op::ConfirmCard => self.confirmed_with_card(&teller, row, kind).await,
            Op::Charge => {
                self.arrange(row, kind);
                self.charged(&teller, token, CaptureMode::Automatic).await
            }
            Op::Reserve => {
                self.arrange(row, kind);
                self.charged(&teller, token, CaptureMode::Manual).await
            }
            Op::Capture => {
                let reserved = teller
                    .charge("reserve", token, self.amount(), CaptureMode::Manual)
                    .await
                    .expect("reserves");
                assert_eq!(reserved.value.state, PaymentState::Authorized);
                self.arrange(row, kind);
                self.moved(&teller, reserved.value.id, CAPTURE).await
            }
            Op::Void => {
                // A reservation where there are such, otherwise what was taken at once.
                let (capture, state) = match provider.voids_reserved {
                    true => (CaptureMode::Manual, PaymentState::Authorized),
                    false => (CaptureMode::Automatic, PaymentState::Captured),
                };
                let charged = teller.charge("charge", token, self.amount(), capture).await.expect("charges");
                assert_eq!(settled(&self.gateway, charged.value.id).await.state, state);
                self.arrange(row, kind);
                self.moved(&teller, charged.value.id, MoveKind::Void).await
            }
            Op::Refund => {
                let taken = teller
                    .charge("take", token, self.amount(), CaptureMode::Automatic)
                    .await
                    .expect("charges")
                    .value;
                assert_eq!(settled(&self.gateway, taken.id).await.state, PaymentState::Captured);
                self.arrange(row, kind);
                self.moved(&teller, taken.id, REFUND).await
            }
        }
    }

    async fn open_and_pay(&self, teller: &Teller<'_>, row: &Row, kind: Kind) -> (Payment, String) {
        self.arrange(row, kind);
        let mut heard = "OK".to_owned();
        // Nothing was charged when a session could not be opened: the same call is made again.
        let opened = loop {
            match teller.open("open", 700, CaptureMode::Automatic).await {
                Ok(view) => break view,
                Err(Error::Unreachable(_) | Error::Throttled { .. }) => {
                    heard = "UNAVAILABLE, then OK".to_owned()
                }
                Err(error) => panic!("{row_name}: {error:?}", row_name = row.exchange),
            }
        };
        pay(&self.simulators, teller.provider, &page(&opened.payment));
        teller.confirm("confirm", opened.session.id).await.expect("confirms");
        (settled(&self.gateway, opened.payment.id).await, heard)
    }

    /// Confirms with a card as a careful caller does: the same request id until there is an answer,
    /// and another one once the payment waits for a card again. The ciphertext stays the same.
    async fn confirmed_with_card(&self, teller: &Teller<'_>, row: &Row, kind: Kind) -> (Payment, String) {
        let opened = teller.open_own_page("open", 700).await.expect("opens");
        let id = opened.payment.id;
        let means = collected(teller.provider, &opened.payment);
        self.arrange(row, kind);
        let mut heard = Vec::new();
        for attempt in 0..5 {
            let name = format!("confirm-{attempt}");
            let answer = loop {
                match teller.confirm_with(&name, opened.session.id, means.clone()).await {
                    Err(Error::Unreachable(_) | Error::Throttled { .. }) => {
                        heard.push("UNAVAILABLE".to_owned())
                    }
                    answer => break answer.expect("an answer"),
                }
            };
            heard.push(answer.payment.state.word().to_owned());
            if self.decided(id).await != PaymentState::RequiresAction {
                let (payment, last) = self.finish(id, Ok(answer.payment.state)).await;
                return (payment, format!("{}, {last}", heard.join(", ")));
            }
        }
        panic!("five times: {heard:?}")
    }

    /// The state once nobody works on the payment, or once it is the customer's turn.
    async fn decided(&self, id: PaymentId) -> PaymentState {
        for _ in 0..2_000 {
            let state = self.gateway.payment(&caller(), id).await.expect("there").state;
            if !state.is_undecided() || state == PaymentState::RequiresAction {
                return state;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("nobody settles {:?}", self.gateway.payment(&caller(), id).await)
    }

    async fn charged(&self, teller: &Teller<'_>, token: TokenId, capture: CaptureMode) -> (Payment, String) {
        let mut heard = Vec::new();
        let amount = self.amount();
        for _ in 0..5 {
            match teller.charge("charge", token, amount, capture).await {
                Ok(answer) => {
                    heard.push(answer.value.state.word().to_owned());
                    return self.finish(answer.value.id, Ok(answer.value.state)).await;
                }
                Err(error @ (Error::Unreachable(_) | Error::Throttled { .. })) => {
                    heard.push(error.to_string())
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("five times: {heard:?}")
    }

    async fn moved(&self, teller: &Teller<'_>, payment: PaymentId, what: MoveKind) -> (Payment, String) {
        for _ in 0..5 {
            match teller.move_money("move", payment, what, None).await {
                Ok(view) => return self.finish(payment, Ok(view.payment.state)).await,
                Err(Error::Unreachable(_) | Error::Throttled { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("five times")
    }

    async fn finish(&self, id: PaymentId, heard: Result<PaymentState, Error>) -> (Payment, String) {
        let heard = match heard {
            Ok(state) => state.word().to_owned(),
            Err(error) => error.to_string(),
        };
        let mut payment = quarantined_or_settled(&self.gateway, id).await;
        if payment.state == PaymentState::Quarantined {
            // A person looks, and has the provider asked again.
            self.gateway.resolve(&caller(), id).await.expect("asked again");
            payment = settled(&self.gateway, id).await;
            return (payment, format!("{heard}, QUARANTINED, asked again"));
        }
        (payment, heard)
    }

    /// What the simulator has, in our words.
    fn truth(&self, row: &Row, payment: &Payment) -> Truth {
        let simulator = self.simulators.of(row.provider).expect("simulated");
        // What was registered before a lost answer keeps our reference; the second try has another,
        // which the payment remembers. Under all of them together there is one charge at the most.
        let others = ["merchant_reference", "merchant_order_id"];
        let others = others.iter().filter_map(|name| payment.trace.more.get(*name));
        let standings: Vec<_> =
            [&payment.reference].into_iter().chain(others).map(|name| simulator.payment(name)).collect();
        let charges: usize = standings.iter().map(|standing| standing.successes).sum();
        assert!(charges <= 1, "charged {charges} times: {standings:?}");
        let known = standings.iter().find(|standing| standing.totals.authorized > 0);
        let standing = known.unwrap_or(&standings[0]);
        let word = match standing.state.as_str() {
            "authorized" => "AUTHORIZED",
            "captured" | "partially_captured" => "CAPTURED",
            "voided" => "VOIDED",
            "refunded" => "REFUNDED",
            "partially_refunded" => "PARTIALLY_REFUNDED",
            "declined" => "DECLINED",
            "none" => "FAILED",
            other => panic!("the simulator says {other}"),
        };
        Truth { charges, stands: (word, standing.totals.captured, standing.totals.refunded) }
    }
}

async fn quarantined_or_settled(gateway: &Gateway, id: PaymentId) -> Payment {
    let payment = gateway.payment(&caller(), id).await.expect("there");
    if payment.state == PaymentState::Quarantined { *payment } else { settled(gateway, id).await }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_at_every_exchange_ends_where_the_provider_has_it() {
    let mut house = House::build().await;
    println!(
        "{:<17} {:<11} {:<16} {:<14} {:<26} {:>7}  caller heard",
        "account", "op", "exchange", "fault", "ends captured/refunded", "charges"
    );
    let mut wrong = Vec::new();
    for row in ROWS {
        for kind in KINDS {
            if matches!(row.exchange, "token" | "access_token") {
                house.forget_sign_ins().await;
            }
            let (payment, heard) = house.play(row, *kind).await;
            let Truth { charges, stands: truth } = house.truth(row, &payment);
            let ours = (payment.state.word(), payment.captured(), payment.refunded());
            let provider = row.of();
            let name = provider.account;
            let ends = format!("{} {}/{}", ours.0, ours.1, ours.2);
            let (op, fault) = (format!("{:?}", row.operation), format!("{kind:?}"));
            println!("{name:<17} {op:<11} {:<16} {fault:<14} {ends:<26} {charges:>7}  {heard}", row.exchange);
            if ours != truth {
                wrong.push(format!(
                    "{name} {op} {} {fault}: ours {ours:?}, the provider's {truth:?}",
                    row.exchange
                ));
            }
            let lost = payment.movements.iter().any(|m| m.status == MovementStatus::Unresolved);
            assert!(!lost, "{payment:?}");
            house.simulators.of(row.provider).expect("simulated").clear_faults();
        }
    }
    for provider in PROVIDERS {
        let twice = house.simulators.of(provider.name).expect("simulated").double_charges();
        assert!(twice.is_empty(), "charged twice: {twice:?}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
