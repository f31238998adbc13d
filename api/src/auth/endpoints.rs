//! `/api/auth/*`.

use super::address;
use super::answer::{self, Answer, Refusal, answer};
use super::body::{Checked, fields};
use super::cookie;
use super::origin;
use super::paths::CHANGE;
use super::settings::Auth;
use poem::http::{HeaderValue, Method, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use serde_json::{Value, json};
use shared::auth::{self, Change, Changed, Client, Found, Profile, Session, User, Weak};
use shared::security::SecurityKind;
use shared::{App, Error};
use std::time::Instant;

/// Everything under `/api/auth`.
pub struct BetterAuth;

impl Endpoint for BetterAuth {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body();
        let (Some(app), Some(auth)) = (
            request.data::<App>().cloned(),
            request.data::<Auth>().cloned(),
        ) else {
            return Ok(Refusal::Broken.into_response());
        };
        let call = Call {
            app: &app,
            auth: &auth,
            request: &request,
        };
        let mut response = call
            .answer(body)
            .await
            .unwrap_or_else(IntoResponse::into_response);
        if request.uri().path().ends_with("/get-session") {
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        }
        Ok(response)
    }
}

/// One request.
pub(super) struct Call<'call> {
    pub(super) app: &'call App,
    pub(super) auth: &'call Auth,
    pub(super) request: &'call Request,
}

#[allow(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
pub(super) fn broken(error: Error) -> Refusal {
    tracing::error!(%error, "api.failed");
    Refusal::Broken
}

impl Call<'_> {
    async fn answer(&self, body: poem::Body) -> Answer {
        let path = self.request.uri().path().to_owned();
        let Some(path) = path.strip_prefix("/api/auth") else {
            return Err(Refusal::Nowhere);
        };
        if let Some(limiter) = &self.auth.0.limiter {
            let address = self.client().ip_address;
            limiter
                .try_now(&address, path, Instant::now())
                .map_err(Refusal::TooMany)?;
        }
        match (self.request.method(), path) {
            (&Method::GET, "/ok") => Ok(answer(&json!({ "ok": true }), &[])),
            (&Method::GET, "/get-session") => self.get_session().await,
            (&Method::GET, "/list-sessions") => self.list_sessions().await,
            (&Method::GET, "/list-accounts") => self.list_accounts().await,
            (&Method::POST, "/get-session") => Err(Refusal::PostOnGetSession),
            (&Method::POST, "/request-password-reset") => Err(Refusal::ResetDisabled),
            (&Method::POST, "/sign-in/email") => self.sign_in(body).await,
            (&Method::POST, "/sign-up/email") => self.sign_up(body).await,
            (&Method::POST, path) => self.change(path, body).await,
            _ => Err(Refusal::Nowhere),
        }
    }

    /// Endpoints that change something and need a session.
    async fn change(&self, path: &str, body: poem::Body) -> Answer {
        if !CHANGE.contains(&path) {
            return Err(Refusal::Nowhere);
        }
        if self.request.headers().contains_key(header::COOKIE) {
            origin::check_cookied(self.auth, self.request.headers())?;
        }
        let fields = fields(self.request, body, false).await?;
        if path == "/sign-out" {
            return self.sign_out().await;
        }
        if path.starts_with("/two-factor/verify-") {
            return self.verify_code(path, Checked::new(fields)?).await;
        }
        let (session, user) = self.signed_in().await?.ok_or(Refusal::Unauthorized)?;
        let done = || Ok(answer(&json!({ "status": true }), &[]));
        match path {
            "/revoke-session" => {
                let mut checked = Checked::new(fields)?;
                let token = checked.text("token");
                checked.finish()?;
                auth::revoke(self.app, &user.id, &token)
                    .await
                    .map_err(broken)?;
                self.note(SecurityKind::SessionsEnded, &user.id).await;
                done()
            }
            "/revoke-sessions" => {
                auth::revoke_all(self.app, &user.id, None)
                    .await
                    .map_err(broken)?;
                self.note(SecurityKind::SessionsEnded, &user.id).await;
                done()
            }
            "/revoke-other-sessions" => {
                let spared = Some(session.token.as_str());
                auth::revoke_all(self.app, &user.id, spared)
                    .await
                    .map_err(broken)?;
                self.note(SecurityKind::SessionsEnded, &user.id).await;
                done()
            }
            "/update-user" => {
                self.update_user(&session, &user, Checked::new(fields)?)
                    .await
            }
            "/change-password" => {
                self.change_password(&session, &user, Checked::new(fields)?)
                    .await
            }
            _ => {
                let who = (&session, &user);
                self.two_factor(path, who, Checked::new(fields)?).await
            }
        }
    }

    async fn sign_out(&self) -> Answer {
        for token in cookie::session_tokens(self.auth, self.cookie_header()) {
            let user = auth::sign_out(self.app, &token).await.map_err(broken)?;
            if let Some(user) = user {
                self.note(SecurityKind::SignOut, &user).await;
            }
        }
        Ok(answer(
            &json!({ "success": true }),
            &cookie::clear(self.auth),
        ))
    }

    async fn get_session(&self) -> Answer {
        if cookie::session_tokens(self.auth, self.cookie_header()).is_empty() {
            return Ok(answer(&Value::Null, &[]));
        }
        let query = self.request.uri().query().unwrap_or_default();
        let fixed = query.split('&').any(|pair| pair == "disableRefresh=true");
        let renew = !fixed && !self.ends_with_browser();
        match self.found(renew).await? {
            Found::Good {
                session,
                user,
                renewed,
                ..
            } => {
                let body =
                    json!({ "session": answer::session(&session), "user": answer::user(&user) });
                let cookies = if renewed {
                    self.cookies(&session, true)
                } else {
                    Vec::new()
                };
                Ok(answer(&body, &cookies))
            }
            Found::Nothing => Ok(answer(&Value::Null, &cookie::clear(self.auth))),
        }
    }

    async fn list_sessions(&self) -> Answer {
        let (_, user) = self.signed_in().await?.ok_or(Refusal::Unauthorized)?;
        let sessions = auth::sessions(self.app, &user.id).await.map_err(broken)?;
        Ok(answer(&sessions.iter().map(answer::session).collect(), &[]))
    }

    async fn list_accounts(&self) -> Answer {
        let (_, user) = self.signed_in().await?.ok_or(Refusal::Unauthorized)?;
        let accounts = auth::credentials(self.app, &user.id)
            .await
            .map_err(broken)?;
        Ok(answer(
            &accounts.iter().map(answer::credential).collect(),
            &[],
        ))
    }

    async fn update_user(&self, session: &Session, user: &User, mut checked: Checked) -> Answer {
        for field in ["role", "emailVerified", "id"] {
            if checked.has(field) {
                return Err(Refusal::FieldNotAllowed(field));
            }
        }
        let profile = Profile {
            name: checked.optional_text("name").value(),
            image: checked.optional_text("image"),
            phone: checked.optional_text("phone").map(auth::phone_as_kept),
        };
        checked.is_profile(&profile);
        checked.finish()?;
        let nothing = Change::Keep;
        if profile.name.is_none() && profile.image == nothing && profile.phone == nothing {
            return Err(Refusal::NothingToUpdate);
        }
        auth::update_profile(self.app, &user.id, &profile)
            .await
            .map_err(broken)?;
        let remember = !self.ends_with_browser();
        Ok(answer(
            &json!({ "status": true }),
            &self.cookies(session, remember),
        ))
    }

    async fn change_password(
        &self,
        session: &Session,
        user: &User,
        mut checked: Checked,
    ) -> Answer {
        let (new, current) = (checked.text("newPassword"), checked.text("currentPassword"));
        let revoke = checked.flag("revokeOtherSessions").unwrap_or(false);
        checked.finish()?;
        auth::check_password(&new, user.role, &[&user.name, &user.email])?;
        self.count_try(&user.email).await?;
        let client = self.client();
        let revoke = revoke.then_some(&client);
        let changed = auth::change_password(self.app, session, &current, &new, revoke).await;
        let changed = changed.map_err(broken)?.ok_or(Refusal::Unauthorized)?;
        if !matches!(changed, Changed::WrongPassword) {
            self.forget_tries(&user.email).await?;
            self.write(SecurityKind::PasswordChanged, &user.id).await?;
        }
        match changed {
            Changed::WrongPassword => {
                self.write_failure(&user.email).await?;
                Err(Refusal::WrongPassword)
            }
            Changed::Quietly => Ok(answer(
                &json!({ "token": null, "user": answer::user(user) }),
                &[],
            )),
            Changed::With(session) => {
                let body = json!({ "token": session.token, "user": answer::user(user) });
                Ok(answer(&body, &self.cookies(&session, true)))
            }
        }
    }

    /// The session and user of the request's cookie.
    pub(super) async fn signed_in(&self) -> Result<Option<(Session, User)>, Refusal> {
        match self.found(false).await? {
            Found::Good { session, user, .. } => Ok(Some((*session, *user))),
            Found::Nothing => Ok(None),
        }
    }

    /// Whether the session of the request's cookies ends with the browser.
    pub(super) fn ends_with_browser(&self) -> bool {
        cookie::ends_with_browser(self.auth, self.cookie_header())
    }

    pub(super) fn cookie_header(&self) -> &str {
        self.request.header(header::COOKIE).unwrap_or_default()
    }

    /// The first session of the request's cookies that has not ended.
    async fn found(&self, renew: bool) -> Result<Found, Refusal> {
        for token in cookie::session_tokens(self.auth, self.cookie_header()) {
            let found = auth::session(self.app, &token, renew).await;
            if let good @ Found::Good { .. } = found.map_err(broken)? {
                return Ok(good);
            }
        }
        Ok(Found::Nothing)
    }

    pub(super) fn cookies(&self, session: &Session, remember: bool) -> Vec<String> {
        cookie::of_session(self.auth, session, remember)
    }

    pub(super) fn client(&self) -> Client {
        address::client(self.request, self.auth.0.proxies)
    }
}

impl From<Weak> for Refusal {
    fn from(weak: Weak) -> Self {
        match weak {
            Weak::Short => Self::PasswordTooShort,
            Weak::Long => Self::PasswordTooLong,
            Weak::Guessed => Self::PasswordCompromised,
        }
    }
}
