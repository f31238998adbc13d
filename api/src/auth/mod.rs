//! Sign-in as better-auth 1.7 does it on the wire: `/api/auth/*`, its cookie, its errors, its checks
//! of where a request comes from. Sources: the captured exchanges under `api/tests/fixtures/`.

mod answer;
mod body;
mod cookie;
mod endpoints;
mod limit;
mod origin;
mod sharing;
mod viewer;

pub use body::looks_like_an_email;
pub use endpoints::BetterAuth;
pub use sharing::{share_with_trusted_pages, without_secure_prefix};
pub use viewer::{AdminOnly, SignedIn, Viewer, WhatsappAdmins};

use limit::Limiter;
use poem::http::Uri;
use secrecy::{ExposeSecret, SecretString};
use shared::meta::signature;
use std::sync::Arc;

/// How sign-in works here. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    /// Signs the cookies; the old system's keeps its logins.
    secret: SecretString,
    /// Where browsers reach the api; https makes the cookie secure.
    url: String,
    /// Other origins whose pages may use the api.
    trusted: Vec<String>,
    sign_up: bool,
    limiter: Option<Limiter>,
    behind_proxy: bool,
    whatsapp_admin: Option<SecretString>,
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
    fn knows_whatsapp_admin(&self, token: &str) -> bool {
        let known = self.0.whatsapp_admin.as_ref();
        known.is_some_and(|known| signature::is_same(known.expose_secret(), token))
    }

    /// The `Cookie` header of a session's token, as a browser sends it.
    pub fn cookie_of(&self, token: &str) -> String {
        let set = cookie::set(self, cookie::SESSION, token, None);
        set.split(';').next().unwrap_or_default().to_owned()
    }

    fn secret(&self) -> &[u8] {
        self.0.secret.expose_secret().as_bytes()
    }

    /// Whether cookies are for https only.
    fn is_secure(&self) -> bool {
        self.0.url.starts_with("https://")
    }

    /// Whether pages of this origin may use the api with its cookie.
    pub fn trusts(&self, origin: &str) -> bool {
        origin_of(&self.0.url).is_some_and(|own| own == origin)
            || self
                .0
                .trusted
                .iter()
                .any(|trusted| origin::fits(trusted, origin))
    }
}

/// The origin of an address: `https://host:port`.
fn origin_of(address: &str) -> Option<String> {
    let uri: Uri = address.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}
