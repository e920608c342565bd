//! Tells a story to a server, and says where it went another way.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use prost_reflect::MethodDescriptor;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::matching::Values;
use super::story::{Expected, ExpectedError, Step, Story};
use super::wire::{self, Wire};

/// How long one call may take.
pub const CALL_MAX: Duration = Duration::from_secs(30);
/// How long a stream may take to tell what is expected of it.
const STREAM_MAX: Duration = Duration::from_secs(30);
/// The pause before a call is repeated.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Tells a story, with what is known when it begins.
///
/// # Errors
/// The first step that went another way, and how.
pub async fn tell(wire: &Wire, story: &Story, mut values: Values) -> anyhow::Result<()> {
    for step in &story.steps {
        take(wire, step, &mut values).await.with_context(|| format!("at {:?}", step.words))?;
    }
    Ok(())
}

async fn take(wire: &Wire, step: &Step, values: &mut Values) -> anyhow::Result<()> {
    let method = wire.method(&step.call)?;
    let request = values.fill(&step.request)?;
    let is_stream = matches!(step.expected, Expected::Stream(_));
    // A stream may also be refused.
    ensure!(
        is_stream == method.is_server_streaming() || matches!(step.expected, Expected::Error(_)),
        "{} is a stream, or is not",
        step.call
    );
    match &step.expected {
        Expected::Answer(expected) => values.take(expected, &answered(wire, step, &method, &request).await?),
        Expected::Within(within, expected) => {
            let until = Instant::now() + *within;
            loop {
                let answer = answered(wire, step, &method, &request).await?;
                match values.take(expected, &answer) {
                    Err(why) if Instant::now() > until => {
                        return Err(why.context(format!("not within {} s", within.as_secs())));
                    }
                    Err(_) => tokio::time::sleep(AGAIN_AFTER).await,
                    Ok(()) => return Ok(()),
                }
            }
        }
        Expected::Error(expected) => {
            let failed = match method.is_server_streaming() {
                false => wire.unary(&method, &request, step.credentials).await?.err(),
                true => first_of_stream(wire, step, &method, &request).await?,
            };
            let status = failed.context("there was an answer instead of an error")?;
            refused(expected, &status, values)
        }
        Expected::Stream(expected) => {
            let told = told_by_stream(wire, step, &method, &request, expected, values);
            match tokio::time::timeout(STREAM_MAX, told).await {
                Ok(told) => told,
                Err(_) => bail!("not told within {} s", STREAM_MAX.as_secs()),
            }
        }
    }
}

async fn answered(
    wire: &Wire,
    step: &Step,
    method: &MethodDescriptor,
    request: &Value,
) -> anyhow::Result<Value> {
    wire.unary(method, request, step.credentials).await?.map_err(|status| anyhow::anyhow!(told(&status)))
}

/// How a stream failed, if it did so before it told anything.
async fn first_of_stream(
    wire: &Wire,
    step: &Step,
    method: &MethodDescriptor,
    request: &Value,
) -> anyhow::Result<Option<Status>> {
    match wire.streaming(method, request, step.credentials).await? {
        Err(status) => Ok(Some(status)),
        Ok(mut stream) => {
            let first = tokio::time::timeout(STREAM_MAX, stream.message()).await;
            Ok(first.context("the stream tells nothing")?.err())
        }
    }
}

async fn told_by_stream(
    wire: &Wire,
    step: &Step,
    method: &MethodDescriptor,
    request: &Value,
    expected: &[Value],
    values: &mut Values,
) -> anyhow::Result<()> {
    let stream = wire.streaming(method, request, step.credentials).await?;
    let mut stream = stream.map_err(|status| anyhow::anyhow!(told(&status)))?;
    let mut rest = expected.iter().enumerate();
    let (mut at, mut wanted) = match rest.next() {
        Some(first) => first,
        None => return Ok(()),
    };
    loop {
        let message = stream.message().await.map_err(|status| anyhow::anyhow!(told(&status)))?;
        let Some(message) = message else {
            bail!("the stream ended before it told number {}: {wanted}", at + 1)
        };
        if values.take(wanted, &wire::written(&message)?).is_ok() {
            (at, wanted) = match rest.next() {
                Some(next) => next,
                None => return Ok(()),
            };
        }
    }
}

fn refused(expected: &ExpectedError, status: &Status, values: &mut Values) -> anyhow::Result<()> {
    let info = status.get_details_error_info();
    let reason = info.as_ref().map_or("", |info| info.reason.as_str());
    ensure!(
        (code_name(status.code()), reason) == (expected.code.as_str(), expected.reason.as_str()),
        "expected {} {}, came {}",
        expected.code,
        expected.reason,
        told(status)
    );
    if let Some(metadata) = &expected.metadata {
        let told = info.map(|info| info.metadata).unwrap_or_default();
        values.take(metadata, &json!(told)).context("in the metadata")?;
    }
    if let Some(fields) = &expected.fields {
        let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        let paths: Vec<String> = violations.into_iter().map(|violation| violation.field).collect();
        values.take(fields, &json!(paths)).context("in the fields")?;
    }
    Ok(())
}

fn told(status: &Status) -> String {
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    format!("{} {reason}: {}", code_name(status.code()), status.message())
}

/// A code as the protocol spells it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
