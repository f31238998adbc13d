//! Errors as RFC 9457 problem details: the only place that chooses an error's status.

use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object};
use shared::Error;
use shared::error::DatabaseTrouble;

/// An error (RFC 9457).
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// Always `about:blank`: the status tells the kind of problem.
    #[oai(rename = "type")]
    kind: String,
    /// The name of the status.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened, for a person.
    detail: Option<String>,
    /// What happened, for a program: a stable code.
    code: Option<String>,
    /// The fields with errors.
    errors: Option<Vec<FieldError>>,
}

/// A field with an error.
#[derive(Clone, Debug, Object)]
pub struct FieldError {
    /// The field, as the request spells it.
    field: String,
    /// What is wrong.
    detail: String,
}

/// Every error that the api answers.
#[derive(Debug, ApiResponse)]
pub enum ProblemResponse {
    /// The request is wrong.
    #[oai(status_range = "4XX", content_type = "application/problem+json")]
    Client(StatusCode, Json<Problem>),
    /// The server failed.
    #[oai(status_range = "5XX", content_type = "application/problem+json")]
    Server(StatusCode, Json<Problem>),
}

/// A handler's result.
pub type Result<T> = std::result::Result<Json<T>, ProblemResponse>;

impl Problem {
    fn new(status: StatusCode) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: None,
            code: None,
            errors: None,
        }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }
}

impl From<Error> for ProblemResponse {
    /// Logs a server error once, with its cause; the answer does not contain the cause.
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { what } => {
                let problem = Problem::new(StatusCode::NOT_FOUND).detail(format!("no such {what}"));
                Self::Client(StatusCode::NOT_FOUND, Json(problem))
            }
            Error::Invalid { field, reason } => invalid(field, reason),
            Error::Conflict { code } => {
                let mut problem = Problem::new(StatusCode::CONFLICT);
                problem.code = Some(code.to_owned());
                Self::Client(StatusCode::CONFLICT, Json(problem))
            }
            Error::Clash { code, detail } => {
                let mut problem = Problem::new(StatusCode::CONFLICT).detail(detail);
                problem.code = Some(code.to_owned());
                Self::Client(StatusCode::CONFLICT, Json(problem))
            }
            Error::LeadExists { lead } => {
                let status = StatusCode::CONFLICT;
                let detail = format!("a lead with this number exists: {lead}");
                let mut problem = Problem::new(status).detail(detail);
                problem.code = Some("lead_exists".to_owned());
                Self::Client(status, Json(problem))
            }
            Error::Transition { detail } => {
                let status = StatusCode::CONFLICT;
                let mut problem = Problem::new(status).detail(detail);
                problem.code = Some("illegal_transition".to_owned());
                Self::Client(status, Json(problem))
            }
            Error::Provider(_) | Error::NotYet { .. } => {
                tracing::error!(%error, "api.provider_failed");
                server(StatusCode::BAD_GATEWAY)
            }
            Error::Database(ref cause) if is_unstorable(cause) => {
                let detail = "the request has a text with a NUL character, or a value out of range";
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Self::Client(status, Json(Problem::new(status).detail(detail)))
            }
            Error::Database(ref cause) => {
                let trouble = error.database_trouble();
                match trouble {
                    // It was tried twice.
                    Some(DatabaseTrouble::Lock) => tracing::error!(%error, "api.locked_out"),
                    Some(DatabaseTrouble::DiskFull) => {
                        tracing::error!(%error, "api.database_disk_full");
                    }
                    Some(DatabaseTrouble::Away) => tracing::error!(%error, "api.database_away"),
                    None if is_not_migrated(cause) => {
                        tracing::error!(%error, "api.not_migrated");
                    }
                    None => {
                        tracing::error!(%error, "api.failed");
                        return server(StatusCode::INTERNAL_SERVER_ERROR);
                    }
                }
                server(StatusCode::SERVICE_UNAVAILABLE)
            }
            Error::Migration(_) => {
                tracing::error!(%error, "api.failed");
                server(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

/// A field whose value is not allowed: 422 (RFC 9110, 15.5.21).
fn invalid(field: &str, reason: impl Into<String>) -> ProblemResponse {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut problem =
        Problem::new(status).detail("the request has a field that cannot be understood");
    problem.errors = Some(vec![FieldError {
        field: field.to_owned(),
        detail: reason.into(),
    }]);
    ProblemResponse::Client(status, Json(problem))
}

/// Several fields or parameters that are not allowed, each with what would be right.
pub(crate) fn wrong_fields(wrong: Vec<(String, String)>) -> poem::Error {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut problem =
        Problem::new(status).detail("the request has fields that cannot be understood");
    let errors = wrong
        .into_iter()
        .map(|(field, detail)| FieldError { field, detail });
    problem.errors = Some(errors.collect());
    poem::Error::from_response(ProblemResponse::Client(status, Json(problem)).into_response())
}

/// The user is signed in and is not allowed to.
pub(crate) fn forbidden(detail: &str) -> ProblemResponse {
    let status = StatusCode::FORBIDDEN;
    ProblemResponse::Client(status, Json(Problem::new(status).detail(detail)))
}

/// The user must give their password again first (`POST /api/session/confirm`).
pub(crate) fn unconfirmed() -> poem::Error {
    let status = StatusCode::FORBIDDEN;
    let mut problem = Problem::new(status).detail("give your password again first");
    problem.code = Some("confirm_password".to_owned());
    poem::Error::from_response(ProblemResponse::Client(status, Json(problem)).into_response())
}

/// The user must set an authenticator app up first (`AUTH_TWO_FACTOR_FOR`).
pub(crate) fn without_second_factor() -> poem::Error {
    let status = StatusCode::FORBIDDEN;
    let told = "set up two-factor sign-in first (POST /api/auth/two-factor/enable)";
    let mut problem = Problem::new(status).detail(told);
    problem.code = Some("two_factor_required".to_owned());
    poem::Error::from_response(ProblemResponse::Client(status, Json(problem)).into_response())
}

/// The request has no valid credentials.
pub(crate) fn unauthorized(detail: &str) -> ProblemResponse {
    let status = StatusCode::UNAUTHORIZED;
    ProblemResponse::Client(status, Json(Problem::new(status).detail(detail)))
}

/// Too many requests at once.
pub(crate) fn too_many(detail: &str) -> ProblemResponse {
    let status = StatusCode::TOO_MANY_REQUESTS;
    ProblemResponse::Client(status, Json(Problem::new(status).detail(detail)))
}

/// An upstream did not answer in time.
pub(crate) fn unavailable(detail: &str) -> ProblemResponse {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    ProblemResponse::Server(status, Json(Problem::new(status).detail(detail)))
}

/// The body is not valid.
pub(crate) fn bad_request(detail: &str) -> ProblemResponse {
    let status = StatusCode::BAD_REQUEST;
    ProblemResponse::Client(status, Json(Problem::new(status).detail(detail)))
}

/// The path does not exist.
fn not_found() -> ProblemResponse {
    let status = StatusCode::NOT_FOUND;
    ProblemResponse::Client(status, Json(Problem::new(status)))
}

fn server(status: StatusCode) -> ProblemResponse {
    ProblemResponse::Server(status, Json(Problem::new(status)))
}

/// Whether PostgreSQL cannot store a value of the request: a text with a NUL character (22021, 22P05), a
/// number (22003) or a time (22008) out of range.
fn is_unstorable(cause: &shared::error::DatabaseError) -> bool {
    let Some(refusal) = cause.as_database_error() else {
        return false;
    };
    let code = refusal.code().unwrap_or_default();
    ["22021", "22P05", "22003", "22008"].contains(&&*code)
}

/// Whether a table does not exist yet (42P01).
fn is_not_migrated(cause: &shared::error::DatabaseError) -> bool {
    let refusal = cause.as_database_error();
    refusal.is_some_and(|refusal| refusal.code().as_deref() == Some("42P01"))
}

/// Errors of the framework (invalid JSON, invalid path, 404, 405), in the same format as ours.
pub(crate) async fn from_framework(error: poem::Error) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let status = error.status();
    let problem = if status.is_server_error() {
        tracing::error!(%error, "api.failed");
        Problem::new(status)
    } else if error.is::<poem_openapi::error::ParsePathError>() {
        // poem's text names a parameter that the caller does not see.
        return not_found().into_response();
    } else {
        Problem::new(status).detail(error.to_string())
    };
    let body = poem_openapi::types::ToJSON::to_json_string(&problem);
    let json = HeaderValue::from_static("application/problem+json");
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, json)
        .body(body)
}

/// An error of a handler's guard, with its own status and text.
pub(crate) fn status(status: StatusCode, detail: &str) -> poem::Error {
    let problem = Problem::new(status).detail(detail);
    let answer = if status.is_server_error() {
        ProblemResponse::Server(status, Json(problem))
    } else {
        ProblemResponse::Client(status, Json(problem))
    };
    poem::Error::from_response(answer.into_response())
}

/// An operation's error in a handler's guard.
pub(crate) fn error(error: Error) -> poem::Error {
    poem::Error::from_response(ProblemResponse::from(error).into_response())
}
