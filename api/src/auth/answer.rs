//! Answers as better-auth sends them: errors, and users and sessions as JSON.

use super::two_factor::NoCode;
use chrono::{DateTime, SecondsFormat, Utc};
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use serde_json::{Value, json};
use shared::auth::{Credential, Session, User};

/// Why a request is rejected. Status, code and text are better-auth 1.7's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    MissingOrigin,
    InvalidOrigin,
    CrossSiteNavigation,
    InvalidCallback,
    Unauthorized,
    WrongEmailOrPassword,
    InvalidEmail,
    InvalidJson,
    ContentType(String),
    /// The errors of the fields, in the text of better-auth's validator.
    Fields(Vec<String>),
    SignUpDisabled,
    Banned,
    UserExists,
    /// The number is a client's.
    PhoneNotAllowed,
    PasswordTooShort,
    PasswordTooLong,
    PasswordCompromised,
    WrongPassword,
    FieldNotAllowed(&'static str),
    NothingToUpdate,
    PostOnGetSession,
    ResetDisabled,
    /// About two-factor sign-in.
    NoCode(NoCode),
    TooMany(u64),
    Broken,
    Nowhere,
}

/// What an endpoint answers.
pub(super) type Answer = Result<Response, Refusal>;

impl Refusal {
    fn parts(&self) -> (StatusCode, String, Option<&'static str>) {
        let (status, message, code) = match self {
            Self::MissingOrigin => (403, "Missing or null Origin", "MISSING_OR_NULL_ORIGIN"),
            Self::InvalidOrigin => (403, "Invalid origin", "INVALID_ORIGIN"),
            Self::CrossSiteNavigation => (
                403,
                "Cross-site navigation login blocked. This request appears to be a CSRF attack.",
                "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED",
            ),
            Self::InvalidCallback => (403, "Invalid callbackURL", "INVALID_CALLBACK_URL"),
            Self::Unauthorized => (401, "Unauthorized", "UNAUTHORIZED"),
            Self::WrongEmailOrPassword => (
                401,
                "Invalid email or password",
                "INVALID_EMAIL_OR_PASSWORD",
            ),
            Self::InvalidEmail => (400, "Invalid email", "INVALID_EMAIL"),
            Self::InvalidJson => (400, "Invalid JSON in request body", "BAD_REQUEST"),
            Self::Banned => (
                403,
                "You have been banned from this application. Please contact support if you believe this is an error.",
                "BANNED_USER",
            ),
            Self::SignUpDisabled => (
                400,
                "Email and password sign up is not enabled",
                "EMAIL_PASSWORD_SIGN_UP_DISABLED",
            ),
            Self::UserExists => (
                422,
                "User already exists. Use another email.",
                "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL",
            ),
            Self::PhoneNotAllowed => (
                422,
                "This phone number cannot be used. Ask an admin.",
                "PHONE_NUMBER_NOT_ALLOWED",
            ),
            Self::PasswordTooShort => (400, "Password too short", "PASSWORD_TOO_SHORT"),
            Self::PasswordTooLong => (400, "Password too long", "PASSWORD_TOO_LONG"),
            // As better-auth's plugin `haveibeenpwned` answers.
            Self::PasswordCompromised => (
                400,
                "The password you entered has been compromised. Please choose a different password.",
                "PASSWORD_COMPROMISED",
            ),
            Self::WrongPassword => (400, "Invalid password", "INVALID_PASSWORD"),
            Self::ResetDisabled => (
                400,
                "Reset password isn't enabled",
                "RESET_PASSWORD_DISABLED",
            ),
            Self::PostOnGetSession => (
                405,
                "POST method requires deferSessionRefresh to be enabled in session config",
                "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED",
            ),
            Self::NoCode(refusal) => refusal.parts(),
            Self::ContentType(given) => {
                let message = format!(
                    "Content-Type \"{given}\" is not allowed. Allowed types: application/x-www-form-urlencoded, application/json"
                );
                return (
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    message,
                    Some("UNSUPPORTED_MEDIA_TYPE"),
                );
            }
            Self::Fields(errors) => {
                return (
                    StatusCode::BAD_REQUEST,
                    errors.join("; "),
                    Some("VALIDATION_ERROR"),
                );
            }
            Self::FieldNotAllowed(field) => {
                let message = format!("{field} is not allowed to be set");
                return (StatusCode::BAD_REQUEST, message, Some("FIELD_NOT_ALLOWED"));
            }
            Self::NothingToUpdate => {
                return (
                    StatusCode::BAD_REQUEST,
                    "No fields to update".to_owned(),
                    None,
                );
            }
            Self::TooMany(_) => {
                let message = "Too many requests. Please try again later.".to_owned();
                return (StatusCode::TOO_MANY_REQUESTS, message, None);
            }
            Self::Broken => (500, "Internal Server Error", "INTERNAL_SERVER_ERROR"),
            Self::Nowhere => return (StatusCode::NOT_FOUND, String::new(), None),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, message.to_owned(), Some(code))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if self == Self::Nowhere {
            return StatusCode::NOT_FOUND.into_response();
        }
        let (status, message, code) = self.parts();
        let mut body = json!({ "message": message });
        if let Some(code) = code {
            body["code"] = json!(code);
        }
        let mut response = Response::builder().status(status);
        if let Self::TooMany(seconds) = self {
            response = response.header("x-retry-after", seconds);
        }
        response
            .content_type("application/json")
            .body(body.to_string())
    }
}

/// A JSON answer with cookies.
pub(super) fn answer(body: &Value, cookies: &[String]) -> Response {
    let mut response = Response::builder().content_type("application/json");
    for cookie in cookies {
        response = response.header(header::SET_COOKIE, cookie);
    }
    response.body(body.to_string())
}

/// A time as JavaScript prints it, in milliseconds.
fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(super) fn user(user: &User) -> Value {
    json!({
        "name": user.name, "email": user.email, "emailVerified": user.email_verified, "image": user.image,
        "createdAt": instant(user.created_at), "updatedAt": instant(user.updated_at),
        "twoFactorEnabled": user.two_factor_enabled, "phone": user.phone, "role": user.role.as_str(), "id": user.id,
    })
}

pub(super) fn session(session: &Session) -> Value {
    json!({
        "expiresAt": instant(session.expires_at), "token": session.token,
        "createdAt": instant(session.created_at), "updatedAt": instant(session.updated_at),
        "ipAddress": session.ip_address, "userAgent": session.user_agent,
        "userId": session.user_id, "id": session.id,
    })
}

pub(super) fn credential(credential: &Credential) -> Value {
    json!({
        "accountId": credential.account_id, "providerId": credential.provider_id,
        "userId": credential.user_id, "createdAt": instant(credential.created_at),
        "updatedAt": instant(credential.updated_at), "id": credential.id, "scopes": [],
    })
}
