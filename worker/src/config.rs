//! The worker's settings.

use clap::{Args, Parser};
use secrecy::SecretString;
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
    /// How long rows are kept.
    #[command(flatten)]
    pub keep: Keep,
    /// Where the worker's health is served.
    #[arg(long, env = "WORKER_HOST", default_value = "127.0.0.1")]
    pub worker_host: IpAddr,
    /// The port of the worker's health; a busy one is a warning. 0 picks a free one.
    #[arg(long, env = "WORKER_PORT", default_value_t = 3002)]
    pub worker_port: u16,
    /// How many connections only rolls use, in addition to `DATABASE_CONNECTIONS`. As many rolls run at once.
    #[arg(long, env = "WORKER_ROLL_CONNECTIONS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub worker_roll_connections: u32,
    /// An address that a worker asks for every minute while the audit runs and no offer is overdue: the heartbeat of a service
    /// that calls a person when it stops. Unset: none.
    #[arg(long, env = "HEARTBEAT_URL", hide_env_values = true)]
    pub heartbeat_url: Option<SecretString>,
    /// Check the settings, print every wrong one, and exit. Connects to nothing.
    #[arg(long)]
    pub check: bool,
    /// How many jobs of one kind run at once in this process. Eight times as many messages are sent at once.
    #[arg(long, env = "WORKER_CONCURRENCY", default_value_t = 8, value_parser = concurrency)]
    pub worker_concurrency: usize,
}

/// How long rows are kept, in days. `docs/operators/retention.md` has a row for each table.
#[derive(Args, Clone, Copy, Debug)]
pub struct Keep {
    /// Webhook deliveries that were handled, and sends that came to nothing. Meta may deliver again for a week.
    #[arg(long, env = "KEEP_DELIVERIES_DAYS", default_value_t = 7, value_parser = clap::value_parser!(u16).range(7..))]
    pub keep_deliveries_days: u16,
    /// Dead letters, and the failed tries of jobs.
    #[arg(long, env = "KEEP_FAILURES_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    pub keep_failures_days: u16,
    /// What operators and admins did with many rows at once, events of the WhatsApp account, breaches, leads of forms that
    /// were taken.
    #[arg(long, env = "KEEP_RECORDS_DAYS", default_value_t = 365, value_parser = clap::value_parser!(u16).range(90..))]
    pub keep_records_days: u16,
    /// WhatsApp messages. The lead and its history stay.
    #[arg(long, env = "KEEP_MESSAGES_DAYS", default_value_t = 730, value_parser = clap::value_parser!(u16).range(90..))]
    pub keep_messages_days: u16,
    /// The name, number and words of clients whose leads are closed, hangus, sold or lost, after the last message or visit. 0
    /// keeps them. The lead stays in the figures.
    #[arg(long, env = "KEEP_CLOSED_LEADS_DAYS", default_value_t = 0, value_parser = closed_leads)]
    pub keep_closed_leads_days: u16,
}

/// 0 for ever; less than a month would erase clients who still think about it.
fn closed_leads(typed: &str) -> Result<u16, String> {
    match typed.parse() {
        Ok(days @ (0 | 30..)) => Ok(days),
        _ => Err("must be 0, or 30 days or more".to_owned()),
    }
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
