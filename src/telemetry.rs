//! Logs and traces: the names of spans, and where everything goes.
//!
//! Spans follow a call through the house: `rpc`, `claim`, `converse`, `exchange`, `record`. Fields
//! have few values: provider, operation, outcome. Never a token, a key, a body or an e-mail.

use std::ffi::OsStr;
use std::io::IsTerminal as _;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
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
    let filter = EnvFilter::try_new(&config.log)?;
    let colours = colours(std::io::stderr().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines = if config.json { lines.json().boxed() } else { lines.boxed() };
    let provider = config.otlp_endpoint.as_deref().map(|endpoint| exporter(config, endpoint)).transpose()?;
    let spans = provider.as_ref().map(|provider| {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        tracing_opentelemetry::layer().with_tracer(provider.tracer("turnpike"))
    });
    Registry::default().with(filter).with(lines).with(spans).try_init()?;
    Ok(Flush(provider))
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
