//! Every sample answer of a provider's documentation, read at the stage where it would arrive.
//!
//! The tables `tests/fixtures/samples/<provider>.json` were judged from the documentation (the
//! section is named in each row), never from what an adapter said. The bodies lie beside them.

#[path = "support/story.rs"]
mod story;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use turnpike::providers::contract::{AccessToken, Context};
use turnpike::providers::conversation::Turn;
use turnpike::providers::registry::{Entry, PROVIDERS};
use turnpike::providers::report;

const NOW: &str = "2026-11-21T10:05:00Z";

#[test]
fn every_sample_is_read_as_documented() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/samples");
    let mut failures = Vec::new();
    for entry in PROVIDERS {
        let folder = samples.join(entry.profile.name);
        if !folder.exists() {
            continue;
        }
        let table = std::fs::read_to_string(folder.with_extension("json")).expect("a table");
        let rows: Vec<Value> = serde_json::from_str(&table).expect("a table of rows");
        let judged: BTreeSet<&str> = rows.iter().map(|row| row["file"].as_str().expect("file")).collect();
        for sample in std::fs::read_dir(&folder).expect("samples") {
            let name = sample.expect("an entry").file_name().to_string_lossy().into_owned();
            assert!(judged.contains(name.as_str()), "{name} is in no row of the table");
        }
        for row in &rows {
            let read = read(entry, &folder, row);
            let problems = differences(&row["expect"], &read);
            if !problems.is_empty() {
                failures.push(format!("{} {}: {problems}\n{read:#}", entry.profile.name, row["file"]));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What the adapter makes of a sample, as `turnpike inspect reply` would print it.
fn read(entry: &Entry, folder: &Path, row: &Value) -> Value {
    let now: Timestamp = NOW.parse().expect("a time");
    let provider = entry.example_account(story::settings(row.get("settings"))).expect("settings");
    let (operation, asked) = story::operation(&row["operation"], now);
    let file = row["file"].as_str().expect("file");
    let mut reply = story::reply(&row["reply"]);
    reply.body = std::fs::read(folder.join(file)).expect("a sample");
    let access = AccessToken { token: "sample-access".into(), renew_at: now, expires_at: now };
    let cx = Context { now, entropy: [7; 32], access: Some(&access) };
    let stage = row["stage"].as_str().expect("stage");
    if stage == "sign_in" {
        return match provider.signed_in(&reply, &cx) {
            Ok(token) => {
                serde_json::json!({ "expires_in_seconds": token.expires_at.duration_since(now).as_secs() })
            }
            Err(fault) => report::fault_json(&fault, None),
        };
    }
    match Arc::clone(&provider).read(operation, stage, &reply, &cx).expect("a stage") {
        Ok(Turn::Done(outcome)) => report::outcome_json(&outcome, Some(&asked)),
        Ok(Turn::Ask { request, .. }) => serde_json::json!({ "asks": request.name }),
        Err(fault) => report::fault_json(&fault, None),
    }
}

/// Where a reading is not what the row expects.
fn differences(expect: &Value, read: &Value) -> String {
    let found = |name: &str| match name {
        "fault" => read["fault"]["kind"].clone(),
        "reason" | "advice" | "retry_after" => read["decline"][name].clone(),
        "captured" | "refunded" => read["totals"][name].clone(),
        "tokens" => Value::from(read["tokens"].as_array().map_or(0, Vec::len)),
        _ => read[name].clone(),
    };
    let expected = expect.as_object().expect("expect");
    let wrong = expected.iter().filter(|(name, value)| found(name) != **value);
    wrong
        .map(|(name, value)| format!("{name} is {} and not {value}", found(name)))
        .collect::<Vec<_>>()
        .join(", ")
}
