//! Headers of every answer that tell a browser what it must not do with it.
//!
//! Source: OWASP, HTTP Headers Cheat Sheet; RFC 6797 (HSTS); RFC 9111, 5.2.2.5 (no-store).

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use std::sync::Arc;

/// An answer of the api is data: it loads nothing and is shown in no frame.
const DATA: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// A page with a policy of its own, as the documentation has none.
const PAGE: HeaderValue = HeaderValue::from_static("frame-ancestors 'none'");
/// A year. Browsers keep to https for this host.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers that an answer does not have yet. `is_https`: browsers reach the api by https.
pub(crate) async fn add<E: Endpoint>(
    next: Arc<E>,
    request: Request,
    is_https: bool,
) -> Result<Response> {
    let is_personal = request.uri().path().starts_with("/api/");
    let mut response = match next.call(request).await {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    let kind = headers.get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = if is_page { PAGE } else { DATA };
    if_absent(headers, header::CONTENT_SECURITY_POLICY, policy);
    let nosniff = HeaderValue::from_static("nosniff");
    if_absent(headers, header::X_CONTENT_TYPE_OPTIONS, nosniff);
    let same_origin = HeaderValue::from_static("same-origin");
    if_absent(headers, header::REFERRER_POLICY, same_origin);
    if is_personal {
        if_absent(
            headers,
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        );
    }
    if is_https {
        if_absent(headers, header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    Ok(response)
}

fn if_absent(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}
