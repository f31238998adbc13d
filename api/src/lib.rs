//! The HTTP server: parses a request, calls one operation of `shared`, maps its outcome.
//!
//! `http/` has one file for each part of the paths; [`problem`] is the only place that chooses an error's
//! status.

pub mod auth;
pub mod cli;
pub mod commands;
pub mod config;
pub mod connections;
pub mod feed;
pub mod http;
pub mod intake;
pub mod meta;
pub mod problem;

mod checks;
mod compress;
mod desk;
mod examples;
mod headers;
mod limits;
mod metrics;
mod middleware;
mod secrets;
mod shared_read;

use auth::Auth;
use feed::Feed;
use intake::Intake;
use meta::WebhookSecrets;
use poem::endpoint::BoxEndpoint;
use poem::{EndpointExt, Response, Route, get};
use poem_openapi::{OpenApiService, ServerObject};
use shared::App;
use shared::config::Telemetry;
use std::sync::LazyLock;

/// The OpenAPI document and its endpoints, without an [`App`].
pub fn service() -> OpenApiService<http::Endpoints, ()> {
    OpenApiService::new(
        http::endpoints(),
        "Property Lounge",
        env!("CARGO_PKG_VERSION"),
    )
    .description("Gives every lead to a salesperson in turn and never loses a timeout.")
    .license("MIT OR Apache-2.0")
    .server(ServerObject::new("http://localhost:3001").description("./dev"))
}

/// Everything that the api serves, with its own feed. Webhooks use the connections of all.
pub fn app(app: App, auth: Auth, secrets: WebhookSecrets) -> BoxEndpoint<'static> {
    let (intake, feed) = (Intake(app.clone()), Feed::new(app.clone()));
    app_with(app, intake, auth, secrets, feed)
}

/// Everything that the api serves, with connections for webhooks, and a feed that its caller can close.
pub fn app_with(
    app: App,
    intake: Intake,
    auth: Auth,
    secrets: WebhookSecrets,
    feed: Feed,
) -> BoxEndpoint<'static> {
    let service = service();
    let (is_https, is_behind_proxy) = (auth.is_secure(), auth.is_behind_proxy());
    // Requests of the documentation page go to where the page came from.
    let page = OpenApiService::new(
        http::endpoints(),
        "Property Lounge",
        env!("CARGO_PKG_VERSION"),
    )
    .server(ServerObject::new("/"));
    Route::new()
        .at(
            "/openapi.json",
            poem::endpoint::make_sync(|_| served_document()),
        )
        .at("/api/auth/*path", auth::BetterAuth)
        .nest("/docs", page.swagger_ui())
        .nest("/", service)
        .around(checks::check)
        .around(auth::record)
        .around(auth::with_one_cookie_header)
        .around(auth::share_with_trusted_pages)
        .data(app)
        .data(intake)
        .data(auth)
        .data(secrets)
        .data(feed)
        .data(http::SharedBoard::new())
        .catch_all_error(problem::from_framework)
        // The type of what is wrapped is too deep for the compiler otherwise.
        .boxed()
        .around(compress::compress)
        .around(desk::serve)
        .around(limits::limit)
        .around(move |next, request| headers::add(next, request, is_https))
        .around(move |next, request| middleware::log(next, request, is_behind_proxy))
        // Its code is built once, in this crate, and not by everything that serves it (ADR 13).
        .boxed()
}

/// Health and metrics alone.
pub fn health_app(app: App, intake: Intake, telemetry: Telemetry) -> BoxEndpoint<'static> {
    let service = OpenApiService::new(http::Health, "health", env!("CARGO_PKG_VERSION"));
    Route::new()
        .at("/metrics", get(metrics::serve))
        .nest("/", service)
        .data(app)
        .data(intake)
        .data(telemetry)
        .map_to_response()
        .boxed()
}

/// The OpenAPI document as it is kept in `openapi/openapi.json`.
pub fn document() -> String {
    let mut document: serde_json::Value =
        serde_json::from_str(&service().spec()).expect("poem-openapi writes JSON");
    plain_content_types(&mut document);
    say_what_needs_no_sign_in(&mut document);
    say_what_a_stream_is_of(&mut document);
    examples::add(&mut document);
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value is JSON");
    text.push('\n');
    text
}

/// The document as this process serves it, made once: requests go to where the document came from.
static SERVED_DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut document: serde_json::Value =
        serde_json::from_str(&document()).expect("our document is JSON");
    document["servers"] = serde_json::json!([{ "url": "/" }]);
    document.to_string()
});

fn served_document() -> Response {
    Response::builder()
        .content_type("application/json")
        .body(SERVED_DOCUMENT.as_str())
}

/// Marks an operation without a security scheme as public, so that a linter can distinguish it from one that
/// was forgotten.
fn say_what_needs_no_sign_in(document: &mut serde_json::Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, methods) in paths {
        for (_, operation) in methods.as_object_mut().into_iter().flatten() {
            if operation.get("security").is_none() {
                operation["security"] = serde_json::json!([]);
            }
        }
    }
}

/// poem-openapi describes a stream of events as an array; generators need the shape of one event.
fn say_what_a_stream_is_of(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            if let Some(stream) = fields.get_mut("text/event-stream")
                && let Some(items) = stream["schema"].get("items").cloned()
            {
                stream["schema"] = items;
            }
            fields.values_mut().for_each(say_what_a_stream_is_of);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(say_what_a_stream_is_of),
        _ => {}
    }
}

/// poem-openapi writes `application/json; charset=utf-8`, which client generators do not recognise as JSON.
fn plain_content_types(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            if let Some(json) = fields.remove("application/json; charset=utf-8") {
                fields.insert("application/json".to_owned(), json);
            }
            fields.values_mut().for_each(plain_content_types);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(plain_content_types),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    /// Of two parts that declare one path, the document would have the operations of the second only.
    #[test]
    fn no_path_is_declared_by_two_parts() {
        let spec = super::service().spec();
        let declared = spec.matches("\"operationId\":").count();
        let kept: serde_json::Value = serde_json::from_str(&super::document()).expect("JSON");
        let paths = kept["paths"].as_object().expect("paths");
        let kept: usize = paths
            .values()
            .filter_map(|methods| methods.as_object())
            .map(serde_json::Map::len)
            .sum();
        assert_eq!(declared, kept);
    }
}
