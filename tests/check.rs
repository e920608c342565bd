//! `turnpike check` as an operator calls it: every mistake in one go, each with its line, and an exit
//! code that a deployment can wait for.

use std::path::Path;
use std::process::{Command, Output};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A small configuration, with the certificate and the log filter to be looked into.
fn configuration(certificate: &str, log: &str) -> String {
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls");
    let file = |name: &str| tls.join(name).display().to_string();
    let (certificate, key, hash) = (file(certificate), file("server.key"), "ab".repeat(32));
    format!(
        r#"[server.tls]
certificate = {{ file = "{certificate}" }}
key = {{ file = "{key}" }}

[journal]
directory = "data"
keys = {{ 1 = "{KEY}" }}

[telemetry]
log = "{log}"

[merchants.acme]
keys = [{{ sha256 = "{hash}" }}]

[accounts.shop]
provider = "begateway"
merchants = ["acme"]

[accounts.shop.settings]
shop_id = "361"
secret_key = "canary-secret"
gateway_url = "https://gateway.example"
checkout_url = "https://checkout.example"
test = true
"#
    )
}

fn check(text: &str) -> Output {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("turnpike.toml");
    std::fs::write(&path, text).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnpike"));
    command.args(["check", "--config"]).arg(path).output().expect("the binary runs")
}

/// What was said on standard error, without the path in front.
fn said(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stderr.clone()).expect("text");
    text.lines().map(|line| line.split_once(".toml:").map_or(line, |(_, rest)| rest).to_owned()).collect()
}

#[test]
fn what_is_fine_is_said_to_be() {
    let output = check(&configuration("server.pem", "info"));
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("fine; 1 accounts, 1 credentials"),
        "{output:?}"
    );
    assert_eq!(said(&output), Vec::<String>::new());
}

#[test]
fn an_expired_certificate_is_a_mistake_with_its_date_beside_all_others() {
    let output = check(&configuration("expired.pem", "info"));
    assert_eq!(output.status.code(), Some(78));
    let expired = "2: server.tls.certificate: a certificate in it has expired on 2021-01-01";
    assert_eq!(said(&output), [expired, "1 mistakes"]);

    let output = check(&configuration("expired.pem", "wrn"));
    assert_eq!(output.status.code(), Some(78));
    let level = "10: telemetry.log: wrn is no level; a module of others is written wrn=trace";
    assert_eq!(said(&output), [expired, level, "2 mistakes"]);
}

#[test]
fn a_key_of_another_certificate_is_told_and_never_shown() {
    let output = check(&configuration("client.pem", "info"));
    assert_eq!(output.status.code(), Some(78));
    let told = said(&output);
    assert_eq!(told[0], "3: server.tls.key: belongs to another certificate");
    assert!(!told.concat().contains("PRIVATE") && !told.concat().contains("canary"), "{told:?}");
}

#[test]
fn a_rule_of_routing_that_can_never_be_chosen_is_told_with_its_line() {
    let rules = r#"
[[routes]]
accounts = [{ name = "shop" }]

[[routes]]
currencies = ["EUR"]
accounts = [{ name = "shop" }]
"#;
    let text = configuration("server.pem", "info") + rules;
    let line = text.lines().count();
    let output = check(&text);
    assert_eq!(output.status.code(), Some(78));
    let said = said(&output);
    assert!(said[0].starts_with(&format!("{line}: routes[1].accounts: can never be chosen")), "{said:?}");
    assert_eq!(said.len(), 2, "{said:?}");
    let unknown = configuration("server.pem", "info") + "[[routes]]\naccounts = [{ name = \"shp\" }]\n";
    let said = self::said(&check(&unknown));
    assert!(said[0].contains("shp is not among the accounts"), "{said:?}");
}
