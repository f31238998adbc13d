//! The worker's settings.

use clap::Parser;
use shared::config::{Common, Problems, ProcessKind, ProviderKind};
use shared::jobs::Announce;
use shared::{App, db};
use std::net::IpAddr;
use std::sync::Arc;

/// Runs the background jobs of Property Lounge. Start as many as you like.
#[derive(Clone, Debug, Parser)]
#[command(name = "worker", version)]
pub struct Settings {
    /// The settings that every process has.
    #[command(flatten)]
    pub common: Common,
    /// Where the worker's health is served.
    #[arg(long, env = "WORKER_HOST", default_value = "127.0.0.1")]
    pub worker_host: IpAddr,
    /// The port of the worker's health; a busy one is a warning. 0 picks a free one.
    #[arg(long, env = "WORKER_PORT", default_value_t = 3002)]
    pub worker_port: u16,
    /// How many jobs of one kind run at once in this process.
    #[arg(long, env = "WORKER_CONCURRENCY", default_value_t = 8, value_parser = concurrency)]
    pub worker_concurrency: usize,
}

impl Settings {
    /// The operations' handle for these settings. Fails with every wrong setting.
    pub fn app(&self) -> Result<App, Problems> {
        self.common.app(ProcessKind {
            connection_name: "property-lounge-worker",
            instance: Arc::from("worker"),
            pool: db::worker_pool,
            // Only jobs that this process runs itself need no announcement.
            announce: match self.common.whatsapp.wa_provider {
                ProviderKind::QrLocal => Announce::Everyone,
                ProviderKind::Dummy | ProviderKind::CloudApi => Announce::Nobody,
            },
        })
    }
}

fn concurrency(given: &str) -> std::result::Result<usize, String> {
    match given.parse() {
        Ok(jobs @ 1..=256) => Ok(jobs),
        _ => Err("must be between 1 and 256".to_owned()),
    }
}
