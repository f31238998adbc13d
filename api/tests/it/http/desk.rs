//! The desk's page and files, as a browser gets them.

use super::{auth, client_of};
use poem::http::header;
use poem::test::TestResponse;
use shared::testing::Harness;

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

fn header_of(response: &TestResponse, name: &header::HeaderName) -> String {
    let value = response.0.headers().get(name);
    let value = value.and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

async fn page() -> String {
    let harness = Harness::new().await;
    let http = client_of(&harness.app, auth());
    let response = http.get("/").send().await;
    response.0.into_body().into_string().await.expect("a page")
}

/// The addresses of the page's files.
fn files_of(page: &str) -> Vec<String> {
    let quoted = page.split('"').filter(|part| part.starts_with("/desk/"));
    quoted.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_page_opens_at_the_root_and_at_every_link_into_it() {
    let harness = Harness::new().await;
    let http = client_of(&harness.app, auth());
    for path in ["/", "/board", "/leads/0190?q=budi", "/sign-in"] {
        let response = http.get(path).header("accept", BROWSER).send().await;
        response.assert_status_is_ok();
        assert_eq!(
            header_of(&response, &header::CONTENT_TYPE),
            "text/html; charset=utf-8"
        );
        assert_eq!(header_of(&response, &header::CACHE_CONTROL), "no-store");
        assert_eq!(
            header_of(&response, &header::X_CONTENT_TYPE_OPTIONS),
            "nosniff"
        );
        let policy = header_of(&response, &header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self';"));
        let text = response.0.into_body().into_string().await.expect("a page");
        assert!(text.contains("<div id=\"app\">") && !text.contains("<script>"));
    }
}

#[tokio::test]
async fn what_belongs_to_the_api_is_answered_by_the_api() {
    let harness = Harness::new().await;
    let http = client_of(&harness.app, auth());
    for path in ["/api/nowhere", "/webhooks/nowhere", "/health/nowhere"] {
        let response = http.get(path).header("accept", BROWSER).send().await;
        assert_eq!(response.0.status().as_u16(), 404, "{path}");
        let kind = header_of(&response, &header::CONTENT_TYPE);
        assert!(
            kind.starts_with("application/problem+json"),
            "{path}: {kind}"
        );
    }
    // A program that asks for a path that does not exist gets no page.
    let response = http.get("/nowhere").header("accept", "*/*").send().await;
    assert_eq!(response.0.status().as_u16(), 404);
    let response = http.post("/board").header("accept", BROWSER).send().await;
    assert_ne!(response.0.status().as_u16(), 200);
}

#[tokio::test]
async fn files_of_the_build_are_small_and_kept_for_ever() {
    let harness = Harness::new().await;
    let http = client_of(&harness.app, auth());
    let files = files_of(&page().await);
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert!(file.contains("?v="), "{file}");
        let plain = http.get(&file).send().await;
        plain.assert_status_is_ok();
        let kept = header_of(&plain, &header::CACHE_CONTROL);
        assert!(kept.contains("immutable"), "{file}: {kept}");
        let whole = plain.0.into_body().into_vec().await.expect("a file").len();
        for (asked, encoding) in [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip")] {
            let request = http.get(&file).header("accept-encoding", asked);
            let response = request.send().await;
            assert_eq!(header_of(&response, &header::CONTENT_ENCODING), encoding);
            let small = response.0.into_body().into_vec().await.expect("a file");
            assert!(
                small.len() < whole / 2,
                "{file}: {} of {whole}",
                small.len()
            );
        }
    }
    // A page of another build gets the file, and must not keep it: during an upgrade two builds answer.
    for other in ["/desk/app.js?v=0123456789", "/desk/app.js"] {
        let response = http.get(other).send().await;
        response.assert_status_is_ok();
        assert_eq!(header_of(&response, &header::CACHE_CONTROL), "no-store");
    }
    for nothing in [
        "/desk/nothing.js",
        "/desk/app.js.br",
        "/desk/../Cargo.toml",
        "/desk/",
    ] {
        let response = http.get(nothing).send().await;
        assert_eq!(response.0.status().as_u16(), 404, "{nothing}");
    }
}
