//! What every request is checked for before its handler: nothing in it may be ignored or be unstorable.
//!
//! A parameter or field that an operation does not have is refused with the names of those that it has: a misspelt
//! filter must not list everything, and a misspelt field must not be dropped. PostgreSQL cannot store a NUL character,
//! so its field is named. Deliveries of Meta are excepted, because Meta adds fields.

mod shape;

use crate::limits::{METAS, MOST};
use crate::problem;
use percent_encoding::percent_decode_str;
use poem::http::uri::{PathAndQuery, Uri};
use poem::http::{Method, StatusCode, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};
use shape::{MOST_WRONG, NUL, Operation, Shapes, Wrong, cut, known};
use shared::App;
use std::sync::{Arc, OnceLock};

/// The operations of this process, read once.
static SHAPES: OnceLock<Shapes> = OnceLock::new();

/// Checks the request, then lets its handler answer.
pub(crate) async fn check<E: Endpoint>(next: Arc<E>, mut request: Request) -> Result<Response> {
    without_trailing_slash(&mut request);
    let shapes = SHAPES.get_or_init(|| Shapes::of(&crate::document()));
    let path = request.uri().path();
    // The dummy endpoints do not exist with another provider.
    let is_absent = path.starts_with("/webhooks/whatsapp/dummy/")
        && request
            .data::<App>()
            .is_some_and(|app| app.provider.name() != "dummy");
    if METAS.contains(&path) || is_absent {
        return Ok(next.call(request).await?.into_response());
    }
    let Some(operation) = shapes.find(request.method(), path) else {
        return Ok(next.call(request).await?.into_response());
    };
    if path
        .split('/')
        .any(|part| percent_decode_str(part).any(|byte| byte == 0))
    {
        return Err(problem::status(
            StatusCode::NOT_FOUND,
            "no such thing: its id has a NUL character",
        ));
    }
    let mut wrong = wrong_parameters(operation, request.uri().query().unwrap_or_default());
    if operation.body.is_some() && is_json(&request) {
        wrong.extend(check_body(shapes, operation, &mut request).await?);
    }
    if !wrong.is_empty() {
        return Err(problem::wrong_fields(wrong));
    }
    Ok(next.call(request).await?.into_response())
}

/// `/api/leads/` is `/api/leads`.
fn without_trailing_slash(request: &mut Request) {
    let path = request.uri().path();
    let bare = path.trim_end_matches('/');
    // better-auth answers 404.
    let is_auth = path.starts_with("/api/auth/");
    if bare.len() == path.len() || bare.is_empty() || bare == "/docs" || is_auth {
        return;
    }
    let target = match request.uri().query() {
        Some(query) => format!("{bare}?{query}"),
        None => bare.to_owned(),
    };
    let mut parts = request.uri().clone().into_parts();
    if let Ok(target) = target.parse::<PathAndQuery>() {
        parts.path_and_query = Some(target);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}

fn wrong_parameters(operation: &Operation, query: &str) -> Vec<Wrong> {
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name), decoded(value));
            if !operation.parameters.contains(&name) {
                let detail = format!(
                    "there is no such parameter; {}",
                    known(&operation.parameters)
                );
                return Some((cut(&name), detail));
            }
            value.contains('\0').then(|| (name, NUL.to_owned()))
        })
        .take(MOST_WRONG)
        .collect()
}

fn is_json(request: &Request) -> bool {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    changes
        && request
            .header(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.contains("json"))
}

/// The wrong fields of the body. The request gets its body back. A body that is no JSON is the handler's to refuse.
async fn check_body(
    shapes: &Shapes,
    operation: &Operation,
    request: &mut Request,
) -> Result<Vec<Wrong>> {
    let bytes = request
        .take_body()
        .into_bytes_limit(MOST)
        .await
        .map_err(|_| {
            problem::status(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is larger than 1 MB",
            )
        })?;
    let wrong = match (serde_json::from_slice(&bytes), &operation.body) {
        (Ok(value), Some(schema)) => shapes.compare(&value, schema),
        _ => Vec::new(),
    };
    request.set_body(Body::from_bytes(bytes));
    Ok(wrong)
}
