//! Authorization: handlers name one of these types in their signature.

use super::record::LetIn;
use super::settings::Auth;
use super::sharing::Renewal;
use super::{cookie, origin};
use crate::problem;
use chrono::{DateTime, Utc};
use poem::Request;
use poem::http::{Method, StatusCode, header};
use poem_openapi::SecurityScheme;
use poem_openapi::auth::ApiKey;
use shared::App;
use shared::auth::{self, Found, Role, User};
use shared::id::UserId;

/// A signed-in user.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Their user.
    pub user: User,
    /// The id of their session, which is not its secret token.
    pub session_id: String,
    /// Until when they can do what needs their password again; `None` if they must give it first.
    pub confirmed_until: Option<DateTime<Utc>>,
}

impl Viewer {
    /// Whether the user can see all of a client's data: of their own lead, or of any for an admin.
    pub fn may_see_client_of(&self, owner: Option<&UserId>) -> bool {
        self.user.role == Role::Admin || owner == Some(&self.user.id)
    }
}

/// An agent or an admin, by better-auth's cookie. Not an operator, who sees no lead.
#[derive(SecurityScheme)]
#[oai(
    rename = "session",
    ty = "api_key",
    key_name = "better-auth.session_token",
    key_in = "cookie",
    checker = "agent_or_admin"
)]
pub struct SignedIn(pub Viewer);

/// An admin, by better-auth's cookie.
#[derive(SecurityScheme)]
#[oai(
    rename = "adminSession",
    ty = "api_key",
    key_name = "better-auth.session_token",
    key_in = "cookie",
    checker = "admin"
)]
pub struct AdminOnly(pub Viewer);

/// An agent or an admin who gave their password in the last minutes, by better-auth's cookie.
#[derive(SecurityScheme)]
#[oai(
    rename = "confirmedSession",
    ty = "api_key",
    key_name = "better-auth.session_token",
    key_in = "cookie",
    checker = "confirmed_agent_or_admin"
)]
pub struct Confirmed(pub Viewer);

/// An admin who gave their password in the last minutes, by better-auth's cookie.
#[derive(SecurityScheme)]
#[oai(
    rename = "confirmedAdminSession",
    ty = "api_key",
    key_name = "better-auth.session_token",
    key_in = "cookie",
    checker = "confirmed_admin"
)]
pub struct ConfirmedAdmin(pub Viewer);

/// An operator or an admin, by better-auth's cookie.
#[derive(SecurityScheme)]
#[oai(
    rename = "operatorSession",
    ty = "api_key",
    key_name = "better-auth.session_token",
    key_in = "cookie",
    checker = "operator"
)]
pub struct OperatorOnly(pub Viewer);

/// An admin, or a client with `ADMIN_WHATSAPP_TOKEN`. poem-openapi answers with the error of the scheme that it
/// tried last. That is the session, so that the answer is "sign in".
#[derive(SecurityScheme)]
pub enum WhatsappAdmins {
    /// By the token.
    Token(TokenBearer),
    /// By better-auth's cookie.
    Admin(AdminOnly),
}

/// As [`WhatsappAdmins`], but an admin gave their password in the last minutes.
#[derive(SecurityScheme)]
pub enum ConfirmedWhatsappAdmins {
    /// By the token.
    Token(TokenBearer),
    /// By better-auth's cookie.
    Admin(ConfirmedAdmin),
}

/// A client with `ADMIN_WHATSAPP_TOKEN`. Rejects every client if it is not set.
#[derive(SecurityScheme)]
#[oai(
    rename = "whatsappAdminToken",
    ty = "api_key",
    key_name = "x-admin-token",
    key_in = "header",
    checker = "token_bearer"
)]
pub struct TokenBearer(pub ());

async fn token_bearer(request: &Request, key: ApiKey) -> poem::Result<()> {
    let auth = request.data::<Auth>();
    if auth.is_some_and(|auth| auth.knows_whatsapp_admin(&key.key)) {
        LetIn::token(request).await
    } else {
        Err(unauthorized())
    }
}

async fn agent_or_admin(request: &Request, key: ApiKey) -> poem::Result<Viewer> {
    let told = "not for operators: they see no lead";
    one_of(&[Role::Admin, Role::Sales], told, request, key).await
}

async fn operator(request: &Request, key: ApiKey) -> poem::Result<Viewer> {
    let told = "for operators and admins only";
    one_of(&[Role::Admin, Role::Operator], told, request, key).await
}

async fn admin(request: &Request, key: ApiKey) -> poem::Result<Viewer> {
    one_of(&[Role::Admin], "for admins only", request, key).await
}

async fn confirmed_agent_or_admin(request: &Request, key: ApiKey) -> poem::Result<Viewer> {
    confirmed(agent_or_admin(request, key).await?)
}

async fn confirmed_admin(request: &Request, key: ApiKey) -> poem::Result<Viewer> {
    confirmed(admin(request, key).await?)
}

fn confirmed(viewer: Viewer) -> poem::Result<Viewer> {
    match viewer.confirmed_until {
        Some(_) => Ok(viewer),
        None => Err(problem::unconfirmed()),
    }
}

/// A signed-in user who has one of these roles. Everybody else is told why not.
async fn one_of(
    roles: &[Role],
    told: &'static str,
    request: &Request,
    key: ApiKey,
) -> poem::Result<Viewer> {
    let viewer = signed_in(request, key).await?;
    let user = &viewer.user;
    if !roles.contains(&user.role) {
        return Err(problem::status(StatusCode::FORBIDDEN, told));
    }
    let must = request
        .data::<Auth>()
        .is_none_or(|auth| auth.asks_for_code(user.role));
    if must && !user.two_factor_enabled {
        return Err(problem::without_second_factor());
    }
    LetIn::user(request, user).await?;
    Ok(viewer)
}

/// Reads the signed cookie from the header, because the framework parses cookies differently from better-auth.
/// A request that changes something must come from a trusted page.
async fn signed_in(request: &Request, _: ApiKey) -> poem::Result<Viewer> {
    let (Some(app), Some(auth)) = (request.data::<App>(), request.data::<Auth>()) else {
        return Err(problem::status(
            StatusCode::INTERNAL_SERVER_ERROR,
            "sign-in is not set up",
        ));
    };
    let cookies = request.header(header::COOKIE).unwrap_or_default();
    let renew = !cookie::ends_with_browser(auth, cookies);
    for token in cookie::session_tokens(auth, cookies) {
        let found = auth::session(app, &token, renew)
            .await
            .map_err(problem::error)?;
        let Found::Good {
            user,
            session,
            renewed,
            confirmed_until,
        } = found
        else {
            continue;
        };
        let changes = !matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        );
        if changes && origin::check_cookied(auth, request.headers()).is_err() {
            let told = "the request does not come from a page that is trusted (BETTER_AUTH_TRUSTED_ORIGINS)";
            return Err(problem::status(StatusCode::FORBIDDEN, told));
        }
        if renewed && let Some(renewal) = request.data::<Renewal>() {
            renewal.set(cookie::of_session(auth, &session, true));
        }
        return Ok(Viewer {
            user: *user,
            session_id: session.id,
            confirmed_until,
        });
    }
    Err(unauthorized())
}

fn unauthorized() -> poem::Error {
    problem::status(StatusCode::UNAUTHORIZED, "sign in first")
}
