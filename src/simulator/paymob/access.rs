//! Who is asking: the API key's token, in three places, or the secret key (§2, §7).

use std::sync::Arc;

use axum::extract::State as Shared;
use bytes::Bytes;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value, json};

use super::answers::{self, Answer, Reply, refusal};
use super::{API_KEY, MERCHANT_ID, OWNER_ID, Paymob, SECRET_KEY};
use crate::simulator::clock::later;

/// `POST /api/auth/tokens` (sample 01).
pub async fn token(Shared(paymob): Shared<Arc<Paymob>>, body: Bytes) -> Answer {
    let body = answers::object(&body)?;
    if body.get("api_key").and_then(Value::as_str) != Some(API_KEY) {
        return Err(refusal(403, json!({ "detail": "incorrect credentials" })));
    }
    let now = paymob.now();
    let mut state = paymob.state();
    let token = paymob.backstage.entropy.alphanumeric(32);
    let lifetime_ms = state.behaviour.access_token_lifetime_s.saturating_mul(1_000);
    state.access_tokens.put(token.clone(), later(now, lifetime_ms));
    Ok(Reply::created(json!({
        "token": token,
        "profile": {
            "id": MERCHANT_ID,
            "user": {
                "id": OWNER_ID, "username": "simulator", "first_name": "", "last_name": "",
                "email": "merchant@example.test", "is_active": true,
            },
            "created_at": "2023-02-01T10:00:00.000000",
            "active": true,
            "profile_type": "Merchant",
            "phones": ["+200000000000"],
            "company_emails": ["merchant@example.test"],
            "company_name": "Sample Merchant",
            "state": "", "country": "EGY", "city": "Cairo", "postal_code": "", "street": "",
        },
    })))
}

/// A header's value after its first word.
fn credential<'a>(headers: &'a HeaderMap, word: &str) -> Option<&'a str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix(word)?.strip_prefix(' ')
}

impl Paymob {
    /// Whoever shows a token of the API key that has not run out: in the header, the body or the
    /// query.
    pub(super) fn admit_token(
        &self,
        headers: &HeaderMap,
        body: Option<&Map<String, Value>>,
        query: Option<&str>,
    ) -> Result<(), Box<Reply>> {
        let in_body = body.and_then(|body| body.get("auth_token")).and_then(Value::as_str);
        let in_query = query.and_then(|query| query.strip_prefix("token="));
        let given = credential(headers, "Bearer").or(in_body).or(in_query);
        let now = self.now();
        let state = self.state();
        match given.and_then(|token| state.access_tokens.get(token)) {
            Some(end) if now < *end => Ok(()),
            _ => Err(refusal(401, answers::error(http::StatusCode::UNAUTHORIZED))),
        }
    }

    /// Whoever shows the secret key.
    pub(super) fn admit_secret(&self, headers: &HeaderMap) -> Result<(), Box<Reply>> {
        if credential(headers, "Token") == Some(SECRET_KEY) {
            return Ok(());
        }
        Err(refusal(401, answers::error(http::StatusCode::UNAUTHORIZED)))
    }

    /// Captures, voids and refunds take either.
    pub(super) fn admit_either(
        &self,
        headers: &HeaderMap,
        body: &Map<String, Value>,
        query: Option<&str>,
    ) -> Result<(), Box<Reply>> {
        self.admit_secret(headers).or_else(|_| self.admit_token(headers, Some(body), query))
    }
}
