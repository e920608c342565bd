//! Deadlines and retries, as gRPC's service config says them (gRFC A6). tonic does not read one.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;
use tonic::Code;

/// The service config that this client follows, in gRPC's own format: `contract/service_config.json`.
pub const SERVICE_CONFIG: &str = include_str!("service_config.json");

static CONFIG: LazyLock<Config> =
    LazyLock::new(|| Config::parse(SERVICE_CONFIG).expect("a test has read what is built in"));

/// No retry policy may try more often than this, whatever its config says; so gRPC has it.
const ATTEMPTS_MAX: u32 = 5;

/// What the config says.
#[derive(Debug)]
pub(crate) struct Config {
    methods: Vec<(Name, Policy)>,
    tokens_max: i64,
    tokens_back: i64,
}

/// Which calls a policy is for. Empty means all.
#[derive(Debug, Default)]
struct Name {
    service: String,
    method: String,
}

/// What holds for one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    /// Its time, if it says nothing else.
    pub timeout: Option<Duration>,
    /// When and how often it is repeated. Nothing means never.
    pub retry: Option<Retry>,
}

/// When and how often a call is repeated.
#[derive(Debug, Clone)]
pub(crate) struct Retry {
    attempts: u32,
    first_pause: Duration,
    pause_max: Duration,
    multiplier: f64,
    codes: Vec<Code>,
}

impl Config {
    pub fn get() -> &'static Self {
        &CONFIG
    }

    /// The policy of a path such as `/turnpike.v1.PaymentService/ChargeToken`: the most particular one.
    pub fn policy(&self, path: &str) -> Policy {
        let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
        let find = |service: &str, method: &str| {
            self.methods.iter().find(|(name, _)| name.service == service && name.method == method)
        };
        let found = find(service, method).or_else(|| find(service, "")).or_else(|| find("", ""));
        found.map(|(_, policy)| policy.clone()).unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let config: Value = serde_json::from_str(text).ok()?;
        let mut methods = Vec::new();
        for entry in config["methodConfig"].as_array()? {
            let policy = Policy {
                timeout: optional(&entry["timeout"], seconds)?,
                retry: optional(&entry["retryPolicy"], Retry::parse)?,
            };
            for name in entry["name"].as_array()? {
                let part = |key: &str| name[key].as_str().unwrap_or_default().to_owned();
                methods.push((Name { service: part("service"), method: part("method") }, policy.clone()));
            }
        }
        let throttling = &config["retryThrottling"];
        Some(Self {
            methods,
            tokens_max: thousandths(&throttling["maxTokens"])?,
            tokens_back: thousandths(&throttling["tokenRatio"])?,
        })
    }
}

impl Retry {
    fn parse(policy: &Value) -> Option<Self> {
        let codes = policy["retryableStatusCodes"].as_array()?;
        Some(Self {
            attempts: u32::try_from(policy["maxAttempts"].as_u64()?).ok()?.min(ATTEMPTS_MAX),
            first_pause: seconds(&policy["initialBackoff"])?,
            pause_max: seconds(&policy["maxBackoff"])?,
            multiplier: policy["backoffMultiplier"].as_f64()?,
            codes: codes.iter().map(|code| code_of(code.as_str()?)).collect::<Option<_>>()?,
        })
    }

    /// Whether a call that ended like this may be repeated at all.
    pub fn covers(&self, code: Code) -> bool {
        self.codes.contains(&code)
    }

    /// How long to wait before the next attempt, after so many; nothing when there is none. `since_pushback`
    /// counts the attempts since the server last said itself how long to wait: the pauses begin anew then.
    pub fn pause(&self, attempts: u32, since_pushback: u32, pushback: Pushback) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        match pushback {
            Pushback::Stop => None,
            Pushback::After(pause) => Some(pause),
            Pushback::None => {
                let grown =
                    self.multiplier.powi(i32::try_from(since_pushback.saturating_sub(1)).unwrap_or(0));
                let pause = self.first_pause.mul_f64(grown).min(self.pause_max);
                Some(pause.mul_f64(jitter()))
            }
        }
    }
}

/// What the server says about repeating, in `grpc-retry-pushback-ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushback {
    None,
    After(Duration),
    Stop,
}

impl Pushback {
    pub fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get("grpc-retry-pushback-ms") else { return Self::None };
        // What is negative or no number at all means: do not repeat.
        let milliseconds = value.to_str().ok().and_then(|text| text.parse::<i32>().ok());
        match milliseconds.and_then(|number| u64::try_from(number).ok()) {
            Some(number) => Self::After(Duration::from_millis(number)),
            None => Self::Stop,
        }
    }
}

/// Keeps a client from repeating when most of its calls fail: each failure takes a token, each success gives
/// a part of one back, and below half nothing is repeated. Counted in thousandths.
#[derive(Debug)]
pub(crate) struct Throttle {
    tokens: AtomicI64,
    config: &'static Config,
}

impl Throttle {
    pub fn new(config: &'static Config) -> Self {
        Self { tokens: AtomicI64::new(config.tokens_max), config }
    }

    pub fn succeeded(&self) {
        self.change(self.config.tokens_back);
    }

    /// Counts a failure. Tells whether repeating is allowed.
    pub fn failed(&self) -> bool {
        self.change(-1_000) > self.config.tokens_max / 2
    }

    fn change(&self, by: i64) -> i64 {
        let changed = |tokens: i64| (tokens + by).clamp(0, self.config.tokens_max);
        let before =
            self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| Some(changed(tokens)));
        before.map_or(0, changed)
    }
}

/// From 0.8 to 1.2, so that clients that failed together don't come back together.
fn jitter() -> f64 {
    let mut random = [0; 2];
    // Without randomness the pause is just the usual one.
    if aws_lc_rs::rand::fill(&mut random).is_err() {
        return 1.0;
    }
    0.8 + 0.4 * f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX)
}

/// Nothing for what is not there, and an error for what cannot be read.
fn optional<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Option<T>> {
    if value.is_null() { Some(None) } else { read(value).map(Some) }
}

fn seconds(value: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(value.as_str()?.strip_suffix('s')?.parse().ok()?).ok()
}

#[allow(clippy::cast_possible_truncation)]
fn thousandths(value: &Value) -> Option<i64> {
    value.as_f64().map(|number| (number * 1_000.0).round() as i64)
}

fn code_of(name: &str) -> Option<Code> {
    (0..=16).map(Code::from).find(|code| crate::error::code_name(*code) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHARGE: &str = "/turnpike.v1.PaymentService/ChargeToken";

    #[test]
    fn the_copy_is_the_contract() {
        let contract = include_str!("../../../contract/service_config.json");
        assert!(SERVICE_CONFIG == contract, "copy contract/service_config.json to clients/rust/src");
    }

    #[test]
    fn what_is_built_in_is_read_whole() {
        let policy = Config::get().policy(CHARGE);
        assert_eq!(policy.timeout, Some(Duration::from_secs(30)));
        let retry = policy.retry.expect("it is repeated");
        assert_eq!(retry.attempts, 5);
        assert_eq!(retry.codes, [Code::Unavailable]);
        assert_eq!((Config::get().tokens_max, Config::get().tokens_back), (100_000, 100));
    }

    #[test]
    fn what_acts_again_is_not_repeated_and_has_a_deadline() {
        for path in crate::fate::ACT_AGAIN {
            let policy = Config::get().policy(path);
            assert!(policy.timeout.is_some() && policy.retry.is_none(), "{path}");
        }
        let others = Config::get().methods.iter().filter(|(_, policy)| policy.retry.is_none());
        let others = others.filter(|(_, policy)| policy.timeout.is_some()).count();
        assert_eq!(others, crate::fate::ACT_AGAIN.len(), "everything else is read or has a request id");
    }

    #[test]
    fn streams_have_no_deadline_and_are_not_repeated() {
        for path in ["/turnpike.v1.EventService/StreamEvents", "/turnpike.v1.PaymentService/WatchPayment"] {
            let policy = Config::get().policy(path);
            assert!(policy.timeout.is_none() && policy.retry.is_none(), "{path}");
        }
    }

    #[test]
    fn a_config_that_cannot_be_read_is_not_half_read() {
        for wrong in [
            "{",
            r#"{"methodConfig": {}"#,
            r#"{"methodConfig": [{"name": [{}], "timeout": "soon"}]"#,
            r#"{"methodConfig": [{"name": [{}], "retryPolicy": {}}]"#,
            r#"{"methodConfig": [{"timeout": "30s"}]"#,
        ] {
            let whole = format!(r#"{wrong}, "retryThrottling": {{"maxTokens": 1, "tokenRatio": 1}}}}"#);
            assert!(Config::parse(&whole).is_none(), "{whole}");
        }
        assert!(Config::parse(r#"{"methodConfig": [{"name": [{}]}]}"#).is_none(), "there is no throttling");
    }

    #[test]
    fn only_unavailable_is_repeated() {
        let retry = Config::get().policy(CHARGE).retry.expect("it is repeated");
        for code in (0..=16).map(Code::from) {
            assert_eq!(retry.covers(code), code == Code::Unavailable, "{code:?}");
        }
    }

    #[test]
    fn pauses_grow_up_to_a_bound_and_end() {
        let retry = Config::get().policy(CHARGE).retry.expect("it is repeated");
        for (attempts, expected) in [(1, 0.25), (2, 0.5), (3, 1.0), (4, 2.0)] {
            for _ in 0..100 {
                let pause =
                    retry.pause(attempts, attempts, Pushback::None).expect("another attempt").as_secs_f64();
                assert!((expected * 0.799..=expected * 1.201).contains(&pause), "{attempts}: {pause}");
            }
        }
        assert_eq!(retry.pause(5, 5, Pushback::None), None);
        let eager = Retry { attempts: 100, ..retry };
        let pause = eager.pause(50, 50, Pushback::None).expect("another attempt");
        assert!(pause <= Duration::from_millis(2_400), "{pause:?}");
    }

    #[test]
    fn the_server_may_say_when() {
        let retry = Config::get().policy(CHARGE).retry.expect("it is repeated");
        let after = Pushback::After(Duration::from_millis(7));
        assert_eq!(retry.pause(1, 1, after), Some(Duration::from_millis(7)));
        assert_eq!(retry.pause(5, 5, after), None, "it may not say how often");
        assert_eq!(retry.pause(1, 1, Pushback::Stop), None);

        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-retry-pushback-ms", text.parse().expect("a header"));
            Pushback::of(&headers)
        };
        assert_eq!(read("7"), after);
        assert_eq!([read("-1"), read("soon"), read("9999999999")], [Pushback::Stop; 3]);
        assert_eq!(Pushback::of(&HeaderMap::new()), Pushback::None);
    }

    #[test]
    fn many_failures_end_repeating_and_successes_begin_it_again() {
        let throttle = Throttle::new(Config::get());
        let allowed: Vec<bool> = (0..51).map(|_| throttle.failed()).collect();
        assert_eq!(allowed.iter().position(|allowed| !allowed), Some(49));
        let succeed = |times: usize| (0..times).for_each(|_| throttle.succeeded());
        succeed(19);
        assert!(!throttle.failed(), "49.9 tokens are below half");
        succeed(12);
        assert!(throttle.failed(), "50.1 tokens are above half");
        succeed(1_000);
        assert_eq!(throttle.tokens.load(Ordering::Relaxed), 100_000);
        assert!(throttle.failed());
    }
}
