//! Giving the password again, before what a stolen session must not do.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::{Auth, SignedIn};
use crate::problem::{self, Result};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::auth::{self, Later};
use shared::{App, Error};

pub struct Confirmation;

/// The user's password.
#[derive(Object)]
struct PasswordAgain {
    password: String,
}

/// Until when the password counts.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct Confirmed {
    /// Absent: operations of `confirmedSession` and `confirmedAdminSession` answer 403 `confirm_password`.
    confirmed_until: Option<Timestamp>,
}

#[OpenApi]
impl Confirmation {
    /// Until when the password that this session's user gave counts
    #[oai(path = "/api/session/confirm", method = "get", operation_id = "confirmation", tag = Tag::Users)]
    async fn read(&self, viewer: SignedIn) -> Result<Confirmed> {
        Ok(Json(Confirmed {
            confirmed_until: viewer.0.confirmed_until.map(Timestamp),
        }))
    }

    /// Give the password again
    ///
    /// It counts for fifteen minutes in this session, as after a sign-in. Exports, changes of users and a reset of the phone need
    /// it. Wrong passwords make the account wait, as at the sign-in (429).
    #[oai(path = "/api/session/confirm", method = "post", operation_id = "confirmPassword", tag = Tag::Users)]
    async fn confirm(
        &self,
        app: Data<&App>,
        settings: Data<&Auth>,
        viewer: SignedIn,
        body: Json<PasswordAgain>,
    ) -> Result<Confirmed> {
        let user = &viewer.0.user;
        if settings.limits_tries()
            && let Err(Later(seconds)) = auth::try_account(&app, &user.email).await?
        {
            let detail = format!("too many tries; try again in {seconds} s");
            return Err(problem::too_many(&detail));
        }
        let until = auth::confirm(&app, &user.id, &viewer.0.session_id, &body.password).await?;
        let Some(until) = until else {
            return Err(Error::invalid("password", "is wrong").into());
        };
        auth::forget_tries(&app, &user.email).await?;
        Ok(Json(Confirmed {
            confirmed_until: Some(Timestamp(until)),
        }))
    }
}
