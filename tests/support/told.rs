//! A gateway that providers can tell their news, in front of simulators that do.

#![allow(dead_code)] // Each test file uses its part.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use turnpike::app::development;
use turnpike::domain::payment::Payment;
use turnpike::domain::rate::Rate;
use turnpike::engine::FollowUpPlan;
use turnpike::engine::gateway::{Gateway, Options};
use turnpike::journal::sqlite::SqliteJournal;
use turnpike::simulator::{self, Simulators};
use turnpike::webhooks::inbound::{self, Serving};

use crate::support::{self, Provider};

/// Pauses of providers are so many times as short: minutes and hours are over at once.
const HURRY: u32 = 10_000;

/// A gateway with a side door.
pub struct ToldHouse {
    pub gateway: Gateway,
    pub simulators: Arc<Simulators>,
    pub journal: Arc<SqliteJournal>,
    /// Where the side door is.
    pub side: SocketAddr,
    pub serving: Serving,
    pub stop: watch::Sender<bool>,
    pub _directory: Option<tempfile::TempDir>,
}

/// How a house is built.
pub struct Plan {
    /// How often each account may be called.
    pub rate: Rate,
    /// Whether what was told is acted upon.
    pub acts: bool,
    /// Rhythms of the engine.
    pub options: Options,
}

impl Default for Plan {
    /// News is all there is: nobody asks for an hour.
    fn default() -> Self {
        let hour = Duration::from_secs(3_600);
        let follow_up =
            FollowUpPlan { first: hour, longest: hour, unhurried: hour, ..FollowUpPlan::default() };
        Self {
            rate: Rate { calls_per_second: 10_000, burst: 10_000 },
            acts: true,
            options: Options { follow_up, ..Options::default() },
        }
    }
}

/// Simulators that deliver, and hurry.
pub async fn simulators_that_tell() -> Arc<Simulators> {
    let options =
        simulator::Options { seed: Some(7), notification_hurry: HURRY, ..simulator::Options::default() };
    Arc::new(simulator::start(options).await.expect("the simulators start"))
}

impl ToldHouse {
    pub async fn new(plan: Plan) -> Self {
        let (held, directory) = support::directory();
        let journal = Arc::new(support::store(&directory));
        let house = Self::over(simulators_that_tell().await, &directory, journal, plan).await;
        Self { _directory: Some(held), ..house }
    }

    /// The same over a store that somebody else may have used before.
    pub async fn over(
        simulators: Arc<Simulators>,
        directory: &Path,
        journal: Arc<SqliteJournal>,
        plan: Plan,
    ) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port");
        let side = port.local_addr().expect("an address");
        let merchant = development::Merchant {
            name: development::MERCHANT,
            api_key_sha256: &"0".repeat(64),
            simulators: &simulators,
        };
        development::register_addresses(merchant, side).expect("every provider is simulated");
        let config =
            support::configuration_told(&[(development::MERCHANT, &simulators)], directory, Some(side));
        let (accounts, network) = support::outside(config);
        let clock = support::clock_of(development::MERCHANT, &simulators);
        let network = network.with_clocks([clock].into());
        let gateway = support::engine_with(journal.clone(), Arc::new(network), accounts, plan.options).await;
        if plan.acts {
            tokio::spawn(gateway.clone().notices_forever());
        }
        let (stop, stopped) = watch::channel(false);
        let config = inbound::Config { rate: plan.rate, drain_max: Duration::from_secs(5) };
        let serving = inbound::serve(port, config, gateway.clone(), stopped).expect("the side door opens");
        Self { gateway, simulators, journal, side, serving, stop, _directory: None }
    }

    /// The address of an account's notices.
    pub fn address(&self, account: &str) -> String {
        format!("http://{}/webhooks/{account}", self.side)
    }

    /// Waits until a payment is as wanted.
    pub async fn until(
        &self,
        provider: Provider,
        id: turnpike::domain::ids::PaymentId,
        what: &str,
        wanted: impl Fn(&Payment) -> bool,
    ) -> Payment {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            let payment = self.gateway.payment(&support::caller(), id).await.expect("the payment is there");
            if wanted(&payment) {
                return *payment;
            }
            if tokio::time::Instant::now() >= deadline {
                let told = self.simulators.of(provider.name).expect("simulated").deliveries(0);
                panic!("{}: never {what}: {payment:?}\ntold: {told:#?}", provider.name);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
