//! Starts the simulators on their ports, and the handle that tests and `turnpike dev` hold.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::bbmsl::Bbmsl;
use super::begateway::Begateway;
use super::clock::Clock;
use super::contract::{Backstage, CustomerAction, CustomerResult, ProviderSimulator};
use super::control::{self, Standing};
use super::deliveries;
use super::delivery::BackOffice;
use super::dintero::Dintero;
use super::dispatch;
use super::entropy::Entropy;
use super::exchanges::{Exchange, Filter, Numbers};
use super::faults::{Chaos, Fault};
use super::ledger::{Count, Kind, Movement};
use super::notification_faults;
use super::notifications::{Notification, Pace};
use super::paymob::Paymob;
use super::pivot::Pivot;
use super::wire;

/// Makes one provider: name, reference key, constructor.
type Build = fn(Backstage) -> (Arc<dyn ProviderSimulator>, axum::Router);

/// The registry: one line per provider. Its order gives the ports.
const PROVIDERS: &[(&str, &str, Build)] = &[
    (Dintero::NAME, Dintero::REFERENCE_KEY, |backstage| assemble(Dintero::new(backstage))),
    (Begateway::NAME, Begateway::REFERENCE_KEY, |backstage| assemble(Begateway::new(backstage))),
    (Paymob::NAME, Paymob::REFERENCE_KEY, |backstage| assemble(Paymob::new(backstage))),
    (Pivot::NAME, Pivot::REFERENCE_KEY, |backstage| assemble(Pivot::new(backstage))),
    (Bbmsl::NAME, Bbmsl::REFERENCE_KEY, |backstage| assemble(Bbmsl::new(backstage))),
];

fn assemble<P: ProviderSimulator>(provider: P) -> (Arc<dyn ProviderSimulator>, axum::Router) {
    let provider = Arc::new(provider);
    let api = provider.clone().router();
    (provider, api)
}

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The first provider's address. The others get the next ports in the registry's order; with
    /// port 0 each gets a free one.
    pub listen: SocketAddr,
    /// Repeatable identifiers; from the operating system when absent.
    pub seed: Option<u64>,
    /// The host under which browsers and merchants reach the simulators, when it is not the
    /// address listened on: `http://sim.example` becomes `http://sim.example:{port}`.
    pub public_origin: Option<String>,
    /// Knobs to turn at once: provider name and the change, as for
    /// [`Simulator::set_behaviour`].
    pub behaviour: Vec<(String, Value)>,
    /// Whether notifications are sent, to addresses on this machine; otherwise they are only queued.
    pub deliver_notifications: bool,
    /// What the pauses between attempts to deliver are divided by: 1 as the provider has them, at
    /// most [`HURRY_MAX`](super::notifications::HURRY_MAX).
    pub notification_hurry: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: None,
            public_origin: None,
            behaviour: Vec::new(),
            deliver_notifications: true,
            notification_hurry: 1,
        }
    }
}

/// Starts every provider's simulator. Fails when a port cannot be bound, or a knob is unknown or
/// out of range.
pub async fn start(options: Options) -> io::Result<Simulators> {
    let (clock, exchanges) = (Clock::default(), Numbers::default());
    let (stop, stopped) = watch::channel(false);
    let client = dispatch::client().map_err(io::Error::other)?;
    let pace = Pace {
        deliver_notifications: options.deliver_notifications,
        notification_hurry: options.notification_hurry,
    };
    let mut running = Vec::new();
    for (place, (name, reference_key, build)) in PROVIDERS.iter().enumerate() {
        let listener = TcpListener::bind(address(options.listen, place)?).await?;
        let address = listener.local_addr()?;
        // Seeds differ by provider, or two providers would hand out the same ids.
        let seed = options.seed.map(|seed| seed.wrapping_mul(31).wrapping_add(place as u64));
        let backstage = Backstage::new(clock.clone(), Entropy::new(seed), reference_key, exchanges.clone());
        let base_url = match &options.public_origin {
            Some(origin) => format!("{}:{}", origin.trim_end_matches('/'), address.port()),
            None => format!("http://{address}"),
        };
        backstage.set_base_url(base_url);
        let set = backstage.notifications.set_pace(pace);
        set.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let (provider, api) = build(backstage);
        for (_, change) in options.behaviour.iter().filter(|(whose, _)| whose == name) {
            let turned = provider.set_behaviour(change);
            turned.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        }
        let serving = wire::serve(listener, provider.clone(), api, stopped.clone());
        let delivering = dispatch::deliver(provider.clone(), client.clone(), stopped.clone());
        running.push(Simulator {
            provider,
            address,
            serving: tokio::spawn(serving),
            delivering: tokio::spawn(delivering),
        });
    }
    Ok(Simulators { running, clock, exchanges, stop })
}

fn address(first: SocketAddr, place: usize) -> io::Result<SocketAddr> {
    if first.port() == 0 {
        return Ok(first);
    }
    let port = u16::try_from(place).ok().and_then(|place| first.port().checked_add(place));
    let port =
        port.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no port left for every provider"))?;
    Ok(SocketAddr::new(first.ip(), port))
}

/// All running simulators. Dropping it stops them, as [`Simulators::shutdown`] does.
#[derive(Debug)]
pub struct Simulators {
    running: Vec<Simulator>,
    clock: Clock,
    exchanges: Numbers,
    stop: watch::Sender<bool>,
}

/// No provider of that name is simulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownProvider(pub String);

impl fmt::Display for UnknownProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no simulator for provider \"{}\"", self.0)
    }
}

impl std::error::Error for UnknownProvider {}

impl Simulators {
    /// One provider's simulator by its lower-case name.
    pub fn of(&self, provider: &str) -> Result<&Simulator, UnknownProvider> {
        let mut running = self.running.iter();
        let found = running.find(|simulator| simulator.name() == provider);
        found.ok_or_else(|| UnknownProvider(provider.to_owned()))
    }

    /// Every provider's simulator, in the order of their ports.
    pub fn all(&self) -> impl Iterator<Item = &Simulator> {
        self.running.iter()
    }

    /// The clock they share.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The highest sequence number of an exchange at any of them so far.
    pub fn last_exchange(&self) -> u64 {
        self.exchanges.now()
    }

    /// Moves the clock forward and lets everything happen that becomes due.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        for simulator in &self.running {
            simulator.provider.settle();
        }
    }

    /// Closes every connection as it stands and waits until the ports are free.
    pub async fn shutdown(self) {
        // Refused only when nobody listens any more, which is what is wanted.
        let _ = self.stop.send(true);
        for simulator in self.running {
            // Both tasks end by themselves; were one to panic, it has ended too.
            let _ = simulator.serving.await;
            let _ = simulator.delivering.await;
        }
    }
}

/// One provider's simulator.
pub struct Simulator {
    provider: Arc<dyn ProviderSimulator>,
    address: SocketAddr,
    serving: JoinHandle<()>,
    delivering: JoinHandle<()>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Simulator({} at {})", self.name(), self.address)
    }
}

impl Simulator {
    /// The provider's lower-case name.
    pub fn name(&self) -> &'static str {
        self.provider.name()
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is reached, without a trailing slash.
    pub fn base_url(&self) -> &str {
        self.provider.backstage().base_url()
    }

    /// The credentials it accepts.
    pub fn credentials(&self) -> Value {
        self.provider.credentials()
    }

    /// Public keys and what else a merchant would copy from the back office.
    pub fn keys(&self) -> Value {
        self.provider.keys()
    }

    /// Arranges a fault; refused when a field is out of range or too many are waiting.
    pub fn arrange(&self, fault: Fault) -> Result<(), String> {
        self.provider.backstage().faults.arrange(fault)
    }

    /// Draws faults from a seed from now on; `None` stops it.
    pub fn set_chaos(&self, chaos: Option<Chaos>) -> Result<(), String> {
        self.provider.backstage().faults.set_chaos(chaos)
    }

    /// How many arranged faults have not struck yet.
    pub fn waiting_faults(&self) -> usize {
        let (waiting, _) = self.provider.backstage().faults.pending();
        waiting.len()
    }

    /// Forgets all faults.
    pub fn clear_faults(&self) {
        self.provider.backstage().faults.clear();
    }

    /// What was asked and answered, redacted.
    pub fn exchanges(&self, filter: &Filter) -> Vec<Exchange> {
        self.provider.backstage().exchanges.show(filter)
    }

    /// The money moved under one reference, or the newest lines of all.
    pub fn ledger(&self, reference: Option<&str>) -> Vec<Movement> {
        self.provider.settle();
        self.provider.backstage().ledger.lines(reference)
    }

    /// How often each kind of movement happened.
    pub fn ledger_summary(&self) -> std::collections::BTreeMap<Kind, Count> {
        self.provider.settle();
        self.provider.backstage().ledger.summary()
    }

    /// References with more than one successful authorization or charge, and how many.
    pub fn double_charges(&self) -> std::collections::BTreeMap<String, usize> {
        self.provider.settle();
        self.provider.backstage().ledger.duplicates()
    }

    /// Where one payment stands.
    pub fn payment(&self, reference: &str) -> Standing {
        control::standing(self.provider.as_ref(), reference)
    }

    /// How many cards the provider keeps for the merchant, deleted ones not counted.
    pub fn saved_cards(&self) -> usize {
        self.provider.settle();
        self.provider.saved_cards()
    }

    /// Does what a customer on a hosted page does. `page` is the page's URL, or the id or token
    /// of what it is about.
    pub fn customer(&self, page: &str, action: &CustomerAction) -> CustomerResult {
        self.provider.act_as_customer(page, action)
    }

    /// The callbacks and webhooks queued after sequence number `since`, each with the headers it
    /// would leave with now.
    pub fn notifications(&self, since: u64) -> Vec<(Notification, Vec<(String, String)>)> {
        self.provider.settle();
        let owed = self.provider.backstage().notifications.since(since);
        let seal = |notification: Notification| {
            let headers = self.provider.seal(&notification);
            (notification, headers)
        };
        owed.into_iter().map(seal).collect()
    }

    /// Arranges a fault of a notification; refused when a field is out of range or too many are
    /// waiting.
    pub fn arrange_notification(&self, fault: notification_faults::Fault) -> Result<(), String> {
        self.provider.backstage().notification_faults.arrange(fault)
    }

    /// Draws faults of notifications from a seed from now on; `None` stops it.
    pub fn set_notification_chaos(&self, chaos: Option<notification_faults::Chaos>) -> Result<(), String> {
        self.provider.backstage().notification_faults.set_chaos(chaos)
    }

    /// Forgets all faults of notifications.
    pub fn clear_notification_faults(&self) {
        self.provider.backstage().notification_faults.clear();
    }

    /// Every attempt to deliver after number `since`, oldest first; the newest
    /// [`DELIVERIES_MAX`](deliveries::DELIVERIES_MAX) are kept.
    pub fn deliveries(&self, since: u64) -> Vec<deliveries::Delivery> {
        self.provider.backstage().deliveries.since(since)
    }

    /// Changes whether and how fast notifications are delivered; refused when out of range.
    pub fn set_pace(&self, pace: Pace) -> Result<(), String> {
        self.provider.backstage().notifications.set_pace(pace)
    }

    /// Does what an employee of the merchant does by hand at the provider, with the newest payment of
    /// this reference. Refused, in the provider's words, where the same call of the API would be.
    pub fn back_office(&self, reference: &str, act: BackOffice) -> Result<(), String> {
        self.provider.back_office(reference, act)
    }

    /// The provider's knobs.
    pub fn behaviour(&self) -> Value {
        self.provider.behaviour()
    }

    /// Turns knobs; members present in `change` replace the present settings.
    pub fn set_behaviour(&self, change: &Value) -> Result<(), String> {
        self.provider.set_behaviour(change)
    }
}
