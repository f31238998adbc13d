//! What caused a job: the request, and the trace.

use crate::request_id::request_id;
use crate::telemetry::traceparent;

/// The key of the request's id in a job's metadata.
const REQUEST_ID: &str = "request_id";
/// The key of the trace in a job's metadata.
const TRACEPARENT: &str = "traceparent";

/// What caused the jobs that are enqueued here, as the keys and values of their `metadata`.
pub(crate) struct Origin {
    pub(crate) keys: Vec<&'static str>,
    pub(crate) values: Vec<String>,
}

impl Origin {
    /// The request that the current task serves, and its trace if there is one.
    pub(crate) fn here() -> Self {
        let mut origin = Self {
            keys: vec![REQUEST_ID],
            values: vec![request_id().unwrap_or_default()],
        };
        if let Some(trace) = traceparent() {
            origin.keys.push(TRACEPARENT);
            origin.values.push(trace);
        }
        origin
    }
}
