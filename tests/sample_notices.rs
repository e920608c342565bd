//! Every sample notification of the providers' documentation, through `turnpike inspect webhook`: judged
//! right as it is, and refused or worth no more than the documentation says when it is forged, cut off,
//! folded, sent for another account, or sent with another amount.
//!
//! The tables `tests/fixtures/notices/<provider>.json` were judged from the documentation (each row names
//! the dossier's section), never from what an adapter said. Samples are found by themselves; one without a
//! row is a failure. What seals a call here shares nothing with what the adapters verify with.

#[path = "sample_notices/bbmsl.rs"]
mod bbmsl;
#[path = "sample_notices/begateway.rs"]
mod begateway;
#[path = "sample_notices/call.rs"]
mod call;
#[path = "sample_notices/dintero.rs"]
mod dintero;
#[path = "sample_notices/dintero_hooks.rs"]
mod dintero_hooks;
#[path = "sample_notices/paymob.rs"]
mod paymob;
#[path = "sample_notices/pivot.rs"]
mod pivot;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use call::{Attack, Call, Row};

/// Words in the names of samples that are notifications.
const WORDS: [&str; 4] = ["callback", "webhook", "notification", "hook_checkout"];

#[test]
fn dintero() {
    judge("dintero", dintero::call, dintero::attacks);
}

#[test]
fn begateway() {
    judge("begateway", begateway::call, begateway::attacks);
}

#[test]
fn paymob() {
    judge("paymob", paymob::call, paymob::attacks);
}

#[test]
fn pivot() {
    judge("pivot", pivot::call, pivot::attacks);
}

#[test]
fn bbmsl() {
    judge("bbmsl", bbmsl::call, bbmsl::attacks);
}

/// Judges every sample of a provider, and everything that pretends to be one.
fn judge(provider: &str, call: fn(&[u8]) -> Call, attacks: fn(&Call, &Row) -> Vec<Attack>) {
    let samples = samples(provider);
    let rows = rows(provider);
    let named: BTreeSet<&String> = rows.keys().collect();
    assert_eq!(samples.keys().collect::<BTreeSet<_>>(), named, "every sample has a row, and every row one");
    let mut failures = Vec::new();
    for (name, path) in &samples {
        let row = &rows[name];
        let genuine = call(&std::fs::read(path).expect("a sample"));
        let line = genuine.inspect(row.asked.as_deref());
        failures.extend(row.differences(&line).map(|problem| format!("{name}: {problem}\n{line:#}")));
        let attacks = attacks(&genuine, row);
        assert!(attacks.len() >= 7, "{name}: forged, cut, folded, twice, foreign, unsigned, another amount");
        for attack in attacks {
            failures.extend(attack.failure(&genuine, &line, row).map(|problem| format!("{name}: {problem}")));
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// The sample notifications of a provider by name.
fn samples(provider: &str) -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let own = root.join("fixtures").join(provider).join("notices");
    let all = root.join("simulator_samples").join(provider);
    let mut found = BTreeMap::new();
    for (folder, is_only_notices) in [(all, false), (own, true)] {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            if is_only_notices || WORDS.iter().any(|word| name.contains(word)) {
                found.insert(name, path);
            }
        }
    }
    found
}

fn rows(provider: &str) -> BTreeMap<String, Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/notices").join(provider);
    let text = std::fs::read_to_string(path.with_extension("json")).expect("a table");
    let table: Value = serde_json::from_str(&text).expect("a table");
    let rows = table["rows"].as_array().expect("rows").iter();
    rows.map(|row| {
        let mut expect = row["expect"].clone();
        expect["verdict"] = "genuine".into();
        expect["answer"] = table["answer"].clone();
        let asked = row["asked"].as_str().map(str::to_owned);
        (row["sample"].as_str().expect("a sample").to_owned(), Row { asked, expect })
    })
    .collect()
}

/// The account of `tests/sample_notices/pivot_account.toml` believes the bodies of its callbacks.
#[test]
fn an_account_of_a_configuration_file() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sample_notices/pivot_account.toml");
    let account = ["--account", "pivot-id", "--config", config];
    let path = samples("pivot").remove("81_callback_payment_paid").expect("a sample");
    let sample = pivot::call(&std::fs::read(path).expect("a sample"));
    let line = sample.inspect_with(&account, Some("18500000:IDR:PAY0002")).expect("a line");
    assert_eq!(
        (line["news"].as_str(), line["outcome"]["status"].as_str()),
        (Some("trusted"), Some("CAPTURED"))
    );
    let stranger = sample.header("X-API-Key", Some("cbk_EXAMPLE_of_another_account"));
    let line = stranger.inspect_with(&account, None).expect("a line");
    assert_eq!((line["verdict"].as_str(), line["answer"]["status"].as_u64()), (Some("forged"), Some(401)));
    let mut nobody = account;
    nobody[1] = "nobody";
    assert_eq!(sample.inspect_with(&nobody, None).expect_err("wrong use"), Some(2));
}

#[test]
fn wrong_use_is_told_from_a_verdict() {
    let call = Call::post("pivot", b"{}".to_vec());
    for wrong in [
        &["--provider", "nobody"][..],
        &["--provider", "pivot", "--setting", "no_such_setting=1"],
        &["--provider", "pivot", "--account", "a", "--config", "b"],
        &["--account", "a", "--config", "/nowhere/turnpike.toml"],
        &["--provider", "pivot", "--header", "no colon"],
        &["--provider", "pivot", "--at", "yesterday"],
        &["--provider", "pivot", "--asked", "1.5:EUR:x"],
        &[],
    ] {
        assert_eq!(call.inspect_with(wrong, None).expect_err("wrong use"), Some(2), "{wrong:?}");
    }
}
