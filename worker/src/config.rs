//! The worker's settings.

use clap::Parser;
use shared::config::{
    Appointments, Cloud, Company, Database, Distribution, ProviderKind, Telemetry, TextOverrides,
    WhatsApp, Words,
};
use shared::jobs::Announce;
use shared::{App, Clock, Result, db};
use std::net::IpAddr;
use std::sync::Arc;

/// Runs the background jobs of Property Lounge. Start as many as you like.
#[derive(Clone, Debug, Parser)]
#[command(name = "worker", version)]
pub struct Settings {
    /// Where the data lives.
    #[command(flatten)]
    pub database: Database,
    /// How leads are distributed.
    #[command(flatten)]
    pub distribution: Distribution,
    /// Which WhatsApp we speak through.
    #[command(flatten)]
    pub whatsapp: WhatsApp,
    /// How Meta is reached.
    #[command(flatten)]
    pub cloud: Cloud,
    /// Visits.
    #[command(flatten)]
    pub appointments: Appointments,
    /// Where the company is.
    #[command(flatten)]
    pub company: Company,
    /// What agents' words mean.
    #[command(flatten)]
    pub words: Words,
    /// What clients and salespeople read.
    #[command(flatten)]
    pub texts: TextOverrides,
    /// What is logged.
    #[command(flatten)]
    pub telemetry: Telemetry,
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
    /// The operations' handle for these settings.
    pub fn app(&self) -> Result<App> {
        let options = db::options(&self.database.database_url, "property-lounge-worker")?;
        let pool = db::worker_pool(options, self.database.database_connections);
        let (provider, meta) = self.cloud.connect(&self.whatsapp)?;
        Ok(App {
            calendar: self
                .appointments
                .calendar(Clock::database(), pool.clone())?,
            reminders: Arc::new(self.appointments.reminders()?),
            pool,
            clock: Clock::database(),
            provider,
            meta: Some(meta),
            distribution: self.distribution,
            // Only what this process works itself is found without a word.
            announce: match self.whatsapp.wa_provider {
                ProviderKind::QrLocal => Announce::Everyone,
                ProviderKind::Dummy | ProviderKind::CloudApi => Announce::Nobody,
            },
            instance: Arc::from("worker"),
            lexicon: Arc::new(self.words.lexicon()?),
            texts: Arc::new(self.texts.clone().catalogue()?),
            timezone: self.company.company_timezone,
            company_phone: self.whatsapp.property_lounge_wa.clone(),
        })
    }
}

fn concurrency(given: &str) -> std::result::Result<usize, String> {
    match given.parse() {
        Ok(jobs @ 1..=256) => Ok(jobs),
        _ => Err("must be between 1 and 256".to_owned()),
    }
}
