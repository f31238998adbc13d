//! Sends traces to a collector, by OTLP over HTTP (`https://opentelemetry.io/docs/specs/otlp/`).
//!
//! The library collects ended spans in a bounded queue and sends them from a thread of its own. What a collector does not take
//! is counted and dropped: tracing never delays a lead.

use crate::config::Telemetry;
use crate::metrics;
use crate::providers::graph::choose_tls;
use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// The timeout of a call to the collector.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the last spans may take when a process ends: a part of the time that it has after SIGTERM.
const LAST: Duration = Duration::from_secs(2);
/// The path of the signal, as the specification has it below a base address.
const PATH: &str = "v1/traces";

/// The traces of this process. Empty if none are made.
#[derive(Debug, Default)]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Traces to the collector of the settings. Inside tokio's runtime.
    pub(super) fn open(settings: &Telemetry, service: &'static str) -> Self {
        let Some(base) = settings.collector() else {
            return Self(None);
        };
        let Some(collector) = Collector::new() else {
            return Self(None);
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(format!("{}/{PATH}", base.trim_end_matches('/')))
            .with_headers(settings.collector_headers())
            .build();
        let Ok(exporter) = exporter else {
            return Self(None);
        };
        let resource = Resource::builder()
            .with_service_name(service)
            .with_attribute(KeyValue::new("service.namespace", "property-lounge"))
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(settings.sampler())
            .with_resource(resource)
            .build();
        Self(Some(provider))
    }

    pub(super) fn tracer(&self) -> Option<SdkTracer> {
        let provider = self.0.as_ref()?;
        Some(provider.tracer("property-lounge"))
    }

    /// Whether traces are made.
    pub(super) fn are_made(&self) -> bool {
        self.0.is_some()
    }

    /// Sends the last spans, for two seconds at most.
    pub async fn end(self) {
        let Some(provider) = self.0 else {
            return;
        };
        // The library waits for its thread.
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "traces.cut: the last spans were not sent");
        }
    }
}

/// The collector, called from the library's thread through this process's runtime and its TLS.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    runtime: Handle,
    /// Whether the last call failed: a collector that is away is logged once.
    fails: AtomicBool,
}

impl Collector {
    fn new() -> Option<Self> {
        choose_tls();
        let http = reqwest::Client::builder()
            .timeout(ANSWER)
            .user_agent("property-lounge")
            // The headers can have a credential, which must not follow a redirection.
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Some(Self {
            http: http.ok()?,
            runtime: Handle::try_current().ok()?,
            fails: AtomicBool::new(false),
        })
    }

    fn count(&self, failure: Option<&str>) {
        metrics::traces_sent(failure.is_none());
        match failure {
            None => self.fails.store(false, Ordering::Relaxed),
            Some(reason) if !self.fails.swap(true, Ordering::Relaxed) => {
                tracing::warn!(
                    reason,
                    "traces.not_sent: spans are dropped until the collector takes them"
                );
            }
            Some(_) => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (http, request) = (self.http.clone(), reqwest::Request::try_from(request)?);
        let call = self.runtime.spawn(async move {
            let response = http.execute(request).await?;
            let status = response.status();
            response.bytes().await.map(|body| (status, body))
        });
        // An error of reqwest names the address, which can have a password in it.
        let answer = call.await?.map_err(reqwest::Error::without_url);
        match &answer {
            Ok((status, _)) if status.is_success() => self.count(None),
            Ok((status, _)) => self.count(Some(status.as_str())),
            Err(error) if error.is_timeout() => self.count(Some("no answer in time")),
            Err(_) => self.count(Some("cannot be reached")),
        }
        let (status, body) = answer?;
        Ok(Response::builder().status(status).body(body)?)
    }
}
