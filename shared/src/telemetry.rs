//! Logs: one line an event, fields that can be queried, no personal data.

use crate::config::{LogFormat, Telemetry};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging to standard output.
///
/// A line carries ids, counts and durations (`lateness_ms`), never phone numbers, names, message
/// texts or tokens: `docs/operators/logging.md`.
pub fn init(settings: &Telemetry) {
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stdout().is_terminal());
    match settings.log_format {
        LogFormat::Text => lines.with_target(false).compact().init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}
