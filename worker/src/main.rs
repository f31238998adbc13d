//! The `worker` binary.

use anyhow::Context;
use clap::Parser;
use shared::telemetry;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use worker::config::Settings;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // The environment wins over `.env`.
    dotenvy::dotenv().ok();
    let settings = Settings::parse();
    telemetry::init(&settings.telemetry);
    let app = settings.app().context("the settings are wrong")?;

    let (stopping, stop) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("worker.stopping: finishing the jobs at hand");
        stopping.send_replace(true);
    });
    worker::run(&settings, app, stop).await?;
    Ok(())
}
