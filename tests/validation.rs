//! The generated checks against an independent runtime of the same annotations.
//!
//! `build.rs` turns the annotations in `proto/` into Rust. Here `prost-protovalidate`, which reads
//! them at run time and shares no code with ours, is the judge: for a sweep over every field of
//! every request, and for random requests, both must name the same fields and the same rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::LazyLock;

use proptest::prelude::*;
use prost::Message;
use prost_protovalidate::{Error, Validator, ValidatorOption};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value,
};
use turnpike::rpc::proto;
use turnpike::rpc::validate::{self, Validate, Violations};

/// The generator itself, which is otherwise a part of `build.rs`.
#[allow(dead_code)]
#[path = "../src/rpc/generate/validation.rs"]
mod generator;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTOR_SET).expect("our own descriptor set"));

/// A violated rule: the path of the field, and the rule.
type Finding = (String, String);

/// What our generated code makes of a message that has come in as bytes.
struct Ours {
    findings: BTreeSet<Finding>,
    debug: String,
}

fn ours<M: Message + Validate + Default + Debug>(bytes: &[u8]) -> Ours {
    let message = M::decode(bytes).expect("bytes of this very type");
    let violations = validate::check(&message).err().unwrap_or_default();
    Ours {
        findings: violations.into_iter().map(|v| (v.field, v.rule.to_owned())).collect(),
        debug: format!("{message:?}"),
    }
}

type Read = fn(&[u8]) -> Ours;

macro_rules! types {
    ($($name:ident)*) => { BTreeMap::from([$((stringify!($name), ours::<proto::$name> as Read)),*]) };
}

/// Every request, and a response of each resource. A new RPC that is not listed fails a test below.
static TYPES: LazyLock<BTreeMap<&str, Read>> = LazyLock::new(|| {
    types! {
        CreateSessionRequest ConfirmSessionRequest GetSessionRequest CancelSessionRequest
        ChargeTokenRequest GetPaymentRequest ListPaymentsRequest WatchPaymentRequest
        CapturePaymentRequest VoidPaymentRequest RefundPaymentRequest ResolvePaymentRequest
        ListPaymentHistoryRequest
        GetTokenRequest ListTokensRequest ImportTokenRequest DeleteTokenRequest
        ListAccountsRequest GetCapabilitiesRequest ExplainRequestRequest
        ScheduleRecurringRequest GetScheduleRequest ListSchedulesRequest UpdateScheduleRequest
        PauseScheduleRequest ResumeScheduleRequest CancelScheduleRequest SkipOccurrenceRequest
        ListOccurrencesRequest PreviewOccurrencesRequest ListEventsRequest StreamEventsRequest
        ListDifferencesRequest RedeliverEventRequest ListWebhookDeliveriesRequest ListWebhookEndpointsRequest
        ArrangeScenarioRequest ListExchangesRequest AdvanceClockRequest GetClockRequest
        ConfirmSessionResponse ListTokensResponse GetCapabilitiesResponse ListExchangesResponse
    }
});

fn requests() -> Vec<MessageDescriptor> {
    let services = POOL.services().filter(|service| service.package_name() == "turnpike.v1");
    services.flat_map(|s| s.methods().map(|m| m.input()).collect::<Vec<_>>()).collect()
}

// ---------------------------------------------------------------------------------------------
// Agreement
// ---------------------------------------------------------------------------------------------

#[test]
fn every_request_is_under_test() {
    let missing: Vec<_> = requests()
        .into_iter()
        .filter(|r| !TYPES.contains_key(r.name()))
        .map(|r| r.full_name().to_owned())
        .collect();
    assert!(missing.is_empty(), "add to TYPES: {missing:?}");
}

#[test]
fn sweep_over_every_field_of_every_request() {
    let judge = Judge::new(&POOL);
    let mut violated = BTreeSet::new();
    for request in requests() {
        sweep(&request, &|message| message, &mut |field, message| {
            let findings = judge.compare(message);
            if let Ok(findings) = &findings {
                violated
                    .extend(findings.iter().map(|(_, rule)| (field.full_name().to_owned(), rule.clone())));
            }
            if let Err(difference) = findings {
                panic!("{difference}");
            }
        });
    }

    // The sweep is worth something only when it breaks every rule that the schema states.
    let mut stated = BTreeSet::new();
    let mut todo: Vec<_> = requests();
    let mut seen = BTreeSet::new();
    while let Some(message) = todo.pop() {
        if !seen.insert(message.full_name().to_owned()) {
            continue;
        }
        for field in message.fields() {
            stated.extend(rule_names(&field).into_iter().map(|rule| (field.full_name().to_owned(), rule)));
            if let (Kind::Message(part), false) = (field.kind(), field.is_map()) {
                todo.push(part);
            }
        }
    }
    let unbroken: Vec<_> = stated.difference(&violated).collect();
    assert!(unbroken.is_empty(), "rules that no value of the sweep breaks: {unbroken:?}");
    assert!(stated.len() > 250, "only {} rules were found in the schema", stated.len());
}

#[test]
fn the_comparison_can_fail() {
    // The judge is given a schema with one bound moved by one; the sweep has to notice.
    for (field, rule, bound) in [
        ("turnpike.v1.ChargeTokenRequest.statement_descriptor", "string.max_len", 21),
        ("turnpike.v1.CreateSessionRequest.token_ids", "repeated.max_items", 11),
        ("turnpike.v1.CreateSessionRequest.metadata", "map.max_pairs", 49),
    ] {
        let judge = Judge::new(&altered_schema(field, rule, Value::U64(bound)));
        let mut differences = 0;
        for request in requests().into_iter().filter(|r| field.starts_with(r.full_name())) {
            sweep(&request, &|message| message, &mut |_, message| {
                differences += usize::from(judge.compare(message).is_err());
            });
        }
        assert!(differences > 0, "a changed bound of {field} went unnoticed");
    }
}

#[test]
fn the_generator_refuses_what_it_does_not_know() {
    let text = "turnpike.v1.GetSessionRequest.session_id";
    let refused = |field, rule, value| {
        generator::generate(&altered_schema(field, rule, value), "turnpike.v1").expect_err(rule)
    };
    assert!(generator::generate(&POOL, "turnpike.v1").is_ok());
    assert!(refused(text, "string.uuid", Value::Bool(true)).contains("string.uuid"));
    assert!(refused(text, "string.pattern", Value::String("(".into())).contains("string.pattern"));
    let number = "turnpike.v1.ListExchangesRequest.page_size";
    let message = refused(number, "int32.const", Value::I32(1));
    assert!(message.contains(number) && message.contains("int32.const"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn random_requests(which in 0..requests().len(), choices in prop::collection::vec(any::<u16>(), 0..400)) {
        thread_local!(static JUDGE: Judge = Judge::new(&POOL));
        let message = random_message(&requests()[which], &mut choices.into_iter());
        JUDGE.with(|judge| judge.compare(&message)).map_err(TestCaseError::fail)?;
    }
}

/// The independent runtime.
struct Judge {
    pool: DescriptorPool,
    validator: Validator,
}

impl Judge {
    fn new(pool: &DescriptorPool) -> Self {
        let messages: Vec<_> = requests()
            .iter()
            .map(|request| pool.get_message_by_name(request.full_name()).expect("the same schema"))
            .collect();
        let validator = Validator::with_options(&[ValidatorOption::MessageDescriptors(messages)]);
        Self { pool: pool.clone(), validator }
    }

    /// The findings of both, or how they differ.
    fn compare(&self, message: &DynamicMessage) -> Result<BTreeSet<Finding>, String> {
        let descriptor = message.descriptor();
        let bytes = message.encode_to_vec();
        let same = self.pool.get_message_by_name(descriptor.full_name()).expect("the same schema");
        let same = DynamicMessage::decode(same, bytes.as_slice()).expect("our own bytes");
        let theirs: BTreeSet<Finding> = match self.validator.validate(&same) {
            Ok(()) => BTreeSet::new(),
            Err(Error::Validation(error)) => error
                .violations()
                .iter()
                .map(|v| (harmless(&v.field_path()), v.rule_id().trim_end_matches("_empty").to_owned()))
                .collect(),
            Err(error) => {
                return Err(format!("{}: the judge failed: {error}", descriptor.full_name()));
            }
        };
        let ours = TYPES[descriptor.name()](&bytes).findings;
        let agree = match ours.len() < Violations::MAX {
            true => ours == theirs,
            false => ours.is_subset(&theirs),
        };
        match agree {
            true => Ok(theirs),
            false => Err(format!(
                "{}\n  only ours:   {:?}\n  only theirs: {:?}\n  message: {message}",
                descriptor.full_name(),
                ours.difference(&theirs).collect::<Vec<_>>(),
                theirs.difference(&ours).collect::<Vec<_>>(),
            )),
        }
    }
}

/// A path as we print it: keys of maps that may be sensitive are not repeated.
fn harmless(path: &str) -> String {
    let Some((field, key)) = path.split_once("[\"") else {
        return path.to_owned();
    };
    let key = key.strip_suffix("\"]").expect("a key ends the path");
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    match key.len() <= 64 && digits < 12 && key.is_ascii() {
        true => path.to_owned(),
        false => format!("{field}[…]"),
    }
}

// ---------------------------------------------------------------------------------------------
// Redaction
// ---------------------------------------------------------------------------------------------

#[test]
fn sensitive_fields_are_not_printed() {
    const CANARY: &str = "c4n4ry";
    let (mut sensitive, mut plain) = (0, 0);
    for name in TYPES.keys() {
        let message = POOL.get_message_by_name(&format!("turnpike.v1.{name}")).expect("a type of ours");
        each_field(&message, &|message| message, &mut |field, wrap| {
            if field.is_map() || field.kind() != Kind::String {
                return;
            }
            let text = Value::String(CANARY.into());
            let mut message = DynamicMessage::new(field.parent_message().clone());
            let value = if field.is_list() { Value::List(vec![text]) } else { text };
            message.set_field(field, value);
            let debug = TYPES[name](&wrap(message).encode_to_vec()).debug;
            let is_sensitive =
                field.options().get_field_by_name("debug_redact").and_then(|mark| mark.as_bool())
                    == Some(true);
            assert_eq!(debug.contains(CANARY), !is_sensitive, "{}", field.full_name());
            *(if is_sensitive { &mut sensitive } else { &mut plain }) += 1;
        });
    }
    assert!(sensitive > 50 && plain > 50, "{sensitive} sensitive and {plain} plain fields were seen");
}

#[test]
fn what_is_secret_is_marked() {
    let is_marked = |path: &str| {
        let (message, field) = path.rsplit_once('.').expect("a message and a field");
        let message = POOL.get_message_by_name(&format!("turnpike.v1.{message}")).expect(path);
        let field = message.get_field_by_name(field).expect(path);
        field.options().get_field_by_name("debug_redact").and_then(|mark| mark.as_bool()) == Some(true)
    };
    for path in [
        "ClearCard.number",
        "ClearCard.cvc",
        "ClearCard.holder",
        "SavedCard.cvc",
        "CustomerInitiated.cvc",
        "EncryptedCard.blob",
        "EncryptedCardFields.number",
        "EncryptedCardFields.cvc",
        "ProviderTokenValue.value",
        "Redirect.url",
        "BrowserReturn.url",
        "BrowserReturn.query_parameters",
        "Customer.email",
        "Customer.phone_number",
        "Customer.ip_address",
        "Address.line1",
    ] {
        assert!(is_marked(path), "{path} is printed in clear");
    }
}

// ---------------------------------------------------------------------------------------------
// Bounds that callers rely on
// ---------------------------------------------------------------------------------------------

fn session() -> proto::CreateSessionRequest {
    proto::CreateSessionRequest {
        request_id: "5f0c6e3a-9b1d-4c59-8a7e-3f1f4c1f8b10".into(),
        account: "dintero-no".into(),
        money: Some(proto::Money { amount_minor: 29_990, currency_code: "NOK".into() }),
        merchant_reference: "order 77".into(),
        purpose: proto::SessionPurpose::Pay.into(),
        return_urls: Some(proto::ReturnUrls {
            success_url: "https://shop.example/return?order=77".into(),
            ..Default::default()
        }),
        order: Some(proto::Order {
            lines: (0..4)
                .map(|n| proto::OrderLine {
                    reference: format!("line-{n}"),
                    name: "Gulrøtter".into(),
                    quantity: "0.75".into(),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn charge() -> proto::ChargeTokenRequest {
    use proto::charge_token_request::{Initiator, Token};
    proto::ChargeTokenRequest {
        request_id: "1".into(),
        token: Some(Token::TokenId("tok_01kw3v8m5g".into())),
        money: Some(proto::Money { amount_minor: 500, currency_code: "JPY".into() }),
        merchant_reference: "77".into(),
        initiator: Some(Initiator::MerchantInitiated(proto::MerchantInitiated {
            reason: proto::MerchantReason::Recurring.into(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

/// The violations as `field rule`, in the order in which they were found.
fn found<M: Validate>(message: &M) -> Vec<String> {
    let violations = validate::check(message).err().unwrap_or_default();
    violations.into_iter().map(|v| format!("{} {}", v.field, v.rule)).collect()
}

fn broken_session(change: impl FnOnce(&mut proto::CreateSessionRequest)) -> Vec<String> {
    let mut request = session();
    change(&mut request);
    found(&request)
}

#[test]
fn complete_requests_are_fine() {
    assert_eq!(found(&session()), Vec::<String>::new());
    assert_eq!(found(&charge()), Vec::<String>::new());
}

#[test]
fn an_empty_request_names_every_required_field() {
    assert_eq!(
        found(&proto::CreateSessionRequest::default()),
        [
            "request_id string.min_len",
            "money required",
            "merchant_reference string.min_len",
            "purpose enum.not_in",
            "return_urls required",
        ]
    );
    assert_eq!(
        found(&proto::ChargeTokenRequest::default()),
        [
            "request_id string.min_len",
            "token required",
            "money required",
            "merchant_reference string.min_len",
            "initiator required",
        ]
    );
}

#[test]
fn bounds_of_the_contract() {
    let text = |length: usize| "x".repeat(length);
    let pairs = |count: usize| (0..count).map(|n| (n.to_string(), text(500))).collect();

    assert!(broken_session(|r| r.request_id = text(64)).is_empty());
    assert_eq!(broken_session(|r| r.request_id = text(65)), ["request_id string.max_len"]);
    assert_eq!(broken_session(|r| r.request_id = "a b".into()), ["request_id string.pattern"]);
    assert!(broken_session(|r| r.merchant_reference = "ø".repeat(64)).is_empty());
    assert_eq!(
        broken_session(|r| r.merchant_reference = "ø".repeat(65)),
        ["merchant_reference string.max_len"]
    );
    assert_eq!(
        broken_session(|r| r.merchant_reference = "a\nb".into()),
        ["merchant_reference string.pattern"]
    );
    assert!(broken_session(|r| r.statement_descriptor = text(22)).is_empty());
    assert_eq!(
        broken_session(|r| r.statement_descriptor = text(23)),
        ["statement_descriptor string.max_len"]
    );
    assert!(broken_session(|r| r.metadata = pairs(50)).is_empty());
    assert_eq!(broken_session(|r| r.metadata = pairs(51)), ["metadata map.max_pairs"]);
    assert_eq!(
        broken_session(|r| r.metadata = [("size".into(), text(501)), (text(41), "v".into())].into()),
        [r#"metadata["size"] string.max_len"#.into(), format!(r#"metadata["{}"] string.max_len"#, text(41))]
    );
    assert_eq!(
        broken_session(|r| r.return_urls.as_mut().unwrap().failure_url = "/relative".into()),
        ["return_urls.failure_url string.uri"]
    );
    assert_eq!(
        broken_session(|r| r.order.as_mut().unwrap().lines[3].quantity = "1,5".into()),
        ["order.lines[3].quantity string.pattern"]
    );
    assert_eq!(
        broken_session(|r| {
            let order = r.order.as_mut().unwrap();
            order.lines = vec![order.lines[0].clone(); 101];
        }),
        ["order.lines repeated.max_items"]
    );
    assert_eq!(
        broken_session(|r| r.money.as_mut().unwrap().amount_minor = -1),
        ["money.amount_minor int64.gte_lte"]
    );
    assert_eq!(
        broken_session(|r| r.money.as_mut().unwrap().currency_code = "nok".into()),
        ["money.currency_code string.pattern"]
    );
    assert_eq!(broken_session(|r| r.purpose = 99), ["purpose enum.defined_only"]);
    assert_eq!(broken_session(|r| r.token_ids = vec!["pay_1".into()]), ["token_ids[0] string.prefix"]);

    let page = |page_size| found(&proto::ListPaymentsRequest { page_size, ..Default::default() });
    assert!(page(0).is_empty() && page(200).is_empty());
    assert_eq!(page(201), ["page_size int32.gte_lte"]);
}

#[test]
fn all_wrong_fields_are_found_at_once() {
    let found = broken_session(|r| {
        r.request_id.clear();
        r.account = "Dintero".into();
        r.money = None;
        r.order.as_mut().unwrap().lines[1].reference.clear();
    });
    assert_eq!(
        found,
        [
            "request_id string.min_len",
            "account string.pattern",
            "money required",
            "order.lines[1].reference string.min_len",
        ]
    );
}

#[test]
fn findings_are_bounded_and_never_repeat_a_value() {
    let mut request = session();
    request.metadata = (0..500).map(|n| (format!("4111111111111111-{n}"), "v".repeat(501))).collect();
    request.description = "4111111111111111".repeat(20);
    let violations = validate::check(&request).expect_err("it is full of faults");
    assert_eq!(violations.len(), Violations::MAX);
    assert!(!format!("{violations:?}").contains("4111"));
}

// ---------------------------------------------------------------------------------------------
// Values
// ---------------------------------------------------------------------------------------------

/// Puts a message where it belongs in a whole request.
type Wrap<'a> = &'a dyn Fn(DynamicMessage) -> DynamicMessage;

/// Calls back for every field in reach of a message, with the way to wrap a message that has it.
fn each_field(
    message: &MessageDescriptor,
    wrap: Wrap<'_>,
    visit: &mut dyn FnMut(&FieldDescriptor, Wrap<'_>),
) {
    for field in message.fields() {
        visit(&field, wrap);
        let Kind::Message(part) = field.kind() else {
            continue;
        };
        if field.is_map() || part.package_name() != "turnpike.v1" {
            continue;
        }
        let wrap_part = |inner: DynamicMessage| {
            let mut outer = DynamicMessage::new(message.clone());
            let value = Value::Message(inner);
            outer.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
            wrap(outer)
        };
        each_field(&part, &wrap_part, visit);
    }
}

/// Calls back with messages that have one field only, for every field and every value worth trying.
fn sweep(
    message: &MessageDescriptor,
    wrap: Wrap<'_>,
    visit: &mut dyn FnMut(&FieldDescriptor, &DynamicMessage),
) {
    each_field(message, wrap, &mut |field, wrap| {
        let unset = DynamicMessage::new(field.parent_message().clone());
        visit(field, &wrap(unset.clone()));
        for value in values(field) {
            let mut message = unset.clone();
            message.set_field(field, value);
            visit(field, &wrap(message));
        }
    });
}

fn random_message(descriptor: &MessageDescriptor, choices: &mut dyn Iterator<Item = u16>) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        // No more choices means: leave the rest alone. So messages shrink with their choices.
        let Some(choice) = choices.next().map(usize::from).filter(|choice| choice % 4 != 0) else {
            continue;
        };
        match field.kind() {
            Kind::Message(part) if !field.is_map() && part.package_name() == "turnpike.v1" => {
                let value = match field.is_list() {
                    true => Value::List(
                        (0..choice % 3).map(|_| Value::Message(random_message(&part, choices))).collect(),
                    ),
                    false => Value::Message(random_message(&part, choices)),
                };
                message.set_field(&field, value);
            }
            _ => {
                let values = values(&field);
                if !values.is_empty() {
                    message.set_field(&field, values[choice / 4 % values.len()].clone());
                }
            }
        }
    }
    message
}

/// Values of a field that are worth trying: around its bounds, and of every shape that a rule asks for.
fn values(field: &FieldDescriptor) -> Vec<Value> {
    let bounds = bounds(field);
    if field.is_map() {
        return maps(&bounds);
    }
    let single = match field.kind() {
        Kind::String => texts(&bounds).into_iter().map(Value::String).collect(),
        Kind::Int32 => {
            numbers(&bounds).into_iter().filter_map(|n| i32::try_from(n).ok()).map(Value::I32).collect()
        }
        Kind::Int64 => numbers(&bounds).into_iter().map(Value::I64).collect(),
        Kind::Bool => vec![Value::Bool(true)],
        Kind::Enum(_) => [-1, 0, 1, 2, 999].into_iter().map(Value::EnumNumber).collect(),
        Kind::Message(part) if part.full_name() == "google.protobuf.Duration" => {
            let durations = [(0, 0), (0, -1), (-1, 0), (600, 0), (600, 1), (601, 0)];
            durations
                .into_iter()
                .map(|(seconds, nanos)| {
                    let mut duration = DynamicMessage::new(part.clone());
                    duration.set_field_by_name("seconds", Value::I64(seconds));
                    duration.set_field_by_name("nanos", Value::I32(nanos));
                    Value::Message(duration)
                })
                .collect()
        }
        Kind::Message(part) => vec![Value::Message(DynamicMessage::new(part))],
        kind => panic!("{}: no values for {kind:?}", field.full_name()),
    };
    if !field.is_list() {
        return single;
    }
    let mut lists = vec![Value::List(single.clone())];
    lists.extend(single.iter().map(|value| Value::List(vec![value.clone()])));
    for length in bounds.iter().flat_map(|bound| [bound - 1, *bound, bound + 1]) {
        if let (Ok(length @ 1..=200), Some(item)) = (usize::try_from(length), single.last()) {
            lists.push(Value::List(vec![item.clone(); length]));
        }
    }
    lists
}

fn texts(bounds: &[i64]) -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        "a",
        "A",
        "visa",
        "en",
        "EN",
        "no",
        "zh-HK",
        "nb-NO",
        "x-",
        "NO",
        "NOK",
        "NOKK",
        "dintero-no",
        "dintero_no",
        "tok_1",
        "ses_1",
        "pay_1",
        "ref_1",
        "cap_1",
        "tok_",
        "+4799999999",
        "+0123456",
        "4799999999",
        "2026-11-21",
        "2026-1-1",
        "1",
        "0.75",
        "0.",
        ".5",
        "-1",
        "123",
        "1234",
        "12345678",
        "123456789012",
        "4111111111111111",
        "https://shop.example/return?a=%C3%A9#x",
        "shop.example",
        "app:x",
        "https://a b",
        "http://[::1]:80/",
        "http://[::1",
        "https://%ff/",
        "a@b.example",
        "a@",
        "a@-b",
        "127.0.0.1",
        "::1",
        "fe80::1%eth0",
        "1.2.3",
        "#1F2F3F",
        "#12345G",
        "HK",
        "OTHER",
        "CARD",
        "email",
        "first_name",
        "a b",
        "tab\there",
        "line\n",
        "\u{7f}",
        "ø",
        "日本",
        "🂡",
        "\u{0}",
        "[redacted]",
        "\"quoted\"",
        "a,b",
        "~!",
    ]
    .map(String::from)
    .into();
    for bound in bounds {
        for length in [bound - 1, *bound, bound + 1] {
            if let Ok(length @ 1..=20_000) = usize::try_from(length) {
                texts.extend(["a".repeat(length), "é".repeat(length), "7".repeat(length)]);
            }
        }
    }
    texts
}

fn numbers(bounds: &[i64]) -> Vec<i64> {
    let mut numbers =
        vec![0, 1, -1, 2, 7, 12, 13, 2026, i64::from(i32::MAX), i64::from(i32::MIN), i64::MAX, i64::MIN];
    numbers.extend(bounds.iter().flat_map(|b| [b.saturating_sub(1), *b, b.saturating_add(1)]));
    numbers
}

fn maps(bounds: &[i64]) -> Vec<Value> {
    let entry = |key: &str, value: &str| (MapKey::String(key.into()), Value::String(value.into()));
    let mut maps: Vec<Value> = vec![
        Value::Map([entry("size", "large"), entry("", "no key")].into()),
        Value::Map([entry("4111111111111111", &"v".repeat(5000)), entry("ключ", "")].into()),
    ];
    for bound in bounds {
        for length in [bound - 1, *bound, bound + 1] {
            let Ok(length @ 1..=5_000) = usize::try_from(length) else {
                continue;
            };
            maps.push(Value::Map([entry(&"k".repeat(length), "v"), entry("v", &"ø".repeat(length))].into()));
            if length < 150 {
                maps.push(Value::Map((0..length).map(|n| entry(&n.to_string(), "v")).collect()));
            }
        }
    }
    maps
}

// ---------------------------------------------------------------------------------------------
// Annotations, read for their bounds only
// ---------------------------------------------------------------------------------------------

fn annotation(field: &FieldDescriptor) -> Option<DynamicMessage> {
    let extension = POOL.get_extension_by_name("buf.validate.field")?;
    let options = field.options();
    options.has_extension(&extension).then(|| options.get_extension(&extension).as_message().cloned())?
}

/// Every number in the annotation of a field.
fn bounds(field: &FieldDescriptor) -> Vec<i64> {
    fn collect(value: &Value, out: &mut Vec<i64>) {
        match value {
            Value::Message(message) => message.fields().for_each(|(_, value)| collect(value, out)),
            Value::List(list) => list.iter().for_each(|value| collect(value, out)),
            Value::U64(number) => out.extend(i64::try_from(*number)),
            Value::I64(number) => out.push(*number),
            Value::I32(number) => out.push(i64::from(*number)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    if let Some(annotation) = annotation(field) {
        collect(&Value::Message(annotation), &mut out);
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// The rules of a field, by the names that violations have.
fn rule_names(field: &FieldDescriptor) -> Vec<String> {
    fn collect(rules: &DynamicMessage, out: &mut Vec<String>) {
        for (of, value) in rules.fields() {
            let Value::Message(inner) = value else {
                continue;
            };
            let mut range = Vec::new();
            for (rule, value) in inner.fields() {
                match (rule.name(), value) {
                    ("items" | "keys" | "values", Value::Message(rules)) => collect(rules, out),
                    ("gt" | "gte" | "lt" | "lte", _) => range.push(rule.name().to_owned()),
                    (rule, _) => out.push(format!("{}.{rule}", of.name())),
                }
            }
            range.sort_unstable_by_key(|rule| rule.starts_with('l'));
            if !range.is_empty() {
                out.push(format!("{}.{}", of.name(), range.join("_")));
            }
        }
        if rules.get_field_by_name("required").and_then(|value| value.as_bool()) == Some(true) {
            out.push("required".to_owned());
        }
    }
    let mut out = Vec::new();
    if let Some(annotation) = annotation(field) {
        collect(&annotation, &mut out);
    }
    out
}

/// The schema with one rule of one field set to another value.
fn altered_schema(field: &str, rule: &str, value: Value) -> DescriptorPool {
    let set = POOL.get_message_by_name("google.protobuf.FileDescriptorSet").expect("an import");
    let mut set = DynamicMessage::decode(set, proto::DESCRIPTOR_SET).expect("our own descriptor set");
    let extension = POOL.get_extension_by_name("buf.validate.field").expect("an import");
    let (message_name, field_name) = field.rsplit_once('.').expect("a message and a field");
    let (of, rule) = rule.split_once('.').expect("a type and a rule");
    let mut changed = 0;
    for file in list_mut(&mut set, "file") {
        if file.get_field_by_name("package").and_then(|v| v.as_str().map(String::from)).as_deref()
            != Some("turnpike.v1")
        {
            continue;
        }
        for message in list_mut(file, "message_type").into_iter().filter(|m| has_name(m, message_name)) {
            for field in list_mut(message, "field").into_iter().filter(|f| has_name(f, field_name)) {
                let options =
                    field.get_field_by_name_mut("options").and_then(Value::as_message_mut).expect("options");
                let rules = options.get_extension_mut(&extension).as_message_mut().expect("rules");
                let rules = rules
                    .get_field_by_name_mut(of)
                    .and_then(Value::as_message_mut)
                    .expect("rules of the type");
                rules.set_field_by_name(rule, value.clone());
                changed += 1;
            }
        }
    }
    assert_eq!(changed, 1, "{field} was not found");
    DescriptorPool::decode(set.encode_to_vec().as_slice()).expect("still a schema")
}

fn list_mut<'a>(message: &'a mut DynamicMessage, field: &str) -> Vec<&'a mut DynamicMessage> {
    let list = message.get_field_by_name_mut(field).and_then(Value::as_list_mut).expect("a list");
    list.iter_mut().filter_map(Value::as_message_mut).collect()
}

fn has_name(message: &DynamicMessage, name: &str) -> bool {
    let own = message.get_field_by_name("name");
    let own = own.as_ref().and_then(|value| value.as_str()).unwrap_or_default();
    own == name || name.rsplit('.').next() == Some(own)
}
