//! The desk: the web app of `web/`, which this process serves to browsers.
//!
//! The files of its build are part of the binary, each also as brotli and gzip. The page is served at `/` and at every
//! address that belongs to no endpoint, so that a link into the app opens. Files whose address carries the hash of the
//! build (`?v=`) never change and are kept for ever; the page is never kept.

use poem::http::{HeaderMap, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use rust_embed::{Embed, EmbeddedFile};
use std::sync::Arc;

/// The build, as `web/vite.config.ts` writes it.
#[derive(Embed)]
#[folder = "../web/dist"]
struct Files;

/// The page.
const PAGE: &str = "index.html";

/// Where the files are served.
const FOLDER: &str = "/desk/";

/// The first parts of the paths that are no screens.
const NO_SCREENS: [&str; 6] = [
    "api",
    "webhooks",
    "docs",
    "health",
    "metrics",
    "openapi.json",
];

/// What the page may do: load its own files and call its own api. No script or style of anybody else, no frame.
///
/// Source: W3C, Content Security Policy Level 3.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Answers a browser that asks for the page or one of its files; every other request goes on.
pub(crate) async fn serve<E: Endpoint>(next: Arc<E>, request: Request) -> Result<Response> {
    let asked = match *request.method() {
        Method::GET | Method::HEAD => file_of(&request),
        _ => None,
    };
    match asked.and_then(|name| encoded(name, request.headers())) {
        Some((file, encoding)) => Ok(answer(&request, asked.unwrap_or(PAGE), &file, encoding)),
        None => Ok(next.call(request).await?.into_response()),
    }
}

/// The file that the request asks for.
fn file_of(request: &Request) -> Option<&str> {
    let path = request.uri().path();
    if let Some(name) = path.strip_prefix(FOLDER) {
        return Some(name).filter(|name| !matches!(name.rsplit_once('.'), Some((_, "br" | "gz"))));
    }
    if path == "/" {
        return Some(PAGE);
    }
    let first = path.trim_start_matches('/').split('/').next();
    let is_screen = first.is_some_and(|first| !NO_SCREENS.contains(&first));
    let wants_page = request
        .header(header::ACCEPT)
        .is_some_and(|types| types.contains("text/html"));
    (is_screen && wants_page).then_some(PAGE)
}

/// The file in the smallest form that the browser takes.
fn encoded(name: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let takes = headers.get(header::ACCEPT_ENCODING);
    let takes = takes.and_then(|takes| takes.to_str().ok()).unwrap_or("");
    let takes = |encoding: &str| {
        let mut offered = takes.split(',').map(str::trim);
        offered.any(|offer| offer == encoding || offer.starts_with(&format!("{encoding};q=1")))
    };
    for (encoding, suffix) in [("br", ".br"), ("gzip", ".gz")] {
        if takes(encoding)
            && let Some(file) = Files::get(&format!("{name}{suffix}"))
        {
            return Some((file, Some(encoding)));
        }
    }
    Files::get(name).map(|file| (file, None))
}

fn answer(
    request: &Request,
    name: &str,
    file: &EmbeddedFile,
    encoding: Option<&'static str>,
) -> Response {
    let is_versioned = request
        .uri()
        .query()
        .is_some_and(|query| query.starts_with("v="));
    let kept = match (name, is_versioned) {
        (PAGE, _) => "no-store",
        (_, true) => "public, max-age=31536000, immutable",
        (_, false) => "no-cache",
    };
    let content_type = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "application/octet-stream",
    };
    let mut response = Response::builder()
        .status(StatusCode::OK)
        .content_type(content_type)
        .header(header::CACHE_CONTROL, kept)
        .header(header::VARY, "accept-encoding")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "same-origin");
    if let Some(encoding) = encoding {
        response = response.header(header::CONTENT_ENCODING, encoding);
    }
    response.body(file.data.to_vec())
}
