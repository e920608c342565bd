//! Webhooks, in the format of Standard Webhooks: who sent them, when, and what they say.

use std::fmt;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};
use http::HeaderMap;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};

use crate::v1::{DESCRIPTOR_SET, Event};

/// How far the time of a webhook may be from that of the receiver, in seconds, either way.
pub const TOLERANCE_SECONDS: i64 = 5 * 60;

/// How many signatures of one webhook are looked at, at most: one for each secret that is in use.
const SIGNATURES_MAX: usize = 16;

static EVENT: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).expect("the schema was generated with the code");
    pool.get_message_by_name("turnpike.v1.Event").expect("the schema has events")
});

/// With or without padding: people copy secrets by hand.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a webhook is not to be believed. Answer with 400, and do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// `webhook-id`, `webhook-timestamp` or `webhook-signature` is missing or empty.
    #[error("a header of the webhook is missing")]
    MissingHeader,
    /// `webhook-timestamp` is no whole number of seconds.
    #[error("the webhook has no readable time")]
    BadTimestamp,
    /// It was signed more than [`TOLERANCE_SECONDS`] ago: perhaps somebody recorded it.
    #[error("the webhook is too old")]
    TooOld,
    /// It was signed more than [`TOLERANCE_SECONDS`] ahead: one of the clocks is wrong.
    #[error("the webhook comes from the future")]
    TooNew,
    /// None of the secrets has signed this body with this id and time.
    #[error("the webhook has no signature that matches")]
    NoMatchingSignature,
    /// It is genuine, and its body holds no event that this client can read.
    #[error("the webhook is genuine, but holds no readable event")]
    Unreadable,
}

impl Refused {
    /// The name that all clients give it, such as `too_old`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_header",
            Self::BadTimestamp => "bad_timestamp",
            Self::TooOld => "too_old",
            Self::TooNew => "too_new",
            Self::NoMatchingSignature => "no_matching_signature",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What is wrong with a secret, without the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none.
    #[error("there is no webhook secret")]
    None,
    /// It is not `whsec_` and base64.
    #[error("a webhook secret must be whsec_ and base64")]
    Unreadable,
}

/// The secrets that are accepted: one, or two while they are being changed. They are not shown.
#[derive(Clone)]
pub struct Secrets(Vec<hmac::Key>);

impl Secrets {
    /// Reads secrets of the form `whsec_…`.
    ///
    /// # Errors
    /// When there is none, or one cannot be read: nothing would be verified by it.
    pub fn new<T: AsRef<str>>(secrets: impl IntoIterator<Item = T>) -> Result<Self, SecretError> {
        let keys: Result<Vec<_>, _> = secrets.into_iter().map(|secret| key(secret.as_ref())).collect();
        let keys = keys?;
        if keys.is_empty() { Err(SecretError::None) } else { Ok(Self(keys)) }
    }

    fn have_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        // `hmac::verify` takes the same time wherever the difference is.
        self.0.iter().any(|key| hmac::verify(key, message, signature).is_ok())
    }
}

fn key(secret: &str) -> Result<hmac::Key, SecretError> {
    let encoded = secret.strip_prefix("whsec_").ok_or(SecretError::Unreadable)?;
    let bytes = BASE64.decode(encoded).map_err(|_| SecretError::Unreadable)?;
    if bytes.is_empty() {
        return Err(SecretError::Unreadable);
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets, [redacted]", self.0.len())
    }
}

/// Where the headers of a webhook are found, whatever the web framework. Names are compared without regard to
/// case.
pub trait Headers {
    /// The value of a header, if there is one and it is text.
    fn value(&self, name: &str) -> Option<&str>;
}

impl Headers for HeaderMap {
    fn value(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str().ok()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> Headers for [(N, V)] {
    fn value(&self, name: &str) -> Option<&str> {
        let found = self.iter().find(|(other, _)| other.as_ref().eq_ignore_ascii_case(name))?;
        Some(found.1.as_ref())
    }
}

/// The event of a webhook, if one of the secrets has signed it within the last five minutes.
///
/// The body is the bytes as they came: a body that was parsed and written again has another signature. An
/// event may come more than once, so remember which ids were taken in; it is the same id as that of
/// `StreamEvents`.
///
/// ```
/// use turnpike_client::webhooks::{self, Refused, Secrets};
///
/// # fn example(headers: http::HeaderMap, body: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let secrets = Secrets::new(["whsec_dGhlIHNlY3JldCBvZiB0aGUgc2hvcA=="])?; // once, when the program starts
/// match webhooks::verify(body, &headers, &secrets) {
///     Ok(event) => println!("{} {}", event.id, event.r#type), // and answer with 204
///     Err(refused) => println!("{refused}"), // and answer with 400
/// }
/// # Ok(())
/// # }
/// # example(http::HeaderMap::new(), b"{}").unwrap();
/// ```
///
/// # Errors
/// Why it is not to be believed.
pub fn verify(body: &[u8], headers: &(impl Headers + ?Sized), secrets: &Secrets) -> Result<Event, Refused> {
    verify_at(body, headers, secrets, SystemTime::now())
}

/// The same at another time than now: for tests, and for webhooks that were kept on the way.
///
/// # Errors
/// Why it is not to be believed.
pub fn verify_at(
    body: &[u8],
    headers: &(impl Headers + ?Sized),
    secrets: &Secrets,
    now: SystemTime,
) -> Result<Event, Refused> {
    let header = |name| headers.value(name).filter(|value| !value.is_empty()).ok_or(Refused::MissingHeader);
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    let signatures = header("webhook-signature")?;

    let age = seconds(now) - read_timestamp(timestamp).ok_or(Refused::BadTimestamp)?;
    if age > TOLERANCE_SECONDS {
        return Err(Refused::TooOld);
    }
    if age < -TOLERANCE_SECONDS {
        return Err(Refused::TooNew);
    }

    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    // Other versions of signatures may stand beside ours.
    let ours = signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
    let is_genuine = ours.take(SIGNATURES_MAX).any(|signature| {
        BASE64.decode(signature).is_ok_and(|signature| secrets.have_signed(&message, &signature))
    });
    if !is_genuine {
        return Err(Refused::NoMatchingSignature);
    }
    read_event(body).ok_or(Refused::Unreadable)
}

/// Digits alone: nothing else is what was signed.
fn read_timestamp(text: &str) -> Option<i64> {
    let is_number = text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX / 2),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX / 2),
    }
}

/// The event in `data`. Fields and values of enums that this client does not know are passed over.
fn read_event(body: &[u8]) -> Option<Event> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let event = DynamicMessage::deserialize_with_options(EVENT.clone(), body.get("data")?, &options).ok()?;
    event.transcode_to().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const OLD: &str = "whsec_dGhlIG9sZCBzZWNyZXQgb2YgdGhpcnR5IGJ5dGVz";
    const NEW: &str = "whsec_dGhlIG5ldyBzZWNyZXQgb2YgdGhpcnR5IGJ5dGVz";
    const STRANGER: &str = "whsec_YSBzZWNyZXQgdGhhdCBub2JvZHkgZWxzZSBrbm93cw==";
    const NOW: i64 = 1_800_000_000;
    const BODY: &[u8] = br#"{"type": "payment.captured", "timestamp": "2027-01-15T08:00:00Z",
        "data": {"id": "evt_1", "type": "payment.captured", "occurredAt": "2027-01-15T08:00:00Z",
        "payment": {"payment": {"id": "pay_1", "state": "PAYMENT_STATE_CAPTURED",
        "money": {"amountMinor": "49900"}}}}}"#;

    type Delivered = Vec<(String, String)>;

    fn signed(body: &[u8], timestamp: i64, by: &[&str]) -> Delivered {
        let message = [b"evt_1.".as_slice(), timestamp.to_string().as_bytes(), b".", body].concat();
        let sign = |secret: &&str| {
            let key = key(secret).expect("a good secret");
            format!("v1,{}", BASE64.encode(hmac::sign(&key, &message)))
        };
        let signatures: Vec<String> = by.iter().map(sign).collect();
        [
            ("Webhook-Id", "evt_1"),
            ("Webhook-Timestamp", &timestamp.to_string()),
            ("Webhook-Signature", &signatures.join(" ")),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn told(body: &[u8], headers: &Delivered, secrets: &[&str]) -> Result<String, &'static str> {
        let secrets = Secrets::new(secrets).expect("good secrets");
        let now = UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs());
        verify_at(body, headers.as_slice(), &secrets, now).map(|event| event.id).map_err(Refused::name)
    }

    fn with(headers: &Delivered, name: &str, value: &str) -> Delivered {
        let mut changed = headers.clone();
        changed.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        changed.push((name.to_owned(), value.to_owned()));
        changed
    }

    #[test]
    fn what_is_genuine_becomes_an_event() {
        let secrets = Secrets::new([OLD]).expect("a good secret");
        let now = UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs());
        let event =
            verify_at(BODY, signed(BODY, NOW, &[OLD]).as_slice(), &secrets, now).expect("it is genuine");
        let Some(crate::v1::event::Payload::Payment(about)) = event.payload else { panic!("no payment") };
        let payment = about.payment.expect("a payment");
        assert_eq!(payment.money.expect("money").amount_minor, 49_900);
        assert_eq!(payment.state, i32::from(crate::v1::PaymentState::Captured));
    }

    #[test]
    fn secrets_can_be_changed() {
        let both = signed(BODY, NOW, &[OLD, NEW]);
        for known in [[OLD].as_slice(), &[NEW], &[NEW, OLD]] {
            assert_eq!(told(BODY, &both, known).as_deref(), Ok("evt_1"));
        }
        assert_eq!(told(BODY, &signed(BODY, NOW, &[OLD]), &[NEW, OLD]).as_deref(), Ok("evt_1"));
        assert_eq!(told(BODY, &both, &[STRANGER]), Err("no_matching_signature"));
    }

    #[test]
    fn what_was_changed_is_refused() {
        let headers = signed(BODY, NOW, &[OLD]);
        assert_eq!(told(&[BODY, b" "].concat(), &headers, &[OLD]), Err("no_matching_signature"));
        for (name, value) in [
            ("webhook-id", "evt_2"),
            ("webhook-timestamp", &(NOW - 1).to_string()),
            ("webhook-signature", "v1,"),
            ("webhook-signature", "v1,AAAA"),
            ("webhook-signature", "nonsense"),
        ] {
            let changed = with(&headers, name, value);
            assert_eq!(told(BODY, &changed, &[OLD]), Err("no_matching_signature"), "{name}: {value}");
        }
        // A signature of another version is not ours, even if it would match.
        let signature =
            headers.iter().find(|(name, _)| name == "Webhook-Signature").expect("a signature").1.clone();
        let other = with(&headers, "webhook-signature", &signature.replace("v1,", "v1a,"));
        assert_eq!(told(BODY, &other, &[OLD]), Err("no_matching_signature"));
        let beside = with(&headers, "webhook-signature", &format!("v1a,AAAA {signature}"));
        assert_eq!(told(BODY, &beside, &[OLD]).as_deref(), Ok("evt_1"));
    }

    #[test]
    fn only_so_many_signatures_are_looked_at() {
        let headers = signed(BODY, NOW, &[OLD]);
        let signature =
            headers.iter().find(|(name, _)| name == "Webhook-Signature").expect("a signature").1.clone();
        let after = |number: usize| {
            let many = format!("{}{signature}", "v1,AAAA ".repeat(number));
            told(BODY, &with(&headers, "webhook-signature", &many), &[OLD])
        };
        assert_eq!(after(SIGNATURES_MAX - 1).as_deref(), Ok("evt_1"));
        assert_eq!(after(SIGNATURES_MAX), Err("no_matching_signature"));
    }

    #[test]
    fn time_is_kept() {
        let at = |timestamp| told(BODY, &signed(BODY, timestamp, &[OLD]), &[OLD]);
        assert_eq!(at(NOW - TOLERANCE_SECONDS).as_deref(), Ok("evt_1"));
        assert_eq!(at(NOW + TOLERANCE_SECONDS).as_deref(), Ok("evt_1"));
        assert_eq!(at(NOW - TOLERANCE_SECONDS - 1), Err("too_old"));
        assert_eq!(at(NOW + TOLERANCE_SECONDS + 1), Err("too_new"));
        let headers = signed(BODY, NOW, &[OLD]);
        for wrong in ["soon", "-5", "+1800000000", "1800000000.0", "18000000000000000000", " 1800000000"] {
            let changed = with(&headers, "webhook-timestamp", wrong);
            assert_eq!(told(BODY, &changed, &[OLD]), Err("bad_timestamp"), "{wrong}");
        }
    }

    #[test]
    fn every_header_is_needed() {
        let headers = signed(BODY, NOW, &[OLD]);
        for name in ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"] {
            let mut fewer = headers.clone();
            fewer.retain(|(other, _)| other != name);
            assert_eq!(told(BODY, &fewer, &[OLD]), Err("missing_header"), "{name}");
            assert_eq!(told(BODY, &with(&headers, name, ""), &[OLD]), Err("missing_header"), "{name}");
        }
    }

    #[test]
    fn what_comes_with_later_versions_is_passed_over() {
        let body = br#"{"type": "coffee.brewed", "data": {"id": "evt_1", "type": "coffee.brewed", "cups": 2,
            "payment": {"payment": {"state": "PAYMENT_STATE_OF_TOMORROW"}}}}"#;
        assert_eq!(told(body, &signed(body, NOW, &[OLD]), &[OLD]).as_deref(), Ok("evt_1"));
    }

    #[test]
    fn what_is_genuine_and_no_event_is_refused() {
        for body in [b"".as_slice(), b"[]", b"{}", br#"{"data": 7}"#, br#"{"data": {"id": {}}}"#] {
            assert_eq!(told(body, &signed(body, NOW, &[OLD]), &[OLD]), Err("unreadable"));
        }
    }

    #[test]
    fn secrets_are_checked_and_not_shown() {
        assert_eq!(Secrets::new(Vec::<String>::new()).expect_err("none"), SecretError::None);
        for wrong in ["", "whsec_", "hunter2", "whsec_hunter2!", &OLD[6..]] {
            let error = Secrets::new([wrong]).expect_err("no secret");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let printed = format!("{:?}", Secrets::new([OLD]).expect("a good secret"));
        assert_eq!(printed, "1 secrets, [redacted]");
    }
}
