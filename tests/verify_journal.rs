//! `turnpike verify-journal`: a store as it was written passes, and whatever is changed in a copy of it is
//! named.

#![cfg(feature = "simulator")]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rusqlite::Connection;
use support::*;
use turnpike::domain::order::CaptureMode;
use turnpike::journal::seam::Journal as _;
use turnpike::journal::sqlite::FILE;

/// A store with a paid session, a charge and two refunds; the id of the charge.
async fn written(directory: &Path) -> String {
    let simulators = simulators().await;
    let journal = Arc::new(store(directory));
    let (accounts, network) = outside(configuration(&simulators, directory));
    let gateway = engine(journal.clone(), Arc::new(network), accounts).await;
    let provider = PROVIDERS[0];
    let teller = Teller { gateway: &gateway, provider, prefix: "verify".to_owned() };
    let token = teller.save_card(&simulators).await;
    let charged = teller.charge("charge", token, 900, CaptureMode::Automatic).await.expect("charged").value;
    teller.move_money("one", charged.id, REFUND, Some(100)).await.expect("refunded");
    teller.move_money("two", charged.id, REFUND, Some(200)).await.expect("refunded");
    settled(&gateway, charged.id).await;
    gateway.drain();
    gateway.idle().await;
    journal.close().await;
    std::fs::write(directory.join("sealing.key"), SEALING_KEY).expect("the key beside the store");
    charged.id.to_string()
}

/// What the command says, and whether it is content.
fn verified(directory: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_turnpike"))
        .args(["verify-journal", "--data-dir"])
        .arg(directory)
        .output()
        .expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for name in [FILE, "sealing.key"] {
        std::fs::copy(from.join(name), to.join(name)).expect("copied");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_changed_in_a_copy_is_found() {
    let held = tempfile::tempdir().expect("a directory");
    let directory = held.path().join("store");
    let charged = written(&directory).await;
    let (fine, told) = verified(&directory);
    assert!(fine && told.contains("as it was written"), "{told}");

    let of_charge = "payment = (SELECT id FROM payments ORDER BY number DESC LIMIT 1)";
    let last = format!("(SELECT max(version) FROM history WHERE {of_charge})");
    let middle = format!("(SELECT min(version) + 1 FROM history WHERE {of_charge})");
    for (number, (change, named)) in [
        // A word of the story, and its state; whole entries, in the middle and at the end.
        (format!("UPDATE history SET notes = replace(notes, 'permitted', 'observed') WHERE {of_charge}"), charged.as_str()),
        (format!("UPDATE history SET notes = replace(notes, 'CAPTURED', 'DECLINED') WHERE {of_charge}"), &charged),
        (format!("DELETE FROM history WHERE {of_charge} AND version = {middle}"), &charged),
        (format!("DELETE FROM history WHERE {of_charge} AND version = {last}"), &charged),
        (format!("UPDATE history SET hash = NULL WHERE {of_charge}"), &charged),
        (format!("INSERT INTO history SELECT payment, version + 1000, notes, hash FROM history WHERE {of_charge} AND version = {last}"), &charged),
        // What payments are found by, and the records themselves.
        ("UPDATE payments SET state = 'DECLINED' WHERE number = (SELECT max(number) FROM payments)".to_owned(), &charged),
        ("UPDATE payments SET merchant = 'another' WHERE number = (SELECT max(number) FROM payments)".to_owned(), &charged),
        ("UPDATE payments SET record = zeroblob(200) WHERE number = (SELECT max(number) FROM payments)".to_owned(), &charged),
        ("DELETE FROM payments WHERE number = (SELECT max(number) FROM payments)".to_owned(), &charged),
        ("UPDATE payments SET record = (SELECT record FROM payments WHERE number = 1) WHERE number = 2".to_owned(), &charged),
        // The log.
        ("DELETE FROM events WHERE sequence = 2".to_owned(), "event 2"),
        ("DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events)".to_owned(), "event "),
        ("UPDATE events SET record = zeroblob(100) WHERE sequence = 1".to_owned(), "evt_"),
        // Everything else.
        ("UPDATE tokens SET record = zeroblob(100)".to_owned(), "tok_"),
        ("UPDATE sessions SET record = zeroblob(100)".to_owned(), "ses_"),
    ]
    .into_iter()
    .enumerate()
    {
        let changed = held.path().join(format!("copy-{number}"));
        copy(&directory, &changed);
        let store = Connection::open(changed.join(FILE)).expect("the copy opens");
        let rows = store.execute(&change, []).expect("a change");
        assert!(rows > 0, "nothing was changed: {change}");
        drop(store);
        let (fine, told) = verified(&changed);
        assert!(!fine && told.contains(named), "{change}: {told}");
    }
    // The store itself is as it was.
    assert!(verified(&directory).0);
}

#[test]
fn a_store_that_is_not_there_is_told() {
    let held = tempfile::tempdir().expect("a directory");
    std::fs::write(held.path().join("sealing.key"), SEALING_KEY).expect("a key");
    let (fine, told) = verified(held.path());
    assert!(!fine && told.contains("schema"), "{told}");
    assert!(!verified(&held.path().join("nowhere")).0);
}
