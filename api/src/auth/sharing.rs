//! Cross-origin requests and cookies of browsers.
//!
//! CORS (the Fetch standard): trusted pages can use the api with its cookie. A request of any other page is
//! answered without the headers that would let the page read the answer. poem's own middleware rejects such
//! a request, which would also reject webhooks with an origin.

use super::cookie::{self, SECURE_PREFIX, SESSION};
use super::settings::Auth;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use std::sync::{Arc, Mutex, PoisonError};

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const HEADERS: &str = "content-type, if-match, x-admin-token, x-request-id";
/// Headers of answers that a page can read.
const SHOWN: &str = "content-disposition, x-request-id, x-total-count";
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
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(SHOWN),
    );
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    Ok(response)
}

/// The cookies of a session that this request renewed. Its answer sets them.
#[derive(Clone, Default)]
pub(super) struct Renewal(Arc<Mutex<Vec<String>>>);

impl Renewal {
    pub(super) fn set(&self, cookies: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = cookies;
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Makes one plain `Cookie` header of all that came, and sets the cookie of a session that the request renewed.
///
/// HTTP/2 can send several fields (RFC 9113, 8.2.3), and other pages of the host can set cookies with bytes that are
/// not ASCII: those are left out, because the framework would find no cookie at all. Under https the session's name
/// has a prefix, which OpenAPI's name for it does not have, so the session is added under the plain name.
pub async fn with_one_cookie_header<E: Endpoint>(
    next: Arc<E>,
    mut request: Request,
) -> Result<Response> {
    let fields = request.headers().get_all(header::COOKIE);
    let fields: Vec<String> = fields
        .iter()
        .map(|field| String::from_utf8_lossy(field.as_bytes()).into_owned())
        .collect();
    if !fields.is_empty() {
        let all = fields.join(";");
        let mut pairs: Vec<String> = all
            .split(';')
            .map(str::trim)
            .filter(|pair| !pair.is_empty() && pair.bytes().all(|b| (b' '..=b'~').contains(&b)))
            .map(str::to_owned)
            .collect();
        let prefixed = format!("{SECURE_PREFIX}{SESSION}");
        if let Some(value) = cookie::named(&all, &prefixed) {
            pairs.push(format!("{SESSION}={value}"));
        }
        request.headers_mut().remove(header::COOKIE);
        if let Ok(one) = HeaderValue::from_str(&pairs.join("; ")) {
            request.headers_mut().insert(header::COOKIE, one);
        }
    }
    let renewal = Renewal::default();
    request.set_data(renewal.clone());
    let mut response = next.call(request).await?.into_response();
    for cookie in renewal.take() {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}
