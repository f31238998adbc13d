//! Logs and traces of this process.
//!
//! A log is one line an event, with fields that can be queried. Traces are `OpenTelemetry`'s, and off until a collector is
//! named: a request, the jobs that it enqueued, their calls to outside services and the statuses of what was sent are one trace.
//! Neither has personal data: `docs/operators/logging.md`.

mod export;
mod spans;

pub use export::Traces;
pub use spans::{CallSpan, JobSpan, RequestSpan, apart, is_sampled, of_status, traceparent};

use crate::config::{LogFormat, Telemetry};
use std::io::IsTerminal;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

/// Starts logging to standard output, and traces if a collector is set. `service` names this kind of process in traces.
///
/// A line carries ids, counts and durations (`lateness_ms`), never phone numbers, names, message
/// texts or tokens. The caller ends the traces before the process ends: [`Traces::end`].
pub fn init(settings: &Telemetry, service: &'static str) -> Traces {
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer().with_ansi(std::io::stdout().is_terminal());
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match settings.log_format {
        LogFormat::Text => lines.with_target(false).compact().boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let traces = Traces::open(settings, service);
    match traces.tracer() {
        None => tracing_subscriber::registry()
            .with(lines)
            .with(filter)
            .init(),
        Some(tracer) => tracing_subscriber::registry()
            .with(lines.with_filter(filter))
            .with(spans::layer(tracer))
            .init(),
    }
    if settings.collector().is_some() && !traces.are_made() {
        tracing::error!("traces.off: the address or the headers of the collector cannot be used");
    }
    traces
}
