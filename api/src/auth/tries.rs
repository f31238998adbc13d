//! What sign-in counts and writes down: tries of a password, and the security log.

use super::answer::Refusal;
use super::endpoints::{Call, broken};
use shared::auth;
use shared::id::UserId;
use shared::metrics;
use shared::security::{self, SecurityKind};

impl Call<'_> {
    /// Counts a try of this account's password, in all processes together.
    pub(super) async fn count_try(&self, email: &str) -> Result<(), Refusal> {
        if self.auth.0.limiter.is_none() {
            return Ok(());
        }
        let counted = auth::try_account(self.app, email).await.map_err(broken)?;
        let Err(auth::Later(seconds)) = counted else {
            return Ok(());
        };
        metrics::signed_in("waits");
        let client = self.client();
        security::has_to_wait(self.app, email, &client)
            .await
            .map_err(broken)?;
        Err(Refusal::TooMany(seconds))
    }

    /// Writes the security log. Fails if it cannot be written: then no session is answered, and what was changed before stays.
    pub(super) async fn write(&self, kind: SecurityKind, user: &UserId) -> Result<(), Refusal> {
        let client = self.client();
        security::signed_in(self.app, kind, Some(user), &client)
            .await
            .map_err(broken)
    }

    /// Writes the security log about sessions that ended. A log that fails keeps nobody signed in.
    pub(super) async fn note(&self, kind: SecurityKind, user: &UserId) {
        let client = self.client();
        if let Err(error) = security::signed_in(self.app, kind, Some(user), &client).await {
            tracing::error!(%error, kind = kind.as_str(), "security.not_written");
        }
    }

    pub(super) async fn write_failure(&self, email: &str) -> Result<(), Refusal> {
        let client = self.client();
        security::failed_to_sign_in(self.app, email, &client)
            .await
            .map_err(broken)
    }

    pub(super) async fn forget_tries(&self, email: &str) -> Result<(), Refusal> {
        auth::forget_tries(self.app, email).await.map_err(broken)
    }
}
