//! The api's settings.

use crate::auth::Auth;
use crate::meta::WebhookSecrets;
use clap::{Args, Parser, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use shared::config::{
    Appointments, Cloud, Company, Database, Distribution, ProviderKind, Telemetry, TextOverrides,
    WhatsApp, Words,
};
use shared::import::LeadColumns;
use shared::jobs::Announce;
use shared::{App, Clock, Error, Result, db};
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
    /// Bring users with their logins, the queue and the leads over from the old server's database.
    Import(Box<Import>),
    /// Print the OpenAPI document. Needs no database.
    Openapi,
    /// Ask a process on this host whether it is ready, for container images without a shell.
    Health {
        /// Its port: the api's, or a worker's.
        #[arg(long, default_value_t = 3001)]
        port: u16,
    },
}

/// The settings of `api import`.
#[derive(Args, Clone, Debug)]
pub struct Import {
    /// The old server's database.
    #[arg(long, env = "OLD_DATABASE_URL", hide_env_values = true)]
    pub old_database_url: SecretString,
    /// Where its `lead` table keeps what, if not where it is looked for: `phone=nomor_wa,owner=agen_id`.
    /// Fields: phone, name, status, progress, owner, source, metaLead, layer2, reason, note.
    #[arg(long, env = "OLD_LEAD_COLUMNS", default_value = "")]
    pub old_lead_columns: LeadColumns,
    /// The api's own settings.
    #[command(flatten)]
    pub settings: Settings,
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
    /// Who may post to the webhooks.
    #[command(flatten)]
    pub webhooks: Webhooks,
    /// How people sign in.
    #[command(flatten)]
    pub sign_in: SignIn,
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

/// How people sign in: better-auth's variables, with its meaning.
#[derive(Args, Clone, Debug)]
pub struct SignIn {
    /// Signs the session cookies. The old system's keeps its logins. Unset, a development secret that
    /// only the dummy provider on a loopback address takes.
    #[arg(long, env = "BETTER_AUTH_SECRET", hide_env_values = true)]
    pub better_auth_secret: Option<SecretString>,
    /// Where browsers reach the api; with https its cookie is for https only.
    #[arg(long, env = "BETTER_AUTH_URL", default_value = "http://localhost:3001")]
    pub better_auth_url: String,
    /// Origins whose pages may use the api, separated by commas; `*` stands for part of a host.
    #[arg(
        long,
        env = "BETTER_AUTH_TRUSTED_ORIGINS",
        default_value = "http://localhost:5173",
        value_delimiter = ','
    )]
    pub better_auth_trusted_origins: Vec<String>,
    /// Whether anybody may sign up; otherwise an admin makes users.
    #[arg(long, env = "AUTH_SIGN_UP", default_value_t = false, action = clap::ArgAction::Set)]
    pub auth_sign_up: bool,
    /// Whether tries to sign in are limited to three in ten seconds from one address.
    #[arg(long, env = "AUTH_RATE_LIMIT", default_value_t = true, action = clap::ArgAction::Set)]
    pub auth_rate_limit: bool,
    /// Whether a proxy of yours, and nobody else, reaches the api, and says in `X-Forwarded-For` where
    /// requests come from.
    #[arg(long, env = "AUTH_BEHIND_PROXY", default_value_t = false, action = clap::ArgAction::Set)]
    pub auth_behind_proxy: bool,
    /// Lets whoever sends it in `x-admin-token` connect WhatsApp; unset: signed-in admins alone.
    #[arg(long, env = "ADMIN_WHATSAPP_TOKEN", hide_env_values = true)]
    pub admin_whatsapp_token: Option<SecretString>,
}

/// Who may post to the webhooks.
#[derive(Args, Clone, Debug)]
pub struct Webhooks {
    /// The Meta app's secret, by which deliveries are signed; several, separated by commas, while one
    /// takes another's place. Needed for `cloud_api`.
    #[arg(
        long,
        env = "META_APP_SECRET",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub meta_app_secret: Vec<SecretString>,
    /// The word of Meta's handshake. Unset, `dev-verify-token`, which only the dummy provider on a
    /// loopback address takes.
    #[arg(long, env = "WHATSAPP_VERIFY_TOKEN", hide_env_values = true)]
    pub whatsapp_verify_token: Option<SecretString>,
    /// The token of leads in the flat shape, in `X-Meta-Leads-Token`; unset: only the dummy provider
    /// takes them.
    #[arg(long, env = "META_LEADS_TOKEN", hide_env_values = true)]
    pub meta_leads_token: Option<SecretString>,
}

/// Shakes hands while nothing is at stake: the seed's word.
const DEVELOPMENT_VERIFY_TOKEN: &str = "dev-verify-token";
/// The shortest secret that is none of a development's.
const SHORTEST_APP_SECRET: usize = 16;

/// The shortest token of whoever may connect WhatsApp.
const SHORTEST_ADMIN_TOKEN: usize = 16;

/// Signs cookies while nothing is at stake.
const DEVELOPMENT_SECRET: &str = "development-secret-that-no-production-takes";

impl Settings {
    /// How people sign in, for these settings. A development secret is refused where anybody but this
    /// machine could use it.
    pub fn auth(&self) -> Result<Auth> {
        let own = self.is_development();
        let secret = match &self.sign_in.better_auth_secret {
            Some(secret) if secret.expose_secret().len() >= 32 || own => secret.clone(),
            Some(_) => {
                return Err(Error::invalid(
                    "BETTER_AUTH_SECRET",
                    "must be at least 32 characters",
                ));
            }
            None if own => SecretString::from(DEVELOPMENT_SECRET),
            None => {
                let reason = "must be set unless WA_PROVIDER is dummy and HOST a loopback address";
                return Err(Error::invalid("BETTER_AUTH_SECRET", reason));
            }
        };
        if secret.expose_secret() == DEVELOPMENT_SECRET && !own {
            return Err(Error::invalid(
                "BETTER_AUTH_SECRET",
                "is the development secret",
            ));
        }
        let sign_in = &self.sign_in;
        let auth = Auth::new(
            secret,
            &sign_in.better_auth_url,
            &sign_in.better_auth_trusted_origins,
            sign_in.auth_sign_up,
            sign_in.auth_rate_limit,
        );
        let auth = if sign_in.auth_behind_proxy {
            auth.behind_proxy()
        } else {
            auth
        };
        let token = sign_in.admin_whatsapp_token.clone();
        match token.filter(|token| !token.expose_secret().is_empty()) {
            Some(token) if token.expose_secret().len() < SHORTEST_ADMIN_TOKEN && !own => {
                let reason = "must be at least 16 characters: it links phones to the company";
                Err(Error::invalid("ADMIN_WHATSAPP_TOKEN", reason))
            }
            Some(token) => Ok(auth.with_whatsapp_admin(token)),
            None => Ok(auth),
        }
    }

    /// Whether nobody but this machine can reach the api, and nothing is sent anywhere.
    fn is_development(&self) -> bool {
        self.whatsapp.wa_provider == ProviderKind::Dummy && self.host.is_loopback()
    }

    /// Who may post to the webhooks, for these settings. Fails closed: what `cloud_api` cannot do without
    /// is demanded, and what a development uses is refused where anybody but this machine could use it.
    pub fn webhook_secrets(&self) -> Result<WebhookSecrets> {
        let given = &self.webhooks;
        let own = self.is_development();
        let real = self.whatsapp.wa_provider == ProviderKind::CloudApi;
        let secrets: Vec<SecretString> = given
            .meta_app_secret
            .iter()
            .filter(|secret| !secret.expose_secret().trim().is_empty())
            .cloned()
            .collect();
        if real && secrets.is_empty() {
            let reason = "must be set for WA_PROVIDER=cloud_api: deliveries are signed with it";
            return Err(Error::invalid("META_APP_SECRET", reason));
        }
        let weak = |secret: &SecretString| {
            let secret = secret.expose_secret();
            secret.len() < SHORTEST_APP_SECRET || secret.starts_with("dev-")
        };
        if !own && secrets.iter().any(weak) {
            return Err(Error::invalid("META_APP_SECRET", "is a development secret"));
        }
        let token = given.whatsapp_verify_token.clone();
        let token = token.filter(|token| !token.expose_secret().is_empty());
        let token = match token {
            Some(token) if !own && token.expose_secret() == DEVELOPMENT_VERIFY_TOKEN => {
                return Err(Error::invalid(
                    "WHATSAPP_VERIFY_TOKEN",
                    "is the development token",
                ));
            }
            None if real => {
                let reason = "must be set for WA_PROVIDER=cloud_api: Meta's handshake names it";
                return Err(Error::invalid("WHATSAPP_VERIFY_TOKEN", reason));
            }
            None if own => Some(SecretString::from(DEVELOPMENT_VERIFY_TOKEN)),
            token => token,
        };
        let leads = given.meta_leads_token.clone();
        let leads = leads.filter(|token| !token.expose_secret().is_empty());
        Ok(WebhookSecrets::new(secrets, token, leads))
    }

    /// The operations' handle for these settings.
    pub fn app(&self) -> Result<App> {
        let options = db::options(&self.database.database_url, "property-lounge-api")?;
        let pool = db::pool(options, self.database.database_connections);
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
            instance: Arc::from(format!("api/{}", std::process::id())),
            lexicon: Arc::new(self.words.lexicon()?),
            texts: Arc::new(self.texts.clone().catalogue()?),
            timezone: self.company.company_timezone,
            company_phone: self.whatsapp.property_lounge_wa.clone(),
        })
    }
}
