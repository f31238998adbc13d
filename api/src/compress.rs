//! Compresses answers: on a slow phone a board without it takes longer than the whole page.
//!
//! Only JSON that is in memory. Streams pass as they are, and so do the answers of sign-in: a compressed answer tells its
//! length, which must not depend on a secret (BREACH, CVE-2013-3587).

use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};
use std::io::Write;
use std::sync::Arc;

/// Shorter answers fit into one packet anyway.
const WORTH_IT: usize = 1_400;

/// Compresses the answer with gzip if the client takes it.
pub(crate) async fn compress<E: Endpoint>(next: Arc<E>, request: Request) -> Result<Response> {
    let wanted = takes_gzip(request.headers()) && !request.uri().path().starts_with("/api/auth/");
    let mut response = next.call(request).await?.into_response();
    if !is_json(response.headers()) {
        return Ok(response);
    }
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if !wanted {
        return Ok(response);
    }
    let plain = response.take_body().into_bytes().await?;
    if plain.len() < WORTH_IT {
        response.set_body(plain);
        return Ok(response);
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder
        .write_all(&plain)
        .map_err(poem::error::InternalServerError)?;
    let packed = encoder.finish().map_err(poem::error::InternalServerError)?;
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response.set_body(Body::from_vec(packed));
    Ok(response)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
        && !headers.contains_key(header::CONTENT_ENCODING)
}

/// Whether the client takes gzip: it names it, and not with `q=0` (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let told = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    told.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let is_refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case("gzip") && !is_refused
        })
}

#[cfg(test)]
mod tests {
    use super::takes_gzip;
    use poem::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn gzip_is_used_only_if_it_is_taken() {
        for (told, taken) in [
            ("gzip, deflate, br", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0, br", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(told));
            assert_eq!(takes_gzip(&headers), taken, "{told}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
