//! Codes: of a user who signs in, and of one who sets an app up.

use super::device;
use super::endpoints::{done, refusal};
use super::refusal::NoCode;
use crate::auth::answer::{self, Answer, Refusal, answer};
use crate::auth::body::Checked;
use crate::auth::cookie::{DONT_REMEMBER, SESSION, SESSION_DATA, TWO_FACTOR, ours, remove, set};
use crate::auth::endpoints::{Call, broken};
use poem::http::header;
use poem::{IntoResponse, Response};
use serde_json::json;
use shared::auth::two_factor::{self, Code, Entered, NotEntered, Refused, Wish};
use shared::auth::{self, Session, User};
use shared::metrics;
use shared::security::SecurityKind;

impl Call<'_> {
    /// The password was right. Without a session, the client is asked for a code.
    pub(in crate::auth) async fn ask_for_code(
        &self,
        known: &auth::Checked,
        remember: bool,
    ) -> Answer {
        let asked = two_factor::ask(self.app, known).await.map_err(broken)?;
        let Some(asked) = asked else {
            return Err(self.password_changed(&known.user).await?);
        };
        self.write(SecurityKind::CodeAsked, &known.user.id).await?;
        metrics::signed_in("code_asked");
        let methods: &[&str] = if asked.has_app { &["totp"] } else { &[] };
        let mut cookies = Vec::new();
        if !remember {
            cookies.push(set(self.auth, DONT_REMEMBER, "true", None));
        }
        cookies.extend([SESSION, SESSION_DATA].map(|name| remove(self.auth, name)));
        let lasts = Some(two_factor::CHALLENGE_LASTS.num_seconds());
        cookies.push(set(self.auth, TWO_FACTOR, &asked.id, lasts));
        let body = json!({ "twoFactorRedirect": true, "twoFactorMethods": methods });
        Ok(answer(&body, &cookies))
    }

    /// `/two-factor/verify-totp` and `/two-factor/verify-backup-code`.
    pub(in crate::auth) async fn verify_code(&self, path: &str, mut checked: Checked) -> Answer {
        let given = checked.text("code");
        let trust = checked.flag("trustDevice").unwrap_or(false);
        checked.finish()?;
        let (code, absent) = if path == "/two-factor/verify-totp" {
            (Code::App(&given), NoCode::AppNotEnabled)
        } else {
            (Code::Backup(&given), NoCode::BackupCodesNotEnabled)
        };
        match self.signed_in().await? {
            Some((session, user)) => self.prove(&session, &user, code, absent).await,
            None => self.enter(code, absent, trust).await,
        }
    }

    /// A code of somebody who is signed in: the first one proves their app.
    async fn prove(
        &self,
        session: &Session,
        user: &User,
        code: Code<'_>,
        absent: NoCode,
    ) -> Answer {
        let keys = self.auth.keys();
        let Code::App(given) = code else {
            return self.spend(session, user, code, absent).await;
        };
        let remember = !self.ends_with_browser();
        let client = self.client();
        let proven = two_factor::prove(self.app, &keys, (user, &client), given, remember).await;
        let proven = done(proven, absent)?;
        let mut cookies = Vec::new();
        if let Some(new) = &proven {
            self.write(SecurityKind::TwoFactorOn, &user.id).await?;
            cookies = self.cookies(new, remember);
        }
        // As better-auth: the user as they were, with the token of the request's session.
        let token = proven.as_ref().map_or(&session.token, |new| &new.token);
        let body = json!({ "token": token, "user": answer::user(user) });
        Ok(answer(&body, &cookies))
    }

    /// A backup code of somebody who is signed in: it is used up.
    async fn spend(
        &self,
        session: &Session,
        user: &User,
        code: Code<'_>,
        absent: NoCode,
    ) -> Answer {
        let spent = two_factor::spend(self.app, &self.auth.keys(), &user.id, code).await;
        spent
            .map_err(broken)?
            .map_err(|refused| wrong(refused, code, absent))?;
        self.write(SecurityKind::BackupCodeUsed, &user.id).await?;
        let body = json!({ "token": session.token, "user": answer::user(user) });
        Ok(answer(&body, &[]))
    }

    /// A code completes the sign-in that the cookie names.
    async fn enter(&self, code: Code<'_>, absent: NoCode, trust: bool) -> Answer {
        let ids = ours(self.auth, self.cookie_header(), TWO_FACTOR);
        let id = ids.first().ok_or(NoCode::NoChallenge)?;
        let wish = Wish {
            remember: !self.ends_with_browser(),
            trust,
        };
        let client = self.client();
        let entered =
            two_factor::enter(self.app, &self.auth.keys(), (id, &client), code, wish).await;
        match entered.map_err(broken)? {
            Ok(entered) => self.entered(&entered, code, wish).await,
            Err(NotEntered { refused, user }) => {
                metrics::signed_in("code_wrong");
                if let Some(user) = user {
                    let kind = match refused {
                        Refused::Locked => SecurityKind::CodeLocked,
                        _ => SecurityKind::CodeWrong,
                    };
                    self.write(kind, &user).await?;
                }
                self.not_entered(refused, code, absent)
            }
        }
    }

    async fn entered(&self, entered: &Entered, code: Code<'_>, wish: Wish) -> Answer {
        let user = &entered.user;
        if matches!(code, Code::Backup(_)) {
            self.write(SecurityKind::BackupCodeUsed, &user.id).await?;
        }
        self.write(SecurityKind::SignIn, &user.id).await?;
        if entered.device.is_some() {
            self.write(SecurityKind::DeviceTrusted, &user.id).await?;
        }
        metrics::signed_in("done");
        let mut cookies = self.cookies(&entered.session, wish.remember);
        cookies.push(remove(self.auth, TWO_FACTOR));
        if let Some(device) = &entered.device {
            cookies.push(device::cookie_of(self.auth, &user.id, device));
            cookies.push(remove(self.auth, DONT_REMEMBER));
        }
        let body = json!({ "token": entered.session.token, "user": answer::user(user) });
        Ok(answer(&body, &cookies))
    }

    /// A sign-in that ended loses its cookie.
    fn not_entered(&self, refused: Refused, code: Code<'_>, absent: NoCode) -> Answer {
        let refusal = wrong(refused, code, absent);
        if refused != Refused::TooManyTries {
            return Err(refusal);
        }
        let mut response: Response = refusal.into_response();
        let cookie = remove(self.auth, TWO_FACTOR);
        let cookie = cookie.parse().map_err(|_| Refusal::Broken)?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }
}

fn wrong(refused: Refused, code: Code<'_>, absent: NoCode) -> Refusal {
    match (refused, code) {
        (Refused::WrongCode, Code::Backup(_)) => NoCode::WrongBackupCode.into(),
        _ => refusal(refused, absent),
    }
}
