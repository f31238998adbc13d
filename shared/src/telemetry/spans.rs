//! The spans of traces, their names and attributes. They follow `OpenTelemetry`'s semantic conventions
//! (`https://opentelemetry.io/docs/specs/semconv/`) for HTTP servers, and for messaging: a job is a message to a worker.
//!
//! They are spans of `tracing` with a target of their own, so that log lines stay as they are. Without traces they are
//! disabled, which costs a comparison.

use opentelemetry::Context;
use opentelemetry::context::FutureExt;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;
use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;
use tracing::field::Empty;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// The target of spans that are sent to the collector.
const TARGET: &str = "traces";
/// The programs whose log lines become events of the span that they are in.
const OURS: [&str; 4] = ["api", "worker", "shared", "device"];
/// The name of the header, and of the stored field: `https://www.w3.org/TR/trace-context/`.
pub(crate) const TRACEPARENT: &str = "traceparent";
/// The status of a span whose work failed. Its attributes say why.
const FAILED: Status = Status::Error {
    description: Cow::Borrowed(""),
};
/// A job that runs later than this after it was enqueued begins a trace of its own, with a link to the trace that enqueued it.
/// Else a trace would last as long as the chain of a lead's offers.
const SAME_TRACE: Duration = Duration::from_secs(60);

/// Makes spans of the traces, and events of our log lines from `info` on.
pub(super) fn layer<S>(tracer: SdkTracer) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let is_ours = |target: &str| {
        let program = target.split("::").next().unwrap_or_default();
        OURS.contains(&program)
    };
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(move |about| {
            if about.is_span() {
                about.target() == TARGET
            } else {
                *about.level() <= Level::INFO && is_ours(about.target())
            }
        }))
}

/// The place of the present span in its trace, in the form of the W3C's `traceparent`. `None` if no traces are made. That of a
/// trace that is not sampled says so, and what follows is not sampled, either.
pub fn traceparent() -> Option<String> {
    let context = Context::current();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut fields = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut fields);
    fields.remove(TRACEPARENT)
}

/// Runs work that belongs to no trace: what it enqueues begins traces of its own.
pub async fn apart<D>(work: impl Future<Output = D>) -> D {
    work.with_context(Context::new()).await
}

/// Whether the present span is sent to the collector.
pub fn is_sampled() -> bool {
    Context::current().span().span_context().is_sampled()
}

fn context_of(traceparent: &str) -> Context {
    let fields = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    // Into an empty context: the present span must not become the parent of what names none.
    TraceContextPropagator::new().extract_with_context(&Context::new(), &fields)
}

/// Makes a span the child of one that another process made.
fn continue_from(span: &Span, traceparent: Option<&str>) {
    if let Some(traceparent) = traceparent.filter(|_| !span.is_disabled()) {
        // Fails only for a span that began.
        span.set_parent(context_of(traceparent)).ok();
    }
}

/// A request to the api.
#[derive(Debug)]
pub struct RequestSpan(Span);

impl RequestSpan {
    /// Begins it. `traceparent` is the caller's header, if the caller is trusted.
    pub fn begin(method: &str, request_id: &str, traceparent: Option<&str>) -> Self {
        let span = tracing::trace_span!(
            target: TARGET,
            "request",
            otel.kind = "server",
            otel.name = method,
            http.request.method = method,
            http.response.status_code = Empty,
            operation = Empty,
            request_id,
        );
        continue_from(&span, traceparent);
        Self(span)
    }

    /// The span, to do the work in.
    pub fn span(&self) -> Span {
        self.0.clone()
    }

    /// Records the answer: the operation of the API document, and the status.
    pub fn answered(&self, method: &str, operation: Option<&str>, status: u16) {
        if self.0.is_disabled() {
            return;
        }
        if let Some(operation) = operation {
            // A name that is recorded after the span began is ignored.
            let name = format!("{method} {operation}");
            self.0.context().span().update_name(name);
            self.0.record("operation", operation);
        }
        self.0
            .record("http.response.status_code", i64::from(status));
        if status >= 500 {
            self.0.set_status(FAILED);
        }
    }
}

/// A run of a job.
#[derive(Debug)]
pub struct JobSpan(Span);

impl JobSpan {
    /// Begins it. `cause` is the trace that enqueued the job, `waited` how long ago.
    pub fn begin(
        queue: &'static str,
        id: &str,
        request_id: &str,
        (cause, waited): (Option<&str>, Duration),
    ) -> Self {
        let span = tracing::trace_span!(
            target: TARGET,
            parent: None,
            "job",
            otel.kind = "consumer",
            otel.name = queue,
            messaging.system = "property-lounge",
            messaging.operation.type = "process",
            messaging.destination.name = queue,
            messaging.message.id = id,
            outcome = Empty,
            request_id,
        );
        if waited <= SAME_TRACE {
            continue_from(&span, cause);
        } else if let Some(cause) = cause.filter(|_| !span.is_disabled()) {
            span.add_link(context_of(cause).span().span_context().clone());
        }
        Self(span)
    }

    /// The span, to do the work in.
    pub fn span(&self) -> Span {
        self.0.clone()
    }

    /// Records what becomes of the job.
    pub fn ended(&self, outcome: &'static str) {
        self.0.record("outcome", outcome);
        if outcome == "retry" || outcome == "dead" {
            self.0.set_status(FAILED);
        }
    }
}

/// A call to an outside service.
#[derive(Debug)]
pub struct CallSpan(Span);

impl CallSpan {
    /// Begins it.
    pub fn begin(service: &'static str) -> Self {
        Self(tracing::trace_span!(
            target: TARGET,
            "call",
            otel.kind = "client",
            otel.name = service,
            peer.service = service,
            error.type = Empty,
            class = Empty,
        ))
    }

    /// The span, to make the call in.
    pub fn span(&self) -> Span {
        self.0.clone()
    }

    /// Records the class of the answer: `accepted`, or that of the failure.
    pub fn answered(&self, class: &'static str) {
        self.0.record("class", class);
        if class != "accepted" {
            self.0.set_status(FAILED);
            self.0.record("error.type", class);
        }
    }
}

/// A status of a message, in the trace that sent the message.
pub fn of_status(status: &'static str, traceparent: &str) {
    let span = tracing::trace_span!(
        target: TARGET,
        parent: None,
        "status",
        otel.kind = "consumer",
        otel.name = format!("status {status}"),
        status,
    );
    continue_from(&span, Some(traceparent));
    // The trace of the delivery that reported it.
    let delivery = Context::current().span().span_context().clone();
    if delivery.is_valid() {
        span.add_link(delivery);
    }
    span.in_scope(|| {});
}

#[cfg(test)]
mod tests {
    use super::{JobSpan, RequestSpan, SAME_TRACE, is_sampled, layer, traceparent};
    use opentelemetry::trace::{Status, TracerProvider};
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().expect("nobody panicked").extend(batch);
            Ok(())
        }
    }

    /// The spans that `work` makes, in the order in which they end.
    fn made_by(work: impl FnOnce()) -> Vec<SpanData> {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(kept.clone())
            .build();
        let traced = tracing_subscriber::registry().with(layer(provider.tracer("test")));
        tracing::subscriber::with_default(traced, work);
        let made = kept.0.lock().expect("nobody panicked");
        made.clone()
    }

    fn enqueued_by_a_request() -> String {
        let request = RequestSpan::begin("POST", "r", None);
        request.span().in_scope(traceparent).expect("a trace")
    }

    #[test]
    fn a_job_that_runs_soon_is_in_the_trace_of_what_enqueued_it() {
        let spans = made_by(|| {
            let cause = enqueued_by_a_request();
            JobSpan::begin("q", "1", "r", (Some(&cause), SAME_TRACE)).ended("done");
        });
        let [request, job] = &spans[..] else {
            panic!("{spans:?}");
        };
        assert_eq!(job.span_context.trace_id(), request.span_context.trace_id());
        assert_eq!(job.parent_span_id, request.span_context.span_id());
        assert_eq!(job.name, "q");
        assert_eq!(job.status, Status::Unset);
    }

    #[test]
    fn a_deadline_begins_a_trace_with_a_link_to_what_enqueued_it() {
        let spans = made_by(|| {
            let cause = enqueued_by_a_request();
            let waited = Duration::from_secs(300);
            JobSpan::begin("q", "1", "r", (Some(&cause), waited)).ended("retry");
        });
        let [request, job] = &spans[..] else {
            panic!("{spans:?}");
        };
        assert_ne!(job.span_context.trace_id(), request.span_context.trace_id());
        let link = &job.links[0].span_context;
        assert_eq!(link.trace_id(), request.span_context.trace_id());
        assert_eq!(link.span_id(), request.span_context.span_id());
        assert!(matches!(job.status, Status::Error { .. }));
    }

    #[test]
    fn a_job_of_a_request_that_is_not_sampled_is_not_sampled() {
        let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let spans = made_by(|| {
            let request = RequestSpan::begin("POST", "r", Some(caller));
            let cause = request.span().in_scope(traceparent).expect("a trace");
            assert!(!request.span().in_scope(is_sampled));
            drop(request);
            JobSpan::begin("q", "1", "r", (Some(&cause), SAME_TRACE)).ended("done");
        });
        assert!(spans.is_empty(), "{spans:?}");
    }

    #[test]
    fn without_traces_nothing_is_made_and_jobs_store_no_trace() {
        let request = RequestSpan::begin("GET", "r", None);
        assert!(request.span().is_disabled());
        assert_eq!(request.span().in_scope(traceparent), None);
    }

    #[test]
    fn what_a_caller_writes_instead_of_a_trace_is_ignored() {
        for wrong in [
            "",
            "00-0-0-01",
            "zz",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ] {
            let spans = made_by(|| drop(RequestSpan::begin("GET", "r", Some(wrong))));
            assert!(spans[0].span_context.is_valid(), "{wrong}");
            assert_eq!(spans[0].links.len(), 0);
        }
    }
}
