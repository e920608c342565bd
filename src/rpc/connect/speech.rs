//! How a call of the Connect protocol is written: in JSON or in protobuf's bytes, alone or in envelopes.

use http::{HeaderMap, HeaderValue, header};

/// In which form messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Protobuf's JSON.
    Json,
    /// Protobuf's bytes.
    Proto,
}

/// How a call is written. Its answer is written in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speech {
    /// The form of messages.
    pub codec: Codec,
    /// Whether messages come in envelopes, as those of streaming RPCs do.
    pub streamed: bool,
}

const JSON: &str = "application/json";
const PROTO: &str = "application/proto";
const STREAMED_JSON: &str = "application/connect+json";
const STREAMED_PROTO: &str = "application/connect+proto";

/// What a call that answers with one message may be written in.
pub const UNARY: &str = "application/json, application/proto";
/// What a streaming call may be written in.
pub const STREAMED: &str = "application/connect+json, application/connect+proto";

impl Speech {
    /// What a request's headers say; `None` when they speak of something else.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let told = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        // Parameters such as `charset=utf-8` change nothing: JSON is UTF-8.
        let kind = told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let speech = |codec, streamed| Some(Self { codec, streamed });
        match kind.as_str() {
            JSON => speech(Codec::Json, false),
            PROTO => speech(Codec::Proto, false),
            STREAMED_JSON => speech(Codec::Json, true),
            STREAMED_PROTO => speech(Codec::Proto, true),
            _ => None,
        }
    }

    /// The content type of the answer.
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match (self.codec, self.streamed) {
            (Codec::Json, false) => JSON,
            (Codec::Proto, false) => PROTO,
            (Codec::Json, true) => STREAMED_JSON,
            (Codec::Proto, true) => STREAMED_PROTO,
        })
    }
}
