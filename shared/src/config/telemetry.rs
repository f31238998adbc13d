//! What is logged.

use clap::{Args, ValueEnum};

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
