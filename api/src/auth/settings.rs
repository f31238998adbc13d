//! The configuration of sign-in.

use super::limit::Limiter;
use secrecy::{ExposeSecret, SecretString};
use shared::auth::Role;
use shared::auth::two_factor::Keys;
use shared::meta::signature;
use std::sync::Arc;

/// The configuration of sign-in. Cheap to clone.
#[derive(Clone)]
pub struct Auth(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// Signs the cookies. With the previous server's secret, its sessions continue.
    pub(super) secret: SecretString,
    /// Secrets that it replaced, whose cookies are still accepted.
    pub(super) retired: Vec<SecretString>,
    /// The URL of the api for browsers. With https, the cookie is secure.
    pub(super) url: String,
    /// Other origins whose pages can use the api.
    pub(super) trusted: Vec<String>,
    pub(super) sign_up: bool,
    pub(super) limiter: Option<Limiter>,
    /// How many proxies of ours name the client's address.
    pub(super) proxies: usize,
    pub(super) whatsapp_admin: Option<SecretString>,
    pub(super) codes_for: CodesFor,
}

/// Who can use the api only if their sign-in asks for a code (two-factor sign-in).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum CodesFor {
    /// Nobody must; everybody can set it up.
    #[default]
    Nobody,
    /// Admins.
    Admins,
    /// Every user.
    Everybody,
}

impl Auth {
    /// `trusted`: origins, in which `*` matches everything but a slash. `limited`: whether tries are limited.
    pub fn new(
        secret: SecretString,
        url: &str,
        trusted: &[String],
        sign_up: bool,
        limited: bool,
    ) -> Self {
        Self(Arc::new(Inner {
            secret,
            retired: Vec::new(),
            url: url.trim_end_matches('/').to_owned(),
            trusted: trusted.to_vec(),
            sign_up,
            limiter: limited.then(Limiter::default),
            proxies: 0,
            whatsapp_admin: None,
            codes_for: CodesFor::Nobody,
        }))
    }

    /// The same behind this many proxies of ours, each of which adds an address to `X-Forwarded-For`.
    #[must_use]
    pub fn behind_proxies(self, proxies: usize) -> Self {
        self.with(|inner| inner.proxies = proxies)
    }

    /// The same, with secrets that were used until now: their cookies are accepted, and no new ones are signed with them.
    #[must_use]
    pub fn with_retired(self, secrets: Vec<SecretString>) -> Self {
        self.with(|inner| inner.retired = secrets)
    }

    /// The same, with a token that allows to connect WhatsApp.
    #[must_use]
    pub fn with_whatsapp_admin(self, token: SecretString) -> Self {
        self.with(|inner| inner.whatsapp_admin = Some(token))
    }

    /// The same, where these users must have a second factor.
    #[must_use]
    pub fn with_codes_for(self, codes_for: CodesFor) -> Self {
        self.with(|inner| inner.codes_for = codes_for)
    }

    /// Whether users of this role must have a second factor.
    pub(super) fn asks_for_code(&self, role: Role) -> bool {
        match self.0.codes_for {
            CodesFor::Nobody => false,
            CodesFor::Admins => role == Role::Admin,
            CodesFor::Everybody => true,
        }
    }

    /// The keys that secrets of two-factor sign-in are encrypted with.
    pub fn keys(&self) -> Keys {
        Keys::new(self.accepted_secrets())
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::get_mut(&mut self.0).expect("nobody has it yet"));
        self
    }

    /// Whether this is the token that allows to connect WhatsApp.
    pub(super) fn knows_whatsapp_admin(&self, token: &str) -> bool {
        let known = self.0.whatsapp_admin.as_ref();
        known.is_some_and(|known| signature::is_same(known.expose_secret(), token))
    }

    /// Whether wrong passwords make an account wait.
    pub(crate) fn limits_tries(&self) -> bool {
        self.0.limiter.is_some()
    }

    pub(super) fn secret(&self) -> &[u8] {
        self.0.secret.expose_secret().as_bytes()
    }

    /// The secrets whose cookies are accepted, the present one first.
    pub(super) fn accepted_secrets(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.0.secret)
            .chain(&self.0.retired)
            .map(|secret| secret.expose_secret().as_bytes())
    }

    /// Whether only our own proxies reach the api.
    pub(crate) fn is_behind_proxy(&self) -> bool {
        self.0.proxies > 0
    }

    /// Whether cookies are sent over https only.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.url.starts_with("https://")
    }
}
