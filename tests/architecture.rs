//! Which room may enter which. The table is `docs/architecture.md` as data; a trespass fails here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms that it may name. Rooms not listed may enter all (they only assemble).
const DOORS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("json", &[]),
    ("providers", &["domain", "json"]),
    ("journal", &["domain"]),
    ("world", &["domain", "providers", "journal"]),
    ("engine", &["domain", "providers", "journal", "world"]),
    ("rpc", &["domain", "engine", "json"]),
    ("webhooks", &["domain", "engine", "world"]),
    ("simulator", &[]),
    ("config", &["domain", "providers", "engine", "journal", "rpc", "webhooks", "world"]),
    ("telemetry", &["config"]),
    (
        "app",
        &[
            "config",
            "domain",
            "engine",
            "journal",
            "rpc",
            "simulator",
            "telemetry",
            "webhooks",
            "world",
            "providers",
        ],
    ),
    (
        "commands",
        &[
            "app",
            "bench",
            "config",
            "domain",
            "engine",
            "journal",
            "json",
            "providers",
            "rpc",
            "simulator",
            "telemetry",
            "world",
        ],
    ),
    (
        "bench",
        &[
            "app",
            "config",
            "domain",
            "engine",
            "journal",
            "providers",
            "rpc",
            "telemetry",
            "webhooks",
            "world",
        ],
    ),
];

/// Crates that a room must not use.
const BANNED: &[(&str, &[&str])] = &[
    ("domain", &["serde", "tokio", "reqwest", "rusqlite", "tonic", "prost"]),
    ("providers", &["tokio", "reqwest", "rusqlite", "tonic", "prost", "hyper"]),
    ("journal", &["reqwest", "tonic", "prost", "hyper"]),
    ("engine", &["reqwest", "rusqlite", "tonic", "prost", "hyper"]),
    ("rpc", &["reqwest", "rusqlite"]),
    ("webhooks", &["rusqlite", "tonic", "prost"]),
    ("simulator", &["rusqlite", "tonic", "prost"]),
];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the source tree is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn room_of(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).expect("below src");
    let first = inside.components().next().expect("a component").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file without its comments, so that prose may name anything.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn trespasses(room: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some((_, doors)) = DOORS.iter().find(|(known, _)| *known == room) {
        for part in text.split("crate::").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let is_room = DOORS.iter().any(|(known, _)| *known == name);
            if is_room && name != room && !doors.contains(&name.as_str()) {
                found.push(format!("{room} enters {name}"));
            }
        }
    }
    if let Some((_, banned)) = BANNED.iter().find(|(known, _)| *known == room) {
        for name in *banned {
            if text.contains(&format!("{name}::")) {
                found.push(format!("{room} uses {name}"));
            }
        }
    }
    found
}

fn tree() -> BTreeMap<PathBuf, (String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let text = code(&fs::read_to_string(&path).expect("readable"));
            let room = room_of(&path, &root);
            (path, (room, text))
        })
        .collect()
}

#[test]
fn nobody_enters_a_room_that_is_closed_to_them() {
    let found: Vec<String> = tree()
        .iter()
        .flat_map(|(path, (room, text))| {
            trespasses(room, text).into_iter().map(move |what| format!("{}: {what}", path.display()))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_trespass_would_be_found() {
    assert_eq!(trespasses("domain", "use crate::engine::gateway;"), ["domain enters engine"]);
    assert_eq!(trespasses("simulator", "crate::domain::money::Money"), ["simulator enters domain"]);
    assert_eq!(trespasses("providers", "tokio::spawn(x)"), ["providers uses tokio"]);
    assert!(trespasses("engine", "use crate::domain::money;").is_empty());
}

#[test]
fn only_a_provider_s_own_folder_knows_it_by_name() {
    // Where a sixth provider would have to be entered: its folder, the registry's line, the
    // simulator's folder and registry, and the names in development's set-up.
    let allowed = |path: &str| {
        path.contains("/providers/")
            || path.contains("/simulator/")
            || path.ends_with("/lib.rs")
            || path.contains("/app/development.rs")
            || path.contains("/commands/dev.rs")
            || path.contains("/bench/")
    };
    let found: Vec<String> = tree()
        .iter()
        .filter(|(path, _)| !allowed(&path.to_string_lossy()))
        .flat_map(|(path, (_, text))| {
            ["dintero", "begateway", "paymob", "pivot", "bbmsl"]
                .into_iter()
                .filter(|name| text.to_lowercase().contains(name))
                .map(move |name| format!("{} names {name}", path.display()))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_clock_is_read_in_two_places() {
    let found: Vec<String> = tree()
        .iter()
        .filter(|(path, _)| {
            let path = path.to_string_lossy();
            !path.ends_with("/world.rs") && !path.contains("/simulator/clock.rs") && !path.contains("/bench/")
        })
        .filter(|(_, (_, text))| text.contains("Timestamp::now()") || text.contains("SystemTime::now()"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn only_the_bench_knows_the_store_that_forgets() {
    let found: Vec<String> = tree()
        .iter()
        .filter(|(path, _)| {
            let path = path.to_string_lossy();
            !path.contains("/bench/")
                && !path.ends_with("/lib.rs")
                && !path.ends_with("/journal/forgetful.rs")
        })
        .filter(|(_, (_, text))| text.to_lowercase().contains("forgetful"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}
