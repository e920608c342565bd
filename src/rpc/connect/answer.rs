//! From a gRPC answer to one in Connect's words.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderMap, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, Limited, StreamBody};
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::json;
use tonic::body::Body;
use tonic::{Code, Status};

use super::ENVELOPE_BYTES;
use super::errors;
use super::request::Asked;
use super::speech::Codec;

/// The longest answer, in bytes. Pages have bounds of their own, far below it.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// In an envelope's first byte: this is the last one, and holds how the call ended.
const LAST: u8 = 0b10;

/// The answer of a call that is answered with one message.
pub async fn unary(asked: &Asked, response: Response<Body>) -> Response<Body> {
    let (parts, body) = response.into_parts();
    if let Some(status) = failed(&parts.headers) {
        return with_headers(errors::response(&status), &parts.headers, "");
    }
    let collected = match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
        Ok(collected) => collected,
        Err(_) => return errors::response(&errors::broken("the answer broke off")),
    };
    let trailers = collected.trailers().cloned().unwrap_or_default();
    let message = collected.to_bytes();
    let ended = match Status::from_header_map(&trailers) {
        Some(status) if status.code() == Code::Ok => one_message(asked, message),
        Some(status) => Err(status),
        None => Err(errors::broken("the answer has no end")),
    };
    let response = match ended {
        Ok(message) => {
            let mut response = Response::new(Body::new(http_body_util::Full::new(message)));
            response.headers_mut().insert(header::CONTENT_TYPE, asked.speech.content_type());
            response
        }
        Err(status) => errors::response(&status),
    };
    with_headers(with_headers(response, &parts.headers, ""), &trailers, "trailer-")
}

fn one_message(asked: &Asked, mut framed: Bytes) -> Result<Bytes, Status> {
    match next_message(&mut framed)? {
        Some(message) if framed.is_empty() => written(asked.speech.codec, &asked.method.output(), message),
        _ => Err(errors::broken("the answer is not one message")),
    }
}

/// The answer of a call that is answered with a stream.
pub fn streamed(asked: Asked, response: Response<Body>) -> Response<Body> {
    let (parts, body) = response.into_parts();
    let content_type = asked.speech.content_type();
    // What ended before it began says so in its headers.
    let ended = failed(&parts.headers).map(|status| (status, HeaderMap::new()));
    let state = Reading { asked, body, gathered: BytesMut::new(), ended, over: false };
    let frames = stream::unfold(state, |mut state| async {
        let envelope = state.envelope().await?;
        Some((Ok::<_, Status>(Frame::data(envelope)), state))
    });
    let mut response = Response::new(Body::new(StreamBody::new(frames)));
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    with_headers(response, &parts.headers, "")
}

/// Where the reading of a stream has got to.
struct Reading {
    asked: Asked,
    body: Body,
    /// What has come and is not a whole message yet.
    gathered: BytesMut,
    /// How the stream ended, and its trailers.
    ended: Option<(Status, HeaderMap)>,
    /// Whether the last envelope was given out.
    over: bool,
}

impl Reading {
    /// The next envelope; `None` after the last.
    async fn envelope(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        while self.ended.is_none() {
            match self.message() {
                Ok(Some(envelope)) => return Some(envelope),
                Ok(None) => self.read_on().await,
                Err(status) => self.end(status, HeaderMap::new()),
            }
        }
        self.over = true;
        let (status, trailers) = self.ended.take()?;
        let mut end = json!({});
        if status.code() != Code::Ok {
            end["error"] = errors::object(&status);
        }
        let metadata = metadata(&trailers);
        if !metadata.is_empty() {
            end["metadata"] = metadata.into();
        }
        Some(in_envelope(LAST, end.to_string().as_bytes()))
    }

    fn message(&mut self) -> Result<Option<Bytes>, Status> {
        let Some(length) = whole(&self.gathered) else { return Ok(None) };
        let mut framed = self.gathered.split_to(length).freeze();
        let Some(message) = next_message(&mut framed)? else { return Ok(None) };
        let message = written(self.asked.speech.codec, &self.asked.method.output(), message)?;
        Ok(Some(in_envelope(0, &message)))
    }

    async fn read_on(&mut self) {
        match self.body.frame().await {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => self.gathered.extend_from_slice(&data),
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    let status = match Status::from_header_map(&trailers) {
                        Some(status) if status.code() == Code::Ok && !self.gathered.is_empty() => {
                            errors::broken("the stream ends within a message")
                        }
                        Some(status) => status,
                        None => errors::broken("the stream has no end"),
                    };
                    self.end(status, trailers);
                }
            },
            Some(Err(status)) => self.end(status, HeaderMap::new()),
            None => self.end(errors::broken("the stream has no end"), HeaderMap::new()),
        }
    }

    fn end(&mut self, status: Status, trailers: HeaderMap) {
        self.ended.get_or_insert((status, trailers));
    }
}

/// How long the first message is with its envelope, if it is there as a whole.
fn whole(gathered: &[u8]) -> Option<usize> {
    let head = gathered.get(1..ENVELOPE_BYTES)?;
    let length = ENVELOPE_BYTES + u32::from_be_bytes(head.try_into().ok()?) as usize;
    (gathered.len() >= length).then_some(length)
}

/// Takes the first message out of its envelope.
fn next_message(framed: &mut Bytes) -> Result<Option<Bytes>, Status> {
    let Some(length) = whole(framed) else { return Ok(None) };
    if framed[0] != 0 {
        // No compression was asked for.
        return Err(errors::broken("the answer is compressed"));
    }
    let mut message = framed.split_to(length);
    message.advance(ENVELOPE_BYTES);
    Ok(Some(message))
}

fn written(codec: Codec, output: &MessageDescriptor, message: Bytes) -> Result<Bytes, Status> {
    if codec == Codec::Proto {
        return Ok(message);
    }
    let unreadable = || errors::broken("the answer is not what the contract says");
    let message = DynamicMessage::decode(output.clone(), message).map_err(|_| unreadable())?;
    serde_json::to_vec(&message).map(Bytes::from).map_err(|_| unreadable())
}

fn in_envelope(flags: u8, message: &[u8]) -> Bytes {
    let mut envelope = BytesMut::with_capacity(ENVELOPE_BYTES + message.len());
    envelope.put_u8(flags);
    // Answers are shorter than 4 GiB by far.
    envelope.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    envelope.put_slice(message);
    envelope.freeze()
}

/// The status of a call that failed before it answered anything.
fn failed(headers: &HeaderMap) -> Option<Status> {
    Status::from_header_map(headers).filter(|status| status.code() != Code::Ok)
}

/// Passes on what an answer's metadata says, but for what gRPC needs.
fn with_headers(mut response: Response<Body>, metadata: &HeaderMap, prefix: &str) -> Response<Body> {
    for (name, value) in metadata {
        if is_grpc(name.as_str()) {
            continue;
        }
        if let Ok(name) = http::HeaderName::try_from(format!("{prefix}{name}")) {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

fn metadata(trailers: &HeaderMap) -> serde_json::Map<String, serde_json::Value> {
    let mut told = serde_json::Map::new();
    for name in trailers.keys().filter(|name| !is_grpc(name.as_str())) {
        let values = trailers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        told.insert(name.to_string(), values.collect());
    }
    told
}

fn is_grpc(name: &str) -> bool {
    name.starts_with("grpc-") || matches!(name, "content-type" | "content-length" | "trailer")
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request, StatusCode};
    use serde_json::Value;

    use super::*;
    use crate::rpc::connect::request::{Head, head};
    use crate::rpc::proto as pb;

    fn asked(rpc: &str, form: &'static str) -> Asked {
        let request = Request::post(format!("/turnpike.v1.{rpc}")).header(header::CONTENT_TYPE, form);
        match head(&request.body(()).expect("a request")) {
            Head::Call(asked) => asked,
            _ => panic!("{rpc} is called so"),
        }
    }

    /// What the gateway answers, in frames of any length.
    fn answered(frames: Vec<Result<Frame<Bytes>, Status>>) -> Response<Body> {
        Response::new(Body::new(StreamBody::new(stream::iter(frames))))
    }

    fn account() -> Vec<u8> {
        let account = pb::Account { name: "shop".to_owned(), ..pb::Account::default() };
        prost::Message::encode_to_vec(&pb::ListAccountsResponse {
            accounts: vec![account],
            ..pb::ListAccountsResponse::default()
        })
    }

    fn data(bytes: impl Into<Bytes>) -> Result<Frame<Bytes>, Status> {
        Ok(Frame::data(bytes.into()))
    }

    fn end(status: &'static str) -> Result<Frame<Bytes>, Status> {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static(status));
        Ok(Frame::trailers(trailers))
    }

    async fn told(response: Response<Body>) -> (StatusCode, Bytes) {
        let status = response.status();
        (status, response.into_body().collect().await.expect("a body").to_bytes())
    }

    fn reason(error: &Value) -> &Value {
        &error["details"][0]["debug"]["reason"]
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_short_is_an_error_with_a_reason() {
        let asked = asked("AccountService/ListAccounts", "application/json");
        let whole = in_envelope(0, &account());
        let fine = unary(&asked, answered(vec![data(whole.slice(..9)), data(whole.slice(9..)), end("0")]));
        let (status, body) = told(fine.await).await;
        assert_eq!(
            (status, body),
            (StatusCode::OK, Bytes::from_static(br#"{"accounts":[{"name":"shop"}]}"#))
        );
        let garbage = in_envelope(0, b"\xff\xff");
        let compressed = in_envelope(1, &account());
        for frames in [
            vec![],
            vec![end("0")],
            vec![data(whole.clone())],
            vec![data(whole.slice(..whole.len() - 1)), end("0")],
            vec![data(whole.clone()), data(whole.clone()), end("0")],
            vec![data(whole.clone()), Err(Status::unavailable("gone"))],
            vec![data(garbage), end("0")],
            vec![data(compressed), end("0")],
        ] {
            let shown = format!("{frames:?}");
            let (status, body) = told(unary(&asked, answered(frames)).await).await;
            let error: Value = serde_json::from_slice(&body).expect("JSON");
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{shown}");
            assert_eq!((&error["code"], reason(&error)), (&json!("internal"), &json!("INTERNAL")), "{shown}");
        }
    }

    #[tokio::test]
    async fn a_stream_that_is_cut_short_ends_with_a_reason_after_what_was_whole() {
        let message = prost::Message::encode_to_vec(&pb::StreamEventsResponse {
            cursor: "c-1".to_owned(),
            ..pb::StreamEventsResponse::default()
        });
        let whole = in_envelope(0, &message);
        let half = whole.slice(..whole.len() / 2);
        for (frames, messages, ends) in [
            (vec![data(whole.clone()), end("0")], 1, Value::Null),
            (
                vec![data([&whole[..], &half[..]].concat()), data(whole.slice(half.len()..)), end("0")],
                2,
                Value::Null,
            ),
            (vec![data(whole.clone())], 1, json!("INTERNAL")),
            (vec![data(whole.clone()), data(half.clone())], 1, json!("INTERNAL")),
            (vec![data(whole.clone()), data(half.clone()), end("0")], 1, json!("INTERNAL")),
            (vec![data(in_envelope(1, b"")), end("0")], 0, json!("INTERNAL")),
        ] {
            let asked = asked("EventService/StreamEvents", "application/connect+json");
            let (_, mut body) = told(streamed(asked, answered(frames))).await;
            let mut parts = Vec::new();
            while !body.is_empty() {
                let mut part = body.split_to(whole_part(&body));
                parts.push((
                    part[0],
                    serde_json::from_slice::<Value>(&part.split_off(ENVELOPE_BYTES)).expect("JSON"),
                ));
            }
            let (flags, last) = parts.pop().expect("a last envelope");
            assert_eq!((flags, reason(&last["error"])), (LAST, &ends));
            assert_eq!(parts, vec![(0, json!({ "cursor": "c-1" })); messages]);
        }
    }

    fn whole_part(body: &[u8]) -> usize {
        whole(body).expect("a whole envelope")
    }
}
