//! The `worker` binary.

#![allow(
    clippy::print_stderr,
    reason = "wrong settings are printed for the person who started the process"
)]

use shared::config::{Problems, parse};
use shared::telemetry;
use std::process::ExitCode;
use worker::config::Settings;

/// Exits with 2 if a setting is wrong, and with 1 after any other failure.
#[tokio::main]
async fn main() -> ExitCode {
    // The environment wins over `.env`.
    dotenvy::dotenv().ok();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(if error.is::<Problems>() { 2 } else { 1 })
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let (settings, mut problems) = parse::<Settings>();
    let app = problems.collect(settings.app());
    let app = problems.finish(app)?;
    if settings.check {
        return Ok(());
    }
    let traces = telemetry::init(&settings.common.telemetry, "worker");
    let stop = worker::stop_on_signals()?;
    worker::run(&settings, app, stop).await?;
    traces.end().await;
    Ok(())
}
