//! How good a secret must be where others than this machine can try it.

use secrecy::{ExposeSecret, SecretString};
use shared::auth::strength_of_secret;
use shared::{Error, Result};

/// A secret: its setting, how many characters it must have, and how many guesses it must withstand, as a power of ten.
pub(crate) struct Rule(&'static str, usize, f64);

pub(crate) const SESSION_SECRET: Rule = Rule("BETTER_AUTH_SECRET", 32, 15.0);
pub(crate) const APP_SECRET: Rule = Rule("META_APP_SECRET", 16, 8.0);
pub(crate) const ADMIN_TOKEN: Rule = Rule("ADMIN_WHATSAPP_TOKEN", 16, 8.0);
pub(crate) const LEADS_TOKEN: Rule = Rule("META_LEADS_TOKEN", 16, 8.0);
/// It only answers Meta's handshake.
pub(crate) const VERIFY_TOKEN: Rule = Rule("WHATSAPP_VERIFY_TOKEN", 8, 5.0);

impl Rule {
    /// Fails with what is wrong, without the secret.
    pub(crate) fn check(&self, secret: &SecretString) -> Result<()> {
        let Self(setting, shortest, least) = *self;
        let secret = secret.expose_secret();
        if secret.chars().count() < shortest {
            let reason = format!("must be at least {shortest} characters");
            return Err(Error::invalid(setting, reason));
        }
        if strength_of_secret(secret) < least {
            let reason = "is easily guessed: set it to the output of `openssl rand -hex 32`";
            return Err(Error::invalid(setting, reason));
        }
        Ok(())
    }
}
