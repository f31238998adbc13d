//! The api's settings.

use crate::auth::{Auth, CodesFor};
use crate::connections::Limits;
use crate::intake::Intake;
use crate::meta::WebhookSecrets;
use crate::secrets::{ADMIN_TOKEN, APP_SECRET, LEADS_TOKEN, Rule, SESSION_SECRET, VERIFY_TOKEN};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use shared::config::{Common, Problems, ProcessKind, ProviderKind};
use shared::jobs::Announce;
use shared::{App, Error, Result, db};
use std::net::IpAddr;
use std::sync::Arc;

/// The settings of `api serve`.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// The settings that every process has.
    #[command(flatten)]
    pub common: Common,
    /// Secrets of the webhooks.
    #[command(flatten)]
    pub webhooks: Webhooks,
    /// Sign-in.
    #[command(flatten)]
    pub sign_in: SignIn,
    /// Connections.
    #[command(flatten)]
    pub serving: Serving,
    /// The address to serve on.
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// The port to serve on. 0 picks a free one.
    #[arg(long, env = "PORT", default_value_t = 3001)]
    pub port: u16,
}

/// Connections and health.
#[derive(Args, Clone, Debug)]
pub struct Serving {
    /// The most connections at once. Those of the live feed are not counted.
    #[arg(long, env = "API_MAX_CONNECTIONS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub api_max_connections: u32,
    /// The most connections at once of one client. Not used with `AUTH_BEHIND_PROXY`, and not for this machine.
    #[arg(long, env = "API_MAX_CONNECTIONS_PER_CLIENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub api_max_connections_per_client: u32,
    /// Where the api's health is served, apart from everything else, so that it answers when all connections are taken.
    #[arg(long, env = "API_HEALTH_HOST", default_value = "127.0.0.1")]
    pub api_health_host: IpAddr,
    /// The port of it; a busy one is a warning. 0 picks a free one.
    #[arg(long, env = "API_HEALTH_PORT", default_value_t = 3004)]
    pub api_health_port: u16,
}

/// Sign-in: better-auth's variables, with their meaning.
#[derive(Args, Clone, Debug)]
pub struct SignIn {
    /// Signs the session cookies. With the previous server's secret, its sessions continue. Unset: a development
    /// secret that only the dummy provider on a loopback address accepts.
    #[arg(long, env = "BETTER_AUTH_SECRET", hide_env_values = true)]
    pub better_auth_secret: Option<SecretString>,
    /// Secrets that `BETTER_AUTH_SECRET` replaced, separated by commas: their cookies are accepted until they are renewed, so
    /// that nobody is signed out. Remove one after seven days.
    #[arg(
        long,
        env = "BETTER_AUTH_OLD_SECRETS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub better_auth_old_secrets: Vec<SecretString>,
    /// The URL of the api for browsers. With https, its cookie is sent over https only.
    #[arg(long, env = "BETTER_AUTH_URL", default_value = "http://localhost:3001")]
    pub better_auth_url: String,
    /// Origins whose pages can use the api, separated by commas; `*` matches part of a host.
    #[arg(
        long,
        env = "BETTER_AUTH_TRUSTED_ORIGINS",
        default_value = "http://localhost:5173",
        value_delimiter = ','
    )]
    pub better_auth_trusted_origins: Vec<String>,
    /// Whether everybody can sign up. If not, an admin creates users.
    #[arg(long, env = "AUTH_SIGN_UP", default_value_t = false, action = clap::ArgAction::Set)]
    pub auth_sign_up: bool,
    /// Whether sign-in is limited to three tries in ten seconds from one address.
    #[arg(long, env = "AUTH_RATE_LIMIT", default_value_t = true, action = clap::ArgAction::Set)]
    pub auth_rate_limit: bool,
    /// Whether only your own proxy reaches the api and names the client's address in `X-Forwarded-For`. Unset: no, but with
    /// an https `BETTER_AUTH_URL` it must be set.
    #[arg(long, env = "AUTH_BEHIND_PROXY", action = clap::ArgAction::Set)]
    pub auth_behind_proxy: Option<bool>,
    /// How many of your proxies a request passes, one after the other; each adds an address to `X-Forwarded-For`.
    #[arg(long, env = "AUTH_PROXIES", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=10))]
    pub auth_proxies: u8,
    /// Who must have two-factor sign-in: `nobody`, `admins` or `everybody`. A user who must have it and has none is asked to set it
    /// up, and can do nothing else.
    #[arg(
        long,
        env = "AUTH_TWO_FACTOR_FOR",
        default_value = "nobody",
        value_enum
    )]
    pub auth_two_factor_for: CodesFor,
    /// A token that allows to connect WhatsApp, sent in `x-admin-token`; unset: only signed-in admins can.
    #[arg(long, env = "ADMIN_WHATSAPP_TOKEN", hide_env_values = true)]
    pub admin_whatsapp_token: Option<SecretString>,
}

/// Secrets of the webhooks.
#[derive(Args, Clone, Debug)]
pub struct Webhooks {
    /// The Meta app's secret, which signs deliveries; several, separated by commas, while one replaces another.
    /// Required for `cloud_api`.
    #[arg(
        long,
        env = "META_APP_SECRET",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub meta_app_secret: Vec<SecretString>,
    /// The verify token of Meta's handshake. Unset: `dev-verify-token`, which only the dummy provider on a loopback
    /// address accepts.
    #[arg(long, env = "WHATSAPP_VERIFY_TOKEN", hide_env_values = true)]
    pub whatsapp_verify_token: Option<SecretString>,
    /// The token for leads in the flat format, in `X-Meta-Leads-Token`; unset: only the dummy provider accepts them.
    #[arg(long, env = "META_LEADS_TOKEN", hide_env_values = true)]
    pub meta_leads_token: Option<SecretString>,
}

/// The verify token of a development system, as in the previous server.
const DEVELOPMENT_VERIFY_TOKEN: &str = "dev-verify-token";
/// Signs the cookies of a development system.
const DEVELOPMENT_SECRET: &str = "development-secret-that-no-production-takes";

/// How many of the api's connections are for webhooks: half.
fn of_webhooks(connections: u32) -> u32 {
    (connections / 2).max(1)
}

impl Settings {
    /// The operations' handle for these settings. Fails with every wrong setting.
    pub fn app(&self) -> Result<App, Problems> {
        self.common.app(ProcessKind {
            connection_name: "property-lounge-api",
            instance: Arc::from(format!("api/{}", std::process::id())),
            pool: |options, connections| db::pool(options, connections - of_webhooks(connections)),
            announce: Announce::Everyone,
        })
    }

    /// The same for webhooks, on their own connections. Fails if `DATABASE_URL` is wrong.
    pub fn intake(&self, app: &App) -> Result<Intake> {
        let database = &self.common.database;
        let options = db::options(&database.database_url, "property-lounge-api-intake")?;
        let connections = of_webhooks(database.database_connections);
        Ok(Intake(App {
            pool: db::intake_pool(options, connections),
            ..app.clone()
        }))
    }

    /// How many connections there can be.
    pub fn limits(&self) -> Limits {
        let number = |given: u32| usize::try_from(given).unwrap_or(usize::MAX);
        let of_one = number(self.serving.api_max_connections_per_client);
        Limits::new(
            number(self.serving.api_max_connections),
            (self.sign_in.auth_behind_proxy != Some(true)).then_some(of_one),
        )
    }

    /// Sign-in. Fails with every wrong setting. A development secret is accepted only if no other machine can use
    /// it.
    pub fn auth(&self) -> Result<Auth, Problems> {
        let mut problems = Problems::default();
        let sign_in = &self.sign_in;
        let secret = problems.check(self.session_secret());
        let token = problems.check(self.admin_token());
        let url = problems.check(self.browsers_url());
        let proxy = problems.check(self.proxy());
        let secret = secret.zip(url).zip(proxy).map(|((secret, ()), ())| secret);
        let auth = secret.map(|secret| {
            Auth::new(
                secret,
                &sign_in.better_auth_url,
                &sign_in.better_auth_trusted_origins,
                sign_in.auth_sign_up,
                sign_in.auth_rate_limit,
            )
            .with_codes_for(sign_in.auth_two_factor_for)
        });
        let retired = problems.check(self.retired_secrets());
        let auth = auth
            .zip(retired)
            .map(|(auth, retired)| auth.with_retired(retired));
        let auth = auth.map(|auth| {
            if sign_in.auth_behind_proxy == Some(true) {
                auth.behind_proxies(usize::from(sign_in.auth_proxies))
            } else {
                auth
            }
        });
        let auth = auth.zip(token).map(|(auth, token)| match token {
            Some(token) => auth.with_whatsapp_admin(token),
            None => auth,
        });
        problems.finish(auth)
    }

    fn session_secret(&self) -> Result<SecretString> {
        let wrong = |reason: &str| Err(Error::invalid("BETTER_AUTH_SECRET", reason));
        let is_development = self.is_development();
        let Some(secret) = &self.sign_in.better_auth_secret else {
            return if is_development {
                Ok(SecretString::from(DEVELOPMENT_SECRET))
            } else {
                wrong("must be set unless WA_PROVIDER is dummy and HOST a loopback address")
            };
        };
        if is_development {
            return Ok(secret.clone());
        }
        if secret.expose_secret() == DEVELOPMENT_SECRET {
            return wrong("is the development secret");
        }
        SESSION_SECRET.check(secret)?;
        Ok(secret.clone())
    }

    fn retired_secrets(&self) -> Result<Vec<SecretString>> {
        let given = &self.sign_in.better_auth_old_secrets;
        let given: Vec<SecretString> = given
            .iter()
            .filter_map(|secret| not_empty(Some(secret)))
            .collect();
        let is_known = |secret: &SecretString| secret.expose_secret() == DEVELOPMENT_SECRET;
        if !self.is_development() && given.iter().any(is_known) {
            let reason = "contains the development secret";
            return Err(Error::invalid("BETTER_AUTH_OLD_SECRETS", reason));
        }
        Ok(given)
    }

    fn admin_token(&self) -> Result<Option<SecretString>> {
        let token = not_empty(self.sign_in.admin_whatsapp_token.as_ref());
        self.checked(&ADMIN_TOKEN, token)
    }

    /// The secret, if it is good enough for a system that others can reach.
    fn checked(&self, rule: &Rule, secret: Option<SecretString>) -> Result<Option<SecretString>> {
        match &secret {
            Some(given) if !self.is_development() => rule.check(given)?,
            _ => {}
        }
        Ok(secret)
    }

    /// The api itself speaks http, so https means a proxy. Without its header everybody would be one client, and lock all out.
    fn proxy(&self) -> Result<()> {
        let sign_in = &self.sign_in;
        if sign_in.auth_behind_proxy.is_none() && sign_in.better_auth_url.starts_with("https://") {
            let reason = "must be set with an https BETTER_AUTH_URL: true if only your own proxy reaches the api and sets X-Forwarded-For, else false";
            return Err(Error::invalid("AUTH_BEHIND_PROXY", reason));
        }
        Ok(())
    }

    /// Over http the session's cookie would be sent without protection.
    fn browsers_url(&self) -> Result<()> {
        let url = &self.sign_in.better_auth_url;
        if self.uses_cloud_api() && !url.starts_with("https://") {
            let reason = "must begin with https:// for WA_PROVIDER=cloud_api: it is the api's address for browsers";
            return Err(Error::invalid("BETTER_AUTH_URL", reason));
        }
        Ok(())
    }

    /// Whether only this machine can reach the api, and nothing is sent anywhere.
    fn is_development(&self) -> bool {
        self.common.whatsapp.wa_provider == ProviderKind::Dummy && self.host.is_loopback()
    }

    /// The secrets of the webhooks. Fails with every wrong setting: a secret that `cloud_api` requires is
    /// missing, or a development secret is used where another machine can reach the api.
    pub fn webhook_secrets(&self) -> Result<WebhookSecrets, Problems> {
        let mut problems = Problems::default();
        let secrets = problems.check(self.app_secrets());
        let token = problems.check(self.verify_token());
        let leads = not_empty(self.webhooks.meta_leads_token.as_ref());
        let leads = problems.check(self.checked(&LEADS_TOKEN, leads));
        let known = secrets
            .zip(token)
            .zip(leads)
            .map(|((secrets, token), leads)| WebhookSecrets::new(secrets, token, leads));
        problems.finish(known)
    }

    fn app_secrets(&self) -> Result<Vec<SecretString>> {
        let wrong = |reason: &str| Err(Error::invalid("META_APP_SECRET", reason));
        let secrets: Vec<SecretString> = self
            .webhooks
            .meta_app_secret
            .iter()
            .filter(|secret| !secret.expose_secret().trim().is_empty())
            .cloned()
            .collect();
        if secrets.is_empty() && self.uses_cloud_api() {
            return wrong("must be set for WA_PROVIDER=cloud_api: deliveries are signed with it");
        }
        if !self.is_development() {
            let is_of_a_development =
                |secret: &SecretString| secret.expose_secret().starts_with("dev-");
            if secrets.iter().any(is_of_a_development) {
                return wrong("is a development secret");
            }
            secrets
                .iter()
                .try_for_each(|secret| APP_SECRET.check(secret))?;
        }
        Ok(secrets)
    }

    fn verify_token(&self) -> Result<Option<SecretString>> {
        let wrong = |reason: &str| Err(Error::invalid("WHATSAPP_VERIFY_TOKEN", reason));
        let is_development = self.is_development();
        match not_empty(self.webhooks.whatsapp_verify_token.as_ref()) {
            Some(token) if !is_development && token.expose_secret() == DEVELOPMENT_VERIFY_TOKEN => {
                wrong("is the development token")
            }
            None if self.uses_cloud_api() => {
                wrong("must be set for WA_PROVIDER=cloud_api: Meta's handshake names it")
            }
            None if is_development => Ok(Some(SecretString::from(DEVELOPMENT_VERIFY_TOKEN))),
            token => self.checked(&VERIFY_TOKEN, token),
        }
    }

    fn uses_cloud_api(&self) -> bool {
        self.common.whatsapp.wa_provider == ProviderKind::CloudApi
    }
}

/// The secret. `None` if it is empty.
fn not_empty(secret: Option<&SecretString>) -> Option<SecretString> {
    secret
        .filter(|secret| !secret.expose_secret().is_empty())
        .cloned()
}
