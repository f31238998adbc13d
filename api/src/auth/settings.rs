//! The configuration of sign-in.

use super::limit::Limiter;
use secrecy::{ExposeSecret, SecretString};
use shared::meta::signature;
use std::sync::Arc;

/// The configuration of sign-in. Cheap to clone.
#[derive(Clone)]
pub struct Auth(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// Signs the cookies. With the previous server's secret, its sessions continue.
    pub(super) secret: SecretString,
    /// The URL of the api for browsers. With https, the cookie is secure.
    pub(super) url: String,
    /// Other origins whose pages can use the api.
    pub(super) trusted: Vec<String>,
    pub(super) sign_up: bool,
    pub(super) limiter: Option<Limiter>,
    /// How many proxies of ours name the client's address.
    pub(super) proxies: usize,
    pub(super) whatsapp_admin: Option<SecretString>,
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
            url: url.trim_end_matches('/').to_owned(),
            trusted: trusted.to_vec(),
            sign_up,
            limiter: limited.then(Limiter::default),
            proxies: 0,
            whatsapp_admin: None,
        }))
    }

    /// The same behind this many proxies of ours, each of which adds an address to `X-Forwarded-For`.
    #[must_use]
    pub fn behind_proxies(self, proxies: usize) -> Self {
        self.with(|inner| inner.proxies = proxies)
    }

    /// The same, with a token that allows to connect WhatsApp.
    #[must_use]
    pub fn with_whatsapp_admin(self, token: SecretString) -> Self {
        self.with(|inner| inner.whatsapp_admin = Some(token))
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

    pub(super) fn secret(&self) -> &[u8] {
        self.0.secret.expose_secret().as_bytes()
    }

    /// Whether cookies are sent over https only.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.url.starts_with("https://")
    }
}
