//! `turnpike schedules import`: the program itself, against a real server on a real port.

#![cfg(feature = "simulator")]

#[path = "support/served.rs"]
mod served;
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use served::*;
use support::{PROVIDERS, Provider};
use turnpike::rpc::proto as pb;

const DINTERO: Provider = PROVIDERS[0];
/// A provider's own token, which nothing may repeat.
const THEIRS: &str = "canary00-d9a0-4c9b-8f3e-000000000001";

/// A gateway, a saved card, and a place for files.
struct Story {
    house: House,
    clients: Clients,
    token: String,
    held: tempfile::TempDir,
}

impl Story {
    async fn new() -> Self {
        let house = house().await;
        let mut clients = house.clients(Some(KEY));
        let token = saved_card(&mut clients, DINTERO).await.id;
        Self { house, clients, token, held: tempfile::tempdir().expect("a directory") }
    }

    /// A line that asks for a schedule.
    fn line(&self, request_id: &str) -> Value {
        json!({
            "request_id": request_id,
            "terms": {
                "token_id": self.token,
                "money": { "amount_minor": 29_900, "currency_code": DINTERO.currency },
                "merchant_reference": format!("membership {request_id}"),
                "cadence": { "months": 1 },
                "first_date": "2131-01-31",
                "time_zone": "Europe/Oslo",
            },
        })
    }

    fn file(&self, lines: &[String]) -> PathBuf {
        let path = self.held.path().join("schedules.jsonl");
        std::fs::write(&path, lines.join("\n") + "\n").expect("written");
        path
    }

    fn command(&self, file: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnpike"));
        command
            .args(["schedules", "import"])
            .arg(file)
            .arg(format!("--address=http://{}", self.house.address))
            .args(more)
            .env("TURNPIKE_API_KEY", KEY);
        command
    }

    /// Runs an import to its end.
    async fn import(&self, file: &Path, more: &[&str]) -> Output {
        let mut command = self.command(file, more);
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
        let output = output.expect("it runs");
        for stream in [&output.stdout, &output.stderr] {
            assert!(!String::from_utf8_lossy(stream).contains("canary"), "{output:?}");
        }
        output
    }

    /// How many schedules were created, each counted once by the log of events.
    async fn created(&mut self) -> usize {
        let mut count = 0;
        let mut wish = pb::ListEventsRequest {
            types: vec!["schedule.created".to_owned()],
            page_size: 200,
            ..Default::default()
        };
        loop {
            let page = self.clients.events.list_events(wish.clone()).await.expect("a page").into_inner();
            count += page.events.len();
            wish.after = page.next_cursor;
            if !page.has_more {
                return count;
            }
        }
    }
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", file.display()))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Line, reason and fields of each refused line.
fn refused(text: &str) -> Vec<(u64, String, Vec<String>)> {
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let fields = line["fields"].as_array().expect("fields").iter();
        let fields = fields.map(|field| field["field"].as_str().expect("a name").to_owned()).collect();
        let number = line["line"].as_u64().expect("a number");
        (number, line["reason"].as_str().expect("a reason").to_owned(), fields)
    };
    text.lines().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_lines_survive_a_kill_and_are_created_once() {
    let mut story = Story::new().await;
    let lines: Vec<String> =
        (0..1_000).map(|number| story.line(&format!("line-{number}")).to_string()).collect();
    let file = story.file(&lines);
    let mut child =
        story.command(&file, &["--concurrency", "4"]).stdout(Stdio::null()).spawn().expect("it starts");
    while story.created().await < 600 {
        assert!(child.try_wait().expect("a child").is_none(), "it was over before it was killed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().expect("killed");
    child.wait().expect("dead");
    let before = story.created().await;
    assert!((600..1_000).contains(&before), "{before} created before the kill");

    let output = story.import(&file, &[]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(story.created().await, 1_000);
    let text = said(&output);
    assert!(text.contains(&format!("{} created", 1_000 - before)), "{text}");
    // The first batch was written down, and not sent again.
    assert!(text.contains(&format!("{} were there before", before - 500)), "{text}");
    assert!(!beside(&file, ".failed").exists());

    let output = story.import(&file, &[]).await;
    assert!(output.status.success() && said(&output).starts_with("0 created, 0 were there"), "{output:?}");
    // From the first line on, all of them are there.
    let output = story.import(&file, &["--resume-from", "1"]).await;
    assert!(output.status.success() && said(&output).contains("1000 were there before"), "{output:?}");
    assert_eq!(story.created().await, 1_000);

    let changed = story.file(&lines[1..]);
    let output = story.import(&changed, &[]).await;
    assert!(!output.status.success() && complained(&output).contains("was changed"), "{output:?}");
}

/// Good lines among bad ones of every kind.
fn mixed(story: &Story) -> Vec<String> {
    let with = |request_id: &str, change: &dyn Fn(&mut Value)| {
        let mut line = story.line(request_id);
        change(&mut line);
        line.to_string()
    };
    vec![
        story.line("good-1").to_string(),
        with("bad-1", &|line| line["terms"]["time_zone"] = json!("Europe/canary")),
        String::new(),
        with("bad-2", &|line| line["terms"]["money"]["amuont"] = json!("canary")),
        with("bad-3", &|line| line["terms"]["cadence"] = json!({ "months": "canary" })),
        "{\"request_id\": \"canary".to_owned(),
        with("bad-4", &|line| line["terms"]["description"] = json!("canary".repeat(20_000))),
        with("bad-5", &|line| line["terms"]["token_id"] = json!("tok_00000000000000000000000000")),
        with("bad-6", &|line| {
            line["terms"]["money"]["amount_minor"] = json!(0);
            line["terms"]["first_date"] = json!("2027-02-30");
        }),
        with("bad-7", &|line| line["validate_only"] = json!(true)),
        story.line("good-2").to_string(),
    ]
}

fn mixed_refused() -> Vec<(u64, String, Vec<String>)> {
    let line = |number, reason: &str, fields: &[&str]| {
        (number, reason.to_owned(), fields.iter().map(|field| (*field).to_owned()).collect())
    };
    vec![
        line(2, "INVALID_FIELD", &["terms.time_zone"]),
        line(4, "UNKNOWN_FIELD", &["terms.money.amuont"]),
        line(5, "WRONG_TYPE", &["terms.cadence.months"]),
        line(6, "NOT_A_JSON_OBJECT", &[]),
        line(7, "LINE_TOO_LONG", &[]),
        line(8, "TOKEN_NOT_FOUND", &[]),
        line(9, "INVALID_FIELD", &["terms.money.amount_minor", "terms.first_date"]),
        line(10, "INVALID_FIELD", &["validate_only"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_told_and_do_not_stop_the_others() {
    let mut story = Story::new().await;
    let file = story.file(&mixed(&story));
    let output = story.import(&file, &[]).await;
    assert!(!output.status.success());
    assert!(said(&output).starts_with("2 created, 0 were there before, 8 refused"), "{output:?}");
    let told = std::fs::read_to_string(beside(&file, ".failed")).expect("told");
    assert!(!told.contains("canary"), "{told}");
    assert_eq!(refused(&told), mixed_refused());
    assert_eq!(story.created().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_after_as_many_errors_as_one_allows() {
    let mut story = Story::new().await;
    let file = story.file(&mixed(&story));
    let output = story.import(&file, &["--max-errors", "3", "--concurrency", "1"]).await;
    assert!(!output.status.success() && complained(&output).contains("stopped after 3"), "{output:?}");
    assert_eq!(story.created().await, 1);
    let told = std::fs::read_to_string(beside(&file, ".failed")).expect("told");
    assert_eq!(refused(&told), mixed_refused()[..3]);
    // The next run goes on behind them.
    let output = story.import(&file, &[]).await;
    assert!(said(&output).starts_with("1 created, 0 were there before, 5 refused"), "{output:?}");
    let told = std::fs::read_to_string(beside(&file, ".failed")).expect("told");
    assert_eq!(refused(&told), mixed_refused());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_checks_everything_and_writes_nothing() {
    let mut story = Story::new().await;
    let mut lines = mixed(&story);
    lines.push(with_token(&story, "brought", THEIRS).to_string());
    let mut wrong = with_token(&story, "wrong", THEIRS);
    wrong["terms"]["first_date"] = json!("2020-01-31");
    lines.push(wrong.to_string());
    let file = story.file(&lines);
    let output = story.import(&file, &["--dry-run"]).await;
    assert!(!output.status.success());
    let text = said(&output);
    let told: String =
        text.lines().filter(|line| line.starts_with('{')).map(|line| format!("{line}\n")).collect();
    let mut expected = mixed_refused();
    expected.push((13, "INVALID_FIELD".to_owned(), vec!["terms.first_date".to_owned()]));
    assert_eq!(refused(&told), expected);
    assert!(text.contains("3 lines are fine, 9 are not, of 12; nothing was created"), "{text}");
    assert_eq!(story.created().await, 0);
    let tokens = story.clients.tokens.list_tokens(pb::ListTokensRequest::default()).await.expect("a list");
    assert_eq!(tokens.into_inner().tokens.len(), 1);
    assert!(!beside(&file, ".progress").exists() && !beside(&file, ".failed").exists());
}

/// A line that brings its token.
fn with_token(story: &Story, request_id: &str, value: &str) -> Value {
    let mut line = story.line(request_id);
    line["terms"].as_object_mut().expect("terms").remove("token_id");
    line["import_token"] = json!({
        "account": DINTERO.account,
        "provider_token": { "values": [{ "value": value }], "product_type": DINTERO.token_product },
        "customer_id": "customer-9",
    });
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_may_bring_their_tokens() {
    let mut story = Story::new().await;
    let mut bad = with_token(&story, "bad", THEIRS);
    bad["import_token"]["account"] = json!("nobody");
    let mut both = with_token(&story, "both", THEIRS);
    both["terms"]["token_id"] = json!(story.token);
    let lines = [with_token(&story, "good", THEIRS), bad, both].map(|line| line.to_string());
    let file = story.file(&lines);
    for round in ["1 created, 0 were there before", "0 created, 1 were there before"] {
        let output = story.import(&file, &["--resume-from", "1"]).await;
        assert!(said(&output).starts_with(round), "{output:?}");
        let told = std::fs::read_to_string(beside(&file, ".failed")).expect("told");
        assert!(!told.contains("canary"), "{told}");
        let told = refused(&told);
        assert_eq!((told[0].0, told[0].2.as_slice()), (2, ["import_token.account".to_owned()].as_slice()));
        assert_eq!((told[1].0, told[1].2.as_slice()), (3, ["import_token".to_owned()].as_slice()));
    }
    let wish = pb::ListTokensRequest { customer_id: "customer-9".to_owned(), ..Default::default() };
    let tokens = story.clients.tokens.list_tokens(wish).await.expect("a list").into_inner().tokens;
    assert_eq!(tokens.len(), 1);
    let wish = pb::ListSchedulesRequest { token_id: tokens[0].id.clone(), ..Default::default() };
    let schedules = story.clients.recurring.list_schedules(wish).await.expect("a list").into_inner();
    assert_eq!(schedules.schedules.len(), 1);
    assert_eq!(schedules.schedules[0].customer_id, "customer-9");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_that_stands_twice_stops_it_before_anything_is_sent() {
    let mut story = Story::new().await;
    let lines = ["one", "two", "one"].map(|request_id| story.line(request_id).to_string());
    let file = story.file(&lines);
    let output = story.import(&file, &[]).await;
    assert!(!output.status.success() && complained(&output).contains("nothing was sent: 3"), "{output:?}");
    assert_eq!(story.created().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_needed_and_does_not_travel_in_clear() {
    let mut story = Story::new().await;
    let file = story.file(&[story.line("one").to_string()]);
    let run = |change: &dyn Fn(&mut Command)| {
        let mut command = story.command(&file, &[]);
        change(&mut command);
        tokio::task::spawn_blocking(move || command.output().expect("it runs"))
    };
    let without = run(&|command| {
        command.env_remove("TURNPIKE_API_KEY");
    });
    let without = without.await.expect("no panic");
    assert!(complained(&without).contains("TURNPIKE_API_KEY"), "{without:?}");
    let wrong = run(&|command| {
        command.env("TURNPIKE_API_KEY", "tpk_canary");
    });
    let wrong = wrong.await.expect("no panic");
    assert!(complained(&wrong).contains("INVALID_CREDENTIALS"), "{wrong:?}");
    assert!(!complained(&wrong).contains("canary"), "{wrong:?}");
    let mut far = Command::new(env!("CARGO_BIN_EXE_turnpike"));
    far.args(["schedules", "import"]).arg(&file).arg("--address=http://192.0.2.1:1");
    let far = far.env("TURNPIKE_API_KEY", KEY).output().expect("it runs");
    assert!(complained(&far).contains("in clear"), "{far:?}");
    assert_eq!(story.created().await, 0);

    let key = story.held.path().join("key");
    std::fs::write(&key, format!("{KEY}\n")).expect("written");
    let key = key.display().to_string();
    let output = story.import(&file, &["--api-key-file", &key]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(story.created().await, 1);
}
