//! The api's settings.

use clap::{Args, Parser, Subcommand};
use shared::config::{Database, Distribution, Telemetry, TextOverrides, WhatsApp, Words};
use shared::jobs::Announce;
use shared::providers::provider;
use shared::{App, Clock, Result, db};
use std::net::IpAddr;
use std::sync::Arc;

/// The HTTP door of Property Lounge.
#[derive(Debug, Parser)]
#[command(name = "api", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the api binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve HTTP.
    Serve(Box<Settings>),
    /// Bring the database's schema up to date; create the database if its server has none.
    Migrate(Database),
    /// Fill a database that has no users with Sales A to F and an admin, and print their passwords.
    Seed(Box<Settings>),
    /// Print the OpenAPI document. Needs no database.
    Openapi,
    /// Ask a process on this host whether it is ready, for container images without a shell.
    Health {
        /// Its port: the api's, or a worker's.
        #[arg(long, default_value_t = 3001)]
        port: u16,
    },
}

/// The settings of `api serve`.
#[derive(Args, Clone, Debug)]
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
    /// What agents' words mean.
    #[command(flatten)]
    pub words: Words,
    /// What clients and salespeople read.
    #[command(flatten)]
    pub texts: TextOverrides,
    /// What is logged.
    #[command(flatten)]
    pub telemetry: Telemetry,
    /// The address to serve on.
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// The port to serve on. 0 picks a free one.
    #[arg(long, env = "PORT", default_value_t = 3001)]
    pub port: u16,
}

impl Settings {
    /// The operations' handle for these settings.
    pub fn app(&self) -> Result<App> {
        let options = db::options(&self.database.database_url, "property-lounge-api")?;
        Ok(App {
            pool: db::pool(options, self.database.database_connections),
            clock: Clock::database(),
            provider: provider(self.whatsapp.wa_provider),
            distribution: self.distribution,
            announce: Announce::Everyone,
            instance: Arc::from(format!("api/{}", std::process::id())),
            lexicon: Arc::new(self.words.lexicon()?),
            texts: Arc::new(self.texts.clone().catalogue()?),
            company_phone: self.whatsapp.property_lounge_wa.clone(),
        })
    }
}
