//! The desk: the web app of `web/`, which this process serves to browsers.
//!
//! The files of its build are part of the binary, each also as brotli and gzip. The page is served at `/` and at every
//! address that belongs to no endpoint, so that a link into the app opens. Browsers keep files whose
//! address carries the hash of this build (`?v=`) for ever, and never the page.

use poem::http::{HeaderMap, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use rust_embed::{Embed, EmbeddedFile};
use std::sync::{Arc, LazyLock};

/// The build, as `web/vite.config.ts` writes it.
#[derive(Embed)]
#[folder = "../web/dist"]
struct Files;

/// The page.
const PAGE: &str = "index.html";

/// Where the files are served.
const FOLDER: &str = "/desk/";

/// The first parts of the paths of endpoints. A test compares them with the API document.
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
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(name) = file_of(&request)
        && let Some((file, encoding)) = encoded(name, request.headers())
    {
        return Ok(answer(&request, name, &file, encoding));
    }
    Ok(next.call(request).await?.into_response())
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
    let taken = headers.get(header::ACCEPT_ENCODING);
    let taken = taken.and_then(|taken| taken.to_str().ok()).unwrap_or("");
    // A browser gives no preference. `;q=0` would refuse an encoding (RFC 9110, 12.5.3).
    let takes = |encoding: &str| taken.split(',').any(|one| one.trim() == encoding);
    for (encoding, suffix) in [("br", ".br"), ("gzip", ".gz")] {
        if takes(encoding)
            && let Some(file) = Files::get(&format!("{name}{suffix}"))
        {
            return Some((file, Some(encoding)));
        }
    }
    Files::get(name).map(|file| (file, None))
}

/// The query of this build's addresses: `v=` and the hash of all files.
fn version() -> Option<&'static str> {
    static VERSION: LazyLock<Option<String>> = LazyLock::new(|| {
        let page = Files::get(PAGE)?;
        let page = String::from_utf8_lossy(&page.data);
        let (_, rest) = page.split_once("app.js?")?;
        rest.split('"').next().map(str::to_owned)
    });
    VERSION.as_deref()
}

fn answer(
    request: &Request,
    name: &str,
    file: &EmbeddedFile,
    encoding: Option<&'static str>,
) -> Response {
    // During an upgrade a page of one build can ask a process of another: what that answers must not be kept.
    let is_this_build = request.uri().query() == version();
    let kept = if name != PAGE && is_this_build {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
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
    if name == PAGE {
        response = response.header(header::LINK, preloads(request.uri().path()));
    }
    response.body(file.data.to_vec())
}

/// What the browser fetches beside the app's script, and not after it: on a slow phone each round trip is half a second.
///
/// Source: W3C, Preload; WHATWG, HTML, link type `modulepreload`.
fn preloads(path: &str) -> String {
    let data = |path: &str| format!("<{path}>; rel=preload; as=fetch; crossorigin");
    let mut links = vec![data("/api/auth/get-session")];
    match path {
        "/board" => {
            let version = version().unwrap_or_default();
            links.push(format!("</desk/board.js?{version}>; rel=modulepreload"));
            links.push(data("/api/board"));
        }
        "/offers" => links.push(data("/api/offers/mine")),
        _ => {}
    }
    links.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{NO_SCREENS, version};

    #[test]
    fn no_screen_hides_an_endpoint() {
        let document: serde_json::Value = serde_json::from_str(&crate::document()).expect("JSON");
        for path in document["paths"].as_object().expect("paths").keys() {
            let first = path.split('/').nth(1).expect("a first part");
            assert!(NO_SCREENS.contains(&first), "{path}");
        }
    }

    #[test]
    fn the_build_has_a_version() {
        assert!(version().is_some_and(|version| version.starts_with("v=") && version.len() == 12));
    }
}
