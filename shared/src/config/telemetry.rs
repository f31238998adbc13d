//! What is logged, measured and traced.

use clap::{Args, ValueEnum};
use opentelemetry_sdk::trace::Sampler;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use subtle::ConstantTimeEq;

/// What is logged, measured and traced, and how.
#[derive(Args, Clone, Debug)]
pub struct Telemetry {
    /// Which lines are logged: a level, or directives as `info,sqlx=warn`.
    #[arg(
        long,
        env = "LOG",
        default_value = "info,apalis=warn,apalis_core=warn,apalis_postgres=warn"
    )]
    pub log: String,
    /// The token that Prometheus must send (`Authorization: Bearer …`) to read the metrics of a process. If it is not set, the
    /// metrics need no token.
    #[arg(long, env = "METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<SecretString>,
    /// `text` for a person, `json` for a machine.
    #[arg(long, env = "LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// The address of an `OpenTelemetry` collector (OTLP over HTTP), without `/v1/traces`. Unset: no traces.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true, value_parser = collector)]
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// Headers for the collector, for example its token: `name=value,name=value`, with values as in a URL.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_HEADERS", hide_env_values = true, value_parser = headers)]
    pub otel_exporter_otlp_headers: Option<SecretString>,
    /// Which traces are sent.
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER",
        default_value = "parentbased_always_on"
    )]
    pub otel_traces_sampler: TraceSampler,
    /// The share of the traces that the samplers with `traceidratio` send, between 0 and 1.
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value = "1", value_parser = share)]
    pub otel_traces_sampler_arg: f64,
}

/// Which traces are sent, by the names that `OpenTelemetry`'s specification gives. With `parentbased` a job follows the request
/// that enqueued it.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum TraceSampler {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A share, by the trace's id.
    #[value(name = "traceidratio")]
    TraceIdRatio,
    /// All, unless the caller's is not sampled.
    #[value(name = "parentbased_always_on")]
    ParentBasedAlwaysOn,
    /// Only those that a caller began.
    #[value(name = "parentbased_always_off")]
    ParentBasedAlwaysOff,
    /// A share of those that begin here.
    #[value(name = "parentbased_traceidratio")]
    ParentBasedTraceIdRatio,
}

/// A collector's address; empty for none.
fn collector(typed: &str) -> Result<String, String> {
    match reqwest::Url::parse(typed) {
        _ if typed.is_empty() => Ok(String::new()),
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => {
            Ok(typed.to_owned())
        }
        _ => Err("must be an address that begins with http:// or https://".to_owned()),
    }
}

fn headers(typed: &str) -> Result<SecretString, String> {
    let is_good = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or_default();
        reqwest::header::HeaderName::try_from(name.trim()).is_ok()
            && reqwest::header::HeaderValue::try_from(decoded(value)).is_ok()
    };
    if typed.is_empty() || typed.split(',').all(is_good) {
        return Ok(SecretString::from(typed.to_owned()));
    }
    Err("must be name=value pairs, separated by commas".to_owned())
}

fn decoded(value: &str) -> String {
    percent_decode_str(value.trim())
        .decode_utf8_lossy()
        .into_owned()
}

fn share(typed: &str) -> Result<f64, String> {
    match typed.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("must be between 0 and 1".to_owned()),
    }
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// One line for a person.
    Text,
    /// One JSON object a line.
    Json,
}

impl Telemetry {
    /// The collector's address. `None`: no traces.
    pub(crate) fn collector(&self) -> Option<&str> {
        let address = self.otel_exporter_otlp_endpoint.as_deref();
        address.filter(|address| !address.is_empty())
    }

    /// The headers that the collector is sent.
    pub(crate) fn collector_headers(&self) -> HashMap<String, String> {
        let typed = self.otel_exporter_otlp_headers.as_ref();
        let typed = typed.map(ExposeSecret::expose_secret).unwrap_or_default();
        let pairs = typed.split(',').filter_map(|pair| pair.split_once('='));
        pairs
            .map(|(name, value)| (name.trim().to_owned(), decoded(value)))
            .collect()
    }

    /// Which traces are sent.
    pub(crate) fn sampler(&self) -> Sampler {
        let ratio = Sampler::TraceIdRatioBased(self.otel_traces_sampler_arg);
        match self.otel_traces_sampler {
            TraceSampler::AlwaysOn => Sampler::AlwaysOn,
            TraceSampler::AlwaysOff => Sampler::AlwaysOff,
            TraceSampler::TraceIdRatio => ratio,
            TraceSampler::ParentBasedAlwaysOn => Sampler::ParentBased(Box::new(Sampler::AlwaysOn)),
            TraceSampler::ParentBasedAlwaysOff => {
                Sampler::ParentBased(Box::new(Sampler::AlwaysOff))
            }
            TraceSampler::ParentBasedTraceIdRatio => Sampler::ParentBased(Box::new(ratio)),
        }
    }

    /// Whether a request with this `Authorization` header can read the metrics.
    pub fn lets_read_metrics(&self, authorization: Option<&str>) -> bool {
        let token = self.metrics_token.as_ref().map(ExposeSecret::expose_secret);
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return true;
        };
        let given = authorization.and_then(|header| header.strip_prefix("Bearer "));
        given.is_some_and(|given| given.as_bytes().ct_eq(token.as_bytes()).into())
    }
}
