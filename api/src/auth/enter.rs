//! The ways in: sign-in by email and password, and sign-up.

use super::answer::{self, Answer, Refusal, answer};
use super::body::{Checked, fields, looks_like_an_email};
use super::endpoints::{Call, broken};
use super::origin;
use poem::http::{HeaderValue, header};
use serde_json::json;
use shared::auth::{self, Begun, Change, Checked as Known, NewUser, Profile, Role, User};
use shared::security::SecurityKind;
use shared::{Error, metrics};

impl Call<'_> {
    pub(super) async fn sign_in(&self, body: poem::Body) -> Answer {
        origin::check_sign_in(self.auth, self.request.headers())?;
        let mut checked = Checked::new(fields(self.request, body, true).await?)?;
        let (email, password) = (checked.text("email"), checked.text("password"));
        let callback = checked.optional_text("callbackURL").value();
        let remember = checked.flag("rememberMe").unwrap_or(true);
        checked.finish()?;
        if callback
            .as_deref()
            .is_some_and(|address| !origin::may_call_back(self.auth, address))
        {
            return Err(Refusal::InvalidCallback);
        }
        if !looks_like_an_email(&email) {
            return Err(Refusal::InvalidEmail);
        }
        self.count_try(&email).await?;
        let known = self.user_with_password(&email, &password).await?;
        let user = &known.user;
        self.forget_tries(&email).await?;
        let device = if user.two_factor_enabled {
            self.trusted_device(&user.id).await?
        } else {
            None
        };
        let (client, is_trusted) = (self.client(), device.is_some());
        let begun = auth::begin_session(self.app, &known, &client, remember, is_trusted).await;
        let session = match begun.map_err(broken)? {
            Begun::Session(session) => session,
            Begun::AsksForCode => return self.ask_for_code(&known, remember).await,
            Begun::NotAnyMore => return Err(self.password_changed(user).await?),
        };
        self.write(SecurityKind::SignIn, &user.id).await?;
        metrics::signed_in("done");
        let mut cookies = self.cookies(&session, remember);
        cookies.extend(device);
        let mut body = json!({ "redirect": callback.is_some(), "token": session.token });
        if let Some(callback) = &callback {
            body["url"] = json!(callback);
        }
        body["user"] = answer::user(user);
        let mut response = answer(&body, &cookies);
        if let Some(location) = callback.and_then(|address| HeaderValue::from_str(&address).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    }

    /// The user with this email and password. A failure is counted and written down.
    async fn user_with_password(&self, email: &str, password: &str) -> Result<Known, Refusal> {
        let found = auth::user_with_password(self.app, email, password).await;
        let found = found.map_err(|error| match error {
            Error::Conflict { .. } => Refusal::Banned,
            error => broken(error),
        });
        let found = match found {
            Ok(Some(known)) => return Ok(known),
            Ok(None) => Refusal::WrongEmailOrPassword,
            Err(refusal) => refusal,
        };
        metrics::signed_in(match found {
            Refusal::WrongEmailOrPassword => "wrong",
            Refusal::Banned => "disabled",
            _ => "failed",
        });
        self.write_failure(email).await?;
        Err(found)
    }

    /// The password was right when it was checked, and is not any more.
    pub(super) async fn password_changed(&self, user: &User) -> Result<Refusal, Refusal> {
        metrics::signed_in("wrong");
        self.write_failure(&user.email).await?;
        Ok(Refusal::WrongEmailOrPassword)
    }

    pub(super) async fn sign_up(&self, body: poem::Body) -> Answer {
        origin::check_sign_in(self.auth, self.request.headers())?;
        if !self.auth.0.sign_up {
            return Err(Refusal::SignUpDisabled);
        }
        let mut checked = Checked::new(fields(self.request, body, true).await?)?;
        let (name, email, password) = (
            checked.text("name"),
            checked.text("email"),
            checked.text("password"),
        );
        checked.is_email("email", &email);
        let image = checked.optional_text("image").value();
        let phone = checked.optional_text("phone").value();
        let remember = checked.flag("rememberMe").unwrap_or(true);
        checked.is_profile(&Profile {
            name: Some(name.clone()),
            image: image.clone().map_or(Change::Keep, Change::To),
            phone: phone.clone().map_or(Change::Keep, Change::To),
        });
        checked.finish()?;
        auth::check_password(&password, Role::Sales, &[&name, &email])?;
        let phone = phone.map(|phone| auth::phone_as_kept(&phone));
        // Users cannot choose their role: it is ignored, as in better-auth.
        let new = NewUser {
            name,
            email,
            password,
            image,
            phone,
            role: Role::Sales,
        };
        let signed = auth::sign_up(self.app, &new, &self.client(), remember).await;
        let (session, user) = signed.map_err(|error| match error {
            Error::Conflict { .. } => Refusal::UserExists,
            Error::Clash { .. } => Refusal::PhoneNotAllowed,
            error => broken(error),
        })?;
        self.write(SecurityKind::SignUp, &user.id).await?;
        let body = json!({ "token": session.token, "user": answer::user(&user) });
        Ok(answer(&body, &self.cookies(&session, remember)))
    }
}
