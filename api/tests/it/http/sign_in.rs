//! better-auth 1.7.25's captured exchanges, replayed: what it answered, we answer.

use api::auth::Auth;
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderName, Method};
use poem::test::TestClient;
use poem::{EndpointExt, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::testing::Harness;
use std::collections::HashMap;

/// Not replayed: the answers of CORS are ours, and the error page is not used.
const NOT_OURS: [&str; 2] = ["options-preflight", "error-page"];

struct Replay {
    harness: Harness,
    http: TestClient<BoxEndpoint<'static, Response>>,
    /// Tokens and cookies of the capture, and ours in their place.
    ours: HashMap<String, String>,
}

pub(super) fn client(
    harness: &Harness,
    limited: bool,
) -> TestClient<BoxEndpoint<'static, Response>> {
    let secret = SecretString::from("conformance-secret-0123456789abcdef0123456789abcdef");
    let trusted = ["http://localhost:5173".to_owned()];
    let auth = Auth::new(secret, "http://api.test:3001", &trusted, true, limited);
    TestClient::new(api::app(harness.app.clone(), auth, crate::http::webhook_secrets()).boxed())
}

impl Replay {
    async fn begin() -> Self {
        let harness = Harness::new().await;
        let http = client(&harness, false);
        Self {
            harness,
            http,
            ours: HashMap::new(),
        }
    }

    fn in_our_words(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (theirs, ours) in &self.ours {
            text = text.replace(theirs, ours);
        }
        text
    }

    async fn play(&mut self, exchange: &Value) -> (u16, Vec<String>, Value) {
        let request = &exchange["request"];
        let method: Method = request["method"]
            .as_str()
            .expect("a method")
            .parse()
            .expect("a method");
        let mut sent = self
            .http
            .request(method, request["path"].as_str().expect("a path"));
        for (name, value) in request["headers"].as_object().expect("headers") {
            let skipped = ["Host", "Content-Length"];
            if !skipped.contains(&name.as_str()) {
                let name: HeaderName = name.parse().expect("a header");
                sent = sent.header(name, self.in_our_words(value.as_str().expect("a value")));
            }
        }
        if let Some(body) = request["body"].as_str() {
            sent = sent.body(body.to_owned());
        }
        let response = sent.send().await.0;
        let status = response.status().as_u16();
        let cookies = cookies_of(&response);
        let body = response.into_body().into_string().await.expect("a body");
        let body = serde_json::from_str(&body).unwrap_or(Value::Null);
        self.learn(exchange, &cookies, &body);
        (status, cookies, body)
    }

    /// Remembers which of our tokens and cookies stand for which of the capture's.
    fn learn(&mut self, exchange: &Value, cookies: &[String], body: &Value) {
        if let (Some(theirs), Some(ours)) = (
            exchange["response"]["body_json"]["token"].as_str(),
            body["token"].as_str(),
        ) {
            self.ours.insert(theirs.to_owned(), ours.to_owned());
        }
        for (theirs, ours) in captured_cookies(exchange).iter().zip(cookies) {
            let signature = |cookie: &str| {
                let value = cookie
                    .split_once('=')
                    .map(|(_, rest)| rest.to_owned())
                    .unwrap_or_default();
                let value = value.split(';').next().unwrap_or_default().to_owned();
                value
                    .split_once('.')
                    .map(|(_, signature)| signature.to_owned())
            };
            if let (Some(theirs), Some(ours)) = (signature(theirs), signature(ours)) {
                let decode = |text: &str| {
                    text.replace("%2B", "+")
                        .replace("%2F", "/")
                        .replace("%3D", "=")
                };
                self.ours.insert(decode(&theirs), decode(&ours));
                self.ours.insert(theirs, ours);
            }
        }
    }
}

/// The `Set-Cookie` headers of an answer.
pub(super) fn cookies_of(response: &Response) -> Vec<String> {
    let set = response.headers().get_all("set-cookie").iter();
    set.map(|cookie| cookie.to_str().expect("a cookie").to_owned())
        .collect()
}

pub(super) fn captured_cookies(exchange: &Value) -> Vec<String> {
    let headers = exchange["response"]["headers"].as_array().expect("headers");
    headers
        .iter()
        .filter(|header| header[0] == "set-cookie")
        .map(|header| header[1].as_str().expect("a cookie").to_owned())
        .collect()
}

/// A cookie without its signed value.
pub(super) fn shape(cookie: &str) -> String {
    let (name, rest) = cookie.split_once('=').expect("a name");
    let (value, attributes) = rest.split_once(';').expect("attributes");
    let value = if value.is_empty() { "" } else { "<signed>" };
    // 604799 by better-auth's rounding.
    format!("{name}={value};{}", attributes.replace("604799", "604800"))
}

/// A body without what differs from run to run.
pub(super) fn blurred(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let differs = [
                    "id",
                    "token",
                    "userId",
                    "accountId",
                    "createdAt",
                    "updatedAt",
                    "expiresAt",
                ];
                if differs.contains(&name.as_str()) && value.is_string() {
                    (name.clone(), json!("<differs>"))
                } else {
                    (name.clone(), blurred(value))
                }
            })
            .collect(),
        Value::Array(items) => items.iter().map(blurred).collect(),
        other => other.clone(),
    }
}

/// A server without the plugin for two-factor sign-in does not say whether a user has it.
fn as_without_the_plugin(mut body: Value) -> Value {
    if let Some(user) = body.pointer_mut("/user").and_then(Value::as_object_mut) {
        assert_eq!(user.remove("twoFactorEnabled"), Some(json!(false)));
    }
    body
}

#[tokio::test]
async fn every_captured_exchange_of_better_auth_is_answered_as_it_answered() {
    let capture: Value =
        serde_json::from_str(include_str!("../../fixtures/better-auth-exchanges.json"))
            .expect("JSON");
    let mut replay = Replay::begin().await;
    let exchanges = capture["exchanges"].as_array().expect("exchanges");
    let mut replayed = 0;
    for exchange in exchanges {
        let name = exchange["name"].as_str().expect("a name");
        if NOT_OURS.contains(&name) {
            continue;
        }
        // What the capture did to the row before the request.
        let expires = match name {
            "get-session-rolled" => Some("5 days"),
            "get-session-not-rolled" => Some("6 days 1 hour"),
            "get-session-expired" => Some("-1 second"),
            _ => None,
        };
        if let Some(expires) = expires {
            sqlx::query("update session set expires_at = $1::timestamptz + $2::interval")
                .bind(replay.harness.now())
                .bind(expires)
                .execute(&replay.harness.app.pool)
                .await
                .expect("the row is set");
        }
        let (status, cookies, body) = replay.play(exchange).await;
        let expected = &exchange["response"];
        assert_eq!(json!(status), expected["status"], "{name}: {body}");
        let cookies: Vec<String> = cookies.iter().map(|cookie| shape(cookie)).collect();
        let captured: Vec<String> = captured_cookies(exchange)
            .iter()
            .map(|cookie| shape(cookie))
            .collect();
        assert_eq!(cookies, captured, "{name}");
        let body = as_without_the_plugin(body);
        assert_eq!(blurred(&body), blurred(&expected["body_json"]), "{name}");
        replayed += 1;
    }
    assert_eq!(replayed, exchanges.len() - NOT_OURS.len());
}

#[tokio::test]
async fn the_fourth_try_to_sign_in_waits() {
    let harness = Harness::new().await;
    let http = client(&harness, true);
    let wrong = json!({ "email": "sales-a@property-lounge.test", "password": "wrong-password" });
    for _ in 0..3 {
        http.post("/api/auth/sign-in/email")
            .body_json(&wrong)
            .send()
            .await
            .assert_status(poem::http::StatusCode::UNAUTHORIZED);
    }
    let refused = http
        .post("/api/auth/sign-in/email")
        .body_json(&wrong)
        .send()
        .await;
    refused.assert_status(poem::http::StatusCode::TOO_MANY_REQUESTS);
    refused.assert_header_exist("x-retry-after");
}

#[tokio::test]
async fn under_https_the_cookie_is_secure_and_is_read_by_its_prefixed_name() {
    let harness = Harness::new().await;
    let secret = SecretString::from("conformance-secret-0123456789abcdef0123456789abcdef");
    let auth = Auth::new(secret, "https://api.example.com", &[], true, false);
    let http = TestClient::new(
        api::app(harness.app.clone(), auth, crate::http::webhook_secrets()).boxed(),
    );
    let new = json!({ "name": "N", "email": "n@example.com", "password": "S3cret-pass!" });
    let response = http
        .post("/api/auth/sign-up/email")
        .body_json(&new)
        .send()
        .await
        .0;
    let cookie = response.headers()["set-cookie"]
        .to_str()
        .expect("a cookie")
        .to_owned();
    assert!(
        cookie.starts_with("__Secure-better-auth.session_token="),
        "{cookie}"
    );
    assert!(
        cookie.ends_with("; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Lax"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    // A page without https could have set the other cookie.
    let plain = pair.replace("__Secure-", "");
    for (pair, is_signed_in) in [(pair, true), (plain, false)] {
        let answer = http
            .get("/api/auth/get-session")
            .header("cookie", &pair)
            .send()
            .await;
        answer.assert_status_is_ok();
        let body = answer.0.into_body().into_string().await.expect("a body");
        assert_eq!(
            body.contains("n@example.com"),
            is_signed_in,
            "{pair}: {body}"
        );
    }
}

#[tokio::test]
async fn changing_ones_own_phone_never_changes_where_offers_go() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let profile = shared::auth::Profile {
        phone: shared::auth::Change::To("+6281299999999".to_owned()),
        ..Default::default()
    };
    let agent = shared::id::UserId("sales-a".to_owned());
    shared::auth::update_profile(app, &agent, &profile)
        .await
        .expect("changed");
    let (phone, address): (String, String) =
        sqlx::query_as(r#"select phone, offer_address from "user" where id = 'sales-a'"#)
            .fetch_one(&app.pool)
            .await
            .expect("the agent");
    assert_eq!(
        (phone.as_str(), address.as_str()),
        ("+6281299999999", "+6281110000001")
    );
}

#[tokio::test]
async fn pages_that_are_trusted_may_read_answers_and_others_may_not() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let preflight = http
        .options("/api/distribution/queues")
        .header("origin", "http://localhost:5173")
        .header("access-control-request-method", "PUT")
        .send()
        .await;
    preflight.assert_status(poem::http::StatusCode::NO_CONTENT);
    preflight.assert_header("access-control-allow-credentials", "true");
    let refused = http
        .get("/api/distribution/queues")
        .header("origin", "http://localhost:5173")
        .send()
        .await;
    refused.assert_status(poem::http::StatusCode::UNAUTHORIZED);
    refused.assert_header("access-control-allow-origin", "http://localhost:5173");
    let foreign = http
        .get("/health/live")
        .header("origin", "https://evil.test")
        .send()
        .await;
    foreign.assert_status_is_ok();
    assert_eq!(foreign.0.header("access-control-allow-origin"), None);
}
