//! Health that means something: the journal, the drain, and each account's provider.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::engine::gateway::Gateway;

/// How often health is looked at.
const RHYTHM: Duration = Duration::from_secs(1);

/// Keeps health up to date until the server goes down: `""` for the whole, and one entry for each
/// account by name.
pub async fn keep(reporter: HealthReporter, gateway: Gateway, mut draining: watch::Receiver<bool>) {
    let mut told = HashMap::new();
    loop {
        let drains = *draining.borrow();
        let mut now = vec![(String::new(), !drains && gateway.check().await.is_ok())];
        for account in gateway.accounts().all() {
            now.push((account.name.to_string(), !drains && account.is_reachable()));
        }
        for (name, well) in now {
            // Watchers are told of changes only.
            if told.insert(name.clone(), well) != Some(well) {
                reporter.set_service_status(name, status(well)).await;
            }
        }
        if drains {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(RHYTHM) => {}
            // An error means that the server is gone, and so is this task after one more look.
            _ = draining.changed() => {}
        }
    }
}

fn status(well: bool) -> ServingStatus {
    if well { ServingStatus::Serving } else { ServingStatus::NotServing }
}
