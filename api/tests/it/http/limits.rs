//! Requests that only want to hurt, and what every answer tells a browser.

use super::{auth, client_of};
use futures::stream;
use poem::Body;
use poem::http::header;
use poem::test::TestResponse;
use secrecy::SecretString;
use shared::testing::Harness;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const MEGABYTE: usize = 1024 * 1024;

fn header_of(response: &TestResponse, name: &header::HeaderName) -> String {
    let value = response.0.headers().get(name);
    let value = value.and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// A body of 150 MB without a size, which counts how much of it was read.
fn endless(read: &Arc<AtomicUsize>) -> Body {
    let read = Arc::clone(read);
    let pieces = stream::iter((0..150).map(move |_| {
        read.fetch_add(MEGABYTE, Ordering::Relaxed);
        Ok::<_, std::io::Error>(vec![b'x'; MEGABYTE])
    }));
    Body::from_bytes_stream(pieces)
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_everywhere_before_it_is_read() {
    let harness = Harness::new().await;
    let http = client_of(&harness.app, auth());
    for path in [
        "/nowhere",
        "/api/leads",
        "/api/auth/sign-in/email",
        "/health/live",
    ] {
        let told = http
            .post(path)
            .header(header::CONTENT_LENGTH, 150 * MEGABYTE)
            .body("x");
        assert_eq!(told.send().await.0.status().as_u16(), 413, "{path}");
        let read = Arc::new(AtomicUsize::new(0));
        let untold = http
            .post(path)
            .content_type("application/json")
            .body(endless(&read));
        let status = untold.send().await.0.status();
        assert!(status.is_client_error(), "{path}: {status}");
        let read = read.load(Ordering::Relaxed);
        assert!(read <= 6 * MEGABYTE, "{path}: {read} bytes were read");
    }
}

#[tokio::test]
async fn a_long_address_is_refused() {
    let harness = Harness::new().await;
    let http = client_of(&harness.app, auth());
    let long = format!("/{}", "x".repeat(60_000));
    let refused = http.get(&long).send().await;
    assert_eq!(refused.0.status().as_u16(), 414);
    let kept = format!("/api/leads?q={}", "x".repeat(4_000));
    assert_ne!(http.get(&kept).send().await.0.status().as_u16(), 414);
}

#[tokio::test]
async fn every_answer_says_what_a_browser_must_not_do_with_it() {
    let harness = Harness::new().await;
    let https = api::auth::Auth::new(
        SecretString::from("a secret of the stories, thirty-two long"),
        "https://lounge.example",
        &[],
        false,
        false,
    );
    for (auth, hsts) in [(auth(), ""), (https, "max-age=31536000")] {
        let http = client_of(&harness.app, auth);
        for path in ["/health/live", "/api/leads", "/api/nowhere", "/docs", "/"] {
            let answer = http.get(path).header("accept", "text/html").send().await;
            assert_eq!(
                header_of(&answer, &header::X_CONTENT_TYPE_OPTIONS),
                "nosniff",
                "{path}"
            );
            let policy = header_of(&answer, &header::CONTENT_SECURITY_POLICY);
            assert!(
                policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert_eq!(
                header_of(&answer, &header::REFERRER_POLICY),
                "same-origin",
                "{path}"
            );
            assert_eq!(
                header_of(&answer, &header::STRICT_TRANSPORT_SECURITY),
                hsts,
                "{path}"
            );
            if path.starts_with("/api/") {
                assert_eq!(
                    header_of(&answer, &header::CACHE_CONTROL),
                    "no-store",
                    "{path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_who_takes_that_and_means_the_same() {
    let harness = Harness::new().await;
    let http = client_of(&harness.app, auth());
    let plain = http.get("/openapi.json").send().await;
    assert_eq!(header_of(&plain, &header::CONTENT_ENCODING), "");
    let plain = plain.0.into_body().into_vec().await.expect("a body");
    let packed = http
        .get("/openapi.json")
        .header("accept-encoding", "gzip, br")
        .send()
        .await;
    assert_eq!(header_of(&packed, &header::CONTENT_ENCODING), "gzip");
    assert!(header_of(&packed, &header::VARY).contains("Accept-Encoding"));
    let packed = packed.0.into_body().into_vec().await.expect("a body");
    assert!(
        packed.len() < plain.len() / 4,
        "{} of {}",
        packed.len(),
        plain.len()
    );
    let mut unpacked = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
    std::io::Read::read_to_end(&mut decoder, &mut unpacked).expect("gzip");
    assert_eq!(unpacked, plain);
}
