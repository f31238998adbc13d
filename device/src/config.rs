//! The device's settings.

use clap::Parser;
use shared::config::{
    Appointments, Cloud, Company, Database, Device, Distribution, ProviderKind, Telemetry,
    TextOverrides, WhatsApp, Words,
};
use shared::jobs::Announce;
use shared::{App, Clock, Error, Result, db};
use std::sync::Arc;

/// Links a phone's WhatsApp and carries its messages (`WA_PROVIDER=qr_local`). Start two, and the second
/// waits to take the first one's place.
#[derive(Clone, Debug, Parser)]
#[command(name = "device", version)]
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
    /// How a phone is linked.
    #[command(flatten)]
    pub device: Device,
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
    /// A mock of WhatsApp, which only the tests' build can be pointed to.
    #[cfg(feature = "mock-server")]
    #[arg(long, env = "WA_MOCK_URL")]
    pub wa_mock_url: Option<String>,
}

impl Settings {
    /// The operations' handle for these settings.
    pub fn app(&self) -> Result<App> {
        if self.whatsapp.wa_provider != ProviderKind::QrLocal {
            let reason = "must be qr_local: the device has nothing to do for another provider";
            return Err(Error::invalid("WA_PROVIDER", reason));
        }
        let options = db::options(&self.database.database_url, "property-lounge-device")?;
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
            announce: Announce::Everyone,
            instance: Arc::from("device"),
            lexicon: Arc::new(self.words.lexicon()?),
            texts: Arc::new(self.texts.clone().catalogue()?),
            timezone: self.company.company_timezone,
            company_phone: self.whatsapp.property_lounge_wa.clone(),
        })
    }
}
