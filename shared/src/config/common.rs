//! The settings that every process has.

use super::{
    Appointments, Cloud, Company, Database, Distribution, LexiconPhrases, Problems, Telemetry,
    TextOverrides, WhatsApp,
};
use crate::jobs::Announce;
use crate::{App, Clock, db};
use clap::Args;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::sync::Arc;

/// The settings that every process has.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Where the data is.
    #[command(flatten)]
    pub database: Database,
    /// How leads are distributed.
    #[command(flatten)]
    pub distribution: Distribution,
    /// Which WhatsApp provider is used.
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
    /// What agents and managers can write.
    #[command(flatten)]
    pub lexicon: LexiconPhrases,
    /// What clients and salespeople read.
    #[command(flatten)]
    pub texts: TextOverrides,
    /// What is logged.
    #[command(flatten)]
    pub telemetry: Telemetry,
}

/// What kind of process uses the settings.
pub struct ProcessKind {
    /// The name in `pg_stat_activity`.
    pub connection_name: &'static str,
    /// The name in the event log, until the process knows its number.
    pub instance: Arc<str>,
    /// Makes the pool for domain transactions.
    pub pool: fn(PgConnectOptions, u32) -> PgPool,
    /// Whether the jobs that a roll enqueues are announced.
    pub announce: Announce,
}

impl Common {
    /// The operations' handle for these settings. Connects to nothing yet.
    ///
    /// Fails with every wrong setting.
    pub fn app(&self, process: ProcessKind) -> Result<App, Problems> {
        let mut problems = Problems::default();
        let options = db::options(&self.database.database_url, process.connection_name);
        let pool = problems
            .check(options)
            .map(|options| (process.pool)(options, self.database.database_connections));
        let connected = self.cloud.connect(&self.whatsapp, &mut problems);
        let calendar = pool.clone().and_then(|pool| {
            self.appointments
                .calendar(Clock::database(), pool, &mut problems)
        });
        let reminders = self.appointments.reminders(&mut problems);
        let lexicon = problems.check(self.lexicon.lexicon());
        let summary_at = problems.check(self.company.summary_at());
        let texts = self.texts.clone().catalogue(&mut problems);
        let app = || {
            let (provider, meta) = connected?;
            Some(App {
                pool: pool?,
                clock: Clock::database(),
                provider,
                inbox: Arc::default(),
                sending: Arc::default(),
                distribution: self.distribution,
                announce: process.announce,
                instance: process.instance,
                lexicon: Arc::new(lexicon?),
                texts: Arc::new(texts),
                meta: Some(meta),
                reminders: Arc::new(reminders?),
                calendar: calendar?,
                timezone: self.company.company_timezone,
                summary_at: summary_at?,
                company_phone: self.whatsapp.property_lounge_wa.clone(),
            })
        };
        let app = app();
        problems.finish(app)
    }
}
