//! Logs and traces: the names of spans, and where everything goes.
//!
//! Spans follow a call through the house: `rpc`, the call; `converse`, all that is said to a provider
//! for one operation; within it `claim`, the write that takes the request id, and `exchange`, one HTTP
//! exchange; `record`, every other write. Fields have few values: provider, operation, outcome, fault.
//! Never a token, a key, a body or an e-mail.

use std::ffi::OsStr;
use std::io::IsTerminal as _;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Metadata;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

use crate::config::Telemetry;

/// Keeps the exporter alive; what is still unsent is sent when it is dropped.
#[derive(Debug, Default)]
pub struct Flush(Option<SdkTracerProvider>);

impl Drop for Flush {
    fn drop(&mut self) {
        if let Some(provider) = self.0.take() {
            // Nobody is left to be told that the last spans did not arrive.
            let _ = provider.shutdown();
        }
    }
}

/// Sets up logs on standard error, and traces by OTLP when an endpoint is configured. Called once,
/// inside the runtime.
///
/// # Errors
/// A filter that does not parse, an endpoint that is none, or a second call.
pub fn start(config: &Telemetry) -> anyhow::Result<Flush> {
    let colours = colours(std::io::stderr().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines = if config.json { lines.json().boxed() } else { lines.boxed() };
    let filter = EnvFilter::try_new(&config.log)?;
    let in_spans = filter.max_level_hint().is_none_or(|finest| finest > LevelFilter::INFO);
    // Without the hint every detail of every library would be offered to the filter.
    let told =
        filter_fn(move |about| is_told_in_lines(about, in_spans)).with_max_level_hint(LevelFilter::TRACE);
    let lines = lines.with_filter(filter.and(told));
    let provider = config.otlp_endpoint.as_deref().map(|endpoint| exporter(config, endpoint)).transpose()?;
    let spans = provider.as_ref().map(|provider| {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("turnpike"));
        let layer = layer.with_location(false).with_threads(false);
        EnvFilter::try_new(&config.spans).map(|filter| layer.with_filter(filter))
    });
    Registry::default().with(lines).with(spans.transpose()?).try_init()?;
    Ok(Flush(provider))
}

/// Lines stand within the spans that tell them apart, the call and the exchange, where they are told
/// in detail. A line at `info` or above says itself what it is about, and is rare: keeping spans for it
/// would cost every call an eighth of its time. The other spans are made for a collector alone.
fn is_told_in_lines(about: &Metadata<'_>, in_spans: bool) -> bool {
    about.is_event() || (in_spans && !["claim", "converse", "record"].contains(&about.name()))
}

/// Colours are for people at a terminal who did not refuse them (<https://no-color.org>).
fn colours(terminal: bool, refused: Option<&OsStr>) -> bool {
    terminal && refused.is_none_or(OsStr::is_empty)
}

fn exporter(config: &Telemetry, endpoint: &str) -> anyhow::Result<SdkTracerProvider> {
    let exporter =
        opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    // The sampler takes a ratio; it never touches an amount.
    let share = f64::from(config.sample_per_mille) / 1000.0;
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share))))
        .with_resource(Resource::builder().with_service_name(config.service_name.clone()).build())
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_where_nobody_refuses_them() {
        assert!(colours(true, None) && colours(true, Some(OsStr::new(""))));
        assert!(!colours(true, Some(OsStr::new("1"))));
        assert!(!colours(false, None));
    }
}
