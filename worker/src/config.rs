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
    /// How many connections only rolls use, in addition to `DATABASE_CONNECTIONS`. As many rolls run at once.
    #[arg(long, env = "WORKER_ROLL_CONNECTIONS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub worker_roll_connections: u32,
    /// How many jobs of one kind run at once in this process.
    #[arg(long, env = "WORKER_CONCURRENCY", default_value_t = 8, value_parser = concurrency)]
    pub worker_concurrency: usize,
}

impl Settings {
    /// How many connections the queue's records use: half of `DATABASE_CONNECTIONS`. One of them listens.
    pub(crate) fn bookkeeping_connections(&self) -> u32 {
        self.common.database.database_connections.div_ceil(2).max(2)
    }

    /// How many rolls run at once.
    pub(crate) fn roll_slots(&self) -> usize {
        usize::try_from(self.worker_roll_connections).unwrap_or(1)
    }

    /// The operations' handle for these settings. Fails with every wrong setting.
    pub fn app(&self) -> Result<App, Problems> {
        self.common.app(ProcessKind {
            connection_name: "property-lounge-worker",
            instance: Arc::from("worker"),
            // The other half is for the queue's records.
            pool: |options, connections| db::worker_pool(options, connections.div_ceil(2).max(2)),
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
