//! The `device` binary.

use anyhow::Context;
use clap::Parser;
use device::config::Settings;
use shared::telemetry;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // The environment wins over `.env`.
    dotenvy::dotenv().ok();
    let settings = Settings::parse();
    telemetry::init(&settings.telemetry);
    device::quiet_client(&settings.telemetry);
    let app = settings.app().context("the settings are wrong")?;

    let stop = worker::stop_on_signals().context("cannot listen for signals")?;
    device::run(&settings, app, stop)
        .await
        .context("the device cannot run")
}
