//! `turnpike bench` from the outside: one short round, in which everything has to work. How fast it
//! was is not asked here.

use std::process::Command;

use serde_json::Value;

#[test]
fn a_short_round_measures_every_variant_and_prints_every_ratio() {
    let directory = tempfile::tempdir().expect("a directory");
    let json = directory.path().join("bench.json");
    let output = Command::new(env!("CARGO_BIN_EXE_turnpike"))
        .args(["bench", "--quick", "--json"])
        .arg(&json)
        .arg("--data-dir")
        .arg(directory.path())
        .output()
        .expect("the binary runs");
    let (table, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{table}\n{log}");

    let report: Value = serde_json::from_slice(&std::fs::read(&json).expect("written")).expect("JSON");
    let ratios = report["ratios"].as_array().expect("ratios");
    let names: Vec<&str> = ratios.iter().filter_map(|ratio| ratio["name"].as_str()).collect();
    assert_eq!(names, ["T1s", "T2", "T3", "T4", "T5", "T6", "T7", "T7", "T7"]);
    for ratio in ratios {
        assert!(ratio["median"].as_f64().is_some_and(f64::is_finite), "{ratio}");
        assert!(table.contains(ratio["what"].as_str().expect("words")), "{table}");
    }
    let round = &report["rounds"][0];
    for variant in ["echo", "direct", "pass_through", "forgetful", "gateway", "paced_gateway", "slow_gateway"]
    {
        let sample = &round[variant];
        assert!(sample["calls"].as_u64() > Some(0), "{variant}: {sample}");
        assert!(sample["cpu_us"].as_f64() > Some(0.0), "{variant}: {sample}");
    }
    // Each charge is made durable twice, and many share a sync.
    let syncs = round["syncs_per_charge"].as_f64().expect("a number");
    assert!(syncs > 0.0 && syncs < 2.0, "{syncs}");
    // What the provider takes is within what everybody takes.
    for variant in ["slow_direct", "slow_pass_through", "slow_gateway"] {
        assert!(round[variant]["p50_us"].as_f64() >= Some(20_000.0), "{variant}");
    }
    let left: Vec<_> = std::fs::read_dir(directory.path()).expect("readable").flatten().collect();
    assert_eq!(left.len(), 1, "only the JSON file stays: {left:?}");
}

#[test]
fn options_out_of_bounds_are_refused() {
    for (option, value) in [("--rounds", "0"), ("--rounds", "101"), ("--seconds", "0.01"), ("--seconds", "x")]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_turnpike"))
            .args(["bench", option, value])
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(2), "{option} {value}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(option), "{option} {value}");
    }
}

#[test]
fn a_short_round_measures_schedules() {
    let directory = tempfile::tempdir().expect("a directory");
    let json = directory.path().join("bench.json");
    let output = Command::new(env!("CARGO_BIN_EXE_turnpike"))
        .args(["bench", "schedules", "--quick", "--json"])
        .arg(&json)
        .arg("--data-dir")
        .arg(directory.path())
        .output()
        .expect("the binary runs");
    let (table, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{table}\n{log}");

    let report: Value = serde_json::from_slice(&std::fs::read(&json).expect("written")).expect("JSON");
    let ratios = report["ratios"].as_array().expect("ratios");
    let names: Vec<&str> = ratios.iter().filter_map(|ratio| ratio["name"].as_str()).collect();
    assert_eq!(names, ["S1", "S2", "S3", "S4", "S4", "S4", "S4"]);
    for ratio in ratios {
        assert!(ratio["median"].as_f64().is_some_and(|median| median > 0.0), "{ratio}");
        assert!(table.contains(ratio["what"].as_str().expect("words")), "{table}");
    }
    for size in report["sizes"].as_array().expect("sizes") {
        assert_eq!(size["taken"]["count"], 1_000, "what is due is taken, and nothing else: {size}");
        assert_eq!(size["idle"]["count"], 0, "{size}");
        assert_eq!(size["created"]["count"], 2_000, "{size}");
    }
    let round = &report["rounds"][0];
    // All but those that were due before: 10,000, of which 6,000 were due, and what was created.
    for taken in round["taken"].as_array().expect("two batches") {
        assert_eq!(taken["count"], 10_000 + 2_200 - 6_000, "each schedule is taken once");
    }
    assert!(round["ceiling"]["calls"].as_u64() > Some(0), "{round}");
    assert!(round["charged"]["charges"].as_u64() > Some(0), "{round}");
    for beside in round["beside"].as_array().expect("callers") {
        assert!(beside["idle"]["calls"].as_u64() > Some(0), "{beside}");
        assert!(beside["busy"]["calls"].as_u64() > Some(0), "{beside}");
        assert!(beside["charged"]["charges"].as_u64() > Some(0), "schedules go on beside callers: {beside}");
    }
    let left: Vec<_> = std::fs::read_dir(directory.path()).expect("readable").flatten().collect();
    assert_eq!(left.len(), 1, "only the JSON file stays: {left:?}");
}

#[test]
fn a_short_round_measures_notices_and_streams() {
    let directory = tempfile::tempdir().expect("a directory");
    let json = directory.path().join("bench.json");
    let output = Command::new(env!("CARGO_BIN_EXE_turnpike"))
        .args(["bench", "events", "--quick", "--json"])
        .arg(&json)
        .arg("--data-dir")
        .arg(directory.path())
        .output()
        .expect("the binary runs");
    let (table, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{table}\n{log}");

    let report: Value = serde_json::from_slice(&std::fs::read(&json).expect("written")).expect("JSON");
    let ratios = report["ratios"].as_array().expect("ratios");
    let names: Vec<&str> = ratios.iter().filter_map(|ratio| ratio["name"].as_str()).collect();
    assert_eq!(names, ["E1", "E2", "E3"]);
    let round = &report["rounds"][0];
    for what in ["notices_committed", "notices_taken", "events_committed", "events_followed"] {
        assert!(round[what]["count"].as_u64() > Some(0), "{what}: {round}");
    }
    // Every reader got every event.
    let (followed, delivered) = (&round["events_followed"]["count"], &round["events_delivered"]["count"]);
    assert_eq!(delivered.as_u64(), followed.as_u64().map(|count| count * 100), "{round}");
    let left: Vec<_> = std::fs::read_dir(directory.path()).expect("readable").flatten().collect();
    assert_eq!(left.len(), 1, "only the JSON file stays: {left:?}");
}
