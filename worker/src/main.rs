//! The `worker` binary.

use anyhow::Context;
use clap::Parser;
use shared::telemetry;
use worker::config::Settings;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // The environment wins over `.env`.
    dotenvy::dotenv().ok();
    let settings = Settings::parse();
    telemetry::init(&settings.telemetry);
    let app = settings.app().context("the settings are wrong")?;

    let stop = worker::stop_on_signals().context("cannot listen for signals")?;
    worker::run(&settings, app, stop).await?;
    Ok(())
}
