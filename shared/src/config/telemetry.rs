//! What is logged.

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// What is logged, and how.
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
