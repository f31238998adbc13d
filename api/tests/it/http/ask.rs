//! Asking the api with exactly these headers and this body.

use super::{Server, auth, cookie_of};
use poem::http::Method;
use poem::test::TestResponse;
use serde_json::Value;

/// What is asked of the api, as an admin unless it says otherwise.
pub(super) struct Ask<'a> {
    method: Method,
    path: &'a str,
    headers: Vec<(&'a str, Vec<u8>)>,
    body: Option<Value>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(path: &'a str) -> Self {
        Self::bare(Method::GET, path)
    }

    /// Without a body.
    pub(super) fn bare(method: Method, path: &'a str) -> Self {
        Self {
            method,
            path,
            headers: Vec::new(),
            body: None,
        }
    }

    pub(super) fn send(method: Method, path: &'a str, body: Value) -> Self {
        Self {
            method,
            path,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    pub(super) fn header(mut self, name: &'a str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The answer to a question, sent with exactly these headers.
pub(super) async fn sent(server: &Server, ask: Ask<'_>) -> TestResponse {
    let mut request = server
        .http
        .request(ask.method, ask.path)
        .header("origin", "http://localhost:5173");
    for (name, value) in ask.headers {
        let value = poem::http::HeaderValue::from_bytes(&value).expect("a header");
        request = request.header(name, value);
    }
    if let Some(body) = ask.body {
        request = request.body_json(&body);
    }
    request.send().await
}

/// Status and answer for the admin.
pub(super) async fn as_admin(server: &Server, ask: Ask<'_>) -> (u16, Value) {
    let cookie = cookie_of(&server.harness.app, &auth(), "admin").await;
    let (status, _, body) = super::answer(sent(server, ask.header("cookie", cookie)).await).await;
    (status, body)
}
