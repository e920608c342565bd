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
    operation: Op,
    exchange: &'static str,
}

impl Row {
    fn of(&self) -> Provider {
        let found = PROVIDERS.iter().find(|provider| provider.name == self.provider);
        *found.unwrap_or_else(|| panic!("{} is no provider of the suites", self.provider))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Open,
    Confirm,
    Charge,
    Reserve,
    Capture,
    Void,
    Refund,
}

const ROWS: &[Row] = &[
    Row { provider: "dintero", operation: Op::Open, exchange: "token" },
    Row { provider: "dintero", operation: Op::Open, exchange: "create_session" },
    Row { provider: "dintero", operation: Op::Confirm, exchange: "get_session" },
    Row { provider: "dintero", operation: Op::Confirm, exchange: "get_transaction" },
    Row { provider: "dintero", operation: Op::Charge, exchange: "token" },
    Row { provider: "dintero", operation: Op::Charge, exchange: "pay" },
    Row { provider: "dintero", operation: Op::Reserve, exchange: "pay" },
    Row { provider: "dintero", operation: Op::Capture, exchange: "capture" },
    Row { provider: "dintero", operation: Op::Void, exchange: "void" },
    Row { provider: "dintero", operation: Op::Refund, exchange: "refund" },
    Row { provider: "begateway", operation: Op::Open, exchange: "create_checkout" },
    Row { provider: "begateway", operation: Op::Confirm, exchange: "get_checkout" },
    Row { provider: "begateway", operation: Op::Confirm, exchange: "get_transaction" },
    Row { provider: "begateway", operation: Op::Charge, exchange: "payment" },
    Row { provider: "begateway", operation: Op::Reserve, exchange: "authorization" },
    Row { provider: "begateway", operation: Op::Capture, exchange: "capture" },
    Row { provider: "begateway", operation: Op::Void, exchange: "void" },
    Row { provider: "begateway", operation: Op::Refund, exchange: "refund" },
    Row { provider: "paymob", operation: Op::Open, exchange: "token" },
    Row { provider: "paymob", operation: Op::Open, exchange: "create_intention" },
    Row { provider: "paymob", operation: Op::Confirm, exchange: "inquiry" },
    Row { provider: "paymob", operation: Op::Charge, exchange: "token" },
    Row { provider: "paymob", operation: Op::Charge, exchange: "create_intention" },
    Row { provider: "paymob", operation: Op::Charge, exchange: "pay" },
    Row { provider: "paymob", operation: Op::Reserve, exchange: "pay" },
    Row { provider: "paymob", operation: Op::Capture, exchange: "capture" },
    Row { provider: "paymob", operation: Op::Void, exchange: "void" },
    Row { provider: "paymob", operation: Op::Refund, exchange: "refund" },
    Row { provider: "pivot", operation: Op::Open, exchange: "access_token" },
    Row { provider: "pivot", operation: Op::Open, exchange: "create_payment" },
    Row { provider: "pivot", operation: Op::Confirm, exchange: "get_payment" },
    Row { provider: "pivot", operation: Op::Charge, exchange: "access_token" },
    Row { provider: "pivot", operation: Op::Charge, exchange: "create_payment" },
    Row { provider: "pivot", operation: Op::Reserve, exchange: "create_payment" },
    Row { provider: "pivot", operation: Op::Capture, exchange: "capture" },
    Row { provider: "pivot", operation: Op::Capture, exchange: "get_payment" },
    Row { provider: "pivot", operation: Op::Refund, exchange: "refund" },
    Row { provider: "pivot", operation: Op::Refund, exchange: "get_refund" },
    Row { provider: "bbmsl", operation: Op::Open, exchange: "create" },
    Row { provider: "bbmsl", operation: Op::Confirm, exchange: "query" },
    Row { provider: "bbmsl", operation: Op::Charge, exchange: "sale" },
    Row { provider: "bbmsl", operation: Op::Void, exchange: "void" },
    Row { provider: "bbmsl", operation: Op::Refund, exchange: "refund" },
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
        for provider in PROVIDERS {
            let teller =
                Teller { gateway: &gateway, provider: *provider, prefix: format!("save-{}", provider.name) };
            tokens.insert(provider.name, teller.save_card(&simulators).await);
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
        let name = format!("{}-{:?}-{}-{kind:?}", provider.name, row.operation, row.exchange);
        let teller = Teller { gateway: &self.gateway, provider, prefix: name };
        let token = self.tokens[row.provider];
        match row.operation {
            Op::Open => self.open_and_pay(&teller, row, kind).await,
            Op::Confirm => {
                let opened = teller.open("open", 700, CaptureMode::Automatic).await.expect("opens");
                pay(&self.simulators, provider, &page(&opened.payment));
                self.arrange(row, kind);
                let heard = teller.confirm("confirm", opened.session.id).await;
                self.finish(opened.payment.id, heard.map(|view| view.payment.state)).await
            }
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
        // A session whose first answer was lost may have another reference at the provider.
        let reference = payment.trace.more.get("merchant_reference").unwrap_or(&payment.reference);
        let standing = simulator.payment(reference);
        assert!(standing.successes <= 1, "charged {} times: {standing:?}", standing.successes);
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
        Truth {
            charges: standing.successes,
            stands: (word, standing.totals.captured, standing.totals.refunded),
        }
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
        "{:<10} {:<8} {:<16} {:<14} {:<26} {:>7}  caller heard",
        "provider", "op", "exchange", "fault", "ends captured/refunded", "charges"
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
            let name = row.provider;
            let ends = format!("{} {}/{}", ours.0, ours.1, ours.2);
            let (op, fault) = (format!("{:?}", row.operation), format!("{kind:?}"));
            println!("{name:<10} {op:<8} {:<16} {fault:<14} {ends:<26} {charges:>7}  {heard}", row.exchange);
            if ours != truth {
                wrong.push(format!(
                    "{name} {op} {} {fault}: ours {ours:?}, the provider's {truth:?}",
                    row.exchange
                ));
            }
            let lost = payment.movements.iter().any(|m| m.status == MovementStatus::Unresolved);
            assert!(!lost, "{payment:?}");
            house.simulators.of(name).expect("simulated").clear_faults();
        }
    }
    for provider in PROVIDERS {
        let twice = house.simulators.of(provider.name).expect("simulated").double_charges();
        assert!(twice.is_empty(), "charged twice: {twice:?}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
