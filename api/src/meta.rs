//! Secrets of the webhooks.

use secrecy::{ExposeSecret, SecretString};
use shared::meta::signature;
use std::sync::Arc;

/// The secrets that deliveries are checked with.
#[derive(Clone, Debug)]
pub struct WebhookSecrets(Arc<Secrets>);

#[derive(Debug)]
struct Secrets {
    app: Vec<SecretString>,
    verify_token: Option<SecretString>,
    leads_token: Option<SecretString>,
}

impl WebhookSecrets {
    /// The app's secrets, several while one replaces another; the handshake's token; the token for leads in the
    /// flat format. What is not set rejects every request.
    pub fn new(
        app: Vec<SecretString>,
        verify_token: Option<SecretString>,
        leads_token: Option<SecretString>,
    ) -> Self {
        Self(Arc::new(Secrets {
            app,
            verify_token,
            leads_token,
        }))
    }

    pub(crate) fn is_authentic(&self, body: &[u8], signature: Option<&str>) -> bool {
        signature::is_authentic(&self.0.app, body, signature)
    }

    pub(crate) fn knows_handshake(&self, token: &str) -> bool {
        is(self.0.verify_token.as_ref(), Some(token))
    }

    pub(crate) fn knows_leads_token(&self, token: Option<&str>) -> bool {
        is(self.0.leads_token.as_ref(), token)
    }
}

fn is(secret: Option<&SecretString>, given: Option<&str>) -> bool {
    match (secret, given) {
        (Some(secret), Some(given)) => signature::is_same(secret.expose_secret(), given),
        _ => false,
    }
}
