//! What the stories are played in: a gateway that charges schedules, in front of simulators.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{self};
use turnpike::app::development::MERCHANT;
use turnpike::domain::calendar::{Cadence, Zone};
use turnpike::domain::ids::{ScheduleId, TokenId};
use turnpike::domain::occurrence::Occurrence;
use turnpike::domain::order::Customer;
use turnpike::domain::schedule::Schedule;
use turnpike::engine::clock::Forward;
use turnpike::engine::commands::{ScheduleRecurring, Steer, SteerSchedule, TermsChange, UpdateSchedule};
use turnpike::engine::error::Error;
use turnpike::engine::gateway::{Gateway, Options as EngineOptions};
use turnpike::engine::{FollowUpPlan, OccurrenceFilter, ROWS_MAX};
use turnpike::journal::seam::Journal;
use turnpike::simulator::Simulators;

use super::support::*;

/// A gateway that charges schedules, in front of simulators.
pub struct House {
    pub gateway: Gateway,
    pub journal: Arc<dyn Journal>,
    pub simulators: Arc<Simulators>,
    pub directory: std::path::PathBuf,
    pub held: Arc<tempfile::TempDir>,
}

pub fn unhurried() -> EngineOptions {
    let follow_up = FollowUpPlan {
        first: Duration::from_secs(60),
        longest: Duration::from_secs(6 * 3_600),
        unhurried: Duration::from_secs(3_600),
        ..FollowUpPlan::default()
    };
    EngineOptions { follow_up, ..options() }
}

impl House {
    pub async fn new() -> Self {
        Self::with(unhurried()).await
    }

    pub async fn with(options: EngineOptions) -> Self {
        let (held, directory) = directory();
        let simulators = Arc::new(simulators().await);
        let (gateway, journal) = Self::open(&directory, &simulators, options).await;
        let house = Self { gateway, journal, simulators, directory, held: Arc::new(held) };
        // Whatever hour the tests are run at, they begin in the middle of a day in Europe.
        let utc = zone("UTC");
        let tomorrow = house.today(&utc).tomorrow().expect("in range");
        house.forward_to(utc.instant(tomorrow, civil::time(12, 0, 0, 0)).expect("a time")).await;
        house
    }

    /// A gateway over the store in the house, as after a start.
    pub async fn open(
        directory: &std::path::Path,
        simulators: &Simulators,
        options: EngineOptions,
    ) -> (Gateway, Arc<dyn Journal>) {
        let (accounts, network) = outside(configuration(simulators, directory));
        let network = network.with_clocks([clock_of(MERCHANT, simulators)].into());
        let journal: Arc<dyn Journal> = Arc::new(store(directory));
        let gateway = engine_with(journal.clone(), Arc::new(network), accounts, options).await;
        tokio::spawn(gateway.clone().schedule_forever());
        (gateway, journal)
    }

    pub fn now(&self) -> Timestamp {
        self.gateway.now_of(&caller().merchant)
    }

    pub fn today(&self, zone: &Zone) -> civil::Date {
        zone.local(self.now()).date()
    }

    pub async fn forward(&self, by: Duration) {
        let moved = self.gateway.advance_clock(&caller().merchant, Forward::By(by)).await;
        moved.unwrap_or_else(|error| panic!("{error:?}"));
    }

    pub async fn forward_to(&self, to: Timestamp) {
        let moved = self.gateway.advance_clock(&caller().merchant, Forward::To(to)).await;
        moved.unwrap_or_else(|error| panic!("{error:?}"));
    }

    pub async fn card(&self, provider: Provider, name: &str) -> TokenId {
        let teller = Teller { gateway: &self.gateway, provider, prefix: format!("{}-{name}", provider.name) };
        teller.save_card(&self.simulators).await
    }

    pub async fn schedule(&self, name: &str, terms: TermsChange) -> Schedule {
        *self.try_schedule(name, terms).await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    pub async fn try_schedule(&self, name: &str, terms: TermsChange) -> Result<Box<Schedule>, Error> {
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
        let asked = ask(&format!("schedule-{name}"), wish);
        Ok(self.gateway.schedule_recurring(&caller(), asked, None).await?.value)
    }

    pub async fn read(&self, id: ScheduleId) -> Schedule {
        *self.gateway.schedule(&caller(), id).await.expect("the schedule is there")
    }

    /// What was taken, oldest first.
    pub async fn occurrences(&self, schedule: ScheduleId) -> Vec<Occurrence> {
        let filter = OccurrenceFilter { schedule, open: false, before: None, limit: ROWS_MAX };
        let mut taken = self.gateway.occurrences(&caller(), filter).await.expect("they are listed");
        taken.reverse();
        taken
    }

    pub async fn statuses(&self, schedule: ScheduleId) -> Vec<&'static str> {
        self.occurrences(schedule).await.iter().map(|taken| taken.status.word()).collect()
    }

    /// What became true of a schedule, oldest first.
    pub async fn events(&self, schedule: ScheduleId) -> Vec<&'static str> {
        let mut kinds = Vec::new();
        let mut after = 0;
        loop {
            let read = self.gateway.events(&caller(), after, ROWS_MAX).await.expect("they are listed");
            let Some(last) = read.last() else { return kinds };
            after = last.sequence;
            let own = read.iter().filter(|logged| {
                logged.event.about.recurring().is_some_and(|fact| fact.schedule == schedule)
            });
            kinds.extend(own.map(|logged| logged.event.kind.word()));
        }
    }

    pub async fn steer(&self, name: &str, schedule: ScheduleId, how: Steer) -> Result<Schedule, Error> {
        let wish = SteerSchedule { schedule, etag: None, how };
        let steered = self.gateway.steer_schedule(&caller(), ask(name, wish), None).await?;
        Ok(*steered.value)
    }

    pub async fn update(&self, name: &str, schedule: ScheduleId, change: TermsChange) -> Schedule {
        let etag = self.read(schedule).await.etag();
        let wish = UpdateSchedule { schedule, etag, change };
        let updated = self.gateway.update_schedule(&caller(), ask(name, wish), None).await;
        *updated.unwrap_or_else(|error| panic!("{name}: {error:?}")).value
    }

    /// How often the simulator took money for the tries of an occurrence.
    pub async fn charged(&self, provider: Provider, occurrence: &Occurrence) -> usize {
        let simulator = self.simulators.of(provider.name).expect("simulated");
        let mut successes = 0;
        for tried in &occurrence.tries {
            let payment = self.gateway.payment(&caller(), tried.payment).await.expect("the payment");
            successes += simulator.payment(&payment.reference).successes as usize;
        }
        successes
    }
}

pub fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("a zone")
}

pub fn terms(
    provider: Provider,
    token: TokenId,
    cadence: Cadence,
    first: civil::Date,
    place: &str,
) -> TermsChange {
    TermsChange {
        token: Some(token),
        money: Some(money(provider, 9_900)),
        merchant_reference: Some(format!("abo-{}", provider.name)),
        cadence: Some(cadence),
        first_date: Some(first),
        zone: Some(zone(place)),
        ..TermsChange::default()
    }
}
