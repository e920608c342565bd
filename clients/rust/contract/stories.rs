//! Tells the stories.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use turnpike_client::{Builder, Error, Turnpike, new_request_id};

use crate::Problem;
use crate::matching::matches;
use crate::report::{self, Outcome};
use crate::rpcs::{Answer, Failure, call};
use crate::values::{Values, fill};

/// How long a call is repeated after its answer did not match.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How long the messages of a stream are waited for.
const STREAM_MAX: Duration = Duration::from_secs(30);

/// What a step may have. Anything else is a mistake of the story.
const STEP_FIELDS: [&str; 8] =
    ["step", "call", "request", "credentials", "answer", "within_seconds", "error", "stream"];
const STORY_FIELDS: [&str; 3] = ["about", "accounts", "steps"];

/// One client for each of the credentials that a step may name.
struct Clients {
    known: Turnpike,
    none: Turnpike,
    unknown: Turnpike,
}

impl Clients {
    fn from_env() -> Result<Self, Problem> {
        Ok(Self {
            known: Builder::from_env()?.connect()?,
            none: Builder::from_env()?.without_key().connect()?,
            unknown: Builder::from_env()?.api_key("tpk_unknown").connect()?,
        })
    }

    fn of(&self, step: &Value) -> Result<&Turnpike, String> {
        match &step["credentials"] {
            Value::Null => Ok(&self.known),
            Value::String(name) if name == "none" => Ok(&self.none),
            Value::String(name) if name == "unknown" => Ok(&self.unknown),
            other => Err(format!("there are no credentials {other}")),
        }
    }
}

/// Tells every story of the folder. Tells whether all went as they should.
pub async fn tell_all(contract: &Path, report: &Path) -> Result<bool, Problem> {
    let accounts: BTreeMap<String, Values> = read(&contract.join("accounts.json")).and_then(|value| {
        Ok(serde_json::from_value(value).map_err(|error| format!("accounts.json: {error}"))?)
    })?;
    let clients = Clients::from_env()?;
    let mut outcomes = Vec::new();
    for path in files(&contract.join("stories"), "json")? {
        let story = read(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for account in tellings(&story).map_err(|problem| format!("{name}: {problem}"))? {
            let outcome = tell(&clients, &story, &name, &account, &accounts).await;
            let result = if outcome.has_passed() { "ok    " } else { "FAILED" };
            let took = outcome.took.as_secs_f64();
            println!("{result} {name} {account} ({} steps, {took:.2} s) {}", outcome.steps, outcome.failure);
            outcomes.push(outcome);
        }
    }
    report::write(report, &outcomes)
}

/// The accounts that a story is told for. One that is empty stands for none.
fn tellings(story: &Value) -> Result<Vec<String>, String> {
    only(story, &STORY_FIELDS)?;
    match &story["accounts"] {
        Value::Null => Ok(vec![String::new()]),
        accounts => match serde_json::from_value::<Vec<String>>(accounts.clone()) {
            Ok(accounts) if !accounts.is_empty() => Ok(accounts),
            _ => Err("its accounts must be a list of names".to_owned()),
        },
    }
}

async fn tell(
    clients: &Clients,
    story: &Value,
    name: &str,
    account: &str,
    accounts: &BTreeMap<String, Values>,
) -> Outcome {
    let began = Instant::now();
    let mut outcome = Outcome { name: name.to_owned(), account: account.to_owned(), ..Default::default() };
    let result = async {
        let mut values = match accounts.get(account) {
            Some(fields) => fields.clone(),
            None if account.is_empty() => Values::new(),
            None => return Err(format!("accounts.json has no {account}")),
        };
        values.insert("account".to_owned(), account.into());
        values.insert("run".to_owned(), new_run()?.into());
        let steps = story["steps"].as_array().filter(|steps| !steps.is_empty()).ok_or("it has no steps")?;
        for (index, step) in steps.iter().enumerate() {
            let told = take(clients, step, &mut values).await;
            told.map_err(|why| {
                format!("step {} ({}): {why}", index + 1, step["step"].as_str().unwrap_or("?"))
            })?;
            outcome.steps += 1;
        }
        Ok(())
    };
    if let Err(failure) = result.await {
        outcome.failure = failure;
    }
    outcome.took = began.elapsed();
    outcome
}

async fn take(clients: &Clients, step: &Value, values: &mut Values) -> Result<(), String> {
    only(step, &STEP_FIELDS)?;
    let turnpike = clients.of(step)?;
    let path = step["call"].as_str().ok_or("it has no call")?;
    let request = match &step["request"] {
        Value::Null => json!({}),
        request => fill(request, values)?,
    };
    let expected = |name: &str| step.get(name).map(|expected| fill(expected, values)).transpose();
    match (expected("answer")?, expected("error")?, expected("stream")?) {
        (Some(expected), None, None) => {
            let patience = match &step["within_seconds"] {
                Value::Null => None,
                seconds => Some(Duration::from_secs(seconds.as_u64().ok_or("within_seconds is no number")?)),
            };
            answered(turnpike, path, &request, &expected, patience, values).await
        }
        (None, Some(expected), None) => refused(turnpike, path, &request, &expected, values).await,
        (None, None, Some(Value::Array(expected))) if !expected.is_empty() => {
            let streamed = streamed(turnpike, path, &request, &expected, values);
            tokio::time::timeout(STREAM_MAX, streamed)
                .await
                .unwrap_or_else(|_| Err("the stream is too slow".into()))
        }
        _ => Err("it must expect one of answer, error and stream".to_owned()),
    }
}

async fn answered(
    turnpike: &Turnpike,
    path: &str,
    request: &Value,
    expected: &Value,
    patience: Option<Duration>,
    values: &mut Values,
) -> Result<(), String> {
    let began = Instant::now();
    loop {
        let answer = match call(turnpike, path, request).await {
            Ok(Answer::One(answer)) => answer,
            Ok(Answer::Many(_)) => return Err(format!("{path} is a stream")),
            Err(failure) => return Err(format!("it failed: {failure}")),
        };
        let Err(why) = matches(expected, Some(&answer), values) else { return Ok(()) };
        if patience.is_none_or(|patience| began.elapsed() >= patience) {
            return Err(why);
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn refused(
    turnpike: &Turnpike,
    path: &str,
    request: &Value,
    expected: &Value,
    values: &mut Values,
) -> Result<(), String> {
    only(expected, &["code", "reason", "metadata", "fields"])?;
    let failure = match call(turnpike, path, request).await {
        Ok(Answer::One(answer)) => return Err(format!("it must fail, and answered {answer}")),
        Ok(Answer::Many(mut messages)) => match messages.next().await {
            Some(Err(failure)) => failure,
            Some(Ok(message)) => return Err(format!("it must fail, and answered {message}")),
            None => return Err("it must fail, and the stream ended".to_owned()),
        },
        Err(failure) => failure,
    };
    match failure {
        Failure::Refused(error) => matches(expected, Some(&told(&error)), values),
        Failure::Unusable(problem) => Err(problem),
    }
}

/// An error as a story sees it.
fn told(error: &Error) -> Value {
    let fields: Vec<&String> = error.fields().keys().collect();
    json!({
        "code": error.code_name(), "reason": error.reason_text(), "metadata": error.metadata(), "fields": fields,
    })
}

async fn streamed(
    turnpike: &Turnpike,
    path: &str,
    request: &Value,
    expected: &[Value],
    values: &mut Values,
) -> Result<(), String> {
    let mut messages = match call(turnpike, path, request).await {
        Ok(Answer::Many(messages)) => messages,
        Ok(Answer::One(_)) => return Err(format!("{path} is no stream")),
        Err(failure) => return Err(format!("it failed: {failure}")),
    };
    for (index, expected) in expected.iter().enumerate() {
        let mut last = "nothing came".to_owned();
        loop {
            match messages.next().await {
                Some(Ok(message)) => match matches(expected, Some(&message), values) {
                    Ok(()) => break,
                    Err(why) => last = why,
                },
                Some(Err(failure)) => return Err(format!("message {}: it failed: {failure}", index + 1)),
                None => return Err(format!("message {} did not come: {last}", index + 1)),
            }
        }
    }
    Ok(())
}

/// An object with no other fields than these.
fn only(value: &Value, known: &[&str]) -> Result<(), String> {
    let fields = value.as_object().ok_or_else(|| format!("{value} is no object"))?;
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(format!("nobody knows the field {unknown}")),
        None => Ok(()),
    }
}

/// 12 hexadecimal digits: what comes first in a random UUID, without its hyphen.
fn new_run() -> Result<String, String> {
    let id = new_request_id().map_err(|error| error.to_string())?;
    Ok(id.replace('-', "")[..12].to_owned())
}

pub fn read(path: &Path) -> Result<Value, Problem> {
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// The files of a folder that end so, by name. That there is none is an error.
pub fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Problem> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(format!("{} holds no .{extension} file", folder.display()).into());
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients() -> Clients {
        let client = || Turnpike::builder("http://127.0.0.1:1").without_key().connect().expect("a client");
        Clients { known: client(), none: client(), unknown: client() }
    }

    #[tokio::test]
    async fn a_step_that_is_wrong_is_refused() {
        let clients = clients();
        for (step, why) in [
            (json!({"call": "EventService/Nothing", "answer": {}}), "there is no call"),
            (json!({"answer": {}}), "no call"),
            (json!({"call": "AccountService/ListAccounts"}), "must expect one"),
            (json!({"call": "AccountService/ListAccounts", "answer": {}, "error": {}}), "must expect one"),
            (json!({"call": "AccountService/ListAccounts", "stream": []}), "must expect one"),
            (json!({"call": "AccountService/ListAccounts", "answers": {}}), "nobody knows the field answers"),
            (
                json!({"call": "AccountService/ListAccounts", "answer": {}, "credentials": "his"}),
                "no credentials",
            ),
            (json!({"call": "AccountService/ListAccounts", "request": {"size": 1}, "answer": {}}), "size"),
            (
                json!({"call": "AccountService/ListAccounts", "request": {"pageToken": "${x}"}, "answer": {}}),
                "${x}",
            ),
            (json!({"call": "AccountService/ListAccounts", "answer": "${x}"}), "${x}"),
            (json!({"call": "AccountService/ListAccounts", "error": {"kode": 1}}), "kode"),
        ] {
            let told = take(&clients, &step, &mut Values::new()).await.expect_err("must be refused");
            assert!(told.contains(why), "{step}: {told}");
        }
    }

    #[test]
    fn a_story_that_is_wrong_is_refused() {
        for wrong in [json!([]), json!({"stories": []}), json!({"accounts": "all"}), json!({"accounts": []})]
        {
            assert!(tellings(&wrong).is_err(), "{wrong}");
        }
        assert_eq!(tellings(&json!({"steps": []})), Ok(vec![String::new()]));
    }

    #[tokio::test]
    async fn a_story_without_steps_or_account_fails() {
        let clients = clients();
        let none = BTreeMap::new();
        assert!(!tell(&clients, &json!({"steps": []}), "a", "", &none).await.has_passed());
        assert!(!tell(&clients, &json!({"steps": [{}]}), "a", "nowhere-dev", &none).await.has_passed());
    }
}
