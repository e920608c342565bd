//! Sign-in: a merchant's id and secret for an access token, and the check of that token (§3).

use std::sync::{Arc, LazyLock};

use aws_lc_rs::hmac;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answers::{Answer, Reply, refusal, rule};
use super::{MERCHANT_ID, MERCHANT_SECRET, Pivot};
use crate::simulator::clock::later;

/// `POST /v1/access-token`.
pub async fn token(State(pivot): State<Arc<Pivot>>, headers: HeaderMap, body: Bytes) -> Answer {
    let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if given("x-merchant-id") != Some(MERCHANT_ID) || given("x-merchant-secret") != Some(MERCHANT_SECRET) {
        return Err(refusal(StatusCode::UNAUTHORIZED));
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if body["grantType"] != "client_credentials" {
        return Err(rule("grantType must be client_credentials"));
    }
    let lifetime_s = pivot.state().behaviour.access_token_lifetime_s;
    let expires_at = later(pivot.now(), lifetime_s.saturating_mul(1_000));
    Ok(Reply::ok(json!({
        "accessToken": sign(expires_at, &pivot.backstage.entropy.hex(16)),
        // A text, as documented.
        "expiresIn": lifetime_s.to_string(),
        "tokenType": "Bearer",
    })))
}

impl Pivot {
    /// Refuses calls without a good access token.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), Reply> {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        match given.and_then(|given| given.strip_prefix("Bearer ")).and_then(expiry) {
            Some(expires_at) if expires_at > self.now() => Ok(()),
            _ => {
                let mut reply = refusal(StatusCode::UNAUTHORIZED);
                reply.body["error"]["details"] =
                    json!([{ "field": "", "message": "Request new access token" }]);
                Err(reply)
            }
        }
    }
}

/// Tokens carry their own expiry, signed: nothing has to be remembered or found again.
static SIGNING_KEY: LazyLock<hmac::Key> =
    LazyLock::new(|| hmac::Key::new(hmac::HMAC_SHA256, b"tokens of the Pivot simulator protect nothing"));

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn sign(expires_at: Timestamp, id: &str) -> String {
    let payload = json!({ "exp_ms": expires_at.as_millisecond(), "jti": id });
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
