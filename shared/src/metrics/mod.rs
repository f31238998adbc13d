//! The metrics of this process, in Prometheus' text format: what it did since it started.
//!
//! Each process serves its own (`GET /metrics` of its health listener). Recording is an atomic addition and asks nobody. What
//! the database knows, for example open offers, is read when it is asked for, by the api alone. No metric has personal data.

mod instruments;
mod pools;
mod resident;

pub use instruments::{IntakeKind, Webhook};
pub use pools::watch_pool;

use crate::database_trouble::DatabaseTrouble;
use instruments::instruments;
use std::time::Duration;

/// The content type of what [`text`] returns: `OpenMetrics` 1.0, which Prometheus reads.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A roll: how long after its deadline the next offer was committed.
pub fn rolled(late: Duration) {
    instruments().roll_lateness.observe(late.as_secs_f64());
}

/// A message or a form was taken in: how long the api needed until it was stored.
pub fn taken_in(kind: IntakeKind, took: Duration) {
    let label = [("kind", kind.as_str())];
    let histogram = instruments().intake.get_or_create(&label);
    histogram.observe(took.as_secs_f64());
}

/// A webhook was answered.
pub fn webhook(kind: IntakeKind, result: Webhook) {
    let labels = [("source", kind.as_str()), ("result", result.as_str())];
    instruments().webhooks.get_or_create(&labels).inc();
}

/// A job begins: how long after it was due.
pub fn job_begins(queue: &'static str, waited: Duration) {
    let histogram = instruments().job_wait.get_or_create(&[("queue", queue)]);
    histogram.observe(waited.as_secs_f64());
}

/// A job ended with this outcome: `done`, `retry`, `snooze` or `dead`.
pub fn job_ended(queue: &'static str, outcome: &'static str, ran: Duration) {
    let metrics = instruments();
    let histogram = metrics.job_run.get_or_create(&[("queue", queue)]);
    histogram.observe(ran.as_secs_f64());
    let labels = [("queue", queue), ("outcome", outcome)];
    metrics.jobs.get_or_create(&labels).inc();
}

/// A call to an outside service ended with this class: `accepted`, or that of its failure.
pub fn provider_called(provider: &'static str, class: &'static str, took: Duration) {
    let labels = [("provider", provider), ("class", class)];
    let histogram = instruments().provider_calls.get_or_create(&labels);
    histogram.observe(took.as_secs_f64());
}

/// A batch of spans was sent to the collector of traces, or dropped because the collector did not take it.
pub fn traces_sent(taken: bool) {
    let result = if taken { "sent" } else { "dropped" };
    let counter = instruments().traces.get_or_create(&[("result", result)]);
    counter.inc();
}

/// A change was told to the live feed's readers: how long after it was committed.
pub fn fed(late: Duration) {
    instruments().feed_delay.observe(late.as_secs_f64());
}

/// A request was answered with this status.
pub fn answered(status: u16, took: Duration) {
    let class = match status {
        100..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    let histogram = instruments().requests.get_or_create(&[("status", class)]);
    histogram.observe(took.as_secs_f64());
}

/// Somebody tried to sign in: `done`, `wrong`, `disabled`, `waits`, `code_asked` or `code_wrong`.
pub fn signed_in(result: &'static str) {
    let counter = instruments().sign_ins.get_or_create(&[("result", result)]);
    counter.inc();
}

/// The database could not do an operation.
pub fn database_failed(trouble: DatabaseTrouble) {
    let labels = [("class", trouble.as_str())];
    instruments().database_failures.get_or_create(&labels).inc();
}

/// The audit found breaches of a rule.
pub fn breached(rule: &'static str) {
    let counter = instruments().breaches.get_or_create(&[("rule", rule)]);
    counter.inc();
}

/// The audit of this process ended well now.
pub fn audited() {
    #[allow(
        clippy::disallowed_methods,
        reason = "Prometheus compares it with its own clock, and nothing is decided by it"
    )]
    let now = chrono::Utc::now();
    instruments().audited_at.set(now.timestamp());
}

/// Everything, in Prometheus' text format, with the pools and the memory of this process at this instant.
pub fn text() -> String {
    instruments().text()
}
