//! From a request in Connect's words to a gRPC request: first its head, before the doorkeeper, and
//! behind the doorkeeper its body, so that nobody makes us read a body who may not call.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use prost::Message as _;
use prost_reflect::MethodDescriptor;
use std::time::Duration;
use tonic::body::Body;
use zeroize::Zeroizing;

use super::ENVELOPE_BYTES;
use super::methods;
use super::speech::{Codec, Speech};
use crate::rpc::json;
use crate::rpc::problems::Problems;
use crate::rpc::server::REQUEST_BYTES_MAX;

/// How long a caller may take to send a request whose head has come.
const BODY_WAIT_MAX: Duration = Duration::from_secs(30);
/// Headers that belong to Connect's way of writing, or to the connection.
const NOT_PASSED_ON: [HeaderName; 12] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    HeaderName::from_static("connect-protocol-version"),
    HeaderName::from_static("connect-timeout-ms"),
    HeaderName::from_static("connect-content-encoding"),
    HeaderName::from_static("connect-accept-encoding"),
    HeaderName::from_static("keep-alive"),
];

/// What a request in Connect's words asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The RPC.
    pub method: MethodDescriptor,
    /// In which form.
    pub speech: Speech,
    /// The message, where it came in the query of a GET.
    query: Option<Bytes>,
}

/// What the head of a request turned out to be.
pub enum Head {
    /// Nothing of Connect's: gRPC, gRPC-Web, or no RPC at all.
    Other,
    /// A call in Connect's words.
    Call(Asked),
    /// A call in no form that the RPC has.
    UnknownForm(MethodDescriptor),
    /// A call whose head is wrong.
    Wrong(Problems),
}

/// Looks at the head of a request.
pub fn head<B>(request: &Request<B>) -> Head {
    let kind = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if kind.is_some_and(|kind| kind.starts_with(b"application/grpc")) {
        return Head::Other;
    }
    let Some(method) = methods::at(request.uri().path()) else { return Head::Other };
    let asked = match *request.method() {
        Method::POST => match Speech::of(request.headers()) {
            Some(speech) => Asked { method, speech, query: None },
            None => return Head::UnknownForm(method),
        },
        Method::GET if methods::only_reads(&method) && !method.is_server_streaming() => {
            match queried(request.uri()) {
                Ok((codec, message)) => {
                    Asked { method, speech: Speech { codec, streamed: false }, query: Some(message) }
                }
                Err(problems) => return Head::Wrong(problems),
            }
        }
        _ => return Head::Other,
    };
    if asked.speech.streamed != asked.method.is_server_streaming() {
        return Head::UnknownForm(asked.method);
    }
    let mut problems = Problems::default();
    check_headers(request.headers(), asked.speech, &mut problems);
    if problems.is_empty() { Head::Call(asked) } else { Head::Wrong(problems) }
}

/// The message of a GET, and its form.
fn queried(uri: &Uri) -> Result<(Codec, Bytes), Problems> {
    let mut problems = Problems::default();
    let mut wrong = |name: &str, problem: &str| problems.add(&format!("the query's {name}"), problem);
    let (mut codec, mut message, mut base64) = (None, None, false);
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match (&*name, &*value) {
            ("encoding", "json") => codec = Some(Codec::Json),
            ("encoding", "proto") => codec = Some(Codec::Proto),
            ("encoding", _) => wrong("encoding", "is neither json nor proto"),
            ("message", text) => message = Some(text.to_owned()),
            ("base64", "1") => base64 = true,
            ("connect", "v1") | ("compression", "" | "identity") => {}
            ("connect", _) => wrong("connect", "is not v1"),
            ("compression", _) => wrong("compression", "is none that this server knows"),
            _ => {}
        }
    }
    let message = message.map(|text| if base64 { decoded(&text) } else { Some(text.into()) });
    match &message {
        None => wrong("message", "is missing"),
        Some(None) => wrong("message", "is not base64"),
        Some(Some(_)) => {}
    }
    if codec.is_none() {
        wrong("encoding", "is missing");
    }
    match (codec, message.flatten()) {
        (Some(codec), Some(message)) if problems.is_empty() => Ok((codec, message)),
        _ => Err(problems),
    }
}

/// Base64 for addresses; padding may be left out.
fn decoded(text: &str) -> Option<Bytes> {
    use base64::Engine as _;

    let text = text.trim_end_matches('=');
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok().map(Bytes::from)
}

fn check_headers(headers: &HeaderMap, speech: Speech, problems: &mut Problems) {
    let encoding = if speech.streamed { "connect-content-encoding" } else { "content-encoding" };
    if headers.get(encoding).is_some_and(|value| value != "identity") {
        problems.add(encoding, "is none that this server knows: send requests as they are");
    }
    if headers.get("connect-protocol-version").is_some_and(|value| value != "1") {
        problems.add("connect-protocol-version", "is not 1");
    }
    if headers.contains_key("connect-timeout-ms") && timeout(headers).is_none() {
        problems.add("connect-timeout-ms", "is not a number of milliseconds with at most 10 digits");
    }
}

/// The deadline in gRPC's words, which have 8 digits at most.
fn timeout(headers: &HeaderMap) -> Option<HeaderValue> {
    let text = headers.get("connect-timeout-ms")?.to_str().ok()?;
    if text.is_empty() || text.len() > 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis: u64 = text.parse().ok()?;
    let told = if text.len() <= 8 { format!("{millis}m") } else { format!("{}S", millis / 1_000) };
    HeaderValue::from_str(&told).ok()
}

/// The head in gRPC's words. The body is still the caller's.
pub fn translated<B>(request: Request<B>, asked: Asked) -> Request<B> {
    let (mut parts, body) = request.into_parts();
    let timeout = timeout(&parts.headers);
    for name in &NOT_PASSED_ON {
        parts.headers.remove(name);
    }
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc+proto"));
    parts.headers.insert(header::TE, HeaderValue::from_static("trailers"));
    if let Some(timeout) = timeout {
        parts.headers.insert("grpc-timeout", timeout);
    }
    parts.method = Method::POST;
    // gRPC is HTTP/2; what stands behind looks at it.
    parts.version = Version::HTTP_2;
    parts.extensions.insert(asked);
    Request::from_parts(parts, body)
}

/// The one message of a request, in gRPC's envelope.
///
/// # Errors
/// What is wrong with it.
pub async fn enveloped(asked: &Asked, body: Body) -> Result<Body, Problems> {
    let sent = match &asked.query {
        Some(message) => Zeroizing::new(message.to_vec()),
        None => collected(body, BODY_WAIT_MAX).await?,
    };
    let message = if asked.speech.streamed { unwrapped(&sent)? } else { &sent[..] };
    let encoded = match asked.speech.codec {
        Codec::Proto => Bytes::copy_from_slice(message),
        Codec::Json => {
            let mut read = json::read(&asked.method.input(), message)?;
            let encoded = Bytes::from(read.encode_to_vec());
            json::forget_message(&mut read);
            encoded
        }
    };
    let mut framed = BytesMut::with_capacity(ENVELOPE_BYTES + encoded.len());
    framed.put_u8(0);
    // Within the limit of requests: JSON is longer than what it stands for.
    framed.put_u32(u32::try_from(encoded.len()).unwrap_or(u32::MAX));
    framed.put_slice(&encoded);
    Ok(Body::new(http_body_util::Full::new(framed.freeze())))
}

async fn collected(body: Body, wait: Duration) -> Result<Zeroizing<Vec<u8>>, Problems> {
    let problem = |text: String| {
        let mut problems = Problems::default();
        problems.add("", text);
        problems
    };
    let body = Limited::new(body, REQUEST_BYTES_MAX).collect();
    match tokio::time::timeout(wait, body).await {
        Ok(Ok(body)) => Ok(Zeroizing::new(body.to_bytes().into())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(problem(format!("is longer than {REQUEST_BYTES_MAX} bytes")))
        }
        Ok(Err(_)) => Err(problem("broke off".to_owned())),
        Err(_) => Err(problem(format!("did not come within {wait:?}"))),
    }
}

/// The message in the one envelope that the request of a server's stream has.
fn unwrapped(sent: &[u8]) -> Result<&[u8], Problems> {
    let whole = sent.split_at_checked(ENVELOPE_BYTES).and_then(|(head, message)| {
        let [0, length @ ..] = head else { return None };
        let length = u32::from_be_bytes(length.try_into().ok()?);
        (usize::try_from(length).ok()? == message.len()).then_some(message)
    });
    whole.ok_or_else(|| {
        let mut problems = Problems::default();
        problems.add("", "is not one envelope with one uncompressed message");
        problems
    })
}

#[cfg(test)]
mod tests {
    use http_body::Frame;
    use http_body_util::StreamBody;
    use tonic::Status;

    use super::*;
    use crate::engine::error::Error;

    fn told(problems: Problems) -> String {
        let Err(Error::Invalid(fields)) = problems.finish(Some(())) else { panic!("nothing is wrong") };
        fields.into_iter().map(|field| format!("{} {}", field.field, field.problem)).collect()
    }

    /// A body of which some comes, and then what the stream says.
    fn body(
        first: &'static [u8],
        then: impl futures_util::Stream<Item = Result<Frame<Bytes>, Status>> + Send + 'static,
    ) -> Body {
        use futures_util::StreamExt as _;

        let first = futures_util::stream::iter([Ok(Frame::data(Bytes::from_static(first)))]);
        Body::new(StreamBody::new(first.chain(then)))
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for_without_end() {
        let sent = body(b"{", futures_util::stream::pending());
        let problems = collected(sent, Duration::from_millis(20)).await.expect_err("it never comes");
        assert_eq!(told(problems), " did not come within 20ms");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_or_is_too_long_is_refused() {
        let torn = futures_util::stream::iter([Err(Status::cancelled("gone"))]);
        assert_eq!(told(collected(body(b"{", torn), BODY_WAIT_MAX).await.expect_err("torn")), " broke off");
        let long = futures_util::stream::repeat_with(|| Ok(Frame::data(Bytes::from_static(&[b' '; 4_096]))));
        let problems = collected(body(b"{", long), BODY_WAIT_MAX).await.expect_err("endless");
        assert_eq!(told(problems), format!(" is longer than {REQUEST_BYTES_MAX} bytes"));
    }

    #[test]
    fn a_stream_is_asked_for_with_one_whole_envelope() {
        assert_eq!(unwrapped(b"\0\0\0\0\x02{}").expect("whole"), b"{}");
        for wrong in [&b""[..], b"\0\0\0", b"\0\0\0\0\x03{}", b"\0\0\0\0\x01{}", b"\x01\0\0\0\x02{}"] {
            assert!(unwrapped(wrong).is_err(), "{wrong:?}");
        }
    }
}
