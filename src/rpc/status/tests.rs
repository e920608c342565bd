//! The table against the catalogue of reasons, and the vectors of errors that clients are tried with.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use super::*;
use crate::domain::ids::{CaptureId, EventId, PaymentId, ScheduleId, SessionId, TokenId};
use crate::engine::Feature;
use crate::rpc::connect::SERVED;

/// What the contract says of a reason, read from its comment.
#[derive(Debug)]
struct Documented {
    name: String,
    code: Code,
    keys: BTreeSet<String>,
    /// Keys of which a later sentence says when they are there.
    conditional: BTreeSet<String>,
}

fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The table as the contract has it: what stands between two values is about the later one.
fn documented() -> BTreeMap<String, Documented> {
    let mut all = BTreeMap::new();
    let mut comment = String::new();
    for line in include_str!("../../../proto/turnpike/v1/error_reason.proto").lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("//") {
            comment.push_str(text);
        } else if let Some((name, _)) =
            line.strip_prefix("ERROR_REASON_").and_then(|line| line.split_once(" ="))
        {
            let told = std::mem::take(&mut comment);
            let Some((_, rest)) = told.split_once("gRPC code: ") else { continue };
            let (code, rest) = rest.split_once('.').expect("a sentence");
            let rest = rest.split_once('{').map_or(rest, |(rest, _)| rest);
            let (keys, more) = match rest.split_once("Metadata keys: ") {
                Some((_, keys)) => keys.split_once('.').expect("a sentence"),
                None => ("", ""),
            };
            let conditional = match more.contains("there when") || more.contains("Only the fields") {
                true => quoted(more),
                false => BTreeSet::new(),
            };
            let name_of_code = code.to_owned();
            let documented =
                Documented { name: name_of_code, code: code_named(code), keys: quoted(keys), conditional };
            all.insert(name.to_owned(), documented);
        }
    }
    all
}

fn code_named(name: &str) -> Code {
    match name {
        "INVALID_ARGUMENT" => Code::InvalidArgument,
        "UNAUTHENTICATED" => Code::Unauthenticated,
        "PERMISSION_DENIED" => Code::PermissionDenied,
        "NOT_FOUND" => Code::NotFound,
        "ALREADY_EXISTS" => Code::AlreadyExists,
        "FAILED_PRECONDITION" => Code::FailedPrecondition,
        "RESOURCE_EXHAUSTED" => Code::ResourceExhausted,
        "UNAVAILABLE" => Code::Unavailable,
        "INTERNAL" => Code::Internal,
        other => panic!("{other} is no code of the table"),
    }
}

fn about() -> About {
    About {
        request_id: "r-1".to_owned(),
        session_id: SessionId::from_bytes([1; 16]).to_string(),
        payment_id: PaymentId::from_bytes([2; 16]).to_string(),
        token_id: TokenId::from_bytes([3; 16]).to_string(),
        schedule_id: ScheduleId::from_bytes([5; 16]).to_string(),
        occurrence: 7,
        capture_id: CaptureId::from_bytes([4; 16]).to_string(),
        event_id: EventId::from_bytes([6; 16]).to_string(),
        endpoint: "books".to_owned(),
        account: "shop-no".to_owned(),
        currency_code: "NOK".to_owned(),
        country_code: "NO".to_owned(),
        operation: Operation::Capture,
        token_use: TokenUse::Recurring,
        card_field: "card",
        expired_at: Some(Timestamp::UNIX_EPOCH),
        prefix: "",
    }
}

fn every_error() -> Vec<Error> {
    let account = || AccountName("shop-no".to_owned());
    let payment = Some(PaymentId::from_bytes([2; 16]));
    let field = |kind| Error::Invalid(vec![FieldError { kind, ..FieldError::new("money", "is wrong") }]);
    let after = Duration::from_secs(7);
    vec![
        field(FieldMistake::Invalid),
        field(FieldMistake::UnknownCurrency),
        field(FieldMistake::UnknownAccount),
        field(FieldMistake::CardNumber),
        field(FieldMistake::AmountOutOfBounds { minimum_minor: Some(1), maximum_minor: Some(5) }),
        field(FieldMistake::AmountOutOfBounds { minimum_minor: None, maximum_minor: None }),
        Error::NotFound(Thing::Session),
        Error::NotFound(Thing::Payment),
        Error::NotFound(Thing::Capture),
        Error::NotFound(Thing::Token),
        Error::NotFound(Thing::Account),
        Error::NotFound(Thing::Schedule),
        Error::NotFound(Thing::Occurrence),
        Error::NotFound(Thing::Event),
        Error::NotFound(Thing::WebhookEndpoint),
        Error::EtagMismatch { etag: "0102030405060708.4".to_owned() },
        Error::Reused(Some(Subject::Token(TokenId::from_bytes([3; 16])))),
        Error::NoAccountMatches,
        Error::Unsupported {
            account: account(),
            feature: Some(Feature::ManualCapture),
            what: "captures".to_owned(),
            instead: "automatic capture".to_owned(),
        },
        Error::StateForbids { state: "VOIDED".to_owned(), wanted: "a capture" },
        Error::ExceedsRemaining { remaining_minor: 5 },
        Error::TokenUnusable,
        Error::TokenUseNotAllowed { wanted: "recurring charges" },
        Error::SessionExpired,
        Error::CardDataNotAllowed(account()),
        Error::TlsRequired,
        Error::Rejected { account: account(), code: None, message: None, payment },
        Error::CredentialsRejected { account: account(), code: Some("403".to_owned()), payment },
        Error::Unreachable(account()),
        Error::Throttled { account: account(), code: Some("429".to_owned()), after },
        Error::BreakerOpen { account: account(), after },
        Error::Draining,
        Error::Busy,
        Error::Journal(Unavailable::Full),
        Error::Journal(Unavailable::Failing),
        Error::StillRunning,
        Error::NoTestClock,
        Error::ClockHeld { at: Timestamp::UNIX_EPOCH, what: "a call runs".to_owned() },
        Error::Internal { what: "canary-4f1c".to_owned(), payment },
    ]
}

fn every_status() -> Vec<Status> {
    let accounts = Accounts::default();
    let mut all: Vec<Status> =
        every_error().into_iter().map(|error| of(error, &about(), &accounts)).collect();
    all.extend([
        refused(Refused::Missing, "turnpike.v1.PaymentService/GetPayment"),
        refused(Refused::Unknown, "turnpike.v1.PaymentService/GetPayment"),
        refused(Refused::NotPermitted, "turnpike.v1.PaymentService/GetPayment"),
        refused(Refused::TooOften { calls_per_second: 5, wait: Duration::from_millis(200) }, ""),
        sandbox_disabled(),
        sandbox_place_not_found("http://127.0.0.1:1/".to_owned()),
    ]);
    all
}

#[test]
fn every_error_is_told_as_the_contract_says() {
    let documented = documented();
    let mut told = BTreeSet::new();
    for status in every_status() {
        let info = status.get_details_error_info().expect("every error has an ErrorInfo");
        let known =
            documented.get(&info.reason).unwrap_or_else(|| panic!("{} is not documented", info.reason));
        let keys: BTreeSet<String> = info.metadata.keys().cloned().collect();
        assert_eq!(status.code(), known.code, "{}", info.reason);
        assert_eq!(info.domain, DOMAIN);
        assert!(keys.is_subset(&known.keys), "{}: {keys:?} beyond {known:?}", info.reason);
        let missing: Vec<_> = known.keys.difference(&keys).collect();
        assert!(
            missing.iter().all(|key| known.conditional.contains(*key)),
            "{}: {missing:?} missing",
            info.reason
        );
        let details = status.get_error_details();
        let (fields, retry) = (details.bad_request(), details.retry_info());
        assert_eq!(fields.is_some(), known.code == Code::InvalidArgument, "{}", info.reason);
        let later = [Code::Unavailable, Code::ResourceExhausted].contains(&known.code);
        assert_eq!(retry.is_some(), later, "{}", info.reason);
        assert_eq!(
            details.precondition_failure().is_some(),
            known.code == Code::FailedPrecondition,
            "{}",
            info.reason
        );
        told.insert(info.reason);
    }
    let silent: Vec<_> = documented.keys().filter(|reason| !told.contains(*reason)).collect();
    assert!(silent.is_empty(), "{silent:?} never happens");
}

#[test]
fn bounds_and_codes_are_told_where_they_are_known() {
    let told = |error| {
        let status = of(error, &about(), &Accounts::default());
        status.get_details_error_info().expect("an ErrorInfo").metadata
    };
    let kind = FieldMistake::AmountOutOfBounds { minimum_minor: Some(1), maximum_minor: None };
    let field = FieldError { kind, ..FieldError::new("money.amount_minor", "too little") };
    let metadata = told(Error::Invalid(vec![field]));
    assert_eq!(metadata["minimum_minor"], "1");
    assert_eq!(metadata["currency_code"], "NOK");
    assert!(!metadata.contains_key("maximum_minor"));
    let account = AccountName("shop-no".to_owned());
    let code = Some("E.1021".to_owned());
    let refused = Error::CredentialsRejected { account: account.clone(), code: code.clone(), payment: None };
    assert_eq!(told(refused)["provider_code"], "E.1021");
    let throttled = Error::Throttled { account, code, after: Duration::ZERO };
    assert_eq!(told(throttled)["provider_code"], "E.1021");
}

#[test]
fn what_went_wrong_inside_stays_inside() {
    for status in every_status() {
        assert!(!format!("{status:?}").contains("canary"), "{status:?}");
    }
}

#[test]
fn mistakes_of_different_kinds_are_told_as_wrong_fields() {
    let fields = vec![
        FieldError { kind: FieldMistake::UnknownCurrency, ..FieldError::new("money.currency_code", "a") },
        FieldError::new("request_id", "b"),
    ];
    let about = About { prefix: "charge_token.", ..about() };
    let status = of(Error::Invalid(fields), &about, &Accounts::default());
    let details = status.get_error_details();
    let info = details.error_info().expect("an ErrorInfo");
    assert_eq!((info.reason.as_str(), info.metadata["fields"].as_str()), ("INVALID_FIELD", "2"));
    let violations = &details.bad_request().expect("a BadRequest").field_violations;
    let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["charge_token.money.currency_code", "charge_token.request_id"]);
}

#[test]
fn the_first_resource_of_a_reused_id_is_named() {
    let movement = MovementId::Capture(CaptureId::from_bytes([4; 16]));
    let payment = PaymentId::from_bytes([2; 16]);
    assert!(resource_id(Subject::Movement(payment, movement)).starts_with("cap_"));
    assert!(resource_id(Subject::Payment(payment)).starts_with("pay_"));
}

/// Where the vectors lie; see `contract/README.md`.
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/contract/vectors/errors");

/// A reason of a later version, which no client has a constant for.
fn of_a_later_version() -> Status {
    let metadata = HashMap::from([("later_key".to_owned(), "later value".to_owned())]);
    let details = ErrorDetails::with_error_info("UNKNOWN_TO_THIS_CLIENT", DOMAIN, metadata);
    Status::with_error_details(Code::FailedPrecondition, "this is new", details)
}

/// What a client's error tells of a status.
fn read(status: &Status) -> Value {
    let info = status.get_details_error_info().expect("every error has an ErrorInfo");
    let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    let fields: BTreeMap<_, _> =
        violations.into_iter().map(|violation| (violation.field, violation.description)).collect();
    let retry_after = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let code = documented().into_iter().find(|(_, known)| known.code == status.code());
    let code = code.map(|(_, known)| known.name).expect("a code of the table");
    json!({
        "code": code,
        "reason": info.reason,
        "metadata": info.metadata,
        "fields": fields,
        "retry_after_ms": retry_after.map(|after| u64::try_from(after.as_millis()).expect("short")),
        // Of a request that still runs, what an earlier call sent is not known.
        "nothing_was_sent": status.code() == Code::Unavailable && info.reason != "REQUEST_STILL_RUNNING",
    })
}

/// The vectors that clients are tried with are the table's own; `TURNPIKE_WRITE_GENERATED=1` writes
/// them.
#[test]
fn the_vectors_of_errors_are_the_table() {
    let written = std::env::var("TURNPIKE_WRITE_GENERATED").is_ok_and(|value| value == "1");
    let mut expected = BTreeSet::new();
    for status in every_status().into_iter().chain([of_a_later_version()]) {
        let reason = status.get_details_error_info().expect("an ErrorInfo").reason;
        // The first status of a reason is its vector.
        if !expected.insert(reason.clone()) {
            continue;
        }
        let descriptor = SERVED.get_message_by_name("google.rpc.Status").expect("described");
        let message = DynamicMessage::decode(descriptor.clone(), status.details()).expect("decodes");
        let vector =
            json!({ "status": serde_json::to_value(&message).expect("JSON"), "read": read(&status) });
        let file = |extension: &str| format!("{VECTORS}/{reason}.{extension}");
        if written {
            std::fs::create_dir_all(VECTORS).expect("the folder");
            // What says the same already is left as it is: the entries of a map have no order.
            let there = std::fs::read(file("json")).ok();
            if there.and_then(|text| serde_json::from_slice::<Value>(&text).ok()).as_ref() != Some(&vector) {
                let text = serde_json::to_string_pretty(&vector).expect("JSON") + "\n";
                std::fs::write(file("json"), text).expect("written");
            }
            let there = std::fs::read(file("binpb")).ok();
            let there = there.and_then(|bytes| DynamicMessage::decode(descriptor.clone(), &*bytes).ok());
            let there = there.map(|message| serde_json::to_value(&message).expect("JSON"));
            if there.as_ref() != Some(&vector["status"]) {
                std::fs::write(file("binpb"), status.details()).expect("written");
            }
        }
        let text = std::fs::read_to_string(file("json")).unwrap_or_else(|error| panic!("{reason}: {error}"));
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), vector, "{reason}");
        // Bytes are compared as messages: the order of a map's entries is nobody's promise.
        let bytes = std::fs::read(file("binpb")).unwrap_or_else(|error| panic!("{reason}: {error}"));
        let read = DynamicMessage::decode(descriptor, &*bytes).expect("decodes");
        assert_eq!(
            serde_json::to_value(&read).expect("JSON"),
            serde_json::to_value(&message).expect("JSON"),
            "{reason}"
        );
    }
    let files = std::fs::read_dir(VECTORS).expect("the folder").map(|entry| entry.expect("a file").path());
    let there: BTreeSet<String> =
        files.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    assert_eq!(there, expected, "a vector for every reason, and no other");
}
