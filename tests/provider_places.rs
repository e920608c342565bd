//! Where a provider's name stands. CONTRIBUTING says what adding one takes; this is that list, held in
//! both directions: every provider stands in all of these places, and in no other but the few that
//! are named here with their reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use turnpike::providers::registry::PROVIDERS;

/// What a provider has to itself; `{}` is its name.
const OWN: &[&str] = &[
    "src/providers/{}/",
    "src/simulator/{}/",
    "tests/fixtures/{}/",
    "tests/fixtures/samples/{}/",
    "tests/fixtures/samples/{}.json",
    "tests/fixtures/notices/{}.json",
    "tests/sample_notices/{}",
    "tests/simulator_samples/{}/",
    "tests/simulator_{}.rs",
];

/// Where it has its line or its example.
const SHARED: &[&str] = &[
    // The adapter and the simulator are declared and registered.
    "src/lib.rs",
    "src/providers/registry.rs",
    "src/simulator/launch.rs",
    // A development account, and an example of every setting.
    "src/app/development.rs",
    "config.example.toml",
    // What the suites have to know: a currency, a test card, what it cannot do; its exchanges.
    "tests/support/mod.rs",
    "tests/faults/rows.rs",
    "tests/crash.rs",
    // What differs between accounts in the stories of the contract, and the walk through the README.
    "contract/accounts.json",
    "tests/clients/readme_walk.py",
    // Its sample notifications, through the command.
    "tests/sample_notices.rs",
    // What only it has, in the contract.
    "proto/turnpike/v1/provider_options.proto",
    "proto/turnpike/v1/session_service.proto",
    "proto/turnpike/v1/payment_service.proto",
    "proto/turnpike/v1/recurring_service.proto",
    // The matrix, and what is new.
    "README.md",
    "CHANGELOG.md",
];

/// Other places that may name some provider, each with its reason.
const EXCEPT: &[(&str, &str)] = &[
    ("proto/turnpike/v1/account.proto", "examples of names"),
    ("proto/turnpike/v1/card.proto", "whose library encrypts a card in which way"),
    ("proto/turnpike/v1/customer.proto", "who insists on an e-mail address"),
    ("proto/turnpike/v1/error_reason.proto", "examples of errors"),
    ("proto/turnpike/v1/exchange.proto", "examples of names"),
    ("proto/turnpike/v1/next_action.proto", "whose library encrypts a card in which way"),
    ("proto/turnpike/v1/payment.proto", "examples of names"),
    ("proto/turnpike/v1/sandbox_service.proto", "examples of names"),
    ("proto/turnpike/v1/schedule.proto", "examples of names"),
    ("proto/turnpike/v1/session.proto", "examples of names"),
    ("proto/turnpike/v1/token.proto", "which values a token has at whom"),
    ("src/bench/document.rs", "the bench measures with one provider"),
    ("src/bench/references.rs", "the bench measures with one provider"),
    ("src/bench/stub.rs", "the bench measures with one provider"),
    ("src/commands/dev.rs", "the first call to paste"),
    ("src/simulator/redact.rs", "which words and paths of whom are secret"),
    ("tests/architecture.rs", "that no other room knows the names"),
    ("tests/clients/steady.py", "something that happens, at one provider"),
    ("tests/clock.rs", "whose sessions and captures take their time"),
    ("tests/faults/deleting.rs", "whose cards can be deleted"),
    ("tests/grpc_recurring.rs", "schedules over the wire, at one provider"),
    ("tests/scheduler.rs", "schedules at one provider"),
    ("tests/scheduler/dunning.rs", "whose simulator declines how"),
    ("tests/schedules_import.rs", "lines of a file, for one provider"),
    ("tests/check.rs", "a small configuration"),
    ("tests/connect.rs", "requests in JSON, to one provider"),
    ("tests/currencies.rs", "who counts which currency in other units"),
    ("tests/grpc_contract/payments.rs", "stories that one provider tells best"),
    ("tests/grpc_contract/telling.rs", "whose account is asked for what it can do"),
    ("tests/lifecycle.rs", "a sample payment"),
    ("tests/pivot_page.rs", "the example page, in a browser"),
    ("tests/provider_contract.rs", "what one provider's page cannot be asked for"),
    ("tests/provider_places.rs", "this list"),
    ("tests/simulator_back_office.rs", "what each tells of what was done by hand"),
    ("tests/simulator_faults.rs", "faults over real sockets, at some provider"),
    ("tests/simulator_notification_faults.rs", "which seals cannot tell what from what"),
    ("tests/simulator_notifications.rs", "each one's receipts, pauses and headers"),
    ("tests/simulator_support/shops.rs", "the calls of each one's simplest payment"),
    ("tests/validation.rs", "sample requests"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The files of the code, its tests, its contract and its examples, and their texts in lower case.
/// Prose in `docs/` may speak of whom it likes; generated clients repeat the contract.
fn texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["src", "tests", "proto", "benches"] {
        files(&root().join(folder), &mut found);
    }
    found.extend(
        ["README.md", "CHANGELOG.md", "config.example.toml", "Cargo.toml", "contract/accounts.json"]
            .map(|file| root().join(file)),
    );
    let read = found.into_iter().filter_map(|path| {
        let text = std::fs::read_to_string(&path).ok()?.to_lowercase();
        let path = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
        Some((path, text))
    });
    read.collect()
}

#[test]
fn a_provider_stands_in_these_places_and_in_no_other() {
    let texts = texts();
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for entry in PROVIDERS {
        let name = entry.profile.name;
        let own: Vec<String> = OWN.iter().map(|place| place.replace("{}", name)).collect();
        let is_own = |path: &str| own.iter().any(|place| path.starts_with(place.as_str()));
        for place in &own {
            if !texts.iter().any(|(path, _)| path.starts_with(place.as_str())) {
                wrong.push(format!("{name} has no {place}"));
            }
        }
        let holds: BTreeSet<&str> = texts
            .iter()
            .filter(|(path, text)| !is_own(path) && text.contains(name))
            .map(|(path, _)| path.as_str())
            .collect();
        for place in SHARED.iter().filter(|place| !holds.contains(*place)) {
            wrong.push(format!("{name} is missing in {place}"));
        }
        for place in holds {
            named.insert(place.to_owned());
            if !SHARED.contains(&place) && !EXCEPT.iter().any(|(path, _)| *path == place) {
                wrong.push(format!("{name} stands in {place}"));
            }
        }
    }
    for (place, why) in EXCEPT {
        if !named.contains(*place) {
            wrong.push(format!("{place} ({why}) names nobody: take it off the list"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
