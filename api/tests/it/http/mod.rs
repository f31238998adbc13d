//! The endpoints: correct answers, and clear errors for bad input, with no data lost.

mod ask;
mod browsers;
mod desk;
mod document;
mod errors;
mod guesses;
mod health;
mod import;
mod limits;
mod passwords;
mod permissions;
mod refusals;
mod security;
mod sign_in;
mod texts;
mod two_factor;
mod whatsapp_admin;

use api::auth::Auth;
use api::intake::Intake;
use api::meta::WebhookSecrets;
use clap::Parser;
use poem::endpoint::BoxEndpoint;
use poem::test::TestClient;
use poem::{EndpointExt, Response};
use secrecy::SecretString;
use serde_json::Value;
use shared::App;
use shared::testing::Harness;

/// Sign-in as in development.
pub(crate) fn auth() -> Auth {
    let secret = SecretString::from("a secret of the tests, thirty-two long");
    let trusted = ["http://localhost:5173".to_owned()];
    Auth::new(secret, "http://localhost:3001", &trusted, false, false)
}

/// The secret that deliveries are signed with.
pub(crate) const APP_SECRET: &str = "an-app-secret-of-the-tests";

/// The webhooks' door, as an operator sets it.
pub(crate) fn webhook_secrets() -> WebhookSecrets {
    let secret = |text: &str| SecretString::from(text.to_owned());
    WebhookSecrets::new(
        vec![secret("an-app-secret-that-is-going"), secret(APP_SECRET)],
        Some(secret("dev-verify-token")),
        Some(secret("a-token-for-leads")),
    )
}

/// A client of the api with this sign-in.
fn client_of(app: &App, auth: Auth) -> TestClient<BoxEndpoint<'static, Response>> {
    TestClient::new(api::app(app.clone(), auth, crate::http::webhook_secrets()).boxed())
}

/// Signs a user in; returns the `Cookie` header of their session.
pub(crate) async fn cookie_of(app: &App, auth: &Auth, user: &str) -> String {
    let token = format!("token-of-{user}");
    sqlx::query(
        "insert into session (id, token, user_id, expires_at, confirmed_at)
         values ($1, $1, $2, now() + interval '100 years', now() + interval '100 years')
         on conflict do nothing",
    )
    .bind(&token)
    .bind(user)
    .execute(&app.pool)
    .await
    .expect("a session");
    auth.cookie_of(&token)
}

/// The metrics of this process, as Prometheus reads them.
pub(crate) async fn metrics_of(app: &App) -> String {
    let settings = api::cli::Cli::parse_from([
        "api",
        "serve",
        "--database-url",
        "postgresql://unused/unused",
    ]);
    let api::cli::Command::Serve(settings) = settings.command else {
        unreachable!("it serves");
    };
    let intake = Intake(app.clone());
    let served = api::health_app(app.clone(), intake, settings.common.telemetry.clone());
    let answer = TestClient::new(served).get("/metrics").send().await;
    answer.0.into_body().into_string().await.expect("a text")
}

/// The api on a database of its own.
struct Server {
    harness: Harness,
    http: TestClient<BoxEndpoint<'static, Response>>,
}

impl Server {
    async fn open() -> Self {
        let harness = Harness::new().await;
        let http = TestClient::new(
            api::app(harness.app.clone(), auth(), crate::http::webhook_secrets()).boxed(),
        );
        Self { harness, http }
    }

    /// Posts a body as it is, and returns status, content type and answer.
    async fn post(&self, path: &str, content_type: &str, body: &str) -> (u16, String, Value) {
        let request = self.http.post(path).content_type(content_type);
        answer(request.body(body.to_owned()).send().await).await
    }

    async fn get(&self, path: &str) -> (u16, String, Value) {
        answer(self.http.get(path).send().await).await
    }
}

async fn answer(response: poem::test::TestResponse) -> (u16, String, Value) {
    let response = response.0;
    let status = response.status().as_u16();
    let content_type = response.content_type().unwrap_or_default().to_owned();
    let body = response
        .into_body()
        .into_string()
        .await
        .expect("a text body");
    let json = serde_json::from_str(&body).unwrap_or(Value::String(body));
    (status, content_type, json)
}
