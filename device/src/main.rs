//! The `device` binary.

use anyhow::Context;
use clap::Parser;
use device::config::Settings;
use shared::telemetry;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // The environment wins over `.env`.
    dotenvy::dotenv().ok();
    let settings = Settings::parse();
    telemetry::init(&settings.telemetry);
    device::quiet_client(&settings.telemetry);
    let app = settings.app().context("the settings are wrong")?;

    let (stopping, stop) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("device.stopping: finishing the messages at hand");
        stopping.send_replace(true);
    });
    device::run(&settings, app, stop)
        .await
        .context("the device cannot run")
}
