//! Carries notifications to the merchant: when they are due, sealed as they leave, with their faults.
//!
//! One task per provider. It calls addresses of this machine only: a simulator that wrote to the
//! address in somebody's test configuration would be writing to a stranger.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use reqwest::redirect::Policy;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::{Host, Url};

use super::clock::later;
use super::contract::{Backstage, ProviderSimulator};
use super::deliveries::Delivery;
use super::delivery::{Call, DeliveryRules, Verdict};
use super::faults::split_mix;
use super::notification_faults::{Fault, Kind};
use super::notifications::{Notification, PARCELS_MAX, Parcel, Standing};

/// How often it looks for what has become due, in real time.
const TICK: Duration = Duration::from_millis(20);

/// Calls under way to one address at once; further ones wait for their turn.
pub const IN_FLIGHT_MAX: usize = 16;

/// How much of an answer is read: 4 KiB.
const ANSWER_BYTES_MAX: usize = 4 * 1_024;

/// Delivers for one provider until `stop` turns true; calls under way are broken off then.
pub async fn deliver(
    provider: Arc<dyn ProviderSimulator>,
    client: reqwest::Client,
    mut stop: watch::Receiver<bool>,
) {
    let carrier = Arc::new(Carrier { provider, client });
    let (mut lanes, mut under_way) = (Lanes::default(), JoinSet::<String>::new());
    loop {
        tokio::select! {
            // The sender is gone only when everything is: the same as being told to stop.
            _ = stop.wait_for(|stop| *stop) => break,
            Some(ended) = under_way.join_next() => match ended {
                Ok(address) => lanes.leave(&address),
                // Panics are caught below, and nobody else ends a task before its time.
                Err(error) => tracing::error!(%error, "a delivery was broken off"),
            },
            () = tokio::time::sleep(TICK) => {}
        }
        if carrier.backstage().notifications.pace().deliver_notifications {
            carrier.collect(&mut lanes);
        }
        while let Some((address, load)) = lanes.next() {
            let carrier = carrier.clone();
            under_way.spawn(async move {
                // Whatever happens, the address has room for another one afterwards.
                if AssertUnwindSafe(carrier.carry(load)).catch_unwind().await.is_err() {
                    tracing::error!("a delivery panicked");
                }
                address
            });
        }
    }
}

/// The client that makes the calls of all providers. Fails when TLS cannot be set up.
pub fn client() -> reqwest::Result<reqwest::Client> {
    // A name that everybody takes for this machine, whatever the resolver says.
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let builder = reqwest::Client::builder().redirect(Policy::none()).no_proxy();
    builder.resolve("localhost", here).http1_only().build()
}

/// Where a call goes, for the bound of those under way; none for an address that is not on this
/// machine, and for the simulator's own.
fn address(url: &str, own: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_here = match url.host()? {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(name) => name == "localhost",
    };
    let is_web = matches!(url.scheme(), "http" | "https");
    let own = Url::parse(own).ok();
    let is_own = own.is_some_and(|own| own.origin() == url.origin());
    (is_here && is_web && !is_own).then(|| format!("{}{}", url.authority(), url.path()))
}

/// What one turn carries: the call itself, and perhaps another one ahead of it.
struct Load {
    parcel: Parcel,
    /// What is sent first: the fault, the notification it is logged under, the call.
    ahead: Option<(Kind, u64, Call)>,
}

/// Loads that are due, by address. Addresses wait for nobody but themselves.
#[derive(Default)]
struct Lanes {
    lanes: HashMap<String, Lane>,
    /// Addresses with something to send and room for it; looked at in their order.
    ready: VecDeque<String>,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Load>,
    under_way: usize,
}

impl Lanes {
    fn enter(&mut self, address: String, load: Load) {
        let lane = self.lanes.entry(address.clone()).or_default();
        lane.waiting.push_back(load);
        if lane.waiting.len() > PARCELS_MAX {
            lane.waiting.pop_front();
        }
        self.ready.push_back(address);
    }

    /// The next load that may leave.
    fn next(&mut self) -> Option<(String, Load)> {
        while let Some(address) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&address) else {
                continue;
            };
            if lane.under_way < IN_FLIGHT_MAX
                && let Some(load) = lane.waiting.pop_front()
            {
                lane.under_way += 1;
                return Some((address, load));
            }
        }
        None
    }

    /// A load has ended: the address has room again.
    fn leave(&mut self, address: &str) {
        let Some(lane) = self.lanes.get_mut(address) else {
            return;
        };
        lane.under_way -= 1;
        if lane.under_way == 0 && lane.waiting.is_empty() {
            self.lanes.remove(address);
        } else {
            self.ready.push_back(address.to_owned());
        }
    }
}

/// What a fault needs in order to be played.
enum Prepared {
    Nothing,
    Ahead(u64, Call),
    Restated(String, String),
}

/// One provider's post office.
struct Carrier {
    provider: Arc<dyn ProviderSimulator>,
    client: reqwest::Client,
}

impl Carrier {
    fn backstage(&self) -> &Backstage {
        self.provider.backstage()
    }

    /// Puts everything that is due into its lane.
    fn collect(&self, lanes: &mut Lanes) {
        self.provider.settle();
        let backstage = self.backstage();
        let now = backstage.clock.now();
        while let Some(parcel) = backstage.notifications.take_due(now) {
            let Some(notification) = backstage.notifications.of(parcel.sequence) else {
                // So many came after it that it was forgotten.
                continue;
            };
            let Some(address) = address(&notification.url, backstage.base_url()) else {
                backstage.notifications.stands(parcel.sequence, Standing::NotDeliverable);
                continue;
            };
            if let Some(load) = self.decide(parcel, &notification) {
                lanes.enter(address, load);
            }
        }
    }

    /// Lets a fault have its way with a notification that leaves for the first time. `None` when
    /// nothing leaves now.
    fn decide(&self, mut parcel: Parcel, notification: &Notification) -> Option<Load> {
        if parcel.is_decided {
            return Some(Load { parcel, ahead: None });
        }
        parcel.is_decided = true;
        let prepare = |kind| self.prepare(kind, notification);
        let faults = &self.backstage().notification_faults;
        match faults.on_leaving(notification, prepare) {
            Some((fault, prepared)) => self.play(&fault, prepared, parcel, notification),
            None => Some(Load { parcel, ahead: None }),
        }
    }

    fn prepare(&self, kind: Kind, notification: &Notification) -> Option<Prepared> {
        if let Some(tampering) = kind.tampering() {
            let call = self.provider.tamper(tampering, notification, self.sealed(notification))?;
            return Some(Prepared::Ahead(notification.sequence, call));
        }
        match kind {
            Kind::WrongAmount => {
                let (url, body) = self.provider.misstate(notification)?;
                Some(Prepared::Restated(url, body))
            }
            Kind::Replayed => {
                let accepted = self.backstage().last_accepted();
                let (sequence, call) = accepted.filter(|(sequence, _)| *sequence != notification.sequence)?;
                Some(Prepared::Ahead(sequence, call))
            }
            Kind::Lost | Kind::Late | Kind::Twice | Kind::Reordered | Kind::Unanswered => {
                Some(Prepared::Nothing)
            }
            Kind::Forged | Kind::Foreign | Kind::Truncated | Kind::Folded => None,
        }
    }

    fn play(
        &self,
        fault: &Fault,
        prepared: Prepared,
        mut parcel: Parcel,
        notification: &Notification,
    ) -> Option<Load> {
        let backstage = self.backstage();
        let now = backstage.clock.now();
        let mut ahead = None;
        match prepared {
            Prepared::Ahead(sequence, call) => ahead = Some((fault.kind, sequence, call)),
            Prepared::Restated(url, body) => backstage.notifications.restate(parcel.sequence, url, body),
            Prepared::Nothing => {}
        }
        match fault.kind {
            Kind::Lost => {
                parcel.attempts += 1;
                self.log(parcel.sequence, parcel.attempts, Some(Kind::Lost), None, false);
                self.again(Parcel { fault: None, ..parcel }, notification);
                return None;
            }
            Kind::Late => {
                let parcel = Parcel { fault: Some(Kind::Late), ..parcel };
                backstage.notifications.plan(later(now, fault.delay_ms), parcel);
                return None;
            }
            Kind::Reordered => {
                let parcel = Parcel { fault: Some(Kind::Reordered), ..parcel };
                backstage.notifications.hold(later(now, fault.delay_ms), parcel);
                return None;
            }
            Kind::Twice => {
                let extra = Parcel { fault: Some(Kind::Twice), is_extra: true, ..parcel.clone() };
                backstage.notifications.plan(now, extra);
            }
            Kind::Unanswered | Kind::WrongAmount => parcel.fault = Some(fault.kind),
            Kind::Forged | Kind::Foreign | Kind::Truncated | Kind::Folded | Kind::Replayed => {}
        }
        Some(Load { parcel, ahead })
    }

    fn sealed(&self, notification: &Notification) -> Call {
        Call {
            method: notification.method,
            url: notification.url.clone(),
            headers: self.provider.seal(notification),
            body: notification.body.clone(),
        }
    }

    /// Makes the calls of one turn.
    async fn carry(&self, Load { parcel, ahead }: Load) {
        let backstage = self.backstage();
        let Some(notification) = backstage.notifications.of(parcel.sequence) else {
            return;
        };
        let rules = self.provider.delivery(&notification);
        let attempt = parcel.attempts + 1;
        if let Some((kind, imitated, call)) = ahead {
            let (status, text) = self.send(&call, rules.timeout).await;
            let verdict = (rules.judge)(status, &text);
            self.log(imitated, attempt, Some(kind), status, verdict == Verdict::Accepted);
        }
        let call = self.sealed(&notification);
        let (mut status, mut text) = self.send(&call, rules.timeout).await;
        if parcel.fault == Some(Kind::Unanswered) {
            (status, text) = (None, String::new());
        }
        let verdict = (rules.judge)(status, &text);
        self.log(parcel.sequence, attempt, parcel.fault, status, verdict == Verdict::Accepted);
        backstage.notifications.release(backstage.clock.now());
        match verdict {
            Verdict::Accepted => {
                backstage.notifications.stands(parcel.sequence, Standing::Accepted);
                backstage.remember_accepted(parcel.sequence, call);
            }
            // It decides nothing: the real one is on its own way.
            Verdict::Refused | Verdict::Again if parcel.is_extra => {}
            Verdict::Refused => self.give_up(&notification),
            Verdict::Again => {
                let fault = parcel.fault.filter(|kind| *kind == Kind::WrongAmount);
                self.again(Parcel { attempts: attempt, fault, ..parcel }, &notification);
            }
        }
    }

    /// Plans the next attempt, or gives up where the provider does.
    fn again(&self, parcel: Parcel, notification: &Notification) {
        let backstage = self.backstage();
        let DeliveryRules { pause, .. } = self.provider.delivery(notification);
        // The same scatter in every run, and none of the draws that make ids.
        let roll = split_mix(parcel.sequence ^ split_mix(parcel.attempts.into()));
        let Some(pause) = pause(parcel.attempts, roll) else {
            return self.give_up(notification);
        };
        let pause = pause / backstage.notifications.pace().notification_hurry.max(1);
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        backstage.notifications.plan(later(backstage.clock.now(), pause_ms), parcel);
    }

    fn give_up(&self, notification: &Notification) {
        self.backstage().notifications.stands(notification.sequence, Standing::GivenUp);
        self.provider.gave_up(notification);
    }

    fn log(&self, notification: u64, attempt: u32, fault: Option<Kind>, status: Option<u16>, accepted: bool) {
        let backstage = self.backstage();
        backstage.deliveries.record(Delivery {
            number: 0,
            notification,
            attempt,
            fault,
            at: backstage.clock.now(),
            status,
            accepted,
            genuine: fault.is_none_or(Kind::is_genuine),
        });
    }

    /// Makes one call: the status, and the beginning of the answer's text. No status when there was
    /// no whole answer in time.
    async fn send(&self, call: &Call, timeout: Duration) -> (Option<u16>, String) {
        let nothing = (None, String::new());
        // Tampering may have changed the address; it never may have changed the machine.
        let Some(_) = address(&call.url, self.backstage().base_url()) else {
            return nothing;
        };
        let mut request = match call.method {
            "GET" => self.client.get(&call.url),
            _ => self.client.post(&call.url).body(call.body.clone()),
        };
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let answer = tokio::time::timeout(timeout, read(request)).await;
        answer.ok().and_then(Result::ok).unwrap_or(nothing)
    }
}

async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<(Option<u16>, String)> {
    let mut answer = request.send().await?;
    let status = answer.status().as_u16();
    let mut text = Vec::new();
    while text.len() < ANSWER_BYTES_MAX
        && let Some(chunk) = answer.chunk().await?
    {
        let room = ANSWER_BYTES_MAX - text.len();
        text.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok((Some(status), String::from_utf8_lossy(&text).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "http://127.0.0.1:50060";

    #[test]
    fn only_other_addresses_of_this_machine_are_called() {
        for url in
            ["http://127.0.0.1:9/h?x=1", "http://127.8.0.1/h", "http://[::1]:9/h", "https://localhost/h"]
        {
            assert!(address(url, OWN).is_some(), "{url}");
        }
        for url in [
            "http://10.0.0.1/h",
            "http://localhost.example/h",
            "http://127.0.0.1.example/h",
            "http://0.0.0.0/h",
            "http://[::ffff:10.0.0.1]/h",
            "ftp://127.0.0.1/h",
            "not a URL",
            "http://127.0.0.1:50060/h",
        ] {
            assert_eq!(address(url, OWN), None, "{url}");
        }
    }

    #[test]
    fn a_full_lane_waits_and_others_do_not() {
        let load = |sequence| Load {
            parcel: Parcel { sequence, attempts: 0, fault: None, is_decided: true, is_extra: false },
            ahead: None,
        };
        let mut lanes = Lanes::default();
        for sequence in 0..20 {
            lanes.enter("slow".into(), load(sequence));
        }
        lanes.enter("other".into(), load(20));
        let mut left = Vec::new();
        while let Some((address, load)) = lanes.next() {
            left.push((address, load.parcel.sequence));
        }
        assert_eq!(left.len(), IN_FLIGHT_MAX + 1);
        assert_eq!(left.last(), Some(&("other".to_owned(), 20)));
        lanes.leave("slow");
        assert_eq!(lanes.next().map(|(_, load)| load.parcel.sequence), Some(16));
        assert!(lanes.next().is_none());
        lanes.leave("other");
        assert!(!lanes.lanes.contains_key("other"), "empty lanes are forgotten");
    }
}
