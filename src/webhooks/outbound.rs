//! Events on their way to merchants' own servers, in the format of Standard Webhooks
//! (<https://github.com/standard-webhooks/standard-webhooks>, version 1.0.0 of the specification).
//!
//! Signed is `id.timestamp.body`, once with every secret of the address: a receiver that knows any one of
//! them, the old or the new, finds its own signature.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::domain::delivery::{Tried, Verdict};
use crate::domain::secret::Secret;
use crate::engine::sending::{Courier, Parcel};
use crate::world::{Letter, Outlet, Receipt, Undelivered};

/// What the text of a secret begins with; base64 of its bytes follows.
const SECRET_PREFIX: &str = "whsec_";
/// Bytes of a secret.
const SECRET_BYTES_MIN: usize = 24;
/// See [`SECRET_BYTES_MIN`].
const SECRET_BYTES_MAX: usize = 64;
/// The status by which a receiver says that it will never take anything any more.
const GONE: u16 = 410;

/// The bytes of a secret, from the text that both sides know it by.
///
/// # Errors
/// What the text must be; never the text.
pub fn secret(text: &Secret<String>) -> Result<Secret<Vec<u8>>, &'static str> {
    let bytes = text.expose().strip_prefix(SECRET_PREFIX).and_then(|rest| STANDARD.decode(rest).ok());
    bytes
        .filter(|bytes| (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()))
        .map(Secret::new)
        .ok_or("must be whsec_ and 24 to 64 bytes in base64")
}

/// The text of a secret that was made up.
#[must_use]
pub fn secret_text(bytes: &[u8; 32]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

/// The header `webhook-signature`.
fn signature(secrets: &[Secret<Vec<u8>>], id: &str, seconds: i64, body: &[u8]) -> String {
    let mut signed = format!("{id}.{seconds}.").into_bytes();
    signed.extend_from_slice(body);
    let one = |secret: &Secret<Vec<u8>>| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed)))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Carries events by HTTP.
#[derive(Debug)]
pub struct Post(Outlet);

impl Post {
    /// One that sends through an outlet.
    #[must_use]
    pub fn new(outlet: Outlet) -> Self {
        Self(outlet)
    }
}

impl Courier for Post {
    fn carry(&self, parcel: Parcel) -> BoxFuture<'_, Tried> {
        let Parcel { endpoint, event, at, body } = parcel;
        let (id, seconds) = (event.to_string(), at.as_second());
        let signature = signature(&endpoint.secrets, &id, seconds, &body);
        let letter = Letter {
            url: endpoint.url.clone(),
            headers: vec![
                ("webhook-id", id),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", signature),
            ],
            body,
            allow_private: endpoint.allow_private,
        };
        Box::pin(async move { judged(self.0.post(letter).await, at) })
    }
}

/// What an answer means, in words of ours.
fn judged(answer: Result<Receipt, Undelivered>, now: Timestamp) -> Tried {
    let (verdict, http_status, note, retry_after) = match answer {
        Ok(Receipt { status, retry_after }) => {
            let (verdict, note) = match status {
                200..=299 => (Verdict::Taken, "taken".to_owned()),
                300..=399 => (Verdict::Failed, format!("answered with {status}; redirects are not followed")),
                GONE => (Verdict::Gone, "answered with 410: it takes nothing any more".to_owned()),
                _ => (Verdict::Failed, format!("answered with {status}")),
            };
            let wished = retry_after.and_then(|text| wait(&text, now));
            (verdict, Some(status), note, wished)
        }
        Err(why) => (Verdict::Failed, None, why.to_string(), None),
    };
    Tried { verdict, http_status, note, retry_after }
}

/// A wish of `Retry-After`: seconds, or a time.
fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let until = rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the public libraries' own tests (standardwebhooks for Python, 1.0.1).
    #[test]
    fn the_public_example_is_signed_as_the_public_libraries_sign_it() {
        let secret = secret(&Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).expect("a secret");
        let body = br#"{"test": 2432232314}"#;
        let made = signature(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_secret_signs() {
        let secrets = [Secret::new(vec![1; 24]), Secret::new(vec![2; 64])];
        let both = signature(&secrets, "evt_1", 7, b"{}");
        let alone = |secret: &Secret<Vec<u8>>| signature(std::slice::from_ref(secret), "evt_1", 7, b"{}");
        assert_eq!(both, format!("{} {}", alone(&secrets[0]), alone(&secrets[1])));
    }

    #[test]
    fn a_secret_has_its_prefix_and_24_to_64_bytes() {
        for (length, fine) in [(23, false), (24, true), (64, true), (65, false)] {
            let text = Secret::new(format!("whsec_{}", STANDARD.encode(vec![7; length])));
            assert_eq!(secret(&text).is_ok(), fine, "{length}");
        }
        for wrong in ["", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(secret(&Secret::from(wrong)).is_err(), "{wrong}");
        }
        assert!(secret(&Secret::new(secret_text(&[9; 32]))).is_ok());
    }

    #[test]
    fn only_2xx_is_a_success() {
        let verdict =
            |status| judged(Ok(Receipt { status, retry_after: None }), Timestamp::UNIX_EPOCH).verdict;
        for status in [200, 201, 204, 299] {
            assert_eq!(verdict(status), Verdict::Taken, "{status}");
        }
        for status in [100, 199, 300, 302, 308, 400, 401, 404, 429, 500, 503] {
            assert_eq!(verdict(status), Verdict::Failed, "{status}");
        }
        assert_eq!(verdict(410), Verdict::Gone);
    }

    #[test]
    fn a_wish_to_be_left_alone_is_seconds_or_a_time() {
        let now: Timestamp = "2015-10-21T07:27:00Z".parse().expect("a time");
        assert_eq!(wait("120", now), Some(Duration::from_secs(120)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:26:00 GMT", now), None);
        assert_eq!(wait("soon", now), None);
    }
}
