//! Checks the vectors: the same bytes mean the same to everyone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use prost::Message;
use serde_json::{Value, json};
use tonic::{Code, Status};
use turnpike_client::Error;
use turnpike_client::v1::{ErrorReason, Event};
use turnpike_client::webhooks::{Secrets, verify_at};

use crate::report::{self, Outcome};
use crate::rpcs::{Work, with_type};
use crate::stories::{files, read};
use crate::{Problem, json};

/// The reason that no client has a constant for.
const UNKNOWN: &str = "UNKNOWN_TO_THIS_CLIENT";

/// Checks every vector of the folder. Tells whether all passed. A folder that is missing or empty is an
/// error.
pub fn check_all(contract: &Path, report: &Path) -> Result<bool, Problem> {
    let folder = contract.join("vectors");
    let mut outcomes = pairs(&folder, "messages", message)?;
    outcomes.extend(pairs(&folder, "errors", error)?);
    outcomes.extend(webhooks(&folder)?);
    for outcome in outcomes.iter().filter(|outcome| !outcome.has_passed()) {
        println!("FAILED {}: {}", outcome.name, outcome.failure);
    }
    let passed = outcomes.iter().filter(|outcome| outcome.has_passed()).count();
    println!("{passed} of {} vectors passed", outcomes.len());
    report::write(report, &outcomes)
}

type Check = fn(name: &str, value: &Value, bytes: &[u8]) -> Result<(), String>;

/// Files that come as `NAME.json` and `NAME.binpb`. Each must have its other half.
fn pairs(folder: &Path, kind: &str, check: Check) -> Result<Vec<Outcome>, Problem> {
    let folder = folder.join(kind);
    let mut names = BTreeSet::new();
    for extension in ["json", "binpb"] {
        for path in files(&folder, extension)? {
            // A name holds dots itself; only the last one begins the ending.
            names.insert(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    let outcomes = names.into_iter().map(|name| {
        let result = read(&folder.join(format!("{name}.json"))).map_err(|problem| problem.to_string());
        let result = result.and_then(|value| {
            let path = folder.join(format!("{name}.binpb"));
            let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            check(&name, &value, &bytes)
        });
        Outcome {
            name: format!("{kind}/{name}"),
            failure: result.err().unwrap_or_default(),
            ..Default::default()
        }
    });
    Ok(outcomes.collect())
}

fn message(name: &str, value: &Value, bytes: &[u8]) -> Result<(), String> {
    let name = name.split('+').next().unwrap_or(name);
    let check = CheckMessage { name, value, bytes };
    if name == "turnpike.v1.Event" {
        return check.with::<Event>();
    }
    with_type(name, check).unwrap_or_else(|| Err(format!("no call has a message {name}")))
}

struct CheckMessage<'a> {
    name: &'a str,
    value: &'a Value,
    bytes: &'a [u8],
}

impl Work for CheckMessage<'_> {
    type Result = Result<(), String>;

    fn with<T: Message + Default + PartialEq>(self) -> Result<(), String> {
        let Self { name, value, bytes } = self;
        let from_json: T = json::read(name, value)?;
        let from_bytes = T::decode(bytes).map_err(|error| error.to_string())?;
        // The messages are not shown: their files are beside each other.
        if from_json != from_bytes {
            return Err("the JSON and the bytes are read as different messages".to_owned());
        }
        let again = T::decode(from_bytes.encode_to_vec().as_slice()).map_err(|error| error.to_string())?;
        if again != from_bytes {
            return Err("the bytes that are written are read as another message".to_owned());
        }
        let written = json::write(name, &from_bytes)?;
        if written != *value {
            return Err(format!("the JSON that is written differs: {written}"));
        }
        Ok(())
    }
}

fn error(name: &str, value: &Value, bytes: &[u8]) -> Result<(), String> {
    let status = tonic_types::pb::Status::decode(bytes).map_err(|error| error.to_string())?;
    if value["status"]["code"] != json!(status.code) || value["status"]["message"] != json!(status.message) {
        return Err("the status in JSON has another code or message than the bytes".to_owned());
    }
    // As it travels: the code and the message beside the details, which hold the whole status.
    let details = bytes.to_vec().into();
    let error = Error::from(Status::with_details(Code::from(status.code), status.message, details));
    let seen = json!({
        "code": error.code_name(),
        "reason": error.reason_text(),
        "metadata": error.metadata(),
        "fields": error.fields(),
        "retry_after_ms": error.retry_after().map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        "nothing_was_sent": error.nothing_was_sent(),
    });
    if seen != value["read"] {
        return Err(format!("expected {}, read {seen}", value["read"]));
    }
    let is_known = error.reason() != ErrorReason::Unspecified;
    if is_known == (name == UNKNOWN) {
        return Err(format!("the constant of {name} is {:?}", error.reason()));
    }
    Ok(())
}

fn webhooks(folder: &Path) -> Result<Vec<Outcome>, Problem> {
    let path = folder.join("webhooks.json");
    let deliveries = read(&path)?;
    let deliveries = deliveries.as_array().filter(|deliveries| !deliveries.is_empty());
    let deliveries = deliveries.ok_or_else(|| format!("{} holds no deliveries", path.display()))?;
    let outcomes = deliveries.iter().enumerate().map(|(index, delivery)| Outcome {
        name: format!("webhooks.json[{index}]"),
        failure: webhook(delivery).err().unwrap_or_default(),
        ..Default::default()
    });
    Ok(outcomes.collect())
}

fn webhook(delivery: &Value) -> Result<(), String> {
    let about = delivery["about"].as_str().ok_or("it has no about")?;
    let now = delivery["now"].as_u64().ok_or("it has no now")?;
    let body = delivery["body"].as_str().ok_or("it has no body")?;
    let secrets: Vec<String> =
        serde_json::from_value(delivery["secrets"].clone()).map_err(|e| e.to_string())?;
    let headers: BTreeMap<String, String> =
        serde_json::from_value(delivery["headers"].clone()).map_err(|e| e.to_string())?;
    let headers: Vec<(String, String)> = headers.into_iter().collect();
    let secrets = Secrets::new(secrets).map_err(|error| format!("{about}: {error}"))?;

    let now = UNIX_EPOCH + Duration::from_secs(now);
    let seen = match verify_at(body.as_bytes(), headers.as_slice(), &secrets, now) {
        Ok(event) => json!({"event": {"id": event.id, "type": event.r#type}}),
        Err(refused) => json!({"refused": refused.name()}),
    };
    let expected = match (delivery.get("event"), delivery.get("refused")) {
        (Some(event), None) => json!({"event": event}),
        (None, Some(refused)) => json!({"refused": refused}),
        _ => return Err(format!("{about}: it must expect one of event and refused")),
    };
    if seen == expected { Ok(()) } else { Err(format!("{about}: expected {expected}, saw {seen}")) }
}
