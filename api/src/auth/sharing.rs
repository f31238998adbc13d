//! Cross-origin requests and cookies of browsers.
//!
//! CORS (the Fetch standard): trusted pages can use the api with its cookie. A request of any other page is
//! answered without the headers that would let the page read the answer. poem's own middleware rejects such
//! a request, which would also reject webhooks with an origin.

use super::cookie::{self, SECURE_PREFIX, SESSION};
use super::settings::Auth;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use std::sync::Arc;

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const HEADERS: &str = "content-type, if-match, x-admin-token, x-request-id";
/// For how many seconds a browser can cache a preflight.
const REMEMBERED: &str = "600";

/// Answers preflights of trusted pages, and lets them read every other answer.
pub async fn share_with_trusted_pages<E: Endpoint>(
    next: Arc<E>,
    request: Request,
) -> Result<Response> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let trusted = origin.filter(|origin| {
        let auth = request.data::<Auth>();
        origin
            .to_str()
            .is_ok_and(|origin| auth.is_some_and(|auth| auth.trusts(origin)))
    });
    let Some(origin) = trusted else {
        return Ok(next.call(request).await?.into_response());
    };
    let asks = request
        .headers()
        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if request.method() == Method::OPTIONS && asks {
        let mut response = StatusCode::NO_CONTENT.into_response();
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        ] {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    } else {
        match next.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => crate::problem::from_framework(error).await,
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    Ok(response)
}

/// Under https the cookie's name has a prefix, which OpenAPI's name for it does not have. Adds the cookie under
/// the plain name, so that the framework finds it.
pub async fn without_secure_prefix<E: Endpoint>(
    next: Arc<E>,
    mut request: Request,
) -> Result<E::Output> {
    let prefixed = format!("{SECURE_PREFIX}{SESSION}");
    let cookies = request.header(header::COOKIE).unwrap_or_default();
    if let Some(value) = cookie::named(cookies, &prefixed)
        && let Ok(header) = HeaderValue::from_str(&format!("{cookies}; {SESSION}={value}"))
    {
        request.headers_mut().insert(header::COOKIE, header);
    }
    next.call(request).await
}
