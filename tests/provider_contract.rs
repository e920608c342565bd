//! The golden suite that every adapter has to pass: one file per story in
//! `tests/fixtures/<provider>/<operation>_<story>.json`.
//!
//! A file says what is asked, what has to be sent, what is answered, and what has to come of it.
//! `UPDATE=1` rewrites the expected halves; what it wrote is then reviewed against the provider's
//! documentation as code is, because a wrong golden file is worse than none.
//!
//! Each story is also told wrongly: its last reply cut short, with a status that does not exist,
//! with another amount. None of these may pass for a success.

#[path = "support/story.rs"]
mod story;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use turnpike::domain::money::{Currency, Money};
use turnpike::domain::order::MethodKind;
use turnpike::domain::outcome::{Asked, Outcome};
use turnpike::domain::secret::Secret;
use turnpike::providers::contract::{
    AccessToken, Context, Effect, Fault, Feature, HeaderValue, Operation, OperationKind, Profile, Reply,
    Request, STEPS_PER_CONVERSATION_MAX, Support,
};
use turnpike::providers::conversation::{AnyProvider, Rest, Turn};
use turnpike::providers::registry::{self, PROVIDERS};
use turnpike::providers::sample::{self, Overrides};
use turnpike::providers::settings::Setting;
use turnpike::providers::{redact, report};

/// Statuses that say that money was reserved or moved, or that a card works.
const SUCCESSES: &[&str] =
    &["AUTHORIZED", "CAPTURED", "PARTIALLY_REFUNDED", "REFUNDED", "VOIDED", "VERIFIED", "SUCCEEDED"];
/// How often a reply is cut short.
const CUTS: usize = 40;

struct Story {
    path: PathBuf,
    file: Value,
    provider: Arc<dyn AnyProvider>,
    now: Timestamp,
    replies: Vec<Reply>,
}

/// What became of a conversation.
struct Played {
    /// Each request as the golden file has it.
    sent: Vec<Value>,
    /// The outcome or fault as the golden file has it.
    told: Value,
    /// Everything that a log could show.
    shown: String,
    effects: Vec<Effect>,
}

impl Story {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a readable story");
        let file: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            file["source"].as_str().is_some_and(|source| source.contains("2026")),
            "a source with its date"
        );
        let name = file["provider"].as_str().expect("provider");
        let entry = registry::find(name).expect("a registered provider");
        let mut settings = story::settings(file.get("settings"));
        for (name, _) in entry.example.iter().filter(|(name, _)| name.contains("secret")) {
            settings.insert((*name).to_owned(), Setting::Secret(Secret::from("canary-credential")));
        }
        let provider = entry.example_account(settings).expect("settings that the adapter takes");
        let now = file["now"].as_str().expect("now").parse().expect("a time");
        let exchanges = file["exchanges"].as_array().expect("exchanges");
        let replies = exchanges.iter().map(|exchange| story::reply(&exchange["reply"])).collect();
        Self { path: path.to_owned(), provider, now, replies, file }
    }

    fn operation(&self) -> (Operation, Asked) {
        story::operation(&self.file["operation"], self.now)
    }

    /// Plays the conversation with these replies. One that wants more replies ends as it stands.
    fn play(&self, replies: &[Reply]) -> Played {
        let access = AccessToken {
            token: Secret::from("canary-access-token"),
            renew_at: self.now + Duration::from_secs(600),
            expires_at: self.now + Duration::from_secs(900),
        };
        let cx = Context { now: self.now, entropy: [7; 32], access: Some(&access) };
        let (operation, asked) = self.operation();
        let mut played = Played {
            sent: Vec::new(),
            told: Value::Null,
            shown: format!("{operation:?}"),
            effects: Vec::new(),
        };
        let mut turn = Arc::clone(&self.provider).begin(operation, &cx);
        let mut replies = replies.iter();
        loop {
            match turn {
                Ok(Turn::Done(outcome)) => break played.done(&outcome, &asked),
                Err(fault) => break played.failed(&fault),
                Ok(Turn::Ask { request, effect, rest }) => {
                    played.asked(&request, effect, self.provider.profile());
                    assert!(played.sent.len() <= STEPS_PER_CONVERSATION_MAX, "a conversation without end");
                    let Some(reply) = replies.next() else {
                        played.told = json!({ "unfinished": request.name });
                        break;
                    };
                    turn = Rest::resume(rest, reply, &cx);
                }
            }
        }
        played
    }

    /// Whether an answer says nothing about the money: it comes after the payment's outcome is known
    /// and is about something else, such as the saved card. The file's `asides` names them by place.
    fn is_aside(&self, at: usize) -> bool {
        let asides = self.file.get("asides").and_then(Value::as_array);
        asides.into_iter().flatten().any(|place| place.as_u64() == Some(at as u64))
    }

    fn ends_aside(&self) -> bool {
        !self.replies.is_empty() && self.is_aside(self.replies.len() - 1)
    }

    fn play_with_last(&self, last: Reply) -> Played {
        let mut replies = self.replies.clone();
        replies.pop();
        replies.push(last);
        self.play(&replies)
    }
}

impl Played {
    fn asked(&mut self, request: &Request, effect: Effect, profile: &Profile) {
        let explained = redact::show(request, profile);
        write!(self.shown, "{request:?} {effect:?} {explained:?}").expect("a string");
        self.sent.push(expectation(request, &effect));
        self.effects.push(effect);
    }

    fn done(&mut self, outcome: &Outcome, asked: &Asked) {
        self.told = report::outcome_json(outcome, Some(asked));
        write!(self.shown, "{outcome:?} {}", self.told).expect("a string");
    }

    fn failed(&mut self, fault: &Fault) {
        // As in the engine, the strongest effect so far counts: a question that fails after a
        // request that moved money leaves the money unknown.
        let strongest = self.effects.iter().find(|effect| **effect != Effect::Repeatable);
        self.told = report::fault_json(fault, strongest.or(self.effects.last()));
        write!(self.shown, "{fault:?} {fault} {}", self.told).expect("a string");
    }

    fn status(&self) -> &str {
        self.told["status"].as_str().unwrap_or_default()
    }

    fn is_success(&self) -> bool {
        SUCCESSES.contains(&self.status())
    }
}

/// A request as the golden file has it. Credentials are only named.
fn expectation(request: &Request, effect: &Effect) -> Value {
    let header = |(name, value): &(&str, HeaderValue)| {
        let shown = match value {
            HeaderValue::Plain(text) => text.clone(),
            HeaderValue::Secret(_) => "[secret]".to_owned(),
        };
        ((*name).to_owned(), Value::from(shown))
    };
    let mut expect = json!({
        "method": request.method.as_str(),
        "url": request.url,
        "effect": match effect {
            Effect::Repeatable => "repeatable",
            Effect::MovesMoney { .. } => "moves_money",
            Effect::Remembered { .. } => "remembered",
        },
        "headers": request.headers.iter().map(header).collect::<serde_json::Map<_, _>>(),
    });
    if let Some(body) = &request.body {
        expect["body"] = serde_json::from_slice(body.expose()).expect("a body of JSON");
    }
    expect
}

/// Whether a request is what was expected. Headers that the file does not name are ignored.
fn matches(expected: &Value, sent: &Value) -> bool {
    let rest = |value: &Value| {
        let mut value = value.clone();
        value.as_object_mut().map(|fields| fields.remove("headers"));
        value
    };
    let headers = expected["headers"].as_object();
    rest(expected) == rest(sent)
        && headers.into_iter().flatten().all(|(name, value)| sent["headers"].get(name) == Some(value))
}

fn stories() -> BTreeMap<String, Vec<Story>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let of = |provider: &str| {
        let folder = std::fs::read_dir(fixtures.join(provider)).into_iter().flatten();
        let mut paths: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        paths.iter().map(|path| Story::read(path)).collect()
    };
    PROVIDERS.iter().map(|entry| (entry.profile.name.to_owned(), of(entry.profile.name))).collect()
}

/// Runs a check over every story and tells all that went wrong.
fn for_every_story(check: impl Fn(&Story) -> Result<(), String>) {
    let all = stories();
    let failures: Vec<String> = all
        .values()
        .flatten()
        .filter_map(|story| check(story).err().map(|problem| format!("{}: {problem}", story.path.display())))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_story_is_told_as_written() {
    let update = std::env::var_os("UPDATE").is_some();
    for_every_story(|story| {
        let played = story.play(&story.replies);
        if update {
            return rewrite(story, &played);
        }
        let exchanges = story.file["exchanges"].as_array().expect("exchanges");
        if exchanges.len() != played.sent.len() {
            return Err(format!("{} exchanges expected, {} asked for", exchanges.len(), played.sent.len()));
        }
        for (exchange, sent) in exchanges.iter().zip(&played.sent) {
            if !matches(&exchange["expect"], sent) {
                return Err(format!("expected {:#}\nsent {sent:#}", exchange["expect"]));
            }
        }
        if story.file["outcome"] != played.told {
            return Err(format!("expected {:#}\ngot {:#}", story.file["outcome"], played.told));
        }
        Ok(())
    });
}

fn rewrite(story: &Story, played: &Played) -> Result<(), String> {
    if story.replies.len() != played.sent.len() || played.told.get("unfinished").is_some() {
        return Err(format!("{} replies, and asked {:#?}", story.replies.len(), played.sent));
    }
    let mut file = story.file.clone();
    for (exchange, sent) in file["exchanges"].as_array_mut().into_iter().flatten().zip(&played.sent) {
        let reply = exchange["reply"].take();
        *exchange = json!({ "expect": sent, "reply": reply });
    }
    file["outcome"] = played.told.clone();
    let text = serde_json::to_string_pretty(&file).expect("JSON");
    std::fs::write(&story.path, text + "\n").map_err(|error| error.to_string())
}

#[test]
fn money_moves_at_most_once_and_last() {
    for_every_story(|story| {
        let effects = story.play(&story.replies).effects;
        let moving: Vec<&Effect> = effects.iter().filter(|effect| **effect != Effect::Repeatable).collect();
        if moving.len() > 1 {
            return Err(format!("money moves {} times", moving.len()));
        }
        let kind = story.operation().0.kind();
        let is_question = matches!(
            kind,
            OperationKind::InquirePayment | OperationKind::InquireMovement | OperationKind::ReadSession
        );
        match moving.first() {
            Some(Effect::MovesMoney { .. }) if is_question => Err("a question that moves money".to_owned()),
            Some(Effect::MovesMoney { find_by }) if find_by.reference.is_empty() => {
                Err("money that cannot be found again".to_owned())
            }
            Some(Effect::Remembered { .. }) if kind != OperationKind::InquireMovement => {
                Err("only an inquiry may send the same again".to_owned())
            }
            _ => Ok(()),
        }
    });
}

#[test]
fn no_canary_is_seen() {
    for_every_story(|story| {
        let shown = story.play(&story.replies).shown;
        for canary in ["canary", story::CARD_NUMBER] {
            if let Some(at) = shown.find(canary) {
                let seen: String = shown[at.saturating_sub(80)..].chars().take(200).collect();
                return Err(format!("a secret is seen: {seen}"));
            }
        }
        Ok(())
    });
}

#[test]
fn half_an_answer_is_no_success() {
    for_every_story(|story| {
        let Some(last) = story.replies.last().filter(|_| !story.ends_aside()) else { return Ok(()) };
        let stride = last.body.len() / CUTS + 1;
        for length in (0..last.body.len()).step_by(stride).chain(last.body.len().checked_sub(1)) {
            let cut = Reply { body: last.body[..length].to_vec(), ..last.clone() };
            let played = story.play_with_last(cut);
            if played.is_success() {
                return Err(format!("the first {length} bytes are taken for {}", played.told));
            }
        }
        Ok(())
    });
}

/// Bodies that are no answer of any provider.
const NO_ANSWERS: &[&str] =
    &["", "null", "[]", "{}", "true", "0", "\"\"", "[null]", "[{}]", "<html>OK</html>"];

/// Whatever the place in the conversation: the answer is replaced and the story breaks off there.
#[test]
fn what_is_no_answer_is_no_success() {
    for_every_story(|story| {
        for (at, reply) in story.replies.iter().enumerate().filter(|(at, _)| !story.is_aside(*at)) {
            let bodies = NO_ANSWERS.iter().map(|body| body.as_bytes().to_vec());
            let answers = bodies.flat_map(|body| [(reply.status, body.clone()), (500, body)]);
            for (status, body) in answers {
                let mut replies = story.replies[..at].to_vec();
                let shown = format!("HTTP {status} {}", String::from_utf8_lossy(&body));
                replies.push(Reply { status, body, ..reply.clone() });
                let played = story.play(&replies);
                if played.is_success() {
                    return Err(format!("answer {at}, {shown}, is taken for {}", played.told));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_status_that_nobody_knows_is_no_success() {
    for_every_story(|story| {
        let Some((last, changed)) = changed(story, &mut |name, value| {
            let is_word = name == "status" && value.is_string();
            is_word.then(|| Value::from("teleported"))
        }) else {
            return Ok(());
        };
        let played = story.play_with_last(last);
        if changed && played.is_success() {
            return Err(format!("an unknown status is taken for {}", played.told));
        }
        Ok(())
    });
}

#[test]
fn another_amount_is_quarantined() {
    for_every_story(|story| {
        let told = story.play(&story.replies);
        if !told.is_success() || told.told.get("amount_minor").is_none() {
            return Ok(());
        }
        // Paymob calls it so in every currency. An answer that repeats no amount has none to be wrong,
        // and amounts with an exponent have stories of their own.
        let raise = &mut |name: &str, value: &Value| {
            if matches!(name, "amount" | "amount_cents") { raised(value) } else { None }
        };
        let Some((last, true)) = changed(story, raise) else {
            return Ok(());
        };
        let played = story.play_with_last(last);
        match played.status() {
            "QUARANTINED" => Ok(()),
            _ => Err(format!("one more minor unit is taken for {}", played.told)),
        }
    });
}

/// An amount that is higher by one in its last digit: a whole number, a plain decimal, or an object
/// whose value is one of these, as a number or a text.
fn raised(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) => Some(Value::Number(raised_decimal(&number.to_string())?.parse().ok()?)),
        Value::Object(amount) => {
            let raised = match amount.get("value")? {
                Value::String(text) => Value::String(raised_decimal(text)?),
                number => raised(number)?,
            };
            let mut amount = amount.clone();
            amount.insert("value".to_owned(), raised);
            Some(Value::Object(amount))
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) => None,
    }
}

fn raised_decimal(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let raised = format!("{whole}{fraction}").parse::<i64>().ok()? + 1;
    let digits = format!("{raised:0width$}", width = fraction.len() + 1);
    let (whole, fraction) = digits.split_at(digits.len() - fraction.len());
    Some(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

/// The last reply with some of its fields changed, and whether any was. `None` where it is no JSON.
fn changed(story: &Story, change: &mut dyn FnMut(&str, &Value) -> Option<Value>) -> Option<(Reply, bool)> {
    let last = story.replies.last().filter(|_| !story.ends_aside())?;
    let mut body: Value = serde_json::from_slice(&last.body).ok()?;
    let is_changed = change_fields(&mut body, change);
    Some((Reply { body: body.to_string().into_bytes(), ..last.clone() }, is_changed))
}

fn change_fields(value: &mut Value, change: &mut dyn FnMut(&str, &Value) -> Option<Value>) -> bool {
    let mut is_changed = false;
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match change(name, field) {
                    Some(other) => {
                        *field = other;
                        is_changed = true;
                    }
                    None => is_changed |= change_fields(field, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| is_changed |= change_fields(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    is_changed
}

#[test]
fn no_story_is_missing() {
    let all = stories();
    let mut missing = Vec::new();
    for entry in PROVIDERS {
        let name = entry.profile.name;
        let known: Vec<String> = all[name]
            .iter()
            .map(|story| story.path.file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        let provider = entry.example_account(BTreeMap::new()).expect("the example");
        for (kind, _) in OperationKind::NAMES {
            let required = required(provider.as_ref(), *kind);
            missing.extend(
                required
                    .into_iter()
                    .filter(|story| !known.contains(story))
                    .map(|story| format!("{name}/{story}")),
            );
        }
    }
    assert!(missing.is_empty(), "missing in tests/fixtures: {}", missing.join(", "));
}

/// The stories that an operation needs. One that is answered without asking anybody needs one.
fn required(provider: &dyn AnyProvider, kind: OperationKind) -> Vec<String> {
    let has = |features: &[Feature]| {
        features.iter().any(|feature| !matches!(provider.support(*feature), Support::No { .. }))
    };
    let is_supported = match kind {
        OperationKind::OpenSession | OperationKind::ReadSession => {
            has(&[Feature::HostedPay, Feature::EncryptedCard, Feature::PlainCard])
        }
        OperationKind::ConfirmSession => has(&[Feature::EncryptedCard, Feature::PlainCard]),
        OperationKind::CancelSession => has(&[Feature::CancelSession]),
        OperationKind::Charge => has(&[
            Feature::ChargeCustomer,
            Feature::ChargeRecurring,
            Feature::ChargeUnscheduled,
            Feature::ChargeInstallment,
        ]),
        OperationKind::Capture => has(&[Feature::ManualCapture]),
        OperationKind::Void => has(&[Feature::Void, Feature::VoidCaptured]),
        OperationKind::Refund => has(&[Feature::Refund]),
        OperationKind::InquirePayment | OperationKind::InquireMovement => true,
        OperationKind::DeleteToken => has(&[Feature::DeleteToken]),
    };
    let can_be_declined = !matches!(
        kind,
        OperationKind::OpenSession | OperationKind::CancelSession | OperationKind::DeleteToken
    );
    let endings: &[&str] = match (is_supported, provider.stages(kind).is_empty(), can_be_declined) {
        (false, _, _) => &["unsupported"],
        (true, true, _) => &["approved"],
        (true, false, true) => &["approved", "declined", "rejected", "garbled", "unavailable"],
        (true, false, false) => &["approved", "rejected", "garbled", "unavailable"],
    };
    endings.iter().map(|ending| format!("{}_{ending}", kind.name())).collect()
}

#[test]
fn stories_are_what_they_are_called() {
    for_every_story(|story| {
        let name = story.path.file_stem().expect("a name").to_string_lossy().into_owned();
        let kind = story.operation().0.kind().name();
        let Some(ending) = name.strip_prefix(&format!("{kind}_")) else {
            return Err(format!("is called {name} and is about {kind}"));
        };
        let played = story.play(&story.replies);
        let fault = played.told["fault"]["kind"].as_str().unwrap_or_default();
        let is_right = match ending {
            "approved" => {
                played.is_success()
                    || matches!(played.status(), "SESSION_OPENED" | "SESSION_CLOSED" | "TOKEN_DELETED")
            }
            "declined" => played.told["decline"]["reason"].is_string(),
            // What a question is refused with says nothing about the money.
            "rejected" => matches!(fault, "rejected" | "unintelligible" | "silent"),
            "garbled" => matches!(fault, "unintelligible" | "silent"),
            "unavailable" => fault == "silent",
            "unsupported" => fault == "unsupported" && story.replies.is_empty(),
            _ => true,
        };
        if is_right { Ok(()) } else { Err(format!("is not {ending}: {}", played.told)) }
    });
}

/// Some providers name any selection of methods on a page. Others have pages of one kind or of all:
/// they refuse a selection that they cannot say, and then each kind works by itself.
#[test]
fn pages_offer_the_kinds_of_methods_that_the_account_names_and_no_others() {
    let now: Timestamp = "2026-03-02T09:00:00Z".parse().expect("a time");
    let access = AccessToken { token: "sample-access".into(), renew_at: now, expires_at: now };
    let cx = Context { now, entropy: [7; 32], access: Some(&access) };
    for entry in PROVIDERS {
        let profile = entry.profile;
        let code = profile.currencies.and_then(|codes| codes.first()).unwrap_or(&"EUR");
        // Whole units of every currency, and above every provider's least amount.
        let minor = 5_000_000.clamp(profile.amount_minor_min, profile.amount_minor_max);
        let money = Money::new(minor, Currency::parse(code).expect("a currency")).expect("money");
        let asked = Asked { money, reference: "pay1".to_owned() };
        let list = |name: &str| Setting::List(vec![name.to_owned()]);
        let changes = std::collections::BTreeMap::from([
            ("wallet_methods".to_owned(), list("wallet_of_the_test")),
            ("bank_transfer_methods".to_owned(), list("transfer_of_the_test")),
        ]);
        let provider = entry.example_account(changes).expect("settings");
        let begin = |kinds: Vec<MethodKind>| {
            let sample = sample::operation(OperationKind::OpenSession, &asked, &Overrides::default(), now);
            let Operation::OpenSession(mut order) = sample else { panic!("another operation") };
            order.method_kinds = kinds;
            provider.clone().begin(Operation::OpenSession(order), &cx)
        };
        let name = profile.name;
        let body_of = |turn| match turn {
            Ok(Turn::Ask { request, .. }) => {
                String::from_utf8(request.body.expect("a body").expose().clone()).expect("text")
            }
            other => panic!("{name}: {other:?}"),
        };
        match begin(vec![MethodKind::Card, MethodKind::Wallet]) {
            asks @ Ok(Turn::Ask { .. }) => {
                let body = body_of(asks);
                assert!(body.contains("wallet_of_the_test"), "{name}: {body}");
                for card in provider.method_names(MethodKind::Card) {
                    assert!(card.split('.').all(|part| body.contains(part)), "{name}: {body}");
                }
            }
            Err(Fault::Unsupported { what, .. }) => {
                assert_eq!(what, "payment_methods: CARD and WALLET and no others", "{name}");
                let (card, wallet) = (begin(vec![MethodKind::Card]), begin(vec![MethodKind::Wallet]));
                assert_ne!(body_of(card), body_of(wallet), "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
        match begin(vec![MethodKind::Card, MethodKind::Cash]) {
            Err(Fault::Unsupported { what, instead }) => {
                assert_eq!(what, "payment_methods: CASH", "{name}");
                assert!(instead.contains("cash_methods"), "{name}: {instead}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}
