//! Sign-in: client credentials for an access token, and the check of that token (§2).

use std::sync::{Arc, LazyLock};

use aws_lc_rs::hmac;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answers::{Answer, Reply, refusal, rule};
use super::{ACCOUNT, CLIENT_ID, CLIENT_SECRET, Dintero, checks};
use crate::simulator::clock::later;

/// `POST /accounts/{account}/auth/token`.
pub async fn token(
    State(dintero): State<Arc<Dintero>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Some(given) = credentials(&headers) else {
        return Err(refusal(StatusCode::UNAUTHORIZED));
    };
    let accepted = format!("{CLIENT_ID}:{CLIENT_SECRET}");
    if given != accepted || account != ACCOUNT {
        return Err(forbidden());
    }
    let body = checks::object(&body)?;
    if body.get("grant_type").and_then(Value::as_str) != Some("client_credentials") {
        return Err(rule("grant_type must be client_credentials"));
    }
    // The audience names the `api.` host whichever host received the call.
    let audience = format!("https://api.dintero.com/v1/accounts/{ACCOUNT}");
    match body.get("audience").and_then(Value::as_str) {
        Some(given) if given == audience => {}
        Some(_) => return Err(forbidden()),
        None => return Err(rule("audience is required")),
    }
    let lifetime_s = dintero.state().behaviour.access_token_lifetime_s;
    let expires_at = later(dintero.now(), lifetime_s.saturating_mul(1_000));
    Ok(Reply::ok(json!({
        "access_token": sign(expires_at, &dintero.backstage.entropy.hex(16)),
        "token_type": "Bearer",
        "expires_in": lifetime_s,
    })))
}

impl Dintero {
    /// Refuses calls without a good access token.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), Reply> {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|given| given.strip_prefix("Bearer "));
        match token.and_then(expiry) {
            Some(expires_at) if expires_at > self.now() => Ok(()),
            _ => Err(refusal(StatusCode::UNAUTHORIZED)),
        }
    }
}

/// Wrong credentials, in the shape without a code (sample 68).
fn forbidden() -> Reply {
    Reply::new(StatusCode::FORBIDDEN, json!({ "error": { "message": "Forbidden" } }))
}

/// What stands in a Basic header, `user:password`.
fn credentials(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let bytes = STANDARD.decode(given.strip_prefix("Basic ")?).ok()?;
    String::from_utf8(bytes).ok()
}

/// Tokens carry their own expiry, signed: nothing has to be remembered or found again.
static SIGNING_KEY: LazyLock<hmac::Key> =
    LazyLock::new(|| hmac::Key::new(hmac::HMAC_SHA256, b"a simulator's tokens protect nothing"));

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn sign(expires_at: Timestamp, id: &str) -> String {
    let payload = json!({ "exp_ms": expires_at.as_millisecond(), "aud": ACCOUNT, "jti": id });
    let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(HEADER), encode(&payload.to_string()));
    let tag = hmac::sign(&SIGNING_KEY, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn expiry(token: &str) -> Option<Timestamp> {
    let (signed, tag) = token.rsplit_once('.')?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    hmac::verify(&SIGNING_KEY, signed.as_bytes(), &tag).ok()?;
    let payload = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
    let payload: Value = serde_json::from_slice(&payload).ok()?;
    Timestamp::from_millisecond(payload["exp_ms"].as_i64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_its_expiry_and_cannot_be_altered() {
        let at = Timestamp::from_millisecond(1_795_255_250_175).expect("in range");
        let token = sign(at, "id");
        assert_eq!(expiry(&token), Some(at));
        assert_eq!(token.split('.').count(), 3);
        assert_eq!(expiry(&token.replacen('e', "f", 1)), None);
        assert_eq!(expiry("header.payload.signature"), None);
    }
}
