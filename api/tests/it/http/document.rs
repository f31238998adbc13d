//! The OpenAPI document.

use super::Server;
use serde_json::Value;

#[test]
fn the_committed_document_is_what_the_api_serves() {
    let committed = include_str!("../../../../openapi/openapi.json");
    assert!(
        committed == api::document(),
        "openapi/openapi.json is stale: run `./test openapi` and commit it"
    );
}

#[tokio::test]
async fn the_document_and_its_pages_are_served() {
    let server = Server::open().await;
    let (status, _, document) = server.get("/openapi.json").await;
    assert_eq!(status, 200);
    assert_eq!(document["info"]["title"], "Property Lounge");
    let (status, content_type, page) = server.get("/docs").await;
    assert_eq!(status, 200);
    assert!(content_type.starts_with("text/html"), "{content_type}");
    // It works offline: nothing is fetched from elsewhere.
    let page = page.as_str().expect("a page");
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"));
}

#[test]
fn every_operation_is_named_and_filed() {
    let document: Value = serde_json::from_str(&api::document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            assert!(operation["operationId"].is_string(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(operation["tags"].is_array(), "{method} {path}");
        }
    }
    assert!(paths.contains_key("/webhooks/meta/leads"));
}

#[test]
fn every_body_that_is_sent_has_an_example() {
    let document: Value = serde_json::from_str(&api::document()).expect("JSON");
    let mut without = Vec::new();
    for methods in document["paths"].as_object().expect("paths").values() {
        for operation in methods.as_object().expect("methods").values() {
            let body = operation.pointer("/requestBody/content/application~1json");
            if body.is_some_and(|body| body["example"].is_null()) {
                without.push(operation["operationId"].clone());
            }
        }
    }
    assert_eq!(without, [Value::Null; 0]);
}
