//! Setting an app up, its backup codes, and giving it up. Each needs the password.

use super::refusal::NoCode;
use crate::auth::answer::{Answer, Refusal, answer};
use crate::auth::body::Checked;
use crate::auth::cookie::{TRUST_DEVICE, remove};
use crate::auth::endpoints::{Call, broken};
use serde_json::json;
use shared::auth::two_factor::{self, Refused};
use shared::auth::{Change, Session, User};
use shared::security::SecurityKind;

/// The longest issuer, in characters.
const LONGEST_ISSUER: usize = 100;

impl Call<'_> {
    /// An endpoint of a user who is signed in.
    pub(in crate::auth) async fn two_factor(
        &self,
        path: &str,
        (session, user): (&Session, &User),
        mut checked: Checked,
    ) -> Answer {
        let password = checked.text("password");
        let issuer = checked.optional_text("issuer");
        let method = checked.optional_text("method");
        checked.finish()?;
        self.check_password(user, &password).await?;
        match path {
            "/two-factor/enable" => self.enable(user, &issuer, &method).await,
            "/two-factor/get-totp-uri" => {
                let address = two_factor::address(self.app, &self.auth.keys(), user).await;
                let address = done(address, NoCode::AppNotEnabled)?;
                self.write(SecurityKind::AppSecretShown, &user.id).await?;
                Ok(answer(&json!({ "totpURI": address }), &[]))
            }
            "/two-factor/generate-backup-codes" => self.renew_backup_codes(user).await,
            _ => self.disable(session, user).await,
        }
    }

    async fn enable(&self, user: &User, issuer: &Change, method: &Change) -> Answer {
        match method {
            Change::To(method) if method == "otp" => return Err(NoCode::ByMail.into()),
            Change::To(method) if method != "totp" => {
                let told = r#"[body.method] Invalid option: expected one of "otp"|"totp""#;
                return Err(Refusal::Fields(vec![told.to_owned()]));
            }
            _ => {}
        }
        let issuer = match issuer {
            Change::To(issuer) if !issuer.is_empty() => issuer.as_str(),
            _ => two_factor::ISSUER,
        };
        if issuer.chars().count() > LONGEST_ISSUER {
            let told = "[body.issuer] Too big: expected string to have <=100 characters";
            return Err(Refusal::Fields(vec![told.to_owned()]));
        }
        let setup = two_factor::set_up(self.app, &self.auth.keys(), user, issuer).await;
        let setup = done(setup, NoCode::AppNotEnabled)?;
        self.write(SecurityKind::AppSecretShown, &user.id).await?;
        let body = json!({
            "method": "totp", "totpURI": setup.address, "backupCodes": setup.backup_codes,
        });
        Ok(answer(&body, &[]))
    }

    async fn renew_backup_codes(&self, user: &User) -> Answer {
        if !user.two_factor_enabled {
            return Err(NoCode::NotEnabled.into());
        }
        let codes = two_factor::renew_backup_codes(self.app, &self.auth.keys(), user).await;
        let codes = done(codes, NoCode::NotEnabled)?;
        self.write(SecurityKind::BackupCodesMade, &user.id).await?;
        Ok(answer(
            &json!({ "status": true, "backupCodes": codes }),
            &[],
        ))
    }

    async fn disable(&self, session: &Session, user: &User) -> Answer {
        if self.auth.asks_for_code(user.role) {
            return Err(NoCode::Required.into());
        }
        let remember = !self.ends_with_browser();
        let client = self.client();
        let session = two_factor::give_up(self.app, session, &client, remember).await;
        let session = session.map_err(broken)?.ok_or(Refusal::Unauthorized)?;
        self.write(SecurityKind::TwoFactorOff, &user.id).await?;
        let mut cookies = self.cookies(&session, remember);
        if self.names_a_device() {
            cookies.push(remove(self.auth, TRUST_DEVICE));
        }
        Ok(answer(&json!({ "status": true }), &cookies))
    }

    /// Checks the password of a user who is signed in. A wrong one is counted, as at the sign-in.
    async fn check_password(&self, user: &User, given: &str) -> Result<(), Refusal> {
        self.count_try(&user.email).await?;
        let is_right = shared::auth::is_password_of(self.app, &user.id, given).await;
        if is_right.map_err(broken)? {
            return self.forget_tries(&user.email).await;
        }
        self.write_failure(&user.email).await?;
        Err(Refusal::WrongPassword)
    }
}

/// What was done, or the rejection. `absent`: what to answer if the user has no app.
pub(super) fn done<T>(answer: two_factor::Answer<T>, absent: NoCode) -> Result<T, Refusal> {
    answer
        .map_err(broken)?
        .map_err(|refused| refusal(refused, absent))
}

/// The rejection for a refusal. `absent`: what to answer if the user has no app.
pub(super) fn refusal(refused: Refused, absent: NoCode) -> Refusal {
    let code = match refused {
        Refused::NotEnabled => absent,
        Refused::AlreadyEnabled => NoCode::AppEnabled,
        Refused::NoChallenge => NoCode::NoChallenge,
        Refused::WrongCode => NoCode::WrongCode,
        Refused::TooManyTries => NoCode::TooManyTries,
        Refused::Locked => NoCode::Locked,
        Refused::Disabled => return Refusal::Banned,
        Refused::Unreadable => {
            tracing::error!(
                "two_factor.unreadable: add the former BETTER_AUTH_SECRET to BETTER_AUTH_OLD_SECRETS"
            );
            return Refusal::Broken;
        }
    };
    code.into()
}

impl From<NoCode> for Refusal {
    fn from(code: NoCode) -> Self {
        Self::NoCode(code)
    }
}
