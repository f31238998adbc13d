//! How sign-in works in this process.

use super::limit::Limiter;
use secrecy::{ExposeSecret, SecretString};
use shared::meta::signature;
use std::sync::Arc;

/// How sign-in works here. Cheap to clone.
#[derive(Clone)]
pub struct Auth(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// Signs the cookies; the old system's keeps its logins.
    pub(super) secret: SecretString,
    /// Where browsers reach the api; https makes the cookie secure.
    pub(super) url: String,
    /// Other origins whose pages may use the api.
    pub(super) trusted: Vec<String>,
    pub(super) sign_up: bool,
    pub(super) limiter: Option<Limiter>,
    pub(super) behind_proxy: bool,
    pub(super) whatsapp_admin: Option<SecretString>,
}

impl Auth {
    /// `trusted`: origins, `*` standing for anything but a slash. `limited`: sign-ins are counted.
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
            behind_proxy: false,
            whatsapp_admin: None,
        }))
    }

    /// The same behind a proxy of ours, which says in `X-Forwarded-For` where requests come from.
    #[must_use]
    pub fn behind_proxy(self) -> Self {
        self.with(|inner| inner.behind_proxy = true)
    }

    /// The same, where whoever has this token may connect WhatsApp, too.
    #[must_use]
    pub fn with_whatsapp_admin(self, token: SecretString) -> Self {
        self.with(|inner| inner.whatsapp_admin = Some(token))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::get_mut(&mut self.0).expect("nobody has it yet"));
        self
    }

    /// Whether this is the token of whoever may connect WhatsApp.
    pub(super) fn knows_whatsapp_admin(&self, token: &str) -> bool {
        let known = self.0.whatsapp_admin.as_ref();
        known.is_some_and(|known| signature::is_same(known.expose_secret(), token))
    }

    pub(super) fn secret(&self) -> &[u8] {
        self.0.secret.expose_secret().as_bytes()
    }

    /// Whether cookies are for https only.
    pub(super) fn is_secure(&self) -> bool {
        self.0.url.starts_with("https://")
    }
}
