//! A gateway over simulators of its own, and what every cell needs of it: a fault that is arranged, a
//! payment that settles, and the simulator's books in our words.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use turnpike::domain::ids::{PaymentId, SessionId, TokenId};
use turnpike::domain::payment::{Payment, PaymentState};
use turnpike::engine::error::Error;
use turnpike::engine::gateway::Gateway;
use turnpike::journal::sqlite::SqliteJournal;
use turnpike::simulator::faults::{Fault, Kind};
use turnpike::simulator::{Simulator, Simulators};

use crate::rows::{Op, Row};
use crate::support::*;

/// How often a caller makes one call that the provider does not answer.
pub const CALLS_MAX: usize = 5;

/// How a cell ended.
pub struct Ending {
    /// Where it stands with us.
    pub ours: String,
    /// Where the simulator has it, in the same words.
    pub theirs: String,
    /// Successful charges in the simulator's books.
    pub charges: usize,
    /// What the caller heard.
    pub heard: String,
}

/// A gateway for one account, with a card saved there.
pub struct House {
    pub simulators: Simulators,
    gateway: Mutex<Gateway>,
    pub token: TokenId,
    journal: Arc<SqliteJournal>,
    path: PathBuf,
    /// Every charge has an amount of its own: some providers refuse the same amount on the same
    /// card within half a minute.
    amount: AtomicI64,
    _held: tempfile::TempDir,
}

impl House {
    pub async fn build(provider: Provider) -> Self {
        let simulators = simulators().await;
        let (held, path) = directory();
        let (accounts, network) = outside(configuration(&simulators, &path));
        let journal = Arc::new(store(&path));
        let gateway = engine(journal.clone(), Arc::new(network), accounts).await;
        let teller = Teller { gateway: &gateway, provider, prefix: format!("save-{}", provider.account) };
        let token = teller.save_card(&simulators).await;
        Self {
            simulators,
            gateway: Mutex::new(gateway),
            token,
            journal,
            path,
            amount: AtomicI64::new(1_000),
            _held: held,
        }
    }

    pub fn gateway(&self) -> Gateway {
        self.gateway.lock().expect("nobody panics with it").clone()
    }

    /// The gateway. Where signing in is what goes wrong, it is another one over the same store, that
    /// has not signed in yet.
    pub async fn gateway_for(&self, row: &Row) -> Gateway {
        if row.is_sign_in() {
            let (accounts, network) = outside(configuration(&self.simulators, &self.path));
            let old = self.gateway();
            old.drain();
            old.idle().await;
            let new = engine(self.journal.clone(), Arc::new(network), accounts).await;
            *self.gateway.lock().expect("nobody panics with it") = new;
        }
        self.gateway()
    }

    pub fn amount(&self) -> i64 {
        self.amount.fetch_add(1, Ordering::SeqCst)
    }

    pub fn simulator(&self, row: &Row) -> &Simulator {
        self.simulators.of(row.provider).expect("simulated")
    }

    /// Arranges the fault of a cell.
    pub fn arrange(&self, row: &Row, kind: Kind) {
        self.arrange_on(row, row.exchange, kind);
    }

    pub fn arrange_on(&self, row: &Row, exchange: &str, kind: Kind) {
        let mut fault = Fault::on(kind, exchange);
        fault.times = 1;
        fault.delay_ms = 300;
        fault.retry_after_s = 1;
        self.simulator(row).arrange(fault).expect("arranged");
    }

    /// Whether everything that was arranged has struck: the caller's own exchange or the resolver's.
    pub fn has_struck(&self, row: &Row) -> bool {
        self.simulator(row).waiting_faults() == 0
    }

    /// Plays one cell of the matrix.
    pub async fn play(&self, row: &Row, kind: Kind) -> Ending {
        let provider = row.of();
        let name = format!("{:?}-{}-{kind:?}", row.operation, row.exchange);
        let gateway = self.gateway_for(row).await;
        let teller = Teller { gateway: &gateway, provider, prefix: name };
        match row.operation {
            Op::Open
            | Op::Confirm
            | Op::ConfirmCard
            | Op::Charge
            | Op::Reserve
            | Op::Capture
            | Op::Void
            | Op::Refund => self.move_money(&teller, row, kind).await,
            Op::OpenSaving(purpose) | Op::ConfirmSaving(purpose) | Op::ConfirmCardSaving(purpose) => {
                self.save(&teller, purpose, row, kind).await
            }
            Op::Cancel | Op::CancelOnce | Op::CancelPaid => self.cancel(&teller, row, kind).await,
            Op::DeleteToken => self.delete(&teller, row, kind).await,
        }
    }

    /// The payment once it is settled. What was quarantined is asked about again by a person.
    pub async fn finished(&self, id: PaymentId, heard: &mut Vec<String>) -> Payment {
        let payment = self.gateway().payment(&caller(), id).await.expect("there");
        let payment = match payment.state {
            PaymentState::Quarantined => *payment,
            _ => settled(&self.gateway(), id).await,
        };
        if payment.state != PaymentState::Quarantined {
            return payment;
        }
        heard.push("QUARANTINED, asked again".to_owned());
        self.gateway().resolve(&caller(), id).await.expect("asked again");
        settled(&self.gateway(), id).await
    }

    /// The state of a session's payment once nobody works on it, or once it is the customer's turn.
    pub async fn decided(&self, id: SessionId) -> PaymentState {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let payment = self.gateway().session(&caller(), id).await.expect("there").payment;
            if !payment.state.is_undecided() || payment.state == PaymentState::RequiresAction {
                return payment.state;
            }
            assert!(tokio::time::Instant::now() < deadline, "nobody settles {payment:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What the simulator has of a payment, in our words, and by how many charges.
    pub fn books(&self, row: &Row, payment: &Payment) -> (String, usize) {
        let simulator = self.simulator(row);
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
            "cancelled" => "CANCELLED",
            "none" => "FAILED",
            other => panic!("the simulator says {other}"),
        };
        let totals = &standing.totals;
        (format!("{word} {}/{}", totals.captured, totals.refunded), charges)
    }
}

/// A state and the totals, as [`House::books`] tells them.
pub fn stands(payment: &Payment) -> String {
    format!("{} {}/{}", payment.state.word(), payment.captured(), payment.refunded())
}

/// Whether a call may simply be made again: the provider did not answer, and nothing was charged.
pub fn is_unanswered(error: &Error) -> bool {
    matches!(error, Error::Unreachable(_) | Error::Throttled { .. })
}
