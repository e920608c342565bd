//! The caller's OpenTelemetry context as headers of W3C Trace Context.

use http::{HeaderMap, HeaderValue};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Adds the current context, if there is one and the caller has not set another.
pub(crate) fn write(headers: &mut HeaderMap) {
    let context = Context::current();
    let span = context.span();
    let span = span.span_context();
    if !span.is_valid() || headers.contains_key(TRACEPARENT) {
        return;
    }
    let flags = span.trace_flags().to_u8();
    let parent = format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id());
    if let Ok(value) = HeaderValue::try_from(parent) {
        headers.insert(TRACEPARENT, value);
    }
    let state = span.trace_state().header();
    if let (false, Ok(value)) = (state.is_empty(), HeaderValue::try_from(state)) {
        headers.insert(TRACESTATE, value);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

    use super::*;

    #[test]
    fn the_context_of_the_caller_goes_along() {
        let state = TraceState::from_key_value([("shop", "1")]).expect("a state");
        let span =
            SpanContext::new(TraceId::from(0x1f), SpanId::from(0x2e), TraceFlags::SAMPLED, true, state);
        let _entered = Context::new().with_remote_span_context(span).attach();
        let mut headers = HeaderMap::new();
        write(&mut headers);
        assert_eq!(headers[TRACEPARENT], "00-0000000000000000000000000000001f-000000000000002e-01");
        assert_eq!(headers[TRACESTATE], "shop=1");

        headers.insert(TRACEPARENT, HeaderValue::from_static("the caller's own"));
        write(&mut headers);
        assert_eq!(headers[TRACEPARENT], "the caller's own");
    }

    #[test]
    fn without_a_context_nothing_goes_along() {
        let mut headers = HeaderMap::new();
        write(&mut headers);
        assert!(headers.is_empty());
    }
}
